//! The truth: what a result is worth, readable from its root's bytes, and a referee that reads it.
//!
//! Nothing is executed here. A right result's root says "right"; a wrong one names its first
//! wrong leaf. A diligent auditor knows what a real one finds out by computing.
//!
//! Law: every job has roots of its own, so that no two convictions look like one engine's fault.
//! Not here: rules; the referee answers exactly the questions that the rules ask.

use earnest_protocol::{
    Digest, EvidenceRejected, JobId, Output, Referee, Ruling, StepCase,
    command::{DataItem, Node, Opening, Task},
};

const RIGHT: u8 = 7;
const WRONG: u8 = 8;

/// The root of a right result of `job`.
pub(crate) fn right(job: JobId) -> Digest {
    root(RIGHT, 0, job)
}

/// The root of a result of `job` whose first wrong leaf is `leaf`.
pub(crate) fn wrong(job: JobId, leaf: u64) -> Digest {
    root(WRONG, leaf, job)
}

fn root(kind: u8, leaf: u64, job: JobId) -> Digest {
    let mut bytes = [0; 32];
    bytes[0] = kind;
    bytes[8..16].copy_from_slice(&leaf.to_le_bytes());
    bytes[16..24].copy_from_slice(&job.raw().to_le_bytes());
    Digest(bytes)
}

/// The first wrong leaf under `root`, if there is one.
pub(crate) fn first_wrong(root: &Digest) -> Option<u64> {
    let mut leaf = [0; 8];
    leaf.copy_from_slice(&root.0[8..16]);
    (root.0[0] == WRONG).then(|| u64::from_le_bytes(leaf))
}

/// What whoever has this root seals and opens.
pub(crate) fn opening(task: &Task, root: Digest, salt: Digest) -> Opening {
    Opening { root, output: output(&root), gas: task.gas_bound, steps: task.steps, salt }
}

fn output(root: &Digest) -> Digest {
    let mut output = *root;
    output.0[31] = 1;
    output
}

/// The sixteen children of a node: all the referee asks is that they are the node's own.
pub(crate) fn children(node: Node, digest: &Digest) -> Vec<Digest> {
    let child = |place: u8| {
        let mut child = *digest;
        child.0[24] = node.level;
        child.0[25] = place;
        child
    };
    (0..16).map(child).collect()
}

/// What proves the last leaf.
pub(crate) const OUTPUT_PROOF: &[u8] = b"output";
/// What proves a step.
pub(crate) const EVIDENCE: &[u8] = b"step";
const BYTES: &[u8] = b"bytes";

/// A referee that knows the truth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth;

impl Referee for Truth {
    fn opens(&self, _: &Task, node: Node, digest: &Digest, disclosed: &[Digest]) -> bool {
        disclosed == children(node, digest)
    }

    fn output(&self, task: &Task, _: &[u8], root: &Digest, proof: &[u8]) -> Option<Output> {
        let (state, gas, steps_paid) = (output(root), task.gas_bound, task.steps);
        (proof == OUTPUT_PROOF).then_some(Output { state, gas, steps_paid, ending: None })
    }

    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        if case.evidence != EVIDENCE {
            return Err(EvidenceRejected);
        }
        let fails = first_wrong(case.root) == Some(case.leaf);
        Ok(if fails { Ruling::Fails } else { Ruling::Holds })
    }

    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, bytes: &[u8]) -> bool {
        bytes == BYTES
    }
}
