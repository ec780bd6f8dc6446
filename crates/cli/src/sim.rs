//! `earnest sim`: the same rules, driven by simulated participants.

mod page;

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use clap::{Args, Subcommand, ValueEnum};
use earnest_sim::{
    SimError, compare, design,
    digest::{Digest, Judged, Region, Wish},
    files, game, rare,
    report::{self, Asked, Track},
    run::{self, Keeper, Outcome, Person, Sample},
    scenario::{Scenario, Setting},
    sensitivity::{self, Question},
    summary,
    sweep::{Sweep, Swept},
    tables,
};

use crate::{
    failure::Failure,
    output::{self, out},
};

/// What to simulate.
#[derive(Subcommand, Debug)]
pub enum SimCommand {
    /// Play a scenario once, from genesis to the end of its last job
    Run(RunArgs),
    /// Play every point of a design many times, into tables; goes on where it was stopped
    Sweep(SweepArgs),
    /// Play several points with the same luck and say what changes for whom
    Compare(CompareArgs),
    /// Say how much of a measure's variance each of several values accounts for
    Sensitivity(SensitivityArgs),
    /// Measure what several groups of one kind earn in every mix of them, and where that leads
    Game(GameArgs),
    /// Say how often a lie stands, and how often an audit misses it, by strata of who is drawn
    Rare(RareArgs),
}

#[derive(Args, Debug)]
pub struct RareArgs {
    /// A scenario file, such as scenarios/cartel.toml
    scenario: PathBuf,
    /// Whose first lie is followed in each run
    #[arg(long, value_name = "GROUP")]
    group: String,
    /// Replaces a value of the scenario: validators.bought.count=20
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<Setting>,
    /// Runs, each of them played once for every stratum
    #[arg(long, default_value_t = 200)]
    runs: u32,
    #[command(flatten)]
    luck: LuckArgs,
    /// How sure each interval is
    #[arg(long, default_value_t = 0.99)]
    confidence: f64,
}

#[derive(Args, Debug)]
pub struct GameArgs {
    /// A scenario file, such as scenarios/lazy.toml
    scenario: PathBuf,
    /// Groups of one kind, 2 to 8; their people are shared out among them in every mix
    #[arg(long, value_delimiter = ',', required = true, value_name = "GROUP,GROUP,…")]
    policies: Vec<String>,
    /// Steps from nobody to everybody in which shares are measured
    #[arg(long, default_value_t = 5)]
    parts: u32,
    /// Runs of each mix
    #[arg(long, default_value_t = 10)]
    runs: u32,
    #[command(flatten)]
    luck: LuckArgs,
    /// How sure each interval is
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// Writes the game of one against all others for Gambit (its strategic form, .nfg)
    #[arg(long, value_name = "FILE")]
    nfg: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct RunArgs {
    /// A scenario file, such as scenarios/baseline.toml
    scenario: PathBuf,
    /// Replaces a value of the scenario: providers.lazy.count=20
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<Setting>,
    /// Other luck in the same world [default: the scenario's]
    #[arg(long)]
    seed: Option<u64>,
    /// Plays this run of a sweep again, by its number; --set has the values of its point
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    run: u32,
    /// Writes tables of the run into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How tables are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes a page for people into this file: figures, plots, and the numbers behind them; it
    /// needs no network, and replaces a page, but no other file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct SweepArgs {
    #[command(flatten)]
    points: PointArgs,
    /// A table of points made elsewhere, instead of --set: a line of paths, then a line of values
    /// for each point, separated by commas
    #[arg(long, value_name = "FILE", conflicts_with = "settings")]
    design: Option<PathBuf>,
    /// Values that vary evenly between two ends, instead of --set: a Latin hypercube
    #[arg(
        long = "vary",
        value_name = "PATH=LOW..HIGH",
        conflicts_with_all = ["settings", "design"]
    )]
    ranges: Vec<design::Range>,
    /// Points of the hypercube
    #[arg(long, default_value_t = 100, requires = "ranges")]
    samples: usize,
    /// Writes the tables into this folder; what is whole there is kept
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How tables are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Says at which points this comes true in enough runs: "providers.honest profit > 0";
    /// money in tokens; repeated, all of them must
    #[arg(long = "feasible", value_name = "MEASURE > VALUE")]
    wishes: Vec<Wish>,
    /// In what share of runs at least
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, requires = "wishes")]
    chance: f64,
    /// How sure each interval of that share is
    #[arg(long, default_value_t = 0.95, requires = "wishes")]
    confidence: f64,
    /// Writes a page for people into this file: figures, plots, and the numbers behind them; it
    /// needs no network, and replaces a page, but no other file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct CompareArgs {
    #[command(flatten)]
    points: PointArgs,
    /// A table of points made elsewhere, instead of --set: a line of paths, then a line of values
    /// for each point, separated by commas
    #[arg(long, value_name = "FILE", conflicts_with = "settings")]
    design: Option<PathBuf>,
    /// Also says how pay is spread over providers: emission and income, by group and by stake
    #[arg(long)]
    rewards: bool,
    /// How sure each interval is
    #[arg(long, default_value_t = 0.99)]
    confidence: f64,
    /// Writes a page for people into this file: figures, plots, and the numbers behind them; it
    /// needs no network, and replaces a page, but no other file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct SensitivityArgs {
    /// A scenario file, such as scenarios/baseline.toml
    scenario: PathBuf,
    /// A value of the scenario and the ends between which it varies evenly:
    /// providers.lazy.lie_rate=0.0..0.5
    #[arg(long = "vary", value_name = "PATH=LOW..HIGH", required = true)]
    ranges: Vec<design::Range>,
    /// Of which measure: accepted, burnt, "providers.lazy profit", …
    #[arg(long)]
    measure: String,
    /// Rows of each of the design's tables, of which there are two more than values; at least 8
    #[arg(long, default_value_t = 100)]
    samples: usize,
    /// Runs of each point, of which the mean is taken
    #[arg(long, default_value_t = 1)]
    runs: u32,
    #[command(flatten)]
    luck: LuckArgs,
    /// How sure each interval is
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
}

#[derive(Args, Debug)]
struct LuckArgs {
    /// Other luck in the same worlds [default: the scenario's]
    #[arg(long)]
    seed: Option<u64>,
    /// Threads to use [default: all cores]; the result does not depend on it
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Args, Debug)]
struct PointArgs {
    /// A scenario file, such as scenarios/baseline.toml
    scenario: PathBuf,
    /// Values of the scenario to try, each with each of the others:
    /// providers.lazy.lie_rate=0.1,0.5
    #[arg(long = "set", value_name = "PATH=A,B,…")]
    settings: Vec<String>,
    /// Runs of each point
    #[arg(long, default_value_t = 20)]
    runs: u32,
    #[command(flatten)]
    luck: LuckArgs,
}

/// How tables are written.
#[derive(ValueEnum, Clone, Copy, Debug, Default)]
enum Format {
    /// For DuckDB, polars, pandas and their like
    #[default]
    Parquet,
    /// For spreadsheets and shells
    Csv,
}

impl From<Format> for tables::Format {
    fn from(format: Format) -> tables::Format {
        match format {
            Format::Parquet => tables::Format::Parquet,
            Format::Csv => tables::Format::Csv,
        }
    }
}

pub fn run(command: &SimCommand, json: bool) -> Result<(), Failure> {
    match command {
        SimCommand::Run(args) => run_once(args, json),
        SimCommand::Sweep(args) => sweep(args, json),
        SimCommand::Compare(args) => compare(args, json),
        SimCommand::Sensitivity(args) => sensitivity(args, json),
        SimCommand::Game(args) => game(args, json),
        SimCommand::Rare(args) => rare(args, json),
    }
}

fn rare(args: &RareArgs, json: bool) -> Result<(), Failure> {
    check_confidence(args.confidence)?;
    let text = read(&args.scenario)?;
    let meter = Meter::new("runs", json);
    let paths = args.settings.iter().map(Setting::path);
    Scenario::check_paths(&text, paths).map_err(|error| refused(&args.scenario, &error))?;
    let question = rare::Question {
        text: &text,
        settings: args.settings.clone(),
        group: &args.group,
        runs: args.runs,
        seed: args.luck.seed,
        threads: args.luck.threads,
        confidence: args.confidence,
    };
    let found = rare::rare(&question, &|done, of| meter.show(done, of));
    let found = found.map_err(|error| refused(&args.scenario, &error))?;
    if json {
        out!("{}", summary::rare_json(&found))
    } else {
        output::result(format_args!("{}", summary::rare_table(&found)))
    }
}

fn game(args: &GameArgs, json: bool) -> Result<(), Failure> {
    check_confidence(args.confidence)?;
    let text = read(&args.scenario)?;
    let meter = Meter::new("runs", json);
    let question = game::Question {
        text: &text,
        policies: args.policies.clone(),
        parts: args.parts,
        runs: args.runs,
        seed: args.luck.seed,
        threads: args.luck.threads,
        confidence: args.confidence,
    };
    let played = game::game(&question, &|done, of| meter.show(done, of));
    let played = played.map_err(|error| refused(&args.scenario, &error))?;
    if let Some(file) = &args.nfg {
        let title = args.scenario.file_stem().unwrap_or_default().to_string_lossy();
        std::fs::write(file, played.nfg(&title.replace('"', "'")))
            .map_err(|error| Failure::file("write", file, error))?;
    }
    if json {
        out!("{}", summary::game_json(&played))
    } else {
        output::result(format_args!("{}", summary::game_table(&played)))
    }
}

fn sensitivity(args: &SensitivityArgs, json: bool) -> Result<(), Failure> {
    check_confidence(args.confidence)?;
    let text = read(&args.scenario)?;
    let meter = Meter::new("runs", json);
    let paths = args.ranges.iter().map(design::Range::path);
    Scenario::check_paths(&text, paths).map_err(|error| refused(&args.scenario, &error))?;
    let question = Question {
        text: &text,
        ranges: args.ranges.clone(),
        measure: &args.measure,
        samples: args.samples,
        runs: args.runs,
        seed: args.luck.seed,
        threads: args.luck.threads,
        confidence: args.confidence,
    };
    let found = sensitivity::sensitivity(&question, &|done, of| meter.show(done, of));
    let found = found.map_err(|error| refused(&args.scenario, &error))?;
    if json {
        out!("{}", summary::sensitivity_json(&found))
    } else {
        output::result(format_args!("{}", summary::sensitivity_table(&found)))
    }
}

fn check_confidence(confidence: f64) -> Result<(), Failure> {
    if (0.5..=0.9999).contains(&confidence) {
        return Ok(());
    }
    let detail = format!("--confidence is {confidence}, allowed are 0.5 to 0.9999");
    Err(Failure::usage(detail, "give a share of the whole, as in 0.95"))
}

/// What hears of a run as it is played: who watches, and the page, if one is asked for.
struct Watch<'a> {
    meter: &'a Meter,
    track: Option<Track>,
}

impl Keeper for Watch<'_> {
    fn sample(&mut self, sample: &Sample) {
        if let Some(track) = &mut self.track {
            track.sample(sample);
        }
    }

    fn person(&mut self, person: &Person) {
        if let Some(track) = &mut self.track {
            track.person(person);
        }
    }

    fn progress(&mut self, done: u64, of: u64) {
        self.meter.show(done, of);
    }
}

fn run_once(args: &RunArgs, json: bool) -> Result<(), Failure> {
    page::check(args.html.as_deref())?;
    let text = read(&args.scenario)?;
    let meter = Meter::new("blocks", json);
    let refused = |error| refused(&args.scenario, &error);
    let paths = args.settings.iter().map(Setting::path);
    Scenario::check_paths(&text, paths).map_err(refused)?;
    let scenario = Scenario::parse(&text, &args.settings).map_err(refused)?;
    let track = args.html.as_ref().map(|_| Track::new(&scenario));
    let mut watch = Watch { meter: &meter, track };
    let seed = args.seed.unwrap_or(scenario.seed);
    let outcome = match &args.out {
        Some(folder) => files::write_run(
            &text,
            &args.settings,
            (args.seed, args.run),
            (folder, args.format.into()),
            &mut watch,
        )
        .map(|(_, outcome)| outcome),
        None => run::run(&scenario, seed, args.run, &mut watch),
    }
    .map_err(refused)?;
    if let Some((path, track)) = args.html.as_ref().zip(watch.track) {
        let asked = asked(&text, &scenario, seed);
        page::write(path, &report::run(&asked, &args.settings, (&scenario, &outcome), &track))?;
    }
    told(&scenario, seed, outcome, json)
}

fn asked<'a>(text: &'a str, scenario: &'a Scenario, seed: u64) -> Asked<'a> {
    Asked { text, name: &scenario.name, description: &scenario.description, seed }
}

fn told(scenario: &Scenario, seed: u64, outcome: Outcome, json: bool) -> Result<(), Failure> {
    if json {
        out!("{}", summary::run_json(scenario, seed, &outcome))?;
    } else {
        output::result(format_args!("{}", summary::run_table(scenario, seed, &outcome)))?;
    }
    match outcome.error {
        None => Ok(()),
        Some(error) => {
            let hint = "the same scenario, settings, seed and run fail again; report it with them";
            Err(Failure::check(format!("the run failed: {error}"), hint))
        }
    }
}

fn sweep(args: &SweepArgs, json: bool) -> Result<(), Failure> {
    page::check(args.html.as_deref())?;
    let region = region(args)?;
    let scenario = &args.points.scenario;
    let text = read(scenario)?;
    let points = match &args.design {
        Some(file) => design::table(&read(file)?).map_err(|error| refused(file, &error))?,
        None if !args.ranges.is_empty() => {
            let seed = args.points.luck.seed.unwrap_or(1);
            let points = design::latin(&args.ranges, args.samples, seed);
            points.map_err(|error| refused(scenario, &error))?
        }
        None => design::grid(&args.points.settings).map_err(|error| refused(scenario, &error))?,
    };
    let meter = Meter::new("runs", json);
    let sweep = args.points.sweep(&text, points)?;
    let is_read = region.is_some() || args.html.is_some();
    if is_read {
        Digest::check(&sweep, &args.wishes).map_err(|error| refused(scenario, &error))?;
    }
    let (first, seed) = sweep.first().map_err(|error| refused(scenario, &error))?;
    let swept = sweep.write(&args.out, args.format.into(), &|done, of| meter.show(done, of));
    let swept = swept.map_err(|error| refused(scenario, &error))?;
    let mut judged = Vec::new();
    if is_read {
        let tables = (args.out.as_path(), args.format.into());
        let digest = Digest::read(&sweep, tables, &args.wishes);
        let digest = digest.map_err(|error| refused(scenario, &error))?;
        judged.extend(region.iter().flat_map(|region| digest.judge(region)));
        if let Some(path) = &args.html {
            let asked = asked(&text, &first, seed);
            page::write(path, &report::sweep(&asked, &digest, region.as_ref()))?;
        }
    }
    let feasible = region.as_ref().map(|region| (region, judged.as_slice()));
    told_sweep(&args.out, swept, feasible, json)
}

/// What is asked of each point, if anything.
fn region(args: &SweepArgs) -> Result<Option<Region>, Failure> {
    if args.wishes.is_empty() {
        return Ok(None);
    }
    check_confidence(args.confidence)?;
    if !(0.0 < args.chance && args.chance < 1.0) {
        let detail = format!("--chance is {}, allowed is what lies between 0 and 1", args.chance);
        return Err(Failure::usage(detail, "give a share of runs, as in 0.95"));
    }
    let (wishes, chance, confidence) = (args.wishes.clone(), args.chance, args.confidence);
    Ok(Some(Region { wishes, chance, confidence }))
}

fn told_sweep(
    folder: &Path,
    swept: Swept,
    feasible: Option<(&Region, &[Judged])>,
    json: bool,
) -> Result<(), Failure> {
    if json {
        let (runs, resumed, failed) = (swept.runs, swept.resumed, swept.failed);
        let mut told = serde_json::json!({ "runs": runs, "resumed": resumed, "failed": failed });
        if let Some((region, judged)) = feasible {
            told["feasible"] = summary::region_json(region, judged);
        }
        out!("{told}")?;
    } else {
        let before = match swept.resumed {
            0 => String::new(),
            runs => format!(", {runs} of them from before"),
        };
        out!("{} runs in {}{before}", swept.runs, folder.display())?;
        if let Some((region, judged)) = feasible {
            output::result(format_args!("\n{}", summary::region_table(region, judged)))?;
        }
    }
    if swept.failed > 0 {
        let hint = "their rows say why; replay one by sim run with its settings and seed";
        return Err(Failure::check(format!("{} runs failed", swept.failed), hint));
    }
    Ok(())
}

fn compare(args: &CompareArgs, json: bool) -> Result<(), Failure> {
    check_confidence(args.confidence)?;
    page::check(args.html.as_deref())?;
    let scenario = &args.points.scenario;
    let text = read(scenario)?;
    let points = match &args.design {
        Some(path) => design::table(&read(path)?).map_err(|error| refused(path, &error))?,
        None => design::grid(&args.points.settings).map_err(|error| refused(scenario, &error))?,
    };
    let meter = Meter::new("runs", json);
    let sweep = args.points.sweep(&text, points)?;
    let (first, seed) = sweep.first().map_err(|error| refused(scenario, &error))?;
    let how = (args.confidence, args.rewards);
    let compared = compare::compare(&sweep, how, &|done, of| meter.show(done, of));
    let compared = compared.map_err(|error| refused(scenario, &error))?;
    if let Some(path) = &args.html {
        page::write(
            path,
            &report::comparison(&asked(&text, &first, seed), &sweep.points, &compared),
        )?;
    }
    if json {
        out!("{}", summary::comparison_json(&first.name, seed, &compared))?;
    } else {
        output::result(format_args!("{}", summary::comparison_table(&compared)))?;
    }
    if compared.failures.is_empty() {
        Ok(())
    } else {
        let hint = "runs of a number that failed anywhere are left out of all means";
        Err(Failure::check(format!("{} runs failed", compared.failures.len()), hint))
    }
}

impl PointArgs {
    fn sweep<'a>(&self, text: &'a str, points: Vec<Vec<Setting>>) -> Result<Sweep<'a>, Failure> {
        // All points set the same paths.
        let paths = points.first().into_iter().flatten().map(Setting::path);
        Scenario::check_paths(text, paths).map_err(|error| refused(&self.scenario, &error))?;
        let LuckArgs { seed, threads } = self.luck;
        Ok(Sweep { text, points, runs: self.runs, seed, threads })
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))
}

fn refused(scenario: &Path, error: &SimError) -> Failure {
    let hint = match error {
        SimError::Folder { .. } => "tables of one sweep stay together; nothing was written",
        SimError::Io { .. } => "look at the disk and at who may write there, then run it again",
        SimError::TooManyPoints { .. } => "try fewer, or leave out --html and --feasible",
        SimError::Threads { .. } | SimError::Runs { .. } => "give other numbers",
        SimError::Strata { .. } => "validators need one bond and no silence, requesters no outage",
        SimError::Policies { .. } => "give groups as the scenario names them: providers.honest",
        SimError::Measure { .. } => "name one of them, in quotes if it has a space",
        SimError::Failed { .. } => "sim run with these settings shows it closely",
        SimError::Group { .. } => "--set replaces values: write a new group into the scenario",
        SimError::Setting { .. } => "write PATH=VALUE; docs/simulation.md has every path",
        SimError::Scenario(_) | SimError::Genesis(_) => {
            "change what is named, in the scenario or by --set"
        }
        _ => "compare the scenario with scenarios/baseline.toml",
    };
    Failure::config(format!("{}: {error}", scenario.display()), hint)
}

/// Shows how far something is, to whoever watches, at every hundredth.
struct Meter {
    what: &'static str,
    shows: bool,
    shown: AtomicU64,
}

impl Meter {
    fn new(what: &'static str, json: bool) -> Meter {
        let shows = !json && std::io::stderr().is_terminal();
        Meter { what, shows, shown: AtomicU64::new(0) }
    }

    fn show(&self, done: u64, of: u64) {
        let hundredth = (done * 100).checked_div(of).unwrap_or(100);
        if !self.shows || self.shown.fetch_max(hundredth, Ordering::Relaxed) >= hundredth {
            return;
        }
        let end = if done == of { "\n" } else { "" };
        output::over(format_args!("{done}/{of} {}{end}", self.what));
    }
}
