//! The door to the disk: what the storage code asks of a file system, and nothing else.
//!
//! Key terms: a [`Disk`] is a file system that is not the machine's own; it is *laid under* a
//! thread by [`on`], and every call of that thread then goes to it. Elsewhere, and always without
//! the feature `simulated`, each call is the one of `std` with the same name.
//!
//! Laws: storage code reaches files through this module alone, so that what is tested over a disk
//! with faults is the code that runs over a real one; the order of writes and flushes is decided
//! above this module, never in it.
//! Known shortcoming: a disk is laid under a thread, not handed from call to call; work that is
//! given to another thread reaches the machine's own.
//! Not here: whole files (the crate's root), what a disk with faults does (`earnest-world`).

use std::{
    fmt,
    fs::{self, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::room::{self, Hold};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading a file that is there.
    Read,
    /// Writing into a file that is there, whose bytes stay.
    Write,
    /// Reading and writing; it is made if it is not there.
    Create,
    /// Writing a new file; one that is there is an error.
    New,
}

/// What a rename does to a file that has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rename {
    /// Takes its place.
    Replace,
    /// Refuses with `AlreadyExists`.
    Keep,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// What is known of a name without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it stands for.
    pub kind: EntryKind,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes that it occupies, those included that are held for it beyond its end.
    pub occupied: u64,
}

/// A file system that is laid under a thread. Every method may fail with what a disk may say.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Opens a file.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn Handle>>;
    /// What a name stands for.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// The paths of what is in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Makes a folder in one that is there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path, rename: Rename) -> io::Result<()>;
    /// Removes a file's name.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Flushes the names in a folder.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Bytes that may still be written.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
    /// A number that it gives once, for the name of a draft.
    fn unique(&self) -> u64;
}

/// An open file of a [`Disk`]. Every method may fail with what a disk may say.
pub trait Handle: fmt::Debug + Send + Sync {
    /// Bytes of the file.
    fn bytes(&self) -> io::Result<u64>;
    /// Reads at most as many bytes as `into` has, from byte `at` on; 0 at the end.
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes at least one of the bytes at `at`; the file grows if need be.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize>;
    /// Makes the file shorter, or longer by zeros; gives back what was held beyond its end.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Flushes the file's bytes and its size.
    fn sync(&self) -> io::Result<()>;
    /// Holds room for bytes to come.
    fn hold(&self, from: u64, bytes: u64) -> io::Result<Hold>;
    /// Locks the file against other handles, until dropped; true if it was free.
    fn try_lock(&self) -> bool;
    /// Gives the lock back.
    fn unlock(&self);
}

#[cfg(feature = "simulated")]
mod laid {
    use std::{cell::RefCell, sync::Arc};

    use super::Disk;

    thread_local! {
        static UNDER: RefCell<Option<Arc<dyn Disk>>> = const { RefCell::new(None) };
    }

    /// Runs `work` with a disk laid under this thread.
    pub fn on<T>(disk: Arc<dyn Disk>, work: impl FnOnce() -> T) -> T {
        /// Puts back what was there, also when `work` panics.
        struct Back(Option<Arc<dyn Disk>>);
        impl Drop for Back {
            fn drop(&mut self) {
                UNDER.replace(self.0.take());
            }
        }
        let _back = Back(UNDER.replace(Some(disk)));
        work()
    }

    pub(crate) fn current() -> Option<Arc<dyn Disk>> {
        UNDER.with_borrow(Clone::clone)
    }
}

#[cfg(feature = "simulated")]
pub(crate) use laid::current;
#[cfg(feature = "simulated")]
pub use laid::on;

#[cfg(not(feature = "simulated"))]
pub(crate) fn current() -> Option<std::sync::Arc<dyn Disk>> {
    None
}

/// An open file.
#[derive(Debug)]
pub struct File(Inner);

#[derive(Debug)]
enum Inner {
    Real(fs::File),
    Laid { handle: Box<dyn Handle>, at: u64 },
}

impl File {
    /// Opens a file.
    ///
    /// # Errors
    /// What the disk said.
    pub fn open(path: &Path, access: Access) -> io::Result<File> {
        if let Some(disk) = current() {
            return Ok(File(Inner::Laid { handle: disk.open(path, access)?, at: 0 }));
        }
        let mut options = fs::File::options();
        match access {
            Access::Read => options.read(true),
            Access::Write => options.write(true),
            Access::Create => options.read(true).write(true).create(true).truncate(false),
            Access::New => options.write(true).create_new(true),
        };
        options.open(path).map(|file| File(Inner::Real(file)))
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// What the disk said.
    pub fn size(&self) -> io::Result<u64> {
        match &self.0 {
            Inner::Real(file) => Ok(file.metadata()?.len()),
            Inner::Laid { handle, .. } => handle.bytes(),
        }
    }

    /// Writes all bytes at `at`, wherever the file is being read.
    ///
    /// # Errors
    /// What the disk said; some bytes may have been written then.
    pub fn write_all_at(&self, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
        let handle = match &self.0 {
            Inner::Real(file) => return file.write_all_at(bytes, at),
            Inner::Laid { handle, .. } => handle,
        };
        while !bytes.is_empty() {
            let written = handle.write_at(bytes, at)?;
            bytes = bytes.get(written..).unwrap_or_default();
            at = at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// Makes the file shorter, or longer by zeros; what was held beyond its end is given back.
    ///
    /// # Errors
    /// What the disk said.
    pub fn set_len(&self, bytes: u64) -> io::Result<()> {
        match &self.0 {
            Inner::Real(file) => file.set_len(bytes),
            Inner::Laid { handle, .. } => handle.set_len(bytes),
        }
    }

    /// Flushes the file's bytes and what is needed to find them.
    ///
    /// # Errors
    /// What the disk said; nobody knows then what is on it.
    pub fn sync_data(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Real(file) => file.sync_data(),
            Inner::Laid { handle, .. } => handle.sync(),
        }
    }

    /// Flushes everything of the file.
    ///
    /// # Errors
    /// As for [`File::sync_data`].
    pub fn sync_all(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Real(file) => file.sync_all(),
            Inner::Laid { handle, .. } => handle.sync(),
        }
    }

    /// Locks the file against other holders, if nobody holds it.
    ///
    /// # Errors
    /// If somebody does, or what the disk said.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        match &self.0 {
            Inner::Real(file) => file.try_lock(),
            Inner::Laid { handle, .. } if handle.try_lock() => Ok(()),
            Inner::Laid { .. } => Err(TryLockError::WouldBlock),
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// What the disk said.
    pub fn unlock(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Real(file) => file.unlock(),
            Inner::Laid { handle, .. } => {
                handle.unlock();
                Ok(())
            }
        }
    }

    /// Gets room for `bytes` of the file from byte `from` on, without changing its size or what it
    /// holds. Making the file shorter, or as long as it is, gives back what is beyond its end.
    ///
    /// # Errors
    /// `StorageFull` or `QuotaExceeded` if there is none; what else the disk said.
    pub fn hold(&self, from: u64, bytes: u64) -> io::Result<Hold> {
        match &self.0 {
            Inner::Real(file) => room::hold(file, from, bytes),
            Inner::Laid { handle, .. } => handle.hold(from, bytes),
        }
    }
}

impl Read for File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Real(file) => file.read(into),
            Inner::Laid { handle, at } => advance(at, handle.read_at(into, *at)),
        }
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Real(file) => file.write(bytes),
            Inner::Laid { handle, at } => advance(at, handle.write_at(bytes, *at)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Inner::Real(file) => file.seek(to),
            Inner::Laid { handle, at } => {
                let place = match to {
                    SeekFrom::Start(place) => Some(place),
                    SeekFrom::End(by) => handle.bytes()?.checked_add_signed(by),
                    SeekFrom::Current(by) => at.checked_add_signed(by),
                };
                *at = place.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(*at)
            }
        }
    }
}

fn advance(at: &mut u64, done: io::Result<usize>) -> io::Result<usize> {
    let done = done?;
    *at = at.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
    Ok(done)
}

/// The bytes of a file.
///
/// # Errors
/// What the disk said.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if current().is_none() {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    File::open(path, Access::Read)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a name stands for.
///
/// # Errors
/// `NotFound`, or what else the disk said.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    if let Some(disk) = current() {
        return disk.metadata(path);
    }
    let found = fs::metadata(path)?;
    let kind = if found.is_dir() { EntryKind::Folder } else { EntryKind::File };
    // What a file occupies is told in blocks of 512 bytes.
    Ok(Metadata { kind, bytes: found.len(), occupied: found.blocks().saturating_mul(512) })
}

/// Bytes that this process may still write on the disk of a file or folder.
///
/// # Errors
/// What the disk said.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    if let Some(disk) = current() { disk.free_bytes(path) } else { room::free_bytes(path) }
}

/// True if a file or folder has this name.
pub fn exists(path: &Path) -> bool {
    metadata(path).is_ok()
}

/// True if a file has this name.
pub fn is_file(path: &Path) -> bool {
    metadata(path).is_ok_and(|found| found.kind == EntryKind::File)
}

/// True if a folder has this name.
pub fn is_dir(path: &Path) -> bool {
    metadata(path).is_ok_and(|found| found.kind == EntryKind::Folder)
}

/// The paths of what is in a folder, in no order.
///
/// # Errors
/// What the disk said.
pub fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if let Some(disk) = current() {
        return disk.list(folder);
    }
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Makes a folder in one that is there; see [`make_folder`](crate::make_folder).
///
/// # Errors
/// What the disk said.
pub fn create_dir(path: &Path) -> io::Result<()> {
    if let Some(disk) = current() { disk.create_dir(path) } else { fs::create_dir(path) }
}

/// Gives a file another name, in the place of a file that has it; the folders are not flushed.
///
/// # Errors
/// What the disk said.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match current() {
        Some(disk) => disk.rename(from, to, Rename::Replace),
        None => fs::rename(from, to),
    }
}

/// Removes a file; its folder is not flushed.
///
/// # Errors
/// `NotFound`, or what else the disk said.
pub fn remove_file(path: &Path) -> io::Result<()> {
    if let Some(disk) = current() { disk.remove_file(path) } else { fs::remove_file(path) }
}

/// Flushes a folder, so that a name given or removed in it is so after the power was cut.
///
/// # Errors
/// What the disk said.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if let Some(disk) = current() {
        return disk.sync_folder(folder);
    }
    fs::File::open(folder)?.sync_all()
}
