//! Reveal: a sealed offer is opened, and its collateral locked.

use crate::{
    bound::{BoundRejected, BoundTerms, Quote, quote, reference_price},
    command::{Auction, RevealBid},
    context::Context,
    event::Event,
    ids::{AccountId, Role},
    ledger::{JobPot, Pot, Reason},
    market::{BidState, Order, RevealBidRejected, Stage},
    next::Next,
    num::Amount,
    params::Params,
    seal, staking,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RevealBid,
) -> Result<Next, RevealBidRejected> {
    let RevealBid { job: id, price, salt } = *command;
    let phase = cx.state.market.phase(id).ok_or(RevealBidRejected::JobNotFound)?;
    let (job, order) = (cx.state.market.job(id), cx.state.market.order(id));
    if job.stage != Stage::RevealingBids {
        return Err(RevealBidRejected::WrongPhase { phase });
    }
    let params = cx.pinned(id);
    let operator = cx.state.operator_id(signer, Role::Provider);
    let slot = operator.and_then(|operator| job.slot_of(operator));
    let (operator, slot) = operator.zip(slot).ok_or(RevealBidRejected::NoBid)?;
    let bid = job.bid(slot);
    if bid.state != BidState::Sealed {
        return Err(RevealBidRejected::AlreadyRevealed);
    }
    let address = cx.state.accounts.account(signer).address;
    if seal::bid(&cx.state.chain.network, id, &address, price, &salt) != bid.seal {
        return Err(RevealBidRejected::SealMismatch);
    }
    let ceiling = order.terms.price_max;
    if price > ceiling {
        return Err(RevealBidRejected::ExceedsCeiling { price, ceiling });
    }
    if !cx.state.staking.operator(operator).is_fit() {
        return Err(RevealBidRejected::MayNotWork);
    }
    let quote = quote_at(order, price, &params).map_err(RevealBidRejected::NoQuote)?;
    // What its customers said of it never moves its collateral.
    let proven = cx.state.proven_score(operator);
    let wanted = quote.collateral_for(proven, params.verification());
    let free_bond = cx.state.ledger.balance(Pot::Bond(operator));
    if wanted > free_bond {
        return Err(RevealBidRejected::ExceedsFreeBond { wanted, free_bond });
    }
    // From here on the command must succeed.
    let quality = cx.state.score(operator).max(params.market().quality_min);
    let exit_cost = quote.exit_cost;
    let job = cx.state.market.job_mut(id);
    job.bid_mut(slot).state = BidState::Revealed { price, quality, exit_cost };
    let all_opened = job.bids.iter().all(|bid| bid.state != BidState::Sealed);
    let pot = Pot::Job(id, JobPot::Collateral(slot));
    staking::acts::lock(cx, operator, pot, wanted, Reason::CollateralLocked);
    let account = signer;
    cx.journal.push(Event::BidRevealed { job: id, account, price, collateral: wanted });
    Ok(if all_opened { Next::CloseAuction(id) } else { Next::Nothing })
}

/// What the collateral of a bid at `price` is. Under second price it is what was quoted when the
/// job was posted: from the same bound, under the parameters that the job keeps.
fn quote_at(order: &Order, price: Amount, params: &Params) -> Result<Quote, BoundRejected> {
    match order.terms.auction {
        Auction::SecondPrice => Ok(*order.quote),
        Auction::FirstPrice => quote(&bound_at(order, price, params), params),
    }
}

/// What the collateral of a bid at `price` is computed from.
pub(crate) fn bound_at(order: &Order, price: Amount, params: &Params) -> BoundTerms {
    match order.terms.auction {
        Auction::SecondPrice => *order.bound,
        Auction::FirstPrice => {
            let (tariff, ceiling) = (order.bound.tariff, order.terms.price_max);
            let p_ref = reference_price(price, tariff, ceiling, params.verification());
            BoundTerms { p_ref, ..*order.bound }
        }
    }
}
