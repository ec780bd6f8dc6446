//! Insure a job: the pool sets a cover aside, the requester pays its premium.

use crate::{
    command::InsureJob,
    context::Context,
    event::Event,
    ids::{AccountId, Asset},
    insurance::InsureJobRejected,
    ledger::{JobPot, Pot, Reason},
    market::{Order, Phase},
    next::Next,
    num::{Amount, Blocks, Height},
    state::State,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &InsureJob,
) -> Result<Next, InsureJobRejected> {
    let InsureJob { job, cover, premium_max } = *command;
    let params = *cx.params().insurance();
    if params.cover_share.parts() == 0 {
        return Err(InsureJobRejected::NotOffered);
    }
    let order = cx.state.order(job).ok_or(InsureJobRejected::JobNotFound)?;
    if order.requester != signer {
        return Err(InsureJobRejected::NotRequester);
    }
    if cover.is_zero() {
        return Err(InsureJobRejected::AmountMustBePositive);
    }
    let (height, last) = (cx.now(), last_height(cx.state, order));
    // Before that height it takes bids, unless it was taken back.
    if height > last || cx.state.market.phase(job) != Some(Phase::Bidding) {
        return Err(InsureJobRejected::TooLate { height, last });
    }
    let pot = Pot::Job(job, JobPot::Cover);
    let known = cx.state.ledger.balance(pot);
    if !known.is_zero() {
        return Err(InsureJobRejected::AlreadyInsured { cover: known });
    }
    let quote = cx.state.cover_quote(job).expect("the order is there");
    if cover > quote.cover_max {
        return Err(InsureJobRejected::ExceedsCoverMax { wanted: cover, max: quote.cover_max });
    }
    if cover > quote.available {
        let available = quote.available;
        return Err(InsureJobRejected::ExceedsPool { wanted: cover, available });
    }
    let premium = quote.premium(cover, &params).unwrap_or(Amount::MAX);
    if premium > premium_max {
        return Err(InsureJobRejected::ExceedsPremiumMax { premium, max: premium_max });
    }
    let (from, pool) = (Pot::Free(signer, Asset::Stake), Pot::Insurance(Asset::Stake));
    let free = cx.state.ledger.balance(from);
    if premium > free {
        return Err(InsureJobRejected::ExceedsFree { wanted: premium, free });
    }
    // From here on the command must succeed.
    let now = cx.epoch();
    cx.state.insurance.promise(now, cover);
    cx.pay(pool, pot, cover, Reason::CoverPromised);
    cx.pay(from, pool, premium, Reason::Premium);
    cx.journal.push(Event::JobInsured { job, account: signer, cover, premium });
    Ok(Next::Nothing)
}

/// What a cover takes from free money; nothing if it will be refused.
pub(crate) fn cost(state: &State, command: &InsureJob) -> Option<Amount> {
    let premium =
        state.cover_quote(command.job)?.premium(command.cover, state.params().insurance());
    premium.filter(|premium| *premium <= command.premium_max)
}

/// The last height at which a job may be insured: so long before its bids may be opened.
fn last_height(state: &State, order: &Order) -> Height {
    let opened = order.posted_at.after(state.params.at(order.params).market().bid_blocks);
    let waiting = state.params().insurance().waiting_blocks;
    Height::new(opened.after(Blocks::new(1)).since(Height::ZERO.after(waiting)).count())
}
