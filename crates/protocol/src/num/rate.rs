//! `Rate`: a yearly rate fine enough to move a little every epoch.

use serde::{Deserialize, Serialize};

use super::{Amount, Ratio};

/// A share of a whole a year, 0 to 1, in parts of 10^-18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(u64);

/// What moves a rate towards a goal: fast while far from it, not at all once there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approach {
    /// The share that there should be, above 0.
    pub goal: Ratio,
    /// How much the rate moves in a year while there is nothing yet.
    pub change: Ratio,
    /// Periods in a year, at least 1.
    pub periods: u64,
    /// What the rate never falls below.
    pub least: Ratio,
    /// What it never exceeds, at least `least`.
    pub most: Ratio,
}

/// Parts in a whole.
const WHOLE: u64 = 1_000_000_000_000_000_000;
/// Parts of a rate in one of a ratio.
const FINER: u64 = WHOLE / super::PARTS;

impl Rate {
    /// The same share.
    pub const fn of(ratio: Ratio) -> Rate {
        Rate(ratio.parts() * FINER) // At most a billion billions.
    }

    /// Parts of 10^-18.
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// ⌊self · ratio⌋.
    pub fn times_floor(self, ratio: Ratio) -> Rate {
        let product = u128::from(self.0) * u128::from(ratio.parts()); // 60 + 30 bits.
        Rate(u64::try_from(product / u128::from(super::PARTS)).expect("a part of a rate"))
    }

    /// self^exponent by squaring, each multiplication down: less than 2 · `exponent` parts below
    /// the exact power.
    pub fn pow_floor(self, mut exponent: u64) -> Rate {
        let times = |a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b) / u128::from(WHOLE); // 60 + 60 bits.
            u64::try_from(product).expect("a part of a rate")
        };
        let (mut power, mut square) = (WHOLE, self.0);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = times(power, square);
            }
            square = times(square, square);
            exponent >>= 1;
        }
        Rate(power)
    }

    /// self + other, at most 1.
    pub fn plus(self, other: Rate) -> Rate {
        Rate(self.0.saturating_add(other.0).min(WHOLE))
    }

    /// ⌊self · base / periods⌋: what one of `periods` ≥ 1 periods of a year adds to `base`.
    pub fn amount_floor(self, base: Amount, periods: u64) -> Amount {
        let product = u128::from(self.0) * u128::from(base.units()); // 60 + 63 bits.
        let units = product / (u128::from(WHOLE) * u128::from(periods.max(1)));
        u64::try_from(units).ok().and_then(Amount::new).expect("at most the base")
    }

    /// The rate of the next period, while `part` of `whole` is there: moved by
    /// (1 − part / whole / goal) · change / periods, within the bounds.
    ///
    /// Each of the four operations rounds to the nearest part, to an even one from halfway, as
    /// Cosmos' decimals do (`x/mint`): less than 2 parts from the exact rate
    /// for goals of at least a half. Nothing of a `whole` of 0 is there.
    pub fn next_nearest(self, (part, whole): (Amount, Amount), towards: &Approach) -> Rate {
        let of = |parts: u64| i128::from(parts);
        let there = of(part.units().min(whole.units())) * of(WHOLE); // 63 + 60 bits.
        let there = divide_nearest(there, of(whole.units().max(1)));
        let of_goal = divide_nearest(there * of(super::PARTS), of(towards.goal.parts().max(1)));
        let missing = of(WHOLE) - of_goal; // Below 2^91 either way.
        let a_year = divide_nearest(missing * of(towards.change.parts()), of(super::PARTS));
        let moved = of(self.0) + divide_nearest(a_year, of(towards.periods.max(1)));
        let moved = moved.max(of(Rate::of(towards.least).0)).min(of(Rate::of(towards.most).0));
        Rate(u64::try_from(moved).expect("between two rates"))
    }

    /// This rate, `step` up or down, within 0 and 1.
    pub fn stepped(self, step: Ratio, order: core::cmp::Ordering) -> Rate {
        let step = Rate::of(step).0;
        match order {
            core::cmp::Ordering::Less => Rate(self.0.saturating_sub(step)),
            core::cmp::Ordering::Equal => self,
            core::cmp::Ordering::Greater => Rate(self.0.saturating_add(step).min(WHOLE)),
        }
    }
}

/// a / b to the nearest, to the even one from halfway, for b > 0 below 2^126.
fn divide_nearest(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a.div_euclid(b), a.rem_euclid(b));
    match (2 * rest).cmp(&b) {
        core::cmp::Ordering::Less => quotient,
        core::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
        core::cmp::Ordering::Greater => quotient + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let nearest = [(5, 2), (7, 2), (-5, 2), (-7, 2), (4, 3), (-4, 3), (5, 3)];
        let nearest = nearest.map(|(a, b)| divide_nearest(a, b));
        assert_eq!(nearest, [2, 4, -2, -4, 1, -1, 2]);
    }

    #[test]
    fn a_rate_of_the_largest_supply_fits() {
        let whole = Rate::of(Ratio::ONE);
        assert_eq!(whole.amount_floor(Amount::MAX, 1), Amount::MAX);
        assert_eq!(whole.times_floor(Ratio::ONE), whole);
        let towards = Approach {
            goal: Ratio::new(1).unwrap(),
            change: Ratio::ONE,
            periods: 1,
            least: Ratio::ZERO,
            most: Ratio::ONE,
        };
        assert_eq!(whole.next_nearest((Amount::MAX, Amount::MAX), &towards), Rate(0));
        assert_eq!(whole.next_nearest((Amount::ZERO, Amount::ZERO), &towards), whole);
    }
}
