//! What a prepared program is to compute: its code, its input, its bounds, under one hash.
//!
//! Key terms: the *input* is one string of bytes, in pages of 4 KiB under the same kind of tree as
//! a memory; the program reads any part of it at any time. *Ticks* are the program's own count of
//! its work: the injected code counts, in every engine alike.
//! Law: `Task::hash` binds every field; two tasks of equal hash have equal results.
//! Known shortcomings: an input has at most 256 MiB.
//! Not here: what the input means to the program (crate `prepare`), who pays.

use serde::{Deserialize, Serialize};

use super::pages::{PAGE_BYTES, PAGE_COUNT_MAX, Page, PageTree, ZERO_PAGE};
use super::stream::OUTPUT_BYTES_MAX;
use crate::digest::{Digest, finish, hasher};

/// Most bytes of an input (256 MiB).
pub const INPUT_BYTES_MAX: u64 = PAGE_COUNT_MAX as u64 * PAGE_BYTES as u64;
/// Most ticks that a task may allow.
pub const TICKS_MAX: u64 = 1 << 62;

const TASK: &str = "earnest compute 2026-11 paged task v1";

/// A computation of a prepared program. All fields are bound by [`Task::hash`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// BLAKE3 of the pausable module.
    pub program: Digest,
    /// Root of the input's pages.
    pub input_root: Digest,
    /// Bytes of the input, at most [`INPUT_BYTES_MAX`].
    pub input_length: u64,
    /// Ticks after which the program is halted, 1 to [`TICKS_MAX`].
    pub ticks_bound: u64,
    /// Bytes that it may put out, at most [`OUTPUT_BYTES_MAX`]; one more and it traps.
    pub output_bound: u64,
}

/// Why a task is not one. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskRejected {
    /// The input is longer than any may be.
    #[error("the input's {length} bytes exceed {limit}")]
    InputTooLong {
        /// What was asked.
        length: u64,
        /// The most allowed.
        limit: u64,
    },
    /// `ticks_bound` is 0 or above the limit.
    #[error("the bound of {ticks_bound} ticks is not within 1..={limit}")]
    TicksOutOfRange {
        /// What was asked.
        ticks_bound: u64,
        /// The most allowed.
        limit: u64,
    },
    /// `output_bound` is above the limit.
    #[error("an output of {output_bound} bytes exceeds {limit}")]
    OutputTooLong {
        /// What was asked.
        output_bound: u64,
        /// The most allowed.
        limit: u64,
    },
}

impl Task {
    /// The hash that stands for this task in every state.
    pub fn hash(&self) -> Digest {
        let mut h = hasher(TASK);
        h.update(&self.program.0);
        h.update(&self.input_root.0);
        h.update(&self.input_length.to_le_bytes());
        h.update(&self.ticks_bound.to_le_bytes());
        h.update(&self.output_bound.to_le_bytes());
        finish(&h)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first field out of its range.
    pub fn check(&self) -> Result<(), TaskRejected> {
        if INPUT_BYTES_MAX < self.input_length {
            let (length, limit) = (self.input_length, INPUT_BYTES_MAX);
            return Err(TaskRejected::InputTooLong { length, limit });
        }
        if self.ticks_bound < 1 || TICKS_MAX < self.ticks_bound {
            let (ticks_bound, limit) = (self.ticks_bound, TICKS_MAX);
            return Err(TaskRejected::TicksOutOfRange { ticks_bound, limit });
        }
        if OUTPUT_BYTES_MAX < self.output_bound {
            let (output_bound, limit) = (self.output_bound, OUTPUT_BYTES_MAX);
            return Err(TaskRejected::OutputTooLong { output_bound, limit });
        }
        Ok(())
    }
}

/// The input of a task, known whole, with its tree.
#[derive(Clone, Debug)]
pub struct Input {
    bytes: Vec<u8>,
    tree: PageTree,
}

impl Input {
    /// Hashes `bytes`; `None` if there are more than [`INPUT_BYTES_MAX`].
    pub fn new(bytes: Vec<u8>) -> Option<Input> {
        if INPUT_BYTES_MAX < bytes.len() as u64 {
            return None;
        }
        let pages: Vec<Page> = bytes.chunks(PAGE_BYTES).map(padded).collect();
        Some(Input { tree: PageTree::of(&pages), bytes })
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their tree: its root is what a task binds.
    pub fn tree(&self) -> &PageTree {
        &self.tree
    }

    /// Page `index`, with zeros behind the input's end.
    pub fn page(&self, index: u32) -> Page {
        let index = usize::try_from(index).expect("usize has 32 bits");
        self.bytes.chunks(PAGE_BYTES).nth(index).map_or(*ZERO_PAGE, padded)
    }
}

pub(super) fn padded(bytes: &[u8]) -> Page {
    let mut page = *ZERO_PAGE;
    for (place, byte) in page.iter_mut().zip(bytes) {
        *place = *byte;
    }
    page
}
