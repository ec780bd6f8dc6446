//! What preparation costs: ordinary programs and small kernels, each in five forms:
//! - `native`: the same C source, compiled for this machine by the same compiler;
//! - `wasm`: the program as it was compiled, over the least host that it runs on;
//! - `linked`: with the system interface in it (L);
//! - `plain`: counted and polled (P1), in slices of 2^27 ticks;
//! - `pausable`: the same with its stack in memory (P2), a call a slice.
//!
//! `benches/programs/build.sh` makes the programs. Prints times and their ratios from interleaved
//! runs, the least of each, in time of the processor; arguments are names to measure alone.
//! Law: all forms of a program put out the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use earnest_compute::paged::form;
use earnest_compute::paged::run::COARSE_TICKS;
use earnest_prepare::bundle::Bundle;
use earnest_prepare::{link, prepare};
use wasmtime::{
    Caller, Config, Engine, Error, Extern, Instance, Linker, Memory, Module, Store, Val,
};

/// How often each form runs.
const ROUNDS: usize = 7;
/// What the least host answers to all that it does not know: EBADF, as to one who asks for folders.
const NOT_THERE: i32 = 8;

#[derive(Default)]
struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    has_exited: bool,
}

/// What a run took, and what it put out.
struct Ran {
    time: Duration,
    output: Vec<u8>,
}

/// Time of the processor that this thread took.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("time does not run below zero")
}

/// As workers run prepared programs.
fn engine() -> Engine {
    let mut config = Config::new();
    config.memory_may_move(false).memory_init_cow(false).wasm_branch_hinting(true);
    config.max_wasm_stack(1536 * 1024);
    Engine::new(&config).expect("a configuration")
}

fn memory(caller: &mut Caller<'_, Host>) -> Memory {
    match caller.get_export(form::MEMORY) {
        Some(Extern::Memory(memory)) => memory,
        _ => panic!("a program exports its memory"),
    }
}

/// The two calls of linked programs.
fn host(linker: &mut Linker<Host>) -> Result<(), Error> {
    let read = |mut caller: Caller<'_, Host>, offset: u64, to: u32, length: u32| {
        let memory = memory(&mut caller);
        let (bytes, host) = memory.data_and_store_mut(&mut caller);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(host.input.len());
        let length = (length.min(form::CALL_BYTES_MAX) as usize).min(host.input.len() - from);
        bytes[to as usize..][..length].copy_from_slice(&host.input[from..][..length]);
        length as u32
    };
    let write = |mut caller: Caller<'_, Host>, from: u32, length: u32| {
        let memory = memory(&mut caller);
        let (bytes, host) = memory.data_and_store_mut(&mut caller);
        host.output.extend_from_slice(&bytes[from as usize..][..length as usize]);
    };
    linker.func_wrap(form::HOST, form::INPUT_READ, read)?;
    linker.func_wrap(form::HOST, form::OUTPUT_WRITE, write)?;
    Ok(())
}

/// What a program asks of a system before it computes, and its output.
fn system(linker: &mut Linker<Host>, module: &Module) -> Result<(), Error> {
    const NAME: &str = "wasi_snapshot_preview1";
    let write = |mut caller: Caller<'_, Host>, to: u32, parts: u32, count: u32, written: u32| {
        let memory = memory(&mut caller);
        let (bytes, host) = memory.data_and_store_mut(&mut caller);
        let word = |bytes: &[u8], at: u32| {
            let word = bytes[at as usize..][..4].try_into().expect("four bytes");
            u32::from_le_bytes(word) as usize
        };
        let mut all = 0;
        for part in (parts..).step_by(8).take(count as usize) {
            let (from, length) = (word(bytes, part), word(bytes, part + 4));
            all += length as u32;
            if to == 1 {
                host.output.extend_from_slice(&bytes[from..][..length]);
            }
        }
        bytes[written as usize..][..4].copy_from_slice(&all.to_le_bytes());
        0
    };
    let sizes = |mut caller: Caller<'_, Host>, count: u32, length: u32| {
        let memory = memory(&mut caller);
        for at in [count, length] {
            memory.data_mut(&mut caller)[at as usize..][..4].fill(0);
        }
        0
    };
    let exit = |mut caller: Caller<'_, Host>, code: i32| -> Result<(), Error> {
        caller.data_mut().has_exited = code == 0;
        Err(Error::msg("exited"))
    };
    linker.func_wrap(NAME, "fd_write", write)?;
    linker.func_wrap(NAME, "args_sizes_get", sizes)?;
    linker.func_wrap(NAME, "environ_sizes_get", sizes)?;
    linker.func_wrap(NAME, "proc_exit", exit)?;
    // Some programs end if they are told no time or given no random bytes: these are always zero.
    let time = |mut caller: Caller<'_, Host>, _clock: u32, _precision: u64, to: u32| {
        let memory = memory(&mut caller);
        memory.data_mut(&mut caller)[to as usize..][..8].fill(0);
        0
    };
    let random = |mut caller: Caller<'_, Host>, to: u32, length: u32| {
        let memory = memory(&mut caller);
        memory.data_mut(&mut caller)[to as usize..][..length as usize].fill(0);
        0
    };
    linker.func_wrap(NAME, "clock_time_get", time)?;
    linker.func_wrap(NAME, "random_get", random)?;
    for import in module.imports() {
        let Some(ty) = import.ty().func().cloned() else { continue };
        let is_new = linker.func_new(import.module(), import.name(), ty, |_, _, results| {
            results.iter_mut().for_each(|result| *result = Val::I32(NOT_THERE));
            Ok(())
        });
        drop(is_new); // What stands above is not asked again.
    }
    Ok(())
}

struct Program {
    engine: Engine,
    module: Module,
    bytes: usize,
}

impl Program {
    fn new(engine: &Engine, wasm: &[u8]) -> Program {
        let module = Module::new(engine, wasm).expect("it is valid");
        Program { engine: engine.clone(), module, bytes: wasm.len() }
    }

    fn run(&self, input: &[u8]) -> Ran {
        let host_of_run = Host { input: input.to_vec(), ..Host::default() };
        let mut store = Store::new(&self.engine, host_of_run);
        let mut linker = Linker::new(&self.engine);
        host(&mut linker).expect("the names are new");
        system(&mut linker, &self.module).expect("the names are new");
        let instance = linker.instantiate(&mut store, &self.module).expect("it starts");
        let begun = now();
        let ended = match instance.get_typed_func::<(), i32>(&mut store, form::STEP) {
            Ok(step) => loop {
                fill(&mut store, instance);
                match step.call(&mut store, ()) {
                    Ok(form::PAUSED) => {}
                    Ok(_) => break Ok(()),
                    Err(error) => break Err(error),
                }
            },
            Err(_) => {
                fill(&mut store, instance);
                let start = instance.get_typed_func::<(), ()>(&mut store, form::START);
                start.expect("a start").call(&mut store, ())
            }
        };
        let time = now() - begun;
        let exit = instance.get_global(&mut store, form::EXIT).map(|exit| exit.get(&mut store));
        let has_exited = store.data().has_exited || exit.and_then(|exit| exit.i32()) == Some(1);
        assert!(has_exited || ended.is_ok(), "a program ends well, not so: {ended:?}");
        Ran { time, output: store.into_data().output }
    }
}

/// Gives the ticks of a coarse step, if the program counts any, and more than enough to draw.
fn fill(store: &mut Store<Host>, instance: Instance) {
    if let Some(left) = instance.get_global(&mut *store, form::LEFT) {
        let Val::I64(now) = left.get(&mut *store) else { panic!("a count is an i64") };
        left.set(&mut *store, Val::I64(now + COARSE_TICKS as i64)).expect("it is mutable");
    }
    if let Some(rest) = instance.get_global(&mut *store, form::REST) {
        rest.set(store, Val::I64(i64::MAX / 2)).expect("it is mutable");
    }
}

/// The program for this machine tells its own time, without what starting it takes.
fn native(path: &Path) -> Ran {
    let ran = Command::new(path).output().expect("build.sh has made it");
    let seconds = String::from_utf8_lossy(&ran.stderr).trim().parse().expect("it tells its time");
    Ran { time: Duration::from_secs_f64(seconds), output: ran.stdout }
}

/// The least time of each form, native first.
fn measure(path: &Path, programs: &[Program], input: &[u8]) -> Vec<Duration> {
    let mut least = vec![Duration::MAX; 1 + programs.len()];
    for _ in 0..ROUNDS {
        let native = native(path);
        let ran = programs.iter().map(|program| program.run(input));
        let all: Vec<Ran> = [Ran { ..native }].into_iter().chain(ran).collect();
        for (least, ran) in least.iter_mut().zip(&all) {
            assert_eq!(ran.output, all[0].output, "all forms put out the same");
            *least = ran.time.min(*least);
        }
    }
    least
}

fn programs(folder: &Path) -> BTreeMap<String, PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let modules = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let named = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        Some((name, path.with_extension("")))
    };
    modules.filter_map(named).collect()
}

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-programs");
    let folder = std::env::var_os("EARNEST_BENCH_PROGRAMS").map_or(folder, PathBuf::from);
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut found = programs(&folder);
    found.retain(|name, _| wanted.is_empty() || wanted.contains(name));
    if found.is_empty() {
        eprintln!("no programs in {}: run benches/programs/build.sh", folder.display());
        return ExitCode::FAILURE;
    }
    println!(
        "seconds; then times of: wasm/native, linked/wasm, plain/wasm, plain/linked, \
         pausable/plain; KiB of code"
    );
    println!(
        "{:<11}{:>8}{:>8}{:>8}{:>8}{:>8} |{:>6}{:>6}{:>6}{:>6}{:>6} |{:>6}{:>6}{:>6}{:>6}",
        "",
        "native",
        "wasm",
        "linked",
        "plain",
        "paus.",
        "w/n",
        "l/w",
        "p/w",
        "p/l",
        "pp/p",
        "wasm",
        "l",
        "p",
        "pp"
    );
    let input = Bundle::default().encode().expect("an empty bundle");
    let engine = engine();
    for (name, path) in found {
        let wasm = std::fs::read(path.with_extension("wasm")).expect("it was found");
        let linked = link::link(&wasm).expect("it can be linked");
        let prepared = prepare(&linked).expect("it can be prepared");
        let forms = [&wasm, &linked, &prepared.plain, &prepared.pausable];
        let programs = forms.map(|form| Program::new(&engine, form));
        let least = measure(&path, &programs, &input);
        let seconds: Vec<f64> = least.iter().map(Duration::as_secs_f64).collect();
        print!("{name:<11}");
        seconds.iter().for_each(|time| print!("{time:>8.3}"));
        print!(" |");
        for (a, b) in [(1, 0), (2, 1), (3, 1), (3, 2), (4, 3)] {
            print!("{:>6.2}", seconds[a] / seconds[b]);
        }
        print!(" |");
        programs.iter().for_each(|program| print!("{:>6}", program.bytes / 1024));
        println!();
    }
    ExitCode::SUCCESS
}
