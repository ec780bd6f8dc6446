//! Health: what a node says of itself, of its blocks in time and of its disk.
//!
//! Not here: what it shows of its state (`view`).

use earnest_protocol::Height;
use serde::{Deserialize, Serialize};

/// Which blocks a node keeps in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockRetention {
    /// All of them.
    Archive,
    /// Those that its snapshots do not hold.
    Pruned,
}

/// What room a node has for its next block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockRoom {
    /// It is held: whoever fills the disk, the block fits.
    Held,
    /// The file system cannot hold room; there is some now.
    Watched,
    /// None: the node makes no blocks and takes no transactions until there is.
    Full,
}

/// A node that takes transactions and makes blocks in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// The last block.
    pub height: Height,
    /// Milliseconds since it was made, or since the node started.
    pub since_block_ms: u64,
    /// Milliseconds that the node lets pass between two blocks when nothing waits.
    pub block_time_ms: u64,
    /// Transactions that wait.
    pub waiting: u64,
    /// Bytes that the node may still write on its disk; none for a moment while it starts.
    pub free_bytes: Option<u64>,
}

impl HealthView {
    /// True if the next block should have been made long ago: three times the time between blocks,
    /// and a second.
    pub fn is_late(&self) -> bool {
        let patience = self.block_time_ms.saturating_mul(3).saturating_add(1_000);
        patience < self.since_block_ms
    }
}

/// What a node has on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageView {
    /// The last block in its log.
    pub height: Height,
    /// The first block in its log; those before it were pruned.
    pub blocks_from: Height,
    /// Which blocks stay in the log.
    pub retention: BlockRetention,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Files of the log.
    pub segment_count: u64,
    /// The height of the latest snapshot; 0 if there is none.
    pub snapshot: Height,
    /// True if the last snapshot that was due found the disk full.
    pub is_snapshot_put_off: bool,
    /// What room there is for the next block.
    pub room: BlockRoom,
    /// Bytes that are held for blocks to come.
    pub held_bytes: u64,
    /// Bytes that the node may still write on its disk.
    pub free_bytes: u64,
}
