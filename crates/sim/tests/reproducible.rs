//! One seed, one result, whatever the threads; and the text of it, byte for byte.

use std::sync::atomic::{AtomicU64, Ordering};

use earnest_sim::{Progress, RunOptions};

const SMALL: &str = include_str!("../../../scenarios/small.toml");

fn json(seed: Option<u64>, threads: Option<usize>) -> String {
    let options = RunOptions { seed, threads };
    earnest_sim::run(SMALL, options, &|_| {}).expect("a committed scenario").to_json()
}

#[test]
fn threads_do_not_change_a_byte() {
    let one = json(None, Some(1));
    assert_eq!(one, json(None, Some(2)));
    assert_eq!(one, json(None, Some(4)));
    assert_eq!(one, json(None, None));
    assert_eq!(one, json(Some(1), Some(3)), "the scenario's own seed is 1");
    assert_ne!(one, json(Some(2), Some(1)));
}

#[test]
fn the_json_is_exact_and_names_what_repeats_it() {
    let text = json(Some(u64::MAX), Some(2));
    let value: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    let manifest = &value["manifest"];
    assert_eq!(manifest["scenario"], "small");
    assert_eq!(manifest["seed"], "18446744073709551615");
    let hash = blake3::hash(SMALL.as_bytes()).to_hex().to_string();
    assert_eq!(manifest["scenario_blake3"], hash);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let points = value["points"].as_array().expect("a list");
    assert_eq!(points.len(), 4);
    assert_eq!(points[0]["audit_rate"], "0.250000000");
    assert_eq!(points[0]["quote"]["detection"], "0.190000000");
    assert_eq!(points[0]["quote"]["exit_cost"], "1.000000000");
    assert!(points[0]["profit_per_job"]["lying"]["mean"].is_string());
    assert!(text.ends_with("}\n"));
}

#[test]
fn progress_counts_every_run_once() {
    let (calls, most) = (AtomicU64::new(0), AtomicU64::new(0));
    let count = |progress: Progress| {
        calls.fetch_add(1, Ordering::Relaxed);
        most.fetch_max(progress.done, Ordering::Relaxed);
        assert_eq!(progress.total, 800);
    };
    earnest_sim::run(SMALL, RunOptions::default(), &count).expect("a committed scenario");
    assert_eq!((calls.into_inner(), most.into_inner()), (800, 800));
}
