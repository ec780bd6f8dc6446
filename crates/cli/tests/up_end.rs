//! How `earnest up` ends: in order and with a summary when asked to, at once when asked twice, and
//! never with a process of its own left behind.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use common::EARNEST;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

/// A network that a person watches: `up` leads a group, as a shell's job does.
struct Watched {
    folder: TempDir,
    up: Child,
    story: Option<BufReader<ChildStderr>>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.up.kill();
        let _ = self.up.wait();
    }
}

impl Watched {
    fn start(words: &[&str]) -> Watched {
        let folder = tempfile::tempdir().expect("a folder");
        let mut up = Command::new(EARNEST)
            .args(["up", "--port", "0", "--block-time", "200ms", "--data"])
            .arg(folder.path())
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("starts");
        let story = up.stderr.take().map(BufReader::new);
        Watched { folder, up, story }
    }

    /// Waits for a line of the story with these words.
    fn hear(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let length = self.story.as_mut().expect("not over").read_line(&mut line).expect("text");
            assert_ne!(length, 0, "the story ended before {words:?}");
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.up)
    }

    /// What a terminal does on Ctrl-C.
    fn interrupt(&self) {
        kill_process_group(self.pid(), Signal::INT).expect("ours");
    }

    /// Waits for the end, and returns what was printed.
    fn end(&mut self) -> (ExitStatus, String) {
        let mut story = self.story.take().expect("once");
        let rest = std::thread::spawn(move || std::io::copy(&mut story, &mut std::io::sink()));
        let mut out = String::new();
        self.up.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
        let status = self.up.wait().expect("ours");
        let _ = rest.join();
        (status, out)
    }

    /// The processes whose command line names the network's folder, each with its command line.
    fn processes(&self) -> Vec<(Pid, String)> {
        let folder = self.folder.path().to_str().expect("text");
        let processes = fs::read_dir("/proc").expect("Linux").filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            // Gone again, perhaps.
            let line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
            Some((pid, line.replace('\0', " ")))
        });
        processes.filter(|(_, line)| line.contains(folder)).collect()
    }

    fn is_empty(&self) -> bool {
        self.processes().is_empty()
    }

    /// The process whose words begin with `word`.
    fn member(&self, word: &str) -> Pid {
        let processes = self.processes();
        let found = processes.iter().find(|(_, line)| line.split(' ').nth(1) == Some(word));
        found.unwrap_or_else(|| panic!("no {word} in {processes:?}")).0
    }

    fn becomes_empty(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.is_empty() {
            assert!(Instant::now() < deadline, "a process outlives the network");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn ctrl_c_ends_with_who_gained_and_who_lost() {
    let mut network = Watched::start(&[]);
    network.hear("posted by rosa");
    network.interrupt();
    let (status, out) = network.end();
    assert!(status.success(), "{status}: {out}");
    assert!(out.starts_with("Who gained, who lost, at height "), "{out}");
    for words in ["  ada ", "lazy provider", "silent provider", "not a unit made from nothing"] {
        assert!(out.contains(words), "{words} in {out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    assert!(network.is_empty(), "a process outlives the network");
}

#[test]
fn ctrl_c_while_it_starts_is_no_fault_of_anybody() {
    for millis in [0, 20, 60, 150, 400, 900] {
        // It ends all the same where interrupts are ignored, as under `nohup`.
        let mut network = Watched::start(&["--quiet", "--blocks", "60"]);
        std::thread::sleep(Duration::from_millis(millis));
        network.interrupt();
        let mut told = String::new();
        let mut story = network.story.take().expect("not over");
        story.read_to_string(&mut told).expect("text");
        let status = network.up.wait().expect("ours");
        // Before it listens to signals the signal itself ends it, as any program.
        assert!(matches!(status.code(), None | Some(0 | 130)), "{millis} ms: {status}: {told}");
        assert!(!told.contains("[internal]"), "{millis} ms: {told}");
        network.becomes_empty();
    }
}

#[test]
fn a_request_to_terminate_ends_with_json_if_that_was_asked_for() {
    let mut network = Watched::start(&["--json"]);
    network.hear("posted by rosa");
    kill_process(network.pid(), Signal::TERM).expect("ours");
    let (status, out) = network.end();
    assert!(status.success(), "{status}: {out}");
    let summary: Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!(summary["conservation"], "holds");
    assert_eq!(summary["lies"]["passed"], 0);
    assert!(network.is_empty(), "a process outlives the network");
}

#[test]
fn a_quiet_network_says_nothing_but_its_summary() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    let up = ["up", "--quiet", "--data", data, "--port", "0", "--blocks", "3"];
    let done = common::earnest(&up);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.out.starts_with("Who gained, who lost, at height 3\n"), "{done:?}");
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() {
    let mut network = Watched::start(&[]);
    network.hear("posted by rosa");
    // The node is deaf, so that no end in order can be over before the second interrupt.
    let node = network.member("node");
    kill_process(node, Signal::STOP).expect("ours");
    network.interrupt();
    std::thread::sleep(Duration::from_millis(300));
    network.interrupt();
    let (status, out) = network.end();
    assert_eq!(status.code(), Some(130), "{out}");
    network.becomes_empty();
}

#[test]
fn a_killed_network_leaves_no_process_behind() {
    let mut network = Watched::start(&[]);
    network.hear("posted by rosa");
    network.up.kill().expect("ours");
    network.becomes_empty();
}
