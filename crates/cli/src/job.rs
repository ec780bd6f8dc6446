//! `earnest job`: quote, submit, list, follow, wait, and read the result.

mod list;
mod ordinary;
mod wait;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand};
use earnest_api::{Client, JobView, Session};
use earnest_keys::Signer;
use earnest_prepare::link::exports_start;
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Ending, Gas, JobId,
    command::{Auction, CancelJob, InsureJob, KeepData, ProgramForm, RateJob, Rating},
    insurance::CoverQuote,
    market::{CloseReason, Outcome, Phase},
};
use earnest_worker::{
    Chain, ChainError, guests,
    requester::{self, Followed, Wanted, Wish, WishError},
    sandbox::admit,
};
use serde_json::{Value, json};

use self::ordinary::Ready;
use crate::{
    clock::span,
    daemons::{chain_failed, open, open_with, runner},
    failure::{Failure, Status},
    keys::{self, ActArgs},
    money,
    output::{self, Lines, note, out, say},
    present::Present,
    program, quote,
    run::GivenArgs,
    show, stake, stop,
    up::account::word,
};

/// What to do with jobs.
#[derive(Subcommand, Debug)]
pub enum JobCommand {
    /// What a policy costs, locks and detects, before any money moves
    Quote(quote::QuoteArgs),
    /// Post a job and follow it to its end
    Submit(Box<SubmitArgs>),
    /// Follow a job of yours to its end, making the moves that are yours
    Follow {
        /// Which job
        job: u64,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Take back a job of yours while its bids are sealed: all but fees returns
    Cancel {
        /// Which job
        job: u64,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Insure a job of yours, before its bids are opened: a conviction then pays the cover, too
    Insure(InsureArgs),
    /// Say of a job that you paid for whether you would ask its provider again
    Rate {
        /// Which job
        job: u64,
        /// `good` or `bad`
        #[arg(value_parser = rating)]
        rating: Rating,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Jobs, newest first
    List(list::ListArgs),
    /// Wait for the end of a job, whoever's it is; the exit status is that of `submit`
    Wait(wait::WaitArgs),
    /// Where a job stands
    Status {
        /// Which job
        job: u64,
    },
    /// Fetch a job's output and check it against what the ledger accepted
    Result {
        /// Which job
        job: u64,
        /// Write the output's bytes to this file
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// An output of so many bytes is short enough to be shown.
const SHOWN_BYTES_MAX: u64 = 64;
/// Of a longer output no more is in memory than it is written in parts of.
const HELD_BYTES_MAX: usize = 1 << 20;

/// What is insured.
#[derive(Args, Debug)]
pub struct InsureArgs {
    /// Which job
    job: u64,
    /// What you would lose beyond compensation, in tokens [default: the most that can be covered]
    #[arg(long, value_parser = money::tokens, value_name = "TOKENS")]
    cover: Option<Amount>,
    /// The most you pay for it, in tokens [default: what it costs now]
    #[arg(long, value_parser = money::tokens, value_name = "TOKENS")]
    max_premium: Option<Amount>,
    #[command(flatten)]
    act: ActArgs,
}

/// A job as it is submitted.
#[derive(Args, Debug)]
pub struct SubmitArgs {
    /// The WebAssembly module: one that computes in steps, or an ordinary program compiled for
    /// wasm32-wasip1; docs/guests.md tells of both
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// The most you pay, in tokens
    #[arg(long, value_parser = money::tokens, value_name = "TOKENS")]
    max_price: Amount,
    #[command(flatten)]
    audit: quote::AuditArgs,
    /// Blocks from acceptance to the deadline [default: from the work]
    #[arg(long, value_name = "BLOCKS")]
    deadline: Option<u64>,
    /// The work bound in gas [default: measured here, in a sandbox]
    #[arg(long)]
    gas_bound: Option<u64>,
    /// `first-price`, or `second-price`: there a bid that is alone is paid the whole ceiling
    #[arg(long, default_value = "first-price", value_parser = quote::auction)]
    auction: Auction,
    /// What a wrong result is worth to its maker elsewhere, in tokens
    #[arg(long, value_parser = money::tokens, default_value = "0", value_name = "TOKENS")]
    outside_gain: Amount,
    /// What the program's first state, or its random numbers, are made from: 0x and 64 hex digits
    /// [default: from the clock]
    #[arg(long, value_parser = crate::text::digest)]
    seed: Option<Digest>,
    #[command(flatten)]
    act: ActArgs,
    /// Return when the job is posted; follow it later, or a withheld seed costs your deposit
    #[arg(long)]
    no_wait: bool,
    // Those with a heading of their own come last: what follows would stand under it.
    #[command(flatten)]
    steps: StepsArgs,
    #[command(flatten)]
    given: GivenArgs,
}

/// What only programs that compute in steps are given.
#[derive(Args, Debug)]
#[command(next_help_heading = "Programs that compute in steps")]
struct StepsArgs {
    /// The input; cut into chunks, one a step, in turn
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Bytes in a chunk, at most 262144 [default: 65536]
    #[arg(long, value_name = "BYTES")]
    chunk_size: Option<usize>,
    /// How many steps to make [default: one a chunk of the input]
    #[arg(long)]
    steps: Option<u64>,
}

impl SubmitArgs {
    fn seed_bytes(&self) -> Digest {
        self.seed.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let mut seed = [0; 32];
            for (to, from) in seed.iter_mut().zip(now.as_nanos().to_le_bytes()) {
                *to = from;
            }
            Digest(seed)
        })
    }

    /// The job that these words ask for.
    fn wish(&self, wanted: Wanted) -> Wish {
        Wish {
            wanted,
            price_max: self.max_price,
            audit_rate: self.audit.audit_rate,
            auditors: self.audit.auditors,
            auction: self.auction,
            deadline_blocks: self.deadline.map(Blocks::new),
            gas_bound: self.gas_bound.map(Gas::new),
            outside_gain: self.outside_gain,
        }
    }
}

pub fn run(command: &JobCommand, node: &str, json: bool) -> Result<(), Failure> {
    match command {
        JobCommand::Quote(args) => quote::run(args, node, json),
        JobCommand::Submit(args) => submit(args, node, json),
        JobCommand::Follow { job, act } => {
            let chain = open(node, act)?;
            follow(chain, &Client::new(node), JobId::new(*job), json)
        }
        JobCommand::Cancel { job, act } => {
            let cancel = CancelJob { job: JobId::new(*job) };
            let signer = keys::open(&act.key)?;
            send(Client::new(node), signer, act, Command::CancelJob(cancel), json, "taken back")
        }
        JobCommand::Rate { job, rating, act } => {
            let rate = RateJob { job: JobId::new(*job), rating: *rating };
            let signer = keys::open(&act.key)?;
            send(Client::new(node), signer, act, Command::RateJob(rate), json, "rated")
        }
        JobCommand::Insure(args) => insure(args, node, json),
        JobCommand::List(args) => list::run(args, &Client::new(node), json),
        JobCommand::Wait(args) => wait::run(args, &Client::new(node), json),
        JobCommand::Status { job } => {
            let client = Client::new(node);
            print_status(&client, &client.job(JobId::new(*job))?, json)
        }
        JobCommand::Result { job, output } => {
            result(&Client::new(node), JobId::new(*job), output.as_deref(), json)
        }
    }
}

fn rating(word: &str) -> Result<Rating, String> {
    match word {
        "good" => Ok(Rating::Good),
        "bad" => Ok(Rating::Bad),
        _ => Err("say `good` or `bad`".to_owned()),
    }
}

fn insure(args: &InsureArgs, node: &str, json: bool) -> Result<(), Failure> {
    let (signer, client) = (keys::open(&args.act.key)?, Client::new(node));
    let job = JobId::new(args.job);
    let view = client.job(job)?;
    let quote = view.cover;
    let most = |quote: CoverQuote| quote.cover_max.min(quote.available);
    let cover = args.cover.or(quote.map(most)).unwrap_or_default();
    let params = client.network()?.params.insurance;
    let premium = quote.and_then(|quote| quote.premium(cover, &params)).unwrap_or(Amount::MAX);
    let premium_max = args.max_premium.unwrap_or(premium);
    let command = Command::InsureJob(InsureJob { job, cover, premium_max });
    let done = format!("{} covered for {}", crate::text::tokens(cover), money::show(premium));
    send(client, signer, &args.act, command, json, &done)
}

/// Sends a command about a job, waits for it, and says what was done.
fn send(
    client: Client,
    signer: Signer,
    act: &ActArgs,
    command: Command,
    json: bool,
    done: &str,
) -> Result<(), Failure> {
    let account = act.account(&client)?;
    let mut session = Session::open_for(client, signer, account)?;
    let receipt = stake::accepted(session.send_and_wait(command, stake::WAIT)?)?;
    if !json {
        out!("{done}")?;
    }
    stake::print_receipt(&receipt, json)
}

fn submit(args: &SubmitArgs, node: &str, json: bool) -> Result<(), Failure> {
    let module = read(&args.program)?;
    // Before it takes its time: nobody waits with a password on the tongue.
    let signer = keys::open(&args.act.key)?;
    let is_ordinary = exports_start(&module);
    let (wanted, ready) = match is_ordinary {
        true => ordinary::wanted(args, &module)?,
        false => (steps(args, module)?, None),
    };
    let wish = args.wish(wanted);
    let mut chain = open_with(signer, node, &args.act)?;
    if let Some(ready) = ready {
        warn_of_short_bidding(chain.client(), &ready)?;
        program::publish_unless_there(&mut chain, &ready.pausable)?;
    }
    if !is_ordinary {
        note!("checking and measuring the program in a sandbox");
    }
    let plan = requester::plan(chain.session(), &wish, &runner()?).map_err(wish_failed)?;
    if let Some(notice) = &plan.notice {
        note!("warning: {notice}; with this --gas-bound the job ends there");
    }
    let clock = Present::ask(chain.client())?.clock;
    let (gas, deadline) = (plan.terms.task.gas_bound, clock.length(plan.terms.deadline_blocks));
    note!("work bound {gas} gas, deadline {deadline} after acceptance");
    if let Some(asked) = wish.deadline_blocks.filter(|asked| *asked != plan.terms.deadline_blocks) {
        let taken = plan.terms.deadline_blocks;
        note!(
            "warning: --deadline {asked} is not within what the network allows, so it is {taken}; \
             `earnest query params` shows `market.deadline_blocks_min` and `_max`"
        );
    }
    for keep in requester::keep(&mut chain, &wish, &plan).map_err(wish_failed)? {
        let KeepData { root, kibibytes, blocks, price_max } = keep;
        let (most, blocks) = (money::show(price_max), clock.length(blocks));
        note!("{kibibytes} KiB are kept under {root} for {blocks}, for {most} tokens at most");
    }
    requester::store(chain.client(), &wish).map_err(wish_failed)?;
    let job = requester::post(&mut chain, plan.terms).map_err(chain_failed)?;
    note!("job {job} posted");
    if args.no_wait {
        note!("run `earnest job follow {job}` soon: you must open the seed of its draw");
        return print_status(&Client::new(node), &chain.job(job).map_err(chain_failed)?, json);
    }
    follow(chain, &Client::new(node), job, json)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file("read", path, error))
}

/// What is wanted of a program that computes in steps.
fn steps(args: &SubmitArgs, program: Vec<u8>) -> Result<Wanted, Failure> {
    if let Some(word) = args.given.first_given() {
        let detail = format!("{word} is for ordinary programs; this one has no `_start`");
        return Err(Failure::usage(detail, "give --input, --steps and --chunk-size"));
    }
    let StepsArgs { input, chunk_size, steps } = &args.steps;
    admit(&program).map_err(|why| crate::run::not_admitted(&why))?;
    let chunk_size = chunk_size.unwrap_or(65_536);
    let bounded = 1..=earnest_worker::CHUNK_BYTES_MAX;
    if !bounded.contains(&chunk_size) {
        let detail = format!("a chunk has 1 to {} bytes", earnest_worker::CHUNK_BYTES_MAX);
        return Err(Failure::usage(detail, "change --chunk-size"));
    }
    let input = input.as_deref().map(read).transpose()?.unwrap_or_default();
    let chunks: Vec<Vec<u8>> = input.chunks(chunk_size).map(<[u8]>::to_vec).collect();
    let each = u64::try_from(chunks.len()).unwrap_or(u64::MAX).max(1);
    let steps = steps.unwrap_or(each);
    Ok(Wanted::Steps { program, chunks, steps, seed: args.seed_bytes() })
}

fn wish_failed(error: WishError) -> Failure {
    match error {
        WishError::Chain(error) => chain_failed(error),
        WishError::NotAdmitted(why) => crate::run::not_admitted(&why),
        WishError::Input(_) | WishError::Output(_) => {
            Failure::usage(&error, "docs/guests.md lists every bound of a program and its input")
        }
        WishError::Stops { remedy, .. } => {
            let remedy = remedy
                .unwrap_or("raise --gas-bound; `earnest run` shows how much the program needs");
            let hint = format!("{remedy}; docs/guests.md says what stops a program");
            Failure::new(Status::ProgramStopped, "program-stopped", &error, &hint)
        }
        WishError::Execution(_) => Failure::usage(
            &error,
            "`earnest run` with the same words shows more; docs/guests.md lists every bound",
        ),
    }
}

fn follow(chain: Chain, client: &Client, job: JobId, json: bool) -> Result<(), Failure> {
    let stop = stop::on_interrupt()?;
    output::log(Lines::Plain);
    // How it ended is told with all that there is to tell; when a phase ends is a guess, and worth
    // no failure.
    let moved = |view: &JobView| match Present::ask(client) {
        Ok(present) if view.phase != Phase::Closed => {
            note!("{}", show::job::head(view, &present.clock));
        }
        _ => {}
    };
    let followed = requester::follow(chain, job, &stop, runner()?, moved).map_err(chain_failed)?;
    let Some(Followed { view, why_stopped }) = followed else {
        let hint =
            format!("`earnest job follow {job}` goes on; the seed of its draw is yours to open");
        return Err(Failure::new(Status::Interrupted, "interrupted", "stopped following", &hint));
    };
    conclude(client, &view, why_stopped, json)
}

/// Says how a closed job ended: paid, refunded, or paid although its program stopped.
fn conclude(
    client: &Client,
    view: &JobView,
    why_stopped: Option<WishError>,
    json: bool,
) -> Result<(), Failure> {
    let job = view.id;
    print_status(client, view, json)?;
    match view.closed.filter(|closed| closed.outcome == Outcome::Accepted) {
        Some(closed) if requester::has_stopped(closed.output.as_ref(), ending(view)) => {
            Err(stopped(job, why_stopped))
        }
        Some(_) => Ok(()),
        None => Err(Failure::new(
            Status::CheckFailed,
            "job-not-accepted",
            format!("job {job} has no accepted result"),
            not_accepted(view),
        )),
    }
}

/// What to do about a job without an accepted result.
fn not_accepted(view: &JobView) -> &'static str {
    let is_ordinary = view.terms.task.form != ProgramForm::Stepwise;
    match view.closed.map(|closed| closed.reason) {
        Some(CloseReason::NoBids) if is_ordinary => {
            "a provider tries a program that it does not know before it bids, and may have been \
             too late: post it again, it is known now; or raise --max-price"
        }
        _ => "the status says why; the price went back to its requester",
    }
}

/// Warns that a provider to whom the program is new may be later than bids are taken.
fn warn_of_short_bidding(client: &Client, ready: &Ready) -> Result<(), Failure> {
    let (window, clock) = (client.params()?.market.bid_blocks, Present::ask(client)?.clock);
    let window_ms = window.count().saturating_mul(clock.block_ms);
    if ready.may_be_late(window_ms) {
        let took = span(u64::try_from(ready.took.as_millis()).unwrap_or(u64::MAX));
        let window = span(window_ms);
        note!(
            "warning: bids close after {window}; to prepare and try the program took {took} here, \
             and a provider that does not know it does so before it bids. If nobody bids, post it \
             again"
        );
    }
    Ok(())
}

/// How an ordinary program ended, if its result is open.
fn ending(view: &JobView) -> Option<Ending> {
    view.result.and_then(|result| result.ending)
}

/// An accepted result that is no output: the program stopped, and that was computed correctly.
fn stopped(job: JobId, why: Option<WishError>) -> Failure {
    let why = why.map_or_else(
        || {
            let detail = "the program stopped before it was through";
            let hint = "`earnest run` with the same program and input says why";
            Failure::new(Status::ProgramStopped, "program-stopped", detail, hint)
        },
        wish_failed,
    );
    let detail = format!("job {job} has no output: {}; the steps up to it were paid", why.detail);
    Failure { detail, ..why }
}

fn print_status(client: &Client, view: &JobView, json: bool) -> Result<(), Failure> {
    if json {
        return out!("{}", json!(view));
    }
    out!("{}", show::job::job(view, &Present::ask(client)?, show::width()))
}

fn result(client: &Client, job: JobId, file: Option<&Path>, json: bool) -> Result<(), Failure> {
    let view = client.job(job)?;
    let closed = view.closed.filter(|closed| closed.outcome == Outcome::Accepted);
    let Some(closed) = closed else {
        let stands = match view.closed {
            Some(closed) => {
                format!("it ended {} ({})", word(&closed.outcome), word(&closed.reason))
            }
            None => format!("it is {}", word(&view.phase)),
        };
        let hint = match view.phase {
            Phase::Closed => "post it again; the price went back to the requester",
            _ => "ask again when `earnest job status` says that it is closed",
        };
        return Err(Failure::not_found(
            format!("job {job} has no accepted result: {stands}"),
            hint,
        ));
    };
    let output = closed.output.expect("an accepted job has an output");
    if requester::is_stopped(&output) {
        return Err(stopped(job, None));
    }
    let (length, bytes) = fetched(client, &view, &output, file)?;
    let mut fields = fields(&view, &bytes);
    if fields.is_empty() && length <= SHOWN_BYTES_MAX {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        fields.push(("bytes".to_owned(), Value::String(format!("0x{digits}"))));
    }
    if json {
        let fields: serde_json::Map<String, Value> = fields.into_iter().collect();
        out!(
            "{}",
            json!({ "job": job, "output": output, "bytes": length, "root": closed.root,
                    "ending": ending(&view), "fields": fields })
        )?;
    } else {
        say!("output {output}, {length} bytes, as accepted")?;
        if let Some(ending) = ending(&view) {
            say!("the program {}", show::job::ending(ending))?;
        }
        for (name, value) in fields {
            say!(
                "  {name:<16} {}",
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            )?;
        }
        if let Some(path) = file {
            say!("  written to       {}", path.display())?;
        }
    }
    Ok(())
}

/// Fetches an output part by part, each checked before it is written; returns how many bytes it
/// has, and the bytes themselves if they are few.
fn fetched(
    client: &Client,
    view: &JobView,
    output: &Digest,
    path: Option<&Path>,
) -> Result<(u64, Vec<u8>), Failure> {
    let (mut file, mut held) = (None, Vec::new());
    let mut take = |part: &[u8]| {
        if held.len().saturating_add(part.len()) <= HELD_BYTES_MAX {
            held.extend_from_slice(part);
        }
        let Some(path) = path else { return Ok(()) };
        // A file that was there stays until something replaces it.
        let file = match &mut file {
            Some(file) => file,
            none => none.insert(File::create(path)?),
        };
        file.write_all(part)
    };
    let read = earnest_worker::read_output(client, &view.terms.task, output, &mut take);
    // Of nothing there is a file, too.
    let read = read.and_then(|length| take(&[]).map_err(ChainError::File).map(|()| length));
    match (read, path) {
        (Err(ChainError::File(error)), Some(path)) => Err(Failure::file("write", path, error)),
        (read, _) => Ok((read.map_err(chain_failed)?, held)),
    }
}

/// The named fields of a shipped program's output; none of any other's.
fn fields(view: &JobView, bytes: &[u8]) -> Vec<(String, Value)> {
    let program = view.terms.task.program;
    let shipped = guests::all();
    let guest = shipped.iter().find(|guest| requester::program_digest(guest.module) == program);
    let Some(guest) = guest else { return Vec::new() };
    let value = |value: guests::Value| {
        let text = value.to_string();
        text.parse::<serde_json::Number>().map_or(Value::String(text), Value::Number)
    };
    let report = guests::report(guest.name, bytes);
    report.into_iter().map(|(name, field)| (name.to_owned(), value(field))).collect()
}
