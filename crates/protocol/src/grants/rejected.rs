//! Why a claim was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Height};

/// Why nothing of a grant was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum ClaimGrantRejected {
    /// The genesis granted this address nothing.
    NoGrant,
    /// Nothing was asked for.
    AmountMustBePositive,
    /// Nothing is free before the cliff.
    BeforeCliff { cliff: Height, now: Height },
    /// More than has come free and was not claimed.
    ExceedsReleased { wanted: Amount, released: Amount },
}

/// Why an entry of the list was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum ClaimListedRejected {
    /// The genesis names no list.
    NoList,
    /// What was not fetched is the treasury's.
    Closed { closed: Height, now: Height },
    /// The list ends before.
    NoSuchPlace { place: u32, places: u32 },
    /// This place was paid.
    AlreadyClaimed { place: u32 },
    /// The list has no such entry there, by this proof.
    ProofMismatch,
    /// Those who came first were given more than the genesis put aside.
    ExceedsLeft { wanted: Amount, left: Amount },
}
