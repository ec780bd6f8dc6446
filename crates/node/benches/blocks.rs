//! What a block of a thousand transfers costs: its signatures, carrying it out, the log's flush.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use earnest_api::sign;
use earnest_keys::Signer;
use earnest_node::{BeaconSecret, Block, NodeReferee, dev::DevNetwork, log::Log, replay};
use earnest_protocol::{
    Amount, Asset, BlockHead, Command, Digest, Height, State, Transaction, command::Transfer,
    genesis::GenesisAccount,
};

const COUNT: u64 = 1_000;

/// A state with a thousand accounts, and a block in which each sends something to the next.
fn world() -> (State, Block, Digest) {
    let signers: Vec<Signer> = (0..COUNT).map(|index| Signer::dev_key(index, "bench")).collect();
    let (balance, payment) = (Amount::tokens(1_000), Amount::ZERO);
    let account = |signer: &Signer| GenesisAccount { address: signer.address(), balance, payment };
    let accounts = signers.iter().map(account).collect();
    let network = DevNetwork { accounts, ..DevNetwork::default() };
    let genesis = network.genesis(&BeaconSecret::of_seed(1));
    let name = genesis.network();
    let state = State::new(&genesis).expect("a good genesis");
    let to = signers.iter().cycle().skip(1);
    let transactions = signers.iter().zip(to).map(|(from, to)| {
        let transfer =
            Transfer { to: to.address(), asset: Asset::Stake, amount: Amount::tokens(1) };
        let command = Command::Transfer(transfer);
        sign(
            from,
            &name,
            Transaction { nonce: 0, valid_until: Height::new(9), command, on_behalf_of: None },
        )
    });
    let transactions = transactions.collect();
    let next_anchor = Some(Digest([1; 32]));
    let time_ms = genesis.time_ms + 1_000;
    let head = BlockHead { height: Height::new(1), time_ms, beacon: None, next_anchor };
    let parent_root = state.clone().root();
    (state, Block { head, parent: name, parent_root, transactions }, name)
}

fn blocks(criterion: &mut Criterion) {
    let (state, block, network) = world();
    let referee = NodeReferee::new();
    let signers = replay::signers(&network, &block).expect("just signed");
    criterion.bench_function("replay::signers/count=1000", |b| {
        b.iter(|| replay::signers(&network, &block).expect("just signed"));
    });
    criterion.bench_function("replay::carry_out/count=1000", |b| {
        let carry_out = |mut state: State| {
            let root = block.parent_root;
            let done = replay::carry_out(&mut state, &root, &block, &signers, &referee);
            (done.expect("it follows"), state)
        };
        b.iter_batched(|| state.clone(), carry_out, BatchSize::LargeInput);
    });
    let folder = tempfile::tempdir().expect("a folder for the log");
    Log::create(folder.path(), &network).expect("an empty folder");
    let opened = Log::open::<earnest_node::log::LogError>(
        folder.path(),
        &network,
        earnest_node::Repair::Refuse,
        |_| Ok(()),
    );
    let (mut log, _) = opened.expect("just made");
    let bytes = block.encode();
    criterion.bench_function(&format!("log::append/bytes={}", bytes.len()), |b| {
        b.iter(|| {
            log.make_room(8 << 20).expect("the disk has room");
            log.append(&bytes).expect("the disk has room")
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = blocks
}
criterion_main!(benches);
