//! Unbond: free bond begins to leave; it stays slashable until it is paid out.

use crate::{
    command::Unbond,
    context::Context,
    event::Event,
    ids::{AccountId, Asset, UnbondingId},
    ledger::{Pot, Reason},
    next::Next,
    staking::{Leaver, UnbondRejected, Unbonding, acts},
    timers::Timer,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Unbond,
) -> Result<Next, UnbondRejected> {
    let Unbond { role, amount: wanted } = *command;
    if wanted.is_zero() {
        return Err(UnbondRejected::AmountMustBePositive);
    }
    let operator = cx.state.operator_id(signer, role).ok_or(UnbondRejected::NotAnOperator)?;
    let free_bond = cx.state.free_of_jobs(operator);
    if wanted > free_bond {
        return Err(UnbondRejected::ExceedsFreeBond { wanted, free_bond });
    }
    let row = cx.state.staking.operator(operator);
    let (unlocked, until) = (row.unlocked(), row.lock.until);
    if wanted > unlocked {
        return Err(UnbondRejected::Locked { wanted, unlocked, until });
    }
    let limit = cx.params().staking().unbondings_max;
    let queued = cx.state.staking.operator(operator).unbondings.len();
    if u64::try_from(queued).unwrap_or(u64::MAX) >= u64::from(limit) {
        return Err(UnbondRejected::UnbondingsAtLimit { limit });
    }
    // From here on the command must succeed.
    let leaver = Leaver::Own(cx.state.staking.operator(operator).pool_key());
    let leave = cx.state.leave(leaver, wanted);
    cx.state.staking.queue_up(leaver, &leave);
    let matures = leave.matures;
    let entry = Unbonding { operator, queued_at: cx.now(), matures, place: leave.place };
    let unbonding = UnbondingId::from_index(cx.state.staking.unbondings.push(entry));
    cx.state.ledger.open_unbonding();
    cx.pay(Pot::Bond(operator), Pot::Unbonding(unbonding), wanted, Reason::Unbond);
    acts::reduce_stake(cx, operator, wanted);
    acts::set::give_way(cx, operator);
    cx.state.staking.operator_mut(operator).unbondings.push(unbonding);
    cx.state.timers.set_epoch(matures, Timer::Unbonding(unbonding));
    cx.journal.push(Event::Unbonding { operator, unbonding, amount: wanted, matures });
    Ok(Next::Nothing)
}

/// A matured entry leaves for its account's free balance.
pub(crate) fn withdraw(cx: &mut Context<'_>, unbonding: UnbondingId) {
    let operator = cx.state.staking.unbonding(unbonding).operator;
    let account = cx.state.staking.operator(operator).account;
    let (from, to) = (Pot::Unbonding(unbonding), Pot::Free(account, Asset::Stake));
    let amount = cx.pay_all(from, to, Reason::Withdraw);
    forget(cx, unbonding);
    cx.journal.push(Event::Withdrawn { account, unbonding, amount });
}

/// Takes an entry without money out of the queue.
pub(super) fn forget(cx: &mut Context<'_>, unbonding: UnbondingId) {
    let operator = cx.state.staking.unbonding(unbonding).operator;
    let row = cx.state.staking.operator_mut(operator);
    row.unbondings.retain(|queued| *queued != unbonding);
    cx.state.staking.unbondings.retire(unbonding.index());
    cx.state.ledger.retire_unbonding(unbonding.index());
}
