//! The network of a life: who has money, and what they send.
//!
//! Not here: what becomes of it (`life`), whether it was right (`witness`).

use earnest_api::{SignedTransaction, sign};
use earnest_keys::Signer;
use earnest_node::{BeaconSecret, dev::DevNetwork};
use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Genesis, Height, Role, State, Transaction,
    command::{Bond, KeepData, Transfer},
    genesis::GenesisAccount,
};

use crate::draws::Draws;

/// When the network began, in milliseconds since 1970.
pub(crate) const BEGAN_MS: u64 = 1_700_000_000_000;

/// How many there are.
const BLOBS: usize = 12;

/// One of the few blobs that everybody stores.
pub(crate) fn blob(draws: &mut Draws) -> Vec<u8> {
    let kind = draws.place(BLOBS);
    every_blob().nth(kind).unwrap_or_default()
}

/// All of them; they differ in size, and one is empty.
pub(crate) fn every_blob() -> impl Iterator<Item = Vec<u8>> {
    (0u8..).take(BLOBS).map(|kind| vec![kind; usize::from(kind).saturating_mul(250)])
}

/// What a blob is called.
pub(crate) fn name_of(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// A small network.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) genesis: Genesis,
    pub(crate) secret: BeaconSecret,
    pub(crate) name: Digest,
    signers: Vec<Signer>,
}

impl Network {
    /// Of four people with money, on short chains of the beacon.
    pub(crate) fn drawn(draws: &mut Draws) -> Network {
        let seed = draws.any();
        let signers: Vec<Signer> =
            ["alice", "bob", "carol", "dave"].map(|name| Signer::dev_key(1, name)).into();
        let account = |signer: &Signer| GenesisAccount {
            address: signer.address(),
            balance: Amount::tokens(10_000),
            payment: Amount::ZERO,
        };
        let accounts = signers.iter().map(account).collect();
        let chain_blocks = Blocks::new(draws.below(12).saturating_add(3));
        let secret = BeaconSecret::of_seed(seed);
        let network = DevNetwork { accounts, chain_blocks, ..DevNetwork::default() };
        let genesis = Genesis { time_ms: BEGAN_MS, ..network.genesis(&secret) };
        let name = genesis.network();
        Network { genesis, secret, name, signers }
    }

    /// What everybody sends next, as the state stands.
    pub(crate) fn transactions(&self, state: &State, draws: &mut Draws) -> Vec<SignedTransaction> {
        let mut sent = Vec::new();
        for signer in &self.signers {
            let account = state.account_id(&signer.address());
            let row = account.and_then(|account| state.account(account));
            let next = row.map_or(0, |row| row.nonce);
            let valid_until = Height::new(state.height().count().saturating_add(20));
            for nonce in (next..).take(draws.place(3)) {
                let command = self.command(draws);
                sent.push(sign(
                    signer,
                    &self.name,
                    Transaction { nonce, valid_until, command, on_behalf_of: None },
                ));
            }
        }
        sent
    }

    fn command(&self, draws: &mut Draws) -> Command {
        let amount = Amount::new(draws.below(5_000_000_000).saturating_add(1));
        let amount = amount.expect("five tokens are an amount");
        if draws.once_in(8) {
            return Command::Bond(Bond { role: Role::Provider, amount });
        }
        if draws.once_in(6) {
            let root = name_of(&blob(draws));
            // Some lapse within a life, and some outlast many starts.
            let most = if draws.once_in(2) { 12 } else { 1_000 };
            let blocks = Blocks::new(draws.below(most).saturating_add(1));
            return Command::KeepData(KeepData { root, kibibytes: 4, blocks, price_max: amount });
        }
        let to = self.signers[draws.place(self.signers.len())].address();
        Command::Transfer(Transfer { to, asset: Asset::Stake, amount })
    }
}
