//! Which accesses to memory touch no pages but those of an access before.
//!
//! Accesses by one unchanged local, whose offsets lie within a page's length, touch at most two
//! pages together: as many as one of them alone may. Known from an access to the next poll, call
//! or place where ways meet.
//! Law: whatever the local holds. Known shortcoming: an address that was computed is nobody's.
//! Not here: how many accesses there may be between two polls (`since`).

use std::collections::BTreeSet;

use earnest_compute::paged::pages::PAGE_BYTES;
use wasmparser::{MemArg, Operator};

use super::class::is_access;
use crate::floats::Walk;

/// Most windows that are remembered.
const WINDOW_COUNT_MAX: usize = 8;
/// Bytes of the longest access that is looked at.
const ACCESS_BYTES: u64 = 8;

/// Where accesses by a local were, as offsets.
#[derive(Clone, Copy)]
struct Window {
    local: usize,
    from: u64,
    to: u64,
}

impl Window {
    fn with(self, other: Window) -> Option<Window> {
        let (from, to) = (self.from.min(other.from), self.to.max(other.to));
        let fits = self.local == other.local && to - from <= PAGE_BYTES as u64;
        fits.then_some(Window { from, to, ..self })
    }
}

/// What was touched since the last poll, on every way here.
#[derive(Default)]
pub(super) struct Touched {
    windows: Vec<Window>,
    /// Locals of which an older value may be on the operand stack.
    stale: BTreeSet<usize>,
}

impl Touched {
    pub(super) fn clear(&mut self) {
        self.windows.clear();
    }

    /// How many accesses the instruction counts for; `walk` stands before it.
    pub(super) fn accesses(&self, walk: &Walk, operator: &Operator<'_>) -> u32 {
        let is_known = || {
            let new = self.window(walk, operator)?;
            self.windows.iter().find_map(|window| window.with(new))
        };
        u32::from(is_access(operator) && is_known().is_none())
    }

    /// Goes on behind the instruction; `walk` stands before it.
    pub(super) fn take(&mut self, walk: &Walk, operator: &Operator<'_>) {
        use Operator as O;
        match operator {
            O::LocalSet { local_index } | O::LocalTee { local_index } => {
                let local = *local_index as usize;
                self.windows.retain(|window| window.local != local);
                let below = walk.stack.split_last().map_or(&[][..], |(_, below)| below);
                if below.iter().any(|value| walk.local(*value) == Some(local)) {
                    self.stale.insert(local);
                }
            }
            O::Loop { .. }
            | O::Else
            | O::End
            | O::Call { .. }
            | O::CallIndirect { .. }
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryGrow { .. } => self.clear(),
            _ => {
                let Some(new) = self.window(walk, operator) else { return };
                for window in &mut self.windows {
                    if let Some(both) = window.with(new) {
                        *window = both;
                        return;
                    }
                }
                if self.windows.len() < WINDOW_COUNT_MAX {
                    self.windows.push(new);
                }
            }
        }
    }

    fn window(&self, walk: &Walk, operator: &Operator<'_>) -> Option<Window> {
        let access = access(operator)?;
        let address = walk.stack.len().checked_sub(walk.arity(operator).0)?;
        let local = walk.local(*walk.stack.get(address)?)?;
        let window = Window { local, from: access.offset, to: access.offset + ACCESS_BYTES };
        (!self.stale.contains(&local)).then_some(window)
    }
}

/// Of an instruction that reads or writes one number.
fn access<'o>(operator: &'o Operator<'_>) -> Option<&'o MemArg> {
    use Operator as O;
    match operator {
        O::I32Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::F32Load { memarg }
        | O::F64Load { memarg }
        | O::I32Store { memarg }
        | O::I32Store8 { memarg }
        | O::I32Store16 { memarg }
        | O::I64Store { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg }
        | O::F32Store { memarg }
        | O::F64Store { memarg } => Some(memarg),
        _ => None,
    }
}
