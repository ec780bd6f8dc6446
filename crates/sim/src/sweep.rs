//! Sweeps: every point of a design, as many runs of each as are asked for, on all cores.
//!
//! ```text
//! unit = (point, run), numbered point by point
//! 256 units ─► run_groups/00000.parquet, then runs/00000.parquet ─► the next 256 …
//! ```
//!
//! Laws: runs of all points with one number share their luck; a part is written whole or not at
//! all, and a sweep that was stopped goes on after the last whole part; neither that nor the
//! number of threads changes a byte; memory holds one part; a run that fails is a row.
//! Not here: which points (`design`).

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;

use crate::{
    error::SimError,
    files::{Manifest, Table, at, claim},
    run::{self, Nothing, Outcome},
    scenario::{Scenario, Setting},
    schema,
    tables::{Cell, Column, Format, Writer},
};

/// Units of one part.
const PART_UNITS: u64 = 256;
/// Runs that one sweep may have.
pub const RUNS_MAX: u64 = 1 << 32;
/// Why no point has a seed of its own: rows would name one that was not played.
const ONE_SEED: &str =
    "all points share one seed: say --runs for more luck, or sweep once for each seed";
/// Threads that may be asked for.
const THREADS_MAX: usize = 1_024;

/// What is swept.
#[derive(Clone, Debug)]
pub struct Sweep<'a> {
    /// The scenario's text.
    pub text: &'a str,
    /// What each point sets.
    pub points: Vec<Vec<Setting>>,
    /// Runs of each point, at least 1.
    pub runs: u32,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// 1 to 1,024; all cores if none is given. Changes the time taken, nothing else.
    pub threads: Option<usize>,
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Runs of the whole sweep.
    pub runs: u64,
    /// Of them, those that were there before.
    pub resumed: u64,
    /// Of those carried out now, how many failed.
    pub failed: u64,
}

/// A point's scenario and what it sets.
pub(crate) type Point = (Scenario, Vec<Setting>);

impl Sweep<'_> {
    /// The first point's scenario, and the seed of all runs: asked before anything is played.
    ///
    /// # Errors
    /// Why there is no such scenario.
    pub fn first(&self) -> Result<(Scenario, u64), SimError> {
        let settings = self.points.first().map_or(&[][..], Vec::as_slice);
        let first = Scenario::parse(self.text, settings)?;
        let seed = self.seed.unwrap_or(first.seed);
        Ok((first, seed))
    }

    pub(crate) fn scenarios(&self) -> Result<Vec<Point>, SimError> {
        let units = self.points.len() as u64 * u64::from(self.runs);
        if units == 0 || units > RUNS_MAX {
            return Err(SimError::Runs { runs: units, max: RUNS_MAX });
        }
        let parsed = self
            .points
            .iter()
            .map(|settings| Ok((Scenario::parse(self.text, settings)?, settings.clone())));
        let points: Vec<Point> = parsed.collect::<Result<_, SimError>>()?;
        if let Some(other) = points.iter().find(|point| point.0.seed != points[0].0.seed) {
            let setting = format!("seed={}", other.0.seed);
            return Err(SimError::Setting { setting, why: ONE_SEED });
        }
        Ok(points)
    }

    pub(crate) fn pool(&self) -> Result<rayon::ThreadPool, SimError> {
        let wanted = self.threads.unwrap_or(0);
        if self.threads.is_some_and(|threads| !(1..=THREADS_MAX).contains(&threads)) {
            return Err(SimError::Threads { wanted });
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(wanted).build();
        pool.map_err(|_| SimError::Threads { wanted })
    }

    /// Carries out all runs that `folder` does not hold yet.
    ///
    /// `progress` hears of runs done, of how many, from any thread.
    ///
    /// # Errors
    /// Why there is nothing to simulate, or what the disk said.
    pub fn write(
        &self,
        folder: &Path,
        format: Format,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Swept, SimError> {
        let points = self.scenarios()?;
        let pool = self.pool()?;
        let seed = self.seed.unwrap_or(points[0].0.seed);
        claim(folder, &self.manifest(&points, seed, format).text())?;
        for (name, _) in tables(&points) {
            let folder = folder.join(name);
            fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        let units = points.len() as u64 * u64::from(self.runs);
        let (done, mut swept) = (AtomicU64::new(0), Swept { runs: units, resumed: 0, failed: 0 });
        for first in (0..units).step_by(PART_UNITS as usize) {
            let part = first..units.min(first + PART_UNITS);
            let name = format!("{:05}", first / PART_UNITS);
            let marker = folder.join("runs").join(&name).with_extension(format.extension());
            if marker.exists() {
                swept.resumed += part.end - part.start;
                done.fetch_add(part.end - part.start, Ordering::Relaxed);
                progress(done.load(Ordering::Relaxed), units);
                continue;
            }
            let one = |unit: u64| {
                let (point, run) = self.place(unit);
                let outcome = run::run(&points[point].0, seed, run, &mut Nothing)?;
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, units);
                Ok((point, outcome))
            };
            let outcomes: Result<Vec<(usize, Outcome)>, SimError> =
                pool.install(|| part.into_par_iter().map(one).collect());
            swept.failed += write_part(folder, &name, format, &points, &outcomes?)?;
        }
        Ok(swept)
    }

    /// Point and run of a unit.
    pub(crate) fn place(&self, unit: u64) -> (usize, u32) {
        let runs = u64::from(self.runs);
        let point = usize::try_from(unit / runs).expect("a point of the design");
        (point, u32::try_from(unit % runs).expect("below the runs"))
    }

    /// The names of its parts, in order, without what they end in.
    pub(crate) fn parts(&self) -> impl Iterator<Item = String> {
        let units = self.points.len() as u64 * u64::from(self.runs);
        (0..units.div_ceil(PART_UNITS)).map(|part| format!("{part:05}"))
    }

    fn manifest<'a>(&self, points: &'a [Point], seed: u64, format: Format) -> Manifest<'a> {
        let settings = |point: &Point| point.1.iter().map(Setting::to_string).collect();
        // As a reader looks for them: the runs first.
        let mut tables = tables(points);
        tables.rotate_right(1);
        let tables = tables.into_iter().map(|(name, columns)| Table { name, columns }).collect();
        Manifest {
            what: "sweep",
            version: env!("CARGO_PKG_VERSION"),
            scenario: &points[0].0.name,
            scenario_blake3: blake3::hash(self.text.as_bytes()).to_hex().to_string(),
            seed: seed.to_string(),
            run: None,
            settings: points.iter().map(settings).collect(),
            runs: self.runs.into(),
            format: format.extension(),
            tables,
        }
    }
}

/// The tables that any point has, `runs` last.
fn tables(points: &[Point]) -> Vec<(&'static str, &'static [Column])> {
    schema::run_columns(points.iter().map(|point| &point.0))
}

/// Writes one part, its runs last: they say that it is whole. How many runs failed.
fn write_part(
    folder: &Path,
    part: &str,
    format: Format,
    points: &[Point],
    outcomes: &[(usize, Outcome)],
) -> Result<u64, SimError> {
    let all: Vec<_> = outcomes
        .iter()
        .flat_map(|(point, outcome)| {
            let (scenario, settings) = &points[*point];
            schema::run_tables(*point as u64, scenario, settings, outcome)
        })
        .collect();
    for (table, columns) in tables(points) {
        let rows = all.iter().filter(|(name, ..)| *name == table).flat_map(|(.., rows)| rows);
        write_file(&folder.join(table), part, format, columns, rows)?;
    }
    Ok(outcomes.iter().filter(|(_, outcome)| outcome.error.is_some()).count() as u64)
}

fn write_file<'r>(
    folder: &Path,
    name: &str,
    format: Format,
    columns: &'static [Column],
    rows: impl Iterator<Item = &'r Vec<Cell>>,
) -> Result<(), SimError> {
    let extension = format.extension();
    let draft = format!(".{name}-draft");
    let mut writer = Writer::create(folder, &draft, columns, format).map_err(at(folder))?;
    for row in rows {
        writer.push(row).map_err(at(folder))?;
    }
    writer.finish().map_err(at(folder))?;
    let [from, to] = [draft.as_str(), name].map(|name| folder.join(name).with_extension(extension));
    fs::rename(&from, &to).map_err(at(&to))?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(seeds: &str) -> Result<Vec<Point>, SimError> {
        let points = Setting::each(seeds)?.into_iter().map(|setting| vec![setting]).collect();
        let text = include_str!("../../../scenarios/delegation.toml");
        Sweep { text, points, runs: 1, seed: None, threads: None }.scenarios()
    }

    #[test]
    fn a_sweep_over_seeds_is_refused_and_one_seed_for_all_is_not() {
        let refused = sweep("seed=1,2").expect_err("rows would name a seed that was not played");
        assert!(refused.to_string().starts_with("--set seed=2: all points share"), "{refused}");
        assert_eq!(sweep("seed=7,7").expect("they share it").len(), 2);
    }
}
