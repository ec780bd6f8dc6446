//! `earnest prepare`: an ordinary program made ready, or what is in the way.

use std::path::{Path, PathBuf};

use clap::Args;
use earnest_worker::sandbox::Digest;
use serde_json::json;

use crate::{failure::Failure, output::out, run::prepared};

/// A program that is made ready.
#[derive(Args, Debug)]
pub struct PrepareArgs {
    /// The WebAssembly module, compiled for wasm32-wasip1
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,
    /// Write what is made of it to this folder: `plain.wasm`, which `earnest run` runs
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &PrepareArgs, json: bool) -> Result<(), Failure> {
    let program = std::fs::read(&args.program)
        .map_err(|error| Failure::file("read", &args.program, error))?;
    let prepared = prepared(&program)?;
    let written = args.out.as_deref().map(|folder| write(folder, &prepared.plain)).transpose()?;
    let (from, to) = (Digest::of_program(&program), Digest::of_program(&prepared.plain));
    if json {
        let written = written.as_deref().map(Path::to_string_lossy);
        let value = json!({
            "program": from.to_string(),
            "program_bytes": program.len(),
            "linked_bytes": prepared.linked.len(),
            "plain": to.to_string(),
            "plain_bytes": prepared.plain.len(),
            "written": written,
        });
        return out!("{value}");
    }
    out!("program   {from}, {} bytes", program.len())?;
    out!("linked    {} bytes, with the system interface", prepared.linked.len())?;
    out!("plain     {to}, {} bytes, counting its work", prepared.plain.len())?;
    match written {
        Some(path) => out!("written   {}", path.display()),
        None => out!("try it    earnest run {} -- ARGUMENTS", args.program.display()),
    }
}

fn write(folder: &Path, plain: &[u8]) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, error))?;
    let path = folder.join("plain.wasm");
    std::fs::write(&path, plain).map_err(|error| Failure::file("write", &path, error))?;
    Ok(path)
}
