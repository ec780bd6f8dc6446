//! Why an accounts' command was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Height};

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

/// Why a key was not authorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum AuthoriseKeyRejected {
    /// The account's own key may do everything as it is.
    OwnKey,
    /// The last height at which the key might act has passed.
    AlreadyExpired { expires: Height, height: Height },
    /// The account has as many keys as it may.
    KeysAtLimit { limit: u32 },
}

/// Why a key was not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum RevokeKeyRejected {
    /// The account has not authorised it, or not any longer.
    NotAuthorised,
}
