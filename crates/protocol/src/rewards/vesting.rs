//! Vesting: what was earned becomes one's own over time.
//!
//! ```text
//!   earned ──delay──► a part at once ─────────────► ready ──claim──► free
//!                     the rest, along a line to its end ──┘
//! ```
//!
//! Law: ready, waiting and lines add up to what was put in less what was taken out, to the unit.
//! Rounding: the rest up, the part at once by subtraction; what a line gives is rounded down, and
//! its end gives all that is left.
//! Bounded: grants are gathered by [`SPANS`] spans of the delay and of the time to vest, so that a
//! row holds at most `SPANS` + 1 of each for each of the terms, however often somebody is paid.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Epoch, Epochs, Ratio};

use super::params::RewardsParams;

/// Spans that a time is cut into.
pub(crate) const SPANS: u64 = 16;

/// What was settled for one operator and not yet paid to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vesting {
    /// What may be claimed.
    pub ready: Amount,
    /// What waits for the end of its delay, soonest first.
    pub waiting: Vec<Waiting>,
    /// What vests along lines, those that end first first.
    pub lines: Vec<Line>,
    /// Up to when the lines were followed.
    pub followed: Epoch,
}

/// What may not be had before an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which epoch.
    pub until: Epoch,
    /// What may be claimed then.
    pub at_once: Amount,
    /// What then vests.
    pub rest: Amount,
    /// Until when.
    pub ends: Epoch,
}

/// What vests evenly until its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When nothing is left of it.
    pub ends: Epoch,
    /// What has not vested.
    pub amount: Amount,
}

/// The numbers that say when what is earned may be had. Those of work are of the parameters of its
/// job, whatever is voted later (M21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VestTerms {
    /// The part that is ready after the delay; the rest vests evenly from then on.
    pub at_once: Ratio,
    /// Epochs before anything is ready.
    pub delay: Epochs,
    /// Epochs in which the rest vests.
    pub vesting: Epochs,
}

impl VestTerms {
    pub(crate) fn new(params: &RewardsParams) -> VestTerms {
        let RewardsParams { at_once, claim_delay_epochs, vesting_epochs, .. } = *params;
        VestTerms { at_once, delay: claim_delay_epochs, vesting: vesting_epochs }
    }

    /// What of `amount`, earned in an epoch, may be had when.
    pub fn grant(&self, amount: Amount, earned: Epoch) -> Waiting {
        let until = gathered(earned.after(self.delay), self.delay);
        let ends = gathered(until.after(self.vesting), self.vesting);
        // Up: what vests late is what a slash finds.
        let rest = self.at_once.complement().amount_ceil(amount);
        let at_once = amount.saturating_sub(rest);
        Waiting { until, at_once, rest, ends }
    }
}

impl Vesting {
    /// Puts in what was earned in an epoch.
    pub(crate) fn put(&mut self, amount: Amount, earned: Epoch, terms: &VestTerms) {
        if amount.is_zero() {
            return;
        }
        let Waiting { until, at_once, rest, ends } = terms.grant(amount, earned);
        let place = self.waiting.partition_point(|other| (other.until, other.ends) < (until, ends));
        match self.waiting.get_mut(place) {
            Some(other) if (other.until, other.ends) == (until, ends) => {
                other.at_once = other.at_once.saturating_add(at_once);
                other.rest = other.rest.saturating_add(rest);
            }
            _ => self.waiting.insert(place, Waiting { until, at_once, rest, ends }),
        }
    }

    /// Brings everything up to an epoch.
    pub(crate) fn follow(&mut self, now: Epoch) {
        let since = self.followed;
        self.followed = since.max(now);
        for line in &mut self.lines {
            let vested = vested_floor(line, since, now);
            line.amount = line.amount.saturating_sub(vested);
            self.ready = self.ready.saturating_add(vested);
        }
        let due = self.waiting.partition_point(|waiting| waiting.until <= now);
        let due: Vec<Waiting> = self.waiting.drain(..due).collect();
        for Waiting { until, at_once, rest, ends } in due {
            let mut line = Line { ends, amount: rest };
            let vested = vested_floor(&line, until, now);
            line.amount = rest.saturating_sub(vested);
            self.ready = self.ready.saturating_add(at_once).saturating_add(vested);
            self.add(line);
        }
        self.lines.retain(|line| !line.amount.is_zero());
    }

    fn add(&mut self, line: Line) {
        let place = self.lines.partition_point(|other| other.ends < line.ends);
        match self.lines.get_mut(place) {
            Some(other) if other.ends == line.ends => {
                other.amount = other.amount.saturating_add(line.amount);
            }
            _ => self.lines.insert(place, line),
        }
    }

    /// What may not be claimed yet.
    pub fn unvested(&self) -> Amount {
        let waiting = self.waiting.iter().map(|w| w.at_once.saturating_add(w.rest));
        let lines = self.lines.iter().map(|line| line.amount);
        waiting.chain(lines).fold(Amount::ZERO, Amount::saturating_add)
    }

    /// All of it.
    pub fn total(&self) -> Amount {
        self.ready.saturating_add(self.unvested())
    }

    /// Takes `amount` of what is unvested, which must be there: what would vest last goes first.
    pub(crate) fn take_unvested(&mut self, amount: Amount) {
        let mut wanted = amount;
        let mut take = |from: &mut Amount| {
            let part = wanted.min(*from);
            *from = from.saturating_sub(part);
            wanted = wanted.saturating_sub(part);
        };
        for waiting in self.waiting.iter_mut().rev() {
            take(&mut waiting.rest);
            take(&mut waiting.at_once);
        }
        self.lines.iter_mut().rev().for_each(|line| take(&mut line.amount));
        assert!(wanted.is_zero(), "whoever takes has looked how much is there");
        self.waiting.retain(|waiting| !waiting.at_once.is_zero() || !waiting.rest.is_zero());
        self.lines.retain(|line| !line.amount.is_zero());
    }
}

/// The first end of a span, of [`SPANS`] of `length`, at or after `at`.
fn gathered(at: Epoch, length: Epochs) -> Epoch {
    let span = length.count().div_ceil(SPANS).max(1);
    Epoch::new(at.count().div_ceil(span).saturating_mul(span))
}

/// What of a line, followed up to `since`, has vested by `now`, down; all of it at its end.
fn vested_floor(line: &Line, since: Epoch, now: Epoch) -> Amount {
    let (passed, all) = (now.since(since).count(), line.ends.since(since).count());
    let part = line.amount.share_floor(passed.min(all), all);
    part.unwrap_or(line.amount) // Its end was before.
}

#[cfg(test)]
mod tests;
