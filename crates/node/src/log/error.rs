//! What can be wrong with a log, what a person may decide about it, and what a start mended.
//!
//! Law: every error names the file, the place and the height as far as they are known, and says
//! what to do; nothing was changed when it is returned, unless it says so.
//! Not here: how it is found (`scan`, `reading`, `segments`).

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use earnest_protocol::{Digest, Height};

use crate::committed::{self, CommittedError};

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
        "{path} has format {got}, this version reads {expected} and before. Use the version that \
         wrote it"
    )]
    Format {
        /// Which file.
        path: PathBuf,
        /// Its version.
        got: u32,
        /// The latest version that can be read.
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
    /// Neither segments nor a log in one file are there.
    #[error("{folder} holds no block log. Restore the directory from a backup")]
    Missing {
        /// Where segments belong.
        folder: PathBuf,
    },
    /// A log of format 1 lies beside segments.
    #[error(
        "{path} lies beside the segments in {folder}, and either may be the log. Nothing was \
         changed. Move away the one that is older"
    )]
    TwoLogs {
        /// The log in one file.
        path: PathBuf,
        /// Where the segments are.
        folder: PathBuf,
    },
    /// A segment is not where it belongs, or others are missing before it.
    #[error(
        "{folder} lacks the segment with blocks {first} to {last}. Nothing was changed. Restore \
         it from a backup"
    )]
    SegmentMissing {
        /// Where it belongs.
        folder: PathBuf,
        /// Its first block.
        first: Height,
        /// Its last block, or the last before the next segment that is there.
        last: Height,
    },
    /// A segment's head says another place than its name, or does not follow the one before.
    #[error(
        "{path} does not follow the segment before it: its head is of blocks after {base}. Nothing \
         was changed. Restore the file from a backup"
    )]
    SegmentMisplaced {
        /// Which file.
        path: PathBuf,
        /// The block before its first, as its head says.
        base: Height,
    },
    /// What was acknowledged last lies before the first block that is kept.
    #[error(
        "{path} names block {committed}, but the log begins after block {base}. Nothing was \
         changed. Restore the directory from one backup; to go on with what the log has, start \
         with --accept-lost-blocks"
    )]
    CommittedBehind {
        /// The file of what was acknowledged.
        path: PathBuf,
        /// The height that it names.
        committed: Height,
        /// The last block that was removed.
        base: Height,
    },
    /// The disk has no room for the next block.
    #[error("{path} finds no room on its disk for {bytes} bytes more")]
    NoRoom {
        /// Which file.
        path: PathBuf,
        /// How much is wanted.
        bytes: u64,
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
    /// The end is missing, and more follows in the next segment.
    #[error("the record is cut short, and another segment follows")]
    CutShort,
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
    /// Segments behind what was removed were still there.
    Leftovers {
        /// How many.
        segments: usize,
    },
    /// The log was in one file, of format 1.
    Moved {
        /// Where it is now.
        path: PathBuf,
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
            Mended::Leftovers { segments } => {
                write!(f, "{segments} segments of pruned blocks are still there: a node was ")?;
                write!(f, "stopped while it removed them. A start removes the rest")
            }
            Mended::Moved { path } => {
                write!(
                    f,
                    "the log is one file, of format 1. A start makes it the first segment, "
                )?;
                write!(f, "{}", path.display())
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
        write!(f, "cut {bytes} bytes off the block log at byte {offset} of its last segment: ")?;
        write!(f, "block {height} was being written and was never acknowledged")
    }
}

impl LogError {
    /// True of what a person may decide to go on with, by [`Repair::AcceptLost`].
    pub(super) fn may_be_accepted(&self) -> bool {
        matches!(
            self,
            LogError::BlocksLost { .. }
                | LogError::OtherBlock { .. }
                | LogError::CommittedDoubtful { .. }
                | LogError::CommittedBehind { .. }
                | LogError::Committed(
                    CommittedError::Missing { .. } | CommittedError::Damaged { .. }
                )
        )
    }
}

pub(super) fn failure(
    path: &Path,
    doing: &'static str,
) -> impl FnOnce(io::Error) -> LogError + use<> {
    let path = path.to_owned();
    move |source| LogError::Io { path, doing, source }
}
