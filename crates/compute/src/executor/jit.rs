//! The compiler: wasmtime with canonical NaNs and without every feature that admission refuses.
//!
//! No fuel and no epochs: the injected counter already ends every step after a bounded amount of
//! work, and the child's own limits (crate `worker`) end what a compiler bug might begin. The stack
//! limit is a backstop: reaching it is the host's failure, not the guest's, because the depth count
//! is the law.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Engine, Error, Global, InstanceAllocationStrategy, Memory, Module, OptLevel,
    PoolingAllocationConfig, Store, StoreLimits, StoreLimitsBuilder, Strategy, Trap, Val,
    WasmBacktrace,
};

use super::{Cause, EngineFault, Explanation, Stop};
use crate::admission::{
    Admitted, CALL_DEPTH_MAX, GAS_EXPORT, MEMORY_BYTES_MAX, TABLE_ELEMENT_COUNT_MAX,
};

/// Bytes of native stack for the guest; threads that call have 2 MiB by default.
const STACK_BYTES: usize = 1024 * 1024;

pub(super) struct Jit {
    engine: Engine,
    module: Module,
}

fn memory_bytes_max() -> usize {
    usize::try_from(MEMORY_BYTES_MAX).expect("16 MiB fits usize")
}

fn table_elements_max() -> usize {
    usize::try_from(TABLE_ELEMENT_COUNT_MAX).expect("4096 fits usize")
}

fn config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(1)
        .total_memories(1)
        .total_tables(1)
        .table_elements(table_elements_max())
        .max_memory_size(memory_bytes_max())
        // All written pages are wiped in place: taken anew from the system, 4 KiB at a time, they
        // would be 25 times as dear as in the interpreter.
        .linear_memory_keep_resident(memory_bytes_max());
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_simd(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .memory_may_move(false)
        .memory_init_cow(false) // Mapped images would come page by page as well.
        .max_wasm_stack(STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .consume_fuel(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

impl Jit {
    pub(super) fn new(admitted: &Admitted) -> Result<Jit, EngineFault> {
        Jit::of(&config(), admitted)
    }

    /// As [`Jit::new`], and a trap tells which functions were running.
    pub(super) fn with_frames(admitted: &Admitted) -> Result<Jit, EngineFault> {
        let most = usize::try_from(CALL_DEPTH_MAX).expect("500 fits usize") + 8;
        let mut config = config();
        config.wasm_backtrace_max_frames(NonZeroUsize::new(most));
        Jit::of(&config, admitted)
    }

    fn of(config: &Config, admitted: &Admitted) -> Result<Jit, EngineFault> {
        let refused = |error: Error| EngineFault::Compile(format!("{error:#}"));
        let engine = Engine::new(config).map_err(refused)?;
        let module = Module::new(&engine, admitted.code()).map_err(refused)?;
        Ok(Jit { engine, module })
    }

    pub(super) fn instance(&self) -> Result<Running, Stop> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(memory_bytes_max())
            .table_elements(table_elements_max())
            .instances(1)
            .memories(1)
            .tables(1)
            .build();
        let mut store = Store::new(&self.engine, limits);
        store.limiter(|limits| limits);
        let instance = wasmtime::Instance::new(&mut store, &self.module, &[])
            .map_err(|error| Stop::Host(EngineFault::Resource(format!("{error:#}"))))?;
        let absent = || Stop::Host(EngineFault::Compile("export lost".to_owned()));
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(absent)?;
        let gas = instance.get_global(&mut store, GAS_EXPORT).ok_or_else(absent)?;
        Ok(Running { store, instance, memory, gas })
    }
}

pub(super) struct Running {
    store: Store<StoreLimits>,
    instance: wasmtime::Instance,
    memory: Memory,
    gas: Global,
}

fn stop(error: Error) -> Stop {
    let cause = match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Cause::Unreachable,
        Some(Trap::MemoryOutOfBounds) => Cause::MemoryOutOfBounds,
        Some(Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature) => {
            Cause::IndirectCall
        }
        Some(Trap::IntegerOverflow | Trap::IntegerDivisionByZero) => Cause::Division,
        Some(Trap::BadConversionToInteger) => Cause::Conversion,
        _ => return Stop::Host(EngineFault::Resource(format!("{error:#}"))),
    };
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    Stop::Guest(Explanation {
        cause,
        function: frames.first().map(|frame| frame.func_index()),
        depth: u32::try_from(frames.len()).unwrap_or(u32::MAX),
    })
}

impl super::Instance for Running {
    fn query(&mut self, name: &'static str) -> Result<i32, Stop> {
        let function =
            self.instance.get_typed_func::<(), i32>(&mut self.store, name).map_err(stop)?;
        function.call(&mut self.store, ()).map_err(stop)
    }

    fn step(&mut self, index: i64, input_len: i32) -> Result<i32, Stop> {
        let function = self
            .instance
            .get_typed_func::<(i64, i32), i32>(&mut self.store, "step")
            .map_err(stop)?;
        function.call(&mut self.store, (index, input_len)).map_err(stop)
    }

    fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    fn fill_gas(&mut self, gas: i64) -> Result<(), Stop> {
        self.gas
            .set(&mut self.store, Val::I64(gas))
            .map_err(|error| Stop::Host(EngineFault::Compile(format!("{error:#}"))))
    }

    fn gas_left(&mut self) -> Result<i64, Stop> {
        match self.gas.get(&mut self.store) {
            Val::I64(left) => Ok(left),
            _ => Err(Stop::Host(EngineFault::Compile("gas counter of another type".to_owned()))),
        }
    }
}
