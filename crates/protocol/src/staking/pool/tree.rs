//! A balanced tree in versions: a clone costs nothing, and shares what neither side changes.
//!
//! Key terms: items lie in leaves in order of their keys; a link leads to a child and knows the
//! least key and the sum of all that is below it.
//!
//! Law: every node but the root has `MIN` to `MAX` entries and all leaves lie equally deep, so
//! that n items are at most 1 + log₆ n levels deep, whoever chose the keys and the order of
//! changes. A change copies only the nodes on its path that another version still holds.
//! Law: a node has room for `MAX` entries at most, and takes it as it grows, by a few at a time.
//! Not here: what a key or a sum means.

use core::{fmt::Debug, slice};

use alloc::{vec, vec::Vec};

use crate::shared::{Arc, own};

/// Entries of a node at most.
const MAX: usize = 16;
/// Entries of a node at least, unless it is the root. Below half of `MAX`, so that a pair that
/// was joined or split takes several changes before it is touched again.
const MIN: usize = 6;
/// Entries that a node takes room for at a time.
const SPARE: usize = 4;

/// What a tree holds.
pub(super) trait Item: Copy + Debug {
    /// The order of items; different for any two in one tree.
    type Key: Copy + Ord + Debug;
    /// What is known of many items at once; the default is that of none.
    type Sum: Copy + Default + Debug + PartialEq;
    /// The place of this item.
    fn key(&self) -> Self::Key;
    /// What this item adds to a sum.
    fn sum(&self) -> Self::Sum;
    /// Both together, whichever comes first; associative, and the default changes nothing.
    fn join(left: Self::Sum, right: Self::Sum) -> Self::Sum;
}

/// Items by key.
#[derive(Clone, Debug)]
pub(super) struct Tree<T: Item> {
    root: Arc<Node<T>>,
    sum: T::Sum,
}

#[derive(Clone, Debug)]
enum Node<T: Item> {
    Leaf(Vec<T>),
    Fork(Vec<Link<T>>),
}

#[derive(Clone, Debug)]
struct Link<T: Item> {
    least: T::Key,
    sum: T::Sum,
    node: Arc<Node<T>>,
}

/// What came of putting an item into a node.
enum Put<T: Item> {
    /// It has one more.
    Added,
    /// Another was there.
    Replaced,
    /// It has one more, and its right half is cut off, for it was full.
    Split(Link<T>),
}

impl<T: Item> Put<T> {
    fn of(right: Option<Node<T>>) -> Put<T> {
        right.map_or(Put::Added, |right| Put::Split(Link::new(right)))
    }
}

impl<T: Item> Default for Tree<T> {
    fn default() -> Self {
        Tree { root: Arc::new(Node::Leaf(Vec::new())), sum: T::Sum::default() }
    }
}

impl<T: Item> Tree<T> {
    /// The sum over all items. O(1).
    pub(super) fn sum(&self) -> T::Sum {
        self.sum
    }

    /// The item at `key`. O(log n).
    pub(super) fn get(&self, key: T::Key) -> Option<T> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => {
                    let at = items.binary_search_by_key(&key, T::key).ok()?;
                    return items.get(at).copied();
                }
                Node::Fork(links) => node = &links.get(child(links, key))?.node,
            }
        }
    }

    /// The item at `key`, to change what neither its key nor its sum tells. O(log n).
    pub(super) fn touch(&mut self, key: T::Key) -> Option<&mut T> {
        let mut node = own(&mut self.root);
        loop {
            match node {
                Node::Leaf(items) => {
                    let at = items.binary_search_by_key(&key, T::key).ok()?;
                    return items.get_mut(at);
                }
                Node::Fork(links) => {
                    let at = child(links, key);
                    node = own(&mut links.get_mut(at)?.node);
                }
            }
        }
    }

    /// The least key, if there is any item. O(log n).
    pub(super) fn least(&self) -> Option<T::Key> {
        self.root.least()
    }

    /// Puts `item` at its key, in place of what was there. O(log n).
    pub(super) fn put(&mut self, item: T) {
        let root = own(&mut self.root);
        self.sum = match root.put(item) {
            Put::Added => T::join(self.sum, item.sum()),
            Put::Replaced => root.sum(),
            Put::Split(right) => {
                let left = core::mem::replace(root, Node::Leaf(Vec::new()));
                *root = Node::Fork(vec![Link::new(left), right]);
                root.sum()
            }
        };
    }

    /// Removes what is at `key`, if anything. O(log n).
    pub(super) fn remove(&mut self, key: T::Key) {
        let root = own(&mut self.root);
        root.remove(key);
        self.sum = root.sum();
        if let Node::Fork(links) = root
            && let [only] = links.as_slice()
        {
            self.root = Arc::clone(&only.node);
        }
    }

    /// The sum over the items at `from` and after. O(log n).
    pub(super) fn sum_from(&self, from: T::Key) -> T::Sum {
        self.sum_without(from, &[])
    }

    /// The sum over the items at `from` and after but those at `out`, which ascends. O(log n) for
    /// each in `out`, and once more.
    pub(super) fn sum_without(&self, from: T::Key, out: &[T::Key]) -> T::Sum {
        if out.is_empty() && self.root.least().is_none_or(|least| from <= least) {
            return self.sum;
        }
        self.root.sum_without(from, out)
    }

    /// The first item that `enter` accepts. O(log n).
    ///
    /// `enter` is shown sums in order, of subtrees or of single items: a yes goes into it, a no
    /// passes over all of it. A subtree it enters must hold an item that it accepts.
    pub(super) fn seek(&self, mut enter: impl FnMut(&T::Sum) -> bool) -> Option<T> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => {
                    return items.iter().find(|item| enter(&item.sum())).copied();
                }
                Node::Fork(links) => node = &links.iter().find(|link| enter(&link.sum))?.node,
            }
        }
    }

    /// In order, the items that `keep` accepts. O(log n) for each.
    ///
    /// `keep` must accept the sum of every subtree with an accepted item; others are never
    /// looked into.
    pub(super) fn select<K: Fn(&T::Sum) -> bool>(&self, keep: K) -> Select<'_, T, K> {
        let mut select = Select { forks: Vec::new(), items: [].iter(), keep };
        select.enter(&self.root);
        select
    }

    /// In order, the items at `from` and after. O(log n) for the first, O(1) for each more.
    pub(super) fn iter_from(&self, from: T::Key) -> impl Iterator<Item = T> {
        let mut select = Select { forks: Vec::new(), items: [].iter(), keep: |_: &T::Sum| true };
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => {
                    let at = items.partition_point(|item| item.key() < from);
                    select.items = items.split_at(at).1.iter();
                    return select;
                }
                Node::Fork(links) => {
                    let (_, rest) = links.split_at(child(links, from));
                    let (first, after) = rest.split_first().expect("a fork has children");
                    select.forks.push(after.iter());
                    node = &first.node;
                }
            }
        }
    }

    /// All items in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        self.select(|_| true)
    }
}

/// The place among `links` of the child that holds `key`, if any does.
fn child<T: Item>(links: &[Link<T>], key: T::Key) -> usize {
    links.partition_point(|link| link.least <= key).saturating_sub(1)
}

impl<T: Item> Node<T> {
    fn len(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Fork(links) => links.len(),
        }
    }

    fn least(&self) -> Option<T::Key> {
        match self {
            Node::Leaf(items) => items.first().map(T::key),
            Node::Fork(links) => links.first().map(|link| link.least),
        }
    }

    fn sum(&self) -> T::Sum {
        let none = T::Sum::default();
        match self {
            Node::Leaf(items) => items.iter().map(T::sum).fold(none, T::join),
            Node::Fork(links) => links.iter().map(|link| link.sum).fold(none, T::join),
        }
    }

    fn sum_without(&self, from: T::Key, out: &[T::Key]) -> T::Sum {
        let none = T::Sum::default();
        match self {
            Node::Leaf(items) => {
                let at = items.partition_point(|item| item.key() < from);
                let (_, after) = items.split_at(at);
                let kept = after.iter().filter(|item| out.binary_search(&item.key()).is_err());
                kept.map(T::sum).fold(none, T::join)
            }
            Node::Fork(links) => {
                let (_, after) = links.split_at(child(links, from));
                let mut rest = out;
                after.iter().enumerate().fold(none, |sum, (at, link)| {
                    let next = after.get(at.saturating_add(1)).map(|next| next.least);
                    let below = rest.partition_point(|key| next.is_none_or(|next| *key < next));
                    let (out, later) = rest.split_at(below);
                    rest = later;
                    let is_whole = out.is_empty() && (0 < at || from <= link.least);
                    let more = if is_whole { link.sum } else { link.node.sum_without(from, out) };
                    T::join(sum, more)
                })
            }
        }
    }

    /// Puts `item` at its key.
    fn put(&mut self, item: T) -> Put<T> {
        match self {
            Node::Leaf(items) => match items.binary_search_by_key(&item.key(), T::key) {
                Ok(at) => {
                    *items.get_mut(at).expect("just found there") = item;
                    Put::Replaced
                }
                Err(at) => Put::of(insert(items, at, item).map(Node::Leaf)),
            },
            Node::Fork(links) => {
                let at = child(links, item.key());
                let link = links.get_mut(at).expect("a fork has children");
                match own(&mut link.node).put(item) {
                    Put::Added => {
                        link.least = link.least.min(item.key());
                        link.sum = T::join(link.sum, item.sum());
                        Put::Added
                    }
                    Put::Replaced => {
                        link.refresh();
                        Put::Replaced
                    }
                    Put::Split(right) => {
                        link.refresh();
                        let right = insert(links, at.saturating_add(1), right);
                        Put::of(right.map(Node::Fork))
                    }
                }
            }
        }
    }

    fn remove(&mut self, key: T::Key) {
        match self {
            Node::Leaf(items) => {
                if let Ok(at) = items.binary_search_by_key(&key, T::key) {
                    items.remove(at);
                }
            }
            Node::Fork(links) => {
                let at = child(links, key);
                let link = links.get_mut(at).expect("a fork has children");
                let node = own(&mut link.node);
                node.remove(key);
                if MIN <= node.len() {
                    link.refresh();
                } else {
                    join(links, at);
                }
            }
        }
    }

    /// Cuts off the right half of a node that is too large.
    fn split(&mut self) -> Option<Link<T>> {
        Some(Link::new(match self {
            _ if self.len() <= MAX => return None,
            Node::Leaf(items) => Node::Leaf(halve(items)),
            Node::Fork(links) => Node::Fork(halve(links)),
        }))
    }

    /// Appends all of `right`, whose keys are greater.
    fn append(&mut self, right: &Node<T>) {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => extend(left, right),
            (Node::Fork(left), Node::Fork(right)) => extend(left, right),
            (Node::Leaf(_), Node::Fork(_)) | (Node::Fork(_), Node::Leaf(_)) => {
                unreachable!("all leaves lie equally deep, so siblings are of one kind")
            }
        }
    }
}

/// Puts `entry` in place `at`; returns the right half if there was no room.
fn insert<E>(entries: &mut Vec<E>, at: usize, entry: E) -> Option<Vec<E>> {
    if entries.len() < MAX {
        put_in(entries, at, entry);
        return None;
    }
    let mut right = halve(entries);
    match at.checked_sub(entries.len()) {
        Some(at) if 0 < at => put_in(&mut right, at, entry),
        _ => put_in(entries, at, entry),
    }
    Some(right)
}

fn put_in<E>(entries: &mut Vec<E>, at: usize, entry: E) {
    if entries.len() == entries.capacity() {
        entries.reserve_exact(SPARE.min(MAX.saturating_sub(entries.len())));
    }
    entries.insert(at, entry);
}

fn extend<E: Clone>(entries: &mut Vec<E>, more: &[E]) {
    entries.reserve_exact(more.len());
    entries.extend_from_slice(more);
}

/// Cuts off the right half.
fn halve<E>(entries: &mut Vec<E>) -> Vec<E> {
    let right = entries.split_off(entries.len() / 2);
    entries.shrink_to_fit();
    right
}

/// Joins the small child `at` with a neighbour; halves the pair if it is too large for one.
fn join<T: Item>(links: &mut Vec<Link<T>>, at: usize) {
    let at = at.min(links.len().saturating_sub(2));
    let next = at.saturating_add(1);
    let right = links.remove(next); // The root has two children at least, other forks `MIN`.
    let left = links.get_mut(at).expect("the neighbour of the one just removed");
    let node = own(&mut left.node);
    node.append(&right.node);
    let split = node.split();
    left.refresh();
    if let Some(right) = split {
        links.insert(next, right);
    }
}

impl<T: Item> Link<T> {
    fn new(node: Node<T>) -> Link<T> {
        let least = node.least().expect("only the root may be empty");
        Link { least, sum: node.sum(), node: Arc::new(node) }
    }

    /// Learns what changed below.
    fn refresh(&mut self) {
        self.least = self.node.least().expect("only the root may be empty");
        self.sum = self.node.sum();
    }
}

/// See [`Tree::select`].
pub(super) struct Select<'a, T: Item, K> {
    forks: Vec<slice::Iter<'a, Link<T>>>,
    items: slice::Iter<'a, T>,
    keep: K,
}

impl<'a, T: Item, K> Select<'a, T, K> {
    fn enter(&mut self, node: &'a Node<T>) {
        match node {
            Node::Leaf(items) => self.items = items.iter(),
            Node::Fork(links) => self.forks.push(links.iter()),
        }
    }
}

impl<T: Item, K: Fn(&T::Sum) -> bool> Iterator for Select<'_, T, K> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(item) = self.items.find(|item| (self.keep)(&item.sum())) {
                return Some(*item);
            }
            let links = self.forks.last_mut()?;
            match links.find(|link| (self.keep)(&link.sum)) {
                Some(link) => self.enter(&link.node),
                None => _ = self.forks.pop(),
            }
        }
    }
}

#[cfg(test)]
impl<T: Item> Tree<T> {
    /// Asserts every law of this file; returns the depth.
    pub(super) fn check(&self) -> usize {
        let keys: Vec<T::Key> = self.iter().map(|item| item.key()).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        assert_eq!(self.sum, self.iter().map(|item| item.sum()).fold(T::Sum::default(), T::join));
        if let Node::Fork(links) = &*self.root {
            assert!(2 <= links.len());
        }
        self.root.check()
    }
}

#[cfg(test)]
impl<T: Item> Node<T> {
    fn check(&self) -> usize {
        let room = match self {
            Node::Leaf(items) => items.capacity(),
            Node::Fork(links) => links.capacity(),
        };
        assert!(self.len() <= room && room <= MAX);
        let Node::Fork(links) = self else { return 1 };
        let depths: Vec<usize> = links
            .iter()
            .map(|link| {
                assert!(MIN <= link.node.len());
                assert_eq!((Some(link.least), link.sum), (link.node.least(), link.node.sum()));
                link.node.check()
            })
            .collect();
        assert!(depths.iter().all(|depth| *depth == depths[0]), "{depths:?}");
        depths[0] + 1
    }
}
