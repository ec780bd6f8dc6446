//! `earnest program`: what is published, publishing without a job, taking it away again.
//!
//! Law: what publishing takes is the node's own trial of the first part, not a formula of ours.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use earnest_api::{Client, Page, PageQuery, ProgramView};
use earnest_prepare::{link::exports_start, prepare};
use earnest_protocol::{Amount, Command, Digest, command::RetireProgram, ledger::Reason};
use earnest_worker::{
    Chain,
    requester::{self, program_digest},
};
use serde_json::json;

use crate::{
    daemons::{chain_failed, open, open_with},
    failure::Failure,
    keys::{self, ActArgs},
    money,
    output::{note, out},
    present::Present,
    run::{linked, refused},
    show::{self, table::Kind},
};

/// What to do with published programs.
#[derive(Subcommand, Debug)]
pub enum ProgramCommand {
    /// Programs that jobs may name, and those that somebody has begun to publish
    List {
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Publish an ordinary program for jobs to come; `earnest job submit` does it by itself
    Publish(PublishArgs),
    /// Take a program of yours away, once no open job names it: its deposit returns
    Retire {
        /// Its hash, as `list` shows it
        #[arg(value_parser = crate::text::digest, value_name = "HASH")]
        program: Digest,
        #[command(flatten)]
        act: ActArgs,
    },
}

/// A program to be published.
#[derive(Args, Debug)]
pub struct PublishArgs {
    /// The WebAssembly module, compiled for wasm32-wasip1
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,
    #[command(flatten)]
    act: ActArgs,
}

pub fn run(command: &ProgramCommand, node: &str, json: bool) -> Result<(), Failure> {
    match command {
        ProgramCommand::List { limit } => list(&Client::new(node), *limit, json),
        ProgramCommand::Publish(args) => publish(args, node, json),
        ProgramCommand::Retire { program, act } => {
            let mut chain = open(node, act)?;
            let command = Command::RetireProgram(RetireProgram { program: *program });
            let receipt = chain.send(command).map_err(chain_failed)?;
            crate::stake::print_receipt(&receipt, json)
        }
    }
}

fn list(client: &Client, limit: u32, json: bool) -> Result<(), Failure> {
    let page = PageQuery { limit: Some(limit), ..PageQuery::default() };
    let Page { items, next_cursor } = client.programs(&page)?;
    if json {
        return out!("{}", json!({ "items": items, "next_cursor": next_cursor }));
    }
    if items.is_empty() {
        return out!("no programs");
    }
    let names = Present::ask(client)?.names;
    let columns = [
        ("program", Kind::Word),
        ("KiB", Kind::Number),
        ("stands", Kind::Sentence),
        ("publisher", Kind::Word),
        ("deposit", Kind::Number),
    ];
    let row = |program: &ProgramView| {
        let stands = match (program.is_published, program.jobs) {
            (false, _) => format!("{} parts are there", program.parts),
            (true, 0) => "published".to_owned(),
            (true, jobs) => format!("published, named by {jobs} open jobs"),
        };
        vec![
            program.program.to_string(),
            program.bytes.div_ceil(1024).to_string(),
            stands,
            names.short(&program.publisher.address),
            crate::text::tokens(program.deposit),
        ]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    out!("{}", show::table::table(&columns, &rows, show::width()))?;
    match next_cursor {
        Some(_) => out!("more are left out; --limit shows them"),
        None => Ok(()),
    }
}

fn publish(args: &PublishArgs, node: &str, json: bool) -> Result<(), Failure> {
    let module =
        std::fs::read(&args.program).map_err(|why| Failure::file("read", &args.program, why))?;
    if !exports_start(&module) {
        let detail = "the module has no `_start`: it computes in steps";
        return Err(Failure::usage(detail, "`earnest job submit` sends it with its job"));
    }
    let signer = keys::open(&args.act.key)?;
    let pausable = prepare(&linked(&module)?).map_err(|why| refused(&why))?.pausable;
    let mut chain = open_with(signer, node, &args.act)?;
    publish_unless_there(&mut chain, &pausable)?;
    let view = chain.client().program(&program_digest(&pausable))?;
    if json {
        return out!("{}", json!(view));
    }
    out!("program {}, {} bytes, published", view.program, view.bytes)
}

/// Publishes a prepared program unless jobs may name it already; says first what that costs.
pub fn publish_unless_there(chain: &mut Chain, pausable: &[u8]) -> Result<(), Failure> {
    let Some(missing) = missing(chain, pausable)? else { return Ok(()) };
    note!(
        "publishing the program, {} KiB: a deposit of {} tokens, which returns when it is retired, \
         and fees of {} tokens",
        pausable.len().div_ceil(1024),
        money::show(missing.deposit),
        money::show(missing.fees),
    );
    requester::publish(chain, pausable, missing.done).map_err(chain_failed)
}

/// What publishing takes.
pub struct Missing {
    /// Behind the room; it returns.
    pub deposit: Amount,
    /// Of all parts that are missing, as fees stand now.
    pub fees: Amount,
    /// Parts of it that this account has published.
    pub done: u32,
}

/// What is to be done before jobs may name a prepared program; nothing if they may.
pub fn missing(chain: &Chain, pausable: &[u8]) -> Result<Option<Missing>, Failure> {
    let name = program_digest(pausable);
    match chain.client().program(&name) {
        Ok(view) if view.is_published => return Ok(None),
        Ok(_) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error.into()),
    }
    let done = done(chain, &name)?;
    let mut parts = requester::parts(pausable);
    let left = u64::from(u32::try_from(parts.len()).unwrap_or(u32::MAX).saturating_sub(done));
    let place = usize::try_from(done).unwrap_or(usize::MAX);
    if parts.len() <= place {
        return Ok(None);
    }
    let next = Command::PublishProgram(parts.swap_remove(place));
    let tried = chain.session().simulate(next)?;
    if let Some(refusal) = &tried.refusal {
        return Err(Failure::refused(refusal));
    }
    let of = |reason| {
        let moved = tried.movements.iter().filter(|moved| moved.reason == reason);
        moved.fold(Amount::ZERO, |sum, moved| sum.saturating_add(moved.amount))
    };
    let deposit = of(Reason::ProgramDeposit);
    let fees = of(Reason::BaseFee).checked_times(left).unwrap_or(Amount::MAX);
    Ok(Some(Missing { deposit, fees, done }))
}

/// How many parts of a program this account has published already.
fn done(chain: &Chain, program: &Digest) -> Result<u32, Failure> {
    let mut page = PageQuery { limit: Some(500), ..PageQuery::default() };
    loop {
        let Page { items, next_cursor } = chain.client().programs(&page)?;
        let mine = |row: &&ProgramView| row.program == *program && row.publisher.id == chain.me;
        if let Some(row) = items.iter().find(mine) {
            return Ok(row.parts);
        }
        match next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(0),
        }
    }
}
