//! A world: one ledger, its agents, and a clock that moves when there is nothing left to say.
//!
//! ```text
//! block ─► events ─► who is concerned? ─► agent.react(view) ─► command ─► State::apply ─► events
//!   ▲                                                                                       │
//!   └────────────────── nobody has anything to say, and jobs are still open ◄───────────────┘
//! ```
//!
//! Laws: the ledger is changed by commands and blocks only; agents act one at a time, in the
//! order of events; a refused command fails the run, since an agent that asks for what the rules
//! refuse is wrong about the rules. Only a step that the referee has no time left for waits, as a
//! host lets it, for another block. What a world keeps of a job that ended is how it ended: its
//! rows leave the ledger when the rules say so.
//! Not here: what agents want (`agents`), what is measured (`experiment`).

use std::collections::{BTreeMap, VecDeque};

use earnest_protocol::{
    AccountId, Address, Amount, Authenticated, Command, Digest, Event, Genesis, Height, JobId,
    Journal, Ratio, RawParams, Rejected, Role, State, Transaction, TransactionRejected,
    command::{Auction, GainTiming, Opening, PostJob, ResourceClass, Task, Visibility},
    genesis::{GenesisAccount, GenesisOperator, GenesisRejected},
    ledger::Assets,
    market::{Outcome, Phase},
    seal,
};

use crate::{
    agents::{Agent, Conscience, Provider, Requester, Strategy, Validator},
    beacon::Beacon,
    error::RunError,
    random::{Draw, Luck, Purpose},
    scenario::{Invariants, Scenario},
    truth::{self, Truth},
};

/// Most that the replica's operator bonds: half of the largest supply.
const LEADER_BOND_MAX: Amount = Amount::tokens(4_000_000_000);
/// Blocks between two checks of conservation.
const CONSERVATION_EVERY: u64 = 16;

/// What an agent may see. Nothing here can be changed through it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    state: &'a State,
    terms: &'a PostJob,
    luck: Luck,
    whispers: &'a BTreeMap<JobId, Digest>,
}

impl<'a> View<'a> {
    /// The ledger.
    pub fn state(&self) -> &'a State {
        self.state
    }

    /// What every job of this world asks for, but for its seeds.
    pub fn terms(&self) -> &'a PostJob {
        self.terms
    }

    /// What `me` draws about `job`.
    pub fn draw(&self, me: AccountId, job: JobId, purpose: Purpose) -> Draw {
        let entity = u32::try_from(me.raw()).expect("a run has fewer than 2^32 accounts");
        let step = u32::try_from(job.raw()).expect("a run has fewer than 2^32 jobs");
        self.luck.draw(entity, step, purpose)
    }

    /// The root that the provider of `job` told whoever wants to know it, off the ledger.
    pub fn whispered(&self, job: JobId) -> Option<Digest> {
        self.whispers.get(&job).copied()
    }

    /// What `me` opens for `root`.
    pub fn opening(&self, me: AccountId, job: JobId, root: Digest) -> Option<Opening> {
        let task = &self.state.order(job)?.terms.task;
        Some(truth::opening(task, root, self.draw(me, job, Purpose::ResultSalt).digest()))
    }

    /// What `me` seals for `root`.
    pub fn seal_result(&self, me: AccountId, job: JobId, root: Digest) -> Option<Digest> {
        let address = self.state.account(me)?.address;
        let opening = self.opening(me, job, root)?;
        Some(seal::result(&self.state.network(), job, &address, &opening))
    }
}

/// What the focal providers of a world do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// Honest work.
    Honest,
    /// Lies, at their rate.
    Lying,
    /// Nothing, after accepting.
    Abandoning,
}

/// One ledger and everyone who acts on it.
#[derive(Debug)]
pub struct World {
    state: State,
    journal: Journal,
    events: VecDeque<Event>,
    agents: Vec<Agent>,
    /// The account of the first provider; job j is the chance of provider j.
    first_provider: u32,
    terms: PostJob,
    luck: Luck,
    beacon: Beacon,
    whispers: BTreeMap<JobId, Digest>,
    /// How each job ended that did.
    outcomes: BTreeMap<JobId, Outcome>,
    /// Events about which somebody has a step to prove that the referee had no time left for.
    put_off: VecDeque<(AccountId, Event)>,
    invariants: Invariants,
    commands: u64,
}

/// The terms of every job at one point of the grid; seeds are each job's own.
pub(crate) fn terms(scenario: &Scenario, audit_rate: Ratio, auditors: u8) -> PostJob {
    let job = &scenario.job;
    let step_gas = job.gas_bound.min(scenario.params.market.step_gas_max);
    PostJob {
        task: Task {
            program: Digest([1; 32]),
            input_root: Digest([2; 32]),
            chunk_count: 1,
            steps: job.steps,
            seed: Digest::ZERO,
            step_gas_max: step_gas,
            gas_bound: job.gas_bound,
        },
        class: ResourceClass::Cpu,
        price_max: job.price_max,
        deadline_blocks: job.deadline_blocks,
        // Alone under second price, a bid is paid the ceiling: the most that a lie could bring.
        auction: Auction::SecondPrice,
        reputation_min: Ratio::ZERO,
        audit_rate,
        auditors,
        outside_gain: job.outside_gain,
        gain_timing: GainTiming::Final,
        seed_seal: Digest::ZERO,
        visibility: Visibility::Public,
    }
}

/// Requesters first, then validators, then providers, then the operator of the replica: an
/// account's number is its place.
fn genesis(scenario: &Scenario, beacon: &Beacon) -> Genesis {
    let (requesters, validators) = (scenario.requesters.count, scenario.validators.count);
    let providers = scenario.providers.honest + scenario.providers.lazy; // At most 20,000.
    let leader = requesters + validators + providers;
    let bond = leader_bond(scenario);
    let account = |place: u32| {
        let balance = if place < requesters {
            scenario.requesters.balance
        } else if place < requesters + validators {
            scenario.validators.bond
        } else if place < leader {
            scenario.providers.balance
        } else {
            bond
        };
        GenesisAccount { address: address(place), balance, payment: Amount::ZERO }
    };
    let validator = |place: u32| {
        let (role, bond) = (Role::Validator, scenario.validators.bond);
        GenesisOperator { address: address(place), role, bond }
    };
    let replica = GenesisOperator { address: address(leader), role: Role::Replica, bond };
    let operators = (requesters..requesters + validators).map(validator);
    Genesis {
        name: scenario.name.clone(),
        time_ms: 0,
        assets: Assets::Single,
        params: scenario.params,
        beacon: beacon.genesis(),
        accounts: (0..=leader).map(account).collect(),
        operators: operators.chain([replica]).collect(),
    }
}

/// What the replica's operator bonds: at least what two auditors more cost in every job at once, so
/// that each job is quoted as if it were the only one.
fn leader_bond(scenario: &Scenario) -> Amount {
    let jobs = u64::from(scenario.providers.honest + scenario.providers.lazy);
    let tariff = scenario.params.market.tariff(scenario.job.gas_bound);
    let all = tariff.and_then(|tariff| tariff.checked_times(jobs.saturating_mul(2)));
    // With a tariff that cannot be paid, no job can be posted either.
    all.filter(|all| *all < LEADER_BOND_MAX).unwrap_or(Amount::ZERO).max(Amount::tokens(1_000))
}

fn address(place: u32) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[16..].copy_from_slice(&place.to_be_bytes());
    Address(bytes)
}

fn agents(scenario: &Scenario, arm: Arm) -> Vec<Agent> {
    let Scenario { requesters, validators, providers, .. } = scenario;
    let focal = match arm {
        Arm::Honest => Strategy::Honest,
        Arm::Lying => Strategy::Lazy,
        Arm::Abandoning => Strategy::Abandoner,
    };
    let jobs = providers.honest + providers.lazy; // At most 20,000.
    let share = |i: u32| jobs / requesters.count + u32::from(i < jobs % requesters.count);
    let asking = (0..requesters.count).map(|i| {
        let me = AccountId::new(i.into());
        Agent::Requester(Requester { me, jobs: share(i) })
    });
    let auditing = (0..validators.count).map(|i| {
        let me = AccountId::new((requesters.count + i).into());
        let conscience = if i < validators.colluding {
            Conscience::Colluding
        } else {
            Conscience::Honest { laxity: validators.laxity }
        };
        Agent::Validator(Validator { me, conscience })
    });
    let working = (0..jobs).map(|i| {
        let me = AccountId::new((requesters.count + validators.count + i).into());
        let strategy = if i < providers.honest { Strategy::Honest } else { focal };
        Agent::Provider(Provider { me, strategy, terms: *providers })
    });
    asking.chain(auditing).chain(working).collect()
}

impl World {
    /// A world at genesis, in which every job has `terms`.
    ///
    /// # Errors
    /// Why the network that the scenario describes cannot begin.
    pub fn new(
        scenario: &Scenario,
        (audit_rate, auditors): (Ratio, u8),
        luck: Luck,
        arm: Arm,
    ) -> Result<World, GenesisRejected> {
        let beacon = Beacon::new(luck);
        let state = State::new(&genesis(scenario, &beacon))?;
        Ok(World {
            state,
            journal: Journal::default(),
            events: VecDeque::new(),
            agents: agents(scenario, arm),
            first_provider: scenario.requesters.count + scenario.validators.count,
            terms: terms(scenario, audit_rate, auditors),
            luck,
            beacon,
            whispers: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            put_off: VecDeque::new(),
            invariants: scenario.invariants,
            commands: 0,
        })
    }

    /// The ledger.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Commands accepted so far.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// What the agents of this world see.
    pub fn view(&self) -> View<'_> {
        let World { state, terms, luck, whispers, .. } = self;
        View { state, terms, luck: *luck, whispers }
    }

    /// How `job` ended, if it did.
    pub fn outcome(&self, job: JobId) -> Option<Outcome> {
        self.outcomes.get(&job).copied()
    }

    /// The provider whose chance `job` is.
    pub fn provider(&self, job: JobId) -> Option<&Provider> {
        let job = usize::try_from(job.raw()).ok()?;
        let place = usize::try_from(self.first_provider).ok()?.checked_add(job)?;
        match self.agents.get(place)? {
            Agent::Provider(provider) => Some(provider),
            Agent::Requester(_) | Agent::Validator(_) => None,
        }
    }

    /// Everything an account has: free money and stake, locked or not, in base units.
    pub fn wealth(&self, id: AccountId) -> Amount {
        let operators = [Role::Provider, Role::Validator];
        let operators = operators.into_iter().filter_map(|role| self.state.operator_id(id, role));
        let stakes = operators.filter_map(|id| self.state.operator(id)).map(|row| row.stake);
        stakes.fold(self.state.free(id), Amount::saturating_add)
    }

    /// Lets every job come to its end.
    ///
    /// # Errors
    /// How the run failed; the world is then as it was left.
    pub fn run(&mut self) -> Result<(), RunError> {
        self.block()?;
        for place in (0..self.agents.len()).rev() {
            // Providers bond before requesters post: accounts are in the other order.
            for command in self.agents[place].begin(&self.view()) {
                self.apply(account(place), command)?;
            }
        }
        let limit = self.blocks_max();
        loop {
            self.try_again()?;
            while let Some(event) = self.events.pop_front() {
                self.hear(&event)?;
            }
            let open = self.state.job_counts().open;
            if open == 0 {
                break;
            }
            let blocks = self.state.height().count();
            if blocks >= limit {
                return Err(RunError::NeverEnded { open, blocks });
            }
            self.block()?;
        }
        self.check_laws()
    }

    /// When every deadline of a job posted in block 1 has passed, even if the referee has time for
    /// one step in a block and each job waits for those before it.
    fn blocks_max(&self) -> u64 {
        let params = RawParams::from(*self.state.params());
        let market = &params.market;
        let bidding = market.bid_blocks.plus(market.bid_reveal_blocks);
        let offers = market.accept_blocks.times(u64::from(market.ranks_max));
        let steps = self.state.job_counts().posted.saturating_add(10);
        bidding.plus(offers).plus(params.longest_liability()).count().saturating_add(steps)
    }

    fn block(&mut self) -> Result<(), RunError> {
        let height = self.state.height().count() + 1; // Heights stay far below 2^64.
        let head = self.beacon.head(height);
        self.state.open_block(&head, &mut self.journal).map_err(RunError::Block)?;
        self.collect();
        match self.invariants {
            Invariants::Command => self.check_laws(),
            Invariants::Run if height.is_multiple_of(CONSERVATION_EVERY) => {
                self.state.check_conservation().map_err(|broken| self.broken(broken))
            }
            Invariants::Run => Ok(()),
        }
    }

    fn check_laws(&self) -> Result<(), RunError> {
        self.state.check_invariants().map_err(|broken| self.broken(broken))
    }

    fn broken(&self, broken: earnest_protocol::Broken) -> RunError {
        RunError::Broken { height: self.state.height(), broken }
    }

    /// Takes what the journal says for agents to hear.
    fn collect(&mut self) {
        self.events.extend(self.journal.events.drain(..));
        self.journal.clear();
    }

    /// Asks whoever is concerned what it does about an event.
    fn hear(&mut self, event: &Event) -> Result<(), RunError> {
        match *event {
            Event::ResultCommitted { job, account, .. } => self.listen(job, account),
            Event::JobClosed { job, outcome, .. } => {
                self.whispers.remove(&job);
                self.outcomes.insert(job, outcome);
            }
            _ => {}
        }
        for account in self.concerned(event) {
            if !self.ask(account, event)? {
                self.put_off.push_back((account, event.clone()));
            }
        }
        Ok(())
    }

    /// Asks again about what the referee had no time for in the last block, the first first. Who
    /// has nothing to prove any more, or has waited twice, says nothing.
    fn try_again(&mut self) -> Result<(), RunError> {
        while let Some((account, event)) = self.put_off.pop_front() {
            if !self.ask(account, &event)? {
                self.put_off.push_front((account, event));
                break;
            }
        }
        Ok(())
    }

    /// Asks `account` what it does about an event, and does it; false if that must wait for a block
    /// in which the referee has time.
    fn ask(&mut self, account: AccountId, event: &Event) -> Result<bool, RunError> {
        let agent = usize::try_from(account.raw()).ok().and_then(|at| self.agents.get(at));
        let command = agent.and_then(|agent| agent.react(&self.view(), event));
        command.map_or(Ok(true), |command| self.apply(account, command))
    }

    /// Keeps what a provider whispers about the result it has just sealed.
    fn listen(&mut self, job: JobId, provider: AccountId) {
        let agent = usize::try_from(provider.raw()).ok().and_then(|at| self.agents.get(at));
        let whisper = agent.and_then(|agent| agent.whisper(&self.view(), job));
        if let Some(whisper) = whisper {
            self.whispers.insert(job, whisper);
        }
    }

    /// Whom an event asks for an answer, in a fixed order.
    fn concerned(&self, event: &Event) -> Vec<AccountId> {
        match *event {
            Event::JobPosted { job, .. } => self.provider(job).map(|p| p.me).into_iter().collect(),
            Event::BiddingClosed { job, .. } => match self.state.job(job) {
                Some(job) => job.bids.iter().map(|bid| bid.account).collect(),
                None => Vec::new(),
            },
            Event::JobOffered { account, .. } | Event::JobAccepted { account, .. } => {
                vec![account]
            }
            Event::ResultCommitted { job, .. } => {
                self.state.order(job).map(|order| order.requester).into_iter().collect()
            }
            Event::AuditDrawn { ref auditors, .. } => auditors.clone(),
            Event::Revealing { job, .. } => {
                let seats = self.state.case(job).into_iter().flat_map(|case| &case.seats);
                let auditors = seats.filter_map(|seat| seat.account);
                self.assigned(job).into_iter().chain(auditors).collect()
            }
            Event::DisputeOpened { accused, .. } => vec![accused],
            Event::NodeOpened { job, .. } => {
                let dockets = self.state.docket(job).into_iter();
                let disputes = dockets.flat_map(|docket| &docket.disputes);
                disputes.filter(|d| d.ended.is_none()).map(|d| d.challenger).collect()
            }
            Event::ChildRejected { job, .. } => self.assigned(job).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn assigned(&self, job: JobId) -> Option<AccountId> {
        self.state.phase(job).filter(|phase| *phase != Phase::Closed)?;
        let (_, assignment) = self.state.assignment_of(job)?;
        Some(assignment.account)
    }

    /// Carries a command out; false if the referee has no time left for it in this block.
    fn apply(&mut self, signer: AccountId, command: Command) -> Result<bool, RunError> {
        let nonce = self.state.account(signer).map_or(0, |account| account.nonce);
        let valid_until = Height::new(u64::MAX);
        let transaction = Transaction { nonce, valid_until, command };
        let authenticated = Authenticated { signer, transaction };
        let done = self.state.apply(&authenticated, &Truth, &mut self.journal);
        let height = self.state.height();
        match done {
            Ok(()) => {}
            Err(Rejected::Transaction(TransactionRejected::RefereeBusy { .. })) => {
                return Ok(false);
            }
            Err(rejected) => return Err(RunError::Refused { height, signer, rejected }),
        }
        self.commands += 1;
        self.collect();
        if self.invariants == Invariants::Command {
            self.check_laws()?;
        }
        Ok(true)
    }
}

fn account(place: usize) -> AccountId {
    AccountId::new(u64::try_from(place).expect("places are indexed by 64 bits"))
}
