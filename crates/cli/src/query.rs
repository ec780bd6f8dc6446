//! `earnest query`: what a node shows of its state.

use clap::Subcommand;
use earnest_api::{Client, JobFilter, PageQuery};
use earnest_protocol::{Address, Digest, Height, JobId, OperatorId, RawParams, Role};
use serde::Serialize;
use serde_json::json;

use crate::{failure::Failure, money, stake};

/// What to show.
#[derive(Subcommand, Debug)]
pub enum QueryCommand {
    /// The network as a whole: height, supply, counts, conservation
    Network,
    /// The parameters in force, or the built-in ones with what each means
    Params {
        /// Show the built-in defaults and explanations, without a node
        #[arg(long)]
        defaults: bool,
    },
    /// One account
    Account {
        #[arg(value_parser = stake::address)]
        address: Address,
    },
    /// Accounts
    Accounts,
    /// One operator
    Operator { id: u32 },
    /// Operators
    Operators {
        /// Only `provider` or `validator`
        #[arg(long, value_parser = stake::role)]
        role: Option<Role>,
    },
    /// One job
    Job { id: u64 },
    /// Jobs, newest first
    Jobs,
    /// Slashes
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

pub fn run(command: &QueryCommand, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let page = PageQuery::default();
    match command {
        QueryCommand::Params { defaults: true } => defaults(json),
        QueryCommand::Network => show(&client.network()?, json),
        QueryCommand::Params { defaults: false } => show(&client.params()?, json),
        QueryCommand::Account { address } => show(&client.account(address)?, json),
        QueryCommand::Accounts => show(&client.accounts(&page)?, json),
        QueryCommand::Operator { id } => show(&client.operator(OperatorId::new(*id))?, json),
        QueryCommand::Operators { role } => show(&client.operators(*role, &page)?, json),
        QueryCommand::Job { id } => show(&client.job(JobId::new(*id))?, json),
        QueryCommand::Jobs => show(&client.jobs(JobFilter::default(), &page)?, json),
        QueryCommand::Slashes => show(&client.slashes(&page)?, json),
        QueryCommand::Block { height } => show(&client.block(Height::new(*height))?, json),
        QueryCommand::Transaction { hash } => show(&client.transaction(hash)?, json),
        QueryCommand::Events { kinds } => events(&client, kinds),
    }
}

/// One value: compact for programs, indented for people.
fn show(value: &impl Serialize, json: bool) -> Result<(), Failure> {
    let text =
        if json { serde_json::to_string(value) } else { serde_json::to_string_pretty(value) };
    println!("{}", text.map_err(Failure::internal)?);
    Ok(())
}

fn events(client: &Client, kinds: &[String]) -> Result<(), Failure> {
    // A node that is not there is an error now, not a silent wait.
    client.head()?;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    for event in client.events(None, &kinds) {
        println!("{}", json!(event?));
    }
    Ok(())
}

fn defaults(json: bool) -> Result<(), Failure> {
    let raw = serde_json::to_value(RawParams::default()).map_err(Failure::internal)?;
    let text = |field: &earnest_protocol::params::ParamField| {
        let value = &raw[field.name];
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0);
        let decimal = earnest_protocol::Amount::new(number).map(money::show).unwrap_or_default();
        match field.unit {
            "Amount" => format!("{decimal} tokens"),
            "Ratio" | "Factor" => decimal,
            "Gas" => format!("{number} gas"),
            "Blocks" => format!("{number} blocks"),
            "Epochs" => format!("{number} epochs"),
            _ => number.to_string(),
        }
    };
    let about = |field: &earnest_protocol::params::ParamField| field.about.trim().to_owned();
    if json {
        let rows: Vec<_> = RawParams::FIELDS
            .iter()
            .map(|f| {
                let (default, about) = (&raw[f.name], about(f));
                json!({ "name": f.name, "unit": f.unit, "default": default, "about": about })
            })
            .collect();
        println!("{}", json!(rows));
    } else {
        for field in RawParams::FIELDS {
            println!("{:<26}{:>18}  {}", field.name, text(field), about(field));
        }
    }
    Ok(())
}
