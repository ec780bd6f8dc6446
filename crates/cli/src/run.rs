//! `earnest run`: a program tried without any network, in both engines.
//!
//! Key terms: the *compiled engine* is what providers use, the *referee* the interpreter that
//! settles disputes. Laws: the program is untrusted, and runs only in the sandbox of a worker under
//! the limits of a job; admission is the network's own; the quote is that of `earnest job quote`.
//! Known shortcomings: parameters are the built-in ones, a network may have others.
//! Code map: here the command and programs that compute in steps, whose runs are
//! `earnest_worker::trial`; `report` (what is shown of them); `ordinary` (programs with `_start`),
//! `given` (what those read).

mod given;
mod ordinary;
mod report;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser};
use earnest_prepare::link::exports_start;
use earnest_protocol::{Amount, Digest as ProtocolDigest, Gas, Params};
use earnest_worker::{
    CHUNK_BYTES_MAX, ExecutionError,
    sandbox::{AdmissionRejected, Digest, Input, Status as RunStatus, Task, admit},
    trial,
};
use serde_json::Value;

use self::report::{Agreement, Both};
pub use self::{
    given::GivenArgs,
    ordinary::{linked, refused, tried},
};
use crate::{
    daemons::runner,
    failure::{Failure, Status},
    money,
    output::{note, out},
    params, quote,
};

/// Bytes in a chunk unless told otherwise.
const CHUNK_BYTES: usize = 65_536;

/// A program and how it is tried.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The WebAssembly module; docs/guests.md tells what it must export
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,
    /// The input; cut into chunks, one a step, in turn
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Bytes in a chunk, at most 262144 [default: 65536]
    #[arg(long, value_name = "BYTES")]
    chunk_size: Option<usize>,
    /// How many steps to make [default: one a chunk of the input]
    #[arg(long)]
    steps: Option<u64>,
    /// The most gas of all steps together [default: the most that a network allows]
    #[arg(long, value_name = "GAS")]
    gas_bound: Option<u64>,
    /// The most gas of one step [default: the most that a network allows]
    #[arg(long, value_name = "GAS")]
    step_gas: Option<u64>,
    /// What the first state or random numbers are made from: 0x, 64 hex digits [default: zeros]
    #[arg(long, value_parser = crate::text::digest)]
    seed: Option<ProtocolDigest>,
    /// Write the output's bytes to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Of an ordinary program: look at every step that a dispute could come to, and tell of the
    /// largest evidence and of the referee's time
    #[arg(long)]
    evidence: bool,
    #[command(flatten)]
    given: GivenArgs,
}

impl RunArgs {
    /// The first word that an ordinary program has no use for, if one was given.
    fn first_of_steps(&self) -> Option<&'static str> {
        let given = [
            (self.input.is_some(), "--input"),
            (self.chunk_size.is_some(), "--chunk-size"),
            (self.steps.is_some(), "--steps"),
            (self.gas_bound.is_some(), "--gas-bound"),
            (self.step_gas.is_some(), "--step-gas"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, word)| word)
    }

    fn seed_bytes(&self) -> [u8; 32] {
        self.seed.unwrap_or(ProtocolDigest::ZERO).0
    }
}

pub fn run(args: &RunArgs, json: bool) -> Result<ExitCode, Failure> {
    let module = read(&args.program)?;
    if exports_start(&module) {
        return ordinary::run(args, &module, json);
    }
    let evidence = args.evidence.then_some("--evidence");
    if let Some(word) = args.given.first_given().or(evidence) {
        let detail = format!("{word} is for ordinary programs; this one exports no `_start`");
        let hint = "give --input to a program that computes in steps; docs/guests.md tells both";
        return Err(Failure::usage(detail, hint));
    }
    run_steps(args, &module, json).map(|()| ExitCode::SUCCESS)
}

fn run_steps(args: &RunArgs, module: &[u8], json: bool) -> Result<(), Failure> {
    let admitted = admit(module).map_err(|why| not_admitted(&why))?;
    let params = params::load(None, &[])?;
    let (input, task) = task(args, module, &params)?;
    let runner = runner()?;
    let compiled = trial::compiled(&runner, module, &input, &task).map_err(not_run)?;
    let referee = trial::interpreted(&runner, module, &input, &task).map_err(not_run)?;
    let both =
        Both { module, admitted: &admitted, task: &task, compiled: &compiled, referee: &referee };
    let used = compiled.last.gas.max(task.step_gas_max);
    let price = params.market().tariff(Gas::new(used)).unwrap_or(Amount::MAX);
    let quote = quoted(used, price, &params)?;
    let value = both.value(quote.clone());
    if json {
        out!("{value}")?;
    } else {
        let words = format!(
            "quote     of `earnest job quote --offline --gas-bound {used} --max-price {}`,\n\
             {:10}the tariff of so much work:\n\n{}",
            money::show(price),
            "",
            quote::table(&quote)
        );
        report::print(&value, &compiled.last.state, &words)?;
    }
    if let (Some(path), RunStatus::Running) = (&args.out, compiled.last.status) {
        std::fs::write(path, &compiled.last.state)
            .map_err(|error| Failure::file("write", path, error))?;
    }
    verdict(&both)
}

fn verdict(both: &Both<'_>) -> Result<(), Failure> {
    match both.agreement() {
        Agreement::DisagreeAt(at) => {
            let detail =
                format!("the two engines disagree about step {at}: nobody may commit to it");
            let hint = "this is a fault of earnest: report it with the program and the input";
            return Err(Failure::check(detail, hint));
        }
        Agreement::NotCompared => note!("the compiler gave up: only the interpreter ran it"),
        Agreement::Agree => {}
    }
    let Some(detail) = both.stopped() else { return Ok(()) };
    let hint = match both.compiled.why.or(both.referee.why) {
        Some(why) => why.cause.remedy(),
        None => "raise --gas-bound, or make fewer steps",
    };
    Err(Failure::new(Status::ProgramStopped, "program-stopped", detail, hint))
}

/// What a module that no job may have is refused with, here and by `earnest job submit`.
pub fn not_admitted(why: &AdmissionRejected) -> Failure {
    let detail = format!("the program is not admitted: {why}");
    let hint = format!("{}; docs/guests.md lists every bound", why.remedy());
    Failure::new(Status::Usage, "not-admitted", detail, &hint)
}

/// The machine's failure, not the program's.
fn not_run(error: ExecutionError) -> Failure {
    let hint = "`earnest doctor` says which layers of the sandbox this machine has; with less \
                --gas-bound a program takes less time";
    Failure::config(error, hint)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file("read", path, error))
}

fn task(args: &RunArgs, module: &[u8], params: &Params) -> Result<(Input, Task), Failure> {
    let chunk_size = args.chunk_size.unwrap_or(CHUNK_BYTES);
    if !(1..=CHUNK_BYTES_MAX).contains(&chunk_size) {
        let detail = format!("a chunk has 1 to {CHUNK_BYTES_MAX} bytes");
        return Err(Failure::usage(detail, "change --chunk-size"));
    }
    let bytes = args.input.as_deref().map(read).transpose()?.unwrap_or_default();
    let chunks = bytes.chunks(chunk_size).map(<[u8]>::to_vec).collect();
    let input = Input::new(chunks)
        .map_err(|why| Failure::usage(why, "give a smaller --input or a larger --chunk-size"))?;
    let market = params.market();
    let task = Task {
        program: Digest::of_program(module),
        input_root: input.root(),
        chunk_count: input.count(),
        steps: args.steps.unwrap_or_else(|| u64::from(input.count().max(1))),
        seed: Digest(args.seed_bytes()),
        step_gas_max: args.step_gas.unwrap_or(market.step_gas_max.count()),
        gas_bound: args.gas_bound.unwrap_or(market.work_bound_max.count()),
    };
    task.check().map_err(|why| Failure::usage(why, "change --steps"))?;
    for (flag, given, most) in [
        ("--step-gas", task.step_gas_max, market.step_gas_max.count()),
        ("--gas-bound", task.gas_bound, market.work_bound_max.count()),
    ] {
        if most < given {
            let detail = format!("{flag} {given} is more than the {most} gas that is allowed");
            return Err(Failure::usage(detail, &format!("give {flag} {most} at most")));
        }
    }
    Ok((input, task))
}

/// `earnest job quote` with all its defaults but the work and the price.
#[derive(Parser)]
struct QuoteLine {
    #[command(flatten)]
    quote: quote::QuoteArgs,
}

fn quoted(gas: u64, price: Amount, params: &Params) -> Result<Value, Failure> {
    let (bound, price) = (format!("--gas-bound={gas}"), money::show(price));
    let words = ["quote".to_owned(), "--offline".to_owned(), bound, format!("--max-price={price}")];
    let line = QuoteLine::try_parse_from(words).map_err(Failure::internal)?;
    quote::from_params(&line.quote, params)
}
