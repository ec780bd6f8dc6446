//! A network from a file: written, explained, checked, begun.

mod common;

use std::fs;

use common::{earnest, start_node};
use serde_json::Value;

const ALICE: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const BOB: &str = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";

#[test]
fn a_genesis_that_was_written_explains_each_parameter_and_begins_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let held = format!("{ALICE}=2000");
    let bond = format!("replica:{ALICE}=1000");
    for (preset, file) in [("standard", "a"), ("development", "b"), ("two-assets", "c")] {
        let file = path(file);
        let words = ["genesis", "new", "--preset", preset, "--account", &held, "--bond", &bond];
        let done = earnest(&[&words[..], &["--out", &file]].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        let again = earnest(&[&words[..], &["--out", &file]].concat());
        assert_eq!(again.code, Some(3), "nothing is overwritten: {again:?}");

        let done = earnest(&["genesis", "check", &file, "--json"]);
        let shown: Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
        assert_eq!((&shown["stake"], &shown["replicas"]), (&"2000000000000".into(), &1.into()));
        let is_usual = shown["changed"].as_array().expect("a list").is_empty();
        assert_eq!(is_usual, preset != "development", "{shown}");
    }

    let text = fs::read_to_string(path("a")).expect("written");
    let done = earnest(&["query", "params", "--defaults", "--json"]);
    let all: Value = serde_json::from_str(&done.out).expect("a list");
    for field in all.as_array().expect("a list") {
        let name = field["name"].as_str().expect("text");
        assert!(text.contains(&format!("\n{name} = ")), "{name}");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = words(&text.replace("\n#", " "));
        assert!(plain.contains(&words(field["reason"].as_str().expect("text"))), "{name}");
    }

    let (_node, url) = start_node(&["--data", &path("data"), "--genesis", &path("b")]);
    let done = earnest(&["query", "account", ALICE, "--json", "--node", &url]);
    assert!(done.out.contains(ALICE), "{done:?}");
}

#[test]
fn everything_that_is_wrong_with_a_genesis_is_said_at_once_with_its_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.json").display().to_string();
    let account = |address: &str, payment: &str| {
        format!(r#"{{ "address": "{address}", "balance": "5000000000", "payment": "{payment}" }}"#)
    };
    let operator = |address: &str, bond: &str| {
        format!(r#"{{ "address": "{address}", "role": "provider", "bond": "{bond}" }}"#)
    };
    let text = format!(
        r#"{{ "name": "bad",
            "params": {{
              "chain": {{ "stake_price": 2000000000 }},
              "market": {{ "bids_max": 0, "deadline_blocks_min": 99999 }}
            }},
            "beacon": {{ "chain_blocks": 0, "anchor": "{zero}", "next_anchor": "{zero}" }},
            "accounts": [{}, {}, {}],
            "operators": [{}, {}, {}] }}"#,
        account(ALICE, "0"),
        account(ALICE, "0"),
        account(BOB, "7"),
        operator(ALICE, "1000000000"),
        operator(ALICE, "1000000000"),
        operator(BOB, "6000000000"),
        zero = format!("0x{}", "0".repeat(64)),
    );
    fs::write(&path, text).expect("written");
    let named = [
        "market.bids_max is 0; allowed are 1 to 64",
        "deadline_blocks_min is 99999 blocks, above market.deadline_blocks_max, which is 86400",
        "chain.stake_price is 2, but",
        "A beacon chain serves no block",
        "is listed twice",
        "holds a payment asset",
        "bonds twice for one role",
        "bonds 6 tokens",
    ];
    let done = earnest(&["genesis", "check", &path]);
    assert_eq!(done.code, Some(8), "{done:?}");
    for named in named {
        assert!(done.err.contains(named), "{named:?} in {}", done.err);
    }
    let data = folder.path().join("data").display().to_string();
    let begun = earnest(&["node", "--data", &data, "--genesis", &path]);
    assert!(begun.code == Some(8) && begun.err.contains(named[7]), "{begun:?}");
    assert!(!folder.path().join("data").exists(), "nothing is left of a network that cannot begin");
}

#[test]
fn the_parameters_of_a_genesis_are_taken_where_parameters_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml").display().to_string();
    let new = ["genesis", "new", "--set", "market.bids_max=9", "--out", &path];
    assert_eq!(earnest(&new).code, Some(0));
    let done = earnest(&["params", "check", &path]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("market.bids_max = 9; the default is 32"), "{done:?}");
    let text = fs::read_to_string(&path).expect("written");
    let text = text.replace("\ntake = \"5 %\"\n", "\ntake = 0.9\n");
    fs::write(&path, text).expect("written");
    let done = earnest(&["job", "quote", "--params", &path]);
    assert!(done.code == Some(3) && done.err.contains("market.take is 90 %"), "{done:?}");
}

#[test]
fn digits_alone_in_a_written_genesis_are_whole_as_after_set_and_a_fault_names_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml").display().to_string();
    let held = format!("{ALICE}=2000,10");
    let new = ["genesis", "new", "--preset", "two-assets", "--account", &held];
    let done = earnest(&[&new[..], &["--set", "chain.stake_price=0.25", "--out", &path]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let whole = fs::read_to_string(&path).expect("written");
    let shown = |text: &str| {
        fs::write(&path, text).expect("written");
        let done = earnest(&["genesis", "check", &path, "--json"]);
        serde_json::from_str::<Value>(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
    };
    let asked = shown(&whole);
    assert_eq!(
        (&asked["stake"], &asked["payment"]),
        (&"2000000000000".into(), &"10000000000".into())
    );
    let digits = whole.replace("\nstake_price = 0.25\n", "\nstake_price = 4\n");
    let digits = digits.replace("balance = \"2000 tokens\"", "balance = 3000");
    let digits = digits.replace("payment = \"10 tokens\"", "payment = \"20\"");
    let asked = shown(&digits);
    assert_eq!(
        (&asked["stake"], &asked["payment"]),
        (&"3000000000000".into(), &"20000000000".into())
    );
    let done = earnest(&["genesis", "check", &path]);
    assert!(done.out.contains("chain.stake_price = 4; the default is 1"), "{done:?}");

    let line_of = |text: &str, wanted: &str| {
        let line = text.lines().position(|line| line.starts_with(wanted)).expect("a line");
        format!("line {}", line + 1)
    };
    for (from, to, told) in [
        ("time_ms = 0", "time_ms = \"1 min\"", "invalid type"),
        ("name = \"my network\"", "name = newnet", "text stands in quotes"),
    ] {
        let text = whole.replace(from, to);
        assert_ne!(text, whole, "{from}");
        fs::write(&path, &text).expect("written");
        let done = earnest(&["genesis", "check", &path]);
        assert_eq!(done.code, Some(3), "{done:?}");
        let line = line_of(&text, to);
        assert!(done.err.contains(&line) && done.err.contains(told), "{line}: {done:?}");
    }
    let text = whole.replace("payment = \"10 tokens\"", "payment = \"20 EUR\"");
    fs::write(&path, &text).expect("written");
    let done = earnest(&["genesis", "check", &path]);
    assert!(done.err.contains(&format!("accounts of {ALICE}: payment: `20 EUR`")), "{done:?}");
    // A letter too large: no checksum, so somebody mistyped it.
    let text = whole.replace("c51812dc", "c51812dC");
    fs::write(&path, &text).expect("written");
    let done = earnest(&["genesis", "check", &path]);
    assert!(done.err.contains("EIP-55"), "{done:?}");
}

#[test]
fn a_network_that_takes_no_ordinary_program_is_told_by_which_parameters() {
    let sets = ["chain.referee_gas=14000000", "market.step_gas_max=14000000"];
    let check = ["params", "check", "--set", sets[0], "--set", sets[1]];
    let done = earnest(&check);
    assert_eq!(done.code, Some(0), "{done:?}");
    for named in
        ["no ordinary program can be published", "chain.referee_gas", "market.step_gas_max"]
    {
        assert!(done.err.contains(named), "{named:?} in {}", done.err);
    }
    assert!(!earnest(&["params", "check"]).err.contains("ordinary program"));
}

#[test]
fn every_wrong_line_of_a_list_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.csv").display().to_string();
    fs::write(&path, format!("{ALICE},5\n{BOB};6\n{BOB},lots\n")).expect("written");
    let done = earnest(&["grants", "list", &path]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("line 2") && done.err.contains("line 3"), "{done:?}");
}

#[test]
fn parameters_are_checked_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("params.toml").display().to_string();
    fs::write(&path, "[slashing]\ncopied_root = 0.01\n").expect("written");
    let done = earnest(&["params", "check", &path, "--set", "market.bids_max=99"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    for named in ["bids_max is 99; allowed are 1 to", "above slashing.copied_root, which is 1 %"] {
        assert!(done.err.contains(named), "{named:?} in {}", done.err);
    }
    let done = earnest(&["params", "check", "--set", "market.bids_max=31"]);
    assert!(done.code == Some(0) && done.out.contains("market.bids_max = 31"), "{done:?}");
}

#[test]
fn a_node_that_cannot_listen_makes_nothing_and_the_same_genesis_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (held, bond) = (format!("{ALICE}=2000"), format!("replica:{ALICE}=1000"));
    for (file, preset) in [("a", "development"), ("b", "two-assets")] {
        let words = ["genesis", "new", "--preset", preset, "--account", &held, "--bond", &bond];
        let done = earnest(&[&words[..], &["--out", &path(file)]].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its own").to_string();
    let (data, first, other) = (path("data"), path("a"), path("b"));
    let begin = ["node", "--data", &data, "--genesis", &first, "--listen", &address];
    let done = earnest(&begin);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains(&format!("cannot listen on {address}")), "{done:?}");
    assert!(!folder.path().join("data").exists(), "nothing was made");

    let network = || {
        let (_node, url) = start_node(&["--data", &data, "--genesis", &first]);
        let done = earnest(&["query", "network", "--json", "--node", &url]);
        let shown: Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
        shown["network"].clone()
    };
    assert_eq!(network(), network(), "the second start goes on with the first's");
    let done = earnest(&["node", "--data", &data, "--genesis", &other, "--listen", "127.0.0.1:0"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("did not begin with"), "{done:?}");
}
