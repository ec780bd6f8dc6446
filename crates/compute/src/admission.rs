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
//! mutable globals, sign extension, saturating conversion, multiple values and fixed-width SIMD.
//! Bulk memory is therefore refused (a charge by length is not built); `memory.grow` is refused
//! because it never could succeed.
//! Not here: running anything (`executor`).

mod charge;
mod meter;
mod sections;

use crate::digest::Digest;

pub use charge::{
    ELEMENT_GAS, EXPORT_GAS, INSTANCE_FUNCTION_GAS, INSTANCE_GAS, LOAD_BYTE_GAS, LOAD_FUNCTION_GAS,
    LOAD_GAS, MOVED_BYTES_PER_GAS, PAGE_GAS, SEGMENT_GAS, STEP_GAS_LEAST, moved_gas,
};
pub use meter::{BLOCK_GAS, FUNCTION_GAS, LOOP_GAS, access_gas, cost};

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

/// Why a module is not admitted. `function` counts from 0 in the module's order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRejected {
    /// The module has more bytes than allowed.
    #[error("the module has {length} bytes, more than {limit}")]
    ModuleTooLong {
        /// Its length.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// Not a WebAssembly module at all.
    #[error("this is not a WebAssembly module")]
    NotWebAssembly,
    /// Not a valid module of the accepted WebAssembly features.
    #[error("invalid at byte {offset}: {reason}")]
    Invalid {
        /// Byte offset of the first error.
        offset: usize,
        /// The validator's words; for people, never parsed.
        reason: String,
    },
    /// Nothing may be imported.
    #[error("the module imports something; nothing may be imported")]
    HasImport,
    /// A start function would run outside any step.
    #[error("the module has a start function")]
    HasStart,
    /// Some part occurs more often than allowed.
    #[error("{part:?}: {count}, more than {limit}")]
    TooMany {
        /// Which part.
        part: Part,
        /// How many there are.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A function exceeds a limit.
    #[error("function {function}, {part:?}: {count}, more than {limit}")]
    FunctionTooLarge {
        /// Which function.
        function: u32,
        /// Which of its measures.
        part: FunctionPart,
        /// The measure.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// There must be one memory with minimum = maximum within the limit.
    #[error("memory of {minimum} to {maximum:?} pages; needed: minimum = maximum <= {limit}")]
    MemoryNotFixed {
        /// Minimum in pages of 64 KiB; 0 if there is no memory.
        minimum: u64,
        /// Maximum in pages.
        maximum: Option<u64>,
        /// The most pages allowed.
        limit: u64,
    },
    /// The instruction is refused though valid.
    #[error("function {function} uses {name}, which is refused")]
    RefusedInstruction {
        /// Which function.
        function: u32,
        /// Its name in the text format.
        name: &'static str,
    },
    /// A data or element segment is passive, not at a constant place, or reaches outside.
    #[error("segment {segment} is out of bounds")]
    SegmentOutOfBounds {
        /// Which segment of its kind.
        segment: u32,
    },
    /// The export's name is reserved.
    #[error("the export name {name:?} is reserved")]
    ReservedExport {
        /// The name.
        name: String,
    },
    /// An export of the guest interface is absent or has another type.
    #[error("the export {name:?} of type {expected} is missing")]
    ExportMissing {
        /// The name.
        name: &'static str,
        /// The type it must have, in the text format.
        expected: &'static str,
    },
}

/// Counted parts of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Types.
    Types,
    /// Parameters of one type.
    Parameters,
    /// Results of one type.
    Results,
    /// Functions.
    Functions,
    /// Globals.
    Globals,
    /// Tables.
    Tables,
    /// Elements of the table.
    TableElements,
    /// Element segments.
    ElementSegments,
    /// Data segments.
    DataSegments,
    /// Exports.
    Exports,
}

/// Measures of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionPart {
    /// Bytes of the body.
    Bytes,
    /// Locals, parameters included.
    Locals,
    /// Blocks inside one another.
    Nesting,
    /// Values on the operand stack.
    Operands,
    /// Targets of a `br_table`.
    BranchTargets,
}

impl From<wasmparser::Error> for AdmissionRejected {
    fn from(error: wasmparser::Error) -> Self {
        AdmissionRejected::Invalid { offset: error.offset(), reason: error.message().to_owned() }
    }
}

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
    let rewritten = sections::rewrite(module)?;
    Ok(Admitted {
        program: Digest::of_program(module),
        code: rewritten.code,
        has_input_cap: rewritten.has_input_cap,
        shape: rewritten.shape,
    })
}
