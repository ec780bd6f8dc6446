//! Disputes: a game of disclosure from the root down to one step.
//!
//! The accused discloses the children of the disputed node; the challenger names the first it
//! rejects, accepting those before it; at a leaf the accused lays the step before the referee.
//! A node is disclosed once for all challengers, a leaf is judged once for all.
//!
//! Law: each side has one clock for the whole game; who is to move and lets it run out loses.
//! At most 2·⌈log₁₆(n + 1)⌉ + 1 moves decide a game over n steps.

use serde::{Deserialize, Serialize};

use crate::{
    command::Node,
    ids::{AccountId, Digest},
    ledger::JobPot,
    num::{Blocks, Height},
};

use super::Case;

/// Children of a node of the commitment tree.
pub(crate) const ARITY: u64 = 16;

/// One challenger's game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Who says that the result is wrong.
    pub challenger: AccountId,
    /// The money behind that.
    pub lock: JobPot,
    /// The node in dispute; at the tree's depth, the leaf.
    pub node: Node,
    /// Whose move it is.
    pub turn: Turn,
    /// Since when.
    pub since: Height,
    /// What is left of the accused's clock.
    pub accused_left: Blocks,
    /// What is left of the challenger's clock.
    pub challenger_left: Blocks,
    /// Moves made by both.
    pub moves: u32,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// Whose move it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The provider discloses or proves.
    Accused,
    /// The challenger names a child.
    Challenger,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Who lost.
    pub loser: Loser,
    /// Why.
    pub reason: LossReason,
}

/// Who lost a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loser {
    /// The provider.
    Accused,
    /// The challenger or auditor.
    Challenger,
    /// Nobody: the job ended otherwise.
    Nobody,
}

/// Why a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// The referee re-executed the step and it gives something else.
    StepFails,
    /// The referee re-executed the step and it gives just that.
    StepHolds,
    /// The clock of the side to move ran out.
    ClockRanOut,
    /// Another dispute or offence ended the job.
    Moot,
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

/// True if a node lies over at least one of `steps` + 1 leaves.
pub(crate) fn child_exists(steps: u64, node: Node) -> bool {
    let below = u32::from(depth(steps).saturating_sub(node.level)).saturating_mul(4);
    let first = u128::from(node.index).checked_shl(below);
    first.is_some_and(|first| first <= u128::from(steps))
}

impl Dispute {
    pub(crate) fn new(challenger: AccountId, lock: JobPot, now: Height, clock: Blocks) -> Dispute {
        Dispute {
            challenger,
            lock,
            node: Node { level: 0, index: 0 },
            turn: Turn::Accused,
            since: now,
            accused_left: clock,
            challenger_left: clock,
            moves: 0,
            ended: None,
        }
    }

    /// The last height at which the side to move may still move.
    pub fn until(&self) -> Height {
        self.since.after(match self.turn {
            Turn::Accused => self.accused_left,
            Turn::Challenger => self.challenger_left,
        })
    }

    /// True if `turn` is to move at `node`.
    pub(crate) fn awaits(&self, turn: Turn, node: Node) -> bool {
        self.ended.is_none() && self.turn == turn && self.node == node
    }

    /// Books a move made at `now`, leaving `node` in dispute and `next` to move.
    pub(crate) fn moved(&mut self, now: Height, node: Node, next: Turn) {
        let spent = now.since(self.since).count();
        let left = match self.turn {
            Turn::Accused => &mut self.accused_left,
            Turn::Challenger => &mut self.challenger_left,
        };
        *left = Blocks::new(left.count().saturating_sub(spent));
        self.moves = self.moves.saturating_add(1);
        self.node = node;
        self.turn = next;
        self.since = now;
    }
}

impl Case {
    /// The children that the provider disclosed of `node`.
    pub fn children(&self, node: Node) -> Option<&[Digest]> {
        let at = self.opened.binary_search_by_key(&node, |(node, _)| *node).ok()?;
        self.opened.get(at).map(|(_, children)| children.as_slice())
    }

    pub(crate) fn disclose(&mut self, node: Node, children: alloc::vec::Vec<Digest>) {
        if let Err(at) = self.opened.binary_search_by_key(&node, |(node, _)| *node) {
            self.opened.insert(at, (node, children));
        }
    }

    /// The digest of a node: the root, or what its parent's disclosure said.
    pub fn digest(&self, node: Node) -> Option<Digest> {
        let Some(level) = node.level.checked_sub(1) else {
            return self.opening().map(|opening| opening.root);
        };
        let parent = Node { level, index: node.index >> 4 };
        let child = usize::try_from(node.index & 15).ok()?;
        self.children(parent)?.get(child).copied()
    }

    /// What the referee said of `leaf`, if it was asked.
    pub(crate) fn ruling(&self, leaf: u64) -> Option<bool> {
        self.ruled.iter().find(|(judged, _)| *judged == leaf).map(|(_, holds)| *holds)
    }

    /// The open dispute of this challenger, by index.
    pub fn dispute_of(&self, challenger: AccountId) -> Option<usize> {
        let open = |dispute: &Dispute| dispute.ended.is_none() && dispute.challenger == challenger;
        self.disputes.iter().position(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_the_least_power_of_sixteen_that_covers_every_leaf() {
        for (steps, expected) in
            [(1, 1), (15, 1), (16, 2), (255, 2), (256, 3), (4_095, 3), (4_096, 4), (u64::MAX, 16)]
        {
            assert_eq!(depth(steps), expected, "{steps} steps");
        }
    }

    #[test]
    fn only_nodes_over_leaves_can_be_rejected() {
        let leaf = |index| Node { level: 2, index };
        assert!(child_exists(16, leaf(16)));
        assert!(!child_exists(16, leaf(17)));
        assert!(child_exists(16, Node { level: 1, index: 1 }));
        assert!(!child_exists(16, Node { level: 1, index: 2 }));
    }
}
