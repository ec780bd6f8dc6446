//! Report: the verdict of every entry for every kind of job, and the trace of its best play.
//!
//! Law: *holds* only if the best that the coalition might get is below honest play, *pays* only if
//! what it surely can get is above it; everything between is *not shown*.
//! Not here: how reports are written for people (`output`).

use earnest_protocol::{
    Amount, Params, Ratio, RawParams,
    command::{Auction, GainTiming},
    num::PARTS,
};
use serde::{Deserialize, Serialize};

use crate::{
    cast::{Cast, Kind, Member, Pool},
    catalogue::{ENTRIES, Entry, Forced, Goal},
    moves::{self, Act, Point},
    rational::Rational,
    tree::{self, End, Tree},
    value::{self, Best},
    world::Party,
};

/// What the rules assume of the world, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The share of validators that can be bribed.
    pub collusion: Ratio,
    /// What computing a result costs, in base units; half the tariff unless told.
    pub cost: Option<Amount>,
    /// What capital costs in an epoch, as a share of it.
    pub capital: Ratio,
    /// What a wrong result is really worth outside, in base units; as declared unless told.
    pub value: Option<Amount>,
}

impl Facts {
    /// The world just as the parameters assume it.
    pub fn assumed(params: &Params) -> Facts {
        let collusion = params.verification().beta;
        Facts { collusion, cost: None, capital: Ratio::ZERO, value: None }
    }
}

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

/// What an entry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The best deviation is worse than honest play.
    Holds,
    /// It is better.
    Pays,
    /// Neither was shown.
    NotShown,
}

/// One entry for one kind of job.
#[derive(Clone, Debug, Serialize)]
pub struct Deviation {
    /// Entry and kind: `entry/kind`.
    pub id: String,
    /// What is done.
    pub about: &'static str,
    /// Labels of the threat model.
    pub labels: &'static [&'static str],
    /// Whose purse it is.
    pub coalition: &'static [Member],
    /// What it came to.
    pub verdict: Verdict,
    /// What it gains over honest play, in base units, down.
    pub gain: Option<i128>,
    /// The same, exactly, from below and from above.
    pub interval: Option<[String; 2]>,
    /// The least gain that would have been seen, in base units.
    pub smallest_detectable: Option<i128>,
    /// The best deviation and honest play by themselves, in base units, down.
    pub values: Option<[i128; 2]>,
    /// The chance that the result is rejected in the best deviation, exactly.
    pub rejected: Option<String>,
    /// What each honest party loses against honest play, in base units, up; less than nothing if
    /// it gains.
    pub victims: Vec<Loss>,
    /// What the first victim loses for each unit that it costs the coalition, in thousandths.
    pub griefing_factor: Option<i128>,
    /// The least true value of a wrong result at which it pays, in base units, if any.
    pub value_until: Option<u64>,
    /// Nodes and ends of the game.
    pub size: [usize; 2],
    /// Why it is not shown.
    pub reason: Option<String>,
    /// The best play, to be played again.
    pub trace: Option<Trace>,
}

/// What a party loses.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    /// Who.
    pub party: &'static str,
    /// How much, in base units.
    pub loss: i128,
}

/// A play that anybody can play again on the same rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Under which parameters.
    pub params: RawParams,
    /// What job.
    pub kind: Kind,
    /// Whose purse.
    pub coalition: Vec<Member>,
    /// Which validators.
    pub pool: Pool,
    /// Each end, with its chance.
    pub plays: Vec<Play>,
}

/// One end of a play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Its chance, as a fraction.
    pub chance: String,
    /// What beacon and preimage are made from.
    pub luck: u64,
    /// What was asked and answered.
    pub history: Vec<(Point, Act)>,
    /// What the purse gained, in base units.
    pub profit: i64,
    /// The same by reason: the statement of profit.
    pub statement: Vec<(earnest_protocol::ledger::Reason, i64)>,
    /// What everybody together gained, fire and funds included: nothing.
    pub sum: i64,
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
    Report { world: *facts, pool, deviations }
}

fn games(params: &Params, effort: Effort) -> Vec<(Kind, &'static [Member])> {
    let mut coalitions: Vec<&'static [Member]> = Vec::new();
    for entry in ENTRIES {
        if !coalitions.contains(&entry.members) {
            coalitions.push(entry.members);
        }
    }
    let usual = |members: &[Member]| {
        members == [Member::Provider] || members == [Member::Provider, Member::Auditors]
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

fn game(
    params: &Params,
    facts: &Facts,
    effort: Effort,
    pool: Pool,
    (kind, members): (&Kind, &'static [Member]),
) -> Vec<Deviation> {
    let budget = match effort {
        Effort::Quick => 60_000,
        Effort::Full => 1_000_000,
        Effort::Nodes(nodes) => nodes,
    };
    let entries = ENTRIES.iter().filter(|entry| entry.members == members);
    let cast = match Cast::new(params, kind, members, pool) {
        Ok(cast) => cast,
        Err(why) => return entries.map(|entry| not_shown(entry, kind, [0, 0], &why)).collect(),
    };
    let tree = Tree::build(&cast, budget);
    let size = [tree.nodes.len(), tree.ends().count()];
    entries
        .map(|entry| match &tree.missing {
            Some(why) => not_shown(entry, kind, size, why),
            None => judge(entry, &cast, &tree, facts, params)
                .unwrap_or_else(|| not_shown(entry, kind, size, "a number needs over 128 bits")),
        })
        .collect()
}

fn not_shown(entry: &Entry, kind: &Kind, size: [usize; 2], why: &str) -> Deviation {
    Deviation {
        id: format!("{}/{}", entry.id, kind.id),
        about: entry.about,
        labels: entry.labels,
        coalition: entry.members,
        verdict: Verdict::NotShown,
        gain: None,
        interval: None,
        smallest_detectable: None,
        values: None,
        rejected: None,
        victims: Vec::new(),
        griefing_factor: None,
        value_until: None,
        size,
        reason: Some(why.into()),
        trace: None,
    }
}

/// What an end is worth to the coalition in this world.
fn worth(end: &End, cast: &Cast, facts: &Facts, params: &Params) -> Option<Rational> {
    let half = || params.market().tariff(cast.kind.gas_bound)?.share_floor(1, 2);
    let cost = facts.cost.or_else(half)?;
    let units = |amount: Amount| i64::try_from(amount.units()).ok().map(Rational::whole);
    let mut worth = Rational::whole(*end.gains.get(&Party::Coalition)?);
    if end.worked {
        worth = worth.minus(units(cost)?)?;
    }
    let earned = match cast.kind.gain_timing {
        GainTiming::Final => end.passed,
        GainTiming::Delivery => end.delivered,
    };
    if earned && cast.has(Member::Provider) {
        worth = worth.plus(units(facts.value.unwrap_or(cast.kind.outside_gain))?)?;
    }
    if cast.has(Member::Provider) && facts.capital != Ratio::ZERO {
        let epochs = i128::from(params.chain().epoch_blocks.count()).checked_mul(PARTS.into())?;
        let share = Rational::new(i128::from(facts.capital.parts()), epochs)?;
        let locked = Rational::new(i128::try_from(end.locked_blocks).ok()?, 1)?;
        worth = worth.minus(share.times(locked)?)?;
    }
    Some(worth)
}

fn forced(forced: Forced, point: Point) -> Option<&'static [Act]> {
    forced.iter().find(|(at, _)| *at == point).map(|(_, acts)| *acts)
}

fn judge(
    entry: &Entry,
    cast: &Cast,
    tree: &Tree,
    facts: &Facts,
    params: &Params,
) -> Option<Deviation> {
    let worth_to_all = |end: &End| worth(end, cast, facts, params);
    let honest_space =
        |point: Point| forced(entry.against, point).or(Some(moves::prescribed(point)));
    let honest = value::best(tree, &honest_space, &worth_to_all)?;
    let best = deviate(entry, tree, &worth_to_all)?;
    let (lower, upper) = match entry.goal {
        Goal::Profit | Goal::Harm(_) => (
            best.value.lower.minus(honest.value.upper)?,
            best.value.upper.minus(honest.value.lower)?,
        ),
        // Honest play against leaving, so that "pays" means that honest work does not.
        Goal::Participation => {
            (Rational::ZERO.minus(best.value.upper)?, Rational::ZERO.minus(best.value.lower)?)
        }
    };
    let victims = victims(tree, &honest, &best)?;
    let mut verdict = verdict(lower, upper);
    let mut factor = None;
    if let Goal::Harm(party) = entry.goal {
        let loss = victims.iter().find(|(name, _)| *name == party).map(|(_, loss)| *loss)?;
        // What it costs the coalition, beside what the victim loses of its profit.
        let paid = Rational::ZERO.minus(lower)?;
        factor = loss.over(paid).and_then(|f| f.times(Rational::whole(1_000)));
        verdict = match (upper.is_positive(), loss > paid) {
            (false, false) => Verdict::Holds,
            _ => Verdict::Pays,
        };
    }
    let rejected = value::mean(tree, &best.ends, &|end| {
        let rejected = end.outcome == Some(earnest_protocol::market::Outcome::Rejected);
        Some(if rejected { Rational::ONE } else { Rational::ZERO })
    })?;
    let value_until = value_until(entry, tree, cast, facts, params, honest.value.upper);
    Some(Deviation {
        id: format!("{}/{}", entry.id, cast.kind.id),
        verdict,
        gain: Some(lower.floor()),
        interval: Some([show(lower), show(upper)]),
        smallest_detectable: Some(upper.minus(lower)?.floor().max(1)),
        values: Some([best.value.lower.floor(), honest.value.lower.floor()]),
        rejected: Some(show(rejected)),
        victims: victims.iter().map(|(party, loss)| to_loss(*party, *loss)).collect(),
        griefing_factor: factor.map(Rational::floor),
        value_until,
        size: [tree.nodes.len(), tree.ends().count()],
        reason: None,
        trace: Some(trace(cast, tree, &best)),
        ..not_shown(entry, &cast.kind, [0, 0], "")
    })
    .map(|found| Deviation { reason: reason(&found), ..found })
}

fn reason(found: &Deviation) -> Option<String> {
    let undecided = "what whoever foresees a second draw can get lies on both sides of honest play";
    (found.verdict == Verdict::NotShown).then(|| undecided.into())
}

fn deviate(entry: &Entry, tree: &Tree, worth: &value::Worth<'_>) -> Option<Best> {
    let own = |point: Point| match entry.goal {
        Goal::Participation => {
            let honest = moves::prescribed(point);
            let honest = if point == Point::Result { &[Act::Right][..] } else { honest };
            forced(entry.deviation, point).or(Some(honest))
        }
        Goal::Profit | Goal::Harm(_) => forced(entry.deviation, point),
    };
    value::best(tree, &own, worth)
}

fn verdict(lower: Rational, upper: Rational) -> Verdict {
    if upper < Rational::ZERO {
        Verdict::Holds
    } else if lower.is_positive() {
        Verdict::Pays
    } else {
        Verdict::NotShown
    }
}

/// The least true value of a wrong result at which the verdict turns, by bisection on exact values.
fn value_until(
    entry: &Entry,
    tree: &Tree,
    cast: &Cast,
    facts: &Facts,
    params: &Params,
    honest: Rational,
) -> Option<u64> {
    let most = cast.kind.price_max.units().checked_mul(100_000)?;
    let pays = |units: u64| {
        let facts = Facts { value: Amount::new(units), ..*facts };
        let best = deviate(entry, tree, &|end| worth(end, cast, &facts, params))?;
        Some(best.value.lower > honest)
    };
    let lies = forced(entry.deviation, Point::Result).is_some_and(|acts| acts == [Act::Wrong]);
    if entry.goal != Goal::Profit || !lies || !pays(most)? {
        return None;
    }
    let (mut holds, mut turns) = (0, most);
    while holds < turns {
        let middle = holds + (turns - holds) / 2;
        if pays(middle)? { turns = middle } else { holds = middle + 1 }
    }
    Some(turns)
}

fn victims(tree: &Tree, honest: &Best, best: &Best) -> Option<Vec<(Party, Rational)>> {
    let parties = [Party::Requester, Party::Provider, Party::Validators];
    let parties = parties.into_iter().chain([Party::Challenger, Party::Operator]);
    parties
        .map(|party| {
            let gain = |end: &End| end.gains.get(&party).map(|gain| Rational::whole(*gain));
            let before = value::mean(tree, &honest.ends, &gain)?;
            Some((party, before.minus(value::mean(tree, &best.ends, &gain)?)?))
        })
        .collect()
}

fn to_loss(party: Party, loss: Rational) -> Loss {
    let party = match party {
        Party::Requester => "requester",
        Party::Provider => "provider",
        Party::Validators => "validators",
        Party::Challenger => "challenger",
        Party::Operator => "operator",
        _ => "others",
    };
    let up = -Rational::ZERO.minus(loss).map_or(0, Rational::floor);
    Loss { party, loss: up }
}

/// A fraction as it is written: `numerator/denominator`.
pub(crate) fn show(number: Rational) -> String {
    format!("{}/{}", number.numerator(), number.denominator())
}

fn trace(cast: &Cast, tree: &Tree, best: &Best) -> Trace {
    let play = |(chance, at): &(Rational, usize)| match &tree.nodes[*at] {
        tree::Node::End(end) => Some(Play {
            chance: show(*chance),
            luck: end.luck,
            history: end.history.clone(),
            profit: end.gains.get(&Party::Coalition).copied().unwrap_or(0),
            statement: end.statement.iter().map(|(reason, units)| (*reason, *units)).collect(),
            sum: end.gains.values().sum(),
        }),
        tree::Node::Asked { .. } | tree::Node::Chance { .. } => None,
    };
    Trace {
        params: cast.raw,
        kind: cast.kind.clone(),
        coalition: cast.members.clone(),
        pool: cast.pool,
        plays: best.ends.iter().filter_map(play).collect(),
    }
}

/// Plays a trace again; what it comes to on average, in base units, down.
///
/// # Errors
/// The first play that does not come to what the trace says, or why none can be made.
pub fn replay(trace: &Trace) -> Result<i128, String> {
    let params = Params::try_from(trace.params).map_err(|why| {
        let all = why.violations.iter().map(|violation| format!("; {violation}"));
        format!("the trace's parameters do not go together{}", all.collect::<String>())
    })?;
    let cast = Cast::new(&params, &trace.kind, &trace.coalition, trace.pool)?;
    let (mut mean, mut all) = (Some(Rational::ZERO), Some(Rational::ZERO));
    for (place, play) in trace.plays.iter().enumerate() {
        let end = tree::play(&cast, play.luck, &play.history)
            .map_err(|why| format!("play {place} of the trace: {why}"))?;
        let profit = end.gains.get(&Party::Coalition).copied().unwrap_or(0);
        if profit != play.profit {
            let said = play.profit;
            return Err(format!(
                "play {place} comes to {profit} base units, the trace says {said}"
            ));
        }
        let (numerator, denominator) = play.chance.split_once('/').unwrap_or((&play.chance, "1"));
        let chance = numerator.parse().ok().zip(denominator.parse().ok());
        let chance = chance.and_then(|(n, d)| Rational::new(n, d));
        mean = mean.zip(chance).and_then(|(m, c)| m.plus(c.times(Rational::whole(profit))?));
        all = all.zip(chance).and_then(|(all, chance)| all.plus(chance));
    }
    if all != Some(Rational::ONE) {
        return Err("the chances of the trace's plays do not sum to 1".into());
    }
    mean.map(Rational::floor).ok_or_else(|| "the trace's mean needs over 128 bits".into())
}
