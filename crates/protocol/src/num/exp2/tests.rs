//! Powers of two against exact ones, published ones and floats.

use super::*;

fn decay(passed: u64, half_life: u64) -> Decay {
    exp2_neg_floor(HalfLives { passed, half_life })
}

#[test]
fn whole_half_lives_halve_exactly() {
    for half_life in [1, 3, 6_307_200, u64::MAX / 70] {
        for whole in 0..=64u64 {
            assert_eq!(decay(whole * half_life, half_life).parts(), (1 << 64) >> whole);
        }
        assert_eq!(decay(64 * half_life + 1, half_life), Decay::NONE);
        assert_eq!(decay(65 * half_life, half_life), Decay::NONE);
    }
}

#[test]
fn the_edges_of_the_exponent_are_stated_cases() {
    assert_eq!(decay(0, 0), Decay::ALL);
    assert_eq!(decay(1, 0), Decay::NONE);
    assert_eq!(decay(u64::MAX, 1), Decay::NONE);
    assert_eq!(decay(u64::MAX, u64::MAX).parts(), 1 << 63);
    assert_eq!(Decay::ALL.amount_floor(Amount::MAX), Amount::MAX);
    assert_eq!(Decay::ALL.count_floor(u64::MAX), u64::MAX);
    assert_eq!((Decay::ALL.ratio_floor(), Decay::NONE.ratio_floor()), (Ratio::ONE, Ratio::ZERO));
}

#[test]
fn each_root_is_the_square_root_of_the_one_before() {
    let mut before = ONE / 2;
    for root in ROOTS {
        // ⌊root²⌋ ≤ before < ⌊(root + 1)²⌋ + 1, where `before` was itself cut by less than 1.
        assert!(times_floor(root, root) <= before);
        assert!(before <= times_floor(root + 1, root + 1));
        before = root;
    }
    assert_eq!(times_floor(ONE, ONE), ONE);
    assert_eq!(times_floor(ONE - 1, ONE), ONE - 1);
    assert_eq!(times_floor(ONE - 1, ONE - 1), ONE - 2);
}

#[test]
fn it_is_below_the_exact_value_by_less_than_two_parts() {
    // ⌊2^64 · 2^(−passed / half_life)⌋, from arithmetic with 150 digits.
    let exact: [(u64, u64, u128); 16] = [
        (1, 2, 13043817825332782212),
        (1, 3, 14641190473997345813),
        (2, 3, 11620720580245083921),
        (1, 9223372036854775808, 18446744073709551614),
        (1, 18446744073709551615, 18446744073709551615),
        (18446744073709551614, 18446744073709551615, 9223372036854775808),
        (7, 5, 6990008897674768814),
        (365, 1461, 15513640902872172462),
        (90, 7, 2486188561182526),
        (5000, 6307200, 18436610578401239467),
        (997, 31, 3840666843),
        (639, 10, 1),
        (6399, 100, 1),
        (641, 10, 0),
        (1000000000000000009, 1000000000000000000, 9223372036854775750),
        (123456789012345678, 9876543210987654, 3184526087693298),
    ];
    for (passed, half_life, exact) in exact {
        let parts = decay(passed, half_life).parts();
        assert!(parts <= exact && exact <= parts + 1, "{passed} / {half_life}: {parts}, {exact}");
    }
    // (2^-½)² is a half: p² ≤ 2^127 < (p + 2)².
    let root = decay(1, 2).parts();
    assert!(root * root <= 1 << 127 && 1 << 127 < (root + 2) * (root + 2));
}

#[test]
fn it_agrees_with_floats_as_far_as_they_go_and_never_increases() {
    for half_life in [1u64, 2, 7, 1_000, 6_307_200, 1 << 40, u64::MAX] {
        let mut before = Decay::ALL.parts();
        let mut passed = 0u64;
        for step in 0..20_000u64 {
            let parts = decay(passed, half_life).parts();
            assert!(parts <= before, "{passed} / {half_life}");
            let float = (-(passed as f64) / half_life as f64).exp2();
            let ours = parts as f64 / 2f64.powi(64);
            assert!((float - ours).abs() < 1e-14, "{passed} / {half_life}: {ours}, {float}");
            before = parts;
            // By one at first, and then by growing steps, through all half-lives that count.
            let by = if step < 1_000 { 1 } else { half_life / 300 + 1 };
            let Some(next) = passed.checked_add(by) else { break };
            passed = next;
        }
    }
}

#[test]
fn neighbours_around_each_bit_of_the_exponent_stay_in_order() {
    // With a half-life of 2^63 the exponent has two units a step: every carry is crossed.
    let half_life = 1u64 << 63;
    for bit in 0..64u32 {
        let around = 1u64 << bit;
        for passed in around.saturating_sub(3)..around.saturating_add(3) {
            assert!(decay(passed + 1, half_life) <= decay(passed, half_life), "{passed}");
        }
    }
}

#[test]
fn filecoins_simple_minting_is_met_to_the_last_digits() {
    // filecoin-project/builtin-actors, actors/reward/testdata/TestSimpleReward.golden: attoFIL of
    // one epoch of 30 s, halving every 6 years of 365 days. One win gets a fifth of it
    // (actors/reward/tests/reward_actor_test.rs), which fits 64 bits.
    let half_life = 6 * 365 * 24 * 60 * 2;
    let first_win = Amount::new(7_253_252_858_755_426_947).unwrap();
    for (epoch, reward) in [
        (0, 36_266_264_293_777_134_739u128),
        (5_000, 36_246_341_860_983_438_171),
        (10_000, 36_226_430_372_336_764_970),
        (490_000, 34_364_980_812_279_232_031),
        (2_555_000, 27_387_841_182_142_501_307),
    ] {
        let win = u128::from(decay(epoch, half_life).amount_floor(first_win).units());
        let published = reward / 5;
        assert!(win <= published && published <= win + 2, "epoch {epoch}: {win}, {published}");
    }
}

#[test]
fn what_is_left_and_what_has_gone_sum_to_the_whole() {
    // An emission by difference of two readings issues the whole and no unit more.
    let whole = Amount::tokens(330_000_000);
    let (mut left, mut issued) = (whole, 0);
    for epoch in 1..=2_000 {
        let now = decay(epoch, 30).amount_floor(whole);
        issued += left.checked_sub(now).unwrap().units();
        left = now;
    }
    assert_eq!((left, issued), (Amount::ZERO, whole.units()));
}
