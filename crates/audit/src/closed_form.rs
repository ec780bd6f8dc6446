//! Closed forms: what theory says of a play, to be held against what the rules do.
//!
//! Key terms: p the price paid, which is the ceiling for a lone bid under second price and what
//! pays most under first; τ the market's take of it; a the chance of an audit by m auditors, each
//! paid the tariff t; C the collateral; c what the work costs.
//! Law: fees of commands are left out; so an exact game comes to less by a few of them, whatever
//! chance does. A conviction counts the collateral and no more: of a large bond the rules may take
//! a share that exceeds it, which makes a lie worse still.
//! Not here: forms of plays whose friends are drawn: there the game itself is the form.

use earnest_protocol::{
    Amount, Params, Ratio,
    command::{Auction, GainTiming},
    num::PARTS,
};

use crate::{
    cast::Cast,
    facts::{Facts, units},
    rational::Rational,
};

/// What theory says, in base units; `None` where a number does not fit.
pub(crate) type ClosedForm = fn(&Cast, &Facts, &Params) -> Option<Rational>;

/// p − τ(p) − c.
pub(crate) fn honest_provider(cast: &Cast, facts: &Facts, params: &Params) -> Option<Rational> {
    (facts.capital == Ratio::ZERO).then_some(())?;
    units(kept(cast, params))?.minus(units(facts.cost(cast, params)?)?)
}

/// (1 − a) · (p − τ(p) + G) − a · C, G being what a wrong result is worth once it is final: honest
/// auditors convict whenever they are drawn.
pub(crate) fn lone_liar(cast: &Cast, facts: &Facts, params: &Params) -> Option<Rational> {
    // Under first price a liar does better by another price than the ceiling.
    let is_covered = facts.capital == Ratio::ZERO
        && cast.kind.gain_timing == GainTiming::Final
        && cast.kind.auction == Auction::SecondPrice;
    is_covered.then_some(())?;
    let audited = Rational::new(cast.kind.audit_rate.parts().into(), PARTS.into())?;
    let gain = units(facts.value.unwrap_or(cast.kind.outside_gain))?;
    let won = Rational::ONE.minus(audited)?.times(units(kept(cast, params))?.plus(gain)?)?;
    won.minus(audited.times(units(cast.collateral)?)?)
}

/// The same less a · D, D being the deposit behind an appeal that nobody is for: honest auditors
/// convict whenever they are drawn, and the appeal burns.
pub(crate) fn guilty_appellant(cast: &Cast, facts: &Facts, params: &Params) -> Option<Rational> {
    let rules = params.slashing();
    let deposit = rules.appeal_deposit.amount_ceil(cast.collateral).max(rules.appeal_deposit_min);
    let audited = Rational::new(cast.kind.audit_rate.parts().into(), PARTS.into())?;
    lone_liar(cast, facts, params)?.minus(audited.times(units(deposit)?)?)
}

/// R − p − a · m · t, R being what a right result is worth: with everybody honest it always comes,
/// and only audits that take place are paid.
pub(crate) fn honest_requester(cast: &Cast, facts: &Facts, params: &Params) -> Option<Rational> {
    let tariff = units(params.market().tariff(cast.kind.gas_bound)?)?;
    let audited = Rational::new(cast.kind.audit_rate.parts().into(), PARTS.into())?;
    let audits = audited.times(Rational::whole(cast.kind.auditors.into()))?.times(tariff)?;
    units(facts.right(cast)?)?.minus(units(cast.kind.price_max)?)?.minus(audits)
}

/// (1 − k) · (p − τ(p)) · d / (s + d), k being the commission, s the provider's stake and d what is
/// behind it: honest work is always paid.
pub(crate) fn honest_delegator(cast: &Cast, _: &Facts, params: &Params) -> Option<Rational> {
    units(cast.delegators_part_ceil(paid(cast, params)))
}

/// What a lone provider keeps of the ceiling.
fn kept(cast: &Cast, params: &Params) -> Amount {
    let paid = paid(cast, params);
    paid.saturating_sub(cast.delegators_part_ceil(paid))
}

/// The ceiling less the market's take.
fn paid(cast: &Cast, params: &Params) -> Amount {
    let take = params.market().take.amount_ceil(cast.kind.price_max);
    cast.kind.price_max.saturating_sub(take)
}
