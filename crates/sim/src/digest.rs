//! Digests: what the tables of a sweep come to, point by point, and where a wish comes true often.
//!
//! A *wish* is a measure that is above or below a value; a point is *feasible* if all wishes come
//! true in a run with at least the chance that is asked for, as far as the interval of Clopper and
//! Pearson over its runs can tell.
//!
//! Laws: a digest is a function of the tables that lie in the folder, whenever they were written;
//! memory grows with points and measures, not with runs; runs that failed are counted and are part
//! of no mean and no chance.
//! Not here: how it is shown (`summary`, `report`).

use std::{collections::BTreeMap, fmt, path::Path, str::FromStr};

use serde::Serialize;

use crate::{
    error::SimError,
    figures::{self, Measure, Rows},
    files::at,
    scenario::Scenario,
    schema,
    statistics::{Moments, exact},
    sweep::Sweep,
    tables::{self, Cell, Column, Format},
};

/// Points of a sweep that is digested.
pub const POINTS_MAX: usize = 4_096;

/// A sweep, digested.
#[derive(Clone, Debug)]
pub struct Digest {
    /// What is measured.
    pub measures: Vec<Measure>,
    /// What each point sets, as `path=value`.
    pub points: Vec<Vec<(String, String)>>,
    /// Of each point, of each measure: its values over runs.
    pub values: Vec<Vec<Moments>>,
    /// Runs of each point that failed.
    pub failed: Vec<u64>,
    /// Runs of each point in which all wishes came true.
    pub hits: Vec<u64>,
}

/// A measure that is to be above or below a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    measure: String,
    above: bool,
    /// In what it is shown in: tokens, if it is money.
    value: f64,
}

impl FromStr for Wish {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Wish, SimError> {
        let wrong = |why| SimError::Wish { wish: text.to_owned(), why };
        let (place, above) = match (text.find('>'), text.find('<')) {
            (Some(place), None) => (place, true),
            (None, Some(place)) => (place, false),
            _ => return Err(wrong("write MEASURE > VALUE or MEASURE < VALUE")),
        };
        let (measure, value) = (text[..place].trim(), text[place + 1..].trim());
        let value: f64 =
            value.parse().map_err(|_| wrong("what it is compared with is no number"))?;
        if measure.is_empty() || !value.is_finite() {
            return Err(wrong("write MEASURE > VALUE or MEASURE < VALUE"));
        }
        Ok(Wish { measure: measure.to_owned(), above, value })
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.above { '>' } else { '<' };
        write!(f, "{} {sign} {}", self.measure, self.value)
    }
}

/// What is asked of a point.
#[derive(Clone, Debug)]
pub struct Region {
    /// All of which must come true in one run.
    pub wishes: Vec<Wish>,
    /// At least how often, above 0 and below 1.
    pub chance: f64,
    /// How sure each interval is.
    pub confidence: f64,
}

/// Whether a point is feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feasible {
    /// The whole interval is at or above the chance.
    Yes,
    /// The whole interval is below it.
    No,
    /// More runs would tell.
    NotShown,
}

/// One point, judged.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What it sets.
    pub point: String,
    /// Runs in which all wishes came true.
    pub hits: u64,
    /// Runs that did not fail.
    pub runs: u64,
    /// The interval of the chance.
    pub interval: [f64; 2],
    /// What follows.
    pub feasible: Feasible,
}

impl Digest {
    /// Checks, before anything is played, that a sweep can be digested, and wishes are of something
    /// that is measured.
    ///
    /// # Errors
    /// [`SimError::Runs`] of too many points, [`SimError::Setting`] if points have other groups,
    /// [`SimError::Measure`] of what is not measured.
    pub fn check(sweep: &Sweep<'_>, wishes: &[Wish]) -> Result<(), SimError> {
        if sweep.points.len() > POINTS_MAX {
            let points = sweep.points.len() as u64;
            return Err(SimError::TooManyPoints { points, max: POINTS_MAX });
        }
        let points = sweep.scenarios()?;
        let first = figures::all(&points[0].0);
        let names = |all: &[Measure]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let is_other = |scenario: &Scenario| names(&figures::all(scenario)) != names(&first);
        if points.iter().any(|point| is_other(&point.0)) {
            let why = "points with other groups cannot be shown beside each other";
            return Err(SimError::Setting { setting: String::new(), why });
        }
        wishes.iter().try_for_each(|wish| wish.place(&first).map(|_| ()))
    }

    /// Digests what lies in `folder`, all of which must be there.
    ///
    /// # Errors
    /// As [`Digest::check`], or what the disk said.
    pub fn read(
        sweep: &Sweep<'_>,
        (folder, format): (&Path, Format),
        wishes: &[Wish],
    ) -> Result<Digest, SimError> {
        let points = sweep.scenarios()?;
        let all: Vec<Vec<Measure>> = points.iter().map(|point| figures::all(&point.0)).collect();
        let places = wishes.iter().map(|wish| wish.place(&all[0]));
        let places = places.collect::<Result<Vec<usize>, SimError>>()?;
        let named = points.iter().map(|(_, settings)| {
            settings.iter().map(|one| (one.path().to_owned(), one.value())).collect()
        });
        let mut digest = Digest {
            points: named.collect(),
            values: vec![vec![Moments::default(); all[0].len()]; points.len()],
            failed: vec![0; points.len()],
            hits: vec![0; points.len()],
            measures: all[0].clone(),
        };
        for name in sweep.parts() {
            let file =
                |table: &str| folder.join(table).join(&name).with_extension(format.extension());
            let by_run = |table: &str, columns: &'static [Column]| {
                let (mut rows, path) = (BTreeMap::<_, Vec<Vec<Cell>>>::new(), file(table));
                tables::read(&path, columns, format, &mut |row| {
                    if let [Cell::Whole(point), Cell::Whole(run), ..] = row {
                        rows.entry((*point, *run)).or_default().push(row.to_vec());
                    }
                })
                .map_err(at(&path))?;
                Ok::<_, SimError>(rows)
            };
            let mut groups = by_run("run_groups", schema::RUN_GROUPS)?;
            let mut backing = match points[0].0.delegates() {
                true => by_run("run_delegations", schema::RUN_DELEGATIONS)?,
                false => BTreeMap::new(),
            };
            let mut prices = match points[0].0.price.is_some() {
                true => by_run("run_prices", schema::RUN_PRICES)?,
                false => BTreeMap::new(),
            };
            let mut votes = match points[0].0.votes() {
                true => by_run("run_proposals", schema::RUN_PROPOSALS)?,
                false => BTreeMap::new(),
            };
            let path = file("runs");
            tables::read(&path, schema::RUNS, format, &mut |row| {
                if let [Cell::Whole(point), Cell::Whole(run), ..] = row {
                    let key = (*point, *run);
                    let rows = Rows {
                        run: row.to_vec(),
                        groups: groups.remove(&key).unwrap_or_default(),
                        backing: backing.remove(&key).unwrap_or_default(),
                        votes: votes.remove(&key).unwrap_or_default(),
                        price: prices.remove(&key).and_then(|mut rows| rows.pop()),
                    };
                    let place = usize::try_from(*point).unwrap_or(usize::MAX);
                    if let Some(measures) = all.get(place) {
                        digest.add(place, measures, &rows, (wishes, &places));
                    }
                }
            })
            .map_err(at(&path))?;
        }
        Ok(digest)
    }

    fn add(
        &mut self,
        point: usize,
        measures: &[Measure],
        rows: &Rows,
        (wishes, places): (&[Wish], &[usize]),
    ) {
        if rows.run.iter().any(|cell| *cell == Cell::Text("failed".to_owned())) {
            self.failed[point] += 1;
            return;
        }
        let values: Vec<i64> = measures.iter().map(|one| one.of(rows)).collect();
        for (moments, value) in self.values[point].iter_mut().zip(&values) {
            moments.push(*value);
        }
        let mut all = wishes.iter().zip(places);
        let hit = all.all(|(wish, place)| wish.is_true(&self.measures[*place], values[*place]));
        self.hits[point] += u64::from(hit);
    }

    /// Judges each point.
    pub fn judge(&self, region: &Region) -> Vec<Judged> {
        let points = self.points.iter().zip(&self.values).zip(&self.hits);
        let judged = points.map(|((settings, values), hits)| {
            let runs = values.first().map_or(0, Moments::count);
            let (low, high) = exact(*hits, runs, region.confidence);
            let feasible = match (low >= region.chance, high < region.chance) {
                (true, _) => Feasible::Yes,
                (_, true) => Feasible::No,
                _ => Feasible::NotShown,
            };
            Judged { point: named(settings), hits: *hits, runs, interval: [low, high], feasible }
        });
        judged.collect()
    }
}

/// What a point sets, in a line.
pub(crate) fn named(settings: &[(String, String)]) -> String {
    match settings {
        [] => "as written".to_owned(),
        all => all.iter().map(|(p, v)| format!("{p}={v}")).collect::<Vec<_>>().join(" "),
    }
}

impl Wish {
    fn place(&self, measures: &[Measure]) -> Result<usize, SimError> {
        measures.iter().position(|one| one.name == self.measure).ok_or_else(|| {
            let known: Vec<&str> = measures.iter().map(|one| one.name.as_str()).collect();
            SimError::Measure { wanted: self.measure.clone(), known: known.join(", ") }
        })
    }

    fn is_true(&self, measure: &Measure, value: i64) -> bool {
        let (_, size) = figures::shown_in(measure.unit);
        let value = value as f64 / size;
        if self.above { value > self.value } else { value < self.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_says_what_is_wrong_with_it() {
        let wish: Wish = "providers.lazy profit < -2.5".parse().expect("a wish");
        assert_eq!(wish.to_string(), "providers.lazy profit < -2.5");
        for wrong in ["accepted", "accepted > many", "> 3", "a > b > 3", "accepted > inf"] {
            let refused = wrong.parse::<Wish>().expect_err(wrong).to_string();
            assert!(refused.contains("--feasible"), "{refused}");
        }
    }

    #[test]
    fn a_point_is_judged_by_its_interval_not_by_its_share() {
        let mut values = vec![Moments::default()];
        (0..100).for_each(|_| values[0].push(1));
        let settings = vec![("a".to_owned(), "1".to_owned())];
        let digest = Digest {
            measures: Vec::new(),
            points: vec![settings; 3],
            values: vec![values; 3],
            failed: vec![0; 3],
            hits: vec![100, 96, 70],
        };
        let region = Region { wishes: Vec::new(), chance: 0.95, confidence: 0.95 };
        let judged = digest.judge(&region);
        let verdicts: Vec<Feasible> = judged.iter().map(|one| one.feasible).collect();
        // 100 of 100 rules out less than .9638; 96 of 100 is .9007 to .9890.
        assert_eq!(verdicts, [Feasible::Yes, Feasible::NotShown, Feasible::No]);
        assert!((judged[0].interval[0] - 0.963_8).abs() < 1e-4);
        assert_eq!(judged[0].point, "a=1");
    }
}
