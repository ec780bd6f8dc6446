//! `earnest doctor` names each fault of a data directory, and changes nothing.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use common::earnest;
use earnest_node::{
    Limits, Node, NodeConfig, Retention, committed, dev::DevNetwork, log, snapshot,
};
use earnest_protocol::Height;

const HOUR: Duration = Duration::from_secs(3_600);

/// A directory of a network with some blocks in segments of one or two, and two snapshots.
fn network(dir: &Path, retention: Retention) {
    DevNetwork::default().create(dir).expect("an empty folder");
    let limits = Limits { segment_bytes_max: 400, replay_bytes_max: 0, ..Limits::default() };
    let config = NodeConfig {
        block_time: HOUR,
        idle_block_time: HOUR,
        snapshot_blocks: 4,
        retention,
        limits,
        ..NodeConfig::new(dir)
    };
    let node = Node::start(config).expect("a new network");
    for _ in 0..11 {
        node.make_block().expect("it runs");
    }
    node.stop().expect("nothing is wrong");
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join(log::FOLDER_NAME)).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some()).collect();
    paths.sort();
    paths
}

/// Every file of a directory but the lock.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("lock") {
            found.insert(path.clone(), fs::read(path).expect("a file"));
        }
    }
    found
}

/// What `doctor` says of a directory: its exit status, and all of these.
fn doctor(dir: &Path, code: i32, parts: &[&str]) {
    let before = files(dir);
    let done = earnest(&["doctor", "--data", dir.to_str().expect("UTF-8")]);
    assert_eq!(done.code, Some(code), "{parts:?}: {done:?}");
    for part in parts {
        assert!(done.out.contains(part), "{part:?} in {}", done.out);
    }
    assert_eq!(files(dir), before, "nothing was changed");
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn each_fault_of_the_files_is_named() {
    let (dir, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one"));
    network(dir.path(), Retention::Archive);
    network(other.path(), Retention::Archive);
    let whole = files(dir.path());
    let restore = || {
        files(dir.path()).keys().for_each(|path| fs::remove_file(path).expect("removed"));
        whole.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("written"));
    };
    let dir = dir.path();
    doctor(dir, 0, &["every block from genesis to 11", "segments", "are free"]);
    let all = segments(dir);
    assert!(all.len() > 4, "{all:?}");
    let (first, middle, last) = (&all[0], &all[2], &all[all.len() - 1]);
    let name = |path: &Path| path.file_name().expect("a name").display().to_string();

    fs::remove_file(middle).expect("removed");
    doctor(dir, 8, &["FAIL log", "lacks the segment with blocks", "backup"]);
    restore();
    fs::remove_file(first).expect("removed");
    doctor(dir, 8, &["lacks the segment with blocks 1 to"]);
    restore();
    fs::remove_file(last).expect("removed");
    doctor(dir, 8, &["was acknowledged", "missing blocks"]);
    restore();
    fs::copy(&segments(other.path())[2], middle).expect("copied");
    doctor(dir, 8, &[&name(middle), "belongs to network"]);
    restore();
    flip(middle, 200);
    doctor(dir, 8, &[&name(middle), "is damaged at byte"]);
    restore();
    flip(middle, 60);
    doctor(dir, 8, &[&name(middle), "first bytes are damaged"]);
    restore();
    let cut = whole[middle].len() - 7;
    fs::write(middle, &whole[middle][..cut]).expect("written");
    doctor(dir, 8, &[&name(middle), "cut short, and another segment follows"]);
    restore();
    fs::remove_file(dir.join(committed::FILE_NAME)).expect("removed");
    doctor(dir, 8, &["committed is missing"]);
    restore();
    let snapshots = snapshot::list(&dir.join(snapshot::FOLDER_NAME)).expect("a folder");
    flip(&snapshots[0], 500);
    doctor(dir, 0, &["notice", "is not used: its checksum does not match"]);
    snapshots.iter().for_each(|path| fs::remove_file(path).expect("removed"));
    doctor(dir, 0, &["there is no snapshot: a start replays every block"]);
    restore();
    fs::write(dir.join("snapshots/.x3Y.draft"), "half").expect("written");
    fs::write(dir.join("log/.aB9.draft"), "half").expect("written");
    doctor(dir, 0, &["2 unfinished files"]);
    restore();
    flip(&dir.join("beacon.secret"), 3);
    doctor(dir, 8, &["FAIL beacon secret"]);
    restore();
    doctor(dir, 0, &[]);
}

#[test]
fn a_pruned_log_says_what_it_has_and_needs_a_snapshot() {
    let dir = tempfile::tempdir().expect("a folder");
    network(dir.path(), Retention::Pruned);
    let dir = dir.path();
    let first = segments(dir)[0].clone();
    let base = first.file_stem().and_then(|name| name.to_str()?.parse::<u64>().ok());
    let base = base.expect("a height") - 1;
    assert!(base > 0);
    doctor(dir, 0, &[&format!("blocks 1 to {base} were pruned")]);
    let snapshots = snapshot::list(&dir.join(snapshot::FOLDER_NAME)).expect("a folder");
    fs::remove_file(&snapshots[0]).expect("removed");
    doctor(dir, 0, &["were pruned"]);
    let earlier = fs::read(&snapshots[1]).expect("a snapshot");
    fs::remove_file(&snapshots[1]).expect("removed");
    doctor(dir, 8, &["FAIL log", "no snapshot that checks"]);
    fs::write(&snapshots[1], earlier).expect("written");
    let marker = dir.join(log::FOLDER_NAME).join(log::PRUNED_NAME);
    let whole = fs::read(&marker).expect("a marker");
    fs::remove_file(&marker).expect("removed");
    doctor(dir, 8, &[&format!("lacks the segment with blocks 1 to {base}")]);
    fs::write(&marker, &whole).expect("written");
    flip(&marker, 50);
    doctor(dir, 8, &["pruned"]);
    fs::write(&marker, &whole).expect("written");
    // What a stopped pruning leaves.
    let leftover = log::path_of(dir, Height::new(1));
    fs::write(leftover, "anything").expect("written");
    doctor(dir, 0, &["1 segments of pruned blocks are still there"]);
}

#[test]
fn a_disk_without_room_for_a_block_is_named() {
    let disk = tempfile::tempdir().expect("a folder");
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=40m", "tmpfs"])
        .arg(disk.path())
        .output();
    if !mount.as_ref().is_ok_and(|done| done.status.success()) {
        println!("skipped: only root can mount a small disk: {mount:?}");
        return;
    }
    let node = disk.path().join("node");
    network(&node, Retention::Archive);
    // A copy has no room held.
    let segment = segments(&node).pop().expect("one");
    let bytes = fs::read(&segment).expect("a file");
    fs::remove_file(&segment).expect("removed");
    fs::write(&segment, bytes).expect("written");
    doctor(&node, 0, &["no room is held for the next block"]);
    let mut ballast = fs::File::create(disk.path().join("ballast")).expect("made");
    while std::io::Write::write_all(&mut ballast, &[1; 4_096]).is_ok() {}
    doctor(&node, 8, &["FAIL room", "take no transactions"]);
    let _ = Command::new("umount").arg("-l").arg(disk.path()).status();
}

#[test]
fn a_directory_in_use_is_no_fault_of_it_and_a_copy_can_be_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("node");
    network(&dir, Retention::Archive);
    let node = Node::start(NodeConfig { block_time: HOUR, ..NodeConfig::new(&dir) });
    let node = node.expect("a network");
    let data = dir.display().to_string();
    let done = earnest(&["doctor", "--data", &data]);
    assert!(done.code == Some(3) && done.err.contains("[in-use]"), "{done:?}");
    assert!(done.out.is_empty() && done.err.contains("`earnest backup`"), "{done:?}");
    node.stop().expect("nothing is wrong");
    assert_eq!(earnest(&["doctor", "--data", &data]).code, Some(0));
}
