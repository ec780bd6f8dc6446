//! The end of a job: paid, convicted or expired; every lock goes home or where it must.

use alloc::vec::Vec;

use crate::{
    event::{Event, Journal},
    ids::{AccountId, Digest, JobId, Role},
    ledger::{JobPot, Pot, Reason},
    market::{CloseReason, Closed, Outcome, Phase},
    num::Amount,
    params::Params,
    reputation::{Dimension, Praise, weigh},
    slashing::{Claims, Offence},
    state::State,
    verification::{Loser, LossReason, SeatState},
};

use super::slash::Conviction;

/// What went back to a requester at the end.
struct Refund {
    /// Of the price ceiling.
    escrow: Amount,
    /// Unused audit fees and the deposit included.
    all: Amount,
}

impl State {
    /// Pays the job if its window is over and nothing about it is open.
    pub(crate) fn finish_if_settled(&mut self, id: JobId, journal: &mut Journal) {
        let job = self.market.job_mut(id);
        let over = job.phase == Phase::Challengeable && job.until < self.chain.height;
        if over && self.case_mut(id).is_settled() {
            self.finalise(id, journal);
        }
    }

    /// The result stands: it is paid.
    fn finalise(&mut self, id: JobId, journal: &mut Journal) {
        if self.verification.case(id).lacks_verdicts() {
            self.pay_auditors(id, None, journal);
            return self.close_job(id, Outcome::Expired, CloseReason::AuditUnavailable, journal);
        }
        let params = self.pinned(id);
        let job = self.market.job_mut(id);
        let assignment = job.assignment.expect("a result has a provider");
        let (requester, steps) = (job.requester, job.terms.task.steps);
        let result = self.case_mut(id).result.as_ref().expect("a final result was sealed");
        let (late, steps_paid) = (result.late, result.steps_paid);
        // Down: the requester pays for no part of a step or block that it did not get.
        let due = assignment.price.share_floor(steps_paid, steps).unwrap_or(assignment.price);
        let due = Self::late_share(late, &params).amount_floor(due);
        let burnt = self.pay_price(id, assignment.account, due, &params, journal);

        self.pay_auditors(id, None, journal);
        let praise = Praise { requester, value: due, burnt };
        let (now, operator) = (self.epoch(), assignment.operator);
        let weight = self.reputation.weigh_success(operator, praise, now, &params);
        let in_time = late.count() == 0;
        self.note(operator, Dimension::Correctness, true, weight, &params, journal);
        self.note(operator, Dimension::Timeliness, in_time, weight, &params, journal);
        self.close_job(id, Outcome::Accepted, CloseReason::Unchallenged, journal);
    }

    /// Splits the price between the provider and the protocol; returns what was burnt.
    fn pay_price(
        &mut self,
        id: JobId,
        provider: AccountId,
        due: Amount,
        params: &Params,
        journal: &mut Journal,
    ) -> Amount {
        let escrow = Pot::Job(id, JobPot::Escrow);
        // Up: splitting one payment into many must never lower the take.
        let take = params.take.amount_ceil(due);
        let burnt = params.take_burn.amount_ceil(take);
        let rest = take.saturating_sub(burnt);
        let insurance = params.take_insurance.amount_floor(rest);
        let treasury = rest.saturating_sub(insurance);
        let earned = due.checked_sub(take).expect("the take is a share of what is due");
        for (to, amount, reason) in [
            (Pot::Free(provider), earned, Reason::Price),
            (Pot::Burnt, burnt, Reason::Take),
            (Pot::Insurance, insurance, Reason::Take),
            (Pot::Treasury, treasury, Reason::Take),
        ] {
            self.ledger.transfer(escrow, to, amount, reason, journal);
        }
        let (account, role) = (provider, Role::Provider);
        journal.push(Event::Paid { job: id, account, role, amount: earned });
        burnt
    }

    /// Pays every auditor that did its work and returns its lock. Who sealed the very root that
    /// was convicted did not: a cheat's friends would else earn from its conviction. What a
    /// refill would have earned more burns with the seat, or silence would pay the requester.
    pub(super) fn pay_auditors(
        &mut self,
        id: JobId,
        convicted: Option<Digest>,
        journal: &mut Journal,
    ) {
        let params = self.pinned(id);
        let case = self.verification.case(id);
        let (seats, tariff) = (case.seats.clone(), case.bound.tariff);
        let fees = Pot::Job(id, JobPot::AuditFees);
        for (slot, seat) in (0u8..).zip(seats) {
            let right = match seat.state {
                SeatState::Committed(_) => Some(true),
                SeatState::Revealed(own) => Some(convicted != Some(own.root)),
                SeatState::Vacant | SeatState::Drawn | SeatState::Failed => None,
            };
            let pay = seat.pay.min(self.balance(fees));
            if right == Some(true) {
                let account = seat.account.expect("a sealed seat is taken");
                self.ledger.transfer(fees, Pot::Free(account), pay, Reason::AuditFee, journal);
                journal.push(Event::Paid { job: id, account, role: Role::Validator, amount: pay });
            } else {
                let bonus = pay.saturating_sub(tariff);
                self.ledger.transfer(fees, Pot::Burnt, bonus, Reason::AuditMissed, journal);
            }
            let Some((operator, right)) = seat.operator.zip(right) else { continue };
            let lock = JobPot::AuditLock(slot);
            self.release_stake(operator, id, lock, Reason::AuditLockReleased, journal);
            let weight = weigh(pay, &params);
            self.note(operator, Dimension::Correctness, right, weight, &params, journal);
        }
    }

    /// The result does not stand: all of the collateral and a share of the free bond are taken,
    /// open disputes are moot, the requester is refunded.
    pub(super) fn convict(&mut self, id: JobId, reason: CloseReason, journal: &mut Journal) {
        let params = self.pinned(id);
        let job = self.market.job_mut(id);
        let assignment = job.assignment.expect("only an assigned job can be convicted");
        let requester = job.requester;
        let (operator, accepted_at) = (assignment.operator, assignment.accepted_at);
        let case = self.case_mut(id);
        let claims = Claims {
            injured: Some(requester),
            tariff: case.bound.tariff,
            reward_max: case.quote.reward_max,
            reporters: Vec::new(),
        };
        let disputed = reason == CloseReason::WrongResult;
        let root = case.opening().map(|opening| opening.root).filter(|_| disputed);
        let reporters = if disputed { self.reporters(id) } else { Vec::new() };
        let offence = match reason {
            CloseReason::DataWithheld => Offence::DataWithholding,
            _ => Offence::WrongResult,
        };
        let base = params.slash_wrong_result;
        let mut sources = self.percentage_sources(operator, base, accepted_at, &params);
        let collateral = Pot::Job(id, JobPot::Collateral(assignment.slot));
        sources.push((collateral, self.balance(collateral)));
        let claims = Claims { reporters, ..claims };
        let conviction = Conviction { offence, operator, job: id, root, claims };
        // Jailed first: an offender is no peer of those it pays.
        self.jail(operator, &params, journal);
        if disputed {
            self.slash_later(conviction, &sources, &params, journal);
        } else {
            self.slash_now(conviction, &sources, journal);
        }
        let weight = weigh(assignment.price, &params);
        self.note(operator, Dimension::Correctness, false, weight, &params, journal);
        self.pay_auditors(id, root, journal);
        self.close_job(id, Outcome::Rejected, reason, journal);
    }

    /// Who convicted: the auditors that dissented, or without any the open challengers.
    fn reporters(&self, id: JobId) -> Vec<AccountId> {
        let case = self.verification.case(id);
        let won = |lock_is_audit: bool| {
            let case = self.verification.case(id);
            let right = |loser: Option<Loser>| loser != Some(Loser::Challenger);
            let matching = case.disputes.iter().filter(move |dispute| {
                matches!(dispute.lock, JobPot::AuditLock(_)) == lock_is_audit
                    && right(dispute.ended.map(|ended| ended.loser))
            });
            let mut accounts: Vec<AccountId> = matching.map(|dispute| dispute.challenger).collect();
            accounts.dedup();
            accounts
        };
        debug_assert!(!case.disputes.is_empty(), "a wrong result is convicted in a dispute");
        let auditors = won(true);
        if auditors.is_empty() { won(false) } else { auditors }
    }

    /// Returns whatever the job still holds to whom it belongs, and ends it.
    pub(super) fn close_job(
        &mut self,
        id: JobId,
        outcome: Outcome,
        reason: CloseReason,
        journal: &mut Journal,
    ) {
        self.moot_disputes(id, journal);
        self.return_data_fees(id, journal);
        for slot in self.market.job_mut(id).slots() {
            self.release_bid(id, slot, journal);
        }
        let seats = self.verification.case(id).seats.clone();
        for (slot, seat) in (0u8..).zip(seats) {
            if let Some(operator) = seat.operator {
                let lock = JobPot::AuditLock(slot);
                self.release_stake(operator, id, lock, Reason::AuditLockReleased, journal);
            }
        }
        let requester = self.market.job_mut(id).requester;
        let mut refund = Refund { escrow: Amount::ZERO, all: Amount::ZERO };
        for pot in [JobPot::Escrow, JobPot::AuditFees, JobPot::Deposit] {
            let (from, to) = (Pot::Job(id, pot), Pot::Free(requester));
            let part = self.ledger.transfer_all(from, to, Reason::Refund, journal);
            refund.all = refund.all.saturating_add(part);
            if pot == JobPot::Escrow {
                refund.escrow = part;
            }
        }
        let left = self.ledger.job_pots(id);
        assert!(left.is_empty(), "a closed job holds no money: {left:?}");
        self.record_end(id, outcome, reason, refund, journal);
    }

    fn record_end(
        &mut self,
        id: JobId,
        outcome: Outcome,
        reason: CloseReason,
        refund: Refund,
        journal: &mut Journal,
    ) {
        let at = self.now();
        let case = self.case_mut(id);
        let opening = case.opening().copied();
        let locks = case.audit_lock.checked_times(u64::from(case.bound.auditors));
        let expected = case.bound.audit_rate.amount_ceil(locks.unwrap_or(Amount::MAX));
        case.strip();
        let counts = &mut self.market.counts;
        counts.open = counts.open.saturating_sub(1);
        let count = match outcome {
            Outcome::Accepted => &mut counts.accepted,
            Outcome::Rejected => &mut counts.rejected,
            Outcome::Expired => &mut counts.expired,
        };
        *count = count.saturating_add(1);
        self.market.audit_locks_expected =
            self.market.audit_locks_expected.saturating_sub(expected);
        let job = self.market.job_mut(id);
        let paid = match outcome {
            Outcome::Accepted => job.terms.price_max.saturating_sub(refund.escrow),
            Outcome::Rejected | Outcome::Expired => Amount::ZERO,
        };
        let refunded = refund.all;
        job.phase = Phase::Closed;
        job.bids = Vec::new();
        job.ranks = Vec::new();
        let output = opening.map(|opening| opening.output);
        let root = opening.map(|opening| opening.root);
        job.closed = Some(Closed { outcome, reason, at, paid, output, root });
        journal.push(Event::JobClosed { job: id, outcome, reason, paid, refunded });
    }

    /// Disputes that nothing hangs on any more end without a loser.
    fn moot_disputes(&mut self, id: JobId, journal: &mut Journal) {
        let disputes = self.verification.case(id).disputes.clone();
        for (index, dispute) in (0u32..).zip(disputes) {
            if dispute.ended.is_none() {
                self.end_dispute(id, index, Loser::Nobody, LossReason::Moot, journal);
            }
            if let lock @ JobPot::ChallengeDeposit(_) = dispute.lock {
                let (from, to) = (Pot::Job(id, lock), Pot::Free(dispute.challenger));
                let reason = Reason::ChallengeDepositReturned;
                self.ledger.transfer_all(from, to, reason, journal);
            }
        }
    }
}
