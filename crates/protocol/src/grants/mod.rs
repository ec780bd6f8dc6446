//! Grants: what a genesis gives that is not free at once, or that whoever is listed has to fetch.
//!
//! Key terms: a *grant* comes free to one account over time; its *cliff* is the height before which
//! nothing of it is; a *list* names addresses and amounts, and only its root is in the genesis.
//!
//! ```text
//!   genesis ──► grants ──ClaimGrant, what has come free──► the account
//!           └─► list ────ClaimListed, with a proof───────► the address, once
//!                    └───what nobody fetched by its end──► treasury
//! ```
//!
//! Law: all grants less what was claimed of them, and what is left of the list, is what lies in
//! their pot, to the unit; it neither is bonded nor votes, and nobody can take it back.
//! Law: what is paid goes to whom it was given, whoever asks; so a newcomer without money needs
//! somebody who pays the fee, and nobody's consent. A place of the list is paid once.
//! Rounding: what has come free down; the end gives all.
//! Known shortcomings: time is in blocks, whose pace is the network's; who has lost the key of a
//! grant's account leaves it there for ever; the supply counts grants and the list as it counts
//! what is free, in emission by supply and by what part of it is bonded, too; the rest of
//! a closed list waits for the next epoch.
//! Not here: money that a vote gives, in parts that a vote may stop (`governance`, spends); what is
//! earned and vests (`rewards`).

pub(crate) mod acts;
pub(crate) mod handlers;
mod list;
mod rejected;

use serde::{Deserialize, Serialize};

pub use list::{Entry, List, ListTree, PLACES_MAX};
pub use rejected::{ClaimGrantRejected, ClaimListedRejected};

use crate::{
    ids::AccountId,
    num::{Amount, Height},
    table::Table,
};
use list::Taken;

/// What comes free to one account over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose.
    pub account: AccountId,
    /// All of it.
    pub amount: Amount,
    /// What of it was claimed.
    pub claimed: Amount,
    /// Before it nothing is free; at it, as much as if there were none.
    pub cliff: Height,
    /// From it on all is free.
    pub ends: Height,
}

impl Grant {
    /// What has come free by a height, claimed or not: evenly from the beginning of the network, so
    /// `amount · now / ends`, down.
    pub fn released_floor(&self, now: Height) -> Amount {
        if now < self.cliff {
            return Amount::ZERO;
        }
        let part = self.amount.share_floor(now.min(self.ends).count(), self.ends.count());
        part.unwrap_or(self.amount) // Without an end all of it was free at once.
    }

    /// What of it may be claimed at a height.
    pub fn claimable(&self, now: Height) -> Amount {
        self.released_floor(now).saturating_sub(self.claimed)
    }

    /// What of it was not claimed, free or not.
    pub fn left(&self) -> Amount {
        self.amount.saturating_sub(self.claimed)
    }
}

/// What a genesis gave in such ways.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grants {
    /// In the order of their accounts, of which each has one at most.
    pub(crate) rows: Table<Grant>,
    pub(crate) list: Option<List>,
    /// Which places of the list were paid.
    pub(crate) taken: Table<Taken>,
}

impl Grants {
    /// The place of an account's grant.
    fn place(&self, account: AccountId) -> Option<usize> {
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let middle = low.midpoint(high);
            let row = self.rows.get(middle)?;
            match row.account.cmp(&account) {
                core::cmp::Ordering::Equal => return Some(middle),
                core::cmp::Ordering::Less => low = middle.saturating_add(1),
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Begins a list of which nothing was paid.
    pub(crate) fn begin(&mut self, list: List) {
        for _ in 0..list.places.div_ceil(Taken::PLACES) {
            self.taken.push(Taken::default());
        }
        self.list = Some(list);
    }

    /// Was this place of the list paid?
    pub(crate) fn is_taken(&self, place: u32) -> bool {
        let row = usize::try_from(place / Taken::PLACES).ok().and_then(|row| self.taken.get(row));
        row.is_some_and(|row| row.has(place))
    }

    /// Counts a place of the list as paid so much.
    pub(crate) fn take(&mut self, place: u32, amount: Amount) {
        let row = usize::try_from(place / Taken::PLACES).ok();
        if let Some(row) = row.and_then(|row| self.taken.get_mut(row)) {
            row.put(place);
        }
        if let Some(list) = &mut self.list {
            list.paid = list.paid.saturating_add(1);
            list.left = list.left.saturating_sub(amount);
        }
    }

    pub(crate) fn of(&self, account: AccountId) -> Option<&Grant> {
        self.rows.get(self.place(account)?)
    }

    pub(crate) fn of_mut(&mut self, account: AccountId) -> Option<&mut Grant> {
        let place = self.place(account)?;
        self.rows.get_mut(place)
    }
}

#[cfg(test)]
mod tests;
