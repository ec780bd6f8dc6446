//! A function's frame in memory: pushed when a run pauses, taken back and wiped when it goes on.
//!
//! Layout: what is live at the place, without gaps, words of 32 bits first; the number of the place
//! (i32) on top. Functions of our own push and pop, so that a place takes few bytes of code.
//! Law: a NaN that arithmetic made is stored canonical, so that a frame has the same bytes in every
//! engine; one that the program made keeps its bits.
//! Not here: what is live (`live`), when frames are pushed (`function`).

use wasm_encoder::{BlockType, Function, Ieee32, Ieee64, InstructionSink, MemArg};
use wasmparser::ValType;

use super::Layout;
use crate::plain::STACK_BYTES;

/// Words that are pushed and popped at once, where there are as many.
const GROUP: usize = 4;

/// What one of our functions moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    One(ValType),
    /// A float that may be a NaN which an engine chose.
    Tainted(ValType),
    /// [`GROUP`] words.
    Group,
}

/// What can be pushed; what can be popped are the same but for tainted ones, which come back clean.
const PIECES: [Piece; 8] = [
    Piece::One(ValType::I32),
    Piece::Group,
    Piece::One(ValType::I64),
    Piece::One(ValType::F32),
    Piece::One(ValType::F64),
    Piece::One(ValType::V128),
    Piece::Tainted(ValType::F32),
    Piece::Tainted(ValType::F64),
];
/// How many of our functions pop.
const POP_COUNT: usize = 6;
/// How many functions there are: those that push, those that pop, and one that reads what is on
/// top.
pub(super) const COUNT: usize = PIECES.len() + POP_COUNT + 1;

impl Piece {
    fn kind(self) -> ValType {
        match self {
            Piece::One(kind) | Piece::Tainted(kind) => kind,
            Piece::Group => ValType::I32,
        }
    }

    fn count(self) -> usize {
        if self == Piece::Group { GROUP } else { 1 }
    }

    fn bytes(self) -> i32 {
        match self {
            Piece::Group => 4 * i32::try_from(GROUP).expect("a few"),
            Piece::One(kind) | Piece::Tainted(kind) => match kind {
                ValType::I32 | ValType::F32 => 4,
                ValType::I64 | ValType::F64 => 8,
                ValType::V128 | ValType::Ref(_) => 16,
            },
        }
    }

    fn index(self) -> u32 {
        let position = PIECES.iter().position(|piece| *piece == self);
        u32::try_from(position.expect("no references here")).expect("a few")
    }

    fn push(self, layout: &Layout) -> u32 {
        layout.frames + self.index()
    }

    fn pop(self, layout: &Layout) -> u32 {
        let clean = Piece::One(self.kind());
        let piece = if self == Piece::Group { self } else { clean };
        layout.frames + u32::try_from(PIECES.len()).expect("a few") + piece.index()
    }
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

/// Type of each of our functions, in order.
pub(super) fn types() -> Vec<(Vec<ValType>, Vec<ValType>)> {
    let values = |piece: &Piece| vec![piece.kind(); piece.count()];
    let push = PIECES.iter().map(|piece| (values(piece), Vec::new()));
    let pop = PIECES[..POP_COUNT].iter().map(|piece| (Vec::new(), values(piece)));
    push.chain(pop).chain([(Vec::new(), vec![ValType::I32])]).collect()
}

/// Each of our functions, in order.
pub(super) fn functions(layout: &Layout) -> Vec<Function> {
    let push = PIECES.iter().map(|piece| push(layout, *piece));
    let pop = PIECES[..POP_COUNT].iter().map(|piece| pop(layout, *piece));
    let mut top = Function::new([]);
    let place = Piece::One(ValType::I32).bytes();
    let mut sink = top.instructions();
    sink.global_get(layout.top).i32_const(place).i32_sub().i32_load(at(0)).end();
    push.chain(pop).chain([top]).collect()
}

/// More than the stack holds is a trap; depth is limited far below.
fn push(layout: &Layout, piece: Piece) -> Function {
    let mut function = Function::new([(1, wasm_encoder::ValType::I32)]);
    let pointer = u32::try_from(piece.count()).expect("a few");
    let mut sink = function.instructions();
    sink.global_get(layout.top).local_tee(pointer).i32_const(piece.bytes()).i32_add();
    sink.global_set(layout.top);
    sink.global_get(layout.top).i32_const(STACK_BYTES.cast_signed()).i32_gt_u();
    sink.if_(BlockType::Empty).unreachable().end();
    for (local, offset) in (0..pointer).zip((0..).step_by(4)) {
        sink.local_get(pointer).local_get(local);
        if matches!(piece, Piece::Tainted(_)) {
            canonical(&mut sink, local, piece.kind());
        }
        match piece.kind() {
            ValType::I32 => sink.i32_store(at(offset)),
            ValType::I64 => sink.i64_store(at(offset)),
            ValType::F32 => sink.f32_store(at(offset)),
            ValType::F64 => sink.f64_store(at(offset)),
            ValType::V128 | ValType::Ref(_) => sink.v128_store(at(offset)),
        };
    }
    sink.end();
    function
}

/// Leaves zeros where it was.
fn pop(layout: &Layout, piece: Piece) -> Function {
    let mut function = Function::new([(1, wasm_encoder::ValType::I32)]);
    let pointer = 0;
    let mut sink = function.instructions();
    sink.global_get(layout.top).i32_const(piece.bytes()).i32_sub();
    sink.local_tee(pointer).global_set(layout.top);
    for offset in (0..).step_by(4).take(piece.count()) {
        sink.local_get(pointer);
        match piece.kind() {
            ValType::I32 => sink.i32_load(at(offset)),
            ValType::I64 => sink.i64_load(at(offset)),
            ValType::F32 => sink.f32_load(at(offset)),
            ValType::F64 => sink.f64_load(at(offset)),
            ValType::V128 | ValType::Ref(_) => sink.v128_load(at(offset)),
        };
    }
    sink.local_get(pointer);
    match piece.bytes() {
        4 => sink.i32_const(0).i32_store(at(0)),
        8 => sink.i64_const(0).i64_store(at(0)),
        _ => sink.v128_const(0).v128_store(at(0)),
    };
    sink.end();
    function
}

/// The float on top, which the local holds too, becomes canonical.
fn canonical(sink: &mut InstructionSink<'_>, local: u32, kind: ValType) {
    match kind {
        ValType::F32 => {
            sink.f32_const(Ieee32::new(0x7fc0_0000));
            sink.local_get(local).local_get(local).f32_eq().select();
        }
        ValType::F64 => {
            sink.f64_const(Ieee64::new(0x7ff8_0000_0000_0000));
            sink.local_get(local).local_get(local).f64_eq().select();
        }
        _ => {}
    }
}

/// What is live at a place: local, type, and whether it may hold a NaN that an engine chose.
pub(super) struct Frame(Vec<(Piece, Vec<u32>)>);

impl Frame {
    pub(super) fn new(live: Vec<(u32, ValType, bool)>) -> Frame {
        let is_word = |kept: &(u32, ValType, bool)| kept.1 == ValType::I32;
        let words: Vec<u32> = live.iter().filter(|kept| is_word(kept)).map(|kept| kept.0).collect();
        let (groups, rest) = words.as_chunks::<GROUP>();
        let groups = groups.iter().map(|group| (Piece::Group, group.to_vec()));
        let rest = rest.iter().map(|local| (Piece::One(ValType::I32), vec![*local]));
        let others = live.iter().filter(|kept| !is_word(kept)).map(|(local, kind, is_tainted)| {
            let piece = match kind {
                ValType::F32 | ValType::F64 if *is_tainted => Piece::Tainted(*kind),
                kind => Piece::One(*kind),
            };
            (piece, vec![*local])
        });
        Frame(groups.chain(rest).chain(others).collect())
    }

    pub(super) fn push(&self, sink: &mut InstructionSink<'_>, layout: &Layout, place: i32) {
        for (piece, locals) in &self.0 {
            for local in locals {
                sink.local_get(*local);
            }
            sink.call(piece.push(layout));
        }
        sink.i32_const(place).call(Piece::One(ValType::I32).push(layout));
    }

    pub(super) fn pop(&self, sink: &mut InstructionSink<'_>, layout: &Layout) {
        sink.call(Piece::One(ValType::I32).pop(layout)).drop();
        for (piece, locals) in self.0.iter().rev() {
            sink.call(piece.pop(layout));
            for local in locals.iter().rev() {
                sink.local_set(*local);
            }
        }
    }
}

/// The number of the place whose frame is on top.
pub(super) fn place(sink: &mut InstructionSink<'_>, layout: &Layout) {
    sink.call(layout.frames + u32::try_from(COUNT - 1).expect("a few"));
}
