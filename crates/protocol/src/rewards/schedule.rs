//! Schedules: how much an epoch may emit, as a function of time, supply and stake.
//!
//! Key terms: the *age* of a schedule is how many epochs it has paid for before; a *rate* is a
//! share of the supply a year; a [`Standing`] is what a schedule remembers from epoch to epoch.
//! Laws: a schedule depends on nothing that a job can change within its epoch, but for a goal of
//! paid work, which is why an epoch of such a one emits no more in all than its work claims
//! ([`Schedule::is_of_work`], M24); its cut follows its own amount and the price, and only lowers
//! it.
//! Rounding: amounts down; the rate of a bonded goal to the nearest part of 10^-18, as the network
//! does whose rule it is.
//! Known shortcomings: bonded stake is that of operators that may work, without what others
//! delegated; what a goal of work would have emitted above the claims of an epoch is never emitted.
//! Not here: what is minted of it (`acts`), who gets it.

use serde::{Deserialize, Serialize};

use crate::num::{
    Amount, Approach, Factor, HalfLives, Rate, Ratio, exp2_neg_floor, exp2_neg_mixed_floor,
};

use super::{Baseline, Reached, params::RewardsParams};

/// How much an epoch may emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Nothing.
    Off,
    /// The same in every epoch.
    Fixed {
        /// So much.
        amount: Amount,
    },
    /// A total that is emitted for ever, half of what is left in each half-life.
    Decay {
        /// All of it.
        total: Amount,
        /// Epochs of a half-life, at least 1.
        half_life: u64,
    },
    /// The same for as many epochs, and half of it, down, for the next as many.
    Halving {
        /// In each of the first of them.
        first: Amount,
        /// So many epochs, at least 1.
        each: u64,
    },
    /// A rate that falls by the same factor every year, to a floor.
    Disinflation {
        /// In the first year.
        start: Ratio,
        /// What is left of it after each year.
        factor: Ratio,
        /// The floor.
        least: Ratio,
        /// Epochs of a year, at least 1.
        year: u64,
    },
    /// A rate that moves towards a goal of bonded stake, fast while far from it (Cosmos).
    Bonded {
        /// Where it begins.
        start: Ratio,
        /// How it moves.
        towards: Approach,
    },
    /// A rate that moves by equal steps towards a goal of bonded stake (Livepeer).
    BondedSteps {
        /// Where it begins.
        start: Ratio,
        /// One step, each epoch.
        step: Ratio,
        /// The share of the supply that should be bonded.
        goal: Ratio,
        /// Epochs of a year, at least 1.
        year: u64,
    },
    /// A total that is emitted as a goal is reached, half of what is left in as many epochs of the
    /// goal, and another by time (Filecoin).
    Goal {
        /// All that is emitted by what is reached.
        total: Amount,
        /// All that is emitted by time, as [`Schedule::Decay`].
        by_time: Amount,
        /// Epochs of a half-life, at least 1.
        half_life: u64,
        /// What counts.
        measure: Measure,
        /// How much of it each epoch is meant to have.
        baseline: Baseline,
    },
    /// A rate that rises evenly to its most where a goal of stake is bonded, and falls by halves
    /// beyond it (Polkadot's curve).
    Curve {
        /// What it never falls below.
        least: Ratio,
        /// What it is at the goal, at least `least`.
        most: Ratio,
        /// The share of the supply that should be bonded.
        goal: Ratio,
        /// How much more is bonded where it has come halfway down.
        falloff: Ratio,
        /// Epochs of a year, at least 1.
        year: u64,
    },
    /// A total of which each step emits the same share of what is left, evenly (Polkadot's cap).
    Steps {
        /// All of it.
        total: Amount,
        /// What a step emits of what is left.
        share: Ratio,
        /// Epochs of a step, at least 1.
        each: u64,
    },
}

/// What a goal is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// What the paid work of an epoch claims: its gas at the tariff, as far as it burnt.
    Work,
    /// What is bonded when the epoch ends.
    Bonded,
}

/// What a schedule remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The rate of the last epoch, of what has one.
    pub rate: Rate,
    /// How much of its goal is reached.
    pub reached: Reached,
    /// What is left of each epoch's emission after its cut, a half at least.
    pub kept: Ratio,
}

/// Where the network stands when an epoch is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Epochs that the schedule has paid for before.
    pub age: u64,
    /// As the epoch before left it; [`Schedule::start`] in the first.
    pub standing: Standing,
    /// All of the stake asset that was issued and not burnt.
    pub supply: Amount,
    /// What of it is bonded, at most the supply.
    pub bonded: Amount,
    /// What the epoch's work claims.
    pub claims: Amount,
}

/// What an epoch's emission should be worth, and how fast the schedule is cut towards that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// In units that pay.
    pub target: Amount,
    /// The most that it moves in an epoch.
    pub step: Ratio,
    /// What a unit that is minted is worth in units that pay.
    pub price: Factor,
}

/// The least that a cut leaves.
const HALF: Ratio = Ratio::percent(50);

impl Cut {
    /// The cut that parameters choose, at a price; none if they choose none.
    pub fn of(params: &RewardsParams, price: Factor) -> Option<Cut> {
        let (target, step) = (params.cover_target, params.cover_step);
        (!target.is_zero()).then_some(Cut { target, step, price })
    }

    /// What is left after it of an epoch that may emit `scheduled`, where `kept` was left of the
    /// one before: target / (`scheduled` · price), down, within 1/2 and 1, or as near to that as
    /// one step goes.
    pub fn kept_floor(&self, scheduled: Amount, kept: Ratio) -> Ratio {
        let worth = self.price.amount_ceil(scheduled).unwrap_or(Amount::MAX);
        let wanted = match worth.is_zero() {
            true => Ratio::ONE,
            false => Ratio::of_floor(self.target.units(), worth.units()).max(HALF),
        };
        let (step, one) = (self.step, Ratio::ONE);
        let least = kept.saturating_sub(step);
        wanted.max(least).min(kept.saturating_add(step).min(one))
    }
}

impl Schedule {
    /// The schedule that parameters choose.
    pub fn of(params: &RewardsParams) -> Schedule {
        let year = params.epochs_per_year;
        let (start, half_life) = (params.rate_start, params.half_life_epochs.count());
        match params.schedule {
            1 => Schedule::Fixed { amount: params.epoch_amount },
            2 => Schedule::Decay { total: params.decay_total, half_life },
            3 => Schedule::Halving { first: params.epoch_amount, each: half_life },
            4 => {
                let (factor, least) = (params.rate_factor, params.rate_min);
                Schedule::Disinflation { start, factor, least, year }
            }
            5 => {
                let (least, most) = (params.rate_min, params.rate_max);
                let (goal, change) = (params.bonded_goal, params.rate_change);
                let towards = Approach { goal, change, periods: year, least, most };
                Schedule::Bonded { start, towards }
            }
            6 => {
                let (step, goal) = (params.rate_change, params.bonded_goal);
                Schedule::BondedSteps { start, step, goal, year }
            }
            7 => Schedule::Goal {
                total: params.goal_total,
                by_time: params.decay_total,
                half_life,
                measure: if params.goal_measure == 0 { Measure::Work } else { Measure::Bonded },
                baseline: Baseline {
                    start: params.goal_start,
                    step: params.goal_step,
                    doubling: params.goal_doubling_epochs.count(),
                },
            },
            8 => Schedule::Curve {
                least: params.rate_min,
                most: params.rate_max,
                goal: params.bonded_goal,
                falloff: params.rate_falloff,
                year,
            },
            9 => {
                let (total, share) = (params.decay_total, params.step_share);
                Schedule::Steps { total, share, each: params.step_epochs.count() }
            }
            _ => Schedule::Off,
        }
    }

    /// True if what may be emitted follows the work of the epoch: whoever pays itself for work
    /// would else move what goes to others than work, which no claim counts (M24).
    pub fn is_of_work(&self) -> bool {
        matches!(self, Schedule::Goal { measure: Measure::Work, .. })
    }

    /// How it stands before its first epoch, if `age` epochs of it were over elsewhere.
    pub fn start(&self, age: u64) -> Standing {
        let rate = match *self {
            Schedule::Disinflation { start, .. }
            | Schedule::Bonded { start, .. }
            | Schedule::BondedSteps { start, .. } => Rate::of(start),
            _ => Rate::default(),
        };
        let epochs = if matches!(self, Schedule::Goal { .. }) { age } else { 0 };
        let reached = Reached { epochs, part: Amount::ZERO };
        Standing { rate, reached, kept: Ratio::ONE }
    }

    /// The rate of the epoch that is paid for now; none of what has no rate.
    fn rate(&self, at: &Moment) -> Rate {
        let there = match at.supply.is_zero() {
            true => Ratio::ZERO,
            false => Ratio::of_floor(at.bonded.units(), at.supply.units()),
        };
        match *self {
            Schedule::Disinflation { start, factor, least, year } => {
                let years = at.age.checked_div(year).unwrap_or(0);
                Rate::of(start).times_floor(factor.pow_floor(years)).max(Rate::of(least))
            }
            Schedule::Bonded { ref towards, .. } => {
                at.standing.rate.next_nearest((at.bonded, at.supply), towards)
            }
            Schedule::BondedSteps { step, goal, .. } => {
                at.standing.rate.stepped(step, goal.cmp(&there))
            }
            Schedule::Curve { least, most, goal, falloff, .. } => {
                let range = most.saturating_sub(least);
                let more = match there <= goal {
                    true => {
                        Rate::of(range).times_floor(Ratio::of_floor(there.parts(), goal.parts()))
                    }
                    false => {
                        let passed = there.saturating_sub(goal).parts();
                        let left = exp2_neg_floor(HalfLives { passed, half_life: falloff.parts() });
                        Rate::of(range).times_floor(left.ratio_floor())
                    }
                };
                Rate::of(least).plus(more)
            }
            Schedule::Steps { share, each, .. } => {
                let steps = at.age.checked_div(each).unwrap_or(0);
                Rate::of(share.complement()).pow_floor(steps).times_floor(share)
            }
            Schedule::Off
            | Schedule::Fixed { .. }
            | Schedule::Decay { .. }
            | Schedule::Halving { .. }
            | Schedule::Goal { .. } => Rate::default(),
        }
    }

    /// How it stands after the epoch that is paid for now, but for its cut.
    pub fn next(&self, at: &Moment) -> Standing {
        let reached = match self {
            Schedule::Goal { measure, baseline, .. } => {
                let measured = match measure {
                    Measure::Work => at.claims,
                    Measure::Bonded => at.bonded,
                };
                at.standing.reached.after(measured, at.age, baseline)
            }
            _ => at.standing.reached,
        };
        Standing { rate: self.rate(at), reached, ..at.standing }
    }

    /// What the epoch may emit that left it at `next`, down, before its cut and any cap.
    ///
    /// Exact but for `Decay` and `Goal`, which are less than 1 + total · 2^-62 units from the exact
    /// value, of each total; and for `Curve` and `Steps`, whose rates are down: by less than 3
    /// parts of 10^-9 of the range, and by 2 parts of 10^-18 a step.
    pub fn amount(&self, at: &Moment, next: &Standing) -> Amount {
        let rate = next.rate;
        match *self {
            Schedule::Off => Amount::ZERO,
            Schedule::Fixed { amount } => amount,
            Schedule::Decay { total, half_life } => decayed_floor(total, at.age, half_life),
            Schedule::Halving { first, each } => {
                let halvings = at.age.checked_div(each).unwrap_or(0);
                let halved = HalfLives { passed: halvings, half_life: 1 };
                exp2_neg_floor(halved).amount_floor(first)
            }
            Schedule::Goal { total, by_time, half_life, ref baseline, .. } => {
                let left =
                    |reached: Reached| exp2_neg_mixed_floor(reached.epochs(baseline), half_life);
                let reached = left(at.standing.reached).until(left(next.reached));
                let by_time = decayed_floor(by_time, at.age, half_life);
                reached.amount_floor(total).saturating_add(by_time)
            }
            Schedule::Disinflation { year, .. }
            | Schedule::BondedSteps { year, .. }
            | Schedule::Curve { year, .. } => rate.amount_floor(at.supply, year),
            Schedule::Bonded { ref towards, .. } => rate.amount_floor(at.supply, towards.periods),
            Schedule::Steps { total, each, .. } => rate.amount_floor(total, each),
        }
    }
}

/// What goes of a total in the epoch after so many.
fn decayed_floor(total: Amount, age: u64, half_life: u64) -> Amount {
    let left = |passed| exp2_neg_floor(HalfLives { passed, half_life });
    left(age).until(left(age.saturating_add(1))).amount_floor(total)
}
