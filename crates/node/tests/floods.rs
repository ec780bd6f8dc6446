//! Floods against a whole node: while each lasts, new clients are served, honest transfers land,
//! and memory stays flat.
//!
//! Each flood lasts `EARNEST_FLOOD_SECONDS`, three by default; with `--nocapture` it prints its
//! figures. Memory is that of this process, which holds the flood's own sockets too, so the bound
//! is generous.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use earnest_api::{Client, SignedTransaction, TxStatus};
use earnest_compute::guests;
use earnest_node::{Check, Limits, Node, NodeConfig, NodeHandle, log};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, JobId, Role,
    command::{self, CommitBid, KeepData, ProveStep, RevealBid},
    genesis::GenesisOperator,
    market::Phase,
    seal,
};

use common::{client, create_with, digest, job, sign, signer, still, transfer};

/// From block to block, so that three blocks are less than a second.
const BLOCK_TIME: Duration = Duration::from_millis(200);
/// How much more memory may be held at a flood's end than when it had filled every queue.
const GROWTH_KIB_MAX: u64 = 96 << 10;

/// Who posts a job while a flood lasts, and who bids for it.
const REQUESTER: u64 = 12;
const PROVIDER: u64 = 3;

/// One flood at a time: they would measure each other's memory.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn flood_time() -> Duration {
    let seconds = std::env::var("EARNEST_FLOOD_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(3))
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What a flood's parts need.
struct Target {
    address: SocketAddr,
    network: Digest,
    is_over: AtomicBool,
    sent: AtomicU64,
}

/// Ends the flood, also if what was seen of the honest fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Target {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    fn hold(&self, bytes: &[u8]) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(bytes).ok()?;
        self.count();
        Some(stream)
    }

    /// Keeps `count` connections that have said `bytes`; opens new ones for those that were closed.
    fn hold_many(&self, count: usize, bytes: &[u8]) {
        let mut held: Vec<TcpStream> = Vec::new();
        while self.goes_on() {
            held.retain(is_open);
            while held.len() < count && self.goes_on() {
                held.extend(self.hold(bytes));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn head(&self, method: &str, path: &str, more: &str) -> Vec<u8> {
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{more}", self.address).into_bytes()
    }
}

/// True if the node has not closed it; takes what it said.
fn is_open(mut stream: &TcpStream) -> bool {
    let mut bytes = [0; 4_096];
    stream.set_nonblocking(true).unwrap();
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}

/// A new client asks where the chain is; prints why it was not told.
fn is_served(address: SocketAddr) -> bool {
    let begun = Instant::now();
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let request =
            format!("GET /v1/head HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).map(|_| reply)
    };
    let reply: std::io::Result<Vec<u8>> = ask();
    let is_served = reply.as_ref().is_ok_and(|reply| reply.starts_with(b"HTTP/1.1 200"));
    if !is_served {
        let said = reply.map(|reply| String::from_utf8_lossy(&reply).into_owned());
        println!("not served after {:.1?}: {said:?}", begun.elapsed());
    }
    is_served
}

/// What was seen of the honest while a flood lasted.
#[derive(Debug, Default)]
struct Seen {
    asked: usize,
    served: usize,
    /// Clients that were sent away at first and asked again, as every client does.
    second_tries: usize,
    transfers: u64,
    blocks_waited_max: u64,
    /// Blocks until a move of the protected lane was in one.
    reveal_waited: u64,
}

/// Sends one transaction and counts the blocks until it is in one, accepted.
fn land(client: &Client, signed: &SignedTransaction) -> u64 {
    let before = client.head().unwrap().height.count();
    let hash = client.submit(signed).unwrap().hash;
    loop {
        let receipt = client.transaction(&hash).unwrap();
        if receipt.status == TxStatus::Final {
            assert!(receipt.is_accepted(), "{receipt:?}");
            return receipt.height.unwrap().count() - before;
        }
        thread::sleep(BLOCK_TIME / 4);
    }
}

/// Has two mebibytes kept under a name.
fn pay_for(client: &Client, network: &Digest, (account, nonce): (u64, u64), root: Digest) {
    let (blocks, price_max) = (Blocks::new(100_000), Amount::MAX);
    let keep = KeepData { root, kibibytes: 2_048, blocks, price_max };
    land(client, &sign(network, account, nonce, Command::KeepData(keep)));
}

/// Posts a job, bids for it and reveals the bid, a move of the protected lane; the blocks that the
/// move waited.
fn reveal(client: &Client, network: &Digest) -> u64 {
    let guest = guests::by_name("wordcount").unwrap();
    let (input, terms) = (guest.input(), job(&guest.task(earnest_compute::Digest([0; 32]))));
    let (program, root) = (terms.task.program, terms.task.input_root);
    pay_for(client, network, (REQUESTER, 0), program);
    pay_for(client, network, (REQUESTER, 1), root);
    client.put_blob(guest.module).unwrap();
    client.put_input(input.chunks().iter().map(|chunk| digest(chunk)).collect()).unwrap();
    for chunk in input.chunks() {
        client.put_blob(chunk).unwrap();
    }
    land(client, &sign(network, REQUESTER, 2, Command::PostJob(terms)));
    let (id, price, salt) = (JobId::new(0), Amount::tokens(10), Digest([7; 32]));
    let seal = seal::bid(network, id, &signer(PROVIDER).address(), price, &salt);
    land(client, &sign(network, PROVIDER, 0, Command::CommitBid(CommitBid { job: id, seal })));
    while client.job(id).unwrap().phase == Phase::Bidding {
        thread::sleep(BLOCK_TIME / 4);
    }
    let reveal = Command::RevealBid(RevealBid { job: id, price, salt });
    land(client, &sign(network, PROVIDER, 1, reveal))
}

/// The network of every flood: a small block, so that a flood from one machine is one for the fee,
/// and operators who can do a job.
fn network_at(dir: &Path) -> Digest {
    create_with(dir, |network| {
        let bond = Amount::tokens(500);
        let operator =
            |(index, role)| GenesisOperator { address: signer(index).address(), role, bond };
        let validators = [(9, Role::Validator), (10, Role::Validator)];
        network.operators =
            validators.into_iter().chain([(PROVIDER, Role::Provider)]).map(operator).collect();
        network.params.chain.block_target = 100;
        network.params.market.bid_blocks = Blocks::new(5);
    })
}

/// Runs `flood` in `threads` threads against a node of its own, over `dir`, and looks after the
/// honest.
fn under(
    (name, dir): (&str, &Path),
    threads: usize,
    flood: impl Fn(&Target, usize) + Sync,
) -> NodeHandle {
    let network = network_at(dir);
    let config = NodeConfig {
        block_time: BLOCK_TIME,
        idle_block_time: BLOCK_TIME,
        check: Check::Snapshot,
        limits: Limits { blobs_bytes_max: 256 << 20, ..Limits::default() },
        ..still(dir)
    };
    let node = Node::start(config).unwrap();
    let (is_over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let target = Target { address: node.address(), network, is_over, sent };
    let (mut seen, mut filled) = (Seen::default(), None);
    let begun = Instant::now();
    let log = dir.join(log::FOLDER_NAME);
    let segments = || fs::read_dir(&log).unwrap().map(|file| file.unwrap().metadata().unwrap());
    let size = || segments().map(|segment| segment.len()).sum::<u64>();
    let fee = || client(&node).network().unwrap().base_fee;
    let (fee_before, size_before) = (fee(), size());
    thread::scope(|scope| {
        let (target, flood) = (&target, &flood);
        let attackers: Vec<_> =
            (0..threads).map(|index| scope.spawn(move || flood(target, index))).collect();
        let over = Over(&target.is_over);
        let honest = client(&node);
        // The queues fill first.
        thread::sleep(flood_time() / 3);
        seen.reveal_waited = reveal(&honest, &target.network);
        let until = Instant::now() + flood_time() * 2 / 3;
        while Instant::now() < until {
            filled = filled.or_else(|| Some(resident_kib()));
            seen.asked += 10;
            for _ in 0..10 {
                let first = is_served(target.address);
                seen.second_tries += usize::from(!first);
                seen.served += usize::from(first || is_served(target.address));
            }
            let command = transfer(signer(2).address(), 1);
            let waited = land(&honest, &sign(&target.network, 1, seen.transfers, command));
            seen.blocks_waited_max = seen.blocks_waited_max.max(waited);
            seen.transfers += 1;
        }
        drop(over);
        attackers.into_iter().for_each(|attacker| attacker.join().unwrap());
    });
    let (resident, filled) = (resident_kib(), filled.unwrap());
    let (sent, took) = (target.sent.load(Ordering::Relaxed), begun.elapsed());
    println!(
        "{name}: {sent} sent in {took:.1?}; {seen:?}; resident {filled} then {resident} KiB; \
         base fee {:?} then {:?}; log grew by {} bytes in {} blocks",
        fee_before,
        fee(),
        size() - size_before,
        node.height().count(),
    );
    assert_eq!(seen.served, seen.asked, "{name}: of new clients");
    assert!(seen.second_tries * 100 <= seen.asked, "{name}: {seen:?}");
    assert!(seen.reveal_waited <= 3, "{name}: {seen:?}");
    assert!(0 < seen.transfers && seen.blocks_waited_max <= 3, "{name}: {seen:?}");
    assert!(resident <= filled + GROWTH_KIB_MAX, "{name}: {filled} then {resident} KiB");
    node
}

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn slow_heads_keep_nobody_out() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let node = under(("slow heads", dir.path()), 2, |target, _| {
        target.hold_many(400, &target.head("GET", "/v1/head", "X-Slow: "));
    });
    node.stop().unwrap();
}

#[test]
fn slow_bodies_keep_nobody_out() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let node = under(("slow bodies", dir.path()), 2, |target, _| {
        let more = "Content-Length: 100000\r\n\r\nonly this";
        target.hold_many(300, &target.head("PUT", "/v1/blobs", more));
    });
    node.stop().unwrap();
}

#[test]
fn two_thousand_idle_streams_keep_nobody_out() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let node = under(("idle streams", dir.path()), 2, |target, _| {
        target.hold_many(1_000, &target.head("GET", "/v1/events", "\r\n"));
    });
    node.stop().unwrap();
}

#[test]
fn uploads_starve_no_transaction() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let node = under(("uploads", dir.path()), 8, |target, index| {
        // Every other one is paid for, and written and flushed again and again if it can be.
        let mut body = vec![u8::try_from(index).unwrap(); 64 << 10];
        let own = Client::new(&format!("http://{}", target.address));
        let account = 4 + u64::try_from(index).unwrap();
        body[..8].copy_from_slice(&0u64.to_le_bytes());
        pay_for(&own, &target.network, (account, 0), digest(&body));
        let more = format!("Content-Length: {}\r\n\r\n", body.len());
        let head = target.head("PUT", "/v1/blobs", &more);
        let mut held: Vec<TcpStream> = Vec::new();
        for number in 0u64.. {
            if !target.goes_on() {
                break;
            }
            body[..8].copy_from_slice(&(number / 2 * (number % 2)).to_le_bytes());
            held.extend(target.hold(&[&head[..], &body].concat()));
            if 50 <= held.len() {
                held.clear();
            }
        }
    });
    node.stop().unwrap();
}

/// A move that the rules refuse, of 128 kibibytes.
fn refused_move(network: &Digest, account: u64, nonce: u64) -> SignedTransaction {
    let step = ProveStep {
        job: JobId::new(0),
        node: command::Node { level: 2, index: 0 },
        evidence: vec![7; 128 << 10],
    };
    sign(network, account, nonce, Command::ProveStep(step))
}

#[test]
fn refused_moves_pay_for_their_bytes_and_raise_their_own_fee() {
    let _alone = alone();
    let attackers = 4..8;
    let dir = tempfile::tempdir().unwrap();
    let node = under(("refused moves", dir.path()), 4, |target, index| {
        let account = 4 + u64::try_from(index).unwrap();
        let own = Client::new(&format!("http://{}", target.address));
        let mut nonce = 0;
        while target.goes_on() {
            if own.submit(&refused_move(&target.network, account, nonce)).is_ok() {
                target.count();
                nonce += 1;
            } else if let Ok(view) = own.account(&signer(account).address()) {
                // A full room, or one that gave way: go on where the room does.
                nonce = view.next_nonce;
                thread::sleep(Duration::from_millis(10));
            }
        }
    });
    let client = client(&node);
    let left = attackers.clone().map(|index| client.account(&signer(index).address()).unwrap());
    let left: Vec<_> = left.collect();
    let refused: u64 = left.iter().map(|account| account.nonce).sum();
    let paid = left.iter().fold(Amount::ZERO, |sum, account| {
        sum.saturating_add(Amount::tokens(1_000).saturating_sub(account.free))
    });
    // A kibibyte costs a base fee, which never falls below the first.
    let least = Amount::new(10_000).unwrap().checked_times(refused * (128 + 20)).unwrap();
    println!("refused moves: {refused} logged, {paid:?} paid, {least:?} at the first base fee");
    assert!(0 < refused && least <= paid, "{refused} for {paid:?}");
    // On the way the fee rose: they paid at least a quarter more than the first would have been.
    assert!(least.checked_times(5).unwrap() <= paid.checked_times(4).unwrap());
    node.stop().unwrap();
}
