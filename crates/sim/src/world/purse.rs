//! Purses: what an account has, wherever on the ledger it lies.
//!
//! Law: a share of a pool counts as what it would pay now, rounded down; what rounding leaves in
//! pools is nobody's and stands by itself, so that all accounts close to the unit.
//! Not here: what it is worth (`world`).

use std::collections::BTreeSet;

use earnest_protocol::{
    AccountId, Amount, Asset, OperatorId, Role, State, ledger::Pot, staking::Delegation,
};

use super::{Tally, World, account, units};
use crate::{measures, scenario::Kind};

/// Everything an account has: free money, stake locked or not, unbonding, share of slashes, what
/// it delegated and what that earned.
pub(super) fn wealth(state: &State, id: AccountId) -> Amount {
    state.free(id).saturating_add(stake(state, id)).saturating_add(earned(state, id))
}

/// What an account has at risk or on its way out, its share of slashes, and what stands behind
/// what it proposed.
pub(super) fn stake(state: &State, id: AccountId) -> Amount {
    let of = |operator| {
        let row = state.operator(operator)?;
        let unbonding = row.unbondings.iter().map(|id| state.balance(Pot::Unbonding(*id)));
        let leaving = unbonding.fold(Amount::ZERO, Amount::saturating_add);
        let judged = state.judge_reward(operator);
        let earned = state.vesting(operator).total();
        let stake = row.stake.saturating_add(leaving);
        Some(stake.saturating_add(judged).saturating_add(earned))
    };
    let own = operators(state, id).filter_map(of).fold(Amount::ZERO, Amount::saturating_add);
    own.saturating_add(behind(state, id)).saturating_add(deposits(state, id))
}

/// What stands behind an account's proposals.
fn deposits(state: &State, id: AccountId) -> Amount {
    let own = state.proposals().filter(|(_, row)| row.account == id);
    let each = own.map(|(proposal, _)| state.balance(Pot::Proposal(proposal)));
    each.fold(Amount::ZERO, Amount::saturating_add)
}

/// What an account has bonded, free or locked.
pub(super) fn bonded(state: &State, id: AccountId) -> Amount {
    let bonds = operators(state, id).filter_map(|id| Some(state.operator(id)?.stake));
    bonds.fold(Amount::ZERO, Amount::saturating_add)
}

/// What an account has behind others' operators, on its way out or not.
fn behind(state: &State, id: AccountId) -> Amount {
    let of = |row: &Delegation| {
        let leaving = state.leaving(row).map(|(_, amount, _)| amount);
        let moved = state.moved(row).map(|(_, amount, ..)| amount);
        leaving.chain(moved).fold(state.delegated(row), Amount::saturating_add)
    };
    delegations(state, id).map(of).fold(Amount::ZERO, Amount::saturating_add)
}

/// What that earned and was not paid out, of what pays.
pub(super) fn earned(state: &State, id: AccountId) -> Amount {
    let each = delegations(state, id).map(|row| state.delegation_earned(row));
    each.fold(Amount::ZERO, Amount::saturating_add)
}

fn delegations(state: &State, id: AccountId) -> impl Iterator<Item = &Delegation> {
    let held = state.account(id).into_iter().flat_map(|row| row.delegations.iter());
    held.filter_map(|id| state.delegation_row(*id))
}

/// What an account is in the market.
pub(super) fn operators(state: &State, id: AccountId) -> impl Iterator<Item = OperatorId> {
    let roles = [Role::Provider, Role::Validator, Role::Replica, Role::Access];
    roles.into_iter().filter_map(move |role| state.operator_id(id, role))
}

impl World<'_> {
    /// What rounding has left in pools of delegations, of one asset.
    pub(super) fn rounding(&self, asset: Asset) -> Amount {
        if !self.scenario.delegates() {
            return Amount::ZERO;
        }
        let state = &self.state;
        let mut pots = BTreeSet::new();
        for (id, row) in state.delegations() {
            let _ = id;
            pots.insert(Pot::Delegated(row.operator));
            pots.insert(Pot::DelegationRewards(row.operator));
            pots.extend(row.exits.iter().map(|(exit, _)| Pot::Exit(*exit)));
            pots.extend(row.moves.iter().map(|moved| Pot::Moved(moved.id)));
        }
        for (id, _) in self.scene.pools.all() {
            pots.extend([Pot::Delegated(id), Pot::DelegationRewards(id)]);
        }
        let is_single = self.scene.worth.is_none();
        let counts = |pot: &Pot| match pot {
            Pot::DelegationRewards(_) => asset == state.assets().payment(),
            _ => is_single || asset == Asset::Stake,
        };
        let all = pots.into_iter().filter(counts).map(|pot| state.balance(pot));
        let everyone = 0..self.members.len();
        let owned = everyone.map(|place| {
            let id = account(place);
            let (stake, paid) = (behind(state, id), earned(state, id));
            match (is_single, asset) {
                (true, _) => stake.saturating_add(paid),
                (false, Asset::Stake) => stake,
                (false, _) => paid,
            }
        });
        let owned = owned.fold(Amount::ZERO, Amount::saturating_add);
        all.fold(Amount::ZERO, Amount::saturating_add).saturating_sub(owned)
    }

    /// How stake behind others' work stands, group by group.
    pub(super) fn back(&self, tallies: &mut [Tally]) {
        if !self.scenario.delegates() {
            return;
        }
        let mut taken = vec![Vec::new(); tallies.len()];
        for (place, member) in self.members.iter().enumerate() {
            let (id, group) = (account(place), usize::from(member.group));
            let backing = &mut tallies[group].backing;
            match &self.scenario.groups[group].kind {
                Kind::Delegators(_) => {
                    backing.behind += units(behind(&self.state, id));
                    backing.unpaid += units(earned(&self.state, id));
                }
                kind => {
                    let id = kind.role().and_then(|role| self.state.operator_id(id, role));
                    let there = id.map_or(Amount::ZERO, |id| self.state.delegated_to(id));
                    backing.taken += units(there);
                    taken[group].push(units(there));
                }
            }
        }
        for (tally, taken) in tallies.iter_mut().zip(taken) {
            tally.backing.hhi = measures::concentration(&taken).hhi;
        }
    }
}
