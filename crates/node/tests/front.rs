//! The front door: who may come in, under which name, how much at once, and for how long.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use earnest_api::{EventId, Problem};
use earnest_node::{Limits, Local, Node, NodeConfig, NodeHandle, PeerLimits};
use earnest_protocol::Height;

use common::{client, create, put, sign, signer, still, transfer};

fn start(dir: &Path, limits: Limits) -> NodeHandle {
    create(dir);
    Node::start(NodeConfig { limits, ..still(dir) }).unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// All that is said until the node closes.
fn to_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = connect(address);
    let _ = stream.write_all(head.as_bytes());
    to_the_end(&mut stream)
}

#[track_caller]
fn is_problem(reply: &str, status: u16, code: &str) {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{reply:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    let problem: Problem = serde_json::from_str(body).unwrap();
    assert_eq!(problem.code, code);
    assert!(!problem.hint.is_empty());
}

#[test]
fn a_name_that_nobody_allowed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let allowed_hosts = vec!["node.example".to_owned()];
    let node = Node::start(NodeConfig { allowed_hosts, ..still(dir.path()) }).unwrap();
    let get = |host: &str| {
        let head = format!("GET /v1/head HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        ask(node.address(), &head)
    };
    for host in ["node.example", "localhost:7300", &node.address().to_string(), "[::1]:1"] {
        let reply = get(&format!("Host: {host}\r\n"));
        assert!(reply.starts_with("HTTP/1.1 200"), "{host}: {reply}");
    }
    is_problem(&get("Host: rebound.example\r\n"), 421, "request/host-not-allowed");
    is_problem(&get("Host: localhost\r\nHost: evil\r\n"), 400, "request/host-missing");
    is_problem(&get(""), 400, "request/host-missing");
    node.stop().unwrap();
}

#[test]
fn who_takes_too_long_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let short = Duration::from_millis(300);
    let bytes = 32 << 20;
    let node = start(
        dir.path(),
        Limits {
            head_timeout: short,
            request_timeout: 2 * short,
            stall_timeout: short,
            blob_bytes_max: bytes,
            ..Limits::default()
        },
    );
    // A head that never ends.
    let reply = ask(node.address(), "GET /v1/head HTTP/1.1\r\nHost: n\r\nX: ");
    assert!(!reply.starts_with("HTTP/1.1 200"), "{reply}");
    // A body that never ends.
    let head = "PUT /v1/blobs HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\nonly this";
    is_problem(&ask(node.address(), head), 408, "request/timed-out");
    // A connection that says no more after its first request.
    let reply = ask(node.address(), "GET /v1/head HTTP/1.1\r\nHost: n\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 200"), "closed by the node, or this would have hung");
    // A reply that nobody reads. What the system holds for both sides is all that can still come.
    let digest = put(&node, &vec![7; bytes]);
    let mut stream = connect(node.address());
    let head = format!("GET /v1/blobs/{digest} HTTP/1.1\r\nHost: n\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(4 * short);
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read);
    assert!(read.starts_with(b"HTTP/1.1 200") && read.len() < bytes, "{} bytes", read.len());
    node.stop().unwrap();
}

fn few(local: Local) -> Limits {
    let peers = PeerLimits {
        connections_max: 4,
        streams_max: 1,
        transaction_time: Duration::from_secs(3_600),
        burst: 2,
        local,
        ..PeerLimits::default()
    };
    Limits { peers, ..Limits::default() }
}

#[test]
fn one_peer_takes_no_more_than_its_share() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), few(Local::Limited));
    let head = "GET /v1/head HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n";
    let mut held: Vec<TcpStream> = (0..4).map(|_| connect(node.address())).collect();
    is_problem(&ask(node.address(), head), 429, "request/too-many");
    // One stream of the four it has.
    let listen = |stream: &mut TcpStream| {
        stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: n\r\n\r\n").unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        String::from_utf8_lossy(&begin).into_owned()
    };
    let begun: Vec<String> = held.iter_mut().take(2).map(listen).collect();
    assert_eq!(begun, ["HTTP/1.1 200", "HTTP/1.1 429"]);
    drop(held);
    // What was held is given back, and two transactions may be sent, by whatever connection.
    let deadline = Instant::now() + Duration::from_secs(5);
    while !ask(node.address(), head).starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < deadline, "the places are not given back");
    }
    let network = node.network();
    let codes = (0..3).map(|nonce| {
        let signed = sign(&network, 1, nonce, transfer(signer(2).address(), 1));
        let sent = client(&node).submit(&signed);
        sent.err().map_or(202, |error| error.problem().unwrap().status)
    });
    assert_eq!(codes.collect::<Vec<u16>>(), [202, 202, 429]);
    node.stop().unwrap();
}

#[test]
fn peers_on_this_machine_hold_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), few(Local::Unlimited));
    let _held: Vec<TcpStream> = (0..20).map(|_| connect(node.address())).collect();
    assert!(client(&node).head().is_ok());
    node.stop().unwrap();
}

/// Blocks of four transfers, to be streamed.
fn blocks(node: &NodeHandle, count: u64) {
    let (network, client) = (node.network(), client(node));
    for nonce in 0..count {
        for account in 1..5 {
            let command = transfer(signer(9).address(), 1 + nonce);
            client.submit(&sign(&network, account, nonce, command)).unwrap();
        }
        node.make_block().unwrap();
    }
}

#[test]
fn who_filters_all_out_hears_where_to_resume() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { heartbeat: Duration::from_millis(200), ..Limits::default() };
    let node = start(dir.path(), limits);
    blocks(&node, 10);
    let mut stream = connect(node.address());
    let head = "GET /v1/events?after=0-0&kinds=slashed HTTP/1.1\r\nHost: n\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let (mut text, mut byte) = (String::new(), [0]);
    while !text.ends_with("\n\n\r\n") || !text.contains("id: ") {
        stream.read_exact(&mut byte).expect("a heartbeat within its time");
        text.push(char::from(byte[0]));
    }
    let place = EventId { height: Height::new(10), index: u32::MAX };
    assert!(text.contains(&format!(": alive\nid: {place}\n\n")), "{text}");
    assert!(!text.contains("data:"), "{text}");
    node.stop().unwrap();
}

#[test]
fn one_stream_too_many_ends_the_oldest_in_form() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { streams_max: 2, ..Limits::default() };
    let node = start(dir.path(), limits);
    let listen = || {
        let mut stream = connect(node.address());
        let head = "GET /v1/events HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        stream
    };
    let (oldest, second) = (listen(), listen());
    let third = listen();
    let mut ends = [oldest, second, third].into_iter();
    let end = to_the_end(&mut ends.next().unwrap());
    assert!(end.ends_with("0\r\n\r\n"), "the oldest of those that listen ended in form: {end}");
    for mut stream in ends {
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(!to_the_end(&mut stream).ends_with("0\r\n\r\n"), "it still listens");
    }
    node.stop().unwrap();
}
