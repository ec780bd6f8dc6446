//! What fails, and when: at which operation, counted from the plan's beginning.
//!
//! Law: a fault happens once, at the first operation at or after its number that it can befall.

use std::io;

use super::Inside;

/// What befalls one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is the last, and a write may be done in part: the process is killed, or the power goes.
    Off,
    /// It fails, and may be done in part.
    Failure,
}

/// What is to fail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// At which operation that changes something, from 0, and what.
    pub fault: Option<(u64, Fault)>,
    /// True if files cannot hold room.
    pub is_without_hold: bool,
    /// Milliseconds that an operation takes.
    pub slow_ms: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Operations that change something.
    pub operations: u64,
    /// Operations that failed, but for want of room.
    pub failures: u64,
    /// Flushes that failed: nobody knows what is kept of what they should have.
    pub lost_flushes: u64,
    /// Operations that found the disk full.
    pub full: u64,
}

/// What an operation should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Whole,
    /// Do a part of it, then fail.
    PartThenFail,
}

/// What a disk says of itself when it failed.
pub(super) fn failed() -> io::Error {
    io::Error::other("the simulated disk failed")
}

fn off() -> io::Error {
    io::Error::other("the simulated power is off")
}

impl Inside {
    /// Before an operation that only looks.
    pub(super) fn before_look(&mut self) -> io::Result<()> {
        self.took_ms = self.took_ms.saturating_add(self.plan.slow_ms);
        if self.is_off { Err(off()) } else { Ok(()) }
    }

    /// Before an operation that changes something.
    pub(super) fn before_change(&mut self) -> io::Result<Order> {
        self.before_look()?;
        self.tally.operations = self.tally.operations.saturating_add(1);
        let now = self.done;
        self.done = now.saturating_add(1);
        match self.plan.fault {
            Some((at, fault)) if at <= now => {
                self.plan.fault = None;
                self.is_off = fault == Fault::Off;
                self.tally.failures = self.tally.failures.saturating_add(1);
                Ok(Order::PartThenFail)
            }
            _ => Ok(Order::Whole),
        }
    }

    pub(super) fn full(&mut self) -> io::Error {
        self.tally.full = self.tally.full.saturating_add(1);
        io::ErrorKind::StorageFull.into()
    }
}
