//! Whatever a program does, one step of it can be shown to a referee.

use std::fmt::Write as _;
use std::sync::Arc;

use earnest_compute::EngineKind;
use earnest_compute::bisection::Ruling;
use earnest_compute::paged::dispute::LEVELS;
use earnest_compute::paged::evidence::{EVIDENCE_BYTES_MAX, Referee, make_evidence};
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::{Machine, Plain, Session, Tracking};
use earnest_compute::paged::state::State;
use earnest_compute::paged::task::{Input, Task};
use earnest_prepare::{POLL_ACCESSES_MAX, prepare};

/// Calls itself to the depth that is asked for, each frame with a thousand values to keep; then
/// touches as many pages as it can between two polls, which lie as far apart as they can.
fn deep(depth: u32) -> Vec<u8> {
    let mut touch = String::new();
    for access in 0..2 * u64::from(POLL_ACCESSES_MAX) {
        let offset = (2 * access + 1) * 16 * 4096 - 4;
        let _ = writeln!(touch, "(i64.store offset={offset} (i32.const 0) (i64.const -1))");
    }
    let text = format!(
        r#"(module
            (memory (export "memory") 260 260)
            (func $deep (param $depth i32) (local {locals})
                (if (local.get $depth)
                    (then (call $deep (i32.sub (local.get $depth) (i32.const 1))))
                    (else {touch} {touch})))
            (func (export "_start") (call $deep (i32.const {depth}))))"#,
        locals = "i64 ".repeat(1000),
    );
    wat::parse_str(text).expect("the test's text is sound")
}

/// The longest evidence of a step of the finest level, of those from some tick on.
fn longest_evidence(linked: &[u8], from: u64) -> usize {
    let prepared = prepare(linked).expect("it is accepted");
    let program = Program::read(&prepared.pausable, Kind::Pausable).expect("it has the form");
    let plain = Program::read(&prepared.plain, Kind::Plain).expect("it has the form");
    let input = Arc::new(Input::new(Vec::new()).expect("short"));
    let task = Task {
        program: program.digest(),
        input_root: input.tree().root(),
        input_length: 0,
        ticks_bound: 1 << 30,
        output_bound: 0,
    };
    let outcome = Plain::new(EngineKind::Wasmi, &plain).expect("loads").run(&task, &input);
    let claim = outcome.expect("it runs").claim;
    let machine = Machine::new(EngineKind::Wasmi, &program, Tracking::Mark).expect("it loads");
    let referee = Referee::new(&program).expect("it loads");
    let mut session = Session::start(&machine, &task, &input).expect("it starts");
    session.advance(from.min(claim.ticks)).expect("it runs");
    let (hash, mut longest) = (task.hash(), 0);
    while let State::Running(running) = session.state().clone() {
        let target = (running.ticks / LEVELS[2] + 1) * LEVELS[2];
        let before = State::Running(running);
        let evidence = make_evidence(&machine, &task, &input, before.clone(), target);
        let evidence = evidence.expect("it is made").encode();
        session.advance(target).expect("it runs");
        if longest < evidence.len() {
            longest = evidence.len();
            assert!(longest <= EVIDENCE_BYTES_MAX, "{longest} bytes");
            let ends = (&before.digest(&hash), &session.state().digest(&hash));
            assert_eq!(referee.judge(&task, ends, target, &evidence), Ok(Ruling::Holds));
        }
    }
    assert_eq!(session.state(), &State::Stopped(claim), "both modules end alike");
    longest
}

#[test]
fn a_step_below_the_deepest_calls_that_touches_the_most_pages_fits_into_evidence() {
    // The depth up to which it does not trap: one level more ends before anything is touched.
    let ends_well = |depth: u32| {
        let prepared = prepare(&deep(depth)).expect("it is accepted");
        let plain = Program::read(&prepared.plain, Kind::Plain).expect("it has the form");
        let input = Arc::new(Input::new(Vec::new()).expect("short"));
        let task = Task {
            program: plain.digest(),
            input_root: input.tree().root(),
            input_length: 0,
            ticks_bound: 1 << 20,
            output_bound: 0,
        };
        let plain = Plain::new(EngineKind::Wasmi, &plain).expect("it loads");
        plain.run(&task, &input).expect("it runs").claim.ticks < 1 << 20
    };
    let depths: Vec<u32> = (0..200).collect();
    let deepest = depths.partition_point(|depth| ends_well(*depth));
    assert!((20..200).contains(&deepest), "{deepest} levels");
    let deepest = u32::try_from(deepest).expect("below 200") - 1;
    let longest = longest_evidence(&deep(deepest), 200);
    assert!(EVIDENCE_BYTES_MAX / 2 < longest, "{longest} bytes are not the worst case");
}

/// Calls itself to the depth that is asked for, each frame with a thousand values that it needs
/// again; below all, short steps lead up to a stretch that touches the most pages, each access two
/// of them, far apart in the largest memory; a thousand globals are open too.
fn deepest_and_widest(depth: u32, before: usize) -> Vec<u8> {
    // Pairs of pages astride the edges of blocks, the edges spread over the whole memory.
    let mut place = 0_u64;
    let mut touch = |count: usize| {
        let mut text = String::new();
        for _ in 0..count {
            place += 1;
            let offset = (place * 2 * 14 + 12) * 65536 - 4;
            let _ = writeln!(text, "(i64.store offset={offset} (i32.const 0) (i64.const -1))");
        }
        text
    };
    let (few, many) = (touch(before), touch(64));
    let globals: String =
        (0..250).map(|i| format!("(global $g{i} (mut i64) (i64.const -1))")).collect();
    let count = 1000;
    let sets: String = (1..count).map(|i| format!("(local.set {i} (i64.const -{i}))")).collect();
    let uses: String = (1..count)
        .map(|i| format!("(global.set $g1 (i64.xor (global.get $g1) (local.get {i})))"))
        .collect();
    let text = format!(
        r#"(module
            (memory (export "memory") 2048 2048)
            {globals}
            (func $deep (param $depth i32) (local {locals})
                {sets}
                (if (local.get $depth)
                    (then (call $deep (i32.sub (local.get $depth) (i32.const 1))))
                    (else (loop) {few} (loop) {many} (loop) (unreachable)))
                {uses})
            (func (export "_start") (call $deep (i32.const {depth}))))"#,
        locals = "i64 ".repeat(count - 1),
    );
    wat::parse_str(text).expect("the test's text is sound")
}

#[test]
fn a_step_with_the_whole_stack_and_pages_far_apart_fits_into_evidence() {
    // Three accesses do not reach the next boundary; one level more is too deep.
    let longest = longest_evidence(&deepest_and_widest(45, 3), 46 * 1998);
    assert!(EVIDENCE_BYTES_MAX / 8 * 7 < longest, "{longest} bytes are not the worst case");
}
