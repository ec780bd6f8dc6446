//! Whose turn it is in the next block.
//!
//! Laws: a sender's transactions come in the order of their nonces; of accounts, the one that has
//! least in the block so far comes first, so that a long queue delays its own account; among those
//! with as little, what an account signs itself goes before what keys sign, so that no key delays
//! its revocation, then who arrived first; moves of the reserved room come before all, up to their
//! share of the block's bytes and places, and beyond it in their turn; the open room leaves that
//! share free.
//! Not here: what the rules say to a transaction (`replica` tries it).

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use earnest_protocol::{AccountId, Sender, State};

use super::{Entry, Mempool, Room, Waiting};

/// The next of an account's, by what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    urgency: Urgency,
    /// What its account will have in the block with it, in transfers.
    weight: u64,
    signs: Signs,
    arrival: u64,
    sender: Sender,
    nonce: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Reserved,
    Usual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Signs {
    Account,
    Key,
}

/// Bytes and places that are left in a part of a block.
#[derive(Debug)]
struct Space {
    bytes: usize,
    places: usize,
}

impl Space {
    /// What is left with one more of `bytes` in it; none if it does not fit.
    fn less(&self, bytes: usize) -> Option<Space> {
        let (bytes, places) = (self.bytes.checked_sub(bytes)?, self.places.checked_sub(1)?);
        Some(Space { bytes, places })
    }
}

impl Mempool {
    /// What the next block should try, in order.
    pub fn select(&self, state: &State) -> Vec<Arc<Waiting>> {
        let (mut ready, mut in_block) = (BinaryHeap::new(), BTreeMap::<AccountId, u64>::new());
        for (&sender, queue) in &self.queues {
            let Some(nonce) = state.next_nonce(sender) else { continue };
            let next = queue.by_nonce.get(&nonce).map(|entry| turn(entry, 0));
            ready.extend(next.map(Reverse));
        }
        let (bytes, places) = (self.limits.block_bytes_max, self.limits.block_transactions_max);
        let of = |room| Space { bytes: self.share(bytes, room), places: self.share(places, room) };
        let (mut whole, mut open) = (Space { bytes, places }, of(Room::Open));
        let (mut reserved, mut selected) = (of(Room::Reserved), Vec::new());
        while let Some(Reverse(next)) = ready.pop() {
            let Some(queue) = self.queues.get(&next.sender) else { continue };
            let Some(entry) = queue.by_nonce.get(&next.nonce) else { continue };
            let waiting = &entry.waiting;
            // Another key of the account may have had its turn meanwhile.
            let before = in_block.get(&waiting.account()).copied().unwrap_or(0);
            let weight = before.saturating_add(waiting.weight());
            if weight > next.weight {
                ready.push(Reverse(Turn { weight, ..next }));
                continue;
            }
            // What does not fit waits, and so does what comes after it in its sequence.
            let Some(less) = whole.less(waiting.bytes) else { continue };
            match (waiting.room, next.urgency) {
                (Room::Reserved, Urgency::Reserved) => match reserved.less(waiting.bytes) {
                    Some(left) => reserved = left,
                    None => {
                        ready.push(Reverse(Turn { urgency: Urgency::Usual, ..next }));
                        continue;
                    }
                },
                (Room::Reserved, Urgency::Usual) => {}
                (Room::Open, _) => match open.less(waiting.bytes) {
                    Some(left) => open = left,
                    None => continue,
                },
            }
            whole = less;
            selected.push(Arc::clone(waiting));
            in_block.insert(waiting.account(), weight);
            let following = queue.by_nonce.get(&next.nonce.saturating_add(1));
            ready.extend(following.map(|entry| Reverse(turn(entry, next.weight))));
        }
        selected
    }
}

/// The turn of one whose account has `before` in the block already.
fn turn(entry: &Entry, before: u64) -> Turn {
    let Entry { waiting, arrival } = entry;
    let urgency = match waiting.room {
        Room::Reserved => Urgency::Reserved,
        Room::Open => Urgency::Usual,
    };
    let weight = before.saturating_add(waiting.weight());
    let (sender, nonce) = (waiting.sender, waiting.nonce());
    let signs = if sender.key.is_some() { Signs::Key } else { Signs::Account };
    Turn { urgency, weight, signs, arrival: *arrival, sender, nonce }
}
