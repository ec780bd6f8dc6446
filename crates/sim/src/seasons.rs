//! Seasons: deviations that last, and whose jobs and reputations hang together, measured.
//!
//! Key terms: a *policy* is a point in the box of values that a deviation may choose; its *gain* is
//! what one member has more at the end of a season than it would have had by honest play with the
//! same luck.
//!
//! ```text
//! policies of the box ─► a few runs each ─► the better quarter, more runs ─► the best
//!                                              fresh luck, many runs ─► gain, interval, verdict
//! ```
//!
//! Laws: the winner is measured on luck that did not choose it; the interval is Student's t over
//! whole runs; *holds* says that gains from [`MATTERS`] of honest profit on are ruled out, not that
//! none are possible; a run that fails is not left out but ends the entry as not shown.
//! Known shortcomings: the search is a search; four deviate at a time; a policy stays what it is
//! for the season.
//! Not here: games of one job, which are exact (`earnest-audit`).

mod catalogue;

use earnest_protocol::{Amount, Gas, Ratio, RawParams};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    error::SimError,
    luck::{Entity, Luck, Purpose},
    run::{self, Nothing},
    scenario::{Scenario, Setting},
    statistics::{self, Moments},
};
pub use catalogue::Focus;
use catalogue::{ENTRIES, Entry, Kind};

/// The market, but for prices and parameters.
const MARKET: &str = include_str!("seasons/market.toml");
/// The least gain that matters, as a share of honest profit.
pub const MATTERS: f64 = 0.05;
/// Steps between the ends of a choice.
const STEPS: u64 = 1_000_000;
/// Members who deviate in a run.
const MEMBERS: i64 = 4;

/// How much is searched and measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Policies tried of each deviation, at least 1.
    pub policies: u32,
    /// Runs of each policy in the first round; the better quarter gets four times as many.
    pub runs: u32,
    /// Runs of the winner on fresh luck, at least 2.
    pub measured: u32,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { policies: 24, runs: 8, measured: 200 }
    }
}

/// What was found of one deviation.
#[derive(Clone, Debug, Serialize)]
pub struct Season {
    /// Its name.
    pub id: &'static str,
    /// Labels of the threat model.
    pub labels: &'static [&'static str],
    /// What is done.
    pub about: &'static str,
    /// What is known to who does it.
    pub information: &'static str,
    /// Whose profit it is.
    pub focus: Focus,
    /// The best policy found: `path=value`, separated by spaces.
    pub policy: String,
    /// Of which kind of luck it was measured with.
    pub seed: u64,
    /// What it took.
    pub effort: Effort,
    /// What a member of it earns, and one who plays honestly in its place, in base units.
    pub profits: [f64; 2],
    /// The difference, run by run, in base units.
    pub gain: f64,
    /// Its interval.
    pub interval: [f64; 2],
    /// The confidence of the interval.
    pub confidence: f64,
    /// The gain that would be told from none in four of five such measurements, in base units.
    pub smallest_detectable: f64,
    /// What follows.
    pub verdict: Verdict,
    /// Why nothing was shown.
    pub reason: Option<String>,
}

/// What a measured gain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A gain that matters is ruled out.
    Holds,
    /// There is one.
    Pays,
    /// Neither was shown.
    NotShown,
}

/// Where random policies and the two kinds of luck begin.
#[derive(Clone, Copy, Debug)]
struct Seeds {
    search: u64,
    fresh: u64,
}

/// The network that seasons are measured in.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    /// Its parameters.
    pub params: &'a RawParams,
    /// The share of validators whom a cartel has bought.
    pub collusion: Ratio,
}

/// Measures every deviation of the catalogue in a network; `progress` hears of each.
///
/// # Errors
/// If no network can begin so.
pub fn measure(
    network: Network<'_>,
    effort: Effort,
    seed: u64,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Season>, SimError> {
    let seasons = ENTRIES.iter().map(|entry| {
        progress(entry.id);
        season(entry, network, effort, seed)
    });
    seasons.collect()
}

/// A deviation that is known to pay, for what measures must be able to see.
#[cfg(test)]
fn assumed(network: Network<'_>, effort: Effort, seed: u64) -> Result<Season, SimError> {
    season(&catalogue::ASSUMED[0], network, effort, seed)
}

fn season(
    entry: &Entry,
    network: Network<'_>,
    effort: Effort,
    seed: u64,
) -> Result<Season, SimError> {
    let seeds = Seeds { search: seed, fresh: seed ^ 0x5eed_f0e5_4a11_0e77 };
    let market = Market::new(entry, network)?;
    let (policy, settings) = search(entry, &market, effort, seeds.search)?;
    let runs = (0..effort.measured.max(2)).into_par_iter();
    let pairs: Result<Vec<_>, SimError> =
        runs.map(|run| market.pair(&settings, seeds.fresh, run)).collect();
    let confidence = 0.99;
    let mut season = Season {
        id: entry.id,
        labels: entry.labels,
        about: entry.about,
        information: entry.information,
        focus: entry.focus,
        policy,
        seed: seeds.fresh,
        effort,
        profits: [0.0; 2],
        gain: 0.0,
        interval: [f64::NEG_INFINITY, f64::INFINITY],
        confidence,
        smallest_detectable: f64::INFINITY,
        verdict: Verdict::NotShown,
        reason: None,
    };
    let (mut gains, mut profits) = (Moments::default(), [Moments::default(); 2]);
    for pair in pairs? {
        match pair {
            Ok([deviating, honest]) => {
                gains.push(deviating - honest);
                profits[0].push(deviating);
                profits[1].push(honest);
            }
            Err(why) => {
                season.reason = Some(why);
                return Ok(season);
            }
        }
    }
    let (low, high) = gains.interval(confidence);
    season.profits = profits.map(|profit| profit.mean());
    (season.gain, season.interval) = (gains.mean(), [low, high]);
    let error = (gains.variance() / gains.count() as f64).sqrt();
    let freedom = (gains.count() - 1) as f64;
    let quantile = |share| statistics::t_quantile(share, freedom);
    season.smallest_detectable = (quantile(0.5 + confidence / 2.0) + quantile(0.8)) * error;
    season.verdict = verdict(season.interval, season.profits[1]);
    if season.verdict == Verdict::NotShown {
        season.reason = Some("the interval is too wide for a verdict: measure more runs".into());
    }
    Ok(season)
}

/// Gains below a share of honest profit do not matter; honest profit of nothing is participation's
/// concern.
fn verdict([low, high]: [f64; 2], honest: f64) -> Verdict {
    if low > 0.0 {
        Verdict::Pays
    } else if high < honest.abs() * MATTERS {
        Verdict::Holds
    } else {
        Verdict::NotShown
    }
}

/// The best policy by successive halving; it is known to be the best of those tried on this luck,
/// and no more.
fn search(
    entry: &Entry,
    market: &Market,
    effort: Effort,
    seed: u64,
) -> Result<(String, Vec<Setting>), SimError> {
    let mut policies: Vec<Vec<Setting>> =
        (0..effort.policies.max(1)).map(|place| policy(entry, seed, place)).collect();
    let mut runs = 0..effort.runs.max(1);
    let mut sums = vec![0i128; policies.len()];
    loop {
        let units: Vec<(usize, u32)> = (0..policies.len())
            .flat_map(|place| runs.clone().map(move |run| (place, run)))
            .collect();
        let gains: Result<Vec<(usize, i128)>, SimError> = units
            .into_par_iter()
            .map(|(place, run)| {
                // A run that fails counts as no gain; the measurement will meet the failure again.
                let pair = market.pair(&policies[place], seed, run)?;
                let gain = pair.map_or(0, |[deviating, honest]| i128::from(deviating - honest));
                Ok((place, gain))
            })
            .collect();
        for (place, gain) in gains? {
            sums[place] += gain;
        }
        if policies.len() == 1 || runs.end > effort.runs {
            break;
        }
        let mut order: Vec<usize> = (0..policies.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(sums[*place]));
        order.truncate(policies.len().div_ceil(4));
        policies = order.iter().map(|place| policies[*place].clone()).collect();
        sums = order.iter().map(|place| sums[*place]).collect();
        runs = runs.end..runs.end.saturating_mul(5);
    }
    let best = (0..policies.len()).max_by_key(|place| (sums[*place], std::cmp::Reverse(*place)));
    let best = policies.swap_remove(best.unwrap_or(0));
    let words: Vec<String> = best.iter().map(Setting::to_string).collect();
    Ok((words.join(" "), best))
}

/// The `place`-th policy: corners of the box first, then points drawn from it.
fn policy(entry: &Entry, seed: u64, place: u32) -> Vec<Setting> {
    let corners = 1u32 << entry.choices.len();
    let luck = Luck::new(seed, place);
    let settings = entry.choices.iter().enumerate().map(|(at, choice)| {
        let part = if place < corners {
            f64::from(place >> at & 1)
        } else {
            let drawn = luck.draw(Entity::new("policies", at as u32), 0, Purpose::Design);
            drawn.below(STEPS + 1) as f64 / STEPS as f64
        };
        let value = choice.low + part * (choice.high - choice.low);
        let value = match choice.kind {
            Kind::Share => toml::Value::Float((value * 1_000.0).round() / 1_000.0),
            Kind::Count => toml::Value::Integer(value.round() as i64),
        };
        Setting::new(choice.path, value)
    });
    settings.collect()
}

/// The market of one entry, at prices that suit the parameters.
struct Market {
    table: toml::Table,
    settings: Vec<Setting>,
    honest: Scenario,
    focus: Focus,
}

impl Market {
    fn new(entry: &Entry, network: Network<'_>) -> Result<Market, SimError> {
        let Network { params, collusion } = network;
        let tariff = params.market.tariff(Gas::new(1_000_000_000)).unwrap_or(Amount::MAX);
        let tokens = |amount: Amount| amount.units() as f64 / Amount::TOKEN as f64;
        let bond = tokens(params.staking.validator_bond_min).max(1.0) * 100.0;
        let mut table: toml::Table = toml::from_str(MARKET).expect("a test parses the market");
        let written = toml::Table::try_from(params).expect("parameters are a table");
        table.insert("params".into(), written.into());
        let mut settings = vec![Setting::new(
            "job.price_max",
            toml::Value::Float((tokens(tariff) * 10.0).clamp(0.001, 10_000.0)),
        )];
        for group in ["diligent", "focal"] {
            let value = toml::Value::Float(bond.min(1e9));
            settings.push(Setting::new(&format!("validators.{group}.bond"), value));
        }
        if entry.focus == Focus::Cartel {
            let bought = (collusion.parts() as f64 / 1e9 * 32.0).floor() as i64;
            let bought = bought.clamp(1, 31);
            let count = |group: &str, count: i64| {
                Setting::new(&format!("validators.{group}.count"), toml::Value::Integer(count))
            };
            settings.push(count("focal", bought));
            settings.push(count("diligent", 32 - bought));
        }
        let honest = Scenario::of(table.clone(), &settings)?;
        Ok(Market { table, settings, honest, focus: entry.focus })
    }

    /// What a member earns by a policy, and honestly with the same luck; or why a run failed.
    fn pair(
        &self,
        policy: &[Setting],
        seed: u64,
        run: u32,
    ) -> Result<Result<[i64; 2], String>, SimError> {
        let settings: Vec<Setting> = self.settings.iter().chain(policy).cloned().collect();
        let deviating = Scenario::of(self.table.clone(), &settings)?;
        let mut profits = [0; 2];
        for (profit, scenario) in profits.iter_mut().zip([&deviating, &self.honest]) {
            let outcome = run::run(scenario, seed, run, &mut Nothing)?;
            if let Some(error) = outcome.error {
                return Ok(Err(format!("run {run} of seed {seed} failed: {error}")));
            }
            let groups = scenario.groups.iter().zip(&outcome.groups);
            let own = groups.filter(|(group, _)| self.is_focal(&group.name));
            let sum: i64 = own.map(|(_, tally)| tally.profit).sum();
            *profit = sum.div_euclid(MEMBERS);
        }
        Ok(Ok(profits))
    }

    fn is_focal(&self, group: &str) -> bool {
        match self.focus {
            Focus::Providers => group == "providers.focal",
            Focus::Validators => group == "validators.focal",
            Focus::Cartel => group.ends_with(".focal"),
        }
    }
}

#[cfg(test)]
mod tests;
