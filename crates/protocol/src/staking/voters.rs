//! Voters: what stake is worth in votes, and how it is kept as it stood at one moment.
//!
//! Law: an operator that is fit to work, in its active set or waiting for a place there, and of
//! which no slash waits has the power of its stake, of what its lock adds (`term`) and of all that
//! is delegated to it; each
//! delegation's part is its value, down, so that all parts of a pool never exceed it. Stake that
//! leaves has none.
//! An electorate is a branch of the tables that power is read from: later changes copy what they
//! touch, and nothing else is paid for it.
//! Not here: what is voted on (`governance`).

use super::{Pool, Staking, StakingRows, TermWeight};
use crate::{
    ids::{DelegationId, Digest, OperatorId, Role},
    num::Amount,
};

impl Staking {
    /// The stake that votes, as it stands now, and the root over it.
    pub(crate) fn voters(&self) -> (Staking, Digest) {
        let voters = Staking {
            operators: self.operators.clone(),
            delegation_pools: self.delegation_pools.clone(),
            delegations: self.delegations.clone(),
            moves: self.moves.clone(),
            ..Staking::default()
        };
        voters.with_root()
    }

    /// The same, from its rows.
    pub(crate) fn restore_voters(rows: StakingRows) -> (Staking, Digest) {
        let StakingRows { operators, delegation_pools, delegations, moves, .. } = rows;
        let none = Staking::default();
        Staking { operators, delegation_pools, delegations, moves, ..none }.with_root()
    }

    fn with_root(mut self) -> (Staking, Digest) {
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 voters");
        for root in [
            self.operators.root(),
            self.delegation_pools.root(),
            self.delegations.root(),
            self.moves.root(),
        ] {
            hasher.update(&root.0);
        }
        (self, Digest(*hasher.finalize().as_bytes()))
    }

    /// Does the stake of an operator, and what is delegated to it, vote?
    fn votes(&self, id: OperatorId) -> bool {
        let operator = self.operators.get(id.index());
        operator.is_some_and(|operator| operator.is_fit())
            && self.delegation_pool(id).slashes_waiting == 0
    }

    /// An operator's stake, what its lock adds, and all that is delegated to it and not leaving, if
    /// they vote.
    pub(crate) fn power_of_operator(&self, id: OperatorId, locks: Option<TermWeight>) -> Amount {
        if !self.votes(id) {
            return Amount::ZERO;
        }
        let row = self.operator(id);
        let own = row.stake.saturating_add(row.term_adds(locks));
        own.saturating_add(self.delegated_to(id))
    }

    /// What of an operator's power one delegation has (down), and the operator; nothing of a
    /// delegation that came later.
    pub(crate) fn power_of_delegation(&self, id: DelegationId) -> Option<(OperatorId, Amount)> {
        let row = self.delegations.get(id.index())?;
        if !self.votes(row.operator) {
            return None;
        }
        let power = self.delegated_floor(row).saturating_add(self.bound_floor(row));
        (!power.is_zero()).then_some((row.operator, power))
    }

    /// The stake of all validators that may work.
    pub(crate) fn validator_stake(&self) -> Amount {
        let pools = self.pools.iter().filter(|((role, _), _)| *role == Role::Validator);
        let units = pools.fold(0u64, |sum, (_, pool)| sum.saturating_add(pool.total()));
        Amount::new(units).expect("stakes sum to at most the supply")
    }

    /// The stake of all operators that are fit to work, in their active set or not: a set limits
    /// who works, not who has a say, or a set could keep itself small.
    pub(crate) fn stake_of_fit(&self) -> Amount {
        let units = self.pools.values().map(Pool::bonded).fold(0u64, u64::saturating_add);
        Amount::new(units).expect("stakes sum to at most the supply")
    }
}
