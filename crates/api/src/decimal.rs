//! Decimals: how integers with a fixed point are written for people, and read.

/// `units` with `places` digits after the point, without trailing zeros.
///
/// ```
/// # use earnest_api::decimal;
/// assert_eq!(decimal(1_500_000_000, 9), "1.5");
/// assert_eq!(decimal(1, 9), "0.000000001");
/// assert_eq!(decimal(30, 1), "3");
/// ```
pub fn decimal(units: u64, places: usize) -> String {
    earnest_protocol::num::Decimal { count: units, places }.to_string()
}

/// True if these are digits, and at most `places` of them after a point.
pub fn is_decimal(text: &str, places: usize) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && digits(whole) && digits(fraction) && fraction.len() <= places
}

/// The other way round: a decimal number times 10^`places`, if that is whole and fits.
///
/// ```
/// # use earnest_api::scaled;
/// assert_eq!(scaled("1.5", 9), Some(1_500_000_000));
/// assert_eq!(scaled("0.0000000001", 9), None);
/// assert_eq!(scaled("1e3", 9), None);
/// ```
pub fn scaled(text: &str, places: usize) -> Option<u64> {
    if !is_decimal(text, places) {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = 10u64.checked_pow(u32::try_from(places).ok()?)?;
    let padded = format!("{fraction:0<places$}");
    let below = if padded.is_empty() { 0 } else { padded.parse::<u64>().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(below)
}
