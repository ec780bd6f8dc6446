//! Errors: why a scenario cannot be simulated, and how a run can fail.
//!
//! Law: nothing here is a finding; a claim that does not hold is a report, not an error.

use std::fmt;

use earnest_protocol::{
    AccountId, BlockRejected, Broken, Height, Rejected, genesis::GenesisRejected,
    market::PostJobRejected, verification::BoundRejected,
};

use crate::scenario::ScenarioRejected;

/// Why nothing was simulated.
#[derive(Clone, Debug, PartialEq)]
pub enum SimError {
    /// The file is not TOML, or has a field that is missing, unknown or of another type.
    Syntax {
        /// The parser's own words, with line and column.
        detail: String,
    },
    /// A value is outside its range.
    Scenario(ScenarioRejected),
    /// The network that the scenario describes cannot begin.
    Genesis(GenesisRejected),
    /// A policy of the grid would be refused at posting.
    Policy {
        /// Its audit rate.
        audit_rate: f64,
        /// Its auditors.
        auditors: u8,
        /// Why.
        rejected: PostJobRejected,
    },
    /// The threads asked for cannot be had.
    Threads {
        /// How many.
        wanted: usize,
    },
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SimError::Syntax { detail } => write!(f, "the scenario cannot be read: {detail}"),
            SimError::Scenario(rejected) => write!(f, "the scenario is refused: {rejected}"),
            SimError::Genesis(GenesisRejected::Params(rejected)) => {
                write!(f, "[params]: {rejected}")
            }
            SimError::Genesis(rejected) => {
                write!(f, "the scenario's network cannot begin: {rejected:?}")
            }
            SimError::Policy { audit_rate, auditors, rejected } => {
                write!(f, "a job audited at rate {audit_rate} by {auditors} would be refused: ")?;
                explain(rejected, f)
            }
            SimError::Threads { wanted } => {
                write!(f, "cannot run on {wanted} threads; use 1 to 1024, or leave it out")
            }
        }
    }
}

/// The refusals that a scenario's author meets, in words.
fn explain(rejected: &PostJobRejected, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match rejected {
        PostJobRejected::NoQuote(BoundRejected::DetectionTooLow { detection, minimum }) => write!(
            f,
            "it detects {} parts per billion of wrong results, verification.detection_min is {}; \
             raise the rate or the auditors",
            detection.parts(),
            minimum.parts()
        ),
        PostJobRejected::AuditRateTooLow { min, .. } => {
            write!(f, "verification.audit_min is {} parts per billion", min.parts())
        }
        PostJobRejected::AuditorsOutOfRange { max, .. } => {
            write!(f, "verification.auditors_max is {max}; raise it in [params.verification]")
        }
        PostJobRejected::PoolTooSmall { eligible, needed } => {
            write!(f, "{needed} validators are needed, validators.count is {eligible}")
        }
        PostJobRejected::DeadlineOutOfRange { min, max, .. } => {
            write!(f, "job.deadline_blocks must be {min} to {max}")
        }
        PostJobRejected::WorkBoundOutOfRange { min, max, .. } => {
            write!(f, "job.mgas must make {min} to {max} gas")
        }
        other => write!(f, "{other:?}"),
    }
}

impl std::error::Error for SimError {}

/// How one run failed. The others go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunError {
    /// An agent asked for what the rules refuse: the agent is wrong about the rules.
    Refused {
        /// In which block.
        height: Height,
        /// Whose command.
        signer: AccountId,
        /// Why.
        rejected: Rejected,
    },
    /// A block was refused: the simulator's clock or beacon is wrong.
    Block(BlockRejected),
    /// A law of the rules does not hold: the rules are wrong.
    Broken {
        /// In which block.
        height: Height,
        /// Which.
        broken: Broken,
    },
    /// Jobs were still open when every deadline had long passed.
    NeverEnded {
        /// How many.
        open: u64,
        /// After how many blocks.
        blocks: u64,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Refused { height, signer, rejected } => {
                write!(f, "block {height}: a command of account {signer} was refused: {rejected:?}")
            }
            RunError::Block(rejected) => write!(f, "a block was refused: {rejected:?}"),
            RunError::Broken { height, broken } => {
                write!(f, "block {height}: a law of the protocol is broken: {broken:?}")
            }
            RunError::NeverEnded { open, blocks } => {
                write!(f, "{open} jobs were still open after {blocks} blocks")
            }
        }
    }
}

impl std::error::Error for RunError {}
