//! Runs agree: plain and pausable, however they are sliced, wherever they begin, in both engines.

use std::sync::{Arc, Mutex};

use earnest_compute::paged::run::{COARSE_TICKS, Machine, Outcome, Plain, Session, Tracking};
use earnest_compute::paged::state::{Claim, Ending, State};
use earnest_compute::paged::stream::output_root;
use earnest_compute::{Digest, EngineFault, EngineKind};

use crate::programs::{Prepared, all, by_name};

#[cfg(feature = "jit")]
const ENGINES: [EngineKind; 2] = [EngineKind::Wasmi, EngineKind::Jit];
#[cfg(not(feature = "jit"))]
const ENGINES: [EngineKind; 1] = [EngineKind::Wasmi];

fn plain(engine: EngineKind, prepared: &Prepared) -> Outcome {
    let plain = Plain::new(engine, &prepared.plain).expect("loads");
    plain.run(&prepared.task, &prepared.input).expect("runs")
}

/// The states at all boundaries of `every` ticks, the last one stopped, and the output.
fn states(
    engine: EngineKind,
    prepared: &Prepared,
    tracking: Tracking,
    every: u64,
) -> (Vec<State>, Vec<u8>) {
    let machine = Machine::new(engine, &prepared.pausable, tracking).expect("loads");
    let mut session = Session::start(&machine, &prepared.task, &prepared.input).expect("starts");
    let (mut states, mut output) = (vec![session.state().clone()], Vec::new());
    for k in 1.. {
        output.extend(session.advance(k * every).expect("advances").output);
        states.push(session.state().clone());
        if matches!(session.state(), State::Stopped(_)) {
            break;
        }
    }
    (states, output)
}

fn claim_of(states: &[State]) -> Claim {
    match states.last() {
        Some(State::Stopped(claim)) => *claim,
        _ => panic!("the run has an end"),
    }
}

#[test]
fn a_plain_run_and_a_pausable_one_end_alike_in_every_engine_and_slicing() {
    for prepared in all() {
        let expected = plain(EngineKind::Wasmi, &prepared);
        assert_eq!(expected.claim.output_root, output_root(&expected.output));
        for engine in ENGINES {
            assert_eq!(plain(engine, &prepared), expected, "{}", prepared.name);
            for (tracking, every) in [
                (Tracking::Compare, COARSE_TICKS),
                (Tracking::Mark, COARSE_TICKS),
                (Tracking::Mark, 10_000_000),
                (Tracking::Compare, 1 << 22),
            ] {
                let (states, output) = states(engine, &prepared, tracking, every);
                assert_eq!(claim_of(&states), expected.claim, "{} {every}", prepared.name);
                assert_eq!(output, expected.output, "{} {every}", prepared.name);
            }
        }
    }
}

#[test]
fn endings_say_what_happened() {
    let ending = |name| plain(EngineKind::Wasmi, &by_name(name)).claim;
    assert_eq!(ending("sieve").ending, Ending::Finished);
    assert_eq!(ending("sieve").ticks, 499 << 21);
    let primes = plain(EngineKind::Wasmi, &by_name("sieve")).output;
    assert_eq!(primes, 2262u32.to_le_bytes(), "primes below 20,000");
    assert_eq!(ending("exit").ending, Ending::Exited { code: 3 });
    assert_eq!(ending("exit").ticks, 70 * ((1 << 22) + 12345));
    // It traps in round 45 of 2^22 ticks: in the second coarse step.
    assert_eq!(ending("trap").ending, Ending::Trapped);
    assert_eq!(ending("trap").ticks, 2 * COARSE_TICKS);
    assert_eq!(ending("trap").output_length, 450);
    assert_eq!(ending("bulk-trap").ending, Ending::Trapped);
    assert_eq!(ending("wrap").ending, Ending::Trapped);
    assert_eq!(ending("endless").ending, Ending::Halted);
    assert_eq!(ending("endless").ticks, 1 << 30);
    let blocks = plain(EngineKind::Wasmi, &by_name("grow")).output;
    assert_eq!(blocks, 40u32.to_le_bytes());
}

#[test]
fn states_at_a_boundary_are_the_same_in_every_engine_tracking_and_slicing() {
    for prepared in all() {
        let task = prepared.task.hash();
        let digests = |engine, tracking, every| -> Vec<Digest> {
            let (states, _) = states(engine, &prepared, tracking, every);
            states.iter().map(|state| state.digest(&task)).collect()
        };
        let fine = digests(EngineKind::Wasmi, Tracking::Compare, COARSE_TICKS / 16);
        for engine in ENGINES {
            let marked = digests(engine, Tracking::Mark, COARSE_TICKS / 16);
            assert_eq!(marked, fine, "{}", prepared.name);
            let coarse = digests(engine, Tracking::Mark, COARSE_TICKS);
            let every_sixteenth: Vec<Digest> = (0..coarse.len())
                .map(|k| fine.get(16 * k).or(fine.last()).copied().expect("not empty"))
                .collect();
            assert_eq!(coarse, every_sixteenth, "{}", prepared.name);
        }
    }
}

#[test]
fn a_run_goes_on_from_any_state_as_if_it_had_not_stopped() {
    for prepared in all() {
        let every = COARSE_TICKS / 8;
        let (whole, _) = states(EngineKind::Wasmi, &prepared, Tracking::Compare, every);
        for engine in ENGINES {
            let machine = Machine::new(engine, &prepared.pausable, Tracking::Mark).expect("loads");
            for begin in (0..whole.len()).step_by(3) {
                let from = whole[begin].clone();
                let mut session = Session::restore(&machine, &prepared.task, &prepared.input, from)
                    .expect("restores");
                for (k, state) in whole.iter().enumerate().skip(begin).take(3) {
                    session.advance(k as u64 * every).expect("advances");
                    assert_eq!(session.state(), state, "{} {begin} {k}", prepared.name);
                }
            }
        }
    }
}

#[test]
fn a_plain_run_that_draws_its_ticks_itself_ends_as_one_that_calls_at_each_boundary() {
    for name in ["sieve", "sum", "trap", "exit", "bulk-trap", "endless", "uneven"] {
        let mut prepared = by_name(name);
        for bound in [1, 1 << 20, COARSE_TICKS, COARSE_TICKS + 5, 3 * COARSE_TICKS + 77, 1 << 30] {
            prepared.task.ticks_bound = bound;
            let expected = plain(EngineKind::Wasmi, &prepared);
            for engine in ENGINES {
                let drawing = Plain::new(engine, &prepared.drawing).expect("loads");
                let outcome = drawing.run(&prepared.task, &prepared.input).expect("runs");
                assert_eq!(outcome, expected, "{name}, at most {bound} ticks");
            }
        }
        let drawing = Plain::new(EngineKind::Wasmi, &prepared.drawing).expect("loads");
        let observed = drawing.run_observed(&prepared.task, &prepared.input, 1, |_, _| {});
        assert_eq!(observed, Err(EngineFault::OtherProgram), "nobody is told of its boundaries");
    }
}

#[test]
fn the_plain_modules_memory_is_the_pausable_ones_at_every_boundary() {
    for prepared in all() {
        let every = COARSE_TICKS / 4;
        let (states, _) = states(EngineKind::Wasmi, &prepared, Tracking::Compare, every);
        let mut expected: Vec<(u64, Vec<u8>)> = Vec::new();
        for state in &states {
            let State::Running(running) = state else { break };
            let mut bytes = vec![0; running.memory.blocks() as usize * 65_536];
            running.memory.copy_to(&mut bytes);
            expected.push((running.ticks, bytes));
        }
        expected.dedup();
        for engine in ENGINES {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let keep = Arc::clone(&seen);
            let plain = Plain::new(engine, &prepared.plain).expect("loads");
            let observe = move |ticks, memory: &[u8]| {
                keep.lock().expect("one thread").push((ticks, memory.to_vec()));
            };
            plain.run_observed(&prepared.task, &prepared.input, every, observe).expect("runs");
            let seen = seen.lock().expect("one thread");
            let running: Vec<_> =
                seen.iter().filter(|(ticks, _)| *ticks < prepared.task.ticks_bound).collect();
            assert!(running.into_iter().eq(&expected[1..]), "{}", prepared.name);
        }
    }
}

#[test]
fn what_a_step_changed_is_among_what_it_touched() {
    for prepared in all() {
        let machine =
            Machine::new(EngineKind::Wasmi, &prepared.pausable, Tracking::Mark).expect("loads");
        let mut session =
            Session::start(&machine, &prepared.task, &prepared.input).expect("starts");
        for k in 1..40 {
            let step = session.advance(k << 22).expect("advances");
            let touched = &step.touched.memory;
            assert!(step.changed.iter().all(|page| touched.contains(page)), "{}", prepared.name);
        }
    }
}

#[test]
fn an_output_beyond_the_tasks_bound_traps() {
    let mut prepared = by_name("sum");
    prepared.task.output_bound = 2500;
    let outcome = plain(EngineKind::Wasmi, &prepared);
    assert_eq!(outcome.claim.ending, Ending::Trapped);
    assert_eq!(outcome.output.len(), 2000);
    let (states, _) = states(EngineKind::Wasmi, &prepared, Tracking::Mark, 1 << 22);
    assert_eq!(claim_of(&states), outcome.claim);
}
