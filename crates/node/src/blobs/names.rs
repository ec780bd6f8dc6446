//! Names: what bytes may be called, and lists of chunks.
//!
//! ```text
//! bytes            their blake3                            programs, chunks, states
//!                  the root of their 64 pages, cut behind  chunks of a published program's input
//!                    the last byte that is not zero
//!                  the root of what was put out            outputs of published programs, and the
//!                                                            last chunk of a large one
//!                  the node over their 64 leaves           the other chunks of a large output
//! list of chunks   the root over their hashes, or over the tree of pages below which they hang
//! list of output   the root of what was put out
//! ```
//! Law: a name is a function of the bytes, and no two bytes have one name.
//! Not here: which names are wanted (`wanted`).

use std::borrow::Cow;

use earnest_compute::{
    self as compute,
    paged::{chunks, outputs, stream},
};
use earnest_protocol::Digest;

/// Everything that bytes may be called, with the bytes to keep under it.
pub(super) fn names_of(bytes: &[u8]) -> Vec<(Digest, Cow<'_, [u8]>)> {
    let plain = (Digest(*blake3::hash(bytes).as_bytes()), Cow::Borrowed(bytes));
    let chunk =
        chunks::chunk_root(bytes).map(|root| (Digest(root.0), chunks::trimmed(bytes).into()));
    let output = (Digest(stream::output_root(bytes).0), Cow::Borrowed(bytes));
    let part = part_of(bytes).map(|name| (name, Cow::Borrowed(bytes)));
    [Some(plain), chunk, Some(output), part].into_iter().flatten().collect()
}

/// What a full chunk of an output is called; any other has the name of an output.
fn part_of(bytes: &[u8]) -> Option<Digest> {
    let full = Some(bytes).filter(|bytes| bytes.len() == outputs::CHUNK_BYTES)?;
    outputs::name_of(full).map(|name| Digest(name.0))
}

/// True if `bytes` may be called `name`.
pub(super) fn is_named(bytes: &[u8], name: &Digest) -> bool {
    *blake3::hash(bytes).as_bytes() == name.0
        || chunks::chunk_root(bytes).is_some_and(|root| root.0 == name.0)
        || stream::output_root(bytes).0 == name.0
        || part_of(bytes).is_some_and(|part| part == *name)
}

/// Everything that a list of chunks may be called.
pub(super) fn roots_of(chunks: &[Digest]) -> Vec<Digest> {
    let chunks: Vec<compute::Digest> = chunks.iter().map(|d| compute::Digest(d.0)).collect();
    let roots = [compute::Input::root_of(&chunks), chunks::input_root(&chunks)];
    roots.into_iter().flatten().map(|root| Digest(root.0)).collect()
}
