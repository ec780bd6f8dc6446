//! Audits the defaults, and the edge at which nothing of the bound is to spare: the margin at one,
//! no laxity and no withheld seed assumed. Prints what does not hold.
//!
//! Run with `cargo run --release -p earnest-audit --example edges`.

use std::process::ExitCode;

use earnest_audit::{Effort, Facts, Verdict, audit};
use earnest_protocol::{Factor, Params, Ratio, RawParams};

fn main() -> ExitCode {
    let mut edge = RawParams::default();
    edge.verification.margin = Factor::ONE;
    edge.verification.laxity = Ratio::ZERO;
    edge.verification.seed_withholding = 0;
    let mut holds = true;
    for (name, raw) in [("defaults", RawParams::default()), ("edge", edge)] {
        let params = match Params::try_from(raw) {
            Ok(params) => params,
            Err(rejected) => {
                println!("{name}: {rejected}");
                holds = false;
                continue;
            }
        };
        let report = audit(&params, &Facts::assumed(&params), Effort::Quick, &|_| {});
        for found in report.deviations.iter().filter(|found| found.verdict != Verdict::Holds) {
            println!("{name}: {} {:?}", found.id, found.verdict);
        }
        holds &= report.verdict() == Verdict::Holds;
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::from(8) }
}
