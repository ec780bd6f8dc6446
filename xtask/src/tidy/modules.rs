//! Modules: which files the crates are made of, and which of them are tests only.
//!
//! A file that no `mod` reaches is dead: the compiler never sees it, so nothing keeps it right.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Source, Tree, rooms, source::Kind};

/// The files that `mod` declarations reach.
#[derive(Debug, Default)]
pub(super) struct Modules {
    product: BTreeSet<String>,
    tests: BTreeSet<String>,
    missing: Vec<Finding>,
    dead: Vec<Finding>,
}

impl Modules {
    pub(super) fn walk(tree: &Tree, sources: &BTreeMap<&str, Source<'_>>) -> Modules {
        let mut modules = Modules::default();
        let mut waiting: Vec<(String, bool)> = sources
            .keys()
            .filter(|path| is_root(tree, path))
            .map(|path| (String::from(*path), false))
            .collect();
        while let Some((path, is_test)) = waiting.pop() {
            let Some(source) = sources.get(path.as_str()) else { continue };
            for child in declared(source) {
                let is_test = is_test || child.is_test;
                let places = child.places(&path, is_root(tree, &path));
                match places.iter().find(|place| sources.contains_key(place.as_str())) {
                    Some(place) => waiting.push((place.clone(), is_test)),
                    None => modules.missing.push(Finding::new(
                        &path,
                        child.line,
                        "modules",
                        format!(
                            "`mod {}` has no file; expected {}",
                            child.name,
                            places.join(" or ")
                        ),
                    )),
                }
            }
            let reached = if is_test { &mut modules.tests } else { &mut modules.product };
            reached.insert(path);
        }
        modules.dead = sources
            .keys()
            .filter(|path| path.contains("/src/") && !modules.reaches(path))
            .map(|path| {
                Finding::new(path, 1, "dead file", "no `mod` reaches it; declare or delete it")
            })
            .collect();
        modules
    }

    fn reaches(&self, path: &str) -> bool {
        self.product.contains(path) || self.tests.contains(path)
    }

    /// True if the file holds only tests.
    pub(super) fn is_test(&self, path: &str) -> bool {
        self.tests.contains(path)
    }

    pub(super) fn report(self, findings: &mut Vec<Finding>) {
        findings.extend(self.missing);
        findings.extend(self.dead);
    }
}

/// True for the file that a crate, a binary or a build script begins with.
fn is_root(tree: &Tree, path: &str) -> bool {
    let Some((package, inside)) = path.split_once("/src/") else { return false };
    let is_named = matches!(inside, "lib.rs" | "main.rs");
    let is_binary = inside.strip_prefix("bin/").is_some_and(|rest| !rest.contains('/'));
    is_named || is_binary || is_target(tree, package, inside)
}

/// True if the manifest names `src/<inside>` as a target.
fn is_target(tree: &Tree, package: &str, inside: &str) -> bool {
    let manifest = tree.get(&format!("{package}/Cargo.toml")).unwrap_or("");
    let target = format!("\"src/{inside}\"");
    let paths = rooms::values(manifest).filter(|(_, key, _)| *key == "path");
    paths.map(|(_, _, value)| value).any(|value| value == target)
}

/// A `mod name;`.
struct Declared<'a> {
    name: &'a str,
    path: Option<&'a str>,
    line: usize,
    is_test: bool,
}

fn declared<'a>(source: &Source<'a>) -> Vec<Declared<'a>> {
    let mut found = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        let Some(name) = source.word(at + 1).filter(|_| token.text == "mod") else { continue };
        if token.kind == Kind::Word && source.is(at + 2, ";") {
            let path = path_before(source, at);
            found.push(Declared { name, path, line: token.line, is_test: token.test });
        }
    }
    found
}

/// The value of a `#[path = "…"]` right before the declaration at `at`.
fn path_before<'a>(source: &Source<'a>, at: usize) -> Option<&'a str> {
    let start = at.checked_sub(6)?;
    let value = start + 4;
    let is_path = source.reads(start, &["#", "[", "path", "="]) && source.is(start + 5, "]");
    is_path.then(|| source.tokens[value].text.trim_matches('"'))
}

impl Declared<'_> {
    /// Where the file of this module may lie, given the file that declares it.
    fn places(&self, parent: &str, parent_is_root: bool) -> Vec<String> {
        let (folder, file) = parent.rsplit_once('/').unwrap_or(("", parent));
        if let Some(path) = self.path {
            return vec![format!("{folder}/{path}")];
        }
        let is_folder_head = parent_is_root || file == "mod.rs";
        let own = if is_folder_head { String::new() } else { file.replace(".rs", "/") };
        let name = self.name.trim_start_matches("r#");
        vec![format!("{folder}/{own}{name}.rs"), format!("{folder}/{own}{name}/mod.rs")]
    }
}
