//! What one asks of the market.
//!
//! Law: first refuse, then change.
//! Not here: what follows in other rooms (`stories`).

pub(crate) mod accept_job;
pub(crate) mod cancel_job;
pub(crate) mod commit_bid;
pub(crate) mod post_job;
pub(crate) mod rate_job;
pub(crate) mod reveal_bid;
