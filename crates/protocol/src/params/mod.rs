//! Parameters: every number a network may choose, its range and the relations between them.
//!
//! Each room declares its own (`<room>/params.rs`); here they come together, are checked against
//! each other, and are kept in the versions that live jobs are judged by. A parameter's path is
//! `room.name`, such as `verification.margin`.
//!
//! Law: a [`Params`] exists only if each field is in its range and the relations hold, named as
//! in the threat model (R1 …); a job keeps the version it was posted under; a version that nothing
//! pins is dropped.
//! Relations that hold by construction, so that no check stands here: R1 (ranges of rates and
//! auditors; the pool at posting), R2 (the clamp of the discount at `B_min`), R3 (`audit_slack` is
//! at least 1), R7 and R8 (the waterfall, and `burn_min` above 0), R11 (`bid_deposit`'s range), R14
//! (pinned versions). R13 is checked for every quote. R12 concerns rules not built yet.
//! Not here: what a parameter does (the room that reads it); who may change one (`governance`).

mod broken;
mod chain;
mod change;
pub(crate) mod declare;
mod history;
mod relations;

use serde::{Deserialize, Serialize};

pub use broken::{BrokenRelation, Relation};
pub use chain::ChainParams;
pub(crate) use change::ChangeRejected;
pub use declare::ParamField;
pub(crate) use history::ParamsHistory;
pub use relations::{ParamsRejected, Violation};

pub use crate::{
    access::params::AccessParams, credits::params::CreditsParams,
    governance::params::GovernanceParams, insurance::params::InsuranceParams,
    market::params::MarketParams, prices::params::PricesParams,
    reputation::params::ReputationParams, rewards::params::RewardsParams,
    slashing::params::SlashingParams, staking::params::StakingParams,
    storage::params::StorageParams, verification::params::VerificationParams,
};

/// Parameters as written in a genesis file, not yet checked.
///
/// A file may leave out any room and any field; the default stands in. Ratios and factors are in
/// parts per billion, amounts in base units of 10^-9 token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawParams {
    /// Blocks, epochs, fees and assets.
    pub chain: ChainParams,
    /// Bonds.
    pub staking: StakingParams,
    /// Orders, auctions, prices, and the size of work.
    pub market: MarketParams,
    /// The bound, audits, disputes and data.
    pub verification: VerificationParams,
    /// Slashes.
    pub slashing: SlashingParams,
    /// Covers, and what the insurance may lose.
    pub insurance: InsuranceParams,
    /// Reputation.
    pub reputation: ReputationParams,
    /// Bytes that the network keeps for those who pay.
    pub storage: StorageParams,
    /// Emission: its schedule, its caps, its split and its vesting.
    pub rewards: RewardsParams,
    /// Proposals and their votes.
    pub governance: GovernanceParams,
    /// The price feed of a network of two assets.
    pub prices: PricesParams,
    /// Credits, minted by burning what is bonded.
    pub credits: CreditsParams,
    /// Tiers of access, by what a requester bonds.
    pub access: AccessParams,
}

impl RawParams {
    /// Every parameter, room by room.
    pub fn fields() -> impl Iterator<Item = &'static ParamField> {
        let rooms = [
            ChainParams::FIELDS,
            StakingParams::FIELDS,
            MarketParams::FIELDS,
            VerificationParams::FIELDS,
            SlashingParams::FIELDS,
            InsuranceParams::FIELDS,
            ReputationParams::FIELDS,
            StorageParams::FIELDS,
            RewardsParams::FIELDS,
            GovernanceParams::FIELDS,
            PricesParams::FIELDS,
            CreditsParams::FIELDS,
            AccessParams::FIELDS,
        ];
        rooms.into_iter().flatten()
    }
}

/// Parameters whose ranges and relations hold; read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawParams", into = "RawParams")]
pub struct Params {
    /// Blocks, epochs, fees and assets.
    chain: ChainParams,
    staking: StakingParams,
    market: MarketParams,
    verification: VerificationParams,
    slashing: SlashingParams,
    insurance: InsuranceParams,
    reputation: ReputationParams,
    storage: StorageParams,
    rewards: RewardsParams,
    governance: GovernanceParams,
    prices: PricesParams,
    credits: CreditsParams,
    access: AccessParams,
}

macro_rules! rooms {
    ($($room:ident: $type:ident, $doc:literal;)*) => {
        impl Params {
            $(
                #[doc = $doc]
                pub const fn $room(&self) -> &$type {
                    &self.$room
                }
            )*
        }

        impl RawParams {
            /// What the parameter of a path, such as `verification.margin`, is in its own unit.
            pub fn value(&self, path: &str) -> Option<u64> {
                let (room, name) = path.split_once('.')?;
                match room {
                    $(stringify!($room) => self.$room.get(name),)*
                    _ => None,
                }
            }

            /// Sets a parameter, in its own unit; none if it has no such value.
            pub(crate) fn set(&mut self, field: &ParamField, raw: u64) -> Option<()> {
                match field.room {
                    $(stringify!($room) => self.$room.set(field.name, raw),)*
                    _ => None,
                }
            }
        }

        impl From<Params> for RawParams {
            fn from(params: Params) -> RawParams {
                RawParams { $($room: params.$room,)* }
            }
        }

        impl TryFrom<RawParams> for Params {
            type Error = ParamsRejected;

            fn try_from(raw: RawParams) -> Result<Params, ParamsRejected> {
                relations::check(&raw)?;
                Ok(Params { $($room: raw.$room,)* })
            }
        }
    };
}

rooms! {
    chain: ChainParams, "Blocks, epochs, fees and assets.";
    staking: StakingParams, "Bonds.";
    market: MarketParams, "Orders, auctions, prices, and the size of work.";
    verification: VerificationParams, "The bound, audits, disputes and data.";
    slashing: SlashingParams, "Slashes.";
    insurance: InsuranceParams, "Covers, and what the insurance may lose.";
    reputation: ReputationParams, "Reputation.";
    storage: StorageParams, "Bytes that the network keeps for those who pay.";
    rewards: RewardsParams, "Emission: its schedule, its caps, its split and its vesting.";
    governance: GovernanceParams, "Proposals and their votes.";
    prices: PricesParams, "The price feed of a network of two assets.";
    credits: CreditsParams, "Credits, minted by burning what is bonded.";
    access: AccessParams, "Tiers of access, by what a requester bonds.";
}

impl Default for Params {
    fn default() -> Self {
        Params::try_from(RawParams::default()).expect("a test checks the defaults")
    }
}

#[cfg(test)]
mod tests;
