//! Sensitivity: how much of a measure's variance each value of a scenario accounts for.
//!
//! Key terms: the *first-order* index of a value is the share of the variance that goes when it
//! alone is known; its *total* index is the share that stays when all others are known. Their
//! difference is what it does together with others.
//!
//! Estimators: first order by Saltelli and others (2010), total by Jansen (1999), on Saltelli's
//! design; intervals by resampling its rows. All points share the luck of their runs, so luck adds
//! no variance between them.
//!
//! Law: a function of scenario, ranges, samples, runs and seed; memory holds one number a point.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::{
    design::{self, Range},
    error::SimError,
    figures::{self, Rows as RunRows},
    luck::{Entity, Luck, Purpose},
    run::{self, Nothing},
    sweep::{Point, Sweep},
};

/// Resamplings of the rows for each interval.
const RESAMPLES: u32 = 1_000;

/// How much each value matters.
#[derive(Clone, Debug, Serialize)]
pub struct Sensitivity {
    /// Of which measure.
    pub measure: String,
    /// Its unit.
    pub unit: &'static str,
    /// Rows of each table of the design.
    pub samples: usize,
    /// Runs of each point, of which the mean is taken.
    pub runs: u32,
    /// The confidence of each interval.
    pub confidence: f64,
    /// The measure's mean over the ranges.
    pub mean: f64,
    /// Its standard deviation over the ranges.
    pub deviation: f64,
    /// The values that vary, in the order asked for.
    pub values: Vec<Indices>,
}

/// How much one value matters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Indices {
    /// Which value.
    pub path: String,
    /// First-order index and its interval; about 0 to 1, below 0 by chance alone.
    pub first: [f64; 3],
    /// Total index and its interval.
    pub total: [f64; 3],
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The scenario's text.
    pub text: &'a str,
    /// What varies.
    pub ranges: Vec<Range>,
    /// Which measure: `providers.lazy profit`, `accepted` and the like.
    pub measure: &'a str,
    /// Rows of each table, at least 8.
    pub samples: usize,
    /// Runs of each point, at least 1.
    pub runs: u32,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// Threads; all cores if none is given.
    pub threads: Option<usize>,
    /// The confidence of each interval.
    pub confidence: f64,
}

/// Plays the design and says how much each value matters.
///
/// # Errors
/// Why there is nothing to simulate; [`SimError::Measure`] with the measures there are;
/// [`SimError::Failed`] if a run fails.
pub fn sensitivity(
    question: &Question<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Sensitivity, SimError> {
    let Question { text, ranges, samples, runs, threads, .. } = question;
    let samples = (*samples).max(8);
    let points = design::saltelli(ranges, samples, question.seed.unwrap_or(1))?;
    let sweep = Sweep { text, points, runs: *runs, seed: question.seed, threads: *threads };
    let points = sweep.scenarios()?;
    let seed = question.seed.unwrap_or(points[0].0.seed);
    let (done, total) = (AtomicU64::new(0), points.len() as u64 * u64::from(*runs));
    let one = |point: &Point| {
        let mut sum = 0.0;
        for number in 0..*runs {
            let (_, value) = measured(point, seed, number, question.measure)?;
            sum += value as f64;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        }
        Ok(sum / f64::from(*runs))
    };
    let values: Result<Vec<f64>, SimError> =
        sweep.pool()?.install(|| points.par_iter().map(one).collect());
    let values = values?;
    let (unit, _) = measured(&points[0], seed, 0, question.measure)?;
    let (mean, deviation) = spread(&values[..2 * samples]);
    let indices = ranges.iter().enumerate().map(|(column, range)| {
        let table = |nth: usize| &values[nth * samples..(nth + 1) * samples];
        let rows = Rows { a: table(0), b: table(1), mixed: table(2 + column) };
        let (first, total) = rows.with_intervals(seed, column, question.confidence);
        Indices { path: range.path().to_owned(), first, total }
    });
    Ok(Sensitivity {
        measure: question.measure.to_owned(),
        unit,
        samples,
        runs: *runs,
        confidence: question.confidence,
        mean,
        deviation,
        values: indices.collect(),
    })
}

fn measured(
    (scenario, settings): &Point,
    seed: u64,
    number: u32,
    name: &str,
) -> Result<(&'static str, i64), SimError> {
    let outcome = run::run(scenario, seed, number, &mut Nothing)?;
    if let Some(error) = outcome.error {
        let settings = settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        return Err(SimError::Failed { settings, run: number, error });
    }
    let all = figures::all(scenario);
    let found = all.iter().find(|measure| measure.name == name);
    let value =
        |measure: &figures::Measure| (measure.unit, measure.of(&RunRows::of(scenario, &outcome)));
    found.map(value).ok_or_else(|| SimError::Measure {
        wanted: name.to_owned(),
        known: all.iter().map(|measure| measure.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

fn spread(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// The values of the three tables that one pair of indices is made of.
struct Rows<'a> {
    a: &'a [f64],
    b: &'a [f64],
    mixed: &'a [f64],
}

impl Rows<'_> {
    /// First-order and total index over some of the rows; zero if nothing varies.
    fn indices(&self, rows: impl Iterator<Item = usize> + Clone) -> (f64, f64) {
        let count = rows.clone().count() as f64;
        let both = rows.clone().flat_map(|row| [self.a[row], self.b[row]]);
        let mean = both.clone().sum::<f64>() / (2.0 * count);
        let variance = both.map(|value| (value - mean).powi(2)).sum::<f64>() / (2.0 * count);
        if variance <= 0.0 {
            return (0.0, 0.0);
        }
        let (mut first, mut total) = (0.0, 0.0);
        for row in rows {
            let (a, b, mixed) = (self.a[row] - mean, self.b[row] - mean, self.mixed[row] - mean);
            first += b * (mixed - a);
            total += (a - mixed).powi(2) / 2.0;
        }
        (first / count / variance, total / count / variance)
    }

    fn with_intervals(&self, seed: u64, column: usize, confidence: f64) -> ([f64; 3], [f64; 3]) {
        let count = self.a.len();
        let (first, total) = self.indices(0..count);
        let resampled = (0..RESAMPLES).map(|nth| {
            let luck = Luck::new(seed, nth);
            let me = Entity::new("resample", u32::try_from(column).unwrap_or(0));
            let picks: Vec<usize> = (0u32..)
                .take(count)
                .map(|row| luck.draw(me, row, Purpose::Design).below(count as u64) as usize)
                .collect();
            self.indices(picks.into_iter())
        });
        let (mut firsts, mut totals): (Vec<f64>, Vec<f64>) = resampled.unzip();
        let ends = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            let tail = (1.0 - confidence) / 2.0 * values.len() as f64;
            let last = values.len() - 1;
            (values[(tail as usize).min(last)], values[last - (tail as usize).min(last)])
        };
        let ((low, high), (least, most)) = (ends(&mut firsts), ends(&mut totals));
        ([first, low, high], [total, least, most])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ishigami and Homma (1990), with a = 7 and b = 0.1: indices are known in closed form.
    fn ishigami(x: &[f64]) -> f64 {
        let angle = |x: f64| std::f64::consts::PI * (2.0 * x - 1.0);
        let [x, y, z] = [angle(x[0]), angle(x[1]), angle(x[2])];
        x.sin() + 7.0 * y.sin().powi(2) + 0.1 * z.powi(4) * x.sin()
    }

    #[test]
    fn indices_are_those_of_a_function_whose_indices_are_known() {
        let ranges = ["x=0.0..1.0", "y=0.0..1.0", "z=0.0..1.0"];
        let ranges = ranges.map(|text| text.parse().expect("a range"));
        let samples = 8_000;
        let points = design::saltelli(&ranges, samples, 3).expect("a design");
        let values: Vec<f64> = points
            .iter()
            .map(|point| {
                let x: Vec<f64> = point.iter().map(|s| s.value().parse().expect("one")).collect();
                ishigami(&x)
            })
            .collect();
        for (column, (first, total)) in
            [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)].into_iter().enumerate()
        {
            let table = |nth: usize| &values[nth * samples..(nth + 1) * samples];
            let rows = Rows { a: table(0), b: table(1), mixed: table(2 + column) };
            let (got_first, got_total) = rows.with_intervals(1, column, 0.999);
            for (expected, [mean, low, high]) in [(first, got_first), (total, got_total)] {
                assert!((low..=high).contains(&expected), "{column}: {expected} in {low}..{high}");
                assert!((mean - expected).abs() < 0.05, "{column}: {mean}, expected {expected}");
            }
        }
    }

    #[test]
    fn what_never_varies_has_no_indices() {
        let same = [3.0; 10];
        assert_eq!(Rows { a: &same, b: &same, mixed: &same }.indices(0..10), (0.0, 0.0));
    }
}
