//! Pieces of an input, each with a root of its own below the input's.
//!
//! Key terms: a *chunk* is 64 pages of an input, 256 KiB; its root is the node of the tree of pages
//! that stands over them. Zeros at its end change no root, so that the bytes of a chunk are those
//! up to its last byte that is not zero.
//! Laws: pure and total; a chunk is bound by its root alone, an input by those of its chunks.
//! Not here: who keeps chunks and for how long.

use super::pages::{DEPTH, PAGE_BYTES, PageTree, node_digest, zero};
use super::task::padded;
use crate::digest::Digest;

/// Levels from the pages to a chunk's root.
const CHUNK_LEVEL: u32 = 6;
/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = PAGE_BYTES << CHUNK_LEVEL;
/// Most chunks of an input.
pub const CHUNK_COUNT_MAX: usize = 1 << (DEPTH - CHUNK_LEVEL);

/// The bytes of a chunk without the zeros at its end.
pub fn trimmed(chunk: &[u8]) -> &[u8] {
    let end = chunk.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &chunk[..end]
}

/// The root of a chunk; `None` if it has more bytes than one may.
pub fn chunk_root(chunk: &[u8]) -> Option<Digest> {
    if CHUNK_BYTES < chunk.len() {
        return None;
    }
    let pages: Vec<_> = chunk.chunks(PAGE_BYTES).map(padded).collect();
    Some(PageTree::of(&pages).node(CHUNK_LEVEL, 0))
}

/// The root of an input of these chunks; `None` if there are more than one may have.
pub fn input_root(chunks: &[Digest]) -> Option<Digest> {
    if CHUNK_COUNT_MAX < chunks.len() {
        return None;
    }
    let mut row = chunks.to_vec();
    for level in CHUNK_LEVEL..DEPTH {
        row = above(&row, level);
    }
    Some(row.first().copied().unwrap_or_else(|| zero(DEPTH)))
}

/// The nodes above those of a level.
fn above(row: &[Digest], level: u32) -> Vec<Digest> {
    let other = |pair: &[Digest]| pair.get(1).copied().unwrap_or_else(|| zero(level));
    row.chunks(2).map(|pair| node_digest(&pair[0], &other(pair))).collect()
}

/// The siblings on the way from chunk `index` to the root, from below; `None` if there is none.
pub fn chunk_path(chunks: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if CHUNK_COUNT_MAX < chunks.len() || chunks.len() <= index {
        return None;
    }
    let (mut row, mut place) = (chunks.to_vec(), index);
    let mut path = Vec::new();
    for level in CHUNK_LEVEL..DEPTH {
        path.push(row.get(place ^ 1).copied().unwrap_or_else(|| zero(level)));
        (row, place) = (above(&row, level), place / 2);
    }
    Some(path)
}

/// Whether `chunk` is the root of chunk `index` of the input of root `root`.
pub fn is_chunk(root: &Digest, index: usize, chunk: &Digest, path: &[Digest]) -> bool {
    let is_place = index < CHUNK_COUNT_MAX && u32::try_from(path.len()) == Ok(DEPTH - CHUNK_LEVEL);
    let (mut node, mut place) = (*chunk, index);
    for sibling in path {
        node = match place % 2 {
            0 => node_digest(&node, sibling),
            _ => node_digest(sibling, &node),
        };
        place /= 2;
    }
    is_place && node == *root
}

#[cfg(test)]
mod tests {
    use super::super::task::Input;
    use super::*;

    #[test]
    fn chunks_are_subtrees_of_the_input_whatever_zeros_follow_it() {
        for length in [0, 1, 5000, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES - 7] {
            let mut bytes: Vec<u8> = (1..=250u8).cycle().take(length).collect();
            let root = Input::new(bytes.clone()).expect("short").tree().root();
            let chunks: Vec<Digest> = bytes.chunks(CHUNK_BYTES).filter_map(chunk_root).collect();
            assert_eq!(input_root(&chunks), Some(root), "{length} bytes");
            for (index, chunk) in chunks.iter().enumerate() {
                let path = chunk_path(&chunks, index).expect("it is there");
                assert!(is_chunk(&root, index, chunk, &path));
                assert!(!is_chunk(&root, index ^ 1, chunk, &path));
                assert!(!is_chunk(&root, index, chunk, &path[1..]));
            }
            assert_eq!(chunk_path(&chunks, chunks.len()), None);
            bytes.resize(length.next_multiple_of(CHUNK_BYTES), 0);
            let whole: Vec<Digest> = bytes.chunks(CHUNK_BYTES).filter_map(chunk_root).collect();
            assert_eq!(whole, chunks);
            assert_eq!(Input::new(bytes).expect("short").tree().root(), root);
        }
        assert_eq!(chunk_root(&vec![0; CHUNK_BYTES + 1]), None);
        assert_eq!(trimmed(&[0, 1, 0, 0]), [0, 1]);
        assert_eq!(trimmed(&[0, 0]), [0; 0]);
    }
}
