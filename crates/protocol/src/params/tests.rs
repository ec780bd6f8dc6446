//! Ranges, relations, and that every violation is named at once.

use std::{string::ToString, vec::Vec};

use super::*;
use crate::num::{Amount, Blocks, Epochs, Gas, Ratio};

#[test]
fn the_defaults_hold_and_every_parameter_says_what_it_is() {
    assert!(Params::try_from(RawParams::default()).is_ok());
    for field in RawParams::fields() {
        let path = (field.room, field.name);
        assert!(field.min <= field.max && !field.about.trim().is_empty(), "{path:?}");
        assert!(!field.reason.is_empty(), "{path:?}");
    }
    let mut paths: Vec<_> = RawParams::fields().map(|field| (field.room, field.name)).collect();
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), count);
}

#[test]
fn every_violation_is_named_at_once() {
    let mut raw = RawParams::default();
    raw.verification.redraws = 5;
    raw.slashing.engine_stay_epochs = Epochs::new(0);
    raw.staking.unbonding_epochs = Epochs::new(1);
    let rejected = Params::try_from(raw).expect_err("three things are wrong");
    let text = rejected.to_string();
    for part in ["verification.redraws is 5", "slashing.engine_stay_epochs is 0", "(R4)"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(rejected.violations.len(), 3);
}

#[test]
fn what_is_wrong_is_said_in_tokens_and_per_cent() {
    let told = |change: fn(&mut RawParams)| violation(change).to_string();
    let share = told(|raw| raw.slashing.share_max = Ratio::new(5_000_000).expect("a share"));
    assert!(share.starts_with("a slash of ") && share.contains("which is 0.5 % (R2)"), "{share}");
    let credits = told(|raw| raw.credits.mint_share = Ratio::percent(10));
    assert!(credits.starts_with("credits.mint_share or credits.redeem_share is 10 %"), "{credits}");
    let outside = told(|raw| raw.verification.beta = Ratio::ONE);
    assert!(outside.starts_with("verification.beta is 100 %; allowed are "), "{outside}");
    let cheap = told(|raw| raw.verification.challenge_deposit = Amount::new(1).expect("small"));
    assert!(cheap.contains(" of 0.000000001 tokens does not cover the "), "{cheap}");
    let price = Violation::StakePriceNotOne { got: 250_000_000 }.to_string();
    assert!(price.starts_with("chain.stake_price is 0.25, "), "{price}");
}

fn violation(change: impl Fn(&mut RawParams)) -> Violation {
    let mut raw = RawParams::default();
    change(&mut raw);
    let mut violations = Params::try_from(raw).expect_err("a relation fails").violations;
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations.remove(0)
}

#[test]
fn each_relation_fails_alone_one_unit_past_its_edge() {
    let needed = RawParams::default().longest_liability().count();
    let epochs = needed.div_ceil(3_600);
    let mut raw = RawParams::default();
    raw.staking.unbonding_epochs = Epochs::new(epochs);
    assert!(Params::try_from(raw).is_ok(), "exactly long enough");
    let short = violation(|raw| raw.staking.unbonding_epochs = Epochs::new(epochs - 1));
    assert!(matches!(short, Violation::UnbondingTooShort { .. }), "{short:?}");

    let limit = 5_000_000_000 / 69;
    let long = violation(|raw| raw.chain.referee_gas = Gas::new(limit + 1));
    assert_eq!(long, Violation::StepTooLong { gas: limit + 1, limit });
    let unfit = violation(|raw| raw.chain.referee_gas = Gas::new(15_999_999));
    assert!(matches!(unfit, Violation::StepExceedsBudget { .. }), "{unfit:?}");
    let narrow = violation(|raw| raw.chain.lane_kib = 1_023);
    assert!(matches!(narrow, Violation::LaneTooNarrow { .. }), "{narrow:?}");
    let cheap = violation(|raw| raw.verification.challenge_deposit = crate::Amount::UNIT);
    assert!(matches!(cheap, Violation::ChallengeTooCheap { .. }), "{cheap:?}");
    let longest = RawParams::default().job_duration(Blocks::new(86_400), Gas::new(10u64.pow(12)));
    let mut raw = RawParams::default();
    raw.storage.keep_blocks_max = longest;
    assert!(Params::try_from(raw).is_ok(), "exactly long enough");
    let brief = Blocks::new(longest.count() - 1);
    let brief = violation(|raw| raw.storage.keep_blocks_max = brief);
    assert!(matches!(brief, Violation::KeepTooShort { .. }), "{brief:?}");
    let farmed = violation(|raw| raw.rewards.emission_cap = crate::Ratio::ONE);
    assert!(matches!(farmed, Violation::EmissionCapTooHigh { .. }), "{farmed:?}");
    // A bond of a hundred tokens costs 570,776 units an epoch; of so much 15.91 % is one more.
    let names = violation(|raw| {
        (raw.rewards.schedule, raw.rewards.work_exponent) = (1, 3);
        raw.rewards.epoch_amount = crate::Amount::new(3_587_450).expect("small");
    });
    assert!(matches!(names, Violation::NamesTooCheap { .. }), "{names:?}");
    let mut raw = RawParams::default();
    (raw.rewards.schedule, raw.rewards.work_exponent) = (1, 3);
    raw.rewards.epoch_amount = crate::Amount::new(3_587_449).expect("small");
    assert!(Params::try_from(raw).is_ok(), "as much as it costs");
    for role in [0, 1] {
        let below = crate::Amount::new(99_999_900_000).expect("small");
        let mut cheaper = raw;
        match role {
            0 => cheaper.staking.provider_bond_min = below,
            _ => cheaper.staking.validator_bond_min = below,
        }
        let names = violation(|raw| *raw = cheaper);
        let Violation::NamesTooCheap { cost, gain } = names else { panic!("{names:?}") };
        assert_eq!((cost.units(), gain.units()), (570_775, 570_776), "of either role");
    }
    let order = violation(|raw| raw.rewards.rate_min = crate::Ratio::percent(21));
    assert!(matches!(order, Violation::OutOfOrder { .. }), "{order:?}");
    let above = violation(|raw| raw.slashing.share_max = crate::Ratio::percent(4));
    assert!(matches!(above, Violation::ShareAboveMax { .. }), "{above:?}");
    let order = violation(|raw| raw.verification.tier_full = crate::Amount::tokens(1));
    assert!(matches!(order, Violation::OutOfOrder { .. }), "{order:?}");
    let order = violation(|raw| raw.market.deadline_blocks_min = Blocks::new(86_401));
    assert!(matches!(order, Violation::OutOfOrder { .. }), "{order:?}");
}

/// R4: both clocks, one after the other, of the longest job of an ordinary program, with as many
/// games as there may be; of one in steps where steps are too small for any other.
#[test]
fn the_longest_liability_has_both_clocks_of_a_dispute_with_all_its_games() {
    let more = |change: fn(&mut RawParams)| {
        let mut raw = RawParams::default();
        change(&mut raw);
        let (needed, before) = (raw.longest_liability(), RawParams::default().longest_liability());
        i64::try_from(needed.count()).expect("small")
            - i64::try_from(before.count()).expect("small")
    };
    assert_eq!(more(|raw| raw.verification.clock_blocks = Blocks::new(130)), 20);
    assert_eq!(more(|raw| raw.verification.disputes_max += 1), 78);
    assert_eq!(more(|raw| raw.market.step_gas_max = Gas::new(1 << 21)), 0);
    // A run is 15,030 blocks, and 15,000 in steps.
    let paged = (120 + 7 * 15_030 + 74 * 78) + (120 + 3 * 15_030 + 78);
    let steps = (120 + 3 * 15_000) + (120 + 15_000);
    assert_eq!(more(|raw| raw.market.step_gas_max = Gas::new((1 << 21) - 1)), steps - paged);
}
