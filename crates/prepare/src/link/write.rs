//! The linked module, section by section.

use earnest_compute::paged::form;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemorySection, MemoryType, Module, Section, TableSection, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

use super::program::Program;
use super::region::STACK_BYTES;
use super::remap::{OfProgram, OfShim};
use super::shift::Helper;
use super::shim::Shim;
use super::{
    HOST_FUNCTION_COUNT, LinkRejected, MEMORY_PAGES_MAX, NOT_SUPPORTED, Plan, REGION_PAGES, index,
};

/// All that a linked module is made of.
pub(super) struct Linking<'a> {
    bytes: &'a [u8],
    program: &'a Program,
    shim: &'a Shim,
    plan: &'a Plan,
    of_program: OfProgram,
    of_shim: OfShim<'a>,
}

/// The program's sections, under their new indices; what the program lacks stays empty.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    tables: TableSection,
    globals: GlobalSection,
    elements: ElementSection,
    data_count: Option<u32>,
    code: CodeSection,
    data: DataSection,
}

impl<'a> Linking<'a> {
    pub(super) fn new(
        bytes: &'a [u8],
        program: &'a Program,
        shim: &'a Shim,
        plan: &'a Plan,
    ) -> Self {
        let of_program = OfProgram {
            imports: plan.imports.clone(),
            first: HOST_FUNCTION_COUNT,
            first_helper: plan.first_helper,
        };
        let of_shim = OfShim {
            shim,
            functions: plan.shim_functions.clone(),
            first_type: index(program.types.len()),
            stack_pointer: program.global_count,
            exit: program.global_count + 1,
        };
        Self { bytes, program, shim, plan, of_program, of_shim }
    }

    pub(super) fn write(mut self) -> Result<Vec<u8>, Error<LinkRejected>> {
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(self.bytes) {
            self.take(payload?, &mut sections)?;
        }
        self.add_types(&mut sections.types);
        self.add_globals(&mut sections.globals);
        self.add_code(&mut sections.code)
            .expect("the interface's code was read when it was planned");
        let mut module = Module::new();
        module.section(&sections.types).section(&self.imports()).section(&self.functions());
        put(&mut module, sections.tables.is_empty(), &sections.tables);
        module.section(&self.memory()).section(&sections.globals).section(&self.exports());
        put(&mut module, sections.elements.is_empty(), &sections.elements);
        if let Some(count) = sections.data_count {
            module.section(&DataCountSection { count });
        }
        module.section(&sections.code);
        put(&mut module, sections.data.is_empty(), &sections.data);
        Ok(module.finish())
    }

    fn take(&mut self, payload: Payload<'_>, to: &mut Sections) -> Result<(), Error<LinkRejected>> {
        let program = &mut self.of_program;
        match payload {
            Payload::TypeSection(section) => program.parse_type_section(&mut to.types, section),
            Payload::TableSection(section) => program.parse_table_section(&mut to.tables, section),
            Payload::GlobalSection(section) => {
                program.parse_global_section(&mut to.globals, section)
            }
            Payload::ElementSection(section) => {
                program.parse_element_section(&mut to.elements, section)
            }
            Payload::DataCountSection { count, .. } => {
                to.data_count = Some(count);
                Ok(())
            }
            Payload::CodeSectionEntry(body) => program.parse_function_body(&mut to.code, body),
            Payload::DataSection(section) => program.parse_data_section(&mut to.data, section),
            _ => Ok(()),
        }
    }

    fn add_types(&mut self, types: &mut TypeSection) {
        for kind in self.shim.types() {
            let valid = "the interface's types are those of integers";
            let kind = self.of_shim.func_type(kind.clone()).expect(valid);
            types.ty().func_type(&kind);
        }
        for (parameters, results) in Helper::TYPES {
            types.ty().function(parameters.iter().copied(), results.iter().copied());
        }
    }

    /// The type, in the linked module, of a function of the interface.
    fn type_of(&self, function: u32) -> u32 {
        self.of_shim.first_type + self.shim.type_index(function)
    }

    fn imports(&self) -> ImportSection {
        let mut imports = ImportSection::new();
        for (place, name) in [(0, form::INPUT_READ), (1, form::OUTPUT_WRITE)] {
            let found = self.plan.shim_functions.iter().find(|(_, linked)| **linked == place);
            let (function, _) = found.expect("the plan places both functions of the host");
            imports.import(form::HOST, name, EntityType::Function(self.type_of(*function)));
        }
        imports
    }

    fn functions(&self) -> FunctionSection {
        let mut functions = FunctionSection::new();
        let own = self.program.functions.iter().copied();
        let linked = self.plan.linked(self.shim).map(|function| self.type_of(function));
        let first = self.of_shim.first_type + index(self.shim.types().len());
        let helpers = Helper::ALL.map(|helper| first + helper.type_place());
        let stubs = self.plan.stubs.iter().copied();
        for kind in own.chain(linked).chain(stubs).chain(helpers) {
            functions.function(kind);
        }
        functions
    }

    fn memory(&self) -> MemorySection {
        let most = self.program.memory_pages_max.unwrap_or(MEMORY_PAGES_MAX);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: self.program.memory_pages + REGION_PAGES,
            maximum: Some(most.saturating_add(REGION_PAGES).min(MEMORY_PAGES_MAX)),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        memories
    }

    fn add_globals(&self, globals: &mut GlobalSection) {
        let kind = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        let stack = i32::try_from(STACK_BYTES).expect("64 KiB");
        globals.global(kind, &ConstExpr::i32_const(stack));
        globals.global(kind, &ConstExpr::i32_const(0));
    }

    fn exports(&self) -> ExportSection {
        let start = self.program.start.expect("a program without a start was refused");
        let start = self.of_program.place(start);
        let mut exports = ExportSection::new();
        exports.export(form::MEMORY, ExportKind::Memory, 0);
        exports.export(form::START, ExportKind::Func, start);
        exports.export(form::EXIT, ExportKind::Global, self.of_shim.exit);
        exports
    }

    fn add_code(&mut self, code: &mut CodeSection) -> Result<(), Error> {
        let linked: Vec<u32> = self.plan.linked(self.shim).collect();
        for function in linked {
            self.of_shim.parse_function_body(code, self.shim.body(function).clone())?;
        }
        for _ in &self.plan.stubs {
            let mut stub = Function::new([]);
            stub.instruction(&Instruction::I32Const(NOT_SUPPORTED)).instruction(&Instruction::End);
            code.function(&stub);
        }
        for helper in Helper::ALL {
            code.function(&helper.body());
        }
        Ok(())
    }
}

fn put(module: &mut Module, is_empty: bool, section: &impl Section) {
    if !is_empty {
        module.section(section);
    }
}
