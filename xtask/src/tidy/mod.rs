//! Tidy: the laws of this repository that no known tool checks, over the text of its files.
//!
//! A [`Tree`] is every text file by path; [`check`] reads it under some [`Laws`] and returns
//! [`Finding`]s, each with a place, a rule and what to do. The same function runs as a command and
//! as a test.
//!
//! Law: a rule looks at text alone; it never builds, formats or changes anything.
//! Not here: formatting and lints (rustfmt, clippy), licences and versions (cargo-deny), spelling
//! and the glossary's words (typos), links (lychee).

mod crates;
mod laws;
mod modules;
mod papers;
mod rooms;
mod shape;
mod source;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

pub(crate) use laws::{LAWS, Laws};

/// Folders that hold nothing to check.
const FOLDERS_SKIPPED: &[&str] = &[".git", "node_modules", "target"];
/// Endings of the files that are read; data such as a guest's input is left as it is.
const TEXT_ENDINGS: &[&str] =
    &[".c", ".h", ".md", ".py", ".rs", ".sh", ".toml", ".yml", "/run", "justfile"];

/// Something that has to change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, advice: impl Into<String>) -> Finding {
        Finding { path: path.into(), line, rule, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

/// The text files of a repository, by path from its root, with `/` between folders.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads every text file under `root`.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        let mut folders = vec![String::new()];
        while let Some(prefix) = folders.pop() {
            for entry in fs::read_dir(root.join(&prefix))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{prefix}{name}");
                let kind = entry.file_type()?;
                if kind.is_dir() && !FOLDERS_SKIPPED.contains(&name.as_str()) {
                    folders.push(format!("{path}/"));
                } else if kind.is_file() && TEXT_ENDINGS.iter().any(|end| path.ends_with(end)) {
                    let bytes = fs::read(entry.path())?;
                    tree.files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(tree)
    }
}

/// Everything in `tree` that has to change, by path and line.
pub(crate) fn check(tree: &Tree, laws: &Laws) -> Vec<Finding> {
    let mut findings = Vec::new();
    let crates = modules::read(tree, &mut findings);
    crates::check(tree, laws, &mut findings);
    rooms::check(&crates, laws, &mut findings);
    shape::check(tree, &crates, laws, &mut findings);
    papers::check(tree, laws, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}
