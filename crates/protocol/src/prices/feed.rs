//! The feed: what counted, epoch by epoch, and what follows from it.
//!
//! Law: a price is at least one part per billion and at most a million; it moves by at most a step
//! an epoch; each epoch weighs alike in the average, one in which nothing counted with the price
//! that stood.
//! Rounding: the median is the lower of two; a step up down, a step down up, but for one part that
//! each may always move; the average down where stake secures, up where it is minted.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Epoch, Epochs, Factor, Ratio};

/// The least price: one part per billion.
const PART: Factor = match Factor::new(1) {
    Some(part) => part,
    None => Factor::ONE,
};

/// What counted, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// What a unit of the stake asset is worth in the payment asset, as it counted last.
    pub price: Factor,
    /// What validators said when it counted: where that is more than a step away, the price only
    /// follows it.
    pub said: Factor,
    /// The epoch at whose opening it counted.
    pub counted: Epoch,
    /// The price of each epoch of the average, the oldest first; never empty.
    pub past: Vec<Factor>,
}

impl Feed {
    /// A feed whose first price counts when `now` opens.
    pub(crate) fn begin(price: Factor, now: Epoch) -> Feed {
        Feed { price, said: price, counted: now, past: alloc::vec![price] }
    }

    /// One more epoch, with the price that counted when it opened, or the one that stood.
    pub(crate) fn advance(&mut self, counted: Option<Factor>, now: Epoch, span: Epochs) {
        if let Some(price) = counted {
            (self.price, self.counted) = (price, now);
        }
        self.past.push(self.price);
        let span = usize::try_from(span.count()).unwrap_or(usize::MAX).max(1);
        let beyond = self.past.len().saturating_sub(span);
        self.past.drain(..beyond);
    }

    /// The average over the epochs there are, down.
    pub fn average_floor(&self) -> Factor {
        factor(self.sum().checked_div(self.count()).unwrap_or(0))
    }

    /// The same, up.
    pub fn average_ceil(&self) -> Factor {
        factor(self.sum().div_ceil(self.count()))
    }

    /// What a unit is worth that secures something: the average less the haircut, down.
    pub fn bond_price(&self, haircut: Ratio) -> Factor {
        self.average_floor().ratio_floor(haircut.complement()).max(PART)
    }

    /// What a unit is worth that is burnt for what pays: the price, the average or what validators
    /// said, whichever is least.
    pub fn burn_price(&self) -> Factor {
        self.price.min(self.average_floor()).min(self.said)
    }

    /// What a unit is worth that is minted, for work or for what pays: the price, the average or
    /// what validators said, whichever is most.
    pub fn mint_price(&self) -> Factor {
        self.price.max(self.average_ceil()).max(self.said)
    }

    fn sum(&self) -> u64 {
        // At most 168 of at most 10^15 each.
        self.past.iter().fold(0, |sum, price| sum.saturating_add(price.parts()))
    }

    fn count(&self) -> u64 {
        u64::try_from(self.past.len()).unwrap_or(u64::MAX).max(1)
    }
}

fn factor(parts: u64) -> Factor {
    Factor::new(parts).unwrap_or(Factor::MAX)
}

/// The least price that at least half of the weight is at or below; none of nothing.
pub(crate) fn median(mut opened: Vec<(Factor, Amount)>) -> Option<Factor> {
    opened.sort_unstable_by_key(|(price, _)| *price);
    let wide = |weight: Amount| u128::from(weight.units());
    let all = opened.iter().fold(0u128, |sum, (_, weight)| sum.saturating_add(wide(*weight)));
    let mut below = 0u128;
    let half = |(_, weight): &&(Factor, Amount)| {
        below = below.saturating_add(wide(*weight));
        below.saturating_mul(2) >= all
    };
    opened.iter().find(half).map(|(price, _)| *price)
}

/// `wanted`, or as near to it as one step from `last` goes.
pub(crate) fn bounded(wanted: Factor, last: Factor, step: Ratio) -> Factor {
    let most = last.ratio_floor(step).max(PART);
    wanted.clamp(last.saturating_sub(most).max(PART), last.saturating_add(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(count: u64) -> Factor {
        Factor::new(count).expect("small")
    }

    fn weighed(rows: &[(u64, u64)]) -> Option<Factor> {
        let units = |count| Amount::new(count).expect("small");
        median(rows.iter().map(|(price, weight)| (parts(*price), units(*weight))).collect())
    }

    #[test]
    fn the_median_is_by_weight_and_the_lower_of_two() {
        assert_eq!(weighed(&[]), None);
        assert_eq!(weighed(&[(7, 1)]), Some(parts(7)));
        assert_eq!(weighed(&[(9, 1), (1, 1), (5, 1)]), Some(parts(5)));
        assert_eq!(weighed(&[(9, 50), (1, 50)]), Some(parts(1)), "half is enough for the lower");
        assert_eq!(weighed(&[(9, 51), (1, 50)]), Some(parts(9)));
        assert_eq!(weighed(&[(9, 2), (1, 1), (9, 2), (4, 3)]), Some(parts(4)));
        let all = Amount::MAX.units();
        assert_eq!(weighed(&[(9, all), (1, all / 2)]), Some(parts(9)), "in wide numbers");
    }

    #[test]
    fn a_step_is_bounded_on_both_sides_and_never_nothing() {
        let step = Ratio::percent(10);
        let moved = |wanted, last| bounded(parts(wanted), parts(last), step).parts();
        assert_eq!(moved(2_000, 1_000), 1_100);
        assert_eq!(moved(1_100, 1_000), 1_100);
        assert_eq!(moved(1_099, 1_000), 1_099);
        assert_eq!(moved(1, 1_000), 900);
        assert_eq!(moved(901, 1_000), 901);
        assert_eq!(moved(500, 3), 4, "one part, though a tenth of three is none");
        assert_eq!(moved(1, 1), 1, "never nothing");
        let top = Factor::MAX.parts();
        assert_eq!(moved(top, top - 1), top);
    }

    #[test]
    fn an_epoch_without_a_price_weighs_as_the_one_that_stood() {
        let (three, now) = (Epochs::new(3), Epoch::new(9));
        let mut feed = Feed::begin(parts(10), now);
        feed.advance(Some(parts(11)), now.after(Epochs::new(1)), three);
        assert_eq!((feed.average_floor(), feed.average_ceil()), (parts(10), parts(11)));
        assert_eq!(feed.mint_price(), parts(11));
        for _ in 0..2 {
            feed.advance(None, now.after(Epochs::new(2)), three);
        }
        assert_eq!(feed.past, [parts(11); 3]);
        assert_eq!(feed.counted, Epoch::new(10));
        feed.advance(Some(parts(5)), Epoch::new(13), Epochs::new(2));
        assert_eq!(feed.past, [11, 5].map(parts), "a shorter span keeps the newest");
        assert_eq!((feed.average_floor(), feed.mint_price()), (parts(8), parts(10)), "as was said");
        assert_eq!(feed.bond_price(Ratio::percent(20)), parts(6), "6.4, down");
        let (far, near) =
            (Feed { said: parts(2), ..feed.clone() }, Feed { said: parts(6), ..feed });
        assert_eq!((far.burn_price(), far.mint_price()), (parts(2), parts(8)));
        assert_eq!((near.burn_price(), near.mint_price()), (parts(5), parts(8)));
        // It rose by steps for long, and now falls by one.
        let last = Feed { price: parts(9), said: parts(2), ..near.clone() };
        assert_eq!((last.burn_price(), last.mint_price()), (parts(2), parts(9)));
        let far = Feed { said: parts(20), ..near };
        assert_eq!((far.burn_price(), far.mint_price()), (parts(5), parts(20)));
        assert_eq!(Feed::begin(parts(1), now).bond_price(Ratio::percent(90)), parts(1));
    }

    /// The longest average of the largest prices: nothing overflows, and one more epoch lets go of
    /// the oldest.
    #[test]
    fn the_longest_average_of_the_largest_prices_is_one_of_them() {
        let (longest, now) = (Epochs::new(168), Epoch::new(1));
        let mut feed = Feed::begin(parts(1), now);
        for _ in 0..167 {
            feed.advance(Some(Factor::MAX), now, longest);
        }
        assert_eq!((feed.past.len(), feed.past[0]), (168, parts(1)), "full");
        assert!(feed.average_floor() < feed.average_ceil() && feed.average_ceil() < Factor::MAX);
        feed.advance(None, now, longest);
        assert_eq!(feed.past, [Factor::MAX; 168], "the oldest is gone");
        assert_eq!((feed.average_floor(), feed.average_ceil()), (Factor::MAX, Factor::MAX));
        assert_eq!((feed.burn_price(), feed.mint_price()), (parts(1), Factor::MAX), "as was said");
    }
}
