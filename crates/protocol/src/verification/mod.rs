//! Verification: is a result right, and who says so.
//!
//! Key terms: a *seal* commits to a result before anybody's is known; an *auditor* computes a
//! result of its own, blind; a *dispute* is a game over the tree of states that ends at one step,
//! which the [`Referee`](crate::Referee) re-executes.
//!
//! ```text
//! sealed ──► seed ──► drawn? ──no──────────────► revealed ──► challenge window ──► final
//!                       └─yes─► verdicts sealed ─► revealed ─┴─ dissent ─► dispute ─► rejected
//! ```
//!
//! Laws: nobody sees a root before all have sealed their own; a dispute decides one step only;
//! the first conviction ends the job; no majority overrules the referee (C7, C9).
//! Known shortcomings: the draw is public (M2), open challenges are not sealed (M30), the pool's
//! concentration is that at posting, and a draw weighs stakes as they stand when it is made: who
//! knows both parts of the seed and moves a large share of all stake before it still moves it.
//! Not here: what a conviction costs (`slashing`).

mod audit;
mod dispute;
mod rejected;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use audit::{Seat, SeatState};
pub(crate) use audit::{beta, draw, eligible};
pub(crate) use dispute::{ARITY, child_exists};
pub use dispute::{Dispute, Ended, Loser, LossReason, Turn, depth};
pub use rejected::{
    ChallengeRejected, CommitResultRejected, CommitVerdictRejected, OpenNodeRejected,
    OpenSeedRejected, ProveStepRejected, RejectChildRejected, ReportCopyRejected,
    RequestDataRejected, RevealResultRejected, RevealVerdictRejected, ServeDataRejected,
};

pub use crate::bound::{BoundRejected, BoundTerms, Quote, quote, reference_price};
use crate::{
    command::{DataItem, Node, Opening},
    ids::{AccountId, Digest, JobId, OperatorId},
    num::{Amount, Blocks, Height},
    table::Table,
};

/// Everything about the verification of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What the quote was computed from.
    pub bound: BoundTerms,
    /// What was quoted when the job was posted.
    pub quote: Quote,
    /// Blocks that auditors have for their verdicts.
    pub audit_blocks: Blocks,
    /// What an auditor's seat locks.
    pub audit_lock: Amount,
    /// The provider's result.
    pub result: Option<SealedResult>,
    /// The seed of the draw.
    pub seed: Seed,
    /// How often silent seats were drawn again.
    pub round: u8,
    /// The auditors.
    pub seats: Vec<Seat>,
    /// Who was drawn and stayed silent; not drawn again.
    pub silent: Vec<OperatorId>,
    /// Nodes that the provider disclosed, with their children.
    pub opened: Vec<(Node, Vec<Digest>)>,
    /// Leaves that the referee judged: does the step hold?
    pub ruled: Vec<(u64, bool)>,
    /// Every dispute, open or ended.
    pub disputes: Vec<Dispute>,
    /// Every request for bytes.
    pub requests: Vec<DataRequest>,
    /// The requester has the output.
    pub receipt: bool,
}

/// A provider's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedResult {
    /// What was sealed.
    pub seal: Digest,
    /// Blocks after the deadline.
    pub late: Blocks,
    /// What it said, once open.
    pub opening: Option<Opening>,
    /// Steps that are paid, once open.
    pub steps_paid: u64,
}

/// The seed of a job's draw: a beacon after the commitment, and the requester's preimage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// Where the beacon comes from, once there is a commitment.
    pub height: Option<Height>,
    /// That beacon, once shown.
    pub beacon: Option<Digest>,
    /// What the requester opened.
    pub preimage: Option<Digest>,
    /// A part was withheld: the audit is certain and larger.
    pub withheld: bool,
    /// The seed, once drawn with.
    pub drawn: Option<Digest>,
}

/// A request for bytes on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// Who asked.
    pub asker: AccountId,
    /// For what.
    pub item: DataItem,
    /// Who must produce it.
    pub answerable: AccountId,
    /// By when.
    pub until: Height,
    /// It was produced.
    pub served: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verification {
    pub(crate) cases: Table<Case>,
}

impl Verification {
    pub(crate) fn case(&self, job: JobId) -> &Case {
        self.cases.get(job.index()).expect("a case opens with its job")
    }

    pub(crate) fn case_mut(&mut self, job: JobId) -> &mut Case {
        self.cases.get_mut(job.index()).expect("a case opens with its job")
    }
}

impl Case {
    pub(crate) fn new(bound: BoundTerms, quote: Quote, audit: (Blocks, Amount)) -> Case {
        Case {
            bound,
            quote,
            audit_blocks: audit.0,
            audit_lock: audit.1,
            result: None,
            seed: Seed::default(),
            round: 0,
            seats: Vec::new(),
            silent: Vec::new(),
            opened: Vec::new(),
            ruled: Vec::new(),
            disputes: Vec::new(),
            requests: Vec::new(),
            receipt: false,
        }
    }

    /// The provider's result, once open.
    pub fn opening(&self) -> Option<&Opening> {
        self.result.as_ref()?.opening.as_ref()
    }

    /// The seat of this operator.
    pub fn seat_of(&self, operator: OperatorId) -> Option<u8> {
        let seat = self.seats.iter().position(|seat| seat.operator == Some(operator))?;
        u8::try_from(seat).ok()
    }

    /// True if a seat stayed empty to the end: the result may be convicted, but not paid (C10).
    pub(crate) fn lacks_verdicts(&self) -> bool {
        self.seats.iter().any(|seat| seat.state == SeatState::Vacant)
    }

    /// True if no dispute and no request awaits anybody's move.
    pub(crate) fn is_settled(&self) -> bool {
        self.disputes.iter().all(|dispute| dispute.ended.is_some())
            && self.requests.iter().all(|request| request.served)
    }

    /// Drops what nobody asks for after the job closed.
    pub(crate) fn strip(&mut self) {
        self.opened = Vec::new();
        self.ruled = Vec::new();
        self.silent = Vec::new();
        self.requests = Vec::new();
    }
}
