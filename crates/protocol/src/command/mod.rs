//! Commands: what a participant may ask the state machine to do.
//!
//! Key terms: a command is one imperative of one account; a [`Transaction`] is a command with its
//! sender's nonce and an expiry; a [`Sender`] is an account, or a key that acts on its behalf; an
//! [`Authenticated`] transaction is one whose signature a host has verified and whose sender it has
//! looked up; the *weight* of a command is what carrying it out costs beside a transfer.
//!
//! Each command is declared once, in `table`. Its struct, its place in [`Command`], lane, weight
//! and refusal, its wire form, the message that a wallet signs and its schema come from there.
//!
//! Law: a command names everything it needs; nothing is read from a clock, a disk or a peer.
//! Not here: who may send it (each room's refusals) and how it is signed (`earnest-api`).

#[macro_use]
mod declare;
mod field;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Address, Digest},
    num::Height,
};

pub use field::{CommandInfo, Field, FieldInfo, FieldKind, FieldValue, FieldVisitor, Word};
pub(crate) use table::for_each_command;
pub use table::*;
pub use terms::{
    Auction, BallotChoice, DataItem, GainTiming, Node, Opening, ParamChange, PauseLane,
    ProgramForm, Rating, ResourceClass, Scope, TICKS_PER_GAS, Task, Visibility,
};

/// Who asks: an account, by its own key or by one that acts on its behalf.
///
/// Each has a sequence of its own: the nonces of an account's keys do not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sender {
    /// Whose command it is: who pays, and whom it binds.
    pub account: AccountId,
    /// The address that signed on the account's behalf; none if the account signed itself. The
    /// rules look whether it is authorised.
    pub key: Option<Address>,
}

impl From<AccountId> for Sender {
    /// The account itself.
    fn from(account: AccountId) -> Sender {
        Sender { account, key: None }
    }
}

/// A transaction whose signature was verified against the address of `sender`.
///
/// Only a host that verified the signature, or a simulator that has no signatures, builds one.
/// `State::sender` says whose a verified transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Who signed, and for whom.
    pub sender: Sender,
    /// What was signed.
    pub transaction: Transaction,
}

/// A command bound to one place in its sender's sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// How many transactions of the sender came before this one; those of an authorised key begin
    /// where its authorisation says.
    pub nonce: u64,
    /// The last height at which this may be included.
    pub valid_until: Height,
    /// What is asked.
    pub command: Command,
    /// The account that a key acts for; none if the signer is the account.
    #[serde(default)]
    pub on_behalf_of: Option<Address>,
}

/// Who pays for carrying a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The base fee is charged, accepted or refused.
    Ordinary,
    /// Dispute, reveal and data moves: prepaid by the locks of the job when accepted, charged
    /// like any other when refused; hosts reserve room for them in every block.
    Protected,
}

/// Bytes of variable length that weigh as much as one transfer.
const WEIGHED_BYTES: u64 = 1_024;

impl Command {
    /// Its name on the wire, such as `post_job`.
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// Which lane carries this command.
    pub fn lane(&self) -> Lane {
        self.info().lane
    }

    /// What carrying it out costs, in transfers, before its bytes are counted.
    pub fn weight(&self) -> u64 {
        self.info().weight
    }

    /// Kibibytes of the answer that it makes room for in the protected lane, which is free.
    fn answer_kibibytes(&self) -> u64 {
        match self {
            Command::RequestData(request) => request.item.kibibytes_max(),
            _ => 0,
        }
    }
}

impl Transaction {
    /// What carrying it out costs, in transfers: the command's weight, and one more for each
    /// begun kibibyte of its byte strings and lists, or of the answer that it asks for.
    pub fn weight(&self) -> u64 {
        let bytes = u64::try_from(self.command.variable_bytes()).unwrap_or(u64::MAX);
        let kibibytes = bytes.div_ceil(WEIGHED_BYTES);
        let kibibytes = kibibytes.saturating_add(self.command.answer_kibibytes());
        self.command.weight().saturating_add(kibibytes)
    }
}

/// What a block says about itself, besides its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockHead {
    /// One more than the parent's.
    pub height: Height,
    /// Milliseconds since the Unix epoch; at least `block_interval_min_ms` after the parent's.
    pub time_ms: u64,
    /// The next preimage of the leading replica's hash chain; none if withheld.
    pub beacon: Option<Digest>,
    /// The end of the chain after next, due in the first block of each chain.
    pub next_anchor: Option<Digest>,
}
