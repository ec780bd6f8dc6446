//! A validated module taken apart, and what both passes need to write another from it.
//!
//! Law: everything that a pass may rely on about a module is checked here, before a pass sees it:
//! validity, the limits, one memory, segments at constant places, tables that nobody changes.
//! Not here: what the passes put in (`plain`, `pause`).

use earnest_compute::paged::{form, program::features};
use wasmparser::{
    CompositeInnerType, ConstExpr, Data, DataKind, ElementItems, ElementKind, ElementSectionReader,
    Export, FuncToValidate, FuncType, FuncValidator, FunctionBody, Global, MemoryType, Operator,
    Parser, Payload, TableSectionReader, TypeRef, ValType, ValidPayload, Validator,
    ValidatorResources,
};

use crate::rejected::{Part, Rejected};

/// Bytes of a page of memory.
pub(crate) const PAGE: u64 = 64 * 1024;
/// Most bytes of a module, before and after (8 MiB).
pub const MODULE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes of one function's body before (256 KiB).
pub const FUNCTION_BYTES_MAX: usize = 256 * 1024;
/// Most functions.
pub const FUNCTION_COUNT_MAX: u32 = 50_000;
/// Most types.
pub const TYPE_COUNT_MAX: u32 = 10_000;
/// Most parameters, and most results, of a type.
pub const TYPE_VALUE_COUNT_MAX: usize = 64;
/// Most locals of a function, parameters included.
pub const LOCAL_COUNT_MAX: u32 = 4_000;
/// Most blocks open inside one another in a function.
pub const NESTING_MAX: usize = 2_000;
/// Most values on a function's operand stack.
pub const OPERAND_COUNT_MAX: u32 = 500;
/// Most globals.
pub const GLOBAL_COUNT_MAX: u32 = 1_000;
/// Most elements of a table; at most one table.
pub const TABLE_ELEMENT_COUNT_MAX: u64 = 100_000;
/// Most data, and most element, segments.
pub const SEGMENT_COUNT_MAX: u32 = 65_536;
/// Most pages of memory, what preparation adds included (256 MiB).
pub const MEMORY_PAGES_MAX: u64 = 4096;

/// A validated module.
pub(crate) struct Module<'a> {
    scale: u64,
    pub(crate) types: Vec<FuncType>,
    /// Name and type of each imported function.
    pub(crate) imports: Vec<(&'a str, u32)>,
    /// Type of each function of the module's own.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Option<TableSectionReader<'a>>,
    pub(crate) memory: MemoryType,
    pub(crate) globals: Vec<Global<'a>>,
    pub(crate) exports: Vec<Export<'a>>,
    pub(crate) elements: Option<ElementSectionReader<'a>>,
    /// Functions that a table or a global refers to.
    pub(crate) referred: Vec<u32>,
    /// Place and bytes of each segment.
    pub(crate) data: Vec<(u32, &'a [u8])>,
    bodies: Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'a>)>,
}

/// The code of one function without what can never be reached.
pub(crate) struct Body<'a> {
    /// Parameters first.
    pub(crate) locals: Vec<ValType>,
    pub(crate) operators: Vec<Operator<'a>>,
}

/// Tracks the types of operands; the operators were validated before.
pub(crate) type Typing = FuncValidator<ValidatorResources>;

pub(crate) fn within(part: Part, count: u64, limit: u64) -> Result<(), Rejected> {
    match count <= limit {
        true => Ok(()),
        false => Err(Rejected::TooMany { part, count, limit }),
    }
}

pub(crate) fn invalid(error: wasmparser::BinaryReaderError) -> Rejected {
    Rejected::Invalid { offset: error.offset(), reason: error.message().to_owned() }
}

/// Which module is read: what strangers send has limits; what a pass made of it is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Linked,
    Plain,
}

impl Stage {
    /// Times the limits.
    fn scale(self) -> u64 {
        match self {
            Stage::Linked => 1,
            Stage::Plain => 32,
        }
    }
}

/// Takes `bytes` apart after all checks that are not about instructions.
pub(crate) fn read(bytes: &[u8], stage: Stage) -> Result<Module<'_>, Rejected> {
    let scale = stage.scale();
    within(Part::ModuleBytes, bytes.len() as u64, scale * MODULE_BYTES_MAX as u64)?;
    let mut module = Module {
        scale,
        types: Vec::new(),
        imports: Vec::new(),
        functions: Vec::new(),
        tables: None,
        memory: MemoryType {
            memory64: false,
            shared: false,
            initial: 0,
            maximum: None,
            page_size_log2: None,
        },
        globals: Vec::new(),
        exports: Vec::new(),
        elements: None,
        referred: Vec::new(),
        data: Vec::new(),
        bodies: Vec::new(),
    };
    let (mut has_memory, mut table_elements) = (false, 0);
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        limits(&payload, scale)?;
        if let ValidPayload::Func(to_validate, body) =
            validator.payload(&payload).map_err(invalid)?
        {
            module.bodies.push((to_validate, body));
        }
        match payload {
            Payload::MemorySection(memories) => {
                for memory in memories {
                    (module.memory, has_memory) = (memory.map_err(invalid)?, true);
                }
                within(Part::MemoryPages, module.memory.initial, scale * MEMORY_PAGES_MAX / 2)?;
            }
            Payload::TableSection(tables) => {
                for table in tables.clone() {
                    let table = table.map_err(invalid)?;
                    let most = table.ty.initial.max(table.ty.maximum.unwrap_or(0));
                    within(Part::TableElements, most, TABLE_ELEMENT_COUNT_MAX)?;
                    table_elements = table.ty.initial;
                }
                module.tables = Some(tables);
            }
            Payload::ElementSection(elements) => {
                module.elements(elements.clone(), table_elements)?;
                module.elements = Some(elements);
            }
            other => module.take(other)?,
        }
    }
    match has_memory {
        true => Ok(module),
        false => Err(Rejected::NoMemory),
    }
}

/// Limits on counts, before anything of the section is read.
fn limits(payload: &Payload<'_>, scale: u64) -> Result<(), Rejected> {
    let (part, count, limit) = match payload {
        Payload::TypeSection(types) => (Part::Types, types.count(), TYPE_COUNT_MAX),
        Payload::ImportSection(imports) => (Part::Functions, imports.count(), FUNCTION_COUNT_MAX),
        Payload::FunctionSection(all) => (Part::Functions, all.count(), FUNCTION_COUNT_MAX),
        Payload::TableSection(tables) => (Part::Tables, tables.count(), 1),
        Payload::GlobalSection(globals) => (Part::Globals, globals.count(), GLOBAL_COUNT_MAX),
        Payload::ElementSection(all) => (Part::Segments, all.count(), SEGMENT_COUNT_MAX),
        Payload::DataSection(all) => (Part::Segments, all.count(), SEGMENT_COUNT_MAX),
        Payload::CodeSectionEntry(body) => {
            let length = body.range().len() as u64;
            return within(Part::FunctionBytes, length, scale * FUNCTION_BYTES_MAX as u64);
        }
        Payload::StartSection { .. } => return Err(Rejected::Start),
        _ => return Ok(()),
    };
    within(part, count.into(), scale * u64::from(limit))
}

impl<'a> Module<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), Rejected> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types {
                    for ty in group.map_err(invalid)?.into_types() {
                        let CompositeInnerType::Func(ty) = ty.composite_type.inner else {
                            continue;
                        };
                        let most = ty.params().len().max(ty.results().len()) as u64;
                        within(Part::TypeValues, most, TYPE_VALUE_COUNT_MAX as u64)?;
                        self.types.push(ty);
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.map_err(invalid)?;
                    self.import(import)?;
                }
            }
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.functions.push(ty.map_err(invalid)?);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let global = global.map_err(invalid)?;
                    self.refer(&global.init_expr)?;
                    self.globals.push(global);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.exports.push(export.map_err(invalid)?);
                }
            }
            Payload::DataSection(segments) => {
                for (segment, data) in (0..).zip(segments) {
                    self.segment(segment, data.map_err(invalid)?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'a>) -> Result<(), Rejected> {
        let TypeRef::Func(ty) = import.ty else {
            let (module, name) = (import.module.to_owned(), import.name.to_owned());
            return Err(Rejected::Import { module, name });
        };
        let expected: &[ValType] = match import.name {
            form::INPUT_READ => &[ValType::I64, ValType::I32, ValType::I32],
            form::OUTPUT_WRITE => &[ValType::I32, ValType::I32],
            form::SLICE => &[],
            _ => &[ValType::V128],
        };
        let results: &[ValType] = match import.name {
            form::INPUT_READ => &[ValType::I32],
            _ => &[],
        };
        let known = usize::try_from(ty).ok().and_then(|ty| self.types.get(ty));
        let fits = known.is_some_and(|ty| ty.params() == expected && ty.results() == results);
        if import.module != form::HOST || !fits {
            let (module, name) = (import.module.to_owned(), import.name.to_owned());
            return Err(Rejected::Import { module, name });
        }
        self.imports.push((import.name, ty));
        Ok(())
    }

    fn elements(
        &mut self,
        segments: ElementSectionReader<'a>,
        table_elements: u64,
    ) -> Result<(), Rejected> {
        for (segment, element) in (0..).zip(segments) {
            let element = element.map_err(invalid)?;
            let out = Rejected::Segment { segment };
            let count = match element.items {
                ElementItems::Functions(items) => {
                    let count = items.count();
                    for function in items {
                        self.referred.push(function.map_err(invalid)?);
                    }
                    count
                }
                ElementItems::Expressions(_, items) => {
                    let count = items.count();
                    for item in items {
                        self.refer(&item.map_err(invalid)?)?;
                    }
                    count
                }
            };
            match &element.kind {
                ElementKind::Active { offset_expr, .. } => {
                    let end = constant(offset_expr)?.map(|at| u64::from(at) + u64::from(count));
                    if end.is_none_or(|end| table_elements < end) {
                        return Err(out);
                    }
                }
                ElementKind::Declared => {}
                ElementKind::Passive => return Err(out),
            }
        }
        Ok(())
    }

    /// Notes the functions that a constant expression refers to.
    fn refer(&mut self, expression: &ConstExpr<'_>) -> Result<(), Rejected> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator.map_err(invalid)? {
                self.referred.push(function_index);
            }
        }
        Ok(())
    }

    fn segment(&mut self, segment: u32, data: Data<'a>) -> Result<(), Rejected> {
        let out = Rejected::Segment { segment };
        let DataKind::Active { offset_expr, .. } = &data.kind else { return Err(out) };
        let Some(at) = constant(offset_expr)? else { return Err(out) };
        if self.memory.initial * PAGE < u64::from(at) + data.data.len() as u64 {
            return Err(out);
        }
        self.data.push((at, data.data));
        Ok(())
    }

    pub(crate) fn type_of(&self, function: u32) -> &FuncType {
        let index = usize::try_from(function).expect("a u32 fits usize");
        let ty = match self.imports.get(index) {
            Some(import) => import.1,
            None => self.functions[index - self.imports.len()],
        };
        self.type_at(ty)
    }

    pub(crate) fn type_at(&self, index: u32) -> &FuncType {
        &self.types[usize::try_from(index).expect("a u32 fits usize")]
    }

    pub(crate) fn export(&self, name: &str) -> Option<&Export<'a>> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// Tracks types from the start of the function of the module's own; without its locals.
    pub(crate) fn typing(&self, own: usize, locals: &[ValType]) -> Typing {
        let (to_validate, _) = &self.bodies[own];
        let to_validate = FuncToValidate {
            resources: to_validate.resources.clone(),
            index: to_validate.index,
            ty: to_validate.ty,
            features: to_validate.features,
        };
        let mut typing = to_validate.into_validator(Default::default());
        let parameters = typing.len_locals() as usize;
        for local in locals.iter().skip(parameters) {
            typing.define_locals(0, 1, *local).expect("the locals were validated before");
        }
        typing
    }

    /// Validates the code of a function of the module's own and leaves out what no run reaches.
    pub(crate) fn body(&self, own: usize) -> Result<Body<'a>, Rejected> {
        let body = &self.bodies[own].1;
        let ty = self.type_at(self.functions[own]);
        let mut locals = ty.params().to_vec();
        for group in body.get_locals_reader().map_err(invalid)? {
            let (count, kind) = group.map_err(invalid)?;
            let total = locals.len() as u64 + u64::from(count);
            within(Part::Locals, total, self.scale * u64::from(LOCAL_COUNT_MAX))?;
            locals.extend((0..count).map(|_| kind));
        }
        let mut typing = self.typing(own, &locals);
        let mut operators = Vec::new();
        let (mut unreached, mut nesting) = (None, 0_usize);
        let mut reader = body.get_operators_reader().map_err(invalid)?;
        while !reader.eof() {
            let offset = reader.original_position();
            let operator = reader.read().map_err(invalid)?;
            typing.op(offset, &operator).map_err(invalid)?;
            let height = typing.operand_stack_height();
            within(Part::Operands, height.into(), self.scale * u64::from(OPERAND_COUNT_MAX))?;
            match operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    nesting += 1
                }
                Operator::End => nesting = nesting.saturating_sub(1),
                _ => {}
            }
            within(Part::Nesting, nesting as u64, self.scale * NESTING_MAX as u64)?;
            if is_reached(&mut unreached, &operator) {
                operators.push(operator);
            }
        }
        reader.finish().map_err(invalid)?;
        Ok(Body { locals, operators })
    }
}

/// `unreached` counts the blocks opened since code became unreachable.
fn is_reached(unreached: &mut Option<usize>, operator: &Operator<'_>) -> bool {
    use Operator as O;
    let Some(open) = *unreached else {
        if is_terminator(operator) {
            *unreached = Some(0);
        }
        return true;
    };
    match operator {
        O::Block { .. } | O::Loop { .. } | O::If { .. } => *unreached = Some(open + 1),
        O::Else | O::End if open == 0 => *unreached = None,
        O::End => *unreached = Some(open - 1),
        _ => {}
    }
    unreached.is_none()
}

/// Whether nothing behind the operator is reached from it.
pub(crate) fn is_terminator(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Br { .. } | Operator::BrTable { .. } | Operator::Return | Operator::Unreachable
    )
}

/// The value of an offset that is one `i32.const`; `None` for any other expression.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u32>, Rejected> {
    let mut reader = expression.get_operators_reader();
    let first = reader.read().map_err(invalid)?;
    let rest = reader.read().map_err(invalid)?;
    Ok(match (first, rest) {
        (Operator::I32Const { value }, Operator::End) => Some(value.cast_unsigned()),
        _ => None,
    })
}
