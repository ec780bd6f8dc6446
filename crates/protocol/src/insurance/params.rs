//! Parameters of insurance.

use crate::{
    num::{Blocks, Factor, Ratio},
    params::declare::{ONE, params},
};

params! {
    /// What a requester may insure, what it costs, and what the pool may lose.
    InsuranceParams in "insurance" {
        /// The most that a cover pays, as a share of what the slash burns and insures; 0 insures
        /// nobody. It is less than all, so that a conviction never pays both its sides (C16).
        cover_share: Ratio = Ratio::ZERO, 0..=900_000_000, "off: a new pool is empty";
        /// The share of results taken to be wrong, for the premium.
        wrong_share: Ratio = Ratio::percent(1), 0..=ONE, "one in a hundred";
        /// What a premium is of the quoted expected loss.
        loading: Factor = Factor::percent(120), ONE..=100 * ONE, "a fifth more than it is to cost";
        /// Blocks that a cover is bought before bids are opened, at least.
        waiting_blocks: Blocks = Blocks::new(1), 1..=100_000, "no bid is opened in that block";
        /// The share of the pool that may be promised in an epoch.
        epoch_share: Ratio = Ratio::percent(10), 0..=ONE, "a pool outlasts ten bad epochs";
        /// The share of the pool, what it promised included, that one requester may be paid in an
        /// epoch for one provider.
        pair_share: Ratio = Ratio::percent(2), 0..=ONE, "a fifth of an epoch's";
    }
}
