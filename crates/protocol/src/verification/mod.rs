//! Verification: is a result right, and who says so.
//!
//! Key terms: a *seal* commits to a result before anybody's is known; a [`Claim`] is what a sealed
//! result says; an *auditor* computes a result of its own, blind; a *dispute* is a game over the
//! tree of states that ends at one step, which the [`Referee`](crate::Referee) re-executes; a
//! *case* is all that is known of one assignment's result, its *docket* the disputes about it.
//!
//! ```text
//! sealed ──► seed ──► drawn? ──no──────────────► revealed ──► challenge window ──► final
//!                       └─yes─► verdicts sealed ─► revealed ─┴─ dissent ─► dispute ─► rejected
//! ```
//!
//! Laws: nobody sees a root before all have sealed their own; a dispute decides one step only;
//! the first conviction ends the case; no majority overrules the referee (C7, C9). The pool that
//! the bound counts is the pool drawn from: those who can lock, by the weights at the end of the
//! block that sealed the result.
//! Known shortcomings: the draw is public (M2), open challenges are not sealed (M30).
//! Not here: what a conviction costs (`slashing`), what follows from it (`stories`).

pub(crate) mod acts;
mod audit;
mod claim;
mod dispute;
mod geometry;
pub(crate) mod handlers;
pub(crate) mod params;
mod rejected;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub(crate) use audit::{Draw, able, beta, cap, is_payable};
pub use audit::{Missed, Seat, SeatState, Seating};
pub use claim::{Claim, Trace};
pub use dispute::{Dispute, Docket, Ended, Loser, LossReason, Stake, Turn};
pub(crate) use geometry::ARITY;
pub use geometry::{Geometry, Place, depth};
pub use rejected::{
    ChallengeRejected, CommitResultRejected, CommitVerdictRejected, ConfirmReceiptRejected,
    OpenNodeRejected, OpenSeedRejected, ProveStepRejected, RefineStepRejected, RejectChildRejected,
    ReportCopyRejected, RequestDataRejected, RevealResultRejected, RevealVerdictRejected,
    SealReportRejected, ServeDataRejected,
};

pub use crate::bound::{BoundRejected, BoundTerms, Quote, audit_lock, quote, reference_price};
use crate::{
    command::DataItem,
    ids::{AccountId, AssignmentId, Digest, OperatorId},
    num::Height,
    referee::Ending,
    table::{Blank, Rare, Table},
};

/// Everything about the verification of one assignment, but its disputes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The provider's result.
    pub result: Option<SealedResult>,
    /// The seed of the draw.
    pub seed: Seed,
    /// The block whose weights the draw counts, while a draw may still come.
    pub pool_at: Option<Height>,
    /// How often silent seats were drawn again.
    pub round: u8,
    /// The auditors.
    pub seats: Vec<Seat>,
    /// Locks handed out so far.
    pub locks: u32,
    /// Who was drawn and sealed nothing.
    pub missed: Rare<Vec<Missed>>,
    /// Who is not drawn again: those, and whose sealed result was known to others.
    pub barred: Rare<Vec<OperatorId>>,
    /// Every request for bytes.
    pub requests: Rare<Vec<DataRequest>>,
    /// The requester has the output.
    pub receipt: bool,
}

/// A provider's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedResult {
    /// What was sealed.
    pub seal: Digest,
    /// Blocks after the deadline.
    pub late: crate::num::Blocks,
    /// What it said, once open.
    pub claim: Option<Claim>,
    /// Steps that are paid, once open.
    pub steps_paid: u64,
    /// How a published program ended, once open.
    pub ending: Option<Ending>,
}

/// The seed of a draw: a beacon after the commitment, and the requester's preimage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// When the beacon is next looked for, while it is still missing.
    pub due: Option<Height>,
    /// That beacon, once shown.
    pub beacon: Option<Digest>,
    /// What the requester opened.
    pub preimage: Option<Digest>,
    /// Who withheld a part, if one did: the audit is certain and larger, at its cost.
    pub withheld: Option<Withholder>,
    /// The seed, once drawn with.
    pub drawn: Option<Digest>,
}

/// Who kept back its part of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withholder {
    /// The operator of the leading replica.
    Operator,
    /// The requester, or both.
    Requester,
}

/// A request for bytes on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// Who asked.
    pub asker: AccountId,
    /// For what.
    pub item: DataItem,
    /// Who must produce it.
    pub answerable: AccountId,
    /// By when.
    pub until: Height,
    /// It was produced, or nobody needs it any more.
    pub served: bool,
    /// Who produced it, and is paid once it has helped.
    pub server: Option<AccountId>,
}

impl Blank for Case {
    const BLANK: &'static Case = &Case {
        result: None,
        seed: Seed { due: None, beacon: None, preimage: None, withheld: None, drawn: None },
        pool_at: None,
        round: 0,
        seats: Vec::new(),
        locks: 0,
        missed: Rare::BLANK,
        barred: Rare::BLANK,
        requests: Rare::BLANK,
        receipt: false,
    };
}

/// Every case and its docket, by assignment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verification {
    pub(crate) cases: Table<Rare<Case>>,
    pub(crate) dockets: Table<Rare<Docket>>,
}

impl Verification {
    /// Opens the case of a new assignment.
    pub(crate) fn open(&mut self) {
        self.cases.push(Rare::default());
        self.dockets.push(Rare::default());
    }

    pub(crate) fn retire(&mut self, id: AssignmentId) {
        self.cases.retire(id.index());
        self.dockets.retire(id.index());
    }

    pub(crate) fn case(&self, id: AssignmentId) -> &Case {
        self.cases.get(id.index()).expect("a case stays as long as its assignment")
    }

    pub(crate) fn case_mut(&mut self, id: AssignmentId) -> &mut Case {
        self.cases.get_mut(id.index()).expect("a case stays as long as its assignment")
    }

    pub(crate) fn docket(&self, id: AssignmentId) -> &Docket {
        self.dockets.get(id.index()).expect("a docket stays as long as its assignment")
    }

    pub(crate) fn docket_mut(&mut self, id: AssignmentId) -> &mut Docket {
        self.dockets.get_mut(id.index()).expect("a docket stays as long as its assignment")
    }

    /// The root of the tree whose root stands at `node`: the result's, or one within its steps.
    pub(crate) fn tree_root(&self, id: AssignmentId, node: crate::command::Node) -> Option<Digest> {
        if node.level == 0 {
            return self.case(id).claim().map(Claim::root);
        }
        self.docket(id).refinement(node)
    }

    /// Drops what nobody asks for after the end.
    pub(crate) fn strip(&mut self, id: AssignmentId) {
        if *self.case(id) != *Case::BLANK {
            self.case_mut(id).strip();
        }
        if *self.docket(id) != *Docket::BLANK {
            self.docket_mut(id).strip();
        }
    }

    /// The digest of a node of the result: the root, or what its parent's disclosure said.
    pub(crate) fn digest(&self, id: AssignmentId, node: crate::command::Node) -> Option<Digest> {
        if node.level == 0 {
            return self.case(id).claim().map(Claim::root);
        }
        self.docket(id).disclosed(node)
    }

    /// True if no dispute and no request awaits anybody's move.
    pub(crate) fn is_settled(&self, id: AssignmentId) -> bool {
        let requests = &self.case(id).requests;
        self.docket(id).is_settled() && requests.iter().all(|request| request.served)
    }
}

impl Case {
    /// What the provider's result says, once open.
    pub fn claim(&self) -> Option<&Claim> {
        self.result.as_ref()?.claim.as_ref()
    }

    /// The seat of this operator.
    pub fn seat_of(&self, operator: OperatorId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.operator == Some(operator))
    }

    pub(crate) fn seat_mut(&mut self, seat: usize) -> &mut Seat {
        self.seats.get_mut(seat).expect("only seats handed out are used")
    }

    /// Seats where nothing is sealed, by place.
    pub(crate) fn silent_seats(&self) -> Vec<usize> {
        let seats = self.seats.iter().enumerate();
        seats.filter(|(_, seat)| seat.is_silent()).map(|(place, _)| place).collect()
    }

    /// True if any seat holds a seal that is not open.
    pub(crate) fn has_sealed_seats(&self) -> bool {
        self.seats.iter().any(|seat| matches!(seat.state, SeatState::Committed(_)))
    }

    /// True if some drawn auditor gave a verdict: the others could have, too.
    pub(crate) fn somebody_managed(&self) -> bool {
        let gave = |seat: &Seat| {
            !seat.is_silent() && seat.seating == Seating::Drawn && seat.operator.is_some()
        };
        self.seats.iter().any(gave)
    }

    /// How many different items an account asked for.
    pub(crate) fn items_asked(&self, asker: AccountId) -> u64 {
        let own = self.requests.iter().filter(|request| request.asker == asker);
        let mut items: Vec<DataItem> = Vec::new();
        for item in own.map(|request| request.item) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        u64::try_from(items.len()).unwrap_or(u64::MAX)
    }

    /// Drops what nobody asks for after the end.
    pub(crate) fn strip(&mut self) {
        self.barred = Rare::default();
        self.missed = Rare::default();
        self.requests = Rare::default();
    }
}
