//! Text: lines that are too long, end in blanks, hold a marker or name a machine.

use super::{COLUMNS_MAX, Finding, Tree};

/// Endings of files whose lines are limited.
const COLUMN_ENDINGS: &[&str] = &[".rs", ".py", ".sh", "/run"];
/// Endings of files that may hold no marker of unfinished work.
const MARKER_ENDINGS: &[&str] = &[".c", ".py", ".rs", ".sh", "/run"];
/// Words that say "unfinished"; written in two parts, so that this list is not a finding.
const MARKERS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO")];
/// Where the paths of one particular machine begin; in two parts for the same reason.
const MACHINE_PATHS: &[&str] =
    &[concat!("/home", "/"), concat!("/root", "/"), concat!("/Users", "/"), concat!("/work", "/")];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.iter() {
        let is_one_of = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
        let (has_columns, has_markers) = (is_one_of(COLUMN_ENDINGS), is_one_of(MARKER_ENDINGS));
        for (line, number) in text.lines().zip(1..) {
            let mut report = |rule, advice: String| {
                findings.push(Finding::new(path, number, rule, advice));
            };
            let columns = line.chars().count();
            if has_columns && COLUMNS_MAX < columns {
                report("columns", format!("{columns} columns; wrap at {COLUMNS_MAX}"));
            }
            if line.ends_with([' ', '\t', '\r']) {
                report("whitespace", "remove the blanks at the end of the line".into());
            }
            for marker in MARKERS.iter().filter(|marker| has_markers && has_word(line, marker)) {
                report("marker", format!("{marker}: do it, or write it in docs/ as a sentence"));
            }
            for start in MACHINE_PATHS.iter().filter(|start| has_path(line, start)) {
                report(
                    "machine",
                    format!("{start}… exists on one machine only; name no such path"),
                );
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let last = text.lines().count();
            findings.push(Finding::new(path, last, "whitespace", "end the file with a newline"));
        }
    }
}

/// True if `word` stands in `line` on its own.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c == '_' || c.is_alphanumeric();
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(joins) && !after.starts_with(joins)
    })
}

/// True if an absolute path in `line` begins with `start`.
fn has_path(line: &str, start: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "_-./}*".contains(c);
    line.match_indices(start).any(|(at, _)| !line[..at].ends_with(inside))
}
