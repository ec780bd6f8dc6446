//! A job of a program that computes in steps: run in the sandbox, with what is needed to commit to
//! it and to defend it.
//!
//! The states around a disputed step are computed when they are asked for, in a thread beside the
//! daemon's loop, those of all that are asked for by one run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use earnest_compute::{
    Checkpoint, Digest as WorkDigest, EngineKind, Explanation, Input, Machine, Position,
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
use serde::{Deserialize, Serialize};

use super::{
    ExecutionError, Move,
    questions::{Pending, Questions, Told},
};
use crate::{
    outputs::Kept,
    sandbox::{Cancellation, RunnerCommand, run_unless},
};

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

/// Leaves that are asked for at once, at most: more than one result can have games about it.
const QUESTIONS_MAX: usize = 128;

/// A job that was run.
#[derive(Debug)]
pub(crate) struct Steps {
    run: Arc<Ran>,
    output: Kept,
    /// Of steps, by leaf.
    evidence: BTreeMap<u64, Vec<u8>>,
    questions: Questions<u64, Vec<u8>>,
}

impl Drop for Steps {
    fn drop(&mut self) {
        // Nobody hears the child's answer any more.
        self.run.order.cancellation.cancel();
    }
}

/// What a run left.
#[derive(Debug)]
struct Ran {
    order: Order,
    /// The commitment's tree.
    tree: Tree,
    /// The last state.
    last: Checkpoint,
    /// The altered state of a lazy provider.
    altered: Option<Checkpoint>,
}

/// What a run of the whole task gave, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Whole {
    leaves: Vec<WorkDigest>,
    last: Checkpoint,
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
    pub(super) fn execute(&self) -> Result<Whole, ExecutionError> {
        self.task.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
        let steps = self.task.steps;
        let Some(wrong) = self.wrong_from.filter(|at| 0 < *at && *at <= steps) else {
            let tried = tried_step(&self.task);
            let run = self.run(None, steps, &[tried - 1, tried])?;
            self.try_again(&run.kept)?;
            return Ok(Whole { leaves: run.leaves, last: run.done, altered: None });
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
        Ok(Whole { leaves: honest.leaves, last, altered: Some(altered) })
    }

    /// With what defends it.
    pub(super) fn done(self, run: Whole) -> Result<Steps, ExecutionError> {
        let Whole { leaves, last, altered } = run;
        let tree = Tree::build(leaves).ok_or(ExecutionError::Incomplete)?;
        let output = Kept::Piece(last.state.clone());
        let run = Arc::new(Ran { tree, last, altered, order: self });
        let (evidence, questions) = (BTreeMap::new(), Questions::default());
        Ok(Steps { run, output, evidence, questions })
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
        let Ran { order, tree, last, .. } = &*self.run;
        let leaf = last.leaf(order.input.chunk_hash_of_step(order.task.steps));
        Opening {
            root: Digest(tree.root().0),
            output: Digest(leaf.state.0),
            gas: Gas::new(leaf.gas),
            steps: order.task.steps,
            salt,
        }
    }

    /// The proof that the output is the tree's last leaf.
    pub(super) fn output_proof(&self) -> Option<Vec<u8>> {
        let Ran { order, tree, last, .. } = &*self.run;
        let chunk = order.input.chunk_hash_of_step(order.task.steps);
        OutputProof::new(tree, last, chunk).map(|proof| proof.encode())
    }

    /// What was put out: the last state.
    pub(super) fn output(&self) -> Option<&Kept> {
        Some(&self.output)
    }

    /// The module.
    pub(super) fn program(&self) -> &[u8] {
        &self.run.order.program
    }

    /// A chunk of the input with its path, as a node reads it.
    pub(super) fn served_chunk(&self, chunk: u32) -> Option<Vec<u8>> {
        served_chunk(&self.run.order.input, chunk)
    }

    /// The move of whoever committed to this, where a dispute waits at `node`; none while it is
    /// computed.
    pub(super) fn answer(&mut self, node: Node) -> Option<Move> {
        if node.level < depth(self.run.order.task.steps) {
            let children = self.run.tree.children(position(node))?;
            return Some(Move::Open(children.iter().map(|child| Digest(child.0)).collect()));
        }
        let evidence = self.evidence.get(&node.index).cloned();
        if evidence.is_none() {
            self.questions.ask(node.index);
        }
        evidence.map(Move::Prove)
    }

    /// The first of a node's children that is not as here.
    pub(super) fn rejects(&self, node: Node, theirs: &[WorkDigest; ARITY]) -> Option<u8> {
        first_rejected(&self.run.tree, position(node), theirs)
    }

    pub(super) fn pending(&self) -> Pending {
        self.questions.pending()
    }

    /// Keeps what was found since.
    ///
    /// # Errors
    /// Why something was not.
    pub(super) fn take_found(&mut self) -> Result<(), ExecutionError> {
        let (found, ended) = self.questions.take();
        self.evidence.extend(found);
        ended
    }

    /// Begins to look for all that was asked; how much that is.
    pub(super) fn look(&mut self) -> usize {
        let run = Arc::clone(&self.run);
        self.questions.begin(QUESTIONS_MAX, |leaf| *leaf, move |leaves| run.evidence(&leaves))
    }
}

impl Ran {
    /// What the referee needs to judge the steps that end in these leaves.
    fn evidence(&self, leaves: &[u64]) -> Told<Vec<u8>> {
        let mut answers = Vec::new();
        let ended = self.evidence_into(leaves, &mut answers);
        Told { answers, ended }
    }

    fn evidence_into(
        &self,
        leaves: &[u64],
        answers: &mut Vec<Vec<u8>>,
    ) -> Result<(), ExecutionError> {
        let around = leaves.iter().flat_map(|leaf| [leaf.checked_sub(1), Some(*leaf)]);
        let states = self.states_at(around.flatten().collect())?;
        let at = |index: u64| states.get(&index).ok_or(ExecutionError::Incomplete);
        for leaf in leaves {
            let before = leaf.checked_sub(1).map(at).transpose()?;
            let (program, input) = (&self.order.program, &self.order.input);
            answers.push(match build_evidence(program, input, &self.tree, before, at(*leaf)?) {
                Ok(evidence) => evidence.encode(),
                Err(EvidenceUnavailable::Engine(fault)) => return Err(fault.into()),
                Err(EvidenceUnavailable::NoSuchLeaf) => return Err(ExecutionError::Incomplete),
            });
        }
        Ok(())
    }

    /// The states that this execution claims at these indices: by one run in the sandbox, and one
    /// more from the place that a lazy provider lied about.
    fn states_at(
        &self,
        indices: BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Checkpoint>, ExecutionError> {
        let from = self.altered.as_ref().map_or(u64::MAX, |altered| altered.index);
        let mut states = BTreeMap::from([(self.last.index, self.last.clone())]);
        states.extend(self.altered.iter().map(|altered| (altered.index, altered.clone())));
        let (honest, wrong): (Vec<u64>, Vec<u64>) =
            indices.into_iter().filter(|at| !states.contains_key(at)).partition(|at| *at < from);
        for (start, keep) in [(None, honest), (self.altered.clone(), wrong)] {
            if let Some(to) = keep.last() {
                let run = self.order.run(start, *to, &keep)?;
                states.extend(run.kept.into_iter().map(|kept| (kept.index, kept)));
                states.insert(run.done.index, run.done);
            }
        }
        Ok(states)
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
