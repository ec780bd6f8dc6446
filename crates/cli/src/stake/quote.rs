//! `earnest stake quote`: what a bond of some size would let do, what it would earn and lose there,
//! and when it would be out again, before any money moves.
//!
//! What it would earn is played by the simulator, under the network's own parameters.
//! Known shortcomings: who is there is taken from the newest 500 of each kind; a provider is played
//! with at most 100 jobs at once; a run shorter than an epoch leaves emission out, and says so.

use clap::Args;
use earnest_api::{Client, JobFilter, NetworkView, PageQuery, Problem, QuoteView};
use earnest_protocol::{
    Address, Amount, Factor, Gas, Ratio, Role, ledger::Assets, slashing::Taken,
    verification::audit_lock,
};
use earnest_sim::newcomer::{self, Earnings, Effort, Found, Joins};
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    failure::Failure,
    money,
    output::out,
    quote::{self, AuditArgs},
    show::{self, table},
    text::{count, tokens},
};

/// How many of the newest rows of each kind tell what a network is like.
const ROWS_MAX: u32 = 500;

/// Jobs at once that the simulator plays of one provider.
const AT_ONCE_MAX: u64 = 100;

/// Jobs that a rate is told from, at least.
const JOBS_MIN: usize = 10;

/// Jobs of a run: a busy network is played for fewer blocks.
const JOBS_A_RUN_MAX: f64 = 2_000.0;

/// Blocks of a run at least, however busy the network is.
const BLOCKS_MIN: u64 = 20;

/// Ceilings of jobs that are quoted besides the usual one, in tokens.
const CEILINGS: [u64; 4] = [1, 10, 100, 1_000];

/// The bond that is thought of.
#[derive(Args, Debug)]
pub struct QuoteArgs {
    /// `provider`, `validator` or `access`
    #[arg(long, value_parser = super::role)]
    role: Role,
    /// How much would be bonded, in tokens
    #[arg(value_parser = money::tokens)]
    amount: Amount,
    #[command(flatten)]
    audit: AuditArgs,
    /// What a job costs you, as a share of the most that its requester pays
    #[arg(long, value_parser = money::ratio, default_value = "55%")]
    cost: Ratio,
    /// Runs of the simulator that say what it would earn; 0 leaves that out
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    runs: u32,
    /// Blocks of each run; fewer where these would have more than some 2,000 jobs
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    blocks: u64,
    /// The seed of all of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Prints the quote.
pub fn run(args: &QuoteArgs, node: &str, json: bool) -> Result<(), Failure> {
    if args.role == Role::Replica {
        let why = "what a replica would earn is not quoted";
        return Err(Failure::usage(why, "give --role provider, validator or access"));
    }
    let client = Client::new(node);
    let network = client.network()?;
    if args.role == Role::Access {
        let clock = Clock::of(&client, &network);
        return super::access::tell(args.amount, (&network, &clock), json);
    }
    let usual = usual(&client, &network)?;
    let (places, earns) = match too_small(args, &network) {
        Some(why) => (Places::default(), Err(why)),
        None => {
            let places = places(args, &client, (&network, usual.as_ref()))?;
            let earns = earns(args, &client, &network, (usual.as_ref(), &places))?;
            (places, earns)
        }
    };
    if json {
        return out!("{}", value(args, (&network, usual.as_ref()), &places, &earns));
    }
    let clock = Clock::of(&client, &network);
    out!(
        "{}",
        table::list(
            &rows(args, (&network, &clock, usual.as_ref()), &places, &earns),
            show::width()
        )
    )
}

/// The least that a role bonds.
fn bond_min(role: Role, network: &NetworkView) -> Amount {
    let staking = &network.params.staking;
    match role {
        Role::Validator => staking.validator_bond_min,
        Role::Provider | Role::Replica => staking.provider_bond_min,
        Role::Access => network.params.access.stake_1,
    }
}

/// Why such a bond is refused, if it is.
fn too_small(args: &QuoteArgs, network: &NetworkView) -> Option<String> {
    let least = bond_min(args.role, network);
    let why = || format!("nothing: the least bond of that role is {}", tokens(least));
    (args.amount < least).then(why)
}

/// Does a run of so many blocks leave out what the network emits?
fn leaves_emission_out(blocks: u64, network: &NetworkView) -> bool {
    let is_on = network.params.rewards.schedule != 0;
    is_on && blocks < network.params.chain.epoch_blocks.count()
}

/// A job like those that are asked for there.
struct Usual {
    price_max: Amount,
    gas: Gas,
    /// How many of the newest tell this.
    over: usize,
    /// How many a block; none if they are too few to tell.
    often: Option<f64>,
}

/// What the newest jobs are like, in the middle; nothing if there is none.
fn usual(client: &Client, network: &NetworkView) -> Result<Option<Usual>, Failure> {
    let jobs = client.jobs(JobFilter::default(), &newest())?.items;
    let Some(first) = jobs.iter().map(|job| job.posted_at).min() else { return Ok(None) };
    let price = middle(jobs.iter().map(|job| job.price_max.units()).collect());
    let gas = middle(jobs.iter().map(|job| job.gas_bound.count()).collect());
    let blocks = network.height.since(first).count().max(1);
    let price_max = Amount::new(price).unwrap_or(Amount::MAX);
    let over = jobs.len();
    Ok(Some(Usual { price_max, gas: Gas::new(gas), over, often: rate(over, blocks) }))
}

/// Jobs a block, if there were enough of them.
fn rate(jobs: usize, blocks: u64) -> Option<f64> {
    (jobs >= JOBS_MIN).then(|| jobs as f64 / blocks as f64)
}

/// So many blocks, or fewer where they would have too many jobs.
fn bounded(blocks: u64, often: f64) -> u64 {
    let most = (JOBS_A_RUN_MAX / often) as u64; // As casts do: at most the largest.
    blocks.min(most.max(BLOCKS_MIN))
}

fn newest() -> PageQuery {
    PageQuery { limit: Some(ROWS_MAX), ..PageQuery::default() }
}

/// The middle one of some; of an even number the larger.
fn middle(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// What one job, or one audit of it, locks, and how many at once the bond secures.
struct Place {
    price_max: Amount,
    gas: Option<Gas>,
    lock: Amount,
    exit_cost: Amount,
    at_once: u64,
}

/// What was asked of the network.
#[derive(Default)]
struct Places {
    all: Vec<Place>,
    /// Why the usual job, or else the first of the others, is refused, if it is.
    refused: Option<String>,
}

/// Of the usual job first, if there is one. Jobs that the network refuses are left out.
fn places(
    args: &QuoteArgs,
    client: &Client,
    (network, usual): (&NetworkView, Option<&Usual>),
) -> Result<Places, Failure> {
    let (market, stake_price) = (&network.params.market, network.params.chain.stake_price);
    let price = match args.role {
        Role::Validator => client.prices()?.bond_price.unwrap_or(stake_price),
        Role::Provider | Role::Replica | Role::Access => stake_price,
    };
    let usual = usual.map(|job| (job.price_max, Some(job.gas)));
    let others = CEILINGS.iter().map(|ceiling| (Amount::tokens(*ceiling), None));
    let mut places = Places::default();
    for (at, (price_max, gas)) in usual.into_iter().chain(others).enumerate() {
        let terms = quote::plain(price_max, gas, &args.audit, market);
        let view = match client.quote(None::<Address>, terms) {
            Ok(view) => view,
            Err(error) => match error.problem().filter(|problem| problem.status == 422) {
                Some(Problem { detail, code, .. }) => {
                    let why = || format!("{} [{code}]", detail.trim_end_matches('.'));
                    places.refused = places.refused.or_else(|| (at == 0).then(why));
                    continue;
                }
                None => return Err(error.into()),
            },
        };
        let Some(lock) = lock((args.role, price), &view, network) else { continue };
        let at_once = args.amount.units() / lock.units().max(1);
        let exit_cost = view.quote.exit_cost;
        places.all.push(Place { price_max, gas, lock, exit_cost, at_once });
    }
    Ok(places)
}

/// At what a unit of stake that secures a job is worth.
fn lock((role, price): (Role, Factor), view: &QuoteView, network: &NetworkView) -> Option<Amount> {
    let verification = &network.params.verification;
    match role {
        Role::Validator => audit_lock(view.tariff, view.quote.p_ref, price, verification),
        Role::Provider | Role::Replica | Role::Access => Some(view.quote.collateral),
    }
}

/// What it would earn, or why nobody can say.
type Earns = Result<Earnings, String>;

fn earns(
    args: &QuoteArgs,
    client: &Client,
    network: &NetworkView,
    (usual, places): (Option<&Usual>, &Places),
) -> Result<Earns, Failure> {
    if args.runs == 0 {
        return Ok(Err("left out (--runs 0)".into()));
    }
    if network.assets == Assets::Dual {
        return Ok(Err("not known: the simulator plays one asset here".into()));
    }
    let Some(usual) = usual else {
        return Ok(Err("not known: there is no usual job yet".into()));
    };
    let Some(place) = places.all.first().filter(|place| place.gas.is_some()) else {
        let why = places.refused.as_deref().unwrap_or("its numbers are too large");
        return Ok(Err(format!("not known: the usual job would be refused: {why}")));
    };
    if place.at_once == 0 {
        return Ok(Err("nothing: the bond does not secure one job".into()));
    }
    let Some(often) = usual.often else {
        return Ok(Err(format!("not known: too few jobs to tell ({})", usual.over)));
    };
    let (providers, bonded) = peers(client, Role::Provider)?;
    let theirs =
        quote::plain(usual.price_max, Some(usual.gas), &args.audit, &network.params.market);
    let collateral = client.quote(None::<Address>, theirs)?.quote.collateral;
    let at_once = |stake: Amount| {
        let jobs = stake.units() / collateral.units().max(1);
        u32::try_from(jobs.clamp(1, AT_ONCE_MAX)).unwrap_or(1)
    };
    let found = Found {
        params: network.params,
        providers: (providers, at_once(bonded)),
        validators: peers(client, Role::Validator)?,
        jobs_per_block: often,
        price_max: usual.price_max,
        mgas: usual.gas.count().div_ceil(1_000_000),
        audit_rate: args.audit.audit_rate,
        auditors: args.audit.auditors,
    };
    let joins = match args.role {
        Role::Validator => Joins::Validator { bond: args.amount },
        Role::Provider | Role::Replica | Role::Access => {
            Joins::Provider { at_once: at_once(args.amount), cost: args.cost }
        }
    };
    let blocks = bounded(args.blocks, often);
    let effort = Effort { runs: args.runs, blocks, seed: args.seed };
    let played = newcomer::earnings(&found, joins, effort);
    Ok(played.map_err(|error| format!("not known: {error}")))
}

/// Operators of a role that may work, and what each has bonded on the average.
fn peers(client: &Client, role: Role) -> Result<(u32, Amount), Failure> {
    let all = client.operators(Some(role), &newest())?.items;
    let stakes: Vec<Amount> = all.iter().filter(|row| row.may_work).map(|row| row.stake).collect();
    let sum = stakes.iter().fold(Amount::ZERO, |sum, stake| sum.saturating_add(*stake));
    let count = u64::try_from(stakes.len()).unwrap_or(u64::MAX);
    let mean = sum.share_floor(1, count.max(1)).unwrap_or(Amount::ZERO);
    Ok((u32::try_from(count).unwrap_or(u32::MAX), mean))
}

/// Offences of the role, what the first of each costs of all that is bonded, and what follows.
fn losses(args: &QuoteArgs, network: &NetworkView, place: &Place) -> Vec<(&'static str, Amount)> {
    let slashing = &network.params.slashing;
    let lock = place.lock.min(args.amount);
    let taken = |share| {
        let free = args.amount.saturating_sub(lock);
        Taken { lock, share, free, delegated: Amount::ZERO }.wanted()
    };
    match args.role {
        Role::Validator => vec![
            ("false audit", taken(slashing.false_audit)),
            ("copied root", taken(slashing.copied_root)),
            ("missed audit", lock),
        ],
        Role::Provider | Role::Replica | Role::Access => vec![
            ("wrong result", taken(slashing.wrong_result)),
            ("copied root", taken(slashing.copied_root)),
            ("abandonment", place.exit_cost.min(lock)),
        ],
    }
}

fn value(
    args: &QuoteArgs,
    (network, usual): (&NetworkView, Option<&Usual>),
    places: &Places,
    earns: &Earns,
) -> Value {
    let staking = &network.params.staking;
    let waits =
        if staking.exit_epochs.count() > 0 { staking.exit_wait_max_epochs.count() } else { 0 };
    let of = |place: &Place| {
        json!({
            "price_max": place.price_max, "gas_bound": place.gas, "usual": place.gas.is_some(),
            "lock": place.lock, "at_once": place.at_once,
        })
    };
    let losses: Vec<Value> = places.all.first().map_or_else(Vec::new, |place| {
        let losses = losses(args, network, place);
        losses.iter().map(|(what, amount)| json!({ "offence": what, "taken": amount })).collect()
    });
    json!({
        "role": args.role, "amount": args.amount,
        "capacity": places.all.iter().map(of).collect::<Vec<_>>(),
        "capacity_unknown": places.refused,
        "losses": losses,
        "earnings": earns.as_ref().ok(),
        "earnings_unknown": earns.as_ref().err(),
        "emission_left_out":
            earns.as_ref().is_ok_and(|all| leaves_emission_out(all.effort.blocks, network)),
        "bond_min": bond_min(args.role, network),
        "jobs_seen": usual.map_or(0, |usual| usual.over),
        "jobs_per_block": usual.and_then(|usual| usual.often),
        "exit": {
            "epoch": network.epoch.after(staking.unbonding_epochs),
            "queue_max_epochs": waits,
        },
    })
}

fn rows(
    args: &QuoteArgs,
    (network, clock, usual): (&NetworkView, &Clock, Option<&Usual>),
    places: &Places,
    earns: &Earns,
) -> Vec<(String, String)> {
    let unit = if args.role == Role::Validator { "audit" } else { "job" };
    // Which asset an amount is of, where there are two.
    let [bonded, paid] = match network.assets {
        Assets::Single => ["", ""],
        Assets::Dual => [" of stake", " that pay"],
    };
    let mut rows: Vec<(String, String)> = Vec::new();
    match (too_small(args, network), &places.refused) {
        (Some(why), _) => rows.push(("so much secures".into(), why)),
        (None, Some(why)) => rows.push(("a job audited so".into(), format!("is refused: {why}"))),
        (None, None) => {}
    }
    for place in &places.all {
        let usual = if place.gas.is_some() { "the usual " } else { "a " };
        let name = format!("{usual}job of at most {}{paid}", tokens(place.price_max));
        let locks = format!(
            "locks {}{bonded} a{} {unit}; {} at once",
            tokens(place.lock),
            if unit == "audit" { "n" } else { "" },
            count(place.at_once, unit)
        );
        rows.push((name, locks));
    }
    if let Some(place) = places.all.first() {
        for (what, amount) in losses(args, network, place) {
            let (costs, all) = (money::show(amount), tokens(args.amount));
            let costs = format!("costs {costs} of {all}{bonded}, in the first of these");
            rows.push((format!("a first {what}"), costs));
        }
    }
    if let Some((usual, often)) = usual.and_then(|usual| Some((usual, usual.often?))) {
        let over = format!("{often:.3} a block, over the newest {}", usual.over);
        rows.push(("jobs posted".into(), over));
    }
    rows.push(("would earn".into(), earnings(network, earns)));
    let staking = &network.params.staking;
    let out = clock.epoch(network.epoch.after(staking.unbonding_epochs));
    let queue = match staking.exit_epochs.count() {
        0 => String::new(),
        _ => format!(", or up to {} later", clock.epochs(staking.exit_wait_max_epochs)),
    };
    rows.push(("out, if it left now".into(), format!("at {out}{queue}")));
    rows
}

/// Tokens to three decimals, or more where these would be nothing; nothing has no sign.
fn in_tokens(tokens: f64) -> String {
    let digits = if tokens.abs() < 0.001 { 6 } else { 3 };
    let text = format!("{tokens:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// An epoch's profit, from that of the blocks that were played.
fn earnings(network: &NetworkView, earns: &Earns) -> String {
    let earned = match earns {
        Ok(earned) => earned,
        Err(why) => return why.clone(),
    };
    let Effort { runs, blocks, seed } = earned.effort;
    let epochs = blocks as f64 / network.params.chain.epoch_blocks.count() as f64;
    let an_epoch = |units: f64| in_tokens(units / 1e9 / epochs);
    if earned.failed == runs {
        return format!("not known: all {runs} runs failed");
    }
    let sure = match earned.interval {
        Some((low, high)) => format!(" ({} to {} at 95 %)", an_epoch(low), an_epoch(high)),
        None => String::new(),
    };
    let jobs = match earned.jobs {
        0.0 => String::new(),
        jobs => format!(", of {jobs:.1} paid jobs each"),
    };
    let failed = match earned.failed {
        0 => String::new(),
        failed => format!("; {failed} of them failed and do not count"),
    };
    let left_out = match leaves_emission_out(blocks, network) {
        true => ", emission left out",
        false => "",
    };
    format!(
        "{} tokens an epoch on the average{sure}, {} to {} in single runs{jobs}: {runs} runs of \
         {blocks} blocks, seed {seed}, all honest, as much work as now{left_out}{failed}",
        an_epoch(earned.mean),
        an_epoch(earned.least as f64),
        an_epoch(earned.most as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_job_is_the_one_in_the_middle() {
        assert_eq!(middle(vec![5, 1, 9]), 5);
        assert_eq!(middle(vec![4, 1]), 4);
        assert_eq!(middle(Vec::new()), 0);
    }

    #[test]
    fn what_is_earned_never_reads_as_less_than_nothing_where_it_is_nothing() {
        let told =
            [(1.5, "1.500"), (-0.0, "0.000000"), (-0.0001, "-0.000100"), (-1e-9, "0.000000")];
        for (tokens, text) in told {
            assert_eq!(in_tokens(tokens), text);
        }
    }

    #[test]
    fn a_rate_is_told_from_ten_jobs_and_a_busy_network_is_played_for_fewer_blocks() {
        assert_eq!((rate(9, 1), rate(10, 20)), (None, Some(0.5)));
        assert_eq!((bounded(500, 0.5), bounded(500, 10.0), bounded(500, 1e6)), (500, 200, 20));
        assert_eq!(bounded(10, 1e6), 10, "no more than are asked for");
    }
}
