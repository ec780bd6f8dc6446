//! The system interface (WASI preview 1) of ordinary programs, as WebAssembly that is linked into
//! them: deterministic, without a host behind it but two calls.
//!
//! Each exported function has the name and type of `wasi_snapshot_preview1`; what has no function
//! here answers ENOSYS (`link` sees to it). Addresses of the program are moved (`host::Place`).
//! Key terms: *folder* says directory, *memory file* a file that the program made.
//! Laws: no data segment, no table in use, no function pointer: all state lies in the region, which
//! is zero at first; a mistaken pointer traps. Nothing here panics: a message of a panic would be
//! data, which a test of `link` refuses.
//! Not here: what a bundle is (`bundle`), how this gets into a program (`link`).

#![no_std]

#[path = "../../src/bundle/layout.rs"]
#[allow(dead_code)]
mod layout;
#[path = "../../src/link/region.rs"]
#[allow(dead_code)]
mod region;

mod blocks;
mod clock;
mod descriptors;
mod entries;
mod errno;
mod folders;
mod host;
mod paths;
mod random;
mod records;
mod stat;
mod state;
mod streams;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
