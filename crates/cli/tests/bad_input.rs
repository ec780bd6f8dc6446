//! Wrong input of every kind: the documented exit status, and an error that names the cause.

mod common;

use std::fs;

use common::{Done, LOOPS, Network, earnest, guest, module};

/// Where the log of a short chain is, in the node's folder.
const SEGMENT: &str = "log/00000000000000000001.blocks";

/// Checks the exit status, and that the error names all of these.
fn fails(done: &Done, code: i32, names: &[&str]) {
    assert_eq!(done.code, Some(code), "{done:?}");
    for name in names {
        assert!(done.err.contains(name), "{name:?} in {}", done.err);
    }
}

#[test]
fn without_a_node_every_error_names_its_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("bad.toml"), "colour = 'blue'").expect("written");
    fs::create_dir(path("foreign")).expect("made");
    fs::write(path("foreign/thesis.txt"), "years of work").expect("written");
    let (bad, foreign, missing) = (path("bad.toml"), path("foreign"), path("missing.toml"));
    let nobody = "http://127.0.0.1:1";
    let cases: [(&[&str], i32, &[&str]); 26] = [
        (&["juggle"], 2, &["juggle"]),
        (&["job"], 2, &["Post a job and follow it to its end"]),
        (&["job", "status", "x"], 2, &["'x' for '<JOB>': no whole number"]),
        (&["node", "--data", &missing, "--listen", "x"], 2, &["as in 127.0.0.1:7300"]),
        (&["query", "network", "--node", "http://127.0.0.1:1/v1"], 2, &["leave out `/v1`"]),
        (&["job", "quote", "--offline", "--max-price", "0"], 4, &["price-must-be-positive"]),
        (&["sim", "run", &missing], 3, &["missing.toml", "try:"]),
        (&["sim", "run", &bad], 3, &["bad.toml", "colour"]),
        (&["sim", "run", &bad, "--html", &bad], 3, &["is there, and is no page", "another name"]),
        (&["sim", "run", &bad, "--html", "nowhere/a.html"], 3, &["there is no folder nowhere"]),
        (&["sim", "sweep", &bad, "--out", "x", "--feasible", "a = 3"], 2, &["MEASURE > VALUE"]),
        (
            &["sim", "sweep", &bad, "--out", "x", "--feasible", "a > 3", "--chance", "1"],
            2,
            &["--chance is 1", "as in 0.95"],
        ),
        (&["audit", "--set", "verification.margin=0.9"], 3, &["verification.margin"]),
        (&["audit", "--world", "courage=1"], 2, &["courage", "collusion"]),
        (&["audit", "--replay", &bad], 3, &["bad.toml", "--out"]),
        (&["audit", "--nodes", "5"], 9, &["not everything was shown"]),
        (&["query", "network", "--node", "127.0.0.1:1"], 2, &["begins with http://"]),
        (&["job", "quote", "--offline", "--max-price", "-5"], 2, &["`-5` is not an amount"]),
        (
            &["job", "quote", "--offline", "--max-price", "99999999999999999999"],
            2,
            &["more than the largest supply, 9223372036.854775807 tokens"],
        ),
        (&["explain", "--payouts", "bond/exceeds-free"], 2, &["give its number"]),
        (&["genesis", "new", "--out", &bad], 3, &["bad.toml exists already"]),
        (&["query", "network", "--node", nobody], 6, &["127.0.0.1:1", "earnest up"]),
        (&["up", "--data", &foreign, "--port", "0", "--blocks", "1"], 3, &["foreign"]),
        (&["up", "--fresh", "--data", &foreign, "--port", "0", "--blocks", "1"], 3, &["foreign"]),
        (&["up", "--block-time", "1ms"], 2, &["200ms"]),
        (&["doctor", "--data", &foreign], 5, &["holds no network"]),
    ];
    for (words, code, names) in cases {
        fails(&earnest(words), code, names);
    }
    assert!(fs::exists(path("foreign/thesis.txt")).expect("readable"));

    let done = earnest(&["query", "network", "--node", nobody, "--json"]);
    let error: serde_json::Value = serde_json::from_str(&done.err).expect("one JSON object");
    assert_eq!(error["error"]["code"], "node-unreachable");
    assert_eq!(done.out, "");

    for words in [&["query", "nonsense"][..], &["up", "--block-time", "1ms"]] {
        let done = earnest(&[words, &["--json"]].concat());
        let error: serde_json::Value = serde_json::from_str(&done.err).expect("one JSON object");
        assert_eq!((done.code, &error["error"]["code"]), (Some(2), &"usage".into()), "{done:?}");
    }
}

#[test]
fn an_empty_password_is_refused_and_no_key_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("empty.txt"), "\nsecond line\n").expect("written");
    let (empty, keys) = (path("empty.txt"), path("keys"));
    let new = ["keys", "new", "--folder", &keys, "--password-file", &empty];
    fails(&earnest(&new), 3, &["empty.txt is empty", "--password-file"]);
    assert!(!folder.path().join("keys").exists());
}

#[test]
fn a_flipped_byte_of_the_log_is_found() {
    let network = Network::start();
    let data = network.path("");
    let folder = network.stop();
    fails(&earnest(&["doctor", "--data", &data]), 0, &[]);
    let log = folder.path().join("net/node").join(SEGMENT);
    let mut bytes = fs::read(&log).expect("a log");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).expect("written");
    let done = earnest(&["doctor", "--data", &data]);
    fails(&done, 8, &["not sound"]);
    assert!(done.out.contains("FAIL"), "{done:?}");
}

#[test]
fn lost_blocks_and_a_lost_record_of_them_are_named_by_doctor_and_node() {
    let network = Network::start();
    let data = network.path("");
    let folder = network.stop();
    let node = folder.path().join("net/node");
    let [log, committed] = [SEGMENT, "committed"].map(|name| node.join(name));
    let [whole, slots] = [&log, &committed].map(|path| fs::read(path).expect("a file"));
    let doctor = |code, part: &str| {
        let done = earnest(&["doctor", "--data", &data]);
        fails(&done, code, &[]);
        assert!(done.out.contains(part), "{part}: {done:?}");
    };
    let mut damaged = slots.clone();
    damaged[50] ^= 1;
    fs::write(&committed, damaged).expect("written");
    doctor(0, "1 of the 4 slots");
    fs::write(&committed, vec![0; slots.len()]).expect("written");
    doctor(8, "no slot of");
    fs::remove_file(&committed).expect("removed");
    doctor(8, "committed is missing");
    fs::write(&committed, &slots).expect("written");
    doctor(0, "every block");

    // Where the first record begins, as if no block had ever been made.
    fs::write(&log, &whole[..128]).expect("written");
    doctor(8, "ends at block 0, but block");
    let node = node.to_str().expect("a path in UTF-8");
    let start = ["node", "--data", node, "--listen", "127.0.0.1:0"];
    fails(&earnest(&start), 3, &["ends at block 0, but block", "--accept-lost-blocks"]);
}

#[test]
fn what_a_node_refuses_is_told() {
    let network = Network::start();
    fails(&network.run(&["query", "job", "999"]), 5, &["999"]);
    let bond = ["stake", "bond", "--role", "provider", "5000"];
    fails(&network.run_as("ada", &bond), 4, &["500"]);

    let (key, wrong) = (network.key("ada"), network.path("wrong.txt"));
    fs::write(&wrong, "not it").expect("written");
    let words = ["--key", &key[1], "--password-file", &wrong, "--node", &network.url];
    fails(&earnest(&[&bond[..], &words].concat()), 3, &["password"]);
    // A key that is not there is told before anybody is asked for its password.
    let words = ["--key", "ada", "--node", &network.url];
    let done = earnest(&[&bond[..], &words].concat());
    fails(&done, 3, &["there is no key file ada", "keys/NAME"]);
    fails(&network.run(&["job", "list", "--phase", "none"]), 2, &["revealing_bids", "open"]);
}

#[test]
fn a_program_that_cannot_be_a_job_is_refused_before_money_moves() {
    let network = Network::start();
    let import = r#"(import "env" "print" (func (param i32)))"#;
    let cases: [(&str, Vec<u8>, &str, i32); 5] = [
        ("imports", module(import, "i32.const 8"), "\"print\" from \"env\"", 2),
        ("is no module", b"print('hello')".to_vec(), "not admitted", 2),
        ("grows", guest("(drop (memory.grow (i32.const 1))) i32.const 8"), "memory.grow", 2),
        ("loops", guest(LOOPS), "step 1 failed in function 4 `step`: the step used more than", 10),
        ("traps", guest("unreachable"), "step 1 failed in function 4 `step`: it reached", 10),
    ];
    let free = network.json(&["query", "account", &network.address("rosa")])["free"].clone();
    for (what, bytes, cause, code) in cases {
        let file = network.path("program.wasm");
        fs::write(&file, bytes).expect("written");
        let job = ["job", "submit", "--program", &file, "--steps", "3", "--max-price", "5"];
        let done = network.run_as("rosa", &job);
        println!("{what}: {}", done.err);
        fails(&done, code, &[cause, "docs/guests.md"]);
    }
    let after = network.json(&["query", "account", &network.address("rosa")])["free"].clone();
    assert_eq!(free, after);
}
