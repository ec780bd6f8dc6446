//! Withdraw a delegation: what has matured and what was earned go to their owner, who asks for it.

use crate::{
    command::WithdrawDelegation,
    context::Context,
    ids::AccountId,
    next::Next,
    staking::{WithdrawDelegationRejected, acts::delegated},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &WithdrawDelegation,
) -> Result<Next, WithdrawDelegationRejected> {
    let WithdrawDelegation { operator: from, role } = *command;
    let operator = cx.state.operator_id(from, role);
    let held = operator.and_then(|operator| cx.state.delegation_id(signer, operator));
    let id = held.ok_or(WithdrawDelegationRejected::NotDelegated)?;
    let (staking, now) = (&cx.state.staking, cx.epoch());
    let row = staking.delegation(id);
    let waits = |exit| staking.exit(exit).is_some_and(|exit| exit.matures > now);
    let is_owed = !staking.delegation_earned(row).whole_floor().is_zero();
    // A delegation that lost everything may be cleared away.
    let is_over = delegated::is_worthless(staking, row) && row.exits.is_empty();
    if row.exits.iter().all(|(exit, _)| waits(*exit)) && !is_owed && !is_over {
        return Err(WithdrawDelegationRejected::NothingMatured);
    }
    // From here on the command must succeed.
    delegated::withdraw(cx, id);
    delegated::pay_earned(cx, id);
    delegated::forget_if_empty(cx, id);
    Ok(Next::Nothing)
}
