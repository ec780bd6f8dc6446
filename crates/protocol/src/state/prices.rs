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

    /// For how long nothing has counted, if that is too long for new work.
    pub fn price_is_stale(&self) -> Option<Epochs> {
        let feed = self.price_feed()?;
        let (now, limit) = (self.epoch(), self.params().prices().stale_epochs);
        feed.is_stale(now, limit).then(|| now.since(feed.counted))
    }

    /// What a unit that is bonded is worth in units that pay where it secures new work.
    ///
    /// # Errors
    /// No price has counted for too long.
    pub fn bond_price(&self) -> Result<Factor, Stale> {
        let Some(feed) = self.price_feed() else { return Ok(self.params().chain().stake_price) };
        if self.price_is_stale().is_some() {
            return Err(Stale { counted: feed.counted, now: self.epoch() });
        }
        Ok(feed.bond_price(self.params().prices().haircut))
    }

    /// What a unit that is bonded is worth in units that pay where it is minted: the last price or
    /// the average, whichever is more, stale or not.
    pub fn mint_price(&self) -> Factor {
        self.price_feed().map_or(self.params().chain().stake_price, Feed::mint_price)
    }
}
