//! Modules: which files the crates are made of, and which module a path leads to.
//!
//! Law: a file that no `mod` reaches is dead; the compiler never sees it.
//! Known shortcomings: `#[path]` is not followed; a name that a macro makes is found only by a path
//! through its module.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, Tree,
    source::{Child, Module},
};

/// Steps through re-exports after which a path goes in circles.
const STEPS_MAX: usize = 16;

/// The modules of one library or binary by path from its root, which is "".
#[derive(Default)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) modules: BTreeMap<String, Module>,
}

/// Reads the crates of `tree`. Files that no `mod` reaches are findings.
pub(super) fn read(tree: &Tree, findings: &mut Vec<Finding>) -> Vec<Crate> {
    let mut reached = BTreeSet::new();
    let mut crates = Vec::new();
    let sources = || tree.files.keys().filter(|p| p.ends_with(".rs") && p.contains("/src/"));
    for root in sources() {
        let Some((folder, inside)) = root.split_once("/src/") else { continue };
        let is_binary = inside.strip_prefix("bin/").is_some_and(|rest| !rest.contains('/'));
        let manifest = tree.files.get(&format!("{folder}/Cargo.toml")).map_or("", String::as_str);
        let is_target = manifest.contains(&format!("\"src/{inside}\""));
        if is_binary || is_target || matches!(inside, "lib.rs" | "main.rs") {
            let name = folder.rsplit('/').next().unwrap_or(folder).into();
            let krate = Crate { name, ..Crate::default() };
            let mut walk = Walk { tree, krate, reached: &mut reached, findings };
            let beside = root.rsplit_once('/').map_or("", |(beside, _)| beside);
            walk.file("", root, beside, false);
            crates.push(walk.krate);
        }
    }
    for file in sources().filter(|file| !reached.contains(*file)) {
        let advice = "no `mod` reaches it; declare or delete it";
        findings.push(Finding::new(file, 1, "dead file", advice));
    }
    crates
}

struct Walk<'a> {
    tree: &'a Tree,
    krate: Crate,
    reached: &'a mut BTreeSet<String>,
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    /// Reads the module at `path` in `file`, the parts of which lie in `folder`.
    fn file(&mut self, path: &str, file: &str, folder: &str, is_test: bool) {
        self.reached.insert(file.into());
        match syn::parse_file(&self.tree.files[file]) {
            Ok(parsed) => self.module(path, Module::new(file, &parsed.items), folder, is_test),
            Err(error) => {
                let line = error.span().start().line;
                self.findings.push(Finding::new(file, line, "syntax", error.to_string()));
            }
        }
    }

    /// Goes on with the children of `module`, whose files lie in `folder`.
    fn module(&mut self, path: &str, mut module: Module, folder: &str, is_test: bool) {
        for Child { name, is_test: is_test_itself, inline } in &mut module.children {
            let is_test = is_test || *is_test_itself;
            let (inner, folder) = (join(path, name), format!("{folder}/{name}"));
            let (flat, deep) = (format!("{folder}.rs"), format!("{folder}/mod.rs"));
            if let Some(inline) = inline.take() {
                self.module(&inner, inline, &folder, is_test);
            } else if self.tree.files.contains_key(&flat) {
                self.file(&inner, &flat, &folder, is_test);
            } else if self.tree.files.contains_key(&deep) {
                self.file(&inner, &deep, &folder, is_test);
            }
        }
        if !is_test {
            self.krate.modules.insert(path.into(), module);
        }
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}::{name}") }
}

impl Crate {
    /// The module that defines what `path`, written in the module `at`, leads to; none if that
    /// lies outside the crate.
    pub(super) fn resolve(&self, at: &str, path: &[String]) -> Option<String> {
        self.follow(at, path, STEPS_MAX)
    }

    fn follow(&self, at: &str, path: &[String], steps: usize) -> Option<String> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend("", rest, steps, true),
            "self" => self.descend(at, rest, steps, true),
            "super" => self.descend(parent(at), rest, steps, true),
            _ => self.descend(at, path, steps, false),
        }
    }

    /// Follows `path` down from the module `at`; a name that is not found there counts as its own
    /// if the path `must` lead into it.
    fn descend(&self, at: &str, path: &[String], steps: usize, must: bool) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        let module = self.modules.get(at)?;
        let Some((name, rest)) = path.split_first() else { return Some(at.into()) };
        let inner = join(at, name);
        if name == "super" {
            return self.descend(parent(at), rest, steps, must);
        } else if self.modules.contains_key(&inner) {
            return self.descend(&inner, rest, steps, true);
        } else if module.items.contains(name) {
            return Some(at.into());
        }
        let named = |(alias, _): &&(Option<String>, _)| alias.as_ref() == Some(name);
        if let Some((_, target)) = module.imports.iter().find(named) {
            let is_itself = target.first() == Some(name);
            return if is_itself { None } else { self.follow(at, &[target, rest].concat(), steps) };
        }
        let globs = module.imports.iter().filter(|(alias, _)| alias.is_none());
        let sources = globs.filter_map(|(_, target)| self.follow(at, target, steps));
        let found = sources
            .filter(|source| source != at)
            .find_map(|source| self.descend(&source, path, steps, false));
        found.or_else(|| must.then(|| at.into()))
    }
}

/// The module around `path`.
fn parent(path: &str) -> &str {
    path.rsplit_once("::").map_or("", |(parent, _)| parent)
}
