//! Pools: what everybody can see of operators that let others delegate to them.
//!
//! Key terms: the *return* of an operator is what each token at risk with it has been paid a block
//! since it let others join, less its commission and less what slashes took of each token that was
//! delegated, at what stake is worth now; in parts of 10^-9 token, towards nothing.
//!
//! Law: all of it can be seen on the ledger by whoever looks; nobody's secrets are in it.
//! Known shortcomings: emission is no part of a return.
//! Not here: who follows whom (`agents`).

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Amount, Height, OperatorId, Role, SlashId, State, ledger::Pot, num::PARTS,
};

/// Every operator that lets others join, in order of the first bond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pools(BTreeMap<OperatorId, Pool>);

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    /// Whose it is.
    pub(crate) account: AccountId,
    /// What it bonded for.
    pub(crate) role: Role,
    /// Slashes that took something of what was delegated.
    pub(crate) slashes: u32,
    /// Since when others may join.
    since: Height,
    /// What it was paid, commission off, in base units.
    shared: u128,
    /// What slashes took of a token that was there all the time, in parts.
    lost: u128,
}

impl Pools {
    /// All of a role.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = (OperatorId, &Pool)> {
        self.0.iter().filter(move |(_, pool)| pool.role == role).map(|(id, pool)| (*id, pool))
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (OperatorId, &Pool)> {
        self.0.iter().map(|(id, pool)| (*id, pool))
    }

    /// One of them.
    pub(crate) fn get(&self, id: OperatorId) -> Option<&Pool> {
        self.0.get(&id)
    }

    /// Lets others join an operator from now on, or still.
    pub(crate) fn open(&mut self, state: &State, id: OperatorId) {
        let Some(row) = state.operator(id) else { return };
        self.0.entry(id).or_insert(Pool {
            account: row.account,
            role: row.role,
            slashes: 0,
            since: state.height(),
            shared: 0,
            lost: 0,
        });
    }

    /// Books what an operator was paid.
    pub(crate) fn pay(&mut self, state: &State, (account, role): (AccountId, Role), paid: Amount) {
        if self.0.is_empty() {
            return;
        }
        let Some(id) = state.operator_id(account, role) else { return };
        let Some((pool, row)) = self.0.get_mut(&id).zip(state.delegation_pool(id)) else { return };
        let shared = row.commission.rate.complement().amount_floor(paid);
        pool.shared = pool.shared.saturating_add(shared.units().into());
    }

    /// Books what a slash took of a token that was delegated to an operator and had not left.
    pub(crate) fn slash(&mut self, state: &State, id: OperatorId, slash: SlashId) {
        let Some(pool) = self.0.get_mut(&id) else { return };
        let taken = of_those_who_stay(state, id, slash);
        let before = state.delegated_to(id).saturating_add(taken).units();
        let share = u128::from(taken.units()) * u128::from(PARTS) / u128::from(before.max(1));
        pool.lost = pool.lost.saturating_add(share);
        pool.slashes += 1;
    }
}

/// What a slash took of what others delegated to an operator and is not leaving: of the pool, and
/// of what moves in.
fn of_those_who_stay(state: &State, id: OperatorId, slash: SlashId) -> Amount {
    let stays = |pot| match pot {
        Pot::Delegated(_) => true,
        Pot::Moved(parcel) => state.parcel(parcel).is_some_and(|row| row.target == id),
        _ => false,
    };
    let taken = state.slash(slash).into_iter().flat_map(|slash| &slash.taken);
    let parts = taken.filter(|(pot, _)| stays(*pot));
    parts.fold(Amount::ZERO, |sum, (_, amount)| sum.saturating_add(*amount))
}

impl Pool {
    /// Its return to whoever had `more` there, besides all that is there now.
    pub(crate) fn gain(&self, state: &State, id: OperatorId, more: Amount) -> i128 {
        let own = state.operator(id).map_or(Amount::ZERO, |row| row.stake);
        let at_risk = own.saturating_add(state.delegated_to(id)).saturating_add(more).units();
        let blocks = state.height().count().saturating_sub(self.since.count()).max(1);
        let won = self.shared.saturating_mul(PARTS.into()) / u128::from(at_risk.max(1));
        // In what pays, as what was won is.
        let worth = state.params().chain().stake_price;
        let worth = state.price_feed().map_or(worth, |feed| feed.price);
        let lost = self.lost.saturating_mul(worth.parts().into()) / u128::from(PARTS);
        let signed = |parts: u128| i128::try_from(parts).unwrap_or(i128::MAX);
        (signed(won) - signed(lost)) / i128::from(blocks)
    }

    /// Can so much more join it now?
    pub(crate) fn has_room(&self, state: &State, id: OperatorId, more: Amount) -> bool {
        let is_fit = state.operator(id).is_some_and(|row| row.is_fit());
        let waits = state.delegation_pool(id).is_none_or(|pool| pool.slashes_waiting > 0);
        is_fit && !waits && state.delegated_to(id).saturating_add(more) <= state.delegation_max(id)
    }
}
