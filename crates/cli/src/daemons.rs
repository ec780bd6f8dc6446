//! `earnest provider run`, `earnest validator run`, and the requester of development networks.
//!
//! Not here: what they say of themselves while they do not run (`status`).

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use earnest_api::{Client, Session};
use earnest_keys::Signer;
use earnest_protocol::{Amount, Ratio, Role};
use earnest_worker::{
    Chain, Fault, Setup,
    claim::{self, Claim},
    provider::{self, Pricing, ProviderOptions},
    requester::{self, Rounds},
    sandbox::{RunnerCommand, Standing, layers},
    validator,
};
use tracing::{info, warn};

use crate::{
    failure::Failure,
    keys::{self, ActArgs},
    money,
    output::{self, Lines, note, out},
    price::{self, PriceCommand, SourceArgs},
    status::{self, StatusArgs},
    stop,
    up::duration,
};

/// What every daemon needs.
#[derive(Args, Debug)]
pub struct DaemonArgs {
    #[command(flatten)]
    act: ActArgs,
    /// Where the daemon remembers what it sealed
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Stop when standard input ends
    #[arg(long, hide = true)]
    until_input_closes: bool,
}

/// A provider's daemon.
#[derive(Subcommand, Debug)]
pub enum ProviderCommand {
    /// Bid for jobs, do them, defend the results
    Run {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// What a million gas costs you, in tokens
        #[arg(long, value_parser = money::tokens, value_name = "TOKENS")]
        cost_per_mgas: Amount,
        /// What a mebibyte costs you that an ordinary program may put out, in tokens
        #[arg(long, value_parser = money::tokens, value_name = "TOKENS", default_value = "0")]
        cost_per_mib: Amount,
        /// What you want to earn on top, where the winner is paid what it asks
        #[arg(long, value_parser = money::ratio, default_value = "20%",
              allow_hyphen_values = true)]
        margin: Ratio,
        /// Development networks only: `lazy=RATE` returns wrong states, `silent` never delivers,
        /// `withhold` stores no output
        #[arg(long, value_name = "FAULT")]
        fault: Option<Fault>,
        /// Fixes faults and the small differences between prices
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// May a provider work, what has it earned and lost, and why did its bids lose?
    Status(StatusArgs),
}

/// A validator's daemon.
#[derive(Subcommand, Debug)]
pub enum ValidatorCommand {
    /// Audit what you are drawn for, dispute what is wrong, and post prices if told from where
    Run {
        #[command(flatten)]
        daemon: DaemonArgs,
        #[command(flatten)]
        prices: SourceArgs,
    },
    /// Say what stake is worth in what pays, where a network of two assets asks its validators
    #[command(subcommand)]
    Price(PriceCommand),
    /// May a validator audit, what has it earned and lost, and which audits did it miss?
    Status(StatusArgs),
}

/// The requester of a development network.
#[derive(Subcommand, Debug)]
pub enum RequesterCommand {
    /// Post the shipped programs in turn
    Run {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// Fixes what is posted
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The shortest time between two jobs
        #[arg(long, value_parser = duration, default_value = "550ms")]
        pause: Duration,
        /// Blocks from acceptance to the deadline of each
        #[arg(long, default_value_t = 30)]
        deadline: u64,
    },
}

pub fn provider(command: &ProviderCommand, node: &str, json: bool) -> Result<(), Failure> {
    let (daemon, options) = match command {
        ProviderCommand::Status(args) => return status::run(args, Role::Provider, node, json),
        ProviderCommand::Run { daemon, cost_per_mgas, cost_per_mib, margin, fault, seed } => {
            let (cost_per_mgas, cost_per_mib, margin) = (*cost_per_mgas, *cost_per_mib, *margin);
            let pricing = Pricing { cost_per_mgas, cost_per_mib, margin };
            (daemon, ProviderOptions { pricing, fault: *fault, seed: *seed })
        }
    };
    if options.fault.is_some() {
        note!("this provider misbehaves on purpose: development networks only");
    }
    let (setup, _claims) = setup(daemon, node)?;
    let data = setup.data.clone();
    provider::run(setup, options).map_err(|error| failed(error, &data))
}

pub fn validator(command: &ValidatorCommand, node: &str, json: bool) -> Result<(), Failure> {
    let (daemon, prices) = match command {
        ValidatorCommand::Status(args) => return status::run(args, Role::Validator, node, json),
        ValidatorCommand::Price(command) => return price::run(command, node, json),
        ValidatorCommand::Run { daemon, prices } => (daemon, prices.options()),
    };
    let (setup, _claims) = setup(daemon, node)?;
    let data = setup.data.clone();
    validator::run(setup, prices).map_err(|error| failed(error, &data))
}

pub fn requester(command: &RequesterCommand, node: &str) -> Result<(), Failure> {
    let RequesterCommand::Run { daemon, seed, pause, deadline } = command;
    let deadline_blocks = earnest_protocol::Blocks::new(*deadline);
    let rounds = Rounds { seed: *seed, open_max: 10, pause: *pause, deadline_blocks };
    let (setup, _claims) = setup(daemon, node)?;
    let data = setup.data.clone();
    requester::run_rounds(setup, rounds).map_err(|error| failed(error, &data))
}

/// Two daemons of one account would sign against each other, so folder and key are claimed for
/// as long as the daemon runs.
fn setup(args: &DaemonArgs, node: &str) -> Result<(Setup, [Claim; 2]), Failure> {
    let signer = keys::open(&args.act.key)?;
    std::fs::create_dir_all(&args.data)
        .map_err(|error| Failure::file("make", &args.data, error))?;
    let claims = [claim::folder(&args.data)?, claim::key(&args.act.key.key)?];
    let stop = stop::on_interrupt()?;
    if args.until_input_closes {
        stop::on_closed_input(&stop);
    }
    output::log(Lines::Dated);
    let account = args.act.account(&Client::new(node))?;
    match account {
        Some(account) => info!("{} for {account} on {node}", signer.address()),
        None => info!("{} on {node}", signer.address()),
    }
    let runner = runner()?;
    warn_of_missing_layers(&runner);
    let data = args.data.clone();
    // A parent waits until it hears that this daemon is there.
    let ready = if args.until_input_closes { say_ready } else { || () };
    Ok((Setup { node: node.to_owned(), signer, account, data, runner, stop, ready }, claims))
}

fn say_ready() {
    // A parent that is gone has closed the input, too, which ends this daemon.
    let _ = out!("ready");
}

/// An operator should know what stands between a stranger's program and this machine.
fn warn_of_missing_layers(runner: &RunnerCommand) {
    match layers(runner) {
        Ok(rows) => rows
            .iter()
            .filter(|(_, standing)| *standing != Standing::Holds)
            .for_each(|(layer, standing)| warn!("sandbox: {layer} {standing}")),
        Err(error) => warn!("no job can be run here: {error}"),
    }
}

/// The ledger, for an account that the words name.
pub fn open(node: &str, act: &ActArgs) -> Result<Chain, Failure> {
    open_with(keys::open(&act.key)?, node, act)
}

/// The same, with the key opened before: a person is asked for its password first of all.
pub fn open_with(signer: Signer, node: &str, act: &ActArgs) -> Result<Chain, Failure> {
    let client = Client::new(node);
    let account = act.account(&client)?;
    let session = Session::open_for(client, signer, account)?;
    Chain::open(session).map_err(chain_failed)
}

/// This executable again, shut in.
pub fn runner() -> Result<RunnerCommand, Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    Ok(RunnerCommand { program, args: vec!["job-runner".into()] })
}

/// Why a daemon that remembers in `data` ended: what the chain said, or its disk.
fn failed(error: Box<dyn std::error::Error>, data: &Path) -> Failure {
    let error = match error.downcast::<earnest_worker::ChainError>() {
        Ok(error) => return chain_failed(*error),
        Err(error) => error,
    };
    match error.downcast::<std::io::Error>() {
        Ok(error) => Failure::file("write in", data, error),
        Err(error) => Failure::internal(error),
    }
}

/// What the chain said, as a failure.
pub fn chain_failed(error: earnest_worker::ChainError) -> Failure {
    use earnest_worker::ChainError;
    match error {
        ChainError::Node(error) => Failure::from(error),
        ChainError::Refused(refusal) => Failure::refused(&refusal),
        ChainError::KeyNotAuthorised { .. } => Failure::new(
            crate::failure::Status::Refused,
            "key-not-authorised",
            error,
            "have the account's own key run `earnest keys authorise`, or check --for",
        ),
        ChainError::OutputMissing { .. } => Failure::not_found(
            error,
            "its provider has not stored it, or nobody pays for it any more; use another node",
        ),
        ChainError::File(_) => {
            Failure::config(error, "check that the disk has room and may be written, then go on")
        }
        ChainError::Forged { .. } => {
            Failure::check(error, "the node's store is damaged or lies; use another node")
        }
        ChainError::Pending => Failure::new(
            crate::failure::Status::TimedOut,
            "not-included",
            error,
            "`earnest query network` shows whether the node makes blocks",
        ),
    }
}
