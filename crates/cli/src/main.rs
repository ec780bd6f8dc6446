//! `earnest`: the command line.
//!
//! Laws: the result goes to standard output, everything else to standard error; with `--json`
//! both are JSON; the exit status is one of a documented list.
//! Not here: rules, protocols, formats; each subcommand has a file of its own.
#![allow(unreachable_pub)] // Nothing is reachable from outside a program.
#![deny(clippy::print_stderr, clippy::print_stdout)] // They panic when the reader is gone.

mod account;
mod asked;
mod audit;
mod authorised;
mod backup;
mod clock;
mod credits;
mod daemons;
mod delegate;
mod doctor;
mod explain;
mod failure;
mod faucet;
mod folders;
mod genesis;
mod gov;
mod grants;
mod held;
#[cfg(test)]
mod hints;
mod job;
mod keys;
#[cfg(test)]
mod lines;
mod money;
mod names;
mod node;
mod output;
mod pages;
mod params;
mod prepare;
mod present;
mod price;
mod program;
mod query;
mod quote;
mod record;
mod rewards;
mod run;
mod show;
mod sim;
mod slashes;
mod stake;
mod status;
mod stop;
mod text;
mod treasury;
mod up;

use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use failure::{Failure, Status};

/// Earnest: pays honest computation and catches liars.
#[derive(Parser, Debug)]
#[command(name = "earnest", version, after_help = EXIT_CODES)]
struct Line {
    /// Print results as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    /// The node to talk to
    #[arg(long, global = true, env = "EARNEST_NODE", default_value = NODE, value_name = "URL",
          value_parser = node_address, help_heading = EVERYWHERE)]
    node: String,
    #[command(subcommand)]
    command: Command,
}

/// An address that a client can open; none where it is empty, as a variable may be.
fn node_address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        _ if text.is_empty() => Ok(NODE.to_owned()),
        Some(host) if host.trim_end_matches('/').ends_with("/v1") => {
            Err("leave out `/v1`, which every request adds".to_owned())
        }
        Some(host) if !host.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("a node's address begins with http:// or https://, as {NODE} does")),
    }
}

/// The words of this program. A number below zero is a value, which may be refused, and no flag;
/// help names the variables of the environment, and shows nobody what is in them.
fn words() -> clap::Command {
    take_numbers(Line::command()).term_width(show::width().min(HELP_WIDTH_MAX))
}

fn take_numbers(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_action().takes_values() {
        true => arg.allow_negative_numbers(true).hide_env_values(true),
        false => arg,
    });
    command.mut_subcommands(take_numbers)
}

/// The help of a command that needs another behind it and has none.
fn help_instead(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(path)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let mut all = words();
    all.build();
    let mut command = &mut all;
    for word in path.split(' ').skip(1) {
        command = command.find_subcommand_mut(word)?;
    }
    (error.kind() == ErrorKind::MissingSubcommand).then(|| command.render_help().to_string())
}

/// What stands above the options of all commands, which are of use to most.
const EVERYWHERE: &str = "Options of every command";

/// Help is prose, which wider lines make hard to read, in columns.
const HELP_WIDTH_MAX: usize = 100;

/// Where a node listens unless told otherwise.
const NODE: &str = "http://127.0.0.1:7300";

const EXIT_CODES: &str = "Exit status: 0 ok, 1 internal, 2 usage, 3 configuration, 4 refused by \
                          the rules, 5 not found, 6 node unreachable, 7 time-out or not final, \
                          8 check failed, 9 not shown, 10 the program stopped by a fault, 130 \
                          interrupted, 141 the reader of the output is gone.";

#[derive(Subcommand, Debug)]
enum Command {
    /// Start a whole development network on this machine
    Up(up::UpArgs),
    /// Run a ledger node
    Node(node::NodeArgs),
    /// Run a provider
    #[command(subcommand)]
    Provider(daemons::ProviderCommand),
    /// Run a validator
    #[command(subcommand)]
    Validator(daemons::ValidatorCommand),
    /// Run the requester of a development network
    #[command(subcommand, hide = true)]
    Requester(daemons::RequesterCommand),
    /// Run one job of untrusted code, shut in; only ever started by a worker
    #[command(hide = true)]
    JobRunner,
    /// Write and check what a network begins with
    #[command(subcommand)]
    Genesis(genesis::GenesisCommand),
    /// Check a file of parameters
    #[command(subcommand)]
    Params(params::ParamsCommand),
    /// Make and open encrypted keys
    #[command(subcommand)]
    Keys(authorised::AllKeysCommand),
    /// Try a program here, without any network: result, gas, faults, what it costs to verify
    Run(run::RunArgs),
    /// Make an ordinary program (wasm32-wasip1) ready, or say what is in the way
    Prepare(prepare::PrepareArgs),
    /// Quote, submit, list, follow, take back and wait for jobs
    #[command(subcommand)]
    Job(job::JobCommand),
    /// List, publish and retire the ordinary programs that jobs may name
    #[command(subcommand)]
    Program(program::ProgramCommand),
    /// Where an account's money is, until when, and why
    Account(account::AccountArgs),
    /// Bond, unbond, leave jail, delegate, transfer
    #[command(subcommand)]
    Stake(delegate::AllStakeCommand),
    /// Burn stake for credits, which pay, and credits for stake, where a network of two assets does
    #[command(subcommand)]
    Credits(credits::CreditsCommand),
    /// Fetch what the genesis granted or lists, or count such a list
    #[command(subcommand)]
    Grants(grants::GrantsCommand),
    /// What the network emits, and what an account earned of it
    Rewards(rewards::RewardsArgs),
    /// Propose changes of parameters, appeal against slashes, vote, and see how it stands
    #[command(subcommand)]
    Gov(gov::GovCommand),
    /// Ask a development network for free money
    Faucet(faucet::FaucetArgs),
    /// Say what a code means, how a job went and was paid, or what a transaction did
    Explain(explain::ExplainArgs),
    /// Show what a node knows
    Query(query::QueryArgs),
    /// Simulate participants on the same rules
    #[command(subcommand)]
    Sim(sim::SimCommand),
    /// Say whether honest play is the best response under parameters
    Audit(audit::AuditArgs),
    /// Check a data directory: hash chain, root, laws, room, beacon secret, clock
    Doctor(doctor::DoctorArgs),
    /// Copy a node's network, running or not, into a folder, and check the copy
    Backup(backup::BackupArgs),
    /// Make a data directory from a backup, every file checked
    Restore(backup::RestoreArgs),
    /// Print a script that completes the words of this program in a shell
    Completions(pages::CompletionsArgs),
    /// Write manual pages: one for each command
    Man(pages::ManArgs),
}

fn main() -> ExitCode {
    let matches = words().try_get_matches();
    let line = match matches.and_then(|matches| Line::from_arg_matches(&matches)) {
        Ok(line) => line,
        Err(error) => return not_understood(&error),
    };
    if matches!(line.command, Command::JobRunner) {
        return earnest_worker::sandbox::child_main();
    }
    let done = match &line.command {
        // The status of an ordinary program is ours.
        Command::Run(args) => run::run(args, line.json),
        _ => run(&line).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            output::failure(&failure, line.json);
            failure.exit_code()
        }
    }
}

/// Help, the version, or what is wrong with the line; as JSON if that was asked for anywhere in it.
fn not_understood(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().skip(1).any(|word| word == "--json");
    if !error.use_stderr() {
        // Nobody has to read it.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // The words of Rust's own parser of numbers.
    let plain = |text: String| text.replace("invalid digit found in string", "no whole number");
    if !wants_json {
        let text = help_instead(error).unwrap_or_else(|| match stderr().is_terminal() {
            true => error.render().ansi().to_string(),
            false => error.render().to_string(),
        });
        output::remark(format_args!("{}", plain(text).trim_end()));
        return ExitCode::from(Status::Usage as u8);
    }
    let hint = "`earnest help COMMAND` lists every flag";
    if let ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =
        error.kind()
    {
        let failure = Failure::usage("another command has to follow", hint);
        output::failure(&failure, true);
        return failure.exit_code();
    }
    let text = plain(error.render().to_string());
    let detail = text.split("\n  [subcommands:").next().unwrap_or_default();
    let detail = detail.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let failure = Failure::usage(detail.trim(), hint);
    output::failure(&failure, true);
    failure.exit_code()
}

fn run(line: &Line) -> Result<(), Failure> {
    let Line { json, ref node, ref command } = *line;
    match command {
        Command::Up(args) => up::run(args, json),
        Command::Node(args) => node::run(args, json),
        Command::Sim(command) => sim::run(command, json),
        Command::Audit(args) => audit::run(args, json),
        Command::Doctor(args) => doctor::run(args, json),
        Command::Backup(args) => backup::back_up(args, json),
        Command::Restore(args) => backup::restore(args, json),
        Command::Genesis(command) => genesis::run(command, json),
        Command::Params(command) => params::run(command, json),
        Command::Keys(command) => authorised::run(command, node, json),
        Command::Provider(command) => daemons::provider(command, node, json),
        Command::Validator(command) => daemons::validator(command, node, json),
        Command::Requester(command) => daemons::requester(command, node),
        Command::JobRunner | Command::Run(_) => {
            unreachable!("`main` never comes here with it")
        }
        Command::Prepare(args) => prepare::run(args, json),
        Command::Job(command) => job::run(command, node, json),
        Command::Program(command) => program::run(command, node, json),
        Command::Account(args) => account::run(args, node, json),
        Command::Stake(command) => delegate::run(command, node, json),
        Command::Credits(command) => credits::run(command, node, json),
        Command::Grants(command) => grants::run(command, node, json),
        Command::Rewards(args) => rewards::run(args, node, json),
        Command::Gov(command) => gov::run(command, node, json),
        Command::Faucet(args) => faucet::run(args, node, json),
        Command::Explain(args) => explain::run(args, node, json),
        Command::Query(args) => query::run(args, node, json),
        Command::Completions(args) => pages::completions(args, words()),
        Command::Man(args) => pages::manual(args, words(), json),
    }
}
