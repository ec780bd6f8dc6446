//! The engines agree on state, gas and status, and nothing a guest does escapes the rules.

mod common;

use common::*;
use earnest_compute::trace::Keep;
use earnest_compute::{Checkpoint, Machine, Runner, Status, Trace};

fn run_all(module: &[u8], input: &earnest_compute::Input, task: &earnest_compute::Task) -> Trace {
    let mut traces = engines().into_iter().map(|engine| {
        let machine: Machine = machine(engine, module);
        Runner::new(&machine, task, input)
            .run_all(Keep::default(), |_| {})
            .expect("no host failure")
    });
    let first = traces.next().expect("the interpreter is always there");
    for other in traces {
        assert_eq!(first.tree, other.tree);
        assert_eq!(first.last, other.last);
    }
    first
}

#[test]
fn a_counter_counts_alike_in_both_engines() {
    let (module, input) = (counter(), small_input(5));
    let trace = run_all(&module, &input, &task(&module, &input, 40));
    assert_eq!(trace.status(), Status::Running);
    assert_eq!(trace.output().len(), 8);
    let expected = (1..=40u64).fold(u64::from_le_bytes([7; 8]), |sum, index| {
        sum.wrapping_add(index * index * 3).wrapping_add((index - 1) % 5)
    });
    assert_eq!(trace.output(), expected.to_le_bytes());
}

#[test]
fn a_trap_is_absorbed_and_costs_the_steps_cap() {
    let trap = "(if (i64.eq (local.get $index) (i64.const 3)) (then unreachable)) i32.const 4";
    let module = guest("", "i32.const 4", trap);
    let input = no_input();
    let task = task(&module, &input, 9);
    let trace = run_all(&module, &input, &task);
    assert_eq!(trace.status(), Status::Fault { at: 3 });
    assert!(trace.output().is_empty());
    assert!(task.step_gas_max < trace.gas() && trace.gas() < task.step_gas_max + 200);
}

#[test]
fn what_a_guest_does_wrong_is_a_fault() {
    let deep = |depth: u32| {
        let recurse = format!(
            "(func $f (param i32) (if (local.get 0) (then
               (call $f (i32.sub (local.get 0) (i32.const 1))))))
             (func $go (call $f (i32.const {depth})))"
        );
        guest(&recurse, "i32.const 4", "(call $go) i32.const 4")
    };
    let nan_pointer = "(drop (i32.load (i32.const 0x7fffffff))) i32.const 4";
    for (name, module, at) in [
        ("endless loop", guest("", "i32.const 4", "(loop $l (br $l)) i32.const 4"), Some(1)),
        ("endless init", guest("", "(loop $l (br $l)) i32.const 4", "i32.const 4"), Some(0)),
        ("longer than reserved", guest("", "i32.const 4", "i32.const 4097"), Some(1)),
        ("negative length", guest("", "i32.const 4", "i32.const -1"), Some(1)),
        ("outside memory", guest("", "i32.const 4", nan_pointer), Some(1)),
        ("state beyond 1 MiB", guest_with("", "1048577", "i32.const 4", "i32.const 4"), Some(0)),
        ("state beyond memory", guest_with("", "600000", "i32.const 4", "i32.const 4"), Some(0)),
        ("small recursion", deep(490), None),
        ("deep recursion", deep(510), Some(1)),
        ("endless recursion", deep(u32::MAX >> 1), Some(1)),
        ("division", guest("", "i32.const 4", "(i32.div_u (i32.const 1) (i32.const 0))"), Some(1)),
    ] {
        let input = no_input();
        let trace = run_all(&module, &input, &task(&module, &input, 3));
        let expected = at.map_or(Status::Running, |at| Status::Fault { at });
        assert_eq!(trace.status(), expected, "{name}");
    }
}

#[test]
fn the_gas_bound_halts_at_the_same_step_everywhere() {
    let (module, input) = (counter(), no_input());
    let mut task = task(&module, &input, 50);
    task.gas_bound = 20_000;
    let trace = run_all(&module, &input, &task);
    let Status::Halted { at } = trace.status() else { panic!("{:?}", trace.status()) };
    assert!(10 < at && at < 50);
    assert_eq!(trace.gas(), 20_000);
}

#[test]
fn a_run_continues_from_any_kept_checkpoint() {
    let (module, input) = (counter(), small_input(3));
    let task = task(&module, &input, 70);
    let machine = machine(engines()[0], &module);
    let runner = Runner::new(&machine, &task, &input);
    let trace = runner.run_all(Keep { interval: 1, bytes_max: 100 }, |_| {}).expect("runs");
    assert!(trace.kept.checkpoints().len() < 14);
    for index in [0, 1, 15, 16, 17, 69, 70] {
        let checkpoint: Checkpoint = runner.checkpoint_at(&trace.kept, index).expect("runs");
        let leaf = runner.leaf_digest(&task.hash(), &checkpoint);
        assert_eq!(Some(&leaf), trace.tree.leaves().get(index as usize));
    }
}
