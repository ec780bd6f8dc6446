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
        stake_price: Factor::ONE,
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

/// IX2 (iExec's PoCo; group credibility of its paper on trust): how many fresh workers, each of
/// which halves the doubt, it takes before a result is believed with 1 − 1/trust. So many auditors,
/// each of whom is bought with a chance of a half, convict a wrong one as surely.
#[test]
fn ix2_as_many_auditors_are_drawn_as_iexec_needs_fresh_workers() {
    let params = params(|raw| {
        raw.verification.laxity = Ratio::ZERO;
        raw.verification.seed_withholding = 0;
    });
    let detection = |auditors| {
        let terms = BoundTerms { beta: Ratio::percent(50), ..terms(1, 1, Ratio::ONE, auditors) };
        quote(&terms, &params).expect("quoted").detection
    };
    let needed = |trust| {
        let wanted = Ratio::of_ceil(1, trust).complement();
        (1..).find(|auditors| detection(*auditors) >= wanted)
    };
    let published = [
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (8, 3),
        (9, 4),
        (100, 7),
        (10_000, 14),
        (1_000_000, 20),
    ];
    for (trust, workers) in published {
        assert_eq!(needed(trust), Some(workers), "trust {trust}");
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

/// What a fault costs is the same share of what leaving costs, whatever a unit that is bonded is
/// worth: a price far from one neither refuses what is sound nor quotes what is not.
#[test]
fn r13_compares_what_is_in_one_asset() {
    // At a price of 1, .1 + 15.025 are at risk for an exit of .01: see below.
    let sound = |fault: u64, stake_price: Factor| {
        let params = params(|raw| {
            raw.verification.laxity = Ratio::ZERO;
            raw.verification.seed_withholding = 0;
            raw.verification.coalition_fees = Ratio::ZERO;
            raw.verification.reporter_value = Ratio::ZERO;
            raw.verification.referee_fault = ratio(fault);
        });
        let terms = terms(100, 100, Ratio::percent(10), 1);
        quote(&BoundTerms { stake_price, ..terms }, &params).is_ok()
    };
    for price in [PARTS / 10_000, PARTS / 100, PARTS, 100 * PARTS, 1_000_000 * PARTS] {
        assert!(sound(6_230_000, factor(price)), "sound at {price} parts");
        assert!(!sound(6_260_000, factor(price)), "a fault costs more than leaving at {price}");
    }
}

#[test]
fn what_secures_a_job_is_counted_in_the_asset_that_is_bonded() {
    let params = Params::default();
    let terms = terms(100, 100, Ratio::percent(10), 1);
    let half = BoundTerms { stake_price: Factor::percent(50), ..terms };
    let (one, two) = (quote(&terms, &params), quote(&half, &params));
    let (one, two) = (one.expect("quoted"), two.expect("quoted"));
    assert_eq!(one.gain, two.gain, "in the payment asset");
    assert_eq!(two.exit_cost.units(), 2 * one.exit_cost.units());
    assert_eq!(two.reward_max.units(), 2 * one.reward_max.units());
    let twice = 2 * one.collateral_min.units();
    assert!(two.collateral_min.units().abs_diff(twice) <= 20, "only roundings apart");
    let lock = |at: &BoundTerms| {
        let lock = audit_lock(at.tariff, at.p_ref, at.stake_price, params.verification());
        lock.expect("small").units()
    };
    assert_eq!(lock(&half), 2 * lock(&terms));
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

/// A part of a whole in parts per billion.
fn ratio(parts: u64) -> Ratio {
    Ratio::new(parts).expect("a share")
}

fn factor(parts: u64) -> Factor {
    Factor::new(parts).expect("a multiple")
}

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

/// A chance that is just the least has a quote, and one billionth less has none.
#[test]
fn the_least_detection_is_enough() {
    for (minimum, is_quoted) in [(80_000_000, true), (80_000_001, false)] {
        let params = params(|raw| {
            raw.verification.laxity = Ratio::ZERO;
            raw.verification.seed_withholding = 0;
            raw.verification.detection_min = ratio(minimum);
        });
        // d = .1 · (1 − .2).
        let quoted = quote(&terms(100, 100, Ratio::percent(10), 1), &params);
        assert_eq!(quoted.is_ok(), is_quoted, "{minimum}: {quoted:?}");
    }
}

/// R13 of the worked row, in hundredths of a token: .1 and 15.025 are at risk, a hundredth is the
/// exit. A fault of 6,240,249 in 10^9 costs ⌈999,999.9⌉ base units, just as much; one more, one
/// unit more.
#[test]
fn faults_may_cost_what_leaving_costs_and_no_unit_more() {
    for (fault, loss) in [(6_240_249, 1_000_000), (6_240_250, 1_000_001)] {
        let params = params(|raw| {
            raw.verification.laxity = Ratio::ZERO;
            raw.verification.seed_withholding = 0;
            raw.verification.coalition_fees = Ratio::ZERO;
            raw.verification.reporter_value = Ratio::ZERO;
            raw.verification.referee_fault = ratio(fault);
        });
        let hundredths = units(10_000_000);
        let terms = terms(1, 1, Ratio::percent(10), 1);
        let terms = BoundTerms { p_ref: hundredths, tariff: hundredths, ..terms };
        let quoted = quote(&terms, &params);
        let (loss, exit_cost) = (units(loss), units(1_000_000));
        if loss == exit_cost {
            let quote = quoted.expect("it costs no more");
            assert_eq!((quote.collateral, quote.exit_cost), (units(150_250_000), exit_cost));
        } else {
            assert_eq!(quoted, Err(BoundRejected::FaultsTooDear { loss, exit_cost }));
        }
    }
}

/// Values above a thousand tokens lock more, up to twice as much from a hundred thousand on.
/// B(1.1) = 1.1 · (.92 + .1) · p / .08 + 100 = 14.025 · p + 100.
#[test]
fn dear_jobs_lock_a_multiple() {
    let params = params(|raw| {
        raw.verification.laxity = Ratio::ZERO;
        raw.verification.seed_withholding = 0;
        raw.verification.coalition_fees = Ratio::ZERO;
        raw.verification.reporter_value = Ratio::ZERO;
    });
    let locked = |p_ref: u64| {
        let terms = terms(p_ref, 100, Ratio::percent(10), 1);
        quote(&terms, &params).expect("quoted").collateral.units()
    };
    let base = |p_ref: u64| 14_025_000_000 * p_ref + 100_000_000_000;
    for (p_ref, percent) in
        [(1, 100), (1_000, 100), (25_750, 125), (50_500, 150), (100_000, 200), (250_000, 200)]
    {
        assert_eq!(locked(p_ref), base(p_ref) / 100 * percent, "a price of {p_ref}");
    }
    // One unit above the start is a billionth of the way. ⌈.92 · p⌉ + ⌈.1 · p⌉ are two units more,
    // of which ⌈13.75 · 2⌉ are locked, and ⌈14,125.00…⌉ for the way.
    let terms = terms(1, 100, Ratio::percent(10), 1);
    let terms = BoundTerms { p_ref: units(1_000_000_000_001), ..terms };
    let above = quote(&terms, &params).expect("quoted").collateral.units();
    assert_eq!(above, base(1_000) + 28 + 14_126);
}

/// At a margin of one the collateral is B_min: one unit more than what deters.
#[test]
fn a_margin_of_one_still_locks_the_least_that_deters() {
    let params = params(|raw| raw.verification.margin = Factor::ONE);
    let quote = quote(&terms(100, 100, Ratio::ONE, 2), &params).expect("quoted");
    assert_eq!(quote.collateral, quote.collateral_min);
    assert_eq!(quote.collateral_tiered.checked_add(Amount::UNIT), Some(quote.collateral_min));
}

/// ⌈a · b / c⌉ and ⌊a · b / c⌋.
fn up(a: u64, b: u64, c: u64) -> u64 {
    u64::try_from((u128::from(a) * u128::from(b)).div_ceil(u128::from(c))).expect("small")
}

fn down(a: u64, b: u64, c: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) / u128::from(c)).expect("small")
}

/// Where no division is without a remainder, every one of them goes against whoever might cheat.
#[test]
fn every_division_of_a_quote_goes_against_a_cheat() {
    const ONE: u64 = PARTS;
    let (price, laxity, haircut, margin) = (1_300_000_007, 50_000_017, 100_000_007, 1_100_000_009);
    let params = params(|raw| {
        raw.slashing.insurance_share = ratio(300_000_007);
        raw.slashing.burn_share = ratio(500_000_011);
        let raw = &mut raw.verification;
        (raw.laxity, raw.haircut, raw.margin) = (ratio(laxity), ratio(haircut), factor(margin));
        (raw.floor, raw.coalition_fees) = (ratio(100_000_007), ratio(999_999_937));
        (raw.reporter_max, raw.reporter_value) = (factor(1_000_000_007), ratio(20_000_011));
        (raw.tier_start, raw.tier_full) = (units(50_000_000_017), units(150_000_000_041));
        (raw.tier_max, raw.reputation_discount_max) = (factor(2_300_000_009), ratio(300_000_023));
    });
    let (p, t, g) = (99_999_999_977, 98_999_999_977, 7_000_000_003);
    let (rate, beta, judges) = (100_000_037, 200_000_033, 210_000_021);
    let terms = BoundTerms {
        p_ref: units(p),
        tariff: units(t),
        audit_rate: ratio(rate),
        auditors: 2,
        fallback_auditors: 3,
        beta: ratio(beta),
        beta_judges: ratio(judges),
        outside_gain: units(g),
        gain_timing: GainTiming::Final,
        stake_price: factor(price),
    };
    let quote = quote(&terms, &params).expect("quoted");

    let e = beta + up(ONE - beta, laxity, ONE);
    let (two, three) = (up(e, e, ONE), up(up(e, e, ONE), e, ONE));
    let d = down(down(rate, ONE - two, ONE), ONE - three, ONE);
    assert_eq!((quote.e, quote.detection), (ratio(e), ratio(d)));

    let exit = up(100_000_007, p, ONE);
    let fees = up(up(up(rate, beta, ONE), 999_999_937, ONE), 2 * t, ONE);
    let gain = up(ONE - d, p + fees, ONE) + up(ONE - d, g, ONE);
    let looking = up(1_000_000_007, t, ONE) + up(20_000_011, p, ONE);
    let reward = up(looking, ONE, price);
    assert_eq!((quote.gain, quote.exit_cost), (units(gain), units(up(exit, ONE, price))));
    assert_eq!(quote.reward_max, units(reward));

    let r = up(judges, up(ONE - 500_000_011, ONE - 300_000_007, ONE), ONE);
    let kept = down(ONE - r, ONE - haircut, ONE);
    let bound = |k| up(up(up(gain + exit, ONE, price), k, d) + reward, ONE, kept);
    let way = up(p - 50_000_000_017, ONE, 100_000_000_024);
    let tier = ONE + up(1_300_000_009, way, ONE);
    let tiered = up(bound(margin), tier, ONE);
    assert_eq!(quote.collateral_min, units(bound(ONE) + 1));
    assert_eq!((quote.collateral_tiered, quote.collateral), (units(tiered), units(tiered)));
    // Of a reputation of a third, a discount of a tenth.
    let discount = down(300_000_023, 333_333_333, ONE);
    let locked = quote.collateral_for(ratio(333_333_333), params.verification());
    assert_eq!(locked, units(up(ONE - discount, tiered, ONE)));
}

/// Up, each part by itself: p_ref from a ceiling, and what a seat locks.
#[test]
fn what_a_job_is_worth_and_what_a_seat_locks_are_rounded_up() {
    let price = 1_300_000_007;
    let params = params(|raw| {
        raw.verification.ceiling_share = ratio(500_000_001);
        raw.verification.audit_lock = factor(2_000_000_003);
        raw.verification.audit_lock_value = ratio(50_000_003);
    });
    let verification = params.verification();
    let worth = |payable, tariff, ceiling| {
        reference_price(units(payable), units(tariff), units(ceiling), verification).units()
    };
    assert_eq!([worth(6, 5, 10), worth(5, 6, 10), worth(5, 5, 10)], [6, 6, 6], "⌈5.00000001⌉");
    assert_eq!([worth(7, 5, 10), worth(5, 7, 10)], [7, 7]);
    // ⌈14.000000021⌉ + ⌈5.0000003⌉ = 21, and ⌈21 / 1.300000007⌉ = ⌈16.15⌉.
    let lock = audit_lock(units(7), units(100), factor(price), verification);
    assert_eq!(lock, Some(units(17)));
}
