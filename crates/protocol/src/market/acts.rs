//! What several stories do with bids and jobs: return, forfeit, move on.
//!
//! Law: a bid that leaves the race holds nothing.
//! Not here: who wins (`auction`), what follows (`stories`).

use alloc::boxed::Box;

use crate::{
    context::Context,
    event::Event,
    ids::{AccountId, AssignmentId, JobId},
    ledger::{JobPot, Pot, Reason},
    market::{BidState, Phase, PriceTerms, Stage},
    num::{Blocks, Height},
    reputation::{self, Dimension, weigh},
    slashing::{Offence, SplitTerms, Way},
    staking,
    state::State,
    timers::Timer,
};

/// Moves a job on, and sets the timer that ends its new stage.
pub(crate) fn enter_stage(cx: &mut Context<'_>, id: JobId, stage: Stage, until: Height) {
    let job = cx.state.market.job_mut(id);
    let before = job.until.after(Blocks::new(1));
    (job.stage, job.until) = (stage, until);
    cx.state.timers.clear(before, Timer::Job(id));
    match stage {
        Stage::Bidding | Stage::RevealingBids => {
            cx.state.timers.set(until.after(Blocks::new(1)), Timer::Job(id));
        }
        Stage::Assigned(_) | Stage::Closed => {}
    }
}

/// Moves an assignment on, and sets the timer that ends its new phase.
pub(crate) fn enter_phase(cx: &mut Context<'_>, id: AssignmentId, phase: Phase, until: Height) {
    let assignment = cx.state.market.assignment_mut(id);
    let before = assignment.until.after(Blocks::new(1));
    (assignment.phase, assignment.until) = (phase, until);
    cx.state.timers.clear(before, Timer::Assignment(id));
    if phase != Phase::Closed {
        cx.state.timers.set(until.after(Blocks::new(1)), Timer::Assignment(id));
    }
}

/// Gives a phase that waits for something more time. It may be over in spite of that: its timer has
/// fired then, and falls due no more, but what is given next counts from there.
pub(crate) fn lengthen(cx: &mut Context<'_>, id: AssignmentId, blocks: Blocks) {
    let assignment = *cx.state.market.assignment(id);
    let until = assignment.until.after(blocks);
    if until < cx.now() {
        cx.state.market.assignment_mut(id).until = until;
    } else {
        enter_phase(cx, id, assignment.phase, until);
    }
}

/// What the final result of an assignment is paid by.
pub(crate) fn price_terms(state: &State, id: AssignmentId) -> PriceTerms {
    let assignment = *state.market.assignment(id);
    let order = state.market.order(assignment.job);
    let result = state.case(assignment.job).and_then(|case| case.result);
    let result = result.expect("a final result was sealed");
    let done = (result.steps_paid, order.terms.task.steps);
    let params = state.params.at(order.params);
    let discount = params.access().discount(order.tier);
    PriceTerms::new(assignment.price, done, result.late, discount, params.market())
}

/// A bid that was not opened, or not accepted, loses its deposit.
pub(crate) fn forfeit_bid(cx: &mut Context<'_>, id: JobId, slot: u8) {
    let params = cx.pinned(id);
    let bid = cx.state.market.job(id).bid(slot);
    let (operator, account) = (bid.operator, bid.account);
    let from = Pot::Job(id, JobPot::BidDeposit(slot));
    let deposit = cx.state.ledger.balance(from);
    burn_deposit(cx, id, (Offence::BidWithholding, account), (from, Reason::BidForfeited));
    let weight = weigh(deposit, params.reputation());
    let absent = (Dimension::Availability, false);
    reputation::acts::note(cx, operator, absent, weight, &params);
    release_bid(cx, id, slot);
}

/// Burns a forfeited deposit.
pub(crate) fn burn_deposit(
    cx: &mut Context<'_>,
    job: JobId,
    (offence, account): (Offence, AccountId),
    (from, reason): (Pot, Reason),
) {
    let fire = cx.fire();
    let amount = cx.pay_all(from, fire, reason);
    tell_forfeit(cx, job, (offence, account), SplitTerms::new(amount, Way::Burnt));
}

/// Says where a forfeited deposit went.
pub(crate) fn tell_forfeit(
    cx: &mut Context<'_>,
    job: JobId,
    (offence, account): (Offence, AccountId),
    terms: SplitTerms,
) {
    let (slash, role, waterfall) = (None, None, terms.split());
    let terms = Box::new(terms);
    cx.journal.push(Event::Slashed { slash, offence, account, role, job, waterfall, terms });
}

/// Returns whatever a bid still has locked, and takes it out of the race.
pub(crate) fn release_bid(cx: &mut Context<'_>, id: JobId, slot: u8) {
    return_bid_deposit(cx, id, slot);
    let bid = cx.state.market.job_mut(id).bid_mut(slot);
    bid.state = BidState::Released;
    let operator = bid.operator;
    let pot = Pot::Job(id, JobPot::Collateral(slot));
    staking::acts::release(cx, operator, pot, Reason::CollateralReleased);
}

pub(crate) fn return_bid_deposit(cx: &mut Context<'_>, id: JobId, slot: u8) {
    let account = cx.state.market.job(id).bid(slot).account;
    let to = cx.free_pot(account);
    cx.pay_all(Pot::Job(id, JobPot::BidDeposit(slot)), to, Reason::BidDepositReturned);
}
