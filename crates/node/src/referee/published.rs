//! Published programs as the node's referee has them: read once, judged by without being sent.
//!
//! Law: what is kept in memory changes no answer: a program is named by the hash of its bytes.
//! Not here: the bytes, which are rows of the state (`earnest-protocol`, `storage`).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use earnest_compute::{
    self as compute,
    paged::{
        chunks,
        dispute::{Committed, Span, shown},
        evidence::{self, Referee},
        outputs,
        program::{Kind, Program},
        state, stream,
        task::Task as PagedTask,
    },
};
use earnest_protocol::{
    Digest, Ending, EvidenceRejected, Gas, Output, Ruling, StepCase,
    command::{DataItem, Node, ProgramForm, TICKS_PER_GAS, Task},
    verification::{Geometry, Place},
};

use super::digest;

/// Programs kept in memory: some disputes at a time.
const LOADED: usize = 8;

/// Bytes on the ledger that answer a request for a chunk of a published program's input: postcard
/// of the chunk and its path.
pub type ServedPages = (Vec<u8>, Vec<compute::Digest>);

/// Programs that were loaded, the last used at the end.
#[derive(Default)]
pub(super) struct Published {
    loaded: Mutex<VecDeque<(Digest, Arc<Referee>)>>,
}

impl std::fmt::Debug for Published {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Published")
    }
}

/// The task of a published program, as those who run it have it.
pub fn paged_task(task: &Task, output_kib: u32) -> PagedTask {
    PagedTask {
        program: digest(&task.program),
        input_root: digest(&task.input_root),
        input_length: u64::from(task.chunk_count) * u64::from(ProgramForm::CHUNK_BYTES),
        ticks_bound: task.gas_bound.count().saturating_mul(TICKS_PER_GAS),
        output_bound: u64::from(output_kib) * 1_024,
    }
}

/// What the tree that a node is in stands over, and where in it the node is; none if there is no
/// such node.
pub fn tree_of(task: &Task, node: Node) -> Option<(Span, Place)> {
    let geometry = Geometry::of(task);
    let place = geometry.place(node)?;
    let whole = Span { level: 0, begin: 0, steps: task.steps };
    let above = if place.tier == 0 { Vec::new() } else { geometry.leaves(place.tree) };
    let span = above.into_iter().try_fold(whole, |span, leaf| span.within(leaf))?;
    Some((span, place))
}

/// What is read can be loaded, in every variant: that is not tried here, for it takes longer.
pub(super) fn admits(code: &[u8]) -> Option<Vec<u8>> {
    Program::read(code, Kind::Pausable).ok().map(|program| shown::first_state(&program))
}

pub(super) fn output(
    (task, output_kib): (&Task, u32),
    first: &[u8],
    root: &Digest,
    proof: &[u8],
) -> Option<Output> {
    let paged = paged_task(task, output_kib);
    let claim = shown::claimed(&paged, task.steps, first, &digest(root), proof)?;
    let steps_paid = compute::paged::dispute::coarse_steps(claim.ticks).min(task.steps);
    let ending = match claim.ending {
        state::Ending::Finished => Ending::Finished,
        state::Ending::Exited { code } => Ending::Exited(code),
        state::Ending::Trapped => Ending::Trapped,
        state::Ending::Halted => Ending::Halted,
    };
    Some(Output {
        state: Digest(claim.output_root.0),
        gas: Gas::new(claim.ticks.div_ceil(TICKS_PER_GAS)),
        steps_paid,
        ending: Some(ending),
    })
}

/// The tree of a case's leaf, and the leaf's number.
fn committed(case: &StepCase<'_>) -> Option<(Committed, u64)> {
    let (span, place) = tree_of(case.task, case.node)?;
    Some((Committed { span, root: digest(case.root) }, place.leaf()?))
}

pub(super) fn refines(case: &StepCase<'_>, children: &[Digest]) -> Option<Digest> {
    let (tree, leaf) = committed(case)?;
    let children: Vec<_> = children.iter().map(digest).collect();
    let after = digest(case.digest);
    let finer = shown::refined(&tree, (leaf, &after), &children, case.evidence)?;
    Some(Digest(finer.root.0))
}

/// Whether the evidence is of this step, as far as can be seen without executing anything.
pub(crate) fn is_of_step(case: &StepCase<'_>, output_kib: u32) -> bool {
    let task = paged_task(case.task, output_kib);
    committed(case).is_some_and(|(tree, leaf)| shown::is_of_step(&task, &tree, leaf, case.evidence))
}

pub(super) fn serves(
    (task, output_kib): (&Task, u32),
    item: DataItem,
    output: Option<&Digest>,
    bytes: &[u8],
) -> bool {
    match item {
        DataItem::Program => false,
        DataItem::Output => {
            let room = u64::from(output_kib) * 1_024;
            let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= room);
            fits && output.is_some_and(|root| stream::output_root(bytes) == digest(root))
        }
        DataItem::OutputChunk(index) => {
            let Ok((shown, [])) = postcard::take_from_bytes::<outputs::Shown>(bytes) else {
                return false;
            };
            output.is_some_and(|root| shown.is_of(&digest(root), u64::from(index)))
        }
        DataItem::Input(index) => {
            let Ok(((chunk, path), [])) = postcard::take_from_bytes::<ServedPages>(bytes) else {
                return false;
            };
            let Ok(place) = usize::try_from(index) else { return false };
            let root = digest(&task.input_root);
            let is_chunk = |chunk| chunks::is_chunk(&root, place, &chunk, &path);
            index < task.chunk_count && chunks::chunk_root(&chunk).is_some_and(is_chunk)
        }
    }
}

impl Published {
    pub(super) fn judge(
        &self,
        case: &StepCase<'_>,
        output_kib: u32,
    ) -> Result<Ruling, EvidenceRejected> {
        let (tree, leaf) = committed(case).ok_or(EvidenceRejected)?;
        // What was admitted is read and loaded again; else the host lacks the memory for it.
        let referee = self.load(case).ok_or(EvidenceRejected)?;
        let (task, after) = (paged_task(case.task, output_kib), digest(case.digest));
        match shown::judged(&referee, &task, &tree, (leaf, &after), case.evidence) {
            Ok(compute::bisection::Ruling::Holds) => Ok(Ruling::Holds),
            Ok(compute::bisection::Ruling::Fails) => Ok(Ruling::Fails),
            Err(rejected) if has_executed(&rejected) => Ok(Ruling::Unheard),
            Err(_) => Err(EvidenceRejected),
        }
    }

    /// The program of a case, from memory or from its bytes.
    fn load(&self, case: &StepCase<'_>) -> Option<Arc<Referee>> {
        let name = case.task.program;
        if let Ok(mut loaded) = self.loaded.lock()
            && let Some(place) = loaded.iter().position(|(program, _)| *program == name)
            && let Some(found) = loaded.remove(place)
        {
            loaded.push_back(found.clone());
            return Some(found.1);
        }
        let program = Program::read(&case.code.concat(), Kind::Pausable).ok()?;
        let referee = Arc::new(Referee::new(&program).ok()?);
        if let Ok(mut loaded) = self.loaded.lock() {
            loaded.push_back((name, Arc::clone(&referee)));
            if loaded.len() > LOADED {
                loaded.pop_front();
            }
        }
        Some(referee)
    }
}

/// True if the evidence was that of its step and was executed, as far as it went.
fn has_executed(rejected: &evidence::EvidenceRejected) -> bool {
    use evidence::EvidenceRejected as Rejected;
    match rejected {
        Rejected::TooLong { .. }
        | Rejected::Malformed
        | Rejected::OtherState
        | Rejected::OtherProgram
        | Rejected::OtherPages
        | Rejected::OtherInput => false,
        Rejected::NoState
        | Rejected::PageMissing
        | Rejected::TooMuchWork
        | Rejected::NoClaim(_) => true,
    }
}
