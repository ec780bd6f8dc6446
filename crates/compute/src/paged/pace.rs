//! Where a run stops next, and what it means that it stopped.
//!
//! Law: every run stops at the ends of coarse steps, and ticks of a trap are such an end: modules
//! count in locals, so that what they told of their count last depends on where they stopped last.
//! So only what stored its count can have exited: whoever comes to an `unreachable`, and no other.
//! Not here: calling a module (`engine`), what a state is (`state`).

use super::form::{FINISHED, PAUSED, STOPPED};
use super::state::Ending;
use crate::executor::EngineFault;

/// Ticks of a coarse step.
pub const COARSE_TICKS: u64 = 1 << 27;

/// Why a call into the module ended early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The program's own doing, in the midst of code whose ticks were not told.
    Trap,
    /// An `unreachable`: modules store their count before each.
    Unreachable,
    /// It touched a page that is not there. Only where pages are checked.
    Missing,
    /// It used more gas, or deeper calls, than a step may. Only where pages are checked.
    Exceeded,
    /// The host's failure: no claim.
    Fault(EngineFault),
}

/// The counter of a run: what has passed, and up to where the module counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    ticks: u64,
    /// What the module was given.
    given: i64,
    bound: u64,
    /// Of a plain run, besides coarse boundaries: where else it stops.
    every: u64,
}

/// What a call of the module led to, besides memory and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// A boundary, at so many ticks.
    Paused(u64),
    /// An end, at so many ticks.
    Ended(Ending, u64),
}

impl Pace {
    /// A run that has come to `ticks` and may not go beyond `bound`.
    pub(super) fn new(ticks: u64, bound: u64, every: u64) -> Pace {
        Pace { ticks, given: 0, bound, every: every.max(1) }
    }

    pub(super) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// What the module is to count down from to stop at `target`, the next coarse boundary or the
    /// bound, whichever is first.
    pub(super) fn toward(&mut self, target: u64) -> i64 {
        let target = target.min(self.coarse_end()).min(self.bound);
        let given = target.saturating_sub(self.ticks).max(1);
        self.given = i64::try_from(given).unwrap_or(i64::MAX);
        self.given
    }

    /// The same, to the next of a plain run's own boundaries; `None` at the bound.
    pub(super) fn next(&mut self) -> Option<i64> {
        let rounds = self.ticks.checked_div(self.every)?.saturating_add(1);
        let target = rounds.saturating_mul(self.every);
        (self.ticks < self.bound).then(|| self.toward(target))
    }

    /// Of a run that draws its ticks itself: what it is given at first, and what it may draw.
    pub(super) fn whole(&mut self) -> (i64, i64) {
        let first = self.toward(self.bound);
        let beyond = self.bound.saturating_sub(first.unsigned_abs());
        (first, i64::try_from(beyond).unwrap_or(i64::MAX))
    }

    /// Such a run ended with so much of it left to draw, or stopped for want of ticks.
    pub(super) fn drew(&mut self, drawable: i64, rest: i64) {
        if rest == STOPPED {
            self.ticks = self.bound;
            return;
        }
        let drawn = u64::try_from(drawable.saturating_sub(rest)).unwrap_or(0);
        self.ticks = drawn.div_ceil(COARSE_TICKS).saturating_mul(COARSE_TICKS);
        let given = u64::try_from(self.given).unwrap_or(0).saturating_add(drawn);
        self.given = i64::try_from(given.saturating_sub(self.ticks)).unwrap_or(i64::MAX);
    }

    /// A boundary was reached with `left` on the counter; `None` if the module paused too early.
    pub(super) fn pass(&mut self, left: i64) -> Option<()> {
        if 0 < left {
            return None;
        }
        self.ticks = self.spent(left)?;
        Some(())
    }

    /// Ticks with `left` on the counter; `None` if it went up.
    fn spent(&self, left: i64) -> Option<u64> {
        let passed = i128::from(self.given).checked_sub(left.into())?;
        self.ticks.checked_add(u64::try_from(passed).ok()?)
    }

    /// The end of the coarse step that `ticks` lies in.
    fn coarse_end(&self) -> u64 {
        (self.ticks / COARSE_TICKS).saturating_add(1).saturating_mul(COARSE_TICKS)
    }

    /// What a call's outcome means, with what it left on the counter and in the exit code.
    pub(super) fn conclude(
        &mut self,
        outcome: Result<i32, Stop>,
        left: i64,
        exit: i32,
    ) -> Result<After, Stop> {
        let trapped = After::Ended(Ending::Trapped, self.coarse_end().min(self.bound));
        let ending = match outcome {
            Ok(PAUSED) => {
                let Some(()) = self.pass(left) else { return Ok(trapped) };
                return Ok(match self.bound <= self.ticks {
                    true => After::Ended(Ending::Halted, self.bound),
                    false => After::Paused(self.ticks),
                });
            }
            Ok(FINISHED) => Ending::Finished,
            // A plain run is ended at its last boundary; a pausable one never begins beyond.
            Err(Stop::Trap | Stop::Unreachable) if self.bound <= self.ticks => {
                return Ok(After::Ended(Ending::Halted, self.bound));
            }
            Err(Stop::Unreachable) if exit != 0 => {
                Ending::Exited { code: exit.wrapping_sub(1).cast_unsigned() }
            }
            Ok(_) | Err(Stop::Trap | Stop::Unreachable) => return Ok(trapped),
            Err(stop @ (Stop::Missing | Stop::Exceeded | Stop::Fault(_))) => return Err(stop),
        };
        Ok(match self.spent(left) {
            None => trapped,
            Some(ticks) if self.bound < ticks => After::Ended(Ending::Halted, self.bound),
            Some(ticks) => After::Ended(ending, ticks),
        })
    }
}

/// The host's failure, where nothing is checked.
pub(super) fn fault(stop: Stop) -> EngineFault {
    match stop {
        Stop::Fault(fault) => fault,
        Stop::Trap | Stop::Unreachable => {
            EngineFault::Resource("a trap outside of the program".to_owned())
        }
        Stop::Missing | Stop::Exceeded => {
            EngineFault::Resource("a check where nothing is checked".to_owned())
        }
    }
}
