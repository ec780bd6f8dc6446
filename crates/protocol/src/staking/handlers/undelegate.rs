//! Undelegate: delegated stake begins to leave; it stays slashable until it matures.

use crate::{
    command::Undelegate,
    context::Context,
    event::Event,
    ids::{AccountId, ExitId, OperatorId},
    ledger::{Pot, Reason},
    next::Next,
    num::{Claim, Epoch, SharePool},
    staking::{Exit, Leaver, Place, UndelegateRejected, acts::delegated, end_of_exit},
    timers::Timer,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Undelegate,
) -> Result<Next, UndelegateRejected> {
    let Undelegate { operator: from, role, amount: wanted } = *command;
    if wanted.is_zero() {
        return Err(UndelegateRejected::AmountMustBePositive);
    }
    let operator = cx.state.operator_id(from, role);
    let held = operator.and_then(|operator| cx.state.delegation_id(signer, operator));
    let id = held.ok_or(UndelegateRejected::NotDelegated)?;
    let row = cx.state.staking.delegation(id);
    let (operator, mut claim) = (row.operator, cx.state.staking.claim_of(row));
    let there = cx.state.staking.delegation_pool(operator).shares.value_floor(claim);
    if wanted > there {
        return Err(UndelegateRejected::ExceedsDelegation { wanted, delegated: there });
    }
    let (rest, minimum) = (there.saturating_sub(wanted), cx.params().staking().delegation_min);
    if !rest.is_zero() && rest < minimum {
        return Err(UndelegateRejected::RestBelowMinimum { rest, minimum });
    }
    let leave = cx.state.leave(Leaver::Delegated, wanted);
    let matures = end_of_exit(leave.matures, cx.params().staking());
    let open = exit_of(cx, operator, matures);
    let shares = open.and_then(|id| cx.state.staking.exit(id)).map(|exit| exit.shares);
    let waits = cx.state.staking.delegation_pool(operator).slashes_waiting > 0;
    if waits && shares.is_some_and(|shares| shares.has_lost()) {
        return Err(UndelegateRejected::SlashWaits);
    }
    // The value of all shares takes them all, so that no dust is left to its owner.
    let mut pool = cx.state.staking.delegation_pool(operator).shares;
    let exact = if wanted == there { None } else { pool.withdraw_ceil(&mut claim, wanted) };
    let amount = match exact {
        Some(_) => wanted,
        None => pool.redeem_all_floor(&mut claim),
    };
    if shares.unwrap_or_default().shares_floor(amount).is_none() {
        return Err(UndelegateRejected::ExitFull);
    }
    // From here on the command must succeed.
    cx.state.staking.queue_up(Leaver::Delegated, &leave);
    delegated::withdraw(cx, id);
    cx.state.staking.settle_delegation(id);
    cx.state.staking.delegation_pool_mut(operator).shares = pool;
    cx.state.staking.delegation_mut(id).claim = claim;
    let exit = open.unwrap_or_else(|| open_exit(cx, operator, matures));
    cx.pay(Pot::Delegated(operator), Pot::Exit(exit), amount, Reason::Undelegate);
    let now = cx.now();
    let entries = &cx.state.staking.delegation(id).exits;
    let place = entries.iter().position(|(other, _)| *other == exit);
    let mut entry = place.and_then(|place| entries.get(place)).map_or(Claim::default(), |e| e.1);
    let row = cx.state.staking.exit_mut(exit);
    (row.queued_at, row.place) = (now, row.place.joined(leave.place));
    row.shares.mint_floor(&mut entry, amount).expect("a full exit was refused");
    let entries = &mut cx.state.staking.delegation_mut(id).exits;
    match place.and_then(|place| entries.get_mut(place)) {
        Some(known) => known.1 = entry,
        None => entries.push((exit, entry)),
    }
    cx.journal.push(Event::Undelegating { account: signer, operator, exit, amount, matures });
    Ok(Next::Nothing)
}

/// The exit of a pool that matures then, if it is open.
fn exit_of(cx: &Context<'_>, operator: OperatorId, matures: Epoch) -> Option<ExitId> {
    let staking = &cx.state.staking;
    let mut exits = staking.delegation_pool(operator).exits.iter().copied();
    exits.find(|id| staking.exit(*id).is_some_and(|exit| exit.matures == matures))
}

fn open_exit(cx: &mut Context<'_>, operator: OperatorId, matures: Epoch) -> ExitId {
    let (shares, place) = (SharePool::default(), Place::default());
    let row = Exit { operator, shares, queued_at: cx.now(), matures, place };
    let id = ExitId::from_index(cx.state.staking.exits.push(row));
    cx.state.ledger.open_exit();
    cx.state.staking.delegation_pool_mut(operator).exits.push(id);
    cx.state.timers.set_epoch(matures, Timer::Exit(id));
    id
}
