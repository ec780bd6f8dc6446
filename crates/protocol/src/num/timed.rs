//! `Timed`: amounts that are promised until an epoch each, together; and `TimedIndex`, what a unit
//! of them ever earned for each epoch that was left of its promise.

use serde::{Deserialize, Serialize};

use super::{Amount, Epoch, Epochs, Factor, Index, PARTS};

/// Amounts until an epoch each, in one sum: what all of them add to weights is known without a
/// walk, at any epoch that none of them has passed.
///
/// An amount adds (boost − 1) · left / max of itself, where `left` is the epochs to its end.
///
/// Rounding: what one adds down, what all add up, so that the parts never exceed the sum.
///
/// ```
/// use earnest_protocol::num::{Amount, Epoch, Epochs, Factor, Timed};
///
/// let (boost, max) = (Factor::percent(400), Epochs::new(365));
/// let ten = Timed::of(Amount::tokens(10), Epoch::new(365));
/// assert_eq!(ten.adds_floor(Epoch::ZERO, boost, max), Some(Amount::tokens(30).units()));
/// assert_eq!(ten.adds_floor(Epoch::new(365), boost, max), Some(0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timed {
    amount: u64,
    /// The sum of amount · until; amounts sum to less than 2^63.
    ends: u128,
}

impl Timed {
    /// One amount until an epoch.
    pub fn of(amount: Amount, until: Epoch) -> Timed {
        let ends = u128::from(amount.units()) * u128::from(until.count()); // 63 + 64 bits fit 128.
        Timed { amount: amount.units(), ends }
    }

    /// True of nothing.
    pub fn is_zero(self) -> bool {
        self == Timed::default()
    }

    /// Both together; `None` if that is more than a supply.
    pub fn checked_add(self, other: Timed) -> Option<Timed> {
        let amount = Amount::new(self.amount.checked_add(other.amount)?)?;
        Some(Timed { amount: amount.units(), ends: self.ends.checked_add(other.ends)? })
    }

    /// Without `other`; `None` if that was no part of it.
    pub fn checked_sub(self, other: Timed) -> Option<Timed> {
        let amount = self.amount.checked_sub(other.amount)?;
        Some(Timed { amount, ends: self.ends.checked_sub(other.ends)? })
    }

    /// The sum of amount · left at an epoch that none has passed; 0 after all.
    fn left(self, now: Epoch) -> u128 {
        self.ends.saturating_sub(u128::from(self.amount) * u128::from(now.count()))
    }

    /// What is added at an epoch that none has passed, in base units of weight: down.
    ///
    /// `None` above 64 bits, or if `max` is 0.
    pub fn adds_floor(self, now: Epoch, boost: Factor, max: Epochs) -> Option<u64> {
        let (more, whole) = over(boost, max)?;
        u64::try_from(self.left(now).checked_mul(more)? / whole).ok()
    }

    /// The same: up.
    pub fn adds_ceil(self, now: Epoch, boost: Factor, max: Epochs) -> Option<u64> {
        let (more, whole) = over(boost, max)?;
        u64::try_from(self.left(now).checked_mul(more)?.div_ceil(whole)).ok()
    }
}

/// (boost − 1) / max as a fraction; `None` if `max` is 0.
fn over(boost: Factor, max: Epochs) -> Option<(u128, u128)> {
    let whole = u128::from(PARTS) * u128::from(max.count()); // 30 + 64 bits fit 128.
    (whole > 0).then_some((u128::from(boost.parts().saturating_sub(PARTS)), whole))
}

/// What one unit has ever earned for each epoch that was left of its promise, in base units times
/// 2^-64, beside an [`Index`] of what weight earned.
///
/// With q(t) the growth at epoch t, what is promised until u earned Σ (u − t) · q(t), which two
/// sums give: Σ q and Σ t · q. Both are kept to 2^128; the difference that is asked for is below
/// that.
///
/// Rounding: growth and earnings down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedIndex {
    sum: u128,
    timed: u128,
}

impl TimedIndex {
    /// Nothing yet.
    pub const ZERO: TimedIndex = TimedIndex { sum: 0, timed: 0 };

    /// The index once a unit of weight earned what lies between two values of `Index` at `now`:
    /// a unit earned (boost − 1) / max of it for each epoch left, down.
    ///
    /// `None` if that is more than 128 bits hold, or if `max` is 0.
    pub fn grown_floor(
        self,
        (from, to): (Index, Index),
        now: Epoch,
        (boost, max): (Factor, Epochs),
    ) -> Option<TimedIndex> {
        let (more, whole) = over(boost, max)?;
        let step = to.parts().checked_sub(from.parts())?.checked_mul(more)? / whole;
        let timed = step.checked_mul(u128::from(now.count()))?;
        Some(TimedIndex { sum: self.sum.wrapping_add(step), timed: self.timed.wrapping_add(timed) })
    }

    /// What `amount` until `until` earned between two settlements, neither after its end: down.
    ///
    /// `None` above [`Amount::MAX`], which does not happen to what was part of every total since.
    pub fn earned_floor(self, since: TimedIndex, amount: Amount, until: Epoch) -> Option<Amount> {
        let (sum, timed) = (self.sum.wrapping_sub(since.sum), self.timed.wrapping_sub(since.timed));
        let each = u128::from(until.count()).wrapping_mul(sum).wrapping_sub(timed);
        let parts = each.checked_mul(u128::from(amount.units()))?;
        Amount::new(u64::try_from(parts >> 64).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn amount(units: u64) -> Amount {
        Amount::new(units).expect("below the supply")
    }

    fn until() -> impl Strategy<Value = (u64, u64)> {
        (0..1u64 << 50, 100..10_000u64)
    }

    proptest! {
        #[test]
        fn what_all_add_covers_what_each_adds_and_a_split_gains_nothing(
            rows in proptest::collection::vec(until(), 1..20),
            now in 0..=100u64,
            boost in 100..=400u64,
            part in 0..1u64 << 50,
        ) {
            let (boost, max, now) = (Factor::percent(boost), Epochs::new(9_900), Epoch::new(now));
            let adds = |timed: Timed| timed.adds_floor(now, boost, max).unwrap();
            let rows: Vec<Timed> =
                rows.into_iter().map(|(a, u)| Timed::of(amount(a), Epoch::new(u))).collect();
            let all = rows.iter().try_fold(Timed::default(), |sum, row| sum.checked_add(*row));
            let all = all.unwrap();
            let each: u64 = rows.iter().map(|row| adds(*row)).sum();
            let sum = all.adds_ceil(now, boost, max).unwrap();
            prop_assert!(each <= sum && sum <= each + u64::try_from(rows.len()).unwrap());
            let back = rows.iter().try_fold(all, |sum, row| sum.checked_sub(*row));
            prop_assert_eq!(back, Some(Timed::default()));
            // One amount in two halves.
            let end = Epoch::new(5_000);
            let halves = [Timed::of(amount(part), end), Timed::of(amount((1 << 50) - part), end)];
            let whole = adds(Timed::of(amount(1 << 50), end));
            let split: u64 = halves.into_iter().map(adds).sum();
            prop_assert!(split <= whole && whole <= split + 1);
        }

        /// Against a walk that weighs everybody at every growth.
        #[test]
        fn promises_earn_what_a_walk_gives_them_but_for_the_dust(
            rows in proptest::collection::vec((1..1u64 << 40, 0..1u64 << 40, 50..300u64), 1..8),
            grows in proptest::collection::vec(1..1u64 << 40, 1..50),
            boost in 100..=400u64,
        ) {
            let terms = (Factor::percent(boost), Epochs::new(300));
            let (mut index, mut held) = (Index::ZERO, TimedIndex::ZERO);
            let mut walked = std::vec![0u128; rows.len()];
            let mut put_in = 0u64;
            for (now, units) in grows.iter().enumerate() {
                let now = Epoch::new(u64::try_from(now).unwrap());
                let timed = rows.iter().map(|(a, _, u)| Timed::of(amount(*a), Epoch::new(*u)));
                let timed = timed.fold(Timed::default(), |sum, row| sum.checked_add(row).unwrap());
                let stake: u64 = rows.iter().map(|(a, more, _)| a + more).sum();
                let total = stake + timed.adds_ceil(now, terms.0, terms.1).unwrap();
                let grown = index.grown_floor(amount(*units), total).unwrap();
                held = held.grown_floor((index, grown), now, terms).unwrap();
                index = grown;
                put_in += units;
                let whole = u128::from(PARTS) * 300;
                for (earned, (a, more, u)) in walked.iter_mut().zip(&rows) {
                    let [a, more, left] = [*a, *more, u - now.count()].map(u128::from);
                    let boosted = u128::from(terms.0.parts() - PARTS) * a * left;
                    let weight = (a + more) * whole + boosted;
                    // In sixty-fourths of a unit: fifty growths lose less than one.
                    *earned += ((u128::from(*units) * weight) << 6) / (u128::from(total) * whole);
                }
            }
            let mut paid = 0;
            for (expected, (a, more, u)) in walked.iter().zip(&rows) {
                let base = index.earned_floor(Index::ZERO, a + more).unwrap();
                let added = held.earned_floor(TimedIndex::ZERO, amount(*a), Epoch::new(*u));
                let earned = base.units() + added.unwrap().units();
                paid += earned;
                let (expected, earned) = (expected >> 6, u128::from(earned));
                prop_assert!(earned <= expected + 1 && expected <= earned + 3);
            }
            prop_assert!(paid <= put_in);
        }
    }

    #[test]
    fn the_edges_are_refused_or_exact() {
        let (boost, max) = (Factor::percent(400), Epochs::new(1 << 32));
        let all = Timed::of(Amount::MAX, Epoch::new(1 << 32));
        assert_eq!(all.adds_floor(Epoch::ZERO, boost, max), None, "three supplies are too many");
        let half = Factor::percent(150);
        let most = Amount::MAX.units() / 2;
        assert_eq!(all.adds_floor(Epoch::ZERO, half, max), Some(most));
        assert_eq!(all.adds_floor(Epoch::new(1 << 33), half, max), Some(0), "long over");
        assert_eq!(all.checked_add(Timed::of(Amount::UNIT, Epoch::ZERO)), None);
        assert_eq!(Timed::default().checked_sub(all), None);
        assert_eq!(all.adds_ceil(Epoch::ZERO, half, Epochs::new(0)), None);
        let full = Index::ZERO.grown_floor(Amount::MAX, 1).unwrap();
        let steps = (Index::ZERO, full);
        assert_eq!(TimedIndex::ZERO.grown_floor(steps, Epoch::ZERO, (boost, max)), None);
    }

    #[test]
    fn sums_that_wrap_give_the_same_difference() {
        let terms = (Factor::percent(200), Epochs::new(10));
        let step = (Index::ZERO, Index::ZERO.grown_floor(Amount::tokens(7), 1_000).unwrap());
        let near = TimedIndex { sum: u128::MAX - 5, timed: u128::MAX - 3 };
        let earned = |from: TimedIndex| {
            let to = from.grown_floor(step, Epoch::new(4), terms).unwrap();
            to.earned_floor(from, Amount::tokens(1), Epoch::new(9))
        };
        assert_eq!(earned(near), earned(TimedIndex::ZERO));
        // A thousandth of seven tokens for each unit, five of ten epochs left, boosted by one.
        let half = Amount::tokens(3_500_000).units();
        let off = half - earned(TimedIndex::ZERO).unwrap().units();
        assert!(off < Amount::TOKEN, "{off}");
    }
}
