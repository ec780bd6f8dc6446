//! Logs for benchmarks: recorded once by playing every participant, replayed under the clock.
//!
//! What participants do for themselves (computing, sealing, signing) happens while recording and
//! is not measured.
#![allow(dead_code, unreachable_pub, missing_docs)] // Each benchmark uses a part of it.

use earnest_protocol::{
    AccountId, Address, Amount, Asset, Authenticated, BlockHead, Blocks, Command, Digest,
    EvidenceRejected, Factor, Gas, Genesis, Height, JobId, Journal, Output, Ratio, RawParams,
    Referee, Role, Ruling, State, StepCase, Transaction,
    command::*,
    genesis::{BeaconGenesis, GenesisAccount, GenesisOperator},
    ledger::Assets,
    market::Phase,
    num::Index,
    seal,
};

/// Steps of every job: two levels of tree.
pub const STEPS: u64 = 100;
/// The leaf at which a wrong result is wrong.
pub const WRONG_LEAF: u64 = 57;
const CHAIN: u64 = 65_536;

/// A block and its transactions.
pub struct Block {
    pub head: BlockHead,
    pub transactions: Vec<Authenticated>,
}

/// A start and what follows.
pub struct Log {
    pub start: State,
    pub blocks: Vec<Block>,
    pub lifecycles: u64,
}

/// Says yes to everything but a step of a wrong result; the work of judging is the host's.
pub struct Truth;

impl Referee for Truth {
    fn opens(&self, _: &Task, _: Node, _: &Digest, children: &[Digest]) -> bool {
        children.len() == 16
    }
    fn output(&self, task: &Task, _: &[u8], root: &Digest, _: &[u8]) -> Option<Output> {
        let (state, gas, steps_paid) = (*root, task.gas_bound, task.steps);
        Some(Output { state, gas, steps_paid, ending: None })
    }
    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        let fails = case.root.0[0] == 1 && case.leaf == WRONG_LEAF;
        Ok(if fails { Ruling::Fails } else { Ruling::Holds })
    }
    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, _: &[u8]) -> bool {
        true
    }
}

fn address(index: u32) -> Address {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&index.to_be_bytes());
    bytes[19] = 1;
    Address(bytes)
}

fn params() -> RawParams {
    let mut raw = RawParams::default();
    raw.chain.epoch_blocks = Blocks::new(50);
    raw.chain.block_target = 1_000_000;
    raw.staking.unbonding_epochs = earnest_protocol::Epochs::new(10_000);
    raw.staking.delegation_max = Factor::percent(10_000);
    raw.staking.delegation_min = Amount::new(1).expect("small");
    raw.market.bid_blocks = Blocks::new(1);
    raw.verification.seed_delay_blocks = Blocks::new(1);
    raw.verification.challenge_blocks = Blocks::new(1);
    raw.market.retention_blocks = Blocks::new(100);
    raw
}

/// Who does what, by index of account, in tenths of all.
#[derive(Clone, Copy)]
pub struct Cast {
    accounts: u32,
}

impl Cast {
    fn tenth(self) -> u32 {
        self.accounts / 10
    }
    fn requester(self, turn: u32) -> u32 {
        turn % (2 * self.tenth())
    }
    fn provider(self, turn: u32) -> u32 {
        2 * self.tenth() + turn % (3 * self.tenth())
    }
    fn cheat(self, turn: u32) -> u32 {
        5 * self.tenth() + turn % (2 * self.tenth())
    }
    /// Every tenth, as long as there is a cheat that was never convicted: a convict is jailed.
    fn is_wrong(self, turn: u32) -> bool {
        turn % 10 == 9 && turn / 10 < 2 * self.tenth()
    }
    fn is_provider(self, index: u32) -> bool {
        (2 * self.tenth()..7 * self.tenth()).contains(&index)
    }
}

/// The state of `accounts` accounts: a fifth requesters, half providers, the rest validators.
pub fn genesis(accounts: u32) -> (State, Vec<Digest>) {
    genesis_with(accounts, 0)
}

/// The same, with so many places for providers; 0 for all of them.
fn genesis_with(accounts: u32, places: u64) -> (State, Vec<Digest>) {
    let mut params = params();
    params.staking.providers_active_max = places;
    let cast = Cast { accounts };
    let mut chain = vec![Digest([9; 32])];
    for _ in 0..CHAIN {
        chain.push(seal::beacon_link(chain.last().expect("never empty")));
    }
    chain.reverse();
    let operators = (2 * cast.tenth()..accounts).map(|index| GenesisOperator {
        address: address(index),
        role: if cast.is_provider(index) { Role::Provider } else { Role::Validator },
        bond: Amount::tokens(3_000),
    });
    let genesis = Genesis {
        name: "bench".into(),
        time_ms: 0,
        assets: Assets::Single,
        params,
        beacon: BeaconGenesis {
            chain_blocks: Blocks::new(CHAIN),
            anchor: chain[0],
            next_anchor: Digest::ZERO,
        },
        accounts: (0..accounts)
            .map(|i| GenesisAccount {
                address: address(i),
                balance: Amount::tokens(6_000),
                payment: Amount::ZERO,
            })
            .collect(),
        operators: operators.collect(),
        ..Genesis::default()
    };
    (State::new(&genesis).expect("a valid genesis"), chain)
}

/// Records a log by applying what it writes.
pub struct Recorder {
    pub state: State,
    chain: Vec<Digest>,
    blocks: Vec<Block>,
    journal: Journal,
    forgets: bool,
}

impl Recorder {
    pub fn new(accounts: u32) -> Recorder {
        let (state, chain) = genesis(accounts);
        Recorder { state, chain, blocks: Vec::new(), journal: Journal::default(), forgets: false }
    }

    /// One that keeps no log: what is left in memory is the state.
    pub fn forgetful(accounts: u32) -> Recorder {
        Recorder { forgets: true, ..Recorder::new(accounts) }
    }

    pub fn block(&mut self) {
        let height = self.state.height().count() + 1;
        let head = BlockHead {
            height: Height::new(height),
            time_ms: height * 1_000,
            beacon: Some(self.chain[usize::try_from(height).expect("small")]),
            next_anchor: (height == 1).then_some(Digest::ZERO),
        };
        self.journal.clear();
        self.state.open_block(&head, &mut self.journal).expect("a valid head");
        if self.forgets {
            self.blocks.clear();
        }
        self.blocks.push(Block { head, transactions: Vec::new() });
    }

    pub fn send(&mut self, index: u32, command: Command) {
        let signer = AccountId::new(u64::from(index));
        let nonce = self.state.account(signer).expect("known").nonce;
        let transaction =
            Transaction { nonce, valid_until: Height::new(u64::MAX), command, on_behalf_of: None };
        let tx = Authenticated { sender: signer.into(), transaction };
        let done = self.state.apply(&tx, &Truth, &mut self.journal);
        done.unwrap_or_else(|refusal| panic!("{tx:?}: {refusal:?}"));
        self.blocks.last_mut().expect("a block is open").transactions.push(tx);
    }

    /// Keeps the log of what follows, and returns the state that it starts from.
    pub fn begin(&mut self) -> State {
        self.blocks.clear();
        self.forgets = false;
        self.state.clone()
    }

    pub fn finish(self, start: State, lifecycles: u64) -> Log {
        Log { start, blocks: self.blocks, lifecycles }
    }
}

fn root(job: JobId, is_wrong: bool) -> Digest {
    let mut bytes = [0; 32];
    bytes[0] = u8::from(is_wrong);
    bytes[8..16].copy_from_slice(&job.raw().to_le_bytes());
    Digest(bytes)
}

fn opening(job: JobId, is_wrong: bool) -> Opening {
    let root = root(job, is_wrong);
    let salt = Digest([6; 32]);
    Opening { root, output: root, gas: Gas::new(1_000_000_000), steps: STEPS, salt }
}

fn terms() -> PostJob {
    PostJob {
        task: Task {
            program: Digest([1; 32]),
            input_root: Digest([2; 32]),
            chunk_count: 4,
            steps: STEPS,
            seed: Digest([3; 32]),
            step_gas_max: Gas::new(5_000_000), // A wave proves ten steps in one block.
            gas_bound: Gas::new(1_000_000_000),
            form: ProgramForm::Stepwise,
        },
        class: ResourceClass::Cpu,
        price_max: Amount::tokens(10),
        deadline_blocks: Blocks::new(10),
        auction: Auction::SecondPrice,
        reputation_min: Ratio::ZERO,
        audit_rate: Ratio::ONE,
        auditors: 2,
        outside_gain: Amount::ZERO,
        gain_timing: GainTiming::Final,
        seed_seal: seal::seed(&Digest([4; 32])),
        visibility: Visibility::Public,
    }
}

/// One wave of lifecycles, from number `first` on.
pub fn wave(recorder: &mut Recorder, accounts: u32, first: u32, count: u32) {
    let turns: Vec<u32> = (first..first + count).collect();
    play_wave(recorder, Cast { accounts }, &turns);
}

/// The same state with nothing shared: what a node has, and not what a branch of it has.
pub fn unshared(state: &State) -> State {
    let bytes = postcard::to_allocvec(state).expect("a state encodes");
    postcard::from_bytes(&bytes).expect("and decodes")
}

/// Lifecycles in waves of `wave`; every tenth result is wrong and disputed to its conviction, as
/// long as there are cheats that were not convicted yet.
pub fn lifecycles(accounts: u32, waves: u32, wave: u32) -> Log {
    let cast = Cast { accounts };
    let mut recorder = Recorder::new(accounts);
    let start = recorder.state.clone();
    for number in 0..waves {
        let turns: Vec<u32> = (number * wave..(number + 1) * wave).collect();
        play_wave(&mut recorder, cast, &turns);
    }
    (0..60).for_each(|_| recorder.block()); // Windows close, stays end.
    let counts = recorder.state.job_counts();
    let total = u64::from(waves * wave);
    assert_eq!((counts.accepted, counts.rejected), (total - total / 10, total / 10));
    recorder.finish(start, total)
}

/// Ten jobs, the first won by an operator that so many delegate to, and the last by another such,
/// whose result is wrong: one is paid and one is slashed.
pub fn delegated(accounts: u32, delegators: u32) -> Log {
    let cast = Cast { accounts };
    let mut recorder = Recorder::forgetful(accounts);
    let (worker, cheat) = (bidders(cast, 0)[0], bidders(cast, 9)[0]);
    recorder.block();
    let role = Role::Provider;
    for index in [worker, cheat] {
        let (rate, ceiling) = (Ratio::ZERO, Ratio::ZERO);
        recorder.send(index, Command::SetCommission(SetCommission { role, rate, ceiling }));
        let (operator, amount) = (AccountId::new(u64::from(index)), Amount::new(100_000_000));
        let amount = amount.expect("a tenth of a token");
        for delegator in 0..delegators {
            recorder.send(delegator, Command::Delegate(Delegate { operator, role, amount }));
        }
    }
    let start = recorder.begin();
    let turns: Vec<u32> = (0..10).collect();
    play_wave(&mut recorder, cast, &turns);
    (0..60).for_each(|_| recorder.block());
    let operator = recorder.state.operator_id(AccountId::new(u64::from(worker)), role);
    let pool = recorder.state.delegation_pool(operator.expect("bonded"));
    assert!(pool.expect("of every operator").index > Index::ZERO, "delegators were paid");
    assert_eq!(recorder.state.slash_count(), 1);
    recorder.finish(start, 10)
}

fn bidders(cast: Cast, turn: u32) -> [u32; 3] {
    let winner = if cast.is_wrong(turn) { cast.cheat(turn / 10) } else { cast.provider(3 * turn) };
    [winner, cast.provider(3 * turn + 1), cast.provider(3 * turn + 2)]
}

fn play_wave(recorder: &mut Recorder, cast: Cast, turns: &[u32]) {
    let network = recorder.state.network();
    recorder.block();
    let price = |rank: u64| Amount::tokens(4 + rank);
    let salt = Digest([5; 32]);
    for &turn in turns {
        let job = JobId::new(u64::from(turn));
        recorder.send(cast.requester(turn), Command::PostJob(terms()));
        for (rank, bidder) in (0..).zip(bidders(cast, turn)) {
            let seal = seal::bid(&network, job, &address(bidder), price(rank), &salt);
            recorder.send(bidder, Command::CommitBid(CommitBid { job, seal }));
        }
    }
    recorder.block();
    recorder.block();
    for &turn in turns {
        let job = JobId::new(u64::from(turn));
        for (rank, bidder) in (0..).zip(bidders(cast, turn)) {
            recorder.send(bidder, Command::RevealBid(RevealBid { job, price: price(rank), salt }));
        }
        let [provider, ..] = bidders(cast, turn);
        recorder.send(provider, Command::AcceptJob(AcceptJob { job }));
        let opening = opening(job, cast.is_wrong(turn));
        let seal = seal::result(&network, job, &address(provider), &opening);
        recorder.send(provider, Command::CommitResult(CommitResult { job, seal }));
        let preimage = Digest([4; 32]);
        recorder.send(cast.requester(turn), Command::OpenSeed(OpenSeed { job, preimage }));
    }
    recorder.block();
    for &turn in turns {
        let provider = bidders(cast, turn)[0];
        verify(recorder, provider, JobId::new(u64::from(turn)), cast.is_wrong(turn));
    }
}

fn verify(recorder: &mut Recorder, provider: u32, job: JobId, is_wrong: bool) {
    let network = recorder.state.network();
    let seats = &recorder.state.case(job).expect("assigned").seats;
    let seated = seats.iter().map(|seat| seat.account.expect("drawn").raw());
    let auditors: Vec<u32> = seated.map(|raw| u32::try_from(raw).expect("few")).collect();
    assert_eq!(auditors.len(), 2);
    let right = opening(job, false);
    for &auditor in &auditors {
        let seal = seal::result(&network, job, &address(auditor), &right);
        recorder.send(auditor, Command::CommitVerdict(CommitVerdict { job, seal }));
    }
    let (opening, output_proof) = (opening(job, is_wrong), Vec::new());
    recorder.send(provider, Command::RevealResult(RevealResult { job, opening, output_proof }));
    for &auditor in &auditors {
        recorder.send(auditor, Command::RevealVerdict(RevealVerdict { job, opening: right }));
    }
    if is_wrong {
        play_dispute(recorder, provider, &auditors, job);
    }
}

fn play_dispute(recorder: &mut Recorder, provider: u32, auditors: &[u32], job: JobId) {
    assert_eq!(recorder.state.phase(job), Some(Phase::Challengeable));
    let path = [WRONG_LEAF >> 4, WRONG_LEAF & 15];
    let mut node = Node { level: 0, index: 0 };
    for child in path {
        let children = vec![Digest([node.level; 32]); 16];
        recorder.send(provider, Command::OpenNode(OpenNode { job, node, children }));
        node = Node { level: node.level + 1, index: node.index * 16 + child };
        for &auditor in auditors {
            let child = u8::try_from(child).expect("a nibble");
            recorder.send(auditor, Command::RejectChild(RejectChild { job, child }));
        }
    }
    recorder.send(provider, Command::ProveStep(ProveStep { job, node, evidence: Vec::new() }));
}

/// Ten blocks of a hundred bonds each, every one of a provider that bonds as much as takes a place
/// among `places`, if there are fewer than providers.
pub fn placed(accounts: u32, places: u64) -> Log {
    let (state, chain) = genesis_with(accounts, places);
    let mut recorder =
        Recorder { state, chain, blocks: Vec::new(), journal: Journal::default(), forgets: false };
    let start = recorder.state.clone();
    // Each round's stakes are by more than the margin above the round's before.
    let mut stake = 3_000;
    for round in 0..10 {
        recorder.block();
        stake += stake / 17;
        for turn in 0..100 {
            let provider = Cast { accounts }.provider(1_000 + round * 100 + turn);
            let (role, amount) = (Role::Provider, Amount::tokens(stake - 3_000));
            recorder.send(provider, Command::Bond(Bond { role, amount }));
        }
    }
    let set = recorder.state.active_set(Role::Provider, ResourceClass::Cpu);
    assert!(places == 0 || set.least == Amount::tokens(stake), "each took a place");
    recorder.finish(start, 0)
}

/// Applies a log to its start, with a root after every block if asked for.
#[inline(never)] // So that what it costs can be counted apart.
pub fn replay(state: &mut State, log: &Log, with_roots: bool) {
    let mut journal = Journal::default();
    for block in &log.blocks {
        journal.clear();
        state.open_block(&block.head, &mut journal).expect("recorded");
        for transaction in &block.transactions {
            state.apply(transaction, &Truth, &mut journal).expect("recorded");
        }
        if with_roots {
            state.root();
        }
    }
}

/// Commands of a log.
pub fn commands(log: &Log) -> u64 {
    let counts = log.blocks.iter().map(|block| block.transactions.len());
    u64::try_from(counts.sum::<usize>()).expect("small")
}

/// Transfers between all accounts, `per_block` in each of `blocks` blocks.
pub fn transfers(accounts: u32, blocks: u32, per_block: u32) -> Log {
    transfers_among(accounts, accounts, blocks, per_block)
}

/// Transfers between `active` accounts that lie evenly among all.
pub fn transfers_among(accounts: u32, active: u32, blocks: u32, per_block: u32) -> Log {
    let apart = accounts / active;
    let mut recorder = Recorder::new(accounts);
    let start = recorder.state.clone();
    let mut turn = 0u32;
    for _ in 0..blocks {
        recorder.block();
        for _ in 0..per_block {
            // A stride that meets every account before any twice.
            let from = turn.wrapping_mul(7_919) % active;
            let to = address((from + active / 2) % active * apart);
            let amount = Amount::new(u64::from(turn % 1_000) + 1).expect("small");
            recorder.send(
                from * apart,
                Command::Transfer(Transfer { to, asset: Asset::Stake, amount }),
            );
            turn += 1;
        }
    }
    recorder.finish(start, 0)
}
