//! The words of `credits`.

use earnest_protocol::{
    Epoch, Epochs,
    credits::{MintCreditsRejected, RedeemCreditsRejected},
};

use super::{Words, money, percent, say};
use crate::decimal;

pub(super) fn mint_credits(rejected: MintCreditsRejected) -> Words {
    match rejected {
        MintCreditsRejected::OneAsset => say(
            "This network bonds and pays with one asset: there is nothing to mint",
            "Pay with what you have; credits are of networks whose genesis has `assets` `dual`.",
        ),
        MintCreditsRejected::MintingOff => say(
            "This network mints no credits",
            "Ask somebody who has what pays; a vote can set `credits.mint_share`.",
        ),
        MintCreditsRejected::NoPrice => no_price(),
        MintCreditsRejected::PriceStale { counted, now, limit } => stale(counted, now, limit),
        MintCreditsRejected::ExceedsFree { wanted, free } => say(
            format!("{} of stake were to be burnt, {} are free", money(wanted), money(free)),
            "Burn less; what is bonded is free once it is unbonded.",
        ),
        MintCreditsRejected::ExceedsSupply { room } => {
            say(format!("Only {} more can ever be issued to pay with", money(room)), "Mint fewer.")
        }
        MintCreditsRejected::BelowLeast { credits, least } => say(
            format!("That would mint {}, and at least {} are minted", money(credits), money(least)),
            "Burn more at once.",
        ),
        MintCreditsRejected::TooFew { credits, wanted } => say(
            format!("At the price that counts it mints {}, not {}", money(credits), money(wanted)),
            "Read `earnest query credits` and lower the least that you take, or wait for a price.",
        ),
        MintCreditsRejected::ExceedsEpoch { wanted, left } => say(
            format!(
                "{} of stake were to be burnt, and this epoch has room for {} more",
                money(wanted),
                money(left)
            ),
            "Burn no more than that, or wait for the next epoch.",
        ),
    }
}

pub(super) fn redeem_credits(rejected: RedeemCreditsRejected) -> Words {
    match rejected {
        RedeemCreditsRejected::OneAsset => say(
            "This network bonds and pays with one asset: there is nothing to redeem",
            "Bond what you have; credits are of networks whose genesis has `assets` `dual`.",
        ),
        RedeemCreditsRejected::RedeemingOff => say(
            "This network redeems no credits",
            "Pay with them, or sell them; a vote can set `credits.redeem_share`.",
        ),
        RedeemCreditsRejected::NoPrice => no_price(),
        RedeemCreditsRejected::PriceStale { counted, now, limit } => stale(counted, now, limit),
        RedeemCreditsRejected::BelowLeast { credits, least } => say(
            format!("{} were to be redeemed, and at least {} are", money(credits), money(least)),
            "Redeem more at once.",
        ),
        RedeemCreditsRejected::ExceedsFree { wanted, free } => say(
            format!("{} were to be redeemed, {} are free", money(wanted), money(free)),
            "Redeem fewer.",
        ),
        RedeemCreditsRejected::ExceedsEarned { wanted, earned } => say(
            format!(
                "{} were to be redeemed, and of what the account earned by work {} are not yet",
                money(wanted),
                money(earned)
            ),
            "Redeem what was earned; pay or trade with the rest.",
        ),
        RedeemCreditsRejected::Halted { ratio, halt } => say(
            format!(
                "The stake behind credits is worth {} % of them, and below {} none are redeemed",
                decimal(ratio.parts(), 7),
                percent(halt)
            ),
            "Pay with them, or wait: fees that burn, stake that is minted for and a better price \
             raise the ratio.",
        ),
        RedeemCreditsRejected::WorthNothing { credits, price } => say(
            format!(
                "At a price of stake of {} parts per billion {} are worth none of it",
                price.parts(),
                money(credits)
            ),
            "Redeem more at once.",
        ),
        RedeemCreditsRejected::TooLittle { stake, wanted } => say(
            format!(
                "At the price that counts it gives {} of stake, not {}",
                money(stake),
                money(wanted)
            ),
            "Read `earnest query credits` and lower the least that you take, or wait for a price.",
        ),
        RedeemCreditsRejected::ExceedsEpoch { wanted, left } => say(
            format!(
                "It would give {} of stake, and this epoch has room for {} more",
                money(wanted),
                money(left)
            ),
            "Redeem no more than that, or wait for the next epoch.",
        ),
        RedeemCreditsRejected::ExceedsSupply { room } => {
            say(format!("Only {} more of stake can ever be issued", money(room)), "Redeem fewer.")
        }
    }
}

fn no_price() -> Words {
    say(
        "No price of stake has counted yet",
        "Wait until `earnest query prices` shows one: validators with two thirds of the stake seal \
         a price in one epoch and open it in the next.",
    )
}

fn stale(counted: Epoch, now: Epoch, limit: Epochs) -> Words {
    say(
        format!(
            "No price of stake has counted since epoch {counted}, it is epoch {now}, and a price \
             converts for {} epoch alone",
            limit.count()
        ),
        "Convert once `earnest query prices` shows that one has counted in this epoch: validators \
         with two thirds of the stake must post in each.",
    )
}
