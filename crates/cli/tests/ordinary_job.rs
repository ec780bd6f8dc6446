//! An ordinary program as a job of a network: a liar on it is convicted, down to one step that the
//! node's referee executes, and an honest provider is paid for what the program put out.

mod common;

use std::fs;

use common::{Done, Network, earnest_within};
use serde_json::Value;

/// Writes its second argument, works for a while in 64 pages, and ends with 7.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 6)
    (func $say (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start") (local $i i32) (local $at i32)
        (drop (call $args_get (i32.const 16) (i32.const 1024)))
        (call $say (i32.const 1036) (i32.const 5))
        (loop $work
            (local.set $at (i32.add (i32.const 65536)
                (i32.shl (i32.and (local.get $i) (i32.const 63)) (i32.const 12))))
            (i32.store (local.get $at)
                (i32.add (i32.load (local.get $at)) (local.get $i)))
            (br_if $work (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30000))))
        (call $say (local.get $at) (i32.const 4))
        (call $proc_exit (i32.const 7))))"#;

/// What it puts out: the word, and the sum of all i below 30,000 that are 47 above a multiple of
/// 64, as the last one is.
fn expected() -> Vec<u8> {
    let sum: u32 = (0..30_000u32).filter(|i| i % 64 == 29_999 % 64).sum();
    [b"hello".as_slice(), &sum.to_le_bytes()].concat()
}

fn submit(network: &Network, program: &str) -> Done {
    let key = network.key("rosa");
    let mut words = vec!["job", "submit", "--program", program, "--max-price", "5"];
    words.extend(["--audit-rate", "1", "--deadline", "300", "--node", &network.url]);
    words.extend(key.iter().map(String::as_str));
    words.extend(["--", "hello"]);
    earnest_within(400, &words)
}

#[test]
fn a_liar_about_an_ordinary_program_is_convicted_and_an_honest_provider_paid() {
    // Time for a compiler that nobody optimised, on a busy machine.
    let network = Network::start_with(&[
        "market.bid_blocks=60",
        "verification.audit_base_blocks=300",
        "verification.clock_blocks=300",
    ]);
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let program = network.path("greets.wasm");
    fs::write(&program, wat::parse_str(PROGRAM).expect("a module")).expect("written");

    let fault = ["provider", "run", "--cost-per-mgas", "0.003", "--fault", "lazy=1"];
    let loki = network.daemon("loki", &fault);
    let done = submit(&network, &program);
    drop(loki);
    assert!(done.err.contains("publishing the program"), "{done:?}");
    assert!(done.err.contains("exits with 7, puts out 9 bytes"), "{done:?}");
    assert!(done.err.contains("[job-not-accepted]"), "{done:?}");
    let status = network.json(&["job", "status", "0"]);
    assert_eq!(status["closed"]["reason"], "wrong_result", "{status}");
    let disputes = status["disputes"].as_array().expect("a list");
    let levels: Vec<u64> = disputes.iter().filter_map(|d| d["node"]["level"].as_u64()).collect();
    // The coarse tree of one step has one level, the tree within it four.
    assert!(levels.contains(&5), "a fine step was judged: {status}");

    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let done = submit(&network, &program);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!done.err.contains("publishing"), "it is there already: {done:?}");
    let out = network.path("out");
    let result = network.run(&["job", "result", "1", "--output", &out]);
    assert!(result.out.contains("the program exited with 7"), "{result:?}");
    assert_eq!(fs::read(out).expect("written"), expected());

    let list = network.json(&["program", "list"]);
    let hash = list["items"][0]["program"].as_str().expect("a hash").to_owned();
    assert_eq!(list["items"][0]["is_published"], Value::Bool(true), "{list}");
    let retired = network.run_as("rosa", &["program", "retire", &hash]);
    assert_eq!(retired.code, Some(0), "{retired:?}");
    assert_eq!(network.json(&["program", "list"])["items"], Value::Array(Vec::new()));
}
