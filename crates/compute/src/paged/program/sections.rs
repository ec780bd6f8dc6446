//! The sections of a module that was found valid: what it imports, exports and begins with.

use std::collections::BTreeMap;

use wasmparser::{
    CompositeInnerType, ConstExpr, Data, DataKind, Element, ElementItems, ElementKind,
    ExternalKind, GlobalSectionReader, ImportSectionReader, Operator, Parser, Payload, TypeRef,
    TypeSectionReader, ValType,
};

use super::super::form::{
    EXIT, GLOBAL_PREFIX, HOST, INPUT_READ, LEFT, MEMORY, OUTPUT_WRITE, REST, SLICE, START, STEP,
};
use super::super::state::{BLOCK_COUNT_MAX, GLOBAL_COUNT_MAX, Value};
use super::code::{invalid, within};
use super::{
    GAS, GlobalSlot, ITEM_COUNT_MAX, Kind, MAP, MISSING, ProgramRejected, TABLE_ELEMENT_COUNT_MAX,
    TYPE_VALUE_COUNT_MAX,
};

/// A data segment: where, and what.
pub(super) struct DataSegment<'a> {
    pub(super) at: usize,
    pub(super) bytes: &'a [u8],
}

/// A function type.
pub(super) type Signature = (Vec<ValType>, Vec<ValType>);

/// What the sections say.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) types: Vec<Signature>,
    pub(super) imports: Vec<(String, u32)>,
    /// Type of each function, the imported ones first.
    pub(super) functions: Vec<u32>,
    /// As (minimum, maximum) in blocks.
    memory: Option<(u64, Option<u64>)>,
    table_elements: u64,
    /// `None` for those that never change.
    pub(super) globals: Vec<Option<Value>>,
    exports: BTreeMap<&'a str, (ExternalKind, u32)>,
    pub(super) data: Vec<DataSegment<'a>>,
}

/// What of the form a module has, where not fixed.
pub(super) struct Form {
    pub(super) blocks_min: u32,
    pub(super) blocks_max: u32,
    pub(super) left: usize,
    pub(super) exit: usize,
    pub(super) rest: Option<usize>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Found<'_>, ProgramRejected> {
    let mut found = Found::default();
    for payload in Parser::new(0).parse_all(bytes) {
        found.take(payload.map_err(invalid)?)?;
    }
    Ok(found)
}

impl<'a> Found<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), ProgramRejected> {
        let most = u64::from(ITEM_COUNT_MAX);
        match payload {
            Payload::TypeSection(types) => self.take_types(types)?,
            Payload::ImportSection(imports) => self.take_imports(imports)?,
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.functions.push(ty.map_err(invalid)?);
                }
            }
            Payload::TableSection(tables) => {
                within("tables", tables.count().into(), 1)?;
                for table in tables {
                    let ty = table.map_err(invalid)?.ty;
                    self.table_elements = ty.initial;
                    within("table elements", ty.initial, TABLE_ELEMENT_COUNT_MAX)?;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory.map_err(invalid)?;
                    self.memory = Some((memory.initial, memory.maximum));
                }
            }
            Payload::GlobalSection(globals) => self.take_globals(globals)?,
            Payload::ExportSection(exports) => {
                within("exports", exports.count().into(), most)?;
                for export in exports {
                    let export = export.map_err(invalid)?;
                    self.exports.insert(export.name, (export.kind, export.index));
                }
            }
            Payload::StartSection { .. } => {
                return Err(ProgramRejected::HiddenState("a start function"));
            }
            Payload::ElementSection(elements) => {
                within("element segments", elements.count().into(), most)?;
                for element in elements {
                    self.take_element(&element.map_err(invalid)?)?;
                }
            }
            Payload::DataSection(data) => {
                within("data segments", data.count().into(), most)?;
                for segment in data {
                    self.take_data(&segment.map_err(invalid)?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_types(&mut self, types: TypeSectionReader<'_>) -> Result<(), ProgramRejected> {
        within("types", types.count().into(), ITEM_COUNT_MAX.into())?;
        for group in types {
            for ty in group.map_err(invalid)?.into_types() {
                let CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                    continue; // The validator refuses every other kind.
                };
                for values in [ty.params(), ty.results()] {
                    let most = TYPE_VALUE_COUNT_MAX as u64;
                    within("parameters or results of a type", values.len() as u64, most)?;
                }
                self.types.push((ty.params().to_vec(), ty.results().to_vec()));
            }
        }
        Ok(())
    }

    fn take_imports(&mut self, imports: ImportSectionReader<'_>) -> Result<(), ProgramRejected> {
        for import in imports.into_imports() {
            let import = import.map_err(invalid)?;
            let name = format!("{}.{}", import.module, import.name);
            match import.ty {
                TypeRef::Func(ty) if import.module == HOST => {
                    self.imports.push((import.name.to_owned(), ty));
                    self.functions.push(ty);
                }
                _ => return Err(ProgramRejected::Import(name)),
            }
        }
        Ok(())
    }

    fn take_globals(&mut self, globals: GlobalSectionReader<'_>) -> Result<(), ProgramRejected> {
        within("globals", globals.count().into(), ITEM_COUNT_MAX.into())?;
        for global in globals {
            let global = global.map_err(invalid)?;
            let vector =
                ProgramRejected::HiddenState("a mutable global of a vector or a reference");
            self.globals.push(match global.ty.mutable {
                true => Some(constant(&global.init_expr).ok_or(vector)?),
                false => None,
            });
        }
        let mutable = self.globals.iter().flatten().count() as u64;
        within("mutable globals", mutable, GLOBAL_COUNT_MAX.into())
    }

    fn take_element(&self, element: &Element<'_>) -> Result<(), ProgramRejected> {
        let offset_expr = match &element.kind {
            ElementKind::Active { offset_expr, .. } => offset_expr,
            ElementKind::Declared => return Ok(()),
            ElementKind::Passive => {
                return Err(ProgramRejected::HiddenState("a passive element segment"));
            }
        };
        let count = match &element.items {
            ElementItems::Functions(functions) => functions.count(),
            ElementItems::Expressions(_, items) => items.count(),
        };
        let outside = ProgramRejected::Segment("element");
        let at = place(offset_expr).ok_or(outside.clone())?;
        match u64::from(at).saturating_add(count.into()) <= self.table_elements {
            true => Ok(()),
            false => Err(outside),
        }
    }

    fn take_data(&mut self, data: &Data<'a>) -> Result<(), ProgramRejected> {
        let DataKind::Active { offset_expr, .. } = &data.kind else {
            return Err(ProgramRejected::HiddenState("a passive data segment"));
        };
        let at = place(offset_expr).ok_or(ProgramRejected::Segment("data"))?;
        let at = usize::try_from(at).expect("usize has 32 bits");
        self.data.push(DataSegment { at, bytes: data.data });
        Ok(())
    }

    pub(super) fn mutable_globals(&self) -> impl Iterator<Item = GlobalSlot> {
        (0u32..)
            .zip(&self.globals)
            .filter_map(|(index, value)| value.map(|initial| GlobalSlot { index, initial }))
    }

    fn has_type(&self, ty: u32, params: &[ValType], results: &[ValType]) -> bool {
        let ty = usize::try_from(ty).ok().and_then(|ty| self.types.get(ty));
        ty.is_some_and(|(p, r)| p == params && r == results)
    }

    /// Checks imports and exports against the form.
    pub(super) fn form(&self, kind: Kind) -> Result<Form, ProgramRejected> {
        use ValType::{I32, I64};
        for (name, ty) in &self.imports {
            let fits = match (name.as_str(), kind) {
                (INPUT_READ, _) => self.has_type(*ty, &[I64, I32, I32], &[I32]),
                (OUTPUT_WRITE, _) => self.has_type(*ty, &[I32, I32], &[]),
                (SLICE, Kind::Plain) => self.has_type(*ty, &[], &[]),
                _ => false,
            };
            if !fits {
                return Err(ProgramRejected::Import(format!("{HOST}.{name}")));
            }
        }
        if let Some(name) =
            [MAP, MISSING, GAS].iter().find(|name| self.exports.contains_key(**name))
        {
            return Err(ProgramRejected::ReservedExport((*name).to_owned()));
        }
        let missing = |name: &str| ProgramRejected::Export(name.to_owned());
        let (entry, results) = match kind {
            Kind::Plain => (START, &[][..]),
            Kind::Pausable => (STEP, &[I32][..]),
        };
        let function = self.export(entry, ExternalKind::Func).ok_or_else(|| missing(entry))?;
        let ty = self.functions.get(function).ok_or_else(|| missing(entry))?;
        if !self.has_type(*ty, &[], results) {
            return Err(missing(entry));
        }
        self.export(MEMORY, ExternalKind::Memory).ok_or_else(|| missing(MEMORY))?;
        let (min, max) = self.memory.ok_or_else(|| missing(MEMORY))?;
        let limit = u64::from(BLOCK_COUNT_MAX);
        let max = max.ok_or(ProgramRejected::TooMany {
            what: "blocks of memory (it names no maximum)",
            count: u64::from(u16::MAX) + 1,
            limit,
        })?;
        within("blocks of memory", max, limit)?;
        let slots: Vec<GlobalSlot> = self.mutable_globals().collect();
        for (position, slot) in slots.iter().enumerate() {
            let name = format!("{GLOBAL_PREFIX}{position}");
            let index = self.export(&name, ExternalKind::Global);
            if index != usize::try_from(slot.index).ok() {
                return Err(missing(&name));
            }
        }
        let find = |name: &str, fits: fn(Value) -> bool| {
            let index = self.export(name, ExternalKind::Global)?;
            slots
                .iter()
                .position(|slot| usize::try_from(slot.index) == Ok(index) && fits(slot.initial))
        };
        Ok(Form {
            blocks_min: u32::try_from(min).map_err(|_| missing(MEMORY))?,
            blocks_max: u32::try_from(max).map_err(|_| missing(MEMORY))?,
            left: find(LEFT, |v| matches!(v, Value::I64(_))).ok_or_else(|| missing(LEFT))?,
            exit: find(EXIT, |v| matches!(v, Value::I32(_))).ok_or_else(|| missing(EXIT))?,
            rest: find(REST, |v| matches!(v, Value::I64(_))).filter(|_| kind == Kind::Plain),
        })
    }

    fn export(&self, name: &str, kind: ExternalKind) -> Option<usize> {
        let (found, index) = self.exports.get(name)?;
        usize::try_from(*index).ok().filter(|_| *found == kind)
    }
}

/// The value of a constant expression of one instruction.
fn constant(expression: &ConstExpr<'_>) -> Option<Value> {
    let mut operators = expression.get_operators_reader();
    let value = match operators.read().ok()? {
        Operator::I32Const { value } => Value::I32(value),
        Operator::I64Const { value } => Value::I64(value),
        Operator::F32Const { value } => Value::F32(value.bits()),
        Operator::F64Const { value } => Value::F64(value.bits()),
        _ => return None,
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(value)
}

fn place(expression: &ConstExpr<'_>) -> Option<u32> {
    match constant(expression)? {
        Value::I32(value) => Some(value.cast_unsigned()),
        Value::I64(_) | Value::F32(_) | Value::F64(_) => None,
    }
}
