//! The worked row of section 4 of the mechanism, and the directions of rounding.

use super::*;

fn worked(audit_rate: Ratio, auditors: u32, haircut: Ratio) -> Quote {
    let params = RawParams {
        laxity: Ratio::ZERO,
        seed_withholding: 0,
        coalition_fees: Ratio::ZERO,
        haircut,
        ..RawParams::default()
    };
    let terms = BoundTerms {
        p_ref: Amount::tokens(100),
        tariff: Amount::tokens(100),
        audit_rate,
        auditors,
        fallback_auditors: auditors + 2,
        beta: Ratio::percent(20),
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
    };
    quote(&terms, &params).expect("the worked row has a quote")
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
    let params = RawParams::default();
    assert_eq!(row.collateral_for(Ratio::ZERO, &params), row.collateral);
    assert_eq!(row.collateral_for(Ratio::ONE, &params), row.collateral_min);
}

#[test]
fn a_gain_on_delivery_is_never_discounted_by_detection() {
    let params = RawParams::default();
    let terms = |gain_timing| BoundTerms {
        p_ref: Amount::tokens(100),
        tariff: Amount::tokens(1),
        audit_rate: Ratio::ONE,
        auditors: 2,
        fallback_auditors: 4,
        beta: Ratio::percent(20),
        outside_gain: Amount::tokens(1_000),
        gain_timing,
    };
    let late = quote(&terms(GainTiming::Final), &params).expect("quoted");
    let soon = quote(&terms(GainTiming::Delivery), &params).expect("quoted");
    assert!(soon.collateral_min > late.collateral_min);
    assert!(soon.gain > Amount::tokens(1_000));
}

#[test]
fn a_policy_that_detects_too_little_has_no_quote() {
    let params = RawParams { laxity: Ratio::percent(99), ..RawParams::default() };
    let terms = BoundTerms {
        p_ref: Amount::tokens(1),
        tariff: Amount::tokens(1),
        audit_rate: Ratio::percent(2),
        auditors: 1,
        fallback_auditors: 3,
        beta: Ratio::percent(20),
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
    };
    let rejected = quote(&terms, &params);
    assert!(matches!(rejected, Err(BoundRejected::DetectionTooLow { .. })), "{rejected:?}");
}
