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
    let mut words = keccak256(format!("{name}({})", listed.join(","))).to_vec();
    for field in fields {
        let (kind, name) = (text(field, "type"), text(field, "name"));
        words.extend(word(&kind, &value[name]));
    }
    keccak256(words).0
}

fn word(kind: &str, value: &Value) -> [u8; 32] {
    if let Some(item) = kind.strip_suffix("[]") {
        let items = value.as_array().expect("a list");
        let words: Vec<u8> = items.iter().flat_map(|value| word(item, value)).collect();
        return keccak256(words).0;
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
