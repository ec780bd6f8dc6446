//! A world: one ledger, everyone who acts on it, and a clock.
//!
//! ```text
//! block ─► reminders ─► events ─► whoever is concerned ─► deeds ─► State::apply ─► events ─┐
//!   ▲          │                         ▲                                                 │
//!   │          └─► ticks of who looks    └─────────────────────────────────────────────────┘
//!   └── nobody has anything to say
//! ```
//!
//! Laws: the ledger is changed by commands and blocks only; agents act one at a time, in an order
//! that luck draws; what the rules refuse is an outcome, counted and told to whoever asked; memory
//! grows with who takes part and what is open, not with time.
//! Not here: what agents want (`agents`), what is kept of a run (`run`).

mod calendar;
mod genesis;
mod marked;
mod places;
mod purse;
mod routing;
mod script;
mod voting;
mod worth;

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use earnest_protocol::{
    AccountId, Amount, Asset, Authenticated, Command, Event, Factor, Height, Journal, Rare,
    Rejected, Role, State, Transaction, TransactionRejected,
    ledger::Pot,
    market::{Assignment, CloseReason, Outcome, Phase},
    slashing::Offence,
};

use crate::{
    agents::{Agent, Delegator, Holder, Provider, Requester, Validator},
    beacon::Beacon,
    error::{RunError, SimError},
    luck::{Entity, Luck, Purpose},
    motions::{Cast, Course, Fate},
    notes::{Notes, Whisper},
    pools::Pools,
    scenario::{Invariants, Kind, LEADER, Scenario},
    tally::{Closing, Ended, Priced, Tally, units},
    truth::{self, Truth},
    view::{Deeds, Scene, View},
};
use calendar::Calendar;
use places::Places;
use purse::{bonded, earned, operators, stake, wealth};
pub use script::Script;
use worth::Worth;

/// Room for events that is kept from block to block.
const EVENTS_KEPT: usize = 4_096;

/// Milliseconds of a year.
const YEAR_MS: f64 = 365.25 * 86_400_000.0;

/// One participant's place in the world.
#[derive(Clone, Debug)]
struct Member {
    group: u16,
    /// Its place in the group.
    place: u32,
    /// When it cannot act, by first block and first block after.
    outages: Rare<Vec<(u64, u64)>>,
    /// What it began with, in base units.
    began: i64,
    /// What its work cost off the ledger, less what lies brought outside, in base units.
    spent: i64,
    /// What it was paid for work, in base units.
    income: i64,
}

/// How a member has fared since the beginning, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// What it made.
    pub profit: i64,
    /// What its stake would have earned elsewhere, up.
    pub capital_cost: i64,
}

/// One ledger and everyone who acts on it.
#[derive(Clone, Debug)]
pub struct World<'s> {
    scenario: &'s Scenario,
    state: State,
    /// What nobody has heard of yet.
    journal: Journal,
    /// What everybody hears of now; room that is used again.
    heard: Vec<Event>,
    /// By account.
    members: Vec<Member>,
    agents: Vec<Agent<'s>>,
    /// Who has a say.
    voters: voting::Voters<'s>,
    /// The ballots of this block.
    cast: Vec<Cast>,
    scene: Scene,
    /// What stake is worth outside, if it has a price of its own.
    worth: Option<Worth<'s>>,
    /// Rounds of the price feed that counted, and that did not.
    rounds: [u64; 2],
    calendar: Calendar,
    beacon: Beacon,
    /// Who looks for something.
    looking: Places,
    /// Who takes part.
    active: Places,
    /// Whom an event concerns; room that is used again.
    concerned: Vec<AccountId>,
    /// Who looks at every result.
    watchers: Vec<AccountId>,
    /// Events about which somebody has a step to prove that the referee had no time left for.
    put_off: VecDeque<(AccountId, Event)>,
    tallies: Vec<Tally>,
    deeds: Deeds,
    commands: u64,
    agent_steps: u64,
    /// Honest people slashed though no outage struck them: never, if the rules keep their word.
    honest_losses: u64,
    closed: Vec<u64>,
    /// What was done to the ledger, if somebody wants to know.
    script: Option<Box<Script>>,
}

/// Reasons for which jobs close, in the order of the columns: nobody here takes a job back.
pub const CLOSE_REASONS: [CloseReason; 10] = [
    CloseReason::Unchallenged,
    CloseReason::WrongResult,
    CloseReason::NotRevealed,
    CloseReason::Copied,
    CloseReason::DataWithheld,
    CloseReason::InputMissing,
    CloseReason::NoBids,
    CloseReason::NotAccepted,
    CloseReason::Abandoned,
    CloseReason::AuditUnavailable,
];

impl<'s> World<'s> {
    /// A world at genesis.
    ///
    /// # Errors
    /// Why the network that the scenario describes cannot begin.
    pub fn new(scenario: &'s Scenario, luck: Luck) -> Result<World<'s>, SimError> {
        let beacon = Beacon::new(luck, Entity::new(LEADER, 0));
        let genesis = genesis::genesis(scenario, beacon.genesis());
        let state = State::new(&genesis).map_err(SimError::Genesis)?;
        let scene = Scene {
            terms: genesis::terms(scenario),
            luck,
            board: Vec::new(),
            notes: Notes::default(),
            pools: Pools::default(),
            motions: voting::motions(scenario),
            tales: BTreeMap::new(),
            worth: scenario.price.as_ref().map(|price| price.start),
            last_block: Height::new(scenario.run.blocks),
        };
        let people: u32 = scenario.groups.iter().map(|group| group.count).sum();
        let people = usize::try_from(people).expect("32 bits fit");
        let mut world = World {
            scenario,
            state,
            journal: Journal::default(),
            heard: Vec::new(),
            members: Vec::with_capacity(people),
            agents: Vec::with_capacity(people),
            voters: voting::voters(scenario),
            cast: Vec::new(),
            scene,
            worth: scenario.price.as_ref().map(Worth::new),
            rounds: [0; 2],
            calendar: Calendar::default(),
            beacon,
            looking: Places::default(),
            active: Places::default(),
            concerned: Vec::new(),
            watchers: Vec::new(),
            put_off: VecDeque::new(),
            tallies: vec![Tally::default(); scenario.groups.len()],
            deeds: Deeds::default(),
            commands: 0,
            agent_steps: 0,
            honest_losses: 0,
            closed: vec![0; CLOSE_REASONS.len()],
            script: None,
        };
        world.populate();
        Ok(world)
    }

    fn populate(&mut self) {
        let scenario = self.scenario;
        let purses: Vec<&str> = scenario.groups.iter().map(|g| g.purse.as_str()).collect();
        let requesters = f64::from(scenario.requesters());
        let rate = scenario.demand.jobs_per_block * scenario.demand.factor_max() / requesters;
        for (index, group) in (0u16..).zip(&scenario.groups) {
            // Groups with one purse have the number of the first of them.
            let purse = purses.iter().position(|purse| *purse == group.purse).unwrap_or(0);
            let purse = u16::try_from(purse).expect("groups have 12-bit names");
            let first = self.members.len();
            let fellows = first..first + group.count as usize;
            for place in 0..group.count {
                let (me, account) = (Entity::new(&group.name, place), account(self.members.len()));
                self.agents.push(match &group.kind {
                    Kind::Requesters => Agent::Requester(Requester::new(me, rate)),
                    Kind::Validators(habits) => {
                        if habits.watch.parts() + habits.grief.parts() > 0 {
                            self.watchers.push(account);
                        }
                        Agent::Validator(Validator {
                            me,
                            account,
                            purse,
                            habits: *habits,
                            sealed: None,
                        })
                    }
                    Kind::Providers(habits) => {
                        let fellows = fellows.clone();
                        Agent::Provider(Provider::new((me, account), habits, fellows))
                    }
                    Kind::Delegators(habits) => {
                        Agent::Delegator(Delegator::new((me, account), *habits))
                    }
                    Kind::Voters(habits) => Agent::Holder(Holder::new(*habits)),
                });
                self.note(self.agents.len() - 1);
                let began = units(self.held(account));
                let outages = self.outages(&group.name, me);
                self.members.push(Member {
                    group: index,
                    place,
                    outages,
                    began,
                    spent: 0,
                    income: 0,
                });
            }
        }
    }

    /// What an account holds: all of it in a network of one asset, what pays in one of two.
    fn held(&self, id: AccountId) -> Amount {
        match self.scene.worth {
            None => wealth(&self.state, id),
            Some(_) => self.state.free(id).saturating_add(earned(&self.state, id)),
        }
    }

    /// What the member at `place` holds of stake, less what it began with, in a network of two
    /// assets, in base units.
    fn stake_gained(&self, place: usize) -> i64 {
        let id = account(place);
        let free = self.state.balance(Pot::Free(id, Asset::Stake));
        let held = free.saturating_add(stake(&self.state, id));
        let group = self.members.get(place).map(|member| usize::from(member.group));
        let began =
            group.map_or(Amount::ZERO, |group| genesis::stake(&self.scenario.groups[group]));
        units(held) - units(began)
    }

    fn outages(&self, group: &str, me: Entity) -> Rare<Vec<(u64, u64)>> {
        let outages = (0u32..).zip(&self.scenario.outages);
        let strikes = outages.filter(|(nth, outage)| {
            let draw = self.scene.luck.draw(me, *nth, Purpose::Outage);
            outage.group == group && draw.chance(outage.share)
        });
        let spans: Vec<(u64, u64)> = strikes.map(|(_, outage)| (outage.from, outage.to)).collect();
        spans.into()
    }

    /// A world at genesis that keeps all that is done to its ledger.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn recorded(scenario: &'s Scenario, luck: Luck) -> Result<World<'s>, SimError> {
        let mut world = World::new(scenario, luck)?;
        let beacon = Beacon::new(luck, Entity::new(LEADER, 0));
        let genesis = genesis::genesis(scenario, beacon.genesis());
        world.script = Some(Box::new(Script::new(genesis)));
        Ok(world)
    }

    /// All that was done to the ledger, if it was kept.
    pub fn script(self) -> Option<Script> {
        self.script.map(|script| *script)
    }

    /// The ledger.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Commands accepted so far.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Blocks lived through, summed over everyone who took part in each.
    pub fn agent_steps(&self) -> u64 {
        self.agent_steps
    }

    /// Honest people slashed, or judged wrong, though no outage struck them.
    pub fn honest_losses(&self) -> u64 {
        self.honest_losses
    }

    /// How many jobs closed for each of [`CLOSE_REASONS`].
    pub fn closed(&self) -> &[u64] {
        &self.closed
    }

    /// Providers at work, and places for work of those that are active.
    pub fn utilisation(&self) -> (u64, u64) {
        let (mut busy, mut places) = (0, 0);
        for (member, agent) in self.members.iter().zip(&self.agents) {
            if let Kind::Providers(habits) = &self.scenario.groups[usize::from(member.group)].kind
                && agent.is_active()
            {
                busy += u64::from(agent.at_work());
                places += u64::from(habits.capacity);
            }
        }
        (busy, places)
    }

    /// What became of each group so far, in the order of the scenario.
    pub fn tallies(&self) -> Vec<Tally> {
        let mut tallies = self.tallies.clone();
        for tally in &mut tallies {
            (tally.active, tally.profit, tally.capital_cost, tally.minded) = (0, 0, 0, 0);
            (tally.emission, tally.bonded) = (0, 0);
        }
        for (place, (member, agent)) in self.members.iter().zip(&self.agents).enumerate() {
            let tally = &mut tallies[usize::from(member.group)];
            tally.active += u64::from(agent.is_active());
            tally.minded += u64::from(agent.is_active() && agent.lies());
            let gain = self.gain(place);
            tally.profit += gain.profit;
            tally.capital_cost += gain.capital_cost;
            tally.emission += self.emission(place);
            tally.bonded += units(bonded(&self.state, account(place)));
        }
        self.back(&mut tallies);
        tallies
    }

    /// What the member with the account at `place` earned of emission, in base units; nobody here
    /// collects any.
    fn emission(&self, place: usize) -> i64 {
        let earned =
            operators(&self.state, account(place)).map(|id| self.state.vesting(id).total());
        units(earned.fold(Amount::ZERO, Amount::saturating_add))
    }

    /// The group of each provider, and what it was paid for work and earned of emission, in base
    /// units, in the order of accounts.
    pub fn provider_pays(&self) -> Vec<(u16, i64)> {
        let members = self.members.iter().zip(&self.agents).enumerate();
        let providers = members.filter(|(_, (_, agent))| matches!(agent, Agent::Provider(_)));
        let pay = |place, member: &Member| (member.group, member.income + self.emission(place));
        providers.map(|(place, (member, _))| pay(place, member)).collect()
    }

    /// What each provider was paid for work, in base units, in the order of accounts.
    pub fn provider_incomes(&self) -> Vec<i64> {
        let members = self.members.iter().zip(&self.agents);
        let providers = members.filter(|(_, agent)| matches!(agent, Agent::Provider(_)));
        providers.map(|(member, _)| member.income).collect()
    }

    /// Everyone: group, place in the group, account.
    pub fn people(&self) -> impl Iterator<Item = (u16, u32, AccountId)> {
        let members = self.members.iter().enumerate();
        members.map(|(place, member)| (member.group, member.place, account(place)))
    }

    /// How the member with the account at `place` has fared.
    pub fn gain(&self, place: usize) -> Gain {
        let member = &self.members[place];
        let stake = stake(&self.state, account(place));
        let (gained, at_risk) = match self.scene.worth {
            None => (0, units(stake) as f64),
            Some(worth) => {
                let worth = worth.parts() as f64 / 1e9;
                let gained = self.stake_gained(place) as f64 * worth;
                (gained.round() as i64, units(stake) as f64 * worth)
            }
        };
        let held = units(self.held(account(place)));
        let interval = self.scenario.params.chain.block_interval_min_ms as f64;
        let years = self.state.height().count() as f64 * interval / YEAR_MS;
        let elsewhere = at_risk * self.scenario.run.capital_rate * years;
        Gain {
            profit: held - member.began - member.spent + gained,
            capital_cost: elsewhere.ceil() as i64,
        }
    }

    /// What stake is worth now, in a network of two assets.
    pub fn price(&self) -> Option<Priced> {
        let real = |price: Factor| price.parts() as f64 / 1e9;
        let counted = self.state.price_feed().map(|feed| feed.price);
        let quote = self.state.quote_job(None, &self.scene.terms);
        Some(Priced {
            worth: real(self.scene.worth?),
            counted: real(counted.unwrap_or(self.state.params().chain().stake_price)),
            secures: self.state.bond_price().ok().map(real),
            mints: real(self.state.mint_price()),
            collateral: quote.ok().map(|quote| units(quote.collateral)),
        })
    }

    /// How stake stands, in a network of two assets.
    pub fn stake_ended(&self) -> Option<Ended> {
        let (price, stake) = (self.price()?, self.stake_closing());
        Some(Ended { price, rounds: self.rounds, stake })
    }

    /// Where all stake went, in a network of two assets.
    fn stake_closing(&self) -> Closing {
        let everyone = 0..=self.members.len();
        let gained: i64 = everyone.map(|place| self.stake_gained(place)).sum();
        let began = self
            .scenario
            .groups
            .iter()
            .map(|group| units(genesis::stake(group)).saturating_mul(i64::from(group.count)));
        // The leader's own, and what was minted.
        let lent = (units(self.state.issued(Asset::Stake)) - began.sum::<i64>()).max(0);
        let pot = |pot| units(self.state.balance(pot));
        let pending = self.state.slashes().map(|(id, _)| pot(Pot::Slash(id)));
        Closing {
            purses: gained - lent,
            burnt: pot(Pot::Burnt(Asset::Stake)),
            insurance: pot(Pot::Insurance(Asset::Stake)),
            treasury: pot(Pot::Treasury(Asset::Stake)),
            pending: pending.sum(),
            rounding: units(self.rounding(Asset::Stake)),
        }
    }

    /// Where all money went; in a network of two assets, all that pays.
    pub fn closing(&self) -> Closing {
        let asset = self.state.assets().payment();
        let leader = account(self.members.len());
        let everyone = (0..self.members.len()).map(account).chain([leader]);
        let purses: i64 = everyone.map(|id| units(self.held(id))).sum();
        let began: i64 = self.members.iter().map(|member| member.began).sum();
        let issued = units(self.state.issued(asset));
        let pending = self.state.slashes().map(|(id, _)| self.state.balance(Pot::Slash(id)));
        let lent = (issued - began).max(0); // The leader's own.
        Closing {
            purses: purses - began - lent,
            burnt: units(self.state.balance(Pot::Burnt(asset))),
            insurance: units(self.state.balance(Pot::Insurance(asset))),
            treasury: units(self.state.balance(Pot::Treasury(asset))),
            // What is slashed is stake.
            pending: if asset == Asset::Stake { pending.map(units).sum() } else { 0 },
            rounding: units(self.rounding(asset)),
        }
    }

    /// Lets everyone begin: providers before requesters.
    ///
    /// # Errors
    /// How the run failed.
    pub fn begin(&mut self) -> Result<(), RunError> {
        self.open()?;
        for place in (0..self.agents.len()).rev() {
            self.with(place, |agent, view, deeds| agent.begin(view, deeds))?;
        }
        self.begin_votes()?;
        self.settle()
    }

    /// One block: reminders, what follows from them, and whoever looks for something.
    ///
    /// # Errors
    /// How the run failed; the world is then as it was left.
    pub fn block(&mut self) -> Result<(), RunError> {
        self.open()?;
        self.try_again()?;
        let now = self.state.height();
        while let Some(due) = self.calendar.due(now) {
            for (place, reminder) in due {
                match self.out_until(place) {
                    Some(until) => self.calendar.add(until, place, reminder),
                    None if self.remind(place, reminder)? => {}
                    None => {
                        self.with(place, |agent, view, deeds| {
                            agent.remember(view, reminder, deeds);
                        })?;
                    }
                }
            }
        }
        self.settle()?;
        self.tick()?;
        self.settle()
    }

    /// Asks everyone who looks for something, beginning anywhere.
    fn tick(&mut self) -> Result<(), RunError> {
        let people = self.agents.len();
        self.agent_steps += self.active.count();
        if self.scene.board.is_empty() || self.state.height() > self.scene.last_block {
            return Ok(());
        }
        let now = self.state.height().count() as u32; // A run has fewer than 2^32 blocks.
        let draw = self.scene.luck.draw(Entity::new(LEADER, 0), now, Purpose::Order);
        let first = draw.below(people as u64) as usize;
        for (mut from, to) in [(first, people), (0, first)] {
            while let Some(place) = self.looking.next(from).filter(|place| *place < to) {
                if self.attends(place) && self.out_until(place).is_none() {
                    self.with(place, |agent, view, deeds| agent.tick(view, deeds))?;
                }
                from = place + 1;
            }
        }
        Ok(())
    }

    fn attends(&self, place: usize) -> bool {
        let view = View { state: &self.state, scenario: self.scenario, scene: &self.scene };
        self.agents[place].attends(&view)
    }

    /// True when nothing is open any more: no job, no slash that waits for its stay.
    pub fn is_quiet(&self) -> bool {
        self.state.job_counts().open == 0
            && !self.state.slashes().any(|(_, slash)| slash.state.waits())
    }

    /// Checks that money is conserved.
    ///
    /// # Errors
    /// Which law is broken.
    pub fn check_conservation(&self) -> Result<(), RunError> {
        self.state.check_conservation().map_err(|broken| self.broken(broken))
    }

    /// Checks every law.
    ///
    /// # Errors
    /// Which law is broken.
    pub fn check_laws(&self) -> Result<(), RunError> {
        self.state.check_invariants().map_err(|broken| self.broken(broken))
    }

    fn broken(&self, broken: earnest_protocol::Broken) -> RunError {
        RunError::Broken { height: self.state.height(), broken }
    }

    fn open(&mut self) -> Result<(), RunError> {
        let height = self.state.height().count() + 1; // Heights stay far below 2^64.
        let head = self.beacon.head(height);
        if let Some(worth) = &mut self.worth {
            self.scene.worth = Some(worth.next(self.scene.luck, height));
        }
        if let Some(script) = &mut self.script {
            script.block(&head);
        }
        self.state.open_block(&head, &mut self.journal).map_err(RunError::Block)?;
        self.journal.movements.clear();
        self.cast.clear();
        if self.scenario.run.invariants == Invariants::Command {
            self.check_laws()?;
        }
        Ok(())
    }

    /// Lets everything that happened be heard, and what follows happen: first all that happened
    /// before, then all that followed from it.
    fn settle(&mut self) -> Result<(), RunError> {
        while !self.journal.events.is_empty() {
            let room = mem::take(&mut self.heard);
            let mut heard = mem::replace(&mut self.journal.events, room);
            for event in &heard {
                self.hear(event)?;
            }
            heard.clear();
            self.heard = heard;
        }
        // A block in which everyone acts at once leaves room that no other block needs.
        self.heard.shrink_to(EVENTS_KEPT);
        self.journal.events.shrink_to(EVENTS_KEPT);
        Ok(())
    }

    fn hear(&mut self, event: &Event) -> Result<(), RunError> {
        self.count(event);
        let mut concerned = mem::take(&mut self.concerned);
        self.concerns(event, &mut concerned);
        for account in concerned.drain(..) {
            if !self.tell(account, event)? {
                self.put_off.push_back((account, event.clone()));
            }
        }
        self.concerned = concerned;
        self.call(event)?;
        self.forget(event);
        Ok(())
    }

    /// Asks again about what the referee had no time for in the last block, the first first. Who
    /// has nothing to prove any more, or has waited twice, says nothing.
    fn try_again(&mut self) -> Result<(), RunError> {
        while let Some((account, event)) = self.put_off.pop_front() {
            if !self.tell(account, &event)? {
                self.put_off.push_front((account, event));
                break;
            }
        }
        self.settle()
    }

    /// Tells `account` of an event; false if what it does must wait for a block in which the
    /// referee has time.
    fn tell(&mut self, account: AccountId, event: &Event) -> Result<bool, RunError> {
        let place = account.index_in(&self.agents);
        let Some(place) = place else { return Ok(true) };
        self.with(place, |agent, view, deeds| agent.hear(view, event, deeds))
    }

    /// Lets one agent act, and carries out what it does, unless it is struck by an outage.
    fn with(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Agent, &View<'_>, &mut Deeds),
    ) -> Result<bool, RunError> {
        let view = View { state: &self.state, scenario: self.scenario, scene: &self.scene };
        act(&mut self.agents[place], &view, &mut self.deeds);
        self.carry_out(place)
    }

    /// Carries out what the member at `place` does.
    fn carry_out(&mut self, place: usize) -> Result<bool, RunError> {
        if let Some(tale) = self.deeds.tale.take() {
            self.scene.tales.insert(place, tale);
        }
        let cost = mem::take(&mut self.deeds.cost);
        if !cost.is_zero() {
            let member = &mut self.members[place];
            member.spent += units(cost);
            self.tallies[usize::from(member.group)].cost += units(cost);
        }
        let next = self.state.height().after(earnest_protocol::Blocks::new(1));
        for (at, what) in self.deeds.reminders.drain(..) {
            self.calendar.add(at.max(next), place, what);
        }
        let has_time = self.deeds.commands.is_empty() || self.send(place)?;
        self.note(place);
        Ok(has_time)
    }

    /// Carries out what an agent sends, unless it is struck by an outage.
    fn send(&mut self, place: usize) -> Result<bool, RunError> {
        let mut commands = mem::take(&mut self.deeds.commands);
        let is_out = self.out_until(place).is_some();
        let mut has_time = true;
        for command in commands.drain(..) {
            if !is_out {
                has_time &= self.apply(place, command)?;
            }
        }
        self.deeds.commands = commands;
        Ok(has_time)
    }

    /// Keeps how an agent stands after it acted.
    fn note(&mut self, place: usize) {
        let agent = &self.agents[place];
        self.looking.put(place, agent.looks());
        self.active.put(place, agent.is_active());
    }

    /// When the outage that strikes a member now is over.
    fn out_until(&self, place: usize) -> Option<Height> {
        let now = self.state.height().count();
        let outages = self.members[place].outages.iter();
        let ends = outages.filter(|(from, to)| (*from..*to).contains(&now)).map(|(_, to)| *to);
        ends.max().map(Height::new)
    }

    /// Carries a command out; false if the referee has no time left for it in this block.
    fn apply(&mut self, place: usize, command: Command) -> Result<bool, RunError> {
        let signer = account(place);
        let nonce = self.state.account(signer).map_or(0, |account| account.nonce);
        let valid_until = Height::new(u64::MAX);
        let transaction = Transaction { nonce, valid_until, command, on_behalf_of: None };
        let authenticated = Authenticated { sender: signer.into(), transaction };
        if let Some(script) = &mut self.script {
            script.command(&authenticated);
        }
        let done = self.state.apply(&authenticated, &Truth, &mut self.journal);
        let tally = &mut self.tallies[usize::from(self.members[place].group)];
        match done {
            Ok(()) => {
                tally.commands += 1;
                self.commands += 1;
            }
            Err(Rejected::Transaction(TransactionRejected::RefereeBusy { .. })) => {
                return Ok(false);
            }
            Err(rejected) => {
                *tally.refused.entry(reason(&rejected)).or_default() += 1;
                self.count_refused(place, &authenticated.transaction.command, &rejected);
                self.agents[place].refused(&authenticated.transaction.command);
            }
        }
        self.journal.movements.clear();
        if self.scenario.run.invariants == Invariants::Command {
            self.check_laws()?;
        }
        Ok(true)
    }
}

/// A refusal in a few words, without its numbers.
fn reason(rejected: &Rejected) -> String {
    let whole = format!("{rejected:?}");
    let words = whole.split(|c: char| !c.is_ascii_alphanumeric());
    let names = words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    names.take(3).collect::<Vec<_>>().join("/")
}

fn account(place: usize) -> AccountId {
    AccountId::new(u64::try_from(place).expect("places are indexed by 64 bits"))
}

/// Where an account's agent is.
trait IndexIn {
    fn index_in(self, agents: &[Agent]) -> Option<usize>;
}

impl IndexIn for AccountId {
    fn index_in(self, agents: &[Agent]) -> Option<usize> {
        usize::try_from(self.raw()).ok().filter(|place| *place < agents.len())
    }
}
