//! A small world for tests: one state, named accounts, a referee that knows the truth.
//!
//! A result's root says whether it is right: see [`root`]. Every command is followed by a check
//! of every invariant.

use std::collections::BTreeMap;

use crate::grants;
use earnest_protocol::{
    AccountId, Address, Amount, Authenticated, BlockHead, Blocks, Command, DelegationId, Digest,
    Ending, Epochs, Event, EvidenceRejected, Gas, Genesis, Height, JobId, Journal, Output, Ratio,
    RawParams, Referee, Rejected, Role, Ruling, Sender, State, StepCase, Transaction,
    command::*,
    genesis::{BeaconGenesis, GenesisAccount, GenesisCouncil, GenesisGuardian, GenesisOperator},
    ledger::{Assets, AssignmentPot, JobPot, Movement, Pot},
    market::{Assignment, Phase},
    seal,
    storage::{PART_BYTES, program_name},
};

/// Steps of a job unless a test says otherwise: two levels of tree, three with 256 or more.
pub const STEPS: u64 = 100;

/// A state in the hands of a test.
pub struct World {
    /// The state itself.
    pub state: State,
    /// Who is asked; knows the truth unless a test says otherwise.
    pub referee: Box<dyn Referee>,
    /// What the last command or block writes into, until it is settled.
    pub journal: Journal,
    /// What happened so far.
    pub events: Vec<Event>,
    /// What the last command or block moved.
    pub last_movements: Vec<Movement>,
    names: Vec<&'static str>,
    /// Show no beacon in the blocks to come.
    pub withhold_beacon: bool,
    /// Names that act by a key, as long as they stand here.
    pub by_key: BTreeMap<&'static str, Address>,
}

/// The root of a result whose first wrong leaf is `wrong_from`; `None` for a right one.
pub fn root(wrong_from: Option<u64>) -> Digest {
    let mut bytes = [7; 32];
    if let Some(leaf) = wrong_from {
        bytes[0] = 8;
        bytes[8..16].copy_from_slice(&leaf.to_le_bytes());
    }
    Digest(bytes)
}

fn wrong_from(root: &Digest) -> Option<u64> {
    let leaf = u64::from_le_bytes(root.0[8..16].try_into().expect("eight bytes"));
    (root.0[0] == 8).then_some(leaf)
}

/// Knows the truth: leaves before the first wrong one hold, it fails. A published program is one
/// whose bytes begin with `program`, and what its runs begin with is [`FIRST`].
pub struct Truth;

/// What every run of a published program begins with.
pub const FIRST: &[u8] = b"first";

impl Referee for Truth {
    fn opens(&self, _: &Task, _: Node, _: &Digest, children: &[Digest]) -> bool {
        children.len() == 16
    }
    fn output(&self, task: &Task, first: &[u8], root: &Digest, proof: &[u8]) -> Option<Output> {
        let is_paged = task.form != ProgramForm::Stepwise;
        let expected = if is_paged { FIRST } else { &[] };
        // A tree that does not begin with the published program's first state is not shown.
        if first != expected || is_paged && wrong_from(root) == Some(0) {
            return None;
        }
        let whole = (proof == b"output").then_some(task.steps);
        // A proof of a fault says after how many steps.
        let faulted = proof.strip_prefix(b"fault").and_then(|steps| steps.first());
        let steps_paid = whole.or(faulted.map(|steps| u64::from(*steps)))?;
        let ending =
            is_paged.then_some(if whole.is_some() { Ending::Finished } else { Ending::Trapped });
        Some(Output { state: output(root), gas: task.gas_bound, steps_paid, ending })
    }
    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        let is_paged = case.task.form != ProgramForm::Stepwise;
        assert_eq!(is_paged, case.code.concat().starts_with(b"program"), "the program comes along");
        match case.evidence {
            b"evidence" if wrong_from(case.root) == Some(case.leaf) => Ok(Ruling::Fails),
            b"evidence" => Ok(Ruling::Holds),
            b"too little" if is_paged => Ok(Ruling::Unheard),
            _ => Err(EvidenceRejected),
        }
    }
    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, bytes: &[u8]) -> bool {
        bytes == b"bytes"
    }
    fn admits(&self, code: &[u8]) -> Option<Vec<u8>> {
        code.starts_with(b"program").then(|| FIRST.to_vec())
    }
    /// The proof is the word and a number: the first wrong leaf of the tree within a wrong step.
    /// Within a right one no leaf is wrong.
    fn refines(&self, case: &StepCase<'_>, children: &[Digest]) -> Option<Digest> {
        let number =
            case.evidence.strip_prefix(b"finer")?.try_into().ok().map(u64::from_le_bytes)?;
        let is_wrong = wrong_from(case.root) == Some(case.leaf);
        (children.len() == 16).then(|| root(is_wrong.then_some(number)))
    }
}

/// What shows a finer tree, whose first wrong leaf within a wrong step is `number`.
pub fn finer(number: u64) -> Vec<u8> {
    [b"finer".as_slice(), &number.to_le_bytes()].concat()
}

/// The commands that publish a program of these bytes.
pub fn parts(code: &[u8]) -> Vec<PublishProgram> {
    let program = program_name(code);
    let bytes_total = u32::try_from(code.len()).expect("small");
    let size = usize::try_from(PART_BYTES).expect("small");
    let part = |(part, bytes): (u32, &[u8])| PublishProgram {
        program,
        bytes_total,
        part,
        bytes: bytes.to_vec(),
    };
    (0..).zip(code.chunks(size)).map(part).collect()
}

/// Who guards a world, nobody by default; and what else its genesis says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guarding<'a> {
    /// The council's members.
    pub council: &'a [&'a str],
    /// How many of them speak for it.
    pub threshold: u8,
    /// Who may pause, and up to which height.
    pub guardian: Option<(&'a str, u64)>,
    /// Does the genesis grant something, as [`grants`] says?
    pub grants: bool,
}

impl Guarding<'_> {
    /// The same as a genesis has it, where people are called so.
    fn of(self, names: &[&str]) -> (Option<GenesisCouncil>, Option<GenesisGuardian>) {
        let of = |name: &str| {
            address(names.iter().position(|other| *other == name).expect("a known name"))
        };
        let (members, threshold) =
            (self.council.iter().map(|name| of(name)).collect(), self.threshold);
        let guardian = self.guardian.map(|(name, sunset)| {
            let (address, sunset) = (of(name), Height::new(sunset));
            GenesisGuardian { address, sunset }
        });
        ((threshold > 0).then_some(GenesisCouncil { members, threshold }), guardian)
    }
}

/// The output that goes with a root.
pub fn output(root: &Digest) -> Digest {
    let mut output = *root;
    output.0[31] = 1;
    output
}

/// Small windows, so that tests are short stories.
pub fn params() -> RawParams {
    let mut raw = RawParams::default();
    raw.chain.epoch_blocks = Blocks::new(50);
    raw.chain.base_fee = Amount::new(1_000).expect("small");
    raw.staking.unbonding_epochs = Epochs::new(100);
    raw.staking.jail_epochs = Epochs::new(2);
    // Bonds answer for few blocks in most tests; `votes::params` has appeals.
    raw.slashing.appeal_epochs = Epochs::new(0);
    raw.market.bid_blocks = Blocks::new(2);
    raw.market.bid_reveal_blocks = Blocks::new(2);
    raw.market.accept_blocks = Blocks::new(2);
    raw.market.deadline_blocks_max = Blocks::new(100);
    raw.market.grace_blocks = Blocks::new(4);
    raw.market.work_bound_max = Gas::new(10_000_000_000);
    raw.market.tariff_per_mgas = Amount::new(1_000_000).expect("small");
    raw.verification.seed_blocks = Blocks::new(3);
    raw.verification.audit_base_blocks = Blocks::new(3);
    raw.verification.audit_slack = earnest_protocol::Factor::ONE;
    raw.verification.reveal_blocks = Blocks::new(3);
    raw.verification.challenge_blocks = Blocks::new(5);
    raw.verification.clock_blocks = Blocks::new(5);
    raw.verification.disputes_max = 8;
    raw.verification.availability_blocks = Blocks::new(5);
    raw.chain.lane_kib = 4_096;
    raw
}

/// The same, changed.
pub fn params_with(change: impl FnOnce(&mut RawParams)) -> RawParams {
    let mut raw = params();
    change(&mut raw);
    raw
}

fn preimage(height: u64) -> Digest {
    // One chain long enough for any test: link(preimage(h)) = preimage(h − 1).
    let chain = CHAIN.get_or_init(|| {
        let mut links = vec![Digest([9; 32])];
        for _ in 0..CHAIN_BLOCKS {
            links.push(seal::beacon_link(links.last().expect("never empty")));
        }
        links.reverse();
        links
    });
    chain[usize::try_from(height).expect("small")]
}

const CHAIN_BLOCKS: u64 = 20_000;
static CHAIN: std::sync::OnceLock<Vec<Digest>> = std::sync::OnceLock::new();

fn address(index: usize) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[19] = u8::try_from(index).expect("few names");
    Address(bytes)
}

/// The head of the block that follows a state.
pub fn next_head(state: &State, withhold_beacon: bool) -> BlockHead {
    let height = Height::new(state.height().count() + 1);
    let link = state.link_at(height);
    // One link a block, less those that were withheld.
    let shown = || (0..height.count()).rev().find(|at| preimage(*at) == link);
    let shown = || shown().map(|at| preimage(at + 1));
    BlockHead {
        height,
        time_ms: height.count() * 1_000,
        beacon: (!withhold_beacon).then(|| shown().expect("the chain is long enough")),
        next_anchor: state.opens_chain(height).then_some(Digest::ZERO),
    }
}

/// `command` in the next place of its sender's sequence.
pub fn authenticated(state: &State, sender: impl Into<Sender>, command: Command) -> Authenticated {
    let sender = sender.into();
    let nonce = state.next_nonce(sender).unwrap_or(0);
    let account = state.account(sender.account).expect("known").address;
    let on_behalf_of = sender.key.map(|_| account);
    let valid_until = Height::new(u64::MAX);
    let transaction = Transaction { nonce, valid_until, command, on_behalf_of };
    Authenticated { sender, transaction }
}

/// A command of this weight that no state accepts, open to every key: what it leaves behind is what
/// any refusal may.
pub fn futile(weight: u64) -> Command {
    let job = JobId::new(u64::MAX);
    if weight == 1 {
        return Command::Challenge(Challenge { job });
    }
    // A node of a job that nobody posted; 32 digests are a kibibyte, which weighs a transfer.
    let count = usize::try_from(32 * (weight - 2)).expect("small");
    let node = Node { level: 0, index: 0 };
    Command::OpenNode(OpenNode { job, node, children: vec![Digest::ZERO; count] })
}

/// Applies a command to a bare state, whatever comes of it.
pub fn apply_to(state: &mut State, sender: impl Into<Sender>, command: Command) {
    let tx = authenticated(state, sender, command);
    let _refused = state.apply(&tx, &Truth, &mut Journal::default());
}

impl World {
    /// Requester R, providers P1 to P4, validators V1 to V8, watcher W, replica O that leads; each
    /// holds 100,000 tokens, operators bond 50,000 of them.
    pub fn new(params: RawParams) -> World {
        World::with_assets(params, Assets::Single)
    }

    /// The same; in a network of two assets each holds as much of both.
    pub fn with_assets(params: RawParams, assets: Assets) -> World {
        World::with_crowd(params, assets, 0)
    }

    /// One with a guard.
    pub fn guarded(params: RawParams, guarding: Guarding<'_>) -> World {
        World::with_guard(params, Assets::Single, 0, guarding)
    }

    /// The same, with so many more accounts, each holding and bonding as a provider a hundredth.
    pub fn with_crowd(params: RawParams, assets: Assets, crowd: usize) -> World {
        World::with_guard(params, assets, crowd, Guarding::default())
    }

    /// The same, guarded.
    pub fn with_guard(
        params: RawParams,
        assets: Assets,
        crowd: usize,
        guarding: Guarding<'_>,
    ) -> World {
        let named = [
            "R", "P1", "P2", "P3", "P4", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "W", "X",
            "O",
        ];
        // Leaked: names are static so that tests read as stories, and a process makes few worlds.
        let crowded = (0..crowd).map(|n| &*Box::leak(format!("C{n}").into_boxed_str()));
        let names: Vec<&'static str> = named.into_iter().chain(crowded).collect();
        let accounts = (0..names.len())
            .map(|i| GenesisAccount {
                address: address(i),
                balance: Amount::tokens(100_000),
                payment: match assets {
                    Assets::Single => Amount::ZERO,
                    Assets::Dual => Amount::tokens(100_000),
                },
            })
            .collect();
        let operators = names.iter().enumerate().filter_map(|(i, name)| {
            let role = match name.as_bytes()[0] {
                b'P' => Role::Provider,
                b'V' => Role::Validator,
                b'O' => Role::Replica,
                b'C' => Role::Provider,
                _ => return None,
            };
            let bond = Amount::tokens(if name.starts_with('C') { 500 } else { 50_000 });
            Some(GenesisOperator { address: address(i), role, bond })
        });
        let (council, guardian) = guarding.of(&names);
        let genesis = Genesis {
            name: "world".into(),
            time_ms: 0,
            assets,
            params,
            beacon: BeaconGenesis {
                chain_blocks: Blocks::new(CHAIN_BLOCKS),
                anchor: preimage(0),
                next_anchor: Digest::ZERO,
            },
            accounts,
            operators: operators.collect(),
            council,
            guardian,
            grants: if guarding.grants { grants::granted(address) } else { Vec::new() },
            list: guarding.grants.then(|| grants::list(address)),
        };
        let state = State::new(&genesis).expect("the world's genesis is valid");
        let mut world = World {
            state,
            referee: Box::new(Truth),
            journal: Journal::default(),
            events: Vec::new(),
            last_movements: Vec::new(),
            names,
            withhold_beacon: false,
            by_key: BTreeMap::new(),
        };
        world.block();
        world
    }

    /// The account of a name.
    pub fn id(&self, name: &str) -> AccountId {
        let index = self.names.iter().position(|n| *n == name).expect("a known name");
        AccountId::new(u64::try_from(index).expect("few names"))
    }

    /// The name of an account.
    pub fn name(&self, id: AccountId) -> &'static str {
        self.names[usize::try_from(id.raw()).expect("few")]
    }

    /// The address of a name.
    pub fn address(&self, name: &str) -> Address {
        self.state.account(self.id(name)).expect("known").address
    }

    /// Has an operator take delegations, unless it does already, for a billionth of its pay.
    pub fn opens(&mut self, name: &str, role: Role) {
        let pool = self.state.delegation_pool(self.operator(name, role)).expect("bonded");
        if !pool.commission.shares() {
            let rate = Ratio::new(999_999_999).expect("less than everything");
            let command = SetCommission { role, rate, ceiling: Ratio::ONE };
            self.ok(name, Command::SetCommission(command));
        }
    }

    /// Everything an account has: free in every asset, bonds, locks in open jobs, what its
    /// operators earned by emission, what it delegated and what that earned.
    pub fn wealth(&self, name: &str) -> u64 {
        self.wealth_of(self.id(name))
    }

    /// The same, of an account without a name.
    pub fn wealth_of(&self, id: AccountId) -> u64 {
        let account = self.state.account(id).expect("known");
        let operators = account.operators.iter().map(|(_, id)| *id);
        let stake: u64 = operators
            .map(|id| (id, self.state.operator(id).expect("known")))
            .map(|(id, op)| {
                let queued = op.unbondings.iter().map(|u| self.state.balance(Pot::Unbonding(*u)));
                let earned = self.state.vesting(id).total().units();
                op.stake.units() + queued.map(Amount::units).sum::<u64>() + earned
            })
            .sum();
        let delegated = |id: &DelegationId| {
            let row = self.state.delegations().find(|(other, _)| other == id).expect("listed").1;
            let leaving = self.state.leaving(row).map(|(_, amount, _)| amount.units());
            let moved = self.state.moved(row).map(|(_, amount, ..)| amount.units());
            let earned = self.state.delegation_earned(row).units();
            self.state.delegated(row).units() + leaving.sum::<u64>() + moved.sum::<u64>() + earned
        };
        let stake = stake + account.delegations.iter().map(delegated).sum::<u64>();
        let assets = self.state.assets().all().iter();
        let free = assets.map(|asset| self.state.balance(Pot::Free(id, *asset)).units());
        free.sum::<u64>() + stake
    }

    /// Everything that several accounts have together.
    pub fn coalition(&self, names: &[&str]) -> i64 {
        let units: u64 = names.iter().map(|name| self.wealth(name)).sum();
        i64::try_from(units).expect("below the largest supply")
    }

    /// Opens the next block and checks every law.
    pub fn block(&mut self) {
        let head = next_head(&self.state, self.withhold_beacon);
        self.state.open_block(&head, &mut self.journal).expect("a valid head");
        self.settle_journal();
    }

    /// Opens `count` blocks.
    pub fn blocks(&mut self, count: u64) {
        (0..count).for_each(|_| self.block());
    }

    /// Opens blocks until the job is in `phase`; panics after 500.
    pub fn until_phase(&mut self, job: JobId, phase: Phase) {
        for _ in 0..500 {
            if self.state.phase(job).expect("posted") == phase {
                return;
            }
            self.block();
        }
        panic!("{job} never came to {phase:?}: {:?}", self.state.job(job));
    }

    /// Signs and applies a command; checks every law afterwards.
    pub fn send(&mut self, name: &str, command: Command) -> Result<(), Rejected> {
        self.send_as(
            Sender { account: self.id(name), key: self.by_key.get(name).copied() },
            command,
        )
    }

    /// An account authorises a key, for ever.
    pub fn authorise(&mut self, name: &str, key: Address, scope: Scope, spend_max: Amount) {
        let expires = Height::new(u64::MAX);
        let command = AuthoriseKey { key, scope, expires, spend_max };
        self.ok(name, Command::AuthoriseKey(command));
    }

    /// The same by a key on behalf of an account.
    pub fn send_by(&mut self, key: Address, name: &str, command: Command) -> Result<(), Rejected> {
        self.send_as(Sender { account: self.id(name), key: Some(key) }, command)
    }

    /// Sends as whoever it is, named or not.
    pub fn send_as(&mut self, sender: impl Into<Sender>, command: Command) -> Result<(), Rejected> {
        let tx = authenticated(&self.state, sender, command);
        self.apply(&tx)
    }

    /// Applies a signed transaction; checks every law afterwards.
    pub fn apply(&mut self, tx: &Authenticated) -> Result<(), Rejected> {
        let before = self.state.clone().root();
        let done = self.state.apply(tx, &*self.referee, &mut self.journal);
        if done.is_err_and(|refusal| refusal.leaves_no_trace()) {
            assert_eq!(before, self.state.clone().root(), "a refusal without trace left one");
        }
        self.settle_journal();
        done
    }

    /// Sends a command that must be accepted.
    pub fn ok(&mut self, name: &str, command: Command) {
        let what = format!("{name}: {command:?}");
        self.send(name, command).unwrap_or_else(|refusal| panic!("{what} refused: {refusal:?}"));
    }

    /// Checks every law and keeps what happened.
    pub fn settle_journal(&mut self) {
        self.state.check_invariants().unwrap_or_else(|broken| panic!("{broken:?}"));
        crate::payments::check(&self.journal.events, &self.journal.movements);
        self.events.append(&mut self.journal.events);
        self.last_movements = std::mem::take(&mut self.journal.movements);
        self.journal.clear();
    }

    /// A job like most: audited for certain by two.
    pub fn terms(&self) -> PostJob {
        PostJob {
            task: Task {
                program: Digest([1; 32]),
                input_root: Digest([2; 32]),
                chunk_count: 4,
                steps: STEPS,
                seed: Digest([3; 32]),
                step_gas_max: Gas::new(10_000_000),
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

    /// A job like most of a published program: three levels of coarse tree.
    pub fn paged_terms(&self, program: Digest) -> PostJob {
        let (gas_bound, form) = (Gas::new(STEPS * (1 << 21)), ProgramForm::Paged(16));
        let (step_gas_max, steps) = (ProgramForm::STEP_GAS, ProgramForm::steps_of(gas_bound));
        let PostJob { task, .. } = self.terms();
        let task = Task { program, steps, step_gas_max, gas_bound, form, ..task };
        PostJob { task, ..self.terms() }
    }

    /// `name` publishes a program of these bytes; its name.
    pub fn publish(&mut self, name: &str, code: &[u8]) -> Digest {
        let program = program_name(code);
        for command in parts(code) {
            self.ok(name, Command::PublishProgram(command));
        }
        program
    }

    /// R posts; the job's identifier.
    pub fn post(&mut self, terms: PostJob) -> JobId {
        self.post_of("R", terms)
    }

    /// `name` posts; the job's identifier.
    pub fn post_of(&mut self, name: &str, terms: PostJob) -> JobId {
        let job = JobId::new(self.state.job_counts().posted);
        self.ok(name, Command::PostJob(terms));
        job
    }

    /// The sealed bid of a name.
    pub fn seal_bid(&self, name: &str, job: JobId, price: Amount) -> Digest {
        seal::bid(&self.state.network(), job, &self.address(name), price, &Digest([5; 32]))
    }

    /// Brings a dispute of `challenger` down to `leaf` and leaves the accused to prove it.
    pub fn narrow(&mut self, provider: &str, job: JobId, challenger: &str, leaf: u64) {
        self.narrow_to(provider, job, challenger, &[leaf]);
    }

    /// The same, through as many trees as there are numbers: the step before is refined each time.
    pub fn narrow_to(&mut self, provider: &str, job: JobId, challenger: &str, leaves: &[u64]) {
        use earnest_protocol::verification::{Geometry, Turn};
        let geometry = Geometry::of(&self.state.order(job).expect("posted").terms.task);
        for _ in 0..100 {
            let case = self.state.docket(job).expect("assigned");
            let Some(index) = case.dispute_of(self.id(challenger)) else { return };
            let (node, turn) = (case.disputes[index].node, case.disputes[index].turn);
            let children = vec![Digest([node.level; 32]); 16];
            match turn {
                Turn::Accused if geometry.leaf(node).is_some() => {
                    let next = leaves.get(geometry.leaves(node).len());
                    let Some(number) = next else { return };
                    let proof = finer(*number);
                    self.ok(
                        provider,
                        Command::RefineStep(RefineStep { job, node, children, proof }),
                    );
                }
                Turn::Accused => {
                    self.ok(provider, Command::OpenNode(OpenNode { job, node, children }));
                }
                Turn::Challenger => {
                    let child = geometry.child_toward(node, leaves).expect("not a leaf");
                    self.ok(challenger, Command::RejectChild(RejectChild { job, child }));
                }
            }
        }
        panic!("a dispute never came to its leaf");
    }

    /// Lays the step that ends in `leaf` before the referee.
    pub fn prove(&mut self, provider: &str, job: JobId, leaf: u64) {
        use earnest_protocol::verification::depth;
        let level = depth(self.state.order(job).expect("posted").terms.task.steps);
        let (node, evidence) = (Node { level, index: leaf }, b"evidence".to_vec());
        self.ok(provider, Command::ProveStep(ProveStep { job, node, evidence }));
    }

    /// The operator of a name.
    pub fn operator(&self, name: &str, role: Role) -> earnest_protocol::OperatorId {
        self.state.operator_id(self.id(name), role).expect("bonded")
    }

    /// The provider bond of a name that backs nothing.
    pub fn free_bond(&self, name: &str) -> u64 {
        let id = self.operator(name, Role::Provider);
        self.state.balance(Pot::Bond(id)).units()
    }

    /// What lies in a pot of a job.
    pub fn pot(&self, job: JobId, pot: JobPot) -> u64 {
        self.state.balance(Pot::Job(job, pot)).units()
    }

    /// What lies in a pot of a job's last assignment.
    pub fn held(&self, job: JobId, pot: AssignmentPot) -> u64 {
        let (id, _) = self.state.assignment_of(job).expect("assigned");
        self.state.balance(Pot::Assignment(id, pot)).units()
    }

    /// Who does a job, for how much.
    pub fn assignment(&self, job: JobId) -> Assignment {
        *self.state.assignment_of(job).expect("assigned").1
    }

    /// What a job came to.
    pub fn closed(&self, job: JobId) -> earnest_protocol::market::Closed {
        **self.state.job(job).expect("posted").closed.as_ref().expect("closed")
    }

    /// Where a job stands.
    pub fn phase(&self, job: JobId) -> Phase {
        self.state.phase(job).expect("posted")
    }

    /// What was quoted for a job.
    pub fn quote(&self, job: JobId) -> earnest_protocol::verification::Quote {
        *self.state.order(job).expect("posted").quote
    }

    /// The events of the kind that `pick` picks, in order.
    pub fn seen<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(pick).collect()
    }

    /// Seals a bid.
    pub fn bid(&mut self, name: &str, job: JobId, price: u64) {
        let seal = self.seal_bid(name, job, Amount::tokens(price));
        self.ok(name, Command::CommitBid(CommitBid { job, seal }));
    }

    /// Opens a sealed bid.
    pub fn open_bid(&mut self, name: &str, job: JobId, price: u64) {
        let (price, salt) = (Amount::tokens(price), Digest([5; 32]));
        self.ok(name, Command::RevealBid(RevealBid { job, price, salt }));
    }

    /// R posts `terms`; `bids` are sealed, opened and the best accepted.
    pub fn assign(&mut self, terms: PostJob, bids: &[(&str, u64)]) -> JobId {
        self.assign_of("R", terms, bids)
    }

    /// `requester` posts `terms`; `bids` are sealed, opened and the best accepted.
    pub fn assign_of(&mut self, requester: &str, terms: PostJob, bids: &[(&str, u64)]) -> JobId {
        let job = self.post_of(requester, terms);
        bids.iter().for_each(|&(name, price)| self.bid(name, job, price));
        self.until_phase(job, Phase::RevealingBids);
        bids.iter().for_each(|&(name, price)| self.open_bid(name, job, price));
        self.until_phase(job, Phase::Offered);
        let winner = self.name(self.assignment(job).account);
        self.ok(winner, Command::AcceptJob(AcceptJob { job }));
        job
    }

    /// The opening of a result with this root.
    pub fn opening(&self, job: JobId, root: Digest) -> Opening {
        let task = self.state.order(job).expect("posted").terms.task;
        Opening {
            root,
            output: output(&root),
            gas: task.gas_bound,
            steps: task.steps,
            salt: Digest([6; 32]),
        }
    }

    /// The seal of that opening by a name.
    pub fn seal_result(&self, name: &str, job: JobId, root: Digest) -> Digest {
        let opening = self.opening(job, root);
        seal::result(&self.state.network(), job, &self.address(name), &opening)
    }

    /// What `finder` seals before it reports that the sealed result of `accused` is `opening`.
    pub fn seal_report(&self, finder: &str, job: JobId, accused: &str, opening: Opening) -> Digest {
        let network = self.state.network();
        let sealed = seal::result(&network, job, &self.address(accused), &opening);
        seal::report(&network, job, &self.address(finder), &sealed, &opening)
    }

    /// `finder` seals its report and publishes it in the next block.
    pub fn report_copy(&mut self, finder: &str, job: JobId, accused: &str, opening: Opening) {
        let seal = self.seal_report(finder, job, accused, opening);
        self.ok(finder, Command::SealReport(SealReport { seal }));
        self.block();
        let accused = self.id(accused);
        self.ok(finder, Command::ReportCopy(ReportCopy { job, accused, opening }));
    }

    /// The provider of a job seals a result, the requester opens its seed, auditors are drawn.
    pub fn commit(&mut self, name: &str, job: JobId, root: Digest) {
        self.commit_with(name, job, root, Digest([4; 32]));
    }

    /// The same with a preimage of the requester's choice.
    pub fn commit_with(&mut self, name: &str, job: JobId, root: Digest, preimage: Digest) {
        self.commit_result(name, job, root);
        self.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        self.blocks(2);
    }

    /// The provider of a job seals a result.
    pub fn commit_result(&mut self, name: &str, job: JobId, root: Digest) {
        let seal = self.seal_result(name, job, root);
        self.ok(name, Command::CommitResult(CommitResult { job, seal }));
    }

    /// The names of a job's auditors, by seat.
    pub fn auditors(&self, job: JobId) -> Vec<&'static str> {
        let seats = &self.state.case(job).expect("assigned").seats;
        seats.iter().filter_map(|seat| seat.account).map(|id| self.name(id)).collect()
    }

    /// All auditors seal `root`.
    pub fn audit(&mut self, job: JobId, root: Digest) {
        for name in self.auditors(job) {
            self.audit_as(name, job, root);
        }
    }

    /// One auditor seals `root`.
    pub fn audit_as(&mut self, name: &str, job: JobId, root: Digest) {
        let seal = self.seal_result(name, job, root);
        self.ok(name, Command::CommitVerdict(CommitVerdict { job, seal }));
    }

    /// The provider opens its root.
    pub fn reveal_result(&mut self, name: &str, job: JobId, root: Digest) {
        let (opening, output_proof) = (self.opening(job, root), b"output".to_vec());
        self.ok(name, Command::RevealResult(RevealResult { job, opening, output_proof }));
    }

    /// An auditor opens its root.
    pub fn reveal_verdict(&mut self, name: &str, job: JobId, root: Digest) {
        let opening = self.opening(job, root);
        self.ok(name, Command::RevealVerdict(RevealVerdict { job, opening }));
    }

    /// All open: the provider `result`, the auditors `verdict`.
    pub fn reveal(&mut self, provider: &str, job: JobId, result: Digest, verdict: Digest) {
        self.reveal_result(provider, job, result);
        for name in self.auditors(job) {
            self.reveal_verdict(name, job, verdict);
        }
    }

    /// Plays every open dispute honestly on both sides down to the first wrong leaf, or to
    /// `leaf` if the result is right; the accused proves the step if `proves`.
    pub fn play(&mut self, provider: &str, job: JobId, leaf: u64, proves: bool) {
        use earnest_protocol::verification::{Geometry, Turn};
        let geometry = Geometry::of(&self.state.order(job).expect("posted").terms.task);
        for _ in 0..100 {
            let case = self.state.docket(job).expect("assigned");
            let Some(dispute) = case.disputes.iter().find(|d| d.ended.is_none()).cloned() else {
                return;
            };
            let node = dispute.node;
            match dispute.turn {
                Turn::Accused if geometry.leaf(node).is_some() && !proves => return,
                Turn::Accused if geometry.leaf(node).is_some() => {
                    let evidence = b"evidence".to_vec();
                    self.ok(provider, Command::ProveStep(ProveStep { job, node, evidence }));
                }
                Turn::Accused => {
                    let children = vec![Digest([node.level; 32]); 16];
                    self.ok(provider, Command::OpenNode(OpenNode { job, node, children }));
                }
                Turn::Challenger => {
                    let child = geometry.child_toward(node, &[leaf]).expect("not a leaf");
                    let name = self.name(dispute.challenger);
                    self.ok(name, Command::RejectChild(RejectChild { job, child }));
                }
            }
        }
        panic!("a dispute never ended");
    }
}
