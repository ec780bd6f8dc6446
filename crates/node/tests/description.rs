//! The API's own description, held against what a node does.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::BTreeSet;

use earnest_api::openapi;
use earnest_compute::guests;
use earnest_protocol::{Amount, Command, Role, genesis::GenesisOperator};
use serde_json::{Value, json};

use common::{
    client, create, create_with, exchange, job, put_guest, sign, signer, start, transfer,
};

fn tag_in(head: &str) -> String {
    head.lines().find_map(|line| line.strip_prefix("etag: ")).expect(head).to_owned()
}

/// What of `value` is not as `schema` says, with its place.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let found = document.pointer(name.trim_start_matches('#'));
        return faults(document, found.expect(name), value, at);
    }
    let mut all = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has_type = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no JSON type: {other}"),
    };
    if !types.is_empty() && !types.iter().any(has_type) {
        all.push(format!("{at}: {value} is no {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        all.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if schema.get("const").is_some_and(|word| word != value) {
        all.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    all.extend(out_of_range(schema, value).map(|bound| format!("{at}: {value} is beyond {bound}")));
    for (key, fit) in [("oneOf", 1..=1), ("anyOf", 1..=usize::MAX)] {
        if let Some(options) = schema[key].as_array() {
            let tried = options.iter().map(|one| faults(document, one, value, at));
            let (good, bad): (Vec<_>, Vec<_>) = tried.partition(Vec::is_empty);
            if !fit.contains(&good.len()) {
                all.push(format!("{at}: {} of {key} fit: {bad:?}", good.len()));
            }
        }
    }
    all.extend(faults_inside(document, schema, value, at));
    all
}

/// The bound that a number breaks, if it breaks one.
fn out_of_range(schema: &Value, value: &Value) -> Option<i128> {
    let number = |value: &Value| value.as_u64().map(i128::from).or(value.as_i64().map(i128::from));
    let value = number(value)?;
    let below = number(&schema["minimum"]).filter(|min| value < *min);
    below.or(number(&schema["maximum"]).filter(|max| *max < value))
}

/// The same of its members and items.
fn faults_inside(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut all = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        if value.is_object() && value.get(name).is_none() {
            all.push(format!("{at}: {name} is missing"));
        }
    }
    if schema["type"] == "object" && !schema["properties"].is_null() {
        for (name, member) in value.as_object().into_iter().flatten() {
            // A reader may ignore what it does not know; here it shows a hole in the document.
            match schema["properties"].get(name) {
                Some(schema) => {
                    all.extend(faults(document, schema, member, &format!("{at}.{name}")))
                }
                None => all.push(format!("{at}: {name} is not described")),
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let place = format!("{at}[{index}]");
        let schema = schema["prefixItems"].get(index).unwrap_or(&schema["items"]);
        all.extend(faults(document, schema, item, &place));
    }
    all
}

fn schema_of(document: &Value, path: &str, method: &str, status: &str, kind: &str) -> Value {
    document["paths"][path][method]["responses"][status]["content"][kind]["schema"].clone()
}

#[test]
fn the_document_has_every_route_and_method_of_the_router_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let document: Value =
        serde_json::from_str(&exchange(&node, "GET", "/openapi.json", "").2).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let asked = path.replace(['{', '}'], "");
        let (status, head, _) = exchange(&node, "DELETE", &asked, "");
        assert_eq!(status, 405, "{path}");
        let allowed = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap();
        let allowed: BTreeSet<&str> = allowed.split(',').filter(|one| *one != "head").collect();
        let described: BTreeSet<&str> =
            methods.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(allowed, described, "{path}");
    }
    // The other way round: what the router is built of.
    let router = include_str!("../src/http/mod.rs");
    let routed = router.matches(".route(routes::").count();
    assert_eq!(document["paths"].as_object().unwrap().len(), routed);
    node.stop().unwrap();
}

#[test]
fn every_code_that_a_node_says_no_with_is_in_the_document() {
    let sources = [
        include_str!("../src/http/mod.rs"),
        include_str!("../src/http/host.rs"),
        include_str!("../src/http/named.rs"),
        include_str!("../src/http/past.rs"),
        include_str!("../src/http/problem.rs"),
        include_str!("../src/http/query.rs"),
        include_str!("../src/http/read.rs"),
        include_str!("../src/http/submit.rs"),
        include_str!("../../api/src/problem.rs"),
    ];
    let listed: BTreeSet<String> =
        openapi::PROBLEMS.iter().map(|(status, code)| format!("{status}, \"{code}\"")).collect();
    for made in sources.iter().flat_map(|source| source.split("Problem::new(").skip(1)) {
        let mut words = made.splitn(3, '"');
        let before = words.next().unwrap_or_default().trim().trim_end_matches(',');
        let code = words.next().unwrap_or_default();
        // Others take their status or code from what they wrap.
        let Some(status) = Some(before).filter(|text| text.parse::<u16>().is_ok()) else {
            continue;
        };
        assert!(listed.contains(&format!("{status}, \"{code}\"")), "{status} {code}");
    }
}

#[test]
fn what_a_node_answers_is_as_its_document_says() {
    let dir = tempfile::tempdir().unwrap();
    let network = create_with(dir.path(), |network| {
        let bond = Amount::tokens(500);
        let validator = |index| GenesisOperator {
            address: signer(index).address(),
            role: Role::Validator,
            bond,
        };
        network.operators = vec![validator(2), validator(3)];
    });
    let node = start(dir.path());
    let client = client(&node);
    let document: Value =
        serde_json::from_str(&exchange(&node, "GET", "/openapi.json", "").2).unwrap();
    let (address, missing) = (signer(1).address(), "0x".to_owned() + &"00".repeat(32));
    let guest = guests::by_name("wordcount").unwrap();
    put_guest(&node, &guest);
    let terms = job(&guest.task(earnest_compute::Digest([0; 32])));
    let posted = client.submit(&sign(&network, 1, 0, Command::PostJob(terms))).unwrap();
    let receipt = client.submit(&sign(&network, 1, 1, transfer(signer(2).address(), 5))).unwrap();
    node.make_block().unwrap();
    let (account, receipt) =
        (format!("/v1/accounts/{address}"), format!("/v1/transactions/{}", receipt.hash));
    let history = format!("{account}/history?limit=1");
    let (content, posted) = (format!("{receipt}/content"), posted.hash);
    let posted = format!("/v1/transactions/{posted}/content");
    let keep = format!("/v1/keeps/{missing}");
    let good = [
        ("/v1/head", "/v1/head"),
        ("/v1/network", "/v1/network"),
        ("/v1/params", "/v1/params"),
        ("/v1/storage", "/v1/storage"),
        ("/v1/accounts", "/v1/accounts"),
        ("/v1/accounts/{address}", &account),
        ("/v1/accounts/{address}/history", &history),
        ("/v1/operators", "/v1/operators"),
        ("/v1/operators/{id}", "/v1/operators/0"),
        ("/v1/delegations", "/v1/delegations"),
        ("/v1/jobs", "/v1/jobs"),
        ("/v1/jobs/{id}", "/v1/jobs/0"),
        ("/v1/slashes", "/v1/slashes"),
        ("/v1/blocks", "/v1/blocks"),
        ("/v1/blocks/{height}", "/v1/blocks/1"),
        ("/v1/transactions/{hash}", &receipt),
        ("/v1/transactions/{hash}/content", &content),
        ("/v1/transactions/{hash}/content", &posted),
        ("/v1/keeps", "/v1/keeps"),
        ("/v1/keeps/{name}", &keep),
    ];
    for (route, path) in good {
        let (status, head, body) = exchange(&node, "GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        let schema = schema_of(&document, route, "get", "200", "application/json");
        assert!(schema.is_object(), "{route}");
        let value = serde_json::from_str(&body).unwrap();
        assert_eq!(faults(&document, &schema, &value, path), Vec::<String>::new());
        // The same without its body, and not again to who has it.
        let (status, same, nothing) = exchange(&node, "HEAD", path, "");
        assert_eq!((status, nothing.as_str(), tag_in(&same)), (200, "", tag_in(&head)), "{path}");
        let seen = format!("If-None-Match: {}\r\n", tag_in(&head));
        assert_eq!(exchange(&node, "GET", path, &seen).0, 304, "{path}");
    }
    node.stop().unwrap();
}

#[test]
fn problems_and_the_page_for_people_are_as_the_document_says() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let node = start(dir.path());
    let document = openapi::document();
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let blob = format!("/v1/blobs/0x{}", "00".repeat(32));
    for path in ["/v1/jobs/77", "/v1/nosuch", "/v1/jobs?limit=0", &blob] {
        let (_, _, body) = exchange(&node, "GET", path, "");
        let value = serde_json::from_str(&body).unwrap();
        assert_eq!(faults(&document, &problem, &value, path), Vec::<String>::new());
    }
    let (_, before, _) = exchange(&node, "GET", "/v1/head", "");
    node.make_block().unwrap();
    let (_, after, _) = exchange(&node, "GET", "/v1/head", "");
    assert_ne!(tag_in(&before), tag_in(&after), "another block is another reply");
    let (status, _, page) = exchange(&node, "GET", "/", "");
    assert_eq!(status, 200);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    assert!(!page.contains("<script"));
    node.stop().unwrap();
}
