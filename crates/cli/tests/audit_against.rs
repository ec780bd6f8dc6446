//! `earnest audit --against`: what another parameter file changes, entry by entry.

mod common;

use std::{collections::BTreeMap, fs};

use common::earnest_within;
use serde_json::Value;

/// Verdict and gain of each entry.
type Entries = BTreeMap<String, (Value, Value)>;

fn audit(args: &[&str]) -> (Option<i32>, Value) {
    let done = earnest_within(300, &[&["audit", "--quick", "--json"], args].concat());
    let told = serde_json::from_str(&done.out).unwrap_or_else(|why| panic!("{why}: {done:?}"));
    (done.code, told)
}

fn entries(report: &Value) -> Entries {
    let list = report["deviations"].as_array().expect("a list");
    let of = |one: &Value| {
        let id = one["id"].as_str().expect("a name").to_owned();
        (id, (one["verdict"].clone(), one["gain"].clone()))
    };
    list.iter().map(of).collect()
}

#[test]
fn each_entry_that_another_file_changes_is_told_with_both_gains_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.toml");
    // Half of each price is taken: honest work is worth less, and what it is compared with, too.
    fs::write(&file, "[market]\ntake = 0.5\n").expect("written");
    let path = file.to_str().expect("text");
    let (_, before) = audit(&[]);
    let (_, after) = audit(&[path]);
    let (_, both) = audit(&["--against", path]);
    let (before, after) = (entries(&before), entries(&after));
    assert_eq!(before, entries(&both), "the verdict is that of the first file");
    let changed = |id: &&String| before.get(*id) != after.get(*id);
    let expected: Vec<&String> = before.keys().filter(changed).collect();
    let changes = both["changes"].as_array().expect("a list");
    let told: BTreeMap<&str, &Value> =
        changes.iter().map(|one| (one["id"].as_str().expect("a name"), one)).collect();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), expected);
    assert!(told.keys().any(|id| id.starts_with("participation-provider/")), "{told:?}");
    assert!(told.len() < before.len(), "auditors earn what they did");
    for (id, change) in told {
        let (old, new) = (&before[id], &after[id]);
        assert_eq!((&change["before"], &change["after"]), (&old.0, &new.0), "{id}");
        assert_eq!(change["gain"], Value::from(vec![old.1.clone(), new.1.clone()]), "{id}");
    }
}
