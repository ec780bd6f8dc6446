//! Linking: what a program keeps, what it gets, and what is refused.

mod system;

use earnest_prepare::bundle::Bundle;
use earnest_prepare::link::{LinkRejected, REGION_PAGES, link};
use proptest::prelude::*;
use system::story::{program, told, words};
use system::{End, run};
use wasmparser::{Parser, Payload};

fn text(module: &str) -> Vec<u8> {
    wat::parse_str(module).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(module: &str) -> LinkRejected {
    link(&text(module)).expect_err("it is refused")
}

#[test]
fn a_program_keeps_its_own_functions_tables_globals_and_data() {
    let fields = r#"
        (type $unary (func (param i32) (result i32)))
        (table 3 funcref)
        (elem (i32.const 1) $double $square)
        (global $count (mut i32) (i32.const 40))
        (global $picked i32 (i32.const 2))
        (data (i32.const 300) "\05\00\00\00")
        (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
        (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
        (func $pair (result i32 i32) (i32.const 8) (i32.const 9))"#;
    let body = r"
        (global.set $count (i32.add (global.get $count) (i32.const 2)))
        (call $say (global.get $count))
        (call $say (call_indirect (type $unary) (i32.load (i32.const 300)) (i32.const 1)))
        (call $say (call_indirect (type $unary) (i32.load (i32.const 300)) (global.get $picked)))
        (call $pair) (call $say) (call $say)
        (memory.copy (i32.const 400) (i32.const 300) (i32.const 4))
        (call $say (i32.load (i32.const 400)))";
    let output = told(fields, body, &Bundle::default());
    assert_eq!(words(&output), [42, 10, 25, 9, 8, 5]);
}

#[test]
fn a_function_imported_twice_and_through_a_table_is_one() {
    let module = text(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $a (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $b (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (table funcref (elem $b))
        (type $write (func (param i32 i32 i32 i32) (result i32)))
        (data (i32.const 0) "\10\00\00\00\03\00\00\00") (data (i32.const 16) "abc")
        (func (export "_start")
          (drop (call $a (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (drop (call_indirect (type $write)
            (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 0)))))"#,
    );
    assert_eq!(run(&module, &Bundle::default()).output, b"abcabc");
}

#[test]
fn a_program_that_needs_nothing_gets_nothing_of_the_interface() {
    let none = text(r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
    let functions = |module: &[u8]| {
        let linked = link(module).expect("it links");
        let mut count = 0;
        for payload in Parser::new(0).parse_all(&linked) {
            if let Payload::FunctionSection(section) = payload.expect("it is valid") {
                count = section.count();
            }
        }
        count
    };
    assert_eq!(functions(&none), 1);
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
    let one = text(&format!(r#"(module {exit} (memory 1) (func (export "_start")))"#));
    // Its own, the interface's function of that name, and the one that this calls.
    assert!(functions(&one) <= 3);
    assert!(10 * functions(&one) < functions(&program("", "")));
}

#[test]
fn the_memory_that_a_program_sees_at_first_is_its_own() {
    let body = r"
        (call $say (memory.size))
        (call $say (memory.grow (i32.const 1)))
        (call $say (memory.size))";
    let pages = u32::try_from(REGION_PAGES).expect("eight");
    let said = words(&told("", body, &Bundle::default()));
    // What it asked for lies behind the interface's pages; before that, nothing of them is seen.
    assert_eq!(said, [4, 4 + pages, 5 + pages]);
}

#[test]
fn a_memory_without_a_bound_gets_one_and_a_bound_grows_by_the_interface() {
    let grown = |memory: &str| {
        let module = format!(
            r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") {memory})
            (func (export "_start")
              (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
              (call $exit (memory.size))))"#
        );
        run(&text(&module), &Bundle::default()).end
    };
    assert_eq!(grown("1"), End::Exited(4080));
    assert_eq!(grown("1 65536"), End::Exited(4080));
    assert_eq!(grown("1 10"), End::Exited(18));
}

#[test]
fn what_no_job_may_have_is_refused_by_name() {
    let memory = r#"(memory (export "memory") 1)"#;
    let start = r#"(func (export "_start"))"#;
    let import = |module: &str, name: &str| LinkRejected::Import {
        module: module.to_owned(),
        name: name.to_owned(),
    };
    assert_eq!(
        refusal(&format!(r#"(module (import "env" "dlopen" (func)) {memory} {start})"#)),
        import("env", "dlopen")
    );
    assert_eq!(
        refusal(r#"(module (import "env" "memory" (memory 1)) (func (export "_start")))"#),
        import("env", "memory")
    );
    let wasi = "wasi_snapshot_preview1";
    assert_eq!(
        refusal(&format!(r#"(module (import "{wasi}" "fd_paint" (func)) {memory} {start})"#)),
        import(wasi, "fd_paint")
    );
    assert_eq!(
        refusal(&format!(r#"(module (import "{wasi}" "fd_close" (func)) {memory} {start})"#)),
        LinkRejected::ImportType { name: "fd_close".into() }
    );
    assert_eq!(
        refusal(&format!(r#"(module (import "{wasi}" "sock_send" (func)) {memory} {start})"#)),
        LinkRejected::ImportType { name: "sock_send".into() }
    );
    assert_eq!(
        refusal(&format!("(module {memory} {start} (func $f) (start $f))")),
        LinkRejected::HasStart
    );
    assert_eq!(refusal(&format!("(module {memory})")), LinkRejected::NoStart);
    assert_eq!(
        refusal(&format!(r#"(module {memory} (func (export "_start") (param i32)))"#)),
        LinkRejected::NoStart
    );
    assert_eq!(refusal(&format!("(module {start})")), LinkRejected::NoMemory);
    assert_eq!(
        refusal(&format!("(module (memory 4073) {start})")),
        LinkRejected::MemoryTooLarge { pages: 4073, limit: 4072 }
    );
    assert_eq!(
        refusal(&format!(r#"(module {memory} {start} (data (i32.const 65535) "ab"))"#)),
        LinkRejected::DataOutside { end: 65537, bytes: 65536 }
    );
    for later in ["(memory i64 1)", "(memory 1 1 shared)", "(memory 1) (memory 1)"] {
        let refused = refusal(&format!("(module {later} {start})"));
        assert!(matches!(refused, LinkRejected::Invalid { .. }), "{later}: {refused}");
    }
    assert_eq!(link(b"#!/bin/sh"), Err(LinkRejected::NotWebAssembly));
}

proptest! {
    #[test]
    fn damaged_programs_are_refused_or_linked_to_something_valid(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = program("(global (mut i64) (i64.const 1)) (table 1 funcref)", "");
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(linked) = link(&bytes) {
            prop_assert_eq!(link(&bytes), Ok(linked.clone()));
            let features = wasmparser::WasmFeatures::default();
            let valid = wasmparser::Validator::new_with_features(features).validate_all(&linked);
            prop_assert!(valid.is_ok());
        }
    }
}
