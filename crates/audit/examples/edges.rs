//! Audits the defaults, the edge at which nothing of the bound is to spare (the margin at one, no
//! laxity and no withheld seed assumed), an open and young network, where people delegate and
//! insure, and a council decides appeals, and one of two assets whose validators feed a price.
//! Prints what does not hold: setting, entry, word.
//!
//! Run with `cargo run --release -p earnest-audit --example edges [-- DIR]`; the traces go to DIR.

use std::{error::Error, fs, path::PathBuf, process::ExitCode};

use earnest_audit::{Effort, Facts, Verdict, audit};
use earnest_protocol::{Epochs, Factor, Params, Ratio, RawParams};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let mut edge = RawParams::default();
    edge.verification.margin = Factor::ONE;
    edge.verification.laxity = Ratio::ZERO;
    edge.verification.seed_withholding = 0;
    let mut open = RawParams::default();
    open.staking.delegation_max = Factor::percent(300);
    open.insurance.cover_share = Ratio::percent(50);
    open.governance.phase = 0;
    let mut fed = RawParams::default();
    fed.prices.average_epochs = Epochs::new(24);
    let mut holds = true;
    let settings =
        [("defaults", RawParams::default()), ("edge", edge), ("open", open), ("fed", fed)];
    for (name, raw) in settings {
        let params = match Params::try_from(raw) {
            Ok(params) => params,
            Err(rejected) => {
                println!("{name}: {rejected} not shown");
                holds = false;
                continue;
            }
        };
        let report = audit(&params, &Facts::assumed(&params), Effort::Quick, &|_| {});
        for found in report.deviations.iter().filter(|found| found.verdict != Verdict::Holds) {
            let word = if found.verdict == Verdict::Pays { "pays" } else { "not shown" };
            println!("{name}: {} {word}", found.id);
            if let (Some(folder), Some(trace)) = (&folder, &found.trace) {
                fs::create_dir_all(folder)?;
                let file = folder.join(format!("{name}-{}.json", found.id.replace('/', "-")));
                fs::write(file, serde_json::to_string_pretty(trace)?)?;
            }
        }
        holds &= report.verdict() == Verdict::Holds;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(8) })
}
