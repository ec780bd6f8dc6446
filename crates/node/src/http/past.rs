//! Reading the past: what an account and a transaction went through.
//!
//! Laws: an account's history looks at a bounded number of events under one lock, at a cost that
//! neither the events nor the query can raise; the content of a transaction is read from at most
//! one segment of the log, in a queue of its own, so that no reader of the past keeps anybody from
//! a blob; what is no longer known is refused with the height from which on it is.
//! Not here: how the past is kept (`history`), its bytes on the disk (`log`).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use earnest_api::{HistoryView, Problem, TransactionView, TxHash, kind_of, limit_of, views};
use earnest_protocol::{Blocks, Height, Rejected};
use serde::Deserialize;

use super::{
    App,
    events::{kinds_in, place},
    problem::HttpProblem,
    query::Asked,
    read::{address_in, digest_in, pruned},
};
use crate::{history::Traced, log, shared::Shared};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    kinds: Option<String>,
}

pub(super) async fn history(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    Asked(query): Asked<HistoryQuery>,
) -> Result<Json<HistoryView>, HttpProblem> {
    let address = address_in(&address)?;
    let limit = limit_of(query.limit)?;
    let before = query.cursor.as_deref().map(place).transpose()?;
    let kinds = query.kinds.as_deref().map(kinds_in).transpose()?.unwrap_or_default();
    let missing = || Problem::no_account(&address);
    let account = app.shared.state()?.account_id(&address).ok_or_else(missing)?;
    let history = app.shared.history()?;
    let is_wanted = |event: &_| kinds.is_empty() || kinds.contains(&kind_of(event));
    Ok(Json(history.of_account(account, before, limit, is_wanted)))
}

pub(super) async fn content(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
) -> Result<Json<TransactionView>, HttpProblem> {
    let hash = digest_in(&hash)?;
    let shared = Arc::clone(&app.shared);
    let work = move || content_of(&shared, &hash);
    Ok(Json(app.queues.past.run(work).await?))
}

fn content_of(shared: &Shared, hash: &TxHash) -> Result<TransactionView, HttpProblem> {
    let history = shared.history()?;
    let (base, traced) = (history.base(), history.traced(hash));
    drop(history);
    let Traced { height, index, signer, refusal, fee, events } =
        traced.ok_or_else(|| in_no_block(hash, base))?;
    let lost = |error| Problem::internal(format_args!("Block {height} cannot be read: {error}"));
    let block = log::block_at(&shared.dir, &shared.network, height).map_err(lost)?;
    let Some(mut block) = block else {
        let first = shared.storage()?.map_or(height, |storage| storage.blocks_from);
        return Err(pruned(height, base.max(height), first).into());
    };
    if index >= block.transactions.len() {
        return Err(Problem::internal(format_args!("Block {height} is another one")).into());
    }
    let transaction = block.transactions.swap_remove(index).transaction;
    let state = shared.state()?;
    let sender = state.sender(&signer, &transaction).map_err(Rejected::from)?;
    Ok(TransactionView {
        hash: *hash,
        height,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        signer,
        account: views::account_ref(&state, sender.account),
        nonce: transaction.nonce,
        valid_until: transaction.valid_until,
        command: transaction.command,
        refusal,
        fee,
        events,
    })
}

/// There is no such transaction in a block after `base`.
fn in_no_block(hash: &TxHash, base: Height) -> Problem {
    let from = base.after(Blocks::new(1));
    let detail = format!(
        "Transaction {hash} is in no block from {from} on; before, this node \
                          cannot tell"
    );
    let hint = "Ask for its receipt: it may wait or have been dropped. Of an older one, ask an \
                archive.";
    let mut problem = Problem::new(404, "transaction/not-in-a-block", detail, hint);
    problem.fields.insert("complete_from".to_owned(), from.count().into());
    problem
}
