//! Blocks: transactions in the order they were carried out, bound to all that came before.
//!
//! Laws: the hash of a block covers every byte of it, so it covers its parent's hash and the root
//! of the state it was made on; the parent of the first block is the network's own name.
//! Not here: bytes on disk (`log`), carrying out (`replay`).

use earnest_api::SignedTransaction;
use earnest_protocol::{BlockHead, Digest, Height};
use serde::{Deserialize, Serialize};

/// Most bytes of an encoded block: 16 MiB. A record on disk is never believed to be longer.
pub const BLOCK_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it says about itself.
    pub head: BlockHead,
    /// The hash of the block before; the network's name for the first.
    pub parent: Digest,
    /// The root of the state after the block before.
    pub parent_root: Digest,
    /// Its transactions, in order. None of them leaves no trace.
    pub transactions: Vec<SignedTransaction>,
}

impl Block {
    /// Its place.
    pub fn height(&self) -> Height {
        self.head.height
    }

    /// Its bytes, as they are hashed and stored.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a block encodes into memory")
    }

    /// From [`encode`](Block::encode)d bytes and nothing else; `None` if they are no block.
    pub fn decode(bytes: &[u8]) -> Option<Block> {
        match postcard::take_from_bytes(bytes) {
            Ok((block, [])) => Some(block),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The hash of an encoded block.
pub(crate) fn hash(bytes: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 block");
    Digest(*hasher.update(bytes).finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_after_a_block_are_no_block() {
        let head =
            BlockHead { height: Height::new(1), time_ms: 5, beacon: None, next_anchor: None };
        let (parent, parent_root) = (Digest([1; 32]), Digest([2; 32]));
        let block = Block { head, parent, parent_root, transactions: Vec::new() };
        let mut bytes = block.encode();
        assert_eq!(Block::decode(&bytes), Some(block));
        bytes.push(0);
        assert_eq!(Block::decode(&bytes), None);
    }
}
