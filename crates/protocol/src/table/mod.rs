//! Tables: dense rows under a Merkle tree, which can be branched and whose old rows may go.
//!
//! Key terms: a row is the canonical encoding of one entity; a leaf is its hash; a node hashes up
//! to four children, which costs least when few of many rows changed. A *live* row can be read
//! and changed; a *retired* one has left memory and its leaf stays as it was at that moment. A
//! *branch* is a clone, which shares with its origin whatever neither has changed since.
//!
//! Law: whoever takes a row mutably has changed it; `root` costs what the changed rows cost. The
//! root depends on the rows alone, not on the order of changes, on branches or on when it was
//! asked for; retiring a row does not change it. What is done to a branch shows in no other.
//!
//! Known shortcomings: hashes are kept one by one for retired rows until all 64 of an aligned
//! group are retired; until then each costs up to 43 bytes, as a live row's hashes do. Taking a
//! row mutably asks for the holders of two parts, and under a branch copies the 32 rows around it.
//! Not here: what a row means; proofs of single rows.

mod rare;
mod rows;
#[cfg(test)]
mod tests;
mod tree;
mod wire;

use alloc::vec::Vec;

use blake3::hazmat::ContextKey;
use serde::Serialize;

use crate::{
    hash::{Hash, Keyed},
    ids::Digest,
};
pub use rare::{Blank, Rare};
use rows::Rows;
use tree::Tree;

/// The key that BLAKE3 derives from "earnest 2026 state row"; deriving costs as much as hashing.
const LEAF: ContextKey = [
    0x36, 0xc0, 0x0e, 0x66, 0x80, 0x73, 0x99, 0x74, 0x72, 0xf6, 0x0a, 0x85, 0x4d, 0x9a, 0x4d, 0xfd,
    0x41, 0x5f, 0xe9, 0x98, 0xef, 0x02, 0xd9, 0xf8, 0x85, 0xd7, 0x1f, 0xc4, 0x0c, 0x8d, 0xbc, 0x22,
];
/// The key of "earnest 2026 state table".
const ROOT: ContextKey = [
    0x33, 0xf9, 0xbb, 0x76, 0xe4, 0xf9, 0xd8, 0x92, 0x25, 0x9b, 0x05, 0xb5, 0x1b, 0xde, 0xd3, 0xb4,
    0x13, 0x3d, 0xa1, 0xaf, 0x69, 0x42, 0x73, 0x76, 0xbc, 0x20, 0x03, 0xb0, 0x77, 0x0a, 0x93, 0x63,
];

/// Rows with a root.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    rows: Rows<T>,
    tree: Tree,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: Rows::default(), tree: Tree::default() }
    }
}

impl<T> Table<T> {
    /// A live row.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.rows.get(index)
    }

    /// How many rows were ever pushed: the index of the next.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows are live.
    pub(crate) fn live(&self) -> usize {
        self.rows.live()
    }

    /// The live rows with their indexes, in order.
    pub(crate) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, &T)> + ExactSizeIterator + Clone {
        self.rows.iter()
    }
}

impl<T: Clone> Table<T> {
    /// A live row, which counts as changed from now on.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.rows.get_mut(index)
    }

    /// Appends a row and returns its index.
    pub(crate) fn push(&mut self, row: T) -> usize {
        let index = self.rows.push(row);
        // Only here can a tree be full: it covers 64 rows, or 4,096, and so on.
        if index.is_multiple_of(tree::WIDTH) {
            self.tree.cover(self.rows.len());
        }
        index
    }
}

impl<T: Clone + Serialize> Table<T> {
    /// Takes a row out of memory for good; the root stays as if it were there, never to change.
    /// Does nothing where there is no live row.
    pub(crate) fn retire(&mut self, index: usize) {
        let Some(row) = self.rows.get(index) else { return };
        // A row that a root has seen and nobody changed since was hashed then.
        let known = if self.rows.is_clean(index) { self.tree.leaf(index) } else { None };
        let hash = known.unwrap_or_else(|| Leaves::default().hash(row));
        self.rows.remove(index);
        self.tree.keep(index, 0, hash);
    }

    /// The root over all rows, retired ones too; hashes only what changed since the last call.
    pub(crate) fn root(&mut self) -> Digest {
        let mut leaves = Leaves::default();
        let Table { rows, tree } = self;
        rows.clean(|first, changed| {
            let tile = tree.tile(first);
            for (index, row) in changed {
                tile.put(index, leaves.hash(row));
            }
        });
        let top = tree.refresh(rows.len());
        let count = u64::try_from(rows.len()).expect("64-bit counts");
        let mut whole = Vec::from(count.to_le_bytes());
        whole.extend(top);
        Digest(Keyed::new(&ROOT).hash(&whole))
    }
}

/// Bytes that most rows fit in.
const ROW: usize = 512;

/// The leaves of rows whose encoding is one zero, as that of an empty purse, or four, as that of
/// a docket without disputes: most of those are never used.
const ZERO: Hash = [
    0xec, 0xd2, 0x72, 0xc9, 0xe2, 0xf9, 0x10, 0xeb, 0x60, 0x4c, 0xda, 0x92, 0x6e, 0xb0, 0x03, 0x36,
    0x82, 0x78, 0xae, 0x58, 0xd2, 0x8f, 0x60, 0xf5, 0x19, 0x05, 0x0f, 0x4c, 0x30, 0x12, 0x7d, 0xc5,
];
const FOUR_ZEROS: Hash = [
    0xd9, 0x70, 0xfd, 0x28, 0xd7, 0xd3, 0xe6, 0x06, 0x24, 0x0d, 0xa6, 0x21, 0x37, 0xf1, 0x88, 0x16,
    0x20, 0x2d, 0x7a, 0x53, 0xe1, 0x2b, 0x02, 0xf2, 0x97, 0x9e, 0x66, 0xb4, 0xd5, 0x58, 0xdf, 0xa6,
];

/// What hashes rows.
struct Leaves {
    keyed: Keyed,
    /// Where long rows are encoded.
    buffer: Vec<u8>,
}

impl Default for Leaves {
    fn default() -> Self {
        Leaves { keyed: Keyed::new(&LEAF), buffer: Vec::new() }
    }
}

impl Leaves {
    fn hash(&mut self, row: &impl Serialize) -> Hash {
        let mut short = [0; ROW];
        match postcard::to_slice(row, &mut short) {
            Ok([0]) => ZERO,
            Ok([0, 0, 0, 0]) => FOUR_ZEROS,
            Ok(bytes) => self.keyed.hash(bytes),
            Err(_) => self.hash_long(row),
        }
    }

    #[cold]
    fn hash_long(&mut self, row: &impl Serialize) -> Hash {
        let mut buffer = core::mem::take(&mut self.buffer);
        buffer.clear();
        self.buffer = postcard::to_extend(row, buffer).expect("rows encode into memory");
        self.keyed.hash(&self.buffer)
    }
}
