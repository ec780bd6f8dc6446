//! The interpreter: wasmi with deterministic floats, no fuel of its own, no host functions.

use wasmi::{Config, Engine, Error, Global, Memory, Module, Store, TrapCode, Val};

use super::{Cause, EngineFault, Stop};
use crate::{
    admission::{Admitted, CALL_DEPTH_MAX, GAS_EXPORT},
    detour::around_fused_selects,
};

/// Bytes of value stack: 502 frames of at most (128 locals + 512 operands) * 16 bytes are 5 MiB,
/// and as much again for what the translation adds; so the stack never ends before our depth count.
const STACK_BYTES: usize = 32 * 1024 * 1024;

pub(super) struct Interpreter {
    engine: Engine,
    module: Module,
}

impl Interpreter {
    pub(super) fn new(admitted: &Admitted) -> Result<Interpreter, EngineFault> {
        let depth = usize::try_from(CALL_DEPTH_MAX).expect("500 fits usize");
        let mut config = Config::default();
        config
            .set_max_stack_height(STACK_BYTES)
            .set_max_recursion_depth(2 * depth)
            .wasm_multi_memory(false)
            .wasm_bulk_memory(false)
            .wasm_reference_types(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_relaxed_simd(false)
            .wasm_simd(true)
            .consume_fuel(false)
            .allow_start_fn(false)
            .ignore_custom_sections(true)
            .compilation_mode(wasmi::CompilationMode::Eager);
        let engine = Engine::new(&config);
        let code = around_fused_selects(admitted.code())
            .map_err(|error| EngineFault::Compile(error.to_string()))?;
        let module =
            Module::new(&engine, &code).map_err(|error| EngineFault::Compile(error.to_string()))?;
        Ok(Interpreter { engine, module })
    }

    pub(super) fn instance(&self) -> Result<Running, Stop> {
        let mut store = Store::new(&self.engine, ());
        let refused = |error: Error| Stop::Host(EngineFault::Resource(error.to_string()));
        let instance = wasmi::Instance::new(&mut store, &self.module, &[]).map_err(refused)?;
        let absent = || Stop::Host(EngineFault::Compile("export lost".to_owned()));
        let memory = instance.get_memory(&store, "memory").ok_or_else(absent)?;
        let gas = instance.get_global(&store, GAS_EXPORT).ok_or_else(absent)?;
        Ok(Running { store, instance, memory, gas })
    }
}

pub(super) struct Running {
    store: Store<()>,
    instance: wasmi::Instance,
    memory: Memory,
    gas: Global,
}

fn stop(error: Error) -> Stop {
    let cause = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Cause::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Cause::MemoryOutOfBounds,
        Some(
            TrapCode::TableOutOfBounds | TrapCode::IndirectCallToNull | TrapCode::BadSignature,
        ) => Cause::IndirectCall,
        Some(TrapCode::IntegerDivisionByZero | TrapCode::IntegerOverflow) => Cause::Division,
        Some(TrapCode::BadConversionToInteger) => Cause::Conversion,
        Some(
            TrapCode::StackOverflow
            | TrapCode::OutOfFuel
            | TrapCode::GrowthOperationLimited
            | TrapCode::OutOfSystemMemory,
        )
        | None => return Stop::Host(EngineFault::Resource(error.to_string())),
    };
    cause.into()
}

impl super::Instance for Running {
    fn query(&mut self, name: &'static str) -> Result<i32, Stop> {
        let function = self.instance.get_typed_func::<(), i32>(&self.store, name).map_err(stop)?;
        function.call(&mut self.store, ()).map_err(stop)
    }

    fn step(&mut self, index: i64, input_len: i32) -> Result<i32, Stop> {
        let function =
            self.instance.get_typed_func::<(i64, i32), i32>(&self.store, "step").map_err(stop)?;
        function.call(&mut self.store, (index, input_len)).map_err(stop)
    }

    fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    fn fill_gas(&mut self, gas: i64) -> Result<(), Stop> {
        self.gas
            .set(&mut self.store, Val::I64(gas))
            .map_err(|error| Stop::Host(EngineFault::Compile(error.to_string())))
    }

    fn gas_left(&mut self) -> Result<i64, Stop> {
        match self.gas.get(&self.store) {
            Val::I64(left) => Ok(left),
            _ => Err(Stop::Host(EngineFault::Compile("gas counter of another type".to_owned()))),
        }
    }
}
