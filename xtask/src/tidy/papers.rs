//! Papers: links that lead somewhere, decisions of one shape, an overview that stays short.

use super::{ARCHITECTURE_LINES_MAX, Finding, Tree};

/// The headings of a decision, in order.
const ADR_HEADINGS: &[&str] =
    &["## Status", "## Context", "## Options", "## Decision", "## Consequences"];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".md")) {
        links(tree, path, text, findings);
        if path.starts_with("docs/adr/") && path != "docs/adr/README.md" {
            decision(path, text, findings);
        }
        let lines = text.lines().count();
        if path == "ARCHITECTURE.md" && ARCHITECTURE_LINES_MAX < lines {
            let advice = format!(
                "{lines} lines; keep what changes slowly, \
                                  at most {ARCHITECTURE_LINES_MAX}"
            );
            findings.push(Finding::new(path, lines, "architecture", advice));
        }
    }
}

fn links(tree: &Tree, path: &str, text: &str, findings: &mut Vec<Finding>) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (line, number) in text.lines().zip(1..) {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or("");
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let wanted = resolve(folder, file);
            let inside = format!("{wanted}/");
            let exists = tree.iter().any(|(path, _)| path == wanted || path.starts_with(&inside));
            if !exists && super::is_text(&wanted) {
                let advice = format!("{target} is not in the repository");
                findings.push(Finding::new(path, number, "link", advice));
            }
        }
    }
}

/// `file` as seen from `folder`, without `.` and `..`.
fn resolve(folder: &str, file: &str) -> String {
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in file.split('/').filter(|step| !step.is_empty() && *step != ".") {
        if step == ".." {
            steps.pop();
        } else {
            steps.push(step);
        }
    }
    steps.join("/")
}

fn decision(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    if headings != ADR_HEADINGS {
        let advice = format!("a decision has these headings in order: {}", ADR_HEADINGS.join(", "));
        findings.push(Finding::new(path, 1, "decision", advice));
    }
    let number = path.rsplit('/').next().and_then(|name| name.split('-').next()).unwrap_or("");
    let title = text.lines().next().unwrap_or("");
    let expected = format!("# {}. ", number.trim_start_matches('0'));
    if number.len() != 4 || !title.starts_with(&expected) {
        let advice = format!("the title begins with \"{expected}\", as the file name says");
        findings.push(Finding::new(path, 1, "decision", advice));
    }
}
