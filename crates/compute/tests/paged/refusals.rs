//! What is not a prepared program is refused by name.

use earnest_compute::paged::program::{
    FUNCTION_BYTES_MAX, Kind, MODULE_BYTES_MAX, Program, ProgramRejected,
};
use earnest_compute::paged::state::{State, Value};

const IMPORTS: &str = r#"
  (import "earnest" "input_read" (func (param i64 i32 i32) (result i32)))"#;
const MEMORY: &str = r#"(memory (export "memory") 1 2)"#;
const GLOBALS: &str = r#"
  (global $left (export "earnest_left") (export "earnest_global_0") (mut i64) (i64.const 5))
  (global (export "earnest_exit") (export "earnest_global_1") (mut i32) (i32.const 0))"#;
const STEP: &str = r#"(func (export "earnest_step") (result i32) (i32.const 1))"#;

fn read(parts: &[&str]) -> Result<Program, ProgramRejected> {
    let text = format!("(module {})", parts.join("\n"));
    Program::read(&wat::parse_str(&text).expect("text of a module"), Kind::Pausable)
}

#[test]
fn a_module_of_the_form_is_read_with_its_first_state() {
    let data = r#"(data (i32.const 4090) "across a page")"#;
    let program = read(&[IMPORTS, MEMORY, GLOBALS, data, STEP]).expect("of the form");
    let State::Running(running) = program.first_state() else { panic!("it begins") };
    assert_eq!(&running.memory.page(0)[4090..], b"across");
    assert_eq!(&running.memory.page(1)[..7], b" a page");
    // The count of ticks left is none of the state's.
    assert_eq!(running.globals, [Value::I64(0), Value::I32(0)]);
}

#[test]
fn what_would_be_state_elsewhere_is_refused() {
    let hidden = |more: &str| match read(&[IMPORTS, MEMORY, GLOBALS, STEP, more]) {
        Err(ProgramRejected::HiddenState(what)) => what,
        other => panic!("{more}: {other:?}"),
    };
    assert_eq!(hidden("(func $f) (start $f)"), "a start function");
    assert_eq!(hidden(r#"(data "passive")"#), "a passive data segment");
    assert_eq!(hidden("(table 1 funcref) (elem funcref)"), "a passive element segment");
    let set = "(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))";
    assert_eq!(hidden(set), "table.set");
    let grow = "(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))";
    assert_eq!(hidden(grow), "table.grow");
    let vector = r#"(global (export "earnest_global_2") (mut v128) (v128.const i64x2 0 0))"#;
    assert_eq!(hidden(vector), "a mutable global of a vector or a reference");
}

#[test]
fn blocks_may_have_results_and_no_parameters() {
    let module = |text: &str| read(&[IMPORTS, MEMORY, GLOBALS, STEP, text]);
    for (text, name) in [
        ("(func i32.const 7 block (param i32) drop end)", "a block with parameters"),
        ("(func i32.const 7 loop (param i32) drop end)", "a loop with parameters"),
        (
            "(func i32.const 7 i32.const 7 if (param i32) drop else drop end)",
            "an if with parameters",
        ),
    ] {
        assert_eq!(module(text).expect_err("refused"), ProgramRejected::Instruction(name));
    }
    let results = "(func block (result i32 i64) i32.const 1 i64.const 2 end drop drop)";
    assert!(module(results).is_ok());
}

#[test]
fn imports_and_exports_are_those_of_the_form() {
    let refused = |parts: &[&str]| read(parts).expect_err("not of the form");
    let import = |name: &str| ProgramRejected::Import(name.to_owned());
    let export = |name: &str| ProgramRejected::Export(name.to_owned());
    let slice = r#"(import "earnest" "slice" (func))"#;
    assert_eq!(refused(&[slice, MEMORY, GLOBALS, STEP]), import("earnest.slice"));
    let typed = r#"(import "earnest" "output_write" (func (param i32)))"#;
    assert_eq!(refused(&[typed, MEMORY, GLOBALS, STEP]), import("earnest.output_write"));
    let other = r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#;
    let name = import("wasi_snapshot_preview1.fd_write");
    assert_eq!(refused(&[other, MEMORY, GLOBALS, STEP]), name);
    assert_eq!(refused(&[MEMORY, GLOBALS]), export("earnest_step"));
    assert_eq!(refused(&[GLOBALS, STEP]), export("memory"));
    assert_eq!(refused(&[MEMORY, STEP]), export("earnest_left"));
    let hidden = "(global (mut i32) (i32.const 0))";
    assert_eq!(refused(&[MEMORY, GLOBALS, hidden, STEP]), export("earnest_global_2"));
    let open = r#"(memory (export "memory") 1)"#;
    assert!(matches!(refused(&[open, GLOBALS, STEP]), ProgramRejected::TooMany { .. }));
    let large = r#"(memory (export "memory") 1 4097)"#;
    assert!(matches!(refused(&[large, GLOBALS, STEP]), ProgramRejected::TooMany { .. }));
}

#[test]
fn segments_outside_and_modules_too_large_are_refused() {
    let beyond = r#"(data (i32.const 65530) "seven b")"#;
    let refused = read(&[MEMORY, GLOBALS, STEP, beyond]).expect_err("outside");
    assert_eq!(refused, ProgramRejected::Segment("data"));
    let beyond = "(table 1 funcref) (func $f) (elem (i32.const 1) $f)";
    let refused = read(&[MEMORY, GLOBALS, STEP, beyond]).expect_err("outside");
    assert_eq!(refused, ProgramRejected::Segment("element"));
    let long = format!("(func {})", "nop ".repeat(FUNCTION_BYTES_MAX));
    let refused = read(&[MEMORY, GLOBALS, STEP, &long]).expect_err("too long");
    assert!(matches!(refused, ProgramRejected::TooMany { what: "bytes of a function", .. }));
    let refused = Program::read(&vec![0; MODULE_BYTES_MAX + 1], Kind::Plain).expect_err("long");
    assert!(matches!(refused, ProgramRejected::ModuleTooLong { .. }));
}
