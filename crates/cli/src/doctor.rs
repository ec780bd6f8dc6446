//! `earnest doctor`: is a data directory sound? Reads everything, changes nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use earnest_node::{Depth, Limits, Store, examine as examine_store};
use earnest_worker::sandbox::layers;
use serde_json::json;

use crate::{daemons, failure::Failure, folders, output::out};

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
    let node = if folder.join("node").is_dir() { folder.join("node") } else { folder.clone() };
    if !Store::is_at(&node) {
        let detail = format!("{} holds no network", node.display());
        return Err(Failure::not_found(detail, "name a node's data directory with --data"));
    }
    let findings = examine(&node);
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
            out!("{mark} {check:<14} {detail}")?;
        }
    }
    if sound {
        Ok(())
    } else {
        Err(Failure::check("the data directory is not sound", "each failing check says what to do"))
    }
}

fn examine(node: &Path) -> Vec<Finding> {
    let mut findings = vec![clock(), sandbox()];
    let store = match Store::open(node) {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding { check: "directory", outcome: Err(error.to_string()) });
            return findings;
        }
    };
    let secret = store.beacon_secret().map(|_| "present, for the owner only".to_owned());
    findings.push(Finding { check: "beacon secret", outcome: secret.map_err(|e| e.to_string()) });
    let examined = examine_store(&store, Limits::default(), Depth::Genesis);
    let booted = match examined {
        Ok(booted) => booted,
        Err(error) => {
            findings.push(Finding { check: "log", outcome: Err(error.to_string()) });
            return findings;
        }
    };
    let (height, root) = (booted.state.height(), booted.root);
    let chain = format!("every block from genesis to {height} replays; the root is {root}");
    findings.push(Finding { check: "hash chain", outcome: Ok(chain) });
    for notice in &booted.notices {
        findings.push(Finding { check: "notice", outcome: Ok(notice.to_string()) });
    }
    let laws = booted.state.check_invariants();
    let laws = laws.map(|()| "conservation and every other law hold".to_owned());
    findings.push(Finding { check: "laws", outcome: laws.map_err(|broken| format!("{broken:?}")) });
    findings
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
