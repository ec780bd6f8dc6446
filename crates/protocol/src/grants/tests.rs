//! Grants by hand, and what a proof of a list shows.

use alloc::vec::Vec;

use super::{Entry, Grant, List, ListTree, PLACES_MAX};
use crate::{
    ids::{AccountId, Address, Digest},
    num::{Amount, Height},
};

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

fn grant(amount: u64, cliff: u64, ends: u64) -> Grant {
    let (cliff, ends) = (Height::new(cliff), Height::new(ends));
    Grant { account: AccountId::new(0), amount: units(amount), claimed: Amount::ZERO, cliff, ends }
}

fn released(grant: &Grant, at: u64) -> u64 {
    grant.released_floor(Height::new(at)).units()
}

/// A cliff at a quarter: a quarter at once, then a line.
#[test]
fn nothing_is_free_before_the_cliff_and_then_as_if_there_were_none() {
    let founder = grant(4_000, 365, 1_460);
    assert_eq!([0, 364].map(|at| released(&founder, at)), [0, 0]);
    assert_eq!([365, 366, 730].map(|at| released(&founder, at)), [1_000, 1_002, 2_000]);
    assert_eq!([1_459, 1_460, u64::MAX].map(|at| released(&founder, at)), [3_997, 4_000, 4_000]);
}

#[test]
fn a_grant_may_be_free_at_once_or_all_at_its_cliff() {
    assert_eq!(released(&grant(7, 0, 0), 0), 7);
    let cliff = grant(7, 10, 10);
    assert_eq!([9, 10].map(|at| released(&cliff, at)), [0, 7]);
    let largest = grant(Amount::MAX.units(), 0, u64::MAX);
    assert_eq!(released(&largest, 1), 0, "half a unit, down");
    assert_eq!(released(&largest, 2), 0);
    assert_eq!(released(&largest, 3), 1);
}

fn entries(count: u8) -> Vec<Entry> {
    let entry = |place: u8| Entry { address: Address([place; 20]), amount: units(place.into()) };
    (0..count).map(entry).collect()
}

fn list(entries: &[Entry]) -> (ListTree, List) {
    let tree = ListTree::new(entries).expect("some");
    let places = u32::try_from(entries.len()).expect("few");
    let (root, left, closes) = (tree.root(), Amount::MAX, Height::new(1));
    (tree, List { root, places, paid: 0, left, closes })
}

/// Whatever the size, and that around every power of two: each entry at its own place by its own
/// proof, and nothing else.
#[test]
fn a_proof_shows_one_entry_at_one_place() {
    for count in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33] {
        let entries = entries(count);
        let (tree, list) = list(&entries);
        for (place, entry) in (0..).zip(&entries) {
            let proof = tree.prove(place);
            assert_eq!(proof.len(), list.proof_length());
            assert!(list.shows(place, entry, &proof), "{place} of {count}");
            for other in (0..list.places + 3).filter(|other| *other != place) {
                assert!(!list.shows(other, entry, &proof), "{place} at {other} of {count}");
            }
            let more = Entry { amount: entry.amount.saturating_add(Amount::UNIT), ..*entry };
            let other = Entry { address: Address([99; 20]), ..*entry };
            assert!(!list.shows(place, &more, &proof) && !list.shows(place, &other, &proof));
            let longer = [&proof[..], &[Digest::ZERO]].concat();
            assert!(!list.shows(place, entry, &longer));
            assert!(proof.is_empty() || !list.shows(place, entry, &proof[1..]));
        }
    }
}

/// A blank place has no entry, and a node is none: nothing hashes to zero, and leaves and nodes are
/// hashed under names of their own.
#[test]
fn lists_that_differ_have_roots_that_differ() {
    let mut roots = Vec::new();
    for count in 1..=33 {
        roots.push(ListTree::new(&entries(count)).expect("some").root());
    }
    let mut swapped = entries(33);
    swapped.swap(3, 4);
    roots.push(ListTree::new(&swapped).expect("some").root());
    let count = roots.len();
    roots.sort_unstable();
    roots.dedup();
    assert_eq!(roots.len(), count);
}

#[test]
fn a_list_has_entries_and_not_more_than_there_are_places() {
    assert!(ListTree::new(&[]).is_none());
    let entry = Entry { address: Address::ZERO, amount: Amount::UNIT };
    let most = usize::try_from(PLACES_MAX).expect("20 bits") + 1;
    assert!(ListTree::new(&alloc::vec![entry; most]).is_none());
}

/// As another implementation of BLAKE3 makes it: founders make lists with tools of their own.
const ROOT: &str = "0x2ec1d0a529116f29c02f229282e19707a89db6483596491b279295b39e16c935";

#[test]
fn the_root_of_three_entries_is_this() {
    let (tree, _) = list(&entries(3));
    assert_eq!(alloc::format!("{}", tree.root()), ROOT);
}
