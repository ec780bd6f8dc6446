//! All that is remembered between two calls, at a fixed place of the region.

use crate::host;
use crate::layout::{HEADER_BYTES, MAGIC, MAGIC_AT};
use crate::records::{Block, Descriptor, Generator, Node, kind};
use crate::region::{STATE_AT, STATE_BYTES};

/// Open descriptors at most.
pub const DESCRIPTOR_COUNT: usize = 64;
/// Files and folders that a program makes, at most.
pub const NODE_COUNT: usize = 128;
/// Blocks of memory files: all that a memory of 256 MiB could hold.
pub const BLOCK_COUNT: usize = 4096;

/// The state; all zeros at first.
#[repr(C)]
pub struct State {
    /// Bytes ever written to standard error; the first field, which others read.
    pub errors_written: u64,
    /// Nanoseconds since the start.
    pub now: u64,
    /// Bytes of standard input that were read.
    pub input_read: u64,
    /// 1 when the header was read and the first descriptors were opened.
    pub loaded: u32,
    /// 1 when the table of files was read.
    pub table_loaded: u32,
    /// The bundle's header.
    pub header: [u8; HEADER_BYTES],
    pub generator: Generator,
    pub descriptors: [Descriptor; DESCRIPTOR_COUNT],
    pub nodes: [Node; NODE_COUNT],
    /// Blocks ever made.
    pub block_count: u32,
    /// The first free block, plus one.
    pub block_free: u32,
    pub blocks: [Block; BLOCK_COUNT],
}

const _: () = assert!(core::mem::size_of::<State>() <= STATE_BYTES);

/// The state, ready for use.
pub fn state() -> &'static mut State {
    // SAFETY: the region is ours, holds a state that is valid for any bytes (integers alone), is
    // aligned to a page, and there is one thread, which asks once in each call.
    let state = unsafe { &mut *(STATE_AT as *mut State) };
    if state.loaded == 0 {
        load(state);
    }
    state
}

fn load(state: &mut State) {
    state.loaded = 1;
    let header = state.header.as_mut_ptr() as u32;
    let read = host::read_input(0, header, HEADER_BYTES as u32);
    // Who runs a program has decoded its bundle before; without one there is nothing to go on.
    if read != HEADER_BYTES as u32 || state.header_long(MAGIC_AT) != MAGIC {
        host::trap();
    }
    open_first(state);
}

/// The four descriptors that are open at the start.
fn open_first(state: &mut State) {
    let kinds = [kind::STANDARD_INPUT, kind::STANDARD_OUTPUT, kind::STANDARD_ERROR, kind::FOLDER];
    for (descriptor, kind) in state.descriptors.iter_mut().zip(kinds) {
        descriptor.kind = kind;
    }
}

impl State {
    /// A number of the header.
    pub fn header_word(&self, at: usize) -> u32 {
        host::load32(self.header.as_ptr() as u32 + at as u32)
    }

    /// A long number of the header.
    pub fn header_long(&self, at: usize) -> u64 {
        host::load64(self.header.as_ptr() as u32 + at as u32)
    }
}
