//! Report: the games that are played, and the verdict of every entry for every kind of job.
//!
//! Law: what is found does not depend on how many threads found it.
//! Not here: what an entry comes to (`judge`), how a report is written for people (`output`).

use earnest_protocol::{
    Amount, Params, Ratio,
    command::{Auction, GainTiming},
};
use serde::Serialize;

use crate::{
    cast::{Cast, Kind, Member, Pool},
    catalogue::{ENTRIES, HOLES, REASONS},
    draws,
    facts::Facts,
    judge::{Deviation, Verdict, as_text, judge, not_shown, unknown},
    tree::{Budget, Tree},
};

/// Draws tried of one kind of job: enough to tell a chance of a hundredth from half of it.
const DRAWS_MAX: u64 = 40_000;

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// One kind of job for every coalition, the others for the usual ones.
    Quick,
    /// Every kind for every coalition.
    Full,
    /// So many nodes a game; what needs more is not shown.
    Nodes(usize),
}

/// Everything an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was known of the world.
    pub world: Facts,
    /// The validators of a game.
    pub pool: Pool,
    /// Every entry.
    pub deviations: Vec<Deviation>,
    /// Labels of attacks that no entry plays, with the reason.
    pub not_played: &'static [(&'static [&'static str], &'static str)],
    /// Known holes of the threat model, by their first words, with the entry or the reason.
    pub known_holes: &'static [(&'static str, &'static str)],
}

impl Report {
    /// The worst verdict: paying before not shown before holding.
    pub fn verdict(&self) -> Verdict {
        let has = |verdict| self.deviations.iter().any(|found| found.verdict == verdict);
        [Verdict::Pays, Verdict::NotShown].into_iter().find(|v| has(*v)).unwrap_or(Verdict::Holds)
    }
}

/// The kinds of jobs that are played.
pub fn kinds(params: &Params) -> Vec<Kind> {
    let (market, verification) = (params.market(), params.verification());
    let gas_bound = earnest_protocol::Gas::new(1_000_000_000).min(market.work_bound_max);
    let tariff = market.tariff(gas_bound).unwrap_or(Amount::MAX);
    let kind = |id: &str, auction, percent, auditors: u8| Kind {
        id: id.into(),
        auction,
        audit_rate: Ratio::percent(percent).max(verification.audit_min),
        auditors: auditors.min(verification.auditors_max),
        price_max: tariff.checked_times(10).unwrap_or(Amount::MAX),
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
        gas_bound,
    };
    vec![
        kind("standard", Auction::SecondPrice, 10, 1),
        kind("first-price", Auction::FirstPrice, 10, 1),
        kind("pair", Auction::SecondPrice, 25, 2),
        kind("rare", Auction::SecondPrice, 0, 1),
        kind("certain", Auction::SecondPrice, 100, 2),
    ]
}

/// A deviation without a tree, before anything is known of it: `season` is its name.
pub fn unmeasured(
    season: &str,
    about: &'static str,
    labels: &'static [&'static str],
    coalition: &'static [Member],
) -> Deviation {
    Deviation { labels, ..unknown(season.to_owned(), about, coalition) }
}

/// Plays the catalogue; `progress` hears of every game, before it is played.
pub fn audit(
    params: &Params,
    facts: &Facts,
    effort: Effort,
    progress: &(dyn Fn(&str) + Sync),
) -> Report {
    let pool = Pool::of_share(facts.collusion);
    let games = games(params, effort);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let play = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some((kind, members)) = games.get(at) else { return found };
            progress(&format!("{}: {members:?}", kind.id));
            found.push((at, game(params, facts, effort, pool, (kind, members))));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut found: Vec<(usize, Vec<Deviation>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no game panics")).collect()
    });
    found.sort_by_key(|(at, _)| *at);
    let deviations = found.into_iter().flat_map(|(_, found)| found).collect();
    Report { world: *facts, pool, deviations, not_played: REASONS, known_holes: HOLES }
}

fn games(params: &Params, effort: Effort) -> Vec<(Kind, &'static [Member])> {
    let mut coalitions: Vec<&'static [Member]> = Vec::new();
    for entry in ENTRIES {
        if !coalitions.contains(&entry.members) {
            coalitions.push(entry.members);
        }
    }
    let usual = |members: &[Member]| {
        members == [Member::Provider]
            || members == [Member::Provider, Member::Auditors]
            || members == draws::MEMBERS
    };
    let mut games = Vec::new();
    for (place, kind) in kinds(params).into_iter().enumerate() {
        for &members in &coalitions {
            if effort == Effort::Full || place == 0 || usual(members) {
                games.push((kind.clone(), members));
            }
        }
    }
    games
}

/// What the entries of one coalition come to for one kind of job.
pub fn play_coalition(
    params: &Params,
    facts: &Facts,
    kind: &Kind,
    members: &'static [Member],
    effort: Effort,
) -> Vec<Deviation> {
    game(params, facts, effort, Pool::of_share(facts.collusion), (kind, members))
}

fn game(
    params: &Params,
    facts: &Facts,
    effort: Effort,
    pool: Pool,
    (kind, members): (&Kind, &'static [Member]),
) -> Vec<Deviation> {
    let budget = match effort {
        Effort::Quick => Budget { nodes: 8_000, plays: 20_000 },
        Effort::Full => Budget { nodes: 1_000_000, plays: 1_000_000 },
        Effort::Nodes(nodes) => Budget { nodes, plays: 1_000_000 },
    };
    let entries = ENTRIES.iter().filter(|entry| entry.members == members);
    let cast = match Cast::new(params, kind, members, pool) {
        Ok(cast) => cast,
        Err(why) => return entries.map(|entry| not_shown(entry, kind, [0, 0], &why)).collect(),
    };
    let mut found = Vec::new();
    if members == draws::MEMBERS {
        found.push(draws::draws(&cast, kind, (budget.plays / 5).min(DRAWS_MAX)));
    }
    let tree = Tree::build(&cast, budget);
    let size = [tree.nodes.len(), tree.ends().count()];
    found.extend(entries.map(|entry| {
        match &tree.missing {
            Some(why) => not_shown(entry, kind, size, why),
            None => judge(entry, &cast, &tree, facts, params)
                .unwrap_or_else(|| not_shown(entry, kind, size, "a number needs over 128 bits")),
        }
    }));
    found
}

/// What other parameters change for one entry.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Entry and kind.
    pub id: String,
    /// Its verdict under the parameters.
    pub before: Verdict,
    /// Its verdict under the others.
    pub after: Verdict,
    /// What the deviation gains under either, in base units, down.
    #[serde(serialize_with = "as_text")]
    pub gain: [Option<i128>; 2],
}

/// What differs between two reports of the same catalogue.
pub fn changes(before: &Report, after: &Report) -> Vec<Change> {
    let pairs = before.deviations.iter().filter_map(|old| {
        let new = after.deviations.iter().find(|new| new.id == old.id)?;
        let change = Change {
            id: old.id.clone(),
            before: old.verdict,
            after: new.verdict,
            gain: [old.gain, new.gain],
        };
        (old.verdict != new.verdict || old.gain != new.gain).then_some(change)
    });
    pairs.collect()
}
