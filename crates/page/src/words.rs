//! Words: numbers as people read them.

/// A number with four figures at most behind its first, and commas between thousands; what is no
/// number is a dash.
#[must_use]
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    let (mut places, mut edge) = (0usize, 1_000.0);
    // What is below a thousand keeps four figures, down to a millionth.
    while size < edge && places < 3 {
        places += 1;
        edge /= 10.0;
    }
    while size < edge && places < 9 && size > 0.0 {
        places += 1;
        edge /= 10.0;
    }
    fixed(value, places)
}

/// A number with so many places, less what ends in noughts.
pub(crate) fn fixed(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let is_nothing = rest.is_empty() && whole == "0";
    let sign = if value < 0.0 && !is_nothing { "−" } else { "" };
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_small_ones_do_not_vanish() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (12.0, "12"),
            (1_234_567.4, "1,234,567"),
            (999.95, "1,000"),
            (-82_594.975, "−82,595"),
            (131.615_2, "131.6"),
            (1.25, "1.25"),
            (0.023_456, "0.02346"),
            (0.000_001_25, "0.00000125"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(figure(value), text, "{value}");
        }
    }
}
