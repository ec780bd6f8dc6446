//! Why a governance command was refused. Ordered by precedence: the first that applies is
//! returned.

use serde::{Deserialize, Serialize};

use crate::{
    ids::OperatorId,
    num::{Amount, Epoch},
    params::BrokenRelation,
};

/// Why nothing was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum ProposeRejected {
    /// It changes nothing.
    NothingChanges,
    /// It changes too much at once.
    TooManyChanges { count: u32, max: u32 },
    /// There is no such parameter; changes are counted from 0.
    UnknownParameter { place: u32 },
    /// It was changed before, in the same proposal.
    ChangedTwice { place: u32 },
    /// The value is outside the parameter's range.
    OutOfRange { place: u32, got: u64, min: u64, max: u64 },
    /// The parameters would not fit each other, or what is judged by those in force.
    RelationBroken(BrokenRelation),
    /// Too many proposals are open.
    ProposalsAtLimit { limit: u32 },
    /// The deposit is more than the account has free.
    DepositExceedsFree { deposit: Amount, free: Amount },
}

/// Why a ballot was not cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum CastBallotRejected {
    /// There is no such proposal, or not any longer.
    ProposalNotFound,
    /// Its voting has not begun.
    VotingNotOpen { opens: Epoch, now: Epoch },
    /// Its voting is over.
    VotingClosed,
    /// A slash of the signer's own operator waits: no offender votes meanwhile.
    SlashWaits { operator: OperatorId },
    /// The signer had no stake that votes when the voting began.
    NoPower,
    /// It has said so already.
    SameChoice,
}

/// Why a proposal was not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum CancelProposalRejected {
    /// There is no such proposal, or not any longer.
    ProposalNotFound,
    /// Somebody else proposed it.
    NotProposer,
    /// Its voting has begun, or it is over.
    VotingBegan,
}
