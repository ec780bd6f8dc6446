//! One seed gives one result, whatever the threads; and the shipped claim holds.

use earnest_sim::{RunOptions, run};

/// The shipped scenario, small enough for a test.
fn small() -> String {
    let text = include_str!("../../../scenarios/lazy-provider.toml");
    text.replace("runs = 20", "runs = 2").replace("each = 250", "each = 60")
}

fn json(text: &str, seed: u64, threads: usize) -> String {
    let options = RunOptions { seed: Some(seed), threads: Some(threads) };
    run(text, options, &|_| {}).expect("the scenario runs").to_json()
}

#[test]
fn the_result_does_not_depend_on_threads_and_does_on_the_seed() {
    let text = small();
    let one = json(&text, 1, 1);
    assert_eq!(one, json(&text, 1, 2));
    assert_eq!(one, json(&text, 1, 4));
    assert_ne!(one, json(&text, 2, 2));
}

#[test]
fn lying_loses_at_the_quoted_collateral_and_detection_is_what_theory_says() {
    let text = include_str!("../../../scenarios/lazy-provider.toml");
    let options = RunOptions { seed: Some(1), threads: None };
    let report = run(text, options, &|_| {}).expect("the scenario runs");
    assert!(report.points.len() >= 9);
    assert!(report.holds(), "{}", report.table());
}

#[test]
fn lying_pays_when_the_collateral_is_taken_away() {
    // The other way round: with a pool that colludes far more than the quote assumes, the same
    // experiment says so. A test that cannot fail would show nothing.
    let text = small().replace("colluding = 0.2", "colluding = 0.95");
    let report = run(&text, RunOptions::default(), &|_| {}).expect("the scenario runs");
    assert!(!report.holds());
    assert!(report.points.iter().any(|point| point.lying.mean > point.honest.mean));
}
