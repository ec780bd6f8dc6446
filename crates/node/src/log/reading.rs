//! Reading the log: its segments one after the other, against what was acknowledged.
//!
//! Laws: a block that somebody may have been told of is in the log with the hash it had, or its
//! loss is an error; where reading begins later than the log, the heads of all segments were
//! checked and the last acknowledged block is among what is read. Reading changes nothing.
//! Not here: one segment (`scan`), writing (`log`).

use std::path::Path;

use earnest_protocol::{Digest, Height};

use super::{
    Log,
    error::{Damage, LogError, Mended, Repair, Torn},
    format::BlockId,
    scan::{End, Position, Record, scan},
    segments::{Segment, Segments},
};
use crate::{
    block::Block,
    committed::{self, Committed},
};

/// A log that was read and compared with what is committed; nothing has been changed yet.
#[derive(Debug)]
pub struct Reading {
    pub(super) segments: Segments,
    /// The end of the last segment.
    pub(super) end: End,
    /// What a start would mend.
    pub mended: Vec<Mended>,
    /// True if the slots do not all name the end of the log, or the one before it.
    pub(super) is_stale: bool,
}

impl Reading {
    /// Reads every record from the segment that holds the block at `from` on, or the last that was
    /// acknowledged if that is earlier; hands each to `each`, in order, and compares with what is
    /// committed. Changes nothing.
    ///
    /// # Errors
    /// See [`LogError`]. The error of `each` ends the reading.
    pub fn of<E: From<LogError>>(
        segments: Segments,
        from: Height,
        repair: Repair,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<Reading, E> {
        let committed = committed::read(&segments.dir, &segments.network);
        let named = committed.as_ref().map_or(from, |committed| committed.height);
        let first = segments.index_of(from.min(named));
        let base = segments.list[first].head.base;
        let mut found = (base.height == named).then_some(base.hash);
        let whole = committed.as_ref().ok().filter(|committed| !committed.is_doubtful);
        let position = Position::Last(whole.map(|committed| committed.height));
        let end = read(&segments.list[first..], position, repair, |record| {
            if record.block.height() == named {
                found = Some(record.hash);
            }
            each(record)
        })?;
        let compared = committed.map_err(LogError::from);
        let compared =
            compared.and_then(|committed| compare(&segments, committed, &end, (base, found)));
        let mut mended = leftovers(&segments);
        let torn = end.torn;
        let is_stale = match compared {
            Ok(Committed { height, damaged, .. }) => {
                mended.extend(torn.map(Mended::Torn));
                mended.extend((damaged > 0).then_some(Mended::Slots { damaged }));
                damaged > 0 || height < end.last.height
            }
            Err(error) if repair == Repair::AcceptLost && error.may_be_accepted() => {
                mended.push(Mended::Accepted { error, torn });
                true
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Reading { segments, end, mended, is_stale })
    }

    /// Cuts off a torn tail, removes leftovers, commits what the log has, and opens it for the next
    /// block.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn open(self, segment_bytes: u64) -> Result<Log, LogError> {
        Log::after(self, segment_bytes)
    }

    /// Where the log begins and ends, in files.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// The last block.
    pub fn last(&self) -> BlockId {
        self.end.last
    }

    /// Bytes after the last record, which a start would cut off.
    pub fn torn(&self) -> Option<Torn> {
        self.end.torn
    }
}

/// How reading one segment for one block ends early.
enum Sought {
    Found(Box<Block>),
    Failed(LogError),
}

impl From<LogError> for Sought {
    fn from(error: LogError) -> Sought {
        Sought::Failed(error)
    }
}

/// One block of the log, which may be in use; none if it was pruned or is not there yet. Reads its
/// segment from the beginning up to it, at most one segment, and changes nothing.
///
/// # Errors
/// If the segment is damaged before the block, or the disk says no.
pub fn block_at(dir: &Path, network: &Digest, height: Height) -> Result<Option<Block>, LogError> {
    let segments = Segments::find(dir, network)?;
    if height <= segments.base().height {
        return Ok(None);
    }
    let segment = &segments.list[segments.index_of(height)];
    // What follows the block, in a log in use, is none of this reader's business.
    let sought = scan(segment, Position::Last(None), Repair::Refuse, &mut |record: Record| {
        if record.block.height() == height {
            return Err(Sought::Found(Box::new(record.block)));
        }
        Ok(())
    });
    match sought {
        Err(Sought::Found(block)) => Ok(Some(*block)),
        Err(Sought::Failed(error)) => Err(error),
        Ok(_) => Ok(None),
    }
}

/// What a start does to the files themselves.
fn leftovers(segments: &Segments) -> Vec<Mended> {
    let mut mended = Vec::new();
    if !segments.leftovers.is_empty() {
        mended.push(Mended::Leftovers { segments: segments.leftovers.len() });
    }
    if segments.is_whole {
        let path = super::path_of(&segments.dir, Height::new(1));
        mended.push(Mended::Moved { path });
    }
    mended
}

/// Reads segments that follow each other.
fn read<E: From<LogError>>(
    segments: &[Segment],
    position: Position,
    repair: Repair,
    mut each: impl FnMut(Record) -> Result<(), E>,
) -> Result<End, E> {
    let (last, before) = segments.split_last().expect("at least one segment");
    for (segment, next) in before.iter().zip(segments.iter().skip(1)) {
        let end = scan(segment, Position::Middle, repair, &mut each)?;
        let base = next.head.base;
        if end.last.height < base.height {
            let (path, offset, what) = (segment.path.clone(), end.offset, Damage::CutShort);
            let height = super::format::next(end.last.height);
            let is_last = false;
            return Err(LogError::Damaged { path, offset, height, what, is_last }.into());
        }
        if end.last != base {
            let (path, base) = (next.path.clone(), base.height);
            return Err(LogError::SegmentMisplaced { path, base }.into());
        }
    }
    scan(last, position, repair, &mut each)
}

/// Compares a log with what is committed. What is read begins after `base`; `found` is the hash of
/// its block at the height that is committed.
fn compare(
    segments: &Segments,
    committed: Committed,
    end: &End,
    (base, found): (BlockId, Option<Digest>),
) -> Result<Committed, LogError> {
    let Committed { height, hash, is_doubtful, .. } = committed;
    let log = end.last.height;
    let path = segments.list.last().expect("at least one segment").path.clone();
    let slots = segments.dir.join(committed::FILE_NAME);
    if height < base.height {
        return Err(LogError::CommittedBehind {
            path: slots,
            committed: height,
            base: base.height,
        });
    }
    let Some(found) = found else {
        return Err(LogError::BlocksLost { path, log, committed: height, hash });
    };
    if hash != found {
        return Err(LogError::OtherBlock { path, height, found, named: hash });
    }
    if is_doubtful && log == height {
        return Err(LogError::CommittedDoubtful { path: slots, height });
    }
    Ok(committed)
}
