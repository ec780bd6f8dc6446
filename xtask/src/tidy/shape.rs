//! Shape: how long a line, a function and a file may be, and the head that a module begins with.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Finding, Laws, Tree, modules::Crate};

/// Most characters in a line of source; rustfmt leaves comments and strings as they are.
pub(super) const COLUMNS_MAX: usize = 100;
/// Most lines of a function, from `fn` to its closing brace.
pub(super) const FUNCTION_LINES_MAX: usize = 70;
/// Most lines of a source file.
pub(super) const FILE_LINES_MAX: usize = 800;
/// Stands right above a function that is a flat list of refusals, which may be longer.
const LADDER_MARK: &str = "// tidy: ladder";

pub(super) fn check(tree: &Tree, crates: &[Crate], laws: &Laws, findings: &mut Vec<Finding>) {
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let lines: Vec<&str> = text.lines().collect();
        let mut report = |at: usize, rule, advice: String| {
            findings.push(Finding::new(path, at + 1, rule, advice));
        };
        for (at, _) in lines.iter().enumerate().filter(|(_, l)| COLUMNS_MAX < l.chars().count()) {
            report(at, "columns", format!("wrap at {COLUMNS_MAX}"));
        }
        if FILE_LINES_MAX < lines.len() {
            let advice = format!("split by noun, at most {FILE_LINES_MAX} lines a file");
            report(FILE_LINES_MAX, "file length", advice);
        }
        let is_mark = |at: &usize| lines[*at].trim() == LADDER_MARK;
        let mut unused: BTreeSet<usize> = (0..lines.len()).filter(is_mark).collect();
        // What cannot be taken apart does not compile, and rustc says why.
        for (first, last) in text.parse().map_or(Vec::new(), functions) {
            let mut above = (0..first - 1).rev().take_while(|&at| !lines[at].trim().is_empty());
            let mark = above.find(is_mark);
            if FUNCTION_LINES_MAX <= last - first && !mark.is_some_and(|mark| unused.remove(&mark))
            {
                let advice = format!(
                    "{} lines; split it, at most {FUNCTION_LINES_MAX} (a flat list of refusals \
                     is marked `{LADDER_MARK}`)",
                    last - first + 1
                );
                report(first - 1, "function length", advice);
            }
        }
        for mark in unused {
            report(mark, "function length", "no longer function follows; remove the mark".into());
        }
    }
    for module in crates.iter().flat_map(|krate| krate.modules.values()) {
        let text = &tree.files[&module.file];
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let mut report = |advice| {
            findings.push(Finding::new(&module.file, 1, "module head", advice));
        };
        if head.is_empty() {
            report("begin with `//!`: what it is for, its laws, what is not here");
        }
        let inside = module.file.strip_prefix("crates/protocol/src/");
        let room = inside.and_then(|inside| inside.strip_suffix("/mod.rs"));
        let has_law = ["Law:", "Laws:", "Invariant:"].iter().any(|word| head.contains(word));
        let is_whole = has_law && head.contains("Not here:");
        if room.is_some_and(|room| laws.rooms.contains(&room)) && !is_whole {
            report("a room's head says `Law:` or `Invariant:`, and `Not here:`");
        }
    }
}

/// First and last line of every function that has a body.
fn functions(stream: TokenStream) -> Vec<(usize, usize)> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            found.extend(functions(group.stream()));
        }
        let is_named = matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)));
        if !is_named || !matches!(token, TokenTree::Ident(word) if word == "fn") {
            continue;
        }
        let is_end =
            |token: &&TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ';');
        let signature = tokens[at..].iter().take_while(|token| !is_end(token));
        let mut bodies = signature.filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
            _ => None,
        });
        let body = bodies.next().map(|body| body.span_close().end().line);
        found.extend(body.map(|last| (token.span().start().line, last)));
    }
    found
}
