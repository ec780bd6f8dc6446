//! Prices: what a unit that is bonded is worth in units that pay, as validators see it.
//!
//! Key terms: a *post* is what one validator says of one epoch; a *round* is all posts of an
//! epoch; the *price* is the last that counted, the *average* its mean over some epochs; a feed is
//! *stale* when nothing has counted for too long.
//!
//! ```text
//!   epoch E            epoch E + 1     E + 2 opens
//!   seal a price  ──►  open it   ──►   two thirds of the stake opened: their median, at most a
//!                                      step from the last price; else that stands, and ages
//! ```
//!
//! Laws: a post weighs what its validator had at stake when its epoch opened, delegated stake not
//! counted, and once; nobody sees a price of an epoch that may still be sealed for; rows last for
//! two epochs; what a job began with stays its price, whatever counts later (M21).
//! Law: who waits for a place in its active set says its price like those in it, so that nobody
//! buys a say by buying places; the quorum is of those in it, so that nobody's rest stops a feed.
//! Where stake secures something it is valued low, at the average less the haircut; where it is
//! minted high, at the price, the average or what validators said, however far from that a price
//! that follows by steps still is.
//! The first price is a step from `chain.stake_price`, which counts until there is one; new work
//! waits for it as for any other, or who gains from an old parameter would only have to be silent.
//! Known shortcomings: whoever copies what was opened for the epoch before is not told from who
//! looked, so that few who look may lead many; who is silent, or far off, loses nothing, and who
//! posts earns nothing; a price that falls by more than the haircut within the average leaves
//! stake valued too high; validators with more than a third of the stake can stop the feed, and
//! with it new jobs, until a vote; the stake of an epoch's opening is stored whole.
//! Not here: what is priced (`bound`, `rewards`), who may change a parameter (`governance`).

pub(crate) mod acts;
mod feed;
pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

pub use feed::Feed;
pub(crate) use feed::{bounded, median};
pub use rejected::{OpenPriceRejected, SealPriceRejected, Stale};

use crate::{
    ids::{Digest, OperatorId, Role},
    num::{Amount, Epoch, Epochs, Factor, Ratio},
    shared::{Arc, own},
    staking::Operator,
    table::Table,
};

/// What one validator says of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Whose.
    pub operator: OperatorId,
    /// In which epoch it was sealed.
    pub epoch: Epoch,
    /// What was sealed.
    pub seal: Digest,
    /// The stake it had when that epoch opened.
    pub weight: Amount,
    /// The price, once it is opened.
    pub price: Option<Factor>,
}

/// All posts of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// In which its prices are sealed.
    pub epoch: Epoch,
    /// What all validators that may take new work had at stake when it opened; those that wait for
    /// a place in their set are not asked for, and count if they post.
    pub stake: Amount,
    /// What those had who have opened a price.
    pub opened: Amount,
}

impl Round {
    pub(crate) fn new(epoch: Epoch, stake: Amount) -> Round {
        Round { epoch, stake, opened: Amount::ZERO }
    }
}

/// The numbers that a price is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedTerms {
    /// The median of what was opened, by stake.
    pub median: Factor,
    /// The price before.
    pub last: Factor,
    /// The most that it moves, of that.
    pub step: Ratio,
    /// The stake of those who opened.
    pub opened: Amount,
    /// That of all validators that may take new work; who opened may have more, if others wait.
    pub stake: Amount,
}

impl FeedTerms {
    /// The median, or as near to it as one step goes.
    pub fn price(&self) -> Factor {
        bounded(self.median, self.last, self.step)
    }
}

/// Operators as they stood when an epoch opened: a branch of their table.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    operators: Arc<Table<Operator>>,
    pub(crate) root: Digest,
}

impl Weights {
    pub(crate) fn new(mut operators: Table<Operator>) -> Weights {
        let root = operators.root();
        Weights { operators: Arc::new(operators), root }
    }
}

/// The feed, the rounds under way and their posts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prices {
    /// None until a price has counted.
    pub(crate) feed: Option<Feed>,
    /// The round whose prices are sealed in this epoch.
    pub(crate) sealing: Option<Round>,
    /// The round before, whose prices are opened in it.
    pub(crate) opening: Option<Round>,
    pub(crate) posts: Table<Post>,
    /// The stake of the round that is sealed.
    pub(crate) weights: Option<Weights>,
    /// The epoch in which a price could first be opened.
    pub(crate) begun: Option<Epoch>,
    /// Where each post stands; derived.
    places: Arc<Places>,
}

/// Where the posts of each epoch stand, by validator.
type Places = BTreeMap<Epoch, BTreeMap<OperatorId, usize>>;

/// What of [`Prices`] is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct PricesRows {
    feed: Option<Feed>,
    sealing: Option<Round>,
    opening: Option<Round>,
    posts: Table<Post>,
    weights: Option<Table<Operator>>,
    begun: Option<Epoch>,
}

/// What the root covers of prices besides the table.
pub(crate) type Globals<'a> =
    (Option<&'a Feed>, Option<Round>, Option<Round>, Option<Digest>, Option<Epoch>);

impl Prices {
    /// What an operator had at stake as a validator when this epoch opened, in its active set or
    /// waiting for a place there.
    pub(crate) fn weight(&self, id: OperatorId) -> Amount {
        let row = self.weights.as_ref().and_then(|rows| rows.operators.get(id.index()));
        let row = row.filter(|row| row.role == Role::Validator && row.is_fit());
        row.map_or(Amount::ZERO, |row| row.stake)
    }

    /// Where the post of a validator about an epoch stands, while that is there.
    pub(crate) fn place(&self, epoch: Epoch, operator: OperatorId) -> Option<usize> {
        self.places.get(&epoch)?.get(&operator).copied()
    }

    /// How many posts are there of an epoch.
    pub(crate) fn post_count(&self, epoch: Epoch) -> usize {
        self.places.get(&epoch).map_or(0, BTreeMap::len)
    }

    /// How many posts are there.
    pub(crate) fn places_len(&self) -> usize {
        self.places.values().map(BTreeMap::len).fold(0, usize::saturating_add)
    }

    pub(crate) fn post(&self, place: usize) -> &Post {
        self.posts.get(place).expect("a place is let go with its row")
    }

    fn push(&mut self, post: Post) {
        let place = self.posts.push(post);
        own(&mut self.places).entry(post.epoch).or_default().insert(post.operator, place);
    }

    fn open(&mut self, place: usize, price: Factor) {
        let post = self.posts.get_mut(place).expect("a place is let go with its row");
        post.price = Some(price);
        let round = self.opening.as_mut().expect("a post that may be opened has its round");
        round.opened = round.opened.saturating_add(post.weight);
    }

    /// Lets go of the posts of a round; what was opened of them, each with its weight.
    fn close(&mut self, epoch: Epoch) -> Vec<(Factor, Amount)> {
        let posts = self.posts.iter().filter(|(_, post)| post.epoch == epoch);
        let posts: Vec<(usize, Post)> = posts.map(|(place, post)| (place, *post)).collect();
        for (place, _) in &posts {
            self.posts.retire(*place);
        }
        own(&mut self.places).remove(&epoch);
        posts.iter().filter_map(|(_, post)| Some((post.price?, post.weight))).collect()
    }

    /// The epoch at whose opening a price counted last; until one has, that in which one could
    /// first be opened.
    pub(crate) fn stands_since(&self) -> Option<Epoch> {
        self.feed.as_ref().map(|feed| feed.counted).or(self.begun)
    }

    /// For how long nothing has counted, if it is as long as this.
    pub(crate) fn stale(&self, now: Epoch, limit: Epochs) -> Option<Epochs> {
        let passed = now.since(self.stands_since()?);
        (passed >= limit).then_some(passed)
    }

    /// Is there nothing of a feed?
    pub(crate) fn is_blank(&self) -> bool {
        let rounds = (&self.feed, self.sealing, self.opening);
        matches!(rounds, (None, None, None))
    }

    /// There is no feed any more, nor anything that was said in it.
    fn stop(&mut self) {
        let places: Vec<usize> = self.posts.iter().map(|(place, _)| place).collect();
        for place in places {
            self.posts.retire(place);
        }
        let posts = core::mem::take(&mut self.posts);
        *self = Prices { posts, ..Prices::default() };
    }

    /// What the root covers besides the table.
    pub(crate) fn globals(&self) -> Globals<'_> {
        let root = self.weights.as_ref().map(|weights| weights.root);
        (self.feed.as_ref(), self.sealing, self.opening, root, self.begun)
    }

    pub(crate) fn rows(&self) -> PricesRows {
        let weights = self.weights.as_ref().map(|rows| Table::clone(&rows.operators));
        let Prices { feed, sealing, opening, posts, begun, .. } = self.clone();
        PricesRows { feed, sealing, opening, posts, weights, begun }
    }

    pub(crate) fn restore(rows: PricesRows) -> Prices {
        let PricesRows { feed, sealing, opening, posts, weights, begun } = rows;
        let mut places = Places::new();
        for (place, post) in posts.iter() {
            places.entry(post.epoch).or_default().insert(post.operator, place);
        }
        let places = Arc::new(places);
        let weights = weights.map(Weights::new);
        Prices { feed, sealing, opening, posts, weights, begun, places }
    }
}
