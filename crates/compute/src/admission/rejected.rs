//! Why a module is not admitted, in words that its author can act on.
//!
//! Law: every refusal tells what was found, what is allowed, and through
//! [`AdmissionRejected::remedy`] what to do. Nothing but messages hangs on which refusal it is.

use std::fmt;

use super::names::{FunctionName, function_at, function_names};

/// Why a module is not admitted.
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
    #[error("{}invalid at byte {offset}: {reason}", within(.function.as_ref()))]
    Invalid {
        /// Byte offset of the first error.
        offset: usize,
        /// The function whose body it lies in, if it lies in one.
        function: Option<FunctionName>,
        /// The validator's words; for people, never parsed.
        reason: String,
    },
    /// Nothing may be imported.
    #[error(
        "the module imports {:?} from {:?}{}; nothing may be imported",
        .name, .module, and_more(*.count)
    )]
    HasImport {
        /// The module that the first import names.
        module: String,
        /// The first import's name.
        name: String,
        /// How many imports there are.
        count: u32,
    },
    /// A start function would run outside any step.
    #[error("the module has a start function")]
    HasStart,
    /// Some part occurs more often than allowed.
    #[error("the module has {count} {part}, more than {limit}")]
    TooMany {
        /// Which part.
        part: Part,
        /// How many there are.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A function exceeds a limit.
    #[error("{function} has {count} {part}, more than {limit}")]
    FunctionTooLarge {
        /// Which function.
        function: FunctionName,
        /// Which of its measures.
        part: FunctionPart,
        /// The measure.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// There must be one memory with minimum = maximum within the limit.
    #[error(
        "the memory has {}; needed: one memory with minimum = maximum, 1 to {limit} pages",
        pages(*.minimum, *.maximum)
    )]
    MemoryNotFixed {
        /// Minimum in pages of 64 KiB; 0 if there is no memory.
        minimum: u64,
        /// Maximum in pages.
        maximum: Option<u64>,
        /// The most pages allowed.
        limit: u64,
    },
    /// The instruction is refused though valid.
    #[error("{function} uses {name}, which is refused")]
    RefusedInstruction {
        /// Which function.
        function: FunctionName,
        /// Its name in the text format.
        name: &'static str,
    },
    /// A data or element segment is passive, not at a constant place, or reaches outside.
    #[error("data or element segment {segment} is passive or out of bounds")]
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

fn within(function: Option<&FunctionName>) -> String {
    function.map(|function| format!("{function}: ")).unwrap_or_default()
}

fn and_more(count: u32) -> String {
    match count {
        0 | 1 => String::new(),
        more => format!(" and {} more", more - 1),
    }
}

fn pages(minimum: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) if maximum == minimum => format!("{minimum} pages of 64 KiB"),
        Some(maximum) => format!("{minimum} to {maximum} pages of 64 KiB"),
        None => format!("{minimum} pages of 64 KiB and no maximum"),
    }
}

impl AdmissionRejected {
    /// Says which function it is about, where it is about one.
    pub(super) fn named(mut self, module: &[u8]) -> AdmissionRejected {
        use AdmissionRejected as R;
        let function = match &mut self {
            R::Invalid { offset, function, .. } => {
                *function = function_at(module, *offset).map(FunctionName::from);
                function.as_mut()
            }
            R::FunctionTooLarge { function, .. } | R::RefusedInstruction { function, .. } => {
                Some(function)
            }
            _ => None,
        };
        if let Some(function) = function {
            function.name = function_names(module).remove(&function.index);
        }
        self
    }

    /// What the author of the program can do about it.
    pub fn remedy(&self) -> &'static str {
        use AdmissionRejected as R;
        match self {
            R::ModuleTooLong { .. } => {
                "optimise for size (-Os or opt-level = \"z\"), strip names and debug sections, and \
                 leave out what the program does not use"
            }
            R::NotWebAssembly => "give the binary module (.wasm), not its source or a text format",
            R::Invalid { .. } => {
                "compile for the first version of WebAssembly, without bulk memory, reference \
                 types, tail calls or threads: -mcpu=mvp for C, -C target-cpu=mvp for Rust"
            }
            R::HasImport { .. } => {
                "build it freestanding, without a standard library that calls a host: -nostdlib \
                 for C, no_std for Rust, --runtime stub for AssemblyScript"
            }
            R::HasStart => "do the work in `init`; link with --no-entry",
            R::TooMany { part, .. } => part.remedy(),
            R::FunctionTooLarge { part, .. } => part.remedy(),
            R::MemoryNotFixed { .. } => {
                "link with --initial-memory=BYTES and --max-memory=BYTES, both the same multiple \
                 of 65536"
            }
            R::RefusedInstruction { name, .. } if *name != "memory.grow" => {
                "hand values to a block in locals, as compilers do unless they are told otherwise"
            }
            R::RefusedInstruction { .. } => {
                "take memory from a static array: the memory is fixed, so growing never succeeds"
            }
            R::SegmentOutOfBounds { .. } => {
                "place static data at a constant address within the memory, or ask for more memory"
            }
            R::ReservedExport { .. } => "export it under a name that does not begin with earnest_",
            R::ExportMissing { .. } => "export it with exactly this name and type",
        }
    }
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

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Types => "types",
            Part::Parameters => "parameters of one type",
            Part::Results => "results of one type",
            Part::Functions => "functions",
            Part::Globals => "globals",
            Part::Tables => "tables",
            Part::TableElements => "table elements",
            Part::ElementSegments => "element segments",
            Part::DataSegments => "data segments",
            Part::Exports => "exports",
        })
    }
}

impl Part {
    fn remedy(self) -> &'static str {
        match self {
            Part::Types | Part::Functions => {
                "let the linker drop what is unused (--gc-sections), and inline small functions"
            }
            Part::Parameters | Part::Results => "pass a pointer to a struct instead",
            Part::Globals => "keep these values in memory",
            Part::Tables => "use one table",
            Part::TableElements => {
                "call fewer functions through pointers, and fix the table's size"
            }
            Part::ElementSegments | Part::DataSegments => {
                "let the linker merge segments (--merge-data-segments)"
            }
            Part::Exports => "export only what the interface asks for",
        }
    }
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

impl fmt::Display for FunctionPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FunctionPart::Bytes => "bytes of code",
            FunctionPart::Locals => "locals, parameters included",
            FunctionPart::Nesting => "blocks inside one another",
            FunctionPart::Operands => "values on its operand stack",
            FunctionPart::BranchTargets => "targets of one br_table",
        })
    }
}

impl FunctionPart {
    fn remedy(self) -> &'static str {
        match self {
            FunctionPart::Bytes => {
                "split the function, or optimise for size so that less is inlined into it"
            }
            FunctionPart::Locals | FunctionPart::Operands => {
                "split the function, or optimise for size; keep many values in an array"
            }
            FunctionPart::Nesting => {
                "split the function at its widest switch or deepest loop, and mark the parts \
                 noinline; optimising for size inlines less"
            }
            FunctionPart::BranchTargets => {
                "make the switch narrower, or look the case up in a table"
            }
        }
    }
}

impl From<wasmparser::Error> for AdmissionRejected {
    fn from(error: wasmparser::Error) -> Self {
        let (offset, reason) = (error.offset(), error.message().to_owned());
        AdmissionRejected::Invalid { offset, function: None, reason }
    }
}
