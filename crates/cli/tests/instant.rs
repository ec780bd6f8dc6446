//! `earnest up --instant`: blocks when there is something to do, and none when there is nothing.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use common::{EARNEST, earnest, guest};

struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.0),
            rustix::process::Signal::TERM,
        );
        let _ = self.0.wait();
    }
}

/// The height once no block came for two seconds.
fn at_rest(node: &str) -> u64 {
    let height = || {
        let done = earnest(&["query", "network", "--json", "--node", node]);
        let network: serde_json::Value = serde_json::from_str(&done.out).expect("a network");
        network["height"].as_u64().expect("a height")
    };
    let deadline = Instant::now() + Duration::from_secs(240);
    let mut last = height();
    loop {
        std::thread::sleep(Duration::from_secs(2));
        let now = height();
        if now == last {
            return now;
        }
        assert!(Instant::now() < deadline, "blocks go on at height {now}");
        last = now;
    }
}

#[test]
fn blocks_come_for_a_job_and_stop_when_it_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut up = Command::new(EARNEST)
        .args(["up", "--instant", "--port", "0", "--data", &path("net")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let story = BufReader::new(up.stderr.take().expect("piped"));
    let _up = Up(up);
    let mut node = None;
    let mut lines = story.lines().map_while(Result::ok);
    for line in lines.by_ref() {
        if let Some((_, url)) = line.split_once("API     ") {
            node = url.strip_suffix("/v1/network").map(str::to_owned);
        }
        if line.contains("what happens") {
            break;
        }
    }
    std::thread::spawn(move || lines.for_each(drop));
    let node = node.expect("its address");
    let begun = at_rest(&node);

    let program = path("program.wasm");
    fs::write(&program, guest("i32.const 8")).expect("written");
    let keys = fs::read_dir(path("net/keys/faye")).expect("keys");
    let key = keys.map(|entry| entry.expect("a key").path()).next().expect("one");
    let (key, password) = (key.display().to_string(), path("net/keys/password.txt"));
    let words = ["job", "submit", "--program", &program, "--steps", "3", "--max-price", "1"];
    let act =
        ["--gas-bound", "7000000", "--key", &key, "--password-file", &password, "--node", &node];
    let done = earnest(&[&words[..], &act[..]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let ended = at_rest(&node);
    assert!(begun < ended, "a job takes blocks: {begun}, {ended}");
}
