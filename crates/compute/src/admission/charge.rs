//! The charge for what a call costs besides its instructions: loading the module, a fresh instance,
//! and the bytes that the host carries in and out.
//!
//! | charged | when | gas |
//! |---|---|---|
//! | [`load_gas`] | before `init` | [`LOAD_GAS`], and more by bytes and functions |
//! | [`instance_gas`] | before every call | [`INSTANCE_GAS`], and more by pages and parts |
//! | [`moved_gas`] of state and chunk, or of the seed | before every call | 1 for 8 bytes |
//! | [`moved_gas`] of the new state | when the call returns | 1 for 8 bytes |
//!
//! Without it an empty step over 1 MiB of state would be 250 µs of work for the gas of a few
//! instructions, and an auditor is given its time by the gas.
//!
//! Laws: a charge is a function of the module's bytes and of these lengths alone, so it is the same
//! in every engine and is taken before the engine does the work; it counts against `step_gas_max`
//! like any instruction, and a call that cannot pay it is a fault. It never falls when a length
//! grows. A stopped task's steps do nothing and cost nothing.
//! The prices: what the interpreter was measured to take (`benches/fixed.rs`), at 6.9 ns a unit
//! (the referee's worst rate for instructions), and about half as much again or more. A compiled
//! step costs no more; compiling does, see the shortcomings.
//! Known shortcomings: a referee loads the module for whatever step it judges, though only `init`
//! pays. A program whose loading costs more than `step_gas_max` never has a step to judge, so this
//! at most doubles the referee's worst time. The first case of a thread finds its memory not yet
//! provided: up to 9 ms for 16 MiB, once. Compiling a hostile module takes up to a hundred times
//! what loading it in the interpreter takes, once a job; who audits short jobs should interpret.
//!
//! [`load_gas`]: Admitted::load_gas
//! [`instance_gas`]: Admitted::instance_gas

use super::Admitted;

/// Gas of loading any module: 22 µs.
pub const LOAD_GAS: u64 = 6_000;
/// Gas of loading each byte of a module: up to 0.1 µs, for code that is all branches.
pub const LOAD_BYTE_GAS: u64 = 24;
/// Gas of loading each function: 1.3 µs.
pub const LOAD_FUNCTION_GAS: u64 = 300;
/// Gas of any instance, its queries and its leaf: 2.6 µs, with 64 globals 4.5 µs.
pub const INSTANCE_GAS: u64 = 1_000;
/// Gas of each page (64 KiB) of the memory, touched or not: 1.1 µs. Dearer than measured,
/// because a page that the system must provide anew costs several times that.
pub const PAGE_GAS: u64 = 600;
/// Gas of each export in each instance: 0.15 µs, with a long name 0.28 µs.
pub const EXPORT_GAS: u64 = 60;
/// Gas of each data or element segment in each instance: 0.06 µs.
pub const SEGMENT_GAS: u64 = 16;
/// Gas of each function in each instance: 0.016 µs.
pub const INSTANCE_FUNCTION_GAS: u64 = 4;
/// Gas of each element of an element segment in each instance: 0.006 µs.
pub const ELEMENT_GAS: u64 = 2;
/// Bytes that the host carries in or out for one unit of gas. Read, hashed and copied by a referee
/// at 0.2 ns a byte each way, and at 0.6 ns where the system must provide the memory anew.
pub const MOVED_BYTES_PER_GAS: u64 = 8;

/// Least gas of a step of any program: one page, six exports, two functions behind them. A task
/// whose `gas_bound` is below so much a step cannot reach its end.
pub const STEP_GAS_LEAST: u64 =
    INSTANCE_GAS + PAGE_GAS + 6 * EXPORT_GAS + 2 * INSTANCE_FUNCTION_GAS;

/// Gas of carrying `bytes` bytes across the guest's boundary, once: 131,072 for 1 MiB.
pub fn moved_gas(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(MOVED_BYTES_PER_GAS)
}

/// What a module consists of, as far as loading it and making an instance of it depend on that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) bytes: u64,
    pub(super) functions: u64,
    pub(super) exports: u64,
    pub(super) memory_pages: u64,
    /// Of data and of elements.
    pub(super) segments: u64,
    /// In all element segments together.
    pub(super) elements: u64,
}

impl Admitted {
    /// Gas of loading the module, paid once, by `init`: at most 1.8 million.
    pub fn load_gas(&self) -> u64 {
        let Shape { bytes, functions, .. } = self.shape;
        LOAD_GAS + LOAD_BYTE_GAS * bytes + LOAD_FUNCTION_GAS * functions
    }

    /// Gas of a fresh instance, paid by every call: from [`STEP_GAS_LEAST`] to about
    /// 200,000.
    pub fn instance_gas(&self) -> u64 {
        let Shape { functions, exports, memory_pages, segments, elements, .. } = self.shape;
        INSTANCE_GAS
            + PAGE_GAS * memory_pages
            + EXPORT_GAS * exports
            + SEGMENT_GAS * segments
            + INSTANCE_FUNCTION_GAS * functions
            + ELEMENT_GAS * elements
    }

    /// Gas that `init` costs besides its instructions if the state it makes has `state_bytes`
    /// bytes: a task of less `step_gas_max` is a fault at 0.
    pub fn init_gas_fixed(&self, state_bytes: usize) -> u64 {
        self.init_gas_before().saturating_add(moved_gas(state_bytes))
    }

    /// Gas that a step costs besides its instructions if it reads a chunk of `chunk_bytes` bytes
    /// and its state has `state_bytes` bytes before and after.
    ///
    /// ```
    /// # let guest = earnest_compute::guests::by_name("wordcount").expect("shipped");
    /// let admitted = earnest_compute::admit(guest.module)?;
    /// let (state, chunk) = (1024 * 1024, 64 * 1024);
    /// // The state twice, the chunk once.
    /// let moved = 131_072 + 8_192 + 131_072;
    /// assert_eq!(admitted.step_gas_fixed(state, chunk), admitted.instance_gas() + moved);
    /// # Ok::<(), earnest_compute::AdmissionRejected>(())
    /// ```
    pub fn step_gas_fixed(&self, state_bytes: usize, chunk_bytes: usize) -> u64 {
        self.step_gas_before(state_bytes, chunk_bytes).saturating_add(moved_gas(state_bytes))
    }

    /// What `init` must pay before its first instruction.
    pub(crate) fn init_gas_before(&self) -> u64 {
        self.load_gas() + self.instance_gas() + moved_gas(32)
    }

    /// What a step must pay before its first instruction.
    pub(crate) fn step_gas_before(&self, state_bytes: usize, chunk_bytes: usize) -> u64 {
        let moved = moved_gas(state_bytes).saturating_add(moved_gas(chunk_bytes));
        self.instance_gas().saturating_add(moved)
    }
}
