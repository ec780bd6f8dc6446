//! `earnest keys`: make, list, show and import encrypted keys; which may act for an account is in
//! `authorised`.
//!
//! Law: a secret never appears on a command line or on standard output.

use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use earnest_keys::{Signer, keystore};
use earnest_protocol::Address;
use serde_json::json;

use crate::{failure::Failure, folders, output::out};

/// How a key is found and opened.
#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    /// The encrypted key file
    #[arg(long, env = "EARNEST_KEY", value_name = "FILE")]
    pub key: PathBuf,
    #[command(flatten)]
    pub password: PasswordArgs,
}

/// A key, and for whom it acts.
#[derive(Args, Clone, Debug)]
pub struct ActArgs {
    #[command(flatten)]
    pub key: KeyArgs,
    /// The account that authorised this key, to act on its behalf [default: the key's own]
    #[arg(long = "for", env = "EARNEST_FOR", value_parser = address,
          value_name = "ACCOUNT")]
    pub account: Option<Address>,
}

/// Where the password comes from.
#[derive(Args, Clone, Debug)]
pub struct PasswordArgs {
    /// A file whose first line is the password [default: the environment's EARNEST_PASSWORD]
    #[arg(long, env = "EARNEST_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What to do with keys.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Make a new key and write it, encrypted
    New {
        /// The folder to write to [default: the user's data folder]
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Import a secret key (0x and 64 hex digits) from standard input
    Import {
        /// The folder to write to [default: the user's data folder]
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List the keys of a folder
    List {
        /// The folder to read [default: the user's data folder]
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Open a key, to see that the password is right, and show its address
    Show {
        #[command(flatten)]
        key: KeyArgs,
    },
}

pub fn address(text: &str) -> Result<Address, String> {
    Address::from_hex(text).ok_or_else(|| "an address is 0x and 40 hexadecimal digits".into())
}

pub fn run(command: &KeysCommand, json: bool) -> Result<(), Failure> {
    match command {
        KeysCommand::New { folder, password } => {
            let signer = Signer::random().map_err(Failure::internal)?;
            write(&signer, folder.as_deref(), password, json)
        }
        KeysCommand::Import { folder, password } => {
            let mut text = String::new();
            std::io::stdin().take(1_024).read_to_string(&mut text).map_err(Failure::internal)?;
            let signer = Signer::from_hex(text.trim()).map_err(|_| {
                let hint = "write 0x and 64 hexadecimal digits to standard input";
                Failure::usage("standard input is not a secret key", hint)
            })?;
            write(&signer, folder.as_deref(), password, json)
        }
        KeysCommand::List { folder } => list(folder.as_deref(), json),
        KeysCommand::Show { key } => {
            let signer = open(key)?;
            print_key(&signer, &key.key, json)
        }
    }
}

/// Opens the key that the arguments name.
pub fn open(args: &KeyArgs) -> Result<Signer, Failure> {
    let password = password(&args.password)?;
    keystore::read(&args.key, &password).map_err(|error| {
        let hint = "`earnest keys list` shows key files; check the password file";
        Failure::config(format!("{}: {error}", args.key.display()), hint)
    })
}

fn password(args: &PasswordArgs) -> Result<String, Failure> {
    if let Some(path) = &args.password_file {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
        return not_empty(text.lines().next().unwrap_or_default(), &path.display().to_string());
    }
    if let Ok(password) = std::env::var("EARNEST_PASSWORD") {
        return not_empty(&password, "EARNEST_PASSWORD");
    }
    let hint = "give --password-file FILE, or set EARNEST_PASSWORD";
    let how = if std::io::stdin().is_terminal() { "no password was given" } else { "no password" };
    Err(Failure::usage(how, hint))
}

/// An empty password is a slip, a variable that was never filled, and protects nothing.
fn not_empty(password: &str, whence: &str) -> Result<String, Failure> {
    if password.is_empty() {
        let hint = "put the password there, or give --password-file FILE";
        return Err(Failure::config(format!("the password in {whence} is empty"), hint));
    }
    Ok(password.to_owned())
}

fn write(
    signer: &Signer,
    folder: Option<&Path>,
    args: &PasswordArgs,
    json: bool,
) -> Result<(), Failure> {
    let password = password(args)?;
    let folder = folder.map_or_else(folders::keys, |folder| Ok(folder.to_owned()))?;
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file("make", &folder, error))?;
    let path = keystore::write(&folder, signer, &password, keystore::Cost::Standard)
        .map_err(|error| Failure::config(error, "choose another folder, or use the key there"))?;
    print_key(signer, &path, json)
}

fn print_key(signer: &Signer, path: &Path, json: bool) -> Result<(), Failure> {
    if json {
        out!("{}", json!({ "address": signer.address(), "file": path }))
    } else {
        out!("{}  {}", signer.address(), path.display())
    }
}

fn list(folder: Option<&Path>, json: bool) -> Result<(), Failure> {
    let folder = folder.map_or_else(folders::keys, |folder| Ok(folder.to_owned()))?;
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let hint = "make a key with `earnest keys new`";
            return Err(Failure::not_found(format!("there is no {}", folder.display()), hint));
        }
        Err(error) => return Err(Failure::file("read", &folder, error)),
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let address = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        earnest_protocol::Address::from_hex(name.split('.').next()?)
    };
    let keys: Vec<_> = files.iter().filter_map(|path| Some((address(path)?, path))).collect();
    if json {
        let rows: Vec<_> = keys
            .iter()
            .map(|(address, file)| json!({ "address": address, "file": file }))
            .collect();
        out!("{}", json!(rows))?;
    } else {
        for (address, file) in keys {
            out!("{address}  {}", file.display())?;
        }
    }
    Ok(())
}
