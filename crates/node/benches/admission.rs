//! What admitting one signed transaction costs beside the one thing it cannot do without: bare
//! recovery of the signer's key by libsecp256k1. Both in one run, so that the ratio means something
//! on a busy machine.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::Criterion;
use earnest_api::{SignedTransaction, recover, sign, signing_hash};
use earnest_keys::Signer;
use earnest_node::{
    Limits,
    mempool::{Mempool, Payable, Room, Waiting},
};
use earnest_protocol::{
    AccountId, Address, Amount, Asset, Command, Digest, Height, Transaction, command::Transfer,
};
use secp256k1::{
    Message, SECP256K1,
    ecdsa::{RecoverableSignature, RecoveryId},
};

const NETWORK: Digest = Digest([7; 32]);
const COUNT: u64 = 1_000;
const ROUNDS: usize = 9;

/// The same transactions twice: as bytes of the wire, and as what libsecp256k1 takes.
struct Load {
    wire: Vec<Vec<u8>>,
    bare: Vec<(Message, RecoverableSignature)>,
}

fn load() -> Load {
    let (mut wire, mut bare) = (Vec::new(), Vec::new());
    for nonce in 0..COUNT {
        let signer = Signer::dev_key(nonce, "bench");
        let transfer =
            Transfer { to: Address([3; 20]), asset: Asset::Stake, amount: Amount::tokens(1) };
        let command = Command::Transfer(transfer);
        let transaction =
            Transaction { nonce, valid_until: Height::new(100), command, on_behalf_of: None };
        let signed = sign(&signer, &NETWORK, transaction);
        let hash = signing_hash(&NETWORK, &signed.transaction);
        let id = if signed.signature[64] == 27 { RecoveryId::Zero } else { RecoveryId::One };
        let signature = RecoverableSignature::from_compact(&signed.signature[..64], id);
        bare.push((Message::from_digest(hash.0), signature.expect("just signed")));
        wire.push(signed.encode());
    }
    Load { wire, bare }
}

/// Decode, hash, recover, and take into the waiting room.
fn admit_all(load: &Load) -> usize {
    let limits = Limits { account_waiting_max: usize::MAX, ..Limits::default() };
    let mut pool = Mempool::new(limits);
    for bytes in &load.wire {
        let signed = SignedTransaction::decode(bytes).expect("just encoded");
        let (signer, hash) = recover(&NETWORK, &signed).expect("just signed");
        let (account, bytes) = (AccountId::new(0), bytes.len());
        let waiting =
            Waiting { signed, hash, signer, sender: account.into(), bytes, room: Room::Open };
        pool.insert(waiting, Payable::ANYTHING).expect("the room is large enough");
    }
    pool.count()
}

fn recover_all(load: &Load) -> usize {
    let recovered = load.bare.iter().map(|(message, signature)| {
        black_box(SECP256K1.recover_ecdsa(*message, signature).expect("just signed"))
    });
    recovered.count()
}

fn time(work: impl Fn() -> usize) -> Duration {
    let started = Instant::now();
    black_box(work());
    started.elapsed()
}

fn main() {
    let load = load();
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    criterion.bench_function("recovery::bare/count=1000", |b| b.iter(|| recover_all(&load)));
    criterion.bench_function("admission::signed/count=1000", |b| b.iter(|| admit_all(&load)));
    criterion.final_summary();
    // Alternating, and the best of each: what else runs on the machine hits both.
    let (mut bare, mut full) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        bare = bare.min(time(|| recover_all(&load)));
        full = full.min(time(|| admit_all(&load)));
    }
    let each = |all: Duration| all.as_secs_f64() * 1e6 / COUNT as f64;
    let ratio = full.as_secs_f64() / bare.as_secs_f64();
    println!("bare {:.1} us, admission {:.1} us, ratio {ratio:.2}", each(bare), each(full));
}
