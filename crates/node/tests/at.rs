//! Reads of the past: each row as it stood after a block, as long as its state is kept.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::BTreeMap;

use earnest_api::{AccountView, Client, ClientError, Page, PageQuery};
use earnest_node::{Limits, Node, NodeConfig, NodeHandle};
use earnest_protocol::{Amount, Command, Height, Role, command::Bond};
use serde_json::Value;

use common::{client, create, exchange, sign, signer, start, still, transfer};

/// Submits and makes a block.
fn carry_out(node: &NodeHandle, from: u64, nonce: u64, command: Command) {
    client(node).submit(&sign(&node.network(), from, nonce, command)).unwrap();
    node.make_block().unwrap();
}

fn accounts(client: &Client) -> Page<AccountView> {
    client.accounts(&PageQuery::default()).unwrap()
}

fn code(error: ClientError) -> (u16, String) {
    let problem = error.problem().expect("a problem");
    (problem.status, problem.code.clone())
}

/// Everything that is asked about the state after one block.
fn seen(client: &Client) -> BTreeMap<&'static str, Value> {
    let page = PageQuery::default();
    let json = |value: Result<Value, serde_json::Error>| value.unwrap();
    let role = Some(Role::Provider);
    BTreeMap::from([
        ("network", json(serde_json::to_value(client.network().unwrap()))),
        ("params", json(serde_json::to_value(client.params().unwrap()))),
        ("accounts", json(serde_json::to_value(accounts(client)))),
        ("account", json(serde_json::to_value(client.account(&signer(1).address()).unwrap()))),
        ("operators", json(serde_json::to_value(client.operators(role, &page).unwrap()))),
        ("jobs", json(serde_json::to_value(client.jobs(Default::default(), &page).unwrap()))),
        ("slashes", json(serde_json::to_value(client.slashes(&page).unwrap()))),
        ("delegations", json(serde_json::to_value(client.delegations(None, None, &page).unwrap()))),
    ])
}

#[test]
fn what_was_seen_after_a_block_is_seen_again_later() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let mut then = vec![seen(&client(&node))];
    for nonce in 0..6 {
        let bond = Bond { role: Role::Provider, amount: Amount::tokens(100) };
        match nonce {
            3 => carry_out(&node, 1, nonce, Command::Bond(bond)),
            _ => carry_out(&node, 1, nonce, transfer(signer(100 + nonce).address(), 7)),
        }
        then.push(seen(&client(&node)));
    }
    for (height, then) in (0..).zip(&then) {
        assert_eq!(&seen(&client(&node).at(Height::new(height))), then, "after block {height}");
    }
    // What waits belongs to the account as it stands, not to the past.
    client(&node).submit(&sign(&node.network(), 1, 6, transfer(signer(2).address(), 1))).unwrap();
    let of = |client: Client| client.account(&signer(1).address()).unwrap();
    let (now, past) = (of(client(&node)), of(client(&node).at(Height::new(6))));
    assert_eq!((now.nonce, now.next_nonce), (6, 7));
    assert_eq!((past.nonce, past.next_nonce), (6, 6));

    // A list is read piece by piece from one state, whatever the chain does meanwhile.
    let at = client(&node).at(Height::new(2));
    let first = at.accounts(&PageQuery { limit: Some(2), ..PageQuery::default() }).unwrap();
    node.make_block().unwrap();
    let next = PageQuery { cursor: first.next_cursor, limit: Some(500), order: None };
    let both = [first.items, at.accounts(&next).unwrap().items].concat();
    assert_eq!(both, accounts(&client(&node).at(Height::new(2))).items);

    assert_eq!(code(client(&node).at(Height::new(99)).params().unwrap_err()).1, "state/not-yet");
    let who = client(&node).at(Height::new(1)).account(&signer(105).address()).unwrap_err();
    assert_eq!(code(who), (404, "request/not-found".into()), "it had no account yet");
    // A reply says which block it shows.
    let (status, head, _) = exchange(&node, "GET", "/v1/params?at=2", "");
    assert_eq!(status, 200, "{head}");
    for line in ["x-earnest-height: 2", "x-earnest-finalized: 7"] {
        assert!(head.lines().any(|header| header == line), "{head}");
    }
    // What is no read is refused as that, of whatever state.
    for (method, path) in [("TRACE", "/v1/operators/1?at=99"), ("DELETE", "/v1/params?at=x")] {
        assert_eq!(exchange(&node, method, path, "").0, 405, "{method} {path}");
    }
    // What has no past says so.
    let head = client(&node).at(Height::new(1)).head().unwrap_err();
    assert_eq!(code(head), (400, "request/malformed".into()));
    node.stop().unwrap();
}

#[test]
fn no_more_states_are_kept_than_the_limits_say() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let kept = |states_max, states_transactions_max| NodeConfig {
        limits: Limits { states_max, states_transactions_max, ..Limits::default() },
        ..still(dir.path())
    };
    let first = |node: &NodeHandle| {
        let head = client(node).head().unwrap().height.count();
        let at = |height| client(node).at(Height::new(height)).params();
        let first = (0..=head).find(|height| at(*height).is_ok()).unwrap();
        assert!((first..=head).all(|height| at(height).is_ok()), "without a gap");
        if let Some(before) = first.checked_sub(1) {
            assert_eq!(code(at(before).unwrap_err()), (410, "state/not-kept".into()));
        }
        head - first + 1
    };
    let node = Node::start(kept(3, 100)).unwrap();
    assert_eq!(first(&node), 1);
    for _ in 0..5 {
        node.make_block().unwrap();
    }
    assert_eq!(first(&node), 3, "by their number");
    node.stop().unwrap();
    let node = Node::start(kept(100, 2)).unwrap();
    assert_eq!(first(&node), 1, "a start begins anew");
    for nonce in 0..4 {
        carry_out(&node, 1, nonce, transfer(signer(2).address(), 7));
    }
    assert_eq!(first(&node), 3, "the last and two blocks of one transaction before it");
    for _ in 0..4 {
        node.make_block().unwrap();
    }
    assert_eq!(first(&node), 7, "empty blocks cost nothing");
    node.stop().unwrap();
    let node = Node::start(kept(0, 0)).unwrap();
    carry_out(&node, 1, 4, transfer(signer(2).address(), 7));
    assert_eq!(first(&node), 1, "the last is always kept");
    node.stop().unwrap();
}
