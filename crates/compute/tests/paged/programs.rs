//! Programs in the form of prepared ones, written by hand: their state is in memory and globals
//! anyway, so that a pause needs no stack.
//!
//! Each is a function `$round`, 1 when it is done; around it the two modules count ticks a round
//! and poll after each. The ticks of a round are a number of the source.

use std::sync::Arc;

use earnest_compute::paged::program::{Kind, Program};
use earnest_compute::paged::run::COARSE_TICKS;
use earnest_compute::paged::task::{Input, Task};

/// A program in both forms, with a task for it.
pub(crate) struct Prepared {
    pub(crate) name: &'static str,
    /// Calls the host at each boundary.
    pub(crate) plain: Program,
    /// Draws its ticks itself.
    pub(crate) drawing: Program,
    pub(crate) pausable: Program,
    pub(crate) task: Task,
    pub(crate) input: Arc<Input>,
}

/// What a program does in a round, and what it needs.
struct Source {
    name: &'static str,
    /// Blocks of memory as "minimum maximum".
    memory: &'static str,
    globals: &'static str,
    functions: &'static str,
    ticks: u64,
}

const SIEVE: Source = Source {
    name: "sieve",
    memory: "2 2",
    globals: "",
    ticks: 1 << 21,
    functions: r#"
      (data (i32.const 0) "\02")
      (data (i32.const 70000) "a segment that no one reads")
      (func $round (result i32)
        (local $p i32) (local $i i32) (local $count i32)
        (local.set $p (i32.load (i32.const 0)))
        (if (i32.ge_u (local.get $p) (i32.const 500))
          (then
            (local.set $p (i32.const 2))
            (loop $all
              (local.set $count (i32.add (local.get $count)
                (i32.eqz (i32.load8_u offset=4096 (local.get $p)))))
              (local.set $p (i32.add (local.get $p) (i32.const 1)))
              (br_if $all (i32.lt_u (local.get $p) (i32.const 20000))))
            (i32.store (i32.const 8) (local.get $count))
            (call $output_write (i32.const 8) (i32.const 4))
            (return (i32.const 1))))
        (local.set $i (i32.mul (local.get $p) (local.get $p)))
        (block $end (loop $multiples
          (br_if $end (i32.ge_u (local.get $i) (i32.const 20000)))
          (i32.store8 offset=4096 (local.get $i) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (local.get $p)))
          (br $multiples)))
        (i32.store (i32.const 0) (i32.add (local.get $p) (i32.const 1)))
        (i32.const 0))"#,
};

const SUM: Source = Source {
    name: "sum",
    memory: "1 1",
    globals: "(global $at (export \"earnest_global_2\") (mut i64) (i64.const 0))
      (global $total (export \"earnest_global_3\") (mut f64) (f64.const 0.5))",
    ticks: 5_000_000,
    functions: r#"
      (func $round (result i32) (local $got i32) (local $i i32)
        (local.set $got (call $input_read (global.get $at) (i32.const 3000) (i32.const 5000)))
        (if (i32.eqz (local.get $got)) (then (return (i32.const 1))))
        (global.set $at (i64.add (global.get $at) (i64.extend_i32_u (local.get $got))))
        (loop $add
          (global.set $total (f64.add (global.get $total)
            (f64.convert_i32_u (i32.load8_u offset=3000 (local.get $i)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $add (i32.lt_u (local.get $i) (local.get $got))))
        (f64.store (i32.const 8) (global.get $total))
        (call $output_write (i32.const 8) (i32.const 1000))
        (i32.const 0))"#,
};

const GROW: Source = Source {
    name: "grow",
    memory: "1 40",
    globals: "",
    ticks: 1 << 24,
    functions: r#"
      (func $round (result i32) (local $old i32)
        (local.set $old (memory.grow (i32.const 3)))
        (if (i32.eq (local.get $old) (i32.const -1))
          (then
            (i32.store (i32.const 0) (memory.size))
            (call $output_write (i32.const 0) (i32.const 4))
            (return (i32.const 1))))
        ;; Across two pages of the new blocks, and one that is only read.
        (i64.store offset=4093 (i32.shl (local.get $old) (i32.const 16)) (i64.const -1))
        (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4))
          (i32.load offset=100000 (i32.shl (local.get $old) (i32.const 16)))))
        (i32.const 0))"#,
};

const TRAP: Source = Source {
    name: "trap",
    memory: "1 2",
    globals: "(global $rounds (export \"earnest_global_2\") (mut i32) (i32.const 0))",
    ticks: 1 << 22,
    functions: r#"
      (func $round (result i32)
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (i32.store (i32.mul (global.get $rounds) (i32.const 1000)) (i32.const 7))
        (call $output_write (i32.const 0) (i32.const 10))
        ;; Half of it is inside.
        (if (i32.eq (global.get $rounds) (i32.const 45))
          (then (i64.store (i32.const 65532) (i64.const -1))))
        (i32.const 0))"#,
};

const EXIT: Source = Source {
    name: "exit",
    memory: "1 1",
    globals: "(global $rounds (export \"earnest_global_2\") (mut i32) (i32.const 0))",
    ticks: (1 << 22) + 12345,
    functions: r#"
      (func $round (result i32)
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (if (i32.eq (global.get $rounds) (i32.const 70))
          (then (global.set $exit (i32.const 4)) (unreachable)))
        (i32.const 0))"#,
};

const BULK: Source = Source {
    name: "bulk",
    memory: "8 8",
    globals: "(global $rounds (export \"earnest_global_2\") (mut i32) (i32.const 0))",
    ticks: 1 << 25,
    functions: r#"
      (func $round (result i32) (local $at i32)
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (local.set $at (i32.mul (global.get $rounds) (i32.const 12345)))
        (memory.fill (local.get $at) (global.get $rounds) (i32.const 9000))
        (memory.copy (i32.add (local.get $at) (i32.const 20000))
          (i32.add (local.get $at) (i32.const 4000)) (i32.const 6000))
        (memory.copy (i32.const 524288) (i32.const 524288) (i32.const 0))
        (v128.store16_lane offset=4095 3 (local.get $at)
          (v128.load64_splat offset=20000 (local.get $at)))
        (i32.eq (global.get $rounds) (i32.const 20)))"#,
};

/// The range of the second operand is outside: nothing may be written, nor missed.
const BULK_TRAP: Source = Source {
    name: "bulk-trap",
    memory: "2 3",
    globals: "",
    ticks: 1 << 22,
    functions: r#"
      (func $round (result i32)
        (i32.store (i32.const 40000) (i32.const 1))
        (memory.copy (i32.const 100) (i32.const 131000) (i32.const 1000))
        (i32.const 1))"#,
};

/// The sum of address and offset passes 2^32.
const WRAP: Source = Source {
    name: "wrap",
    memory: "1 1",
    globals: "",
    ticks: 1 << 22,
    functions: r#"
      (func $round (result i32)
        (i32.load offset=4294967295 (i32.const 17)))"#,
};

/// Goes on for ever.
const ENDLESS: Source = Source {
    name: "endless",
    memory: "1 1",
    globals: "",
    ticks: 1 << 25,
    functions: r#"
      (func $round (result i32)
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 3)))
        (i32.const 0))"#,
};

/// A round costs one tick, and works much more: no honest preparation makes this.
const SPIN: Source = Source {
    name: "spin",
    memory: "1 1",
    globals: "",
    ticks: 1,
    functions: r#"
      (func $round (result i32) (local $i i32)
        (loop $work
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $work (i32.lt_u (local.get $i) (i32.const 100000))))
        (i32.const 0))"#,
};

/// A page a round: what a fine step touches is more than evidence may hold.
const WIDE: Source = Source {
    name: "wide",
    memory: "32 32",
    globals: "(global $rounds (export \"earnest_global_2\") (mut i32) (i32.const 0))",
    ticks: 16,
    functions: r#"
      (func $round (result i32) (local $at i32)
        (local.set $at
          (i32.shl (i32.rem_u (global.get $rounds) (i32.const 512)) (i32.const 12)))
        (i32.store (local.get $at)
          (i32.add (i32.load (local.get $at)) (global.get $rounds)))
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (if (i32.lt_u (global.get $rounds) (i32.const 3000)) (then (return (i32.const 0))))
        (call $output_write (i32.const 4096) (i32.const 8192))
        (i32.const 1))"#,
};

/// Many rounds of a few ticks, and now and then many ticks at once: over three coarse steps.
const UNEVEN: Source = Source {
    name: "uneven",
    memory: "1 3",
    globals: "(global $rounds (export \"earnest_global_2\") (mut i32) (i32.const 0))",
    ticks: 7,
    functions: r#"
      (func $round (result i32) (local $at i32)
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (local.set $at (i32.shl (i32.rem_u (global.get $rounds) (i32.const 4096)) (i32.const 4)))
        ;; Everything depends on what was before, and on the size of the memory.
        (i32.store (local.get $at) (i32.add (global.get $rounds) (memory.size)))
        (i32.store (i32.const 30000) (i32.add (i32.load (i32.const 30000))
          (i32.load (local.get $at))))
        (if (i32.eqz (i32.rem_u (global.get $rounds) (i32.const 128)))
          (then
            (global.set $left (i64.sub (global.get $left) (i64.const 80000)))
            (call $output_write (i32.const 30000) (i32.const 4))))
        (if (i32.eqz (i32.rem_u (global.get $rounds) (i32.const 512)))
          (then (global.set $left (i64.sub (global.get $left) (i64.const 90000000)))))
        (i32.ge_u (global.get $rounds) (i32.const 2100)))"#,
};

/// Those that end soon.
const ALL: [&Source; 9] = [&SIEVE, &SUM, &GROW, &TRAP, &EXIT, &BULK, &BULK_TRAP, &WRAP, &ENDLESS];

/// Every program that ends soon.
pub(crate) fn all() -> Vec<Prepared> {
    ALL.iter().map(|source| prepare(source)).collect()
}

/// The program of that name.
pub(crate) fn by_name(name: &str) -> Prepared {
    let found = ALL.into_iter().chain([&SPIN, &WIDE, &UNEVEN]).find(|source| source.name == name);
    prepare(found.expect("one of the list"))
}

fn prepare(source: &Source) -> Prepared {
    let read = |kind| Program::read(&module(source, kind), kind).expect("in the form");
    let drawing = Program::read(&drawing(source), Kind::Plain).expect("in the form");
    let bytes = (0..=250u8).cycle().take(40_000).collect();
    let input = Arc::new(Input::new(bytes).expect("short"));
    let (plain, pausable) = (read(Kind::Plain), read(Kind::Pausable));
    let task = Task {
        program: pausable.digest(),
        input_root: input.tree().root(),
        input_length: input.bytes().len() as u64,
        ticks_bound: 1 << 30,
        output_bound: 1 << 20,
    };
    Prepared { name: source.name, plain, drawing, pausable, task, input }
}

fn module(source: &Source, kind: Kind) -> Vec<u8> {
    let ticks = source.ticks;
    let spend = format!("(global.set $left (i64.sub (global.get $left) (i64.const {ticks})))");
    let (import, entry) = match kind {
        Kind::Plain => (
            "(import \"earnest\" \"slice\" (func $slice))",
            format!(
                "(func (export \"_start\") (loop $on {spend}
                  (if (call $round) (then (return)))
                  (if (i64.le_s (global.get $left) (i64.const 0)) (then (call $slice)))
                  (br $on)))"
            ),
        ),
        Kind::Pausable => (
            "",
            format!(
                "(func (export \"earnest_step\") (result i32) (loop $on {spend}
                  (if (call $round) (then (return (i32.const 1))))
                  (if (i64.le_s (global.get $left) (i64.const 0)) (then (return (i32.const 0))))
                  (br $on)) (unreachable))"
            ),
        ),
    };
    text(source, import, &entry)
}

/// The plain module as it is prepared: at a boundary it draws the ticks of a coarse step.
fn drawing(source: &Source) -> Vec<u8> {
    let (ticks, coarse) = (source.ticks, COARSE_TICKS);
    let position = 2 + source.globals.matches("earnest_global_").count();
    let entry = format!(
        "(global $rest (export \"earnest_rest\") (export \"earnest_global_{position}\")
           (mut i64) (i64.const 0))
         (func (export \"_start\") (local $drawn i64) (loop $on
           (global.set $left (i64.sub (global.get $left) (i64.const {ticks})))
           (if (call $round) (then (return)))
           (if (i64.le_s (global.get $left) (i64.const 0)) (then
             (local.set $drawn (select (global.get $rest) (i64.const {coarse})
               (i64.lt_s (global.get $rest) (i64.const {coarse}))))
             (global.set $left (i64.add (global.get $left) (local.get $drawn)))
             (if (i64.le_s (global.get $left) (i64.const 0))
               (then (global.set $rest (i64.const -1)) (unreachable)))
             (global.set $rest (i64.sub (global.get $rest) (local.get $drawn)))))
           (br $on)))"
    );
    text(source, "", &entry)
}

fn text(source: &Source, import: &str, entry: &str) -> Vec<u8> {
    let Source { memory, globals, functions, .. } = source;
    let text = format!(
        "(module
          (import \"earnest\" \"input_read\"
            (func $input_read (param i64 i32 i32) (result i32)))
          (import \"earnest\" \"output_write\" (func $output_write (param i32 i32)))
          {import}
          (memory (export \"memory\") {memory})
          (global $left (export \"earnest_left\") (export \"earnest_global_0\")
            (mut i64) (i64.const 0))
          (global $exit (export \"earnest_exit\") (export \"earnest_global_1\")
            (mut i32) (i32.const 0))
          {globals} {functions} {entry})"
    );
    wat::parse_str(&text).expect("text of a module")
}
