//! Material: what a job is run with.
//!
//! Not here: where it comes from (`chain`), what is done with it (`execution`, `pace`).

use std::sync::Arc;

use earnest_compute::Input;

/// The bytes of a job, checked against its task.
#[derive(Clone, Debug)]
pub(crate) enum Material {
    /// Of a program that computes in steps.
    Steps { program: Vec<u8>, input: Arc<Input> },
    /// Of an ordinary one: the pausable module, and the input with zeros up to its last chunk.
    Paged { module: Vec<u8>, input: Vec<u8> },
}
