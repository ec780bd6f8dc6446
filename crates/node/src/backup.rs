//! Backups: a copy of a network's directory that was checked, and putting it back.
//!
//! ```text
//! manifest.json    what it is of, and every file of `data` with its size and blake3; written last
//! data/            laid out as a data directory: genesis, log, snapshots, `committed`, secret
//! ```
//!
//! A plain folder, not an archive of a format of its own: it can be looked at, packed and copied
//! with any tool, and a file of it that is damaged is named.
//! Laws: a backup has every block that was acknowledged when it began; what it holds was read, hash
//! by hash, and leads from its snapshot to the root that it names; without its manifest it is none.
//! Nothing is ever restored over something, and a directory is a network only once every file
//! of it was written and checked.
//! Known shortcoming: whoever restores an older backup shows beacon secrets that were shown before.
//! Not here: what is said about it to a person (`earnest-cli`).

mod restore;
mod take;

use std::{
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use earnest_durable::{
    Kind,
    fs::{self, Access, File},
};
use earnest_protocol::{Digest, Height};
use serde::{Deserialize, Serialize};

use crate::{boot::BootError, log::LogError, store::StoreError};

pub use restore::restore;
pub use take::back_up;

/// The format that this code writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// Name of the manifest in a backup.
pub const MANIFEST_NAME: &str = "manifest.json";
/// Name of the folder of files in a backup.
pub const DATA_NAME: &str = "data";
/// Bytes copied at once.
const PIECE_BYTES: usize = 1 << 20;

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of the backup.
    pub format: u32,
    /// The network's name in signatures.
    pub network: Digest,
    /// The network's name for people.
    pub name: String,
    /// When it was finished, in milliseconds since the Unix epoch.
    pub taken_ms: u64,
    /// The first block that it has.
    pub blocks_from: Height,
    /// The last.
    pub height: Height,
    /// The hash of that one.
    pub block: Digest,
    /// The root of the state after it.
    pub root: Digest,
    /// Whether programs, inputs and outputs are in it.
    pub has_blobs: bool,
    /// Every file below `data`.
    pub files: Vec<FileEntry>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where, below `data`, with `/` between names.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its blake3.
    pub blake3: Digest,
}

/// Which files are backed up beside the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// None.
    Ledger,
    /// Programs, inputs, states and outputs, too.
    LedgerAndBlobs,
}

/// Whether a node was running while it was backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody held the directory.
    Stopped,
    /// A node went on making blocks.
    Running,
}

/// Why nothing was backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The disk said no.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory that should be written holds something.
    #[error("{path} is not empty. Choose a directory that does not exist yet")]
    NotEmpty {
        /// Which directory.
        path: PathBuf,
    },
    /// There is no backup, or it was never finished.
    #[error("{path} is missing: this is no backup, or one that was not finished. Take it again")]
    NoManifest {
        /// The manifest.
        path: PathBuf,
    },
    /// The manifest cannot be read.
    #[error("{path} is not the manifest of a backup: {why}")]
    ManifestMalformed {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The backup is of another format.
    #[error(
        "{path} has format {got}, this version reads {FORMAT_VERSION}. Use the version that wrote \
         it"
    )]
    Format {
        /// The manifest.
        path: PathBuf,
        /// Its version.
        got: u32,
    },
    /// A file is not what the manifest says.
    #[error("{path} is not the file that the manifest names: {why}. Use another backup")]
    OtherFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// What was restored is not what the manifest says.
    #[error(
        "what was restored to {path} ends at block {height} with root {root}, not as the manifest \
         says. It is not used. Use another backup"
    )]
    OtherChain {
        /// Where.
        path: PathBuf,
        /// The last block that is there.
        height: Height,
        /// The root after it.
        root: Digest,
    },
    /// The node kept removing files while they were copied.
    #[error("{path} changed {attempts} times while it was copied. Try again, or stop the node")]
    Restless {
        /// The data directory.
        path: PathBuf,
        /// How often it was tried.
        attempts: u32,
    },
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in it does not check.
    #[error(transparent)]
    Boot(#[from] BootError),
}

impl From<LogError> for BackupError {
    fn from(error: LogError) -> BackupError {
        BackupError::Store(StoreError::Log(error))
    }
}

impl BackupError {
    /// True if a file that was listed is gone.
    fn is_gone(&self) -> bool {
        let source = match self {
            BackupError::Io { source, .. } => source,
            BackupError::Store(StoreError::Log(LogError::Io { source, .. })) => source,
            _ => return false,
        };
        source.kind() == io::ErrorKind::NotFound
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}

/// Makes a folder that may be there, but empty.
fn make_empty(path: &Path) -> Result<(), BackupError> {
    match fs::list(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(at(path)(error)),
        Ok(found) if found.is_empty() => {}
        Ok(_) => return Err(BackupError::NotEmpty { path: path.to_owned() }),
    }
    earnest_durable::make_folder(path).map_err(at(path))
}

/// Copies a file, whole or not at all, and says what was copied. Secrets stay secret.
fn copy(from: &Path, to: &Path) -> Result<(u64, Digest), BackupError> {
    let is_secret = to.file_name().is_some_and(|name| name == crate::beacon::FILE_NAME);
    let kind = if is_secret { Kind::Secret } else { Kind::New };
    let file = File::open(from, Access::Read).map_err(at(from))?;
    let folder = to.parent().unwrap_or(Path::new("."));
    earnest_durable::make_folder(folder).map_err(at(folder))?;
    let mut read = (0, Digest::ZERO);
    let written = earnest_durable::write(to, kind, |out| {
        read = pour(file, out)?;
        Ok(())
    });
    written.map_err(at(to)).map(|()| read)
}

/// The size and hash of a file.
fn measure(path: &Path) -> Result<(u64, Digest), BackupError> {
    let file = File::open(path, Access::Read).map_err(at(path))?;
    pour(file, &mut io::sink()).map_err(at(path))
}

/// Everything from one into the other; its size and hash.
fn pour(mut from: impl Read, to: &mut dyn Write) -> io::Result<(u64, Digest)> {
    let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0u64);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece)?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((bytes, Digest(*hasher.finalize().as_bytes())));
        };
        hasher.update(part);
        to.write_all(part)?;
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}

/// The names of a path below `data`, if it is one that a backup may have.
fn names_in(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && path.components().next().is_some()).then(|| path.to_owned())
}
