//! Two jobs are won whose audits together need more than all validators have: one is accepted, the
//! other provider asks, at no cost, until its offer ends, and loses nothing.

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use common::Network;
use earnest_api::{Client, JobView, Session};
use earnest_keys::Signer;
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Gas, JobId, Ratio,
    command::{
        Auction, GainTiming, KeepData, PostJob, ProgramForm, ResourceClass, Task, Visibility,
    },
    market::{CloseReason, Phase},
    seal,
};
use earnest_worker::{Chain, guests};

/// A job of which three validators with 500 tokens each can audit one: two seats of 210 tokens, and
/// room for two more. A provider with 500 can do one. Its bytes are paid for and stored.
fn terms(rosa: &mut Chain) -> PostJob {
    let guest = guests::by_name("wordcount").expect("shipped");
    let input = guest.input();
    let (program, root) =
        (earnest_worker::requester::program_digest(guest.module), Digest(input.root().0));
    let (kibibytes, blocks, price_max) = (2_048, Blocks::new(100_000), Amount::MAX);
    let keep = |root| KeepData { root, kibibytes, blocks, price_max };
    let keeps = [program, root].map(|name| Command::KeepData(keep(name)));
    rosa.send_all(keeps.into_iter()).expect("she can pay");
    let client = rosa.client();
    client.put_blob(guest.module).expect("stored");
    let digest = |chunk: &Vec<u8>| earnest_worker::requester::program_digest(chunk);
    client.put_input(input.chunks().iter().map(digest).collect()).expect("stored");
    for chunk in input.chunks() {
        client.put_blob(chunk).expect("stored");
    }
    PostJob {
        task: Task {
            program,
            input_root: root,
            chunk_count: input.count(),
            steps: 1,
            seed: Digest::ZERO,
            step_gas_max: Gas::new(1_000_000),
            gas_bound: Gas::new(25_000_000_000),
            form: ProgramForm::Stepwise,
        },
        class: ResourceClass::Cpu,
        price_max: Amount::tokens(200),
        deadline_blocks: Blocks::new(100),
        auction: Auction::FirstPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: Ratio::ONE,
        auditors: 2,
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
        seed_seal: seal::seed(&Digest([9; 32])),
        visibility: Visibility::Public,
    }
}

#[test]
fn a_winner_waits_for_audit_capacity_and_loses_nothing() {
    let network = Network::start();
    let client = Client::new(&network.url);
    // Grace asks more than the first job pays; ada has no bond left for the second.
    let _providers = [("ada", "0.006"), ("grace", "0.009")].map(|(name, cost)| {
        let run = ["provider", "run", "--cost-per-mgas", cost, "--margin", "15%"];
        network.daemon(name, &run)
    });
    let rosa = Session::open(client, Signer::dev_key(5, "rosa")).expect("the node answers");
    let mut rosa = Chain::open(rosa).expect("she has an account");
    let terms = terms(&mut rosa);
    let client = Client::new(&network.url);
    let mut session = Session::open(client, Signer::dev_key(5, "rosa")).expect("it answers");
    // Both in one block, so that neither is refused when it is posted.
    for price_max in [200, 300].map(Amount::tokens) {
        session.send(Command::PostJob(PostJob { price_max, ..terms.clone() })).expect("taken");
    }
    let client = rosa.client();
    let deadline = Instant::now() + Duration::from_secs(60);
    let closed = loop {
        std::thread::sleep(Duration::from_millis(100));
        assert!(Instant::now() < deadline, "no offer lapses");
        let jobs: Vec<JobView> =
            [0, 1].into_iter().filter_map(|id| client.job(JobId::new(id)).ok()).collect();
        let mut ended = jobs.iter().filter(|job| job.phase == Phase::Closed);
        if let Some(closed) = ended.next() {
            let others = jobs.iter().filter(|job| job.assignment.is_some());
            assert_eq!(others.count(), 1, "the other was accepted");
            break closed.closed.expect("it ended");
        }
    };
    assert_eq!(closed.reason, CloseReason::AuditUnavailable);

    let log = |name: &str| {
        let path = network.folder.path().join(format!("{name}.log"));
        fs::read_to_string(path).expect("a log")
    };
    let logs = log("ada") + &log("grace");
    assert_eq!(logs.matches("no audit capacity is free").count(), 1, "{logs}");
    // If both accept in one block, neither could know of the other; then it only asks.
    let refused: Vec<&str> = logs.lines().filter(|line| line.starts_with("refused:")).collect();
    let is_race = |line: &&&str| line.contains("accept-job/audit-capacity-exceeded");
    assert!(refused.len() <= 1 && refused.iter().all(|line| is_race(&line)), "{logs}");
    for name in ["ada", "grace"] {
        let status = network.json(&["stake", "status", &network.address(name)]);
        assert_eq!(status["operators"][0]["stake"], "500000000000", "{status}");
    }
}
