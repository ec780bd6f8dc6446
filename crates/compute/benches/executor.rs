//! What verifiability costs: whole tasks of the shipped guests, run
//! - `earnest`: compiled, with gas, canonical NaNs, a fresh instance and a hash each step;
//! - `referee`: the same in the interpreter;
//! - `plain`: wasmtime on the original module, one instance, nothing counted or hashed;
//! - `native`: the same C source compiled for this machine (left out without clang).
//!
//! Prints a table of ratios from interleaved runs, then criterion's own measurements.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use earnest_compute::guests::{self, Guest};
use earnest_compute::trace::Keep;
use earnest_compute::{Digest, EngineKind, Input, Machine, Runner, Task, admit};

struct Subject {
    guest: Guest,
    input: Input,
    task: Task,
    compiled: Machine,
    interpreted: Machine,
    plain: (wasmtime::Engine, wasmtime::Module),
    native: Option<PathBuf>,
}

impl Subject {
    fn new(guest: Guest) -> Subject {
        let admitted = admit(guest.module).expect("shipped guests are admitted");
        let load = |engine| Machine::new(engine, &admitted).expect("shipped guests load");
        let engine = wasmtime::Engine::default();
        let module = wasmtime::Module::new(&engine, guest.module).expect("valid");
        Subject {
            input: guest.input(),
            task: guest.task(Digest([42; 32])),
            compiled: load(EngineKind::Jit),
            interpreted: load(EngineKind::Wasmi),
            plain: (engine, module),
            native: build_native(&guest),
            guest,
        }
    }

    fn earnest(&self) -> Duration {
        self.run(&self.compiled)
    }

    fn referee(&self) -> Duration {
        self.run(&self.interpreted)
    }

    fn run(&self, machine: &Machine) -> Duration {
        let start = Instant::now();
        let trace = Runner::new(machine, &self.task, &self.input)
            .run_all(Keep::default(), |_| {})
            .expect("runs");
        std::hint::black_box(trace.root());
        start.elapsed()
    }

    fn plain(&self) -> Duration {
        let start = Instant::now();
        let mut store = wasmtime::Store::new(&self.plain.0, ());
        let instance = wasmtime::Instance::new(&mut store, &self.plain.1, &[]).expect("loads");
        let memory = instance.get_memory(&mut store, "memory").expect("exported");
        let query = |store: &mut wasmtime::Store<()>, name: &str| {
            let function = instance.get_typed_func::<(), u32>(&mut *store, name).expect("exported");
            function.call(store, ()).expect("runs") as usize
        };
        let input = query(&mut store, "input");
        memory.write(&mut store, input, &[42; 32]).expect("within");
        query(&mut store, "init");
        let step = instance.get_typed_func::<(u64, u32), u32>(&mut store, "step").expect("is");
        for index in 1..=self.task.steps {
            let chunk = self.input.chunk_of_step(index);
            memory.write(&mut store, input, chunk).expect("within");
            step.call(&mut store, (index, chunk.len() as u32)).expect("runs");
        }
        start.elapsed()
    }

    fn native(&self, runs: u64) -> Option<Duration> {
        let program = self.native.as_ref()?;
        let output = Command::new(program)
            .args([self.task.steps.to_string(), runs.to_string()])
            .arg(program.with_extension("chunks"))
            .output()
            .ok()?;
        let nanos = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
        Some(Duration::from_nanos(nanos))
    }
}

fn build_native(guest: &Guest) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("guests");
    let program = folder.join(format!("native-{}", guest.name));
    let mut chunks = Vec::new();
    for chunk in &guest.chunks {
        chunks.extend_from_slice(&u32::try_from(chunk.len()).ok()?.to_le_bytes());
        chunks.extend_from_slice(chunk);
    }
    std::fs::write(program.with_extension("chunks"), chunks).ok()?;
    let status = Command::new("clang")
        .args(["-O3", "-ffp-contract=off", "-fno-math-errno", "-std=gnu11", "-include"])
        .arg(sources.join(guest.name).join(format!("{}.c", guest.name)))
        .arg(sources.join("include/native.c"))
        .arg("-o")
        .arg(&program)
        .status();
    status.ok()?.success().then_some(program)
}

/// The least of seven interleaved rounds of each, in milliseconds a task, and the ratios.
fn table(subjects: &[Subject]) {
    println!("| guest | native ms | plain ms | earnest ms | referee ms | to plain | to native |");
    println!("|---|---|---|---|---|---|---|");
    for subject in subjects {
        let mut best = [Duration::MAX; 4];
        for _ in 0..7 {
            let native = subject.native(1).unwrap_or(Duration::MAX);
            let round = [native, subject.plain(), subject.earnest(), subject.referee()];
            for (best, this) in best.iter_mut().zip(round) {
                *best = this.min(*best);
            }
        }
        let [native, plain, earnest, referee] = best.map(|d| d.as_secs_f64() * 1e3);
        println!(
            "| {} | {native:.2} | {plain:.2} | {earnest:.2} | {referee:.2} | {:.2} | {:.2} |",
            subject.guest.name,
            earnest / plain,
            earnest / native
        );
    }
}

/// What the gas table misjudges most: nanoseconds a unit of gas for hostile loops, interpreted and
/// compiled. The worst bounds what `step_gas_max` costs a referee.
fn hostile() {
    println!("| hostile loop | referee ns/gas | compiled ns/gas |");
    println!("|---|---|---|");
    let next = "(local.set $x (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005))
                (i64.const 1442695040888963407)))";
    let at = "(i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 30)))
              (i32.const 16777208))";
    let divide = "(local.set $x (i64.div_u (i64.const -1) (i64.or (local.get $x) (i64.const 1))))";
    let root = "(local.set $d (f64.sqrt (f64.div (f64.const 3) (f64.add (local.get $d)
                (f64.const 0.1)))))";
    let nearest =
        "(local.set $d (f64.nearest (f64.ceil (f64.add (local.get $d) (f64.const 0.7)))))";
    let load = format!("{next} (local.set $x (i64.add (local.get $x) (i64.load {at})))");
    let store = format!("{next} (i64.store {at} (local.get $x))");
    let chase = format!(
        "(local.set $x (i64.add (i64.load {at}) (i64.add (local.get $x)
                (i64.const 0x123456789abcd))))"
    );
    let mut spread = next.to_owned();
    for place in 0..62 {
        spread += &format!(
            "(local.set $s (i64.add (local.get $s) (i64.load offset={}
            (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 30)))
                     (i32.const 262136)))))",
            place * 262_144
        );
    }
    let indirect = "(call_indirect (type $t) (i32.const 0))";
    for (name, body) in [
        ("random loads", load.repeat(8)),
        ("spread loads", spread),
        ("random stores", store.repeat(8)),
        ("dependent loads", chase.repeat(8)),
        ("divisions", divide.repeat(8)),
        ("roots", root.repeat(8)),
        ("roundings", nearest.repeat(8)),
        ("calls", "(call $wide)".repeat(8)),
        ("indirect calls", indirect.repeat(8)),
        ("empty loop", String::new()),
    ] {
        let (referee, compiled) = price(&body);
        println!("| {name} | {referee:.2} | {compiled:.2} |");
    }
}

/// Nanoseconds a unit of gas of an endless loop over `body`, interpreted and compiled.
fn price(body: &str) -> (f64, f64) {
    let text = format!(
        r#"(module (type $t (func)) (table funcref (elem $none))
                (memory (export "memory") 256 256)
                (func $none (type $t)) (func $wide (local {}))
                (func (export "state") (result i32) i32.const 0)
                (func (export "state_len") (result i32) i32.const 8)
                (func (export "input") (result i32) i32.const 64)
                (func (export "init") (result i32) i32.const 8)
                (func (export "step") (param i64 i32) (result i32)
                  (local $x i64) (local $s i64) (local $d f64)
                  (loop $l {body} (br $l)) i32.const 8))"#,
        "v128 ".repeat(128)
    );
    let module = wat::parse_str(&text).expect("well formed");
    let admitted = admit(&module).expect("within limits");
    let guest = Guest {
        name: "hostile",
        summary: "",
        module: Vec::leak(module),
        chunks: Vec::new(),
        steps: 1,
        step_gas_max: 100_000_000,
    };
    let task = guest.task(Digest([1; 32]));
    let run = |engine| {
        let machine = Machine::new(engine, &admitted).expect("loads");
        let first = machine.init(&task).expect("runs");
        let start = Instant::now();
        machine.step(&task, 1, &first, &[]).expect("faults by gas");
        start.elapsed().as_secs_f64() * 1e9 / 1e8
    };
    (run(EngineKind::Wasmi), run(EngineKind::Jit))
}

fn main() {
    hostile();
    let subjects: Vec<Subject> = guests::all().into_iter().map(Subject::new).collect();
    table(&subjects);
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for subject in &subjects {
        let mut group = criterion.benchmark_group(subject.guest.name);
        let repeat = |run: &dyn Fn() -> Duration, times: u64| (0..times).map(|_| run()).sum();
        group.bench_function("earnest", |b| b.iter_custom(|n| repeat(&|| subject.earnest(), n)));
        group.bench_function("referee", |b| b.iter_custom(|n| repeat(&|| subject.referee(), n)));
        group.bench_function("plain", |b| b.iter_custom(|n| repeat(&|| subject.plain(), n)));
        if subject.native.is_some() {
            group.bench_function("native", |b| {
                b.iter_custom(|n| subject.native(n).expect("built and ran before"));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
