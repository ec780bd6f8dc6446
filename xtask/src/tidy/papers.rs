//! Papers: decisions of one shape, indexes that name all they should, an overview that stays short.

use std::collections::BTreeMap;

use super::{Finding, Laws, Tree};

/// Most lines of `ARCHITECTURE.md`.
const ARCHITECTURE_LINES_MAX: usize = 250;
/// The headings of a decision, in order.
const ADR_HEADINGS: &[&str] =
    &["## Status", "## Context", "## Options", "## Decision", "## Consequences"];
/// Where the paths of one particular machine begin; in two parts, so that this is no finding.
const MACHINE_PATHS: &[&str] =
    &[concat!("/home", "/"), concat!("/root", "/"), concat!("/Users", "/"), concat!("/work", "/")];

pub(super) fn check(tree: &Tree, laws: &Laws, findings: &mut Vec<Finding>) {
    let mut numbers = BTreeMap::new();
    for (path, text) in &tree.files {
        for (line, number) in text.lines().zip(1..) {
            for start in MACHINE_PATHS.iter().filter(|start| has_path(line, start)) {
                let advice = format!("{start}… exists on one machine only; name no such path");
                findings.push(Finding::new(path, number, "machine", advice));
            }
        }
        if path == "ARCHITECTURE.md" && ARCHITECTURE_LINES_MAX < text.lines().count() {
            let advice =
                format!("keep what changes slowly, at most {ARCHITECTURE_LINES_MAX} lines");
            findings.push(Finding::new(path, ARCHITECTURE_LINES_MAX, "architecture", advice));
        }
        let decision = path.strip_prefix("docs/adr/").filter(|name| *name != "README.md");
        if let Some((number, _)) = decision.map(|name| name.split_once('-').unwrap_or((name, ""))) {
            let mut report = |advice| findings.push(Finding::new(path, 1, "decision", advice));
            let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
            if headings != ADR_HEADINGS {
                report(format!("has these headings in order: {}", ADR_HEADINGS.join(", ")));
            }
            let title = format!("# {}. ", number.trim_start_matches('0'));
            if number.len() != 4 || !text.starts_with(&title) {
                report(format!("the title begins with \"{title}\", as the file name says"));
            }
            if let Some(other) = numbers.insert(number, path) {
                report(format!("{other} has the same number"));
            }
        }
        for (folder, ending, index) in laws.indexes {
            let inside = path.strip_prefix(folder).filter(|p| p.ends_with(ending) && path != index);
            let (Some(inside), Some(named)) = (inside, tree.files.get(*index)) else { continue };
            // What guests share is none.
            if !named.contains(inside) && !inside.starts_with("include/") {
                findings.push(Finding::new(path, 1, "index", format!("name it in {index}")));
            }
        }
    }
}

/// True if an absolute path in `line` begins with `start`.
fn has_path(line: &str, start: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "_-./}*".contains(c);
    line.match_indices(start).any(|(at, _)| !line[..at].ends_with(inside))
}
