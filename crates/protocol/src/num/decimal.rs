//! `Decimal`: how a count of small parts is written for people.

use core::fmt;

/// A count of tenths, hundredths, …, with its point and without trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// How many.
    pub count: u64,
    /// Digits after the point.
    pub places: usize,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits =
            alloc::format!("{:0width$}", self.count, width = self.places.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(self.places));
        match fraction.trim_end_matches('0') {
            "" => f.write_str(whole),
            kept => write!(f, "{whole}.{kept}"),
        }
    }
}
