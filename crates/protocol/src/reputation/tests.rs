//! The worked scores of the mechanism, and the shape of forgetting.

use super::*;

fn score(successes: u64, failures: u64) -> f64 {
    let count = |n: u64| Factor::new(n * PARTS).expect("small");
    let evidence = Evidence { success: count(successes), failure: count(failures) };
    let z = Factor::new(1_645_000_000).expect("small");
    evidence.bound(z).parts() as f64 / 1e9
}

#[test]
fn scores_are_those_of_the_mechanism() {
    for (successes, failures, expected) in [
        (0, 0, 0.025_129),
        (1, 0, 0.278_936),
        (10, 0, 0.790_568),
        (50, 0, 0.949_737),
        (50, 5, 0.828_448),
    ] {
        let got = score(successes, failures);
        assert!((got - expected).abs() < 1e-6, "({successes}, {failures}): {got}");
    }
}

#[test]
fn evidence_fades_to_ignorance() {
    let evidence =
        Evidence { success: Factor::new(50 * PARTS).expect("small"), ..Evidence::default() };
    let record = Record { correctness: evidence, ..Record::default() };
    let decay = Ratio::percent(98);
    let z = Factor::new(1_645_000_000).expect("small");
    let after = |epochs| record.faded(Epoch::new(epochs), decay).correctness.bound(z).parts();
    // M28: 0.714 after 100 epochs, 0.062 after 300.
    assert!((713_000_000..=715_000_000).contains(&after(100)), "{}", after(100));
    assert!((61_000_000..=63_000_000).contains(&after(300)), "{}", after(300));
    assert_eq!(after(1 << 40), Evidence::default().bound(z).parts());
}

/// AC1 to AC3 (Acurast/acurast-substrate, pallets/marketplace/reputation/src/tests.rs): the mean
/// without a margin, faded by 0.98 before each success, as a share of the highest that it tends to:
/// that of fifty successes, where fading takes as much as one adds.
#[test]
fn ac1_to_ac3_scores_are_those_of_acurast_as_a_share_of_the_highest() {
    let params = ReputationParams { z: Factor::ZERO, ..ReputationParams::default() };
    let mean = |evidence: Evidence| evidence.bound(params.z).parts() as f64;
    let highest = mean(evidence(50 * PARTS, 0));
    let after = |successes: u64| {
        let (mut all, id) = (Reputation::default(), OperatorId::new(0));
        all.enter(Epoch::ZERO);
        let (dimension, success, weight) = (Dimension::Correctness, true, Factor::ONE);
        for epoch in 1..=successes {
            let note = Note { dimension, success, weight };
            all.note(id, &[note], Epoch::new(epoch), &params);
        }
        mean(all.record(id).correctness) / highest
    };
    for (successes, published) in [(0, 0.509_803), (1, 0.679_738), (59, 0.991_915)] {
        let got = after(successes);
        assert!((got - published).abs() < 1e-6, "{successes}: {got}");
    }
}

/// Parameters under which so many dimensions count.
fn counting(dimensions: u8) -> ReputationParams {
    ReputationParams { dimensions, ..ReputationParams::default() }
}

fn evidence(success: u64, failure: u64) -> Evidence {
    let factor = |parts| Factor::new(parts).expect("in range");
    Evidence { success: factor(success), failure: factor(failure) }
}

fn record(counts: [(u64, u64); 3]) -> Record {
    let [correctness, timeliness, availability] = counts.map(|(s, f)| evidence(s, f));
    Record { correctness, timeliness, availability, ..Record::default() }
}

fn score_of(counts: [(u64, u64); 3], dimensions: u8) -> u64 {
    record(counts).score(&counting(dimensions)).parts()
}

#[test]
fn what_is_kept_is_all_until_the_first_failure_and_then_a_share() {
    let kept = |s, f| evidence(s * PARTS, f * PARTS).keeping().parts();
    assert_eq!([kept(0, 0), kept(1, 0), kept(1_000, 0)], [PARTS; 3]);
    assert_eq!(kept(0, 1), PARTS / 2);
    assert_eq!(kept(0, 3), PARTS / 4);
    assert_eq!(kept(9, 1), 909_090_909, "ten of eleven, down");
    assert_eq!(kept(1_000_000, 1_000_000), 500_000_249, "1,000,001 of 2,000,001");
}

/// What was never asked of anybody takes nothing: ten jobs in time score what ten right results
/// are worth, with an availability of which nothing is known, where a product of three bounds
/// would leave a sixtieth of it.
#[test]
fn a_dimension_without_evidence_does_not_crush_a_score() {
    let ten = 10 * PARTS;
    let near = |got: u64, wanted: f64| (got as f64 / 1e9 - wanted).abs() < 1e-6;
    assert!(near(score_of([(ten, 0), (ten, 0), (0, 0)], 3), 0.790_568));
    assert!(near(score_of([(ten, 0), (0, 0), (0, 0)], 3), 0.790_568));
    assert!(near(score_of([(ten, 0), (ten, 0), (0, 0)], 2), 0.790_568 * 0.790_568));
    assert!(near(score_of([(0, 0); 3], 3), 0.025_129), "a newcomer");
    // Ten kept and one abandoned: ten of eleven and the prior.
    assert!(near(score_of([(ten, 0), (ten, 0), (ten, PARTS)], 3), 0.790_568 * 11.0 / 12.0));
}

#[test]
fn silence_is_lateness_where_availability_does_not_count() {
    let told = |dimensions| {
        let (mut all, params) = (Reputation::default(), counting(dimensions));
        all.enter(Epoch::ZERO);
        let note =
            |success| Note { dimension: Dimension::Availability, success, weight: Factor::ONE };
        all.note(OperatorId::new(0), &[note(true), note(false)], Epoch::ZERO, &params);
        let all = all.record(OperatorId::new(0));
        [all.correctness, all.timeliness, all.availability]
    };
    assert_eq!(told(2), [evidence(0, 0), evidence(0, PARTS), evidence(0, 0)]);
    assert_eq!(told(3), [evidence(0, 0), evidence(0, 0), evidence(PARTS, PARTS)]);
}

#[test]
fn a_failure_taken_back_is_taken_from_where_it_was_booked() {
    for dimensions in [2, 3] {
        let (mut all, params) = (Reputation::default(), counting(dimensions));
        all.enter(Epoch::ZERO);
        let (id, dimension) = (OperatorId::new(0), Dimension::Availability);
        let note = Note { dimension, success: false, weight: Factor::ONE };
        all.note(id, &[note], Epoch::ZERO, &params);
        let later = Epoch::new(20);
        all.unmark((id, dimension), (Factor::ONE, Epoch::ZERO), later, &params);
        assert_eq!(all.record(id), Record { faded_at: later, ..Record::default() });
    }
}

/// A score that is known is that of the parameters it is asked under, a vote of this epoch or not.
#[test]
fn a_score_is_not_that_of_the_dimensions_before_a_vote() {
    let mut all = Reputation::default();
    all.enter(Epoch::ZERO);
    let id = OperatorId::new(0);
    let of = |dimension| Note { dimension, success: true, weight: Factor::percent(1_000) };
    let notes = [of(Dimension::Correctness), of(Dimension::Timeliness)];
    all.note(id, &notes, Epoch::ZERO, &counting(2));
    for params in [counting(3), counting(2)] {
        assert_eq!(all.proven(id, Epoch::ZERO, &params), all.record(id).proven(&params));
    }
    assert!(all.proven(id, Epoch::ZERO, &counting(2)) < all.proven(id, Epoch::ZERO, &counting(3)));
}

/// What a conviction took comes back as fading would have left it; nothing is capped an event.
#[test]
fn what_was_carried_is_lost_and_given_back_as_it_would_have_faded() {
    let (mut all, params) = (Reputation::default(), counting(2));
    all.enter(Epoch::ZERO);
    let (id, sum) = (OperatorId::new(0), Amount::tokens(500));
    (0..2).for_each(|_| all.carry(id, Amount::tokens(250), Epoch::ZERO, &params));
    assert_eq!(all.record(id).carried, sum);
    let (then, now) = (Epoch::new(10), Epoch::new(30));
    let lost = all.drop_carried(id, then, &params);
    assert_eq!(all.record(id).carried, Amount::ZERO);
    all.regain_carried(id, (lost, then), now, &params);
    let faded = params.decay.pow_floor(30).amount_floor(sum);
    assert!(all.record(id).carried.units().abs_diff(faded.units()) < 1_000, "{faded}");
}

#[test]
fn a_job_is_worth_what_was_carried_or_the_floor() {
    let some = |units| Amount::new(units).expect("small");
    assert_eq!(counting(2).job_value_max(Amount::MAX), None, "off by default");
    let params = ReputationParams {
        carried_multiple: Factor::percent(150),
        carried_floor: some(7),
        ..counting(2)
    };
    let most = |carried| params.job_value_max(some(carried)).map(Amount::units);
    assert_eq!([0, 4, 5, 101].map(most), [7, 7, 7, 151].map(Some));
    assert_eq!(params.job_value_max(Amount::MAX), Some(Amount::MAX), "in wide numbers");
    // Two names that shared the work may take on no more than the one that did it all.
    for (one, other) in [(0, 0), (3, 3), (50, 51), (1, 1_000)] {
        assert!(most(one).max(most(other)) <= most(one + other));
    }
}

mod shape {
    use proptest::prelude::*;

    use super::*;

    /// Up to ten thousand events, to the part.
    fn some() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), 0..=2 * PARTS, 0..=200 * PARTS, 0..=10_000 * PARTS]
    }

    fn counts() -> impl Strategy<Value = [(u64, u64); 3]> {
        [(some(), some()), (some(), some()), (some(), some())]
    }

    /// A bound and each product are rounded by a part per billion at most.
    const ROUNDING: u64 = 4;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn a_success_never_lowers_a_score_and_a_failure_never_raises_it(
            counts in counts(), at in 0usize..3, more in 1..=50 * PARTS,
            dimensions in 2u8..=3, z in 0..=10 * PARTS,
        ) {
            let params = ReputationParams {
                z: Factor::new(z).expect("in range"), ..counting(dimensions)
            };
            let score = |counts| record(counts).score(&params).parts();
            let (mut better, mut worse) = (counts, counts);
            better[at].0 += more;
            worse[at].1 += more;
            prop_assert!(score(better) + ROUNDING >= score(counts));
            prop_assert!(score(worse) <= score(counts) + ROUNDING);
        }

        #[test]
        fn a_name_without_evidence_is_below_all_that_have_successes_alone(
            (right, kept, there) in (some(), some(), some()), dimensions in 2u8..=3,
        ) {
            let known = score_of([(right, 0), (kept, 0), (there, 0)], dimensions);
            prop_assert!(score_of([(0, 0); 3], dimensions) <= known + ROUNDING);
        }

        /// Work that is shared out among names, each with its share of what failed, scores no
        /// more under any of them than under one: for records as jobs make them, of names that
        /// keep four of five.
        #[test]
        fn a_name_in_parts_is_below_the_whole(
            (paid, wrong, late, away) in (some(), 0u64..=250, 0u64..=250, 0u64..=250),
            part in 0u64..=1_000, dimensions in 2u8..=3,
        ) {
            let thousandths = |count: u64, of: u64| {
                u64::try_from(u128::from(count) * u128::from(of) / 1_000).expect("less")
            };
            let [wrong, late, away] = [wrong, late, away].map(|of| thousandths(paid, of));
            let whole = [(paid, wrong), (paid - late, late), (paid, away)];
            // Successes down, failures up: no rounding is what makes a part better.
            let parts = whole.map(|(s, f)| {
                (thousandths(s, part), f.min(thousandths(f, part) + 1))
            });
            prop_assert!(score_of(parts, dimensions) <= score_of(whole, dimensions) + ROUNDING);
        }

        /// Good ratings win back what bad ones took, and nothing else; all of them together take
        /// at most their share, and a bad one takes no less of a score than none.
        #[test]
        fn ratings_take_at_most_their_share_and_give_nothing(
            counts in counts(), (good, bad) in (some(), some()), more in 1..=50 * PARTS,
            share in 0..=PARTS / 10, dimensions in 2u8..=3,
        ) {
            let share = Ratio::new(share).expect("a tenth");
            let params = ReputationParams { rating_share: share, ..counting(dimensions) };
            let rated = |good, bad| Record { ratings: evidence(good, bad), ..record(counts) };
            let (now, proven) = (rated(good, bad).score(&params), rated(good, bad).proven(&params));
            prop_assert_eq!(proven, record(counts).score(&params), "of acts alone");
            prop_assert_eq!(rated(good, 0).score(&params), proven, "nothing is to be won back");
            prop_assert!(proven.times_floor(share.complement()).parts() <= now.parts() + 1);
            prop_assert!(now <= proven);
            prop_assert!(rated(good, bad + more).score(&params) <= now);
            prop_assert!(now <= rated(good + more, bad).score(&params));
        }

        #[test]
        fn no_score_is_above_what_right_results_alone_would_score(counts in counts()) {
            let right = [counts[0], (0, 0), (0, 0)];
            prop_assert!(score_of(counts, 3) <= score_of(right, 3));
        }
    }
}
