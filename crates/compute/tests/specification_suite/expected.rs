//! What the suite gives and expects, as bits; NaNs by their classes.

use wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};

use super::engines::Answer;

/// An argument; none if it is a reference, which no admitted module has.
pub(crate) fn argument(given: &WastArgCore<'_>) -> Option<Answer> {
    Some(match given {
        WastArgCore::I32(value) => Answer::I32(value.cast_unsigned()),
        WastArgCore::I64(value) => Answer::I64(value.cast_unsigned()),
        WastArgCore::F32(value) => Answer::F32(value.bits),
        WastArgCore::F64(value) => Answer::F64(value.bits),
        WastArgCore::V128(value) => Answer::V128(u128::from_le_bytes(value.to_le_bytes())),
        _ => return None,
    })
}

pub(crate) fn is_expected(answer: Answer, expected: &WastRetCore<'_>) -> bool {
    match (answer, expected) {
        (Answer::I32(bits), WastRetCore::I32(value)) => bits == value.cast_unsigned(),
        (Answer::I64(bits), WastRetCore::I64(value)) => bits == value.cast_unsigned(),
        (Answer::F32(bits), WastRetCore::F32(pattern)) => is_single(bits, pattern),
        (Answer::F64(bits), WastRetCore::F64(pattern)) => is_double(bits, pattern),
        (Answer::V128(bits), WastRetCore::V128(pattern)) => is_vector(bits, pattern),
        (answer, WastRetCore::Either(all)) => all.iter().any(|one| is_expected(answer, one)),
        _ => false,
    }
}

fn is_single(bits: u32, pattern: &NanPattern<wast::token::F32>) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn is_double(bits: u64, pattern: &NanPattern<wast::token::F64>) -> bool {
    let canonical = 0x7ff8_0000_0000_0000;
    match pattern {
        NanPattern::CanonicalNan => bits & (u64::MAX >> 1) == canonical,
        NanPattern::ArithmeticNan => bits & canonical == canonical,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn is_vector(bits: u128, pattern: &V128Pattern) -> bool {
    let lane = |index: usize, width: usize| (bits >> (index * width)) as u64;
    let mut lanes = (0..16).map(|index| lane(index, 8) as u8 as i8);
    match pattern {
        V128Pattern::I8x16(values) => values.iter().all(|value| lanes.next() == Some(*value)),
        V128Pattern::I16x8(values) => {
            values.iter().enumerate().all(|(i, value)| lane(i, 16) as u16 as i16 == *value)
        }
        V128Pattern::I32x4(values) => {
            values.iter().enumerate().all(|(i, value)| lane(i, 32) as u32 as i32 == *value)
        }
        V128Pattern::I64x2(values) => {
            values.iter().enumerate().all(|(i, value)| lane(i, 64).cast_signed() == *value)
        }
        V128Pattern::F32x4(all) => {
            all.iter().enumerate().all(|(i, one)| is_single(lane(i, 32) as u32, one))
        }
        V128Pattern::F64x2(all) => {
            all.iter().enumerate().all(|(i, one)| is_double(lane(i, 64), one))
        }
    }
}
