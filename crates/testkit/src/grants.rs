//! Grants: what a world's genesis gives over time and by a list, and a second book of it.

use std::collections::{BTreeMap, BTreeSet};

use earnest_protocol::{
    AccountId, Address, Amount, Event, Height, State,
    genesis::{GenesisGrant, GenesisList},
    grants::{Entry, ListTree},
};

/// Entries of the list: two rows of what was paid.
const PLACES: u32 = 300;
/// The height at which it closes.
const CLOSES: u64 = 95;

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

/// Three grants: one without a cliff, one with, one that is free at once; the last to somebody who
/// has no account. Amounts that no end divides.
pub fn granted(address: impl Fn(usize) -> Address) -> Vec<GenesisGrant> {
    let grant = |address, amount, cliff, ends| GenesisGrant {
        address,
        amount: units(amount),
        cliff: Height::new(cliff),
        ends: Height::new(ends),
    };
    vec![
        grant(address(5), 100_000_000_007, 0, 409),
        grant(address(1), 7_000_000_001, 60, 131),
        grant(Address([0x42; 20]), 999, 0, 0),
    ]
}

/// Whom the list names, by the sixteen addresses of a world: each at many places, and strangers.
pub fn entries(address: impl Fn(usize) -> Address) -> Vec<Entry> {
    let entry = |place: u32| {
        let stranger = Address([0x70 + u8::try_from(place % 16).expect("16"); 20]);
        let known = address(usize::try_from(place % 16).expect("16"));
        let address = if place % 5 == 4 { stranger } else { known };
        Entry { address, amount: units(1_000_000 + u64::from(place)) }
    };
    (0..PLACES).map(entry).collect()
}

/// The list of those entries, with enough for twenty of them.
pub fn list(address: impl Fn(usize) -> Address) -> GenesisList {
    let root = ListTree::new(&entries(address)).expect("few").root();
    let (total, closes) = (units(20 * 1_000_000), Height::new(CLOSES));
    GenesisList { root, places: PLACES, total, closes }
}

/// The sixteen addresses that a world gives its names.
pub fn known(state: &State) -> Vec<Address> {
    state.accounts().take(16).map(|(_, account)| account.address).collect()
}

/// A second book of grants: what was claimed, by whom, and when it was free.
#[derive(Clone, Debug, Default)]
pub struct Book {
    claimed: BTreeMap<AccountId, u128>,
    listed: BTreeSet<u32>,
    paid: u128,
    closed: bool,
}

impl Book {
    /// Follows what happened, and works out anew what might.
    pub fn follow(&mut self, events: &[Event], state: &State) {
        for event in events {
            match *event {
                Event::GrantClaimed { account, amount } => {
                    let grant = state.grant(account).expect("only who was granted claims");
                    let claimed = self.claimed.entry(account).or_default();
                    *claimed += u128::from(amount.units());
                    let (now, ends) = (state.height().count(), grant.ends.count());
                    assert!(now >= grant.cliff.count(), "{account} before its cliff");
                    let whole = u128::from(grant.amount.units());
                    let free = match now < ends {
                        true => whole * u128::from(now) / u128::from(ends),
                        false => whole,
                    };
                    assert!(*claimed <= free, "{account} claimed {claimed} of {free}");
                }
                Event::ListedClaimed { account, place, amount } => {
                    assert!(self.listed.insert(place), "{place} was paid twice");
                    assert!(state.height().count() < CLOSES && !self.closed);
                    let known = known(state);
                    let entry = entries(|place| known[place])[usize::try_from(place).expect("few")];
                    let whose = state.account(account).expect("paid").address;
                    assert_eq!((entry.address, entry.amount), (whose, amount));
                    self.paid += u128::from(amount.units());
                    assert!(self.paid <= 20_000_000, "more than there was");
                }
                Event::ListClosed { amount } => {
                    assert_eq!(self.paid + u128::from(amount.units()), 20_000_000);
                    assert!(!std::mem::replace(&mut self.closed, true), "closed twice");
                    assert!(state.height().count() >= CLOSES, "closed too early");
                }
                _ => {}
            }
        }
    }
}
