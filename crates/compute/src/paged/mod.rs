//! Ordinary programs: their state is their memory.
//!
//! A prepared program (crate `prepare`) is a WebAssembly module whose whole state between two steps
//! lies in its linear memory, its mutable globals and what it has put out.
//!
//! Code map: `form` (the names a prepared module and its hosts agree on), `program` (which modules
//! are in that form, and their variants that mark or check pages), `task` (what is computed),
//! `pages` (memory under a tree), `chunks` (an input in pieces), `stream` (the output's
//! commitment), `outputs` (an output in pieces), `state` (a state's digest),
//! `engine` (a module in wasmi or wasmtime), `pace` (where a run stops), `run` (whole runs, and
//! steps from any state), `evidence` (what a step touches, and the referee), `dispute` (from a
//! whole run down to a step), `job` (what a worker asks of a child process about a job), `whole` (a
//! run in a child process, for authors), `survey` (what a dispute about it would take), `wire`
//! (their messages).
//! Not here: how a program is prepared; programs that compute in steps of their own (`executor`).

pub mod chunks;
pub mod dispute;
mod engine;
pub mod evidence;
pub mod form;
pub mod job;
pub mod outputs;
mod pace;
pub mod pages;
pub mod program;
pub mod run;
pub mod state;
pub mod stream;
pub mod survey;
pub mod task;
pub mod whole;
mod wire;
