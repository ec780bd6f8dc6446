//! Experiments: every point of a grid, enough runs of each, three arms of every run.
//!
//! The focal providers do in turn honest work, lies, and nothing, in three worlds with the same
//! luck: the same beacon, asks, salts and lax auditors. So a difference between arms is a
//! difference of what was done, job by job.
//!
//! Laws: a run is a function of (scenario, seed, run); runs are merged in the order of their
//! numbers and their sums are whole numbers, so threads change nothing; what is kept of a run is
//! its sums, so memory does not grow with the number of runs.
//! Not here: what an interval is (`statistics`), how a report is written (`output`).

use std::sync::atomic::{AtomicU64, Ordering};

use earnest_protocol::{AccountId, JobId, Ratio, market::Outcome, num::PARTS, verification::Quote};
use rayon::prelude::*;

use crate::{
    error::{RunError, SimError},
    random::Luck,
    report::{Detection, Failure, Manifest, Mean, Point, Profits, Report, Verdicts},
    scenario::Scenario,
    statistics::{Moments, wilson},
    world::{self, Arm, World},
};

/// Runs carried out before they are merged.
const RUNS_AT_ONCE: u64 = 4_096;
/// Threads that may be asked for.
const THREADS_MAX: usize = 1_024;

/// What may be chosen besides the scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// 1 to 1,024; all cores if none is given. Changes the time taken, nothing else.
    pub threads: Option<usize>,
}

/// How far an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Runs done.
    pub done: u64,
    /// Runs to do.
    pub total: u64,
}

/// Simulates every point of a scenario.
///
/// `progress` is called after each run, from any thread, not always in order.
///
/// # Errors
/// Why the scenario cannot be simulated. A run that fails is a row of the report instead.
pub fn run(
    scenario_text: &str,
    options: RunOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, SimError> {
    let scenario = Scenario::parse(scenario_text)?;
    let seed = options.seed.unwrap_or(scenario.seed);
    let points = scenario.points();
    let quotes: Vec<Quote> =
        points.iter().map(|point| quote(&scenario, *point)).collect::<Result<_, _>>()?;
    let wanted = options.threads.unwrap_or(0);
    if options.threads.is_some_and(|threads| !(1..=THREADS_MAX).contains(&threads)) {
        return Err(SimError::Threads { wanted });
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(wanted).build();
    let pool = pool.map_err(|_| SimError::Threads { wanted })?;

    let per_point = scenario.runs_per_point();
    let total = per_point * points.len() as u64; // At most 2^24: the scenario checks it.
    let done = AtomicU64::new(0);
    let one = |number: u64| {
        let point = points[usize::try_from(number / per_point).expect("below the points")];
        let run = u32::try_from(number).expect("below 2^24");
        let outcome = run_arms(&scenario, point, Luck::new(seed, run));
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
        outcome
    };
    let mut sums = vec![Sums::default(); points.len()];
    for first in (0..total).step_by(usize::try_from(RUNS_AT_ONCE).expect("a few thousand")) {
        let runs = first..total.min(first + RUNS_AT_ONCE);
        let outcomes: Vec<Result<Tally, RunError>> =
            pool.install(|| runs.clone().into_par_iter().map(one).collect());
        for (number, outcome) in runs.zip(outcomes) {
            let point = usize::try_from(number / per_point).expect("below the points");
            sums[point].add(number, outcome);
        }
    }

    let manifest = Manifest {
        scenario: scenario.name.clone(),
        scenario_hash: blake3::hash(scenario_text.as_bytes()).to_hex().to_string(),
        seed,
        version: env!("CARGO_PKG_VERSION"),
        runs: total,
        jobs: 0,
        commands: 0,
    };
    Ok(assemble(&scenario, manifest, &quotes, sums))
}

/// The closed form of one point: what the rules themselves quote at genesis.
fn quote(scenario: &Scenario, point: (Ratio, u8)) -> Result<Quote, SimError> {
    let world = World::new(scenario, point, Luck::new(0, 0), Arm::Honest);
    let world = world.map_err(SimError::Genesis)?;
    let (audit_rate, auditors) = point;
    let terms = world::terms(scenario, audit_rate, auditors);
    let audit_rate = decimal(audit_rate);
    let refused = |rejected| SimError::Policy { audit_rate, auditors, rejected };
    world.state().quote_job(None, &terms).map_err(refused)
}

fn decimal(ratio: Ratio) -> f64 {
    ratio.parts() as f64 / PARTS as f64
}

/// What one run adds to its point.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    trials: u64,
    convictions: u64,
    bystander_jobs: u64,
    honest_jobs_lost: u64,
    jobs: u64,
    commands: u64,
    honest: Moments,
    lying: Moments,
    abandoning: Moments,
    lying_less_honest: Moments,
    lying_less_abandoning: Moments,
}

impl Tally {
    fn merge(&mut self, other: &Tally) {
        for (to, from) in [
            (&mut self.trials, other.trials),
            (&mut self.convictions, other.convictions),
            (&mut self.bystander_jobs, other.bystander_jobs),
            (&mut self.honest_jobs_lost, other.honest_jobs_lost),
            (&mut self.jobs, other.jobs),
            (&mut self.commands, other.commands),
        ] {
            *to += from;
        }
        self.honest.merge(&other.honest);
        self.lying.merge(&other.lying);
        self.abandoning.merge(&other.abandoning);
        self.lying_less_honest.merge(&other.lying_less_honest);
        self.lying_less_abandoning.merge(&other.lying_less_abandoning);
    }
}

/// What the runs of one point add up to.
#[derive(Clone, Debug, Default)]
struct Sums {
    tally: Tally,
    /// Which runs failed, and how.
    failed: Vec<(u32, RunError)>,
}

impl Sums {
    fn add(&mut self, run: u64, outcome: Result<Tally, RunError>) {
        match outcome {
            Ok(tally) => self.tally.merge(&tally),
            Err(error) => self.failed.push((u32::try_from(run).expect("below 2^24"), error)),
        }
    }
}

/// One job as it ended in one arm.
struct Ended {
    lies: bool,
    outcome: Option<Outcome>,
    profit: i64,
}

fn run_arms(scenario: &Scenario, point: (Ratio, u8), luck: Luck) -> Result<Tally, RunError> {
    let mut tally = Tally::default();
    let mut arms: [Vec<Ended>; 3] = Default::default();
    for (arm, ends) in [Arm::Honest, Arm::Lying, Arm::Abandoning].into_iter().zip(&mut arms) {
        let world = World::new(scenario, point, luck, arm);
        let mut world = world.expect("the same network began when its quote was asked for");
        world.run()?;
        tally.commands += world.commands();
        let jobs = u64::from(scenario.providers.honest + scenario.providers.lazy);
        tally.jobs += jobs;
        ends.extend((0..jobs).map(|job| ended(scenario, &world, JobId::new(job))));
    }
    let [honest, lying, abandoning] = &arms;
    let bystanders = usize::try_from(scenario.providers.honest).expect("64-bit rows");
    let lost = |ended: &Ended| ended.outcome != Some(Outcome::Accepted);
    let bystanding = [lying, abandoning].into_iter().flat_map(|arm| &arm[..bystanders]);
    let honest_lost = honest.iter().chain(bystanding).filter(|ended| lost(ended)).count();
    tally.honest_jobs_lost += honest_lost as u64;
    tally.bystander_jobs += bystanders as u64;
    let focal = honest.iter().zip(lying).zip(abandoning).skip(bystanders);
    for ((honest, lying), abandoning) in focal {
        if !lying.lies {
            tally.honest_jobs_lost += u64::from(lost(lying));
            continue;
        }
        tally.trials += 1;
        tally.convictions += u64::from(lying.outcome == Some(Outcome::Rejected));
        tally.honest.push(honest.profit);
        tally.lying.push(lying.profit);
        tally.abandoning.push(abandoning.profit);
        tally.lying_less_honest.push(lying.profit - honest.profit);
        tally.lying_less_abandoning.push(lying.profit - abandoning.profit);
    }
    Ok(tally)
}

/// How `job` ended and what it was worth to its provider, who had no other.
fn ended(scenario: &Scenario, world: &World, job: JobId) -> Ended {
    let provider = world.provider(job).expect("every job is some provider's chance");
    let view = world.view();
    let outcome = world.outcome(job);
    let lies = provider.would_lie(&view, job);
    let mut profit = units(world, provider.me) - whole(scenario.providers.balance);
    profit -= whole(provider.cost(&view, job));
    if outcome == Some(Outcome::Accepted) && provider.is_lying(&view, job) {
        profit += whole(scenario.job.outside_gain);
    }
    Ended { lies, outcome, profit }
}

fn units(world: &World, account: AccountId) -> i64 {
    whole(world.wealth(account))
}

fn whole(amount: earnest_protocol::Amount) -> i64 {
    i64::try_from(amount.units()).expect("an amount is below 2^63")
}

fn assemble(
    scenario: &Scenario,
    mut manifest: Manifest,
    quotes: &[Quote],
    sums: Vec<Sums>,
) -> Report {
    let all = scenario.points();
    let confidence = scenario.confidence;
    let family_confidence = 1.0 - (1.0 - confidence) / all.len() as f64;
    let (mut points, mut failures) = (Vec::new(), Vec::new());
    for ((&point, quote), Sums { tally, failed }) in all.iter().zip(quotes).zip(sums) {
        let (audit_rate, auditors) = (decimal(point.0), point.1);
        let failed = failed.into_iter();
        failures.extend(failed.map(|(run, error)| Failure { audit_rate, auditors, run, error }));
        manifest.jobs += tally.jobs;
        manifest.commands += tally.commands;
        points.push(summarise(point, *quote, &tally, (confidence, family_confidence)));
    }
    let description = scenario.description.trim().to_owned();
    Report { manifest, description, confidence, family_confidence, points, failures }
}

fn summarise(
    (audit_rate, auditors): (Ratio, u8),
    quote: Quote,
    tally: &Tally,
    (confidence, family_confidence): (f64, f64),
) -> Point {
    let (hits, trials) = (tally.convictions, tally.trials);
    let detection = Detection {
        trials,
        convictions: hits,
        rate: if trials == 0 { 0.0 } else { hits as f64 / trials as f64 },
        interval: wilson(hits, trials, confidence),
        family_interval: wilson(hits, trials, family_confidence),
        closed_form: decimal(quote.detection),
    };
    let mean = |m: &Moments| Mean { mean: m.mean(), interval: m.interval(confidence) };
    let profits = Profits {
        honest: mean(&tally.honest),
        lying: mean(&tally.lying),
        abandoning: mean(&tally.abandoning),
        lying_less_honest: mean(&tally.lying_less_honest),
        lying_less_abandoning: mean(&tally.lying_less_abandoning),
    };
    let holds =
        |(low, high): (f64, f64)| low <= detection.closed_form && detection.closed_form <= high;
    let verdicts = Verdicts {
        detection_in_interval: holds(detection.interval),
        detection_consistent: holds(detection.family_interval),
        lying_loses_to_honest: profits.lying_less_honest.interval.1 < 0.0,
        lying_loses_to_abandoning: profits.lying_less_abandoning.interval.1 < 0.0,
        honest_is_safe: tally.honest_jobs_lost == 0,
    };
    Point {
        audit_rate: decimal(audit_rate),
        auditors,
        quote,
        detection,
        profits,
        bystander_jobs: tally.bystander_jobs,
        honest_jobs_lost: tally.honest_jobs_lost,
        verdicts,
    }
}
