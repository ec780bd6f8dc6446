//! Words: numbers as people read them.
//!
//! Not here: which numbers a report has (`output`).

/// Base units as tokens.
pub(crate) fn tokens(units: Option<i128>) -> String {
    let Some(units) = units else { return "-".into() };
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) =
        (units.unsigned_abs() / 1_000_000_000, units.unsigned_abs() % 1_000_000_000);
    let rest = format!("{rest:09}");
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{rest}")
}
