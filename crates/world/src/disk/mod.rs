//! A disk in memory that does what disks may do.
//!
//! Key terms: what a process *sees* is in the cache of the operating system; what is *kept* is on
//! the platter. Between the two lie the writes since the last flush, sector by sector, and the
//! names given and taken since their folder was last flushed.
//!
//! Laws: a flush that succeeds keeps all of its file, or all names of its folder; until then any
//! part may be kept, in any order, and none must be. An operation that fails may have been done in
//! part. A kept sector changes only when the world says so.
//! Known shortcomings: a sector is written whole or not; what was never written reads as zeros,
//! never as what another file left there; a rename is kept or not, never half.
//! Not here: when something fails (`faults`), what survives a cut (`power`).

mod faults;
mod files;
mod power;
mod seam;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use faults::{Fault, Plan, Tally};
pub use power::Cut;

use crate::draws::Draws;
use files::{Name, Place};

/// Bytes that a disk writes at once.
pub const SECTOR: usize = 512;

/// The disk; clones are the same one.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Mutex<Inside>>);

#[derive(Debug)]
struct Inside {
    draws: Draws,
    plan: Plan,
    /// Operations since the plan began that changed something.
    done: u64,
    /// True while the power is off.
    is_off: bool,
    tally: Tally,
    files: BTreeMap<u64, files::Bytes>,
    /// Names as processes see them.
    seen: BTreeMap<PathBuf, Place>,
    /// Names as they are kept.
    kept: BTreeMap<PathBuf, Place>,
    /// Names given and taken since the folder was flushed, in order.
    names: Vec<Name>,
    /// The number of the next file, draft or handle.
    next: u64,
    /// Which run of the process this is; handles of earlier ones are dead.
    run: u64,
    /// Bytes of the disk.
    capacity: u64,
    /// Milliseconds that operations took.
    took_ms: u64,
}

impl Disk {
    /// An empty disk of `capacity` bytes.
    pub fn new(draws: Draws, capacity: u64) -> Disk {
        let root = BTreeMap::from([(PathBuf::from("/"), Place::Folder)]);
        Disk(Arc::new(Mutex::new(Inside {
            draws,
            plan: Plan::default(),
            done: 0,
            is_off: false,
            tally: Tally::default(),
            files: BTreeMap::new(),
            seen: root.clone(),
            kept: root,
            names: Vec::new(),
            next: 0,
            run: 0,
            capacity,
            took_ms: 0,
        })))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // A panic of the node in the middle of a call is a finding, not the disk's end.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` of this thread over this disk.
    pub fn under<T>(&self, work: impl FnOnce() -> T) -> T {
        earnest_durable::fs::on(Arc::new(self.clone()), work)
    }

    /// What is to fail from here on.
    pub fn plan(&self, plan: Plan) {
        let mut inside = self.inside();
        (inside.plan, inside.done) = (plan, 0);
    }

    /// Runs `work` while nothing fails and nothing counts, so that looking changes nothing.
    pub fn calmly<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = {
            let mut inside = self.inside();
            let plan = std::mem::take(&mut inside.plan);
            (plan, inside.done, inside.tally, inside.took_ms)
        };
        let done = work();
        let mut inside = self.inside();
        (inside.plan, inside.done, inside.tally, inside.took_ms) = before;
        done
    }

    /// What was done and what failed so far.
    pub fn tally(&self) -> Tally {
        self.inside().tally
    }

    /// Milliseconds that operations took since this was last asked.
    pub fn take_time(&self) -> u64 {
        std::mem::take(&mut self.inside().took_ms)
    }

    /// True while the power is off: nothing is done any more.
    pub fn is_off(&self) -> bool {
        self.inside().is_off
    }

    /// Bytes of the disk.
    pub fn resize(&self, capacity: u64) {
        self.inside().capacity = capacity;
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.inside().used()
    }

    /// The files below a folder, as processes see them.
    pub fn files_below(&self, folder: &Path) -> Vec<PathBuf> {
        let inside = self.inside();
        let files = inside.seen.iter().filter(|(_, place)| **place != Place::Folder);
        files.map(|(path, _)| path.clone()).filter(|path| path.starts_with(folder)).collect()
    }

    /// Turns one bit of a file over, on the platter and as it is seen. The same again undoes it.
    /// False if the file has no such bit.
    pub fn flip(&self, path: &Path, bit: u64) -> bool {
        let mut inside = self.inside();
        let Some(Place::File(number)) = inside.seen.get(path).copied() else { return false };
        inside.files.get_mut(&number).is_some_and(|file| file.flip(bit))
    }

    /// Bytes of a file as processes see them; none if there is no such file.
    pub fn size(&self, path: &Path) -> Option<u64> {
        let inside = self.inside();
        let Some(Place::File(number)) = inside.seen.get(path).copied() else { return None };
        inside.files.get(&number).map(files::Bytes::size)
    }
}

impl Inside {
    fn unique(&mut self) -> u64 {
        self.next = self.next.saturating_add(1);
        self.next
    }

    fn used(&self) -> u64 {
        // A file without a name goes on occupying room while it is open; here it does not, which
        // only makes a disk fuller later.
        let named = self.seen.values().filter_map(|place| match place {
            Place::File(number) => self.files.get(number),
            Place::Folder => None,
        });
        named.fold(0, |sum, file| sum.saturating_add(file.occupied()))
    }

    fn free(&self) -> u64 {
        self.capacity.saturating_sub(self.used())
    }

    fn number_of(&self, path: &Path) -> io::Result<u64> {
        match self.seen.get(path) {
            Some(Place::File(number)) => Ok(*number),
            Some(Place::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file(&mut self, number: u64) -> &mut files::Bytes {
        self.files.get_mut(&number).expect("handles and names are of files that are there")
    }
}
