//! Offences: what one can be slashed for, and what each costs besides the lock behind it.
//!
//! Law: the list is closed, and each entry is provable from what the ledger saw; profiles will set
//! the consequences, none adds an offence.

use serde::{Deserialize, Serialize};

use crate::{num::Ratio, reputation::Dimension};

use super::params::SlashingParams;

/// What one can be slashed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offence {
    /// A dispute lost, or a sealed result never opened.
    WrongResult,
    /// Nothing committed in time.
    Abandonment,
    /// Requested bytes not produced.
    DataWithholding,
    /// The game that one's own verdict opened, lost.
    FalseAudit,
    /// Drawn, and no verdict committed or revealed.
    MissedAudit,
    /// One's sealed result known to somebody else.
    CopiedRoot,
    /// A bid not opened, or a win not accepted.
    BidWithholding,
    /// A challenge that the referee found against.
    FrivolousChallenge,
    /// A requester's bytes not produced.
    InputWithholding,
}

/// What an offence costs besides the lock behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Consequences {
    /// The base share of the free bond; strikes raise it.
    pub(crate) share: Ratio,
    /// Are all of the account's operators jailed?
    pub(crate) jails: bool,
    /// Where its reputation suffers.
    pub(crate) dimension: Dimension,
}

impl Offence {
    /// The table of section 5 of the mechanism.
    pub(crate) fn consequences(self, params: &SlashingParams) -> Consequences {
        use Dimension::{Availability, Correctness};
        let (share, jails, dimension) = match self {
            Offence::WrongResult | Offence::DataWithholding => {
                (params.wrong_result, true, Correctness)
            }
            Offence::FalseAudit => (params.false_audit, true, Correctness),
            Offence::CopiedRoot => (params.copied_root, true, Correctness),
            Offence::Abandonment
            | Offence::MissedAudit
            | Offence::BidWithholding
            | Offence::FrivolousChallenge
            | Offence::InputWithholding => (Ratio::ZERO, false, Availability),
        };
        Consequences { share, jails, dimension }
    }
}
