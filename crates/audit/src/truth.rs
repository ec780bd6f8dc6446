//! Truth: what a result is worth, readable from its root's bytes, and a referee that reads it.
//!
//! Nothing is executed here. A wrong result's first wrong leaf is always [`WRONG_LEAF`].
//!
//! Not here: rules; the referee answers exactly the questions that the rules ask.

use earnest_protocol::{
    Digest, EvidenceRejected, Output, Referee, Ruling, StepCase,
    command::{DataItem, Node, Opening, Task},
};

/// The root of a right result.
pub(crate) const RIGHT: Digest = Digest([7; 32]);
/// The root of a wrong one.
pub(crate) const WRONG: Digest = Digest([8; 32]);
/// The first leaf under [`WRONG`] that does not hold.
pub(crate) const WRONG_LEAF: u64 = 3;
/// What proves the last leaf.
pub(crate) const OUTPUT_PROOF: &[u8] = b"output";
/// What proves a step.
pub(crate) const EVIDENCE: &[u8] = b"step";

/// What whoever has this root seals and opens.
pub(crate) fn opening(task: &Task, root: Digest) -> Opening {
    let (gas, steps) = (task.gas_bound, task.steps);
    Opening { root, output: output(&root), gas, steps, salt: Digest([6; 32]) }
}

fn output(root: &Digest) -> Digest {
    let mut output = *root;
    output.0[31] = 1;
    output
}

/// The sixteen children of a node.
pub(crate) fn children(node: Node, digest: &Digest) -> Vec<Digest> {
    let child = |place: u8| {
        let mut child = *digest;
        child.0[24] = node.level;
        child.0[25] = place;
        child
    };
    (0..16).map(child).collect()
}

/// A referee that knows the truth.
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
        let fails = *case.root == WRONG && case.leaf == WRONG_LEAF;
        Ok(if fails { Ruling::Fails } else { Ruling::Holds })
    }

    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, _: &[u8]) -> bool {
        false
    }
}
