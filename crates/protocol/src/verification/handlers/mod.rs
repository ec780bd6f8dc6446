//! What one asks of verification.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod challenge;
pub(crate) mod commit_result;
pub(crate) mod commit_verdict;
pub(crate) mod confirm_receipt;
pub(crate) mod open_node;
pub(crate) mod open_seed;
pub(crate) mod prove_step;
pub(crate) mod refine_step;
pub(crate) mod reject_child;
pub(crate) mod report_copy;
pub(crate) mod request_data;
pub(crate) mod reveal_result;
pub(crate) mod reveal_verdict;
pub(crate) mod seal_report;
pub(crate) mod serve_data;
