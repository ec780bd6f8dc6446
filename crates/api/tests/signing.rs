//! Signatures: the same as those of an independent wallet, and no others.

use earnest_api::{SignedTransaction, identity, recover, sign, signing_hash, wallet_request};
use earnest_keys::{SignatureRejected, Signer};
use earnest_protocol::{Address, Amount, Command, Digest, Height, Role, Transaction, command as c};
use serde::Deserialize;
use serde_json::Value;

mod common;

#[derive(Deserialize)]
struct Vector {
    network: Digest,
    secret: String,
    address: Address,
    transaction: Value,
    hash: Digest,
    signature: String,
}

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors =
        serde_json::from_str(include_str!("vectors/signing.json")).expect("committed vectors");
    vectors.vectors
}

fn read(value: &Value) -> Transaction {
    Transaction::deserialize(value).expect("a transaction")
}

#[test]
fn every_command_is_hashed_and_signed_as_eth_account_does() {
    for vector in vectors() {
        let transaction = read(&vector.transaction);
        let name = vector.transaction["command"].to_string();
        assert_eq!(signing_hash(&vector.network, &transaction), vector.hash, "{name}");
        let signer = Signer::from_hex(&vector.secret).expect("a secret key");
        assert_eq!(signer.address(), vector.address);
        let signed = sign(&signer, &vector.network, transaction);
        let json = serde_json::to_value(&signed).expect("JSON");
        assert_eq!(json["signature"], vector.signature, "{name}");
        assert_eq!(json["transaction"], vector.transaction, "{name}");
        assert_eq!(
            recover(&vector.network, &signed),
            Ok((vector.address, identity(&vector.hash, &vector.address)))
        );
    }
}

/// `vectors/generate.py` makes them, and writes the type of each message down a second time.
#[test]
fn every_command_has_vectors_of_an_independent_wallet() {
    let vectors = vectors();
    for name in Command::NAMES {
        let of_name = |vector: &&Vector| vector.transaction["command"].get(name).is_some();
        let (by_key, own): (Vec<_>, Vec<_>) = vectors
            .iter()
            .filter(of_name)
            .partition(|vector| vector.transaction["on_behalf_of"].is_string());
        assert_eq!((own.len(), by_key.len()), (8, 2), "vectors of {name}");
    }
    assert_eq!(vectors.len(), Command::NAMES.len() * 10);
}

#[test]
fn what_a_wallet_is_shown_hashes_to_what_is_signed() {
    for vector in vectors() {
        let request = wallet_request(&vector.network, &read(&vector.transaction));
        assert_eq!(common::eip712_hash(&request), vector.hash.0, "{request}");
    }
}

/// What a node keeps and carries. Another value here is another format.
#[test]
fn the_bytes_of_every_command_are_what_they_were() {
    let mut hasher = blake3::Hasher::new();
    for vector in vectors() {
        let transaction = read(&vector.transaction);
        let signer = Signer::from_hex(&vector.secret).expect("a secret key");
        hasher.update(&sign(&signer, &vector.network, transaction).encode());
    }
    let golden = "c3df06710b0fd605ba68f7d7567c49a7537a3e24f4e1e23a20d8c65a7457c31a";
    assert_eq!(hasher.finalize().to_string(), golden);
}

fn example() -> (Signer, Digest, SignedTransaction) {
    let signer = Signer::dev_key(1, "alice");
    let network = Digest([7; 32]);
    let command = Command::Bond(c::Bond { role: Role::Provider, amount: Amount::tokens(100) });
    let transaction =
        Transaction { nonce: 3, valid_until: Height::new(99), command, on_behalf_of: None };
    let signed = sign(&signer, &network, transaction);
    (signer, network, signed)
}

#[test]
fn a_signature_is_worth_nothing_elsewhere() {
    let (signer, network, signed) = example();
    assert_eq!(
        recover(&network, &signed),
        Ok((signer.address(), signed.hash(&network, &signer.address())))
    );
    let other = recover(&Digest([8; 32]), &signed);
    assert_ne!(other.map(|(address, _)| address), Ok(signer.address()));
    let mut changed = signed.clone();
    changed.transaction.nonce = 4;
    assert_ne!(recover(&network, &changed).map(|(address, _)| address), Ok(signer.address()));
}

#[test]
fn the_other_form_of_a_signature_is_refused() {
    let (_, network, signed) = example();
    // n − s with the other parity recovers to the same key.
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36,
        0x41, 0x41,
    ];
    let mut twin = signed.clone();
    let mut borrow = 0i16;
    for i in (0..32).rev() {
        let digit = i16::from(ORDER[i]) - i16::from(signed.signature[32 + i]) - borrow;
        borrow = i16::from(digit < 0);
        twin.signature[32 + i] = digit.rem_euclid(256) as u8;
    }
    twin.signature[64] = 27 + 28 - signed.signature[64];
    assert_eq!(recover(&network, &twin), Err(SignatureRejected::HighS));
}

#[test]
fn garbage_signatures_are_refused() {
    let (_, network, signed) = example();
    for v in (0..=255u8).filter(|v| !matches!(v, 27 | 28)) {
        let mut bad = signed.clone();
        bad.signature[64] = v;
        let refused = Err(SignatureRejected::RecoveryIdOutOfRange { got: v });
        assert_eq!(recover(&network, &bad), refused);
    }
    let with = |range: core::ops::Range<usize>, byte| {
        let mut bad = signed.clone();
        bad.signature[range].fill(byte);
        recover(&network, &bad)
    };
    assert_eq!(with(0..32, 0), Err(SignatureRejected::Unrecoverable));
    assert_eq!(with(0..32, 0xff), Err(SignatureRejected::Unrecoverable));
    assert_eq!(with(32..64, 0), Err(SignatureRejected::Unrecoverable));
    assert_eq!(with(32..64, 0xff), Err(SignatureRejected::HighS));
}

/// Two accounts may ask the same at the same nonce: they sign the same, and are told apart.
#[test]
fn one_message_of_two_accounts_has_two_names() {
    let network = Digest([1; 32]);
    let (alice, bob) = (Signer::dev_key(1, "alice"), Signer::dev_key(1, "bob"));
    let hash = Digest([2; 32]);
    assert_ne!(identity(&hash, &alice.address()), identity(&hash, &bob.address()));
    assert_ne!(identity(&hash, &alice.address()), hash);
    assert_ne!(identity(&hash, &alice.address()), identity(&network, &alice.address()));
}
