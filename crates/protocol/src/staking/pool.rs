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
//! changes whom a draw finds but its own. Who waited then is known, too, by its stake of then.
//! Law: all answers depend on the rows, the changes and the pins alone, never on the order in
//! which they came to be; within a block, too, the order of changes leaves no trace.
//! Law: a query or a change costs O(log n), whoever chose the bonds; a list costs that for each
//! on it. Cloning costs O(1), and a change to a clone copies O(log n).
//! Known shortcomings: while a height is pinned, each operator that changed since keeps its old
//! nodes, at most about 7 kB an operator, a block and a pinned height, and never more than the
//! whole pool (about 50 bytes an operator) per pinned height. Free bonds have no past: whether
//! somebody is able is known of now only.
//! Not here: what a seat locks, who is out of a draw, the draw (`verification`).

mod tree;

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::{cmp::Reverse, iter};

use serde::{Deserialize, Serialize};

use crate::{ids::OperatorId, num::Height};
use tree::{Item, Tree};

/// The operators of one role and class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    /// Those with a weight, those who wait, and those with a free bond.
    by_id: Tree<ById>,
    /// Those with a weight and a free bond.
    set_by_free: Tree<ByFree>,
    /// Those who wait and have a free bond.
    waiting_by_free: Tree<ByFree>,
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

/// Whom a draw counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    /// Those in the active set.
    Set,
    /// Those who wait, too: all that could work.
    Fit,
}

/// Those whom a draw counts, as they stood at the end of a pinned block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) at: Height,
    pub(crate) among: Among,
}

/// The first change of what an operator's stake was good for in a block.
///
/// Canonical order: by height, then by operator. No two have both the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// The block in which it changed.
    pub(crate) height: Height,
    /// Whose stake or place changed.
    pub(crate) operator: OperatorId,
    /// What it was at the end of the block before.
    pub(crate) before: Rank,
}

/// One pinned height.
#[derive(Clone, Debug, Default)]
struct Pin {
    count: u64,
    /// The rows at the end of that block, once a rank has changed after it; their free bonds
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rank {
    /// What it weighs, if it is in the active set.
    pub(crate) weight: u64,
    /// What it would weigh, if it waits for a place there.
    pub(crate) waits: u64,
}

#[derive(Clone, Copy, Debug)]
struct ById(Row);

/// A free bond of one that is fit, and its stake, in base units; none of 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ByFree {
    free: u64,
    id: OperatorId,
    stake: u64,
}

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

/// What is known of many rows, whatever their free bonds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    /// Those in the set.
    set: Able,
    /// Those in the set and those who wait.
    fit: Able,
    /// The lightest in the set and, of equals, the last by id.
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
            let row = Row { id, rank, free };
            pool.by_id.put(ById(row));
            pool.place(row);
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
                past.put(ById(Row { id: change.operator, rank: change.before, free }));
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
        if before.rank != rank {
            self.record(before, rank, now);
        }
        if 0 < before.rank.waits && before.rank.waits != rank.waits {
            self.waiting.remove((Reverse(before.rank.waits), id));
        }
        if let Some(bond) = before.bond() {
            self.bonds_of(before.rank).remove(bond.key());
        }
        if before.rank == rank
            && let Some(known) = self.by_id.touch(id)
        {
            known.0.free = free;
        } else {
            self.by_id.put(ById(row));
        }
        self.place(row);
    }

    /// Puts a row wherever it belongs beside the rows by id.
    fn place(&mut self, row: Row) {
        let Row { id, rank, free } = row;
        if let Some(bond) = row.bond() {
            self.bonds_of(rank).put(bond);
        }
        if 0 < rank.waits {
            self.waiting.put(ByStake { stake: rank.waits, id });
        }
        if !rank.is_fit() && free == 0 {
            self.by_id.remove(id);
        }
    }

    /// Where the free bonds are of those who have such a rank.
    fn bonds_of(&mut self, rank: Rank) -> &mut Tree<ByFree> {
        if 0 < rank.weight { &mut self.set_by_free } else { &mut self.waiting_by_free }
    }

    /// Keeps the past that a change of rank in block `now` ends, if it is pinned.
    fn record(&mut self, before: Row, rank: Rank, now: Height) {
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
        let change = Change { height: now, operator: before.id, before: before.rank };
        match self.log.get(change.key()) {
            None => self.log.put(change),
            Some(first) if first.before == rank => self.log.remove(change.key()),
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

    /// May a pinned height's draw find an operator, if it counted then: can it lock as much now, in
    /// the active set or not? O(log n).
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
        self.by_id.sum().set.total
    }

    /// The sum of all weights now, and of the stakes of those who wait. O(1).
    pub(crate) fn bonded(&self) -> u64 {
        self.total().saturating_add(self.waiting().total)
    }

    /// How many have a weight now. O(1).
    pub(crate) fn active(&self) -> u64 {
        self.by_id.sum().set.count
    }

    /// The heaviest now and its weight, of equals the first by id; `None` if nobody has a weight.
    /// O(log n).
    pub(crate) fn heaviest(&self) -> Option<(u64, OperatorId)> {
        let largest = self.by_id.sum().set.largest;
        let heaviest = self.by_id.seek(|sum| 0 < largest && sum.set.largest == largest);
        heaviest.map(|row| (row.0.rank.weight, row.0.id))
    }

    /// Those with a weight and at least `lock` free now, without those in `out`.
    /// O(log n) for each in `out`, and once more.
    pub(crate) fn able(&self, lock: u64, out: &[OperatorId]) -> Able {
        self.able_now(Among::Set, lock, out)
    }

    fn able_now(&self, among: Among, lock: u64, out: &[OperatorId]) -> Able {
        let out = out.iter().map(|id| self.row(*id)).filter(|row| row.may_serve(lock));
        let first = OperatorId::new(0);
        if lock == 0 {
            let out: Vec<OperatorId> = ascending(out.map(|row| row.id));
            return self.by_id.sum_without(first, &out).among(among);
        }
        let out: Vec<(u64, OperatorId)> = ascending(out.map(|row| (row.free, row.id)));
        let bonds = self.bonds(among).map(|bonds| bonds.sum_without((lock, first), &out));
        bonds.fold(Able::default(), Able::join)
    }

    /// The free bonds of those whom a draw counts.
    fn bonds(&self, among: Among) -> impl Iterator<Item = &Tree<ByFree>> {
        let waiting = match among {
            Among::Set => None,
            Among::Fit => Some(&self.waiting_by_free),
        };
        iter::once(&self.set_by_free).chain(waiting)
    }

    /// Those who may serve with at least `lock` free now, without those in `out`, by what they
    /// weighed in the field; who weighed nothing there does not count.
    /// O(log n) for each in `out` and each that changed since.
    pub(crate) fn able_at(&self, field: Field, lock: u64, out: &[OperatorId]) -> Able {
        self.able_by(field, lock, out, |id| self.weight_at(field, id))
    }

    /// Those of [`Pool::able_at`], by what of it they still have at stake: who took most of it out
    /// since counts for what is left, and who put more in for no more. O(log n) for each in `out`
    /// and each that changed since.
    pub(crate) fn able_still(&self, field: Field, lock: u64, out: &[OperatorId]) -> Able {
        let still = |id| self.rank(id).stake().min(self.weight_at(field, id));
        self.able_by(field, lock, out, still)
    }

    fn able_by(
        &self,
        field: Field,
        lock: u64,
        out: &[OperatorId],
        weigh: impl Fn(OperatorId) -> u64,
    ) -> Able {
        let mut changed = self.changed_since(field.at);
        changed.retain(|id| !out.contains(id));
        let unlike = [out, &changed].concat();
        let rest = self.able_now(field.among, lock, &unlike);
        let weighed = changed.into_iter().map(|id| {
            let weight = if self.may_serve(id, lock) { weigh(id) } else { 0 };
            Able::of(weight)
        });
        weighed.fold(rest, Able::join)
    }

    /// Whose rank changed after the pinned block `at`, ascending by id.
    fn changed_since(&self, at: Height) -> Vec<OperatorId> {
        let since = self.log.iter().filter(|change| at < change.height);
        ascending(since.map(|change| change.operator))
    }

    /// The operators of [`Pool::able_at`], ascending by id, and some that weighed nothing then.
    /// O(log n) for each, and for each that changed since.
    pub(crate) fn able_in_order(&self, field: Field, lock: u64) -> Vec<OperatorId> {
        let Field { at, among } = field;
        let mut ids: Vec<OperatorId> = if lock == 0 {
            let able = self.by_id.select(move |sum| 0 < sum.among(among).count);
            able.map(|row| row.0.id).collect()
        } else {
            let from = (lock, OperatorId::new(0));
            let able = self.bonds(among).flat_map(|bonds| bonds.iter_from(from));
            able.map(|bond| bond.id).collect()
        };
        let changed = self.changed_since(at).into_iter();
        ids.extend(changed.filter(|id| {
            let row = self.row(*id);
            row.rank.among(among) == 0 && row.may_serve(lock)
        }));
        ids.sort_unstable();
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

    /// The sum of all weights in a field. O(1).
    pub(crate) fn total_at(&self, field: Field) -> u64 {
        self.rows_at(field.at).sum().among(field.among).total
    }

    /// What an operator weighed in a field: 0 if it was not there. O(log n).
    pub(crate) fn weight_at(&self, field: Field, id: OperatorId) -> u64 {
        self.rows_at(field.at).get(id).map_or(0, |row| row.0.rank.among(field.among))
    }

    /// Who holds unit `position` of the weights in a field, counted from 0 through the operators
    /// in order of id, and its weight then; `None` from the total on. O(log n).
    pub(crate) fn holder_at(&self, field: Field, position: u64) -> Option<(OperatorId, u64)> {
        let mut rest = position;
        let holder = self.rows_at(field.at).seek(|sum| {
            match rest.checked_sub(sum.among(field.among).total) {
                None => true,
                Some(after) => {
                    rest = after;
                    false
                }
            }
        });
        holder.map(|row| (row.0.id, row.0.rank.among(field.among)))
    }

    fn rows_at(&self, at: Height) -> &Tree<ById> {
        let pin = self.pins.get(&at).expect("a height is pinned before it is asked for");
        pin.rows.as_ref().unwrap_or(&self.by_id)
    }

    /// The changes of rank after the first pinned block, in canonical order.
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

impl Rank {
    /// True if it could work, in the active set or waiting.
    fn is_fit(self) -> bool {
        0 < self.weight || 0 < self.waits
    }

    /// What is at stake, in the active set or waiting.
    fn stake(self) -> u64 {
        self.weight.max(self.waits)
    }

    fn among(self, among: Among) -> u64 {
        match among {
            Among::Set => self.weight,
            Among::Fit => self.stake(),
        }
    }
}

impl Row {
    fn may_serve(&self, lock: u64) -> bool {
        self.rank.is_fit() && lock <= self.free
    }

    /// Its free bond, if it is fit and has one.
    fn bond(&self) -> Option<ByFree> {
        let Row { id, rank, free } = *self;
        (rank.is_fit() && 0 < free).then_some(ByFree { free, id, stake: rank.stake() })
    }
}

impl Able {
    /// One of that weight; nobody if it is 0.
    fn of(weight: u64) -> Able {
        Able { count: u64::from(0 < weight), total: weight, largest: weight }
    }

    fn join(self, other: Able) -> Able {
        Able {
            count: self.count.checked_add(other.count).expect("fewer operators than 2^32"),
            total: self.total.checked_add(other.total).expect("weights sum to at most the supply"),
            largest: self.largest.max(other.largest),
        }
    }
}

impl Sum {
    fn among(&self, among: Among) -> Able {
        match among {
            Among::Set => self.set,
            Among::Fit => self.fit,
        }
    }
}

/// All of them, each once.
fn ascending<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}

impl Item for ById {
    type Key = OperatorId;
    type Sum = Sum;

    fn key(&self) -> OperatorId {
        self.0.id
    }

    fn sum(&self) -> Sum {
        let Row { id, rank, .. } = self.0;
        let lightest = (0 < rank.weight).then_some((rank.weight, Reverse(id)));
        Sum { set: Able::of(rank.weight), fit: Able::of(rank.stake()), lightest }
    }

    fn join(left: Sum, right: Sum) -> Sum {
        let lightest = match (left.lightest, right.lightest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Sum { set: left.set.join(right.set), fit: left.fit.join(right.fit), lightest }
    }
}

impl Item for ByFree {
    type Key = (u64, OperatorId);
    type Sum = Able;

    fn key(&self) -> (u64, OperatorId) {
        (self.free, self.id)
    }

    fn sum(&self) -> Able {
        Able::of(self.stake)
    }

    fn join(left: Able, right: Able) -> Able {
        left.join(right)
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
