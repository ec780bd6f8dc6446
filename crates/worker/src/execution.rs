//! Executions: a job run in the sandbox, with what is needed to commit to it and to defend it.
//!
//! Law: a result is committed to only if the interpreter agrees with it on the steps that are
//! tried again (C13); an execution follows from the job and the fault alone, so a restarted
//! daemon gets the same one, out of what was kept of it or by another run.
//!
//! Faults exist for development networks: they show that a cheat is caught.
//! Code map: here what both kinds of programs share, `steps` (those that compute in steps), `paged`
//! (ordinary ones), `questions` (what disputes ask, beside the loop).

mod paged;
mod questions;
mod steps;

use std::str::FromStr;

use earnest_compute::{
    Digest as WorkDigest, EngineFault, Task as WorkTask,
    checkpoint::ARITY,
    paged::{job, task::Task as PagedTask},
    runner::Failure,
};
use earnest_protocol::{
    Digest, JobId,
    command::{Node, Opening, ProgramForm, TICKS_PER_GAS, Task},
};

use self::{
    paged::{Keeps, Paged},
    steps::Steps,
};
use crate::{
    material::Material,
    outputs::Kept,
    results::{Name, Results},
    sandbox::{Cancellation, RunnerCommand, SandboxError},
};

pub(crate) use self::{
    paged::served_pages,
    questions::Pending,
    steps::{Order as StepsOrder, measure, served_chunk},
};

/// How a provider of a development network misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of some jobs, returns plausible but wrong states from some step on.
    Lazy(LazyRate),
    /// Accepts jobs and never delivers.
    Silent,
    /// Stores no output: who wants it has to ask on the ledger.
    Withhold,
}

/// The share of jobs that a lazy provider does not do, in parts per billion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LazyRate(pub u32);

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        if text == "silent" {
            return Ok(Fault::Silent);
        }
        if text == "withhold" {
            return Ok(Fault::Withhold);
        }
        let wrong = || "give lazy=RATE with a rate from 0 to 1, silent, or withhold".to_owned();
        let rate = text.strip_prefix("lazy=").ok_or_else(wrong)?;
        let rate: f64 = rate.parse().map_err(|_| wrong())?;
        if !(0.0..=1.0).contains(&rate) {
            return Err(wrong());
        }
        Ok(Fault::Lazy(LazyRate((rate * 1e9) as u32)))
    }
}

/// Why a job could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The child gave up.
    #[error("the job's process gave up: {0:?}")]
    Child(Failure),
    /// The child of an ordinary program gave up.
    #[error("the job's process gave up: {0}")]
    Paged(job::Failure),
    /// An engine failed; no claim about the program.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// The interpreter does not agree with the compiled run: nothing may be committed.
    #[error("the two engines disagree about step {step}; nothing is committed")]
    EnginesDisagree {
        /// The step they disagree about.
        step: u64,
    },
    /// The module is not one that jobs may have.
    #[error(transparent)]
    NotAdmitted(earnest_compute::AdmissionRejected),
    /// What was put out cannot be kept.
    #[error("the output cannot be kept: {0}")]
    Output(std::io::Error),
    /// The task cannot be one.
    #[error("not a task: {0}")]
    TaskInvalid(String),
    /// No evidence of this step is heard, and no step is finer.
    #[error("no referee hears evidence of the step at {0:?}")]
    TooLarge(Node),
    /// The child's answers do not add up.
    #[error("the job's process ended too early")]
    Incomplete,
}

/// A task as the engines name it.
pub fn task_of(task: &Task) -> WorkTask {
    WorkTask {
        program: WorkDigest(task.program.0),
        input_root: WorkDigest(task.input_root.0),
        chunk_count: task.chunk_count,
        steps: task.steps,
        seed: WorkDigest(task.seed.0),
        step_gas_max: task.step_gas_max.count(),
        gas_bound: task.gas_bound.count(),
    }
}

/// The task of an ordinary program as the engines name it.
pub(crate) fn paged_task_of(task: &Task, output_kib: u32) -> PagedTask {
    let chunk_bytes = u64::from(ProgramForm::CHUNK_BYTES);
    PagedTask {
        program: WorkDigest(task.program.0),
        input_root: WorkDigest(task.input_root.0),
        input_length: u64::from(task.chunk_count).saturating_mul(chunk_bytes),
        ticks_bound: task.gas_bound.count().saturating_mul(TICKS_PER_GAS),
        output_bound: u64::from(output_kib).saturating_mul(1024),
    }
}

/// Where and what to run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) runner: RunnerCommand,
    pub(crate) task: Task,
    pub(crate) material: Material,
    pub(crate) lie: Option<Lie>,
    /// Whether what is put out is kept: somebody may ask for it.
    pub(crate) keeps_output: bool,
    /// Ends it before its time.
    pub(crate) cancellation: Cancellation,
}

/// What decides where a lazy provider stops working on a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lie {
    pub(crate) rate: LazyRate,
    pub(crate) seed: u64,
    pub(crate) job: JobId,
}

impl Lie {
    /// Where a lazy provider stops working on a job, if it does: in the middle third.
    fn wrong_from(self, steps: u64) -> Option<u64> {
        let Lie { rate, seed, job } = self;
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 lazy provider");
        hasher.update(&seed.to_le_bytes()).update(&job.raw().to_le_bytes());
        let mut drawn = hasher.finalize_xof();
        let mut word = || {
            let mut bytes = [0u8; 8];
            drawn.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        };
        let is_lazy = word() % 1_000_000_000 < u64::from(rate.0);
        let third = steps.div_ceil(3);
        is_lazy.then(|| (third + word() % third.max(1)).clamp(1, steps))
    }
}

/// A job that was run.
#[derive(Debug)]
pub(crate) enum Execution {
    /// Of a program that computes in steps.
    Steps(Box<Steps>),
    /// Of an ordinary one.
    Paged(Box<Paged>),
}

/// What a dispute waits for from whoever committed to a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The children of a node.
    Open(Vec<Digest>),
    /// The children of a finer tree's root, and the proof that the tree belongs there.
    Refine {
        /// Left to right.
        children: Vec<Digest>,
        /// As the referee reads it.
        proof: Vec<u8>,
    },
    /// Evidence of a step.
    Prove(Vec<u8>),
}

impl Order {
    /// Runs the whole task and keeps what that gave, or takes what was kept of it.
    pub(crate) fn execute(
        self,
        job: JobId,
        results: &Results,
    ) -> Result<Execution, ExecutionError> {
        let name = self.name();
        let keeps = self.keeps(job, results)?;
        let Order { runner, task, material, lie, cancellation, .. } = self;
        match (material, task.form) {
            (Material::Steps { program, input }, ProgramForm::Stepwise) => {
                let wrong_from = lie.and_then(|lie| lie.wrong_from(task.steps));
                let task = task_of(&task);
                let order = StepsOrder { runner, program, input, task, wrong_from, cancellation };
                let run = results.read_or_run((job, &name), |_| true, || order.execute())?;
                Ok(Execution::Steps(Box::new(order.done(run)?)))
            }
            (Material::Paged { module, input }, ProgramForm::Paged(_)) => {
                let order = paged::Order { runner, task, module, input, cancellation };
                let is_whole = |run: &mut paged::Run| run.is_whole(&keeps);
                let run =
                    results.read_or_run((job, &name), is_whole, || order.execute(lie, &keeps))?;
                Ok(Execution::Paged(Box::new(order.done(run, &keeps)?)))
            }
            _ => Err(ExecutionError::Incomplete),
        }
    }

    /// Where what is put out is kept.
    fn keeps(&self, job: JobId, results: &Results) -> Result<Keeps, ExecutionError> {
        if !self.keeps_output {
            return Ok(Keeps::Nothing);
        }
        if self.task.form.output_chunks() == 0 {
            return Ok(Keeps::InResult);
        }
        let nowhere = || ExecutionError::Output(std::io::ErrorKind::NotFound.into());
        results.output_of(job).map(Keeps::Beside).ok_or_else(nowhere)
    }

    /// What decides what is kept; where and how it runs does not.
    fn name(&self) -> Name {
        let lie = self.lie.map(|Lie { rate, seed, job }| (rate.0, seed, job));
        let own = (&self.task, lie, self.keeps_output);
        let own = postcard::to_allocvec(&own).expect("it encodes into memory");
        blake3::derive_key("earnest 2026 what a result is of", &own)
    }
}

impl Execution {
    /// What is sealed and later opened, with this salt.
    pub(crate) fn opening(&self, salt: Digest) -> Opening {
        match self {
            Execution::Steps(done) => done.opening(salt),
            Execution::Paged(done) => done.opening(salt),
        }
    }

    /// The proof that the output is what the tree's last leaf says.
    pub(crate) fn output_proof(&self) -> Option<Vec<u8>> {
        match self {
            Execution::Steps(done) => done.output_proof(),
            Execution::Paged(done) => done.output_proof(),
        }
    }

    /// What was put out, if somebody may ask for it.
    pub(crate) fn output(&self) -> Option<&Kept> {
        match self {
            Execution::Steps(done) => done.output(),
            Execution::Paged(done) => done.output(),
        }
    }

    /// The module, for whoever asks on the ledger; none of one that is there already.
    pub(crate) fn program(&self) -> Option<&[u8]> {
        match self {
            Execution::Steps(done) => Some(done.program()),
            Execution::Paged(_) => None,
        }
    }

    /// A chunk of the input with its path, as a node reads it.
    pub(crate) fn served_chunk(&self, chunk: u32) -> Option<Vec<u8>> {
        match self {
            Execution::Steps(done) => done.served_chunk(chunk),
            Execution::Paged(done) => done.served_chunk(chunk),
        }
    }

    /// The move of whoever committed to this, where a dispute waits at `node`; none while it is
    /// computed beside the loop.
    pub(crate) fn answer(&mut self, node: Node) -> Result<Option<Move>, ExecutionError> {
        match self {
            Execution::Steps(done) => Ok(done.answer(node)),
            Execution::Paged(done) => done.answer(node),
        }
    }

    /// The first of a node's children that is not as here, or that all are; none while that is
    /// computed beside the loop.
    pub(crate) fn rejects(
        &mut self,
        node: Node,
        theirs: &[WorkDigest; ARITY],
    ) -> Result<Option<Option<u8>>, ExecutionError> {
        match self {
            Execution::Steps(done) => Ok(Some(done.rejects(node, theirs))),
            Execution::Paged(done) => done.rejects(node, theirs),
        }
    }

    /// Where the questions stand that `answer` and `rejects` could not answer yet.
    pub(crate) fn pending(&self) -> Pending {
        match self {
            Execution::Steps(done) => done.pending(),
            Execution::Paged(done) => done.pending(),
        }
    }

    /// Keeps what was found since the last look.
    pub(crate) fn take_found(&mut self) -> Result<(), ExecutionError> {
        match self {
            Execution::Steps(done) => done.take_found(),
            Execution::Paged(done) => done.take_found(),
        }
    }

    /// Begins one run beside the loop for all that waits; how much that is.
    pub(crate) fn look(&mut self) -> usize {
        match self {
            Execution::Steps(done) => done.look(),
            Execution::Paged(done) => done.look(),
        }
    }
}

#[cfg(test)]
mod tests {
    use earnest_protocol::Gas;

    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        assert_eq!("silent".parse(), Ok(Fault::Silent));
        assert_eq!("lazy=0.5".parse(), Ok(Fault::Lazy(LazyRate(500_000_000))));
        for wrong in ["lazy", "lazy=2", "lazy=x", "quick"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_lazy_provider_is_lazy_about_the_same_jobs_after_a_restart() {
        let at = |job| {
            Lie { rate: LazyRate(500_000_000), seed: 7, job: JobId::new(job) }.wrong_from(300)
        };
        let first: Vec<_> = (0..200).map(at).collect();
        assert_eq!(first, (0..200).map(at).collect::<Vec<_>>());
        let lazy = first.iter().flatten().count();
        assert!((60..140).contains(&lazy), "{lazy} of 200");
        assert!(first.iter().flatten().all(|step| (100..=200).contains(step)));
        let diligent = Lie { rate: LazyRate(0), seed: 7, job: JobId::new(1) };
        assert_eq!(diligent.wrong_from(300), None);
    }

    fn task(form: ProgramForm) -> Task {
        Task {
            program: Digest([1; 32]),
            input_root: Digest([3; 32]),
            chunk_count: 0,
            steps: 4,
            seed: Digest([2; 32]),
            step_gas_max: Gas::new(1_000),
            gas_bound: Gas::new(10_000),
            form,
        }
    }

    /// Of a child that can do nothing: it stands for one whose work takes longer than there is
    /// time.
    fn order(task: Task) -> Order {
        Order {
            runner: RunnerCommand { program: "/bin/false".into(), args: Vec::new() },
            task,
            material: Material::Paged { module: Vec::new(), input: Vec::new() },
            lie: None,
            keeps_output: true,
            cancellation: Cancellation::default(),
        }
    }

    #[test]
    fn what_was_kept_is_committed_to_again_without_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let task = task(ProgramForm::Paged(1));
        let order = |task, lie| Order { lie, ..order(task) };
        let job = JobId::new(5);
        let results = Results::open(folder.path()).unwrap();
        assert!(order(task, None).execute(job, &results).is_err());

        let run = paged::Run::example(b"put out");
        let name = order(task, None).name();
        results.read_or_run((job, &name), |_| true, || Ok::<_, ExecutionError>(run)).unwrap();
        let results = Results::open(folder.path()).unwrap();
        let done = order(task, None).execute(job, &results).unwrap();
        assert_eq!(done.output().and_then(Kept::piece), Some(&b"put out"[..]));
        let opening = done.opening(Digest::ZERO);
        assert_eq!((opening.gas, opening.steps), (Gas::new(1), 4));
        assert!(done.output_proof().is_some());

        // Not of another task, nor of another lie, nor of another job.
        let other = Task { seed: Digest([4; 32]), ..task };
        assert!(order(other, None).execute(job, &results).is_err());
        let lie = Lie { rate: LazyRate(1_000_000_000), seed: 7, job };
        assert!(order(task, Some(lie)).execute(job, &results).is_err());
        assert!(order(task, None).execute(JobId::new(6), &results).is_err());
    }

    /// Bytes of all files under a folder.
    fn bytes_under(folder: &std::path::Path) -> u64 {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let size = |path: std::path::PathBuf| match path.is_dir() {
            true => bytes_under(&path),
            false => path.metadata().unwrap().len(),
        };
        entries.map(size).sum()
    }

    #[test]
    fn a_large_output_is_kept_once_and_found_again_without_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let task = task(ProgramForm::Paged(4_096));
        let order = |keeps_output| Order { keeps_output, ..order(task) };
        let (job, bytes) = (JobId::new(5), vec![3; 3 << 20]);
        let results = Results::open(folder.path()).unwrap();
        let path = results.output_of(job).unwrap();
        let run = || Ok::<_, ExecutionError>(paged::Run::example_beside(&bytes, &path));
        results.read_or_run((job, &order(true).name()), |_| true, run).unwrap();

        let done = order(true).execute(job, &results).unwrap();
        let shown = done.output().unwrap().shown(11).unwrap().unwrap();
        assert!((256 << 10..257 << 10).contains(&shown.len()));
        let kept = bytes_under(folder.path());
        assert!((3 << 20..(3 << 20) + 1_024).contains(&kept), "once: {kept} bytes");
        // Who keeps no output has another result, and this job's must be run for it.
        assert!(order(false).execute(job, &results).is_err());

        // A byte that is another, or a file that is gone: the job is run again, which fails here.
        let mut other = bytes.clone();
        other[1 << 20] ^= 1;
        std::fs::write(&path, &other).unwrap();
        assert!(order(true).execute(job, &results).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(order(true).execute(job, &results).is_err());
        results.retain(&[]);
        assert_eq!(bytes_under(folder.path()), 0);
    }
}
