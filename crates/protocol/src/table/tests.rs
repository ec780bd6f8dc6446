//! Tables against a slow and obvious twin, and what they cost.

use std::{string::String, vec, vec::Vec};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Leaves, ROW, Table, tree};
use crate::ids::Digest;

/// All rows, the retired with what was left of them, and nothing remembered.
#[derive(Clone, Debug, Default)]
struct Twin {
    rows: Vec<Option<Row>>,
    leaves: Vec<[u8; 32]>,
}

/// A row with something on the heap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row(u64, String);

fn row(seed: u64) -> Row {
    Row(seed, std::format!("{}", seed % 1_000))
}

fn hash(context: &str, parts: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, parts)
}

impl Twin {
    fn root(&mut self) -> Digest {
        for (leaf, row) in self.leaves.iter_mut().zip(&self.rows) {
            if let Some(row) = row {
                let bytes = postcard::to_allocvec(row).expect("encodes");
                *leaf = hash("earnest 2026 state row", &bytes);
            }
        }
        let mut level = self.leaves.clone();
        while level.len() > 1 {
            let parents = level.chunks(4);
            let parents = parents.map(|four| hash("earnest 2026 state node", four.as_flattened()));
            level = parents.collect();
        }
        let mut whole = (self.leaves.len() as u64).to_le_bytes().to_vec();
        whole.extend(level.first().unwrap_or(&[0; 32]));
        Digest(hash("earnest 2026 state table", &whole))
    }

    fn live(&self) -> Vec<(usize, &Row)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(index, row)| Some((index, row.as_ref()?))).collect()
    }

    fn retire(&mut self, index: usize) {
        if self.rows.get(index).is_some_and(Option::is_some) {
            self.root();
            self.rows[index] = None;
        }
    }
}

/// One thing done to a table. Places are given as parts of its length.
#[derive(Clone, Debug)]
enum Step {
    Push(u16),
    Change(u16, u64),
    Retire(u16),
    /// A run of neighbours, so that whole groups retire.
    RetireRun(u16, u16),
    Root,
    /// Goes on with a clone and keeps the origin aside.
    Branch,
    /// Goes back to the table last put aside.
    Return,
    Reload,
}

fn steps(rows_max: u16) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..rows_max).prop_map(Step::Push),
        8 => any::<(u16, u64)>().prop_map(|(at, value)| Step::Change(at, value)),
        4 => any::<u16>().prop_map(Step::Retire),
        4 => (any::<u16>(), 1..rows_max).prop_map(|(at, count)| Step::RetireRun(at, count)),
        4 => Just(Step::Root),
        2 => Just(Step::Branch),
        2 => Just(Step::Return),
        2 => Just(Step::Reload),
    ];
    prop::collection::vec(step, 1..40)
}

/// A table and its twin, through the same steps.
#[derive(Clone, Default)]
struct Pair {
    table: Table<Row>,
    twin: Twin,
    /// Makes every row another.
    next: u64,
}

impl Pair {
    fn place(&self, part: u16) -> usize {
        // Sometimes just beyond the end.
        usize::from(part) * (self.twin.rows.len() + 1) / 65_536
    }

    fn push(&mut self, count: usize) {
        for _ in 0..count {
            self.next += 1;
            let index = self.table.push(row(self.next));
            self.twin.rows.push(Some(row(self.next)));
            self.twin.leaves.push([0; 32]);
            assert_eq!(index + 1, self.twin.rows.len());
        }
    }

    fn retire(&mut self, first: usize, count: usize) {
        self.twin.root();
        for index in first..first + count {
            self.table.retire(index);
            if let Some(row) = self.twin.rows.get_mut(index) {
                *row = None;
            }
        }
    }

    fn reload(&mut self) {
        let bytes = postcard::to_allocvec(&self.table).expect("encodes");
        self.table = postcard::from_bytes(&bytes).expect("decodes");
        assert!(postcard::to_allocvec(&self.table).expect("encodes") == bytes);
    }

    fn step(&mut self, step: &Step, aside: &mut Vec<Pair>) {
        match *step {
            Step::Push(count) => self.push(count.into()),
            Step::Change(at, value) => {
                let at = self.place(at);
                let mine = self.table.get_mut(at);
                let other = self.twin.rows.get_mut(at).and_then(Option::as_mut);
                assert_eq!(mine, other);
                if let (Some(mine), Some(other)) = (mine, other) {
                    (*mine, *other) = (row(value), row(value));
                }
            }
            Step::Retire(at) => {
                let at = self.place(at);
                self.table.retire(at);
                self.twin.retire(at);
            }
            Step::RetireRun(at, count) => self.retire(self.place(at), count.into()),
            Step::Root => assert_eq!(self.table.root(), self.twin.root()),
            Step::Branch => aside.push(self.clone()),
            Step::Return => {
                let origin = aside.pop().unwrap_or_default();
                std::mem::replace(self, origin).compare();
            }
            Step::Reload => self.reload(),
        }
    }

    fn compare(&mut self) {
        let live = self.twin.live();
        assert_eq!((self.table.len(), self.table.live()), (self.twin.rows.len(), live.len()));
        assert_eq!(self.table.iter().len(), live.len());
        assert!(self.table.iter().eq(live.iter().copied()));
        assert!(self.table.iter().rev().eq(live.iter().rev().copied()));
        for (index, row) in self.twin.rows.iter().enumerate() {
            assert_eq!(self.table.get(index), row.as_ref());
        }
        assert_eq!(self.table.get(self.twin.rows.len()), None);
        assert_eq!(self.table.root(), self.twin.root());
    }
}

fn check(steps: &[Step]) {
    let (mut pair, mut aside) = (Pair::default(), Vec::new());
    for step in steps {
        pair.step(step, &mut aside);
    }
    pair.compare();
    pair.reload();
    pair.compare();
    aside.iter_mut().for_each(Pair::compare);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_small_table_is_its_twin(steps in steps(24)) {
        check(&steps);
    }

    #[test]
    fn any_bytes_are_a_table_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(mut table) = postcard::from_bytes::<Table<Row>>(&bytes) {
            table.root();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_wide_table_is_its_twin(steps in steps(900)) {
        check(&steps);
    }

    #[test]
    fn spoilt_bytes_are_a_table_or_refused(
        steps in steps(300),
        spoilt in prop::collection::vec(any::<(u16, u8)>(), 1..4),
    ) {
        let (mut pair, mut aside) = (Pair::default(), Vec::new());
        steps.iter().for_each(|step| pair.step(step, &mut aside));
        let mut bytes = postcard::to_allocvec(&pair.table).expect("encodes");
        for (at, value) in spoilt {
            let at = usize::from(at) % bytes.len();
            bytes[at] = value;
        }
        if let Ok(mut table) = postcard::from_bytes::<Table<Row>>(&bytes) {
            table.root();
            assert!(table.len() <= 4_096 * bytes.len());
        }
    }
}

fn numbers(rows: impl IntoIterator<Item = u64>) -> Table<u64> {
    let mut table = Table::default();
    for row in rows {
        table.push(row);
    }
    table
}

#[test]
fn the_root_depends_on_the_rows_and_not_on_their_history() {
    for count in [0u64, 1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 4_095, 4_096, 4_097, 9_000] {
        let rows = (0..count).map(|i| i * 7);
        let mut grown = Table::default();
        for row in rows.clone() {
            let index = grown.push(row.wrapping_add(1));
            if index % 3 == 0 {
                grown.root();
            }
            *grown.get_mut(index).expect("just pushed") = row;
        }
        assert_eq!(grown.root(), numbers(rows).root(), "{count} rows");
    }
}

#[test]
fn every_row_matters_and_so_does_the_count() {
    let base = numbers([1, 2, 3]).root();
    assert_ne!(base, numbers([1, 2, 4]).root());
    assert_ne!(base, numbers([1, 2, 3, 0]).root());
    assert_ne!(numbers([]).root(), numbers([0]).root());
}

#[test]
fn keys_are_those_of_their_contexts() {
    for (key, context) in [
        (super::LEAF, "earnest 2026 state row"),
        (tree::NODE, "earnest 2026 state node"),
        (super::ROOT, "earnest 2026 state table"),
    ] {
        assert_eq!(blake3::hazmat::hash_derive_key_context(context), key, "{context}");
    }
}

#[test]
fn retiring_twice_or_nothing_is_harmless() {
    let mut table = numbers(0..100);
    let root = table.root();
    for index in [3, 3, 64, 3, 100, usize::MAX] {
        table.retire(index);
    }
    assert_eq!((table.root(), table.len(), table.live()), (root, 100, 98));
    assert_eq!((table.get(3), table.get(usize::MAX)), (None, None));
    assert_eq!(table.get_mut(64), None);
}

#[test]
fn bytes_depend_on_rows_and_not_on_history() {
    let (mut eager, mut late) = (Table::default(), numbers(0..5_000));
    for row in 0..5_000u64 {
        eager.push(row);
        eager.root();
        if row % 7 != 0 && row < 4_990 {
            eager.retire(row as usize);
        }
    }
    for row in (0..4_990).rev().filter(|row| row % 7 != 0) {
        late.retire(row);
    }
    let bytes = postcard::to_allocvec(&eager).expect("encodes");
    assert!(bytes == postcard::to_allocvec(&late).expect("encodes"));
    assert_eq!(eager.root(), late.root());
}

#[test]
fn a_million_retired_rows_cost_next_to_nothing() {
    let mut table = numbers(0..1_000_000);
    let root = table.root();
    (0..1_000_000).for_each(|index| table.retire(index));
    let cost = table.rows.bytes() + table.tree.bytes();
    assert!(cost < 30_000, "{cost} bytes for a million retired rows");
    assert_eq!(table.root(), root);
    let bytes = postcard::to_allocvec(&table).expect("encodes");
    assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
    let mut read: Table<u64> = postcard::from_bytes(&bytes).expect("decodes");
    assert_eq!(read.root(), root);
    assert_eq!((table.push(7), read.push(7)), (1_000_000, 1_000_000));
    assert_eq!(read.root(), table.root());
}

#[test]
fn hostile_lengths_are_refused_or_stay_small() {
    let zero = [0u8; 32];
    let kept = |count: u8, after: &[u8], tier: u8, rows: &[u8]| {
        let one = [after, &[tier], &zero].concat();
        [&[count][..], &one.repeat(count.into()), rows].concat()
    };
    let read = |bytes: &[u8]| postcard::from_bytes::<Table<u64>>(bytes);
    let many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert!(read(&kept(1, &[0], 3, &[0])).is_err(), "too many rows in a hash");
    assert!(read(&kept(1, &many, 0, &[1, 0])).is_err(), "fewer rows than were said to precede");
    assert!(read(&kept(2, &[1], 1, &[2, 0, 0])).is_err(), "a group that begins within one");
    assert!(read(&kept(1, &[0], 1, &[0])).is_err(), "a group that would be the whole table");
    assert!(read(&[&many[..], &[0]].concat()).is_err(), "hashes that are not there");
    assert!(read(&[&[0][..], &many, &[0]].concat()).is_err(), "rows that are not there");
    let mut table = read(&kept(100, &[0], 2, &[1, 5])).expect("a table of old rows");
    assert_eq!((table.len(), table.live(), table.get(409_600)), (409_601, 1, Some(&5)));
    assert!(table.rows.bytes() + table.tree.bytes() < 20_000);
    table.root();
}

#[test]
fn a_branch_shares_what_neither_changed() {
    let mut table = numbers(0..100_000);
    table.root();
    let (rows, tree) = (table.rows.bytes(), table.tree.bytes());
    let mut branch = table.clone();
    for index in [5, 50_000, 99_999] {
        *branch.get_mut(index).expect("live") += 1;
    }
    branch.retire(70_000);
    let own = branch.rows.bytes_unshared();
    assert!(own < rows / 20, "{own} of {rows} bytes copied to change four rows");
    branch.root();
    let own = branch.tree.bytes_unshared();
    assert!(own < tree / 20, "{own} of {tree} bytes copied for a root");
    assert_eq!(table.root(), numbers(0..100_000).root());
    drop(branch);
    assert_eq!(table.rows.bytes_unshared(), rows);
}

#[test]
fn rows_that_come_and_go_leave_nothing_behind() {
    let mut table = Table::default();
    for row in 0..100_000u64 {
        table.push(row);
        // Two live rows at most, or none.
        for index in [row / 2, row] {
            table.get_mut(index as usize);
            table.retire(index as usize);
        }
    }
    let cost = table.rows.bytes() + table.tree.bytes();
    assert!(cost < 20_000, "{cost} bytes");
    assert_eq!(table.root(), numbers(0..100_000).root());
}

#[test]
fn a_leaf_is_the_hash_of_its_encoding_however_long() {
    let leaf = |bytes: &[u8]| hash("earnest 2026 state row", bytes);
    let mut leaves = Leaves::default();
    assert_eq!(leaves.hash(&Vec::<u64>::new()), leaf(&[0]));
    assert_eq!(leaves.hash(&[0u64; 4]), leaf(&[0; 4]));
    for len in 0..10 {
        // A list leads with its length.
        assert_eq!(leaves.hash(&vec![0u8; len]), leaf(&[vec![len as u8], vec![0; len]].concat()));
    }
    for len in [ROW - 3, ROW - 2, ROW - 1, ROW, 2 * ROW, 5_000] {
        let row: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        assert_eq!(leaves.hash(&row), leaf(&postcard::to_allocvec(&row).unwrap()));
    }
}
