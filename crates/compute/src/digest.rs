//! Hashes: one 32-byte type, one domain per use.
//!
//! Law: every hash of this crate is BLAKE3 in key-derivation mode with a context string of its own,
//! so that no leaf can pass for a node, no chunk for a state. Constants that stand for "nothing
//! here" are plain ASCII: no one can find bytes that hash to them.
//! Not here: what the hashes are bound to (`task`, `checkpoint`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A 32-byte hash (or seed). Displays as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The hash of a program: plain BLAKE3 of the original module bytes, as `b3sum` prints it.
    pub fn of_program(module: &[u8]) -> Digest {
        Digest(*blake3::hash(module).as_bytes())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Starts a hash in the given domain.
pub(crate) fn hasher(domain: &str) -> blake3::Hasher {
    blake3::Hasher::new_derive_key(domain)
}

/// Ends a hash.
pub(crate) fn finish(hasher: &blake3::Hasher) -> Digest {
    Digest(*hasher.finalize().as_bytes())
}
