//! What the tests of the program share: its executable, processes that end with their test, and
//! small guests.
#![allow(dead_code, reason = "each test file uses its part")]

/// The program under test.
pub(crate) const EARNEST: &str = env!("CARGO_BIN_EXE_earnest");

/// A guest with this body of `step`; its state is the 8 bytes at 0.
pub(crate) fn guest(step: &str) -> Vec<u8> {
    module("", step)
}

/// The same, after `head`: imports, for instance.
pub(crate) fn module(head: &str, step: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {head}
            (memory (export "memory") 2 2)
            (func (export "state") (result i32) i32.const 0)
            (func (export "state_len") (result i32) i32.const 8)
            (func (export "input") (result i32) i32.const 65536)
            (func (export "init") (result i32) i32.const 8)
            (func (export "step") (param i64 i32) (result i32) {step}))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A step that never ends by itself.
pub(crate) const LOOPS: &str = "(loop $again (br $again)) i32.const 8";
