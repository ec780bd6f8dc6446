//! The simulator: the very rules that the ledger runs, driven by simulated participants.
//!
//! Agents look at the state and return commands; the world carries them out on a
//! [`State`](earnest_protocol::State), block by block, without signatures and without executing
//! anything: its referee knows the truth. No rule and no formula is written again here.
//!
//! Code map: [`random`] (keyed draws), [`scenario`] (what is played), `world` (one run's state),
//! `agents` (who wants what), `experiment` (the grid, in parallel), [`stats`], [`report`].
//!
//! Laws: one seed gives one result, whatever the threads; runs are parallel, agents are not; no
//! state is copied.
//! Known shortcomings: one experiment so far (honest, lying and abandoning providers over a grid
//! of audit policies); agents do not learn, enter or leave.
//! Not here: real execution (`earnest-compute`), real keys (`earnest-api`).
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agents;
mod experiment;
pub mod random;
pub mod report;
pub mod scenario;
pub mod stats;
mod world;

use core::fmt;

use earnest_protocol::{Broken, JobId, ParamsRejected, Rejected, verification::BoundRejected};

pub use experiment::run;
pub use report::Report;
pub use scenario::Scenario;

/// How a scenario is played.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Plays another game of the same kind; the scenario's own seed if none.
    pub seed: Option<u64>,
    /// Threads to use; as many as there are cores if none. The result does not depend on it.
    pub threads: Option<usize>,
}

/// How far an experiment has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Runs that ended.
    pub done: usize,
    /// All runs.
    pub total: usize,
}

/// Why there is no report.
#[derive(Debug)]
pub enum SimError {
    /// The scenario cannot be read.
    Scenario(String),
    /// The scenario's parameters do not go together.
    Params(ParamsRejected),
    /// A policy of the grid has no quote.
    NoQuote {
        /// At which audit rate, in parts per billion.
        audit_rate: u64,
        /// With how many auditors.
        auditors: u8,
        /// Why.
        rejected: BoundRejected,
    },
    /// The rules refused what an agent of the scenario must be able to do.
    Refused {
        /// Which command.
        command: String,
        /// Why.
        rejected: Rejected,
    },
    /// A job did not end.
    Stuck(JobId),
    /// A law of the rules does not hold: a fault of ours.
    Broken(Broken),
    /// No threads could be had.
    Threads(String),
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SimError::Scenario(why) => write!(f, "the scenario cannot be played: {why}"),
            SimError::Params(rejected) => {
                write!(f, "its parameters do not go together: {rejected}")
            }
            SimError::NoQuote { audit_rate, auditors, rejected } => write!(
                f,
                "there is no quote at audit rate {audit_rate} parts per billion with {auditors} \
                 auditors: {rejected:?}"
            ),
            SimError::Refused { command, rejected } => {
                write!(f, "the rules refused {command}: {rejected:?}")
            }
            SimError::Stuck(job) => write!(f, "job {job} never ended"),
            SimError::Broken(broken) => write!(f, "a law does not hold: {broken:?}"),
            SimError::Threads(why) => write!(f, "no threads: {why}"),
        }
    }
}

impl std::error::Error for SimError {}
