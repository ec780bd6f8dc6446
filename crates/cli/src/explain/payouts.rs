//! Payouts: every payment of a job, worked out anew from the numbers of its event.
//!
//! Law: the formulas are those of the rules (`earnest-protocol`); here they are only called.
//! Known shortcoming: a payout is known from the events that the node still has.
//! Not here: how a sum is written (`show::sums`).

use earnest_api::{Client, EventId, EventRecord, HistoryQuery, JobView};
use earnest_protocol::{Event, Height, JobId, OperatorId};
use serde_json::json;

use super::{events_of, teller};
use crate::{
    failure::Failure,
    output::out,
    show::{
        self,
        sums::{self, Emitted, Payout},
    },
    up::account::job_of,
};

/// Emissions that are looked through for the one that an operator's claim belongs to.
const EMISSIONS_MAX: usize = 10_000;

/// Every payout of a job.
pub fn of_job(client: &Client, id: JobId, json: bool) -> Result<(), Failure> {
    let view = client.job(id)?;
    let (events, is_whole) = events_of(client, &view)?;
    let payouts = all(client, &view, &events)?;
    if json {
        let records: Vec<&EventRecord> = payouts.iter().map(|payout| &payout.record).collect();
        return out!("{}", json!({ "job": id, "payouts": records, "is_whole": is_whole }));
    }
    let (teller, present) = teller(client)?;
    let head = show::job::head(&view, &present.clock);
    let mut text = vec![head];
    if !is_whole {
        text.push("  the node no longer has how it began".to_owned());
    }
    if payouts.is_empty() {
        let none = if is_whole { "nothing was paid yet" } else { "nor who was paid what" };
        text.push(format!("  {none}"));
    }
    text.extend(payouts.iter().map(|payout| sums::tell(payout, &teller, show::width())));
    out!("{}", text.join("\n"))
}

/// One payout, by its place among all events.
pub fn one(client: &Client, place: EventId, json: bool) -> Result<(), Failure> {
    let hint = "`earnest explain JOB --payouts` shows the places of a job's payouts";
    let no = |why: &str| Failure::not_found(format!("{place} {why}"), hint);
    if client.head()?.height < place.height {
        return Err(no("is after the last block"));
    }
    let before = match place.index.checked_sub(1) {
        Some(index) => EventId { index, ..place },
        None => {
            let height = Height::new(place.height.count().saturating_sub(1));
            EventId { height, index: u32::MAX }
        }
    };
    let record = client.events(Some(before), &[]).next().transpose()?;
    let record = record.filter(|record| record.id() == place);
    let record = record.ok_or_else(|| no("is no event"))?;
    if !sums::is_payout(&record.event) {
        return Err(no(&format!("is no payout but `{}`", record.kind())));
    }
    if json {
        return out!("{}", json!({ "payout": record }));
    }
    // A job that has left the state tells no more about it.
    let view = job_of(&record.event).and_then(|job| client.job(job).ok());
    let payout = match &view {
        Some(view) => {
            let (events, _) = events_of(client, view)?;
            all(client, view, &events)?.into_iter().find(|payout| payout.record.id() == place)
        }
        None => None,
    };
    let payout = payout.unwrap_or(Payout { record, posted: None, emitted: None });
    let (teller, _) = teller(client)?;
    out!("{}", sums::tell(&payout, &teller, show::width()))
}

/// The payouts among a job's events, each with what it is worked out from.
fn all(client: &Client, view: &JobView, events: &[EventRecord]) -> Result<Vec<Payout>, Failure> {
    let posted = events.iter().find(|record| matches!(record.event, Event::JobPosted { .. }));
    let posted = posted.map(|record| record.event.clone());
    let mut payouts = Vec::new();
    for record in events.iter().filter(|record| sums::is_payout(&record.event)) {
        let emitted = match record.event {
            Event::WorkClaimed { operator, .. } => emission(client, view, operator, record)?,
            _ => None,
        };
        payouts.push(Payout { record: record.clone(), posted: posted.clone(), emitted });
    }
    Ok(payouts)
}

/// What an operator's claims of an epoch came to, once its emission is settled: the first time
/// after a claim that it is, and what the epoch minted for all claims.
fn emission(
    client: &Client,
    view: &JobView,
    operator: OperatorId,
    claimed: &EventRecord,
) -> Result<Option<Emitted>, Failure> {
    let seats = view.seats.iter().filter(|seat| seat.operator == Some(operator));
    let auditor = seats.filter_map(|seat| seat.account).next();
    let provider = view.assignment.filter(|assignment| assignment.operator == operator);
    let account = auditor.or(provider.and(view.provider));
    let Some(account) = account else { return Ok(None) };
    let kinds = vec!["emission_earned".to_owned()];
    let query = HistoryQuery { cursor: None, limit: Some(500), kinds };
    let items = client.account_history(&account.address, &query)?.items;
    let of_it = |record: &&EventRecord| {
        claimed.id() < record.id()
            && matches!(record.event, Event::EmissionEarned { operator: of, .. } if of == operator)
    };
    // Newest first: the last of these is the first after the claim.
    let Some(earned) = items.iter().rfind(of_it) else { return Ok(None) };
    let Event::EmissionEarned { epoch, .. } = earned.event else { return Ok(None) };
    let events = client.events(Some(claimed.id()), &["emitted"]).take(EMISSIONS_MAX);
    for record in events {
        if let Event::Emitted { epoch: of, work, claims, .. } = record?.event
            && of == epoch
        {
            return Ok(Some(Emitted { minted: work, claims, earned: earned.event.clone() }));
        }
    }
    Ok(None)
}
