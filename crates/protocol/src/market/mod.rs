//! Market: who does which job, and for how much.
//!
//! Key terms: an *order* is what was asked, and never changes; its *job* is where it stands; a
//! *bid* is a sealed price, opened with its collateral; an *assignment* is one operator's
//! obligation to do the job, and an order may have several, one after another; the *ceiling* is
//! the most a requester pays; *quality* divides the price a bid competes with.
//!
//! ```text
//! job:         Bidding ─► RevealingBids ─► Assigned ─► Closed
//!                 │ no bid,    │ none opened    ▲ │ last assignment ended
//!                 ▼ or taken   ▼      next bid  │ ▼
//!               Closed back  Closed           assignment:
//!   Offered ─► Executing ─► Committed ─► Auditing ─► Revealing ─► Challengeable ─► Ended
//!     │ nobody     │ nothing    └─ not drawn ────────►│  │ loses        ▲ stands
//!     ▼ accepts    ▼ committed                        ▼  ▼
//!   Ended        Ended                               Ended
//! ```
//!
//! Every phase has a deadline; when it passes, the next block's opening moves the job on.
//! Invariant: a closed job and an ended assignment hold no money.
//! Rounding: the second price down, never above the ceiling.
//! Known shortcomings: one allocation mode (sealed-bid reverse auction), one class of hardware; a
//! requester may shill in a second-price auction, so tools ask for the first price (ADR 24).
//! Not here: collateral (`bound`), results (`verification`), slashes (`slashing`).

pub(crate) mod acts;
pub(crate) mod auction;
pub(crate) mod handlers;
mod job;
pub(crate) mod params;
mod price;
mod rejected;
mod terms;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use job::{
    Accepted, Assignment, Bid, BidState, CloseReason, Closed, Job, Order, Outcome, Phase, Stage,
};
pub use price::{PriceSplit, PriceTerms, Refund};
pub use rejected::{
    AcceptJobRejected, CancelJobRejected, CommitBidRejected, PostJobRejected, RateJobRejected,
    RevealBidRejected,
};
pub use terms::check_terms;

use crate::{
    bound::{BoundTerms, Quote},
    ids::{AssignmentId, JobId},
    num::Amount,
    shared::Shared,
    table::Table,
};

/// Every order, its job and its assignments.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Market {
    pub(crate) orders: Table<Order>,
    pub(crate) jobs: Table<Job>,
    pub(crate) assignments: Table<Assignment>,
    pub(crate) counts: JobCounts,
    /// Locks that the audits of accepted jobs may need at once (C10).
    pub(crate) audit_locks_reserved: Amount,
    /// What of the leader's bond the audits of accepted jobs may need, if it withholds (C8).
    pub(crate) fallback_reserved: Amount,
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
    pub(crate) fn order(&self, id: JobId) -> &Order {
        self.orders.get(id.index()).expect("an order stays as long as its job")
    }

    /// The last order, if its job is still there.
    pub(crate) fn last_order(&self) -> Option<&Order> {
        self.orders.get(self.orders.len().checked_sub(1)?)
    }

    /// Orders that were read one by one hold in common again what they say alike.
    pub(crate) fn share_alike(&mut self) {
        let known: Vec<usize> = self.orders.iter().map(|(index, _)| index).collect();
        let mut before: Option<(Shared<BoundTerms>, Shared<Quote>)> = None;
        for index in known {
            let order = self.orders.get_mut(index).expect("a live row");
            if let Some((bound, quote)) = &before {
                order.bound.join(bound);
                order.quote.join(quote);
            }
            before = Some((order.bound.clone(), order.quote.clone()));
        }
    }

    pub(crate) fn get(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(id.index())
    }

    pub(crate) fn job(&self, id: JobId) -> &Job {
        self.get(id).expect("only jobs that are still there are used")
    }

    pub(crate) fn job_mut(&mut self, id: JobId) -> &mut Job {
        self.jobs.get_mut(id.index()).expect("only jobs that are still there are used")
    }

    pub(crate) fn assignment(&self, id: AssignmentId) -> &Assignment {
        self.assignments.get(id.index()).expect("an assignment stays as long as its job")
    }

    pub(crate) fn assignment_mut(&mut self, id: AssignmentId) -> &mut Assignment {
        self.assignments.get_mut(id.index()).expect("an assignment stays as long as its job")
    }

    /// Where a job stands: the phase of its live assignment, if it has one.
    pub(crate) fn phase(&self, id: JobId) -> Option<Phase> {
        let job = self.get(id)?;
        Some(match job.stage {
            Stage::Bidding => Phase::Bidding,
            Stage::RevealingBids => Phase::RevealingBids,
            Stage::Assigned(assignment) => self.assignment(assignment).phase,
            Stage::Closed => Phase::Closed,
        })
    }

    /// The assignment of a job that is being done.
    pub(crate) fn live(&self, id: JobId) -> Option<AssignmentId> {
        match self.get(id)?.stage {
            Stage::Assigned(assignment) => Some(assignment),
            Stage::Bidding | Stage::RevealingBids | Stage::Closed => None,
        }
    }

    /// A job's live assignment, if it is in one of `phases`; else what phase the job is in, or
    /// `None` if there is no such job.
    pub(crate) fn live_in(
        &self,
        id: JobId,
        phases: &[Phase],
    ) -> Result<AssignmentId, Option<Phase>> {
        let phase = self.phase(id).ok_or(None)?;
        let live = self.live(id).filter(|_| phases.contains(&phase));
        live.ok_or(Some(phase))
    }
}

/// `JobNotFound` or `WrongPhase` of the refusal at hand, or the live assignment.
macro_rules! live_in_phase {
    ($cx:expr, $id:expr, $rejected:ident, $($phase:ident)|+) => {
        match $cx.state.market.live_in($id, &[$($crate::market::Phase::$phase),+]) {
            Ok(assignment) => assignment,
            Err(None) => return Err($rejected::JobNotFound),
            Err(Some(phase)) => return Err($rejected::WrongPhase { phase }),
        }
    };
}
pub(crate) use live_in_phase;
