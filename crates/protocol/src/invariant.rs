//! Invariants: what is always true, by name.
//!
//! Checked after every command in tests and simulations, after every block where a host asks for
//! it, on demand on a live node. A broken one is our own fault: the host stops and says where.

use serde::Serialize;

use crate::{
    ids::{JobId, OperatorId},
    ledger::{JobPot, Pot},
    market::Phase,
    num::Amount,
    state::State,
};

/// A law that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields say where, and both numbers")]
pub enum Broken {
    /// Conservation: the pots sum to what was issued less what was burnt.
    Conservation { pots: Option<Amount>, expected: Option<Amount> },
    /// An operator's stake is its free bond and every lock it has in open jobs.
    Stake { operator: OperatorId, recorded: Amount, found: Amount },
    /// A weight is the stake of an operator that may work, and 0 of any other.
    Weight { operator: OperatorId, recorded: u64, expected: u64 },
    /// A closed job holds no money.
    ClosedJobHolds { job: JobId, amount: Amount },
    /// An open job's deadline has not passed.
    Overdue { job: JobId },
    /// The peers' pots cover what peers accrued.
    PeersUncovered { accrued: Amount, there: Amount },
    /// The counts of jobs add up.
    JobCounts,
}

impl State {
    /// Checks every law; costs a walk over all rows.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn check_invariants(&self) -> Result<(), Broken> {
        self.check_conservation()?;
        self.check_jobs()?;
        self.check_operators()
    }

    /// Checks conservation alone.
    ///
    /// # Errors
    /// Both sums, if they differ.
    pub fn check_conservation(&self) -> Result<(), Broken> {
        let pots = self.ledger.sum();
        let expected = self.issued().checked_sub(self.balance(Pot::Burnt));
        if pots.is_none() || pots != expected {
            return Err(Broken::Conservation { pots, expected });
        }
        Ok(())
    }

    fn check_jobs(&self) -> Result<(), Broken> {
        let mut open = 0u64;
        for (id, job) in self.jobs() {
            if job.phase == Phase::Closed {
                if let Some((_, amount)) = self.job_pots(id).first() {
                    return Err(Broken::ClosedJobHolds { job: id, amount: *amount });
                }
                continue;
            }
            open = open.saturating_add(1);
            let settled = self.verification.case(id).is_settled();
            if job.until < self.height() && (job.phase != Phase::Challengeable || settled) {
                return Err(Broken::Overdue { job: id });
            }
        }
        let c = self.job_counts();
        let ended = c.accepted.saturating_add(c.rejected).saturating_add(c.expired);
        if open != c.open || ended.saturating_add(open) != c.posted {
            return Err(Broken::JobCounts);
        }
        Ok(())
    }

    fn check_operators(&self) -> Result<(), Broken> {
        let mut locked = alloc::vec![Amount::ZERO; self.operators().len()];
        for (id, job) in self.jobs().filter(|(_, job)| job.phase != Phase::Closed) {
            for &(pot, amount) in self.job_pots(id) {
                let holder = match pot {
                    JobPot::Collateral(slot) => Some(job.bid(slot).operator),
                    JobPot::AuditLock(seat) => {
                        let seats = &self.verification.case(id).seats;
                        seats.get(usize::from(seat)).and_then(|seat| seat.operator)
                    }
                    _ => None,
                };
                if let Some(sum) = holder.and_then(|holder| locked.get_mut(holder.index())) {
                    *sum = sum.saturating_add(amount);
                }
            }
        }
        let mut accrued = Amount::ZERO;
        for ((id, operator), locked) in self.operators().zip(locked) {
            let found = self.balance(Pot::Bond(id)).saturating_add(locked);
            if operator.stake != found {
                let recorded = operator.stake;
                return Err(Broken::Stake { operator: id, recorded, found });
            }
            let expected = operator.weight();
            let recorded = self.staking.pool(operator.role).weights.of(id);
            if recorded != expected {
                return Err(Broken::Weight { operator: id, recorded, expected });
            }
            accrued = accrued.saturating_add(operator.peer_accrued);
        }
        let peers = [crate::Role::Provider, crate::Role::Validator].map(Pot::Peers);
        let there = peers.into_iter().fold(Amount::ZERO, |s, p| s.saturating_add(self.balance(p)));
        if accrued > there {
            return Err(Broken::PeersUncovered { accrued, there });
        }
        Ok(())
    }
}
