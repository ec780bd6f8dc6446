//! `earnest explain`: a code, a job, a payout or a transaction, in words.
//!
//! Law: what is not a hash or a number is a code; an unknown one says which are alike.
//! Known shortcoming: a story is told from the events that the node still has; of a job that has
//! left the state nobody knows whose it was, and so only the log has its story.
//! Not here: the words of refusals (`earnest-api`), how it looks (`show`).

mod codes;
mod payouts;

use clap::Args;
use earnest_api::{
    Client, EventId, EventRecord, HistoryQuery, JobView, PageQuery, Receipt, SlashView,
};
use earnest_protocol::{Digest, Event, JobId};
use serde_json::json;

use crate::{
    failure::Failure,
    output::{note, out, say},
    present::Present,
    show::{self, event::Teller, story},
    stake::print_receipt,
    text::wrap,
    up::account::job_of,
};

/// Pieces of a requester's history that are read for a story.
const PIECES_MAX: usize = 20;
/// Accounts whose addresses are asked for, so that they have names in a story.
const ACCOUNTS_MAX: u32 = 500;

/// What is to be explained.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The code of a refusal, a problem or an error, such as `bond/exceeds-free`; the number of a
    /// job; the place of a payout, such as 220-4, as `--payouts` shows it; or the hash of a
    /// transaction
    what: String,
    /// Of a job: every payment, slash and refund with the numbers and the sums that it comes from
    #[arg(long)]
    payouts: bool,
}

pub fn run(args: &ExplainArgs, node: &str, json: bool) -> Result<(), Failure> {
    let what = args.what.trim();
    if what.starts_with("0x") {
        let hash = crate::text::digest(what).map_err(|why| Failure::usage(why, HINT))?;
        return transaction(&Client::new(node), &hash, json);
    }
    if let Ok(place) = what.parse::<EventId>() {
        return payouts::one(&Client::new(node), place, json);
    }
    match what.parse::<u64>() {
        Ok(job) if args.payouts => payouts::of_job(&Client::new(node), JobId::new(job), json),
        Ok(job) => job_story(&Client::new(node), JobId::new(job), json),
        Err(_) if args.payouts => Err(Failure::usage("--payouts is for a job", "give its number")),
        Err(_) => code(what, json),
    }
}

/// What can be explained.
const HINT: &str = "give a code such as `bond/exceeds-free`, a job's number, a payout's place such \
                    as 220-4, or 0x and 64 hexadecimal digits of a transaction";

fn code(what: &str, json: bool) -> Result<(), Failure> {
    let all = codes::all();
    let Some(found) = all.iter().find(|one| one.code == what) else {
        let alike: Vec<&str> = all
            .iter()
            .map(|one| one.code.as_str())
            .filter(|code| what.split('/').any(|part| !part.is_empty() && code.contains(part)))
            .collect();
        let detail = match &alike[..] {
            [] => format!("there is no code `{what}`"),
            _ => format!("there is no code `{what}`; there are {}", alike.join(", ")),
        };
        return Err(Failure::not_found(detail, HINT));
    };
    if json {
        return out!("{}", json!(found));
    }
    out!("{}", show::story::code(&found.code, &found.meaning, &found.remedy, show::width()))
}

/// Who is who and what is called what, for sentences about events.
pub fn teller(client: &Client) -> Result<(Teller, Present), Failure> {
    let present = Present::ask(client)?;
    let page = PageQuery { limit: Some(ACCOUNTS_MAX), ..PageQuery::default() };
    let accounts = client.accounts(&page)?.items;
    let names = accounts.iter().map(|row| (row.id, present.names.short(&row.address)));
    Ok((Teller::new(present.clock, names), present))
}

/// Prints the receipt of what was accepted, and what happened because of it.
pub fn came_of(client: &Client, receipt: &Receipt, json: bool) -> Result<(), Failure> {
    let events = client.transaction_content(&receipt.hash)?.events;
    if json {
        let mut object = json!(receipt);
        object["events"] = json!(events);
        return out!("{object}");
    }
    print_receipt(receipt, json)?;
    let (mut teller, present) = teller(client)?;
    for record in &events {
        let told = wrap(&teller.tell(record, &present), show::width().saturating_sub(2));
        say!("  {}", told.join("\n  "))?;
    }
    Ok(())
}

fn job_story(client: &Client, id: JobId, json: bool) -> Result<(), Failure> {
    let view = client.job(id)?;
    let (events, is_whole) = events_of(client, &view)?;
    let slashes = client.slashes(&PageQuery::default())?.items;
    let slashes: Vec<SlashView> = slashes.into_iter().filter(|slash| slash.job == id).collect();
    if json {
        let whole = json!({ "job": view, "events": events, "slashes": slashes,
                            "is_whole": is_whole });
        return out!("{whole}");
    }
    let (mut teller, present) = teller(client)?;
    let story = story::Story {
        head: &show::job::head(&view, &present.clock),
        requester: view.requester,
        agreed: view.assignment.map(|assignment| assignment.price),
        events: &events,
        slashes: &slashes,
        is_whole,
    };
    out!("{}", story.tell(&mut teller, &present, show::width()))?;
    note!("`earnest explain {id} --payouts` shows the sums");
    Ok(())
}

/// The events of a job, oldest first, and whether they begin with its posting: what concerns its
/// requester, from now back to its beginning; a slash is paid out some time after the job's end.
fn events_of(client: &Client, view: &JobView) -> Result<(Vec<EventRecord>, bool), Failure> {
    let mut query = HistoryQuery { cursor: None, limit: Some(500), kinds: Vec::new() };
    let mut events = Vec::new();
    let mut is_whole = false;
    for _ in 0..PIECES_MAX {
        let piece = client.account_history(&view.requester.address, &query)?;
        let own = piece.items.into_iter().filter(|record| job_of(&record.event) == Some(view.id));
        events.extend(own);
        is_whole = events.iter().any(|record| matches!(record.event, Event::JobPosted { .. }));
        query.cursor = piece.next_cursor;
        if is_whole || query.cursor.is_none() {
            break;
        }
    }
    events.reverse();
    Ok((events, is_whole))
}

/// A transaction as it is known: whole, or by its receipt alone.
pub fn transaction(client: &Client, hash: &Digest, json: bool) -> Result<(), Failure> {
    let content = match client.transaction_content(hash) {
        Ok(content) => content,
        Err(error) if error.is_not_found() => {
            // It may wait for a block, or be known by its receipt alone.
            let receipt = client.transaction(hash).map_err(|_| error)?;
            if json {
                return out!("{}", json!({ "receipt": receipt }));
            }
            return out!("{}", show::transaction::receipt(&receipt, show::width()));
        }
        Err(error) => return Err(error.into()),
    };
    if json {
        return out!("{}", json!({ "transaction": content }));
    }
    let (mut teller, present) = teller(client)?;
    out!("{}", show::transaction::content(&content, &mut teller, &present, show::width()))
}
