//! `earnest doctor`: is a data directory sound? Reads everything, changes nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use earnest_node::{
    Booted, Depth, Limits, Notice, Store, StoreError, examine as examine_store, log::Segments,
};
use earnest_protocol::{Height, State};
use earnest_worker::sandbox::layers;
use serde_json::json;

use crate::{
    daemons,
    failure::{Failure, Status},
    folders,
    output::{out, say},
    text::{bytes, count},
};

/// What to check.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// A node's data directory, or the folder of `earnest up` [default: the user's]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// One thing that was looked at.
struct Finding {
    check: &'static str,
    outcome: Result<String, String>,
}

pub fn run(args: &DoctorArgs, json: bool) -> Result<(), Failure> {
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => folders::data()?.join("up"),
    };
    let node = folders::node_in(&folder);
    if !Store::is_at(&node) {
        let detail = format!("{} holds no network", node.display());
        return Err(Failure::not_found(detail, "name a node's data directory with --data"));
    }
    let store = Store::hold(&node);
    if let Err(error @ StoreError::InUse { .. }) = &store {
        // Nothing is wrong with it; nobody can look at it while it changes.
        let hint = "stop it first, or look at a copy: `earnest backup` makes and checks one while \
                    the node runs";
        return Err(Failure::new(Status::Config, "in-use", error, hint));
    }
    let findings = examine(&node, store);
    let sound = findings.iter().all(|finding| finding.outcome.is_ok());
    if json {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| {
                let (holds, detail) = match &finding.outcome {
                    Ok(detail) => (true, detail),
                    Err(detail) => (false, detail),
                };
                json!({ "check": finding.check, "holds": holds, "detail": detail })
            })
            .collect();
        out!("{}", json!({ "data": node, "sound": sound, "checks": rows }))?;
    } else {
        for Finding { check, outcome } in &findings {
            let (mark, detail) = match outcome {
                Ok(detail) => ("ok  ", detail),
                Err(detail) => ("FAIL", detail),
            };
            say!("{mark} {check:<14} {detail}")?;
        }
    }
    if sound {
        Ok(())
    } else {
        Err(Failure::check("the data directory is not sound", "each failing check says what to do"))
    }
}

fn examine(node: &Path, store: Result<Store, StoreError>) -> Vec<Finding> {
    let mut findings = vec![clock(), sandbox()];
    let mut find = |check, outcome| findings.push(Finding { check, outcome });
    let store = match store {
        Ok(store) => store,
        Err(error) => {
            find("directory", Err(error.to_string()));
            return findings;
        }
    };
    let secret = store.beacon_secret().map(|_| "present, for the owner only".to_owned());
    find("beacon secret", secret.map_err(|error| error.to_string()));
    drafts(&store, &mut find);
    let segments = match Segments::find(node, &store.network()) {
        Ok(segments) => segments,
        Err(error) => {
            find("log", Err(error.to_string()));
            return findings;
        }
    };
    find("room", room(node, &segments));
    let booted = match examine_store(&store, Limits::default(), Depth::Genesis) {
        Ok(booted) => booted,
        Err(error) => {
            find("log", Err(error.to_string()));
            return findings;
        }
    };
    let several = u64::try_from(segments.count()).unwrap_or(u64::MAX);
    let (several, size) = (count(several, "segment"), bytes(segments.bytes()));
    find("log", Ok(format!("{size} in {several}, each follows the one before")));
    find("hash chain", Ok(chain(&segments, &booted)));
    for notice in &booted.notices {
        find("notice", Ok(notice.to_string()));
    }
    if booted.snapshot == Height::ZERO {
        find("notice", Ok("there is no snapshot: a start replays every block".to_owned()));
    }
    let laws = booted.state.check_invariants();
    let laws = laws.map(|()| "conservation and every other law hold".to_owned());
    find("laws", laws.map_err(|broken| format!("{broken:?}")));
    if let Some(feed) = feed(&booted.state) {
        find("price feed", Ok(feed));
    }
    findings
}

/// How the price feed stands, if there is one. A late one is no fault of the directory.
fn feed(state: &State) -> Option<String> {
    let (age, limit) = (state.price_age()?.count(), state.params().prices().stale_epochs.count());
    Some(match age {
        0 => "a price counted when this epoch opened".to_owned(),
        age if age < limit => format!(
            "nothing has counted for {}; new jobs are refused from {limit} on: see that \
             validators post",
            count(age, "epoch")
        ),
        age => format!(
            "stale: nothing has counted for {}, and new jobs are refused until validators with \
             enough stake post; `earnest query prices` shows who does",
            count(age, "epoch")
        ),
    })
}

/// What holds a program in that this machine runs as a job.
fn sandbox() -> Finding {
    let asked = daemons::runner()
        .map_err(|failure| failure.detail)
        .and_then(|runner| layers(&runner).map_err(|error| error.to_string()));
    let outcome = asked.map(|rows| {
        let rows: Vec<String> =
            rows.iter().map(|(name, holds)| format!("{name} {holds}")).collect();
        rows.join("; ")
    });
    Finding { check: "sandbox", outcome }
}

fn drafts(store: &Store, find: &mut impl FnMut(&'static str, Result<String, String>)) {
    match store.drafts() {
        Ok(drafts) if drafts.is_empty() => {}
        Ok(drafts) => {
            let count = drafts.len();
            let what = "unfinished files were left by a process that was stopped while it wrote";
            find("notice", Ok(format!("{count} {what}; a start removes them")));
        }
        Err(error) => find("directory", Err(error.to_string())),
    }
}

/// Whether the next block has room on the disk.
fn room(node: &Path, segments: &Segments) -> Result<String, String> {
    let needed = Limits::default().encoded_block_bytes_max();
    let held = segments.held_bytes().map_err(|error| error.to_string())?;
    let free = earnest_node::free_bytes(node).map_err(|error| error.to_string())?;
    if held >= needed {
        let (held, free) = (bytes(held), bytes(free));
        Ok(format!("{held} are held for blocks to come, {free} are free"))
    } else if held.saturating_add(free) >= needed {
        Ok(format!(
            "no room is held for the next block; a start holds some of the {} free",
            bytes(free)
        ))
    } else {
        Err(format!(
            "{} are free, and a block may need {}: a node would make no blocks and take no \
             transactions. Make room on this disk",
            bytes(free),
            bytes(needed)
        ))
    }
}

/// What was replayed, and from where.
fn chain(segments: &Segments, booted: &Booted) -> String {
    let (height, root, base) = (booted.state.height(), booted.root, segments.base().height);
    if base == Height::ZERO {
        return format!("every block from genesis to {height} replays; the root is {root}");
    }
    let first = base.count().saturating_add(1);
    let from = booted.notices.iter().find_map(|notice| match notice {
        Notice::Replayed { from, .. } => Some(*from),
        _ => None,
    });
    let from = from.unwrap_or(height);
    format!(
        "blocks 1 to {base} were pruned; every block from {first} to {height} is there, and those \
         after the snapshot of {from} replay; the root is {root}"
    )
}

fn clock() -> Finding {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // 2026 as a floor: a clock before this version was written is wrong.
    let sane = now.is_ok_and(|since| since.as_secs() > 1_767_225_600);
    let outcome = if sane {
        Ok("after 2026".to_owned())
    } else {
        Err("the system clock is far in the past; set it, or blocks are refused".to_owned())
    };
    Finding { check: "clock", outcome }
}
