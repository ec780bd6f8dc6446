//! Scenarios: what is played, as a file that a person writes.
//!
//! Law: an unknown field, a value out of range or too large an experiment is refused before
//! anything runs.

use earnest_protocol::{Amount, Gas, RawParams};
use serde::{Deserialize, Serialize};

use crate::SimError;

/// Most jobs in one experiment.
const JOBS_MAX: u64 = 20_000_000;

/// What is played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A name.
    pub name: String,
    /// The economic claim that it shows.
    pub claim: String,
    /// Which game is played, unless the command says otherwise.
    pub seed: u64,
    /// Independent runs at each point of the grid, 1 to 10,000.
    pub runs: u64,
    /// The confidence of intervals: 0.9, 0.95 or 0.99.
    pub confidence: f64,
    /// The jobs.
    pub jobs: Jobs,
    /// The providers.
    pub providers: Providers,
    /// The validators.
    pub validators: Validators,
    /// The requesters.
    pub requesters: Requesters,
    /// The audit policies.
    pub grid: Grid,
    /// The network's parameters where they differ from the defaults, in the units of a genesis.
    #[serde(default)]
    pub params: RawParams,
}

/// The jobs of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// The price ceiling, in base units.
    pub price_max: Amount,
    /// The work bound.
    pub gas_bound: Gas,
    /// The focal provider's price as a share of the ceiling, 0.01 to 1.
    pub price_share: f64,
    /// What honest work costs its provider, as a share of its price, 0 to 1.
    pub cost_share: f64,
}

/// The providers of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// Providers of each behaviour; each does one job.
    pub each: u64,
    /// What each bonds, in base units.
    pub bond: Amount,
}

/// The validators of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validators {
    /// How many, all with the same stake, 10 to 100,000.
    pub count: u64,
    /// What each bonds, in base units.
    pub bond: Amount,
    /// The share that agrees with whatever a lying provider says, 0 to 1.
    pub colluding: f64,
    /// The share of honest audits that copy instead of computing, 0 to 1.
    pub laxity: f64,
}

/// The requesters of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requesters {
    /// How many, 1 to 100,000.
    pub count: u64,
}

/// The audit policies to play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Audit rates, each above 0 and at most 1.
    pub audit_rates: Vec<f64>,
    /// Numbers of auditors.
    pub auditors: Vec<u8>,
}

impl Scenario {
    /// Reads a scenario and checks every range.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Scenario, SimError> {
        if text.len() > 1 << 20 {
            return Err(SimError::Scenario("it has more than a mebibyte".into()));
        }
        let scenario: Scenario =
            toml::from_str(text).map_err(|error| SimError::Scenario(error.to_string()))?;
        scenario.check()?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), SimError> {
        let whole = |name: &str, value: u64, min: u64, max: u64| {
            in_range(name, value as f64, min as f64, max as f64)
        };
        whole("runs", self.runs, 1, 10_000)?;
        whole("providers.each", self.providers.each, 1, 100_000)?;
        whole("validators.count", self.validators.count, 10, 100_000)?;
        whole("requesters.count", self.requesters.count, 1, 100_000)?;
        in_range("jobs.price_share", self.jobs.price_share, 0.01, 1.0)?;
        in_range("jobs.cost_share", self.jobs.cost_share, 0.0, 1.0)?;
        in_range("validators.colluding", self.validators.colluding, 0.0, 1.0)?;
        in_range("validators.laxity", self.validators.laxity, 0.0, 1.0)?;
        if crate::stats::quantile(self.confidence).is_none() {
            return Err(SimError::Scenario("confidence is 0.9, 0.95 or 0.99".into()));
        }
        if self.grid.audit_rates.is_empty() || self.grid.auditors.is_empty() {
            return Err(SimError::Scenario("the grid has no points".into()));
        }
        for rate in &self.grid.audit_rates {
            in_range("grid.audit_rates", *rate, 1e-9, 1.0)?;
        }
        let points = self.grid.audit_rates.len() * self.grid.auditors.len();
        let jobs = (points as u64)
            .saturating_mul(self.runs)
            .saturating_mul(self.providers.each)
            .saturating_mul(3);
        whole("jobs of all runs together", jobs, 1, JOBS_MAX)
    }
}

fn in_range(name: &str, value: f64, min: f64, max: f64) -> Result<(), SimError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(SimError::Scenario(format!("{name} is {value}, allowed are {min} to {max}")))
    }
}

/// A share in parts per billion, rounded to the nearest: scenarios are written in decimals.
pub(crate) fn parts(share: f64) -> u64 {
    (share * 1e9).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../scenarios/lazy-provider.toml");

    #[test]
    fn the_shipped_scenario_is_valid() {
        let scenario = Scenario::parse(TEXT).unwrap();
        assert!(scenario.grid.audit_rates.len() * scenario.grid.auditors.len() >= 9);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, expected) in [
            ("runs = ", "runs = 0 #", "runs"),
            ("confidence = ", "confidence = 0.5 #", "confidence"),
            ("colluding = ", "colluding = 1.5 #", "colluding"),
            ("claim = ", "clam = ", "clam"),
            ("count = ", "count = 9999999 #", "count"),
        ] {
            let text = TEXT.replacen(from, to, 1);
            let error = Scenario::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
