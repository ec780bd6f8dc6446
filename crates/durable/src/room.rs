//! Room on a disk: what is left, and what is kept for a file that will grow.
//!
//! Law: a range that is held can be written without finding the disk full, whoever fills it.
//! Known shortcoming: some file systems cannot hold room, among them network shares; a caller is
//! told, and can only watch what is left.
//! Not here: how much is needed, and what to do without it (`earnest-node`).

use std::{fs::File, io, path::Path};

/// Whether room was got for bytes that are not written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is kept for this file.
    Held,
    /// This file system cannot keep room.
    Unsupported,
}

/// See [`File::hold`](crate::fs::File::hold).
pub(crate) fn hold(file: &File, from: u64, bytes: u64) -> io::Result<Hold> {
    #[cfg(target_os = "linux")]
    {
        use rustix::{
            fs::{FallocateFlags, fallocate},
            io::Errno,
        };
        match fallocate(file, FallocateFlags::KEEP_SIZE, from, bytes) {
            Ok(()) => Ok(Hold::Held),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(Hold::Unsupported),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, from, bytes);
        Ok(Hold::Unsupported)
    }
}

/// See [`free_bytes`](crate::free_bytes).
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// True if the disk, or what its owner may use of it, is full.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
