//! `earnest query`: what a node shows of its state.

use clap::{Args, Subcommand};
use earnest_api::{Client, JobFilter, Page, PageQuery};
use earnest_protocol::{Digest, Epoch, Height, JobId, OperatorId, RawParams, Role};
use serde::Serialize;
use serde_json::json;

use crate::{
    account, clock, credits, explain,
    failure::Failure,
    grants,
    names::{self, Who},
    output::{self, out},
    params::{self, Pace},
    present::Present,
    price, show, slashes, stake,
    text::wrap,
};

/// What to show, and of when.
#[derive(Args, Debug)]
pub struct QueryArgs {
    /// As it stood after the block at this height, where a state holds it; a node keeps some
    /// hundred states
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
    Accounts {
        #[command(flatten)]
        page: PageArgs,
    },
    /// One operator
    Operator {
        /// Its number, as `operators` shows it
        id: u64,
    },
    /// Operators
    Operators {
        /// Only `provider`, `validator`, `replica` or `access`
        #[arg(long, value_parser = stake::role)]
        role: Option<Role>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One job
    Job {
        /// Its number
        id: u64,
    },
    /// Jobs, newest first; `earnest job list` has filters
    Jobs {
        #[command(flatten)]
        page: PageArgs,
    },
    /// What stake is worth in what pays, and who said so
    Prices,
    /// What credits are minted and redeemed at, what backs them, and how far
    Credits,
    /// What the genesis granted and listed, and what of it was claimed
    Grants,
    /// Where money came from and went in an epoch, by reason, adding up to what there is
    Flows {
        /// Which [default: the present one, as far as it has come]
        epoch: Option<u64>,
    },
    /// Slashes: what was taken from whom, and who got it
    Slashes {
        #[command(flatten)]
        page: PageArgs,
    },
    /// One block
    Block {
        /// Which
        height: u64,
    },
    /// What became of a transaction
    Transaction {
        /// Its hash: 0x and 64 hexadecimal digits
        #[arg(value_parser = crate::text::digest)]
        hash: Digest,
    },
    /// Everything that happens, a line or a JSON object each, until interrupted
    Events {
        /// Only these kinds, separated by commas
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
    },
}

/// Which rows of a list.
#[derive(Args, Debug)]
pub struct PageArgs {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Those that come after: what the list before said at its end (`next_cursor`)
    #[arg(long)]
    cursor: Option<String>,
}

impl QueryCommand {
    /// Does it show a state, so that there is one of each height? Blocks, flows and transactions
    /// have a place of their own, a disk and what happens next have none.
    fn is_of_state(&self) -> bool {
        match self {
            QueryCommand::Params { defaults } => !defaults,
            QueryCommand::Network
            | QueryCommand::Account { .. }
            | QueryCommand::Accounts { .. }
            | QueryCommand::Operator { .. }
            | QueryCommand::Operators { .. }
            | QueryCommand::Job { .. }
            | QueryCommand::Jobs { .. }
            | QueryCommand::Prices
            | QueryCommand::Credits
            | QueryCommand::Grants
            | QueryCommand::Slashes { .. } => true,
            QueryCommand::Storage
            | QueryCommand::Flows { .. }
            | QueryCommand::Block { .. }
            | QueryCommand::Transaction { .. }
            | QueryCommand::Events { .. } => false,
        }
    }
}

impl PageArgs {
    fn query(&self) -> PageQuery {
        let (cursor, limit) = (self.cursor.clone(), Some(self.limit));
        PageQuery { cursor, limit, ..PageQuery::default() }
    }
}

pub fn run(args: &QueryArgs, node: &str, json: bool) -> Result<(), Failure> {
    let QueryArgs { at, command } = args;
    if at.is_some() && !command.is_of_state() {
        let detail = "--at is for what the state holds, and this is no part of it";
        return Err(Failure::usage(detail, "leave out --at"));
    }
    let now = Client::new(node);
    let client = at.map_or(now.clone(), |height| now.at(Height::new(height)));
    let (client, width) = (&client, show::width());
    let present = || Present::ask(client);
    match command {
        QueryCommand::Params { defaults: true } => defaults(json),
        QueryCommand::Params { defaults: false } if json => object(&client.params()?),
        QueryCommand::Params { defaults: false } => describe(&client.params()?),
        QueryCommand::Network => tell(&client.network()?, json, |view| {
            Ok(show::network::network(view, &present()?.clock, width))
        }),
        QueryCommand::Storage => {
            tell(&client.storage()?, json, |view| Ok(show::network::storage(view, width)))
        }
        QueryCommand::Account { account } => {
            let address = names::resolve(client, account)?;
            match json {
                true => object(&client.account(&address)?),
                false => account::tell(client, &address, false),
            }
        }
        QueryCommand::Accounts { page } => list(&client.accounts(&page.query())?, json, |views| {
            Ok(show::network::accounts(views, &present()?, width))
        }),
        QueryCommand::Operator { id } => {
            tell(&client.operator(OperatorId::new(*id))?, json, |view| {
                Ok(show::network::operator(view, &present()?, width))
            })
        }
        QueryCommand::Operators { role, page } => {
            list(&client.operators(*role, &page.query())?, json, |views| {
                Ok(show::network::operators(views, &present()?, width))
            })
        }
        QueryCommand::Job { id } => tell(&client.job(JobId::new(*id))?, json, |view| {
            Ok(show::job::job(view, &present()?, width))
        }),
        QueryCommand::Jobs { page } => {
            list(&client.jobs(JobFilter::default(), &page.query())?, json, |views| {
                Ok(show::job::jobs(views, &present()?, width))
            })
        }
        QueryCommand::Credits => tell(&client.credits()?, json, |view| Ok(credits::tell(view))),
        QueryCommand::Grants => {
            tell(&client.grants()?, json, |view| Ok(grants::tell(view, &present()?.clock)))
        }
        QueryCommand::Prices => tell(&client.prices()?, json, |view| {
            Ok(price::tell(view, client.params()?.prices.haircut, &present()?))
        }),
        QueryCommand::Flows { epoch } => {
            let view = client.flows(epoch.map(Epoch::new))?;
            tell(&view, json, |view| Ok(show::flows::flows(view, width)))
        }
        QueryCommand::Slashes { page } => slashes::run(client, &page.query(), json),
        QueryCommand::Block { height } => {
            tell(&client.block(Height::new(*height))?, json, |view| {
                Ok(show::network::block(view, width))
            })
        }
        QueryCommand::Transaction { hash } if json => object(&client.transaction(hash)?),
        QueryCommand::Transaction { hash } => explain::transaction(client, hash, false),
        QueryCommand::Events { kinds } => events(client, kinds, json),
    }
}

/// One value: as JSON for programs, in words for people.
fn tell<T: Serialize>(
    value: &T,
    json: bool,
    words: impl FnOnce(&T) -> Result<String, Failure>,
) -> Result<(), Failure> {
    if json { object(value) } else { out!("{}", words(value)?) }
}

/// A page of a list: as JSON for programs, as a table for people.
fn list<T: Serialize>(
    page: &Page<T>,
    json: bool,
    words: impl FnOnce(&[T]) -> Result<String, Failure>,
) -> Result<(), Failure> {
    if json {
        return object(page);
    }
    if page.items.is_empty() {
        return out!("none");
    }
    out!("{}", words(&page.items)?)?;
    slashes::more(page)
}

fn object(value: &impl Serialize) -> Result<(), Failure> {
    out!("{}", serde_json::to_string(value).map_err(Failure::internal)?)
}

fn events(client: &Client, kinds: &[String], json: bool) -> Result<(), Failure> {
    // A node that is not there is an error now, not a silent wait.
    let (mut teller, present) = explain::teller(client)?;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    for event in client.events(None, &kinds) {
        let event = event?;
        match json {
            true => out!("{}", json!(event))?,
            false => {
                let told = wrap(&teller.tell(&event, &present), show::width().saturating_sub(8));
                out!("{:>6}  {}", event.height, told.join(&format!("\n{:8}", "")))?;
            }
        }
    }
    Ok(())
}

/// Every parameter with its value, unit, range and reason, for people.
fn describe(raw: &RawParams) -> Result<(), Failure> {
    let pace = Pace::of(raw);
    let default = serde_json::to_value(RawParams::default()).map_err(Failure::internal)?;
    let raw = serde_json::to_value(raw).map_err(Failure::internal)?;
    let width = show::width();
    let mut text = String::new();
    for field in RawParams::fields() {
        let show = |value| field.shown(value);
        let (value, usual) = (params::value_of(&raw, field), params::value_of(&default, field));
        let (path, about) = (params::path_of(field), field.about.trim());
        let lasts = pace.time_ms(field, value).map(|ms| format!(" ({})", clock::span(ms)));
        let value = format!("{}{}", show(value), lasts.unwrap_or_default());
        let head = format!("{path} = {value}");
        let range = format!("From {}; default {}.", params::range(field), show(usual));
        let reason = format!("{about} {range} Why: {}.", field.reason);
        text.push_str(&format!("{head}\n"));
        for line in wrap(&reason, width.saturating_sub(4)) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    output::result(format_args!("{text}"))
}

fn defaults(json: bool) -> Result<(), Failure> {
    let raw = RawParams::default();
    if !json {
        return describe(&raw);
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
