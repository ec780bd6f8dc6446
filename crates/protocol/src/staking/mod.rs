//! Staking: who has how much at risk for what, and when it may leave.
//!
//! Key terms: an operator is one role of one account; its *stake* is all it has at risk, its
//! *free bond* the part that backs nothing; a strike is an offence that fades.
//!
//! ```text
//!   (none) ──bond──► Active ──offence──► Jailed ──unjail──► Active
//!                      └──equivocation──► Tombstoned (no way back)
//! ```
//!
//! Invariant: an operator's stake is its bond pot plus every collateral and audit lock it has in
//! open jobs; a weight is the stake of an active operator and 0 of any other.
//! Rounding: entry minimum up; strike fading down.
//! Not here: where the money lies (`ledger`), why somebody is slashed (`slashing`).

mod rejected;
mod weights;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use rejected::{BondRejected, ClaimRewardsRejected, UnbondRejected, UnjailRejected};
pub(crate) use weights::Weights;

use crate::{
    ids::{AccountId, OperatorId, Role, UnbondingId},
    num::{Amount, Epoch, Factor, Height, PARTS},
    params::RawParams,
    table::Table,
};

/// May an operator take new work?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    Active,
    /// Not before it asks for release, from this epoch on.
    Jailed(Epoch),
    /// Never again.
    Tombstoned,
}

/// One role of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Whose it is.
    pub account: AccountId,
    /// What its bond is for.
    pub role: Role,
    /// May it take new work?
    pub standing: Standing,
    /// All it has at risk: free bond and locks.
    pub stake: Amount,
    /// The least stake with which it may take new work: the minimum when it entered.
    pub stake_min: Amount,
    /// Faded count of offences, in parts per billion of one.
    pub strikes: Factor,
    /// When `strikes` was last faded.
    pub strikes_at: Epoch,
    /// When it abandoned jobs, within the window that counts.
    pub abandonments: Vec<Epoch>,
    /// Entries in the unbonding queue, oldest first.
    pub unbondings: Vec<UnbondingId>,
    /// Peer rewards per unit of stake already collected, in 2^-64.
    pub peer_index: u128,
    /// Peer rewards accrued and not yet collected.
    pub peer_accrued: Amount,
}

/// One entry of the unbonding queue; the money is in its pot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbonding {
    /// Whose bond it was.
    pub operator: OperatorId,
    /// When it was queued: it answers for assignments accepted before.
    pub queued_at: Height,
    /// When it is paid out.
    pub matures: Epoch,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Staking {
    pub(crate) operators: Table<Operator>,
    pub(crate) unbondings: Table<Unbonding>,
    pub(crate) providers: RolePool,
    pub(crate) validators: RolePool,
}

/// What all operators of a role share.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RolePool {
    pub(crate) weights: Weights,
    /// Peer rewards ever paid per unit of active stake, in 2^-64.
    pub(crate) peer_index: u128,
}

impl Staking {
    pub(crate) fn operator(&self, id: OperatorId) -> &Operator {
        self.operators.get(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn operator_mut(&mut self, id: OperatorId) -> &mut Operator {
        self.operators.get_mut(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn unbonding(&self, id: UnbondingId) -> &Unbonding {
        self.unbondings.get(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn pool(&self, role: Role) -> &RolePool {
        match role {
            Role::Provider => &self.providers,
            Role::Validator => &self.validators,
        }
    }

    pub(crate) fn pool_mut(&mut self, role: Role) -> &mut RolePool {
        match role {
            Role::Provider => &mut self.providers,
            Role::Validator => &mut self.validators,
        }
    }

    /// The least stake of a newcomer: base · min((1 + n/n₀)^k, cap), rounded up (m5).
    pub(crate) fn stake_min(&self, role: Role, params: &RawParams) -> Amount {
        let base = match role {
            Role::Provider => params.provider_bond_min,
            Role::Validator => params.validator_bond_min,
        };
        let active = u64::try_from(self.pool(role).weights.active()).unwrap_or(u64::MAX);
        let scale = params.entry_scale;
        let mut minimum = base;
        for _ in 0..params.entry_exponent {
            let grown = minimum.share_ceil(scale.saturating_add(active), scale);
            minimum = grown.unwrap_or(Amount::MAX);
        }
        minimum.min(params.entry_cap.amount_ceil(base).unwrap_or(Amount::MAX))
    }

    /// Records a new operator, with no stake yet.
    pub(crate) fn enter(
        &mut self,
        account: AccountId,
        role: Role,
        stake_min: Amount,
        now: Epoch,
    ) -> OperatorId {
        let peer_index = self.pool(role).peer_index;
        let index = self.operators.push(Operator {
            account,
            role,
            standing: Standing::Active,
            stake: Amount::ZERO,
            stake_min,
            strikes: Factor::ZERO,
            strikes_at: now,
            abandonments: Vec::new(),
            unbondings: Vec::new(),
            peer_index,
            peer_accrued: Amount::ZERO,
        });
        let id = OperatorId::from_index(index);
        self.providers.weights.grow(index);
        self.validators.weights.grow(index);
        id
    }

    /// Changes what an operator has at risk; settles its peer rewards first.
    pub(crate) fn set_stake(&mut self, id: OperatorId, stake: Amount) {
        self.settle_peer_reward(id);
        self.operator_mut(id).stake = stake;
        self.refresh_weight(id);
    }

    /// Changes whether an operator may take new work; settles its peer rewards first.
    pub(crate) fn set_standing(&mut self, id: OperatorId, standing: Standing) {
        self.settle_peer_reward(id);
        self.operator_mut(id).standing = standing;
        self.refresh_weight(id);
    }

    fn refresh_weight(&mut self, id: OperatorId) {
        let operator = self.operator(id);
        let (role, weight) = (operator.role, operator.weight());
        self.pool_mut(role).weights.set(id, weight);
    }

    /// What an operator's share of its peers' rewards has come to (down).
    pub(crate) fn peer_reward(&self, id: OperatorId) -> Amount {
        let operator = self.operator(id);
        let (weight, from) = (operator.weight(), operator.peer_index);
        let grown = self.pool(operator.role).peer_index.checked_sub(from);
        let grown = grown.expect("the index only grows");
        let earned = u128::from(weight).checked_mul(grown).map(|scaled| scaled >> 64);
        let earned = earned.and_then(|units| u64::try_from(units).ok()).and_then(Amount::new);
        let earned = earned.expect("the index pays out at most what peers were given");
        operator.peer_accrued.saturating_add(earned)
    }

    /// Accrues what the role's peers were paid since this operator last changed.
    pub(crate) fn settle_peer_reward(&mut self, id: OperatorId) {
        let operator = self.operator(id);
        let to = self.pool(operator.role).peer_index;
        if operator.peer_index == to {
            return;
        }
        let accrued = self.peer_reward(id);
        let operator = self.operator_mut(id);
        operator.peer_index = to;
        operator.peer_accrued = accrued;
    }

    /// Shares `amount` among the active stake of a role; `None` if there is none.
    pub(crate) fn pay_peers(&mut self, role: Role, amount: Amount) -> Option<()> {
        let pool = self.pool_mut(role);
        let total = u128::from(pool.weights.total());
        // Down: the dust stays in the peers' pot.
        let step = (u128::from(amount.units()) << 64).checked_div(total)?;
        pool.peer_index = pool.peer_index.checked_add(step)?;
        Some(())
    }
}

impl Operator {
    /// The stake that draws and shares count: nothing while it may not work.
    pub(crate) fn weight(&self) -> u64 {
        match self.standing {
            Standing::Active if self.stake >= self.stake_min => self.stake.units(),
            Standing::Active | Standing::Jailed(_) | Standing::Tombstoned => 0,
        }
    }

    /// True if it may take new work.
    pub fn may_work(&self) -> bool {
        self.weight() > 0
    }

    /// Strikes as faded at `now`: halved for every `halflife` that passed, linear within one.
    pub(crate) fn strikes(&self, now: Epoch, halflife: u64) -> Factor {
        let passed = now.since(self.strikes_at).count();
        let halvings = u32::try_from(passed.checked_div(halflife).unwrap_or(0)).unwrap_or(63);
        let whole = self.strikes.parts().checked_shr(halvings).unwrap_or(0);
        let rest = passed.checked_rem(halflife).unwrap_or(0);
        // Between two halvings: 1 − rest / (2 · halflife).
        let double = halflife.saturating_mul(2).max(1);
        let faded = crate::num::mul_div_floor(whole, double.saturating_sub(rest), double);
        Factor::new(faded.unwrap_or(0)).unwrap_or(Factor::MAX)
    }

    /// Adds one strike.
    pub(crate) fn strike(&mut self, now: Epoch, halflife: u64) {
        let one = Factor::new(PARTS).expect("one is a factor");
        self.strikes = self.strikes(now, halflife).saturating_add(one);
        self.strikes_at = now;
    }
}
