//! Scenarios: who takes part, what they want, and which policies are compared.
//!
//! A scenario is TOML. Unknown fields are errors; every value has a range. Shares are decimals
//! (`0.05`), money is whole tokens; `[params.<room>]` takes the protocol's own parameters in its
//! own units (ratios in parts per billion, amounts in base units of 10^-9 token, as strings).
//!
//! Law: a [`Scenario`] exists only if every value is in its range.
//! Not here: the protocol's ranges and relations (`earnest-protocol` checks its own parameters).

use earnest_protocol::{Amount, Blocks, Factor, Gas, Ratio, RawParams, num::PARTS};
use serde::Deserialize;

use crate::error::SimError;

/// A scenario as written, not yet checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default = "ninety_nine")]
    confidence: f64,
    #[serde(default)]
    invariants: Invariants,
    grid: RawGrid,
    #[serde(default)]
    job: RawJob,
    #[serde(default)]
    providers: RawProviders,
    #[serde(default)]
    validators: RawValidators,
    #[serde(default)]
    requesters: RawRequesters,
    #[serde(default)]
    params: RawParams,
}

fn one() -> u64 {
    1
}

fn ninety_nine() -> f64 {
    0.99
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrid {
    audit_rate: Vec<f64>,
    auditors: Vec<u8>,
    trials: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawJob {
    price_max: u64,
    mgas: u64,
    steps: u64,
    deadline_blocks: u64,
    outside_gain: u64,
}

impl Default for RawJob {
    fn default() -> Self {
        RawJob { price_max: 10, mgas: 1_000, steps: 100, deadline_blocks: 5, outside_gain: 0 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawProviders {
    honest: u32,
    lazy: u32,
    balance: u64,
    bond_multiple: f64,
    ask: [f64; 2],
    cost: f64,
    lazy_cost: f64,
    lazy_rate: f64,
}

impl Default for RawProviders {
    fn default() -> Self {
        RawProviders {
            honest: 0,
            lazy: 100,
            balance: 100_000,
            bond_multiple: 1.0,
            ask: [0.8, 1.0],
            cost: 0.6,
            lazy_cost: 0.0,
            lazy_rate: 1.0,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawValidators {
    count: u32,
    bond: u64,
    colluding: f64,
    laxity: f64,
}

impl Default for RawValidators {
    fn default() -> Self {
        RawValidators { count: 500, bond: 100_000, colluding: 0.2, laxity: 0.05 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRequesters {
    count: u32,
    balance: u64,
}

impl Default for RawRequesters {
    fn default() -> Self {
        RawRequesters { count: 5, balance: 1_000_000 }
    }
}

/// How often every law of the protocol is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariants {
    /// Conservation every few blocks, every law at the end of a run.
    #[default]
    Run,
    /// Every law after every command and every block; slow.
    Command,
}

/// A scenario whose values are in range.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// The claim it shows, for people.
    pub description: String,
    /// The seed of all luck, unless the options say otherwise.
    pub seed: u64,
    /// The confidence of every interval, 0.5 to 0.9999.
    pub confidence: f64,
    /// How often laws are checked.
    pub invariants: Invariants,
    /// Which policies are compared.
    pub grid: Grid,
    /// What every job asks for.
    pub job: JobTerms,
    /// Who works.
    pub providers: Providers,
    /// Who audits.
    pub validators: Validators,
    /// Who asks for work.
    pub requesters: Requesters,
    /// The protocol's parameters, as overridden.
    pub params: RawParams,
}

/// The policies compared: every audit rate with every number of auditors.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Chances of an audit, each in (0, 1].
    pub audit_rates: Vec<Ratio>,
    /// Auditors drawn, each 1 to 16.
    pub auditors: Vec<u8>,
    /// Focal jobs simulated a point and arm, at least this many: 1 to 10^6.
    pub trials: u64,
}

/// What every job asks for.
#[derive(Clone, Copy, Debug)]
pub struct JobTerms {
    /// The price ceiling: 1 to 10^4 tokens.
    pub price_max: Amount,
    /// The work bound: 1 to 10^6 million gas.
    pub gas_bound: Gas,
    /// Steps of the computation, 1 to 2^32.
    pub steps: u64,
    /// Blocks from acceptance to the deadline, 1 to 1,000.
    pub deadline_blocks: Blocks,
    /// What a wrong result that is never convicted is worth outside the protocol, declared
    /// truly: 0 to 10^4 tokens.
    pub outside_gain: Amount,
}

/// Who works: each provider does one job in a run, so that every job is a trial of its own.
#[derive(Clone, Copy, Debug)]
pub struct Providers {
    /// Always honest: 0 to 10,000.
    pub honest: u32,
    /// The focal ones, lazy in the arm where they lie: 1 to 10,000.
    pub lazy: u32,
    /// What each begins with: 1 to 10^6 tokens.
    pub balance: Amount,
    /// Bond as a multiple of the quoted collateral, 1 to 100.
    pub bond_multiple: Factor,
    /// The least asked, as a share of the ceiling.
    pub ask_min: Ratio,
    /// The most asked, as a share of the ceiling.
    pub ask_max: Ratio,
    /// What honest work costs, as a share of what is asked.
    pub cost: Ratio,
    /// What making a wrong result up costs, as a share of what is asked.
    pub lazy_cost: Ratio,
    /// The share of its jobs in which a lazy provider lies, above 0.
    pub lazy_rate: Ratio,
}

/// Who audits.
#[derive(Clone, Copy, Debug)]
pub struct Validators {
    /// How many, with equal stakes: 2 to 10,000.
    pub count: u32,
    /// What each bonds: 1 to 10^6 tokens.
    pub bond: Amount,
    /// How many of them agree with any wrong result.
    pub colluding: u32,
    /// The chance that one of the others copies the provider's root instead of working.
    pub laxity: Ratio,
}

/// Who asks for work, in turn.
#[derive(Clone, Copy, Debug)]
pub struct Requesters {
    /// How many: 1 to 1,000.
    pub count: u32,
    /// What each begins with: 1 to 10^6 tokens.
    pub balance: Amount,
}

/// Which value of a scenario is out of range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScenarioRejected {
    /// A name of 1 to 64 characters is needed.
    #[error("name must have 1 to 64 characters")]
    Name,
    /// A number is out of its range.
    #[error("{field} is {got}, allowed are {min} to {max}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// Its value.
        got: f64,
        /// The least allowed.
        min: f64,
        /// The most allowed.
        max: f64,
    },
    /// A list of the grid is empty or too long.
    #[error("the grid makes {points} points, allowed are 1 to {max}")]
    GridSize {
        /// Points that it makes.
        points: usize,
        /// The most allowed.
        max: usize,
    },
    /// The lower end of a range is above its upper end.
    #[error("{field} must begin with its lower end")]
    RangeReversed {
        /// Which field.
        field: &'static str,
    },
    /// More runs than can be numbered.
    #[error(
        "the grid needs {runs} runs, allowed are {max}; lower grid.trials or raise \
         providers.lazy"
    )]
    TooManyRuns {
        /// Runs that all points together need.
        runs: u64,
        /// The most allowed.
        max: u64,
    },
}

/// Points a grid may have.
const POINTS_MAX: usize = 256;
/// Runs an experiment may have.
const RUNS_MAX: u64 = 1 << 24;

fn check(field: &'static str, got: f64, min: f64, max: f64) -> Result<f64, ScenarioRejected> {
    if (min..=max).contains(&got) {
        Ok(got)
    } else {
        Err(ScenarioRejected::OutOfRange { field, got, min, max })
    }
}

fn count(field: &'static str, got: u64, min: u64, max: u64) -> Result<u64, ScenarioRejected> {
    check(field, got as f64, min as f64, max as f64)?;
    Ok(got)
}

fn tokens(field: &'static str, got: u64, min: u64, max: u64) -> Result<Amount, ScenarioRejected> {
    count(field, got, min, max).map(Amount::tokens)
}

/// To the nearest part per billion.
fn parts(decimal: f64) -> u64 {
    (decimal * PARTS as f64).round() as u64
}

fn share(field: &'static str, got: f64, min: f64, max: f64) -> Result<Ratio, ScenarioRejected> {
    let got = check(field, got, min, max.min(1.0))?;
    Ok(Ratio::new(parts(got)).expect("checked to be at most 1"))
}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// [`SimError::Syntax`] with the parser's words, or [`SimError::Scenario`] with the field.
    pub fn parse(text: &str) -> Result<Scenario, SimError> {
        let raw: RawScenario =
            toml::from_str(text).map_err(|error| SimError::Syntax { detail: error.to_string() })?;
        Scenario::try_from(raw).map_err(SimError::Scenario)
    }

    /// Runs that every point needs.
    pub fn runs_per_point(&self) -> u64 {
        self.grid.trials.div_ceil(u64::from(self.providers.lazy))
    }

    /// Points of the grid: audit rates outside, auditors inside.
    pub fn points(&self) -> Vec<(Ratio, u8)> {
        let rates = self.grid.audit_rates.iter();
        rates.flat_map(|rate| self.grid.auditors.iter().map(|m| (*rate, *m))).collect()
    }
}

impl TryFrom<RawScenario> for Scenario {
    type Error = ScenarioRejected;

    fn try_from(raw: RawScenario) -> Result<Scenario, ScenarioRejected> {
        if raw.name.is_empty() || raw.name.chars().count() > 64 {
            return Err(ScenarioRejected::Name);
        }
        let scenario = Scenario {
            name: raw.name,
            description: raw.description,
            seed: raw.seed,
            confidence: check("confidence", raw.confidence, 0.5, 0.9999)?,
            invariants: raw.invariants,
            grid: grid(raw.grid)?,
            job: job(&raw.job)?,
            providers: providers(&raw.providers)?,
            validators: validators(&raw.validators)?,
            requesters: Requesters {
                count: narrow(count("requesters.count", raw.requesters.count.into(), 1, 1_000)?),
                balance: tokens("requesters.balance", raw.requesters.balance, 1, 1_000_000)?,
            },
            params: raw.params,
        };
        let points = scenario.points().len() as u64;
        let runs = scenario.runs_per_point().saturating_mul(points);
        if runs > RUNS_MAX {
            return Err(ScenarioRejected::TooManyRuns { runs, max: RUNS_MAX });
        }
        Ok(scenario)
    }
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).expect("checked to be small")
}

fn grid(raw: RawGrid) -> Result<Grid, ScenarioRejected> {
    let points = raw.audit_rate.len().saturating_mul(raw.auditors.len());
    if points == 0 || points > POINTS_MAX {
        return Err(ScenarioRejected::GridSize { points, max: POINTS_MAX });
    }
    let rates = raw.audit_rate.iter().map(|rate| share("grid.audit_rate", *rate, 1e-9, 1.0));
    let audit_rates = rates.collect::<Result<_, _>>()?;
    for auditors in &raw.auditors {
        count("grid.auditors", u64::from(*auditors), 1, 16)?;
    }
    let trials = count("grid.trials", raw.trials, 1, 1_000_000)?;
    Ok(Grid { audit_rates, auditors: raw.auditors, trials })
}

fn job(raw: &RawJob) -> Result<JobTerms, ScenarioRejected> {
    let deadline = count("job.deadline_blocks", raw.deadline_blocks, 1, 1_000)?;
    let mgas = count("job.mgas", raw.mgas, 1, 1_000_000)?;
    Ok(JobTerms {
        price_max: tokens("job.price_max", raw.price_max, 1, 10_000)?,
        gas_bound: Gas::new(mgas * 1_000_000), // At most 10^12.
        steps: count("job.steps", raw.steps, 1, 1 << 32)?,
        deadline_blocks: Blocks::new(deadline),
        outside_gain: tokens("job.outside_gain", raw.outside_gain, 0, 10_000)?,
    })
}

fn providers(raw: &RawProviders) -> Result<Providers, ScenarioRejected> {
    let [ask_min, ask_max] = raw.ask;
    let multiple = check("providers.bond_multiple", raw.bond_multiple, 1.0, 100.0)?;
    let providers = Providers {
        honest: narrow(count("providers.honest", raw.honest.into(), 0, 10_000)?),
        lazy: narrow(count("providers.lazy", raw.lazy.into(), 1, 10_000)?),
        balance: tokens("providers.balance", raw.balance, 1, 1_000_000)?,
        bond_multiple: Factor::new(parts(multiple)).expect("checked to be at most 100"),
        ask_min: share("providers.ask", ask_min, 0.001, 1.0)?,
        ask_max: share("providers.ask", ask_max, 0.001, 1.0)?,
        cost: share("providers.cost", raw.cost, 0.0, 1.0)?,
        lazy_cost: share("providers.lazy_cost", raw.lazy_cost, 0.0, 1.0)?,
        lazy_rate: share("providers.lazy_rate", raw.lazy_rate, 0.001, 1.0)?,
    };
    if providers.ask_min > providers.ask_max {
        return Err(ScenarioRejected::RangeReversed { field: "providers.ask" });
    }
    Ok(providers)
}

fn validators(raw: &RawValidators) -> Result<Validators, ScenarioRejected> {
    let total = narrow(count("validators.count", raw.count.into(), 2, 10_000)?);
    let colluding = check("validators.colluding", raw.colluding, 0.0, 1.0)?;
    Ok(Validators {
        count: total,
        bond: tokens("validators.bond", raw.bond, 1, 1_000_000)?,
        colluding: (colluding * f64::from(total)).round() as u32,
        laxity: share("validators.laxity", raw.laxity, 0.0, 1.0)?,
    })
}
