//! The worked scores of the mechanism, and the shape of forgetting.

use super::*;

fn score(successes: u64, failures: u64) -> f64 {
    let count = |n: u64| Factor::new(n * PARTS).expect("small");
    let evidence = Evidence { success: count(successes), failure: count(failures) };
    let z = Factor::new(1_645_000_000).expect("small");
    evidence.score(z).parts() as f64 / 1e9
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
    let after = |epochs| record.faded(Epoch::new(epochs), decay).correctness.score(z).parts();
    // M28: 0.714 after 100 epochs, 0.062 after 300.
    assert!((713_000_000..=715_000_000).contains(&after(100)), "{}", after(100));
    assert!((61_000_000..=63_000_000).contains(&after(300)), "{}", after(300));
    assert_eq!(after(1 << 40), Evidence::default().score(z).parts());
}
