//! Readers that have seen enough: the program ends quietly, as others do.

use std::{
    io::{BufRead, BufReader, Read},
    process::{ChildStderr, ChildStdout, Command, Stdio},
};

mod common;
use common::{EARNEST, Network, guest};

/// What a shell says of a tool that a closed pipe stopped.
const READER_GONE: i32 = 141;

/// Starts the program, lets `read` hold both ends of its output as long as it likes, and returns
/// its exit status and what it still said on standard error.
fn run(
    args: &[&str],
    read: impl FnOnce(ChildStdout, ChildStderr) -> Option<ChildStderr>,
) -> (Option<i32>, String) {
    let mut child = Command::new(EARNEST)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let mut said = String::new();
    if let Some(mut err) = read(out, err) {
        err.read_to_string(&mut said).expect("text");
    }
    (child.wait().expect("ours").code(), said)
}

/// With an output that is closed before it starts, so that no byte can be faster.
#[track_caller]
fn ends_quietly(args: &[&str]) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(EARNEST);
    command.args(args).stdin(Stdio::null()).stdout(writer);
    let ended = command.output().expect("runs");
    let said = String::from_utf8(ended.stderr).expect("text");
    assert_eq!((ended.status.code(), said), (Some(READER_GONE), String::new()), "{args:?}");
}

#[test]
fn whoever_closes_the_output_hears_nothing_more() {
    let network = Network::start();
    let node = ["--node", network.url.as_str()];
    let program = network.path("program.wasm");
    std::fs::write(&program, guest("i32.const 8")).expect("written");
    let post = ["job", "submit", "--program", &program, "--steps", "3", "--max-price", "5"];
    let done = network.run_as("rosa", &[&post[..], &["--no-wait", "--json"]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let posted: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let job = posted["id"].to_string();
    for words in [
        &["query", "network"][..],
        &["query", "params"],
        &["query", "params", "--defaults", "--json"],
        &["query", "events"],
        &["job", "status", &job],
        &["job", "status", &job, "--json"],
        &["job", "quote", "--max-price", "10", "--gas-bound", "1000000"],
        &["stake", "status", &network.address("rosa")],
    ] {
        ends_quietly(&[words, &node].concat());
    }
    let data = network.path("node");
    let _folder = network.stop();
    ends_quietly(&["doctor", "--data", &data]);
}

#[test]
fn a_reader_may_take_the_first_line_and_go() {
    let network = Network::start();
    let ended = run(&["query", "events", "--json", "--node", &network.url], |out, err| {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("an event");
        assert!(line.starts_with('{'), "{line}");
        Some(err)
    });
    assert_eq!(ended, (Some(READER_GONE), String::new()));
}

#[test]
fn a_failure_that_nobody_hears_still_has_its_status() {
    let words = ["query", "network", "--node", "http://127.0.0.1:1"];
    let ended = run(&words, |out, err| {
        drop((out, err));
        None
    });
    assert_eq!(ended.0, Some(6));
}

#[test]
fn a_network_whose_story_nobody_hears_stops_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("net").display().to_string();
    let words = ["up", "--data", &data, "--block-time", "200ms", "--port", "0"];
    let ended = run(&words, |_out, err| {
        let mut line = String::new();
        BufReader::new(err).read_line(&mut line).expect("a greeting");
        assert!(line.contains("development network"), "{line}");
        None
    });
    assert_eq!(ended.0, Some(READER_GONE));
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure_with_a_reason() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("on every Linux");
    let child = Command::new(EARNEST)
        .args(["query", "params", "--defaults"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("starts");
    let said = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.code(), Some(3), "{said}");
    assert!(said.contains("the output cannot be written"), "{said}");
}

#[test]
fn a_node_whose_log_nobody_reads_serves_on_and_stops_well() {
    let network = Network::start();
    let data = network.path("node");
    let _folder = network.stop();
    let start = || {
        Command::new(EARNEST)
            .args(["node", "--data", &data, "--listen", "127.0.0.1:0", "--until-input-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts")
    };
    let serves = |child: &mut std::process::Child| {
        let mut url = String::new();
        let out = child.stdout.as_mut().expect("piped");
        BufReader::new(out).read_line(&mut url).expect("its address");
        let done = common::earnest(&["query", "network", "--node", url.trim()]);
        assert_eq!(done.code, Some(0), "{done:?}");
        drop(child.stdin.take());
    };
    let mut unheard = start();
    drop(unheard.stderr.take());
    serves(&mut unheard);
    assert_eq!(unheard.wait().expect("ours").code(), Some(0));
    let mut heard = start();
    serves(&mut heard);
    let done = heard.wait_with_output().expect("ours");
    let log = String::from_utf8_lossy(&done.stderr);
    let last = log.lines().last().unwrap_or_default();
    assert!(last.starts_with("20") && last.contains("INFO stopped after block"), "{log}");
}
