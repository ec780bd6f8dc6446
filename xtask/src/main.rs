//! Repository automation: `cargo xtask tidy [ROOT]` checks what no known tool does, `soak` runs the
//! rules at random, `fuzz` starts what throws damaged bytes (`crates/fuzz`), `world` what runs a
//! node over a disk that fails (`crates/world`), `audit-mutants` says whether the audit notices
//! faults in the rules and `world-mutants` whether the world notices those in
//! the storage code, `licences` checks what we build on.
//!
//! Not here: the laws (`tidy`), the order of checks in continuous integration (`.ci/run`).

use std::{
    path::Path,
    process::{Command, ExitCode},
};

mod licences;
mod mutants;
mod soak;
mod tidy;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const USAGE: &str = "usage: cargo xtask COMMAND

  tidy [ROOT]                              check the repository at ROOT (default: this one)
                                           against its own laws
  soak [--commands N] [--seed N] [--json]  run the rules under N random commands (100,000), every
                                           law and a second ledger checked after each
  fuzz [--seconds N] [--target NAME] [--seed N] [--json] | fuzz --list
                                           throw damaged bytes at everything that reads bytes, for
                                           N seconds (60)
  world [--seeds N] [--seed N] [--threads N] [--json]
                                           live N lives (100) of a node over a disk, a clock and a
                                           power supply that fail, every acknowledgement checked
  audit-mutants [--only NAME,…] [--json]   put faults into a copy of the rules, one at a time, and
                                           say which of them the audit finds; fails if that is not
                                           as recorded (minutes)
  world-mutants [--only NAME,…] [--json]   the same of faults in the storage code, and the lives
                                           of `world` (an hour)
  licences                                 check licences, origins and bans of all dependencies
                                           against deny.toml, without a network";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tidy"] => Ok(run_tidy(Path::new(ROOT))),
        ["tidy", root] if !root.starts_with('-') => Ok(run_tidy(Path::new(root))),
        ["soak", rest @ ..] => soak::run_soak(rest),
        ["fuzz", rest @ ..] => run_program("earnest-fuzz", rest),
        ["world", rest @ ..] => run_program("earnest-world", rest),
        ["licences"] => licences::run(Path::new(ROOT)),
        ["audit-mutants", rest @ ..] => mutants::audit::run(Path::new(ROOT), rest),
        ["world-mutants", rest @ ..] => mutants::world::run(Path::new(ROOT), rest),
        _ => Err("which command?".to_owned()),
    };
    done.unwrap_or_else(|wrong| {
        eprintln!("{wrong}\n\n{USAGE}");
        ExitCode::from(2)
    })
}

/// A program of its own, so that other commands here are built without the node.
fn run_program(package: &str, words: &[&str]) -> Result<ExitCode, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--package", package, "--"])
        .args(words)
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
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
