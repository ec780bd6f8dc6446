//! Text: amounts, counts and lines as people read them, and hashes as they write them.
//!
//! Law: nothing here asks, prints or knows a width.
//! Not here: tables and what a node shows (`show`), what an event means (`up::account`).

use earnest_protocol::{Amount, Digest};

use crate::money;

/// An amount with its unit.
pub fn tokens(amount: Amount) -> String {
    let unit = if amount == Amount::tokens(1) { "token" } else { "tokens" };
    format!("{} {unit}", money::show(amount))
}

/// So many of something, whose plural takes an s.
pub fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// So many bytes, in the largest unit of 1,024 that leaves a whole part, rounded down to a tenth.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = count.checked_ilog2().unwrap_or(0) / 10;
    let Some(unit) = power.checked_sub(1).and_then(|at| UNITS.get(usize::try_from(at).ok()?))
    else {
        return format!("{count} bytes");
    };
    let tenths = (u128::from(count) * 10) >> (power * 10);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A hash.
///
/// # Errors
/// If it is anything else than 0x and 64 hexadecimal digits.
pub fn digest(text: &str) -> Result<Digest, String> {
    Digest::from_hex(text).ok_or_else(|| "a hash is 0x and 64 hexadecimal digits".into())
}

/// Lines of at most `width` columns, broken between words but, if it can be, not within brackets; a
/// longer word has a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts(text, width) {
        match lines.last_mut() {
            Some(line) if length(line).saturating_add(1).saturating_add(length(&part)) <= width => {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

/// Words, a number with its `%` as one, and what stands in brackets as one, unless that is wider
/// than `width`.
fn parts(text: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split(' ') {
        match parts.last_mut() {
            Some(last)
                if word.starts_with('%')
                    || is_open && length(last).saturating_add(length(word)) < width =>
            {
                last.push(' ');
                last.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
        is_open = (is_open || word.starts_with('(')) && !word.contains(')');
    }
    parts
}

/// Columns that a text takes.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_a_unit_that_fits() {
        for (count, told) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1.0 KiB"),
            (634_427, "619.5 KiB"),
            (44_948_385_792, "41.8 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(count), told);
        }
    }
}
