//! A full disk: no commit meets it, nothing acknowledged is lost, and the node goes on by itself.
//!
//! The disk is a real one of a few megabytes, which only root can mount: without it these tests
//! say that they were skipped.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use earnest_api::{BlockRoom, Client, TxStatus};
use earnest_node::{
    Depth, Limits, Node, NodeConfig, NodeHandle, Phase, Retention, Store, examine, snapshot,
};
use earnest_protocol::{Digest, Height};
use tempfile::TempDir;

use common::{client, create, digest, keep, sign, signer, still, transfer};

/// A file system of its own, in memory.
struct SmallDisk {
    at: TempDir,
}

impl SmallDisk {
    /// None, and said so, if this process may not mount.
    fn mount(size: &str) -> Option<SmallDisk> {
        let at = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at.path());
        match mount.output() {
            Ok(done) if done.status.success() => Some(SmallDisk { at }),
            Ok(done) => {
                println!("skipped: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: mount: {error}");
                None
            }
        }
    }

    fn node(&self) -> PathBuf {
        self.at.path().join("node")
    }

    /// Writes into a file beside the node's until nothing fits, as another program may.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.ballast()).unwrap();
        let mut piece = 1 << 16;
        while piece > 0 {
            if file.write_all(&vec![1; piece]).is_err() {
                piece /= 2;
            }
        }
    }

    /// Leaves this many bytes free, about.
    fn leave(&self, bytes: u64) {
        self.fill();
        let file = File::options().write(true).open(self.ballast()).unwrap();
        file.set_len(file.metadata().unwrap().len().saturating_sub(bytes)).unwrap();
    }

    fn clear(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.at.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.at.path()).status();
    }
}

/// Blocks of at most 256 KiB, and small segments.
fn config(dir: &Path) -> NodeConfig {
    let limits = Limits {
        block_bytes_max: 256 << 10,
        segment_bytes_max: 64 << 10,
        disk_floor_bytes: 1 << 20,
        ..Limits::default()
    };
    NodeConfig { limits, ..still(dir) }
}

/// Submits a transfer and makes a block; none if there is no block.
fn step(node: &NodeHandle, network: &Digest) -> Option<Height> {
    let client = client(node);
    let nonce = client.account(&signer(1).address()).unwrap().next_nonce;
    let command = transfer(signer(2).address(), 1_000 + nonce);
    let sent = client.submit(&sign(network, 1, nonce, command));
    let made = node.make_block();
    if let (Ok(receipt), Some(height)) = (sent, made) {
        let receipt = client.transaction(&receipt.hash).unwrap();
        assert_eq!((receipt.status, receipt.height), (TxStatus::Final, Some(height)));
    }
    made
}

/// Makes blocks until there is no room; returns the last one's height.
fn until_full(node: &NodeHandle, network: &Digest) -> Height {
    for _ in 0..10_000 {
        if step(node, network).is_none() {
            return node.height();
        }
    }
    panic!("never full: {:?}", client(node).storage());
}

fn refuses(client: &Client, network: &Digest, nonce: u64) {
    let signed = sign(network, 3, nonce, transfer(signer(2).address(), 9));
    let refused = client.submit(&signed).unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (503, "node/disk-full"));
    assert!(problem.hint.contains("room"), "{problem:?}");
    assert_eq!(client.health().unwrap_err().problem().unwrap().code, "node/disk-full");
}

#[test]
fn a_node_on_a_full_disk_takes_nothing_loses_nothing_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("12m") else { return };
    let network = create(&disk.node());
    let node = Node::start(config(&disk.node())).unwrap();
    step(&node, &network).unwrap();
    assert_eq!(client(&node).storage().unwrap().room, BlockRoom::Held);

    disk.fill();
    let last = until_full(&node, &network);
    assert_eq!(node.phase(), Phase::Full);
    let client = client(&node);
    refuses(&client, &network, 0);
    // Everything can still be read.
    assert_eq!(client.head().unwrap().height, last);
    assert_eq!(client.block(last).unwrap().height, last);
    let storage = client.storage().unwrap();
    assert_eq!((storage.room, storage.height), (BlockRoom::Full, last));
    assert!(storage.free_bytes < 300_000, "{storage:?}");
    let root = node.root();

    disk.clear();
    assert!(last < step(&node, &network).unwrap(), "it goes on by itself");
    assert_eq!(node.phase(), Phase::Running);
    client.submit(&sign(&network, 3, 0, transfer(signer(2).address(), 9))).unwrap();
    node.make_block().unwrap();
    assert_ne!(node.root(), root);
    let (height, root) = (node.height(), node.root());
    node.stop().unwrap();
    let store = Store::open(&disk.node()).unwrap();
    let booted = examine(&store, Limits::default(), Depth::Genesis).unwrap();
    assert_eq!((booted.state.height(), booted.root), (height, root));
}

#[test]
fn a_node_stops_and_starts_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount("12m") else { return };
    let network = create(&disk.node());
    let node = Node::start(config(&disk.node())).unwrap();
    step(&node, &network).unwrap();
    disk.fill();
    let last = until_full(&node, &network);
    disk.fill();
    // No room for a snapshot: that is put off, and no reason to fail.
    assert_eq!(node.stop().unwrap(), last);
    let drafts = std::fs::read_dir(disk.node().join(snapshot::FOLDER_NAME)).unwrap();
    assert!(
        drafts.map(|entry| entry.unwrap().path()).all(|path| !earnest_durable::is_draft(&path))
    );

    let node = Node::start(config(&disk.node())).unwrap();
    assert_eq!((node.height(), node.make_block()), (last, None));
    refuses(&client(&node), &network, 0);
    disk.clear();
    assert!(last < step(&node, &network).unwrap());
    node.stop().unwrap();
    let snapshots = snapshot::list(&disk.node().join(snapshot::FOLDER_NAME)).unwrap();
    assert_eq!(snapshots.len(), 1, "written now");
}

#[test]
fn blocks_fit_into_held_room_however_full_the_disk_is_and_snapshots_wait() {
    let Some(disk) = SmallDisk::mount("64m") else { return };
    let network = create(&disk.node());
    let node = Node::start(NodeConfig { snapshot_blocks: 3, ..config(&disk.node()) }).unwrap();
    // There is plenty of room, so much is held.
    step(&node, &network).unwrap();
    let held = client(&node).storage().unwrap().held_bytes;
    assert!(held > 4 << 20, "{held}");
    disk.fill();
    for _ in 0..8 {
        step(&node, &network).unwrap();
    }
    let storage = client(&node).storage().unwrap();
    assert_eq!((storage.room, storage.is_snapshot_put_off), (BlockRoom::Held, true));
    assert_eq!(storage.snapshot, Height::ZERO);
    disk.clear();
    step(&node, &network).unwrap();
    // The snapshot comes after the reply to whoever asked for the block.
    step(&node, &network).unwrap();
    let storage = client(&node).storage().unwrap();
    assert!(!storage.is_snapshot_put_off && storage.snapshot > Height::ZERO, "{storage:?}");
    node.stop().unwrap();
}

#[test]
fn uploads_leave_the_ledger_its_room() {
    let Some(disk) = SmallDisk::mount("12m") else { return };
    let network = create(&disk.node());
    let node = Node::start(config(&disk.node())).unwrap();
    let client = client(&node);
    disk.leave(3 << 20);
    let mut refused = None;
    for number in 0..100_u8 {
        let bytes = vec![number; 128 << 10];
        keep(&node, digest(&bytes), bytes.len());
        match client.put_blob(&bytes) {
            Ok(_) => {}
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let refused = refused.expect("a bound");
    let problem = refused.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (507, "blob/disk-full"));
    for _ in 0..10 {
        step(&node, &network).expect("blocks have room");
    }
    let storage = client.storage().unwrap();
    assert!(storage.free_bytes > 512 << 10, "{storage:?}");
    node.stop().unwrap();
}

#[test]
fn a_node_that_prunes_lives_on_a_disk_smaller_than_its_history() {
    let Some(disk) = SmallDisk::mount("4m") else { return };
    let network = create(&disk.node());
    let pruned = || {
        let config = config(&disk.node());
        let limits = Limits { segment_bytes_max: 8 << 10, ..config.limits };
        NodeConfig { retention: Retention::Pruned, snapshot_blocks: 50, limits, ..config }
    };
    let node = Node::start(pruned()).unwrap();
    step(&node, &network).unwrap();
    // What is left is less than the blocks to come.
    disk.leave(200 << 10);
    let mut written = 0;
    let mut last = Height::ZERO;
    while written < 400_000 {
        last = step(&node, &network).unwrap_or_else(|| panic!("{:?}", client(&node).storage()));
        written += 250;
    }
    let storage = client(&node).storage().unwrap();
    assert!(storage.log_bytes < 200 << 10 && Height::new(1_000) < storage.blocks_from);
    node.stop().unwrap();
    let node = Node::start(pruned()).unwrap();
    assert_eq!(node.height(), last);
    node.stop().unwrap();
}
