//! Ordinary programs: their state is their memory.
//!
//! A prepared program (crate `prepare`) is a WebAssembly module whose whole state between two steps
//! lies in its linear memory, its mutable globals and what it has put out.
//! Not here: how a program is prepared; programs that compute in steps of their own (`executor`).

pub mod form;
pub mod whole;
