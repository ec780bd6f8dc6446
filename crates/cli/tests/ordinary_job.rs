//! An ordinary program as a job of a network: a liar on it is convicted, down to one step that the
//! node's referee executes, and an honest provider is paid for what the program put out.

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use common::{Done, Network, earnest_within};
use earnest_api::{Client, JobView, Session};
use earnest_keys::Signer;
use earnest_protocol::{
    Command, JobId,
    command::{Challenge, Node, RejectChild},
    market::Phase,
    verification::{Geometry, Loser, LossReason, Turn},
};
use serde_json::Value;

/// Writes its second argument, works for a while in 64 pages, and ends with 7.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 6)
    (func $say (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start") (local $i i32) (local $at i32)
        (drop (call $args_get (i32.const 16) (i32.const 1024)))
        (call $say (i32.const 1036) (i32.const 5))
        (loop $work
            (local.set $at (i32.add (i32.const 65536)
                (i32.shl (i32.and (local.get $i) (i32.const 63)) (i32.const 12))))
            (i32.store (local.get $at)
                (i32.add (i32.load (local.get $at)) (local.get $i)))
            (br_if $work (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30000))))
        (call $say (local.get $at) (i32.const 4))
        (call $proc_exit (i32.const 7))))"#;

/// What it puts out: the word, and the sum of all i below 30,000 that are 47 above a multiple of
/// 64, as the last one is.
fn expected() -> Vec<u8> {
    let sum: u32 = (0..30_000u32).filter(|i| i % 64 == 29_999 % 64).sum();
    [b"hello".as_slice(), &sum.to_le_bytes()].concat()
}

fn submit(network: &Network, program: &str) -> Done {
    let key = network.key("rosa");
    let mut words = vec!["job", "submit", "--program", program, "--max-price", "5"];
    words.extend(["--audit-rate", "1", "--deadline", "300", "--node", &network.url]);
    words.extend(key.iter().map(String::as_str));
    words.extend(["--", "hello"]);
    earnest_within(400, &words)
}

#[test]
fn a_liar_about_an_ordinary_program_is_convicted_and_an_honest_provider_paid() {
    // Time for a compiler that nobody optimised, on a busy machine.
    let network = Network::start_with(&[
        "market.bid_blocks=60",
        "verification.audit_base_blocks=300",
        "verification.clock_blocks=300",
    ]);
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let program = network.path("greets.wasm");
    fs::write(&program, wat::parse_str(PROGRAM).expect("a module")).expect("written");

    let fault = ["provider", "run", "--cost-per-mgas", "0.003", "--fault", "lazy=1"];
    let loki = network.daemon("loki", &fault);
    let done = submit(&network, &program);
    drop(loki);
    assert!(done.err.contains("publishing the program"), "{done:?}");
    assert!(done.err.contains("exits with 7, puts out 9 bytes"), "{done:?}");
    assert!(done.err.contains("[job-not-accepted]"), "{done:?}");
    let status = network.json(&["job", "status", "0"]);
    assert_eq!(status["closed"]["reason"], "wrong_result", "{status}");
    let disputes = status["disputes"].as_array().expect("a list");
    let levels: Vec<u64> = disputes.iter().filter_map(|d| d["node"]["level"].as_u64()).collect();
    // The coarse tree of one step has one level, the tree within it four.
    assert!(levels.contains(&5), "a fine step was judged: {status}");

    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let done = submit(&network, &program);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!done.err.contains("publishing"), "it is there already: {done:?}");
    let out = network.path("out");
    let result = network.run(&["job", "result", "1", "--output", &out]);
    assert!(result.out.contains("the program exited with 7"), "{result:?}");
    assert_eq!(fs::read(out).expect("written"), expected());

    let list = network.json(&["program", "list"]);
    let hash = list["items"][0]["program"].as_str().expect("a hash").to_owned();
    assert_eq!(list["items"][0]["is_published"], Value::Bool(true), "{list}");
    let retired = network.run_as("rosa", &["program", "retire", &hash]);
    assert_eq!(retired.code, Some(0), "{retired:?}");
    assert_eq!(network.json(&["program", "list"])["items"], Value::Array(Vec::new()));
}

/// Somebody who says of a right result that it is wrong.
struct Challenger {
    session: Session,
    /// Where, in the result's tree and in the one within that step.
    leaves: [u64; 2],
}

impl Challenger {
    fn new(network: &Network, (name, fine): (&str, u64)) -> Challenger {
        let signer = Signer::dev_key(5, name);
        let session = Session::open(Client::new(&network.url), signer).expect("has an account");
        Challenger { session, leaves: [1, fine] }
    }

    fn sends(&mut self, command: Command) {
        let done = self.session.send_and_wait(command, Duration::from_secs(30)).expect("sent");
        assert_eq!(done.refusal, None);
    }

    /// Which child it rejects next, and whether that is the leaf that it is after.
    fn next(&self, job: &JobView) -> Option<(u8, bool)> {
        let geometry = Geometry::of(&job.terms.task);
        let me = self.session.address();
        let is_mine = |d: &&earnest_api::DisputeView| {
            d.challenger.address == me && d.ended.is_none() && d.turn == Turn::Challenger
        };
        let Node { level, index } = job.disputes.iter().find(is_mine)?.node;
        let child = geometry.child_toward(Node { level, index }, &self.leaves)?;
        let below = Node { level: level + 1, index: index * 16 + u64::from(child) };
        Some((child, geometry.leaves(below).len() == 2))
    }
}

/// Three at three leaves: none of them costs the provider a run of its own.
#[test]
fn challengers_at_several_leaves_are_answered_by_one_run_and_lose() {
    let network = Network::start_with(&[
        "market.bid_blocks=60",
        "verification.audit_base_blocks=300",
        "verification.challenge_blocks=300",
        "verification.clock_blocks=600",
    ]);
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let program = network.path("greets.wasm");
    fs::write(&program, wat::parse_str(PROGRAM).expect("a module")).expect("written");
    let client = Client::new(&network.url);
    let id = JobId::new(0);
    let deadline = Instant::now() + Duration::from_secs(400);
    let job = || client.job(id).expect("posted");
    let done = std::thread::scope(|scope| {
        let submitted = scope.spawn(|| submit(&network, &program));
        while !client.job(id).is_ok_and(|job| job.phase == Phase::Challengeable) {
            assert!(Instant::now() < deadline, "never to be challenged: {:?}", client.job(id));
            std::thread::sleep(Duration::from_millis(100));
        }
        let who = [("grace", 5), ("loki", 12), ("faye", 20)];
        let mut challengers = who.map(|who| Challenger::new(&network, who));
        for challenger in &mut challengers {
            challenger.sends(Command::Challenge(Challenge { job: id }));
        }
        while job().disputes.iter().any(|dispute| dispute.ended.is_none()) {
            assert!(Instant::now() < deadline, "never decided: {:?}", job().disputes);
            let now = job();
            let next = challengers.each_ref().map(|challenger| challenger.next(&now));
            // They come to their leaves together.
            let together = next.iter().all(|next| matches!(next, Some((_, true))));
            for (challenger, next) in challengers.iter_mut().zip(next) {
                match next {
                    Some((child, false)) => {
                        challenger.sends(Command::RejectChild(RejectChild { job: id, child }));
                    }
                    Some((child, true)) if together => {
                        let reject = Command::RejectChild(RejectChild { job: id, child });
                        challenger.session.send(reject).expect("sent");
                    }
                    _ => std::thread::sleep(Duration::from_millis(50)),
                }
            }
            if together {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        submitted.join().expect("ends")
    });
    assert_eq!(done.code, Some(0), "{done:?}");
    let ends: Vec<_> = job().disputes.iter().filter_map(|dispute| dispute.ended).collect();
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|ended| {
        (ended.loser, ended.reason) == (Loser::Challenger, LossReason::StepHolds)
    }));
    let log = fs::read_to_string(network.folder.path().join("ada.log")).expect("written");
    let counts =
        log.lines().filter_map(|line| line.split_once("one run for ")?.1.split(' ').next());
    let counts: Vec<u32> = counts.map(|count| count.parse().expect("a number")).collect();
    // The tree within the step, once for all; then evidence of three, by the run that the first
    // began, or that and the next.
    assert_eq!(counts.iter().sum::<u32>(), 4, "{log}");
    assert!(counts.len() <= 3, "{log}");
}
