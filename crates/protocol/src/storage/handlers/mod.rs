//! What one asks of storage.
//!
//! Law: first refuse, then change.
//! Not here: what happens to the bytes (hosts).

pub(crate) mod keep_data;
pub(crate) mod publish_program;
pub(crate) mod retire_program;
