//! What the program is told about files and descriptors.

use crate::blocks;
use crate::descriptors::descriptor;
use crate::errno::Answer;
use crate::host;
use crate::paths::{self, Found};
use crate::records::{Path, kind};
use crate::state::State;

const UNKNOWN: u8 = 0;
const DIRECTORY: u8 = 3;
const REGULAR_FILE: u8 = 4;
const STAT_BYTES: u32 = 64;
const DESCRIPTOR_STAT_BYTES: u32 = 24;
/// All rights there are.
const RIGHTS: u64 = (1 << 30) - 1;

/// The kind of file, as preview 1 numbers them. Streams are unknown: no terminal, no file.
pub fn file_type(kind: u32) -> u8 {
    match kind {
        kind::FOLDER => DIRECTORY,
        kind::INPUT_FILE | kind::MEMORY_FILE => REGULAR_FILE,
        _ => UNKNOWN,
    }
}

/// A number that no other file has: streams first, files, then folders by a hash of their path.
pub fn identity(kind: u32, index: u32, path: &[u8]) -> u64 {
    match kind {
        kind::INPUT_FILE => 1 << 32 | u64::from(index),
        kind::MEMORY_FILE => 2 << 32 | u64::from(index),
        kind::FOLDER => {
            let mut hash = 0xcbf2_9ce4_8422_2325u64;
            for byte in path {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
            }
            hash | 1 << 63
        }
        kind => kind.into(),
    }
}

/// The kind and index that a descriptor on it would have.
pub fn opened(found: Found) -> Option<(u32, u32)> {
    match found {
        Found::Nothing => None,
        Found::Folder | Found::MemoryFolder(_) => Some((kind::FOLDER, 0)),
        Found::InputFile(index) => Some((kind::INPUT_FILE, index)),
        Found::MemoryFile(index) => Some((kind::MEMORY_FILE, index)),
    }
}

pub fn of_descriptor(state: &mut State, number: u32, to: u32) -> Answer<()> {
    let found = descriptor(state, number)?;
    let (kind, index) = (found.kind, found.index);
    let identity = identity(kind, index, found.path.bytes());
    tell(state, kind, index, identity, to);
    Ok(())
}

pub fn of_path(state: &mut State, path: &Path, to: u32) -> Answer<()> {
    let found = paths::find(state, path);
    let (kind, index) = opened(found).ok_or(crate::errno::Errno::NOENT)?;
    tell(state, kind, index, identity(kind, index, path.bytes()), to);
    Ok(())
}

fn tell(state: &mut State, kind: u32, index: u32, identity: u64, to: u32) {
    let size = match kind {
        kind::INPUT_FILE => paths::file_content(state, index).1,
        kind::MEMORY_FILE => blocks::node(state, index).size,
        _ => 0,
    };
    host::clear(to, STAT_BYTES);
    host::store64(to, 1);
    host::store64(to.wrapping_add(8), identity);
    host::store8(to.wrapping_add(16), file_type(kind));
    host::store64(to.wrapping_add(24), 1);
    host::store64(to.wrapping_add(32), size);
}

pub fn of_flags(state: &mut State, number: u32, to: u32) -> Answer<()> {
    let found = descriptor(state, number)?;
    let (kind, flags) = (found.kind, found.flags);
    host::clear(to, DESCRIPTOR_STAT_BYTES);
    host::store8(to, file_type(kind));
    host::store16(to.wrapping_add(2), flags as u16);
    host::store64(to.wrapping_add(8), RIGHTS);
    host::store64(to.wrapping_add(16), RIGHTS);
    Ok(())
}
