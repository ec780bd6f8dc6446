//! A job of an ordinary program: run in the sandbox, with what is needed to commit to it and to
//! defend it.
//!
//! What disputes ask for inside a step is computed when it is asked for, by a child that begins
//! with the job again, in a thread beside the daemon's loop; one child for all that is asked.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

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
        job::{Ask, QUESTIONS_MAX, Question, Request},
        state::Claim,
        task::Task as PagedTask,
    },
};
use earnest_protocol::{
    Digest, Gas,
    command::{Node, Opening, ProgramForm, TICKS_PER_GAS, Task},
    verification::{Geometry, Place},
};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{
    ExecutionError, Lie, Move, paged_task_of,
    questions::{Pending, Questions, Told},
};
use crate::{
    outputs::Kept,
    sandbox::{
        Cancellation, RunnerCommand, SandboxError,
        paged::{Heard, Last, ask, ask_one},
    },
};

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

    /// What the tree is over that a leaf is in, and the leaf's number there.
    fn span(&self, leaf: Node) -> Option<(Span, u64)> {
        let leaves = Geometry::of(&self.task).leaves(leaf);
        let (last, above) = leaves.split_last()?;
        let whole = Span { level: 0, begin: 0, steps: self.task.steps };
        let span = above.iter().try_fold(whole, |span, leaf| span.within(*leaf))?;
        Some((span, *last))
    }

    /// How a child is asked for it.
    fn question(&self, wanted: Wanted) -> Option<Question> {
        let (Wanted::Tree(leaf) | Wanted::Evidence(leaf)) = wanted;
        let (span, index) = self.span(leaf)?;
        match wanted {
            Wanted::Tree(_) => span.within(index).map(Question::Refine),
            Wanted::Evidence(_) => Some(Question::Prove { span, index }),
        }
    }

    fn request(&self, ask: Ask, altered_at: Option<u64>) -> Request {
        Request { task: self.work(), ask, altered_at }
    }

    fn run(&self, altered_at: Option<u64>) -> Result<Heard, SandboxError> {
        let request = self.request(Ask::Run, altered_at);
        let bytes = (self.module.as_slice(), self.input.as_slice());
        ask_one((&self.runner, &self.cancellation), &request, bytes, None)
    }

    /// Answers questions, by where they begin.
    fn show(&self, questions: Vec<Question>, altered_at: Option<u64>) -> Told<Heard> {
        let request = self.request(Ask::Show(questions), altered_at);
        let bytes = (self.module.as_slice(), self.input.as_slice());
        let (mut answers, ended) = ask((&self.runner, &self.cancellation), &request, bytes, None);
        let failed = answers.pop_if(|heard| matches!(heard.last, Some(Last::Failed(_))));
        let ended = match failed.and_then(|heard| heard.last) {
            Some(Last::Failed(failure)) => Err(ExecutionError::Paged(failure)),
            _ => ended.map_err(ExecutionError::from),
        };
        Told { answers, ended }
    }

    /// Runs the whole task; a lazy provider twice, to lie about a step that there is.
    /// Without what was put out, unless that is kept.
    pub(super) fn execute(&self, lie: Option<Lie>, keeps: &Keeps) -> Result<Run, ExecutionError> {
        let work = self.work();
        work.check().map_err(|rejected| ExecutionError::TaskInvalid(rejected.to_string()))?;
        let (mut heard, mut claim) = ran(self.run(None)?)?;
        let [_, fine, _] = LEVELS;
        let steps = claim.ticks.div_ceil(fine).max(1);
        let altered_at = lie.and_then(|lie| lie.wrong_from(steps)).map(|step| step * fine);
        if altered_at.is_some() {
            (heard, claim) = ran(self.run(altered_at)?)?;
        }
        let Heard { leaves, output, .. } = heard;
        if self.length() < leaves.len() || leaves.last() != Some(&claim.digest(&work.hash())) {
            return Err(ExecutionError::Incomplete);
        }
        let (output, kept) = match keeps {
            Keeps::Nothing => (Vec::new(), None),
            Keeps::InResult => (output, None),
            Keeps::Beside(path) => {
                (Vec::new(), Some(Kept::write(&output, path).map_err(ExecutionError::Output)?))
            }
        };
        Ok(Run { altered_at, leaves, claim, output, kept })
    }

    /// Leaves of the claim's tree.
    fn length(&self) -> usize {
        usize::try_from(self.task.steps).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// With what defends it.
    pub(super) fn done(self, run: Run, keeps: &Keeps) -> Result<Paged, ExecutionError> {
        let Run { altered_at, mut leaves, claim, output, kept } = run;
        let last = *leaves.last().ok_or(ExecutionError::Incomplete)?;
        leaves.resize(self.length(), last);
        let whole = Tree::build(leaves).ok_or(ExecutionError::Incomplete)?;
        let output = match keeps {
            Keeps::Nothing => None,
            Keeps::InResult => Some(Kept::Piece(output)),
            Keeps::Beside(_) => Some(kept.ok_or(ExecutionError::Incomplete)?),
        };
        let (trees, evidence) = (BTreeMap::new(), BTreeMap::new());
        Ok(Paged {
            order: Arc::new(self),
            altered_at,
            whole,
            claim,
            output,
            trees,
            evidence,
            questions: Questions::default(),
        })
    }
}

/// What a run gave, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    altered_at: Option<u64>,
    /// Of the steps that there were.
    leaves: Vec<WorkDigest>,
    claim: Claim,
    /// If that is one piece and kept.
    output: Vec<u8>,
    /// If that lies beside it.
    #[serde(skip)]
    kept: Option<Kept>,
}

/// Where what is put out is kept.
#[derive(Clone, Debug)]
pub(super) enum Keeps {
    /// Nowhere: nobody will ask for it.
    Nothing,
    /// With the result: it is one piece.
    InResult,
    /// In a file of its own: it has chunks.
    Beside(PathBuf),
}

impl Run {
    /// Whether what this says of the output is there; takes up a file beside it.
    pub(super) fn is_whole(&mut self, keeps: &Keeps) -> bool {
        let Keeps::Beside(path) = keeps else { return true };
        match Kept::open(path, &self.claim.output_root) {
            Ok(kept) => self.kept = kept,
            Err(error) => warn!("{} cannot be read: {error}", path.display()),
        }
        if self.kept.is_none() {
            warn!("{} is not there, or another: the job is run again", path.display());
        }
        self.kept.is_some()
    }
}

#[cfg(test)]
impl Run {
    /// The same, of an output that is kept beside it.
    pub(super) fn example_beside(output: &[u8], path: &std::path::Path) -> Run {
        let mut run = Run { output: Vec::new(), ..Run::example(output) };
        run.claim.output_root = earnest_compute::paged::stream::output_root(output);
        run.kept = Some(Kept::write(output, path).expect("a folder that is there"));
        run
    }

    /// Of a step or two that put so much out.
    pub(super) fn example(output: &[u8]) -> Run {
        let claim = Claim {
            ending: earnest_compute::paged::state::Ending::Finished,
            ticks: TICKS_PER_GAS,
            output_length: output.len() as u64,
            output_root: WorkDigest([9; 32]),
        };
        let leaves = vec![WorkDigest([5; 32]), WorkDigest([6; 32])];
        Run { altered_at: None, leaves, claim, output: output.to_vec(), kept: None }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// The tree within the step that ends in this leaf.
    Tree(Node),
    /// Evidence of it, or the tree if it is too large for any.
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
    output: Option<Kept>,
    /// By the leaf that each refines.
    trees: BTreeMap<Node, Tree>,
    /// By leaf; none of a step too large for any.
    evidence: BTreeMap<Node, Option<Vec<u8>>>,
    questions: Questions<Wanted, Heard>,
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

    pub(super) fn output(&self) -> Option<&Kept> {
        self.output.as_ref()
    }

    pub(super) fn served_chunk(&self, chunk: u32) -> Option<Vec<u8>> {
        served_pages(&self.order.input, chunk)
    }

    fn geometry(&self) -> Geometry {
        Geometry::of(&self.order.task)
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
            self.want(Wanted::Tree(leaf))?;
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
                self.want(Wanted::Evidence(node))?;
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

    fn want(&mut self, wanted: Wanted) -> Result<(), ExecutionError> {
        self.order.question(wanted).ok_or(ExecutionError::Incomplete)?;
        self.questions.ask(wanted);
        Ok(())
    }

    pub(super) fn pending(&self) -> Pending {
        self.questions.pending()
    }

    /// Keeps what was found since.
    ///
    /// # Errors
    /// Why something was not.
    pub(super) fn take_found(&mut self) -> Result<(), ExecutionError> {
        let (found, mut ended) = self.questions.take();
        for (wanted, heard) in found {
            ended = ended.and(self.keep(wanted, heard));
        }
        ended
    }

    /// Begins to look for all that was asked; how much that is.
    pub(super) fn look(&mut self) -> usize {
        let (order, altered_at) = (Arc::clone(&self.order), self.altered_at);
        let begin = |wanted: &Wanted| order.question(*wanted).map(|asked| asked.begin());
        let run_order = Arc::clone(&order);
        self.questions.begin(QUESTIONS_MAX, begin, move |wanted| {
            // All are of places that there are: a dispute comes to no others.
            let asked = wanted.iter().filter_map(|wanted| run_order.question(*wanted)).collect();
            run_order.show(asked, altered_at)
        })
    }

    fn keep(&mut self, wanted: Wanted, heard: Heard) -> Result<(), ExecutionError> {
        let (Wanted::Tree(leaf) | Wanted::Evidence(leaf)) = wanted;
        match (wanted, heard.last) {
            (Wanted::Evidence(_), Some(Last::Made)) => {
                self.evidence.insert(leaf, Some(heard.evidence));
                return Ok(());
            }
            (Wanted::Evidence(_), Some(Last::TooLarge)) => {
                self.evidence.insert(leaf, None);
                if heard.leaves.is_empty() {
                    return Ok(()); // Nothing is finer.
                }
            }
            (Wanted::Tree(_), Some(Last::Made)) => {}
            _ => return Err(ExecutionError::Incomplete),
        }
        let tree = Tree::build(heard.leaves).ok_or(ExecutionError::Incomplete)?;
        self.trees.insert(leaf, tree);
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
