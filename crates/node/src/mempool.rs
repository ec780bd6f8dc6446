//! The waiting room: signed transactions that are in no block yet.
//!
//! ```text
//!   admitted ──► waiting ──► in a block            (nonces of an account in order,
//!                   │                               accounts by arrival)
//!                   └──► dropped: expired, its nonce used by another, or one before it dropped
//! ```
//!
//! Laws: bounded in count and bytes, for all and for each account; ordinary transactions leave a
//! share of every bound to the protected lane, so that nobody can price a dispute out of time; a
//! transaction is identified by its hash and waits at most once; one place in an account's
//! sequence is held by who came first. The hash covers the message, not the signer, so a place is
//! named by both: two accounts may well sign the same message.
//! Not here: signatures and balances (looked at before), carrying out (`replica`).

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BinaryHeap},
    ops::RangeInclusive,
    sync::Arc,
};

use earnest_api::{SignedTransaction, TxHash};
use earnest_protocol::{AccountId, Address, Height, State, TransactionRejected, command::Lane};

use crate::{block::BLOCK_BYTES_MAX, config::Limits};

/// Which transaction of whom.
pub type TxKey = (TxHash, Address);

/// Every key of one hash.
pub(crate) fn keys_of(hash: &TxHash) -> RangeInclusive<TxKey> {
    (*hash, Address([0; 20]))..=(*hash, Address([0xff; 20]))
}

/// A transaction that waits; its signature was verified.
#[derive(Debug)]
pub struct Waiting {
    /// As it came.
    pub signed: SignedTransaction,
    /// Its identity.
    pub hash: TxHash,
    /// Who signed it.
    pub signer: Address,
    /// The same, as an account.
    pub account: AccountId,
    /// Its size, encoded.
    pub bytes: usize,
}

impl Waiting {
    /// Which transaction of whom it is.
    pub fn key(&self) -> TxKey {
        (self.hash, self.signer)
    }

    fn nonce(&self) -> u64 {
        self.signed.transaction.nonce
    }

    fn lane(&self) -> Lane {
        self.signed.transaction.command.lane()
    }
}

/// Why a transaction may not wait here. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MempoolRejected {
    /// Another transaction of this account waits at this nonce.
    #[error("transaction {by} of this account waits at nonce {nonce}")]
    NonceTaken {
        /// The nonce.
        nonce: u64,
        /// Which transaction holds it.
        by: TxHash,
    },
    /// This account has as many waiting as it may.
    #[error("{count} transactions of this account wait, at most {max} may")]
    AccountFull {
        /// How many wait.
        count: usize,
        /// The most that may.
        max: usize,
    },
    /// This account's waiting transactions are as large as they may be.
    #[error("this account's transactions would hold {bytes} bytes, {max} are allowed")]
    AccountBytesFull {
        /// Their bytes with this one.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
    /// The room is full.
    #[error("{count} transactions wait, at most {max} of this lane may")]
    Full {
        /// How many wait.
        count: usize,
        /// The most of this lane that may.
        max: usize,
    },
    /// The room is full by size.
    #[error("waiting transactions would hold {bytes} bytes, {max} are allowed")]
    BytesFull {
        /// Bytes with this one.
        bytes: usize,
        /// The most for this lane.
        max: usize,
    },
}

#[derive(Debug)]
struct Entry {
    waiting: Arc<Waiting>,
    arrival: u64,
}

/// What one account has waiting.
#[derive(Debug, Default)]
struct Queue {
    by_nonce: BTreeMap<u64, Entry>,
    bytes: usize,
}

/// Transactions that wait.
#[derive(Debug)]
pub struct Mempool {
    limits: Limits,
    queues: BTreeMap<AccountId, Queue>,
    places: BTreeMap<TxKey, (AccountId, u64)>,
    bytes: usize,
    arrivals: u64,
}

impl Mempool {
    /// An empty room.
    pub fn new(limits: Limits) -> Mempool {
        // A record holds a little more than its transactions.
        let block_bytes_max = limits.block_bytes_max.min(BLOCK_BYTES_MAX - (1 << 20));
        let limits = Limits { block_bytes_max, ..limits };
        let (queues, places) = (BTreeMap::new(), BTreeMap::new());
        Mempool { limits, queues, places, bytes: 0, arrivals: 0 }
    }

    /// How many transactions wait.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// How many bytes they have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// True if this transaction waits here.
    pub fn contains(&self, key: &TxKey) -> bool {
        self.places.contains_key(key)
    }

    /// True if a transaction of this hash waits here, whoever signed it.
    pub fn contains_hash(&self, hash: &TxHash) -> bool {
        self.places.range(keys_of(hash)).next().is_some()
    }

    /// The nonce after those that wait without a gap from `next` on.
    pub fn next_nonce(&self, account: AccountId, next: u64) -> u64 {
        let Some(queue) = self.queues.get(&account) else { return next };
        let held = queue.by_nonce.range(next..).map(|(nonce, _)| *nonce);
        held.zip(next..)
            .take_while(|(held, wanted)| held == wanted)
            .fold(next, |_, (nonce, _)| nonce.saturating_add(1))
    }

    /// Takes a transaction in. One that waits already is accepted again without effect.
    ///
    /// # Errors
    /// Which bound it would break; nothing changed then.
    pub fn insert(&mut self, waiting: Waiting) -> Result<(), MempoolRejected> {
        if self.contains(&waiting.key()) {
            return Ok(());
        }
        self.check(&waiting)?;
        // From here on it must succeed.
        let (account, nonce, bytes) = (waiting.account, waiting.nonce(), waiting.bytes);
        self.places.insert(waiting.key(), (account, nonce));
        self.bytes = self.bytes.saturating_add(bytes);
        self.arrivals = self.arrivals.saturating_add(1);
        let queue = self.queues.entry(account).or_default();
        queue.bytes = queue.bytes.saturating_add(bytes);
        let entry = Entry { waiting: Arc::new(waiting), arrival: self.arrivals };
        queue.by_nonce.insert(nonce, entry);
        Ok(())
    }

    fn check(&self, waiting: &Waiting) -> Result<(), MempoolRejected> {
        let Limits { account_waiting_max, account_bytes_max, .. } = self.limits;
        if let Some(queue) = self.queues.get(&waiting.account) {
            let nonce = waiting.nonce();
            if let Some(entry) = queue.by_nonce.get(&nonce) {
                return Err(MempoolRejected::NonceTaken { nonce, by: entry.waiting.hash });
            }
            let (count, max) = (queue.by_nonce.len(), account_waiting_max);
            if count >= max {
                return Err(MempoolRejected::AccountFull { count, max });
            }
            let (bytes, max) = (queue.bytes.saturating_add(waiting.bytes), account_bytes_max);
            if bytes > max {
                return Err(MempoolRejected::AccountBytesFull { bytes, max });
            }
        }
        let lane = waiting.lane();
        let (count, max) = (self.count(), self.share(self.limits.waiting_max, lane));
        if count >= max {
            return Err(MempoolRejected::Full { count, max });
        }
        let bytes = self.bytes.saturating_add(waiting.bytes);
        let max = self.share(self.limits.waiting_bytes_max, lane);
        if bytes > max {
            return Err(MempoolRejected::BytesFull { bytes, max });
        }
        Ok(())
    }

    /// What a lane may use of `whole`, rounded down for the ordinary one.
    fn share(&self, whole: usize, lane: Lane) -> usize {
        match lane {
            Lane::Protected => whole,
            Lane::Ordinary => {
                let percent = 100usize.saturating_sub(self.limits.protected_percent);
                whole.saturating_mul(percent) / 100
            }
        }
    }

    /// What the next block should try, in order: each account's in the order of its nonces from
    /// the state's on, accounts by arrival. Ordinary ones use at most their share of the bytes and
    /// of the places.
    pub fn select(&self, state: &State) -> Vec<Arc<Waiting>> {
        let mut ready = BinaryHeap::new();
        for (&account, queue) in &self.queues {
            let next = state.account(account).map_or(0, |row| row.nonce);
            if let Some(entry) = queue.by_nonce.get(&next) {
                ready.push(Reverse((entry.arrival, account, next)));
            }
        }
        let all = self.limits.block_bytes_max;
        let ordinary_max = self.share(all, Lane::Ordinary);
        let mut places = self.share(self.limits.block_transactions_max, Lane::Ordinary);
        let (mut ordinary, mut total) = (0usize, 0usize);
        let mut selected = Vec::new();
        while let Some(Reverse((_, account, nonce))) = ready.pop() {
            if selected.len() >= self.limits.block_transactions_max {
                break;
            }
            let Some(queue) = self.queues.get(&account) else { continue };
            let Some(entry) = queue.by_nonce.get(&nonce) else { continue };
            let bytes = entry.waiting.bytes;
            // What does not fit waits, and so does what comes after it in its sequence.
            if total.saturating_add(bytes) > all {
                continue;
            }
            if entry.waiting.lane() == Lane::Ordinary {
                let Some(left) = places.checked_sub(1) else { continue };
                if ordinary.saturating_add(bytes) > ordinary_max {
                    continue;
                }
                ordinary = ordinary.saturating_add(bytes);
                places = left;
            }
            total = total.saturating_add(bytes);
            selected.push(Arc::clone(&entry.waiting));
            let next = nonce.saturating_add(1);
            if let Some(entry) = queue.by_nonce.get(&next) {
                ready.push(Reverse((entry.arrival, account, next)));
            }
        }
        selected
    }

    /// Takes a transaction out.
    pub fn remove(&mut self, key: &TxKey) {
        let Some((account, nonce)) = self.places.remove(key) else { return };
        let Some(queue) = self.queues.get_mut(&account) else { return };
        if let Some(entry) = queue.by_nonce.remove(&nonce) {
            queue.bytes = queue.bytes.saturating_sub(entry.waiting.bytes);
            self.bytes = self.bytes.saturating_sub(entry.waiting.bytes);
        }
        if queue.by_nonce.is_empty() {
            self.queues.remove(&account);
        }
    }

    /// Takes out what can be in no block after `state`, and says why. What follows a gap is taken
    /// out too: room that nobody will pay for must not stay taken.
    pub fn drop_stale(&mut self, state: &State) -> Vec<(TxKey, TransactionRejected)> {
        let height = Height::new(state.height().count().saturating_add(1));
        let mut stale = Vec::new();
        for (&account, queue) in &self.queues {
            let mut next = state.account(account).map_or(0, |row| row.nonce);
            for (&got, Entry { waiting, .. }) in &queue.by_nonce {
                let valid_until = waiting.signed.transaction.valid_until;
                let why = match got.cmp(&next) {
                    Ordering::Less => TransactionRejected::NonceUsed { got, next },
                    _ if valid_until < height => {
                        TransactionRejected::Expired { valid_until, height }
                    }
                    Ordering::Greater => TransactionRejected::NonceTooHigh { got, next },
                    Ordering::Equal => {
                        next = next.saturating_add(1);
                        continue;
                    }
                };
                stale.push((waiting.key(), why));
            }
        }
        for (key, _) in &stale {
            self.remove(key);
        }
        stale
    }
}

#[cfg(test)]
mod tests;
