//! Functions that P1 has beside the program's own: around the host's, for bulk operations and
//! for growth.
//!
//! Law: both ranges of a copy, and the range of a fill, are checked before any byte is written, as
//! the specification has it; then at most [`PIECE_BYTES`] go between two polls. What the host is
//! asked to do, and pages added, are paid before. Addresses are the program's: the stack's size is
//! added here.

use earnest_compute::paged::form;
use wasm_encoder::{BlockType, FuncType, Function, InstructionSink, ValType};

use super::write::{Counter, poll};
use super::{Helper, Layout, PAGE_TICKS, PIECE_BYTES, STACK_BYTES, STACK_PAGES};
use crate::module::{MEMORY_PAGES_MAX, Module};

/// A function of ours.
pub(super) struct Made {
    pub(super) ty: FuncType,
    pub(super) code: Function,
}

const SHIFT: i32 = STACK_BYTES.cast_signed();
/// Ticks of a call of the host, or of a piece of a bulk operation, besides its bytes.
const CALL_TICKS: i64 = 16;
/// One tick for so many bytes, as a power of two.
const BYTES_PER_TICK_LOG: i32 = 3;

pub(super) fn make(module: &Module<'_>, layout: &Layout) -> Vec<Made> {
    let around = (0..).zip(&module.imports).map(|(index, import)| match import.0 {
        form::INPUT_READ => input_read(layout, index),
        _ => output_write(layout, index),
    });
    let used = layout.used.iter().map(|helper| match helper {
        Helper::Copy => copy(layout),
        Helper::Fill => fill(layout),
        Helper::Grow => grow(layout),
    });
    around.chain(used).collect()
}

/// Takes ticks for the bytes in a local, of which the host moves a bounded number.
fn charge_bytes(sink: &mut InstructionSink<'_>, left: u32, length: u32) {
    let most = form::CALL_BYTES_MAX.cast_signed();
    sink.global_get(left);
    sink.local_get(length).i32_const(most).local_get(length).i32_const(most).i32_lt_u().select();
    sink.i32_const(BYTES_PER_TICK_LOG).i32_shr_u().i64_extend_i32_u().i64_sub();
    sink.i64_const(CALL_TICKS).i64_sub().global_set(left);
}

/// The program's address in a local, as the host must see it.
fn shifted(sink: &mut InstructionSink<'_>, pointer: u32) {
    sink.local_get(pointer).i32_const(-SHIFT - 1).i32_gt_u().if_(BlockType::Empty);
    sink.unreachable().end();
    sink.local_get(pointer).i32_const(SHIFT).i32_add();
}

fn input_read(layout: &Layout, import: u32) -> Made {
    let ty = FuncType::new([ValType::I64, ValType::I32, ValType::I32], [ValType::I32]);
    let mut code = Function::new([]);
    let mut sink = code.instructions();
    charge_bytes(&mut sink, layout.left, 2);
    sink.local_get(0);
    shifted(&mut sink, 1);
    sink.local_get(2).call(import).end();
    Made { ty, code }
}

fn output_write(layout: &Layout, import: u32) -> Made {
    let ty = FuncType::new([ValType::I32, ValType::I32], []);
    let mut code = Function::new([]);
    let mut sink = code.instructions();
    charge_bytes(&mut sink, layout.left, 1);
    shifted(&mut sink, 0);
    sink.local_get(1).call(import).end();
    Made { ty, code }
}

fn grow(layout: &Layout) -> Made {
    let ty = FuncType::new([ValType::I32], [ValType::I32]);
    let mut code = Function::new([]);
    let mut sink = code.instructions();
    let most = i32::try_from(MEMORY_PAGES_MAX).expect("4096 fits i32");
    let pages = i32::try_from(STACK_PAGES).expect("16 fits i32");
    sink.local_get(0).i32_const(most).i32_le_u().if_(BlockType::Empty);
    sink.global_get(layout.left).local_get(0).i64_extend_i32_u().i64_const(PAGE_TICKS).i64_mul();
    sink.i64_sub().global_set(layout.left).end();
    sink.local_get(0).memory_grow(0).local_tee(0).i32_const(pages).i32_sub();
    sink.i32_const(-1).local_get(0).i32_const(-1).i32_ne().select().end();
    Made { ty, code }
}

/// Locals of `copy` and `fill` beyond their three parameters.
const LENGTH: u32 = 2;
const LEFT: u32 = 3;
const PIECE: u32 = 4;

/// Traps unless the bytes from the address in a local on are the program's.
fn check_range(sink: &mut InstructionSink<'_>, start: u32, counter: Counter) {
    let pages = i32::try_from(STACK_PAGES).expect("16 fits i32");
    sink.local_get(start).i64_extend_i32_u().local_get(LENGTH).i64_extend_i32_u().i64_add();
    sink.memory_size(0).i32_const(pages).i32_sub().i64_extend_i32_u().i64_const(16).i64_shl();
    sink.i64_gt_u().if_(BlockType::Empty);
    counter.store(sink);
    sink.unreachable().end();
}

/// Pauses if it is time, and takes the next piece's length off what is left to do.
fn begin_piece(sink: &mut InstructionSink<'_>, counter: Counter, slice: u32) {
    poll(sink, counter, slice);
    sink.local_get(LENGTH).i32_const(PIECE_BYTES);
    sink.local_get(LENGTH).i32_const(PIECE_BYTES).i32_lt_u().select().local_set(PIECE);
    sink.local_get(counter.local).local_get(PIECE).i32_const(BYTES_PER_TICK_LOG).i32_shr_u();
    sink.i64_extend_i32_u().i64_sub().i64_const(CALL_TICKS).i64_sub().local_set(counter.local);
    sink.local_get(LENGTH).local_get(PIECE).i32_sub().local_set(LENGTH);
}

fn advance(sink: &mut InstructionSink<'_>, pointer: u32) {
    sink.local_get(pointer).local_get(PIECE).i32_add().local_set(pointer);
}

fn copy(layout: &Layout) -> Made {
    let ty = FuncType::new([ValType::I32, ValType::I32, ValType::I32], []);
    let mut code = Function::new([(1, ValType::I64), (1, ValType::I32)]);
    let counter = Counter { local: LEFT, global: layout.left };
    let mut sink = code.instructions();
    let (to, from) = (0, 1);
    counter.load(&mut sink);
    check_range(&mut sink, to, counter);
    check_range(&mut sink, from, counter);
    sink.local_get(to).local_get(from).i32_le_u().if_(BlockType::Empty);
    sink.loop_(BlockType::Empty);
    begin_piece(&mut sink, counter, layout.imports);
    for pointer in [to, from] {
        sink.local_get(pointer).i32_const(SHIFT).i32_add();
    }
    sink.local_get(PIECE).memory_copy(0, 0);
    advance(&mut sink, to);
    advance(&mut sink, from);
    sink.local_get(LENGTH).br_if(0).end();
    // Backwards where the target lies behind the source, as if all were read first.
    sink.else_().loop_(BlockType::Empty);
    begin_piece(&mut sink, counter, layout.imports);
    for pointer in [to, from] {
        sink.local_get(pointer).local_get(LENGTH).i32_add().i32_const(SHIFT).i32_add();
    }
    sink.local_get(PIECE).memory_copy(0, 0);
    sink.local_get(LENGTH).br_if(0).end().end();
    counter.store(&mut sink);
    sink.end();
    Made { ty, code }
}

fn fill(layout: &Layout) -> Made {
    let ty = FuncType::new([ValType::I32, ValType::I32, ValType::I32], []);
    let mut code = Function::new([(1, ValType::I64), (1, ValType::I32)]);
    let counter = Counter { local: LEFT, global: layout.left };
    let mut sink = code.instructions();
    let (to, value) = (0, 1);
    counter.load(&mut sink);
    check_range(&mut sink, to, counter);
    sink.loop_(BlockType::Empty);
    begin_piece(&mut sink, counter, layout.imports);
    sink.local_get(to).i32_const(SHIFT).i32_add().local_get(value).local_get(PIECE);
    sink.memory_fill(0);
    advance(&mut sink, to);
    sink.local_get(LENGTH).br_if(0).end();
    counter.store(&mut sink);
    sink.end();
    Made { ty, code }
}
