//! Run: from acceptance to a sealed result, and to the seed that decides its audit.

use crate::{
    context::Context,
    event::Event,
    ids::{Asset, AssignmentId, Digest, OperatorId},
    ledger::{Assets, AssignmentPot, JobPot, Pot, Reason},
    market::{
        CloseReason, Outcome,
        handlers::post_job::{FALLBACK_AUDITORS, withheld_cost},
    },
    next::Next,
    num::{Amount, Blocks},
    params::Params,
    reputation::{self, Dimension, weigh},
    seal,
    slashing::{
        self, Claims, Offence,
        acts::{Behind, Conviction, Payout},
    },
    staking,
    timers::Timer,
    verification::{Seat, Withholder, acts},
};

/// Accepting says that every byte is there: what the winner still waited for is moot, else it
/// could accept, seal at once and let the requester's answer come too late (M6).
pub(super) fn drop_requests(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    acts::settle_data_fees(cx, live);
    Next::Nothing
}

/// Nothing was committed in time: the exit cost goes, the rest of the collateral returns.
pub(super) fn abandon(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let assignment = *cx.state.market.assignment(live);
    let (job, operator) = (assignment.job, assignment.operator);
    let params = cx.pinned(job);
    let order = cx.state.market.order(job);
    let tariff = crate::bound::in_stake_ceil(order.bound.tariff, order.bound.stake_price);
    let tariff = tariff.unwrap_or(Amount::MAX);
    let claims = Claims { injured: Some(order.requester), tariff, ..Claims::default() };
    let collateral = Pot::Assignment(live, AssignmentPot::Collateral);
    let taken = assignment.exit_cost.min(cx.state.ledger.balance(collateral));
    let conviction = Conviction {
        offence: Offence::Abandonment,
        operator,
        job,
        behind: Behind::Locked(collateral, taken),
        accepted_at: assignment.accepted_at(),
        value: assignment.price,
        root: None,
        payout: Payout::Claims(claims),
    };
    slashing::acts::convict(cx, conviction, &params);
    count_abandonment(cx, operator, &params);
    Next::End(live, Outcome::Expired, CloseReason::Abandoned)
}

fn count_abandonment(cx: &mut Context<'_>, operator: OperatorId, params: &Params) {
    let now = cx.epoch();
    let staking = params.staking();
    let row = cx.state.staking.operator_mut(operator);
    row.abandonments.retain(|at| now.since(*at) <= staking.offence_window_epochs);
    row.abandonments.push(now);
    let count = u64::try_from(row.abandonments.len()).unwrap_or(u64::MAX);
    if count >= u64::from(staking.abandonments_to_jail) {
        row.abandonments.clear();
        slashing::acts::jail_for_itself(cx, operator, params);
    }
}

/// The height of a draw's beacon has come: it is shown now, or it was withheld.
pub(crate) fn take_beacon(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let shown = cx.state.chain.beacon.shown;
    let next = cx.now().after(Blocks::new(1));
    let seed = &mut cx.state.verification.case_mut(live).seed;
    seed.beacon = shown;
    seed.due = None;
    if shown.is_none() {
        // The next beacon that is shown serves, with a larger and certain audit.
        seed.due = Some(next);
        cx.state.timers.set(next, Timer::Seed(live));
        withhold(cx, live, Withholder::Operator);
    }
    Next::Draw(live)
}

fn withhold(cx: &mut Context<'_>, live: AssignmentId, by: Withholder) {
    let job = cx.state.market.assignment(live).job;
    let seed = &mut cx.state.verification.case_mut(live).seed;
    if seed.withheld.is_none() || by == Withholder::Requester {
        seed.withheld = Some(by);
        cx.journal.push(Event::SeedWithheld { job, by });
    }
}

/// The time for the requester's preimage is over: without it the beacon alone decides, by a
/// certain audit.
pub(super) fn lapse_seed(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let (shown, link) = (cx.state.chain.beacon.shown, cx.state.chain.beacon.link);
    let seed = cx.state.verification.case(live).seed;
    if seed.preimage.is_none() {
        withhold(cx, live, Withholder::Requester);
        cx.state.verification.case_mut(live).seed.preimage = Some(Digest::ZERO);
    }
    if let Some(due) = seed.due {
        cx.state.timers.clear(due, Timer::Seed(live));
    }
    // After so many blocks without a beacon the last one shown must do; all of it was unknown when
    // the result was sealed, unless the operator itself withholds and colludes.
    let seed = &mut cx.state.verification.case_mut(live).seed;
    seed.due = None;
    seed.beacon = seed.beacon.or(shown).or(Some(link));
    Next::Draw(live)
}

/// If both parts of the seed are there, it says whether the result is audited, and by how many.
pub(super) fn draw(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let job = cx.state.market.assignment(live).job;
    let bound = *cx.state.market.order(job).bound;
    let seed = &mut cx.state.verification.case_mut(live).seed;
    let (Some(beacon), Some(preimage)) = (seed.beacon, seed.preimage) else {
        return Next::Nothing;
    };
    let drawn = seal::job_seed(job, &beacon, &preimage);
    seed.drawn = Some(drawn);
    let withheld = seed.withheld;
    if withheld.is_none() && !seal::chance(&drawn, "audit", bound.audit_rate) {
        let until = cx.now().after(cx.pinned(job).verification().reveal_blocks);
        cx.journal.push(Event::AuditSpared { job, until });
        return Next::Reveal(live);
    }
    let seats = bound.auditors.saturating_add(withheld.map_or(0, |by| fund_fallback(cx, live, by)));
    let case = cx.state.verification.case_mut(live);
    case.seats = (0..seats).map(|_| Seat::vacant(bound.tariff)).collect();
    Next::DrawSeats(live)
}

/// Makes whoever withheld a part of the seed pay for two auditors more; says how many it pays.
fn fund_fallback(cx: &mut Context<'_>, live: AssignmentId, by: Withholder) -> u32 {
    let job = cx.state.market.assignment(live).job;
    let (order, fees) = (cx.state.market.order(job), Pot::Job(job, JobPot::AuditFees));
    let bound = *order.bound;
    match by {
        Withholder::Requester => {
            let deposit = Pot::Job(job, JobPot::Deposit);
            let extra = u64::from(FALLBACK_AUDITORS);
            let cost = bound.tariff.checked_times(extra).unwrap_or(Amount::MAX);
            let there = cost.min(cx.state.ledger.balance(deposit));
            cx.pay(deposit, fees, there, Reason::AuditFeeExtra);
            FALLBACK_AUDITORS
        }
        // The bond covers it, for it was reserved when the job was accepted; what no bond covers
        // nobody pays, and the bound does not count. Of two assets a bond is no fee: it burns.
        Withholder::Operator => {
            let cost = core::mem::take(&mut cx.state.market.job_mut(job).fallback);
            if let Some(leader) = cx.state.chain.leader.filter(|_| !cost.is_zero()) {
                let (to, reason) = match cx.state.ledger.assets() {
                    Assets::Single => (fees, Reason::AuditFeeExtra),
                    Assets::Dual => (Pot::Burnt(Asset::Stake), Reason::BeaconWithheld),
                };
                cx.pay(Pot::Bond(leader), to, cost, reason);
                staking::acts::reduce_stake(cx, leader, cost);
                let reserved = &mut cx.state.market.fallback_reserved;
                *reserved = reserved.saturating_sub(cost);
                note_withheld(cx, live, leader);
            }
            bound.fallback_auditors.saturating_sub(bound.auditors)
        }
    }
}

/// A beacon that a job waited for was withheld: its leader was not there, to the worth of the
/// auditors more.
fn note_withheld(cx: &mut Context<'_>, live: AssignmentId, leader: OperatorId) {
    let job = cx.state.market.assignment(live).job;
    let (params, bound) = (cx.pinned(job), *cx.state.market.order(job).bound);
    if !params.reputation().counts_availability() {
        return;
    }
    let value = withheld_cost(cx.state, &bound);
    let weight = weigh(value, params.reputation());
    reputation::acts::note(cx, leader, (Dimension::Availability, false), weight, &params);
}
