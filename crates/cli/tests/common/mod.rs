//! What the tests of the program share: its executable, processes that end with their test, and
//! small guests.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const EARNEST: &str = env!("CARGO_BIN_EXE_earnest");

/// A guest with this body of `step`; its state is the 8 bytes at 0.
pub(crate) fn guest(step: &str) -> Vec<u8> {
    module("", step)
}

/// The same, after `head`: imports, for instance.
pub(crate) fn module(head: &str, step: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {head}
            (memory (export "memory") 2 2)
            (func (export "state") (result i32) i32.const 0)
            (func (export "state_len") (result i32) i32.const 8)
            (func (export "input") (result i32) i32.const 65536)
            (func (export "init") (result i32) i32.const 8)
            (func (export "step") (param i64 i32) (result i32) {step}))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A step that never ends by itself.
pub(crate) const LOOPS: &str = "(loop $again (br $again)) i32.const 8";

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program to its end, which must come within `seconds`.
pub(crate) fn earnest_within(seconds: u64, args: &[&str]) -> Done {
    let mut child = Command::new(EARNEST)
        .args(args)
        .env_remove("EARNEST_NODE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let out = drain(child.stdout.take().expect("piped"));
    let err = drain(child.stderr.take().expect("piped"));
    let mut child = Running(child);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let code = loop {
        if let Some(status) = child.0.try_wait().expect("ours") {
            break status.code();
        }
        assert!(Instant::now() < deadline, "{args:?} takes more than {seconds} s");
        std::thread::sleep(Duration::from_millis(10));
    };
    Done { code, out: out.join().expect("text"), err: err.join().expect("text") }
}

/// Runs the program to its end.
pub(crate) fn earnest(args: &[&str]) -> Done {
    earnest_within(60, args)
}

/// Starts the program and lets it run; it is killed with its test.
pub(crate) fn start(args: &[&str]) -> Running {
    let child = Command::new(EARNEST)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.expect("starts"))
}

/// A process that was started elsewhere; it is killed with its test.
pub(crate) fn running(child: Child) -> Running {
    Running(child)
}

fn drain(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("text");
        text
    })
}

/// A process that is killed with its test, by its own pid.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a node on any free port; returns its process and its address.
pub(crate) fn start_node(words: &[&str]) -> (Running, String) {
    let mut child = Command::new(EARNEST)
        .args(["node", "--listen", "127.0.0.1:0", "--until-input-closes"])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut url = String::new();
    let output = child.stdout.take().expect("piped");
    let node = Running(child);
    BufReader::new(output).read_line(&mut url).expect("its address");
    (node, url.trim().to_owned())
}

/// A development network of seed 5 whose participants are started one by one.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    _node: Running,
}

impl Network {
    /// Makes keys as `earnest up` does, and starts the node.
    pub(crate) fn start() -> Network {
        Network::start_with(&[])
    }

    /// The same, with some parameters of its own.
    pub(crate) fn start_with(sets: &[&str]) -> Network {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("net");
        let data = data.to_str().expect("text");
        let up = ["up", "--data", data, "--blocks", "1", "--block-time", "200ms", "--seed", "5"];
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
        let done = earnest(&[&up[..], &["--port", "0", "--json"], &sets].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        let node = format!("{data}/node");
        let (node, url) = start_node(&["--data", &node]);
        Network { folder, url, _node: node }
    }

    /// Kills the node; what it wrote stays.
    pub(crate) fn stop(self) -> TempDir {
        self.folder
    }

    pub(crate) fn path(&self, part: &str) -> String {
        self.folder.path().join("net").join(part).display().to_string()
    }

    /// `--key` and `--password-file` of a participant.
    pub(crate) fn key(&self, name: &str) -> [String; 4] {
        let keys = std::fs::read_dir(self.path(&format!("keys/{name}"))).expect("made by up");
        let key = keys.map(|key| key.expect("listed").path()).next().expect("one");
        let password = self.path("keys/password.txt");
        ["--key".into(), key.display().to_string(), "--password-file".into(), password]
    }

    /// The address of a participant.
    pub(crate) fn address(&self, name: &str) -> String {
        let key = self.key(name);
        let key = std::fs::read_to_string(&key[1]).expect("made by up");
        let key: Value = serde_json::from_str(&key).expect("JSON");
        format!("0x{}", key["address"].as_str().expect("an address").trim_start_matches("0x"))
    }

    /// Starts the daemon of a participant.
    pub(crate) fn daemon(&self, name: &str, words: &[&str]) -> Running {
        let log = self.folder.path().join(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log).expect("a log");
        let child = Command::new(EARNEST)
            .args(words)
            .args(["--node", &self.url, "--data", &self.path(name), "--until-input-closes"])
            .args(self.key(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("starts");
        Running(child)
    }

    /// What a participant's daemons have logged.
    pub(crate) fn log(&self, name: &str) -> String {
        let log = self.folder.path().join(format!("{name}.log"));
        std::fs::read_to_string(log).expect("daemons log")
    }

    /// Runs a command against this node, as a participant.
    pub(crate) fn run_as(&self, name: &str, words: &[&str]) -> Done {
        let key = self.key(name);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        earnest(&[words, &["--node", &self.url], &key].concat())
    }

    /// Runs a command against this node.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        earnest(&[words, &["--node", &self.url]].concat())
    }

    /// The JSON that a command against this node prints.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let done = self.run(&[words, &["--json"]].concat());
        assert_eq!(done.code, Some(0), "{words:?}: {done:?}");
        serde_json::from_str(&done.out).expect("JSON")
    }
}
