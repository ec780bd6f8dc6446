//! The sandbox, with the real child: it computes, it is bounded, and it is shut in.

mod common;

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{EARNEST, LOOPS, guest};
use earnest_worker::{
    guests::{self, Value},
    pace::{Pace, sample},
    sandbox::{
        ADDRESS_BYTES_MAX, Checkpoint, DATA_BYTES_MAX, Digest, EngineKind, Input, Layer, Limits,
        OnFault, Reply, Request, RunnerCommand, SandboxError, Standing, Status, Task, layers, run,
        run_within,
    },
};

fn runner(program: &str, args: &[&str]) -> RunnerCommand {
    RunnerCommand { program: PathBuf::from(program), args: args.iter().map(Into::into).collect() }
}

fn request(module: &[u8], task: &Task, engine: EngineKind) -> Request {
    Request {
        module: module.to_vec(),
        task: task.clone(),
        engine,
        start: None,
        to: task.steps,
        keep_interval: 0,
        keep_indices: Vec::new(),
        on_fault: OnFault::Stay,
    }
}

/// The last state and the number of leaves before it.
fn outcome(
    module: &[u8],
    task: &Task,
    chunks: &[Vec<u8>],
    engine: EngineKind,
) -> (Checkpoint, usize) {
    let (mut leaves, mut done) = (0, None);
    let request = request(module, task, engine);
    run(&runner(EARNEST, &["job-runner"]), &request, chunks, &mut |reply| match reply {
        Reply::Leaves { digests, .. } => leaves += digests.len(),
        Reply::Done(checkpoint) => done = Some(checkpoint),
        Reply::Failed(failure) => panic!("{failure}"),
        _ => {}
    })
    .expect("the child runs");
    (done.expect("an end"), leaves)
}

#[test]
fn a_shipped_guest_gives_its_known_result() {
    let guest = guests::by_name("wordcount").expect("shipped");
    let task = guest.task(Digest([7; 32]));
    let (last, leaves) = outcome(guest.module, &task, &guest.chunks, EngineKind::Jit);
    assert_eq!((last.status, leaves), (Status::Running, 257));
    let report = guests::report(guest.name, &last.state);
    for known in [("bytes", Value::Count(173_942)), ("words", Value::Count(32_002))] {
        assert!(report.contains(&known), "{known:?} in {report:?}");
    }
}

#[test]
fn a_step_that_never_ends_is_stopped_by_its_gas_alike_in_both_engines() {
    let (module, input) = (guest(LOOPS), Input::new(Vec::new()).expect("empty"));
    let task = Task {
        program: Digest::of_program(&module),
        input_root: input.root(),
        chunk_count: 0,
        steps: 3,
        seed: Digest([7; 32]),
        step_gas_max: 1_000_000,
        gas_bound: 10_000_000,
    };
    let both = [EngineKind::Jit, EngineKind::Wasmi].map(|e| outcome(&module, &task, &[], e));
    assert_eq!(both[0], both[1]);
    assert_eq!(both[0].0.status, Status::Fault { at: 1 });
}

#[test]
fn a_child_that_never_answers_is_killed_by_the_clock() {
    let guest = guests::by_name("nbody").expect("shipped");
    let request = request(guest.module, &guest.task(Digest([7; 32])), EngineKind::Jit);
    let begun = Instant::now();
    let limit = Duration::from_secs(1);
    let ended = run_within(limit, &runner("/bin/sleep", &["100"]), &request, &[], &mut |_| {});
    assert!(matches!(ended, Err(SandboxError::TimedOut)), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_child_that_breaks_off_gives_no_result() {
    let guest = guests::by_name("nbody").expect("shipped");
    let request = request(guest.module, &guest.task(Digest([7; 32])), EngineKind::Jit);
    let mut replies = 0;
    // Whether the request could still be written is a race; that nothing came back is not.
    let _ = run(&runner("/bin/false", &[]), &request, &[], &mut |_| replies += 1);
    assert_eq!(replies, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_child_is_shut_in_before_it_reads() {
    let mut child = Command::new(EARNEST)
        .arg("job-runner")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let limits = Limits { cpu_seconds: 77, wall_clock: Duration::ZERO, data_bytes: DATA_BYTES_MAX };
    child.stdin.as_mut().expect("piped").write_all(&limits.to_bytes()).expect("it reads");
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id()));
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut status = String::new();
    while Instant::now() < deadline && !status.contains("Seccomp:\t2") {
        std::thread::sleep(Duration::from_millis(20));
        status = read("status").expect("it waits for its request");
    }
    let limits = read("limits").expect("it waits for its request");
    child.kill().expect("ours");
    child.wait().expect("ours");
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("listed");
        line[name.len()..].split_whitespace().map(str::to_owned).take(2).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max open files"), ["3", "3"]);
    assert_eq!(limit("Max file size"), ["0", "0"]);
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    assert_eq!(limit("Max cpu time"), ["77", "77"]);
    for (name, most) in
        [("Max address space", ADDRESS_BYTES_MAX), ("Max data size", DATA_BYTES_MAX)]
    {
        assert_eq!(limit(name), [most.to_string(), most.to_string()]);
    }
    let capabilities = ["CapPrm:", "CapEff:", "CapAmb:"];
    for line in status.lines().filter(|line| capabilities.iter().any(|c| line.starts_with(c))) {
        assert!(line.ends_with("\t0000000000000000"), "{line}");
    }
}

/// 495 calls inside one another, each with 500 vectors that live across the call: more stack than
/// the compiler has, and less than the rules allow.
fn deep_and_wide() -> Vec<u8> {
    let vectors = 500;
    let load = "(v128.load (i32.const 0)) ".repeat(vectors);
    let add = "i64x2.add ".repeat(vectors - 1);
    let text = format!(
        r#"(module (memory (export "memory") 8 8)
          (func $f (param $depth i32) (local $sum v128)
            {load}
            (if (local.get $depth)
              (then (call $f (i32.sub (local.get $depth) (i32.const 1)))))
            {add}
            (local.set $sum)
            (v128.store (i32.const 0) (local.get $sum)))
          (func (export "state") (result i32) i32.const 0)
          (func (export "state_len") (result i32) i32.const 64)
          (func (export "input") (result i32) i32.const 65536)
          (func (export "init") (result i32)
            (i64.store (i32.const 0) (i64.const 1)) (i64.store (i32.const 16) (i64.const 3))
            i32.const 32)
          (func (export "step") (param i64 i32) (result i32)
            (call $f (i32.const 494)) i32.const 32))"#
    );
    wat::parse_str(&text).expect("a module")
}

#[test]
fn a_program_deeper_than_the_compiled_stack_gives_the_interpreters_result_within_its_limits() {
    let (module, input) = (deep_and_wide(), Input::new(Vec::new()).expect("empty"));
    let task = Task {
        program: Digest::of_program(&module),
        input_root: input.root(),
        chunk_count: 0,
        steps: 20,
        seed: Digest([7; 32]),
        step_gas_max: 16_000_000,
        gas_bound: 1_000_000_000,
    };
    let both = [EngineKind::Jit, EngineKind::Wasmi].map(|e| outcome(&module, &task, &[], e));
    assert_eq!(both[0].0, both[1].0);
    assert_eq!(both[0].0.status, Status::Running);
}

#[cfg(target_os = "linux")]
#[test]
fn the_child_says_which_layers_it_has() {
    let rows = layers(&runner(EARNEST, &["job-runner"])).expect("confined");
    assert_eq!(rows.iter().map(|(layer, _)| *layer).collect::<Vec<_>>(), Layer::ALL);
    for (layer, standing) in rows {
        // Kernels may lack these.
        let may_lack = matches!(layer, Layer::Namespaces | Layer::Root | Layer::Landlock);
        assert!(may_lack || standing == Standing::Holds, "{layer}: {standing}");
    }
    let other = layers(&runner("/bin/true", &[]));
    assert!(other.is_err(), "{other:?}");
}

/// A walk along a random cycle through 16 MiB: each load waits for the one before, and misses.
fn chase() -> Vec<u8> {
    let walk = format!("{}(local.get $p){}", "(i32.load ".repeat(400), ")".repeat(400));
    let text = format!(
        r#"(module (memory (export "memory") 256 256)
          (func (export "state") (result i32) i32.const 0)
          (func (export "state_len") (result i32) i32.const 64)
          (func (export "input") (result i32) i32.const 256)
          (func (export "init") (result i32) i32.const 16)
          (func (export "step") (param i64 i32) (result i32) (local $i i32) (local $p i32)
            (loop $build
              (i32.store (i32.shl (local.get $i) (i32.const 6))
                (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525))
                  (i32.const 1013904223)) (i32.const 262143)) (i32.const 6)))
              (br_if $build (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 262144))))
            (local.set $i (i32.const 0))
            (loop $walk (local.set $p {walk})
              (br_if $walk (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000))))
            (i32.store (i32.const 0) (local.get $p)) i32.const 16))"#
    );
    wat::parse_str(&text).expect("a module")
}

#[test]
fn a_program_that_chases_through_memory_is_timed_before_anybody_bids() {
    let (module, input) = (chase(), Input::new(Vec::new()).expect("empty"));
    let task = Task {
        program: Digest::of_program(&module),
        input_root: input.root(),
        chunk_count: 0,
        steps: 1_000_000,
        seed: Digest([7; 32]),
        step_gas_max: 70_000_000,
        gas_bound: 1 << 50,
    };
    let runner = runner(EARNEST, &["job-runner"]);
    let pace = sample(&runner, &module, &input, &task);
    println!("{pace}");
    // A few steps of a million, by the clock: how many picoseconds is this machine's affair.
    assert!(matches!(pace, Pace::Picos(1..)), "{pace:?}");
    let other = Task { program: Digest([1; 32]), ..task };
    assert!(matches!(sample(&runner, &module, &input, &other), Pace::Failed(_)));
}
