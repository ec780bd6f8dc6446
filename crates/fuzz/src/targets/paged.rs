//! Prepared programs: what is published, and what is sent in a dispute.

use std::sync::Arc;
use std::time::Duration;

use earnest_compute::bisection::Ruling;
use earnest_compute::paged::dispute::{Answer, Dispute};
use earnest_compute::paged::evidence::{Evidence, Pages, Referee, make_evidence};
use earnest_compute::paged::outputs::{CHUNK_BYTES, List, Shown};
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Session, Tracking};
use earnest_compute::paged::state::{Claim, Ending, State};
use earnest_compute::paged::task::{Input, Task};
use earnest_compute::{Digest, EngineKind};

use super::{Outcome, Target, keeps};

/// A step in the interpreter, and room for a machine that does other work.
const STEP: Duration = Duration::from_secs(5);
const EVERY: u64 = COARSE_TICKS / 4;

/// Adds up its input, grows, puts the sum out, and exits.
const PROGRAM: &str = r#"(module
  (import "earnest" "input_read" (func $read (param i64 i32 i32) (result i32)))
  (import "earnest" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1 4)
  (data (i32.const 4094) "\01\02\03\04")
  (global $left (export "earnest_left") (export "earnest_global_0") (mut i64) (i64.const 0))
  (global $exit (export "earnest_exit") (export "earnest_global_1") (mut i32) (i32.const 0))
  (global $at (export "earnest_global_2") (mut i64) (i64.const 0))
  (func $round (result i32) (local $got i32)
    (local.set $got (call $read (global.get $at) (i32.const 8190) (i32.const 3000)))
    (if (i32.eqz (local.get $got))
      (then (global.set $exit (i32.const 3)) (unreachable)))
    (global.set $at (i64.add (global.get $at) (i64.extend_i32_u (local.get $got))))
    (drop (memory.grow (i32.const 1)))
    (memory.copy (i32.const 50000) (i32.const 8190) (i32.const 3000))
    (i64.store offset=4094 (i32.const 0)
      (i64.add (i64.load offset=4094 (i32.const 0)) (i64.load (i32.const 8200))))
    (call $write (i32.const 4090) (i32.const 20))
    (i32.const 0))
  (func (export "earnest_step") (result i32)
    (loop $on
      (global.set $left (i64.sub (global.get $left) (i64.const 9000000)))
      (if (call $round) (then (return (i32.const 1))))
      (if (i64.le_s (global.get $left) (i64.const 0)) (then (return (i32.const 0))))
      (br $on))
    (unreachable)))"#;

pub(super) fn module() -> Vec<u8> {
    wat::parse_str(PROGRAM).expect("text of a module")
}

fn task(program: Digest, input: &Input) -> Task {
    Task {
        program,
        input_root: input.tree().root(),
        input_length: input.bytes().len() as u64,
        ticks_bound: 1 << 40,
        output_bound: 1 << 16,
    }
}

fn input() -> Arc<Input> {
    Arc::new(Input::new((0..=250).cycle().take(20_000).collect()).expect("short"))
}

/// What is read can be loaded as it is and in every variant, and its first step can be judged.
pub(super) fn program() -> Target<'static> {
    Target {
        name: "program",
        seeds: vec![module()],
        law: Box::new(|bytes| {
            let Ok(program) = Program::read(bytes, Kind::Pausable) else {
                return Outcome::Refused;
            };
            for tracking in [Tracking::Compare, Tracking::Mark] {
                let machine = Machine::new(EngineKind::Wasmi, &program, tracking);
                let machine = machine.expect("read, so loaded");
                let input = input();
                let task = task(program.digest(), &input);
                Session::start(&machine, &task, &input).expect("read, so it begins");
            }
            let referee = Referee::new(&program).expect("read, so loaded");
            first_step(&program, &referee);
            Outcome::Taken
        }),
        time_most: STEP,
    }
}

/// All pages of a small memory as evidence: a referee's gas ends what a damaged program never ends.
fn first_step(program: &Program, referee: &Referee) {
    let input = input();
    let task = task(program.digest(), &input);
    let State::Running(running) = program.first_state() else { return };
    if 64 < program.blocks_max() {
        return;
    }
    let pages: Vec<u32> = (0..program.blocks_min().saturating_mul(16).min(128)).collect();
    let memory = Pages {
        bytes: pages.iter().flat_map(|page| *running.memory.page(*page)).collect(),
        proof: running.memory.tree().prove(&pages).expect("ascending"),
        indices: pages,
    };
    let whole: Vec<u32> = (0..5).collect();
    let read = Pages {
        bytes: whole.iter().flat_map(|page| input.page(*page)).collect(),
        proof: input.tree().prove(&whole).expect("ascending"),
        indices: whole,
    };
    let before = State::Running(running).open();
    let evidence = Evidence { before, memory, input: read }.encode();
    let first = referee.first(&task);
    let ruling = referee.judge(&task, (&first, &first), EVERY, &evidence);
    assert_ne!(ruling, Ok(Ruling::Holds), "a step leaves another state than it found");
}

/// Damaged evidence of an honest step convicts nobody, and no move of strangers panics.
pub(super) fn pages() -> Target<'static> {
    let program = Program::read(&module(), Kind::Pausable).expect("in the form");
    let machine = Machine::new(EngineKind::Wasmi, &program, Tracking::Mark).expect("loads");
    let referee = Referee::new(&program).expect("loads");
    let input = input();
    let task = task(program.digest(), &input);
    let mut session = Session::start(&machine, &task, &input).expect("begins");
    session.advance(EVERY).expect("runs");
    let before = session.state().clone();
    session.advance(2 * EVERY).expect("runs");
    let after = session.into_state().digest(&task.hash());
    let evidence = make_evidence(&machine, &task, &input, before.clone(), 2 * EVERY);
    let evidence = evidence.expect("the run has it").encode();
    // The whole run of the false claim below, up to where a coarse step ends.
    let whole = make_evidence(&machine, &task, &input, program.first_state(), COARSE_TICKS);
    let whole = whole.expect("the run has it").encode();
    let answer = Answer::Prove { before: None, evidence: whole };
    let answer = postcard::to_allocvec(&answer).expect("encodable");
    let before = before.digest(&task.hash());
    let claim = Claim {
        ending: Ending::Finished,
        ticks: 5,
        output_length: 0,
        output_root: Digest([1; 32]),
    };
    Target {
        name: "pages",
        seeds: vec![evidence, answer],
        law: Box::new(move |bytes| {
            let ruling = referee.judge(&task, (&before, &after), 2 * EVERY, bytes);
            assert_ne!(ruling, Ok(Ruling::Fails), "honest work is convicted");
            if let Ok(answer) = postcard::from_bytes::<Answer>(bytes) {
                let mut dispute = Dispute::about(&task, referee.first(&task), &claim);
                return match dispute.answer(&referee, &task, &answer) {
                    Ok(()) => Outcome::Taken,
                    Err(_) => Outcome::Refused,
                };
            }
            keeps(
                bytes,
                |bytes| Evidence::decode(bytes).ok(),
                |evidence| Ok::<_, std::convert::Infallible>(evidence.encode()),
            )
        }),
        time_most: STEP,
    }
}

/// Only the very chunk is shown in its place, only behind the end none, and one list has the root.
pub(super) fn output() -> Target<'static> {
    let whole: Vec<u8> = (0..=250).cycle().take(CHUNK_BYTES + 5_000).collect();
    let honest = List::of(&whole);
    let root = honest.root();
    let encode = |shown: &Shown| postcard::to_allocvec(shown).expect("encodable");
    let shown = |index: usize| {
        let chunk = whole.chunks(CHUNK_BYTES).nth(index).unwrap_or_default();
        encode(&honest.show(index, chunk.to_vec()))
    };
    let list = postcard::to_allocvec(&honest).expect("encodable");
    Target {
        name: "output",
        seeds: vec![shown(1), shown(2), list, shown(0)],
        law: Box::new(move |bytes| {
            if let Ok((list, [])) = postcard::take_from_bytes::<List>(bytes)
                && list.is_whole()
                && list.root() == root
            {
                assert_eq!(list, honest, "another list has the root");
                return Outcome::Taken;
            }
            let Ok(shown) = postcard::from_bytes::<Shown>(bytes) else { return Outcome::Refused };
            let places = (0..4).filter(|place| shown.is_of(&root, *place as u64));
            for place in places.clone() {
                let chunk = whole.chunks(CHUNK_BYTES).nth(place).unwrap_or_default();
                assert!(shown.bytes == chunk, "another chunk is shown in place {place}");
            }
            if places.count() > 0 { Outcome::Taken } else { Outcome::Refused }
        }),
        time_most: Duration::from_secs(2),
    }
}
