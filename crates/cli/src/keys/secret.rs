//! Where secrets come from: a file, the environment, a pipe, or a person at a terminal.
//!
//! Laws: what a person types is not shown; an empty password is refused, whoever gives it.
//! Not here: the terminal (`typed`).

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use super::typed::Unseen;
use crate::failure::Failure;

/// Bytes of a secret that are read, at most: 24 words have fewer.
const BYTES_MAX: u16 = 1_024;

/// Where the password comes from.
#[derive(Args, Clone, Debug)]
pub struct PasswordArgs {
    /// A file whose first line is the password [default: the environment's EARNEST_PASSWORD, or
    /// what is typed at the terminal]
    #[arg(long, env = "EARNEST_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What a password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open what it was once chosen for.
    Open,
    /// To protect something new: it is asked for twice.
    Choose,
}

/// The password that the arguments, the environment or a person give.
pub fn password(args: &PasswordArgs, purpose: Purpose) -> Result<String, Failure> {
    if let Some(path) = &args.password_file {
        return not_empty(first_line(path)?, &path.display().to_string());
    }
    if let Ok(password) = std::env::var("EARNEST_PASSWORD") {
        return not_empty(password, "EARNEST_PASSWORD");
    }
    let Some(mut person) = Unseen::begin()? else {
        let hint = "give --password-file FILE, or set EARNEST_PASSWORD";
        return Err(Failure::usage("no password, and no terminal to ask for one", hint));
    };
    let password = ask(&mut person, "Password: ", BY_FILE)?;
    if password.is_empty() {
        return Err(Failure::usage("the password is empty", "type one: it protects the key"));
    }
    if purpose == Purpose::Choose && ask(&mut person, "The same again: ", BY_FILE)? != password {
        return Err(Failure::usage("the two passwords differ", "type the same one twice"));
    }
    Ok(password)
}

/// A secret from a pipe, or from a person who is asked for it.
pub fn piped_or_asked(prompt: &str) -> Result<String, Failure> {
    if let Some(mut person) = Unseen::begin()? {
        return ask(&mut person, prompt, "type it, or pipe it in");
    }
    let mut text = String::new();
    let read = std::io::stdin().take(BYTES_MAX.into()).read_to_string(&mut text);
    read.map_err(|error| {
        Failure::usage(format!("standard input cannot be read: {error}"), "pipe the secret in")
    })?;
    Ok(text)
}

/// The first line of a file.
pub fn first_line(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// How else a password is given.
const BY_FILE: &str = "type it, or give --password-file FILE, or set EARNEST_PASSWORD";

fn ask(person: &mut Unseen, prompt: &str, otherwise: &str) -> Result<String, Failure> {
    let typed = person.ask(prompt, BYTES_MAX.into())?;
    typed.ok_or_else(|| Failure::usage("nothing was typed", otherwise))
}

/// An empty password is a slip, a variable that was never filled, and protects nothing.
fn not_empty(password: String, whence: &str) -> Result<String, Failure> {
    if password.is_empty() {
        let hint = "put the password there, or give --password-file FILE";
        return Err(Failure::config(format!("the password in {whence} is empty"), hint));
    }
    Ok(password)
}
