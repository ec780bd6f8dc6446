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

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

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
/// Of a window, the part in which nobody waits for chunks that are still on their way.
const CLOSING_PART: u64 = 3;

/// True if any chunk of a job's output was asked for.
pub(crate) fn is_asked_for(job: &JobView) -> bool {
    job.requests.iter().any(|request| matches!(request.item, DataItem::OutputChunk(_)))
}

/// True if so little is left of the window in which an output may be asked for that it is asked for
/// now, whatever is on its way: who stores a chunk now and then would have it run out.
pub(crate) fn is_closing(work: &Work, job: &JobView) -> Result<bool, ChainError> {
    let client = work.chain.client();
    let params = client.params()?;
    let window = params.verification.challenge_window(job.terms.task.gas_bound, &params.market);
    let left = job.until.since(client.head()?.height);
    Ok(left.count() <= window.count() / CLOSING_PART)
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
    let client = work.chain.client();
    let most = client.params()?.verification.data_requests_max;
    // What is asked for now is in the next block at the earliest: behind the window it is refused.
    let is_open = client.head()?.height < job.until;
    let known = outputs::list_at(client, &job.terms.task, output)?;
    let list = match known {
        Some(list) => list,
        None => {
            let most = if is_open { most } else { 0 };
            let Some(list) = gather(work, job, output, most)? else { return Ok(()) };
            work.chain.client().put_output(&outputs::written(&list))?;
            list
        }
    };
    let missing = work.chain.client().keep(output, 0)?.missing;
    let missing: BTreeSet<Digest> = missing.into_iter().collect();
    let named = (0u32..).zip(list.names());
    let absent = named.filter(|(_, name)| missing.contains(&Digest(name.0)));
    let (most, asked) = (usize::try_from(most).unwrap_or(usize::MAX), asked_for(job));
    for (chunk, _) in absent.take(most) {
        match asked.get(&chunk) {
            Some(true) => {
                let shown = answer(work, job, output, chunk)?;
                work.chain.client().put_blob(&shown.bytes)?;
            }
            None if is_open => request(work, job, chunk)?,
            Some(false) | None => {}
        }
    }
    Ok(())
}

fn request(work: &mut Work, job: &JobView, chunk: u32) -> Result<(), ChainError> {
    let item = DataItem::OutputChunk(chunk);
    work.send(Command::RequestData(RequestData { job: job.id, item }))?;
    Ok(())
}

/// The list of an output of which nobody has any, once all chunks were answered. Meanwhile as many
/// are asked for as may be, whichever of them is answered first: who waits for the first of four
/// alone has a quarter of that time back, and its window wears down.
fn gather(
    work: &mut Work,
    job: &JobView,
    output: &Digest,
    most: u32,
) -> Result<Option<List>, ChainError> {
    let mut answered = work.answered.remove(&job.id).unwrap_or_default();
    let asked = asked_for(job);
    let is_served = |chunk: u32| asked.get(&chunk) == Some(&true);
    while !answered.is_whole() && is_served(answered.next()) {
        let shown = answer(work, job, output, answered.next())?;
        answered.length = Some(shown.frontier.length());
        answered.list.push(&shown.bytes);
    }
    if answered.is_whole() {
        return Ok(Some(answered.list));
    }
    // Any answer tells how long the output is.
    if answered.length.is_none()
        && let Some((chunk, _)) = asked.iter().find(|(_, served)| **served)
    {
        let shown = answer(work, job, output, *chunk)?;
        answered.length = Some(shown.frontier.length());
    }
    let count = answered.count(job.terms.task.form);
    for chunk in due(&asked, answered.next()..count, most) {
        request(work, job, chunk)?;
    }
    work.answered.insert(job.id, answered);
    Ok(None)
}

/// The chunks that were asked for, and whether each was answered.
fn asked_for(job: &JobView) -> BTreeMap<u32, bool> {
    let mut asked = BTreeMap::new();
    for request in &job.requests {
        if let DataItem::OutputChunk(chunk) = request.item {
            *asked.entry(chunk).or_default() |= request.served;
        }
    }
    asked
}

/// Which of these chunks to ask for, so that `most` are open.
fn due(asked: &BTreeMap<u32, bool>, chunks: Range<u32>, most: u32) -> Vec<u32> {
    let open = asked.values().filter(|served| !**served).count();
    let room = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(open);
    chunks.filter(|chunk| !asked.contains_key(chunk)).take(room).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a requester asks for, round by round, while its provider answers all but `kept`.
    fn rounds(count: u32, kept: u32) -> Vec<Vec<u32>> {
        let (mut asked, mut rounds) = (BTreeMap::new(), Vec::new());
        loop {
            let next = due(&asked, 0..count, 4);
            if next.is_empty() {
                return rounds;
            }
            asked.extend(next.iter().map(|chunk| (*chunk, *chunk != kept)));
            rounds.push(next);
        }
    }

    #[test]
    fn four_are_open_whichever_of_them_is_answered() {
        assert_eq!(rounds(6, 9), [vec![0, 1, 2, 3], vec![4, 5]]);
        // The first is kept back: it takes one place of four and no more.
        let all: Vec<u32> = (0..256).collect();
        for kept in [0, 1, 3, 77, 255] {
            let rounds = rounds(256, kept);
            assert_eq!(rounds.concat(), all, "{kept}");
            assert!(rounds.len() <= 86, "{kept}: {} rounds", rounds.len());
        }
        // Four that are kept back are all that may be open.
        let asked: BTreeMap<u32, bool> = (0..4).map(|chunk| (chunk, false)).collect();
        assert!(due(&asked, 0..256, 4).is_empty());
    }
}
