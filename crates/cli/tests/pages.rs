//! Completions and manual pages: nothing that help shows is missing from them.

mod common;

use std::{fs, path::PathBuf};

use common::earnest;

/// The commands that the help of `words` lists.
fn listed(words: &[String]) -> Vec<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let help = earnest(&[&words[..], &["--help"]].concat());
    assert_eq!(help.code, Some(0), "{help:?}");
    // A pipe has 80 columns; how a command is called is one line.
    let wide = help.out.lines().find(|line| 80 < line.chars().count());
    assert!(wide.is_none_or(|line| line.starts_with("Usage: ")), "{words:?}: {wide:?}");
    let commands = help.out.split("Commands:\n").nth(1).unwrap_or_default();
    let rows = commands.lines().take_while(|line| !line.is_empty());
    let name = |row: &str| row.strip_prefix("  ")?.split(' ').next().map(str::to_owned);
    rows.filter_map(name).filter(|name| !name.is_empty() && name != "help").collect()
}

/// Every command that help shows, as the words that call it.
fn all() -> Vec<Vec<String>> {
    let (mut found, mut waiting) = (Vec::new(), vec![Vec::new()]);
    while let Some(words) = waiting.pop() {
        let deeper = listed(&words).into_iter().map(|name| [&words[..], &[name]].concat());
        waiting.extend(deeper);
        found.push(words);
    }
    found
}

#[test]
fn options_stand_under_the_heading_that_they_belong_to() {
    let help = earnest(&["job", "submit", "--help"]).out;
    let at = |words: &str| help.find(words).unwrap_or_else(|| panic!("{words} in {help}"));
    let headings = ["Options:\n", "in steps:\n", "(wasm32-wasip1):\n", "of every command:\n"];
    let found = headings.map(at);
    assert!(found.is_sorted(), "{help}");
    let places = [("  --max-price", 1), ("  --key ", 1), ("  --chunk-size", 2), ("  --stdin", 3)];
    for (words, under) in places.into_iter().chain([("  --node", 4)]) {
        let above = found.iter().filter(|heading| **heading < at(words)).count();
        assert_eq!(above, under, "{words}: {help}");
    }
}

#[test]
fn every_command_has_a_manual_page_and_is_completed_in_every_shell() {
    let commands = all();
    assert!(20 < commands.len(), "{commands:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man").display().to_string();
    let done = earnest(&["man", "--out", &out]);
    assert_eq!(done.code, Some(0), "{done:?}");
    for words in &commands {
        let name = [&["earnest".to_owned()][..], words].concat().join("-");
        let page = PathBuf::from(&out).join(format!("{name}.1"));
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{name}");
    }
    let pages = fs::read_dir(&out).expect("a folder").count();
    assert_eq!(pages, commands.len(), "a page for each, and none for what help hides");
    assert!(earnest(&["man"]).out.contains(".TH earnest 1"));

    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = earnest(&["completions", shell]);
        assert_eq!(done.code, Some(0), "{shell}: {}", done.err);
        for word in commands.iter().flatten() {
            assert!(done.out.contains(word.as_str()), "{shell} does not know `{word}`");
        }
        assert!(done.out.contains("cost-per-mgas"), "{shell} does not know flags");
    }
    assert_eq!(earnest(&["completions", "tcl"]).code, Some(2));
}
