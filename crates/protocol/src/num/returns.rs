//! `Returns`: how what is granted for much grows with it, in full or less and less.

use serde::{Deserialize, Serialize};

use super::{Amount, Ratio};

/// The power by which returns grow, γ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exponent {
    /// 1/2.
    Half,
    /// 3/4.
    ThreeQuarters,
    /// 1: in full.
    #[default]
    One,
}

/// Returns: all of it up to a unit, and unit · (x / unit)^γ above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returns {
    /// γ.
    pub exponent: Exponent,
    /// Up to where they are in full.
    pub unit: Amount,
}

impl Exponent {
    /// So many quarters, of 2 to 4; anything else is 1.
    pub const fn of_quarters(quarters: u8) -> Exponent {
        match quarters {
            2 => Exponent::Half,
            3 => Exponent::ThreeQuarters,
            _ => Exponent::One,
        }
    }

    /// How many quarters it is.
    pub const fn quarters(self) -> u8 {
        match self {
            Exponent::Half => 2,
            Exponent::ThreeQuarters => 3,
            Exponent::One => 4,
        }
    }

    /// ⌈1 − 2^(γ − 1)⌉: what halves in two names get that the whole does not, of what they get.
    pub fn split_gain_ceil(self) -> Ratio {
        let parts = match self {
            Exponent::Half => 292_893_219,
            Exponent::ThreeQuarters => 159_103_585,
            Exponent::One => 0,
        };
        Ratio::new(parts).expect("below the whole")
    }
}

impl Returns {
    /// ⌊unit · (amount / unit)^γ⌋, or a unit less; `amount` where it is at most the unit, or γ is
    /// 1.
    ///
    /// Never above `amount`, and never decreasing in it.
    ///
    /// ```
    /// use earnest_protocol::num::{Amount, Exponent, Returns};
    ///
    /// let half = Returns { exponent: Exponent::Half, unit: Amount::tokens(4) };
    /// assert_eq!(half.of_floor(Amount::tokens(3)), Amount::tokens(3));
    /// assert_eq!(half.of_floor(Amount::tokens(100)), Amount::tokens(20));
    /// ```
    pub fn of_floor(&self, amount: Amount) -> Amount {
        let (x, unit) = (u128::from(amount.units()), u128::from(self.unit.units()));
        if x <= unit || self.exponent == Exponent::One {
            return amount;
        }
        let product = unit * x; // 63 + 63 bits.
        let root = if self.exponent == Exponent::Half {
            product.isqrt()
        } else {
            // The root of x times the root of the product, which has all 64 bits that it may have:
            // shifted by a multiple of four, so that its root's root can be shifted back.
            let shift = product.leading_zeros().min(124) & !3;
            let inner = (product << shift).isqrt(); // At most 64 bits, and x has 63.
            (x * inner).isqrt() >> (shift >> 2)
        };
        u64::try_from(root).ok().and_then(Amount::new).map_or(amount, |root| root.min(amount))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts() -> impl Strategy<Value = Amount> {
        let top = Amount::MAX.units();
        prop_oneof![0..=top, 0..1_000u64, 0..1u64 << 40, Just(top)]
            .prop_map(|units| Amount::new(units).expect("in range"))
    }

    fn returns() -> impl Strategy<Value = Returns> {
        let exponent = prop_oneof![Just(Exponent::Half), Just(Exponent::ThreeQuarters)];
        (exponent, amounts()).prop_map(|(exponent, unit)| Returns { exponent, unit })
    }

    /// Is r^4 at most unit^(4 − q) · x^q? Exact, in numbers that do not end.
    fn is_below(r: u64, (unit, x): (u64, u64), quarters: u8) -> bool {
        let times = |factors: &[u64]| {
            let mut limbs = [0u64; 5];
            limbs[0] = 1;
            for factor in factors {
                let mut carry = 0u128;
                for limb in &mut limbs {
                    let sum = u128::from(*limb) * u128::from(*factor) + carry;
                    *limb = u64::try_from(sum & u128::from(u64::MAX)).expect("masked");
                    carry = sum >> 64;
                }
            }
            limbs.into_iter().rev().collect::<alloc::vec::Vec<u64>>()
        };
        let power = match quarters {
            2 => [unit, unit, x, x],
            _ => [unit, x, x, x],
        };
        times(&[r; 4]) <= times(&power)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn returns_are_the_power_down_or_one_less(returns in returns(), x in amounts()) {
            let got = returns.of_floor(x).units();
            prop_assert!(got <= x.units());
            if x <= returns.unit {
                prop_assert_eq!(got, x.units());
            } else {
                let quarters = returns.exponent.quarters();
                let of = (returns.unit.units(), x.units());
                prop_assert!(is_below(got, of, quarters));
                prop_assert!(!is_below(got + 2, of, quarters) || got + 2 > x.units());
            }
        }

        /// m names of equal parts get at most m^(1 − γ) of what one gets: twice as many for a half
        /// in four, and more than one of them never less but for a unit each.
        #[test]
        fn names_gain_no_more_than_their_power(returns in returns(), part in 0u64..1 << 60) {
            let of = |units| returns.of_floor(Amount::new(units).expect("small")).units();
            let (one, four) = (of(4 * part), 4 * of(part));
            prop_assert!(one <= four + 8);
            let most = match returns.exponent {
                Exponent::Half => 2 * (one + 2),
                _ => (one + 2) + (one + 2) / 2, // √2 < 3/2.
            };
            prop_assert!(four <= most, "{} of four names, {} of one", four, one);
        }

        #[test]
        fn more_never_returns_less(returns in returns(), x in amounts(), y in amounts()) {
            prop_assert!(returns.of_floor(x.min(y)) <= returns.of_floor(x.max(y)));
        }
    }

    #[test]
    fn halves_gain_what_is_said_of_what_they_get() {
        for quarters in [2, 3, 4] {
            let exponent = Exponent::of_quarters(quarters);
            assert_eq!(exponent.quarters(), quarters);
            let returns = Returns { exponent, unit: Amount::UNIT };
            let of = |units| returns.of_floor(Amount::new(units).expect("small")).units();
            let (whole, halves) = (of(1 << 61), 2 * of(1 << 60));
            let gain = Ratio::of_floor(halves - whole, halves);
            let said = exponent.split_gain_ceil().parts();
            assert!((said.saturating_sub(2)..=said).contains(&gain.parts()), "{gain:?}, {said}");
        }
    }
}
