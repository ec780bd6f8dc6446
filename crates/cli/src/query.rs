//! `earnest query`: what a node shows of its state.

use clap::{Args, Subcommand};
use earnest_api::{Client, JobFilter, PageQuery};
use earnest_protocol::{Digest, Height, JobId, OperatorId, RawParams, Role};
use serde::Serialize;
use serde_json::json;

use crate::{
    failure::Failure,
    names::{self, Who},
    output::{self, out},
    params, slashes, stake,
};

/// What to show, and of when.
#[derive(Args, Debug)]
pub struct QueryArgs {
    /// As it stood after the block at this height; a node keeps some hundred states
    #[arg(long, global = true, value_name = "HEIGHT")]
    at: Option<u64>,
    #[command(subcommand)]
    command: QueryCommand,
}

/// What to show.
#[derive(Subcommand, Debug)]
pub enum QueryCommand {
    /// The network as a whole: height, supply, counts, conservation
    Network,
    /// What the node has on its disk: blocks, snapshots, room
    Storage,
    /// The parameters in force: unit, range, default, and what each is for
    Params {
        /// Show the built-in defaults, without a node
        #[arg(long)]
        defaults: bool,
    },
    /// One account
    Account {
        /// An address, or a name of a development network
        #[arg(value_parser = names::who)]
        account: Who,
    },
    /// Accounts
    Accounts,
    /// One operator
    Operator { id: u64 },
    /// Operators
    Operators {
        /// Only `provider`, `validator` or `replica`
        #[arg(long, value_parser = stake::role)]
        role: Option<Role>,
    },
    /// One job
    Job { id: u64 },
    /// Jobs, newest first
    Jobs,
    /// Slashes: what was taken from whom, and who got it
    Slashes,
    /// One block
    Block { height: u64 },
    /// What became of a transaction
    Transaction {
        #[arg(value_parser = digest)]
        hash: Digest,
    },
    /// Everything that happens, one JSON object a line, until interrupted
    Events {
        /// Only these kinds, separated by commas
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
    },
}

pub fn digest(text: &str) -> Result<Digest, String> {
    Digest::from_hex(text).ok_or_else(|| "a hash is 0x and 64 hexadecimal digits".into())
}

pub fn run(args: &QueryArgs, node: &str, json: bool) -> Result<(), Failure> {
    let QueryArgs { at, command } = args;
    let now = Client::new(node);
    let client = at.map_or(now.clone(), |height| now.at(Height::new(height)));
    let page = PageQuery::default();
    match command {
        QueryCommand::Params { defaults: true } => defaults(json),
        QueryCommand::Network => show(&client.network()?, json),
        QueryCommand::Storage => show(&client.storage()?, json),
        QueryCommand::Params { defaults: false } if json => show(&client.params()?, json),
        QueryCommand::Params { defaults: false } => explain(&client.params()?),
        QueryCommand::Account { account } => {
            show(&client.account(&names::resolve(&client, account)?)?, json)
        }
        QueryCommand::Accounts => show(&client.accounts(&page)?, json),
        QueryCommand::Operator { id } => show(&client.operator(OperatorId::new(*id))?, json),
        QueryCommand::Operators { role } => show(&client.operators(*role, &page)?, json),
        QueryCommand::Job { id } => show(&client.job(JobId::new(*id))?, json),
        QueryCommand::Jobs => show(&client.jobs(JobFilter::default(), &page)?, json),
        QueryCommand::Slashes => slashes::run(&client, json),
        QueryCommand::Block { height } => show(&client.block(Height::new(*height))?, json),
        QueryCommand::Transaction { hash } => show(&client.transaction(hash)?, json),
        QueryCommand::Events { kinds } => events(&client, kinds),
    }
}

/// One value: compact for programs, indented for people.
fn show(value: &impl Serialize, json: bool) -> Result<(), Failure> {
    let text =
        if json { serde_json::to_string(value) } else { serde_json::to_string_pretty(value) };
    out!("{}", text.map_err(Failure::internal)?)
}

fn events(client: &Client, kinds: &[String]) -> Result<(), Failure> {
    // A node that is not there is an error now, not a silent wait.
    client.head()?;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    for event in client.events(None, &kinds) {
        out!("{}", json!(event?))?;
    }
    Ok(())
}

/// Every parameter with its value, unit, range and reason, for people.
fn explain(raw: &RawParams) -> Result<(), Failure> {
    let default = serde_json::to_value(RawParams::default()).map_err(Failure::internal)?;
    let raw = serde_json::to_value(raw).map_err(Failure::internal)?;
    let mut text = String::new();
    for field in RawParams::fields() {
        let show = |value| params::show(field, value);
        let (value, usual) = (params::value_of(&raw, field), params::value_of(&default, field));
        let (min, max) = (show(field.min), show(field.max));
        let min = min.split(' ').next().unwrap_or_default();
        let (path, about) = (params::path_of(field), field.about.trim());
        text.push_str(&format!(
            "{path} = {}   [{min} to {max}; default {}]\n    {about} Default: {}.\n",
            show(value),
            show(usual),
            field.reason
        ));
    }
    output::result(format_args!("{text}"))
}

fn defaults(json: bool) -> Result<(), Failure> {
    let raw = RawParams::default();
    if !json {
        return explain(&raw);
    }
    let raw = serde_json::to_value(raw).map_err(Failure::internal)?;
    let row = |field: &earnest_protocol::params::ParamField| {
        json!({
            "path": params::path_of(field), "room": field.room, "name": field.name,
            "unit": field.unit, "min": field.min, "max": field.max,
            "default": raw[field.room][field.name], "about": field.about.trim(),
            "reason": field.reason,
        })
    };
    out!("{}", json!(RawParams::fields().map(row).collect::<Vec<_>>()))
}
