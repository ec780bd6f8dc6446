//! Parameters of emission: how much, to whom, and when it may be had.

use crate::{
    num::{Amount, Epochs, HalfLives, Rate, Ratio, exp2_neg_floor},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, params},
};

params! {
    /// Emission: its schedule, its caps, its split and its vesting.
    RewardsParams in "rewards" {
        /// How much an epoch may emit: 0 nothing, 1 `epoch_amount`, 2 `decay_total` with a
        /// half-life, 3 `epoch_amount` halved at each half-life, 4 a yearly rate that falls by
        /// `rate_factor`, 5 one that moves towards a goal of bonded stake, 6 the same in steps, 7
        /// `goal_total` as a goal is reached, 8 a yearly rate by a curve of bonded stake, 9
        /// `step_share` of what is left of `decay_total` in each step.
        schedule: u8 = 0, 0..=9, "off: a network decides to emit";
        /// Epochs of the schedule that were over when it began here: a network may go on with an
        /// older one's.
        schedule_age_epochs: Epochs = Epochs::new(0), 0..=BLOCKS_MAX, "it begins";
        /// What an epoch emits by schedule 1, and by 3 before its first halving.
        epoch_amount: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "nothing until it is chosen";
        /// All that schedules 2 and 9 ever emit, and 7 by time.
        decay_total: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "nothing until it is chosen";
        /// Epochs in which schedules 2 and 3 fall by half, and 7, by time and by what is reached.
        half_life_epochs: Epochs = Epochs::new(35_040), 1..=BLOCKS_MAX, "four years of hours";
        /// What schedules 4, 5 and 6 emit at first, as a share of the supply a year.
        rate_start: Ratio = Ratio::percent(8), 0..=ONE, "what young networks begin with";
        /// What is left of the rate of schedule 4 after each year.
        rate_factor: Ratio = Ratio::percent(85), 0..=ONE, "a sixth less every year";
        /// What the rate of schedules 4, 5 and 8 never falls below.
        rate_min: Ratio = Ratio::percent(1), 0..=ONE, "upkeep is paid for good";
        /// What the rate of schedules 5 and 8 never exceeds.
        rate_max: Ratio = Ratio::percent(20), 0..=ONE, "as Cosmos";
        /// How fast the rate moves: a year by schedule 5, an epoch by 6.
        rate_change: Ratio = Ratio::percent(13), 0..=ONE, "as Cosmos";
        /// The share of the supply that should be bonded, for schedules 5, 6 and 8.
        bonded_goal: Ratio = Ratio::percent(67), 1..=ONE, "as Cosmos";
        /// How much more than `bonded_goal` is bonded where the rate of schedule 8 has come halfway
        /// down to `rate_min`.
        rate_falloff: Ratio = Ratio::percent(5), 1..=ONE, "as Polkadot's curve";
        /// All that schedule 7 ever emits by what is reached.
        goal_total: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "nothing until it is chosen";
        /// What schedule 7 measures in each epoch: 0 what paid work claims, 1 bonded stake.
        goal_measure: u8 = 0, 0..=1, "a network is there for its work";
        /// How much of it the first epoch is meant to have; an epoch that has it takes the schedule
        /// on by one.
        goal_start: Amount = Amount::tokens(1), 1..=AMOUNT_MAX, "a token's worth of work an hour";
        /// How much more each epoch is meant to have than the one before.
        goal_step: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "the goal stands still";
        /// Epochs in which the goal doubles besides; 0 if it does not.
        goal_doubling_epochs: Epochs = Epochs::new(0), 0..=BLOCKS_MAX, "the goal stands still";
        /// What schedule 9 emits in each step, of what is left.
        step_share: Ratio = Ratio::percent(25), 0..=ONE, "half is left after about two and a half";
        /// Epochs of such a step.
        step_epochs: Epochs = Epochs::new(17_520), 1..=BLOCKS_MAX, "two years of hours";
        /// What an epoch's emission should be worth, in the asset that pays, at the price at which
        /// it is minted: what its work costs, times how much of that emission should cover. The
        /// schedule is cut towards that, by half at most; 0 leaves it whole.
        cover_target: Amount = Amount::ZERO, 0..=AMOUNT_MAX, "off: costs are a network's own";
        /// How much of the whole that cut moves by in an epoch, at most.
        cover_step: Ratio = Ratio::percent(1), 1..=125_000_000, "halved in two days of hours";
        /// Epochs that make a year of a rate.
        epochs_per_year: u64 = 8_760, 1..=BLOCKS_MAX, "of hours";
        /// The most that is ever emitted.
        lifetime_max: Amount = Amount::MAX, 0..=AMOUNT_MAX, "the largest supply";
        /// The treasury's share of an epoch's emission, whatever work there is.
        treasury_share: Ratio = Ratio::ZERO, 0..=ONE, "a genesis or a vote says how much";
        /// λ: the share of the rest that goes to all who may work, by stake, whatever work there
        /// is; what remains goes to work.
        stake_share: Ratio = Ratio::ZERO, 0..=ONE, "work alone is paid for";
        /// Does stake that is locked weigh more in what goes by stake, as it does in votes? 1 if it
        /// does.
        lock_weighs: u8 = 0, 0..=1, "off: what is bonded is paid alike";
        /// The most emission that a job attracts in all, as a share of the fees that it burnt (M24,
        /// R9).
        emission_cap: Ratio = Ratio::percent(90), 0..=ONE, "who pays itself loses a tenth";
        /// Performance: the share of what a job attracts for somebody that follows its score, of
        /// correct and timely work, of correct audits; the rest is had at any score.
        performance_share: Ratio = Ratio::ZERO, 0..=ONE, "the price pays for work, whoever did it";
        /// γ, in quarters: what an operator's jobs of an epoch attract together grows by this power
        /// above `work_unit`; 4 is in full.
        work_exponent: u8 = 4, 2..=4, "whoever does the work is paid for it";
        /// Up to where what they attract is in full whatever `work_exponent` is.
        work_unit: Amount = Amount::tokens(1), 1..=AMOUNT_MAX, "a token's worth of work an hour";
        /// What a year costs in which a bond is locked, as a share of it: what names are held to
        /// cost (R19).
        bond_cost: Ratio = Ratio::percent(5), 0..=ONE, "what stake earns elsewhere";
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

impl RewardsParams {
    /// The most that an epoch may emit (up); none where that follows the supply or a goal.
    pub(crate) fn epoch_most(&self) -> Option<Amount> {
        match self.schedule {
            0 => Some(Amount::ZERO),
            1 | 3 => Some(self.epoch_amount),
            2 => {
                let time = HalfLives { passed: 1, half_life: self.half_life_epochs.count() };
                let left = exp2_neg_floor(time).amount_floor(self.decay_total);
                Some(self.decay_total.saturating_sub(left))
            }
            9 => {
                let step = Rate::of(self.step_share);
                let first = step.amount_floor(self.decay_total, self.step_epochs.count());
                Some(first.saturating_add(Amount::UNIT))
            }
            _ => None,
        }
    }
}
