//! Withheld: what a requester does about a large output that its provider does not store.
//!
//! It asks on the ledger, chunk by chunk, in order, as many at once as the rules hear. What is
//! answered stands in the log: it is read there, checked, and stored at the node, where it is paid
//! for, so that everybody finds the output where any other is.
//!
//! Laws: an answer is believed once it shows its place under the output's root; no more than one
//! chunk is in memory; how far this has come follows from the ledger, so it may be interrupted.
//! Known shortcoming: without a list an answer is read twice, once for its name, once to be stored.
//! Not here: outputs of one piece (`requester`).

use std::collections::BTreeSet;

use earnest_api::{Client, HistoryQuery, JobView};
use earnest_compute::{
    Digest as WorkDigest,
    paged::outputs::{List, Shown},
};
use earnest_protocol::{
    Address, Command, Digest, Event, JobId,
    command::{DataItem, RequestData, ServeData},
};
use tracing::info;

use crate::{
    chain::ChainError,
    daemon::Work,
    outputs::{self, Answered},
};

/// Events of one piece of an account's history.
const EVENTS: u32 = 500;
/// Pieces of it that are looked through.
const PIECES: usize = 20;

/// True if any chunk of a job's output was asked for.
pub(crate) fn is_asked_for(job: &JobView) -> bool {
    job.requests.iter().any(|request| matches!(request.item, DataItem::OutputChunk(_)))
}

/// Asks for what is missing of an output, and stores what was answered.
pub(crate) fn ask(work: &mut Work, job: &JobView, output: &Digest) -> Result<(), ChainError> {
    if work.answered.get(&job.id).is_some_and(|answered| answered.is_given_up) {
        return Ok(());
    }
    match try_to(work, job, output) {
        Err(ChainError::Node(error)) => {
            let status = error.problem().map(|problem| problem.status);
            // Not paid for: 402. Too large, or no room: 413, 507. The answers stay in the log.
            if !matches!(status, Some(402 | 413 | 507)) {
                return Err(error.into());
            }
            let given_up = Answered { is_given_up: true, ..Answered::default() };
            work.answered.insert(job.id, given_up);
            info!("job {}: its output is in the log alone, {error}", job.id);
            Ok(())
        }
        other => other,
    }
}

fn try_to(work: &mut Work, job: &JobView, output: &Digest) -> Result<(), ChainError> {
    let most = work.chain.client().params()?.verification.data_requests_max;
    let known = outputs::list_at(work.chain.client(), &job.terms.task, output)?;
    let list = match known {
        Some(list) => list,
        None => {
            let Some(list) = gather(work, job, output, most)? else { return Ok(()) };
            work.chain.client().put_output(&outputs::written(&list))?;
            list
        }
    };
    let missing = work.chain.client().keep(output, 0)?.missing;
    let missing: BTreeSet<Digest> = missing.into_iter().collect();
    let named = (0u32..).zip(list.names());
    let absent = named.filter(|(_, name)| missing.contains(&Digest(name.0)));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    for (chunk, _) in absent.take(most) {
        if is_answered(work, job, chunk)? {
            let shown = answer(work, job, output, chunk)?;
            work.chain.client().put_blob(&shown.bytes)?;
        }
    }
    Ok(())
}

/// The list of an output of which nobody has any, once all chunks were answered.
fn gather(
    work: &mut Work,
    job: &JobView,
    output: &Digest,
    most: u32,
) -> Result<Option<List>, ChainError> {
    let mut answered = work.answered.remove(&job.id).unwrap_or_default();
    while !answered.is_whole() {
        let next = answered.next();
        let mut is_next = false;
        for chunk in next..answered.count().min(next.saturating_add(most)) {
            let is_here = is_answered(work, job, chunk)?;
            is_next |= is_here && chunk == next;
        }
        if !is_next {
            work.answered.insert(job.id, answered);
            return Ok(None);
        }
        let shown = answer(work, job, output, next)?;
        answered.length = Some(shown.frontier.length());
        answered.list.push(&shown.bytes);
    }
    Ok(Some(answered.list))
}

/// True if a chunk was answered; asks for it if nobody did.
fn is_answered(work: &mut Work, job: &JobView, chunk: u32) -> Result<bool, ChainError> {
    let item = DataItem::OutputChunk(chunk);
    match job.requests.iter().find(|request| request.item == item) {
        Some(request) => Ok(request.served),
        None => {
            work.send(Command::RequestData(RequestData { job: job.id, item }))?;
            Ok(false)
        }
    }
}

/// What was answered, checked against the output's root.
fn answer(work: &Work, job: &JobView, output: &Digest, chunk: u32) -> Result<Shown, ChainError> {
    let (client, requester) = (work.chain.client(), job.requester.address);
    let bytes = in_log(client, &requester, (job.id, DataItem::OutputChunk(chunk)))?;
    let shown = bytes.and_then(|bytes| postcard::from_bytes::<Shown>(&bytes).ok());
    let root = WorkDigest(output.0);
    let shown = shown.filter(|shown| shown.is_of(&root, u64::from(chunk)));
    shown.ok_or(ChainError::Forged { digest: *output })
}

/// The bytes of an answer in the log, if the node still has it.
fn in_log(
    client: &Client,
    requester: &Address,
    (job, item): (JobId, DataItem),
) -> Result<Option<Vec<u8>>, ChainError> {
    let kinds = vec!["data_served".to_owned()];
    let mut query = HistoryQuery { cursor: None, limit: Some(EVENTS), kinds };
    let is_it = |event: &Event| *event == Event::DataServed { job, item };
    for _ in 0..PIECES {
        let history = client.account_history(requester, &query)?;
        if let Some(record) = history.items.iter().find(|record| is_it(&record.event)) {
            for hash in &client.block(record.height)?.transactions {
                let content = client.transaction_content(hash)?;
                match content.command {
                    Command::ServeData(ServeData { job: of, item: what, bytes })
                        if content.refusal.is_none() && (of, what) == (job, item) =>
                    {
                        return Ok(Some(bytes));
                    }
                    _ => {}
                }
            }
        }
        match history.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    Ok(None)
}
