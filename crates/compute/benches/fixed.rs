//! What a call costs besides its instructions, against what it is charged (`admission::charge`):
//! empty steps of programs that are hostile in one way each, and the shipped guests.
//!
//! - `step`: one step in the interpreter, its leaf included; `compiled`: the same compiled;
//! - `case`: a referee's whole case about one step (decoding, admission, loading, hashing, the
//!   step), against the charges for loading and for the step;
//! - `cold`: the first such case of a fresh thread.
//!
//! Least of nine rounds, `cold` once, in nanoseconds a unit of gas. `step` and `case` must stay
//! below 6.9. The dearest, 1 MiB of state, took a referee 4.6 to 5.0 where the allocator gave large
//! blocks back to the system between cases, and 1.6 where it kept them.

use std::time::Instant;

use earnest_compute::bisection::{Ruling, evidence_from_run, judge};
use earnest_compute::guests;
use earnest_compute::trace::Keep;
use earnest_compute::{Digest, EngineKind, Input, Machine, Runner, Status, Task, admit};

struct Case {
    name: &'static str,
    module: Vec<u8>,
    chunks: Vec<Vec<u8>>,
}

/// A program whose `init` and `step` return `state` at once, with `pages` pages and other parts.
fn idle(name: &'static str, pages: usize, state: usize, parts: &str) -> Case {
    with_step(name, pages, state, parts, "")
}

fn with_step(name: &'static str, pages: usize, state: usize, parts: &str, step: &str) -> Case {
    let text = format!(
        r#"(module (memory (export "memory") {pages} {pages})
            (func (export "state") (result i32) i32.const 0)
            (func (export "state_len") (result i32) i32.const {state})
            (func (export "input") (result i32) i32.const {state})
            (func (export "init") (result i32) i32.const {state})
            (func (export "step") (param i64 i32) (result i32) {step} i32.const {state})
            {parts})"#
    );
    let module = wat::parse_str(&text).expect("well formed");
    Case { name, module, chunks: Vec::new() }
}

fn cases() -> Vec<Case> {
    let chunk = |case: Case| Case { chunks: vec![vec![7; 256 * 1024]], ..case };
    let many = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect();
    let exports: String = many(122, &|i| format!(r#"(export "{}{i}" (func 0))"#, "e".repeat(480)));
    let spread: String = many(1024, &|i| format!(r#"(data (i32.const {}) "a")"#, i * 16_384));
    let filled = format!("(table 4096 funcref) (elem (i32.const 0) func {})", "0 ".repeat(4096));
    let segments = "(elem (i32.const 0) func 0)".repeat(1024);
    let blocks = format!("(func (local i32) {})", "(if (local.get 0) (then))".repeat(2300));
    let stores = "(i32.store (local.get 2) (i32.const 1))
        (local.set 2 (i32.add (local.get 2) (i32.const 4096)))"
        .repeat(16);
    let touch = format!(
        "(local i32)
         (loop {stores} (br_if 0 (i32.lt_u (local.get 2) (i32.const 16777216))))"
    );
    let wide = "(func (param i32 i32 i32 i32 i32 i32) (result i32) (local.get 0)
        (br_if 0 (local.get 1)) (drop) (i32.const 1))";
    let mut all = vec![
        idle("tiny", 1, 8, ""),
        idle("64 KiB of state", 2, 65_536, ""),
        idle("1 MiB of state", 17, 1_048_576, ""),
        chunk(idle("256 KiB of chunk", 5, 8, "")),
        chunk(idle("1 MiB of state, 256 KiB of chunk", 21, 1_048_576, "")),
        idle("16 MiB of memory", 256, 8, ""),
        with_step("16 MiB of memory, all touched", 256, 8, "", &touch),
        idle("500 functions", 1, 8, &"(func)".repeat(500)),
        idle("480 functions of some kinds", 1, 8, &wide.repeat(480)),
        idle("122 long exports", 1, 8, &exports),
        idle("62 globals", 1, 8, &"(global (mut i64) (i64.const 0))".repeat(62)),
        idle("1024 data segments", 1, 8, &"(data (i32.const 0) \"a\")".repeat(1024)),
        idle("1024 data segments, spread", 256, 8, &spread),
        idle("1024 element segments", 1, 8, &format!("(table 4096 funcref) {segments}")),
        idle("4096 elements", 1, 8, &filled),
        idle("48 KiB of branches", 1, 8, &blocks.repeat(4)),
    ];
    for guest in guests::all() {
        let (name, module, chunks) = (guest.name, guest.module.to_vec(), guest.chunks);
        all.push(Case { name, module, chunks });
    }
    all
}

fn nanos(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e9
}

fn least(rounds: u32, mut run: impl FnMut()) -> f64 {
    (0..rounds).map(|_| nanos(&mut run)).fold(f64::INFINITY, f64::min)
}

fn measure(case: &Case) {
    const STEPS: u64 = 48;
    let admitted = admit(&case.module).expect("within limits");
    let input = Input::new(case.chunks.clone()).expect("within limits");
    let task = Task {
        program: Digest::of_program(&case.module),
        input_root: input.root(),
        chunk_count: input.count(),
        steps: STEPS,
        seed: Digest([1; 32]),
        step_gas_max: 100_000_000,
        gas_bound: 1 << 50,
    };
    let machine = |engine| Machine::new(engine, &admitted).expect("loads");
    let (interpreted, compiled) = (machine(EngineKind::Wasmi), machine(EngineKind::Jit));
    let first = interpreted.init(&task).expect("runs");
    let steps = |machine: &Machine| {
        let runner = Runner::new(machine, &task, &input);
        let run = || drop(runner.run(Some(first.clone()), STEPS, |_, _| {}).expect("runs"));
        least(9, run) / STEPS as f64
    };
    let (step, jit) = (steps(&interpreted), steps(&compiled));

    let runner = Runner::new(&interpreted, &task, &input);
    let trace = runner.run_all(Keep::default(), |_| {}).expect("runs");
    assert_eq!(trace.status(), Status::Running, "{}", case.name);
    let parts = (&trace.tree, &trace.kept);
    let evidence = evidence_from_run(&case.module, &runner, &input, parts, 20).expect("own run");
    let (evidence, root, leaf) = (evidence.encode(), trace.root(), trace.tree.leaves()[20]);
    let ruling = || assert_eq!(judge(&task, &root, 20, &leaf, &evidence), Ok(Ruling::Holds));
    let cold = std::thread::scope(|scope| scope.spawn(|| nanos(ruling)).join()).expect("rules");
    let whole = least(9, ruling);

    let gas = (trace.gas() - first.gas) as f64 / STEPS as f64;
    let with_load = gas + admitted.load_gas() as f64;
    println!(
        "| {} | {gas:.0} | {:.1} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} |",
        case.name,
        step / 1e3,
        step / gas,
        jit / gas,
        whole / 1e3,
        whole / with_load,
        cold / with_load,
    );
}

fn main() {
    println!("| program | gas a step | step µs | step | compiled | case µs | case | cold |");
    println!("|---|---|---|---|---|---|---|---|");
    cases().iter().for_each(measure);
}
