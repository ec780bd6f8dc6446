//! The API as somebody meets it who has only its replies to read.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use earnest_api::Problem;
use earnest_node::NodeHandle;

use common::{create, start};

/// One exchange; the status, the headers in lower case, and the body.
fn exchange(node: &NodeHandle, method: &str, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(node.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head[9..12].parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn get(node: &NodeHandle, path: &str) -> (u16, String, String) {
    exchange(node, "GET", path, "")
}

#[test]
fn a_query_that_is_not_understood_whole_is_refused_by_what_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let bad = [
        ("/v1/jobs?unknown=1", "`phase`"),
        ("/v1/jobs?phase=nosuch", "`open`"),
        ("/v1/jobs?phase=nosuch", "`bidding`"),
        ("/v1/jobs?requester=me", "requester"),
        ("/v1/jobs?limit=5&limit=6", "duplicate field `limit`"),
        ("/v1/jobs?limit=0", "1 to 500"),
        ("/v1/operators?role=referee", "`provider`"),
        ("/v1/accounts?order=up", "`asc`"),
        ("/v1/blocks?height=3", "`cursor`"),
        ("/v1/events?kinds=nosuchkind", "job_posted"),
        ("/v1/events?kinds=job_posted,,", "job_posted"),
        ("/v1/events?since=3", "`after`"),
        ("/v1/jobs/0?height=3", "no query parameters"),
        ("/v1/head?x", "no query parameters"),
    ];
    for (path, accepted) in bad {
        let (status, head, body) = get(&node, path);
        assert_eq!(status, 400, "{path}: {body}");
        assert!(head.contains("application/problem+json"), "{path}: {head}");
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert!(problem.detail.contains(accepted), "{path}: {}", problem.detail);
    }
    let good =
        ["/v1/jobs?phase=open&limit=5&order=asc", "/v1/operators?role=provider", "/v1/head?"];
    for path in good {
        assert_eq!(get(&node, path).0, 200, "{path}");
    }
    node.stop().unwrap();
}
