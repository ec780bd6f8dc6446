//! Trace: a play that anybody can play again on the same rules.
//!
//! Law: a replay plays every end of it anew, and believes nothing that the trace says.
//! Not here: which play is the best (`value`).

use earnest_protocol::{Params, RawParams, ledger::Reason};
use serde::{Deserialize, Serialize};

use crate::{
    cast::{Cast, Kind, Member, Pool},
    points::{Act, Late, Point},
    rational::Rational,
    tree::{self, Tree},
    value::Best,
    world::Party,
};

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
    /// Where the coalition waits, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
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
    pub statement: Vec<(Reason, i64)>,
    /// What everybody together gained, fire and funds included: nothing.
    pub sum: i64,
}

/// A fraction as it is written: `numerator/denominator`.
pub(crate) fn show(number: Rational) -> String {
    format!("{}/{}", number.numerator(), number.denominator())
}

pub(crate) fn trace(cast: &Cast, tree: &Tree, best: &Best) -> Trace {
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
        params: cast.told,
        kind: cast.kind.clone(),
        coalition: cast.members.clone(),
        pool: cast.pool,
        late: cast.late,
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
    let cast = Cast::new(&params, &trace.kind, &trace.coalition, trace.pool)?.waiting(trace.late);
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
