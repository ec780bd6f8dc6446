//! Paths, and what lies there: the input's files, and over them what the program made.

use core::cmp::Ordering;

use crate::blocks::{self, FILE};
use crate::errno::{Answer, Errno};
use crate::host;
use crate::layout::{ARGUMENT_BYTES_AT, FILE_COUNT_AT, PATH_BYTES_AT, STANDARD_INPUT_BYTES_AT};
use crate::layout::{CONTENT_END_AT, HEADER_BYTES, RECORD_BYTES, VARIABLE_BYTES_AT};
use crate::records::Path;
use crate::region::{TABLE_AT, TABLE_BYTES};
use crate::state::State;

/// What lies at a path.
#[derive(Clone, Copy)]
pub enum Found {
    Nothing,
    /// A folder of the input, `/` among them.
    Folder,
    /// A file of the input, by its place in the table.
    InputFile(u32),
    /// A folder that the program made.
    MemoryFolder(u32),
    /// A file that the program made.
    MemoryFile(u32),
}

/// What lies at a path.
pub fn find(state: &mut State, path: &Path) -> Found {
    if path.bytes().is_empty() {
        return Found::Folder;
    }
    let mut index = 0;
    for node in &state.nodes {
        if node.kind != blocks::FREE && node.unlinked == 0 && node.path.bytes() == path.bytes() {
            let file = node.kind == FILE;
            return if file { Found::MemoryFile(index) } else { Found::MemoryFolder(index) };
        }
        index += 1;
    }
    find_input(state, path)
}

fn find_input(state: &mut State, path: &Path) -> Found {
    load_table(state);
    let place = first_at_or_behind(state, |name| name.cmp(path.bytes()));
    if place < file_count(state) && file_path(state, place) == path.bytes() {
        return Found::InputFile(place);
    }
    let inside = first_at_or_behind(state, |name| before_inside(name, path.bytes()));
    if inside < file_count(state) && path.below(file_path(state, inside)).is_some() {
        return Found::Folder;
    }
    Found::Nothing
}

/// How a name stands to `folder/`.
fn before_inside(name: &[u8], folder: &[u8]) -> Ordering {
    let common = name.get(..folder.len()).unwrap_or(name);
    match common.cmp(folder) {
        Ordering::Equal => match name.get(folder.len()) {
            Some(byte) if b'/' <= *byte => Ordering::Greater,
            _ => Ordering::Less,
        },
        other => other,
    }
}

/// The place of the first file that is not less.
fn first_at_or_behind(state: &State, compare: impl Fn(&[u8]) -> Ordering) -> u32 {
    let (mut low, mut high) = (0, file_count(state));
    while low < high {
        let middle = low + (high - low) / 2;
        if compare(file_path(state, middle)) == Ordering::Less {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Files of the input.
pub fn file_count(state: &State) -> u32 {
    state.header_word(FILE_COUNT_AT)
}

/// Where the strings end and the table begins in the bundle.
fn table_start(state: &State) -> u64 {
    let words = state.header_word(ARGUMENT_BYTES_AT) + state.header_word(VARIABLE_BYTES_AT);
    HEADER_BYTES as u64 + u64::from(words)
}

fn table_bytes(state: &State) -> u32 {
    file_count(state) * RECORD_BYTES as u32 + state.header_word(PATH_BYTES_AT)
}

fn load_table(state: &mut State) {
    if state.table_loaded == 1 {
        return;
    }
    state.table_loaded = 1;
    let length = table_bytes(state);
    if TABLE_BYTES < length as usize {
        host::trap();
    }
    host::read_input(table_start(state), TABLE_AT as u32, length);
}

fn record(index: u32) -> u32 {
    TABLE_AT as u32 + index * RECORD_BYTES as u32
}

/// The path of a file of the input.
pub fn file_path(state: &State, index: u32) -> &'static [u8] {
    let start = match index {
        0 => 0,
        index => host::load32(record(index - 1)),
    };
    let end = host::load32(record(index));
    let paths = record(file_count(state));
    // SAFETY: within the table, which was read once and is not written again.
    unsafe { core::slice::from_raw_parts((paths + start) as *const u8, (end - start) as usize) }
}

/// Where the content of a file lies in the bundle, and its length.
pub fn file_content(state: &State, index: u32) -> (u64, u64) {
    let content = |index: u32| host::load64(record(index) + CONTENT_END_AT as u32);
    let start = match index {
        0 => 0,
        index => content(index - 1),
    };
    let first = standard_input_start(state) + state.header_long(STANDARD_INPUT_BYTES_AT);
    (first + start, content(index) - start)
}

/// Where standard input lies in the bundle.
pub fn standard_input_start(state: &State) -> u64 {
    table_start(state) + u64::from(table_bytes(state))
}

/// Refuses a path whose folder is not there.
pub fn folder_exists(state: &mut State, path: &Path) -> Answer<()> {
    let mut folder = Path::root();
    folder.set(path);
    folder.cut(path.last_part().saturating_sub(1));
    match find(state, &folder) {
        Found::Folder | Found::MemoryFolder(_) => Ok(()),
        Found::Nothing => Err(Errno::NOENT),
        Found::InputFile(_) | Found::MemoryFile(_) => Err(Errno::NOTDIR),
    }
}
