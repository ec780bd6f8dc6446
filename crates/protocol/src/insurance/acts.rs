//! What stories and slashes do with covers: carry them over, pay them, give them back.
//!
//! Law: a cover leaves its pot whole, to its requester and to the pool.
//! Not here: whether a slash stands.

use crate::{
    context::Context,
    event::Event,
    ids::{AccountId, Asset, JobId, SlashId},
    ledger::{JobPot, Pot, Reason},
    num::Amount,
    params::Params,
};

/// What a slash that is paid out says of a cover.
pub(crate) struct Loss {
    pub(crate) job: JobId,
    /// Whose cover it is.
    pub(crate) injured: AccountId,
    /// Who was convicted.
    pub(crate) accused: AccountId,
    /// What of the slash nobody gets.
    pub(crate) sunk: Amount,
}

const POOL: Pot = Pot::Insurance(Asset::Stake);

/// A job's result was convicted: its cover waits for the slash.
pub(crate) fn await_slash(cx: &mut Context<'_>, job: JobId, slash: SlashId) {
    cx.pay_all(Pot::Job(job, JobPot::Cover), Pot::Cover(slash), Reason::CoverAwaitsSlash);
}

/// A job closed without a conviction: its cover goes back to the pool. If it was bought in this
/// epoch, as it was if the job was posted in it, its room is free again: whoever takes insured jobs
/// back would else use up the room of all with the escrow of one.
pub(crate) fn release(cx: &mut Context<'_>, job: JobId) {
    let cover = cx.pay_all(Pot::Job(job, JobPot::Cover), POOL, Reason::CoverReturned);
    if cx.state.market.order(job).posted_at >= cx.state.chain.epoch.first {
        let now = cx.epoch();
        cx.state.insurance.let_go(now, cover);
    }
}

/// A slash was undone: nothing was lost to it.
pub(crate) fn give_back(cx: &mut Context<'_>, slash: SlashId) {
    cx.pay_all(Pot::Cover(slash), POOL, Reason::CoverReturned);
}

/// A slash is paid out, and its cover, within the limits.
pub(crate) fn pay(cx: &mut Context<'_>, slash: SlashId, loss: &Loss, params: &Params) {
    let from = Pot::Cover(slash);
    let cover = cx.state.ledger.balance(from);
    if cover.is_zero() {
        return;
    }
    let params = params.insurance();
    let wanted = cover.min(params.cover_share.amount_floor(loss.sunk));
    // What is promised to others is the pool's, too: they make nobody's limit smaller.
    let pool = cx.state.ledger.balance(POOL).saturating_add(cx.state.ledger.covers());
    let (now, pair) = (cx.epoch(), (loss.injured, loss.accused));
    let amount = cx.state.insurance.pay((now, pool), pair, wanted, params);
    cx.pay(from, Pot::Free(loss.injured, Asset::Stake), amount, Reason::CoverPaid);
    cx.pay_all(from, POOL, Reason::CoverReturned);
    let (job, account, accused) = (loss.job, loss.injured, loss.accused);
    cx.journal.push(Event::CoverPaid { slash, job, account, accused, cover, amount });
}
