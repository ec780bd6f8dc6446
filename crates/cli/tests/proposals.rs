//! What is put to the vote, from the command line: what is refused before it costs anything, and
//! where the deposit lies.

mod common;

use std::fs;

use common::Network;

#[test]
fn a_proposal_takes_no_log_for_a_report_and_its_deposit_is_shown_where_it_lies() {
    let network = Network::start();
    let path = |name: &str| network.folder.path().join(name).display().to_string();
    let propose = |words: &[&str]| network.run_as("nora", &[&["gov", "propose"], words].concat());
    fs::write(path("node.log"), "INFO ready\n").expect("written");
    let done = propose(&["--set", "market.take=3%", "--audit", &path("node.log")]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("node.log is no report of `earnest audit`"), "{done:?}");
    let params = network.json(&["query", "params"]);
    let take = params["market"]["take"].as_u64().expect("parts per billion");
    let same = format!("market.take={}%", take / 10_000_000);
    let done = propose(&["--set", &same]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("market.take is") && done.err.contains("already"), "{done:?}");
    let done = propose(&["--set", "market.take=100%"]);
    assert!(done.code == Some(2) && done.err.contains("allowed are 0 to"), "{done:?}");
    let done = propose(&["spend", "ada", "1000000"]);
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.err.contains("1000000 tokens are wanted, one spend may have "), "{done:?}");

    let done = propose(&["--set", "market.take=3%"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let deposit = network.json(&["gov", "show", "0"])["proposal"]["deposit"].clone();
    assert_ne!(deposit, "0");
    assert!(done.out.contains("proposal 0, "), "{done:?}");
    assert!(done.out.contains(" tokens behind it until its vote is over"), "{done:?}");
    let told = network.run(&["query", "account", "nora"]);
    assert!(told.out.contains("deposit of proposal 0"), "{told:?}");
    // The last word of the receipt's line is the transaction.
    let line = done.out.lines().next().expect("the receipt");
    let hash = line.rsplit(' ').next().expect("a hash");
    let told = network.run(&["query", "transaction", hash]);
    assert!(told.out.contains("because of it") && told.out.contains("proposes 0"), "{told:?}");

    for words in [&["flows"][..], &["block", "1"], &["storage"]] {
        let done = network.run(&[&["query"], words, &["--at", "1"]].concat());
        assert!(done.code == Some(2) && done.err.contains("leave out --at"), "{done:?}");
    }
}
