//! Folders and keys belong to one process at a time: who comes second is told, and nothing is lost.

mod common;

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use common::{Done, Network, earnest};

/// The second process says in one sentence what is in use, and what to do.
fn is_told(done: &Done, what: &str) {
    assert_eq!(done.code, Some(3), "{done:?}");
    for part in [what, "in use", "stop that process first"] {
        assert!(done.err.contains(part), "{part:?} in {}", done.err);
    }
    assert_eq!(done.err.trim_end().lines().filter(|line| line.starts_with("error:")).count(), 1);
}

#[test]
fn a_fresh_network_never_removes_one_that_somebody_lives_in() {
    let network = Network::start();
    let data = network.path("");
    let before = fs::read(network.path("up.json")).expect("made by up");
    // Only its node runs, started by itself.
    let up = ["up", "--fresh", "--data", &data, "--port", "0", "--blocks", "1"];
    is_told(&earnest(&up), "net/node");
    assert_eq!(fs::read(network.path("up.json")).expect("still there"), before);
    assert_eq!(network.json(&["query", "network"])["conservation"]["holds"], true);

    let folder = network.stop();
    let again = earnest(&up);
    assert_eq!(again.code, Some(0), "{again:?}");
    drop(folder);
}

#[test]
fn a_second_network_in_one_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("net").display().to_string();
    let up = ["up", "--data", &data, "--port", "0", "--block-time", "200ms"];
    let first = common::start(&up);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !folder.path().join("net/up.json").exists() {
        assert!(Instant::now() < deadline, "no network after a minute");
        sleep(Duration::from_millis(50));
    }
    is_told(&earnest(&up), "net");
    is_told(&earnest(&[&up[..], &["--fresh"]].concat()), "net");
    assert!(folder.path().join("net/up.json").exists());
    drop(first);
}

#[test]
fn a_second_daemon_on_one_folder_or_one_key_is_refused() {
    let network = Network::start();
    let words = ["provider", "run", "--cost-per-mgas", "0.003"];
    let _first = network.daemon("ada", &words);
    let deadline = Instant::now() + Duration::from_secs(60);
    let log = network.folder.path().join("ada.log");
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains("ready")) {
        assert!(Instant::now() < deadline, "not ready after a minute");
        sleep(Duration::from_millis(50));
    }
    let (same, other) = (network.path("ada"), network.path("elsewhere"));
    is_told(&network.run_as("ada", &[&words[..], &["--data", &same]].concat()), "net/ada");
    is_told(&network.run_as("ada", &[&words[..], &["--data", &other]].concat()), "keys/ada");

    // A folder that cannot be worked in is the person's to mend, and named.
    let spoilt = network.path("spoilt");
    fs::create_dir(&spoilt).expect("made");
    fs::write(format!("{spoilt}/decisions"), "no folder").expect("written");
    let done = network.run_as("grace", &[&words[..], &["--data", &spoilt]].concat());
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains(&format!("cannot write in {spoilt}: ")), "{done:?}");
    assert!(done.err.contains("[config]") && done.err.contains("  try: check that"), "{done:?}");
}
