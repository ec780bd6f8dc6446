//! No way through a program leads past all polls: what is touched between two can be shown.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use earnest_compute::EngineKind;
use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::Plain;
use earnest_compute::paged::state::Ending;
use earnest_compute::paged::task::{Input, Task};
use earnest_prepare::{POLL_ACCESSES_MAX, Part, Rejected, plain};

const PAGE: usize = 4096;

fn linked(functions: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "earnest" "input_read"
                (func $input_read (param i64 i32 i32) (result i32)))
            (import "earnest" "output_write" (func $output_write (param i32 i32)))
            (memory (export "memory") 80 80)
            (table 1 funcref)
            {functions})"#
    );
    wat::parse_str(text).expect("the test's text is sound")
}

/// Stores to `count` pages behind `$at`, and moves it there.
fn stores(count: usize) -> String {
    let mut text = String::new();
    for page in 0..count {
        let offset = page * PAGE;
        let _ = writeln!(text, "(i32.store offset={offset} (local.get $at) (i32.const 1))");
    }
    let bytes = count * PAGE;
    let _ = writeln!(text, "(local.set $at (i32.add (local.get $at) (i32.const {bytes})))");
    text
}

/// The most pages that change between two polls, and how many change in the whole run.
fn pages_between_polls(functions: &str) -> (usize, usize) {
    let module = plain(&linked(functions)).expect("it is accepted");
    let program = Program::read(&module, Kind::Plain).expect("it has the form");
    let input = Arc::new(Input::new(vec![7; 2 << 20]).expect("short"));
    let task = Task {
        program: program.digest(),
        input_root: input.tree().root(),
        input_length: 2 << 20,
        ticks_bound: 1 << 30,
        output_bound: 1 << 20,
    };
    let machine = Plain::new(EngineKind::Wasmi, &program).expect("it loads");
    let seen = Arc::new(Mutex::new((Vec::new(), 0, 0)));
    let notes = Arc::clone(&seen);
    let observe = move |_ticks: u64, memory: &[u8]| {
        let mut notes = notes.lock().expect("one thread");
        notes.0.resize(memory.len(), 0);
        let pages = memory.chunks(PAGE).zip(notes.0.chunks(PAGE));
        let changed = pages.filter(|(now, before)| now != before).count();
        *notes = (memory.to_vec(), notes.1.max(changed), notes.2 + changed);
    };
    let outcome = machine.run_observed(&task, &input, 1, observe).expect("it runs");
    assert_eq!(outcome.claim.ending, Ending::Finished, "{functions}");
    let notes = seen.lock().expect("one thread");
    (notes.1, notes.2)
}

fn check(story: &str, functions: &str) {
    let (most, all) = pages_between_polls(functions);
    let limit = 2 * POLL_ACCESSES_MAX as usize;
    assert!(300 < all, "{story}: only {all} pages are touched");
    assert!(most <= limit, "{story}: {most} pages between two polls");
}

/// Ends the run behind a poll, so that all that was touched is seen.
const LAST: &str = "(loop)";

#[test]
fn branches_do_not_lead_past_polls() {
    let (many, few) = (stores(POLL_ACCESSES_MAX as usize - 4), stores(9));
    let skip = format!("(block {many} (br_if 0 (local.get $at)) {few})").repeat(10);
    let one_arm = format!("(if (i32.eqz (local.get $at)) (then {few} {few}))");
    let arms = format!("{many} {one_arm} (if (local.get $at) (then {many}) (else {few}))");
    let table = format!("(block (block {many} (br_table 1 0 (i32.const 0))) {few})");
    for (story, body) in
        [("a block", skip), ("arms", arms.repeat(6)), ("a table", table.repeat(10))]
    {
        let start = format!("(func (export \"_start\") (local $at i32) {body} {LAST})");
        check(story, &start);
    }
}

#[test]
fn functions_without_loops_and_calls_are_not_called_past_polls() {
    let touch = stores(POLL_ACCESSES_MAX as usize - 2);
    let calls = "(local.set $at (call $touch (local.get $at)))".repeat(12);
    check(
        "calls in a row",
        &format!(
            "(func $touch (param $at i32) (result i32) {touch} (local.get $at))
             (func (export \"_start\") (local $at i32) {calls} {LAST})"
        ),
    );
    let leaf = stores(30);
    let calls = "(local.set $at
        (call_indirect (param i32) (result i32) (local.get $at) (i32.const 0)))"
        .repeat(20);
    check(
        "calls through a table",
        &format!(
            "(elem (i32.const 0) $touch)
             (func $touch (param $at i32) (result i32) {leaf} (local.get $at))
             (func (export \"_start\") (local $at i32) {calls} {LAST})"
        ),
    );
}

#[test]
fn a_chain_of_returns_does_not_lead_past_polls() {
    let touch = stores(10);
    for leave in ["(local.get $at)", "(return (local.get $at))", "(br 0 (local.get $at))"] {
        check(
            leave,
            &format!(
                "(func $deep (param $depth i32) (result i32) (local $at i32)
                    (local.set $at (i32.const 4096))
                    (if (local.get $depth) (then (local.set $at
                        (call $deep (i32.sub (local.get $depth) (i32.const 1))))))
                    {touch} {leave})
                 (func (export \"_start\") (drop (call $deep (i32.const 50))) {LAST})"
            ),
        );
    }
}

#[test]
fn calls_of_the_host_and_copies_are_not_made_past_polls() {
    let mut reads = String::new();
    let mut fills = String::new();
    for block in 0..24 {
        let at = 0x1_0001 * block;
        let read = format!("(i64.const {at}) (i32.const {at}) (i32.const 65536)");
        let _ = writeln!(reads, "(drop (call $input_read {read}))");
        let _ = writeln!(fills, "(memory.fill (i32.const {at}) (i32.const 3) (i32.const 65000))");
    }
    check("reads", &format!("(func (export \"_start\") {reads} {LAST})"));
    check("fills", &format!("(func (export \"_start\") {fills} {LAST})"));
}

#[test]
fn a_program_that_grows_beyond_measure_when_it_is_made_deterministic_is_refused() {
    // Each branch shows sixty results, all of which might be NaNs of an engine.
    let sum = "(f32.add (local.get 0) (local.get 0))".repeat(60);
    let results = " f32".repeat(60);
    let branches = "(br_if 0 (local.get 1))".repeat(60_000);
    let program = linked(&format!(
        "(func (param f32 i32) (result {results}) {sum} {branches})
         (func (export \"_start\"))"
    ));
    let refused = plain(&program).map(|module| module.len());
    assert!(
        matches!(refused, Err(Rejected::TooMany { part: Part::PreparedBytes, .. })),
        "not refused: {refused:?}"
    );
}

#[test]
fn a_small_program_that_would_keep_a_compiler_busy_is_refused() {
    // Each loop carries each local on: seconds, for nine thousand bytes.
    let (count, locals) = (500, "i32 ".repeat(500));
    let sets: String = (0..count).map(|i| format!("(local.set {i} (local.get 7))")).collect();
    let loops =
        format!("{} {sets} {}", "(loop".repeat(count), "(br_if 0 (local.get 0)))".repeat(count));
    // Each branch sets another local: gigabytes, for two hundred thousand.
    let branch = |i: usize| {
        format!("(if (local.get {}) (then (local.set {} (local.get 1))))", i % 400, i * 3 % 400)
    };
    let branches: String = (0..6000).map(branch).collect();
    for (body, part) in [(loops, Part::LocalsByLoops), (branches, Part::LocalsByBlocks)] {
        let program = linked(&format!("(func (export \"_start\") (local {locals}) {body})"));
        let refused = plain(&program).map(|module| module.len());
        assert!(
            matches!(refused, Err(Rejected::TooMany { part: found, .. }) if found == part),
            "{part}: {refused:?}"
        );
    }
}
