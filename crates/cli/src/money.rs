//! Amounts and shares as people write them: tokens and fractions in, base units and parts inside.
//!
//! Law: no float is involved; what cannot be written exactly is refused.

use earnest_api::{decimal, is_decimal, scaled};
use earnest_protocol::{Amount, Factor, Ratio};

/// Tokens, with at most nine decimals: `12`, `0.5`, `3.000000001`, `100 tokens`.
pub fn tokens(text: &str) -> Result<Amount, String> {
    let digits = without_unit(text, "token");
    if !is_decimal(digits, 9) {
        let words = "is not an amount of tokens; write digits with at most 9 decimals";
        return Err(format!("`{text}` {words}"));
    }
    scaled(digits, 9).and_then(Amount::new).ok_or_else(|| {
        format!("`{text}` is more than the largest supply, {} tokens", show(Amount::MAX))
    })
}

/// A number without the word for its unit, in the singular or the plural: `100 tokens`, `1 block`.
pub fn without_unit<'text>(text: &'text str, singular: &str) -> &'text str {
    let plural = || text.strip_suffix('s')?.strip_suffix(singular);
    text.strip_suffix(singular).or_else(plural).map_or(text, str::trim_end)
}

/// A share of a whole: `0.25`, `25%`, `25 %`, `1`.
pub fn ratio(text: &str) -> Result<Ratio, String> {
    let parts = parts(text)?;
    Ratio::new(parts)
        .ok_or_else(|| format!("`{text}` is more than the whole; give 0 to 1, or 0% to 100%"))
}

/// A multiple: `1.1`, `110%`, `2`.
pub fn factor(text: &str) -> Result<Factor, String> {
    Factor::new(parts(text)?).ok_or_else(|| format!("`{text}` is more than a million times"))
}

fn parts(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim_end(), 7),
        None => scaled(text, 9),
    };
    parsed.ok_or_else(|| format!("`{text}` is no number that can be read; write 0.25 or 25%"))
}

/// Base units as tokens, without trailing zeros.
pub fn show(amount: Amount) -> String {
    decimal(amount.units(), 9)
}

/// A multiple, to its last digit.
pub fn multiple(factor: Factor) -> String {
    decimal(factor.parts(), 9)
}

/// A share in per cent, to its last digit.
pub fn share(ratio: Ratio) -> String {
    format!("{} %", decimal(ratio.parts(), 7))
}

/// A share in per cent, with one decimal.
pub fn percent(ratio: Ratio) -> String {
    let tenths = ratio.parts() / (earnest_protocol::num::PARTS / 1_000);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_meant() {
        assert_eq!(tokens("1.5").map(Amount::units), Ok(1_500_000_000));
        assert_eq!(tokens("0.000000001").map(Amount::units), Ok(1));
        assert_eq!(ratio("5%").map(Ratio::parts), ratio("0.05").map(Ratio::parts));
        assert_eq!(factor("1.1").map(Factor::parts), Ok(1_100_000_000));
        assert_eq!(tokens("1.5 tokens"), tokens("1.5"));
        assert_eq!(tokens("1 token"), tokens("1"));
        assert_eq!(ratio("30 %"), ratio("0.3"));
        for wrong in [
            "",
            "tokens",
            "5 blocks",
            "-1",
            "1e3",
            "1.0000000001",
            ".5",
            "1,5",
            "99999999999999999999",
        ] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
        assert!(ratio("1.1").is_err());
        assert_eq!(show(Amount::new(1_500_000_000).expect("small")), "1.5");
        assert_eq!(show(Amount::new(1).expect("small")), "0.000000001");
    }
}
