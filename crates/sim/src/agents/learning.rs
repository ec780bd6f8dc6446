//! Learning: which of its policies a provider that adapts plays next.
//!
//! Key terms: a *policy* is how often results are made up; a *round* is the time from one choice to
//! the next; its *payoff* is what the provider had more at its end, lies' gains included.
//!
//! ```text
//! trial      the policy with the best mean so far, each tried once
//! weights    each with a chance that grows with what it earned (EXP3, Auer et al. 2002)
//! imitation  a fellow's policy, the likelier the more that fellow earned (Schlag, 1998)
//! ```
//!
//! Imitation by many moves as the replicator's equation does. All three play any policy at all with
//! the chance `explore`.
//!
//! Laws: what is chosen next is a function of payoffs and of the learner's own luck; all numbers
//! are whole, so every machine chooses alike; who sits in jail has no choice, and its time there
//! belongs to the policy that brought it there.
//! Known shortcomings: payoffs of [`Rule::Weights`] are scaled to those seen so far.
//! Not here: what a policy does (`provider`).

use std::ops::Range;

use earnest_protocol::{Ratio, num::PARTS};

use crate::{
    luck::{Draw, Entity, Purpose},
    scenario::{Learns, Rule},
    view::{Tale, View},
};

/// 1 / ln 2 in 2^-32.
const BITS_OF_E: u128 = 6_196_328_019;

/// What one who learns remembers.
#[derive(Clone, Debug)]
pub(super) struct Mind<'s> {
    terms: &'s Learns,
    /// Places of its group, its own among them.
    fellows: Range<usize>,
    round: u32,
    policy: usize,
    /// The chance with which it was chosen, in parts.
    chance: u64,
    /// What it was worth when the round began, in base units.
    began: i64,
    /// What lies were worth outside, in base units.
    pub(super) gains: i64,
    /// Rounds and payoffs of each policy.
    seen: Vec<(u32, i64)>,
    /// The logarithm of each policy's weight, base 2, in 2^-32.
    weights: Vec<u64>,
    /// The least and the most that a round paid.
    range: Option<(i64, i64)>,
}

impl<'s> Mind<'s> {
    pub(super) fn new(terms: &'s Learns, fellows: Range<usize>) -> Mind<'s> {
        let count = terms.lie_rates.len();
        Mind {
            terms,
            fellows,
            round: 0,
            policy: 0,
            chance: PARTS,
            began: 0,
            gains: 0,
            seen: vec![(0, 0); count],
            weights: vec![0; count],
            range: None,
        }
    }

    /// Its policy of this round.
    pub(super) fn lie_rate(&self) -> Ratio {
        self.terms.lie_rates[self.policy]
    }

    /// Blocks of a round.
    pub(super) fn every(&self) -> earnest_protocol::Blocks {
        self.terms.every_blocks
    }

    /// The first round, with any policy.
    pub(super) fn begin(&mut self, view: &View<'_>, me: Entity, worth: i64) {
        self.policy = self.any(self.draw(view, me));
        (self.chance, self.began) = (PARTS / self.count(), worth);
    }

    /// The round is over, with so much in its hands; the next begins. What it tells its fellows.
    pub(super) fn learn(&mut self, view: &View<'_>, me: Entity, worth: i64) -> Tale {
        let payoff = worth.saturating_sub(self.began);
        self.note(payoff);
        let tale = Tale { policy: self.policy, payoff };
        self.round = self.round.wrapping_add(1);
        self.began = worth;
        let draw = self.draw(view, me);
        self.policy = match self.terms.by {
            Rule::Weights => self.by_weight(draw),
            _ if draw.chance(self.terms.explore) => self.any(draw.again()),
            Rule::Trial => self.best(draw.again()),
            Rule::Imitation => self.fellows(view, draw.again(), payoff),
        };
        tale
    }

    fn draw(&self, view: &View<'_>, me: Entity) -> Draw {
        view.draw(me, self.round, Purpose::Policy)
    }

    fn count(&self) -> u64 {
        self.terms.lie_rates.len() as u64
    }

    fn any(&self, draw: Draw) -> usize {
        draw.below(self.count()) as usize
    }

    fn note(&mut self, payoff: i64) {
        let (rounds, sum) = &mut self.seen[self.policy];
        (*rounds, *sum) = (rounds.saturating_add(1), sum.saturating_add(payoff));
        let (low, high) = self.range.unwrap_or((payoff, payoff));
        let (low, high) = (low.min(payoff), high.max(payoff));
        self.range = Some((low, high));
        let (over, span) = (payoff.abs_diff(low), high.abs_diff(low).max(1));
        // γ/K · x/p, where x is the payoff in its range and p the chance that its policy had.
        let gamma = u128::from(self.terms.explore.parts()) * u128::from(over) / u128::from(span);
        let step = gamma * BITS_OF_E / u128::from(self.count()) / u128::from(self.chance.max(1));
        let weight = &mut self.weights[self.policy];
        *weight = weight.saturating_add(u64::try_from(step).unwrap_or(u64::MAX));
    }

    /// The policy with the best mean; one that was never tried, first.
    fn best(&self, draw: Draw) -> usize {
        let untried: Vec<usize> =
            (0..self.seen.len()).filter(|policy| self.seen[*policy].0 == 0).collect();
        if !untried.is_empty() {
            return untried[draw.below(untried.len() as u64) as usize];
        }
        let better = |one: &(u32, i64), other: &(u32, i64)| {
            // Means by cross-multiplication.
            let [a, b] = [(one.1, other.0), (other.1, one.0)];
            (i128::from(a.0) * i128::from(a.1)).cmp(&(i128::from(b.0) * i128::from(b.1)))
        };
        let policies = (0..self.seen.len()).rev(); // Of equals the first.
        policies.max_by(|a, b| better(&self.seen[*a], &self.seen[*b])).unwrap_or(0)
    }

    /// Any policy, with the chance that its weight gives it.
    fn by_weight(&mut self, draw: Draw) -> usize {
        let chances = self.chances();
        let mut left = draw.below(chances.iter().sum());
        for (policy, chance) in chances.into_iter().enumerate() {
            match left.checked_sub(chance) {
                Some(rest) => left = rest,
                None => {
                    self.chance = chance;
                    return policy;
                }
            }
        }
        unreachable!("a draw is below the sum of all chances")
    }

    /// The chance of each policy in parts, which add up to a few parts less than one.
    fn chances(&self) -> Vec<u64> {
        let most = self.weights.iter().copied().max().unwrap_or(0);
        let each: Vec<u64> = self.weights.iter().map(|log| power(most - log)).collect();
        let sum: u128 = each.iter().map(|weight| u128::from(*weight)).sum();
        let explore = self.terms.explore.parts();
        let chance = |weight: u64| {
            let by_weight = u128::from(PARTS - explore) * u128::from(weight) / sum;
            u64::try_from(by_weight).expect("at most a whole") + explore / self.count()
        };
        each.into_iter().map(chance).collect()
    }

    /// The policy of a fellow, if it earned more, with a chance in proportion.
    fn fellows(&mut self, view: &View<'_>, draw: Draw, payoff: i64) -> usize {
        let others = self.fellows.len() as u64;
        let fellow = self.fellows.start + draw.below(others) as usize;
        let Some(tale) = view.tale(fellow) else { return self.policy };
        let (low, high) = self.range.unwrap_or((payoff, payoff));
        let (low, high) = (low.min(tale.payoff), high.max(tale.payoff));
        self.range = Some((low, high));
        let more = u64::try_from(tale.payoff.saturating_sub(payoff)).unwrap_or(0);
        if draw.again().below(high.abs_diff(low)) < more { tale.policy } else { self.policy }
    }
}

/// 2^(−log) for a logarithm in 2^-32, as a multiple of 2^-62.
fn power(log: u64) -> u64 {
    let mut value = (1u128 << 62) >> (log >> 32).min(127);
    let mut factor = 1u128 << 61; // 2^-1, then its roots.
    for bit in (16..32u32).rev() {
        factor = (factor << 62).isqrt();
        if (log >> bit) & 1 == 1 {
            value = (value * factor) >> 62;
        }
    }
    u64::try_from(value).expect("at most 2^62")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::luck::Luck;

    fn terms(by: Rule, explore: u64) -> Learns {
        let lie_rates = vec![Ratio::ZERO, Ratio::percent(10), Ratio::ONE];
        let every_blocks = earnest_protocol::Blocks::new(100);
        Learns { by, lie_rates, every_blocks, explore: Ratio::percent(explore) }
    }

    fn draw(round: u32) -> Draw {
        Luck::new(5, 6).draw(Entity::new("learners", 3), round, Purpose::Policy)
    }

    #[test]
    fn powers_of_two_are_those_of_the_tables() {
        for (log, expected) in [(0u64, 1.0f64), (1 << 32, 0.5), (1 << 31, 0.5f64.sqrt())] {
            let got = power(log) as f64 / (1u64 << 62) as f64;
            assert!((got - expected).abs() < 1e-9, "{got}");
        }
        let third = power((1 << 32) / 3) as f64 / (1u64 << 62) as f64;
        assert!((third - 0.5f64.powf(1.0 / 3.0)).abs() < 2e-5, "{third}");
        assert_eq!(power(u64::MAX), 0);
    }

    #[test]
    fn trial_tries_each_once_and_keeps_to_the_best() {
        let terms = terms(Rule::Trial, 0);
        let mut mind = Mind::new(&terms, 0..1);
        let mut played = [0; 3];
        for round in 0..50 {
            played[mind.policy] += 1;
            mind.note([7, 9, -40][mind.policy]);
            mind.policy = mind.best(draw(round));
        }
        assert_eq!(played, [1, 48, 1]);
    }

    #[test]
    fn weights_come_to_favour_what_pays_and_never_rule_the_rest_out() {
        let terms = terms(Rule::Weights, 20);
        let mut mind = Mind::new(&terms, 0..1);
        let mut late = [0u32; 3];
        for round in 0..1_000 {
            mind.note([0, 10, 2][mind.policy]);
            mind.policy = mind.by_weight(draw(round));
            late[mind.policy] += u32::from(round >= 500);
        }
        // All but the explorers' share: .8 + .2/3 of 500, within five deviations of a binomial.
        assert!((395..=472).contains(&late[1]), "{late:?}");
        assert!(late[0] > 10 && late[2] > 10, "{late:?}");
        let sum: u64 = mind.chances().iter().sum();
        assert!(PARTS - sum < 8, "{sum}");
    }

    #[test]
    fn exp3_weighs_by_the_chance_that_a_policy_had() {
        let terms = terms(Rule::Weights, 30);
        let mut mind = Mind::new(&terms, 0..1);
        mind.range = Some((0, 100));
        (mind.policy, mind.chance) = (2, PARTS / 4);
        mind.note(50);
        // exp(.3/3 · .5/.25) = 2^(.2/ln 2).
        let expected = 0.2 / std::f64::consts::LN_2 * 2f64.powi(32);
        assert!((mind.weights[2] as f64 - expected).abs() < 1e3, "{}", mind.weights[2]);
        assert_eq!(mind.weights[..2], [0, 0]);
    }
}
