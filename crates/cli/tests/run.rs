//! `earnest run`: what an author learns of a program before any network sees it.

mod common;

use std::path::PathBuf;

use common::{Done, LOOPS, earnest, guest, module};
use serde_json::Value;
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: TempDir::new().expect("a folder") }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("writes");
        path.to_str().expect("plain").to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &[u8], words: &[&str]) -> Done {
        let program = self.file("program.wasm", program);
        earnest(&[&["run", &program], words].concat())
    }
}

/// Adds each byte of the input to eight bytes of state.
fn sum() -> Vec<u8> {
    let text = r#"(module
        (memory (export "memory") 2 2)
        (func (export "state") (result i32) i32.const 0)
        (func (export "state_len") (result i32) i32.const 8)
        (func (export "input") (result i32) i32.const 65536)
        (func (export "init") (result i32) i32.const 8)
        (func (export "step") (param i64 i32) (result i32) (local $i i32)
          (loop $next
            (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0))
              (i64.load8_u (i32.add (i32.const 65536) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get 1))))
          i32.const 8))"#;
    wat::parse_str(text).expect("well formed")
}

#[test]
fn a_sound_program_gives_its_output_gas_by_step_and_price() {
    let bench = Bench::new();
    let input = bench.file("input", &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let out = bench.path("out");
    let words = ["--input", &input, "--chunk-size", "4", "--json", "--out"];
    let done = bench.run(&sum(), &[&words[..], &[out.to_str().expect("plain")]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(std::fs::read(out).expect("written"), 45u64.to_le_bytes());
    let value: Value = serde_json::from_str(&done.out).expect("an object");
    assert_eq!((&value["steps_run"], &value["stopped"]), (&3.into(), &Value::Null));
    assert_eq!(value["engines"]["agree"], true);
    assert_eq!(value["engines"]["compiled"]["root"], value["engines"]["referee"]["root"]);
    let gas = |name: &str| value["gas"][name].as_u64().expect("a number");
    // Two chunks of four bytes and one of a single byte.
    assert!(gas("step_min") < gas("step_median") && gas("step_median") == gas("step_worst"));
    assert_eq!(gas("total"), gas("init") + gas("step_min") + 2 * gas("step_worst"));
    let bound = gas("total").max(16_000_000).to_string();
    assert_eq!(bound, "16000000", "whose tariff is 0.016 tokens");
    let words = ["job", "quote", "--offline", "--json", "--max-price", "0.016", "--gas-bound"];
    let quote = earnest(&[&words[..], &[&bound]].concat());
    let quote: Value = serde_json::from_str(&quote.out).expect("an object");
    assert_eq!(value["verification"]["quote"], quote);
}

#[test]
fn each_fault_has_its_step_cause_and_exit_status() {
    let bench = Bench::new();
    let input = bench.file("input", &[1, 2, 3]);
    let third =
        |what: &str| format!("(if (i64.eq (local.get 0) (i64.const 3)) (then {what})) i32.const 8");
    let deep = module("(func $down (call $down))", &third("(call $down)"));
    for (program, words, step, code) in [
        (guest(&third("unreachable")), "step 3 failed in function 4 `step`", 3, "unreachable"),
        (
            guest(&third("(drop (i32.load (i32.const -8)))")),
            "outside its memory",
            3,
            "memory-out-of-bounds",
        ),
        (deep, "step 3 failed in function 0", 3, "recursion"),
        (guest(LOOPS), "more than the 16000000 gas", 1, "step-gas"),
        (guest("i32.const 9"), "a state of 9 bytes, more than the 8", 1, "state-too-long"),
    ] {
        let done = bench.run(&program, &["--input", &input, "--chunk-size", "1", "--json"]);
        assert_eq!(done.code, Some(10), "{done:?}");
        let value: Value = serde_json::from_str(&done.out).expect("an object");
        let stopped = &value["stopped"];
        assert_eq!((&stopped["step"], &stopped["cause"]), (&step.into(), &code.into()));
        assert!(done.err.contains(words), "{}", done.err);
    }
}

#[test]
fn a_gas_bound_that_is_too_low_is_told_from_a_fault() {
    let bench = Bench::new();
    let input = bench.file("input", &[7; 64]);
    let words = ["--input", &input, "--chunk-size", "8", "--gas-bound", "30000"];
    let done = bench.run(&sum(), &words);
    assert_eq!(done.code, Some(10), "{done:?}");
    assert!(done.err.contains("the gas bound of 30000 is spent in step"), "{}", done.err);
    assert!(done.err.contains("raise --gas-bound"), "{}", done.err);
}

#[test]
fn what_no_job_may_have_is_refused_before_it_runs() {
    let bench = Bench::new();
    let import = r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#;
    let done = bench.run(&module(import, "i32.const 8"), &[]);
    assert_eq!(done.code, Some(2), "{done:?}");
    for words in ["\"fd_write\" from \"wasi_snapshot_preview1\"", "[not-admitted]", "freestanding"]
    {
        assert!(done.err.contains(words), "{}", done.err);
    }
    let done = bench.run(&sum(), &["--step-gas", "99000000"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("--step-gas 99000000 is more than the 16000000"), "{}", done.err);
}
