use std::{fs, path::PathBuf};

use earnest_protocol::BlockHead;

use super::*;
use crate::{block::Block, committed::CommittedError};

pub(super) const NETWORK: Digest = Digest([7; 32]);

/// A log of `count` blocks without transactions, and where each record begins.
fn log_of(folder: &Path, count: u64) -> Vec<u64> {
    Log::create(folder, &NETWORK).unwrap();
    let (mut log, torn) = open(folder, Repair::Refuse).unwrap();
    assert_eq!(torn, None);
    let mut offsets = vec![log.bytes()];
    for _ in 1..=count {
        log.append(&next_block(&log)).unwrap();
        offsets.push(log.bytes());
    }
    assert_eq!(log.height(), Height::new(count));
    offsets
}

/// A block without transactions that follows the last of a log.
pub(super) fn next_block(log: &Log) -> Vec<u8> {
    let height = next(log.height());
    let beacon = Some(Digest([u8::try_from(height.count() % 200).unwrap(); 32]));
    let head = BlockHead { height, time_ms: 9, beacon, next_anchor: None };
    let (parent, parent_root) = (log.tip(), Digest([3; 32]));
    Block { head, parent, parent_root, transactions: Vec::new() }.encode()
}

/// The first segment.
fn first_of(folder: &Path) -> PathBuf {
    path_of(folder, Height::new(1))
}

pub(super) fn open(folder: &Path, repair: Repair) -> Result<(Log, Option<Torn>), LogError> {
    let (log, mended) = mend(folder, repair)?;
    let torn = mended.iter().find_map(|mended| match mended {
        Mended::Torn(torn) => Some(*torn),
        _ => None,
    });
    Ok((log, torn))
}

pub(super) fn mend(folder: &Path, repair: Repair) -> Result<(Log, Vec<Mended>), LogError> {
    Log::open(folder, &NETWORK, repair, |_| Ok(()))
}

/// As if the node had been stopped before it acknowledged more than `height` blocks of this log.
pub(super) fn commit(folder: &Path, (whole, offsets): (&[u8], &[u64]), height: usize) {
    let hash = match height.checked_sub(1) {
        None => NETWORK,
        Some(before) => {
            let at = usize::try_from(offsets[before]).unwrap();
            Digest(whole[at + 8..at + 40].try_into().unwrap())
        }
    };
    let height = Height::new(u64::try_from(height).unwrap());
    committed::renew(folder, &NETWORK, height, &hash).unwrap();
}

#[test]
fn a_log_torn_at_any_byte_of_its_last_record_loses_that_record_only() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 3);
    let path = first_of(folder.path());
    let whole = fs::read(&path).unwrap();
    let last = usize::try_from(offsets[2]).unwrap();
    for size in last..whole.len() {
        fs::write(&path, &whole[..size]).unwrap();
        commit(folder.path(), (&whole, &offsets), 2);
        let (mut log, torn) = open(folder.path(), Repair::Refuse).unwrap();
        assert_eq!(log.height(), Height::new(2), "torn at {size}");
        let bytes = u64::try_from(size - last).unwrap();
        let expected = Torn { offset: offsets[2], bytes, height: Height::new(3) };
        assert_eq!(torn, (bytes > 0).then_some(expected));
        assert_eq!(fs::read(&path).unwrap(), &whole[..last], "what is left is untouched");
        // The same block can be written again in its place.
        log.append(&whole[last + 40..]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn whatever_is_left_of_a_block_that_nobody_was_told_of_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 3);
    let path = first_of(folder.path());
    let whole = fs::read(&path).unwrap();
    let last = usize::try_from(offsets[2]).unwrap();
    // A disk may keep any part of what was not flushed, the end before the beginning.
    for lost in (last..whole.len()).step_by(3).map(|at| at..whole.len().min(at + 20)) {
        let mut bytes = whole.clone();
        bytes[lost.clone()].fill(0);
        for (acknowledged, is_cut) in [(1, false), (2, true), (3, false)] {
            fs::write(&path, &bytes).unwrap();
            commit(folder.path(), (&whole, &offsets), acknowledged);
            let opened = open(folder.path(), Repair::Refuse);
            if bytes == whole {
                assert_eq!(opened.unwrap().0.height(), Height::new(3));
            } else if is_cut {
                let (log, torn) = opened.unwrap();
                assert_eq!((log.height(), torn.is_some()), (Height::new(2), true), "{lost:?}");
            } else {
                assert!(matches!(opened, Err(LogError::Damaged { .. })), "{lost:?}");
                assert_eq!(fs::read(&path).unwrap(), bytes, "left alone");
            }
        }
    }
}

#[test]
fn zeros_after_the_last_record_are_a_torn_tail() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 2);
    let path = first_of(folder.path());
    let whole = fs::read(&path).unwrap();
    for zeros in [1, 39, 40, 41, 9_000] {
        let mut bytes = whole.clone();
        bytes.resize(whole.len() + zeros, 0);
        fs::write(&path, &bytes).unwrap();
        let (log, torn) = open(folder.path(), Repair::Refuse).unwrap();
        assert_eq!((log.height(), torn.is_some()), (Height::new(2), true));
    }
}

#[test]
fn every_flipped_bit_is_detected_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 3);
    let path = first_of(folder.path());
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            let refused = open(folder.path(), Repair::Refuse);
            assert!(refused.is_err(), "byte {at}, bit {bit}");
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }
}

#[test]
fn damage_names_file_offset_height_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 3);
    let path = first_of(folder.path());
    let whole = fs::read(&path).unwrap();
    let flip = |block: usize, byte: usize| {
        let mut bytes = whole.clone();
        bytes[usize::try_from(offsets[block - 1]).unwrap() + byte] ^= 1;
        fs::write(&path, bytes).unwrap();
        open(folder.path(), Repair::CutLast)
    };
    for (byte, expected) in [(1, Damage::Length), (5, Damage::Length), (20, Damage::Hash)] {
        let refused = flip(2, byte).unwrap_err();
        let LogError::Damaged { offset, height, what, is_last: false, .. } = &refused else {
            panic!("{refused}");
        };
        assert_eq!((*offset, *height, *what), (offsets[1], Height::new(2), expected));
        let text = refused.to_string();
        for part in ["00000000000000000001.blocks", "block 2", &offsets[1].to_string(), "Restore"] {
            assert!(text.contains(part), "{text}");
        }
    }
    // The last record may be cut off, if a person says so and it was not acknowledged.
    let refused = flip(3, 50).unwrap_err();
    assert!(matches!(refused, LogError::BlocksLost { .. }), "{refused}");
    commit(folder.path(), (&whole, &offsets), 2);
    let (log, torn) = flip(3, 50).unwrap();
    assert_eq!((log.height(), torn.unwrap().height), (Height::new(2), Height::new(3)));
}

#[test]
fn a_log_cut_anywhere_before_what_was_acknowledged_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 5);
    let (path, slots) = (first_of(folder.path()), folder.path().join(committed::FILE_NAME));
    let (whole, named) = (fs::read(&path).unwrap(), fs::read(&slots).unwrap());
    for size in HEAD_BYTES..whole.len() {
        let left = offsets.iter().filter(|end| usize::try_from(**end).unwrap() <= size).count() - 1;
        for repair in [Repair::Refuse, Repair::CutLast] {
            fs::write(&path, &whole[..size]).unwrap();
            let refused = open(folder.path(), repair).unwrap_err();
            let LogError::BlocksLost { log, committed, .. } = &refused else {
                panic!("cut at {size}: {refused}");
            };
            assert_eq!((log.count(), committed.count()), (u64::try_from(left).unwrap(), 5));
            for part in [
                "00000000000000000001.blocks",
                &format!("ends at block {left}"),
                "block 5",
                "backup",
            ] {
                assert!(refused.to_string().contains(part), "{refused}");
            }
            assert_eq!(fs::read(&path).unwrap(), &whole[..size], "left alone");
            assert_eq!(fs::read(&slots).unwrap(), named, "left alone");
        }
    }
    // A person may go on all the same, once; from then on the shorter chain is what is known.
    let (log, mended) = mend(folder.path(), Repair::AcceptLost).unwrap();
    assert_eq!(log.height(), Height::new(4));
    assert!(mended[0].to_string().contains("missing blocks: 1"), "{}", mended[0]);
    drop(log);
    let (log, mended) = mend(folder.path(), Repair::Refuse).unwrap();
    assert_eq!((log.height(), mended.len()), (Height::new(4), 0));
}

#[test]
fn what_is_left_of_the_slots_decides_whether_the_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 5);
    let (path, slots) = (first_of(folder.path()), folder.path().join(committed::FILE_NAME));
    let (whole, named) = (fs::read(&path).unwrap(), fs::read(&slots).unwrap());
    let shorter = &whole[..usize::try_from(offsets[4]).unwrap()];
    let try_both = |bytes: &[u8]| {
        [&whole[..], shorter].map(|log| {
            fs::write(&slots, bytes).unwrap();
            fs::write(&path, log).unwrap();
            let found = mend(folder.path(), Repair::Refuse);
            let is_changed = fs::read(&slots).unwrap() != bytes;
            found.map(|(log, mended)| (log.height().count(), mended.len(), is_changed))
        })
    };
    let turn = committed::SLOT_BYTES * 2;
    for slot in 0..committed::SLOTS {
        let mut bytes = named.clone();
        bytes[slot * committed::SLOT_BYTES + 60] ^= 1;
        let [full, short] = try_both(&bytes);
        assert_eq!(full.unwrap(), (5, 1, true), "slot {slot}: mended and told");
        assert!(matches!(short, Err(LogError::BlocksLost { .. })), "slot {slot}");
    }
    // Entry 6, of block 5, is in the first two slots, and entry 5 in the last two.
    let mut later_lost = named.clone();
    later_lost[..turn].fill(9);
    let [full, short] = try_both(&later_lost);
    assert_eq!(full.unwrap(), (5, 1, true), "block 5 is there");
    assert!(matches!(short, Err(LogError::CommittedDoubtful { .. })), "block 5 may be lost");
    let mut earlier_lost = named.clone();
    earlier_lost[turn..].fill(9);
    let [full, short] = try_both(&earlier_lost);
    assert!(matches!(full, Err(LogError::CommittedDoubtful { .. })), "block 6 may be lost");
    assert!(matches!(short, Err(LogError::BlocksLost { .. })));
    for none in [&b""[..], &[0; 100], &vec![7; turn * 2]] {
        for found in try_both(none) {
            assert!(matches!(found, Err(LogError::Committed(CommittedError::Damaged { .. }))));
        }
    }
    // Another chain of the same length.
    fs::write(&path, &whole).unwrap();
    committed::renew(folder.path(), &NETWORK, Height::new(5), &Digest([1; 32])).unwrap();
    let refused = open(folder.path(), Repair::Refuse);
    assert!(matches!(refused, Err(LogError::OtherBlock { .. })));
    fs::remove_file(&slots).unwrap();
    for repair in [Repair::Refuse, Repair::CutLast] {
        let refused = open(folder.path(), repair);
        assert!(matches!(refused, Err(LogError::Committed(CommittedError::Missing { .. }))));
    }
    assert_eq!(mend(folder.path(), Repair::AcceptLost).unwrap().0.height(), Height::new(5));
}

#[test]
fn a_block_in_the_log_that_was_not_acknowledged_is_taken_and_committed() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 3);
    let whole = fs::read(first_of(folder.path())).unwrap();
    for height in 0..=3 {
        commit(folder.path(), (&whole, &offsets), height);
        let (log, mended) = mend(folder.path(), Repair::Refuse).unwrap();
        assert_eq!((log.height(), mended.len()), (Height::new(3), 0));
        let committed = committed::read(folder.path(), &NETWORK).unwrap();
        assert_eq!((committed.height, committed.hash), (Height::new(3), log.tip()));
    }
}

#[test]
fn another_network_another_format_and_no_log_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 1);
    let other = Log::open::<LogError>(folder.path(), &Digest([8; 32]), Repair::Refuse, |_| Ok(()));
    assert!(matches!(other, Err(LogError::OtherNetwork { got: NETWORK, .. })));
    let path = first_of(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 3;
    let check = blake3::hash(&bytes[..96]);
    bytes[96..128].copy_from_slice(check.as_bytes());
    fs::write(&path, &bytes).unwrap();
    let refused = open(folder.path(), Repair::Refuse);
    assert!(matches!(refused, Err(LogError::Format { got: 3, expected: 2, .. })));
    for bytes in [&b""[..], b"EARNLOG", &[0; 64], &[0xff; 200]] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(open(folder.path(), Repair::Refuse), Err(LogError::NotALog { .. })));
    }
}

#[test]
fn a_record_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 1);
    let (mut log, _) = open(folder.path(), Repair::Refuse).unwrap();
    let size = log.bytes();
    let too_large = log.append(&vec![1; BLOCK_BYTES_MAX + 1]);
    assert!(matches!(too_large, Err(LogError::TooLarge { .. })));
    assert!(matches!(log.append(&[]), Err(LogError::TooLarge { got: 0, .. })));
    assert_eq!(log.bytes(), size);
}

#[test]
fn random_bytes_after_the_header_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    Log::create(folder.path(), &NETWORK).unwrap();
    let path = first_of(folder.path());
    let head = fs::read(&path).unwrap();
    for seed in 0..500u32 {
        let mut bytes = vec![0; usize::try_from(seed % 130).unwrap()];
        blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
        fs::write(&path, [head.as_slice(), &bytes].concat()).unwrap();
        match open(folder.path(), Repair::Refuse) {
            Ok((log, _)) => assert_eq!(log.height(), Height::ZERO),
            Err(error) => assert!(matches!(error, LogError::Damaged { .. }), "{error}"),
        }
    }
}

#[test]
fn a_write_that_fails_ends_the_log_for_good() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 1);
    let (mut log, _) = open(folder.path(), Repair::Refuse).unwrap();
    let on_disk =
        std::mem::replace(&mut log.file, File::open(Path::new(full), Access::Write).unwrap());
    assert!(matches!(log.append(b"block"), Err(LogError::Io { doing: "writing", .. })));
    log.file = on_disk;
    assert!(matches!(log.append(b"block"), Err(LogError::Closed)), "nobody knows what is there");
    assert_eq!(log.height(), Height::new(1));
}

#[test]
fn a_block_that_is_not_committed_is_not_acknowledged_and_ends_the_log() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 1);
    let (mut log, _) = open(folder.path(), Repair::Refuse).unwrap();
    log.committed.replace_file(File::open(Path::new(full), Access::Write).unwrap());
    let block = next_block(&log);
    assert!(matches!(log.append(&block), Err(LogError::Committed(CommittedError::Io { .. }))));
    assert!(matches!(log.append(&block), Err(LogError::Closed)));
    assert_eq!(log.height(), Height::new(1));
    // It is in the log all the same; the next start takes it.
    drop(log);
    assert_eq!(open(folder.path(), Repair::Refuse).unwrap().0.height(), Height::new(2));
}
