//! Transactions in JSON: as the rules write them, but byte strings in hex.
//!
//! For use as `#[serde(with = "earnest_api::transaction")]`; commands alone have
//! [`command`]. Binary formats are those of the rules, unchanged.
//!
//! Law: unknown fields are refused; an array of numbers is not a byte string.

use std::borrow::Cow;

use earnest_protocol::{
    Command, Transaction,
    command::{ProveStep, RevealResult, ServeData},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use crate::hex_bytes;

/// Writes a transaction.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(
    transaction: &Transaction,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return transaction.serialize(serializer);
    }
    let Transaction { nonce, valid_until, command } = transaction;
    let command = command_json(command);
    json!({"nonce": nonce, "valid_until": valid_until, "command": command}).serialize(serializer)
}

/// Reads a transaction.
///
/// # Errors
/// If it is not one, or has fields that a transaction has not.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Transaction, D::Error> {
    if !deserializer.is_human_readable() {
        return Transaction::deserialize(deserializer);
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Readable {
        nonce: u64,
        valid_until: earnest_protocol::Height,
        #[serde(with = "command")]
        command: Command,
    }
    let Readable { nonce, valid_until, command } = Readable::deserialize(deserializer)?;
    Ok(Transaction { nonce, valid_until, command })
}

/// The same for a command alone.
pub mod command {
    use super::*;

    /// Writes a command.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(command: &Command, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return command.serialize(serializer);
        }
        command_json(command).serialize(serializer)
    }

    /// Reads a command.
    ///
    /// # Errors
    /// If it is not one, or has fields that a command has not.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Command, D::Error> {
        if !deserializer.is_human_readable() {
            return Command::deserialize(deserializer);
        }
        let mut value = Value::deserialize(deserializer)?;
        let taken = take_bytes(&mut value).map_err(de::Error::custom)?;
        let mut command: Command = serde_json::from_value(value).map_err(de::Error::custom)?;
        put_bytes(&mut command, taken);
        Ok(command)
    }
}

/// Commands with a byte string, and the name of that field.
const BYTE_FIELDS: [(&str, &str); 3] =
    [("reveal_result", "output_proof"), ("prove_step", "evidence"), ("serve_data", "bytes")];

/// The command as JSON; its byte string never becomes an array of numbers on the way.
fn command_json(command: &Command) -> Value {
    let none = Vec::new;
    let (bare, bytes) = match command {
        Command::RevealResult(c) => {
            let bare = RevealResult { job: c.job, opening: c.opening, output_proof: none() };
            (Cow::Owned(Command::RevealResult(bare)), Some(&c.output_proof))
        }
        Command::ProveStep(c) => {
            let bare = ProveStep { job: c.job, leaf: c.leaf, evidence: none() };
            (Cow::Owned(Command::ProveStep(bare)), Some(&c.evidence))
        }
        Command::ServeData(c) => {
            let bare = ServeData { job: c.job, item: c.item, bytes: none() };
            (Cow::Owned(Command::ServeData(bare)), Some(&c.bytes))
        }
        other => (Cow::Borrowed(other), None),
    };
    let mut value = serde_json::to_value(&*bare).expect("commands have string keys only");
    if let (Some(bytes), Some(field)) = (bytes, byte_field(&mut value)) {
        *field = Value::String(hex_bytes::encode(bytes));
    }
    value
}

/// Where the byte string of this command is, if it has one.
fn byte_field(command: &mut Value) -> Option<&mut Value> {
    let (name, field) =
        *BYTE_FIELDS.iter().find(|(name, _)| command.get(name).is_some_and(Value::is_object))?;
    command.get_mut(name)?.get_mut(field)
}

/// Takes the byte string out of a command, leaving an empty one.
fn take_bytes(command: &mut Value) -> Result<Option<Vec<u8>>, &'static str> {
    let Some(field) = byte_field(command) else { return Ok(None) };
    let refused = "byte strings are 0x and hexadecimal digits";
    let bytes = field.as_str().and_then(hex_bytes::decode).ok_or(refused)?;
    *field = Value::Array(Vec::new());
    Ok(Some(bytes))
}

fn put_bytes(command: &mut Command, taken: Option<Vec<u8>>) {
    let Some(bytes) = taken else { return };
    match command {
        Command::RevealResult(c) => c.output_proof = bytes,
        Command::ProveStep(c) => c.evidence = bytes,
        Command::ServeData(c) => c.bytes = bytes,
        _ => {}
    }
}
