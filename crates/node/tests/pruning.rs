//! What a node that prunes keeps, what it says of the rest, and that a crash makes no gap of it.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{fs, path::Path};

use earnest_node::{
    BootError, Depth, Limits, Node, NodeConfig, NodeHandle, Notice, Retention, StartError, Store,
    examine, log::Segments, snapshot,
};
use earnest_protocol::{Digest, Height};

use common::{client, create, sign, signer, still, transfer};

/// Segments of a few blocks, a snapshot every five, and a log that counts as long.
fn config(dir: &Path, retention: Retention) -> NodeConfig {
    let limits = Limits { segment_bytes_max: 1_000, replay_bytes_max: 0, ..still(dir).limits };
    NodeConfig { retention, snapshot_blocks: 5, limits, ..still(dir) }
}

fn pruned(dir: &Path) -> NodeConfig {
    config(dir, Retention::Pruned)
}

/// Makes blocks with a transfer each.
fn make(node: &NodeHandle, network: &Digest, blocks: u64) {
    for _ in 0..blocks {
        let nonce = client(node).account(&signer(1).address()).unwrap().next_nonce;
        let command = transfer(signer(2).address(), 1_000 + nonce);
        client(node).submit(&sign(network, 1, nonce, command)).unwrap();
        node.make_block().unwrap();
    }
}

/// The first block of a log, and how many segments it has.
fn kept(dir: &Path) -> (u64, usize) {
    let network = Store::genesis_at(dir).unwrap().network();
    let segments = Segments::find(dir, &network).unwrap();
    (segments.base().height.count() + 1, segments.count())
}

#[test]
fn a_node_that_prunes_keeps_what_its_two_snapshots_need_and_replays_to_the_same_root() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    // By default nothing is removed.
    let node = Node::start(config(dir.path(), Retention::Archive)).unwrap();
    make(&node, &network, 23);
    node.stop().unwrap();
    assert_eq!(kept(dir.path()).0, 1);
    let (_, before) = kept(dir.path());
    assert!(before > 4, "{before} segments");

    // A start that prunes removes at once what two snapshots hold.
    let node = Node::start(pruned(dir.path())).unwrap();
    make(&node, &network, 1);
    let (first, after) = kept(dir.path());
    assert!(1 < first && first <= 21 && after < before, "blocks from {first} in {after} segments");
    make(&node, &network, 20);
    let (height, root) = (node.height(), node.root());
    node.stop().unwrap();
    let snapshots = snapshot::list(&dir.path().join(snapshot::FOLDER_NAME)).unwrap();
    let earliest = snapshot::height_of(snapshots.last().unwrap()).unwrap();
    let (first, _) = kept(dir.path());
    assert!(21 < first && Height::new(first - 1) <= earliest, "from {first}, {earliest}");

    for (depth, limits) in
        [(Depth::Genesis, Limits::default()), (Depth::Snapshot, pruned(dir.path()).limits)]
    {
        let store = Store::open(dir.path()).unwrap();
        let booted = examine(&store, limits, depth).unwrap();
        assert_eq!((booted.state.height(), booted.root), (height, root));
    }
    let node = Node::start(pruned(dir.path())).unwrap();
    make(&node, &network, 2);
    node.stop().unwrap();
}

#[test]
fn a_pruned_node_says_which_blocks_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = Node::start(pruned(dir.path())).unwrap();
    make(&node, &network, 30);
    node.stop().unwrap();
    let node = Node::start(pruned(dir.path())).unwrap();
    make(&node, &network, 1);
    let client = client(&node);
    let storage = client.storage().unwrap();
    let (first, segments) = kept(dir.path());
    assert_eq!((storage.blocks_from, storage.height), (Height::new(first), Height::new(31)));
    assert_eq!(storage.segment_count, u64::try_from(segments).unwrap());
    assert_eq!(client.block(Height::new(31)).unwrap().height, Height::new(31));
    let refused = client.block(Height::new(1)).unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (410, "blocks/pruned"));
    assert!(problem.detail.contains(&format!("keeps blocks from {first} on")), "{problem:?}");
    // In the log, but not in memory: another answer.
    let refused = client.block(Height::new(first)).unwrap_err();
    assert!(refused.problem().unwrap().hint.contains("block log"), "{refused:?}");
    node.stop().unwrap();
}

#[test]
fn nothing_is_pruned_behind_a_snapshot_that_does_not_check() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = Node::start(config(dir.path(), Retention::Archive)).unwrap();
    make(&node, &network, 23);
    node.stop().unwrap();
    let snapshots = snapshot::list(&dir.path().join(snapshot::FOLDER_NAME)).unwrap();
    let whole = fs::read(&snapshots[1]).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&snapshots[1], &bytes).unwrap();
    let before = kept(dir.path());
    let node = Node::start(pruned(dir.path())).unwrap();
    assert_eq!(node.stop().unwrap(), Height::new(23));
    assert_eq!(kept(dir.path()), before);
    fs::write(&snapshots[1], &whole).unwrap();
    let node = Node::start(pruned(dir.path())).unwrap();
    node.stop().unwrap();
    assert!(before.0 < kept(dir.path()).0);
}

#[test]
fn a_pruned_log_without_a_snapshot_that_checks_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = Node::start(pruned(dir.path())).unwrap();
    make(&node, &network, 30);
    node.stop().unwrap();
    let folder = dir.path().join(snapshot::FOLDER_NAME);
    let snapshots = snapshot::list(&folder).unwrap();
    let whole: Vec<_> = snapshots.iter().map(|path| fs::read(path).unwrap()).collect();

    // One is enough.
    fs::write(&snapshots[0], b"EARNSNAPnonsense").unwrap();
    let node = Node::start(pruned(dir.path())).unwrap();
    assert_eq!(node.height(), Height::new(30));
    let is_skipped = |notice: &&Notice| matches!(notice, Notice::SnapshotSkipped(_));
    assert_eq!(node.notices().iter().filter(is_skipped).count(), 1);
    node.stop().unwrap();

    snapshots.iter().for_each(|path| fs::remove_file(path).unwrap());
    let Err(StartError::Boot(error)) = Node::start(pruned(dir.path())) else { panic!() };
    assert!(matches!(error, BootError::NoSnapshot { .. }), "{error}");
    assert!(error.to_string().contains("were pruned"), "{error}");
    snapshots.iter().zip(&whole).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    Node::start(pruned(dir.path())).unwrap().stop().unwrap();
}

#[test]
fn a_snapshot_of_another_chain_is_refused_where_the_log_begins_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    // A segment a block: the log begins right after the earlier snapshot.
    let limits = Limits { segment_bytes_max: 1, ..pruned(dir.path()).limits };
    let config = || NodeConfig { limits, ..pruned(dir.path()) };
    let node = Node::start(config()).unwrap();
    make(&node, &network, 12);
    node.stop().unwrap();
    let (first, segments) = kept(dir.path());
    assert_eq!((first, segments), (11, 2));
    assert_eq!(Node::start(config()).unwrap().stop().unwrap(), Height::new(12));
    let snapshots = snapshot::list(&dir.path().join(snapshot::FOLDER_NAME)).unwrap();
    let snapshot::Snapshot { mut state, .. } = snapshot::read(&snapshots[1], &network).unwrap();
    assert_eq!(state.height(), Height::new(10));
    let (root, other) = (state.root(), Digest([1; 32]));
    fs::remove_file(&snapshots[0]).unwrap();
    snapshot::write(snapshots[1].parent().unwrap(), &state, &root, &other).unwrap();
    let Err(StartError::Boot(error)) = Node::start(config()) else { panic!() };
    let BootError::OtherChain { snapshot } = error else { panic!("{error}") };
    assert_eq!(snapshot, Height::new(10));
}
