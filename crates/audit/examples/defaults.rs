//! Audits the default parameters and prints what does not hold, if anything.
//!
//! Run with `cargo run --release -p earnest-audit --example defaults`.

use std::process::ExitCode;

use earnest_audit::{Effort, Facts, Verdict, audit};
use earnest_protocol::{Params, RawParams};

fn main() -> ExitCode {
    let params = Params::try_from(RawParams::default()).expect("the defaults go together");
    let report = audit(&params, &Facts::assumed(&params), Effort::Quick, &|_| {});
    for found in report.deviations.iter().filter(|found| found.verdict != Verdict::Holds) {
        println!("{}: {:?}, gain {:?} base units", found.id, found.verdict, found.gain);
    }
    println!("{} deviations: {:?}", report.deviations.len(), report.verdict());
    if report.verdict() == Verdict::Holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
