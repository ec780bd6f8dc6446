//! Tables: dense rows under a Merkle tree that is recomputed only where rows changed.
//!
//! Key terms: a row is the canonical encoding of one entity; a leaf is its hash; a node hashes up
//! to four children, which costs least when few of many rows changed. The root depends on the
//! rows alone, not on the order of changes.
//!
//! Law: whoever takes a row mutably has changed it; `root` costs what the changed rows cost.
//! Not here: what a row means.

use alloc::{vec, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Digest;

/// Children of a node.
const ARITY: usize = 4;

/// Rows with a root.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    rows: Vec<T>,
    tree: Tree,
}

#[derive(Clone, Debug, Default)]
struct Tree {
    /// `levels[0]` are the leaves, the last level has one node.
    levels: Vec<Vec<[u8; 32]>>,
    dirty: Vec<usize>,
    is_dirty: Vec<bool>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: Vec::new(), tree: Tree::default() }
    }
}

impl<T> Table<T> {
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.rows.get(index)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let row = self.rows.get_mut(index)?;
        self.tree.mark(index);
        Some(row)
    }

    /// Appends a row and returns its index.
    pub(crate) fn push(&mut self, row: T) -> usize {
        let index = self.rows.len();
        self.rows.push(row);
        self.tree.is_dirty.push(false);
        self.tree.mark(index);
        index
    }

    pub(crate) fn iter(&self) -> core::slice::Iter<'_, T> {
        self.rows.iter()
    }
}

impl<T: Serialize> Table<T> {
    /// The root over all rows; hashes only what changed since the last call.
    pub(crate) fn root(&mut self) -> Digest {
        let mut buffer = Vec::new();
        // One hasher for all rows: making one costs as much as hashing a small row.
        let mut hasher = blake3::Hasher::new_derive_key(LEAF);
        let mut dirty = core::mem::take(&mut self.tree.dirty);
        let leaf_count = self.rows.len();
        if self.tree.levels.is_empty() {
            self.tree.levels.push(Vec::new());
        }
        if let Some(leaves) = self.tree.levels.first_mut() {
            leaves.resize(leaf_count, [0; 32]);
            for &index in &dirty {
                let row = self.rows.get(index).expect("rows are never removed");
                buffer.clear();
                buffer = postcard::to_extend(row, buffer).expect("rows encode into memory");
                let leaf = leaves.get_mut(index).expect("resized to the row count");
                *leaf = *hasher.reset().update(&buffer).finalize().as_bytes();
                if let Some(flag) = self.tree.is_dirty.get_mut(index) {
                    *flag = false;
                }
            }
        }
        dirty.sort_unstable();
        let top = self.tree.rehash(&mut dirty);
        dirty.clear();
        self.tree.dirty = dirty;
        let count = u64::try_from(leaf_count).expect("64-bit counts");
        let mut hasher = blake3::Hasher::new_derive_key(ROOT);
        Digest(*hasher.update(&count.to_le_bytes()).update(&top).finalize().as_bytes())
    }
}

const LEAF: &str = "earnest 2026 state row";
const NODE: &str = "earnest 2026 state node";
const ROOT: &str = "earnest 2026 state table";

impl Tree {
    fn mark(&mut self, index: usize) {
        if let Some(flag) = self.is_dirty.get_mut(index)
            && !*flag
        {
            *flag = true;
            self.dirty.push(index);
        }
    }

    /// Recomputes the parents of `changed` (sorted), level by level, and returns the top node.
    fn rehash(&mut self, changed: &mut Vec<usize>) -> [u8; 32] {
        let mut level = 0;
        let mut hasher = blake3::Hasher::new_derive_key(NODE);
        loop {
            let children = self.levels.get(level).expect("the loop made it");
            if children.len() <= 1 {
                let top = children.first().copied().unwrap_or([0; 32]);
                self.levels.truncate(level.saturating_add(1));
                return top;
            }
            let parent_count = children.len().div_ceil(ARITY);
            for index in changed.iter_mut() {
                *index /= ARITY;
            }
            changed.dedup();
            let (below, above) = self.levels.split_at_mut(level.saturating_add(1));
            let children = below.last().expect("split after level");
            let mut fresh = vec![];
            let parents = above.first_mut().unwrap_or(&mut fresh);
            parents.resize(parent_count, [0; 32]);
            for &index in changed.iter() {
                let first = index.saturating_mul(ARITY);
                let last = first.saturating_add(ARITY).min(children.len());
                hasher.reset();
                hasher.update(
                    children.get(first..last).expect("a parent has children").as_flattened(),
                );
                *parents.get_mut(index).expect("resized") = *hasher.finalize().as_bytes();
            }
            if !fresh.is_empty() {
                self.levels.push(fresh);
            }
            level = level.saturating_add(1);
        }
    }
}

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<T>::deserialize(deserializer)?;
        let count = rows.len();
        let tree =
            Tree { levels: Vec::new(), dirty: (0..count).collect(), is_dirty: vec![true; count] };
        Ok(Table { rows, tree })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[u64]) -> Table<u64> {
        let mut table = Table::default();
        for &row in rows {
            table.push(row);
        }
        table
    }

    #[test]
    fn the_root_depends_on_the_rows_and_not_on_their_history() {
        for count in [0usize, 1, 2, 15, 16, 17, 255, 256, 257, 4_097] {
            let rows: Vec<u64> = (0..count as u64).map(|i| i * 7).collect();
            let mut grown = Table::default();
            for &row in &rows {
                let index = grown.push(row.wrapping_add(1));
                if index % 3 == 0 {
                    grown.root();
                }
                *grown.get_mut(index).expect("just pushed") = row;
            }
            assert_eq!(grown.root(), table(&rows).root(), "{count} rows");
        }
    }

    #[test]
    fn every_row_matters_and_so_does_the_count() {
        let base = table(&[1, 2, 3]).root();
        assert_ne!(base, table(&[1, 2, 4]).root());
        assert_ne!(base, table(&[1, 2, 3, 0]).root());
        assert_ne!(table(&[]).root(), table(&[0]).root());
    }
}
