//! A fault says why and where, the same in both engines as far as the interpreter can know it.

mod common;

use common::{engines, guest, guest_with, task};
use earnest_compute::{
    Cause, EngineKind, Explanation, Input, Status,
    runner::{OnFault, Reply, Request, read_reply, serve, write_request},
};

/// What a child says of the fault in step 1, and that the task ends there.
fn explained(module: &[u8], engine: EngineKind) -> Explanation {
    let input = Input::new(vec![vec![1, 2, 3]]).expect("a chunk");
    let mut task = task(module, &input, 3);
    task.step_gas_max = 100_000;
    let (to, keep_interval, keep_indices) = (task.steps, 0, Vec::new());
    let request = Request {
        module: module.to_vec(),
        task,
        engine,
        start: None,
        to,
        keep_interval,
        keep_indices,
        on_fault: OnFault::Explain,
    };
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    write_request(&mut sent, &request, input.chunks()).expect("a vector takes all");
    serve(&sent[..], &mut received).expect("streams in memory");
    let mut reader = &received[..];
    let replies = std::iter::from_fn(|| read_reply(&mut reader).expect("well formed"));
    let replies: Vec<Reply> = replies.collect();
    let [.., Reply::Explained(why), Reply::Done(last)] = &replies[..] else {
        panic!("{replies:?}");
    };
    assert_eq!(last.status, Status::Fault { at: 1 });
    *why
}

fn with(parts: &str, step: &str) -> Vec<u8> {
    guest(parts, "i32.const 4", step)
}

#[test]
fn each_kind_of_fault_is_told_apart() {
    let endless = "(loop $again (br $again)) i32.const 4";
    let grown = guest_with("", "8", "i32.const 4", "i32.const 9");
    for (module, code, function) in [
        (with("(func $fail unreachable)", "(call $fail) i32.const 4"), "unreachable", Some(0)),
        (with("", "(i32.load (i32.const -4))"), "memory-out-of-bounds", Some(4)),
        (with("", "(i32.div_u (i32.const 1) (i32.const 0))"), "division", Some(4)),
        (with("", "(i32.trunc_f32_u (f32.const nan))"), "conversion", Some(4)),
        (with("", endless), "step-gas", Some(4)),
        (
            with("(table 1 funcref)", "(call_indirect (i32.const 0)) i32.const 4"),
            "indirect-call",
            Some(4),
        ),
        (grown, "state-too-long", None),
    ] {
        for engine in engines() {
            let why = explained(&module, engine);
            assert_eq!(why.cause.code(), code, "{why:?}");
            // The compiler, where there is one, explains for both.
            let known = if cfg!(feature = "jit") { function } else { None };
            assert_eq!(why.function, known, "{why:?}");
        }
    }
}

#[test]
fn a_recursion_without_end_is_told_from_an_abort_where_frames_are_known() {
    let module = with("(func $down (call $down))", "(call $down) i32.const 4");
    for engine in engines() {
        let why = explained(&module, engine);
        match cfg!(feature = "jit") {
            true => assert_eq!((why.cause, why.function), (Cause::CallDepth, Some(0))),
            false => assert_eq!(why.cause, Cause::Unreachable),
        }
    }
}
