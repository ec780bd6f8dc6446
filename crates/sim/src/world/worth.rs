//! What stake is worth outside, as a run goes through it.
//!
//! Geometric Brownian motion, block by block, over steps that are known; jumps as a Bernoulli draw
//! a block, which is a Poisson process as finely as blocks tell (Merton, 1976).
//!
//! Law: what a block draws depends on seed, run and block alone: whoever takes part, and whatever
//! the rules make of it, stake is worth the same.
//! Not here: who posts it (`agents`), what is secured by it (`earnest-protocol`).

use earnest_protocol::Factor;

use crate::{
    luck::{Entity, Luck, Purpose},
    scenario::{LEADER, Price, scaled},
};

/// Blocks for which drift, volatility and jumps are told.
const SPAN: f64 = 1_000.0;

/// Where the walk is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth<'s> {
    terms: &'s Price,
    /// The logarithm of what walk and jumps made of it so far.
    log: f64,
}

impl<'s> Worth<'s> {
    pub(super) fn new(terms: &'s Price) -> Worth<'s> {
        Worth { terms, log: 0.0 }
    }

    /// What it is worth in the block at `height`, the one after the last.
    pub(super) fn next(&mut self, luck: Luck, height: u64) -> Factor {
        let Price { drift, volatility, jumps, .. } = *self.terms;
        let (me, step) = (Entity::new(LEADER, 0), height as u32); // A run has fewer than 2^32.
        self.log += (drift - volatility * volatility / 2.0) / SPAN;
        if volatility > 0.0 {
            let z = luck.draw(me, step, Purpose::Worth).normal();
            self.log += volatility / SPAN.sqrt() * z;
        }
        if let Some(jumps) = jumps {
            let draw = luck.draw(me, step, Purpose::Jump);
            if draw.unit() < jumps.rate / SPAN {
                let (low, high) = jumps.factor;
                self.log += (low + (high - low) * draw.again().unit()).ln();
            }
        }
        let level = self.terms.steps.iter().rev().find(|step| step.at <= height);
        let level = level.map_or(self.terms.start, |step| step.to);
        scaled(level, self.log.exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Jumps, Step};

    fn price() -> Price {
        let (start, steps) = (Factor::ONE, Vec::new());
        Price { start, steps, drift: 0.0, volatility: 0.0, jumps: None, noise: 0.0 }
    }

    fn path(terms: &Price, run: u32, blocks: u64) -> Vec<f64> {
        let mut worth = Worth::new(terms);
        let luck = Luck::new(11, run);
        let each = (1..=blocks).map(|height| worth.next(luck, height).parts() as f64 / 1e9);
        each.collect()
    }

    #[test]
    fn steps_last_until_the_next_and_nothing_else_moves() {
        let step = |at, to| Step { at, to: Factor::percent(to) };
        let terms = Price { steps: vec![step(3, 50), step(5, 200)], ..price() };
        assert_eq!(path(&terms, 0, 6), [1.0, 1.0, 0.5, 0.5, 2.0, 2.0]);
    }

    #[test]
    fn a_walk_has_the_drift_and_the_volatility_that_are_told() {
        let terms = Price { drift: 0.1, volatility: 0.3, ..price() };
        let logs: Vec<f64> = (0..2_000).map(|run| path(&terms, run, 1_000)[999].ln()).collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count;
        // Five standard errors of either.
        assert!((mean - (0.1 - 0.045)).abs() < 5.0 * 0.3 / count.sqrt(), "{mean}");
        assert!((variance.sqrt() - 0.3).abs() < 5.0 * 0.3 / (2.0 * count).sqrt(), "{variance}");
    }

    #[test]
    fn jumps_come_as_often_as_told_and_a_walk_does_not_change_them() {
        let jumps = Some(Jumps { rate: 20.0, factor: (0.8, 0.8) });
        let last = |terms: &Price, run| *path(terms, run, 400).last().expect("a block");
        let (mut count, runs) = (0.0, 200);
        for run in 0..runs {
            // How often it fell by a fifth, to what a price of 10^-9 is rounded by.
            let jumped = last(&Price { jumps, ..price() }, run);
            let fell = jumped.log(0.8);
            assert!((fell - fell.round()).abs() < 1e-3, "run {run}: {fell}");
            count += fell.round();
            let walk = Price { drift: 0.5, volatility: 0.3, ..price() };
            let both = last(&Price { jumps, ..walk.clone() }, run);
            assert!((both / jumped / last(&walk, run) - 1.0).abs() < 1e-4, "run {run}: {both}");
        }
        // 8 of a run are expected: five standard errors of their mean.
        let mean = count / f64::from(runs);
        assert!((mean - 8.0).abs() < 5.0 * (8.0 / f64::from(runs)).sqrt(), "{mean}");
    }
}
