//! Timers: what falls due when.
//!
//! Law: the timers are a function of the rows: each row says when it falls due, and a state that
//! is loaded sets them anew ([`Timers::from_rows`] in `state`). They fire in the order of their
//! names, whatever order they were set in, and one that was cleared never fires. A timer set in the
//! past fires at once, at the opening that set it or the next. Kept bytes end apart, so that who
//! opens a block may take as many of them as it has time for.
//! Not here: what happens then (`epoch`).

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::{AccountId, Address, AssignmentId, ExitId, JobId, KeepId, MoveId, SlashId, UnbondingId},
    num::{Epoch, Height},
    shared::{Arc, own},
};

/// One thing that falls due; those of one height fire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The beacon of a draw is shown.
    Seed(AssignmentId),
    /// A dispute's clock runs out.
    Dispute(AssignmentId, u16),
    /// Requested bytes are overdue.
    Data(AssignmentId, u16),
    /// An assignment's phase ends.
    Assignment(AssignmentId),
    /// Bidding, or the opening of bids, ends.
    Job(JobId),
    /// Unbonded stake leaves.
    Unbonding(UnbondingId),
    /// Delegated stake may leave.
    Exit(ExitId),
    /// Moved stake joins the pool that it moved to.
    Move(MoveId),
    /// A slash is paid out.
    Slash(SlashId),
    /// A closed job's rows leave.
    RetireJob(JobId),
    /// A paid slash's row leaves.
    RetireSlash(SlashId),
    /// An authorised key expires.
    RetireKey(AccountId, Address),
}

/// Heights a bucket spans: a branch of the state copies buckets, not timers.
const BUCKET_BITS: u32 = 6;

/// What falls due at which point of one kind of time.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<T>(BTreeMap<u64, Arc<BTreeSet<(u64, T)>>>);

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line(BTreeMap::new())
    }
}

/// What falls due when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers {
    heights: Line<Timer>,
    epochs: Line<Timer>,
    lapses: Line<KeepId>,
}

impl<T: Copy + Ord> Line<T> {
    fn set(&mut self, at: u64, timer: T) {
        let bucket = self.0.entry(at >> BUCKET_BITS).or_default();
        own(bucket).insert((at, timer));
    }

    fn clear(&mut self, at: u64, timer: T) {
        let bucket = at >> BUCKET_BITS;
        if let Some(timers) = self.0.get_mut(&bucket) {
            own(timers).remove(&(at, timer));
            if timers.is_empty() {
                self.0.remove(&bucket);
            }
        }
    }

    /// Takes the first timer due up to and with `now`.
    fn pop(&mut self, now: u64) -> Option<T> {
        let mut bucket = self.0.first_entry()?;
        if bucket.get().first().is_some_and(|(at, _)| *at > now) {
            return None;
        }
        let timers = own(bucket.get_mut());
        let first = timers.pop_first();
        if timers.is_empty() {
            bucket.remove();
        }
        first.map(|(_, timer)| timer)
    }
}

impl Timers {
    pub(crate) fn set(&mut self, at: Height, timer: Timer) {
        self.heights.set(at.count(), timer);
    }

    pub(crate) fn clear(&mut self, at: Height, timer: Timer) {
        self.heights.clear(at.count(), timer);
    }

    pub(crate) fn set_epoch(&mut self, at: Epoch, timer: Timer) {
        self.epochs.set(at.count(), timer);
    }

    pub(crate) fn clear_epoch(&mut self, at: Epoch, timer: Timer) {
        self.epochs.clear(at.count(), timer);
    }

    /// Takes the first timer that falls due at `now`; asked for one at a time, since what one
    /// brings about may clear the next.
    pub(crate) fn pop(&mut self, now: Height) -> Option<Timer> {
        self.heights.pop(now.count())
    }

    /// Has bytes kept no longer from this height on.
    pub(crate) fn set_lapse(&mut self, at: Height, keep: KeepId) {
        self.lapses.set(at.count(), keep);
    }

    /// Takes the first keep that is over at `now`.
    pub(crate) fn pop_lapse(&mut self, now: Height) -> Option<KeepId> {
        self.lapses.pop(now.count())
    }

    /// Takes the first timer that falls due when `now` opens.
    pub(crate) fn pop_epoch(&mut self, now: Epoch) -> Option<Timer> {
        self.epochs.pop(now.count())
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn timers_fire_once_in_the_order_of_their_names_and_a_late_one_at_once() {
        let mut timers = Timers::default();
        let (seed, job) = (Timer::Seed(AssignmentId::new(7)), Timer::Job(JobId::new(1)));
        let at = |height| Height::new(height);
        for (height, timer) in [(130, job), (64, job), (63, job), (64, seed), (65, seed)] {
            timers.set(at(height), timer);
        }
        timers.set(at(65), job);
        timers.clear(at(65), job);
        fn due(timers: &mut Timers, now: Height) -> Vec<Timer> {
            core::iter::from_fn(|| timers.pop(now)).collect()
        }
        assert_eq!(due(&mut timers, at(62)), []);
        assert_eq!(due(&mut timers, at(64)), [job, seed, job], "63, then 64 in order of names");
        assert_eq!(due(&mut timers, at(64)), []);
        timers.set(at(3), seed);
        assert_eq!(due(&mut timers, at(65)), [seed, seed], "one was set in the past");
        assert_eq!(due(&mut timers, at(u64::MAX)), [job]);
        assert_eq!(timers, Timers::default(), "nothing is left behind");
    }
}
