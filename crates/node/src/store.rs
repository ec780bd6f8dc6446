//! The store: everything a node keeps, in one data directory.
//!
//! ```text
//! lock            held while a node runs; its text is the process's number
//! genesis.json    what the network began with; its digest is the network's name
//! log/            see `log`
//! committed       see `committed`
//! snapshots/      see `snapshot`
//! blobs/ inputs/  see `blobs`
//! beacon.secret   see `beacon`; readable by its owner only
//! ```
//!
//! Laws: one process at a time; a directory is a store only once its genesis, written last, is
//! there; nothing here believes a file that does not check.
//! Not here: carrying blocks out (`boot`).

use std::{
    fmt,
    fs::TryLockError,
    io::{self, Write},
    path::{Path, PathBuf},
};

use earnest_durable::{
    Kind,
    fs::{self, Access, File},
};
use earnest_protocol::{Digest, Genesis, State, genesis::GenesisRejected};

use crate::{
    beacon::BeaconSecret,
    log::{Log, LogError},
    snapshot::{self, Snapshot, SnapshotError},
};

/// Name of the genesis in a data directory.
pub(crate) const GENESIS: &str = "genesis.json";
/// Name of the file that is held.
pub(crate) const LOCK: &str = "lock";

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A store is there already.
    #[error("{dir} holds a network already; choose another directory")]
    Exists {
        /// Where.
        dir: PathBuf,
    },
    /// No store is there.
    #[error("{dir} holds no network; make one first")]
    Missing {
        /// Where.
        dir: PathBuf,
    },
    /// Another process uses it.
    #[error("{dir} is in use by process {pid}; stop it first")]
    InUse {
        /// Where.
        dir: PathBuf,
        /// Which process, as it said.
        pid: String,
    },
    /// The genesis cannot be read.
    #[error("{path} is not a genesis: {why}")]
    GenesisMalformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The genesis breaks a rule.
    #[error("{}", earnest_api::Refusal::from(.0))]
    Genesis(GenesisRejected),
    /// The beacon secret is not that of the genesis.
    #[error(
        "the beacon secret is not the one that this genesis anchors; restore both from one backup"
    )]
    OtherBeacon,
    /// The block log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<GenesisRejected> for StoreError {
    fn from(rejected: GenesisRejected) -> StoreError {
        StoreError::Genesis(rejected)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

/// A data directory that this process holds.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    genesis: Genesis,
    network: Digest,
    _lock: Lock,
}

impl Store {
    /// Makes a data directory for a network that begins with `genesis`.
    ///
    /// # Errors
    /// If a store is there already, the genesis breaks a rule, the secret is not the one whose
    /// anchors it names, or the disk says no.
    pub fn create(dir: &Path, genesis: &Genesis, secret: &BeaconSecret) -> Result<(), StoreError> {
        State::new(genesis)?;
        if secret.genesis(genesis.beacon.chain_blocks) != genesis.beacon {
            return Err(StoreError::OtherBeacon);
        }
        earnest_durable::make_folder(dir).map_err(at(dir))?;
        let _lock = lock(dir)?;
        if Store::is_at(dir) {
            return Err(StoreError::Exists { dir: dir.to_owned() });
        }
        // What a process that stopped half-way left; without a genesis it belongs to nobody.
        crate::log::clear(dir).map_err(at(dir))?;
        for name in [crate::committed::FILE_NAME, crate::beacon::FILE_NAME] {
            match fs::remove_file(&dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&dir.join(name))(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        secret.write(dir).map_err(at(&dir.join(crate::beacon::FILE_NAME)))?;
        Log::create(dir, &genesis.network())?;
        let snapshots = dir.join(snapshot::FOLDER_NAME);
        earnest_durable::make_folder(&snapshots).map_err(at(&snapshots))?;
        let text = serde_json::to_vec_pretty(genesis).expect("a genesis has string keys only");
        let path = dir.join(GENESIS);
        earnest_durable::write(&path, Kind::New, |file| file.write_all(&text)).map_err(at(&path))
    }

    /// True if a store is in this directory.
    pub fn is_at(dir: &Path) -> bool {
        fs::is_file(&dir.join(GENESIS))
    }

    /// Opens a data directory and holds it until dropped.
    ///
    /// # Errors
    /// If there is none, another process holds it, or its genesis cannot be read.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        let store = Store::hold(dir)?;
        let snapshots = store.snapshots();
        earnest_durable::make_folder(&snapshots).map_err(at(&snapshots))?;
        for folder in store.folders() {
            earnest_durable::sweep(&folder).map_err(at(&folder))?;
            // A name that a killed process gave may not be on the disk yet, and blocks would be
            // written into a file that a power cut takes away.
            fs::sync_folder(&folder).map_err(at(&folder))?;
        }
        Ok(store)
    }

    /// The same, but changes nothing: no folder is made, no draft removed.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn hold(dir: &Path) -> Result<Store, StoreError> {
        let genesis = Store::genesis_at(dir)?;
        let lock = lock(dir)?;
        let network = genesis.network();
        Ok(Store { dir: dir.to_owned(), genesis, network, _lock: lock })
    }

    /// Files that a process was writing when it was stopped; opening removes them.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn drafts(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut drafts = Vec::new();
        for folder in self.folders() {
            for path in fs::list(&folder).map_err(at(&folder))? {
                drafts.extend(earnest_durable::is_draft(&path).then_some(path));
            }
        }
        Ok(drafts)
    }

    /// The folders of whole files, as far as they are there.
    fn folders(&self) -> Vec<PathBuf> {
        let folders = [self.dir.clone(), self.snapshots(), self.dir.join(crate::log::FOLDER_NAME)];
        folders.into_iter().filter(|folder| fs::is_dir(folder)).collect()
    }

    /// Reads the genesis of a data directory without holding it.
    ///
    /// # Errors
    /// If there is none or it cannot be read.
    pub fn genesis_at(dir: &Path) -> Result<Genesis, StoreError> {
        if !Store::is_at(dir) {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        }
        let path = dir.join(GENESIS);
        let text = fs::read(&path).map_err(at(&path))?;
        let malformed = |error: serde_json::Error| StoreError::GenesisMalformed {
            path: path.clone(),
            why: error.to_string(),
        };
        serde_json::from_slice(&text).map_err(malformed)
    }

    /// What the network began with.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The network's name.
    pub fn network(&self) -> Digest {
        self.network
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The operator's secret, checked against the genesis.
    ///
    /// # Errors
    /// If it is not there or not the one that the genesis anchors.
    pub fn beacon_secret(&self) -> Result<BeaconSecret, StoreError> {
        let path = self.dir.join(crate::beacon::FILE_NAME);
        let secret = BeaconSecret::read(&self.dir).map_err(at(&path))?;
        if secret.genesis(self.genesis.beacon.chain_blocks) != self.genesis.beacon {
            return Err(StoreError::OtherBeacon);
        }
        Ok(secret)
    }

    /// Where snapshots are.
    pub fn snapshots(&self) -> PathBuf {
        self.dir.join(snapshot::FOLDER_NAME)
    }

    /// Every snapshot that checks, latest first, with those that do not and why.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn checked_snapshots(&self) -> Result<(Vec<Snapshot>, Vec<Skipped>), StoreError> {
        let folder = self.snapshots();
        let (mut checked, mut skipped) = (Vec::new(), Vec::new());
        for path in snapshot::list(&folder).map_err(at(&folder))? {
            match snapshot::read(&path, &self.network) {
                Ok(snapshot) => checked.push(snapshot),
                Err(why) => skipped.push(Skipped { path, why }),
            }
        }
        Ok((checked, skipped))
    }

    /// The latest snapshot that checks, with those that were skipped and why.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn latest_snapshot(&self) -> Result<(Option<Snapshot>, Vec<Skipped>), StoreError> {
        let folder = self.snapshots();
        let mut skipped = Vec::new();
        for path in snapshot::list(&folder).map_err(at(&folder))? {
            match snapshot::read(&path, &self.network) {
                Ok(snapshot) => return Ok((Some(snapshot), skipped)),
                Err(why) => skipped.push(Skipped { path, why }),
            }
        }
        Ok((None, skipped))
    }
}

/// A snapshot that must not be used.
#[derive(Debug)]
pub struct Skipped {
    /// Which file.
    pub path: PathBuf,
    /// Why not.
    pub why: SnapshotError,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot {} is not used: {}", self.path.display(), self.why)
    }
}

/// What keeps others out; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Said outright: closing the file is not enough while a child that is just being started
        // has a copy of it. If it fails, closing has to do.
        let _ = self.0.unlock();
    }
}

/// Holds a directory, so that no other process uses it.
pub(crate) fn lock(dir: &Path) -> Result<Lock, StoreError> {
    let path = dir.join(LOCK);
    let file = File::open(&path, Access::Create).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read(&path).unwrap_or_default();
            let pid = String::from_utf8_lossy(&pid).trim().to_owned();
            return Err(StoreError::InUse { dir: dir.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
    }
    let mut lock = Lock(file);
    lock.0.set_len(0).map_err(at(&path))?;
    match writeln!(lock.0, "{}", std::process::id()) {
        // It only says who holds the directory; a node must start on a full disk, too.
        Err(error) if !earnest_durable::is_full(&error) => Err(at(&path)(error)),
        Ok(()) | Err(_) => Ok(lock),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use earnest_protocol::Blocks;

    use super::*;

    fn genesis(secret: &BeaconSecret) -> Genesis {
        let beacon = secret.genesis(Blocks::new(10));
        Genesis { name: "test".into(), beacon, ..Genesis::default() }
    }

    #[test]
    fn a_directory_is_held_by_one_and_never_made_twice() {
        let dir = tempfile::tempdir().unwrap();
        let secret = BeaconSecret::of_seed(1);
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Missing { .. })));
        Store::create(dir.path(), &genesis(&secret), &secret).unwrap();
        let again = Store::create(dir.path(), &genesis(&secret), &secret);
        assert!(matches!(again, Err(StoreError::Exists { .. })));
        let store = Store::open(dir.path()).unwrap();
        let Err(StoreError::InUse { pid, .. }) = Store::open(dir.path()) else { panic!() };
        assert_eq!(pid, std::process::id().to_string());
        assert_eq!(store.genesis(), &genesis(&secret));
        assert_eq!(store.beacon_secret().unwrap(), secret);
        drop(store);
        Store::open(dir.path()).unwrap();
    }

    #[test]
    fn what_was_dropped_is_free_even_while_children_are_being_started() {
        // A child has copies of its parent's open files until it runs its own program.
        let dir = tempfile::tempdir().unwrap();
        let secret = BeaconSecret::of_seed(1);
        Store::create(dir.path(), &genesis(&secret), &secret).unwrap();
        std::thread::scope(|scope| {
            let children = scope.spawn(|| {
                for _ in 0..100 {
                    std::process::Command::new("true").status().unwrap();
                }
            });
            while !children.is_finished() {
                drop(Store::open(dir.path()).unwrap());
            }
        });
    }

    #[test]
    fn a_half_made_directory_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let secret = BeaconSecret::of_seed(1);
        Log::create(dir.path(), &Digest::ZERO).unwrap();
        fs::write(dir.path().join(crate::beacon::FILE_NAME), b"half").unwrap();
        Store::create(dir.path(), &genesis(&secret), &secret).unwrap();
        Store::open(dir.path()).unwrap();
    }

    #[test]
    fn another_secret_and_a_broken_genesis_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, other) = (BeaconSecret::of_seed(1), BeaconSecret::of_seed(2));
        let refused = Store::create(dir.path(), &genesis(&secret), &other);
        assert!(matches!(refused, Err(StoreError::OtherBeacon)));
        Store::create(dir.path(), &genesis(&secret), &secret).unwrap();
        fs::write(dir.path().join(GENESIS), b"{\"name\": 3}").unwrap();
        let refused = Store::open(dir.path());
        assert!(matches!(refused, Err(StoreError::GenesisMalformed { .. })));
    }
}
