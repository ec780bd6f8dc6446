//! Commands: what a participant may ask the state machine to do.
//!
//! Key terms: a command is one imperative of one signer; a [`Transaction`] is a command with the
//! signer's nonce and an expiry; an [`Authenticated`] transaction is one whose signature a host
//! has verified and whose signer it has looked up.
//!
//! Law: a command names everything it needs; nothing is read from a clock, a disk or a peer.
//! Not here: who may send it (each room's refusals) and how it is signed (`earnest-api`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, Address, Digest, JobId, Role},
    num::{Amount, Blocks, Gas, Height, Ratio},
};

/// A transaction whose signature was verified against the address of `signer`.
///
/// Only a host that verified the signature, or a simulator that has no signatures, builds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Who signed.
    pub signer: AccountId,
    /// What was signed.
    pub transaction: Transaction,
}

/// A command bound to one place in its signer's sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// How many transactions of the signer came before this one.
    pub nonce: u64,
    /// The last height at which this may be included.
    pub valid_until: Height,
    /// What is asked.
    pub command: Command,
}

/// Everything that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Move free money to an address, opening its account if need be.
    Transfer(Transfer),
    /// Put money at risk, becoming an operator if not one yet.
    Bond(Bond),
    /// Begin to take free bond out.
    Unbond(Unbond),
    /// Ask to be released from jail.
    Unjail(Unjail),
    /// Collect this operator's share of slashes that went to honest peers.
    ClaimRewards(ClaimRewards),
    /// Ask for work, with its price ceiling in escrow.
    PostJob(PostJob),
    /// Offer, sealed, to do a job.
    CommitBid(CommitBid),
    /// Open the sealed offer; locks the collateral.
    RevealBid(RevealBid),
    /// Take the job won: a receipt that every byte of program and input was fetched and hashed.
    AcceptJob(AcceptJob),
    /// Seal the result of the job.
    CommitResult(CommitResult),
    /// Open the requester's part of the job's seed.
    OpenSeed(OpenSeed),
    /// Seal an auditor's own result.
    CommitVerdict(CommitVerdict),
    /// Open the sealed result.
    RevealResult(RevealResult),
    /// Open the sealed verdict.
    RevealVerdict(RevealVerdict),
    /// Dispute a revealed result.
    Challenge(Challenge),
    /// Disclose the children of a disputed node.
    OpenNode(OpenNode),
    /// Name the first disclosed child that the challenger rejects.
    RejectChild(RejectChild),
    /// Lay one step before the referee.
    ProveStep(ProveStep),
    /// Ask on the ledger for bytes that were not served off it.
    RequestData(RequestData),
    /// Answer a request for bytes.
    ServeData(ServeData),
    /// Acknowledge that the output arrived.
    ConfirmReceipt(ConfirmReceipt),
    /// Publish somebody's opening before it was revealed.
    ReportCopy(ReportCopy),
}

/// Moves `amount` of the signer's free money to `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who receives it.
    pub to: Address,
    /// How much, in base units.
    pub amount: Amount,
}

/// Moves `amount` of the signer's free money into its bond for `role`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bond {
    /// What the bond is for.
    pub role: Role,
    /// How much, in base units.
    pub amount: Amount,
}

/// Queues `amount` of the free bond for withdrawal; it stays slashable until it matures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unbond {
    /// Which bond.
    pub role: Role,
    /// How much, in base units.
    pub amount: Amount,
}

/// Asks for release from jail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unjail {
    /// Which role is jailed.
    pub role: Role,
}

/// Collects accrued peer shares to the free balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRewards {
    /// Which role accrued them.
    pub role: Role,
}

/// What is to be computed, bound byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Hash of the program's module.
    pub program: Digest,
    /// Root over the input's chunks.
    pub input_root: Digest,
    /// How many chunks the input has; step i reads chunk (i − 1) mod count.
    pub chunk_count: u32,
    /// How many steps are to be made, at least 1.
    pub steps: u64,
    /// What the program's first state is made from.
    pub seed: Digest,
    /// Most gas that one step may use; a step that would use more is a fault.
    pub step_gas_max: Gas,
    /// Most gas that all steps together may use: the work bound.
    pub gas_bound: Gas,
}

/// A kind of hardware with a tariff of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceClass {
    /// General-purpose processors.
    Cpu,
}

/// How the winner's pay is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// The winner is paid the price at which it would just have lost.
    SecondPrice,
    /// The winner is paid what it asked.
    FirstPrice,
}

/// When a wrong result is worth something outside the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GainTiming {
    /// Only when it is never convicted.
    Final,
    /// As soon as it is delivered, convicted or not.
    Delivery,
}

/// Who may see program, input and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody; needed for audits, open challenges and the referee.
    Public,
    /// Only operators that the requester lists; no policy of this version serves it.
    Sealed,
}

/// Posts a job and takes its escrow: ceiling, audit fees and deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostJob {
    /// What is to be computed.
    pub task: Task,
    /// On which hardware.
    pub class: ResourceClass,
    /// The most the requester pays, in base units.
    pub price_max: Amount,
    /// Blocks from acceptance to the deadline.
    pub deadline_blocks: Blocks,
    /// How the price is found.
    pub auction: Auction,
    /// The least reputation score a bidder must have.
    pub reputation_min: Ratio,
    /// The chance that the result is audited.
    pub audit_rate: Ratio,
    /// How many auditors are drawn when it is.
    pub auditors: u8,
    /// What a wrong result is worth to its maker outside the protocol, in base units.
    pub outside_gain: Amount,
    /// When it is worth that.
    pub gain_timing: GainTiming,
    /// [`seal::seed`](crate::seal::seed) of the preimage that the requester opens later.
    pub seed_seal: Digest,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Offers a sealed price for a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitBid {
    /// Which job.
    pub job: JobId,
    /// [`seal::bid`](crate::seal::bid) of price and salt.
    pub seal: Digest,
}

/// Opens a sealed price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealBid {
    /// Which job.
    pub job: JobId,
    /// What was asked, in base units.
    pub price: Amount,
    /// What hid it.
    pub salt: Digest,
}

/// Takes the job won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptJob {
    /// Which job.
    pub job: JobId,
}

/// Seals the provider's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitResult {
    /// Which job.
    pub job: JobId,
    /// [`seal::result`](crate::seal::result) of the opening.
    pub seal: Digest,
}

/// Opens the requester's preimage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSeed {
    /// Which job.
    pub job: JobId,
    /// What `seed_seal` sealed.
    pub preimage: Digest,
}

/// Seals an auditor's own result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitVerdict {
    /// Which job.
    pub job: JobId,
    /// [`seal::result`](crate::seal::result) of the opening.
    pub seal: Digest,
}

/// What a sealed result says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Root over the states before and after every step.
    pub root: Digest,
    /// Hash of the last state.
    pub output: Digest,
    /// Gas of all steps together.
    pub gas: Gas,
    /// How many steps were made.
    pub steps: u64,
    /// What hid it.
    pub salt: Digest,
}

/// Opens the provider's result and shows that its output is the tree's last leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealResult {
    /// Which job.
    pub job: JobId,
    /// What was sealed.
    pub opening: Opening,
    /// The last leaf and its path, as the referee reads them.
    pub output_proof: Vec<u8>,
}

/// Opens an auditor's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealVerdict {
    /// Which job.
    pub job: JobId,
    /// What was sealed.
    pub opening: Opening,
}

/// Opens a dispute, with the challenge deposit behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Which job.
    pub job: JobId,
}

/// Discloses the sixteen children of one node; serves every dispute that waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenNode {
    /// Which job.
    pub job: JobId,
    /// Which node.
    pub node: Node,
    /// Its children, left to right.
    pub children: Vec<Digest>,
}

/// A place in the commitment tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Distance from the root.
    pub level: u8,
    /// Place within its level, from the left.
    pub index: u64,
}

/// Names the first child the challenger rejects, accepting those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectChild {
    /// Which job.
    pub job: JobId,
    /// Which child of the dispute's node, 0 to 15.
    pub child: u8,
}

/// Lays the step that ends in `leaf` before the referee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProveStep {
    /// Which job.
    pub job: JobId,
    /// Which leaf is disputed.
    pub leaf: u64,
    /// Program, state before, input chunk and paths, as the referee reads them.
    pub evidence: Vec<u8>,
}

/// Bytes that somebody must be able to produce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataItem {
    /// The module.
    Program,
    /// One chunk of the input.
    Input(u32),
    /// The last state.
    Output,
}

/// Asks for bytes on the ledger, prepaid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestData {
    /// Which job.
    pub job: JobId,
    /// Which bytes.
    pub item: DataItem,
}

/// Answers a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeData {
    /// Which job.
    pub job: JobId,
    /// Which bytes.
    pub item: DataItem,
    /// The bytes with their proof, as the referee reads them.
    pub bytes: Vec<u8>,
}

/// Acknowledges the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReceipt {
    /// Which job.
    pub job: JobId,
}

/// Shows that somebody's sealed result is known before its reveal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportCopy {
    /// Which job.
    pub job: JobId,
    /// Whose seal.
    pub accused: AccountId,
    /// What it hides.
    pub opening: Opening,
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

impl Command {
    /// Which lane carries this command.
    pub fn lane(&self) -> Lane {
        match self {
            Command::Transfer(_)
            | Command::Bond(_)
            | Command::Unbond(_)
            | Command::Unjail(_)
            | Command::ClaimRewards(_)
            | Command::PostJob(_)
            | Command::CommitBid(_)
            | Command::AcceptJob(_)
            | Command::Challenge(_)
            | Command::RequestData(_)
            | Command::ConfirmReceipt(_) => Lane::Ordinary,
            Command::RevealBid(_)
            | Command::CommitResult(_)
            | Command::OpenSeed(_)
            | Command::CommitVerdict(_)
            | Command::RevealResult(_)
            | Command::RevealVerdict(_)
            | Command::OpenNode(_)
            | Command::RejectChild(_)
            | Command::ProveStep(_)
            | Command::ServeData(_)
            | Command::ReportCopy(_) => Lane::Protected,
        }
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
