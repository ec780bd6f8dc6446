//! Rational: exact weights and expected values.
//!
//! Law: nothing is rounded; what does not fit 128 bits is `None`, never an approximation.
//! Not here: what a weight means (`law`).

use std::cmp::Ordering;

/// A fraction in lowest terms, its denominator positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rational {
    numerator: i128,
    denominator: i128,
}

impl Rational {
    /// 0.
    pub(crate) const ZERO: Rational = Rational { numerator: 0, denominator: 1 };
    /// 1.
    pub(crate) const ONE: Rational = Rational { numerator: 1, denominator: 1 };

    /// `numerator` / `denominator`; `None` for a denominator of 0 or numbers that do not fit.
    pub(crate) fn new(numerator: i128, denominator: i128) -> Option<Rational> {
        let divisor = greatest_divisor(numerator.checked_abs()?, denominator.checked_abs()?);
        let divisor = if denominator < 0 { divisor.checked_neg()? } else { divisor };
        let numerator = numerator.checked_div(divisor)?;
        let denominator = denominator.checked_div(divisor)?;
        (denominator != 0).then_some(Rational { numerator, denominator })
    }

    /// A whole number.
    pub(crate) fn whole(number: i64) -> Rational {
        Rational { numerator: i128::from(number), denominator: 1 }
    }

    /// self + other.
    pub(crate) fn plus(self, other: Rational) -> Option<Rational> {
        let divisor = greatest_divisor(self.denominator, other.denominator);
        let (left, right) = (other.denominator / divisor, self.denominator / divisor);
        let sum =
            self.numerator.checked_mul(left)?.checked_add(other.numerator.checked_mul(right)?)?;
        Rational::new(sum, self.denominator.checked_mul(left)?)
    }

    /// self − other.
    pub(crate) fn minus(self, other: Rational) -> Option<Rational> {
        self.plus(Rational { numerator: other.numerator.checked_neg()?, ..other })
    }

    /// self · other.
    pub(crate) fn times(self, other: Rational) -> Option<Rational> {
        // Each numerator against the other's denominator first, so that products stay small.
        let left = Rational::new(self.numerator, other.denominator)?;
        let right = Rational::new(other.numerator, self.denominator)?;
        let numerator = left.numerator.checked_mul(right.numerator)?;
        Rational::new(numerator, left.denominator.checked_mul(right.denominator)?)
    }

    /// self / other; `None` for 0.
    pub(crate) fn over(self, other: Rational) -> Option<Rational> {
        self.times(Rational::new(other.denominator, other.numerator)?)
    }

    /// The numerator of the lowest terms.
    pub(crate) fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator of the lowest terms, positive.
    pub(crate) fn denominator(self) -> i128 {
        self.denominator
    }

    /// The nearest whole number that is not above it.
    pub(crate) fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// True above 0.
    pub(crate) fn is_positive(self) -> bool {
        0 < self.numerator
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    /// Exact, by continued fractions: nothing is multiplied, so nothing overflows.
    fn cmp(&self, other: &Rational) -> Ordering {
        let (one, two) = (self.floor(), other.floor());
        if one != two {
            return one.cmp(&two);
        }
        let rest = self.numerator.rem_euclid(self.denominator);
        let other_rest = other.numerator.rem_euclid(other.denominator);
        match (rest, other_rest) {
            (0, 0) => Ordering::Equal,
            (0, _) => Ordering::Less,
            (_, 0) => Ordering::Greater,
            _ => {
                let flipped = Rational { numerator: other.denominator, denominator: other_rest };
                flipped.cmp(&Rational { numerator: self.denominator, denominator: rest })
            }
        }
    }
}

fn greatest_divisor(one: i128, other: i128) -> i128 {
    if other == 0 { one.max(1) } else { greatest_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_add_multiply_and_compare_exactly() {
        let of = |one, two| Rational::new(one, two).expect("small");
        assert_eq!(of(1, 3).plus(of(1, 6)), Some(of(1, 2)));
        assert_eq!(of(-2, 4).times(of(2, 3)), Some(of(1, -3)));
        assert_eq!(of(1, 2).minus(of(1, 3)), Some(of(1, 6)));
        assert_eq!(of(1, 2).over(of(1, 4)), Some(Rational::whole(2)));
        assert_eq!(of(-7, 2).floor(), -4);
        assert!(of(-1, 3) < of(-1, 4) && of(7, 5) < of(10, 7) && of(3, 1) > of(14, 5));
        assert_eq!(of(1, 2).over(Rational::ZERO), None);
        let huge = of(i128::MAX, 2);
        assert_eq!(huge.plus(huge).and_then(|sum| sum.plus(huge)), None);
        assert!(of(i128::MAX, 3) < huge);
    }
}
