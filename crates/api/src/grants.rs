//! Views of what a genesis granted and listed, and what of it was claimed.
//!
//! Law: as of all views, nothing is said that the state does not say. Amounts are in base units of
//! what is bonded.

use earnest_protocol::{AccountId, Amount, Blocks, Digest, Height, State, grants};
use serde::{Deserialize, Serialize};

/// All grants together, and the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantsView {
    /// The height of the state that this is of.
    pub height: Height,
    /// Accounts that were granted something.
    pub accounts: u64,
    /// All that was granted to them.
    pub granted: Amount,
    /// What of it has come free.
    pub released: Amount,
    /// What of it was claimed.
    pub claimed: Amount,
    /// The genesis' list, if it names one.
    pub list: Option<ListView>,
}

/// One account's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    /// All of it.
    pub amount: Amount,
    /// What of it was claimed.
    pub claimed: Amount,
    /// What may be claimed now.
    pub claimable: Amount,
    /// The height before which nothing is free.
    pub cliff: Height,
    /// The height from which on all is.
    pub ends: Height,
}

/// The list, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// The root of its tree.
    pub root: Digest,
    /// How many entries it has.
    pub places: u32,
    /// How many of them were paid.
    pub paid: u32,
    /// What was neither paid nor given to the treasury.
    pub left: Amount,
    /// The height from which on nothing is paid.
    pub closes: Height,
    /// Whether the next block may pay something.
    pub is_open: bool,
}

/// One place of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedView {
    /// Which, counted from 0.
    pub place: u32,
    /// Was it paid?
    pub is_paid: bool,
}

/// All grants together.
pub fn grants(state: &State) -> GrantsView {
    let now = state.height();
    let (mut accounts, mut granted) = (0u64, Amount::ZERO);
    let (mut released, mut claimed) = (Amount::ZERO, Amount::ZERO);
    for grant in state.grants() {
        accounts = accounts.saturating_add(1);
        granted = granted.saturating_add(grant.amount);
        released = released.saturating_add(grant.released_floor(now));
        claimed = claimed.saturating_add(grant.claimed);
    }
    GrantsView {
        height: now,
        accounts,
        granted,
        released,
        claimed,
        list: state.list().map(|list| ListView {
            root: list.root,
            places: list.places,
            paid: list.paid,
            left: list.left,
            closes: list.closes,
            is_open: list.is_open(now.after(Blocks::new(1))),
        }),
    }
}

/// What an account was granted.
pub fn grant(state: &State, account: AccountId) -> Option<GrantView> {
    let grant = state.grant(account)?;
    let grants::Grant { amount, claimed, cliff, ends, .. } = *grant;
    Some(GrantView { amount, claimed, claimable: grant.claimable(state.height()), cliff, ends })
}

/// One place of the list, if there is one.
pub fn listed(state: &State, place: u32) -> Option<ListedView> {
    let list = state.list()?;
    let is_paid = state.is_listed_paid(place);
    (place < list.places).then_some(ListedView { place, is_paid })
}
