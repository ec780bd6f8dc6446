//! Boot: from what is on the disk to the state after the last block.
//!
//! Laws: every record of the log is read and checked, whatever is replayed; every block that is
//! replayed is checked against the root that the next one names; a snapshot that the log does not
//! bear out is an error, not a choice.
//! Not here: formats (`log`, `snapshot`), carrying out (`replay`).

use core::fmt;

use earnest_protocol::{Broken, Digest, Height, State};

use crate::{
    config::Limits,
    history::History,
    log::{Log, LogError, Mended, Reading, Record, Repair},
    referee::NodeReferee,
    replay::{self, ReplayError},
    store::{Skipped, Store, StoreError},
};

/// Why a node cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block does not follow from the one before.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A law does not hold.
    #[error(
        "a law of the state does not hold after block {height}: {law:?}. Keep the directory as \
         it is and report this with the block log"
    )]
    Broken {
        /// After which block.
        height: Height,
        /// Which law.
        law: Broken,
    },
    /// A snapshot shows that acknowledged blocks are missing from the log.
    #[error(
        "the block log ends at {log}, but a snapshot of {snapshot} exists: acknowledged blocks \
         are missing. Restore the log from a backup; to go on without them, remove the snapshots \
         of later blocks and start with --accept-lost-blocks"
    )]
    BlocksMissing {
        /// The last block of the log.
        log: Height,
        /// The snapshot's height.
        snapshot: Height,
    },
    /// A snapshot was made on another chain than the log's.
    #[error(
        "the snapshot of {snapshot} belongs to another chain than the log. Restore both from \
         one backup, or remove the snapshots"
    )]
    OtherChain {
        /// The snapshot's height.
        snapshot: Height,
    },
}

impl From<LogError> for BootError {
    fn from(error: LogError) -> BootError {
        BootError::Store(StoreError::Log(error))
    }
}

/// What a person should know about a start.
#[derive(Debug)]
pub enum Notice {
    /// The log, or the record of what was acknowledged, was not whole.
    Mended(Mended),
    /// A snapshot is not used.
    SnapshotSkipped(Skipped),
    /// Where the state came from.
    Replayed {
        /// The height replay began after.
        from: Height,
        /// The height it ended at.
        to: Height,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Mended(mended) => mended.fmt(f),
            Notice::SnapshotSkipped(skipped) => skipped.fmt(f),
            Notice::Replayed { from, to } => write!(f, "replayed blocks after {from} up to {to}"),
        }
    }
}

/// Where a node begins.
#[derive(Debug)]
pub struct Booted {
    /// The log, open for the next block; none if it was only examined.
    pub log: Option<Log>,
    /// The state after the last block.
    pub state: State,
    /// Its root.
    pub root: Digest,
    /// The height of the latest snapshot that checks; zero if there is none.
    pub snapshot: Height,
    /// What happened in the blocks that were replayed.
    pub history: History,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// How much of the log is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of it.
    Genesis,
    /// From the latest snapshot on, unless the log is short.
    Snapshot,
}

/// Reads everything and opens the log for the next block.
///
/// # Errors
/// Why the node cannot begin; nothing was changed then.
pub fn boot(store: &Store, limits: Limits, repair: Repair) -> Result<Booted, BootError> {
    let (mut player, mut notices) = Player::begin(store, limits, Depth::Snapshot)?;
    let (dir, network) = (store.dir(), store.network());
    let mut reading = Reading::of(dir, &network, repair, |record| player.play(&record))?;
    notices.extend(reading.mended.drain(..).map(Notice::Mended));
    let booted = player.end(notices)?;
    Ok(Booted { log: Some(reading.open()?), ..booted })
}

/// Reads everything and changes nothing; `Depth::Genesis` verifies every block there is.
///
/// # Errors
/// The first thing that is wrong.
pub fn examine(store: &Store, limits: Limits, depth: Depth) -> Result<Booted, BootError> {
    let (mut player, mut notices) = Player::begin(store, limits, depth)?;
    let (dir, network) = (store.dir(), store.network());
    let reading = Reading::of(dir, &network, Repair::Refuse, |record| player.play(&record))?;
    notices.extend(reading.mended.into_iter().map(Notice::Mended));
    player.end(notices)
}

/// Plays records one after the other.
struct Player {
    network: Digest,
    state: State,
    root: Digest,
    history: History,
    referee: NodeReferee,
    /// Where replay begins; earlier records are only checked.
    from: Height,
    /// Height, block and root of the latest snapshot that checks.
    snapshot: Option<(Height, Digest, Digest)>,
    /// The last record read.
    last: Height,
}

impl Player {
    fn begin(
        store: &Store,
        limits: Limits,
        depth: Depth,
    ) -> Result<(Player, Vec<Notice>), BootError> {
        let mut state = State::new(store.genesis()).map_err(StoreError::from)?;
        let (latest, skipped) = store.latest_snapshot()?;
        let notices = skipped.into_iter().map(Notice::SnapshotSkipped).collect();
        let mut snapshot = None;
        if let Some(mut latest) = latest {
            snapshot = Some((latest.state.height(), latest.block, latest.state.root()));
            let log = store.dir().join(crate::log::FILE_NAME);
            let is_short = log.metadata().is_ok_and(|log| log.len() <= limits.replay_bytes_max);
            if depth == Depth::Snapshot && !is_short {
                state = latest.state;
            }
        }
        let (root, from) = (state.root(), state.height());
        let (network, history) = (store.network(), History::new(limits, from));
        let (referee, last) = (NodeReferee::new(), Height::ZERO);
        let player = Player { network, state, root, history, referee, from, snapshot, last };
        Ok((player, notices))
    }

    fn play(&mut self, record: &Record) -> Result<(), BootError> {
        let Record { block, hash, .. } = record;
        self.last = block.height();
        if block.height() > self.from {
            let signers = replay::signers(&self.network, block)?;
            let (state, root) = (&mut self.state, &self.root);
            let done = replay::carry_out(state, root, block, &signers, &self.referee)?;
            self.root = done.root;
            self.history.push(done.done(&self.state, block, *hash, &signers));
        }
        let Some((height, named, root)) = self.snapshot else { return Ok(()) };
        let fits = *hash == named && (height < self.from || root == self.root);
        if height == block.height() && !fits {
            return Err(BootError::OtherChain { snapshot: height });
        }
        Ok(())
    }

    fn end(self, mut notices: Vec<Notice>) -> Result<Booted, BootError> {
        let (log_height, to) = (self.last, self.state.height());
        let beyond = self.snapshot.map(|(height, ..)| height).filter(|h| *h > log_height);
        if let Some(snapshot) = beyond {
            return Err(BootError::BlocksMissing { log: log_height, snapshot });
        }
        let broken = |law| BootError::Broken { height: to, law };
        self.state.check_invariants().map_err(broken)?;
        notices.push(Notice::Replayed { from: self.from, to });
        let snapshot = self.snapshot.map_or(Height::ZERO, |(height, ..)| height);
        let Player { state, root, history, .. } = self;
        Ok(Booted { log: None, state, root, snapshot, history, notices })
    }
}
