//! One run: a world from genesis to the end of its last job, and what is kept of it.
//!
//! Laws: a run is a function of (scenario, seed, number); what is kept of it goes to a
//! [`Keeper`] as it happens; a run that fails, even by a panic, is an outcome with its error.
//! Not here: files (`files`), many runs (`sweep`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use earnest_protocol::{Blocks, ledger::Pot};

use crate::{
    error::{RunError, SimError},
    luck::Luck,
    measures::{self, Concentration},
    motions::{Cast, Course},
    scenario::Scenario,
    tally::{Closing, Ended, Priced, Tally, units},
    world::{Gain, World},
};

/// Who keeps what of a run.
pub trait Keeper {
    /// What stood after some block.
    fn sample(&mut self, sample: &Sample) {
        let _ = sample;
    }

    /// What became of one participant.
    fn person(&mut self, person: &Person) {
        let _ = person;
    }

    /// Somebody voted.
    fn cast(&mut self, cast: &Cast) {
        let _ = cast;
    }

    /// How far the run is, in blocks.
    fn progress(&mut self, done: u64, of: u64) {
        let _ = (done, of);
    }
}

/// Keeps nothing but the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Keeper for Nothing {}

/// What stood after some block.
#[derive(Clone, Debug)]
pub struct Sample {
    /// After which block.
    pub height: u64,
    /// Which epoch that was in.
    pub epoch: u64,
    /// Jobs posted, accepted, rejected, expired so far, and open now.
    pub jobs: [u64; 5],
    /// Commands carried out so far.
    pub commands: u64,
    /// Jobs being worked on, and places for work.
    pub work: (u64, u64),
    /// The base fee, in base units.
    pub base_fee: i64,
    /// All that was ever burnt, in base units.
    pub burnt: i64,
    /// What stake is worth, in a network of two assets.
    pub price: Option<Priced>,
    /// Groups, in the order of the scenario.
    pub groups: Vec<Tally>,
}

/// What became of one participant.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Its group's place in the scenario.
    pub group: u16,
    /// Its place in the group.
    pub place: u32,
    /// Its profit, in base units.
    pub profit: i64,
    /// What its stake would have earned elsewhere, in base units.
    pub capital_cost: i64,
}

/// What became of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its number, from 0.
    pub run: u32,
    /// Why it failed, if it did.
    pub error: Option<RunError>,
    /// The last block.
    pub height: u64,
    /// Commands carried out.
    pub commands: u64,
    /// Blocks lived through, summed over everyone who took part in each.
    pub agent_steps: u64,
    /// Jobs posted, accepted, rejected, expired, and still open.
    pub jobs: [u64; 5],
    /// Jobs by [`crate::world::CLOSE_REASONS`].
    pub closed: Vec<u64>,
    /// Groups, in the order of the scenario.
    pub groups: Vec<Tally>,
    /// How evenly income is spread over providers.
    pub income: Concentration,
    /// The group of each provider, and its income and emission together, in base units.
    pub pays: Vec<(u16, i64)>,
    /// Where all money went; in a network of two assets, all that pays.
    pub closing: Closing,
    /// What became of everything that was to be put to the vote, in the order of the scenario.
    pub motions: Vec<Course>,
    /// What became of stake, in a network of two assets.
    pub ended: Option<Ended>,
    /// Honest people slashed or judged wrong though no outage struck them.
    pub honest_losses: u64,
}

/// Carries out run `run` of a scenario under `seed`.
///
/// # Errors
/// Why the network that the scenario describes cannot begin. A run that fails later is an outcome.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    run: u32,
    keeper: &mut dyn Keeper,
) -> Result<Outcome, SimError> {
    let mut world = World::new(scenario, Luck::new(seed, run))?;
    // What a panic leaves of a world is only read.
    let ended = catch_unwind(AssertUnwindSafe(|| live(&mut world, scenario, keeper)));
    let error = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(panic) => Some(RunError::Panicked { message: message(&*panic) }),
    };
    let incomes: Vec<i64> = world.provider_incomes();
    Ok(Outcome {
        run,
        error,
        height: world.state().height().count(),
        commands: world.commands(),
        agent_steps: world.agent_steps(),
        jobs: jobs(&world),
        closed: world.closed().to_vec(),
        groups: world.tallies(),
        income: measures::concentration(&incomes),
        pays: world.provider_pays(),
        closing: world.closing(),
        motions: world.motions(),
        ended: world.stake_ended(),
        honest_losses: world.honest_losses(),
    })
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// The world from its first block to the end of its last job, and of the last slash's stay.
fn live(
    world: &mut World<'_>,
    scenario: &Scenario,
    keeper: &mut dyn Keeper,
) -> Result<(), RunError> {
    world.begin()?;
    let blocks = scenario.run.blocks;
    let limit = blocks.saturating_add(drain_max(scenario));
    let mut sampled = 0;
    loop {
        let height = world.state().height().count();
        if height.is_multiple_of(scenario.run.sample_blocks) && height <= blocks {
            world.check_conservation()?;
            keeper.sample(&sample(world));
            keeper.progress(height, blocks);
            sampled = height;
        }
        if height >= blocks && world.is_quiet() {
            break;
        }
        if height >= limit {
            let open = world.state().job_counts().open;
            return Err(RunError::NeverEnded { open, blocks: height });
        }
        world.block()?;
        world.cast().iter().for_each(|cast| keeper.cast(cast));
    }
    if sampled < world.state().height().count() {
        keeper.sample(&sample(world));
    }
    keeper.progress(blocks, blocks);
    for (place, (group, member, _)) in world.people().enumerate() {
        let Gain { profit, capital_cost } = world.gain(place);
        keeper.person(&Person { group, place: member, profit, capital_cost });
    }
    world.check_laws()?;
    let closing = world.closing();
    let stake = world.stake_ended().map_or(0, |ended| ended.stake.sum());
    for units in [closing.sum(), stake] {
        if units.abs() > ROUNDING_MAX {
            return Err(RunError::Unaccounted { units });
        }
    }
    let rounding = [closing.rounding, world.stake_ended().map_or(0, |ended| ended.stake.rounding)];
    if let Some(units) = rounding.into_iter().find(|units| *units > ROUNDING_MAX) {
        return Err(RunError::Unaccounted { units });
    }
    if world.honest_losses() > 0 {
        return Err(RunError::HonestLoss { times: world.honest_losses() });
    }
    Ok(())
}

/// Base units that may lie in the judges' pot because shares were rounded down.
const ROUNDING_MAX: i64 = 1_000_000;

/// When every deadline of the last job has passed, even if each waits for the referee, and every
/// stay is over.
fn drain_max(scenario: &Scenario) -> u64 {
    let params = &scenario.params;
    let market = &params.market;
    let bidding = market.bid_blocks.plus(market.bid_reveal_blocks);
    let offers = market.accept_blocks.times(u64::from(market.ranks_max));
    let stays = params.slashing.engine_stay_epochs.count();
    let stays = stays.saturating_add(params.slashing.engine_hold_epochs.count()).saturating_add(2);
    let stays = params.chain.epoch_blocks.times(stays);
    let all = bidding.plus(offers).plus(params.longest_liability()).plus(stays);
    all.plus(Blocks::new(1_000)).count()
}

fn jobs(world: &World<'_>) -> [u64; 5] {
    let counts = world.state().job_counts();
    [counts.posted, counts.accepted, counts.rejected, counts.expired, counts.open]
}

fn sample(world: &World<'_>) -> Sample {
    let state = world.state();
    Sample {
        height: state.height().count(),
        epoch: state.epoch().count(),
        jobs: jobs(world),
        commands: world.commands(),
        work: world.utilisation(),
        base_fee: units(state.base_fee()),
        burnt: units(state.balance(Pot::Burnt(state.assets().payment()))),
        price: world.price(),
        groups: world.tallies(),
    }
}
