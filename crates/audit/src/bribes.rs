//! Bribes: what friends among the validators are worth to a liar, and what one of them costs.
//!
//! Key terms: a *seat* is an auditor drawn for the job; one is *turned* if it seals the liar's
//! wrong result instead of the right one that it would have computed.
//! Laws: both games are exact. An auditor is turned by what it loses by it, its work included, so
//! the least bribe is a difference of its own purse, not of the coalition's; all turned seats are
//! turned together, and each gets the same.
//! Known shortcomings: nobody cheats whom it bribes; what an auditor would still earn with a bond
//! that is slashed is not counted.
//! Not here: whether lying pays at the assumed share of friends (`catalogue`).

use earnest_protocol::Params;
use serde::Serialize;

use crate::{
    cast::{Cast, Kind, Member, Pool},
    facts::{self, Facts, Purpose},
    judge::{Deviation, Verdict, as_text},
    points::{self, Act, Point},
    rational::Rational,
    report::{Effort, game_of, kinds, own_entries},
    tree::{End, Tree},
    value,
    world::Party,
};

/// Most friends that are tried.
const FRIENDS_MAX: u32 = 3;
/// Validators of these games.
const ALL: u32 = 10;

/// What some friends among the validators are worth to a liar.
#[derive(Clone, Debug, Serialize)]
pub struct Friends {
    /// For which kind of job.
    pub kind: String,
    /// Friends, and validators.
    pub friends: [u32; 2],
    /// What the entry says that is nearest to paying.
    pub verdict: Verdict,
    /// What the best wrong result gains over honest play, in base units, down.
    #[serde(serialize_with = "as_text")]
    pub over_honest: Option<i128>,
    /// What it gains over leaving.
    #[serde(serialize_with = "as_text")]
    pub over_leaving: Option<i128>,
    /// Nodes and ends of the game.
    pub size: [usize; 2],
    /// Why it is not shown, if so.
    pub reason: Option<String>,
}

/// What it takes to turn auditors who sit already.
#[derive(Clone, Debug, Serialize)]
pub struct Bribe {
    /// For which kind of job.
    pub kind: String,
    /// Seats that are turned, and seats.
    pub turned: [u32; 2],
    /// The least that each must be paid, in base units, up; less than nothing if it gains by it.
    #[serde(serialize_with = "as_text")]
    pub least: i128,
    /// The most that the liar gains by each, in base units, down.
    #[serde(serialize_with = "as_text")]
    pub most: i128,
}

/// Both for the kinds that `effort` plays.
pub fn bribes(params: &Params, facts: &Facts, effort: Effort) -> (Vec<Friends>, Vec<Bribe>) {
    let usual = |kind: &Kind| ["standard", "pair"].contains(&&*kind.id);
    let chosen =
        |kind: &Kind| own_entries(kind).is_none() && (effort == Effort::Full || usual(kind));
    let (mut friends, mut bribes) = (Vec::new(), Vec::new());
    for kind in kinds(params).iter().filter(|kind| chosen(kind)) {
        friends.extend((0..=FRIENDS_MAX).map(|count| with(params, facts, effort, kind, count)));
        bribes.extend(turning(params, facts, effort, kind).unwrap_or_default());
    }
    (friends, bribes)
}

fn with(params: &Params, facts: &Facts, effort: Effort, kind: &Kind, count: u32) -> Friends {
    let pool = Pool { all: ALL, bribable: count };
    let found = game_of(params, facts, effort, pool, kind, BRIBED);
    let entry = |id: &str| {
        let wanted = format!("{id}/{}", kind.id);
        found.iter().find(|one| one.id == wanted)
    };
    let honest = entry("wrong-result-bribed");
    let leaving = entry("wrong-result-bribed-instead-of-leaving");
    let both: Vec<&Deviation> = honest.into_iter().chain(leaving).collect();
    let has = |verdict| both.iter().any(|one| one.verdict == verdict);
    let worst = [Verdict::Pays, Verdict::NotShown].into_iter().find(|verdict| has(*verdict));
    Friends {
        kind: kind.id.clone(),
        friends: [count, ALL],
        verdict: worst.unwrap_or(Verdict::Holds),
        over_honest: honest.and_then(|one| one.gain),
        over_leaving: leaving.and_then(|one| one.gain),
        size: honest.map_or([0, 0], |one| one.size),
        reason: both.iter().find_map(|one| one.reason.clone()),
    }
}

const BRIBED: &[Member] = &[Member::Provider, Member::Auditors];

/// The price of turning one seat, and of turning all of them at once.
fn turning(params: &Params, facts: &Facts, effort: Effort, kind: &Kind) -> Option<Vec<Bribe>> {
    let seats = u32::from(kind.auditors);
    let pool = Pool { all: ALL, bribable: seats };
    let cast = Cast::new(params, kind, BRIBED, pool).ok()?;
    let tree = Tree::build(&cast, effort.budget());
    if tree.missing.is_some() {
        return None;
    }
    let counts = if seats == 1 { vec![1] } else { vec![1, seats] };
    counts.into_iter().map(|turned| turn(&cast, &tree, params, facts, turned)).collect()
}

fn turn(cast: &Cast, tree: &Tree, params: &Params, facts: &Facts, turned: u32) -> Option<Bribe> {
    let work = facts::units(facts.cost(cast, params)?)?;
    // With a wrong result and sealed verdicts nobody is drawn twice, so verdicts count the seats.
    let sits = |end: &End| {
        let verdicts = end.history.iter().filter(|(point, _)| *point == Point::Verdict).count();
        u32::try_from(verdicts) == Ok(turned)
    };
    let purses = |verdict: &'static [Act]| -> Option<[Rational; 2]> {
        let worth = |end: &End| facts::worth(end, cast, facts, params, Purpose::Money);
        let best = value::best(tree, &|point| lies(point, verdict), &worth)?;
        let chance = |end: &End| Some(if sits(end) { Rational::ONE } else { Rational::ZERO });
        let chance = value::mean(tree, &best.ends, &chance)?;
        let auditors = |end: &End| match (sits(end), verdict) {
            (false, _) => Some(Rational::ZERO),
            (true, [Act::Right]) => {
                let worked = work.times(Rational::whole(turned.into()))?;
                Rational::whole(end.auditors).minus(worked)
            }
            (true, _) => Some(Rational::whole(end.auditors)),
        };
        let liar = |end: &End| {
            let gained = facts::gained(end, cast, Party::Coalition)?;
            let own = gained.minus(Rational::whole(end.auditors))?;
            if sits(end) {
                own.plus(facts::outside(end, cast, facts)?)
            } else {
                Some(Rational::ZERO)
            }
        };
        let own = value::mean(tree, &best.ends, &auditors)?.over(chance)?;
        Some([own, value::mean(tree, &best.ends, &liar)?.over(chance)?])
    };
    let ([honest, caught], [bought, spared]) = (purses(&[Act::Right])?, purses(&[Act::Wrong])?);
    let each = Rational::new(1, turned.into())?;
    let least = honest.minus(bought)?.times(each)?;
    Some(Bribe {
        kind: cast.kind.id.clone(),
        turned: [turned, cast.kind.auditors.into()],
        least: Rational::ZERO.minus(least)?.floor().checked_neg()?,
        most: spared.minus(caught)?.times(each)?.floor(),
    })
}

/// A wrong result, and what friends who sit seal; whoever seals right stands by it.
fn lies(point: Point, verdict: &'static [Act]) -> Option<&'static [Act]> {
    match point {
        Point::Bid => Some(&[Act::Ceiling]),
        Point::OpenBid | Point::Accept | Point::OpenResult => Some(&[Act::Do]),
        Point::Result => Some(&[Act::Wrong]),
        Point::Verdict => Some(verdict),
        Point::OpenVerdict | Point::Pursue if verdict == [Act::Right] => {
            Some(points::prescribed(point))
        }
        _ => None,
    }
}
