//! A job: what was asked, who offered, who does it and where it stands.

use alloc::{boxed::Box, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    bound::{BoundTerms, Quote},
    command::{PostJob, Rating},
    ids::{AccountId, AssignmentId, Digest, JobId, OperatorId, ParamsVersion},
    num::{Amount, Blocks, Height, Ratio},
    shared::Shared,
    table::Rare,
};

/// What was asked and quoted; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who pays.
    pub requester: AccountId,
    /// The parameters it is judged by, whatever is voted meanwhile.
    pub params: ParamsVersion,
    /// The tier of access that its requester had then; 0 if none.
    pub tier: u8,
    /// When it was posted.
    pub posted_at: Height,
    /// What was asked.
    pub terms: PostJob,
    /// What the quote was computed from.
    pub bound: Shared<BoundTerms>,
    /// What was quoted.
    pub quote: Shared<Quote>,
    /// What an auditor's seat locks, in the stake asset.
    pub audit_lock: Amount,
    /// Blocks that auditors have for their verdicts.
    pub audit_blocks: Blocks,
    /// Blocks in which anyone may challenge.
    pub challenge_blocks: Blocks,
}

/// Where a job's order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Bids may be sealed.
    Bidding,
    /// Sealed bids may be opened.
    RevealingBids,
    /// One operator is offered it, or does it.
    Assigned(AssignmentId),
    /// Nothing more happens.
    Closed,
}

/// Where a job stands, its assignment included. Each phase but the last ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Bids may be sealed.
    Bidding,
    /// Sealed bids may be opened.
    RevealingBids,
    /// The best remaining bid may accept.
    Offered,
    /// The provider works.
    Executing,
    /// The result is sealed; the seed of its draw is awaited.
    Committed,
    /// Drawn auditors work.
    Auditing,
    /// Seats that stayed silent are open to whoever takes them.
    AuditingOpen,
    /// Provider and auditors open what they sealed.
    Revealing,
    /// Anyone may challenge; disputes and requests run to their end.
    Challengeable,
    /// Nothing more happens.
    Closed,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The result stands and was paid.
    Accepted,
    /// The result was convicted; the price went back.
    Rejected,
    /// There is no result; the price went back.
    Expired,
}

/// Why a job ended as it did: whose fault it was, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The window closed with nothing against the result.
    Unchallenged,
    /// The referee found a wrong step, or the accused fell silent.
    WrongResult,
    /// The sealed result was never opened.
    NotRevealed,
    /// The sealed result was known to somebody else.
    Copied,
    /// Bytes that the provider answers for were not produced.
    DataWithheld,
    /// Bytes that the requester answers for were not produced.
    InputMissing,
    /// Nobody bid, or nobody opened a bid.
    NoBids,
    /// No winner accepted.
    NotAccepted,
    /// The provider committed nothing in time.
    Abandoned,
    /// Too few auditors answered, round after round.
    AuditUnavailable,
    /// Its requester took it back while bids were sealed.
    Cancelled,
}

/// Where one order stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Where it is in its life.
    pub stage: Stage,
    /// The last height of bidding or of opening bids; an assignment has a deadline of its own.
    pub until: Height,
    /// Offers, by slot in order of arrival; emptied when one is taken up, or the job closes.
    pub bids: Rare<Vec<Bid>>,
    /// The beacon of the block after bidding, which tells equal bids apart; zero before.
    pub tie: Digest,
    /// Slots of the opened bids that may still win, best first.
    pub ranks: Rare<Vec<u8>>,
    /// Price and quality of the best bid that was not kept: it still bounds what the last kept one
    /// is paid.
    pub beyond: Option<(Amount, Ratio)>,
    /// What of the leader's bond its audit may still need, once it was accepted.
    pub fallback: Amount,
    /// Every assignment it ever had, in order.
    pub assignments: Vec<AssignmentId>,
    /// How it ended.
    pub closed: Option<Box<Closed>>,
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bid {
    /// Whose.
    pub operator: OperatorId,
    /// The same, as an account.
    pub account: AccountId,
    /// What was sealed.
    pub seal: Digest,
    /// What became of it.
    pub state: BidState,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BidState {
    /// Not opened.
    Sealed,
    /// Opened, its collateral locked.
    Revealed {
        /// What it asks.
        price: Amount,
        /// What divides it when bids are compared.
        quality: Ratio,
        /// What abandoning would cost it.
        exit_cost: Amount,
    },
    /// Out of the race, its locks returned or burnt.
    Released,
}

/// One operator's obligation to do a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which job.
    pub job: JobId,
    /// The bid that won.
    pub slot: u8,
    /// Whose it is.
    pub operator: OperatorId,
    /// The same, as an account.
    pub account: AccountId,
    /// What is paid for all steps in time.
    pub price: Amount,
    /// What abandoning costs, in the stake asset.
    pub exit_cost: Amount,
    /// Where it stands.
    pub phase: Phase,
    /// The last height of this phase.
    pub until: Height,
    /// When it was accepted, and its deadline, if it was.
    pub accepted: Option<Accepted>,
    /// Its winner would accept, as soon as there is room for the audit.
    pub willing: bool,
}

/// When an assignment was taken, and until when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// When it was accepted.
    pub at: Height,
    /// The deadline; a result after it is late.
    pub due: Height,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: CloseReason,
    /// When.
    pub at: Height,
    /// When its rows leave the state and only their hashes stay.
    pub leaves: Height,
    /// What the requester paid for the result, the protocol's take included.
    pub paid: Amount,
    /// The result's last state, if there is a result.
    pub output: Option<Digest>,
    /// The result's root, if it was opened.
    pub root: Option<Digest>,
    /// What its requester said of who did it.
    pub rated: Option<Rating>,
}

impl Job {
    /// The bid in `slot`.
    pub(crate) fn bid(&self, slot: u8) -> &Bid {
        self.bids.get(usize::from(slot)).expect("only slots handed out are used")
    }

    pub(crate) fn bid_mut(&mut self, slot: u8) -> &mut Bid {
        self.bids.get_mut(usize::from(slot)).expect("only slots handed out are used")
    }

    /// The slot of this operator's bid.
    pub fn slot_of(&self, operator: OperatorId) -> Option<u8> {
        let slot = self.bids.iter().position(|bid| bid.operator == operator)?;
        u8::try_from(slot).ok()
    }

    /// Forgets offers that nobody can be given the job for any more.
    pub(crate) fn forget_bids(&mut self) {
        (self.bids, self.ranks, self.beyond) = (Rare::default(), Rare::default(), None);
    }

    /// The slots of all bids.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u8> + use<> {
        0..u8::try_from(self.bids.len()).expect("bids are limited to 64")
    }
}

impl Assignment {
    /// The height that offences of this assignment are dated by: unbonding entries queued before
    /// do not answer for it.
    pub(crate) fn accepted_at(&self) -> Height {
        self.accepted.map_or(self.until, |accepted| accepted.at)
    }
}
