//! What an operator watches: every sample is told what it is, numbers follow what happens, and the
//! shipped dashboard asks for nothing that is not there.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::TcpStream,
};

use earnest_node::NodeHandle;

use common::{client, create, put, sign, signer, start, transfer};

/// Samples by name and labels, and the families that are declared.
fn scrape(node: &NodeHandle) -> (BTreeMap<String, f64>, BTreeSet<String>) {
    let mut stream = TcpStream::connect(node.address()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
    for line in body.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').unwrap();
            assert!(["gauge", "counter"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(families.insert(name.to_owned()), "{name} is declared twice");
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            assert!(families.contains(family), "{family} says nowhere what it is");
            let value: f64 = value.parse().unwrap();
            assert!(
                value.is_finite() && samples.insert(name.to_owned(), value).is_none(),
                "{line}"
            );
        }
    }
    (samples, families)
}

#[test]
fn numbers_follow_what_happens() {
    let dir = tempfile::tempdir().unwrap();
    let network = create(dir.path());
    let node = start(dir.path());
    let (before, _) = scrape(&node);
    put(&node, &[7; 5_000]);
    client(&node).submit(&sign(&network, 1, 0, transfer(signer(2).address(), 9))).unwrap();
    let (waiting, _) = scrape(&node);
    node.make_block().unwrap();
    let (after, _) = scrape(&node);
    let rose = |name: &str| after[name] - before[name];
    assert_eq!(rose("earnest_chain_height"), 2.0);
    assert_eq!(
        (waiting["earnest_waiting_transactions"], after["earnest_waiting_transactions"]),
        (1.0, 0.0)
    );
    assert_eq!((rose("earnest_kept_kibibytes"), rose("earnest_blobs_bytes")), (8.0, 8_192.0));
    assert!(rose("earnest_money_base_units{asset=\"stake\",place=\"burnt\"}") >= 20_000.0);
    let stored = "earnest_http_requests_total{route=\"/v1/blobs\",status=\"201\"}";
    assert_eq!(after[stored], 1.0);
    assert_eq!(after["earnest_node_phase{phase=\"running\"}"], 1.0);
    // What no route answers is one series, whatever it is called.
    for path in ["/x", "/y?z=1", "/v1/jobs/1/2/3"] {
        let mut stream = TcpStream::connect(node.address()).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    let (last, _) = scrape(&node);
    assert_eq!(last["earnest_http_requests_total{route=\"none\",status=\"404\"}"], 3.0);
    node.stop().unwrap();
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    node.make_block().unwrap();
    let (_, families) = scrape(&node);
    let text = include_str!("../../../docs/grafana.json");
    let board: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut asked = 0;
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            for name in words.filter(|w| w.starts_with("earnest_") || w.starts_with("process_")) {
                assert!(families.contains(name), "{expression}: there is no {name}");
                asked += 1;
            }
        }
    }
    assert!(asked > 15, "{asked}");
    node.stop().unwrap();
}
