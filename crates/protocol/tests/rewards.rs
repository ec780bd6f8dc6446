//! What work earns of emission: its cap, its shares, how it vests, and who loses it first.

use earnest_testkit::{votes, world};

use earnest_protocol::{
    Amount, Blocks, Command, Epoch, Epochs, Event, Factor, JobId, Ratio, RawParams, Rejected, Role,
    command::*,
    ledger::{Pot, Reason},
    market::Phase,
    rewards::ClaimRewardsRejected,
};
use world::{World, params_with, root};

const PROVIDER: Role = Role::Provider;
const VALIDATOR: Role = Role::Validator;
const TOKEN: u64 = 1_000_000_000;

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

/// A thousand tokens an epoch, of which a job attracts at most 90 % of what it burnt.
fn plenty(raw: &mut RawParams) {
    raw.rewards.schedule = 1;
    raw.rewards.epoch_amount = Amount::tokens(1_000);
    raw.rewards.claim_delay_epochs = Epochs::new(2);
    raw.rewards.vesting_epochs = Epochs::new(16);
}

/// The same; a job that pays `2 n` tokens attracts `n` base units, all for its provider.
fn exact(raw: &mut RawParams) {
    plenty(raw);
    (raw.market.take, raw.market.take_burn) = (Ratio::new(1).expect("small"), Ratio::ONE);
    (raw.rewards.emission_cap, raw.rewards.validator_share) = (Ratio::percent(50), Ratio::ZERO);
}

/// `name` does a job alone in its auction, for all that it pays.
fn work(world: &mut World, name: &str, price_max: Amount) -> JobId {
    let mut terms = world.terms();
    terms.price_max = price_max;
    let job = world.post(terms);
    let (price, salt) = (price_max, earnest_protocol::Digest([5; 32]));
    let seal = world.seal_bid(name, job, price);
    world.ok(name, Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    world.ok(name, Command::RevealBid(RevealBid { job, price, salt }));
    world.until_phase(job, Phase::Offered);
    world.ok(name, Command::AcceptJob(AcceptJob { job }));
    world.commit(name, job, root(None));
    world.audit(job, root(None));
    world.reveal(name, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    job
}

/// Opens blocks until so many more epochs have begun.
fn epochs(world: &mut World, count: u64) {
    let end = world.state.epoch().after(Epochs::new(count));
    while world.state.epoch() < end {
        world.block();
    }
}

fn claim(world: &mut World, name: &str, role: Role) -> Result<(), Rejected> {
    world.send(name, Command::ClaimRewards(ClaimRewards { role }))
}

fn total(world: &World, name: &str, role: Role) -> u64 {
    world.state.vesting(world.operator(name, role)).total().units()
}

/// What is shared by stake is rounded down, by less than a unit each.
fn all_but_dust(got: u64, exact: u64) {
    assert!(got <= exact && exact <= got + 8, "{got} of {exact}");
}

fn emitted(world: &World) -> Vec<(u64, u64)> {
    world.seen(|event| match event {
        Event::Emitted { work, claims, .. } => Some((work.units(), claims.units())),
        _ => None,
    })
}

#[test]
fn a_job_attracts_a_share_of_what_it_burnt_for_provider_and_auditors() {
    let mut world = World::new(params_with(plenty));
    let job = work(&mut world, "P1", Amount::tokens(10));
    // Of ten tokens half of 5 % burns, and 90 % of that may come back; it is a tenth of the
    // work's tariff of one token.
    let burnt = 250_000_000;
    let claim = burnt / 10 * 9;
    let claims = world.seen(|event| match event {
        Event::WorkClaimed { job: of, claim, .. } if *of == job => Some(claim.units()),
        _ => None,
    });
    assert_eq!(claims, [claim / 10 * 8, claim / 10, claim / 10]);
    assert_eq!(world.state.emitted(), Amount::ZERO, "the epoch goes on");
    epochs(&mut world, 1);
    assert_eq!(emitted(&world).last(), Some(&(claim, claim)));
    assert_eq!(world.state.emitted().units(), claim);
    assert_eq!(total(&world, "P1", PROVIDER), claim / 10 * 8);
    let auditors: u64 = (1..=8).map(|n| total(&world, &format!("V{n}"), VALIDATOR)).sum();
    assert_eq!(auditors, claim / 10 * 2);
    assert_eq!(total(&world, "P2", PROVIDER), 0);
}

/// Of 250,000,007 burnt 225,000,006.3 may come back, 45,000,001.2 of it for two auditors.
#[test]
fn every_part_of_a_claim_is_rounded_down() {
    let mut world = World::new(params_with(plenty));
    work(&mut world, "P1", units(10_000_000_260));
    let claims = world.seen(|event| match event {
        Event::WorkClaimed { claim, .. } => Some(claim.units()),
        _ => None,
    });
    assert_eq!(claims, [180_000_005, 22_500_000, 22_500_000]);
}

#[test]
fn a_network_that_emits_nothing_books_nothing() {
    let mut world = World::new(params_with(|_| {}));
    work(&mut world, "P1", Amount::tokens(10));
    epochs(&mut world, 1);
    let booked = |event: &Event| {
        matches!(event, Event::WorkClaimed { .. } | Event::Emitted { .. }).then_some(())
    };
    assert_eq!(world.seen(booked), []);
}

/// A tenth of what was issued and not burnt.
#[test]
fn what_burnt_is_no_supply() {
    let mut world = World::new(params_with(|raw| {
        (raw.rewards.schedule, raw.rewards.epochs_per_year) = (4, 1);
        raw.rewards.rate_start = Ratio::percent(10);
        (raw.rewards.rate_factor, raw.rewards.treasury_share) = (Ratio::ONE, Ratio::ONE);
        raw.rewards.rate_max = Ratio::ONE;
    }));
    work(&mut world, "P1", Amount::tokens(10));
    epochs(&mut world, 1);
    let scheduled = world.seen(|event| match event {
        Event::Emitted { scheduled, .. } => Some(scheduled.units()),
        _ => None,
    });
    let (asset, last) = (earnest_protocol::Asset::Stake, *scheduled.last().expect("it emits"));
    let burnt = world.state.balance(Pot::Burnt(asset)).units();
    assert!(burnt > 250_000_000);
    assert_eq!(last, (world.state.issued(asset).units() - last - burnt) / 10);
}

/// A vote puts a schedule of halvings in the place of one that had paid for seven epochs.
#[test]
fn a_schedule_that_is_voted_in_begins_at_its_beginning() {
    let mut world = World::new(votes::params_with(1, |raw| {
        (raw.rewards.schedule, raw.rewards.epoch_amount) = (1, units(1_000));
        (raw.rewards.treasury_share, raw.rewards.half_life_epochs) = (Ratio::ONE, Epochs::new(4));
    }));
    let id = votes::propose(&mut world, "W", &[("rewards.schedule", 3)]);
    votes::pass(&mut world, id);
    votes::vote(&mut world, "P1", id, BallotChoice::Yes);
    votes::until(&mut world, Epoch::new(14));
    let scheduled = world.seen(|event| match event {
        Event::Emitted { scheduled, .. } => Some(scheduled.units()),
        _ => None,
    });
    assert_eq!(scheduled[..7], [1_000; 7]);
    assert_eq!(scheduled[7..], [1_000, 1_000, 1_000, 1_000, 500, 500, 500]);
}

/// Halvings pay for seven epochs, nothing is emitted for seven, and a vote begins them again.
#[test]
fn a_schedule_that_was_off_meanwhile_begins_at_its_beginning_too() {
    let mut world = World::new(votes::params_with(1, |raw| {
        (raw.rewards.schedule, raw.rewards.epoch_amount) = (3, units(1_000));
        (raw.rewards.treasury_share, raw.rewards.half_life_epochs) = (Ratio::ONE, Epochs::new(4));
    }));
    for (schedule, end) in [(0, 7), (3, 19)] {
        let id = votes::propose(&mut world, "W", &[("rewards.schedule", schedule)]);
        votes::pass(&mut world, id);
        votes::vote(&mut world, "P1", id, BallotChoice::Yes);
        votes::until(&mut world, Epoch::new(end));
    }
    let scheduled = world.seen(|event| match event {
        Event::Emitted { epoch, scheduled, .. } => Some((epoch.count(), scheduled.units())),
        _ => None,
    });
    let before = [1_000, 1_000, 1_000, 1_000, 500, 500, 500];
    let again = [1_000, 1_000, 1_000, 1_000, 500];
    let expected = (0..).zip(before).chain((14..).zip(again)).collect::<Vec<_>>();
    assert_eq!(scheduled, expected);
}

#[test]
fn work_far_above_its_tariff_attracts_no_more_than_the_work_is_worth() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        (raw.market.take, raw.market.take_burn) = (Ratio::percent(50), Ratio::ONE);
    }));
    work(&mut world, "P1", Amount::tokens(10));
    epochs(&mut world, 1);
    // Five tokens burnt; 10^9 gas at 10^-3 token for a million are worth one.
    assert_eq!(emitted(&world).last(), Some(&(TOKEN, TOKEN)));
}

/// The goal is 100 units of claims an epoch, and half of 1,000 units come in the first two epochs
/// of it: 292 in the first. An epoch emits no more than its claims, whoever would share in it.
#[test]
fn a_goal_of_work_emits_as_it_is_reached_and_never_above_its_claims() {
    let season = |total, price, treasury| {
        let mut world = World::new(params_with(|raw| {
            exact(raw);
            raw.chain.epoch_blocks = Blocks::new(200);
            (raw.rewards.schedule, raw.rewards.goal_total) = (7, units(total));
            raw.rewards.half_life_epochs = Epochs::new(2);
            raw.rewards.goal_start = units(100);
            raw.rewards.treasury_share = treasury;
        }));
        work(&mut world, "P1", Amount::tokens(price));
        epochs(&mut world, 1);
        let reached = world.state.goal_reached().expect("it has a goal");
        let supply = world.state.emitted().units();
        (reached.whole, reached.part, emitted(&world)[0], supply)
    };
    let none = Ratio::ZERO;
    assert_eq!(season(1_000, 50, none), (0, 25, (25, 25), 25), "83 would be scheduled");
    assert_eq!(season(100, 50, none), (0, 25, (8, 25), 8), "8.3 are");
    assert_eq!(season(1_000, 400, none), (1, 0, (200, 200), 200), "292 would be");
    assert_eq!(season(100, 400, none), (1, 0, (29, 200), 29), "an epoch counts once");
    let half = Ratio::percent(50);
    assert_eq!(season(1_000, 400, half), (1, 0, (100, 200), 200), "the treasury's 100 included");
}

/// Claims of n units for a job that pays 2 n tokens; names that cost what they may gain.
fn diminishing(raw: &mut RawParams) {
    exact(raw);
    raw.chain.epoch_blocks = Blocks::new(200);
    raw.rewards.epoch_amount = Amount::tokens(100);
    (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
    (raw.rewards.work_exponent, raw.rewards.work_unit) = (2, units(4));
}

/// Of 100 a half's power above 4 is 20, of 64 that of three quarters 32; 3 is below the unit.
#[test]
fn what_work_attracts_diminishes_above_a_unit() {
    let season = |quarters, large: u64, amount| {
        let mut world = World::new(params_with(|raw| {
            diminishing(raw);
            (raw.rewards.work_exponent, raw.rewards.epoch_amount) = (quarters, amount);
        }));
        for (name, price) in [("P1", large), ("P2", 6), ("P1", large)] {
            work(&mut world, name, Amount::tokens(price));
        }
        let [first, second] = ["P1", "P2"].map(|name| world.operator(name, PROVIDER));
        let open = [first, second].map(|id| world.state.open_claim(id).units());
        assert_eq!(world.state.open_claims().units(), open.iter().sum::<u64>());
        epochs(&mut world, 1);
        let paid = ["P1", "P2"].map(|name| total(&world, name, PROVIDER));
        (open, emitted(&world)[0], paid)
    };
    let plenty = Amount::tokens(100);
    assert_eq!(season(4, 100, plenty), ([100, 3], (103, 103), [100, 3]));
    assert_eq!(season(2, 100, plenty), ([20, 3], (23, 23), [20, 3]));
    assert_eq!(season(3, 64, plenty), ([32, 3], (35, 35), [32, 3]));
    // Ten units are shared as 20 and 3: 8.7 and 1.3.
    assert_eq!(season(2, 100, units(10)), ([20, 3], (10, 23), [8, 1]));
}

/// 400 units by one name weigh 40, by four of 100 each 20: four names have twice as much.
#[test]
fn four_names_have_the_root_of_four_times_what_one_has() {
    let paid = |names: &[&str]| {
        let mut world = World::new(params_with(|raw| {
            diminishing(raw);
            raw.chain.epoch_blocks = Blocks::new(400);
        }));
        for name in names {
            work(&mut world, name, Amount::tokens(200));
        }
        assert_eq!(world.state.epoch(), Epoch::ZERO);
        epochs(&mut world, 1);
        ["P1", "P2", "P3", "P4"].map(|name| total(&world, name, PROVIDER)).iter().sum::<u64>()
    };
    assert_eq!((paid(&["P1"; 4]), paid(&["P1", "P2", "P3", "P4"])), (40, 80));
}

/// γ is that of the epoch's first claim, however a vote changes it meanwhile.
#[test]
fn claims_of_one_epoch_weigh_alike_whatever_is_voted_in() {
    let mut world = World::new(votes::params_with(40, |raw| {
        diminishing(raw);
        raw.chain.epoch_blocks = Blocks::new(40);
    }));
    let id = votes::propose(&mut world, "W", &[("rewards.work_exponent", 4)]);
    votes::pass(&mut world, id);
    (1..=8).for_each(|n| votes::vote(&mut world, &format!("V{n}"), id, BallotChoice::Yes));
    votes::pass(&mut world, id);
    while world.state.params().rewards().work_exponent == 2 {
        world.block();
    }
    work(&mut world, "P1", Amount::tokens(200));
    epochs(&mut world, 1);
    assert_eq!(total(&world, "P1", PROVIDER), 100);
}

/// None, all, or half of what is attracted follows the score of work that is correct and in time,
/// or of correct audits.
#[test]
fn a_part_of_what_work_attracts_follows_how_well_it_was_done() {
    let claims = |share: u64| {
        let mut world = World::new(params_with(|raw| {
            plenty(raw);
            raw.rewards.performance_share = Ratio::percent(share);
        }));
        let jobs =
            [work(&mut world, "P1", Amount::tokens(10)), work(&mut world, "P1", units(TOKEN * 10))];
        jobs.map(|job| {
            world.seen(|event| match event {
                Event::WorkClaimed { job: of, role, claim, terms, .. } if *of == job => {
                    assert_eq!(*claim, terms.claim(*role));
                    Some((*role, claim.units(), terms.score.parts()))
                }
                _ => None,
            })
        })
    };
    let of = |claims: &[(Role, u64, u64)]| claims.iter().map(|one| one.1).collect::<Vec<_>>();
    let [first, second] = claims(0);
    assert_eq!((of(&first), of(&second)), (vec![180_000_000, 22_500_000, 22_500_000], of(&first)));
    let [first, second] = claims(100);
    // 0.025129^2; an audit is counted already, as less than one event.
    assert_eq!(
        first.iter().map(|one| one.2).collect::<Vec<_>>(),
        [631_486, 57_190_861, 57_190_861]
    );
    assert_eq!(of(&first), [113_667, 1_286_794, 1_286_794]);
    assert!(second[0].1 > 80 * first[0].1, "a success of less than one event: 0.239^2");
    let [first, _] = claims(50);
    assert_eq!(of(&first), [90_056_833, 11_893_397, 11_893_397]);
}

/// What is attracted follows acts alone, as collateral does: a bad rating takes none of it.
#[test]
fn what_requesters_say_of_a_provider_takes_nothing_of_what_it_attracts() {
    let second = |rating: Rating| {
        let mut world = World::new(params_with(|raw| {
            plenty(raw);
            raw.rewards.performance_share = Ratio::ONE;
            raw.reputation.rating_share = Ratio::percent(10);
        }));
        let job = work(&mut world, "P1", Amount::tokens(10));
        world.ok("R", Command::RateJob(RateJob { job, rating }));
        let job = work(&mut world, "P1", Amount::tokens(10));
        let operator = world.operator("P1", PROVIDER);
        let scores = (world.state.score(operator), world.state.proven_score(operator));
        assert_eq!(scores.0 < scores.1, rating == Rating::Bad, "it counts in auctions");
        world.seen(|event| match event {
            Event::WorkClaimed { job: of, role: PROVIDER, claim, .. } if *of == job => Some(*claim),
            _ => None,
        })
    };
    let claims = second(Rating::Good);
    assert_eq!(claims.len(), 1);
    assert_eq!(second(Rating::Bad), claims);
}

#[test]
fn a_scarce_emission_is_shared_by_claims_and_its_dust_is_the_treasurys() {
    let mut world = World::new(params_with(|raw| {
        exact(raw);
        raw.chain.epoch_blocks = Blocks::new(200);
        raw.rewards.epoch_amount = units(7);
    }));
    let treasury = Pot::Treasury(earnest_protocol::Asset::Stake);
    let before = world.state.balance(treasury).units();
    let names = ["P1", "P2", "P3"];
    for (name, price) in names.iter().zip([20, 10, 10]) {
        work(&mut world, name, Amount::tokens(price));
    }
    assert_eq!(world.state.epoch(), Epoch::ZERO);
    epochs(&mut world, 1);
    assert_eq!(emitted(&world), [(7, 20)]);
    // 3.5, 1.75 and 1.75, down.
    assert_eq!(names.map(|name| total(&world, name, PROVIDER)), [3, 1, 1]);
    epochs(&mut world, 20);
    names.iter().for_each(|name| claim(&mut world, name, PROVIDER).expect("it vested"));
    assert_eq!(world.state.balance(treasury).units(), before + 2);
    assert_eq!(world.state.balance(Pot::Emission), Amount::ZERO);
}

/// filecoin-project/builtin-actors, actors/miner/tests/apply_rewards.rs: of a reward of 1,000,000
/// 750,000 are locked, and what is vests day by day for 180 days. Ours at a day an epoch.
#[test]
fn fil7_what_is_locked_vests_evenly_in_180_days() {
    let mut world = World::new(params_with(|raw| {
        exact(raw);
        raw.rewards.claim_delay_epochs = Epochs::ZERO;
        raw.rewards.vesting_epochs = Epochs::new(180);
        (raw.market.take, raw.rewards.emission_cap) = (Ratio::percent(20), Ratio::percent(50));
    }));
    work(&mut world, "P1", units(10_000_000));
    let earned = world.state.epoch();
    let mut locked = Vec::new();
    for _ in 0..192 {
        epochs(&mut world, 1);
        let vesting = world.state.vesting(world.operator("P1", PROVIDER));
        assert_eq!(vesting.total().units(), 1_000_000);
        locked.push(vesting.unvested().units());
    }
    // Its end is gathered to a sixteenth of 180 days, up.
    let end = earned.count() + 180;
    let days = end.next_multiple_of(12) - earned.count();
    assert!((180..192).contains(&days));
    for (day, locked) in (1u64..).zip(locked) {
        let line = 750_000 - 750_000 * day.min(days) / days;
        assert!(locked.abs_diff(line) <= 1, "{locked} on day {day}, {line} on the line");
    }
}

/// The same at sixteen epochs.
#[test]
fn fil7_three_quarters_of_a_reward_are_locked_as_in_filecoin() {
    let mut world = World::new(params_with(|raw| {
        exact(raw);
        raw.rewards.claim_delay_epochs = Epochs::ZERO;
        (raw.market.take, raw.rewards.emission_cap) = (Ratio::percent(20), Ratio::percent(50));
    }));
    work(&mut world, "P1", units(10_000_000));
    let earned = world.state.epoch();
    epochs(&mut world, 1);
    let operator = world.operator("P1", PROVIDER);
    let vesting = world.state.vesting(operator);
    assert_eq!(vesting.total().units(), 1_000_000);
    // An epoch of sixteen has passed since.
    assert_eq!(vesting.ready.units(), 250_000 + 750_000 / 16);
    assert_eq!(vesting.lines[0].ends, earned.after(Epochs::new(16)));
    epochs(&mut world, 7);
    assert_eq!(world.state.vesting(operator).unvested().units(), 375_000);
    epochs(&mut world, 8);
    assert_eq!(world.state.vesting(operator).ready.units(), 1_000_000);
}

#[test]
fn nothing_may_be_claimed_before_its_delay_and_all_of_it_at_its_end() {
    let mut world = World::new(params_with(plenty));
    let nothing = Err(Rejected::ClaimRewards(ClaimRewardsRejected::NothingAccrued));
    work(&mut world, "P1", Amount::tokens(10));
    let before = world.wealth("P1");
    assert_eq!(claim(&mut world, "P1", PROVIDER), nothing, "the epoch goes on");
    epochs(&mut world, 1);
    claim(&mut world, "P1", PROVIDER).expect("it is settled");
    assert_eq!(claim(&mut world, "P1", PROVIDER), nothing, "the delay goes on");
    epochs(&mut world, 1);
    let free = world.state.free(world.id("P1")).units();
    claim(&mut world, "P1", PROVIDER).expect("a quarter");
    let got = world.state.free(world.id("P1")).units() - free;
    assert_eq!(got, 180_000_000 / 4 - 1_000);
    assert_eq!(claim(&mut world, "P1", PROVIDER), nothing, "once");
    epochs(&mut world, 16);
    claim(&mut world, "P1", PROVIDER).expect("the rest");
    assert_eq!(total(&world, "P1", PROVIDER), 0);
    assert_eq!(world.wealth("P1"), before + 180_000_000 - 6_000, "six fees");
}

#[test]
fn who_claims_every_epoch_and_who_claims_once_have_the_same_in_the_end() {
    let mut paid = [false, true].map(|often| {
        let mut world = World::new(params_with(|raw| {
            plenty(raw);
            raw.chain.base_fee = Amount::ZERO;
        }));
        for price in [10, 7, 9] {
            work(&mut world, "P1", units(price * TOKEN + 12_345));
            epochs(&mut world, 2);
            if often {
                let _ = claim(&mut world, "P1", PROVIDER);
            }
        }
        for _ in 0..19 {
            epochs(&mut world, 1);
            if often {
                let _ = claim(&mut world, "P1", PROVIDER);
            }
        }
        let _ = claim(&mut world, "P1", PROVIDER);
        assert_eq!(total(&world, "P1", PROVIDER), 0);
        world.wealth("P1")
    });
    paid.sort_unstable();
    assert_eq!(paid[0], paid[1]);
}

/// Half by stake and half by work: stake earns whatever work there is, and work what it claims.
#[test]
fn a_hybrid_pays_stake_and_work_apart() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.rewards.stake_share = Ratio::percent(50);
    }));
    work(&mut world, "P1", Amount::tokens(10));
    let before = world.state.epoch();
    epochs(&mut world, 1);
    let ended = world.state.epoch().since(before).count() + before.count();
    // Of 500 tokens an epoch a fifth goes to eight validators of one stake, the rest to four
    // providers.
    let (provider, validator) = (100 * TOKEN * ended, 25 * TOKEN / 2 * ended);
    all_but_dust(total(&world, "P1", PROVIDER), provider + 180_000_000);
    all_but_dust(total(&world, "P2", PROVIDER), provider);
    let validators: u64 = (1..=8).map(|n| total(&world, &format!("V{n}"), VALIDATOR)).sum();
    all_but_dust(validators, 8 * validator + 45_000_000);
}

#[test]
fn stake_earns_from_its_bonding_on_and_to_split_it_gains_nothing() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.rewards.stake_share = Ratio::ONE;
        raw.rewards.validator_share = Ratio::ZERO;
        raw.staking.provider_bond_min = Amount::tokens(1);
    }));
    epochs(&mut world, 3);
    let whole = total(&world, "P1", PROVIDER);
    all_but_dust(whole, 3 * 250 * TOKEN);
    for (name, tokens) in [("W", 20_000), ("X", 30_000)] {
        let amount = Amount::tokens(tokens);
        world.ok(name, Command::Bond(Bond { role: PROVIDER, amount }));
    }
    epochs(&mut world, 1);
    let parts = ["W", "X"].map(|name| total(&world, name, PROVIDER));
    all_but_dust(parts[0], 80 * TOKEN);
    all_but_dust(parts[1], 120 * TOKEN);
    all_but_dust(total(&world, "P1", PROVIDER), whole + 200 * TOKEN);
    // What leaves earns no more from then on.
    let amount = Amount::tokens(30_000);
    world.ok("X", Command::Unbond(Unbond { role: PROVIDER, amount }));
    epochs(&mut world, 1);
    assert_eq!(total(&world, "X", PROVIDER), parts[1]);
    all_but_dust(total(&world, "W", PROVIDER), 80 * TOKEN + 1_000 * TOKEN / 11);
}

/// What work is convicted for is taken out of what has not vested first; the slash is the same.
#[test]
fn rewards_that_have_not_vested_are_slashed_first() {
    let lie = |earns: bool| {
        let mut world = World::new(params_with(|raw| {
            if earns {
                plenty(raw);
            }
        }));
        work(&mut world, "P1", Amount::tokens(10));
        epochs(&mut world, 2);
        let unvested = world.state.vesting(world.operator("P1", PROVIDER)).unvested().units();
        let terms = world.terms();
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", job, root(Some(3)));
        world.audit(job, root(None));
        world.reveal("P1", job, root(Some(3)), root(None));
        world.play("P1", job, 3, true);
        let movements = world.last_movements.clone();
        let slashed = movements.iter().filter(|m| m.reason == Reason::Slash);
        let of = |pot: fn(Pot) -> bool| {
            let parts = slashed.clone().filter(|m| pot(m.source));
            parts.map(|m| m.amount.units()).sum::<u64>()
        };
        let bond = of(|pot| matches!(pot, Pot::Bond(_)));
        (unvested, of(|pot| matches!(pot, Pot::Vesting(_))), bond, of(|_| true))
    };
    let (_, none, bond_alone, all_alone) = lie(false);
    let (unvested, vesting, bond, all) = lie(true);
    assert_eq!(none, 0);
    assert!(0 < vesting && vesting <= unvested, "{vesting} of {unvested}");
    assert_eq!((bond + vesting, all), (bond_alone, all_alone), "a slash is of the bond");
}

#[test]
fn delegators_share_in_emission_when_it_is_settled() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.staking.delegation_max = Factor::percent(300);
    }));
    let rate = Ratio::percent(20);
    world.ok("P1", Command::SetCommission(SetCommission { role: PROVIDER, rate, ceiling: rate }));
    let (operator, amount) = (world.id("P1"), Amount::tokens(50_000));
    world.ok("W", Command::Delegate(Delegate { operator, role: PROVIDER, amount }));
    work(&mut world, "P1", Amount::tokens(10));
    epochs(&mut world, 1);
    // As much is delegated as is its own: half of what a fifth leaves.
    assert_eq!(total(&world, "P1", PROVIDER), 108_000_000, "as it would be settled");
    claim(&mut world, "P1", PROVIDER).expect("it is settled");
    let earned = world.seen(|event| match event {
        Event::EmissionEarned { amount, shared, .. } => Some((amount.units(), shared.units())),
        _ => None,
    });
    assert_eq!(earned, [(180_000_000, 72_000_000)]);
    assert_eq!(total(&world, "P1", PROVIDER), 108_000_000);
    epochs(&mut world, 18);
    claim(&mut world, "P1", PROVIDER).expect("all of it");
    let paid = world.seen(|event| match event {
        Event::EmissionPaid { amount, .. } => Some(amount.units()),
        _ => None,
    });
    assert_eq!(paid, [108_000_000]);
}

#[test]
fn who_is_jailed_when_its_work_is_paid_attracts_nothing() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.staking.jail_epochs = Epochs::new(50);
        raw.staking.abandonments_to_jail = 1;
    }));
    let mut terms = world.terms();
    terms.deadline_blocks = Blocks::new(5);
    let lapses = world.assign(terms.clone(), &[("P1", 10)]);
    terms.deadline_blocks = Blocks::new(40);
    let job = world.assign(terms, &[("P1", 10)]);
    world.until_phase(lapses, Phase::Closed);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let jailed = world.seen(|event| matches!(event, Event::Jailed { .. }).then_some(())).len();
    epochs(&mut world, 2);
    let earned = total(&world, "P1", PROVIDER);
    assert_eq!((jailed, earned > 0), (1, false));
}

/// What stake earned before its operator was jailed stays its own, and then it earns no more.
#[test]
fn stake_that_is_jailed_keeps_what_it_earned() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.rewards.stake_share = Ratio::ONE;
        raw.staking.jail_epochs = Epochs::new(2);
        raw.staking.abandonments_to_jail = 1;
    }));
    epochs(&mut world, 2);
    let mut terms = world.terms();
    terms.deadline_blocks = Blocks::new(5);
    let lapses = world.assign(terms, &[("P1", 10)]);
    world.until_phase(lapses, Phase::Closed);
    let earned = total(&world, "P1", PROVIDER);
    all_but_dust(earned, 200 * TOKEN * world.state.epoch().count());
    epochs(&mut world, 3);
    assert_eq!(total(&world, "P1", PROVIDER), earned);
    world.ok("P1", Command::Unjail(Unjail { role: PROVIDER }));
    assert_eq!(total(&world, "P1", PROVIDER), earned, "nothing for the time in jail");
}

#[test]
fn ten_thousand_idle_epochs_cost_nothing_and_lose_nothing() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.chain.epoch_blocks = Blocks::new(1);
        raw.staking.unbonding_epochs = Epochs::new(1 << 20);
        raw.rewards.vesting_epochs = Epochs::new(20_000);
    }));
    work(&mut world, "P1", Amount::tokens(10));
    epochs(&mut world, 1);
    let size = |world: &World| postcard::to_allocvec(&world.state).expect("it encodes").len();
    let (before, earned) = (size(&world), total(&world, "P1", PROVIDER));
    let mut state = world.state.clone();
    let mut journal = earnest_protocol::Journal::default();
    for _ in 0..10_000 {
        let head = world::next_head(&state, true);
        state.open_block(&head, &mut journal).expect("it follows");
        // Movements of an idle epoch: none.
        assert!(journal.movements.is_empty());
        journal.clear();
    }
    world.state = state;
    assert!(size(&world) <= before, "closed jobs left, and nothing came");
    assert_eq!(total(&world, "P1", PROVIDER), earned);
    assert_eq!(world.state.check_invariants(), Ok(()));
}
