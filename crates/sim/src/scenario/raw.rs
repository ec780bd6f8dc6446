//! A scenario as written, and the checks that make it one.

use std::collections::BTreeMap;

use earnest_protocol::{Blocks, Gas, Ratio, RawParams, num::PARTS};
use serde::Deserialize;

use super::check::{
    BALANCE_MAX, BLOCKS_MAX, Checked, check, count, name, period, share, shares, span, tokens,
};
use super::delegators::RawDelegators;
use super::price::RawPrice;
use super::voters::{RawMotion, RawVoters, RawVotes, group};
use super::{
    Demand, Group, Invariants, JobTerms, Kind, LEADER, Learns, Leaves, Outage, PEOPLE_MAX, Phase,
    Providers, Rule, RunTerms, Scenario, ScenarioRejected, Validators,
};
use crate::luck::Entity;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default)]
    run: RawRun,
    #[serde(default)]
    job: RawJob,
    #[serde(default)]
    demand: RawDemand,
    #[serde(default)]
    requesters: BTreeMap<String, RawRequesters>,
    #[serde(default)]
    validators: BTreeMap<String, RawValidators>,
    #[serde(default)]
    providers: BTreeMap<String, RawProviders>,
    #[serde(default)]
    delegators: BTreeMap<String, RawDelegators>,
    #[serde(default)]
    voters: BTreeMap<String, RawVoters>,
    #[serde(default)]
    proposals: BTreeMap<String, RawMotion>,
    #[serde(default)]
    outages: Vec<RawOutage>,
    price: Option<RawPrice>,
    #[serde(default)]
    params: RawParams,
}

fn one() -> u64 {
    1
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRun {
    blocks: u64,
    sample_blocks: u64,
    invariants: Invariants,
    capital_rate: f64,
}

impl Default for RawRun {
    fn default() -> Self {
        let invariants = Invariants::Run;
        RawRun { blocks: 2_000, sample_blocks: 100, invariants, capital_rate: 0.05 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawJob {
    price_max: f64,
    mgas: u64,
    steps: u64,
    deadline_blocks: u64,
    outside_gain: f64,
    audit_rate: f64,
    auditors: u8,
}

impl Default for RawJob {
    fn default() -> Self {
        RawJob {
            price_max: 10.0,
            mgas: 1_000,
            steps: 100,
            deadline_blocks: 20,
            outside_gain: 0.0,
            audit_rate: 0.1,
            auditors: 2,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawDemand {
    jobs_per_block: f64,
    phases: Vec<RawPhase>,
}

impl Default for RawDemand {
    fn default() -> Self {
        RawDemand { jobs_per_block: 1.0, phases: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPhase {
    from: u64,
    to: u64,
    factor: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequesters {
    count: u32,
    #[serde(default = "million")]
    balance: f64,
    purse: Option<String>,
}

fn million() -> f64 {
    1e6
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValidators {
    count: u32,
    #[serde(default = "hundred_thousand")]
    bond: f64,
    /// Free money beside the bond, for fees and deposits.
    #[serde(default = "thousand")]
    balance: f64,
    purse: Option<String>,
    #[serde(default = "audit_cost")]
    cost: f64,
    #[serde(default)]
    laxity: f64,
    #[serde(default)]
    silence: f64,
    #[serde(default)]
    watch: f64,
    #[serde(default)]
    grief: f64,
    price_bias: Option<f64>,
    price_silence: Option<f64>,
    commission: Option<[f64; 2]>,
    votes: Option<RawVotes>,
}

fn hundred_thousand() -> f64 {
    1e5
}

fn audit_cost() -> f64 {
    0.05
}

fn thousand() -> f64 {
    1e3
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProviders {
    count: u32,
    #[serde(default = "hundred_thousand")]
    balance: f64,
    purse: Option<String>,
    #[serde(default = "single")]
    capacity: u32,
    #[serde(default = "cost")]
    cost: [f64; 2],
    #[serde(default = "margin")]
    margin: [f64; 2],
    #[serde(default = "attention")]
    attention: f64,
    #[serde(default = "work_blocks")]
    work_blocks: [u64; 2],
    #[serde(default)]
    lie_rate: f64,
    #[serde(default)]
    lies_after: u32,
    #[serde(default)]
    lie_cost: f64,
    lies_below: Option<f64>,
    tops_up: Option<bool>,
    #[serde(default)]
    abandon_rate: f64,
    #[serde(default)]
    enters: [u64; 2],
    leaves: Option<RawLeaves>,
    learns: Option<RawLearns>,
    commission: Option<[f64; 2]>,
    votes: Option<RawVotes>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawLearns {
    by: Rule,
    lie_rates: Vec<f64>,
    every_blocks: u64,
    explore: f64,
}

impl Default for RawLearns {
    fn default() -> Self {
        RawLearns { by: Rule::Trial, lie_rates: vec![0.0, 1.0], every_blocks: 100, explore: 0.1 }
    }
}

impl RawLearns {
    fn check(self, group: &str) -> Checked<Learns> {
        let field = |field: &str| format!("providers.{group}.learns.{field}");
        count(&field("lie_rates"), self.lie_rates.len() as u64, 2, 8)?;
        check(&field("explore"), self.explore, 0.001, 1.0)?;
        let rates = self.lie_rates.into_iter().map(|rate| share(&field("lie_rates"), rate));
        let every = count(&field("every_blocks"), self.every_blocks, 1, BLOCKS_MAX)?;
        Ok(Learns {
            by: self.by,
            lie_rates: rates.collect::<Checked<_>>()?,
            every_blocks: Blocks::new(every),
            explore: share(&field("explore"), self.explore)?,
        })
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeaves {
    review_blocks: u64,
    below: f64,
}

fn single() -> u32 {
    1
}

fn cost() -> [f64; 2] {
    [0.4, 0.7]
}

fn margin() -> [f64; 2] {
    [0.05, 0.25]
}

fn attention() -> f64 {
    0.5
}

fn work_blocks() -> [u64; 2] {
    [1, 5]
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutage {
    group: String,
    share: f64,
    from: u64,
    to: u64,
}

impl RawScenario {
    /// The scenario that `table` says, if every value is in range.
    pub(super) fn check(mut self, table: &toml::Table) -> Checked<Scenario> {
        name("name", &self.name)?;
        let market = table.get("params").and_then(|params| params.get("market"));
        if market.and_then(|market| market.get("retention_blocks")).is_none() {
            // Nobody here reads a closed job, so that its rows need not stay.
            self.params.market.retention_blocks = Blocks::new(1);
        }
        let price = self.price.take().map(RawPrice::check).transpose()?;
        if let Some(price) = &price {
            let chain = table.get("params").and_then(|params| params.get("chain"));
            if chain.and_then(|chain| chain.get("stake_price")).is_none() {
                // What the rules take it for until they are told otherwise.
                self.params.chain.stake_price = price.start;
            }
        } else {
            self.without_price()?;
        }
        let run = self.run.check()?;
        let job = self.job.check()?;
        let demand = self.demand.check()?;
        let mut groups = Vec::new();
        for (name, raw) in self.requesters {
            groups.push(raw.check(name)?);
        }
        for (name, raw) in self.validators {
            groups.push(raw.check(name)?);
        }
        for (name, raw) in self.providers {
            groups.push(raw.check(name)?);
        }
        for (name, raw) in self.delegators {
            groups.push(raw.check(name)?);
        }
        for (name, raw) in self.voters {
            groups.push(raw.check(name)?);
        }
        let scenario = Scenario {
            name: self.name,
            description: self.description.trim().to_owned(),
            seed: self.seed,
            run,
            job,
            demand,
            outages: outages(self.outages, &groups)?,
            motions: super::voters::motions(self.proposals, &groups)?,
            groups,
            price,
            params: self.params,
        };
        whole(&scenario)?;
        Ok(scenario)
    }
}

impl RawScenario {
    /// Refuses what would say nothing, since stake has no price of its own.
    fn without_price(&self) -> Checked<()> {
        let validators = self.validators.iter().flat_map(|(name, raw)| {
            let said = [("price_bias", raw.price_bias), ("price_silence", raw.price_silence)];
            said.map(|(field, value)| (format!("validators.{name}.{field}"), value.is_some()))
        });
        let providers = self.providers.iter().flat_map(|(name, raw)| {
            let said =
                [("lies_below", raw.lies_below.is_some()), ("tops_up", raw.tops_up.is_some())];
            said.map(|(field, is_said)| (format!("providers.{name}.{field}"), is_said))
        });
        let said = validators.chain(providers).find(|(_, is_said)| *is_said);
        match said {
            Some((field, _)) => Err(ScenarioRejected::Meaningless { field, section: "price" }),
            None => Ok(()),
        }
    }
}

/// What holds between groups.
fn whole(scenario: &Scenario) -> Checked<()> {
    let has = |wanted: fn(&Kind) -> bool| scenario.groups.iter().any(|g| wanted(&g.kind));
    for (kind, is_there) in [
        ("requesters", has(|kind| matches!(kind, Kind::Requesters))),
        ("validators", has(|kind| matches!(kind, Kind::Validators(_)))),
        ("providers", has(|kind| matches!(kind, Kind::Providers(_)))),
    ] {
        if !is_there {
            return Err(ScenarioRejected::Nobody { kind });
        }
    }
    super::delegators::whole(&scenario.groups, scenario.params.staking.delegation_max)?;
    super::voters::whole(&scenario.groups, &scenario.motions)?;
    let mut seen = BTreeMap::from([(Entity::group(LEADER), LEADER)]);
    for group in &scenario.groups {
        if let Some(other) = seen.insert(Entity::group(&group.name), &group.name) {
            let (one, other) = (other.to_owned(), group.name.clone());
            return Err(ScenarioRejected::SameLuck { one, other });
        }
    }
    let count = scenario.groups.iter().map(|group| u64::from(group.count)).sum();
    if count > u64::from(PEOPLE_MAX) {
        return Err(ScenarioRejected::TooMany { count, max: PEOPLE_MAX });
    }
    Ok(())
}

impl RawRun {
    fn check(&self) -> Checked<RunTerms> {
        Ok(RunTerms {
            blocks: count("run.blocks", self.blocks, 1, BLOCKS_MAX)?,
            sample_blocks: count("run.sample_blocks", self.sample_blocks, 1, 1_000_000)?,
            invariants: self.invariants,
            capital_rate: check("run.capital_rate", self.capital_rate, 0.0, 10.0)?,
        })
    }
}

impl RawJob {
    fn check(&self) -> Checked<JobTerms> {
        let mgas = count("job.mgas", self.mgas, 1, 1_000_000)?;
        let deadline = count("job.deadline_blocks", self.deadline_blocks, 1, 100_000)?;
        check("job.audit_rate", self.audit_rate, 1e-9, 1.0)?;
        count("job.auditors", self.auditors.into(), 1, 16)?;
        Ok(JobTerms {
            price_max: tokens("job.price_max", self.price_max, 0.001, 1e4)?,
            gas_bound: Gas::new(mgas * 1_000_000), // At most 10^12.
            steps: count("job.steps", self.steps, 1, 1 << 32)?,
            deadline_blocks: Blocks::new(deadline),
            outside_gain: tokens("job.outside_gain", self.outside_gain, 0.0, 1e4)?,
            audit_rate: share("job.audit_rate", self.audit_rate)?,
            auditors: self.auditors,
        })
    }
}

impl RawDemand {
    fn check(self) -> Checked<Demand> {
        for phase in &self.phases {
            period("demand.phases", phase.from, phase.to)?;
            check("demand.phases.factor", phase.factor, 0.0, 100.0)?;
        }
        let phases = self.phases.iter();
        let phases = phases.map(|&RawPhase { from, to, factor }| Phase { from, to, factor });
        let jobs_per_block = check("demand.jobs_per_block", self.jobs_per_block, 0.0, 1_000.0)?;
        Ok(Demand { jobs_per_block, phases: phases.collect() })
    }
}

impl RawRequesters {
    fn check(self, name: String) -> Checked<Group> {
        let money = (self.count, self.purse, self.balance);
        group("requesters", name, money, (Kind::Requesters, None))
    }
}

impl RawValidators {
    fn check(self, name: String) -> Checked<Group> {
        let field = |field: &str| format!("validators.{name}.{field}");
        let bond = tokens(&field("bond"), self.bond, 0.0, BALANCE_MAX)?;
        let kind = Kind::Validators(Validators {
            bond,
            cost: share(&field("cost"), self.cost)?,
            laxity: share(&field("laxity"), self.laxity)?,
            silence: share(&field("silence"), self.silence)?,
            watch: share(&field("watch"), self.watch)?,
            grief: share(&field("grief"), self.grief)?,
            price_bias: check(&field("price_bias"), self.price_bias.unwrap_or(1.0), 0.001, 1e3)?,
            price_silence: share(&field("price_silence"), self.price_silence.unwrap_or(0.0))?,
            commission: commission(&field("commission"), self.commission)?,
        });
        let money = (self.count, self.purse, self.balance);
        group("validators", name, money, (kind, self.votes))
    }
}

impl RawProviders {
    fn check(self, name: String) -> Checked<Group> {
        let field = |field: &str| format!("providers.{name}.{field}");
        count(&field("capacity"), self.capacity.into(), 1, 100)?;
        let leaves = self.leaves.map(|raw| {
            let blocks = field("leaves.review_blocks");
            let review_blocks = count(&blocks, raw.review_blocks, 1, BLOCKS_MAX)?;
            let below = check(&field("leaves.below"), raw.below, -1e6, 1e6)?;
            Ok(Leaves { review_blocks, below: (below * PARTS as f64).round() as i64 })
        });
        let kind = Kind::Providers(Providers {
            capacity: self.capacity,
            cost: shares(&field("cost"), self.cost)?,
            margin: shares(&field("margin"), self.margin)?,
            attention: share(&field("attention"), self.attention)?,
            work_blocks: span(&field("work_blocks"), self.work_blocks, 1, 100_000)?,
            lie_rate: share(&field("lie_rate"), self.lie_rate)?,
            lies_after: self.lies_after,
            lie_cost: share(&field("lie_cost"), self.lie_cost)?,
            lies_below: self
                .lies_below
                .map(|below| check(&field("lies_below"), below, 0.0, 1e3))
                .transpose()?,
            tops_up: self.tops_up.unwrap_or(true),
            abandon_rate: share(&field("abandon_rate"), self.abandon_rate)?,
            enters: span(&field("enters"), self.enters, 0, BLOCKS_MAX)?,
            leaves: leaves.transpose()?,
            learns: self.learns.map(|raw| raw.check(&name)).transpose()?,
            commission: commission(&field("commission"), self.commission)?,
        });
        let money = (self.count, self.purse, self.balance);
        group("providers", name, money, (kind, self.votes))
    }
}

/// What an operator keeps, if others may delegate to it; all of it would let nobody.
fn commission(field: &str, raw: Option<[f64; 2]>) -> Checked<Option<(Ratio, Ratio)>> {
    let Some([low, high]) = raw else { return Ok(None) };
    check(field, high, 0.0, 0.99)?;
    shares(field, [low, high]).map(Some)
}

fn outages(raw: Vec<RawOutage>, groups: &[Group]) -> Checked<Vec<Outage>> {
    let outage = |RawOutage { group, share: struck, from, to }| {
        period("outages", from, to)?;
        if !groups.iter().any(|known| known.name == group) {
            let field = "outages.group".to_owned();
            return Err(ScenarioRejected::Unknown { field, name: group });
        }
        Ok(Outage { share: share("outages.share", struck)?, group, from, to })
    };
    raw.into_iter().map(outage).collect()
}
