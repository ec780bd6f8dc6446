//! Repository automation: `cargo xtask tidy [ROOT]` checks what no known tool does, `soak` and
//! `fuzz` run the rules at random, `world` runs a node over a disk, a clock and a power supply that
//! fail.
//!
//! Not here: the laws (`tidy`), the order of checks in continuous integration (`.ci/run`).

use std::{
    path::Path,
    process::{Command, ExitCode},
};

mod soak;
mod tidy;

const USAGE: &str = "usage: cargo xtask COMMAND

  tidy [ROOT]                              check the repository at ROOT (default: this one)
                                           against its own laws
  soak [--commands N] [--seed N] [--json]  run the rules under N random commands (100,000), every
                                           law and a second ledger checked after each
  fuzz [--seconds N] [--seed N] [--json]   throw damaged bytes at the rules for N seconds (60)
  world [--seeds N] [--seed N] [--threads N] [--json]
                                           live N lives (100) of a node over a disk, a clock and a
                                           power supply that fail, every acknowledgement checked

soak and fuzz are worth running with --release: cargo run --release -p xtask -- soak";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tidy"] => Ok(run_tidy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")))),
        ["tidy", root] if !root.starts_with('-') => Ok(run_tidy(Path::new(root))),
        ["soak", rest @ ..] => soak::run_soak(rest),
        ["fuzz", rest @ ..] => soak::run_fuzz(rest),
        ["world", rest @ ..] => run_world(rest),
        _ => Err("which command?".to_owned()),
    };
    done.unwrap_or_else(|wrong| {
        eprintln!("{wrong}\n\n{USAGE}");
        ExitCode::from(2)
    })
}

/// The world links a whole node, so it is a program of its own, built when it is asked for.
fn run_world(words: &[&str]) -> Result<ExitCode, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--package", "earnest-world", "--"]).args(words);
    let status = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).status();
    let code = status.map_err(|error| format!("cargo cannot be run: {error}"))?.code();
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn run_tidy(root: &Path) -> ExitCode {
    let tree = match tidy::Tree::read(root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("tidy: cannot read {}: {error}", root.display());
            return ExitCode::from(3);
        }
    };
    let findings = tidy::check(&tree, &tidy::LAWS);
    findings.iter().for_each(|finding| println!("{finding}"));
    eprintln!("tidy: {} files read, {} findings", tree.files.len(), findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(8) }
}
