//! Settle: an assignment ends, and its job with it; every lock goes home or where it must.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    command::ProgramForm,
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, Digest, JobId, OperatorId, Role},
    insurance,
    ledger::{AssignmentPot, JobPot, Pot, Reason},
    market::{
        self, Assignment, CloseReason, Closed, Outcome, Phase, PriceSplit, PriceTerms, Refund,
        Stage, handlers::post_job::reserved_locks,
    },
    next::Next,
    num::{Amount, Blocks, Gas},
    params::Params,
    payment::{FeeTerms, PayTerms, Work},
    reputation::{self, Dimension, Note, justified, weigh, weigh_success},
    rewards::{self, acts::Done},
    slashing::{
        self, Claims, Offence,
        acts::{Behind, Conviction, Payout},
    },
    staking::{self, ShareTerms},
    timers::Timer,
    verification::{Claim, Loser, LossReason, Seat, SeatState, Seating, Stake, Withholder, acts},
};

/// Pays the job if its window is over and nothing about it is open.
pub(super) fn finish_if_settled(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let assignment = *cx.state.market.assignment(live);
    let over = assignment.phase == Phase::Challengeable && assignment.until < cx.now();
    if !over || !cx.state.verification.is_settled(live) {
        return Next::Nothing;
    }
    if !acts::is_payable(cx.state, live) {
        pay_auditors(cx, live, None);
        return Next::End(live, Outcome::Expired, CloseReason::AuditUnavailable);
    }
    let job = assignment.job;
    let params = cx.pinned(job);
    let result = cx.state.verification.case(live).result.expect("a final result was sealed");
    let terms = market::acts::price_terms(cx.state, live);
    pay_price(cx, &assignment, terms);
    pay_auditors(cx, live, None);
    let PriceSplit { due, burnt, .. } = terms.split();
    note_work(cx, live, burnt, &params);
    let weight = weigh_success(due, burnt, params.reputation());
    let (now, carried) = (cx.epoch(), justified(due, burnt, params.reputation()));
    cx.state.reputation.carry(assignment.operator, carried, now, params.reputation());
    let in_time = result.late == Blocks::ZERO;
    let note = |dimension, success| Note { dimension, success, weight };
    // Whatever was asked of it was answered, else it were convicted.
    let notes = [
        note(Dimension::Correctness, true),
        note(Dimension::Timeliness, in_time),
        note(Dimension::Availability, true),
    ];
    reputation::acts::note_all(cx, assignment.operator, &notes, &params);
    Next::End(live, Outcome::Accepted, CloseReason::Unchallenged)
}

/// Books what a paid job may attract of its epoch's emission, for whoever was paid for it.
fn note_work(cx: &mut Context<'_>, live: AssignmentId, burnt: Amount, params: &Params) {
    let Assignment { job, operator, .. } = *cx.state.market.assignment(live);
    let case = cx.state.verification.case(live);
    let sealed = |state| matches!(state, SeatState::Committed(_) | SeatState::Revealed(_));
    let auditors = case.seats.iter().filter(|seat| sealed(seat.state));
    let auditors: Vec<OperatorId> = auditors.filter_map(|seat| seat.operator).collect();
    let gas = case.claim().map_or(Gas::ZERO, Claim::gas);
    let stake_price = cx.state.market.order(job).bound.stake_price;
    let done = Done { job, provider: operator, auditors: &auditors, gas, burnt, stake_price };
    rewards::acts::note_work(cx, &done, params);
}

/// Splits the price between the provider and the protocol.
fn pay_price(cx: &mut Context<'_>, assignment: &Assignment, terms: PriceTerms) {
    let Assignment { job, account, operator, .. } = *assignment;
    let PriceSplit { earned, burnt, insurance, treasury, .. } = terms.split();
    let asset = cx.state.ledger.assets().payment();
    for (to, amount, reason) in [
        (Pot::Burnt(asset), burnt, Reason::Take),
        (Pot::Insurance(asset), insurance, Reason::Take),
        (Pot::Treasury(asset), treasury, Reason::Take),
    ] {
        cx.pay(Pot::Job(job, JobPot::Escrow), to, amount, reason);
    }
    let from = (Pot::Job(job, JobPot::Escrow), job);
    let shared = staking::acts::earn::pay(cx, operator, from, earned, Reason::Price);
    let terms = PayTerms { work: Work::Price(terms), shared: Some(shared) };
    tell_paid(cx, job, (account, Role::Provider), terms);
}

fn tell_paid(cx: &mut Context<'_>, job: JobId, to: (AccountId, Role), terms: PayTerms) {
    let ((account, role), amount) = (to, terms.own());
    cx.journal.push(Event::Paid { job, account, role, amount, terms: Box::new(terms) });
}

/// Pays every auditor that did its work and returns its lock. Who sealed the very root that was
/// convicted did not: a cheat's friends would else earn from its conviction. What a refill would
/// have earned more burns with the seat, or silence would pay the requester.
fn pay_auditors(cx: &mut Context<'_>, live: AssignmentId, convicted: Option<Digest>) {
    let job = cx.state.market.assignment(live).job;
    let params = cx.pinned(job);
    let tariff = cx.state.market.order(job).bound.tariff;
    let seats = cx.state.verification.case(live).seats.clone();
    let (fees, fire) = (Pot::Job(job, JobPot::AuditFees), cx.fire());
    for seat in seats {
        let right = match seat.state {
            SeatState::Committed(_) => Some(true),
            SeatState::Revealed(own) => Some(convicted != Some(own.root())),
            SeatState::Vacant | SeatState::Drawn | SeatState::Refuted | SeatState::Failed => None,
        };
        let refills = seat.pay.saturating_sub(tariff);
        let terms = FeeTerms { tariff, refills, there: cx.state.ledger.balance(fees) };
        let pay = terms.fee();
        if right == Some(true) {
            let account = seat.account.expect("a sealed seat is taken");
            let shared = pay_fee(cx, job, &seat, pay);
            let terms = PayTerms { work: Work::Fee(terms), shared };
            tell_paid(cx, job, (account, Role::Validator), terms);
        } else {
            cx.pay(fees, fire, pay.saturating_sub(tariff), Reason::AuditFeeForfeited);
        }
        let Some((operator, right)) = seat.operator.zip(right) else { continue };
        let lock = Pot::Assignment(live, AssignmentPot::AuditLock(seat.lock));
        staking::acts::release(cx, operator, lock, Reason::AuditLockReleased);
        let weight = weigh(pay, params.reputation());
        let note = |dimension, success| Note { dimension, success, weight };
        let said = note(Dimension::Correctness, right);
        // Nobody had to be there who chose to sit.
        let there = (seat.seating == Seating::Drawn).then(|| note(Dimension::Availability, true));
        let notes: Vec<Note> = [said].into_iter().chain(there).collect();
        reputation::acts::note_all(cx, operator, &notes, &params);
    }
}

/// Pays a seat its fee; returns how those who delegate to its operator share in it.
fn pay_fee(cx: &mut Context<'_>, job: JobId, seat: &Seat, pay: Amount) -> Option<ShareTerms> {
    let (fees, reason) = (Pot::Job(job, JobPot::AuditFees), Reason::AuditFee);
    if let Some(operator) = seat.operator {
        return Some(staking::acts::earn::pay(cx, operator, (fees, job), pay, reason));
    }
    let to = cx.free_pot(seat.account.expect("a sealed seat is taken"));
    cx.pay(fees, to, pay, reason);
    None
}

/// The result does not stand: all of the collateral and a share of the free bond are taken, the
/// requester is refunded.
pub(super) fn convict(cx: &mut Context<'_>, live: AssignmentId, reason: CloseReason) -> Next {
    let disputed = reason == CloseReason::WrongResult;
    let claim = cx.state.verification.case(live).claim().copied();
    let root = claim.map(|claim| Claim::root(&claim)).filter(|_| disputed);
    let reporters = if disputed { reporters(cx, live) } else { Vec::new() };
    let offence = match reason {
        CloseReason::DataWithheld => Offence::DataWithholding,
        _ => Offence::WrongResult,
    };
    slash_provider(cx, live, offence, root, reporters);
    pay_auditors(cx, live, root);
    Next::End(live, Outcome::Rejected, reason)
}

/// A finder knew the provider's sealed result: the same as a conviction, with the finder as the
/// one who reports; else a cheat would report itself instead of being convicted.
pub(super) fn provider_copied(cx: &mut Context<'_>, live: AssignmentId, finder: AccountId) -> Next {
    slash_provider(cx, live, Offence::CopiedRoot, None, alloc::vec![finder]);
    pay_auditors(cx, live, None);
    Next::End(live, Outcome::Rejected, CloseReason::Copied)
}

fn slash_provider(
    cx: &mut Context<'_>,
    live: AssignmentId,
    offence: Offence,
    root: Option<Digest>,
    reporters: Vec<AccountId>,
) {
    let assignment = *cx.state.market.assignment(live);
    let job = assignment.job;
    let params = cx.pinned(job);
    let order = cx.state.market.order(job);
    let tariff = crate::bound::in_stake_ceil(order.bound.tariff, order.bound.stake_price);
    let claims = Claims {
        injured: Some(order.requester),
        tariff: tariff.unwrap_or(Amount::MAX),
        reporters,
        reward_max: order.quote.reward_max,
    };
    let collateral = Pot::Assignment(live, AssignmentPot::Collateral);
    let conviction = Conviction {
        offence,
        operator: assignment.operator,
        job,
        behind: Behind::Locked(collateral, cx.state.ledger.balance(collateral)),
        accepted_at: assignment.accepted_at(),
        value: assignment.price,
        root,
        payout: Payout::Claims(claims),
    };
    slashing::acts::convict(cx, conviction, &params);
}

/// Who convicted: the auditors that dissented, or without any the open challengers.
fn reporters(cx: &Context<'_>, live: AssignmentId) -> Vec<AccountId> {
    let disputes = &cx.state.verification.docket(live).disputes;
    let won = |by_seat: bool| {
        let right = disputes.iter().filter(move |dispute| {
            matches!(dispute.behind, Stake::Seat(_)) == by_seat
                && dispute.ended.map(|ended| ended.loser) != Some(Loser::Challenger)
        });
        let mut accounts: Vec<AccountId> = right.map(|dispute| dispute.challenger).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    };
    let auditors = won(true);
    if auditors.is_empty() { won(false) } else { auditors }
}

/// Ends an assignment: disputes are moot, requests unneeded, locks go home. The order goes to the
/// next bid if nobody accepted, and ends with its assignment otherwise.
pub(super) fn end_assignment(
    cx: &mut Context<'_>,
    live: AssignmentId,
    outcome: Outcome,
    reason: CloseReason,
) -> Next {
    let assignment = *cx.state.market.assignment(live);
    moot_disputes(cx, live);
    acts::settle_data_fees(cx, live);
    burn_unspent_extra(cx, live);
    settle_missed(cx, live);
    release_seats(cx, live);
    let collateral = Pot::Assignment(live, AssignmentPot::Collateral);
    staking::acts::release(cx, assignment.operator, collateral, Reason::CollateralReleased);
    let left = cx.state.ledger.assignment_pots(live);
    assert!(left.is_empty(), "an ended assignment holds no money: {left:?}");
    acts::let_go_of_pool(cx, live);
    if assignment.accepted.is_some() {
        let order = cx.state.market.order(assignment.job);
        let locks = reserved_locks(order.audit_lock, &order.bound).unwrap_or(Amount::MAX);
        let expected = &mut cx.state.market.audit_locks_reserved;
        *expected = expected.saturating_sub(locks);
    }
    if let Some(due) = cx.state.verification.case_mut(live).seed.due.take() {
        cx.state.timers.clear(due, Timer::Seed(live));
    }
    cx.state.verification.strip(live);
    let now = cx.now();
    market::acts::enter_phase(cx, live, Phase::Closed, now);
    if reason == CloseReason::NotAccepted {
        cx.state.market.job_mut(assignment.job).ranks.retain(|slot| *slot != assignment.slot);
        return Next::Offer(assignment.job);
    }
    Next::Close(assignment.job, outcome, reason)
}

/// Open disputes that a job's end leaves without a question end without a loser.
fn moot_disputes(cx: &mut Context<'_>, live: AssignmentId) {
    let disputes = cx.state.verification.docket(live).disputes.clone();
    for (index, dispute) in disputes.iter().enumerate() {
        if dispute.ended.is_none() {
            acts::end_dispute(cx, live, index, Loser::Nobody, LossReason::Moot);
        }
        if let Some(deposit) = dispute.deposit() {
            let to = cx.free_pot(dispute.challenger);
            let from = Pot::Assignment(live, deposit);
            cx.pay_all(from, to, Reason::ChallengeDepositReturned);
        }
    }
}

/// Audits that were missed cost what was locked for them, if some drawn auditor did what the others
/// did not; nothing, if none managed, or to who asked for as many bytes as it may and still could
/// not. It is taken out of the bond, or out of what has left it since.
fn settle_missed(cx: &mut Context<'_>, live: AssignmentId) {
    let assignment = *cx.state.market.assignment(live);
    let params = cx.pinned(assignment.job);
    let case = cx.state.verification.case(live);
    let (missed, managed) = (case.missed.clone(), case.somebody_managed());
    let allowed = u64::from(params.verification().data_requests_max);
    let task = &cx.state.market.order(assignment.job).terms.task;
    // Program and chunks: if one may ask for all of them, nobody needs an excuse. A published
    // program is there for all.
    let programs = if task.form == ProgramForm::Stepwise { 1 } else { 0 };
    let out_of_reach = allowed < u64::from(task.chunk_count).saturating_add(programs);
    for row in &missed {
        let asked = cx.state.verification.case(live).items_asked(row.account);
        let could_not = out_of_reach && asked >= allowed;
        if !managed || could_not {
            continue;
        }
        let conviction = Conviction {
            offence: Offence::MissedAudit,
            operator: row.operator,
            job: assignment.job,
            behind: Behind::Owed(row.lock),
            accepted_at: assignment.accepted_at(),
            value: row.pay,
            root: None,
            payout: Payout::Fire,
        };
        slashing::acts::convict(cx, conviction, &params);
    }
}

/// What the leader's bond paid for auditors more, and no auditor earned, burns: the requester would
/// else be paid for an outage of the leader's by a job that nobody can audit.
fn burn_unspent_extra(cx: &mut Context<'_>, live: AssignmentId) {
    let job = cx.state.market.assignment(live).job;
    let case = cx.state.verification.case(live);
    if case.seed.drawn.is_none() || case.seed.withheld != Some(Withholder::Operator) {
        return;
    }
    let bound = *cx.state.market.order(job).bound;
    let gave =
        |seat: &&Seat| matches!(seat.state, SeatState::Committed(_) | SeatState::Revealed(_));
    let wanted = u64::from(bound.auditors);
    let paid = u64::try_from(case.seats.iter().filter(gave).count()).expect("few seats");
    let unspent = u64::from(bound.fallback_auditors).saturating_sub(paid.max(wanted));
    let unspent = bound.tariff.checked_times(unspent).unwrap_or(Amount::MAX);
    let (fees, fire) = (Pot::Job(job, JobPot::AuditFees), cx.fire());
    let there = unspent.min(cx.state.ledger.balance(fees));
    cx.pay(fees, fire, there, Reason::AuditFeeForfeited);
}

fn release_seats(cx: &mut Context<'_>, live: AssignmentId) {
    for seat in cx.state.verification.case(live).seats.clone() {
        if let Some(operator) = seat.operator {
            let lock = Pot::Assignment(live, AssignmentPot::AuditLock(seat.lock));
            staking::acts::release(cx, operator, lock, Reason::AuditLockReleased);
        }
    }
}

/// Returns whatever the job still holds to whom it belongs, and ends it.
pub(super) fn close_job(
    cx: &mut Context<'_>,
    id: JobId,
    outcome: Outcome,
    reason: CloseReason,
) -> Next {
    for slot in cx.state.market.job(id).slots() {
        market::acts::release_bid(cx, id, slot);
    }
    let requester = cx.state.market.order(id).requester;
    let to = cx.free_pot(requester);
    let mut back = |pot| cx.pay_all(Pot::Job(id, pot), to, Reason::Refund);
    let refund = Refund {
        escrow: back(JobPot::Escrow),
        audit_fees: back(JobPot::AuditFees),
        deposit: back(JobPot::Deposit),
    };
    insurance::acts::release(cx, id);
    let left = cx.state.ledger.job_pots(id);
    assert!(left.is_empty(), "a closed job holds no money: {left:?}");
    record_end(cx, id, outcome, reason, refund);
    Next::Nothing
}

fn record_end(
    cx: &mut Context<'_>,
    id: JobId,
    outcome: Outcome,
    reason: CloseReason,
    refund: Refund,
) {
    let now = cx.now();
    let leaves = now.after(cx.pinned(id).market().retention_blocks);
    let last = cx.state.market.job(id).assignments.last().copied();
    let task = cx.state.market.order(id).terms.task;
    cx.state.storage.programs.unpin(&task);
    let claim = last.and_then(|last| cx.state.verification.case(last).claim().copied());
    let market = &mut cx.state.market;
    let counts = &mut market.counts;
    counts.open = counts.open.saturating_sub(1);
    let count = match outcome {
        Outcome::Accepted => &mut counts.accepted,
        Outcome::Rejected => &mut counts.rejected,
        Outcome::Expired => &mut counts.expired,
    };
    *count = count.saturating_add(1);
    let ceiling = market.order(id).terms.price_max;
    let job = market.job_mut(id);
    let unneeded = core::mem::take(&mut job.fallback);
    job.forget_bids();
    let paid = ceiling.saturating_sub(refund.escrow);
    let (output, root) = (claim.map(|c| c.output()), claim.map(|c| c.root()));
    let closed = Closed { outcome, reason, at: now, leaves, paid, output, root, rated: None };
    job.closed = Some(Box::new(closed));
    market.fallback_reserved = market.fallback_reserved.saturating_sub(unneeded);
    market::acts::enter_stage(cx, id, Stage::Closed, now);
    cx.state.timers.set(leaves, Timer::RetireJob(id));
    let (refunded, back) = (refund.all(), refund);
    cx.journal.push(Event::JobClosed { job: id, outcome, reason, paid, refunded, back });
}

/// A closed job's rows leave; their hashes stay in the root.
pub(crate) fn retire_job(cx: &mut Context<'_>, id: JobId) {
    let version = cx.state.market.order(id).params;
    cx.state.params.unpin(version);
    let assignments = cx.state.market.job(id).assignments.clone();
    for assignment in assignments {
        cx.state.market.assignments.retire(assignment.index());
        cx.state.verification.retire(assignment);
        cx.state.ledger.retire_assignment(assignment);
    }
    cx.state.market.orders.retire(id.index());
    cx.state.market.jobs.retire(id.index());
    cx.state.ledger.retire_job(id);
}
