//! What several test files need: a second EIP-712 encoder, and transactions of every kind.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod transactions;

use alloy_primitives::{U256, hex, keccak256};
use serde_json::Value;

/// The hash of an `eth_signTypedData_v4` request, computed from the JSON alone.
pub(crate) fn eip712_hash(request: &Value) -> [u8; 32] {
    let primary = request["primaryType"].as_str().expect("a name");
    let domain = struct_hash(request, "EIP712Domain", &request["domain"]);
    let message = struct_hash(request, primary, &request["message"]);
    keccak256([&[0x19, 0x01], domain.as_slice(), message.as_slice()].concat()).0
}

fn struct_hash(request: &Value, name: &str, value: &Value) -> [u8; 32] {
    let fields = request["types"][name].as_array().expect("a list of fields");
    let text = |field: &Value, key: &str| field[key].as_str().expect("text").to_owned();
    let listed: Vec<String> =
        fields.iter().map(|f| format!("{} {}", text(f, "type"), text(f, "name"))).collect();
    let nested = fields.iter().filter_map(|f| nested_type(request, &text(f, "type")));
    let nested: String = nested.collect();
    let mut words = keccak256(format!("{name}({}){nested}", listed.join(","))).to_vec();
    for field in fields {
        let (kind, name) = (text(field, "type"), text(field, "name"));
        words.extend(word(request, &kind, &value[name]));
    }
    keccak256(words).0
}

/// The text of a type of its own that a list is of; at most one in each message of ours.
fn nested_type(request: &Value, kind: &str) -> Option<String> {
    let name = kind.strip_suffix("[]")?;
    let fields = request["types"][name].as_array()?;
    let field = |f: &Value| Some(format!("{} {}", f["type"].as_str()?, f["name"].as_str()?));
    let listed: Vec<String> = fields.iter().filter_map(field).collect();
    Some(format!("{name}({})", listed.join(",")))
}

fn word(request: &Value, kind: &str, value: &Value) -> [u8; 32] {
    if let Some(item) = kind.strip_suffix("[]") {
        let items = value.as_array().expect("a list");
        let words: Vec<u8> = items.iter().flat_map(|value| word(request, item, value)).collect();
        return keccak256(words).0;
    }
    if request["types"][kind].is_array() {
        return struct_hash(request, kind, value);
    }
    let text = value.as_str().expect("every value is text");
    let bytes = || hex::decode(text.strip_prefix("0x").expect("0x")).expect("hex");
    match kind {
        "string" => keccak256(text).0,
        "bytes" => keccak256(bytes()).0,
        "bytes32" => bytes().try_into().expect("32 bytes"),
        "address" => {
            let mut word = [0; 32];
            word[12..].copy_from_slice(&bytes());
            word
        }
        _ if kind.starts_with("uint") => {
            U256::from_str_radix(text, 10).expect("a decimal number").to_be_bytes()
        }
        other => panic!("no type {other}"),
    }
}
