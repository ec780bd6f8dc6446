//! Submission: from bytes to a place in the waiting room, and back to a receipt.
//!
//! ```text
//! bytes ──► decode ──► recover the signer ──► known? same receipt
//!                                              │ no
//!                             rules' first look, blobs of a job, `door` ──► waiting room ──► 202
//! ```
//!
//! Law: 202 means queued, no more; a receipt with a height means that the block is on the disk.
//! `?wait=included` answers only then, or "pending" after a while. What could not pay is refused
//! here.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Extension, Path, Request, State},
    http::{StatusCode, header},
};
use earnest_api::{
    Problem, QuoteRequest, QuoteView, Receipt, Refusal, SignedTransaction, SimulateRequest,
    Simulation, TRANSACTION_BYTES_MAX, TxStatus, recover, views,
};
use earnest_protocol::{
    Amount, Authenticated, Command, Digest, Height, Journal, RawParams, Rejected, Sender,
    State as Ledger, Transaction, TransactionRejected,
    accounts::Authorisation,
    command::{Lane, PostJob, ProgramForm},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{App, body_of, peers::Guest, problem::HttpProblem, query::Asked, read::digest_in};
use crate::{
    door,
    mempool::{Payable, Room, TxKey, Waiting},
    shared::{Phase, Poisoned, Shared, pending},
};

/// JSON shows bytes in hex.
const JSON_BYTES_MAX: usize = 2 * TRANSACTION_BYTES_MAX + 64 * 1024;
/// Programs remembered as fit to run.
const PROGRAMS_MAX: usize = 4_096;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitQuery {
    wait: Option<Wait>,
}

/// What a submission waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wait {
    Included,
}

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    Asked(query): Asked<SubmitQuery>,
    Extension(guest): Extension<Arc<Guest>>,
    request: Request,
) -> Result<(StatusCode, Json<Receipt>), HttpProblem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = match kind.as_str() {
        "application/json" => true,
        "application/octet-stream" => false,
        other => {
            let detail = format!("The content type is `{other}`");
            let hint = "Send application/json, or application/octet-stream for encoded bytes.";
            return Err(Problem::new(415, "request/unsupported-media-type", detail, hint).into());
        }
    };
    if !guest.may_send() {
        let detail = "This address has sent as many transactions as it may for now";
        return Err(Problem::too_many(detail).into());
    }
    let max = if is_json { JSON_BYTES_MAX } else { TRANSACTION_BYTES_MAX };
    let body = body_of(request, max).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let signed = if is_json {
            serde_json::from_slice(&body).map_err(Problem::malformed)?
        } else {
            SignedTransaction::decode(&body)?
        };
        admit(&shared, signed)
    };
    let (key, receipt) = app.queues.submissions.run(work).await?;
    let receipt = match query.wait {
        Some(Wait::Included) => wait_for(&app.shared, &key, receipt).await?,
        None => receipt,
    };
    let is_pending = receipt.status == TxStatus::Pending;
    let status = if is_pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(receipt)))
}

/// Verifies a transaction and lets it wait.
pub(super) fn admit(
    shared: &Shared,
    signed: SignedTransaction,
) -> Result<(TxKey, Receipt), HttpProblem> {
    let bytes = signed.encode().len();
    if bytes > TRANSACTION_BYTES_MAX {
        let wide = |count| u64::try_from(count).unwrap_or(u64::MAX);
        return Err(Problem::too_large(wide(bytes), wide(TRANSACTION_BYTES_MAX)).into());
    }
    let (signer, hash) = recover(&shared.network, &signed)?;
    let key = (hash, signer);
    if let Some(receipt) = shared.known(&key)? {
        return Ok((key, receipt));
    }
    match shared.head().phase {
        Phase::Running => {}
        Phase::Full => return Err(Problem::disk_full().into()),
        Phase::Stopped => {
            return Err(Problem::unavailable("This node makes no more blocks").into());
        }
    }
    let sender = shared.state()?.sender(&signer, &signed.transaction);
    let sender = sender.map_err(Rejected::Transaction)?;
    look_at(shared, sender, &signed.transaction, &key)?;
    if let Command::PostJob(job) = &signed.transaction.command {
        check_blobs(shared, job)?;
    }
    let room = room_for(shared, sender, &signed.transaction)?;
    let state = shared.state()?;
    let mut pool = shared.pool()?;
    let got = signed.transaction.nonce;
    // It may have been revoked meanwhile.
    let not_authorised = || Rejected::Transaction(TransactionRejected::KeyNotAuthorised);
    let next = state.next_nonce(sender).ok_or_else(not_authorised)?;
    // A block may have come meanwhile, with this very transaction or another in its place.
    if got < next {
        drop((pool, state));
        let receipt = used(shared, sender, &signed.transaction, &key)?;
        return Ok((key, receipt));
    }
    // It may wait behind those before it, not behind a gap that nobody need ever fill.
    let next = pool.next_nonce(sender, next);
    if got > next {
        return Err(Rejected::Transaction(TransactionRejected::NonceTooHigh { got, next }).into());
    }
    let payable = payable(&state, sender);
    let waiting = Waiting { signed, hash, signer, sender, bytes, room };
    pool.insert(waiting, payable)?;
    Ok((key, pending(hash)))
}

/// What may wait of a sender at today's base fee.
fn payable(state: &Ledger, sender: Sender) -> Payable {
    let transfers =
        |amount: Amount| amount.units().checked_div(state.base_fee().units()).unwrap_or(u64::MAX);
    let account = transfers(state.free(sender.account));
    let left = sender.key.map(|key| {
        let row = state.account(sender.account).and_then(|account| account.authorisation(&key));
        transfers(row.map_or(Amount::ZERO, Authorisation::left))
    });
    Payable { account, sender: left.unwrap_or(account) }
}

/// Where a transaction waits. A move of the protected lane that would be refused waits with all
/// that pays, and is refused here if its signer cannot.
fn room_for(
    shared: &Shared,
    sender: Sender,
    transaction: &Transaction,
) -> Result<Room, HttpProblem> {
    if transaction.command.lane() == Lane::Ordinary {
        return Ok(Room::Open);
    }
    // Who would only hear that its place is taken costs no trial.
    if shared.pool()?.is_held(sender, transaction.nonce) {
        return Ok(Room::Open);
    }
    let state = shared.state()?.clone();
    let (fee, free) = (state.fee(transaction), state.free(sender.account));
    match door::would_accept(state, sender, transaction) {
        Ok(()) => Ok(Room::Reserved),
        Err(rejected) if free < fee => Err(rejected.into()),
        Err(_) => Ok(Room::Open),
    }
}

/// The rules' first look; whether a high nonce follows others that wait is looked at later, and a
/// step that the referee had no time for in the last block waits for the next.
fn look_at(
    shared: &Shared,
    sender: Sender,
    transaction: &Transaction,
    key: &TxKey,
) -> Result<(), HttpProblem> {
    let looked = shared.state()?.check(sender, transaction);
    match looked {
        Ok(()) => Ok(()),
        Err(TransactionRejected::NonceTooHigh { .. }) => Ok(()),
        Err(TransactionRejected::RefereeBusy { .. }) => Ok(()),
        Err(TransactionRejected::NonceUsed { .. }) => {
            used(shared, sender, transaction, key).map(drop)
        }
        Err(other) => Err(Rejected::Transaction(other).into()),
    }
}

/// The nonce is used: by this transaction, or by another.
fn used(
    shared: &Shared,
    sender: Sender,
    transaction: &Transaction,
    key: &TxKey,
) -> Result<Receipt, HttpProblem> {
    if let Some(receipt) = shared.history()?.included(key) {
        return Ok(receipt);
    }
    let next = shared.state()?.next_nonce(sender).unwrap_or(0);
    let got = transaction.nonce;
    Err(Rejected::Transaction(TransactionRejected::NonceUsed { got, next }).into())
}

/// The program and input of a public job have to be here before it is posted, so that whoever bids
/// or checks finds them. A published program is in the state, as the rules look.
fn check_blobs(shared: &Shared, job: &PostJob) -> Result<(), HttpProblem> {
    if job.task.form == ProgramForm::Stepwise {
        check_module(shared, job)?;
    }
    check_input(shared, job)
}

fn check_module(shared: &Shared, job: &PostJob) -> Result<(), HttpProblem> {
    let program = &job.task.program;
    let Some(module) = shared.blobs.read(program)? else {
        let detail = format!("The program {program} is not stored at this node");
        let hint = "PUT the module to /v1/blobs first, then post the job again.";
        return Err(Problem::new(422, "job/program-missing", detail, hint).into());
    };
    check_kept(shared, job, "program", program)?;
    check_program(shared, program, &module)
}

fn check_input(shared: &Shared, job: &PostJob) -> Result<(), HttpProblem> {
    let task = &job.task;
    let Some(chunks) = shared.blobs.input(&task.input_root)? else {
        let detail = format!("The input {} is not stored at this node", task.input_root);
        let hint = "PUT each chunk to /v1/blobs and the list to /v1/inputs, then post again.";
        return Err(Problem::new(422, "job/input-missing", detail, hint).into());
    };
    let missing = shared.blobs.missing(&chunks);
    if !missing.is_empty() {
        let detail =
            format!("{} chunks of the input {} are missing", missing.len(), task.input_root);
        let hint = "PUT each chunk to /v1/blobs; /v1/keeps/{root} lists those that are missing.";
        return Err(Problem::new(422, "job/chunks-missing", detail, hint).into());
    }
    if task.chunk_count > 0 {
        check_kept(shared, job, "input", &task.input_root)?;
    }
    if u32::try_from(chunks.len()).ok() != Some(task.chunk_count) {
        let (stated, stored) = (task.chunk_count, chunks.len());
        let detail = format!("The job states {stated} chunks, its input has {stored}");
        let hint = "State the number of chunks that the input has.";
        return Err(Problem::new(422, "job/chunk-count-mismatch", detail, hint).into());
    }
    Ok(())
}

/// Whoever posts a job pays to have its bytes kept until it is over, unless it is disputed; a job
/// that lasts longer keeps them itself.
fn check_kept(
    shared: &Shared,
    job: &PostJob,
    what: &str,
    name: &Digest,
) -> Result<(), HttpProblem> {
    let (height, raw) = {
        let state = shared.state()?;
        (state.height(), RawParams::from(*state.params()))
    };
    let needed = height.after(raw.job_duration(job.deadline_blocks, job.task.gas_bound));
    let until = shared.blobs.kept_until(name);
    if until.is_some_and(|until| until >= needed) {
        return Ok(());
    }
    let kept = match until {
        Some(until) => format!("is kept until height {until}"),
        None => "is kept for nobody".to_owned(),
    };
    let detail = format!("The {what} {name} {kept}, but the job may last until height {needed}");
    let hint = "Send `keep_data` for as long as the job may last, then post it again.";
    Err(Problem::new(402, "job/not-kept", detail, hint).into())
}

/// A program that cannot be admitted could never be judged.
fn check_program(shared: &Shared, program: &Digest, module: &[u8]) -> Result<(), HttpProblem> {
    let poisoned = |_| Problem::internal("The list of programs is lost");
    if shared.programs.lock().map_err(poisoned)?.contains(program) {
        return Ok(());
    }
    if let Err(why) = earnest_compute::admit(module) {
        let detail = format!("The program cannot be run: {why}");
        let hint = "See the guest interface in the documentation of earnest-compute.";
        return Err(Problem::new(422, "job/program-not-admitted", detail, hint).into());
    }
    let mut programs = shared.programs.lock().map_err(poisoned)?;
    if programs.len() >= PROGRAMS_MAX {
        programs.clear();
    }
    programs.insert(*program);
    Ok(())
}

/// Waits until the transaction is in a block or dropped; after a while gives it back as it is.
async fn wait_for(shared: &Shared, key: &TxKey, receipt: Receipt) -> Result<Receipt, HttpProblem> {
    let mut head = shared.head.subscribe();
    let waiting = async {
        loop {
            head.borrow_and_update();
            let now = shared.known(key)?;
            let is_pending = now.as_ref().is_some_and(|now| now.status == TxStatus::Pending);
            if !is_pending || shared.head().phase == Phase::Stopped || head.changed().await.is_err()
            {
                return Ok::<_, Poisoned>(now);
            }
        }
    };
    match tokio::time::timeout(shared.limits.wait_timeout, waiting).await {
        Ok(Ok(Some(now))) => Ok(now),
        // Dropped: the reason is kept by hash.
        Ok(Ok(None)) => Ok(shared.receipt(&key.0)?.unwrap_or(receipt)),
        Ok(Err(poisoned)) => Err(poisoned.into()),
        Err(_) => Ok(receipt),
    }
}

pub(super) async fn receipt(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
) -> Result<Json<Receipt>, HttpProblem> {
    let hash = digest_in(&hash)?;
    let receipt = app.shared.receipt(&hash)?;
    let missing = || Problem::not_found(format_args!("transaction {hash}"));
    Ok(Json(receipt.ok_or_else(missing)?))
}

pub(super) async fn simulate(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Json<Simulation>, HttpProblem> {
    let body = body_of(request, JSON_BYTES_MAX).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let SimulateRequest { signer, on_behalf_of, command } = json(&body)?;
        let mut state = shared.state()?.clone();
        let height = state.height();
        let mut journal = Journal::default();
        let valid_until = Height::new(u64::MAX);
        let mut transaction = Transaction { nonce: 0, valid_until, command, on_behalf_of };
        let outcome = match state.sender(&signer, &transaction) {
            Err(refused) => Err(Rejected::Transaction(refused)),
            Ok(sender) => {
                transaction.nonce = state.next_nonce(sender).unwrap_or(0);
                let authenticated = Authenticated { sender, transaction };
                state.apply(&authenticated, &shared.referee, &mut journal)
            }
        };
        let refusal = outcome.err().map(Refusal::from);
        let Journal { events, movements } = journal;
        Ok(Simulation { height, refusal, events, movements })
    };
    Ok(Json(app.queues.simulations.run(work).await?))
}

pub(super) async fn quote(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Json<QuoteView>, HttpProblem> {
    let body = body_of(request, 64 * 1024).await?;
    let shared = Arc::clone(&app.shared);
    let work = move || {
        let QuoteRequest { signer, terms } = json(&body)?;
        let state = shared.state()?;
        let signer = signer.and_then(|address| state.account_id(&address));
        views::quote(&state, signer, &terms).map_err(|why| Rejected::PostJob(why).into())
    };
    Ok(Json(app.queues.simulations.run(work).await?))
}

/// A JSON body.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, HttpProblem> {
    Ok(serde_json::from_slice(body).map_err(Problem::malformed)?)
}
