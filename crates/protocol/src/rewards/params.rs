//! Parameters of emission: how much, to whom, and when it may be had.

use crate::{
    num::{Amount, Epochs, Ratio},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, params},
};

params! {
    /// Emission: its schedule, its caps, its split and its vesting.
    RewardsParams in "rewards" {
        /// How much an epoch may emit: 0 nothing, 1 `epoch_amount`, 2 `decay_total` with a
        /// half-life, 3 `epoch_amount` halved at each half-life, 4 a yearly rate that falls by
        /// `rate_factor`, 5 one that moves towards a goal of bonded stake, 6 the same in steps.
        schedule: u8 = 0, 0..=6, "off: a network decides to emit";
        /// Epochs of the schedule that were over when it began here: a network may go on with an
        /// older one's.
        schedule_age_epochs: Epochs = Epochs::new(0), 0..=BLOCKS_MAX, "it begins";
        /// What an epoch emits by schedule 1, and by 3 before its first halving.
        epoch_amount: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "nothing until it is chosen";
        /// All that schedule 2 ever emits.
        decay_total: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "nothing until it is chosen";
        /// Epochs in which schedules 2 and 3 fall by half.
        half_life_epochs: Epochs = Epochs::new(35_040), 1..=BLOCKS_MAX, "four years of hours";
        /// What schedules 4, 5 and 6 emit at first, as a share of the supply a year.
        rate_start: Ratio = Ratio::percent(8), 0..=ONE, "what young networks begin with";
        /// What is left of the rate of schedule 4 after each year.
        rate_factor: Ratio = Ratio::percent(85), 0..=ONE, "a sixth less every year";
        /// What the rate of schedules 4 and 5 never falls below.
        rate_min: Ratio = Ratio::percent(1), 0..=ONE, "upkeep is paid for good";
        /// What the rate of schedule 5 never exceeds.
        rate_max: Ratio = Ratio::percent(20), 0..=ONE, "as Cosmos";
        /// How fast the rate moves: a year by schedule 5, an epoch by 6.
        rate_change: Ratio = Ratio::percent(13), 0..=ONE, "as Cosmos";
        /// The share of the supply that should be bonded, for schedules 5 and 6.
        bonded_goal: Ratio = Ratio::percent(67), 1..=ONE, "as Cosmos";
        /// Epochs that make a year of a rate.
        epochs_per_year: u64 = 8_760, 1..=BLOCKS_MAX, "of hours";
        /// The most that is ever emitted.
        lifetime_max: Amount = Amount::MAX, 0..=AMOUNT_MAX, "the largest supply";
        /// The treasury's share of an epoch's emission, whatever work there is.
        treasury_share: Ratio = Ratio::ZERO, 0..=ONE, "a genesis or a vote says how much";
        /// λ: the share of the rest that goes to all who may work, by stake, whatever work there
        /// is; what remains goes to work.
        stake_share: Ratio = Ratio::ZERO, 0..=ONE, "work alone is paid for";
        /// The most emission that a job attracts in all, as a share of the fees that it burnt (M24,
        /// R9).
        emission_cap: Ratio = Ratio::percent(90), 0..=ONE, "who pays itself loses a tenth";
        /// The validators' share: of what a job attracts its auditors', and of what goes by stake
        /// that of all; the providers' is the rest.
        validator_share: Ratio = Ratio::percent(20), 0..=ONE, "an audit is a part of the work";
        /// What may be claimed at once of what was earned, after its delay; the rest vests.
        at_once: Ratio = Ratio::percent(25), 0..=ONE, "a quarter pays the bills";
        /// Epochs in which the rest vests, evenly; cut into 16 spans.
        vesting_epochs: Epochs = Epochs::new(4_320), 1..=BLOCKS_MAX, "180 days of hours";
        /// Epochs before anything that was earned may be claimed.
        claim_delay_epochs: Epochs = Epochs::new(24), 0..=BLOCKS_MAX,
            "a day to look at what was paid for";
    }
}
