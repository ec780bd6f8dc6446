//! Mint: stake is burnt, and what pays is issued for it.

use crate::{
    command::MintCredits,
    context::Context,
    credits::{MintCreditsRejected, MintTerms},
    event::Event,
    ids::{AccountId, Asset},
    ledger::{Assets, Pot, Reason},
    next::Next,
    num::{Amount, Ratio},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &MintCredits,
) -> Result<Next, MintCreditsRejected> {
    let MintCredits { stake, credits_min: wanted } = *command;
    let params = *cx.params().credits();
    if cx.state.assets() == Assets::Single {
        return Err(MintCreditsRejected::OneAsset);
    }
    if params.mint_share == Ratio::ZERO {
        return Err(MintCreditsRejected::MintingOff);
    }
    let price = cx.state.credit_prices()?.least;
    let free = cx.state.balance(Pot::Free(signer, Asset::Stake));
    if stake > free {
        return Err(MintCreditsRejected::ExceedsFree { wanted: stake, free });
    }
    let terms = MintTerms { stake, price, spread: params.spread };
    let room = Amount::MAX.saturating_sub(cx.state.issued(Asset::Payment));
    let credits = terms.credits().filter(|credits| *credits <= room);
    let credits = credits.ok_or(MintCreditsRejected::ExceedsSupply { room })?;
    if credits < params.least {
        return Err(MintCreditsRejected::BelowLeast { credits, least: params.least });
    }
    if credits < wanted {
        return Err(MintCreditsRejected::TooFew { credits, wanted });
    }
    let left = cx.state.mint_room();
    if stake > left {
        return Err(MintCreditsRejected::ExceedsEpoch { wanted: stake, left });
    }
    // From here on the command must succeed.
    let (from, fire) = (Pot::Free(signer, Asset::Stake), Pot::Burnt(Asset::Stake));
    cx.pay(from, fire, stake, Reason::CreditsPaidFor);
    cx.mint(Pot::Free(signer, Asset::Payment), credits, Reason::CreditsMinted);
    let now = cx.epoch();
    cx.state.credits.mint(now, stake, credits);
    cx.journal.push(Event::CreditsMinted { account: signer, credits, terms });
    Ok(Next::Nothing)
}
