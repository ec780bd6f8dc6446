//! The laws of rewards: every pot holds what its rows say, and every claimant is counted.

use alloc::{collections::BTreeMap, vec::Vec};

use super::Broken;
use crate::{ids::OperatorId, ledger::Pot, num::Amount, rewards::Open, state::State};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let (mut owed, mut by_stake) = (Amount::ZERO, Amount::ZERO);
    let returns = state.rewards.open.returns;
    let mut open = Open { returns, ..Open::default() };
    let mut awaited: BTreeMap<u64, u32> = BTreeMap::new();
    for (index, row) in state.rewards.earnings.iter() {
        let operator = OperatorId::from_index(index);
        let (recorded, found) = (row.vesting.total(), state.balance(Pot::Vesting(operator)));
        if recorded != found {
            return Err(Broken::Vesting { operator, recorded, found });
        }
        let parts = state.rewards.owed(operator).map(|(_, parts)| parts).unwrap_or_default();
        owed = parts.iter().fold(owed, |sum, amount| sum.saturating_add(*amount));
        by_stake = by_stake.saturating_add(state.staking.stake_earned(operator));
        let Some(work) = &row.work else { continue };
        if work.round == state.rewards.next_round() {
            open.claims = open.claims.saturating_add(work.weight(returns));
            open.claimants = open.claimants.saturating_add(1);
        } else {
            let count = awaited.entry(work.round).or_default();
            *count = count.saturating_add(1);
        }
    }
    if open != state.rewards.open {
        let (recorded, found) = (state.rewards.open.claims, open.claims);
        return Err(Broken::Claims { recorded, found });
    }
    let rounds = state.rewards.rounds.iter();
    let number = |index| u64::try_from(index).unwrap_or(u64::MAX);
    let counted: Vec<_> = rounds.map(|(index, round)| (number(index), round.waiting)).collect();
    let left = state.rewards.rounds.iter().map(|(_, round)| round.left);
    let left = left.fold(Amount::ZERO, Amount::saturating_add);
    let there = state.balance(Pot::Emission);
    let is_counted = counted == awaited.into_iter().collect::<Vec<_>>();
    let minted = state.rewards.by_stake;
    let left = left.saturating_add(minted);
    let owed = owed.saturating_add(by_stake);
    if left != there || owed > left || by_stake > minted || !is_counted {
        return Err(Broken::Emission { left, owed, there });
    }
    Ok(())
}
