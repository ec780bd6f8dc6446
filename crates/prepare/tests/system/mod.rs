//! A host for linked programs: the two calls, an end, and the memory to look into.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod story;

use earnest_compute::paged::form;
use earnest_prepare::bundle::Bundle;
use earnest_prepare::link;
use wasmi::{Caller, Engine, Error, Extern, Linker, Memory, Module, Store};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a code; 0 if `_start` returned.
    Exited(u32),
    /// By a fault.
    Trapped,
}

/// What is left of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
    pub(crate) end: End,
    /// The whole memory at the end.
    pub(crate) memory: Vec<u8>,
}

struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
}

/// Links a program and runs it over a bundle, and again over one that zeros follow, as in a job.
pub(crate) fn run(program: &[u8], bundle: &Bundle) -> Ran {
    let mut input = bundle.encode().expect("the test's bundle can be said");
    let linked = link::link(program).unwrap_or_else(|why| panic!("not linked: {why}"));
    let ran = run_over(&linked, input.clone());
    input.resize(input.len().next_multiple_of(256 * 1024), 0);
    assert!(ran == run_over(&linked, input), "zeros behind a bundle are read by nobody");
    ran
}

fn run_over(linked: &[u8], input: Vec<u8>) -> Ran {
    let engine = Engine::default();
    let module = Module::new(&engine, linked).expect("a linked program is valid");
    let mut store = Store::new(&engine, Host { input, output: Vec::new() });
    let instance = linker(&engine).instantiate_and_start(&mut store, &module).expect("it starts");
    let start = instance.get_typed_func::<(), ()>(&store, form::START).expect("`_start` is there");
    let returned = start.call(&mut store, ());
    let exit = instance.get_global(&store, form::EXIT).expect("`earnest_exit` is there");
    let exit = exit.get(&store).i32().expect("an i32").cast_unsigned();
    let end = match (returned, exit) {
        (Ok(()), _) => End::Exited(0),
        (Err(_), 0) => End::Trapped,
        (Err(_), code) => End::Exited(code - 1),
    };
    let memory = instance.get_memory(&store, form::MEMORY).expect("memory").data(&store).to_vec();
    let errors = link::standard_error(&memory);
    Ran { output: store.into_data().output, errors, end, memory }
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(form::HOST, form::INPUT_READ, input_read).expect("the only one");
    linker.func_wrap(form::HOST, form::OUTPUT_WRITE, output_write).expect("the only one");
    linker
}

fn input_read(
    mut caller: Caller<'_, Host>,
    offset: u64,
    pointer: u32,
    length: u32,
) -> Result<u32, Error> {
    let memory = memory(&caller)?;
    let (bytes, host) = memory.data_and_store_mut(&mut caller);
    let length = length.min(form::CALL_BYTES_MAX) as usize;
    let place = bytes.get_mut(pointer as usize..).and_then(|rest| rest.get_mut(..length));
    let place = place.ok_or_else(|| Error::new("outside the memory"))?;
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(host.input.len());
    let read = length.min(host.input.len() - from);
    place[..read].copy_from_slice(&host.input[from..from + read]);
    Ok(read as u32)
}

fn output_write(mut caller: Caller<'_, Host>, pointer: u32, length: u32) -> Result<(), Error> {
    let memory = memory(&caller)?;
    let (bytes, host) = memory.data_and_store_mut(&mut caller);
    assert!(length <= form::CALL_BYTES_MAX, "a call writes 64 KiB at most");
    let piece = bytes.get(pointer as usize..).and_then(|rest| rest.get(..length as usize));
    host.output.extend_from_slice(piece.ok_or_else(|| Error::new("outside the memory"))?);
    Ok(())
}

fn memory(caller: &Caller<'_, Host>) -> Result<Memory, Error> {
    let memory = caller.get_export(form::MEMORY).and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::new("no memory"))
}
