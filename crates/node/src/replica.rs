//! The replica: the one thread that makes blocks.
//!
//! ```text
//!   waiting ──select──► try on a second state ──► append to the log, flush
//!                          │ leaves no trace: dropped        │
//!                          ▼                                 ▼
//!                       receipt                 carry out on the state that is read,
//!                                               compare roots, publish
//! ```
//!
//! A block must not hold transactions that leave no trace, and which ones do is known only by
//! carrying them out; but the state must not change before the log. So each block is carried out
//! twice, on two states. What that costs is small beside verifying signatures, and it buys a check:
//! both roots must be equal.
//!
//! Laws: no block is made before there is room for it on the disk; nothing is published before it
//! is on the disk; a write that fails, roots that differ and
//! a law that does not hold stop the node; a panic in the rules stops it with the block that caused
//! it kept in a file of its own.
//! Not here: what is waiting (`mempool`), many operators: they would order the same blocks by an
//! engine and call the same `carry_out` (docs/adr/0007).

use std::{
    collections::BTreeSet,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use earnest_durable::{Hold, Kind};
use earnest_protocol::{
    Authenticated, BlockHead, Blocks, Broken, Digest, Height, Journal, Rejected, State,
    TransactionRejected,
};

use crate::{
    beacon::{Beacon, Shown},
    block::Block,
    clock::Clock,
    config::{Begin, Check, NodeConfig},
    log::{Log, LogError},
    mempool::{TxKey, Waiting},
    replay::{self, ReplayError, Signers},
    shared::{Head, Phase, Poisoned, Shared},
    store::Store,
};

/// Why a node stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The log took no block.
    #[error("stopped: {0}")]
    Log(#[from] LogError),
    /// A snapshot could not be written.
    #[error("stopped: a snapshot was not written: {0}")]
    Snapshot(io::Error),
    /// A law does not hold.
    #[error(
        "stopped: a law does not hold after block {height} (root {root}): {law:?}. Keep the \
         data directory as it is and report this with the block log"
    )]
    Broken {
        /// After which block.
        height: Height,
        /// The root of that state.
        root: Digest,
        /// Which law.
        law: Broken,
    },
    /// The same block gave two roots.
    #[error(
        "stopped: block {height} gave root {trial} first and {state} then. Report this with \
         the block log; check the machine's memory"
    )]
    Diverged {
        /// Which block.
        height: Height,
        /// The root of the trial.
        trial: Digest,
        /// The root of the state.
        state: Digest,
    },
    /// Our own block does not follow.
    #[error("stopped: {0}")]
    Replay(#[from] ReplayError),
    /// The rules panicked.
    #[error("stopped: the rules failed in block {height}: {message}{}", kept(.file.as_deref()))]
    Panicked {
        /// While making this block.
        height: Height,
        /// What the panic said.
        message: String,
        /// Where the block is kept, if it could be.
        file: Option<PathBuf>,
    },
    /// Another thread panicked while it changed what is shared.
    #[error("stopped: a thread of the node panicked")]
    Poisoned,
}

fn kept(file: Option<&std::path::Path>) -> String {
    file.map(|file| format!(". The block is kept in {}", file.display())).unwrap_or_default()
}

impl From<Poisoned> for Halt {
    fn from(_: Poisoned) -> Halt {
        Halt::Poisoned
    }
}

/// What the replica is told.
#[derive(Debug)]
pub(crate) enum Control {
    /// Make blocks from now on.
    Begin,
    /// Make a block now and say when it is done.
    MakeBlock(SyncSender<Height>),
    /// Write a snapshot and end.
    Stop,
}

/// The one that makes blocks.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) config: NodeConfig,
    pub(crate) clock: Clock,
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Store,
    pub(crate) log: Log,
    pub(crate) beacon: Beacon,
    /// The second state; equal to the shared one between blocks.
    pub(crate) trial: State,
    pub(crate) root: Digest,
    pub(crate) control: Receiver<Control>,
    /// When the last block was made.
    pub(crate) made: Instant,
    /// What room there is for the next block; none if there is none.
    pub(crate) hold: Option<Hold>,
    /// The height of the last snapshot on the disk, whoever wrote it.
    pub(crate) snapshot_at: Height,
    /// The height at which a snapshot found the disk full, if none was written since.
    pub(crate) snapshot_full_at: Option<Height>,
}

/// Files that are removed after a block, at most.
const DROPPED_A_BLOCK: usize = 64;

/// A block that was tried.
struct Tried {
    block: Block,
    signers: Signers,
    root: Digest,
    dropped: Vec<(TxKey, Rejected)>,
}

impl Replica {
    /// Runs until told to stop, until the height to stop at, or until something is wrong; then
    /// says so to everybody.
    pub(crate) fn run(mut self) -> Result<Height, Halt> {
        let ended = self.run_until_stopped();
        let Head { height, root, .. } = self.shared.head();
        self.shared.head.send_replace(Head { height, root, phase: Phase::Stopped });
        ended.map(|()| height)
    }

    fn run_until_stopped(&mut self) -> Result<(), Halt> {
        self.begin()?;
        let mut is_told = self.config.begin == Begin::AtOnce;
        while self.config.stop_at.is_none_or(|last| self.trial.height() < last) {
            let control = if is_told {
                self.next_control()
            } else {
                // Whoever could tell it is gone: nobody ever will.
                Some(self.control.recv().unwrap_or(Control::Stop))
            };
            let reply = match control {
                Some(Control::Stop) => break,
                Some(Control::Begin) => {
                    is_told = true;
                    continue;
                }
                Some(Control::MakeBlock(reply)) => Some(reply),
                None => None,
            };
            self.made = Instant::now();
            self.step(reply)?;
        }
        self.end()
    }

    /// What comes before the first block.
    pub(crate) fn begin(&mut self) -> Result<(), Halt> {
        self.prune()?;
        self.has_room().map(drop)
    }

    /// Makes a block, tells whoever asked for it, and does what is due after it. False if there is
    /// no room: then whoever asked hears that there is none.
    pub(crate) fn step(&mut self, reply: Option<SyncSender<Height>>) -> Result<bool, Halt> {
        if !self.has_room()? {
            return Ok(false);
        }
        self.make_block()?;
        // What the disk does not let go now is tried again, and stops no block.
        let _ = self.shared.blobs.drop_unwanted(DROPPED_A_BLOCK);
        // Before whoever asked hears of the block, so that what is shown has it.
        self.show_storage();
        if let Some(reply) = reply {
            // Whoever asked may have gone.
            let _ = reply.try_send(self.trial.height());
        }
        if self.is_snapshot_due() {
            self.snapshot()?;
            self.show_storage();
        }
        Ok(true)
    }

    /// What comes after the last block.
    pub(crate) fn end(&mut self) -> Result<(), Halt> {
        if self.trial.height() > self.snapshot_at {
            self.snapshot()?;
        }
        Ok(())
    }

    /// What to do before the next block is due; none if it is due.
    fn next_control(&self) -> Option<Control> {
        let pace = self.config.block_time.max(self.interval());
        let idle = self.config.idle_block_time.max(pace);
        loop {
            let waits = self.shared.pool().map_or(1, |pool| pool.count()) > 0;
            let hurries = self.config.hurry && self.trial.awaits();
            let due = if waits || hurries { pace } else { idle };
            let left = due.saturating_sub(self.made.elapsed());
            // Something may come to wait meanwhile: look again at least once a pace.
            match self.control.recv_timeout(left.min(pace)) {
                Ok(control) => return Some(control),
                Err(RecvTimeoutError::Disconnected) => return Some(Control::Stop),
                Err(RecvTimeoutError::Timeout) if left <= pace => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The least time between blocks that the rules allow.
    fn interval(&self) -> Duration {
        Duration::from_millis(self.trial.params().chain().block_interval_min_ms)
    }

    fn make_block(&mut self) -> Result<(), Halt> {
        let candidates = self.shared.pool()?.select(&self.trial);
        let head = self.next_head();
        let height = head.height;
        let tried = catch_unwind(AssertUnwindSafe(|| self.try_out(head.clone(), &candidates)));
        let tried = match tried {
            Ok(tried) => tried?,
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                let file = self.keep_fault(head, &candidates);
                return Err(Halt::Panicked { height, message, file });
            }
        };
        let hash = self.log.append(&tried.block.encode())?;
        self.publish(tried, hash)?;
        if self.config.check == Check::EveryBlock {
            self.check_laws()?;
        }
        Ok(())
    }

    fn next_head(&mut self) -> BlockHead {
        let height = self.trial.height().after(Blocks::new(1));
        let now = self.clock.unix_ms();
        let interval = self.trial.params().chain().block_interval_min_ms;
        // A clock that was put back makes time pass as slowly as the rules allow.
        let time_ms = now.max(self.trial.time_ms().saturating_add(interval));
        let Shown { beacon, next_anchor } = self.beacon.show(&self.trial, height);
        BlockHead { height, time_ms, beacon, next_anchor }
    }

    /// Carries candidates out on the second state; stops taking more when half the time to the
    /// next block is gone. A step that the referee has no time left for waits for another block,
    /// and so does what follows it in its sender's sequence.
    fn try_out(&mut self, head: BlockHead, candidates: &[Arc<Waiting>]) -> Result<Tried, Halt> {
        let budget = self.config.block_time.max(self.interval()) / 2;
        let started = self.clock.moment();
        let parent_root = self.root;
        let mut journal = Journal::default();
        let height = head.height;
        let misfit = |why| ReplayError { height, why: replay::Misfit::Head(why) };
        self.trial.open_block(&head, &mut journal).map_err(misfit)?;
        let (mut transactions, mut signers) = (Vec::new(), Signers::new());
        let (mut dropped, mut put_off) = (Vec::new(), BTreeSet::new());
        for waiting in candidates {
            if self.clock.since(started) > budget {
                break;
            }
            let sender = waiting.sender;
            if put_off.contains(&sender) {
                continue;
            }
            let transaction = waiting.signed.transaction.clone();
            let authenticated = Authenticated { sender, transaction };
            let outcome = self.trial.apply(&authenticated, &self.shared.referee, &mut journal);
            match outcome {
                Err(Rejected::Transaction(TransactionRejected::RefereeBusy { .. })) => {
                    put_off.insert(sender);
                }
                Err(rejected) if rejected.leaves_no_trace() => {
                    dropped.push((waiting.key(), rejected));
                }
                Ok(()) | Err(_) => {
                    signers.push((waiting.signer, waiting.hash));
                    transactions.push(waiting.signed.clone());
                }
            }
        }
        let block = Block { head, parent: self.log.tip(), parent_root, transactions };
        Ok(Tried { block, signers, root: self.trial.root(), dropped })
    }

    /// Carries the block out on the state that is read, and tells everybody.
    fn publish(&mut self, tried: Tried, hash: Digest) -> Result<(), Halt> {
        let Tried { block, signers, root, dropped } = tried;
        let shared = &self.shared;
        let mut state = shared.state_mut()?;
        let done = replay::carry_out(&mut state, &self.root, &block, &signers, &shared.referee)?;
        if done.root != root {
            let height = block.height();
            return Err(Halt::Diverged { height, trial: root, state: done.root });
        }
        shared.blobs.follow(&state, &done.events);
        let done = done.done(&state, &block, hash, &signers);
        shared.kept()?.push(state.clone(), block.transactions.len());
        shared.history_mut()?.push(done);
        drop(state);
        self.root = root;
        let state = shared.state()?;
        let mut pool = shared.pool()?;
        signers.iter().for_each(|(signer, hash)| pool.remove(&(*hash, *signer)));
        dropped.iter().for_each(|(key, _)| pool.remove(key));
        let stale = pool.drop_stale(&state);
        drop((pool, state));
        let mut history = shared.history_mut()?;
        let stale = stale.into_iter().map(|(key, why)| (key, Rejected::Transaction(why)));
        for (key, why) in dropped.into_iter().chain(stale) {
            history.note_dropped(key, why);
        }
        drop(history);
        let height = block.height();
        shared.publish(Head { height, root, phase: Phase::Running });
        Ok(())
    }

    fn check_laws(&self) -> Result<(), Halt> {
        let state = self.shared.state()?;
        let (height, root) = (state.height(), self.root);
        state.check_invariants().map_err(|law| Halt::Broken { height, root, law })
    }

    /// Keeps the block that the rules failed in.
    fn keep_fault(&self, head: BlockHead, candidates: &[Arc<Waiting>]) -> Option<PathBuf> {
        let transactions = candidates.iter().map(|waiting| waiting.signed.clone()).collect();
        let file = self.store.dir().join(format!("fault-{}.block", head.height));
        let block = Block { head, parent: self.log.tip(), parent_root: self.root, transactions };
        let bytes = block.encode();
        let kept = earnest_durable::write(&file, Kind::Replacement, |to| to.write_all(&bytes));
        kept.ok()?;
        Some(file)
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

mod upkeep;

#[cfg(test)]
mod tests;
