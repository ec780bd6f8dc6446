//! From a linked program L to the counted module C: deterministic, polled.
//!
//! What C is beside L: its addresses lie [`STACK_BYTES`] higher, so that no address of the program
//! can reach the first bytes of memory, where the pausable module keeps its stack; NaNs are
//! canonical where their bits show (`floats`); ticks are counted in a local and polled
//! (`function`); copies go piece by piece, and calls of the host are priced (`helpers`).
//!
//! Key terms: a *tick* is a weighted instruction ([`earnest_compute::admission::cost`], with each
//! access to memory at [`ACCESS_TICKS`]); a *poll* is a place where a run may pause; *weight* is
//! what a call adds to the depth, in bytes of the pausable module's stack, so that the limit of
//! depth and the room for that stack are one number.
//! Law: a pure function of the bytes. Known shortcomings: an access costs the same in a memory of
//! any size.

mod burden;
mod class;
mod function;
mod helpers;
mod order;
mod since;
#[cfg(test)]
mod tests;
mod touched;
mod unroll;
mod write;

pub(crate) use write::{POLL_CALL, POLL_LENGTH};

pub use burden::{LOCALS_BY_BLOCKS_MAX, LOCALS_BY_LOOPS_MAX};

use std::collections::BTreeMap;

use earnest_compute::paged::evidence::EVIDENCE_BYTES_MAX;
use earnest_compute::paged::form;
use earnest_compute::paged::pages::PAGE_BYTES;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{BlockType, ConstExpr, ExportKind, GlobalType, ValType};
use wasmparser::{ExternalKind, FuncType};

use crate::module::{MEMORY_PAGES_MAX, MODULE_BYTES_MAX, Module, PAGE, Stage, read, within};
use crate::rejected::{Part, Rejected};

/// Pages of 64 KiB that the pausable module's stack takes at the start of memory.
pub(crate) const STACK_PAGES: u64 = 16;
/// Bytes at the start of memory that hold the stack of a paused run; zero while it runs (1 MiB).
pub const STACK_BYTES: u32 = 1024 * 1024;
/// Most weight of calls inside one another: every step of a paused run reads the whole stack, which
/// must fit into its evidence beside what is touched between two polls.
pub(crate) const DEPTH_MAX: i32 = 384 * 1024;
/// Ticks of one access to memory.
pub const ACCESS_TICKS: u64 = 2;
/// Ticks of one page of 64 KiB that memory grows by.
pub const PAGE_TICKS: i64 = 64;
/// Most accesses to memory between two polls; each may touch two pages of 4 KiB.
pub const POLL_ACCESSES_MAX: u32 = 64;
/// Most ticks of one function's code between two polls.
pub const POLL_TICKS_MAX: u64 = 4096;
/// Most bytes copied or filled between two polls.
pub const PIECE_BYTES: i32 = 64 * 1024;

const RESERVED_PREFIX: &str = "earnest_";

/// Where things stand in P1.
pub(crate) struct Layout {
    /// Imported functions of L, which is also the index of `slice`.
    imports: u32,
    /// Index of the first helper.
    helpers: u32,
    left: u32,
    depth: u32,
    /// Helpers that are there beside one for each import, in order.
    used: Vec<Helper>,
    /// Type for the block around the body of functions with several results, by type of function.
    bodies: Vec<(FuncType, u32)>,
    /// Of the types that helpers add: the first.
    helper_types: u32,
}

/// Functions that P1 has and L has not, beside those around imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Helper {
    Copy,
    Fill,
    Grow,
}

impl Layout {
    /// Index in P1 of a function of L; of an imported one that is the helper around it.
    fn function(&self, index: u32) -> u32 {
        match index < self.imports {
            true => self.helpers + index,
            false => index + 1,
        }
    }

    fn helper(&self, helper: Helper) -> u32 {
        let position = self.used.iter().position(|used| *used == helper);
        let position = position.expect("what is used was noted before");
        self.helpers + self.imports + u32::try_from(position).expect("three helpers")
    }

    /// The type of a block that leaves the results of a function.
    fn body_type(&self, ty: &FuncType) -> BlockType {
        match ty.results() {
            [] => BlockType::Empty,
            [one] => BlockType::Result(Renumber(self).val_type(*one).expect("a plain value type")),
            results => {
                let found = self.bodies.iter().find(|body| body.0.results() == results);
                BlockType::FunctionType(found.expect("all were noted before").1)
            }
        }
    }
}

/// Writes what L has for P1: functions by their new index, accesses beyond the stack.
pub(crate) struct Renumber<'a>(&'a Layout);

impl Reencode for Renumber<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<Self::Error>> {
        Ok(self.0.function(index))
    }

    fn mem_arg(
        &mut self,
        access: wasmparser::MemArg,
    ) -> Result<wasm_encoder::MemArg, reencode::Error<Self::Error>> {
        // An offset that would overflow is beyond any memory, and so is the greatest.
        let offset = (access.offset + u64::from(STACK_BYTES)).min(u32::MAX.into());
        Ok(wasm_encoder::MemArg { offset, align: access.align.into(), memory_index: 0 })
    }
}

/// Makes the plain module.
///
/// # Errors
/// The first thing about the module that is refused, each with what to do ([`Rejected::remedy`]).
pub fn plain(linked: &[u8]) -> Result<Vec<u8>, Rejected> {
    let module = read(linked, Stage::Linked)?;
    check_interface(&module)?;
    class::check_types(&module)?;
    let mut burden = burden::Burden::default();
    let mut classes = Vec::new();
    let mut used = Vec::new();
    for own in 0..module.functions.len() {
        let index = u32::try_from(module.imports.len() + own).expect("functions have a limit");
        let mut body = module.body(own)?;
        let class = class::classify(&body, index, &mut used)?;
        classes.push(class);
        unroll::unroll(&mut body);
        burden.add(&body)?;
    }
    class::mark_referred(&module, &mut classes);
    used.sort_unstable();
    used.dedup();
    let layout = layout(&module, used);
    write(&module, &layout, &classes)
}

fn layout(module: &Module<'_>, used: Vec<Helper>) -> Layout {
    let count = |length: usize| u32::try_from(length).expect("counts have limits");
    let imports = count(module.imports.len());
    let exit = u32::from(module.export(form::EXIT).is_none());
    let left = count(module.globals.len()) + exit;
    let mut bodies: Vec<(FuncType, u32)> = Vec::new();
    for own in &module.functions {
        let ty = module.type_at(*own);
        let is_new = bodies.iter().all(|body| body.0.results() != ty.results());
        if 1 < ty.results().len() && is_new {
            let index = count(module.types.len() + bodies.len());
            bodies.push((ty.clone(), index));
        }
    }
    Layout {
        imports,
        helpers: imports + 1 + count(module.functions.len()),
        left,
        depth: left + 1,
        used,
        helper_types: count(module.types.len() + bodies.len()),
        bodies,
    }
}

fn check_interface(module: &Module<'_>) -> Result<(), Rejected> {
    if let Some(import) = module.imports.iter().find(|import| import.0 == form::SLICE) {
        let (module, name) = (form::HOST.to_owned(), import.0.to_owned());
        return Err(Rejected::Import { module, name });
    }
    let reserved = |export: &&wasmparser::Export<'_>| {
        export.name.starts_with(RESERVED_PREFIX) && export.name != form::EXIT
    };
    if let Some(export) = module.exports.iter().find(reserved) {
        return Err(Rejected::ReservedExport { name: export.name.to_owned() });
    }
    let memory = module.export(form::MEMORY).map(|export| export.kind);
    if memory != Some(ExternalKind::Memory) {
        return Err(Rejected::ExportMissing { name: form::MEMORY, expected: "memory" });
    }
    let own = u32::try_from(module.imports.len()).expect("functions have a limit");
    let start = module.export(form::START).is_some_and(|export| {
        let is_own = export.kind == ExternalKind::Func && own <= export.index;
        let ty = is_own.then(|| module.type_of(export.index));
        ty.is_some_and(|ty| ty.params().is_empty() && ty.results().is_empty())
    });
    if !start {
        return Err(Rejected::ExportMissing { name: form::START, expected: "(func)" });
    }
    let exit = module.export(form::EXIT).is_none_or(|export| {
        let global = module.globals.get(export.index as usize).map(|global| global.ty);
        export.kind == ExternalKind::Global
            && global.is_some_and(|ty| ty.mutable && ty.content_type == wasmparser::ValType::I32)
    });
    match exit {
        true => Ok(()),
        false => Err(Rejected::ExportMissing { name: form::EXIT, expected: "(global (mut i32))" }),
    }
}

/// Every function, in the order of their indices.
fn rewritten(
    module: &Module<'_>,
    layout: &Layout,
    classes: &[class::Class],
) -> Result<Vec<function::Rewritten>, Rejected> {
    let mut known = vec![function::Known::NOTHING; module.functions.len()];
    let mut all: BTreeMap<usize, function::Rewritten> = BTreeMap::new();
    let mut bytes = 0;
    for own in order::order(module)? {
        let function = function::rewrite(module, layout, classes, &known, own)?;
        bytes += function.bytes() as u64;
        within(Part::PreparedBytes, bytes, MODULE_BYTES_MAX as u64)?;
        known[own] = function.known;
        all.insert(own, function);
    }
    Ok(all.into_values().collect())
}

fn write(
    module: &Module<'_>,
    layout: &Layout,
    classes: &[class::Class],
) -> Result<Vec<u8>, Rejected> {
    let mut renumber = Renumber(layout);
    let mut out = wasm_encoder::Module::new();
    let sound = "a validated part has an encoding";
    let mut types = wasm_encoder::TypeSection::new();
    for ty in &module.types {
        let ty = renumber.func_type(ty.clone()).expect(sound);
        types.ty().func_type(&ty);
    }
    for (ty, _) in &layout.bodies {
        let results = ty.results().iter().map(|kind| renumber.val_type(*kind).expect(sound));
        types.ty().function([], results.collect::<Vec<_>>());
    }
    let helpers = helpers::make(module, layout);
    types.ty().function([], []);
    for helper in &helpers {
        types.ty().func_type(&helper.ty);
    }
    let mut imports = wasm_encoder::ImportSection::new();
    for (name, ty) in &module.imports {
        imports.import(form::HOST, name, wasm_encoder::EntityType::Function(*ty));
    }
    let slice = wasm_encoder::EntityType::Function(layout.helper_types);
    imports.import(form::HOST, form::SLICE, slice);
    let mut functions = wasm_encoder::FunctionSection::new();
    for ty in &module.functions {
        functions.function(*ty);
    }
    let mut code = wasm_encoder::CodeSection::new();
    for function in rewritten(module, layout, classes)? {
        function.write(&mut code);
    }
    for (position, helper) in (1..).zip(&helpers) {
        functions.function(layout.helper_types + position);
        code.function(&helper.code);
    }
    out.section(&types).section(&imports).section(&functions);
    if let Some(tables) = &module.tables {
        let mut section = wasm_encoder::TableSection::new();
        renumber.parse_table_section(&mut section, tables.clone()).expect(sound);
        out.section(&section);
    }
    out.section(&memory(module));
    let (globals, exports) = globals_and_exports(module, layout);
    out.section(&globals).section(&exports);
    if let Some(elements) = &module.elements {
        let mut section = wasm_encoder::ElementSection::new();
        renumber.parse_element_section(&mut section, elements.clone()).expect(sound);
        out.section(&section);
    }
    out.section(&code).section(&data(module));
    Ok(out.finish())
}

/// The memory, higher by the stack; a maximum beyond what any job has is lowered to that, since
/// growing may fail anyway.
fn memory(module: &Module<'_>) -> wasm_encoder::MemorySection {
    let mut section = wasm_encoder::MemorySection::new();
    let most = MEMORY_PAGES_MAX - STACK_PAGES;
    section.memory(wasm_encoder::MemoryType {
        minimum: module.memory.initial + STACK_PAGES,
        maximum: Some(module.memory.maximum.unwrap_or(most).min(most) + STACK_PAGES),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    section
}

fn data(module: &Module<'_>) -> wasm_encoder::DataSection {
    let mut section = wasm_encoder::DataSection::new();
    for (at, bytes) in &module.data {
        // In bounds of the memory, so far below 2^31.
        let at = ConstExpr::i32_const((at + STACK_BYTES).cast_signed());
        section.active(0, &at, bytes.iter().copied());
    }
    section
}

fn globals_and_exports(
    module: &Module<'_>,
    layout: &Layout,
) -> (wasm_encoder::GlobalSection, wasm_encoder::ExportSection) {
    let mut globals = wasm_encoder::GlobalSection::new();
    let mut mutable = Vec::new();
    for (index, global) in (0..).zip(&module.globals) {
        let sound = "a validated global has an encoding";
        Renumber(layout).parse_global(&mut globals, global.clone()).expect(sound);
        mutable.extend(global.ty.mutable.then_some(index));
    }
    let counter = |val_type| GlobalType { val_type, mutable: true, shared: false };
    let exit = match module.export(form::EXIT) {
        Some(export) => export.index,
        None => {
            globals.global(counter(ValType::I32), &ConstExpr::i32_const(0));
            layout.left - 1
        }
    };
    globals.global(counter(ValType::I64), &ConstExpr::i64_const(0));
    globals.global(counter(ValType::I32), &ConstExpr::i32_const(0));
    let added = u32::try_from(module.globals.len()).expect("globals have a limit");
    mutable.extend(added..=layout.depth);
    let mut exports = wasm_encoder::ExportSection::new();
    exports.export(form::MEMORY, ExportKind::Memory, 0);
    let start = module.export(form::START).expect("checked before");
    exports.export(form::START, ExportKind::Func, layout.function(start.index));
    exports.export(form::EXIT, ExportKind::Global, exit);
    exports.export(form::LEFT, ExportKind::Global, layout.left);
    for (position, index) in mutable.into_iter().enumerate() {
        let name = format!("{}{position}", form::GLOBAL_PREFIX);
        exports.export(&name, ExportKind::Global, index);
    }
    (globals, exports)
}

/// Two pages an access, and 100 KiB for what shows that the pages are the memory's.
const _: () = assert!(
    DEPTH_MAX as usize + 2 * POLL_ACCESSES_MAX as usize * PAGE_BYTES + 100 * 1024
        <= EVIDENCE_BYTES_MAX
);
/// Weight and ticks may not depend on how many bytes an access has: pages are the unit.
const _: () = assert!(STACK_PAGES * PAGE == STACK_BYTES as u64);
