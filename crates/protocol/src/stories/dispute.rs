//! Dispute: what a judged step, a clock or a silence about bytes comes to.

use crate::{
    command::Node,
    context::Context,
    event::Event,
    ids::AssignmentId,
    ledger::{AssignmentPot, JobPot, Pot, Reason},
    market::{self, CloseReason, Outcome, Phase},
    next::Next,
    referee::Ruling,
    slashing::{
        self, Claims, Offence, SplitTerms, Way,
        acts::{Behind, Conviction, Payout},
    },
    verification::{Loser, LossReason, SeatState, Stake, Turn, acts},
};

/// The referee judged a leaf: every game that waits for it is decided.
pub(super) fn step_judged(cx: &mut Context<'_>, live: AssignmentId, node: Node) -> Next {
    let docket = cx.state.verification.docket(live);
    let holds = docket.ruling(node).expect("just judged") == Ruling::Holds;
    for index in docket.awaiting(Turn::Accused, node) {
        acts::make_move(cx, live, index, node, Turn::Accused);
        if holds {
            lose(cx, live, index, LossReason::StepHolds);
        } else {
            acts::end_dispute(cx, live, index, Loser::Accused, LossReason::StepFails);
        }
    }
    if holds { Next::FinishIfSettled(live) } else { Next::Convict(live, CloseReason::WrongResult) }
}

/// A step that was judged before holds for this challenger, too.
pub(super) fn challenge_lost(cx: &mut Context<'_>, live: AssignmentId, index: usize) -> Next {
    lose(cx, live, index, LossReason::StepHolds);
    Next::FinishIfSettled(live)
}

/// A clock ran out, unless its side moved or it stood still meanwhile: the silent side loses.
pub(crate) fn clock_ran_out(cx: &mut Context<'_>, live: AssignmentId, index: usize) -> Next {
    if cx.state.verification.docket(live).dispute(index).ended.is_some() {
        return Next::Nothing;
    }
    acts::stand_still(cx, live, index);
    let dispute = cx.state.verification.docket(live).dispute(index);
    let (until, turn) = (dispute.until(), dispute.turn);
    if until >= cx.now() {
        acts::set_clock(cx, live, index);
        return Next::Nothing;
    }
    match turn {
        Turn::Challenger => {
            lose(cx, live, index, LossReason::ClockRanOut);
            Next::FinishIfSettled(live)
        }
        Turn::Accused => {
            acts::end_dispute(cx, live, index, Loser::Accused, LossReason::ClockRanOut);
            Next::Convict(live, CloseReason::WrongResult)
        }
    }
}

/// The challenger loses what it put behind its dispute; nobody else loses anything.
fn lose(cx: &mut Context<'_>, live: AssignmentId, index: usize, reason: LossReason) {
    acts::end_dispute(cx, live, index, Loser::Challenger, reason);
    let dispute = cx.state.verification.docket(live).dispute(index);
    match dispute.behind {
        Stake::Seat(seat) => refute_auditor(cx, live, usize::from(seat), reason),
        Stake::Deposit(deposit) => forfeit_deposit(cx, live, index, deposit),
    }
}

fn forfeit_deposit(cx: &mut Context<'_>, live: AssignmentId, index: usize, deposit: u16) {
    let assignment = *cx.state.market.assignment(live);
    let account = cx.state.verification.docket(live).dispute(index).challenger;
    let pot = Pot::Assignment(live, AssignmentPot::ChallengeDeposit(deposit));
    let amount = cx.state.ledger.balance(pot);
    let terms = SplitTerms::new(amount, Way::Halved);
    let half = terms.split().compensation;
    let (accused, fire) = (cx.free_pot(assignment.account), cx.fire());
    cx.pay(pot, accused, half, Reason::ChallengeLost);
    cx.pay_all(pot, fire, Reason::ChallengeLost);
    let whose = (Offence::FrivolousChallenge, account);
    market::acts::tell_forfeit(cx, assignment.job, whose, terms);
    // A requester that disputes what it ordered, and is wrong, complains falsely.
    if account == cx.state.market.order(assignment.job).requester {
        let params = cx.pinned(assignment.job);
        slashing::acts::suspend_access(cx, account, &params);
    }
}

/// An auditor lost the game that its own verdict opened.
fn refute_auditor(cx: &mut Context<'_>, live: AssignmentId, seat: usize, reason: LossReason) {
    let assignment = *cx.state.market.assignment(live);
    let params = cx.pinned(assignment.job);
    let row = cx.state.verification.case_mut(live).seat_mut(seat);
    let own = match row.state {
        SeatState::Revealed(claim) => Some(claim.root()),
        _ => None,
    };
    row.state = SeatState::Refuted;
    let (value, lock) = (row.pay, Pot::Assignment(live, AssignmentPot::AuditLock(row.lock)));
    let operator = row.operator.expect("a seat with a verdict is taken");
    let conviction = Conviction {
        offence: Offence::FalseAudit,
        operator,
        job: assignment.job,
        behind: Behind::Locked(lock, cx.state.ledger.balance(lock)),
        accepted_at: assignment.accepted_at(),
        value,
        root: own.filter(|_| reason == LossReason::StepHolds),
        payout: Payout::Claims(Claims::default()),
    };
    slashing::acts::convict(cx, conviction, &params);
}

/// Requested bytes are overdue: whoever answers for them pays.
pub(crate) fn data_overdue(cx: &mut Context<'_>, live: AssignmentId, index: usize) -> Next {
    let assignment = *cx.state.market.assignment(live);
    if assignment.phase == Phase::Closed {
        // Another silence of this very block ended it, and its requests with it.
        return Next::Nothing;
    }
    let request = *cx.state.verification.case(live).requests.get(index).expect("a known request");
    if request.served {
        return Next::Nothing;
    }
    let (job, item, account) = (assignment.job, request.item, request.answerable);
    cx.journal.push(Event::DataWithheld { job, item, account });
    if account == cx.state.market.order(job).requester {
        let deposit = Pot::Job(job, JobPot::Deposit);
        let from = (deposit, Reason::RequesterForfeit);
        market::acts::burn_deposit(cx, job, (Offence::InputWithholding, account), from);
        let params = cx.pinned(job);
        slashing::acts::suspend_access(cx, account, &params);
        return Next::End(live, Outcome::Expired, CloseReason::InputMissing);
    }
    Next::Convict(live, CloseReason::DataWithheld)
}
