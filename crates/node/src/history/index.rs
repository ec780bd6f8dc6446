//! An index of the kept events by the accounts they concern.
//!
//! Laws: it holds a place for exactly each kept event and account it concerns; an account that no
//! kept event concerns takes no memory.
//! Not here: which accounts an event concerns (`concern`).

use std::collections::{BTreeMap, VecDeque};

use earnest_api::EventId;
use earnest_protocol::{AccountId, Height};

/// The places of events, by account.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: BTreeMap<AccountId, VecDeque<EventId>>,
    count: usize,
}

impl Index {
    /// How many places it holds.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds what the next block concerns.
    pub(super) fn push(&mut self, height: Height, concerned: &[(AccountId, u32)]) {
        for &(account, index) in concerned {
            self.places.entry(account).or_default().push_back(EventId { height, index });
        }
        self.count = self.count.saturating_add(concerned.len());
    }

    /// Drops what the oldest block concerns.
    pub(super) fn pop(&mut self, concerned: &[(AccountId, u32)]) {
        for (account, _) in concerned {
            let Some(places) = self.places.get_mut(account) else { continue };
            places.pop_front();
            if places.is_empty() {
                self.places.remove(account);
            }
        }
        self.count = self.count.saturating_sub(concerned.len());
    }

    /// The places before `before` that concern `account`, newest first.
    pub(super) fn before(
        &self,
        account: AccountId,
        before: Option<EventId>,
    ) -> impl Iterator<Item = EventId> {
        self.places.get(&account).into_iter().flat_map(move |places| {
            let older = |before| places.partition_point(|place| *place < before);
            places.range(..before.map_or(places.len(), older)).rev().copied()
        })
    }
}
