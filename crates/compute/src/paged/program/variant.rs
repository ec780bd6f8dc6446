//! Variants of the pausable module that start from a given state: bare, marking, checking.
//!
//! | variant | run by | what it adds |
//! |---|---|---|
//! | bare | those who compare all pages | nothing |
//! | marking | those who make evidence | a byte for each page, set when the page is touched |
//! | checking | the referee | the byte must be there already; gas bounds the step |
//!
//! In all three the data segments are gone: whoever runs them writes the whole state. Addresses are
//! added to offsets in 64 bits, so that none wraps; a page beyond the largest memory traps in the
//! map as the access itself would have trapped. Both ends of a range are told to one function; bulk
//! operations have another, which leaves ranges beyond the memory to the operation's own trap.
//! Law: but for a missing page or spent gas, every variant does what the module does.

use wasm_encoder::{
    BlockType, CodeSection, Encode, Function, Instruction as I, MemArg, Module, RawSection,
    SectionId, ValType as V,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload, SectionLimited, ValType};

use super::super::pages::PAGE_COUNT_MAX;
use super::super::state::Value;
use super::access::{Touching, touching};
use super::sections::{Found, read};
use super::{GAS, MAP, MISSING, Program, ProgramRejected, code::invalid};
use crate::admission::cost;

/// Gas of an access to memory, as in the largest memory that is cached.
const ACCESS_GAS: u64 = 8;
/// Bytes of a bulk operation for a unit of gas, as a shift.
const BULK_SHIFT: i64 = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Bare,
    Marking,
    Checking,
}

impl Program {
    /// Whether a state of so many blocks and these globals can be one of this program.
    pub(in super::super) fn fits(&self, blocks: u32, globals: &[Value]) -> bool {
        let same = |one: &Value, other: &Value| {
            std::mem::discriminant(one) == std::mem::discriminant(other)
        };
        self.blocks_min <= blocks
            && blocks <= self.blocks_max
            && globals.len() == self.globals.len()
            && globals.iter().zip(&self.globals).all(|(value, slot)| same(value, &slot.initial))
    }

    /// The module without its data.
    pub(in super::super) fn bare(&self) -> Vec<u8> {
        self.variant(Variant::Bare)
    }

    /// The module that marks the pages it touches.
    pub(in super::super) fn marking(&self) -> Vec<u8> {
        self.variant(Variant::Marking)
    }

    /// The module that touches only pages that are there, and counts gas.
    pub(in super::super) fn checking(&self) -> Vec<u8> {
        self.variant(Variant::Checking)
    }

    fn variant(&self, variant: Variant) -> Vec<u8> {
        rewrite(&self.code, variant).expect("it was read before")
    }
}

/// Where what is added stands.
#[derive(Clone, Copy)]
struct Added {
    variant: Variant,
    touch: u32,
    range: u32,
    missing: u32,
    gas: u32,
}

fn rewrite(bytes: &[u8], variant: Variant) -> Result<Vec<u8>, ProgramRejected> {
    let found = read(bytes)?;
    let functions = u32::try_from(found.functions.len()).expect("read before");
    let globals = u32::try_from(found.globals.len()).expect("read before");
    let types = u32::try_from(found.types.len()).expect("read before");
    let added = Added {
        variant,
        touch: functions,
        range: functions.saturating_add(1),
        missing: globals,
        gas: globals.saturating_add(1),
    };
    let mut module = Module::new();
    let mut code = CodeSection::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::CodeSectionEntry(body) => {
                let index = usize::try_from(code.len()).expect("usize has 32 bits");
                let params = found.params_of_body(index);
                if variant == Variant::Bare {
                    code.raw(body.as_bytes());
                } else {
                    code.raw(&rewrite_body(bytes, &body, params, added)?);
                }
                if code.len() == found.body_count() {
                    if variant != Variant::Bare {
                        code.function(&touch_function(added));
                        code.function(&range_function(added));
                    }
                    module.section(&code);
                }
            }
            Payload::DataSection(_) | Payload::DataCountSection { .. } => {}
            payload if variant == Variant::Bare => copy(&mut module, bytes, &payload),
            Payload::TypeSection(section) => {
                let more = [&[0x60, 3, 0x7f, 0x7e, 0x7e, 0][..], &[0x60, 2, 0x7f, 0x7f, 0]];
                append(&mut module, SectionId::Type, bytes, &section, &more);
            }
            Payload::FunctionSection(section) => {
                let more = [encoded(&types), encoded(&types.saturating_add(1))];
                append(&mut module, SectionId::Function, bytes, &section, &more);
            }
            Payload::MemorySection(section) => {
                // One block, no more: a byte for each page of the largest memory.
                append(&mut module, SectionId::Memory, bytes, &section, &[[1, 1, 1]]);
            }
            Payload::GlobalSection(section) => {
                let more = [&[0x7f, 1, 0x41, 0, 0x0b], &[0x7e, 1, 0x42, 0, 0x0b]];
                append(&mut module, SectionId::Global, bytes, &section, &more);
            }
            Payload::ExportSection(section) => {
                let mut more = vec![export(MAP, 2, 1), export(MISSING, 3, added.missing)];
                if variant == Variant::Checking {
                    more.push(export(GAS, 3, added.gas));
                }
                append(&mut module, SectionId::Export, bytes, &section, &more);
            }
            payload => copy(&mut module, bytes, &payload),
        }
    }
    Ok(module.finish())
}

fn copy(module: &mut Module, bytes: &[u8], payload: &Payload<'_>) {
    if let Some((id, range)) = payload.as_section()
        && id != SectionId::Code as u8
        && id != SectionId::Custom as u8
    {
        let data = bytes.get(range).unwrap_or_default();
        module.section(&RawSection { id, data });
    }
}

fn encoded(value: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

fn export(name: &str, kind: u8, index: u32) -> Vec<u8> {
    let mut bytes = encoded(&name);
    bytes.push(kind);
    index.encode(&mut bytes);
    bytes
}

/// A section with more items behind its own.
fn append<T>(
    module: &mut Module,
    id: SectionId,
    bytes: &[u8],
    section: &SectionLimited<'_, T>,
    more: &[impl AsRef<[u8]>],
) {
    let added = u32::try_from(more.len()).expect("three at most");
    let mut data = encoded(&section.count().saturating_add(added));
    let items = section.original_position()..section.range().end;
    data.extend_from_slice(bytes.get(items).unwrap_or_default());
    for item in more {
        data.extend_from_slice(item.as_ref());
    }
    module.section(&RawSection { id: id as u8, data: &data });
}

impl Found<'_> {
    fn body_count(&self) -> u32 {
        let imported = self.imports.len();
        u32::try_from(self.functions.len().saturating_sub(imported)).expect("read before")
    }

    /// Parameters of the function with body `index`.
    fn params_of_body(&self, index: usize) -> u32 {
        let ty = self.functions.get(self.imports.len().saturating_add(index));
        let ty = ty.and_then(|ty| self.types.get(usize::try_from(*ty).ok()?));
        ty.map_or(0, |(params, _)| u32::try_from(params.len()).expect("read before"))
    }
}

fn byte_of_map() -> MemArg {
    MemArg { offset: 0, align: 0, memory_index: 1 }
}

/// `(address: i32, first: i64, last: i64)`: the pages of both ends of an access.
fn touch_function(added: Added) -> Function {
    let mut function = Function::new([]);
    let page = |function: &mut Function, end: u32| {
        for step in [I::LocalGet(0), I::I64ExtendI32U, I::LocalGet(end), I::I64Add] {
            function.instruction(&step);
        }
        for step in [I::I64Const(12), I::I64ShrU, I::I32WrapI64] {
            function.instruction(&step);
        }
    };
    if added.variant == Variant::Marking {
        for end in [1, 2] {
            page(&mut function, end);
            function.instruction(&I::I32Const(1));
            function.instruction(&I::I32Store8(byte_of_map()));
        }
    } else {
        for end in [1, 2] {
            page(&mut function, end);
            function.instruction(&I::I32Load8U(byte_of_map()));
        }
        function.instruction(&I::I32And);
        refuse_zero(&mut function, added);
    }
    function.instruction(&I::End);
    function
}

fn refuse_zero(function: &mut Function, added: Added) {
    for step in [
        I::I32Eqz,
        I::If(BlockType::Empty),
        I::I32Const(1),
        I::GlobalSet(added.missing),
        I::Unreachable,
        I::End,
    ] {
        function.instruction(&step);
    }
}

/// `(address: i32, length: i32)`: the pages of a range; nothing for one beyond the memory.
fn range_function(added: Added) -> Function {
    let mut function = Function::new([(2, V::I64)]);
    let (page, end) = (2, 3);
    let emit = |function: &mut Function, steps: &[I<'_>]| {
        for step in steps {
            function.instruction(step);
        }
    };
    let f = &mut function;
    emit(f, &[I::LocalGet(1), I::I32Eqz, I::If(BlockType::Empty), I::Return, I::End]);
    emit(f, &[I::LocalGet(0), I::I64ExtendI32U, I::LocalTee(page)]);
    emit(f, &[I::LocalGet(1), I::I64ExtendI32U, I::I64Add, I::LocalTee(end)]);
    emit(f, &[I::MemorySize(0), I::I64ExtendI32U, I::I64Const(16), I::I64Shl, I::I64GtU]);
    emit(f, &[I::If(BlockType::Empty), I::Return, I::End]);
    if added.variant == Variant::Checking {
        emit(f, &[I::GlobalGet(added.gas), I::LocalGet(1), I::I64ExtendI32U]);
        emit(f, &[I::I64Const(BULK_SHIFT), I::I64ShrU, I::I64Sub, I::GlobalSet(added.gas)]);
        emit(f, &[I::GlobalGet(added.gas), I::I64Const(0), I::I64LtS]);
        emit(f, &[I::If(BlockType::Empty), I::Unreachable, I::End]);
    }
    emit(f, &[I::LocalGet(page), I::I64Const(12), I::I64ShrU, I::LocalSet(page)]);
    emit(f, &[I::LocalGet(end), I::I64Const(1), I::I64Sub, I::I64Const(12), I::I64ShrU]);
    emit(f, &[I::LocalSet(end), I::Loop(BlockType::Empty), I::LocalGet(page), I::I32WrapI64]);
    if added.variant == Variant::Marking {
        emit(f, &[I::I32Const(1), I::I32Store8(byte_of_map())]);
    } else {
        emit(f, &[I::I32Load8U(byte_of_map())]);
        refuse_zero(f, added);
    }
    emit(f, &[I::LocalGet(page), I::I64Const(1), I::I64Add, I::LocalTee(page)]);
    emit(f, &[I::LocalGet(end), I::I64LeU, I::BrIf(0), I::End, I::End]);
    function
}

/// The code of one function while it is rewritten.
struct Writer {
    added: Added,
    /// The first of the added locals: an address, two i32, and one of each other type.
    scratch: u32,
    out: Vec<u8>,
    block: Vec<u8>,
    gas: u64,
    tested: bool,
}

/// The added locals, in order.
const SCRATCH: [V; 7] = [V::I32, V::I32, V::I32, V::I64, V::F32, V::F64, V::V128];

impl Writer {
    fn emit(&mut self, steps: &[I<'_>]) {
        for step in steps {
            step.encode(&mut self.block);
        }
    }

    fn local_for(&self, ty: ValType) -> u32 {
        let place = match ty {
            ValType::I64 => 3,
            ValType::F32 => 4,
            ValType::F64 => 5,
            ValType::V128 => 6,
            ValType::I32 | ValType::Ref(_) => 1,
        };
        self.scratch.saturating_add(place)
    }

    fn touch(&mut self, operator: &Operator<'_>) {
        let address = self.scratch;
        let (one, two) = (address.saturating_add(1), address.saturating_add(2));
        match touching(operator) {
            Touching::Nothing => {}
            Touching::Access { offset, width, above } => {
                let above = above.map(|ty| self.local_for(ty));
                if let Some(value) = above {
                    self.emit(&[I::LocalSet(value)]);
                }
                let first = i64::try_from(offset).expect("offsets have 32 bits");
                let last = first.saturating_add(width).saturating_sub(1);
                self.emit(&[I::LocalTee(address), I::LocalGet(address)]);
                self.emit(&[I::I64Const(first), I::I64Const(last), I::Call(self.added.touch)]);
                if let Some(value) = above {
                    self.emit(&[I::LocalGet(value)]);
                }
            }
            Touching::Fill => {
                self.emit(&[I::LocalSet(two), I::LocalSet(one), I::LocalTee(address)]);
                self.emit(&[I::LocalGet(address), I::LocalGet(two), I::Call(self.added.range)]);
                self.emit(&[I::LocalGet(one), I::LocalGet(two)]);
            }
            Touching::Copy => {
                self.emit(&[I::LocalSet(two), I::LocalSet(one), I::LocalTee(address)]);
                self.emit(&[I::LocalGet(address), I::LocalGet(two), I::Call(self.added.range)]);
                self.emit(&[I::LocalGet(one), I::LocalGet(two), I::Call(self.added.range)]);
                self.emit(&[I::LocalGet(one), I::LocalGet(two)]);
            }
        }
    }

    /// Writes the collected block behind its charge; tested where a function or a round begins.
    fn close(&mut self, tested: bool) {
        let gas = self.added.gas;
        let block = std::mem::take(&mut self.block);
        if self.added.variant == Variant::Checking {
            let charge = i64::try_from(self.gas).unwrap_or(i64::MAX);
            self.emit(&[I::GlobalGet(gas), I::I64Const(charge), I::I64Sub, I::GlobalSet(gas)]);
            if self.tested {
                self.emit(&[I::GlobalGet(gas), I::I64Const(0), I::I64LtS]);
                self.emit(&[I::If(BlockType::Empty), I::Unreachable, I::End]);
            }
            self.out.append(&mut self.block);
        }
        self.out.extend(block);
        (self.gas, self.tested) = (1, tested);
    }
}

fn rewrite_body(
    module: &[u8],
    body: &FunctionBody<'_>,
    params: u32,
    added: Added,
) -> Result<Vec<u8>, ProgramRejected> {
    let mut groups = Vec::new();
    let mut scratch = params;
    for group in body.get_locals_reader().map_err(invalid)? {
        let (count, ty) = group.map_err(invalid)?;
        scratch = scratch.saturating_add(count);
        groups.push((count, encoder_type(ty)));
    }
    groups.extend(SCRATCH.map(|ty| (1, ty)));
    let mut out = encoded(&u32::try_from(groups.len()).expect("limited when read"));
    for (count, ty) in groups {
        count.encode(&mut out);
        ty.encode(&mut out);
    }
    let locals = u64::from(scratch) / 4;
    let mut writer = Writer { added, scratch, out, block: Vec::new(), gas: locals, tested: true };
    let mut reader = body.get_operators_reader().map_err(invalid)?;
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset().map_err(invalid)?;
        writer.gas = writer.gas.saturating_add(cost(&operator, ACCESS_GAS));
        writer.touch(&operator);
        let bytes = module.get(offset..reader.original_position()).unwrap_or_default();
        writer.block.extend_from_slice(bytes);
        match operator {
            Operator::Loop { .. } => writer.close(true),
            Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::BrIf { .. }
            | Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable => writer.close(false),
            _ => {}
        }
    }
    let last = std::mem::take(&mut writer.block);
    writer.out.extend(last);
    Ok(writer.out)
}

fn encoder_type(ty: ValType) -> V {
    match ty {
        ValType::I32 => V::I32,
        ValType::I64 => V::I64,
        ValType::F32 => V::F32,
        ValType::F64 => V::F64,
        ValType::V128 => V::V128,
        ValType::Ref(_) => V::FUNCREF, // Refused when it was read.
    }
}

const _: () = assert!(PAGE_COUNT_MAX <= 64 * 1024, "the map has one block");
