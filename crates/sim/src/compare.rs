//! Comparisons: what changes for whom between points, run by run with the same luck.
//!
//! A difference is taken between runs of one number, so what both share falls out of it; its
//! interval is Student's t over runs.
//!
//! Law: memory holds sums, not runs; sums are whole numbers, so threads change nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::{
    error::SimError,
    figures::{self, PER_MILLION, Rows},
    run::{self, Nothing, Outcome},
    scenario::{Kind, Scenario, Setting},
    statistics::Moments,
    sweep::{Point, Sweep},
    tally::Tally,
};

/// What is compared, point by point with the first.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Runs of each point.
    pub runs: u32,
    /// The confidence of each interval.
    pub confidence: f64,
    /// What each point sets.
    pub points: Vec<String>,
    /// Measures, each at every point.
    pub measures: Vec<Measured>,
    /// Runs that failed, with their point, number and error; none of a number counts then.
    pub failures: Vec<(usize, u32, String)>,
}

/// One measure at every point.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Its name: `providers.honest profit` and the like.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// Its mean at each point.
    pub means: Vec<f64>,
    /// Its difference from the first point, with an interval, for each other point.
    pub differences: Vec<Difference>,
}

/// A difference and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The mean over runs.
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// What a comparison tells of one run: names, units and values, the same at every point.
fn measure(scenario: &Scenario, outcome: &Outcome) -> Vec<(String, &'static str, i64)> {
    let rows = Rows::of(scenario, outcome);
    let told = figures::all(scenario).into_iter().filter(|measure| measure.is_headline);
    told.map(|measure| (measure.name.clone(), measure.unit, measure.of(&rows))).collect()
}

/// How pay is spread over providers: income for work and emission, before what work cost.
fn measure_rewards(scenario: &Scenario, outcome: &Outcome) -> Vec<(String, &'static str, i64)> {
    let groups = (0u16..).zip(scenario.groups.iter().zip(&outcome.groups));
    let providers = groups.filter(|(_, (group, _))| matches!(group.kind, Kind::Providers(_)));
    let pay = |tally: &Tally| tally.income + tally.emission;
    let all: i64 = providers.clone().map(|(_, (_, tally))| pay(tally)).sum();
    let emitted: i64 = providers.clone().map(|(_, (_, tally))| tally.emission).sum();
    let mut measures = vec![("providers' emission".to_owned(), "base units", emitted)];
    for (place, (group, tally)) in providers {
        let of_group = outcome.pays.iter().filter(|(of, _)| *of == place);
        let mut pays = Moments::default();
        of_group.for_each(|(_, pay)| pays.push(*pay));
        let mean = pays.mean();
        let apart =
            if mean > 0.0 { (pays.variance().sqrt() / mean * 1e6).round() as i64 } else { 0 };
        let mut add = |what: &str, unit, value| {
            measures.push((format!("{} {what}", group.name), unit, value));
        };
        add("pay", "base units a member", pay(tally).div_euclid(i64::from(group.count)));
        add("deviation of pay", PER_MILLION, apart);
        add("share of pay", PER_MILLION, part(pay(tally), all, 1_000_000));
        add("share of emission", PER_MILLION, part(tally.emission, emitted, 1_000_000));
        let a_token = part(pay(tally), tally.bonded, 1_000_000_000);
        add("pay a token bonded", "base units a token", a_token);
    }
    measures
}

/// part · of / whole, towards nothing; of nothing, nothing.
fn part(part: i64, whole: i64, of: i64) -> i64 {
    let parts = i128::from(part) * i128::from(of) / i128::from(whole.max(1));
    i64::try_from(parts).unwrap_or(i64::MAX)
}

/// Compares every point of a sweep with its first; with `rewards`, by how pay is spread, too.
///
/// `progress` hears of runs done, of how many, from any thread.
///
/// # Errors
/// Why there is nothing to simulate, or [`SimError::Setting`] if points do not have the same
/// groups.
pub fn compare(
    sweep: &Sweep<'_>,
    (confidence, rewards): (f64, bool),
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Comparison, SimError> {
    let points = sweep.scenarios()?;
    let names = |point: &Point| -> Vec<String> {
        point.0.groups.iter().map(|group| group.name.clone()).collect()
    };
    if points.iter().any(|point| names(point) != names(&points[0])) {
        let why = "points with other groups cannot be compared";
        return Err(SimError::Setting { setting: String::new(), why });
    }
    let pool = sweep.pool()?;
    let seed = sweep.seed.unwrap_or(points[0].0.seed);
    let (done, units) = (AtomicU64::new(0), points.len() as u64 * u64::from(sweep.runs));
    let mut sums = Sums::default();
    for number in 0..sweep.runs {
        let one = |point: &Point| {
            let outcome = run::run(&point.0, seed, number, &mut Nothing)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, units);
            Ok(outcome)
        };
        let outcomes: Result<Vec<Outcome>, SimError> =
            pool.install(|| points.par_iter().map(one).collect());
        sums.add(number, &points, &outcomes?, rewards);
    }
    let words =
        |point: &Point| point.1.iter().map(Setting::to_string).collect::<Vec<_>>().join(" ");
    Ok(Comparison {
        runs: sweep.runs,
        confidence,
        points: points.iter().map(words).collect(),
        measures: sums.measures(confidence),
        failures: sums.failures,
    })
}

/// What runs add up to.
#[derive(Default)]
struct Sums {
    /// Names and units of the measures.
    labels: Vec<(String, &'static str)>,
    /// Of each measure at each point: its values, and their differences from the first point's.
    at: Vec<Vec<[Moments; 2]>>,
    failures: Vec<(usize, u32, String)>,
}

impl Sums {
    /// Takes in the runs of one number, one a point, unless any of them failed.
    fn add(&mut self, number: u32, points: &[Point], outcomes: &[Outcome], rewards: bool) {
        let failed = outcomes.iter().enumerate().filter_map(|(point, outcome)| {
            Some((point, number, outcome.error.as_ref()?.to_string()))
        });
        let before = self.failures.len();
        self.failures.extend(failed);
        if self.failures.len() > before {
            return;
        }
        let runs = points.iter().zip(outcomes);
        let row = |(point, run): (&Point, &Outcome)| {
            let mut row = measure(&point.0, run);
            if rewards {
                row.extend(measure_rewards(&point.0, run));
            }
            row
        };
        let rows: Vec<Vec<_>> = runs.map(row).collect();
        if self.labels.is_empty() {
            let labels = rows[0].iter().map(|(name, unit, _)| (name.clone(), *unit));
            self.labels = labels.collect();
            self.at = vec![vec![[Moments::default(); 2]; points.len()]; self.labels.len()];
        }
        for (measure, sums) in self.at.iter_mut().enumerate() {
            let first = rows[0][measure].2;
            for ([values, differences], row) in sums.iter_mut().zip(&rows) {
                values.push(row[measure].2);
                differences.push(row[measure].2 - first);
            }
        }
    }

    fn measures(&self, confidence: f64) -> Vec<Measured> {
        let measured = |((name, unit), sums): (&(String, &'static str), &Vec<[Moments; 2]>)| {
            let others = sums.iter().skip(1);
            Measured {
                name: name.clone(),
                unit,
                means: sums.iter().map(|[values, _]| values.mean()).collect(),
                differences: others.map(|[_, less]| difference(less, confidence)).collect(),
            }
        };
        let all = self.labels.iter().zip(&self.at).map(measured);
        // Where nobody would ever lie, that need not be told of every group.
        let told = |one: &Measured| one.unit != "members" || one.means.iter().any(|m| *m > 0.0);
        all.filter(told).collect()
    }
}

fn difference(moments: &Moments, confidence: f64) -> Difference {
    let (low, high) = moments.interval(confidence);
    Difference { mean: moments.mean(), low, high }
}
