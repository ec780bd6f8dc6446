//! Laws of delegated stake: pools, exits and shares agree with the ledger and with each other.

use alloc::collections::BTreeMap;

use super::Broken;
use crate::{
    ids::{DelegationId, ExitId, MoveId, OperatorId},
    ledger::Pot,
    num::{Amount, Earned},
    staking::MoveStage,
    state::State,
};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    pools(state)?;
    queues(state)?;
    exits(state)?;
    shares(state)?;
    moves(state)?;
    rewards(state)?;
    owners(state)
}

fn pools(state: &State) -> Result<(), Broken> {
    let mut waiting: BTreeMap<OperatorId, u32> = BTreeMap::new();
    for (_, slash) in state.slashes() {
        if slash.state.waits() {
            let count = waiting.entry(slash.operator).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (operator, _) in state.operators() {
        let pool = state.staking.delegation_pool(operator);
        let (recorded, found) = (pool.shares.amount(), state.balance(Pot::Delegated(operator)));
        if recorded != found {
            return Err(Broken::DelegationPool { operator, recorded, found });
        }
        let found = waiting.get(&operator).copied().unwrap_or(0);
        if pool.slashes_waiting != found {
            let recorded = pool.slashes_waiting;
            return Err(Broken::SlashesWaiting { operator, recorded, found });
        }
    }
    Ok(())
}

fn queues(state: &State) -> Result<(), Broken> {
    for queue in state.staking.queues() {
        let (room, churn) = (queue.room, queue.churn);
        if room > churn {
            return Err(Broken::ExitQueue { room, churn });
        }
    }
    Ok(())
}

fn exits(state: &State) -> Result<(), Broken> {
    for (index, row) in state.staking.exits.iter() {
        let exit = ExitId::from_index(index);
        let (recorded, found) = (row.shares.amount(), state.balance(Pot::Exit(exit)));
        let listed = state.staking.delegation_pool(row.operator).exits.contains(&exit);
        let waits = row.matures > state.epoch();
        if recorded != found || row.shares.shares().is_zero() || listed != waits {
            return Err(Broken::Exit { exit, recorded, found });
        }
    }
    Ok(())
}

/// Sums over all: the shares of one pool are checked where shares are (`num`).
fn shares(state: &State) -> Result<(), Broken> {
    let count = |shares: crate::num::Shares| u128::from(shares.count());
    let staking = &state.staking;
    let pools = staking.delegation_pools.iter().map(|(_, pool)| count(pool.shares.shares()));
    let exits = staking.exits.iter().map(|(_, exit)| count(exit.shares.shares()));
    let moves = staking.moves.iter().map(|(_, parcel)| count(parcel.shares.shares()));
    let recorded = pools.chain(exits).chain(moves).fold(0, u128::saturating_add);
    // What joined is part of a pool's shares and of no claim yet.
    let joined = staking.moves.iter().map(|(_, parcel)| {
        let MoveStage::Joined(_, generation) = parcel.stage else { return 0 };
        let pool = staking.delegation_pool(parcel.target).shares;
        let is_void = generation != pool.generation();
        if is_void { 0 } else { u128::from(parcel.shares.amount().units()) }
    });
    let mut found: u128 = joined.fold(0, u128::saturating_add);
    for (_, row) in staking.delegations.iter() {
        let pool = staking.delegation_pool(row.operator);
        found = found.saturating_add(count(pool.shares.shares_of(row.claim)));
        for (id, claim) in &row.exits {
            let held = staking.exit(*id).map(|exit| count(exit.shares.shares_of(*claim)));
            found = found.saturating_add(held.unwrap_or(0));
        }
        for entry in &row.moves {
            let shares = staking.moved(entry.id).shares;
            found = found.saturating_add(count(shares.shares_of(entry.claim)));
        }
    }
    if recorded != found {
        return Err(Broken::DelegationShares { recorded, found });
    }
    Ok(())
}

fn moves(state: &State) -> Result<(), Broken> {
    let mut holders: BTreeMap<MoveId, u64> = BTreeMap::new();
    for (_, row) in state.staking.delegations.iter() {
        for entry in &row.moves {
            let count = holders.entry(entry.id).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (index, row) in state.staking.moves.iter() {
        let parcel = MoveId::from_index(index);
        let bound = row.stage == MoveStage::Bound;
        let recorded = if bound { row.shares.amount() } else { Amount::ZERO };
        let found = state.balance(Pot::Moved(parcel));
        let (source, target) = (row.source, row.target);
        let listed = [
            state.staking.delegation_pool(source).moves_out.contains(&parcel),
            state.staking.delegation_pool(target).moves_in.contains(&parcel),
        ];
        let holds = recorded == found
            && listed == [bound, bound]
            && (!bound || row.matures > state.epoch())
            && holders.get(&parcel) == Some(&row.holders);
        if !holds {
            return Err(Broken::Move { parcel, recorded, found });
        }
    }
    Ok(())
}

fn rewards(state: &State) -> Result<(), Broken> {
    let mut sums: BTreeMap<OperatorId, Option<Earned>> = BTreeMap::new();
    for (_, row) in state.staking.delegations.iter() {
        let more = state.staking.delegation_earned(row);
        let sum = sums.entry(row.operator).or_insert(Some(Earned::ZERO));
        *sum = sum.and_then(|sum| sum.checked_add(more));
    }
    for (operator, sum) in sums {
        let there = state.balance(Pot::DelegationRewards(operator));
        if sum.is_none_or(|sum| sum > Earned::of(there)) {
            let earned = sum.map(Earned::whole_floor);
            return Err(Broken::DelegationRewards { operator, earned, there });
        }
    }
    for (operator, _) in state.operators() {
        let pool = state.staking.delegation_pool(operator);
        let closings = u32::try_from(pool.closed.len()).ok();
        let commission = pool.commission;
        if commission.rate > commission.ceiling || closings != Some(pool.shares.generation()) {
            return Err(Broken::Commission { operator });
        }
    }
    Ok(())
}

fn owners(state: &State) -> Result<(), Broken> {
    for (index, row) in state.staking.delegations.iter() {
        let listed = &state.accounts.account(row.account).delegations;
        if !listed.contains(&DelegationId::from_index(index)) {
            return Err(Broken::Delegations { account: row.account });
        }
    }
    let listed = state.accounts().map(|(_, account)| account.delegations.len());
    if listed.fold(0, usize::saturating_add) != state.staking.delegations.live() {
        return Err(Broken::Delegations { account: crate::ids::AccountId::new(0) });
    }
    Ok(())
}
