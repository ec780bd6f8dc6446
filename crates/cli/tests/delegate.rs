//! Stake behind somebody else's operator, from the terms before joining to what is refused.

mod common;

use std::fs;

use common::{Done, earnest, start_node};
use earnest_keys::{
    Signer,
    keystore::{self, Cost},
};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "a long password";

/// Two accounts of a network that allows delegation: an operator's and a delegator's.
struct Pair {
    folder: TempDir,
    url: String,
    operator: (String, String),
    delegator: (String, String),
    _node: common::Running,
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

/// The address of a key, and its file, which opens in no time.
fn key(folder: &TempDir, name: &str) -> (String, String) {
    let (signer, file) = (Signer::dev_key(5, name), path(folder, name));
    let sealed = keystore::seal(&signer, PASSWORD, Cost::Development).expect("random bytes");
    fs::write(&file, sealed).expect("written");
    (signer.address().to_string(), file)
}

impl Pair {
    fn start() -> Pair {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(path(&folder, "password.txt"), PASSWORD).expect("written");
        let (operator, delegator) = (key(&folder, "operator"), key(&folder, "delegator"));
        let genesis = path(&folder, "genesis.toml");
        let [held, has] = [&operator, &delegator].map(|(address, _)| format!("{address}=5000"));
        let bond = format!("replica:{}=1000", operator.0);
        let words = ["genesis", "new", "--preset", "development", "--account", &held];
        let words = [&words[..], &["--account", &has, "--bond", &bond, "--out", &genesis]].concat();
        let done = earnest(&words);
        assert_eq!(done.code, Some(0), "{done:?}");
        let text = fs::read_to_string(&genesis).expect("written");
        let change = |line: &str| match line.strip_prefix("delegation_max = ") {
            Some(_) => "delegation_max = 3\n".to_owned(),
            None => format!("{line}\n"),
        };
        fs::write(&genesis, text.lines().map(change).collect::<String>()).expect("written");
        let data = path(&folder, "data");
        let (node, url) = start_node(&["--data", &data, "--genesis", &genesis]);
        Pair { folder, url, operator, delegator, _node: node }
    }

    fn run(&self, key: Option<&str>, words: &[&str]) -> Done {
        let password = path(&self.folder, "password.txt");
        let key = key.map(|key| ["--key", key, "--password-file", &password]);
        let key = key.as_ref().map_or(&[][..], |key| &key[..]);
        earnest(&[&["stake"], words, &["--node", &self.url], key].concat())
    }

    fn ok(&self, key: &str, words: &[&str]) {
        let done = self.run(Some(key), words);
        assert_eq!(done.code, Some(0), "{done:?}");
    }

    fn json(&self, words: &[&str]) -> Value {
        let done = self.run(None, &[words, &["--json"]].concat());
        serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
    }
}

#[test]
fn a_delegation_goes_in_on_known_terms_and_comes_out_on_a_known_day() {
    let pair = Pair::start();
    let (operator, theirs) = (pair.operator.0.as_str(), pair.operator.1.as_str());
    let (delegator, own) = (pair.delegator.0.as_str(), pair.delegator.1.as_str());
    let whose = ["--operator", operator, "--role", "replica"];
    let terms = pair.run(None, &["terms", operator, "--role", "replica"]);
    assert!(terms.out.contains("nothing may join: the operator keeps all of its pay"), "{terms:?}");
    let done = pair.run(Some(own), &[&["delegate", "500"][..], &whose].concat());
    assert!(done.err.contains("delegate/keeps-everything"), "{done:?}");

    let set = ["commission", "10%", "--ceiling", "0.2", "--role", "replica"];
    pair.ok(theirs, &set);
    let done = pair.run(Some(theirs), &set);
    assert_eq!(done.code, Some(4), "once a day: {done:?}");
    assert!(done.err.contains("The commission may change from epoch"), "{done:?}");

    let terms = pair.run(None, &["terms", operator, "--role", "replica"]);
    assert!(terms.out.contains("10.0 %, at most 11.0 % from epoch"), "{terms:?}");
    assert!(terms.out.contains("never more than"), "{terms:?}");
    assert!(terms.out.contains("of at most 3000;"), "{terms:?}");
    assert!(terms.out.contains("no slash since block"), "{terms:?}");
    let none = pair.run(None, &["terms", delegator, "--role", "provider"]);
    assert_eq!(none.code, Some(5), "{none:?}");

    pair.ok(own, &[&["delegate", "500"][..], &whose].concat());
    pair.ok(own, &[&["undelegate", "200"][..], &whose].concat());
    let held = pair.json(&["delegations", delegator]);
    assert_eq!(held[0]["delegated"], "300000000000", "{held}");
    assert_eq!(held[0]["leaving"][0]["amount"], "200000000000", "{held}");
    assert_eq!(held[0]["account"]["address"], operator);
    let terms = pair.json(&["terms", operator, "--role", "replica"]);
    let terms = &terms["operator"]["delegations"];
    assert_eq!(
        (&terms["delegated"], &terms["leaving"]),
        (&held[0]["delegated"], &held[0]["leaving"][0]["amount"])
    );

    let early = pair.run(Some(own), &[&["withdraw"][..], &whose].concat());
    assert!(early.err.contains("withdraw-delegation/nothing-matured"), "{early:?}");
    pair.ok(own, &[&["cancel-undelegation"][..], &whose].concat());
    let held = pair.run(None, &["delegations", delegator]);
    assert!(held.out.contains("500 tokens") && !held.out.contains("leaving"), "{held:?}");
}
