//! A list of addresses and what each is given: its tree, its proofs, and who was paid.
//!
//! ```text
//!   leaf(place, address, amount)   node(left, right)   as many levels as the places need
//! ```
//!
//! Law: a proof is as long as the tree is deep and shows one place, so nobody shows an entry at
//! another place, or an inner node as an entry.
//! Places behind the last are blank: their leaf is zero, which no entry hashes to.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Address, Digest},
    num::{Amount, Height},
};

/// Places of a list at most.
pub const PLACES_MAX: u32 = 1 << 20;

/// One row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who is paid.
    pub address: Address,
    /// How much, in base units of what is bonded.
    pub amount: Amount,
}

/// What a network keeps of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The root of its tree.
    pub root: Digest,
    /// How many entries it has.
    pub places: u32,
    /// How many of them were paid.
    pub paid: u32,
    /// What was neither paid nor given to the treasury.
    pub left: Amount,
    /// From this height on nothing is paid.
    pub closes: Height,
}

/// Which of 256 neighbouring places were paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken([u64; 4]);

impl Taken {
    /// Places that one row knows of.
    pub(crate) const PLACES: u32 = 256;

    fn at(place: u32) -> (usize, u64) {
        let within = place % Taken::PLACES;
        (usize::try_from(within / 64).unwrap_or(0), 1 << (within % 64))
    }

    pub(crate) fn has(&self, place: u32) -> bool {
        let (word, bit) = Taken::at(place);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn put(&mut self, place: u32) {
        let (word, bit) = Taken::at(place);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// Levels of a tree over so many places.
fn depth(places: u32) -> usize {
    let levels = places.max(1).next_power_of_two().trailing_zeros();
    usize::try_from(levels).unwrap_or(usize::MAX)
}

fn leaf(place: u32, entry: &Entry) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 listed entry");
    hasher.update(&place.to_le_bytes());
    hasher.update(&entry.address.0);
    hasher.update(&entry.amount.units().to_le_bytes());
    Digest(*hasher.finalize().as_bytes())
}

fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 listed node");
    hasher.update(&left.0);
    hasher.update(&right.0);
    Digest(*hasher.finalize().as_bytes())
}

impl List {
    /// Whether something may be claimed at a height.
    pub fn is_open(&self, now: Height) -> bool {
        now < self.closes
    }

    /// Hashes that a proof has.
    pub fn proof_length(&self) -> usize {
        depth(self.places)
    }

    /// Does the list have this entry at this place?
    pub fn shows(&self, place: u32, entry: &Entry, proof: &[Digest]) -> bool {
        if self.places <= place || proof.len() != self.proof_length() {
            return false;
        }
        let mut at = place;
        let root = proof.iter().fold(leaf(place, entry), |below, beside| {
            let is_left = at.is_multiple_of(2);
            at /= 2;
            if is_left { node(&below, beside) } else { node(beside, &below) }
        });
        root == self.root
    }
}

/// The whole tree of a list: for whoever makes one, and for whoever claims.
#[derive(Clone, Debug)]
pub struct ListTree {
    /// From the leaves to the root.
    levels: Vec<Vec<Digest>>,
}

impl ListTree {
    /// Over entries in their order; `None` of none, or of more than [`PLACES_MAX`].
    pub fn new(entries: &[Entry]) -> Option<ListTree> {
        let places = u32::try_from(entries.len()).ok().filter(|places| *places <= PLACES_MAX)?;
        let leaves = (0..places).zip(entries).map(|(place, entry)| leaf(place, entry));
        let mut level: Vec<Digest> = leaves.collect();
        if level.is_empty() {
            return None;
        }
        level.resize(level.len().next_power_of_two(), Digest::ZERO);
        let mut levels = Vec::new();
        while let [first, _, ..] = level.as_slice() {
            debug_assert!(*first != Digest::ZERO, "the first place of any level is no blank");
            let pairs = level.chunks_exact(2);
            let above = pairs.filter_map(|pair| Some(node(pair.first()?, pair.last()?))).collect();
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Some(ListTree { levels })
    }

    /// What a genesis names.
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or(Digest::ZERO)
    }

    /// What shows the entry at a place, from its neighbour up; empty beyond the last.
    pub fn prove(&self, place: u32) -> Vec<Digest> {
        let mut at = usize::try_from(place).unwrap_or(usize::MAX);
        let below = self.levels.split_last().map_or(&[][..], |(_, below)| below);
        let beside = below.iter().filter_map(|level| {
            let beside = level.get(at ^ 1).copied();
            at /= 2;
            beside
        });
        beside.collect()
    }
}
