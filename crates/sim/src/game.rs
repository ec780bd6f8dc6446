//! The empirical game: what each of a few policies earns in each mix of them, and where that leads.
//!
//! Key terms: a *policy* is a group of the scenario; a *mix* says how many of a fixed number of
//! people play each; the *payoff* of a policy in a mix is the mean profit of its members, measured
//! over runs with the same luck. A policy that nobody plays in a mix has one member all the same:
//! what it earns is what an invader would. *Regret* is what the best policy earns above the mix's
//! mean.
//!
//! ```text
//! policies × mixes × runs ─► payoffs ─► regret, replicator paths, invasion thresholds, exports
//! ```
//!
//! Laws: payoffs are what the rules gave, never a formula's; between measured mixes they are
//! interpolated, and that is said; who is not listed keeps the count that the scenario gives it.
//! Not here: solvers for equilibria: tables are exported for those that exist.

use std::{
    mem::discriminant,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;
use serde::Serialize;

use crate::{
    error::SimError,
    run::{self, Nothing},
    scenario::{Scenario, Setting},
    statistics::Moments,
    sweep::{Point, Sweep},
};

/// Policies of one game.
const POLICIES: std::ops::RangeInclusive<usize> = 2..=8;
/// Mixes of one game.
const MIXES_MAX: usize = 20_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The scenario's text.
    pub text: &'a str,
    /// Groups of one kind: `providers.honest`.
    pub policies: Vec<String>,
    /// Steps from nobody to everybody in which shares of a mix are measured, 1 to 100.
    pub parts: u32,
    /// Runs of each mix, at least 1.
    pub runs: u32,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// Threads; all cores if none is given.
    pub threads: Option<usize>,
    /// The confidence of each interval.
    pub confidence: f64,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Game {
    /// The policies.
    pub policies: Vec<String>,
    /// People who play one of them.
    pub people: u32,
    /// Steps of a share.
    pub parts: u32,
    /// Runs of each mix.
    pub runs: u32,
    /// The confidence of each interval.
    pub confidence: f64,
    /// Every mix.
    pub mixes: Vec<Mix>,
    /// For each ordered pair of policies: what becomes of the second among the first.
    pub invasions: Vec<Invasion>,
    /// Where mixes lead, from the middle and from near each policy.
    pub paths: Vec<Path>,
}

/// One mix and what was earned in it.
#[derive(Clone, Debug, Serialize)]
pub struct Mix {
    /// Parts of the people that play each policy; they add up to the game's parts.
    pub parts: Vec<u32>,
    /// Mean profit of a member of each policy, in base units.
    pub payoffs: Vec<f64>,
    /// Half of each payoff's interval, in base units.
    pub within: Vec<f64>,
    /// What the best policy earns above the mean of the mix, in base units.
    pub regret: f64,
    /// The same if every payoff is as bad for the mix as its interval allows.
    pub regret_max: f64,
}

/// What becomes of few who play one policy among many who play another.
#[derive(Clone, Debug, Serialize)]
pub struct Invasion {
    /// What nearly everybody plays.
    pub resident: String,
    /// What few play.
    pub invader: String,
    /// What an invader earns above a resident when it is alone, in base units.
    pub advantage: f64,
    /// The smallest share from which invaders earn more than residents, interpolated; none if they
    /// never do.
    pub threshold: Option<f64>,
}

/// Where a mix leads if whoever earns more is copied: the replicator's equation,
/// xᵢ' = xᵢ (fᵢ − f̄), in steps that change no share by more than a hundredth.
#[derive(Clone, Debug, Serialize)]
pub struct Path {
    /// Shares at the beginning.
    pub from: Vec<f64>,
    /// Shares at its end.
    pub to: Vec<f64>,
    /// Shares on the way, every few steps.
    pub way: Vec<Vec<f64>>,
}

/// Plays every mix.
///
/// # Errors
/// Why there is nothing to simulate; [`SimError::Policies`] with what is wrong with them;
/// [`SimError::Failed`] if a run fails.
pub fn game(
    question: &Question<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Game, SimError> {
    let scenario = Scenario::parse(question.text, &[])?;
    let places = policies(&scenario, question)?;
    let people: u32 = places.iter().map(|place| scenario.groups[*place].count).sum();
    let all = compositions(question.parts, places.len());
    let settings = |mix: &Vec<u32>| mixed(question, people, mix);
    let sweep = Sweep {
        text: question.text,
        points: all.iter().map(settings).collect(),
        runs: question.runs,
        seed: question.seed,
        threads: question.threads,
    };
    let points = sweep.scenarios()?;
    let seed = question.seed.unwrap_or(scenario.seed);
    let (done, total) = (AtomicU64::new(0), points.len() as u64 * u64::from(question.runs));
    let one = |(point, parts): (&Point, &Vec<u32>)| {
        let mut moments = vec![Moments::default(); places.len()];
        for number in 0..question.runs {
            let profits = profits(point, seed, number, &places)?;
            moments.iter_mut().zip(profits).for_each(|(moments, profit)| moments.push(profit));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        }
        Ok(mix(parts, &moments, question))
    };
    let mixes: Result<Vec<Mix>, SimError> = sweep.pool()?.install(|| {
        let both: Vec<(&Point, &Vec<u32>)> = points.iter().zip(&all).collect();
        both.into_par_iter().map(one).collect()
    });
    let (policies, parts, runs) = (question.policies.clone(), question.parts, question.runs);
    let (mixes, confidence) = (mixes?, question.confidence);
    let (invasions, paths) = (Vec::new(), Vec::new());
    let mut game = Game { policies, people, parts, runs, confidence, mixes, invasions, paths };
    game.invasions = game.invade();
    game.paths = game.lead();
    Ok(game)
}

/// Where the policies are among the groups.
fn policies(scenario: &Scenario, question: &Question<'_>) -> Result<Vec<usize>, SimError> {
    let wrong = |why: String| SimError::Policies { why };
    if !POLICIES.contains(&question.policies.len()) {
        return Err(wrong("name 2 to 8 of them".to_owned()));
    }
    let mut places = Vec::new();
    for policy in &question.policies {
        let place = scenario.groups.iter().position(|group| group.name == *policy);
        let place = place.ok_or_else(|| wrong(format!("the scenario has no group {policy}")))?;
        if places.contains(&place) {
            return Err(wrong(format!("{policy} is named twice")));
        }
        places.push(place);
    }
    let kinds = places.iter().map(|place| discriminant(&scenario.groups[*place].kind));
    if kinds.clone().any(|kind| Some(kind) != kinds.clone().next()) {
        return Err(wrong("they are not all of one kind".to_owned()));
    }
    let count = compositions_count(question.parts, places.len());
    if !(1..=100).contains(&question.parts) || count > MIXES_MAX {
        let why = format!("{} parts make {count} mixes, allowed are {MIXES_MAX}", question.parts);
        return Err(wrong(why));
    }
    Ok(places)
}

/// How many ways there are to share `parts` among `players`; saturates.
fn compositions_count(parts: u32, players: usize) -> usize {
    // C(parts + players − 1, players − 1), each step exact.
    (1..players).fold(1usize, |count, i| count.saturating_mul(parts as usize + i) / i)
}

/// Every way to share `parts` among `players`.
fn compositions(parts: u32, players: usize) -> Vec<Vec<u32>> {
    if players == 1 {
        return vec![vec![parts]];
    }
    let first = (0..=parts).rev();
    let rest = first.flat_map(|first| {
        compositions(parts - first, players - 1).into_iter().map(move |mut rest| {
            rest.insert(0, first);
            rest
        })
    });
    rest.collect()
}

/// How many play each policy in a mix: at least one.
fn mixed(question: &Question<'_>, people: u32, mix: &[u32]) -> Vec<Setting> {
    let count =
        |part: u32| (u64::from(people) * u64::from(part) / u64::from(question.parts)).max(1);
    let counts = question.policies.iter().zip(mix);
    let setting = |(policy, part): (&String, &u32)| {
        let count = i64::try_from(count(*part)).expect("people are counted by 32 bits");
        Setting::new(&format!("{policy}.count"), toml::Value::Integer(count))
    };
    counts.map(setting).collect()
}

/// What a member of each policy earned in one run, in base units.
fn profits(
    (scenario, settings): &Point,
    seed: u64,
    number: u32,
    places: &[usize],
) -> Result<Vec<i64>, SimError> {
    let outcome = run::run(scenario, seed, number, &mut Nothing)?;
    if let Some(error) = outcome.error {
        let settings = settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        return Err(SimError::Failed { settings, run: number, error });
    }
    let each = |place: &usize| {
        let count = i64::from(scenario.groups[*place].count);
        outcome.groups[*place].profit.div_euclid(count)
    };
    Ok(places.iter().map(each).collect())
}

fn mix(parts: &[u32], moments: &[Moments], question: &Question<'_>) -> Mix {
    let payoffs: Vec<f64> = moments.iter().map(Moments::mean).collect();
    let half = |moments: &Moments| match moments.interval(question.confidence) {
        (low, high) if low.is_finite() => (high - low) / 2.0,
        _ => f64::MAX, // One run says nothing of its spread.
    };
    let within: Vec<f64> = moments.iter().map(half).collect();
    let shares: Vec<f64> =
        parts.iter().map(|part| f64::from(*part) / f64::from(question.parts)).collect();
    let mean = |payoffs: &[f64]| shares.iter().zip(payoffs).map(|(x, f)| x * f).sum::<f64>();
    let best = payoffs.iter().copied().fold(f64::MIN, f64::max);
    let high = payoffs.iter().zip(&within).map(|(f, w)| f + w).fold(f64::MIN, f64::max);
    let low: Vec<f64> = payoffs.iter().zip(&within).map(|(f, w)| f - w).collect();
    let (regret, regret_max) = (best - mean(&payoffs), high - mean(&low));
    Mix { parts: parts.to_vec(), payoffs, within, regret, regret_max }
}

impl Game {
    /// What each policy earns at any shares: between measured mixes, the mean of the corners of the
    /// simplex that holds them, weighed by nearness (Freudenthal's triangulation).
    fn payoffs(&self, shares: &[f64]) -> Vec<f64> {
        // Cumulated shares in parts fall monotonically; their fractions, sorted, are the weights.
        let parts = f64::from(self.parts);
        let mut above: Vec<f64> = Vec::new();
        let mut sum = 0.0;
        for share in shares.iter().rev() {
            sum += share * parts;
            above.push(sum);
        }
        above.reverse(); // above[0] is all parts.
        let base: Vec<f64> = above.iter().map(|x| (x + 1e-9).floor()).collect();
        let mut order: Vec<usize> = (1..above.len()).collect();
        let fraction = |at: usize| (above[at] - base[at]).clamp(0.0, 1.0);
        order
            .sort_by(|one, other| fraction(*other).total_cmp(&fraction(*one)).then(one.cmp(other)));
        let mut corner: Vec<u32> = base.iter().map(|x| *x as u32).collect();
        corner[0] = self.parts;
        let mut payoffs = vec![0.0; shares.len()];
        let mut left = 1.0;
        for next in order.iter().map(|at| Some(*at)).chain([None]) {
            let reached = next.map_or(0.0, fraction);
            self.add(&corner, left - reached, &mut payoffs);
            left = reached;
            if let Some(at) = next {
                corner[at] += 1;
            }
        }
        payoffs
    }

    /// Adds the payoffs at a corner, named by its cumulated parts.
    fn add(&self, above: &[u32], weight: f64, to: &mut [f64]) {
        if weight <= 0.0 {
            return;
        }
        let next = above.iter().skip(1).copied().chain([0]);
        let parts: Vec<u32> = above.iter().zip(next).map(|(a, b)| a.saturating_sub(b)).collect();
        if let Some(mix) = self.mixes.iter().find(|mix| mix.parts == parts) {
            to.iter_mut().zip(&mix.payoffs).for_each(|(to, payoff)| *to += weight * payoff);
        }
    }

    fn invade(&self) -> Vec<Invasion> {
        let count = self.policies.len();
        let pairs = (0..count).flat_map(|a| (0..count).map(move |b| (a, b)));
        let invasion = |(resident, invader): (usize, usize)| {
            let advantage = |part: u32| {
                let mut shares = vec![0.0; count];
                shares[invader] = f64::from(part) / f64::from(self.parts);
                shares[resident] = 1.0 - shares[invader];
                let payoffs = self.payoffs(&shares);
                payoffs[invader] - payoffs[resident]
            };
            let advantages: Vec<f64> = (0..=self.parts).map(advantage).collect();
            let first = advantages.iter().position(|advantage| *advantage > 0.0);
            let threshold = first.map(|at| {
                let before = at.checked_sub(1).map(|before| advantages[before]);
                let crossing = before.map_or(0.0, |low| -low / (advantages[at] - low) - 1.0);
                (at as f64 + crossing) / f64::from(self.parts)
            });
            let name = |at: usize| self.policies[at].clone();
            let (resident, invader) = (name(resident), name(invader));
            Invasion { resident, invader, advantage: advantages[0], threshold }
        };
        pairs.filter(|(a, b)| a != b).map(invasion).collect()
    }

    fn lead(&self) -> Vec<Path> {
        let count = self.policies.len() as f64;
        let middle = vec![1.0 / count; self.policies.len()];
        let near = (0..self.policies.len()).map(|most| {
            let few = 0.05 / (count - 1.0);
            let mut shares = vec![few; self.policies.len()];
            shares[most] = 0.95;
            shares
        });
        [middle].into_iter().chain(near).map(|from| self.follow(from)).collect()
    }

    fn follow(&self, from: Vec<f64>) -> Path {
        const STEPS: usize = 5_000;
        let (mut shares, mut way) = (from.clone(), vec![from.clone()]);
        for step in 1..=STEPS {
            let payoffs = self.payoffs(&shares);
            let mean: f64 = shares.iter().zip(&payoffs).map(|(x, f)| x * f).sum();
            let changes: Vec<f64> =
                shares.iter().zip(&payoffs).map(|(x, f)| x * (f - mean)).collect();
            let largest = changes.iter().fold(0.0f64, |most, change| most.max(change.abs()));
            let scale: f64 = payoffs.iter().fold(1.0, |most, payoff| most.max(payoff.abs()));
            if largest <= 1e-6 * scale {
                break; // Everyone earns the same, or one policy is all that is left.
            }
            shares.iter_mut().zip(&changes).for_each(|(x, change)| *x += change / largest / 100.0);
            let sum: f64 = shares.iter().map(|x| x.max(0.0)).sum();
            shares.iter_mut().for_each(|x| *x = x.max(0.0) / sum);
            if step.is_multiple_of(10) {
                way.push(shares.clone());
            }
        }
        Path { from, to: shares, way }
    }

    /// The payoffs of two players who each choose a policy, the second for everybody else, as
    /// Gambit's strategic form reads it: payoffs in tokens.
    pub fn nfg(&self, title: &str) -> String {
        let quoted: Vec<String> =
            self.policies.iter().map(|policy| format!("\"{policy}\"")).collect();
        let names = quoted.join(" ");
        let count = self.policies.len();
        let alone = |policy: usize, others: usize| {
            let mut shares = vec![0.0; count];
            shares[others] = 1.0;
            self.payoffs(&shares)[policy] / 1e9
        };
        let mut text = format!(
            "NFG 1 R \"{title}\" {{ \"one\" \"another\" }}\n\n{{ {{ {names} }} {{ {names} }} }}\n\n"
        );
        // The first player's choice varies fastest.
        let cells = (0..count).flat_map(|b| (0..count).map(move |a| (a, b)));
        let cells = cells.map(|(a, b)| format!("{:.9} {:.9}", alone(a, b), alone(b, a)));
        text.push_str(&cells.collect::<Vec<_>>().join(" "));
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A game whose payoffs at every mix are a formula's.
    fn known(policies: usize, parts: u32, payoff: impl Fn(&[f64]) -> Vec<f64>) -> Game {
        let mixes = compositions(parts, policies).into_iter().map(|split| {
            let shares: Vec<f64> =
                split.iter().map(|part| f64::from(*part) / f64::from(parts)).collect();
            let payoffs = payoff(&shares);
            let within = vec![0.0; policies];
            Mix { parts: split, payoffs, within, regret: 0.0, regret_max: 0.0 }
        });
        Game {
            policies: (0..policies).map(|i| format!("p{i}")).collect(),
            people: 100,
            parts,
            runs: 1,
            confidence: 0.95,
            mixes: mixes.collect(),
            invasions: Vec::new(),
            paths: Vec::new(),
        }
    }

    #[test]
    fn mixes_are_all_ways_to_share() {
        assert_eq!(compositions(2, 2), [[2, 0], [1, 1], [0, 2]]);
        for (parts, players) in [(1, 2), (10, 3), (4, 5)] {
            let all = compositions(parts, players);
            assert_eq!(all.len(), compositions_count(parts, players));
            assert!(all.iter().all(|mix| mix.iter().sum::<u32>() == parts));
        }
        assert_eq!(compositions_count(100, 8), 26_075_972_546);
    }

    #[test]
    fn between_mixes_a_linear_payoff_is_exact() {
        let linear = |x: &[f64]| vec![3.0 * x[0] - x[2], x[1], 2.0 - x[0]];
        let game = known(3, 10, linear);
        for shares in [[0.123, 0.456, 0.421], [0.05, 0.0, 0.95], [1.0, 0.0, 0.0], [0.3, 0.3, 0.4]] {
            for (got, expected) in game.payoffs(&shares).iter().zip(linear(&shares)) {
                assert!((got - expected).abs() < 1e-6, "{shares:?}: {got}, expected {expected}");
            }
        }
    }

    #[test]
    fn hawks_and_doves_end_where_they_earn_the_same() {
        // Value 2, cost 4: half of them hawks. Maynard Smith (1982).
        let game = known(2, 20, |x| vec![-x[0] + 2.0 * x[1], x[1]]);
        for path in game.lead() {
            assert!((path.to[0] - 0.5).abs() < 0.02, "{:?}", path.to);
        }
        let invasions = game.invade();
        assert!(invasions.iter().all(|invasion| invasion.advantage > 0.0), "either invades");
    }

    #[test]
    fn a_threshold_is_where_the_advantage_crosses_zero() {
        // Stag hunt: the invader earns more from a third on.
        let game = known(2, 30, |x| vec![1.0, 3.0 * x[1]]);
        let invasions = game.invade();
        let of = |resident: &str| invasions.iter().find(|i| i.resident == resident).expect("one");
        let threshold = of("p0").threshold.expect("from a third on");
        assert!((threshold - 1.0 / 3.0).abs() < 1e-6, "{threshold}");
        let other = of("p1").threshold.expect("from two thirds on");
        assert!((other - 2.0 / 3.0).abs() < 1e-6, "{other}");
        let paths = game.lead();
        assert!(paths[1].to[0] > 0.99 && paths[2].to[1] > 0.99, "each is a rest point");
    }

    #[test]
    fn what_always_earns_less_dies_out() {
        let game = known(3, 10, |_| vec![2.0, 1.0, 0.0]);
        assert!(game.lead().iter().all(|path| path.to[0] > 0.999));
        assert_eq!(game.invade().iter().filter(|i| i.threshold.is_some()).count(), 3);
        let text = game.nfg("a \"game\"".replace('"', "'").as_str());
        assert!(text.starts_with("NFG 1 R \"a 'game'\""), "{text}");
        assert_eq!(text.lines().last().map(|line| line.split(' ').count()), Some(18));
    }
}
