//! Claims: what a sealed result says.
//!
//! Law: two claims agree if and only if nothing that is paid for differs between them.
//! Not here: how a claim is tested (`dispute`, the referee); comparators and proofs will be
//! further kinds.

use serde::{Deserialize, Serialize};

use crate::{command::Opening, ids::Digest, num::Gas};

/// What a sealed result says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Of a deterministic program: every state, under one root.
    Trace(Trace),
}

/// A root over the states before and after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The root.
    pub root: Digest,
    /// Hash of the last state.
    pub output: Digest,
    /// Gas of all steps together.
    pub gas: Gas,
    /// How many steps were made.
    pub steps: u64,
}

impl Claim {
    pub(crate) fn new(opening: &Opening) -> Claim {
        let Opening { root, output, gas, steps, salt: _ } = *opening;
        Claim::Trace(Trace { root, output, gas, steps })
    }

    /// What a dispute starts from.
    pub fn root(&self) -> Digest {
        let Claim::Trace(trace) = self;
        trace.root
    }

    /// What the requester gets.
    pub fn output(&self) -> Digest {
        let Claim::Trace(trace) = self;
        trace.output
    }

    /// Gas of all steps together.
    pub(crate) fn gas(&self) -> Gas {
        let Claim::Trace(trace) = self;
        trace.gas
    }

    /// True if both say the same; the root covers output, gas and steps.
    pub(crate) fn agrees(&self, other: &Claim) -> bool {
        self.root() == other.root()
    }
}
