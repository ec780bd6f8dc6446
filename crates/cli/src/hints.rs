//! What is said of commands and flags, in the sources and in the papers, checked against those that
//! there are: a hint that names one that is gone is worse than none.
//!
//! Known shortcoming: a command is found by its backquotes; one in plain words is not seen.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::Command;

/// Flags of other programs that hints name.
const OTHERS: [&str; 2] = ["--features", "--release"];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The files below `folder` whose names end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path, end)),
            false if path.to_string_lossy().ends_with(end) => found.push(path),
            false => {}
        }
    }
    found
}

/// A text in one line: what is broken in the source by `\` or in a paper by its width is whole.
fn in_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start().trim_start_matches("///").trim_start_matches("//!").trim();
        line.strip_suffix('\\').unwrap_or(line).trim_end()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// What is wrong with `earnest …`, if anything is: a command or a flag that there is not.
fn wrong(quoted: &str, all: &Command) -> Option<String> {
    // The first word of every name that hashes are made under.
    if quoted.starts_with("earnest 2026 ") {
        return None;
    }
    let mut command = all;
    let mut may_descend = true;
    for word in quoted.split_whitespace().skip(1) {
        // What a shell does with the rest is not ours.
        if matches!(word, "|" | ">" | "<" | "&" | "&&" | "--" | "…" | "...") {
            break;
        }
        if let Some(flag) = word.strip_prefix("--") {
            may_descend = false;
            let flag = flag.split(['=', '[', ']']).next().unwrap_or_default();
            if !command.get_arguments().any(|arg| arg.get_long() == Some(flag)) {
                return Some(format!("`{}` has no --{flag}", command.get_name()));
            }
        } else if may_descend {
            let next = word.split('|').map(|word| command.find_subcommand(word));
            let mut next: Vec<_> = next.collect();
            match (next.pop().flatten(), command.has_subcommands()) {
                (Some(found), _) => command = found,
                // A place for a word, such as COMMAND.
                (None, true) if word.starts_with(|c: char| c.is_ascii_uppercase() || c == '<') => {
                    return None;
                }
                (None, true) => return Some(format!("`{}` has no `{word}`", command.get_name())),
                (None, false) => may_descend = false,
            }
        }
    }
    None
}

/// The texts between backquotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The flags that a text of a program names: words of letters after two hyphens.
fn flags(text: &str) -> impl Iterator<Item = String> {
    let is_of_flag = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.split(move |c| !is_of_flag(c)).filter_map(|word| {
        let name = word.strip_prefix("--")?;
        name.starts_with(|c: char| c.is_ascii_lowercase()).then(|| word.to_owned())
    })
}

fn all_flags(command: &Command, into: &mut BTreeSet<String>) {
    into.extend(command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
    command.get_subcommands().for_each(|command| all_flags(command, into));
}

#[test]
fn every_command_that_is_named_anywhere_is_one_that_there_is() {
    let mut all = super::words();
    // With `help`, and every flag at every command that takes it.
    all.build();
    let root = root();
    let mut papers: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]
        .iter()
        .map(|name| root.join(name))
        .chain(files(&root.join("docs"), ".md"))
        .collect();
    papers.extend(files(&root.join("crates"), ".rs"));
    let (mut seen, mut faults) = (0, Vec::new());
    for path in papers {
        let text = fs::read_to_string(&path).expect("a file of the repository");
        let text = in_one_line(&text);
        for words in quoted(&text).filter(|words| words.starts_with("earnest ")) {
            seen += 1;
            faults.extend(
                wrong(words, &all).map(|why| format!("{}: {words}: {why}", path.display())),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(200 < seen, "only {seen} commands are named: are they looked for where they stand?");
}

#[test]
fn every_flag_that_a_message_names_is_one_that_there_is() {
    let mut known: BTreeSet<String> = OTHERS.map(str::to_owned).into();
    let mut all = super::words();
    all.build();
    all_flags(&all, &mut known);
    let (mut seen, mut faults) = (0, Vec::new());
    for room in ["cli", "api", "node", "worker"] {
        for path in files(&root().join("crates").join(room).join("src"), ".rs") {
            let text = fs::read_to_string(&path).expect("a file of the repository");
            for flag in flags(&text) {
                seen += 1;
                if !known.contains(&flag) {
                    faults.push(format!("{}: there is no {flag}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(100 < seen, "only {seen} flags are named");
}
