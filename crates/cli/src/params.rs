//! Parameters from a file and from `--set room.name=value`, in the units people write; and
//! `earnest params check`.
//!
//! Laws: a name that is not a parameter is an error that says which was meant, or which there are;
//! all that is wrong with values is said at once, with both numbers.

pub mod written;

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use earnest_protocol::{Params, RawParams, params::ParamField, storage::program_bytes_max};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    failure::Failure,
    output::{note, out, say},
};
pub use written::{Form, Pace};

/// What to do with a file of parameters.
#[derive(Subcommand, Debug)]
pub enum ParamsCommand {
    /// Say everything that is wrong with parameters, or how they differ from the defaults
    Check {
        /// A file of parameters, or a genesis, TOML or JSON [default: the built-in ones]
        file: Option<PathBuf>,
        /// Change one parameter, such as --set verification.laxity=0; may be repeated
        #[arg(long = "set", value_name = "ROOM.NAME=VALUE")]
        sets: Vec<String>,
    },
}

pub fn run(command: &ParamsCommand, json: bool) -> Result<(), Failure> {
    let ParamsCommand::Check { file, sets } = command;
    let params = load(file.as_deref(), sets)?;
    let changed = changed(&RawParams::from(params))?;
    if json {
        let rows: Vec<Value> = changed
            .iter()
            .map(|(path, value, usual)| json!({ "path": path, "value": value, "default": usual }))
            .collect();
        return out!("{}", json!({ "changed": rows }));
    }
    if let Some(why) = no_programs(&params) {
        note!("{why}");
    }
    say!("these parameters go together")?;
    for (path, value, usual) in changed {
        say!("  {path} = {value}; the default is {usual}")?;
    }
    Ok(())
}

/// Bytes of a program below which hardly any is: a network that takes fewer is told of.
const PROGRAM_BYTES: u32 = 64 * 1_024;

/// That a network of these parameters takes hardly any ordinary program, or none, and which of them
/// decide it.
pub fn no_programs(params: &Params) -> Option<String> {
    let most = program_bytes_max(params);
    let is_meant = most == params.storage().program_kib_max.saturating_mul(1_024);
    if is_meant || most >= PROGRAM_BYTES {
        return None;
    }
    let (budget, step) = (params.chain().referee_gas.count(), params.market().step_gas_max.count());
    let which = match most {
        0 => "no ordinary program can be published".to_owned(),
        most => format!("ordinary programs of at most {most} bytes can be published"),
    };
    Some(format!(
        "{which}: of the {budget} gas of chain.referee_gas, market.step_gas_max takes {step}, and \
         each kibibyte of a program needs 8192 of the rest"
    ))
}

/// What differs from the defaults: path, value and default, as people write them.
pub fn changed(raw: &RawParams) -> Result<Vec<(String, String, String)>, Failure> {
    let values = serde_json::to_value(raw).map_err(Failure::internal)?;
    let usual = serde_json::to_value(RawParams::default()).map_err(Failure::internal)?;
    let row = |field: &'static ParamField| {
        let (value, usual) = (value_of(&values, field), value_of(&usual, field));
        (value != usual).then(|| (path_of(field), field.shown(value), field.shown(usual)))
    };
    Ok(RawParams::fields().filter_map(row).collect())
}

/// Between which ends a value of a parameter lies, as people write them; the unit is said once.
pub fn range(field: &ParamField) -> String {
    let (min, max) = (field.shown(field.min), field.shown(field.max));
    let min = min.split(' ').next().unwrap_or_default();
    format!("{min} to {max}")
}

/// That a value of a parameter is not within its range.
pub fn out_of_range(field: &ParamField, got: u64) -> String {
    format!("{} is {}; allowed are {}", path_of(field), field.shown(got), range(field))
}

/// # Errors
/// If a value of the parameter at `path` is not within its range.
pub fn in_range(path: &str, value: u64) -> Result<(), Failure> {
    let field = find(path)?;
    if (field.min..=field.max).contains(&value) {
        return Ok(());
    }
    Err(Failure::usage(out_of_range(field, value), SET_HINT))
}

/// How a parameter is set.
const SET_HINT: &str = "write --set ROOM.NAME=VALUE, such as --set verification.laxity=5%";

/// A genesis, of which its parameters are wanted alone.
#[derive(Deserialize)]
struct OfGenesis {
    params: RawParams,
}

/// The rooms of a file; of a genesis those that it begins with.
fn of_genesis_too(text: &str) -> Result<RawParams, String> {
    if parsed(text)?.get("params").is_none() {
        return read(text, written::rooms);
    }
    let rooms = |file: &mut Value, form| written::rooms(&mut file["params"], form);
    read(text, rooms).map(|OfGenesis { params }| params)
}

/// The parameters of a file, or the defaults, changed by each `room.name=value`.
pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Params, Failure> {
    let mut raw = match file {
        None => RawParams::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::file("read", path, error))?;
            of_genesis_too(&text).map_err(|why| {
                let hint = "compare the file with `earnest query params --defaults`: a table a \
                            room; values may be written as it shows them";
                Failure::config(format!("{} is not a parameter file: {why}", path.display()), hint)
            })?
        }
    };
    for set in sets {
        raw = apply(&raw, set)?;
    }
    checked(raw)
}

/// These parameters, if they go together.
///
/// # Errors
/// All that is wrong with them, as people write numbers.
pub fn checked(raw: RawParams) -> Result<Params, Failure> {
    Params::try_from(raw).map_err(|rejected| {
        let all = rejected.violations.iter().map(|one| format!("\n  {one}"));
        Failure::config(
            format!("these parameters do not go together:{}", all.collect::<String>()),
            "change what is named; `earnest query params --defaults` shows every range",
        )
    })
}

/// What a file says, in TOML or JSON; `translate` makes of what people write what the rules read.
///
/// # Errors
/// What is wrong with the file: the values that do not translate, else the place of what is not
/// understood.
pub fn read<T: DeserializeOwned>(
    text: &str,
    translate: impl Fn(&mut Value, Form) -> Result<(), Vec<String>>,
) -> Result<T, String> {
    let before = parsed(text)?;
    let mut after = before.clone();
    let translated = |wrong: Vec<String>| format!("\n  {}", wrong.join("\n  "));
    if is_json(text) {
        // What needs no translation knows its place.
        let error = match serde_json::from_str(text) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        translate(&mut after, Form::Json).map_err(translated)?;
        let found = if after == before { Err(error) } else { serde_json::from_value(after) };
        return found.map_err(|error| error.to_string());
    }
    translate(&mut after, Form::Toml).map_err(translated)?;
    let spans = DeTable::parse(text).map_err(|error| error.to_string())?;
    let mut changes = Vec::new();
    for (key, value) in spans.get_ref() {
        let key: &str = key.get_ref();
        changed_places(value, &before[key], &after[key], &mut changes);
    }
    // From the end, so that places before stay what they are; a table may be written in pieces.
    changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = text.to_owned();
    for (place, value) in changes {
        text.replace_range(place, &value);
    }
    toml::from_str(&text).map_err(|error| error.to_string())
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The values of a file, whatever they mean.
fn parsed(text: &str) -> Result<Value, String> {
    if is_json(text) {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    toml::from_str(text).map_err(|error| {
        let bare = error.message().contains("nan") || error.message().contains("quoted");
        let quotes =
            if bare { "text stands in quotes, such as name = \"my network\"\n" } else { "" };
        format!("{error}{quotes}")
    })
}

/// Where a translated value stands in a text, and how TOML writes it: as JSON does.
fn changed_places(
    place: &Spanned<DeValue<'_>>,
    before: &Value,
    after: &Value,
    found: &mut Vec<(Range<usize>, String)>,
) {
    match (place.get_ref(), before, after) {
        (DeValue::Table(table), Value::Object(_), Value::Object(_)) => {
            for (key, value) in table {
                let key: &str = key.get_ref();
                changed_places(value, &before[key], &after[key], found);
            }
        }
        (DeValue::Array(list), Value::Array(before), Value::Array(after)) => {
            for ((value, before), after) in list.iter().zip(before).zip(after) {
                changed_places(value, before, after, found);
            }
        }
        _ if before != after => found.push((place.span(), after.to_string())),
        _ => {}
    }
}

/// `raw` with one field changed.
pub fn apply(raw: &RawParams, set: &str) -> Result<RawParams, Failure> {
    let (path, value) = set
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("`{set}` is not ROOM.NAME=VALUE"), SET_HINT))?;
    let path = path.trim();
    let field = find(path.strip_prefix("params.").unwrap_or(path))?;
    let value = value.trim();
    let parsed = written::value(field, value, Pace::of(raw));
    let path = path_of(field);
    let parsed = parsed.map_err(|why| Failure::usage(format!("{path}: {why}"), SET_HINT))?;
    let mut object = serde_json::to_value(raw).map_err(Failure::internal)?;
    object[field.room][field.name] = parsed;
    serde_json::from_value(object)
        .map_err(|error| Failure::usage(format!("{path}={value}: {error}"), SET_HINT))
}

/// Changes one field of `raw`; its path and its value in its own unit.
pub fn change(raw: &mut RawParams, set: &str) -> Result<(String, u64), Failure> {
    *raw = apply(raw, set)?;
    let path = set.split_once('=').map_or(set, |(path, _)| path).trim();
    let field = find(path.strip_prefix("params.").unwrap_or(path))?;
    let path = path_of(field);
    let value = raw.value(&path).unwrap_or_default();
    Ok((path, value))
}

/// Sets one field to a value in its own unit, as the rules count it.
pub fn set_raw(raw: &mut RawParams, path: &str, value: u64) -> Result<(), Failure> {
    let field = find(path)?;
    let mut object = serde_json::to_value(*raw).map_err(Failure::internal)?;
    let place = &mut object[field.room][field.name];
    *place = if place.is_string() { value.to_string().into() } else { value.into() };
    *raw = serde_json::from_value(object).map_err(Failure::internal)?;
    Ok(())
}

/// A value in its own unit as people write it.
pub fn show_at(path: &str, value: u64) -> String {
    let field = RawParams::fields().find(|field| path_of(field) == path);
    field.map_or_else(|| value.to_string(), |field| field.shown(value))
}

/// `room.name`.
pub fn path_of(field: &ParamField) -> String {
    format!("{}.{}", field.room, field.name)
}

/// A parameter's value in its own unit, as `raw` has it.
pub fn value_of(raw: &Value, field: &ParamField) -> u64 {
    let value = &raw[field.room][field.name];
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// The parameter of this path, or an error that says which was meant.
fn find(path: &str) -> Result<&'static ParamField, Failure> {
    if let Some(field) = RawParams::fields().find(|field| path_of(field) == path) {
        return Ok(field);
    }
    // A name that only one room has may stand alone.
    let mut alone = RawParams::fields().filter(|field| field.name == path);
    if let (Some(field), None) = (alone.next(), alone.next()) {
        return Ok(field);
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let paths = |which: &dyn Fn(&ParamField) -> bool| {
        let paths: Vec<String> =
            RawParams::fields().filter(|field| which(field)).map(path_of).collect();
        paths.join(", ")
    };
    let same = paths(&|field| field.name == name);
    let near = paths(&|field| distance(field.name, name) <= 2);
    let room = path.split_once('.').map_or("", |(room, _)| room);
    let of_room = paths(&|field| field.room == room);
    let found = [same, near, of_room].into_iter().find(|found| !found.is_empty());
    let detail = match found {
        Some(meant) => format!("there is no parameter `{path}`; is it one of: {meant}?"),
        // All of them would be a page.
        None => {
            format!("there is no parameter `{path}`; `earnest query params --defaults` has all")
        }
    };
    Err(Failure::usage(detail, SET_HINT))
}

/// How many letters must be changed, put in or left out to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, also) in other.iter().enumerate() {
            let kept = diagonal + usize::from(letter != *also);
            diagonal = row[place + 1];
            row[place + 1] = kept.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_can_be_set_in_its_own_unit() {
        let raw = RawParams::default();
        for field in RawParams::fields() {
            let set = format!("{}=1", path_of(field));
            apply(&raw, &set).expect("one is a value of every type");
        }
        let set = apply(&raw, "verification.laxity=7%").expect("a share");
        assert_eq!(set.verification.laxity.parts(), 70_000_000);
        let set = apply(&raw, "params.verification.challenge_deposit=2.5").expect("an amount");
        assert_eq!(set.verification.challenge_deposit.units(), 2_500_000_000);
        let set = apply(&raw, "laxity=7%").expect("no other room has one");
        assert_eq!(set.verification.laxity.parts(), 70_000_000);
    }

    #[test]
    fn what_is_shown_of_a_parameter_sets_it() {
        let default = RawParams::default();
        let before = serde_json::to_value(default).expect("plain data");
        for field in RawParams::fields() {
            for value in [value_of(&before, field), field.min, field.max] {
                let set = format!("{} = {}", path_of(field), field.shown(value));
                let set = apply(&default, &set).unwrap_or_else(|error| panic!("{set}: {error:?}"));
                let after = serde_json::to_value(set).expect("plain data");
                assert_eq!(value_of(&after, field), value, "{}", path_of(field));
            }
        }
    }

    #[test]
    fn a_file_of_what_is_shown_is_the_same_parameters() {
        let before = serde_json::to_value(RawParams::default()).expect("plain data");
        let mut text = String::new();
        let mut room = "";
        for field in RawParams::fields() {
            if field.room != room {
                room = field.room;
                text.push_str(&format!("[{room}]\n"));
            }
            let shown = field.shown(value_of(&before, field));
            let is_bare = shown.parse::<f64>().is_ok();
            let shown = if is_bare { shown } else { format!("\"{shown}\"") };
            text.push_str(&format!("{} = {shown}\n", field.name));
        }
        let read: RawParams =
            read(&text, written::rooms).unwrap_or_else(|why| panic!("{why}\n{text}"));
        assert_eq!(serde_json::to_value(read).expect("plain data"), before);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named_by_line_or_by_parameter() {
        let named = |text: &str| read::<RawParams>(text, written::rooms).expect_err("wrong");
        assert!(named("[market]\nbids_maximum = 3").contains("line 2"));
        // Also beside values that were translated, and of a genesis.
        let beside = named("[verification]\nbeta = 0.3\n[market]\nbids_max = \"9\"\nbids = 3");
        assert!(beside.contains("line 5"), "{beside}");
        assert!(named("[market]\nbids_max = many").contains("stands in quotes"));
        let both = named("[verification]\nbeta = 1.5\nlaxity = \"5 tokens\"");
        assert!(both.contains("verification.beta") && both.contains("verification.laxity"));
    }

    #[test]
    fn a_wrong_name_or_value_says_what_would_be_right() {
        let raw = RawParams::default();
        for (wrong, meant) in [
            ("market.laxity=1", "verification.laxity?"),
            ("verification.laxety=1", "verification.laxity?"),
            ("slashing.courage=1", "slashing.burn_min"),
            ("courage=1", "`earnest query params --defaults` has all"),
        ] {
            let error = apply(&raw, wrong).expect_err("no such parameter");
            assert!(error.detail.contains(meant), "{wrong}: {error:?}");
        }
        assert!(apply(&raw, "verification.laxity").is_err());
        assert!(apply(&raw, "verification.laxity=2").is_err());
        assert!(apply(&raw, "verification.redraws=300").is_err());
    }

    #[test]
    fn everything_that_does_not_go_together_is_said_at_once() {
        let sets = ["verification.beta=1", "market.bids_max=0", "chain.stake_price=2"];
        let sets = sets.map(str::to_owned);
        let refused = load(None, &sets).expect_err("out of range");
        for named in ["verification.beta", "market.bids_max"] {
            assert!(refused.detail.contains(named), "{refused:?}");
        }
    }
}
