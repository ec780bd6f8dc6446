//! Set the commission: what an operator keeps of its pay before its delegators share in the rest.

use crate::{
    command::SetCommission, context::Context, event::Event, ids::AccountId, next::Next,
    staking::SetCommissionRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &SetCommission,
) -> Result<Next, SetCommissionRejected> {
    let SetCommission { role, rate, ceiling } = *command;
    let operator = cx.state.operator_id(signer, role);
    let operator = operator.ok_or(SetCommissionRejected::NotAnOperator)?;
    let now = cx.epoch();
    let commission = cx.state.staking.delegation_pool(operator).commission;
    let commission = commission.changed_to((rate, ceiling), now, cx.params().staking())?;
    // From here on the command must succeed.
    cx.state.staking.delegation_pool_mut(operator).commission = commission;
    cx.journal.push(Event::CommissionSet { operator, account: signer, rate, ceiling });
    Ok(Next::Nothing)
}
