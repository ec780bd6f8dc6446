use std::{collections::BTreeMap, fs, path::PathBuf};

use super::{
    tests::{NETWORK, mend, next_block, open},
    *,
};
use crate::committed::CommittedError;

/// Blocks in each segment of these tests.
const PER_SEGMENT: u64 = 3;

/// A log of `count` blocks, a few in each segment.
fn segmented(folder: &Path, count: u64) -> Log {
    Log::create(folder, &NETWORK).unwrap();
    grow(folder, count)
}

/// Appends `count` blocks.
fn grow(folder: &Path, count: u64) -> Log {
    let (mut log, _) = mend(folder, Repair::Refuse).unwrap();
    for _ in 0..count {
        let block = next_block(&log);
        let record = RECORD_HEAD_BYTES + u64::try_from(block.len()).unwrap();
        log.segment_bytes = 128 + PER_SEGMENT * record;
        log.append(&block).unwrap();
    }
    log
}

/// Every file of a log, and the record of what was acknowledged.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let inside = fs::read_dir(folder.join(FOLDER_NAME)).unwrap();
    let inside = inside.map(|entry| entry.unwrap().path());
    let all = inside.chain([folder.join(committed::FILE_NAME)]);
    all.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Puts every file back.
fn restore(folder: &Path, whole: &BTreeMap<PathBuf, Vec<u8>>) {
    fs::remove_dir_all(folder.join(FOLDER_NAME)).unwrap();
    fs::create_dir(folder.join(FOLDER_NAME)).unwrap();
    whole.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
}

fn segment(folder: &Path, first: u64) -> PathBuf {
    path_of(folder, Height::new(first))
}

/// The heights that a reading from `from` hands on.
fn heights(folder: &Path, from: u64) -> Result<Vec<u64>, LogError> {
    let mut heights = Vec::new();
    let segments = Segments::find(folder, &NETWORK)?;
    Reading::of(segments, Height::new(from), Repair::Refuse, |record| {
        heights.push(record.block.height().count());
        Ok::<_, LogError>(())
    })?;
    Ok(heights)
}

#[test]
fn a_log_in_segments_is_one_chain_and_goes_on_after_each_block() {
    let folder = tempfile::tempdir().unwrap();
    Log::create(folder.path(), &NETWORK).unwrap();
    for count in 1..=10 {
        let log = grow(folder.path(), 1);
        assert_eq!(log.height(), Height::new(count));
        let segments = usize::try_from(count.div_ceil(PER_SEGMENT)).unwrap();
        assert_eq!(log.segments().count(), segments, "{count} blocks");
        assert_eq!(heights(folder.path(), 0).unwrap(), (1..=count).collect::<Vec<_>>());
    }
    let firsts: Vec<u64> =
        grow(folder.path(), 0).segments.iter().map(|s| s.first().count()).collect();
    assert_eq!(firsts, [1, 4, 7, 10]);
}

#[test]
fn every_flipped_bit_of_every_segment_is_refused_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    segmented(folder.path(), 7);
    let whole = files(folder.path());
    assert_eq!(whole.len(), 4);
    let logs = whole.iter().filter(|(path, _)| path.ends_with("committed").eq(&false));
    for (path, bytes) in logs {
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(path, &bytes).unwrap();
            let refused = open(folder.path(), Repair::CutLast).unwrap_err().to_string();
            let names_it = refused.contains(path.file_name().unwrap().to_str().unwrap());
            assert!(names_it, "{} byte {at}: {refused}", path.display());
            assert_eq!(&fs::read(path).unwrap(), &bytes);
        }
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(open(folder.path(), Repair::Refuse).unwrap().0.height(), Height::new(7));
}

#[test]
fn a_segment_cut_anywhere_is_named_unless_it_is_the_last_and_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    segmented(folder.path(), 8);
    let whole = files(folder.path());
    for first in [1, 4, 7] {
        let path = segment(folder.path(), first);
        for size in 0..whole[&path].len() {
            fs::write(&path, &whole[&path][..size]).unwrap();
            for repair in [Repair::Refuse, Repair::CutLast] {
                let refused = open(folder.path(), repair).unwrap_err();
                match &refused {
                    LogError::NotALog { path: named } => {
                        assert_eq!((named, size < HEAD_BYTES), (&path, true));
                    }
                    LogError::Damaged { path: named, what: Damage::CutShort, height, .. } => {
                        assert_eq!((named, first < 7), (&path, true));
                        assert!((first..first + 3).contains(&height.count()), "{refused}");
                    }
                    LogError::BlocksLost { committed, .. } => {
                        assert_eq!((committed.count(), first), (8, 7));
                    }
                    other => panic!("segment {first} cut at {size}: {other}"),
                }
                assert_eq!(fs::read(&path).unwrap(), &whole[&path][..size], "left alone");
            }
        }
        restore(folder.path(), &whole);
    }
}

#[test]
fn a_missing_segment_is_named_by_the_heads_alone() {
    let folder = tempfile::tempdir().unwrap();
    segmented(folder.path(), 11);
    let whole = files(folder.path());
    for (lost, named) in [(&[1][..], (1, 3)), (&[4], (4, 6)), (&[7], (7, 9)), (&[4, 7], (7, 9))] {
        lost.iter().for_each(|first| fs::remove_file(segment(folder.path(), *first)).unwrap());
        // Reading would begin behind them.
        let refused = heights(folder.path(), 11).unwrap_err();
        let LogError::SegmentMissing { first, last, .. } = &refused else { panic!("{refused}") };
        assert_eq!((first.count(), last.count()), named, "{lost:?}");
        restore(folder.path(), &whole);
    }
    fs::remove_file(segment(folder.path(), 10)).unwrap();
    let refused = open(folder.path(), Repair::CutLast).unwrap_err();
    let LogError::BlocksLost { log, committed, .. } = &refused else { panic!("{refused}") };
    assert_eq!((log.count(), committed.count()), (9, 11));
    // A person may go on without them, and the log grows again where it ends.
    assert_eq!(mend(folder.path(), Repair::AcceptLost).unwrap().0.height(), Height::new(9));
    assert_eq!(grow(folder.path(), 3).height(), Height::new(12));
}

#[test]
fn a_segment_of_another_network_chain_or_place_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    segmented(folder.path(), 8);
    let whole = files(folder.path());
    let stranger = Digest([8; 32]);
    Log::create(other.path(), &stranger).unwrap();
    fs::copy(segment(other.path(), 1), segment(folder.path(), 4)).unwrap();
    let refused = open(folder.path(), Repair::AcceptLost).unwrap_err();
    assert!(
        matches!(&refused, LogError::OtherNetwork { got, .. } if *got == stranger),
        "{refused}"
    );

    // Of the same network, but after other blocks.
    let path = segment(folder.path(), 4);
    let base = BlockId { height: Height::new(3), hash: Digest([1; 32]) };
    let head = Head::new(&NETWORK, base, Height::new(1)).encode(format::Kind::Segment);
    let bytes = [&head[..], &whole[&path][HEAD_BYTES..]].concat();
    fs::write(&path, bytes).unwrap();
    let refused = open(folder.path(), Repair::AcceptLost).unwrap_err();
    let LogError::SegmentMisplaced { path: named, .. } = &refused else { panic!("{refused}") };
    assert_eq!(named, &path);

    restore(folder.path(), &whole);
    fs::rename(&path, segment(folder.path(), 5)).unwrap();
    let refused = open(folder.path(), Repair::AcceptLost).unwrap_err();
    assert!(matches!(refused, LogError::SegmentMisplaced { .. }), "{refused}");
}

#[test]
fn a_start_from_a_later_block_reads_what_it_needs_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    segmented(folder.path(), 8);
    let whole = files(folder.path());
    assert_eq!(heights(folder.path(), 8).unwrap(), [7, 8]);
    assert_eq!(heights(folder.path(), 7).unwrap(), [7, 8]);
    assert_eq!(heights(folder.path(), 6).unwrap(), [4, 5, 6, 7, 8]);
    // What was acknowledged last is always read.
    let record = heights_and_hashes(folder.path())[4];
    committed::renew(folder.path(), &NETWORK, record.height, &record.hash).unwrap();
    assert_eq!(heights(folder.path(), 8).unwrap(), [4, 5, 6, 7, 8]);
    // Damage in what is skipped is left to an examination of everything.
    restore(folder.path(), &whole);
    let mut bytes = whole[&segment(folder.path(), 1)].clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(segment(folder.path(), 1), bytes).unwrap();
    assert_eq!(heights(folder.path(), 8).unwrap(), [7, 8]);
    assert!(matches!(heights(folder.path(), 0), Err(LogError::Damaged { .. })));
}

fn heights_and_hashes(folder: &Path) -> Vec<BlockId> {
    let mut found = Vec::new();
    Log::open(folder, &NETWORK, Repair::Refuse, |record| {
        found.push(BlockId { height: record.block.height(), hash: record.hash });
        Ok::<_, LogError>(())
    })
    .unwrap();
    found
}

#[test]
fn a_crash_after_a_segment_was_begun_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = segmented(folder.path(), 3);
    log.rotate().unwrap();
    let begun = log.segments().count();
    drop(log);
    let (log, mended) = mend(folder.path(), Repair::Refuse).unwrap();
    assert_eq!((log.height(), log.segments().count(), mended.len()), (Height::new(3), begun, 0));
    drop(log);
    assert_eq!(grow(folder.path(), 4).height(), Height::new(7));
    assert_eq!(heights(folder.path(), 0).unwrap(), (1..=7).collect::<Vec<_>>());
}

#[test]
fn pruning_removes_whole_segments_behind_and_never_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = segmented(folder.path(), 8);
    for (height, base, removed) in
        [(0, 0, 0), (2, 0, 0), (3, 3, 1), (5, 3, 0), (90, 6, 1), (90, 6, 0)]
    {
        assert_eq!(log.prune(Height::new(height)).unwrap(), removed, "behind {height}");
        assert_eq!(log.base().height, Height::new(base), "behind {height}");
    }
    drop(log);
    assert_eq!(heights(folder.path(), 0).unwrap(), [7, 8]);
    let log = grow(folder.path(), 5);
    assert_eq!((log.base().height.count(), log.height().count()), (6, 13));
}

#[test]
fn pruning_that_was_stopped_anywhere_is_finished_and_never_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = segmented(folder.path(), 11);
    let whole = files(folder.path());
    log.prune(Height::new(9)).unwrap();
    drop(log);
    let pruned = files(folder.path());
    let removed: Vec<_> = whole.iter().filter(|(path, _)| !pruned.contains_key(*path)).collect();
    assert_eq!(removed.len(), 3);
    // `pruned` is on the disk; of the segments any may be gone.
    for left in 0..8usize {
        restore(folder.path(), &pruned);
        let kept: Vec<_> = (0..3).filter(|at| left & (1 << at) != 0).collect();
        kept.iter().for_each(|at| fs::write(removed[*at].0, removed[*at].1).unwrap());
        let (log, mended) = mend(folder.path(), Repair::Refuse).unwrap();
        assert_eq!((log.base().height.count(), log.height().count()), (9, 11));
        let told = mended.iter().find_map(|mended| match mended {
            Mended::Leftovers { segments } => Some(*segments),
            _ => None,
        });
        assert_eq!(told.unwrap_or(0), kept.len());
        drop(log);
        assert_eq!(files(folder.path()), pruned);
    }
    // But what follows `pruned` has to be there, and `pruned` itself has to check.
    fs::remove_file(segment(folder.path(), 10)).unwrap();
    let refused = open(folder.path(), Repair::AcceptLost).unwrap_err();
    assert!(matches!(refused, LogError::SegmentMissing { .. }), "{refused}");
    restore(folder.path(), &pruned);
    let marker = folder.path().join(FOLDER_NAME).join(PRUNED_NAME);
    for at in 0..pruned[&marker].len() {
        let mut bytes = pruned[&marker].clone();
        bytes[at] ^= 1;
        fs::write(&marker, bytes).unwrap();
        assert!(open(folder.path(), Repair::CutLast).is_err(), "byte {at}");
    }
    fs::remove_file(&marker).unwrap();
    let refused = open(folder.path(), Repair::CutLast).unwrap_err();
    let LogError::SegmentMissing { first, last, .. } = refused else { panic!("{refused}") };
    assert_eq!((first.count(), last.count()), (1, 9));
}

#[test]
fn what_was_acknowledged_before_the_first_block_that_is_kept_is_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = segmented(folder.path(), 8);
    log.prune(Height::new(6)).unwrap();
    drop(log);
    committed::renew(folder.path(), &NETWORK, Height::new(2), &Digest([2; 32])).unwrap();
    let refused = open(folder.path(), Repair::Refuse).unwrap_err();
    assert!(matches!(refused, LogError::CommittedBehind { .. }), "{refused}");
    assert_eq!(mend(folder.path(), Repair::AcceptLost).unwrap().0.height(), Height::new(8));
    fs::remove_file(folder.path().join(committed::FILE_NAME)).unwrap();
    let refused = open(folder.path(), Repair::Refuse).unwrap_err();
    assert!(matches!(refused, LogError::Committed(CommittedError::Missing { .. })), "{refused}");
}

/// The same log in one file, as format 1 had it.
fn whole_file(folder: &Path) -> Vec<u8> {
    let mut bytes = b"EARNLOG\0\x01\0\0\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(&NETWORK.0);
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(&check.as_bytes()[..16]);
    let mut append = |record: Record| {
        let payload = record.block.encode();
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let offset = u64::try_from(bytes.len()).unwrap().to_le_bytes();
        let mut check = [0; 4];
        blake3::Hasher::new_derive_key("earnest 2026 log record length")
            .update(&NETWORK.0)
            .update(&offset)
            .update(&length)
            .finalize_xof()
            .fill(&mut check);
        bytes.extend_from_slice(&[&length[..], &check, &record.hash.0, &payload].concat());
        Ok::<_, LogError>(())
    };
    Log::open(folder, &NETWORK, Repair::Refuse, &mut append).unwrap();
    bytes
}

#[test]
fn a_log_in_one_file_is_read_where_it_is_and_moved_by_a_start() {
    let folder = tempfile::tempdir().unwrap();
    segmented(folder.path(), 5);
    let (old, bytes) = (folder.path().join(WHOLE_NAME), whole_file(folder.path()));
    fs::write(&old, &bytes).unwrap();
    let refused = open(folder.path(), Repair::Refuse).unwrap_err();
    assert!(matches!(refused, LogError::TwoLogs { .. }), "{refused}");

    fs::remove_dir_all(folder.path().join(FOLDER_NAME)).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&old, &damaged).unwrap();
        assert!(open(folder.path(), Repair::CutLast).is_err(), "byte {at}");
        assert_eq!(fs::read(&old).unwrap(), damaged);
    }
    fs::write(&old, &bytes).unwrap();
    assert_eq!(heights(folder.path(), 0).unwrap(), [1, 2, 3, 4, 5]);
    assert!(old.exists(), "reading moves nothing");
    // A power cut may leave the folder made and the file not moved.
    fs::create_dir(folder.path().join(FOLDER_NAME)).unwrap();
    let (log, mended) = mend(folder.path(), Repair::Refuse).unwrap();
    assert_eq!(log.height(), Height::new(5));
    assert!(matches!(mended[..], [Mended::Moved { .. }]), "{mended:?}");
    drop(log);
    assert!(!old.exists());
    assert_eq!(fs::read(segment(folder.path(), 1)).unwrap(), bytes);
    let log = grow(folder.path(), 3);
    assert_eq!((log.height(), log.segments().count()), (Height::new(8), 2));
    drop(log);
    assert_eq!(heights(folder.path(), 0).unwrap(), (1..=8).collect::<Vec<_>>());
}

#[test]
fn an_empty_log_in_one_file_goes_on_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    Log::create(folder.path(), &NETWORK).unwrap();
    let bytes = whole_file(folder.path());
    fs::remove_dir_all(folder.path().join(FOLDER_NAME)).unwrap();
    fs::write(folder.path().join(WHOLE_NAME), &bytes).unwrap();
    assert_eq!(grow(folder.path(), 5).height(), Height::new(5));
    assert_eq!(heights(folder.path(), 0).unwrap(), [1, 2, 3, 4, 5]);
}
