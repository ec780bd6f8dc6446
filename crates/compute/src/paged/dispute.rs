//! The dispute about a claim: from a whole run down to a step that a referee executes.
//!
//! ```text
//!   Answer: a step that is rejected, between two states of which the first is agreed
//!     provider commits to a tree over finer boundaries ─► Open (its root)
//!     provider shows evidence, the referee executes    ─► Over: Holds or Fails
//!   Open:   provider opens exactly the 16 children     ─► Name
//!   Name:   challenger names the first that it rejects ─► Open (a node) or Answer (a leaf)
//! ```
//! Key terms: trees stand on [`LEVELS`]: over coarse steps of 2^27 ticks, within a coarse step over
//! fine ones of 2^14, within a fine step over ones of 2^4. Leaf k of a tree is the state at the
//! first poll with at least k steps of ticks behind the tree's beginning, or the end. The first
//! step is the whole run: from the state that program and task begin with to the claim.
//! Laws: a tree begins with the agreed state and ends with the rejected one, or it is not taken; so
//! whoever accepts all leaves but some has a first that it rejects, and the one before is agreed.
//! A move that is not what was asked for is refused and changes nothing. By evidence a provider may
//! answer for any step within a coarse one; for one too large it commits to a finer tree. The game
//! is one-sided: `Holds` says nothing about the challenger's own view.
//! Not here: clocks, deposits, whose failure to move costs what (the ledger).

mod player;
pub mod shown;

use serde::{Deserialize, Serialize};

use super::evidence::{EvidenceRejected, Referee};
use super::pace::COARSE_TICKS;
use super::state::Claim;
use super::task::Task;
use crate::bisection::Ruling;
use crate::checkpoint::{ARITY, LeafProof, PAD, Position, verify_children};
use crate::digest::Digest;

pub use player::Player;

/// Ticks of a step of a tree, by the tree's level.
pub const LEVELS: [u64; 3] = [COARSE_TICKS, 1 << 14, 1 << 4];

/// Steps of the coarse tree of a run of `ticks`: its last leaf lies beyond them.
pub fn coarse_steps(ticks: u64) -> u64 {
    (ticks / COARSE_TICKS).saturating_add(1)
}

/// A stretch of ticks that one tree is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Index in [`LEVELS`].
    pub level: u8,
    /// Where leaf 0 lies.
    pub begin: u64,
    /// Steps; there is a leaf more.
    pub steps: u64,
}

impl Span {
    /// The coarse tree of a run of `ticks`.
    pub fn whole(ticks: u64) -> Span {
        Span { level: 0, begin: 0, steps: coarse_steps(ticks) }
    }

    /// Ticks of one of its steps.
    pub fn step_ticks(&self) -> u64 {
        LEVELS.get(usize::from(self.level)).copied().unwrap_or(1)
    }

    /// The boundary that leaf `index` lies at.
    pub fn boundary(&self, index: u64) -> u64 {
        self.begin.saturating_add(index.saturating_mul(self.step_ticks()))
    }

    /// The tree within the step that ends in leaf `index`; `None` at the finest level.
    pub fn within(&self, index: u64) -> Option<Span> {
        let level = self.level.checked_add(1)?;
        let ticks = LEVELS.get(usize::from(level))?;
        let steps = self.step_ticks().checked_div(*ticks)?;
        Some(Span { level, begin: self.boundary(index.checked_sub(1)?), steps })
    }
}

/// A tree that the provider committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// What it is over.
    pub span: Span,
    /// Its root.
    pub root: Digest,
}

impl Committed {
    /// Whether `before` is the leaf in front of leaf `index`.
    fn shows(&self, index: u64, before: &Before) -> bool {
        let Before { digest, path } = before;
        let previous = index.checked_sub(1);
        previous.is_some_and(|place| path.verify(&self.root, self.span.steps, place, digest))
    }

    /// Whether it begins and ends with these states.
    fn joins(&self, (begin, end): (&Digest, &Digest), first: &LeafProof, last: &LeafProof) -> bool {
        let steps = self.span.steps;
        first.verify(&self.root, steps, 0, begin) && last.verify(&self.root, steps, steps, end)
    }
}

/// The step to be answered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disputed {
    /// The whole run.
    Run {
        /// What it begins with.
        first: Digest,
        /// Ticks of the claim.
        ticks: u64,
    },
    /// The step that ends in leaf `index` of a tree; `before` is the leaf in front of it, if it was
    /// among the children that were opened last.
    Leaf {
        /// The tree.
        tree: Committed,
        /// 1 to its steps.
        index: u64,
        /// Leaf `index` - 1, where known.
        before: Option<Digest>,
    },
}

/// Whose turn it is, and about what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The provider answers for a step that ends in the state of digest `after`.
    Answer {
        /// The step.
        step: Disputed,
        /// The rejected state.
        after: Digest,
    },
    /// The provider opens the node of digest `node`.
    Open {
        /// In this tree.
        tree: Committed,
        /// At this place.
        at: Position,
        /// Its digest.
        node: Digest,
    },
    /// The challenger names a child.
    Name {
        /// In this tree.
        tree: Committed,
        /// Of the node at this place.
        at: Position,
        /// All children.
        children: Box<[Digest; ARITY]>,
    },
    /// The referee has ruled.
    Over(Ruling),
}

/// Leaf i - 1 of a tree, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Its digest.
    pub digest: Digest,
    /// Its path to the root.
    pub path: LeafProof,
}

/// What the provider sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// A tree over the finer boundaries of the step.
    Commit {
        /// The leaf before the step, where it is not known.
        before: Option<Before>,
        /// The tree's root.
        root: Digest,
        /// The path of its leaf 0.
        first: LeafProof,
        /// The path of its last leaf.
        last: LeafProof,
    },
    /// Encoded evidence of the step.
    Prove {
        /// The leaf before the step, where it is not known.
        before: Option<Before>,
        /// See [`super::evidence::Evidence::encode`].
        #[serde(with = "crate::bytes")]
        evidence: Vec<u8>,
    },
    /// The children of a node.
    Children(Box<[Digest; ARITY]>),
}

/// Why a move is refused; nothing changes. Ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveRejected {
    /// Another move is due.
    #[error("another move is due")]
    NotDue,
    /// They are not the children of the node.
    #[error("these are not the children of the node asked for")]
    OtherChildren,
    /// The tree has no such leaf there.
    #[error("there is no child {child}")]
    NoSuchChild {
        /// The child named.
        child: u8,
    },
    /// The first leaf of a tree is agreed already.
    #[error("the first leaf of a tree is agreed")]
    Agreed,
    /// The leaf before the step is not shown.
    #[error("the leaf before the step is not shown to be in the tree")]
    BeforeNotProven,
    /// There is no level below.
    #[error("there is no finer step: show evidence")]
    NoFiner,
    /// The tree does not begin with the agreed state or end with the rejected one.
    #[error("the tree's ends are not the step's")]
    OtherEnds,
    /// A run of more than a coarse step is not shown by evidence.
    #[error("the run is longer than a coarse step: commit to a tree")]
    TooLong,
    /// The evidence is not heard.
    #[error(transparent)]
    Evidence(#[from] EvidenceRejected),
}

/// One dispute about one claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    stage: Stage,
}

impl Dispute {
    /// The dispute about `claim`. `first` is the state that program and task begin with
    /// ([`Referee::first`]).
    pub fn about(task: &Task, first: Digest, claim: &Claim) -> Dispute {
        let step = Disputed::Run { first, ticks: claim.ticks };
        Dispute { stage: Stage::Answer { step, after: claim.digest(&task.hash()) } }
    }

    /// Whose turn it is, and about what.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The provider's move.
    ///
    /// # Errors
    /// It is not what was asked for; nothing changes.
    pub fn answer(
        &mut self,
        referee: &Referee,
        task: &Task,
        answer: &Answer,
    ) -> Result<(), MoveRejected> {
        self.stage = match (self.stage.clone(), answer) {
            (Stage::Open { tree, at, node }, Answer::Children(children)) => {
                if !verify_children(&node, at, tree.span.steps, children) {
                    return Err(MoveRejected::OtherChildren);
                }
                Stage::Name { tree, at, children: children.clone() }
            }
            (Stage::Answer { step, after }, Answer::Commit { before, root, first, last }) => {
                let begin = agreed(&step, before.as_ref())?;
                let span = finer(&step).ok_or(MoveRejected::NoFiner)?;
                let tree = Committed { span, root: *root };
                if !tree.joins((&begin, &after), first, last) {
                    return Err(MoveRejected::OtherEnds);
                }
                Stage::Open { tree, at: Position::ROOT, node: *root }
            }
            (Stage::Answer { step, after }, Answer::Prove { before, evidence }) => {
                let begin = agreed(&step, before.as_ref())?;
                let target = target(&step).ok_or(MoveRejected::TooLong)?;
                Stage::Over(referee.judge(task, (&begin, &after), target, evidence)?)
            }
            _ => return Err(MoveRejected::NotDue),
        };
        Ok(())
    }

    /// The challenger's move: the first child that it rejects, 0 to 15. It accepts those before.
    ///
    /// # Errors
    /// It is not its turn, or there is no such child; nothing changes.
    pub fn name(&mut self, child: u8) -> Result<(), MoveRejected> {
        let Stage::Name { tree, at, children } = &self.stage else {
            return Err(MoveRejected::NotDue);
        };
        let (tree, at) = (*tree, *at);
        let below = at.child(child);
        let named = children.get(usize::from(child)).filter(|digest| **digest != PAD);
        let steps = tree.span.steps;
        let node = *named
            .filter(|_| below.first_leaf(steps).is_some())
            .ok_or(MoveRejected::NoSuchChild { child })?;
        self.stage = match below.as_leaf(steps) {
            None => Stage::Open { tree, at: below, node },
            Some(0) => return Err(MoveRejected::Agreed),
            Some(index) => {
                let before = usize::from(child).checked_sub(1);
                let before = before.and_then(|place| children.get(place)).copied();
                Stage::Answer { step: Disputed::Leaf { tree, index, before }, after: node }
            }
        };
        Ok(())
    }
}

/// The digest of the agreed state that a step begins with.
fn agreed(step: &Disputed, shown: Option<&Before>) -> Result<Digest, MoveRejected> {
    match (step, shown) {
        (Disputed::Run { first, .. }, _) => Ok(*first),
        (Disputed::Leaf { before: Some(before), .. }, _) => Ok(*before),
        (Disputed::Leaf { tree, index, before: None }, Some(shown)) => {
            match tree.shows(*index, shown) {
                true => Ok(shown.digest),
                false => Err(MoveRejected::BeforeNotProven),
            }
        }
        (Disputed::Leaf { before: None, .. }, None) => Err(MoveRejected::BeforeNotProven),
    }
}

/// What a tree within a step is over.
fn finer(step: &Disputed) -> Option<Span> {
    match step {
        Disputed::Run { ticks, .. } => Some(Span::whole(*ticks)),
        Disputed::Leaf { tree, index, .. } => tree.span.within(*index),
    }
}

/// The boundary that a step ends at, if it lies within a coarse step.
fn target(step: &Disputed) -> Option<u64> {
    match step {
        Disputed::Run { ticks, .. } => (coarse_steps(*ticks) == 1).then_some(COARSE_TICKS),
        Disputed::Leaf { tree, index, .. } => Some(tree.span.boundary(*index)),
    }
}
