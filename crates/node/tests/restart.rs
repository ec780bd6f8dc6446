//! What a node makes of its files when it starts, stops and starts again.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::fs;

use earnest_api::TxStatus;
use earnest_node::{
    BootError, Limits, Node, NodeConfig, Notice, Repair, StartError, StoreError,
    log::{self, LogError},
    snapshot,
};
use earnest_protocol::Height;

use common::{client, create, sign, signer, start, still, transfer};

/// Makes `blocks` blocks with two transfers each.
fn some_blocks(config: NodeConfig, blocks: u64) -> Height {
    let node = Node::start(config).unwrap();
    let (network, client) = (node.network(), client(&node));
    let from = node.height().count();
    for nonce in from..from + blocks {
        for account in [1, 2] {
            let command = transfer(signer(3).address(), 10 + nonce);
            client.submit(&sign(&network, account, nonce, command)).unwrap();
        }
        node.make_block().unwrap();
    }
    node.stop().unwrap()
}

/// Starts a node that must not start.
fn refused(config: NodeConfig) -> StartError {
    match Node::start(config) {
        Ok(node) => panic!("started at {}", node.height()),
        Err(error) => error,
    }
}

#[test]
fn a_stopped_node_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = start(dir.path());
    let signed = sign(&network, 1, 0, transfer(signer(2).address(), 77));
    let receipt = client(&node).submit(&signed).unwrap();
    assert_eq!(receipt.status, TxStatus::Pending);
    node.make_block().unwrap();
    let root = node.root();
    assert_eq!(node.stop().unwrap(), Height::new(1));

    let node = start(dir.path());
    assert_eq!((node.height(), node.root()), (Height::new(1), root));
    let again = client(&node).submit(&signed).unwrap();
    assert_eq!((again.status, again.height), (TxStatus::Final, Some(Height::new(1))));
    node.make_block().unwrap();
    assert_eq!(node.stop().unwrap(), Height::new(2));
}

#[test]
fn one_directory_serves_one_node() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let error = refused(still(dir.path()));
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    node.stop().unwrap();
}

#[test]
fn it_stops_by_itself_at_the_height_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let time = std::time::Duration::from_millis(10);
    let (stop_at, base) = (Some(Height::new(20)), still(dir.path()));
    let config = NodeConfig { block_time: time, idle_block_time: time, stop_at, ..base };
    let node = Node::start(config).unwrap();
    assert_eq!(node.wait().unwrap(), Height::new(20));
    let (_, skipped) = earnest_node::Store::open(dir.path()).unwrap().latest_snapshot().unwrap();
    assert!(skipped.is_empty());
}

#[test]
fn a_torn_tail_is_cut_and_reported_and_damage_refuses() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    some_blocks(still(dir.path()), 3);
    // Without its snapshots, so that the log alone is the truth.
    fs::remove_dir_all(dir.path().join(snapshot::FOLDER_NAME)).unwrap();
    let path = dir.path().join(log::FILE_NAME);
    let whole = fs::read(&path).unwrap();

    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let node = start(dir.path());
    assert_eq!(node.height(), Height::new(2));
    let is_torn = |notice: &Notice| matches!(notice, Notice::Torn(torn) if torn.bytes > 5);
    assert!(node.notices().iter().any(is_torn), "{:?}", node.notices());
    node.stop().unwrap();
    fs::remove_dir_all(dir.path().join(snapshot::FOLDER_NAME)).unwrap();

    let mut bytes = whole.clone();
    let middle = whole.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, &bytes).unwrap();
    for repair in [Repair::Refuse, Repair::CutLast] {
        let error = refused(NodeConfig { repair, ..still(dir.path()) });
        let StartError::Boot(BootError::Store(StoreError::Log(LogError::Damaged { .. }))) = error
        else {
            panic!("{error}");
        };
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was changed");
    }
}

#[test]
fn a_log_cut_at_a_block_is_noticed_by_the_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    some_blocks(still(dir.path()), 2);
    let path = dir.path().join(log::FILE_NAME);
    let short = fs::read(&path).unwrap();
    some_blocks(still(dir.path()), 2);
    fs::write(&path, short).unwrap();
    let error = refused(still(dir.path()));
    let (log, snapshot) = (Height::new(2), Height::new(4));
    let StartError::Boot(BootError::BlocksMissing { log: l, snapshot: s }) = error else {
        panic!("{error}");
    };
    assert_eq!((l, s), (log, snapshot));
}

#[test]
fn a_damaged_snapshot_is_skipped_for_the_one_before_and_then_for_the_log() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    for _ in 0..3 {
        some_blocks(still(dir.path()), 2);
    }
    let folder = dir.path().join(snapshot::FOLDER_NAME);
    let snapshots = snapshot::list(&folder).unwrap();
    assert_eq!(snapshots.len(), 2, "two are kept");
    // As if the log were long.
    let limits = Limits { replay_bytes_max: 0, ..Limits::default() };
    let config = || NodeConfig { limits, ..still(dir.path()) };
    let replayed_from = |damaged: usize| {
        let node = Node::start(config()).unwrap();
        assert_eq!(node.height(), Height::new(6));
        let skipped = |notice: &&Notice| matches!(notice, Notice::SnapshotSkipped(_));
        assert_eq!(node.notices().iter().filter(skipped).count(), damaged);
        let from = node.notices().iter().find_map(|notice| match notice {
            Notice::Replayed { from, .. } => Some(*from),
            _ => None,
        });
        node.stop().unwrap();
        from.unwrap()
    };
    assert_eq!(replayed_from(0), Height::new(6));
    fs::write(&snapshots[0], b"EARNSNAPnonsense").unwrap();
    assert_eq!(replayed_from(1), Height::new(4));
    fs::write(&snapshots[1], b"").unwrap();
    assert_eq!(replayed_from(2), Height::ZERO);
}

#[test]
fn the_directory_of_another_network_is_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    create(dir.path());
    std::thread::sleep(std::time::Duration::from_millis(5));
    create(other.path());
    fs::copy(other.path().join(log::FILE_NAME), dir.path().join(log::FILE_NAME)).unwrap();
    let error = refused(still(dir.path()));
    assert!(error.to_string().contains("belongs to network"), "{error}");
}
