//! A function's frame in memory: stored when a run pauses, taken back and wiped when it goes on.
//!
//! Layout: the number of the place (i32), then each kept local in order, without gaps.
//! Law: a NaN that arithmetic made is stored canonical, so that a frame has the same bytes in every
//! engine; one that the program made keeps its bits.

use wasm_encoder::{BlockType, Ieee32, Ieee64, InstructionSink, MemArg};
use wasmparser::ValType;

use super::Layout;
use crate::plain::STACK_BYTES;

/// Bytes of the number of the place.
const PLACE_BYTES: u32 = 4;

/// What a frame holds, and the locals it is handled with.
pub(super) struct Frame {
    /// Local, type, and whether it may hold a NaN that an engine chose.
    pub(super) kept: Vec<(u32, ValType, bool)>,
    pub(super) place: u32,
    pub(super) pointer: u32,
}

fn bytes(kind: ValType) -> u32 {
    match kind {
        ValType::I32 | ValType::F32 => 4,
        ValType::I64 | ValType::F64 => 8,
        ValType::V128 | ValType::Ref(_) => 16,
    }
}

fn at(offset: u32) -> MemArg {
    MemArg { offset: offset.into(), align: 0, memory_index: 0 }
}

impl Frame {
    fn length(&self) -> i32 {
        let kept: u32 = self.kept.iter().map(|kept| bytes(kept.1)).sum();
        (PLACE_BYTES + kept).cast_signed()
    }

    /// Pushes the frame. More than the stack holds is a trap; depth is limited far below.
    pub(super) fn store(&self, sink: &mut InstructionSink<'_>, layout: &Layout) {
        let length = self.length();
        sink.global_get(layout.top).local_tee(self.pointer).i32_const(length).i32_add();
        sink.global_set(layout.top);
        sink.global_get(layout.top).i32_const(STACK_BYTES.cast_signed()).i32_gt_u();
        sink.if_(BlockType::Empty).unreachable().end();
        sink.local_get(self.pointer).local_get(self.place).i32_store(at(0));
        let mut offset = PLACE_BYTES;
        for (local, kind, is_tainted) in &self.kept {
            sink.local_get(self.pointer).local_get(*local);
            if *is_tainted {
                canonical(sink, *local, *kind);
            }
            match kind {
                ValType::I32 => sink.i32_store(at(offset)),
                ValType::I64 => sink.i64_store(at(offset)),
                ValType::F32 => sink.f32_store(at(offset)),
                ValType::F64 => sink.f64_store(at(offset)),
                ValType::V128 | ValType::Ref(_) => sink.v128_store(at(offset)),
            };
            offset += bytes(*kind);
        }
    }

    /// Pops the frame and leaves zeros where it was.
    pub(super) fn load(&self, sink: &mut InstructionSink<'_>, layout: &Layout) {
        let length = self.length();
        sink.global_get(layout.top).i32_const(length).i32_sub();
        sink.local_tee(self.pointer).global_set(layout.top);
        sink.local_get(self.pointer).i32_load(at(0)).local_set(self.place);
        let mut offset = PLACE_BYTES;
        for (local, kind, _) in &self.kept {
            sink.local_get(self.pointer);
            match kind {
                ValType::I32 => sink.i32_load(at(offset)),
                ValType::I64 => sink.i64_load(at(offset)),
                ValType::F32 => sink.f32_load(at(offset)),
                ValType::F64 => sink.f64_load(at(offset)),
                ValType::V128 | ValType::Ref(_) => sink.v128_load(at(offset)),
            };
            sink.local_set(*local);
            offset += bytes(*kind);
        }
        sink.local_get(self.pointer).i32_const(0).i32_const(length).memory_fill(0);
    }
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
