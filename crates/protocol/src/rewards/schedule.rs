//! Schedules: how much an epoch may emit, as a function of time, supply and stake.
//!
//! Key terms: the *age* of a schedule is how many epochs it has paid for before; a *rate* is a
//! share of the supply a year.
//! Law: a schedule depends on nothing that a job can change within its epoch.
//! Rounding: amounts down; the rate of a bonded goal to the nearest part of 10^-18, as the network
//! does whose rule it is.
//! Known shortcomings: no schedule follows a measured quantity yet, and bonded stake is that of
//! operators that may work, without what others delegated.
//! Not here: what is minted of it (`acts`), who gets it.

use crate::num::{Amount, Approach, HalfLives, Rate, Ratio, exp2_neg_floor};

use super::params::RewardsParams;

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
}

/// Where the network stands when an epoch is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Epochs that the schedule has paid for before.
    pub age: u64,
    /// The rate of the epoch before; [`Schedule::start`] in the first.
    pub rate: Rate,
    /// All of the stake asset that was issued and not burnt.
    pub supply: Amount,
    /// What of it is bonded, at most the supply.
    pub bonded: Amount,
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
            _ => Schedule::Off,
        }
    }

    /// The rate before the first epoch; none of what has no rate.
    pub fn start(&self) -> Rate {
        match *self {
            Schedule::Disinflation { start, .. }
            | Schedule::Bonded { start, .. }
            | Schedule::BondedSteps { start, .. } => Rate::of(start),
            Schedule::Off
            | Schedule::Fixed { .. }
            | Schedule::Decay { .. }
            | Schedule::Halving { .. } => Rate::default(),
        }
    }

    /// The rate of the epoch that is paid for now; none of what has no rate.
    pub fn rate(&self, at: &Moment) -> Rate {
        match *self {
            Schedule::Disinflation { start, factor, least, year } => {
                let years = at.age.checked_div(year).unwrap_or(0);
                Rate::of(start).times_floor(factor.pow_floor(years)).max(Rate::of(least))
            }
            Schedule::Bonded { ref towards, .. } => {
                at.rate.next_nearest((at.bonded, at.supply), towards)
            }
            Schedule::BondedSteps { step, goal, .. } => {
                let there = match at.supply.is_zero() {
                    true => Ratio::ZERO,
                    false => Ratio::of_floor(at.bonded.units(), at.supply.units()),
                };
                at.rate.stepped(step, goal.cmp(&there))
            }
            Schedule::Off
            | Schedule::Fixed { .. }
            | Schedule::Decay { .. }
            | Schedule::Halving { .. } => Rate::default(),
        }
    }

    /// What the epoch may emit at that rate, down, before any cap.
    ///
    /// Exact but for `Decay`, which is less than 1 + total · 2^-63 units from the exact value.
    pub fn amount(&self, at: &Moment, rate: Rate) -> Amount {
        match *self {
            Schedule::Off => Amount::ZERO,
            Schedule::Fixed { amount } => amount,
            Schedule::Decay { total, half_life } => {
                let left = |passed| exp2_neg_floor(HalfLives { passed, half_life });
                left(at.age).until(left(at.age.saturating_add(1))).amount_floor(total)
            }
            Schedule::Halving { first, each } => {
                let halvings = at.age.checked_div(each).unwrap_or(0);
                let halved = HalfLives { passed: halvings, half_life: 1 };
                exp2_neg_floor(halved).amount_floor(first)
            }
            Schedule::Disinflation { year, .. } | Schedule::BondedSteps { year, .. } => {
                rate.amount_floor(at.supply, year)
            }
            Schedule::Bonded { ref towards, .. } => rate.amount_floor(at.supply, towards.periods),
        }
    }
}
