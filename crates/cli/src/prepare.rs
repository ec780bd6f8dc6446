//! `earnest prepare`: an ordinary program made ready, or what is in the way.

use std::path::{Path, PathBuf};

use clap::Args;
use earnest_prepare::{Prepared, prepare};
use earnest_worker::sandbox::Digest;
use serde_json::json;

use crate::{
    failure::Failure,
    output::out,
    run::{linked, refused},
};

/// A program that is made ready.
#[derive(Args, Debug)]
pub struct PrepareArgs {
    /// The WebAssembly module, compiled for wasm32-wasip1
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,
    /// Write what is made of it to this folder: `plain.wasm` and `pausable.wasm`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &PrepareArgs, json: bool) -> Result<(), Failure> {
    let program = std::fs::read(&args.program)
        .map_err(|error| Failure::file("read", &args.program, error))?;
    let linked = linked(&program)?;
    let prepared = prepare(&linked).map_err(|why| refused(&why))?;
    let written = args.out.as_deref().map(|folder| write(folder, &prepared)).transpose()?;
    let digest = |module: &[u8]| format!("0x{}", Digest::of_program(module));
    let Prepared { plain, pausable } = &prepared;
    if json {
        let value = json!({
            "program": digest(&program),
            "program_bytes": program.len(),
            "linked_bytes": linked.len(),
            "plain": digest(plain),
            "plain_bytes": plain.len(),
            "pausable": digest(pausable),
            "pausable_bytes": pausable.len(),
            "written": written,
        });
        return out!("{value}");
    }
    out!("program   {}, {} bytes", digest(&program), program.len())?;
    out!("linked    {} bytes, with the system interface", linked.len())?;
    out!("plain     {}, {} bytes, counting its work", digest(plain), plain.len())?;
    out!("pausable  {}, {} bytes, for disputes", digest(pausable), pausable.len())?;
    match args.out.as_deref() {
        Some(folder) => out!("written   {}", folder.display()),
        None => out!("try it    earnest run {} -- ARGUMENTS", args.program.display()),
    }
}

/// Writes both modules; returns where.
fn write(folder: &Path, prepared: &Prepared) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, error))?;
    let forms = [("plain.wasm", &prepared.plain), ("pausable.wasm", &prepared.pausable)];
    let written = forms.map(|(name, module)| {
        let path = folder.join(name);
        match std::fs::write(&path, module) {
            Ok(()) => Ok(path),
            Err(error) => Err(Failure::file("write", &path, error)),
        }
    });
    written.into_iter().collect()
}
