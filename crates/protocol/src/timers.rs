//! Timers: what falls due when.
//!
//! Key terms: timers of one moment whose names differ in the last six bits alone are one *group*,
//! a mask: identifiers are dense, so what falls due together mostly is one.
//!
//! Law: the timers are a function of the rows: each row says when it falls due, and a state that
//! is loaded sets them anew ([`Timers::from_rows`] in `state`). They fire in the order of their
//! names, whatever order they were set in, and one that was cleared never fires. A timer set in the
//! past fires at once, at the opening that set it or the next. Kept bytes and authorised keys end
//! apart, each in a line of their own, so that who opens a block may take as many of them as it has
//! time for.
//! Not here: what happens then (`epoch`).

use alloc::collections::{BTreeMap, btree_map::Entry};

use crate::{
    ids::{
        AccountId, Address, AssignmentId, ExitId, JobId, KeepId, MoveId, OperatorId, ProposalId,
        RaterId, SlashId, UnbondingId,
    },
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
    /// A proposal's stage is over.
    Proposal(ProposalId),
    /// What a requester said of a provider bounds it no more.
    Rater(RaterId),
    /// A bond's lock is over.
    Lock(OperatorId),
}

/// What a timer is called by: a name that ends in a number.
trait Named: Copy + Ord {
    /// The same with another number; one without a number stays as it is.
    fn renumbered(self, change: impl FnOnce(u64) -> u64) -> Self;

    /// The first name of its group, and its place there.
    fn split(self) -> (Self, u32) {
        let mut place = 0;
        let first = self.renumbered(|number| {
            place = u32::try_from(number % GROUP).expect("below 64");
            number & !GROUP.wrapping_sub(1)
        });
        (first, place)
    }

    /// The name at a place of the group that this is the first of.
    fn at(self, place: u32) -> Self {
        self.renumbered(|number| number | u64::from(place))
    }
}

impl Named for Timer {
    fn renumbered(self, change: impl FnOnce(u64) -> u64) -> Timer {
        let few = |number| u16::try_from(number).expect("six bits change, which a place has");
        match self {
            Timer::Seed(id) => Timer::Seed(AssignmentId::new(change(id.raw()))),
            Timer::Assignment(id) => Timer::Assignment(AssignmentId::new(change(id.raw()))),
            Timer::Job(id) => Timer::Job(JobId::new(change(id.raw()))),
            Timer::Unbonding(id) => Timer::Unbonding(UnbondingId::new(change(id.raw()))),
            Timer::Exit(id) => Timer::Exit(ExitId::new(change(id.raw()))),
            Timer::Move(id) => Timer::Move(MoveId::new(change(id.raw()))),
            Timer::Slash(id) => Timer::Slash(SlashId::new(change(id.raw()))),
            Timer::RetireJob(id) => Timer::RetireJob(JobId::new(change(id.raw()))),
            Timer::RetireSlash(id) => Timer::RetireSlash(SlashId::new(change(id.raw()))),
            Timer::Rater(id) => Timer::Rater(RaterId::new(change(id.raw()))),
            Timer::Lock(id) => Timer::Lock(OperatorId::new(change(id.raw()))),
            Timer::Proposal(id) => Timer::Proposal(ProposalId::new(change(id.raw()))),
            Timer::Dispute(id, place) => Timer::Dispute(id, few(change(u64::from(place)))),
            Timer::Data(id, place) => Timer::Data(id, few(change(u64::from(place)))),
        }
    }
}

impl Named for KeepId {
    fn renumbered(self, change: impl FnOnce(u64) -> u64) -> KeepId {
        KeepId::new(change(self.raw()))
    }
}

impl Named for (AccountId, Address) {
    fn renumbered(self, _change: impl FnOnce(u64) -> u64) -> (AccountId, Address) {
        self
    }
}

/// Names of a group at most: the bits of its mask.
const GROUP: u64 = 64;
/// Heights a bucket spans: a branch of the state copies buckets, not timers.
const BUCKET_BITS: u32 = 6;

/// What falls due at which point of one kind of time: buckets of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<T>(BTreeMap<u64, Arc<Bucket<T>>>);

/// By when it falls due and by its first name, each group; none is empty.
type Bucket<T> = BTreeMap<(u64, T), u64>;

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
    keys: Line<(AccountId, Address)>,
}

impl<T> Line<T> {
    /// The first names of all groups, soonest bucket first.
    fn names(&self) -> impl Iterator<Item = &T> {
        self.0.values().flat_map(|bucket| bucket.keys().map(|(_, first)| first))
    }
}

impl<T: Named> Line<T> {
    fn set(&mut self, at: u64, timer: T) {
        let bucket = self.0.entry(at >> BUCKET_BITS).or_default();
        let (first, place) = timer.split();
        *own(bucket).entry((at, first)).or_default() |= bit(place);
    }

    fn clear(&mut self, at: u64, timer: T) {
        let Entry::Occupied(mut bucket) = self.0.entry(at >> BUCKET_BITS) else { return };
        let (first, place) = timer.split();
        let groups = own(bucket.get_mut());
        let Entry::Occupied(mut group) = groups.entry((at, first)) else { return };
        *group.get_mut() &= !bit(place);
        if *group.get() == 0 {
            group.remove();
            if groups.is_empty() {
                bucket.remove();
            }
        }
    }

    /// Takes the first timer due up to and with `now`.
    fn pop(&mut self, now: u64) -> Option<T> {
        let mut bucket = self.0.first_entry()?;
        if bucket.get().first_key_value().is_some_and(|((at, _), _)| *at > now) {
            return None;
        }
        let groups = own(bucket.get_mut());
        let mut group = groups.first_entry()?;
        let place = group.get().trailing_zeros();
        let timer = group.key().1.at(place);
        *group.get_mut() &= !bit(place);
        if *group.get() == 0 {
            group.remove();
            if groups.is_empty() {
                bucket.remove();
            }
        }
        Some(timer)
    }
}

fn bit(place: u32) -> u64 {
    1u64.wrapping_shl(place)
}

impl Timers {
    /// True if anything falls due besides rows that leave and locks that end.
    pub(crate) fn awaits(&self) -> bool {
        let moves = |timer: &Timer| {
            !matches!(
                timer,
                Timer::RetireJob(_) | Timer::RetireSlash(_) | Timer::Rater(_) | Timer::Lock(_)
            )
        };
        self.heights.names().chain(self.epochs.names()).any(moves)
    }

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

    /// Has a key's row leave from this height on.
    pub(crate) fn set_key(&mut self, at: Height, account: AccountId, key: Address) {
        self.keys.set(at.count(), (account, key));
    }

    pub(crate) fn clear_key(&mut self, at: Height, account: AccountId, key: Address) {
        self.keys.clear(at.count(), (account, key));
    }

    /// Takes the first key whose row may leave at `now`.
    pub(crate) fn pop_key(&mut self, now: Height) -> Option<(AccountId, Address)> {
        self.keys.pop(now.count())
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
