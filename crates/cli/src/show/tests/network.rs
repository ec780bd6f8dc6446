//! How a network and its rows look.

use earnest_api::{AccountView, BlockView, NetworkView, StorageView};
use earnest_protocol::{Amount, Digest, Factor, RawParams, Role, staking::Standing};
use serde_json::json;

use super::{account, check, money::operator, present};
use crate::show::network::{accounts, block, network, operators, storage};

const ROOT: Digest = Digest([7; 32]);

/// A network in which little has happened.
fn seen() -> NetworkView {
    let value = json!({
        "name": "development network of seed 5", "network": ROOT, "height": 133, "epoch": 16,
        "epoch_first": 128, "time_ms": 0, "base_fee": "10000", "state_root": ROOT,
        "params": RawParams::default(), "assets": "single",
        "supply": {
            "issued": "9000000000000", "burnt": "13110929389", "total": "8986889070611",
            "stake": "3575118253030", "treasury": "250886709", "insurance": "6289792439",
            "covers": "0", "judges": "6038905746", "rewards": "0",
        },
        "emission": { "emitted": "0", "claims": "0" },
        "counts": {
            "accounts": 10, "providers": 4, "providers_active": 2, "validators": 3,
            "validators_active": 3, "slashes": 6,
            "jobs": { "posted": 45, "accepted": 33, "rejected": 3, "expired": 3, "open": 6 },
        },
        "guard": {
            "phase": 2, "council": [], "threshold": 0, "guardian": null,
            "paused": [{ "lane": "jobs", "until": 300 }],
        },
        "conservation": {
            "asset": "stake", "holds": true, "pots": "8986889070611", "expected": "8986889070611",
        },
    });
    serde_json::from_value(value).expect("a view")
}

#[test]
fn a_network_says_where_it_is_whose_its_money_is_and_that_it_adds_up() {
    check("network", |width| network(&seen(), &present().clock, width));
    let mut broken = seen();
    broken.conservation.holds = false;
    assert!(network(&broken, &present().clock, 80).contains("BROKEN"));
}

#[test]
fn a_block_says_when_it_was_made() {
    let value = json!({
        "height": 133, "hash": ROOT, "parent": ROOT, "state_root": ROOT, "epoch": 16,
        "time_ms": 1_795_715_077_051_u64, "base_fee": "10000", "beacon": null, "event_count": 3,
        "is_final": true, "transactions": [ROOT],
    });
    let view: BlockView = serde_json::from_value(value).expect("a view");
    check("block", |width| block(&view, width));
}

#[test]
fn a_full_disk_is_told_with_what_follows() {
    let value = json!({
        "height": 5_000, "blocks_from": 1, "retention": "archive", "log_bytes": 71_000_000,
        "segment_count": 2, "snapshot": 4_800, "is_snapshot_put_off": true, "room": "full",
        "held_bytes": 0, "free_bytes": 4_096,
    });
    let view: StorageView = serde_json::from_value(value).expect("a view");
    check("storage", |width| storage(&view, width));
}

#[test]
fn accounts_and_operators_are_tables_with_names() {
    let view = |name: &str, free: Amount, provider: Option<u64>| {
        let who = account(name);
        let value = json!({
            "id": who.id, "address": who.address, "free": free, "nonce": 12, "next_nonce": 12,
            "provider": provider, "validator": null, "replica": null,
        });
        serde_json::from_value::<AccountView>(value).expect("a view")
    };
    let all = [
        view("ada", Amount::tokens(500), Some(0)),
        view("rosa", Amount::new(9_901_958_699_768).expect("small"), None),
        view("somebody else", Amount::ZERO, Some(7)),
    ];
    check("accounts", |width| accounts(&all, &present(), width));

    let mut auditor = operator("vera", Standing::Active);
    (auditor.role, auditor.strikes) = (Role::Validator, Factor::percent(0));
    let all = [
        operator("ada", Standing::Active),
        operator("loki", Standing::Jailed(earnest_protocol::Epoch::new(301))),
        auditor,
    ];
    check("operators", |width| operators(&all, &present(), width));
}
