//! What several verbs do with delegated stake: take it, give it back, forget it.
//!
//! Law: a pool's or exit's amount is what lies in its pot, to the unit.
//! Not here: whether that is deserved, or due (`handlers`, `slashing`).

use alloc::vec::Vec;

use super::moved;
use crate::{
    context::Context,
    event::Event,
    ids::{Asset, DelegationId, ExitId, OperatorId, SlashId},
    ledger::{Pot, Reason},
    num::{Amount, Height},
    staking::{Delegation, MoveStage, Staking},
    state::State,
    timers::Timer,
};

/// The pots that answer with an operator for what was accepted at `accepted_at`, and what is in
/// them.
pub(crate) fn liable(
    state: &State,
    operator: OperatorId,
    accepted_at: Height,
) -> Vec<(Pot, Amount)> {
    let pool = state.staking.delegation_pool(operator);
    let queued = |id: &ExitId| state.staking.exit(*id).map(|exit| exit.queued_at);
    let exits = pool.exits.iter().copied();
    let exits = exits.filter(|id| queued(id).is_some_and(|queued_at| queued_at >= accepted_at));
    let moves_out = pool.moves_out.iter().copied();
    let moves_out = moves_out.filter(|id| state.staking.moved(*id).moved_at >= accepted_at);
    let moves = pool.moves_in.iter().copied().chain(moves_out).map(Pot::Moved);
    let pots = core::iter::once(Pot::Delegated(operator)).chain(exits.map(Pot::Exit)).chain(moves);
    let pots = pots.map(|pot| (pot, state.ledger.balance(pot)));
    pots.filter(|(_, amount)| !amount.is_zero()).collect()
}

/// Takes `amount` from all shares of a pot; returns what leaves it: the dust of a pool that closes
/// goes with it.
pub(crate) fn slash(cx: &mut Context<'_>, pot: Pot, amount: Amount) -> Amount {
    let slashed = match pot {
        Pot::Delegated(id) => {
            let pool = cx.state.staking.delegation_pool_mut(id);
            let generation = pool.shares.generation();
            let slashed = pool.shares.slash(amount);
            if pool.shares.generation() > generation {
                // What its shares earned until now stays theirs.
                pool.closed.push(pool.index);
            }
            slashed
        }
        Pot::Exit(id) => cx.state.staking.exit_mut(id).shares.slash(amount),
        Pot::Moved(id) => {
            let shares = &mut cx.state.staking.moved_mut(id).shares;
            let slashed = shares.slash(amount);
            if shares.shares().is_zero() {
                moved::close(cx, id, MoveStage::Lost);
            }
            slashed
        }
        _ => return amount,
    };
    slashed.taken.saturating_add(slashed.dust)
}

/// Gives back what an undone slash took from a pot, to the shares that lost it; what they may not
/// take, since others have left, is nobody's and insures. Returns that.
pub(crate) fn restore(cx: &mut Context<'_>, slash: SlashId, pot: Pot, amount: Amount) -> Amount {
    let restored = match pot {
        Pot::Delegated(id) => cx.state.staking.delegation_pool_mut(id).shares.restore(amount),
        Pot::Exit(id) if cx.state.staking.exit(id).is_some() => {
            cx.state.staking.exit_mut(id).shares.restore(amount)
        }
        Pot::Moved(id) => {
            let parcel = cx.state.staking.moves.get_mut(id.index());
            let bound = parcel.filter(|parcel| parcel.stage == MoveStage::Bound);
            bound.map_or(Amount::ZERO, |parcel| parcel.shares.restore(amount))
        }
        _ => Amount::ZERO,
    };
    let rest = amount.saturating_sub(restored);
    cx.pay(Pot::Slash(slash), pot, restored, Reason::SlashReversed);
    let insurance = Pot::Insurance(Asset::Stake);
    cx.pay(Pot::Slash(slash), insurance, rest, Reason::SlashInsurance);
    rest
}

/// An exit matures: it answers for nothing any more and waits for its owners.
pub(crate) fn mature(cx: &mut Context<'_>, id: ExitId) {
    let Some(operator) = cx.state.staking.exit(id).map(|exit| exit.operator) else { return };
    cx.state.staking.delegation_pool_mut(operator).exits.retain(|other| *other != id);
}

/// Forgets an exit that nobody has a share of.
pub(crate) fn drop_if_empty(cx: &mut Context<'_>, id: ExitId) {
    let Some(exit) = cx.state.staking.exit(id) else { return };
    if !exit.shares.shares().is_zero() {
        return;
    }
    cx.state.timers.clear_epoch(exit.matures, Timer::Exit(id));
    mature(cx, id);
    cx.state.staking.exits.retire(id.index());
    cx.state.ledger.retire_exit(id.index());
}

/// Pays out every matured entry of a delegation, and forgets those that lost everything.
pub(crate) fn withdraw(cx: &mut Context<'_>, id: DelegationId) {
    let (account, now) = (cx.state.staking.delegation(id).account, cx.epoch());
    let entries = core::mem::take(&mut cx.state.staking.delegation_mut(id).exits);
    let (mut left, mut total) = (Vec::new(), Amount::ZERO);
    for (exit, mut claim) in entries {
        match cx.state.staking.exit(exit).map(|row| row.matures) {
            Some(matures) if matures > now => left.push((exit, claim)),
            Some(_) => {
                let all = cx.state.staking.exit_mut(exit).shares.redeem_all_floor(&mut claim);
                let to = Pot::Free(account, Asset::Stake);
                cx.pay(Pot::Exit(exit), to, all, Reason::DelegationWithdrawn);
                total = total.saturating_add(all);
                drop_if_empty(cx, exit);
            }
            // Slashed to nothing.
            None => {}
        }
    }
    cx.state.staking.delegation_mut(id).exits = left;
    if !total.is_zero() {
        let operator = cx.state.staking.delegation(id).operator;
        cx.journal.push(Event::DelegationWithdrawn { account, operator, amount: total });
    }
}

/// Is what a delegation has in its pool void, or less than a unit that no undone slash makes more?
pub(crate) fn is_worthless(staking: &Staking, delegation: &Delegation) -> bool {
    if staking.has_bound(delegation) {
        return false;
    }
    let pool = staking.delegation_pool(delegation.operator);
    let is_void = pool.shares.shares_of(staking.claim_of(delegation)).is_zero();
    is_void || (pool.slashes_waiting == 0 && staking.delegated_floor(delegation).is_zero())
}

/// Pays out the whole units that a delegation earned.
pub(crate) fn pay_earned(cx: &mut Context<'_>, id: DelegationId) {
    cx.state.staking.settle_delegation(id);
    let amount = cx.state.staking.delegation_mut(id).earned.take_floor();
    let Delegation { account, operator, .. } = *cx.state.staking.delegation(id);
    let to = cx.free_pot(account);
    cx.pay(Pot::DelegationRewards(operator), to, amount, Reason::DelegationRewardPaid);
    if !amount.is_zero() {
        cx.journal.push(Event::DelegationRewarded { account, operator, amount });
    }
}

/// Forgets a delegation that has nothing left in the pool or in an exit, and no unit to be paid.
pub(crate) fn forget_if_empty(cx: &mut Context<'_>, id: DelegationId) {
    let staking = &cx.state.staking;
    let row = staking.delegation(id);
    let is_owed = !staking.delegation_earned(row).whole_floor().is_zero();
    if !row.exits.is_empty() || !is_worthless(staking, row) || is_owed {
        return;
    }
    // Parcels that joined the pool, or lost everything, are let go of.
    cx.state.staking.settle_delegation(id);
    let row = cx.state.staking.delegation(id);
    let (account, operator, mut claim) = (row.account, row.operator, row.claim);
    let nothing =
        cx.state.staking.delegation_pool_mut(operator).shares.redeem_all_floor(&mut claim);
    assert!(nothing.is_zero(), "what is worthless is worth no unit");
    cx.state.accounts.account_mut(account).delegations.retain(|other| *other != id);
    cx.state.staking.delegations.retire(id.index());
}
