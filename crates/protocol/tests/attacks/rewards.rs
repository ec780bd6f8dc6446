//! Attacks on emission: paying oneself, claiming ahead of a conviction, choosing when to be
//! settled, and taking what others earned.

use earnest_protocol::{
    Amount, Blocks, Command, Epoch, Epochs, Event, Factor, JobId, Ratio, RawParams, Role,
    command::*,
    ledger::Assets,
    market::Phase,
    num::Exponent,
    rewards::{Vesting, Waiting},
};
use earnest_testkit::votes::{self, pass, propose, until, vote};
use proptest::prelude::*;

use crate::world::{World, params_with, root};

/// Everyone that a requester who pays itself may be: its provider and every validator.
const SELF: [&str; 10] = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// Ratios in parts per billion, amounts in base units.
#[derive(Clone, Copy, Debug)]
struct Emission {
    /// What it emits in an epoch, or as a goal of work is reached, half of it in an epoch of that.
    per_epoch: u64,
    /// What paid work is meant to claim in an epoch; none where nothing is reached.
    goal: Option<u64>,
    /// γ, in quarters; above a tenth of a token.
    exponent: u8,
    cap: u64,
    auditors_share: u64,
    stake_share: u64,
    take: u64,
    take_burn: u64,
}

fn world_with(emission: Emission) -> World {
    let ratio = |parts| Ratio::new(parts).expect("a share");
    World::new(params_with(|raw: &mut RawParams| {
        let amount = Amount::new(emission.per_epoch).expect("small");
        (raw.rewards.schedule, raw.rewards.epoch_amount) = (1, amount);
        if let Some(goal) = emission.goal {
            (raw.rewards.schedule, raw.rewards.goal_total) = (7, amount);
            raw.rewards.half_life_epochs = Epochs::new(1);
            raw.rewards.goal_start = Amount::new(goal).expect("small");
        }
        raw.rewards.work_exponent = emission.exponent;
        raw.rewards.work_unit = Amount::new(TENTH).expect("small");
        (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
        raw.rewards.emission_cap = ratio(emission.cap);
        raw.rewards.validator_share = ratio(emission.auditors_share);
        raw.rewards.stake_share = ratio(emission.stake_share);
        raw.market.take = ratio(emission.take);
        raw.market.take_burn = ratio(emission.take_burn);
        // Nothing else costs anything: what is lost is lost to the rule alone.
        raw.chain.base_fee = Amount::ZERO;
        raw.chain.epoch_blocks = Blocks::new(200);
    }))
}

/// `name` pays `price` for a job that `provider` does alone.
fn job(world: &mut World, name: &str, provider: &str, price: u64) -> JobId {
    let mut terms = world.terms();
    terms.price_max = Amount::new(price).expect("small");
    let job = world.post_of(name, terms);
    let seal = world.seal_bid(provider, job, Amount::new(price).expect("small"));
    world.ok(provider, Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    let price = Amount::new(price).expect("small");
    let salt = earnest_protocol::Digest([5; 32]);
    world.ok(provider, Command::RevealBid(RevealBid { job, price, salt }));
    world.until_phase(job, Phase::Offered);
    world.ok(provider, Command::AcceptJob(AcceptJob { job }));
    world.commit_result(provider, job, root(None));
    world
        .ok(name, Command::OpenSeed(OpenSeed { job, preimage: earnest_protocol::Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    world.reveal(provider, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    job
}

/// What insurance and treasury hold: even a coalition that is the whole network loses.
fn common(world: &World) -> i64 {
    let asset = earnest_protocol::Asset::Stake;
    let pots = [
        earnest_protocol::ledger::Pot::Insurance(asset),
        earnest_protocol::ledger::Pot::Treasury(asset),
    ];
    pots.iter().map(|pot| i64::try_from(world.state.balance(*pot).units()).expect("small")).sum()
}

fn burnt(world: &World) -> i64 {
    let fire = earnest_protocol::ledger::Pot::Burnt(earnest_protocol::Asset::Stake);
    i64::try_from(world.state.balance(fire).units()).expect("small")
}

fn end_epoch(world: &mut World) {
    let next = world.state.epoch().after(Epochs::new(1));
    while world.state.epoch() < next {
        world.block();
    }
}

fn emissions() -> impl Strategy<Value = Emission> {
    let share = || prop_oneof![0..=1_000_000_000u64, Just(1_000_000_000)];
    let per_epoch = prop_oneof![0..100u64, 0..1u64 << 40, Just(1 << 60)];
    let shares = (share(), share());
    let ways = prop_oneof![
        (1..1_000_000_000u64).prop_map(|goal| (Some(goal), 4)),
        (2..=4u8).prop_map(|exponent| (None, exponent)),
    ];
    let emits = (per_epoch, ways);
    (emits, 0..1_000_000_000u64, shares, 1..=1_000_000_000u64, share()).prop_map(
        |((per_epoch, (goal, exponent)), cap, (auditors_share, stake_share), take, take_burn)| {
            Emission {
                // Names cost what they may gain: a bond, of a hundred tokens.
                per_epoch: if exponent < 4 { per_epoch.min(300_000_000_000) } else { per_epoch },
                goal,
                exponent,
                cap,
                auditors_share,
                stake_share,
                take: take.min(500_000_000),
                take_burn,
            }
        },
    )
}

/// What X and P2, and then R and P1, do in one epoch; what the coalition has of it and what burnt.
fn season(emission: Emission, others: &[u64], own: &[u64]) -> (i64, i64) {
    let mut world = world_with(emission);
    others.iter().for_each(|price| _ = job(&mut world, "X", "P2", *price));
    own.iter().for_each(|price| _ = job(&mut world, "R", "P1", *price));
    assert_eq!(world.state.epoch(), Epoch::ZERO);
    end_epoch(&mut world);
    (world.coalition(&SELF) + common(&world), burnt(&world))
}

/// What rounding may be worth to nine claimants, in base units.
const DUST: i64 = 9;
/// A tenth of a token.
const TENTH: u64 = 100_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// At every emission E, by a schedule or as work reaches a goal, in full or diminishing, at
    /// every cap, take and burnt share b, beside every volume X of others and for every volume x of
    /// its own: it loses what burns but for the cap's part of it.
    #[test]
    fn m24_who_pays_itself_loses_at_every_volume(
        emission in emissions(),
        own in proptest::collection::vec(1..20_000_000_000u64, 1..4),
        others in proptest::collection::vec(1..20_000_000_000u64, 0..2),
    ) {
        let (idle, burnt_by_others) = season(emission, &others, &[]);
        let (wealth, burnt) = season(emission, &others, &own);
        let (gain, own_burnt) = (wealth - idle, burnt - burnt_by_others);
        let back = i128::from(own_burnt) * i128::from(emission.cap) / 1_000_000_000;
        let loss = own_burnt - i64::try_from(back).expect("a part of it");
        prop_assert!(gain <= DUST - loss, "{gain}, of {own_burnt} burnt {loss} must be lost");
    }
}

/// What one gets of an epoch of so much beside P2 who does its three jobs under these names.
fn shared((per_epoch, exponent): (u64, u8), names: [&str; 3], own: u64, rival: u64) -> u64 {
    let mut world = world_with(Emission {
        per_epoch,
        goal: None,
        exponent,
        cap: 999_999_999,
        auditors_share: 0,
        stake_share: 0,
        take: 500_000_000,
        take_burn: 1_000_000_000,
    });
    job(&mut world, "X", "P2", rival);
    names.iter().for_each(|name| _ = job(&mut world, "R", name, own));
    assert_eq!(world.state.epoch(), Epoch::ZERO);
    end_epoch(&mut world);
    ["P1", "P3", "P4"].iter().map(|name| vesting(&world, name).total().units()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// R19 wants an epoch of a bond to cost so much of what the epoch emits.
    #[test]
    fn e6_one_name_more_gains_no_more_than_its_bond_costs(
        (own, rival) in (1..20_000_000_000u64, 1..20_000_000_000u64),
        per_epoch in 1..20_000_000_000u64,
        exponent in 2..=3u8,
    ) {
        let share = Exponent::of_quarters(exponent).split_gain_ceil();
        let most = share.amount_ceil(Amount::new(per_epoch).expect("small")).units();
        let names = [["P1", "P1", "P1"], ["P1", "P1", "P3"], ["P1", "P3", "P4"]];
        let got = names.map(|names| shared((per_epoch, exponent), names, own, rival));
        prop_assert!(got[1] <= got[0] + most + 4, "{got:?}, {most}");
        prop_assert!(got[2] <= got[0] + 2 * (most + 4), "{got:?}, {most}");
    }
}

/// Names that entered while one was cheap keep the least bond of that time; a vote lets returns
/// diminish and raises it. None of them is held to less than R19 takes a name to cost.
#[test]
fn e6_names_that_entered_cheaply_attract_nothing_until_they_bond_what_a_name_costs() {
    let least = 1_000_000_000_000;
    let mut world = World::new(votes::params_with(40, |raw| {
        plenty(raw);
        raw.rewards.work_unit = Amount::new(TENTH).expect("small");
        (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
    }));
    let bond = |tokens| {
        let amount = Amount::tokens(tokens);
        Command::Bond(Bond { role: ROLE, amount })
    };
    world.ok("W", bond(999));
    let changes = [
        ("rewards.work_exponent", 2),
        ("staking.provider_bond_min", least),
        ("staking.validator_bond_min", least),
    ];
    let id = propose(&mut world, "W", &changes);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, BallotChoice::Yes));
    pass(&mut world, id);
    while world.state.params().rewards().work_exponent == 4 {
        world.block();
    }
    let attracts = |world: &mut World| {
        let before = vesting(world, "W").total();
        job(world, "R", "W", 10_000_000_000);
        epochs(world, 1);
        vesting(world, "W").total().saturating_sub(before).units()
    };
    assert_eq!(attracts(&mut world), 0, "a bond of 999 tokens where a name costs 1,000");
    world.ok("W", bond(1));
    // Of claims of 225,000,000 above a tenth of a token, the root.
    assert_eq!(attracts(&mut world), 150_000_000);
}

/// Who claims something of a job once a vote made these changes: its provider, W, has 900 tokens at
/// stake, and each auditor 50,000.
fn claimed_after(changes: &[(&str, u64)]) -> Vec<Role> {
    let mut world = World::new(votes::params_with(40, |raw| {
        plenty(raw);
        raw.rewards.validator_share = Ratio::percent(20);
        raw.rewards.work_unit = Amount::new(TENTH).expect("small");
        (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
    }));
    let amount = Amount::tokens(900);
    world.ok("W", Command::Bond(Bond { role: ROLE, amount }));
    let id = propose(&mut world, "W", changes);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, BallotChoice::Yes));
    pass(&mut world, id);
    let was = world.state.params().staking().validator_bond_min;
    while world.state.params().staking().validator_bond_min == was {
        world.block();
    }
    let job = job(&mut world, "R", "W", 10_000_000_000);
    world.seen(|event| match event {
        Event::WorkClaimed { job: of, role, .. } if *of == job => Some(*role),
        _ => None,
    })
}

/// Where returns are in full a name is worth nothing, and whoever entered cheaply is paid as
/// everybody is; where they diminish each role is held to its own least bond.
#[test]
fn e6_a_name_is_held_to_the_bond_of_its_role_and_only_where_returns_diminish() {
    let bonds = |provider: u64, validator: u64| {
        let least = |tokens| Amount::tokens(tokens).units();
        [
            ("staking.provider_bond_min", least(provider)),
            ("staking.validator_bond_min", least(validator)),
        ]
    };
    let diminishing = |bonds: [(&'static str, u64); 2]| {
        claimed_after(&[bonds[0], bonds[1], ("rewards.work_exponent", 2)])
    };
    let (provider, auditors) = ([Role::Provider], [Role::Validator; 2]);
    let all = [&provider[..], &auditors[..]].concat();
    assert_eq!(claimed_after(&bonds(1_000, 1_000)), all);
    assert_eq!(diminishing(bonds(1_000, 1_001)), auditors);
    assert_eq!(diminishing(bonds(900, 60_000)), provider);
}

/// R19 asks what a bond costs, not whether it would be there anyway: who has as much at stake as
/// two names need has the second for nothing.
#[test]
fn e6_stake_that_is_bonded_anyway_is_split_for_nothing() {
    let has = |names: [&str; 2], tokens: [u64; 2]| {
        let mut world = World::new(params_with(|raw| {
            plenty(raw);
            raw.rewards.work_exponent = 2;
            raw.rewards.work_unit = Amount::new(TENTH).expect("small");
            raw.rewards.epoch_amount = Amount::tokens(300);
            (raw.rewards.bond_cost, raw.rewards.epochs_per_year) = (Ratio::ONE, 1);
            raw.chain.epoch_blocks = Blocks::new(200);
        }));
        for (name, tokens) in ["P1", "P3"].into_iter().zip(tokens) {
            let amount = Amount::tokens(50_000 - tokens);
            world.ok(name, Command::Unbond(Unbond { role: ROLE, amount }));
        }
        names.iter().for_each(|name| _ = job(&mut world, "R", name, 20_000_000_000));
        assert_eq!(world.state.epoch(), Epoch::ZERO);
        end_epoch(&mut world);
        ["P1", "P3"].iter().map(|name| vesting(&world, name).total().units()).sum::<u64>()
    };
    let (one, two) = (has(["P1", "P1"], [20_000, 0]), has(["P1", "P3"], [10_000, 10_000]));
    // Claims of 900,000,000 by one name, of half of them by each of two.
    assert_eq!((one, two), (300_000_000, 2 * 212_132_034));
}

/// Who is about to be convicted collects first: it keeps what had vested, as it would have anyway,
/// and what had not is slashed; to claim just before gains nothing.
#[test]
fn who_claims_ahead_of_its_conviction_saves_nothing_that_has_not_vested() {
    let lie = |claims: bool| {
        let mut world = world_with(Emission {
            per_epoch: 1 << 50,
            goal: None,
            exponent: 4,
            cap: 900_000_000,
            auditors_share: 0,
            stake_share: 0,
            take: 100_000_000,
            take_burn: 1_000_000_000,
        });
        job(&mut world, "R", "P1", 10_000_000_000);
        while world.state.vesting(world.operator("P1", Role::Provider)).ready.is_zero() {
            end_epoch(&mut world);
        }
        let terms = world.terms();
        let wrong = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", wrong, root(Some(3)));
        world.audit(wrong, root(None));
        if claims {
            world.ok("P1", Command::ClaimRewards(ClaimRewards { role: Role::Provider }));
        }
        world.reveal("P1", wrong, root(Some(3)), root(None));
        world.play("P1", wrong, 3, true);
        world.wealth("P1")
    };
    assert_eq!(lie(true), lie(false));
}

const ROLE: Role = Role::Provider;
const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// A thousand tokens an epoch, vesting in sixteen; nothing else costs anything.
fn plenty(raw: &mut RawParams) {
    raw.rewards.schedule = 1;
    raw.rewards.epoch_amount = Amount::tokens(1_000);
    raw.rewards.claim_delay_epochs = Epochs::new(2);
    raw.rewards.vesting_epochs = Epochs::new(16);
    raw.rewards.validator_share = Ratio::ZERO;
    raw.chain.base_fee = Amount::ZERO;
}

fn epochs(world: &mut World, count: u64) {
    let end = world.state.epoch().after(Epochs::new(count));
    until(world, end);
}

fn collect(world: &mut World, name: &str) {
    world.ok(name, Command::ClaimRewards(ClaimRewards { role: ROLE }));
}

fn vesting(world: &World, name: &str) -> Vesting {
    world.state.vesting(world.operator(name, ROLE))
}

/// What P1 has vesting of two jobs, one posted before and one after a vote lets all be had at once.
fn earned_around_a_vote(choice: BallotChoice) -> [Vesting; 2] {
    let mut world = World::new(votes::params_with(40, plenty));
    let at_once = [("rewards.at_once", 1_000_000_000), ("rewards.claim_delay_epochs", 0)];
    let id = propose(&mut world, "W", &at_once);
    pass(&mut world, id);
    VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, choice));
    pass(&mut world, id);
    until(&mut world, Epoch::new(6));
    world.blocks(40);
    job(&mut world, "R", "P1", 10_000_000_000);
    assert_eq!(world.state.epoch(), Epoch::new(7), "it was posted before");
    until(&mut world, Epoch::new(8));
    let before = vesting(&world, "P1");
    job(&mut world, "R", "P2", 10_000_000_000);
    epochs(&mut world, 1);
    [before, vesting(&world, "P2")]
}

#[test]
fn m21_a_vote_changes_no_terms_of_what_work_earned_before_it() {
    use BallotChoice::{No, Yes};
    let ([with, later], [without, _]) = (earned_around_a_vote(Yes), earned_around_a_vote(No));
    assert_eq!(with, without, "as its job was posted, though it is settled later");
    let [Waiting { at_once, rest, .. }] = with.waiting[..] else { panic!("{with:?}") };
    assert_eq!([at_once, rest].map(Amount::units), [56_250_000, 168_750_000]);
    assert_eq!(later.ready.units(), 225_000_000, "all at once");
}

/// Half of what P1 earns is for W, who has put as much behind it.
fn with_delegator(change: impl FnOnce(&mut RawParams)) -> World {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.staking.delegation_max = Factor::percent(300);
        change(raw);
    }));
    let (rate, ceiling) = (Ratio::ZERO, Ratio::ONE);
    world.ok("P1", Command::SetCommission(SetCommission { role: ROLE, rate, ceiling }));
    let (operator, amount) = (world.id("P1"), Amount::tokens(50_000));
    world.ok("W", Command::Delegate(Delegate { operator, role: ROLE, amount }));
    world
}

/// What W has in the end of a job that attracts 225,000,000 units, if `act` is done once it is
/// settled, and P1 collects all of it when it has vested.
fn delegator_has(act: impl FnOnce(&mut World)) -> u64 {
    let mut world = with_delegator(|_| {});
    let before = world.wealth("W");
    job(&mut world, "R", "P1", 10_000_000_000);
    epochs(&mut world, 1);
    collect(&mut world, "P1");
    act(&mut world);
    epochs(&mut world, 19);
    let _ = world.send("P1", Command::ClaimRewards(ClaimRewards { role: ROLE }));
    world.wealth("W") - before
}

/// Less what two indexes drop.
fn all_but_dust(got: u64, exact: u64) {
    assert!(got <= exact && exact <= got + 2, "{got} of {exact}");
}

#[test]
fn m19_nobody_takes_what_an_operators_delegators_have_earned() {
    // Half of the pay of 9.5 tokens, and half of the emission.
    let fair = 9_500_000_000 / 2 + 225_000_000 / 2;
    all_but_dust(delegator_has(|_| {}), fair);
    // The operator bonds ahead of its claim.
    let bonds = |world: &mut World| {
        let amount = Amount::tokens(40_000);
        world.ok("P1", Command::Bond(Bond { role: ROLE, amount }));
    };
    all_but_dust(delegator_has(bonds), fair);
    // Nor does a stranger who joins ahead of the claim.
    let joins = |world: &mut World| {
        let (operator, amount) = (world.id("P1"), Amount::tokens(90_000));
        world.ok("X", Command::Delegate(Delegate { operator, role: ROLE, amount }));
    };
    all_but_dust(delegator_has(joins), fair);
}

#[test]
fn c5_an_offender_pays_nothing_with_what_its_delegators_earned() {
    let lies = |world: &mut World| {
        let wrong = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", wrong, root(Some(3)));
        world.audit(wrong, root(None));
        world.reveal("P1", wrong, root(Some(3)), root(None));
        world.play("P1", wrong, 3, true);
        assert!(vesting(world, "P1").unvested().is_zero(), "its own part is gone");
    };
    assert_eq!(delegator_has(lies), delegator_has(|_| {}));
}

/// Stake that earns without ever working has nothing to be settled by but its claim.
#[test]
fn stake_that_never_works_collects_what_it_earned() {
    let mut world = World::new(params_with(|raw| {
        plenty(raw);
        raw.rewards.stake_share = Ratio::ONE;
    }));
    let before = world.wealth("P1");
    epochs(&mut world, 1);
    // Of 1,000 tokens a quarter, and of that a quarter at once.
    collect(&mut world, "P1");
    all_but_dust(vesting(&world, "P1").total().units(), 250_000_000_000);
    let free = world.state.free(world.id("P1")).units();
    epochs(&mut world, 2);
    collect(&mut world, "P1");
    all_but_dust(world.state.free(world.id("P1")).units() - free, 62_500_000_000);
    all_but_dust(world.wealth("P1") - before, 750_000_000_000);
}

/// A network of two assets votes that what is bonded is worth ten times as much. Who knows that
/// posts its jobs before, burns what is cheap and claims what is dear.
#[test]
fn m24_a_vote_on_the_price_lets_no_job_attract_more_than_it_burns() {
    let claimed = |price, choice| {
        let raw = votes::params_with(40, plenty);
        let mut world = World::with_assets(raw, Assets::Dual);
        let id = propose(&mut world, "W", &[("chain.stake_price", price)]);
        pass(&mut world, id);
        VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, choice));
        pass(&mut world, id);
        until(&mut world, Epoch::new(6));
        world.blocks(40);
        job(&mut world, "R", "P1", 10_000_000_000);
        assert_eq!(world.state.epoch(), Epoch::new(7), "it was posted before");
        let claims = world.seen(|event| match event {
            Event::WorkClaimed { claim, .. } => Some(claim.units()),
            _ => None,
        });
        claims.iter().sum::<u64>()
    };
    let (dearer, cheaper) = (10_000_000_000, 100_000_000);
    assert_eq!(claimed(dearer, BallotChoice::No), 225_000_000);
    assert_eq!(claimed(dearer, BallotChoice::Yes), 22_500_000);
    assert_eq!(claimed(cheaper, BallotChoice::Yes), 225_000_000, "what it was when it was posted");
}
