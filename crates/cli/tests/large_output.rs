//! Outputs of more than one piece: stored in chunks, each checked by who fetches them, and where
//! their provider stores none, asked for on the ledger one by one.

mod common;

use std::fs;

use common::{Done, Network, earnest_within};
use earnest_api::{Client, HistoryQuery};
use earnest_protocol::Address;

/// Puts out as many blocks of 64 KiB as its second argument has bytes, times sixteen: numbers of a
/// generator, the block's own in front.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $args_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "_start") (local $i i32) (local $at i32) (local $left i32)
        (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
        (drop (call $args_get (i32.const 1024) (i32.const 2048)))
        ;; The second argument begins where its pointer says, and ends with a zero.
        (local.set $at (i32.load (i32.const 1028)))
        (loop $count
            (if (i32.load8_u (local.get $at)) (then
                (local.set $left (i32.add (local.get $left) (i32.const 16)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br $count))))
        ;; A step or two in which nothing is put out: what it is timed by.
        (loop $work
            (br_if $work (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 60000000))))
        (local.set $at (i32.const 65536))
        (local.set $i (i32.const 1))
        (loop $fill
            (local.set $i (i32.add (i32.mul (local.get $i) (i32.const 1664525))
                (i32.const 1013904223)))
            (i32.store (local.get $at) (local.get $i))
            (br_if $fill (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 131072))))
        (i32.store (i32.const 0) (i32.const 65536))
        (i32.store (i32.const 4) (i32.const 65536))
        (local.set $i (i32.const 0))
        (loop $put
            (i32.store (i32.const 65536) (local.get $i))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br_if $put (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $left))))))"#;

/// What it puts out.
fn expected(blocks: u32) -> Vec<u8> {
    let mut number = 1u32;
    let mut next = || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number.to_le_bytes()
    };
    let block: Vec<u8> = (0..16_384).flat_map(|_| next()).collect();
    (0..blocks).flat_map(|i| [i.to_le_bytes().as_slice(), &block[4..]].concat()).collect()
}

fn submit(network: &Network, program: &str, length: usize) -> Done {
    let (key, word) = (network.key("rosa"), "x".repeat(length));
    let mut words = vec!["job", "submit", "--program", program, "--max-price", "5"];
    words.extend(["--deadline", "300", "--node", &network.url]);
    words.extend(key.iter().map(String::as_str));
    words.extend(["--", &word]);
    earnest_within(500, &words)
}

/// How often the requester was answered on the ledger.
fn served(network: &Network) -> usize {
    let address = Address::from_hex(&network.address("rosa")).expect("an address");
    let kinds = vec!["data_served".to_owned()];
    let query = HistoryQuery { limit: Some(500), kinds, ..HistoryQuery::default() };
    let history = Client::new(&network.url).account_history(&address, &query);
    history.expect("answered").items.len()
}

fn network(fault: &[&str]) -> (Network, Vec<common::Running>, String) {
    // Time for a compiler that nobody optimised, on a busy machine.
    let network = Network::start_with(&[
        "market.bid_blocks=300",
        "verification.audit_base_blocks=300",
        "verification.challenge_blocks=150",
    ]);
    let mut running: Vec<_> =
        ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"])).into();
    let provider = ["provider", "run", "--cost-per-mgas", "0.003"];
    running.push(network.daemon("ada", &[&provider, fault].concat()));
    let program = network.path("blocks.wasm");
    fs::write(&program, wat::parse_str(PROGRAM).expect("a module")).expect("written");
    (network, running, program)
}

#[test]
fn an_output_of_twenty_mebibytes_is_paid_for_stored_in_chunks_and_fetched() {
    let (network, _running, program) = network(&[]);
    let done = submit(&network, &program, 20);
    assert!(done.err.contains("puts out 20971520 bytes"), "{done:?}");
    assert_eq!(done.code, Some(0), "{done:?}");
    let status = network.json(&["job", "status", "0"]);
    assert_eq!(status["terms"]["task"]["form"]["paged"], 20_480, "{status}");
    assert_eq!(status["receipt"], true, "its requester has checked every chunk: {status}");
    assert_eq!(served(&network), 0, "nobody had to ask on the ledger");
    let out = network.path("out");
    let result = network.run(&["job", "result", "0", "--output", &out]);
    assert!(result.out.contains("20971520 bytes, as accepted"), "{result:?}");
    assert!(fs::read(out).expect("written") == expected(320));
}

#[test]
fn an_output_that_its_provider_does_not_store_comes_over_the_ledger_chunk_by_chunk() {
    let (network, _running, program) = network(&["--fault", "withhold"]);
    // Eight chunks: the first, which says how many there are, then four at once at most.
    let done = submit(&network, &program, 2);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(served(&network), 8, "each chunk once: {done:?}");
    let status = network.json(&["job", "status", "0"]);
    assert_eq!(status["receipt"], true, "{status}");
    let out = network.path("out");
    let result = network.run(&["job", "result", "0", "--output", &out]);
    assert!(result.out.contains("2097152 bytes, as accepted"), "{result:?}");
    assert!(fs::read(out).expect("written") == expected(32));
}
