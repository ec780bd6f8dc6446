//! Linking: a program that asks a system for everything asks a host for two things instead.
//!
//! Key terms: the *program* is a `wasm32-wasip1` command; the *interface* is our WASI preview 1 as
//! WebAssembly (`shim`); the *region* (`region`) is where the interface keeps its stack and state:
//! the first pages of the memory. The program's memory begins behind them, its addresses are moved
//! by as much, and it sees nothing of them.
//! Laws: a pure function of the bytes, linear in their length; functions, globals and types of the
//! program keep their order, and what it imports of the interface is put behind them, no more.
//! Custom sections and exports go. Sockets, links and signals answer ENOSYS.
//! Known shortcomings: the interface grows the memory for files that a program makes; one that
//! takes all memory below `memory.size` for its own, however it came, would write into them.
//! Not here: what the interface does (`crates/prepare/shim`), what it is given (`bundle`).

mod program;
pub mod region;
mod rejected;
mod remap;
mod shift;
mod shim;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use earnest_compute::paged::form;
use wasm_encoder::reencode::Error;
use wasmparser::{FuncType, Parser, Payload};

pub use rejected::LinkRejected;

use program::Program;
use region::{ERRORS_AT, ERRORS_BYTES, REGION_BYTES, STATE_AT, WASM_PAGE_BYTES};
use shim::{Import, Shim};
use write::Linking;

/// Most bytes of a program (16 MiB).
pub const PROGRAM_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most pages of a linked program's memory: 256 MiB, less 1 MiB that pausing may need.
pub const MEMORY_PAGES_MAX: u64 = 4096 - 16;
/// Pages of the region.
pub const REGION_PAGES: u64 = (REGION_BYTES / WASM_PAGE_BYTES) as u64;

/// Functions of preview 1 that are there, and always answer that they are not.
const NOT_SERVED: [&str; 7] = [
    "path_link",
    "path_symlink",
    "proc_raise",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];
/// ENOSYS, the number of "function not supported".
const NOT_SUPPORTED: i32 = 52;
/// Functions that a linked program imports.
const HOST_FUNCTION_COUNT: u32 = 2;

/// Links the system interface into a program.
///
/// The result imports `input_read` and `output_write` alone (`earnest_compute::paged::form`) and
/// exports `memory`, `_start` and `earnest_exit`.
///
/// # Errors
/// What the program has that no job may have, or lacks; each says what to do.
pub fn link(program: &[u8]) -> Result<Vec<u8>, LinkRejected> {
    let facts = Program::read(program)?;
    let shim = Shim::read();
    let plan = Plan::new(&facts, &shim)?;
    Linking::new(program, &facts, &shim, &plan).write().map_err(|error| match error {
        Error::ParseError(error) => program::invalid(&error),
        Error::UserError(refused) => refused,
        // What the validator lets through is encodable; should it not be, that is said.
        other => LinkRejected::Invalid { offset: 0, reason: other.to_string() },
    })
}

/// Whether a module exports a function `_start`, as ordinary programs do and programs that compute
/// in steps do not. Whatever is wrong with it is for others to say.
pub fn exports_start(module: &[u8]) -> bool {
    for payload in Parser::new(0).parse_all(module) {
        if let Ok(Payload::ExportSection(exports)) = payload {
            let mut exports = exports.into_iter().flatten();
            return exports.any(|export| export.name == form::START);
        }
    }
    false
}

/// What a program wrote to standard error, of which the last 64 KiB are kept: from the first
/// [`region::REGION_BYTES`] bytes that belong to a linked program's memory after a run. Empty if
/// nothing is there.
pub fn standard_error(memory: &[u8]) -> Vec<u8> {
    let (Some(ring), Some(count)) =
        (memory.get(ERRORS_AT..ERRORS_AT + ERRORS_BYTES), memory.get(STATE_AT..STATE_AT + 8))
    else {
        return Vec::new();
    };
    let count = u64::from_le_bytes(count.try_into().expect("eight bytes"));
    let ring_bytes = u64::try_from(ERRORS_BYTES).expect("64 KiB");
    let within = usize::try_from(count % ring_bytes).expect("below 64 KiB");
    let (new, old) = ring.split_at(within);
    if count < ring_bytes { new.to_vec() } else { [old, new].concat() }
}

/// Where every function is in the linked module: the host's, the program's, the interface's, and
/// those that answer ENOSYS.
struct Plan {
    imports: Vec<u32>,
    shim_functions: BTreeMap<u32, u32>,
    /// Types, in the program, of the functions that answer ENOSYS.
    stubs: BTreeSet<u32>,
    /// Where the functions are that move addresses.
    first_helper: u32,
}

impl Plan {
    fn new(program: &Program, shim: &Shim) -> Result<Self, LinkRejected> {
        let mut entries = Vec::new();
        let mut stubs = BTreeSet::new();
        for (name, kind) in &program.imports {
            let found = &program.types[at(*kind)];
            match shim.entry(name) {
                Some(entry) if shim.function_type(entry) == found => entries.push(entry),
                None if NOT_SERVED.contains(&name.as_str()) && returns_errno(found) => {
                    stubs.insert(*kind);
                }
                None if !NOT_SERVED.contains(&name.as_str()) => {
                    let module = program::WASI.to_owned();
                    return Err(LinkRejected::Import { module, name: name.clone() });
                }
                _ => return Err(LinkRejected::ImportType { name: name.clone() }),
            }
        }
        let first = HOST_FUNCTION_COUNT + index(program.functions.len());
        let needed = shim.with_callees(entries.into_iter());
        let mut shim_functions: BTreeMap<u32, u32> = needed.into_iter().zip(first..).collect();
        let first_stub = first + index(shim_functions.len());
        for (place, import) in (0..).zip(&shim.imports) {
            match import {
                Import::InputRead => shim_functions.insert(place, 0),
                Import::OutputWrite => shim_functions.insert(place, 1),
                Import::Exit => None,
            };
        }
        let place = |(name, kind): &(String, u32)| match shim.entry(name) {
            Some(entry) => shim_functions[&entry],
            None => first_stub + index(stubs.range(..*kind).count()),
        };
        let imports = program.imports.iter().map(place).collect();
        let first_helper = first_stub + index(stubs.len());
        Ok(Self { imports, shim_functions, stubs, first_helper })
    }

    /// The interface's functions that are linked in, in order, by their index there.
    fn linked(&self, shim: &Shim) -> impl Iterator<Item = u32> {
        self.shim_functions.keys().copied().filter(|index| shim.import(*index).is_none())
    }
}

fn returns_errno(kind: &FuncType) -> bool {
    kind.results() == [wasmparser::ValType::I32]
}

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("the validator counts to a million")
}

fn at(index: u32) -> usize {
    usize::try_from(index).expect("an index of 32 bits fits")
}
