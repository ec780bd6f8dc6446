//! A job of a program that computes in steps: run in the sandbox, with what is needed to commit to
//! it and to defend it.

use std::sync::Arc;

use earnest_compute::{
    Checkpoint, Digest as WorkDigest, EngineKind, Explanation, Input, Machine, Position, Runner,
    Task as WorkTask, Tree,
    bisection::{EvidenceUnavailable, OutputProof, build_evidence, first_rejected},
    checkpoint::ARITY,
    runner::{Failure, OnFault, Reply, Request},
};
use earnest_protocol::{
    Digest, Gas,
    command::{Node, Opening},
    verification::depth,
};

use super::{ExecutionError, Move};
use crate::sandbox::{Cancellation, RunnerCommand, run_unless};

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
pub(crate) struct Steps {
    order: Order,
    /// The commitment's tree.
    pub(super) tree: Tree,
    /// The last state.
    pub(super) last: Checkpoint,
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
    pub(super) fn execute(self) -> Result<Steps, ExecutionError> {
        self.task.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
        let steps = self.task.steps;
        let Some(wrong) = self.wrong_from.filter(|at| 0 < *at && *at <= steps) else {
            let tried = tried_step(&self.task);
            let run = self.run(None, steps, &[tried - 1, tried])?;
            self.try_again(&run.kept)?;
            let tree = Tree::build(run.leaves).ok_or(ExecutionError::Incomplete)?;
            return Ok(Steps { tree, last: run.done, altered: None, order: self });
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
        Ok(Steps { tree, last, altered: Some(altered), order: self })
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

impl Steps {
    /// What is sealed and later opened, with this salt.
    pub(super) fn opening(&self, salt: Digest) -> Opening {
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
    pub(super) fn output_proof(&self) -> Option<Vec<u8>> {
        let chunk = self.order.input.chunk_hash_of_step(self.order.task.steps);
        OutputProof::new(&self.tree, &self.last, chunk).map(|proof| proof.encode())
    }

    /// What was put out: the last state.
    pub(super) fn output(&self) -> &[u8] {
        &self.last.state
    }

    /// The module.
    pub(super) fn program(&self) -> &[u8] {
        &self.order.program
    }

    /// A chunk of the input with its path, as a node reads it.
    pub(super) fn served_chunk(&self, chunk: u32) -> Option<Vec<u8>> {
        served_chunk(&self.order.input, chunk)
    }

    /// The move of whoever committed to this, where a dispute waits at `node`.
    pub(super) fn answer(&self, node: Node) -> Result<Option<Move>, ExecutionError> {
        if node.level < depth(self.order.task.steps) {
            let children = self.tree.children(position(node));
            let children = children.map(|all| all.iter().map(|child| Digest(child.0)).collect());
            return Ok(children.map(Move::Open));
        }
        self.evidence(node.index).map(|evidence| Some(Move::Prove(evidence)))
    }

    /// The first of a node's children that is not as here.
    pub(super) fn rejects(&self, node: Node, theirs: &[WorkDigest; ARITY]) -> Option<u8> {
        first_rejected(&self.tree, position(node), theirs)
    }

    /// What the referee needs to judge the step that ends in `leaf`.
    ///
    /// # Errors
    /// If the states around it cannot be computed again.
    fn evidence(&self, leaf: u64) -> Result<Vec<u8>, ExecutionError> {
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

fn position(node: Node) -> Position {
    Position { level: u32::from(node.level), index: node.index }
}

/// A chunk with its path, as a node reads it.
pub(crate) fn served_chunk(input: &Input, chunk: u32) -> Option<Vec<u8>> {
    let bytes = input.chunks().get(usize::try_from(chunk).ok()?)?;
    postcard::to_stdvec(&(bytes, input.path(chunk)?)).ok()
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
}
