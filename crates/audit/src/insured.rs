//! Insured: what a cover would pay a coalition that has its own job convicted (C16).
//!
//! A new network's pool is empty, and no game here is long enough to fill one. So the largest cover
//! that the rules sell is counted beside the play, as if the pool had no bounds: its premium in
//! every end, and what it pays in those whose slash pays covers. By the formulas of the rules, of
//! the numbers that they told; a real pool pays as much at most.
//! Law: nothing of it is booked; the books are those of the play without a cover.
//! Not here: what a slash sinks (`world`), how an entry is judged (`judge`).

use earnest_protocol::{
    Amount, Params,
    insurance::CoverQuote,
    slashing::{Claims, plan},
};

use crate::{
    cast::{Cast, REQUESTER},
    facts::units,
    rational::Rational,
    tree::End,
};

/// What a cover adds to an end, in base units.
pub(crate) fn worth(end: &End, cast: &Cast, params: &Params) -> Option<Rational> {
    let rules = params.insurance();
    let cover = cover_max(cast, params)?;
    let chance = cast.quote.detection.times_ceil(rules.wrong_share);
    let quote = CoverQuote { cover_max: cover, available: cover, chance };
    let paid = end.sunk.map_or(Amount::ZERO, |sunk| rules.cover_share.amount_floor(sunk));
    units(paid.min(cover))?.minus(units(quote.premium(cover, rules)?)?)
}

/// The largest cover of the job that is sold from a pool without bounds.
fn cover_max(cast: &Cast, params: &Params) -> Option<Amount> {
    let claims = Claims {
        injured: Some(REQUESTER),
        tariff: params.market().tariff(cast.kind.gas_bound)?,
        reporters: vec![REQUESTER],
        reward_max: cast.quote.reward_max,
    };
    let least = plan(cast.quote.collateral_min, &claims, params.slashing());
    Some(params.insurance().cover_share.amount_floor(least.burnt.saturating_add(least.insurance)))
}
