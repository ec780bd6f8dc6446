//! What is read as a prepared program can be run and judged; what cannot is refused.

use std::sync::Arc;

use earnest_compute::EngineKind;
use earnest_compute::bisection::Ruling;
use earnest_compute::paged::evidence::{Referee, make_evidence};
use earnest_compute::paged::program::{
    Kind, LOCAL_COUNT_MAX, OPERAND_COUNT_MAX, Program, ProgramRejected,
};
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Session, Tracking};
use earnest_compute::paged::state::{Ending, State};
use earnest_compute::paged::task::{Input, Task};

/// A program of one step, around its parts.
fn read(memory: u32, parts: &str, step: &str) -> Result<Program, ProgramRejected> {
    let text = format!(
        r#"(module
            (memory (export "memory") {memory} {memory})
            (global (export "earnest_left") (export "earnest_global_0") (mut i64) (i64.const 0))
            (global (export "earnest_exit") (export "earnest_global_1") (mut i32) (i32.const 0))
            {parts}
            (func (export "earnest_step") (result i32) {step} (i32.const 1)))"#
    );
    let module = wat::parse_str(text).expect("the test's text is sound");
    Program::read(&module, Kind::Pausable)
}

#[test]
fn names_that_the_referee_needs_for_itself_are_refused() {
    for name in ["earnest_map", "earnest_missing", "earnest_gas"] {
        let parts = format!("(global (export \"{name}\") i32 (i32.const 0))");
        let refused = ProgramRejected::ReservedExport(name.to_owned());
        assert_eq!(read(1, &parts, "").err(), Some(refused));
    }
}

#[test]
fn references_in_locals_are_refused() {
    for kind in ["funcref", "externref"] {
        let refused = read(1, &format!("(func (local {kind}))"), "").err();
        assert!(matches!(refused, Some(ProgramRejected::HiddenState(_))), "{kind}: {refused:?}");
    }
}

#[test]
fn data_lies_where_it_was_put_the_last_segment_uppermost() {
    let data = r#"(data (i32.const 4094) "abcd") (data (i32.const 4095) "XY")
        (data (i32.const 268435455) "z") (data (i32.const 268435456) "")"#;
    let program = read(4096, data, "").expect("in the form");
    let State::Running(first) = program.first_state() else { panic!("it has not run") };
    let page = |index| first.memory.page(index);
    assert_eq!((&page(0)[4093..], &page(1)[..3]), (&b"\0aX"[..], &b"Yd\0"[..]));
    assert_eq!(page(65_535)[4095], b'z');
    assert_ne!(first.memory.tree().page(65_535), first.memory.tree().page(65_534));
    let refused = read(4096, r#"(data (i32.const 268435455) "zz")"#, "").err();
    assert_eq!(refused, Some(ProgramRejected::Segment("data")));
}

#[test]
fn the_largest_frames_that_are_read_are_judged() {
    let vectors = OPERAND_COUNT_MAX as usize - 1;
    let locals = "v128 ".repeat(LOCAL_COUNT_MAX as usize - 1);
    let last = LOCAL_COUNT_MAX - 1;
    let gets = format!("(local.get {last})").repeat(vectors);
    let (adds, sets) = ("(i64x2.add)".repeat(vectors - 1), format!("(local.set {last})"));
    let parts = format!("(func $big (param i32) (local {locals}) {gets} {adds} {sets})");
    let program = read(1, &parts, "(call $big (i32.const 1))").expect("in the form");
    let input = Arc::new(Input::new(Vec::new()).expect("short"));
    let task = Task {
        program: program.digest(),
        input_root: input.tree().root(),
        input_length: 0,
        ticks_bound: COARSE_TICKS,
        output_bound: 0,
    };
    let machine = Machine::new(EngineKind::Wasmi, &program, Tracking::Mark).expect("it loads");
    let mut session = Session::start(&machine, &task, &input).expect("it starts");
    let before = session.state().clone();
    session.advance(COARSE_TICKS).expect("it runs");
    let State::Stopped(claim) = session.state() else { panic!("it ends in one step") };
    assert_eq!(claim.ending, Ending::Finished);
    let (hash, after) = (task.hash(), claim.digest(&task.hash()));
    let digest = before.digest(&hash);
    let evidence = make_evidence(&machine, &task, &input, before, COARSE_TICKS).expect("made");
    let referee = Referee::new(&program).expect("it loads");
    let ruling = referee.judge(&task, (&digest, &after), COARSE_TICKS, &evidence.encode());
    assert_eq!(ruling, Ok(Ruling::Holds));
}
