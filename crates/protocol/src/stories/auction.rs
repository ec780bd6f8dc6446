//! Auction: from the end of bidding to an offer, and to the next one.

use alloc::vec::Vec;

use crate::{
    context::Context,
    event::Event,
    ids::{AssignmentId, JobId},
    ledger::{AssignmentPot, JobPot, Pot, Reason},
    market::{
        Assignment, BidState, CloseReason, Outcome, Phase, Stage, acts, auction,
        handlers::accept_job::{shortage, take_up},
    },
    next::Next,
};

/// Bidding is over: sealed bids are opened, or there are none.
pub(super) fn close_bidding(cx: &mut Context<'_>, id: JobId) -> Next {
    let bids = cx.state.market.job(id).bids.len();
    if bids == 0 {
        return Next::Close(id, Outcome::Expired, CloseReason::NoBids);
    }
    // Every bid was sealed before this beacon was shown, so no salt could be ground against it; and
    // it is shown before any is opened, so whoever opens last has no block to choose.
    cx.state.market.job_mut(id).tie = cx.state.chain.beacon.link;
    let until = cx.now().after(cx.pinned(id).market().bid_reveal_blocks);
    acts::enter_stage(cx, id, Stage::RevealingBids, until);
    let bids = u32::try_from(bids).expect("bids are limited to 64");
    cx.journal.push(Event::BiddingClosed { job: id, bids, until });
    Next::Nothing
}

/// All bids are opened, or the time to is over: they are ranked.
pub(super) fn close_auction(cx: &mut Context<'_>, id: JobId) -> Next {
    let params = cx.pinned(id);
    let slots = cx.state.market.job(id).slots();
    for slot in slots {
        if cx.state.market.job(id).bid(slot).state == BidState::Sealed {
            acts::forfeit_bid(cx, id, slot);
        }
    }
    let job = cx.state.market.job_mut(id);
    let ranked = auction::rank(job, id);
    let kept = usize::try_from(params.market().ranks_max).unwrap_or(usize::MAX);
    let ranks: Vec<u8> = ranked.iter().take(kept).map(|offer| offer.slot).collect();
    job.ranks = ranks.into();
    job.beyond = ranked.get(kept).map(|offer| (offer.price, offer.quality));
    for offer in ranked.iter().skip(kept) {
        acts::release_bid(cx, id, offer.slot);
    }
    Next::Offer(id)
}

/// Offers the job to the best remaining bid: an assignment begins.
pub(super) fn offer(cx: &mut Context<'_>, id: JobId) -> Next {
    let order = cx.state.market.order(id);
    let (kind, ceiling) = (order.terms.auction, order.terms.price_max);
    let job = cx.state.market.job(id);
    let Some((slot, price)) = auction::next_price(job, kind, ceiling) else {
        let none = job.assignments.is_empty();
        let reason = if none { CloseReason::NoBids } else { CloseReason::NotAccepted };
        return Next::Close(id, Outcome::Expired, reason);
    };
    let bid = job.bid(slot);
    let BidState::Revealed { exit_cost, .. } = bid.state else {
        unreachable!("only opened bids are ranked");
    };
    let (operator, account) = (bid.operator, bid.account);
    let until = cx.now().after(cx.pinned(id).market().accept_blocks);
    let phase = Phase::Offered;
    let row = Assignment {
        job: id,
        slot,
        operator,
        account,
        price,
        exit_cost,
        phase,
        until,
        accepted: None,
        willing: false,
    };
    let live = AssignmentId::from_index(cx.state.market.assignments.push(row));
    cx.state.ledger.open_assignment();
    cx.state.verification.open();
    let (from, to) = (JobPot::Collateral(slot), AssignmentPot::Collateral);
    let (from, to) = (Pot::Job(id, from), Pot::Assignment(live, to));
    cx.pay_all(from, to, Reason::CollateralAssigned);
    let assignments = &mut cx.state.market.job_mut(id).assignments;
    assignments.reserve_exact(1); // Most have one.
    assignments.push(live);
    acts::enter_stage(cx, id, Stage::Assigned(live), until);
    acts::enter_phase(cx, live, phase, until);
    cx.journal.push(Event::JobOffered { job: id, account, price, until });
    Next::Nothing
}

/// The winner let its offer lapse: its deposit burns, the next bid's turn comes. If it would have
/// accepted while all audit capacity was taken, it begins now, or nobody is to blame and the job
/// ends. Its word counts, not what is free now: that may be freed when it is too late.
pub(super) fn lapse_offer(cx: &mut Context<'_>, live: AssignmentId) -> Next {
    let Assignment { job: id, slot, willing, operator, .. } = *cx.state.market.assignment(live);
    if willing && cx.state.staking.operator(operator).is_fit() {
        if shortage(cx.state, id).is_none() {
            return take_up(cx, live);
        }
        return Next::End(live, Outcome::Expired, CloseReason::AuditUnavailable);
    }
    acts::forfeit_bid(cx, id, slot);
    Next::End(live, Outcome::Expired, CloseReason::NotAccepted)
}
