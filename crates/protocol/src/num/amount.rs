//! `Amount`: how much money, as a whole count of base units.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A count of base units, 10^-9 token each, at most [`Amount::MAX`].
///
/// Travels as a decimal string in text formats and as an integer in binary ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// One base unit, 10^-9 token.
    pub const UNIT: Amount = Amount(1);
    /// Base units in one token.
    pub const TOKEN: u64 = 1_000_000_000;
    /// 2^63 − 1 base units: the cap on supply, so that the product of two amounts fits 128 bits.
    pub const MAX: Amount = Amount(u64::MAX >> 1);

    /// `units` base units, or `None` above [`Amount::MAX`].
    pub const fn new(units: u64) -> Option<Amount> {
        if units <= Self::MAX.0 { Some(Amount(units)) } else { None }
    }

    /// `tokens` whole tokens, capped at [`Amount::MAX`].
    pub const fn tokens(tokens: u64) -> Amount {
        match tokens.checked_mul(Self::TOKEN) {
            Some(units) if units <= Self::MAX.0 => Amount(units),
            _ => Self::MAX,
        }
    }

    /// The count of base units.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// True for nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, or `None` above [`Amount::MAX`].
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        Self::new(self.0.checked_add(other.0)?)
    }

    /// `self + other`, capped at [`Amount::MAX`]. For bounds and quotes, never for balances.
    pub fn saturating_add(self, other: Amount) -> Amount {
        self.checked_add(other).unwrap_or(Self::MAX)
    }

    /// `self − other`, or `None` if `other` is more.
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }

    /// `self − other`, or zero if `other` is more.
    pub fn saturating_sub(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }

    /// `self` · `count`, or `None` above [`Amount::MAX`].
    pub fn checked_times(self, count: u64) -> Option<Amount> {
        Self::new(self.0.checked_mul(count)?)
    }

    /// ⌊self · part / whole⌋, or `None` if `whole` is 0 or the result exceeds [`Amount::MAX`].
    pub fn share_floor(self, part: u64, whole: u64) -> Option<Amount> {
        Self::new(super::mul_div_floor(self.0, part, whole)?)
    }

    /// ⌈self · part / whole⌉, or `None` if `whole` is 0 or the result exceeds [`Amount::MAX`].
    pub fn share_ceil(self, part: u64, whole: u64) -> Option<Amount> {
        Self::new(super::mul_div_ceil(self.0, part, whole)?)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = if deserializer.is_human_readable() {
            deserializer.deserialize_any(DecimalUnits)?
        } else {
            u64::deserialize(deserializer)?
        };
        Amount::new(units).ok_or_else(|| de::Error::custom("amount above 2^63 - 1 base units"))
    }
}

/// Reads a decimal string, or a plain integer as configuration files write it.
struct DecimalUnits;

impl de::Visitor<'_> for DecimalUnits {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count of base units (10^-9 token) as a decimal string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        let canonical = text == "0" || !text.starts_with(['0', '+']);
        text.parse().ok().filter(|_| canonical).ok_or_else(|| {
            E::custom("expected a decimal count of base units without sign or leading zero")
        })
    }

    fn visit_u64<E: de::Error>(self, units: u64) -> Result<u64, E> {
        Ok(units)
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<u64, E> {
        u64::try_from(units).map_err(|_| E::custom("an amount is never negative"))
    }
}
