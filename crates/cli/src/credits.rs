//! `earnest credits`: burn stake for what pays, and what pays for stake.
//!
//! Not here: what a conversion gives (the rules), what they say of it (`query credits`).

use clap::{Args, Subcommand};
use earnest_api::{Client, Conversion, CreditsView};
use earnest_protocol::{
    Amount, Command,
    command::{MintCredits, RedeemCredits},
};

use crate::{
    explain,
    failure::Failure,
    keys::{self, KeyArgs},
    money,
    stake::send,
    text::tokens,
};

/// What to convert.
#[derive(Subcommand, Debug)]
pub enum CreditsCommand {
    /// Burn stake for credits, which pay, at the price of stake less the spread
    Mint(ConvertArgs),
    /// Burn credits for stake, as far as you earned them, the epoch has room and they are backed
    Redeem(ConvertArgs),
}

/// How much.
#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// How much is burnt, in tokens of the asset that is
    #[arg(value_parser = money::tokens)]
    amount: Amount,
    /// The least that you take for it, in tokens of the other asset
    #[arg(long, default_value = "0", value_parser = money::tokens)]
    least: Amount,
    #[command(flatten)]
    key: KeyArgs,
}

/// Converts, and waits until a block holds it.
pub fn run(command: &CreditsCommand, node: &str, json: bool) -> Result<(), Failure> {
    let (args, order) = match command {
        CreditsCommand::Mint(args) => {
            let (stake, credits_min) = (args.amount, args.least);
            (args, Command::MintCredits(MintCredits { stake, credits_min }))
        }
        CreditsCommand::Redeem(args) => {
            let (credits, stake_min) = (args.amount, args.least);
            (args, Command::RedeemCredits(RedeemCredits { credits, stake_min }))
        }
    };
    let receipt = send(node, keys::open(&args.key)?, order)?;
    explain::came_of(&Client::new(node), &receipt, json)
}

/// Credits in words.
pub fn tell(view: &CreditsView) -> String {
    let CreditsView { minting, redeeming, backing, supply, flows, last, .. } = view;
    let mut lines = vec![
        format!(
            "minting: {}{}",
            word(*minting),
            terms(view.mint_price, "a unit of stake mints", view.mint_left, "burnt", *minting)
        ),
        format!(
            "redeeming: {}{}",
            word(*redeeming),
            terms(
                view.redeem_price,
                "a unit of stake costs",
                view.redeem_left,
                "given back",
                *redeeming
            )
        ),
    ];
    if is_open(*minting) || is_open(*redeeming) {
        let spread = money::multiple(view.spread.factor());
        let who = if view.earned_only { "whoever earned credits by work" } else { "anybody" };
        lines.push(format!("each conversion gives {spread} of it less; {who} may redeem"));
    }
    let ratio = match view.ratio {
        Some(_) if supply.is_zero() => "; there are no credits".to_owned(),
        Some(ratio) => format!(": {} of them", money::multiple(ratio)),
        None => String::new(),
    };
    lines.push(format!("{} of stake behind {}{ratio}", tokens(*backing), tokens(*supply)));
    lines.push(format!(
        "so far {} of stake burnt for {}, and {} burnt for {} of stake",
        tokens(flows.stake_burnt),
        tokens(flows.minted),
        tokens(flows.redeemed),
        tokens(flows.stake_returned)
    ));
    if last.stake_burnt.saturating_add(last.stake_returned) > Amount::ZERO {
        lines.push(format!(
            "in epoch {}, {} of stake burnt and {} given back",
            last.epoch,
            tokens(last.stake_burnt),
            tokens(last.stake_returned)
        ));
    }
    lines.join("\n")
}

fn terms(
    price: Option<earnest_protocol::Factor>,
    what: &str,
    left: Amount,
    how: &str,
    conversion: Conversion,
) -> String {
    match price.filter(|_| is_open(conversion)) {
        Some(price) => {
            let price = money::multiple(price);
            format!("; {what} {price}, and {} may yet be {how} in this epoch", tokens(left))
        }
        None => String::new(),
    }
}

fn is_open(conversion: Conversion) -> bool {
    matches!(conversion, Conversion::Open | Conversion::Slowed)
}

fn word(conversion: Conversion) -> &'static str {
    match conversion {
        Conversion::Open => "open",
        Conversion::Slowed => "slowed, since credits are backed worse than they should be",
        Conversion::Halted => "halted, since credits are backed too badly",
        Conversion::NoPrice => "waits for a price of stake (`earnest query prices`)",
        Conversion::Off => "off in this network",
    }
}
