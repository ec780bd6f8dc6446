//! The home of a development network: the folder that `earnest up` makes, resumes and empties.
//!
//! Laws: one process at a time lives in it, and it is only emptied if it is one of ours and nobody
//! lives in it or in a part of it.
//! Not here: the processes that live in its parts; each claims its own.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use earnest_keys::keystore;
use earnest_worker::claim::{self, Claim};
use serde::{Deserialize, Serialize};

use super::{UpArgs, plan};
use crate::failure::Failure;

/// What a data folder remembers of how it was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    format: u32,
    pub seed: u64,
    pub block_time_ms: u64,
    /// Parameters that are not those of every development network: `room.name=value`.
    #[serde(default)]
    pub sets: Vec<String>,
}

const FORMAT: u32 = 2;
const SETUP: &str = "up.json";
const PASSWORD: &str = "development";

/// Makes or reads the data folder, which is ours while the claim lives.
pub fn prepare(folder: &Path, args: &UpArgs) -> Result<(Setup, Claim), Failure> {
    let file = folder.join(SETUP);
    if !file.exists() && !parts(folder)?.is_empty() {
        let detail =
            format!("{} is not empty and has no {SETUP}: it is not one of ours", folder.display());
        return Err(Failure::config(detail, "choose another folder with --data"));
    }
    if !file.exists() {
        // Nothing is made for a network that could not be reached.
        super::free(args.port)?;
    }
    fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, error))?;
    let claim = claim::folder(folder)?;
    super::free(args.port)?;
    if args.fresh {
        empty(folder)?;
    }
    let setup = if file.exists() { resume(&file, args) } else { begin(folder, &file, args) };
    Ok((setup?, claim))
}

fn begin(folder: &Path, file: &Path, args: &UpArgs) -> Result<Setup, Failure> {
    let block_time =
        args.block_time.unwrap_or(Duration::from_millis(if args.instant { 100 } else { 500 }));
    let block_time_ms = u64::try_from(block_time.as_millis()).map_err(Failure::internal)?;
    plan::params_with(block_time_ms, &args.sets)?;
    let (seed, sets) = (args.seed.unwrap_or(1), args.sets.clone());
    let setup = Setup { format: FORMAT, seed, block_time_ms, sets };
    for part in ["keys", "logs", "node"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).map_err(|error| Failure::file("make", &part, error))?;
    }
    write_keys(folder, &setup)?;
    write(file, &serde_json::to_string_pretty(&setup).map_err(Failure::internal)?)?;
    Ok(setup)
}

fn resume(file: &Path, args: &UpArgs) -> Result<Setup, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, error))?;
    let setup: Setup = serde_json::from_str(&text).map_err(|error| {
        let hint = "begin anew with --fresh";
        Failure::config(format!("{} is damaged: {error}", file.display()), hint)
    })?;
    if setup.format != FORMAT {
        let detail = format!("the folder has format {}, this is {FORMAT}", setup.format);
        return Err(Failure::config(detail, "begin anew with --fresh, or use the other version"));
    }
    let asked = args.block_time.map(|time| time.as_millis());
    let other_time = asked.is_some_and(|time| time != u128::from(setup.block_time_ms));
    let other_sets = !args.sets.is_empty() && args.sets != setup.sets;
    if other_time || other_sets || args.seed.is_some_and(|seed| seed != setup.seed) {
        let Setup { seed, block_time_ms, sets, .. } = setup;
        let sets: String = match sets.is_empty() {
            true => " and without --set".to_owned(),
            false => sets.iter().map(|set| format!(" --set {set}")).collect(),
        };
        let detail =
            format!("the folder was begun with --seed {seed} --block-time {block_time_ms}ms{sets}");
        return Err(Failure::config(detail, "leave them out to resume, or add --fresh"));
    }
    Ok(setup)
}

/// What lies in the folder, but for the lock; nothing if there is no folder.
fn parts(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::file("read", folder, error);
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let is_lock = |path: &PathBuf| path.file_name().is_some_and(|name| name == claim::LOCK);
    Ok(paths.map_err(unreadable)?.into_iter().filter(|path| !is_lock(path)).collect())
}

/// Empties a folder that we claimed, unless somebody lives in a part of it: a node or a daemon
/// that was started by itself.
fn empty(folder: &Path) -> Result<(), Failure> {
    let parts = parts(folder)?;
    let locked = parts.iter().filter(|part| part.join(claim::LOCK).exists());
    let _claims = locked.map(|part| claim::folder(part)).collect::<Result<Vec<_>, _>>()?;
    // The mark that it is ours goes last, so that whatever stops this can be tried again.
    let (mark, others): (Vec<_>, Vec<_>) =
        parts.iter().partition(|part| part.file_name().is_some_and(|name| name == SETUP));
    for part in others.into_iter().chain(mark) {
        let gone = if part.is_dir() { fs::remove_dir_all(part) } else { fs::remove_file(part) };
        gone.map_err(|error| Failure::file("remove", part, error))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::file("write", path, error))
}

pub fn password_file(folder: &Path) -> PathBuf {
    folder.join("keys/password.txt")
}

fn write_keys(folder: &Path, setup: &Setup) -> Result<(), Failure> {
    let password = password_file(folder);
    write(&password, PASSWORD)?;
    for member in plan::cast(setup.seed) {
        let keys = folder.join("keys").join(member.name);
        fs::create_dir_all(&keys).map_err(|error| Failure::file("make", &keys, error))?;
        let signer = plan::key(setup.seed, member.name);
        let cost = keystore::Cost::Development;
        keystore::write(&keys, &signer, PASSWORD, cost).map_err(Failure::internal)?;
    }
    Ok(())
}
