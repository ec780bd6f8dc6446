//! `earnest gov`: propose changes of parameters and spends, appeal against slashes, vote, guard,
//! and see how it stands.
//!
//! Law: values are read and shown as `earnest query params` shows them; what is sent is in their
//! own units.
//! Not here: what the treasury has (`treasury`), who counts for how much (the rules), what a
//! change does to whom (`audit`).

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use earnest_api::{
    AccountRef, AppealView, BallotView, Client, CouncilBallotView, EventRecord, GuardView,
    GuardianView, PageQuery, PausedView, ProposalView, Receipt,
};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Event, ProposalId, RawParams, SlashId,
    command::{
        AppealSlash, BallotChoice, CancelProposal, CastBallot, CastCouncilBallot, ParamChange,
        Pause, PauseLane, Propose,
    },
    governance::{Defeat, Ending, ProposalStage},
};
use serde_json::json;

use crate::{
    asked,
    clock::Clock,
    failure::Failure,
    keys::{self, KeyArgs, PasswordArgs},
    money,
    output::{out, say},
    params,
    present::Present,
    show::{
        self,
        table::{Kind, table},
    },
    stake::{print_receipt, send},
    text::tokens,
    treasury::{self, SpendArgs, StopArgs},
    up::account::word,
};

/// What to do with proposals.
#[derive(Subcommand, Debug)]
pub enum GovCommand {
    /// Put changes of parameters, or a spend, to the vote; a deposit stands behind them
    Propose(ProposeArgs),
    /// Put to the vote that a spend which runs pays nothing more
    Stop(StopArgs),
    /// What the treasury has, and every spend of it that is proposed or runs
    Treasury,
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
    /// Appeal against a slash that waits, and all that wait with it; a deposit stands behind it
    Appeal(AppealArgs),
    /// Say something as a member of the council
    Council {
        /// The proposal's number
        proposal: u64,
        /// `veto` to changes of parameters and spends; `yes` or `no` to an appeal
        #[arg(value_parser = choice)]
        choice: BallotChoice,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Stop new jobs or new delegations for a while, as the guardian
    Pause {
        /// `jobs` or `delegations`
        #[arg(value_parser = lane)]
        lane: PauseLane,
        /// For how many blocks; 0 ends a pause
        #[arg(long)]
        blocks: u64,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Who guards the network, which phase it is in, and what is paused
    Guard,
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

/// What to propose besides changes of parameters.
#[derive(Subcommand, Debug)]
pub enum ProposeCommand {
    /// Pay an account out of the treasury, at once or part by part
    Spend(SpendArgs),
}

/// What to propose. What stands behind a subcommand is its own, so that nothing of the rest is read
/// beside one.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ProposeArgs {
    #[command(subcommand)]
    other: Option<ProposeCommand>,
    /// A parameter's new value, such as --set market.take=2%; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE", required = true)]
    sets: Vec<String>,
    /// A report of `earnest audit` about the change: its hash stands on the proposal
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// The encrypted key file
    #[arg(long, env = "EARNEST_KEY", value_name = "FILE", required = true)]
    key: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

/// What to appeal against.
#[derive(Args, Debug)]
pub struct AppealArgs {
    /// The slash's number, as in `earnest query slashes`
    slash: u64,
    /// A file that says why: its hash stands on the proposal
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

fn choice(text: &str) -> Result<BallotChoice, String> {
    serde_json::from_value(json!(text))
        .map_err(|_| "expected `yes`, `no`, `abstain` or `veto`".to_owned())
}

fn lane(text: &str) -> Result<PauseLane, String> {
    serde_json::from_value(json!(text)).map_err(|_| "expected `jobs` or `delegations`".to_owned())
}

/// Carries out one command.
pub fn run(command: &GovCommand, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let (signer, order) = match command {
        GovCommand::Propose(ProposeArgs { other: Some(ProposeCommand::Spend(args)), .. }) => {
            let (signer, report) = (keys::open(&args.key)?, hash_of(args.report.as_ref())?);
            (signer, treasury::spend(&client, args, report)?)
        }
        GovCommand::Propose(args) => {
            let key = args.key.clone().ok_or_else(nothing_proposed)?;
            let report = audited(args.audit.as_deref())?;
            (
                keys::open(&KeyArgs { key, password: args.password.clone() })?,
                propose(&client, args, report)?,
            )
        }
        GovCommand::Stop(args) => {
            let report = hash_of(args.report.as_ref())?;
            (keys::open(&args.key)?, treasury::stop(args, report))
        }
        GovCommand::Treasury => return treasury::tell(&client, json),
        GovCommand::Vote { proposal, choice, key } => {
            let (proposal, choice) = (ProposalId::new(*proposal), *choice);
            (keys::open(key)?, Command::CastBallot(CastBallot { proposal, choice }))
        }
        GovCommand::Cancel { proposal, key } => {
            let proposal = ProposalId::new(*proposal);
            (keys::open(key)?, Command::CancelProposal(CancelProposal { proposal }))
        }
        GovCommand::Appeal(AppealArgs { slash, report, key }) => {
            let (slash, report) = (SlashId::new(*slash), hash_of(report.as_ref())?);
            (keys::open(key)?, Command::AppealSlash(AppealSlash { slash, report }))
        }
        GovCommand::Council { proposal, choice, key } => {
            let (proposal, choice) = (ProposalId::new(*proposal), *choice);
            (keys::open(key)?, Command::CastCouncilBallot(CastCouncilBallot { proposal, choice }))
        }
        GovCommand::Pause { lane, blocks, key } => {
            let (lane, blocks) = (*lane, Blocks::new(*blocks));
            (keys::open(key)?, Command::Pause(Pause { lane, blocks }))
        }
        GovCommand::Guard => return guard(&client, json),
        GovCommand::List => return list(&client, json),
        GovCommand::Show { proposal, params: true } => {
            return proposed(&client, ProposalId::new(*proposal));
        }
        GovCommand::Show { proposal, params: false } => {
            return show_one(&client, ProposalId::new(*proposal), json);
        }
    };
    let receipt = send(node, signer, order).map_err(|failure| named(failure, command))?;
    match opened(&client, &receipt, command)? {
        Some(proposal) if json => {
            let mut object = json!(receipt);
            object["proposal"] = json!(proposal);
            out!("{object}")
        }
        Some(proposal) => {
            print_receipt(&receipt, json)?;
            let deposit = tokens(client.proposal(proposal)?.deposit);
            say!("proposal {proposal}, {deposit} behind it until its vote is over")
        }
        None => print_receipt(&receipt, json),
    }
}

/// The number of what was just put to the vote; none if nothing was.
fn opened(
    client: &Client,
    receipt: &Receipt,
    command: &GovCommand,
) -> Result<Option<ProposalId>, Failure> {
    let opens =
        matches!(command, GovCommand::Propose(_) | GovCommand::Appeal(_) | GovCommand::Stop(_));
    if !opens {
        return Ok(None);
    }
    let content = client.transaction_content(&receipt.hash)?;
    let number = |record: EventRecord| match record.event {
        Event::Proposed { proposal, .. }
        | Event::SpendProposed { proposal, .. }
        | Event::StopProposed { proposal, .. }
        | Event::AppealOpened { proposal, .. } => Some(proposal),
        _ => None,
    };
    Ok(content.events.into_iter().find_map(number))
}

/// The hash of a file that a proposal names; all zero if there is none.
fn hash_of(path: Option<&PathBuf>) -> Result<Digest, Failure> {
    let Some(path) = path else { return Ok(Digest::ZERO) };
    let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    Ok(earnest_worker::requester::program_digest(&bytes))
}

fn guard(client: &Client, json: bool) -> Result<(), Failure> {
    let guard = client.network()?.guard;
    if json {
        return out!("{}", json!(guard));
    }
    let GuardView { phase, council, threshold, guardian, paused } = guard;
    let present = Present::ask(client)?;
    say!(
        "phase {phase}: {}",
        match phase {
            0 => "the council proposes and may veto, and decides appeals",
            1 => "stake decides, the council may veto",
            _ => "stake decides alone",
        }
    )?;
    let who = |account: &AccountRef| present.names.full(&account.address);
    if !council.is_empty() {
        say!("council, {threshold} of {} speak for it:", council.len())?;
    }
    for member in &council {
        say!("  {}", who(member))?;
    }
    match guardian {
        None => say!("no guardian")?,
        Some(GuardianView { account, sunset }) => {
            say!("guardian until {}: {}", present.clock.block(sunset), who(&account))?;
        }
    }
    for PausedView { lane, until } in paused {
        say!("new {} are paused until {}", word(&lane), present.clock.block(until))?;
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

/// The parser asks for a change wherever there is no spend.
fn nothing_proposed() -> Failure {
    let hint = "name a change by --set ROOM.NAME=VALUE, or a spend by `earnest gov propose spend`";
    Failure::usage("nothing is proposed", hint)
}

/// The hash of a report of `earnest audit`; all zero if there is none.
fn audited(path: Option<&Path>) -> Result<Digest, Failure> {
    let Some(path) = path else { return Ok(Digest::ZERO) };
    let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    if !earnest_audit::is_report(&bytes) {
        let detail = format!("{} is no report of `earnest audit`", path.display());
        let hint = "`earnest audit present.json --against proposed.json --out DIR` writes one: \
                    DIR/audit.json";
        return Err(Failure::config(detail, hint));
    }
    Ok(earnest_worker::requester::program_digest(&bytes))
}

/// The changes, each to another value than is in force and within its range: whoever proposes pays
/// a fee and a deposit, so that what could come to nothing is said before.
fn propose(client: &Client, args: &ProposeArgs, audit: Digest) -> Result<Command, Failure> {
    let in_force = client.params()?;
    let mut present = in_force;
    let mut changes = Vec::new();
    for set in &args.sets {
        let (path, value) = params::change(&mut present, set)?;
        params::in_range(&path, value)?;
        if in_force.value(&path) == Some(value) {
            let detail = format!("{path} is {} already", params::show_at(&path, value));
            return Err(Failure::usage(detail, "leave it out, or propose another value"));
        }
        changes.push(ParamChange { path, value });
    }
    Ok(Command::Propose(Propose { changes, audit }))
}

fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let page = client.proposals(&PageQuery::default())?;
    if json {
        return out!("{}", json!(page));
    }
    if page.items.is_empty() {
        return say!("no proposals");
    }
    let present = Present::ask(client)?;
    let columns = [
        ("proposal", Kind::Number),
        ("stage", Kind::Word),
        ("yes", Kind::Number),
        ("no", Kind::Number),
        ("veto", Kind::Number),
        ("about", Kind::Sentence),
    ];
    let row = |view: &ProposalView| {
        let share = |part| percent(part, view.turnout);
        vec![
            view.id.to_string(),
            stage(view, &present.clock),
            share(view.tally.yes),
            share(view.tally.no),
            share(view.tally.veto),
            about(view),
        ]
    };
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    out!("{}", table(&columns, &rows, show::width()).trim_end())
}

/// What a proposal is about, in a few words.
fn about(view: &ProposalView) -> String {
    match (&view.appeal, &view.spend, view.stops) {
        (Some(appeal), ..) => format!("appeal against slash {}", appeal.slash),
        (_, Some(spend), _) => format!("{} of the treasury", tokens(spend.amount)),
        (.., Some(spend)) => format!("stop of spend {spend}"),
        _ => view.changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>().join(", "),
    }
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
    say!(
        "proposal {id} of {}: {}",
        present.names.full(&view.account.address),
        stage(&view, &present.clock)
    )?;
    for change in &view.changes {
        let [from, to] =
            [change.present, change.value].map(|value| params::show_at(&change.path, value));
        say!("  {}: {from} to {to}", change.path)?;
    }
    if let Some(AppealView { slash, slashes, held }) = &view.appeal {
        let (count, held) = (slashes.len(), money::show(*held));
        say!("  an appeal against slash {slash}")?;
        if view.stage.is_open() {
            say!("  {count} of one conviction wait for it, and hold {held} tokens")?;
        }
    }
    if let Some(spend) = &view.spend {
        treasury::tell_one(&view, spend, &present)?;
    }
    if let Some(spend) = view.stops {
        say!("  spend {spend} would pay nothing more")?;
    }
    match (view.audit, view.changes.is_empty()) {
        (Some(report), true) => say!("  the report {report} says why")?,
        (Some(report), false) => say!("  audited by the report {report}")?,
        (None, _) => {}
    }
    if !view.deposit.is_zero() {
        say!("  {} of its proposer stand behind it", tokens(view.deposit))?;
    }
    if let Some(broken) = view.broken {
        say!("  it does not fit now: {broken}")?;
    }
    for CouncilBallotView { account, choice } in &view.council {
        say!("  {} of the council says {}", present.names.full(&account.address), word(choice))?;
    }
    votes(&view)?;
    let said = ballots.iter().filter_map(|row| Some((row, row.choice?)));
    for (row, choice) in said {
        let (who, power) = (present.names.full(&row.account.address), money::show(row.counted));
        say!("  {who} says {} with {power} tokens", word(&choice))?;
    }
    if view.stage.is_open() && !view.changes.is_empty() {
        say!("what it would change for whom:")?;
        say!("  earnest query params --json > present.json")?;
        say!("  earnest gov show {id} --params > proposed.json")?;
        say!("  earnest audit present.json --against proposed.json")?;
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
        say!("  {name:<8}{:>20} tokens", money::show(amount))?;
    }
    let quorum = view
        .quorum
        .map_or_else(String::new, |quorum| format!(", {} are needed", money::show(quorum)));
    say!("  {} of {} tokens voted{quorum}", money::show(view.turnout), money::show(view.power))?;
    if view.stage == ProposalStage::Active {
        let ends = view.lacks.map_or("it would be accepted", lacks);
        say!("  if the vote ended now, {ends}")?;
    }
    if view.ending == Ending::Extended {
        say!("  the quorum came late, so the vote is open for longer")?;
    }
    Ok(())
}

/// Every ballot about a proposal, the last first.
fn ballots(client: &Client, id: ProposalId) -> Result<Vec<BallotView>, Failure> {
    asked::every(|page| client.ballots(Some(id), page))
}

fn stage(view: &ProposalView, clock: &Clock) -> String {
    let due = clock.epoch(view.due);
    match view.stage {
        ProposalStage::Pending => format!("voting begins in {due}"),
        ProposalStage::Active => format!("voting ends in {due}"),
        ProposalStage::Queued(_) if view.spend.is_some() => format!("accepted, begins in {due}"),
        ProposalStage::Queued(_) => format!("accepted, in force in {due}"),
        ProposalStage::Executed(version) => format!("in force as version {}", version.raw()),
        ProposalStage::Defeated(why) => format!("defeated: {}", defeat(why)),
        ProposalStage::Expired(broken) => format!("expired: {broken}"),
        ProposalStage::Cancelled => "cancelled".to_owned(),
        ProposalStage::Granted if view.stops.is_some() => "accepted: the spend is over".to_owned(),
        ProposalStage::Granted => "granted: its slashes are undone".to_owned(),
        ProposalStage::Paying(payout) => {
            format!("runs, {} of {} tokens paid", money::show(payout.paid), {
                money::show(payout.amount)
            })
        }
        ProposalStage::Spent { payout, why } => {
            format!("over, {} paid: {}", tokens(payout.paid), show::standing::ending(why))
        }
    }
}

fn defeat(why: Defeat) -> &'static str {
    match why {
        Defeat::Quorum => "too few voted",
        Defeat::Veto => "vetoed",
        Defeat::Threshold => "too few were for it",
        Defeat::Council => "the council was against it",
    }
}

fn lacks(why: Defeat) -> &'static str {
    match why {
        Defeat::Quorum => "too few would have voted",
        Defeat::Veto => "it would be vetoed",
        Defeat::Threshold => "too few would be for it",
        Defeat::Council => "the council would be against it",
    }
}

fn percent(part: Amount, whole: Amount) -> String {
    money::percent(earnest_protocol::Ratio::of_floor(part.units(), whole.units()))
}
