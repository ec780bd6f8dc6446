//! A cold key authorises a hot one: its daemon does a job for the account, and is shut out when the
//! key is revoked.

mod common;

use std::time::{Duration, Instant};

use common::{Network, earnest};

/// The address of a new key, and its `--key`, beside the network's own.
fn hot(network: &Network) -> (String, String) {
    let (folder, password) = (network.path("hot"), network.path("keys/password.txt"));
    let made = ["keys", "new", "--folder", &folder, "--password-file", &password, "--json"];
    let made: serde_json::Value = serde_json::from_str(&earnest(&made).out).expect("JSON");
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    (text("address"), text("file"))
}

#[test]
fn a_hot_key_works_for_a_cold_account_until_it_is_revoked() {
    let network = Network::start();
    let (address, file) = hot(&network);
    let (ada, password) = (network.address("ada"), network.path("keys/password.txt"));
    let data = network.path("hot-data");
    let provider = ["provider", "run", "--cost-per-mgas", "0.003", "--margin", "15%"];
    let act = ["--data", &data, "--key", &file, "--password-file", &password, "--for", "ada"];
    let provider = [&provider[..], &act, &["--node", &network.url]].concat();

    let refused = earnest(&provider);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.err.contains("has not authorised the key"), "{refused:?}");

    let terms = ["--scope", "provide", "--blocks", "100000", "--limit", "100"];
    let done = network.run_as("ada", &[&["keys", "authorise", &address][..], &terms].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let _daemons = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _provider = common::start(&provider);
    let guests = concat!(env!("CARGO_MANIFEST_DIR"), "/../compute/guests/wordcount");
    let (program, input) = (format!("{guests}/wordcount.wasm"), format!("{guests}/hamlet.txt"));
    let submit = ["job", "submit", "--program", &program, "--input", &input, "--no-wait"];
    let terms = ["--steps", "60", "--chunk-size", "16384", "--max-price", "5", "--audit-rate", "1"];
    let submit = [&submit[..], &terms].concat();
    // Opening a key takes longer than some jobs take bids: the next one meets a daemon that is up.
    let deadline = Instant::now() + Duration::from_secs(90);
    let mut posted: u32 = 0;
    let is_taken = |job: u32| {
        let job = network.json(&["query", "job", &job.to_string()]);
        job["provider"]["address"] == ada.as_str()
    };
    while !(0..posted).any(is_taken) {
        assert!(Instant::now() < deadline, "nobody took one of {posted} jobs");
        let done = network.run_as("rosa", &submit);
        assert_eq!(done.code, Some(0), "{done:?}");
        posted += 1;
        std::thread::sleep(Duration::from_secs(3));
    }
    let keys = network.json(&["keys", "list-authorised", &ada]);
    assert_eq!(keys[0]["key"], address.as_str());
    assert!(keys[0]["nonce"].as_u64() >= Some(2), "a bid and its opening: {keys}");

    let revoked = network.run_as("ada", &["keys", "revoke", &address]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    assert_eq!(network.json(&["keys", "list-authorised", &ada]), serde_json::json!([]));
    let again = network.run_as("ada", &["keys", "revoke", &address]);
    assert!(again.err.contains("revoke-key/not-authorised"), "{again:?}");
}
