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

fn main() {
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
