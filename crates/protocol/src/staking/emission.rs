//! Emission by stake: what the stake of all who may work earns, whatever work there is.
//!
//! Law: whoever's weight changes is settled first, so that the weights sum to the pools at every
//! growth, and all together earn at most what was shared.
//! Rounding: growth and earnings down; the dust stays in the emission's pot.
//! Not here: how much there is to share, and how it vests (`rewards`).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperatorId, Role},
    num::{Amount, Index},
};

use super::{Pool, Staking};

/// What a unit of stake ever earned of emission, by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmissionIndexes {
    providers: Index,
    validators: Index,
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
    pub(crate) fn of(&self, role: Role) -> Index {
        match role {
            Role::Provider => self.providers,
            Role::Validator => self.validators,
            Role::Replica => Index::ZERO,
        }
    }
}

impl Staking {
    /// Shares `amount` among all of a role that may work, by stake; `None` if there is none.
    pub(crate) fn share_emission(&mut self, role: Role, amount: Amount) -> Option<()> {
        let pools = self.pools.iter().filter(|((of, _), _)| *of == role);
        let total = pools.map(|(_, pool)| Pool::total(pool)).fold(0u64, u64::saturating_add);
        let index = self.emission.of(role).grown_floor(amount, total)?;
        match role {
            Role::Provider => self.emission.providers = index,
            Role::Validator => self.emission.validators = index,
            Role::Replica => return None,
        }
        Some(())
    }

    /// What an operator's stake earned and has not been moved to where it vests.
    pub(crate) fn stake_earned(&self, id: OperatorId) -> Amount {
        let operator = self.operator(id);
        let StakeEarnings { settled, accrued } = operator.emission;
        let earned = self.emission.of(operator.role).earned_floor(settled, operator.weight());
        accrued.saturating_add(earned.expect("the index pays out at most what was shared"))
    }

    /// Accrues what it earned since its weight last changed.
    pub(crate) fn settle_emission(&mut self, id: OperatorId) {
        let settled = self.emission.of(self.operator(id).role);
        if self.operator(id).emission.settled != settled {
            let accrued = self.stake_earned(id);
            self.operator_mut(id).emission = StakeEarnings { settled, accrued };
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
