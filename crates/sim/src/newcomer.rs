//! Newcomer: what one more provider or validator would earn in a network as it is.
//!
//! Key terms: the *others* are as many as may work there, each with what they have on the average;
//! *you* are one more. Jobs are alike, and come as often as they came.
//!
//! Law: a run is like any other, under the network's own parameters; no rule stands here.
//! Known shortcomings: everybody is honest and there from the beginning; what others ask and what
//! work costs them is the scenario's usual; a network of two assets cannot be played; a run that is
//! shorter than an epoch opens none, so that nothing is emitted in it.
//! Not here: what a network is like (hosts ask it).

use earnest_protocol::{Amount, Ratio, RawParams};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    error::SimError,
    run::{self, Nothing, Outcome},
    scenario::Scenario,
    statistics::Moments,
};

/// A network as somebody finds it who thinks of joining.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its parameters.
    pub params: RawParams,
    /// Providers that may work, and for how many jobs at once each has the collateral.
    pub providers: (u32, u32),
    /// Validators that may work, and what each has bonded.
    pub validators: (u32, Amount),
    /// Jobs that are posted in a block.
    pub jobs_per_block: f64,
    /// What one pays at most.
    pub price_max: Amount,
    /// How much work one is, in millions of gas.
    pub mgas: u64,
    /// The chance that its result is audited.
    pub audit_rate: Ratio,
    /// By how many.
    pub auditors: u8,
}

/// As what somebody joins.
#[derive(Clone, Copy, Debug)]
pub enum Joins {
    /// As a provider.
    Provider {
        /// Jobs that its bond secures at once.
        at_once: u32,
        /// What a job costs it, as a share of the ceiling.
        cost: Ratio,
    },
    /// As a validator.
    Validator {
        /// What it bonds.
        bond: Amount,
    },
}

/// How much is simulated.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Effort {
    /// Runs, from number 0.
    pub runs: u32,
    /// Blocks in which jobs are posted.
    pub blocks: u64,
    /// The seed of all of them.
    pub seed: u64,
}

/// What came of it, in base units of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Earnings {
    /// How it was found out.
    pub effort: Effort,
    /// Runs that failed, which count for nothing.
    pub failed: u32,
    /// Profit on the average: what is held at the end, less at first, less what work cost.
    pub mean: f64,
    /// The interval of that mean, at 95 %; none of fewer than two runs.
    pub interval: Option<(f64, f64)>,
    /// The least profit of a run.
    pub least: i64,
    /// The most.
    pub most: i64,
    /// What was paid for work, audits and by emission, on the average.
    pub income: f64,
    /// Jobs that were paid, on the average; 0 of a validator.
    pub jobs: f64,
}

/// Plays a network with one more in it.
///
/// # Errors
/// Why it cannot be played.
pub fn earnings(found: &Found, joins: Joins, effort: Effort) -> Result<Earnings, SimError> {
    let scenario = scenario(found, joins, effort)?;
    let one = |run| run::run(&scenario, effort.seed, run, &mut Nothing);
    let outcomes: Vec<Outcome> =
        (0..effort.runs).into_par_iter().map(one).collect::<Result<_, _>>()?;
    let you = scenario.groups.iter().position(|group| group.name.ends_with(".you"));
    let you = you.unwrap_or_default();
    let played = outcomes.iter().filter(|outcome| outcome.error.is_none());
    let yours: Vec<_> = played.filter_map(|outcome| outcome.groups.get(you)).collect();
    let (mut profit, mut income, mut jobs) = <(Moments, Moments, Moments)>::default();
    for tally in &yours {
        profit.push(tally.profit);
        income.push(tally.income + tally.emission);
        jobs.push(i64::try_from(tally.paid).unwrap_or(i64::MAX));
    }
    let profits = || yours.iter().map(|tally| tally.profit);
    let failed = outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
    Ok(Earnings {
        effort,
        failed: u32::try_from(failed).unwrap_or(u32::MAX),
        mean: profit.mean(),
        interval: (profit.count() > 1).then(|| profit.interval(0.95)),
        least: profits().min().unwrap_or_default(),
        most: profits().max().unwrap_or_default(),
        income: income.mean(),
        jobs: jobs.mean(),
    })
}

/// The network as a scenario.
fn scenario(found: &Found, joins: Joins, effort: Effort) -> Result<Scenario, SimError> {
    let tokens = |amount: Amount| amount.units() as f64 / 1e9;
    let share = |ratio: Ratio| f64::from(u32::try_from(ratio.parts()).unwrap_or(u32::MAX)) / 1e9;
    let market = &found.params.market;
    let deadline =
        market.deadline_blocks_min.count().max(20).min(market.deadline_blocks_max.count());
    let ((providers, at_once), (validators, bond)) = (found.providers, found.validators);
    let you = match joins {
        Joins::Provider { at_once, cost } => {
            let cost = share(cost);
            format!("[providers.you]\ncount = 1\ncapacity = {at_once}\ncost = [{cost:?}, {cost:?}]")
        }
        Joins::Validator { bond } => {
            format!("[validators.you]\ncount = 1\nbond = {:?}", tokens(bond))
        }
    };
    let others = match providers {
        0 => String::new(),
        count => format!("[providers.others]\ncount = {count}\ncapacity = {at_once}"),
    };
    let judges = match validators {
        0 => String::new(),
        count => format!("[validators.others]\ncount = {count}\nbond = {:?}", tokens(bond)),
    };
    let text = format!(
        "name = \"newcomer\"\n\
         [run]\nblocks = {blocks}\nsample_blocks = {blocks}\n\
         [demand]\njobs_per_block = {demand:?}\n\
         [job]\nprice_max = {price:?}\nmgas = {mgas}\ndeadline_blocks = {deadline}\n\
         audit_rate = {rate:?}\nauditors = {auditors}\n\
         [requesters.all]\ncount = 5\n{judges}\n{others}\n{you}\n",
        blocks = effort.blocks,
        demand = found.jobs_per_block,
        price = tokens(found.price_max),
        mgas = found.mgas,
        rate = share(found.audit_rate),
        auditors = found.auditors,
    );
    let mut scenario = Scenario::parse(&text, &[])?;
    let retention = scenario.params.market.retention_blocks;
    scenario.params = found.params;
    scenario.params.market.retention_blocks = retention;
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort { runs: 6, blocks: 150, seed: 1 };

    fn found() -> Found {
        Found {
            params: RawParams::default(),
            providers: (10, 1),
            validators: (20, Amount::tokens(10_000)),
            jobs_per_block: 1.0,
            price_max: Amount::tokens(10),
            mgas: 1_000,
            audit_rate: Ratio::percent(50),
            auditors: 2,
        }
    }

    fn provider(at_once: u32, cost: u64) -> Joins {
        Joins::Provider { at_once, cost: Ratio::percent(cost) }
    }

    #[test]
    fn who_works_for_less_than_it_asks_earns_and_who_has_more_bond_earns_more() {
        let small = earnings(&found(), provider(1, 40), EFFORT).expect("it can be played");
        let large = earnings(&found(), provider(8, 40), EFFORT).expect("it can be played");
        assert_eq!((small.failed, large.failed), (0, 0));
        assert!(small.jobs > 0.0 && small.mean > 0.0, "{small:?}");
        assert!(large.jobs > small.jobs && large.mean > small.mean, "{small:?} {large:?}");
        for range in [&small, &large] {
            let (low, high) = range.interval.expect("there are six runs");
            assert!(low <= range.mean && range.mean <= high);
            assert!(range.least as f64 <= range.mean && range.mean <= range.most as f64);
            assert!(range.income >= range.mean, "work costs something");
        }
    }

    #[test]
    fn the_same_seed_says_the_same_and_where_nothing_is_asked_for_nothing_is_earned() {
        let twice = [(); 2].map(|()| earnings(&found(), provider(2, 40), EFFORT).expect("played"));
        assert_eq!(twice[0].mean, twice[1].mean);
        let idle = Found { jobs_per_block: 0.0, ..found() };
        let none = earnings(&idle, provider(2, 40), EFFORT).expect("played");
        assert_eq!((none.jobs, none.income), (0.0, 0.0));
        assert!(none.mean <= 0.0, "fees alone");
    }

    #[test]
    fn a_validator_is_paid_for_what_it_is_drawn_for() {
        let joins = Joins::Validator { bond: Amount::tokens(10_000) };
        let all = earnings(&found(), joins, EFFORT).expect("played");
        assert!(all.income > 0.0 && all.jobs == 0.0, "{all:?}");
    }
}
