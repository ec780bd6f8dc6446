//! Folders: where files lie unless a person says otherwise.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The user's data folder for earnest: `$XDG_DATA_HOME/earnest` or `~/.local/share/earnest`.
pub fn data() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute())
    {
        return Ok(folder.join("earnest"));
    }
    if let Some(home) = set("HOME") {
        return Ok(PathBuf::from(home).join(".local/share/earnest"));
    }
    let hint = "set HOME or XDG_DATA_HOME, or name a folder on the command line";
    Err(Failure::config("the user's data folder is unknown", hint))
}

/// Where keys lie.
pub fn keys() -> Result<PathBuf, Failure> {
    Ok(data()?.join("keys"))
}

/// The data directory of the node: the folder itself, or its part of a folder of `earnest up`.
pub fn node_in(folder: &Path) -> PathBuf {
    let node = folder.join("node");
    if node.is_dir() { node } else { folder.to_owned() }
}
