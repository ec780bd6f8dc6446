//! Reading a segment: as far as its records are whole.
//!
//! Laws: a record is handed on only after its length, its hash, its parent and its height were
//! checked; what does not check is taken for a block that was being written only at the end of the
//! last segment: if nobody was told of it, or, where that is not known, by the bytes alone.
//! Not here: which segments there are (`segments`), what was acknowledged (`reading`).

use std::io::{BufReader, Read, Seek, SeekFrom};

use earnest_durable::fs::{Access, File};
use earnest_protocol::{Digest, Height};

use super::{
    error::{Damage, LogError, Repair, Torn, failure},
    format::{BlockId, RECORD_HEAD_BYTES, next},
    segments::Segment,
};
use crate::block::{self, BLOCK_BYTES_MAX, Block};

/// One whole record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: Digest,
    /// Where its record begins in its segment.
    pub offset: u64,
}

/// Where a segment ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Its last block that checks.
    pub(super) last: BlockId,
    /// Where that one's record ends.
    pub(super) offset: u64,
    /// What follows it.
    pub(super) torn: Option<Torn>,
}

/// Whether other segments follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Middle,
    /// None does; with the last block that somebody may have been told of, if that is known.
    Last(Option<Height>),
}

impl Position {
    /// True of the block that was being written when the node stopped: nobody was told of it, and
    /// nothing follows it. A power cut may have kept any of its sectors, so what is left of it may
    /// be anything.
    fn is_unacknowledged(self, error: &LogError) -> bool {
        let (Position::Last(Some(acknowledged)), LogError::Damaged { height, what, is_last, .. }) =
            (self, error)
        else {
            return false;
        };
        // Where its length does not check, nobody knows whether others follow; none was told of.
        *height == next(acknowledged) && (*is_last || *what == Damage::Length)
    }
}

/// Reads a segment's records, and hands each to `each`.
pub(super) fn scan<E: From<LogError>>(
    segment: &Segment,
    position: Position,
    repair: Repair,
    each: &mut impl FnMut(Record) -> Result<(), E>,
) -> Result<End, E> {
    let path = &segment.path;
    let mut file = File::open(path, Access::Read).map_err(failure(path, "opening"))?;
    let offset = segment.head.bytes();
    file.seek(SeekFrom::Start(offset)).map_err(failure(path, "reading"))?;
    let reader = BufReader::with_capacity(1 << 20, file);
    let (height, tip) = (segment.head.first(), segment.head.base.hash);
    let mut scanner = Scanner { segment, position, reader, offset, height, tip };
    loop {
        let torn = Torn {
            offset: scanner.offset,
            bytes: segment.bytes.saturating_sub(scanner.offset),
            height: scanner.height,
        };
        let torn = match scanner.next() {
            Ok(Found::Record(record, end)) => {
                scanner.tip = record.hash;
                scanner.offset = end;
                scanner.height = next(scanner.height);
                each(*record)?;
                continue;
            }
            Ok(Found::End) => None,
            Ok(Found::Torn) if position == Position::Middle => {
                return Err(scanner.damaged(Damage::CutShort, false).into());
            }
            Ok(Found::Torn) => Some(torn),
            Err(error) if position.is_unacknowledged(&error) => Some(torn),
            Err(LogError::Damaged { is_last: true, .. }) if repair != Repair::Refuse => Some(torn),
            Err(error) => return Err(error.into()),
        };
        return Ok(scanner.end(torn));
    }
}

/// Reads as far as records are whole.
struct Scanner<'a, R> {
    segment: &'a Segment,
    position: Position,
    reader: R,
    /// Where the next record begins.
    offset: u64,
    /// What the next record holds.
    height: Height,
    tip: Digest,
}

/// What stands at a place of the file.
enum Found {
    End,
    Torn,
    /// A record and where it ends.
    Record(Box<Record>, u64),
}

impl<R: Read> Scanner<'_, R> {
    fn next(&mut self) -> Result<Found, LogError> {
        let left = self.segment.bytes.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Found::End);
        }
        if left < RECORD_HEAD_BYTES {
            return Ok(Found::Torn);
        }
        let mut head = [0; 40];
        self.read(&mut head)?;
        let (length, rest) = head.split_at(4);
        let (check, hash) = rest.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("split at 4"));
        let hash = Digest(hash.try_into().expect("40 less twice 4 bytes are 32"));
        if *check != self.segment.head.length_check(self.offset, length) {
            if head.iter().all(|byte| *byte == 0) && self.rest_is_zero()? {
                return Ok(Found::Torn);
            }
            // Where the record ends is not known, so nor is whether others follow.
            return Err(self.damaged(Damage::Length, false));
        }
        let bytes = RECORD_HEAD_BYTES.saturating_add(u64::from(length));
        if left < bytes {
            return Ok(Found::Torn);
        }
        let is_last = left == bytes && self.position != Position::Middle;
        let size = usize::try_from(length).expect("32 bits fit");
        if size == 0 || size > BLOCK_BYTES_MAX {
            return Err(self.damaged(Damage::Length, is_last));
        }
        let mut payload = vec![0; size];
        self.read(&mut payload)?;
        if block::hash(&payload) != hash {
            return Err(self.damaged(Damage::Hash, is_last));
        }
        let whole = Block::decode(&payload);
        let block = whole.ok_or_else(|| self.damaged(Damage::Payload, is_last))?;
        if block.parent != self.tip {
            return Err(self.damaged(Damage::Parent, is_last));
        }
        if block.height() != self.height {
            return Err(self.damaged(Damage::Height, is_last));
        }
        let end = self.offset.saturating_add(bytes);
        Ok(Found::Record(Box::new(Record { block, hash, offset: self.offset }), end))
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), LogError> {
        self.reader.read_exact(into).map_err(failure(&self.segment.path, "reading"))
    }

    fn rest_is_zero(&mut self) -> Result<bool, LogError> {
        let mut buffer = [0; 4096];
        loop {
            let read = self.reader.read(&mut buffer);
            let read = read.map_err(failure(&self.segment.path, "reading"))?;
            if read == 0 {
                return Ok(true);
            }
            if buffer.iter().take(read).any(|byte| *byte != 0) {
                return Ok(false);
            }
        }
    }

    fn damaged(&self, what: Damage, is_last: bool) -> LogError {
        let (offset, height) = (self.offset, self.height);
        LogError::Damaged { path: self.segment.path.clone(), offset, height, what, is_last }
    }

    fn end(&self, torn: Option<Torn>) -> End {
        let height = Height::new(self.height.count().saturating_sub(1));
        End { last: BlockId { height, hash: self.tip }, offset: self.offset, torn }
    }
}
