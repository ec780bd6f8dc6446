//! Geometry: which places the tree of a dispute has, and what may be done at each.
//!
//! ```text
//! level 0 ─ ... ─ D    the result's tree, over the task's steps
//!                  └─ D+1 ─ ... ─ D+4    of a paged task: within one step, over 2^13 finer ones
//!                                  └─ D+5 ─ ... ─ D+7    within one of those, over 2^10
//! ```
//! Key terms: a *tier* is one of these trees; the root of a finer tree is the leaf above that it
//! refines, so that `index >> 4` is the parent's place throughout; a *place* is where a node lies
//! within its own tree.
//! Laws: whoever asks what exists, is a leaf, may be refined or laid before the referee, asks here;
//! the first leaf of a paged task's tree is agreed, so nobody rejects it.
//! Not here: whose turn it is (`dispute`), what a leaf says (the referee).

use alloc::vec::Vec;

use crate::command::{Node, ProgramForm, Task};

/// Children of a node of the commitment tree.
pub(crate) const ARITY: u64 = 16;
/// Steps of the trees within a step of a paged task, and within a step of those: 2^27 ticks are
/// 2^13 times 2^14, and these 2^10 times 2^4.
const FINER: &[u64] = &[1 << 13, 1 << 10];

/// The shape of a task's tree of disputes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    steps: u64,
    finer: &'static [u64],
}

/// Where a node lies within its own tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which tree: 0 for the result's, 1 and 2 for finer ones.
    pub tier: u8,
    /// The root of that tree.
    pub tree: Node,
    /// Steps of that tree; it has a leaf more.
    pub steps: u64,
    /// Distance from that root.
    pub level: u8,
    /// Place within its level of that tree, from the left.
    pub index: u64,
}

/// Levels below the root of a tree over `steps` + 1 leaves: the least D ≥ 1 with 16^D > steps.
pub fn depth(steps: u64) -> u8 {
    let mut depth = 1u8;
    let mut rest = steps >> 4;
    while rest > 0 {
        rest >>= 4;
        depth = depth.saturating_add(1);
    }
    depth
}

impl Place {
    /// Its number among the leaves, if it is one.
    pub fn leaf(&self) -> Option<u64> {
        (self.level == depth(self.steps)).then_some(self.index)
    }
}

impl Geometry {
    /// That of a task.
    pub fn of(task: &Task) -> Geometry {
        let finer = match task.form {
            ProgramForm::Stepwise => &[],
            ProgramForm::Paged(_) => FINER,
        };
        Geometry { steps: task.steps, finer }
    }

    /// Where a node lies; none if it lies over no leaf.
    pub fn place(self, node: Node) -> Option<Place> {
        let mut top = Node { level: 0, index: 0 };
        for (tier, steps) in (0u8..).zip(core::iter::once(&self.steps).chain(self.finer)) {
            let steps = *steps;
            let depth = depth(steps);
            let bottom = top.level.checked_add(depth)?;
            let level = node.level.min(bottom).checked_sub(top.level)?;
            // The ancestor in this tree, or the node itself.
            let at = up(node, node.level.saturating_sub(bottom));
            let first = u128::from(top.index).checked_shl(bits(level))?;
            let index = u64::try_from(u128::from(at).checked_sub(first)?).ok()?;
            let leaf = u128::from(index).checked_shl(bits(depth.checked_sub(level)?))?;
            if leaf > u128::from(steps) {
                return None;
            }
            if node.level <= bottom {
                return Some(Place { tier, tree: top, steps, level, index });
            }
            top = Node { level: bottom, index: at };
        }
        None
    }

    /// The number of a node among the leaves of its tree, if it is a leaf.
    pub fn leaf(self, node: Node) -> Option<u64> {
        self.place(node)?.leaf()
    }

    /// True if both sides agree about a node whatever they say of the others: the first state of a
    /// paged task follows from program and task, that of a finer tree from the tree above.
    pub fn is_agreed(self, node: Node) -> bool {
        !self.finer.is_empty() && self.leaf(node) == Some(0)
    }

    /// True if the accused may commit to a finer tree within the step that ends in a node.
    pub fn refines(self, node: Node) -> bool {
        let is_step = |place: &Place| place.leaf().is_some_and(|leaf| leaf > 0);
        let place = self.place(node).filter(is_step);
        place.is_some_and(|place| usize::from(place.tier) < self.finer.len())
    }

    /// Which child of a node lies over the leaf that has these numbers in the trees on the way to
    /// it, the result's first; a leaf's children are those that refining it discloses.
    pub fn child_toward(self, node: Node, leaves: &[u64]) -> Option<u8> {
        let place = self.place(node)?;
        let tier = usize::from(place.tier);
        let (tier, steps, level) = match place.leaf() {
            None => (tier, place.steps, place.level),
            Some(_) => (tier.checked_add(1)?, *self.finer.get(tier)?, 0),
        };
        let below = depth(steps).checked_sub(level)?.checked_sub(1)?;
        u8::try_from(leaves.get(tier)?.checked_shr(bits(below))? & 15).ok()
    }

    /// The leaves that a node lies below, the result's first, with itself if it is one: each by its
    /// number in its tree.
    pub fn leaves(self, node: Node) -> Vec<u64> {
        let mut leaves = Vec::new();
        let mut next = Some(node);
        while let Some(place) = next.and_then(|node| self.place(node)) {
            leaves.extend(place.leaf());
            next = (place.tier > 0).then_some(place.tree);
        }
        leaves.reverse();
        leaves
    }
}

fn bits(levels: u8) -> u32 {
    u32::from(levels).saturating_mul(4)
}

/// The index of a node's ancestor so many levels above.
fn up(node: Node, levels: u8) -> u64 {
    node.index.checked_shr(bits(levels)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::Digest, num::Gas};

    fn task(steps: u64, form: ProgramForm) -> Task {
        let (program, input_root, seed) = (Digest::ZERO, Digest::ZERO, Digest::ZERO);
        let (step_gas_max, gas_bound) = (Gas::new(1), Gas::new(1));
        Task { program, input_root, chunk_count: 0, steps, seed, step_gas_max, gas_bound, form }
    }

    fn geometry(steps: u64, form: ProgramForm) -> Geometry {
        Geometry::of(&task(steps, form))
    }

    #[test]
    fn depth_is_the_least_power_of_sixteen_that_covers_every_leaf() {
        for (steps, expected) in
            [(1, 1), (15, 1), (16, 2), (255, 2), (256, 3), (4_095, 3), (4_096, 4), (u64::MAX, 16)]
        {
            assert_eq!(depth(steps), expected, "{steps} steps");
        }
    }

    #[test]
    fn only_nodes_over_leaves_exist() {
        let geometry = geometry(16, ProgramForm::Stepwise);
        let leaf = |level, index| geometry.place(Node { level, index }).map(|place| place.leaf());
        assert_eq!(leaf(2, 16), Some(Some(16)));
        assert_eq!(leaf(2, 17), None);
        assert_eq!(leaf(1, 1), Some(None));
        assert_eq!(leaf(1, 2), None);
        assert_eq!(leaf(3, 0), None);
        assert!(!geometry.is_agreed(Node { level: 2, index: 0 }));
        assert!(!geometry.refines(Node { level: 2, index: 1 }));
    }

    #[test]
    fn a_finer_tree_hangs_from_the_leaf_that_it_refines() {
        let geometry = geometry(20, ProgramForm::Paged(1));
        let place = |level, index| geometry.place(Node { level, index });
        let fine = (7 << 16) + 8_192;
        let tree = Node { level: 2, index: 7 };
        let expected = Place { tier: 1, tree, steps: 8_192, level: 4, index: 8_192 };
        assert_eq!(place(6, fine), Some(expected));
        assert_eq!(place(6, fine + 1), None, "the tree has no such leaf");
        assert_eq!(place(6, 21 << 16), None, "there is no such step");
        let finest = (fine << 12) + 1_024;
        let tree = Node { level: 6, index: fine };
        let expected = Place { tier: 2, tree, steps: 1_024, level: 3, index: 1_024 };
        assert_eq!(place(9, finest), Some(expected));
        assert_eq!(place(10, finest << 4), None, "nothing is finer");
        assert_eq!(geometry.leaves(Node { level: 9, index: finest }), [7, 8_192, 1_024]);
        assert_eq!(geometry.leaves(Node { level: 8, index: finest >> 4 }), [7, 8_192]);
        assert!(geometry.leaves(Node { level: 1, index: 0 }).is_empty());
        // From the root down to a leaf by its numbers alone.
        let mut node = Node { level: 0, index: 0 };
        while let Some(child) = geometry.child_toward(node, &[7, 8_192, 1_024]) {
            node = Node { level: node.level + 1, index: node.index << 4 | u64::from(child) };
        }
        assert_eq!(node, Node { level: 9, index: finest });
    }

    #[test]
    fn a_step_is_refined_until_nothing_is_finer_and_a_first_leaf_never() {
        let geometry = geometry(20, ProgramForm::Paged(1));
        let node = |level, index| Node { level, index };
        let refined = [node(2, 7), node(6, 7 << 16 | 1), node(9, (7 << 16 | 1) << 12 | 1)];
        assert_eq!(refined.map(|node| geometry.refines(node)), [true, true, false]);
        let first = [node(2, 0), node(6, 7 << 16), node(9, (7 << 16 | 1) << 12)];
        assert_eq!(first.map(|node| geometry.refines(node)), [false; 3]);
        assert_eq!(first.map(|node| geometry.is_agreed(node)), [true; 3]);
        assert_eq!([node(1, 0), node(2, 1)].map(|node| geometry.is_agreed(node)), [false; 2]);
    }
}
