//! Commit: an offer is sealed, with a deposit behind it.

use crate::{
    command::{CommitBid, PostJob},
    context::Context,
    event::Event,
    ids::{AccountId, JobId, OperatorId, Role},
    ledger::{JobPot, Pot, Reason},
    market::{Bid, BidState, CommitBidRejected, Stage, acts},
    next::Next,
    num::{Amount, Ratio},
    state::State,
    verification::{able, beta},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CommitBid,
) -> Result<Next, CommitBidRejected> {
    let id = command.job;
    let phase = cx.state.market.phase(id).ok_or(CommitBidRejected::JobNotFound)?;
    let (job, order) = (cx.state.market.job(id), cx.state.market.order(id));
    if job.stage != Stage::Bidding {
        return Err(CommitBidRejected::WrongPhase { phase });
    }
    let params = cx.pinned(id);
    let operator = cx.state.operator_id(signer, Role::Provider);
    let operator = operator.ok_or(CommitBidRejected::NotAProvider)?;
    if !cx.state.staking.operator(operator).is_fit() {
        return Err(CommitBidRejected::MayNotWork);
    }
    if let Some((stake, needed)) = cx.state.lacks_place(operator) {
        return Err(CommitBidRejected::OutsideActiveSet { stake, needed });
    }
    if order.requester == signer {
        return Err(CommitBidRejected::OwnJob);
    }
    if job.slot_of(operator).is_some() {
        return Err(CommitBidRejected::AlreadyBid);
    }
    let evicted = place(cx.state, id, operator, params.market().bids_max)?;
    let (score, wanted) = (cx.state.score(operator), order.terms.reputation_min);
    if score < wanted {
        return Err(CommitBidRejected::ReputationTooLow { score, wanted });
    }
    let (value, limit) = (job_value(&order.terms), cx.state.job_value_max(operator, &params));
    if let Some(limit) = limit.filter(|limit| value > *limit) {
        return Err(CommitBidRejected::ExceedsCarried { value, limit });
    }
    let assumed = order.bound.beta;
    let share = share_without(cx.state, id, signer, params.verification().beta);
    if share > assumed {
        return Err(CommitBidRejected::PoolTooConcentrated { share, assumed });
    }
    let deposit = deposit(cx.state, id).expect("the order was found above");
    let free = cx.state.ledger.free(signer);
    if deposit > free {
        return Err(CommitBidRejected::ExceedsFree { wanted: deposit, free });
    }
    // From here on the command must succeed.
    let bid = Bid { operator, account: signer, seal: command.seal, state: BidState::Sealed };
    let slot = match evicted {
        Some(slot) => {
            let account = cx.state.market.job(id).bid(slot).account;
            acts::return_bid_deposit(cx, id, slot);
            cx.journal.push(Event::BidEvicted { job: id, account });
            *cx.state.market.job_mut(id).bid_mut(slot) = bid;
            slot
        }
        None => {
            let bids = &mut cx.state.market.job_mut(id).bids;
            bids.push(bid);
            u8::try_from(bids.len().saturating_sub(1)).expect("bids are limited to 64")
        }
    };
    let from = cx.free_pot(signer);
    cx.pay(from, Pot::Job(id, JobPot::BidDeposit(slot)), deposit, Reason::BidDeposit);
    cx.journal.push(Event::BidCommitted { job: id, account: signer });
    Ok(Next::Nothing)
}

/// What a job is worth to whoever would burn its name on it: all that it may be paid, and what a
/// wrong result is worth outside.
pub(crate) fn job_value(terms: &PostJob) -> Amount {
    terms.price_max.saturating_add(terms.outside_gain)
}

/// What stands behind a bid; nothing if there is no such job.
pub(crate) fn deposit(state: &State, id: JobId) -> Option<Amount> {
    state.market.phase(id)?;
    let order = state.market.order(id);
    let params = state.params.at(order.params);
    Some(params.market().bid_deposit.amount_ceil(order.terms.price_max))
}

/// Whose place this bid takes, if every place is taken: the smallest bond's, if it is smaller. So
/// whoever wants to fill the list must bond, in every place, as much as the bidder it keeps out.
fn place(
    state: &State,
    id: JobId,
    operator: OperatorId,
    limit: u32,
) -> Result<Option<u8>, CommitBidRejected> {
    let job = state.market.job(id);
    if u64::try_from(job.bids.len()).unwrap_or(u64::MAX) < u64::from(limit) {
        return Ok(None);
    }
    let stake_of = |operator| -> Amount { state.staking.operator(operator).stake };
    let stakes = job.slots().map(|slot| (stake_of(job.bid(slot).operator), slot));
    // Of equals the one that came last.
    let least = stakes.min_by_key(|&(stake, slot)| (stake, core::cmp::Reverse(slot)));
    let (smallest, slot) = least.expect("a full list is not empty");
    let stake = stake_of(operator);
    if stake <= smallest {
        return Err(CommitBidRejected::BidsAtLimit { limit, stake, smallest });
    }
    Ok(Some(slot))
}

/// The largest share of the pool without the requester's and a hybrid bidder's validators;
/// nothing new if the bidder has none.
fn share_without(state: &State, id: JobId, bidder: AccountId, assumed: Ratio) -> Ratio {
    let order = state.market.order(id);
    let Some(own) = state.operator_id(bidder, Role::Validator) else { return Ratio::ZERO };
    let requester = state.operator_id(order.requester, Role::Validator);
    let out = [own, requester.unwrap_or(own)];
    let able = able(state.staking.auditors(order.terms.class), order.audit_lock, &out);
    beta(able, assumed)
}
