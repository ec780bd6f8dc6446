//! Memory as pages under a tree, and proofs for sets of pages.
//!
//! Key terms: a *page* has 4 KiB (the engines' own of 64 KiB is a *block* here); the *tree* is
//! binary and of fixed depth 16, over the 65,536 pages of the largest memory; pages that a memory
//! has not, or never wrote, are zero; a subtree of zeros is a constant, neither stored nor hashed.
//! A *proof* is what is left out of the tree when some pages are given: one for all of them.
//! Laws: page and node are hashed in domains of their own; the proof of a set has one form, level
//! by level from below, left to right; the proof that shows pages under one root gives the root
//! that follows when these pages, and no others, are written.
//! Not here: what else a state is (`state`), where pages come from (`run`).

use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, finish};

/// Bytes of a page.
pub const PAGE_BYTES: usize = 4096;
/// Levels above the pages.
pub const DEPTH: u32 = 16;
/// Pages of the largest memory (256 MiB), and of the largest input.
pub const PAGE_COUNT_MAX: u32 = 1 << DEPTH;

/// The bytes of one page.
pub type Page = [u8; PAGE_BYTES];

/// A page never written.
pub const ZERO_PAGE: &Page = &[0; PAGE_BYTES];

static PAGE_KEY: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("earnest compute 2026-11 memory page v1"));
static NODE_KEY: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("earnest compute 2026-11 memory node v1"));

/// Digests of subtrees of zeros, by the levels below them.
static ZEROS: LazyLock<Vec<Digest>> = LazyLock::new(|| {
    let mut zeros = vec![hash_of_page(ZERO_PAGE)];
    for _ in 0..DEPTH {
        let below = zeros.last().expect("starts with the page");
        zeros.push(node_digest(below, below));
    }
    zeros
});

fn hash_of_page(page: &Page) -> Digest {
    finish(blake3::Hasher::new_from_context_key(&PAGE_KEY).update(page))
}

/// The digest of a page. One of zeros is not hashed.
pub fn page_digest(page: &Page) -> Digest {
    match page == ZERO_PAGE {
        true => ZEROS[0],
        false => hash_of_page(page),
    }
}

pub(super) fn node_digest(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_from_context_key(&NODE_KEY);
    finish(hasher.update(&left.0).update(&right.0))
}

pub(super) fn zero(level: u32) -> Digest {
    ZEROS[usize::try_from(level).expect("at most 16")]
}

/// The tree over a memory's pages. As long as its last page that is not zero: 64 bytes a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageTree {
    /// Pages first, the root alone in the last.
    levels: Vec<Vec<Digest>>,
}

impl Default for PageTree {
    fn default() -> PageTree {
        PageTree::new()
    }
}

impl PageTree {
    /// The tree of zeros.
    pub fn new() -> PageTree {
        PageTree { levels: (0..=DEPTH).map(|_| Vec::new()).collect() }
    }

    /// The tree of `pages`, from page 0 on; what is beyond them is zero.
    pub fn of<'a>(pages: impl IntoIterator<Item = &'a Page>) -> PageTree {
        let mut tree = PageTree::new();
        let changed: Vec<_> = (0..PAGE_COUNT_MAX)
            .zip(pages)
            .filter(|(_, page)| *page != ZERO_PAGE)
            .map(|(index, page)| (index, hash_of_page(page)))
            .collect();
        tree.update(&changed);
        tree
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.node(DEPTH, 0)
    }

    /// The digest of page `index`: that of zeros beyond the last page written.
    pub fn page(&self, index: u32) -> Digest {
        self.node(0, index)
    }

    pub(super) fn node(&self, level: u32, index: u32) -> Digest {
        let place = |number: u32| usize::try_from(number).expect("usize has 32 bits");
        self.levels[place(level)].get(place(index)).copied().unwrap_or_else(|| zero(level))
    }

    /// Puts the digests of changed pages in their places. Pages beyond the largest memory are
    /// ignored. Hashes one node a level for each page, fewer where pages are neighbours.
    pub fn update(&mut self, changed: &[(u32, Digest)]) {
        let mut places: Vec<u32> = Vec::with_capacity(changed.len());
        for (index, digest) in changed.iter().filter(|(index, _)| *index < PAGE_COUNT_MAX) {
            self.set(0, *index, *digest);
            places.push(*index);
        }
        for level in 1..=DEPTH {
            for place in &mut places {
                *place /= 2;
            }
            places.dedup();
            for place in &places {
                let [left, right] = [2 * place, 2 * place + 1].map(|i| self.node(level - 1, i));
                let zeros = left == zero(level - 1) && left == right;
                let digest = if zeros { zero(level) } else { node_digest(&left, &right) };
                self.set(level, *place, digest);
            }
        }
    }

    fn set(&mut self, level: u32, index: u32, digest: Digest) {
        let row = &mut self.levels[usize::try_from(level).expect("at most 16")];
        let index = usize::try_from(index).expect("usize has 32 bits");
        if row.len() <= index {
            row.resize(index + 1, zero(level));
        }
        row[index] = digest;
    }

    /// The proof for pages `indices`, which must ascend strictly; `None` if they do not, or leave
    /// the tree.
    pub fn prove(&self, indices: &[u32]) -> Option<PageProof> {
        let pages: Vec<_> = indices.iter().map(|index| (*index, self.page(*index))).collect();
        let mut siblings = Vec::new();
        climb(&pages, |level, index| {
            let sibling = self.node(level, index);
            siblings.push(sibling);
            Some(sibling)
        })?;
        Some(PageProof(siblings))
    }
}

/// What is left out of a tree when some of its pages are given, from the pages' level upwards, from
/// left to right. For no pages: the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageProof(pub Vec<Digest>);

impl PageProof {
    /// The root that pages of these digests have with this proof; `None` if the indices do not
    /// ascend strictly, leave the tree, or the proof is longer or shorter than theirs. Never
    /// panics; hashes at most 16 nodes a page.
    pub fn root(&self, pages: &[(u32, Digest)]) -> Option<Digest> {
        let mut siblings = self.0.iter().copied();
        let root = climb(pages, |_, _| siblings.next())?;
        siblings.next().is_none().then_some(root)
    }
}

/// Hashes from `pages` up to the root, asking for each node that is not above one of them.
fn climb(
    pages: &[(u32, Digest)],
    mut sibling: impl FnMut(u32, u32) -> Option<Digest>,
) -> Option<Digest> {
    let Some((last, _)) = pages.last() else { return sibling(DEPTH, 0) };
    if PAGE_COUNT_MAX <= *last || !pages.is_sorted_by(|(one, _), (next, _)| one < next) {
        return None;
    }
    let mut known = pages.to_vec();
    for level in 0..DEPTH {
        let mut above: Vec<(u32, Digest)> = Vec::with_capacity(known.len());
        let mut rest = known.as_slice();
        while let [(index, digest), others @ ..] = rest {
            rest = others;
            let parent = match others {
                [(next, right), others @ ..] if *next == index ^ 1 => {
                    rest = others;
                    node_digest(digest, right)
                }
                _ if index % 2 == 0 => node_digest(digest, &sibling(level, index ^ 1)?),
                _ => node_digest(&sibling(level, index ^ 1)?, digest),
            };
            above.push((index / 2, parent));
        }
        known = above;
    }
    known.first().map(|(_, root)| *root)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn page(fill: u8) -> Page {
        [fill; PAGE_BYTES]
    }

    fn digests(pages: &BTreeMap<u32, u8>) -> Vec<(u32, Digest)> {
        pages.iter().map(|(index, fill)| (*index, page_digest(&page(*fill)))).collect()
    }

    /// The root by the definition: every node of the levels that are not constant.
    fn slow_root(pages: &BTreeMap<u32, u8>) -> Digest {
        let mut row: BTreeMap<u32, Digest> = digests(pages).into_iter().collect();
        let mut empty = page_digest(ZERO_PAGE);
        for _ in 0..DEPTH {
            let at = |index: u32| row.get(&index).copied().unwrap_or(empty);
            row = row
                .keys()
                .map(|i| (i / 2, node_digest(&at(i / 2 * 2), &at(i / 2 * 2 + 1))))
                .collect();
            empty = node_digest(&empty, &empty);
        }
        row.get(&0).copied().unwrap_or(empty)
    }

    fn some_pages() -> impl Strategy<Value = BTreeMap<u32, u8>> {
        let index = prop_oneof![0..64u32, 0..PAGE_COUNT_MAX];
        proptest::collection::btree_map(index, 0..4u8, 0..40)
    }

    #[test]
    fn a_memory_of_zeros_costs_nothing_and_has_the_root_of_the_empty_one() {
        let zeros = (0..1000).map(|_| ZERO_PAGE);
        assert_eq!(PageTree::of(zeros), PageTree::new());
        assert_eq!(PageTree::new().root(), slow_root(&BTreeMap::new()));
    }

    #[test]
    fn the_format_is_pinned() {
        let tree = PageTree::of([&page(1), &page(2)]);
        let pinned = [
            "e521ccb66a94ab3280c770d0ea80a08088b8bc061f84374dda3b9352fc20ba91",
            "8d6a0a8af4793ddac64cb62663d12689fb7db13e07f5f4b21898f616b4bff4fd",
        ];
        assert_eq!([PageTree::new(), tree].map(|tree| tree.root().to_string()), pinned);
    }

    proptest! {
        #[test]
        fn any_order_of_updates_has_the_root_of_the_definition(
            first in some_pages(), second in some_pages(),
        ) {
            let mut tree = PageTree::new();
            tree.update(&digests(&first));
            let mut backwards = digests(&second);
            backwards.reverse();
            tree.update(&backwards);
            let mut both = first;
            both.extend(second);
            prop_assert_eq!(tree.root(), slow_root(&both));
        }

        #[test]
        fn a_proof_shows_its_pages_and_gives_the_root_after_they_are_written(
            memory in some_pages(), touched in some_pages(), also in some_pages(),
        ) {
            let mut tree = PageTree::new();
            tree.update(&digests(&memory));
            // Some of the memory's own pages and some that it never wrote.
            let half = memory.keys().step_by(2);
            let mut indices: Vec<u32> = half.chain(touched.keys()).copied().collect();
            indices.sort_unstable();
            indices.dedup();
            let proof = tree.prove(&indices).expect("sorted");
            let before: Vec<_> = indices.iter().map(|i| (*i, tree.page(*i))).collect();
            prop_assert_eq!(proof.root(&before), Some(tree.root()));

            let after: Vec<_> = before
                .iter()
                .map(|(i, digest)| (*i, touched.get(i).map_or(*digest, |f| page_digest(&page(*f)))))
                .collect();
            tree.update(&after);
            prop_assert_eq!(proof.root(&after), Some(tree.root()));

            // A page more, a page less, or a sibling more: another proof.
            if let Some(other) = also.keys().find(|i| !indices.contains(i)) {
                let mut more = after.clone();
                more.push((*other, tree.page(*other)));
                more.sort_unstable();
                prop_assert_ne!(proof.root(&more), Some(tree.root()));
            }
            if let [_, less @ ..] = after.as_slice() {
                prop_assert_ne!(proof.root(less), Some(tree.root()));
            }
            let mut longer = proof.clone();
            longer.0.push(tree.root());
            prop_assert_eq!(longer.root(&after), None);
        }

        #[test]
        fn a_forged_page_or_sibling_has_another_root(
            memory in some_pages(), at in any::<prop::sample::Index>(),
        ) {
            let mut tree = PageTree::new();
            tree.update(&digests(&memory));
            let indices: Vec<u32> = memory.keys().copied().collect();
            let proof = tree.prove(&indices).expect("sorted");
            let mut pages = digests(&memory);
            if !pages.is_empty() {
                let place = at.index(pages.len());
                pages[place].1 = page_digest(&page(9));
                prop_assert_ne!(proof.root(&pages), Some(tree.root()));
            }
            let mut forged = proof.clone();
            let place = at.index(forged.0.len());
            forged.0[place].0[0] ^= 1;
            prop_assert_ne!(forged.root(&digests(&memory)), Some(tree.root()));
        }
    }

    #[test]
    fn pages_out_of_order_twice_or_beyond_the_tree_have_no_root() {
        let digest = page_digest(&page(1));
        let siblings = PageProof(vec![digest; 64]);
        for indices in [&[1, 0][..], &[3, 3], &[PAGE_COUNT_MAX], &[0, u32::MAX]] {
            let pages: Vec<_> = indices.iter().map(|index| (*index, digest)).collect();
            assert_eq!(siblings.root(&pages), None, "{indices:?}");
            assert_eq!(PageTree::new().prove(indices), None, "{indices:?}");
        }
    }
}
