//! The block log: what was decided, in order, before anybody is told.
//!
//! Files of bounded size, *segments*, only ever appended to, and only the last of them; see
//! `format` for their bytes and `segments` for their names. A payload names its parent's hash, and
//! a segment's head names the block before it: all records are one chain.
//!
//! Laws: [`Log::append`] returns after the bytes are on the disk and [`committed`] names the
//! block there; a write or flush that fails ends this log for good, since nobody knows what is on
//! the disk then. A block is appended only into room that [`Log::make_room`] got before. Opening
//! checks what it reads and compares with what is committed: a block that somebody may have been
//! told of is in the log, or its loss is an error.
//! A *torn tail* is fewer bytes than a record's head, or fewer than its checked length promises,
//! or zeros up to the end, or anything in the place of the one block after the last acknowledged:
//! what a stopped process or machine leaves of a block that was never acknowledged. It is cut off
//! and reported. Anything else that does not check is damage: nothing
//! is changed, and the error names file, offset, height and what to do.
//! Not here: whether the blocks follow the rules (`replay`), when to prune (`replica`).

mod error;
mod format;
mod reading;
mod scan;
mod segments;

use std::path::Path;

use earnest_durable::{
    Hold,
    fs::{Access, File},
};
use earnest_protocol::{Digest, Height};

use crate::{
    block::{self, BLOCK_BYTES_MAX},
    committed,
};

pub use error::{Damage, LogError, Mended, Repair, Torn};
pub use format::{BlockId, FORMAT_VERSION, HEAD_BYTES, RECORD_HEAD_BYTES};
pub use reading::{Reading, block_at};
pub use scan::Record;
pub use segments::{FOLDER_NAME, PRUNED_NAME, Segment, Segments, WHOLE_NAME, path_of};

pub(crate) use segments::clear;

use error::failure;
use format::{Head, next};

/// Bytes after which a segment takes no further block: 64 MiB.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// Room that is held beyond the next block, if there is plenty: 8 MiB.
const HELD_AHEAD: u64 = 8 << 20;

/// The log, open for appending.
#[derive(Debug)]
pub struct Log {
    segments: Segments,
    /// The last segment.
    file: File,
    /// Bytes after which a segment takes no further block.
    segment_bytes: u64,
    /// The last block, or the network's name.
    last: BlockId,
    /// Up to which byte of the last segment room is held.
    held_to: u64,
    committed: committed::Writer,
    failed: bool,
}

impl Log {
    /// Creates an empty log; the directory's entries are flushed too.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn create(dir: &Path, network: &Digest) -> Result<(), LogError> {
        segments::create(dir, network)?;
        Ok(committed::renew(dir, network, Height::ZERO, network)?)
    }

    /// Opens a log: reads all of it and mends what may be mended.
    ///
    /// # Errors
    /// See [`LogError`]; nothing was changed then. The error of `each` ends the reading.
    pub fn open<E: From<LogError>>(
        dir: &Path,
        network: &Digest,
        repair: Repair,
        each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(Log, Vec<Mended>), E> {
        let segments = Segments::find(dir, network)?;
        let mut reading = Reading::of(segments, Height::ZERO, repair, each)?;
        let mended = std::mem::take(&mut reading.mended);
        Ok((reading.open(SEGMENT_BYTES)?, mended))
    }

    fn after(reading: Reading, segment_bytes: u64) -> Result<Log, LogError> {
        let Reading { mut segments, end, is_stale, .. } = reading;
        segments.tidy()?;
        let last = segments.list.last_mut().expect("at least one segment");
        let path = &last.path;
        let file = open(path)?;
        if end.torn.is_some() {
            file.set_len(end.offset).map_err(failure(path, "shortening"))?;
            last.bytes = end.offset;
        }
        if end.torn.is_some() || is_stale {
            // What a killed process wrote last may not be on the disk yet.
            file.sync_all().map_err(failure(path, "flushing"))?;
        }
        let (dir, network) = (&segments.dir, &segments.network);
        if is_stale {
            committed::renew(dir, network, end.last.height, &end.last.hash)?;
        }
        let committed = committed::Writer::open(dir, network)?;
        Ok(Log {
            segments,
            file,
            segment_bytes,
            last: end.last,
            held_to: 0,
            committed,
            failed: false,
        })
    }

    /// The last block's height.
    pub fn height(&self) -> Height {
        self.last.height
    }

    /// The last block's hash; the network's name before the first.
    pub fn tip(&self) -> Digest {
        self.last.hash
    }

    /// The last block that was pruned; the network's name at height 0 if none was.
    pub fn base(&self) -> BlockId {
        self.segments.base()
    }

    /// The files of the log.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// How many bytes the log has.
    pub fn bytes(&self) -> u64 {
        self.segments.bytes()
    }

    /// Gets room on the disk for a block of at most `payload` bytes, so that appending it does not
    /// meet a full disk, whoever fills it meanwhile. Where the file system cannot hold room, only
    /// what is free now is looked at.
    ///
    /// # Errors
    /// [`LogError::NoRoom`] if there is none: nothing was lost, and asking again later is right.
    /// Else what the disk said.
    pub fn make_room(&mut self, payload: u64) -> Result<Hold, LogError> {
        let bytes = RECORD_HEAD_BYTES.saturating_add(payload);
        self.rotate()?;
        let segment = self.segments.list.last().expect("at least one segment");
        let (path, end) = (&segment.path, segment.bytes);
        if self.held_to >= end.saturating_add(bytes) {
            return Ok(Hold::Held);
        }
        let free = earnest_durable::free_bytes(path).map_err(failure(path, "looking at"))?;
        // More at once, so that not every block asks; but never the last of a disk.
        let ahead = bytes.saturating_add(HELD_AHEAD);
        let wanted = if free > ahead.saturating_mul(2) { ahead } else { bytes };
        match self.file.hold(end, wanted) {
            Ok(Hold::Held) => {
                self.held_to = end.saturating_add(wanted);
                Ok(Hold::Held)
            }
            Ok(Hold::Unsupported) if free >= bytes => Ok(Hold::Unsupported),
            Ok(Hold::Unsupported) => Err(LogError::NoRoom { path: path.clone(), bytes }),
            Err(error) if earnest_durable::is_full(&error) => {
                Err(LogError::NoRoom { path: path.clone(), bytes })
            }
            Err(error) => Err(failure(path, "reserving room in")(error)),
        }
    }

    /// Bytes after the last block that are held for blocks to come.
    pub fn held_bytes(&self) -> u64 {
        let end = self.segments.list.last().map_or(0, |segment| segment.bytes);
        self.held_to.saturating_sub(end)
    }

    /// Gives back the room that is held.
    ///
    /// # Errors
    /// What the disk said.
    pub fn give_back(&mut self) -> Result<(), LogError> {
        let segment = self.segments.list.last().expect("at least one segment");
        self.held_to = 0;
        self.file.set_len(segment.bytes).map_err(failure(&segment.path, "shortening"))
    }

    /// Begins the next segment if this one takes no further block.
    fn rotate(&mut self) -> Result<(), LogError> {
        let segment = self.segments.list.last().expect("at least one segment");
        let is_empty = segment.bytes <= segment.head.bytes();
        if is_empty || segment.bytes < self.segment_bytes {
            return Ok(());
        }
        let head = Head::new(&self.segments.network, self.last, segment.first());
        let begun = segments::begin(&self.segments.dir, &head)?;
        self.give_back()?;
        self.file = open(&begun.path)?;
        self.segments.list.push(begun);
        Ok(())
    }

    /// Appends an encoded block and flushes it, then commits it; returns its hash. When this
    /// returns, the block survives whatever happens to the process and, if the disk keeps its word,
    /// the machine; and if the log loses it, the next start says so.
    ///
    /// # Errors
    /// If the disk says no, now or before: the process should end.
    pub fn append(&mut self, payload: &[u8]) -> Result<Digest, LogError> {
        if self.failed {
            return Err(LogError::Closed);
        }
        if payload.is_empty() || payload.len() > BLOCK_BYTES_MAX {
            return Err(LogError::TooLarge { got: payload.len(), max: BLOCK_BYTES_MAX });
        }
        let length = u64::try_from(payload.len()).expect("at most BLOCK_BYTES_MAX");
        let bytes = RECORD_HEAD_BYTES.saturating_add(length);
        self.rotate()?;
        let segment = self.segments.list.last_mut().expect("at least one segment");
        let hash = block::hash(payload);
        let record = segment.head.record(segment.bytes, payload, &hash);
        self.failed = true; // Until the flush returns.
        let written = self.file.write_all_at(&record, segment.bytes);
        written.map_err(failure(&segment.path, "writing"))?;
        self.file.sync_data().map_err(failure(&segment.path, "flushing"))?;
        let height = next(self.last.height);
        self.committed.commit(height, &hash)?;
        self.failed = false;
        segment.bytes = segment.bytes.saturating_add(bytes);
        self.last = BlockId { height, hash };
        Ok(hash)
    }

    /// Removes the segments all of whose blocks are at or below `height`, but never the last.
    /// Returns how many.
    ///
    /// # Errors
    /// [`LogError::NoRoom`] if the disk is too full to note what is removed, though the room for
    /// blocks to come was given back; else what the disk said. What was not removed then is
    /// removed by the next start.
    pub fn prune(&mut self, height: Height) -> Result<usize, LogError> {
        match self.segments.prune(height) {
            Err(LogError::NoRoom { .. }) => {
                self.give_back()?;
                self.segments.prune(height)
            }
            pruned => pruned,
        }
    }
}

#[cfg(test)]
impl Log {
    /// From here on every append fails, as after a failed write.
    pub(crate) fn fail_from_now_on(&mut self) {
        self.failed = true;
    }
}

fn open(path: &Path) -> Result<File, LogError> {
    File::open(path, Access::Write).map_err(failure(path, "opening"))
}

#[cfg(test)]
mod segment_tests;
#[cfg(test)]
mod tests;
