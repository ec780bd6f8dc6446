//! Linking: what a program keeps, what it gets, and what is refused.

mod system;

use earnest_prepare::bundle::Bundle;
use earnest_prepare::link::{LinkRejected, link};
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
    // Its own, and what stands for three instructions.
    assert_eq!(functions(&none), 4);
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
    let one = text(&format!(r#"(module {exit} (memory 1) (func (export "_start")))"#));
    // And the interface's function of that name, with the one that this calls.
    assert!(functions(&one) <= 6);
    assert!(functions(&program("", "")) > 50);
}

#[test]
fn a_program_sees_its_own_memory_and_nothing_of_the_interface() {
    let body = r"
        (call $say (memory.size))
        (call $say (memory.grow (i32.const 1)))
        (call $say (memory.size))
        (call $say (memory.grow (i32.const 65536)))
        (i32.store offset=262144 (i32.const 65532) (i32.const 7))
        (memory.copy (i32.const 100) (i32.const 327676) (i32.const 4))
        (memory.fill (i32.const 101) (i32.const 1) (i32.const 2))
        (call $say (i32.load (i32.const 100)))";
    let said = words(&told("", body, &Bundle::default()));
    assert_eq!(said, [4, 4, 5, u32::MAX, 0x0001_0107]);
}

#[test]
fn addresses_outside_the_memory_trap_and_never_come_round_into_the_interface() {
    let past = 4 * 65536;
    let near = u32::MAX - 100;
    for at in [past, past + 65536 * 9, near, near - 8 * 65536, 1 << 31] {
        let at = format!("(i32.const {at})");
        let random = format!("(drop (call $random_get {at} (i32.const 200)))");
        for access in [
            format!("(drop (i32.load {at}))"),
            format!("(drop (i64.load8_u offset=4294967295 {at}))"),
            format!("(i64.store offset=4294900000 {at} (i64.const 1))"),
            format!("(memory.fill {at} (i32.const 0) (i32.const 1))"),
            format!("(memory.copy {at} (i32.const 0) (i32.const 1))"),
            format!("(memory.copy (i32.const 0) {at} (i32.const 1))"),
            format!("(drop (call $fd_write (i32.const 1) {at} (i32.const 1) (i32.const 0)))"),
            format!("(call $give {at} (i32.const 1))"),
            format!("(drop (call $fd_tell (i32.const 3) (i32.const 0))) {random}"),
        ] {
            assert_eq!(
                run(&program("", &access), &Bundle::default()).end,
                End::Trapped,
                "{access}"
            );
        }
    }
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
    assert_eq!(grown("1"), End::Exited(4072));
    assert_eq!(grown("1 65536"), End::Exited(4072));
    assert_eq!(grown("1 10"), End::Exited(10));
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
    assert_eq!(
        refusal(&format!(r#"(module {memory} {start} (data "ab"))"#)),
        LinkRejected::PassiveData
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
