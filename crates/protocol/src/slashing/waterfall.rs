//! The waterfall: where the parts of a slash go, in this order.
//!
//! 1. compensation of the injured requester, at most `compensation_max` · tariff cost and at
//!    most (1 − `burn_min`)·S (C16);
//! 2. reporters, at most `R_max` and `reporter_share` of what is left (C1);
//! 3. of the rest `burn_share` is burnt, or more until `burn_min` of S is;
//! 4. `insurance_share` of what is left insures, the judges' pool gets the remainder.
//!
//! Law: a plan adds up to its amount; it moves nothing itself.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{ids::AccountId, num::Amount};

use super::params::SlashingParams;

/// Who may be paid out of a slash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The injured requester, if any.
    pub injured: Option<AccountId>,
    /// The tariff cost that its compensation is a multiple of, in the stake asset.
    pub tariff: Amount,
    /// Who convicted, in the order of their seats; they share equally.
    pub reporters: Vec<AccountId>,
    /// `R_max`.
    pub reward_max: Amount,
}

/// Where each part of a slash goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waterfall {
    /// All of it.
    pub amount: Amount,
    /// To the injured requester.
    pub compensation: Amount,
    /// To all reporters together.
    pub reporter: Amount,
    /// Out of circulation.
    pub burnt: Amount,
    /// To the insurance.
    pub insurance: Amount,
    /// To the validators, who judge, by stake.
    pub judges: Amount,
}

/// How `amount` is split.
pub fn plan(amount: Amount, claims: &Claims, params: &SlashingParams) -> Waterfall {
    // Up: at least this much is burnt, whatever anybody claims.
    let burn_min = params.burn_min.amount_ceil(amount);
    let spendable = amount.saturating_sub(burn_min);
    let injury = params.compensation_max.amount_floor(claims.tariff).unwrap_or(Amount::MAX);
    let compensation = if claims.injured.is_some() { injury.min(spendable) } else { Amount::ZERO };
    let left = spendable.saturating_sub(compensation);
    let reporter = reward(amount.saturating_sub(compensation), left, claims, params);

    let rest = amount.saturating_sub(compensation).saturating_sub(reporter);
    let burnt = params.burn_share.amount_ceil(rest).max(burn_min).min(rest);
    let rest = rest.saturating_sub(burnt);
    let insurance = params.insurance_share.amount_floor(rest);
    let judges = rest.saturating_sub(insurance);
    Waterfall { amount, compensation, reporter, burnt, insurance, judges }
}

/// All reporters' reward together, divisible among them to the unit.
fn reward(rest: Amount, left: Amount, claims: &Claims, params: &SlashingParams) -> Amount {
    let Ok(count) = u64::try_from(claims.reporters.len()) else { return Amount::ZERO };
    let total = params.reporter_share.amount_floor(rest).min(claims.reward_max).min(left);
    // Down: the dust of the division is burnt with the rest.
    each(total, count).checked_times(count).unwrap_or(Amount::ZERO)
}

/// ⌊total / count⌋, or nothing for nobody.
pub(crate) fn each(total: Amount, count: u64) -> Amount {
    total.share_floor(1, count).unwrap_or(Amount::ZERO)
}

impl Waterfall {
    /// True if the parts add up.
    pub fn adds_up(&self) -> bool {
        [self.compensation, self.reporter, self.burnt, self.insurance, self.judges]
            .into_iter()
            .try_fold(Amount::ZERO, Amount::checked_add)
            == Some(self.amount)
    }

    /// What nobody gets of it: burnt, and the insurance's.
    pub(crate) fn sunk(&self) -> Amount {
        self.burnt.saturating_add(self.insurance)
    }

    /// Everything burnt.
    pub fn all_burnt(amount: Amount) -> Waterfall {
        Waterfall { amount, burnt: amount, ..Waterfall::default() }
    }

    /// A reward to one reporter, the rest burnt.
    pub(crate) fn reward_and_burn(amount: Amount, reward: Amount) -> Waterfall {
        let reporter = reward.min(amount);
        let burnt = amount.saturating_sub(reporter);
        Waterfall { amount, reporter, burnt, ..Waterfall::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_keep_their_bounds() {
        let params = SlashingParams::default();
        for amount in [0u64, 1, 2, 3, 10, 999, 1_000_000_007, 1_502_500_000_000] {
            for reporters in 0..4u64 {
                for tariff in [0u64, 1, 1_000, 100_000_000_000] {
                    let claims = Claims {
                        injured: Some(AccountId::new(9)),
                        tariff: Amount::new(tariff).expect("small"),
                        reporters: (0..reporters).map(AccountId::new).collect(),
                        reward_max: Amount::new(tariff).expect("small"),
                    };
                    let amount = Amount::new(amount).expect("small");
                    let plan = plan(amount, &claims, &params);
                    assert!(plan.adds_up(), "{plan:?}");
                    assert!(plan.reporter <= claims.reward_max);
                    assert!(plan.burnt >= params.burn_min.amount_ceil(amount));
                    let each = each(plan.reporter, reporters);
                    assert_eq!(each.checked_times(reporters), Some(plan.reporter));
                }
            }
        }
    }
    #[test]
    fn a_plan_that_is_a_unit_off_does_not_add_up() {
        let unit = Amount::UNIT;
        let whole = Waterfall { amount: Amount::tokens(1), ..Waterfall::default() };
        assert!(Waterfall::all_burnt(whole.amount).adds_up() && !whole.adds_up());
        let more = Waterfall { compensation: unit, ..Waterfall::all_burnt(whole.amount) };
        assert!(!more.adds_up());
    }

    /// Of 1,000,003 units: ⌈250,000.75⌉ burn at least, ⌊150,001.5⌋ compensate; a half of the rest
    /// is ⌊425,001.0009⌋ for reporters, who share what they get to the unit; what then burns is
    /// rounded up, and what insures down.
    #[test]
    fn a_plan_is_worked_out_to_its_last_unit() {
        let ratio = |parts| crate::num::Ratio::new(parts).expect("a share");
        let units = |units| Amount::new(units).expect("small");
        let params = SlashingParams {
            compensation_max: crate::num::Factor::new(1_500_000_001).expect("a multiple"),
            burn_min: ratio(250_000_001),
            reporter_share: ratio(500_000_001),
            burn_share: ratio(500_000_001),
            insurance_share: ratio(500_000_003),
            ..SlashingParams::default()
        };
        for (reporters, most, expected) in [
            (0, 0, [0, 425_002, 212_500, 212_500]),
            (1, 1_000_000, [425_001, 250_001, 87_500, 87_500]),
            (3, 400_001, [399_999, 250_001, 100_001, 100_001]),
        ] {
            let claims = Claims {
                injured: Some(AccountId::new(9)),
                tariff: units(100_001),
                reporters: (0..reporters).map(AccountId::new).collect(),
                reward_max: units(most),
            };
            let plan = plan(units(1_000_003), &claims, &params);
            assert_eq!(plan.compensation, units(150_001));
            let parts = [plan.reporter, plan.burnt, plan.insurance, plan.judges];
            assert_eq!(parts, expected.map(units), "{reporters} reporters");
        }
    }
}
