//! Segments: the files of the log, what was removed before them, and removing more.
//!
//! ```text
//! log/00000000000000000001.blocks     the name is the height of the segment's first block
//! log/00000000000000005021.blocks     its head names the block before that, and segment 1
//! log/pruned                          the last block that was removed, if any was
//! ```
//!
//! Laws: each segment's head says where the segment before begins, so a missing one is named by the
//! heads alone; `pruned` is on the disk before the first segment is removed, so that what a crash
//! leaves is never a gap: segments behind it are leftovers, and those after it must be there.
//! A log in one file, of format 1, is read where it lies, and moved by a start.
//! Not here: the bytes of a head (`format`), records (`scan`).

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use earnest_durable::{
    Kind as Replace,
    fs::{self, Access, File, sync_folder},
};
use earnest_protocol::{Digest, Height};

use super::{
    error::{LogError, failure},
    format::{BlockId, HEAD_BYTES, Head, Kind, next},
};

/// Name of the folder in a data directory.
pub const FOLDER_NAME: &str = "log";
/// Name of the file that says what was removed, in that folder.
pub const PRUNED_NAME: &str = "pruned";
/// Name of a log of format 1 in a data directory.
pub const WHOLE_NAME: &str = "blocks.log";
const ENDING: &str = "blocks";

/// Where the segment that begins with the block at `first` is.
pub fn path_of(dir: &Path, first: Height) -> PathBuf {
    dir.join(FOLDER_NAME).join(format!("{:020}.{ENDING}", first.count()))
}

/// One file of the log.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Which file.
    pub(super) path: PathBuf,
    pub(super) head: Head,
    /// Its bytes, its head included.
    pub(super) bytes: u64,
}

impl Segment {
    /// Which file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The height of its first block, whether it is there yet or not.
    pub fn first(&self) -> Height {
        self.head.first()
    }

    /// Its bytes, its head included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The files of a log, as they were found; their heads were checked, their records were not.
#[derive(Debug)]
pub struct Segments {
    pub(super) dir: PathBuf,
    pub(super) network: Digest,
    /// In order; at least one.
    pub(super) list: Vec<Segment>,
    /// Files that should have been removed.
    pub(super) leftovers: Vec<PathBuf>,
    /// True if the log is one file that a start moves.
    pub(super) is_whole: bool,
}

impl Segments {
    /// Finds the segments of a data directory.
    ///
    /// # Errors
    /// If there is none, one is missing or misplaced, a head does not check, or the disk says no.
    pub fn find(dir: &Path, network: &Digest) -> Result<Segments, LogError> {
        let folder = dir.join(FOLDER_NAME);
        let pruned = pruned(dir, network)?;
        let base = pruned.map_or(BlockId { height: Height::ZERO, hash: *network }, |p| p);
        let (mut list, mut leftovers) = (Vec::new(), Vec::new());
        for (first, path) in named(&folder)? {
            if first <= base.height {
                leftovers.push(path);
            } else {
                list.push(segment(path, network)?);
            }
        }
        let whole = dir.join(WHOLE_NAME);
        let is_whole = fs::exists(&whole);
        if is_whole && !(list.is_empty() && leftovers.is_empty()) {
            return Err(LogError::TwoLogs { path: whole, folder });
        }
        if is_whole {
            list.push(segment(whole, network)?);
        }
        if list.is_empty() && pruned.is_none() {
            return Err(LogError::Missing { folder });
        }
        let found = Segments { dir: dir.to_owned(), network: *network, list, leftovers, is_whole };
        found.check_places(base)?;
        Ok(found)
    }

    /// Each segment is where its head says, and names the one before.
    fn check_places(&self, base: BlockId) -> Result<(), LogError> {
        let folder = self.dir.join(FOLDER_NAME);
        let missing = |first: Height, before: Height| {
            let last = Height::new(before.count().saturating_sub(1));
            LogError::SegmentMissing { folder: folder.clone(), first, last: last.max(first) }
        };
        let Some(begin) = self.list.first() else {
            return Err(missing(next(base.height), Height::ZERO));
        };
        for segment in &self.list {
            let is_named = self.is_whole || path_of(&self.dir, segment.first()) == segment.path;
            if !is_named {
                return Err(misplaced(segment));
            }
        }
        if begin.first() != next(base.height) {
            return Err(missing(next(base.height), begin.first()));
        }
        if begin.head.base != base {
            return Err(misplaced(begin));
        }
        for (before, segment) in self.list.iter().zip(self.list.iter().skip(1)) {
            if segment.head.before > before.first() {
                return Err(missing(segment.head.before, segment.first()));
            }
            if segment.head.before != before.first() {
                return Err(misplaced(segment));
            }
        }
        Ok(())
    }

    /// The last block that was removed; the network's name at height 0 if none was.
    pub fn base(&self) -> BlockId {
        self.list.first().expect("at least one").head.base
    }

    /// Writes down in another data directory, in which a copy is being made, what was removed.
    pub(crate) fn copy_base(&self, dir: &Path) -> Result<(), LogError> {
        let folder = dir.join(FOLDER_NAME);
        earnest_durable::make_folder(&folder).map_err(failure(&folder, "making"))?;
        let base = self.base();
        if base.height == Height::ZERO { Ok(()) } else { mark(&folder, &self.network, base) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Bytes of all.
    pub fn bytes(&self) -> u64 {
        self.list.iter().fold(0, |sum, segment| sum.saturating_add(segment.bytes))
    }

    /// Bytes of the disk that the last one has beyond its end, for blocks to come.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn held_bytes(&self) -> Result<u64, LogError> {
        let path = &self.list.last().expect("at least one").path;
        let file = fs::metadata(path).map_err(failure(path, "looking at"))?;
        Ok(file.occupied.saturating_sub(file.bytes))
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.list.iter()
    }

    /// The block before the first of the segment that holds the block at `height`, or before the
    /// first of all if that is later.
    pub fn base_of(&self, height: Height) -> BlockId {
        self.list[self.index_of(height)].head.base
    }

    pub(super) fn index_of(&self, height: Height) -> usize {
        self.list.partition_point(|segment| segment.first() <= height).saturating_sub(1)
    }

    /// Removes leftovers, and moves a log of format 1 to the first segment's place.
    pub(super) fn tidy(&mut self) -> Result<(), LogError> {
        let folder = self.dir.join(FOLDER_NAME);
        remove(&folder, self.leftovers.drain(..))?;
        if !self.is_whole {
            return Ok(());
        }
        earnest_durable::make_folder(&folder).map_err(failure(&folder, "making"))?;
        let segment = self.list.first_mut().expect("the whole log");
        let path = path_of(&self.dir, segment.first());
        fs::rename(&segment.path, &path).map_err(failure(&segment.path, "moving"))?;
        for changed in [&folder, &self.dir] {
            sync_folder(changed).map_err(failure(changed, "flushing"))?;
        }
        segment.path = path;
        self.is_whole = false;
        Ok(())
    }

    /// Removes the segments whose blocks are all at or below `height`, but never the last segment.
    /// Returns how many.
    pub(super) fn prune(&mut self, height: Height) -> Result<usize, LogError> {
        let keep = self.index_of(next(height));
        let base = self.list[keep].head.base;
        if keep == 0 {
            return Ok(0);
        }
        let folder = self.dir.join(FOLDER_NAME);
        mark(&folder, &self.network, base)?;
        // From here on the segments behind `pruned` are leftovers, whatever happens.
        let removed: Vec<PathBuf> = self.list.drain(..keep).map(|segment| segment.path).collect();
        let count = removed.len();
        remove(&folder, removed.into_iter())?;
        Ok(count)
    }
}

/// Makes the first segment of a new log.
pub(super) fn create(dir: &Path, network: &Digest) -> Result<(), LogError> {
    let folder = dir.join(FOLDER_NAME);
    earnest_durable::make_folder(&folder).map_err(failure(&folder, "making"))?;
    let base = BlockId { height: Height::ZERO, hash: *network };
    begin(dir, &Head::new(network, base, Height::ZERO)).map(|_| ())
}

/// Makes the segment of a head, without records; again is the same.
pub(super) fn begin(dir: &Path, head: &Head) -> Result<Segment, LogError> {
    let (path, bytes) = (path_of(dir, head.first()), head.encode(Kind::Segment));
    write(&path, &bytes)?;
    Ok(Segment { path, head: *head, bytes: head.bytes() })
}

/// Writes down that the blocks up to `base` were removed.
fn mark(folder: &Path, network: &Digest, base: BlockId) -> Result<(), LogError> {
    let bytes = Head::new(network, base, Height::ZERO).encode(Kind::Pruned);
    write(&folder.join(PRUNED_NAME), &bytes)
}

/// Writes a small file whole.
fn write(path: &Path, bytes: &[u8]) -> Result<(), LogError> {
    earnest_durable::write(path, Replace::Replacement, |file| file.write_all(bytes)).map_err(
        |error| {
            if earnest_durable::is_full(&error) {
                let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                LogError::NoRoom { path: path.to_owned(), bytes }
            } else {
                failure(path, "writing")(error)
            }
        },
    )
}

/// Removes what makes a log in a directory that holds no network yet.
pub(crate) fn clear(dir: &Path) -> io::Result<()> {
    for path in [dir.join(WHOLE_NAME), dir.join(FOLDER_NAME).join(PRUNED_NAME)] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    for (_, path) in names(&dir.join(FOLDER_NAME))? {
        fs::remove_file(&path)?;
    }
    Ok(())
}

fn misplaced(segment: &Segment) -> LogError {
    LogError::SegmentMisplaced { path: segment.path.clone(), base: segment.head.base.height }
}

/// The last block that was removed, if any was.
fn pruned(dir: &Path, network: &Digest) -> Result<Option<BlockId>, LogError> {
    let path = dir.join(FOLDER_NAME).join(PRUNED_NAME);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(&path, "reading")(error)),
        Ok(bytes) => Ok(Some(Head::decode(Kind::Pruned, &path, &bytes, network)?.base)),
    }
}

/// Opens a file for its head.
fn segment(path: PathBuf, network: &Digest) -> Result<Segment, LogError> {
    let file = File::open(&path, Access::Read).map_err(failure(&path, "opening"))?;
    let bytes = file.size().map_err(failure(&path, "reading"))?;
    let mut head = Vec::new();
    let most = u64::try_from(HEAD_BYTES).expect("a head is few bytes");
    file.take(most).read_to_end(&mut head).map_err(failure(&path, "reading"))?;
    let head = Head::decode(Kind::Segment, &path, &head, network)?;
    Ok(Segment { path, head, bytes })
}

fn named(folder: &Path) -> Result<Vec<(Height, PathBuf)>, LogError> {
    names(folder).map_err(failure(folder, "reading"))
}

/// The segments in a folder by the heights in their names, in order.
fn names(folder: &Path) -> io::Result<Vec<(Height, PathBuf)>> {
    let paths = match fs::list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        paths => paths?,
    };
    let mut found = Vec::new();
    for path in paths {
        let is_segment = path.extension().is_some_and(|ending| ending == ENDING);
        let height = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        if let Some(height) = height.filter(|_| is_segment) {
            found.push((Height::new(height), path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn remove(folder: &Path, paths: impl Iterator<Item = PathBuf>) -> Result<(), LogError> {
    let mut count = 0usize;
    for path in paths {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failure(&path, "removing")(error));
            }
            Ok(()) | Err(_) => count = count.saturating_add(1),
        }
    }
    if count > 0 { sync_folder(folder).map_err(failure(folder, "flushing")) } else { Ok(()) }
}
