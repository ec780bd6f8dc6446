//! Why a module cannot be prepared, in words that its author can act on.
//!
//! Law: each refusal names what was found and, through [`Rejected::remedy`], what to do about it.
//! Not here: the checks themselves (`module`, `plain`).

use std::fmt;

use earnest_compute::paged::program::ProgramRejected;

/// What is counted against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the module that is given.
    ModuleBytes,
    /// Bytes of the pausable module that comes out.
    PreparedBytes,
    /// Types.
    Types,
    /// Parameters or results of a type.
    TypeValues,
    /// Functions.
    Functions,
    /// Bytes of one function's body.
    FunctionBytes,
    /// Locals of one function, parameters included.
    Locals,
    /// Blocks open inside one another in one function.
    Nesting,
    /// Values on one function's operand stack.
    Operands,
    /// Locals times loops inside one another.
    LocalsByLoops,
    /// Locals times blocks.
    LocalsByBlocks,
    /// Globals.
    Globals,
    /// Tables.
    Tables,
    /// Elements of a table.
    TableElements,
    /// Data or element segments.
    Segments,
    /// Pages of 64 KiB that the memory begins with.
    MemoryPages,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::ModuleBytes => "bytes",
            Part::PreparedBytes => "bytes once it can be paused",
            Part::Types => "types",
            Part::TypeValues => "parameters or results of one type",
            Part::Functions => "functions",
            Part::FunctionBytes => "bytes of one function",
            Part::Locals => "locals of one function",
            Part::Nesting => "blocks inside one another",
            Part::Operands => "values on the operand stack of one function",
            Part::LocalsByLoops => "locals times loops inside one another",
            Part::LocalsByBlocks => "locals times blocks",
            Part::Globals => "globals",
            Part::Tables => "tables",
            Part::TableElements => "elements of one table",
            Part::Segments => "segments of one kind",
            Part::MemoryPages => "pages of memory to begin with",
        })
    }
}

/// Why a module cannot be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Some part occurs more often than allowed.
    #[error("the module has {count} {part}, more than {limit}; {}", self.remedy())]
    TooMany {
        /// Which part.
        part: Part,
        /// How many there are.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// Not a valid module of the accepted WebAssembly features.
    #[error("invalid at byte {offset}: {reason}; {}", self.remedy())]
    Invalid {
        /// Byte offset of the first error.
        offset: usize,
        /// The validator's words; for people, never parsed.
        reason: String,
    },
    /// Imported from somewhere that no job has.
    #[error("the module imports {name:?} from {module:?}; {}", self.remedy())]
    Import {
        /// The module that the import names.
        module: String,
        /// The import's name.
        name: String,
    },
    /// A start function would run outside any count.
    #[error("the module has a start function; {}", self.remedy())]
    Start,
    /// There must be one memory of the module's own.
    #[error("the module has no memory of its own; {}", self.remedy())]
    NoMemory,
    /// A segment is passive, not at a constant place, or reaches outside.
    #[error("data or element segment {segment} is passive or out of bounds; {}", self.remedy())]
    Segment {
        /// Which segment of its kind.
        segment: u32,
    },
    /// The instruction is refused though valid.
    #[error("function {function} uses {name}; {}", self.remedy())]
    Instruction {
        /// Index of the function.
        function: u32,
        /// What it uses, in the text format's words.
        name: &'static str,
    },
    /// The export's name is reserved.
    #[error("the export name {name:?} is reserved; {}", self.remedy())]
    ReservedExport {
        /// The name.
        name: String,
    },
    /// What came out is more than those who run it accept.
    #[error("once prepared: {why}; {}", self.remedy())]
    Unfit {
        /// What they would say.
        why: ProgramRejected,
    },
    /// An export is absent or has another type.
    #[error("the export {name:?} of type {expected} is missing; {}", self.remedy())]
    ExportMissing {
        /// The name.
        name: &'static str,
        /// The type it must have, in the text format.
        expected: &'static str,
    },
}

impl Rejected {
    /// What the author can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Rejected::TooMany { part, .. } => remedy_of_part(*part),
            Rejected::Invalid { .. } => {
                "compile for wasm32-wasip1 without threads, exceptions, tail calls, garbage \
                 collection, 64-bit memory or relaxed vectors"
            }
            Rejected::Import { .. } => {
                "link the system interface first, and import nothing but its functions"
            }
            Rejected::Start => "build a command whose work begins at _start",
            Rejected::NoMemory => "define and export one memory, instead of importing it",
            Rejected::Segment { .. } => {
                "link statically, such that segments are copied to constant places at the start"
            }
            Rejected::Instruction { .. } => {
                "compile with tables that never change and without passive segments or references"
            }
            Rejected::Unfit { .. } => "split large functions, and compile for size",
            Rejected::ReservedExport { .. } => "rename it: names with this prefix are ours",
            Rejected::ExportMissing { .. } => "build a command for wasm32-wasip1",
        }
    }
}

fn remedy_of_part(part: Part) -> &'static str {
    match part {
        Part::ModuleBytes | Part::PreparedBytes | Part::Functions => {
            "strip it, compile for size and leave out what is not used"
        }
        Part::FunctionBytes
        | Part::Locals
        | Part::Nesting
        | Part::Operands
        | Part::LocalsByLoops
        | Part::LocalsByBlocks => "split the function, or compile with less inlining",
        Part::Types | Part::TypeValues | Part::Globals => "simplify the module's interfaces",
        Part::Tables | Part::TableElements => "take fewer addresses of functions",
        Part::Segments => "merge segments by the linker",
        Part::MemoryPages => "begin with less memory and grow it",
    }
}
