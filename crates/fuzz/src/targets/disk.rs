//! What a disk keeps: blocks, the log, what was committed, snapshots, a genesis, key files.
//!
//! Law of the files: with any of them damaged, a start refuses, or comes to the very state it came
//! to before. No damage leads to another chain, nor to a shorter one.

use std::{fs, path::Path, time::Duration};

use earnest_keys::{
    Signer,
    keystore::{self, Cost},
};
use earnest_node::{
    Block, Depth, Limits, Node, NodeConfig, Repair, Store,
    dev::DevNetwork,
    examine,
    log::{LogError, Reading, Record, Segments},
};
use earnest_protocol::{
    Amount, Asset, Command, Digest, Genesis, Height, State, Transaction, command::Transfer,
    genesis::GenesisAccount,
};

use super::{Outcome, Target, keeps};

const START: Duration = Duration::from_secs(5);
const PAYLOAD_AT: usize = 160;

/// A file of a data directory.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    Log,
    Committed,
    Snapshot,
}

/// A network with two accounts.
pub(super) fn network() -> DevNetwork {
    let (balance, payment) = (Amount::tokens(1_000), Amount::ZERO);
    let account = |index| {
        let address = Signer::dev_key(index, "fuzz").address();
        GenesisAccount { address, balance, payment }
    };
    DevNetwork { accounts: vec![account(0), account(1)], ..DevNetwork::default() }
}

/// Blocks only when asked for.
pub(super) fn still(dir: &Path) -> NodeConfig {
    let hour = Duration::from_secs(3_600);
    NodeConfig { block_time: hour, idle_block_time: hour, ..NodeConfig::new(dir) }
}

/// A chain of a few blocks with transfers, and a snapshot.
pub(super) fn make_chain(dir: &Path) {
    network().create(dir).expect("an empty folder");
    let node = Node::start(still(dir)).expect("a whole directory");
    let (signer, to) = (Signer::dev_key(0, "fuzz"), Signer::dev_key(1, "fuzz").address());
    let client = earnest_api::Client::new(&node.url());
    for nonce in 0..4 {
        let amount = Amount::new(1 + nonce).expect("small");
        let command = Command::Transfer(Transfer { to, asset: Asset::Stake, amount });
        let transaction =
            Transaction { nonce, valid_until: Height::new(1_000), command, on_behalf_of: None };
        let signed = earnest_api::sign(&signer, &node.network(), transaction);
        client.submit(&signed).expect("taken");
        node.make_block().expect("it runs");
    }
    node.stop().expect("it ran");
    let store = Store::open(dir).expect("whole");
    let (mut state, last) = replayed(&store);
    let root = state.root();
    earnest_node::snapshot::write(&store.snapshots(), &state, &root, &last).expect("room");
}

/// The state after the last block, and that block's hash.
fn replayed(store: &Store) -> (State, Digest) {
    let booted = examine(store, Limits::default(), Depth::Genesis).expect("a whole directory");
    let mut last = store.network();
    let each = |record: Record| -> Result<(), LogError> {
        last = record.hash;
        Ok(())
    };
    read(store, each);
    (booted.state, last)
}

/// Shows `each` every record of a whole log.
fn read(store: &Store, each: impl FnMut(Record) -> Result<(), LogError>) {
    let segments = Segments::find(store.dir(), &store.network()).expect("whole heads");
    Reading::of(segments, Height::ZERO, Repair::Refuse, each).expect("a whole log");
}

pub(super) fn block(dir: &Path) -> Target<'static> {
    let store = Store::open(dir).expect("whole");
    let mut seeds = Vec::new();
    let each = |record: Record| -> Result<(), LogError> {
        seeds.push(record.block.encode());
        Ok(())
    };
    read(&store, each);
    Target {
        name: "block",
        seeds,
        law: Box::new(|input| {
            keeps(input, Block::decode, |block| Ok::<_, std::convert::Infallible>(block.encode()))
        }),
        time_most: START,
    }
}

pub(super) fn file(dir: &Path, kept: Kept) -> Target<'_> {
    let (name, path) = {
        let store = Store::open(dir).expect("whole");
        match kept {
            Kept::Log => ("log", earnest_node::log::path_of(dir, Height::new(1))),
            Kept::Committed => ("committed", dir.join(earnest_node::committed::FILE_NAME)),
            Kept::Snapshot => ("snapshot", snapshot_of(&store)),
        }
    };
    let whole = fs::read(&path).expect("it was written");
    let (seeds, truth) = (vec![whole.clone()], start(dir).expect("a whole directory"));
    let law = Box::new(move |input: &[u8]| {
        fs::write(&path, input).expect("room");
        let found = start(dir);
        // Other targets use this directory.
        fs::write(&path, &whole).expect("room");
        match found {
            Some(found) => {
                assert!(found == truth, "another chain, or a shorter one: {found:?}");
                Outcome::Taken
            }
            None => Outcome::Refused,
        }
    });
    Target { name, seeds, law, time_most: START }
}

/// Height and root that a start comes to; none if it refuses.
fn start(dir: &Path) -> Option<(Height, Digest)> {
    let store = Store::open(dir).ok()?;
    let booted = examine(&store, Limits::default(), Depth::Snapshot).ok()?;
    Some((booted.state.height(), booted.root))
}

fn snapshot_of(store: &Store) -> std::path::PathBuf {
    let list = earnest_node::snapshot::list(&store.snapshots()).expect("a folder");
    list.into_iter().next().expect("one was written")
}

pub(super) fn state(dir: &Path) -> Target<'static> {
    let store = Store::open(dir).expect("whole");
    let bytes = fs::read(snapshot_of(&store)).expect("it was written");
    Target {
        name: "state",
        seeds: vec![bytes[PAYLOAD_AT..].to_vec()],
        law: Box::new(|input| {
            let Ok(mut state) = postcard::from_bytes::<State>(input) else {
                return Outcome::Refused;
            };
            // Whatever it is, it has a root, and its laws can be asked for.
            let _ = (state.root(), state.check_invariants());
            Outcome::Taken
        }),
        time_most: START,
    }
}

pub(super) fn genesis(dir: &Path) -> Target<'static> {
    let genesis = Store::genesis_at(dir).expect("whole");
    Target {
        name: "genesis",
        seeds: vec![serde_json::to_vec_pretty(&genesis).expect("JSON")],
        law: Box::new(|input| {
            let Ok(genesis) = serde_json::from_slice::<Genesis>(input) else {
                return Outcome::Refused;
            };
            let Ok(state) = State::new(&genesis) else { return Outcome::Refused };
            state.check_invariants().expect("the laws hold from the first block");
            keeps(input, |bytes| serde_json::from_slice::<Genesis>(bytes).ok(), serde_json::to_vec)
        }),
        time_most: START,
    }
}

/// A damaged key file is refused, or opens as the very same key; what it may ask for is bounded.
pub(super) fn keystore() -> Target<'static> {
    let signer = Signer::dev_key(1, "fuzz");
    let seal = |password| keystore::seal(&signer, password, Cost::Development);
    let address = signer.address();
    Target {
        name: "keystore",
        seeds: vec![seal("password").expect("random bytes").into_bytes()],
        law: Box::new(move |input| {
            let Ok(text) = std::str::from_utf8(input) else { return Outcome::Refused };
            let Ok(opened) = keystore::open(text, "password") else { return Outcome::Refused };
            assert_eq!(opened.address(), address, "another key");
            Outcome::Taken
        }),
        // The dearest file that is opened asks for eight times the standard cost, 8 s.
        time_most: Duration::from_secs(120),
    }
}
