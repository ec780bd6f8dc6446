//! The referee has time for one step in a block: another waits, and costs nobody anything.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use earnest_api::{Client, Receipt, TxStatus};
use earnest_compute::{self as compute, bisection, guests};
use earnest_node::{BeaconSecret, NodeHandle, Store, dev::DevNetwork};
use earnest_protocol::{
    Amount, Blocks, Command, Digest, Gas, JobId, Params, Ratio, RawParams, Role,
    command::{
        self as c, Auction, GainTiming, Node, Opening, ProgramForm, ResourceClass, Task, Visibility,
    },
    genesis::{GenesisAccount, GenesisOperator},
    market::Phase,
    seal,
};

use common::{KEEPER, client, put_guest, sign, signer, start, transfer};

/// The most that a step may use, and all that the referee has in a block.
const GAS: Gas = Gas::new(500_000);
const REQUESTER: u64 = 1;
const PROVIDER: u64 = 4;
const CHALLENGER: u64 = 6;
const JOBS: [JobId; 2] = [JobId::new(0), JobId::new(1)];

/// One step over the first chunk of the text: everything that must be shown of it.
struct Work {
    task: Task,
    root: Digest,
    output: Digest,
    gas: Gas,
    children: Vec<Digest>,
    output_proof: Vec<u8>,
    evidence: Vec<u8>,
}

fn work() -> Work {
    let guest = guests::by_name("wordcount").unwrap();
    let input = guest.input();
    let shown = guest.task(compute::Digest([0; 32]));
    let task = compute::Task { steps: 1, step_gas_max: 500_000, gas_bound: 500_000, ..shown };
    let admitted = compute::admit(guest.module).unwrap();
    let machine = compute::Machine::new(compute::EngineKind::Wasmi, &admitted).unwrap();
    let runner = compute::Runner::new(&machine, &task, &input);
    let trace = runner.run_all(compute::trace::Keep::default(), |_| {}).unwrap();
    let parts = (&trace.tree, &trace.kept);
    let evidence = bisection::evidence_from_run(guest.module, &runner, &input, parts, 1).unwrap();
    let chunk = input.chunk_hash_of_step(1);
    let leaf = trace.last.leaf(chunk);
    let top = compute::Position { level: 0, index: 0 };
    let children = trace.tree.children(top).unwrap();
    Work {
        task: Task {
            program: Digest(task.program.0),
            input_root: Digest(task.input_root.0),
            chunk_count: task.chunk_count,
            steps: task.steps,
            seed: Digest(task.seed.0),
            step_gas_max: GAS,
            gas_bound: GAS,
            form: ProgramForm::Stepwise,
        },
        root: Digest(trace.root().0),
        output: Digest(leaf.state.0),
        gas: Gas::new(leaf.gas),
        children: children.iter().map(|child| Digest(child.0)).collect(),
        output_proof: bisection::OutputProof::new(&trace.tree, &trace.last, chunk)
            .unwrap()
            .encode(),
        evidence: evidence.encode(),
    }
}

/// A requester, a provider, two validators and a challenger; the beacon of a seed by which neither
/// job is audited.
fn network(dir: &std::path::Path) -> Digest {
    let (balance, payment) = (Amount::tokens(1_000), Amount::ZERO);
    let account = |index| GenesisAccount { address: signer(index).address(), balance, payment };
    let bonds = |index, role| GenesisOperator {
        address: signer(index).address(),
        role,
        bond: Amount::tokens(900),
    };
    let mut params = RawParams::default();
    params.chain.block_interval_min_ms = 10;
    params.chain.referee_gas = GAS;
    params.market.step_gas_max = GAS;
    params.market.bid_blocks = Blocks::new(1);
    params.verification.seed_delay_blocks = Blocks::new(1);
    let network = DevNetwork {
        params,
        accounts: (1..=6).chain([KEEPER]).map(account).collect(),
        operators: vec![
            bonds(PROVIDER, Role::Provider),
            bonds(2, Role::Validator),
            bonds(3, Role::Validator),
        ],
        ..DevNetwork::default()
    };
    let secret = BeaconSecret::of_seed(1);
    let genesis = network.genesis(&secret);
    Store::create(dir, &genesis, &secret).unwrap();
    genesis.network()
}

/// Commands of several accounts, each with the nonce that follows.
struct Desk {
    network: Digest,
    node: NodeHandle,
    client: Client,
    nonces: [u64; 8],
}

impl Desk {
    fn submit(&mut self, from: u64, command: Command) -> Receipt {
        let nonce = &mut self.nonces[usize::try_from(from).unwrap()];
        let signed = sign(&self.network, from, *nonce, command);
        *nonce += 1;
        self.client.submit(&signed).unwrap()
    }

    /// The same about both jobs, and a block in which both are accepted.
    fn both(&mut self, from: u64, command: impl Fn(JobId) -> Command) {
        let receipts = JOBS.map(|job| self.submit(from, command(job)));
        self.node.make_block().unwrap();
        for receipt in receipts {
            let receipt = self.client.transaction(&receipt.hash).unwrap();
            assert!(receipt.is_accepted(), "{receipt:?}");
        }
    }

    fn until(&self, phase: Phase) {
        let is_there = || JOBS.iter().all(|job| self.client.job(*job).unwrap().phase == phase);
        let came = (0..100).any(|_| is_there() || self.node.make_block().is_none());
        assert!(came && is_there(), "{phase:?} never came");
    }
}

/// Brings two jobs to a dispute in which the provider is to prove its one step.
fn disputed(desk: &mut Desk, work: &Work) {
    let network = desk.network;
    let (preimage, salt, price) = (Digest([4; 32]), Digest([5; 32]), Amount::tokens(1));
    desk.both(REQUESTER, |_| {
        Command::PostJob(c::PostJob {
            task: work.task,
            class: ResourceClass::Cpu,
            price_max: Amount::tokens(2),
            deadline_blocks: Blocks::new(50),
            auction: Auction::FirstPrice,
            reputation_min: Ratio::ZERO,
            audit_rate: Ratio::percent(5),
            auditors: 1,
            outside_gain: Amount::ZERO,
            gain_timing: GainTiming::Final,
            seed_seal: seal::seed(&preimage),
            visibility: Visibility::Public,
        })
    });
    let provider = signer(PROVIDER).address();
    desk.both(PROVIDER, |job| {
        let seal = seal::bid(&network, job, &provider, price, &salt);
        Command::CommitBid(c::CommitBid { job, seal })
    });
    desk.until(Phase::RevealingBids);
    desk.both(PROVIDER, |job| Command::RevealBid(c::RevealBid { job, price, salt }));
    desk.both(PROVIDER, |job| Command::AcceptJob(c::AcceptJob { job }));
    let Work { root, output, gas, .. } = *work;
    let opening = Opening { root, output, gas, steps: 1, salt };
    desk.both(PROVIDER, |job| {
        let seal = seal::result(&network, job, &provider, &opening);
        Command::CommitResult(c::CommitResult { job, seal })
    });
    desk.both(REQUESTER, |job| Command::OpenSeed(c::OpenSeed { job, preimage }));
    desk.until(Phase::Revealing);
    let output_proof = work.output_proof.clone();
    desk.both(PROVIDER, |job| {
        let output_proof = output_proof.clone();
        Command::RevealResult(c::RevealResult { job, opening, output_proof })
    });
    desk.both(CHALLENGER, |job| Command::Challenge(c::Challenge { job }));
    desk.both(PROVIDER, |job| {
        let (node, children) = (Node { level: 0, index: 0 }, work.children.clone());
        Command::OpenNode(c::OpenNode { job, node, children })
    });
    desk.both(CHALLENGER, |job| Command::RejectChild(c::RejectChild { job, child: 1 }));
}

#[test]
fn a_step_that_the_referee_has_no_time_for_waits_for_the_next_block() {
    let dir = tempfile::tempdir().unwrap();
    let network = network(dir.path());
    let node = start(dir.path());
    let client = client(&node);
    let (guest, work) = (guests::by_name("wordcount").unwrap(), work());
    put_guest(&node, &guest);
    let mut desk = Desk { network, node, client, nonces: [0; 8] };
    disputed(&mut desk, &work);

    let prove = |job| {
        let evidence = work.evidence.clone();
        Command::ProveStep(c::ProveStep { job, node: Node { level: 1, index: 1 }, evidence })
    };
    let [first, second] = JOBS.map(|job| desk.submit(PROVIDER, prove(job)).hash);
    let third = desk.submit(PROVIDER, transfer(signer(2).address(), 5)).hash;
    let seen = |desk: &Desk, hash| desk.client.transaction(&hash).unwrap();
    desk.node.make_block().unwrap();
    assert!(seen(&desk, first).is_accepted());
    // What follows it in the sequence waits too, and is not dropped for its nonce.
    assert_eq!(seen(&desk, second).status, TxStatus::Pending);
    assert_eq!(seen(&desk, third).status, TxStatus::Pending);
    desk.node.make_block().unwrap();
    assert!(seen(&desk, second).is_accepted() && seen(&desk, third).is_accepted());
    for job in JOBS {
        let [dispute] = &desk.client.job(job).unwrap().disputes[..] else { panic!("one each") };
        assert_eq!(dispute.ended.unwrap().loser, earnest_protocol::verification::Loser::Challenger);
    }
    desk.node.stop().unwrap();
}

/// What a unit of gas takes is said where it is measured, in `compute`, and where it bounds a
/// block, in the rules, which know no engine.
#[test]
fn the_rules_count_on_what_the_engines_keep() {
    let mut raw = RawParams::default();
    let half_a_block = raw.chain.block_interval_min_ms * 1_000_000_000 / 2; // In picoseconds.
    let limit = half_a_block / compute::REFEREE_PICOS_PER_GAS;
    raw.chain.referee_gas = Gas::new(limit);
    assert!(Params::try_from(raw).is_ok(), "{limit} gas fit half a block");
    raw.chain.referee_gas = Gas::new(limit + 1);
    assert!(Params::try_from(raw).is_err(), "one more does not");
    // Deadlines and audit windows follow from what compiled code does at worst.
    let a_second = 1_000_000_000_000 / compute::COMPILED_PICOS_PER_GAS;
    assert!(raw.market.reference_speed.count() <= a_second);
}
