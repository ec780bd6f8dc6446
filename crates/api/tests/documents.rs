//! What docs/api.md tells the author of a client: its one worked example, hash by hash.

use earnest_api::{identity, sign, signing_hash};
use earnest_keys::Signer;
use earnest_protocol::{Address, Amount, Digest, JobId, Transaction, command::Opening, seal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Example {
    network: Digest,
    secret: String,
    signer: Address,
    transaction: Transaction,
    signing_hash: Digest,
    signature: String,
    identity: Digest,
    seed: Seed,
    bid: Bid,
    result: Outcome,
}

#[derive(Deserialize)]
struct Seed {
    preimage: Digest,
    seal: Digest,
}

#[derive(Deserialize)]
struct Bid {
    job: JobId,
    price: Amount,
    salt: Digest,
    seal: Digest,
}

#[derive(Deserialize)]
struct Outcome {
    job: JobId,
    opening: Opening,
    seal: Digest,
}

fn example() -> Example {
    let text = include_str!("../../../docs/examples/vectors.json");
    serde_json::from_str(text).expect("the example of docs/api.md")
}

#[test]
fn the_signature_of_the_example_is_what_this_crate_makes() {
    let Example { network, secret, signer, transaction, signing_hash: hash, .. } = example();
    let key = Signer::from_hex(&secret).expect("a secret key");
    assert_eq!(key.address(), signer);
    assert_eq!(signing_hash(&network, &transaction), hash);
    assert_eq!(identity(&hash, &signer), example().identity);
    let signed = serde_json::to_value(sign(&key, &network, transaction)).expect("string keys");
    assert_eq!(signed["signature"], example().signature);
}

#[test]
fn the_seals_of_the_example_are_those_of_the_rules() {
    let Example { network, signer, seed, bid, result, .. } = example();
    assert_eq!(seal::seed(&seed.preimage), seed.seal);
    assert_eq!(seal::bid(&network, bid.job, &signer, bid.price, &bid.salt), bid.seal);
    assert_eq!(seal::result(&network, result.job, &signer, &result.opening), result.seal);
}
