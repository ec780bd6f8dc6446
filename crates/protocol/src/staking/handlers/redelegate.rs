//! Redelegate: delegated stake moves to another operator at once, and answers for both until the
//! first one's past is judged.

use crate::{
    command::Redelegate,
    context::Context,
    event::Event,
    ids::{AccountId, DelegationId, MoveId, OperatorId},
    ledger::{Pot, Reason},
    next::Next,
    num::{Amount, Claim, Epoch, SharePool},
    staking::{
        Moved, RedelegateRejected,
        acts::{delegated, moved},
        moves,
    },
};

use super::delegate::{MayNotJoin, may_join, open};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Redelegate,
) -> Result<Next, RedelegateRejected> {
    let Redelegate { source: from, target: to, role, amount: wanted } = *command;
    let params = *cx.params().staking();
    let minimum = params.delegation_min;
    if wanted < minimum {
        return Err(RedelegateRejected::BelowMinimum { wanted, minimum });
    }
    let source = cx.state.operator_id(from, role);
    let held = source.and_then(|source| Some((source, cx.state.delegation_id(signer, source)?)));
    let (source, held) = held.ok_or(RedelegateRejected::NotDelegated)?;
    if from == to {
        return Err(RedelegateRejected::SameOperator);
    }
    let row = cx.state.staking.delegation(held);
    let (there, bound) = (cx.state.staking.delegated_floor(row), cx.state.staking.bound_floor(row));
    if wanted > there {
        let delegated = there.saturating_add(bound);
        return Err(if wanted <= delegated {
            RedelegateRejected::StillBound { wanted, free: there }
        } else {
            RedelegateRejected::ExceedsDelegation { wanted, delegated }
        });
    }
    let rest = there.saturating_sub(wanted);
    if !rest.is_zero() && rest < minimum {
        return Err(RedelegateRejected::RestBelowMinimum { rest, minimum });
    }
    let target = cx.state.operator_id(to, role).ok_or(RedelegateRejected::NotAnOperator)?;
    if !cx.state.staking.operator(target).is_fit() {
        return Err(RedelegateRejected::MayNotWork);
    }
    let count = cx.state.accounts.account(signer).delegations.len();
    let (known, limit) = (cx.state.delegation_id(signer, target), params.delegations_max);
    if known.is_none() && u64::try_from(count).unwrap_or(u64::MAX) >= u64::from(limit) {
        return Err(RedelegateRejected::DelegationsAtLimit { limit });
    }
    may_join(cx, target, wanted).map_err(refused)?;
    let matures = moves::matures(cx.epoch(), &params);
    let parcel = parcel_of(cx, (source, target), matures);
    if parcel.is_none() && is_full(cx, (source, target), params.moves_max) {
        return Err(RedelegateRejected::MovesAtLimit { limit: params.moves_max });
    }
    let shares = parcel.map(|id| cx.state.staking.moved(id).shares).unwrap_or_default();
    if cx.state.staking.delegation_pool(source).slashes_waiting > 0 && shares.has_lost() {
        return Err(RedelegateRejected::SlashWaits);
    }
    let (pool, claim, amount) = taken(cx, held, wanted);
    if shares.shares_floor(amount).is_none() {
        return Err(RedelegateRejected::MoveFull);
    }
    // From here on the command must succeed.
    cx.state.staking.settle_delegation(held);
    cx.state.staking.delegation_pool_mut(source).shares = pool;
    cx.state.staking.delegation_mut(held).claim = claim;
    let parcel = parcel.unwrap_or_else(|| moved::open(cx, (source, target), matures));
    cx.pay(Pot::Delegated(source), Pot::Moved(parcel), amount, Reason::Redelegate);
    let id = known.unwrap_or_else(|| open(cx, signer, target));
    enter(cx, id, parcel, amount);
    delegated::forget_if_empty(cx, held);
    let account = signer;
    cx.journal.push(Event::Redelegated { account, source, target, parcel, amount, matures });
    Ok(Next::Nothing)
}

fn refused(why: MayNotJoin) -> RedelegateRejected {
    match why {
        MayNotJoin::KeepsEverything => RedelegateRejected::KeepsEverything,
        MayNotJoin::SlashWaits => RedelegateRejected::SlashWaits,
        MayNotJoin::ExceedsCap { total, max } => RedelegateRejected::ExceedsCap { total, max },
        MayNotJoin::PoolFull => RedelegateRejected::MoveFull,
    }
}

/// The bound parcel between two operators that is free then, if there is one.
fn parcel_of(
    cx: &Context<'_>,
    (source, target): (OperatorId, OperatorId),
    matures: Epoch,
) -> Option<MoveId> {
    let staking = &cx.state.staking;
    let mut parcels = staking.delegation_pool(target).moves_in.iter().copied();
    parcels.find(|id| {
        let parcel = staking.moved(*id);
        parcel.source == source && parcel.matures == matures
    })
}

fn is_full(cx: &Context<'_>, (source, target): (OperatorId, OperatorId), limit: u32) -> bool {
    let gone = cx.state.staking.delegation_pool(source).moves_out.len();
    let come = cx.state.staking.delegation_pool(target).moves_in.len();
    u64::try_from(gone.max(come)).unwrap_or(u64::MAX) >= u64::from(limit)
}

/// A delegation's pool and claim once `wanted` has left them, and what leaves: the value of all
/// shares takes them all, so that no dust is left to their owner.
fn taken(cx: &Context<'_>, id: DelegationId, wanted: Amount) -> (SharePool, Claim, Amount) {
    let row = cx.state.staking.delegation(id);
    let mut pool = cx.state.staking.delegation_pool(row.operator).shares;
    let mut claim = cx.state.staking.claim_of(row);
    let is_all = wanted == pool.value_floor(claim);
    let exact = if is_all { None } else { pool.withdraw_ceil(&mut claim, wanted) };
    let amount = match exact {
        Some(_) => wanted,
        None => pool.redeem_all_floor(&mut claim),
    };
    (pool, claim, amount)
}

/// Gives a delegation its part of a parcel.
fn enter(cx: &mut Context<'_>, id: DelegationId, parcel: MoveId, amount: Amount) {
    cx.state.staking.settle_delegation(id);
    let now = cx.now();
    let entries = &cx.state.staking.delegation(id).moves;
    let place = entries.iter().position(|entry| entry.id == parcel);
    let known = place.and_then(|place| entries.get(place)).copied();
    let row = cx.state.staking.moved_mut(parcel);
    row.moved_at = now;
    let new = Moved { id: parcel, claim: Claim::default(), since: row.index };
    let mut entry = known.unwrap_or(new);
    row.shares.mint_floor(&mut entry.claim, amount).expect("a full parcel was refused");
    let entries = match known {
        Some(_) => 0,
        None => 1,
    };
    row.holders = row.holders.saturating_add(entries);
    let moves = &mut cx.state.staking.delegation_mut(id).moves;
    match place.and_then(|place| moves.get_mut(place)) {
        Some(known) => *known = entry,
        None => moves.push(entry),
    }
}
