//! Facts: what the world is like beside the rules, and what an end of a game is worth in it.
//!
//! Law: a result is worth something outside the ledger to whoever wanted it only. To a purse that
//! posts a job in order to attack by it, a right result is worth nothing.
//! Known shortcomings: the default values are conventions, not measurements; verdicts that hang on
//! them name the value at which they turn.
//! Not here: which ends are compared (`judge`).

use earnest_protocol::{Amount, Params, Ratio, command::GainTiming, num::PARTS};
use serde::{Deserialize, Serialize};

use crate::{
    cast::{Cast, Member},
    rational::Rational,
    tree::End,
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
    /// What a wrong result is really worth outside to whoever delivers it, in base units; as
    /// declared unless told.
    pub value: Option<Amount>,
    /// What a right result is worth to whoever ordered it, in base units; twice its ceiling unless
    /// told.
    pub right: Option<Amount>,
    /// What paying for a wrong result costs whoever ordered it beside its price, in base units; as
    /// much as a right one is worth unless told.
    pub harm: Option<Amount>,
}

impl Facts {
    /// The world just as the parameters assume it.
    pub fn assumed(params: &Params) -> Facts {
        let collusion = params.verification().beta;
        let (cost, value, right, harm) = (None, None, None, None);
        Facts { collusion, cost, capital: Ratio::ZERO, value, right, harm }
    }

    /// What computing a result costs; `None` if a tariff does not fit.
    pub(crate) fn cost(&self, cast: &Cast, params: &Params) -> Option<Amount> {
        let half = || params.market().tariff(cast.kind.gas_bound)?.share_floor(1, 2);
        self.cost.or_else(half)
    }

    /// What a right result is worth to whoever ordered it.
    pub(crate) fn right(&self, cast: &Cast) -> Option<Amount> {
        self.right.or_else(|| cast.kind.price_max.checked_times(2))
    }
}

/// Why a coalition with the requester asks for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It wants the result.
    Result,
    /// It wants what the rules pay.
    Money,
}

/// An amount as an exact number.
pub(crate) fn units(amount: Amount) -> Option<Rational> {
    i64::try_from(amount.units()).ok().map(Rational::whole)
}

/// What a party gained, in units of what pays: a unit of stake is worth what the parameters say
/// that it is.
pub(crate) fn gained(end: &End, cast: &Cast, party: Party) -> Option<Rational> {
    let all = Rational::whole(*end.gains.get(&party)?);
    let stake = Rational::whole(end.stake.get(&party).copied().unwrap_or(0));
    all.plus(stake.times(stake_worth(cast)?.minus(Rational::ONE)?)?)
}

/// What a unit of stake is worth in units of what pays.
pub(crate) fn stake_worth(cast: &Cast) -> Option<Rational> {
    Rational::new(cast.told.chain.stake_price.parts().into(), PARTS.into())
}

/// What an end is worth to the coalition in this world.
pub(crate) fn worth(
    end: &End,
    cast: &Cast,
    facts: &Facts,
    params: &Params,
    purpose: Purpose,
) -> Option<Rational> {
    let mut worth = gained(end, cast, Party::Coalition)?;
    if end.worked {
        worth = worth.minus(units(facts.cost(cast, params)?)?)?;
    }
    if cast.has(Member::Provider) {
        worth = worth.plus(outside(end, cast, facts)?)?;
    }
    if cast.has(Member::Provider) && facts.capital != Ratio::ZERO {
        let epochs = i128::from(params.chain().epoch_blocks.count()).checked_mul(PARTS.into())?;
        let share = Rational::new(i128::from(facts.capital.parts()), epochs)?;
        let locked = Rational::new(i128::try_from(end.locked_blocks).ok()?, 1)?;
        worth = worth.minus(share.times(locked)?)?;
    }
    if cast.has(Member::Requester) && purpose == Purpose::Result {
        worth = worth.plus(use_of_result(end, cast, facts)?)?;
    }
    Some(worth)
}

/// What a wrong result earns its maker off the ledger.
pub(crate) fn outside(end: &End, cast: &Cast, facts: &Facts) -> Option<Rational> {
    let earned = match cast.kind.gain_timing {
        GainTiming::Final => end.passed,
        GainTiming::Delivery => end.delivered,
    };
    let value = if earned { facts.value.unwrap_or(cast.kind.outside_gain) } else { Amount::ZERO };
    units(value)
}

/// What an end is worth to an honest requester outside the coalition.
pub(crate) fn served(end: &End, cast: &Cast, facts: &Facts) -> Option<Rational> {
    gained(end, cast, Party::Requester)?.plus(use_of_result(end, cast, facts)?)
}

fn use_of_result(end: &End, cast: &Cast, facts: &Facts) -> Option<Rational> {
    let right = facts.right(cast)?;
    if end.received {
        units(right)
    } else if end.passed {
        Rational::ZERO.minus(units(facts.harm.unwrap_or(right))?)
    } else {
        Some(Rational::ZERO)
    }
}
