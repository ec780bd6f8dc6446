//! Modules that nobody thought of: both forms agree in both engines for any slicing, and whatever
//! bytes come, they are prepared or refused.
//!
//! Eighty here; `EARNEST_GENERATED=10000` asks for as many.

mod engines;

use arbitrary::Unstructured;
use earnest_prepare::prepare;
use engines::check::check_prepared;
use engines::{End, Nan, jit};
use wasm_smith::{Config, Module};

/// What each module exports.
const SHAPE: &str = r#"(module (memory (export "memory") 1 3) (func (export "_start")))"#;

fn count() -> u64 {
    let asked = std::env::var("EARNEST_GENERATED").ok();
    asked.map_or(80, |count| count.parse().expect("EARNEST_GENERATED is a number"))
}

/// Bytes that hang on a seed alone.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| draw()).collect()
}

fn accepted(seed: u64) -> Config {
    Config {
        disallow_traps: !seed.is_multiple_of(4), // Most would trap soon.
        exports: Some(wat::parse_str(SHAPE).expect("the shape is sound")),
        allow_start_export: false,
        bulk_memory_enabled: false, // Passive segments come with it; stories have copies and fills.
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        max_imports: 0,
        max_memories: 0, // Beside the one of the shape.
        max_tables: 1,
        max_table_elements: 100,
        memory64_enabled: false,
        multi_value_enabled: false, // Blocks with parameters come with it, which are refused.
        min_funcs: 6,
        max_funcs: 12,
        max_instructions: 300,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        // Generated programs keep vectors in mutable globals, which are refused.
        simd_enabled: seed.is_multiple_of(8),
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

/// A module from a seed that ends by itself.
fn module(config: Config, seed: u64) -> Option<Vec<u8>> {
    let bytes = bytes(seed, 4000);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(300).ok()?;
    Some(module.to_bytes())
}

/// Deep recursion needs more native stack than a thread of a test has.
fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(work);
    thread.expect("a thread").join().expect("the work's own assertions hold");
}

#[test]
fn generated_modules_run_alike_before_and_after() {
    on_a_large_stack(|| {
        let (mut run, mut with_boundaries) = (0, 0);
        for seed in 0..count() {
            let Some(linked) = module(accepted(seed), seed) else { continue };
            println!("seed {seed}");
            let prepared = match prepare(&linked) {
                Ok(prepared) => prepared,
                Err(why) => {
                    println!("{why}");
                    continue;
                }
            };
            let whole = check_prepared(&prepared, &[]);
            let before = jit::Program::new(&linked, Nan::Canonical).run(&[], 0);
            assert_eq!(before.end, whole.end);
            if before.end == End::Returned {
                assert!(before.memory == whole.memory, "memory at the end");
            }
            run += 1;
            with_boundaries += u64::from(50 < whole.ticks);
        }
        println!("{run} modules ran, {with_boundaries} for more than 50 ticks");
        assert!(count() / 4 < run, "many modules are accepted");
    });
}

#[test]
fn whatever_bytes_come_they_are_prepared_or_refused() {
    for seed in 0..count() {
        let Some(mut linked) = module(Config::default(), seed) else { continue };
        let _ = prepare(&linked).map_err(|why| why.to_string());
        for (position, byte) in bytes(seed, 12).chunks(2).map(|pair| (pair[0], pair[1])) {
            let index = usize::from(position) * linked.len() / 256;
            linked[index] = byte;
            let _ = prepare(&linked).map_err(|why| why.to_string());
        }
    }
}
