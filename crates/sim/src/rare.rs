//! Rare draws: how often a lie stands, by strata of who is drawn to audit it.
//!
//! Key terms: the *marked* lie of a run is the first of a group; a *stratum* is all draws with the
//! same number of seats for the liar's purse, or without an audit; a lie was *missed* if it stands
//! though it was audited.
//!
//! ```text
//! one run up to the marked draw ─┬─ no audit        ─► does it stand?   × its chance, exactly
//!                                ├─ 0 of 4 seats    ─► does it stand?   × its chance, exactly
//!                                └─ …
//! ```
//!
//! A run is played once up to its draw and then once for each stratum, under the first of many
//! preimages that draws so; a rare stratum is not found in every run, which depends on nothing but
//! the preimages' luck. Chances are the law's (an audit's, times the hypergeometric of its seats);
//! only what follows a draw is sampled.
//!
//! Laws: strata partition all draws; a run is a function of (scenario, seed, number); a share's
//! interval combines the exact intervals of its strata as Zou and Donner do (2008), and what was
//! never played counts as unknown; where validators do not weigh alike, nothing is told, for the
//! law would be another.
//! Known shortcomings: one marked lie a run; what it does to later jobs is not counted.
//! Not here: one job under every policy, without sampling (`earnest-audit`).

use std::sync::atomic::{AtomicU64, Ordering};

use earnest_protocol::{JobId, State, market::Outcome, num::PARTS};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    error::SimError,
    luck::{Entity, Luck, Purpose},
    scenario::{Kind, LEADER, Scenario, Setting},
    statistics::exact,
    sweep::Sweep,
    world::World,
};

/// Draws of seats looked at in a run: a stratum that none of them hits is not played in it.
const LOOKS: u64 = 64;
/// Preimages tried in a run.
const TRIES: u32 = 1 << 16;
/// Most plain runs that are told.
const PLAIN_MAX: u64 = 1 << 40;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The scenario's text.
    pub text: &'a str,
    /// What is set in it.
    pub settings: Vec<Setting>,
    /// Whose lies: `providers.liars`.
    pub group: &'a str,
    /// Runs, at least 1.
    pub runs: u32,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// 1 to 1,024; all cores if none is given. Changes the time taken, nothing else.
    pub threads: Option<usize>,
    /// The confidence of each interval.
    pub confidence: f64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rare {
    /// Whose lies.
    pub group: String,
    /// Runs with a lie of the group, and those without, which say nothing.
    pub runs: [u32; 2],
    /// The confidence of each interval.
    pub confidence: f64,
    /// Every draw.
    pub strata: Vec<Stratum>,
    /// The chance of draws that were never found.
    pub unplayed: f64,
    /// The chance that the purse gets more than half of the seats of an audit, exactly.
    pub majority: f64,
    /// The lie stands.
    pub stands: Share,
    /// It was audited and stands.
    pub missed: Share,
    /// Blocks played and drawn.
    pub blocks: u64,
}

/// One kind of draw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stratum {
    /// Seats of the liar's purse; none if there was no audit.
    pub seats: Option<u32>,
    /// Its chance, exactly.
    pub chance: f64,
    /// In how many runs it was played.
    pub runs: u32,
    /// In how many of them the lie then stood.
    pub stands: u32,
}

/// A chance, as it was estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// Best guess.
    pub estimate: f64,
    /// Its interval.
    pub interval: [f64; 2],
    /// Runs of plain sampling that would give an interval as narrow.
    pub plain_runs: u64,
    /// How many times as many blocks they would play.
    pub saved: f64,
}

/// A marked lie: what became of it under each stratum that was found, and what that took.
struct Marked {
    /// By stratum: did it stand, and after how many blocks from the draw on was it over?
    ends: Vec<Option<(bool, u64)>>,
    /// Blocks up to the draw, and blocks opened to look for a draw.
    before: u64,
    looked: u64,
}

/// How often a lie of a group stands, and how often an audit misses it.
///
/// `progress` hears of runs done, of how many, from any thread.
///
/// # Errors
/// Why there is nothing to simulate, or why strata cannot be told.
pub fn rare(
    question: &Question<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Rare, SimError> {
    let scenario = Scenario::parse(question.text, &question.settings)?;
    let (group, purse) = asked(&scenario, question.group)?;
    let law = Law::of(&scenario, purse);
    let sweep = Sweep {
        text: question.text,
        points: vec![question.settings.clone()],
        runs: question.runs,
        seed: question.seed,
        threads: question.threads,
    };
    let (seed, runs) = (question.seed.unwrap_or(scenario.seed), u64::from(question.runs));
    let done = AtomicU64::new(0);
    let one = |run| {
        let marked = mark(&scenario, (group, purse), &law.strata, Luck::new(seed, run));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, runs);
        marked
    };
    let all: Result<Vec<Option<Marked>>, SimError> =
        sweep.pool()?.install(|| (0..question.runs).into_par_iter().map(one).collect());
    let marked: Vec<Marked> = all?.into_iter().flatten().collect();
    Ok(found(question, &law, &marked))
}

fn refused(why: &str) -> SimError {
    SimError::Strata { why: why.to_owned() }
}

/// The place of the group whose lies are asked about, and its purse.
fn asked<'s>(scenario: &'s Scenario, name: &str) -> Result<(u16, &'s str), SimError> {
    let mut groups = (0u16..).zip(&scenario.groups);
    let found = groups.find(|(_, group)| group.name == name);
    match found {
        Some((place, group)) if matches!(group.kind, Kind::Providers(_)) => {
            Ok((place, group.purse.as_str()))
        }
        _ => Err(refused(&format!("no group of providers is called {name}"))),
    }
}

/// Every draw with its chance: an audit's, times the hypergeometric of its seats.
struct Law {
    strata: Vec<Stratum>,
    /// Seats of an audit.
    seats: u32,
}

impl Law {
    fn of(scenario: &Scenario, purse: &str) -> Law {
        let validators = scenario.groups.iter().filter(|g| matches!(g.kind, Kind::Validators(_)));
        let count = |own: Option<&str>| -> u32 {
            let groups = validators.clone().filter(|g| own.is_none_or(|purse| g.purse == purse));
            groups.map(|group| group.count).sum()
        };
        let (all, own) = (count(None), count(Some(purse)));
        let seats = u32::from(scenario.job.auditors).min(all);
        let rate = scenario.job.audit_rate.parts() as f64 / PARTS as f64;
        let mut strata = vec![Stratum { seats: None, chance: 1.0 - rate, runs: 0, stands: 0 }];
        strata.extend((0..=seats.min(own)).map(|hits| {
            let chance = rate * hypergeometric((all, own), seats, hits);
            Stratum { seats: Some(hits), chance, runs: 0, stands: 0 }
        }));
        strata.retain(|stratum| stratum.chance > 0.0);
        Law { strata, seats }
    }

    /// The chance of all strata that are so.
    fn chance(&self, is: impl Fn(&Stratum) -> bool) -> f64 {
        self.strata.iter().filter(|stratum| is(stratum)).map(|stratum| stratum.chance).sum()
    }
}

/// The chance that `hits` of `seats` drawn among `all` are among `own`.
fn hypergeometric((all, own): (u32, u32), seats: u32, hits: u32) -> f64 {
    if hits > own || seats - hits > all - own {
        return 0.0;
    }
    // One seat after the other: own ones first, then others, in any of C(seats, hits) orders.
    let orders = (0..hits).map(|i| f64::from(seats - i) / f64::from(i + 1)).product::<f64>();
    let owned = (0..hits).map(|i| f64::from(own - i) / f64::from(all - i)).product::<f64>();
    let others = (0..seats - hits)
        .map(|i| f64::from(all - own - i) / f64::from(all - hits - i))
        .product::<f64>();
    orders * owned * others
}

/// One run: its first lie under every stratum; none if nobody of the group lies.
fn mark(
    scenario: &Scenario,
    (group, purse): (u16, &str),
    strata: &[Stratum],
    luck: Luck,
) -> Result<Option<Marked>, SimError> {
    let mut world = World::new(scenario, luck)?;
    let failed = |error: crate::RunError| refused(&format!("a run failed: {error}"));
    world.begin().map_err(failed)?;
    let mut marked = None;
    let job = loop {
        let height = world.state().height().count();
        marked = marked.or_else(|| world.first_lie(group));
        match marked {
            Some(job) if world.is_drawn_next(job) => break job,
            Some(job) if world.is_past_its_draw(job) => {
                return Err(refused("a requester kept back its part of a seed"));
            }
            None if height >= scenario.run.blocks && world.is_quiet() => return Ok(None),
            _ => world.block().map_err(failed)?,
        }
    };
    if !world.weighs_alike(job) {
        return Err(refused("validators must have one bond, and none may have lost of it"));
    }
    let before = world.state().height().count();
    let (states, looked) = draws(&world, job, purse, strata, luck)?;
    let end = |state: Option<State>| -> Result<Option<(bool, u64)>, SimError> {
        let Some(state) = state else { return Ok(None) };
        let mut world = world.over(state);
        loop {
            if let Some(outcome) = world.ended(job) {
                let after = world.state().height().count() - before;
                return Ok(Some((outcome == Outcome::Accepted, after)));
            }
            world.block().map_err(failed)?;
        }
    };
    let ends = states.into_iter().map(end).collect::<Result<Vec<_>, SimError>>()?;
    Ok(Some(Marked { ends, before, looked }))
}

/// A state for each stratum, under the first preimage that draws so, if one of few does; and how
/// many blocks were opened to see.
fn draws(
    world: &World<'_>,
    job: JobId,
    purse: &str,
    strata: &[Stratum],
    luck: Luck,
) -> Result<(Vec<Option<State>>, u64), SimError> {
    let mut states: Vec<Option<State>> = vec![None; strata.len()];
    let mut looked = 0;
    let requester = Entity::new(LEADER, 0);
    let not_lawful = || refused("an audit was not drawn as the law has it");
    for tried in 0..TRIES {
        if looked == LOOKS || states.iter().all(Option::is_some) {
            break;
        }
        let preimage = luck.draw(requester, tried, Purpose::Stratum).digest();
        let is_spared = world.is_spared_under(job, &preimage);
        if is_spared
            && strata.iter().zip(&states).all(|(s, state)| s.seats.is_some() || state.is_some())
        {
            continue;
        }
        let state = world.state_under(job, &preimage).ok_or_else(not_lawful)?;
        let seats = if is_spared {
            None
        } else {
            looked += 1;
            Some(world.seats_in(&state, job, purse).ok_or_else(not_lawful)?)
        };
        let place = strata.iter().position(|stratum| stratum.seats == seats);
        let slot = &mut states[place.ok_or_else(not_lawful)?];
        slot.get_or_insert(state);
    }
    Ok((states, looked))
}

fn found(question: &Question<'_>, law: &Law, marked: &[Marked]) -> Rare {
    let runs = marked.len() as u32; // At most as many as were asked for.
    let strata: Vec<Stratum> = (0..)
        .zip(&law.strata)
        .map(|(place, stratum): (usize, &Stratum)| {
            let ends = marked.iter().filter_map(|run| run.ends[place]);
            let stands = ends.clone().filter(|(stands, _)| *stands).count() as u32;
            Stratum { runs: ends.count() as u32, stands, ..stratum.clone() }
        })
        .collect();
    let unplayed: f64 = strata.iter().filter(|s| s.runs == 0).map(|s| s.chance).sum();
    let after = |run: &Marked| run.ends.iter().flatten().map(|(_, after)| *after).sum::<u64>();
    let blocks: u64 = marked.iter().map(|run| run.before + run.looked + after(run)).sum();
    // A plain run: up to the draw, and on from there as often as the law has it.
    let mean = |place: usize| {
        let ends = marked.iter().filter_map(|run| run.ends[place]).map(|(_, after)| after);
        ends.clone().sum::<u64>() as f64 / ends.count().max(1) as f64
    };
    let afterwards: f64 = strata.iter().enumerate().map(|(at, s)| s.chance * mean(at)).sum();
    let before = marked.iter().map(|run| run.before).sum::<u64>() as f64;
    let plain = before / f64::from(runs.max(1)) + afterwards;
    let share = |counts: fn(&Stratum) -> bool| {
        let parts = strata.iter().filter(|stratum| counts(stratum) && stratum.runs > 0);
        let parts: Vec<(f64, u32, u32)> = parts.map(|s| (s.chance, s.stands, s.runs)).collect();
        let (estimate, interval) = combined(&parts, unplayed, question.confidence);
        let plain_runs = plain_runs(estimate, interval[1] - interval[0], question.confidence);
        let saved = if blocks == 0 { 0.0 } else { plain_runs as f64 * plain / blocks as f64 };
        Share { estimate, interval, plain_runs, saved }
    };
    Rare {
        group: question.group.to_owned(),
        runs: [runs, question.runs - runs],
        confidence: question.confidence,
        unplayed,
        majority: law.chance(|stratum| stratum.seats.is_some_and(|own| 2 * own > law.seats)),
        stands: share(|_| true),
        missed: share(|stratum| stratum.seats.is_some()),
        strata,
        blocks,
    }
}

/// A sum of shares, each weighed by its chance, with an interval: how far each share's own exact
/// interval reaches beyond its estimate, weighed and added in squares (Zou and Donner,
/// "Construction of confidence limits about effect measures", 2008).
fn combined(parts: &[(f64, u32, u32)], unplayed: f64, confidence: f64) -> (f64, [f64; 2]) {
    let (mut estimate, mut below, mut above) = (0.0, 0.0, 0.0);
    for (chance, hits, runs) in parts {
        let share = f64::from(*hits) / f64::from(*runs);
        let (low, high) = exact((*hits).into(), (*runs).into(), confidence);
        estimate += chance * share;
        below += (chance * (share - low)).powi(2);
        above += (chance * (high - share)).powi(2);
    }
    let (low, high) = (estimate - below.sqrt(), estimate + above.sqrt() + unplayed);
    (estimate, [low.max(0.0), high.min(1.0)])
}

/// The fewest plain runs whose exact interval would be as narrow, if they hit as often.
fn plain_runs(share: f64, width: f64, confidence: f64) -> u64 {
    let is_enough = |runs: u64| {
        let (low, high) = exact((share * runs as f64).round() as u64, runs, confidence);
        high - low <= width
    };
    let mut most = 1;
    while most < PLAIN_MAX && !is_enough(most) {
        most *= 2;
    }
    let (mut few, mut most) = (most / 2, most);
    while most - few > 1 {
        let middle = few + (most - few) / 2;
        if is_enough(middle) { most = middle } else { few = middle }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_sums_to_one() {
        for (own, seats) in [(0, 1), (4, 2), (12, 3), (20, 4), (1, 4)] {
            let sum: f64 = (0..=seats).map(|hits| hypergeometric((20, own), seats, hits)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{own} of 20, {seats} seats: {sum}");
        }
        assert!((hypergeometric((20, 4), 2, 2) - 6.0 / 190.0).abs() < 1e-15);
    }

    /// How often the interval held the truth, how wide it was, and how wide a plain one was, over
    /// a thousand seeds: audits at `rate` by four, of whom two in ten are bought and others copy
    /// one in twenty.
    fn trial(rate: f64, runs: u32) -> (u32, f64, f64) {
        let strata: Vec<(f64, f64)> = (0..=4)
            .map(|own| (rate * hypergeometric((80, 16), 4, own), 0.05f64.powi(4 - own as i32)))
            .collect();
        let truth: f64 = strata.iter().map(|(chance, share)| chance * share).sum();
        let (mut held, mut width, mut plain) = (0, 0.0, 0.0);
        for seed in 0..1_000 {
            let luck = Luck::new(seed, 0);
            let count = |place: u32, share: f64, runs: u32| {
                let me = Entity::new("strata", place);
                let hit = |step: &u32| luck.draw(me, *step, Purpose::Stratum).unit() < share;
                (0..runs).filter(hit).count() as u32
            };
            let parts: Vec<(f64, u32, u32)> = (0..)
                .zip(&strata)
                .map(|(place, (chance, share))| (*chance, count(place, *share, runs), runs))
                .collect();
            let (_, [low, high]) = combined(&parts, 0.0, 0.95);
            held += u32::from((low..=high).contains(&truth));
            width += (high - low) / 1_000.0;
            let (low, high) = exact(count(9, truth, runs * 5).into(), (runs * 5).into(), 0.95);
            plain += (high - low) / 1_000.0;
        }
        (held, width, plain)
    }

    #[test]
    fn over_a_thousand_seeds_intervals_hold_the_truth_as_often_as_they_say_and_are_narrower() {
        for (rate, runs) in [(0.1, 20), (0.1, 200), (0.25, 100), (1.0, 40)] {
            let (held, width, plain) = trial(rate, runs);
            // 950 less three standard deviations of a binomial.
            assert!(held >= 929, "{rate}, {runs} runs: {held} of 1000");
            // Where every result is audited, the rare strata are all that is rare.
            assert!(width < 0.7 * plain || rate == 1.0, "{rate}, {runs}: {width} and {plain}");
        }
    }

    #[test]
    fn plain_runs_are_those_whose_interval_is_as_narrow() {
        let (low, high) = exact(30, 1_000, 0.95);
        assert!(plain_runs(0.03, high - low, 0.95).abs_diff(1_000) <= 30);
        assert_eq!(plain_runs(0.5, 1.0, 0.95), 1);
    }
}
