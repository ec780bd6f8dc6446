//! Why a command about prices was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::num::Epoch;

/// Why a price was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum SealPriceRejected {
    /// This network has no price feed, or has none now.
    FeedOff,
    /// A price is sealed for the epoch that it is now.
    WrongEpoch { got: Epoch, now: Epoch },
    /// The account has no validator.
    NotAValidator,
    /// The feed was turned on within this epoch: the first prices are sealed in the next.
    NotBegun { begins: Epoch },
    /// The validator had no stake that counts when this epoch opened.
    NoWeight { epoch: Epoch },
    /// It has sealed a price for this epoch.
    AlreadySealed,
}

/// Why a price was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum OpenPriceRejected {
    /// This network has no price feed, or has none now.
    FeedOff,
    /// A price is opened in the epoch after the one that it was sealed in.
    WrongEpoch { got: Epoch, now: Epoch },
    /// The account has no validator.
    NotAValidator,
    /// It sealed no price in that epoch.
    NothingSealed,
    /// It has opened what it sealed.
    AlreadyOpened,
    /// Stake is worth something.
    PriceMustBePositive,
    /// This is not what was sealed.
    SealMismatch,
}

/// No price has counted for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The epoch at whose opening the last one counted, or in which the first could be opened.
    pub counted: Epoch,
    /// That in which this is asked.
    pub now: Epoch,
}
