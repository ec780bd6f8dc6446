//! Requests and replies that are not views: submission, simulation, quotes, blobs.
//!
//! Law: an unknown field of a request is refused; readers of replies ignore fields they do not
//! know.

use earnest_protocol::{
    Address, Amount, Command, Digest, Event, Height, command::PostJob, ledger::Movement,
};
use serde::{Deserialize, Serialize};

use crate::{Refusal, TxHash, hex_bytes};

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TxStatus {
    /// Accepted by this node, in no block yet.
    Pending,
    /// In a block that could still be replaced; with one operator never seen.
    Included,
    /// In a block that stays.
    Final,
}

/// What became of a submitted transaction. Submitting it again gives the same receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its identity.
    pub hash: TxHash,
    /// How far it has come.
    pub status: TxStatus,
    /// The block it is in.
    pub height: Option<Height>,
    /// Why the rules refused its command: the nonce is used, the fee burnt, nothing else done.
    pub refusal: Option<Refusal>,
}

impl Receipt {
    /// True if it is in a block and the rules accepted it.
    pub fn is_accepted(&self) -> bool {
        self.height.is_some() && self.refusal.is_none()
    }
}

/// Asks what a command would do, unsigned and without doing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulateRequest {
    /// Who would sign.
    pub signer: Address,
    /// The account that it would act for, if that is not its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Address>,
    /// What would be asked.
    pub command: Command,
}

/// What a command would do to the latest state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// The state it was tried on.
    pub height: Height,
    /// Why it would be refused, if it would.
    pub refusal: Option<Refusal>,
    /// What would happen.
    pub events: Vec<Event>,
    /// Which money would move.
    pub movements: Vec<Movement>,
}

/// Asks what posting a job would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// Who would post it; its own validator does not count as an auditor.
    pub signer: Option<Address>,
    /// The job.
    pub terms: PostJob,
}

/// A blob was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobReceipt {
    /// The blake3 hash of its bytes: its name.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
}

/// The chunks of an input, in order, each a blob of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChunks {
    /// The blake3 hash of each chunk.
    pub chunks: Vec<Digest>,
}

/// The chunks of an output that may have more than one piece: the root that a result binds follows
/// from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputChunks {
    /// The names of its full chunks of 256 KiB, in order, each a blob of its own: the node over the
    /// 64 leaves of 4 KiB of each.
    pub full: Vec<Digest>,
    /// How many bytes follow the last full chunk; they are a blob of their own, under the root of
    /// an output of these bytes alone.
    pub rest_bytes: u32,
    /// The roots of the perfect trees over the full leaves of the rest, the largest first.
    pub rest_trees: Vec<Digest>,
    /// What follows the last full leaf, less than 4 KiB, as `0x` and hexadecimal digits.
    pub rest_tail: String,
}

impl OutputChunks {
    /// A list of these parts.
    pub fn new(
        full: Vec<Digest>,
        rest_bytes: u32,
        rest_trees: Vec<Digest>,
        rest_tail: &[u8],
    ) -> OutputChunks {
        OutputChunks { full, rest_bytes, rest_trees, rest_tail: hex_bytes::encode(rest_tail) }
    }

    /// What follows the last full leaf; none if it is not written as bytes are.
    pub fn tail(&self) -> Option<Vec<u8>> {
        hex_bytes::decode(&self.rest_tail)
    }
}

/// An output's list was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputReceipt {
    /// The root of the output: what a result binds.
    pub root: Digest,
    /// How many bytes it has.
    pub bytes: u64,
    /// Chunks that are not stored yet.
    pub missing: Vec<Digest>,
}

/// An input's list was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReceipt {
    /// The root over its chunks: what a task binds.
    pub root: Digest,
    /// How many chunks it has.
    pub chunk_count: u32,
    /// Those that are not stored yet.
    pub missing: Vec<Digest>,
}

/// What is kept under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepView {
    /// The hash of a blob, the root of an input, or the seed seal of a job, for its output.
    pub name: Digest,
    /// The last height until which one keep pays for as many bytes as were asked for; none if
    /// nobody does.
    pub until: Option<Height>,
    /// The most bytes that are paid for now, in whole blocks of 4 KiB.
    pub bytes: Option<u64>,
    /// True if this node has the blob, or the input with every chunk.
    pub is_stored: bool,
    /// The chunks of the input that it has not.
    pub missing: Vec<Digest>,
}

/// What room there is for kept bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// Kibibytes that may be kept at a time.
    pub room_kib: u64,
    /// Kibibytes that are.
    pub kept_kib: u64,
    /// What the next mebibyte costs for a thousand blocks, in base units; none if it has no room.
    pub price: Option<Amount>,
}
