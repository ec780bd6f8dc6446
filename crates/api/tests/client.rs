//! The client against a server that follows a script: what it believes, repeats and gives up.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of them")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use earnest_api::{
    BlobReceipt, Client, ClientError, EventId, EventRecord, HeadView, JobFilter, JobStage, Order,
    PageQuery, Problem, Receipt, Session, SignedTransaction, TxStatus, recover, sign,
};
use earnest_keys::Signer;
use earnest_protocol::{
    Amount, Command, Digest, Epoch, Event, Height, JobId, Rejected, Role, TransactionRejected,
    command::Bond, market::Phase,
};
use serde::Serialize;
use serde_json::json;

const NETWORK: Digest = Digest([9; 32]);

struct Request {
    line: String,
    content_type: String,
    body: Vec<u8>,
}

/// What the server does with one request.
enum Reply {
    /// A status and a JSON body.
    Json(u16, String),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
    /// Hang up.
    Drop,
    /// Say nothing for a while.
    Silence(Duration),
}

fn ok(value: &impl Serialize) -> Reply {
    Reply::Json(200, serde_json::to_string(value).unwrap())
}

fn problem(problem: &Problem) -> Reply {
    Reply::Json(problem.status, serde_json::to_string(problem).unwrap())
}

fn head(height: u64) -> HeadView {
    HeadView {
        network: NETWORK,
        height: Height::new(height),
        final_height: Height::new(height),
        epoch: Epoch::ZERO,
        time_ms: 0,
        base_fee: Amount::UNIT,
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let (mut length, mut content_type) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        match header.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(("content-type", value)) => content_type = value.to_owned(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim().to_owned(), content_type, body })
}

fn answer(mut stream: TcpStream, reply: Reply) {
    let bytes = match reply {
        Reply::Json(status, body) => format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Drop => return,
        Reply::Silence(time) => {
            thread::sleep(time);
            return;
        }
    };
    // A client that has heard enough may have hung up.
    let _ = stream.write_all(&bytes);
}

/// A server that answers request number n with `script(n, request)`; and what was asked of it.
fn serve(
    script: impl Fn(usize, &Request) -> Reply + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate() {
            let Some(request) = read_request(&stream) else { continue };
            let line = request.line.trim_end_matches(" HTTP/1.1").to_owned();
            log.lock().unwrap().push(line);
            let reply = script(count, &request);
            thread::spawn(move || answer(stream, reply));
        }
    });
    (base, asked)
}

fn lines(asked: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    asked.lock().unwrap().clone()
}

#[test]
fn nobody_there_is_said_within_seconds() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let started = Instant::now();
    let refused = Client::new(&format!("http://127.0.0.1:{port}/")).head();
    assert!(matches!(&refused, Err(ClientError::Unreachable { .. })), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    let refused = Client::new("nonsense").head();
    assert!(matches!(&refused, Err(ClientError::Unreachable { .. })), "{refused:?}");
}

#[test]
fn an_address_with_tls_is_refused_for_that_and_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let refused = Client::new(&base).head().expect_err("no TLS here");
    assert!(matches!(refused, ClientError::TlsNeeded { .. }), "{refused:?}");
    assert!(!refused.is_transient());
}

#[test]
fn a_lost_connection_and_a_busy_node_are_tried_again() {
    let (base, asked) = serve(|count, _| match count {
        0 => Reply::Drop,
        1 => problem(&Problem::unavailable("catching up")),
        _ => ok(&head(5)),
    });
    assert_eq!(Client::new(&base).head().unwrap(), head(5));
    assert_eq!(lines(&asked), ["GET /v1/head"; 3]);
}

#[test]
fn problems_come_through_and_other_replies_are_named() {
    let (base, asked) = serve(|count, _| match count {
        0 => problem(&Problem::not_found("job 7")),
        1 => Reply::Json(404, "<html>".to_owned()),
        2 => Reply::Json(500, "<html>".to_owned()),
        3 => Reply::Json(200, "{\"height\": 3}".to_owned()),
        4 => Reply::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()),
        _ => Reply::Json(302, String::new()),
    });
    let client = Client::new(&base);
    let ask = || client.job(JobId::new(7)).map(|_| ());
    let first = ask().unwrap_err();
    assert!(first.is_not_found() && first.to_string().contains("There is no job 7"), "{first}");
    assert!(ask().unwrap_err().is_not_found());
    for _ in 2..6 {
        let error = ask().unwrap_err();
        assert!(matches!(error, ClientError::Malformed { .. }), "{error:?}");
    }
    assert_eq!(lines(&asked), ["GET /v1/jobs/7"; 6]);
}

#[test]
fn endless_and_silent_replies_are_cut_off() {
    let (base, _) = serve(|count, _| match count {
        0 => {
            let mut bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
            bytes.resize(17 * 1024 * 1024, b' ');
            Reply::Raw(bytes)
        }
        _ => Reply::Silence(Duration::from_secs(5)),
    });
    let client = Client::with_timeout(&base, Duration::from_millis(700));
    let large = Client::new(&base).head();
    assert!(matches!(&large, Err(ClientError::TooLarge { .. })), "{large:?}");
    let started = Instant::now();
    let silent = client.head();
    assert!(matches!(&silent, Err(ClientError::TimedOut { .. })), "{silent:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn lists_are_asked_for_with_their_filters() {
    let (base, asked) = serve(|_, _| Reply::Json(200, r#"{"items":[],"next_cursor":null}"#.into()));
    let client = Client::new(&base);
    let cursor = Some("r1f".to_owned());
    let page = PageQuery { cursor, limit: Some(7), order: Some(Order::Asc) };
    let none = PageQuery::default();
    client.operators(Some(Role::Validator), &page).unwrap();
    let requester = Some(earnest_protocol::AccountId::new(3));
    let filter = JobFilter { stage: Some(JobStage::Open), requester, provider: None };
    client.jobs(filter, &none).unwrap();
    let stage = Some(JobStage::Phase(Phase::RevealingBids));
    client.jobs(JobFilter { stage, ..JobFilter::default() }, &none).unwrap();
    client.slashes(&none).unwrap();
    assert_eq!(
        lines(&asked),
        [
            "GET /v1/operators?cursor=r1f&limit=7&order=asc&role=validator",
            "GET /v1/jobs?phase=open&requester=3",
            "GET /v1/jobs?phase=revealing_bids",
            "GET /v1/slashes",
        ]
    );
}

#[test]
fn blobs_travel_as_they_are() {
    let (base, _) = serve(|_, request| {
        if request.line.starts_with("PUT /v1/blobs ") {
            assert_eq!(request.content_type, "application/octet-stream");
            let size = request.body.len() as u64;
            return Reply::Json(
                201,
                serde_json::to_string(&BlobReceipt { digest: NETWORK, size }).unwrap(),
            );
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
        Reply::Raw([head.as_bytes(), &[0, 255, 10]].concat())
    });
    let client = Client::new(&base);
    assert_eq!(client.put_blob(&[1; 300_000]).unwrap().size, 300_000);
    assert_eq!(client.blob(&NETWORK).unwrap(), [0, 255, 10]);
}

fn bond() -> Command {
    Command::Bond(Bond { role: Role::Provider, amount: Amount::tokens(100) })
}

fn receipt(signed: &SignedTransaction, status: TxStatus) -> Receipt {
    let height = (status == TxStatus::Final).then_some(Height::new(6));
    let (_, hash) = recover(&NETWORK, signed).expect("ours");
    Receipt { hash, status, height, refusal: None }
}

#[test]
fn a_session_finds_its_nonce_and_finds_it_again() {
    let account = |next: u64| {
        let address = Signer::dev_key(1, "alice").address();
        ok(&json!({"id": 0, "address": address, "free": "1", "nonce": next, "next_nonce": next,
                   "provider": null, "validator": null}))
    };
    let (base, asked) = serve(move |count, request| {
        let line = request.line.as_str();
        if line.starts_with("GET /v1/head") {
            return ok(&head(50));
        }
        if line.starts_with("GET /v1/accounts/") {
            return account(if count < 6 { 4 } else { 9 });
        }
        if line.starts_with("GET /v1/transactions/") {
            return problem(&Problem::not_found("such transaction"));
        }
        assert_eq!(request.content_type, "application/octet-stream");
        let signed = SignedTransaction::decode(&request.body).unwrap();
        assert_eq!(signed.transaction.valid_until, Height::new(150));
        let (signer, _) = recover(&NETWORK, &signed).unwrap();
        assert_eq!(signer, Signer::dev_key(1, "alice").address());
        // Somebody else used nonces 5 to 8 of this account meanwhile.
        match signed.transaction.nonce {
            got @ 5..9 => {
                let used = TransactionRejected::NonceUsed { got, next: 9 };
                problem(&Rejected::from(used).into())
            }
            _ => ok(&receipt(&signed, TxStatus::Pending)),
        }
    });
    let mut session = Session::open(Client::new(&base), Signer::dev_key(1, "alice")).unwrap();
    session.send(bond()).unwrap();
    session.send(bond()).unwrap();
    let posts = lines(&asked).iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(posts, 3, "nonces 4, 5 refused, and 9");
}

#[test]
fn a_session_notices_another_network() {
    let (base, _) = serve(|count, _| {
        let network = if count == 0 { NETWORK } else { Digest([1; 32]) };
        ok(&HeadView { network, ..head(1) })
    });
    let mut session = Session::open(Client::new(&base), Signer::dev_key(1, "alice")).unwrap();
    let error = session.send(bond()).unwrap_err();
    assert_eq!(error.problem().unwrap().code, "session/network-changed");
}

#[test]
fn waiting_ends_when_the_transaction_is_final() {
    let signed = sign(
        &Signer::dev_key(1, "alice"),
        &NETWORK,
        earnest_protocol::Transaction {
            nonce: 0,
            valid_until: Height::new(9),
            command: bond(),
            on_behalf_of: None,
        },
    );
    let script = signed.clone();
    let (base, asked) = serve(move |count, _| {
        let status = if count < 3 { TxStatus::Pending } else { TxStatus::Final };
        ok(&receipt(&script, status))
    });
    let client = Client::new(&base);
    let done = client.submit_and_wait(&signed, Duration::from_secs(5)).unwrap();
    assert!(done.is_accepted());
    assert_eq!(lines(&asked).len(), 4);
    let (base, _) = serve(move |_, _| ok(&receipt(&signed, TxStatus::Pending)));
    let hash = done.hash;
    let pending = Receipt { hash, status: TxStatus::Pending, height: None, refusal: None };
    let late = Client::new(&base).wait(pending, Duration::from_millis(200));
    assert!(matches!(late, Err(ClientError::TimedOut { .. })), "{late:?}");
}

fn record(height: u64, index: u32) -> EventRecord {
    let event = Event::SeedOpened { job: JobId::new(height) };
    EventRecord { height: Height::new(height), index, event }
}

fn streamed(records: &[EventRecord], tail: &str) -> Reply {
    let mut text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Connection: close\r\n\r\n: hello\n\n"
        .to_owned();
    for record in records {
        let data = serde_json::to_string(record).unwrap();
        text.push_str(&format!("id: {}\nevent: {}\ndata: {data}\n\n", record.id(), record.kind()));
    }
    text.push_str(tail);
    Reply::Raw(text.into_bytes())
}

#[test]
fn events_resume_after_the_last_one_seen() {
    let (base, asked) = serve(|count, _| match count {
        // Cut off in the middle of the third event.
        0 => streamed(&[record(1, 0), record(1, 1)], "id: 2-0\ndata: {\"hei"),
        1 => Reply::Drop,
        2 => streamed(&[record(2, 0), record(3, 0)], ""),
        _ => problem(&Problem::pruned(EventId { height: Height::new(9), index: 0 })),
    });
    let mut events = Client::new(&base).events(Some(EventId::START), &["seed_opened", "slashed"]);
    let mut seen = Vec::new();
    let mut errors = Vec::new();
    for event in events.by_ref() {
        match event {
            Ok(record) => seen.push(record),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(seen, [record(1, 0), record(1, 1), record(2, 0), record(3, 0)]);
    assert!(matches!(errors[0], ClientError::Unreachable { .. }), "{errors:?}");
    assert_eq!(errors[1].problem().unwrap().code, "events/pruned");
    assert_eq!(errors.len(), 2, "the stream ends after a problem");
    let ask = |after: &str| format!("GET /v1/events?after={after}&kinds=seed_opened,slashed");
    assert_eq!(lines(&asked), [ask("0-0"), ask("1-1"), ask("1-1"), ask("3-0")]);
    assert_eq!(events.after(), Some(record(3, 0).id()));
}

#[test]
fn events_from_now_on_are_pinned_to_the_height_of_now() {
    let (base, asked) = serve(|count, _| match count {
        0 => ok(&head(40)),
        1 => streamed(&[], ""),
        _ => streamed(&[record(41, 0)], ""),
    });
    let mut events = Client::new(&base).events(None, &[]);
    assert_eq!(events.next().unwrap().unwrap(), record(41, 0));
    let ask = "GET /v1/events?after=40-4294967295";
    assert_eq!(lines(&asked), ["GET /v1/head", ask, ask]);
}

#[test]
fn a_stream_that_only_said_how_far_it_looked_resumes_there() {
    let (base, asked) = serve(|count, _| match count {
        0 => streamed(&[record(41, 0)], ""),
        1 => streamed(&[], ": alive\nid: 55-7\n\n"),
        _ => streamed(&[record(56, 0)], ""),
    });
    let mut events = Client::new(&base).events(Some(EventId::START), &["slashed"]);
    let seen: Vec<EventRecord> = events.by_ref().take(2).map(Result::unwrap).collect();
    assert_eq!(seen, [record(41, 0), record(56, 0)]);
    let ask = |after: &str| format!("GET /v1/events?after={after}&kinds=slashed");
    assert_eq!(lines(&asked), [ask("0-0"), ask("41-0"), ask("55-7")]);
}
