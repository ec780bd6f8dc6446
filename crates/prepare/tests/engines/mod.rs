//! Runs programs before and after each pass, in both engines, and notes all that can be seen.
#![allow(dead_code)] // Each test binary uses its own part.

pub(crate) mod check;

use earnest_compute::detour::around_fused_selects;
use earnest_compute::paged::form::STOPPED;
use earnest_compute::paged::run::COARSE_TICKS;
use earnest_prepare::STACK_BYTES;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Returned,
    Exited(i32),
    Trapped,
}

/// The state at one boundary: memory without the stack, mutable globals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boundary {
    /// Ticks that have passed.
    pub(crate) at: i64,
    pub(crate) memory: u64,
    pub(crate) stack: u64,
    pub(crate) globals: Vec<i128>,
}

/// All that can be seen of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) end: End,
    pub(crate) output: Vec<u8>,
    /// The program's memory, as it sees it.
    pub(crate) memory: Vec<u8>,
    pub(crate) boundaries: Vec<Boundary>,
    /// Boundaries passed and ticks left, which make the ticks of the run.
    pub(crate) ticks: i64,
    pub(crate) globals: Vec<i128>,
}

/// Which NaN arithmetic makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nan {
    Engine,
    Canonical,
}

/// A hash of memory that passes over pages of zeros, of which there are many.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (index, page) in (0_u64..).zip(bytes.chunks(4096)) {
        if page == &[0; 4096][..page.len()] {
            continue;
        }
        let words = page.chunks(8).map(|word| {
            let mut whole = [0; 8];
            whole[..word.len()].copy_from_slice(word);
            u64::from_le_bytes(whole)
        });
        for word in words.chain([index]) {
            hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
    }
    hash
}

#[derive(Default)]
pub(crate) struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    slice: i64,
    ticks: i64,
    boundaries: Vec<Boundary>,
}

impl Host {
    fn new(input: &[u8], slice: i64) -> Host {
        Host { input: input.to_vec(), slice, ticks: slice, ..Host::default() }
    }

    /// Ticks up to the next boundary after one was reached with so many left.
    fn next(&mut self, mut left: i64) -> i64 {
        while left <= 0 {
            left += self.slice;
            self.ticks += self.slice;
        }
        left
    }

    fn read(&self, offset: i64, length: usize) -> Vec<u8> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.input.len());
        let length = length.min(64 * 1024).min(self.input.len() - start);
        self.input[start..start + length].to_vec()
    }
}

/// The same code over two engines, whose interfaces differ in few words.
macro_rules! engine {
    (
        $name:ident, $krate:ident, $instantiate:ident, $engine:expr, $code:expr, $trap:expr,
        $float:expr
    ) => {
        pub(crate) mod $name {
            use super::*;
            use $krate::{Caller, Extern, Global, Instance, Linker, Memory, Module, Store, Val};

            fn memory(caller: &mut Caller<'_, Host>) -> Memory {
                match caller.get_export("memory") {
                    Some(Extern::Memory(memory)) => memory,
                    _ => panic!("no memory"),
                }
            }

            fn bits(value: Val) -> i128 {
                #[allow(clippy::redundant_closure_call)]
                match value {
                    Val::I32(bits) => bits.into(),
                    Val::I64(bits) => bits.into(),
                    Val::F32(value) => ($float.0)(value),
                    Val::F64(value) => ($float.1)(value),
                    _ => 0, // Vectors: compared in memory, where the tests put them.
                }
            }

            fn names() -> impl Iterator<Item = String> {
                (0..).map(|index| format!("earnest_global_{index}"))
            }

            fn boundary(at: i64, memory: &[u8], globals: Vec<i128>) -> Boundary {
                let stack = STACK_BYTES as usize;
                let (stack, memory) = (hash(&memory[..stack]), hash(&memory[stack..]));
                Boundary { at, memory, stack, globals }
            }

            fn linker(engine: &$krate::Engine) -> Linker<Host> {
                let mut linker = Linker::new(engine);
                let read = |mut caller: Caller<'_, Host>, offset: i64, to: i32, length: i32| {
                    let memory = memory(&mut caller);
                    let (to, length) = (to.cast_unsigned() as usize, length.cast_unsigned());
                    let bytes = caller.data().read(offset, length as usize);
                    match memory.data_mut(&mut caller).get_mut(to..to + bytes.len()) {
                        Some(place) => place.copy_from_slice(&bytes),
                        None => return Err($trap),
                    }
                    Ok(i32::try_from(bytes.len()).expect("at most 64 KiB"))
                };
                let write = |mut caller: Caller<'_, Host>, from: i32, length: i32| {
                    let memory = memory(&mut caller);
                    let (from, length) = (from.cast_unsigned(), length.cast_unsigned());
                    let (from, length) = (from as usize, length as usize);
                    match memory.data(&caller).get(from..from + length) {
                        Some(bytes) if length <= 64 * 1024 => {
                            let bytes = bytes.to_vec();
                            caller.data_mut().output.extend(bytes);
                            Ok(())
                        }
                        _ => Err($trap),
                    }
                };
                linker.func_wrap("earnest", "input_read", read).expect("new");
                linker.func_wrap("earnest", "output_write", write).expect("new");
                linker
            }

            pub(crate) struct Program {
                engine: $krate::Engine,
                module: Module,
            }

            impl Program {
                pub(crate) fn new(wasm: &[u8], nan: Nan) -> Program {
                    #[allow(clippy::redundant_closure_call)]
                    let (engine, wasm) = ($engine(nan), $code(wasm));
                    let module = match Module::new(&engine, &wasm) {
                        Ok(module) => module,
                        Err(error) => panic!("{error:?}"),
                    };
                    Program { engine, module }
                }

                fn start(&self, input: &[u8], slice: i64) -> (Store<Host>, Instance) {
                    let mut store = Store::new(&self.engine, Host::new(input, slice));
                    let linker = linker(&self.engine);
                    let instance =
                        linker.$instantiate(&mut store, &self.module).expect("instantiates");
                    (store, instance)
                }

                /// Runs from `_start` to the end; if it counts, up to each boundary by itself: one
                /// run that is given `slice` ticks, one that is given the double, and so on.
                pub(crate) fn run(&self, input: &[u8], slice: i64) -> Seen {
                    let (mut boundaries, mut given) = (Vec::new(), slice);
                    loop {
                        let (mut store, instance) = self.start(input, given);
                        let rest = give(&mut store, instance, given);
                        let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
                        let is_ok = start.expect("a start").call(&mut store, ()).is_ok();
                        let rest = rest.map(|rest| rest.get(&mut store));
                        if !matches!(rest, Some(Val::I64(STOPPED))) {
                            store.data_mut().boundaries = boundaries;
                            return seen(store, instance, is_ok);
                        }
                        let left = instance.get_global(&mut store, "earnest_left").expect("left");
                        let Val::I64(left) = left.get(&mut store) else { panic!("i64") };
                        assert!(!is_ok && left <= 0, "it stops because nothing is left");
                        let at = given - left;
                        let memory = instance.get_memory(&mut store, "memory").expect("memory");
                        let globals = globals(&mut store, instance);
                        let globals = globals.into_iter().map(|value| bits(value.1)).collect();
                        boundaries.push(boundary(at, memory.data(&store), globals));
                        given = (at / slice + 1) * slice;
                    }
                }

                /// Runs by steps, each in a new instance with the memory and globals of the last.
                pub(crate) fn run_steps(&self, input: &[u8], slice: i64) -> Seen {
                    let (mut store, mut instance) = self.start(input, slice);
                    set_left(&mut store, instance, slice);
                    loop {
                        let step = instance.get_typed_func::<(), i32>(&mut store, "earnest_step");
                        match step.expect("a step").call(&mut store, ()) {
                            Ok(0) => {}
                            Ok(1) => return seen(store, instance, true),
                            Ok(other) => panic!("a step returned {other}"),
                            Err(_) => return seen(store, instance, false),
                        }
                        let memory = instance.get_memory(&mut store, "memory").expect("memory");
                        let globals = globals(&mut store, instance);
                        let left = instance.get_global(&mut store, "earnest_left").expect("left");
                        let Val::I64(now) = left.get(&mut store) else { panic!("i64") };
                        let boundary = boundary(
                            store.data().ticks - now,
                            memory.data(&store),
                            globals.iter().map(|value| bits(value.1.clone())).collect(),
                        );
                        let kept = memory.data(&store).to_vec();
                        let mut host = std::mem::take(store.data_mut());
                        host.boundaries.push(boundary);
                        let (mut next_store, next) = self.start(&[], 1);
                        let memory = next.get_memory(&mut next_store, "memory").expect("memory");
                        let pages = kept.len() / 65536 - memory.data(&next_store).len() / 65536;
                        memory.grow(&mut next_store, pages as _).expect("memory grows");
                        memory.data_mut(&mut next_store).copy_from_slice(&kept);
                        for (name, value) in globals {
                            let global = next.get_global(&mut next_store, &name);
                            global.expect("the same").set(&mut next_store, value).expect("set");
                        }
                        let left = next.get_global(&mut next_store, "earnest_left").expect("left");
                        let now = host.next(now);
                        left.set(&mut next_store, Val::I64(now)).expect("set");
                        *next_store.data_mut() = host;
                        (store, instance) = (next_store, next);
                    }
                }
            }

            /// What a plain program is given: up to a coarse step at once, the rest to be drawn.
            fn give(store: &mut Store<Host>, instance: Instance, ticks: i64) -> Option<Global> {
                let first = ticks.min(COARSE_TICKS as i64);
                set_left(store, instance, first);
                let rest = instance.get_global(&mut *store, "earnest_rest")?;
                rest.set(&mut *store, Val::I64(ticks - first)).expect("a counter");
                Some(rest)
            }

            fn set_left(store: &mut Store<Host>, instance: Instance, ticks: i64) {
                if let Some(left) = instance.get_global(&mut *store, "earnest_left") {
                    left.set(&mut *store, Val::I64(ticks)).expect("a counter");
                }
            }

            fn globals(store: &mut Store<Host>, instance: Instance) -> Vec<(String, Val)> {
                let mut all = Vec::new();
                for name in names() {
                    let Some(global) = instance.get_global(&mut *store, &name) else { break };
                    all.push((name, global.get(&mut *store)));
                }
                all
            }

            fn seen(mut store: Store<Host>, instance: Instance, is_ok: bool) -> Seen {
                let memory = instance.get_memory(&mut store, "memory").expect("memory");
                let left = instance.get_global(&mut store, "earnest_left");
                let left = left.map(|left| left.get(&mut store));
                let rest = instance.get_global(&mut store, "earnest_rest");
                let rest = rest.map(|rest| rest.get(&mut store));
                let shift = if left.is_some() { STACK_BYTES as usize } else { 0 };
                let exit = instance.get_global(&mut store, "earnest_exit");
                let exit = exit.map(|exit| bits(exit.get(&mut store))).unwrap_or(0);
                let end = match (is_ok, exit) {
                    (true, _) => End::Returned,
                    (false, 0) => End::Trapped,
                    (false, exit) => End::Exited(i32::try_from(exit - 1).expect("an i32")),
                };
                // What a run that trapped told of its count last depends on where it paused last.
                let is_counted = end != End::Trapped;
                let all = globals(&mut store, instance).into_iter().filter(|_| is_counted);
                let globals = all.map(|value| bits(value.1)).collect();
                Seen {
                    end,
                    memory: memory.data(&store)[shift..].to_vec(),
                    ticks: match (left, rest) {
                        (Some(Val::I64(left)), Some(Val::I64(rest))) if is_counted => {
                            store.data().ticks - left - rest
                        }
                        (Some(Val::I64(left)), None) if is_counted => store.data().ticks - left,
                        _ => store.data().ticks,
                    },
                    globals,
                    output: std::mem::take(&mut store.data_mut().output),
                    boundaries: std::mem::take(&mut store.data_mut().boundaries),
                }
            }
        }
    };
}

engine!(
    jit,
    wasmtime,
    instantiate,
    |nan: Nan| {
        let mut config = wasmtime::Config::new();
        config.cranelift_nan_canonicalization(nan == Nan::Canonical);
        config.async_stack_size(8 << 20).max_wasm_stack(4 << 20);
        config.memory_init_cow(false);
        wasmtime::Engine::new(&config).expect("a configuration")
    },
    <[u8]>::to_vec,
    wasmtime::Error::msg("out of bounds"),
    (|bits: u32| i128::from(bits), |bits: u64| i128::from(bits))
);
engine!(
    interpreter,
    wasmi,
    instantiate_and_start,
    |_nan: Nan| {
        let mut config = wasmi::Config::default();
        config.set_max_stack_height(64 << 20).set_max_recursion_depth(20_000);
        wasmi::Engine::new(&config)
    },
    |wasm: &[u8]| around_fused_selects(wasm).expect("a module"),
    wasmi::Error::new("out of bounds"),
    (
        |value: wasmi::F32| i128::from(value.to_bits()),
        |value: wasmi::F64| i128::from(value.to_bits())
    )
);
