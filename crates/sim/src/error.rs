//! Errors: why a scenario cannot be simulated, and how a run can fail.
//!
//! Law: nothing here is a finding; a claim that does not hold is a report, not an error.

use earnest_protocol::{
    AccountId, BlockRejected, Broken, Height, Rejected, genesis::GenesisRejected,
    market::PostJobRejected, verification::BoundRejected,
};

use crate::scenario::ScenarioRejected;

/// Why nothing was simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SimError {
    /// The file is not TOML, or has a field that is missing, unknown or of another type.
    #[error("the scenario cannot be read: {detail}")]
    Syntax {
        /// The parser's own words, with line and column.
        detail: String,
    },
    /// A value is outside its range.
    #[error("the scenario is refused: {0}")]
    Scenario(ScenarioRejected),
    /// The network that the scenario describes cannot begin.
    #[error("{}", begin(.0))]
    Genesis(GenesisRejected),
    /// A policy of the grid would be refused at posting.
    #[error(
        "a job audited at rate {audit_rate} by {auditors} would be refused: {}",
        explain(.rejected)
    )]
    Policy {
        /// Its audit rate.
        audit_rate: f64,
        /// Its auditors.
        auditors: u8,
        /// Why.
        rejected: PostJobRejected,
    },
    /// The threads asked for cannot be had.
    #[error("cannot run on {wanted} threads; use 1 to 1024, or leave it out")]
    Threads {
        /// How many.
        wanted: usize,
    },
}

/// What keeps a network from beginning, in words; one of its parameters as a rule.
fn begin(rejected: &GenesisRejected) -> String {
    match rejected {
        GenesisRejected::Params(rejected) => format!("[params]: {rejected}"),
        other => format!("the scenario's network cannot begin: {other:?}"),
    }
}

/// The refusals that a scenario's author meets, in words.
fn explain(rejected: &PostJobRejected) -> String {
    match rejected {
        PostJobRejected::NoQuote(BoundRejected::DetectionTooLow { detection, minimum }) => format!(
            "it detects {} parts per billion of wrong results, verification.detection_min is {}; \
             raise the rate or the auditors",
            detection.parts(),
            minimum.parts()
        ),
        PostJobRejected::AuditRateTooLow { min, .. } => {
            format!("verification.audit_min is {} parts per billion", min.parts())
        }
        PostJobRejected::AuditorsOutOfRange { max, .. } => {
            format!("verification.auditors_max is {max}; raise it in [params.verification]")
        }
        PostJobRejected::PoolTooSmall { eligible, needed } => {
            format!("{needed} validators are needed, validators.count is {eligible}")
        }
        PostJobRejected::DeadlineOutOfRange { min, max, .. } => {
            format!("job.deadline_blocks must be {min} to {max}")
        }
        PostJobRejected::WorkBoundOutOfRange { min, max, .. } => {
            format!("job.mgas must make {min} to {max} gas")
        }
        other => format!("{other:?}"),
    }
}

/// How one run failed. The others go on.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// An agent asked for what the rules refuse: the agent is wrong about the rules.
    #[error("block {height}: a command of account {signer} was refused: {rejected:?}")]
    Refused {
        /// In which block.
        height: Height,
        /// Whose command.
        signer: AccountId,
        /// Why.
        rejected: Rejected,
    },
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
}
