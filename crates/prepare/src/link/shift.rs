//! What hides the region from the program: functions in place of the three instructions whose
//! addresses are operands alone, or whose result tells the size of the memory.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use super::REGION_PAGES;
use super::region::REGION_BYTES;

/// A function in place of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Helper {
    /// Of `memory.grow`: the size before, as the program sees it.
    Grow,
    /// Of `memory.copy`: both addresses are the program's.
    Copy,
    /// Of `memory.fill`.
    Fill,
}

/// Parameters and results of a function.
type Signature = (&'static [ValType], &'static [ValType]);

impl Helper {
    pub(super) const ALL: [Helper; 3] = [Helper::Grow, Helper::Copy, Helper::Fill];
    /// The types of the functions, in an order of their own.
    pub(super) const TYPES: [Signature; 2] =
        [(&[ValType::I32], &[ValType::I32]), (&[ValType::I32, ValType::I32, ValType::I32], &[])];

    /// Its place among the helpers.
    pub(super) fn place(self) -> u32 {
        match self {
            Helper::Grow => 0,
            Helper::Copy => 1,
            Helper::Fill => 2,
        }
    }

    /// The place of its type among the helpers'.
    pub(super) fn type_place(self) -> u32 {
        match self {
            Helper::Grow => 0,
            Helper::Copy | Helper::Fill => 1,
        }
    }

    pub(super) fn body(self) -> Function {
        let mut function = Function::new([]);
        let mut sink = function.instructions();
        match self {
            Helper::Grow => {
                sink.local_get(0).memory_grow(0).local_tee(0).i32_const(hidden_pages()).i32_sub();
                sink.i32_const(-1).local_get(0).i32_const(-1).i32_ne().select();
            }
            Helper::Copy => {
                moved(&mut sink, 0);
                moved(&mut sink, 1);
                sink.local_get(2).memory_copy(0, 0);
            }
            Helper::Fill => {
                moved(&mut sink, 0);
                sink.local_get(1).local_get(2).memory_fill(0);
            }
        }
        sink.end();
        function
    }
}

/// Puts the address in a local on the stack, moved; traps where no memory can be, so that the sum
/// never comes round into the region.
fn moved(sink: &mut InstructionSink<'_>, local: u32) {
    let shift = i32::try_from(REGION_BYTES).expect("half a MiB");
    sink.local_get(local).i32_const(-1 - shift).i32_gt_u().if_(BlockType::Empty);
    sink.unreachable().end();
    sink.local_get(local).i32_const(shift).i32_add();
}

/// Pages of the region, as an operand.
pub(super) fn hidden_pages() -> i32 {
    i32::try_from(REGION_PAGES).expect("eight")
}
