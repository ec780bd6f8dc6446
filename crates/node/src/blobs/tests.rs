//! What is taken, kept and dropped.

use std::fs;

use earnest_compute::{
    self as compute,
    paged::{chunks, outputs, stream},
};
use earnest_protocol::{Amount, Blocks, Command, command::KeepData};
use earnest_testkit::world::{World, params};
use tempfile::TempDir;

use super::*;

mod attacks;

/// A store on a disk, beside the ledger that says what it keeps.
struct Kept {
    dir: TempDir,
    world: World,
    blobs: Blobs,
}

fn open(dir: &Path) -> Blobs {
    let limits = Limits {
        blob_bytes_max: 5_000,
        blobs_bytes_max: 6 * BLOCK,
        input_chunks_max: 4,
        ..Limits::default()
    };
    Blobs::open(dir, limits).unwrap()
}

fn name_of(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

fn root_and_chunks(chunks: &[&[u8]]) -> (Digest, Vec<Digest>) {
    let digests: Vec<Digest> = chunks.iter().map(|chunk| name_of(chunk)).collect();
    let input = compute::Input::new(chunks.iter().map(|chunk| chunk.to_vec()).collect()).unwrap();
    (Digest(input.root().0), digests)
}

impl Kept {
    fn new() -> Kept {
        let dir = tempfile::tempdir().unwrap();
        let (world, blobs) = (World::new(params()), open(dir.path()));
        blobs.begin(&world.state);
        Kept { dir, world, blobs }
    }

    fn keep(&mut self, root: Digest, kibibytes: u32, blocks: u64) {
        let (blocks, price_max) = (Blocks::new(blocks), Amount::MAX);
        let keep = KeepData { root, kibibytes, blocks, price_max };
        self.world.ok("W", Command::KeepData(keep));
        self.blobs.follow(&self.world.state, &self.world.events);
        self.world.events.clear();
    }

    /// Has these bytes paid for, for a hundred blocks, and stores them.
    fn put(&mut self, bytes: &[u8]) -> Result<Digest, BlobError> {
        self.keep(name_of(bytes), 8, 100);
        self.blobs.put(bytes)
    }

    fn blocks(&mut self, count: u64) {
        for _ in 0..count {
            self.world.block();
            self.blobs.follow(&self.world.state, &self.world.events);
            self.world.events.clear();
            self.blobs.drop_unwanted(2).unwrap();
        }
    }

    /// The node is stopped and started again.
    fn start_again(&mut self) {
        self.blobs = open(self.dir.path());
        self.blobs.begin(&self.world.state);
    }
}

fn files(folder: &Path) -> usize {
    let shelves = fs::read_dir(folder).unwrap().map(|shelf| shelf.unwrap().path());
    shelves.map(|shelf| fs::read_dir(shelf).unwrap().count()).sum()
}

#[test]
fn a_blob_is_its_hash_and_bounded() {
    let mut kept = Kept::new();
    let digest = kept.put(b"hello").unwrap();
    assert_eq!(digest, name_of(b"hello"));
    assert_eq!(kept.put(b"hello").unwrap(), digest);
    assert_eq!((kept.blobs.bytes(), kept.blobs.has(&digest)), (BLOCK, true));
    assert_eq!(kept.blobs.read(&digest).unwrap().unwrap(), b"hello");
    assert!(kept.blobs.read(&Digest::ZERO).unwrap().is_none());
    let too_large = kept.put(&[0; 5_001]);
    assert!(matches!(too_large, Err(BlobError::TooLarge { got: 5_001, max: 5_000 })));
    kept.put(&[1; 5_000]).unwrap();
    assert_eq!(kept.blobs.bytes(), 3 * BLOCK, "a block begun is a block taken");
    kept.put(&[2; 5_000]).unwrap();
    let full = kept.put(&[3; 5_000]);
    let Err(BlobError::Full { bytes, max }) = full else { panic!("{full:?}") };
    assert_eq!((bytes, max), (7 * BLOCK, 6 * BLOCK));
    kept.put(b"").unwrap();
    assert!(matches!(kept.put(b"x"), Err(BlobError::Full { .. })), "an empty one counts");
    let unfinished = place(&kept.blobs.blobs, &digest).with_file_name(".unfinished.draft");
    fs::write(&unfinished, b"unfinished").unwrap();
    kept.start_again();
    assert_eq!(kept.blobs.bytes(), 6 * BLOCK, "counted anew");
    assert!(!unfinished.exists());
}

#[test]
fn nothing_is_taken_that_nobody_pays_for_nor_more_than_is_paid_for() {
    let mut kept = Kept::new();
    let (small, large) = ([1; 4_096], [2; 4_097]);
    assert!(matches!(kept.blobs.put(&small), Err(BlobError::NotKept { .. })));
    kept.keep(name_of(&small), 4, 10);
    kept.keep(name_of(&large), 4, 10);
    kept.blobs.put(&small).unwrap();
    let short = kept.blobs.put(&large);
    let Err(BlobError::KeepTooSmall { name, bytes, paid }) = short else { panic!("{short:?}") };
    assert_eq!((name, bytes, paid), (name_of(&large), 2 * BLOCK, 4_096));
    assert_eq!(kept.blobs.bytes(), BLOCK, "nothing of it was written");
    kept.blocks(11);
    assert!(matches!(kept.blobs.put(&small), Err(BlobError::NotKept { .. })), "it has lapsed");
}

#[test]
fn what_is_wanted_no_longer_goes_and_makes_room_also_if_the_node_was_stopped() {
    let mut kept = Kept::new();
    let brief = [b"1", b"2", b"3"].map(|bytes| name_of(bytes));
    brief.iter().for_each(|name| kept.keep(*name, 4, 5));
    for bytes in [b"1", b"2", b"3"] {
        kept.blobs.put(bytes).unwrap();
    }
    let lasting = kept.put(b"lasting").unwrap();
    kept.blocks(5);
    assert_eq!(kept.blobs.bytes(), 4 * BLOCK);
    kept.blocks(1);
    assert_eq!(kept.blobs.bytes(), 2 * BLOCK, "two a block in this test");
    kept.start_again();
    kept.blocks(1);
    assert_eq!((kept.blobs.bytes(), files(&kept.blobs.blobs)), (BLOCK, 1));
    assert!(kept.blobs.has(&lasting) && !brief.iter().any(|name| kept.blobs.has(name)));
}

#[test]
fn what_lapses_between_two_uploads_makes_room_for_the_next() {
    let mut kept = Kept::new();
    for number in 0..6u8 {
        kept.keep(name_of(&[number]), 4, 3);
        kept.blobs.put(&[number]).unwrap();
    }
    assert!(matches!(kept.put(b"x"), Err(BlobError::Full { .. })));
    for _ in 0..4 {
        kept.world.block();
        kept.blobs.follow(&kept.world.state, &kept.world.events);
    }
    kept.put(b"x").unwrap();
}

#[test]
fn a_forged_truncated_or_flipped_blob_is_never_served_and_can_be_stored_again() {
    let mut kept = Kept::new();
    let digest = kept.put(b"the right bytes").unwrap();
    let path = place(&kept.blobs.blobs, &digest);
    for wrong in [&b""[..], b"the right byte", b"the right bytez", b"something else entirely"] {
        fs::write(&path, wrong).unwrap();
        assert!(matches!(kept.blobs.read(&digest), Err(BlobError::Damaged { .. })));
        kept.blobs.put(b"the right bytes").unwrap();
        assert_eq!(kept.blobs.read(&digest).unwrap().unwrap(), b"the right bytes");
    }
}

#[test]
fn an_input_is_paid_for_as_a_whole_and_goes_as_a_whole() {
    let mut kept = Kept::new();
    let (root, chunks) = root_and_chunks(&[b"a", b"b", b"a"]);
    assert!(matches!(kept.blobs.put_input(&chunks), Err(BlobError::NotKept { .. })));
    assert!(matches!(kept.blobs.put(b"a"), Err(BlobError::NotKept { .. })));
    kept.keep(root, 12, 10);
    let (named, missing) = kept.blobs.put_input(&chunks).unwrap();
    assert_eq!((named, missing), (root, BTreeSet::from([chunks[0], chunks[1]])));
    kept.blobs.put(b"a").unwrap();
    kept.blobs.put(b"a").unwrap();
    assert_eq!(kept.blobs.missing(&chunks), BTreeSet::from([chunks[1]]));
    kept.blobs.put(b"b").unwrap();
    assert_eq!(kept.blobs.input(&root).unwrap().unwrap(), chunks);
    assert_eq!(kept.blobs.bytes(), 3 * BLOCK, "the list and two chunks");
    kept.start_again();
    kept.blocks(10);
    assert_eq!(kept.blobs.bytes(), 3 * BLOCK);
    kept.blocks(3);
    assert_eq!((kept.blobs.bytes(), kept.blobs.input(&root).unwrap()), (0, None));
}

#[test]
fn a_chunk_stays_while_one_of_its_inputs_does() {
    let mut kept = Kept::new();
    let (first, first_chunks) = root_and_chunks(&[b"a", b"b"]);
    let (second, second_chunks) = root_and_chunks(&[b"b", b"c"]);
    kept.keep(first, 12, 5);
    kept.keep(second, 8, 50);
    kept.blobs.put_input(&first_chunks).unwrap();
    kept.blobs.put(b"a").unwrap();
    kept.blobs.put(b"b").unwrap();
    let short = kept.blobs.put_input(&second_chunks);
    let Err(BlobError::KeepTooSmall { name, bytes, paid }) = short else { panic!("{short:?}") };
    assert_eq!((name, bytes, paid), (second, 3 * BLOCK, 2 * BLOCK), "what it shares counts, too");
    kept.keep(second, 12, 50);
    let (_, missing) = kept.blobs.put_input(&second_chunks).unwrap();
    assert_eq!(missing, BTreeSet::from([name_of(b"c")]));
    kept.blobs.put(b"c").unwrap();
    kept.blocks(8);
    let there = [b"a", b"b", b"c"].map(|bytes| kept.blobs.has(&name_of(bytes)));
    assert_eq!((there, kept.blobs.bytes()), ([false, true, true], 3 * BLOCK));
}

#[test]
fn a_damaged_list_is_refused_by_name_and_costs_no_chunk() {
    let mut kept = Kept::new();
    let (root, chunks) = root_and_chunks(&[b"a", b"b"]);
    kept.keep(root, 12, 50);
    kept.blobs.put_input(&chunks).unwrap();
    kept.blobs.put(b"a").unwrap();
    kept.blobs.put(b"b").unwrap();
    fs::write(place(&kept.blobs.inputs, &root), [1; 64]).unwrap();
    assert!(matches!(kept.blobs.input(&root), Err(BlobError::Damaged { .. })));
    kept.start_again();
    kept.blocks(3);
    assert!(chunks.iter().all(|chunk| kept.blobs.has(chunk)));
    let (_, missing) = kept.blobs.put_input(&chunks).unwrap();
    assert_eq!((missing, kept.blobs.bytes()), (BTreeSet::new(), 3 * BLOCK));
}

#[test]
fn a_large_output_is_a_list_whose_chunks_are_paid_for_and_go_with_it() {
    let mut kept = Kept::new();
    let bytes: Vec<u8> = (0..=250u8).cycle().take(outputs::CHUNK_BYTES + 4_500).collect();
    let limits = Limits { blob_bytes_max: 1 << 20, blobs_bytes_max: 1 << 20, ..Limits::default() };
    kept.blobs = Blobs::open(kept.dir.path(), limits).unwrap();
    kept.blobs.begin(&kept.world.state);
    let list = List::of(&bytes);
    let (root, names) = (Digest(list.root().0), names_in(&list));
    assert_eq!((names.len(), Digest(stream::output_root(&bytes).0)), (2, root));
    assert!(matches!(kept.blobs.put_output(&list), Err(BlobError::NotKept { .. })));
    // Both chunks, and a list with a leaf's tail in it.
    let taken = 256 + 8 + 4;
    kept.keep(root, taken - 4, 10);
    let (stored, missing) = kept.blobs.put_output(&list).unwrap();
    assert_eq!((stored, missing), (root, names.iter().copied().collect()));
    let (first, last) = bytes.split_at(outputs::CHUNK_BYTES);
    assert_eq!(kept.blobs.put(first).unwrap(), names[0]);
    assert!(matches!(kept.blobs.put(last), Err(BlobError::KeepTooSmall { .. })), "not all paid");
    assert!(matches!(kept.blobs.put(&first[1..]), Err(BlobError::NotKept { .. })));
    kept.keep(root, taken, 10);
    assert_eq!(kept.blobs.put(last).unwrap(), names[1]);
    let there = |kept: &Kept| {
        assert_eq!(kept.blobs.read(&names[0]).unwrap().as_deref(), Some(first));
        assert_eq!(kept.blobs.output(&root).unwrap().as_ref(), Some(&list));
        assert_eq!(kept.blobs.input(&root).unwrap(), None, "an output's list is no input's");
        assert_eq!(kept.blobs.chunks_of(&root).unwrap().as_ref(), Some(&names));
        assert_eq!(kept.blobs.bytes(), u64::from(taken) * 1_024);
    };
    there(&kept);
    kept.blobs = Blobs::open(kept.dir.path(), limits).unwrap();
    kept.blobs.begin(&kept.world.state);
    there(&kept);
    let forged = List { full: vec![compute::Digest(names[1].0)], ..list.clone() };
    assert!(matches!(kept.blobs.put_output(&forged), Err(BlobError::NotKept { .. })));
    let broken = List { rest: list.frontier(), ..list };
    assert!(matches!(kept.blobs.put_output(&broken), Err(BlobError::NotAList)));
    kept.blocks(14);
    assert_eq!((kept.blobs.bytes(), kept.blobs.output(&root).unwrap()), (0, None));
}

#[test]
fn an_input_has_so_many_chunks_and_the_empty_one_is_always_there() {
    let kept = Kept::new();
    let too_many = kept.blobs.put_input(&[Digest::ZERO; 5]);
    assert!(matches!(too_many, Err(BlobError::TooManyChunks { got: 5, max: 4 })));
    let empty = Digest(compute::Input::new(Vec::new()).unwrap().root().0);
    assert_eq!(kept.blobs.input(&empty).unwrap(), Some(Vec::new()));
    assert_eq!(kept.blobs.put_input(&[]).unwrap(), (empty, BTreeSet::new()));
    assert_eq!(kept.blobs.input(&Digest::ZERO).unwrap(), None);
    assert_eq!(kept.blobs.bytes(), 0);
}

#[test]
fn pages_of_an_input_and_what_was_put_out_are_kept_under_the_names_that_a_task_binds() {
    let mut kept = Kept::new();
    let (first, last) = (vec![7; 4_096], vec![8; 100]);
    let named = |bytes: &[u8]| Digest(chunks::chunk_root(bytes).unwrap().0);
    let names = [named(&first), named(&last)];
    let root = chunks::input_root(&names.map(|name| compute::Digest(name.0))).unwrap();
    let root = Digest(root.0);
    kept.keep(root, 12, 100);
    let (stored, missing) = kept.blobs.put_input(&names).unwrap();
    assert_eq!((stored, missing), (root, BTreeSet::from(names)));
    assert_eq!(kept.blobs.put(&first).unwrap(), names[0]);
    // The zeros at a chunk's end are not kept, and take no room that is paid for otherwise.
    let padded = [last.as_slice(), &[0; 4_900]].concat();
    assert_eq!(kept.blobs.put(&padded).unwrap(), names[1]);
    assert_eq!(kept.blobs.read(&names[1]).unwrap().unwrap(), last);
    assert_eq!(kept.blobs.bytes(), 3 * BLOCK);
    let output = Digest(stream::output_root(b"sum 42").0);
    assert!(matches!(kept.blobs.put(b"sum 42"), Err(BlobError::NotKept { .. })));
    kept.keep(output, 4, 100);
    assert_eq!(kept.blobs.put(b"sum 42").unwrap(), output);
    kept.start_again();
    assert_eq!(kept.blobs.input(&root).unwrap().unwrap(), names);
    assert_eq!(kept.blobs.read(&output).unwrap().unwrap(), b"sum 42");
    let path = place(&kept.blobs.blobs, &output);
    fs::write(&path, b"sum 43").unwrap();
    assert!(matches!(kept.blobs.read(&output), Err(BlobError::Damaged { .. })));
}
