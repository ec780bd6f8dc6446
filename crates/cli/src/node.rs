//! `earnest node`: the ledger of a network, as a server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use clap::{Args, ValueEnum};
use earnest_node::{
    BeaconSecret, Begin, BootError, Check, Node, NodeConfig, NodeHandle, Notice, Phase, Repair,
    Retention, StartError, Store, StoreError, dev::DevNetwork,
};
use earnest_protocol::{Genesis, Height};
use serde_json::json;
use tracing::{info, warn};

use crate::{
    failure::{Failure, Status},
    genesis, names,
    output::{self, Lines, out},
    stop,
    up::{duration, plan},
};

/// Between blocks of a network that has nothing to do.
const IDLE_INSTANT: Duration = Duration::from_secs(3_600);

/// How a node is run.
#[derive(Args, Debug)]
pub struct NodeArgs {
    /// The data directory; made from --genesis if it does not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What a new network begins with, as TOML or JSON; its beacon is filled in. One that began
    /// with the same goes on
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Where the API is served
    #[arg(long, default_value = "127.0.0.1:7300", value_name = "ADDRESS", value_parser = listen)]
    listen: SocketAddr,
    /// Also answer requests to this host name; may be given again [addresses and localhost: always]
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    allow_host: Vec<String>,
    /// Let web pages from this origin use the API, such as https://x.org, or * for all; may be
    /// given again; none by default
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Time between blocks; never shorter than the network allows [default: what it allows]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    block_time: Option<Duration>,
    /// For development: no block while nothing waits and no deadline is ahead, but one an hour
    #[arg(long)]
    instant: bool,
    /// Which blocks stay in the log
    #[arg(long, value_enum, default_value_t = History::Archive)]
    history: History,
    /// Cut off a damaged last record of the log, unless it was acknowledged
    #[arg(long)]
    cut_damaged_end: bool,
    /// Go on with what the log has, although acknowledged blocks are, or may be, lost
    #[arg(long)]
    accept_lost_blocks: bool,
    /// Make no block after this height, but go on answering
    #[arg(long, value_name = "HEIGHT")]
    halt_at: Option<u64>,
    /// Begin the development network of this seed if the directory is new
    #[arg(long, value_name = "SEED", hide = true, requires = "block_time")]
    development: Option<u64>,
    /// Change a parameter of it
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE", hide = true, requires = "development")]
    sets: Vec<String>,
    /// Stop when standard input ends
    #[arg(long, hide = true)]
    until_input_closes: bool,
    /// Make no block before something comes on standard input
    #[arg(long, hide = true, requires = "until_input_closes")]
    begin_on_input: bool,
}

/// Which blocks stay in the log.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum History {
    /// All of them: anybody who has the log can replay it from the beginning
    Archive,
    /// Those that the two snapshots that are kept do not hold
    Pruned,
}

pub fn run(args: &NodeArgs, json: bool) -> Result<(), Failure> {
    create_if_new(args)?;
    let genesis = Store::genesis_at(&args.data).map_err(|error| {
        Failure::config(error, "make a network first: `earnest node --genesis FILE --data DIR`")
    })?;
    let interval = Duration::from_millis(genesis.params.chain.block_interval_min_ms);
    let block_time = args.block_time.unwrap_or(interval);
    let check = if args.development.is_some() { Check::EveryBlock } else { Check::Snapshot };
    let repair = match (args.accept_lost_blocks, args.cut_damaged_end) {
        (true, _) => Repair::AcceptLost,
        (false, true) => Repair::CutLast,
        (false, false) => Repair::Refuse,
    };
    let config = NodeConfig {
        listen: args.listen,
        block_time,
        idle_block_time: if args.instant { IDLE_INSTANT } else { block_time },
        hurry: args.instant,
        check,
        retention: match args.history {
            History::Archive => Retention::Archive,
            History::Pruned => Retention::Pruned,
        },
        repair,
        begin: if args.begin_on_input { Begin::WhenTold } else { Begin::AtOnce },
        stop_at: args.halt_at.map(Height::new),
        allowed_hosts: args.allow_host.clone(),
        allowed_origins: args.allow_origin.clone(),
        ..NodeConfig::new(&args.data)
    };
    output::log(Lines::Dated);
    let stop = stop::on_interrupt()?;
    let node = Node::start(config).map_err(|error| not_started(&error))?;
    for notice in node.notices() {
        match notice {
            Notice::Replayed { .. } => info!("{notice}"),
            Notice::Mended(_) | Notice::SnapshotSkipped(_) | Notice::BlobLimitBelowRoom { .. } => {
                warn!("{notice}")
            }
        }
    }
    announce(&node, json)?;
    let mut told = args.until_input_closes.then(|| stop::on_closed_input(&stop));
    let mut is_full = false;
    while !stop.load(Ordering::SeqCst) {
        if told.take_if(|told| told.load(Ordering::SeqCst)).is_some() {
            node.begin();
        }
        is_full = tell_of_room(&node, is_full);
        // A node that reached its last height goes on answering; one at fault does not.
        if node.is_finished() && args.halt_at.is_none() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = if node.is_finished() { node.wait() } else { node.stop() };
    let height = ended.map_err(|halt| {
        let hint = "keep the data directory; `earnest doctor --data DIR` says more";
        Failure::new(Status::Internal, "node-halted", halt, hint)
    })?;
    info!("stopped after block {height}");
    Ok(())
}

/// Why a node did not start, and what to do.
fn not_started(error: &StartError) -> Failure {
    match error {
        StartError::Origin(_) => Failure::usage(error, "change --allow-origin"),
        StartError::Listen { .. } => {
            Failure::config(error, "choose another address with --listen, or stop what uses it")
        }
        StartError::Boot(BootError::Store(StoreError::InUse { .. })) => {
            let hint = "stop that process first, or use another folder";
            Failure::new(Status::Config, "in-use", error, hint)
        }
        _ => Failure::config(error, "`earnest doctor --data DIR` says more about the directory"),
    }
}

/// An address with its port.
fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "give an address and a port, as in 127.0.0.1:7300".to_owned())
}

/// A name as clients send it, without scheme, port or path.
fn host_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if text.is_empty() || !text.bytes().all(is_plain) {
        return Err(format!("`{text}` is no host name: give it as in `node.example`"));
    }
    Ok(text.to_owned())
}

/// Tells the operator that the disk became full, or has room again; returns whether it is full.
fn tell_of_room(node: &NodeHandle, was_full: bool) -> bool {
    let is_full = node.phase() == Phase::Full;
    if is_full && !was_full {
        warn!(
            "the disk has no room for another block: no blocks are made and no transactions taken \
             until it has. Make room, or start with --history pruned, which removes old blocks"
        );
    }
    if was_full && !is_full {
        info!("the disk has room again: going on after block {}", node.height());
    }
    is_full
}

fn announce(node: &NodeHandle, json: bool) -> Result<(), Failure> {
    if json {
        let (height, network) = (node.height(), node.network());
        out!("{}", json!({ "url": node.url(), "network": network, "height": height }))?;
    } else {
        out!("{}", node.url())?;
    }
    info!("network {} at height {}, serving {}", node.network(), node.height(), node.url());
    Ok(())
}

/// Goes on with a network that began with this very genesis, whose beacon was filled in then.
fn began_with(data: &Path, path: &Path) -> Result<(), Failure> {
    let there = Store::genesis_at(data).map_err(|error| {
        Failure::config(error, "`earnest doctor --data DIR` says more about the directory")
    })?;
    let given = Genesis { beacon: there.beacon, ..genesis::read(path)? };
    if given.network() == there.network() {
        return Ok(());
    }
    Err(Failure::config(
        format!("{} holds a network already, which did not begin with {}", data.display(), {
            path.display()
        }),
        "leave out --genesis to resume it, or choose another --data",
    ))
}

/// Nothing is made for a node that could not serve.
fn may_listen(address: SocketAddr) -> Result<(), Failure> {
    let tried = std::net::TcpListener::bind(address);
    tried.map(drop).map_err(|source| not_started(&StartError::Listen { address, source }))
}

/// Makes the data directory of a new network.
fn create_if_new(args: &NodeArgs) -> Result<(), Failure> {
    if Store::is_at(&args.data) {
        return args.genesis.as_ref().map_or(Ok(()), |path| began_with(&args.data, path));
    }
    if let (Some(seed), Some(time)) = (args.development, args.block_time) {
        let block_time_ms = u64::try_from(time.as_millis()).map_err(Failure::internal)?;
        let (accounts, operators) = plan::accounts(&plan::cast(seed));
        let network = DevNetwork {
            name: names::of_network(seed),
            params: plan::params_with(block_time_ms, &args.sets)?,
            accounts,
            operators,
            ..DevNetwork::default()
        };
        let secret = BeaconSecret::of_seed(seed);
        let genesis = network.genesis(&secret);
        return Store::create(&args.data, &genesis, &secret).map_err(Failure::internal);
    }
    let Some(path) = &args.genesis else {
        let detail = format!("{} holds no network", args.data.display());
        return Err(Failure::config(detail, "give --genesis FILE to begin one"));
    };
    let mut genesis = genesis::read(path)?;
    genesis::check(&genesis, path)?;
    may_listen(args.listen)?;
    let secret = BeaconSecret::random().map_err(Failure::internal)?;
    let chain_blocks = genesis.beacon.chain_blocks.count().max(3_600);
    genesis.beacon = secret.genesis(earnest_protocol::Blocks::new(chain_blocks));
    Store::create(&args.data, &genesis, &secret).map_err(|error| {
        Failure::config(error, "see docs/operations.md, or begin with `earnest genesis new`")
    })
}
