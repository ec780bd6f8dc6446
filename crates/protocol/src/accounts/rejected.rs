//! Why an accounts' command was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::num::Amount;

/// Why a transfer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum TransferRejected {
    /// Nothing to transfer.
    AmountMustBePositive,
    /// This network has one asset.
    NoSuchAsset,
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
}
