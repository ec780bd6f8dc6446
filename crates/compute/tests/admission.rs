//! Every hostile kind of module is refused with its numbers, in bounded time.

mod common;

use std::time::{Duration, Instant};

use common::{counter, engines, guest, machine, small_input, task};
use earnest_compute::admission::{
    AdmissionRejected as R, FunctionPart, Part, STEP_GAS_LEAST, admit,
};
use earnest_compute::{Machine, Runner};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The interface with other parts before it.
fn with(parts: &str) -> Vec<u8> {
    guest(parts, "i32.const 4", "i32.const 4")
}

fn body(code: &str) -> Vec<u8> {
    with(&format!("(func {code})"))
}

fn refusal(module: &[u8]) -> R {
    admit(module).expect_err("must be refused")
}

#[test]
fn the_plain_guest_is_admitted_and_its_rewrite_is_stable() {
    let module = counter();
    let (a, b) = (admit(&module).expect("plain"), admit(&module).expect("plain"));
    assert_eq!(a, b);
    wasmparser::validate(a.code()).expect("the rewrite is valid");
}

#[test]
fn parts_beyond_their_limit_are_refused() {
    let import = wat(r#"(module (import "env" "time" (func (result i64))))"#);
    let (module, name) = ("env".to_owned(), "time".to_owned());
    assert_eq!(refusal(&import), R::HasImport { module, name, count: 1 });
    assert_eq!(refusal(&with("(func $f) (start $f)")), R::HasStart);
    let count = |part, count, limit| R::TooMany { part, count, limit };
    let globals = "(global i32 (i32.const 0))".repeat(65);
    assert_eq!(refusal(&with(&globals)), count(Part::Globals, 65, 64));
    let functions = "(func)".repeat(510);
    assert_eq!(refusal(&with(&functions)), count(Part::Functions, 515, 512));
    let tables = "(table 1 funcref) (table 1 funcref)";
    assert_eq!(refusal(&with(tables)), count(Part::Tables, 2, 1));
    assert_eq!(refusal(&with("(table 5000 funcref)")), count(Part::TableElements, 5000, 4096));
    assert_eq!(refusal(&with("(table 1 60000 funcref)")), count(Part::TableElements, 60_000, 4096));
    let params = format!("(func (param {}))", "i32 ".repeat(33));
    assert_eq!(refusal(&with(&params)), count(Part::Parameters, 33, 32));
    let exports: String =
        (0..130).map(|i| format!(r#"(export "e{i}" (func 0))"#)).collect::<String>();
    assert_eq!(refusal(&with(&exports)), count(Part::Exports, 136, 128));
    let long = vec![0; 64 * 1024 + 1];
    assert_eq!(refusal(&long), R::ModuleTooLong { length: 65_537, limit: 65_536 });
}

#[test]
fn functions_beyond_their_limits_are_refused() {
    let large = |part, count, limit| R::FunctionTooLarge { function: 0.into(), part, count, limit };
    let locals = format!("(local {})", "i64 ".repeat(129));
    assert_eq!(refusal(&body(&locals)), large(FunctionPart::Locals, 129, 128));
    let nested = format!("{}{}", "(block ".repeat(33), ")".repeat(33));
    assert_eq!(refusal(&body(&nested)), large(FunctionPart::Nesting, 33, 32));
    assert!(admit(&body(&format!("{}{}", "(block ".repeat(32), ")".repeat(32)))).is_ok());
    let targets = format!("(br_table {} (i32.const 0))", "0 ".repeat(257));
    assert_eq!(refusal(&body(&targets)), large(FunctionPart::BranchTargets, 257, 256));
    let operands = format!("{} {}", "i32.const 0 ".repeat(513), "drop ".repeat(513));
    assert_eq!(refusal(&body(&operands)), large(FunctionPart::Operands, 513, 512));
    let bytes = "nop ".repeat(16 * 1024);
    let FunctionPart::Bytes = (match refusal(&body(&bytes)) {
        R::FunctionTooLarge { part, .. } => part,
        other => panic!("{other}"),
    }) else {
        panic!("bytes")
    };
}

#[test]
fn memory_must_be_fixed_and_small() {
    for (text, minimum, maximum) in [
        ("(memory 1)", 1, None),
        ("(memory 1 2)", 1, Some(2)),
        ("(memory 257 257)", 257, Some(257)),
        ("(memory 0 0)", 0, Some(0)),
    ] {
        let module = wat(&format!("(module {text})"));
        assert_eq!(refusal(&module), R::MemoryNotFixed { minimum, maximum, limit: 256 });
    }
    assert_eq!(
        refusal(&body("(drop (memory.grow (i32.const 0)))")),
        R::RefusedInstruction { function: 0.into(), name: "memory.grow" }
    );
}

/// The interpreter mixes up what they hand on; results are no trouble.
#[test]
fn blocks_may_have_results_and_no_parameters() {
    for (text, name) in [
        ("(drop (block (param i32) (result i32)))", "a block with parameters"),
        ("(loop (param i32) (drop))", "a loop with parameters"),
        ("(i32.const 1) (if (param i32) (then (drop)) (else (drop)))", "an if with parameters"),
    ] {
        let refused = refusal(&body(&format!("(i32.const 7) {text}")));
        assert_eq!(refused, R::RefusedInstruction { function: 0.into(), name });
    }
    let results = "(block (result i32 i64) (i32.const 1) (i64.const 2)) (drop) (drop)";
    let admitted = admit(&body(results));
    assert!(!matches!(admitted, Err(R::RefusedInstruction { .. })), "{admitted:?}");
}

#[test]
fn a_refusal_reads_well_and_says_what_to_do() {
    let deep = format!("(func $inflate {}{})", "(block ".repeat(34), ")".repeat(34));
    let grow = r#"(func (export "take") (drop (memory.grow (i32.const 0))))"#;
    let wasi = r#"(import "wasi_snapshot_preview1" "fd_write" (func)) (import "env" "b" (func))"#;
    let copy = "(func $move (memory.copy (i32.const 0) (i32.const 0) (i32.const 9)))";
    for (module, words, remedy) in [
        (
            with(&deep),
            "function 0 `inflate` has 33 blocks inside one another, more than 32",
            "noinline",
        ),
        (with(grow), "function 0 `take` uses memory.grow, which is refused", "static array"),
        (
            wat(&format!("(module {wasi})")),
            "the module imports \"fd_write\" from \"wasi_snapshot_preview1\" and 1 more; ",
            "-nostdlib",
        ),
        (
            wat("(module (memory 2))"),
            "the memory has 2 pages of 64 KiB and no maximum; needed: one memory with",
            "--max-memory",
        ),
        (with(copy), "function 0 `move`: invalid at byte", "bulk memory"),
        (
            with(&"(global i32 (i32.const 0))".repeat(65)),
            "the module has 65 globals, more than 64",
            "in memory",
        ),
    ] {
        let why = refusal(&module);
        assert!(why.to_string().starts_with(words), "{why}");
        assert!(why.remedy().contains(remedy), "{}", why.remedy());
    }
}

#[test]
fn a_hostile_name_is_cut_and_escaped() {
    let name = format!("\\1b[31m{}", "x".repeat(5_000));
    let body = "(drop (memory.grow (i32.const 0)))";
    let text = refusal(&with(&format!(r#"(func (export "{name}") {body})"#))).to_string();
    assert!(text.len() < 200 && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn languages_beyond_the_accepted_are_invalid() {
    for code in [
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 9))",
        "(memory.copy (i32.const 0) (i32.const 0) (i32.const 9))",
        "(drop (ref.null func))",
        "(drop (i32.atomic.load (i32.const 0)))",
        "(return_call 0)",
        "(drop (f32x4.relaxed_min (v128.const i64x2 0 0) (v128.const i64x2 0 0)))",
    ] {
        assert!(matches!(refusal(&body(code)), R::Invalid { .. }), "{code}");
    }
    let shared = wat("(module (memory 1 1 shared))");
    assert!(matches!(refusal(&shared), R::Invalid { .. }));
    let wide = wat("(module (memory i64 1 1))");
    assert!(matches!(refusal(&wide), R::Invalid { .. } | R::MemoryNotFixed { .. }));
    let passive = with(r#"(data "abc")"#);
    assert!(matches!(refusal(&passive), R::Invalid { .. } | R::SegmentOutOfBounds { .. }));
}

#[test]
fn segments_must_lie_within() {
    for part in [
        r#"(data (i32.const 524286) "abc")"#,
        r#"(data (i32.const -1) "a")"#,
        "(table 2 funcref) (elem (i32.const 1) func 0 0)",
    ] {
        assert_eq!(refusal(&with(part)), R::SegmentOutOfBounds { segment: 0 }, "{part}");
    }
    assert!(admit(&with(r#"(data (i32.const 524285) "abc")"#)).is_ok());
}

#[test]
fn the_interface_is_required_and_our_names_are_reserved() {
    assert_eq!(
        refusal(&with(r#"(func (export "earnest_gas"))"#)),
        R::ReservedExport { name: "earnest_gas".to_owned() }
    );
    assert!(matches!(
        refusal(&with(r#"(func (export "input_cap"))"#)),
        R::ExportMissing { name: "input_cap", .. }
    ));
    let bare = wat(r#"(module (memory (export "memory") 1 1))"#);
    assert!(matches!(refusal(&bare), R::ExportMissing { name: "state", .. }));
    assert!(matches!(refusal(&wat("(module)")), R::ExportMissing { name: "memory", .. }));
}

/// The worst we know of what a compiler dislikes, within the limits.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let locals = format!("(local {})", "i64 ".repeat(128));
    let filled = |unit: &str, bytes: usize, length: usize| unit.repeat(bytes / length);
    let touch: String = (0..128)
        .map(|i| {
            format!("(local.set {i} (i64.add (local.get {i}) (local.get {}))) ", (i * 7) % 128)
        })
        .collect();
    let loops = format!(
        "{locals} {}{}{}",
        "(loop (br_if 0 (i64.eqz (local.get 1))) ".repeat(31),
        touch.repeat(13),
        ")".repeat(31)
    );
    let ifs = format!(
        "{locals} {}",
        filled("(if (i64.eqz (local.get 3)) (then (local.set 3 (local.get 9)))) ", 15_000, 12)
    );
    let straight = format!(
        "{locals} {}",
        filled("(local.set 1 (i64.mul (local.get 1) (local.get 2))) ", 15_000, 7)
    );
    let table = format!(
        "{locals} {}",
        format!("(block (br_table {} (i32.wrap_i64 (local.get 0)))) ", "0 ".repeat(255)).repeat(55)
    );
    let four =
        |code: &str| with(&format!("(func {code})").repeat(4).replace("(func  (", "(func ("));
    vec![
        ("nested loops", four(&loops)),
        ("ifs", four(&ifs)),
        ("straight line", four(&straight)),
        ("branch tables", four(&table)),
        ("many functions", with(&"(func (result i64) i64.const 1)".repeat(500))),
    ]
}

#[test]
fn bombs_within_the_limits_load_in_bounded_time() {
    for (name, module) in bombs() {
        let start = Instant::now();
        let admitted = admit(&module).unwrap_or_else(|why| panic!("{name}: {why}"));
        let took = start.elapsed();
        println!("{name}: {} bytes, admission {took:?}", module.len());
        assert!(took < Duration::from_millis(500), "{name}: admission {took:?}");
        for engine in engines() {
            let start = Instant::now();
            let loaded = Machine::new(engine, &admitted);
            println!("  {engine:?}: {:?} {}", start.elapsed(), loaded.is_ok());
            assert!(start.elapsed() < Duration::from_secs(10), "{name} {engine:?}");
        }
    }
}

/// Gas of a [`guest`] of this many bytes: eight pages, six exports, five functions.
fn priced(module: &[u8]) -> (u64, u64) {
    (6_000 + 24 * module.len() as u64 + 5 * 300, 1_000 + 8 * 600 + 6 * 60 + 5 * 4)
}

#[test]
fn gas_is_the_sum_of_what_ran_and_what_was_carried() {
    let module = guest("", "i32.const 4", "i32.const 100");
    let (load, instance) = priced(&module);
    // Each call: entry 4, const 1. Per step: state, state_len, input, then init or step.
    let instructions = 20;
    // 8 bytes a unit, rounded up: the seed of 32; states of 4 and 100; chunks of 1 and 2.
    let expected = [
        load + instance + 4 + instructions + 1,
        instance + (1 + 1) + instructions + 13,
        instance + (13 + 1) + instructions + 13,
    ];
    let input = small_input(2);
    for engine in engines() {
        let (mut gas, mut before) = (Vec::new(), 0);
        let (machine, task) = (machine(engine, &module), task(&module, &input, 2));
        Runner::new(&machine, &task, &input)
            .run(None, 2, |checkpoint, _| {
                gas.push(checkpoint.gas - before);
                before = checkpoint.gas;
            })
            .expect("runs");
        assert_eq!(gas, expected, "{engine:?}");
        let admitted = machine.admitted();
        assert_eq!(admitted.init_gas_fixed(4) + instructions, expected[0]);
        assert_eq!(admitted.step_gas_fixed(100, 2) + instructions, expected[2]);
    }
}

#[test]
fn every_part_that_an_instance_is_made_of_is_charged() {
    let plain = admit(&with("")).expect("plain").instance_gas();
    for (parts, more) in [
        ("(func) (func)", 2 * 4),
        (r#"(export "a" (memory 0))"#, 60),
        (r#"(data (i32.const 0) "abc")"#, 16),
        ("(table 9 funcref)", 0),
        ("(table 9 funcref) (elem (i32.const 0) func 0 0 0)", 16 + 3 * 2),
        ("(global i32 (i32.const 0))", 0),
    ] {
        let charged = admit(&with(parts)).expect("within limits").instance_gas();
        assert_eq!(charged - plain, more, "{parts}");
    }
    let most = format!(
        r#"(table 4096 funcref) {} {} {} (elem (i32.const 0) func {})"#,
        "(func)".repeat(507),
        (0..122).map(|i| format!(r#"(export "e{i}" (func 0))"#)).collect::<String>(),
        r#"(data (i32.const 0) "a")"#.repeat(1024),
        "0 ".repeat(4096),
    );
    let most = admit(&with(&most)).expect("within limits");
    assert_eq!(most.instance_gas(), 1_000 + 8 * 600 + 512 * 4 + 128 * 60 + 1_025 * 16 + 4_096 * 2);
}

#[test]
fn no_step_is_cheaper_than_the_least() {
    let least = wat(r#"(module (memory (export "memory") 1 1)
        (func (export "state") (export "state_len") (export "input") (export "init")
          (result i32) i32.const 0)
        (func (export "step") (param i64 i32) (result i32) i32.const 0))"#);
    assert_eq!(admit(&least).expect("plain").step_gas_fixed(0, 0), STEP_GAS_LEAST);
}

/// Gas of the first step of a module, less what its instance and its module's parts cost.
fn step_gas(module: &[u8]) -> u64 {
    let input = small_input(1);
    let task = task(module, &input, 1);
    let gas = engines().into_iter().map(|engine| {
        let (machine, mut gas) = (machine(engine, module), Vec::new());
        Runner::new(&machine, &task, &input)
            .run(None, 1, |checkpoint, _| gas.push(checkpoint.gas))
            .expect("runs");
        gas[1] - gas[0] - machine.admitted().step_gas_fixed(4, 1)
    });
    let gas: Vec<u64> = gas.collect();
    assert!(gas.windows(2).all(|pair| pair[0] == pair[1]), "engines agree: {gas:?}");
    gas[0]
}

/// A program that walks through 16 MiB takes over twenty times what one in 512 KiB takes. For the
/// same gas, a step of it held a node up for seconds.
#[test]
fn an_access_costs_by_how_far_it_may_reach() {
    let text = |pages: u32, body: &str| {
        wat(&format!(
            r#"(module (memory (export "memory") {pages} {pages})
                (func (export "state") (result i32) i32.const 0)
                (func (export "state_len") (result i32) i32.const 64)
                (func (export "input") (result i32) i32.const 64)
                (func (export "init") (result i32) i32.const 4)
                (func (export "step") (param i64 i32) (result i32) {body} i32.const 4))"#
        ))
    };
    let accesses = "(i32.store (i32.const 0) (i32.load (i32.const 8)))
        (v128.store (i32.const 0) (v128.load32_splat (i32.const 8)))
        (f64.store (i32.const 0) (f64.load (i32.const 8)))";
    for (pages, price) in [(1, 2), (8, 2), (9, 8), (64, 8), (65, 40), (256, 40)] {
        let more = step_gas(&text(pages, accesses)) - step_gas(&text(pages, ""));
        assert_eq!(more, 6 + 6 * price, "six constants and six accesses in {pages} pages");
    }
    for (instruction, price) in [
        ("(drop (i32.popcnt (i32.const 1)))", 1 + 2),
        ("(drop (f64.nearest (f64.const 1)))", 1 + 2),
        ("(drop (i64x2.splat (i64.const 1)))", 1 + 2),
        ("(drop (i8x16.popcnt (v128.const i64x2 1 2)))", 2 + 6),
        ("(drop (i8x16.abs (v128.const i64x2 1 2)))", 2 + 4),
        ("(drop (f32x4.add (v128.const i64x2 1 2) (v128.const i64x2 1 2)))", 4 + 2),
        ("(drop (f32x4.div (v128.const i64x2 1 2) (v128.const i64x2 1 2)))", 4 + 4),
    ] {
        let more = step_gas(&text(1, instruction)) - step_gas(&text(1, ""));
        assert_eq!(more, price + 1, "{instruction}, dropped");
    }
}
