//! Settings: one value of a scenario replaced by another, named by its path.

use std::{fmt, str::FromStr};

use crate::error::SimError;

/// `path=value`: a dotted path into a scenario and what stands there instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    path: String,
    value: toml::Value,
}

impl Setting {
    pub(crate) fn new(path: &str, value: toml::Value) -> Setting {
        Setting { path: path.to_owned(), value }
    }

    /// The dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value in words.
    pub fn value(&self) -> String {
        shown(&self.value)
    }

    /// Several settings of one path: `path=a,b,c`, or `path=[1, 2],[3, 4]`.
    ///
    /// # Errors
    /// [`SimError::Setting`] with what is wrong.
    pub fn each(text: &str) -> Result<Vec<Setting>, SimError> {
        let (path, values) = text.split_once('=').ok_or_else(|| rejected(text, NO_VALUE))?;
        let list: toml::Table = toml::from_str(&format!("v = [{values}]"))
            // Words need no quotes on a command line.
            .or_else(|error| match words(values) {
                Some(list) => toml::from_str(&format!("v = [{list}]")),
                None => Err(error),
            })
            .map_err(|_| rejected(text, NOT_A_VALUE))?;
        let Some(toml::Value::Array(values)) = list.into_iter().next().map(|(_, list)| list) else {
            return Err(rejected(text, NOT_A_VALUE));
        };
        if path.is_empty() || values.is_empty() {
            return Err(rejected(text, NO_VALUE));
        }
        Ok(values.into_iter().map(|value| Setting { path: path.to_owned(), value }).collect())
    }

    /// Puts the value where the path leads, making tables on the way.
    pub(super) fn put(&self, table: &mut toml::Table) -> Result<(), SimError> {
        let (mut at, mut rest) = (table, self.path.as_str());
        while let Some((head, tail)) = rest.split_once('.') {
            let next = at.entry(head).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            at = next.as_table_mut().ok_or_else(|| rejected(&self.path, NOT_A_TABLE))?;
            rest = tail;
        }
        // The type that stands there decides between 1 and 1.0.
        let value = match (at.get(rest), &self.value) {
            (Some(toml::Value::Float(_)), toml::Value::Integer(whole)) => {
                toml::Value::Float(*whole as f64)
            }
            (_, value) => value.clone(),
        };
        at.insert(rest.to_owned(), value);
        Ok(())
    }
}

const NO_VALUE: &str = "write path=value, as in providers.honest.count=100";
const NOT_A_VALUE: &str = "what follows = is not a number, a share (5%), a word or a list";
const NOT_A_TABLE: &str = "a part of the path before its last is a value";

fn rejected(text: &str, why: &'static str) -> SimError {
    SimError::Setting { setting: text.to_owned(), why }
}

/// Words, numbers and shares between commas, as TOML writes them; none if any is something else.
fn words(values: &str) -> Option<String> {
    let values = values.split(',').map(str::trim).map(word);
    Some(values.collect::<Option<Vec<_>>>()?.join(","))
}

/// One of them: a number as it is, `5%` as what it means, a word in quotes.
fn word(text: &str) -> Option<String> {
    if let Some(share) = text.strip_suffix('%') {
        let share: f64 = share.trim_end().parse().ok()?;
        return Some(format!("{:?}", share / 100.0));
    }
    if text.parse::<f64>().is_ok() && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Some(text.to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| format!("\"{text}\""))
}

fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(whole) => whole.to_string(),
        toml::Value::Float(real) => real.to_string(),
        toml::Value::Boolean(is) => is.to_string(),
        toml::Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} = {}", shown(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        toml::Value::Datetime(_) => "a date".to_owned(),
    }
}

impl FromStr for Setting {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Setting, SimError> {
        let mut each = Setting::each(text)?;
        match (each.pop(), each.is_empty()) {
            (Some(setting), true) => Ok(setting),
            _ => Err(rejected(text, "one value is wanted here")),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value())
    }
}
