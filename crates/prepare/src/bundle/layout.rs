//! Where things lie in a bundle: shared with the system interface, which reads it in WebAssembly.
//!
//! All numbers are little-endian. Behind the header of [`HEADER_BYTES`] follow, without gaps: the
//! arguments, each ended by a zero byte; the environment as `KEY=VALUE`, ended likewise; a record
//! of [`RECORD_BYTES`] for each file, in the order of their paths; the paths, one behind the other;
//! standard input; the files' contents in the same order. A record holds where its path ends (u32,
//! counted from the first path) and where its content ends (u64, from the first content).

/// The first eight bytes of a bundle, as a number: "earnest1".
pub const MAGIC: u64 = u64::from_le_bytes(*b"earnest1");
/// Bytes of the header.
pub const HEADER_BYTES: usize = 72;
/// Where [`MAGIC`] stands (u64).
pub const MAGIC_AT: usize = 0;
/// Where the seed stands (32 bytes).
pub const SEED_AT: usize = 8;
/// Where the number of arguments stands (u32).
pub const ARGUMENT_COUNT_AT: usize = 40;
/// Where the bytes of all arguments, their ends included, stand (u32).
pub const ARGUMENT_BYTES_AT: usize = 44;
/// Where the number of environment variables stands (u32).
pub const VARIABLE_COUNT_AT: usize = 48;
/// Where the bytes of all environment variables, their ends included, stand (u32).
pub const VARIABLE_BYTES_AT: usize = 52;
/// Where the number of files stands (u32).
pub const FILE_COUNT_AT: usize = 56;
/// Where the bytes of all paths stand (u32).
pub const PATH_BYTES_AT: usize = 60;
/// Where the bytes of standard input stand (u64).
pub const STANDARD_INPUT_BYTES_AT: usize = 64;

/// Bytes of a file's record.
pub const RECORD_BYTES: usize = 12;
/// Where the end of the content stands in a record; the end of the path stands first.
pub const CONTENT_END_AT: usize = 4;

/// Most arguments, and most environment variables.
pub const STRING_COUNT_MAX: usize = 4096;
/// Most bytes of all arguments, and of all environment variables: what one call of the host reads.
pub const STRINGS_BYTES_MAX: usize = 64 * 1024;
/// Most files.
pub const FILE_COUNT_MAX: usize = 4096;
/// Most bytes of all paths.
pub const PATHS_BYTES_MAX: usize = 192 * 1024;
/// Most bytes of one path.
pub const PATH_BYTES_MAX: usize = 255;
