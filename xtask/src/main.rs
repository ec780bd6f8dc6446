//! Repository automation: `cargo xtask tidy` checks what the compiler and clippy do not.
//!
//! Not here: the rules of tidy (`tidy`), the order of checks in continuous integration (`.ci/run`).

use std::{path::PathBuf, process::ExitCode};

mod tidy;

const USAGE: &str = "usage: cargo xtask tidy [ROOT]

  tidy [ROOT]   check the repository at ROOT (default: this one) against the style rules";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => run_tidy(repository()),
        ["tidy", root] if !root.starts_with('-') => run_tidy(PathBuf::from(root)),
        ["help" | "-h" | "--help"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run_tidy(root: PathBuf) -> ExitCode {
    let tree = match tidy::Tree::read(&root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("tidy: cannot read {}: {error}", root.display());
            return ExitCode::from(3);
        }
    };
    let findings = tidy::check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files, nothing to change", tree.len());
        ExitCode::SUCCESS
    } else {
        eprintln!("tidy: {} of {} files read need a change", paths(&findings), tree.len());
        ExitCode::from(8)
    }
}

/// How many files have findings.
fn paths(findings: &[tidy::Finding]) -> usize {
    let paths: std::collections::BTreeSet<&str> = findings.iter().map(|f| f.path()).collect();
    paths.len()
}

/// The root of this repository.
fn repository() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map(PathBuf::from).unwrap_or(package)
}
