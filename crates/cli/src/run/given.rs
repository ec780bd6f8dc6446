//! What an ordinary program is given: the bundle, from the words of the line and files of this
//! machine.
//!
//! Law: what a run is given depends on names and contents alone, not on the order in which a disk
//! lists them, nor on times, owners and modes.
//! Known shortcomings: names that are not UTF-8, links that lead nowhere and special files stop it.

use std::path::{Path, PathBuf};

use clap::Args;
use earnest_prepare::bundle::Bundle;
use earnest_worker::sandbox::program::TICKS_MAX;

use crate::failure::Failure;

/// What only ordinary programs are given.
#[derive(Args, Debug)]
#[command(next_help_heading = "Ordinary programs (wasm32-wasip1)")]
pub struct GivenArgs {
    /// What the program reads from standard input [default: nothing]
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// The folder whose files the program sees below `/`; it can only read them
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A variable of the program's environment; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// The most ticks, the count of its work that the program keeps [default: 10^12]
    #[arg(long, value_name = "TICKS", value_parser = clap::value_parser!(u64).range(1..=TICKS_MAX))]
    ticks: Option<u64>,
    /// The most processor time, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// The program's arguments, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl GivenArgs {
    pub fn ticks_bound(&self) -> u64 {
        self.ticks.unwrap_or(1_000_000_000_000)
    }

    /// The first word that a program which computes in steps has no use for, if one was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.stdin.is_some(), "--stdin"),
            (self.dir.is_some(), "--dir"),
            (!self.env.is_empty(), "--env"),
            (!self.arguments.is_empty(), "-- ARGUMENTS"),
            (self.ticks.is_some(), "--ticks"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, word)| word)
    }

    /// The bundle, encoded.
    pub fn bundle(&self, program: &Path, seed: [u8; 32]) -> Result<Vec<u8>, Failure> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut bundle = Bundle { seed, ..Bundle::default() };
        bundle.arguments.push(name);
        bundle.arguments.extend(self.arguments.iter().cloned());
        for variable in &self.env {
            let Some((name, value)) = variable.split_once('=') else {
                let detail = format!("--env {variable} has no value");
                return Err(Failure::usage(detail, "write --env NAME=VALUE"));
            };
            bundle.environment.insert(name.to_owned(), value.to_owned());
        }
        if let Some(path) = &self.stdin {
            bundle.standard_input = super::read(path)?;
        }
        if let Some(folder) = &self.dir {
            take_folder(folder, "", &mut bundle)?;
        }
        bundle.encode().map_err(|why| Failure::usage(why, "docs/guests.md lists every bound"))
    }
}

fn take_folder(folder: &Path, inside: &str, bundle: &mut Bundle) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::file("read", folder, error);
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let detail = format!("the name {} is not UTF-8", path.display());
            return Err(Failure::usage(detail, "rename it, or leave it out of --dir"));
        };
        let inside = format!("{inside}{name}");
        let facts = std::fs::metadata(&path).map_err(|why| Failure::file("read", &path, why))?;
        if facts.is_dir() {
            take_folder(&path, &format!("{inside}/"), bundle)?;
        } else if facts.is_file() {
            bundle.files.insert(inside, super::read(&path)?);
        } else {
            let detail = format!("{} is neither a file nor a folder", path.display());
            return Err(Failure::usage(detail, "leave it out of --dir"));
        }
    }
    Ok(())
}
