//! Parameters of slashing.

use crate::{
    num::{Amount, Epochs, Factor, Ratio},
    params::declare::{AMOUNT_MAX, BLOCKS_MAX, ONE, params},
};

params! {
    /// How much an offence costs, and where it goes.
    SlashingParams in "slashing" {
        /// Share of the free bond that a wrong result costs besides the collateral.
        wrong_result: Ratio = Ratio::percent(5), 0..=ONE, "felt, and no ruin for one fault";
        /// Share of the free bond that a false audit costs besides the lock.
        false_audit: Ratio = Ratio::percent(5), 0..=ONE, "as a wrong result";
        /// Share of the free bond that a leaked verdict costs besides the lock.
        copied_root: Ratio = Ratio::percent(5), 0..=ONE, "as a false audit";
        /// Of what an offence's share of delegated stake comes to, the most that delegators lose of
        /// it, where the operator's own does not pay; 0 spares them.
        delegated_answers: Ratio = Ratio::ONE, 0..=ONE, "who chose an operator answers with it";
        /// Most of the free bond that strikes can raise a percentage to (R2).
        share_max: Ratio = Ratio::percent(50), 0..=ONE, "half at once";
        /// What each strike adds to the base share of a percentage.
        strike_factor: Factor = Factor::ONE, 0..=100 * ONE, "the second costs twice the first";
        /// Epochs in which an operator's strikes halve.
        strike_halflife_epochs: Epochs = Epochs::new(168), 1..=BLOCKS_MAX, "a week of hours";
        /// Most compensation as a multiple of the tariff cost (C16).
        compensation_max: Factor = Factor::percent(200), 0..=100 * ONE, "twice what it cost";
        /// Least burnt share of every slash (C1, R7).
        burn_min: Ratio = Ratio::percent(25), 1..=ONE, "a quarter never comes home";
        /// Reporters' share of what compensation leaves, before its cap.
        reporter_share: Ratio = Ratio::percent(50), 0..=ONE, "the cap decides";
        /// Burnt share of what compensation and reporters leave (m8).
        burn_share: Ratio = Ratio::percent(50), 0..=ONE, "half of the rest";
        /// The insurance's share of what burning leaves; the judges' pool gets the rest: what it
        /// gets of an offender's slash, a coalition among the judges gets back, so the bound
        /// grows with it.
        insurance_share: Ratio = Ratio::ONE, 0..=ONE, "nobody profits from a conviction";
        /// Epochs that a slash by the referee's word waits (C13).
        engine_stay_epochs: Epochs = Epochs::new(1), 1..=BLOCKS_MAX, "an hour to look at it";
        /// Epochs that it waits when unrelated operators were convicted alike (C13).
        engine_hold_epochs: Epochs = Epochs::new(24), 1..=BLOCKS_MAX, "a day to look at it";
        /// Epochs of voting on an appeal; with 0, nobody may appeal.
        appeal_epochs: Epochs = Epochs::new(48), 0..=BLOCKS_MAX, "two days of hours";
        /// What stands behind an appeal, as a share of all that waits for its decision (m21).
        appeal_deposit: Ratio = Ratio::percent(10), 0..=ONE, "a tenth to appeal for nothing";
        /// The least that stands behind one; burnt if the slash stands.
        appeal_deposit_min: Amount = Amount::tokens(100), 1..=AMOUNT_MAX, "one of the least bonds";
    }
}
