//! Files that the program makes: chains of blocks of one page, for which the memory grows.
//!
//! A block that is free is used again before another is made. What of a block lies behind the end
//! of its file is zero, so that a file grows with zeros.

use crate::errno::{Answer, Errno};
use crate::host;
use crate::records::{Block, Node, Path};
use crate::region::WASM_PAGE_BYTES;
use crate::state::{BLOCK_COUNT, State};

const BLOCK_BYTES: u32 = WASM_PAGE_BYTES as u32;
/// Most bytes of a file: all blocks there could be.
const FILE_BYTES_MAX: u64 = (BLOCK_COUNT * WASM_PAGE_BYTES) as u64;

/// A node that is not used.
pub const FREE: u32 = 0;
/// A file.
pub const FILE: u32 = 1;
/// A folder.
pub const FOLDER: u32 = 2;

/// The node at an index, which descriptors and searches give.
pub fn node(state: &mut State, index: u32) -> &mut Node {
    match state.nodes.get_mut(index as usize) {
        Some(node) => node,
        None => host::trap(),
    }
}

fn block(state: &mut State, index: u32) -> &mut Block {
    match state.blocks.get_mut(index as usize) {
        Some(block) => block,
        None => host::trap(),
    }
}

/// Makes an empty file or folder.
pub fn make(state: &mut State, kind: u32, path: &Path) -> Answer<u32> {
    let mut index = 0;
    for node in &mut state.nodes {
        if node.kind == FREE {
            node.kind = kind;
            node.open = 0;
            node.unlinked = 0;
            node.first = 0;
            node.size = 0;
            node.path.set(path);
            return Ok(index);
        }
        index += 1;
    }
    Err(Errno::NOSPC)
}

/// Takes a node's name, and the node itself when no descriptor is open on it.
pub fn unlink(state: &mut State, index: u32) {
    let found = node(state, index);
    found.unlinked = 1;
    if found.open == 0 {
        resize(state, index, 0).unwrap_or(());
        node(state, index).kind = FREE;
    }
}

/// A descriptor on it was closed.
pub fn closed(state: &mut State, index: u32) {
    let found = node(state, index);
    found.open = found.open.saturating_sub(1);
    if found.open == 0 && found.unlinked == 1 {
        unlink(state, index);
    }
}

/// Reads into memory; returns how many bytes.
pub fn read(state: &mut State, index: u32, position: u64, to: u32, length: u32) -> u32 {
    let rest = node(state, index).size.saturating_sub(position);
    let length = u64::from(length).min(rest) as u32;
    each_piece(state, index, position, length, |at, done, piece| {
        host::copy(at, to.wrapping_add(done), piece);
    });
    length
}

/// Writes from memory, and makes the file longer where needed.
pub fn write(state: &mut State, index: u32, position: u64, from: u32, length: u32) -> Answer<()> {
    let end = position.checked_add(length.into()).ok_or(Errno::FBIG)?;
    if node(state, index).size < end {
        resize(state, index, end)?;
    }
    each_piece(state, index, position, length, |at, done, piece| {
        host::copy(from.wrapping_add(done), at, piece);
    });
    Ok(())
}

fn each_piece(
    state: &mut State,
    index: u32,
    position: u64,
    length: u32,
    mut act: impl FnMut(u32, u32, u32),
) {
    let mut done = 0;
    let mut number = nth(state, index, position / u64::from(BLOCK_BYTES));
    while done < length {
        let within = ((position + u64::from(done)) % u64::from(BLOCK_BYTES)) as u32;
        let piece = (length - done).min(BLOCK_BYTES - within);
        // The length was taken from the size or the size made to hold it: the block is there.
        let Some(held) = number.checked_sub(1) else { host::trap() };
        let found = block(state, held);
        act(u32::from(found.page) * BLOCK_BYTES + within, done, piece);
        done += piece;
        number = found.next.into();
    }
}

/// The block so many blocks behind the first, plus one; 0 behind the last.
fn nth(state: &mut State, index: u32, count: u64) -> u32 {
    let mut number = node(state, index).first;
    let mut left = count;
    while 0 < left && number != 0 {
        number = block(state, number - 1).next.into();
        left -= 1;
    }
    number
}

/// Sets the size of a file: cut off, or continued with zeros.
pub fn resize(state: &mut State, index: u32, size: u64) -> Answer<()> {
    if FILE_BYTES_MAX < size {
        return Err(Errno::FBIG);
    }
    let old = node(state, index).size;
    let held = old.div_ceil(BLOCK_BYTES.into()) as u32;
    let wanted = size.div_ceil(BLOCK_BYTES.into()) as u32;
    if size < old {
        if wanted < held {
            cut(state, index, wanted);
        }
        let within = (size % u64::from(BLOCK_BYTES)) as u32;
        if within != 0 {
            let number = nth(state, index, u64::from(wanted - 1));
            let page = block(state, number.wrapping_sub(1)).page;
            host::clear(u32::from(page) * BLOCK_BYTES + within, BLOCK_BYTES - within);
        }
    } else {
        append(state, index, held, wanted)?;
    }
    node(state, index).size = size;
    Ok(())
}

/// Frees the blocks behind the first `kept`.
fn cut(state: &mut State, index: u32, kept: u32) {
    let first = if kept == 0 {
        core::mem::take(&mut node(state, index).first)
    } else {
        let last = nth(state, index, u64::from(kept - 1));
        core::mem::take(&mut block(state, last.wrapping_sub(1)).next).into()
    };
    let mut number: u32 = first;
    while let Some(held) = number.checked_sub(1) {
        let free = state.block_free;
        let found = block(state, held);
        let next = found.next;
        found.next = free as u16;
        state.block_free = number;
        number = next.into();
    }
}

/// Adds blocks of zeros behind the last, all or none.
fn append(state: &mut State, index: u32, held: u32, wanted: u32) -> Answer<()> {
    let mut last = match held {
        0 => 0,
        held => nth(state, index, u64::from(held - 1)),
    };
    for _ in held..wanted {
        let Ok(made) = block_of_zeros(state) else {
            cut(state, index, held);
            return Err(Errno::NOSPC);
        };
        match last.checked_sub(1) {
            None => node(state, index).first = made,
            Some(last) => block(state, last).next = made as u16,
        }
        last = made;
    }
    Ok(())
}

/// A block that holds zeros, plus one.
fn block_of_zeros(state: &mut State) -> Answer<u32> {
    if let Some(free) = state.block_free.checked_sub(1) {
        let number = state.block_free;
        let found = block(state, free);
        let next = core::mem::take(&mut found.next);
        host::clear(u32::from(found.page) * BLOCK_BYTES, BLOCK_BYTES);
        state.block_free = next.into();
        return Ok(number);
    }
    if BLOCK_COUNT as u32 <= state.block_count {
        return Err(Errno::NOSPC);
    }
    let page = core::arch::wasm32::memory_grow(0, 1);
    let page = u16::try_from(page).map_err(|_| Errno::NOSPC)?;
    let number = state.block_count;
    block(state, number).page = page;
    state.block_count = number + 1;
    Ok(number + 1)
}
