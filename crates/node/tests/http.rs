//! The edge as clients meet it: good clients, bad ones, and too many.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use earnest_api::{
    ClientError, EventId, JobFilter, OutputChunks, PageQuery, Problem, Receipt, SignedTransaction,
    TRANSACTION_BYTES_MAX, TxStatus,
};
use earnest_compute::{
    guests,
    paged::outputs::{CHUNK_BYTES, List},
};
use earnest_node::{Limits, Node, NodeConfig, NodeHandle};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Height, JobId, Role, Transaction,
    command::{self, Bond, PostJob, ProveStep},
    genesis::GenesisOperator,
    market::{CloseReason, Phase},
};

use common::{
    client, create, create_with, digest, job, keep, keep_for, keep_kibibytes, put, put_guest, sign,
    signer, start, still, transfer,
};

/// A network and its node, stopped by hand.
struct World {
    dir: tempfile::TempDir,
    network: Digest,
    node: NodeHandle,
}

fn world(limits: Limits) -> World {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = Node::start(NodeConfig { limits, ..still(dir.path()) }).unwrap();
    World { dir, network, node }
}

/// One request as written; the status and the whole reply.
fn raw(node: &NodeHandle, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(node.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The node may answer and close before it has read everything.
    let _ = stream.write_all(request);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let status = reply.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, reply)
}

fn ask(node: &NodeHandle, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    raw(node, &[head.as_bytes(), body].concat())
}

const OCTETS: &str = "application/octet-stream";

fn post(node: &NodeHandle, body: &[u8]) -> (u16, String) {
    ask(node, "POST", "/v1/transactions", OCTETS, body)
}

/// The problem in a reply; every failure must carry one.
#[track_caller]
fn problem_in(reply: &str) -> Problem {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.to_ascii_lowercase().contains("application/problem+json"), "{reply}");
    serde_json::from_str(body).unwrap()
}

fn code(result: Result<Receipt, ClientError>) -> (u16, String) {
    let error = result.unwrap_err();
    let problem = error.problem().unwrap_or_else(|| panic!("{error}"));
    (problem.status, problem.code.clone())
}

fn is(found: (u16, String), status: u16, code: &str) {
    assert_eq!((found.0, found.1.as_str()), (status, code));
}

#[test]
fn bad_transactions_are_refused_by_name_and_change_nothing() {
    let World { dir: _dir, network, node } = world(Limits::default());
    let (client, root) = (client(&node), node.root());
    let good = |nonce| sign(&network, 1, nonce, transfer(signer(2).address(), 5));

    for garbage in [&b""[..], b"nonsense", &[0xff; 300]] {
        let (status, reply) = post(&node, garbage);
        assert_eq!((status, problem_in(&reply).code.as_str()), (400, "request/malformed"));
    }
    let trailing = [good(0).encode(), vec![0]].concat();
    assert_eq!(post(&node, &trailing).0, 400);
    let (status, reply) = post(&node, &vec![1; TRANSACTION_BYTES_MAX + 1]);
    assert_eq!((status, problem_in(&reply).code.as_str()), (413, "request/too-large"));
    let (status, reply) = ask(&node, "POST", "/v1/transactions", "text/plain", b"hello");
    let code_of = problem_in(&reply).code;
    assert_eq!((status, code_of.as_str()), (415, "request/unsupported-media-type"));

    let other_network = sign(&Digest([5; 32]), 1, 0, transfer(signer(2).address(), 5));
    is(code(client.submit(&other_network)), 422, "transaction/unknown-account");
    let mut signed = good(0);
    signed.signature[40] ^= 1;
    assert!(client.submit(&signed).is_err(), "a changed signature is another's or nobody's");
    signed.signature = [0; 65];
    assert_eq!(code(client.submit(&signed)).0, 400);
    let mut changed = good(0);
    changed.transaction.command = transfer(signer(2).address(), 999_999);
    assert!(client.submit(&changed).is_err(), "a changed amount is another message");
    is(code(client.submit(&good(999))), 409, "transaction/nonce-too-high");
    let late = Transaction {
        nonce: 0,
        valid_until: Height::ZERO,
        command: good(0).transaction.command,
        on_behalf_of: None,
    };
    client.submit(&earnest_api::sign(&signer(3), &network, late)).unwrap();

    node.make_block().unwrap();
    assert_eq!(client.head().unwrap().height, Height::new(1));
    assert_ne!(node.root(), root, "time went on");
    let account = client.account(&signer(1).address()).unwrap();
    assert_eq!((account.nonce, account.free), (0, Amount::tokens(1_000)));
    node.stop().unwrap();
}

#[test]
fn the_same_transaction_is_the_same_receipt_and_happens_once() {
    let World { dir: _dir, network, node } = world(Limits::default());
    let client = client(&node);
    let signed = sign(&network, 1, 0, transfer(signer(50).address(), 5));
    let hash = signed.hash(&network, &signer(1).address());
    let pending = client.submit(&signed).unwrap();
    assert_eq!((pending.hash, pending.status), (hash, TxStatus::Pending));
    assert_eq!(client.submit(&signed).unwrap(), pending);
    assert_eq!(client.account(&signer(1).address()).unwrap().next_nonce, 1);
    // As JSON it is the same transaction.
    let json = serde_json::to_vec(&signed).unwrap();
    let (status, _) = ask(&node, "POST", "/v1/transactions", "application/json", &json);
    assert_eq!(status, 202);
    let other = sign(&network, 1, 0, transfer(signer(50).address(), 6));
    is(code(client.submit(&other)), 409, "mempool/nonce-taken");
    node.make_block().unwrap();
    let done = client.submit(&signed).unwrap();
    assert_eq!((done.status, done.height), (TxStatus::Final, Some(Height::new(1))));
    assert_eq!(client.transaction(&hash).unwrap(), done);
    is(code(client.submit(&other)), 409, "transaction/nonce-used");
    node.make_block().unwrap();
    assert_eq!(client.account(&signer(50).address()).unwrap().free, Amount::new(5).unwrap());
    node.stop().unwrap();
}

#[test]
fn overspending_is_refused_in_the_receipt_and_costs_the_fee() {
    let World { dir: _dir, network, node } = world(Limits::default());
    let client = client(&node);
    let too_much = Amount::tokens(2_000).units();
    let commands = [
        transfer(signer(2).address(), too_much),
        Command::Bond(Bond { role: Role::Provider, amount: Amount::tokens(2_000) }),
        Command::Bond(Bond { role: Role::Provider, amount: Amount::tokens(200) }),
    ];
    let receipts: Vec<Receipt> = (0..)
        .zip(commands)
        .map(|(nonce, command)| client.submit(&sign(&network, 1, nonce, command)).unwrap())
        .collect();
    node.make_block().unwrap();
    let codes = receipts.iter().map(|receipt| {
        let receipt = client.transaction(&receipt.hash).unwrap();
        receipt.refusal.map_or("accepted".to_owned(), |refusal| refusal.code)
    });
    let codes: Vec<String> = codes.collect();
    assert_eq!(codes, ["transfer/exceeds-free", "bond/exceeds-free", "accepted"]);
    let account = client.account(&signer(1).address()).unwrap();
    let fee = Amount::new(10_000).unwrap();
    let spent = Amount::tokens(200).checked_add(fee.checked_times(3).unwrap()).unwrap();
    assert_eq!(account.free, Amount::tokens(1_000).checked_sub(spent).unwrap());
    assert!(client.network().unwrap().conservation.holds);

    // One whose money is gone when its turn comes is in no block and says why.
    let all = Amount::tokens(1_000).checked_sub(fee).unwrap().units();
    client.submit(&sign(&network, 4, 0, transfer(signer(2).address(), all))).unwrap();
    let broke = sign(&network, 4, 1, transfer(signer(2).address(), 1));
    client.submit(&broke).unwrap();
    let after = sign(&network, 4, 2, transfer(signer(2).address(), 2));
    client.submit(&after).unwrap();
    node.make_block().unwrap();
    let receipt = client.transaction(&broke.hash(&network, &signer(4).address())).unwrap();
    assert_eq!((receipt.status, receipt.height), (TxStatus::Final, None));
    assert_eq!(receipt.refusal.unwrap().code, "transaction/fee-exceeds-free");
    let receipt = client.transaction(&after.hash(&network, &signer(4).address())).unwrap();
    assert_eq!(receipt.refusal.unwrap().code, "transaction/nonce-too-high");
    node.stop().unwrap();
}

#[test]
fn waiting_for_inclusion_answers_after_the_block() {
    let limits = Limits { wait_timeout: Duration::from_millis(300), ..Limits::default() };
    let World { dir: _dir, network, node } = world(limits);
    let wait = |nonce| {
        let signed = sign(&network, 1, nonce, transfer(signer(2).address(), 5));
        ask(&node, "POST", "/v1/transactions?wait=included", OCTETS, &signed.encode())
    };
    let (status, reply) = wait(0);
    assert_eq!(status, 202, "{reply}");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(1));
        std::thread::sleep(Duration::from_millis(100));
        node.make_block().unwrap();
        let (status, reply) = waiting.join().unwrap();
        assert_eq!(status, 200);
        assert!(reply.contains("\"final\"") && reply.contains("x-earnest-height: 1"), "{reply}");
    });
    let (status, reply) = ask(&node, "POST", "/v1/transactions?wait=forever", OCTETS, b"");
    assert_eq!((status, problem_in(&reply).status), (400, 400));
    node.stop().unwrap();
}

#[test]
fn a_full_waiting_room_says_when_to_come_back() {
    let limits = Limits { waiting_max: 8, account_waiting_max: 4, ..Limits::default() };
    let World { dir: _dir, network, node } = world(limits);
    let submit = |account, nonce| {
        let signed = sign(&network, account, nonce, transfer(signer(2).address(), 5));
        post(&node, &signed.encode())
    };
    for nonce in 0..4 {
        assert_eq!(submit(1, nonce).0, 202);
    }
    let (status, reply) = submit(1, 4);
    assert_eq!((status, problem_in(&reply).code.as_str()), (429, "mempool/account-full"));
    let (status, reply) = submit(3, 1);
    assert_eq!((status, problem_in(&reply).code.as_str()), (409, "transaction/nonce-too-high"));
    for account in [3, 4] {
        assert_eq!(submit(account, 0).0, 202);
    }
    // Who has more there gives way, until each has one.
    for account in [5, 6, 7] {
        assert_eq!(submit(account, 0).0, 202);
    }
    let (status, reply) = submit(8, 0);
    assert_eq!((status, problem_in(&reply).code.as_str()), (503, "mempool/full"));
    assert!(reply.to_ascii_lowercase().contains("retry-after: 1"), "{reply}");
    // A move that the rules would refuse has no room of its own; one that they accept has.
    let prove = ProveStep {
        job: JobId::new(0),
        node: command::Node { level: 2, index: 0 },
        evidence: vec![7; 100],
    };
    let signed = sign(&network, 8, 0, Command::ProveStep(prove));
    assert_eq!(post(&node, &signed.encode()).0, 503);
    node.make_block().unwrap();
    assert_eq!(submit(8, 0).0, 202);
    node.stop().unwrap();
}

#[test]
fn a_move_that_will_be_refused_waits_only_if_it_can_pay() {
    let World { dir: _dir, network, node } = world(Limits::default());
    let client = client(&node);
    client.submit(&sign(&network, 1, 0, transfer(signer(50).address(), 5))).unwrap();
    node.make_block().unwrap();
    let step = |from, nonce, kibibytes: usize| {
        let prove = ProveStep {
            job: JobId::new(0),
            node: command::Node { level: 2, index: 0 },
            evidence: vec![7; kibibytes << 10],
        };
        sign(&network, from, nonce, Command::ProveStep(prove))
    };
    // Five units pay for no refusal: what the rules would say is said at once, and nothing waits.
    is(code(client.submit(&step(50, 0, 1))), 422, "transaction/fee-exceeds-free");
    // A thousand tokens pay for it: it is logged, and costs the base fee for each of 20 + 64.
    let hash = client.submit(&step(2, 0, 64)).unwrap().hash;
    node.make_block().unwrap();
    let receipt = client.transaction(&hash).unwrap();
    assert_eq!(receipt.refusal.unwrap().code, "prove-step/job-not-found");
    let fee = Amount::new(84 * 10_000).unwrap();
    let left = Amount::tokens(1_000).checked_sub(fee).unwrap();
    assert_eq!(client.account(&signer(2).address()).unwrap().free, left);
    // All that waits must be payable together: here one transfer of two.
    let fees = Amount::new(10_000 + 7).unwrap();
    let command = transfer(signer(51).address(), fees.units());
    client.submit(&sign(&network, 1, 1, command)).unwrap();
    node.make_block().unwrap();
    client.submit(&sign(&network, 51, 0, transfer(signer(2).address(), 1))).unwrap();
    let second = sign(&network, 51, 1, transfer(signer(2).address(), 1));
    is(code(client.submit(&second)), 429, "mempool/unpayable");
    node.stop().unwrap();
}

#[test]
fn every_failure_is_a_problem_with_a_name() {
    let World { dir: _dir, node, .. } = world(Limits::default());
    for (method, path, status, code) in [
        ("GET", "/v1/nothing", 404, "request/no-such-route"),
        ("GET", "/nosuch", 404, "request/no-such-route"),
        ("DELETE", "/v1/head", 405, "request/method-not-allowed"),
        ("GET", "/v1/transactions", 405, "request/method-not-allowed"),
        ("GET", "/v1/transactions/0x12", 400, "request/malformed"),
        ("GET", "/v1/accounts/alice", 400, "request/malformed"),
        ("GET", "/v1/jobs/-1", 400, "request/malformed"),
        ("GET", "/v1/jobs/0", 404, "job/not-found"),
        ("GET", "/v1/jobs?phase=asleep", 400, "request/malformed"),
        ("GET", "/v1/operators/18446744073709551616", 400, "request/malformed"),
        ("GET", "/v1/accounts?limit=0", 400, "request/malformed"),
        ("GET", "/v1/accounts?limit=x", 400, "request/malformed"),
        ("GET", "/v1/blocks/9", 404, "request/not-found"),
        ("GET", "/v1/events?after=yesterday", 400, "request/malformed"),
        ("GET", "/v1/accounts/%ff", 400, "request/malformed"),
        ("POST", "/v1/quote", 400, "request/malformed"),
        ("POST", "/v1/simulate/transaction", 400, "request/malformed"),
    ] {
        let (got, reply) = ask(&node, method, path, "application/json", b"");
        let problem = problem_in(&reply);
        assert_eq!((got, problem.code.as_str()), (status, code), "{method} {path}");
        assert_eq!(problem.status, status);
        assert!(!problem.hint.is_empty() && reply.contains("x-earnest-height: 0"));
    }
    for path in
        ["/health", "/healthz", "/readyz", "/v1/head", "/v1/network", "/v1/params", "/v1/slashes"]
    {
        assert_eq!(ask(&node, "GET", path, OCTETS, b"").0, 200, "{path}");
    }
    node.stop().unwrap();
}

#[test]
fn nonsense_on_the_wire_does_not_stop_it() {
    let limits = Limits { connections_max: 4, ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    for nonsense in [&b"\0\0\0\0\r\n\r\n"[..], b"GET / HTTP/9\r\n\r\n", b"\r\n", b"POST"] {
        let mut stream = TcpStream::connect(node.address()).unwrap();
        stream.write_all(nonsense).unwrap();
    }
    assert_eq!(ask(&node, "GET", "/v1/head", OCTETS, b"").0, 200);
    node.stop().unwrap();
}

/// Ten new clients, one after the other, while others hold what they hold.
fn ten_are_served(node: &NodeHandle, while_others: &str) {
    for number in 0..10 {
        let (status, reply) = ask(node, "GET", "/v1/head", OCTETS, b"");
        assert_eq!(status, 200, "client {number}, {while_others}: {reply}");
    }
}

#[test]
fn whoever_holds_connections_without_using_them_keeps_nobody_out() {
    let (connections_max, streams_max) = (8, 4);
    let patience = Duration::from_millis(100);
    let limits = Limits { connections_max, streams_max, patience, ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    let hold = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(node.address()).unwrap();
        let _ = stream.write_all(bytes);
        stream
    };
    let nothing: Vec<TcpStream> = (0..40).map(|_| hold(b"")).collect();
    ten_are_served(&node, "forty say nothing");
    drop(nothing);
    let heads: Vec<TcpStream> = (0..40).map(|_| hold(b"GET /v1/head HTTP/1.1\r\nHost:")).collect();
    ten_are_served(&node, "forty begin a head");
    drop(heads);
    let slow = b"PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\nonly this";
    let bodies: Vec<TcpStream> = (0..8).map(|_| hold(slow)).collect();
    std::thread::sleep(Duration::from_millis(300));
    ten_are_served(&node, "eight begin a body");
    drop(bodies);
    let events = b"GET /v1/events HTTP/1.1\r\nHost: n\r\n\r\n";
    let listen = || {
        let (mut stream, mut byte, mut reply) = (hold(events), [0], Vec::new());
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        while !reply.ends_with(b"retry: 1000\n\n") {
            stream.read_exact(&mut byte).expect("the stream begins");
            reply.push(byte[0]);
        }
        stream
    };
    let mut streams: Vec<TcpStream> = (0..20).map(|_| listen()).collect();
    ten_are_served(&node, "twenty listen to events");
    // The last of them still listens, and the first was sent away, to come again.
    let mut last = streams.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let (mut all, mut first) = (Vec::new(), streams.remove(0));
    let open = last.read_to_end(&mut all);
    assert!(open.is_err() && all == b"\r\n", "{open:?}, {all:?}");
    all.clear();
    let _ = first.read_to_end(&mut all);
    assert_eq!(all, b"\r\n0\r\n\r\n", "it was closed in form");
    node.stop().unwrap();
}

#[test]
fn heads_are_bounded_and_a_place_in_the_future_is_named() {
    let World { dir: _dir, node, .. } = world(Limits::default());
    let long = format!("GET /v1/head HTTP/1.1\r\nHost: n\r\nX: {}\r\n\r\n", "x".repeat(400_000));
    assert_ne!(raw(&node, long.as_bytes()).0, 200, "400 kB of head");
    let many = format!("GET /v1/head HTTP/1.1\r\nHost: n\r\n{}\r\n", "X: y\r\n".repeat(100));
    assert_ne!(raw(&node, many.as_bytes()).0, 200, "a hundred headers");
    let (status, reply) = ask(&node, "GET", "/v1/events?after=99999999-0", OCTETS, b"");
    assert_eq!((status, problem_in(&reply).code.as_str()), (400, "request/malformed"));
    assert!(problem_in(&reply).detail.contains("the head is block"), "{reply}");
    node.stop().unwrap();
}

/// Sends a body of one byte again and again, each a little before patience ends, and the next head
/// right behind it.
fn drip(mut stream: TcpStream, pause: Duration, until: Instant) {
    let head = b"PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nContent-Length: 1\r\n\r\n";
    let mut next = head.to_vec();
    while Instant::now() < until && stream.write_all(&next).is_ok() {
        std::thread::sleep(pause);
        next = [b"x", &head[..]].concat();
    }
}

#[test]
fn whoever_drips_one_byte_a_request_keeps_nobody_out() {
    let patience = Duration::from_millis(300);
    let limits = Limits { connections_max: 8, patience, ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    let until = Instant::now() + Duration::from_secs(4);
    let drips: Vec<_> = (0..8)
        .map(|_| TcpStream::connect(node.address()).unwrap())
        .map(|stream| std::thread::spawn(move || drip(stream, patience / 2, until)))
        .collect();
    // Longer than the patience, several times over.
    std::thread::sleep(Duration::from_secs(2));
    let served = (0..10).filter(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ask(&node, "GET", "/v1/head", OCTETS, b"").0 == 200
    });
    let served = served.count();
    for drip in drips {
        drip.join().unwrap();
    }
    node.stop().unwrap();
    assert!(0 < served, "of ten new clients, {served} were served");
}

#[test]
fn whoever_is_reading_a_large_reply_reads_it_to_its_end() {
    let bytes = 16 << 20;
    let limits = Limits { connections_max: 8, blob_bytes_max: bytes, ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    let digest = put(&node, &vec![7; bytes]);
    let mut reader = TcpStream::connect(node.address()).unwrap();
    reader.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request =
        format!("GET /v1/blobs/{digest} HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
    reader.write_all(request.as_bytes()).unwrap();
    let mut begin = [0; 4_096];
    reader.read_exact(&mut begin).unwrap();
    assert!(begin.starts_with(b"HTTP/1.1 200"));
    // Others come, say nothing, and stay.
    let _held: Vec<TcpStream> = (0..8)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(node.address()).unwrap()
        })
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    let (mut rest, mut piece) = (begin.len(), vec![0; 1 << 16]);
    while let Ok(read @ 1..) = reader.read(&mut piece) {
        rest += read;
    }
    node.stop().unwrap();
    assert!(bytes <= rest, "{rest} of {bytes} bytes came");
}

#[test]
fn whoever_reads_nothing_or_closes_one_half_does_not_hold_up_a_stop() {
    let bytes = 16 << 20;
    let limits = Limits { blob_bytes_max: bytes, ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    let digest = put(&node, &vec![7; bytes]);
    let blob = format!("GET /v1/blobs/{digest} HTTP/1.1\r\nHost: n\r\n\r\n");
    let stream = "GET /v1/events HTTP/1.1\r\nHost: n\r\n\r\n".to_owned();
    let put = "PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nContent-Length: 9\r\n\r\nx".to_owned();
    let mut held = Vec::new();
    for request in [blob.repeat(3), stream, put, "GET".to_owned(), String::new()] {
        for closes in [false, true] {
            let mut guest = TcpStream::connect(node.address()).unwrap();
            guest.write_all(request.as_bytes()).unwrap();
            if closes {
                guest.shutdown(std::net::Shutdown::Write).unwrap();
            }
            held.push(guest);
        }
    }
    assert_eq!(ask(&node, "HEAD", "/v1/events", OCTETS, b"").0, 200);
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    node.stop().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[test]
fn a_request_that_stalls_is_given_up() {
    let limits = Limits { request_timeout: Duration::from_millis(200), ..Limits::default() };
    let World { dir: _dir, node, .. } = world(limits);
    let stalled = b"PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\
        Content-Length: 100\r\n\r\nonly this";
    let (status, reply) = raw(&node, stalled);
    assert_eq!((status, problem_in(&reply).code.as_str()), (408, "request/timed-out"));
    node.stop().unwrap();
}

#[test]
fn events_resume_after_the_last_that_was_seen() {
    let World { dir, network, node } = world(Limits::default());
    let client = client(&node);
    for nonce in 0..3 {
        client.submit(&sign(&network, 1, nonce, transfer(signer(60).address(), 5))).unwrap();
        node.make_block().unwrap();
    }
    let all: Vec<_> =
        client.events(Some(EventId::START), &[]).take(4).map(Result::unwrap).collect();
    let kinds: Vec<&str> = all.iter().map(|record| record.kind()).collect();
    assert_eq!(kinds, ["account_opened", "transferred", "transferred", "transferred"]);
    for (at, record) in all.iter().enumerate().take(3) {
        let next = client.events(Some(record.id()), &[]).next().unwrap().unwrap();
        assert_eq!(next, all[at + 1]);
    }
    let transfers = client.events(Some(EventId::START), &["transferred"]);
    let transfers: Vec<_> = transfers.take(3).map(Result::unwrap).collect();
    assert_eq!(transfers, all[1..]);

    // A browser that comes back has its first query still, and the header.
    let mut stream = TcpStream::connect(node.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = "GET /v1/events?after=0-0 HTTP/1.1\r\nHost: n\r\nLast-Event-ID: 2-0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    while !text.contains("\"height\":3") {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(text.contains("id: 3-0\nevent: transferred\n") && !text.contains("id: 2-0"), "{text}");

    // A stream that is open while the node stops ends; a new node gives the same events.
    let mut open = client.events(None, &[]);
    client.submit(&sign(&network, 1, 3, transfer(signer(60).address(), 5))).unwrap();
    let live = std::thread::spawn(move || open.next());
    std::thread::sleep(Duration::from_millis(200));
    node.make_block().unwrap();
    assert_eq!(live.join().unwrap().unwrap().unwrap().height, Height::new(4));
    node.stop().unwrap();
    let node = start(dir.path());
    let again: Vec<_> = common::client(&node)
        .events(Some(EventId::START), &[])
        .take(4)
        .map(Result::unwrap)
        .collect();
    assert_eq!(again, all);
    node.stop().unwrap();
}

#[test]
fn pruned_events_and_blocks_are_gone_and_say_so() {
    let limits = Limits { events_max: 2, ..Limits::default() };
    let World { dir: _dir, network, node } = world(limits);
    let client = client(&node);
    for nonce in 0..4 {
        client.submit(&sign(&network, 1, nonce, transfer(signer(2).address(), 5))).unwrap();
        node.make_block().unwrap();
    }
    let error = client.events(Some(EventId::START), &[]).next().unwrap().unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (410, "events/pruned"));
    assert_eq!(problem.fields["first"], "3-0");
    let error = client.block(Height::new(1)).unwrap_err();
    assert_eq!(error.problem().unwrap().code, "blocks/pruned");
    let blocks = client.blocks(&PageQuery::default()).unwrap();
    let heights: Vec<u64> = blocks.items.iter().map(|block| block.height.count()).collect();
    assert_eq!(heights, [4, 3]);
    assert_eq!(blocks.items[0].state_root, node.root());
    assert_eq!(blocks.items[0].parent, blocks.items[1].hash);
    node.stop().unwrap();
}

#[test]
fn blobs_are_bounded_and_what_was_changed_on_the_disk_is_not_served() {
    let limits = Limits { blob_bytes_max: 1_000, ..Limits::default() };
    let World { dir, node, .. } = world(limits);
    let client = client(&node);
    let unpaid = client.put_blob(b"a program").unwrap_err();
    let problem = unpaid.problem().unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (402, "blob/not-kept"));
    let stored = put(&node, b"a program");
    assert_eq!(client.blob(&stored).unwrap(), b"a program");
    let unpaid = client.put_blob(b"another").unwrap_err();
    assert_eq!(unpaid.problem().unwrap().code, "blob/not-kept", "each its own");
    assert_eq!(client.blob(&Digest([1; 32])).unwrap_err().problem().unwrap().status, 404);
    assert_eq!(client.put_blob(&[0; 1_001]).unwrap_err().problem().unwrap().status, 413);
    let chunked = b"PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"7d0\r\n".as_slice(), &[1; 2_000], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(raw(&node, &[chunked.as_slice(), &chunk].concat()).0, 413, "without a length too");
    for path in files(&dir.path().join("blobs")) {
        fs::write(path, b"a progrom").unwrap();
    }
    let error = client.blob(&stored).unwrap_err();
    assert_eq!(error.problem().unwrap().code, "blob/damaged");
    client.put_blob(b"a program").unwrap();
    assert_eq!(client.blob(&stored).unwrap(), b"a program");
    node.stop().unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let shelves = fs::read_dir(folder).unwrap().map(|shelf| shelf.unwrap().path());
    let inside = |shelf| fs::read_dir(shelf).unwrap().map(|file| file.unwrap().path());
    shelves.flat_map(inside).collect()
}

#[test]
fn a_job_is_taken_only_with_its_program_and_input() {
    let World { dir: _dir, network, node } = world(Limits::default());
    let client = client(&node);
    let guest = guests::by_name("digits").unwrap();
    let input = guest.input();
    let terms = job(&guest.task(earnest_compute::Digest([0; 32])));
    let post = |terms: &PostJob| -> Result<Receipt, ClientError> {
        client.submit(&sign(&network, 1, 0, Command::PostJob(terms.clone())))
    };
    is(code(post(&terms)), 422, "job/program-missing");
    let nonsense = put(&node, b"no module at all");
    let mut hostile = terms.clone();
    hostile.task.program = nonsense;
    is(code(post(&hostile)), 422, "job/program-not-admitted");
    keep_for(&node, terms.task.program, guest.module.len(), 50);
    assert_eq!(client.put_blob(guest.module).unwrap().digest, terms.task.program);
    is(code(post(&terms)), 402, "job/not-kept");
    // What lasts is too small: keeps of one name add up neither in size nor in time.
    keep_kibibytes(&node, terms.task.program, 4, 100_000);
    is(code(post(&terms)), 402, "job/not-kept");
    keep(&node, terms.task.program, guest.module.len());
    is(code(post(&terms)), 422, "job/input-missing");

    let chunks: Vec<Digest> = input.chunks().iter().map(|chunk| digest(chunk)).collect();
    let unpaid = client.put_input(chunks.clone()).unwrap_err();
    assert_eq!(unpaid.problem().unwrap().code, "blob/not-kept");
    let root = Digest(input.root().0);
    keep(&node, root, input.chunks().iter().map(|chunk| chunk.len() + 4_096).sum());
    let receipt = client.put_input(chunks.clone()).unwrap();
    assert_eq!((receipt.root, receipt.chunk_count), (root, input.count()));
    let distinct: BTreeSet<Digest> = chunks.iter().copied().collect();
    assert_eq!(receipt.missing, Vec::from_iter(distinct));
    is(code(post(&terms)), 422, "job/chunks-missing");
    for chunk in input.chunks() {
        assert!(!client.keep(&root, 0).unwrap().is_stored);
        client.put_blob(chunk).unwrap();
    }
    let kept = client.keep(&root, 0).unwrap();
    assert!(kept.is_stored && kept.missing.is_empty() && kept.until.is_some(), "{kept:?}");
    assert_eq!(client.input(&root).unwrap().chunks, chunks);
    let mut miscounted = terms.clone();
    miscounted.task.chunk_count += 1;
    is(code(post(&miscounted)), 422, "job/chunk-count-mismatch");
    // Now it may wait; whether the rules take it is theirs to say.
    assert_eq!(post(&terms).unwrap().status, TxStatus::Pending);
    node.make_block().unwrap();
    let signed: SignedTransaction = sign(&network, 1, 0, Command::PostJob(terms));
    assert_eq!(
        client.transaction(&signed.hash(&network, &signer(1).address())).unwrap().status,
        TxStatus::Final
    );
    node.stop().unwrap();
}

#[test]
fn the_list_of_a_large_output_is_taken_when_it_is_paid_for_and_given_back_as_it_was() {
    let World { dir: _dir, node, .. } = world(Limits::default());
    let client = client(&node);
    let bytes: Vec<u8> = (0..=250u8).cycle().take(2 * CHUNK_BYTES + 9_000).collect();
    let list = List::of(&bytes);
    let (root, here) = (Digest(list.root().0), |d: &earnest_compute::Digest| Digest(d.0));
    let trees = list.rest.peaks().iter().map(here).collect();
    let full = list.full.iter().map(here).collect();
    let chunks = OutputChunks::new(full, 9_000, trees, list.rest.tail());
    let code = |error: ClientError| error.problem().unwrap().code.clone();
    assert_eq!(code(client.output(&root).unwrap_err()), "request/not-found");
    assert_eq!(code(client.put_output(&chunks).unwrap_err()), "blob/not-kept");
    for broken in [
        OutputChunks { rest_bytes: 9_001, ..chunks.clone() },
        OutputChunks { rest_tail: "a tail".to_owned(), ..chunks.clone() },
        OutputChunks { rest_trees: Vec::new(), ..chunks.clone() },
    ] {
        assert_eq!(code(client.put_output(&broken).unwrap_err()), "output/not-a-list");
    }
    keep(&node, root, bytes.len() + 3 * 4_096);
    let receipt = client.put_output(&chunks).unwrap();
    let names: Vec<Digest> = list.names().iter().map(here).collect();
    assert_eq!((receipt.root, receipt.bytes), (root, bytes.len() as u64));
    assert_eq!(BTreeSet::from_iter(receipt.missing), names.iter().copied().collect());
    for chunk in bytes.chunks(CHUNK_BYTES) {
        assert!(!client.keep(&root, 0).unwrap().is_stored);
        client.put_blob(chunk).unwrap();
    }
    assert!(client.keep(&root, 0).unwrap().is_stored);
    assert_eq!(client.output(&root).unwrap(), chunks);
    let read: Vec<Vec<u8>> = names.iter().map(|name| client.blob(name).unwrap()).collect();
    assert_eq!(read.concat(), bytes);
    node.stop().unwrap();
}

/// Two validators, and rows that leave two blocks after their job.
fn forgetful(dir: &Path) -> Digest {
    create_with(dir, |network| {
        let validator = |index| GenesisOperator {
            address: signer(index).address(),
            role: Role::Validator,
            bond: Amount::tokens(500),
        };
        network.operators = vec![validator(2), validator(3)];
        network.params.market.bid_blocks = Blocks::new(1);
        network.params.market.retention_blocks = Blocks::new(2);
    })
}

#[test]
fn a_job_whose_rows_left_is_told_from_one_that_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let network = forgetful(dir.path());
    let (node, guest) = (start(dir.path()), guests::by_name("wordcount").unwrap());
    let client = client(&node);
    put_guest(&node, &guest);
    let terms = job(&guest.task(earnest_compute::Digest([0; 32])));
    let posted = sign(&network, 1, 0, Command::PostJob(terms));
    let hash = client.submit(&posted).unwrap().hash;
    node.make_block().unwrap();
    assert_eq!(client.transaction(&hash).unwrap().refusal, None);
    let listed = || client.jobs(JobFilter::default(), &PageQuery::default()).unwrap().items.len();
    let code = |id| {
        let error = client.job(JobId::new(id)).unwrap_err();
        let problem = error.problem().unwrap();
        (problem.status, problem.code.clone())
    };
    assert_eq!(client.job(JobId::new(0)).unwrap().phase, Phase::Bidding);
    // Nobody bids: it closes when bidding does, and stays to be read for two blocks.
    node.make_block().unwrap();
    node.make_block().unwrap();
    let closed = client.job(JobId::new(0)).unwrap().closed.unwrap();
    assert_eq!((closed.reason, listed()), (CloseReason::NoBids, 1));
    node.make_block().unwrap();
    node.make_block().unwrap();
    assert_eq!((code(0), listed()), ((410, "job/retired".to_owned()), 0));
    assert_eq!(code(1), (404, "job/not-found".to_owned()));
    assert_eq!(client.network().unwrap().counts.jobs.expired, 1);
    node.stop().unwrap();
}

#[test]
fn trying_a_command_changes_nothing() {
    let World { dir: _dir, node, .. } = world(Limits::default());
    let client = client(&node);
    let root = node.root();
    let to = signer(70).address();
    let tried = client.simulate(signer(1).address(), None, transfer(to, 5)).unwrap();
    assert!(tried.refusal.is_none() && tried.events.len() == 2, "{tried:?}");
    let tried = client.simulate(signer(1).address(), None, transfer(to, 0)).unwrap();
    assert_eq!(tried.refusal.unwrap().code, "transfer/amount-must-be-positive");
    let tried = client.simulate(to, None, transfer(to, 5)).unwrap();
    assert_eq!(tried.refusal.unwrap().code, "transaction/unknown-account");
    assert_eq!(node.root(), root);
    assert!(client.account(&to).unwrap_err().is_not_found());
    node.stop().unwrap();
}
