//! Snapshots: the state at some heights, so that a start need not replay everything.
//!
//! One file a snapshot, `snapshots/<height, 20 digits>.state`. Integers are little-endian.
//!
//! ```text
//!   0   8  magic "EARNSNAP"
//!   8   4  format version, 1
//!  12   4  zero
//!  16  32  the network's name
//!  48   8  height
//!  56  32  hash of the block at that height
//!  88  32  root of the state
//! 120   8  length of the payload
//! 128  32  blake3 of bytes 0 to 127 and the payload
//! 160   -  payload: the encoded state
//! ```
//!
//! Laws: a snapshot appears under its name only when it is whole on the disk; two are kept; one
//! that does not check is never used, and why not is reported. A snapshot is a convenience: the
//! log is the truth.
//! Not here: which snapshot a start uses (`store`).

use std::{
    io,
    path::{Path, PathBuf},
};

use earnest_durable::{Kind, fs};
use earnest_protocol::{Digest, Height, State};

/// Name of the folder in a data directory.
pub const FOLDER_NAME: &str = "snapshots";
/// The format that this code writes and reads. It also changes when the state's encoding does.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"EARNSNAP";
const ENDING: &str = "state";
const KEPT: usize = 2;
const HEAD_BYTES: usize = 128;
const PAYLOAD_AT: usize = 160;

/// A state and where it belongs.
#[derive(Debug)]
pub struct Snapshot {
    /// The state, whose root was checked.
    pub state: State,
    /// The hash of the block at its height.
    pub block: Digest,
}

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin as a snapshot does, or is cut short.
    #[error("it is not a whole snapshot")]
    NotASnapshot,
    /// It is of another format.
    #[error("it has format {got}, this version reads {FORMAT_VERSION}")]
    Format {
        /// Its version.
        got: u32,
    },
    /// It is of another network.
    #[error("it belongs to another network")]
    OtherNetwork,
    /// A bit of it changed.
    #[error("its checksum does not match")]
    Damaged,
    /// It holds no state, or one of another height or root than it says.
    #[error("it holds another state than it says")]
    OtherState,
}

/// Writes a snapshot of `state`, whose root is `root` and whose last block is `block`; then
/// removes all but the latest two.
///
/// # Errors
/// If the disk says no; snapshots written before are untouched.
pub fn write(folder: &Path, state: &State, root: &Digest, block: &Digest) -> io::Result<PathBuf> {
    let payload = postcard::to_allocvec(state).map_err(io::Error::other)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&state.network().0);
    bytes.extend_from_slice(&state.height().count().to_le_bytes());
    bytes.extend_from_slice(&block.0);
    bytes.extend_from_slice(&root.0);
    bytes.extend_from_slice(&u64::try_from(payload.len()).unwrap_or(u64::MAX).to_le_bytes());
    let check = check(&bytes, &payload);
    bytes.extend_from_slice(&check);
    let path = folder.join(format!("{:020}.{ENDING}", state.height().count()));
    earnest_durable::write(&path, Kind::Replacement, |file| {
        file.write_all(&bytes)?;
        file.write_all(&payload)
    })?;
    for old in list(folder)?.into_iter().skip(KEPT) {
        fs::remove_file(&old)?;
    }
    Ok(path)
}

/// The snapshots of a folder, latest first; none if there is no folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let found = match fs::list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(paths),
        found => found?,
    };
    for path in found {
        if path.extension().is_some_and(|ending| ending == ENDING) {
            paths.push(path);
        }
    }
    paths.sort_unstable_by(|a, b| b.cmp(a));
    Ok(paths)
}

/// Bytes of the latest snapshot; 0 if there is none.
pub fn latest_bytes(folder: &Path) -> u64 {
    let latest = list(folder).ok().and_then(|paths| paths.into_iter().next());
    latest.and_then(|path| fs::metadata(&path).ok()).map_or(0, |file| file.bytes)
}

/// The height in a snapshot's name.
pub fn height_of(path: &Path) -> Option<Height> {
    path.file_stem()?.to_str()?.parse().ok().map(Height::new)
}

/// The height of the earlier of two snapshots that both have the bytes that were written: neither
/// needs the blocks up to there. None if there are fewer, or one does not check.
///
/// # Errors
/// If the folder cannot be read.
pub fn both_after(folder: &Path, network: &Digest) -> io::Result<Option<Height>> {
    let paths = list(folder)?;
    if paths.len() < KEPT || !paths.iter().all(|path| bytes_of(path, network).is_ok()) {
        return Ok(None);
    }
    Ok(paths.last().and_then(|path| height_of(path)))
}

/// The bytes of a snapshot: of this network, and unchanged since they were written.
fn bytes_of(path: &Path, network: &Digest) -> Result<Vec<u8>, SnapshotError> {
    let bytes = fs::read(path)?;
    let head = bytes.get(..HEAD_BYTES).ok_or(SnapshotError::NotASnapshot)?;
    if !head.starts_with(&MAGIC) {
        return Err(SnapshotError::NotASnapshot);
    }
    let stated = bytes.get(HEAD_BYTES..PAYLOAD_AT).ok_or(SnapshotError::NotASnapshot)?;
    let payload = bytes.get(PAYLOAD_AT..).ok_or(SnapshotError::NotASnapshot)?;
    let got = u32::from_le_bytes(field(head, 8));
    if got != FORMAT_VERSION {
        return Err(SnapshotError::Format { got });
    }
    if field(head, 16) != network.0 {
        return Err(SnapshotError::OtherNetwork);
    }
    if stated != check(head, payload) {
        return Err(SnapshotError::Damaged);
    }
    let named = height_of(path).map(Height::count);
    if named != Some(u64::from_le_bytes(field(head, 48))) {
        return Err(SnapshotError::OtherState);
    }
    Ok(bytes)
}

/// Reads a snapshot and checks all of it, the root too.
///
/// # Errors
/// Why it must not be used.
pub fn read(path: &Path, network: &Digest) -> Result<Snapshot, SnapshotError> {
    let bytes = bytes_of(path, network)?;
    let (head, payload) = (&bytes[..HEAD_BYTES], &bytes[PAYLOAD_AT..]);
    let state: Result<(State, &[u8]), _> = postcard::take_from_bytes(payload);
    let (mut state, rest) = state.map_err(|_| SnapshotError::OtherState)?;
    let height = Height::new(u64::from_le_bytes(field(head, 48)));
    let is_stated = rest.is_empty()
        && state.network() == *network
        && state.height() == height
        && state.root().0 == field(head, 88);
    let snapshot = Snapshot { state, block: Digest(field(head, 56)) };
    if is_stated { Ok(snapshot) } else { Err(SnapshotError::OtherState) }
}

/// `N` bytes of the head from `at`.
fn field<const N: usize>(head: &[u8], at: usize) -> [u8; N] {
    let bytes = head.iter().skip(at).take(N).copied().collect::<Vec<u8>>();
    bytes.try_into().expect("every field ends before byte 128 of the head")
}

fn check(head: &[u8], payload: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(head).update(payload).finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use earnest_protocol::{Address, Amount, Genesis, genesis::GenesisAccount};

    use super::*;

    fn state() -> State {
        let account = |byte| GenesisAccount {
            address: Address([byte; 20]),
            balance: Amount::tokens(u64::from(byte)),
            payment: Amount::ZERO,
        };
        let accounts = (1..9).map(account).collect();
        State::new(&Genesis { accounts, ..Genesis::default() }).unwrap()
    }

    #[test]
    fn a_snapshot_is_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = state();
        let (root, block) = (state.root(), Digest([4; 32]));
        let path = write(folder.path(), &state, &root, &block).unwrap();
        let mut read = read(&path, &state.network()).unwrap();
        assert_eq!((read.state.root(), read.block), (root, block));
        read.state.check_invariants().unwrap();
        let bytes = |state| postcard::to_allocvec(state).unwrap();
        assert_eq!(bytes(&read.state), bytes(&state));
    }

    #[test]
    fn a_snapshot_cut_short_or_flipped_anywhere_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = state();
        let (root, network) = (state.root(), state.network());
        let path = write(folder.path(), &state, &root, &root).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(read(&path, &network).is_err(), "cut at {at}");
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).unwrap();
            assert!(read(&path, &network).is_err(), "flipped at {at}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(matches!(read(&path, &Digest([9; 32])), Err(SnapshotError::OtherNetwork)));
        let renamed = folder.path().join("00000000000000000009.state");
        fs::rename(&path, &renamed).unwrap();
        assert!(matches!(read(&renamed, &network), Err(SnapshotError::OtherState)));
    }
}
