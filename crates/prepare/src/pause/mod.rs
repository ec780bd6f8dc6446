//! From the plain module P1 to the pausable P2, whose stack lies in its memory while it is paused.
//!
//! A run pauses at a poll of P1: the function writes its locals and the number of the place to the
//! stack at the start of memory and returns, so does its caller, and so on. To go on, each
//! function takes its frame back, wipes it, and jumps to the call it was in, down to the poll.
//! Every place a run may pause is the end of a block that opens where the function, or the loop
//! around the place, begins; so a jump there is one branch, and running on costs nothing but a test
//! behind each call. What lies on the operand stack at such a place is kept in locals.
//!
//! Laws: ticks, memory beyond the stack, globals of P1 and output are those of P1 at each boundary;
//! the stack holds the frames of the paused run and zeros, whatever pauses there were before.
//! Not here: how one function is written (`function`), which functions can pause (`reach`).

mod frame;
mod function;
mod level;
mod live;
mod reach;
mod slots;

use earnest_compute::paged::form;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{BlockType, ConstExpr, ExportKind, GlobalType, ValType};
use wasmparser::ExternalKind;

use crate::module::{MODULE_BYTES_MAX, Module, Stage, read, within};
use crate::rejected::{Part, Rejected};

/// States of the module: running on.
const RUNNING: i32 = 0;
/// Each function stores its frame and returns.
const UNWINDING: i32 = 1;
/// Each function takes its frame back and calls on.
const REWINDING: i32 = 2;

/// Where things stand in P1 and P2.
pub(crate) struct Layout {
    /// Index of `slice` in P1; functions behind it move up by one in P2.
    slice: u32,
    left: u32,
    state: u32,
    /// The end of the frames in memory.
    top: u32,
    /// Index in P2 of the first function that moves parts of frames.
    frames: u32,
}

pub(crate) struct Renumber(u32);

impl Reencode for Renumber {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<Self::Error>> {
        Ok(if self.0 < index { index - 1 } else { index })
    }
}

/// Makes the pausable module of one that `plain` made.
///
/// # Errors
/// If it would be longer than [`MODULE_BYTES_MAX`].
pub(crate) fn pause(plain: &[u8]) -> Result<Vec<u8>, Rejected> {
    let module = read(plain, Stage::Plain)?;
    let slice = module.imports.iter().position(|import| import.0 == form::SLICE);
    let slice = slice.and_then(|slice| u32::try_from(slice).ok()).expect("P1 imports it");
    let globals = u32::try_from(module.globals.len()).expect("globals have a limit");
    let left = module.export(form::LEFT).expect("P1 exports it").index;
    // Behind the driver, which takes the number of the last function of P1: an import is gone.
    let frames = u32::try_from(module.imports.len() + module.functions.len());
    let frames = frames.expect("functions have a limit");
    let layout = Layout { slice, left, state: globals, top: globals + 1, frames };
    let pausing = reach::pausing(&module, &layout)?;
    let mut code = wasm_encoder::CodeSection::new();
    for own in 0..module.functions.len() {
        let function = function::rewrite(&module, &layout, &pausing, own)?;
        code.function(&function);
        within(Part::PreparedBytes, code.byte_len() as u64, MODULE_BYTES_MAX as u64)?;
    }
    code.function(&driver(&module, &layout));
    for function in frame::functions(&layout) {
        code.function(&function);
    }
    let out = write(&module, &layout, code);
    within(Part::PreparedBytes, out.len() as u64, MODULE_BYTES_MAX as u64)?;
    Ok(out)
}

/// Starts or goes on, and tells which end the step came to.
fn driver(module: &Module<'_>, layout: &Layout) -> wasm_encoder::Function {
    let mut driver = wasm_encoder::Function::new([]);
    let start = module.export(form::START).expect("P1 exports it").index;
    let mut sink = driver.instructions();
    sink.i32_const(REWINDING).i32_const(RUNNING).global_get(layout.top).select();
    sink.global_set(layout.state).call(start - 1);
    sink.global_get(layout.state).if_(BlockType::Result(ValType::I32));
    sink.i32_const(RUNNING).global_set(layout.state).i32_const(form::PAUSED);
    sink.else_().i32_const(form::FINISHED).end().end();
    driver
}

fn write(module: &Module<'_>, layout: &Layout, code: wasm_encoder::CodeSection) -> Vec<u8> {
    let mut renumber = Renumber(layout.slice);
    let sound = "a validated part has an encoding";
    let mut out = wasm_encoder::Module::new();
    let mut types = wasm_encoder::TypeSection::new();
    for ty in &module.types {
        let ty = renumber.func_type(ty.clone()).expect(sound);
        types.ty().func_type(&ty);
    }
    types.ty().function([], [ValType::I32]);
    let mut imports = wasm_encoder::ImportSection::new();
    for (name, ty) in module.imports.iter().filter(|import| import.0 != form::SLICE) {
        imports.import(form::HOST, name, wasm_encoder::EntityType::Function(*ty));
    }
    let mut functions = wasm_encoder::FunctionSection::new();
    for ty in &module.functions {
        functions.function(*ty);
    }
    let step = u32::try_from(module.types.len()).expect("types have a limit");
    functions.function(step);
    let encoded = |kind: &wasmparser::ValType| Renumber(0).val_type(*kind).expect(sound);
    for (ty, (parameters, results)) in (step + 1..).zip(frame::types()) {
        let values = |kinds: Vec<_>| kinds.iter().map(encoded).collect::<Vec<_>>();
        types.ty().function(values(parameters), values(results));
        functions.function(ty);
    }
    out.section(&types).section(&imports).section(&functions);
    if let Some(tables) = &module.tables {
        let mut section = wasm_encoder::TableSection::new();
        renumber.parse_table_section(&mut section, tables.clone()).expect(sound);
        out.section(&section);
    }
    let mut memories = wasm_encoder::MemorySection::new();
    memories.memory(renumber.memory_type(module.memory).expect(sound));
    let mut globals = wasm_encoder::GlobalSection::new();
    for global in &module.globals {
        renumber.parse_global(&mut globals, global.clone()).expect(sound);
    }
    for _ in [layout.state, layout.top] {
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i32_const(0));
    }
    out.section(&memories).section(&globals).section(&exports(module, layout));
    if let Some(elements) = &module.elements {
        let mut section = wasm_encoder::ElementSection::new();
        renumber.parse_element_section(&mut section, elements.clone()).expect(sound);
        out.section(&section);
    }
    out.section(&code);
    let mut data = wasm_encoder::DataSection::new();
    for (at, bytes) in &module.data {
        data.active(0, &ConstExpr::i32_const(at.cast_signed()), bytes.iter().copied());
    }
    out.section(&data);
    out.finish()
}

fn exports(module: &Module<'_>, layout: &Layout) -> wasm_encoder::ExportSection {
    let mut exports = wasm_encoder::ExportSection::new();
    let mut mutable = 0;
    for export in &module.exports {
        let kind = match export.kind {
            ExternalKind::Memory => ExportKind::Memory,
            ExternalKind::Global => ExportKind::Global,
            _ => continue,
        };
        exports.export(export.name, kind, export.index);
        mutable += usize::from(export.name.starts_with(form::GLOBAL_PREFIX));
    }
    for (position, global) in (mutable..).zip([layout.state, layout.top]) {
        let name = format!("{}{position}", form::GLOBAL_PREFIX);
        exports.export(&name, ExportKind::Global, global);
    }
    // Behind all functions of P1, less the import that is gone.
    let step = module.imports.len() + module.functions.len() - 1;
    let step = u32::try_from(step).expect("functions have a limit");
    exports.export(form::STEP, ExportKind::Func, step);
    exports
}
