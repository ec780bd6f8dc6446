//! What happens to the list: a place is paid, the list ends.

use crate::{
    context::Context,
    event::Event,
    ids::Asset,
    ledger::{Pot, Reason},
};

/// Gives what nobody fetched of the list to the treasury, in the first epoch after it closed.
pub(crate) fn close(cx: &mut Context<'_>) {
    let now = cx.now();
    let Some(list) = &mut cx.state.grants.list else { return };
    if list.is_open(now) || list.left.is_zero() {
        return;
    }
    let amount = core::mem::take(&mut list.left);
    cx.pay(Pot::Grants, Pot::Treasury(Asset::Stake), amount, Reason::ListClosed);
    cx.journal.push(Event::ListClosed { amount });
}
