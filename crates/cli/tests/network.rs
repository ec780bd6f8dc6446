//! A whole network for some seconds: honest participants earn, the liar is convicted, and money
//! is neither made nor lost.

mod common;

use common::earnest_within;
use serde_json::Value;

fn units(value: &Value) -> u64 {
    value.as_str().expect("decimal digits").parse().expect("decimal digits")
}

fn list<'a>(summary: &'a Value, name: &str) -> &'a [Value] {
    summary[name].as_array().expect("a list")
}

#[test]
fn a_network_pays_the_honest_and_catches_the_liar() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("net");
    let data = data.to_str().expect("text");
    let up = ["up", "--fresh", "--data", data, "--blocks", "100", "--block-time", "200ms"];
    let done = earnest_within(180, &[&up[..], &["--port", "0", "--json"]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let summary: Value = serde_json::from_str(&done.out).expect("one JSON object");
    assert_eq!(summary["conservation"], "holds");
    let accepted = summary["jobs"]["accepted"].as_u64().expect("a count");
    assert!(4 <= accepted, "{accepted} jobs accepted");

    let people = list(&summary, "participants");
    let loki = people.iter().find(|p| p["name"] == "loki").expect("the liar");
    let lost = list(&summary, "disputes").iter().any(|d| d["loser"] == loki["account"]);
    assert!(lost, "no dispute lost by the liar: {summary}");
    for slash in list(&summary, "slashes") {
        let of = people.iter().find(|p| p["account"] == slash["account"]).expect("a participant");
        assert_ne!(of["behaviour"], "honest", "{slash}");
        let parts = ["compensation", "reporter", "burnt", "insurance", "peers"];
        let sum: u64 = parts.iter().map(|part| units(&slash[*part])).sum();
        assert_eq!(sum, units(&slash["amount"]), "{slash}");
    }
    let honest = people.iter().filter(|p| p["behaviour"] == "honest" && p["role"] != "requester");
    for person in honest {
        assert!(units(&person["started"]) <= units(&person["worth"]), "{person}");
        assert_eq!(person["jailed"], false, "{person}");
    }

    let doctor = earnest_within(60, &["doctor", "--data", data, "--json"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
}
