//! Keys that act on an account's behalf, over HTTP: from authorisation to the block after
//! revocation.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use earnest_api::{Client, Session, SignedTransaction};
use earnest_keys::Signer;
use earnest_node::NodeHandle;
use earnest_protocol::{
    Address, Amount, Command, Digest, Height, Transaction,
    command::{AuthoriseKey, RevokeKey, Scope, SealReport},
};

mod common;
use common::{client, create, sign, signer, start, transfer};

/// The account whose keys these are.
const OWNER: u64 = 1;

fn hot() -> Signer {
    signer(200)
}

fn owner() -> Address {
    signer(OWNER).address()
}

fn authorise(scope: Scope, spend_max: u64) -> Command {
    let (key, expires) = (hot().address(), Height::new(1_000));
    Command::AuthoriseKey(AuthoriseKey {
        key,
        scope,
        expires,
        spend_max: Amount::tokens(spend_max),
    })
}

fn seal(number: u8) -> Command {
    Command::SealReport(SealReport { seal: Digest([number; 32]) })
}

fn sign_hot(node: &NodeHandle, nonce: u64, command: Command) -> SignedTransaction {
    let (valid_until, on_behalf_of) = (Height::new(1_000), Some(owner()));
    let transaction = Transaction { nonce, valid_until, command, on_behalf_of };
    earnest_api::sign(&hot(), &node.network(), transaction)
}

/// In the next block, and accepted there.
fn ok(node: &NodeHandle, signed: &SignedTransaction) {
    let hash = client(node).submit(signed).unwrap().hash;
    node.make_block().unwrap();
    let receipt = client(node).transaction(&hash).unwrap();
    assert!(receipt.height.is_some() && receipt.refusal.is_none(), "{receipt:?}");
}

fn code(client: &Client, signed: &SignedTransaction) -> String {
    client.submit(signed).unwrap_err().problem().unwrap().code.clone()
}

#[test]
fn a_key_acts_from_the_block_that_authorised_it_to_the_one_that_revoked_it() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let (network, client) = (node.network(), client(&node));
    assert_eq!(code(&client, &sign_hot(&node, 0, seal(1))), "transaction/key-not-authorised");
    ok(&node, &sign(&network, OWNER, 0, authorise(Scope::Provide, 1)));
    // The owner and its key send at once, each in a sequence of its own.
    let (by_key, own) =
        (sign_hot(&node, 0, seal(1)), sign(&network, OWNER, 1, transfer(owner(), 1)));
    let sent = [&by_key, &own].map(|signed| client.submit(signed).unwrap().hash);
    let account = client.account(&owner()).unwrap();
    assert_eq!((account.next_nonce, account.keys[0].next_nonce), (2, 1), "both wait");
    node.make_block().unwrap();
    for hash in sent {
        assert_eq!(client.transaction(&hash).unwrap().refusal, None);
    }
    let signers = sent.map(|hash| {
        let content = client.transaction_content(&hash).unwrap();
        (content.signer, content.account.address, content.nonce)
    });
    assert_eq!(signers, [(hot().address(), owner(), 0), (owner(), owner(), 1)]);
    let out_of_scope = sign_hot(&node, 1, transfer(signer(3).address(), 5));
    assert_eq!(code(&client, &out_of_scope), "transaction/key-out-of-scope");
    // What waits behind the revocation is dropped with it.
    let revoke = Command::RevokeKey(RevokeKey { key: hot().address() });
    client.submit(&sign(&network, OWNER, 2, revoke)).unwrap();
    let late = client.submit(&sign_hot(&node, 1, seal(2))).unwrap().hash;
    let later = client.submit(&sign_hot(&node, 2, seal(3))).unwrap().hash;
    node.make_block().unwrap();
    for hash in [late, later] {
        let receipt = client.transaction(&hash).unwrap();
        let refusal = receipt.refusal.expect("dropped");
        assert_eq!(
            (receipt.height, refusal.code.as_str()),
            (None, "transaction/key-not-authorised")
        );
    }
    assert!(client.account(&owner()).unwrap().keys.is_empty());
    assert_eq!(code(&client, &sign_hot(&node, 3, seal(4))), "transaction/key-not-authorised");
    let root = node.root();
    node.stop().unwrap();
    let again = start(dir.path());
    assert_eq!(again.root(), root, "the log says the same again");
    again.stop().unwrap();
}

#[test]
fn a_session_of_a_key_signs_tries_and_sends_for_its_account() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    ok(&node, &sign(&node.network(), OWNER, 0, authorise(Scope::Provide, 1)));
    let mut session = Session::open_for(client(&node), hot(), Some(owner())).unwrap();
    assert_eq!(session.address(), owner());
    assert_eq!(session.simulate(seal(1)).unwrap().refusal, None);
    let tried = session.simulate(transfer(owner(), 1)).unwrap().refusal.unwrap();
    assert_eq!(tried.code, "transaction/key-out-of-scope");
    for number in 1..4 {
        session.send(seal(number)).unwrap();
    }
    node.make_block().unwrap();
    assert_eq!(session.nonce().unwrap(), 3);
    let account = client(&node).account(&owner()).unwrap();
    assert_eq!((account.nonce, account.keys[0].nonce), (1, 3));
    // Refused or not, each paid its fee of the key's limit.
    let fee = client(&node).network().unwrap().params.chain.base_fee.units();
    assert_eq!(account.keys[0].spent.units(), 3 * fee);
    node.stop().unwrap();
}

/// A node at which an account may have so many waiting, and a key of `OWNER` with so many base
/// fees.
fn with_places(dir: &std::path::Path, places: usize, fees: u64) -> NodeHandle {
    create(dir);
    let mut config = common::still(dir);
    config.limits.account_waiting_max = places;
    let node = earnest_node::Node::start(config).unwrap();
    let fee = client(&node).network().unwrap().params.chain.base_fee.units();
    let (key, expires) = (hot().address(), Height::new(1_000));
    let spend_max = Amount::new(fees * fee).unwrap();
    let key = AuthoriseKey { key, scope: Scope::Provide, expires, spend_max };
    ok(&node, &sign(&node.network(), OWNER, 0, Command::AuthoriseKey(key)));
    node
}

#[test]
fn an_account_has_no_more_waiting_for_having_keys() {
    let dir = tempfile::tempdir().unwrap();
    let node = with_places(dir.path(), 3, 1_000);
    let (network, client) = (node.network(), client(&node));
    for nonce in [1, 2] {
        client.submit(&sign(&network, OWNER, nonce, transfer(owner(), nonce))).unwrap();
    }
    client.submit(&sign_hot(&node, 0, seal(1))).unwrap();
    let full = code(&client, &sign_hot(&node, 1, seal(2)));
    assert!(full.contains("account-full"), "{full}");
    node.stop().unwrap();
}

/// A thief of a key that fills every place of the account would else keep it from revoking the
/// key, or be served before the revocation for as long as its queue lasts.
#[test]
fn k8_a_key_that_fills_every_place_keeps_nobody_from_revoking_it() {
    let dir = tempfile::tempdir().unwrap();
    let node = with_places(dir.path(), 3, 1_000);
    let (network, client) = (node.network(), client(&node));
    for nonce in 0..3 {
        client.submit(&sign_hot(&node, nonce, seal(1))).unwrap();
    }
    let revoke = Command::RevokeKey(RevokeKey { key: hot().address() });
    client.submit(&sign(&network, OWNER, 1, revoke)).unwrap();
    let before = client.account(&owner()).unwrap().free;
    node.make_block().unwrap();
    let account = client.account(&owner()).unwrap();
    assert!(account.keys.is_empty());
    let fee = client.network().unwrap().params.chain.base_fee;
    assert_eq!(before.checked_sub(account.free), Some(fee), "nothing but the revocation");
    node.stop().unwrap();
}

/// What waits of a key beyond its limit would be tried in every block and pay for none.
#[test]
fn k8_a_key_has_no_more_waiting_than_its_limit_pays_for() {
    let dir = tempfile::tempdir().unwrap();
    let node = with_places(dir.path(), 100, 2);
    let client = client(&node);
    for nonce in 0..2 {
        client.submit(&sign_hot(&node, nonce, seal(1))).unwrap();
    }
    let refused = code(&client, &sign_hot(&node, 2, seal(1)));
    assert_eq!(refused, "mempool/unpayable");
    node.stop().unwrap();
}
