//! Typed data: from a transaction to its EIP-712 message, for hashing and for wallets.
//!
//! The message of a command is a flat struct of its name: the command's fields, groups taken
//! apart, then `nonce` and `validUntil`, and `onBehalfOf` if a key acts for an account: a wallet
//! shows for whom, and what an account signs itself is as it ever was. Amounts are `uint256` base
//! units, other numbers as wide as they are, choices words in lower case; changes of parameters
//! are an array of `ParamChange`, the one nested type.
//!
//! The domain is `{name: "Earnest", version: "1", salt: network}`: the salt is the digest of the
//! genesis, so that a signature is worth nothing on another network, and there is no chain id, so
//! that a wallet signs whichever chain it happens to show.
//!
//! Law: no field hides another: what a wallet shows is all that is asked. One list of fields, the
//! table of commands, feeds both the hash and what a wallet shows; they cannot differ. A change
//! of a name, a type or an order there changes every signature of that command.
//! Not here: which commands there are (`earnest-protocol`), keys and signatures (`signing`).

use std::{collections::BTreeMap, sync::LazyLock};

use alloy_primitives::keccak256;
use earnest_protocol::{
    Digest, Transaction,
    command::{self, COMMANDS, CommandInfo, FieldInfo, FieldKind, FieldValue, ParamChange},
};
use serde_json::{Map, Value, json};

use crate::hex_bytes;

/// What EIP-712 hashes fields as.
type Word = [u8; 32];

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,bytes32 salt)";
const DOMAIN_NAME: &str = "Earnest";
const DOMAIN_VERSION: &str = "1";

/// What the signature of `transaction` signs on `network`.
pub(crate) fn hash(network: &Digest, transaction: &Transaction) -> Digest {
    let mut words = message_type(transaction).hash.to_vec();
    visit(transaction, &mut |_, value| words.extend_from_slice(&word(value)));
    let parts = [domain(network), keccak256(words).0];
    Digest(keccak256([&[0x19, 0x01], parts.concat().as_slice()].concat()).0)
}

/// The argument of `eth_signTypedData_v4` for `transaction` on `network`.
///
/// Integers are decimal strings, so that none passes through a float.
pub fn wallet_request(network: &Digest, transaction: &Transaction) -> Value {
    let MessageType { name, fields, .. } = message_type(transaction);
    let types: Vec<Value> =
        fields.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    let mut message = Map::new();
    visit(transaction, &mut |name, value| {
        message.insert(camel(name), shown(value));
    });
    let mut request = json!({
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "salt", "type": "bytes32"},
            ],
            *name: types,
        },
        "primaryType": name,
        "domain": {"name": DOMAIN_NAME, "version": DOMAIN_VERSION, "salt": network},
        "message": message,
    });
    if fields.iter().any(|(_, kind)| *kind == CHANGES) {
        let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
        request["types"]["ParamChange"] =
            json!([field("path", "string"), field("value", "uint64")]);
    }
    request
}

/// The fields of the message: those of the command, then those of the transaction.
fn visit(transaction: &Transaction, visitor: &mut dyn FnMut(&'static str, FieldValue<'_>)) {
    transaction.command.visit_fields(visitor);
    visitor("nonce", FieldValue::Count(transaction.nonce));
    visitor("valid_until", FieldValue::Count(transaction.valid_until.count()));
    if let Some(account) = &transaction.on_behalf_of {
        visitor("on_behalf_of", FieldValue::Address(account));
    }
}

/// The separator of a network's signatures.
fn domain(network: &Digest) -> Word {
    let name = keccak256(DOMAIN_NAME);
    let version = keccak256(DOMAIN_VERSION);
    keccak256([keccak256(DOMAIN_TYPE).0, name.0, version.0, network.0].concat()).0
}

/// Who signs a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Account,
    Key,
}

/// The type of a command's message.
struct MessageType {
    name: &'static str,
    /// Name and type of each field.
    fields: Vec<(String, &'static str)>,
    /// The hash of both.
    hash: Word,
}

impl MessageType {
    fn of(command: &CommandInfo, by: By) -> MessageType {
        let name = command.message;
        let mut fields = Vec::new();
        add_types(command.fields, &mut fields);
        fields.extend(["nonce", "valid_until"].map(|name| (camel(name), "uint64")));
        match by {
            By::Account => {}
            By::Key => fields.push((camel("on_behalf_of"), "address")),
        }
        let listed: Vec<String> =
            fields.iter().map(|(name, kind)| format!("{kind} {name}")).collect();
        // EIP-712 names the types of fields after the message's own.
        let nested = if fields.iter().any(|(_, kind)| *kind == CHANGES) { CHANGE } else { "" };
        let hash = keccak256(format!("{name}({}){nested}", listed.join(","))).0;
        MessageType { name, fields, hash }
    }
}

fn message_type(transaction: &Transaction) -> &'static MessageType {
    static TYPES: LazyLock<BTreeMap<(&str, By), MessageType>> = LazyLock::new(|| {
        let of = |command: &CommandInfo, by| ((command.name, by), MessageType::of(command, by));
        let both = |command| [By::Account, By::Key].map(|by| of(command, by));
        COMMANDS.iter().flat_map(both).collect()
    });
    let by = match transaction.on_behalf_of {
        None => By::Account,
        Some(_) => By::Key,
    };
    TYPES.get(&(transaction.command.name(), by)).expect("every command is in the table")
}

fn add_types(fields: &[FieldInfo], types: &mut Vec<(String, &'static str)>) {
    for field in fields {
        let kind = match field.kind {
            FieldKind::Address => "address",
            FieldKind::Amount => "uint256",
            FieldKind::Count { bits: 8, .. } => "uint8",
            FieldKind::Count { bits: 32, .. } => "uint32",
            FieldKind::Count { .. } => "uint64",
            FieldKind::Digest => "bytes32",
            FieldKind::Digests => "bytes32[]",
            FieldKind::Changes => CHANGES,
            FieldKind::Bytes => "bytes",
            FieldKind::Choice(words) => {
                types.push((camel(field.shown), "string"));
                command::Word::numbers(words).for_each(|number| add_types(&[*number], types));
                continue;
            }
            FieldKind::Group(fields) => {
                add_types(fields, types);
                continue;
            }
        };
        types.push((camel(field.shown), kind));
    }
}

/// `input_root` as `inputRoot`.
fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = true;
        } else {
            camel.push(if upper { letter.to_ascii_uppercase() } else { letter });
            upper = false;
        }
    }
    camel
}

/// How EIP-712 hashes a value.
fn word(value: FieldValue<'_>) -> Word {
    match value {
        FieldValue::Address(address) => right(&address.0),
        FieldValue::Amount(amount) => right(&amount.units().to_be_bytes()),
        FieldValue::Count(count) => right(&count.to_be_bytes()),
        FieldValue::Digest(digest) => digest.0,
        FieldValue::Digests(digests) => {
            keccak256(digests.iter().flat_map(|digest| digest.0).collect::<Vec<u8>>()).0
        }
        FieldValue::Changes(changes) => {
            keccak256(changes.iter().flat_map(hash_of_change).collect::<Vec<u8>>()).0
        }
        FieldValue::Bytes(bytes) => keccak256(bytes).0,
        FieldValue::Word(word) => keccak256(word).0,
    }
}

/// The type of a list of changes of parameters.
const CHANGES: &str = "ParamChange[]";
/// The type of one of them.
const CHANGE: &str = "ParamChange(string path,uint64 value)";

/// How EIP-712 hashes one change.
fn hash_of_change(change: &ParamChange) -> Word {
    let path = keccak256(&change.path);
    let value = right(&change.value.to_be_bytes());
    keccak256([keccak256(CHANGE).0, path.0, value].concat()).0
}

/// `bytes` at the right end of a word.
fn right<const N: usize>(bytes: &[u8; N]) -> Word {
    let mut word = [0; 32];
    let (_, end) = word.split_last_chunk_mut::<N>().expect("no value is wider than a word");
    *end = *bytes;
    word
}

/// How a wallet writes a value.
fn shown(value: FieldValue<'_>) -> Value {
    match value {
        FieldValue::Address(address) => json!(address),
        FieldValue::Amount(amount) => json!(amount),
        FieldValue::Count(count) => json!(count.to_string()),
        FieldValue::Digest(digest) => json!(digest),
        FieldValue::Digests(digests) => json!(digests),
        FieldValue::Changes(changes) => {
            let one = |change: &ParamChange| {
                let value = change.value.to_string();
                json!({"path": change.path, "value": value})
            };
            changes.iter().map(one).collect()
        }
        FieldValue::Bytes(bytes) => json!(hex_bytes::encode(bytes)),
        FieldValue::Word(word) => json!(word),
    }
}
