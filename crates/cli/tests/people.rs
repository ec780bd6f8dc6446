//! What a person asks a network: names instead of addresses, lists, waits and where money is.

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use common::{Done, Network, guest};

/// Posts a job of rosa's, with more words.
fn submit(network: &Network, file: &str, words: &[&str]) -> Done {
    let job = ["job", "submit", "--program", file, "--steps", "3", "--max-price", "5"];
    network.run_as("rosa", &[&job[..], &["--gas-bound", "16000000"], words].concat())
}

/// Each payment of job 0 is worked out from its event, and one of them by its place.
fn payouts_are_worked_out(network: &Network) {
    let done = network.run(&["explain", "0", "--payouts"]);
    for words in ["ada is paid", "agreed * 3 / 3 steps", "the requester has", " due = "] {
        assert!(done.code == Some(0) && done.out.contains(words), "{words}: {done:?}");
    }
    let payouts = network.json(&["explain", "0", "--payouts"])["payouts"].clone();
    let paid =
        payouts.as_array().expect("payouts").iter().find(|row| row["event"]["role"] == "provider");
    let paid = paid.expect("its provider is paid");
    let place = format!("{}-{}", paid["height"], paid["index"]);
    let done = network.run(&["explain", &place]);
    assert!(done.code == Some(0) && done.out.starts_with(&place), "{done:?}");
    assert_eq!(network.run(&["explain", "1-0"]).code, Some(5));
}

#[test]
fn a_job_is_listed_and_waited_for_by_the_names_of_its_people() {
    let network = Network::start();
    let file = network.path("program.wasm");
    fs::write(&file, guest("i32.const 8")).expect("written");
    {
        let _validators =
            ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
        let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
        let done = submit(&network, &file, &["--no-wait"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        // While the job is open, rosa's money lies in it.
        let held = network.json(&["account", "rosa"])["held"].to_string();
        for place in ["escrow", "audit_fees", "deposit"] {
            assert!(held.contains(&format!("\"{place}\"")), "{held}");
        }
        let done = network.run_as("rosa", &["job", "follow", "0"]);
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    let done = network.run(&["job", "wait", "0"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("job 0: paid") && done.out.contains("ada 0x"), "{done:?}");

    payouts_are_worked_out(&network);

    let ada = network.run(&["provider", "status", "ada"]).out;
    for words in ["active, takes new work", "for 1 job since block", "all of the jobs taken"] {
        assert!(ada.contains(words), "{words}: {ada}");
    }
    let record = &network.json(&["provider", "status", "ada"])["record"];
    assert_eq!(
        (&record["paid_count"], &record["bids"]["0"]["fate"]["fate"]),
        (&1.into(), &"taken".into())
    );
    let vera = network.run(&["validator", "status", "vera"]).out;
    assert!(vera.contains("drawn") && vera.contains("missed 0"), "{vera}");
    let done = network.run(&["provider", "status", "rosa"]);
    assert!(done.code == Some(5) && done.err.contains("stake bond --role provider"), "{done:?}");

    // Now nobody is there to bid.
    let done = submit(&network, &file, &["--no-wait"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let done = network.run(&["job", "wait", "1", "--timeout", "0"]);
    assert_eq!(done.code, Some(7), "{done:?}");
    let open = network.json(&["job", "list", "--phase", "open", "--requester", "rosa"]);
    assert_eq!(open["items"][0]["id"], 1, "{open}");
    let done = network.run(&["job", "wait", "1"]);
    assert_eq!(done.code, Some(8), "{done:?}");
    assert!(done.out.contains("refunded: nobody bid"), "{done:?}");
    assert_eq!(network.run(&["job", "wait", "2"]).code, Some(5));

    let story = network.run(&["explain", "0"]).out;
    for words in ["job 0: paid", "posted by rosa", "ada earns", "for the result, of"] {
        assert!(story.contains(words), "{words}: {story}");
    }
    let story = network.json(&["explain", "1"]);
    assert_eq!(
        (&story["is_whole"], &story["events"][0]["event"]["kind"]),
        (&true.into(), &"job_posted".into())
    );

    let list = network.run(&["job", "list", "--requester", "rosa", "--provider", "ada"]).out;
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.len() == 2 && lines[1].contains("paid"), "{list}");
    let list = network.json(&["job", "list", "--limit", "1"]);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["items"][0]["outcome"], "expired", "{list}");
}

#[test]
fn a_job_is_taken_back_by_its_requester_alone_and_all_but_fees_returns() {
    let network = Network::start_with(&["market.bid_blocks=200"]);
    let file = network.path("program.wasm");
    fs::write(&file, guest("i32.const 8")).expect("written");
    let free = || {
        let account = network.json(&["query", "account", "rosa"]);
        account["free"].as_str().expect("digits").parse::<u64>().expect("an amount")
    };
    let before = free();
    let done = submit(&network, &file, &["--no-wait"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let done = network.run_as("ada", &["job", "cancel", "0"]);
    assert!(done.code == Some(4) && done.err.contains("cancel-job/not-requester"), "{done:?}");
    let done = network.run_as("rosa", &["job", "cancel", "0"]);
    assert!(done.code == Some(0) && done.out.starts_with("taken back\n"), "{done:?}");
    let done = network.run(&["job", "wait", "0"]);
    assert_eq!(done.code, Some(8), "{done:?}");
    assert!(done.out.contains("refunded: its requester took it back"), "{done:?}");
    // Fees, and what keeping the program's bytes cost.
    assert!(before - free() < 1_000_000, "{before} {}", free());
    let done = network.run_as("rosa", &["job", "cancel", "0"]);
    assert!(done.code == Some(4) && done.err.contains("cancel-job/wrong-phase"), "{done:?}");
}

#[test]
fn a_requester_and_its_daemon_with_one_key_do_not_refuse_each_other() {
    let network = Network::start();
    let file = network.path("program.wasm");
    fs::write(&file, guest("i32.const 8")).expect("written");
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let _rosa = network.daemon("rosa", &["requester", "run", "--pause", "600s"]);
    logged(&network, "rosa", "job posted");
    for _ in 0..3 {
        let done = submit(&network, &file, &[]);
        assert!(done.code == Some(0) && !done.err.contains("refused"), "{done:?}");
    }
    let rosa = logged(&network, "rosa", "job posted");
    assert!(!rosa.contains("refused"), "{rosa}");
}

#[test]
fn what_a_job_attracts_of_emission_is_worked_out_from_the_claim_to_what_it_came_to() {
    let network = Network::start_with(&[
        "rewards.schedule=1",
        "rewards.epoch_amount=1000",
        "rewards.claim_delay_epochs=1",
        "rewards.vesting_epochs=16",
    ]);
    let file = network.path("program.wasm");
    fs::write(&file, guest("i32.const 8")).expect("written");
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let done = submit(&network, &file, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let payouts = || network.run(&["explain", "0", "--payouts"]).out;
    let told = payouts();
    for words in ["of emission as a provider", "the lesser of 90 % of", "is known once its epoch"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // A claim settles what the epochs that are over came to.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !payouts().contains("all its claims of epoch") {
        assert!(Instant::now() < deadline, "{}", payouts());
        let done = network.run_as("ada", &["stake", "claim", "--role", "provider"]);
        assert!(matches!(done.code, Some(0 | 4)), "{done:?}");
    }
    let told = payouts();
    for words in ["minted /", "claimed by all, down =", "  ready ", "evenly to epoch"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// What a participant's daemon logged, once it says `words`.
fn logged(network: &Network, name: &str, words: &str) -> String {
    let log = network.folder.path().join(format!("{name}.log"));
    for _ in 0..200 {
        let text = fs::read_to_string(&log).unwrap_or_default();
        if text.contains(words) {
            return text;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{name} never says {words:?}: {}", fs::read_to_string(&log).unwrap_or_default());
}

#[test]
fn daemons_say_what_keeps_them_from_work_what_they_are_paid_and_which_bids_lost() {
    let network = Network::start();
    let file = network.path("program.wasm");
    fs::write(&file, guest("i32.const 8")).expect("written");
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let dear = ["provider", "run", "--cost-per-mgas", "0.02"];
    let _rosa = network.daemon("rosa", &dear);
    logged(&network, "rosa", "no provider bond, so no work; put one up");
    let _grace = network.daemon("grace", &dear);
    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    for name in ["ada", "grace"] {
        logged(&network, name, "ready: ");
    }
    let done = submit(&network, &file, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let ada = logged(&network, "ada", "job 0: paid ");
    assert!(ada.contains("job 0: bid ") && !ada.contains("base units"), "{ada}");
    logged(&network, "grace", "job 0: lost to account ");
    let folder = network.path("keys/ada");
    let done = network.run(&["stake", "bond", "--role", "provider", "1", "--key", &folder]);
    let key = network.key("ada")[1].clone();
    assert!(done.code == Some(3) && done.err.contains(&key), "names the file in it: {done:?}");
}

#[test]
fn a_new_key_has_money_of_the_faucet_in_one_command() {
    let network = Network::start();
    let new = "0x00000000000000000000000000000000000000aa";
    let done = network.run(&["faucet", new, "12.5"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(network.json(&["query", "account", new])["free"], "12500000000");
    assert_eq!(network.json(&["faucet", new])["status"], "final");
    assert_eq!(network.json(&["query", "account", new])["free"], "112500000000");
    // More than it has is refused by the rules, like anybody's transfer.
    let done = network.run(&["faucet", new, "2000000"]);
    assert_eq!(done.code, Some(4), "{done:?}");
}

#[test]
fn a_name_stands_for_an_address_and_an_unknown_one_says_which_there_are() {
    let network = Network::start();
    let ada = network.address("ada");
    let account = network.json(&["query", "account", "ada"]);
    assert_eq!(account["address"], ada.to_lowercase().as_str(), "{account}");
    let done = network.run_as("rosa", &["stake", "transfer", "--to", "ada", "1.5"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let hash = done.out.split(' ').next_back().expect("a hash").trim();
    let told = network.run(&["explain", hash]).out;
    assert!(told.contains("rosa sends 1.5 tokens to ada"), "{told}");
    let after = network.json(&["query", "account", &ada]);
    assert_ne!(account["free"], after["free"], "{after}");

    let done = network.run_as("rosa", &["stake", "transfer", "--to", "ada", "99999999", "--json"]);
    assert_eq!(done.code, Some(4), "{done:?}");
    let code = network.run(&["explain", "transfer/exceeds-free"]).out;
    assert!(code.contains("For example: The transfer is of 5 tokens"), "{code}");
    let done = network.run(&["explain", "exceeds"]);
    assert!(done.code == Some(5) && done.err.contains("bond/exceeds-free"), "{done:?}");

    let table = network.run(&["query", "operators", "--role", "provider", "--limit", "2"]).out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 4 && lines[1].contains("hush "), "{table}");
    let cursor = lines[3].split("--cursor ").nth(1).and_then(|rest| rest.split(' ').next());
    let cursor = cursor.expect("there are more");
    let rest = ["query", "operators", "--role", "provider", "--cursor", cursor];
    let rest = network.run(&rest).out;
    assert!(rest.contains("ada ") && !rest.contains("hush "), "{rest}");
    for (words, told) in [
        (&["query", "network"][..], "  sums        hold: all pots are"),
        (&["query", "storage"], "  room      is held"),
        (&["query", "accounts"], &ada.to_lowercase()),
        (&["query", "operator", "0"], "  standing    active, takes new work"),
        (&["query", "account", "ada"], "provider bond, backs nothing now"),
        (&["query", "block", "1"], "  parent    0x"),
        (&["query", "jobs"], "none"),
        (&["query", "slashes"], "no slashes"),
    ] {
        let done = network.run(words);
        assert!(done.code == Some(0) && done.out.contains(told), "{words:?}: {done:?}");
    }

    let done = network.run(&["query", "account", "frob"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("ada, grace, loki"), "{done:?}");
}
