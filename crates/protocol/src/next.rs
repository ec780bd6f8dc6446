//! Next: what follows from a command or a step of time.
//!
//! Law: a handler or a story changes what it is about and says what follows; it never calls the
//! next story itself. The driver in `stories` carries it out, so that a job's ending has one owner.

use crate::{
    command::Node,
    ids::{AccountId, AssignmentId, JobId},
    market::{CloseReason, Outcome},
};

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// All bids are opened, or the time to is over.
    CloseAuction(JobId),
    /// The best remaining bid's turn has come.
    Offer(JobId),
    /// Accepted: what the winner still waited for is moot.
    DropRequests(AssignmentId),
    /// A part of the seed came: perhaps it is complete.
    Draw(AssignmentId),
    /// Vacant seats are to be drawn.
    DrawSeats(AssignmentId),
    /// Everybody has sealed, or nobody was drawn.
    Reveal(AssignmentId),
    /// Everybody has opened, or the time to is over.
    OpenWindow(AssignmentId),
    /// The referee judged a leaf.
    StepJudged(AssignmentId, Node),
    /// A challenger lost its game, by index.
    ChallengeLost(AssignmentId, usize),
    /// Perhaps nothing more is open.
    FinishIfSettled(AssignmentId),
    /// An auditor's sealed verdict was known to a finder.
    AuditorCopied(AssignmentId, usize, AccountId),
    /// The provider's sealed result was known to a finder.
    ProviderCopied(AssignmentId, AccountId),
    /// The result does not stand.
    Convict(AssignmentId, CloseReason),
    /// An assignment is over.
    End(AssignmentId, Outcome, CloseReason),
    /// A job is over.
    Close(JobId, Outcome, CloseReason),
}
