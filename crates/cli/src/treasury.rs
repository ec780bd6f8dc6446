//! The treasury: what it has, who is to have some of it, and what is asked for it.
//!
//! Law: what is shown is what the node says; amounts are tokens, of the asset that is named.
//! Not here: votes and stages, which all proposals have (`gov`).

use std::path::PathBuf;

use clap::Args;
use earnest_api::{Client, ProposalView, SpendView, TreasuryPotView, TreasuryView};
use earnest_protocol::{
    Amount, Asset, Command, Digest, Epochs, ProposalId,
    command::{ProposeSpend, StopSpend},
    governance::{Payout, ProposalStage},
};
use serde_json::json;

use crate::{
    failure::Failure,
    keys::KeyArgs,
    money,
    names::{self, Who},
    output::{out, say},
    present::Present,
    show::{
        self,
        table::{Kind, table},
    },
    stake,
    text::tokens,
    up::account::word,
};

/// Whom to pay out of the treasury.
#[derive(Args, Debug)]
pub struct SpendArgs {
    /// Who is paid: an address, or a name of a development network
    #[arg(value_parser = names::who)]
    to: Who,
    /// How much, in tokens
    #[arg(value_parser = money::tokens)]
    amount: Amount,
    /// Over how many epochs, in equal parts
    #[arg(long, default_value_t = 1)]
    epochs: u64,
    /// Which asset, where there are two: `stake` or `payment` [default: the one that pays]
    #[arg(long, value_parser = stake::asset)]
    asset: Option<Asset>,
    /// A file that says what for: its hash stands on the proposal
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub key: KeyArgs,
}

/// What to stop.
#[derive(Args, Debug)]
pub struct StopArgs {
    /// The spend's number, as in `earnest gov treasury`
    spend: u64,
    /// A file that says why: its hash stands on the proposal
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub key: KeyArgs,
}

/// What proposes a spend.
pub fn spend(client: &Client, args: &SpendArgs, report: Digest) -> Result<Command, Failure> {
    let asset = match args.asset {
        Some(asset) => asset,
        None => client.network()?.assets.payment(),
    };
    let to = names::resolve(client, &args.to)?;
    let (amount, epochs) = (args.amount, Epochs::new(args.epochs));
    Ok(Command::ProposeSpend(ProposeSpend { to, asset, amount, epochs, report }))
}

/// What proposes to stop one.
pub fn stop(args: &StopArgs, report: Digest) -> Command {
    Command::StopSpend(StopSpend { spend: ProposalId::new(args.spend), report })
}

/// What there is, and every spend that is proposed or runs.
pub fn tell(client: &Client, json: bool) -> Result<(), Failure> {
    let view = client.treasury()?;
    if json {
        return out!("{}", json!(view));
    }
    let TreasuryView { pots, open, limit, spends } = view;
    for TreasuryPotView { asset, balance, promised, spend_most, epoch_most } in pots {
        let [balance, promised] = [balance, promised].map(tokens);
        say!("{}: {balance}, of which {promised} are promised", word(&asset))?;
        say!("  one spend may have {}, all together {} an epoch", tokens(spend_most), {
            tokens(epoch_most)
        })?;
    }
    say!("{open} of {limit} spends are proposed or run")?;
    if spends.is_empty() {
        return Ok(());
    }
    let present = Present::ask(client)?;
    let columns = [
        ("spend", Kind::Number),
        ("stage", Kind::Word),
        ("paid", Kind::Number),
        ("of", Kind::Number),
        ("to", Kind::Sentence),
    ];
    let row = |view: &ProposalView| {
        let spend = view.spend.as_ref()?;
        let payout = payout(view);
        Some(vec![
            view.id.to_string(),
            stage(view.stage),
            money::show(payout.map_or(Amount::ZERO, |payout| payout.paid)),
            money::show(payout.map_or(spend.amount, |payout| payout.amount)),
            present.names.full(&spend.payee.address),
        ])
    };
    let rows: Vec<Vec<String>> = spends.iter().filter_map(row).collect();
    out!("{}", table(&columns, &rows, show::width()).trim_end())
}

fn stage(stage: ProposalStage) -> String {
    match stage {
        ProposalStage::Pending => "proposed",
        ProposalStage::Active => "voted on",
        ProposalStage::Queued(_) => "accepted",
        ProposalStage::Paying(_) => "runs",
        _ => "over",
    }
    .to_owned()
}

/// What of a spend was paid, if it ever began.
pub fn payout(view: &ProposalView) -> Option<Payout> {
    match view.stage {
        ProposalStage::Paying(payout) | ProposalStage::Spent { payout, .. } => Some(payout),
        _ => None,
    }
}

/// What one spend asks, and what of it was paid.
pub fn tell_one(view: &ProposalView, spend: &SpendView, present: &Present) -> Result<(), Failure> {
    let SpendView { payee, asset, amount, epochs, due, stop } = spend;
    let (who, amount) = (present.names.full(&payee.address), tokens(*amount));
    let pace = match epochs.count() {
        1 => "at once".to_owned(),
        _ => format!("over {}", present.clock.epochs(*epochs)),
    };
    say!("  {amount} of {} for {who}, {pace}", word(asset))?;
    if let Some(Payout { amount, paid, lapses, .. }) = payout(view) {
        say!("  {} of {} are paid", tokens(paid), tokens(amount))?;
        if let Some(due) = due {
            let lapses = present.clock.epoch(lapses);
            say!("  {} are due; what is left lapses in {lapses}", tokens(*due))?;
        }
    }
    if let Some(stop) = stop {
        say!("  proposal {stop} would stop it")?;
    }
    Ok(())
}
