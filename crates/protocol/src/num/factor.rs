//! `Ratio` and `Factor`: fixed-point multiples in parts per billion.

use serde::{Deserialize, Serialize};

use super::{Amount, mul_div_ceil, mul_div_floor};

/// Parts in a whole: ratios and factors count 10^-9.
pub const PARTS: u64 = 1_000_000_000;

/// A share of a whole, 0 to 1 by construction, in parts per billion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Ratio(u64);

impl Ratio {
    /// Nothing of it.
    pub const ZERO: Ratio = Ratio(0);
    /// All of it.
    pub const ONE: Ratio = Ratio(PARTS);

    /// `parts` per billion, or `None` above the whole.
    pub const fn new(parts: u64) -> Option<Ratio> {
        if parts <= PARTS { Some(Ratio(parts)) } else { None }
    }

    /// `n` per cent, capped at the whole.
    pub const fn percent(n: u64) -> Ratio {
        if n >= 100 { Self::ONE } else { Ratio(n * (PARTS / 100)) }
    }

    /// ⌊part / whole⌋ in parts per billion, capped at 1; 0 if `whole` is 0.
    pub fn of_floor(part: u64, whole: u64) -> Ratio {
        Ratio(mul_div_floor(part, PARTS, whole).unwrap_or(0).min(PARTS))
    }

    /// ⌈part / whole⌉ in parts per billion, capped at 1; 1 if `whole` is 0.
    pub fn of_ceil(part: u64, whole: u64) -> Ratio {
        Ratio(mul_div_ceil(part, PARTS, whole).unwrap_or(PARTS).min(PARTS))
    }

    /// Parts per billion.
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// 1 − self, exact.
    pub const fn complement(self) -> Ratio {
        Ratio(PARTS - self.0)
    }

    /// ⌊self · other⌋.
    pub fn times_floor(self, other: Ratio) -> Ratio {
        Ratio(self.0 * other.0 / PARTS) // 30 + 30 bits fit 64.
    }

    /// ⌈self · other⌉.
    pub fn times_ceil(self, other: Ratio) -> Ratio {
        Ratio((self.0 * other.0).div_ceil(PARTS)) // 30 + 30 bits fit 64.
    }

    /// self^exponent, each multiplication rounded up.
    pub fn pow_ceil(self, exponent: u32) -> Ratio {
        (0..exponent).fold(Ratio::ONE, |power, _| power.times_ceil(self))
    }

    /// self^exponent by squaring, each multiplication rounded down.
    pub fn pow_floor(self, mut exponent: u64) -> Ratio {
        let (mut power, mut square) = (Ratio::ONE, self);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = power.times_floor(square);
            }
            square = square.times_floor(square);
            exponent >>= 1;
        }
        power
    }

    /// self + other, capped at 1.
    pub fn saturating_add(self, other: Ratio) -> Ratio {
        Ratio((self.0 + other.0).min(PARTS))
    }

    /// self − other, or zero.
    pub fn saturating_sub(self, other: Ratio) -> Ratio {
        Ratio(self.0.saturating_sub(other.0))
    }

    /// ⌊self · amount⌋.
    pub fn amount_floor(self, amount: Amount) -> Amount {
        amount.share_floor(self.0, PARTS).expect("a ratio is at most 1, so the result fits")
    }

    /// ⌈self · amount⌉.
    pub fn amount_ceil(self, amount: Amount) -> Amount {
        amount.share_ceil(self.0, PARTS).expect("a ratio is at most 1, so the result fits")
    }

    /// This share as a multiple.
    pub const fn factor(self) -> Factor {
        Factor(self.0)
    }
}

impl TryFrom<u64> for Ratio {
    type Error = &'static str;
    fn try_from(parts: u64) -> Result<Self, Self::Error> {
        Ratio::new(parts).ok_or("a ratio is at most 1000000000 parts per billion")
    }
}

impl From<Ratio> for u64 {
    fn from(ratio: Ratio) -> u64 {
        ratio.0
    }
}

/// A multiple of something, in parts per billion, up to a million times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Factor(u64);

impl Factor {
    /// Times nothing.
    pub const ZERO: Factor = Factor(0);
    /// Times one.
    pub const ONE: Factor = Factor(PARTS);
    /// A million times.
    pub const MAX: Factor = Factor(PARTS * 1_000_000);

    /// `parts` per billion, or `None` above a million times.
    pub const fn new(parts: u64) -> Option<Factor> {
        if parts <= Self::MAX.0 { Some(Factor(parts)) } else { None }
    }

    /// `n` per cent, capped at [`Factor::MAX`].
    pub const fn percent(n: u64) -> Factor {
        match n.checked_mul(PARTS / 100) {
            Some(parts) if parts <= Self::MAX.0 => Factor(parts),
            _ => Self::MAX,
        }
    }

    /// ⌊part / whole⌋, capped at [`Factor::MAX`], which it also is if `whole` is 0.
    pub fn of_floor(part: u64, whole: u64) -> Factor {
        Factor(mul_div_floor(part, PARTS, whole).unwrap_or(Self::MAX.0).min(Self::MAX.0))
    }

    /// (1 + rate)^times, each multiplication rounded up, capped at [`Factor::MAX`].
    pub fn growth_ceil(rate: Ratio, times: u64) -> Factor {
        let mut grown = PARTS;
        for _ in 0..times {
            grown = mul_div_ceil(grown, PARTS + rate.parts(), PARTS).unwrap_or(Self::MAX.0);
            if grown >= Self::MAX.0 || rate.parts() == 0 {
                break;
            }
        }
        Factor(grown.min(Self::MAX.0))
    }

    /// Parts per billion.
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// ⌊self · amount⌋, or `None` above [`Amount::MAX`].
    pub fn amount_floor(self, amount: Amount) -> Option<Amount> {
        amount.share_floor(self.0, PARTS)
    }

    /// ⌈self · amount⌉, or `None` above [`Amount::MAX`].
    pub fn amount_ceil(self, amount: Amount) -> Option<Amount> {
        amount.share_ceil(self.0, PARTS)
    }

    /// ⌊amount / self⌋, or `None` above [`Amount::MAX`] and of nothing.
    pub fn divide_floor(self, amount: Amount) -> Option<Amount> {
        amount.share_floor(PARTS, self.0)
    }

    /// ⌈self · count⌉, or `None` if it needs more than 64 bits.
    pub fn count_ceil(self, count: u64) -> Option<u64> {
        mul_div_ceil(count, self.0, PARTS)
    }

    /// ⌊self · ratio⌋, capped at [`Factor::MAX`].
    pub fn ratio_floor(self, ratio: Ratio) -> Factor {
        Factor(mul_div_floor(self.0, ratio.parts(), PARTS).unwrap_or(Self::MAX.0).min(Self::MAX.0))
    }

    /// self + other, capped at [`Factor::MAX`].
    pub fn saturating_add(self, other: Factor) -> Factor {
        Factor((self.0 + other.0).min(Self::MAX.0))
    }

    /// self − other, or zero.
    pub fn saturating_sub(self, other: Factor) -> Factor {
        Factor(self.0.saturating_sub(other.0))
    }

    /// This multiple as a share, capped at 1.
    pub fn ratio_capped(self) -> Ratio {
        Ratio(self.0.min(PARTS))
    }
}

impl TryFrom<u64> for Factor {
    type Error = &'static str;
    fn try_from(parts: u64) -> Result<Self, Self::Error> {
        Factor::new(parts).ok_or("a factor is at most 10^15 parts per billion")
    }
}

impl From<Factor> for u64 {
    fn from(factor: Factor) -> u64 {
        factor.0
    }
}
