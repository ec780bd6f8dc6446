//! The walk over a module's sections: every count against its limit, the sections copied, the
//! counters added.

use wasm_encoder::{Encode, RawSection, SectionId};
use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, Operator,
    Parser, Payload, ValType, ValidPayload, Validator, WasmFeatures,
};

use super::charge::Shape;
use super::meter::{Counters, access_gas, rewrite_body};
use super::names::cut;
use super::{AdmissionRejected, Part};
use super::{
    EXPORT_COUNT_MAX, FUNCTION_COUNT_MAX, GAS_EXPORT, GLOBAL_COUNT_MAX, MEMORY_BYTES_MAX,
    PARAM_COUNT_MAX, RESERVED_PREFIX, RESULT_COUNT_MAX, SEGMENT_COUNT_MAX, TABLE_ELEMENT_COUNT_MAX,
    TYPE_COUNT_MAX,
};

const PAGE: u64 = 64 * 1024;

/// The accepted language. `GC_TYPES` only names the type representation of the validator.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
}

pub(super) struct Rewritten {
    pub(super) code: Vec<u8>,
    pub(super) has_input_cap: bool,
    pub(super) shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

struct Walk<'a> {
    bytes: &'a [u8],
    module: wasm_encoder::Module,
    /// Type of each type index as (parameters, results).
    types: Vec<(Vec<ValType>, Vec<ValType>)>,
    /// Type index of each function.
    functions: Vec<u32>,
    global_count: u32,
    globals_written: Seen,
    table_elements: u64,
    exports: Vec<(String, ExternalKind, u32)>,
    bodies: Vec<Vec<u8>>,
    shape: Shape,
}

fn within(part: Part, count: u64, limit: u64) -> Result<(), AdmissionRejected> {
    match count <= limit {
        true => Ok(()),
        false => Err(AdmissionRejected::TooMany { part, count, limit }),
    }
}

pub(super) fn rewrite(bytes: &[u8]) -> Result<Rewritten, AdmissionRejected> {
    let mut walk = Walk {
        bytes,
        module: wasm_encoder::Module::new(),
        types: Vec::new(),
        functions: Vec::new(),
        global_count: 0,
        globals_written: Seen::No,
        table_elements: 0,
        exports: Vec::new(),
        bodies: Vec::new(),
        shape: Shape { bytes: bytes.len() as u64, ..Shape::default() },
    };
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        walk.check(&payload)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(to_validate, body) => {
                let function = u32::try_from(walk.bodies.len()).expect("at most 512 functions");
                let body = rewrite_body(bytes, function, to_validate, &body, walk.counters())?;
                walk.bodies.push(body);
            }
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        walk.copy(&payload)?;
    }
    let has_input_cap = walk.check_interface()?;
    Ok(Rewritten { code: walk.module.finish(), has_input_cap, shape: walk.shape })
}

impl Walk<'_> {
    fn counters(&self) -> Counters {
        Counters {
            gas: self.global_count,
            depth: self.global_count + 1,
            access_gas: access_gas(self.shape.memory_pages),
        }
    }

    /// Refusals that the validator does not know. Runs before validation of the same section, so
    /// that the most specific reason is named; reads only what it needs.
    fn check(&mut self, payload: &Payload<'_>) -> Result<(), AdmissionRejected> {
        match payload {
            Payload::TypeSection(types) => {
                within(Part::Types, types.count().into(), TYPE_COUNT_MAX.into())?;
                self.check_types(types.clone())
            }
            Payload::ImportSection(imports) => check_imports(imports),
            Payload::StartSection { .. } => Err(AdmissionRejected::HasStart),
            Payload::FunctionSection(functions) => {
                within(Part::Functions, functions.count().into(), FUNCTION_COUNT_MAX.into())?;
                self.shape.functions = functions.count().into();
                for index in functions.clone() {
                    self.functions.push(index?);
                }
                Ok(())
            }
            Payload::TableSection(tables) => self.check_tables(tables.clone()),
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.check_memory(&memory?)?;
                }
                Ok(())
            }
            Payload::GlobalSection(globals) => {
                self.global_count = globals.count();
                within(Part::Globals, globals.count().into(), GLOBAL_COUNT_MAX.into())
            }
            Payload::ExportSection(exports) => self.check_exports(exports.clone()),
            Payload::ElementSection(segments) => {
                within(Part::ElementSegments, segments.count().into(), SEGMENT_COUNT_MAX.into())?;
                self.shape.segments += u64::from(segments.count());
                self.check_elements(segments.clone())
            }
            Payload::DataSection(segments) => {
                within(Part::DataSegments, segments.count().into(), SEGMENT_COUNT_MAX.into())?;
                self.shape.segments += u64::from(segments.count());
                self.check_data(segments.clone())
            }
            _ => Ok(()),
        }
    }

    fn check_tables(
        &mut self,
        tables: wasmparser::TableSectionReader<'_>,
    ) -> Result<(), AdmissionRejected> {
        within(Part::Tables, tables.count().into(), 1)?;
        for table in tables {
            let ty = table?.ty;
            let most = ty.maximum.unwrap_or(ty.initial).max(ty.initial);
            within(Part::TableElements, most, TABLE_ELEMENT_COUNT_MAX)?;
            self.table_elements = ty.initial;
        }
        Ok(())
    }

    fn check_exports(
        &mut self,
        exports: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), AdmissionRejected> {
        within(Part::Exports, exports.count().into(), EXPORT_COUNT_MAX.into())?;
        self.shape.exports = exports.count().into();
        for export in exports {
            let export = export?;
            if export.name.starts_with(RESERVED_PREFIX) {
                return Err(AdmissionRejected::ReservedExport { name: export.name.to_owned() });
            }
            self.exports.push((export.name.to_owned(), export.kind, export.index));
        }
        Ok(())
    }

    fn check_types(
        &mut self,
        types: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), AdmissionRejected> {
        for group in types {
            for ty in group?.into_types() {
                // Other kinds are refused by the validator, which sees the section next.
                let CompositeInnerType::Func(ty) = &ty.composite_type.inner else { continue };
                within(Part::Parameters, ty.params().len() as u64, PARAM_COUNT_MAX as u64)?;
                within(Part::Results, ty.results().len() as u64, RESULT_COUNT_MAX as u64)?;
                self.types.push((ty.params().to_vec(), ty.results().to_vec()));
            }
        }
        Ok(())
    }

    fn check_memory(&mut self, memory: &wasmparser::MemoryType) -> Result<(), AdmissionRejected> {
        let limit = MEMORY_BYTES_MAX / PAGE;
        let fixed = memory.maximum == Some(memory.initial) && self.shape.memory_pages == 0;
        if !fixed || memory.initial < 1 || limit < memory.initial || memory.memory64 {
            let (minimum, maximum) = (memory.initial, memory.maximum);
            return Err(AdmissionRejected::MemoryNotFixed { minimum, maximum, limit });
        }
        self.shape.memory_pages = memory.initial;
        Ok(())
    }

    fn check_elements(
        &mut self,
        segments: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), AdmissionRejected> {
        for (segment, element) in (0..).zip(segments) {
            let element = element?;
            let out = AdmissionRejected::SegmentOutOfBounds { segment };
            let ElementKind::Active { offset_expr, .. } = &element.kind else { return Err(out) };
            let ElementItems::Functions(items) = &element.items else { return Err(out) };
            let end = constant(offset_expr)?.map(|at| at.saturating_add(items.count().into()));
            if end.is_none_or(|end| self.table_elements < end) {
                return Err(out);
            }
            self.shape.elements += u64::from(items.count());
        }
        Ok(())
    }

    fn check_data(
        &self,
        segments: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), AdmissionRejected> {
        for (segment, data) in (0..).zip(segments) {
            let data = data?;
            let out = AdmissionRejected::SegmentOutOfBounds { segment };
            let DataKind::Active { offset_expr, .. } = &data.kind else { return Err(out) };
            let end = constant(offset_expr)?.map(|at| at.saturating_add(data.data.len() as u64));
            if end.is_none_or(|end| self.shape.memory_pages * PAGE < end) {
                return Err(out);
            }
        }
        Ok(())
    }

    /// Writes the section of a validated payload.
    fn copy(&mut self, payload: &Payload<'_>) -> Result<(), AdmissionRejected> {
        match payload {
            Payload::GlobalSection(globals) => {
                let entries = globals.original_position()..globals.range().end;
                self.write_globals(entries);
            }
            Payload::ExportSection(exports) => {
                self.require_globals();
                let entries = exports.original_position()..exports.range().end;
                let mut data = Vec::new();
                (exports.count() + 1).encode(&mut data);
                data.extend_from_slice(self.bytes.get(entries).unwrap_or_default());
                GAS_EXPORT.encode(&mut data);
                wasm_encoder::ExportKind::Global.encode(&mut data);
                self.counters().gas.encode(&mut data);
                self.raw(SectionId::Export, &data);
            }
            Payload::CodeSectionEntry(_) if self.bodies.len() == self.functions.len() => {
                let mut data = Vec::new();
                self.functions.len().encode(&mut data);
                for body in std::mem::take(&mut self.bodies) {
                    body.len().encode(&mut data);
                    data.extend_from_slice(&body);
                }
                self.raw(SectionId::Code, &data);
            }
            Payload::ElementSection(_) | Payload::DataSection(_) => self.copy_raw(payload),
            Payload::TypeSection(_)
            | Payload::FunctionSection(_)
            | Payload::TableSection(_)
            | Payload::MemorySection(_) => self.copy_raw(payload),
            _ => {}
        }
        Ok(())
    }

    fn copy_raw(&mut self, payload: &Payload<'_>) {
        if let Some((id, range)) = payload.as_section() {
            let data = self.bytes.get(range).unwrap_or_default().to_vec();
            self.module.section(&RawSection { id, data: &data });
        }
    }

    fn raw(&mut self, id: SectionId, data: &[u8]) {
        self.module.section(&RawSection { id: id.into(), data });
    }

    fn require_globals(&mut self) {
        if self.globals_written == Seen::No {
            self.write_globals(0..0);
        }
    }

    fn write_globals(&mut self, entries: std::ops::Range<usize>) {
        let mut data = Vec::new();
        (self.global_count + 2).encode(&mut data);
        data.extend_from_slice(self.bytes.get(entries).unwrap_or_default());
        for (val_type, zero) in [
            (wasm_encoder::ValType::I64, wasm_encoder::ConstExpr::i64_const(0)),
            (wasm_encoder::ValType::I32, wasm_encoder::ConstExpr::i32_const(0)),
        ] {
            wasm_encoder::GlobalType { val_type, mutable: true, shared: false }.encode(&mut data);
            zero.encode(&mut data);
        }
        self.raw(SectionId::Global, &data);
        self.globals_written = Seen::Yes;
    }

    /// The guest interface; returns whether the optional `input_cap` is there.
    fn check_interface(&self) -> Result<bool, AdmissionRejected> {
        let find = |name: &str| self.exports.iter().find(|export| export.0 == name);
        if !matches!(find("memory"), Some((_, ExternalKind::Memory, 0))) {
            return Err(AdmissionRejected::ExportMissing { name: "memory", expected: "memory" });
        }
        let is_of_type = |export: &(String, ExternalKind, u32), params: &[ValType]| {
            let index = usize::try_from(export.2).ok().and_then(|i| self.functions.get(i));
            let ty = index.and_then(|i| self.types.get(usize::try_from(*i).ok()?));
            export.1 == ExternalKind::Func
                && ty.is_some_and(|ty| ty.0 == params && ty.1 == [ValType::I32])
        };
        const QUERY: &str = "(func (result i32))";
        const STEP: &str = "(func (param i64 i32) (result i32))";
        for (name, params, expected) in [
            ("state", &[][..], QUERY),
            ("state_len", &[], QUERY),
            ("input", &[], QUERY),
            ("init", &[], QUERY),
            ("step", &[ValType::I64, ValType::I32], STEP),
        ] {
            if !find(name).is_some_and(|export| is_of_type(export, params)) {
                return Err(AdmissionRejected::ExportMissing { name, expected });
            }
        }
        match find("input_cap") {
            None => Ok(false),
            Some(export) if is_of_type(export, &[]) => Ok(true),
            Some(_) => Err(AdmissionRejected::ExportMissing { name: "input_cap", expected: QUERY }),
        }
    }
}

/// Nothing may be imported: the first that is, by its names.
fn check_imports(imports: &wasmparser::ImportSectionReader<'_>) -> Result<(), AdmissionRejected> {
    match imports.clone().into_imports().next() {
        None => Ok(()),
        Some(import) => {
            let import = import?;
            let (module, name) = (cut(import.module), cut(import.name));
            Err(AdmissionRejected::HasImport { module, name, count: imports.count() })
        }
    }
}

/// The value of an offset that is one `i32.const`; `None` for any other expression.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u64>, AdmissionRejected> {
    let mut reader = expression.get_operators_reader();
    let first = reader.read()?;
    let rest = reader.read()?;
    Ok(match (first, rest) {
        (Operator::I32Const { value }, Operator::End) => Some(u64::from(value.cast_unsigned())),
        _ => None,
    })
}
