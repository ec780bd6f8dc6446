//! The waiting room: signed transactions that are in no block yet.
//!
//! ```text
//!   admitted ──► waiting ──► in a block            (nonces of a sender in order,
//!                   │                               accounts in turns)
//!                   └──► dropped: expired, its nonce used by another, one before it
//!                        dropped, or it gave way
//! ```
//!
//! Key terms: the *reserved room* is for moves of the protected lane that the rules would accept as
//! the chain stands (`door`); all else waits in the *open room*, moves that would be refused too.
//!
//! Laws: bounded in count and bytes, for each room and each account; what waits in the open room
//! can pay its fees; a full room gives way to who has less in it, and a full account to the account
//! itself, or to a key that has less (`crowd`); a transaction waits at most once, under its hash
//! and its signer, for two may sign one message; a place in a sequence is its first comer's.
//! Known shortcomings: one that gave way is forgotten, and has to be sent again.
//! Not here: signatures (looked at before), whose turn it is (`order`), carrying out (`replica`).

mod crowd;
mod order;
mod rooms;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use earnest_api::{SignedTransaction, TxHash};
use earnest_protocol::{AccountId, Address, Height, Sender, State, TransactionRejected};

use crate::{block::BLOCK_BYTES_MAX, config::Limits};
pub use crowd::Payable;
pub use rooms::Room;
use rooms::Rooms;

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
    /// The same, as an account or a key that acts for one.
    pub sender: Sender,
    /// Its size, encoded.
    pub bytes: usize,
    /// Where it waits.
    pub room: Room,
}

impl Waiting {
    /// Which transaction of whom it is.
    pub fn key(&self) -> TxKey {
        (self.hash, self.signer)
    }

    /// Whose command it is, and who pays.
    fn account(&self) -> AccountId {
        self.sender.account
    }

    fn nonce(&self) -> u64 {
        self.signed.transaction.nonce
    }

    fn weight(&self) -> u64 {
        self.signed.transaction.weight()
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
    /// The account could not pay for all that it has waiting.
    #[error(
        "this account's transactions would weigh {weight}, and at today's base fee it can pay for \
         {max}"
    )]
    Unpayable {
        /// Their weight with this one, in transfers.
        weight: u64,
        /// The most that it can pay for.
        max: u64,
    },
    /// The room is full, and nobody in it has more than this account.
    #[error("{count} transactions wait, at most {max} of this kind may")]
    Full {
        /// How many wait.
        count: usize,
        /// The most that may.
        max: usize,
    },
    /// The same by size.
    #[error("waiting transactions of this kind hold {bytes} bytes, {max} are allowed")]
    BytesFull {
        /// Their bytes.
        bytes: usize,
        /// The most allowed.
        max: usize,
    },
}

#[derive(Debug)]
struct Entry {
    waiting: Arc<Waiting>,
    arrival: u64,
}

/// What one sender has waiting.
#[derive(Debug, Default)]
struct Queue {
    by_nonce: BTreeMap<u64, Entry>,
    bytes: usize,
}

/// Transactions that wait.
#[derive(Debug)]
pub struct Mempool {
    limits: Limits,
    queues: BTreeMap<Sender, Queue>,
    places: BTreeMap<TxKey, (Sender, u64)>,
    rooms: Rooms,
    arrivals: u64,
}

impl Mempool {
    /// An empty room.
    pub fn new(limits: Limits) -> Mempool {
        // A record holds a little more than its transactions.
        let block_bytes_max = limits.block_bytes_max.min(BLOCK_BYTES_MAX - (1 << 20));
        let limits = Limits { block_bytes_max, ..limits };
        let (queues, places) = (BTreeMap::new(), BTreeMap::new());
        Mempool { limits, queues, places, rooms: Rooms::default(), arrivals: 0 }
    }

    /// How many transactions wait.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// How many bytes they have.
    pub fn bytes(&self) -> usize {
        self.rooms.bytes()
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
    pub fn next_nonce(&self, sender: impl Into<Sender>, next: u64) -> u64 {
        let Some(queue) = self.queues.get(&sender.into()) else { return next };
        let held = queue.by_nonce.range(next..).map(|(nonce, _)| *nonce);
        held.zip(next..)
            .take_while(|(held, wanted)| held == wanted)
            .fold(next, |_, (nonce, _)| nonce.saturating_add(1))
    }

    /// True if this place in a sender's sequence is held.
    pub fn is_held(&self, sender: Sender, nonce: u64) -> bool {
        self.queues.get(&sender).is_some_and(|queue| queue.by_nonce.contains_key(&nonce))
    }

    /// Takes a transaction in. One that waits already is accepted again without effect; a full room
    /// gives way to an account that has less in it, and a full account to itself or to a key that
    /// has less. What waits in the open room may weigh `payable`.
    ///
    /// # Errors
    /// Which bound it would break; nothing changed then.
    pub fn insert(&mut self, waiting: Waiting, payable: Payable) -> Result<(), MempoolRejected> {
        if self.contains(&waiting.key()) {
            return Ok(());
        }
        if let Some(by) = self.held_by(&waiting) {
            return Err(MempoolRejected::NonceTaken { nonce: waiting.nonce(), by });
        }
        let crowd = self.crowd(&waiting, payable)?;
        let leaving = self.leaving(&waiting, crowd)?;
        // From here on it must succeed.
        leaving.iter().for_each(|key| self.remove(key));
        let (sender, nonce, bytes) = (waiting.sender, waiting.nonce(), waiting.bytes);
        self.places.insert(waiting.key(), (sender, nonce));
        self.rooms.add(&waiting);
        self.arrivals = self.arrivals.saturating_add(1);
        let queue = self.queues.entry(sender).or_default();
        queue.bytes = queue.bytes.saturating_add(bytes);
        let entry = Entry { waiting: Arc::new(waiting), arrival: self.arrivals };
        queue.by_nonce.insert(nonce, entry);
        Ok(())
    }

    /// What waits in this one's place already.
    fn held_by(&self, waiting: &Waiting) -> Option<TxHash> {
        let queue = self.queues.get(&waiting.sender)?;
        queue.by_nonce.get(&waiting.nonce()).map(|entry| entry.waiting.hash)
    }

    /// What an account has waiting, by its own key first.
    fn queues_of(&self, account: AccountId) -> impl DoubleEndedIterator<Item = (&Sender, &Queue)> {
        let last = Sender { account, key: Some(Address([0xff; 20])) };
        self.queues.range(Sender::from(account)..=last)
    }

    /// Who has to leave for a newcomer, besides those of its `crowd`: whoever has most in its room
    /// loses its last there, its keys' before its own, as long as it has more than the newcomer's
    /// account will; what an account signs itself does not count what its keys have there.
    fn leaving(
        &self,
        newcomer: &Waiting,
        crowd: Vec<Arc<Waiting>>,
    ) -> Result<BTreeSet<TxKey>, MempoolRejected> {
        let room = self.rooms.of(newcomer.room);
        let own = self.weight_beside(newcomer).saturating_add(newcomer.weight());
        let bytes_max = self.share(self.limits.waiting_bytes_max, newcomer.room);
        let count_max = self.share(self.limits.waiting_max, newcomer.room);
        let (mut count, mut bytes) = (room.count(), room.bytes());
        let mut leaving: BTreeSet<TxKey> = crowd.iter().map(|waiting| waiting.key()).collect();
        let mut crowded = 0u64;
        for waiting in crowd.iter().filter(|waiting| waiting.room == newcomer.room) {
            count = count.saturating_sub(1);
            bytes = bytes.saturating_sub(waiting.bytes);
            crowded = crowded.saturating_add(waiting.weight());
        }
        let fits = |count: usize, bytes: usize| {
            count < count_max && bytes.saturating_add(newcomer.bytes) <= bytes_max
        };
        for (mut weight, account) in room.heaviest() {
            if fits(count, bytes) || weight <= own {
                break;
            }
            if account == newcomer.account() {
                weight = weight.saturating_sub(crowded);
            }
            let queues = self.queues_of(account).rev().map(|(_, queue)| queue);
            for Entry { waiting, .. } in queues.flat_map(|queue| queue.by_nonce.values().rev()) {
                if fits(count, bytes) || weight <= own {
                    break;
                }
                if waiting.room == newcomer.room && !leaving.contains(&waiting.key()) {
                    weight = weight.saturating_sub(waiting.weight());
                    count = count.saturating_sub(1);
                    bytes = bytes.saturating_sub(waiting.bytes);
                    leaving.insert(waiting.key());
                }
            }
        }
        match fits(count, bytes) {
            true => Ok(leaving),
            false if count_max <= room.count() => {
                Err(MempoolRejected::Full { count: room.count(), max: count_max })
            }
            false => Err(MempoolRejected::BytesFull { bytes: room.bytes(), max: bytes_max }),
        }
    }

    /// What a room may use of `whole`, the open one's rounded down.
    fn share(&self, whole: usize, room: Room) -> usize {
        let percent = 100usize.saturating_sub(self.limits.protected_percent);
        let open = whole.saturating_mul(percent) / 100;
        match room {
            Room::Reserved => whole.saturating_sub(open),
            Room::Open => open,
        }
    }

    /// Takes a transaction out.
    pub fn remove(&mut self, key: &TxKey) {
        let Some((sender, nonce)) = self.places.remove(key) else { return };
        let Some(queue) = self.queues.get_mut(&sender) else { return };
        if let Some(entry) = queue.by_nonce.remove(&nonce) {
            queue.bytes = queue.bytes.saturating_sub(entry.waiting.bytes);
            self.rooms.take(&entry.waiting);
        }
        if queue.by_nonce.is_empty() {
            self.queues.remove(&sender);
        }
    }

    /// Takes out what can be in no block after `state`, and says why. What follows a gap is taken
    /// out too: room that nobody will pay for must not stay taken.
    pub fn drop_stale(&mut self, state: &State) -> Vec<(TxKey, TransactionRejected)> {
        let height = Height::new(state.height().count().saturating_add(1));
        let mut stale = Vec::new();
        for (&sender, queue) in &self.queues {
            let Some(mut next) = state.next_nonce(sender) else {
                let keys = queue.by_nonce.values().map(|entry| entry.waiting.key());
                stale.extend(keys.map(|key| (key, TransactionRejected::KeyNotAuthorised)));
                continue;
            };
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
