//! The world: a real node over a disk, a clock and a power supply that fail, all from one seed.
//!
//! ```text
//!   seed ──► draws ──► network, transactions, faults
//!                         │
//!    SteppedNode ──► earnest_durable::fs ──► Disk (in memory)
//!         │                                    │ power cut, failed flush, full, bit flips
//!         └──► what it published ──► Witness ◄─┘ checked after every step and every start
//! ```
//!
//! Key terms: a *life* is all that one seed gives; a *run* is one process in it, from a start to a
//! stop, a kill or a power cut. What a node published is *acknowledged*.
//!
//! Laws: one seed gives one life, bit for bit, on every machine; the node is the one that ships,
//! and nothing of it is replaced but the disk and the clock; a start may refuse only for a fault
//! that was injected and that the design says it names.
//! Known shortcomings: one thread, so races between the edge and the replica are not met; money is
//! moved and bonded, jobs are not posted; time passes only between steps.
//! Not here: the rules at random (`earnest-testkit`), processes killed for real (`earnest-node`).
#![forbid(unsafe_code)]

mod disk;
mod draws;
mod life;
mod network;
mod witness;

pub use disk::{Cut, Disk, Fault, Plan, SECTOR, Tally};
pub use draws::Draws;
pub use life::{Finding, Life, live};
