//! `earnest run` and `earnest prepare` over an ordinary program: streams, folder, status, refusals.

mod common;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use common::{Done, EARNEST, earnest, guest};
use serde_json::Value;
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(&path, bytes).expect("writes");
        path.to_str().expect("plain").to_owned()
    }

    fn run(&self, body: &str, words: &[&str]) -> Done {
        let program = self.file("program.wasm", &program(body));
        earnest(&[&["run", &program], words].concat())
    }
}

/// A program with this body: a buffer begins at 1024; `$out` and `$err` write from it.
fn program(body: &str) -> Vec<u8> {
    let wasi = |name: &str, kind: &str| {
        format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} {kind}))")
    };
    let imports = [
        wasi("args_get", "(param i32 i32) (result i32)"),
        wasi("environ_get", "(param i32 i32) (result i32)"),
        wasi("fd_read", "(param i32 i32 i32 i32) (result i32)"),
        wasi("fd_write", "(param i32 i32 i32 i32) (result i32)"),
        wasi("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"),
        wasi("random_get", "(param i32 i32) (result i32)"),
        wasi("proc_exit", "(param i32)"),
    ];
    let text = format!(
        r#"(module
            {}
            (memory (export "memory") 1)
            (data (i32.const 512) "in/text")
            (func $to (param $file i32) (param $at i32) (param $length i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $length))
                (drop (call $fd_write
                    (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8))))
            (func $from (param $file i32) (result i32)
                (i32.store (i32.const 0) (i32.const 1024))
                (i32.store (i32.const 4) (i32.const 1000))
                (drop (call $fd_read
                    (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 8)))
            (func (export "_start") {body}))"#,
        imports.concat()
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Says what it was given, complains, and ends with 7.
const TELLS: &str = r"
    (drop (call $args_get (i32.const 16) (i32.const 1024)))
    (call $to (i32.const 1) (i32.const 1037) (i32.const 3))
    (drop (call $environ_get (i32.const 16) (i32.const 1024)))
    (call $to (i32.const 1) (i32.const 1024) (i32.const 3))
    (call $to (i32.const 1) (i32.const 1024) (call $from (i32.const 0)))
    (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 7)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12)))
    (call $to (i32.const 1) (i32.const 1024) (call $from (i32.load (i32.const 12))))
    (call $to (i32.const 2) (i32.const 512) (i32.const 2))
    (call $proc_exit (i32.const 7))";

#[test]
fn a_program_gets_what_the_line_gives_and_its_output_and_status_are_ours() {
    let bench = Bench::new();
    let input = bench.file("input", b"from a stream;");
    bench.file("folder/in/text", b"from a file");
    let folder = bench.path("folder");
    let folder = folder.to_str().expect("plain");
    let words = ["--stdin", &input, "--dir", folder, "--env", "A=1", "--", "two"];
    let done = bench.run(TELLS, &words);
    assert_eq!(done.code, Some(7), "{done:?}");
    assert_eq!(done.out, "twoA=1from a stream;from a file");
    assert!(done.err.starts_with("in[exited with 7: 31 bytes"), "{done:?}");
}

#[test]
fn as_json_a_run_is_one_object_and_its_output_a_file() {
    let bench = Bench::new();
    let out = bench.path("out");
    let out = out.to_str().expect("plain");
    let body = "(call $to (i32.const 1) (i32.const 512) (i32.const 7))";
    let done = bench.run(body, &["--json", "--out", out]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let value: Value = serde_json::from_str(&done.out).expect("an object");
    assert_eq!((&value["exit_code"], &value["output_bytes"]), (&0.into(), &7.into()));
    assert!(0 < value["ticks"].as_u64().expect("a number"), "{value}");
    assert_eq!(value["slices"], 1);
    assert_eq!(std::fs::read(out).expect("written"), b"in/text");
}

#[test]
fn random_numbers_follow_from_the_seed() {
    let bench = Bench::new();
    let body = r"
        (drop (call $random_get (i32.const 1024) (i32.const 2)))
        (i32.store8 (i32.const 1024) (i32.or (i32.const 64)
            (i32.and (i32.const 15) (i32.load8_u (i32.const 1024)))))
        (i32.store8 (i32.const 1025) (i32.or (i32.const 64)
            (i32.and (i32.const 15) (i32.load8_u (i32.const 1025)))))
        (call $to (i32.const 1) (i32.const 1024) (i32.const 2))";
    let seed = |digit: &str| format!("0x{}", digit.repeat(64));
    let draw = |digit| bench.run(body, &["--seed", &seed(digit)]).out;
    assert_eq!(draw("1"), draw("1"));
    let draws = ["1", "2", "3", "4"].map(draw);
    assert!(draws.iter().any(|other| *other != draws[0]), "{draws:?}");
}

#[test]
fn a_fault_and_a_program_without_end_are_stopped_and_said() {
    let bench = Bench::new();
    let body = "(call $to (i32.const 2) (i32.const 512) (i32.const 7)) (unreachable)";
    let done = bench.run(body, &[]);
    assert_eq!(done.code, Some(10), "{done:?}");
    assert!(done.err.starts_with("in/text[stopped"), "{done:?}");
    assert!(done.err.contains("program-stopped"), "{done:?}");
    let done = bench.run("(loop $again (br $again))", &["--ticks", "1000000"]);
    assert_eq!(done.code, Some(10), "{done:?}");
    assert!(done.err.contains("halted after") && done.err.contains("--ticks"), "{done:?}");
    let done = bench.run("(loop $again (br $again))", &["--seconds", "1"]);
    assert_eq!(done.code, Some(10), "{done:?}");
    assert!(done.err.contains("--seconds"), "{done:?}");
    let body = r"(loop $again
        (call $to (i32.const 1) (i32.const 0) (i32.const 65536)) (br $again))";
    let done = bench.run(body, &[]);
    assert_eq!((done.code, done.out.len()), (Some(10), 64 << 20));
    assert!(done.err.contains("67108864"), "{}", done.err);
}

#[test]
fn a_word_for_the_other_kind_of_program_is_refused() {
    let bench = Bench::new();
    let done = bench.run("", &["--steps", "3"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("--steps") && done.err.contains("--stdin"), "{done:?}");
    let steps = bench.file("steps.wasm", &guest("i32.const 8"));
    let done = earnest(&["run", &steps, "--env", "A=1"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("--env") && done.err.contains("--input"), "{done:?}");
    let done = bench.run("", &["--env", "A"]);
    assert!(done.err.contains("NAME=VALUE"), "{done:?}");
}

#[test]
fn preparing_writes_the_plain_program_or_names_what_is_in_the_way() {
    let bench = Bench::new();
    let good = bench.file("good.wasm", &program(""));
    let out = bench.path("prepared");
    let done = earnest(&["prepare", &good, "--out", out.to_str().expect("plain")]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(std::fs::read(out.join("plain.wasm")).expect("written").starts_with(b"\0asm"));
    let text = r#"(module (import "env" "dlopen" (func)) (memory 1) (func (export "_start")))"#;
    let bad = bench.file("bad.wasm", &wat::parse_str(text).expect("well formed"));
    for command in ["prepare", "run"] {
        let done = earnest(&[command, &bad]);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.err.contains("`dlopen` from `env`"), "{done:?}");
    }
}

#[test]
fn a_reader_that_closes_early_ends_the_command_quietly() {
    let bench = Bench::new();
    let body = "(call $to (i32.const 1) (i32.const 0) (i32.const 65536))";
    let program = bench.file("program.wasm", &program(&body.repeat(20)));
    let mut child = Command::new(EARNEST)
        .args(["run", &program])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(141));
}
