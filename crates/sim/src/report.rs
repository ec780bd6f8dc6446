//! Reports: what an experiment found, point by point, with its definitions.
//!
//! Law: a report is a function of scenario and seed alone; it holds no time, no thread count and
//! no path.
//! Not here: how a report is written down (`output`).

use earnest_protocol::verification::Quote;

use crate::error::RunError;

/// What an experiment found.
#[derive(Clone, Debug)]
pub struct Report {
    /// From what it can be repeated.
    pub manifest: Manifest,
    /// The claim, in the scenario's words.
    pub description: String,
    /// The confidence of each interval.
    pub confidence: f64,
    /// The confidence of each detection interval of the verdict, such that all of them together
    /// hold at `confidence` (Bonferroni): many points are tried, and each may miss by chance.
    pub family_confidence: f64,
    /// The policies compared.
    pub points: Vec<Point>,
    /// Runs that failed; the others went on.
    pub failures: Vec<Failure>,
}

/// From what a report can be repeated exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The scenario's name.
    pub scenario: String,
    /// The blake3 hash of the scenario's text, in hexadecimal.
    pub scenario_hash: String,
    /// The seed.
    pub seed: u64,
    /// The simulator's version.
    pub version: &'static str,
    /// Runs, with one ledger an arm each.
    pub runs: u64,
    /// Jobs simulated in all arms.
    pub jobs: u64,
    /// Commands that the rules carried out.
    pub commands: u64,
}

/// One policy.
#[derive(Clone, Debug)]
pub struct Point {
    /// The chance of an audit.
    pub audit_rate: f64,
    /// Auditors drawn.
    pub auditors: u8,
    /// The closed form, from the rules themselves.
    pub quote: Quote,
    /// How often a wrong result was convicted.
    pub detection: Detection,
    /// What focal providers earned.
    pub profits: Profits,
    /// Jobs done honestly by others beside the lies.
    pub bystander_jobs: u64,
    /// Honest jobs, by anyone in any arm, that did not end paid: false slashes and the like.
    pub honest_jobs_lost: u64,
    /// What follows.
    pub verdicts: Verdicts,
}

/// How often a wrong result was convicted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Wrong results that were sealed.
    pub trials: u64,
    /// Those that were convicted.
    pub convictions: u64,
    /// The share.
    pub rate: f64,
    /// Its Wilson interval at the report's confidence.
    pub interval: (f64, f64),
    /// Its Wilson interval at the report's family confidence.
    pub family_interval: (f64, f64),
    /// d of the quote.
    pub closed_form: f64,
}

/// Profit of the focal providers per job, in base units: what is on the ledger after the job's
/// end less what was there before, less what the work cost; only jobs in which the lazy lie, the
/// very same jobs in all arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profits {
    /// With honest work.
    pub honest: Mean,
    /// With a wrong result.
    pub lying: Mean,
    /// With no result.
    pub abandoning: Mean,
    /// Job by job: lying less honest.
    pub lying_less_honest: Mean,
    /// Job by job: lying less abandoning.
    pub lying_less_abandoning: Mean,
}

/// A mean and its t interval at the report's confidence, in base units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// The interval's ends.
    pub interval: (f64, f64),
}

/// What follows from one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// The closed form lies in the interval at the report's confidence. One point in a hundred
    /// misses by chance at 99 %.
    pub detection_in_interval: bool,
    /// The closed form lies in the interval at the family confidence; the verdict goes by this.
    pub detection_consistent: bool,
    /// The interval of lying less honest lies below zero.
    pub lying_loses_to_honest: bool,
    /// The interval of lying less abandoning lies below zero (C6).
    pub lying_loses_to_abandoning: bool,
    /// No honest job went unpaid.
    pub honest_is_safe: bool,
}

/// A run that failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    /// At which audit rate.
    pub audit_rate: f64,
    /// With how many auditors.
    pub auditors: u8,
    /// Which run; with the seed, enough to repeat it.
    pub run: u32,
    /// How.
    pub error: RunError,
}

impl Verdicts {
    /// True if the point shows the claim.
    pub fn hold(&self) -> bool {
        self.detection_consistent
            && self.lying_loses_to_honest
            && self.lying_loses_to_abandoning
            && self.honest_is_safe
    }
}

impl Report {
    /// True if every point shows the claim and no run failed.
    pub fn holds(&self) -> bool {
        self.failures.is_empty() && self.points.iter().all(|point| point.verdicts.hold())
    }
}
