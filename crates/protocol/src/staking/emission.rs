//! Emission by stake: what the stake of all who may work earns, whatever work there is.
//!
//! Law: whoever's weight changes is settled first, so that the weights sum to the pools at every
//! growth, and all together earn at most what was shared.
//! Law: what a lock adds weighs by what is left of it at each growth; two sums give that without a
//! walk (`TimedIndex`).
//! Rounding: growth and earnings down; the dust stays in the emission's pot.
//! Not here: how much there is to share, and how it vests (`rewards`).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperatorId, Role},
    num::{Amount, Index, TimedIndex},
};

use super::{Pool, Staking, TermWeight};

/// What a unit of stake ever earned of emission, by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmissionIndexes {
    providers: StakeIndex,
    validators: StakeIndex,
}

/// What stake of one role ever earned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct StakeIndex {
    /// A unit of it.
    unit: Index,
    /// A unit that was locked, besides, for each epoch left.
    left: TimedIndex,
}

/// What an operator's stake earned of emission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StakeEarnings {
    /// The index up to which it is settled.
    pub settled: Index,
    /// What it earned up to there and has not been moved to where it vests.
    pub accrued: Amount,
}

impl EmissionIndexes {
    fn index(&self, role: Role) -> StakeIndex {
        match role {
            Role::Provider => self.providers,
            Role::Validator => self.validators,
            Role::Replica | Role::Access => StakeIndex::default(),
        }
    }

    pub(crate) fn of(&self, role: Role) -> Index {
        self.index(role).unit
    }

    pub(super) fn left(&self, role: Role) -> TimedIndex {
        self.index(role).left
    }
}

/// Why earnings are an amount.
const SHARED: &str = "the index pays out at most what was shared";

impl Staking {
    /// Shares `amount` among all of a role that may work, by stake and by what locks add to it, if
    /// they weigh; `None` if there is none.
    pub(crate) fn share_emission(
        &mut self,
        role: Role,
        amount: Amount,
        weight: Option<TermWeight>,
    ) -> Option<()> {
        let pools = self.pools.iter().filter(|((of, _), _)| *of == role);
        let total = pools.map(|(_, pool)| Pool::total(pool)).fold(0u64, u64::saturating_add);
        let index = self.emission.index(role);
        let boosted = weight.and_then(|weight| {
            let adds = weight.adds_ceil(self.working_terms(role))?;
            let unit = index.unit.grown_floor(amount, total.checked_add(adds.units())?)?;
            let terms = (weight.boost, weight.max);
            let left = index.left.grown_floor((index.unit, unit), weight.at, terms)?;
            Some(StakeIndex { unit, left })
        });
        let index = match boosted {
            Some(index) => index,
            None => StakeIndex { unit: index.unit.grown_floor(amount, total)?, ..index },
        };
        match role {
            Role::Provider => self.emission.providers = index,
            Role::Validator => self.emission.validators = index,
            Role::Replica | Role::Access => return None,
        }
        Some(())
    }

    /// What an operator's stake earned and has not been moved to where it vests.
    pub(crate) fn stake_earned(&self, id: OperatorId) -> Amount {
        let operator = self.operator(id);
        let StakeEarnings { settled, accrued } = operator.emission;
        let earned = self.emission.of(operator.role).earned_floor(settled, operator.weight());
        let earned = accrued.saturating_add(earned.expect(SHARED));
        if operator.lock.amount.is_zero() || !operator.may_work() {
            return earned;
        }
        let (left, lock) = (self.emission.left(operator.role), &operator.lock);
        let locked = left.earned_floor(lock.settled, operator.locked(), lock.until);
        earned.saturating_add(locked.expect(SHARED))
    }

    /// Accrues what it earned since its weight last changed.
    pub(crate) fn settle_emission(&mut self, id: OperatorId) {
        let role = self.operator(id).role;
        let settled = self.emission.of(role);
        if self.operator(id).emission.settled != settled {
            let (accrued, left) = (self.stake_earned(id), self.emission.left(role));
            let row = self.operator_mut(id);
            row.emission = StakeEarnings { settled, accrued };
            if !row.lock.amount.is_zero() {
                row.lock.settled = left;
            }
        }
    }

    /// Takes all that it earned, for who moves it to where it vests.
    pub(crate) fn take_emission(&mut self, id: OperatorId) -> Amount {
        let earned = self.stake_earned(id);
        if !earned.is_zero() {
            self.settle_emission(id);
            self.operator_mut(id).emission.accrued = Amount::ZERO;
        }
        earned
    }
}
