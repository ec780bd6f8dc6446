//! Putting a backup back, into a directory that holds nothing.

use std::{
    io,
    path::{Path, PathBuf},
};

use earnest_durable::fs;

use super::{
    BackupError, DATA_NAME, FORMAT_VERSION, FileEntry, MANIFEST_NAME, Manifest, at, copy,
    make_empty, measure, names_in,
};
use crate::{
    boot::{Depth, examine},
    config::Limits,
    store::{self, Store, StoreError},
};

/// Makes a data directory at `to`, which must not exist or be empty, from the backup at `from`;
/// checks every file, and that the last block and the root are those of the manifest.
///
/// # Errors
/// Why not. What is at `to` then is no network, and may be removed.
pub fn restore(from: &Path, to: &Path) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    if Store::is_at(to) {
        return Err(StoreError::Exists { dir: to.to_owned() }.into());
    }
    let data = from.join(DATA_NAME);
    let files = check_files(&data, &manifest.files)?;
    make_empty(to)?;
    let lock = store::lock(to)?;
    // The genesis makes it a network, so it comes last.
    let (genesis, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(name, _)| name == Path::new(store::GENESIS));
    for (name, entry) in others.iter().chain(&genesis) {
        let copied = copy(&data.join(name), &to.join(name))?;
        if copied != (entry.bytes, entry.blake3) {
            let path = data.join(name);
            return Err(BackupError::OtherFile { path, why: "it changed while it was copied" });
        }
    }
    drop(lock);
    check_chain(to, &manifest).inspect_err(|_| {
        // It must not be taken for a network.
        let _ = fs::remove_file(&to.join(store::GENESIS));
    })?;
    Ok(manifest)
}

fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST_NAME);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupError::NoManifest { path });
        }
        text => text.map_err(at(&path))?,
    };
    let malformed = |why: String| BackupError::ManifestMalformed { path: path.clone(), why };
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
    let format = value.get("format").and_then(serde_json::Value::as_u64);
    if let Some(got) = format.and_then(|got| u32::try_from(got).ok())
        && got != FORMAT_VERSION
    {
        return Err(BackupError::Format { path, got });
    }
    serde_json::from_value(value).map_err(|error| malformed(error.to_string()))
}

/// Every file is there with the bytes that the manifest names.
fn check_files<'a>(
    data: &Path,
    entries: &'a [FileEntry],
) -> Result<Vec<(PathBuf, &'a FileEntry)>, BackupError> {
    let mut files = Vec::new();
    for entry in entries {
        let name = names_in(&entry.path).ok_or_else(|| BackupError::OtherFile {
            path: PathBuf::from(&entry.path),
            why: "its path leads out of the backup",
        })?;
        let path = data.join(&name);
        let why = match measure(&path) {
            Err(error) if error.is_gone() => Some("it is missing"),
            Err(error) => return Err(error),
            Ok((bytes, _)) if bytes != entry.bytes => Some("it has another size"),
            Ok((_, blake3)) if blake3 != entry.blake3 => Some("it has another hash"),
            Ok(_) => None,
        };
        if let Some(why) = why {
            return Err(BackupError::OtherFile { path, why });
        }
        files.push((name, entry));
    }
    Ok(files)
}

/// What was restored ends as the manifest says.
fn check_chain(to: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let store = Store::open(to)?;
    store.beacon_secret()?;
    let booted = examine(&store, Limits::default(), Depth::Snapshot)?;
    let (height, root) = (booted.state.height(), booted.root);
    let is_same = store.network() == manifest.network
        && (height, root, booted.block) == (manifest.height, manifest.root, manifest.block);
    if is_same {
        return Ok(());
    }
    Err(BackupError::OtherChain { path: to.to_owned(), height, root })
}
