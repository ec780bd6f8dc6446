//! The system interface as a module: which functions it has, and what each needs.
//!
//! It is ours and compiled in, so that its form is known: `expect` says so here, and a test reads
//! it.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ExternalKind, FuncType, FunctionBody, Operator, Parser, Payload, TypeRef};

const MODULE: &[u8] = include_bytes!("../../shim/shim.wasm");
const OURS: &str = "the system interface was built with this crate and a test reads it whole";

/// What the interface imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Import {
    /// The host's `input_read`.
    InputRead,
    /// The host's `output_write`.
    OutputWrite,
    /// The end of the program.
    Exit,
}

/// The interface's functions.
pub(super) struct Shim {
    pub(super) imports: Vec<Import>,
    types: Vec<FuncType>,
    function_types: Vec<u32>,
    entries: BTreeMap<&'static str, u32>,
    bodies: Vec<FunctionBody<'static>>,
}

impl Shim {
    pub(super) fn read() -> Self {
        let mut shim = Self {
            imports: Vec::new(),
            types: Vec::new(),
            function_types: Vec::new(),
            entries: BTreeMap::new(),
            bodies: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(MODULE) {
            match payload.expect(OURS) {
                Payload::TypeSection(types) => {
                    let types = types.into_iter_err_on_gc_types();
                    shim.types = types.map(|kind| kind.expect(OURS)).collect();
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.expect(OURS);
                        if let TypeRef::Func(kind) = import.ty {
                            shim.imports.push(import_of(import.name));
                            shim.function_types.push(kind);
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    shim.function_types.extend(functions.into_iter().map(|kind| kind.expect(OURS)));
                }
                Payload::ExportSection(exports) => {
                    let exports = exports.into_iter().map(|export| export.expect(OURS));
                    let functions = exports.filter(|export| export.kind == ExternalKind::Func);
                    shim.entries = functions.map(|export| (export.name, export.index)).collect();
                }
                Payload::CodeSectionEntry(body) => shim.bodies.push(body),
                _ => {}
            }
        }
        shim
    }

    /// The function of this name, by its index in the interface.
    pub(super) fn entry(&self, name: &str) -> Option<u32> {
        self.entries.get(name).copied()
    }

    pub(super) fn function_type(&self, index: u32) -> &FuncType {
        &self.types[at(self.type_index(index))]
    }

    pub(super) fn type_index(&self, index: u32) -> u32 {
        self.function_types[at(index)]
    }

    pub(super) fn types(&self) -> &[FuncType] {
        &self.types
    }

    pub(super) fn import(&self, index: u32) -> Option<Import> {
        self.imports.get(at(index)).copied()
    }

    pub(super) fn body(&self, index: u32) -> &FunctionBody<'static> {
        &self.bodies[at(index) - self.imports.len()]
    }

    /// These functions and all that they call, without the imports.
    pub(super) fn with_callees(&self, entries: impl Iterator<Item = u32>) -> BTreeSet<u32> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<u32> = entries.collect();
        while let Some(index) = open.pop() {
            if self.import(index).is_some() || !needed.insert(index) {
                continue;
            }
            for operator in self.body(index).get_operators_reader().expect(OURS) {
                if let Operator::Call { function_index } = operator.expect(OURS) {
                    open.push(function_index);
                }
            }
        }
        needed
    }
}

fn import_of(name: &str) -> Import {
    match name {
        "input_read" => Import::InputRead,
        "output_write" => Import::OutputWrite,
        "exit" => Import::Exit,
        other => panic!("{other}: {OURS}"),
    }
}

fn at(index: u32) -> usize {
    usize::try_from(index).expect("an index of 32 bits fits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_is_code_alone() {
        let shim = Shim::read();
        assert!(20 < shim.entries.len());
        for payload in Parser::new(0).parse_all(MODULE) {
            match payload.expect("it is valid") {
                Payload::DataSection(data) => panic!("{} data segments", data.count()),
                Payload::ElementSection(elements) => panic!("{} elements", elements.count()),
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader().expect("it is valid") {
                        let operator = operator.expect("it is valid");
                        assert!(!matches!(operator, Operator::CallIndirect { .. }));
                        if let Operator::GlobalGet { global_index } = operator {
                            assert_eq!(global_index, 0, "the stack pointer is the only global");
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
