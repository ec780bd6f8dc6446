//! What an instruction touches of memory.

use wasmparser::{Operator, ValType};

/// What an instruction touches, and what lies above the address on the operand stack.
pub(super) enum Touching {
    /// Nothing.
    Nothing,
    /// Some bytes at an address.
    Access {
        /// Added to the address.
        offset: u64,
        /// Bytes.
        width: i64,
        /// The operand above the address.
        above: Option<ValType>,
    },
    /// `memory.fill`: address, value, length.
    Fill,
    /// `memory.copy`: target, source, length.
    Copy,
}

macro_rules! accesses {
    ($($width:literal $above:expr => $($name:ident)*;)*) => {
        /// What `operator` touches.
        pub(super) fn touching(operator: &Operator<'_>) -> Touching {
            match operator {
                $($(Operator::$name { memarg, .. } => Touching::Access {
                    offset: memarg.offset,
                    width: $width,
                    above: $above,
                },)*)*
                Operator::MemoryFill { .. } => Touching::Fill,
                Operator::MemoryCopy { .. } => Touching::Copy,
                _ => Touching::Nothing,
            }
        }

        #[cfg(test)]
        const KNOWN: &[&str] = &[$($(stringify!($name),)*)*];
    };
}

// Bytes, and the operand above the address.
accesses! {
    1 None => I32Load8S I32Load8U I64Load8S I64Load8U V128Load8Splat;
    2 None => I32Load16S I32Load16U I64Load16S I64Load16U V128Load16Splat;
    4 None => I32Load F32Load I64Load32S I64Load32U V128Load32Splat V128Load32Zero;
    8 None => I64Load F64Load V128Load64Splat V128Load64Zero V128Load8x8S V128Load8x8U
        V128Load16x4S V128Load16x4U V128Load32x2S V128Load32x2U;
    16 None => V128Load;
    1 Some(ValType::I32) => I32Store8;
    2 Some(ValType::I32) => I32Store16;
    4 Some(ValType::I32) => I32Store;
    1 Some(ValType::I64) => I64Store8;
    2 Some(ValType::I64) => I64Store16;
    4 Some(ValType::I64) => I64Store32;
    8 Some(ValType::I64) => I64Store;
    4 Some(ValType::F32) => F32Store;
    8 Some(ValType::F64) => F64Store;
    1 Some(ValType::V128) => V128Load8Lane V128Store8Lane;
    2 Some(ValType::V128) => V128Load16Lane V128Store16Lane;
    4 Some(ValType::V128) => V128Load32Lane V128Store32Lane;
    8 Some(ValType::V128) => V128Load64Lane V128Store64Lane;
    16 Some(ValType::V128) => V128Store;
}

#[cfg(test)]
mod tests {
    use super::KNOWN;

    macro_rules! with_place {
        ($(
            @$proposal:ident $name:ident $({ $($field:ident: $kind:ty),* })?
                => $visit:ident ($($arity:tt)*)
        )*) => {
            vec![$((
                stringify!($proposal),
                stringify!($name),
                [$($(stringify!($field),)*)?].contains(&"memarg"),
            ),)*]
        };
    }

    /// One that is not known would touch its page unseen.
    #[test]
    fn every_instruction_with_a_place_in_memory_is_known() {
        let mut all: Vec<(&str, &str, bool)> = wasmparser::for_each_visit_operator!(with_place);
        all.extend(wasmparser::for_each_visit_simd_operator!(with_place));
        let accepted = all.iter().filter(|(proposal, ..)| ["mvp", "simd"].contains(proposal));
        let mut places: Vec<&str> =
            accepted.filter(|(.., place)| *place).map(|(_, name, _)| *name).collect();
        let mut known = KNOWN.to_vec();
        places.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, places);
    }
}
