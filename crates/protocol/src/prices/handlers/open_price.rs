//! Open: a validator shows the price that it sealed in the epoch before.

use crate::{
    command::OpenPrice,
    context::Context,
    event::Event,
    ids::{AccountId, Role},
    next::Next,
    num::{Epochs, Factor},
    prices::OpenPriceRejected,
    seal,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &OpenPrice,
) -> Result<Next, OpenPriceRejected> {
    let OpenPrice { epoch, price, ref salt } = *command;
    if !cx.params().prices().is_on() {
        return Err(OpenPriceRejected::FeedOff);
    }
    let now = cx.epoch();
    if epoch.after(Epochs::new(1)) != now {
        return Err(OpenPriceRejected::WrongEpoch { got: epoch, now });
    }
    let operator = cx.state.operator_id(signer, Role::Validator);
    let operator = operator.ok_or(OpenPriceRejected::NotAValidator)?;
    let place = cx.state.prices.place(epoch, operator);
    let place = place.ok_or(OpenPriceRejected::NothingSealed)?;
    let post = cx.state.prices.post(place);
    if post.price.is_some() {
        return Err(OpenPriceRejected::AlreadyOpened);
    }
    if price == Factor::ZERO {
        return Err(OpenPriceRejected::PriceMustBePositive);
    }
    let account = cx.state.accounts.account(signer);
    if seal::price(&cx.state.chain.network, epoch, &account.address, price, salt) != post.seal {
        return Err(OpenPriceRejected::SealMismatch);
    }
    // From here on the command must succeed.
    cx.state.prices.open(place, price);
    cx.journal.push(Event::PriceOpened { account: signer, epoch, price });
    Ok(Next::Nothing)
}
