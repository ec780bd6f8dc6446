//! What a ledger is shown of a dispute whose turns and clocks it keeps itself, and whether it is
//! right.
//!
//! Law: pure and total on any bytes. On a ledger the coarse tree stands from the beginning, over as
//! many steps as the task's bound allows; the rest of the game is the one of [`super::Dispute`].
//! Not here: which move is due.

use serde::{Deserialize, Serialize};

use super::super::evidence::{EvidenceRejected, Referee};
use super::super::program::Program;
use super::super::state::{Claim, Opened};
use super::super::task::Task;
use super::{Before, Committed};
use crate::bisection::Ruling;
use crate::checkpoint::{ARITY, LeafProof, node_digest};
use crate::digest::Digest;

/// Most bytes of an encoded [`ClaimProof`] or [`Refinement`]: three paths of at most seven levels.
pub const PROOF_BYTES_MAX: usize = 16 * 1024;

/// A claim, and that a coarse tree begins with the program's first state and ends in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimProof {
    /// The stopped state.
    pub claim: Claim,
    /// The path of the last leaf.
    pub last: LeafProof,
    /// The path of leaf 0.
    pub first: LeafProof,
}

/// That a finer tree begins with the state before a step and ends in the step's leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refinement {
    /// The state before, in the tree above.
    pub before: Before,
    /// The path of the new tree's leaf 0.
    pub first: LeafProof,
    /// The path of its last leaf.
    pub last: LeafProof,
}

/// A step as the referee is to execute it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProof {
    /// The state before, in the tree above.
    pub before: Before,
    /// Encoded [`super::super::evidence::Evidence`].
    #[serde(with = "crate::bytes")]
    pub evidence: Vec<u8>,
}

macro_rules! encoded {
    ($($name:ident)+) => {$(
        impl $name {
            /// The bytes to send.
            pub fn encode(&self) -> Vec<u8> {
                postcard::to_allocvec(self).expect("these types have no unserialisable parts")
            }
        }
    )+};
}

encoded! { ClaimProof Refinement StepProof }

fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

/// What every run of a program begins with, in as few bytes as its digest needs.
pub fn first_state(program: &Program) -> Vec<u8> {
    let first = program.first_state().open();
    postcard::to_allocvec(&first).expect("these types have no unserialisable parts")
}

/// The digest of that state within a task.
pub fn first_digest(task: &Task, first: &[u8]) -> Option<Digest> {
    decode::<Opened>(first).map(|first| first.digest(&task.hash()))
}

/// The claim that `root` binds, a coarse tree of `steps`, if `proof` shows it and that the tree
/// begins with `first`.
pub fn claimed(
    task: &Task,
    steps: u64,
    first: &[u8],
    root: &Digest,
    proof: &[u8],
) -> Option<Claim> {
    if PROOF_BYTES_MAX < proof.len() {
        return None;
    }
    let ClaimProof { claim, last, first: beginning } = decode(proof)?;
    let (begin, end) = (first_digest(task, first)?, claim.digest(&task.hash()));
    let shown = beginning.verify(root, steps, 0, &begin) && last.verify(root, steps, steps, &end);
    let within = claim.ticks <= task.ticks_bound && claim.output_length <= task.output_bound;
    (shown && within).then_some(claim)
}

/// The finer tree whose root has these children, if `proof` shows that it is within the step that
/// ends in leaf `index` of `tree`, of digest `after`.
pub fn refined(
    tree: &Committed,
    (index, after): (u64, &Digest),
    children: &[Digest],
    proof: &[u8],
) -> Option<Committed> {
    if PROOF_BYTES_MAX < proof.len() {
        return None;
    }
    let children: &[Digest; ARITY] = children.try_into().ok()?;
    let Refinement { before, first, last } = decode(proof)?;
    let finer = Committed { span: tree.span.within(index)?, root: node_digest(children) };
    let shown = tree.shows(index, &before) && finer.joins((&before.digest, after), &first, &last);
    shown.then_some(finer)
}

/// Rules whether leaf `index` of `tree`, of digest `after`, is the state that follows the leaf
/// before it.
///
/// # Errors
/// The evidence is not heard.
pub fn judged(
    referee: &Referee,
    task: &Task,
    tree: &Committed,
    (index, after): (u64, &Digest),
    proof: &[u8],
) -> Result<Ruling, EvidenceRejected> {
    let StepProof { before, evidence } = decode(proof).ok_or(EvidenceRejected::Malformed)?;
    if !tree.shows(index, &before) {
        return Err(EvidenceRejected::OtherState);
    }
    referee.judge(task, (&before.digest, after), tree.span.boundary(index), &evidence)
}

/// Whether `proof` is of this step, as far as can be seen without executing anything.
pub fn is_of_step(task: &Task, tree: &Committed, index: u64, proof: &[u8]) -> bool {
    let Some(StepProof { before, evidence }) = decode(proof) else { return false };
    let opened = super::super::evidence::Evidence::decode(&evidence);
    let opened = opened.is_ok_and(|evidence| evidence.before.digest(&task.hash()) == before.digest);
    opened && tree.shows(index, &before)
}
