//! From the counted module to the plain one P1, which workers run: the same, in a form that
//! compilers make faster code of.
//!
//! A compiler that meets a call keeps what is needed behind it in memory, also on the ways that
//! lead past the call; so a poll that calls the host makes every loop slow. Here a poll calls
//! nobody: where no ticks are left it draws those of the next coarse step from a global, which the
//! host filled before, and where that is empty too the run stops. And a section of hints, which is
//! of the standard and means nothing to a run, tells which ways are hardly ever taken.
//!
//! Law: ticks, memory, globals and output are those of the counted module, poll by poll; a run
//! stops at the first poll with so many ticks as it was given, and nowhere else.
//! Not here: what a poll is (`plain`), how it is run (`compute::paged::run`).

use earnest_compute::paged::form;
use earnest_compute::paged::run::COARSE_TICKS;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, ConstExpr, EntityType, ExportKind, Function, GlobalType,
    InstructionSink, ValType,
};
use wasmparser::{ExternalKind, Operator};

use crate::module::{Body, MODULE_BYTES_MAX, Module, Stage, read, within};
use crate::plain::{POLL_CALL, POLL_LENGTH};
use crate::rejected::{Part, Rejected};

const SOUND: &str = "a validated part has an encoding";

/// Where things stand: functions and globals by their index.
struct Layout {
    /// In the counted module; functions behind it move down by one.
    slice: u32,
    left: u32,
    /// What is left to draw.
    rest: u32,
}

struct Renumber<'a>(&'a Layout);

impl Reencode for Renumber<'_> {
    type Error = std::convert::Infallible;

    fn function_index(
        &mut self,
        index: u32,
    ) -> Result<u32, wasm_encoder::reencode::Error<Self::Error>> {
        Ok(if self.0.slice < index { index - 1 } else { index })
    }
}

/// Makes the plain module of the counted one.
///
/// # Errors
/// If it would be longer than [`MODULE_BYTES_MAX`].
pub(crate) fn hasten(counted: &[u8]) -> Result<Vec<u8>, Rejected> {
    let module = read(counted, Stage::Plain)?;
    let slice = module.imports.iter().position(|import| import.0 == form::SLICE);
    let layout = Layout {
        slice: count(slice.expect("polls call it")),
        left: module.export(form::LEFT).expect("it is exported").index,
        rest: count(module.globals.len()),
    };
    let mut code = wasm_encoder::CodeSection::new();
    let mut hints = BranchHints::new();
    for own in 0..module.functions.len() {
        let (function, unlikely) = rewrite(&module, &layout, own)?;
        if !unlikely.is_empty() {
            hints.function_hints(count(module.imports.len() - 1 + own), unlikely);
        }
        code.function(&function);
        within(Part::PreparedBytes, code.byte_len() as u64, MODULE_BYTES_MAX as u64)?;
    }
    let out = write(&module, &layout, &hints, &code);
    within(Part::PreparedBytes, out.len() as u64, MODULE_BYTES_MAX as u64)?;
    Ok(out)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("counts have limits")
}

/// The function with its polls rewritten, and the places of what is hardly ever entered.
fn rewrite(
    module: &Module<'_>,
    layout: &Layout,
    own: usize,
) -> Result<(Function, Vec<BranchHint>), Rejected> {
    let body = module.body(own)?;
    let ty = module.type_at(module.functions[own]);
    let declared = body.locals.iter().skip(ty.params().len());
    let mut locals: Vec<ValType> =
        declared.map(|kind| Renumber(layout).val_type(*kind).expect(SOUND)).collect();
    let polls = polls(layout, &body);
    let drawn = count(body.locals.len());
    if !polls.is_empty() {
        locals.push(ValType::I64);
    }
    let mut function = Function::new_with_locals_types(locals);
    if !polls.is_empty() {
        function.instructions().block(BlockType::Empty);
    }
    let (mut hints, mut nesting, mut index) = (Vec::new(), 0_u32, 0);
    while let Some(operator) = body.operators.get(index) {
        if polls.binary_search(&index).is_ok() {
            let poll = Poll { left: polled(operator), drawn, stop: nesting + 1 };
            hints.push(write_poll(&mut function, layout, &poll));
            index += POLL_LENGTH;
            continue;
        }
        let is_last = index + 1 == body.operators.len();
        if is_last && !polls.is_empty() {
            stop(&mut function.instructions(), layout);
        }
        if is_unlikely(&body, index) {
            hints.push(unlikely(&function));
        }
        let instruction = Renumber(layout).instruction(operator.clone()).expect(SOUND);
        function.instruction(&instruction);
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => nesting += 1,
            Operator::End => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        index += 1;
    }
    Ok((function, hints))
}

/// Where polls begin, in ascending order.
fn polls(layout: &Layout, body: &Body<'_>) -> Vec<usize> {
    let is_slice = |operator: &Operator<'_>| match operator {
        Operator::Call { function_index } => *function_index == layout.slice,
        _ => false,
    };
    let calls = body.operators.iter().enumerate().filter(|(_, operator)| is_slice(operator));
    calls.map(|(index, _)| index - POLL_CALL).collect()
}

/// The local of a poll that begins with the operator.
fn polled(operator: &Operator<'_>) -> u32 {
    match operator {
        Operator::LocalGet { local_index } => *local_index,
        other => unreachable!("a poll begins with the local it reads, not {other:?}"),
    }
}

/// Locals and label of a poll.
struct Poll {
    left: u32,
    drawn: u32,
    /// How many blocks are left to stop.
    stop: u32,
}

fn write_poll(function: &mut Function, layout: &Layout, poll: &Poll) -> BranchHint {
    let coarse = COARSE_TICKS.cast_signed();
    function.instructions().local_get(poll.left).i64_const(0).i64_le_s();
    let hint = unlikely(function);
    let mut sink = function.instructions();
    sink.if_(BlockType::Empty);
    sink.global_get(layout.rest).i64_const(coarse);
    sink.global_get(layout.rest).i64_const(coarse).i64_lt_s().select();
    sink.local_tee(poll.drawn).local_get(poll.left).i64_add().local_tee(poll.left);
    sink.global_set(layout.left);
    // Without a tick to draw, or with too few: what was given is used up.
    sink.local_get(poll.left).i64_const(0).i64_le_s().br_if(poll.stop);
    sink.global_get(layout.rest).local_get(poll.drawn).i64_sub().global_set(layout.rest);
    sink.end();
    hint
}

/// Ends the block around a function's code; behind it stands what stops a run.
fn stop(sink: &mut InstructionSink<'_>, layout: &Layout) {
    sink.return_().end().i64_const(form::STOPPED).global_set(layout.rest).unreachable();
}

/// That what the next instruction opens is hardly ever entered.
fn unlikely(function: &Function) -> BranchHint {
    BranchHint { branch_func_offset: count(function.byte_len()), branch_hint_value: 0 }
}

/// Whether the `if` opens what is hardly ever reached: a trap, or a NaN that becomes canonical.
fn is_unlikely(body: &Body<'_>, index: usize) -> bool {
    use Operator as O;
    let at = |distance: usize| body.operators.get(index + distance);
    match (&body.operators[index], at(1)) {
        (O::If { .. }, Some(O::Unreachable)) => true,
        (O::If { .. }, Some(O::F32Const { .. } | O::F64Const { .. })) => {
            let before = index.checked_sub(1).map(|before| &body.operators[before]);
            matches!(before, Some(O::F32Ne | O::F64Ne))
                && matches!((at(2), at(3)), (Some(O::LocalSet { .. }), Some(O::End)))
        }
        _ => false,
    }
}

fn write(
    module: &Module<'_>,
    layout: &Layout,
    hints: &BranchHints,
    code: &wasm_encoder::CodeSection,
) -> Vec<u8> {
    let mut renumber = Renumber(layout);
    let mut out = wasm_encoder::Module::new();
    let mut types = wasm_encoder::TypeSection::new();
    for ty in &module.types {
        types.ty().func_type(&renumber.func_type(ty.clone()).expect(SOUND));
    }
    let mut imports = wasm_encoder::ImportSection::new();
    for (name, ty) in module.imports.iter().filter(|import| import.0 != form::SLICE) {
        imports.import(form::HOST, name, EntityType::Function(*ty));
    }
    let mut functions = wasm_encoder::FunctionSection::new();
    for ty in &module.functions {
        functions.function(*ty);
    }
    out.section(&types).section(&imports).section(&functions);
    if let Some(tables) = &module.tables {
        let mut section = wasm_encoder::TableSection::new();
        renumber.parse_table_section(&mut section, tables.clone()).expect(SOUND);
        out.section(&section);
    }
    let mut memories = wasm_encoder::MemorySection::new();
    memories.memory(RoundtripReencoder.memory_type(module.memory).expect(SOUND));
    let mut globals = wasm_encoder::GlobalSection::new();
    for global in &module.globals {
        renumber.parse_global(&mut globals, global.clone()).expect(SOUND);
    }
    let rest = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
    globals.global(rest, &ConstExpr::i64_const(0));
    out.section(&memories).section(&globals).section(&exports(module, layout));
    if let Some(elements) = &module.elements {
        let mut section = wasm_encoder::ElementSection::new();
        renumber.parse_element_section(&mut section, elements.clone()).expect(SOUND);
        out.section(&section);
    }
    if !hints.is_empty() {
        out.section(hints);
    }
    out.section(code);
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
        let (kind, index) = match export.kind {
            ExternalKind::Memory => (ExportKind::Memory, export.index),
            ExternalKind::Global => (ExportKind::Global, export.index),
            _ => (ExportKind::Func, Renumber(layout).function_index(export.index).expect(SOUND)),
        };
        exports.export(export.name, kind, index);
        mutable += usize::from(export.name.starts_with(form::GLOBAL_PREFIX));
    }
    let numbered = format!("{}{mutable}", form::GLOBAL_PREFIX);
    for name in [numbered.as_str(), form::REST] {
        exports.export(name, ExportKind::Global, layout.rest);
    }
    exports
}
