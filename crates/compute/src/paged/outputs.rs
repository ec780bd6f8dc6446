//! Chunks of an output, each checked alone against the output's root.
//!
//! Key terms: a *chunk* is 64 leaves of an output, 256 KiB; the last has what is left. Over the
//! leaves of a full one stands one node of the output's trees, its name; the last, if it is not
//! full, has as its name the root of an output of its bytes alone. The *list* of an output is the
//! names of its full chunks and the frontier of what is left: its root follows from it.
//! Laws: pure and total; a chunk is bound by its name, a list by the output's root; what others
//! send is bounded before it is hashed.
//! Not here: who keeps chunks and for how long.

use serde::{Deserialize, Serialize};

use super::stream::{Frontier, OUTPUT_BYTES_MAX, OUTPUT_LEAF_BYTES, pair, push_tree};
use crate::digest::Digest;

/// Levels from the leaves to a chunk's node.
const CHUNK_LEVEL: u32 = 6;
/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = OUTPUT_LEAF_BYTES << CHUNK_LEVEL;
/// Most chunks of an output.
pub const CHUNK_COUNT_MAX: usize = (OUTPUT_BYTES_MAX / CHUNK_BYTES as u64) as usize;

/// Which chunks an output has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Names of the full chunks.
    pub full: Vec<Digest>,
    /// What is left.
    pub rest: Frontier,
}

/// What a chunk on the ledger comes with: it shows that these bytes are in their place, or that
/// there is no such place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The chunk's bytes; none of a place behind the end.
    #[serde(with = "crate::bytes")]
    pub bytes: Vec<u8>,
    /// The output's frontier.
    pub frontier: Frontier,
    /// The siblings on the way from the chunk to the root of its tree, from below.
    pub siblings: Vec<Digest>,
}

/// What a chunk is called; `None` for no bytes and for more than a chunk has.
pub fn name_of(chunk: &[u8]) -> Option<Digest> {
    if chunk.is_empty() || CHUNK_BYTES < chunk.len() {
        return None;
    }
    let mut frontier = Frontier::default();
    frontier.append(chunk);
    match frontier.peaks() {
        [node] if chunk.len() == CHUNK_BYTES => Some(*node),
        _ => Some(frontier.root()),
    }
}

/// The tree that full chunk `index` of `count` is in: its place among the trees, its first chunk,
/// and its levels.
fn tree_of(count: u64, index: u64) -> Option<(usize, u64, u32)> {
    let (mut first, mut place) = (0u64, 0usize);
    for level in (0..u64::BITS).rev().filter(|level| count >> level & 1 == 1) {
        let behind = first.saturating_add(1 << level);
        if index < behind {
            return Some((place, first, level));
        }
        (first, place) = (behind, place.saturating_add(1));
    }
    None
}

impl List {
    /// A list of these parts, if they fit each other.
    pub fn of_parts(
        full: Vec<Digest>,
        rest_bytes: u64,
        rest_trees: Vec<Digest>,
        rest_tail: Vec<u8>,
    ) -> Option<List> {
        let list = List { full, rest: Frontier::of_parts(rest_bytes, rest_trees, rest_tail) };
        list.is_whole().then_some(list)
    }

    /// The list of an output that is known whole.
    pub fn of(bytes: &[u8]) -> List {
        let mut list = List::default();
        bytes.chunks(CHUNK_BYTES).for_each(|chunk| list.push(chunk));
        list
    }

    /// Adds a chunk; all but the last are full.
    pub fn push(&mut self, chunk: &[u8]) {
        match name_of(chunk) {
            Some(name) if chunk.len() == CHUNK_BYTES => self.full.push(name),
            _ => self.rest.append(chunk),
        }
    }

    /// Whether the parts fit each other. What others send is checked before it is used.
    pub fn is_whole(&self) -> bool {
        self.full.len() <= CHUNK_COUNT_MAX
            && self.rest.is_whole()
            && self.rest.length() < CHUNK_BYTES as u64
            && self.length() <= OUTPUT_BYTES_MAX
    }

    /// Bytes of the output.
    pub fn length(&self) -> u64 {
        let full = (self.full.len() as u64).saturating_mul(CHUNK_BYTES as u64);
        full.saturating_add(self.rest.length())
    }

    /// The output's frontier.
    pub fn frontier(&self) -> Frontier {
        let mut peaks = Vec::new();
        for (before, node) in (0..).zip(&self.full) {
            push_tree(&mut peaks, before, *node);
        }
        peaks.extend_from_slice(self.rest.peaks());
        Frontier::of_parts(self.length(), peaks, self.rest.tail().to_vec())
    }

    /// The output's root.
    pub fn root(&self) -> Digest {
        self.frontier().root()
    }

    /// The names of all chunks.
    pub fn names(&self) -> Vec<Digest> {
        let rest = (self.rest.length() > 0).then(|| self.rest.root());
        self.full.iter().copied().chain(rest).collect()
    }

    /// Bytes of chunk `index`; none behind the end.
    pub fn bytes_of(&self, index: usize) -> usize {
        match index.cmp(&self.full.len()) {
            std::cmp::Ordering::Less => CHUNK_BYTES,
            std::cmp::Ordering::Equal => usize::try_from(self.rest.length()).unwrap_or(0),
            std::cmp::Ordering::Greater => 0,
        }
    }

    /// Shows chunk `index`, whose bytes these are: none if there is no such chunk.
    pub fn show(&self, index: usize, bytes: Vec<u8>) -> Shown {
        let mut siblings = Vec::new();
        let tree = tree_of(self.full.len() as u64, index as u64);
        if let Some((_, first, levels)) = tree {
            let first = usize::try_from(first).unwrap_or(usize::MAX);
            let mut row: Vec<Digest> =
                self.full.iter().skip(first).take(1 << levels).copied().collect();
            let mut place = index.saturating_sub(first);
            while row.len() > 1 {
                siblings.extend(row.get(place ^ 1));
                row = row.chunks_exact(2).map(|two| pair(&two[0], &two[1])).collect();
                place /= 2;
            }
        }
        Shown { bytes, frontier: self.frontier(), siblings }
    }
}

impl Shown {
    /// Whether this shows what stands in place `index` of the output of root `root`.
    pub fn is_of(&self, root: &Digest, index: u64) -> bool {
        if !self.frontier.is_whole() || self.frontier.root() != *root {
            return false;
        }
        let (length, size) = (self.frontier.length(), CHUNK_BYTES as u64);
        let (full, rest) = (length / size, length % size);
        if let Some(tree) = tree_of(full, index) {
            return self.is_in(tree, index);
        }
        let is_alone = self.siblings.is_empty();
        if index != full || rest == 0 {
            return is_alone && self.bytes.is_empty();
        }
        if self.bytes.len() as u64 != rest {
            return false;
        }
        let mut own = Frontier::default();
        own.append(&self.bytes);
        let trees = usize::try_from(full.count_ones()).unwrap_or(usize::MAX);
        let whole = self.frontier.peaks().get(trees..);
        is_alone && whole == Some(own.peaks()) && self.frontier.tail() == own.tail()
    }

    fn is_in(&self, (tree, first, levels): (usize, u64, u32), index: u64) -> bool {
        let is_shape =
            self.bytes.len() == CHUNK_BYTES && u32::try_from(self.siblings.len()) == Ok(levels);
        let Some(mut node) = name_of(&self.bytes).filter(|_| is_shape) else { return false };
        let mut place = index.saturating_sub(first);
        for sibling in &self.siblings {
            node = match place % 2 {
                0 => pair(&node, sibling),
                _ => pair(sibling, &node),
            };
            place /= 2;
        }
        self.frontier.peaks().get(tree) == Some(&node)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::output_root;
    use super::*;

    const LENGTHS: [usize; 8] = [
        0,
        1,
        5_000,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        3 * CHUNK_BYTES,
        7 * CHUNK_BYTES + 4_096 * 5 + 7,
    ];

    fn bytes(length: usize) -> Vec<u8> {
        (1..=251u8).cycle().take(length).collect()
    }

    #[test]
    fn a_list_has_the_root_of_the_output_and_a_name_for_each_chunk() {
        for length in LENGTHS {
            let bytes = bytes(length);
            let list = List::of(&bytes);
            assert!(list.is_whole(), "{length}");
            assert_eq!((list.length(), list.root()), (length as u64, output_root(&bytes)));
            let names: Vec<Digest> = bytes.chunks(CHUNK_BYTES).filter_map(name_of).collect();
            assert_eq!(list.names(), names);
            let sizes: Vec<usize> = (0..names.len()).map(|at| list.bytes_of(at)).collect();
            assert!(sizes.iter().copied().eq(bytes.chunks(CHUNK_BYTES).map(<[u8]>::len)));
            assert_eq!(list.bytes_of(names.len() + 1), 0);
        }
        assert_eq!((name_of(&[]), name_of(&vec![0; CHUNK_BYTES + 1])), (None, None));
    }

    #[test]
    fn a_chunk_is_shown_in_its_place_alone_and_so_is_that_there_is_none() {
        for length in LENGTHS {
            let whole = bytes(length);
            let (list, root) = (List::of(&whole), output_root(&whole));
            let count = whole.chunks(CHUNK_BYTES).len();
            for (index, chunk) in whole.chunks(CHUNK_BYTES).enumerate() {
                let shown = list.show(index, chunk.to_vec());
                let place = index as u64;
                assert!(shown.is_of(&root, place), "{index} of {length}");
                assert!(!shown.is_of(&root, place + 1) && !shown.is_of(&output_root(b"x"), place));
                let mut other = shown.clone();
                other.bytes[0] ^= 1;
                assert!(!other.is_of(&root, place));
                let cut = Shown { bytes: shown.bytes[1..].to_vec(), ..shown.clone() };
                assert!(!cut.is_of(&root, place));
                let none = Shown { bytes: Vec::new(), ..shown.clone() };
                assert!(!none.is_of(&root, place), "what is there is not denied");
                let siblings = [shown.siblings.clone(), vec![root]].concat();
                assert!(!Shown { siblings, ..shown }.is_of(&root, place));
            }
            for behind in [count, count + 1, usize::MAX] {
                let none = list.show(behind, Vec::new());
                assert!(none.is_of(&root, behind as u64), "{behind} of {length}");
                assert!(!Shown { bytes: vec![0], ..none }.is_of(&root, behind as u64));
            }
        }
    }

    #[test]
    fn lists_whose_parts_do_not_fit_are_known_before_they_are_used() {
        let list = List::of(&bytes(CHUNK_BYTES + 5_000));
        let broken = [
            List { rest: Frontier::of_parts(5_001, Vec::new(), Vec::new()), ..list.clone() },
            List { rest: List::of(&bytes(2 * CHUNK_BYTES)).frontier(), ..list.clone() },
            List { full: vec![Digest([1; 32]); CHUNK_COUNT_MAX + 1], ..list.clone() },
            List { full: vec![Digest([1; 32]); CHUNK_COUNT_MAX], ..list },
        ];
        assert!(broken.iter().all(|list| !list.is_whole()));
    }

    #[test]
    fn a_shown_chunk_takes_less_than_five_kibibytes_more_than_its_bytes() {
        // The most peaks, the longest tail, the longest way.
        let length = 64 * 1_024 * 1_024 - 1;
        let full = vec![Digest([7; 32]); length / CHUNK_BYTES];
        let mut rest = Frontier::default();
        rest.append(&bytes(length % CHUNK_BYTES));
        let list = List { full, rest };
        let shown = list.show(0, vec![0; CHUNK_BYTES]);
        let encoded = postcard::to_allocvec(&shown).expect("encodes").len();
        assert!(encoded - CHUNK_BYTES < 5 * 1_024, "{encoded}");
    }
}
