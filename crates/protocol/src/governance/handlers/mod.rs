//! The commands of governance, one a file.
//!
//! Each refuses, then changes, then says what follows.

pub(crate) mod appeal_slash;
pub(crate) mod cancel_proposal;
pub(crate) mod cast_ballot;
pub(crate) mod cast_council_ballot;
pub(crate) mod pause;
pub(crate) mod propose;
pub(crate) mod propose_spend;
pub(crate) mod stop_spend;
