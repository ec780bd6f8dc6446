//! Why a storage command was refused. Ordered by precedence: the first that applies is returned.

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Blocks};

/// Why bytes will not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum KeepDataRejected {
    /// Nothing to keep.
    SizeMustBePositive,
    /// Files take whole blocks.
    SizeMustBeWholeBlocks { wanted_kib: u32, block_kib: u32 },
    /// For no time.
    TimeMustBePositive,
    /// For longer than one may pay at once.
    TooLong { wanted: Blocks, max: Blocks },
    /// More than the room has left.
    RoomFull { wanted_kib: u64, free_kib: u64 },
    /// Dearer than it may be: the room has filled.
    ExceedsPriceMax { price: Amount, max: Amount },
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}

/// Why a part of a program was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum PublishProgramRejected {
    /// No program has so many bytes.
    SizeOutOfRange { wanted: u32, min: u32, max: u32 },
    /// Jobs can name it already.
    AlreadyPublished,
    /// It was begun with another number of bytes.
    SizeChanged { wanted: u32, begun: u32 },
    /// Parts come in order.
    PartNotNext { part: u32, next: u32 },
    /// All parts but the last have 256 KiB, the last what is left.
    PartOfOtherSize { got: u32, wanted: u32 },
    /// More than the room has left.
    RoomFull { wanted_kib: u64, free_kib: u64 },
    /// The deposit exceeds what the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}

/// Why a program stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "the number of jobs that need it")]
pub enum RetireProgramRejected {
    /// There is no such program.
    NotPublished,
    /// Somebody else published it.
    NotThePublisher,
    /// Open jobs name it.
    NamedByJobs { jobs: u64 },
}
