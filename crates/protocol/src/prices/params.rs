//! Parameters of the price feed.

use crate::{
    num::{Epochs, Ratio},
    params::declare::{BLOCKS_MAX, ONE, params},
};

params! {
    /// The price feed of a network of two assets.
    PricesParams in "prices" {
        /// Epochs that the average spans; 0 is no feed: `chain.stake_price` counts.
        average_epochs: Epochs = Epochs::ZERO, 0..=168,
            "off until a genesis or a vote says over how long; 24 are a day of hours";
        /// The least share of the stake of validators that may work, which must open a price, or
        /// none counts (M5).
        quorum: Ratio = two_thirds(), 666_666_667..=ONE,
            "two thirds: below a third of it nobody has half of what counts";
        /// The most that a price moves from the last that counted, of that (M5).
        step: Ratio = Ratio::percent(5), ONE / 1_000..=ONE / 2,
            "a fifth in four hours: faster than markets move on most days";
        /// What new work values stake less than the average (M5, R17).
        haircut: Ratio = Ratio::percent(20), ONE / 1_000..=ONE / 10 * 9,
            "four steps down before a bond is worth less than it was taken for";
        /// Epochs without a price that counts, after which no new work begins (M5, R17).
        stale_epochs: Epochs = Epochs::new(6), 1..=BLOCKS_MAX,
            "six hours: validators restart and agree within it";
    }
}

const fn two_thirds() -> Ratio {
    match Ratio::new(666_666_667) {
        Some(ratio) => ratio,
        None => Ratio::ONE,
    }
}

impl PricesParams {
    /// Is there a feed?
    pub fn is_on(&self) -> bool {
        self.average_epochs > Epochs::ZERO
    }
}
