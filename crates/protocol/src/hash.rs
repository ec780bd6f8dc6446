//! Hash: BLAKE3 of short pieces under a derived key.
//!
//! A hasher keeps books for pieces of any length, which cost as much as a short piece itself. Here
//! a piece of one chunk is compressed block by block, and full nodes side by side, as many as a
//! register holds.
//! Law: every hash is the one that `blake3::Hasher` makes of the same bytes under the same key.
//! Known shortcomings: the compression of `blake3` is public, but its authors promise nothing
//! about its form; a version that changes it does not compile (ADR 57).
//! Not here: what is hashed (`seal`, `table`).

use blake3::{
    IncrementCounter,
    hazmat::{ContextKey, HasherExt as _},
    platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32},
};

pub(crate) type Hash = [u8; 32];

/// A node of four children.
pub(crate) type Full = [u8; 128];

/// Nodes that are hashed side by side at most.
pub(crate) const LANES: usize = 16;

/// Bytes of a block, which is compressed in one go.
const BLOCK: usize = 64;
/// Bytes of a chunk, which is a chain of blocks.
const CHUNK: usize = 1_024;
/// What a block is, as the paper on BLAKE3 has it (2.2, table 3).
const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const DERIVE_KEY_MATERIAL: u8 = 1 << 6;

/// What hashes under one key.
#[derive(Clone, Copy)]
pub(crate) struct Keyed {
    key: [u32; 8],
    platform: Platform,
}

impl Keyed {
    pub(crate) fn new(key: &ContextKey) -> Keyed {
        Keyed { key: words_from_le_bytes_32(key), platform: Platform::detect() }
    }

    /// The hash of one piece.
    pub(crate) fn hash(&self, piece: &[u8]) -> Hash {
        if CHUNK < piece.len() {
            let key = le_bytes_from_words_32(&self.key);
            let mut hasher = blake3::Hasher::new_from_context_key(&key);
            return *hasher.update(piece).finalize().as_bytes();
        }
        // The last block may be short, and is there even if the piece is empty.
        let last = piece.len().saturating_sub(1).checked_div(BLOCK).unwrap_or(0);
        let (blocks, rest) = piece.split_at(last.saturating_mul(BLOCK));
        let mut words = self.key;
        let mut flags = DERIVE_KEY_MATERIAL | CHUNK_START;
        for block in blocks.as_chunks::<BLOCK>().0 {
            self.compress(&mut words, block, BLOCK, flags);
            flags = DERIVE_KEY_MATERIAL;
        }
        let mut block = [0; BLOCK];
        block.split_at_mut(rest.len()).0.copy_from_slice(rest);
        self.compress(&mut words, &block, rest.len(), flags | CHUNK_END | ROOT);
        le_bytes_from_words_32(&words)
    }

    fn compress(&self, words: &mut [u32; 8], block: &[u8; BLOCK], len: usize, flags: u8) {
        let len = u8::try_from(len).expect("a block has 64 bytes at most");
        self.platform.compress_in_place(words, block, len, 0, flags);
    }

    /// The hash of each of at most [`LANES`] full nodes; the rest of what comes back means nothing.
    pub(crate) fn hash_full(&self, nodes: &[&Full]) -> [Hash; LANES] {
        let mut hashes = [[0; 32]; LANES];
        self.platform.hash_many(
            nodes,
            &self.key,
            0,
            IncrementCounter::No,
            DERIVE_KEY_MATERIAL,
            CHUNK_START,
            CHUNK_END | ROOT,
            hashes.as_flattened_mut(),
        );
        hashes
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const KEY: ContextKey = [7; 32];

    fn plain(piece: &[u8]) -> Hash {
        *blake3::Hasher::new_from_context_key(&KEY).update(piece).finalize().as_bytes()
    }

    #[test]
    fn a_piece_of_any_length_has_the_hash_that_the_hasher_makes() {
        let bytes: Vec<u8> = (0..3_000u32).map(|index| (index % 251) as u8).collect();
        for len in (0..=1_100).chain([2_047, 2_048, 2_049, 3_000]) {
            assert_eq!(Keyed::new(&KEY).hash(&bytes[..len]), plain(&bytes[..len]), "{len} bytes");
        }
    }

    #[test]
    fn nodes_side_by_side_have_the_hashes_of_each_alone() {
        let nodes: Vec<Full> = (0..LANES as u8).map(|index| [index; 128]).collect();
        for count in 0..=LANES {
            let lanes: Vec<&Full> = nodes.iter().take(count).collect();
            let alone: Vec<Hash> = lanes.iter().map(|node| plain(*node)).collect();
            assert_eq!(Keyed::new(&KEY).hash_full(&lanes)[..count], alone, "{count} nodes");
        }
    }
}
