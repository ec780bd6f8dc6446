//! The worked row of section 4 of the mechanism, and the directions of rounding.

use super::*;

fn params(change: impl Fn(&mut crate::RawParams)) -> Params {
    let mut raw = crate::RawParams::default();
    change(&mut raw);
    Params::try_from(raw).expect("in range")
}

fn terms(p_ref: u64, tariff: u64, audit_rate: Ratio, auditors: u32) -> BoundTerms {
    BoundTerms {
        p_ref: Amount::tokens(p_ref),
        tariff: Amount::tokens(tariff),
        audit_rate,
        auditors,
        fallback_auditors: auditors + 2,
        beta: Ratio::percent(20),
        beta_judges: Ratio::percent(20),
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
    }
}

fn worked(audit_rate: Ratio, auditors: u32, haircut: Ratio) -> Quote {
    let params = params(|raw| {
        raw.verification.laxity = Ratio::ZERO;
        raw.verification.seed_withholding = 0;
        raw.verification.coalition_fees = Ratio::ZERO;
        raw.verification.reporter_value = Ratio::ZERO;
        raw.verification.haircut = haircut;
    });
    quote(&terms(100, 100, audit_rate, auditors), &params).expect("the worked row has a quote")
}

/// Tenths of a token, rounded to the nearest as the mechanism prints them.
fn tenths(amount: Amount) -> u64 {
    (amount.units() + 50_000_000) / 100_000_000
}

#[test]
fn the_worked_row_comes_out() {
    let row = worked(Ratio::percent(10), 1, Ratio::ZERO);
    assert_eq!(row.detection, Ratio::percent(8));
    assert_eq!(row.gain.checked_add(row.exit_cost), Some(Amount::tokens(102)));
    assert_eq!(row.collateral.units(), 1_502_500_000_000);
    for (rate, auditors, haircut, expected) in [
        (10, 2, 0, 12_504),
        (20, 2, 0, 6_202),
        (100, 2, 0, 1_160),
        (100, 4, 0, 1_112),
        (10, 2, 30, 17_863),
    ] {
        let row = worked(Ratio::percent(rate), auditors, Ratio::percent(haircut));
        assert_eq!(tenths(row.collateral), expected, "a {rate} %, m {auditors}");
    }
}

#[test]
fn reputation_never_lowers_collateral_below_the_bound() {
    let row = worked(Ratio::percent(10), 1, Ratio::ZERO);
    let params = VerificationParams::default();
    assert_eq!(row.collateral_for(Ratio::ZERO, &params), row.collateral);
    assert_eq!(row.collateral_for(Ratio::ONE, &params), row.collateral_min);
}

#[test]
fn a_gain_on_delivery_is_never_discounted_by_detection() {
    let params = Params::default();
    let quoted = |gain_timing| {
        let terms = terms(100, 1, Ratio::ONE, 2);
        let terms = BoundTerms { outside_gain: Amount::tokens(1_000), gain_timing, ..terms };
        quote(&terms, &params).expect("quoted")
    };
    let (late, soon) = (quoted(GainTiming::Final), quoted(GainTiming::Delivery));
    assert!(soon.collateral_min > late.collateral_min);
    assert!(soon.gain > Amount::tokens(1_000));
}

#[test]
fn a_policy_that_detects_too_little_has_no_quote() {
    let params = params(|raw| raw.verification.laxity = Ratio::percent(99));
    let rejected = quote(&terms(1, 1, Ratio::percent(2), 1), &params);
    assert!(matches!(rejected, Err(BoundRejected::DetectionTooLow { .. })), "{rejected:?}");
}

#[test]
fn r13_refuses_a_quote_whose_collateral_the_referees_faults_would_eat() {
    let faulty = params(|raw| {
        raw.verification.referee_fault = Ratio::new(2_000_000).expect("two in a thousand");
    });
    let rejected = quote(&terms(100, 100, Ratio::percent(2), 1), &faulty);
    assert!(matches!(rejected, Err(BoundRejected::FaultsTooDear { .. })), "{rejected:?}");
    assert!(quote(&terms(100, 100, Ratio::ONE, 2), &faulty).is_ok(), "little is at risk there");
}

#[test]
fn what_secures_a_job_is_counted_in_the_asset_that_is_bonded() {
    let half = params(|raw| raw.chain.stake_price = Factor::percent(50));
    let terms = terms(100, 100, Ratio::percent(10), 1);
    let (one, two) = (quote(&terms, &Params::default()), quote(&terms, &half));
    let (one, two) = (one.expect("quoted"), two.expect("quoted"));
    assert_eq!(one.gain, two.gain, "in the payment asset");
    assert_eq!(two.exit_cost.units(), 2 * one.exit_cost.units());
    assert_eq!(two.reward_max.units(), 2 * one.reward_max.units());
    let twice = 2 * one.collateral_min.units();
    assert!(two.collateral_min.units().abs_diff(twice) <= 20, "only roundings apart");
    let lock = |params| audit_lock(terms.tariff, terms.p_ref, params).expect("small").units();
    assert_eq!(lock(&half), 2 * lock(&Params::default()));
}

#[test]
fn a_judges_share_raises_the_bound_by_what_a_coalition_among_them_gets_back() {
    let shared = params(|raw| raw.slashing.insurance_share = Ratio::ZERO);
    let terms = terms(100, 100, Ratio::percent(10), 1);
    let alone = quote(&terms, &Params::default()).expect("quoted").collateral_min.units();
    let with = quote(&terms, &shared).expect("quoted").collateral_min.units();
    // r = .2 · .5 · 1.
    assert!(with.abs_diff(alone * 10 / 9) <= 10, "{alone} {with}");
}
