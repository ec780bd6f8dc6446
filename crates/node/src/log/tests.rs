use std::fs;

use earnest_protocol::BlockHead;

use super::*;

const NETWORK: Digest = Digest([7; 32]);

/// A log of `count` blocks without transactions, and where each record begins.
fn log_of(folder: &Path, count: u64) -> Vec<u64> {
    Log::create(folder, &NETWORK).unwrap();
    let (mut log, torn) = open(folder, Repair::Refuse).unwrap();
    assert_eq!(torn, None);
    for height in 1..=count {
        let beacon = Some(Digest([u8::try_from(height).unwrap(); 32]));
        let head = BlockHead { height: Height::new(height), time_ms: 9, beacon, next_anchor: None };
        let (parent, parent_root) = (log.tip(), Digest([3; 32]));
        let block = Block { head, parent, parent_root, transactions: Vec::new() };
        log.append(&block.encode()).unwrap();
    }
    assert_eq!(log.height(), Height::new(count));
    log.offsets.clone()
}

fn open(folder: &Path, repair: Repair) -> Result<(Log, Option<Torn>), LogError> {
    Log::open(folder, &NETWORK, repair, |_| Ok(()))
}

#[test]
fn a_log_torn_at_any_byte_of_its_last_record_loses_that_record_only() {
    let folder = tempfile::tempdir().unwrap();
    let offsets = log_of(folder.path(), 3);
    let path = folder.path().join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    let last = usize::try_from(offsets[2]).unwrap();
    for size in last..whole.len() {
        fs::write(&path, &whole[..size]).unwrap();
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
fn zeros_after_the_last_record_are_a_torn_tail() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 2);
    let path = folder.path().join(FILE_NAME);
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
    let path = folder.path().join(FILE_NAME);
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
    let path = folder.path().join(FILE_NAME);
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
        for part in ["blocks.log", "block 2", &offsets[1].to_string(), "Restore"] {
            assert!(text.contains(part), "{text}");
        }
    }
    // The last record may be cut off, if a person says so.
    let (log, torn) = flip(3, 50).unwrap();
    assert_eq!((log.height(), torn.unwrap().height), (Height::new(2), Height::new(3)));
}

#[test]
fn another_network_another_format_and_no_log_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    log_of(folder.path(), 1);
    let other = Log::open::<LogError>(folder.path(), &Digest([8; 32]), Repair::Refuse, |_| Ok(()));
    assert!(matches!(other, Err(LogError::OtherNetwork { got: NETWORK, .. })));
    let path = folder.path().join(FILE_NAME);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let check = blake3::hash(&bytes[..48]);
    bytes[48..64].copy_from_slice(&check.as_bytes()[..16]);
    fs::write(&path, &bytes).unwrap();
    let refused = open(folder.path(), Repair::Refuse);
    assert!(matches!(refused, Err(LogError::Format { got: 2, expected: 1, .. })));
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
    let path = folder.path().join(FILE_NAME);
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
        std::mem::replace(&mut log.file, OpenOptions::new().write(true).open(full).unwrap());
    assert!(matches!(log.append(b"block"), Err(LogError::Io { doing: "writing", .. })));
    log.file = on_disk;
    assert!(matches!(log.append(b"block"), Err(LogError::Closed)), "nobody knows what is there");
    assert_eq!(log.height(), Height::new(1));
}
