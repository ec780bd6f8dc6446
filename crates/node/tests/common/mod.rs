//! A small network for tests: named accounts, quick blocks, real signatures.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use earnest_api::{Client, SignedTransaction};
use earnest_compute::guests::Guest;
use earnest_keys::Signer;
use earnest_node::{Check, Node, NodeConfig, NodeHandle, dev::DevNetwork};
use earnest_protocol::{
    Address, Amount, Asset, Blocks, Command, Digest, Gas, Height, Ratio, RawParams, Transaction,
    command::{
        Auction, GainTiming, KeepData, PostJob, ProgramForm, ResourceClass, Task, Transfer,
        Visibility,
    },
    genesis::GenesisAccount,
    seal,
};

/// Accounts of the test network.
pub const ACCOUNTS: u64 = 16;

pub fn signer(index: u64) -> Signer {
    Signer::dev_key(index, "test")
}

/// Makes a network whose accounts hold 1,000 tokens each.
pub fn create(dir: &Path) -> Digest {
    create_with(dir, |_| ())
}

/// The same with something else about it.
pub fn create_with(dir: &Path, change: impl FnOnce(&mut DevNetwork)) -> Digest {
    let (balance, payment) = (Amount::tokens(1_000), Amount::ZERO);
    let account = |index| GenesisAccount { address: signer(index).address(), balance, payment };
    // Steps must fit half a block, so quick blocks allow short steps only.
    let gas = Gas::new(500_000);
    let mut params = RawParams::default();
    params.chain.block_interval_min_ms = 10;
    params.chain.referee_gas = gas;
    params.chain.epoch_blocks = Blocks::new(100_000);
    params.market.step_gas_max = gas;
    let mut network = DevNetwork {
        name: "test".to_owned(),
        params,
        chain_blocks: Blocks::new(7),
        accounts: (0..ACCOUNTS).map(account).collect(),
        ..DevNetwork::default()
    };
    change(&mut network);
    network.create(dir).unwrap().network()
}

/// Blocks only when asked for.
pub fn still(dir: &Path) -> NodeConfig {
    let hour = Duration::from_secs(3_600);
    NodeConfig {
        block_time: hour,
        idle_block_time: hour,
        check: Check::EveryBlock,
        // As raw requests of tests call it.
        allowed_hosts: vec!["node".to_owned(), "n".to_owned()],
        ..NodeConfig::new(dir)
    }
}

pub fn start(dir: &Path) -> NodeHandle {
    Node::start(still(dir)).unwrap()
}

pub fn client(node: &NodeHandle) -> Client {
    Client::new(&node.url())
}

pub fn transfer(to: Address, units: u64) -> Command {
    Command::Transfer(Transfer { to, asset: Asset::Stake, amount: Amount::new(units).unwrap() })
}

pub fn sign(network: &Digest, from: u64, nonce: u64, command: Command) -> SignedTransaction {
    let valid_until = Height::new(1_000_000);
    earnest_api::sign(
        &signer(from),
        network,
        Transaction { nonce, valid_until, command, on_behalf_of: None },
    )
}

/// The account that pays for bytes.
pub const KEEPER: u64 = ACCOUNTS - 1;

/// Has bytes kept under a name, for longer than any test lasts.
pub fn keep(node: &NodeHandle, root: Digest, bytes: usize) {
    keep_for(node, root, bytes, 100_000);
}

pub fn keep_for(node: &NodeHandle, root: Digest, bytes: usize, blocks: u64) {
    keep_kibibytes(node, root, u32::try_from(bytes.div_ceil(4_096).max(1) * 4).unwrap(), blocks);
}

pub fn keep_kibibytes(node: &NodeHandle, root: Digest, kibibytes: u32, blocks: u64) {
    let client = client(node);
    let nonce = client.account(&signer(KEEPER).address()).unwrap().next_nonce;
    let (blocks, price_max) = (Blocks::new(blocks), Amount::MAX);
    let keep = KeepData { root, kibibytes, blocks, price_max };
    let signed = sign(&node.network(), KEEPER, nonce, Command::KeepData(keep));
    let hash = client.submit(&signed).unwrap().hash;
    node.make_block().unwrap();
    let receipt = client.transaction(&hash).unwrap();
    assert!(receipt.height.is_some() && receipt.refusal.is_none(), "{receipt:?}");
}

pub fn digest(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// Pays for a blob and stores it.
pub fn put(node: &NodeHandle, bytes: &[u8]) -> Digest {
    keep(node, digest(bytes), bytes.len());
    client(node).put_blob(bytes).unwrap().digest
}

/// Pays for a guest's program and input, and stores both.
pub fn put_guest(node: &NodeHandle, guest: &Guest) {
    put(node, guest.module);
    let input = guest.input();
    keep(node, Digest(input.root().0), input.chunks().iter().map(|c| c.len() + 4_096).sum());
    let chunks = input.chunks().iter().map(|chunk| digest(chunk));
    client(node).put_input(chunks.collect()).unwrap();
    for chunk in input.chunks() {
        client(node).put_blob(chunk).unwrap();
    }
}

/// A posting of a task that a guest makes.
pub fn job(task: &earnest_compute::Task) -> PostJob {
    let gas = Gas::new(task.gas_bound.min(1_000_000_000));
    PostJob {
        task: Task {
            program: Digest(task.program.0),
            input_root: Digest(task.input_root.0),
            chunk_count: task.chunk_count,
            steps: task.steps,
            seed: Digest::ZERO,
            step_gas_max: Gas::new(500_000),
            gas_bound: gas,
            form: ProgramForm::Stepwise,
        },
        class: ResourceClass::Cpu,
        price_max: Amount::tokens(20),
        deadline_blocks: Blocks::new(100),
        auction: Auction::SecondPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: Ratio::ONE,
        auditors: 1,
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
        seed_seal: seal::seed(&Digest([9; 32])),
        visibility: Visibility::Public,
    }
}

/// One exchange; the status, the headers in lower case, and the body.
pub fn exchange(
    node: &NodeHandle,
    method: &str,
    path: &str,
    headers: &str,
) -> (u16, String, String) {
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
