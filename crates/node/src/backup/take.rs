//! Taking a backup, of a directory that is stopped or of a node that runs.
//!
//! A running node appends to the last segment, begins segments, and may remove snapshots and
//! segments. So what was acknowledged is read first, then the rest is copied, and the copy is what
//! is checked: it has that block, and whatever came meanwhile as far as it is whole. If a file went
//! while it was being copied, all is copied again.

use std::{
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use earnest_durable::{Kind, fs};
use earnest_protocol::{Digest, Height};

use super::{
    BackupError, DATA_NAME, FORMAT_VERSION, FileEntry, MANIFEST_NAME, Manifest, Scope, Source, at,
    copy, make_empty, measure,
};
use crate::{
    beacon, blobs,
    boot::{self, BootError},
    committed::{self, CommittedError},
    config::Limits,
    log::{self, BlockId, LogError, Reading, Repair, Segments},
    snapshot,
    store::{self, Store, StoreError},
};

/// How often copying begins anew because a running node removed what was being copied.
const ATTEMPTS: u32 = 10;

/// Copies the network in `dir` to `to`, which must not exist or be empty, and checks the copy.
///
/// # Errors
/// Why there is no backup. What is in `to` then is none, and may be removed.
pub fn back_up(dir: &Path, to: &Path, scope: Scope) -> Result<(Manifest, Source), BackupError> {
    let network = Store::genesis_at(dir)?.network();
    // Held until the end, so that nobody starts on what is being copied.
    let (source, _lock) = match store::lock(dir) {
        Ok(lock) => (Source::Stopped, Some(lock)),
        Err(StoreError::InUse { .. }) => (Source::Running, None),
        Err(error) => return Err(error.into()),
    };
    make_empty(to)?;
    let data = to.join(DATA_NAME);
    let mut attempts = 1;
    let copied = loop {
        match copy_ledger(dir, &data, &network).and_then(|()| check(&data)) {
            Ok(copied) => break copied,
            Err(error) if source == Source::Stopped || !is_passing(&error) => return Err(error),
            Err(_) if attempts == ATTEMPTS => {
                return Err(BackupError::Restless { path: dir.to_owned(), attempts });
            }
            Err(_) => attempts += 1,
        }
        empty(&data)?;
    };
    if scope == Scope::LedgerAndBlobs {
        for name in blobs::FOLDER_NAMES {
            copy_tree(&dir.join(name), &data.join(name))?;
        }
    }
    let manifest = manifest(&data, copied, scope)?;
    let path = to.join(MANIFEST_NAME);
    let text = serde_json::to_vec_pretty(&manifest).expect("a manifest has string keys only");
    earnest_durable::write(&path, Kind::New, |file| file.write_all(&text)).map_err(at(&path))?;
    Ok((manifest, source))
}

/// True of what a node that removes old snapshots and segments causes while they are copied.
fn is_passing(error: &BackupError) -> bool {
    let is_passed_by = matches!(
        error,
        BackupError::Store(StoreError::Log(LogError::SegmentMissing { .. }))
            | BackupError::Boot(BootError::NoSnapshot { .. })
    );
    is_passed_by || error.is_gone()
}

/// Copies everything but blobs; what was acknowledged is read first.
fn copy_ledger(dir: &Path, data: &Path, network: &Digest) -> Result<(), BackupError> {
    let acknowledged = match committed::read(dir, network) {
        Err(CommittedError::Damaged { .. }) => committed::read(dir, network), // Being written.
        read => read,
    };
    let acknowledged = acknowledged.map_err(LogError::from)?;
    let folder = dir.join(snapshot::FOLDER_NAME);
    let snapshots = snapshot::list(&folder).map_err(at(&folder))?;
    let copies = data.join(snapshot::FOLDER_NAME);
    earnest_durable::make_folder(&copies).map_err(at(&copies))?;
    for path in snapshots {
        let name = path.file_name().unwrap_or_default();
        copy(&path, &copies.join(name))?;
    }
    let segments = Segments::find(dir, network)?;
    segments.copy_base(data)?;
    for segment in segments.iter() {
        copy(segment.path(), &log::path_of(data, segment.first()))?;
    }
    copy(&dir.join(beacon::FILE_NAME), &data.join(beacon::FILE_NAME))?;
    copy(&dir.join(store::GENESIS), &data.join(store::GENESIS))?;
    let (height, hash) = (acknowledged.height, &acknowledged.hash);
    Ok(committed::renew(data, network, height, hash).map_err(LogError::from)?)
}

/// Copies the files of a folder's folders, but for drafts. One that goes meanwhile is left out.
fn copy_tree(from: &Path, to: &Path) -> Result<(), BackupError> {
    let paths = match fs::list(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        paths => paths.map_err(at(from))?,
    };
    for path in paths {
        let to = to.join(path.file_name().unwrap_or_default());
        if fs::is_dir(&path) {
            copy_tree(&path, &to)?;
        } else if !earnest_durable::is_draft(&path) {
            match copy(&path, &to) {
                Err(error) if !error.is_gone() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(())
}

/// What was copied, and where it ends.
struct Copied {
    network: Digest,
    name: String,
    blocks_from: Height,
    last: BlockId,
    root: Digest,
}

/// Reads every record of the copy, mends it as a start would, and says what it is.
fn check(data: &Path) -> Result<Copied, BackupError> {
    let store = Store::open(data)?;
    store.beacon_secret()?;
    let network = store.network();
    let segments = Segments::find(data, &network)?;
    let blocks_from = Height::new(segments.base().height.count().saturating_add(1));
    Reading::of(segments, Height::ZERO, Repair::Refuse, |_| Ok::<_, LogError>(()))?;
    let booted = boot::boot(&store, Limits::default(), Repair::Refuse)?;
    let last = BlockId { height: booted.state.height(), hash: booted.block };
    let name = store.genesis().name.clone();
    drop(store);
    let lock = data.join(store::LOCK);
    fs::remove_file(&lock).map_err(at(&lock))?;
    Ok(Copied { network, name, blocks_from, last, root: booted.root })
}

/// What is said of a copy that was checked.
fn manifest(data: &Path, copied: Copied, scope: Scope) -> Result<Manifest, BackupError> {
    let mut files = Vec::new();
    list(data, &mut PathBuf::new(), &mut files)?;
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Copied { network, name, blocks_from, last, root } = copied;
    Ok(Manifest {
        format: FORMAT_VERSION,
        network,
        name,
        taken_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        blocks_from,
        height: last.height,
        block: last.hash,
        root,
        has_blobs: scope == Scope::LedgerAndBlobs,
        files,
    })
}

/// Every file below a folder.
fn list(data: &Path, below: &mut PathBuf, files: &mut Vec<FileEntry>) -> Result<(), BackupError> {
    let folder = data.join(&*below);
    for path in fs::list(&folder).map_err(at(&folder))? {
        below.push(path.file_name().unwrap_or_default());
        if fs::is_dir(&path) {
            list(data, below, files)?;
        } else {
            let (bytes, blake3) = measure(&path)?;
            files.push(FileEntry { path: below.display().to_string(), bytes, blake3 });
        }
        below.pop();
    }
    Ok(())
}

/// Removes every file below a folder.
fn empty(folder: &Path) -> Result<(), BackupError> {
    for path in fs::list(folder).map_err(at(folder))? {
        if fs::is_dir(&path) {
            empty(&path)?;
        } else {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}
