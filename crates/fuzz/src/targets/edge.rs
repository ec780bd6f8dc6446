//! A node that listens: requests as bytes, over a socket, as strangers send them.
//!
//! Law: whatever comes, the connection ends or is answered with a status line, and the next client
//! that asks properly is served.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use earnest_node::{Node, NodeHandle};

use super::{Outcome, Target, disk};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long a whole request may take before it is taken for a part of one.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn start(dir: &Path) -> NodeHandle {
    disk::network().create(dir).expect("an empty folder");
    Node::start(disk::still(dir)).expect("a whole directory")
}

pub(super) fn http(node: &NodeHandle) -> Target<'_> {
    let address = node.address();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
    let send = |method: &str, path: &str, kind: &str, body: &str| {
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    let json = "application/json";
    let seeds = vec![
        get("/v1/head"),
        get("/v1/accounts?limit=5"),
        get("/v1/jobs?stage=open&limit=2"),
        get("/v1/blocks/1"),
        get("/healthz"),
        send("POST", "/v1/transactions", json, "{\"transaction\":{\"nonce\":0}}"),
        send("POST", "/v1/quote", json, "{}"),
        send("PUT", "/v1/blobs", "application/octet-stream", "bytes of a blob"),
    ];
    let law = move |input: &[u8]| {
        let reply = ask(address, input);
        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1."), "{reply:?}");
        let next = ask(address, b"GET /v1/head HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(next.starts_with(b"HTTP/1.1 200 "), "the next client: {next:?}");
        // A connection that is ended without a word is an answer too.
        Outcome::Taken
    };
    Target { name: "http", seeds, law: Box::new(law), time_most: PATIENCE * 2 }
}

/// What comes back first; nothing if the connection was ended.
fn ask(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PAUSE)).expect("a number");
    // A server that has refused need not read the rest.
    let _ = stream.write_all(bytes);
    let mut reply = vec![0; 4096];
    let read = stream.read(&mut reply).or_else(|_| {
        // It waits for more of the request: there is none, and it need not wait its whole patience.
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(PATIENCE)).expect("a number");
        stream.read(&mut reply)
    });
    let read = read.unwrap_or(0);
    reply.truncate(read);
    reply
}
