//! What a node makes of its files when it starts, stops and starts again.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use earnest_api::TxStatus;
use earnest_node::{
    Begin, BootError, Depth, Limits, Node, NodeConfig, Notice, Repair, StartError, Store,
    StoreError,
    committed::{self, CommittedError},
    examine,
    log::{self, LogError, Mended},
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

/// The first segment of the log, which is all of a short one.
fn log_path(dir: &Path) -> PathBuf {
    log::path_of(dir, Height::new(1))
}

/// Why the log is refused, by a start and by an examination, which change nothing.
fn log_error(dir: &Path, repair: Repair) -> LogError {
    let files = || [log_path(dir), dir.join(committed::FILE_NAME)].map(|path| fs::read(path).ok());
    let before = files();
    let examined = examine(&Store::open(dir).unwrap(), Limits::default(), Depth::Genesis);
    let error = match refused(NodeConfig { repair, ..still(dir) }) {
        StartError::Boot(BootError::Store(StoreError::Log(error))) => error,
        other => panic!("{other}"),
    };
    assert_eq!(examined.unwrap_err().to_string(), error.to_string());
    assert_eq!(files(), before);
    error
}

/// Where each record of a log begins, and its end.
fn record_ends(log: &[u8]) -> Vec<usize> {
    let mut ends = vec![log::HEAD_BYTES];
    while let Some(length) = log.get(ends[ends.len() - 1]..).and_then(|rest| rest.get(..4)) {
        let length = u32::from_le_bytes(length.try_into().unwrap());
        ends.push(ends[ends.len() - 1] + 40 + usize::try_from(length).unwrap());
    }
    ends
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
    let path = log_path(dir.path());
    let whole = fs::read(&path).unwrap();

    // What a process leaves that is killed while it writes a block.
    fs::write(&path, [&whole[..], &whole[64..100]].concat()).unwrap();
    let node = start(dir.path());
    assert_eq!(node.height(), Height::new(3));
    let is_torn =
        |notice: &Notice| matches!(notice, Notice::Mended(Mended::Torn(torn)) if torn.bytes == 36);
    assert!(node.notices().iter().any(is_torn), "{:?}", node.notices());
    node.stop().unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);

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
fn a_chain_cut_at_any_block_or_within_it_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    some_blocks(still(dir.path()), 8);
    fs::remove_dir_all(dir.path().join(snapshot::FOLDER_NAME)).unwrap();
    let path = log_path(dir.path());
    let whole = fs::read(&path).unwrap();
    let ends = record_ends(&whole);
    assert_eq!((ends.len(), ends[8]), (9, whole.len()));
    for (left, pair) in (0_u64..).zip(ends.windows(2)) {
        for cut in [pair[0], pair[0] + 20, pair[0].midpoint(pair[1]), pair[1] - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            for repair in [Repair::Refuse, Repair::CutLast] {
                let error = log_error(dir.path(), repair);
                let LogError::BlocksLost { log, committed, .. } = error else { panic!("{error}") };
                assert_eq!((log.count(), committed.count()), (left, 8), "cut at {cut}");
            }
        }
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(start(dir.path()).stop().unwrap(), Height::new(8));
}

#[test]
fn a_slot_that_is_damaged_is_written_anew_and_a_file_that_is_lost_is_named() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    some_blocks(still(dir.path()), 5);
    let path = dir.path().join(committed::FILE_NAME);
    let whole = fs::read(&path).unwrap();
    let is_slot = |notice: &Notice| matches!(notice, Notice::Mended(Mended::Slots { damaged: 1 }));
    for slot in 0..committed::SLOTS {
        let mut bytes = whole.clone();
        bytes[slot * committed::SLOT_BYTES + 77] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let examined =
            examine(&Store::open(dir.path()).unwrap(), Limits::default(), Depth::Genesis);
        assert!(examined.unwrap().notices.iter().any(is_slot), "slot {slot}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "examining changes nothing");
        for is_damaged in [true, false] {
            let node = start(dir.path());
            assert_eq!(node.height(), Height::new(5));
            assert_eq!(node.notices().iter().any(is_slot), is_damaged, "slot {slot}");
            node.stop().unwrap();
        }
    }
    fs::write(&path, vec![0; whole.len()]).unwrap();
    let error = log_error(dir.path(), Repair::CutLast);
    assert!(matches!(error, LogError::Committed(CommittedError::Damaged { .. })), "{error}");
    fs::remove_file(&path).unwrap();
    let error = log_error(dir.path(), Repair::CutLast);
    assert!(matches!(error, LogError::Committed(CommittedError::Missing { .. })), "{error}");
    assert!(error.to_string().contains("--accept-lost-blocks"), "{error}");
    let config = NodeConfig { repair: Repair::AcceptLost, ..still(dir.path()) };
    assert_eq!(Node::start(config).unwrap().stop().unwrap(), Height::new(5));
    assert_eq!(some_blocks(still(dir.path()), 1), Height::new(6));
}

#[test]
fn a_person_may_go_on_without_lost_blocks_once_no_snapshot_has_them() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    some_blocks(still(dir.path()), 2);
    let path = log_path(dir.path());
    let short = fs::read(&path).unwrap();
    some_blocks(still(dir.path()), 2);
    fs::write(&path, &short).unwrap();
    let error = log_error(dir.path(), Repair::Refuse);
    assert!(matches!(error, LogError::BlocksLost { .. }), "{error}");
    let accept = || NodeConfig { repair: Repair::AcceptLost, ..still(dir.path()) };
    let error = refused(accept());
    let (log, snapshot) = (Height::new(2), Height::new(4));
    let StartError::Boot(BootError::BlocksMissing { log: l, snapshot: s }) = error else {
        panic!("{error}");
    };
    assert_eq!((l, s), (log, snapshot));
    let later = dir.path().join(snapshot::FOLDER_NAME).join("00000000000000000004.state");
    fs::remove_file(later).unwrap();
    assert_eq!(Node::start(accept()).unwrap().stop().unwrap(), log);
    assert_eq!(some_blocks(still(dir.path()), 3), Height::new(5));
}

#[test]
fn a_node_that_is_never_stopped_cleanly_writes_snapshots_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let snapshots = || -> Vec<u64> {
        let paths = snapshot::list(&dir.path().join(snapshot::FOLDER_NAME)).unwrap();
        paths.iter().filter_map(|path| snapshot::height_of(path)).map(Height::count).collect()
    };
    // A copy of the files of a running node is what a kill leaves of them.
    let copy = tempfile::tempdir().unwrap();
    let mut most = 0;
    for _ in 0..12 {
        let config = NodeConfig { snapshot_blocks: 5, ..still(dir.path()) };
        let node = Node::start(config).unwrap();
        node.make_block().unwrap();
        let height = node.make_block().unwrap().count();
        // The snapshot of a block comes after its reply, so it may be there or not.
        let copy_files = |from: &Path, to: &Path| {
            fs::create_dir_all(to.join(log::FOLDER_NAME)).unwrap();
            fs::copy(log_path(from), log_path(to)).unwrap();
            let name = committed::FILE_NAME;
            fs::copy(from.join(name), to.join(name)).unwrap();
        };
        copy_files(dir.path(), copy.path());
        let kept = snapshots();
        node.stop().unwrap();
        for path in snapshot::list(&dir.path().join(snapshot::FOLDER_NAME)).unwrap() {
            if !kept.contains(&snapshot::height_of(&path).unwrap().count()) {
                fs::remove_file(path).unwrap();
            }
        }
        copy_files(copy.path(), dir.path());
        let last = kept.first().copied().unwrap_or(0);
        assert!(height - last <= 7, "{height}: {kept:?}");
        most = most.max(last);
    }
    assert!(most >= 18, "{most}");
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
    // A stop wrote the damaged one anew.
    assert_eq!(replayed_from(0), Height::new(6));
    fs::write(&snapshots[0], b"EARNSNAPnonsense").unwrap();
    fs::write(&snapshots[1], b"").unwrap();
    assert_eq!(replayed_from(2), Height::ZERO);
}

#[test]
fn what_a_killed_process_was_writing_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let drafts = ["", snapshot::FOLDER_NAME, log::FOLDER_NAME]
        .map(|folder| dir.path().join(folder).join(".x7Q.draft"));
    drafts.iter().for_each(|path| fs::write(path, "half").unwrap());
    assert_eq!(Store::hold(dir.path()).unwrap().drafts().unwrap().len(), 3);
    start(dir.path()).stop().unwrap();
    assert!(drafts.iter().all(|path| !path.exists()));
}

#[test]
fn the_directory_of_another_network_is_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    create(dir.path());
    std::thread::sleep(std::time::Duration::from_millis(5));
    create(other.path());
    fs::copy(log_path(other.path()), log_path(dir.path())).unwrap();
    let error = refused(still(dir.path()));
    assert!(error.to_string().contains("belongs to network"), "{error}");
}

#[test]
fn a_node_that_is_to_be_told_answers_and_makes_no_block_before() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let time = std::time::Duration::from_millis(20);
    let pace = NodeConfig { block_time: time, idle_block_time: time, ..still(dir.path()) };
    let node = Node::start(NodeConfig { begin: Begin::WhenTold, ..pace }).unwrap();
    let asked = client(&node);
    std::thread::sleep(time * 5);
    assert_eq!(asked.head().unwrap().height, Height::ZERO);
    assert_eq!(node.make_block(), Some(Height::new(1)), "whoever asks for one gets it");
    std::thread::sleep(time * 5);
    assert_eq!(asked.head().unwrap().height, Height::new(1));
    node.begin();
    while asked.head().unwrap().height < Height::new(3) {
        std::thread::sleep(time);
    }
    node.stop().unwrap();
}

#[test]
fn a_node_says_how_it_is_and_when_its_blocks_do_not_come() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let time = std::time::Duration::from_millis(20);
    let pace = NodeConfig { block_time: time, idle_block_time: time, ..still(dir.path()) };
    let node = Node::start(NodeConfig { begin: Begin::WhenTold, ..pace }).unwrap();
    let asked = client(&node);
    node.make_block().unwrap();
    let well = asked.health().unwrap();
    assert_eq!((well.height, well.waiting), (Height::new(1), 0));
    // The network allows no block sooner.
    let least = node.read(|state| state.params().chain().block_interval_min_ms).unwrap();
    assert_eq!(well.block_time_ms, least.max(20));
    assert!(well.free_bytes.is_some_and(|bytes| 0 < bytes), "{well:?}");
    std::thread::sleep(std::time::Duration::from_millis(3 * well.block_time_ms + 1_100));
    let late = asked.health().unwrap_err();
    let problem = late.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (503, "node/late"));
    asked.ready().unwrap();
    node.make_block().unwrap();
    assert_eq!(asked.health().unwrap().height, Height::new(2));
    node.stop().unwrap();
}

#[test]
fn a_node_that_was_never_told_stops_where_it_stood() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = Node::start(NodeConfig { begin: Begin::WhenTold, ..still(dir.path()) }).unwrap();
    assert_eq!(node.stop().unwrap(), Height::ZERO);
}
