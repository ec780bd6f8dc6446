//! Pace: how long a program takes for its gas on this machine, tried before money hangs on it.
//!
//! An ordinary program is tried only if our own preparation makes it (`earnest-prepare`): a module
//! made by hand may have steps that no evidence shows, and who runs it could not defend itself.
//!
//! Gas promises a time at most. A program that takes longer, however it does it, would be paid less
//! than it costs and could miss its deadline; so its first steps are run, in the sandbox and beside
//! the daemon's loop, before a bid or before an audit that is a choice. Law: a sample takes a time
//! with a bound (10 s; 60 s with the compiling of an ordinary program, and 15 s more while it seems
//! slow), and each program that is quick enough is sampled once, by its hash; others again after
//! ten minutes. What a sample came too late for is told (`Untimed`): bids may close before a
//! program is prepared, compiled and tried, and next time it is known.
//! Known shortcomings: the one whole step of a short program is also the one that first touches its
//! memory, and seems slower than a long program's steps; a program may be slow later than in its
//! first steps, or for other inputs; of a stepwise program the time is the wall clock's, so of
//! several steps the quickest counts.
//! Not here: what is asked for slow programs (`provider`), running whole jobs (`execution`).

use std::{
    collections::BTreeMap,
    fmt,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use earnest_compute::{
    COMPILED_PICOS_PER_GAS, EngineKind, Input, Status, Task as WorkTask,
    paged::{job, run::COARSE_TICKS, task::Task as PagedTask},
    runner::{OnFault, Reply, Request},
};
use earnest_protocol::{
    Digest, JobId,
    command::{ProgramForm, Task},
};
use tracing::{info, warn};

use crate::{
    chain::{Chain, ChainError},
    execution::{paged_task_of, task_of},
    material::Material,
    sandbox::{
        Cancellation, RunnerCommand, SandboxError,
        paged::{self, Heard, Last},
        run_within,
    },
};

/// Steps of a sample.
const SAMPLE_STEPS: u64 = 4;
/// How long a sample may take.
const SAMPLE_TIME: Duration = Duration::from_secs(10);
/// How long that of an ordinary program may take, which has to be compiled first.
const PAGED_SAMPLE_TIME: Duration = Duration::from_secs(60);
/// For how long one that was too slow is tried again, and how long is waited between two tries.
const PAGED_AGAIN_TIME: Duration = Duration::from_secs(15);
const PAGED_PAUSE: Duration = Duration::from_secs(1);
/// What a step takes besides its gas: starting, hashing, the pipe.
const STEP_BESIDES: Duration = Duration::from_millis(5);
/// How many times slower than its gas says a program may be and still be bid for.
const SLOWER_MAX: u64 = 3;
/// After how long a program that was too slow, or did not run, is tried again.
const SLOW_STANDS: Duration = Duration::from_secs(600);
/// Programs remembered.
const REMEMBERED_MAX: usize = 4_096;

/// What a sample said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It takes so many picoseconds for a unit of gas.
    Picos(u64),
    /// It was not through a few steps within ten seconds.
    TimedOut,
    /// It could not be run at all.
    Failed(String),
}

impl Pace {
    /// How many hundredths of the declared time its gas takes: 100 or less keeps the promise. None
    /// if it is too slow to be worked for, or did not run.
    pub fn percent(&self) -> Option<u64> {
        let Pace::Picos(picos) = *self else { return None };
        let most = COMPILED_PICOS_PER_GAS.saturating_mul(SLOWER_MAX);
        (picos <= most).then(|| picos.saturating_mul(100).div_ceil(COMPILED_PICOS_PER_GAS))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = COMPILED_PICOS_PER_GAS.saturating_mul(SLOWER_MAX);
        match self {
            Pace::Picos(picos) => {
                write!(f, "its program takes {picos} ps for a unit of gas here, of {most} at most")
            }
            Pace::TimedOut => {
                write!(f, "its program is not through {SAMPLE_STEPS} steps in {SAMPLE_TIME:?}")
            }
            Pace::Failed(why) => write!(f, "its program could not be tried: {why}"),
        }
    }
}

/// Runs the first steps of a task in its sandbox and takes their time.
pub fn sample(runner: &RunnerCommand, program: &[u8], input: &Input, task: &WorkTask) -> Pace {
    let to = task.steps.min(SAMPLE_STEPS);
    let request = Request {
        module: program.to_vec(),
        task: task.clone(),
        engine: EngineKind::Jit,
        start: None,
        to,
        keep_interval: 1,
        keep_indices: Vec::new(),
        on_fault: OnFault::Stay,
    };
    let (mut seen, mut failed) = (Vec::new(), None);
    let mut last = Status::Running;
    let mut hear = |reply| match reply {
        // A second engine begins again; its steps are what this program costs here.
        Reply::Engine(_) => seen.clear(),
        // What stopped stays as it is, at once and for nothing.
        Reply::Kept(_) if last != Status::Running => {}
        Reply::Kept(checkpoint) => {
            last = checkpoint.status;
            seen.push((Instant::now(), checkpoint.gas));
        }
        Reply::Failed(failure) => failed = Some(failure),
        Reply::Leaves { .. } | Reply::Explained(_) | Reply::Done(_) => {}
    };
    let ended = run_within(SAMPLE_TIME, runner, &request, input.chunks(), &mut hear);
    match (ended, failed) {
        (Err(SandboxError::TimedOut), _) => Pace::TimedOut,
        (Err(error), _) => Pace::Failed(error.to_string()),
        (Ok(()), Some(failure)) => Pace::Failed(failure.to_string()),
        (Ok(()), None) => of_steps(&seen),
    }
}

/// Whether our own preparation makes the pausable module of a linked program: only then is there
/// evidence for each of its steps, and whoever runs it can defend it.
fn is_prepared(source: &[u8], module: &[u8]) -> Result<(), String> {
    let prepared = earnest_prepare::prepare(source)
        .map_err(|why| format!("what it is said to be prepared from is refused: {why}"))?;
    match prepared.pausable == module {
        true => Ok(()),
        false => Err("it is not what our preparation makes of what its job names".to_owned()),
    }
}

/// The same for an ordinary program: its first coarse steps, compiling aside. One that was too slow
/// is tried again for a while, since a short one has a single step to go by.
fn sample_paged(runner: &RunnerCommand, bytes: (&[u8], &[u8]), task: &PagedTask) -> Pace {
    let begun = Instant::now();
    loop {
        let pace = try_paged(runner, bytes, task.clone());
        let is_slow = matches!(pace, Pace::Picos(_)) && pace.percent().is_none();
        if !is_slow || PAGED_AGAIN_TIME < begun.elapsed() {
            return pace;
        }
        std::thread::sleep(PAGED_PAUSE);
    }
}

fn try_paged(runner: &RunnerCommand, (module, input): (&[u8], &[u8]), mut task: PagedTask) -> Pace {
    task.ticks_bound = task.ticks_bound.min(SAMPLE_STEPS.saturating_mul(COARSE_TICKS));
    let request = job::Request { task, ask: job::Ask::Run, altered_at: None };
    let cancellation = Cancellation::default();
    let bytes = (module, input);
    match paged::ask_one((runner, &cancellation), &request, bytes, Some(PAGED_SAMPLE_TIME)) {
        Err(SandboxError::TimedOut) => Pace::TimedOut,
        Err(error) => Pace::Failed(error.to_string()),
        Ok(Heard { last: Some(Last::Ran(ran)), .. }) => of_run(&ran),
        Ok(Heard { last: Some(Last::Failed(failure)), .. }) => Pace::Failed(failure.to_string()),
        Ok(_) => Pace::Failed("its process ended too early".to_owned()),
    }
}

/// The pace of a run's quickest step, by the processor's time: a busy machine counts for nothing. A
/// run that is shorter than a step is paid by a step's gas.
fn of_run(ran: &job::Ran) -> Pace {
    let besides = u64::try_from(STEP_BESIDES.as_nanos()).unwrap_or(u64::MAX);
    let nanos = ran.step_nanos.saturating_sub(besides);
    let gas = u128::from(ProgramForm::STEP_GAS.count());
    let picos = u128::from(nanos).saturating_mul(1_000) / gas;
    Pace::Picos(u64::try_from(picos).unwrap_or(u64::MAX))
}

/// The pace of the quickest step; what is delayed is a busy machine's, not the program's.
fn of_steps(seen: &[(Instant, u64)]) -> Pace {
    let steps = seen.iter().zip(seen.iter().skip(1)).map(|((from, before), (to, after))| {
        let nanos = to.duration_since(*from).saturating_sub(STEP_BESIDES).as_nanos();
        let gas = u128::from(after.saturating_sub(*before).max(1));
        u64::try_from(nanos.saturating_mul(1_000) / gas).unwrap_or(u64::MAX)
    });
    // A task that stops before its first step takes no time.
    Pace::Picos(steps.min().unwrap_or(0))
}

/// A program; of an ordinary one also what it is said to be prepared from.
type Key = (Digest, Option<Digest>);

/// The paces of programs, and the sample that is being taken.
#[derive(Default)]
pub(crate) struct Paces {
    known: BTreeMap<Key, Known>,
    running: Option<Running>,
}

struct Known {
    pace: Pace,
    since: Instant,
}

impl Known {
    fn new(pace: Pace) -> Known {
        Known { pace, since: Instant::now() }
    }

    /// Whether it stands after such a time. A machine that did other work may have taken a program
    /// for many times slower than it is: that is no judgement for good.
    fn stands(&self, after: Duration) -> bool {
        self.pace.percent().is_some() || after < SLOW_STANDS
    }
}

struct Running {
    key: Key,
    begun: Instant,
    handle: JoinHandle<Pace>,
}

impl Paces {
    /// The pace of a task's program, once it is known; its sample is begun if nothing else is.
    ///
    /// # Errors
    /// If the node does not give the program or its input.
    pub(crate) fn get(
        &mut self,
        task: &Task,
        chain: &Chain,
        runner: &RunnerCommand,
    ) -> Result<Option<&Pace>, ChainError> {
        self.collect();
        let is_paged = task.form != ProgramForm::Stepwise;
        let key = (task.program, is_paged.then_some(task.seed));
        self.known.retain(|of, known| *of != key || known.stands(known.since.elapsed()));
        if !self.known.contains_key(&key) && self.running.is_none() {
            let source = if is_paged { chain.source(task)? } else { Some(Vec::new()) };
            // It may still be on its way.
            let Some(source) = source else { return Ok(None) };
            let (material, runner, task) = (chain.material(task)?, runner.clone(), *task);
            let handle = std::thread::spawn(move || match (material, task.form) {
                (Material::Paged { module, input }, ProgramForm::Paged(output_kib)) => {
                    if let Err(why) = is_prepared(&source, &module) {
                        return Pace::Failed(why);
                    }
                    sample_paged(&runner, (&module, &input), &paged_task_of(&task, output_kib))
                }
                (Material::Steps { program, input }, _) => {
                    sample(&runner, &program, &input, &task_of(&task))
                }
                (Material::Paged { .. }, ProgramForm::Stepwise) => {
                    Pace::Failed("its bytes are of another form".to_owned())
                }
            });
            self.running = Some(Running { key, begun: Instant::now(), handle });
        }
        Ok(self.known.get(&key).map(|known| &known.pace))
    }

    /// True if a sample ended that nobody has looked at.
    pub(crate) fn any_finished(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.handle.is_finished())
    }

    fn collect(&mut self) {
        let Some(Running { key, begun, handle }) =
            self.running.take_if(|running| running.handle.is_finished())
        else {
            return;
        };
        let pace = handle.join().unwrap_or_else(|_| Pace::Failed("it panicked".to_owned()));
        info!("program {}: tried in {}; {pace}", key.0, seconds(begun.elapsed()));
        if REMEMBERED_MAX <= self.known.len() {
            self.known.pop_first();
        }
        self.known.insert(key, Known::new(pace));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Jobs for which something is due as soon as their programs are timed.
#[derive(Debug, Default)]
pub(crate) struct Untimed(BTreeMap<JobId, Since>);

#[derive(Debug)]
struct Since {
    begun: Instant,
    /// Asked about in this pass.
    is_asked: bool,
}

impl Untimed {
    /// A pass over all jobs begins.
    pub(crate) fn begin_pass(&mut self) {
        self.0.values_mut().for_each(|since| since.is_asked = false);
    }

    /// A job's program would have to be timed by now, and is not.
    pub(crate) fn waits(&mut self, job: JobId) {
        let since = Since { begun: Instant::now(), is_asked: true };
        self.0.entry(job).or_insert(since).is_asked = true;
    }

    /// Whether it was asked about could not be heard in this pass.
    pub(crate) fn keep(&mut self, job: JobId) {
        if let Some(since) = self.0.get_mut(&job) {
            since.is_asked = true;
        }
    }

    /// A job's program is timed.
    pub(crate) fn is_timed(&mut self, job: JobId) {
        self.0.remove(&job);
    }

    /// Says of what nobody asked about any more in a whole pass that its sample came too late;
    /// returns how many jobs these are.
    pub(crate) fn end_pass(&mut self) -> usize {
        let mut count = 0usize;
        for (job, since) in self.0.extract_if(.., |_, since| !since.is_asked) {
            let time = seconds(since.begun.elapsed());
            warn!(
                "job {job}: too late, its program is new here and was not timed within {time}; \
                 the next job of this program finds it known"
            );
            count = count.saturating_add(1);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_step_counts_and_what_every_step_takes_does_not() {
        let begun = Instant::now();
        let at = |millis: u64, gas| (begun + Duration::from_millis(millis), gas);
        // 65 ms less 5 for 10 million gas: 6 ns each. The second step was kept waiting.
        let seen = [at(0, 0), at(65, 10_000_000), at(980, 20_000_000)];
        let pace = of_steps(&seen);
        assert_eq!(pace, Pace::Picos(6_000));
        assert_eq!(pace.percent(), Some(120));
        assert_eq!(of_steps(&[at(0, 0), at(3, 500)]), Pace::Picos(0));
    }

    #[test]
    fn a_program_that_a_busy_machine_took_for_slow_is_tried_again() {
        let (soon, later) = (SLOW_STANDS / 2, SLOW_STANDS);
        let quick = Known::new(Pace::Picos(15_000));
        assert!(quick.stands(soon) && quick.stands(later));
        for slow in [Pace::Picos(86_252), Pace::TimedOut, Pace::Failed(String::new())] {
            let slow = Known::new(slow);
            assert!(slow.stands(soon) && !slow.stands(later), "{}", slow.pace);
        }
    }

    #[test]
    fn what_a_sample_came_too_late_for_is_told_once() {
        let (early, late, unheard) = (JobId::new(1), JobId::new(2), JobId::new(3));
        let mut untimed = Untimed::default();
        untimed.begin_pass();
        [early, late, unheard].into_iter().for_each(|job| untimed.waits(job));
        assert_eq!(untimed.end_pass(), 0);
        // The first is timed, bids for the second are closed, of the third a node said nothing.
        untimed.begin_pass();
        untimed.is_timed(early);
        untimed.keep(unheard);
        assert_eq!(untimed.end_pass(), 1);
        untimed.begin_pass();
        untimed.waits(unheard);
        assert_eq!(untimed.end_pass(), 0);
        untimed.begin_pass();
        // What never waited is not kept.
        untimed.keep(late);
        assert_eq!(untimed.end_pass(), 1);
        untimed.begin_pass();
        assert_eq!(untimed.end_pass(), 0);
    }

    #[test]
    fn a_module_that_no_preparation_made_is_not_tried() {
        let text = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
        let linked = earnest_prepare::link::link(&wat::parse_str(text).unwrap()).unwrap();
        let prepared = earnest_prepare::prepare(&linked).unwrap();
        assert_eq!(is_prepared(&linked, &prepared.pausable), Ok(()));
        let mut other = prepared.pausable.clone();
        other.push(0);
        assert!(is_prepared(&linked, &other).unwrap_err().contains("not what our preparation"));
        assert!(is_prepared(b"any", &prepared.pausable).unwrap_err().contains("refused"));
    }

    #[test]
    fn what_is_too_slow_or_does_not_run_has_no_price() {
        assert_eq!(Pace::Picos(15_000).percent(), Some(300));
        assert_eq!(Pace::Picos(15_001).percent(), None);
        assert_eq!(Pace::TimedOut.percent(), None);
        assert_eq!(Pace::Failed(String::new()).percent(), None);
        let words = Pace::Picos(71_000).to_string();
        assert_eq!(words, "its program takes 71000 ps for a unit of gas here, of 15000 at most");
    }
}
