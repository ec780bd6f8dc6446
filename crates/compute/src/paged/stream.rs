//! The output: bytes that are only ever added to, under a commitment that can be carried on by
//! whoever knows its frontier.
//!
//! Key terms: the output is cut into *leaves* of 4 KiB; full ones are those of perfect binary
//! trees, one for each bit of their number; the *frontier* is the roots of these trees and the
//! bytes after the last full leaf. The *root* binds the length and the frontier.
//! Laws: the root is a function of the bytes alone, however they were cut when they were added; a
//! frontier is at most 5 KiB, whatever was put out.
//! Not here: the bytes themselves (`run` hands them on), who asks for them, larger pieces
//! (`outputs`).

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, finish, hasher};

/// Bytes of a leaf.
pub const OUTPUT_LEAF_BYTES: usize = 4096;
/// Most bytes that a task may let its program put out (256 MiB).
pub const OUTPUT_BYTES_MAX: u64 = 256 * 1024 * 1024;

const LEAF: &str = "earnest compute 2026-11 output chunk v1";
const NODE: &str = "earnest compute 2026-11 output node v1";
const ROOT: &str = "earnest compute 2026-11 output root v1";

/// What must be known of an output to carry its commitment on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    length: u64,
    /// Roots of the perfect trees, the largest first.
    peaks: Vec<Digest>,
    /// What follows the last full leaf.
    #[serde(with = "crate::bytes")]
    tail: Vec<u8>,
}

impl Frontier {
    /// Bytes put out so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the parts fit the length. What others send is checked before it is used.
    pub fn is_whole(&self) -> bool {
        let leaf = OUTPUT_LEAF_BYTES as u64;
        let (leaves, tail) = (self.length / leaf, self.length % leaf);
        self.length <= OUTPUT_BYTES_MAX
            && self.peaks.len() as u64 == u64::from(leaves.count_ones())
            && self.tail.len() as u64 == tail
    }

    /// Adds bytes.
    pub fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = OUTPUT_LEAF_BYTES.saturating_sub(self.tail.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.tail.extend_from_slice(now);
            self.length = self.length.saturating_add(now.len() as u64);
            bytes = later;
            if self.tail.len() == OUTPUT_LEAF_BYTES {
                self.close_leaf();
            }
        }
    }

    fn close_leaf(&mut self) {
        let mut leaf = hasher(LEAF);
        leaf.update(&self.tail);
        self.tail.clear();
        let before = (self.length / OUTPUT_LEAF_BYTES as u64).saturating_sub(1);
        push_tree(&mut self.peaks, before, finish(&leaf));
    }

    /// Roots of the perfect trees, the largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// What follows the last full leaf.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// An output of these parts, which may not fit each other.
    pub(super) fn of_parts(length: u64, peaks: Vec<Digest>, tail: Vec<u8>) -> Frontier {
        Frontier { length, peaks, tail }
    }

    /// The commitment to all bytes put out so far.
    pub fn root(&self) -> Digest {
        let mut root = hasher(ROOT);
        root.update(&self.length.to_le_bytes());
        for peak in &self.peaks {
            root.update(&peak.0);
        }
        root.update(&self.tail);
        finish(&root)
    }
}

/// Adds a tree behind `before` of the same size, as in counting: each trailing one among them is a
/// tree that it is joined with.
pub(super) fn push_tree(peaks: &mut Vec<Digest>, before: u64, mut node: Digest) {
    for _ in 0..before.trailing_ones() {
        let Some(left) = peaks.pop() else { break };
        node = pair(&left, &node);
    }
    peaks.push(node);
}

/// The root of the tree over two of the same size.
pub(super) fn pair(left: &Digest, right: &Digest) -> Digest {
    let mut pair = hasher(NODE);
    pair.update(&left.0);
    pair.update(&right.0);
    finish(&pair)
}

/// The root of an output that is known whole.
pub fn output_root(bytes: &[u8]) -> Digest {
    let mut frontier = Frontier::default();
    frontier.append(bytes);
    frontier.root()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn however_an_output_is_cut_its_root_is_the_same(
            length in 0usize..40_000, cuts in proptest::collection::vec(0usize..9000, 0..12),
        ) {
            let bytes: Vec<u8> = (0..=250u8).cycle().take(length).collect();
            let mut frontier = Frontier::default();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                frontier.append(now);
                prop_assert!(frontier.is_whole());
                rest = later;
            }
            frontier.append(rest);
            prop_assert!(frontier.is_whole());
            prop_assert_eq!(frontier.length(), length as u64);
            prop_assert_eq!(frontier.root(), output_root(&bytes));
        }

        #[test]
        fn outputs_that_differ_have_other_roots(
            length in 1usize..20_000, at in any::<prop::sample::Index>(),
        ) {
            let bytes: Vec<u8> = vec![7; length];
            let mut other = bytes.clone();
            other[at.index(length)] ^= 1;
            prop_assert_ne!(output_root(&bytes), output_root(&other));
            prop_assert_ne!(output_root(&bytes), output_root(&bytes[1..]));
        }
    }

    #[test]
    fn a_frontier_whose_parts_do_not_fit_is_known_before_it_is_used() {
        let mut frontier = Frontier::default();
        frontier.append(&[1; 3 * OUTPUT_LEAF_BYTES + 5]);
        assert!(frontier.is_whole());
        let broken = [
            Frontier { length: frontier.length + 1, ..frontier.clone() },
            Frontier { peaks: Vec::new(), ..frontier.clone() },
            Frontier { tail: Vec::new(), ..frontier.clone() },
            Frontier { length: u64::MAX, ..frontier.clone() },
        ];
        assert!(broken.iter().all(|frontier| !frontier.is_whole()));
    }
}
