//! Attempts to have more kept than was paid for, to leave bytes where others have paid for room,
//! and to make a node remember more than its disk may hold.

use super::*;

#[test]
fn a_large_keep_of_one_block_and_a_small_one_of_a_thousand_do_not_add_up() {
    let mut kept = Kept::new();
    let bytes = [1; 5_000];
    let (root, chunks) = root_and_chunks(&[b"a", b"b"]);
    kept.keep(name_of(&bytes), 8, 1);
    kept.keep(name_of(&bytes), 4, 1_000);
    kept.keep(root, 12, 3);
    kept.keep(root, 4, 1_000);
    kept.blobs.put(&bytes).unwrap();
    kept.blobs.put_input(&chunks).unwrap();
    kept.blobs.put(b"a").unwrap();
    kept.blobs.put(b"b").unwrap();
    assert_eq!(kept.blobs.bytes(), 5 * BLOCK);
    kept.blocks(8);
    assert_eq!(kept.blobs.bytes(), 0, "a block is paid for, and holds none of it");
}

#[test]
fn a_lasting_list_does_not_hold_chunks_that_it_does_not_pay_for() {
    let mut kept = Kept::new();
    let chunk = [1; 5_000];
    let (root, chunks) = root_and_chunks(&[&chunk]);
    kept.keep(root, 8, 1_000);
    kept.keep(name_of(&chunk), 8, 3);
    kept.blobs.put_input(&chunks).unwrap();
    kept.blobs.put(&chunk).unwrap();
    kept.blocks(8);
    assert!(!kept.blobs.has(&name_of(&chunk)), "its own keep has lapsed, the list's is too small");
}

#[test]
fn nor_do_two_of_them_that_each_pay_for_too_little() {
    let mut kept = Kept::new();
    let (large, other) = ([1; 5_000], [2; 4_000]);
    let lists = [root_and_chunks(&[&large]), root_and_chunks(&[&large, &other])];
    kept.keep(name_of(&large), 8, 3);
    for ((root, chunks), kibibytes) in lists.iter().zip([8, 12]) {
        kept.keep(*root, kibibytes, 1_000);
        kept.blobs.put_input(chunks).unwrap();
    }
    kept.blobs.put(&large).unwrap();
    kept.blocks(8);
    assert!(!kept.blobs.has(&name_of(&large)));
    assert_eq!(kept.blobs.bytes(), 0, "nor the lists");
}

#[test]
fn a_list_takes_a_block_for_each_chunk_that_is_not_there_yet() {
    let mut kept = Kept::new();
    let chunks: Vec<Digest> = (0..4u8).map(|n| Digest([n; 32])).collect();
    let root = *roots_of(&chunks).first().expect("four chunks");
    kept.keep(root, 16, 10);
    let short = kept.blobs.put_input(&chunks);
    let Err(BlobError::KeepTooSmall { bytes, paid, .. }) = short else { panic!("{short:?}") };
    assert_eq!((bytes, paid), (5 * BLOCK, 4 * BLOCK));
    kept.keep(root, 20, 10);
    kept.blobs.put_input(&chunks).unwrap();
    assert_eq!(kept.blobs.bytes(), BLOCK);
}

#[test]
fn names_that_never_had_bytes_do_not_hold_up_the_removal_of_bytes() {
    let mut kept = Kept::new();
    for number in 0..200u8 {
        kept.keep(Digest([number; 32]), 4, 3);
    }
    kept.keep(name_of(b"x"), 4, 4);
    kept.blobs.put(b"x").unwrap();
    kept.blocks(6);
    assert_eq!(kept.blobs.bytes(), 0, "two a block in this test, and there is one");
}

#[test]
fn who_stores_the_same_again_and_again_removes_as_others_do() {
    let mut kept = Kept::new();
    let lasting = kept.put(b"lasting").unwrap();
    for number in 0..4u8 {
        kept.keep(name_of(&[number]), 4, 3);
        kept.blobs.put(&[number]).unwrap();
    }
    for _ in 0..4 {
        kept.world.block();
        kept.blobs.follow(&kept.world.state, &kept.world.events);
    }
    assert_eq!(kept.blobs.bytes(), 5 * BLOCK);
    assert_eq!(kept.blobs.put(b"lasting").unwrap(), lasting);
    assert_eq!(kept.blobs.bytes(), BLOCK);
}

#[test]
fn what_lapses_while_it_is_written_goes_all_the_same() {
    let mut kept = Kept::new();
    let name = name_of(b"x");
    kept.keep(name, 4, 1);
    {
        // An upload that was checked, and then found its name lapsed and looked at.
        let mut files = kept.blobs.files().unwrap();
        kept.blobs.check_blob(&files, &name, BLOCK).unwrap();
        for _ in 0..2 {
            kept.world.block();
            kept.blobs.follow(&kept.world.state, &kept.world.events);
        }
        kept.blobs.store_blob(&mut files, name, b"x").unwrap();
    }
    kept.blocks(2);
    assert_eq!(kept.blobs.bytes(), 0);
}
