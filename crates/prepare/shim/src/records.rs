//! What the state is made of: paths, nodes, blocks, descriptors, the random block.
//!
//! All are integers, valid for any bytes and right at first as zeros.

use crate::errno::{Answer, Errno};
use crate::host;
use crate::layout::PATH_BYTES_MAX;

/// A path below `/`, without a leading `/`; empty for `/` itself.
#[repr(C)]
pub struct Path {
    length: u32,
    bytes: [u8; PATH_BYTES_MAX + 1],
}

impl Path {
    pub const fn root() -> Self {
        Self { length: 0, bytes: [0; PATH_BYTES_MAX + 1] }
    }

    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length as usize).unwrap_or(&[])
    }

    pub fn set(&mut self, other: &Self) {
        self.length = other.length;
        host::copy(other.bytes.as_ptr() as u32, self.bytes.as_ptr() as u32, other.length);
    }

    pub fn push(&mut self, byte: u8) -> Answer<()> {
        match self.bytes.get_mut(self.length as usize) {
            Some(place) if (self.length as usize) < PATH_BYTES_MAX => {
                *place = byte;
                self.length += 1;
                Ok(())
            }
            _ => Err(Errno::NAMETOOLONG),
        }
    }

    /// Shortens it to so many bytes.
    pub fn cut(&mut self, length: usize) {
        self.length = self.length.min(length as u32);
    }

    /// Where the last part begins, behind its slash.
    pub fn last_part(&self) -> usize {
        let slash = self.bytes().iter().rposition(|byte| *byte == b'/');
        slash.map_or(0, |slash| slash + 1)
    }

    /// The bytes behind this folder and a slash, if `other` lies below it.
    pub fn below<'a>(&self, other: &'a [u8]) -> Option<&'a [u8]> {
        let folder = self.bytes();
        if folder.is_empty() {
            return if other.is_empty() { None } else { Some(other) };
        }
        other.strip_prefix(folder)?.strip_prefix(b"/")
    }
}

/// A file or folder that the program made.
#[repr(C)]
pub struct Node {
    /// `blocks::FREE`, `FILE` or `FOLDER`.
    pub kind: u32,
    /// Descriptors that are open on it.
    pub open: u32,
    /// 1 when it has no name any more, and goes with its last descriptor.
    pub unlinked: u32,
    /// The first block, plus one.
    pub first: u32,
    /// Bytes of a file.
    pub size: u64,
    pub path: Path,
}

/// Where a block lies and which follows it.
#[repr(C)]
pub struct Block {
    /// The number of its page.
    pub page: u16,
    /// The next block of the file or of the free ones, plus one.
    pub next: u16,
}

/// What a descriptor is open on.
pub mod kind {
    pub const CLOSED: u32 = 0;
    pub const STANDARD_INPUT: u32 = 1;
    pub const STANDARD_OUTPUT: u32 = 2;
    pub const STANDARD_ERROR: u32 = 3;
    pub const FOLDER: u32 = 4;
    pub const INPUT_FILE: u32 = 5;
    pub const MEMORY_FILE: u32 = 6;
}

/// What the program holds.
#[repr(C)]
pub struct Descriptor {
    /// One of [`kind`].
    pub kind: u32,
    /// Which file of the input, or which node.
    pub index: u32,
    /// `descriptors::APPEND` and others, which have no meaning here.
    pub flags: u32,
    unused: u32,
    /// Where the next read or write begins.
    pub position: u64,
    /// The path of a folder.
    pub path: Path,
}

/// What is left of the block made last.
#[repr(C)]
pub struct Generator {
    /// Blocks made so far.
    pub made: u64,
    /// Bytes of `block` that are not given out.
    pub left: u32,
    unused: u32,
    pub block: [u32; 16],
}
