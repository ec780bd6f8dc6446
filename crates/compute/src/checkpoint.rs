//! The commitment to a whole run: one leaf per step, one root over all.
//!
//! Key terms: a *checkpoint* is the state after a step; its *leaf* binds the task, the index, the
//! hash of the state, the hash of the chunk just read, the cumulative gas and the status. Leaf 0 is
//! the state after `init`. The *tree* has arity 16 over the leaves 0..=n; level 0 is the root and
//! the last level holds the leaves.
//!
//! ```text
//!   Running ──step──► Running ──► ... ──► leaf n
//!      │ └─ trap, or more gas than a step may use, in step i ──► Fault { at: i }   (absorbing)
//!      └─── cumulative gas above the task's bound after step i ► Halted { at: i }  (absorbing)
//! ```
//! Laws: the tree's shape is a function of n alone; a place without a leaf below it holds [`PAD`];
//! leaf, node and PAD cannot be confused. From `at` on all leaves are equal but for the index:
//! constant state, no chunk, and the gas field is what a stopped task costs: for a fault the gas
//! before plus the step's cap (so that where a step trapped carries no information and no gas is
//! free), never above the task's bound; for a halt the bound itself.
//! Not here: who asks for which children (`bisection`), how states arise (`executor`).

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, finish, hasher};
use crate::task::{NO_CHUNK, Task};

/// Children of a node.
pub const ARITY: usize = 16;
/// Stands for a child beyond the last leaf.
pub const PAD: Digest = Digest(*b"earnest compute: no leaf here.  ");
/// The state hash of a task that a fault stopped.
pub const FAULT_STATE: Digest = Digest(*b"earnest compute: the step fault.");
/// The state hash of a task that its gas bound stopped.
pub const HALT_STATE: Digest = Digest(*b"earnest compute: the gas bound. ");

const LEAF: &str = "earnest compute 2026-11 leaf v1";
const NODE: &str = "earnest compute 2026-11 node v1";

/// Whether a task still runs. `Fault` and `Halted` are absorbing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Every step so far ended well.
    Running,
    /// Step `at` trapped, broke the guest interface or used more than its gas.
    Fault {
        /// The step's index; 0 is `init`.
        at: u64,
    },
    /// After step `at` the cumulative gas exceeded the task's bound.
    Halted {
        /// The step's index; 0 is `init`.
        at: u64,
    },
}

/// The hash of a state's bytes: plain blake3, so that an output is a blob under its own hash.
pub fn state_hash(state: &[u8]) -> Digest {
    Digest(*blake3::hash(state).as_bytes())
}

/// What a leaf's digest binds, besides the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// 0 to n.
    pub index: u64,
    /// Hash of the state, or [`FAULT_STATE`], [`HALT_STATE`].
    pub state: Digest,
    /// Hash of the chunk that this step read, or [`NO_CHUNK`].
    pub chunk: Digest,
    /// Gas used by `init` and all steps up to here.
    pub gas: u64,
    /// Status after this step.
    pub status: Status,
}

impl Leaf {
    /// The leaf's digest within the task of hash `task`.
    pub fn digest(&self, task: &Digest) -> Digest {
        let mut h = hasher(LEAF);
        h.update(&task.0);
        h.update(&self.index.to_le_bytes());
        h.update(&self.state.0);
        h.update(&self.chunk.0);
        h.update(&self.gas.to_le_bytes());
        let (tag, at) = match self.status {
            Status::Running => (0u8, 0u64),
            Status::Fault { at } => (1, at),
            Status::Halted { at } => (2, at),
        };
        h.update(&[tag]);
        h.update(&at.to_le_bytes());
        finish(&h)
    }
}

/// The state of a task after step `index`. `state` is empty unless the status is `Running`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// 0 (after `init`) to n.
    pub index: u64,
    /// The state's bytes, at most [`crate::admission::STATE_BYTES_MAX`].
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
    /// Cumulative gas.
    pub gas: u64,
    /// Whether the task still runs.
    pub status: Status,
}

impl Checkpoint {
    /// The leaf of this checkpoint; `chunk` is the hash of the chunk step `index` read (ignored
    /// once the task has stopped).
    pub fn leaf(&self, chunk: Digest) -> Leaf {
        let (state, chunk) = match self.status {
            Status::Running => (state_hash(&self.state), chunk),
            Status::Fault { .. } => (FAULT_STATE, NO_CHUNK),
            Status::Halted { .. } => (HALT_STATE, NO_CHUNK),
        };
        Leaf { index: self.index, state, chunk, gas: self.gas, status: self.status }
    }

    /// The checkpoint of a task that faulted in step `index` after `gas_before`.
    pub fn fault(task: &Task, index: u64, gas_before: u64) -> Checkpoint {
        let gas = gas_before.saturating_add(task.step_gas_max).min(task.gas_bound);
        Checkpoint { index, state: Vec::new(), gas, status: Status::Fault { at: index } }
    }

    /// The checkpoint after a step that ended well with `state` and cumulative `gas`: a halt if the
    /// task's bound is exceeded.
    pub fn reached(task: &Task, index: u64, state: Vec<u8>, gas: u64) -> Checkpoint {
        if task.gas_bound < gas {
            let status = Status::Halted { at: index };
            return Checkpoint { index, state: Vec::new(), gas: task.gas_bound, status };
        }
        Checkpoint { index, state, gas, status: Status::Running }
    }

    /// The next checkpoint of a stopped task: itself but for the index.
    pub(crate) fn stay(&self) -> Checkpoint {
        let index = self.index.checked_add(1).expect("steps are at most STEPS_MAX");
        Checkpoint { index, ..self.clone() }
    }
}

/// The place of a node: `level` 0 is the root, `index` counts from the left within the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// 0 to `depth(steps)`.
    pub level: u32,
    /// From 0.
    pub index: u64,
}

impl Position {
    /// The root's place.
    pub const ROOT: Position = Position { level: 0, index: 0 };

    /// The place of child `child` (0 to 15).
    pub fn child(self, child: u8) -> Position {
        let index = self.index.saturating_mul(16).saturating_add(u64::from(child));
        Position { level: self.level.saturating_add(1), index }
    }

    /// The leaf index if this is the place of a leaf in the tree of `steps`.
    pub fn as_leaf(self, steps: u64) -> Option<u64> {
        (self.level == depth(steps) && self.index <= steps).then_some(self.index)
    }

    /// The first leaf below this place in the tree of `steps`; `None` beyond the shape.
    pub fn first_leaf(self, steps: u64) -> Option<u64> {
        let below = depth(steps).checked_sub(self.level)?;
        let span = 16u64.checked_pow(below)?;
        self.index.checked_mul(span).filter(|first| *first <= steps)
    }
}

/// Levels below the root of the tree over leaves 0..=`steps`: the least d with 16^d > `steps`, at
/// least 1.
pub fn depth(steps: u64) -> u32 {
    let mut d = 1;
    while d < 16 && 16u64.pow(d) <= steps {
        d += 1;
    }
    d
}

/// The digest of a node with these children.
pub fn node_digest(children: &[Digest; ARITY]) -> Digest {
    let mut h = hasher(NODE);
    for child in children {
        h.update(&child.0);
    }
    finish(&h)
}

/// Whether `children` are the children of the node `digest` at `at` in a tree of `steps`: they hash
/// to it, places within the shape are not PAD and places beyond it are. Pure, never panics.
pub fn verify_children(
    digest: &Digest,
    at: Position,
    steps: u64,
    children: &[Digest; ARITY],
) -> bool {
    if depth(steps) <= at.level || at.first_leaf(steps).is_none() {
        return false;
    }
    let shape = (0u8..).zip(children).all(|(child, value)| {
        let within = at.child(child).first_leaf(steps).is_some();
        within == (*value != PAD)
    });
    shape && node_digest(children) == *digest
}

/// The tree over all leaves. 32 bytes a leaf and a fifteenth above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Root first.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// Builds the tree over leaf digests 0..=n; `None` with fewer than two (a task has a step).
    pub fn build(leaves: Vec<Digest>) -> Option<Tree> {
        let steps = u64::try_from(leaves.len()).ok()?.checked_sub(1).filter(|n| 1 <= *n)?;
        let mut levels = vec![leaves];
        for _ in 0..depth(steps) {
            let below = levels.last().expect("starts with the leaves");
            let above = below.chunks(ARITY).map(|some| node_digest(&padded(some))).collect();
            levels.push(above);
        }
        levels.reverse();
        Some(Tree { levels })
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.levels[0][0]
    }

    /// Number of steps n (leaves less one).
    pub fn steps(&self) -> u64 {
        u64::try_from(self.leaves().len()).expect("a length fits u64") - 1
    }

    /// All leaf digests.
    pub fn leaves(&self) -> &[Digest] {
        self.levels.last().expect("built with at least two levels")
    }

    /// The digest at a place; `None` beyond the shape.
    pub fn digest(&self, at: Position) -> Option<Digest> {
        let level = self.levels.get(usize::try_from(at.level).ok()?)?;
        level.get(usize::try_from(at.index).ok()?).copied()
    }

    /// The 16 children of the node at a place; `None` for a leaf or beyond the shape.
    pub fn children(&self, at: Position) -> Option<[Digest; ARITY]> {
        self.digest(at)?;
        let below = self.levels.get(usize::try_from(at.level).ok()?.checked_add(1)?)?;
        let first = usize::try_from(at.index).ok()?.checked_mul(ARITY)?;
        let last = first.checked_add(ARITY)?.min(below.len());
        Some(padded(&below[first..last]))
    }

    /// The path of leaf `index`; `None` beyond the last.
    pub fn prove(&self, index: u64) -> Option<LeafProof> {
        let levels = self.levels.len().checked_sub(1)?;
        let mut siblings = Vec::with_capacity(levels);
        let mut place = usize::try_from(index).ok().filter(|i| *i < self.leaves().len())?;
        for level in self.levels.iter().skip(1).rev() {
            let first = place / ARITY * ARITY;
            let group = padded(&level[first..level.len().min(first + ARITY)]);
            let mut others = [PAD; ARITY - 1];
            let rest = group.iter().enumerate().filter(|(i, _)| *i != place % ARITY);
            for (other, (_, sibling)) in others.iter_mut().zip(rest) {
                *other = *sibling;
            }
            siblings.push(others);
            place /= ARITY;
        }
        Some(LeafProof { siblings })
    }
}

fn padded(some: &[Digest]) -> [Digest; ARITY] {
    let mut children = [PAD; ARITY];
    for (child, value) in children.iter_mut().zip(some) {
        *child = *value;
    }
    children
}

/// The siblings of a leaf and of each node above it, from the leaf's level to the root's children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafProof {
    /// Fifteen siblings a level, left to right.
    pub siblings: Vec<[Digest; ARITY - 1]>,
}

impl LeafProof {
    /// Whether `leaf` is the digest of leaf `index` under `root` in a tree of `steps`. Never
    /// panics.
    pub fn verify(&self, root: &Digest, steps: u64, index: u64, leaf: &Digest) -> bool {
        let depth = depth(steps);
        if steps < index || u32::try_from(self.siblings.len()) != Ok(depth) {
            return false;
        }
        let (mut node, mut place) = (*leaf, index);
        for (level, others) in (0..depth).rev().zip(&self.siblings) {
            let mut children = [PAD; ARITY];
            let own = usize::try_from(place % 16).expect("below 16");
            let (left, right) = others.split_at(own);
            for (child, value) in children.iter_mut().zip(left.iter().chain([&node]).chain(right)) {
                *child = *value;
            }
            place /= 16;
            node = node_digest(&children);
            if !verify_children(&node, Position { level, index: place }, steps, &children) {
                return false;
            }
        }
        node == *root
    }
}
