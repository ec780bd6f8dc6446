//! A pool against a slow and obvious twin that keeps every row of every block.

use std::{collections::BTreeMap, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

/// The cap on supply.
const SUPPLY: u64 = u64::MAX >> 1;

/// Rows by id, weight and free bond, and who waits with how much; a whole copy of the ranks for
/// every block, and the pins.
#[derive(Clone, Default)]
struct Twin {
    rows: Vec<(u64, u64)>,
    waits: Vec<u64>,
    ranks_at: BTreeMap<u64, Vec<Rank>>,
    pins: Vec<u64>,
    now: u64,
}

impl Twin {
    fn set(&mut self, index: usize, rank: Rank, free: u64) {
        let len = self.rows.len().max(index + 1);
        self.rows.resize(len, (0, 0));
        self.waits.resize(len, 0);
        self.rows[index] = (rank.weight, free);
        self.waits[index] = rank.waits;
    }

    fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.0).sum()
    }

    /// What is left of the supply for one operator.
    fn room(&self, index: usize) -> u64 {
        let of = |index: usize| {
            self.rows.get(index).map_or(0, |row| row.0) + self.waits.get(index).unwrap_or(&0)
        };
        SUPPLY - (0..self.rows.len()).filter(|other| *other != index).map(of).sum::<u64>()
    }

    /// Those who wait, the largest stake first, of equals the first.
    fn queue(&self) -> Vec<(u64, usize)> {
        let rows = self.waits.iter().copied().zip(0..).filter(|(stake, _)| 0 < *stake);
        let mut queue: Vec<(u64, usize)> = rows.collect();
        queue.sort_by_key(|&(stake, index)| (Reverse(stake), index));
        queue
    }

    /// Those who may serve: with a weight or waiting.
    fn fit(&self, lock: u64) -> Vec<usize> {
        let fit = |index: &usize| 0 < self.rows[*index].0 || 0 < self.waits[*index];
        let fit = (0..self.rows.len()).filter(fit);
        fit.filter(|index| lock <= self.rows[*index].1).collect()
    }

    fn ranks_now(&self) -> Vec<Rank> {
        let rows = self.rows.iter().zip(&self.waits);
        rows.map(|(row, waits)| Rank { weight: row.0, waits: *waits }).collect()
    }

    fn ranks(&self, at: u64) -> Vec<Rank> {
        self.ranks_at.get(&at).cloned().unwrap_or_else(|| self.ranks_now())
    }

    fn weights(&self, at: u64, among: Among) -> Vec<u64> {
        let weight = |rank: Rank| match among {
            Among::Set => rank.weight,
            Among::Fit => rank.weight + rank.waits,
        };
        self.ranks(at).into_iter().map(weight).collect()
    }

    fn end_block(&mut self) {
        self.ranks_at.insert(self.now, self.ranks_now());
        self.now += 1;
    }

    fn able(&self, lock: u64) -> Vec<usize> {
        let able = |index: &usize| 0 < self.rows[*index].0 && lock <= self.rows[*index].1;
        (0..self.rows.len()).filter(able).collect()
    }
}

fn id(index: usize) -> OperatorId {
    OperatorId::from_index(index)
}

fn weighing(weight: u64) -> Rank {
    Rank { weight, waits: 0 }
}

fn check_now(pool: &Pool, twin: &Twin, lock: u64, out: &[OperatorId]) {
    let weights = twin.weights(twin.now, Among::Set);
    for (index, row) in twin.rows.iter().enumerate() {
        let rank = Rank { weight: row.0, waits: twin.waits[index] };
        assert_eq!((pool.rank(id(index)), pool.free(id(index))), (rank, row.1));
    }
    assert_eq!(pool.total(), twin.total());
    assert_eq!(pool.active(), weights.iter().filter(|weight| 0 < **weight).count() as u64);
    let largest = weights.iter().max().copied().filter(|weight| 0 < *weight);
    let heaviest =
        largest.map(|largest| (largest, id(weights.iter().position(|w| *w == largest).unwrap())));
    assert_eq!(pool.heaviest(), heaviest);
    check_set(pool, twin);
    let able = twin.able(lock);
    let left: Vec<u64> =
        able.iter().filter(|i| !out.contains(&id(**i))).map(|i| weights[*i]).collect();
    let able = Able {
        count: left.len() as u64,
        total: left.iter().sum(),
        largest: left.iter().max().copied().unwrap_or(0),
    };
    assert_eq!(pool.able(lock, out), able);
}

/// The lightest, and the order of those who wait.
fn check_set(pool: &Pool, twin: &Twin) {
    let weights = twin.rows.iter().map(|row| row.0).zip(0..).filter(|(weight, _)| 0 < *weight);
    let lightest = weights.min_by_key(|&(weight, index)| (weight, Reverse(index)));
    assert_eq!(pool.lightest(), lightest.map(|(weight, index)| (weight, id(index))));
    let queue = twin.queue();
    let first = queue.first().map(|&(stake, index)| (stake, id(index)));
    assert_eq!(pool.first_waiting(), first);
    let total = queue.iter().map(|(stake, _)| stake).sum();
    assert_eq!(pool.waiting(), Waiting { count: queue.len() as u64, total });
    assert_eq!(pool.bonded(), pool.total() + total);
    for (place, (_, index)) in (0..).zip(&queue) {
        assert_eq!(pool.before(id(*index)), place);
    }
}

fn able_of(weights: impl IntoIterator<Item = u64>) -> Able {
    let weights: Vec<u64> = weights.into_iter().filter(|weight| 0 < *weight).collect();
    Able {
        count: weights.len() as u64,
        total: weights.iter().sum(),
        largest: weights.iter().max().copied().unwrap_or(0),
    }
}

fn check_at(pool: &Pool, twin: &Twin, at: u64) {
    for among in [Among::Set, Among::Fit] {
        check_field(pool, twin, at, among);
    }
}

fn check_field(pool: &Pool, twin: &Twin, at: u64, among: Among) {
    let (weights, at) = (twin.weights(at, among), Field { at: Height::new(at), among });
    let total = weights.iter().sum();
    assert_eq!(pool.total_at(at), total);
    assert_eq!(pool.weight_at(at, id(weights.len())), 0);
    let mut first = 0;
    for (index, weight) in weights.iter().enumerate() {
        assert_eq!(pool.weight_at(at, id(index)), *weight);
        if 0 < *weight {
            for position in [first, first + weight / 2, first + weight - 1] {
                assert_eq!(pool.holder_at(at, position), Some((id(index), *weight)));
            }
        }
        first += weight;
    }
    assert_eq!(pool.holder_at(at, total), None);
    assert_eq!(pool.holder_at(at, u64::MAX), None);
    for lock in [0, 1, 3, 1_000_000] {
        let out = [id(1), id(1), id(99)];
        let listed = pool.able_in_order(at, lock);
        assert!(listed.is_sorted_by(|a, b| a < b));
        let weighs = |index: &usize| weights.get(*index).is_some_and(|weight| 0 < *weight);
        let listed = listed.into_iter().filter(|id| 0 < pool.weight_at(at, *id));
        assert!(listed.eq(twin.fit(lock).into_iter().filter(weighs).map(id)));
        let able = twin.fit(lock).into_iter().filter(|index| !out.contains(&id(*index)));
        let able: Vec<usize> = able.filter(weighs).collect();
        let then = able_of(able.iter().map(|index| weights[*index]));
        assert_eq!(pool.able_at(at, lock, &out), then);
        let still = |index: &usize| (twin.rows[*index].0 + twin.waits[*index]).min(weights[*index]);
        let still = able_of(able.iter().map(still).filter(|weight| 0 < *weight));
        assert_eq!(pool.able_still(at, lock, &out), still);
    }
}

/// The trees' laws, the log's canonical order, and nothing kept that no pin needs.
fn check_laws(pool: &Pool, twin: &Twin) {
    pool.by_id.check();
    pool.set_by_free.check();
    pool.waiting_by_free.check();
    pool.waiting.check();
    pool.log.check();
    let mut pins: Vec<u64> =
        pool.pins().flat_map(|(at, count)| vec![at.count(); count as usize]).collect();
    assert_eq!(
        pins,
        { twin.pins.iter().copied().collect::<std::collections::BinaryHeap<_>>() }
            .into_sorted_vec()
    );
    pins.dedup();
    let changes: Vec<Change> = pool.changes().collect();
    assert!(changes.is_sorted_by(|a, b| (a.height, a.operator) < (b.height, b.operator)));
    // The log is a function of how the blocks after the first pin ended.
    let mut expected = Vec::new();
    let first = pins.first().copied().unwrap_or(twin.now);
    for height in first + 1..=twin.now {
        let (before, after) = (twin.ranks(height - 1), twin.ranks(height));
        for (index, rank) in after.iter().enumerate() {
            let before = before.get(index).copied().unwrap_or_default();
            if before != *rank {
                expected.push(Change { height: Height::new(height), operator: id(index), before });
            }
        }
    }
    assert_eq!(changes, expected);
}

fn restored(pool: &Pool, twin: &Twin) -> Pool {
    let rows = twin.rows.iter().zip(&twin.waits).enumerate().rev();
    let rows = rows.map(|(index, (&(weight, free), &waits))| {
        let rank = Rank { weight, waits };
        (id(index), rank, free)
    });
    let changes: Vec<Change> = pool.changes().collect();
    let bytes = postcard::to_allocvec(&changes).unwrap();
    let changes: Vec<Change> = postcard::from_bytes(&bytes).unwrap();
    Pool::restore(rows, changes, twin.pins.iter().map(|at| Height::new(*at)))
}

#[derive(Clone, Debug)]
enum Op {
    Set { index: usize, weight: u64, free: u64, waits: bool },
    EndBlock,
    Pin { ahead: u64 },
    PinAgain { which: usize },
    Unpin { which: usize },
    Ask { lock: u64, out: Vec<usize> },
    Restart,
    Branch { index: usize, weight: u64 },
}

/// Small numbers that meet often, and the edges.
fn units() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..4u64,
        2 => 0..1_000_000u64,
        1 => prop_oneof![Just(SUPPLY), Just(SUPPLY - 1), Just(SUPPLY / 2), Just(u64::MAX)],
        1 => (0..63u32).prop_map(|bit| 1 << bit),
    ]
}

fn op(operators: usize) -> impl Strategy<Value = Op> {
    let index = move || 0..operators;
    prop_oneof![
        12 => (index(), units(), units(), proptest::bool::weighted(0.25))
            .prop_map(|(index, weight, free, waits)| Op::Set { index, weight, free, waits }),
        3 => Just(Op::EndBlock),
        2 => prop_oneof![4 => Just(0u64), 1 => 1..4u64].prop_map(|ahead| Op::Pin { ahead }),
        1 => any::<usize>().prop_map(|which| Op::PinAgain { which }),
        2 => any::<usize>().prop_map(|which| Op::Unpin { which }),
        3 => (units(), proptest::collection::vec(index(), 0..8))
            .prop_map(|(lock, out)| Op::Ask { lock, out }),
        1 => Just(Op::Restart),
        1 => (index(), units()).prop_map(|(index, weight)| Op::Branch { index, weight }),
    ]
}

fn run(ops: Vec<Op>) {
    let (mut pool, mut twin) = (Pool::default(), Twin::default());
    for op in ops {
        let now = Height::new(twin.now);
        match op {
            Op::Set { index, weight, free, waits } => {
                let stake = weight.min(twin.room(index));
                let rank = match waits {
                    true => Rank { weight: 0, waits: stake },
                    false => weighing(stake),
                };
                pool.set(id(index), rank, free, now);
                twin.set(index, rank, free);
            }
            Op::EndBlock => {
                twin.end_block();
                check_laws(&pool, &twin);
            }
            Op::Pin { ahead } => {
                pool.pin(Height::new(twin.now + ahead));
                twin.pins.push(twin.now + ahead);
            }
            Op::PinAgain { which } if !twin.pins.is_empty() => {
                let at = twin.pins[which % twin.pins.len()];
                pool.pin(Height::new(at));
                twin.pins.push(at);
            }
            Op::Unpin { which } if !twin.pins.is_empty() => {
                let at = twin.pins.swap_remove(which % twin.pins.len());
                pool.unpin(Height::new(at));
            }
            Op::PinAgain { .. } | Op::Unpin { .. } => {}
            Op::Ask { lock, out } => {
                let out: Vec<OperatorId> = out.into_iter().map(id).collect();
                check_now(&pool, &twin, lock, &out);
                twin.pins.iter().for_each(|at| check_at(&pool, &twin, *at));
            }
            Op::Restart => {
                pool = restored(&pool, &twin);
                check_laws(&pool, &twin);
                check_now(&pool, &twin, 1, &[]);
                twin.pins.iter().for_each(|at| check_at(&pool, &twin, *at));
            }
            Op::Branch { index, weight } => {
                // What a branch does never reaches the trunk.
                let (mut branch, mut other) = (pool.clone(), twin.clone());
                let rank = weighing(weight.min(twin.room(index)));
                branch.pin(now);
                other.pins.push(twin.now);
                other.end_block();
                branch.set(id(index), rank, 1, Height::new(other.now));
                other.set(index, rank, 1);
                check_laws(&branch, &other);
                other.pins.iter().for_each(|at| check_at(&branch, &other, *at));
                check_now(&branch, &other, 1, &[]);
                check_now(&pool, &twin, 1, &[]);
            }
        }
    }
    check_laws(&pool, &twin);
    check_now(&pool, &twin, 0, &[]);
    twin.pins.iter().for_each(|at| check_at(&pool, &twin, *at));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn few_operators_answer_as_counting_does(
        ops in (1..6usize).prop_flat_map(|n| proptest::collection::vec(op(n), 1..150)),
    ) {
        run(ops);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn many_operators_answer_as_counting_does(
        ops in (100..300usize).prop_flat_map(|n| proptest::collection::vec(op(n), 300..1_200)),
    ) {
        run(ops);
    }
}

#[test]
fn who_cannot_lock_counts_for_nothing() {
    let mut pool = Pool::default();
    let now = Height::new(1);
    // Four of 100 with all of it free, one of 500 with a free bond below the lock, one in jail.
    (0..4).for_each(|index| pool.set(id(index), weighing(100), 100, now));
    pool.set(id(4), weighing(500), 9, now);
    pool.set(id(5), weighing(0), 1_000, now);
    assert_eq!(pool.able(10, &[]), Able { count: 4, total: 400, largest: 100 });
    assert_eq!(pool.able(9, &[]), Able { count: 5, total: 900, largest: 500 });
    let out = [id(4), id(1), id(1), id(5), id(77)];
    assert_eq!(pool.able(9, &out), Able { count: 3, total: 300, largest: 100 });
    assert_eq!(pool.able(101, &[]), Able::default());
    assert_eq!((pool.active(), pool.total(), pool.free(id(5))), (5, 900, 1_000));
}

#[test]
fn stake_that_moves_after_a_pin_shifts_no_unit() {
    let mut pool = Pool::default();
    (0..3).for_each(|index| pool.set(id(index), weighing(10), 10, Height::new(1)));
    pool.pin(Height::new(1));
    // Still in the pinned block: it counts.
    pool.set(id(0), weighing(5), 5, Height::new(1));
    // After it: 0 leaves, 1 doubles, a new one comes; then 1 takes it back within the block.
    pool.set(id(0), weighing(0), 0, Height::new(2));
    pool.set(id(1), weighing(20), 20, Height::new(2));
    pool.set(id(3), weighing(70), 70, Height::new(2));
    pool.set(id(1), weighing(10), 10, Height::new(2));
    let at = Height::new(1);
    let field = Field { at, among: Among::Set };
    assert_eq!((pool.total_at(field), pool.total()), (25, 90));
    let holders: Vec<u64> = (0..25).map(|p| pool.holder_at(field, p).unwrap().0.raw()).collect();
    assert_eq!(holders, [vec![0; 5], vec![1; 10], vec![2; 10]].concat());
    assert_eq!(pool.holder_at(field, 25), None);
    let change = |operator, before| Change {
        height: Height::new(2),
        operator: id(operator),
        before: weighing(before),
    };
    assert!(pool.changes().eq([change(0, 5), change(3, 0)]));
    pool.unpin(at);
    assert_eq!((pool.changes().count(), pool.pins().count()), (0, 0));
}

#[test]
fn chosen_bonds_and_orders_leave_the_trees_shallow() {
    let count = 6_000;
    // Ascending, descending, in pairs from both ends, and with bonds that double.
    let orders: [fn(usize, usize) -> usize; 4] = [
        |index, _| index,
        |index, count| count - 1 - index,
        |index, count| if index % 2 == 0 { index / 2 } else { count - 1 - index / 2 },
        |index, count| (index * 4_001) % count,
    ];
    for order in orders {
        let (mut pool, now) = (Pool::default(), Height::new(1));
        for index in (0..count).map(|index| order(index, count)) {
            pool.set(id(index), weighing(1), 1 << (index % 63), now);
        }
        let depth = pool.by_id.check().max(pool.set_by_free.check());
        assert!(depth <= 5, "{depth} levels for {count} operators"); // 1 + log₆ 6,000 = 5.9.
        for index in (0..count).map(|index| order(index, count)).filter(|index| index % 50 != 7) {
            pool.set(id(index), weighing(0), 0, now);
        }
        assert_eq!(pool.active(), 120);
        assert!(pool.by_id.check().max(pool.set_by_free.check()) <= 4);
    }
}
