//! Drafts: files that are being written, under a name of their own.
//!
//! Law: a draft that is dropped is removed; one that was given its name is not.
//! Not here: when it is flushed and named (the crate's root).

use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::{Builder, NamedTempFile};

use crate::fs::{self, Access, Disk, File, Rename};

const BEGINNING: &str = ".";
const ENDING: &str = ".draft";

/// True of the names that drafts have.
pub fn is_draft(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.starts_with(BEGINNING) && name.ends_with(ENDING))
}

/// A file that is being written, locked by its writer.
pub(crate) enum Draft {
    Real(NamedTempFile),
    Laid(Laid),
}

/// A draft on a disk that is laid under the thread.
pub(crate) struct Laid {
    disk: Arc<dyn Disk>,
    /// None once it has its name.
    path: Option<PathBuf>,
    file: File,
}

impl Draft {
    /// Makes a draft in a folder; `mode` says who may read it.
    pub(crate) fn new(folder: &Path, mode: u32) -> io::Result<Draft> {
        if let Some(disk) = fs::current() {
            let path = folder.join(format!("{BEGINNING}{:06}{ENDING}", disk.unique()));
            let file = File::open(&path, Access::New)?;
            file.try_lock()?;
            return Ok(Draft::Laid(Laid { disk, path: Some(path), file }));
        }
        let mut builder = Builder::new();
        builder.prefix(BEGINNING).suffix(ENDING).permissions(Permissions::from_mode(mode));
        let draft = builder.tempfile_in(folder)?;
        draft.as_file().lock()?;
        Ok(Draft::Real(draft))
    }

    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        match self {
            Draft::Real(draft) => draft.as_file_mut(),
            Draft::Laid(laid) => &mut laid.file,
        }
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        match self {
            Draft::Real(draft) => draft.as_file().sync_all(),
            Draft::Laid(laid) => laid.file.sync_all(),
        }
    }

    /// Gives it its name.
    pub(crate) fn name(self, path: &Path, rename: Rename) -> io::Result<()> {
        match self {
            Draft::Real(draft) => {
                match rename {
                    Rename::Replace => draft.persist(path)?,
                    Rename::Keep => draft.persist_noclobber(path)?,
                };
                Ok(())
            }
            Draft::Laid(mut laid) => {
                let from = laid.path.as_deref().expect("it is named once");
                laid.disk.rename(from, path, rename)?;
                laid.path = None;
                Ok(())
            }
        }
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // As with a real one: what cannot be removed now is swept later.
            let _ = self.disk.remove_file(path);
        }
    }
}
