//! What a run or a sweep leaves in its folder.
//!
//! ```text
//! manifest.json     from what it can be repeated exactly, and what every column means
//! summary.json      one run's outcome
//! steps.parquet  step_groups.parquet  people.parquet  runs.parquet  run_groups.parquet
//! ```
//!
//! Laws: the same scenario, settings and seed give the same bytes in every file; a folder that
//! holds something else is never written into.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    error::SimError,
    motions::Cast,
    run::{self, Keeper, Outcome, Person, Sample},
    scenario::{Scenario, Setting},
    schema,
    tables::{Column, Format, Writer},
};

/// The file that says what a folder holds.
pub(crate) const MANIFEST: &str = "manifest.json";

/// From what tables can be repeated exactly, and what they say.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest<'a> {
    pub(crate) what: &'static str,
    pub(crate) version: &'static str,
    pub(crate) scenario: &'a str,
    pub(crate) scenario_blake3: String,
    pub(crate) seed: String,
    /// Which run of a point it is, if it is one and not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<u32>,
    pub(crate) settings: Vec<Vec<String>>,
    pub(crate) runs: u64,
    pub(crate) format: &'static str,
    pub(crate) tables: Vec<Table>,
}

/// One table, as a manifest explains it.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

impl Manifest<'_> {
    pub(crate) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest has string keys");
        text.push('\n');
        text
    }
}

pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SimError {
    let path = path.into();
    move |source| SimError::Io { path, source }
}

/// Makes the folder, or finds it empty or with this very manifest in it.
pub(crate) fn claim(folder: &Path, manifest: &str) -> Result<(), SimError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let file = folder.join(MANIFEST);
    match fs::read_to_string(&file) {
        Ok(there) if there == manifest => Ok(()),
        Ok(_) => {
            let what = "tables of another scenario, setting, seed or version";
            Err(SimError::Folder { path: folder.to_owned(), what })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::read_dir(folder).map_err(at(folder))?.next().is_some() {
                let what = "files that are not ours";
                return Err(SimError::Folder { path: folder.to_owned(), what });
            }
            fs::write(&file, manifest).map_err(at(&file))
        }
        Err(error) => Err(at(&file)(error)),
    }
}

/// What is written of one run, table by table.
fn tables(scenario: &Scenario) -> Vec<Table> {
    let table = |name, columns| Table { name, columns };
    let mut tables = vec![
        table("runs", schema::RUNS),
        table("run_groups", schema::RUN_GROUPS),
        table("steps", schema::STEPS),
        table("step_groups", schema::STEP_GROUPS),
        table("people", schema::PEOPLE),
    ];
    if scenario.price.is_some() {
        tables.push(table("prices", schema::PRICES));
        tables.push(table("run_prices", schema::RUN_PRICES));
    }
    if scenario.delegates() {
        tables.push(table("delegations", schema::DELEGATIONS));
        tables.push(table("run_delegations", schema::RUN_DELEGATIONS));
    }
    if scenario.votes() {
        tables.push(table("votes", schema::VOTES));
        tables.push(table("run_proposals", schema::RUN_PROPOSALS));
        tables.push(table("run_votes", schema::RUN_VOTES));
    }
    tables
}

/// Carries out one run, `seed` and its number being its luck, and writes all that is known of it
/// into `folder`.
///
/// `watcher` hears of all of it, too.
///
/// # Errors
/// Why there is nothing to simulate, or what the disk said.
pub fn write_run(
    text: &str,
    settings: &[Setting],
    (seed, run): (Option<u64>, u32),
    (folder, format): (&Path, Format),
    watcher: &mut dyn Keeper,
) -> Result<(Scenario, Outcome), SimError> {
    let scenario = Scenario::parse(text, settings)?;
    let seed = seed.unwrap_or(scenario.seed);
    let manifest = Manifest {
        what: "run",
        version: env!("CARGO_PKG_VERSION"),
        scenario: &scenario.name,
        scenario_blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
        seed: seed.to_string(),
        run: Some(run).filter(|run| *run != 0),
        settings: vec![settings.iter().map(Setting::to_string).collect()],
        runs: 1,
        format: format.extension(),
        tables: tables(&scenario),
    };
    claim(folder, &manifest.text())?;
    let create = |name, columns| {
        Writer::create(folder, name, columns, format).map_err(at(folder.join(name)))
    };
    let mut keeper = Files {
        scenario: &scenario,
        steps: create("steps", schema::STEPS)?,
        step_groups: create("step_groups", schema::STEP_GROUPS)?,
        people: create("people", schema::PEOPLE)?,
        prices: match scenario.price {
            None => None,
            Some(_) => Some(create("prices", schema::PRICES)?),
        },
        delegations: match scenario.delegates() {
            false => None,
            true => Some(create("delegations", schema::DELEGATIONS)?),
        },
        votes: match scenario.votes() {
            false => None,
            true => Some(create("votes", schema::VOTES)?),
        },
        error: None,
        watcher,
    };
    let outcome = run::run(&scenario, seed, run, &mut keeper)?;
    let Files { steps, step_groups, people, prices, delegations, votes, error, .. } = keeper;
    if let Some(error) = error {
        return Err(at(folder)(error));
    }
    let some = prices.into_iter().chain(delegations).chain(votes);
    for writer in [steps, step_groups, people].into_iter().chain(some) {
        writer.finish().map_err(at(folder))?;
    }
    let rows = schema::run_tables(0, &scenario, settings, &outcome);
    for (name, columns, rows) in rows {
        let mut writer = create(name, columns)?;
        rows.iter().try_for_each(|row| writer.push(row)).map_err(at(folder))?;
        writer.finish().map_err(at(folder))?;
    }
    Ok((scenario, outcome))
}

/// Writes what a run says as it says it.
struct Files<'a> {
    scenario: &'a Scenario,
    steps: Writer,
    step_groups: Writer,
    people: Writer,
    prices: Option<Writer>,
    delegations: Option<Writer>,
    votes: Option<Writer>,
    /// The first thing that the disk said; nothing is written after it.
    error: Option<io::Error>,
    watcher: &'a mut dyn Keeper,
}

impl Files<'_> {
    fn keep(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = write(self).err();
        }
    }
}

impl Keeper for Files<'_> {
    fn sample(&mut self, sample: &Sample) {
        self.watcher.sample(sample);
        let scenario = self.scenario;
        self.keep(|files| {
            files.steps.push(&schema::step_row(sample))?;
            if let Some((prices, row)) = files.prices.as_mut().zip(schema::price_row(sample)) {
                prices.push(&row)?;
            }
            if let Some(delegations) = &mut files.delegations {
                let rows = schema::backing_step_rows(scenario, sample);
                rows.iter().try_for_each(|row| delegations.push(row))?;
            }
            let rows = schema::step_group_rows(scenario, sample);
            rows.iter().try_for_each(|row| files.step_groups.push(row))
        });
    }

    fn person(&mut self, person: &Person) {
        self.watcher.person(person);
        let row = schema::person_row(self.scenario, person);
        self.keep(|files| files.people.push(&row));
    }

    fn cast(&mut self, cast: &Cast) {
        self.watcher.cast(cast);
        let row = schema::vote_row(self.scenario, cast);
        self.keep(|files| files.votes.as_mut().map_or(Ok(()), |votes| votes.push(&row)));
    }

    fn progress(&mut self, done: u64, of: u64) {
        self.watcher.progress(done, of);
    }
}
