//! Executions: a job run in the sandbox, with what is needed to commit to it and to defend it.
//!
//! Law: a result is committed to only if the interpreter agrees with it on the steps that are
//! tried again (C13); an execution follows from the job and the fault alone, so a restarted
//! daemon gets the same one.
//!
//! Faults exist for development networks: they show that a cheat is caught.

use std::{str::FromStr, sync::Arc};

use earnest_compute::{
    Checkpoint, Digest as WorkDigest, EngineFault, EngineKind, Explanation, Input, Machine, Runner,
    Task as WorkTask, Tree,
    bisection::{EvidenceUnavailable, OutputProof, build_evidence},
    runner::{Failure, OnFault, Reply, Request},
};
use earnest_protocol::{
    Digest, Gas, JobId,
    command::{Opening, Task},
};

use crate::sandbox::{Cancellation, RunnerCommand, SandboxError, run_unless};

/// How a provider of a development network misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of some jobs, returns plausible but wrong states from some step on.
    Lazy(LazyRate),
    /// Accepts jobs and never delivers.
    Silent,
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
        let wrong = || "give lazy=RATE with a rate from 0 to 1, or silent".to_owned();
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
    /// The task cannot be one.
    #[error("not a task: {0}")]
    TaskInvalid(String),
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

/// Where and what to run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) runner: RunnerCommand,
    pub(crate) program: Vec<u8>,
    pub(crate) input: Arc<Input>,
    pub(crate) task: WorkTask,
    /// The step from which the states are to be wrong, for a lazy provider.
    pub(crate) wrong_from: Option<u64>,
    /// Ends it before its time.
    pub(crate) cancellation: Cancellation,
}

/// A job that was run.
#[derive(Debug)]
pub struct Execution {
    order: Order,
    /// The commitment's tree.
    pub tree: Tree,
    /// The last state.
    pub last: Checkpoint,
    /// The altered state of a lazy provider.
    altered: Option<Checkpoint>,
}

/// What one run of the child gave.
struct Run {
    leaves: Vec<WorkDigest>,
    kept: Vec<Checkpoint>,
    done: Checkpoint,
    why: Option<Explanation>,
}

/// The child's answers so far.
#[derive(Default)]
struct Heard {
    leaves: Vec<WorkDigest>,
    kept: Vec<Checkpoint>,
    why: Option<Explanation>,
    done: Option<Checkpoint>,
    failed: Option<Failure>,
}

impl Heard {
    fn hear(&mut self, reply: Reply) {
        match reply {
            // A second engine goes on where the first gave up: what was said before stands.
            Reply::Engine(_) => {}
            Reply::Leaves { digests, .. } => self.leaves.extend(digests),
            Reply::Kept(checkpoint) => self.kept.push(checkpoint),
            Reply::Explained(why) => self.why = Some(why),
            Reply::Done(checkpoint) => self.done = Some(checkpoint),
            Reply::Failed(failure) => self.failed = Some(failure),
        }
    }
}

impl Order {
    fn run(&self, start: Option<Checkpoint>, to: u64, keep: &[u64]) -> Result<Run, ExecutionError> {
        self.ask(start, to, keep, OnFault::Stay)
    }

    fn ask(
        &self,
        start: Option<Checkpoint>,
        to: u64,
        keep: &[u64],
        on_fault: OnFault,
    ) -> Result<Run, ExecutionError> {
        let request = Request {
            module: self.program.clone(),
            task: self.task.clone(),
            engine: EngineKind::Jit,
            start,
            to,
            keep_interval: 0,
            keep_indices: keep.to_vec(),
            on_fault,
        };
        let mut heard = Heard::default();
        let chunks = self.input.chunks();
        let mut hear = |reply| heard.hear(reply);
        run_unless(&self.cancellation, &self.runner, &request, chunks, &mut hear)?;
        let Heard { leaves, kept, why, done, failed } = heard;
        match (done, failed) {
            (Some(done), _) => Ok(Run { leaves, kept, done, why }),
            (None, Some(failure)) => Err(ExecutionError::Child(failure)),
            (None, None) => Err(ExecutionError::Incomplete),
        }
    }

    /// Runs the whole task.
    pub(crate) fn execute(self) -> Result<Execution, ExecutionError> {
        self.task.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
        let steps = self.task.steps;
        let Some(wrong) = self.wrong_from.filter(|at| 0 < *at && *at <= steps) else {
            let tried = tried_step(&self.task);
            let run = self.run(None, steps, &[tried - 1, tried])?;
            self.try_again(&run.kept)?;
            let tree = Tree::build(run.leaves).ok_or(ExecutionError::Incomplete)?;
            return Ok(Execution { tree, last: run.done, altered: None, order: self });
        };
        let mut honest = self.run(None, wrong, &[])?;
        let mut altered = honest.done.clone();
        if let Some(byte) = altered.state.last_mut() {
            *byte ^= 1; // Plausible: one bit of one number.
        }
        let task_hash = self.task.hash();
        let chunk = self.input.chunk_hash_of_step(wrong);
        honest.leaves.pop();
        honest.leaves.push(altered.leaf(chunk).digest(&task_hash));
        let mut last = altered.clone();
        if wrong < steps {
            let rest = self.run(Some(altered.clone()), steps, &[])?;
            honest.leaves.extend(rest.leaves);
            last = rest.done;
        }
        let tree = Tree::build(honest.leaves).ok_or(ExecutionError::Incomplete)?;
        Ok(Execution { tree, last, altered: Some(altered), order: self })
    }

    /// One step again, in the interpreter, in this process.
    fn try_again(&self, kept: &[Checkpoint]) -> Result<(), ExecutionError> {
        let [before, after] = kept else { return Err(ExecutionError::Incomplete) };
        let admitted =
            earnest_compute::admit(&self.program).map_err(ExecutionError::NotAdmitted)?;
        let machine = Machine::new(EngineKind::Wasmi, &admitted)?;
        let chunk = self.input.chunk_of_step(after.index);
        let again = machine.step(&self.task, after.index, before, chunk)?;
        if again == *after {
            Ok(())
        } else {
            Err(ExecutionError::EnginesDisagree { step: after.index })
        }
    }
}

/// The step that is tried again: it follows from the task, so nobody chooses it.
fn tried_step(task: &WorkTask) -> u64 {
    let WorkDigest(hash) = task.hash();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    1 + u64::from_le_bytes([a, b, c, d, e, f, g, h]) % task.steps
}

/// Where a lazy provider stops working on a job, if it does: in the middle third.
pub(crate) fn wrong_from(rate: LazyRate, seed: u64, job: JobId, steps: u64) -> Option<u64> {
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

impl Execution {
    /// What is sealed and later opened, with this salt.
    pub fn opening(&self, salt: Digest) -> Opening {
        let chunk = self.order.input.chunk_hash_of_step(self.order.task.steps);
        let leaf = self.last.leaf(chunk);
        Opening {
            root: Digest(self.tree.root().0),
            output: Digest(leaf.state.0),
            gas: Gas::new(leaf.gas),
            steps: self.order.task.steps,
            salt,
        }
    }

    /// The proof that the output is the tree's last leaf.
    pub fn output_proof(&self) -> Option<Vec<u8>> {
        let chunk = self.order.input.chunk_hash_of_step(self.order.task.steps);
        OutputProof::new(&self.tree, &self.last, chunk).map(|proof| proof.encode())
    }

    /// The chunks and the program, for whoever asks on the ledger.
    pub(crate) fn input(&self) -> &Input {
        &self.order.input
    }

    /// The module.
    pub(crate) fn program(&self) -> &[u8] {
        &self.order.program
    }

    /// What the referee needs to judge the step that ends in `leaf`.
    ///
    /// # Errors
    /// If the states around it cannot be computed again.
    pub fn evidence(&self, leaf: u64) -> Result<Vec<u8>, ExecutionError> {
        let admitted =
            earnest_compute::admit(&self.order.program).map_err(ExecutionError::NotAdmitted)?;
        let machine = Machine::new(EngineKind::Wasmi, &admitted)?;
        let runner = Runner::new(&machine, &self.order.task, &self.order.input);
        let before = leaf.checked_sub(1).map(|index| self.state_at(&runner, index)).transpose()?;
        let after = self.state_at(&runner, leaf)?;
        let (program, input) = (&self.order.program, &self.order.input);
        let evidence = build_evidence(program, input, &self.tree, before.as_ref(), &after);
        match evidence {
            Ok(evidence) => Ok(evidence.encode()),
            Err(EvidenceUnavailable::Engine(fault)) => Err(ExecutionError::Engine(fault)),
            Err(EvidenceUnavailable::NoSuchLeaf) => Err(ExecutionError::Incomplete),
        }
    }

    /// The state that this execution claims at `index`.
    fn state_at(&self, runner: &Runner<'_>, index: u64) -> Result<Checkpoint, ExecutionError> {
        match &self.altered {
            Some(altered) if altered.index == index => Ok(altered.clone()),
            Some(altered) if altered.index < index => {
                Ok(runner.run(Some(altered.clone()), index, |_, _| {})?)
            }
            _ if index == self.last.index => Ok(self.last.clone()),
            // In the sandbox again: the interpreter would take the whole way.
            _ if index > 0 => Ok(self.order.run(None, index, &[])?.done),
            _ => Ok(runner.run(None, 0, |_, _| {})?),
        }
    }
}

/// What running a program once, here, says about its cost: its end, and why if that is a fault.
///
/// # Errors
/// If it cannot be run.
pub(crate) fn measure(order: &Order) -> Result<(Checkpoint, Option<Explanation>), ExecutionError> {
    order.task.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
    let steps = order.task.steps;
    let run = order.ask(None, steps, &[], OnFault::Explain)?;
    Ok((run.done, run.why))
}

#[cfg(test)]
mod tests {
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
    fn leaves_of_a_compiler_that_gave_up_stay_leaves() {
        let [a, b, c] = [1, 2, 3].map(|byte| WorkDigest([byte; 32]));
        let mut heard = Heard::default();
        for reply in [
            Reply::Engine(EngineKind::Jit),
            Reply::Leaves { first: 0, digests: vec![a, b] },
            Reply::Engine(EngineKind::Wasmi),
            Reply::Leaves { first: 2, digests: vec![c] },
        ] {
            heard.hear(reply);
        }
        assert_eq!(heard.leaves, [a, b, c]);
    }

    #[test]
    fn a_lazy_provider_is_lazy_about_the_same_jobs_after_a_restart() {
        let at = |job| wrong_from(LazyRate(500_000_000), 7, JobId::new(job), 300);
        let first: Vec<_> = (0..200).map(at).collect();
        assert_eq!(first, (0..200).map(at).collect::<Vec<_>>());
        let lazy = first.iter().flatten().count();
        assert!((60..140).contains(&lazy), "{lazy} of 200");
        assert!(first.iter().flatten().all(|step| (100..=200).contains(step)));
        assert_eq!(wrong_from(LazyRate(0), 7, JobId::new(1), 300), None);
    }
}
