//! The operators of one role and class, ready for draws: who can lock how much, and who weighed
//! how much when.
//!
//! Key terms: a *weight* is the stake that draws count, in base units, 0 for an operator that may
//! not work; who *waits* has the stake and the standing to work, in base units, and no place in the
//! active set; a *free* bond is the part of a stake that backs nothing, in base units; an operator
//! is *able* to lock an amount if it has a weight and its free bond covers it; a *pinned* height
//! is one whose weights are still to be asked for.
//!
//! Law: β̂, eligibility and seats are those of the operators who are able; and a draw counts the
//! weights of a pinned height, so that stake that moves once the seed is known shifts nothing. Who
//! weighed something then and was displaced since is drawn as if it had not been: nobody's bond
//! changes whom a draw finds but its own.
//! Law: all answers depend on the rows, the changes and the pins alone, never on the order in
//! which they came to be; within a block, too, the order of changes leaves no trace.
//! Law: a query or a change costs O(log n), whoever chose the bonds; a list costs that for each
//! on it. Cloning costs O(1), and a change to a clone copies O(log n).
//! Known shortcomings: while a height is pinned, each operator that changed since keeps its old
//! nodes, at most about 5 kB an operator, a block and a pinned height, and never more than the
//! whole pool (about 50 bytes an operator) per pinned height. Free bonds have no past: whether
//! somebody is able is known of now only.
//! Not here: what a seat locks, who is out of a draw, the draw (`verification`).

mod tree;

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::{ids::OperatorId, num::Height};
use tree::{Item, Tree};

/// The operators of one role and class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    by_id: Tree<ById>,
    /// Those with a weight, and no others.
    by_free: Tree<ByFree>,
    /// Those who wait, the largest stake first, of equals the first by id.
    waiting: Tree<ByStake>,
    log: Tree<Change>,
    pins: Arc<BTreeMap<Height, Pin>>,
    /// When a weight last changed, as far as is known.
    latest: Height,
}

/// Those who can lock an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Able {
    /// How many they are.
    pub(crate) count: u64,
    /// The sum of their weights.
    pub(crate) total: u64,
    /// The weight of the heaviest; 0 if there is none.
    pub(crate) largest: u64,
}

/// The first change of an operator's weight in a block.
///
/// Canonical order: by height, then by operator. No two have both the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// The block in which it changed.
    pub(crate) height: Height,
    /// Whose weight changed.
    pub(crate) operator: OperatorId,
    /// Its weight at the end of the block before.
    pub(crate) before: u64,
}

/// One pinned height.
#[derive(Clone, Debug, Default)]
struct Pin {
    count: u64,
    /// The rows at the end of that block, once a weight has changed after it; their free bonds
    /// mean nothing. Until then, the rows are those of now.
    rows: Option<Tree<ById>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    id: OperatorId,
    rank: Rank,
    free: u64,
}

/// What an operator's stake is good for; 0 base units of both if it may not work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rank {
    /// What it weighs, if it is in the active set.
    pub(crate) weight: u64,
    /// What it would weigh, if it waits for a place there.
    pub(crate) waits: u64,
}

#[derive(Clone, Copy, Debug)]
struct ById(Row);

#[derive(Clone, Copy, Debug)]
struct ByFree(Row);

/// One who waits; none of 0.
#[derive(Clone, Copy, Debug)]
struct ByStake {
    stake: u64,
    id: OperatorId,
}

/// Those who wait, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// How many they are.
    pub(crate) count: u64,
    /// What they have at stake, in base units.
    pub(crate) total: u64,
}

/// What is known of many rows; those without a weight do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    able: Able,
    /// The largest free bond.
    free_max: u64,
    /// The lightest and, of equals, the last by id.
    lightest: Option<(u64, Reverse<OperatorId>)>,
}

impl Pool {
    /// The pool as it was: from the rows (operator, rank, free bond) in any order, what
    /// [`Pool::changes`] gave, and one height for each pin.
    pub(crate) fn restore(
        rows: impl IntoIterator<Item = (OperatorId, Rank, u64)>,
        changes: impl IntoIterator<Item = Change>,
        pins: impl IntoIterator<Item = Height>,
    ) -> Pool {
        let mut pool = Pool::default();
        for (id, rank, free) in rows {
            pool.place(Row { id, rank, free });
        }
        changes.into_iter().for_each(|change| pool.log.put(change));
        let mut heights: BTreeMap<Height, Pin> = BTreeMap::new();
        for height in pins {
            heights.entry(height).or_default().add_one();
        }
        let mut changes: Vec<Change> = pool.log.iter().collect();
        pool.latest = changes.last().map_or(Height::ZERO, |change| change.height);
        let mut past = pool.by_id.clone();
        for (height, pin) in heights.iter_mut().rev() {
            while let Some(change) = changes.pop_if(|change| *height < change.height) {
                let free = past.get(change.operator).map_or(0, |row| row.0.free);
                let rank = Rank { weight: change.before, waits: 0 };
                past.put(ById(Row { id: change.operator, rank, free }));
            }
            if *height < pool.latest {
                pin.rows = Some(past.clone());
            }
        }
        pool.pins = Arc::new(heights);
        pool
    }

    /// Records what an operator's stake is good for and what it has free from block `now` on, in
    /// base units; all must sum to at most 2^64 − 1. O(log n).
    pub(crate) fn set(&mut self, id: OperatorId, rank: Rank, free: u64, now: Height) {
        let before = self.row(id);
        let row = Row { id, rank, free };
        if before == row {
            return;
        }
        if before.rank.weight != rank.weight {
            self.record(before, rank.weight, now);
        }
        if 0 < before.rank.weight && (rank.weight == 0 || before.free != free) {
            self.by_free.remove((before.free, id));
        }
        if 0 < before.rank.waits && before.rank.waits != rank.waits {
            self.waiting.remove((Reverse(before.rank.waits), id));
        }
        self.place(row);
    }

    fn place(&mut self, row: Row) {
        let Rank { weight, waits } = row.rank;
        if 0 < weight {
            self.by_free.put(ByFree(row));
        }
        if 0 < waits {
            self.waiting.put(ByStake { stake: waits, id: row.id });
        }
        if 0 < weight || 0 < waits || 0 < row.free {
            self.by_id.put(ById(row));
        } else {
            self.by_id.remove(row.id);
        }
    }

    /// Keeps the past that a change of weight in block `now` ends, if it is pinned.
    fn record(&mut self, before: Row, weight: u64, now: Height) {
        assert!(self.latest <= now, "blocks are applied in order, so heights never fall");
        self.latest = now;
        let newest = self.pins.range(..now).next_back();
        let Some((_, newest)) = newest else {
            return;
        };
        if newest.rows.is_none() {
            // A change ends the presence of every pin before it, so the rest has its rows.
            for (_, pin) in Arc::make_mut(&mut self.pins).range_mut(..now).rev() {
                if pin.rows.is_some() {
                    break;
                }
                pin.rows = Some(self.by_id.clone());
            }
        }
        let change = Change { height: now, operator: before.id, before: before.rank.weight };
        match self.log.get(change.key()) {
            None => self.log.put(change),
            Some(first) if first.before == weight => self.log.remove(change.key()),
            Some(_) => {}
        }
    }

    fn row(&self, id: OperatorId) -> Row {
        self.by_id.get(id).map_or(Row { id, rank: Rank::default(), free: 0 }, |row| row.0)
    }

    /// What an operator's stake is good for now. O(log n).
    pub(crate) fn rank(&self, id: OperatorId) -> Rank {
        self.row(id).rank
    }

    /// What an operator has free now. O(log n).
    pub(crate) fn free(&self, id: OperatorId) -> u64 {
        self.row(id).free
    }

    /// May a pinned height's draw find an operator, if it weighed something then: can it lock as
    /// much now, in the active set or not? O(log n).
    pub(crate) fn may_serve(&self, id: OperatorId, lock: u64) -> bool {
        self.row(id).may_serve(lock)
    }

    /// Those who wait now. O(1).
    pub(crate) fn waiting(&self) -> Waiting {
        self.waiting.sum()
    }

    /// The first of those who wait now, and its stake; `None` if nobody does. O(log n).
    pub(crate) fn first_waiting(&self) -> Option<(u64, OperatorId)> {
        self.waiting.least().map(|(stake, id)| (stake.0, id))
    }

    /// How many that wait come before an operator that waits. O(log n).
    pub(crate) fn before(&self, id: OperatorId) -> u64 {
        let from = (Reverse(self.rank(id).waits), id);
        self.waiting().count.saturating_sub(self.waiting.sum_from(from).count)
    }

    /// The lightest now and its weight, of equals the last by id; `None` if nobody has a weight.
    /// O(1).
    pub(crate) fn lightest(&self) -> Option<(u64, OperatorId)> {
        self.by_id.sum().lightest.map(|(weight, id)| (weight, id.0))
    }

    /// The sum of all weights now. O(1).
    pub(crate) fn total(&self) -> u64 {
        self.by_free.sum().able.total
    }

    /// The sum of all weights now, and of the stakes of those who wait. O(1).
    pub(crate) fn bonded(&self) -> u64 {
        self.total().saturating_add(self.waiting().total)
    }

    /// How many have a weight now. O(1).
    pub(crate) fn active(&self) -> u64 {
        self.by_free.sum().able.count
    }

    /// The heaviest now and its weight, of equals the first by id; `None` if nobody has a weight.
    /// O(log n).
    pub(crate) fn heaviest(&self) -> Option<(u64, OperatorId)> {
        let largest = self.by_id.sum().able.largest;
        let heaviest = self.by_id.seek(|sum| 0 < largest && sum.able.largest == largest);
        heaviest.map(|row| (row.0.rank.weight, row.0.id))
    }

    /// Those with a weight and at least `lock` free now, without those in `out`.
    /// O(log n) for each in `out`, and once more.
    pub(crate) fn able(&self, lock: u64, out: &[OperatorId]) -> Able {
        let mut left = self.by_free.clone();
        for row in out.iter().map(|id| self.row(*id)) {
            if row.is_able(lock) {
                left.remove((row.free, row.id));
            }
        }
        left.sum_from((lock, OperatorId::new(0))).able
    }

    /// Those who may serve with at least `lock` free now, without those in `out`, by what they
    /// weighed at the end of the pinned block `at`; who weighed nothing then does not count.
    /// O(log n) for each in `out` and each that changed since.
    pub(crate) fn able_at(&self, at: Height, lock: u64, out: &[OperatorId]) -> Able {
        let mut changed = self.changed_since(at);
        changed.retain(|id| !out.contains(id));
        let unlike = [out, &changed].concat();
        let rest = Sum { able: self.able(lock, &unlike), ..Sum::default() };
        let weighed = changed.into_iter().map(|id| {
            let now = self.row(id);
            let weight = if now.may_serve(lock) { self.weight_at(at, id) } else { 0 };
            Row { rank: Rank { weight, waits: 0 }, ..now }.sum()
        });
        weighed.fold(rest, Sum::join).able
    }

    /// Whose weight changed after the pinned block `at`, ascending by id.
    fn changed_since(&self, at: Height) -> Vec<OperatorId> {
        let since = self.log.iter().filter(|change| at < change.height);
        let mut changed: Vec<OperatorId> = since.map(|change| change.operator).collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// The operators of [`Pool::able_at`], ascending by id, and some that weighed nothing then.
    /// O(log n) for each, and for each that changed since.
    pub(crate) fn able_in_order(&self, at: Height, lock: u64) -> Vec<OperatorId> {
        let able = self.by_id.select(move |sum| 0 < sum.able.count && lock <= sum.free_max);
        let mut ids: Vec<OperatorId> = able.map(|row| row.0.id).collect();
        let changed = self.changed_since(at).into_iter();
        let before = ids.len();
        ids.extend(changed.filter(|id| {
            let row = self.row(*id);
            row.rank.weight == 0 && row.may_serve(lock)
        }));
        if before < ids.len() {
            ids.sort_unstable();
        }
        ids
    }

    /// Keeps the weights as they stand at the end of block `at`, until [`Pool::unpin`] was called
    /// as often. `at` is the block being applied, a later one, or one already pinned.
    pub(crate) fn pin(&mut self, at: Height) {
        let is_known = self.latest <= at || self.pins.contains_key(&at);
        assert!(is_known, "a height is pinned before a later block changes weights");
        Arc::make_mut(&mut self.pins).entry(at).or_default().add_one();
    }

    /// Takes one pin of block `at` away; forgets what no pin needs.
    pub(crate) fn unpin(&mut self, at: Height) {
        let pins = Arc::make_mut(&mut self.pins);
        let pin = pins.get_mut(&at).expect("whoever unpins has pinned");
        pin.count = pin.count.saturating_sub(1);
        if pin.count == 0 {
            pins.remove(&at);
        }
        let least = pins.keys().next().copied();
        while let Some(key) = self.log.least() {
            if least.is_some_and(|least| least < key.0) {
                break;
            }
            self.log.remove(key);
        }
    }

    /// The sum of all weights at the end of the pinned block `at`. O(1).
    pub(crate) fn total_at(&self, at: Height) -> u64 {
        self.rows_at(at).sum().able.total
    }

    /// What an operator weighed at the end of the pinned block `at`. O(log n).
    pub(crate) fn weight_at(&self, at: Height, id: OperatorId) -> u64 {
        self.rows_at(at).get(id).map_or(0, |row| row.0.rank.weight)
    }

    /// Who holds unit `position` of the weights at the end of the pinned block `at`, counted from
    /// 0 through the operators in order of id, and its weight then; `None` from the total on.
    /// O(log n).
    pub(crate) fn holder_at(&self, at: Height, position: u64) -> Option<(OperatorId, u64)> {
        let mut rest = position;
        let holder = self.rows_at(at).seek(|sum| match rest.checked_sub(sum.able.total) {
            None => true,
            Some(after) => {
                rest = after;
                false
            }
        });
        holder.map(|row| (row.0.id, row.0.rank.weight))
    }

    fn rows_at(&self, at: Height) -> &Tree<ById> {
        let pin = self.pins.get(&at).expect("a height is pinned before it is asked for");
        pin.rows.as_ref().unwrap_or(&self.by_id)
    }

    /// The changes of weight after the first pinned block, in canonical order.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.log.iter()
    }

    /// The pinned heights, ascending, and how often each is pinned.
    pub(crate) fn pins(&self) -> impl Iterator<Item = (Height, u64)> + '_ {
        self.pins.iter().map(|(height, pin)| (*height, pin.count))
    }
}

impl Pin {
    fn add_one(&mut self) {
        self.count = self.count.checked_add(1).expect("fewer pins than 2^64");
    }
}

impl Row {
    fn is_able(&self, lock: u64) -> bool {
        0 < self.rank.weight && lock <= self.free
    }

    fn may_serve(&self, lock: u64) -> bool {
        (0 < self.rank.weight || 0 < self.rank.waits) && lock <= self.free
    }

    fn sum(&self) -> Sum {
        let weight = self.rank.weight;
        if weight == 0 {
            return Sum::default();
        }
        let able = Able { count: 1, total: weight, largest: weight };
        Sum { able, free_max: self.free, lightest: Some((weight, Reverse(self.id))) }
    }
}

impl Sum {
    fn join(left: Sum, right: Sum) -> Sum {
        let (l, r) = (left.able, right.able);
        let able = Able {
            count: l.count.checked_add(r.count).expect("fewer operators than 2^32"),
            total: l.total.checked_add(r.total).expect("weights sum to at most the supply"),
            largest: l.largest.max(r.largest),
        };
        let lightest = match (left.lightest, right.lightest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Sum { able, free_max: left.free_max.max(right.free_max), lightest }
    }
}

impl Item for ById {
    type Key = OperatorId;
    type Sum = Sum;

    fn key(&self) -> OperatorId {
        self.0.id
    }

    fn sum(&self) -> Sum {
        self.0.sum()
    }

    fn join(left: Sum, right: Sum) -> Sum {
        Sum::join(left, right)
    }
}

impl Item for ByFree {
    type Key = (u64, OperatorId);
    type Sum = Sum;

    fn key(&self) -> (u64, OperatorId) {
        (self.0.free, self.0.id)
    }

    fn sum(&self) -> Sum {
        self.0.sum()
    }

    fn join(left: Sum, right: Sum) -> Sum {
        Sum::join(left, right)
    }
}

impl Item for ByStake {
    type Key = (Reverse<u64>, OperatorId);
    type Sum = Waiting;

    fn key(&self) -> (Reverse<u64>, OperatorId) {
        (Reverse(self.stake), self.id)
    }

    fn sum(&self) -> Waiting {
        Waiting { count: 1, total: self.stake }
    }

    fn join(left: Waiting, right: Waiting) -> Waiting {
        Waiting {
            count: left.count.checked_add(right.count).expect("fewer operators than 2^32"),
            total: left.total.checked_add(right.total).expect("stakes sum to at most the supply"),
        }
    }
}

impl Item for Change {
    type Key = (Height, OperatorId);
    type Sum = ();

    fn key(&self) -> (Height, OperatorId) {
        (self.height, self.operator)
    }

    fn sum(&self) {}

    fn join((): (), (): ()) {}
}

#[cfg(test)]
mod tests;
