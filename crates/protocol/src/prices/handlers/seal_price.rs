//! Seal: a validator binds itself to a price before anybody shows one.

use crate::{
    command::SealPrice,
    context::Context,
    event::Event,
    ids::{AccountId, Role},
    next::Next,
    num::Epochs,
    prices::{Post, SealPriceRejected},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &SealPrice,
) -> Result<Next, SealPriceRejected> {
    let SealPrice { epoch, seal } = *command;
    if !cx.params().prices().is_on() {
        return Err(SealPriceRejected::FeedOff);
    }
    let now = cx.epoch();
    if epoch != now {
        return Err(SealPriceRejected::WrongEpoch { got: epoch, now });
    }
    let operator = cx.state.operator_id(signer, Role::Validator);
    let operator = operator.ok_or(SealPriceRejected::NotAValidator)?;
    let prices = &cx.state.prices;
    if prices.sealing.is_none() {
        return Err(SealPriceRejected::NotBegun { begins: now.after(Epochs::new(1)) });
    }
    let weight = prices.weight(operator);
    if weight.is_zero() {
        return Err(SealPriceRejected::NoWeight { epoch });
    }
    if prices.place(epoch, operator).is_some() {
        return Err(SealPriceRejected::AlreadySealed);
    }
    // From here on the command must succeed.
    cx.state.prices.push(Post { operator, epoch, seal, weight, price: None });
    cx.journal.push(Event::PriceSealed { account: signer, epoch, weight });
    Ok(Next::Nothing)
}
