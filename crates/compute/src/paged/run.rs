//! Runs: a plain one from beginning to end, and one that goes step by step from any state.
//!
//! ```text
//!   plain (P1):      start ─────────── boundary ── boundary ── ... ──► claim
//!   pausable (P2):   state ──advance──► state ──advance──► ... ──► claim, and stays
//! ```
//! Key terms: *boundary k* of a step length B is the first poll at which at least k·B ticks have
//! passed, or the end; so a step whose boundary was passed already does nothing.
//! Laws: the state at a boundary, and the claim, are functions of program, task and boundary,
//! whatever other boundaries a run stops at and wherever it was begun; every run stops at the
//! boundaries of coarse steps, because a trap costs up to the end of its coarse step; a failure of
//! the engine is never a claim.
//! Known shortcomings: a run needs 2 MiB of native stack in the compiling engine; pages that
//! changed are found by comparing all of them unless the module marks what it touches.
//! Not here: what is sealed or disputed (`dispute`), the child process that runs this (`worker`).

mod plain;
mod session;

pub use super::pace::COARSE_TICKS;
pub use plain::{Outcome, Plain};
pub use session::{Machine, Session, Step, Tracking};
