//! The bound: what a policy detects, and what collateral makes a wrong result a loss.
//!
//! ```text
//! e = β̂ + (1 − β̂)·ℓ                               one drawn auditor does not convict
//! d = 1 − (1 − φ(1 − β̂))·(1 − a·(1 − e^m)·(1 − e^f)^w)
//! G = (1 − d)(p_ref + s) + (1 − d)·g              (+ g when it is earned on delivery)
//! B(k) = ( k·(G + A)/d + R_max ) / (1 − h)(1 − r)  B_min = B(1) + 1 base unit
//! collateral = max( B_min, ⌈max(B(margin), A)·tier(p_ref)·(1 − discount)⌉ )
//! ```
//!
//! Source: sections 4 and 5 of the mechanism, with f auditors in the fallback after a withheld
//! seed: m + 2, or the whole pool if it is smaller; and with r = β̂·(1 − `burn_share`)·(1 −
//! `insurance_share`), what a coalition gets back of a slash as peers of its own offender: 0 by
//! default, where peers get nothing.
//! Rounding: e and its powers up, d down, every amount up: against whoever might cheat.
//! Not here: who is drawn (`audit`), where the collateral lies (`ledger`).

use serde::{Deserialize, Serialize};

use crate::{
    command::GainTiming,
    num::{Amount, Factor, PARTS, Ratio},
    params::RawParams,
};

/// What is known of a job and its pool when it is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundTerms {
    /// max(payable, tariff · work, ceiling share): a low bid never lowers it (C15).
    pub p_ref: Amount,
    /// The tariff of one audit.
    pub tariff: Amount,
    /// a: the chance of an audit.
    pub audit_rate: Ratio,
    /// m: auditors drawn, at least 1.
    pub auditors: u32,
    /// f: auditors drawn after a withheld seed.
    pub fallback_auditors: u32,
    /// β̂: the share of the pool that may collude.
    pub beta: Ratio,
    /// g: what a wrong result is worth outside.
    pub outside_gain: Amount,
    /// When g is earned.
    pub gain_timing: GainTiming,
}

/// What a policy gives and takes, in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The value that collateral is measured by.
    pub p_ref: Amount,
    /// e: the chance that one drawn auditor does not convict a wrong result.
    pub e: Ratio,
    /// d: the chance that a wrong result is convicted, whatever its maker knows.
    pub detection: Ratio,
    /// A: what abandoning costs.
    pub exit_cost: Amount,
    /// G: what a wrong result gains while it is not convicted.
    pub gain: Amount,
    /// `R_max`: the most that reporters get of one slash.
    pub reward_max: Amount,
    /// `B_min`: below this a wrong result could pay.
    pub collateral_min: Amount,
    /// What is locked at no reputation discount.
    pub collateral: Amount,
    /// max(B(margin), A) · tier, from which a discount is taken.
    pub collateral_tiered: Amount,
}

/// Why a policy has no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum BoundRejected {
    /// Too little is detected for any collateral to be asked; raise the rate or the auditors.
    DetectionTooLow { detection: Ratio, minimum: Ratio },
    /// The collateral exceeds any amount; raise the audit rate or lower the declared gain.
    CollateralTooLarge,
}

/// p_ref: max(payable, tariff · work, `ceiling_share` · ceiling), up (C15).
pub fn reference_price(
    payable: Amount,
    tariff: Amount,
    ceiling: Amount,
    params: &RawParams,
) -> Amount {
    payable.max(tariff).max(params.ceiling_share.amount_ceil(ceiling))
}

/// e: the chance that one drawn auditor does not convict, up.
pub(crate) fn miss_chance(beta: Ratio, laxity: Ratio) -> Ratio {
    beta.saturating_add(beta.complement().times_ceil(laxity))
}

/// d: the chance that a wrong result is convicted, down.
pub(crate) fn detection(terms: &BoundTerms, params: &RawParams) -> Ratio {
    let e = miss_chance(terms.beta, params.laxity);
    let drawn = terms.audit_rate.times_floor(e.pow_ceil(terms.auditors).complement());
    let fallback = e.pow_ceil(terms.fallback_auditors).complement();
    let audited = (0..params.seed_withholding).fold(drawn, |d, _| d.times_floor(fallback));
    let canary = params.canary_rate.times_floor(terms.beta.complement());
    canary.complement().times_ceil(audited.complement()).complement()
}

/// The quote of a policy under `params`.
pub fn quote(terms: &BoundTerms, params: &RawParams) -> Result<Quote, BoundRejected> {
    let d = detection(terms, params);
    if d < params.detection_min {
        return Err(BoundRejected::DetectionTooLow { detection: d, minimum: params.detection_min });
    }
    price(terms, params, d).ok_or(BoundRejected::CollateralTooLarge)
}

fn price(terms: &BoundTerms, params: &RawParams, d: Ratio) -> Option<Quote> {
    let undetected = d.complement();
    let exit_cost = params.floor.amount_ceil(terms.p_ref);
    let fees = terms.audit_rate.times_ceil(terms.beta).times_ceil(params.coalition_fees);
    let fees = fees.amount_ceil(terms.tariff.checked_times(u64::from(terms.auditors))?);
    let inside = undetected.amount_ceil(terms.p_ref.checked_add(fees)?);
    let outside = match terms.gain_timing {
        GainTiming::Final => undetected.amount_ceil(terms.outside_gain),
        GainTiming::Delivery => terms.outside_gain,
    };
    let gain = inside.checked_add(outside)?;
    let reward_max = params.reporter_max.amount_ceil(terms.tariff)?;
    let stakes = gain.checked_add(exit_cost)?;
    let to_peers = params.burn_share.complement().times_ceil(params.insurance_share.complement());
    let kept = terms.beta.times_ceil(to_peers).complement();
    let kept = kept.times_floor(params.haircut.complement());
    let bound = |k: Factor| {
        // k and d are both in parts per billion, which cancel.
        let deterrent = stakes.share_ceil(k.parts(), d.parts())?.checked_add(reward_max)?;
        deterrent.share_ceil(PARTS, kept.parts())
    };
    let collateral_min = bound(Factor::ONE)?.checked_add(Amount::UNIT)?;
    let base = bound(params.margin)?.max(exit_cost);
    let collateral_tiered = tier(terms.p_ref, params).amount_ceil(base)?;
    Some(Quote {
        p_ref: terms.p_ref,
        e: miss_chance(terms.beta, params.laxity),
        detection: d,
        exit_cost,
        gain,
        reward_max,
        collateral_min,
        collateral: collateral_tiered.max(collateral_min),
        collateral_tiered,
    })
}

impl Quote {
    /// What an operator with this reputation locks: the discount never reaches below `B_min` (C2).
    pub fn collateral_for(&self, reputation: Ratio, params: &RawParams) -> Amount {
        let discount = params.reputation_discount_max.times_floor(reputation);
        discount.complement().amount_ceil(self.collateral_tiered).max(self.collateral_min)
    }
}

/// 1 up to `tier_start`, then linear to `tier_max` at `tier_full`, up.
fn tier(value: Amount, params: &RawParams) -> Factor {
    let above = value.saturating_sub(params.tier_start);
    let span = params.tier_full.saturating_sub(params.tier_start);
    if above.is_zero() {
        return Factor::ONE;
    }
    let way = Ratio::of_ceil(above.units(), span.units());
    let extra = params.tier_max.saturating_sub(Factor::ONE);
    let extra = crate::num::mul_div_ceil(extra.parts(), way.parts(), PARTS);
    let extra = extra.and_then(Factor::new).unwrap_or(Factor::MAX);
    Factor::ONE.saturating_add(extra)
}

#[cfg(test)]
mod tests;
