//! Accesses that nobody thought of: marking, checking and plain comparison agree about each.

use std::sync::Arc;

use earnest_compute::EngineKind;
use earnest_compute::bisection::Ruling;
use earnest_compute::paged::evidence::{Evidence, EvidenceRejected, Pages, Referee, make_evidence};
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Session, Tracking};
use earnest_compute::paged::state::{Opened, State};
use earnest_compute::paged::task::{Input, Task};
use proptest::prelude::*;

/// Where accesses are likely to go wrong: ends of pages, of the memory, of the address space.
fn address() -> impl Strategy<Value = u32> {
    let near = prop_oneof![
        Just(0u32),
        Just(4096),
        Just(8192),
        Just(65_536),
        Just(131_072),
        Just(196_608),
        Just(1 << 28),
        Just(u32::MAX),
    ];
    let around = (near, 0u32..40).prop_map(|(near, by)| near.wrapping_add(by).wrapping_sub(20));
    prop_oneof![3 => around, 2 => 0..131_072u32, 1 => any::<u32>()]
}

/// One instruction of each shape, as text.
fn access() -> impl Strategy<Value = String> {
    let plain = (0usize..10, address(), prop_oneof![4 => Just(0u32), 1 => address()]);
    let plain = plain.prop_map(|(which, at, offset)| {
        let place = format!("(i32.const {})", at.cast_signed());
        let at = format!("offset={offset} {place}");
        let vector = "(v128.const i32x4 1 2 3 4)";
        match which {
            0 => format!("(i32.store8 {at} (i32.const -1))"),
            1 => format!("(i32.store16 {at} (i32.const -2))"),
            2 => format!("(i64.store {at} (i64.const -3))"),
            3 => format!("(f64.store {at} (f64.const 1.5))"),
            4 => format!("(f32.store {at} (f32.const 2.5))"),
            5 => format!("(global.set $sum (i64.add (global.get $sum) (i64.load {at})))"),
            6 => format!("(global.set $sum (i64.add (global.get $sum) (i64.load16_s {at})))"),
            7 => format!("(v128.store {at} (v128.load64_splat (i32.const 4090)))"),
            8 => format!("(v128.store32_lane offset={offset} 2 {place} {vector})"),
            _ => format!("(drop (v128.load8_lane offset={offset} 7 {place} {vector}))"),
        }
    });
    let length = prop_oneof![0u32..20, 4080u32..4110, 0u32..70_000];
    let bulk = (0usize..4, address(), address(), length).prop_map(|(which, to, from, length)| {
        let [to, from] = [to, from].map(|at| format!("(i32.const {})", at.cast_signed()));
        match which {
            0 => format!("(memory.fill {to} (i32.const 7) (i32.const {length}))"),
            1 => format!("(memory.copy {to} {from} (i32.const {length}))"),
            2 => format!("(drop (call $read (i64.const {length}) {to} (i32.const {length})))"),
            _ => format!("(call $write {to} (i32.const {length}))"),
        }
    });
    let grow = (0u32..3).prop_map(|by| format!("(drop (memory.grow (i32.const {by})))"));
    prop_oneof![6 => plain, 3 => bulk, 1 => grow]
}

fn program(accesses: &[String]) -> Program {
    let text = format!(
        r#"(module
          (import "earnest" "input_read" (func $read (param i64 i32 i32) (result i32)))
          (import "earnest" "output_write" (func $write (param i32 i32)))
          (memory (export "memory") 2 4)
          (data (i32.const 60000) "0123456789")
          (global $left (export "earnest_left") (export "earnest_global_0")
            (mut i64) (i64.const 0))
          (global $exit (export "earnest_exit") (export "earnest_global_1")
            (mut i32) (i32.const 0))
          (global $sum (export "earnest_global_2") (mut i64) (i64.const 0))
          (func (export "earnest_step") (result i32)
            (global.set $left (i64.const 0)) {} (i32.const 0)))"#,
        accesses.join("\n")
    );
    Program::read(&wat::parse_str(text).expect("text of a module"), Kind::Pausable)
        .expect("in the form")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_step_of_any_accesses_is_judged_as_it_ran_and_not_without_all_its_pages(
        accesses in proptest::collection::vec(access(), 1..8), gone in any::<prop::sample::Index>(),
    ) {
        let program = program(&accesses);
        let input = Arc::new(Input::new((0..=250).cycle().take(50_000).collect()).expect("short"));
        let task = Task {
            program: program.digest(),
            input_root: input.tree().root(),
            input_length: 50_000,
            ticks_bound: 1 << 40,
            output_bound: 1 << 17,
        };
        let hash = task.hash();
        let after = |tracking| {
            let machine = Machine::new(EngineKind::Wasmi, &program, tracking).expect("loads");
            let mut session = Session::start(&machine, &task, &input).expect("starts");
            session.advance(COARSE_TICKS).expect("runs");
            session.into_state()
        };
        let state = after(Tracking::Compare);
        prop_assert_eq!(&after(Tracking::Mark), &state);

        let machine = Machine::new(EngineKind::Wasmi, &program, Tracking::Mark).expect("loads");
        let first = program.first_state();
        let State::Running(running) = &first else { panic!("it begins") };
        let evidence = make_evidence(&machine, &task, &input, first.clone(), COARSE_TICKS)
            .expect("makes it");
        let referee = Referee::new(&program).expect("loads");
        let (begin, end) = (first.digest(&hash), state.digest(&hash));
        let judge = |evidence: &Evidence| {
            referee.judge(&task, (&begin, &end), COARSE_TICKS, &evidence.encode())
        };
        prop_assert_eq!(judge(&evidence), Ok(Ruling::Holds));

        // Any page of the memory that it had, or that it then wrote, is needed.
        let indices = &evidence.memory.indices;
        let needed: Vec<u32> = indices.iter().copied().filter(|page| *page < 32).collect();
        if !needed.is_empty() {
            let gone = needed[gone.index(needed.len())];
            let indices: Vec<u32> =
                indices.iter().copied().filter(|page| *page != gone).collect();
            let memory = Pages {
                bytes: indices.iter().flat_map(|page| *running.memory.page(*page)).collect(),
                proof: running.memory.tree().prove(&indices).expect("ascending"),
                indices,
            };
            let before = Opened::Running(running.head());
            let less = Evidence { before, memory, input: evidence.input.clone() };
            prop_assert_eq!(judge(&less), Err(EvidenceRejected::PageMissing));
        }
    }
}
