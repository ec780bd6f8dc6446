//! Why a market command was refused. Ordered by precedence: the first that applies is returned.
#![expect(missing_docs, reason = "fields hold both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::{
    bound::BoundRejected,
    num::{Amount, Blocks, Epoch, Epochs, Factor, Gas, Height, Ratio},
};

use super::Phase;

/// Why a job was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum PostJobRejected {
    /// The guardian has paused new jobs; what is under way goes on.
    Paused { until: Height },
    /// No policy of this version serves sealed inputs: an audit would show them (C17).
    SealedNotServed,
    /// A job has at least one step and at most as many as the network allows.
    StepsOutOfRange { wanted: u64, min: u64, max: u64 },
    /// Too many input chunks.
    TooManyChunks { wanted: u32, max: u32 },
    /// A step's gas limit is zero or above what the referee may be asked to re-execute.
    StepGasOutOfRange { wanted: Gas, min: Gas, max: Gas },
    /// The work bound is below one step's limit, below what so many steps cost at least, or above
    /// what the network allows.
    WorkBoundOutOfRange { wanted: Gas, min: Gas, max: Gas },
    /// A paged program's steps have 2^21 gas each.
    StepGasNotPaged { wanted: Gas, must: Gas },
    /// A paged program has as many steps as its work bound and one more.
    StepsNotPaged { wanted: u64, must: u64 },
    /// A paged program may put out more than nothing, and no more than an answer can have.
    OutputOutOfRange { wanted_kib: u32, min_kib: u32, max_kib: u32 },
    /// The deadline is too short or too long.
    DeadlineOutOfRange { wanted: Blocks, min: Blocks, max: Blocks },
    /// The ceiling must be positive.
    PriceMustBePositive,
    /// The audit rate is below what the network allows.
    AuditRateTooLow { wanted: Ratio, min: Ratio },
    /// An audit has at least one auditor and at most as many as the network allows.
    AuditorsOutOfRange { wanted: u8, min: u8, max: u8 },
    /// A paged program must be on the ledger before a job names it.
    ProgramNotPublished,
    /// No price has counted for too long: what would be locked is worth nobody knows what (M5).
    PriceStale { counted: Epoch, now: Epoch, limit: Epochs },
    /// The work, or its audit, costs more than any amount at the class's tariff.
    TariffOverflows,
    /// Too few validators are eligible for so many auditors (M1).
    PoolTooSmall { eligible: u64, needed: u64 },
    /// The policy has no quote.
    NoQuote(BoundRejected),
    /// The audits of open jobs already need all that validators have at stake (C10).
    AuditCapacityExceeded { wanted: Amount, available: Amount },
    /// Ceiling, audit fees and deposit exceed what the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}

/// Why a sealed bid was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum CommitBidRejected {
    JobNotFound,
    /// Bidding is over.
    WrongPhase {
        phase: Phase,
    },
    /// The account has no provider bond.
    NotAProvider,
    /// Jailed, tombstoned, or its stake is below its minimum.
    MayNotWork,
    /// Others have more at stake; so much takes a place in the active set.
    OutsideActiveSet {
        stake: Amount,
        needed: Amount,
    },
    /// A requester cannot bid for its own job.
    OwnJob,
    /// One bid a bond (M26).
    AlreadyBid,
    /// Every place is taken by a bond at least as large; a larger one would take the smallest's.
    BidsAtLimit {
        limit: u32,
        stake: Amount,
        smallest: Amount,
    },
    ReputationTooLow {
        score: Ratio,
        wanted: Ratio,
    },
    /// The job is worth more than what the bidder has carried lets it take on: `limit` is all that
    /// it may (milk and burn).
    ExceedsCarried {
        value: Amount,
        limit: Amount,
    },
    /// Without this account's own validator too much of the pool is in one hand (M1).
    PoolTooConcentrated {
        share: Ratio,
        assumed: Ratio,
    },
    /// The deposit exceeds what the account has free.
    ExceedsFree {
        wanted: Amount,
        free: Amount,
    },
}

/// Why opening a bid was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum RevealBidRejected {
    JobNotFound,
    /// Bids are not opened now.
    WrongPhase {
        phase: Phase,
    },
    /// The account has no bid in this job.
    NoBid,
    AlreadyRevealed,
    /// Price and salt are not those that were sealed.
    SealMismatch,
    ExceedsCeiling {
        price: Amount,
        ceiling: Amount,
    },
    /// Jailed, tombstoned, or its stake is below its minimum.
    MayNotWork,
    /// At this price the policy has no quote.
    NoQuote(BoundRejected),
    /// The free bond does not cover the collateral (C5).
    ExceedsFreeBond {
        wanted: Amount,
        free_bond: Amount,
    },
}

/// Why accepting was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum AcceptJobRejected {
    JobNotFound,
    /// Nothing is on offer now.
    WrongPhase {
        phase: Phase,
    },
    /// It is offered to somebody else.
    NotTheWinner,
    /// Jailed or tombstoned since the bid.
    MayNotWork,
    /// The audits of accepted jobs still need all that validators can lock (C10). The account's
    /// word stands: it begins when the offer lapses, if it can, and else loses nothing.
    AuditCapacityExceeded {
        wanted: Amount,
        available: Amount,
    },
}

/// Why a job was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum CancelJobRejected {
    JobNotFound,
    /// Whose job it is takes it back, and nobody else.
    NotRequester,
    /// Its bids are opened, or it is over.
    WrongPhase {
        phase: Phase,
    },
}

/// Why a rating was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum RateJobRejected {
    JobNotFound,
    /// Where this job was posted ratings do not count.
    RatingsOff,
    /// Whose job it is rates it, and nobody else.
    NotRequester,
    /// Nothing was paid for it, or nothing yet.
    NotPaid,
    /// Its time to be rated is over.
    TooLate {
        height: Height,
        last: Height,
    },
    AlreadyRated,
    /// So little was burnt for it that its rating weighs nothing.
    WeighsNothing,
    /// All that this requester may say of this provider for now it has said.
    PairAtLimit {
        limit: Factor,
        until: Epoch,
    },
}
