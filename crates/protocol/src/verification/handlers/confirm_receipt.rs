//! Confirm: the requester says that it has the output.

use crate::{
    command::ConfirmReceipt, context::Context, event::Event, ids::AccountId, market::live_in_phase,
    next::Next, verification::ConfirmReceiptRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &ConfirmReceipt,
) -> Result<Next, ConfirmReceiptRejected> {
    let id = command.job;
    let live = live_in_phase!(cx, id, ConfirmReceiptRejected, Challengeable);
    if cx.state.market.order(id).requester != signer {
        return Err(ConfirmReceiptRejected::NotTheRequester);
    }
    if cx.state.verification.case(live).receipt {
        return Err(ConfirmReceiptRejected::AlreadyConfirmed);
    }
    // From here on the command must succeed.
    cx.state.verification.case_mut(live).receipt = true;
    cx.journal.push(Event::ReceiptConfirmed { job: id });
    Ok(Next::Nothing)
}
