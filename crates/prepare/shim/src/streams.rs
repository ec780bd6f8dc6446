//! Reading and writing: streams, files of the input, files in memory.

use crate::blocks;
use crate::descriptors::{APPEND, descriptor};
use crate::errno::{Answer, Errno};
use crate::host::{self, Place};
use crate::layout::STANDARD_INPUT_BYTES_AT;
use crate::paths;
use crate::records::kind;
use crate::region::{ERRORS_AT, ERRORS_BYTES};
use crate::state::State;

/// Where a read or a write takes place.
#[derive(Clone, Copy)]
pub enum At {
    /// Where the last one ended.
    Position,
    /// At a given byte; what comes next is not changed by it.
    Byte(u64),
}

/// A list of pieces of the program's memory.
#[derive(Clone, Copy)]
pub struct Pieces {
    pub at: u32,
    pub count: u32,
}

impl Pieces {
    fn piece(self, index: u32) -> (u32, u32) {
        let at = self.at.wrapping_add(index.wrapping_mul(8));
        (Place(host::load32(at)).inside(), host::load32(at.wrapping_add(4)))
    }
}

/// Reads into each piece in turn, up to the first that is not filled.
pub fn read(state: &mut State, number: u32, pieces: Pieces, at: At) -> Answer<u32> {
    let found = descriptor(state, number)?;
    let (kind, file, own) = (found.kind, found.index, found.position);
    let mut position = start(kind, at, own)?;
    let mut total = 0u32;
    for index in 0..pieces.count {
        let (to, length) = pieces.piece(index);
        let read = match kind {
            kind::STANDARD_INPUT => read_standard_input(state, to, length),
            kind::INPUT_FILE => read_input_file(state, file, position, to, length),
            kind::MEMORY_FILE => blocks::read(state, file, position, to, length),
            kind::FOLDER => return Err(Errno::ISDIR),
            _ => return Err(Errno::BADF),
        };
        position += u64::from(read);
        total = total.wrapping_add(read);
        if read < length {
            break;
        }
    }
    keep(state, number, at, position)?;
    Ok(total)
}

/// Writes each piece in turn.
pub fn write(state: &mut State, number: u32, pieces: Pieces, at: At) -> Answer<u32> {
    let found = descriptor(state, number)?;
    let (kind, file, own, flags) = (found.kind, found.index, found.position, found.flags);
    let mut position = start(kind, at, own)?;
    if kind == kind::MEMORY_FILE && flags & APPEND != 0 && matches!(at, At::Position) {
        position = blocks::node(state, file).size;
    }
    let mut total = 0u32;
    for index in 0..pieces.count {
        let (from, length) = pieces.piece(index);
        match kind {
            kind::STANDARD_OUTPUT => host::write_output(from, length),
            kind::STANDARD_ERROR => write_errors(state, from, length),
            kind::MEMORY_FILE => blocks::write(state, file, position, from, length)?,
            kind::INPUT_FILE => return Err(Errno::ROFS),
            kind::FOLDER => return Err(Errno::ISDIR),
            _ => return Err(Errno::BADF),
        }
        position += u64::from(length);
        total = total.wrapping_add(length);
    }
    keep(state, number, at, position)?;
    Ok(total)
}

fn is_file(kind: u32) -> bool {
    kind == kind::INPUT_FILE || kind == kind::MEMORY_FILE
}

fn start(kind: u32, at: At, own: u64) -> Answer<u64> {
    match at {
        At::Position => Ok(own),
        At::Byte(_) if !is_file(kind) => Err(Errno::SPIPE),
        At::Byte(byte) => Ok(byte),
    }
}

fn keep(state: &mut State, number: u32, at: At, position: u64) -> Answer<()> {
    if matches!(at, At::Position) {
        descriptor(state, number)?.position = position;
    }
    Ok(())
}

fn read_standard_input(state: &mut State, to: u32, length: u32) -> u32 {
    let rest = state.header_long(STANDARD_INPUT_BYTES_AT).saturating_sub(state.input_read);
    let length = rest.min(length.into()) as u32;
    let from = paths::standard_input_start(state) + state.input_read;
    let read = host::read_input(from, to, length);
    state.input_read += u64::from(read);
    read
}

fn read_input_file(state: &State, file: u32, position: u64, to: u32, length: u32) -> u32 {
    let (from, size) = paths::file_content(state, file);
    let length = size.saturating_sub(position).min(length.into()) as u32;
    host::read_input(from.wrapping_add(position), to, length)
}

/// Keeps the last bytes in the ring, for whoever looks into the memory after the run.
fn write_errors(state: &mut State, from: u32, length: u32) {
    let ring = ERRORS_BYTES as u32;
    let mut done = 0;
    while done < length {
        let within = (state.errors_written % u64::from(ring)) as u32;
        let piece = (length - done).min(ring - within);
        host::copy(from.wrapping_add(done), ERRORS_AT as u32 + within, piece);
        state.errors_written += u64::from(piece);
        done += piece;
    }
}

/// Moves the position; returns it.
pub fn seek(state: &mut State, number: u32, by: i64, whence: u32) -> Answer<u64> {
    let found = descriptor(state, number)?;
    let (kind, index, position) = (found.kind, found.index, found.position);
    if !is_file(kind) {
        return Err(Errno::SPIPE);
    }
    let from = match whence {
        0 => 0,
        1 => position,
        2 => size(state, kind, index),
        _ => return Err(Errno::INVAL),
    };
    let position = from.checked_add_signed(by).ok_or(Errno::INVAL)?;
    if i64::MAX as u64 <= position {
        return Err(Errno::INVAL);
    }
    descriptor(state, number)?.position = position;
    Ok(position)
}

/// Bytes of what a descriptor is open on.
pub fn size(state: &mut State, kind: u32, index: u32) -> u64 {
    match kind {
        kind::INPUT_FILE => paths::file_content(state, index).1,
        kind::MEMORY_FILE => blocks::node(state, index).size,
        _ => 0,
    }
}
