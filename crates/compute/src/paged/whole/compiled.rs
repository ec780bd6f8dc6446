//! The run itself, compiled: the two calls of the host, and what is left of the memory.

use std::time::{Duration, Instant};

use wasmtime::{
    Caller, Config, Engine, Error, Extern, Instance, Linker, Memory, Module, OptLevel, Result,
    Store, Trap,
};

use super::super::form;
use super::{Ending, Exit, OUTPUT_BYTES_MAX, Ran};
use crate::executor::EngineFault;

/// Bytes of native stack for the program; the main thread has 8 MiB.
const STACK_BYTES: usize = 2 * 1024 * 1024;

struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    full: bool,
}

fn refused(error: &Error) -> EngineFault {
    EngineFault::Compile(format!("{error:#}"))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .memory_may_move(false)
        .memory_init_cow(false)
        .max_wasm_stack(STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .consume_fuel(false);
    config
}

pub(super) fn run(module: &[u8], input: Vec<u8>, shown_bytes: u64) -> Result<Ran, EngineFault> {
    let begun = Instant::now();
    let engine = Engine::new(&config()).map_err(|error| refused(&error))?;
    let module = Module::new(&engine, module).map_err(|error| refused(&error))?;
    let compiled = begun.elapsed();
    let mut store = Store::new(&engine, Host { input, output: Vec::new(), full: false });
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap(form::HOST, form::INPUT_READ, input_read)
        .and_then(|linker| linker.func_wrap(form::HOST, form::OUTPUT_WRITE, output_write))
        .map_err(|error| refused(&error))?;
    let instance = linker.instantiate(&mut store, &module).map_err(|error| refused(&error))?;
    let begun = Instant::now();
    let exit = start(&mut store, &instance)?;
    let ran = begun.elapsed();
    let absent = || EngineFault::Compile("no memory is exported".to_owned());
    let memory = instance.get_memory(&mut store, form::MEMORY).ok_or_else(absent)?;
    let bytes = memory.data(&store);
    let shown = usize::try_from(shown_bytes).unwrap_or(usize::MAX).min(bytes.len());
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let ending = Ending {
        exit,
        memory_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        compile_nanos: nanos(compiled),
        run_nanos: nanos(ran),
    };
    let shown = bytes[..shown].to_vec();
    Ok(Ran { output: std::mem::take(&mut store.data_mut().output), shown, ending })
}

fn start(store: &mut Store<Host>, instance: &Instance) -> Result<Exit, EngineFault> {
    let lost = |error: Error| refused(&error);
    let start = instance.get_typed_func::<(), ()>(&mut *store, form::START).map_err(lost)?;
    let Err(error) = start.call(&mut *store, ()) else { return Ok(Exit::Code(0)) };
    if store.data().full {
        return Ok(Exit::TooMuchOutput);
    }
    let code = instance.get_global(&mut *store, form::EXIT);
    let code = code.and_then(|global| global.get(&mut *store).i32()).unwrap_or(0);
    if let Some(code) = code.cast_unsigned().checked_sub(1) {
        return Ok(Exit::Code(code));
    }
    let words = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    };
    Ok(Exit::Fault(words))
}

fn input_read(mut caller: Caller<'_, Host>, offset: u64, pointer: u32, length: u32) -> Result<u32> {
    let memory = memory(&mut caller)?;
    let (bytes, host) = memory.data_and_store_mut(&mut caller);
    let length = length.min(form::CALL_BYTES_MAX);
    let place = range(bytes, pointer, length)?;
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(host.input.len());
    let rest = &host.input[from..];
    let read = rest.len().min(place.len());
    place[..read].copy_from_slice(&rest[..read]);
    u32::try_from(read).map_err(|_| Error::from(Trap::MemoryOutOfBounds))
}

fn output_write(mut caller: Caller<'_, Host>, pointer: u32, length: u32) -> Result<()> {
    let memory = memory(&mut caller)?;
    let (bytes, host) = memory.data_and_store_mut(&mut caller);
    if form::CALL_BYTES_MAX < length {
        return Err(Trap::MemoryOutOfBounds.into());
    }
    let piece = range(bytes, pointer, length)?;
    let held = u64::try_from(host.output.len()).unwrap_or(u64::MAX);
    if OUTPUT_BYTES_MAX.saturating_sub(held) < u64::from(length) {
        host.full = true;
        return Err(Trap::UnreachableCodeReached.into());
    }
    host.output.extend_from_slice(piece);
    Ok(())
}

fn range(bytes: &mut [u8], pointer: u32, length: u32) -> Result<&mut [u8]> {
    let (start, length) = (usize::try_from(pointer)?, usize::try_from(length)?);
    let place = bytes.get_mut(start..).and_then(|rest| rest.get_mut(..length));
    place.ok_or_else(|| Trap::MemoryOutOfBounds.into())
}

fn memory(caller: &mut Caller<'_, Host>) -> Result<Memory> {
    let memory = caller.get_export(form::MEMORY).and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::msg("no memory is exported"))
}
