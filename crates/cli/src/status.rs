//! `earnest provider status` and `earnest validator status`: may it work, what has it earned and
//! lost, and why bids lost.
//!
//! Known shortcomings: only the events that the node still has are read, the newest ten thousand at
//! most; of a bid that lost, the job must still be in the state to say to whom.
//! Not here: what follows from the events (`record`), how it looks (`show::record`).

use clap::Args;
use earnest_api::{AccountView, Client, EventRecord, HistoryQuery, OperatorView, PageQuery};
use earnest_protocol::{AccountId, Amount, Height, Role};
use serde_json::json;

use crate::{
    failure::Failure,
    names::{self, Who},
    output::out,
    present::Present,
    record::{Bid, Fate, Record},
    show,
};

/// Pieces of the history that are read.
const PIECES_MAX: usize = 20;
/// Bids whose job is asked for.
const BIDS_MAX: usize = 50;

/// Whose status.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// An address, or a name of a development network
    #[arg(value_parser = names::who)]
    account: Who,
}

pub fn run(args: &StatusArgs, role: Role, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let address = names::resolve(&client, &args.account)?;
    let account = client.account(&address)?;
    let operator = operator(&client, &account, role)?;
    let (events, since) = history(&client, &account)?;
    let mut record = Record::of(account.id, role, since, &events);
    find_fates(&client, account.id, &mut record)?;
    if json {
        return out!("{}", json!({ "operator": operator, "record": record }));
    }
    let collateral = latest_collateral(&client)?;
    let present = Present::ask(&client)?;
    out!("{}", show::record::status(&operator, &record, collateral, &present, show::width()))
}

fn operator(client: &Client, account: &AccountView, role: Role) -> Result<OperatorView, Failure> {
    let id = match role {
        Role::Provider => account.provider,
        Role::Validator => account.validator,
        Role::Replica => account.replica,
        Role::Access => account.access,
    };
    let Some(id) = id else {
        let role = show::standing::role(role);
        let detail = format!("{} is no {role}: it has no such bond", account.address);
        let hint = format!("`earnest stake bond --role {role} TOKENS` makes it one");
        return Err(Failure::not_found(detail, &hint));
    };
    Ok(client.operator(id)?)
}

/// The events that concern an account, oldest first, and from which block on they are all.
fn history(client: &Client, account: &AccountView) -> Result<(Vec<EventRecord>, Height), Failure> {
    let kinds = [
        "paid",
        "slashed",
        "audit_drawn",
        "audit_missed",
        "bid_committed",
        "bid_evicted",
        "bid_revealed",
        "job_offered",
        "job_accepted",
    ];
    let kinds = kinds.map(str::to_owned).to_vec();
    let mut query = HistoryQuery { cursor: None, limit: Some(500), kinds };
    let mut events = Vec::new();
    let mut since = Height::ZERO;
    for _ in 0..PIECES_MAX {
        let piece = client.account_history(&account.address, &query)?;
        events.extend(piece.items);
        query.cursor = piece.next_cursor;
        since = query.cursor.map_or(piece.complete_from, |cursor| cursor.height);
        if query.cursor.is_none() {
            break;
        }
    }
    events.reverse();
    Ok((events, since))
}

/// Looks up how the latest bids of an account ended of which no event says it.
fn find_fates(client: &Client, own: AccountId, record: &mut Record) -> Result<(), Failure> {
    let is_unsure = |bid: &Bid| matches!(bid.fate, Fate::Unknown | Fate::NotAccepted);
    let unsure = record.bids.iter_mut().rev().filter(|(_, bid)| is_unsure(bid));
    for (job, bid) in unsure.take(BIDS_MAX) {
        match client.job(*job) {
            Ok(view) => bid.fate = bid.fate_in(&view, own),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What the provider of the job posted last locks at no discount.
fn latest_collateral(client: &Client) -> Result<Option<Amount>, Failure> {
    let page = PageQuery { limit: Some(1), ..PageQuery::default() };
    let jobs = client.jobs(earnest_api::JobFilter::default(), &page)?.items;
    Ok(jobs.first().map(|job| job.collateral))
}
