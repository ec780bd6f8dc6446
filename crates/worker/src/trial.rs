//! Trials: one task in one engine, step by step, for the author of a program; no job, no money.
//!
//! Laws: the program never runs in this process; its limits are those of a job with the same gas.
//! Known shortcomings: the time of the steps includes carrying each state out of the sandbox, and
//! where engines change in mid-run the trial does not say at which step.
//! Not here: what is shown of it (crate `cli`), runs that are committed to (`execution`).

use std::time::{Duration, Instant};

use earnest_compute::{
    Checkpoint, Digest, EngineKind, Explanation, Input, Status, Task,
    runner::{Failure, OnFault, Reply, Request},
};

use crate::{
    execution::ExecutionError,
    sandbox::{RunnerCommand, run},
};

/// Which engine came to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The one that was asked for.
    AsAsked,
    /// The interpreter, because the compiler gave up: at the start, or in the middle.
    GaveUp,
}

/// What one engine made of a task.
#[derive(Debug)]
pub struct Trial {
    /// Whether the engine that was asked for came to the end.
    pub engine: Engine,
    /// The digest of each leaf, from 0.
    pub leaves: Vec<Digest>,
    /// Gas of `init` and of each step that ended well, in order.
    pub gas: Vec<u64>,
    /// The longest state, in bytes.
    pub state_bytes_max: usize,
    /// The last checkpoint.
    pub last: Checkpoint,
    /// Why it is a fault, if it is.
    pub why: Option<Explanation>,
    /// From nothing to the first state: the process, loading, compiling and `init`.
    pub starting: Duration,
    /// All steps.
    pub stepping: Duration,
}

impl Trial {
    /// The step that stopped the program, if one did; 0 is `init`.
    pub fn stopped_at(&self) -> Option<u64> {
        match self.last.status {
            Status::Running => None,
            Status::Fault { at } | Status::Halted { at } => Some(at),
        }
    }
}

/// Runs `task` as a provider would: compiled, and interpreted from where the compiler gives up.
///
/// # Errors
/// The sandbox's, or the host's: no claim about the program.
pub fn compiled(
    runner: &RunnerCommand,
    module: &[u8],
    input: &Input,
    task: &Task,
) -> Result<Trial, ExecutionError> {
    trial(runner, module, input, task, EngineKind::Jit)
}

/// Runs `task` as the referee would: interpreted.
///
/// # Errors
/// As for [`compiled`].
pub fn interpreted(
    runner: &RunnerCommand,
    module: &[u8],
    input: &Input,
    task: &Task,
) -> Result<Trial, ExecutionError> {
    trial(runner, module, input, task, EngineKind::Wasmi)
}

fn trial(
    runner: &RunnerCommand,
    module: &[u8],
    input: &Input,
    task: &Task,
    engine: EngineKind,
) -> Result<Trial, ExecutionError> {
    let request = Request {
        module: module.to_vec(),
        task: task.clone(),
        engine,
        start: None,
        to: task.steps,
        keep_interval: 1,
        keep_indices: Vec::new(),
        on_fault: OnFault::Explain,
    };
    let begun = Instant::now();
    let mut seen = Seen::default();
    run(runner, &request, input.chunks(), &mut |reply| seen.hear(reply, begun))?;
    if let Some(failure) = seen.failed {
        return Err(ExecutionError::Child(failure));
    }
    let (Some(last_engine), Some(last)) = (seen.engine, seen.done) else {
        return Err(ExecutionError::Incomplete);
    };
    Ok(Trial {
        engine: if last_engine == engine { Engine::AsAsked } else { Engine::GaveUp },
        leaves: seen.leaves,
        gas: seen.gas,
        state_bytes_max: seen.state_bytes_max,
        last,
        why: seen.why,
        starting: seen.first,
        stepping: seen.latest.saturating_sub(seen.first),
    })
}

/// What was heard so far.
#[derive(Default)]
struct Seen {
    engine: Option<EngineKind>,
    leaves: Vec<Digest>,
    gas: Vec<u64>,
    spent: u64,
    state_bytes_max: usize,
    first: Duration,
    latest: Duration,
    why: Option<Explanation>,
    done: Option<Checkpoint>,
    failed: Option<Failure>,
}

impl Seen {
    fn hear(&mut self, reply: Reply, begun: Instant) {
        match reply {
            // A second engine goes on where the first gave up.
            Reply::Engine(engine) => self.engine = Some(engine),
            Reply::Leaves { digests, .. } => self.leaves.extend(digests),
            Reply::Kept(checkpoint) => self.step(&checkpoint, begun.elapsed()),
            Reply::Explained(why) => self.why = Some(why),
            Reply::Done(checkpoint) => self.done = Some(checkpoint),
            Reply::Failed(failure) => self.failed = Some(failure),
        }
    }

    fn step(&mut self, checkpoint: &Checkpoint, since: Duration) {
        if checkpoint.index == 0 {
            self.first = since;
        }
        self.latest = since;
        if checkpoint.status == Status::Running {
            self.gas.push(checkpoint.gas.saturating_sub(self.spent));
            self.spent = checkpoint.gas;
            self.state_bytes_max = self.state_bytes_max.max(checkpoint.state.len());
        }
    }
}

/// The first leaf that two runs do not share.
pub fn first_difference(one: &Trial, other: &Trial) -> Option<u64> {
    let differ = one.leaves.iter().zip(&other.leaves).position(|(one, other)| one != other);
    let shorter = one.leaves.len().min(other.leaves.len());
    let lengths = (one.leaves.len() != other.leaves.len()).then_some(shorter);
    differ.or(lengths).and_then(|index| u64::try_from(index).ok())
}
