//! Report: the games that are played, and the verdict of every entry for every kind of job.
//!
//! Law: what is found does not depend on how many threads found it.
//! Not here: what an entry comes to (`judge`), how a report is written for people (`output`).

use earnest_protocol::{
    Amount, Epochs, Factor, Params, Ratio,
    command::{Auction, GainTiming},
    ledger::Assets,
};
use serde::Serialize;

use crate::{
    appeals,
    cast::{self, COUNCIL_THRESHOLD, Cast, Kind, Member, Pool},
    catalogue::{ENTRIES, Entry, Goal, HOLES, REASONS},
    delegators, draws,
    facts::Facts,
    feed,
    judge::{Deviation, Games, Verdict, as_text, judge, not_shown, unknown},
    late, leavers, pauses,
    points::{Late, Point},
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

    /// How many entries came to a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.deviations.iter().filter(|found| found.verdict == verdict).count()
    }

    /// True if a game that is not shown grew as large as `effort` lets one: more would show more.
    pub fn is_cut_short(&self, effort: Effort) -> bool {
        let most = effort.budget().nodes;
        let cut = |one: &Deviation| one.verdict == Verdict::NotShown && most <= one.size[0];
        self.deviations.iter().any(cut)
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
        delegated: Factor::ZERO,
        spare: Factor::ZERO,
        appeals: false,
        bought: 0,
        posted_at: None,
    };
    let mut kinds = vec![
        kind("standard", Auction::SecondPrice, 10, 1),
        kind("first-price", Auction::FirstPrice, 10, 1),
        kind("pair", Auction::SecondPrice, 25, 2),
        kind("rare", Auction::SecondPrice, 0, 1),
        kind("certain", Auction::SecondPrice, 100, 2),
    ];
    let spare = Factor::ONE;
    kinds.push(Kind { spare, ..kind("leaving", Auction::SecondPrice, 10, 1) });
    let delegated = params.staking().delegation_max;
    if delegated != Factor::ZERO {
        kinds.push(Kind { delegated, ..kind("delegated", Auction::SecondPrice, 10, 1) });
    }
    if params.slashing().appeal_epochs != Epochs::ZERO {
        // One bought member more would decide for its friends.
        let bought = if appeals::go_to_a_council(params) { COUNCIL_THRESHOLD - 1 } else { 0 };
        let appealed = kind("appealed", Auction::SecondPrice, 10, 1);
        kinds.push(Kind { appeals: true, bought, ..appealed });
    }
    if let Some(untouched) = cast::untouched(params) {
        let priced = kind("priced", Auction::SecondPrice, 10, 1);
        kinds.push(Kind { posted_at: Some(untouched), ..priced });
    }
    kinds
}

/// Every entry that is played at once.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    let usual = ENTRIES.iter().chain(delegators::ENTRIES).chain(pauses::ENTRIES);
    usual.chain(leavers::ENTRIES).chain(appeals::ENTRIES).chain(feed::ENTRIES)
}

/// All that is played of a kind of job which is there for that alone.
pub(crate) fn own_entries(kind: &Kind) -> Option<&'static [Entry]> {
    match (kind.appeals, kind.spare != Factor::ZERO, kind.posted_at) {
        (true, ..) => Some(appeals::ENTRIES),
        (_, true, _) => Some(leavers::ENTRIES),
        (.., Some(_)) => Some(feed::ENTRIES),
        (false, false, None) => None,
    }
}

/// Is there such a game under these parameters, of a kind of job?
fn is_played(entry: &Entry, kind: &Kind, params: &Params) -> bool {
    let is_one_of = |entries: &[Entry]| entries.iter().any(|other| other.id == entry.id);
    let insured = params.insurance().cover_share != Ratio::ZERO;
    let decides = appeals::go_to_a_council(params) || !entry.members.contains(&Member::Council);
    match own_entries(kind) {
        Some(entries) => is_one_of(entries) && decides,
        None => {
            !is_one_of(appeals::ENTRIES)
                && !is_one_of(leavers::ENTRIES)
                && !is_one_of(feed::ENTRIES)
                && (entry.goal != Goal::Insured || insured)
        }
    }
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
            let Some(next) = games.get(at) else { return found };
            let late = next.late.map_or(String::new(), |point| format!(", {point:?} late"));
            progress(&format!("{}: {:?}{late}", next.kind.id, next.members));
            found.push((at, game(params, facts, effort, pool, next)));
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

/// One game, or one late at a point.
struct Game {
    kind: Kind,
    members: &'static [Member],
    late: Option<Point>,
}

fn is_of(members: &'static [Member]) -> impl Fn(&'static Entry) -> bool {
    move |entry| entry.members == members
}

fn games(params: &Params, effort: Effort) -> Vec<Game> {
    let mut coalitions: Vec<(&'static [Member], Option<Point>)> = Vec::new();
    let at_once = entries().map(|entry| (entry.members, None));
    let late = late::ENTRIES.iter().map(|(point, entry)| (entry.members, Some(*point)));
    for coalition in at_once.chain(late) {
        if !coalitions.contains(&coalition) {
            coalitions.push(coalition);
        }
    }
    let usual = |members: &[Member]| {
        members == [Member::Provider]
            || members == [Member::Requester]
            || members == [Member::Provider, Member::Auditors]
            || members == draws::MEMBERS
    };
    let mut games = Vec::new();
    for (place, kind) in kinds(params).into_iter().enumerate() {
        for &(members, late) in &coalitions {
            let own = own_entries(&kind);
            let mut played = entries().filter(|entry| is_played(entry, &kind, params));
            let is_empty = !played.any(is_of(members));
            if own.is_some() && late.is_some() || late.is_none() && is_empty {
                continue;
            }
            let delegates = members.contains(&Member::Delegator);
            let is_delegated = kind.delegated != Factor::ZERO;
            if delegates && !is_delegated {
                continue;
            }
            let is_usual = own.is_some() || (usual(members) || delegates) && late.is_none();
            if effort == Effort::Full || place == 0 || is_usual {
                games.push(Game { kind: kind.clone(), members, late });
            }
        }
    }
    games
}

/// What the entries of one coalition come to for one kind of job, moves being made at once.
pub fn play_coalition(
    params: &Params,
    facts: &Facts,
    kind: &Kind,
    members: &'static [Member],
    effort: Effort,
) -> Vec<Deviation> {
    let pool = Pool::of_share(facts.collusion);
    game(params, facts, effort, pool, &Game { kind: kind.clone(), members, late: None })
}

/// What its entries that wait at one point come to.
pub fn play_late(
    params: &Params,
    facts: &Facts,
    kind: &Kind,
    (members, point): (&'static [Member], Point),
    effort: Effort,
) -> Vec<Deviation> {
    let pool = Pool::of_share(facts.collusion);
    game(params, facts, effort, pool, &Game { kind: kind.clone(), members, late: Some(point) })
}

impl Effort {
    pub(crate) fn budget(self) -> Budget {
        match self {
            Effort::Quick => Budget { nodes: 8_000, plays: 20_000 },
            Effort::Full => Budget { nodes: 1_000_000, plays: 1_000_000 },
            Effort::Nodes(nodes) => Budget { nodes, plays: 1_000_000 },
        }
    }
}

/// What the entries of one coalition come to with just this pool, moves being made at once.
pub(crate) fn game_of(
    params: &Params,
    facts: &Facts,
    effort: Effort,
    pool: Pool,
    kind: &Kind,
    members: &'static [Member],
) -> Vec<Deviation> {
    game(params, facts, effort, pool, &Game { kind: kind.clone(), members, late: None })
}

fn game(params: &Params, facts: &Facts, effort: Effort, pool: Pool, game: &Game) -> Vec<Deviation> {
    let Game { kind, members, late } = game;
    let budget = effort.budget();
    let entries: Vec<&Entry> = match late {
        None => {
            let of = |entry: &&Entry| entry.members == *members && is_played(entry, kind, params);
            entries().filter(of).collect()
        }
        Some(point) => {
            let of = |(at, entry): &&(Point, Entry)| at == point && entry.members == *members;
            late::ENTRIES.iter().filter(of).map(|(_, entry)| entry).collect()
        }
    };
    let cast = match Cast::new(params, kind, members, pool) {
        Ok(cast) => cast,
        Err(why) => {
            let refused = entries.iter().map(|entry| not_shown(entry, kind, [0, 0], &why));
            return refused.collect();
        }
    };
    let honest = Tree::build(&cast, budget);
    let unvalued = "a cover is not valued in a network of two assets";
    let judged = |cast: &Cast, tree: &Tree| -> Vec<Deviation> {
        let size = [tree.nodes.len(), tree.ends().count()];
        let missing = tree.missing.as_ref().or(honest.missing.as_ref());
        let of = |entry: &&Entry| match missing {
            Some(why) => not_shown(entry, kind, size, why),
            None if entry.goal == Goal::Insured && cast.assets == Assets::Dual => {
                not_shown(entry, kind, size, unvalued)
            }
            None => judge(entry, cast, Games { tree, honest: &honest }, facts, params)
                .unwrap_or_else(|| not_shown(entry, kind, size, "a number needs over 128 bits")),
        };
        entries.iter().map(of).collect()
    };
    if kind.posted_at.is_some() {
        let pushed = feed::pushed(params, &cast).and_then(|pushed| {
            let kind = Kind { posted_at: Some(pushed), ..kind.clone() };
            Cast::new(params, &kind, members, pool)
        });
        return match pushed {
            Ok(cast) => judged(&cast, &Tree::build(&cast, budget)),
            Err(why) => entries.iter().map(|entry| not_shown(entry, kind, [0, 0], &why)).collect(),
        };
    }
    let Some(point) = *late else {
        let mut found = Vec::new();
        if *members == draws::MEMBERS && own_entries(kind).is_none() {
            found.push(draws::draws(&cast, kind, (budget.plays / 5).min(DRAWS_MAX)));
        }
        found.extend(judged(&cast, &honest));
        return found;
    };
    let edges = late::EDGES.map(|edge| {
        let cast = cast.clone().waiting(Some(Late { point, edge }));
        judged(&cast, &Tree::build(&cast, budget))
    });
    worst_of_each(edges)
}

/// Of each entry the edge at which it does best, with the nodes and ends of all of them.
fn worst_of_each(edges: [Vec<Deviation>; late::EDGES.len()]) -> Vec<Deviation> {
    let rank = |found: &Deviation| {
        let worst = [Verdict::Holds, Verdict::NotShown, Verdict::Pays];
        (worst.iter().position(|verdict| *verdict == found.verdict), found.gain)
    };
    let [before, last, after] = edges;
    let triples = before.into_iter().zip(last).zip(after);
    let worst = triples.map(|((before, last), after)| {
        let sizes = [before.size, last.size, after.size];
        let size = [0, 1].map(|at| sizes.iter().map(|size| size[at]).sum());
        let of = [before, last, after].into_iter().max_by(|a, b| rank(a).cmp(&rank(b)));
        of.map(|found| Deviation { size, ..found })
    });
    worst.flatten().collect()
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
