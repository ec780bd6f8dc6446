//! Nothing that was acknowledged is lost, whenever the process is killed.
//!
//! A child process (this very test binary) runs a node; this process sends it transactions and
//! kills it at a random moment, many times over one data directory.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdout, Command as Process, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use earnest_api::{Client, Receipt, TxHash, TxStatus};
use earnest_node::{
    Booted, Check, Depth, Limits, Node, NodeConfig, Notice, Retention, Store, examine,
    log::{Mended, Segments},
};
use earnest_protocol::{Address, Digest, Height};

use common::{ACCOUNTS, create, sign, signer, transfer};

const CHILD: &str = "EARNEST_TEST_CHILD";
const KILLS: &str = "EARNEST_KILLS";
const CHILD_DIR: &str = "EARNEST_TEST_DIR";

/// Not a test by itself: what the child process runs.
#[test]
fn child() {
    let (Ok(role), Ok(dir)) = (env::var(CHILD), env::var(CHILD_DIR)) else { return };
    let dir = Path::new(&dir);
    match role.as_str() {
        "node" => run_node(dir, Retention::Archive),
        "pruning-node" => run_node(dir, Retention::Pruned),
        "replay" => {
            let store = Store::open(dir).unwrap();
            let booted = examine(&store, Limits::default(), Depth::Genesis).unwrap();
            say(&format!("{} {}", booted.state.height(), booted.root));
        }
        other => panic!("no such child: {other}"),
    }
}

fn run_node(dir: &Path, retention: Retention) {
    // Small, so that kills hit the beginning of segments, and their removal.
    // A log of a MiB counts as long, so that later starts begin at a snapshot.
    let limits =
        Limits { segment_bytes_max: 3_000, replay_bytes_max: 1 << 20, ..Limits::default() };
    let config = NodeConfig {
        retention,
        limits,
        block_time: Duration::from_millis(10),
        idle_block_time: Duration::from_millis(10),
        // Often, so that kills hit snapshots too.
        snapshot_blocks: 5,
        check: Check::EveryBlock,
        // Never outlives its parent by much, whatever happens.
        stop_at: None,
        ..NodeConfig::new(dir)
    };
    let node = Node::start(config).unwrap();
    say(&node.url());
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) && !node.is_finished() {
        thread::sleep(Duration::from_millis(20));
    }
    node.stop().unwrap();
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\nsaid: {line}").unwrap();
    out.flush().unwrap();
}

/// Starts a child; returns it with what it says first, and the rest of what it says.
fn spawn(role: &str, dir: &Path) -> (Child, String, BufReader<ChildStdout>) {
    let mut child = Process::new(env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(CHILD, role)
        .env(CHILD_DIR, dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = out.by_ref().lines();
    let said = lines.find_map(|line| line.ok()?.strip_prefix("said: ").map(str::to_owned));
    match said {
        Some(said) => (child, said, out),
        None => {
            let status = child.wait().unwrap();
            panic!("the {role} process said nothing and ended with {status}");
        }
    }
}

/// A small generator: the moments of the kills differ, the run is named by its seed.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Sends transfers from `account` until told to stop; returns what was acknowledged as included.
fn load(
    client: &Client,
    network: &Digest,
    account: u64,
    (stop, count): (&AtomicBool, &AtomicUsize),
) -> Vec<((TxHash, Address), Receipt)> {
    let url = client.base();
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build();
    let agent: ureq::Agent = agent.into();
    let mut acknowledged = Vec::new();
    let me = signer(account).address();
    let Ok(view) = client.account(&me) else { return acknowledged };
    let mut nonce = view.next_nonce;
    while !stop.load(Ordering::Relaxed) {
        let to = signer((account + nonce) % ACCOUNTS).address();
        let signed = sign(network, account, nonce, transfer(to, 1_000 + nonce));
        let sent = agent
            .post(format!("{url}/v1/transactions?wait=included"))
            .content_type("application/octet-stream")
            .send(&signed.encode());
        let Ok(mut response) = sent else { break };
        let body = response.body_mut().read_to_vec().unwrap_or_default();
        let Ok(receipt) = serde_json::from_slice::<Receipt>(&body) else { break };
        if receipt.status != TxStatus::Pending {
            assert!(receipt.is_accepted(), "{receipt:?}");
            acknowledged.push(((receipt.hash, me), receipt));
            count.fetch_add(1, Ordering::Relaxed);
        }
        nonce += 1;
    }
    acknowledged
}

#[test]
fn killed_fifty_times_under_load_nothing_acknowledged_is_lost() {
    let (acknowledged, base) = kill_under_load("node", kills(50));
    assert!(acknowledged > 100, "the load was real: {acknowledged}");
    assert_eq!(base, Height::ZERO);
}

#[test]
fn a_node_that_prunes_is_killed_under_load_and_never_finds_a_gap() {
    let (acknowledged, base) = kill_under_load("pruning-node", kills(15));
    assert!(acknowledged > 50, "the load was real: {acknowledged}");
    assert!(base > Height::ZERO, "something was pruned");
}

/// What a node said is in a block.
type Acknowledged = BTreeMap<(TxHash, Address), Receipt>;

/// `EARNEST_KILLS=1000` kills as often as that.
fn kills(usual: u64) -> u64 {
    env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(usual)
}

/// What a start would find: all that was acknowledged, and the same state from the latest snapshot
/// as from where `depth` begins.
fn examined(dir: &Path, depth: Depth, acknowledged: &Acknowledged) -> Result<Booted, String> {
    let store = Store::open(dir).unwrap();
    let shallow = Limits { replay_bytes_max: 0, ..Limits::default() };
    let booted = examine(&store, shallow, depth).map_err(|error| error.to_string())?;
    // What was pruned is in the state alone, which follows from a snapshot by every root.
    let from = booted.history.base();
    for ((hash, who), receipt) in acknowledged.iter().filter(|(_, r)| r.height > Some(from)) {
        let kept = booted.history.included(&(*hash, *who));
        if kept.as_ref() != Some(receipt) {
            return Err(format!("acknowledged {receipt:?}, found {kept:?}"));
        }
    }
    booted.state.check_invariants().unwrap();
    let quick = examine(&store, shallow, Depth::Snapshot).unwrap();
    assert_eq!((quick.root, quick.state.height()), (booted.root, booted.state.height()));
    Ok(booted)
}

/// Kills a node many times; returns how much it acknowledged, and the last block that was pruned.
fn kill_under_load(role: &str, rounds: u64) -> (usize, Height) {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = seed;
    let mut acknowledged = Acknowledged::new();
    let (mut heights, mut torn) = (Vec::new(), 0);
    let started = Instant::now();
    for round in 0..rounds {
        let (mut child, url, _out) = spawn(role, dir.path());
        let client = Client::new(&url);
        let wait = Duration::from_millis(next(&mut random) % 250);
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let accounts = [round % ACCOUNTS, (round + 1) % ACCOUNTS, (round + 2) % ACCOUNTS];
        let loads: Vec<_> = thread::scope(|scope| {
            let one = |account| {
                let (client, network, signals) = (&client, &network, (&stop, &count));
                scope.spawn(move || load(client, network, account, signals))
            };
            let threads = accounts.map(one);
            thread::sleep(wait);
            if round % 2 == 1 {
                // At the very moment that something is acknowledged.
                let (before, started) = (count.load(Ordering::Relaxed), Instant::now());
                let has_come = || count.load(Ordering::Relaxed) > before;
                while !has_come() && started.elapsed() < Duration::from_secs(2) {
                    std::hint::spin_loop();
                }
            }
            // SIGKILL: nothing of the process gets to say goodbye.
            child.kill().unwrap();
            child.wait().unwrap();
            stop.store(true, Ordering::Relaxed);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        acknowledged.extend(loads.into_iter().flatten());

        // Every block is replayed each time at first, and of a long chain now and then.
        let depth = if round < 100 || round % 16 == 0 || round + 1 == rounds {
            Depth::Genesis
        } else {
            Depth::Snapshot
        };
        let booted = examined(dir.path(), depth, &acknowledged)
            .unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}"));
        torn += booted
            .notices
            .iter()
            .filter(|notice| matches!(notice, Notice::Mended(Mended::Torn(_))))
            .count();
        heights.push(booted.state.height());
    }
    assert!(heights.is_sorted(), "the chain only grows");
    let blocks = heights.last().copied().unwrap_or(Height::ZERO);
    println!(
        "{rounds} kills of a {role} in {:?}: {} acknowledged transactions, {blocks} blocks, \
         {torn} torn tails",
        started.elapsed(),
        acknowledged.len(),
    );
    let segments = Segments::find(dir.path(), &network).unwrap();
    (acknowledged.len(), segments.base().height)
}

#[test]
fn one_log_replayed_in_two_processes_gives_one_root() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = common::start(dir.path());
    let client = common::client(&node);
    for nonce in 0..5 {
        for account in 0..ACCOUNTS {
            let to = signer(account + nonce + 100).address();
            let signed = sign(&network, account, nonce, transfer(to, 5_000_000 + nonce));
            client.submit(&signed).unwrap();
        }
        node.make_block().unwrap();
    }
    let expected = format!("{} {}", node.height(), node.root());
    node.stop().unwrap();
    for _ in 0..2 {
        let (mut child, said, _out) = spawn("replay", dir.path());
        assert!(child.wait().unwrap().success());
        assert_eq!(said, expected);
    }
}
