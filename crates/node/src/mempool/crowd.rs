//! The crowd: what an account and its keys have waiting together, and who of them gives way.
//!
//! Laws: an account has no more waiting for having keys. Its own transactions count without its
//! keys', whose last leave for them, so that no key keeps its owner from revoking it; among its
//! keys, the one that has most loses its last to one that will still have less, so that no key
//! keeps another from its work. What waits of a key in the open room is within its limit.
//! Not here: whose turn it is in a block (`order`), what a room holds of all accounts (`mempool`).

use std::{collections::BTreeMap, sync::Arc};

use earnest_protocol::Sender;

use super::{Entry, Mempool, MempoolRejected, Queue, Room, Waiting};
use crate::config::Limits;

/// What may wait in the open room of a sender, in transfers, at today's base fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payable {
    /// What its account can pay for.
    pub account: u64,
    /// What it can pay for itself: for a key, what is left of its limit.
    pub sender: u64,
}

impl Payable {
    /// Whatever is sent.
    pub const ANYTHING: Payable = Payable { account: u64::MAX, sender: u64::MAX };
}

/// What waits, of an account or of one of its senders.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    count: usize,
    bytes: usize,
    /// In transfers, in the open room.
    open: u64,
}

impl Load {
    fn of(queue: &Queue) -> Load {
        let mut load = Load::default();
        queue.by_nonce.values().for_each(|entry| load.add(&entry.waiting));
        load
    }

    fn add(&mut self, waiting: &Waiting) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(waiting.bytes);
        self.open = self.open.saturating_add(open_weight(waiting));
    }

    fn take(&mut self, waiting: &Waiting) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        self.open = self.open.saturating_sub(open_weight(waiting));
    }

    /// Is it, with one more, within what an account may have waiting?
    fn check(
        self,
        newcomer: &Waiting,
        limits: &Limits,
        payable: u64,
    ) -> Result<(), MempoolRejected> {
        let Limits { account_waiting_max, account_bytes_max, .. } = *limits;
        let Load { count, .. } = self;
        if count >= account_waiting_max {
            return Err(MempoolRejected::AccountFull { count, max: account_waiting_max });
        }
        let bytes = self.bytes.saturating_add(newcomer.bytes);
        if count > 0 && bytes > account_bytes_max {
            return Err(MempoolRejected::AccountBytesFull { bytes, max: account_bytes_max });
        }
        self.check_payable(newcomer, payable)
    }

    fn check_payable(self, newcomer: &Waiting, max: u64) -> Result<(), MempoolRejected> {
        let weight = self.open.saturating_add(newcomer.weight());
        if newcomer.room == Room::Open && weight > max {
            return Err(MempoolRejected::Unpayable { weight, max });
        }
        Ok(())
    }
}

fn open_weight(waiting: &Waiting) -> u64 {
    match waiting.room {
        Room::Open => waiting.weight(),
        Room::Reserved => 0,
    }
}

impl Mempool {
    /// What counts against a newcomer in a full room: all that its account has there, or, of what
    /// an account signs itself, the same alone.
    pub(super) fn weight_beside(&self, newcomer: &Waiting) -> u64 {
        if newcomer.sender.key.is_some() {
            return self.rooms.of(newcomer.room).weight_of(newcomer.account());
        }
        let queue = self.queues.get(&newcomer.sender).into_iter();
        let own = queue.flat_map(|queue| queue.by_nonce.values());
        let own = own.filter(|entry| entry.waiting.room == newcomer.room);
        own.fold(0, |sum, entry| sum.saturating_add(entry.waiting.weight()))
    }

    /// Which of its account's transactions have to leave for a newcomer.
    ///
    /// # Errors
    /// Which of the account's bounds it would break although they did.
    pub(super) fn crowd(
        &self,
        newcomer: &Waiting,
        payable: Payable,
    ) -> Result<Vec<Arc<Waiting>>, MempoolRejected> {
        let sender = newcomer.sender;
        let (mut all, mut of_sender) = (Load::default(), Load::default());
        let mut others: BTreeMap<Sender, Vec<&Entry>> = BTreeMap::new();
        for (&of, queue) in self.queues_of(newcomer.account()) {
            queue.by_nonce.values().for_each(|entry| all.add(&entry.waiting));
            if of == sender {
                of_sender = Load::of(queue);
            } else if of.key.is_some() {
                others.insert(of, queue.by_nonce.values().collect());
            }
        }
        let mut leaving = Vec::new();
        while let Err(full) = all.check(newcomer, &self.limits, payable.account) {
            let most = others.values_mut().max_by_key(|entries| entries.len());
            // A key has to have more than the newcomer will, unless that is the account's own.
            let least = if sender.key.is_none() { 0 } else { of_sender.count.saturating_add(1) };
            let last = most.filter(|entries| entries.len() > least).and_then(Vec::pop);
            let Entry { waiting, .. } = last.ok_or(full)?;
            all.take(waiting);
            leaving.push(Arc::clone(waiting));
        }
        of_sender.check_payable(newcomer, payable.sender)?;
        Ok(leaving)
    }
}
