//! The interpreter: wasmi with deterministic floats.

use wasmi::{
    Config, Error, Global, Memory, Module, Store, StoreLimits, StoreLimitsBuilder, TrapCode, Val,
};

use super::super::form::{GLOBAL_PREFIX, LEFT, MEMORY, START, STEP};
use super::calls::host_calls;
use super::{EngineFault, GAS, Host, Kind, MAP, MISSING, Stop, Value, lost};
use crate::detour::around_fused_selects;

/// Bytes of value stack, and calls inside one another, before the interpreter gives up.
const STACK_BYTES: usize = 256 * 1024 * 1024;
const RECURSION_MAX: usize = 100_000;

pub(super) struct Interpreter {
    engine: wasmi::Engine,
    module: Module,
    kind: Kind,
}

struct Data {
    host: Host,
    limits: StoreLimits,
    memory: Option<Memory>,
    map: Option<Memory>,
    left: Option<Global>,
}

impl Interpreter {
    pub(super) fn new(code: &[u8], kind: Kind) -> Result<Interpreter, EngineFault> {
        let mut config = Config::default();
        config
            .set_max_stack_height(STACK_BYTES)
            .set_max_recursion_depth(RECURSION_MAX)
            .wasm_multi_memory(true)
            .wasm_bulk_memory(true)
            .wasm_reference_types(true)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_relaxed_simd(false)
            .wasm_simd(true)
            .consume_fuel(false)
            .allow_start_fn(false)
            .ignore_custom_sections(true)
            .compilation_mode(wasmi::CompilationMode::LazyTranslation);
        let engine = wasmi::Engine::new(&config);
        let code =
            around_fused_selects(code).map_err(|error| EngineFault::Compile(error.to_string()))?;
        let module =
            Module::new(&engine, &code).map_err(|error| EngineFault::Compile(error.to_string()))?;
        Ok(Interpreter { engine, module, kind })
    }

    pub(super) fn instance(&self, host: Host, globals: usize) -> Result<Running, EngineFault> {
        // Growth within the maximum is allowed; if it fails all the same, that is the host's.
        let limits = StoreLimitsBuilder::new().trap_on_grow_failure(true).build();
        let data = Data { host, limits, memory: None, map: None, left: None };
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| &mut data.limits);
        let refused = |error: Error| EngineFault::Resource(error.to_string());
        let linker = linker(&self.engine).map_err(refused)?;
        let instance = linker.instantiate_and_start(&mut store, &self.module).map_err(refused)?;
        let memory = instance.get_memory(&store, MEMORY).ok_or_else(|| lost(MEMORY))?;
        let map = instance.get_memory(&store, MAP);
        let left = instance.get_global(&store, LEFT);
        let numbered = (0..globals).map(|position| {
            let name = format!("{GLOBAL_PREFIX}{position}");
            instance.get_global(&store, &name).ok_or_else(|| lost(&name))
        });
        let globals = numbered.collect::<Result<Vec<Global>, EngineFault>>()?;
        let missing = instance.get_global(&store, MISSING);
        let gas = instance.get_global(&store, GAS);
        let data = store.data_mut();
        (data.memory, data.map, data.left) = (Some(memory), map, left);
        Ok(Running { store, instance, kind: self.kind, memory, map, globals, missing, gas })
    }
}

host_calls!(wasmi, Error::new);

pub(super) struct Running {
    store: Store<Data>,
    instance: wasmi::Instance,
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
        let checked = self.gas.is_some();
        match self.missing.map(|global| global.get(&self.store)) {
            Some(Val::I32(flag)) if flag != 0 => return Stop::Missing,
            _ => {}
        }
        if let Some(Val::I64(gas)) = self.gas.map(|global| global.get(&self.store))
            && gas < 0
        {
            return Stop::Exceeded;
        }
        match error.as_trap_code() {
            Some(TrapCode::StackOverflow) if checked => Stop::Exceeded,
            Some(
                TrapCode::StackOverflow
                | TrapCode::OutOfFuel
                | TrapCode::GrowthOperationLimited
                | TrapCode::OutOfSystemMemory,
            )
            | None => Stop::Fault(EngineFault::Resource(error.to_string())),
            Some(TrapCode::UnreachableCodeReached) => Stop::Unreachable,
            Some(_) => Stop::Trap,
        }
    }

    fn global_at(&self, position: usize) -> Result<Global, Stop> {
        let global = self.globals.get(position).copied();
        global.ok_or_else(|| Stop::Fault(lost(GLOBAL_PREFIX)))
    }
}

fn fault(error: impl std::fmt::Display) -> Stop {
    Stop::Fault(EngineFault::Resource(error.to_string()))
}

impl super::Instance for Running {
    fn call(&mut self) -> Result<i32, Stop> {
        let outcome = match self.kind {
            Kind::Plain => {
                let start = self.instance.get_typed_func::<(), ()>(&self.store, START);
                let start = start.map_err(fault)?;
                start.call(&mut self.store, ()).map(|()| super::super::form::FINISHED)
            }
            Kind::Pausable => {
                let step = self.instance.get_typed_func::<(), i32>(&self.store, STEP);
                step.map_err(fault)?.call(&mut self.store, ())
            }
        };
        outcome.map_err(|error| self.stop(&error))
    }

    fn global(&mut self, position: usize) -> Result<Value, Stop> {
        match self.global_at(position)?.get(&self.store) {
            Val::I32(value) => Ok(Value::I32(value)),
            Val::I64(value) => Ok(Value::I64(value)),
            Val::F32(value) => Ok(Value::F32(value.to_bits())),
            Val::F64(value) => Ok(Value::F64(value.to_bits())),
            _ => Err(fault("a global of another type")),
        }
    }

    fn set_global(&mut self, position: usize, value: Value) -> Result<(), Stop> {
        let value = match value {
            Value::I32(value) => Val::I32(value),
            Value::I64(value) => Val::I64(value),
            Value::F32(bits) => Val::F32(f32::from_bits(bits).into()),
            Value::F64(bits) => Val::F64(f64::from_bits(bits).into()),
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
