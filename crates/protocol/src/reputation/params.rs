//! Parameters of reputation.

use crate::{
    num::{Amount, Blocks, Epochs, Factor, Ratio},
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
        /// Most of a score that bad ratings take (m13); 0 is no ratings.
        rating_share: Ratio = Ratio::ZERO, 0..=ONE / 10, "ratings are off";
        /// Blocks after a paid job's end in which it may be rated, at most as long as its rows
        /// stay.
        rating_blocks: Blocks = Blocks::new(1_800), 1..=1_000_000, "half of an hour";
        /// Events that all ratings of one requester for one provider weigh together, until they
        /// are forgotten as a pair's.
        rating_pair_max: Factor = Factor::percent(300), 1..=1_000 * ONE, "three ordinary jobs";
        /// Epochs after the first of them in which a pair's ratings count together.
        rating_pair_epochs: Epochs = Epochs::new(34), 1..=100_000,
            "until half of the first has faded";
        /// Times what a name has carried that its next job may be worth; 0 is any job.
        carried_multiple: Factor = Factor::ZERO, 0..=1_000 * ONE, "off";
        /// What any name may take on, whatever it has carried.
        carried_floor: Amount = Amount::tokens(10), 1..=AMOUNT_MAX, "an ordinary job";
    }
}

impl ReputationParams {
    /// Is silence told from lateness?
    pub fn counts_availability(&self) -> bool {
        self.dimensions > 2
    }

    /// The most that a job may be worth whose provider has carried so much; none if any job may be
    /// taken on.
    pub fn job_value_max(&self, carried: Amount) -> Option<Amount> {
        if self.carried_multiple == Factor::ZERO {
            return None;
        }
        let earned = self.carried_multiple.amount_floor(carried).unwrap_or(Amount::MAX);
        Some(earned.max(self.carried_floor))
    }

    /// Do requesters say anything of providers?
    pub fn counts_ratings(&self) -> bool {
        self.rating_share != Ratio::ZERO
    }
}
