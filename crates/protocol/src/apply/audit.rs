//! From the draw to the challenge window: verdicts sealed, results and verdicts opened.

use alloc::vec::Vec;

use crate::{
    command::{CommitVerdict, RevealResult, RevealVerdict},
    event::{Event, Journal},
    ids::{AccountId, JobId, Role},
    ledger::{JobPot, Pot},
    market::{CloseReason, Outcome, Phase},
    num::Amount,
    referee::Referee,
    reputation::{Dimension, weigh},
    seal,
    slashing::{Claims, Offence},
    state::State,
    verification::{CommitVerdictRejected, RevealResultRejected, RevealVerdictRejected, SeatState},
};

use super::{job_in_phase, slash::Conviction};

impl State {
    pub(super) fn commit_verdict(
        &mut self,
        signer: AccountId,
        command: &CommitVerdict,
        journal: &mut Journal,
    ) -> Result<(), CommitVerdictRejected> {
        let CommitVerdict { job: id, seal } = *command;
        let job = job_in_phase!(self, id, CommitVerdictRejected, Auditing | AuditingOpen);
        let operator = self.operator_id(signer, Role::Validator);
        let operator = operator.ok_or(CommitVerdictRejected::NotAValidator)?;
        let case = self.verification.case(id);
        let (seat, is_new) = match case.seat_of(operator) {
            Some(seat) => (seat, false),
            None if job.phase == Phase::AuditingOpen => {
                let mut seats = (0u8..).zip(&case.seats);
                let vacant = seats.find(|(_, seat)| seat.state == SeatState::Vacant);
                (vacant.ok_or(CommitVerdictRejected::NotDrawn)?.0, true)
            }
            None => return Err(CommitVerdictRejected::NotDrawn),
        };
        let row = case.seats.get(usize::from(seat)).expect("just found");
        if !row.is_silent() {
            return Err(CommitVerdictRejected::AlreadyCommitted);
        }
        if is_new {
            if !self.staking.operator(operator).may_work() || case.silent.contains(&operator) {
                return Err(CommitVerdictRejected::MayNotWork);
            }
            let provider = job.assignment.map(|assignment| assignment.account);
            if job.requester == signer || provider == Some(signer) {
                return Err(CommitVerdictRejected::OwnJob);
            }
            let (wanted, free_bond) = (case.audit_lock, self.balance(Pot::Bond(operator)));
            if wanted > free_bond {
                return Err(CommitVerdictRejected::ExceedsFreeBond { wanted, free_bond });
            }
        }
        // From here on the command must succeed.
        if is_new {
            self.take_seat(id, seat, operator, SeatState::Committed(seal), journal);
        } else {
            let row = self.case_mut(id).seats.get_mut(usize::from(seat)).expect("just found");
            row.state = SeatState::Committed(seal);
        }
        journal.push(Event::VerdictCommitted { job: id, account: signer });
        if self.case_mut(id).seats.iter().all(|seat| !seat.is_silent()) {
            self.begin_reveal(id, journal);
        }
        Ok(())
    }

    /// The time for verdicts is over: silent seats are drawn again, then opened to all, then the
    /// job is refunded and nobody is slashed but the silent (C10).
    pub(crate) fn lapse_audit(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let was_open = self.market.job_mut(id).phase == Phase::AuditingOpen;
        let may_redraw = !was_open && self.case_mut(id).round < params.redraws;
        for seat in self.silent_seats(id) {
            self.miss_audit(id, seat, may_redraw, journal);
        }
        if was_open {
            // Silence in one seat must not save a result that another seat convicts: who sealed
            // a verdict opens it, and only a dispute can come of it.
            let seats = &self.verification.case(id).seats;
            if seats.iter().any(|seat| matches!(seat.state, SeatState::Committed(_))) {
                return self.begin_reveal(id, journal);
            }
            self.pay_auditors(id, None, journal);
            return self.close_job(id, Outcome::Expired, CloseReason::AuditUnavailable, journal);
        }
        if may_redraw {
            let case = self.case_mut(id);
            case.round = case.round.saturating_add(1);
            return self.draw_seats(id, journal);
        }
        let case = self.verification.case(id);
        let until = self.now().after(case.audit_blocks.times(2));
        let vacant = u32::try_from(self.silent_seats(id).len()).expect("few seats");
        let (auditors, round) = (Vec::new(), case.round);
        self.enter_phase(id, Phase::AuditingOpen, until);
        journal.push(Event::AuditDrawn { job: id, auditors, vacant, round, until });
    }

    fn silent_seats(&self, id: JobId) -> Vec<u8> {
        let seats = (0u8..).zip(&self.verification.case(id).seats);
        seats.filter(|(_, seat)| seat.is_silent()).map(|(seat, _)| seat).collect()
    }

    /// A drawn auditor sealed nothing: its lock pays the next one more, the rest burns.
    fn miss_audit(&mut self, id: JobId, seat: u8, may_redraw: bool, journal: &mut Journal) {
        let params = self.pinned(id);
        let row = self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat of this job");
        let pay = row.pay;
        row.state = SeatState::Vacant;
        let (Some(operator), Some(account)) = (row.operator.take(), row.account.take()) else {
            return;
        };
        self.case_mut(id).silent.push(operator);
        let lock = Pot::Job(id, JobPot::AuditLock(seat));
        let mut bonus = Amount::ZERO;
        if may_redraw {
            bonus = params.refill_bonus.amount_floor(pay).min(self.balance(lock));
            let row =
                self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat of this job");
            row.pay = pay.saturating_add(bonus);
        }
        self.slash_seat(id, (operator, account), lock, bonus, journal);
        let weight = weigh(pay, &params);
        self.note(operator, Dimension::Timeliness, false, weight, &params, journal);
        journal.push(Event::AuditMissed { job: id, account });
    }

    /// Everybody has sealed, or nobody was drawn: all open together.
    pub(super) fn begin_reveal(&mut self, id: JobId, journal: &mut Journal) {
        let until = self.now().after(self.pinned(id).reveal_blocks);
        self.enter_phase(id, Phase::Revealing, until);
        journal.push(Event::Revealing { job: id, until });
    }

    pub(super) fn reveal_result(
        &mut self,
        signer: AccountId,
        command: &RevealResult,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), RevealResultRejected> {
        let RevealResult { job: id, opening, ref output_proof } = *command;
        let job = job_in_phase!(self, id, RevealResultRejected, Revealing);
        if job.assignment.is_none_or(|assignment| assignment.account != signer) {
            return Err(RevealResultRejected::NotTheProvider);
        }
        let result = self.verification.case(id).result.as_ref().expect("sealed before revealing");
        if result.opening.is_some() {
            return Err(RevealResultRejected::AlreadyRevealed);
        }
        let address = self.account(signer).expect("the signer has an account").address;
        if seal::result(&self.chain.network, id, &address, &opening) != result.seal {
            return Err(RevealResultRejected::SealMismatch);
        }
        let (wanted, got) = (job.terms.task.steps, opening.steps);
        if wanted != got {
            return Err(RevealResultRejected::StepsMismatch { wanted, got });
        }
        let output = referee.output(&job.terms.task, &opening.root, output_proof);
        let output = output.filter(|o| o.state == opening.output && o.gas == opening.gas);
        let output = output.ok_or(RevealResultRejected::OutputProofInvalid)?;
        // From here on the command must succeed.
        let result = self.case_mut(id).result.as_mut().expect("just read");
        result.opening = Some(opening);
        result.steps_paid = output.steps_paid.min(wanted);
        journal.push(Event::ResultRevealed {
            job: id,
            account: signer,
            root: opening.root,
            output: opening.output,
            gas: opening.gas,
        });
        self.end_reveal_if_complete(id, journal);
        Ok(())
    }

    pub(super) fn reveal_verdict(
        &mut self,
        signer: AccountId,
        command: &RevealVerdict,
        journal: &mut Journal,
    ) -> Result<(), RevealVerdictRejected> {
        let RevealVerdict { job: id, opening } = *command;
        job_in_phase!(self, id, RevealVerdictRejected, Revealing);
        let operator = self.operator_id(signer, Role::Validator);
        let case = self.verification.case(id);
        let seat = operator.and_then(|operator| case.seat_of(operator));
        let seat = usize::from(seat.ok_or(RevealVerdictRejected::NotDrawn)?);
        let SeatState::Committed(sealed) = case.seats.get(seat).expect("just found").state else {
            return Err(RevealVerdictRejected::AlreadyRevealed);
        };
        let address = self.account(signer).expect("the signer has an account").address;
        if seal::result(&self.chain.network, id, &address, &opening) != sealed {
            return Err(RevealVerdictRejected::SealMismatch);
        }
        // From here on the command must succeed.
        let row = self.case_mut(id).seats.get_mut(seat).expect("just found");
        row.state = SeatState::Revealed(opening);
        let root = opening.root;
        journal.push(Event::VerdictRevealed { job: id, account: signer, root });
        self.end_reveal_if_complete(id, journal);
        Ok(())
    }

    fn end_reveal_if_complete(&mut self, id: JobId, journal: &mut Journal) {
        let case = self.case_mut(id);
        let sealed = |state: &SeatState| matches!(state, SeatState::Committed(_));
        if case.opening().is_some() && !case.seats.iter().any(|seat| sealed(&seat.state)) {
            self.open_challenge_window(id, journal);
        }
    }

    /// The time to open is over: a result not opened is a wrong one (C7), a verdict not opened
    /// costs its lock.
    pub(crate) fn lapse_reveal(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let seats = (0u8..).zip(&self.case_mut(id).seats);
        let sealed: Vec<u8> = seats
            .filter(|(_, seat)| matches!(seat.state, SeatState::Committed(_)))
            .map(|(seat, _)| seat)
            .collect();
        for seat in sealed {
            let row =
                self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat of this job");
            row.state = SeatState::Failed;
            let pay = row.pay;
            let who = row.operator.zip(row.account).expect("a sealed seat is taken");
            let lock = Pot::Job(id, JobPot::AuditLock(seat));
            self.slash_seat(id, who, lock, Amount::ZERO, journal);
            let weight = weigh(pay, &params);
            self.note(who.0, Dimension::Timeliness, false, weight, &params, journal);
            journal.push(Event::AuditMissed { job: id, account: who.1 });
        }
        if self.case_mut(id).opening().is_none() {
            return self.convict(id, CloseReason::NotRevealed, journal);
        }
        self.open_challenge_window(id, journal);
    }

    /// Every dissenting verdict opens a dispute by itself; anyone else may open one too.
    fn open_challenge_window(&mut self, id: JobId, journal: &mut Journal) {
        let params = self.pinned(id);
        let until = self.now().after(params.challenge_blocks);
        self.enter_phase(id, Phase::Challengeable, until);
        journal.push(Event::ChallengeWindow { job: id, until });
        let case = self.verification.case(id);
        let root = case.opening().expect("the result is open").root;
        let dissents: Vec<(AccountId, JobPot)> = (0u8..)
            .zip(&case.seats)
            .filter(|(_, s)| matches!(s.state, SeatState::Revealed(own) if own.root != root))
            .map(|(seat, s)| (s.account.expect("taken"), JobPot::AuditLock(seat)))
            .collect();
        for (challenger, lock) in dissents {
            self.open_dispute(id, challenger, lock, journal);
        }
    }

    /// A seat's lock goes: the bonus to its successor, the rest burnt.
    pub(super) fn slash_seat(
        &mut self,
        id: JobId,
        who: (crate::ids::OperatorId, AccountId),
        lock: Pot,
        bonus: Amount,
        journal: &mut Journal,
    ) {
        let (operator, _) = who;
        let conviction = Conviction {
            offence: Offence::MissedAudit,
            operator,
            job: id,
            root: None,
            claims: Claims::default(),
        };
        self.slash_to_successor(conviction, lock, bonus, journal);
    }
}
