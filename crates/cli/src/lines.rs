//! Every command that takes a key is understood with `--key` behind it: what a person types, and
//! not what a variable of the environment would add.
//!
//! Known shortcoming: what a command needs besides is guessed from few words; one that none of them
//! fits fails the test.

use std::collections::BTreeMap;

use clap::{
    Arg, Command, FromArgMatches,
    error::{ContextKind, ContextValue},
};

use super::Line;

/// Words of every kind that commands ask for.
const WORDS: [&str; 11] = [
    "1",
    "0.5",
    "yes",
    "jobs",
    "provider",
    "good",
    "market.take=2%",
    "provide",
    "ada",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x0101010101010101010101010101010101010101010101010101010101010101",
];

/// The words of a line: the path, what the command needs, and a key.
fn line(path: &[String], needed: &[&Arg], chosen: &BTreeMap<String, usize>) -> Vec<String> {
    let mut line = path.to_vec();
    for arg in needed {
        let place = chosen.get(&arg.to_string()).copied().unwrap_or_default();
        line.extend(arg.get_long().map(|long| format!("--{long}")));
        line.push(WORDS[place].to_owned());
    }
    line.extend(["--key".to_owned(), "key.json".to_owned()]);
    line
}

/// Why no line of this command is understood; nothing if one is.
fn fault(path: &[String], command: &Command) -> Option<String> {
    let needed: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| arg.is_required_set() && arg.get_long() != Some("key"))
        .collect();
    let mut chosen: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let line = line(path, &needed, &chosen);
        let read = super::words().try_get_matches_from(&line);
        let error = match read.and_then(|matches| Line::from_arg_matches(&matches)) {
            Ok(_) => return None,
            Err(error) => error,
        };
        let Some(ContextValue::String(of)) = error.get(ContextKind::InvalidArg) else {
            return Some(format!("{}: {error}", line.join(" ")));
        };
        let next = chosen.get(of).copied().unwrap_or_default().saturating_add(1);
        if WORDS.len() <= next || !needed.iter().any(|arg| arg.to_string() == *of) {
            return Some(format!("{}: {error}", line.join(" ")));
        }
        chosen.insert(of.clone(), next);
    }
}

/// How many commands take a key, and what is wrong with which.
fn walk(path: &[String], command: &Command, seen: &mut usize, faults: &mut Vec<String>) {
    if command.get_arguments().any(|arg| arg.get_long() == Some("key")) {
        *seen += 1;
        faults.extend(fault(path, command));
    }
    for next in command.get_subcommands().filter(|next| next.get_name() != "help") {
        let path = [path, &[next.get_name().to_owned()]].concat();
        walk(&path, next, seen, faults);
    }
}

#[test]
fn every_command_that_takes_a_key_is_understood_with_one() {
    let (mut seen, mut faults) = (0, Vec::new());
    let mut all = super::words();
    // So that every argument knows how it is shown.
    all.build();
    walk(&["earnest".to_owned()], &all, &mut seen, &mut faults);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(30 < seen, "only {seen} commands take a key");
}

#[test]
fn a_spend_is_no_change_and_a_change_is_no_spend() {
    let read = |line: &str| {
        let matches = super::words().try_get_matches_from(line.split(' '))?;
        Line::from_arg_matches(&matches)
    };
    assert!(read("earnest gov propose spend ada 50 --key k --password-file p").is_ok());
    assert!(read("earnest gov propose --set market.take=2% --key k").is_ok());
    for wrong in ["", " --key k", " --set market.take=2% --key k spend ada 50 --key k"] {
        assert!(read(&format!("earnest gov propose{wrong}")).is_err(), "{wrong}");
    }
}
