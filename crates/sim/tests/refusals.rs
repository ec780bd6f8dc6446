//! Scenarios that are refused, and the words that say why.

use earnest_sim::{RunOptions, SimError};

const SMALL: &str = include_str!("../../../scenarios/small.toml");

/// The small scenario with `line` replaced must be refused with words that contain `expected`.
fn check(line: &str, other: &str, expected: &str) {
    assert!(SMALL.contains(line), "no line {line:?}");
    let text = SMALL.replacen(line, other, 1);
    let refused = earnest_sim::run(&text, RunOptions::default(), &|_| {});
    let words = refused.expect_err("must be refused").to_string();
    assert!(words.contains(expected), "{other:?}: {words:?} lacks {expected:?}");
}

#[test]
fn a_file_that_is_no_scenario_is_refused_where_it_goes_wrong() {
    check("[grid]", "[grid", "cannot be read");
    check("trials = 6_000", "", "trials");
    check("trials = 6_000", "trials = 6_000\ntrails = 3", "unknown field `trails`");
    check("honest = 5", "honest = \"five\"", "invalid type");
    check("honest = 5", "honest = -5", "-5");
    check("seed_withholding = 0", "canaries = 0", "unknown field `canaries`");
    check("[params.verification]", "[params.courts]", "unknown field `courts`");
    check("laxity = 50_000_000", "laxity = 1_000_000_001", "at most 1000000000 parts");
    check("invariants = \"run\"", "invariants = \"never\"", "unknown variant `never`");
}

#[test]
fn a_value_out_of_range_is_refused_with_its_range() {
    check("name = \"small\"", "name = \"\"", "name must have 1 to 64 characters");
    check("audit_rate = [0.25, 1.0]", "audit_rate = []", "0 points, allowed are 1 to 256");
    check("audit_rate = [0.25, 1.0]", "audit_rate = [1.5]", "grid.audit_rate is 1.5");
    check("audit_rate = [0.25, 1.0]", "audit_rate = [nan]", "grid.audit_rate is NaN");
    check("auditors = [1, 2]", "auditors = [0]", "grid.auditors is 0, allowed are 1 to 16");
    check("trials = 6_000", "trials = 0", "grid.trials is 0, allowed are 1 to 1000000");
    check("lazy = 30", "lazy = 0", "providers.lazy is 0");
    check("lazy = 30", "lazy = 30\nask = [0.9, 0.8]", "must begin with its lower end");
    check("lazy = 30", "lazy = 30\nbond_multiple = 0.5", "providers.bond_multiple is 0.5");
    check("count = 100", "count = 1", "validators.count is 1");
    check("colluding = 0.2", "colluding = 1.01", "validators.colluding is 1.01");
    check("count = 2", "count = 0", "requesters.count is 0");
    check("invariants = ", "confidence = 1.0\ninvariants = ", "confidence is 1, allowed");
}

#[test]
fn what_the_rules_would_refuse_is_refused_before_anything_is_simulated() {
    check(
        "beta = 200_000_000",
        "beta = 1_000_000_000",
        "[params]: verification.beta is 1000000000",
    );
    check("audit_rate = [0.25, 1.0]", "audit_rate = [0.01]", "audit_min is 20000000 parts");
    check("auditors = [1, 2]", "auditors = [9]", "auditors_max is 8");
    check("count = 100", "count = 2", "validators are needed, validators.count is 2");
    check("beta = 200_000_000", "beta = 980_000_000", "detection_min is 10000000");
    check("lazy = 30", "lazy = 30\n[job]\ndeadline_blocks = 1", "job.deadline_blocks must be 5");
}

#[test]
fn threads_are_at_least_one_and_not_absurd() {
    for threads in [0, 1_025] {
        let options = RunOptions { seed: None, threads: Some(threads) };
        let refused = earnest_sim::run(SMALL, options, &|_| {}).expect_err("must be refused");
        assert_eq!(refused, SimError::Threads { wanted: threads });
    }
}
