//! What a run may have done since its last poll, at each place of a function, on any way there.
//!
//! Evidence of a step shows every page that is touched between two polls, and has a limit; so no
//! way through the code may lead past all polls. Where ways meet the greatest counts. Whoever
//! returns has made at most [`TAIL_ACCESSES_MAX`] accesses since a poll, whatever it called, so
//! that a chain of returns makes no more than one function does; how many it is, is known where a
//! function is called by name and was written before.
//! Law: at most [`POLL_ACCESSES_MAX`] accesses, of two pages each, between two polls.
//! Not here: writing a poll (`function`).

use wasmparser::Operator;

use super::{POLL_ACCESSES_MAX, POLL_TICKS_MAX};

/// As many accesses as touch the pages of one piece of a copy, or of one call of the host.
pub(super) const BULK_ACCESSES: u32 = 17;
/// Most accesses between the last poll and a way out.
pub(super) const TAIL_ACCESSES_MAX: u32 = POLL_ACCESSES_MAX / 2;
/// Most ticks between the last poll or call and a way out: depth bounds how often.
const TAIL_TICKS_MAX: u64 = 256;

/// Work without a poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    pub(super) ticks: u64,
    pub(super) accesses: u32,
}

impl Since {
    fn and(self, more: Since) -> Since {
        Since { ticks: self.ticks + more.ticks, accesses: self.accesses + more.accesses }
    }

    fn or(self, other: Since) -> Since {
        Since { ticks: self.ticks.max(other.ticks), accesses: self.accesses.max(other.accesses) }
    }
}

/// A block that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Where its second arm begins.
    entry: Since,
    /// Of all ways to its end that were seen.
    end: Since,
}

/// Work without a poll at the place that is written.
pub(super) struct Unpolled {
    now: Since,
    open: Vec<Open>,
    /// Most accesses between a poll and a way out.
    tail: u32,
}

/// What is called, and polls before it does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polled {
    /// Nothing of the kind.
    No,
    /// Makes at most so many accesses between its last poll and its return.
    Known(u32),
    /// Or is short and does not poll.
    Perhaps,
}

impl Unpolled {
    pub(super) fn new() -> Unpolled {
        Unpolled { now: Since::default(), open: vec![Open::default()], tail: 0 }
    }

    /// A poll was written.
    pub(super) fn polled(&mut self) {
        self.now = Since::default();
    }

    /// Whether a poll must stand before the operator.
    pub(super) fn is_due(&self, operator: &Operator<'_>, cost: Since) -> bool {
        let after = self.now.and(cost);
        let may_leave = match operator {
            Operator::Return => true,
            Operator::End => self.open.len() == 1,
            _ => targets(operator).any(|depth| self.open.len() == depth as usize + 1),
        };
        POLL_ACCESSES_MAX < after.accesses
            || POLL_TICKS_MAX < after.ticks
            || (may_leave && TAIL_ACCESSES_MAX < after.accesses)
            || (may_leave && TAIL_TICKS_MAX < after.ticks)
    }

    /// Most accesses between a poll and a way out of all that was written.
    pub(super) fn tail(&self) -> u32 {
        self.tail
    }

    /// Goes on behind the operator.
    pub(super) fn take(
        &mut self,
        operator: &Operator<'_>,
        cost: Since,
        is_live: bool,
        polled: Polled,
    ) {
        let before = if is_live { self.now } else { Since::default() };
        self.now = before.and(cost);
        for depth in targets(operator) {
            let index = self.open.len().checked_sub(depth as usize + 1);
            if let Some(open) = index.and_then(|index| self.open.get_mut(index)) {
                open.end = open.end.or(self.now);
            }
        }
        if matches!(operator, Operator::Return) {
            self.tail = self.tail.max(self.now.accesses);
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } => self.open.push(Open::default()),
            // Without a second arm the way past the first leads to the end.
            Operator::If { .. } => self.open.push(Open { entry: self.now, end: self.now }),
            Operator::Else => {
                if let Some(open) = self.open.last_mut() {
                    open.end = open.end.or(before);
                    self.now = open.entry;
                }
            }
            Operator::End => {
                if let Some(open) = self.open.pop() {
                    self.now = before.or(open.end);
                }
                if self.open.is_empty() {
                    self.tail = self.tail.max(self.now.accesses);
                }
            }
            _ => match polled {
                Polled::No => {}
                Polled::Known(accesses) => self.now = Since { ticks: 0, accesses },
                Polled::Perhaps => {
                    let accesses = self.now.accesses.max(TAIL_ACCESSES_MAX);
                    self.now = Since { ticks: 0, accesses };
                }
            },
        }
    }
}

/// Blocks that it may branch to, from the innermost outwards.
fn targets<'a>(operator: &'a Operator<'_>) -> impl Iterator<Item = u32> + use<'a> {
    let (one, table) = match operator {
        Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
            (Some(*relative_depth), None)
        }
        Operator::BrTable { targets } => (Some(targets.default()), Some(targets)),
        _ => (None, None),
    };
    let table = table.into_iter().flat_map(|table| table.targets().flatten());
    one.into_iter().chain(table)
}
