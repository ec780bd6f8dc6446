//! Blobs: programs, input chunks, states and outputs, named by their own hash.
//!
//! ```text
//! blobs/ab/<64 digits>      the bytes; the name is their blake3
//! inputs/ab/<64 digits>     the hashes of an input's chunks, 32 bytes each; the name is the root
//! ```
//!
//! Laws: a name is given only to bytes that were hashed here; a file appears under its name when it
//! is whole on the disk; what is read is hashed again, so a cut or changed file is never served;
//! one blob, one input and the room that all take on the disk are bounded, empty files included.
//! Known shortcoming: nothing is ever removed; the bound on all is the operator's to raise.
//! Not here: who has to provide which bytes (`earnest-protocol`).

use std::{
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use earnest_compute as compute;
use earnest_durable::{Kind, fs};
use earnest_protocol::Digest;

use crate::config::Limits;

/// Names of the folders in a data directory.
pub const FOLDER_NAMES: [&str; 2] = ["blobs", "inputs"];

/// Bytes of a block, as file systems have them.
const BLOCK: u64 = 4_096;

/// Why a blob was not stored or is not served.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk said no.
    #[error("the blob store's disk failed: {0}")]
    Io(#[from] io::Error),
    /// It has more bytes than one may.
    #[error("a blob of {got} bytes exceeds the {max} that one may have")]
    TooLarge {
        /// Its bytes.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// All blobs together would take more room than they may.
    #[error("all blobs would take {bytes} bytes of the disk, {max} are allowed")]
    Full {
        /// Room with this one.
        bytes: u64,
        /// The most allowed.
        max: u64,
    },
    /// The disk has no more room than blocks and snapshots may need.
    #[error("the disk has {free} bytes left, {wanted} are wanted: the rest is for the ledger")]
    DiskFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that would have to be.
        wanted: u64,
    },
    /// The file's bytes are no longer those of its name.
    #[error("{path} no longer holds the bytes of its name")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// An input has more chunks than one may.
    #[error("{got} chunks exceed the {max} that an input may have")]
    TooManyChunks {
        /// Its chunks.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// Chunks of an input are not stored.
    #[error("{count} chunks are not stored, among them{}", listed(.first))]
    ChunksMissing {
        /// How many.
        count: usize,
        /// The first of them, at most 16.
        first: Vec<Digest>,
    },
}

fn listed(digests: &[Digest]) -> String {
    digests.iter().map(|digest| format!(" {digest}")).collect()
}

/// The store.
#[derive(Debug)]
pub struct Blobs {
    blobs: PathBuf,
    inputs: PathBuf,
    limits: Limits,
    /// Room that all files take; writers hold it, so that the bound holds.
    bytes: Mutex<u64>,
}

impl Blobs {
    /// Opens the store in a data directory, making it if need be; removes what a stopped process
    /// was writing, and flushes the names that it gave.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn open(dir: &Path, limits: Limits) -> io::Result<Blobs> {
        let [blobs, inputs] = FOLDER_NAMES.map(|name| dir.join(name));
        let bytes = sweep(&blobs)?.saturating_add(sweep(&inputs)?);
        Ok(Blobs { blobs, inputs, limits, bytes: Mutex::new(bytes) })
    }

    /// Room that all blobs take on the disk, in bytes of whole blocks.
    pub fn bytes(&self) -> u64 {
        self.bytes.lock().map_or(0, |bytes| *bytes)
    }

    /// True if a blob of this name is there; its bytes are looked at when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        fs::is_file(&place(&self.blobs, digest))
    }

    /// Stores a blob; when this returns it is on the disk.
    ///
    /// # Errors
    /// If it or all together are too large, or the disk says no.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let (got, max) = (bytes.len(), self.limits.blob_bytes_max);
        if got > max {
            return Err(BlobError::TooLarge { got, max });
        }
        let digest = Digest(*blake3::hash(bytes).as_bytes());
        self.write(&place(&self.blobs, &digest), bytes)?;
        Ok(digest)
    }

    /// The bytes of a blob; none if it is not there.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BlobError> {
        let path = place(&self.blobs, digest);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        if *blake3::hash(&bytes).as_bytes() != digest.0 {
            return Err(BlobError::Damaged { path });
        }
        Ok(Some(bytes))
    }

    /// Stores the list of an input's chunks, all of which are stored, and returns its root.
    ///
    /// # Errors
    /// If chunks are missing or too many, or the disk says no.
    pub fn put_input(&self, chunks: &[Digest]) -> Result<Digest, BlobError> {
        let (got, max) = (chunks.len(), self.limits.input_chunks_max);
        let root = root_of(chunks).filter(|_| got <= max);
        let root = root.ok_or(BlobError::TooManyChunks { got, max })?;
        let missing = chunks.iter().filter(|chunk| !self.has(chunk));
        let mut missing: Vec<Digest> = missing.copied().collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            let count = missing.len();
            missing.truncate(16);
            return Err(BlobError::ChunksMissing { count, first: missing });
        }
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.0).collect();
        self.write(&place(&self.inputs, &root), &bytes)?;
        Ok(root)
    }

    /// The chunks of an input; none if the list is not there. The empty input always is.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn input(&self, root: &Digest) -> Result<Option<Vec<Digest>>, BlobError> {
        if root_of(&[]) == Some(*root) {
            return Ok(Some(Vec::new()));
        }
        let path = place(&self.inputs, root);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let (chunks, rest) = bytes.as_chunks::<32>();
        let chunks: Vec<Digest> = chunks.iter().copied().map(Digest).collect();
        if !rest.is_empty() || root_of(&chunks) != Some(*root) {
            return Err(BlobError::Damaged { path });
        }
        Ok(Some(chunks))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), BlobError> {
        let mut total = self.bytes.lock().map_err(|_| io::Error::other("a writer panicked"))?;
        let there = match read(path)? {
            Some(there) if there == bytes => return Ok(keep_name(path)?),
            Some(there) => room(wide(there.len())),
            None => 0,
        };
        let sum = total.saturating_sub(there).saturating_add(room(wide(bytes.len())));
        let max = self.limits.blobs_bytes_max;
        if sum > max {
            return Err(BlobError::Full { bytes: sum, max });
        }
        let free = earnest_durable::free_bytes(&self.blobs)?;
        let wanted = self.limits.disk_floor_bytes.saturating_add(wide(bytes.len()));
        if free < wanted {
            return Err(BlobError::DiskFull { free, wanted });
        }
        earnest_durable::make_folder(path.parent().expect("a place is inside a folder"))?;
        let written = earnest_durable::write(path, Kind::Replacement, |file| file.write_all(bytes));
        if written.as_ref().is_err_and(earnest_durable::is_full) {
            return Err(BlobError::DiskFull { free, wanted });
        }
        written?;
        *total = sum;
        Ok(())
    }
}

fn root_of(chunks: &[Digest]) -> Option<Digest> {
    let chunks: Vec<compute::Digest> = chunks.iter().map(|d| compute::Digest(d.0)).collect();
    compute::Input::root_of(&chunks).map(|root| Digest(root.0))
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// What a file takes on the disk: whole blocks, at least one, which its inode is counted as.
fn room(bytes: u64) -> u64 {
    bytes.max(1).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
}

/// Whoever gave a file its name may have been stopped before the name was on the disk.
fn keep_name(path: &Path) -> io::Result<()> {
    let shelf = path.parent().expect("a place is inside a folder");
    earnest_durable::make_folder(shelf)?;
    fs::sync_folder(shelf)
}

/// Where the bytes of a name are.
fn place(folder: &Path, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    let name = name.strip_prefix("0x").expect("digests are written with 0x");
    let (shelf, _) = name.split_at(2);
    folder.join(shelf).join(name)
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the folder, removes what was being written, makes sure of the names of the rest, and
/// counts the room that it takes.
fn sweep(folder: &Path) -> io::Result<u64> {
    earnest_durable::make_folder(folder)?;
    let mut bytes = 0u64;
    for shelf in fs::list(folder)? {
        if !fs::is_dir(&shelf) {
            continue;
        }
        earnest_durable::sweep(&shelf)?;
        for file in fs::list(&shelf)? {
            bytes = bytes.saturating_add(room(fs::metadata(&file)?.bytes));
        }
        fs::sync_folder(&shelf)?;
    }
    fs::sync_folder(folder)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn open(dir: &Path) -> Blobs {
        let limits = Limits {
            blob_bytes_max: 5_000,
            blobs_bytes_max: 4 * BLOCK,
            input_chunks_max: 4,
            ..Limits::default()
        };
        Blobs::open(dir, limits).unwrap()
    }

    #[test]
    fn a_blob_is_its_hash_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let digest = blobs.put(b"hello").unwrap();
        assert_eq!(digest.0, *blake3::hash(b"hello").as_bytes());
        assert_eq!(blobs.put(b"hello").unwrap(), digest);
        assert_eq!((blobs.bytes(), blobs.has(&digest)), (BLOCK, true));
        assert_eq!(blobs.read(&digest).unwrap().unwrap(), b"hello");
        assert!(blobs.read(&Digest::ZERO).unwrap().is_none());
        let too_large = blobs.put(&[0; 5_001]);
        assert!(matches!(too_large, Err(BlobError::TooLarge { got: 5_001, max: 5_000 })));
        blobs.put(&[1; 5_000]).unwrap();
        assert_eq!(blobs.bytes(), 3 * BLOCK, "a block begun is a block taken");
        let full = blobs.put(&[2; 5_000]);
        let Err(BlobError::Full { bytes, max }) = full else { panic!("{full:?}") };
        assert_eq!((bytes, max), (5 * BLOCK, 4 * BLOCK));
        blobs.put(b"").unwrap();
        assert!(matches!(blobs.put(b"x"), Err(BlobError::Full { .. })), "an empty one counts");
        let unfinished = place(&blobs.blobs, &digest).with_file_name(".unfinished.draft");
        drop(blobs);
        fs::write(&unfinished, b"unfinished").unwrap();
        let blobs = open(dir.path());
        assert_eq!(blobs.bytes(), 4 * BLOCK, "counted anew");
        assert!(!unfinished.exists());
    }

    #[test]
    fn a_forged_truncated_or_flipped_blob_is_never_served_and_can_be_stored_again() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let digest = blobs.put(b"the right bytes").unwrap();
        let path = place(&blobs.blobs, &digest);
        for wrong in [&b""[..], b"the right byte", b"the right bytez", b"something else entirely"] {
            fs::write(&path, wrong).unwrap();
            assert!(matches!(blobs.read(&digest), Err(BlobError::Damaged { .. })));
            blobs.put(b"the right bytes").unwrap();
            assert_eq!(blobs.read(&digest).unwrap().unwrap(), b"the right bytes");
        }
    }

    #[test]
    fn an_input_needs_its_chunks() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let chunks: Vec<Vec<u8>> = vec![b"a".to_vec(), b"b".to_vec(), b"a".to_vec()];
        let input = compute::Input::new(chunks.clone()).unwrap();
        let digests: Vec<Digest> =
            chunks.iter().map(|c| Digest(*blake3::hash(c).as_bytes())).collect();
        blobs.put(b"a").unwrap();
        let missing = blobs.put_input(&digests);
        let Err(BlobError::ChunksMissing { count: 1, first }) = missing else { panic!() };
        assert_eq!(first, [digests[1]]);
        blobs.put(b"b").unwrap();
        let root = blobs.put_input(&digests).unwrap();
        assert_eq!(root.0, input.root().0);
        assert_eq!(blobs.input(&root).unwrap().unwrap(), digests);
        let too_many = blobs.put_input(&[digests[0]; 5]);
        assert!(matches!(too_many, Err(BlobError::TooManyChunks { got: 5, max: 4 })));
        let empty = Digest(compute::Input::new(Vec::new()).unwrap().root().0);
        assert_eq!(blobs.input(&empty).unwrap(), Some(Vec::new()));
        assert_eq!(blobs.input(&Digest::ZERO).unwrap(), None);
        fs::write(place(&blobs.inputs, &root), [1; 64]).unwrap();
        assert!(matches!(blobs.input(&root), Err(BlobError::Damaged { .. })));
    }
}
