//! The engines agree on state, gas and status, and nothing a guest does escapes the rules.

mod common;

use common::*;
use earnest_compute::trace::Keep;
use earnest_compute::{Checkpoint, Machine, Runner, Status, Task, Trace};

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
    let admitted = admitted(&module);
    let before = admitted.init_gas_fixed(4) + 2 * admitted.step_gas_fixed(4, 0);
    let cost = trace.gas() - task.step_gas_max;
    assert!(before < cost && cost < before + 200, "{cost} gas");
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
    task.gas_bound = 200_000;
    let trace = run_all(&module, &input, &task);
    let Status::Halted { at } = trace.status() else { panic!("{:?}", trace.status()) };
    assert!(10 < at && at < 50);
    assert_eq!(trace.gas(), 200_000);
}

#[test]
fn a_step_that_cannot_pay_its_fixed_charge_is_a_fault() {
    let input = small_input(3);
    let module = guest("", "i32.const 4", "i32.const 4");
    let fixed = admitted(&module);
    let init = fixed.init_gas_fixed(4) + 20;
    for (step_gas_max, at) in [
        (1, 0),
        (fixed.step_gas_fixed(4, 3), 0), // Enough for a step, not for loading the program.
        (init - 1, 0),
    ] {
        let task = Task { step_gas_max, ..task(&module, &input, 5) };
        let trace = run_all(&module, &input, &task);
        assert_eq!(trace.status(), Status::Fault { at }, "{step_gas_max}");
        assert_eq!(trace.gas(), step_gas_max, "a fault is charged at the cap");
    }
    let task = Task { step_gas_max: init, ..task(&module, &input, 5) };
    assert_eq!(run_all(&module, &input, &task).status(), Status::Running);
}

#[test]
fn a_state_too_dear_to_carry_stops_the_task_where_it_became_so() {
    let input = no_input();
    let module = guest_with(
        "",
        "524288",
        "i32.const 0",
        "(i32.mul (i32.wrap_i64 (local.get $index)) (i32.const 8000))",
    );
    let fixed = admitted(&module);
    // Step i reads (i - 1) * 1000 gas of state and returns i * 1000. Loading costs more than that.
    let base = fixed.step_gas_fixed(0, 0) + 23;
    assert!(fixed.init_gas_fixed(0) + 20 < base + 20_000);
    for at in [11, 12, 30] {
        let step_gas_max = base + (2 * at - 1) * 1_000;
        let exact = Task { step_gas_max, ..task(&module, &input, 32) };
        assert_eq!(run_all(&module, &input, &exact).status(), Status::Fault { at: at + 1 });
        let less = Task { step_gas_max: step_gas_max - 1, ..exact };
        assert_eq!(run_all(&module, &input, &less).status(), Status::Fault { at });
    }
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
