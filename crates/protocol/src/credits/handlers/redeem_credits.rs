//! Redeem: what pays is burnt, and stake that was burnt for it before is issued again.

use crate::{
    command::RedeemCredits,
    context::Context,
    credits::{RedeemCreditsRejected, RedeemTerms},
    event::Event,
    ids::{AccountId, Asset},
    ledger::{Assets, Pot, Reason},
    next::Next,
    num::{Amount, Ratio},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RedeemCredits,
) -> Result<Next, RedeemCreditsRejected> {
    let RedeemCredits { credits, stake_min: wanted } = *command;
    let params = *cx.params().credits();
    if cx.state.assets() == Assets::Single {
        return Err(RedeemCreditsRejected::OneAsset);
    }
    if params.redeem_share == Ratio::ZERO {
        return Err(RedeemCreditsRejected::RedeemingOff);
    }
    let prices = cx.state.credit_prices()?;
    if credits < params.least {
        return Err(RedeemCreditsRejected::BelowLeast { credits, least: params.least });
    }
    let free = cx.state.free(signer);
    if credits > free {
        return Err(RedeemCreditsRejected::ExceedsFree { wanted: credits, free });
    }
    let earned = cx.state.accounts.account(signer).earned;
    if params.counts_earned() && credits > earned {
        return Err(RedeemCreditsRejected::ExceedsEarned { wanted: credits, earned });
    }
    let room = cx.state.redeem_room(prices.least);
    if room.is_halted(&params) {
        let (ratio, halt) = (room.ratio(), params.halt_ratio);
        return Err(RedeemCreditsRejected::Halted { ratio, halt });
    }
    let terms = RedeemTerms { credits, price: prices.most, spread: params.spread };
    let stake = terms.stake().unwrap_or(Amount::MAX);
    if stake.is_zero() {
        return Err(RedeemCreditsRejected::WorthNothing { credits, price: prices.most });
    }
    if stake < wanted {
        return Err(RedeemCreditsRejected::TooLittle { stake, wanted });
    }
    let left = room.left(&params);
    if stake > left {
        return Err(RedeemCreditsRejected::ExceedsEpoch { wanted: stake, left });
    }
    let room = Amount::MAX.saturating_sub(cx.state.issued(Asset::Stake));
    if stake > room {
        return Err(RedeemCreditsRejected::ExceedsSupply { room });
    }
    // From here on the command must succeed.
    let (from, fire) = (Pot::Free(signer, Asset::Payment), Pot::Burnt(Asset::Payment));
    cx.pay(from, fire, credits, Reason::CreditsRedeemed);
    cx.mint(Pot::Free(signer, Asset::Stake), stake, Reason::CreditsGivenBack);
    let now = cx.epoch();
    cx.state.credits.redeem(now, credits, stake);
    // Also where anybody may redeem: a vote may count again who earned what, and nothing that was
    // earned is redeemed twice.
    if !earned.is_zero() {
        let account = cx.state.accounts.account_mut(signer);
        account.earned = earned.saturating_sub(credits);
    }
    cx.journal.push(Event::CreditsRedeemed { account: signer, stake, terms });
    Ok(Next::Nothing)
}
