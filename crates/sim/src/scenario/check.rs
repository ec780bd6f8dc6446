//! Ranges of what a scenario says: each value under the name that its author wrote.
//!
//! Law: a refusal names the field, what it was and from where to where it may be.
//! Not here: which range a field has (`raw`, `price`), what holds between groups (`raw`),
//! what a group is (`voters`).

use earnest_protocol::{Amount, Ratio, num::PARTS};

use super::ScenarioRejected;

/// Blocks that a run has at most.
pub(super) const BLOCKS_MAX: u64 = 10_000_000;

/// Tokens that one may begin with; all together the rules bound.
pub(super) const BALANCE_MAX: f64 = 1e9;

/// What was written, in range, or why it is refused.
pub(super) type Checked<T> = Result<T, ScenarioRejected>;

/// `got`, if it is from `min` to `max`; what is not a number is not.
pub(super) fn check(field: &str, got: f64, min: f64, max: f64) -> Checked<f64> {
    if (min..=max).contains(&got) {
        Ok(got)
    } else {
        Err(ScenarioRejected::OutOfRange { field: field.to_owned(), got, min, max })
    }
}

/// The same, of whole numbers.
pub(super) fn count(field: &str, got: u64, min: u64, max: u64) -> Checked<u64> {
    check(field, got as f64, min as f64, max as f64)?;
    Ok(got)
}

/// Tokens with a fraction, to the nearest base unit.
pub(super) fn tokens(field: &str, got: f64, min: f64, max: f64) -> Checked<Amount> {
    let units = (check(field, got, min, max)? * PARTS as f64).round() as u64;
    Ok(Amount::new(units).expect("every bound is below the largest supply"))
}

/// A part of one, 0 to 1, to the nearest part that the rules know.
pub(super) fn share(field: &str, got: f64) -> Checked<Ratio> {
    let parts = (check(field, got, 0.0, 1.0)? * PARTS as f64).round() as u64;
    Ok(Ratio::new(parts).expect("checked to be at most 1"))
}

/// Two of them, the lower first.
pub(super) fn shares(field: &str, [low, high]: [f64; 2]) -> Checked<(Ratio, Ratio)> {
    let (low, high) = (share(field, low)?, share(field, high)?);
    if low > high {
        return Err(ScenarioRejected::RangeReversed { field: field.to_owned() });
    }
    Ok((low, high))
}

/// Two whole numbers from `min` to `max`, the lower first.
pub(super) fn span(field: &str, [low, high]: [u64; 2], min: u64, max: u64) -> Checked<(u64, u64)> {
    count(field, low, min, max)?;
    count(field, high, min, max)?;
    if low > high {
        return Err(ScenarioRejected::RangeReversed { field: field.to_owned() });
    }
    Ok((low, high))
}

/// Blocks from `from` to before `to`: one at least.
pub(super) fn period(field: &str, from: u64, to: u64) -> Checked<()> {
    count(&format!("{field}.to"), to, from.saturating_add(1), BLOCKS_MAX)?;
    Ok(())
}

/// 1 to 64 of `a` to `z`, `0` to `9`, `-` and `_`.
pub(super) fn name(field: &str, name: &str) -> Checked<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(ScenarioRejected::Name { field: field.to_owned() });
    }
    Ok(())
}
