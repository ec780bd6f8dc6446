//! Decimals: how integers with a fixed point are written for people.

/// `units` with `places` digits after the point, without trailing zeros.
///
/// ```
/// # use earnest_api::decimal;
/// assert_eq!(decimal(1_500_000_000, 9), "1.5");
/// assert_eq!(decimal(1, 9), "0.000000001");
/// assert_eq!(decimal(30, 1), "3");
/// ```
pub fn decimal(units: u64, places: usize) -> String {
    let digits = format!("{units:0width$}", width = places.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        kept => format!("{whole}.{kept}"),
    }
}
