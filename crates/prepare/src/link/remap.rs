//! Two rewriters of code, to the indices of the linked module: of the program, whose addresses move
//! too, and of the interface.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, ConstExpr, DataSection, Function, Instruction, MemArg};
use wasmparser::{DataKind, DataSectionReader, FunctionBody, Operator};

use super::LinkRejected;
use super::region::REGION_BYTES;
use super::shift::{Helper, hidden_pages};
use super::shim::{Import, Shim};

/// The program's code: calls go elsewhere, and its memory begins behind the region.
pub(super) struct OfProgram {
    /// Where each imported function is now.
    pub(super) imports: Vec<u32>,
    /// Where the program's own functions begin now.
    pub(super) first: u32,
    /// Where the functions are that move addresses.
    pub(super) first_helper: u32,
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

    fn put(
        &self,
        instruction: &Instruction<'_>,
        function: &mut Function,
    ) -> Result<(), LinkRejected> {
        let helper = match instruction {
            Instruction::MemorySize(_) => {
                function.instruction(instruction);
                function.instruction(&Instruction::I32Const(hidden_pages()));
                function.instruction(&Instruction::I32Sub);
                return Ok(());
            }
            Instruction::MemoryGrow(_) => Helper::Grow,
            Instruction::MemoryCopy { .. } => Helper::Copy,
            Instruction::MemoryFill(_) => Helper::Fill,
            Instruction::MemoryInit { .. } | Instruction::DataDrop(_) => {
                return Err(LinkRejected::PassiveData);
            }
            other => {
                function.instruction(other);
                return Ok(());
            }
        };
        function.instruction(&Instruction::Call(self.first_helper + helper.place()));
        Ok(())
    }
}

impl Reencode for OfProgram {
    type Error = LinkRejected;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<LinkRejected>> {
        Ok(self.place(index))
    }

    fn mem_arg(&mut self, access: wasmparser::MemArg) -> Result<MemArg, Error<LinkRejected>> {
        let shift = u64::try_from(REGION_BYTES).expect("half a MiB");
        // Beyond 32 bits lies no memory: such an access traps whichever of these it says.
        let offset = access.offset.saturating_add(shift).min(u32::MAX.into());
        Ok(MemArg { offset, align: access.align.into(), memory_index: access.memory })
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<LinkRejected>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let instruction = self.parse_instruction(&mut reader)?;
            self.put(&instruction, &mut function).map_err(Error::UserError)?;
        }
        code.function(&function);
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: DataSectionReader<'_>,
    ) -> Result<(), Error<LinkRejected>> {
        for segment in section {
            let segment = segment?;
            let DataKind::Active { offset_expr, .. } = segment.kind else {
                return Err(Error::UserError(LinkRejected::PassiveData));
            };
            let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                return Err(Error::InvalidConstExpr);
            };
            // It lies in the memory, so that the sum does too.
            let shift = i32::try_from(REGION_BYTES).expect("half a MiB");
            let offset = ConstExpr::i32_const(value.wrapping_add(shift));
            data.active(0, &offset, segment.data.iter().copied());
        }
        Ok(())
    }
}

/// The interface's code: its made-up import becomes instructions.
pub(super) struct OfShim<'a> {
    pub(super) shim: &'a Shim,
    /// Where each function is now.
    pub(super) functions: BTreeMap<u32, u32>,
    /// Where its types begin now.
    pub(super) first_type: u32,
    /// The global that is the interface's stack pointer, its only one.
    pub(super) stack_pointer: u32,
    /// The global that holds the exit code.
    pub(super) exit: u32,
}

impl Reencode for OfShim<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.functions[&index])
    }

    fn global_index(&mut self, _index: u32) -> Result<u32, Error> {
        Ok(self.stack_pointer)
    }

    fn type_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.first_type + index)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let called = match operator {
                Operator::Call { function_index } => self.shim.import(function_index),
                _ => None,
            };
            if called == Some(Import::Exit) {
                function.instruction(&Instruction::GlobalSet(self.exit));
                function.instruction(&Instruction::Unreachable);
            } else {
                function.instruction(&self.instruction(operator)?);
            }
        }
        code.function(&function);
        Ok(())
    }
}
