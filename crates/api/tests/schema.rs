//! Schemas: what is written fits its schema, and what does not fit is not read.

use earnest_api::schema;
use earnest_protocol::Command;
use proptest::prelude::*;
use serde_json::{Value, json};

mod common;
use common::transactions::command_json;

/// Does `value` fit `schema`? Knows what our schemas use, and nothing else.
fn fits(schema: &Value, value: &Value) -> bool {
    let rules = schema.as_object().expect("a schema is an object");
    rules.iter().all(|(rule, with)| match rule.as_str() {
        "title" | "description" => true,
        "properties" | "required" | "additionalProperties" => true, // Below.
        "type" => match with.as_str() {
            Some("object") => value.is_object() && members_fit(schema, value),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64() || value.is_i64(),
            other => panic!("no type {other:?}"),
        },
        "enum" => with.as_array().expect("a list of words").contains(value),
        "oneOf" => {
            let schemas = with.as_array().expect("a list of schemas");
            schemas.iter().filter(|schema| fits(schema, value)).count() == 1
        }
        "items" => value.as_array().is_some_and(|items| items.iter().all(|v| fits(with, v))),
        "minimum" => value.as_u64() >= with.as_u64(),
        "maximum" => value.as_u64() <= with.as_u64(),
        "maxLength" => value.as_str().map(|text| text.len() as u64) <= with.as_u64(),
        "pattern" => matches(with.as_str().expect("text"), value.as_str().unwrap_or_default()),
        other => panic!("no rule {other}"),
    })
}

fn members_fit(schema: &Value, value: &Value) -> bool {
    let members = value.as_object().expect("just seen");
    let required = schema["required"].as_array().expect("a list of names");
    assert_eq!(schema["additionalProperties"], false);
    required.iter().all(|name| members.contains_key(name.as_str().expect("a name")))
        && members.iter().all(|(name, value)| {
            schema["properties"].get(name).is_some_and(|schema| fits(schema, value))
        })
}

fn matches(pattern: &str, text: &str) -> bool {
    let hex = text.strip_prefix("0x").filter(|t| t.chars().all(|c| c.is_ascii_hexdigit()));
    match pattern {
        "^(0|[1-9][0-9]*)$" => {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            text == "0" || digits && !text.starts_with('0')
        }
        "^0x[0-9a-fA-F]{40}$" => hex.is_some_and(|digits| digits.len() == 40),
        "^0x[0-9a-fA-F]{64}$" => hex.is_some_and(|digits| digits.len() == 64),
        "^0x([0-9a-fA-F]{2})*$" => hex.is_some_and(|digits| digits.len() % 2 == 0),
        other => panic!("no pattern {other}"),
    }
}

#[test]
fn every_command_has_a_schema_that_describes_each_field() {
    let schemas = schema::commands();
    assert_eq!(schemas.as_object().map(serde_json::Map::len), Some(Command::NAMES.len()));
    for name in Command::NAMES {
        let schema = &schemas[name];
        assert!(schema["description"].is_string(), "{name}");
        for (field, schema) in schema["properties"].as_object().expect("an object of fields") {
            assert!(schema["description"].is_string(), "{name}.{field}");
        }
    }
    let any = schema::command("#/commands");
    assert_eq!(any["oneOf"].as_array().map(Vec::len), Some(Command::NAMES.len()));
    assert_eq!(any["oneOf"][0]["properties"]["transfer"]["$ref"], "#/commands/transfer");
}

#[test]
fn a_schema_reads_as_a_person_would_write_it() {
    let schemas = schema::commands();
    assert_eq!(
        schemas["transfer"],
        json!({
            "description": "Moves `amount` of the signer's free money to `to`, opening its account \
                            if need be.",
            "type": "object",
            "properties": {
                "to": {
                    "description": "Who receives it.",
                    "type": "string",
                    "pattern": "^0x[0-9a-fA-F]{40}$",
                },
                "asset": {
                    "description": "Of which asset; `stake` in a network of one. `stake`: What is \
                                    bonded; in a network of one asset, all money. `payment`: What \
                                    pays, in a network of two assets.",
                    "type": "string",
                    "enum": ["stake", "payment"],
                },
                "amount": {
                    "description": "How much, in base units.",
                    "type": "string",
                    "pattern": "^(0|[1-9][0-9]*)$",
                    "maxLength": 19,
                },
            },
            "required": ["to", "asset", "amount"],
            "additionalProperties": false,
        })
    );
    let item = &schemas["serve_data"]["properties"]["item"];
    assert!(fits(item, &json!("program")) && fits(item, &json!({"input": 7})));
    assert!(!fits(item, &json!("input")) && !fits(item, &json!({"program": 7})));
}

proptest! {
    #[test]
    fn what_is_written_fits_its_schema((info, body) in command_json()) {
        let command: Command = serde_json::from_value(json!({info.name: body})).unwrap();
        let written = serde_json::to_value(&command).unwrap();
        prop_assert_eq!(&written, &json!({info.name: body}));
        prop_assert!(fits(&schema::commands()[info.name], &written[info.name]), "{}", written);
    }

    #[test]
    fn what_does_not_fit_is_not_read(
        (info, mut body) in command_json(),
        at in any::<prop::sample::Index>(),
        twist in 0..3,
    ) {
        let members = body.as_object_mut().unwrap();
        let name = members.keys().nth(at.index(members.len())).unwrap().clone();
        match twist {
            0 => drop(members.remove(&name)),
            1 => drop(members.insert("more".to_owned(), json!(1))),
            _ => drop(members.insert(name, json!(-1))),
        }
        prop_assert!(!fits(&schema::commands()[info.name], &body));
        let read = serde_json::from_value::<Command>(json!({info.name: body}));
        prop_assert!(read.is_err(), "{:?}", read);
    }
}
