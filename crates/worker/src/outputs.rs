//! Outputs: what a program put out, kept by who has to show it, stored and read in parts.
//!
//! Key terms: an output is one *piece*, or a list with *chunks* of 256 KiB; which of them follows
//! from the bound in its task (`ProgramForm::output_chunks`), not from its length.
//! Laws: bytes from a node are checked before anybody sees them; no more than a piece of an output
//! is in memory, but while the program runs.
//! Not here: who asks for it on the ledger (`requester`), who answers (`provider`).

use std::{collections::BTreeSet, fs::File, io, os::unix::fs::FileExt, path::Path};

use earnest_api::{Client, ClientError, OutputChunks};
use earnest_compute::{
    Digest as WorkDigest,
    paged::{
        outputs::{CHUNK_BYTES, List, name_of},
        stream::{OUTPUT_BYTES_MAX, output_root},
    },
};
use earnest_durable::Kind;
use earnest_protocol::{
    Digest,
    command::{ProgramForm, Task},
};

use crate::chain::ChainError;

/// Chunks that are stored in one pass of a daemon, at most: others wait for it.
const STORED_AT_ONCE: usize = 32;
/// Bytes of a list beside the names of its full chunks, at most: a leaf's tail, and six trees.
const LIST_BYTES_BESIDES: usize = 4_096 + 6 * 32 + 64;

/// Bytes of the files that an output of so many bytes is kept as, with its list.
pub(crate) fn files_of(form: ProgramForm, bytes: usize) -> Vec<usize> {
    if form.output_chunks() == 0 {
        return vec![bytes];
    }
    let list = (bytes / CHUNK_BYTES).saturating_mul(32).saturating_add(LIST_BYTES_BESIDES);
    let rest = Some(bytes % CHUNK_BYTES).filter(|rest| *rest > 0);
    let full = std::iter::repeat_n(CHUNK_BYTES, bytes / CHUNK_BYTES);
    full.chain(rest).chain([list]).collect()
}

/// What a program put out, until nobody can ask for it any more.
#[derive(Debug)]
pub(crate) enum Kept {
    /// One piece.
    Piece(Vec<u8>),
    /// In a file, once: with what else is kept of its job, and gone with that.
    Chunks {
        /// Its chunks.
        list: List,
        /// Its bytes.
        file: File,
    },
}

impl Kept {
    /// Keeps an output that has chunks in a file at `path`; it is on the disk when this returns.
    pub(crate) fn write(bytes: &[u8], path: &Path) -> io::Result<Kept> {
        earnest_durable::write(path, Kind::Replacement, |file| file.write_all(bytes))?;
        Ok(Kept::Chunks { list: List::of(bytes), file: File::open(path)? })
    }

    /// The output of this root that was kept at `path`; none if that is not what lies there.
    pub(crate) fn open(path: &Path, root: &WorkDigest) -> io::Result<Option<Kept>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut list, mut left) = (List::default(), file.metadata()?.len());
        if OUTPUT_BYTES_MAX < left {
            return Ok(None);
        }
        let (mut chunk, mut start) = (Vec::new(), 0u64);
        while left > 0 {
            let size = left.min(CHUNK_BYTES as u64);
            chunk.resize(usize::try_from(size).expect("at most a chunk"), 0);
            file.read_exact_at(&mut chunk, start)?;
            list.push(&chunk);
            (left, start) = (left.saturating_sub(size), start.saturating_add(size));
        }
        Ok((list.root() == *root).then_some(Kept::Chunks { list, file }))
    }

    /// All bytes of one piece.
    pub(crate) fn piece(&self) -> Option<&[u8]> {
        match self {
            Kept::Piece(bytes) => Some(bytes),
            Kept::Chunks { .. } => None,
        }
    }

    /// The answer to a request for chunk `index` on the ledger, which may be that there is none.
    pub(crate) fn shown(&self, index: u32) -> io::Result<Option<Vec<u8>>> {
        let Kept::Chunks { list, file } = self else { return Ok(None) };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let shown = list.show(index, chunk_in(file, list, index)?);
        Ok(postcard::to_allocvec(&shown).ok())
    }

    /// Stores it at the node, chunks a few at a time; true once all is there.
    pub(crate) fn store(&self, client: &Client) -> Result<bool, ChainError> {
        match self {
            Kept::Piece(bytes) if bytes.is_empty() => Ok(true),
            Kept::Piece(bytes) => {
                client.put_blob(bytes)?;
                Ok(true)
            }
            Kept::Chunks { list, .. } if list.length() == 0 => Ok(true),
            Kept::Chunks { list, file } => {
                let missing = client.put_output(&written(list))?.missing;
                let missing: BTreeSet<Digest> = missing.into_iter().collect();
                let names = (0..).zip(list.names());
                let absent = names.filter(|(_, name)| missing.contains(&Digest(name.0)));
                for (index, _) in absent.take(STORED_AT_ONCE) {
                    let chunk = chunk_in(file, list, index).map_err(ChainError::File)?;
                    client.put_blob(&chunk)?;
                }
                Ok(missing.len() <= STORED_AT_ONCE)
            }
        }
    }
}

/// The list of an output as far as it was answered on the ledger.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) list: List,
    /// Bytes of the whole output, once any answer is known.
    pub(crate) length: Option<u64>,
    /// The node does not take it.
    pub(crate) is_given_up: bool,
}

impl Answered {
    /// Chunks that it has; as long as nobody knows, as many as its form allows.
    pub(crate) fn count(&self, form: ProgramForm) -> u32 {
        let most = form.output_chunks();
        let count = self.length.map(|length| length.div_ceil(CHUNK_BYTES as u64));
        count.map_or(most, |count| u32::try_from(count).unwrap_or(most).min(most))
    }

    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.list.full.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.length == Some(self.list.length())
    }
}

fn chunk_in(file: &File, list: &List, index: usize) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; list.bytes_of(index)];
    let start = (index as u64).saturating_mul(CHUNK_BYTES as u64);
    if !chunk.is_empty() {
        file.read_exact_at(&mut chunk, start)?;
    }
    Ok(chunk)
}

/// A list as a node reads it.
pub(crate) fn written(list: &List) -> OutputChunks {
    let here = |digests: &[WorkDigest]| digests.iter().map(|d| Digest(d.0)).collect();
    let rest_bytes = u32::try_from(list.rest.length()).unwrap_or(u32::MAX);
    OutputChunks::new(here(&list.full), rest_bytes, here(list.rest.peaks()), list.rest.tail())
}

/// The list of an output, checked; none if the node has none.
pub(crate) fn list_at(
    client: &Client,
    task: &Task,
    root: &Digest,
) -> Result<Option<List>, ChainError> {
    let chunks = match client.output(root) {
        Ok(chunks) => chunks,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let forged = || ChainError::Forged { digest: *root };
    let there = |digests: &[Digest]| digests.iter().map(|d| WorkDigest(d.0)).collect();
    let tail = chunks.tail().ok_or_else(forged)?;
    let OutputChunks { full, rest_bytes, rest_trees, .. } = chunks;
    let list = List::of_parts(there(&full), u64::from(rest_bytes), there(&rest_trees), tail);
    let room = u64::from(task.form.output_chunks()).saturating_mul(CHUNK_BYTES as u64);
    let is_it = |list: &List| list.root().0 == root.0 && list.length() <= room;
    list.filter(is_it).map(Some).ok_or_else(forged)
}

/// Reads the output of a job of this task, part by part, each checked before `take` gets it;
/// returns how many bytes it has.
///
/// # Errors
/// If something is not there, or not what its name says, or `take` fails.
pub fn read_output(
    client: &Client,
    task: &Task,
    output: &Digest,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, ChainError> {
    // Nobody stores nothing.
    if name(task, &[]) == *output {
        return Ok(0);
    }
    let forged = |digest: &Digest| ChainError::Forged { digest: *digest };
    if task.form.output_chunks() == 0 {
        let bytes = client.blob(output)?;
        if name(task, &bytes) != *output {
            return Err(forged(output));
        }
        take(&bytes).map_err(ChainError::File)?;
        return Ok(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
    let list = list_at(client, task, output)?;
    let list = list.ok_or(ChainError::OutputMissing { root: *output })?;
    for named in list.names() {
        let digest = Digest(named.0);
        let chunk = client.blob(&digest)?;
        if name_of(&chunk) != Some(named) {
            return Err(forged(&digest));
        }
        take(&chunk).map_err(ChainError::File)?;
    }
    Ok(list.length())
}

/// What an output of one piece is called.
fn name(task: &Task, bytes: &[u8]) -> Digest {
    match task.form {
        ProgramForm::Stepwise => Digest(*blake3::hash(bytes).as_bytes()),
        ProgramForm::Paged(_) => Digest(output_root(bytes).0),
    }
}

/// How many parts of an output the node says that it lacks; nothing is read.
pub(crate) fn missing(client: &Client, task: &Task, output: &Digest) -> Result<usize, ClientError> {
    if name(task, &[]) == *output {
        return Ok(0);
    }
    let kept = client.keep(output, 0)?;
    // Without its list, or the piece itself, there is nothing.
    Ok(if kept.is_stored { 0 } else { kept.missing.len().max(1) })
}

#[cfg(test)]
mod tests {
    use earnest_compute::paged::outputs::Shown;

    use super::*;

    #[test]
    fn a_large_output_lies_in_one_file_and_is_shown_chunk_by_chunk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let bytes: Vec<u8> = (0..=250u8).cycle().take(5 * CHUNK_BYTES + 9).collect();
        let kept = Kept::write(&bytes, &path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(kept.piece(), None);
        let (root, mut whole) = (output_root(&bytes), Vec::new());
        for index in 0..7u32 {
            let shown = kept.shown(index).unwrap().expect("or that there is none");
            let (shown, rest) = postcard::take_from_bytes::<Shown>(&shown).unwrap();
            assert!(rest.is_empty() && shown.is_of(&root, u64::from(index)), "{index}");
            whole.extend(shown.bytes);
        }
        assert_eq!(whole, bytes);
        let small = Kept::Piece(bytes);
        assert!(small.piece().is_some() && small.shown(0).unwrap().is_none());
    }

    #[test]
    fn what_was_kept_is_found_again_unless_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let root_of = |bytes: &[u8]| output_root(bytes);
        assert!(Kept::open(&path, &root_of(b"")).unwrap().is_none());
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 4_097] {
            let bytes = vec![7; length];
            let Kept::Chunks { list: written, .. } = Kept::write(&bytes, &path).unwrap() else {
                panic!("chunks");
            };
            match Kept::open(&path, &root_of(&bytes)).unwrap() {
                Some(Kept::Chunks { list, .. }) => assert_eq!(list, written),
                other => panic!("{length}: {other:?}"),
            }
            let longer = [&bytes[..], &[7]].concat();
            assert!(Kept::open(&path, &root_of(&longer)).unwrap().is_none(), "{length}");
            std::fs::write(&path, &longer).unwrap();
            assert!(Kept::open(&path, &root_of(&bytes)).unwrap().is_none(), "{length}");
        }
        let long = File::create(&path).unwrap();
        long.set_len(OUTPUT_BYTES_MAX + 1).unwrap();
        assert!(Kept::open(&path, &root_of(b"")).unwrap().is_none(), "it is not even read");
    }

    #[test]
    fn what_is_paid_for_has_room_for_the_list_of_the_output() {
        let form = ProgramForm::Paged(65_536);
        for bytes in [0, 1, CHUNK_BYTES, 9 * CHUNK_BYTES + 4_095, 256 * CHUNK_BYTES] {
            let list = List::of(&vec![1; bytes]);
            let mut files = files_of(form, bytes);
            let most = files.pop().unwrap();
            assert!(postcard::to_allocvec(&list).unwrap().len() <= most, "{bytes}");
            let sizes = (0..).map(|index| list.bytes_of(index)).take_while(|size| *size > 0);
            assert!(sizes.eq(files), "{bytes}");
        }
        assert_eq!(files_of(ProgramForm::Stepwise, 7), [7]);
    }
}
