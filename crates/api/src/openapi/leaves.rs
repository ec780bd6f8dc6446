//! Leaves: the types that are written as one word or number, with unit, range and pattern; and the
//! few that no shape can be learnt of.
//!
//! Not here: shapes of structs and enums (`shapes`).

use earnest_protocol::Amount;
use serde_json::{Value, json};

/// The component of the type that `type_name` names, if it is a leaf.
pub(super) fn of(type_name: &str) -> Option<(&'static str, Value)> {
    let plain = type_name.split('<').next().unwrap_or(type_name);
    let name = plain.rsplit("::").next().unwrap_or(plain);
    if type_name.starts_with("core::option::Option<") || !type_name.contains("earnest_") {
        return None;
    }
    let count = |about: &str| described(number(), about);
    let id = |what: &str| count(&format!("The number of {what}, counted from 0."));
    let billion = |about: &str| {
        json!({"type": "integer", "minimum": 0, "maximum": 1_000_000_000, "description": about,
               "x-unit": "parts per billion"})
    };
    let unit = |mut schema: Value, unit: &str| {
        schema["x-unit"] = json!(unit);
        schema
    };
    let leaf = match name {
        "Amount" => ("Amount", amount()),
        "Address" => ("Address", bytes(20, "The account address of an Ethereum key.")),
        "Digest" => ("Digest", bytes(32, "A blake3 hash, a sealed value or a salt.")),
        "Height" => ("Height", count("A block by its place; 0 is the genesis.")),
        "Epoch" => ("Epoch", count("An epoch by its place, counted from 0.")),
        "Blocks" => ("Blocks", unit(count("A length of time in blocks."), "blocks")),
        "Epochs" => ("Epochs", unit(count("A length of time in epochs."), "epochs")),
        "Gas" => ("Gas", unit(count("Work of a program."), "gas")),
        "Ratio" => ("Ratio", billion("A share of a whole.")),
        "Factor" => {
            let about = "A number with nine decimal places.";
            ("Factor", unit(count(about), "parts per billion"))
        }
        "AccountId" => ("AccountId", id("an account")),
        "AssignmentId" => ("AssignmentId", id("an assignment")),
        "JobId" => ("JobId", id("a job")),
        "OperatorId" => ("OperatorId", id("an operator: one role of one account")),
        "SlashId" => ("SlashId", id("a slash")),
        "UnbondingId" => ("UnbondingId", id("an unbonding")),
        "PostJob" => ("post_job", json!({})),
        "AnyPot" => {
            let about = "A pot by its name, or an object of its name and the number it goes by.";
            let kinds = json!(["string", "object"]);
            let schema = json!({"type": kinds, "maxProperties": 1, "additionalProperties": true,
                                "description": about});
            ("AnyPot", schema)
        }
        "EventId" => ("EventId", place()),
        // The whole document has their schemas, from the table of commands and off the events.
        "Command" => ("Command", json!({})),
        "Event" => ("Event", json!({})),
        _ => return None,
    };
    Some(leaf)
}

/// Any number that fits 64 bits.
pub(super) fn number() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": u64::MAX})
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}

fn amount() -> Value {
    json!({
        "type": "string",
        "pattern": "^(0|[1-9][0-9]*)$",
        "maxLength": Amount::MAX.to_string().len(),
        "description": "Money, as a decimal count of base units; 10^9 of them are one token.",
        "x-unit": "base units",
        "examples": ["1500000000"],
    })
}

fn bytes(count: usize, about: &str) -> Value {
    let digits = count.saturating_mul(2);
    json!({"type": "string", "pattern": format!("^0x[0-9a-fA-F]{{{digits}}}$"),
           "description": about})
}

/// The place of an event in the log of events.
pub(super) fn place() -> Value {
    json!({"type": "string", "pattern": "^[0-9]+-[0-9]+$",
           "description": "The place of an event: its height and its index in that block."})
}
