//! What one asks of the insurance.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod insure_job;
