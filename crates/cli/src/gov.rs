//! `earnest gov`: propose changes of parameters, vote on them, and see how they stand.
//!
//! Law: values are read and shown as `earnest query params` shows them; what is sent is in their
//! own units.
//! Not here: who counts for how much (the rules), what a change does to whom (`audit`).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use earnest_api::{BallotView, Client, PageQuery, ProposalView};
use earnest_protocol::{
    Amount, Command, Digest, ProposalId, RawParams,
    command::{BallotChoice, CancelProposal, CastBallot, ParamChange, Propose},
    governance::{Defeat, Ending, ProposalStage},
};
use serde_json::json;

use crate::{
    clock::Clock,
    failure::Failure,
    keys::KeyArgs,
    money,
    output::{self, out},
    params,
    present::Present,
    show::{
        self,
        table::{Kind, table},
    },
    stake::{print_receipt, send},
    up::account::word,
};

/// What to do with proposals.
#[derive(Subcommand, Debug)]
pub enum GovCommand {
    /// Put changes of parameters to the vote; a deposit stands behind them
    Propose(ProposeArgs),
    /// Vote with all you have bonded and delegated, or say something else than before
    Vote {
        /// The proposal's number
        proposal: u64,
        /// `yes`, `no`, `abstain` or `veto`, which is `no` and burns the deposit
        #[arg(value_parser = choice)]
        choice: BallotChoice,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Take a proposal of yours back before its voting begins; a part of its deposit burns
    Cancel {
        /// The proposal's number
        proposal: u64,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// All proposals that are remembered
    List,
    /// One proposal: what it changes, how its vote stands, and who said what
    Show {
        /// The proposal's number
        proposal: u64,
        /// Print the parameters as they would be instead, for `earnest audit --against`
        #[arg(long)]
        params: bool,
    },
}

/// What to propose.
#[derive(Args, Debug)]
pub struct ProposeArgs {
    /// A parameter's new value, such as --set market.take=2%; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE", required = true)]
    sets: Vec<String>,
    /// A report of `earnest audit` about the change: its hash stands on the proposal
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

fn choice(text: &str) -> Result<BallotChoice, String> {
    serde_json::from_value(json!(text))
        .map_err(|_| "expected `yes`, `no`, `abstain` or `veto`".to_owned())
}

/// Carries out one command.
pub fn run(command: &GovCommand, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let (key, order) = match command {
        GovCommand::Propose(args) => (&args.key, propose(&client, args)?),
        GovCommand::Vote { proposal, choice, key } => {
            let (proposal, choice) = (ProposalId::new(*proposal), *choice);
            (key, Command::CastBallot(CastBallot { proposal, choice }))
        }
        GovCommand::Cancel { proposal, key } => {
            let proposal = ProposalId::new(*proposal);
            (key, Command::CancelProposal(CancelProposal { proposal }))
        }
        GovCommand::List => return list(&client, json),
        GovCommand::Show { proposal, params: true } => {
            return proposed(&client, ProposalId::new(*proposal));
        }
        GovCommand::Show { proposal, params: false } => {
            return show_one(&client, ProposalId::new(*proposal), json);
        }
    };
    let receipt = send(node, key, order).map_err(|failure| named(failure, command))?;
    print_receipt(&receipt, json)?;
    if !json && let GovCommand::Propose(_) = command {
        output::remark(format_args!(
            "`earnest gov list` shows its number and when its voting begins"
        ));
    }
    Ok(())
}

/// The rules count the changes of a proposal; people name them.
fn named(mut failure: Failure, command: &GovCommand) -> Failure {
    if let GovCommand::Propose(args) = command
        && failure.code.starts_with("propose/")
    {
        let sets = args.sets.iter().enumerate().map(|(place, set)| format!("{place} is {set}"));
        let sets: Vec<String> = sets.collect();
        failure.hint = format!("{} Of the changes {}.", failure.hint, sets.join(", "));
    }
    failure
}

fn propose(client: &Client, args: &ProposeArgs) -> Result<Command, Failure> {
    let mut present = client.params()?;
    let mut changes = Vec::new();
    for set in &args.sets {
        let (path, value) = params::change(&mut present, set)?;
        changes.push(ParamChange { path, value });
    }
    let audit = match &args.audit {
        None => Digest::ZERO,
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
            earnest_worker::requester::program_digest(&bytes)
        }
    };
    Ok(Command::Propose(Propose { changes, audit }))
}

fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let page = client.proposals(&PageQuery::default())?;
    if json {
        return out!("{}", json!(page));
    }
    if page.items.is_empty() {
        return out!("no proposals");
    }
    let present = Present::ask(client)?;
    let columns = [
        ("proposal", Kind::Number),
        ("stage", Kind::Word),
        ("yes", Kind::Number),
        ("no", Kind::Number),
        ("veto", Kind::Number),
        ("changes", Kind::Sentence),
    ];
    let row = |view: &ProposalView| {
        let share = |part| percent(part, view.turnout);
        vec![
            view.id.to_string(),
            stage(view, &present.clock),
            share(view.tally.yes),
            share(view.tally.no),
            share(view.tally.veto),
            view.changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    out!("{}", table(&columns, &rows, show::width()).trim_end())
}

/// The parameters as they would be, as `earnest audit` reads them.
fn proposed(client: &Client, id: ProposalId) -> Result<(), Failure> {
    let view = client.proposal(id)?;
    let mut raw: RawParams = client.params()?;
    for change in &view.changes {
        params::set_raw(&mut raw, &change.path, change.value)?;
    }
    out!("{}", json!(raw))
}

fn show_one(client: &Client, id: ProposalId, json: bool) -> Result<(), Failure> {
    let view = client.proposal(id)?;
    let ballots = ballots(client, id)?;
    if json {
        return out!("{}", json!({ "proposal": view, "ballots": ballots }));
    }
    let present = Present::ask(client)?;
    out!(
        "proposal {id} of {}: {}",
        present.names.full(&view.account.address),
        stage(&view, &present.clock)
    )?;
    for change in &view.changes {
        let [from, to] =
            [change.present, change.value].map(|value| params::show_at(&change.path, value));
        out!("  {}: {from} to {to}", change.path)?;
    }
    if let Some(audit) = view.audit {
        out!("  audited by the report {audit}")?;
    }
    if let Some(broken) = view.broken {
        out!("  it does not fit now: {broken}")?;
    }
    votes(&view)?;
    let said = ballots.iter().filter_map(|row| Some((row, row.choice?)));
    for (row, choice) in said {
        let (who, power) = (present.names.full(&row.account.address), money::show(row.counted));
        out!("  {who} says {} with {power} tokens", word(&choice))?;
    }
    if view.stage.is_open() {
        out!("what it would change for whom:")?;
        out!("  earnest query params --json > present.json")?;
        out!("  earnest gov show {id} --params > proposed.json")?;
        out!("  earnest audit present.json --against proposed.json")?;
    }
    Ok(())
}

fn votes(view: &ProposalView) -> Result<(), Failure> {
    if view.electorate.is_none() {
        return Ok(());
    }
    let tally = view.tally;
    let rows =
        [("yes", tally.yes), ("no", tally.no), ("abstain", tally.abstain), ("veto", tally.veto)];
    for (name, amount) in rows {
        out!("  {name:<8}{:>20} tokens", money::show(amount))?;
    }
    let quorum = view
        .quorum
        .map_or_else(String::new, |quorum| format!(", {} are needed", money::show(quorum)));
    out!("  {} of {} tokens voted{quorum}", money::show(view.turnout), money::show(view.power))?;
    if view.stage == ProposalStage::Active {
        let ends = view.lacks.map_or("it would be accepted", lacks);
        out!("  if the vote ended now, {ends}")?;
    }
    if view.ending == Ending::Extended {
        out!("  the quorum came late, so the vote is open for longer")?;
    }
    Ok(())
}

/// Every ballot about a proposal, the last first.
fn ballots(client: &Client, id: ProposalId) -> Result<Vec<BallotView>, Failure> {
    let mut all = Vec::new();
    let mut page = PageQuery { limit: Some(500), ..PageQuery::default() };
    loop {
        let piece = client.ballots(Some(id), &page)?;
        all.extend(piece.items);
        match piece.next_cursor {
            None => return Ok(all),
            next => page.cursor = next,
        }
    }
}

fn stage(view: &ProposalView, clock: &Clock) -> String {
    let due = clock.epoch(view.due);
    match view.stage {
        ProposalStage::Pending => format!("voting begins in {due}"),
        ProposalStage::Active => format!("voting ends in {due}"),
        ProposalStage::Queued(_) => format!("accepted, in force in {due}"),
        ProposalStage::Executed(version) => format!("in force as version {}", version.raw()),
        ProposalStage::Defeated(why) => format!("defeated: {}", defeat(why)),
        ProposalStage::Expired(broken) => format!("expired: {broken}"),
        ProposalStage::Cancelled => "cancelled".to_owned(),
    }
}

fn defeat(why: Defeat) -> &'static str {
    match why {
        Defeat::Quorum => "too few voted",
        Defeat::Veto => "vetoed",
        Defeat::Threshold => "too few were for it",
    }
}

fn lacks(why: Defeat) -> &'static str {
    match why {
        Defeat::Quorum => "too few would have voted",
        Defeat::Veto => "it would be vetoed",
        Defeat::Threshold => "too few would be for it",
    }
}

fn percent(part: Amount, whole: Amount) -> String {
    money::percent(earnest_protocol::Ratio::of_floor(part.units(), whole.units()))
}
