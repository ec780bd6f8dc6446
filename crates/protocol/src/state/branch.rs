//! What a state would be, had something been otherwise that nothing else depends on yet.
//!
//! Law: a branch is a state that transactions could have led to; the state it is made of stays as
//! it is.
//! Not here: what a host does with one. No node makes any.

use super::State;
use crate::{
    ids::{Digest, JobId},
    seal,
};

impl State {
    /// This state as it would be, had the requester of a job sealed, and opened, another preimage
    /// of its seed; none if it opened none, or the seed was drawn with already.
    pub fn with_preimage(&self, job: JobId, preimage: &Digest) -> Option<State> {
        let (live, _) = self.assignment_of(job)?;
        let seed = self.verification.cases.get(live.index())?.seed;
        if seed.preimage.is_none() || seed.drawn.is_some() || seed.withheld.is_some() {
            return None;
        }
        let mut branch = self.clone();
        branch.market.orders.get_mut(job.index())?.terms.seed_seal = seal::seed(preimage);
        branch.verification.case_mut(live).seed.preimage = Some(*preimage);
        Some(branch)
    }

    /// Would a job's result be audited, were this the beacon of its draw and this the preimage that
    /// its requester opened?
    pub fn is_audited_under(&self, job: JobId, beacon: &Digest, preimage: &Digest) -> bool {
        let rate = self.order(job).map(|order| order.bound.audit_rate);
        let seed = seal::job_seed(job, beacon, preimage);
        rate.is_some_and(|rate| seal::chance(&seed, "audit", rate))
    }
}
