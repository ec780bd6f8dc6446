//! Broken relations: what does not fit, in a form that a refusal can carry.
//!
//! Law: each says what a [`Violation`] says, and is read back into the same words.
//! Not here: when a relation holds (`relations`).

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{ParamsRejected, Violation, relations::TIER_DISCOUNT};
use crate::num::{Amount, Epochs, Factor};

/// What a proposed phase is compared with.
const PHASE_NOW: &str = "the phase in force";
/// What a proposed longest lock is compared with.
const LOCK_LEFT: &str = "the epochs left of a lock";

/// Two numbers that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenRelation {
    /// Which relation.
    pub relation: Relation,
    /// The number that is wrong.
    pub got: u64,
    /// What it should be, at most or at least.
    pub bound: u64,
}

/// What must hold between parameters; each is the violation of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the violation of its name")]
pub enum Relation {
    /// Checked for each change before any relation is.
    Range,
    TierOrder,
    DeadlineOrder,
    CopiedRootOrder,
    FalseAuditOrder,
    ShareAboveMax,
    UnbondingTooShort,
    StepTooLong,
    StepExceedsBudget,
    LaneTooNarrow,
    ChallengeTooCheap,
    KeepTooShort,
    StakePriceNotOne,
    EmissionRateOrder,
    EmissionCapTooHigh,
    BlocksTooFast,
    EpochTooLong,
    PauseOrder,
    /// A phase is over for good.
    PhaseOrder,
    SpentTooFast,
    FeedOfOneAsset,
    StaleOrder,
    StepOrder,
    HaltOrder,
    CreditsWithoutFeed,
    ActiveSetTooSmall,
    NamesTooCheap,
    /// A lock is longer than one may be: it would weigh more than the most.
    LockOrder,
    TierNotAbove,
    DiscountOrder,
    DiscountTooDeep,
}

impl Violation {
    /// The same without names.
    pub fn broken(&self) -> BrokenRelation {
        use Relation::*;
        let (relation, got, bound) = match *self {
            Self::OutOfRange { got, max, .. } => (Range, got, max),
            Self::OutOfOrder { lower, got, max, .. } => {
                let relation = match lower {
                    "verification.tier_start" => TierOrder,
                    "market.deadline_blocks_min" => DeadlineOrder,
                    "rewards.rate_min" => EmissionRateOrder,
                    "governance.pause_blocks_max" => PauseOrder,
                    PHASE_NOW => PhaseOrder,
                    LOCK_LEFT => LockOrder,
                    "prices.stale_epochs" => StaleOrder,
                    "prices.step" => StepOrder,
                    "credits.halt_ratio" => HaltOrder,
                    "slashing.false_audit" => FalseAuditOrder,
                    TIER_DISCOUNT => DiscountOrder,
                    _ => CopiedRootOrder,
                };
                (relation, got, max)
            }
            Self::ShareAboveMax { share, max } => (ShareAboveMax, share, max),
            Self::UnbondingTooShort { unbonding, needed } => (UnbondingTooShort, unbonding, needed),
            Self::StepTooLong { gas, limit } => (StepTooLong, gas, limit),
            Self::StepExceedsBudget { step_gas, budget } => (StepExceedsBudget, step_gas, budget),
            Self::LaneTooNarrow { lane_kib, needed_kib } => (LaneTooNarrow, lane_kib, needed_kib),
            Self::ChallengeTooCheap { deposit, needed } => {
                (ChallengeTooCheap, deposit.units(), needed.units())
            }
            Self::KeepTooShort { blocks, needed } => (KeepTooShort, blocks, needed),
            Self::ActiveSetTooSmall { places, needed } => (ActiveSetTooSmall, places, needed),
            Self::EmissionCapTooHigh { cap, limit } => (EmissionCapTooHigh, cap, limit),
            Self::NamesTooCheap { cost, gain } => (NamesTooCheap, cost.units(), gain.units()),
            Self::SpentTooFast { share, most } => (SpentTooFast, share, most),
            Self::BlocksTooFast { interval_ms, least_ms } => (BlocksTooFast, interval_ms, least_ms),
            Self::EpochTooLong { blocks, most } => (EpochTooLong, blocks, most),
            Self::StakePriceNotOne { got } => (StakePriceNotOne, got, Factor::ONE.parts()),
            Self::FeedOfOneAsset { got } => (FeedOfOneAsset, got, 0),
            Self::CreditsWithoutFeed { got } => (CreditsWithoutFeed, got, 0),
            Self::TierNotAbove { below, above } => (TierNotAbove, below.units(), above.units()),
            Self::DiscountTooDeep { back, most } => (DiscountTooDeep, back, most),
        };
        BrokenRelation { relation, got, bound }
    }
}

impl BrokenRelation {
    /// A phase is followed by later ones alone.
    pub(crate) fn phase(now: u8, proposed: u8) -> BrokenRelation {
        let (lower, upper) = (PHASE_NOW, "governance.phase");
        let (got, max) = (u64::from(now), u64::from(proposed));
        Violation::OutOfOrder { lower, upper, got, max }.broken()
    }

    /// While locks weigh, none has more left than one may have.
    pub(crate) fn lock(left: Epochs, max: Epochs) -> BrokenRelation {
        let (lower, upper) = (LOCK_LEFT, "staking.lock_epochs_max");
        let (got, max) = (left.count(), max.count());
        Violation::OutOfOrder { lower, upper, got, max }.broken()
    }

    /// The same with names.
    pub fn violation(&self) -> Violation {
        let BrokenRelation { got, bound, .. } = *self;
        let amount = |units| Amount::new(units).unwrap_or(Amount::MAX);
        let order = |lower, upper| Violation::OutOfOrder { lower, upper, got, max: bound };
        match self.relation {
            Relation::Range => {
                let (room, field, min) = ("", "value", 0);
                Violation::OutOfRange { room, field, got, min, max: bound }
            }
            Relation::TierOrder => order("verification.tier_start", "verification.tier_full"),
            Relation::DeadlineOrder => {
                order("market.deadline_blocks_min", "market.deadline_blocks_max")
            }
            Relation::CopiedRootOrder => order("slashing.wrong_result", "slashing.copied_root"),
            Relation::FalseAuditOrder => order("slashing.false_audit", "slashing.copied_root"),
            Relation::ShareAboveMax => Violation::ShareAboveMax { share: got, max: bound },
            Relation::UnbondingTooShort => {
                Violation::UnbondingTooShort { unbonding: got, needed: bound }
            }
            Relation::StepTooLong => Violation::StepTooLong { gas: got, limit: bound },
            Relation::StepExceedsBudget => {
                Violation::StepExceedsBudget { step_gas: got, budget: bound }
            }
            Relation::LaneTooNarrow => {
                Violation::LaneTooNarrow { lane_kib: got, needed_kib: bound }
            }
            Relation::ChallengeTooCheap => {
                Violation::ChallengeTooCheap { deposit: amount(got), needed: amount(bound) }
            }
            Relation::KeepTooShort => Violation::KeepTooShort { blocks: got, needed: bound },
            Relation::ActiveSetTooSmall => {
                Violation::ActiveSetTooSmall { places: got, needed: bound }
            }
            Relation::PauseOrder => {
                order("governance.pause_blocks_max", "governance.pause_window_blocks")
            }
            Relation::LockOrder => order(LOCK_LEFT, "staking.lock_epochs_max"),
            Relation::PhaseOrder => order(PHASE_NOW, "governance.phase"),
            Relation::EmissionRateOrder => order("rewards.rate_min", "rewards.rate_max"),
            Relation::EmissionCapTooHigh => {
                Violation::EmissionCapTooHigh { cap: got, limit: bound }
            }
            Relation::SpentTooFast => Violation::SpentTooFast { share: got, most: bound },
            Relation::BlocksTooFast => {
                Violation::BlocksTooFast { interval_ms: got, least_ms: bound }
            }
            Relation::EpochTooLong => Violation::EpochTooLong { blocks: got, most: bound },
            Relation::StakePriceNotOne => Violation::StakePriceNotOne { got },
            Relation::FeedOfOneAsset => Violation::FeedOfOneAsset { got },
            Relation::StaleOrder => order("prices.stale_epochs", "prices.average_epochs"),
            Relation::StepOrder => order("prices.step", "prices.haircut"),
            Relation::HaltOrder => order("credits.halt_ratio", "credits.warn_ratio"),
            Relation::CreditsWithoutFeed => Violation::CreditsWithoutFeed { got },
            Relation::TierNotAbove => {
                Violation::TierNotAbove { below: amount(got), above: amount(bound) }
            }
            Relation::DiscountOrder => order(TIER_DISCOUNT, "that of the next tier"),
            Relation::DiscountTooDeep => Violation::DiscountTooDeep { back: got, most: bound },
            Relation::NamesTooCheap => {
                Violation::NamesTooCheap { cost: amount(got), gain: amount(bound) }
            }
        }
    }
}

impl fmt::Display for BrokenRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.violation(), f)
    }
}

impl ParamsRejected {
    /// The first thing that is wrong.
    pub(crate) fn first(&self) -> BrokenRelation {
        self.violations.first().expect("a refusal says why").broken()
    }
}
