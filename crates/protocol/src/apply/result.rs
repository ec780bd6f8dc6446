//! From the sealed result to the draw of its auditors.

use alloc::vec::Vec;

use crate::{
    command::{CommitResult, OpenSeed},
    event::{Event, Journal},
    ids::{AccountId, JobId, OperatorId, Role},
    ledger::{JobPot, Pot, Reason},
    market::{CloseReason, Outcome, Phase},
    num::Amount,
    params::Params,
    reputation::{Dimension, weigh},
    seal,
    slashing::{Claims, Offence},
    state::{State, Timer},
    verification::{CommitResultRejected, OpenSeedRejected, SealedResult, Seat, SeatState, draw},
};

use super::{job_in_phase, slash::Conviction};

impl State {
    pub(super) fn commit_result(
        &mut self,
        signer: AccountId,
        command: &CommitResult,
        journal: &mut Journal,
    ) -> Result<(), CommitResultRejected> {
        let CommitResult { job: id, seal } = *command;
        let job = job_in_phase!(self, id, CommitResultRejected, Executing);
        let assignment = job.assignment.filter(|a| a.account == signer);
        let assignment = assignment.ok_or(CommitResultRejected::NotTheProvider)?;
        // From here on the command must succeed.
        let params = self.pinned(id);
        let late = self.now().since(assignment.due);
        let seed_height = self.now().after(params.seed_delay_blocks);
        let case = self.case_mut(id);
        case.result = Some(SealedResult { seal, late, opening: None, steps_paid: 0 });
        case.seed.height = Some(seed_height);
        self.timers.set(seed_height, Timer::Seed(id));
        self.enter_phase(id, Phase::Committed, seed_height.after(params.seed_blocks));
        journal.push(Event::ResultCommitted { job: id, account: signer, late, seed_height });
        Ok(())
    }

    /// Nothing was committed in time: the exit cost goes, the rest of the collateral returns.
    pub(crate) fn abandon(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let job = self.market.job_mut(id);
        let assignment = job.assignment.expect("an executing job is assigned");
        let requester = job.requester;
        let tariff = self.case_mut(id).bound.tariff;
        let operator = assignment.operator;
        let collateral = Pot::Job(id, JobPot::Collateral(assignment.slot));
        let taken = assignment.exit_cost.min(self.balance(collateral));
        let claims = Claims { injured: Some(requester), tariff, ..Claims::default() };
        let conviction =
            Conviction { offence: Offence::Abandonment, operator, job: id, root: None, claims };
        self.slash_now(conviction, &[(collateral, taken)], journal);
        let weight = weigh(assignment.price, &params);
        self.note(operator, Dimension::Timeliness, false, weight, &params, journal);
        self.count_abandonment(operator, &params, journal);
        self.close_job(id, Outcome::Expired, CloseReason::Abandoned, journal);
    }

    fn count_abandonment(&mut self, operator: OperatorId, params: &Params, journal: &mut Journal) {
        let now = self.epoch();
        let row = self.staking.operator_mut(operator);
        row.abandonments.retain(|at| now.since(*at) <= params.offence_window_epochs);
        row.abandonments.push(now);
        let count = u64::try_from(row.abandonments.len()).unwrap_or(u64::MAX);
        if count >= u64::from(params.abandonments_to_jail) {
            self.jail(operator, params, journal);
        }
    }

    pub(super) fn open_seed(
        &mut self,
        signer: AccountId,
        command: &OpenSeed,
        journal: &mut Journal,
    ) -> Result<(), OpenSeedRejected> {
        let OpenSeed { job: id, preimage } = *command;
        let job = job_in_phase!(self, id, OpenSeedRejected, Committed);
        if job.requester != signer {
            return Err(OpenSeedRejected::NotTheRequester);
        }
        let wanted = job.terms.seed_seal;
        if self.verification.case(id).seed.preimage.is_some() {
            return Err(OpenSeedRejected::AlreadyOpened);
        }
        if seal::seed(&preimage) != wanted {
            return Err(OpenSeedRejected::SealMismatch);
        }
        // From here on the command must succeed.
        self.case_mut(id).seed.preimage = Some(preimage);
        journal.push(Event::SeedOpened { job: id });
        self.draw_if_seeded(id, journal);
        Ok(())
    }

    /// The height of a job's beacon has come: it is shown now, or it was withheld.
    pub(crate) fn take_beacon(&mut self, id: JobId, journal: &mut Journal) {
        if self.market.job_mut(id).phase != Phase::Committed {
            return;
        }
        let shown = self.chain.beacon.shown;
        let next = self.now().after(crate::num::Blocks::new(1));
        let seed = &mut self.case_mut(id).seed;
        seed.beacon = shown;
        if shown.is_none() {
            // The next beacon that is shown serves, with a larger and certain audit.
            let first = !seed.withheld;
            seed.withheld = true;
            self.timers.set(next, Timer::Seed(id));
            if first {
                journal.push(Event::SeedWithheld { job: id, by_requester: false });
            }
        }
        self.draw_if_seeded(id, journal);
    }

    /// The requester never opened its preimage: the beacon alone decides, by a certain audit.
    pub(crate) fn lapse_seed(&mut self, id: JobId, journal: &mut Journal) {
        let (shown, link) = (self.chain.beacon.shown, self.chain.beacon.link);
        let seed = &mut self.case_mut(id).seed;
        if seed.preimage.is_none() {
            seed.preimage = Some(crate::ids::Digest::ZERO);
            seed.withheld = true;
            journal.push(Event::SeedWithheld { job: id, by_requester: true });
        }
        // After so many blocks without a beacon the last one shown must do; all of it was
        // unknown when the result was sealed, unless the operator itself withholds and colludes.
        seed.beacon = shown.or(Some(link));
        self.draw_if_seeded(id, journal);
    }

    fn draw_if_seeded(&mut self, id: JobId, journal: &mut Journal) {
        let seed = self.case_mut(id).seed;
        let (Some(beacon), Some(preimage)) = (seed.beacon, seed.preimage) else { return };
        let drawn = seal::job_seed(id, &beacon, &preimage);
        self.case_mut(id).seed.drawn = Some(drawn);
        let rate = self.case_mut(id).bound.audit_rate;
        if !seed.withheld && !seal::chance(&drawn, "audit", rate) {
            let until = self.now().after(self.pinned(id).reveal_blocks);
            journal.push(Event::AuditSpared { job: id, until });
            return self.begin_reveal(id, journal);
        }
        let bound = self.case_mut(id).bound;
        let mut seats = bound.auditors;
        if seed.withheld {
            seats = bound.fallback_auditors.max(seats);
            let more = u64::from(seats.saturating_sub(bound.auditors));
            let cost = bound.tariff.checked_times(more).unwrap_or(Amount::MAX);
            self.fund_fallback(id, cost, journal);
        }
        let pay = bound.tariff;
        self.case_mut(id).seats = (0..seats).map(|_| Seat::vacant(pay)).collect();
        self.draw_seats(id, journal);
    }

    /// Pays the auditors that a withheld seed made necessary: the treasury for the operator's
    /// withholding, as far as it goes, else the requester's deposit, which is sized for it.
    fn fund_fallback(&mut self, id: JobId, cost: Amount, journal: &mut Journal) {
        let requester_withheld = self.case_mut(id).seed.preimage == Some(crate::ids::Digest::ZERO);
        let fees = Pot::Job(id, JobPot::AuditFees);
        let mut missing = cost;
        let deposit = Pot::Job(id, JobPot::Deposit);
        let order = if requester_withheld { [deposit, deposit] } else { [Pot::Treasury, deposit] };
        for pot in order {
            let part = missing.min(self.balance(pot));
            self.ledger.transfer(pot, fees, part, Reason::AuditFeeExtra, journal);
            missing = missing.saturating_sub(part);
        }
    }

    /// Draws an operator for every vacant seat and locks its stake; what stays vacant is open.
    pub(super) fn draw_seats(&mut self, id: JobId, journal: &mut Journal) {
        let case = self.verification.case(id);
        let job = self.market.job(id).expect("a case has a job");
        let provider = job.assignment.expect("a sealed result has a provider").account;
        let out = [job.requester, provider].map(|a| self.operator_id(a, Role::Validator));
        let seed = case.seed.drawn.expect("seats are drawn with a seed");
        let (lock, round) = (case.audit_lock, case.round);
        let vacant: Vec<u8> = (0u8..)
            .zip(&case.seats)
            .filter(|(_, seat)| seat.state == SeatState::Vacant)
            .map(|(seat, _)| seat)
            .collect();
        let may = |operator: OperatorId| {
            !out.contains(&Some(operator))
                && !case.silent.contains(&operator)
                && case.seat_of(operator).is_none()
                && self.ledger.balance(Pot::Bond(operator)) >= lock
        };
        let drawn = draw(&self.staking.validators.weights, &seed, round, vacant.len(), may);
        for (&seat, &operator) in vacant.iter().zip(&drawn) {
            self.take_seat(id, seat, operator, SeatState::Drawn, journal);
        }
        let case = self.verification.case(id);
        let vacant = u32::try_from(vacant.len().saturating_sub(drawn.len())).expect("few seats");
        let auditors = case.seats.iter().filter_map(|seat| seat.account).collect();
        let until = self.now().after(case.audit_blocks);
        let phase = if vacant == 0 { Phase::Auditing } else { Phase::AuditingOpen };
        self.enter_phase(id, phase, until);
        journal.push(Event::AuditDrawn { job: id, auditors, vacant, round, until });
    }

    /// Seats an operator and locks its stake.
    pub(super) fn take_seat(
        &mut self,
        id: JobId,
        seat: u8,
        operator: OperatorId,
        state: SeatState,
        journal: &mut Journal,
    ) {
        let account = self.staking.operator(operator).account;
        let lock = self.verification.case(id).audit_lock;
        let row = self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat handed out");
        row.operator = Some(operator);
        row.account = Some(account);
        row.state = state;
        let pot = JobPot::AuditLock(seat);
        self.lock_stake(operator, id, pot, lock, Reason::AuditLocked, journal);
    }
}
