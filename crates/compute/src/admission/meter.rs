//! The rewrite of one function: a charge a basic block, a depth count around calls.
//!
//! Law: bytes of the original instructions are copied unchanged and in order; only self-contained
//! sequences that leave the operand stack as it was are put between them.

use wasm_encoder::{BlockType, Encode, Instruction};
use wasmparser::{FuncToValidate, FunctionBody, Operator, ValidatorResources};

use super::{AdmissionRejected, FunctionPart};
use super::{
    BRANCH_TARGET_COUNT_MAX, CALL_DEPTH_MAX, FUNCTION_BYTES_MAX, LOCAL_COUNT_MAX, NESTING_MAX,
    OPERAND_COUNT_MAX,
};
use crate::detour::takes_parameters;

/// Gas of entering a function, besides a quarter of its locals: what the counters themselves cost.
pub const FUNCTION_GAS: u64 = 4;
/// Gas of each round of a loop, on top of its instructions.
pub const LOOP_GAS: u64 = 6;
/// Gas of each other piece of straight-line code, on top of its instructions.
pub const BLOCK_GAS: u64 = 1;

/// Gas of one access to a memory of so many pages of 64 KiB, read or written.
///
/// A module's memory never grows, so it is known beforehand how far an access may reach, and every
/// access is priced as if it missed all caches that are smaller: a program that chases pointers
/// through 16 MiB takes some thirty times what it takes in 256 KiB (`benches/gas.rs`).
///
/// | memory up to | lies in | gas |
/// |---|---|---:|
/// | 512 KiB | a core's own cache | 2 |
/// | 4 MiB | a cache that cores share | 8 |
/// | 16 MiB | main memory, beyond the reach of address caches | 40 |
pub fn access_gas(pages: u64) -> u64 {
    match pages {
        0..=8 => 2,
        9..=64 => 8,
        _ => 40,
    }
}

/// Gas of one instruction of a module whose accesses to memory cost `access_gas`. Structure that
/// compiles to nothing is free; what an interpreter does slowly (division, memory, calls) costs
/// more. [`FUNCTION_GAS`], [`LOOP_GAS`] and [`BLOCK_GAS`] come on top.
pub fn cost(operator: &Operator<'_>, access_gas: u64) -> u64 {
    use Operator as O;
    match operator {
        O::Nop | O::Block { .. } | O::Loop { .. } | O::Else | O::End => 0,
        O::Call { .. } => 4,
        O::CallIndirect { .. } => 12,
        O::BrTable { .. } | O::MemorySize { .. } => 2,
        O::I32DivS
        | O::I32DivU
        | O::I32RemS
        | O::I32RemU
        | O::I64DivS
        | O::I64DivU
        | O::I64RemS
        | O::I64RemU
        | O::F32Div
        | O::F64Div
        | O::F32Sqrt
        | O::F64Sqrt
        | O::F32x4Div
        | O::F64x2Div
        | O::F32x4Sqrt
        | O::F64x2Sqrt => 4,
        other if is_memory(other) => access_gas,
        other => work_gas(other),
    }
}

/// Gas of an instruction that touches no memory and divides nothing: 1, of a vector 2, and more
/// where an interpreter goes through a vector lane by lane.
fn work_gas(operator: &Operator<'_>) -> u64 {
    use Operator as O;
    match operator {
        O::I8x16NarrowI16x8S | O::I8x16NarrowI16x8U | O::I8x16Popcnt | O::I8x16Shuffle { .. } => 6,
        O::I8x16Swizzle
        | O::I8x16ReplaceLane { .. }
        | O::I8x16Eq
        | O::I8x16Ne
        | O::I8x16LtS
        | O::I8x16LtU
        | O::I8x16GtS
        | O::I8x16GtU
        | O::I8x16LeS
        | O::I8x16LeU
        | O::I8x16GeS
        | O::I8x16GeU
        | O::I8x16Abs
        | O::I8x16Neg
        | O::I8x16AllTrue
        | O::I8x16Bitmask
        | O::I8x16Shl
        | O::I8x16ShrS
        | O::I8x16ShrU
        | O::I8x16Add
        | O::I8x16AddSatS
        | O::I8x16AddSatU
        | O::I8x16Sub
        | O::I8x16SubSatS
        | O::I8x16SubSatU
        | O::I8x16MinS
        | O::I8x16MinU
        | O::I8x16MaxS
        | O::I8x16MaxU
        | O::I8x16AvgrU
        | O::I16x8NarrowI32x4S
        | O::I16x8NarrowI32x4U
        | O::I16x8Q15MulrSatS
        | O::F32x4ConvertI32x4U
        | O::F32x4Ceil
        | O::F32x4Floor
        | O::F32x4Trunc
        | O::F32x4Nearest => 4,
        O::I32Popcnt
        | O::I64Popcnt
        | O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest => 2,
        other if is_vector(other) => 2,
        _ => 1,
    }
}

macro_rules! vectors {
    ($(
        @$proposal:ident $name:ident $({ $($field:ident: $kind:ty),* })?
            => $visit:ident ($($arity:tt)*)
    )*) => {
        /// True of every instruction of the vector extension.
        fn is_vector(operator: &Operator<'_>) -> bool {
            matches!(operator, $(Operator::$name { .. })|*)
        }
    };
}
wasmparser::for_each_visit_simd_operator!(vectors);

fn is_memory(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I32Load { .. }
            | O::I64Load { .. }
            | O::F32Load { .. }
            | O::F64Load { .. }
            | O::I32Load8S { .. }
            | O::I32Load8U { .. }
            | O::I32Load16S { .. }
            | O::I32Load16U { .. }
            | O::I64Load8S { .. }
            | O::I64Load8U { .. }
            | O::I64Load16S { .. }
            | O::I64Load16U { .. }
            | O::I64Load32S { .. }
            | O::I64Load32U { .. }
            | O::I32Store { .. }
            | O::I64Store { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32Store8 { .. }
            | O::I32Store16 { .. }
            | O::I64Store8 { .. }
            | O::I64Store16 { .. }
            | O::I64Store32 { .. }
            | O::V128Load { .. }
            | O::V128Load8x8S { .. }
            | O::V128Load8x8U { .. }
            | O::V128Load16x4S { .. }
            | O::V128Load16x4U { .. }
            | O::V128Load32x2S { .. }
            | O::V128Load32x2U { .. }
            | O::V128Load8Splat { .. }
            | O::V128Load16Splat { .. }
            | O::V128Load32Splat { .. }
            | O::V128Load64Splat { .. }
            | O::V128Load32Zero { .. }
            | O::V128Load64Zero { .. }
            | O::V128Store { .. }
            | O::V128Load8Lane { .. }
            | O::V128Load16Lane { .. }
            | O::V128Load32Lane { .. }
            | O::V128Load64Lane { .. }
            | O::V128Store8Lane { .. }
            | O::V128Store16Lane { .. }
            | O::V128Store32Lane { .. }
            | O::V128Store64Lane { .. }
    )
}

/// Where the counters live: the two globals behind the module's own; and what is counted.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    pub(super) gas: u32,
    pub(super) depth: u32,
    /// Of an access to the module's memory.
    pub(super) access_gas: u64,
}

/// What is put at the head of a piece of straight-line code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    FunctionEntry,
    LoopEntry,
    Plain,
}

struct Writer {
    counters: Counters,
    out: Vec<u8>,
    /// Code since the last head, and its cost.
    block: Vec<u8>,
    gas: u64,
    head: Head,
}

impl Writer {
    fn emit(&mut self, instructions: &[Instruction<'_>]) {
        for instruction in instructions {
            instruction.encode(&mut self.out);
        }
    }

    /// Writes the collected block behind its charge and begins the next.
    fn close(&mut self, next: Head) {
        let gas = self.counters.gas;
        if self.head == Head::FunctionEntry {
            let limit = i32::try_from(CALL_DEPTH_MAX).expect("500 fits i32");
            self.emit(&[Instruction::GlobalGet(self.counters.depth), Instruction::I32Const(limit)]);
            self.emit(&[Instruction::I32GtU]);
            self.trap_if();
        }
        self.gas += match self.head {
            Head::LoopEntry => LOOP_GAS,
            Head::Plain if 0 < self.gas => BLOCK_GAS,
            Head::Plain | Head::FunctionEntry => 0, // A function's is there from the start.
        };
        if 0 < self.gas {
            let charge = i64::try_from(self.gas).expect("a body of 16 KiB costs below 2^20");
            self.emit(&[Instruction::GlobalGet(gas), Instruction::I64Const(charge)]);
            self.emit(&[Instruction::I64Sub, Instruction::GlobalSet(gas)]);
        }
        if self.head != Head::Plain {
            self.emit(&[Instruction::GlobalGet(gas), Instruction::I64Const(0)]);
            self.emit(&[Instruction::I64LtS]);
            self.trap_if();
        }
        self.out.append(&mut self.block);
        self.gas = 0;
        self.head = next;
    }

    fn trap_if(&mut self) {
        self.emit(&[Instruction::If(BlockType::Empty), Instruction::Unreachable]);
        self.emit(&[Instruction::End]);
    }

    fn count_depth(&mut self, step: Instruction<'_>) {
        let depth = self.counters.depth;
        for instruction in [
            Instruction::GlobalGet(depth),
            Instruction::I32Const(1),
            step,
            Instruction::GlobalSet(depth),
        ] {
            instruction.encode(&mut self.block);
        }
    }

    fn push(&mut self, operator: &Operator<'_>, bytes: &[u8]) {
        use Operator as O;
        self.gas += cost(operator, self.counters.access_gas);
        if matches!(operator, O::Call { .. } | O::CallIndirect { .. }) {
            self.count_depth(Instruction::I32Add);
            self.block.extend_from_slice(bytes);
            self.count_depth(Instruction::I32Sub);
            return;
        }
        self.block.extend_from_slice(bytes);
        match operator {
            O::Loop { .. } => self.close(Head::LoopEntry),
            // Places where control leaves or joins: what follows is charged on its own.
            O::If { .. } | O::Else | O::End | O::BrIf { .. } => self.close(Head::Plain),
            O::Br { .. } | O::BrTable { .. } | O::Return | O::Unreachable => {
                self.close(Head::Plain);
            }
            _ => {}
        }
    }
}

fn within(
    function: u32,
    part: FunctionPart,
    count: u64,
    limit: u64,
) -> Result<(), AdmissionRejected> {
    match count <= limit {
        true => Ok(()),
        false => Err(AdmissionRejected::FunctionTooLarge {
            function: function.into(),
            part,
            count,
            limit,
        }),
    }
}

/// Validates, measures and rewrites function `function`; returns its body (locals and code).
pub(super) fn rewrite_body(
    module: &[u8],
    function: u32,
    to_validate: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    counters: Counters,
) -> Result<Vec<u8>, AdmissionRejected> {
    let bytes = body.as_bytes().len();
    within(function, FunctionPart::Bytes, bytes as u64, FUNCTION_BYTES_MAX as u64)?;
    let mut validator = to_validate.into_validator(Default::default());
    let mut locals = body.get_binary_reader();
    let start = locals.original_position();
    validator.read_locals(&mut locals)?;
    let local_count = u64::from(validator.len_locals());
    within(function, FunctionPart::Locals, local_count, u64::from(LOCAL_COUNT_MAX))?;

    let mut reader = body.get_operators_reader()?;
    let copied = module.get(start..reader.original_position()).unwrap_or_default();
    let mut writer = Writer {
        counters,
        out: copied.to_vec(),
        block: Vec::new(),
        gas: FUNCTION_GAS + local_count / 4,
        head: Head::FunctionEntry,
    };
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        validator.op(offset, &operator)?;
        measure(function, &operator, validator.control_stack_height())?;
        if let Some(name) = takes_parameters(validator.resources(), &operator) {
            let function = function.into();
            return Err(AdmissionRejected::RefusedInstruction { function, name });
        }
        let height = u64::from(validator.operand_stack_height());
        within(function, FunctionPart::Operands, height, u64::from(OPERAND_COUNT_MAX))?;
        let bytes = module.get(offset..reader.original_position()).unwrap_or_default();
        writer.push(&operator, bytes);
    }
    reader.finish()?;
    writer.close(Head::Plain);
    Ok(writer.out)
}

fn measure(
    function: u32,
    operator: &Operator<'_>,
    control_stack_height: u32,
) -> Result<(), AdmissionRejected> {
    // The function itself is the outermost entry of that stack.
    let nesting = u64::from(control_stack_height.saturating_sub(1));
    within(function, FunctionPart::Nesting, nesting, NESTING_MAX.into())?;
    match operator {
        Operator::BrTable { targets } => within(
            function,
            FunctionPart::BranchTargets,
            u64::from(targets.len()).saturating_add(1),
            BRANCH_TARGET_COUNT_MAX.into(),
        ),
        Operator::MemoryGrow { .. } => Err(AdmissionRejected::RefusedInstruction {
            function: function.into(),
            name: "memory.grow",
        }),
        _ => Ok(()),
    }
}
