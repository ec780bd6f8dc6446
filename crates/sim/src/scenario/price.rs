//! What stake is worth outside, over time: constant, in steps, a walk, jumps.
//!
//! Law: whoever asks for none of it has a network of one asset, as before.
//! Not here: how a run goes through it (`world`), what the rules make of it (`earnest-protocol`).

use earnest_protocol::{Factor, num::PARTS};
use serde::Deserialize;

use super::{
    ScenarioRejected,
    check::{BLOCKS_MAX, Checked, check, count},
};

/// What a token of stake is worth in tokens that pay, block by block.
#[derive(Clone, Debug)]
pub struct Price {
    /// At the beginning: .000001 to 10^6.
    pub start: Factor,
    /// When that is another, in the order of blocks; a walk goes on from there.
    pub steps: Vec<Step>,
    /// What its mean grows by in 1,000 blocks, continuously: −10 to 10.
    pub drift: f64,
    /// The deviation of its logarithm over 1,000 blocks: 0 to 10.
    pub volatility: f64,
    /// When it jumps, if it does.
    pub jumps: Option<Jumps>,
    /// By how much each validator sees it wrong: the deviation of the logarithm, 0 to 1.
    pub noise: f64,
}

/// A block from which stake is worth something else.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// From which block on.
    pub at: u64,
    /// What it is worth, but for what walk and jumps make of it.
    pub to: Factor,
}

/// Jumps that come by chance.
#[derive(Clone, Copy, Debug)]
pub struct Jumps {
    /// How many in 1,000 blocks, on average: above 0, at most 1,000.
    pub rate: f64,
    /// What it is worth after one, of before: from and to, .01 to 100.
    pub factor: (f64, f64),
}

impl Price {
    /// Does chance move it?
    pub fn is_random(&self) -> bool {
        self.volatility > 0.0 || self.jumps.is_some()
    }
}

/// A price times something, within what prices may be.
pub(crate) fn scaled(price: Factor, by: f64) -> Factor {
    let parts = (price.parts() as f64 * by).round();
    let most = (PARTS * 1_000_000) as f64;
    Factor::new(parts.clamp(1.0, most) as u64).unwrap_or(Factor::MAX)
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrice {
    #[serde(default = "one")]
    start: f64,
    #[serde(default)]
    steps: Vec<RawStep>,
    #[serde(default)]
    drift: f64,
    #[serde(default)]
    volatility: f64,
    jumps: Option<RawJumps>,
    #[serde(default)]
    noise: f64,
}

fn one() -> f64 {
    1.0
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    at: u64,
    to: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawJumps {
    in_1000_blocks: f64,
    factor: [f64; 2],
}

fn factor(field: &str, value: f64) -> Checked<Factor> {
    let parts = (check(field, value, 1e-6, 1e6)? * PARTS as f64).round() as u64;
    Ok(Factor::new(parts).expect("checked to be at most a million"))
}

impl RawPrice {
    pub(super) fn check(self) -> Checked<Price> {
        let mut steps: Vec<Step> = Vec::new();
        for RawStep { at, to } in self.steps {
            let least = steps.last().map_or(1, |before| before.at + 1);
            let at = count("price.steps.at", at, least, BLOCKS_MAX)?;
            steps.push(Step { at, to: factor("price.steps.to", to)? });
        }
        let jumps = self.jumps.map(|RawJumps { in_1000_blocks, factor: [low, high] }| {
            let rate = check("price.jumps.in_1000_blocks", in_1000_blocks, 1e-6, 1_000.0)?;
            let low = check("price.jumps.factor", low, 0.01, 100.0)?;
            let high = check("price.jumps.factor", high, 0.01, 100.0)?;
            if low > high {
                let field = "price.jumps.factor".to_owned();
                return Err(ScenarioRejected::RangeReversed { field });
            }
            Ok(Jumps { rate, factor: (low, high) })
        });
        Ok(Price {
            start: factor("price.start", self.start)?,
            steps,
            drift: check("price.drift", self.drift, -10.0, 10.0)?,
            volatility: check("price.volatility", self.volatility, 0.0, 10.0)?,
            jumps: jumps.transpose()?,
            noise: check("price.noise", self.noise, 0.0, 1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_never_nothing_nor_more_than_there_is() {
        assert_eq!(scaled(Factor::ONE, 1e-30).parts(), 1);
        assert_eq!(scaled(Factor::ONE, f64::INFINITY), Factor::MAX);
        assert_eq!(scaled(Factor::ONE, 0.25), Factor::percent(25));
    }
}
