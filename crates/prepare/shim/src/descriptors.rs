//! Descriptors: three streams, the folder `/`, and what the program opens.

use crate::blocks;
use crate::errno::{Answer, Errno};
use crate::host;
use crate::paths::{self, Found};
use crate::records::{Descriptor, Path, kind};
use crate::state::State;

/// The descriptor of `/`.
pub const PREOPENED: u32 = 3;

const CREATE: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCLUSIVE: u32 = 4;
const TRUNCATE: u32 = 8;
const RIGHT_TO_WRITE: u64 = 1 << 6;
/// Every write goes to the end.
pub const APPEND: u32 = 1;

/// An open descriptor.
pub fn descriptor(state: &mut State, number: u32) -> Answer<&mut Descriptor> {
    match state.descriptors.get_mut(number as usize) {
        Some(found) if found.kind != kind::CLOSED => Ok(found),
        _ => Err(Errno::BADF),
    }
}

/// The path of a folder that is open.
pub fn folder(state: &mut State, number: u32) -> Answer<&Path> {
    let found = descriptor(state, number)?;
    if found.kind != kind::FOLDER {
        return Err(Errno::NOTDIR);
    }
    Ok(&found.path)
}

/// The path that the program means, from the folder of a descriptor.
pub fn resolve(state: &mut State, descriptor: u32, at: u32, length: u32) -> Answer<Path> {
    let mut path = Path::root();
    path.set(folder(state, descriptor)?);
    if length == 0 {
        return Err(Errno::NOENT);
    }
    let mut start = 0;
    while start < length {
        let mut end = start;
        while end < length && host::load8(at.wrapping_add(end)) != b'/' {
            end += 1;
        }
        part(&mut path, at.wrapping_add(start), end - start)?;
        start = end + 1;
    }
    Ok(path)
}

fn part(path: &mut Path, at: u32, length: u32) -> Answer<()> {
    let byte = |index: u32| host::load8(at.wrapping_add(index));
    if length == 0 || (length == 1 && byte(0) == b'.') {
        return Ok(());
    }
    if length == 2 && byte(0) == b'.' && byte(1) == b'.' {
        if path.bytes().is_empty() {
            return Err(Errno::NOTCAPABLE);
        }
        path.cut(path.last_part().saturating_sub(1));
        return Ok(());
    }
    if !path.bytes().is_empty() {
        path.push(b'/')?;
    }
    for index in 0..length {
        path.push(byte(index))?;
    }
    Ok(())
}

/// What is asked of `path_open`.
pub struct Wish {
    pub how: u32,
    pub rights: u64,
    pub flags: u32,
}

/// Opens what lies at a path, or makes a file there.
pub fn open(state: &mut State, path: &Path, wish: &Wish) -> Answer<u32> {
    let asked = |flag: u32| wish.how & flag != 0;
    let changes = wish.rights & RIGHT_TO_WRITE != 0 || asked(TRUNCATE);
    let (kind, index) = match paths::find(state, path) {
        Found::Nothing if asked(CREATE) && !asked(DIRECTORY) => {
            paths::folder_exists(state, path)?;
            free(state)?;
            (kind::MEMORY_FILE, blocks::make(state, blocks::FILE, path)?)
        }
        Found::Nothing => return Err(Errno::NOENT),
        _ if asked(CREATE) && asked(EXCLUSIVE) => return Err(Errno::EXIST),
        Found::Folder | Found::MemoryFolder(_) if asked(TRUNCATE) => return Err(Errno::ISDIR),
        Found::Folder | Found::MemoryFolder(_) => (kind::FOLDER, 0),
        _ if asked(DIRECTORY) => return Err(Errno::NOTDIR),
        Found::InputFile(_) if changes => return Err(Errno::ROFS),
        Found::InputFile(index) => (kind::INPUT_FILE, index),
        Found::MemoryFile(index) => (kind::MEMORY_FILE, index),
    };
    let number = free(state)?;
    if kind == kind::MEMORY_FILE {
        if asked(TRUNCATE) {
            blocks::resize(state, index, 0)?;
        }
        blocks::node(state, index).open += 1;
    }
    let Some(opened) = state.descriptors.get_mut(number as usize) else { host::trap() };
    opened.kind = kind;
    opened.index = index;
    opened.flags = wish.flags;
    opened.position = 0;
    opened.path.cut(0);
    if kind == kind::FOLDER {
        opened.path.set(path);
    }
    Ok(number)
}

/// The lowest number that is free.
fn free(state: &State) -> Answer<u32> {
    let found = state.descriptors.iter().position(|found| found.kind == kind::CLOSED);
    found.map(|found| found as u32).ok_or(Errno::MFILE)
}

pub fn close(state: &mut State, number: u32) -> Answer<()> {
    let found = descriptor(state, number)?;
    let (kind, index) = (found.kind, found.index);
    found.kind = kind::CLOSED;
    if kind == kind::MEMORY_FILE {
        blocks::closed(state, index);
    }
    Ok(())
}

/// Gives a descriptor another number, which is closed before.
pub fn renumber(state: &mut State, from: u32, to: u32) -> Answer<()> {
    descriptor(state, from)?;
    descriptor(state, to)?;
    if from == to {
        return Ok(());
    }
    close(state, to)?;
    let moved = descriptor(state, from)?;
    let (kind, index, flags, position) = (moved.kind, moved.index, moved.flags, moved.position);
    moved.kind = kind::CLOSED;
    let mut path = Path::root();
    path.set(&moved.path);
    let Some(opened) = state.descriptors.get_mut(to as usize) else { host::trap() };
    opened.kind = kind;
    opened.index = index;
    opened.flags = flags;
    opened.position = position;
    opened.path.set(&path);
    Ok(())
}
