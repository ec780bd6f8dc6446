//! A job that the rules refuse costs its requester nothing: not even the room for its bytes.

mod common;

use common::{Network, guest};

#[test]
fn a_job_that_would_be_refused_is_not_paid_for() {
    let network = Network::start();
    let program = network.path("program.wasm");
    std::fs::write(&program, guest("i32.const 8")).expect("written");
    let rosa = network.address("rosa");
    let account = || network.json(&["query", "account", &rosa]);
    let before = account();
    let post = ["job", "submit", "--program", &program, "--steps", "3", "--max-price", "5"];
    let done = network.run_as("rosa", &[&post[..], &["--gas-bound", "1000", "--json"]].concat());
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("post-job/work-bound-out-of-range"), "{}", done.err);
    assert!(!done.err.contains("are kept under"), "{}", done.err);
    let after = account();
    assert_eq!((&before["free"], &before["nonce"]), (&after["free"], &after["nonce"]), "{after}");
    assert!(before["free"].is_string(), "{before}");
}
