//! Keys of recovery phrases, as a person moves them from wallet to wallet.

mod common;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use common::earnest;

/// What the program says to `words`, with `text` on its standard input.
fn told(words: &[&str], text: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_earnest"))
        .args(words)
        .env("EARNEST_PASSWORD", "a password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let input = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
    input.expect("piped").expect("taken");
    let done = child.wait_with_output().expect("ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn a_phrase_of_another_wallet_gives_the_keys_that_it_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    let phrase = "test test test test test test test test test test test junk\n";
    let derive = ["keys", "derive", "--index", "1", "--folder", &keys];
    let (code, out, err) = told(&derive, phrase);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.to_lowercase().starts_with("0x70997970c51812dc3a010c7d01b50e0d17dc79c8"), "{out}");
    assert!(!out.contains("junk") && !err.contains("junk"), "{out}{err}");
    let listed = earnest(&["keys", "list", "--folder", &keys]).out;
    assert_eq!(listed.lines().count(), 1, "{listed}");

    let (code, _, err) = told(&derive, &phrase.replace("junk", "jnuk"));
    assert_eq!(code, Some(2));
    assert!(err.contains("word 12") && !err.contains("jnuk"), "{err}");
}

#[test]
fn a_new_phrase_is_shown_once_and_gives_its_key_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    let (code, made, shown) = told(&["keys", "new", "--mnemonic", "--folder", &keys], "");
    assert_eq!(code, Some(0), "{shown}");
    let words: Vec<&str> =
        shown.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let words = words.get(words.len() - 24..).expect("24 words").join(" ");
    let again = folder.path().join("again").display().to_string();
    let (code, derived, err) = told(&["keys", "derive", "--folder", &again], &words);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(made.split(' ').next(), derived.split(' ').next());
}
