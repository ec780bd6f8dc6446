//! The referee: the one question the rules cannot answer alone.
//!
//! A host answers it: a node by re-executing one step, a simulator because it knows the truth.
//!
//! Law: an answer is a pure function of the arguments, the same on every machine.
//! Not here: what follows from an answer (`apply`).

use crate::{
    command::{DataItem, Node, Task},
    ids::Digest,
    num::Gas,
};

/// Judges what the ledger is shown.
pub trait Referee {
    /// True if `children` are all children of the node at `node` whose digest is `digest`.
    fn opens(&self, task: &Task, node: Node, digest: &Digest, children: &[Digest]) -> bool;

    /// The last leaf under `root`, if `proof` shows it.
    fn output(&self, task: &Task, root: &Digest, proof: &[u8]) -> Option<Output>;

    /// Re-executes the one step that ends in `leaf`.
    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected>;

    /// True if `bytes` are the bytes asked for.
    fn serves(&self, task: &Task, item: DataItem, output: Option<&Digest>, bytes: &[u8]) -> bool;
}

/// What the last leaf of a result says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Hash of the last state.
    pub state: Digest,
    /// Gas of all steps together.
    pub gas: Gas,
    /// How many steps are to be paid: all, or those up to and with the one that faulted.
    pub steps_paid: u64,
}

/// One disputed step.
#[derive(Clone, Copy, Debug)]
pub struct StepCase<'a> {
    /// Of what.
    pub task: &'a Task,
    /// The result's root.
    pub root: &'a Digest,
    /// Index of the disputed leaf: 0 for the first state, i for the state after step i.
    pub leaf: u64,
    /// Its digest, as disclosed.
    pub digest: &'a Digest,
    /// What the provider laid before the referee.
    pub evidence: &'a [u8],
}

/// What the referee found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The step gives what the provider said: the challenger loses.
    Holds,
    /// The step gives something else: the provider loses.
    Fails,
}

/// The evidence is not what was asked for; the clock runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceRejected;
