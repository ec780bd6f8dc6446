//! Which modules are prepared programs, and what a run must know of one beforehand.
//!
//! A module is read once, when it is published: its form (`form`), limits that keep reading,
//! loading and judging it bounded, and its first state: the pages that its data segments make, its
//! globals. What could be state and lies neither in memory nor in exported globals is refused:
//! tables that change, segments that can be dropped, a start function.
//! Laws: reading is a pure function of the bytes, linear in them; a module that is read can be
//! instantiated, and its first state is the one told here.
//! Known shortcomings: mutable globals of vectors are refused; the time that a compiling engine
//! takes at these limits is not measured.
//! Not here: how a module is made (crate `prepare`), running it (`engine`).

mod access;
mod code;
mod sections;
mod variant;

pub use code::features;

use std::collections::BTreeMap;

use super::pages::{PAGE_BYTES, Page, ZERO_PAGE};
use super::state::{Memory, Running, State, Value};
use super::stream::Frontier;
use crate::digest::Digest;

/// Under which name the variants of a module export their map.
pub(super) const MAP: &str = "earnest_map";
/// Under which name they tell that a page was not there: an i32, not zero.
pub(super) const MISSING: &str = "earnest_missing";
/// Under which name the checking variant exports what is left of a step's gas: an i64.
pub(super) const GAS: &str = "earnest_gas";

/// Most bytes of a module (8 MiB).
pub const MODULE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most functions, types, exports, globals, or segments of one kind.
pub const ITEM_COUNT_MAX: u32 = 65_536;
/// Most bytes of one function body (256 KiB).
pub const FUNCTION_BYTES_MAX: usize = 256 * 1024;
/// Most locals of one function, parameters included.
pub const LOCAL_COUNT_MAX: u32 = 15_000;
/// Most values on a function's operand stack: with its locals fewer than the interpreter's slots.
pub const OPERAND_COUNT_MAX: u32 = 4_000;
/// Most blocks open inside one another in a function.
pub const NESTING_MAX: u32 = 10_000;
/// Most parameters, and most results, of a type.
pub const TYPE_VALUE_COUNT_MAX: usize = 128;
/// Most table elements (and at most one table).
pub const TABLE_ELEMENT_COUNT_MAX: u64 = 1 << 20;

/// Which of the two modules of a prepared program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// P1: run from beginning to end.
    Plain,
    /// P2: run step by step; the job's law.
    Pausable,
}

/// Why a module is not a prepared program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramRejected {
    /// Longer than any may be.
    #[error("the module's {length} bytes exceed {limit}")]
    ModuleTooLong {
        /// Its bytes.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// Not valid WebAssembly of the accepted kind; the validator's words.
    #[error("not a valid module: {0}")]
    Invalid(String),
    /// Too many of something.
    #[error("{count} {what} exceed {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// An import that a prepared program may not have, or of another type.
    #[error("it imports {0}, which prepared programs may not, or with another type")]
    Import(String),
    /// An export of the form is missing or of another type.
    #[error("the export {0} is missing or of another type: prepare the program again")]
    Export(String),
    /// An export has a name that the variants of the module need.
    #[error("the export {0} has a reserved name: prepare the program again")]
    ReservedExport(String),
    /// Something that would be state and lies outside memory and globals.
    #[error("{0} is refused: it would be state outside of memory and globals")]
    HiddenState(&'static str),
    /// An instruction that an engine gets wrong.
    #[error(
        "{0} is refused: the interpreter gets it wrong; hand its values over in locals, as stock \
         compilers do"
    )]
    Instruction(&'static str),
    /// A segment that does not fit the memory or table it is written to, or whose place is not a
    /// constant.
    #[error("a {0} segment lies outside of what it initialises, or its place is no constant")]
    Segment(&'static str),
}

/// A mutable global: its export's name is its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GlobalSlot {
    /// Index among all globals of the module.
    pub(super) index: u32,
    /// Its first value, which also tells its type.
    pub(super) initial: Value,
}

/// A module in the form of prepared programs.
#[derive(Clone, Debug)]
pub struct Program {
    code: Vec<u8>,
    kind: Kind,
    digest: Digest,
    blocks_min: u32,
    blocks_max: u32,
    globals: Vec<GlobalSlot>,
    left: usize,
    exit: usize,
    rest: Option<usize>,
    first: Memory,
}

impl Program {
    /// Reads a module.
    ///
    /// # Errors
    /// It is not valid, breaks a limit, or is not of the form.
    pub fn read(bytes: &[u8], kind: Kind) -> Result<Program, ProgramRejected> {
        if MODULE_BYTES_MAX < bytes.len() {
            let (length, limit) = (bytes.len(), MODULE_BYTES_MAX);
            return Err(ProgramRejected::ModuleTooLong { length, limit });
        }
        code::check(bytes)?;
        let found = sections::read(bytes)?;
        let form = found.form(kind)?;
        let mut pages = BTreeMap::new();
        let size = u64::from(form.blocks_min).saturating_mul(65_536);
        for segment in &found.data {
            let end = segment.at as u64 + segment.bytes.len() as u64;
            if size < end {
                return Err(ProgramRejected::Segment("data"));
            }
            write(&mut pages, segment.at, segment.bytes);
        }
        let mut first = Memory::new(form.blocks_min);
        first.put(pages);
        Ok(Program {
            code: bytes.to_vec(),
            kind,
            digest: Digest::of_program(bytes),
            blocks_min: form.blocks_min,
            blocks_max: form.blocks_max,
            globals: found.mutable_globals().collect(),
            left: form.left,
            exit: form.exit,
            rest: form.rest,
            first,
        })
    }

    /// The module's bytes.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Which of the two modules it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// BLAKE3 of the bytes: of the pausable module, what a task binds.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Blocks of 64 KiB that its memory begins with.
    pub fn blocks_min(&self) -> u32 {
        self.blocks_min
    }

    /// Blocks of 64 KiB that its memory may grow to.
    pub fn blocks_max(&self) -> u32 {
        self.blocks_max
    }

    /// Its mutable globals in order.
    pub(super) fn globals(&self) -> &[GlobalSlot] {
        &self.globals
    }

    /// Where the count of ticks left stands among the mutable globals.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Where the exit code stands among the mutable globals.
    pub(super) fn exit(&self) -> usize {
        self.exit
    }

    /// Where the ticks that it may draw stand among the mutable globals, in a plain module that
    /// draws them itself.
    pub(super) fn rest(&self) -> Option<usize> {
        self.rest
    }

    /// The count of ticks left is none of the state's: it is set anew before each step.
    fn first_globals(&self) -> Vec<Value> {
        let mut globals: Vec<Value> = self.globals.iter().map(|slot| slot.initial).collect();
        globals[self.left] = Value::I64(0);
        globals
    }

    /// The state before the first step: a function of the module alone.
    pub fn first_state(&self) -> State {
        State::Running(Running {
            ticks: 0,
            output: Frontier::default(),
            memory: self.first.clone(),
            globals: self.first_globals(),
        })
    }
}

/// Writes bytes to the pages that they lie in, and to no others.
fn write(pages: &mut BTreeMap<u32, Box<Page>>, mut at: usize, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let start = at % PAGE_BYTES;
        let (now, later) = bytes.split_at(bytes.len().min(PAGE_BYTES.saturating_sub(start)));
        let index = u32::try_from(at / PAGE_BYTES).expect("addresses have 32 bits");
        let page = pages.entry(index).or_insert_with(|| Box::new(*ZERO_PAGE));
        if let Some(place) = page.get_mut(start..start.saturating_add(now.len())) {
            place.copy_from_slice(now);
        }
        at = at.saturating_add(now.len());
        bytes = later;
    }
}
