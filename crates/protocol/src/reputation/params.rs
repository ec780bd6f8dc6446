//! Parameters of reputation.

use crate::{
    num::{Amount, Factor, Ratio},
    params::declare::{AMOUNT_MAX, ONE, params, thousandths},
};

params! {
    /// How evidence counts and fades.
    ReputationParams in "reputation" {
        /// Standard deviations between the mean and the score.
        z: Factor = thousandths(1_645), 0..=10 * ONE, "a one-sided bound of 95 %";
        /// What an epoch leaves of evidence.
        decay: Ratio = Ratio::percent(98), 0..=ONE - 1, "half after 34 epochs";
        /// Value that counts as one event.
        unit: Amount = Amount::tokens(10), 1..=AMOUNT_MAX, "an ordinary job";
        /// Most that one event counts.
        weight_max: Factor = Factor::ONE, 1..=1_000 * ONE, "one job is one event";
        /// Times the burnt fees that a success may count as value (M28).
        burn_multiple: Factor = Factor::percent(4_000), 1..=1_000_000 * ONE,
            "the price itself, at the default take";
        /// Dimensions that count: 2 are correctness and timeliness, which silence counts against;
        /// 3 are these and availability.
        dimensions: u8 = 2, 2..=3, "availability is off";
    }
}

impl ReputationParams {
    /// Is silence told from lateness?
    pub fn counts_availability(&self) -> bool {
        self.dimensions > 2
    }
}
