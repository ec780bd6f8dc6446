//! The directory: which account an address has.
//!
//! Key terms: a sorted tree of wide nodes, of which branches share those that neither has changed.
//!
//! Law: an address keeps its first account. Whatever addresses are chosen, all leaves lie equally
//! deep and every node but the top is at least half full: nobody can make a look-up slow.
//!
//! Known shortcomings: an entry takes 38 bytes; where addresses come in ascending order, which
//! leaves nodes half full, 52.
//! Not here: what an account is (`state`). Nothing is encoded: rows of accounts tell it all.

use alloc::vec::Vec;

use crate::{
    ids::{AccountId, Address},
    shared::{Arc, own},
};

/// Entries of a leaf and children of an inner node.
const WIDTH: usize = 64;

/// Accounts by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    top: Arc<Node>,
    len: usize,
}

#[derive(Clone, Debug)]
enum Node {
    /// In order of the addresses.
    Leaf(Vec<(Key, AccountId)>),
    /// Children with the least key that each can hold; the first holds what is less, too.
    Inner(Vec<(Key, Arc<Node>)>),
}

/// An address in big-endian words, which compare faster than bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key([u32; 5]);

/// What an insertion did to a node.
enum Inserted {
    Already,
    Within,
    /// It split, and this is the new one on its right.
    Split(Key, Node),
}

impl Directory {
    /// The account of an address.
    pub(crate) fn get(&self, address: &Address) -> Option<AccountId> {
        let key = Key::of(address);
        let mut node = &*self.top;
        loop {
            match node {
                Node::Leaf(entries) => {
                    let at = entries.binary_search_by(|entry| entry.0.cmp(&key)).ok()?;
                    return entries.get(at).map(|entry| entry.1);
                }
                Node::Inner(children) => node = &children.get(child(children, &key))?.1,
            }
        }
    }

    /// Gives a new address its account; `false` if it has one, which then stays.
    pub(crate) fn insert(&mut self, address: Address, account: AccountId) -> bool {
        match own(&mut self.top).insert(Key::of(&address), account) {
            Inserted::Already => return false,
            Inserted::Within => {}
            Inserted::Split(least, right) => {
                let left = (Key([0; 5]), core::mem::take(&mut self.top));
                let children = Vec::from([left, (least, Arc::new(right))]);
                self.top = Arc::new(Node::Inner(children));
            }
        }
        self.len = self.len.saturating_add(1);
        true
    }

    /// How many addresses have one.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Default for Node {
    fn default() -> Self {
        Node::Leaf(Vec::new())
    }
}

impl Node {
    fn insert(&mut self, key: Key, account: AccountId) -> Inserted {
        match self {
            Node::Leaf(entries) => {
                let Err(at) = entries.binary_search_by(|entry| entry.0.cmp(&key)) else {
                    return Inserted::Already;
                };
                entries.insert(at, (key, account));
                split(entries).map_or(Inserted::Within, |(least, right)| {
                    Inserted::Split(least, Node::Leaf(right))
                })
            }
            Node::Inner(children) => {
                let at = child(children, &key);
                let (_, below) = children.get_mut(at).expect("an inner node has children");
                let (least, right) = match own(below).insert(key, account) {
                    Inserted::Split(least, right) => (least, Arc::new(right)),
                    other => return other,
                };
                children.insert(at.saturating_add(1), (least, right));
                split(children).map_or(Inserted::Within, |(least, right)| {
                    Inserted::Split(least, Node::Inner(right))
                })
            }
        }
    }
}

impl Key {
    fn of(address: &Address) -> Key {
        let mut words = [0; 5];
        let (bytes, _) = address.0.as_chunks::<4>();
        for (word, bytes) in words.iter_mut().zip(bytes) {
            *word = u32::from_be_bytes(*bytes);
        }
        Key(words)
    }
}

/// Under which child a key belongs.
fn child<T>(children: &[(Key, T)], key: &Key) -> usize {
    // The first child's bound is not above any key.
    children.partition_point(|(least, _)| least <= key).saturating_sub(1)
}

/// Takes the upper half out of what has become full, with its least key.
fn split<T>(full: &mut Vec<(Key, T)>) -> Option<(Key, Vec<(Key, T)>)> {
    if full.len() < WIDTH {
        return None;
    }
    let right = full.split_off(WIDTH / 2);
    right.first().map(|entry| entry.0).map(|least| (least, right))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl Node {
        /// How many nodes lie on the way to an entry, and what all take in memory; asserts that
        /// every way is as long and every node but the top half full.
        fn measure(&self, is_top: bool) -> (usize, usize) {
            // The block's own head and the two counts of holders.
            let own = 32 + size_of::<Node>() + 16;
            match self {
                Node::Leaf(entries) => {
                    assert!(is_top || entries.len() >= WIDTH / 2);
                    assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
                    (1, own + entries.capacity() * size_of::<(Key, AccountId)>())
                }
                Node::Inner(children) => {
                    assert!(children.len() >= if is_top { 2 } else { WIDTH / 2 });
                    let below = children.iter().map(|child| child.1.measure(false));
                    let (depths, bytes): (Vec<_>, Vec<_>) = below.unzip();
                    assert!(depths.iter().all(|depth| *depth == depths[0]));
                    let list = children.capacity() * size_of::<(Key, Arc<Node>)>();
                    (depths[0] + 1, own + list + bytes.iter().sum::<usize>())
                }
            }
        }
    }

    /// An address from a seed: anywhere, or next to others in its first or last bytes.
    fn address(seed: u64) -> Address {
        let mut bytes = [0xab; 20];
        let kind = seed % 4;
        let number = (seed / 4 % 5_000).to_be_bytes();
        match kind {
            0 => bytes[..8].copy_from_slice(&number),
            1 => bytes[12..].copy_from_slice(&number),
            2 => bytes.fill((seed / 4) as u8),
            _ => bytes.copy_from_slice(&blake3::hash(&number).as_bytes()[..20]),
        }
        Address(bytes)
    }

    fn compare(directory: &Directory, twin: &BTreeMap<Address, AccountId>) {
        assert_eq!(directory.len(), twin.len());
        for (address, account) in twin {
            assert_eq!(directory.get(address), Some(*account));
        }
        directory.top.measure(true);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_directory_is_a_map(
            seeds in prop::collection::vec(any::<u64>(), 0..3_000),
            branched_at in 0usize..3_000,
        ) {
            let (mut directory, mut twin) = (Directory::default(), BTreeMap::new());
            let mut branch = None;
            for (index, &seed) in seeds.iter().enumerate() {
                if index == branched_at {
                    branch = Some((directory.clone(), twin.clone()));
                }
                let (address, account) = (address(seed), AccountId::new(index as u64));
                assert_eq!(directory.get(&address), twin.get(&address).copied());
                assert_eq!(directory.insert(address, account), !twin.contains_key(&address));
                twin.entry(address).or_insert(account);
            }
            compare(&directory, &twin);
            if let Some((mut other, mut its_twin)) = branch {
                compare(&other, &its_twin);
                let (address, account) = (address(seeds[0] ^ 2), AccountId::new(u64::MAX));
                other.insert(address, account);
                its_twin.entry(address).or_insert(account);
                compare(&other, &its_twin);
                compare(&directory, &twin);
            }
        }
    }

    /// Depth, and bytes an entry, with a hundred thousand addresses.
    fn check(address: impl Fn(u32) -> [u8; 20], depth_max: usize, bytes_max: usize) {
        const COUNT: u32 = 100_000;
        let mut directory = Directory::default();
        for index in 0..COUNT {
            assert!(directory.insert(Address(address(index)), AccountId::new(u64::from(index))));
        }
        let (depth, bytes) = directory.top.measure(true);
        let each = bytes / COUNT as usize;
        assert!(depth <= depth_max && each <= bytes_max, "depth {depth}, {each} bytes an entry");
    }

    #[test]
    fn chosen_addresses_make_it_neither_deep_nor_large() {
        let ordered = |number: u32, at: usize| {
            let mut bytes = [0xff; 20];
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
            bytes
        };
        let hashed = |number: u32| {
            let hash = blake3::hash(&number.to_le_bytes());
            let mut bytes = [0; 20];
            bytes.copy_from_slice(&hash.as_bytes()[..20]);
            bytes
        };
        check(hashed, 3, 52);
        check(|number| ordered(number, 0), 4, 72);
        check(|number| ordered(number, 16), 4, 72);
        check(|number| ordered(u32::MAX - number, 16), 4, 72);
    }

    #[test]
    fn a_branch_shares_all_but_the_way_to_what_it_adds() {
        let mut directory = Directory::default();
        for index in 0..10_000u32 {
            directory.insert(address(u64::from(index) * 4 + 3), AccountId::new(u64::from(index)));
        }
        let branch = directory.clone();
        assert!(Arc::ptr_eq(&branch.top, &directory.top));
        directory.insert(Address::ZERO, AccountId::new(10_000));
        assert_eq!((branch.get(&Address::ZERO), branch.len() + 1), (None, directory.len()));
        let (Node::Inner(mine), Node::Inner(other)) = (&*directory.top, &*branch.top) else {
            panic!("ten thousand entries need more than a leaf");
        };
        let shared = mine.iter().zip(other).filter(|(a, b)| Arc::ptr_eq(&a.1, &b.1)).count();
        assert_eq!(shared + 1, other.len());
    }
}
