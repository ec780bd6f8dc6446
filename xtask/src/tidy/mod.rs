//! Tidy: the style rules that a machine can check, over the text of the repository.
//!
//! A [`Tree`] is every text file by path; [`check`] reads it and returns [`Finding`]s, each with a
//! place, a rule and what to do. The same function runs as a command and as a test.
//!
//! Law: a rule looks at text alone; it never builds, formats or changes anything.
//! Known shortcomings: macros are not expanded, so code that a macro writes is not seen.
//! Not here: formatting (`cargo fmt`), lints (`clippy.toml`), dependencies (`deny.toml`).

mod modules;
mod papers;
mod rooms;
mod shape;
mod source;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use modules::Modules;
use source::Source;

/// Most characters in a line of source.
pub(crate) const COLUMNS_MAX: usize = 100;
/// Most lines of a function, from `fn` to its closing brace.
pub(crate) const FUNCTION_LINES_MAX: usize = 70;
/// Most lines of a source file.
pub(crate) const FILE_LINES_MAX: usize = 800;
/// Most lines of `ARCHITECTURE.md`.
pub(crate) const ARCHITECTURE_LINES_MAX: usize = 250;

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

    pub(crate) fn path(&self) -> &str {
        &self.path
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
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads everything under `root` that may hold a rule's subject, but for the folders that
    /// `.gitignore` names.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
        let is_skipped = |name: &str, path: &str| {
            FOLDERS_SKIPPED.contains(&name) || ignored.contains(&name) || ignored.contains(&path)
        };
        let mut folders = vec![(PathBuf::from(root), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{prefix}{name}");
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    if !is_skipped(&name, &path) {
                        folders.push((entry.path(), format!("{path}/")));
                    }
                } else if kind.is_file() && is_text(&path) {
                    let bytes = fs::read(entry.path())?;
                    tree.files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(tree)
    }

    /// How many files were read.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn is_text(path: &str) -> bool {
    TEXT_ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Everything in `tree` that has to change, by path and line.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let sources: BTreeMap<&str, Source<'_>> = tree
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(path, text)| (path, Source::parse(text)))
        .collect();
    let modules = Modules::walk(tree, &sources);
    let mut findings = Vec::new();
    text::check(tree, &mut findings);
    shape::check(&sources, &modules, &mut findings);
    rooms::check(tree, &sources, &modules, &mut findings);
    words::check(&sources, &mut findings);
    papers::check(tree, &mut findings);
    modules.report(&mut findings);
    findings.sort();
    findings
}
