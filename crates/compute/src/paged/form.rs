//! The form of a prepared program: the names by which `prepare` and those who run it agree.
//!
//! Two modules, both importing from [`HOST`] alone and sharing one memory layout. The *plain* one
//! (P1) is run from `_start` to its end, on ticks that it is given at once ([`REST`]) or at each
//! boundary ([`SLICE`], for those who watch it); the *pausable* one
//! (P2) is run by [`STEP`], again and again, and keeps its stack in its memory between two calls.
//!
//! Boundaries are counted in absolute ticks: boundary k of a step length B is the first poll at
//! which at least k·B ticks have passed. The module counts down: whoever runs it sets [`LEFT`] to
//! the ticks up to the next boundary, and at the poll where it is negative or zero the run pauses.
//!
//! Law: every mutable global is exported, as [`GLOBAL_PREFIX`] and its position among the mutable
//! ones, so that memory, mutable globals, ticks and output are the whole state between two steps.
//! Not here: how the modules are made (crate `prepare`).

/// The module that every import comes from.
pub const HOST: &str = "earnest";
/// Imported, `(offset: i64, pointer: i32, length: i32) -> i32`: copies the job's input from a byte
/// offset to memory; returns how many bytes: less than asked at the end, or beyond
/// [`CALL_BYTES_MAX`]. Traps if the place asked for is not all in memory.
pub const INPUT_READ: &str = "input_read";
/// Imported, `(pointer: i32, length: i32)`: appends bytes to the output. Traps if they are not all
/// in memory, or more than [`CALL_BYTES_MAX`].
pub const OUTPUT_WRITE: &str = "output_write";
/// Exported mutable global of the plain module, i64: ticks that it may draw. Where [`LEFT`] is used
/// up it takes those of the next coarse step from here; where too few are left it sets this to
/// [`STOPPED`], [`LEFT`] to zero or less, and traps.
pub const REST: &str = "earnest_rest";
/// What [`REST`] is once the run was stopped for want of ticks.
pub const STOPPED: i64 = -1;
/// Imported, in place of [`REST`], by a plain module that is watched, `()`: a boundary is reached.
/// [`LEFT`] holds what is left, zero or negative; the host sets it anew before it returns.
pub const SLICE: &str = "slice";
/// Exported mutable global, i64: ticks left up to the next boundary.
pub const LEFT: &str = "earnest_left";
/// Exported mutable global, i32: 0, or the exit code plus 1. A program that exits sets this, stores
/// its count in [`LEFT`] and comes to an `unreachable`; any other trap is a fault, whatever is
/// here.
pub const EXIT: &str = "earnest_exit";
/// Exported by the pausable module, `() -> i32`: starts or goes on; returns [`PAUSED`] or
/// [`FINISHED`].
pub const STEP: &str = "earnest_step";
/// What [`STEP`] returns at a boundary.
pub const PAUSED: i32 = 0;
/// What [`STEP`] returns when `_start` has returned.
pub const FINISHED: i32 = 1;
/// Exported by the plain module, `()`: the whole run.
pub const START: &str = "_start";
/// The one memory's export.
pub const MEMORY: &str = "memory";
/// Before the position of a mutable global among the mutable ones, in its export's name.
pub const GLOBAL_PREFIX: &str = "earnest_global_";
/// Most bytes of one call of the host.
pub const CALL_BYTES_MAX: u32 = 64 * 1024;
