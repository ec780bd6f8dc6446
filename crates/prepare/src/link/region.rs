//! Where the system interface keeps things, counted from the beginning of the memory:
//! shared between the interface, which is WebAssembly, and those who look into a memory after a
//! run.

/// Bytes of a page of WebAssembly.
pub const WASM_PAGE_BYTES: usize = 64 * 1024;
/// Bytes of the stack, which lies first, so that an overflow leaves the region.
pub const STACK_BYTES: usize = 64 * 1024;
/// Where the last bytes of standard error lie, in a ring.
pub const ERRORS_AT: usize = STACK_BYTES;
/// Bytes of that ring.
pub const ERRORS_BYTES: usize = 64 * 1024;
/// Where the state begins: with the number of bytes ever written to standard error (u64).
pub const STATE_AT: usize = ERRORS_AT + ERRORS_BYTES;
/// Bytes reserved for the state.
pub const STATE_BYTES: usize = 128 * 1024;
/// Where a copy of the bundle's table of files lies: records, then paths.
pub const TABLE_AT: usize = STATE_AT + STATE_BYTES;
/// Bytes reserved for that table.
pub const TABLE_BYTES: usize = 256 * 1024;
/// Bytes of the whole region: eight pages.
pub const REGION_BYTES: usize = TABLE_AT + TABLE_BYTES;
