//! What others send: transactions, commands, and a node's answers.

use std::time::Duration;

use earnest_api::{
    Client, EventRecord, JobView, Page, PageQuery, Problem, SignedTransaction, SseParser, sign,
};
use earnest_keys::Signer;
use earnest_protocol::{Command, Digest, Height, RawParams, Transaction};
use earnest_testkit::{
    machine::{Machine, Setting},
    ops::{Op, Step},
    soak::Random,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Outcome, Target, keeps};

const QUICK: Duration = Duration::from_secs(2);

/// Commands of every phase of one life.
fn commands() -> Vec<Command> {
    let (mut machine, mut random) = (Machine::new(Setting::ALL[0]), Random::new(7));
    let mut commands = Vec::new();
    for turn in 0..2_000 {
        let op = Op::from((random.next_u64() >> 24) as u32);
        match machine.read(op) {
            Step::Send(_, command) if turn % 16 == 0 => commands.push(command),
            _ => {}
        }
        machine.run(op);
    }
    commands
}

fn transactions() -> Vec<SignedTransaction> {
    let (signer, network) = (Signer::dev_key(1, "fuzz"), Digest([4; 32]));
    let valid_until = Height::new(1_000);
    let sign = |command| {
        sign(&signer, &network, Transaction { nonce: 3, valid_until, command, on_behalf_of: None })
    };
    commands().into_iter().map(sign).collect()
}

fn json<T: Serialize + DeserializeOwned>(input: &[u8]) -> Outcome {
    keeps(input, |bytes| serde_json::from_slice::<T>(bytes).ok(), serde_json::to_vec)
}

fn postcard<T: Serialize + DeserializeOwned>(input: &[u8]) -> Outcome {
    keeps(input, |bytes| postcard::from_bytes::<T>(bytes).ok(), postcard::to_allocvec)
}

pub(super) fn transaction() -> Target<'static> {
    let bytes = |signed: &SignedTransaction| serde_json::to_vec(signed).expect("JSON");
    Target {
        name: "transaction",
        seeds: transactions().iter().map(bytes).collect(),
        law: Box::new(|input| {
            if let Ok(signed) = serde_json::from_slice::<SignedTransaction>(input) {
                // Whoever signed it, or nobody; never a panic.
                let _ = earnest_api::recover(&Digest([4; 32]), &signed);
            }
            json::<SignedTransaction>(input)
        }),
        time_most: QUICK,
    }
}

pub(super) fn stored_transaction() -> Target<'static> {
    let bytes = |signed: &SignedTransaction| postcard::to_allocvec(signed).expect("postcard");
    Target {
        name: "wire",
        seeds: transactions().iter().map(bytes).collect(),
        law: Box::new(postcard::<SignedTransaction>),
        time_most: QUICK,
    }
}

pub(super) fn command() -> Target<'static> {
    let bytes = |command: &Command| postcard::to_allocvec(command).expect("postcard");
    Target {
        name: "command",
        seeds: commands().iter().map(bytes).collect(),
        law: Box::new(postcard::<Command>),
        time_most: QUICK,
    }
}

/// Answers of a living node; each input is read as everything that a client may expect.
pub(super) fn api(url: &str) -> Target<'static> {
    let client = Client::new(url);
    let page = PageQuery::default();
    let seeds = vec![
        written(&client.network().expect("it runs")),
        written(&client.params().expect("it runs")),
        written(&client.jobs(Default::default(), &page).expect("it runs")),
        written(&client.account(&Signer::dev_key(0, "fuzz").address()).expect("it is there")),
        written(&Problem::new(404, "not-found", "There is none", "ask for another")),
    ];
    Target {
        name: "api",
        seeds,
        law: Box::new(|input| {
            let read = [
                json::<earnest_api::NetworkView>(input),
                json::<RawParams>(input),
                json::<Page<JobView>>(input),
                json::<earnest_api::AccountView>(input),
                json::<Problem>(input),
                json::<EventRecord>(input),
            ];
            let taken = read.contains(&Outcome::Taken);
            if taken { Outcome::Taken } else { Outcome::Refused }
        }),
        time_most: QUICK,
    }
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("JSON")
}

/// A stream is read the same in one piece and byte by byte.
pub(super) fn events() -> Target<'static> {
    let stream =
        "retry: 1000\r\n\r\nid: 7-0\nevent: job_posted\ndata: {\"a\":\ndata: 1}\n\n: idle\n\n";
    Target {
        name: "events",
        seeds: vec![stream.as_bytes().to_vec()],
        law: Box::new(|input| {
            let (mut whole, mut pieces) = (SseParser::new(), SseParser::new());
            let whole = whole.push(input);
            let mut messages = Vec::new();
            for byte in input {
                match pieces.push(std::slice::from_ref(byte)) {
                    Ok(more) => messages.extend(more),
                    Err(_) => {
                        assert!(whole.is_err(), "refused in pieces only");
                        return Outcome::Refused;
                    }
                }
            }
            let whole = whole.expect("taken in pieces");
            assert_eq!(format!("{whole:?}"), format!("{messages:?}"));
            Outcome::Taken
        }),
        time_most: QUICK,
    }
}
