//! Backups of a node that goes on making blocks, beginning segments and removing others.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use earnest_node::{
    Depth, Limits, Node, NodeConfig, Retention, Store,
    backup::{self, BackupError, Scope, Source},
    examine, log,
    store::StoreError,
};
use earnest_protocol::Height;

use common::{client, create, put, sign, signer, still, transfer};

/// Quick blocks in small segments.
fn busy(dir: &Path, retention: Retention) -> NodeConfig {
    let block_time = Duration::from_millis(10);
    let limits = Limits { segment_bytes_max: 600, ..Limits::default() };
    let config = still(dir);
    NodeConfig {
        block_time,
        idle_block_time: block_time,
        snapshot_blocks: 2,
        retention,
        limits,
        ..config
    }
}

#[test]
fn a_backup_of_a_running_node_has_every_block_that_was_acknowledged_before() {
    for retention in [Retention::Archive, Retention::Pruned] {
        let dir = tempfile::tempdir().unwrap();
        let node_dir = dir.path().join("node");
        let network = create(&node_dir);
        let node = Node::start(busy(&node_dir, retention)).unwrap();
        let client = client(&node);
        for round in 0..8 {
            let signed = sign(&network, 1, round, transfer(signer(2).address(), 1_000 + round));
            let hash = client.submit(&signed).unwrap().hash;
            let receipt = loop {
                let receipt = client.transaction(&hash).unwrap();
                if receipt.height.is_some() {
                    break receipt;
                }
                std::thread::yield_now();
            };
            let to = dir.path().join(format!("backup-{round}"));
            let (manifest, source) = backup::back_up(&node_dir, &to, Scope::Ledger).unwrap();
            assert_eq!(source, Source::Running);
            assert!(receipt.height <= Some(manifest.height), "{retention:?}, {round}");
            let restored = dir.path().join(format!("restored-{round}"));
            assert_eq!(backup::restore(&to, &restored).unwrap(), manifest);
            let store = Store::open(&restored).unwrap();
            let booted = examine(&store, Limits::default(), Depth::Genesis).unwrap();
            let found = (booted.state.height(), booted.root, booted.block);
            assert_eq!(found, (manifest.height, manifest.root, manifest.block));
            assert_eq!(booted.notices.len(), 1, "nothing to mend: {:?}", booted.notices);
        }
        node.stop().unwrap();
    }
}

#[test]
fn a_restored_network_goes_on_as_the_one_it_was_taken_from() {
    let dir = tempfile::tempdir().unwrap();
    let (node_dir, to) = (dir.path().join("node"), dir.path().join("backup"));
    let network = create(&node_dir);
    let limits = Limits { segment_bytes_max: 600, ..Limits::default() };
    let start = |dir: &Path| Node::start(NodeConfig { limits, ..still(dir) }).unwrap();
    let node = start(&node_dir);
    let blob = put(&node, b"a program");
    for nonce in 0..6 {
        client(&node).submit(&sign(&network, 1, nonce, transfer(signer(2).address(), 9))).unwrap();
        node.make_block().unwrap();
    }
    let last = node.stop().unwrap();
    let (manifest, source) = backup::back_up(&node_dir, &to, Scope::LedgerAndBlobs).unwrap();
    assert_eq!((manifest.height, source), (last, Source::Stopped));
    let restored = dir.path().join("restored");
    backup::restore(&to, &restored).unwrap();
    let node = start(&restored);
    assert_eq!((node.height(), node.root(), node.network()), (last, manifest.root, network));
    assert_eq!(client(&node).blob(&blob).unwrap(), b"a program");
    let again = sign(&network, 1, 0, transfer(signer(2).address(), 9));
    // After the block in which the program was paid for.
    assert_eq!(client(&node).submit(&again).unwrap().height, Some(Height::new(2)));
    client(&node).submit(&sign(&network, 1, 6, transfer(signer(2).address(), 9))).unwrap();
    node.make_block().unwrap();
    node.stop().unwrap();
}

#[test]
fn damage_is_found_while_a_backup_is_taken_not_when_it_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let (node_dir, to) = (dir.path().join("node"), dir.path().join("backup"));
    create(&node_dir);
    let limits = Limits { segment_bytes_max: 1, replay_bytes_max: 0, ..Limits::default() };
    let config = || NodeConfig { limits, ..still(&node_dir) };
    let node = Node::start(config()).unwrap();
    for _ in 0..5 {
        node.make_block().unwrap();
    }
    node.stop().unwrap();
    // A start reads from the last snapshot on, and goes over this.
    let path = log::path_of(&node_dir, Height::new(2));
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    Node::start(config()).unwrap().stop().unwrap();
    let refused = backup::back_up(&node_dir, &to, Scope::Ledger).unwrap_err();
    assert!(matches!(&refused, BackupError::Store(StoreError::Log(_))), "{refused}");
    assert!(!to.join(backup::MANIFEST_NAME).exists());
    let error = backup::restore(&to, &dir.path().join("restored")).unwrap_err();
    assert!(matches!(error, BackupError::NoManifest { .. }), "{error}");
}

#[test]
fn nobody_starts_on_what_is_being_copied() {
    let dir = tempfile::tempdir().unwrap();
    let node_dir = dir.path().join("node");
    create(&node_dir);
    let node = Node::start(still(&node_dir)).unwrap();
    for _ in 0..3 {
        node.make_block().unwrap();
    }
    node.stop().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..5 {
                let to = dir.path().join(format!("backup-{round}"));
                let taken = backup::back_up(&node_dir, &to, Scope::Ledger);
                // Somebody may have come first; then it runs, and that is no reason to fail.
                assert_eq!(taken.unwrap().0.height, Height::new(3));
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            match Store::open(&node_dir) {
                Ok(store) => drop(store),
                Err(error) => assert!(matches!(error, StoreError::InUse { .. }), "{error}"),
            }
        }
    });
}
