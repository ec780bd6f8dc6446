//! Disputes: a game of disclosure from the root down to one step.
//!
//! The accused discloses the children of the disputed node; the challenger names the first it
//! rejects, accepting those before it; at a leaf the accused lays the step before the referee.
//! A node is disclosed once for all challengers, a leaf is refined or judged once for all.
//!
//! Law: each side has one clock for the whole game; who is to move and lets it run out loses. The
//! clock stands still in blocks in which the referee had no time left for a step that waits to be
//! heard (M11).
//! Evidence that was executed and showed nothing closes its leaf: no dispute has the referee
//! execute more than one step for each leaf on its way.
//! At most 2·⌈log₁₆(n + 1)⌉ + 1 moves decide a game over n steps, 16 more if they are refined.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    command::Node,
    ids::{AccountId, Digest},
    ledger::AssignmentPot,
    num::{Blocks, Height},
    referee::Ruling,
    table::Blank,
    verification::{Geometry, params::Clocks},
};

/// One challenger's game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Who says that the result is wrong.
    pub challenger: AccountId,
    /// What is behind that.
    pub behind: Stake,
    /// The node in dispute; at the tree's depth, the leaf.
    pub node: Node,
    /// Whose move it is.
    pub turn: Turn,
    /// Since when, not counting blocks in which its clock stood still.
    pub since: Height,
    /// Blocks in which the referee had no time left, up to then.
    pub full_blocks: u64,
    /// What is left of the accused's clock.
    pub accused_left: Blocks,
    /// What is left of the challenger's clock.
    pub challenger_left: Blocks,
    /// Moves made by both.
    pub moves: u32,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// What a challenger loses with its game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stake {
    /// The lock of the seat whose verdict dissents.
    Seat(u16),
    /// A deposit, by dispute.
    Deposit(u16),
}

/// Every dispute about one result, and what they brought to light.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docket {
    /// Every dispute, open or ended.
    pub disputes: Vec<Dispute>,
    /// Nodes that the provider disclosed, with their children.
    pub opened: Vec<(Node, Vec<Digest>)>,
    /// The roots of finer trees that the provider committed to, by the leaf that they refine.
    pub refined: Vec<(Node, Digest)>,
    /// Leaves about which the referee was asked, and what it found.
    pub ruled: Vec<(Node, Ruling)>,
}

impl Blank for Docket {
    const BLANK: &'static Docket = &Docket {
        disputes: Vec::new(),
        opened: Vec::new(),
        refined: Vec::new(),
        ruled: Vec::new(),
    };
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

impl Dispute {
    pub(crate) fn new(
        challenger: AccountId,
        behind: Stake,
        (now, full_blocks): (Height, u64),
        clocks: Clocks,
    ) -> Dispute {
        Dispute {
            challenger,
            behind,
            node: Node { level: 0, index: 0 },
            turn: Turn::Accused,
            since: now,
            full_blocks,
            accused_left: clocks.accused,
            challenger_left: clocks.challenger,
            moves: 0,
            ended: None,
        }
    }

    /// The pot of the money behind an open challenge.
    pub fn deposit(&self) -> Option<AssignmentPot> {
        match self.behind {
            Stake::Deposit(index) => Some(AssignmentPot::ChallengeDeposit(index)),
            Stake::Seat(_) => None,
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

    /// Goes on from so many full blocks; takes those since the last off the clock of who waits.
    fn stand_still(&mut self, full_blocks: u64, waits: bool) {
        let stood = full_blocks.saturating_sub(self.full_blocks);
        if waits {
            self.since = self.since.after(Blocks::new(stood));
        }
        self.full_blocks = full_blocks;
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

impl Docket {
    pub(crate) fn dispute(&self, index: usize) -> &Dispute {
        self.disputes.get(index).expect("disputes are never removed")
    }

    pub(crate) fn dispute_mut(&mut self, index: usize) -> &mut Dispute {
        self.disputes.get_mut(index).expect("disputes are never removed")
    }

    /// Takes blocks in which the referee had no time left off the clock of who waits for it: the
    /// accused at a leaf about which the referee was not asked.
    pub(crate) fn stand_still(&mut self, index: usize, full_blocks: u64, geometry: Geometry) {
        let Dispute { turn, node, .. } = *self.dispute(index);
        let is_unheard = geometry.leaf(node).is_some() && self.ruling(node).is_none();
        let waits = turn == Turn::Accused && is_unheard;
        self.dispute_mut(index).stand_still(full_blocks, waits);
    }

    /// The children that the provider disclosed of `node`.
    pub fn children(&self, node: Node) -> Option<&[Digest]> {
        let at = self.opened.binary_search_by_key(&node, |(node, _)| *node).ok()?;
        self.opened.get(at).map(|(_, children)| children.as_slice())
    }

    pub(crate) fn disclose(&mut self, node: Node, children: Vec<Digest>) {
        if let Err(at) = self.opened.binary_search_by_key(&node, |(node, _)| *node) {
            self.opened.insert(at, (node, children));
        }
    }

    /// What the parent's disclosure said of a node below the root.
    pub fn disclosed(&self, node: Node) -> Option<Digest> {
        let parent = Node { level: node.level.checked_sub(1)?, index: node.index >> 4 };
        let child = usize::try_from(node.index & 15).ok()?;
        self.children(parent)?.get(child).copied()
    }

    /// What the referee said of a leaf, if it was asked.
    pub fn ruling(&self, leaf: Node) -> Option<Ruling> {
        self.ruled.iter().find(|(judged, _)| *judged == leaf).map(|(_, ruling)| *ruling)
    }

    /// The root of the finer tree within the step that ends in a leaf.
    pub fn refinement(&self, leaf: Node) -> Option<Digest> {
        self.refined.iter().find(|(refined, _)| *refined == leaf).map(|(_, root)| *root)
    }

    /// The open dispute of this challenger, by index.
    pub fn dispute_of(&self, challenger: AccountId) -> Option<usize> {
        let open = |dispute: &Dispute| dispute.ended.is_none() && dispute.challenger == challenger;
        self.disputes.iter().position(open)
    }

    /// The open disputes in which `turn` is to move at `node`.
    pub(crate) fn awaiting(&self, turn: Turn, node: Node) -> Vec<usize> {
        let disputes = self.disputes.iter().enumerate();
        disputes.filter(|(_, d)| d.awaits(turn, node)).map(|(index, _)| index).collect()
    }

    /// How many disputes are by open challengers.
    pub(crate) fn open_challenges(&self) -> usize {
        self.disputes.iter().filter(|d| matches!(d.behind, Stake::Deposit(_))).count()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.disputes.iter().all(|dispute| dispute.ended.is_some())
    }

    /// Drops what nobody asks for after the end.
    pub(crate) fn strip(&mut self) {
        self.opened = Vec::new();
        self.refined = Vec::new();
        self.ruled = Vec::new();
    }
}
