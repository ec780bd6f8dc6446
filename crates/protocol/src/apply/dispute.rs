//! Disputes: challenges, moves, clocks and their ends; and reports of copied roots.

use crate::{
    command::{Challenge, Node, OpenNode, ProveStep, RejectChild, ReportCopy},
    event::{Event, Journal},
    ids::{AccountId, Digest, JobId},
    ledger::{JobPot, Pot, Reason},
    market::{CloseReason, Outcome, Phase},
    num::{Amount, Blocks, Ratio},
    referee::{Referee, Ruling, StepCase},
    reputation::{Dimension, weigh},
    seal,
    slashing::{Claims, Offence, Waterfall},
    state::{State, Timer},
    verification::{
        ARITY, ChallengeRejected, Dispute, Ended, Loser, LossReason, OpenNodeRejected,
        ProveStepRejected, RejectChildRejected, ReportCopyRejected, SeatState, Turn, child_exists,
        depth,
    },
};

use super::{job_in_phase, slash::Conviction};

impl State {
    pub(super) fn challenge(
        &mut self,
        signer: AccountId,
        command: &Challenge,
        journal: &mut Journal,
    ) -> Result<(), ChallengeRejected> {
        let id = command.job;
        let job = job_in_phase!(self, id, ChallengeRejected, Challengeable);
        let (until, params) = (job.until, self.pinned(id));
        if self.now() > until {
            return Err(ChallengeRejected::WindowClosed { until });
        }
        if self.provider_of(id) == signer {
            return Err(ChallengeRejected::OwnResult);
        }
        let case = self.verification.case(id);
        if case.dispute_of(signer).is_some() {
            return Err(ChallengeRejected::AlreadyChallenging);
        }
        let (slot, limit) = (case.disputes.len(), params.disputes_max);
        if u64::try_from(slot).unwrap_or(u64::MAX) >= u64::from(limit) {
            return Err(ChallengeRejected::DisputesAtLimit { limit });
        }
        let (wanted, free) = (params.challenge_deposit, self.free(signer));
        if wanted > free {
            return Err(ChallengeRejected::ExceedsFree { wanted, free });
        }
        // From here on the command must succeed.
        let lock = JobPot::ChallengeDeposit(u8::try_from(slot).expect("at most 200 disputes"));
        let (from, to) = (Pot::Free(signer), Pot::Job(id, lock));
        self.ledger.transfer(from, to, wanted, Reason::ChallengeDeposit, journal);
        self.open_dispute(id, signer, lock, journal);
        Ok(())
    }

    fn provider_of(&self, id: JobId) -> AccountId {
        let job = self.market.job(id).expect("a known job");
        job.assignment.expect("a job with a result is assigned").account
    }

    fn steps_of(&self, id: JobId) -> u64 {
        self.market.job(id).expect("a known job").terms.task.steps
    }

    /// Begins a game at the root; if the root was disclosed for another, that serves this one.
    pub(super) fn open_dispute(
        &mut self,
        id: JobId,
        challenger: AccountId,
        lock: JobPot,
        journal: &mut Journal,
    ) {
        let clock = self.pinned(id).clock_blocks;
        let (now, accused, steps) = (self.now(), self.provider_of(id), self.steps_of(id));
        let case = self.case_mut(id);
        let mut dispute = Dispute::new(challenger, lock, now, clock);
        if case.children(dispute.node).is_some() {
            dispute.turn = Turn::Challenger;
        }
        let index = u32::try_from(case.disputes.len()).expect("at most 216 disputes");
        case.disputes.push(dispute);
        self.set_clock(id, index);
        journal.push(Event::DisputeOpened { job: id, challenger, accused, steps });
    }

    /// Sets the timer of the side to move.
    fn set_clock(&mut self, id: JobId, index: u32) {
        let dispute = self.dispute(id, index);
        let at = dispute.until().after(Blocks::new(1));
        self.timers.set(at, Timer::Dispute(id, index));
    }

    fn dispute(&self, id: JobId, index: u32) -> &Dispute {
        let index = usize::try_from(index).expect("at most 216 disputes");
        self.verification.case(id).disputes.get(index).expect("disputes are never removed")
    }

    fn dispute_mut(&mut self, id: JobId, index: u32) -> &mut Dispute {
        let index = usize::try_from(index).expect("at most 216 disputes");
        self.case_mut(id).disputes.get_mut(index).expect("disputes are never removed")
    }

    /// The open disputes in which `turn` is to move at `node`.
    fn awaiting(&self, id: JobId, turn: Turn, node: Node) -> alloc::vec::Vec<u32> {
        let disputes = (0u32..).zip(&self.verification.case(id).disputes);
        disputes.filter(|(_, d)| d.awaits(turn, node)).map(|(index, _)| index).collect()
    }

    pub(super) fn open_node(
        &mut self,
        signer: AccountId,
        command: &OpenNode,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), OpenNodeRejected> {
        let OpenNode { job: id, node, ref children } = *command;
        let job = job_in_phase!(self, id, OpenNodeRejected, Challengeable);
        if self.provider_of(id) != signer {
            return Err(OpenNodeRejected::NotTheProvider);
        }
        let task = job.terms.task;
        let waiting = self.awaiting(id, Turn::Accused, node);
        if waiting.is_empty() || node.level >= depth(task.steps) {
            return Err(OpenNodeRejected::NotAwaited);
        }
        let digest = self.verification.case(id).digest(node);
        let digest = digest.expect("a disputed node's parent was disclosed");
        if !referee.opens(&task, node, &digest, children) {
            return Err(OpenNodeRejected::ChildrenMismatch);
        }
        // From here on the command must succeed.
        let now = self.now();
        self.case_mut(id).disclose(node, children.clone());
        journal.push(Event::NodeOpened { job: id, node, children: children.clone() });
        for index in waiting {
            self.dispute_mut(id, index).moved(now, node, Turn::Challenger);
            self.set_clock(id, index);
        }
        Ok(())
    }

    pub(super) fn reject_child(
        &mut self,
        signer: AccountId,
        command: &RejectChild,
        journal: &mut Journal,
    ) -> Result<(), RejectChildRejected> {
        let RejectChild { job: id, child } = *command;
        let job = job_in_phase!(self, id, RejectChildRejected, Challengeable);
        let steps = job.terms.task.steps;
        let case = self.verification.case(id);
        let index = case.dispute_of(signer).ok_or(RejectChildRejected::NoDispute)?;
        let dispute = case.disputes.get(index).expect("just found");
        if dispute.turn != Turn::Challenger {
            return Err(RejectChildRejected::NotYourTurn);
        }
        let parent = dispute.node;
        let index_below = parent.index.saturating_mul(ARITY).saturating_add(u64::from(child));
        let node = Node { level: parent.level.saturating_add(1), index: index_below };
        if u64::from(child) >= ARITY || !child_exists(steps, node) {
            return Err(RejectChildRejected::NoSuchChild { child });
        }
        // From here on the command must succeed.
        let index = u32::try_from(index).expect("at most 216 disputes");
        let at_leaf = node.level == depth(steps);
        let disclosed = !at_leaf && case.children(node).is_some();
        let ruled = if at_leaf { case.ruling(node.index) } else { None };
        let now = self.now();
        let next = if disclosed { Turn::Challenger } else { Turn::Accused };
        self.dispute_mut(id, index).moved(now, node, next);
        let leaf = at_leaf.then_some(node.index);
        journal.push(Event::ChildRejected { job: id, challenger: signer, node, leaf });
        match ruled {
            // A step already judged is answered from the record (C9).
            Some(_holds) => self.lose_challenge(id, index, LossReason::StepHolds, journal),
            None => self.set_clock(id, index),
        }
        self.finish_if_settled(id, journal);
        Ok(())
    }

    pub(super) fn prove_step(
        &mut self,
        signer: AccountId,
        command: &ProveStep,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), ProveStepRejected> {
        let ProveStep { job: id, leaf, ref evidence } = *command;
        let job = job_in_phase!(self, id, ProveStepRejected, Challengeable);
        if self.provider_of(id) != signer {
            return Err(ProveStepRejected::NotTheProvider);
        }
        let task = job.terms.task;
        let node = Node { level: depth(task.steps), index: leaf };
        let waiting = self.awaiting(id, Turn::Accused, node);
        if waiting.is_empty() {
            return Err(ProveStepRejected::NotAwaited);
        }
        let case = self.verification.case(id);
        let root = case.opening().expect("a disputed result is open").root;
        let digest = case.digest(node).expect("a disputed leaf's parent was disclosed");
        let case = StepCase { task: &task, root: &root, leaf, digest: &digest, evidence };
        let ruling = referee.judge(&case).map_err(|_| ProveStepRejected::EvidenceInvalid)?;
        // From here on the command must succeed.
        let now = self.now();
        let holds = ruling == Ruling::Holds;
        self.case_mut(id).ruled.push((leaf, holds));
        journal.push(Event::StepJudged { job: id, leaf, holds });
        for index in waiting {
            self.dispute_mut(id, index).moved(now, node, Turn::Accused);
            if holds {
                self.lose_challenge(id, index, LossReason::StepHolds, journal);
            } else {
                self.end_dispute(id, index, Loser::Accused, LossReason::StepFails, journal);
            }
        }
        if holds {
            self.finish_if_settled(id, journal);
        } else {
            self.convict(id, CloseReason::WrongResult, journal);
        }
        Ok(())
    }

    /// A clock ran out, unless its side moved meanwhile: the silent side loses.
    pub(crate) fn lapse_clock(&mut self, id: JobId, index: u32, journal: &mut Journal) {
        let dispute = self.dispute(id, index);
        if dispute.ended.is_some() || dispute.until() >= self.now() {
            return;
        }
        match dispute.turn {
            Turn::Challenger => {
                self.lose_challenge(id, index, LossReason::ClockRanOut, journal);
                self.finish_if_settled(id, journal);
            }
            Turn::Accused => {
                self.end_dispute(id, index, Loser::Accused, LossReason::ClockRanOut, journal);
                self.convict(id, CloseReason::WrongResult, journal);
            }
        }
    }

    /// Records how a dispute ended.
    pub(super) fn end_dispute(
        &mut self,
        id: JobId,
        index: u32,
        loser: Loser,
        reason: LossReason,
        journal: &mut Journal,
    ) {
        let (accused, steps) = (self.provider_of(id), self.steps_of(id));
        let dispute = self.dispute_mut(id, index);
        dispute.ended = Some(Ended { loser, reason });
        let (challenger, moves) = (dispute.challenger, dispute.moves);
        let step = (dispute.node.level == depth(steps)).then_some(dispute.node.index);
        journal.push(Event::DisputeClosed {
            job: id,
            challenger,
            accused,
            steps,
            moves,
            step,
            loser,
            reason,
        });
    }

    /// The challenger loses what it put behind its dispute; nobody else loses anything.
    fn lose_challenge(&mut self, id: JobId, index: u32, reason: LossReason, journal: &mut Journal) {
        self.end_dispute(id, index, Loser::Challenger, reason, journal);
        let (challenger, lock) = {
            let dispute = self.dispute(id, index);
            (dispute.challenger, dispute.lock)
        };
        match lock {
            JobPot::AuditLock(seat) => self.convict_auditor(id, seat, reason, journal),
            _ => {
                // Down: the accused never gets more than half back from a friend's challenge.
                let pot = Pot::Job(id, lock);
                let amount = self.balance(pot);
                let half = Ratio::percent(50).amount_floor(amount);
                let accused = Pot::Free(self.provider_of(id));
                self.ledger.transfer(pot, accused, half, Reason::ChallengeLost, journal);
                self.ledger.transfer_all(pot, Pot::Burnt, Reason::ChallengeLost, journal);
                let burnt = amount.saturating_sub(half);
                let waterfall =
                    Waterfall { amount, compensation: half, burnt, ..Waterfall::default() };
                journal.push(Event::Slashed {
                    slash: None,
                    offence: Offence::FrivolousChallenge,
                    account: challenger,
                    role: None,
                    job: id,
                    waterfall,
                });
            }
        }
    }

    /// An auditor lost the game that its own verdict opened.
    fn convict_auditor(&mut self, id: JobId, seat: u8, reason: LossReason, journal: &mut Journal) {
        let params = self.pinned(id);
        let row = self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat of this job");
        let own_root = match row.state {
            SeatState::Revealed(opening) => Some(opening.root),
            _ => None,
        };
        row.state = SeatState::Failed;
        let pay = row.pay;
        let operator = row.operator.expect("a seat with a verdict is taken");
        let accepted_at = self.market.job(id).expect("a known job").posted_at;
        let lock = Pot::Job(id, JobPot::AuditLock(seat));
        let base = params.slash_false_audit;
        let mut sources = self.percentage_sources(operator, base, accepted_at, &params);
        sources.push((lock, self.balance(lock)));
        let engine_spoke = reason == LossReason::StepHolds;
        let root = own_root.filter(|_| engine_spoke);
        let (offence, job, claims) = (Offence::FalseAudit, id, Claims::default());
        let conviction = Conviction { offence, operator, job, root, claims };
        self.jail(operator, &params, journal);
        self.slash_later(conviction, &sources, &params, journal);
        let weight = weigh(pay, &params);
        self.note(operator, Dimension::Correctness, false, weight, &params, journal);
    }

    pub(super) fn report_copy(
        &mut self,
        signer: AccountId,
        command: &ReportCopy,
        journal: &mut Journal,
    ) -> Result<(), ReportCopyRejected> {
        let ReportCopy { job: id, accused, opening } = *command;
        let job = job_in_phase!(self, id, ReportCopyRejected, Committed | Auditing | AuditingOpen);
        let provider = job.assignment.map(|assignment| assignment.account);
        if accused == signer {
            return Err(ReportCopyRejected::OwnSeal);
        }
        let case = self.verification.case(id);
        let seat = (0u8..).zip(&case.seats).find(|(_, seat)| seat.account == Some(accused));
        let sealed: Option<Digest> = match seat.map(|(_, seat)| seat.state) {
            Some(SeatState::Committed(seal)) => Some(seal),
            _ if provider == Some(accused) => case.result.as_ref().map(|result| result.seal),
            _ => None,
        };
        let sealed = sealed.ok_or(ReportCopyRejected::NothingSealed)?;
        let seat = seat.map(|(seat, _)| seat);
        let address = self.account(accused).expect("who sealed has an account").address;
        if seal::result(&self.chain.network, id, &address, &opening) != sealed {
            return Err(ReportCopyRejected::SealMismatch);
        }
        // From here on the command must succeed.
        journal.push(Event::CopyReported { job: id, accused, finder: signer });
        match seat {
            Some(seat) => self.convict_copied_auditor(id, seat, signer, journal),
            None => self.convict_copied_provider(id, signer, journal),
        }
        Ok(())
    }

    fn convict_copied_auditor(
        &mut self,
        id: JobId,
        seat: u8,
        finder: AccountId,
        journal: &mut Journal,
    ) {
        let row = self.case_mut(id).seats.get_mut(usize::from(seat)).expect("a seat of this job");
        row.state = SeatState::Vacant;
        row.account = None;
        let operator = row.operator.take().expect("a sealed seat is taken");
        let case = self.case_mut(id);
        case.silent.push(operator);
        case.round = case.round.saturating_add(1);
        let lock = Pot::Job(id, JobPot::AuditLock(seat));
        let half = Ratio::percent(50).amount_floor(self.balance(lock));
        let (offence, job, claims) = (Offence::CopiedRoot, id, Claims::default());
        let conviction = Conviction { offence, operator, job, root: None, claims };
        self.slash_split(conviction, lock, (Pot::Free(finder), half), journal);
        self.draw_seats(id, journal);
    }

    /// The finder's part is capped by R_max, not half: else a cheat could save half of its
    /// collateral by reporting itself before it is convicted.
    fn convict_copied_provider(&mut self, id: JobId, finder: AccountId, journal: &mut Journal) {
        let params = self.pinned(id);
        let assignment = self.market.job(id).expect("a known job").assignment;
        let assignment = assignment.expect("a sealed result has a provider");
        let operator = assignment.operator;
        let collateral = Pot::Job(id, JobPot::Collateral(assignment.slot));
        let half = Ratio::percent(50).amount_floor(self.balance(collateral));
        let reward: Amount = half.min(self.case_mut(id).quote.reward_max);
        let (offence, job, claims) = (Offence::CopiedRoot, id, Claims::default());
        let conviction = Conviction { offence, operator, job, root: None, claims };
        self.slash_split(conviction, collateral, (Pot::Free(finder), reward), journal);
        let weight = weigh(assignment.price, &params);
        self.note(operator, Dimension::Correctness, false, weight, &params, journal);
        self.pay_auditors(id, None, journal);
        self.close_job(id, Outcome::Rejected, CloseReason::Copied, journal);
    }
}
