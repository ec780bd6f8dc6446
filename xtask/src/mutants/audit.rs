//! Whether the audit notices faults in the rules.
//!
//! The audit's `edges` example is built and run in the copy, first without a fault (the
//! *baseline*), then with each of `crates/audit/mutants.toml`.
//! Law: a fault is found only by what the baseline has not.

use std::{collections::BTreeSet, fs, path::Path, process::ExitCode};

use super::{Asked, Copy, Report};

pub(super) const LIST: &str = "crates/audit/mutants.toml";

/// What became of a fault, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Something pays that did not.
    Pays,
    /// Something is not shown that was.
    NotShown,
    /// Nothing differs.
    Missed,
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Word::Pays => "pays",
            Word::NotShown => "not shown",
            Word::Missed => super::MISSED,
        }
    }
}

/// What does not hold: setting, entry with kind, and word, as the example prints them.
type Lines = BTreeSet<String>;

/// What came of playing.
enum Played {
    Lines(Lines),
    /// It does not compile, or the audit could not be run.
    Broken(String),
}

/// A fault beside the baseline.
struct Found {
    word: Word,
    /// Lines that the baseline has not.
    by: Vec<String>,
}

pub(crate) fn run(root: &Path, words: &[&str]) -> Result<ExitCode, String> {
    let asked = Asked::read("audit-mutants", words)?;
    let mutants = super::list(root, LIST)?;
    let chosen = asked.choose(&mutants, LIST)?;
    let copy = Copy::of(root, "audit-mutants")?;
    let baseline = match play(&copy, "baseline")? {
        Played::Lines(lines) => lines,
        Played::Broken(why) => return Err(format!("the rules without a fault: {why}")),
    };
    let list: Vec<&str> = baseline.iter().map(String::as_str).collect();
    let word = if list.is_empty() { "holds" } else { "does not" };
    let mut report = Report::new(LIST, asked.as_json);
    report.say(("baseline", "the rules without a fault"), word, &list, None);
    for mutant in chosen {
        match copy.with(mutant, || play(&copy, &mutant.name))? {
            Played::Lines(lines) => {
                let found = compare(&baseline, &lines);
                report.found(mutant, found.word.text(), &found.by);
            }
            Played::Broken(why) => report.broken(mutant, &why),
        }
    }
    copy.remove()?;
    Ok(report.end())
}

/// Only what the baseline has not was found by the fault.
fn compare(baseline: &Lines, lines: &Lines) -> Found {
    let by: Vec<String> = lines.difference(baseline).cloned().collect();
    let ends = |word: Word| by.iter().any(|line| line.ends_with(word.text()));
    let word = match (ends(Word::Pays), by.is_empty()) {
        (true, _) => Word::Pays,
        (false, false) => Word::NotShown,
        (false, true) => Word::Missed,
    };
    Found { word, by }
}

/// Builds and runs the audit in the copy; traces of what does not hold go to `traces/<name>`.
fn play(copy: &Copy, name: &str) -> Result<Played, String> {
    let traces = copy.folder().join("traces").join(name);
    if traces.exists() {
        fs::remove_dir_all(&traces).map_err(|error| format!("{}: {error}", traces.display()))?;
    }
    let ran = copy
        .cargo(&["run", "--quiet", "--release", "--package", "earnest-audit", "--example", "edges"])
        // Only what a fault touched is compiled anew.
        .env("CARGO_INCREMENTAL", "1")
        .args(["--config", "profile.release.package.earnest-protocol.codegen-units=64"])
        .arg("--")
        .arg(&traces)
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    let lines = String::from_utf8_lossy(&ran.stdout).lines().map(str::to_owned).collect();
    Ok(match ran.status.code() {
        Some(0 | 8) => Played::Lines(lines),
        _ => Played::Broken(super::first_error(&ran.stderr)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(list: &[&str]) -> Lines {
        list.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_fault_is_found_only_by_what_the_baseline_has_not() {
        let baseline = lines(&["edge: abandonment/rare pays"]);
        let word = |list: &[&str]| compare(&baseline, &lines(list)).word;
        assert_eq!(word(&["edge: abandonment/rare pays"]), Word::Missed);
        assert_eq!(word(&[]), Word::Missed, "what holds now is no find");
        assert_eq!(word(&["edge: abandonment/rare not shown"]), Word::NotShown);
        let both =
            ["edge: abandonment/rare pays", "edge: lie/rare not shown", "edge: lie/pair pays"];
        let found = compare(&baseline, &lines(&both));
        assert_eq!(found.word, Word::Pays);
        assert_eq!(found.by, ["edge: lie/pair pays", "edge: lie/rare not shown"]);
    }
}
