//! Which modules may be run, and the rewrite that makes their cost a function of their bytes.
//!
//! Key terms: *gas* counts executed instructions, weighted ([`cost`]), and what the host does for a
//! call (`charge`); one unit is at most 6.9 ns of the interpreter. *Admission* checks a module
//! against fixed limits in time linear in its size and returns a rewritten module that counts gas
//! and call depth by itself, so that every engine counts alike. Engines' own fuel is not neutral
//! and never enters a commitment. Laws: admission is a pure function of the bytes; a module within
//! the limits compiles in bounded time and cannot reach an engine's own limits (stack, tables,
//! memory) before ours.
//!
//! The rewrite adds two private globals behind the module's own (so that no index changes), one
//! export ([`GAS_EXPORT`]) and, at the head of each basic block, a charge for the block. A negative
//! counter traps at function entries and loop heads; the host tests it once more at the end of a
//! step. Where exactly a step traps does not matter: every trap is the same FAULT. Calls are
//! bracketed by a depth counter, tested at function entry against [`CALL_DEPTH_MAX`]. Custom
//! sections are dropped.
//!
//! Refused besides what [`AdmissionRejected`] lists: everything outside WebAssembly 1.0 with
//! mutable globals, sign extension, saturating conversion, multiple values (but no parameters of
//! blocks, which the interpreter gets wrong) and fixed-width SIMD.
//! Bulk memory is therefore refused (a charge by length is not built); `memory.grow` is refused
//! because it never could succeed.
//! Not here: running anything (`executor`).

mod charge;
mod meter;
mod names;
mod rejected;
mod sections;

use crate::digest::Digest;

pub use charge::{
    ELEMENT_GAS, EXPORT_GAS, INSTANCE_FUNCTION_GAS, INSTANCE_GAS, LOAD_BYTE_GAS, LOAD_FUNCTION_GAS,
    LOAD_GAS, MOVED_BYTES_PER_GAS, PAGE_GAS, SEGMENT_GAS, STEP_GAS_LEAST, moved_gas,
};
pub use meter::{BLOCK_GAS, FUNCTION_GAS, LOOP_GAS, access_gas, cost};
pub use names::{FunctionName, NAME_CHARACTERS_MAX, function_names};
pub use rejected::{AdmissionRejected, FunctionPart, Part};

/// Picoseconds that a referee, an interpreter, takes for a unit of gas at most (`benches/gas.rs`).
pub const REFEREE_PICOS_PER_GAS: u64 = 6_900;
/// Picoseconds that compiled code takes for a unit of gas at most.
pub const COMPILED_PICOS_PER_GAS: u64 = 5_000;

/// Most bytes of a module (64 KiB).
pub const MODULE_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of one function body (16 KiB).
pub const FUNCTION_BYTES_MAX: usize = 16 * 1024;
/// Most functions.
pub const FUNCTION_COUNT_MAX: u32 = 512;
/// Most types.
pub const TYPE_COUNT_MAX: u32 = 512;
/// Most parameters of a function or block type.
pub const PARAM_COUNT_MAX: usize = 32;
/// Most results of a function or block type.
pub const RESULT_COUNT_MAX: usize = 16;
/// Most locals of a function, parameters included.
pub const LOCAL_COUNT_MAX: u32 = 128;
/// Most blocks open inside one another in a function.
pub const NESTING_MAX: u32 = 32;
/// Most values on a function's operand stack.
pub const OPERAND_COUNT_MAX: u32 = 512;
/// Most targets of one `br_table`, the default included.
pub const BRANCH_TARGET_COUNT_MAX: u32 = 256;
/// Most globals.
pub const GLOBAL_COUNT_MAX: u32 = 64;
/// Most table elements (and at most one table).
pub const TABLE_ELEMENT_COUNT_MAX: u64 = 4096;
/// Most data or element segments each.
pub const SEGMENT_COUNT_MAX: u32 = 1024;
/// Most exports.
pub const EXPORT_COUNT_MAX: u32 = 128;
/// Most bytes of memory (16 MiB).
pub const MEMORY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most bytes of a state (1 MiB).
pub const STATE_BYTES_MAX: usize = 1024 * 1024;
/// Most calls inside one another; one more is a fault.
pub const CALL_DEPTH_MAX: u32 = 500;
/// The name under which the rewritten module exports its gas counter (a mutable i64). Exports of
/// the original that begin with [`RESERVED_PREFIX`] are refused.
pub const GAS_EXPORT: &str = "earnest_gas";
/// Names the guest may not export.
pub const RESERVED_PREFIX: &str = "earnest_";

/// A module that passed [`admit`]: the only thing that `executor` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    program: Digest,
    code: Vec<u8>,
    has_input_cap: bool,
    shape: charge::Shape,
}

impl Admitted {
    /// BLAKE3 of the original module: what a task binds.
    pub fn program(&self) -> Digest {
        self.program
    }

    /// The rewritten module. A function of the original alone; about twice as long.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Bytes of the guest's memory: fixed, so all that it ever has.
    pub fn memory_bytes(&self) -> u64 {
        self.shape.memory_pages.saturating_mul(64 * 1024)
    }

    /// Whether the guest exports `input_cap`.
    pub fn has_input_cap(&self) -> bool {
        self.has_input_cap
    }
}

/// Checks `module` against all limits and rewrites it. Pure, linear in the module's length.
///
/// # Errors
/// The first limit that is broken in the order of the module's bytes, length first.
pub fn admit(module: &[u8]) -> Result<Admitted, AdmissionRejected> {
    if MODULE_BYTES_MAX < module.len() {
        return Err(AdmissionRejected::ModuleTooLong {
            length: module.len(),
            limit: MODULE_BYTES_MAX,
        });
    }
    if !module.starts_with(b"\0asm") {
        return Err(AdmissionRejected::NotWebAssembly);
    }
    let rewritten = sections::rewrite(module).map_err(|why| why.named(module))?;
    Ok(Admitted {
        program: Digest::of_program(module),
        code: rewritten.code,
        has_input_cap: rewritten.has_input_cap,
        shape: rewritten.shape,
    })
}
