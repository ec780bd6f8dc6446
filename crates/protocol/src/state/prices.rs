//! What may be read of prices, and which of them counts for what.

use alloc::vec::Vec;

use crate::{
    num::{Epochs, Factor},
    prices::{Feed, Post, Round, Stale},
};

use super::State;

impl State {
    /// The price feed; none while it is off, and before a price has counted.
    pub fn price_feed(&self) -> Option<&Feed> {
        self.prices.feed.as_ref().filter(|_| self.params().prices().is_on())
    }

    /// The round whose prices are sealed in this epoch, and the one whose are opened in it.
    pub fn price_rounds(&self) -> [Option<Round>; 2] {
        [self.prices.sealing, self.prices.opening]
    }

    /// What validators posted of a round, in the order in which they sealed.
    pub fn price_posts(&self, round: &Round) -> Vec<&Post> {
        let posts = self.prices.posts.iter().map(|(_, post)| post);
        posts.filter(|post| post.epoch == round.epoch).collect()
    }

    /// How many validators sealed a price of a round.
    pub fn price_post_count(&self, round: &Round) -> usize {
        self.prices.post_count(round.epoch)
    }

    /// For how long nothing has counted: 0 if a price counted when this epoch opened. None while
    /// there is no feed, and before the first price could be opened.
    pub fn price_age(&self) -> Option<Epochs> {
        let since = self.prices.stands_since().filter(|_| self.params().prices().is_on());
        since.map(|since| self.epoch().since(since))
    }

    /// For how long nothing has counted, if that is too long for new work.
    pub fn price_is_stale(&self) -> Option<Epochs> {
        let params = self.params().prices();
        self.prices.stale(self.epoch(), params.stale_epochs).filter(|_| params.is_on())
    }

    /// What a unit that is bonded is worth in units that pay where it secures new work.
    ///
    /// # Errors
    /// No price has counted for too long.
    pub fn bond_price(&self) -> Result<Factor, Stale> {
        let (params, now) = (self.params(), self.epoch());
        let since = self.prices.stands_since().filter(|_| self.price_is_stale().is_some());
        if let Some(counted) = since {
            return Err(Stale { counted, now });
        }
        let feed = self.price_feed().map(|feed| feed.bond_price(params.prices().haircut));
        Ok(feed.unwrap_or(params.chain().stake_price))
    }

    /// What a unit that is bonded is worth in units that pay where it is minted: the last price,
    /// the average or what validators said, whichever is most, stale or not.
    pub fn mint_price(&self) -> Factor {
        self.price_feed().map_or(self.params().chain().stake_price, Feed::mint_price)
    }
}
