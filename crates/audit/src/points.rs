//! Points: where the rules let a role move, and what it may answer, as names.
//!
//! Key terms: a *point* is a place in a job's life where a role may act; an *act* is one answer.
//! Not here: when a point is reached and what an answer does (`moves`).

use serde::{Deserialize, Serialize};

/// A place in a job's life where a role may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The provider seals a bid.
    Bid,
    /// It opens its bid.
    OpenBid,
    /// It accepts the job it won.
    Accept,
    /// It seals a result.
    Result,
    /// The operator shows the beacon of the draw.
    Beacon,
    /// The requester opens its part of the seed, the beacon being known.
    Seed,
    /// A friend reports the provider's sealed result.
    Report,
    /// A bribed auditor seals a verdict.
    Verdict,
    /// The provider opens its result.
    OpenResult,
    /// A bribed auditor opens its verdict.
    OpenVerdict,
    /// A friend challenges.
    Challenge,
    /// The accused's turn in a dispute.
    Defend,
    /// The turn of a challenger of the coalition's.
    Pursue,
    /// Whoever has stake behind the provider that could leave, while the job is done.
    WhileExecuted,
    /// The same, while the result may be disputed.
    WhileDisputed,
    /// The provider appeals against its slash, the job being over.
    Appeal,
    /// The guardian pauses what it may, asked once in each phase until it did.
    Pause,
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Asks the ceiling.
    Ceiling,
    /// Asks half of it.
    Half,
    /// Asks nothing.
    Nothing,
    /// Does what the point is about.
    Do,
    /// Leaves it.
    Leave,
    /// As the right result has it.
    Right,
    /// As the wrong one has it; of a pursuit, a step that holds.
    Wrong,
    /// Says nothing.
    Silent,
    /// Leaves its stake where it is.
    Stay,
    /// Begins to take it back.
    Undelegate,
    /// Moves it to a rival.
    Redelegate,
    /// Of the provider: begins to take back what of its bond is free.
    Unbond,
}

/// Where in its window a move is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// In the block before the last.
    Before,
    /// In the last block.
    Last,
    /// In the block after it, when the rules take it no more.
    After,
}

/// A point at which a coalition waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Which.
    pub point: Point,
    /// How long.
    pub edge: Edge,
}

/// What is prescribed at a point; nothing where leaving is as honest as staying.
pub(crate) fn prescribed(point: Point) -> &'static [Act] {
    match point {
        Point::Bid => &[Act::Ceiling, Act::Half, Act::Nothing, Act::Leave],
        Point::OpenBid | Point::Accept | Point::Beacon | Point::Seed => &[Act::Do],
        Point::OpenResult | Point::OpenVerdict | Point::Defend => &[Act::Do],
        Point::Result => &[Act::Right, Act::Silent],
        Point::Verdict | Point::Pursue => &[Act::Right],
        Point::Report | Point::Challenge | Point::Appeal | Point::Pause => &[Act::Leave],
        Point::WhileExecuted | Point::WhileDisputed => &[Act::Stay],
    }
}
