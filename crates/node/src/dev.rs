//! Development networks: a data directory for a network whose money is worth nothing.
//!
//! Not here: keys (`earnest-api`), what runs on such a network (`earnest-cli`).

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use earnest_protocol::{
    Blocks, Genesis, RawParams,
    genesis::{GenesisAccount, GenesisOperator},
    ledger::Assets,
};

use crate::{
    beacon::BeaconSecret,
    store::{Store, StoreError},
};

/// What a development network begins with.
#[derive(Clone, Debug)]
pub struct DevNetwork {
    /// A name for people.
    pub name: String,
    /// Which assets there are.
    pub assets: Assets,
    /// The rules' numbers; `chain.block_interval_min_ms` bounds how fast blocks may be.
    pub params: RawParams,
    /// Blocks that one chain of the beacon serves.
    pub chain_blocks: Blocks,
    /// Accounts and what they hold.
    pub accounts: Vec<GenesisAccount>,
    /// Bonds taken from those accounts; the first replica's pays for beacons that this node
    /// withholds.
    pub operators: Vec<GenesisOperator>,
}

impl Default for DevNetwork {
    fn default() -> DevNetwork {
        DevNetwork {
            name: "dev".to_owned(),
            assets: Assets::default(),
            params: RawParams::default(),
            chain_blocks: Blocks::new(3_600),
            accounts: Vec::new(),
            operators: Vec::new(),
        }
    }
}

impl DevNetwork {
    /// The genesis of this network, beginning now, with the anchors of `secret`.
    pub fn genesis(self, secret: &BeaconSecret) -> Genesis {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let DevNetwork { name, assets, params, chain_blocks, accounts, operators } = self;
        let time_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let beacon = secret.genesis(chain_blocks);
        let genesis = Genesis { name, time_ms, assets, params, beacon, ..Genesis::default() };
        Genesis { accounts, operators, ..genesis }
    }

    /// Makes a data directory with a fresh beacon secret, and returns the genesis.
    ///
    /// # Errors
    /// As for [`Store::create`]; or if the system gives no random bytes.
    pub fn create(self, dir: &Path) -> Result<Genesis, StoreError> {
        let io = |source| StoreError::Io { path: dir.to_owned(), source };
        let secret = BeaconSecret::random().map_err(io)?;
        let genesis = self.genesis(&secret);
        Store::create(dir, &genesis, &secret)?;
        Ok(genesis)
    }
}
