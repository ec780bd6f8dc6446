//! The Merkle tree of a table, in tiles that branches share until one changes them.
//!
//! Key terms: a tile holds three levels of nodes over up to 64 entries. On tier 0 an entry is the
//! leaf of a row, above it is the top of a tile of the tier below. An entry is *stale* while the
//! nodes over it do not show it yet. It is *kept* once all rows under it are retired: it will
//! never change, and nothing lies below it any more.
//!
//! Law: a node over the last entries hashes as many as there are, and a lone node is hashed again
//! on its way up; the top is the first node that is alone on its level. So the tree is that of
//! plain levels four wide, and tiles show nowhere. What is kept depends on what was retired alone.
//! Not here: rows and their encoding.

use alloc::vec::Vec;

use blake3::hazmat::ContextKey;

use super::rows::{Bits, bit};
use crate::{
    hash::{Full, Hash, Keyed, LANES},
    shared::{Arc, own},
};

/// Children of a node.
const ARITY: usize = 4;
/// Entries of a tile.
pub(super) const WIDTH: usize = 64;
/// Where each level of a tile begins among its nodes; the first level are the entries.
const LEVELS: [usize; 4] = [0, 64, 80, 84];
const NODES: usize = 85;
const ALL: u64 = u64::MAX;
/// Tiles below this tier go once all their entries are kept. A hash then stands for up to 4,096
/// rows; more would save next to nothing.
pub(super) const TIER_KEPT_MAX: u32 = 2;

/// The key of "earnest 2026 state node".
pub(super) const NODE: ContextKey = [
    0x9a, 0xea, 0xc2, 0x67, 0x6c, 0x9c, 0x14, 0x19, 0x7e, 0x6b, 0xce, 0x10, 0x9f, 0xde, 0xfe, 0xb4,
    0x23, 0x07, 0x3a, 0x35, 0xbc, 0xc6, 0xc3, 0x38, 0x77, 0xe3, 0x10, 0x57, 0xe1, 0x23, 0xe4, 0x55,
];

/// Hashes of rows, retired ones too.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    top: Arc<Tile>,
    /// The tier of `top`, the least whose tile can cover all rows.
    tier: u32,
}

/// Part of a tree, up to 64 entries wide.
#[derive(Clone, Debug)]
pub(super) struct Tile {
    nodes: [Hash; NODES],
    stale: u64,
    kept: u64,
    /// The tiles under the entries; empty on tier 0.
    below: Vec<Option<Arc<Tile>>>,
}

/// A hash that stands for retired rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) first: usize,
    pub(super) tier: u32,
    pub(super) hash: Hash,
}

/// How many rows an entry of a tier covers.
pub(super) fn span(tier: u32) -> usize {
    WIDTH.saturating_pow(tier)
}

/// The entry of a tile of `tier` under which a row lies.
fn entry_of(index: usize, tier: u32) -> usize {
    index.checked_div(span(tier)).expect("spans are positive") % WIDTH
}

impl Tree {
    /// The least tier whose tile covers all rows that there are to be.
    pub(super) fn tier(&self) -> u32 {
        self.tier
    }

    /// Grows to cover `len` rows.
    pub(super) fn cover(&mut self, len: usize) {
        while span(self.tier.saturating_add(1)) < len {
            let tier = self.tier.saturating_add(1);
            let mut wider = Tile { stale: bit(0), ..Tile::default() };
            if self.top.kept == ALL && tier <= TIER_KEPT_MAX {
                let hash = own(&mut self.top).close();
                wider.set_kept(0, hash);
            } else {
                wider.below.push(Some(Arc::clone(&self.top)));
            }
            *self = Tree { top: Arc::new(wider), tier };
        }
    }

    /// The tile of tier 0 of a row that may change; marks the way to it.
    pub(super) fn tile(&mut self, index: usize) -> &mut Tile {
        let mut tile = own(&mut self.top);
        for tier in (1..=self.tier).rev() {
            let entry = entry_of(index, tier);
            tile.stale |= bit(entry);
            tile = tile.below_mut(entry);
        }
        tile
    }

    /// The hash of a row as it was last put here.
    pub(super) fn leaf(&self, index: usize) -> Option<Hash> {
        let mut tile = &*self.top;
        for tier in (1..=self.tier).rev() {
            tile = tile.below.get(entry_of(index, tier))?.as_deref()?;
        }
        tile.nodes.get(entry_of(index, 0)).copied()
    }

    /// Keeps the hash of the retired rows of an entry of `tier`, of which `first` is the first.
    pub(super) fn keep(&mut self, first: usize, tier: u32, hash: Hash) {
        own(&mut self.top).keep(self.tier, first, tier, hash);
    }

    /// Every kept hash, in order of the rows.
    pub(super) fn kept(&self) -> Vec<Kept> {
        let mut found = Vec::new();
        self.top.collect(self.tier, 0, &mut found);
        found
    }

    /// Recomputes the nodes over whatever is stale and returns the top one, for `len` rows.
    pub(super) fn refresh(&mut self, len: usize) -> Hash {
        let count = len.div_ceil(span(self.tier));
        // The levels over a lone node are no part of the tree.
        let depth = [1, 4, 16].iter().filter(|&&width| count > width).count();
        if self.top.stale != 0 {
            own(&mut self.top).refresh(self.tier, len, depth, &Keyed::new(&NODE));
        }
        let top = LEVELS.get(depth).and_then(|&at| self.top.nodes.get(at));
        *top.expect("a tile has three levels of nodes")
    }
}

impl Default for Tile {
    fn default() -> Self {
        Tile { nodes: [[0; 32]; NODES], stale: 0, kept: 0, below: Vec::new() }
    }
}

impl Tile {
    /// Sets the leaf of a live row.
    pub(super) fn put(&mut self, index: usize, hash: Hash) {
        self.set(entry_of(index, 0), hash);
    }

    fn set(&mut self, entry: usize, hash: Hash) {
        *self.nodes.get_mut(entry).expect("an entry is below the width") = hash;
        self.stale |= bit(entry);
    }

    fn set_kept(&mut self, entry: usize, hash: Hash) {
        self.set(entry, hash);
        self.kept |= bit(entry);
        if let Some(below) = self.below.get_mut(entry) {
            *below = None;
        }
    }

    fn below_mut(&mut self, entry: usize) -> &mut Tile {
        if self.below.len() <= entry {
            self.below.resize(entry.saturating_add(1), None);
        }
        let below = self.below.get_mut(entry).expect("resized");
        own(below.get_or_insert_default())
    }

    /// Keeps a hash; returns the tile's own if that is all that need be kept of it now.
    fn keep(&mut self, tier: u32, first: usize, at: u32, hash: Hash) -> Option<Hash> {
        let entry = entry_of(first, tier);
        self.stale |= bit(entry);
        let whole = match tier.checked_sub(1) {
            Some(lower) if at < tier => self.below_mut(entry).keep(lower, first, at, hash),
            _ => Some(hash),
        };
        if let Some(hash) = whole {
            self.set_kept(entry, hash);
        }
        (self.kept == ALL && tier < TIER_KEPT_MAX).then(|| self.close())
    }

    /// The top of a tile whose entries are all there.
    fn close(&mut self) -> Hash {
        self.stale = ALL;
        self.rehash(WIDTH, 3, &Keyed::new(&NODE));
        self.peak()
    }

    /// The node over all entries.
    fn peak(&self) -> Hash {
        *self.nodes.last().expect("a tile has nodes")
    }

    fn collect(&self, tier: u32, first: usize, found: &mut Vec<Kept>) {
        for (entry, &hash) in self.nodes.iter().enumerate().take(WIDTH) {
            let first = first.saturating_add(entry.saturating_mul(span(tier)));
            if self.kept & bit(entry) != 0 {
                found.push(Kept { first, tier, hash });
            } else if let (Some(Some(tile)), Some(tier)) =
                (self.below.get(entry), tier.checked_sub(1))
            {
                tile.collect(tier, first, found);
            }
        }
    }

    /// Recomputes `depth` levels over the stale entries of a tile with `rows` rows under it.
    fn refresh(&mut self, tier: u32, rows: usize, depth: usize, keyed: &Keyed) {
        let span = span(tier);
        if let Some(lower) = tier.checked_sub(1) {
            for entry in Bits(self.stale) {
                let Some(Some(tile)) = self.below.get_mut(entry) else { continue };
                let tile = own(tile);
                let rows = rows.saturating_sub(entry.saturating_mul(span)).min(span);
                tile.refresh(lower, rows, 3, keyed);
                *self.nodes.get_mut(entry).expect("an entry is below the width") = tile.peak();
            }
        }
        self.rehash(rows.div_ceil(span).min(WIDTH), depth, keyed);
    }

    /// Recomputes `depth` levels of nodes over the stale ones among `count` entries.
    fn rehash(&mut self, count: usize, depth: usize, keyed: &Keyed) {
        let mut stale = core::mem::take(&mut self.stale);
        let mut count = count;
        for (&start, &end) in LEVELS.iter().zip(LEVELS.iter().skip(1)).take(depth) {
            let (lower, upper) = self.nodes.split_at_mut(end);
            let lower = lower.get(start..start.saturating_add(count)).expect("at most the width");
            stale = Bits(stale).fold(0, |parents, entry| parents | bit(entry / ARITY));
            rehash_level(stale, lower, upper, keyed);
            count = count.div_ceil(ARITY);
        }
    }
}

/// Recomputes the stale ones among the nodes over a level: the full ones side by side.
fn rehash_level(stale: u64, lower: &[Hash], upper: &mut [Hash], keyed: &Keyed) {
    let parents = lower.chunks(ARITY).zip(upper).enumerate();
    let stale = parents.filter(|(place, _)| stale & bit(*place) != 0);
    let (mut nodes, mut targets) = ([&[0; 128]; LANES], [const { None }; LANES]);
    let mut lanes = nodes.iter_mut().zip(&mut targets);
    let mut full = 0usize;
    for (_, (children, parent)) in stale {
        let children = children.as_flattened();
        match <&Full>::try_from(children) {
            Ok(node) => {
                let lane = lanes.next().expect("a level of a tile has at most so many nodes");
                (*lane.0, *lane.1) = (node, Some(parent));
                full = full.saturating_add(1);
            }
            Err(_) => *parent = keyed.hash(children),
        }
    }
    let hashes = keyed.hash_full(nodes.split_at(full).0);
    for (target, hash) in targets.into_iter().flatten().zip(hashes) {
        *target = hash;
    }
}

/// What hashes cost in memory, by counting.
#[cfg(test)]
impl Tree {
    pub(super) fn bytes(&self) -> usize {
        Tile::bytes_where(&self.top, &|_| true)
    }

    /// Only what no other branch holds.
    pub(super) fn bytes_unshared(&self) -> usize {
        Tile::bytes_where(&self.top, &|holders| holders == 1)
    }
}

#[cfg(test)]
impl Tile {
    fn bytes_where(tile: &Arc<Tile>, counts: &impl Fn(usize) -> bool) -> usize {
        if !counts(Arc::strong_count(tile)) {
            return 0;
        }
        let below = tile.below.iter().flatten().map(|tile| Tile::bytes_where(tile, counts));
        32 + size_of::<Tile>() + tile.below.capacity() * 8 + below.sum::<usize>()
    }
}
