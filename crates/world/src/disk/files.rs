//! Files and names: what is seen, what is kept, and what lies between.
//!
//! Law: what is kept follows from what was kept before and the changes in between; each change is
//! of one sector, one size or one name.

use std::path::PathBuf;

use super::SECTOR;
use crate::draws::Draws;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File(u64),
    Folder,
}

/// A name that was given or taken and may not be kept yet.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Given { path: PathBuf, place: Place },
    Taken { path: PathBuf },
    Moved { from: PathBuf, to: PathBuf, place: Place },
}

impl Name {
    /// The folder whose flush keeps it.
    pub(super) fn is_in(&self, folder: &std::path::Path) -> bool {
        let path = match self {
            Name::Given { path, .. } | Name::Taken { path } | Name::Moved { to: path, .. } => path,
        };
        path.parent() == Some(folder)
    }
}

/// Something that was done to a file and may not be kept yet.
#[derive(Clone, Debug)]
enum Change {
    /// A sector, or its part within one write.
    Sector {
        at: usize,
        bytes: Vec<u8>,
    },
    Size(usize),
}

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    seen: Vec<u8>,
    kept: Vec<u8>,
    changes: Vec<Change>,
    /// Up to which byte room is held for it.
    held_to: u64,
    /// The handle that has it locked.
    pub(super) locked_by: Option<u64>,
}

/// How much of what was not flushed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luck {
    None,
    All,
    /// What was done first.
    Beginning,
    /// Anything.
    Some,
}

impl Luck {
    pub(super) fn drawn(draws: &mut Draws) -> Luck {
        match draws.below(6) {
            0 => Luck::None,
            1 => Luck::All,
            2 | 3 => Luck::Beginning,
            _ => Luck::Some,
        }
    }

    /// Which of `count` changes are kept.
    pub(super) fn choose(self, count: usize, draws: &mut Draws) -> Vec<bool> {
        let first = match self {
            Luck::None => 0,
            Luck::All => count,
            Luck::Beginning => draws.place(count.saturating_add(1)),
            Luck::Some => return (0..count).map(|_| draws.once_in(2)).collect(),
        };
        (0..count).map(|at| at < first).collect()
    }
}

impl Bytes {
    pub(super) fn size(&self) -> u64 {
        wide(self.seen.len())
    }

    /// Bytes of the disk that it takes, in whole sectors.
    pub(super) fn occupied(&self) -> u64 {
        self.size().max(self.held_to).next_multiple_of(wide(SECTOR))
    }

    /// Bytes more that it takes once it reaches to `end`.
    pub(super) fn growth(&self, end: u64) -> u64 {
        let grown = end.max(self.size()).max(self.held_to).next_multiple_of(wide(SECTOR));
        grown.saturating_sub(self.occupied())
    }

    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn hold(&mut self, to: u64) {
        self.held_to = self.held_to.max(to);
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len());
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[at..end].copy_from_slice(bytes);
        let mut from = at;
        while from < end {
            let to = from.saturating_add(1).next_multiple_of(SECTOR).min(end);
            let bytes = self.seen[from..to].to_vec();
            self.changes.push(Change::Sector { at: from, bytes });
            from = to;
        }
    }

    pub(super) fn resize(&mut self, size: usize) {
        self.seen.resize(size, 0);
        self.held_to = 0;
        self.changes.push(Change::Size(size));
    }

    pub(super) fn flush(&mut self) {
        self.kept.clone_from(&self.seen);
        self.changes.clear();
    }

    /// The flush failed: some of it is kept, and the system believes that all is.
    pub(super) fn flush_badly(&mut self, draws: &mut Draws) {
        self.keep(draws);
        self.changes.clear();
    }

    /// The power is cut: what is seen from now on is what was kept.
    pub(super) fn cut(&mut self, draws: &mut Draws) {
        self.keep(draws);
        self.seen.clone_from(&self.kept);
        self.changes.clear();
        self.forget_process();
    }

    /// Room that is held stays with a file, but nobody has it locked any more.
    pub(super) fn forget_process(&mut self) {
        self.locked_by = None;
    }

    fn keep(&mut self, draws: &mut Draws) {
        let chosen = Luck::drawn(draws).choose(self.changes.len(), draws);
        for (change, is_kept) in self.changes.iter().zip(chosen) {
            if !is_kept {
                continue;
            }
            match change {
                Change::Size(size) => self.kept.resize(*size, 0),
                Change::Sector { at, bytes } => {
                    let end = at.saturating_add(bytes.len());
                    if self.kept.len() < end {
                        self.kept.resize(end, 0);
                    }
                    self.kept[*at..end].copy_from_slice(bytes);
                }
            }
        }
    }

    pub(super) fn flip(&mut self, bit: u64) -> bool {
        let at = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let mask = 1 << (bit % 8);
        let is_there = at < self.seen.len() && at < self.kept.len();
        if is_there {
            self.seen[at] ^= mask;
            self.kept[at] ^= mask;
        }
        is_there
    }
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
