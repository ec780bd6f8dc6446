//! Claims: what one process at a time may use, a folder or a key.
//!
//! A folder is claimed by a lock on the file `lock` in it, which says whose process holds it; a key
//! by a lock on its own file, which is never written.
//!
//! Laws: a claim ends with its process, however that ends, so nothing is left to clean up; who
//! comes second is told who was first and changes nothing.
//! Known shortcoming: two copies of one key, or two machines, do not know of each other.
//! Not here: the node's own lock (`earnest-node`), which is of the same kind and in the same place.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// The file by which a folder is claimed.
pub const LOCK: &str = "lock";
/// Looks before a claim is given up: who was told to stop a moment ago needs some.
const TRIES: u32 = 15;
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What keeps others out, until it is dropped or its process ends.
#[derive(Debug)]
pub struct Claim(File);

/// Why something could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another process uses it.
    #[error("{} is in use by another process{}", path.display(), process(*pid))]
    InUse {
        /// What.
        path: PathBuf,
        /// Whose it is, if that is known.
        pid: Option<u32>,
    },
    /// It cannot be looked at.
    #[error("cannot claim {}: {source}", path.display())]
    Disk {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" ({pid})"))
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Said outright: a child that is just being started may have a copy of the file. If it
        // fails, closing has to do.
        let _ = self.0.unlock();
    }
}

/// Claims a folder that is there.
///
/// # Errors
/// If another process has it, or the disk does not let us.
pub fn folder(folder: &Path) -> Result<Claim, ClaimError> {
    let path = folder.join(LOCK);
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let claim = claim(opened, folder, || fs::read_to_string(&path).ok()?.trim().parse().ok())?;
    // It only says who holds the folder: on a full disk the claim stands without it.
    let _ = claim.0.set_len(0).and_then(|()| writeln!(&claim.0, "{}", std::process::id()));
    Ok(claim)
}

/// Claims a key's file.
///
/// # Errors
/// If another process has it, or the file cannot be read.
pub fn key(file: &Path) -> Result<Claim, ClaimError> {
    claim(File::open(file), file, || None)
}

fn claim(
    opened: io::Result<File>,
    path: &Path,
    holder: impl Fn() -> Option<u32>,
) -> Result<Claim, ClaimError> {
    let disk = |source| ClaimError::Disk { path: path.to_owned(), source };
    let file = opened.map_err(disk)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Claim(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
    }
    Err(ClaimError::InUse { path: path.to_owned(), pid: holder() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_claimed_once_and_again_after_its_holder() {
        let dir = tempfile::tempdir().unwrap();
        let first = folder(dir.path()).unwrap();
        let second = folder(dir.path()).unwrap_err().to_string();
        assert!(second.contains(&format!("({})", std::process::id())), "{second}");
        drop(first);
        folder(dir.path()).unwrap();
    }

    #[test]
    fn a_key_that_is_claimed_keeps_its_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key.json");
        fs::write(&file, "{}").unwrap();
        let _first = key(&file).unwrap();
        assert!(matches!(key(&file), Err(ClaimError::InUse { pid: None, .. })));
        assert_eq!(fs::read_to_string(&file).unwrap(), "{}");
        assert!(matches!(key(&dir.path().join("none")), Err(ClaimError::Disk { .. })));
    }
}
