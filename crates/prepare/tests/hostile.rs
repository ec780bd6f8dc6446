//! Programs made to be in a dispute's way: each ends as the rules say, in both forms, and each step
//! of it can be shown.

use std::sync::Arc;

use earnest_compute::EngineKind;
use earnest_compute::bisection::Ruling;
use earnest_compute::paged::dispute::LEVELS;
use earnest_compute::paged::evidence::{EVIDENCE_BYTES_MAX, Referee, make_evidence};
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::{Machine, Plain, Session, Tracking};
use earnest_compute::paged::state::{Claim, Ending, State};
use earnest_compute::paged::survey::{Survey, survey};
use earnest_compute::paged::task::{Input, Task};
use earnest_prepare::{Prepared, prepare};

const TICKS_BOUND: u64 = 1 << 30;
const OUTPUT_BOUND: u64 = 64 * 1024 * 1024;

fn prepared(text: &str) -> Prepared {
    let module = wat::parse_str(text).expect("the test's text is sound");
    prepare(&module).expect("it is accepted")
}

fn task(program: &Program) -> (Task, Arc<Input>) {
    let input = Arc::new(Input::new(Vec::new()).expect("short"));
    let task = Task {
        program: program.digest(),
        input_root: input.tree().root(),
        input_length: 0,
        ticks_bound: TICKS_BOUND,
        output_bound: OUTPUT_BOUND,
    };
    (task, input)
}

/// Every fine step looked at; the plain form ends alike, and the referee holds with what it hears.
fn looked_at(prepared: &Prepared) -> Survey {
    let plain = Program::read(&prepared.plain, Kind::Plain).expect("it has the form");
    let (task, input) = task(&plain);
    let outcome = Plain::new(EngineKind::Wasmi, &plain).expect("it loads").run(&task, &input);
    let claim: Claim = outcome.expect("it runs").claim;
    let told = survey(EngineKind::Wasmi, &prepared.pausable, Vec::new(), TICKS_BOUND);
    let told = told.expect("it runs");
    assert_eq!(told.claim, claim, "both forms end alike");
    told
}

#[test]
fn a_program_that_touches_every_page_in_each_step_is_shown_by_a_finer_one() {
    // 1,024 pages, each written in turn, over and over: some 700 of them in 2^14 ticks.
    let prepared = prepared(
        r#"(module
            (memory (export "memory") 64 64)
            (func (export "_start") (local $at i32) (local $left i32)
                (local.set $left (i32.const 40000))
                (loop $on
                    (i64.store (local.get $at) (i64.extend_i32_u (local.get $left)))
                    (local.set $at (i32.and (i32.add (local.get $at) (i32.const 4096))
                                            (i32.const 0x3fffff)))
                    (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#,
    );
    let told = looked_at(&prepared);
    assert_eq!(told.claim.ending, Ending::Finished);
    assert!(!told.largest.is_heard && 0 < told.too_large, "{told:?}");
    assert!(EVIDENCE_BYTES_MAX < usize::try_from(told.largest.evidence_bytes).expect("short"));
    // Each finer step within the largest one fits.
    let program = Program::read(&prepared.pausable, Kind::Pausable).expect("it has the form");
    let (task, input) = task(&program);
    let machine = Machine::new(EngineKind::Wasmi, &program, Tracking::Mark).expect("it loads");
    let referee = Referee::new(&program).expect("it loads");
    let mut session = Session::start(&machine, &task, &input).expect("it starts");
    session.advance(told.largest.begin).expect("it runs");
    for step in 1..=50 {
        let before = session.state().clone();
        let target = told.largest.begin + step * LEVELS[2];
        let evidence = make_evidence(&machine, &task, &input, before.clone(), target);
        let evidence = evidence.expect("it is made").encode();
        assert!(evidence.len() < EVIDENCE_BYTES_MAX / 20, "{} bytes", evidence.len());
        session.advance(target).expect("it runs");
        let ends = (&before.digest(&task.hash()), &session.state().digest(&task.hash()));
        assert_eq!(referee.judge(&task, ends, target, &evidence), Ok(Ruling::Holds));
    }
}

#[test]
fn a_program_that_grows_and_leaves_what_it_had_has_the_same_states_from_any_checkpoint() {
    // In each of 30 rounds: two blocks more, something in the last, zeros over what came before.
    let prepared = prepared(
        r#"(module
            (memory (export "memory") 1 80)
            (func (export "_start") (local $at i32) (local $left i32) (local $end i32)
                (local.set $left (i32.const 30))
                (loop $on
                    (if (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (then (unreachable)))
                    (local.set $end (i32.mul (memory.size) (i32.const 65536)))
                    (memory.fill (local.get $at) (i32.const 0) (i32.const 65536))
                    (local.set $at (i32.sub (local.get $end) (i32.const 100000)))
                    (memory.fill (local.get $at) (local.get $left) (i32.const 65536))
                    (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#,
    );
    let told = looked_at(&prepared);
    assert_eq!(told.claim.ending, Ending::Finished);
    assert!(told.largest.is_heard && told.too_large == 0, "{told:?}");
    let program = Program::read(&prepared.pausable, Kind::Pausable).expect("it has the form");
    let (task, input) = task(&program);
    let [marking, bare] = [Tracking::Mark, Tracking::Compare]
        .map(|how| Machine::new(EngineKind::Wasmi, &program, how).expect("it loads"));
    let mut through = Session::start(&marking, &task, &input).expect("it starts");
    let mut kept = through.state().clone();
    for target in (1..=told.steps).map(|step| step * LEVELS[1]) {
        through.advance(target).expect("it runs");
        let mut again = Session::restore(&bare, &task, &input, kept).expect("it is a state of it");
        again.advance(target).expect("it runs");
        assert_eq!(again.state(), through.state(), "from the checkpoint before {target}");
        kept = again.into_state();
    }
    assert_eq!(kept, State::Stopped(told.claim));
}

#[test]
fn calls_without_end_are_a_fault_however_the_run_is_cut() {
    let prepared = prepared(
        r#"(module
            (memory (export "memory") 1 1)
            (func $deeper (param $depth i64) (param $x f64) (result i64) (local $kept i64)
                (local.set $kept (i64.mul (local.get $depth) (i64.const 7)))
                (i64.store (i32.const 64) (local.get $depth))
                (i64.add (local.get $kept)
                    (call $deeper (i64.add (local.get $depth) (i64.const 1))
                                  (f64.add (local.get $x) (f64.const 0.5)))))
            (func (export "_start")
                (drop (call $deeper (i64.const 0) (f64.const 1)))))"#,
    );
    let told = looked_at(&prepared);
    assert_eq!(told.claim.ending, Ending::Trapped);
    assert!(told.largest.is_heard && told.too_large == 0, "{told:?}");
}

#[test]
fn a_program_that_sets_its_exit_code_and_then_faults_ends_alike_in_both_forms() {
    // A fault that is not an exit, long after the count was last stored.
    for (fault, ending) in [
        ("(drop (i32.load (i32.const -4)))", Ending::Trapped),
        ("(drop (i32.div_u (i32.const 1) (local.get $left)))", Ending::Trapped),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", Ending::Trapped),
        ("(unreachable)", Ending::Exited { code: 3 }),
    ] {
        let prepared = prepared(&format!(
            r#"(module
                (memory (export "memory") 1 1)
                (global $exit (export "earnest_exit") (mut i32) (i32.const 0))
                (func (export "_start") (local $left i32)
                    (global.set $exit (i32.const 4))
                    (local.set $left (i32.const 20000))
                    (loop $on
                        (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
                    {fault}))"#
        ));
        assert_eq!(looked_at(&prepared).claim.ending, ending, "{fault}");
    }
}

#[test]
fn both_forms_end_alike_whatever_the_bound_of_ticks() {
    // Each growth that fails is 2^18 ticks, so that coarse boundaries are near.
    let ends = ["", "(unreachable)", "(drop (i32.load (i32.const -4)))", "(loop)"];
    for (rounds, exit) in [(0, 0), (0, 7), (511, 7), (513, 0)] {
        for end in ends {
            let prepared = prepared(&format!(
                r#"(module
                    (memory (export "memory") 1 1)
                    (global $exit (export "earnest_exit") (mut i32) (i32.const {exit}))
                    (func (export "_start") (local $left i32)
                        (local.set $left (i32.const {rounds}))
                        (if (local.get $left) (then (loop $on
                            (drop (memory.grow (i32.const 4096)))
                            (br_if $on (local.tee $left
                                (i32.sub (local.get $left) (i32.const 1)))))))
                        {end}))"#
            ));
            let plain = Program::read(&prepared.plain, Kind::Plain).expect("it has the form");
            let pausable = Program::read(&prepared.pausable, Kind::Pausable).expect("so has it");
            let run = Plain::new(EngineKind::Wasmi, &plain).expect("it loads");
            let machine =
                Machine::new(EngineKind::Wasmi, &pausable, Tracking::Mark).expect("it loads");
            let (mut task, input) = task(&pausable);
            let claim = run.run(&task, &input).expect("it runs").claim;
            let near = |at: u64| at.saturating_sub(1)..=at + 1;
            let coarse = LEVELS[0];
            let fits = [0, claim.ticks, coarse];
            for bound in fits.into_iter().flat_map(near) {
                task.ticks_bound = bound;
                let claim = run.run(&task, &input).expect("it runs").claim;
                for steps in [1, 3] {
                    let mut session = Session::start(&machine, &task, &input).expect("starts");
                    let mut target = 0;
                    while let State::Running(_) = session.state() {
                        target += coarse.div_ceil(steps);
                        session.advance(target).expect("it runs");
                    }
                    let seen = session.into_state();
                    let what = format!("{rounds} {exit} {end} {bound} {steps}");
                    assert_eq!(seen, State::Stopped(claim), "{what}");
                }
            }
        }
    }
}
