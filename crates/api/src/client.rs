//! The client: asks a node and believes only so many bytes of what it says.
//!
//! Laws: every call has a deadline and a bound on the reply; every call of this API may be
//! repeated without doing anything twice, so calls that found nobody are tried again.
//! Not here: nonces and signatures (`session`).

use core::fmt;
use std::{io::Read, thread, time::Duration};

use earnest_protocol::{
    AccountId, Address, Command, Digest, Height, JobId, OperatorId, ProposalId, RawParams, Role,
    command::PostJob, market::Phase,
};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{Agent, Body, http::Response};

use crate::{
    AccountView, BallotView, BlobReceipt, BlockView, CreditsView, DelegationView, EventId,
    EventRecord, GrantsView, HeadView, HealthView, InputChunks, InputReceipt, JobSummary, JobView,
    KeepView, ListedView, NetworkView, OperatorView, OutputChunks, OutputReceipt, Page, PageQuery,
    PricesView, Problem, ProgramRoomView, ProgramView, ProposalView, QuoteRequest, QuoteView,
    Receipt, RoomView, SignedTransaction, SimulateRequest, Simulation, SlashView, SseParser,
    StorageView, TreasuryView, TxHash, TxStatus, routes, sse::SseMessage,
};

mod past;
mod tls;

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one connection of an event stream lasts before it is renewed: a dead peer is noticed
/// after at most this.
const STREAM_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client waits before it opens the next event stream.
const PAUSE_BETWEEN_STREAMS: Duration = Duration::from_millis(100);
/// Most bytes of a reply that is not a blob.
const REPLY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Waits before a call that found nobody is tried again.
const BACK_OFF: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_500)];
/// The first and the longest wait between two looks at a pending transaction.
const POLL: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there.
    #[error("no node answers at {url}: {why}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the network said.
        why: String,
    },
    /// The address asks for TLS, which is a feature that this client was built without.
    #[error("{url} needs TLS, which this program was built without")]
    TlsNeeded {
        /// Where.
        url: String,
    },
    /// No authority that this system believes says that the node is who its address names.
    #[error("it is not certain that {url} is who it says: {why}")]
    NotTrusted {
        /// Where.
        url: String,
        /// What is wrong with its certificate, or with the talk about it.
        why: String,
    },
    /// The node said no.
    #[error(transparent)]
    Problem(Box<Problem>),
    /// The reply is not what this API promises.
    #[error("the reply of {url} is not what the API promises: {why}")]
    Malformed {
        /// What was asked for.
        url: String,
        /// What is wrong with the reply.
        why: String,
    },
    /// The reply is larger than anything this API promises.
    #[error("the reply of {url} has more than {max} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The most that is read, in bytes.
        max: u64,
    },
    /// It took too long.
    #[error("{url} did not answer in time")]
    TimedOut {
        /// What was asked for.
        url: String,
    },
}

impl ClientError {
    /// The node's problem, if it answered with one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            ClientError::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// True if the node answered that there is no such thing, or no longer.
    pub fn is_not_found(&self) -> bool {
        self.problem().is_some_and(|problem| matches!(problem.status, 404 | 410))
    }

    /// True if the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            ClientError::Unreachable { .. } | ClientError::TimedOut { .. } => true,
            ClientError::Problem(problem) => matches!(problem.status, 429 | 503),
            ClientError::TlsNeeded { .. }
            | ClientError::NotTrusted { .. }
            | ClientError::Malformed { .. }
            | ClientError::TooLarge { .. } => false,
        }
    }
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> ClientError {
        ClientError::Problem(Box::new(problem))
    }
}

/// A node to talk to. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    agent: Agent,
    streams: Agent,
    at: Option<Height>,
}

/// One request's body.
#[derive(Clone, Copy)]
enum Payload<'a> {
    None,
    Json(&'a [u8]),
    Octets(&'a [u8]),
}

/// How a request asks.
#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
    Put,
}

impl Client {
    /// The node at `base`, such as `http://127.0.0.1:7300`; nothing is asked yet.
    pub fn new(base: &str) -> Client {
        Client::with_timeout(base, CALL_TIMEOUT)
    }

    /// The same, with another limit to how long one call may take.
    pub fn with_timeout(base: &str, timeout: Duration) -> Client {
        let config = || {
            tls::secure(Agent::config_builder())
                .http_status_as_error(false)
                .proxy(None)
                .max_redirects(0)
                .timeout_connect(Some(CONNECT_TIMEOUT))
                .user_agent(concat!("earnest/", env!("CARGO_PKG_VERSION")))
        };
        let agent = config().timeout_global(Some(timeout)).build();
        let streams = config()
            .timeout_recv_response(Some(timeout))
            .timeout_recv_body(Some(STREAM_TIMEOUT))
            .build();
        Client {
            base: base.trim_end_matches('/').to_owned(),
            agent: agent.into(),
            streams: streams.into(),
            at: None,
        }
    }

    /// The same, reading rows as they stood after the block at `height`: the network, parameters,
    /// accounts, operators, delegations, jobs and slashes. A node keeps some hundred states; of
    /// others, and of whatever has no past, it says so.
    #[must_use]
    pub fn at(&self, height: Height) -> Client {
        Client { at: Some(height), ..self.clone() }
    }

    /// Where the node is.
    pub fn base(&self) -> &str {
        &self.base
    }

    fn once(
        &self,
        method: Method,
        path: &str,
        payload: Payload<'_>,
        max: u64,
    ) -> Result<Vec<u8>, ClientError> {
        let url = format!("{}{path}", self.base);
        let sent = match (method, payload) {
            (Method::Get, _) => self.agent.get(&url).call(),
            (Method::Post, Payload::Json(body)) => {
                self.agent.post(&url).content_type("application/json").send(body)
            }
            (Method::Post, Payload::Octets(body)) => {
                self.agent.post(&url).content_type("application/octet-stream").send(body)
            }
            (Method::Put, Payload::Json(body) | Payload::Octets(body)) => {
                self.agent.put(&url).content_type("application/octet-stream").send(body)
            }
            (Method::Post, Payload::None) => self.agent.post(&url).send_empty(),
            (Method::Put, Payload::None) => self.agent.put(&url).send_empty(),
        };
        let mut response = sent.map_err(|error| failure(&url, max, error))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(max).read_to_vec();
        let body = body.map_err(|error| failure(&url, max, error))?;
        if status.is_success() {
            return Ok(body);
        }
        Err(problem_of(&url, status.as_u16(), &body))
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        payload: Payload<'_>,
        max: u64,
    ) -> Result<Vec<u8>, ClientError> {
        for wait in BACK_OFF {
            match self.once(method, path, payload, max) {
                Err(ClientError::Unreachable { .. }) => {}
                Err(ClientError::Problem(problem)) if problem.status == 503 => {}
                done => return done,
            }
            thread::sleep(wait);
        }
        self.once(method, path, payload, max)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let at = self.at.map(|height| {
            let mark = if path.contains('?') { '&' } else { '?' };
            format!("{path}{mark}at={height}")
        });
        let path = at.as_deref().unwrap_or(path);
        let body = self.call(Method::Get, path, Payload::None, REPLY_BYTES_MAX)?;
        self.read(path, &body)
    }

    fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).expect("requests have string keys only");
        let reply = self.call(Method::Post, path, Payload::Json(&body), REPLY_BYTES_MAX)?;
        self.read(path, &reply)
    }

    fn read<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T, ClientError> {
        let malformed = |error: serde_json::Error| ClientError::Malformed {
            url: format!("{}{path}", self.base),
            why: error.to_string(),
        };
        serde_json::from_slice(body).map_err(malformed)
    }
}

fn failure(url: &str, max: u64, error: ureq::Error) -> ClientError {
    let url = url.to_owned();
    match error {
        ureq::Error::Timeout(_) => ClientError::TimedOut { url },
        ureq::Error::TlsRequired => ClientError::TlsNeeded { url },
        error if tls::is_distrust(&error) => {
            ClientError::NotTrusted { url, why: error.to_string() }
        }
        ureq::Error::BodyExceedsLimit(_) => ClientError::TooLarge { url, max },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            ClientError::TimedOut { url }
        }
        error @ (ureq::Error::Io(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_)) => ClientError::Unreachable { url, why: error.to_string() },
        error => ClientError::Malformed { url, why: error.to_string() },
    }
}

fn problem_of(url: &str, status: u16, body: &[u8]) -> ClientError {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => problem.into(),
        Err(_) if status == 404 => Problem::not_found(url).into(),
        Err(_) => {
            let why = format!("status {status} without a problem description");
            ClientError::Malformed { url: url.to_owned(), why }
        }
    }
}

/// Reading.
///
/// # Errors
/// Each method returns [`ClientError`]: nobody answers, the node says no, or the reply is not
/// what this API promises.
impl Client {
    /// Where the chain is.
    pub fn head(&self) -> Result<HeadView, ClientError> {
        self.get(routes::HEAD)
    }

    /// Everything about the network as a whole.
    pub fn network(&self) -> Result<NetworkView, ClientError> {
        self.get(routes::NETWORK)
    }

    /// What the node has on its disk.
    pub fn storage(&self) -> Result<StorageView, ClientError> {
        self.get(routes::STORAGE)
    }

    /// The parameters in force.
    pub fn params(&self) -> Result<RawParams, ClientError> {
        self.get(routes::PARAMS)
    }

    /// One account.
    pub fn account(&self, address: &Address) -> Result<AccountView, ClientError> {
        self.get(&routes::account(address))
    }

    /// All accounts.
    pub fn accounts(&self, page: &PageQuery) -> Result<Page<AccountView>, ClientError> {
        self.get(&with_query(routes::ACCOUNTS, page, &[]))
    }

    /// One operator.
    pub fn operator(&self, id: OperatorId) -> Result<OperatorView, ClientError> {
        self.get(&routes::operator(id))
    }

    /// All operators, or those of one role.
    pub fn operators(
        &self,
        role: Option<Role>,
        page: &PageQuery,
    ) -> Result<Page<OperatorView>, ClientError> {
        self.get(&with_query(routes::OPERATORS, page, &[("role", role.map(|r| word(&r)))]))
    }

    /// All delegations, or those of one account, to one operator, or both.
    pub fn delegations(
        &self,
        delegator: Option<AccountId>,
        operator: Option<OperatorId>,
        page: &PageQuery,
    ) -> Result<Page<DelegationView>, ClientError> {
        let delegator = delegator.map(|id| id.to_string());
        let operator = operator.map(|id| id.to_string());
        let filters = [("delegator", delegator), ("operator", operator)];
        self.get(&with_query(routes::DELEGATIONS, page, &filters))
    }

    /// One job.
    pub fn job(&self, id: JobId) -> Result<JobView, ClientError> {
        self.get(&routes::job(id))
    }

    /// Jobs that `filter` lets through.
    pub fn jobs(
        &self,
        filter: JobFilter,
        page: &PageQuery,
    ) -> Result<Page<JobSummary>, ClientError> {
        let JobFilter { stage, requester, provider } = filter;
        let stage = stage.map(|stage| match stage {
            JobStage::Open => "open".to_owned(),
            JobStage::Phase(phase) => word(&phase),
        });
        let text = |account: Option<AccountId>| account.map(|id| id.to_string());
        let (requester, provider) = (text(requester), text(provider));
        let filters = [("phase", stage), ("requester", requester), ("provider", provider)];
        self.get(&with_query(routes::JOBS, page, &filters))
    }

    /// All slashes.
    pub fn slashes(&self, page: &PageQuery) -> Result<Page<SlashView>, ClientError> {
        self.get(&with_query(routes::SLASHES, page, &[]))
    }

    /// One proposal.
    pub fn proposal(&self, id: ProposalId) -> Result<ProposalView, ClientError> {
        self.get(&routes::proposal(id))
    }

    /// All proposals that are remembered.
    pub fn proposals(&self, page: &PageQuery) -> Result<Page<ProposalView>, ClientError> {
        self.get(&with_query(routes::PROPOSALS, page, &[]))
    }

    /// What the treasury has, and every spend of it that is proposed or runs.
    pub fn treasury(&self) -> Result<TreasuryView, ClientError> {
        self.get(routes::TREASURY)
    }

    /// What stake is worth in what pays, and who said so.
    pub fn prices(&self) -> Result<PricesView, ClientError> {
        self.get(routes::PRICES)
    }

    /// What credits are minted and redeemed at, and what backs them.
    pub fn credits(&self) -> Result<CreditsView, ClientError> {
        self.get(routes::CREDITS)
    }

    /// What the genesis granted and listed, and what of it was claimed.
    pub fn grants(&self) -> Result<GrantsView, ClientError> {
        self.get(routes::GRANTS)
    }

    /// Whether a place of the genesis' list was paid.
    pub fn listed(&self, place: u32) -> Result<ListedView, ClientError> {
        self.get(&routes::listed(place))
    }

    /// One published program.
    pub fn program(&self, program: &Digest) -> Result<ProgramView, ClientError> {
        self.get(&routes::program(program))
    }

    /// All programs that somebody published or has begun to.
    pub fn programs(&self, page: &PageQuery) -> Result<Page<ProgramView>, ClientError> {
        self.get(&with_query(routes::PROGRAMS, page, &[]))
    }

    /// What room there is for published programs, and what deposit they need.
    pub fn program_room(&self) -> Result<ProgramRoomView, ClientError> {
        self.get(routes::PROGRAM_ROOM)
    }

    /// The bytes of a published program; the caller checks their hash.
    pub fn program_code(&self, program: &Digest) -> Result<Vec<u8>, ClientError> {
        let max = u64::try_from(routes::PROGRAM_BYTES_MAX).unwrap_or(u64::MAX);
        self.call(Method::Get, &routes::program_code(program), Payload::None, max)
    }

    /// What was said, to one proposal or to all.
    pub fn ballots(
        &self,
        proposal: Option<ProposalId>,
        page: &PageQuery,
    ) -> Result<Page<BallotView>, ClientError> {
        let proposal = proposal.map(|id| id.to_string());
        self.get(&with_query(routes::BALLOTS, page, &[("proposal", proposal)]))
    }

    /// One block.
    pub fn block(&self, height: Height) -> Result<BlockView, ClientError> {
        self.get(&routes::block(height))
    }

    /// All blocks.
    pub fn blocks(&self, page: &PageQuery) -> Result<Page<BlockView>, ClientError> {
        self.get(&with_query(routes::BLOCKS, page, &[]))
    }

    /// What became of a transaction.
    pub fn transaction(&self, hash: &TxHash) -> Result<Receipt, ClientError> {
        self.get(&routes::transaction(hash))
    }

    /// What `command` of `signer`, for the account `on_behalf_of` if that is not its own, would do
    /// to the latest state.
    pub fn simulate(
        &self,
        signer: Address,
        on_behalf_of: Option<Address>,
        command: Command,
    ) -> Result<Simulation, ClientError> {
        self.post(routes::SIMULATE, &SimulateRequest { signer, on_behalf_of, command })
    }

    /// What posting a job would take.
    pub fn quote(&self, signer: Option<Address>, terms: PostJob) -> Result<QuoteView, ClientError> {
        self.post(routes::QUOTE, &QuoteRequest { signer, terms })
    }

    /// A blob; the caller checks that its hash is `digest`.
    pub fn blob(&self, digest: &Digest) -> Result<Vec<u8>, ClientError> {
        let max = u64::try_from(routes::BLOB_BYTES_MAX).unwrap_or(u64::MAX);
        self.call(Method::Get, &routes::blob(digest), Payload::None, max)
    }

    /// The chunks of an input; the caller checks that their root is `root`.
    pub fn input(&self, root: &Digest) -> Result<InputChunks, ClientError> {
        self.get(&routes::input(root))
    }

    /// The chunks of an output; the caller checks that its root is `root`.
    pub fn output(&self, root: &Digest) -> Result<OutputChunks, ClientError> {
        self.get(&routes::output(root))
    }

    /// How the node is; an error says why it makes no blocks.
    pub fn health(&self) -> Result<HealthView, ClientError> {
        let body = self.once(Method::Get, routes::HEALTH, Payload::None, REPLY_BYTES_MAX)?;
        self.read(routes::HEALTH, &body)
    }

    /// Asks whether the node is ready to serve.
    pub fn ready(&self) -> Result<(), ClientError> {
        self.once(Method::Get, routes::READYZ, Payload::None, REPLY_BYTES_MAX).map(drop)
    }
}

/// Which jobs a list shows; those that match everything given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Where they stand.
    pub stage: Option<JobStage>,
    /// Who pays.
    pub requester: Option<AccountId>,
    /// Who does them.
    pub provider: Option<AccountId>,
}

/// Where a job stands, coarsely or exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStage {
    /// Not closed.
    Open,
    /// In this phase.
    Phase(Phase),
}

/// Writing.
impl Client {
    /// Stores a blob.
    ///
    /// # Errors
    /// As for reading.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<BlobReceipt, ClientError> {
        let payload = Payload::Octets(bytes);
        let reply = self.call(Method::Put, routes::BLOBS, payload, REPLY_BYTES_MAX)?;
        self.read(routes::BLOBS, &reply)
    }

    /// Stores which chunks an input has; each must be stored as a blob before.
    ///
    /// # Errors
    /// As for reading.
    pub fn put_input(&self, chunks: Vec<Digest>) -> Result<InputReceipt, ClientError> {
        let body = serde_json::to_vec(&InputChunks { chunks }).expect("digests are text");
        let payload = Payload::Json(&body);
        let reply = self.call(Method::Put, routes::INPUTS, payload, REPLY_BYTES_MAX)?;
        self.read(routes::INPUTS, &reply)
    }

    /// Stores which chunks an output has; those that are missing come after it.
    ///
    /// # Errors
    /// As for reading.
    pub fn put_output(&self, chunks: &OutputChunks) -> Result<OutputReceipt, ClientError> {
        let body = serde_json::to_vec(chunks).expect("digests are text");
        let payload = Payload::Json(&body);
        let reply = self.call(Method::Put, routes::OUTPUTS, payload, REPLY_BYTES_MAX)?;
        self.read(routes::OUTPUTS, &reply)
    }

    /// What is kept under a name, and until when `bytes` of it are, in whole blocks of 4 KiB.
    ///
    /// # Errors
    /// As for reading.
    pub fn keep(&self, name: &Digest, bytes: u64) -> Result<KeepView, ClientError> {
        self.get(&format!("{}?bytes={bytes}", routes::keep(name)))
    }

    /// What room there is for kept bytes.
    ///
    /// # Errors
    /// As for reading.
    pub fn room(&self) -> Result<RoomView, ClientError> {
        self.get(routes::KEEPS)
    }

    /// Submits a transaction; doing so again changes nothing.
    ///
    /// # Errors
    /// As for reading; a problem with status 409 is about the nonce.
    pub fn submit(&self, signed: &SignedTransaction) -> Result<Receipt, ClientError> {
        let bytes = signed.encode();
        let payload = Payload::Octets(&bytes);
        let reply = self.call(Method::Post, routes::TRANSACTIONS, payload, REPLY_BYTES_MAX)?;
        self.read(routes::TRANSACTIONS, &reply)
    }

    /// Submits a transaction and waits until it is final.
    ///
    /// # Errors
    /// As for [`submit`](Client::submit); `TimedOut` if it is not final after `deadline`.
    pub fn submit_and_wait(
        &self,
        signed: &SignedTransaction,
        deadline: Duration,
    ) -> Result<Receipt, ClientError> {
        let receipt = self.submit(signed)?;
        self.wait(receipt, deadline)
    }

    /// Waits until the transaction of `receipt` is final.
    ///
    /// # Errors
    /// As for reading; `TimedOut` if it is not final after `deadline`.
    pub fn wait(&self, receipt: Receipt, deadline: Duration) -> Result<Receipt, ClientError> {
        let started = std::time::Instant::now();
        let (mut pause, longest) = POLL;
        let mut receipt = receipt;
        while receipt.status != TxStatus::Final {
            if started.elapsed() >= deadline {
                let url = format!("{}{}", self.base, routes::transaction(&receipt.hash));
                return Err(ClientError::TimedOut { url });
            }
            thread::sleep(pause.min(deadline.saturating_sub(started.elapsed())));
            pause = pause.saturating_mul(2).min(longest);
            receipt = self.transaction(&receipt.hash)?;
        }
        Ok(receipt)
    }

    /// Everything that happens after `after`, or from now on, for ever; `kinds` names the events
    /// wanted, none meaning all.
    ///
    /// The stream is renewed by itself when it breaks; [`Iterator::next`] blocks until something
    /// happens, and returns an error each time that nobody answers. It ends after a problem.
    pub fn events(&self, after: Option<EventId>, kinds: &[&str]) -> Events {
        Events {
            client: self.clone(),
            after,
            kinds: kinds.join(","),
            stream: None,
            ready: Vec::new(),
            failures: 0,
            ended: false,
        }
    }
}

/// A stream of events that resumes by itself.
pub struct Events {
    client: Client,
    after: Option<EventId>,
    kinds: String,
    stream: Option<(SseParser, Box<dyn Read + Send>)>,
    /// Read and not yet handed out, last first.
    ready: Vec<EventRecord>,
    /// Calls in a row that found nobody.
    failures: usize,
    ended: bool,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("after", &self.after).finish_non_exhaustive()
    }
}

impl Events {
    /// What to resume after: the last event handed out, where the stream began, or up to where the
    /// node said that nothing wanted happened.
    pub fn after(&self) -> Option<EventId> {
        self.after
    }

    fn open(&mut self) -> Result<(), ClientError> {
        let after = match self.after {
            Some(after) => after,
            // Pin "from now on", so that a broken stream resumes where it began.
            None => EventId { height: self.client.head()?.height, index: u32::MAX },
        };
        self.after = Some(after);
        let mut url = format!("{}{}?after={after}", self.client.base, routes::EVENTS);
        if !self.kinds.is_empty() {
            url = format!("{url}&kinds={}", self.kinds);
        }
        let call = self.client.streams.get(&url).header("Accept", "text/event-stream").call();
        let response = call.map_err(|error| failure(&url, REPLY_BYTES_MAX, error))?;
        if !response.status().is_success() {
            return Err(refused_stream(&url, response));
        }
        let reader = response.into_body().into_reader();
        self.stream = Some((SseParser::new(), Box::new(reader)));
        Ok(())
    }

    /// Reads until something is ready or the stream breaks.
    fn fill(&mut self) -> Result<(), ClientError> {
        let url = format!("{}{}", self.client.base, routes::EVENTS);
        let Some((parser, reader)) = &mut self.stream else { return Ok(()) };
        let mut buffer = [0; 16 * 1024];
        let read = match reader.read(&mut buffer) {
            Ok(0) | Err(_) => {
                // Ended, renewed or broken: either way the next stream resumes after the last.
                self.stream = None;
                // A server that hangs up at once is not asked without pause.
                thread::sleep(PAUSE_BETWEEN_STREAMS);
                return Ok(());
            }
            Ok(read) => read,
        };
        let malformed = |why: String| ClientError::Malformed { url: url.clone(), why };
        let bytes = buffer.get(..read).expect("a reader returns at most the buffer's length");
        let messages = parser.push(bytes).map_err(|error| malformed(error.to_string()))?;
        for SseMessage { data, .. } in messages {
            let record: EventRecord =
                serde_json::from_str(&data).map_err(|error| malformed(error.to_string()))?;
            self.ready.push(record);
        }
        // A heartbeat says up to where there was nothing that this stream wants.
        let place = parser.last_id().and_then(|id| id.parse::<EventId>().ok());
        if let Some(place) = place.filter(|_| self.ready.is_empty()) {
            self.after = Some(place);
        }
        self.ready.reverse();
        Ok(())
    }
}

impl Iterator for Events {
    type Item = Result<EventRecord, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            if let Some(record) = self.ready.pop() {
                self.after = Some(record.id());
                return Some(Ok(record));
            }
            let step = if self.stream.is_some() { self.fill() } else { self.open() };
            match step {
                Ok(()) => self.failures = 0,
                Err(error) => {
                    self.stream = None;
                    self.ended = !error.is_transient();
                    let last = BACK_OFF.len().saturating_sub(1);
                    thread::sleep(BACK_OFF[self.failures.min(last)]);
                    self.failures = self.failures.saturating_add(1);
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

fn refused_stream(url: &str, mut response: Response<Body>) -> ClientError {
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(REPLY_BYTES_MAX).read_to_vec();
    problem_of(url, status, &body.unwrap_or_default())
}

/// A unit variant as the API writes it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("plain words serialise");
    value.as_str().unwrap_or_default().to_owned()
}

/// `path` with the query of a page and of filters.
fn with_query(path: &str, page: &PageQuery, filters: &[(&str, Option<String>)]) -> String {
    let PageQuery { cursor, limit, order } = page;
    let own = [
        ("cursor", cursor.clone()),
        ("limit", limit.map(|limit| limit.to_string())),
        ("order", order.map(|order| word(&order))),
    ];
    let mut url = path.to_owned();
    let mut mark = '?';
    for (name, value) in own.iter().chain(filters) {
        if let Some(value) = value {
            // Values are words, numbers and cursors: nothing that needs escaping.
            let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let value: String = value.chars().filter(plain).collect();
            url = format!("{url}{mark}{name}={value}");
            mark = '&';
        }
    }
    url
}
