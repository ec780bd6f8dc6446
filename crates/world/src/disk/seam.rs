//! The disk as the storage code sees it.
//!
//! Law: each call is one operation; what it changes is seen at once, and kept by a flush.

use std::{
    io,
    path::{Path, PathBuf},
};

use earnest_durable::{
    Hold,
    fs::{Access, EntryKind, Handle, Metadata, Rename},
};

use super::{
    Disk, Inside,
    faults::{Order, failed},
    files::{Bytes, Name, Place},
};

/// An open file.
#[derive(Debug)]
struct Open {
    disk: Disk,
    file: u64,
    /// Its own number, for locks.
    handle: u64,
    run: u64,
}

impl Inside {
    fn parent(&self, path: &Path) -> io::Result<()> {
        match path.parent().and_then(|parent| self.seen.get(parent)) {
            Some(Place::Folder) => Ok(()),
            Some(Place::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn give(&mut self, path: &Path, place: Place) {
        self.seen.insert(path.to_owned(), place);
        self.names.push(Name::Given { path: path.to_owned(), place });
    }

    /// Makes a file.
    fn make(&mut self, path: &Path) -> io::Result<u64> {
        self.parent(path)?;
        if self.before_change()? == Order::PartThenFail {
            return Err(failed());
        }
        let number = self.unique();
        self.files.insert(number, Bytes::default());
        self.give(path, Place::File(number));
        Ok(number)
    }
}

impl earnest_durable::fs::Disk for Disk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn Handle>> {
        let mut inside = self.inside();
        inside.before_look()?;
        let is_there = inside.seen.contains_key(path);
        let file = match access {
            Access::New if is_there => return Err(io::ErrorKind::AlreadyExists.into()),
            Access::New => inside.make(path)?,
            Access::Create if !is_there => inside.make(path)?,
            Access::Read | Access::Write | Access::Create => inside.number_of(path)?,
        };
        let (handle, run) = (inside.unique(), inside.run);
        Ok(Box::new(Open { disk: self.clone(), file, handle, run }))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let mut inside = self.inside();
        inside.before_look()?;
        match inside.seen.get(path).copied() {
            Some(Place::Folder) => Ok(Metadata { kind: EntryKind::Folder, bytes: 0, occupied: 0 }),
            Some(Place::File(number)) => {
                let file = inside.file(number);
                let (bytes, occupied) = (file.size(), file.occupied());
                Ok(Metadata { kind: EntryKind::File, bytes, occupied })
            }
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut inside = self.inside();
        inside.before_look()?;
        match inside.seen.get(folder) {
            Some(Place::Folder) => {}
            Some(Place::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let paths = inside.seen.keys().filter(|path| path.parent() == Some(folder));
        Ok(paths.cloned().collect())
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut inside = self.inside();
        inside.parent(path)?;
        if inside.seen.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if inside.before_change()? == Order::PartThenFail {
            return Err(failed());
        }
        inside.give(path, Place::Folder);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path, rename: Rename) -> io::Result<()> {
        let mut inside = self.inside();
        let place = Place::File(inside.number_of(from)?);
        inside.parent(to)?;
        if rename == Rename::Keep && inside.seen.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if inside.before_change()? == Order::PartThenFail {
            return Err(failed());
        }
        inside.seen.remove(from);
        inside.seen.insert(to.to_owned(), place);
        let (from, to) = (from.to_owned(), to.to_owned());
        inside.names.push(Name::Moved { from, to, place });
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut inside = self.inside();
        inside.number_of(path)?;
        if inside.before_change()? == Order::PartThenFail {
            return Err(failed());
        }
        inside.seen.remove(path);
        inside.names.push(Name::Taken { path: path.to_owned() });
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut inside = self.inside();
        let order = inside.before_change()?;
        if inside.is_off {
            return Err(failed()); // How the run ends decides what is kept.
        }
        let names = std::mem::take(&mut inside.names);
        let (mine, others) = names.into_iter().partition(|name| name.is_in(folder));
        inside.names = others;
        let mine: Vec<Name> = mine;
        if order == Order::Whole {
            mine.into_iter().for_each(|name| inside.keep_name(name));
            return Ok(());
        }
        // Some are kept; as with a file, the system believes that all are.
        let mut draws = inside.draws.fork();
        let count = draws.place(mine.len().saturating_add(1));
        inside.tally.lost_flushes = inside.tally.lost_flushes.saturating_add(1);
        mine.into_iter().take(count).for_each(|name| inside.keep_name(name));
        Err(failed())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let mut inside = self.inside();
        inside.before_look()?;
        Ok(inside.free())
    }

    fn unique(&self) -> u64 {
        self.inside().unique()
    }
}

impl Open {
    /// Does something with the file, unless this handle's process is gone.
    fn with<T>(&self, work: impl FnOnce(&mut Inside) -> io::Result<T>) -> io::Result<T> {
        let mut inside = self.disk.inside();
        if inside.run != self.run { Err(failed()) } else { work(&mut inside) }
    }
}

impl Handle for Open {
    fn bytes(&self) -> io::Result<u64> {
        self.with(|inside| {
            inside.before_look()?;
            Ok(inside.file(self.file).size())
        })
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        self.with(|inside| {
            inside.before_look()?;
            let seen = inside.file(self.file).seen();
            let from = usize::try_from(at).unwrap_or(usize::MAX);
            let rest = seen.get(from..).unwrap_or_default();
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        })
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        self.with(|inside| {
            let order = inside.before_change()?;
            let mut count = bytes.len();
            if order == Order::PartThenFail {
                count = inside.draws.place(count.saturating_add(1));
            }
            let wide = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
            let free = inside.free();
            let file = inside.file(self.file);
            // A full disk takes what fits, in whole sectors, and says so with the next write.
            while count > 0 && file.growth(at.saturating_add(wide(count))) > free {
                count = count.saturating_sub(super::SECTOR);
            }
            if count == 0 && !bytes.is_empty() && order == Order::Whole {
                return Err(inside.full());
            }
            let from = usize::try_from(at).map_err(io::Error::other)?;
            file.write(from, &bytes[..count]);
            if order == Order::Whole { Ok(count) } else { Err(failed()) }
        })
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.with(|inside| {
            if inside.before_change()? == Order::PartThenFail {
                return Err(failed());
            }
            let size = usize::try_from(bytes).map_err(io::Error::other)?;
            inside.file(self.file).resize(size);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|inside| {
            if inside.before_change()? == Order::Whole {
                inside.file(self.file).flush();
                return Ok(());
            }
            if !inside.is_off {
                // Else how the run ends decides what is kept.
                let mut draws = inside.draws.fork();
                inside.tally.lost_flushes = inside.tally.lost_flushes.saturating_add(1);
                inside.file(self.file).flush_badly(&mut draws);
            }
            Err(failed())
        })
    }

    fn hold(&self, from: u64, bytes: u64) -> io::Result<Hold> {
        self.with(|inside| {
            if inside.plan.is_without_hold {
                inside.before_look()?;
                return Ok(Hold::Unsupported);
            }
            if inside.before_change()? == Order::PartThenFail {
                return Err(failed());
            }
            let (to, free) = (from.saturating_add(bytes), inside.free());
            if inside.file(self.file).growth(to) > free {
                return Err(inside.full());
            }
            inside.file(self.file).hold(to);
            Ok(Hold::Held)
        })
    }

    fn try_lock(&self) -> bool {
        let is_free = self.with(|inside| {
            let holder = &mut inside.file(self.file).locked_by;
            let is_free = holder.is_none_or(|holder| holder == self.handle);
            if is_free {
                *holder = Some(self.handle);
            }
            Ok(is_free)
        });
        is_free.unwrap_or(false)
    }

    fn unlock(&self) {
        let _ = self.with(|inside| {
            let holder = &mut inside.file(self.file).locked_by;
            holder.take_if(|holder| *holder == self.handle);
            Ok(())
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.unlock();
    }
}
