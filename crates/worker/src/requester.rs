//! The requester: puts program and input where everybody finds them, posts the job, opens its
//! part of the seed, and takes the output.
//!
//! Law: everything it must show later follows from its key and the job on the ledger, so it may
//! be interrupted at any time.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use earnest_api::{Client, JobFilter, JobView, PageQuery, Session};
use earnest_compute::{
    Checkpoint, Digest as WorkDigest, Explanation, Input, Status, guests,
    paged::{
        chunks::{CHUNK_BYTES, chunk_root, trimmed},
        task::Input as PagedInput,
    },
};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Ending, Event, Gas, JobId, Ratio, Role,
    command::{
        Auction, ConfirmReceipt, DataItem, GainTiming, KeepData, OpenSeed, PostJob, ProgramForm,
        PublishProgram, RequestData, ResourceClass, ServeData, TICKS_PER_GAS, Task, Visibility,
    },
    market::Phase,
    params::MarketParams,
    seal,
    storage::PART_BYTES,
};
use tracing::{info, warn};

use crate::{
    chain::{Chain, ChainError},
    daemon::{Duty, Setup, Work, run as run_daemon},
    execution::{ExecutionError, StepsOrder, measure, served_chunk, served_pages, task_of},
    keeping::{self, Sizes},
    material::Material,
    outputs,
    results::Results,
    sandbox::{Cancellation, RunnerCommand},
    withheld,
};

/// Bytes of the largest state.
const OUTPUT_BYTES_MAX: usize = earnest_compute::admission::STATE_BYTES_MAX;

/// What a job is to compute.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A program that computes in steps.
    Steps {
        /// The module.
        program: Vec<u8>,
        /// The input's chunks.
        chunks: Vec<Vec<u8>>,
        /// Steps to make.
        steps: u64,
        /// What the program's first state is made from.
        seed: Digest,
    },
    /// An ordinary program, prepared, tried and published.
    Paged {
        /// BLAKE3 of the pausable module.
        program: Digest,
        /// What it was prepared from: the linked module. Who is asked to run it prepares it again.
        source: Vec<u8>,
        /// Its input, zeros up to the last chunk included.
        input: Vec<u8>,
        /// Ticks that it took here.
        ticks: u64,
        /// Bytes that it put out here.
        output_bytes: u64,
    },
}

impl Wanted {
    /// The input of an ordinary program with zeros up to its last chunk: nobody reads them, for a
    /// bundle says itself how long its parts are.
    pub fn filled_up(mut input: Vec<u8>) -> Vec<u8> {
        input.resize(input.len().next_multiple_of(CHUNK_BYTES), 0);
        input
    }

    /// What an ordinary program was prepared from, as it is stored; nothing for others.
    fn source(&self) -> Vec<Vec<u8>> {
        match self {
            Wanted::Steps { .. } => Vec::new(),
            Wanted::Paged { source, .. } => {
                source.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect()
            }
        }
    }

    /// The input as it is stored, with the name of each chunk.
    fn chunks(&self) -> Vec<(Digest, &[u8])> {
        match self {
            Wanted::Steps { chunks, .. } => {
                chunks.iter().map(|chunk| (program_digest(chunk), chunk.as_slice())).collect()
            }
            Wanted::Paged { input, .. } => {
                let name = |chunk| {
                    let root = chunk_root(chunk).expect("no piece is longer than a chunk");
                    (Digest(root.0), trimmed(chunk))
                };
                input.chunks(CHUNK_BYTES).map(name).collect()
            }
        }
    }
}

/// A job as a person asks for it.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What is to be computed.
    pub wanted: Wanted,
    /// The most to pay.
    pub price_max: Amount,
    /// The chance of an audit.
    pub audit_rate: Ratio,
    /// Auditors when there is one.
    pub auditors: u8,
    /// How the price is found.
    pub auction: Auction,
    /// Blocks to the deadline; derived from the work if none.
    pub deadline_blocks: Option<Blocks>,
    /// The work bound; measured here if none.
    pub gas_bound: Option<Gas>,
    /// What a wrong result is worth elsewhere.
    pub outside_gain: Amount,
}

/// A job that may be posted.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its terms.
    pub terms: PostJob,
    /// Bytes that its output has; the most that one may have if it did not come to its end here.
    pub output_bytes: usize,
    /// What went wrong when it was tried, if a gas bound was given all the same.
    pub notice: Option<String>,
}

impl Plan {
    fn sizes(&self, wish: &Wish) -> Sizes {
        let chunks = wish.wanted.chunks().iter().map(|(_, chunk)| chunk.len()).collect();
        let program = match &wish.wanted {
            Wanted::Steps { program, .. } => Some(program.len()),
            // The ledger itself keeps it.
            Wanted::Paged { .. } => None,
        };
        let source = wish.wanted.source().iter().map(Vec::len).collect();
        let output = outputs::files_of(self.terms.task.form, self.output_bytes);
        Sizes { program, chunks, source, output }
    }
}

/// Why a job could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// The module is not one that jobs may have.
    #[error("the module is not admitted: {0}")]
    NotAdmitted(earnest_compute::AdmissionRejected),
    /// The input is not one that jobs may have.
    #[error("the input: {0}")]
    Input(String),
    /// It puts out more than jobs may.
    #[error("the output: {0}")]
    Output(String),
    /// It could not be run here.
    #[error(transparent)]
    Execution(ExecutionError),
    /// It stops by itself before its last step.
    #[error("the program stops before its last step: {status}")]
    Stops {
        /// How.
        status: String,
        /// What to do, where the cause is known.
        remedy: Option<&'static str>,
    },
    /// The chain said no.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl From<earnest_api::ClientError> for WishError {
    fn from(error: earnest_api::ClientError) -> WishError {
        WishError::Chain(ChainError::Node(error))
    }
}

/// How a tried program stopped, in words.
fn stops(last: &Checkpoint, why: Option<Explanation>, module: &[u8]) -> WishError {
    let step = |at| if at == 0 { "`init`".to_owned() } else { format!("step {at}") };
    let status = match last.status {
        Status::Running => "it runs".into(),
        Status::Fault { at } => {
            let why = why.map_or("is a fault".into(), |why| why.words(module));
            format!("{} {why}", step(at))
        }
        Status::Halted { at } => format!("the gas bound of the whole is spent in {}", step(at)),
    };
    WishError::Stops { status, remedy: why.map(|why| why.cause.remedy()) }
}

/// A preimage of this sender's: the `counter`-th. A key has others for each account that it acts
/// for, since each has a sequence of its own.
fn preimage(session: &Session, counter: u64) -> Digest {
    let (network, counter) = (session.network(), counter.to_le_bytes());
    let own = [network.0.as_slice(), counter.as_slice()];
    match session.on_behalf_of() {
        None => session.signer().derive("seed preimage", &own),
        Some(account) => {
            session.signer().derive("seed preimage", &[own[0], own[1], account.0.as_slice()])
        }
    }
}

/// Which of this sender's preimages `sealed` hides. The counter was its nonce when the job was
/// planned, so it is among the last ones.
fn find_preimage(session: &Session, nonce: u64, sealed: &Digest) -> Option<Digest> {
    let counters = (0..=nonce.saturating_add(64)).rev().take(100_000);
    counters
        .map(|counter| preimage(session, counter))
        .find(|preimage| seal::seed(preimage) == *sealed)
}

/// The seal of the next job's preimage, never used before.
fn next_seal(session: &Session) -> Result<Digest, ChainError> {
    Ok(seal::seed(&preimage(session, session.nonce()?)))
}

/// The terms that `wish` comes to on this network; a program that computes in steps is measured
/// here if its work is not known.
///
/// # Errors
/// Why it cannot be asked for.
pub fn plan(session: &Session, wish: &Wish, runner: &RunnerCommand) -> Result<Plan, WishError> {
    let params = session.client().params()?;
    let planned = match &wish.wanted {
        Wanted::Steps { .. } => plan_steps(wish, &params.market, runner)?,
        Wanted::Paged { .. } => plan_paged(wish)?,
    };
    let Planned { task, output_bytes, notice } = planned;
    let usual = params.verification.audit_blocks(task.gas_bound, &params.market);
    let deadline = wish.deadline_blocks.unwrap_or(usual);
    let (shortest, longest) =
        (params.market.deadline_blocks_min, params.market.deadline_blocks_max);
    let seed_seal = next_seal(session)?;
    let terms = PostJob {
        task,
        class: ResourceClass::Cpu,
        price_max: wish.price_max,
        deadline_blocks: deadline.clamp(shortest, longest),
        auction: wish.auction,
        reputation_min: Ratio::ZERO,
        audit_rate: wish.audit_rate,
        auditors: wish.auditors,
        outside_gain: wish.outside_gain,
        gain_timing: GainTiming::Delivery,
        seed_seal,
        visibility: Visibility::Public,
    };
    Ok(Plan { terms, output_bytes, notice })
}

/// A task, and what is known of its end.
struct Planned {
    task: Task,
    output_bytes: usize,
    notice: Option<String>,
}

fn plan_steps(
    wish: &Wish,
    market: &MarketParams,
    runner: &RunnerCommand,
) -> Result<Planned, WishError> {
    let Wanted::Steps { program, chunks, steps, seed } = &wish.wanted else {
        return Err(WishError::Input("not one of steps".to_owned()));
    };
    earnest_compute::admit(program).map_err(WishError::NotAdmitted)?;
    let input = Input::new(chunks.clone()).map_err(|e| WishError::Input(e.to_string()))?;
    let mut task = Task {
        program: program_digest(program),
        input_root: Digest(input.root().0),
        chunk_count: input.count(),
        steps: *steps,
        seed: *seed,
        step_gas_max: market.step_gas_max,
        gas_bound: wish.gas_bound.unwrap_or(market.work_bound_max),
        form: ProgramForm::Stepwise,
    };
    task.step_gas_max = task.step_gas_max.min(task.gas_bound);
    let (mut output_bytes, mut notice) = (OUTPUT_BYTES_MAX, None);
    let (runner, program, input) = (runner.clone(), program.clone(), Arc::new(input));
    let (work, cancellation) = (task_of(&task), Cancellation::default());
    let order = StepsOrder { runner, program, input, task: work, wrong_from: None, cancellation };
    match (try_order(&order), wish.gas_bound) {
        (Ok(last), None) => {
            output_bytes = last.state.len();
            // The same program, input and seed use the same gas: no slack is needed.
            task.gas_bound = Gas::new(last.gas.max(task.step_gas_max.count()));
        }
        (Ok(last), Some(_)) => output_bytes = last.state.len(),
        (Err(error), None) => return Err(error),
        // Whoever gives a bound may want the job all the same, or have no sandbox here.
        (Err(error), Some(_)) => notice = Some(error.to_string()),
    }
    Ok(Planned { task, output_bytes, notice })
}

fn plan_paged(wish: &Wish) -> Result<Planned, WishError> {
    let Wanted::Paged { program, input, ticks, output_bytes, .. } = &wish.wanted else {
        return Err(WishError::Input("not one of an ordinary program".to_owned()));
    };
    let chunk_count = wish.wanted.chunks().len();
    let pages = PagedInput::new(input.clone())
        .filter(|_| chunk_count <= usize::try_from(ProgramForm::CHUNKS_MAX).unwrap_or(0));
    let too_long = || WishError::Input(format!("{} bytes are too many", input.len()));
    let pages = pages.ok_or_else(too_long)?;
    let source = Input::new(wish.wanted.source()).map_err(|e| WishError::Input(e.to_string()))?;
    let output_kib = output_bytes.div_ceil(1024).max(1);
    let output_kib = u32::try_from(output_kib).unwrap_or(u32::MAX);
    if ProgramForm::OUTPUT_KIB_MAX < output_kib {
        let (bytes, most) = (output_bytes, ProgramForm::OUTPUT_KIB_MAX);
        return Err(WishError::Output(format!("{bytes} bytes are more than {most} KiB")));
    }
    // A run is over before its bound: one that pauses there is halted.
    let least = Gas::new((ticks / TICKS_PER_GAS).saturating_add(1));
    let gas_bound = wish.gas_bound.unwrap_or(least).max(ProgramForm::STEP_GAS);
    let notice = (gas_bound < least).then(|| format!("it takes {least} gas and is halted"));
    let task = Task {
        program: *program,
        input_root: Digest(pages.tree().root().0),
        chunk_count: u32::try_from(chunk_count).unwrap_or(u32::MAX),
        steps: ProgramForm::steps_of(gas_bound),
        // What random numbers are made from stands in the input: this names the source.
        seed: Digest(source.root().0),
        step_gas_max: ProgramForm::STEP_GAS,
        gas_bound,
        form: ProgramForm::Paged(output_kib),
    };
    let output_bytes = usize::try_from(*output_bytes).unwrap_or(usize::MAX);
    Ok(Planned { task, output_bytes, notice })
}

fn try_order(order: &StepsOrder) -> Result<Checkpoint, WishError> {
    let (last, why) = measure(order).map_err(WishError::Execution)?;
    match last.status {
        Status::Running => Ok(last),
        Status::Fault { .. } | Status::Halted { .. } => Err(stops(&last, why, &order.program)),
    }
}

/// Why the program of a job stops: the ledger knows only that it does, so it is tried again here.
/// `None` if it does not stop here, or its bytes are gone.
fn why_stopped(work: &Work, task: &Task) -> Option<WishError> {
    let Material::Steps { program, input } = work.chain.material(task).ok()? else {
        return None;
    };
    let (runner, task) = (work.runner.clone(), task_of(task));
    let cancellation = Cancellation::default();
    let order = StepsOrder { runner, program, input, task, wrong_from: None, cancellation };
    try_order(&order).err()
}

/// A job at its end.
#[derive(Debug)]
pub struct Followed {
    /// As the ledger has it.
    pub view: JobView,
    /// Why its program stopped by itself, if the accepted result says so and it does so here.
    pub why_stopped: Option<WishError>,
}

/// Pays for the bytes of a planned job, as far as nobody does; returns what was asked for. Nothing
/// is paid for a job that the rules would refuse.
///
/// # Errors
/// If the rules refuse the job or a payment, or the node does not answer.
pub fn keep(chain: &mut Chain, wish: &Wish, plan: &Plan) -> Result<Vec<KeepData>, WishError> {
    let client = chain.client();
    let tried = chain.session().simulate(Command::PostJob(plan.terms.clone()))?;
    if let Some(refusal) = tried.refusal {
        return Err(WishError::Chain(ChainError::Refused(Box::new(refusal))));
    }
    let needs = keeping::needs(client, &plan.terms, &plan.sizes(wish))?;
    let unpaid = keeping::unpaid(client, &needs)?;
    chain.send_all(unpaid.iter().cloned().map(Command::KeepData))?;
    Ok(unpaid)
}

/// Stores program and input at the node, where every provider and auditor finds them; chunks that
/// are there already are not sent again.
///
/// # Errors
/// If the node does not take them: nobody pays for them, or it has no room.
pub fn store(client: &Client, wish: &Wish) -> Result<(), WishError> {
    if let Wanted::Steps { program, .. } = &wish.wanted {
        client.put_blob(program)?;
    }
    let source = wish.wanted.source();
    let source: Vec<_> = source.iter().map(|chunk| (program_digest(chunk), &chunk[..])).collect();
    for chunks in [wish.wanted.chunks(), source] {
        store_chunks(client, &chunks)?;
    }
    Ok(())
}

fn store_chunks(client: &Client, chunks: &[(Digest, &[u8])]) -> Result<(), WishError> {
    if chunks.is_empty() {
        return Ok(());
    }
    let missing = client.put_input(chunks.iter().map(|(name, _)| *name).collect())?.missing;
    let mut missing: BTreeSet<Digest> = missing.into_iter().collect();
    for (name, chunk) in chunks {
        if missing.remove(name) {
            client.put_blob(chunk)?;
        }
    }
    Ok(())
}

/// The commands that publish a prepared program, in their order.
pub fn parts(module: &[u8]) -> Vec<PublishProgram> {
    let program = program_digest(module);
    let bytes_total = u32::try_from(module.len()).unwrap_or(u32::MAX);
    let size = usize::try_from(PART_BYTES).expect("usize has 32 bits");
    let pieces = (0..).zip(module.chunks(size));
    let part = |(part, bytes): (u32, &[u8])| PublishProgram {
        program,
        bytes_total,
        part,
        bytes: bytes.to_vec(),
    };
    pieces.map(part).collect()
}

/// Publishes a prepared program: those parts that this account has not published yet.
///
/// # Errors
/// If the rules refuse it, or the node does not answer.
pub fn publish(chain: &mut Chain, module: &[u8], done: u32) -> Result<(), ChainError> {
    for part in parts(module).into_iter().filter(|part| done <= part.part) {
        chain.send(Command::PublishProgram(part))?;
    }
    Ok(())
}

/// Posts a planned job and returns its number.
///
/// # Errors
/// If the rules refuse it, or the node does not answer.
pub fn post(chain: &mut Chain, terms: PostJob) -> Result<JobId, ChainError> {
    let seal = terms.seed_seal;
    let (receipt, me) = (chain.send(Command::PostJob(terms))?, chain.me);
    // The event of this block that carries our job names it.
    let height = receipt.height.ok_or(ChainError::Pending)?;
    let before = earnest_protocol::Height::new(height.count().saturating_sub(1));
    let after = earnest_api::EventId { height: before, index: u32::MAX };
    for event in chain.client().events(Some(after), &["job_posted"]) {
        let event = event?;
        let Event::JobPosted { job, requester, .. } = event.event else { continue };
        if requester == me && chain.job(job)?.terms.seed_seal == seal {
            return Ok(job);
        }
        if event.height > height {
            break;
        }
    }
    Err(ChainError::Pending)
}

/// Makes every due move of a requester about one job of its own. Each follows from the key and the
/// ledger, so another program with this key makes the same, and one of the two comes too late.
pub(crate) fn attend(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let (me, id) = (work.chain.me, job.id);
    if job.requester.id != me {
        return Ok(());
    }
    match job.phase {
        Phase::Committed if job.seed.preimage.is_none() => {
            let session = work.chain.session();
            let nonce = session.nonce()?;
            match find_preimage(session, nonce, &job.terms.seed_seal) {
                Some(preimage) => {
                    work.send_if_first(Command::OpenSeed(OpenSeed { job: id, preimage }))?;
                }
                None => warn!("job {id}: its seed was not made from this key"),
            }
        }
        Phase::Offered => answer_missing(work, job)?,
        Phase::Challengeable if !job.receipt => take_output(work, job)?,
        _ => {}
    }
    Ok(())
}

/// A winner could not fetch something: it is put on the ledger.
fn answer_missing(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let Some(request) = job.requests.iter().find(|request| !request.served) else {
        return Ok(());
    };
    let material = work.chain.material(&job.terms.task)?;
    let bytes = match (request.item, material) {
        (DataItem::Program, Material::Steps { program, .. }) => Some(program),
        (DataItem::Input(chunk), Material::Steps { input, .. }) => served_chunk(&input, chunk),
        (DataItem::Input(chunk), Material::Paged { input, .. }) => served_pages(&input, chunk),
        (DataItem::Program, Material::Paged { .. })
        | (DataItem::Output | DataItem::OutputChunk(_), _) => None,
    };
    if let Some(bytes) = bytes {
        let item = request.item;
        work.send_if_first(Command::ServeData(ServeData { job: job.id, item, bytes }))?;
    }
    Ok(())
}

/// Fetches the output and confirms it; asks for it on the ledger if it is not there.
fn take_output(work: &mut Work, job: &JobView) -> Result<(), ChainError> {
    let Some(claim) = job.result.as_ref().and_then(|result| result.claim) else {
        return Ok(());
    };
    let (id, output) = (job.id, claim.output());
    let receipt = Command::ConfirmReceipt(ConfirmReceipt { job: id });
    if work.is_sent(&receipt) {
        return Ok(());
    }
    let (client, task) = (work.chain.client(), &job.terms.task);
    let missing = outputs::missing(client, task, &output)?;
    let read = match missing {
        0 => outputs::read_output(client, task, &output, |_| Ok(())),
        _ => Err(ChainError::OutputMissing { root: output }),
    };
    match read {
        Ok(_) => {
            work.send_if_first(receipt)?;
        }
        Err(_) if task.form.output_chunks() > 0 => {
            let is_overdue = work.is_overdue(id, (missing, true))?;
            if withheld::is_asked_for(job) || is_overdue || withheld::is_closing(work, job)? {
                withheld::ask(work, job, &output)?;
            }
        }
        Err(_)
            if job.requests.is_empty()
                && !is_stopped(&output)
                && work.is_overdue(id, (missing, false))? =>
        {
            let item = DataItem::Output;
            work.send_if_first(Command::RequestData(RequestData { job: id, item }))?;
        }
        Err(_) => {}
    }
    Ok(())
}

/// True if this is not a state but the mark of a program that stopped early.
pub fn is_stopped(output: &Digest) -> bool {
    use earnest_compute::checkpoint::{FAULT_STATE, HALT_STATE};
    let output = WorkDigest(output.0);
    output == FAULT_STATE || output == HALT_STATE
}

/// True if a program did not come to its own end: of an ordinary one, whose `ending` is known,
/// there may be an output all the same.
pub fn has_stopped(output: Option<&Digest>, ending: Option<Ending>) -> bool {
    match ending {
        Some(ending) => matches!(ending, Ending::Trapped | Ending::Halted),
        None => output.is_some_and(is_stopped),
    }
}

/// Follows one job of this account until it is closed, making the requester's moves; `moved` hears
/// of each new phase.
///
/// # Errors
/// If the node stops answering, or `stop` is raised first (then `Ok(None)`).
pub fn follow(
    chain: Chain,
    job: JobId,
    stop: &std::sync::atomic::AtomicBool,
    runner: RunnerCommand,
    mut moved: impl FnMut(&JobView),
) -> Result<Option<Followed>, ChainError> {
    let mut work = Work::new(chain, runner, Results::default());
    let mut phase = None;
    while !stop.load(Ordering::SeqCst) {
        let view = work.chain.job(job)?;
        if phase != Some(view.phase) {
            phase = Some(view.phase);
            moved(&view);
        }
        if view.phase == Phase::Closed {
            let stopped = view.closed.and_then(|closed| closed.output);
            let stopped = stopped.filter(is_stopped);
            let why_stopped = stopped.and_then(|_| why_stopped(&work, &view.terms.task));
            return Ok(Some(Followed { view, why_stopped }));
        }
        attend(&mut work, &view)?;
        work.settle_sent()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(None)
}

/// How a requester of a development network posts the shipped programs.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// Fixes seeds and so everything about the jobs.
    pub seed: u64,
    /// Jobs open at once.
    pub open_max: usize,
    /// The shortest time between two jobs.
    pub pause: Duration,
    /// Blocks from acceptance to the deadline of each.
    pub deadline_blocks: Blocks,
}

/// Jobs that what is paid for once lasts for.
const KEPT_FOR: u64 = 16;

/// Program and input are kept for many jobs, room for an output for the one.
fn prolong(keep: KeepData, plan: &Plan, longest: Blocks) -> KeepData {
    if keep.root == plan.terms.seed_seal {
        return keep;
    }
    let price_max = keep.price_max.checked_times(KEPT_FOR).unwrap_or(Amount::MAX);
    KeepData { blocks: keep.blocks.times(KEPT_FOR).min(longest), price_max, ..keep }
}

/// Posts the three shipped programs in turn, and follows them, until its stop flag is raised.
///
/// # Errors
/// If its account does not exist, or a program cannot be measured.
pub fn run_rounds(setup: Setup, rounds: Rounds) -> Result<(), Box<dyn std::error::Error>> {
    run_daemon(
        setup,
        Requester { rounds, plans: Vec::new(), next: None, posted: None, mine: BTreeSet::new() },
    )?;
    Ok(())
}

struct Requester {
    rounds: Rounds,
    /// The shipped programs, measured.
    plans: Vec<(Wish, Plan)>,
    /// The job whose bytes are being paid for.
    next: Option<(Wish, Plan)>,
    posted: Option<Instant>,
    mine: BTreeSet<JobId>,
}

impl Duty for Requester {
    const ROLE: Option<Role> = None;

    fn attend(&mut self, work: &mut Work, job: &JobView) -> Result<(), ChainError> {
        if job.requester.id == work.chain.me {
            self.mine.insert(job.id);
        }
        attend(work, job)
    }

    fn round(&mut self, work: &mut Work, open: &[JobId]) -> Result<(), ChainError> {
        self.mine.retain(|job| open.binary_search(job).is_ok());
        let paused = self.posted.is_some_and(|at| at.elapsed() < self.rounds.pause);
        if paused || self.mine.len() >= self.rounds.open_max {
            return Ok(());
        }
        if self.plans.is_empty() {
            self.measure(work)?;
        }
        if self.next.is_none() {
            self.next = self.plan_next(work)?;
        }
        let Some((wish, plan)) = &self.next else { return Ok(()) };
        let client = work.chain.client();
        let needs = keeping::needs(client, &plan.terms, &plan.sizes(wish))?;
        let unpaid = keeping::unpaid(client, &needs)?;
        if !unpaid.is_empty() {
            let longest = client.params()?.storage.keep_blocks_max;
            for keep in unpaid {
                // Longer than one job takes: the next ones find it paid.
                work.send(Command::KeepData(prolong(keep, plan, longest)))?;
            }
            return Ok(());
        }
        match store(client, wish) {
            Ok(()) => {}
            Err(WishError::Chain(error)) => return Err(error),
            Err(error) => warn!("{error}"),
        }
        if work.send(Command::PostJob(plan.terms.clone()))? {
            self.posted = Some(Instant::now());
            self.next = None;
            info!("job posted");
        }
        Ok(())
    }
}

impl Requester {
    /// The next of the shipped programs, as a job of its own.
    fn plan_next(&mut self, work: &Work) -> Result<Option<(Wish, Plan)>, ChainError> {
        let page = PageQuery { limit: Some(1), ..PageQuery::default() };
        let latest = work.chain.client().jobs(JobFilter::default(), &page)?.items;
        // If all rows have left, it is as if none had been posted: the first program is due.
        let posted = latest.first().map_or(0, |job| job.id.raw().saturating_add(1));
        let count = self.plans.len().max(1);
        let turn = usize::try_from(posted).unwrap_or(0) % count;
        let Some((wish, plan)) = self.plans.get(turn) else { return Ok(None) };
        let (wish, mut plan) = (wish.clone(), plan.clone());
        // Each job draws its auditors by a preimage of its own; the program's seed stays.
        plan.terms.seed_seal = next_seal(work.chain.session())?;
        Ok(Some((wish, plan)))
    }

    /// Measures each of the shipped programs once.
    fn measure(&mut self, work: &mut Work) -> Result<(), ChainError> {
        let mut plans = Vec::new();
        for (index, guest) in guests::all().into_iter().enumerate() {
            let seed = {
                let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 development job");
                hasher.update(&self.rounds.seed.to_le_bytes()).update(guest.name.as_bytes());
                Digest(*hasher.finalize().as_bytes())
            };
            let rate = [Ratio::ONE, Ratio::percent(50), Ratio::ONE];
            let wanted = Wanted::Steps {
                program: guest.module.to_vec(),
                chunks: guest.chunks.clone(),
                steps: guest.steps,
                seed,
            };
            let mut wish = Wish {
                wanted,
                price_max: Amount::ZERO,
                audit_rate: rate.get(index).copied().unwrap_or(Ratio::ONE),
                auditors: 2,
                auction: Auction::FirstPrice,
                deadline_blocks: Some(self.rounds.deadline_blocks),
                gas_bound: None,
                outside_gain: Amount::ZERO,
            };
            let session = work.chain.session();
            match plan(session, &wish, &work.runner) {
                Ok(mut planned) => {
                    let params = session.client().params()?;
                    let tariff =
                        params.market.tariff(planned.terms.task.gas_bound).unwrap_or(Amount::MAX);
                    wish.price_max = tariff.checked_times(2).unwrap_or(tariff);
                    planned.terms.price_max = wish.price_max;
                    plans.push((wish, planned));
                }
                Err(WishError::Chain(error)) => return Err(error),
                Err(error) => warn!("{}: {error}", guest.name),
            }
        }
        self.plans = plans;
        Ok(())
    }
}

/// The digest that a job names a program by.
pub fn program_digest(module: &[u8]) -> Digest {
    Digest(*blake3::hash(module).as_bytes())
}
