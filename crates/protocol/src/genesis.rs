//! Genesis: what a network begins with.
//!
//! Law: the digest of a genesis is the network's name; signatures and seals bind it.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Address, Digest, Role},
    ledger::Assets,
    num::{Amount, Blocks, Height},
    params::RawParams,
};

/// What a network begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// A name for people.
    pub name: String,
    /// The time of height 0, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Which assets it has.
    #[serde(default)]
    pub assets: Assets,
    /// The first version of the parameters.
    #[serde(default)]
    pub params: RawParams,
    /// The leading replica's hash chains.
    pub beacon: BeaconGenesis,
    /// Accounts and what they hold.
    pub accounts: Vec<GenesisAccount>,
    /// Bonds taken from those accounts; the first replica leads, and its bond pays for a beacon
    /// that it withholds.
    pub operators: Vec<GenesisOperator>,
    /// What comes free to accounts over time; an account that is not listed yet is opened.
    #[serde(default)]
    pub grants: Vec<GenesisGrant>,
    /// What whoever is listed may fetch, if there is a list.
    #[serde(default)]
    pub list: Option<GenesisList>,
    /// Who has a say beside stake until the last phase, if somebody has.
    #[serde(default)]
    pub council: Option<GenesisCouncil>,
    /// Who may pause new work until its sunset, if somebody may.
    #[serde(default)]
    pub guardian: Option<GenesisGuardian>,
}

/// Who has a say beside stake; `governance.phase` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisCouncil {
    /// Accounts, each once.
    pub members: Vec<Address>,
    /// How many of them speak for all.
    pub threshold: u8,
}

/// Who may pause new work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisGuardian {
    /// Whose account.
    pub address: Address,
    /// The height from which it may nothing, and no pause lasts.
    pub sunset: Height,
}

/// Members of a council at most.
pub const COUNCIL_MAX: usize = 32;

/// Where the beacon's hash chains are anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeaconGenesis {
    /// Blocks that one chain serves, at least 1.
    pub chain_blocks: Blocks,
    /// The end of the first chain.
    pub anchor: Digest,
    /// The end of the second chain; later ones are anchored by blocks, one chain ahead.
    pub next_anchor: Digest,
}

impl Default for BeaconGenesis {
    fn default() -> Self {
        BeaconGenesis {
            chain_blocks: Blocks::new(1),
            anchor: Digest::ZERO,
            next_anchor: Digest::ZERO,
        }
    }
}

/// One account at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
    /// Whose.
    pub address: Address,
    /// What it holds of the stake asset, in base units; in a network of one, of all money.
    pub balance: Amount,
    /// What it holds of the payment asset, in a network of two.
    #[serde(default)]
    pub payment: Amount,
}

/// One bond at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisOperator {
    /// Whose.
    pub address: Address,
    /// What for.
    pub role: Role,
    /// How much, out of its balance, in base units.
    pub bond: Amount,
}

/// What comes free to an account over time, evenly from the beginning of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisGrant {
    /// Whose.
    pub address: Address,
    /// All of it, in base units of what is bonded; not out of a balance.
    pub amount: Amount,
    /// The height before which nothing is free.
    #[serde(default)]
    pub cliff: Height,
    /// The height from which on all is; no less than the cliff.
    pub ends: Height,
}

/// Addresses that may each fetch an amount once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisList {
    /// The root of [`ListTree`](crate::grants::ListTree) over its entries.
    pub root: Digest,
    /// How many entries it has, 1 to 1,048,576.
    pub places: u32,
    /// What all of them are given together, in base units of what is bonded.
    pub total: Amount,
    /// The height from which on nothing is fetched, and the rest is the treasury's.
    pub closes: Height,
}

/// Why a network cannot begin so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "fields say which and how much")]
pub enum GenesisRejected {
    /// A parameter is out of range or a relation does not hold.
    Params(crate::params::ParamsRejected),
    /// A chain serves at least one block.
    BeaconChainEmpty,
    /// An address is listed twice.
    DuplicateAccount { address: Address },
    /// An account holds an asset that a network of one does not have.
    NoPaymentAsset { address: Address },
    /// All balances together exceed the largest supply.
    SupplyTooLarge,
    /// An operator's address has no account, or not enough in it.
    BondNotCovered { address: Address, bond: Amount },
    /// An address bonds twice for one role.
    DuplicateOperator { address: Address },
    /// A grant is of something, and ends no sooner than its cliff.
    GrantOutOfRange { address: Address, cliff: Height, ends: Height },
    /// An address has two grants.
    DuplicateGrant { address: Address },
    /// A list has 1 to 1,048,576 places and something to give, and closes after the first block.
    ListOutOfRange { places: u32, total: Amount, closes: Height },
    /// A council has 1 to 32 members, and at least one and at most all of them speak for it.
    CouncilOutOfRange { members: u64, threshold: u8 },
    /// A member of the council, or the guardian, has no account, or is a member twice.
    GuardUnknown { address: Address },
    /// Phases 0 and 1 need a council; in phase 2 it would have no say.
    CouncilOutOfPhase { phase: u8 },
}

impl Genesis {
    /// The network's name in signatures and seals.
    pub fn network(&self) -> Digest {
        let bytes = postcard::to_allocvec(self).expect("a genesis encodes into memory");
        let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 genesis");
        Digest(*hasher.update(&bytes).finalize().as_bytes())
    }
}
