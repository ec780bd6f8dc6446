//! The bound: what a policy detects, and what collateral makes a wrong result a loss.
//!
//! ```text
//! e = β̂ + (1 − β̂)·ℓ                               one drawn auditor does not convict
//! d = a·(1 − e^m)·(1 − e^f)^w
//! G = (1 − d)(p_ref + s) + (1 − d)·g              (+ g when it is earned on delivery)
//! R_max = reporter_max · tariff + reporter_value · p_ref
//! B(k) = ( k·(G + A)/d + R_max ) / (1 − h)(1 − r)  B_min = B(1) + 1 base unit
//! collateral = max( B_min, ⌈max(B(margin), A)·tier(p_ref)·(1 − discount)⌉ )
//! ```
//!
//! Source: sections 4 and 5 of the mechanism, without canaries (none are built), with f auditors
//! after a withheld seed: m and as many of two more as whoever withholds is sure to pay for; and
//! with r = β_j·(1 − `burn_share`)·(1 − `insurance_share`), what a coalition that holds β_j of the
//! judges' stake gets back of a slash: 0 by default, where judges get nothing.
//! Units: p_ref, g, s and G are in the payment asset; A, R_max and every collateral in the stake
//! asset, at the `stake_price` of the job.
//! Rounding: e and its powers up, d down, every amount up: against whoever might cheat.
//! Not here: who is drawn (`verification`), where the collateral lies (`ledger`).

use serde::{Deserialize, Serialize};

use crate::{
    command::GainTiming,
    num::{Amount, Factor, PARTS, Ratio},
    params::{Params, VerificationParams},
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
    /// f: auditors that are sure to be drawn after a withheld seed.
    pub fallback_auditors: u32,
    /// β̂: the share of the pool that may collude.
    pub beta: Ratio,
    /// β_j: the share of all validators' stake that may collude.
    pub beta_judges: Ratio,
    /// g: what a wrong result is worth outside.
    pub outside_gain: Amount,
    /// When g is earned.
    pub gain_timing: GainTiming,
    /// What a unit of the stake asset is worth in the payment asset where it secures the job.
    pub stake_price: Factor,
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
    /// A: what abandoning costs, in the stake asset.
    pub exit_cost: Amount,
    /// G: what a wrong result gains while it is not convicted.
    pub gain: Amount,
    /// `R_max`: the most that reporters get of one slash, in the stake asset.
    pub reward_max: Amount,
    /// `B_min`: below this a wrong result could pay.
    pub collateral_min: Amount,
    /// What is locked at no reputation discount.
    pub collateral: Amount,
    /// max(B(margin), A) · tier, from which a discount is taken.
    pub collateral_tiered: Amount,
}

/// Why a policy has no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[expect(missing_docs, reason = "both numbers: what was wanted and what was there")]
pub enum BoundRejected {
    /// Too little is detected for any collateral to be asked; raise the rate or the auditors.
    DetectionTooLow { detection: Ratio, minimum: Ratio },
    /// The collateral exceeds any amount; raise the audit rate or lower the declared gain.
    CollateralTooLarge,
    /// R13: the referee's own faults would cost honest work more than leaving; raise the rate.
    FaultsTooDear { loss: Amount, exit_cost: Amount },
}

/// p_ref: max(payable, tariff · work, `ceiling_share` · ceiling), up (C15).
pub fn reference_price(
    payable: Amount,
    tariff: Amount,
    ceiling: Amount,
    params: &VerificationParams,
) -> Amount {
    payable.max(tariff).max(params.ceiling_share.amount_ceil(ceiling))
}

/// What an auditor's seat locks, in the stake asset, up; `None` above any amount.
pub fn audit_lock(
    tariff: Amount,
    p_ref: Amount,
    stake_price: Factor,
    verification: &VerificationParams,
) -> Option<Amount> {
    let value = verification.audit_lock_value.amount_ceil(p_ref);
    let lock = verification.audit_lock.amount_ceil(tariff)?.checked_add(value)?;
    in_stake_ceil(lock, stake_price)
}

/// ⌈payment / `stake_price`⌉: what an amount of the payment asset is in the stake asset.
pub(crate) fn in_stake_ceil(payment: Amount, stake_price: Factor) -> Option<Amount> {
    payment.share_ceil(PARTS, stake_price.parts())
}

/// e: the chance that one drawn auditor does not convict, up.
pub(crate) fn miss_chance(beta: Ratio, laxity: Ratio) -> Ratio {
    beta.saturating_add(beta.complement().times_ceil(laxity))
}

/// d: the chance that a wrong result is convicted, down.
pub(crate) fn detection(terms: &BoundTerms, params: &VerificationParams) -> Ratio {
    let e = miss_chance(terms.beta, params.laxity);
    let drawn = terms.audit_rate.times_floor(e.pow_ceil(terms.auditors).complement());
    let fallback = e.pow_ceil(terms.fallback_auditors).complement();
    (0..params.seed_withholding).fold(drawn, |d, _| d.times_floor(fallback))
}

/// The quote of a policy under `params`.
pub fn quote(terms: &BoundTerms, params: &Params) -> Result<Quote, BoundRejected> {
    let verification = params.verification();
    let (d, minimum) = (detection(terms, verification), verification.detection_min);
    if d < minimum {
        return Err(BoundRejected::DetectionTooLow { detection: d, minimum });
    }
    let quote = price(terms, params, d).ok_or(BoundRejected::CollateralTooLarge)?;
    // f·(p_ref + B) ≤ A: else a provider with no margin left would rather leave than be right.
    // All three as they are bonded, or a price far from one would hide, or invent, the most of it.
    let payable = in_stake_ceil(terms.p_ref, terms.stake_price);
    let payable = payable.ok_or(BoundRejected::CollateralTooLarge)?;
    let at_risk = payable.saturating_add(quote.collateral);
    let loss = verification.referee_fault.amount_ceil(at_risk);
    if loss > quote.exit_cost {
        return Err(BoundRejected::FaultsTooDear { loss, exit_cost: quote.exit_cost });
    }
    Ok(quote)
}

fn price(terms: &BoundTerms, params: &Params, d: Ratio) -> Option<Quote> {
    let (verification, slashing) = (params.verification(), params.slashing());
    let stake = |payment: Amount| in_stake_ceil(payment, terms.stake_price);
    let undetected = d.complement();
    let exit = verification.floor.amount_ceil(terms.p_ref);
    let fees = terms.audit_rate.times_ceil(terms.beta).times_ceil(verification.coalition_fees);
    let fees = fees.amount_ceil(terms.tariff.checked_times(u64::from(terms.auditors))?);
    let inside = undetected.amount_ceil(terms.p_ref.checked_add(fees)?);
    let outside = match terms.gain_timing {
        GainTiming::Final => undetected.amount_ceil(terms.outside_gain),
        GainTiming::Delivery => terms.outside_gain,
    };
    let gain = inside.checked_add(outside)?;
    let looking = verification.reporter_max.amount_ceil(terms.tariff)?;
    let looking = looking.checked_add(verification.reporter_value.amount_ceil(terms.p_ref))?;
    let (exit_cost, reward_max) = (stake(exit)?, stake(looking)?);
    let stakes = stake(gain.checked_add(exit)?)?;
    let rest = slashing.burn_share.complement();
    let to_judges = rest.times_ceil(slashing.insurance_share.complement());
    let kept = terms.beta_judges.times_ceil(to_judges).complement();
    let kept = kept.times_floor(verification.haircut.complement());
    let bound = |k: Factor| {
        // k and d are both in parts per billion, which cancel.
        let deterrent = stakes.share_ceil(k.parts(), d.parts())?.checked_add(reward_max)?;
        deterrent.share_ceil(PARTS, kept.parts())
    };
    let collateral_min = bound(Factor::ONE)?.checked_add(Amount::UNIT)?;
    let base = bound(verification.margin)?.max(exit_cost);
    let collateral_tiered = tier(terms.p_ref, verification).amount_ceil(base)?;
    Some(Quote {
        p_ref: terms.p_ref,
        e: miss_chance(terms.beta, verification.laxity),
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
    pub fn collateral_for(&self, reputation: Ratio, params: &VerificationParams) -> Amount {
        let discount = params.reputation_discount_max.times_floor(reputation);
        discount.complement().amount_ceil(self.collateral_tiered).max(self.collateral_min)
    }
}

/// 1 up to `tier_start`, then linear to `tier_max` at `tier_full`, up.
fn tier(value: Amount, params: &VerificationParams) -> Factor {
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
