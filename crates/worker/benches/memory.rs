//! What the size of memory costs: one program in 16 and in 256 MiB, of which each coarse step
//! writes 1 %. Prints milliseconds a step, in time of the processor, the least of several runs:
//! - `plain`: P1, as workers run it; nothing is done at a boundary;
//! - `compared`: P2, stopped at each boundary, all pages compared to find those that changed;
//! - `marked`: P2 in the variant that marks what it touches.
//!
//! Law: all claims are the same.

use std::sync::Arc;
use std::time::Duration;

use earnest_compute::EngineKind;
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Plain, Session, Tracking};
use earnest_compute::paged::state::{Claim, State};
use earnest_compute::paged::task::{Input, Task};
use earnest_prepare::{Prepared, prepare};

/// How often each form runs.
const ROUNDS: usize = 3;
/// Blocks of 64 KiB in a MiB.
const BLOCKS: u32 = 16;

/// Time of the processor that this thread took.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("time does not run below zero")
}

/// Writes to each hundredth page, computes for about a coarse step, and again.
fn program(mebibytes: u32) -> Vec<u8> {
    let (blocks, bytes) = (mebibytes * BLOCKS, mebibytes << 20);
    let text = format!(
        r#"(module
             (memory (export "memory") 1 {blocks})
             (func (export "_start") (local $round i32) (local $at i32) (local $left i32)
               (drop (memory.grow (i32.const {more})))
               (loop $rounds
                 (local.set $at (i32.const 0))
                 (loop $pages
                   (i32.store (local.get $at) (i32.add (local.get $round) (i32.const 1)))
                   (local.set $at (i32.add (local.get $at) (i32.const 409600)))
                   (br_if $pages (i32.lt_u (local.get $at) (i32.const {bytes}))))
                 (local.set $left (i32.const 22000000))
                 (loop $compute
                   (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                   (br_if $compute (local.get $left)))
                 (local.set $round (i32.add (local.get $round) (i32.const 1)))
                 (br_if $rounds (i32.lt_u (local.get $round) (i32.const 20))))))"#,
        more = blocks - 1,
    );
    wat::parse_str(text).expect("the text is sound")
}

struct Subject {
    plain: Program,
    pausable: Program,
    task: Task,
    input: Arc<Input>,
}

impl Subject {
    fn new(prepared: &Prepared) -> Subject {
        let read = |bytes, kind| Program::read(bytes, kind).expect("it has the form");
        let pausable = read(&prepared.pausable, Kind::Pausable);
        let input = Arc::new(Input::new(Vec::new()).expect("short"));
        let task = Task {
            program: pausable.digest(),
            input_root: input.tree().root(),
            input_length: 0,
            ticks_bound: 1 << 40,
            output_bound: 0,
        };
        Subject { plain: read(&prepared.plain, Kind::Plain), pausable, task, input }
    }

    fn plain(&self) -> (Duration, Claim) {
        let plain = Plain::new(EngineKind::Jit, &self.plain).expect("it loads");
        let begun = now();
        let outcome = plain.run(&self.task, &self.input).expect("it runs");
        (now() - begun, outcome.claim)
    }

    fn pausable(&self, tracking: Tracking) -> (Duration, Claim) {
        let machine = Machine::new(EngineKind::Jit, &self.pausable, tracking).expect("it loads");
        let mut session = Session::start(&machine, &self.task, &self.input).expect("it starts");
        let begun = now();
        for step in 1.. {
            session.advance(step * COARSE_TICKS).expect("it runs");
            if let State::Stopped(claim) = session.state() {
                return (now() - begun, *claim);
            }
        }
        unreachable!("the program ends")
    }
}

fn main() {
    println!("milliseconds a coarse step: plain, compared, marked; per cent more than 16 MiB");
    let mut first: Option<[f64; 3]> = None;
    for mebibytes in [16, 64, 255] {
        let prepared = prepare(&program(mebibytes)).expect("it can be prepared");
        let subject = Subject::new(&prepared);
        let mut least = [f64::MAX; 3];
        for _ in 0..ROUNDS {
            let runs = [
                subject.plain(),
                subject.pausable(Tracking::Compare),
                subject.pausable(Tracking::Mark),
            ];
            for (least, (time, claim)) in least.iter_mut().zip(runs) {
                assert_eq!(claim, runs[0].1, "all claim the same");
                let steps = claim.ticks as f64 / COARSE_TICKS as f64;
                *least = (time.as_secs_f64() * 1e3 / steps).min(*least);
            }
        }
        let first = first.get_or_insert(least);
        print!("{mebibytes:>4} MiB");
        least.iter().for_each(|time| print!("{time:>8.2}"));
        print!(" |");
        least
            .iter()
            .zip(first)
            .for_each(|(time, first)| print!("{:>7.1}", 100.0 * (time / *first - 1.0)));
        println!();
    }
}
