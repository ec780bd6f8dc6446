//! The two rooms, and how much each account has in them.
//!
//! Law: these sums are those of what waits; an account that has nothing in a room is not in it.
//! Not here: what a room may hold (`mempool`).

use std::collections::{BTreeMap, BTreeSet};

use earnest_protocol::AccountId;

use super::Waiting;

/// Where a transaction waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// With all that pays, accepted or refused.
    Open,
    /// With moves of the protected lane that would be accepted as the chain stands.
    Reserved,
}

/// What waits, by room.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    open: Inside,
    reserved: Inside,
}

/// What waits in one room.
#[derive(Debug, Default)]
pub(super) struct Inside {
    count: usize,
    bytes: usize,
    /// In transfers.
    weights: BTreeMap<AccountId, u64>,
    by_weight: BTreeSet<(u64, AccountId)>,
}

impl Rooms {
    pub(super) fn of(&self, room: Room) -> &Inside {
        match room {
            Room::Open => &self.open,
            Room::Reserved => &self.reserved,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.open.bytes.saturating_add(self.reserved.bytes)
    }

    pub(super) fn add(&mut self, waiting: &Waiting) {
        let inside = self.of_mut(waiting.room);
        inside.count = inside.count.saturating_add(1);
        inside.bytes = inside.bytes.saturating_add(waiting.bytes);
        let weight = inside.weight_of(waiting.account());
        inside.set(waiting.account(), weight.saturating_add(waiting.weight()));
    }

    pub(super) fn take(&mut self, waiting: &Waiting) {
        let inside = self.of_mut(waiting.room);
        inside.count = inside.count.saturating_sub(1);
        inside.bytes = inside.bytes.saturating_sub(waiting.bytes);
        let weight = inside.weight_of(waiting.account());
        inside.set(waiting.account(), weight.saturating_sub(waiting.weight()));
    }

    fn of_mut(&mut self, room: Room) -> &mut Inside {
        match room {
            Room::Open => &mut self.open,
            Room::Reserved => &mut self.reserved,
        }
    }
}

impl Inside {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn weight_of(&self, account: AccountId) -> u64 {
        self.weights.get(&account).copied().unwrap_or(0)
    }

    /// Accounts by what they have here, the one with most first.
    pub(super) fn heaviest(&self) -> impl Iterator<Item = (u64, AccountId)> {
        self.by_weight.iter().rev().copied()
    }

    fn set(&mut self, account: AccountId, weight: u64) {
        let before = self.weight_of(account);
        self.by_weight.remove(&(before, account));
        if weight == 0 {
            self.weights.remove(&account);
        } else {
            self.weights.insert(account, weight);
            self.by_weight.insert((weight, account));
        }
    }
}
