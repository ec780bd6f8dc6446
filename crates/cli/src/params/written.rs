//! Values of parameters as people write them: `40 tokens`, `0.3`, `30 %`, `360 blocks`, `2 h`.
//!
//! Laws: what is shown of a parameter is read as it; a time becomes whole blocks or epochs exactly,
//! or is refused. In a file of people's, TOML, digits alone mean what they mean after `--set`; in
//! JSON, which programs write, base units of an amount, as text, and parts per billion of a share.
//! Not here: names of parameters, files (`params`).

use earnest_protocol::{RawParams, params::ParamField};
use serde_json::Value;

use crate::money;

/// Who writes a file: it says what digits alone mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// People, as after `--set`: whole tokens, and 1 is the whole.
    Toml,
    /// Programs, as the API does: base units, and parts per billion.
    Json,
}

/// How long blocks and epochs are, for values that are times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one block to the next, at least, in milliseconds.
    pub block_ms: u64,
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
}

impl Pace {
    /// That of these parameters.
    pub fn of(raw: &RawParams) -> Pace {
        let chain = raw.chain;
        Pace { block_ms: chain.block_interval_min_ms, epoch_blocks: chain.epoch_blocks.count() }
    }

    /// How long a value of this parameter lasts, at least, in milliseconds; none if it is no
    /// length.
    pub fn time_ms(&self, field: &ParamField, value: u64) -> Option<u64> {
        match field.unit {
            "Blocks" => Some(value.saturating_mul(self.block_ms)),
            "Epochs" => Some(value.saturating_mul(self.block_ms).saturating_mul(self.epoch_blocks)),
            _ => None,
        }
    }

    /// That of a file, read from what its own `[chain]` says, as far as it does.
    fn of_file(rooms: &Value) -> Pace {
        let usual = Pace::of(&RawParams::default());
        let chain = |name: &str, usual: u64, unit: &str| match &rooms["chain"][name] {
            Value::Number(number) => number.as_u64().unwrap_or(usual),
            Value::String(text) if unit == "ms" => {
                milliseconds(text.trim()).ok().and_then(|ms| ms.as_u64()).unwrap_or(usual)
            }
            Value::String(text) => money::without_unit(text, unit).parse().unwrap_or(usual),
            _ => usual,
        };
        Pace {
            block_ms: chain("block_interval_min_ms", usual.block_ms, "ms"),
            epoch_blocks: chain("epoch_blocks", usual.epoch_blocks, "block"),
        }
    }
}

/// A value as the rules read it.
pub fn value(field: &ParamField, text: &str, pace: Pace) -> Result<Value, String> {
    match field.unit {
        "Amount" => money::tokens(text).map(|amount| amount.units().to_string().into()),
        "Ratio" => money::ratio(text).map(|ratio| ratio.parts().into()),
        "Factor" => money::factor(text).map(|factor| factor.parts().into()),
        "Blocks" => length(text, "block", pace.block_ms),
        "Epochs" => length(text, "epoch", pace.block_ms.saturating_mul(pace.epoch_blocks)),
        "Gas" => whole(text, "gas"),
        _ if field.is_time() => milliseconds(text),
        _ => text
            .parse::<u64>()
            .map(Value::from)
            .map_err(|_| format!("`{text}` is not a whole number")),
    }
}

/// Makes of what the rooms of a file say what the rules read; all that is wrong is said at once.
pub fn rooms(rooms: &mut Value, form: Form) -> Result<(), Vec<String>> {
    let pace = Pace::of_file(rooms);
    let (mut wrong, mut far) = (Vec::new(), Vec::new());
    for field in RawParams::fields() {
        let room = rooms.get_mut(field.room);
        let Some(written) = room.and_then(|room| room.get_mut(field.name)) else { continue };
        if let Some(text) = shown(field, written, form) {
            match value(field, text.trim(), pace) {
                Ok(value) => *written = value,
                Err(why) => {
                    wrong.push(format!("{}: {why}", super::path_of(field)));
                    continue;
                }
            }
        }
        let is_read = written.is_u64() || written.is_string();
        let got = super::value_of(rooms, field);
        if is_read && !(field.min..=field.max).contains(&got) {
            far.push(super::out_of_range(field, got));
        }
    }
    if wrong.is_empty() {
        // What is readable is held against the rules as a whole.
        return Ok(());
    }
    wrong.extend(far);
    Err(wrong)
}

/// The same of one amount, such as a balance, unless it is in base units.
pub fn amount(written: &mut Value, form: Form) -> Result<(), String> {
    let Some(text) = text_of(written, form, true) else { return Ok(()) };
    *written = money::tokens(text.trim())?.units().to_string().into();
    Ok(())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text of a value that is written as people write it; none of one in the rules' own units.
fn shown(field: &ParamField, written: &Value, form: Form) -> Option<String> {
    text_of(written, form, !matches!(field.unit, "Ratio" | "Factor"))
}

/// The same; `in_text` says whether a program writes this value as text.
fn text_of(written: &Value, form: Form, in_text: bool) -> Option<String> {
    match written {
        Value::String(text) => {
            let is_own = form == Form::Json && in_text && is_digits(text);
            (!is_own).then(|| text.clone())
        }
        // The shortest text that means this float is the one that was written.
        Value::Number(number) if number.is_f64() => number.as_f64().map(|float| float.to_string()),
        Value::Number(number) if form == Form::Toml => Some(number.to_string()),
        _ => None,
    }
}

/// A time in whole milliseconds; digits alone are such.
fn milliseconds(text: &str) -> Result<Value, String> {
    let read = text.parse::<u64>().ok().or_else(|| time_ms(text));
    read.map(Value::from).ok_or_else(|| format!("`{text}` is not a time; write 500 ms or 1 s"))
}

/// A length in its own unit, or a time that is a whole number of them.
fn length(text: &str, unit: &str, unit_ms: u64) -> Result<Value, String> {
    let Some(time) = time_ms(text) else { return whole(text, unit) };
    let count = time.checked_div(unit_ms).unwrap_or(0);
    if count.saturating_mul(unit_ms) == time {
        return Ok(count.into());
    }
    let several = plural(unit);
    Err(format!(
        "`{text}` is no whole number of {several} of {unit_ms} ms; write {count} {several}"
    ))
}

/// A time in milliseconds, if the text is one: `500 ms`, `2 s`, `1.5 min`, `2 h`, `14 days`.
fn time_ms(text: &str) -> Option<u64> {
    // `ms` before `s`, which it ends with.
    let units = [
        ("ms", 1u64),
        ("min", 60_000),
        ("days", 86_400_000),
        ("day", 86_400_000),
        ("h", 3_600_000),
    ];
    let units = units.into_iter().chain([("s", 1_000), ("d", 86_400_000)]);
    let (number, unit) =
        units.into_iter().find_map(|(name, ms)| Some((text.strip_suffix(name)?.trim_end(), ms)))?;
    let billionths = u128::from(money::tokens(number).ok()?.units());
    let product = billionths.checked_mul(u128::from(unit))?;
    let is_whole = product.is_multiple_of(1_000_000_000);
    is_whole.then(|| u64::try_from(product / 1_000_000_000).ok()).flatten()
}

/// A whole number, with or without the word for its unit.
fn whole(text: &str, unit: &str) -> Result<Value, String> {
    let number = money::without_unit(text, unit).parse::<u64>();
    let several = plural(unit);
    number.map(Value::from).map_err(|_| {
        let time = if unit == "gas" { "" } else { ", or a time such as 2 h" };
        format!("`{text}` is not a whole number of {several}; write 10 or 10 {several}{time}")
    })
}

/// The word for several of a unit.
fn plural(unit: &str) -> &str {
    match unit {
        "block" => "blocks",
        "epoch" => "epochs",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_says_its_values_as_people_do_and_as_it_always_did() {
        let mut read = json!({
            "chain": { "block_interval_min_ms": 500 },
            "market": { "retention_blocks": "2 h", "bid_blocks": 7, "work_bound_max": "9 gas" },
            "verification": {
                "beta": 0.3, "laxity": "5 %", "margin": 50_000_000,
                "challenge_deposit": "40 tokens", "tier_start": "40"
            },
        });
        rooms(&mut read, Form::Json).expect("all is well");
        assert_eq!(read["market"]["retention_blocks"], 14_400);
        assert_eq!(read["market"]["bid_blocks"], 7);
        assert_eq!(read["market"]["work_bound_max"], 9);
        let verification = json!({
            "beta": 300_000_000, "laxity": 50_000_000, "margin": 50_000_000,
            "challenge_deposit": "40000000000", "tier_start": "40"
        });
        assert_eq!(read["verification"], verification);
    }

    #[test]
    fn digits_alone_in_a_file_of_peoples_mean_what_they_mean_after_set() {
        let mut read = json!({
            "chain": { "stake_price": 4, "epoch_blocks": "60" },
            "slashing": { "wrong_result": 1 },
            "verification": { "challenge_deposit": "40", "tier_start": 50, "redraws": 1 },
        });
        rooms(&mut read, Form::Toml).expect("all is well");
        let chain = json!({ "stake_price": 4_000_000_000u64, "epoch_blocks": 60 });
        let (deposit, start) = ("40000000000", "50000000000");
        let verification =
            json!({ "challenge_deposit": deposit, "tier_start": start, "redraws": 1 });
        let slashing = json!({ "wrong_result": 1_000_000_000 });
        let all = json!({ "chain": chain, "slashing": slashing, "verification": verification });
        assert_eq!(read, all);
        for (written, units) in [(json!(4000), 4_000), (json!("4000"), 4_000), (json!(2.0), 2)] {
            let mut held = written;
            amount(&mut held, Form::Toml).expect("an amount");
            assert_eq!(held, json!((units * 1_000_000_000u64).to_string()));
        }
        let mut units = json!("4000");
        amount(&mut units, Form::Json).expect("an amount");
        assert_eq!(units, "4000");
        // Parts per billion, as older files had them, are more than the whole: refused, not read.
        let mut old = json!({ "market": { "take": 50_000_000 } });
        assert!(rooms(&mut old, Form::Toml).expect_err("too much")[0].contains("market.take"));
    }

    #[test]
    fn a_time_that_is_no_whole_number_of_blocks_is_refused_with_the_nearest_below() {
        let pace = Pace { block_ms: 7_000, epoch_blocks: 10 };
        let blocks = RawParams::fields().find(|field| field.unit == "Blocks").expect("some");
        let epochs = RawParams::fields().find(|field| field.unit == "Epochs").expect("some");
        assert_eq!(value(blocks, "7 min", pace), Ok(60.into()));
        assert_eq!(value(blocks, "0.7 s", pace).map_err(|why| why.contains("0 blocks")), Err(true));
        assert_eq!(value(epochs, "7 min", pace), Ok(6.into()));
        let refused = value(blocks, "2 h", pace).expect_err("7000 ms do not divide it");
        assert!(refused.contains("write 1028 blocks"), "{refused}");
        assert!(value(blocks, "soon", pace).expect_err("no length").contains("such as 2 h"));
    }

    #[test]
    fn everything_wrong_in_a_file_is_said_at_once() {
        let mut file = json!({"verification": {"beta": 1.5, "laxity": "a lot"}});
        let wrong = rooms(&mut file, Form::Toml).expect_err("both are wrong");
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("verification.beta"), "{wrong:?}");
        // Also what can be read and is out of its range.
        let chain = json!({"epoch_blocks": 0, "block_interval_min_ms": "2 ms"});
        let mut file = json!({"chain": chain, "verification": {"laxity": "a lot"}});
        let wrong = rooms(&mut file, Form::Toml).expect_err("two are wrong");
        let [unread, far] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert!(unread.contains("verification.laxity"), "{unread}");
        assert_eq!(far, "chain.epoch_blocks is 0 blocks; allowed are 1 to 1000000 blocks");
        assert_eq!(file["chain"]["block_interval_min_ms"], 2);
    }
}
