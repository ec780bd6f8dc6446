//! Configuration: where a node keeps its things, how fast it makes blocks, how much it holds.
//!
//! Law: every queue and every size has a bound here, with its unit in the name; rules of the
//! network are in its genesis, never here.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use earnest_api::routes;
use earnest_protocol::Height;

use crate::{
    block::BLOCK_BYTES_MAX,
    log::{Repair, SEGMENT_BYTES},
};

/// How to run a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The data directory, made by [`Store::create`](crate::Store::create).
    pub dir: PathBuf,
    /// Where HTTP is served; port 0 lets the system choose. Loopback unless changed.
    pub listen: SocketAddr,
    /// From one block to the next while transactions wait; never shorter than the network's
    /// `chain.block_interval_min_ms`.
    pub block_time: Duration,
    /// The same while nothing waits; deadlines count blocks, so this slows them too.
    pub idle_block_time: Duration,
    /// Whether blocks hurry to deadlines that are ahead, as if transactions waited.
    pub hurry: bool,
    /// Blocks between snapshots, at least 1, whatever the restarts between; one more is made at a
    /// clean stop.
    pub snapshot_blocks: u64,
    /// Which blocks stay in the log.
    pub retention: Retention,
    /// When the laws are checked.
    pub check: Check,
    /// What to do about a damaged last record, and about lost blocks.
    pub repair: Repair,
    /// When blocks begin.
    pub begin: Begin,
    /// Stop by itself after the block at this height.
    pub stop_at: Option<Height>,
    /// How much is held and taken at once.
    pub limits: Limits,
    /// Names under which HTTP is served, besides `localhost` and addresses; a request that names
    /// another host is refused, so that no web page reaches the node under a name of its own.
    pub allowed_hosts: Vec<String>,
    /// Web pages that may use the API, as browsers name where they come from (`https://x.org`); `*`
    /// for all. None by default.
    pub allowed_origins: Vec<String>,
}

impl NodeConfig {
    /// The defaults, over a data directory.
    pub fn new(dir: impl Into<PathBuf>) -> NodeConfig {
        NodeConfig {
            dir: dir.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            block_time: Duration::from_secs(1),
            idle_block_time: Duration::from_secs(1),
            hurry: false,
            snapshot_blocks: 1_000,
            retention: Retention::default(),
            check: Check::default(),
            repair: Repair::Refuse,
            begin: Begin::default(),
            stop_at: None,
            limits: Limits::default(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
        }
    }
}

/// When blocks begin: deadlines count blocks, and who is to keep them may not be there yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// Once the node has started.
    #[default]
    AtOnce,
    /// Once [`NodeHandle::begin`](crate::NodeHandle::begin) says so; until then the node answers
    /// and takes transactions.
    WhenTold,
}

/// Which blocks stay in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// All of them: anybody who has the log can replay it from the beginning.
    #[default]
    Archive,
    /// Those that the earlier of the two kept snapshots does not hold, in whole segments: what is
    /// removed cannot be replayed again by anybody who has no copy.
    Pruned,
}

/// When the laws of the state are checked (a walk over all rows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// After every block: for development and small networks.
    EveryBlock,
    /// Before every snapshot, and when a node starts.
    Snapshot,
}

impl Default for Check {
    fn default() -> Check {
        if cfg!(debug_assertions) { Check::EveryBlock } else { Check::Snapshot }
    }
}

/// Bounds on what a node holds and takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of encoded transactions in one block, at most 15 MiB.
    pub block_bytes_max: usize,
    /// Transactions in one block.
    pub block_transactions_max: usize,
    /// Percent of a block, in bytes and places, and of the waiting room that only the protected
    /// lane may use.
    pub protected_percent: usize,
    /// Transactions that wait.
    pub waiting_max: usize,
    /// Bytes of transactions that wait.
    pub waiting_bytes_max: usize,
    /// Transactions of one account that wait.
    pub account_waiting_max: usize,
    /// Bytes of transactions of one account that wait.
    pub account_bytes_max: usize,
    /// Events kept in memory; older ones are answered with 410.
    pub events_max: usize,
    /// Places of events, by the accounts they concern, kept in memory; an event concerns one to
    /// four as a rule. More than this drop the oldest blocks.
    pub concerns_max: usize,
    /// Epochs of which it is kept where money came from and went.
    pub epochs_max: usize,
    /// Receipts, and blocks, kept in memory.
    pub receipts_max: usize,
    /// States kept for reads of the past, `?at=`; at least the last one is.
    pub states_max: usize,
    /// Transactions in the blocks between the first and the last of them: each may hold 30 KB.
    pub states_transactions_max: usize,
    /// Bytes of the log up to which a start replays all of it, so that history is complete.
    pub replay_bytes_max: u64,
    /// Bytes after which a segment of the log takes no further block; a block is never split.
    pub segment_bytes_max: u64,
    /// Bytes of one blob.
    pub blob_bytes_max: usize,
    /// Room that all blobs take on the disk, each in whole blocks of 4 KiB: twice what the rules
    /// let be kept by default, since a job may outlast what was paid for its bytes.
    pub blobs_bytes_max: u64,
    /// Bytes that uploads leave free on the disk, for blocks and snapshots.
    pub disk_floor_bytes: u64,
    /// Chunks of one input.
    pub input_chunks_max: usize,
    /// Connections open at once.
    pub connections_max: usize,
    /// What one peer may hold and send.
    pub peers: PeerLimits,
    /// Transactions that are being verified, or that wait for it.
    pub submissions_max: usize,
    /// Blobs and inputs that are being stored, or that wait for it.
    pub uploads_max: usize,
    /// Blobs and inputs that are being read, or that wait for it.
    pub reads_max: usize,
    /// Transactions that are being read from the log, or that wait for it.
    pub past_max: usize,
    /// Event streams open at once.
    pub streams_max: usize,
    /// How long a client may take over the head of a request, or say nothing between two.
    pub head_timeout: Duration,
    /// How long a client may take nothing of a reply or stream.
    pub stall_timeout: Duration,
    /// How long an event stream says nothing before it says that it lives.
    pub heartbeat: Duration,
    /// How long one request may take, its body included.
    pub request_timeout: Duration,
    /// How long a new connection keeps its place before its first request is here: more than a
    /// packet takes around the earth.
    pub turn: Duration,
    /// How long one request, or stream, keeps a connection while a new client finds none.
    pub patience: Duration,
    /// How long `wait=included` waits before it answers "pending".
    pub wait_timeout: Duration,
}

/// What a block has beside its transactions, with room to spare.
const BLOCK_FRAME_BYTES: usize = 4_096;

impl Limits {
    /// Bytes of the largest block.
    pub fn encoded_block_bytes_max(&self) -> u64 {
        let bytes = self.block_bytes_max.saturating_add(BLOCK_FRAME_BYTES).min(BLOCK_BYTES_MAX);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            block_bytes_max: 8 << 20,
            block_transactions_max: 10_000,
            protected_percent: 25,
            waiting_max: 20_000,
            waiting_bytes_max: 64 << 20,
            account_waiting_max: 256,
            account_bytes_max: 16 << 20,
            events_max: 1_000_000,
            concerns_max: 4_000_000,
            epochs_max: 720,
            receipts_max: 1_000_000,
            states_max: 256,
            states_transactions_max: 4_096,
            replay_bytes_max: 64 << 20,
            segment_bytes_max: SEGMENT_BYTES,
            blob_bytes_max: 2 << 20,
            blobs_bytes_max: 8 << 30,
            disk_floor_bytes: 64 << 20,
            input_chunks_max: 16_384,
            connections_max: 512,
            peers: PeerLimits::default(),
            submissions_max: 128,
            uploads_max: 32,
            reads_max: 64,
            past_max: 16,
            streams_max: 256,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            heartbeat: Duration::from_secs(routes::HEARTBEAT_SECONDS),
            request_timeout: Duration::from_secs(30),
            turn: Duration::from_millis(250),
            patience: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(15),
        }
    }
}

/// What one peer may hold and send: an IPv4 address, or a network of 64 bits in IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerLimits {
    /// Connections open at once.
    pub connections_max: usize,
    /// Event streams open at once.
    pub streams_max: usize,
    /// From one transaction to the next of who sends for long.
    pub transaction_time: Duration,
    /// Transactions that may be sent at once after a silence.
    pub burst: u32,
    /// Peers that are remembered, besides those that hold connections.
    pub remembered_max: usize,
    /// Whether peers on this machine are limited too.
    pub local: Local,
}

/// How peers on this machine are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// They may hold what there is: daemons of the operator's own, or a proxy that has limits.
    Unlimited,
    /// Like any other.
    Limited,
}

impl Default for PeerLimits {
    fn default() -> PeerLimits {
        PeerLimits {
            connections_max: 64,
            streams_max: 16,
            transaction_time: Duration::from_millis(20),
            burst: 500,
            remembered_max: 4_096,
            local: Local::Unlimited,
        }
    }
}
