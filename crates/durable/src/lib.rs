//! Durable files: whole or absent, whatever stops the process or the machine.
//!
//! ```text
//!   draft beside it ──► filled, flushed ──► renamed ──► folder flushed
//! ```
//!
//! Key terms: a *draft* is a file that is being written, `.<random>.draft` in the folder of the
//! file that it will be. Its writer holds a lock on it, which ends with the process.
//!
//! Laws: while [`write()`] runs, and after whatever ends it, the file is the old or the new one,
//! whole; after it returns without an error it is the new one, also after the power was cut, if
//! the disk keeps its word. An error or a panic leaves no draft; what a killed process leaves is
//! known by its name and goes with the next [`sweep`], which takes no draft of a living writer.
//! Known shortcoming: a draft that is swept in the instant between its making and its lock fails
//! its writer with "not found"; nothing is lost.
//! Not here: the disk itself ([`fs`]), what files hold, and logs that grow (`earnest-node`).
#![forbid(unsafe_code)]

mod draft;
pub mod fs;
mod room;

use std::{
    io::{self, Write},
    path::Path,
};

use draft::Draft;
use fs::{Access, File, Rename, sync_folder};

pub use draft::is_draft;
pub use fs::free_bytes;
pub use room::{Hold, is_full};

/// What a file may replace, and who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Replaces a file that is there. Read by whom the process's mask lets.
    Replacement,
    /// Never replaces: a file that is there is an error. Read by whom the process's mask lets.
    New,
    /// Never replaces, and only its owner may read it, from its first byte.
    Secret,
}

/// Writes the file at `path` with what `fill` writes; its folder must be there.
///
/// # Errors
/// What the disk or `fill` said, `AlreadyExists` by `kind`; then the file is what it was, but for
/// a flush of the folder that failed: then it is the old or the new one.
pub fn write(
    path: &Path,
    kind: Kind,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(path);
    let mode = match kind {
        Kind::Replacement | Kind::New => 0o666,
        Kind::Secret => 0o600,
    };
    let rename = match kind {
        Kind::Replacement => Rename::Replace,
        Kind::New | Kind::Secret => Rename::Keep,
    };
    // From here on whatever returns removes the draft.
    let mut draft = Draft::new(folder, mode)?;
    fill(draft.writer())?;
    draft.sync()?;
    draft.name(path, rename)?;
    sync_folder(folder)
}

/// Makes a folder, and those above it if need be; when this returns it is found after the power
/// was cut.
///
/// # Errors
/// What the disk said.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let parent = folder_of(path);
    if !fs::is_dir(parent) {
        make_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(_) if fs::is_dir(path) => {}
        made => made?,
    }
    // Also of one that was there: whoever made it may have been stopped before this.
    sync_folder(parent)
}

/// Removes the drafts in a folder that no living process is writing.
///
/// # Errors
/// What the disk said.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for path in fs::list(folder)? {
        if is_draft(&path) && is_abandoned(&path)? {
            gone(fs::remove_file(&path))?;
        }
    }
    Ok(())
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    let opened = File::open(path, Access::Write);
    // Finished while we looked.
    let Some(file) = gone(opened.map(Some))? else { return Ok(false) };
    Ok(file.try_lock().is_ok())
}

/// That a file is not there is no error.
fn gone<T: Default>(result: io::Result<T>) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        other => other,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
