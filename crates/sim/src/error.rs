//! Errors: why nothing can be simulated, and how a run can fail.
//!
//! Law: what the rules refuse an agent is no error, nor is a finding that one does not like.

use std::{io, path::PathBuf};

use earnest_protocol::{BlockRejected, Broken, Height, genesis::GenesisRejected};

use crate::scenario::ScenarioRejected;

/// Why nothing was simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The file is not TOML, or has a field that is missing, unknown or of another type.
    #[error("the scenario cannot be read: {detail}")]
    Syntax {
        /// The parser's own words, with line and column.
        detail: String,
    },
    /// A setting that cannot be made.
    #[error("--set {setting}: {why}")]
    Setting {
        /// As it was written.
        setting: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A setting of a group that the scenario has not.
    #[error("--set {path}: there is no such group; the scenario has {known}")]
    Group {
        /// What was to be set.
        path: String,
        /// The groups of that kind, or the kinds, that it has.
        known: String,
    },
    /// A value is outside its range.
    #[error("the scenario is refused: {0}")]
    Scenario(ScenarioRejected),
    /// The network that the scenario describes cannot begin.
    #[error("{}", begin(.0))]
    Genesis(GenesisRejected),
    /// The threads asked for cannot be had.
    #[error("cannot run on {wanted} threads; use 1 to 1024, or leave it out")]
    Threads {
        /// How many.
        wanted: usize,
    },
    /// More runs than one sweep has.
    #[error("{runs} runs are asked for, allowed are 1 to {max}")]
    Runs {
        /// How many.
        runs: u64,
        /// The most allowed.
        max: u64,
    },
    /// More points than a page or a region is told of.
    #[error("{points} points are more than a page or a region is told of; allowed are {max}")]
    TooManyPoints {
        /// How many.
        points: u64,
        /// The most allowed.
        max: usize,
    },
    /// A wish that says nothing.
    #[error("--feasible \"{wish}\": {why}")]
    Wish {
        /// As it was written.
        wish: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A measure that there is not.
    #[error("there is no measure {wanted}; there are: {known}")]
    Measure {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// Draws that cannot be told apart by strata.
    #[error("strata cannot be told: {why}")]
    Strata {
        /// What is in the way.
        why: String,
    },
    /// Policies that make no game.
    #[error("these policies make no game: {why}")]
    Policies {
        /// What is wrong with them.
        why: String,
    },
    /// A run failed, and without it nothing can be said.
    #[error("run {run} of {settings} failed: {error}")]
    Failed {
        /// What its point sets.
        settings: String,
        /// Its number.
        run: u32,
        /// Why.
        error: RunError,
    },
    /// The folder holds something else.
    #[error("{path} holds {what}; choose another folder")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What it holds.
        what: &'static str,
    },
    /// The disk said no.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What keeps a network from beginning, in words; one of its parameters as a rule.
fn begin(rejected: &GenesisRejected) -> String {
    match rejected {
        GenesisRejected::Params(rejected) => format!("[params]: {rejected}"),
        GenesisRejected::SupplyTooLarge => {
            "all balances and bonds together exceed the largest supply; lower them, or the counts"
                .to_owned()
        }
        other => format!("the scenario's network cannot begin: {other:?}"),
    }
}

/// How one run failed. The others go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// A block was refused: the simulator's clock or beacon is wrong.
    #[error("a block was refused: {0:?}")]
    Block(BlockRejected),
    /// A law of the rules does not hold: the rules are wrong.
    #[error("block {height}: a law of the protocol is broken: {broken:?}")]
    Broken {
        /// In which block.
        height: Height,
        /// Which.
        broken: Broken,
    },
    /// Jobs were still open when every deadline had long passed.
    #[error("{open} jobs were still open after {blocks} blocks")]
    NeverEnded {
        /// How many.
        open: u64,
        /// After how many blocks.
        blocks: u64,
    },
    /// The purses do not add up to what there was.
    #[error("the accounts do not close: {units} base units are unaccounted for")]
    Unaccounted {
        /// How many.
        units: i64,
    },
    /// Somebody who did all that the protocol asks lost stake, or a right result was convicted.
    #[error("honest people lost {times} times")]
    HonestLoss {
        /// How often.
        times: u64,
    },
    /// The simulator or the rules panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
}
