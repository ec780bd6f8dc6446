//! The laws of prices: rounds follow each other, and know their posts and what was opened of them.

use alloc::collections::BTreeSet;

use super::Broken;
use crate::{
    num::{Amount, Epochs},
    prices::Post,
    state::State,
};

pub(super) fn check(state: &State) -> Result<(), Broken> {
    let [sealing, opening] = state.price_rounds();
    let now = state.epoch();
    let is_ordered = sealing.is_none_or(|round| round.epoch == now)
        && opening.is_none_or(|round| round.epoch.after(Epochs::new(1)) == now);
    let mut counted = 0usize;
    for round in sealing.iter().chain(&opening) {
        let posts = state.price_posts(round);
        counted = counted.saturating_add(posts.len());
        let opened = posts.iter().filter(|post| post.price.is_some()).map(|post| post.weight);
        let opened = opened.fold(Amount::ZERO, Amount::saturating_add);
        let weighs = |post: &&Post| post.weight == state.prices.weight(post.operator);
        let is_weighed = round.epoch != now || posts.iter().all(weighs);
        let operators: BTreeSet<_> = posts.iter().map(|post| post.operator).collect();
        let found =
            posts.iter().all(|post| state.prices.place(post.epoch, post.operator).is_some());
        if opened != round.opened || !is_weighed || operators.len() != posts.len() || !found {
            return Err(Broken::PriceRound { epoch: round.epoch, recorded: round.opened, opened });
        }
    }
    let rows = state.prices.posts.live();
    let is_fed = state.prices.feed.as_ref().is_none_or(|feed| {
        let within = feed.past.iter().all(|price| price.parts() > 0);
        within && feed.past.last() == Some(&feed.price) && feed.counted <= now
    });
    let is_weighed = sealing.is_some() == state.prices.weights.is_some();
    let begun = state.prices.begun;
    let is_begun = begun.is_none_or(|epoch| epoch <= now)
        && (begun.is_some() || (state.prices.feed.is_none() && opening.is_none()));
    if is_ordered
        && is_fed
        && is_weighed
        && is_begun
        && rows == counted
        && state.prices.places_len() == rows
    {
        return Ok(());
    }
    Err(Broken::Prices)
}
