//! Shape: how long a file and a function may be, and the head that each module begins with.

use std::collections::{BTreeMap, BTreeSet};

use super::{FILE_LINES_MAX, FUNCTION_LINES_MAX, Finding, Source, modules::Modules};

/// Stands above a function that is a flat list of refusals, which may be as long as the list.
const LADDER_MARK: &str = "// tidy: ladder";

pub(super) fn check(
    sources: &BTreeMap<&str, Source<'_>>,
    modules: &Modules,
    findings: &mut Vec<Finding>,
) {
    for (path, source) in sources {
        functions(path, source, findings);
        if !path.contains("/src/") {
            continue;
        }
        let lines = source.lines.len();
        if FILE_LINES_MAX < lines {
            let advice = format!("{lines} lines; split by noun, at most {FILE_LINES_MAX} a file");
            findings.push(Finding::new(path, lines, "file length", advice));
        }
        let has_head = source.lines.iter().find(|line| !line.trim().is_empty());
        let has_head = has_head.is_some_and(|line| line.starts_with("//!"));
        if !has_head && !modules.is_test(path) {
            let advice =
                "begin with `//!`: what it is for, its laws, its rounding, what is not here";
            findings.push(Finding::new(path, 1, "module head", advice));
        }
    }
}

fn functions(path: &str, source: &Source<'_>, findings: &mut Vec<Finding>) {
    let marks = source.lines.iter().zip(1..).filter(|(line, _)| is_mark(line));
    let mut unused: BTreeSet<usize> = marks.map(|(_, number)| number).collect();
    for (at, _) in source.tokens.iter().enumerate().filter(|(at, _)| source.is(*at, "fn")) {
        let Some(name) = source.word(at + 1) else { continue };
        let Some(open) = body(source, at + 1) else { continue };
        let first = source.tokens[at].line;
        let lines = source.tokens[source.closing(open)].line - first + 1;
        let mark = mark_above(source, first);
        if lines <= FUNCTION_LINES_MAX {
            continue;
        }
        match mark {
            Some(mark) => {
                unused.remove(&mark);
            }
            None => findings.push(Finding::new(
                path,
                first,
                "function length",
                format!(
                    "`{name}` has {lines} lines; split it, at most {FUNCTION_LINES_MAX} \
                     (a flat list of refusals is marked `{LADDER_MARK}`)"
                ),
            )),
        }
    }
    for line in unused {
        let advice = "no function longer than the limit follows; remove the mark";
        findings.push(Finding::new(path, line, "function length", advice));
    }
}

fn is_mark(line: &str) -> bool {
    line.trim() == LADDER_MARK
}

/// The opening brace of the function whose name stands at `at`; none for a declaration.
fn body(source: &Source<'_>, mut at: usize) -> Option<usize> {
    loop {
        match source.tokens.get(at)?.text {
            "{" => return Some(at),
            ";" => return None,
            "(" | "[" => at = source.closing(at),
            _ => {}
        }
        at += 1;
    }
}

/// The line of the mark among the comments and attributes above line `first`.
fn mark_above(source: &Source<'_>, first: usize) -> Option<usize> {
    let above = source.lines.iter().take(first - 1).rev();
    let mut attached = above.take_while(|line| {
        let line = line.trim();
        line.starts_with("//") || line.starts_with("#[") || line.ends_with(")]")
    });
    attached.position(|line| is_mark(line)).map(|distance| first - 1 - distance)
}
