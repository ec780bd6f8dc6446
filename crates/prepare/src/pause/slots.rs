//! Locals that a pausable function has beside those of the plain one.
//!
//! Law: only values of the operand stack, and which element is called, are needed behind a place.

use wasmparser::ValType;

/// What a local stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    /// A value of the operand stack at this height; tainted ones apart from clean ones.
    Stack { height: usize, is_tainted: bool },
    /// Which element of the table is called.
    Element,
    /// A value on its way to the label of the block at this nesting.
    Label { nesting: usize, position: usize },
    /// An argument or result of a call.
    Passing { position: usize },
    /// A condition or index.
    Condition,
    /// The number of the place that a run goes on at.
    Place,
}

/// The locals that were asked for.
pub(super) struct Slots {
    first: u32,
    found: std::collections::BTreeMap<(Slot, u8), u32>,
    all: Vec<(Slot, ValType)>,
}

impl Slots {
    pub(super) fn new(first: usize) -> Slots {
        let first = u32::try_from(first).expect("locals have a limit");
        Slots { first, found: Default::default(), all: Vec::new() }
    }

    pub(super) fn get(&mut self, slot: Slot, kind: ValType) -> u32 {
        let next = self.first + u32::try_from(self.all.len()).expect("bounded by the code");
        let local = *self.found.entry((slot, code(kind))).or_insert(next);
        if local == next {
            self.all.push((slot, kind));
        }
        local
    }

    /// Types of all, in the order of their indices.
    pub(super) fn kinds(&self) -> impl Iterator<Item = ValType> + '_ {
        self.all.iter().map(|slot| slot.1)
    }
}

fn code(kind: ValType) -> u8 {
    match kind {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        ValType::V128 | ValType::Ref(_) => 4,
    }
}
