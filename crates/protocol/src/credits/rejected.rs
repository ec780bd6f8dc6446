//! Why a conversion was refused. Ordered by precedence: the first that applies counts.
#![expect(missing_docs, reason = "both numbers: what was wanted and what was there")]

use serde::{Deserialize, Serialize};

use crate::num::{Amount, Epoch, Epochs, Factor, Ratio};

/// Why credits were not minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum MintCreditsRejected {
    /// This network has one asset, which pays as it is.
    OneAsset,
    /// This network mints no credits, or none now.
    MintingOff,
    /// No price of stake has counted yet.
    NoPrice,
    /// None did when this epoch opened.
    PriceStale { counted: Epoch, now: Epoch, limit: Epochs },
    /// More than the account has free of what is bonded.
    ExceedsFree { wanted: Amount, free: Amount },
    /// More than there may ever be, at this price.
    ExceedsSupply { room: Amount },
    /// Fewer credits than a conversion is made for.
    BelowLeast { credits: Amount, least: Amount },
    /// Fewer credits than the signer wants.
    TooFew { credits: Amount, wanted: Amount },
    /// More than this epoch may yet burn.
    ExceedsEpoch { wanted: Amount, left: Amount },
}

/// Why credits were not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum RedeemCreditsRejected {
    /// This network has one asset, which is bonded as it is.
    OneAsset,
    /// This network redeems no credits, or none now.
    RedeemingOff,
    /// No price of stake has counted yet.
    NoPrice,
    /// None did when this epoch opened.
    PriceStale { counted: Epoch, now: Epoch, limit: Epochs },
    /// Fewer credits than a conversion is made for.
    BelowLeast { credits: Amount, least: Amount },
    /// More than the account has free.
    ExceedsFree { wanted: Amount, free: Amount },
    /// More than the account has earned by work and not redeemed.
    ExceedsEarned { wanted: Amount, earned: Amount },
    /// Credits are backed too badly: nothing is given back until they are better.
    Halted { ratio: Factor, halt: Ratio },
    /// At this price so many credits are worth less than a unit.
    WorthNothing { credits: Amount, price: Factor },
    /// Less stake than the signer wants.
    TooLittle { stake: Amount, wanted: Amount },
    /// More than this epoch may yet give back.
    ExceedsEpoch { wanted: Amount, left: Amount },
    /// More stake than there may ever be.
    ExceedsSupply { room: Amount },
}

/// Why there is no price to convert at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPrice {
    /// None has counted yet.
    Yet,
    /// None has since that epoch, which is over.
    Stale { counted: Epoch, now: Epoch, limit: Epochs },
}

impl From<NoPrice> for MintCreditsRejected {
    fn from(none: NoPrice) -> Self {
        match none {
            NoPrice::Yet => Self::NoPrice,
            NoPrice::Stale { counted, now, limit } => Self::PriceStale { counted, now, limit },
        }
    }
}

impl From<NoPrice> for RedeemCreditsRejected {
    fn from(none: NoPrice) -> Self {
        match none {
            NoPrice::Yet => Self::NoPrice,
            NoPrice::Stale { counted, now, limit } => Self::PriceStale { counted, now, limit },
        }
    }
}
