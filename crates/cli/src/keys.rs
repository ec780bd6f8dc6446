//! `earnest keys`: make, list, show and import encrypted keys; which may act for an account is in
//! `authorised`.
//!
//! Law: a secret never appears on a command line or on standard output; a new recovery phrase is
//! shown once, on standard error, to be written down.
//! Not here: where passwords and secrets come from (`secret`), and the terminal (`typed`).

mod secret;
mod typed;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use earnest_api::Client;
use earnest_keys::{
    Signer, keystore,
    keystore::KeystoreError,
    phrase::{self, Phrase},
};
use earnest_protocol::Address;
use serde_json::json;

use crate::{
    failure::Failure,
    folders,
    names::{self, Who},
    output::{note, out},
};

pub use secret::{PasswordArgs, Purpose};
use typed::Unseen;

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
    #[arg(long = "for", env = "EARNEST_FOR", value_parser = names::who,
          value_name = "ACCOUNT")]
    account: Option<Who>,
}

impl ActArgs {
    /// The account that the key acts for, if that is not its own; asks the node what a name means.
    pub fn account(&self, client: &Client) -> Result<Option<Address>, Failure> {
        self.account.as_ref().map(|who| names::resolve(client, who)).transpose()
    }
}

/// Where a key is written.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// The folder to write to [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

/// What to do with keys.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Make a new key and write it, encrypted
    New {
        /// Make it from a new recovery phrase of 24 words, shown once on standard error: the key of
        /// index 0; `keys derive` makes the others
        #[arg(long)]
        mnemonic: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Write a key of a recovery phrase (BIP-39), read from a prompt or standard input
    Derive {
        /// Which key of the phrase: i in m/44'/60'/0'/0/i, as wallets count accounts
        #[arg(long, default_value_t = 0, value_name = "I")]
        index: u32,
        /// Count as Ledger Live does: i in m/44'/60'/i'/0/0
        #[arg(long)]
        ledger_live: bool,
        /// A file whose first line is the phrase's passphrase, if it has one
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        target: Target,
    },
    /// Import a secret key (0x and 64 hex digits) from a prompt or standard input
    Import {
        #[command(flatten)]
        target: Target,
    },
    /// List the keystore files of a folder, whatever their names
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

pub fn run(command: &KeysCommand, json: bool) -> Result<(), Failure> {
    match command {
        KeysCommand::New { mnemonic: false, target } => {
            let signer = Signer::random().map_err(Failure::internal)?;
            write(&signer, target, None, json)
        }
        KeysCommand::New { mnemonic: true, target } => {
            let phrase = Phrase::random().map_err(Failure::internal)?;
            let signer = phrase.key("", 0).map_err(Failure::internal)?;
            write(&signer, target, None, json)?;
            note!("The recovery phrase, shown this once; who has it has every key of it:");
            phrase.words().enumerate().for_each(|(at, word)| note!("{:>4}  {word}", at + 1));
            Ok(())
        }
        KeysCommand::Derive { index, ledger_live, passphrase_file, target } => {
            let unseen = Unseen::begin()?;
            let passphrase = passphrase_file.as_deref().map(secret::first_line).transpose()?;
            let text = secret::piped_or_asked("Recovery phrase: ")?;
            let path = if *ledger_live { phrase::Path::LedgerLive } else { phrase::Path::Usual };
            let key = Phrase::parse(&text)
                .and_then(|phrase| phrase.key_on(path, &passphrase.unwrap_or_default(), *index));
            let signer = key.map_err(|error| {
                let hint = "give the words of BIP-39 in their order, parted by spaces";
                Failure::usage(error, hint)
            })?;
            write(&signer, target, unseen, json)
        }
        KeysCommand::Import { target } => {
            let unseen = Unseen::begin()?;
            let text = secret::piped_or_asked("Secret key: ")?;
            let signer = Signer::from_hex(text.trim()).map_err(|_| {
                let hint = "give 0x and 64 hexadecimal digits";
                Failure::usage("this is not a secret key", hint)
            })?;
            write(&signer, target, unseen, json)
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
    if args.key.is_dir() {
        return Err(is_folder(&args.key));
    }
    // Nobody is asked for the password of a key that is not there.
    if let Err(error) = std::fs::metadata(&args.key)
        && error.kind() == std::io::ErrorKind::NotFound
    {
        let detail = format!("there is no key file {}", args.key.display());
        let hint = "`earnest keys list` shows your key files, `earnest keys new` makes one; those \
                    of `earnest up` lie in its folder under keys/NAME";
        return Err(Failure::config(detail, hint));
    }
    let password = secret::password(&args.password, Purpose::Open)?;
    keystore::read(&args.key, &password).map_err(|error| {
        let hint = "`earnest keys list` shows key files; check the password file";
        match error {
            KeystoreError::Io { path, source } => Failure::file("read", &path, source),
            error => Failure::config(format!("{}: {error}", args.key.display()), hint),
        }
    })
}

/// A folder was given for a key file: says which key file is in it.
fn is_folder(folder: &Path) -> Failure {
    let detail = format!("{} is a folder, not a key file", folder.display());
    match keys_in(folder).unwrap_or_default().as_slice() {
        [] => Failure::config(detail, "make a key with `earnest keys new`"),
        [(_, file), ..] => {
            Failure::config(detail, &format!("give the key file in it: {}", file.display()))
        }
    }
}

/// The key files of a folder, by name, and whose they are.
fn keys_in(folder: &Path) -> std::io::Result<Vec<(keystore::Owner, PathBuf)>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Ok(files.into_iter().filter_map(|path| Some((keystore::owner(&path)?, path))).collect())
}

/// Writes a key under a password that is asked for; `unseen` ends then.
fn write(
    signer: &Signer,
    target: &Target,
    unseen: Option<Unseen>,
    json: bool,
) -> Result<(), Failure> {
    let password = secret::password(&target.password, Purpose::Choose)?;
    drop(unseen);
    let folder = target.folder.clone().map_or_else(folders::keys, Ok)?;
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file("make", &folder, error))?;
    let path =
        keystore::write(&folder, signer, &password, keystore::Cost::Standard).map_err(|error| {
            let hint = match &error {
                KeystoreError::AlreadyExists { .. } => {
                    "choose another folder, or use the key there"
                }
                _ => "nothing was written: check that the folder may be written and has room",
            };
            Failure::config(error, hint)
        })?;
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
    let keys = match keys_in(&folder) {
        Ok(keys) => keys,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let hint = "make a key with `earnest keys new`";
            return Err(Failure::not_found(format!("there is no {}", folder.display()), hint));
        }
        Err(error) => return Err(Failure::file("read", &folder, error)),
    };
    if json {
        let rows: Vec<_> = keys
            .iter()
            .map(|(owner, file)| json!({ "address": owner.address(), "file": file }))
            .collect();
        out!("{}", json!(rows))?;
    } else {
        for (owner, file) in keys {
            match owner.address() {
                Some(address) => out!("{address}  {}", file.display())?,
                None => out!("{:<42}  {}", "(not told by the file)", file.display())?,
            }
        }
    }
    Ok(())
}
