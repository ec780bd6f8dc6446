//! The API as somebody meets it who has only its replies to read.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use earnest_api::Problem;
use earnest_node::{Node, NodeConfig, NodeHandle};

use common::{create, exchange, put, start, still};

const KEEP_OF_NO_NUMBER: &str =
    "/v1/keeps/0x0000000000000000000000000000000000000000000000000000000000000000?bytes=x";
const KEEP_OF_OTHERS: &str =
    "/v1/keeps/0x0000000000000000000000000000000000000000000000000000000000000000?size=1";

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
        ("/v1/keeps?bytes=1", "no query parameters"),
        (KEEP_OF_NO_NUMBER, "bytes"),
        (KEEP_OF_OTHERS, "`bytes`"),
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

#[test]
fn bytes_that_a_client_has_already_are_not_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let path = format!("/v1/blobs/{}", put(&node, b"some bytes"));
    let (status, head, body) = get(&node, &path);
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    assert_eq!((status, body.as_str()), (200, "some bytes"));
    for (seen, status, sent) in [
        (tag.clone(), 304, ""),
        (format!("\"other\", W/{tag}"), 304, ""),
        ("*".to_owned(), 304, ""),
        ("\"other\"".to_owned(), 200, "some bytes"),
    ] {
        let headers = format!("If-None-Match: {seen}\r\n");
        let (got, head, body) = exchange(&node, "GET", &path, &headers);
        assert_eq!((got, body.as_str()), (status, sent), "{seen}");
        assert!(head.contains(&format!("etag: {tag}")), "{head}");
    }
    let (status, _, _) = exchange(&node, "GET", "/v1/head", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(status, 200, "another's tag is not this reply's");
    node.stop().unwrap();
}

#[test]
fn a_part_of_a_blob_is_sent_to_who_asks_for_one() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let path = format!("/v1/blobs/{}", put(&node, b"some bytes"));
    let tag = get(&node, &path).1;
    let tag = tag.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let ask = |method, headers: &str| exchange(&node, method, &path, headers);
    for (headers, status, sent, place) in [
        ("Range: bytes=5-\r\n".to_owned(), 206, "bytes", Some("bytes 5-9/10")),
        ("Range: bytes=0-3\r\n".to_owned(), 206, "some", Some("bytes 0-3/10")),
        (format!("Range: bytes=-2\r\nIf-Range: {tag}\r\n"), 206, "es", Some("bytes 8-9/10")),
        ("Range: bytes=-2\r\nIf-Range: \"other\"\r\n".to_owned(), 200, "some bytes", None),
        ("Range: bytes=0-1,3-4\r\n".to_owned(), 200, "some bytes", None),
        (format!("Range: bytes=5-\r\nIf-None-Match: {tag}\r\n"), 304, "", None),
    ] {
        let (got, head, body) = ask("GET", &headers);
        assert_eq!((got, body.as_str()), (status, sent), "{headers}{head}");
        let told = head.lines().find_map(|line| line.strip_prefix("content-range: "));
        assert_eq!(told, place, "{headers}");
    }
    let (status, head, body) = ask("GET", "Range: bytes=10-\r\n");
    assert_eq!(status, 416, "{body}");
    assert!(head.contains("content-range: bytes */10") && body.contains("blob/range-beyond"));
    let (status, head, _) = ask("HEAD", "Range: bytes=5-\r\n");
    assert!(status == 200 && head.contains("content-length: 10"), "{head}");
    node.stop().unwrap();
}

#[test]
fn only_pages_of_the_origins_that_the_operator_named_may_read() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let named = |origins: &[&str]| NodeConfig {
        allowed_origins: origins.iter().map(ToString::to_string).collect(),
        ..still(dir.path())
    };
    let allowed = |node: &NodeHandle, origin: &str| {
        let (_, head, _) = exchange(node, "GET", "/v1/head", &format!("Origin: {origin}\r\n"));
        let line = head.lines().find_map(|l| l.strip_prefix("access-control-allow-origin: "));
        line.map(str::to_owned)
    };
    let node = start(dir.path());
    assert_eq!(allowed(&node, "https://x.org"), None, "nobody by default");
    node.stop().unwrap();

    let node = Node::start(named(&["https://x.org", "http://localhost:3000"])).unwrap();
    assert_eq!(allowed(&node, "https://x.org").as_deref(), Some("https://x.org"));
    assert_eq!(allowed(&node, "http://localhost:3000").as_deref(), Some("http://localhost:3000"));
    assert_eq!(allowed(&node, "https://x.org.evil.org"), None);
    let asked = "Origin: https://x.org\r\nAccess-Control-Request-Method: PUT\r\n\
        Access-Control-Request-Headers: content-type\r\n";
    let (status, head, _) = exchange(&node, "OPTIONS", "/v1/blobs", asked);
    assert!(status == 200 && head.contains("access-control-allow-methods: get,post,put"), "{head}");
    assert!(!head.contains("allow-credentials"), "{head}");
    node.stop().unwrap();

    let node = Node::start(named(&["*"])).unwrap();
    assert_eq!(allowed(&node, "https://any.org").as_deref(), Some("*"));
    node.stop().unwrap();
    for wrong in ["x.org", "https://x.org/page", "https://", "file:///x", "https://x.org\n"] {
        let error = Node::start(named(&[wrong])).unwrap_err().to_string();
        assert!(error.contains("nowhere that a web page comes from"), "{wrong:?}: {error}");
    }
}
