//! Ordinary programs as their authors and requesters bring them, and the pipe to a job of one.

use std::{io::Cursor, time::Duration};

use earnest_compute::{
    Digest, EngineKind,
    paged::{
        dispute::Span,
        job::{Ask, Question, Request, read_reply, serve, write_request},
        program::{Kind, Program},
        run::{Machine, Tracking},
        task::{Input, Task},
    },
};
use earnest_prepare::{bundle::Bundle, link, prepare};

use super::{Outcome, Target, keeps, paged, work::Bounded};

/// Most bytes that a job may answer with.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Asks for its arguments and the clock, writes what it has to both streams, through a table, in a
/// loop, with floats and a growth, and exits.
const COMMAND: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2 9)
  (table funcref (elem $say $half))
  (type $put (func (param i32)))
  (global $sum (mut f64) (f64.const 0.5))
  (data (i32.const 0) "\10\00\00\00\20\00\00\00") (data (i32.const 16) "ordinary program")
  (func $say (param i32)
    (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $half (param i32)
    (global.set $sum (f64.div (global.get $sum) (f64.convert_i32_s (local.get 0)))))
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const 20))
    (drop (call $sizes (i32.const 64) (i32.const 68)))
    (drop (call $time (i32.const 0) (i64.const 0) (i32.const 72)))
    (drop (memory.grow (i32.const 1)))
    (loop $again
      (call_indirect (type $put) (i32.const 1) (i32.and (local.get $left) (i32.const 1)))
      (memory.copy (i32.const 4000) (i32.const 16) (i32.const 200))
      (f64.store (i32.const 80) (f64.sqrt (global.get $sum)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.load (i32.const 8)))))"#;

/// What is accepted has no other encoding.
pub(super) fn bundle() -> Target<'static> {
    let full = Bundle {
        seed: [7; 32],
        arguments: vec!["program".into(), "-l".into(), "in/text".into()],
        environment: [("LANG".into(), "C".into()), ("HOME".into(), "/".into())].into(),
        standard_input: b"what is read".to_vec(),
        files: [
            ("in/text".into(), b"two\nlines\n".to_vec()),
            ("in/deep/er".into(), Vec::new()),
            ("table".into(), vec![9; 300]),
        ]
        .into(),
    };
    let encoded = |bundle: &Bundle| bundle.encode().expect("within the bounds");
    Target {
        name: "bundle",
        seeds: vec![encoded(&full), encoded(&Bundle::default())],
        law: Box::new(|bytes| {
            if let Ok(bundle) = Bundle::decode(bytes) {
                assert_eq!(bundle.encode().as_deref(), Ok(bytes), "it has another encoding");
            }
            keeps(bytes, |bytes| Bundle::decode(bytes).ok(), Bundle::encode)
        }),
        time_most: Duration::from_secs(1),
    }
}

/// What is prepared is so again, and can be loaded.
pub(super) fn ordinary() -> Target<'static> {
    let command = wat::parse_str(COMMAND).expect("text of a module");
    Target {
        name: "ordinary",
        seeds: vec![command],
        law: Box::new(|bytes| {
            let Ok(linked) = link::link(bytes) else { return Outcome::Refused };
            let Ok(prepared) = prepare(&linked) else { return Outcome::Refused };
            assert!(prepare(&linked).as_ref() == Ok(&prepared), "another form the second time");
            let program = Program::read(&prepared.pausable, Kind::Pausable).expect("prepared");
            for tracking in [Tracking::Compare, Tracking::Mark] {
                Machine::new(EngineKind::Wasmi, &program, tracking).expect("prepared, so loaded");
            }
            Outcome::Taken
        }),
        time_most: Duration::from_secs(5),
    }
}

/// Both ends of the pipe read the same bytes. A damaged module is not the task's, and is not run.
pub(super) fn job() -> Target<'static> {
    let (module, input) = (paged::module(), vec![5; 20_000]);
    let whole = Input::new(input.clone()).expect("short");
    let task = Task {
        program: Digest::of_program(&module),
        input_root: whole.tree().root(),
        input_length: input.len() as u64,
        ticks_bound: 1 << 40,
        output_bound: 1 << 16,
    };
    let span = Span { level: 0, begin: 0, steps: 3 };
    let asked = vec![Question::Refine(span), Question::Prove { span, index: 1 }];
    let asks = [Ask::Run, Ask::Show(asked)];
    let mut seeds = Vec::new();
    for (ask, altered_at) in asks.into_iter().zip([Some(1 << 26), None]) {
        let request = Request { task: task.clone(), ask, altered_at };
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        write_request(&mut asked, &request, &module, &input).expect("into memory");
        serve(Cursor::new(&asked), &mut answered, || Duration::ZERO).expect("a whole request");
        seeds.extend([asked, answered]);
    }
    Target {
        name: "job",
        seeds,
        law: Box::new(|bytes| {
            let served =
                serve(Cursor::new(bytes), Bounded(ANSWER_BYTES_MAX), || Duration::ZERO).is_ok();
            let mut replies = Cursor::new(bytes);
            let read = matches!(read_reply(&mut replies), Ok(Some(_)));
            while let Ok(Some(_)) = read_reply(&mut replies) {}
            if served || read { Outcome::Taken } else { Outcome::Refused }
        }),
        time_most: Duration::from_secs(60),
    }
}
