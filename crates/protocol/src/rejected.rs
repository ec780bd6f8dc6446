//! Refusals: why a block, a transaction or a command was not accepted.
//!
//! Law: a refused block changes nothing; a refused transaction changes nothing; a refused command
//! leaves its nonce used and its base fee burnt, and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    accounts,
    command::{CommandInfo, Scope, for_each_command},
    credits, governance, grants, insurance, market,
    num::{Amount, Height},
    prices, rewards, staking, storage, verification,
};

macro_rules! rejected {
    ($(($name:ident $room:ident $verb:ident $rejected:ident))+) => {
        /// Why a transaction or its command was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rejected {
            /// Before its command was looked at.
            Transaction(TransactionRejected),
            $(
                #[doc = concat!("The command `", stringify!($verb), "` was refused.")]
                $name($room::$rejected),
            )+
        }

        $(
            impl From<$room::$rejected> for Rejected {
                fn from(rejected: $room::$rejected) -> Rejected {
                    Rejected::$name(rejected)
                }
            }
        )+

        impl Rejected {
            /// What is known of the command that was refused; nothing if it was not looked at.
            pub fn command(&self) -> Option<&'static CommandInfo> {
                match self {
                    Rejected::Transaction(_) => None,
                    $(Rejected::$name(_) => Some(&crate::command::$name::INFO),)+
                }
            }
        }
    };
}

for_each_command!(rejected);

impl From<TransactionRejected> for Rejected {
    fn from(rejected: TransactionRejected) -> Rejected {
        Rejected::Transaction(rejected)
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum TransactionRejected {
    /// The signer, or the one that it acts for, has no account; it opens with the first transfer to
    /// its address.
    UnknownAccount,
    /// The account that it is for has not authorised the signer, or not any longer.
    KeyNotAuthorised,
    /// The signer is authorised for other commands than this.
    KeyOutOfScope { scope: Scope },
    /// The height until which it was valid has passed.
    Expired { valid_until: Height, height: Height },
    /// This place in the sender's sequence is taken.
    NonceUsed { got: u64, next: u64 },
    /// Earlier transactions of this sender are missing.
    NonceTooHigh { got: u64, next: u64 },
    /// The fee, which is the base fee times the transaction's weight, exceeds what the account has
    /// free.
    FeeExceedsFree { fee: Amount, free: Amount },
    /// What the command would take, with the fee, exceeds what the key may still take.
    KeyLimitExceeded { wanted: Amount, left: Amount },
    /// The referee's gas of this block does not suffice for the step; clocks stand still meanwhile.
    RefereeBusy { wanted: u64, left: u64 },
}

impl TransactionRejected {
    /// True if the same transaction may be accepted later.
    pub fn is_transient(self) -> bool {
        match self {
            TransactionRejected::NonceTooHigh { .. }
            | TransactionRejected::FeeExceedsFree { .. }
            | TransactionRejected::KeyNotAuthorised
            | TransactionRejected::KeyOutOfScope { .. }
            | TransactionRejected::KeyLimitExceeded { .. }
            | TransactionRejected::RefereeBusy { .. }
            | TransactionRejected::UnknownAccount => true,
            TransactionRejected::Expired { .. } | TransactionRejected::NonceUsed { .. } => false,
        }
    }
}

/// Why a block was refused. Ordered by precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
