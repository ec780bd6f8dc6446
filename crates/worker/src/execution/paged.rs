//! A job of an ordinary program: run in the sandbox, with what is needed to commit to it and to
//! defend it.
//!
//! What a dispute asks for inside a step is computed when it is asked for, by a child that begins
//! with the job again, in a thread beside the daemon's loop; one at a time.

use std::{collections::BTreeMap, sync::Arc, thread::JoinHandle};

use earnest_compute::{
    Digest as WorkDigest, Position, Tree,
    bisection::first_rejected,
    checkpoint::ARITY,
    paged::{
        chunks::{CHUNK_BYTES, chunk_path, chunk_root},
        dispute::{
            Before, LEVELS, Span,
            shown::{ClaimProof, Refinement, StepProof},
        },
        job::{Ask, Request},
        state::Claim,
        task::Task as PagedTask,
    },
};
use earnest_protocol::{
    Digest, Gas,
    command::{Node, Opening, ProgramForm, TICKS_PER_GAS, Task},
    verification::{Geometry, Place},
};

use super::{ExecutionError, Lie, Move, paged_task_of};
use crate::sandbox::{
    Cancellation, RunnerCommand, SandboxError,
    paged::{Heard, Last, ask},
};

/// Tries of what fails for reasons of our own.
const TRIES: u32 = 3;

/// Where and what to run.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) runner: RunnerCommand,
    pub(super) task: Task,
    pub(super) module: Vec<u8>,
    pub(super) input: Vec<u8>,
    pub(super) cancellation: Cancellation,
}

impl Order {
    fn work(&self) -> PagedTask {
        let output_kib = match self.task.form {
            ProgramForm::Paged(output_kib) => output_kib,
            ProgramForm::Stepwise => 0,
        };
        paged_task_of(&self.task, output_kib)
    }

    fn ask(&self, asked: Ask, altered_at: Option<u64>) -> Result<Heard, SandboxError> {
        let request = Request { task: self.work(), ask: asked, altered_at };
        let bytes = (self.module.as_slice(), self.input.as_slice());
        ask((&self.runner, &self.cancellation), &request, bytes, None)
    }

    /// Runs the whole task; a lazy provider twice, to lie about a step that there is.
    pub(super) fn execute(self, lie: Option<Lie>) -> Result<Paged, ExecutionError> {
        let work = self.work();
        work.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
        let (mut heard, mut claim) = ran(self.ask(Ask::Run, None)?)?;
        let [_, fine, _] = LEVELS;
        let steps = claim.ticks.div_ceil(fine).max(1);
        let altered_at = lie.and_then(|lie| lie.wrong_from(steps)).map(|step| step * fine);
        if altered_at.is_some() {
            (heard, claim) = ran(self.ask(Ask::Run, altered_at)?)?;
        }
        let mut leaves = heard.leaves;
        let last = *leaves.last().ok_or(ExecutionError::Incomplete)?;
        let length = usize::try_from(self.task.steps).unwrap_or(usize::MAX).saturating_add(1);
        if length < leaves.len() || last != claim.digest(&work.hash()) {
            return Err(ExecutionError::Incomplete);
        }
        leaves.resize(length, last);
        let whole = Tree::build(leaves).ok_or(ExecutionError::Incomplete)?;
        let (trees, evidence) = (BTreeMap::new(), BTreeMap::new());
        Ok(Paged {
            order: Arc::new(self),
            altered_at,
            whole,
            claim,
            output: heard.output,
            trees,
            evidence,
            asked: None,
            failed: 0,
        })
    }
}

fn ran(heard: Heard) -> Result<(Heard, Claim), ExecutionError> {
    match heard.last {
        Some(Last::Ran(ran)) => Ok((heard, ran.claim)),
        Some(Last::Failed(failure)) => Err(ExecutionError::Paged(failure)),
        Some(Last::Made | Last::TooLarge) | None => Err(ExecutionError::Incomplete),
    }
}

/// What is computed when a dispute asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// The tree within the step that ends in this leaf.
    Tree(Node),
    /// Evidence of it.
    Evidence(Node),
}

/// A job of an ordinary program that was run.
#[derive(Debug)]
pub(crate) struct Paged {
    order: Arc<Order>,
    altered_at: Option<u64>,
    /// Over the coarse steps.
    whole: Tree,
    claim: Claim,
    output: Vec<u8>,
    /// By the leaf that each refines.
    trees: BTreeMap<Node, Tree>,
    /// By leaf; none of a step too large for any.
    evidence: BTreeMap<Node, Option<Vec<u8>>>,
    asked: Option<(Question, JoinHandle<Result<Heard, SandboxError>>)>,
    failed: u32,
}

impl Drop for Paged {
    fn drop(&mut self) {
        // Nobody hears the child's answer any more.
        self.order.cancellation.cancel();
    }
}

impl Paged {
    pub(super) fn opening(&self, salt: Digest) -> Opening {
        Opening {
            root: Digest(self.whole.root().0),
            output: Digest(self.claim.output_root.0),
            gas: Gas::new(self.claim.ticks.div_ceil(TICKS_PER_GAS)),
            steps: self.order.task.steps,
            salt,
        }
    }

    /// The claim, and the paths of the last leaf and the first.
    pub(super) fn output_proof(&self) -> Option<Vec<u8>> {
        let (last, first) = (self.whole.prove(self.whole.steps())?, self.whole.prove(0)?);
        Some(ClaimProof { claim: self.claim, last, first }.encode())
    }

    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    pub(super) fn served_chunk(&self, chunk: u32) -> Option<Vec<u8>> {
        served_pages(&self.order.input, chunk)
    }

    pub(super) fn any_found(&self) -> bool {
        self.asked.as_ref().is_some_and(|(_, handle)| handle.is_finished())
    }

    fn geometry(&self) -> Geometry {
        Geometry::of(&self.order.task)
    }

    /// What the tree is over that a leaf is in, and the leaf's number there.
    fn span(&self, leaf: Node) -> Option<(Span, u64)> {
        let leaves = self.geometry().leaves(leaf);
        let (last, above) = leaves.split_last()?;
        let whole = Span { level: 0, begin: 0, steps: self.order.task.steps };
        let span = above.iter().try_fold(whole, |span, leaf| span.within(*leaf))?;
        Some((span, *last))
    }

    /// The tree that a place lies in, once it is there.
    fn tree_of(&mut self, place: Place) -> Result<Option<&Tree>, ExecutionError> {
        match place.tier {
            0 => Ok(Some(&self.whole)),
            _ => self.tree_within(place.tree),
        }
    }

    /// The tree within the step that ends in `leaf`, once it is there.
    fn tree_within(&mut self, leaf: Node) -> Result<Option<&Tree>, ExecutionError> {
        if !self.trees.contains_key(&leaf) {
            self.find(Question::Tree(leaf))?;
        }
        Ok(self.trees.get(&leaf))
    }

    pub(super) fn answer(&mut self, node: Node) -> Result<Option<Move>, ExecutionError> {
        let geometry = self.geometry();
        let Some(place) = geometry.place(node) else { return Ok(None) };
        let Some(leaf) = place.leaf() else {
            let Some(tree) = self.tree_of(place)? else { return Ok(None) };
            return Ok(tree.children(position(place)).map(|all| Move::Open(digests(&all))));
        };
        if place.tier > 0 {
            if !self.evidence.contains_key(&node) {
                self.find(Question::Evidence(node))?;
            }
            match self.evidence.get(&node).cloned() {
                None => return Ok(None),
                Some(Some(evidence)) => {
                    let Some(before) = self.before(place, leaf)? else { return Ok(None) };
                    return Ok(Some(Move::Prove(StepProof { before, evidence }.encode())));
                }
                Some(None) if geometry.refines(node) => {}
                Some(None) => return Err(ExecutionError::TooLarge(node)),
            }
        }
        let Some(before) = self.before(place, leaf)? else { return Ok(None) };
        let Some(tree) = self.tree_within(node)? else { return Ok(None) };
        let ends = tree.prove(0).zip(tree.prove(tree.steps()));
        let (first, last) = ends.ok_or(ExecutionError::Incomplete)?;
        let children = tree.children(Position::ROOT).ok_or(ExecutionError::Incomplete)?;
        let proof = Refinement { before, first, last }.encode();
        Ok(Some(Move::Refine { children: digests(&children), proof }))
    }

    /// The leaf before `leaf` in the tree that a place lies in.
    fn before(&mut self, place: Place, leaf: u64) -> Result<Option<Before>, ExecutionError> {
        let Some(tree) = self.tree_of(place)? else { return Ok(None) };
        let index = leaf.checked_sub(1).ok_or(ExecutionError::Incomplete)?;
        let digest = usize::try_from(index).ok().and_then(|index| tree.leaves().get(index));
        let before = digest.copied().zip(tree.prove(index));
        let (digest, path) = before.ok_or(ExecutionError::Incomplete)?;
        Ok(Some(Before { digest, path }))
    }

    pub(super) fn rejects(
        &mut self,
        node: Node,
        theirs: &[WorkDigest; ARITY],
    ) -> Result<Option<Option<u8>>, ExecutionError> {
        let place = self.geometry().place(node).ok_or(ExecutionError::Incomplete)?;
        // A leaf that was refined is the root of the finer tree.
        let (tree, at) = match place.leaf() {
            Some(_) => (self.tree_within(node)?, Position::ROOT),
            None => (self.tree_of(place)?, position(place)),
        };
        Ok(tree.map(|tree| first_rejected(tree, at, theirs)))
    }

    /// Takes what was found, or begins to look for it.
    fn find(&mut self, question: Question) -> Result<(), ExecutionError> {
        if let Some((asked, handle)) = self.asked.take_if(|(_, handle)| handle.is_finished()) {
            let heard = handle.join().map_err(|_| ExecutionError::Incomplete).and_then(|heard| {
                let heard = heard?;
                self.keep(asked, heard)
            });
            match heard {
                Ok(()) => self.failed = 0,
                Err(error) => {
                    self.failed = self.failed.saturating_add(1);
                    return Err(error);
                }
            }
        }
        let is_known = match question {
            Question::Tree(leaf) => self.trees.contains_key(&leaf),
            Question::Evidence(leaf) => self.evidence.contains_key(&leaf),
        };
        if is_known || self.asked.is_some() || TRIES <= self.failed {
            return Ok(());
        }
        let (Question::Tree(leaf) | Question::Evidence(leaf)) = question;
        let (span, index) = self.span(leaf).ok_or(ExecutionError::Incomplete)?;
        let ask = match question {
            Question::Tree(_) => Ask::Refine(span.within(index).ok_or(ExecutionError::Incomplete)?),
            Question::Evidence(_) => Ask::Prove { span, index },
        };
        let (order, altered_at) = (Arc::clone(&self.order), self.altered_at);
        let handle = std::thread::spawn(move || order.ask(ask, altered_at));
        self.asked = Some((question, handle));
        Ok(())
    }

    fn keep(&mut self, question: Question, heard: Heard) -> Result<(), ExecutionError> {
        match (question, heard.last) {
            (Question::Tree(leaf), Some(Last::Made)) => {
                let tree = Tree::build(heard.leaves).ok_or(ExecutionError::Incomplete)?;
                self.trees.insert(leaf, tree);
            }
            (Question::Evidence(leaf), Some(Last::Made)) => {
                self.evidence.insert(leaf, Some(heard.evidence));
            }
            (Question::Evidence(leaf), Some(Last::TooLarge)) => {
                self.evidence.insert(leaf, None);
            }
            (_, Some(Last::Failed(failure))) => return Err(ExecutionError::Paged(failure)),
            _ => return Err(ExecutionError::Incomplete),
        }
        Ok(())
    }
}

fn position(place: Place) -> Position {
    Position { level: u32::from(place.level), index: place.index }
}

fn digests(children: &[WorkDigest; ARITY]) -> Vec<Digest> {
    children.iter().map(|child| Digest(child.0)).collect()
}

/// A chunk of an input with its path to the root over its pages, as a node reads it.
pub(crate) fn served_pages(input: &[u8], chunk: u32) -> Option<Vec<u8>> {
    let index = usize::try_from(chunk).ok()?;
    let bytes = input.chunks(CHUNK_BYTES).nth(index)?;
    let roots: Vec<WorkDigest> = input.chunks(CHUNK_BYTES).filter_map(chunk_root).collect();
    postcard::to_stdvec(&(bytes, chunk_path(&roots, index)?)).ok()
}
