//! Executions: the jobs that run beside a daemon's loop, at most two at once and one more for
//! disputes, and those that ran.
//!
//! Law: a place is taken only as long as somebody waits for the result. A duty asks in every pass
//! for what it needs; what nobody asked for in a whole pass (the job is closed, or its phase is
//! past) is ended, its child with it. So no execution, however long or stuck, keeps a daemon from
//! its other jobs, and what finished too late is cleared away.
//! A job that is disputed has a place of its own, so that after a restart no work, however long,
//! keeps a result from being defended.
//! What disputes ask about jobs that ran is looked for at the end of a pass, all that it asked for
//! together, of as many jobs at once as there are processors, who waits longest first.
//! Known shortcoming: other places go to jobs by number, not by how much hangs on them.
//! What ran is kept on the disk as long as its job is open.
//! Not here: how a job is run (`execution`), what it is run for (`provider`, `validator`).

use std::{
    collections::{BTreeMap, BTreeSet},
    thread::JoinHandle,
};

use earnest_protocol::{Digest, JobId, command::Opening};
use tracing::{info, warn};

use crate::{
    chain::ChainError,
    execution::{Execution, ExecutionError, Order, Pending},
    results::Results,
    sandbox::{Cancellation, SandboxError},
};

/// Executions at once: one computes while another compiles.
const EXECUTIONS_MAX: usize = 2;
/// The same, with those that a dispute waits for.
const WITH_DISPUTED_MAX: usize = EXECUTIONS_MAX + 1;
/// Tries of a job that fails for reasons of our own.
const TRIES: u32 = 3;

/// Jobs that run beside the loop, and those that ran.
#[derive(Default)]
pub(crate) struct Executions {
    results: Results,
    running: BTreeMap<JobId, Running>,
    done: BTreeMap<JobId, Execution>,
    failed: BTreeMap<JobId, u32>,
    /// Jobs whose execution somebody asked for in this pass.
    wanted: BTreeSet<JobId>,
}

/// What an execution is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// To commit to a result, or to hand it on.
    Work,
    /// For a move in a dispute.
    Dispute,
}

struct Running {
    handle: JoinHandle<Result<Execution, ExecutionError>>,
    cancellation: Cancellation,
}

impl Need {
    fn places(self) -> usize {
        match self {
            Need::Work => EXECUTIONS_MAX,
            Need::Dispute => WITH_DISPUTED_MAX,
        }
    }
}

impl Executions {
    pub(crate) fn new(results: Results) -> Executions {
        Executions { results, ..Executions::default() }
    }

    /// The execution of a job, once it is there; started if it is not running yet and a place is
    /// free for what needs it. `order` says what to run, and to end it by what it is given.
    ///
    /// # Errors
    /// Those of `order`.
    pub(crate) fn get(
        &mut self,
        (job, need): (JobId, Need),
        order: impl FnOnce(Cancellation) -> Result<Order, ChainError>,
    ) -> Result<Option<&mut Execution>, ChainError> {
        self.keep(job);
        self.collect_finished();
        if self.done.contains_key(&job) {
            return Ok(self.done.get_mut(&job));
        }
        let tried = self.failed.get(&job).copied().unwrap_or(0);
        let busy = self.running.len() >= need.places();
        if self.running.contains_key(&job) || busy || tried >= TRIES {
            return Ok(None);
        }
        let cancellation = Cancellation::default();
        let order = order(cancellation.clone())?;
        let results = self.results.clone();
        let handle = std::thread::spawn(move || order.execute(job, &results));
        self.running.insert(job, Running { handle, cancellation });
        Ok(None)
    }

    /// Frees the places of what has finished, whoever asks for it, and forgets jobs that are not
    /// open. `open` is sorted.
    pub(crate) fn begin_pass(&mut self, open: &[JobId]) {
        self.collect_finished();
        self.done.retain(|job, _| open.binary_search(job).is_ok());
        self.failed.retain(|job, _| open.binary_search(job).is_ok());
        self.results.retain(open);
    }

    /// Counts a job as asked for in this pass.
    pub(crate) fn keep(&mut self, job: JobId) {
        self.wanted.insert(job);
    }

    /// After a whole pass: ends what nobody asked for in it, and looks for what was asked about
    /// jobs that ran. A place is free once the child is gone, a moment later.
    pub(crate) fn end_pass(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        for (_, running) in self.running.iter().filter(|(job, _)| !wanted.contains(job)) {
            running.cancellation.cancel();
        }
        self.look();
    }

    fn look(&mut self) {
        let looking = self.done.values().map(Execution::pending);
        let looking = looking.filter(|pending| *pending == Pending::Looking).count();
        let places = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut waiting = Vec::new();
        for (job, done) in &mut self.done {
            if let Pending::Since(since) = done.pending() {
                waiting.push((since, job, done));
            }
        }
        waiting.sort_by_key(|(since, ..)| *since);
        for (_, job, done) in waiting.into_iter().take(places.saturating_sub(looking)) {
            info!("job {job}: one run for {} answers in disputes", done.look());
        }
    }

    /// True if an execution finished that is not collected.
    pub(crate) fn any_finished(&self) -> bool {
        self.running.values().any(|running| running.handle.is_finished())
            || self.done.values().any(|done| done.pending() == Pending::Found)
    }

    fn collect_finished(&mut self) {
        for (job, done) in &mut self.done {
            if let Err(error) = done.take_found() {
                warn!("job {job}: not all that is disputed could be shown: {error}");
            }
        }
        let finished = self.running.extract_if(.., |_, running| running.handle.is_finished());
        for (job, Running { handle, .. }) in finished {
            match handle.join() {
                Ok(Ok(execution)) => {
                    let Opening { root, gas, .. } = execution.opening(Digest::ZERO);
                    info!("job {job}: ran, root {root}, {gas} gas");
                    self.done.insert(job, execution);
                }
                Ok(Err(ExecutionError::Sandbox(SandboxError::Cancelled))) => {
                    info!("job {job}: its execution was ended, nobody needs it any more");
                }
                Ok(Err(error)) => {
                    warn!("job {job}: {error}");
                    *self.failed.entry(job).or_default() += 1;
                }
                Err(_) => {
                    warn!("job {job}: the execution panicked");
                    *self.failed.entry(job).or_default() += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use earnest_compute::Input;
    use earnest_protocol::{
        Gas,
        command::{ProgramForm, Task},
    };

    use super::*;
    use crate::{material::Material, sandbox::RunnerCommand};

    /// An order whose child is this program: it stands for a job that ends badly or not at all.
    fn order(program: &str, args: &[&str], cancellation: Cancellation) -> Order {
        let input = Input::new(Vec::new()).unwrap();
        let task = Task {
            program: Digest([1; 32]),
            input_root: Digest(input.root().0),
            chunk_count: 0,
            steps: 4,
            seed: Digest([2; 32]),
            step_gas_max: Gas::new(1_000),
            gas_bound: Gas::new(10_000),
            form: ProgramForm::Stepwise,
        };
        let args = args.iter().map(Into::into).collect();
        let runner = RunnerCommand { program: program.into(), args };
        let material = Material::Steps { program: b"any".to_vec(), input: Arc::new(input) };
        Order { runner, task, material, lie: None, keeps_output: false, cancellation }
    }

    /// Asks for a job's execution; true if that started it.
    fn starts(executions: &mut Executions, job: u64, program: &str, args: &[&str]) -> bool {
        starts_for(executions, (job, Need::Work), program, args)
    }

    fn starts_for(
        executions: &mut Executions,
        (job, need): (u64, Need),
        program: &str,
        args: &[&str],
    ) -> bool {
        let mut started = false;
        let got = executions.get((JobId::new(job), need), |cancellation| {
            started = true;
            Ok(order(program, args, cancellation))
        });
        assert!(got.unwrap().is_none());
        started
    }

    /// Passes in which this job alone is open, until it is started.
    fn pass_until_started(executions: &mut Executions, job: u64) {
        let begun = Instant::now();
        loop {
            executions.begin_pass(&[JobId::new(job)]);
            let started = starts(executions, job, "/bin/true", &[]);
            executions.end_pass();
            if started {
                return;
            }
            // Far below the time that the child of the test would take by itself.
            assert!(begun.elapsed() < Duration::from_secs(60), "job {job} never got a place");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn executions_that_finish_after_their_jobs_closed_free_their_places() {
        let mut executions = Executions::default();
        executions.begin_pass(&[JobId::new(62), JobId::new(63)]);
        assert!(starts(&mut executions, 62, "/bin/true", &[]));
        assert!(starts(&mut executions, 63, "/bin/true", &[]));
        while !executions.running.values().all(|running| running.handle.is_finished()) {
            std::thread::yield_now();
        }
        // Both jobs closed before anybody looked.
        pass_until_started(&mut executions, 64);
    }

    #[test]
    fn executions_that_do_not_end_are_ended_once_nobody_needs_them() {
        let mut executions = Executions::default();
        executions.begin_pass(&[JobId::new(62), JobId::new(63)]);
        assert!(starts(&mut executions, 62, "/bin/sleep", &["600"]));
        assert!(starts(&mut executions, 63, "/bin/sleep", &["600"]));
        executions.end_pass();
        // Still asked for: one of them stays, and what failed to be heard of stays as well.
        executions.begin_pass(&[JobId::new(62), JobId::new(63)]);
        assert!(!starts(&mut executions, 62, "/bin/sleep", &["600"]));
        executions.keep(JobId::new(63));
        executions.end_pass();
        assert!(executions.running.values().all(|running| !running.cancellation.is_cancelled()));
        assert!(!starts(&mut executions, 64, "/bin/true", &[]), "both places are taken");
        pass_until_started(&mut executions, 64);
    }

    /// After a restart, with two long jobs under way that are not due yet.
    #[test]
    fn a_disputed_job_has_a_place_that_no_other_work_takes() {
        let mut executions = Executions::default();
        assert!(starts(&mut executions, 62, "/bin/sleep", &["600"]));
        assert!(starts(&mut executions, 63, "/bin/sleep", &["600"]));
        assert!(!starts(&mut executions, 7, "/bin/true", &[]), "as work it waits");
        assert!(starts_for(&mut executions, (7, Need::Dispute), "/bin/sleep", &["600"]));
        assert!(!starts_for(&mut executions, (8, Need::Dispute), "/bin/true", &[]));
        executions.wanted.clear();
        executions.end_pass();
        assert!(executions.running.values().all(|running| running.cancellation.is_cancelled()));
    }
}
