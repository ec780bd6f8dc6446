//! Blobs: programs, input chunks, states and outputs, named by their own bytes (`names`).
//!
//! ```text
//! blobs/ab/<64 digits>      the bytes
//! inputs/ab/<64 digits>     the names of an input's chunks, 32 bytes each; the name is the root
//!                           the list of a large output's chunks, as postcard; the same
//! ```
//!
//! Laws: bytes are taken under a name that somebody pays for, or as chunks of an input or an output
//! that somebody pays for, and no more than are paid for; they stay while they are wanted, and go
//! some blocks later, also if the node was stopped in between. A name is given only to bytes that
//! were hashed here; a file appears under its name when it is whole on the disk; what is read is
//! hashed again, so a cut or changed file is never served; all room is bounded, empty files
//! included.
//! Locks: `files` before `wanted`; whoever makes blocks takes `wanted` alone, so that no upload
//! makes a block wait.
//! Not here: what is wanted (`wanted`), who has to provide which bytes (`earnest-protocol`).

mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
};

use earnest_compute::paged::outputs::List;
use earnest_durable::{Kind, fs};
use earnest_protocol::{Digest, Event, Height, State};

use names::{is_named, names_of, roots_of};

use crate::{
    config::Limits,
    wanted::{Named, Unwanted, Wanted},
};

/// Names of the folders in a data directory.
pub const FOLDER_NAMES: [&str; 2] = ["blobs", "inputs"];

/// Bytes of a block, as file systems have them.
const BLOCK: u64 = 4_096;
/// Unwanted files that are removed before one is written, so that uploads never outrun removal.
const DROPPED_BEFORE_WRITING: usize = 4;
/// Names that are looked at in one removal: most never had a file, and what each cost is paid.
const LOOKED_AT: usize = 1 << 16;

/// Why a blob was not stored or is not served.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk said no.
    #[error("the blob store's disk failed: {0}")]
    Io(#[from] io::Error),
    /// It has more bytes than one may.
    #[error("a blob of {got} bytes exceeds the {max} that one may have")]
    TooLarge {
        /// Its bytes.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// All blobs together would take more room than they may.
    #[error("all blobs would take {bytes} bytes of the disk, {max} are allowed")]
    Full {
        /// Room with this one.
        bytes: u64,
        /// The most allowed.
        max: u64,
    },
    /// The disk has no more room than blocks and snapshots may need.
    #[error("the disk has {free} bytes left, {wanted} are wanted: the rest is for the ledger")]
    DiskFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that would have to be.
        wanted: u64,
    },
    /// The file's bytes are no longer those of its name.
    #[error("{path} no longer holds the bytes of its name")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// An input has more chunks than one may.
    #[error("{got} chunks exceed the {max} that an input may have")]
    TooManyChunks {
        /// Its chunks.
        got: usize,
        /// The most allowed.
        max: usize,
    },
    /// The parts of an output's list do not fit each other.
    #[error("this is no list of an output: its parts do not fit each other")]
    NotAList,
    /// Nobody pays for these bytes.
    #[error("nobody pays to have {name} kept")]
    NotKept {
        /// What they would be called.
        name: Digest,
    },
    /// Fewer bytes are paid for.
    #[error("{bytes} bytes would be kept under {name}, {paid} are paid for")]
    KeepTooSmall {
        /// The name that somebody pays for: the blob, or the input.
        name: Digest,
        /// What it would take, in whole blocks.
        bytes: u64,
        /// What is paid for.
        paid: u64,
    },
}

/// The store.
#[derive(Debug)]
pub struct Blobs {
    blobs: PathBuf,
    inputs: PathBuf,
    limits: Limits,
    files: Mutex<Files>,
    wanted: Mutex<Wanted>,
    /// Room that all files take; changes under the lock of `files` alone, and is read without it.
    bytes: AtomicU64,
}

/// What is on the disk.
#[derive(Debug, Default)]
struct Files {
    /// The room of each blob.
    blobs: BTreeMap<Digest, u64>,
    /// The chunks of each input, and of each output that has a list.
    inputs: BTreeMap<Digest, (Named, Vec<Digest>)>,
    /// Whose chunk a blob is, stored or not.
    inputs_of: BTreeMap<Digest, BTreeSet<Digest>>,
    /// Room that each of them takes, with a block at least for each chunk, stored or not.
    used: BTreeMap<Digest, u64>,
    /// A list of chunks could not be read: nobody knows whose chunks the others are.
    is_list_lost: bool,
}

impl Blobs {
    /// Opens the store in a data directory, making it if need be; removes what a stopped process
    /// was writing, and flushes the names that it gave. Nothing is wanted until
    /// [`begin`](Blobs::begin).
    ///
    /// # Errors
    /// If the disk says no.
    pub fn open(dir: &Path, limits: Limits) -> io::Result<Blobs> {
        let [blobs, inputs] = FOLDER_NAMES.map(|name| dir.join(name));
        let (mut files, mut taken) = (Files::default(), 0u64);
        sweep(&blobs, |name, bytes, _| {
            files.blobs.insert(name, bytes);
            taken = taken.saturating_add(bytes);
        })?;
        let mut lists = Vec::new();
        sweep(&inputs, |name, bytes, path| lists.push((name, bytes, path.to_owned())))?;
        for (root, bytes, path) in lists {
            taken = taken.saturating_add(bytes);
            let bytes = read(&path)?.unwrap_or_default();
            if let Some((_, names)) = list_in(&root, &bytes) {
                files.add_list(root, &names, (Named::Output, bytes.len()));
                continue;
            }
            let chunks = chunks_in(&root, &bytes);
            files.is_list_lost |= chunks.is_none();
            files.add_input(root, &chunks.unwrap_or_default());
        }
        let (files, wanted) = (Mutex::new(files), Mutex::default());
        Ok(Blobs { blobs, inputs, limits, files, wanted, bytes: AtomicU64::new(taken) })
    }

    /// Learns what the state wants kept; the rest of what is here will go. Chunks stay where a list
    /// is damaged, until a start that finds it whole again.
    pub fn begin(&self, state: &State) {
        let mut wanted = Wanted::of(state);
        if let Ok(files) = self.files.lock() {
            let is_alone =
                |name: &Digest| !files.is_list_lost && !files.inputs_of.contains_key(name);
            for (name, bytes) in &files.blobs {
                if is_alone(name) && !wanted.has(name, Named::Blob, *bytes) {
                    wanted.doubt(*name);
                }
            }
            for (root, bytes) in &files.used {
                if !wanted.has(root, files.named(root), *bytes) {
                    wanted.doubt(*root);
                }
            }
        }
        if let Ok(mut own) = self.wanted.lock() {
            *own = wanted;
        }
    }

    /// Follows a block that was carried out.
    pub fn follow(&self, state: &State, events: &[Event]) {
        if let Ok(mut wanted) = self.wanted.lock() {
            wanted.follow(state, events);
        }
    }

    /// Removes what is wanted no longer, at most so many files; nothing while somebody writes.
    ///
    /// # Errors
    /// If the disk says no; what is left is tried again.
    pub fn drop_unwanted(&self, max: usize) -> io::Result<usize> {
        match self.files.try_lock() {
            Ok(mut files) => self.drop_from(&mut files, max),
            Err(TryLockError::WouldBlock) => Ok(0),
            Err(TryLockError::Poisoned(_)) => Err(poisoned()),
        }
    }

    /// Room that all blobs take on the disk, in bytes of whole blocks.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// True if a blob of this name is there; its bytes are looked at when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        fs::is_file(&place(&self.blobs, digest))
    }

    /// Until when somebody pays for so many bytes of a name; none if nobody does.
    pub fn paid_until(&self, name: &Digest, bytes: u64) -> Option<Height> {
        self.wanted.lock().ok()?.until(name, bytes)
    }

    /// Until when somebody pays for all that is here under a name; none if nobody does.
    pub fn kept_until(&self, name: &Digest) -> Option<Height> {
        // Of the disk, not of `files`: who posts a job waits for no upload.
        let size = |folder: &Path, name: &Digest| {
            fs::metadata(&place(folder, name)).map_or(0, |there| room(there.bytes))
        };
        let bytes = match self.input(name) {
            Ok(Some(chunks)) => {
                let chunks: BTreeSet<Digest> = chunks.into_iter().collect();
                let sizes = chunks.iter().map(|chunk| size(&self.blobs, chunk));
                sizes.fold(size(&self.inputs, name), u64::saturating_add)
            }
            _ => size(&self.blobs, name),
        };
        self.paid_until(name, bytes)
    }

    /// The most bytes that are paid for under a name now; none if nobody pays.
    pub fn paid(&self, name: &Digest) -> Option<u64> {
        self.wanted.lock().ok()?.paid(name)
    }

    /// Stores a blob under each of its names that somebody pays for, and returns the first; when
    /// this returns it is on the disk.
    ///
    /// # Errors
    /// If nobody does, if it or all together are too large, or the disk says no.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let (got, max) = (bytes.len(), self.limits.blob_bytes_max);
        if got > max {
            return Err(BlobError::TooLarge { got, max });
        }
        let names = names_of(bytes);
        let mut files = self.files()?;
        let (mut stored, mut why) = (None, None);
        for (name, bytes) in names {
            match self.check_blob(&files, &name, room(wide(bytes.len()))) {
                Ok(()) => {
                    self.store_blob(&mut files, name, &bytes)?;
                    stored = stored.or(Some(name));
                }
                Err(unpaid) => why = Some(worse(why, unpaid)),
            }
        }
        stored.ok_or_else(|| why.expect("bytes have a name"))
    }

    /// Writes a blob that was checked.
    fn store_blob(&self, files: &mut Files, digest: Digest, bytes: &[u8]) -> Result<(), BlobError> {
        self.write(files, &place(&self.blobs, &digest), bytes)?;
        files.add_blob(digest, room(wide(bytes.len())));
        // It may have lapsed, and been looked at, while it was written.
        Ok(self.doubt(digest)?)
    }

    /// The bytes of a blob; none if it is not there.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BlobError> {
        let path = place(&self.blobs, digest);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        if !is_named(&bytes, digest) {
            return Err(BlobError::Damaged { path });
        }
        Ok(Some(bytes))
    }

    /// Stores the list of the chunks of an input that somebody pays for, before or after the chunks
    /// themselves; returns its root and which chunks are not there.
    ///
    /// # Errors
    /// If nobody pays for it, chunks are too many, or the disk says no.
    pub fn put_input(&self, chunks: &[Digest]) -> Result<(Digest, BTreeSet<Digest>), BlobError> {
        let (got, max) = (chunks.len(), self.limits.input_chunks_max);
        let roots = roots_of(chunks);
        let first =
            *roots.first().filter(|_| got <= max).ok_or(BlobError::TooManyChunks { got, max })?;
        if chunks.is_empty() {
            return Ok((first, BTreeSet::new()));
        }
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.0).collect();
        let mut files = self.files()?;
        let (mut stored, mut why) = (None, None);
        for root in roots {
            match self.check(&root, Named::Input, files.input_bytes(chunks)) {
                Ok(()) => {
                    self.write(&mut files, &place(&self.inputs, &root), &bytes)?;
                    files.add_input(root, chunks);
                    self.doubt(root)?;
                    stored = stored.or(Some(root));
                }
                Err(unpaid) => why = Some(worse(why, unpaid)),
            }
        }
        let root = stored.ok_or_else(|| why.expect("a list has a name"))?;
        let missing = chunks.iter().filter(|chunk| !files.blobs.contains_key(chunk));
        Ok((root, missing.copied().collect()))
    }

    /// The chunks of an input; none if the list is not there. The empty input always is.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn input(&self, root: &Digest) -> Result<Option<Vec<Digest>>, BlobError> {
        if roots_of(&[]).contains(root) {
            return Ok(Some(Vec::new()));
        }
        let path = place(&self.inputs, root);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        match chunks_in(root, &bytes) {
            Some(chunks) => Ok(Some(chunks)),
            // An output's.
            None if list_in(root, &bytes).is_some() => Ok(None),
            None => Err(BlobError::Damaged { path }),
        }
    }

    /// Stores the list of the chunks of an output that somebody pays for, before or after the
    /// chunks themselves; returns its root and which chunks are not there.
    ///
    /// # Errors
    /// If nobody pays for it, its parts do not fit each other, or the disk says no.
    pub fn put_output(&self, list: &List) -> Result<(Digest, BTreeSet<Digest>), BlobError> {
        let (root, names) = named_by(list).ok_or(BlobError::NotAList)?;
        let bytes = postcard::to_allocvec(list).map_err(|_| BlobError::NotAList)?;
        let mut files = self.files()?;
        self.check(&root, Named::Output, files.list_bytes(bytes.len(), &names))?;
        self.write(&mut files, &place(&self.inputs, &root), &bytes)?;
        files.add_list(root, &names, (Named::Output, bytes.len()));
        self.doubt(root)?;
        let missing = names.iter().filter(|name| !files.blobs.contains_key(name));
        Ok((root, missing.copied().collect()))
    }

    /// The chunks of an output; none if the list is not there.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn output(&self, root: &Digest) -> Result<Option<List>, BlobError> {
        let path = place(&self.inputs, root);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        match (list_in(root, &bytes), chunks_in(root, &bytes)) {
            (Some((list, _)), _) => Ok(Some(list)),
            (None, Some(_)) => Ok(None),
            (None, None) => Err(BlobError::Damaged { path }),
        }
    }

    /// The names of the chunks of an input or an output; none if the list is not there.
    ///
    /// # Errors
    /// If the file was cut or changed, or the disk says no.
    pub fn chunks_of(&self, root: &Digest) -> Result<Option<Vec<Digest>>, BlobError> {
        match self.input(root)? {
            Some(chunks) => Ok(Some(chunks)),
            None => Ok(self.output(root)?.map(|list| names_in(&list))),
        }
    }

    /// Which of these chunks are not there.
    pub fn missing(&self, chunks: &[Digest]) -> BTreeSet<Digest> {
        chunks.iter().filter(|chunk| !self.has(chunk)).copied().collect()
    }

    fn files(&self) -> Result<MutexGuard<'_, Files>, BlobError> {
        Ok(self.files.lock().map_err(|_| poisoned())?)
    }

    fn check(&self, name: &Digest, named: Named, bytes: u64) -> Result<(), BlobError> {
        let checked = self.wanted.lock().map_err(|_| poisoned())?.check(name, named, bytes);
        checked.map_err(|unwanted| match unwanted {
            Unwanted::NotKept => BlobError::NotKept { name: *name },
            Unwanted::TooLarge { paid } => BlobError::KeepTooSmall { name: *name, bytes, paid },
        })
    }

    /// Within what is paid for its own name, or for an input that it is a chunk of.
    fn check_blob(&self, files: &Files, digest: &Digest, size: u64) -> Result<(), BlobError> {
        let mut own = self.check(digest, Named::Blob, size);
        // A block of it is counted already.
        let more = if files.blobs.contains_key(digest) { 0 } else { size.saturating_sub(BLOCK) };
        for input in files.inputs_of.get(digest).into_iter().flatten() {
            if own.is_ok() {
                break;
            }
            let used = files.used.get(input).copied().unwrap_or(0);
            let within = self.check(input, files.named(input), used.saturating_add(more));
            if within.is_ok() || matches!(own, Err(BlobError::NotKept { .. })) {
                own = within;
            }
        }
        own
    }

    fn write(&self, files: &mut Files, path: &Path, bytes: &[u8]) -> Result<(), BlobError> {
        self.drop_from(files, DROPPED_BEFORE_WRITING)?;
        let there = match read(path)? {
            Some(there) if there == bytes => return Ok(keep_name(path)?),
            Some(there) => room(wide(there.len())),
            None => 0,
        };
        let sum = self.bytes().saturating_sub(there).saturating_add(room(wide(bytes.len())));
        let max = self.limits.blobs_bytes_max;
        if sum > max {
            return Err(BlobError::Full { bytes: sum, max });
        }
        let free = earnest_durable::free_bytes(&self.blobs)?;
        let wanted = self.limits.disk_floor_bytes.saturating_add(wide(bytes.len()));
        if free < wanted {
            return Err(BlobError::DiskFull { free, wanted });
        }
        earnest_durable::make_folder(path.parent().expect("a place is inside a folder"))?;
        let written = earnest_durable::write(path, Kind::Replacement, |file| file.write_all(bytes));
        if written.as_ref().is_err_and(earnest_durable::is_full) {
            return Err(BlobError::DiskFull { free, wanted });
        }
        written?;
        self.bytes.store(sum, Ordering::Relaxed);
        Ok(())
    }

    fn drop_from(&self, files: &mut Files, max: usize) -> io::Result<usize> {
        let mut dropped = 0;
        for _ in 0..LOOKED_AT {
            if dropped >= max {
                break;
            }
            let name = self.wanted.lock().map_err(|_| poisoned())?.next_doubtful();
            let Some(name) = name else { break };
            dropped = dropped.saturating_add(self.drop_name(files, &name)?);
        }
        Ok(dropped)
    }

    /// Removes the files of a name that nothing wants: a list, whose chunks are doubted then, or a
    /// blob, with the lists that it is a chunk of and that pay for too little of it. Returns how
    /// many files went.
    fn drop_name(&self, files: &mut Files, name: &Digest) -> io::Result<usize> {
        if files.used.contains_key(name) {
            return self.drop_input(files, name);
        }
        let Some(bytes) = files.blobs.get(name).copied() else { return Ok(0) };
        if self.wants(name, Named::Blob, bytes)? {
            return Ok(0);
        }
        if let Some(input) = files.inputs_of.get(name).and_then(BTreeSet::first).copied() {
            let dropped = self.drop_input(files, &input)?;
            if dropped > 0 {
                // It may be another list's, too.
                self.doubt(*name)?;
            }
            return Ok(dropped);
        }
        self.remove(name, &place(&self.blobs, name))?;
        files.blobs.remove(name);
        Ok(1)
    }

    /// Removes a list that nothing wants; its chunks are doubted then.
    fn drop_input(&self, files: &mut Files, root: &Digest) -> io::Result<usize> {
        let bytes = files.used.get(root).copied().unwrap_or(0);
        if self.wants(root, files.named(root), bytes)? {
            return Ok(0);
        }
        self.remove(root, &place(&self.inputs, root))?;
        for chunk in files.forget_input(root) {
            self.doubt(chunk)?;
        }
        Ok(1)
    }

    fn wants(&self, name: &Digest, named: Named, bytes: u64) -> io::Result<bool> {
        Ok(self.wanted.lock().map_err(|_| poisoned())?.has(name, named, bytes))
    }

    /// Has what a name may hold looked at again.
    fn doubt(&self, name: Digest) -> io::Result<()> {
        self.wanted.lock().map_err(|_| poisoned())?.doubt(name);
        Ok(())
    }

    /// Removes a file; if the disk says no, its name is doubted again.
    fn remove(&self, name: &Digest, path: &Path) -> io::Result<()> {
        let removed = fs::metadata(path).and_then(|there| {
            fs::remove_file(path)?;
            let left = self.bytes().saturating_sub(room(there.bytes));
            self.bytes.store(left, Ordering::Relaxed);
            Ok(())
        });
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                self.wanted.lock().map_err(|_| poisoned())?.doubt(*name);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Files {
    /// What an input takes; a chunk that is not here yet takes a block, so that no list costs more
    /// memory than it pays for.
    fn input_bytes(&self, chunks: &[Digest]) -> u64 {
        self.list_bytes(chunks.len().saturating_mul(32), chunks)
    }

    fn list_bytes(&self, list: usize, chunks: &[Digest]) -> u64 {
        let list = room(wide(list));
        let chunks: BTreeSet<&Digest> = chunks.iter().collect();
        let sizes = chunks.into_iter().map(|chunk| self.blobs.get(chunk).copied().unwrap_or(BLOCK));
        sizes.fold(list, u64::saturating_add)
    }

    fn add_blob(&mut self, digest: Digest, size: u64) {
        if self.blobs.insert(digest, size).is_some() {
            return;
        }
        for input in self.inputs_of.get(&digest).into_iter().flatten() {
            let used = self.used.entry(*input).or_default();
            *used = used.saturating_add(size.saturating_sub(BLOCK));
        }
    }

    fn add_input(&mut self, root: Digest, chunks: &[Digest]) {
        self.add_list(root, chunks, (Named::Input, chunks.len().saturating_mul(32)));
    }

    fn add_list(&mut self, root: Digest, chunks: &[Digest], (named, bytes): (Named, usize)) {
        for chunk in chunks {
            self.inputs_of.entry(*chunk).or_default().insert(root);
        }
        self.used.insert(root, self.list_bytes(bytes, chunks));
        self.inputs.insert(root, (named, chunks.to_vec()));
    }

    /// What a list lists.
    fn named(&self, root: &Digest) -> Named {
        self.inputs.get(root).map_or(Named::Input, |(named, _)| *named)
    }

    /// Returns the chunks that are no other input's.
    fn forget_input(&mut self, root: &Digest) -> Vec<Digest> {
        self.used.remove(root);
        let (_, chunks) = self.inputs.remove(root).unwrap_or((Named::Input, Vec::new()));
        let chunks: BTreeSet<Digest> = chunks.into_iter().collect();
        let mut orphans = Vec::new();
        for chunk in chunks {
            let inputs = self.inputs_of.entry(chunk).or_default();
            inputs.remove(root);
            if inputs.is_empty() {
                self.inputs_of.remove(&chunk);
                orphans.push(chunk);
            }
        }
        orphans
    }
}

fn poisoned() -> io::Error {
    io::Error::other("a writer panicked")
}

/// The chunks that a file lists; none if it does not list those of `root`.
fn chunks_in(root: &Digest, bytes: &[u8]) -> Option<Vec<Digest>> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let chunks: Vec<Digest> = chunks.iter().copied().map(Digest).collect();
    (rest.is_empty() && roots_of(&chunks).contains(root)).then_some(chunks)
}

/// The list of an output that a file holds, with its chunks; none if it is not that of `root`.
fn list_in(root: &Digest, bytes: &[u8]) -> Option<(List, Vec<Digest>)> {
    let (list, rest) = postcard::take_from_bytes::<List>(bytes).ok()?;
    let (named, names) = named_by(&list)?;
    (rest.is_empty() && named == *root).then_some((list, names))
}

/// The root that a list of an output has, and its chunks; none if its parts do not fit each other.
fn named_by(list: &List) -> Option<(Digest, Vec<Digest>)> {
    list.is_whole().then(|| (Digest(list.root().0), names_in(list)))
}

fn names_in(list: &List) -> Vec<Digest> {
    list.names().into_iter().map(|name| Digest(name.0)).collect()
}

/// Of two reasons not to take bytes, the one that says more: of the first name, unless another is
/// paid for and too little.
fn worse(before: Option<BlobError>, now: BlobError) -> BlobError {
    match before {
        Some(before) if !matches!(now, BlobError::KeepTooSmall { .. }) => before,
        _ => now,
    }
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// What a file takes on the disk: whole blocks, at least one, which its inode is counted as.
fn room(bytes: u64) -> u64 {
    bytes.max(1).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
}

/// Whoever gave a file its name may have been stopped before the name was on the disk.
fn keep_name(path: &Path) -> io::Result<()> {
    let shelf = path.parent().expect("a place is inside a folder");
    earnest_durable::make_folder(shelf)?;
    fs::sync_folder(shelf)
}

/// Where the bytes of a name are.
fn place(folder: &Path, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    let name = name.strip_prefix("0x").expect("digests are written with 0x");
    let (shelf, _) = name.split_at(2);
    folder.join(shelf).join(name)
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the folder, removes what was being written, makes sure of the names of the rest, and shows
/// each with the room that it takes.
fn sweep(folder: &Path, mut show: impl FnMut(Digest, u64, &Path)) -> io::Result<()> {
    earnest_durable::make_folder(folder)?;
    for shelf in fs::list(folder)? {
        if !fs::is_dir(&shelf) {
            continue;
        }
        earnest_durable::sweep(&shelf)?;
        for file in fs::list(&shelf)? {
            let name = file.file_name().and_then(|name| name.to_str());
            let name = name.and_then(|name| Digest::from_hex(&format!("0x{name}")));
            // What is not ours is left alone.
            if let Some(name) = name {
                show(name, room(fs::metadata(&file)?.bytes), &file);
            }
        }
        fs::sync_folder(&shelf)?;
    }
    fs::sync_folder(folder)
}

#[cfg(test)]
mod tests;
