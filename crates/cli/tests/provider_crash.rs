//! A provider is killed five times in the middle of one job: it commits once, opens what it kept
//! without another run, is never slashed, and is paid. The requester then reads the result.

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use common::Network;
use earnest_api::{Client, EventId, kind_of};

const ADA: [&str; 6] = ["provider", "run", "--cost-per-mgas", "0.003", "--margin", "15%"];

/// When it is killed: so many milliseconds after it was seen in this phase or a later one. The
/// second in `executing` meets it about when its commitment is under way.
const KILLS: [(&str, u64); 5] =
    [("bidding", 50), ("executing", 0), ("executing", 300), ("committed", 0), ("auditing", 100)];

const PHASES: [&str; 10] = [
    "bidding",
    "revealing_bids",
    "offered",
    "executing",
    "committed",
    "auditing",
    "auditing_open",
    "revealing",
    "challengeable",
    "closed",
];

/// Waits, at most a minute, until the job is in this phase, or already in a later one.
fn until(network: &Network, wanted: &str) {
    let rank = |phase: &str| PHASES.iter().position(|known| *known == phase);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let done = network.run(&["query", "job", "0", "--json"]);
        let job: serde_json::Value = serde_json::from_str(&done.out).unwrap_or_default();
        let phase = job["phase"].as_str().unwrap_or("none");
        if rank(wanted) <= rank(phase) {
            println!("asked for {wanted}, killed in {phase}");
            return;
        }
        assert!(Instant::now() < deadline, "{wanted} never came: {phase}, {done:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Kinds of all events until this job is closed.
fn kinds(network: &Network) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let names = ["result_committed", "slashed", "slash_pending", "job_closed"];
    for event in Client::new(&network.url).events(Some(EventId::START), &names) {
        let kind = kind_of(&event.expect("the node answers").event);
        kinds.push(kind);
        if kind == "job_closed" {
            break;
        }
    }
    kinds
}

#[test]
fn a_killed_provider_commits_once_and_is_paid() {
    let network = Network::start();
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let mut ada = Some(network.daemon("ada", &ADA));
    let guests = concat!(env!("CARGO_MANIFEST_DIR"), "/../compute/guests/wordcount");
    let (program, input) = (format!("{guests}/wordcount.wasm"), format!("{guests}/hamlet.txt"));
    let output = network.path("output");
    std::thread::scope(|scope| {
        let submitted = scope.spawn(|| {
            let job = ["job", "submit", "--program", &program, "--input", &input, "--json"];
            let terms =
                ["--steps", "60", "--chunk-size", "16384", "--max-price", "5", "--audit-rate", "1"];
            network.run_as("rosa", &[&job[..], &terms].concat())
        });
        for (phase, later_ms) in KILLS {
            until(&network, phase);
            std::thread::sleep(Duration::from_millis(later_ms));
            drop(ada.take()); // Kills it.
            ada = Some(network.daemon("ada", &ADA));
        }
        let done = submitted.join().expect("it ends");
        assert_eq!(done.code, Some(0), "{done:?}");
    });
    drop(ada);
    let log = network.log("ada");
    assert!(log.contains("job 0: what it gave was kept, it is not run again"), "{log}");
    assert_eq!(kinds(&network), ["result_committed", "job_closed"]);

    let result = network.json(&["job", "result", "0", "--output", &output]);
    assert_eq!(result["bytes"], fs::metadata(&output).expect("written").len());
    assert!(0 < result["fields"]["words"].as_u64().expect("a count"), "{result}");
    let status = network.json(&["job", "status", "0"]);
    assert_eq!(status["closed"]["outcome"], "accepted", "{status}");
    assert_eq!(status["provider"]["address"], network.address("ada").as_str());
    let stake = network.json(&["stake", "status", &network.address("ada")]);
    assert_eq!(stake["operators"][0]["role"], "provider", "{stake}");
    assert_eq!(stake["operators"][0]["standing"], "active", "{stake}");
}
