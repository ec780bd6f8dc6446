//! Terms: what an operator promised about its own stake, and how that weighs at one moment.
//!
//! Key terms: a *lock* is such a promise; what it covers is *locked*; its *left* is the epochs to
//! its end.
//!
//! ```text
//! adds = locked · (lock_boost − 1) · left / lock_epochs_max
//! ```
//!
//! Rounding: what one adds down, what all add up.
//! Not here: whose lock it is and what all come to (`locks`).

use serde::{Deserialize, Serialize};

use super::params::StakingParams;
use crate::{
    ids::Role,
    num::{Amount, Epoch, Epochs, Factor, Timed, TimedIndex},
    table::Blank,
};

/// What an operator promised not to take out before an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// How much of its stake, in base units; 0 if it promised nothing.
    pub amount: Amount,
    /// The epoch whose opening ends it.
    pub until: Epoch,
    /// What a unit had earned for each epoch left when this was last settled.
    pub settled: TimedIndex,
}

impl Blank for Term {
    const BLANK: &'static Term =
        &Term { amount: Amount::ZERO, until: Epoch::ZERO, settled: TimedIndex::ZERO };
}

/// How locks weigh at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermWeight {
    /// What a unit locked for the longest weighs, in parts per billion of one that is not.
    pub boost: Factor,
    /// The longest that one may lock.
    pub max: Epochs,
    /// Since when locks are counted.
    pub at: Epoch,
}

impl TermWeight {
    /// How they weigh now; `None` where a network has no locks.
    pub(crate) fn of(params: &StakingParams, at: Epoch) -> Option<TermWeight> {
        let (boost, max) = (params.lock_boost, params.lock_epochs_max);
        (boost > Factor::ONE && 0 < max.count()).then_some(TermWeight { boost, max, at })
    }

    /// What one lock adds (down).
    pub(super) fn adds_floor(&self, timed: Timed) -> Amount {
        let adds = timed.adds_floor(self.at, self.boost, self.max).and_then(Amount::new);
        adds.unwrap_or(Amount::MAX)
    }

    /// What locks add together (up); `None` if that is no amount.
    pub(super) fn adds_ceil(&self, timed: Timed) -> Option<Amount> {
        Amount::new(timed.adds_ceil(self.at, self.boost, self.max)?)
    }
}

/// Of which role, and whether it may take new work: locks of fit operators are summed apart by
/// both.
pub(super) type TermKey = (Role, bool);
