//! Why a program gets no system interface.

/// Why a program is not linked, in the order in which it is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRejected {
    /// It is longer than allowed.
    #[error(
        "the program has {length} bytes, more than {limit}: link it with `-s` (without names), or \
         leave libraries out"
    )]
    TooLong {
        /// Its length.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// It is not WebAssembly at all.
    #[error("this is not a WebAssembly module: compile it for wasm32-wasip1")]
    NotWebAssembly,
    /// It is not valid within the accepted features.
    #[error(
        "the program is not valid at byte {offset}: {reason}; compile it for plain wasm32-wasip1"
    )]
    Invalid {
        /// Byte offset of the first error.
        offset: u64,
        /// The validator's words; for people, never parsed.
        reason: String,
    },
    /// It imports from elsewhere than the system interface.
    #[error("{}", import_refused(.module, .name))]
    Import {
        /// The module that the import names.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It imports a function of the system interface as something else.
    #[error(
        "the program imports `{name}` from `wasi_snapshot_preview1` with another type than that \
         function has: compile it with an unchanged system library"
    )]
    ImportType {
        /// The import's name.
        name: String,
    },
    /// A start function would run before `_start`.
    #[error("the program has a start function: link it as a command, which begins at `_start`")]
    HasStart,
    /// There is nothing to run.
    #[error(
        "the program exports no function `_start` without parameters and results: link it as a \
         command, not as a library or reactor; a program that computes in steps needs no linking"
    )]
    NoStart,
    /// There is no memory.
    #[error("the program has no memory of its own: link it without `--import-memory`")]
    NoMemory,
    /// The memory is larger than allowed.
    #[error(
        "the program's memory begins with {pages} pages of 64 KiB; at most {limit} are allowed"
    )]
    MemoryTooLarge {
        /// Pages that it begins with.
        pages: u64,
        /// The most allowed.
        limit: u64,
    },
    /// Data lies outside the memory.
    #[error("data of the program ends at byte {end}, outside its memory of {bytes} bytes")]
    DataOutside {
        /// Where the data ends.
        end: u64,
        /// Bytes of the memory.
        bytes: u64,
    },
    /// Data that the program itself would copy to its memory.
    #[error(
        "the program has passive data, which only threads need: link it without `-pthread` and \
         shared memory"
    )]
    PassiveData,
}

fn import_refused(module: &str, name: &str) -> String {
    let remedy = match module {
        "wasi_snapshot_preview1" => "no such function is in WASI preview 1",
        "wasi_unstable" => "it is of an old WASI: compile it again with a newer toolchain",
        module if module.starts_with("wasi:") => {
            "it is of WASI preview 2: compile it for wasm32-wasip1"
        }
        "env" => "a function is missing: link the library that has it, or leave its use out",
        "gojs" | "go" => "it is made for browsers: compile it with GOOS=wasip1",
        _ => "only functions of `wasi_snapshot_preview1` are there",
    };
    format!("the program imports `{name}` from `{module}`: {remedy}")
}
