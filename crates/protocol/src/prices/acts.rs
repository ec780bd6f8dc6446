//! What time does with prices: closes the round that was opened, and begins the next.
//!
//! Law: a price counts if validators with the quorum of the stake of those that may take new work
//! opened one, by their stake as it stood when the epoch opened in which they sealed it; else the
//! last one stands, and ages.
//! Not here: what a price is for (`market`, `rewards`).

use alloc::boxed::Box;

use crate::{
    context::Context,
    event::Event,
    num::Epoch,
    prices::{Feed, FeedTerms, Round, Weights, bounded, median},
};

/// Closes the round whose prices were opened in the epoch that ended, and begins that of the epoch
/// that opens. Without a feed there is nothing of it.
pub(crate) fn turn(cx: &mut Context<'_>) {
    let params = *cx.params().prices();
    if !params.is_on() {
        if !cx.state.prices.is_blank() {
            cx.state.prices.stop();
        }
        return;
    }
    let now = cx.epoch();
    if let Some(round) = cx.state.prices.opening.take() {
        count(cx, round, now);
    }
    let staking = &mut cx.state.staking;
    let stake = staking.validator_stake();
    let weights = Weights::new(staking.operators.clone());
    let prices = &mut cx.state.prices;
    prices.opening = prices.sealing.take();
    prices.begun = prices.begun.or(prices.opening.map(|_| now));
    prices.sealing = Some(Round::new(now, stake));
    prices.weights = Some(weights);
}

fn count(cx: &mut Context<'_>, round: Round, now: Epoch) {
    let params = *cx.params().prices();
    let Round { epoch, stake, opened } = round;
    let shown = cx.state.prices.close(epoch);
    let enough = opened >= params.quorum.amount_ceil(stake);
    let middle = median(shown).filter(|_| enough);
    let last = cx.state.prices.feed.as_ref().map(|feed| feed.price);
    let last = last.unwrap_or(cx.params().chain().stake_price);
    let price = middle.map(|middle| bounded(middle, last, params.step));
    let prices = &mut cx.state.prices;
    match (prices.feed.as_mut(), price) {
        (Some(feed), price) => feed.advance(price, now, params.average_epochs),
        (None, Some(price)) => prices.feed = Some(Feed::begin(price, now)),
        (None, None) => {}
    }
    if let Some((feed, middle)) = prices.feed.as_mut().zip(middle) {
        feed.said = middle;
    }
    let event = match (&prices.feed, middle) {
        (Some(feed), Some(median)) => {
            let terms = FeedTerms { median, last, step: params.step, opened, stake };
            let average = feed.average_floor();
            Event::PriceCounted { epoch, price: feed.price, average, terms: Box::new(terms) }
        }
        _ => {
            let is_stale = prices.stale(now, params.stale_epochs).is_some();
            Event::PriceMissed { epoch, opened, stake, is_stale }
        }
    };
    cx.journal.push(event);
}
