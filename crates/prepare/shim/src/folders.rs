//! Folders: listing, making, taking away, renaming. What the input holds cannot be changed.

use crate::blocks::{self, FILE, FOLDER, FREE};
use crate::descriptors;
use crate::errno::{Answer, Errno};
use crate::host;
use crate::paths::{self, Found};
use crate::records::{Path, kind};
use crate::stat;
use crate::state::{NODE_COUNT, State};

const ENTRY_BYTES: u32 = 24;

/// Where a listing is written to, as long as there is room.
struct Page {
    at: u32,
    length: u32,
    used: u32,
}

/// One entry of a listing, and the cookie of the one behind it.
struct Entry<'a> {
    name: &'a [u8],
    kind: u32,
    identity: u64,
    next: u64,
}

impl Page {
    fn is_full(&self) -> bool {
        self.used == self.length
    }

    /// Writes an entry; what does not fit is cut off, which the program takes for a full page.
    fn put(&mut self, entry: &Entry<'_>) {
        let mut head = [0u8; ENTRY_BYTES as usize];
        let at = head.as_mut_ptr() as u32;
        host::store64(at, entry.next);
        host::store64(at + 8, entry.identity);
        host::store32(at + 16, entry.name.len() as u32);
        host::store8(at + 20, stat::file_type(entry.kind));
        self.append(at, ENTRY_BYTES);
        self.append(entry.name.as_ptr() as u32, entry.name.len() as u32);
    }

    fn append(&mut self, from: u32, length: u32) {
        let piece = length.min(self.length - self.used);
        host::copy(from, self.at.wrapping_add(self.used), piece);
        self.used += piece;
    }
}

/// Lists a folder from a cookie on: `.`, `..`, the input's entries, then those made. A cookie
/// counts 0 and 1 for the first two, then the input's files, then the nodes. Returns the bytes
/// used.
pub fn list(state: &mut State, number: u32, at: u32, length: u32, cookie: u64) -> Answer<u32> {
    let mut folder = Path::root();
    folder.set(descriptors::folder(state, number)?);
    // Looking for something that cannot be there reads the table of files.
    paths::find(state, &folder_probe());
    let mut page = Page { at, length, used: 0 };
    let count = u64::from(paths::file_count(state));
    let mut cookie = cookie;
    while !page.is_full() {
        let next = cookie + 1;
        if cookie < 2 {
            list_self(&mut page, &folder, cookie);
        } else if cookie < 2 + count {
            list_input(state, &mut page, &folder, (cookie - 2) as u32);
        } else if cookie < 2 + count + NODE_COUNT as u64 {
            list_made(state, &mut page, &folder, (cookie - 2 - count) as u32, next);
        } else {
            break;
        }
        cookie = next;
    }
    Ok(page.used)
}

/// A path that no bundle holds.
fn folder_probe() -> Path {
    let mut path = Path::root();
    path.push(0).unwrap_or(());
    path
}

fn list_self(page: &mut Page, folder: &Path, cookie: u64) {
    let dots = [b'.', b'.'];
    let name = dots.get(..cookie as usize + 1).unwrap_or(&[]);
    let path = match cookie {
        0 => folder.bytes(),
        _ => folder.bytes().get(..folder.last_part().saturating_sub(1)).unwrap_or(&[]),
    };
    let identity = stat::identity(kind::FOLDER, 0, path);
    page.put(&Entry { name, kind: kind::FOLDER, identity, next: cookie + 1 });
}

/// The entry of the folder that a file of the input is, or lies below; once for each folder.
fn list_input(state: &State, page: &mut Page, folder: &Path, index: u32) {
    let path = paths::file_path(state, index);
    let Some(rest) = folder.below(path) else { return };
    let slash = rest.iter().position(|byte| *byte == b'/');
    let name = rest.get(..slash.unwrap_or(rest.len())).unwrap_or(&[]);
    let next = 3 + u64::from(index);
    if slash.is_none() {
        let identity = stat::identity(kind::INPUT_FILE, index, &[]);
        page.put(&Entry { name, kind: kind::INPUT_FILE, identity, next });
        return;
    }
    let own = path.get(..path.len() - rest.len() + name.len()).unwrap_or(&[]);
    let said_before = index.checked_sub(1).is_some_and(|before| {
        let before = paths::file_path(state, before);
        before.get(..own.len()) == Some(own) && before.get(own.len()) == Some(&b'/')
    });
    if !said_before {
        let identity = stat::identity(kind::FOLDER, 0, own);
        page.put(&Entry { name, kind: kind::FOLDER, identity, next });
    }
}

fn list_made(state: &mut State, page: &mut Page, folder: &Path, index: u32, next: u64) {
    let node = blocks::node(state, index);
    if node.kind == FREE || node.unlinked == 1 {
        return;
    }
    let Some(name) = folder.below(node.path.bytes()) else { return };
    if name.contains(&b'/') {
        return;
    }
    let kind = if node.kind == FILE { kind::MEMORY_FILE } else { kind::FOLDER };
    let identity = stat::identity(kind, index, node.path.bytes());
    page.put(&Entry { name, kind, identity, next });
}

pub fn make(state: &mut State, path: &Path) -> Answer<()> {
    match paths::find(state, path) {
        Found::Nothing => {
            paths::folder_exists(state, path)?;
            blocks::make(state, FOLDER, path).map(|_| ())
        }
        _ => Err(Errno::EXIST),
    }
}

pub fn remove_folder(state: &mut State, path: &Path) -> Answer<()> {
    match paths::find(state, path) {
        Found::Nothing => Err(Errno::NOENT),
        Found::Folder => Err(Errno::ROFS),
        Found::MemoryFolder(index) if is_empty(state, path) => {
            blocks::unlink(state, index);
            Ok(())
        }
        Found::MemoryFolder(_) => Err(Errno::NOTEMPTY),
        Found::InputFile(_) | Found::MemoryFile(_) => Err(Errno::NOTDIR),
    }
}

pub fn remove_file(state: &mut State, path: &Path) -> Answer<()> {
    match paths::find(state, path) {
        Found::Nothing => Err(Errno::NOENT),
        Found::InputFile(_) => Err(Errno::ROFS),
        Found::MemoryFile(index) => {
            blocks::unlink(state, index);
            Ok(())
        }
        Found::Folder | Found::MemoryFolder(_) => Err(Errno::ISDIR),
    }
}

fn is_empty(state: &State, folder: &Path) -> bool {
    let mut nodes = state.nodes.iter().filter(|node| node.kind != FREE && node.unlinked == 0);
    nodes.all(|node| folder.below(node.path.bytes()).is_none())
}

/// Gives a file or folder that the program made another path.
pub fn rename(state: &mut State, from: &Path, to: &Path) -> Answer<()> {
    let moved = match paths::find(state, from) {
        Found::Nothing => return Err(Errno::NOENT),
        Found::Folder | Found::InputFile(_) => return Err(Errno::ROFS),
        Found::MemoryFile(index) | Found::MemoryFolder(index) => index,
    };
    if from.bytes() == to.bytes() {
        return Ok(());
    }
    if from.below(to.bytes()).is_some() {
        return Err(Errno::INVAL);
    }
    paths::folder_exists(state, to)?;
    let is_file = blocks::node(state, moved).kind == FILE;
    match paths::find(state, to) {
        Found::Nothing => {}
        Found::InputFile(_) | Found::Folder => return Err(Errno::ROFS),
        Found::MemoryFile(index) if is_file => blocks::unlink(state, index),
        Found::MemoryFile(_) => return Err(Errno::NOTDIR),
        Found::MemoryFolder(_) if is_file => return Err(Errno::ISDIR),
        Found::MemoryFolder(index) if is_empty(state, to) => blocks::unlink(state, index),
        Found::MemoryFolder(_) => return Err(Errno::NOTEMPTY),
    }
    move_below(state, from, to)?;
    blocks::node(state, moved).path.set(to);
    Ok(())
}

/// Renames what lies below a folder: all, or nothing where a path would become too long.
fn move_below(state: &mut State, from: &Path, to: &Path) -> Answer<()> {
    for change in [false, true] {
        for node in &mut state.nodes {
            if node.kind == FREE || node.unlinked == 1 {
                continue;
            }
            let Some(rest) = from.below(node.path.bytes()) else { continue };
            let mut path = Path::root();
            path.set(to);
            path.push(b'/')?;
            for byte in rest {
                path.push(*byte)?;
            }
            if change {
                node.path.set(&path);
            }
        }
    }
    Ok(())
}
