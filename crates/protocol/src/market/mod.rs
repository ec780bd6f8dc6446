//! Market: who does which job, and for how much.
//!
//! Key terms: the *ceiling* is the most a requester pays; a *bid* is a sealed price, opened with
//! its collateral; *quality* divides the price it competes with.
//!
//! ```text
//! Bidding ─► RevealingBids ─► Offered ─► Executing ─► Committed ─► Auditing ─► Revealing
//!    │             │             │           │            └─ not drawn ─────────►│
//!    │ no bid      │ none opened │ nobody    │ nothing      result lapses or     ▼
//!    ▼             ▼             ▼ accepts   ▼ committed    loses ────► Challengeable
//!  Closed        Closed        Closed      Closed             Closed ◄──────────┘
//! ```
//!
//! Every phase has a deadline; when it passes, the next block's opening moves the job on.
//! Invariant: a closed job holds no money.
//! Rounding: the second price down, never above the ceiling.
//! Known shortcomings: one allocation mode (sealed-bid reverse auction), one class of hardware.
//! Not here: collateral (`verification`), slashes (`slashing`).

pub(crate) mod auction;
mod job;
mod rejected;

use serde::{Deserialize, Serialize};

pub use job::{Assignment, Bid, BidState, CloseReason, Closed, Job, Outcome, Phase};
pub use rejected::{
    AcceptJobRejected, CommitBidRejected, ConfirmReceiptRejected, PostJobRejected,
    RevealBidRejected,
};

use crate::{ids::JobId, num::Amount, table::Table};

/// Every job ever posted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Market {
    pub(crate) jobs: Table<Job>,
    pub(crate) counts: JobCounts,
    /// Locks that the audits of open jobs are expected to need (C10).
    pub(crate) audit_locks_expected: Amount,
}

/// How many jobs came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    /// All.
    pub posted: u64,
    /// Paid.
    pub accepted: u64,
    /// Refunded after a conviction.
    pub rejected: u64,
    /// Refunded for want of a result.
    pub expired: u64,
    /// Neither yet.
    pub open: u64,
}

impl Market {
    pub(crate) fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(id.index())
    }

    pub(crate) fn job_mut(&mut self, id: JobId) -> &mut Job {
        self.jobs.get_mut(id.index()).expect("only identifiers handed out are used")
    }
}
