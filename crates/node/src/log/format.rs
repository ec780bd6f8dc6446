//! The bytes of the log: how a segment begins, and what a record's length is checked with.
//!
//! Integers are little-endian; the checks are beginnings of blake3 hashes.
//!
//! ```text
//! head of a segment, 128 bytes                      record, 40 bytes + payload
//!   0   8  magic "EARNLOG\0"                         0    4  length of the payload, 1 to 16 MiB
//!   8   4  format version, 2                         4    4  check of length and place
//!  12   4  zero                                      8   32  hash of the block = of the payload
//!  16  32  the network's name                       40    -  payload: the encoded `Block`
//!  48   8  height of the block before its first
//!  56  32  hash of that block; the network's name at height 0
//!  88   8  first height of the segment before; 0 if there never was one
//!  96  32  check of bytes 0 to 95
//! ```
//!
//! The file `pruned` is such a head with the magic "EARNPRUN": its block is the last that was
//! removed. A file of format 1 has a head of 64 bytes (magic, version, zero, network, 16 bytes of
//! check), and was the whole log; it is read as the first segment.
//! Laws: the check of a record's length covers network, segment and offset, so that a damaged
//! length is never taken for a record cut short.
//! Not here: files (`segments`), records one after the other (`scan`).

use std::path::Path;

use earnest_protocol::{Digest, Height};

use super::error::LogError;

/// The format that this code writes. It also reads the one before.
pub const FORMAT_VERSION: u32 = 2;
/// The format of a log in one file.
const FORMAT_WHOLE: u32 = 1;

/// Bytes of a segment's head.
pub const HEAD_BYTES: usize = 128;
const CHECKED_BYTES: usize = 96;
const WHOLE_HEAD_BYTES: usize = 64;
const WHOLE_CHECKED_BYTES: usize = 48;
/// Bytes of a record before its payload.
pub const RECORD_HEAD_BYTES: u64 = 40;

/// A block by its place and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockId {
    /// Its height.
    pub height: Height,
    /// Its hash; the network's name at height 0.
    pub hash: Digest,
}

/// What a file that looks like a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Segment,
    Pruned,
}

impl Kind {
    fn magic(self) -> [u8; 8] {
        match self {
            Kind::Segment => *b"EARNLOG\0",
            Kind::Pruned => *b"EARNPRUN",
        }
    }
}

/// What the head of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    version: u32,
    network: Digest,
    /// The block before its first.
    pub(super) base: BlockId,
    /// The first height of the segment before; zero if there never was one.
    pub(super) before: Height,
}

impl Head {
    /// Of a new segment.
    pub(super) fn new(network: &Digest, base: BlockId, before: Height) -> Head {
        Head { version: FORMAT_VERSION, network: *network, base, before }
    }

    /// The height of its first block.
    pub(super) fn first(&self) -> Height {
        next(self.base.height)
    }

    /// Where its first record begins.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = if self.version == FORMAT_WHOLE { WHOLE_HEAD_BYTES } else { HEAD_BYTES };
        u64::try_from(bytes).expect("a head is few bytes")
    }

    /// The bytes of a head of this format.
    pub(super) fn encode(&self, kind: Kind) -> Vec<u8> {
        let mut bytes = kind.magic().to_vec();
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.network.0);
        bytes.extend_from_slice(&self.base.height.count().to_le_bytes());
        bytes.extend_from_slice(&self.base.hash.0);
        bytes.extend_from_slice(&self.before.count().to_le_bytes());
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        bytes
    }

    /// Reads a head from the beginning of a file.
    ///
    /// # Errors
    /// If it does not check, or is of another format or network.
    pub(super) fn decode(
        kind: Kind,
        path: &Path,
        bytes: &[u8],
        network: &Digest,
    ) -> Result<Head, LogError> {
        let not_a_log = || LogError::NotALog { path: path.to_owned() };
        let version = if bytes.starts_with(&kind.magic()) { number(bytes, 8) } else { None };
        let version = version.ok_or_else(not_a_log)?;
        let checked = if version == FORMAT_WHOLE { WHOLE_CHECKED_BYTES } else { CHECKED_BYTES };
        let length = if version == FORMAT_WHOLE { WHOLE_HEAD_BYTES } else { HEAD_BYTES };
        let (body, check) = bytes
            .get(..length)
            .and_then(|head| head.split_at_checked(checked))
            .ok_or_else(not_a_log)?;
        if !blake3::hash(body).as_bytes().starts_with(check) {
            return Err(not_a_log());
        }
        if ![FORMAT_WHOLE, FORMAT_VERSION].contains(&version) {
            let (got, expected) = (version, FORMAT_VERSION);
            return Err(LogError::Format { path: path.to_owned(), got, expected });
        }
        let got = Digest(field(body, 16));
        if got != *network {
            return Err(LogError::OtherNetwork { path: path.to_owned(), got, expected: *network });
        }
        if version == FORMAT_WHOLE {
            let base = BlockId { height: Height::ZERO, hash: *network };
            return Ok(Head { version, network: *network, base, before: Height::ZERO });
        }
        let height = |at| Height::new(u64::from_le_bytes(field(body, at)));
        let base = BlockId { height: height(48), hash: Digest(field(body, 56)) };
        Ok(Head { version, network: *network, base, before: height(88) })
    }

    /// The check of the length of a record at `offset`.
    pub(super) fn length_check(&self, offset: u64, length: u32) -> [u8; 4] {
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 log record length");
        hasher.update(&self.network.0);
        if self.version != FORMAT_WHOLE {
            hasher.update(&self.base.height.count().to_le_bytes());
        }
        hasher.update(&offset.to_le_bytes()).update(&length.to_le_bytes());
        let mut check = [0; 4];
        hasher.finalize_xof().fill(&mut check);
        check
    }

    /// The bytes of a record at `offset` with this payload, whose hash is `hash`.
    pub(super) fn record(&self, offset: u64, payload: &[u8], hash: &Digest) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("at most BLOCK_BYTES_MAX");
        let mut record = Vec::with_capacity(payload.len().saturating_add(64));
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&self.length_check(offset, length));
        record.extend_from_slice(&hash.0);
        record.extend_from_slice(payload);
        record
    }
}

/// The height after.
pub(super) fn next(height: Height) -> Height {
    Height::new(height.count().saturating_add(1))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}

/// `N` bytes of a head's body from `at`.
fn field<const N: usize>(body: &[u8], at: usize) -> [u8; N] {
    let bytes = body.iter().skip(at).take(N).copied().collect::<Vec<u8>>();
    bytes.try_into().expect("every field ends within the body of its format")
}
