//! Small programs and tasks for the tests.
#![allow(dead_code, reason = "each test file uses its part")]

use earnest_compute::{Admitted, Digest, EngineKind, Input, Machine, Task, admit};

/// A guest from the text of its `init` and `step` bodies; state at 0 (4 KiB), input at 65536.
pub(crate) fn guest(globals: &str, init: &str, step: &str) -> Vec<u8> {
    guest_with(globals, "4096", init, step)
}

/// As [`guest`], with the text of `state_len`'s body after `i32.const`.
pub(crate) fn guest_with(parts: &str, state_len: &str, init: &str, step: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") 8 8)
            {parts}
            (func (export "state") (result i32) i32.const 0)
            (func (export "state_len") (result i32) i32.const {state_len})
            (func (export "input") (result i32) i32.const 65536)
            (func (export "init") (result i32) {init})
            (func (export "step") (param $index i64) (param $len i32) (result i32) {step}))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A counter: adds the index and the chunk's first byte to a u64; loops `index` times 3 to use gas.
pub(crate) fn counter() -> Vec<u8> {
    guest(
        "",
        "(i64.store (i32.const 0) (i64.load (i32.const 65536))) i32.const 8",
        r#"(local $i i64)
           (loop $again
             (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (local.get $index)))
             (local.set $i (i64.add (local.get $i) (i64.const 1)))
             (br_if $again (i64.lt_u (local.get $i) (i64.mul (local.get $index) (i64.const 3)))))
           (if (local.get $len) (then
             (i64.store (i32.const 0)
               (i64.add (i64.load (i32.const 0)) (i64.load8_u (i32.const 65536))))))
           i32.const 8"#,
    )
}

pub(crate) fn engines() -> Vec<EngineKind> {
    match cfg!(feature = "jit") {
        true => vec![EngineKind::Wasmi, EngineKind::Jit],
        false => vec![EngineKind::Wasmi],
    }
}

/// A task over `module` with generous limits.
pub(crate) fn task(module: &[u8], input: &Input, steps: u64) -> Task {
    Task {
        program: Digest::of_program(module),
        input_root: input.root(),
        chunk_count: input.count(),
        steps,
        seed: Digest([7; 32]),
        step_gas_max: 10_000_000,
        gas_bound: 1 << 40,
    }
}

pub(crate) fn admitted(module: &[u8]) -> Admitted {
    admit(module).unwrap_or_else(|why| panic!("{why}"))
}

pub(crate) fn machine(engine: EngineKind, module: &[u8]) -> Machine {
    Machine::new(engine, &admitted(module)).unwrap_or_else(|why| panic!("{engine:?}: {why}"))
}

pub(crate) fn no_input() -> Input {
    Input::new(Vec::new()).expect("empty")
}

pub(crate) fn small_input(chunks: u8) -> Input {
    Input::new((0..chunks).map(|i| vec![i; 1 + usize::from(i)]).collect()).expect("small")
}
