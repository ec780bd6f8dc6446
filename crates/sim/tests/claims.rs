//! Economic tests: the claims of the committed scenarios, and that the simulator can deny them.

use earnest_sim::{Report, RunOptions, SimError};

const SMALL: &str = include_str!("../../../scenarios/small.toml");
const LAZY_PROVIDER: &str = include_str!("../../../scenarios/lazy-provider.toml");

fn run(text: &str) -> Result<Report, SimError> {
    earnest_sim::run(text, RunOptions::default(), &|_| {})
}

/// `text` with one line replaced, which must be there.
fn with(text: &str, line: &str, other: &str) -> String {
    assert!(text.contains(line), "no line {line:?}");
    text.replacen(line, other, 1)
}

#[test]
fn a_wrong_result_is_a_loss_at_every_point_of_the_small_grid() {
    let report = run(SMALL).expect("a committed scenario");
    assert!(report.holds(), "{}", report.table());
    for point in &report.points {
        assert_eq!(point.detection.trials, 6_000);
        assert_eq!(point.honest_jobs_lost, 0);
        // The exit costs what the quote says, to the unit, and is never the worst choice.
        let profits = &point.profits;
        let abandoning = profits.abandoning.mean + point.quote.exit_cost.units() as f64;
        assert!(abandoning.abs() < 1_000_000.0, "a few base fees, not {abandoning}");
        assert!(profits.lying.mean < profits.abandoning.mean);
        assert!(profits.abandoning.mean < profits.honest.mean);
    }
}

#[test]
fn no_law_is_broken_after_any_command_of_the_small_grid() {
    let checked = with(SMALL, "invariants = \"run\"", "invariants = \"command\"");
    let checked = with(&checked, "trials = 6_000", "trials = 300");
    let report = run(&checked).expect("a valid scenario");
    assert!(report.failures.is_empty(), "{}", report.table());
}

#[test]
fn the_lazy_provider_loses_and_is_convicted_as_often_as_quoted() {
    let report = run(LAZY_PROVIDER).expect("a committed scenario");
    assert!(report.points.len() >= 9);
    assert!(report.holds(), "{}", report.table());
    assert!(report.points.iter().all(|p| p.verdicts.detection_in_interval), "{}", report.table());
    assert!(report.points.iter().all(|p| p.detection.trials >= 20_000));
}

#[test]
fn more_collusion_than_the_rules_assume_shows_and_makes_lying_pay() {
    let bought = with(SMALL, "colluding = 0.2", "colluding = 0.8");
    let report = run(&bought).expect("a valid scenario");
    assert!(!report.holds());
    for point in &report.points {
        assert!(!point.verdicts.detection_consistent, "{}", report.table());
        assert!(point.detection.family_interval.1 < point.detection.closed_form);
        let lying = &point.profits.lying_less_abandoning;
        assert!(lying.interval.0 > 0.0, "lying pays: {lying:?}");
    }
    assert!(report.table().contains("d is off"), "{}", report.table());
    assert!(report.table().contains("DOES NOT HOLD"));
}

#[test]
fn too_few_trials_are_called_so() {
    let few = with(SMALL, "trials = 6_000", "trials = 30");
    let report = run(&few).expect("a valid scenario");
    assert!(!report.holds());
    assert!(report.table().contains("not shown"), "{}", report.table());
}

#[test]
fn laxer_auditors_than_the_rules_assume_show() {
    let lax = with(SMALL, "laxity = 0.05", "laxity = 0.5");
    let report = run(&lax).expect("a valid scenario");
    assert!(report.points.iter().all(|point| !point.verdicts.detection_consistent));
}

#[test]
fn what_a_wrong_result_is_worth_outside_is_covered_if_it_is_declared() {
    let coveted = with(SMALL, "[providers]", "[job]\noutside_gain = 100\n\n[providers]");
    // The larger the stakes against the margin, the more trials show it.
    let coveted = with(&coveted, "trials = 6_000", "trials = 30_000");
    let coveted = with(&coveted, "audit_rate = [0.25, 1.0]", "audit_rate = [0.5]");
    let report = run(&coveted).expect("a valid scenario");
    assert!(report.holds(), "{}", report.table());
    // Ten times the price is at stake, and about as much more is locked.
    assert!(report.points.iter().all(|p| p.quote.gain.units() > 25_000_000_000));
}

#[test]
fn jobs_that_a_part_time_liar_does_honestly_are_paid() {
    let sometimes = with(SMALL, "lazy = 30", "lazy = 30\nlazy_rate = 0.5");
    let report = run(&sometimes).expect("a valid scenario");
    for point in &report.points {
        let lies = point.detection.trials;
        assert!(lies.abs_diff(3_000) < 240, "about half of 6,000: {lies}");
        assert_eq!(point.honest_jobs_lost, 0);
        assert!(point.verdicts.detection_consistent);
    }
}

#[test]
fn a_network_without_bought_or_lax_auditors_convicts_whatever_it_audits() {
    let clean = SMALL
        .replace("colluding = 0.2", "colluding = 0.0")
        .replace("laxity = 0.05", "laxity = 0.0")
        .replace("laxity = 50_000_000", "laxity = 0");
    let report = run(&clean).expect("a valid scenario");
    for point in report.points.iter().filter(|point| point.audit_rate == 1.0) {
        assert_eq!(point.detection.convictions, point.detection.trials);
    }
}

#[test]
fn runs_that_fail_are_rows_and_no_claim_holds_by_them() {
    let poor = with(SMALL, "count = 2", "count = 2\nbalance = 50");
    let report = run(&poor).expect("a readable scenario");
    assert!(!report.holds());
    assert_eq!(report.failures.len() as u64, report.manifest.runs);
    let (table, json) = (report.table(), report.to_json());
    assert!(table.contains("failed: block 1: a command of account"), "{table}");
    assert!(table.contains("more failed"));
    assert!(json.contains("ExceedsFree"), "{json}");
}
