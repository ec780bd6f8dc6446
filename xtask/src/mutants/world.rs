//! Whether the world notices faults in the storage code.
//!
//! Lives are lived in the copy with each fault of `crates/world/mutants.toml` until five have
//! findings, at most [`LIVES`]; first, as many without a fault, which must have none.
//! Known shortcoming: which lives find a fault follows from how the driver draws, so it is printed
//! and not recorded.

use std::{path::Path, process::ExitCode};

use super::{Asked, Copy, MISSED, Report};

pub(super) const LIST: &str = "crates/world/mutants.toml";

/// Lives with a fault, at most.
const LIVES: u32 = 2_000;

pub(crate) fn run(root: &Path, words: &[&str]) -> Result<ExitCode, String> {
    let asked = Asked::read("world-mutants", words)?;
    let mutants = super::list(root, LIST)?;
    let chosen = asked.choose(&mutants, LIST)?;
    let copy = Copy::of(root, "world-mutants")?;
    let baseline = live(&copy)?.map_err(|why| format!("the code without a fault: {why}"))?;
    if let Some(seed) = baseline.first() {
        return Err(format!("the code without a fault has a finding in life {seed}"));
    }
    let mut report = Report::new(LIST, asked.as_json);
    for mutant in chosen {
        match copy.with(mutant, || live(&copy))? {
            Ok(lives) => {
                let word = if lives.is_empty() { MISSED } else { "found" };
                report.found(mutant, word, &lives);
            }
            Err(why) => report.broken(mutant, &why),
        }
    }
    copy.remove()?;
    Ok(report.end())
}

/// The first lives that have findings; or why none were lived.
fn live(copy: &Copy) -> Result<Result<Vec<String>, String>, String> {
    let ran = copy
        .cargo(&["run", "--quiet", "--release", "--package", "earnest-world", "--", "--json"])
        .args(["--seeds", &LIVES.to_string()])
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !matches!(ran.status.code(), Some(0 | 8)) {
        return Ok(Err(super::first_error(&ran.stderr)));
    }
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("what the world printed: {error}"))?;
    let seeds = told.get("found_in").and_then(serde_json::Value::as_array);
    let seeds = seeds.ok_or("the world printed no found_in")?;
    Ok(Ok(seeds.iter().map(ToString::to_string).collect()))
}
