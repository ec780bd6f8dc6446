//! A page that is asked for by `--html FILE`: where it goes.
//!
//! Law: nothing is played for a page that could not be written; a page of ours is replaced, any
//! other file never.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use earnest_sim::report::MARK;

use crate::failure::Failure;

/// Checks, before anything is played, that a page may be written there.
pub fn check(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let shown = path.display();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        let detail = format!("--html {shown}: there is no folder {}", parent.display());
        return Err(Failure::config(detail, "make it first, or name a file in another folder"));
    }
    if path.is_dir() {
        let detail = format!("--html {shown} is a folder, and a page is one file");
        return Err(Failure::config(detail, "name a file in it, such as report.html"));
    }
    let mut first = vec![0; MARK.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    match read {
        Ok(()) if first == MARK.as_bytes() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            Err(Failure::file("read", path, error))
        }
        _ => {
            let detail = format!("--html {shown} is there, and is no page of earnest's");
            Err(Failure::config(detail, "choose another name; only such pages are replaced"))
        }
    }
}

/// Writes the page, if nothing else came there while it was played.
pub fn write(path: &Path, html: &str) -> Result<(), Failure> {
    check(Some(path))?;
    std::fs::write(path, html).map_err(|error| Failure::file("write", path, error))
}
