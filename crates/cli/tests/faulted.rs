//! A job whose program stops early: paid as far as it went, and everywhere told as a fault, with
//! the exit code, the step, the cause and what to do.

mod common;

use std::fs;

use common::{Network, guest};

const ADA: [&str; 6] = ["provider", "run", "--cost-per-mgas", "0.003", "--margin", "15%"];

#[test]
fn a_fault_reads_as_a_fault() {
    let network = Network::start();
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _ada = network.daemon("ada", &ADA);
    let program = network.path("program.wasm");
    let counts = "(local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 300000)))) i32.const 8";
    let cases = [
        ("unreachable", "step 1 of 3 traps", "mend the program"),
        (counts, "step 1 of 3 uses more than 1000000 gas", "without --gas-bound"),
    ];
    for (job, (step, cause, remedy)) in cases.into_iter().enumerate() {
        let job = job.to_string();
        fs::write(&program, guest(step)).expect("written");
        let words = ["job", "submit", "--program", &program, "--steps", "3", "--max-price", "5"];
        let bounds = ["--gas-bound", "1000000", "--audit-rate", "1"];
        let done = network.run_as("rosa", &[&words[..], &bounds].concat());
        assert_eq!(done.code, Some(8), "{done:?}");
        for part in ["job-faulted", cause, remedy] {
            assert!(done.err.contains(part), "{part:?} in {}", done.err);
        }
        let status = network.run(&["job", "status", &job]);
        assert_eq!(status.code, Some(0), "{status:?}");
        assert!(status.out.contains("FAULT"), "{}", status.out);
        assert_eq!(network.json(&["job", "status", &job])["stopped"], "fault");

        let explained = network.run(&["job", "explain", &job]);
        assert!(explained.out.contains(cause), "{explained:?}");
        assert_eq!(network.json(&["job", "explain", &job])["step"], 1);
        assert_eq!(network.run(&["job", "result", &job]).code, Some(5));
    }
}
