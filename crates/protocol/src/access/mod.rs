//! Access: what a requester's own bond gives it where it posts a job.
//!
//! Key terms: *access stake* is what an account bonded in the role `access`; a *tier* is the
//! highest row of `access.stake_1` … that it reaches; its *discount* is a part of the take.
//!
//! Laws: what counts is bonded and not leaving in the block of the posting (m11), and a job keeps
//! its tier; a discount is of what neither burns nor was the provider's, so nothing that is worked
//! out from what burnt (emission, reputation) or from the price (collateral, pay) knows of it; more
//! stake never has a lower discount, so nobody gains by splitting it over accounts. What comes back
//! of a take, by emission and by discount, is at most nine tenths of it (R21).
//! Rounding: a discount down (`market::PriceSplit`).
//! Access stake secures nothing: nothing is drawn by it, nothing is slashed from it, nothing is
//! delegated to it, and it earns nothing. It votes, as all that is bonded does. Whoever withholds
//! an input that it answers for, or loses a dispute about its own job, is jailed in this role.
//! Known shortcomings: accounts may share one bond by having its owner post for all of them.
//! Not here: where the bond lies and when it leaves (`staking`), what a job pays (`market`). A
//! limit of open jobs and a rank among orders: no rule lets orders compete (ADR 112).

pub(crate) mod params;

pub use params::{AccessParams, TIERS_MAX, Tier};

#[cfg(test)]
mod tests;
