//! The block log: what was decided, in order, before anybody is told.
//!
//! One file, `blocks.log`, only ever appended to. All integers are little-endian.
//!
//! ```text
//! header, 64 bytes                          record, 40 bytes + payload
//!  0   8  magic "EARNLOG\0"                  0    4  length of the payload, 1 to 16 MiB
//!  8   4  format version, 1                  4    4  check of length and place
//! 12   4  zero                               8   32  hash of the block = of the payload
//! 16  32  the network's name                40    -  payload: the encoded `Block`
//! 48  16  check of bytes 0 to 47
//! ```
//!
//! The checks are beginnings of blake3 hashes; that of a record's length covers the record's offset
//! and the network too, so that a damaged length is never taken for a record cut short. A payload
//! names its parent's hash: the records are a chain.
//!
//! Laws: [`Log::append`] returns after the bytes are on the disk and [`committed`] names the
//! block there; a write or flush that fails ends this log for good, since nobody knows what is on
//! the disk then. Opening reads every record and compares with what is committed: a block that
//! somebody may have been told of is in the log, or its loss is an error.
//! A *torn tail* is fewer bytes than a record's head, or fewer than its checked length promises,
//! or zeros up to the end: what a stopped process or machine leaves of a block that was never
//! acknowledged. It is cut off and reported. Anything else that does not check is damage: nothing
//! is changed, and the error names file, offset, height and what to do.
//! Known shortcomings: the log grows for ever; opening reads all of it (about 1 s a gigabyte).
//! Not here: whether the blocks follow the rules (`replay`).

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use earnest_durable::Kind;
use earnest_protocol::{Digest, Height};

use crate::{
    block::{self, BLOCK_BYTES_MAX, Block},
    committed::{self, Committed, CommittedError},
};

/// Name of the file in a data directory.
pub const FILE_NAME: &str = "blocks.log";
/// The format that this code writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"EARNLOG\0";
const HEADER_BYTES: u64 = 64;
const RECORD_HEAD_BYTES: u64 = 40;

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk said no.
    #[error("{doing} {path} failed: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not begin as a log does.
    #[error("{path} is not a block log, or its first bytes are damaged. Restore it from a backup")]
    NotALog {
        /// Which file.
        path: PathBuf,
    },
    /// The file is of another format.
    #[error(
        "{path} has format {got}, this version reads {expected}. Use the version that wrote it"
    )]
    Format {
        /// Which file.
        path: PathBuf,
        /// Its version.
        got: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// The file is the log of another network.
    #[error("{path} belongs to network {got}, not {expected}. Use the genesis it was made with")]
    OtherNetwork {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        got: Digest,
        /// Whose was wanted.
        expected: Digest,
    },
    /// A record does not check.
    #[error("{path} is damaged at byte {offset}, block {height}: {what}. {}", remedy(*.is_last))]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where its record begins, in bytes.
        offset: u64,
        /// Which block it should hold.
        height: Height,
        /// What does not check.
        what: Damage,
        /// True if nothing follows that record.
        is_last: bool,
    },
    /// Blocks that somebody may have been told of are not in the log.
    #[error(
        "{path} ends at block {log}, but block {committed} ({hash}) was acknowledged; missing \
         blocks: {}. Nothing was changed. Restore the directory from a backup that has them; to go \
         on without them, start with --accept-lost-blocks",
        .committed.since(*.log).count()
    )]
    BlocksLost {
        /// The log.
        path: PathBuf,
        /// Its last block that checks.
        log: Height,
        /// The last that was acknowledged.
        committed: Height,
        /// Its hash.
        hash: Digest,
    },
    /// Another block is in the place of one that somebody may have been told of.
    #[error(
        "{path} holds block {found} at height {height}, but {named} was acknowledged. Nothing was \
         changed. Restore the file and `committed` from one backup; to go on with this chain, \
         start with --accept-lost-blocks"
    )]
    OtherBlock {
        /// The log.
        path: PathBuf,
        /// The height.
        height: Height,
        /// What the log holds there.
        found: Digest,
        /// What was acknowledged.
        named: Digest,
    },
    /// What is left of the record of what was acknowledged may be one block behind.
    #[error(
        "half of {path} is damaged, and the log ends at block {height}, which the other half \
         names: one later block may be lost. Nothing was changed. Restore the directory from a \
         backup; to go on with what the log has, start with --accept-lost-blocks"
    )]
    CommittedDoubtful {
        /// The file of what was acknowledged.
        path: PathBuf,
        /// The last block of the log.
        height: Height,
    },
    /// The record of what was acknowledged cannot be used.
    #[error(transparent)]
    Committed(#[from] CommittedError),
    /// The block is larger than a record may be.
    #[error("a block of {got} bytes exceeds the {max} of a record")]
    TooLarge {
        /// Its bytes.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// An earlier write failed.
    #[error("the log took no more blocks after a failed write")]
    Closed,
}

/// What does not check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The length.
    #[error("the record's length fails its check")]
    Length,
    /// The payload's hash.
    #[error("the block does not have the hash recorded with it")]
    Hash,
    /// The payload is no block.
    #[error("the record holds no block")]
    Payload,
    /// The block before is not its parent.
    #[error("the block names another parent than the block before it")]
    Parent,
    /// It is not the height after the one before.
    #[error("the block has another height than its place")]
    Height,
}

fn remedy(is_last: bool) -> &'static str {
    if is_last {
        "Restore the file from a backup; or, if the machine lost power while this block was \
         written, cut it off by starting with --cut-damaged-end"
    } else {
        "Nothing was changed. Restore the file from a backup"
    }
}

/// What a person decided about a log that is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repair {
    /// Nothing: whatever may have been acknowledged is there, or the log is refused.
    #[default]
    Refuse,
    /// Cut off a last record that is whole but does not check, unless it was acknowledged.
    CutLast,
    /// The same, and go on without blocks that were acknowledged, or may have been.
    AcceptLost,
}

/// What was found beside whole blocks, and mended by a start.
#[derive(Debug)]
pub enum Mended {
    /// Bytes were cut off the log.
    Torn(Torn),
    /// Some of the slots that name the last acknowledged block did not check.
    Slots {
        /// How many.
        damaged: usize,
    },
    /// A person decided to go on all the same.
    Accepted {
        /// Although of what.
        error: LogError,
        /// What was cut off the log, too.
        torn: Option<Torn>,
    },
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mended::Torn(torn) => torn.fmt(f),
            Mended::Slots { damaged } => {
                let (slots, name) = (committed::SLOTS, committed::FILE_NAME);
                write!(
                    f,
                    "{damaged} of the {slots} slots of {name} are damaged or torn; the log "
                )?;
                write!(f, "has every block that the others name. A start writes them anew")
            }
            Mended::Accepted { error, torn } => {
                write!(f, "gone on as told, although: {error}")?;
                let Some(Torn { offset, bytes, height }) = torn else { return Ok(()) };
                write!(f, ". Cut {bytes} bytes of block {height} off the log at byte {offset}")
            }
        }
    }
}

/// Bytes that were cut off the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Where they began.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
    /// The block that was being written.
    pub height: Height,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Torn { offset, bytes, height } = self;
        write!(f, "cut {bytes} bytes off the block log at byte {offset}: ")?;
        write!(f, "block {height} was being written and was never acknowledged")
    }
}

/// One whole record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: Digest,
    /// Where its record begins.
    pub offset: u64,
}

/// The log, open for appending.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    network: Digest,
    /// Where each block's record begins, from height 1; the end of the file last.
    offsets: Vec<u64>,
    /// The hash of the last block, or the network's name.
    tip: Digest,
    committed: committed::Writer,
    failed: bool,
}

/// A log that was read and compared with what is committed; nothing has been changed yet.
#[derive(Debug)]
pub struct Reading {
    folder: PathBuf,
    network: Digest,
    scan: Scan,
    /// What a start would mend.
    pub mended: Vec<Mended>,
    /// True if the slots do not all name the end of the log, or the one before it.
    is_stale: bool,
}

impl Log {
    /// Creates an empty log; the directory's entry is flushed too.
    ///
    /// # Errors
    /// If the file exists or the disk says no.
    pub fn create(folder: &Path, network: &Digest) -> Result<(), LogError> {
        let path = folder.join(FILE_NAME);
        earnest_durable::write(&path, Kind::New, |file| file.write_all(&header(network)))
            .map_err(failure(&path, "creating"))?;
        Ok(committed::renew(folder, network, Height::ZERO, network)?)
    }

    /// Opens a log: reads it and mends what may be mended.
    ///
    /// # Errors
    /// See [`LogError`]; nothing was changed then. The error of `each` ends the reading.
    pub fn open<E: From<LogError>>(
        folder: &Path,
        network: &Digest,
        repair: Repair,
        each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(Log, Vec<Mended>), E> {
        let mut reading = Reading::of(folder, network, repair, each)?;
        let mended = std::mem::take(&mut reading.mended);
        Ok((reading.open()?, mended))
    }

    /// The last block's height.
    pub fn height(&self) -> Height {
        height_of(&self.offsets)
    }

    /// The last block's hash; the network's name before the first.
    pub fn tip(&self) -> Digest {
        self.tip
    }

    /// How many bytes the log has.
    pub fn bytes(&self) -> u64 {
        *self.offsets.last().expect("the end is always there")
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
        let offset = self.bytes();
        let length = u32::try_from(payload.len()).expect("at most BLOCK_BYTES_MAX");
        let hash = block::hash(payload);
        let mut record = Vec::with_capacity(payload.len().saturating_add(64));
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&length_check(&self.network, offset, length));
        record.extend_from_slice(&hash.0);
        record.extend_from_slice(payload);
        self.failed = true; // Until the flush returns.
        self.file.write_all(&record).map_err(failure(&self.path, "writing"))?;
        self.file.sync_data().map_err(failure(&self.path, "flushing"))?;
        let height = Height::new(self.height().count().saturating_add(1));
        self.committed.commit(height, &hash)?;
        self.failed = false;
        let end = offset.saturating_add(RECORD_HEAD_BYTES).saturating_add(u64::from(length));
        self.offsets.push(end);
        self.tip = hash;
        Ok(hash)
    }
}

impl Reading {
    /// Reads every record, hands each to `each`, in order, and compares with what is committed.
    /// Changes nothing.
    ///
    /// # Errors
    /// See [`LogError`]. The error of `each` ends the reading.
    pub fn of<E: From<LogError>>(
        folder: &Path,
        network: &Digest,
        repair: Repair,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<Reading, E> {
        let path = folder.join(FILE_NAME);
        let file = File::open(&path).map_err(failure(&path, "opening"))?;
        let committed = committed::read(folder, network);
        let named = committed.as_ref().map_or(Height::ZERO, |committed| committed.height);
        let mut found = *network;
        let scan = scan(&path, &file, network, repair, |record| {
            if record.block.height() == named {
                found = record.hash;
            }
            each(record)
        })?;
        let compared = committed.map_err(LogError::from);
        let compared = compared.and_then(|committed| compare(&path, committed, &scan, found));
        let (torn, mut mended) = (scan.torn, Vec::new());
        let is_stale = match compared {
            Ok(Committed { height, damaged, .. }) => {
                mended.extend(torn.map(Mended::Torn));
                mended.extend((damaged > 0).then_some(Mended::Slots { damaged }));
                damaged > 0 || height < scan.height()
            }
            Err(error) if repair == Repair::AcceptLost && error.may_be_accepted() => {
                mended.push(Mended::Accepted { error, torn });
                true
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Reading { folder: folder.to_owned(), network: *network, scan, mended, is_stale })
    }

    /// Cuts off a torn tail, commits what the log has, and opens it for the next block.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn open(self) -> Result<Log, LogError> {
        let Reading { folder, network, scan, is_stale, .. } = self;
        let path = folder.join(FILE_NAME);
        let open = OpenOptions::new().write(true).open(&path);
        let mut file = open.map_err(failure(&path, "opening"))?;
        let end = scan.end();
        if scan.torn.is_some() {
            file.set_len(end).map_err(failure(&path, "shortening"))?;
        }
        if scan.torn.is_some() || is_stale {
            // What a killed process wrote last may not be on the disk yet.
            file.sync_all().map_err(failure(&path, "flushing"))?;
        }
        if is_stale {
            committed::renew(&folder, &network, scan.height(), &scan.tip)?;
        }
        file.seek(SeekFrom::Start(end)).map_err(failure(&path, "reading"))?;
        let committed = committed::Writer::open(&folder, &network)?;
        let (offsets, tip) = (scan.offsets, scan.tip);
        Ok(Log { path, file, network, offsets, tip, committed, failed: false })
    }
}

impl LogError {
    /// True of what a person may decide to go on with, by [`Repair::AcceptLost`].
    fn may_be_accepted(&self) -> bool {
        matches!(
            self,
            LogError::BlocksLost { .. }
                | LogError::OtherBlock { .. }
                | LogError::CommittedDoubtful { .. }
                | LogError::Committed(
                    CommittedError::Missing { .. } | CommittedError::Damaged { .. }
                )
        )
    }
}

/// Compares a log with what is committed; `found` is the hash of its block at that height.
fn compare(
    path: &Path,
    committed: Committed,
    scan: &Scan,
    found: Digest,
) -> Result<Committed, LogError> {
    let Committed { height, hash, is_doubtful, .. } = committed;
    let (log, path) = (scan.height(), path.to_owned());
    if log < height {
        return Err(LogError::BlocksLost { path, log, committed: height, hash });
    }
    if hash != found {
        return Err(LogError::OtherBlock { path, height, found, named: hash });
    }
    if is_doubtful && log == height {
        let path = path.with_file_name(committed::FILE_NAME);
        return Err(LogError::CommittedDoubtful { path, height });
    }
    Ok(committed)
}

#[cfg(test)]
impl Log {
    /// From here on every append fails, as after a failed write.
    pub(crate) fn fail_from_now_on(&mut self) {
        self.failed = true;
    }
}

fn failure(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LogError + use<> {
    let path = path.to_owned();
    move |source| LogError::Io { path, doing, source }
}

fn header(network: &Digest) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&network.0);
    let check = blake3::hash(&bytes);
    bytes.extend(check.as_bytes().iter().take(16));
    bytes
}

fn length_check(network: &Digest, offset: u64, length: u32) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 log record length");
    hasher.update(&network.0).update(&offset.to_le_bytes()).update(&length.to_le_bytes());
    let mut check = [0; 4];
    hasher.finalize_xof().fill(&mut check);
    check
}

/// What reading a log gives.
#[derive(Debug)]
struct Scan {
    offsets: Vec<u64>,
    tip: Digest,
    torn: Option<Torn>,
}

impl Scan {
    fn height(&self) -> Height {
        height_of(&self.offsets)
    }

    fn end(&self) -> u64 {
        *self.offsets.last().expect("the end is always there")
    }
}

/// The last block's height, by where each record begins and the last ends.
fn height_of(offsets: &[u64]) -> Height {
    let blocks = offsets.len().saturating_sub(1);
    Height::new(u64::try_from(blocks).unwrap_or(u64::MAX))
}

/// Reads as far as records are whole.
struct Scanner<'a, R> {
    path: &'a Path,
    network: Digest,
    reader: R,
    /// Bytes of the file.
    size: u64,
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

fn scan<E: From<LogError>>(
    path: &Path,
    file: &File,
    network: &Digest,
    repair: Repair,
    mut each: impl FnMut(Record) -> Result<(), E>,
) -> Result<Scan, E> {
    let size = file.metadata().map_err(failure(path, "reading"))?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    read_header(path, &mut reader, size, network)?;
    let (offset, height) = (HEADER_BYTES, Height::new(1));
    let mut scanner =
        Scanner { path, network: *network, reader, size, offset, height, tip: *network };
    let mut offsets = vec![HEADER_BYTES];
    loop {
        let torn = Torn {
            offset: scanner.offset,
            bytes: size.saturating_sub(scanner.offset),
            height: scanner.height,
        };
        match scanner.next() {
            Ok(Found::End) => return Ok(Scan { offsets, tip: scanner.tip, torn: None }),
            Ok(Found::Torn) => return Ok(Scan { offsets, tip: scanner.tip, torn: Some(torn) }),
            Ok(Found::Record(record, end)) => {
                scanner.tip = record.hash;
                scanner.offset = end;
                scanner.height = Height::new(scanner.height.count().saturating_add(1));
                offsets.push(end);
                each(*record)?;
            }
            Err(LogError::Damaged { is_last: true, .. }) if repair != Repair::Refuse => {
                return Ok(Scan { offsets, tip: scanner.tip, torn: Some(torn) });
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn read_header(
    path: &Path,
    reader: &mut impl Read,
    size: u64,
    network: &Digest,
) -> Result<(), LogError> {
    let not_a_log = || LogError::NotALog { path: path.to_owned() };
    if size < HEADER_BYTES {
        return Err(not_a_log());
    }
    let mut bytes = [0; 64];
    reader.read_exact(&mut bytes).map_err(failure(path, "reading"))?;
    let (body, check) = bytes.split_at(48);
    let expected = blake3::hash(body);
    if !body.starts_with(&MAGIC) || !expected.as_bytes().starts_with(check) {
        return Err(not_a_log());
    }
    let version = body.get(8..12).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    if version != FORMAT_VERSION {
        let (got, expected) = (version, FORMAT_VERSION);
        return Err(LogError::Format { path: path.to_owned(), got, expected });
    }
    let got = body.get(16..48).and_then(|b| b.try_into().ok()).map_or(Digest::ZERO, Digest);
    if body != &header(network)[..48] {
        return Err(LogError::OtherNetwork { path: path.to_owned(), got, expected: *network });
    }
    Ok(())
}

impl<R: Read> Scanner<'_, R> {
    fn next(&mut self) -> Result<Found, LogError> {
        let left = self.size.saturating_sub(self.offset);
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
        if *check != length_check(&self.network, self.offset, length) {
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
        let is_last = left == bytes;
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
        self.reader.read_exact(into).map_err(failure(self.path, "reading"))
    }

    fn rest_is_zero(&mut self) -> Result<bool, LogError> {
        let mut buffer = [0; 4096];
        loop {
            let read = self.reader.read(&mut buffer).map_err(failure(self.path, "reading"))?;
            if read == 0 {
                return Ok(true);
            }
            if buffer.iter().take(read).any(|byte| *byte != 0) {
                return Ok(false);
            }
        }
    }

    fn damaged(&self, what: Damage, is_last: bool) -> LogError {
        let (path, offset, height) = (self.path.to_owned(), self.offset, self.height);
        LogError::Damaged { path, offset, height, what, is_last }
    }
}

#[cfg(test)]
mod tests;
