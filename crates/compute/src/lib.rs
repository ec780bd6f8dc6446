//! Earnest compute: work that anyone can check.
//!
//! A program is a WebAssembly module that computes in bounded steps. Every run of the same task
//! gives the same states, the same gas and the same commitment on every machine and in every
//! engine; if two parties disagree, they find the first step they disagree about in a few rounds,
//! and a referee computes that one step.
//!
//! Code map: `task` (what is computed), `admission` (which programs, and the gas rewrite),
//! `executor` (one step, in two engines), `trace` (a whole run), `checkpoint` (the commitment),
//! `bisection` (the dispute and the referee), `runner` (a run in a child process), `guests` (three
//! ready programs).
//!
//! Guest interface (nothing may be imported; all pointers are byte offsets into `memory`):
//!
//! | export | type | meaning |
//! |---|---|---|
//! | `memory` | memory | one, minimum = maximum <= 16 MiB |
//! | `state` | `() -> i32` | where the state lies |
//! | `state_len` | `() -> i32` | bytes reserved for the state, at most 1 MiB |
//! | `input` | `() -> i32` | where the host puts the seed (32 bytes, for `init`) or the chunk |
//! | `input_cap` | `() -> i32` | optional: bytes reserved there; a longer chunk is a fault |
//! | `init` | `() -> i32` | makes the initial state from the seed; returns its length |
//! | `step` | `(index: i64, input_len: i32) -> i32` | one step; returns the new state's length |
//!
//! Each call of `init` or `step` happens in a fresh instance, after the queries `state`,
//! `state_len`, `input` and `input_cap` in that order; the previous state is written first, the
//! input second. Only the returned bytes at `state` survive. The instance and the bytes carried in
//! are paid for before it is made, the state when it is returned: see `Admitted::step_gas_fixed`. A
//! trap, a place or length out of bounds, a state longer than `state_len`, or more gas than a step
//! may use is a fault: see `checkpoint`.
//!
//! ```
//! use earnest_compute::{Digest, EngineKind, Machine, Runner, admit, guests, trace::Keep};
//!
//! let guest = guests::by_name("wordcount").expect("shipped");
//! let (input, task) = (guest.input(), guest.task(Digest([0; 32])));
//! let admitted = admit(guest.module)?;
//! let machine = Machine::new(EngineKind::Wasmi, &admitted)?;
//! let trace = Runner::new(&machine, &task, &input).run_all(Keep::default(), |_step| {})?;
//! for (name, value) in guests::report(guest.name, trace.output()) {
//!     println!("{name}: {value}"); // words: 32002 ...
//! }
//! println!("commit to {} for {} gas", trace.root(), trace.gas());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: money, accounts, time, the sandbox of the operating system.

#![forbid(unsafe_code)]

pub mod admission;
pub mod bisection;
mod bytes;
pub mod checkpoint;
pub mod detour;
pub mod digest;
pub mod executor;
pub mod guests;
pub mod paged;
pub mod runner;
pub mod task;
pub mod trace;

pub use admission::{
    AdmissionRejected, Admitted, COMPILED_PICOS_PER_GAS, REFEREE_PICOS_PER_GAS, admit,
};
pub use checkpoint::{Checkpoint, Leaf, LeafProof, PAD, Position, Status, Tree};
pub use digest::Digest;
pub use executor::{Cause, EngineFault, EngineKind, Explanation, Machine};
pub use task::{Input, Task};
pub use trace::{Runner, Trace};
