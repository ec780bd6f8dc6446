//! Boot: from what is on the disk to the state after the last block.
//!
//! Laws: every block that is replayed is checked against the root that the next one names; a
//! snapshot that the log does not bear out is an error, not a choice; a log that was pruned is
//! replayed from a snapshot or not at all. A start of a long log reads it from the segment of the
//! latest snapshot on; an examination reads and checks every record there is.
//! Not here: formats (`log`, `snapshot`), carrying out (`replay`).

use core::fmt;

use earnest_protocol::{Broken, Digest, Height, State};

use crate::{
    config::Limits,
    history::History,
    log::{BlockId, Log, LogError, Mended, Reading, Record, Repair, Segments},
    referee::NodeReferee,
    replay::{self, ReplayError},
    snapshot::Snapshot,
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
    /// Blocks were pruned, and nothing holds what they led to.
    #[error(
        "blocks up to {base} were pruned from the log, and no snapshot that checks is of {base} or \
         later: the state cannot be made. Restore the snapshots, or the directory, from a backup"
    )]
    NoSnapshot {
        /// The last block that was pruned.
        base: Height,
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
    /// This node takes fewer bytes than the rules sell room for.
    BlobLimitBelowRoom {
        /// The most bytes that it keeps.
        limit: u64,
        /// The room of the rules.
        room: u64,
    },
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
            Notice::BlobLimitBelowRoom { limit, room } => write!(
                f,
                "this node keeps at most {limit} bytes of blobs, but storage.room_mib sells \
                 {room}: bytes that were paid for may be refused"
            ),
            Notice::Replayed { from, to } => write!(f, "replayed blocks after {from} up to {to}"),
        }
    }
}

/// Where a node begins.
#[derive(Debug)]
pub struct Booted {
    /// The log, open for the next block; none if it was only examined.
    pub log: Option<Log>,
    /// The hash of the last block; the network's name before the first.
    pub block: Digest,
    /// The state after it.
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
    /// All of it; of a log that was pruned, from the earliest snapshot on.
    Genesis,
    /// From the latest snapshot on, unless the log is short.
    Snapshot,
}

/// Reads everything and opens the log for the next block.
///
/// # Errors
/// Why the node cannot begin; nothing was changed then.
pub fn boot(store: &Store, limits: Limits, repair: Repair) -> Result<Booted, BootError> {
    let (reading, booted) = read(store, limits, Depth::Snapshot, repair)?;
    Ok(Booted { log: Some(reading.open(limits.segment_bytes_max)?), ..booted })
}

/// Reads and changes nothing; `Depth::Genesis` reads and verifies every block there is.
///
/// # Errors
/// The first thing that is wrong.
pub fn examine(store: &Store, limits: Limits, depth: Depth) -> Result<Booted, BootError> {
    read(store, limits, depth, Repair::Refuse).map(|(_, booted)| booted)
}

fn read(
    store: &Store,
    limits: Limits,
    depth: Depth,
    repair: Repair,
) -> Result<(Reading, Booted), BootError> {
    let segments = Segments::find(store.dir(), &store.network())?;
    let (mut player, mut notices) = Player::begin(store, limits, depth, &segments)?;
    let from = if depth == Depth::Genesis { segments.base().height } else { player.from };
    let mut reading = Reading::of(segments, from, repair, |record| player.play(&record))?;
    notices.extend(reading.mended.drain(..).map(Notice::Mended));
    let booted = player.end(reading.last(), notices)?;
    Ok((reading, booted))
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
    /// The snapshots that check and that the log has to bear out, latest first.
    marks: Vec<Mark>,
}

/// What a snapshot says of the chain.
struct Mark {
    height: Height,
    block: Digest,
    root: Digest,
}

impl Mark {
    fn of(snapshot: &mut Snapshot) -> Mark {
        let (height, block) = (snapshot.state.height(), snapshot.block);
        Mark { height, block, root: snapshot.state.root() }
    }
}

impl Player {
    fn begin(
        store: &Store,
        limits: Limits,
        depth: Depth,
        segments: &Segments,
    ) -> Result<(Player, Vec<Notice>), BootError> {
        let base = segments.base();
        let is_deep = depth == Depth::Genesis || segments.bytes() <= limits.replay_bytes_max;
        let (mut snapshots, skipped) = if is_deep {
            store.checked_snapshots()?
        } else {
            let (latest, skipped) = store.latest_snapshot()?;
            (latest.into_iter().collect(), skipped)
        };
        let notices = skipped.into_iter().map(Notice::SnapshotSkipped).collect();
        // Earlier ones than the log begins are of no use.
        snapshots.retain(|snapshot| snapshot.state.height() >= base.height);
        let marks: Vec<Mark> = snapshots.iter_mut().map(Mark::of).collect();
        let has_every_block = base.height == Height::ZERO;
        let earliest = if is_deep && has_every_block { None } else { snapshots.pop() };
        let mut state = match earliest {
            Some(snapshot) => snapshot.state,
            None if has_every_block => State::new(store.genesis()).map_err(StoreError::from)?,
            None => return Err(BootError::NoSnapshot { base: base.height }),
        };
        let (root, from) = (state.root(), state.height());
        let before = segments.base_of(from);
        let is_other = |mark: &&Mark| mark.height == before.height && mark.block != before.hash;
        if let Some(mark) = marks.iter().find(is_other) {
            return Err(BootError::OtherChain { snapshot: mark.height });
        }
        let (network, history) = (store.network(), History::after(limits, &state));
        let referee = NodeReferee::new();
        Ok((Player { network, state, root, history, referee, from, marks }, notices))
    }

    fn play(&mut self, record: &Record) -> Result<(), BootError> {
        let Record { block, hash, .. } = record;
        if block.height() > self.from {
            let signers = replay::signers(&self.network, block)?;
            let (state, root) = (&mut self.state, &self.root);
            let done = replay::carry_out(state, root, block, &signers, &self.referee)?;
            self.root = done.root;
            self.history.push(done.done(&self.state, block, *hash, &signers));
        }
        let Some(mark) = self.marks.iter().find(|mark| mark.height == block.height()) else {
            return Ok(());
        };
        let is_root = mark.height < self.from || mark.root == self.root;
        if *hash == mark.block && is_root {
            Ok(())
        } else {
            Err(BootError::OtherChain { snapshot: mark.height })
        }
    }

    fn end(self, last: BlockId, mut notices: Vec<Notice>) -> Result<Booted, BootError> {
        let BlockId { height: log, hash: block } = last;
        let to = self.state.height();
        let latest = self.marks.first().map_or(Height::ZERO, |mark| mark.height);
        if latest > log {
            return Err(BootError::BlocksMissing { log, snapshot: latest });
        }
        let broken = |law| BootError::Broken { height: to, law };
        self.state.check_invariants().map_err(broken)?;
        notices.push(Notice::Replayed { from: self.from, to });
        let Player { state, root, history, .. } = self;
        Ok(Booted { log: None, block, state, root, snapshot: latest, history, notices })
    }
}
