//! The laws of grants: their pot is what they are owed, and no more was claimed than was free.

use super::Broken;
use crate::{ledger::Pot, num::Amount, state::State};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let (grants, now) = (&state.grants, state.height());
    let rows = || grants.rows.iter().map(|(_, grant)| grant);
    let listed = grants.list.map_or(Amount::ZERO, |list| list.left);
    let recorded = rows().map(|grant| grant.left()).fold(listed, Amount::saturating_add);
    let there = state.balance(Pot::Grants);
    if recorded != there {
        return Err(Broken::Grants { recorded, there });
    }
    let is_within = rows().all(|grant| grant.claimed <= grant.released_floor(now));
    let is_sorted = rows().is_sorted_by(|one, other| one.account < other.account);
    let paid: u32 = grants.taken.iter().map(|(_, row)| row.count()).sum();
    let is_counted = match grants.list {
        None => grants.taken.len() == 0,
        Some(list) => {
            let was_open = list.is_open(state.chain.epoch.first);
            list.paid == paid && paid <= list.places && (was_open || listed.is_zero())
        }
    };
    if is_within && is_sorted && is_counted { Ok(()) } else { Err(Broken::GrantRows) }
}
