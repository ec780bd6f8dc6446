//! Ordinary programs: their state is their memory.
//!
//! A prepared program (crate `prepare`) is a WebAssembly module whose whole state between two steps
//! lies in its linear memory, its mutable globals and what it has put out.
//!
//! Code map: `form` (the names a prepared module and its hosts agree on), `task` (what is
//! computed), `pages` (memory under a tree), `stream` (the output's commitment), `state` (a state's
//! digest).
//! Not here: how a program is prepared; programs that compute in steps of their own (`executor`).

pub mod form;
pub mod pages;
pub mod state;
pub mod stream;
pub mod task;
