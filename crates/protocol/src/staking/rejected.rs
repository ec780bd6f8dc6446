//! Why a staking command was refused. Ordered by precedence: the first that applies is returned.

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Epoch};

/// Why a bond was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum BondRejected {
    /// Nothing to bond.
    AmountMustBePositive,
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
    /// The queue is full; wait for an entry to mature.
    UnbondingsAtLimit { limit: u32 },
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

/// Why collecting rewards was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum ClaimRewardsRejected {
    /// The account has no operator of this role.
    NotAnOperator,
    /// Nothing has accrued.
    NothingAccrued,
}
