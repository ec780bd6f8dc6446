//! The past: what an account and a transaction went through, as a node can still tell.
//!
//! Law: a node that no longer knows everything says from which height on it does.
//! Key term: an event *concerns* the accounts it names and, where it is about a job, those of the
//! job's requester and of the provider that accepted it by the end of that block.
//! Not here: the present (`view`), what happens from now on (`event`).

use earnest_protocol::{Address, Amount, Command, Height};
use serde::{Deserialize, Serialize};

use crate::{AccountRef, EventId, EventRecord, Refusal, TxHash};

/// Which piece of an account's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// `next_cursor` of the piece before; the newest events if none.
    pub cursor: Option<EventId>,
    /// Most events, 1 to 500; 50 if not given.
    pub limit: Option<u32>,
    /// Which kinds of [`EVENT_KINDS`](crate::EVENT_KINDS) are wanted; none means all.
    pub kinds: Vec<String>,
}

/// A piece of an account's history, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    /// The events that concern the account; fewer than the limit, or none, does not mean the end.
    pub items: Vec<EventRecord>,
    /// What to pass as `cursor` for the events before these; none at the end. It names a place in
    /// the log of events, so that it stays valid while blocks are added.
    pub next_cursor: Option<EventId>,
    /// From the block at this height on the history is complete.
    pub complete_from: Height,
    /// The last block that was looked at.
    pub height: Height,
}

/// A transaction in a block: what it asked and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Its identity.
    pub hash: TxHash,
    /// The block it is in.
    pub height: Height,
    /// Its place among the transactions of that block, from 0.
    pub index: u32,
    /// Who signed it: the account, or a key that may act on its behalf.
    pub signer: Address,
    /// Whose account it is about and pays.
    pub account: AccountRef,
    /// The signer's count of transactions before it.
    pub nonce: u64,
    /// The last height at which it could have been carried out.
    pub valid_until: Height,
    /// What it asked, as it was submitted.
    pub command: Command,
    /// Why the rules refused the command, if they did: the nonce is used, the fee burnt, nothing
    /// else done.
    pub refusal: Option<Refusal>,
    /// What was burnt for carrying it out, in base units of the asset that pays.
    pub fee: Amount,
    /// What happened because of it, in order; nothing if it was refused.
    pub events: Vec<EventRecord>,
}
