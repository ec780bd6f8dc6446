use std::{path::Path, sync::mpsc::sync_channel};

use earnest_api::{TxStatus, recover, sign};
use earnest_keys::Signer;
use earnest_protocol::{
    Amount, Asset, Command, Transaction, command::Transfer, genesis::GenesisAccount,
};

use super::*;
use crate::{
    Limits, blobs::Blobs, boot::boot, config::Check, dev::DevNetwork, log::Repair, mempool::Mempool,
};

/// A replica that makes blocks when told, over a new network in which `alice` has money.
fn replica(dir: &Path) -> Replica {
    let address = alice().address();
    let accounts =
        vec![GenesisAccount { address, balance: Amount::tokens(10), payment: Amount::ZERO }];
    DevNetwork { accounts, ..DevNetwork::default() }.create(dir).unwrap();
    let store = Store::open(dir).unwrap();
    let limits = Limits::default();
    let booted = boot(&store, limits, Repair::Refuse).unwrap();
    let beacon = Beacon::new(store.beacon_secret().unwrap(), Blocks::new(3_600));
    let trial = booted.state.clone();
    let shared = Shared::new(
        (store.network(), "test".to_owned(), limits),
        (dir.to_owned(), Duration::from_secs(1)),
        Blobs::open(dir, limits).unwrap(),
        (booted.state, booted.root),
        booted.history,
    );
    let (_, control) = sync_channel(1);
    Replica {
        config: NodeConfig { check: Check::EveryBlock, ..NodeConfig::new(dir) },
        clock: Clock::System,
        shared: Arc::new(shared),
        store,
        log: booted.log.unwrap(),
        beacon,
        hold: None,
        snapshot_at: booted.snapshot,
        snapshot_full_at: None,
        trial,
        root: booted.root,
        control,
        made: Instant::now(),
    }
}

fn alice() -> Signer {
    Signer::dev_key(1, "alice")
}

/// A transfer of alice's that waits.
fn wait(replica: &Replica, nonce: u64) -> TxKey {
    let transfer =
        Transfer { to: alice().address(), asset: Asset::Stake, amount: Amount::tokens(1) };
    let command = Command::Transfer(transfer);
    let valid_until = Height::new(100);
    let network = replica.shared.network;
    let signed =
        sign(&alice(), &network, Transaction { nonce, valid_until, command, on_behalf_of: None });
    let (signer, hash) = recover(&network, &signed).unwrap();
    let account = replica.trial.account_id(&signer).unwrap();
    let room = crate::mempool::Room::Open;
    let waiting = Waiting { signed, hash, signer, sender: account.into(), bytes: 150, room };
    replica.shared.pool().unwrap().insert(waiting, crate::mempool::Payable::ANYTHING).unwrap();
    (hash, signer)
}

fn status(replica: &Replica, key: &TxKey) -> TxStatus {
    replica.shared.known(key).unwrap().unwrap().status
}

#[test]
fn nothing_is_seen_of_a_block_that_is_not_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut replica = replica(dir.path());
    let first = wait(&replica, 0);
    replica.make_block().unwrap();
    assert_eq!(status(&replica, &first), TxStatus::Final);
    let (head, size) = (replica.shared.head(), replica.log.bytes());

    let second = wait(&replica, 1);
    replica.log.fail_from_now_on();
    assert!(matches!(replica.make_block(), Err(Halt::Log(LogError::Closed))));
    assert_eq!(status(&replica, &second), TxStatus::Pending, "not acknowledged");
    assert_eq!(replica.shared.head(), head);
    assert_eq!(replica.shared.state().unwrap().height(), Height::new(1));
    assert_eq!(replica.shared.history().unwrap().height(), Height::new(1));
    assert_eq!(replica.log.bytes(), size);
}

#[test]
fn two_roots_of_one_block_stop_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let mut replica = replica(dir.path());
    // As a fault of the memory, or of the rules, would have it.
    wait(&replica, 0);
    let waiting = replica.shared.pool().unwrap().select(&replica.trial);
    let transaction = waiting[0].signed.transaction.clone();
    let authenticated = Authenticated { sender: waiting[0].sender, transaction };
    let referee = &replica.shared.referee;
    replica.trial.apply(&authenticated, referee, &mut Journal::default()).unwrap();
    *replica.shared.pool().unwrap() = Mempool::new(Limits::default());
    let halt = replica.make_block().unwrap_err();
    assert!(matches!(halt, Halt::Diverged { .. }), "{halt}");
}
