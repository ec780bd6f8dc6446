//! Messages between a parent and a child that runs a prepared program: frames of `runner`, and
//! strings of bytes cut into as many as they need.
//!
//! Law: every length is bounded before anything is allocated.
//! Not here: what is said (`job`, `whole`).

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::runner::{FRAME_BYTES_MAX, read_frame, write_frame};

/// Most bytes of a piece.
pub(super) const PIECE_BYTES: usize = FRAME_BYTES_MAX / 2;

pub(super) fn invalid(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

pub(super) fn write_message<T: Serialize>(writer: &mut impl Write, message: &T) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(|_| invalid("unencodable message"))?;
    write_frame(writer, &bytes)
}

/// Reads a message; `None` at a clean end of the stream.
pub(super) fn read_message<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<Option<T>> {
    let Some(bytes) = read_frame(reader)? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| invalid("not such a message"))
}

pub(super) fn write_pieces(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    bytes.chunks(PIECE_BYTES).try_for_each(|piece| write_frame(writer, piece))
}

/// Reads pieces until they are so many bytes; each that comes is not empty.
pub(super) fn read_pieces(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| invalid("too long for this machine"))?;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let piece = read_frame(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if piece.is_empty() || length - bytes.len() < piece.len() {
            return Err(invalid("the pieces are not what was said"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
