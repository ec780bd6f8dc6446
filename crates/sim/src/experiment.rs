//! The experiment: honest, lying and abandoning providers under a grid of audit policies.
//!
//! A run is one world. In it each provider does one job, so that trials are independent; the
//! three behaviours face the same prices and the same auditors' habits. Runs go in parallel,
//! their sums are merged in order.

use earnest_protocol::{
    AccountId, Amount, Command, Digest, JobId, Params, Ratio, Role,
    command::{
        AcceptJob, Auction, CommitBid, GainTiming, OpenSeed, PostJob, ResourceClass, RevealBid,
        Task, Visibility,
    },
    genesis::{GenesisAccount, GenesisOperator},
    market::{Outcome, Phase},
    seal,
    verification::{Quote, SeatState},
};
use rayon::prelude::*;

use crate::{
    Progress, Report, RunOptions, SimError,
    agents::{Auditor, Behaviour},
    random::Random,
    report::{Header, Measured},
    scenario::{Scenario, parts},
    stats::Sum,
    world::{Check, World, address},
};

/// Jobs of each behaviour in a world at once.
const WAVE: u64 = 50;
/// Rounds of moves after which a job is stuck.
const ROUNDS_MAX: usize = 5_000;

/// Plays a scenario.
///
/// # Errors
/// Why there is no report; see [`SimError`].
pub fn run(
    text: &str,
    options: RunOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, SimError> {
    let scenario = Scenario::parse(text)?;
    let seed = options.seed.unwrap_or(scenario.seed);
    Params::try_from(scenario.params).map_err(SimError::Params)?;
    let points = points(&scenario);
    let runs: Vec<(usize, u64)> = (0..points.len())
        .flat_map(|point| (0..scenario.runs).map(move |run| (point, run)))
        .collect();
    let total = runs.len();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| SimError::Threads(error.to_string()))?;
    let play = |&(point, run): &(usize, u64)| {
        let outcome = Run::new(&scenario, points[point], Random::new(seed, run), Check::AtTheEnd)
            .and_then(Run::play);
        let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        progress(Progress { done, total });
        outcome
    };
    let outcomes: Vec<Result<Outcomes, SimError>> =
        pool.install(|| runs.par_iter().map(play).collect());
    let mut measured: Vec<Option<Measured>> = vec![None; points.len()];
    for ((point, _), outcome) in runs.iter().zip(outcomes) {
        let (slot, policy) = (&mut measured[*point], points[*point]);
        let outcome = outcome?;
        match slot {
            Some(measured) => measured.merge(&outcome.into_measured(policy)),
            None => *slot = Some(outcome.into_measured(policy)),
        }
    }
    let header = Header {
        name: scenario.name.clone(),
        scenario: blake3::hash(text.as_bytes()).to_string(),
        seed,
        confidence: scenario.confidence,
    };
    Ok(Report::new(header, measured.into_iter().flatten().collect()))
}

/// One audit policy: rate and auditors.
pub(crate) type Policy = (Ratio, u8);

fn points(scenario: &Scenario) -> Vec<Policy> {
    let grid = &scenario.grid;
    let rates = grid.audit_rates.iter().filter_map(|rate| Ratio::new(parts(*rate)));
    rates.flat_map(|rate| grid.auditors.iter().map(move |auditors| (rate, *auditors))).collect()
}

/// What one run gave.
struct Outcomes {
    quote: Quote,
    profits: [Sum; 3],
    convicted: u64,
    lied: u64,
    commands: u64,
}

impl Outcomes {
    fn into_measured(self, (audit_rate, auditors): Policy) -> Measured {
        let Outcomes { quote, profits: [honest, lying, abandoning], convicted, lied, commands } =
            self;
        Measured {
            audit_rate,
            auditors,
            quote,
            honest,
            lying,
            abandoning,
            convicted,
            lied,
            commands,
        }
    }
}

/// One job in the hands of one focal provider.
struct Trial {
    job: JobId,
    requester: AccountId,
    provider: AccountId,
    behaviour: Behaviour,
    price: Amount,
    wealth: i64,
}

/// One world and its cast: requesters, validators, rivals, then the focal providers.
struct Run<'a> {
    scenario: &'a Scenario,
    policy: Policy,
    random: Random,
    world: World,
    outcomes: Option<Outcomes>,
}

impl<'a> Run<'a> {
    fn new(
        scenario: &'a Scenario,
        policy: Policy,
        random: Random,
        check: Check,
    ) -> Result<Run<'a>, SimError> {
        let (requesters, validators) = (scenario.requesters.count, scenario.validators.count);
        let focal = scenario.providers.each * 3;
        let total = requesters + validators + WAVE * 3 + focal;
        let ceiling = scenario.jobs.price_max;
        let plenty = |bond: Amount| bond.saturating_add(ceiling.checked_times(20).unwrap_or(bond));
        let rich = Amount::MAX.units() / (4 * requesters.max(1));
        let rich = Amount::new(rich.min(u64::MAX >> 8)).unwrap_or(Amount::ZERO);
        let (mut accounts, mut operators) = (Vec::new(), Vec::new());
        for index in 0..total {
            let address = address(index);
            let bonded = if index < requesters {
                None
            } else if index < requesters + validators {
                Some((Role::Validator, scenario.validators.bond))
            } else {
                Some((Role::Provider, scenario.providers.bond))
            };
            let balance = bonded.map_or(rich, |(_, bond)| plenty(bond));
            accounts.push(GenesisAccount { address, balance });
            if let Some((role, bond)) = bonded {
                operators.push(GenesisOperator { address, role, bond });
            }
        }
        let world = World::new(scenario.params, accounts, operators, &random, check)?;
        Ok(Run { scenario, policy, random, world, outcomes: None })
    }

    fn account(&self, index: u64) -> AccountId {
        AccountId::new(u32::try_from(index).expect("scenarios are smaller"))
    }

    fn rival(&self, slot: u64) -> AccountId {
        self.account(self.scenario.requesters.count + self.scenario.validators.count + slot)
    }

    fn focal(&self, trial: u64, behaviour: usize) -> AccountId {
        let first = self.scenario.requesters.count + self.scenario.validators.count + WAVE * 3;
        self.account(first + trial * 3 + behaviour as u64)
    }

    fn play(mut self) -> Result<Outcomes, SimError> {
        let each = self.scenario.providers.each;
        let mut first = 0;
        while first < each {
            let last = (first + WAVE).min(each);
            self.wave(first..last)?;
            first = last;
        }
        self.world.state.check_invariants().map_err(SimError::Broken)?;
        let mut outcomes = self.outcomes.expect("a run has at least one wave");
        outcomes.commands = self.world.commands;
        Ok(outcomes)
    }

    /// A few trials of each behaviour, from posting to the end of every dispute.
    fn wave(&mut self, trials: std::ops::Range<u64>) -> Result<(), SimError> {
        let mut wave = Vec::new();
        for trial in trials {
            for (kind, behaviour) in Behaviour::ALL.into_iter().enumerate() {
                wave.push(self.post(trial, kind, behaviour)?);
            }
        }
        self.auction(&wave)?;
        for _ in 0..ROUNDS_MAX {
            let mut open = 0;
            for trial in &wave {
                open += u64::from(self.move_on(trial)?);
            }
            if open == 0 {
                return self.count(&wave);
            }
            self.world.block()?;
        }
        Err(SimError::Stuck(wave.first().map_or(JobId::new(0), |trial| trial.job)))
    }

    fn terms(&self, preimage: &Digest) -> PostJob {
        let (audit_rate, auditors) = self.policy;
        let jobs = &self.scenario.jobs;
        PostJob {
            task: Task {
                program: Digest([1; 32]),
                input_root: Digest([2; 32]),
                chunk_count: 0,
                steps: 256,
                seed: Digest([3; 32]),
                step_gas_max: jobs.gas_bound.min(self.scenario.params.step_gas_max),
                gas_bound: jobs.gas_bound,
            },
            class: ResourceClass::Cpu,
            price_max: jobs.price_max,
            deadline_blocks: self.scenario.params.deadline_blocks_min,
            auction: Auction::SecondPrice,
            reputation_min: Ratio::ZERO,
            audit_rate,
            auditors,
            outside_gain: Amount::ZERO,
            gain_timing: GainTiming::Final,
            seed_seal: seal::seed(preimage),
            visibility: Visibility::Public,
        }
    }

    fn preimage(&self, job: u64) -> Digest {
        Digest(self.random.bytes("requester's preimage", job, 0))
    }

    fn post(&mut self, trial: u64, kind: usize, behaviour: Behaviour) -> Result<Trial, SimError> {
        let number = self.world.state.job_counts().posted;
        let requester = self.account(number % self.scenario.requesters.count);
        let terms = self.terms(&self.preimage(number));
        if self.outcomes.is_none() {
            let quote = self.quote(&terms)?;
            let profits = [Sum::default(); 3];
            self.outcomes = Some(Outcomes { quote, profits, convicted: 0, lied: 0, commands: 0 });
        }
        self.world.send(requester, Command::PostJob(terms))?;
        let provider = self.focal(trial, kind);
        // Three twins of one trial ask the same, within a tenth of the usual price.
        let jitter = 950_000_000 + self.random.below("price", trial, 0, 100_000_000);
        let share = (self.scenario.jobs.price_share * jitter as f64) as u64;
        let share = Ratio::new(share).unwrap_or(Ratio::ONE);
        let price = share.amount_ceil(self.scenario.jobs.price_max);
        let wealth = self.world.wealth(provider);
        Ok(Trial { job: JobId::new(number), requester, provider, behaviour, price, wealth })
    }

    /// The closed form: the rules' own quote.
    fn quote(&self, terms: &PostJob) -> Result<Quote, SimError> {
        self.world.state.quote_job(None, terms).map_err(|rejected| match rejected {
            earnest_protocol::market::PostJobRejected::NoQuote(rejected) => SimError::NoQuote {
                audit_rate: self.policy.0.parts(),
                auditors: self.policy.1,
                rejected,
            },
            other => SimError::Refused { command: "a quote".into(), rejected: other.into() },
        })
    }

    /// Every focal provider and a dearer rival bid; the focal one wins and accepts.
    fn auction(&mut self, wave: &[Trial]) -> Result<(), SimError> {
        let network = self.world.state.network();
        let rival_price = |price: Amount| {
            price.share_ceil(11, 10).unwrap_or(price).min(self.scenario.jobs.price_max)
        };
        let mut bids = Vec::new();
        for (slot, trial) in (0u64..).zip(wave) {
            bids.push((trial.provider, trial.job, trial.price));
            bids.push((self.rival(slot), trial.job, rival_price(trial.price)));
        }
        let salt = Digest([5; 32]);
        for &(bidder, job, price) in &bids {
            let address = self.world.state.account(bidder).expect("in the cast").address;
            let seal = seal::bid(&network, job, &address, price, &salt);
            self.world.send(bidder, Command::CommitBid(CommitBid { job, seal }))?;
        }
        let all_in = |run: &Run<'_>, phase: Phase| {
            wave.iter()
                .all(|trial| run.world.state.job(trial.job).is_some_and(|j| j.phase == phase))
        };
        while !all_in(self, Phase::RevealingBids) {
            self.world.block()?;
        }
        for (bidder, job, price) in bids {
            self.world.send(bidder, Command::RevealBid(RevealBid { job, price, salt }))?;
        }
        for trial in wave {
            self.world.send(trial.provider, Command::AcceptJob(AcceptJob { job: trial.job }))?;
        }
        Ok(())
    }

    /// Everybody's next moves about one job; true while it is open.
    fn move_on(&mut self, trial: &Trial) -> Result<bool, SimError> {
        let job = trial.job;
        let phase = self.world.state.job(job).expect("posted").phase;
        if phase == Phase::Closed {
            return Ok(false);
        }
        let seeded = self.world.state.case(job).expect("posted").seed.preimage.is_some();
        if phase == Phase::Committed && !seeded {
            let preimage = self.preimage(job.raw());
            self.world.send(trial.requester, Command::OpenSeed(OpenSeed { job, preimage }))?;
        }
        let address = self.world.state.account(trial.provider).expect("in the cast").address;
        if let Some(command) = trial.behaviour.act(&self.world.state, job, &address) {
            self.world.send(trial.provider, command)?;
        }
        self.audit(trial)?;
        Ok(true)
    }

    fn audit(&mut self, trial: &Trial) -> Result<(), SimError> {
        let job = trial.job;
        let told = match trial.behaviour {
            Behaviour::Lying => crate::world::Truth::wrong(job),
            Behaviour::Honest | Behaviour::Abandoning => crate::world::Truth::right(job),
        };
        let seats: Vec<(AccountId, SeatState)> = {
            let case = self.world.state.case(job).expect("posted");
            case.seats.iter().filter_map(|seat| Some((seat.account?, seat.state))).collect()
        };
        for (account, seat) in seats {
            let state = &self.world.state;
            let due = match state.job(job).expect("posted").phase {
                Phase::Auditing | Phase::AuditingOpen => seat == SeatState::Drawn,
                Phase::Revealing => matches!(seat, SeatState::Committed(_)),
                Phase::Challengeable => true,
                _ => false,
            };
            if !due {
                continue;
            }
            let me = u64::from(account.raw());
            let auditor = self.auditor(me);
            let address = state.account(account).expect("in the cast").address;
            let who = (me, &address, account);
            if let Some(command) = auditor.act(state, job, who, told, &self.random) {
                self.world.send(account, command)?;
            }
        }
        Ok(())
    }

    /// The first of the validators collude, in the number that the scenario says.
    fn auditor(&self, account: u64) -> Auditor {
        let validators = &self.scenario.validators;
        let place = account.saturating_sub(self.scenario.requesters.count);
        let colluding = (validators.colluding * validators.count as f64).round() as u64;
        Auditor { colluding: place < colluding, laxity: parts(validators.laxity) }
    }

    /// Books what each focal provider gained or lost.
    fn count(&mut self, wave: &[Trial]) -> Result<(), SimError> {
        for trial in wave {
            let closed = self.world.state.job(trial.job).and_then(|job| job.closed);
            let closed = closed.ok_or(SimError::Stuck(trial.job))?;
            let mut profit = self.world.wealth(trial.provider) - trial.wealth;
            let outcomes = self.outcomes.as_mut().expect("made with the first job");
            let kind = match trial.behaviour {
                Behaviour::Honest => {
                    let cost = self.scenario.jobs.cost_share * trial.price.units() as f64;
                    profit -= cost as i64;
                    0
                }
                Behaviour::Lying => {
                    outcomes.lied += 1;
                    outcomes.convicted += u64::from(closed.outcome == Outcome::Rejected);
                    1
                }
                Behaviour::Abandoning => 2,
            };
            outcomes.profits[kind].add(profit);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_holds_after_every_command() {
        let text = include_str!("../../../scenarios/lazy-provider.toml");
        let mut scenario = Scenario::parse(text).unwrap();
        scenario.providers.each = 3;
        scenario.validators.count = 20;
        let policy = (Ratio::percent(50), 2);
        let run = Run::new(&scenario, policy, Random::new(3, 0), Check::AfterEveryCommand);
        let outcomes = run.and_then(Run::play).unwrap();
        assert_eq!(outcomes.lied, 3);
        assert!(outcomes.commands > 9 * 10, "{}", outcomes.commands);
    }
}
