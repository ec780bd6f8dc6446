//! `earnest completions` and `earnest man`: what shells and manuals know of the command line.
//!
//! Law: both come from the one description that also parses the line, so that neither can fall
//! behind it; what `--help` hides, they hide.
//! Not here: that description (`main`).

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;

use crate::{
    failure::Failure,
    output::{self, out},
};

/// Which shell.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell to complete words in
    shell: Shell,
}

/// Where manual pages go.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The folder to write a page for each command to; without it, the page of `earnest` is printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints a script that completes the words of `line`.
pub fn completions(args: &CompletionsArgs, mut line: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut line, "earnest", &mut script);
    let script = String::from_utf8(script).map_err(Failure::internal)?;
    output::result(format_args!("{script}"))
}

/// Writes the manual pages of `line`, or prints the first.
pub fn manual(args: &ManArgs, line: Command, json: bool) -> Result<(), Failure> {
    let line = line.disable_help_subcommand(true);
    let Some(folder) = &args.out else {
        let mut line = line;
        line.build();
        return output::result(format_args!("{}", page(line)?));
    };
    let files = write(folder, line)?;
    if json {
        return out!("{}", json!({ "files": files }));
    }
    out!("{} pages in {}", files.len(), folder.display())
}

/// One page for each command that help shows; returns the files, sorted.
fn write(folder: &Path, mut line: Command) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, error))?;
    line.build();
    let mut files = Vec::new();
    let mut waiting = vec![line];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().filter(|c| !c.is_hide_set()).cloned());
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command)?)
            .map_err(|error| Failure::file("write", &path, error))?;
        files.push(path);
    }
    files.sort();
    Ok(files)
}

fn page(command: Command) -> Result<String, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text).map_err(Failure::internal)?;
    String::from_utf8(text).map_err(Failure::internal)
}
