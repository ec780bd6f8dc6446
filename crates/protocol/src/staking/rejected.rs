//! Why a staking command was refused. Ordered by precedence: the first that applies is returned.

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Epoch, Epochs, Height, Ratio};

/// Why a bond was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum BondRejected {
    /// Nothing to bond.
    AmountMustBePositive,
    /// This network has no tiers of access.
    NotOffered,
    /// A tombstoned operator never returns.
    Tombstoned,
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
    /// The stake would stay below what this role needs.
    BelowMinimum { wanted: Amount, minimum: Amount },
}

/// Why unbonding was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum UnbondRejected {
    /// Nothing to unbond.
    AmountMustBePositive,
    /// The account has no operator of this role.
    NotAnOperator,
    /// More than backs nothing; locked stake leaves when its jobs are final.
    ExceedsFreeBond { wanted: Amount, free_bond: Amount },
    /// The owner locked it, and its lock is not over.
    Locked { wanted: Amount, unlocked: Amount, until: Epoch },
    /// The queue is full; wait for an entry to mature.
    UnbondingsAtLimit { limit: u32 },
}

/// Why a bond was not locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum LockBondRejected {
    /// This network has no locks, or stopped them.
    NotOffered,
    /// Nothing to lock.
    AmountMustBePositive,
    /// For no time, or for more than one may.
    EpochsOutOfRange { wanted: Epochs, max: Epochs },
    /// The account has no operator of this role.
    NotAnOperator,
    /// A tombstoned operator never returns, so its stake has no say.
    Tombstoned,
    /// More than the operator has at stake.
    ExceedsStake { wanted: Amount, stake: Amount },
    /// Less than is locked: a lock never covers less.
    BelowLocked { wanted: Amount, locked: Amount },
    /// Sooner than what is locked: a lock never ends earlier.
    EndsSooner { wanted: Epoch, until: Epoch },
}

/// Why what is unbonding could not be bonded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum CancelUnbondRejected {
    /// Nothing to bond again.
    AmountMustBePositive,
    /// The account has no operator of this role.
    NotAnOperator,
    /// A tombstoned operator never returns.
    Tombstoned,
    /// More than is unbonding.
    ExceedsUnbonding { wanted: Amount, unbonding: Amount },
    /// The stake would stay below what this role needs.
    BelowMinimum { wanted: Amount, minimum: Amount },
}

/// Why release from jail was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum UnjailRejected {
    /// The account has no operator of this role.
    NotAnOperator,
    /// It is not in jail.
    NotJailed,
    /// A tombstoned operator never returns.
    Tombstoned,
    /// Too early.
    JailedUntil { until: Epoch, now: Epoch },
    /// The stake must be topped up first.
    BelowMinimum { stake: Amount, minimum: Amount },
}

/// Why delegating was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum DelegateRejected {
    /// The guardian has paused new delegations; what is delegated may leave.
    Paused { until: Height },
    /// Less than the least delegation.
    BelowMinimum { wanted: Amount, minimum: Amount },
    /// That account has no operator of this role.
    NotAnOperator,
    /// The operator gets no work now: it is jailed, tombstoned or below its minimum.
    MayNotWork,
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
    /// The account delegates to as many operators as it may.
    DelegationsAtLimit { limit: u32 },
    /// The operator's commission is everything, so nobody may put stake behind it.
    KeepsEverything,
    /// A slash of the operator may still be undone; what it gives back is for those who lost it.
    SlashWaits,
    /// All that is delegated would be more than the operator's own stake allows (C5).
    ExceedsCap { total: Amount, max: Amount },
    /// The amount buys no share of a pool that lost nearly everything.
    PoolFull,
}

/// Why moving a delegation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum RedelegateRejected {
    /// Less than the least delegation.
    BelowMinimum { wanted: Amount, minimum: Amount },
    /// The account delegated nothing to the operator that it would leave.
    NotDelegated,
    /// To the operator that it is with.
    SameOperator,
    /// What has moved already, and answers for two operators, moves no further before it is free.
    StillBound { wanted: Amount, free: Amount },
    /// More than the delegation is worth.
    ExceedsDelegation { wanted: Amount, delegated: Amount },
    /// What would stay is less than the least delegation; move less, or all.
    RestBelowMinimum { rest: Amount, minimum: Amount },
    /// The account that it would go to has no operator of this role.
    NotAnOperator,
    /// That operator gets no work now: it is jailed, tombstoned or below its minimum.
    MayNotWork,
    /// The account delegates to as many operators as it may.
    DelegationsAtLimit { limit: u32 },
    /// That operator's commission is everything, so nobody may put stake behind it.
    KeepsEverything,
    /// A slash of that operator, or one that took from what moves in this span, may still be
    /// undone; what it gives back is for those who lost it.
    SlashWaits,
    /// All that is delegated would be more than that operator's own stake allows (C5).
    ExceedsCap { total: Amount, max: Amount },
    /// One of the two operators has as many parcels on the move as it may.
    MovesAtLimit { limit: u32 },
    /// The amount buys no share of a parcel that lost nearly everything; the next span has another.
    MoveFull,
}

/// Why a commission was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum SetCommissionRejected {
    /// The account has no operator of this role.
    NotAnOperator,
    /// The rate is above the ceiling that comes with it.
    AboveCeiling { wanted: Ratio, ceiling: Ratio },
    /// A ceiling is a promise: it only falls.
    CeilingRaised { wanted: Ratio, ceiling: Ratio },
    /// Too early after the last change.
    TooSoon { until: Epoch, now: Epoch },
    /// A step up larger than one may be.
    RaisedTooMuch { wanted: Ratio, max: Ratio },
}

/// Why undelegating was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum UndelegateRejected {
    /// Nothing to take back.
    AmountMustBePositive,
    /// The account delegated nothing to this operator.
    NotDelegated,
    /// More than the shares are worth.
    ExceedsDelegation { wanted: Amount, delegated: Amount },
    /// What would stay is less than the least delegation; take back less, or all.
    RestBelowMinimum { rest: Amount, minimum: Amount },
    /// A slash of what leaves in this span may still be undone; what it gives back is for those who
    /// lost it. The next span has another exit.
    SlashWaits,
    /// The amount buys no share of an exit that lost nearly everything; the next span has another.
    ExitFull,
}

/// Why stake that leaves could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum CancelUndelegationRejected {
    /// The account delegated nothing to this operator.
    NotDelegated,
    /// Nothing of it leaves that has not matured.
    NothingLeaves,
    /// The operator gets no work now: it is jailed, tombstoned or below its minimum.
    MayNotWork,
    /// The operator's commission is everything, so nobody may put stake behind it.
    KeepsEverything,
    /// A slash of the operator may still be undone; what it gives back is for those who lost it.
    SlashWaits,
    /// All that is delegated would be more than the operator's own stake allows (C5).
    ExceedsCap { total: Amount, max: Amount },
    /// The amount buys no share of a pool that lost nearly everything.
    PoolFull,
}

/// Why a withdrawal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawDelegationRejected {
    /// The account delegated nothing to this operator.
    NotDelegated,
    /// Nothing has matured, and no unit was earned.
    NothingMatured,
}
