//! Two rewriters of code: the program's indices, and the interface's, to those of the linked
//! module.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Instruction};
use wasmparser::{FunctionBody, Operator};

use super::shim::{Import, Shim};

type Remapped<T> = Result<T, Error<Infallible>>;

/// The program's code: calls go elsewhere, and the region is hidden from `memory.size`.
pub(super) struct OfProgram {
    /// Where each imported function is now.
    pub(super) imports: Vec<u32>,
    /// Where the program's own functions begin now.
    pub(super) first: u32,
    /// Pages that the program's memory began with.
    pub(super) pages: i32,
    /// Pages that it begins with now.
    pub(super) pages_linked: i32,
}

impl OfProgram {
    /// Where a function of the program is now.
    pub(super) fn place(&self, index: u32) -> u32 {
        let imports = u32::try_from(self.imports.len()).expect("the validator counts imports");
        match index.checked_sub(imports) {
            Some(own) => self.first + own,
            None => self.imports[usize::try_from(index).expect("an index of 32 bits fits")],
        }
    }
}

impl Reencode for OfProgram {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Remapped<u32> {
        Ok(self.place(index))
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Remapped<()> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let instruction = self.parse_instruction(&mut reader)?;
            if matches!(instruction, Instruction::MemorySize(_)) {
                // An old library takes all memory there is at first for its heap.
                function
                    .instruction(&Instruction::I32Const(self.pages))
                    .instruction(&Instruction::MemorySize(0))
                    .instruction(&Instruction::MemorySize(0))
                    .instruction(&Instruction::I32Const(self.pages_linked))
                    .instruction(&Instruction::I32Eq)
                    .instruction(&Instruction::Select);
            } else {
                function.instruction(&instruction);
            }
        }
        code.function(&function);
        Ok(())
    }
}

/// The interface's code: its two made-up imports become instructions.
pub(super) struct OfShim<'a> {
    pub(super) shim: &'a Shim,
    /// Where each function is now.
    pub(super) functions: BTreeMap<u32, u32>,
    /// Where each type is now.
    pub(super) types: Vec<u32>,
    /// Where the region begins.
    pub(super) base: i32,
    /// The global that is the interface's stack pointer, its only one.
    pub(super) stack_pointer: u32,
    /// The global that holds the exit code.
    pub(super) exit: u32,
}

impl Reencode for OfShim<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Remapped<u32> {
        Ok(self.functions[&index])
    }

    fn global_index(&mut self, _index: u32) -> Remapped<u32> {
        Ok(self.stack_pointer)
    }

    fn type_index(&mut self, index: u32) -> Remapped<u32> {
        Ok(self.types[usize::try_from(index).expect("an index of 32 bits fits")])
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Remapped<()> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let called = match operator {
                Operator::Call { function_index } => self.shim.import(function_index),
                _ => None,
            };
            match called {
                Some(Import::Base) => {
                    function.instruction(&Instruction::I32Const(self.base));
                }
                Some(Import::Exit) => {
                    function.instruction(&Instruction::GlobalSet(self.exit));
                    function.instruction(&Instruction::Unreachable);
                }
                _ => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&function);
        Ok(())
    }
}
