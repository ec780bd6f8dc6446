//! Why a verification command was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "fields hold both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::{
    market::Phase,
    num::{Amount, Height},
};

macro_rules! rejected {
    ($($(#[$doc:meta])* $name:ident { $($body:tt)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
            pub enum $name {
                JobNotFound,
                /// The job is not where this command belongs.
                WrongPhase { phase: Phase },
                $($body)*
            }
        )*
    };
}

rejected! {
    /// Why sealing a result was refused.
    CommitResultRejected {
        NotTheProvider,
    }

    /// Why opening the seed was refused.
    OpenSeedRejected {
        NotTheRequester,
        AlreadyOpened,
        /// The preimage is not the one that was sealed.
        SealMismatch,
    }

    /// Why sealing a verdict was refused.
    CommitVerdictRejected {
        NotAValidator,
        /// Not drawn, and no seat is open to others.
        NotDrawn,
        /// One seal a seat; the first stands (M29).
        AlreadyCommitted,
        MayNotWork,
        /// Others have more at stake; so much takes a place in the active set.
        OutsideActiveSet { stake: Amount, needed: Amount },
        /// The requester's and the provider's own validators do not audit their job.
        OwnJob,
        /// The lock exceeds the free bond.
        ExceedsFreeBond { wanted: Amount, free_bond: Amount },
    }

    /// Why opening a result was refused.
    RevealResultRejected {
        NotTheProvider,
        AlreadyRevealed,
        /// The opening is not the one that was sealed.
        SealMismatch,
        /// The result is about another number of steps.
        StepsMismatch { wanted: u64, got: u64 },
        /// The proof does not show the output as the tree's last leaf (M8).
        OutputProofInvalid,
    }

    /// Why opening a verdict was refused.
    RevealVerdictRejected {
        NotDrawn,
        AlreadyRevealed,
        /// The opening is not the one that was sealed.
        SealMismatch,
    }

    /// Why a challenge was refused.
    ChallengeRejected {
        /// The window is over; only open disputes still run.
        WindowClosed { until: Height },
        OwnResult,
        AlreadyChallenging,
        DisputesAtLimit { limit: u32 },
        /// The deposit exceeds what the account has free.
        ExceedsFree { wanted: Amount, free: Amount },
    }

    /// Why a disclosure was refused; the clock runs on.
    OpenNodeRejected {
        NotTheProvider,
        /// No dispute waits for this node.
        NotAwaited,
        /// These are not the node's children.
        ChildrenMismatch,
    }

    /// Why a choice was refused; the clock runs on.
    RejectChildRejected {
        NoDispute,
        /// The accused is to move.
        NotYourTurn,
        /// There is no such child.
        NoSuchChild { child: u8 },
        /// The first state of each tree is agreed.
        FirstStateAgreed,
    }

    /// Why a step's evidence was refused; the clock runs on.
    ProveStepRejected {
        NotTheProvider,
        /// No dispute waits for this leaf.
        NotAwaited,
        /// The referee has heard this leaf, which showed nothing: a finer tree may.
        HeardBefore,
        /// The evidence is not that of this step: paths, state or chunk do not match.
        EvidenceInvalid,
    }

    /// Why a finer tree was refused; the clock runs on.
    RefineStepRejected {
        NotTheProvider,
        /// No dispute waits for this leaf, or nothing is finer.
        NotAwaited,
        /// The tree is none, does not begin with the state before or does not end in the leaf.
        ProofInvalid,
    }

    /// Why a request for bytes was refused.
    RequestDataRejected {
        /// Only who needs them may ask: offered winner, requester, drawn auditor, challenger.
        NotEntitled,
        /// There is no such item now.
        NoSuchItem,
        AlreadyRequested,
        /// The requester already confirmed the output.
        AlreadyConfirmed,
        RequestsAtLimit { limit: u32 },
        /// The prepaid price exceeds what the account has free.
        ExceedsFree { wanted: Amount, free: Amount },
    }

    /// Why an answer was refused.
    ServeDataRejected {
        /// Nobody waits for these bytes.
        NotRequested,
        /// These are other bytes.
        BytesMismatch,
    }

    /// Why a receipt was refused.
    ConfirmReceiptRejected {
        NotTheRequester,
        AlreadyConfirmed,
    }

    /// Why a report of a copied root was refused.
    ReportCopyRejected {
        /// One cannot report oneself.
        OwnSeal,
        /// The accused has sealed nothing here, or it is open already.
        NothingSealed,
        /// The opening is not the one that was sealed.
        SealMismatch,
        /// The finder has not sealed this report in an earlier block.
        NotSealedBefore,
    }
}

/// Why sealing a report was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum SealReportRejected {
    /// The same seal stands already.
    AlreadySealed,
}
