//! The referee: the one question the rules cannot answer alone.
//!
//! A host answers it: a node by re-executing one step, a simulator because it knows the truth.
//!
//! Law: an answer is a pure function of the arguments, the same on every machine.
//! Not here: what follows from an answer (`apply`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    command::{DataItem, Node, Task},
    ids::Digest,
    num::Gas,
};

/// Judges what the ledger is shown.
pub trait Referee {
    /// True if `children` are all children of the node at `node` whose digest is `digest`.
    fn opens(&self, task: &Task, node: Node, digest: &Digest, children: &[Digest]) -> bool;

    /// The last leaf under `root`, if `proof` shows it. `first` is what every run of a published
    /// program begins with, as [`admits`](Referee::admits) told it, and must be shown, too.
    fn output(&self, task: &Task, first: &[u8], root: &Digest, proof: &[u8]) -> Option<Output>;

    /// Re-executes the one step that ends in the case's leaf.
    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected>;

    /// True if `bytes` are the bytes asked for.
    fn serves(&self, task: &Task, item: DataItem, output: Option<&Digest>, bytes: &[u8]) -> bool;

    /// What every run of a published program begins with, if it is one whose steps this referee
    /// can judge. A host of stepwise programs alone admits none.
    fn admits(&self, code: &[u8]) -> Option<Vec<u8>> {
        let _ = code;
        None
    }

    /// The root of the finer tree whose root has these children, if the case's evidence shows that
    /// it begins with the state before the step and ends in the case's leaf.
    fn refines(&self, case: &StepCase<'_>, children: &[Digest]) -> Option<Digest> {
        let _ = (case, children);
        None
    }
}

/// What the last leaf of a result says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Hash of the last state; of a published program the root of what it put out.
    pub state: Digest,
    /// Gas of all steps together.
    pub gas: Gas,
    /// How many steps are to be paid: all, or those up to and with the one that faulted.
    pub steps_paid: u64,
    /// How a published program ended.
    pub ending: Option<Ending>,
}

/// How a published program ended. Each is a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It returned.
    Finished,
    /// It exited with this code.
    Exited(u32),
    /// It trapped.
    Trapped,
    /// It reached the bound of its work.
    Halted,
}

/// One disputed step.
#[derive(Clone, Copy, Debug)]
pub struct StepCase<'a> {
    /// Of what.
    pub task: &'a Task,
    /// The root of the tree that the disputed leaf is in: the result's, or a finer one's.
    pub root: &'a Digest,
    /// Where that leaf is.
    pub node: Node,
    /// Its number in its tree: 0 for the first state, i for the state after step i.
    pub leaf: u64,
    /// Its digest, as disclosed.
    pub digest: &'a Digest,
    /// The published program's bytes, part by part; none where the evidence brings its own.
    pub code: &'a [&'a [u8]],
    /// What the provider laid before the referee.
    pub evidence: &'a [u8],
}

/// What the referee found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The step gives what the provider said: the challenger loses.
    Holds,
    /// The step gives something else: the provider loses.
    Fails,
    /// It was executed as far as the evidence went, and that was not far enough. The leaf is not
    /// heard again.
    Unheard,
}

/// The evidence is not what was asked for, as could be seen without executing anything; the clock
/// runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceRejected;

/// For what never asks: what time does, and examples and tests in which nothing is disputed. It
/// hears nobody, so no network may have it.
#[derive(Debug)]
pub struct Unasked;

impl Referee for Unasked {
    fn opens(&self, _: &Task, _: Node, _: &Digest, _: &[Digest]) -> bool {
        false
    }

    fn output(&self, _: &Task, _: &[u8], _: &Digest, _: &[u8]) -> Option<Output> {
        None
    }

    fn judge(&self, _: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        Err(EvidenceRejected)
    }

    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, _: &[u8]) -> bool {
        false
    }
}
