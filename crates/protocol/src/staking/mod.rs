//! Staking: who has how much at risk for what, and when it may leave.
//!
//! Key terms: an operator is one role of one account; its *stake* is all it has at risk, its
//! *free bond* the part that backs nothing; a *pool* is all operators of one role and class; a
//! strike is an offence that fades.
//!
//! ```text
//!   (none) ──bond──► Active ──offence──► Jailed ──unjail──► Active
//!                      └──equivocation──► Tombstoned (no way back)
//! ```
//!
//! Invariant: an operator's stake is its bond pot plus every collateral and audit lock it has in
//! open jobs; a weight is the stake of an operator that may take new work and 0 of any other.
//! Rounding: entry minimum up; strike fading down; a judge's share of slashes down.
//! Not here: where the money lies (`ledger`), why somebody is slashed (`slashing`); delegated stake
//! is no operator's stake (`delegation`).

pub(crate) mod acts;
mod commission;
mod delegation;
mod emission;
pub(crate) mod handlers;
mod locks;
mod moves;
mod operator;
pub(crate) mod params;
mod pool;
mod queue;
mod rejected;
mod set;
mod sharing;
mod term;
mod voters;

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

pub use commission::{Commission, ShareTerms};
pub use delegation::{Delegation, DelegationPool, Exit, Moved};
use emission::EmissionIndexes;
pub use emission::StakeEarnings;
pub use moves::{Move, MoveStage};
pub use operator::{Operator, Standing, Unbonding};
pub(crate) use pool::{Able, Among, Change, Field, Pool, Rank, Waiting};
pub use queue::{ExitQueue, Place};
pub(crate) use queue::{Leave, Leaver, end_of_exit};
pub use rejected::{
    BondRejected, CancelUnbondRejected, CancelUndelegationRejected, DelegateRejected,
    LockBondRejected, RedelegateRejected, SetCommissionRejected, UnbondRejected,
    UndelegateRejected, UnjailRejected, WithdrawDelegationRejected,
};

use crate::{
    command::ResourceClass,
    ids::{AccountId, OperatorId, Role, UnbondingId},
    num::{Amount, Epoch, Height, Index, Timed},
    table::{Rare, Table},
};
use params::StakingParams;
pub use set::{ActiveSet, SetPlace};
pub(crate) use set::{SetTerms, Turn};
use term::TermKey;
pub use term::{Term, TermWeight};

/// Which pool an operator belongs to.
pub(crate) type PoolKey = (Role, ResourceClass);

/// Every operator, in pools by role and class, and the queue of those that leave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Staking {
    pub(crate) operators: Table<Operator>,
    pub(crate) unbondings: Table<Unbonding>,
    /// One of each operator.
    pub(crate) delegation_pools: Table<Rare<DelegationPool>>,
    pub(crate) delegations: Table<Delegation>,
    pub(crate) exits: Table<Exit>,
    pub(crate) moves: Table<Move>,
    /// Derived from the operators, their free bonds and the log of changes.
    pools: BTreeMap<PoolKey, Pool>,
    /// What a unit of a judge's stake was ever paid out of slashes.
    pub(crate) judge_index: Index,
    pub(crate) emission: EmissionIndexes,
    /// Where each queue of those that leave ends; none where nobody ever queued.
    queues: BTreeMap<Leaver, ExitQueue>,
    /// Derived from the operators: what is locked, of those who are fit.
    terms: BTreeMap<TermKey, Timed>,
    /// Derived: the latest end of a lock.
    lock_until: Epoch,
}

/// What of [`Staking`] is stored; the rest is derived on load.
#[derive(Serialize, Deserialize)]
pub(crate) struct StakingRows {
    operators: Table<Operator>,
    unbondings: Table<Unbonding>,
    delegation_pools: Table<Rare<DelegationPool>>,
    delegations: Table<Delegation>,
    exits: Table<Exit>,
    moves: Table<Move>,
    changes: Vec<(PoolKey, Vec<Change>)>,
    judge_index: Index,
    emission: EmissionIndexes,
    queues: BTreeMap<Leaver, ExitQueue>,
}

/// What the root covers of staking besides the tables.
pub(crate) type StakingGlobals<'a> =
    (Vec<(PoolKey, Vec<Change>)>, Index, EmissionIndexes, &'a BTreeMap<Leaver, ExitQueue>);

impl Staking {
    pub(crate) fn operator(&self, id: OperatorId) -> &Operator {
        self.operators.get(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn operator_mut(&mut self, id: OperatorId) -> &mut Operator {
        self.operators.get_mut(id.index()).expect("only identifiers handed out are used")
    }

    pub(crate) fn unbonding(&self, id: UnbondingId) -> &Unbonding {
        self.unbondings.get(id.index()).expect("only entries in the queue are used")
    }

    /// The pool of a role and class, if anybody ever entered it.
    pub(crate) fn pool(&self, key: PoolKey) -> Option<&Pool> {
        self.pools.get(&key)
    }

    /// The pool that a class' auditors are drawn from.
    pub(crate) fn auditors(&self, class: ResourceClass) -> Option<&Pool> {
        self.pool((Role::Validator, class))
    }

    /// Keeps the weights as they stand at the end of this block (C8).
    pub(crate) fn pin_auditors(&mut self, class: ResourceClass, at: Height) {
        self.pools.entry((Role::Validator, class)).or_default().pin(at);
    }

    pub(crate) fn unpin_auditors(&mut self, class: ResourceClass, at: Height) {
        let pool = self.pools.get_mut(&(Role::Validator, class));
        pool.expect("a pin has a pool").unpin(at);
    }

    /// Every pin, as often as it was set, in order.
    pub(crate) fn pool_pins(&self) -> Vec<(PoolKey, Height)> {
        let mut pins = Vec::new();
        for (key, pool) in &self.pools {
            for (height, count) in pool.pins() {
                pins.extend((0..count).map(|_| (*key, height)));
            }
        }
        pins
    }

    /// What all operators have at risk that may take new work; without what others delegated, and
    /// without access stake, which secures nothing.
    pub(crate) fn active_stake(&self) -> Amount {
        let at_risk = self.pools.iter().filter(|((role, _), _)| *role != Role::Access);
        let sum = at_risk.fold(0u64, |sum, (_, pool)| sum.saturating_add(pool.total()));
        Amount::new(sum).unwrap_or(Amount::MAX)
    }

    /// What the root covers besides the tables.
    pub(crate) fn globals(&self) -> StakingGlobals<'_> {
        (self.changes(), self.judge_index, self.emission, &self.queues)
    }

    /// Where each queue ends.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &ExitQueue> {
        self.queues.values()
    }

    fn changes(&self) -> Vec<(PoolKey, Vec<Change>)> {
        let logged = self.pools.iter().map(|(key, pool)| (*key, pool.changes().collect()));
        logged.filter(|(_, changes): &(PoolKey, Vec<Change>)| !changes.is_empty()).collect()
    }

    pub(crate) fn rows(&self) -> StakingRows {
        StakingRows {
            operators: self.operators.clone(),
            unbondings: self.unbondings.clone(),
            delegation_pools: self.delegation_pools.clone(),
            delegations: self.delegations.clone(),
            exits: self.exits.clone(),
            moves: self.moves.clone(),
            changes: self.changes(),
            judge_index: self.judge_index,
            emission: self.emission,
            queues: self.queues.clone(),
        }
    }

    /// Rebuilds the pools from rows, free bonds and pins.
    pub(crate) fn restore(
        rows: StakingRows,
        free: impl Fn(OperatorId) -> Amount,
        pins: &[(PoolKey, Height)],
    ) -> Staking {
        let StakingRows { operators, unbondings, mut changes, judge_index, emission, .. } = rows;
        let StakingRows { delegation_pools, delegations, exits, moves, queues, .. } = rows;
        let mut members: BTreeMap<PoolKey, Vec<(OperatorId, Rank, u64)>> = BTreeMap::new();
        for (index, operator) in operators.iter() {
            let id = OperatorId::from_index(index);
            let free = match operator.role {
                Role::Validator => free(id).units(),
                Role::Provider | Role::Replica | Role::Access => 0,
            };
            let row = (id, operator.rank(), free);
            members.entry(operator.pool_key()).or_default().push(row);
        }
        let pool = |(key, rows): (PoolKey, Vec<(OperatorId, Rank, u64)>)| {
            let place = changes.iter().position(|(of, _)| *of == key);
            let logged = place.map_or_else(Vec::new, |place| changes.swap_remove(place).1);
            let pins = pins.iter().filter(|(of, _)| *of == key).map(|(_, at)| *at);
            (key, Pool::restore(rows, logged, pins))
        };
        let pools = members.into_iter().map(pool).collect();
        let mut staking = Staking {
            operators,
            unbondings,
            delegation_pools,
            delegations,
            exits,
            moves,
            pools,
            judge_index,
            emission,
            queues,
            terms: BTreeMap::new(),
            lock_until: Epoch::ZERO,
        };
        staking.sum_terms();
        staking
    }

    /// The least stake of a newcomer: base · min((1 + n/n₀)^k, cap), rounded up (m5).
    pub(crate) fn stake_min(&self, key: PoolKey, params: &StakingParams) -> Amount {
        let base = params.bond_min(key.0);
        let active = self.pool(key).map_or(0, Pool::active);
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
        (role, class): PoolKey,
        stake_min: Amount,
        now: Epoch,
    ) -> OperatorId {
        let judge_index = self.judge_index;
        let settled = self.emission.of(role);
        let emission = StakeEarnings { settled, accrued: Amount::ZERO };
        self.delegation_pools.push(Rare::default());
        let operator = Operator::new(account, (role, class), stake_min, now, judge_index);
        let operator = Operator { emission, ..operator };
        OperatorId::from_index(self.operators.push(operator))
    }

    /// Brings an operator's pool up to date with its row and its free bond.
    pub(crate) fn refresh(&mut self, id: OperatorId, free: Amount, now: Height) {
        let operator = self.operator(id);
        let (key, rank) = (operator.pool_key(), operator.rank());
        self.pools.entry(key).or_default().set(id, rank, free.units(), now);
    }

    /// What a judge's share of slashes has come to (down).
    pub(crate) fn judge_reward(&self, id: OperatorId) -> Amount {
        let operator = self.operator(id);
        let earned = match operator.role {
            Role::Validator => {
                let earned = self.judge_index.earned_floor(operator.judge_index, operator.weight());
                earned.expect("the index pays out at most what judges were given")
            }
            Role::Provider | Role::Replica | Role::Access => Amount::ZERO,
        };
        operator.judge_accrued.saturating_add(earned)
    }

    /// Accrues what judges were paid since this operator last changed.
    pub(crate) fn settle_judge(&mut self, id: OperatorId) {
        let to = self.judge_index;
        if self.operator(id).judge_index == to {
            return;
        }
        let accrued = self.judge_reward(id);
        let operator = self.operator_mut(id);
        operator.judge_index = to;
        operator.judge_accrued = accrued;
    }

    /// Shares `amount` among the active stake of the validators; `None` if there is none.
    pub(crate) fn pay_judges(&mut self, amount: Amount) -> Option<()> {
        let total = self.pools.iter().filter(|((role, _), _)| *role == Role::Validator);
        let total = total.fold(0u64, |sum, (_, pool)| sum.saturating_add(pool.total()));
        self.judge_index = self.judge_index.grown_floor(amount, total)?;
        Some(())
    }
}
