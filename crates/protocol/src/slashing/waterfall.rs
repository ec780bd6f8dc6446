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

use crate::{
    ids::AccountId,
    num::{Amount, Factor, Ratio},
};

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

/// The numbers that a claim on a slash is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsTerms {
    /// Somebody was injured.
    pub injured: bool,
    /// The tariff cost, in the stake asset.
    pub tariff: Amount,
    /// How many share the reward.
    pub reporters: u32,
    /// `R_max`.
    pub reward_max: Amount,
    /// The most compensation, as a multiple of the tariff cost.
    pub compensation_max: Factor,
    /// The share that burns at least.
    pub burn_min: Ratio,
    /// The reporters' share of what compensation leaves.
    pub reporter_share: Ratio,
    /// The burnt share of what both leave.
    pub burn_share: Ratio,
    /// The insurance's share of what burning leaves.
    pub insurance_share: Ratio,
    /// Some validator is there to have the rest; else it insures, too.
    pub judges: bool,
}

impl ClaimsTerms {
    pub(crate) fn new(claims: &Claims, params: &SlashingParams) -> ClaimsTerms {
        ClaimsTerms {
            injured: claims.injured.is_some(),
            tariff: claims.tariff,
            reporters: u32::try_from(claims.reporters.len()).unwrap_or(u32::MAX),
            reward_max: claims.reward_max,
            compensation_max: params.compensation_max,
            burn_min: params.burn_min,
            reporter_share: params.reporter_share,
            burn_share: params.burn_share,
            insurance_share: params.insurance_share,
            judges: true,
        }
    }

    /// At least this much is burnt, whatever anybody claims (up).
    pub fn least_burnt(&self, amount: Amount) -> Amount {
        self.burn_min.amount_ceil(amount)
    }

    /// How `amount` is split.
    pub fn split(&self, amount: Amount) -> Waterfall {
        let burn_min = self.least_burnt(amount);
        let spendable = amount.saturating_sub(burn_min);
        let injury = self.compensation_max.amount_floor(self.tariff).unwrap_or(Amount::MAX);
        let compensation = if self.injured { injury.min(spendable) } else { Amount::ZERO };
        let left = spendable.saturating_sub(compensation);
        let reporter = self.reward(amount.saturating_sub(compensation), left);

        let rest = amount.saturating_sub(compensation).saturating_sub(reporter);
        let burnt = self.burn_share.amount_ceil(rest).max(burn_min).min(rest);
        let rest = rest.saturating_sub(burnt);
        let insurance = if self.judges { self.insurance_share.amount_floor(rest) } else { rest };
        let judges = rest.saturating_sub(insurance);
        Waterfall { amount, compensation, reporter, burnt, insurance, judges }
    }

    /// All reporters' reward together, divisible among them to the unit.
    fn reward(&self, rest: Amount, left: Amount) -> Amount {
        let count = u64::from(self.reporters);
        let total = self.reporter_share.amount_floor(rest).min(self.reward_max).min(left);
        // Down: the dust of the division is burnt with the rest.
        each(total, count).checked_times(count).unwrap_or(Amount::ZERO)
    }
}

/// How `amount` is split.
pub fn plan(amount: Amount, claims: &Claims, params: &SlashingParams) -> Waterfall {
    ClaimsTerms::new(claims, params).split(amount)
}

/// Which way taken stake, or a forfeited deposit, goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Out of circulation.
    Burnt,
    /// Half to the accused, the rest burnt.
    Halved,
    /// At most `most` to a finder, out of what is taken beyond the lock; the rest burnt.
    Finder {
        /// So much.
        most: Amount,
        /// The lock.
        lock: Amount,
    },
    /// Along the waterfall.
    Claims(ClaimsTerms),
}

/// The numbers that the split of a slash is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitTerms {
    /// What is split: the offender's own.
    pub own: Amount,
    /// What others had delegated, which burns: nobody who may be in league with the offender is
    /// paid out of it (C5).
    pub delegated: Amount,
    /// How.
    pub way: Way,
}

impl SplitTerms {
    pub(crate) fn new(own: Amount, way: Way) -> SplitTerms {
        SplitTerms { own, delegated: Amount::ZERO, way }
    }

    /// Where each part goes.
    pub fn split(&self) -> Waterfall {
        let amount = self.own;
        let mut waterfall = match &self.way {
            Way::Burnt => Waterfall { amount, burnt: amount, ..Waterfall::default() },
            Way::Halved => {
                // Down: the accused never gets more than half back from a friend's challenge.
                let compensation = Ratio::percent(50).amount_floor(amount);
                let burnt = amount.saturating_sub(compensation);
                Waterfall { amount, compensation, burnt, ..Waterfall::default() }
            }
            Way::Finder { most, lock } => {
                let reporter = (*most).min(amount.saturating_sub(*lock));
                let burnt = amount.saturating_sub(reporter);
                Waterfall { amount, reporter, burnt, ..Waterfall::default() }
            }
            Way::Claims(terms) => terms.split(amount),
        };
        waterfall.amount = amount.saturating_add(self.delegated);
        waterfall.burnt = waterfall.burnt.saturating_add(self.delegated);
        waterfall
    }
}

/// The numbers that a slash is worked out from: the lock, and a share of what is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// What was locked for it.
    pub lock: Amount,
    /// The share of the rest: what the offence costs, more for each strike.
    pub share: Ratio,
    /// The offender's free bond, what leaves it but answers included.
    pub free: Amount,
    /// What is delegated to it, and answers.
    pub delegated: Amount,
}

impl Taken {
    /// What is to be taken; less is, where a pot lacks it.
    pub fn wanted(&self) -> Amount {
        let of_free = |free: Amount| super::of_free_bond(self.share, free);
        let all = of_free(self.free).saturating_add(of_free(self.delegated));
        self.lock.saturating_add(all)
    }
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

    /// A finder is paid of what is taken beyond the lock: a friend's report of who has little else
    /// costs at least the lock, which is what silence costs.
    #[test]
    fn a_finder_has_no_unit_of_a_lock() {
        let units = |units| Amount::new(units).expect("small");
        let (most, lock) = (units(50), units(100));
        for (own, reporter) in [(99, 0), (100, 0), (103, 3), (150, 50), (151, 50), (1_000, 50)] {
            let split = SplitTerms::new(units(own), Way::Finder { most, lock }).split();
            assert_eq!((split.reporter, split.burnt), (units(reporter), units(own - reporter)));
            assert!(split.adds_up());
        }
    }

    #[test]
    fn a_plan_that_is_a_unit_off_does_not_add_up() {
        let unit = Amount::UNIT;
        let whole = Waterfall { amount: Amount::tokens(1), ..Waterfall::default() };
        let burnt = SplitTerms::new(whole.amount, Way::Burnt).split();
        assert!(burnt.adds_up() && !whole.adds_up());
        let more = Waterfall { compensation: unit, ..burnt };
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
