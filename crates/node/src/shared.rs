//! What the replica publishes and the edge reads.
//!
//! Laws: the state here changes only after its block is on the disk; state, history and head of a
//! block appear together; locks are taken in the order state, kept, pool, history, never across an
//! `await`.
//! Not here: who changes it (`replica`), HTTP (`http`).

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use earnest_api::{Problem, Receipt, StorageView, TxHash, TxStatus};
use earnest_protocol::{Digest, Height, State};
use tokio::sync::watch;

use crate::{
    blobs::Blobs,
    config::Limits,
    history::History,
    kept::KeptStates,
    mempool::{Mempool, TxKey},
    referee::NodeReferee,
};

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It takes transactions and makes blocks.
    Running,
    /// Its disk has no room for another block: it makes none and takes no transactions until there
    /// is.
    Full,
    /// It makes no more blocks.
    Stopped,
}

/// Where the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last block.
    pub height: Height,
    /// The root of the state after it.
    pub root: Digest,
    /// What the node is doing.
    pub phase: Phase,
}

/// What the replica publishes.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) network: Digest,
    pub(crate) name: String,
    pub(crate) limits: Limits,
    /// From one block to the next when nothing waits; the rules may want more.
    pub(crate) idle_block_time: Duration,
    /// The data directory, for who reads the log; only the replica writes there.
    pub(crate) dir: PathBuf,
    pub(crate) referee: NodeReferee,
    pub(crate) blobs: Blobs,
    pub(crate) head: watch::Sender<Head>,
    /// Programs that were found fit to run; only saves time.
    pub(crate) programs: Mutex<BTreeSet<Digest>>,
    state: RwLock<State>,
    kept: Mutex<KeptStates>,
    pool: Mutex<Mempool>,
    history: RwLock<History>,
    /// When the last block was published; at first, when the node started.
    published: Mutex<Instant>,
    /// None until the replica runs.
    storage: Mutex<Option<StorageView>>,
}

/// Whoever held the lock panicked: what it guards may be half changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Poisoned;

impl From<Poisoned> for Problem {
    fn from(_: Poisoned) -> Problem {
        Problem::unavailable("The node found itself at fault and is stopping")
    }
}

impl Shared {
    pub(crate) fn new(
        (network, name, limits): (Digest, String, Limits),
        (dir, idle_block_time): (PathBuf, Duration),
        blobs: Blobs,
        (state, root): (State, Digest),
        history: History,
    ) -> Shared {
        let (head, _) =
            watch::channel(Head { height: state.height(), root, phase: Phase::Running });
        Shared {
            network,
            name,
            limits,
            idle_block_time,
            dir,
            referee: NodeReferee::new(),
            blobs,
            head,
            programs: Mutex::default(),
            kept: Mutex::new(KeptStates::new(state.clone(), limits)),
            state: RwLock::new(state),
            pool: Mutex::new(Mempool::new(limits)),
            history: RwLock::new(history),
            published: Mutex::new(Instant::now()),
            storage: Mutex::new(None),
        }
    }

    pub(crate) fn state(&self) -> Result<RwLockReadGuard<'_, State>, Poisoned> {
        self.state.read().map_err(|_| Poisoned)
    }

    pub(crate) fn state_mut(&self) -> Result<RwLockWriteGuard<'_, State>, Poisoned> {
        self.state.write().map_err(|_| Poisoned)
    }

    /// The states that may be read with `?at=`; taken after the state, if both are.
    pub(crate) fn kept(&self) -> Result<MutexGuard<'_, KeptStates>, Poisoned> {
        self.kept.lock().map_err(|_| Poisoned)
    }

    pub(crate) fn pool(&self) -> Result<MutexGuard<'_, Mempool>, Poisoned> {
        self.pool.lock().map_err(|_| Poisoned)
    }

    pub(crate) fn history(&self) -> Result<RwLockReadGuard<'_, History>, Poisoned> {
        self.history.read().map_err(|_| Poisoned)
    }

    pub(crate) fn history_mut(&self) -> Result<RwLockWriteGuard<'_, History>, Poisoned> {
        self.history.write().map_err(|_| Poisoned)
    }

    /// What the node has on its disk; none for a moment while it starts.
    pub(crate) fn storage(&self) -> Result<Option<StorageView>, Poisoned> {
        Ok(*self.storage.lock().map_err(|_| Poisoned)?)
    }

    pub(crate) fn show_storage(&self, view: StorageView) {
        if let Ok(mut storage) = self.storage.lock() {
            *storage = Some(view);
        }
    }

    /// Everybody sees the block from now on.
    pub(crate) fn publish(&self, head: Head) {
        if let Ok(mut published) = self.published.lock() {
            *published = Instant::now();
        }
        self.head.send_replace(head);
    }

    /// How long ago the last block was published.
    pub(crate) fn since_block(&self) -> Result<Duration, Poisoned> {
        Ok(self.published.lock().map_err(|_| Poisoned)?.elapsed())
    }

    pub(crate) fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// The receipt of a transaction that is in a block or waits for one.
    pub(crate) fn known(&self, key: &TxKey) -> Result<Option<Receipt>, Poisoned> {
        if let Some(receipt) = self.history()?.included(key) {
            return Ok(Some(receipt));
        }
        if self.pool()?.contains(key) {
            return Ok(Some(pending(key.0)));
        }
        // It may have moved from the one to the other in between.
        Ok(self.history()?.included(key))
    }

    /// The receipt of a transaction of this hash, or why it was dropped.
    pub(crate) fn receipt(&self, hash: &TxHash) -> Result<Option<Receipt>, Poisoned> {
        if let Some(receipt) = self.history()?.included_hash(hash) {
            return Ok(Some(receipt));
        }
        if self.pool()?.contains_hash(hash) {
            return Ok(Some(pending(*hash)));
        }
        let history = self.history()?;
        Ok(history.included_hash(hash).or_else(|| history.dropped(hash)))
    }
}

/// The receipt of a transaction that waits.
pub(crate) fn pending(hash: TxHash) -> Receipt {
    Receipt { hash, status: TxStatus::Pending, height: None, refusal: None }
}
