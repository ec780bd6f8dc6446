//! Transfer: free money changes hands.

use crate::{
    accounts::TransferRejected, command::Transfer, context::Context, event::Event, ids::AccountId,
    ledger::Pot, ledger::Reason, next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &Transfer,
) -> Result<Next, TransferRejected> {
    let (wanted, asset) = (command.amount, command.asset);
    if wanted.is_zero() {
        return Err(TransferRejected::AmountMustBePositive);
    }
    if !cx.state.ledger.assets().all().contains(&asset) {
        return Err(TransferRejected::NoSuchAsset);
    }
    let free = cx.state.ledger.balance(Pot::Free(signer, asset));
    if wanted > free {
        return Err(TransferRejected::ExceedsFree { wanted, free });
    }
    // From here on the command must succeed.
    let target = cx.account_at(command.to);
    let (from, to) = (Pot::Free(signer, asset), Pot::Free(target, asset));
    cx.pay(from, to, wanted, Reason::Transfer);
    cx.journal.push(Event::Transferred { source: signer, target, asset, amount: wanted });
    Ok(Next::Nothing)
}
