//! `earnest backup` and `earnest restore`: a network's directory, copied and put back.

use std::path::PathBuf;

use clap::Args;
use earnest_node::{
    Store,
    backup::{self, BackupError, Manifest, Scope, Source},
};
use serde_json::json;

use crate::{
    failure::Failure,
    folders,
    output::{note, out, say},
    text,
};

/// What is backed up, and where to.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// A node's data directory, or the folder of `earnest up`; the node may be running
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The folder that will hold the backup; must not exist, or be empty
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Copy programs, inputs and outputs, too
    #[arg(long)]
    blobs: bool,
}

/// What is restored, and where to.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The folder that `earnest backup` made
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// The data directory to make; must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub fn back_up(args: &BackupArgs, json: bool) -> Result<(), Failure> {
    let node = folders::node_in(&args.dir);
    if !Store::is_at(&node) {
        let detail = format!("{} holds no network", node.display());
        return Err(Failure::not_found(detail, "name the data directory of a node"));
    }
    let scope = if args.blobs { Scope::LedgerAndBlobs } else { Scope::Ledger };
    let (manifest, source) = backup::back_up(&node, &args.to, scope).map_err(not_backed_up)?;
    let Manifest { height, blocks_from, root, ref name, network, .. } = manifest;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let is_running = source == Source::Running;
    if json {
        return out!(
            "{}",
            json!({
                "backup": args.to, "network": network, "height": height, "root": root,
                "blocks_from": blocks_from, "bytes": bytes, "files": manifest.files.len(),
                "blobs": manifest.has_blobs, "running": is_running,
            })
        );
    }
    let to = args.to.display();
    let size = text::bytes(bytes);
    say!("{to}: {name}, blocks {blocks_from} to {height}, {size}; the root is {root}")?;
    if is_running {
        note!("the node was running: blocks after {height} are not in the backup");
    }
    if !manifest.has_blobs {
        note!("programs, inputs and outputs are not in the backup; --blobs adds them");
    }
    note!(
        "the backup holds the beacon secret: keep it as you keep keys, and never run a restored \
         node beside the one it was taken from",
    );
    Ok(())
}

pub fn restore(args: &RestoreArgs, json: bool) -> Result<(), Failure> {
    let manifest = backup::restore(&args.from, &args.to).map_err(not_restored)?;
    let Manifest { height, blocks_from, root, ref name, network, taken_ms, .. } = manifest;
    if json {
        return out!(
            "{}",
            json!({
                "data": args.to, "network": network, "height": height, "root": root,
                "blocks_from": blocks_from, "taken_ms": taken_ms, "blobs": manifest.has_blobs,
            })
        );
    }
    let to = args.to.display();
    say!("{to}: {name}, blocks {blocks_from} to {height}; the root is {root}")?;
    note!(
        "blocks after {height} that were acknowledged are lost: whoever sent their transactions \
         has to send them again, and beacon secrets of their heights may have been seen"
    );
    if !manifest.has_blobs {
        note!("programs, inputs and outputs were not in the backup: open jobs may need them again");
    }
    note!("never run this node beside the one that the backup was taken from");
    note!("start it with `earnest node --data {to}`");
    Ok(())
}

fn not_backed_up(error: BackupError) -> Failure {
    let hint = match &error {
        BackupError::NotEmpty { .. } => "name a folder that does not exist yet with --to",
        BackupError::Store(_) | BackupError::Boot(_) => {
            "`earnest doctor --data DIR` says more; what was copied is no backup"
        }
        _ => "what was copied is no backup, and can be removed",
    };
    Failure::config(error, hint)
}

fn not_restored(error: BackupError) -> Failure {
    let hint = match &error {
        BackupError::NotEmpty { .. } | BackupError::Store(_) => {
            "name a directory that does not exist yet with --to"
        }
        BackupError::NoManifest { .. } => "name the folder that `earnest backup` made",
        _ => "what was written holds no network, and can be removed",
    };
    Failure::config(error, hint)
}
