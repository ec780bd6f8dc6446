//! Words: numbers as people read them.
//!
//! Not here: which numbers a report has (`output`).

use serde::Serialize;
use serde_json::Value;

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

/// The same to four figures, for eyes alone; what is not nothing never reads as nothing.
pub(crate) fn rounded(units: i128) -> String {
    let text = tokens(Some(units));
    let first = text.find(|c: char| ('1'..='9').contains(&c)).unwrap_or(0);
    let Some(point) = text.find('.') else { return text };
    let kept = if point < first { first + 4 } else { (first + 5).max(point) };
    if text.len() <= kept {
        return text;
    }
    let places = kept.saturating_sub(point + 1);
    let step = 10_i128.pow(9 - u32::try_from(places).unwrap_or(9).min(9));
    let half = if units < 0 { -step / 2 } else { step / 2 };
    tokens(Some((units + half) / step * step))
}

/// Why something was refused: its name, and what it says beside.
pub(crate) fn refusal(why: &impl Serialize) -> String {
    said(&serde_json::to_value(why).expect("a refusal has only names and numbers"))
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(pairs) => {
            let pair = |(name, value): (&String, &Value)| match value {
                Value::Object(_) => format!("{name} ({})", said(value)),
                _ => format!("{name} {}", said(value)),
            };
            pairs.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_name_and_its_numbers() {
        let why = json!({ "post-job": { "pool-too-small": { "have": 2, "need": "3" } } });
        assert_eq!(refusal(&why), "post-job (pool-too-small (have 2, need 3))");
        assert_eq!(refusal(&json!({ "post-job": "zero-price" })), "post-job zero-price");
    }

    #[test]
    fn numbers_for_eyes_have_four_figures_and_never_read_as_nothing() {
        let shown = [
            (0, "0"),
            (-10, "-0.00000001"),
            (-10_000, "-0.00001"),
            (-15_638_505_690, "-15.64"),
            (-150_885_056_892, "-150.9"),
            (123_456_789_000_001, "123457"),
            (-65_555_556, "-0.06556"),
            (743_904_557_805, "743.9"),
            (9_999_960_000, "10"),
            (12_000_000_000, "12"),
        ];
        for (units, text) in shown {
            assert_eq!(rounded(units), text, "{units}");
        }
    }
}
