//! The compiler: wasmtime. Floats are not made canonical here: prepared code does so itself.
//!
//! The native stack is a backstop: prepared code counts its calls, so that reaching it is the
//! host's failure, not the program's.

use wasmtime::{
    Config, Error, Global, Memory, Module, OptLevel, ResourceLimiter, Store, Strategy, Trap, Val,
};

use super::super::form::{FINISHED, GLOBAL_PREFIX, LEFT, MEMORY, START, STEP};
use super::calls::host_calls;
use super::{EngineFault, GAS, Host, Kind, MAP, MISSING, Stop, Value, lost};

/// Bytes of native stack for the program; threads that call have 2 MiB by default.
const STACK_BYTES: usize = 1536 * 1024;

pub(super) struct Jit {
    engine: wasmtime::Engine,
    module: Module,
    kind: Kind,
}

/// Growth within the module's maximum is allowed; if it fails all the same, that is the host's.
struct Limits;

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, Error> {
        Ok(true)
    }
}

struct Data {
    host: Host,
    limits: Limits,
    memory: Option<Memory>,
    map: Option<Memory>,
    left: Option<Global>,
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(false)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_branch_hinting(true) // They order code and change no run.
        .memory_may_move(false)
        .memory_init_cow(false) // A job's process may not make the file that is mapped for it.
        .max_wasm_stack(STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .consume_fuel(false);
    config
}

impl Jit {
    pub(super) fn new(code: &[u8], kind: Kind) -> Result<Jit, EngineFault> {
        let refused = |error: Error| EngineFault::Compile(format!("{error:#}"));
        let engine = wasmtime::Engine::new(&config()).map_err(refused)?;
        let module = Module::new(&engine, code).map_err(refused)?;
        Ok(Jit { engine, module, kind })
    }

    pub(super) fn instance(&self, host: Host, globals: usize) -> Result<Running, EngineFault> {
        let data = Data { host, limits: Limits, memory: None, map: None, left: None };
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| &mut data.limits);
        let refused = |error: Error| EngineFault::Resource(format!("{error:#}"));
        let linker = linker(&self.engine).map_err(refused)?;
        let instance = linker.instantiate(&mut store, &self.module).map_err(refused)?;
        let memory = instance.get_memory(&mut store, MEMORY).ok_or_else(|| lost(MEMORY))?;
        let map = instance.get_memory(&mut store, MAP);
        let left = instance.get_global(&mut store, LEFT);
        let numbered = (0..globals).map(|position| {
            let name = format!("{GLOBAL_PREFIX}{position}");
            instance.get_global(&mut store, &name).ok_or_else(|| lost(&name))
        });
        let globals = numbered.collect::<Result<Vec<Global>, EngineFault>>()?;
        let missing = instance.get_global(&mut store, MISSING);
        let gas = instance.get_global(&mut store, GAS);
        let data = store.data_mut();
        (data.memory, data.map, data.left) = (Some(memory), map, left);
        Ok(Running { store, instance, kind: self.kind, memory, map, globals, missing, gas })
    }
}

host_calls!(wasmtime, Error::msg);

pub(super) struct Running {
    store: Store<Data>,
    instance: wasmtime::Instance,
    kind: Kind,
    memory: Memory,
    map: Option<Memory>,
    globals: Vec<Global>,
    missing: Option<Global>,
    gas: Option<Global>,
}

impl Running {
    fn stop(&mut self, error: &Error) -> Stop {
        if let Some(stop) = self.store.data_mut().host.stopped.take() {
            return stop;
        }
        let flag = self.missing.map(|global| global.get(&mut self.store));
        if matches!(flag, Some(Val::I32(flag)) if flag != 0) {
            return Stop::Missing;
        }
        let gas = self.gas.map(|global| global.get(&mut self.store));
        if matches!(gas, Some(Val::I64(gas)) if gas < 0) {
            return Stop::Exceeded;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => Stop::Unreachable,
            Some(
                Trap::MemoryOutOfBounds
                | Trap::TableOutOfBounds
                | Trap::IndirectCallToNull
                | Trap::BadSignature
                | Trap::IntegerOverflow
                | Trap::IntegerDivisionByZero
                | Trap::BadConversionToInteger,
            ) => Stop::Trap,
            _ => Stop::Fault(EngineFault::Resource(format!("{error:#}"))),
        }
    }

    fn global_at(&self, position: usize) -> Result<Global, Stop> {
        let global = self.globals.get(position).copied();
        global.ok_or_else(|| Stop::Fault(lost(GLOBAL_PREFIX)))
    }
}

fn fault(error: impl std::fmt::Display) -> Stop {
    Stop::Fault(EngineFault::Resource(format!("{error:#}")))
}

impl super::Instance for Running {
    fn call(&mut self) -> Result<i32, Stop> {
        let outcome = match self.kind {
            Kind::Plain => {
                let start = self.instance.get_typed_func::<(), ()>(&mut self.store, START);
                start.map_err(fault)?.call(&mut self.store, ()).map(|()| FINISHED)
            }
            Kind::Pausable => {
                let step = self.instance.get_typed_func::<(), i32>(&mut self.store, STEP);
                step.map_err(fault)?.call(&mut self.store, ())
            }
        };
        outcome.map_err(|error| self.stop(&error))
    }

    fn global(&mut self, position: usize) -> Result<Value, Stop> {
        match self.global_at(position)?.get(&mut self.store) {
            Val::I32(value) => Ok(Value::I32(value)),
            Val::I64(value) => Ok(Value::I64(value)),
            Val::F32(bits) => Ok(Value::F32(bits)),
            Val::F64(bits) => Ok(Value::F64(bits)),
            _ => Err(fault("a global of another type")),
        }
    }

    fn set_global(&mut self, position: usize, value: Value) -> Result<(), Stop> {
        let value = match value {
            Value::I32(value) => Val::I32(value),
            Value::I64(value) => Val::I64(value),
            Value::F32(bits) => Val::F32(bits),
            Value::F64(bits) => Val::F64(bits),
        };
        let global = self.global_at(position)?;
        global.set(&mut self.store, value).map_err(fault)
    }

    fn set_gas(&mut self, gas: i64) -> Result<(), Stop> {
        let global = self.gas.ok_or_else(|| Stop::Fault(lost(GAS)))?;
        global.set(&mut self.store, Val::I64(gas)).map_err(fault)
    }

    fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    fn grow(&mut self, blocks: u32) -> Result<(), Stop> {
        let more = u64::from(blocks).saturating_sub(self.memory.size(&self.store));
        self.memory.grow(&mut self.store, more).map(|_| ()).map_err(fault)
    }

    fn map(&mut self) -> &mut [u8] {
        match self.map {
            Some(map) => map.data_mut(&mut self.store),
            None => &mut [],
        }
    }

    fn host(&mut self) -> &mut Host {
        &mut self.store.data_mut().host
    }
}
