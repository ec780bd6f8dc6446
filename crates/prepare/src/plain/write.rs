//! Sequences of instructions that preparation puts in.
//!
//! Law: each leaves the operand stack as it was, or turns values into values of the same types.
//! Not here: where they go (`function`, `helpers`).

use wasm_encoder::{BlockType, Ieee32, Ieee64, InstructionSink, ValType};

/// A NaN that all engines agree on.
const CANONICAL_F32: Ieee32 = Ieee32::new(0x7fc0_0000);
const CANONICAL_F64: Ieee64 = Ieee64::new(0x7ff8_0000_0000_0000);

/// Where a poll reads and leaves the ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// The local that counts.
    pub(crate) local: u32,
    /// The global that carries the count between functions.
    pub(crate) global: u32,
}

impl Counter {
    pub(crate) fn store(self, sink: &mut InstructionSink<'_>) {
        sink.local_get(self.local).global_set(self.global);
    }

    pub(crate) fn load(self, sink: &mut InstructionSink<'_>) {
        sink.global_get(self.global).local_set(self.local);
    }

    pub(crate) fn charge(self, sink: &mut InstructionSink<'_>, ticks: u64) {
        if 0 < ticks {
            let ticks = ticks.cast_signed();
            sink.local_get(self.local).i64_const(ticks).i64_sub().local_set(self.local);
        }
    }
}

/// How many instructions a poll has.
pub(crate) const POLL_LENGTH: usize = 10;
/// Which of them is the call.
pub(crate) const POLL_CALL: usize = 6;

/// A place where the run may pause. Later passes look for exactly this.
pub(crate) fn poll(sink: &mut InstructionSink<'_>, counter: Counter, slice: u32) {
    sink.local_get(counter.local).i64_const(0).i64_le_s().if_(BlockType::Empty);
    counter.store(sink);
    sink.call(slice);
    counter.load(sink);
    sink.end();
}

/// The vector on top becomes canonical lane by lane; the scratch local holds it afterwards too, so
/// that no other NaN stays behind in any local.
pub(crate) fn canonical_vector(sink: &mut InstructionSink<'_>, lanes: ValType, scratch: u32) {
    sink.local_tee(scratch);
    sink.v128_const(canonical_lanes(lanes).cast_signed());
    sink.local_get(scratch).local_get(scratch);
    match lanes {
        ValType::F32 => sink.f32x4_eq(),
        _ => sink.f64x2_eq(),
    };
    sink.v128_bitselect().local_tee(scratch);
}

fn canonical_lanes(lanes: ValType) -> u128 {
    match lanes {
        ValType::F32 => {
            let pair = u64::from(CANONICAL_F32.bits()) << 32 | u64::from(CANONICAL_F32.bits());
            u128::from(pair) << 64 | u128::from(pair)
        }
        _ => u128::from(CANONICAL_F64.bits()) << 64 | u128::from(CANONICAL_F64.bits()),
    }
}

/// The float on top becomes canonical; the scratch local of its type holds it afterwards too. A
/// branch that is hardly ever taken costs less than a choice between two values.
pub(crate) fn canonical_scalar(sink: &mut InstructionSink<'_>, kind: ValType, scratch: u32) {
    sink.local_tee(scratch).local_get(scratch);
    match kind {
        ValType::F32 => sink.f32_ne().if_(BlockType::Empty).f32_const(CANONICAL_F32),
        _ => sink.f64_ne().if_(BlockType::Empty).f64_const(CANONICAL_F64),
    };
    sink.local_set(scratch).end().local_get(scratch);
}
