//! Earnest prepare: programs that people have, made such that anyone can check their runs.
//!
//! An ordinary `wasm32-wasip1` module P goes through passes of our own, each a pure function of
//! bytes, pinned by a version:
//!
//! ```text
//!   P ──link──► L ──plain──► C ──hasten──► P1
//!                            └───pause───► P2
//! ```
//! *link* binds the system interface to a small deterministic one that is WebAssembly itself;
//! *plain* makes floats canonical where their bits can be seen, cuts bulk operations, counts ticks
//! and polls: C. *hasten* takes the calls out of the polls: P1 runs at nearly its old speed.
//! *pause* makes C stop and go on at its polls with its stack in memory: P2, whose hash is the
//! job's law. Ticks are counted before either, so that both count alike, and their memories are
//! equal at every boundary but for the stack.
//!
//! Law: nobody need trust a pass. A worker runs P1 after it has made P2 again and compared; the
//! ledger executes P2 alone.
//! Not here: running anything, states, disputes (`compute`).

#![forbid(unsafe_code)]

use earnest_compute::paged::program::{Kind, Program};

pub mod bundle;
mod floats;
mod hasten;
pub mod link;
mod module;
mod pause;
mod plain;
mod rejected;

pub use module::{
    FUNCTION_BYTES_MAX, FUNCTION_COUNT_MAX, GLOBAL_COUNT_MAX, LOCAL_COUNT_MAX, MEMORY_PAGES_MAX,
    MODULE_BYTES_MAX, NESTING_MAX, OPERAND_COUNT_MAX, SEGMENT_COUNT_MAX, TABLE_ELEMENT_COUNT_MAX,
    TYPE_COUNT_MAX, TYPE_VALUE_COUNT_MAX,
};
pub use plain::{
    ACCESS_TICKS, LOCALS_BY_BLOCKS_MAX, LOCALS_BY_LOOPS_MAX, PAGE_TICKS, PIECE_BYTES,
    POLL_ACCESSES_MAX, POLL_TICKS_MAX, STACK_BYTES, plain,
};
pub use rejected::{Part, Rejected};

/// Which passes made a module: part of what a job's law means, raised with any change of output.
pub const VERSION: u32 = 3;

/// Both forms of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// P1: what workers run.
    pub plain: Vec<u8>,
    /// P2: what the job names by its hash, and disputes execute.
    pub pausable: Vec<u8>,
}

/// Makes both forms of a linked program: one that imports from the host alone. A pure function of
/// the bytes, pinned by [`VERSION`].
///
/// # Errors
/// The first thing about the program that is refused, each with what to do ([`Rejected::remedy`]).
pub fn prepare(linked: &[u8]) -> Result<Prepared, Rejected> {
    let counted = plain::plain(linked)?;
    let pausable = pause::pause(&counted)?;
    let plain = hasten::hasten(&counted)?;
    // What is prepared can be published: its makers learn here of what those who run it refuse.
    for (form, kind) in [(&plain, Kind::Plain), (&pausable, Kind::Pausable)] {
        Program::read(form, kind).map_err(|why| Rejected::Unfit { why })?;
    }
    Ok(Prepared { plain, pausable })
}
