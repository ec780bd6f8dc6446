//! Cancel an undelegation: stake that leaves goes back into the pool, by the rules of joining.

use crate::{
    command::CancelUndelegation,
    context::Context,
    event::Event,
    ids::AccountId,
    ledger::{Pot, Reason},
    next::Next,
    num::{Amount, Epoch},
    staking::{CancelUndelegationRejected, Leaver, Staking, acts::delegated},
};

use super::delegate::{MayNotJoin, join, may_join};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CancelUndelegation,
) -> Result<Next, CancelUndelegationRejected> {
    let CancelUndelegation { operator: from, role } = *command;
    let held = cx.state.operator_id(from, role).and_then(|operator| {
        let id = cx.state.delegation_id(signer, operator)?;
        Some((operator, id))
    });
    let (operator, id) = held.ok_or(CancelUndelegationRejected::NotDelegated)?;
    let now = cx.epoch();
    let entries = cx.state.staking.delegation(id).exits.iter().copied();
    let total = entries.filter(|entry| leaves(&cx.state.staking, now, entry.0));
    let total = total.map(|entry| cx.state.staking.leaving_floor(entry));
    let total = total.fold(Amount::ZERO, Amount::saturating_add);
    if total.is_zero() {
        return Err(CancelUndelegationRejected::NothingLeaves);
    }
    if !cx.state.staking.operator(operator).is_fit() {
        return Err(CancelUndelegationRejected::MayNotWork);
    }
    may_join(cx, operator, total).map_err(refused)?;
    // From here on the command must succeed.
    let entries = core::mem::take(&mut cx.state.staking.delegation_mut(id).exits);
    let (kept, matured): (alloc::vec::Vec<_>, alloc::vec::Vec<_>) =
        entries.into_iter().partition(|entry| leaves(&cx.state.staking, now, entry.0));
    cx.state.staking.delegation_mut(id).exits = matured;
    for (exit, mut claim) in kept {
        let row = cx.state.staking.exit_mut(exit);
        let (amount, place) = (row.shares.redeem_all_floor(&mut claim), row.place);
        cx.state.staking.stay(Leaver::Delegated, (amount, Amount::ZERO), place, now);
        let to = Pot::Delegated(operator);
        cx.pay(Pot::Exit(exit), to, amount, Reason::UndelegationCancelled);
        delegated::drop_if_empty(cx, exit);
    }
    join(cx, id, total);
    let amount = total;
    cx.journal.push(Event::UndelegationCancelled { account: signer, operator, amount });
    Ok(Next::Nothing)
}

fn refused(why: MayNotJoin) -> CancelUndelegationRejected {
    match why {
        MayNotJoin::KeepsEverything => CancelUndelegationRejected::KeepsEverything,
        MayNotJoin::SlashWaits => CancelUndelegationRejected::SlashWaits,
        MayNotJoin::ExceedsCap { total, max } => {
            CancelUndelegationRejected::ExceedsCap { total, max }
        }
        MayNotJoin::PoolFull => CancelUndelegationRejected::PoolFull,
    }
}

/// Is this exit still there, and not matured?
fn leaves(staking: &Staking, now: Epoch, exit: crate::ids::ExitId) -> bool {
    staking.exit(exit).is_some_and(|exit| exit.matures > now)
}
