//! The document that describes the API, by itself.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::collections::BTreeSet;

use earnest_api::{Problem, Refusal, openapi};
use earnest_protocol::{Rejected, TransactionRejected};
use serde_json::Value;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn whatever_the_document_refers_to_is_in_it() {
    let document = openapi::document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    assert_eq!(document, openapi::document(), "the same every time");
}

#[test]
fn money_hashes_and_heights_say_how_they_are_written() {
    let document = openapi::document();
    let schemas = &document["components"]["schemas"];
    let account = &schemas["AccountView"];
    assert_eq!(account["properties"]["free"]["$ref"], "#/components/schemas/Amount");
    assert_eq!(schemas["Amount"]["x-unit"], "base units");
    assert_eq!(schemas["BlockView"]["properties"]["height"]["$ref"], "#/components/schemas/Height");
    assert_eq!(schemas["Digest"]["pattern"], "^0x[0-9a-fA-F]{64}$");
    let terms = &schemas["JobView"]["properties"]["terms"];
    assert_eq!(terms["$ref"], "#/components/schemas/post_job", "a command has one schema");
}

#[test]
fn every_refusal_is_there_once_with_its_words() {
    let document = openapi::document();
    let refusals = document["x-earnest-refusals"].as_array().unwrap();
    let codes: BTreeSet<&str> = refusals.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), refusals.len(), "no code twice");
    assert!(codes.len() > 100, "{}", codes.len());
    let commands: BTreeSet<&str> =
        earnest_protocol::command::COMMANDS.iter().map(|command| command.name).collect();
    for command in commands {
        let prefix = command.replace('_', "-") + "/";
        assert!(codes.iter().any(|code| code.starts_with(&prefix)), "{command}");
    }
    let used = Refusal::from(Rejected::Transaction(TransactionRejected::UnknownAccount));
    assert!(codes.contains(used.code.as_str()));
    for one in refusals {
        assert!(!one["hint"].as_str().unwrap().is_empty(), "{one}");
        let prefix = Problem::new(422, one["code"].as_str().unwrap(), "", "").title;
        assert_eq!(one["title"], *prefix);
    }
}

/// The variants of `value` and below that have a type of their own.
fn titles(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(variants) = map.get("oneOf").and_then(Value::as_array) {
                found.extend(
                    variants.iter().filter_map(|one| one["title"].as_str()).map(str::to_owned),
                );
            }
            map.values().for_each(|inner| titles(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| titles(inner, found)),
        _ => {}
    }
}

#[test]
fn a_generator_of_clients_finds_a_name_of_its_own_for_each_type() {
    let document = openapi::document();
    let mut found = Vec::new();
    titles(&document, &mut found);
    assert!(found.contains(&"CommandPostJob".to_owned()), "{found:?}");
    found.extend(document["components"]["schemas"].as_object().unwrap().keys().cloned());
    // `post_job` and `PostJob` would be one type.
    let plain = |name: &String| name.replace('_', "").to_lowercase();
    let names: BTreeSet<String> = found.iter().map(plain).collect();
    assert_eq!(names.len(), found.len(), "{found:?}");
    let mut operations = BTreeSet::new();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|one| one.as_object().unwrap())
    {
        assert_eq!(operation.1["tags"].as_array().map(Vec::len), Some(1), "{operation:?}");
        let id = operation.1["operationId"].as_str().unwrap();
        assert!(operations.insert(id) && id.contains('_'), "{id}");
        let replies = operation.1["responses"].as_object().unwrap().values();
        let contents = replies.filter_map(|reply| reply["content"].as_object());
        for content in contents.flat_map(|content| content.values()) {
            assert!(content["schema"].is_object(), "{operation:?}");
        }
    }
}
