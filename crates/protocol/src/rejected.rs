//! Refusals: why a block, a transaction or a command was not accepted.
//!
//! Law: a refused block changes nothing; a refused transaction changes nothing; a refused command
//! leaves its nonce used and its base fee burnt, and nothing else.

use serde::Serialize;

use crate::{
    market::{
        AcceptJobRejected, CommitBidRejected, ConfirmReceiptRejected, PostJobRejected,
        RevealBidRejected,
    },
    num::{Amount, Height},
    staking::{BondRejected, ClaimRewardsRejected, UnbondRejected, UnjailRejected},
    verification::{
        ChallengeRejected, CommitResultRejected, CommitVerdictRejected, OpenNodeRejected,
        OpenSeedRejected, ProveStepRejected, RejectChildRejected, ReportCopyRejected,
        RequestDataRejected, RevealResultRejected, RevealVerdictRejected, ServeDataRejected,
    },
};

macro_rules! rejected {
    ($($variant:ident($inner:ty),)*) => {
        /// Why a transaction or its command was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rejected {
            $(
                #[doc = concat!("See [`", stringify!($inner), "`].")]
                $variant($inner),
            )*
        }

        $(
            impl From<$inner> for Rejected {
                fn from(rejected: $inner) -> Rejected {
                    Rejected::$variant(rejected)
                }
            }
        )*
    };
}

rejected! {
    Transaction(TransactionRejected),
    Transfer(TransferRejected),
    Bond(BondRejected),
    Unbond(UnbondRejected),
    Unjail(UnjailRejected),
    ClaimRewards(ClaimRewardsRejected),
    PostJob(PostJobRejected),
    CommitBid(CommitBidRejected),
    RevealBid(RevealBidRejected),
    AcceptJob(AcceptJobRejected),
    CommitResult(CommitResultRejected),
    OpenSeed(OpenSeedRejected),
    CommitVerdict(CommitVerdictRejected),
    RevealResult(RevealResultRejected),
    RevealVerdict(RevealVerdictRejected),
    Challenge(ChallengeRejected),
    OpenNode(OpenNodeRejected),
    RejectChild(RejectChildRejected),
    ProveStep(ProveStepRejected),
    RequestData(RequestDataRejected),
    ServeData(ServeDataRejected),
    ConfirmReceipt(ConfirmReceiptRejected),
    ReportCopy(ReportCopyRejected),
}

impl Rejected {
    /// True if the same transaction may be accepted later.
    pub fn is_transient(&self) -> bool {
        match self {
            Rejected::Transaction(rejected) => rejected.is_transient(),
            _ => false,
        }
    }

    /// True if the refusal left no trace, not even a used nonce.
    pub fn leaves_no_trace(&self) -> bool {
        matches!(self, Rejected::Transaction(_))
    }
}

/// Why a transaction was refused before its command was looked at. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum TransactionRejected {
    /// The signer has no account; it opens with the first transfer to its address.
    UnknownAccount,
    /// The height until which it was valid has passed.
    Expired { valid_until: Height, height: Height },
    /// This place in the signer's sequence is taken.
    NonceUsed { got: u64, next: u64 },
    /// Earlier transactions of this signer are missing.
    NonceTooHigh { got: u64, next: u64 },
    /// The base fee exceeds what the account has free.
    FeeExceedsFree { fee: Amount, free: Amount },
}

impl TransactionRejected {
    /// True if the same transaction may be accepted later.
    pub fn is_transient(self) -> bool {
        match self {
            TransactionRejected::NonceTooHigh { .. }
            | TransactionRejected::FeeExceedsFree { .. }
            | TransactionRejected::UnknownAccount => true,
            TransactionRejected::Expired { .. } | TransactionRejected::NonceUsed { .. } => false,
        }
    }
}

/// Why a transfer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum TransferRejected {
    /// Nothing to transfer.
    AmountMustBePositive,
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}

/// Why a block was refused. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum BlockRejected {
    /// Blocks follow each other without a gap.
    HeightMismatch { got: Height, expected: Height },
    /// Windows are counted in blocks and hold only if blocks are not too fast (M10).
    TooEarly { time_ms: u64, earliest_ms: u64 },
    /// The beacon is not the preimage of the last link.
    BeaconMismatch,
    /// The first block of a chain must anchor the chain after next, no other may.
    AnchorMismatch,
}
