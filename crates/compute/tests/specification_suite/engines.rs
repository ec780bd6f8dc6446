//! Guests whose exports are called one after another, in either engine, set as `executor` sets them
//! where it matters to results.
//!
//! A step runs in a fresh instance, so what a trap leaves of the counters never matters; here the
//! module goes on after a trap, in a new instance that has made the same calls again.

use earnest_compute::admission::GAS_EXPORT;
use earnest_compute::detour::around_fused_selects;

/// A value, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Returned(Vec<Answer>),
    Trapped,
    /// There is no such export, or it takes or gives something else.
    Unknown,
}

/// A module that is called.
pub(crate) trait Guest {
    fn invoke(&mut self, name: &str, arguments: &[Answer]) -> Outcome;
}

/// Enough for any test of the suite, and an end for those that loop.
const GAS: i64 = 1_000_000_000;
const MEMORY_BYTES: usize = 16 << 20;

type Calls = Vec<(String, Vec<Answer>)>;

pub(crate) struct Compiled {
    module: wasmtime::Module,
    store: wasmtime::Store<()>,
    instance: wasmtime::Instance,
    made: Calls,
}

impl Compiled {
    pub(crate) fn new(code: &[u8]) -> Compiled {
        let mut config = wasmtime::Config::new();
        config
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false)
            .memory_reservation(MEMORY_BYTES as u64)
            .memory_init_cow(false);
        let engine = wasmtime::Engine::new(&config).expect("a configuration");
        let module = wasmtime::Module::new(&engine, code).expect("an admitted module compiles");
        let (store, instance) = Compiled::instance(&module);
        Compiled { module, store, instance, made: Vec::new() }
    }

    fn instance(module: &wasmtime::Module) -> (wasmtime::Store<()>, wasmtime::Instance) {
        let mut store = wasmtime::Store::new(module.engine(), ());
        let instance = wasmtime::Instance::new(&mut store, module, &[]).expect("no imports");
        (store, instance)
    }

    fn call(&mut self, name: &str, arguments: &[Answer]) -> Outcome {
        let Compiled { store, instance, .. } = self;
        if let Some(gas) = instance.get_global(&mut *store, GAS_EXPORT) {
            gas.set(&mut *store, wasmtime::Val::I64(GAS)).expect("ours");
        }
        let Some(function) = instance.get_func(&mut *store, name) else { return Outcome::Unknown };
        let arguments: Vec<wasmtime::Val> = arguments
            .iter()
            .map(|argument| match *argument {
                Answer::I32(bits) => wasmtime::Val::I32(bits.cast_signed()),
                Answer::I64(bits) => wasmtime::Val::I64(bits.cast_signed()),
                Answer::F32(bits) => wasmtime::Val::F32(bits),
                Answer::F64(bits) => wasmtime::Val::F64(bits),
                Answer::V128(bits) => wasmtime::Val::V128(bits.into()),
            })
            .collect();
        let count = function.ty(&*store).results().len();
        let mut results = vec![wasmtime::Val::I32(0); count];
        if function.call(&mut *store, &arguments, &mut results).is_err() {
            return Outcome::Trapped;
        }
        let answer = |value: &wasmtime::Val| match value {
            wasmtime::Val::I32(value) => Some(Answer::I32(value.cast_unsigned())),
            wasmtime::Val::I64(value) => Some(Answer::I64(value.cast_unsigned())),
            wasmtime::Val::F32(bits) => Some(Answer::F32(*bits)),
            wasmtime::Val::F64(bits) => Some(Answer::F64(*bits)),
            wasmtime::Val::V128(value) => Some(Answer::V128(value.as_u128())),
            _ => None,
        };
        let answers: Option<Vec<Answer>> = results.iter().map(answer).collect();
        answers.map_or(Outcome::Unknown, Outcome::Returned)
    }
}

impl Guest for Compiled {
    fn invoke(&mut self, name: &str, arguments: &[Answer]) -> Outcome {
        let outcome = self.call(name, arguments);
        if outcome == Outcome::Trapped {
            (self.store, self.instance) = Compiled::instance(&self.module);
            for (name, arguments) in self.made.clone() {
                self.call(&name, &arguments);
            }
        } else {
            self.made.push((name.to_owned(), arguments.to_vec()));
        }
        outcome
    }
}

pub(crate) struct Interpreted {
    module: wasmi::Module,
    store: wasmi::Store<()>,
    instance: wasmi::Instance,
    made: Calls,
}

impl Interpreted {
    pub(crate) fn new(code: &[u8]) -> Interpreted {
        let mut config = wasmi::Config::default();
        config.set_max_recursion_depth(1_000).set_max_stack_height(32 << 20).wasm_simd(true);
        let engine = wasmi::Engine::new(&config);
        let module = wasmi::Module::new(&engine, around_fused_selects(code).expect("a module"))
            .expect("an admitted module is read");
        let (store, instance) = Interpreted::instance(&module);
        Interpreted { module, store, instance, made: Vec::new() }
    }

    fn instance(module: &wasmi::Module) -> (wasmi::Store<()>, wasmi::Instance) {
        let mut store = wasmi::Store::new(module.engine(), ());
        let instance = wasmi::Instance::new(&mut store, module, &[]).expect("no imports");
        (store, instance)
    }

    fn call(&mut self, name: &str, arguments: &[Answer]) -> Outcome {
        let Interpreted { store, instance, .. } = self;
        if let Some(gas) = instance.get_global(&*store, GAS_EXPORT) {
            gas.set(&mut *store, wasmi::Val::I64(GAS)).expect("ours");
        }
        let Some(function) = instance.get_func(&*store, name) else { return Outcome::Unknown };
        let arguments: Vec<wasmi::Val> = arguments
            .iter()
            .map(|argument| match *argument {
                Answer::I32(bits) => wasmi::Val::I32(bits.cast_signed()),
                Answer::I64(bits) => wasmi::Val::I64(bits.cast_signed()),
                Answer::F32(bits) => wasmi::Val::F32(wasmi::F32::from_bits(bits)),
                Answer::F64(bits) => wasmi::Val::F64(wasmi::F64::from_bits(bits)),
                Answer::V128(bits) => wasmi::Val::V128(wasmi::V128::from(bits)),
            })
            .collect();
        let mut results = vec![wasmi::Val::I32(0); function.ty(&*store).results().len()];
        if function.call(&mut *store, &arguments, &mut results).is_err() {
            return Outcome::Trapped;
        }
        let answer = |value: &wasmi::Val| match value {
            wasmi::Val::I32(value) => Some(Answer::I32(value.cast_unsigned())),
            wasmi::Val::I64(value) => Some(Answer::I64(value.cast_unsigned())),
            wasmi::Val::F32(value) => Some(Answer::F32(value.to_bits())),
            wasmi::Val::F64(value) => Some(Answer::F64(value.to_bits())),
            wasmi::Val::V128(value) => Some(Answer::V128(value.as_u128())),
            _ => None,
        };
        let answers: Option<Vec<Answer>> = results.iter().map(answer).collect();
        answers.map_or(Outcome::Unknown, Outcome::Returned)
    }
}

impl Guest for Interpreted {
    fn invoke(&mut self, name: &str, arguments: &[Answer]) -> Outcome {
        let outcome = self.call(name, arguments);
        if outcome == Outcome::Trapped {
            (self.store, self.instance) = Interpreted::instance(&self.module);
            for (name, arguments) in self.made.clone() {
                self.call(&name, &arguments);
            }
        } else {
            self.made.push((name.to_owned(), arguments.to_vec()));
        }
        outcome
    }
}
