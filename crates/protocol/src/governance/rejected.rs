//! Why a governance command was refused. Ordered by precedence: the first that applies is
//! returned.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperatorId, ProposalId},
    num::{Amount, Blocks, Epoch, Epochs, Height},
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
    /// In this phase the council alone proposes, all but the next phase.
    CouncilProposes,
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
    /// The council decides it.
    CouncilDecides,
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
    /// It is an appeal: slashes wait for its decision.
    IsAppeal,
    /// It is to stop a spend, and nobody else may open another meanwhile.
    IsStop,
}

/// Why nobody is asked about a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum AppealSlashRejected {
    /// This network has no appeals.
    NoAppeals,
    /// There is no such slash, or not any longer.
    SlashNotFound,
    /// Nothing of it was the signer's.
    NotConcerned,
    /// It was paid out at once, or is by now, or was undone.
    NotWaiting,
    /// Somebody has appealed against it, or against one that waits with it.
    AppealOpen { proposal: ProposalId },
    /// The deposit is more than the account has free.
    DepositExceedsFree { deposit: Amount, free: Amount },
}

/// Why a member of the council was not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "which operator")]
pub enum CastCouncilBallotRejected {
    /// The signer is no member of a council.
    NotMember,
    /// There is no such proposal, or not any longer.
    ProposalNotFound,
    /// It is decided.
    VotingClosed,
    /// The council has no say in it, or not this one.
    NoSay,
    /// A slash of the signer's own operator waits: no offender decides meanwhile.
    SlashWaits { operator: OperatorId },
    /// It has said so already.
    SameChoice,
}

/// Why nothing was paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum PauseRejected {
    /// The signer is not the guardian.
    NotGuardian,
    /// The guardian's time is over.
    SunsetPassed { sunset: Height, now: Height },
    /// Nothing is paused that could be let in again.
    NotPaused,
    /// A pause is shorter.
    TooLong { wanted: Blocks, max: Blocks },
    /// The lane was paused not long ago.
    TooSoon { next: Height, now: Height },
}

/// Why no spend was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum ProposeSpendRejected {
    /// This network lets nothing out of its treasury.
    NothingIsSpent,
    /// In this phase nothing is spent: the council alone proposes.
    CouncilProposes,
    /// Nothing to pay.
    AmountMustBePositive,
    /// This network has one asset.
    NoSuchAsset,
    /// It takes no epochs, or too many.
    EpochsOutOfRange { epochs: Epochs, max: Epochs },
    /// Nobody has an account of this address.
    AccountNotFound,
    /// More than one spend may have of what the treasury has and has not promised.
    ExceedsShare { wanted: Amount, most: Amount },
    /// Too many spends are proposed, or run.
    SpendsAtLimit { limit: u32 },
    /// The deposit is more than the account has free.
    DepositExceedsFree { deposit: Amount, free: Amount },
}

/// Why nobody is asked to stop a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum StopSpendRejected {
    /// There is no such spend, or not any longer.
    SpendNotFound,
    /// It is not paid yet, or not any more.
    NotRunning,
    /// Somebody has put its stop to the vote.
    StopOpen { proposal: ProposalId },
    /// The deposit is more than the account has free.
    DepositExceedsFree { deposit: Amount, free: Amount },
}
