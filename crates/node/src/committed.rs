//! What was acknowledged, apart from the log: the height and hash of the last block that anybody
//! may have been told of.
//!
//! One file, `committed`, of four slots of 4,096 bytes, so that each has sectors of its own. An
//! entry is written to two slots side by side, the first two and the last two by turns. Integers
//! are little-endian.
//!
//! ```text
//!   0   8  magic "EARNCMTD"              64  32  hash of the block at that height,
//!   8   4  format version, 1                     the network's name at height 0
//!  12   4  zero                          96  32  blake3 of bytes 0 to 95
//!  16  32  the network's name           128   -  zero
//!  48   8  number of the entry, from 0
//!  56   8  height
//! ```
//!
//! Laws: an entry names a block only after that block is on the disk in the log, and nobody is
//! told of the block before its entry is on the disk. Any one slot may be damaged and nothing is
//! unknown. Where both slots of a turn are, the entry that is left may be one block behind: what a
//! power cut leaves of an entry whose block is in the log, so only a log that ends there is in
//! doubt.
//! Not here: comparing with the log, and what to do then (`log`).

use std::{
    io,
    path::{Path, PathBuf},
};

use earnest_durable::{
    Kind,
    fs::{self, Access, File},
};
use earnest_protocol::{Digest, Height};

/// Name of the file in a data directory.
pub const FILE_NAME: &str = "committed";
/// The format that this code writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of a slot.
pub const SLOT_BYTES: usize = 4_096;
/// How many slots there are.
pub const SLOTS: usize = 4;

const MAGIC: [u8; 8] = *b"EARNCMTD";
const CHECKED_BYTES: usize = 96;
const TURN_BYTES: usize = SLOT_BYTES * 2;

/// Why nobody knows what was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum CommittedError {
    /// The disk said no.
    #[error("{doing} {path} failed: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no file.
    #[error(
        "{path} is missing, so nobody knows whether the log has every block that was acknowledged. \
         Nothing was changed. Restore the directory from a backup; to go on with what the log \
         has, start with --accept-lost-blocks"
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// Nothing of it checks.
    #[error(
        "no slot of {path} checks, so nobody knows whether the log has every block that was \
         acknowledged. Nothing was changed. Restore the directory from a backup; to go on with \
         what the log has, start with --accept-lost-blocks"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// The file is of another format.
    #[error(
        "{path} has format {got}, this version reads {FORMAT_VERSION}. Use the version that wrote \
         it"
    )]
    Format {
        /// Which file.
        path: PathBuf,
        /// Its version.
        got: u32,
    },
    /// The file is of another network.
    #[error("{path} belongs to network {got}. Restore the directory from one backup")]
    OtherNetwork {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        got: Digest,
    },
}

fn failure(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> CommittedError + use<> {
    let path = path.to_owned();
    move |source| CommittedError::Io { path, doing, source }
}

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The last block that anybody may have been told of.
    pub(crate) height: Height,
    /// Its hash.
    pub(crate) hash: Digest,
    /// The entry's number.
    number: u64,
    /// Slots that do not check, or lack the entry of the slot beside them.
    pub(crate) damaged: usize,
    /// True if the entry of the other turn is gone: it may have been the later one.
    pub(crate) is_doubtful: bool,
}

/// The file, open for the next entry.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
    network: Digest,
    next: u64,
}

/// Makes the file, or makes it anew, whole: every slot names this block.
pub(crate) fn renew(
    folder: &Path,
    network: &Digest,
    height: Height,
    hash: &Digest,
) -> Result<(), CommittedError> {
    let path = folder.join(FILE_NAME);
    let entry = |number| turn(network, number, height, hash);
    let bytes = [entry(0), entry(1)].concat();
    earnest_durable::write(&path, Kind::Replacement, |file| file.write_all(&bytes))
        .map_err(failure(&path, "writing"))
}

/// Reads the file.
///
/// # Errors
/// If it is missing, of another network or format, or holds no entry that checks.
pub(crate) fn read(folder: &Path, network: &Digest) -> Result<Committed, CommittedError> {
    let path = folder.join(FILE_NAME);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CommittedError::Missing { path });
        }
        read => read.map_err(failure(&path, "reading"))?,
    };
    let mut slots = [None; SLOTS];
    for (slot, bytes) in slots.iter_mut().zip(bytes.chunks(SLOT_BYTES)) {
        *slot = entry(&path, bytes, network)?;
    }
    let whole = slots.iter().flatten().max_by_key(|entry| entry.number);
    let latest = *whole.ok_or(CommittedError::Damaged { path })?;
    let turns = slots.chunks(2).map(|turn| turn.iter().flatten().map(|entry| entry.number));
    let (mut whole, mut is_doubtful) = (0, false);
    for numbers in turns {
        let newest = numbers.clone().max();
        whole += numbers.filter(|number| Some(*number) == newest).count();
        is_doubtful |= newest.is_none();
    }
    let damaged = SLOTS.saturating_sub(whole);
    Ok(Committed { damaged, is_doubtful, ..latest })
}

impl Writer {
    /// Opens a file that was read, every slot of which checks.
    pub(crate) fn open(folder: &Path, network: &Digest) -> Result<Writer, CommittedError> {
        let path = folder.join(FILE_NAME);
        let next = read(folder, network)?.number.saturating_add(1);
        let file = File::open(&path, Access::Write);
        let file = file.map_err(failure(&path, "opening"))?;
        // What a killed process wrote last may not be on the disk yet.
        file.sync_data().map_err(failure(&path, "flushing"))?;
        Ok(Writer { path, file, network: *network, next })
    }

    /// Names the block that was written to the log, and flushes that.
    pub(crate) fn commit(&mut self, height: Height, hash: &Digest) -> Result<(), CommittedError> {
        let at = if self.next.is_multiple_of(2) { 0 } else { TURN_BYTES };
        let at = u64::try_from(at).expect("two slots are few bytes");
        let bytes = turn(&self.network, self.next, height, hash);
        self.file.write_all_at(&bytes, at).map_err(failure(&self.path, "writing"))?;
        self.file.sync_data().map_err(failure(&self.path, "flushing"))?;
        self.next = self.next.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
impl Writer {
    /// From here on every write fails.
    pub(crate) fn replace_file(&mut self, file: File) {
        self.file = file;
    }
}

/// Both slots of an entry.
fn turn(network: &Digest, number: u64, height: Height, hash: &Digest) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&network.0);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&height.count().to_le_bytes());
    bytes.extend_from_slice(&hash.0);
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    bytes.resize(SLOT_BYTES, 0);
    bytes.repeat(2)
}

/// The entry of a slot; none if it does not check.
fn entry(path: &Path, slot: &[u8], network: &Digest) -> Result<Option<Committed>, CommittedError> {
    let Some((body, rest)) = slot.split_at_checked(CHECKED_BYTES) else { return Ok(None) };
    let check = blake3::hash(body);
    if !body.starts_with(&MAGIC) || !rest.starts_with(check.as_bytes()) {
        return Ok(None);
    }
    let got = u32::from_le_bytes(field(body, 8));
    if got != FORMAT_VERSION {
        return Err(CommittedError::Format { path: path.to_owned(), got });
    }
    let got = Digest(field(body, 16));
    if got != *network {
        return Err(CommittedError::OtherNetwork { path: path.to_owned(), got });
    }
    let (number, height) =
        (u64::from_le_bytes(field(body, 48)), Height::new(u64::from_le_bytes(field(body, 56))));
    let hash = Digest(field(body, 64));
    let is_whole = turn(network, number, height, &hash).chunks(SLOT_BYTES).any(|one| one == slot);
    let entry = Committed { height, hash, number, damaged: 0, is_doubtful: false };
    Ok(is_whole.then_some(entry))
}

/// `N` bytes of a slot from `at`.
fn field<const N: usize>(body: &[u8], at: usize) -> [u8; N] {
    let bytes = body.iter().skip(at).take(N).copied().collect::<Vec<u8>>();
    bytes.try_into().expect("every field ends before byte 96 of the slot")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NETWORK: Digest = Digest([7; 32]);

    /// A file whose last entries are of blocks 4 and 5; each hash is 32 times its height.
    fn five(folder: &Path) -> Vec<u8> {
        renew(folder, &NETWORK, Height::ZERO, &NETWORK).unwrap();
        let mut writer = Writer::open(folder, &NETWORK).unwrap();
        for height in 1..=5 {
            writer.commit(Height::new(u64::from(height)), &Digest([height; 32])).unwrap();
        }
        fs::read(folder.join(FILE_NAME)).unwrap()
    }

    #[test]
    fn the_last_entry_is_read_whichever_slot_is_damaged_and_wherever() {
        let folder = tempfile::tempdir().unwrap();
        let whole = five(folder.path());
        assert_eq!(whole.len(), SLOTS * SLOT_BYTES);
        let latest = read(folder.path(), &NETWORK).unwrap();
        assert_eq!((latest.height, latest.hash), (Height::new(5), Digest([5; 32])));
        assert_eq!((latest.damaged, latest.is_doubtful), (0, false));
        for slot in 0..SLOTS {
            for byte in (0..140).chain([1_000, 4_095]) {
                let mut bytes = whole.clone();
                bytes[slot * SLOT_BYTES + byte] ^= 1 << (byte % 8);
                fs::write(folder.path().join(FILE_NAME), &bytes).unwrap();
                let read = read(folder.path(), &NETWORK).unwrap();
                assert_eq!(read, Committed { damaged: 1, ..latest }, "slot {slot}, byte {byte}");
            }
        }
    }

    #[test]
    fn an_entry_torn_anywhere_leaves_itself_or_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let whole = five(folder.path());
        let next = turn(&NETWORK, 7, Height::new(6), &Digest([6; 32]));
        for torn in (0..TURN_BYTES).step_by(7) {
            // Entry 7 takes the last two slots.
            let mut bytes = whole.clone();
            bytes[TURN_BYTES..TURN_BYTES + torn].copy_from_slice(&next[..torn]);
            fs::write(folder.path().join(FILE_NAME), &bytes).unwrap();
            let read = read(folder.path(), &NETWORK).unwrap();
            assert!([5, 6].contains(&read.height.count()), "torn at {torn}: {read:?}");
        }
    }

    #[test]
    fn a_lost_turn_is_doubtful_and_no_entry_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let whole = five(folder.path());
        let path = folder.path().join(FILE_NAME);
        // Entry 6, of block 5, is in the first two slots.
        for (lost, height) in [(0, 4), (TURN_BYTES, 5)] {
            let mut bytes = whole.clone();
            bytes[lost..lost + TURN_BYTES].fill(0);
            fs::write(&path, &bytes).unwrap();
            let read = read(folder.path(), &NETWORK).unwrap();
            assert_eq!((read.height.count(), read.is_doubtful), (height, true));
        }
        for bytes in [&b""[..], b"EARNCMTD", &whole[..100], &[0; SLOTS * SLOT_BYTES]] {
            fs::write(&path, bytes).unwrap();
            let refused = read(folder.path(), &NETWORK);
            assert!(matches!(refused, Err(CommittedError::Damaged { .. })), "{refused:?}");
        }
        fs::remove_file(&path).unwrap();
        let refused = read(folder.path(), &NETWORK);
        assert!(matches!(refused, Err(CommittedError::Missing { .. })));
    }

    #[test]
    fn another_network_and_another_format_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = five(folder.path());
        let other = read(folder.path(), &Digest([8; 32]));
        assert!(matches!(other, Err(CommittedError::OtherNetwork { got: NETWORK, .. })));
        bytes[8] = 2;
        let check = blake3::hash(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..CHECKED_BYTES + 32].copy_from_slice(check.as_bytes());
        fs::write(folder.path().join(FILE_NAME), &bytes).unwrap();
        let refused = read(folder.path(), &NETWORK);
        assert!(matches!(refused, Err(CommittedError::Format { got: 2, .. })));
    }
}
