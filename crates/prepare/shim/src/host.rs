//! The machine below: two calls of the host, what `link` fills in, and memory by address.
//!
//! An address that is not in memory traps: that is all the checking there is.

use crate::region::REGION_BYTES;

const CALL_BYTES_MAX: u32 = 64 * 1024;

mod imported {
    #[link(wasm_import_module = "earnest")]
    unsafe extern "C" {
        pub safe fn input_read(offset: u64, pointer: u32, length: u32) -> u32;
        pub safe fn output_write(pointer: u32, length: u32);
    }
    #[link(wasm_import_module = "shim")]
    unsafe extern "C" {
        /// Sets `earnest_exit` and traps: `link` writes it.
        pub safe fn exit(code_plus_one: u32);
    }
}

/// An address of the program, which does not see the region below its memory.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Place(pub u32);

impl Place {
    /// The address that it has here.
    pub fn inside(self) -> u32 {
        match self.0.checked_add(REGION_BYTES as u32) {
            Some(at) => at,
            None => trap(),
        }
    }

    /// The program's name for an address here.
    pub fn of(at: u32) -> Self {
        Self(at.wrapping_sub(REGION_BYTES as u32))
    }
}

/// Ends the program.
pub fn exit(code: u32) -> ! {
    imported::exit(code.wrapping_add(1));
    trap()
}

/// Ends the program without a code: a fault.
pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// Copies the job's input to memory; returns how many bytes: less than asked at its end.
pub fn read_input(offset: u64, to: u32, length: u32) -> u32 {
    let mut done = 0;
    while done < length {
        let piece = (length - done).min(CALL_BYTES_MAX);
        let read = imported::input_read(offset + u64::from(done), to.wrapping_add(done), piece);
        done += read;
        if read < piece {
            break;
        }
    }
    done
}

/// Appends to the output.
pub fn write_output(from: u32, length: u32) {
    let mut done = 0;
    while done < length {
        let piece = (length - done).min(CALL_BYTES_MAX);
        imported::output_write(from.wrapping_add(done), piece);
        done += piece;
    }
}

pub fn copy(from: u32, to: u32, length: u32) {
    // SAFETY: an instruction of WebAssembly, which checks both ranges and traps.
    unsafe { core::ptr::copy(from as *const u8, to as *mut u8, length as usize) }
}

pub fn clear(at: u32, length: u32) {
    // SAFETY: as above.
    unsafe { core::ptr::write_bytes(at as *mut u8, 0, length as usize) }
}

pub fn load8(at: u32) -> u8 {
    // SAFETY: a load checks its address and traps.
    unsafe { (at as *const u8).read_volatile() }
}

pub fn load16(at: u32) -> u16 {
    u16::from(load8(at)) | u16::from(load8(at.wrapping_add(1))) << 8
}

pub fn load32(at: u32) -> u32 {
    // SAFETY: a load checks its address and traps; alignment is a hint in WebAssembly.
    unsafe { (at as *const u32).read_unaligned() }
}

pub fn load64(at: u32) -> u64 {
    // SAFETY: as above.
    unsafe { (at as *const u64).read_unaligned() }
}

pub fn store8(at: u32, value: u8) {
    // SAFETY: a store checks its address and traps.
    unsafe { (at as *mut u8).write_volatile(value) }
}

pub fn store16(at: u32, value: u16) {
    // SAFETY: as above.
    unsafe { (at as *mut u16).write_unaligned(value) }
}

pub fn store32(at: u32, value: u32) {
    // SAFETY: as above.
    unsafe { (at as *mut u32).write_unaligned(value) }
}

pub fn store64(at: u32, value: u64) {
    // SAFETY: as above.
    unsafe { (at as *mut u64).write_unaligned(value) }
}
