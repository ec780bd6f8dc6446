//! Judge: what one entry of the catalogue comes to in a game that was played.
//!
//! Law: *holds* only if the best that the coalition might get is below honest play, *pays* only if
//! what it surely can get is above it; everything between is *not shown*. Harm is said to pay if
//! the coalition gains, or its victim loses more than it does.
//! Not here: which games are played (`report`).

use earnest_protocol::{Amount, Params, ledger::Assets, market::Outcome};
use serde::{Serialize, Serializer};

use crate::{
    cast::{Cast, Kind, Member},
    catalogue::{Entry, Forced, Goal},
    facts::{self, Facts, Purpose},
    insured,
    points::{self, Act, Point},
    rational::Rational,
    trace::{Trace, show, trace},
    tree::{End, Tree},
    value::{self, Best},
    world::Party,
};

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
    #[serde(serialize_with = "as_text")]
    pub gain: Option<i128>,
    /// The same from below and from above, in base units: exact for a game, at the confidence of
    /// `measure` for a season.
    pub interval: Option<[String; 2]>,
    /// The least gain that would have been seen, in base units.
    #[serde(serialize_with = "as_text")]
    pub smallest_detectable: Option<i128>,
    /// The best deviation and honest play by themselves, in base units, down.
    #[serde(serialize_with = "as_text")]
    pub values: Option<[i128; 2]>,
    /// The chance that the result is rejected in the best deviation, exactly.
    pub rejected: Option<String>,
    /// What each honest party loses against honest play, in base units, up; less than nothing if
    /// it gains.
    pub victims: Vec<Loss>,
    /// What the first victim loses for each unit that it costs the coalition, in thousandths.
    #[serde(serialize_with = "as_text")]
    pub griefing_factor: Option<i128>,
    /// The least true value of a wrong result at which it pays, in base units, if any.
    #[serde(serialize_with = "as_text")]
    pub value_until: Option<u64>,
    /// The least value of a right result from which asking for it is worth what it costs, in base
    /// units, up.
    #[serde(serialize_with = "as_text")]
    pub worth_from: Option<u64>,
    /// What theory says of the first of `values`, without fees of commands, in base units, down.
    #[serde(serialize_with = "as_text")]
    pub closed_form: Option<i128>,
    /// Nodes and ends of the game.
    pub size: [usize; 2],
    /// How it was measured, if it has no tree; its `policy`, `seed` and others stand beside the
    /// rest.
    #[serde(flatten)]
    pub measure: Option<Measure>,
    /// Why it is not shown.
    pub reason: Option<String>,
    /// The best play, to be played again.
    pub trace: Option<Trace>,
}

/// Money travels as text: not every reader of JSON keeps all digits of a number.
pub(crate) fn as_text<S: Serializer>(money: &impl Money, to: S) -> Result<S::Ok, S::Error> {
    money.text().serialize(to)
}

pub(crate) trait Money {
    fn text(&self) -> serde_json::Value;
}

impl Money for i128 {
    fn text(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

impl Money for u64 {
    fn text(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

impl<M: Money> Money for Option<M> {
    fn text(&self) -> serde_json::Value {
        self.as_ref().map_or(serde_json::Value::Null, Money::text)
    }
}

impl<M: Money> Money for [M; 2] {
    fn text(&self) -> serde_json::Value {
        self.iter().map(Money::text).collect()
    }
}

/// What a party loses.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    /// Who.
    pub party: &'static str,
    /// How much, in base units.
    #[serde(serialize_with = "as_text")]
    pub loss: i128,
}

pub(crate) fn not_shown(entry: &Entry, kind: &Kind, size: [usize; 2], why: &str) -> Deviation {
    let blank = blank(entry.id, entry.about, entry.members, kind);
    Deviation { labels: entry.labels, size, reason: Some(why.into()), ..blank }
}

/// An entry of which nothing is known yet.
pub(crate) fn blank(
    id: &str,
    about: &'static str,
    coalition: &'static [Member],
    kind: &Kind,
) -> Deviation {
    unknown(format!("{id}/{}", kind.id), about, coalition)
}

/// The same of one without a kind of job.
pub(crate) fn unknown(id: String, about: &'static str, coalition: &'static [Member]) -> Deviation {
    Deviation {
        id,
        about,
        labels: &[],
        coalition,
        verdict: Verdict::NotShown,
        gain: None,
        interval: None,
        smallest_detectable: None,
        values: None,
        rejected: None,
        victims: Vec::new(),
        griefing_factor: None,
        value_until: None,
        worth_from: None,
        closed_form: None,
        size: [0, 0],
        measure: None,
        reason: None,
        trace: None,
    }
}

/// How a deviation was measured that has no tree: over seasons of a market, by sampling.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// The best policy that was found.
    pub policy: String,
    /// What whoever follows it knows besides what everybody sees.
    pub information: &'static str,
    /// Of the luck that it was measured with.
    pub seed: u64,
    /// How often the interval holds what it says.
    pub confidence: f64,
    /// Policies that were tried, and runs of the one that was measured.
    pub tried: [u32; 2],
}

fn forced(forced: Forced, point: Point) -> Option<&'static [Act]> {
    forced.iter().find(|(at, _)| *at == point).map(|(_, acts)| *acts)
}

/// The game in which a deviation is played, and the one of honest play that it is held against.
#[derive(Clone, Copy)]
pub(crate) struct Games<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) honest: &'a Tree,
}

/// What `entry` comes to; `None` where a number needs over 128 bits.
pub(crate) fn judge(
    entry: &Entry,
    cast: &Cast,
    Games { tree, honest: prescribed }: Games<'_>,
    facts: &Facts,
    params: &Params,
) -> Option<Deviation> {
    let purpose = match entry.goal {
        Goal::Participation => Purpose::Result,
        Goal::Profit | Goal::Insured | Goal::Harm(_) | Goal::Protection => Purpose::Money,
    };
    let worth_to_all = |end: &End| facts::worth(end, cast, facts, params, purpose);
    let worth_of_deviation = |end: &End| match entry.goal {
        Goal::Insured => worth_to_all(end)?.plus(insured::worth(end, cast, params)?),
        _ => worth_to_all(end),
    };
    let honest_space =
        |point: Point| forced(entry.against, point).or(Some(points::prescribed(point)));
    let honest = value::best(prescribed, &honest_space, &worth_to_all)?;
    let best = deviate(entry, tree, &worth_of_deviation)?;
    let (lower, upper) = gain(entry, (&honest, &best), cast, tree, facts)?;
    let victims = victims(cast, (prescribed, &honest), (tree, &best))?;
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
        let rejected = end.outcome == Some(Outcome::Rejected);
        Some(if rejected { Rational::ONE } else { Rational::ZERO })
    })?;
    let value_until = value_until(entry, tree, cast, facts, params, honest.value.upper);
    let worth_from = worth_from(entry, tree, cast, &best, lower, facts);
    let closed_form = entry.closed_form.filter(|_| cast.assets == Assets::Single);
    let closed_form = closed_form.and_then(|form| form(cast, facts, params));
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
        worth_from,
        closed_form: closed_form.map(Rational::floor),
        size: [tree.nodes.len(), tree.ends().count()],
        reason: None,
        trace: Some(trace(cast, tree, &best)),
        ..not_shown(entry, &cast.kind, [0, 0], "")
    })
    .map(|found| Deviation { reason: reason(&found), ..found })
}

/// What the coalition gains, from below and from above.
fn gain(
    entry: &Entry,
    (honest, best): (&Best, &Best),
    cast: &Cast,
    tree: &Tree,
    facts: &Facts,
) -> Option<(Rational, Rational)> {
    match entry.goal {
        Goal::Profit | Goal::Insured | Goal::Harm(_) => best
            .value
            .lower
            .minus(honest.value.upper)
            .zip(best.value.upper.minus(honest.value.lower)),
        // Honest play against leaving, so that "pays" means that honest work does not.
        Goal::Participation => {
            let less = |value: Rational| Rational::ZERO.minus(value);
            less(best.value.upper).zip(less(best.value.lower))
        }
        Goal::Protection => {
            let served = |end: &End| facts::served(end, cast, facts);
            let lost = Rational::ZERO.minus(value::mean(tree, &best.ends, &served)?)?;
            Some((lost, lost))
        }
    }
}

/// Why exact play decides nothing: the two are worth the same, or a draw may be foreseen.
fn reason(found: &Deviation) -> Option<String> {
    let ends = found.interval.as_ref().filter(|_| found.verdict == Verdict::NotShown)?;
    let [low, high] = ends;
    Some(if low == high {
        "it is worth exactly what honest play is".into()
    } else {
        "what whoever foresees a second draw can get lies on both sides of honest play; what is \
         drawn hangs on verification.beta (or --world collusion) and on the job's audit rate"
            .into()
    })
}

fn deviate(entry: &Entry, tree: &Tree, worth: &value::Worth<'_>) -> Option<Best> {
    let own = |point: Point| match entry.goal {
        Goal::Participation => {
            let honest = points::prescribed(point);
            let honest = if point == Point::Result { &[Act::Right][..] } else { honest };
            forced(entry.deviation, point).or(Some(honest))
        }
        Goal::Profit | Goal::Insured | Goal::Harm(_) | Goal::Protection => {
            forced(entry.deviation, point)
        }
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
        let worth = |end: &End| facts::worth(end, cast, &facts, params, Purpose::Money);
        let best = deviate(entry, tree, &worth)?;
        Some(best.value.lower > honest)
    };
    let wrong = |at| forced(at, Point::Result).is_some_and(|acts| acts == [Act::Wrong]);
    // What is compared with another lie is worth the same to both.
    let lies = wrong(entry.deviation) && !wrong(entry.against);
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

/// The least value of a right result from which whoever asks for it gains, if it ever comes.
fn worth_from(
    entry: &Entry,
    tree: &Tree,
    cast: &Cast,
    best: &Best,
    lost: Rational,
    facts: &Facts,
) -> Option<u64> {
    let asks = entry.goal == Goal::Protection
        || (entry.goal == Goal::Participation && cast.has(Member::Requester));
    let came = |end: &End| Some(if end.received { Rational::ONE } else { Rational::ZERO });
    let came = value::mean(tree, &best.ends, &came).filter(|_| asks)?;
    // What it loses with the value that the facts say, and would gain with more of it.
    let least = facts::units(facts.right(cast)?)?.plus(lost.over(came)?)?;
    u64::try_from(Rational::ZERO.minus(least)?.floor().checked_neg()?).ok()
}

fn victims(
    cast: &Cast,
    (prescribed, honest): (&Tree, &Best),
    (tree, best): (&Tree, &Best),
) -> Option<Vec<(Party, Rational)>> {
    let parties = [Party::Requester, Party::Provider, Party::Validators];
    let rest = [Party::Challenger, Party::Operator, Party::Delegator];
    let parties = parties.into_iter().chain(rest);
    parties
        .map(|party| {
            let gain = |end: &End| facts::gained(end, cast, party);
            let before = value::mean(prescribed, &honest.ends, &gain)?;
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
        Party::Delegator => "delegator",
        _ => "others",
    };
    let up = -Rational::ZERO.minus(loss).map_or(0, Rational::floor);
    Loss { party, loss: up }
}
