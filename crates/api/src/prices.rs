//! Views of the price feed: what stake is worth, by whom, and who has yet to say so.
//!
//! Law: as of all views, nothing is said that the state does not say. Prices are in parts per
//! billion: units that pay for a unit that is bonded.

use earnest_protocol::{
    Amount, Digest, Epoch, Epochs, Factor, OperatorId, State,
    prices::{Feed, Post, Round},
};
use serde::{Deserialize, Serialize};

use crate::{AccountRef, views::account_ref};

/// The price feed of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricesView {
    /// Is there one? Where there is none, `chain.stake_price` counts; else until a price does, or
    /// what stands is stale.
    pub is_on: bool,
    /// The epoch of the state that this is of.
    pub epoch: Epoch,
    /// What counted last.
    pub price: Option<Factor>,
    /// The median that it came from, which may be more than a step away: it bounds conversions.
    pub said: Option<Factor>,
    /// The epoch at whose opening it did.
    pub counted: Option<Epoch>,
    /// The average over `past`, down.
    pub average: Option<Factor>,
    /// The price of each epoch of the average, the oldest first.
    pub past: Vec<Factor>,
    /// For how many epochs nothing has counted: 0 if a price did when this one opened; none while
    /// there is no feed, and before the first price could be opened.
    pub age: Option<Epochs>,
    /// At which age it is stale, and new jobs are refused.
    pub stale_epochs: Epochs,
    /// For how many epochs nothing has counted, if that is too long for new jobs.
    pub stale: Option<Epochs>,
    /// What a unit of stake is worth where it secures a job posted now; none while it is stale.
    pub bond_price: Option<Factor>,
    /// The same where it is minted: the most of price, average and what was said.
    pub mint_price: Factor,
    /// The round whose prices are sealed in this epoch, if there is one.
    pub sealing: Option<PriceRoundView>,
    /// The round before it, whose prices are opened in this epoch.
    pub opening: Option<PriceRoundView>,
}

/// All that is posted of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRoundView {
    /// Which epoch.
    pub epoch: Epoch,
    /// What all validators that may take new work had at stake when it opened, in base units.
    pub stake: Amount,
    /// The stake that must open a price for one to count.
    pub needed: Amount,
    /// The stake that has, of those who wait for a place in their active set, too.
    pub opened: Amount,
    /// Who posted, in the order in which they sealed.
    pub posts: Vec<PricePostView>,
}

/// What one validator posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePostView {
    /// The validator.
    pub operator: OperatorId,
    /// Whose it is.
    pub account: Option<AccountRef>,
    /// Its stake when the epoch opened, in base units.
    pub weight: Amount,
    /// What it sealed: whoever has the key sees by it whether a price is the one.
    pub seal: Digest,
    /// The price; none while it is sealed.
    pub price: Option<Factor>,
}

/// The price feed as it stands.
pub fn prices(state: &State) -> PricesView {
    let feed = state.price_feed();
    let [sealing, opening] = state.price_rounds();
    let view = |round: Round| round_view(state, round);
    PricesView {
        is_on: state.params().prices().is_on(),
        epoch: state.epoch(),
        price: feed.map(|feed| feed.price),
        said: feed.map(|feed| feed.said),
        counted: feed.map(|feed| feed.counted),
        average: feed.map(Feed::average_floor),
        past: feed.map_or_else(Vec::new, |feed| feed.past.clone()),
        age: state.price_age(),
        stale_epochs: state.params().prices().stale_epochs,
        stale: state.price_is_stale(),
        bond_price: state.bond_price().ok(),
        mint_price: state.mint_price(),
        sealing: sealing.map(view),
        opening: opening.map(view),
    }
}

fn round_view(state: &State, round: Round) -> PriceRoundView {
    let post = |post: &Post| {
        let operator = state.operator(post.operator);
        PricePostView {
            operator: post.operator,
            account: operator.map(|row| account_ref(state, row.account)),
            weight: post.weight,
            seal: post.seal,
            price: post.price,
        }
    };
    PriceRoundView {
        epoch: round.epoch,
        stake: round.stake,
        needed: state.params().prices().quorum.amount_ceil(round.stake),
        opened: round.opened,
        posts: state.price_posts(&round).into_iter().map(post).collect(),
    }
}
