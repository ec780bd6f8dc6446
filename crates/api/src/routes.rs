//! Routes: what a node answers to, and where a client asks.
//!
//! Templates are written as `axum` 0.8 reads them. All bodies are JSON unless said otherwise;
//! every reply that is not a success is a [`Problem`](crate::Problem).
//!
//! | method | route | body or query | reply |
//! | --- | --- | --- | --- |
//! | POST | [`TRANSACTIONS`] | `SignedTransaction` as JSON, or encoded as octets | 202 `Receipt` |
//! | GET | [`TRANSACTION`] | | `Receipt` |
//! | GET | [`TRANSACTION_CONTENT`] | | `TransactionView` |
//! | POST | [`SIMULATE`] | `SimulateRequest` | `Simulation` |
//! | POST | [`QUOTE`] | `QuoteRequest` | `QuoteView` |
//! | GET | [`HEAD`] | | `HeadView` |
//! | GET | [`NETWORK`] | | `NetworkView` |
//! | GET | [`STORAGE`] | | `StorageView` |
//! | GET | [`PARAMS`] | | `RawParams` |
//! | GET | [`ACCOUNTS`] | page | `Page<AccountView>` |
//! | GET | [`ACCOUNT`] | | `AccountView` |
//! | GET | [`ACCOUNT_HISTORY`] | `cursor=`, `limit=`, `kinds=` (comma) | `HistoryView` |
//! | GET | [`OPERATORS`] | page, `role=` | `Page<OperatorView>` |
//! | GET | [`OPERATOR`] | | `OperatorView` |
//! | GET | [`DELEGATIONS`] | page, `delegator=`, `operator=` | `Page<DelegationView>` |
//! | GET | [`JOBS`] | page, `phase=` (or `open`), `requester=`, `provider=` | `Page<JobSummary>` |
//! | GET | [`JOB`] | | `JobView` |
//! | GET | [`SLASHES`] | page | `Page<SlashView>` |
//! | GET | [`PROPOSALS`] | page | `Page<ProposalView>` |
//! | GET | [`PROPOSAL`] | | `ProposalView` |
//! | GET | [`TREASURY`] | | `TreasuryView` |
//! | GET | [`PRICES`] | | `PricesView` |
//! | GET | [`CREDITS`] | | `CreditsView` |
//! | GET | [`GRANTS`] | | `GrantsView` |
//! | GET | [`LISTED`] | | `ListedView` |
//! | GET | [`FLOWS`] | `epoch=` | `FlowsView` |
//! | GET | [`BALLOTS`] | page, `proposal=` | `Page<BallotView>` |
//! | GET | [`PROGRAMS`] | page | `Page<ProgramView>` |
//! | GET | [`PROGRAM`] | | `ProgramView` |
//! | GET | [`PROGRAM_CODE`] | | raw octets |
//! | GET | [`PROGRAM_ROOM`] | | `ProgramRoomView` |
//! | GET | [`BLOCKS`] | page | `Page<BlockView>` |
//! | GET | [`BLOCK`] | | `BlockView` |
//! | GET | [`EVENTS`] | `after=`, `kinds=` (comma), `Last-Event-ID` | server-sent events |
//! | PUT | [`BLOBS`] | raw octets | 201 `BlobReceipt` |
//! | GET | [`BLOB`] | | raw octets |
//! | PUT | [`INPUTS`] | `InputChunks`, before or after its chunks | 201 `InputReceipt` |
//! | GET | [`INPUT`] | | `InputChunks` |
//! | PUT | [`OUTPUTS`] | `OutputChunks`, before or after its chunks | 201 `OutputReceipt` |
//! | GET | [`OUTPUT`] | | `OutputChunks` |
//! | GET | [`KEEPS`] | | `RoomView` |
//! | GET | [`KEEP`] | | `KeepView` |
//! | GET | [`METRICS`] | | Prometheus' text |
//! | GET | [`HEALTH`] | | `HealthView`, or 503 |
//! | GET | [`HEALTHZ`], [`READYZ`] | | 200, or 503 |
//! | GET | [`OPENAPI`] | | this table and every body, as OpenAPI 3.1 |
//! | GET | [`INDEX`] | | the same for people, as HTML |

use core::fmt;

use earnest_protocol::{Address, Digest, Height, JobId, OperatorId, ProposalId};

/// Submits a transaction; again gives the same receipt.
pub const TRANSACTIONS: &str = "/v1/transactions";
/// What became of a transaction.
pub const TRANSACTION: &str = "/v1/transactions/{hash}";
/// What a transaction in a block asked, and all that became of it.
pub const TRANSACTION_CONTENT: &str = "/v1/transactions/{hash}/content";
/// Tries a command without doing it.
pub const SIMULATE: &str = "/v1/simulate/transaction";
/// What posting a job would take.
pub const QUOTE: &str = "/v1/quote";
/// Where the chain is; cheap to ask often.
pub const HEAD: &str = "/v1/head";
/// Everything about the network as a whole.
pub const NETWORK: &str = "/v1/network";
/// What the node has on its disk, and whether there is room for more.
pub const STORAGE: &str = "/v1/storage";
/// The parameters in force.
pub const PARAMS: &str = "/v1/params";
/// All accounts.
pub const ACCOUNTS: &str = "/v1/accounts";
/// One account.
pub const ACCOUNT: &str = "/v1/accounts/{address}";
/// What one account went through, newest first.
pub const ACCOUNT_HISTORY: &str = "/v1/accounts/{address}/history";
/// All operators.
pub const OPERATORS: &str = "/v1/operators";
/// One operator.
pub const OPERATOR: &str = "/v1/operators/{id}";
/// All delegations.
pub const DELEGATIONS: &str = "/v1/delegations";
/// All jobs.
pub const JOBS: &str = "/v1/jobs";
/// One job.
pub const JOB: &str = "/v1/jobs/{id}";
/// All slashes.
pub const SLASHES: &str = "/v1/slashes";
/// All proposals.
pub const PROPOSALS: &str = "/v1/proposals";
/// One proposal.
pub const PROPOSAL: &str = "/v1/proposals/{id}";
/// What the network has for itself, and who is to have some of it.
pub const TREASURY: &str = "/v1/treasury";
/// What stake is worth in what pays, and who said so.
pub const PRICES: &str = "/v1/prices";
/// What credits are minted and redeemed at, and what backs them.
pub const CREDITS: &str = "/v1/credits";
/// What the genesis granted and listed, and what of it was claimed.
pub const GRANTS: &str = "/v1/grants";
/// Whether a place of the genesis' list was paid.
pub const LISTED: &str = "/v1/grants/listed/{place}";
/// Where money came from and went in an epoch.
pub const FLOWS: &str = "/v1/flows";
/// What was said to proposals.
pub const BALLOTS: &str = "/v1/ballots";
/// All programs that somebody published or has begun to.
pub const PROGRAMS: &str = "/v1/programs";
/// One published program.
pub const PROGRAM: &str = "/v1/programs/{hash}";
/// The bytes of one published program.
pub const PROGRAM_CODE: &str = "/v1/programs/{hash}/code";
/// What room there is for published programs, and what deposit they need.
pub const PROGRAM_ROOM: &str = "/v1/program-room";
/// All blocks.
pub const BLOCKS: &str = "/v1/blocks";
/// One block.
pub const BLOCK: &str = "/v1/blocks/{height}";
/// Everything that happens, as it happens.
pub const EVENTS: &str = "/v1/events";
/// Stores a blob.
pub const BLOBS: &str = "/v1/blobs";
/// One blob.
pub const BLOB: &str = "/v1/blobs/{digest}";
/// Stores which chunks an input has.
pub const INPUTS: &str = "/v1/inputs";
/// The chunks of one input.
pub const INPUT: &str = "/v1/inputs/{root}";
/// Stores which chunks an output has that may have more than one piece.
pub const OUTPUTS: &str = "/v1/outputs";
/// The chunks of one such output.
pub const OUTPUT: &str = "/v1/outputs/{root}";
/// What room there is for kept bytes, and what it costs.
pub const KEEPS: &str = "/v1/keeps";
/// What is kept under one name.
pub const KEEP: &str = "/v1/keeps/{name}";
/// What an operator watches, as Prometheus reads it.
pub const METRICS: &str = "/metrics";
/// Is the process alive?
pub const HEALTHZ: &str = "/healthz";
/// How the node is: what its operator wants to be woken for.
pub const HEALTH: &str = "/health";
/// Is the node ready to serve?
pub const READYZ: &str = "/readyz";
/// The API, described for programs.
pub const OPENAPI: &str = "/openapi.json";
/// The API, described for people.
pub const INDEX: &str = "/";

/// Seconds between heartbeats of a silent event stream. A heartbeat is a comment with an `id`: up
/// to there nothing wanted happened, and a stream opened again may begin there.
pub const HEARTBEAT_SECONDS: u64 = 15;
/// Most bytes of a blob: a state or an output; programs and chunks are smaller.
pub const BLOB_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most bytes of a published program.
pub const PROGRAM_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The path of one transaction.
pub fn transaction(hash: &Digest) -> String {
    one(TRANSACTIONS, hash)
}

/// The path of what a transaction asked.
pub fn transaction_content(hash: &Digest) -> String {
    format!("{}/content", transaction(hash))
}

/// The path of what one account went through.
pub fn account_history(address: &Address) -> String {
    format!("{}/history", account(address))
}

/// The path of one account.
pub fn account(address: &Address) -> String {
    one(ACCOUNTS, address)
}

/// The path of one operator.
pub fn operator(id: OperatorId) -> String {
    one(OPERATORS, id)
}

/// The path of one job.
pub fn job(id: JobId) -> String {
    one(JOBS, id)
}

/// The path of one proposal.
pub fn proposal(id: ProposalId) -> String {
    one(PROPOSALS, id)
}

/// The path of one published program.
pub fn program(hash: &Digest) -> String {
    one(PROGRAMS, hash)
}

/// The path of a place of the genesis' list.
pub fn listed(place: u32) -> String {
    format!("{GRANTS}/listed/{place}")
}

/// The path of its bytes.
pub fn program_code(hash: &Digest) -> String {
    format!("{}/code", program(hash))
}

/// The path of one block.
pub fn block(height: Height) -> String {
    one(BLOCKS, height)
}

/// The path of one blob.
pub fn blob(digest: &Digest) -> String {
    one(BLOBS, digest)
}

/// The path of one input.
pub fn input(root: &Digest) -> String {
    one(INPUTS, root)
}

/// The path of one output's list.
pub fn output(root: &Digest) -> String {
    one(OUTPUTS, root)
}

/// The path of what is kept under one name.
pub fn keep(name: &Digest) -> String {
    one(KEEPS, name)
}

fn one(list: &str, name: impl fmt::Display) -> String {
    format!("{list}/{name}")
}
