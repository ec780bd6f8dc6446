//! Frontier: how far each assumption about the world may be wrong before a verdict turns.
//!
//! Key term: a *strain* weighs the draw of a game anew, each seat by itself, as among very many
//! validators.
//! Laws: every value is exact, and only the point where it turns is found by bisection, so
//! `holds_to` is the last step that holds. Whoever does not convict shares the coalition's purse,
//! which is worse than laxity is.
//! Known shortcomings: one assumption at a time, bribed auditors seal something, and verdicts are
//! taken to turn once.
//! Not here: what the rules assume and why (`docs/mechanism.md`).

use earnest_protocol::{Amount, Params, Ratio, num::PARTS};
use serde::Serialize;

use crate::{
    cast::{Cast, Kind, Member, Pool},
    facts::{self, Facts, Purpose},
    law::{Draw, choose},
    points::{self, Act, Point},
    rational::Rational,
    report::{Effort, kinds, own_entries},
    tree::{Budget, End, Tree},
    value,
    words::tokens,
};

/// Steps of a share.
const STEPS: u64 = 1_000;

/// How far one assumption may be wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Frontier {
    /// For which kind of job.
    pub kind: String,
    /// Which assumption.
    pub assumption: &'static str,
    /// What turns.
    pub question: &'static str,
    /// What the rules, or the facts told, assume.
    pub assumed: String,
    /// The last value tried at which it holds.
    pub holds_to: String,
    /// The first at which that was not shown any more, if any.
    pub turns_at: Option<String>,
    /// Assumed and last, in thousandths, if it is a share.
    pub shares: Option<[u64; 2]>,
}

/// What a wrong result is played under.
#[derive(Clone, Copy, Debug)]
struct Strain {
    /// The chance that one drawn seat does not convict.
    missed: Rational,
    /// The share of audits that a biased seed avoids.
    avoided: Rational,
    /// The chance that a whole audit convicts nobody, the referee being wrong.
    overruled: Rational,
    /// The share of its worth that stake has lost when it is slashed.
    fallen: Rational,
}

const LIE: &str = "no wrong result pays, by itself or instead of leaving";
const WORK: &str = "honest work is worth it";
const ASK: &str = "asking for honest work is worth it";

/// How far every assumption may be wrong, for one kind of job or for all.
pub fn frontier(params: &Params, facts: &Facts, effort: Effort) -> Vec<Frontier> {
    let kinds: Vec<Kind> =
        kinds(params).into_iter().filter(|kind| own_entries(kind).is_none()).collect();
    let few = if effort == Effort::Full { kinds.len() } else { 1 };
    let of = |kind: &Kind| of_kind(params, facts, kind).unwrap_or_default();
    kinds.iter().take(few).flat_map(of).collect()
}

fn of_kind(params: &Params, facts: &Facts, kind: &Kind) -> Option<Vec<Frontier>> {
    let mut found = lies(params, facts, kind)?;
    found.extend(participation(params, facts, kind)?);
    Some(found)
}

fn game(params: &Params, kind: &Kind, members: &[Member]) -> Option<(Cast, Tree)> {
    // As many friends as seats, so that every class of the first draw is there to be weighed.
    let pool = Pool { all: 10, bribable: kind.auditors.into() };
    let cast = Cast::new(params, kind, members, pool).ok()?;
    let tree = Tree::build(&cast, Budget { nodes: 100_000, plays: 1_000_000 });
    tree.missing.is_none().then_some((cast, tree))
}

fn lies(params: &Params, facts: &Facts, kind: &Kind) -> Option<Vec<Frontier>> {
    let (cast, tree) = game(params, kind, &[Member::Provider, Member::Auditors])?;
    let holds = |strain: Strain, facts: &Facts| {
        no_lie_pays(&cast, &tree, params, facts, strain).unwrap_or(false)
    };
    let bribable = of_parts(facts.collusion)?;
    let honest = Rational::ONE.minus(bribable)?;
    let calm = Strain {
        missed: bribable,
        avoided: Rational::ZERO,
        overruled: Rational::ZERO,
        fallen: Rational::ZERO,
    };
    let verification = params.verification();
    let thousandths = |ratio: Ratio| ratio.parts() / (PARTS / STEPS);
    let at = |step: u64| Rational::new(step.into(), STEPS.into());
    let strained = |step: u64, strain: &dyn Fn(Rational) -> Option<Strain>| {
        at(step).and_then(strain).is_some_and(|strain| holds(strain, facts))
    };
    let share = |assumption, assumed: u64, strain: &dyn Fn(Rational) -> Option<Strain>| {
        let last = last_that_holds(STEPS, |step| strained(step, strain));
        in_shares(kind, (assumption, LIE), assumed, last)
    };
    let value = last_that_holds(most(&cast)?, |units| {
        holds(calm, &Facts { value: Amount::new(units), ..*facts })
    });
    let told = facts.value.unwrap_or(kind.outside_gain);
    Some(vec![
        share("share of bribable validators", thousandths(facts.collusion), &|x| {
            Some(Strain { missed: x, ..calm })
        }),
        share("share of honest auditors that are lax", thousandths(verification.laxity), &|x| {
            Some(Strain { missed: bribable.plus(honest.times(x)?)?, ..calm })
        }),
        share("share of audits that a biased seed avoids", 0, &|x| {
            Some(Strain { avoided: x, ..calm })
        }),
        share("share of audits in which the referee errs", 0, &|x| {
            Some(Strain { overruled: x, ..calm })
        }),
        share("fall of stake's price before a slash", 0, &|x| Some(Strain { fallen: x, ..calm })),
        in_tokens(kind, ("value of a wrong result", LIE), told, value),
    ])
}

fn participation(params: &Params, facts: &Facts, kind: &Kind) -> Option<Vec<Frontier>> {
    let (cast, tree) = game(params, kind, &[Member::Provider])?;
    let works = |facts: &Facts| gains(&cast, &tree, params, facts).unwrap_or(false);
    let capital = last_that_holds(PARTS, |parts| {
        Ratio::new(parts).is_some_and(|capital| works(&Facts { capital, ..*facts }))
    });
    let percent =
        |parts: u64| format!("{}.{:07} % an epoch", parts / 10_000_000, parts % 10_000_000);
    let capital = Frontier {
        assumed: percent(facts.capital.parts()),
        holds_to: capital.map_or("nothing".into(), percent),
        turns_at: turn(capital, PARTS).map(percent),
        ..blank(kind, ("cost of capital", WORK))
    };
    let cost =
        last_that_holds(most(&cast)?, |units| works(&Facts { cost: Amount::new(units), ..*facts }));
    let cost = in_tokens(kind, ("cost of the work", WORK), facts.cost(&cast, params)?, cost);

    let (cast, tree) = game(params, kind, &[Member::Requester])?;
    let asks = |units: u64| {
        let facts = Facts { right: Amount::new(units), ..*facts };
        gains(&cast, &tree, params, &facts).unwrap_or(false)
    };
    // The other way round: it holds from a value on, and turns below it.
    let most = most(&cast)?;
    let below = last_that_holds(most, |units| !asks(units));
    let from = below.map_or(Some(0), |below| below.checked_add(1).filter(|from| *from <= most));
    let told = |units: u64| format!("{} tokens", tokens(Some(units.into())));
    let right = Frontier {
        assumed: told(facts.right(&cast)?.units()),
        holds_to: from.map_or("nothing".into(), |from| format!("{} and more", told(from))),
        turns_at: below.map(told),
        ..blank(kind, ("value of a right result", ASK))
    };
    Some(vec![capital, cost, right])
}

/// True if neither honest play nor leaving is surely above the best that a wrong result may get.
fn no_lie_pays(
    cast: &Cast,
    tree: &Tree,
    params: &Params,
    facts: &Facts,
    strain: Strain,
) -> Option<bool> {
    let weighed = tree.weighed(&|draw| weight(cast, strain, draw))?;
    let worth = |end: &End| {
        let at_stake = Rational::whole(end.at_stake).times(facts::stake_worth(cast)?)?;
        let fell = strain.fallen.times(at_stake)?;
        facts::worth(end, cast, facts, params, Purpose::Money)?.minus(fell)
    };
    let with = |result: &'static [Act]| {
        let space = move |point: Point| match point {
            Point::Result => Some(result),
            Point::OpenBid | Point::Accept => Some(&[Act::Do][..]),
            Point::Bid => Some(&[Act::Ceiling, Act::Half, Act::Nothing][..]),
            Point::Verdict => Some(&[Act::Right, Act::Wrong][..]),
            other if result == [Act::Wrong] => {
                let _free = other;
                None
            }
            other => Some(points::prescribed(other)),
        };
        value::best(&weighed, &space, &worth).map(|best| best.value)
    };
    let (lie, right, left) = (with(&[Act::Wrong])?, with(&[Act::Right])?, with(&[Act::Silent])?);
    Some(lie.upper < right.lower.max(Rational::ZERO) && lie.upper < left.lower)
}

/// With what chance the first draw comes out so, every seat drawn by itself.
fn weight(cast: &Cast, strain: Strain, draw: Draw) -> Option<Rational> {
    let Strain { missed, avoided, overruled, .. } = strain;
    let quoted = of_parts(cast.kind.audit_rate)?;
    let audited = quoted.times(Rational::ONE.minus(avoided)?)?;
    let Draw::Seats(friends) = draw else { return Rational::ONE.minus(audited) };
    let seats = u32::from(cast.kind.auditors);
    let power = |base: Rational, times: u32| {
        (0..times).try_fold(Rational::ONE, |product, _| product.times(base))
    };
    let ways = Rational::new(choose(seats, friends)?, 1)?;
    let chance = ways
        .times(power(missed, friends)?)?
        .times(power(Rational::ONE.minus(missed)?, seats.checked_sub(friends)?)?)?;
    let convicts = chance.times(Rational::ONE.minus(overruled)?)?;
    let share = if friends == seats { convicts.plus(overruled)? } else { convicts };
    audited.times(share)
}

/// True if taking part as prescribed is worth more than nothing.
fn gains(cast: &Cast, tree: &Tree, params: &Params, facts: &Facts) -> Option<bool> {
    let space = |point: Point| match point {
        Point::Bid => Some(&[Act::Ceiling, Act::Half, Act::Nothing][..]),
        Point::Result => Some(&[Act::Right][..]),
        other => Some(points::prescribed(other)),
    };
    let worth = |end: &End| facts::worth(end, cast, facts, params, Purpose::Result);
    Some(value::best(tree, &space, &worth)?.value.lower.is_positive())
}

/// The last of 0..=most that holds, if it holds up to some and not from there on.
fn last_that_holds(most: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(0) {
        return None;
    }
    if holds(most) {
        return Some(most);
    }
    let (mut last, mut turns) = (0, most);
    while last + 1 < turns {
        let middle = last + (turns - last) / 2;
        if holds(middle) { last = middle } else { turns = middle }
    }
    Some(last)
}

fn turn(last: Option<u64>, most: u64) -> Option<u64> {
    last.map_or(Some(0), |last| (last < most).then_some(last + 1))
}

fn most(cast: &Cast) -> Option<u64> {
    cast.kind.price_max.units().checked_mul(100_000)
}

fn of_parts(ratio: Ratio) -> Option<Rational> {
    Rational::new(ratio.parts().into(), PARTS.into())
}

fn blank(kind: &Kind, (assumption, question): (&'static str, &'static str)) -> Frontier {
    Frontier {
        kind: kind.id.clone(),
        assumption,
        question,
        assumed: String::new(),
        holds_to: String::new(),
        turns_at: None,
        shares: None,
    }
}

fn in_shares(
    kind: &Kind,
    names: (&'static str, &'static str),
    assumed: u64,
    last: Option<u64>,
) -> Frontier {
    let told = |step: u64| format!("{}.{} %", step / 10, step % 10);
    Frontier {
        assumed: told(assumed),
        holds_to: last.map_or("nothing".into(), told),
        turns_at: turn(last, STEPS).map(told),
        shares: Some([assumed, last.unwrap_or(0)]),
        ..blank(kind, names)
    }
}

fn in_tokens(
    kind: &Kind,
    names: (&'static str, &'static str),
    assumed: Amount,
    last: Option<u64>,
) -> Frontier {
    let told = |units: u64| format!("{} tokens", tokens(Some(units.into())));
    Frontier {
        assumed: told(assumed.units()),
        holds_to: last.map_or("nothing".into(), told),
        turns_at: turn(last, u64::MAX).map(told),
        ..blank(kind, names)
    }
}
