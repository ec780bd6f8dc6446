//! `earnest sim`: the same rules, driven by simulated participants.

use std::{io::IsTerminal, path::PathBuf};

use clap::Subcommand;

use crate::{
    failure::Failure,
    output::{self, out},
};

/// What to simulate.
#[derive(Subcommand, Debug)]
pub enum SimCommand {
    /// Play a scenario and say whether its claim holds
    Run {
        /// A scenario file, such as scenarios/lazy-provider.toml
        scenario: PathBuf,
        /// Plays another game of the same kind [default: the scenario's]
        #[arg(long)]
        seed: Option<u64>,
        /// Threads to use [default: all cores]; the result does not depend on it
        #[arg(long)]
        threads: Option<usize>,
    },
}

pub fn run(command: &SimCommand, json: bool) -> Result<(), Failure> {
    let SimCommand::Run { scenario, seed, threads } = command;
    let text = std::fs::read_to_string(scenario)
        .map_err(|error| Failure::file("read", scenario, error))?;
    let options = earnest_sim::RunOptions { seed: *seed, threads: *threads };
    let shows = !json && std::io::stderr().is_terminal();
    let progress = |progress: earnest_sim::Progress| {
        if shows {
            let end = if progress.done == progress.total { "\n" } else { "" };
            output::over(format_args!("{}/{} runs{end}", progress.done, progress.total));
        }
    };
    let report = earnest_sim::run(&text, options, &progress).map_err(|error| {
        let hint = "compare the scenario with scenarios/lazy-provider.toml";
        Failure::config(format!("{}: {error}", scenario.display()), hint)
    })?;
    if json {
        out!("{}", report.to_json())?;
    } else {
        output::result(format_args!("{}", report.table()))?;
    }
    if report.holds() {
        Ok(())
    } else {
        let hint = "the table says at which points; try other seeds to tell luck from a fault";
        Err(Failure::check("the scenario's claim does not hold at every point", hint))
    }
}
