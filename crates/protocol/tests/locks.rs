//! Locks of bonds: what they keep in, what they weigh in votes and in emission, and when they end.

use earnest_testkit::{
    votes::{self, pass, propose, stage, tally, vote},
    world::{World, root},
};

use earnest_protocol::{
    Amount, Command, Digest, Epoch, Epochs, Event, Factor, ProposalId, Ratio, RawParams, Rejected,
    Role, SlashId,
    command::BallotChoice::*,
    command::{AppealSlash, Bond, LockBond, ParamChange, Propose, Unbond},
    governance::{ProposalStage, ProposeRejected, Tally},
    params::{BrokenRelation, Relation},
    staking::UnbondRejected,
};
use proptest::prelude::*;

const ROLE: Role = Role::Provider;
const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// As Nosana: four times the weight for a year of days.
fn year(raw: &mut RawParams) {
    raw.staking.lock_boost = Factor::percent(400);
    raw.staking.lock_epochs_max = Epochs::new(365);
}

fn world(change: impl FnOnce(&mut RawParams)) -> World {
    World::new(votes::params_with(1, |raw| {
        year(raw);
        change(raw);
    }))
}

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn locking(role: Role, amount: Amount, epochs: u64) -> Command {
    Command::LockBond(LockBond { role, amount, epochs: Epochs::new(epochs) })
}

fn lock(world: &mut World, name: &str, count: u64, epochs: u64) {
    world.ok(name, locking(ROLE, tokens(count), epochs));
}

fn unbond(world: &mut World, name: &str, amount: Amount) -> Result<(), Rejected> {
    world.send(name, Command::Unbond(Unbond { role: ROLE, amount }))
}

fn weight(world: &World, name: &str) -> Amount {
    world.state.vote_weight(world.operator(name, ROLE))
}

fn epochs(world: &mut World, count: u64) {
    votes::until(world, world.state.epoch().after(Epochs::new(count)));
}

/// NO1: nosana-ci/nosana-programs, programs/nosana-staking: xNOS is the stake times
/// 1 + duration / (4 · 365 days / 12), published to four digits.
#[test]
fn no1_a_lock_multiplies_a_vote_as_in_nosana() {
    for (days, published) in
        [(14, 11_151), (30, 12_466), (91, 17_479), (182, 24_959), (365, 40_000)]
    {
        let mut world = world(|_| {});
        lock(&mut world, "P1", 50_000, days);
        let weight = weight(&world, "P1").units();
        let multiple = u128::from(weight) * 100_000 / u128::from(tokens(50_000).units());
        assert_eq!((multiple + 5) / 10, published, "{days} days");
    }
}

/// The same in a vote: it begins with the next epoch but one, when so much less is left.
#[test]
fn no1_the_multiple_is_what_a_ballot_counts() {
    for (days, published) in [(14, 11_151), (30, 12_466), (91, 17_479), (182, 24_959)] {
        let mut world = world(|_| {});
        lock(&mut world, "P1", 50_000, days + 1);
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        vote(&mut world, "P1", id, Yes);
        vote(&mut world, "P2", id, No);
        let Tally { yes, no, .. } = tally(&world, id);
        assert_eq!(no, tokens(50_000));
        let multiple = u128::from(yes.units()) * 100_000 / u128::from(no.units());
        assert_eq!((multiple + 5) / 10, published, "{days} days");
        // Thirteen bonds of 50,000, one of which weighs more.
        let others = tokens(12 * 50_000);
        let power = world.state.proposal(id).expect("open").power;
        assert_eq!(power.checked_sub(others).expect("more").units().abs_diff(yes.units()), 1);
    }
}

#[test]
fn what_is_locked_stays_until_the_end_and_may_leave_from_then_on() {
    let mut world = world(|_| {});
    lock(&mut world, "P1", 30_000, 3);
    let until = Epoch::new(3);
    let (wanted, unlocked) = (tokens(20_001), tokens(20_000));
    let refused = Err(Rejected::Unbond(UnbondRejected::Locked { wanted, unlocked, until }));
    assert_eq!(unbond(&mut world, "P1", wanted), refused);
    assert_eq!(world.state.unbondable(world.operator("P1", ROLE)), tokens(20_000));
    assert_eq!(unbond(&mut world, "P1", tokens(15_000)), Ok(()));
    // What is bonded anew is not locked.
    world.ok("P1", Command::Bond(Bond { role: ROLE, amount: tokens(1_000) }));
    assert_eq!(world.state.unbondable(world.operator("P1", ROLE)), tokens(6_000));
    votes::until(&mut world, until);
    let ended = world.seen(|event| match event {
        Event::LockEnded { amount, .. } => Some(*amount),
        _ => None,
    });
    assert_eq!(ended, [tokens(30_000)]);
    assert_eq!(weight(&world, "P1"), tokens(36_000));
    assert_eq!(unbond(&mut world, "P1", tokens(36_000)), Ok(()));
}

/// Law: a lock made longer twice is one that was made longer once, and so is a larger one.
#[test]
fn a_lock_that_grew_by_steps_is_the_one_that_grew_at_once() {
    let rows = |steps: &[(u64, u64)]| {
        let mut world = world(|_| {});
        steps.iter().for_each(|(count, epochs)| lock(&mut world, "P1", *count, *epochs));
        world.state.operator(world.operator("P1", ROLE)).expect("bonded").clone()
    };
    let once = rows(&[(20_000, 300)]);
    assert_eq!(rows(&[(20_000, 5), (20_000, 300)]), once);
    assert_eq!(rows(&[(5, 5), (20_000, 6), (20_000, 300)]), once);
    assert_eq!(rows(&[(5, 300), (6, 300), (20_000, 300)]), once);
    assert_eq!(rows(&[(20_000, 300), (20_000, 300)]), once, "the same again changes nothing");
}

/// A wrong result takes 40 % of all of P1's stake: locked or not, as much.
fn convicted(world: &mut World, name: &str) -> SlashId {
    let job = world.assign(world.terms(), &[(name, 10)]);
    world.commit(name, job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal(name, job, root(Some(3)), root(None));
    world.play(name, job, 3, true);
    world.state.slashes().map(|(id, _)| id).last().expect("convicted")
}

fn harsh(raw: &mut RawParams) {
    raw.slashing.wrong_result = Ratio::percent(40);
    raw.slashing.copied_root = Ratio::percent(40);
}

#[test]
fn a_slash_takes_of_a_locked_bond_what_it_takes_of_any_and_the_promise_stays() {
    let lost = |locked: u64| {
        let mut world = world(harsh);
        if 0 < locked {
            lock(&mut world, "P1", locked, 100);
        }
        let before = world.wealth("P1");
        convicted(&mut world, "P1");
        (before - world.wealth("P1"), world)
    };
    let (taken, _) = lost(0);
    for locked in [1, 25_000, 50_000] {
        let (also, mut world) = lost(locked);
        assert_eq!(also, taken);
        let row = world.state.operator(world.operator("P1", ROLE)).expect("bonded").clone();
        assert_eq!(row.locked(), tokens(locked).min(row.stake), "all that is left, at most");
        assert_eq!(row.unlocked(), row.stake.saturating_sub(tokens(locked)));
        assert_eq!(weight(&world, "P1"), Amount::ZERO, "of whom a slash waits says nothing");
        // What is bonded after it is locked as far as the promise goes.
        world.ok("P1", Command::Bond(Bond { role: ROLE, amount: tokens(30_000) }));
        let row = world.state.operator(world.operator("P1", ROLE)).expect("bonded");
        assert_eq!(row.locked(), tokens(locked));
        // It is jailed, too: that frees nothing, and no longer than was promised.
        assert_eq!(world.state.unbondable(world.operator("P1", ROLE)), row.unlocked());
        epochs(&mut world, 100);
        let row = world.state.operator(world.operator("P1", ROLE)).expect("bonded");
        assert!(row.locked().is_zero());
        let all = row.stake;
        assert_eq!(unbond(&mut world, "P1", all), Ok(()));
    }
}

#[test]
fn a_slash_that_is_undone_leaves_lock_and_weight_as_they_were() {
    let end = |convicts: bool| {
        let mut world = world(harsh);
        lock(&mut world, "P1", 40_000, 200);
        if convicts {
            let slash = convicted(&mut world, "P1");
            let next = world.state.proposal_count();
            world.ok("V1", Command::Bond(Bond { role: Role::Validator, amount: tokens(1) }));
            world.ok("P1", Command::AppealSlash(AppealSlash { slash, report: Digest([7; 32]) }));
            let id = ProposalId::new(u64::try_from(next).expect("few"));
            pass(&mut world, id);
            VALIDATORS.iter().for_each(|name| vote(&mut world, name, id, Yes));
            pass(&mut world, id);
            assert_eq!(stage(&world, id), ProposalStage::Granted);
        }
        votes::until(&mut world, Epoch::new(20));
        let row = world.state.operator(world.operator("P1", ROLE)).expect("bonded").clone();
        (row.lock.amount, row.lock.until, row.stake, weight(&world, "P1"))
    };
    assert_eq!(end(true), end(false));
}

/// 16 tokens an epoch for stake, all of it for the four providers.
fn paid_by_stake(raw: &mut RawParams) {
    raw.rewards.schedule = 1;
    raw.rewards.epoch_amount = tokens(16);
    (raw.rewards.stake_share, raw.rewards.validator_share) = (Ratio::ONE, Ratio::ZERO);
    raw.rewards.lock_weighs = 1;
}

fn earned(world: &World, name: &str) -> u64 {
    world.state.vesting(world.operator(name, ROLE)).total().units()
}

/// Of 200,000 tokens P1 has 50,000, which it locks for ten epochs of ten at four times the weight.
/// When the first epoch is over nine are left: 185,000 of 335,000; then 170,000 of 320,000.
#[test]
fn what_is_locked_earns_by_what_is_left_where_a_network_says_so() {
    let ten = |raw: &mut RawParams| {
        paid_by_stake(raw);
        raw.staking.lock_epochs_max = Epochs::new(10);
    };
    let mut world = world(ten);
    lock(&mut world, "P1", 50_000, 10);
    let whole = tokens(16).units();
    let [mut first, mut other] = [0, 0];
    for left in (0..=11u64).rev().skip(2) {
        epochs(&mut world, 1);
        let own = 50_000 + 15_000 * left;
        first += whole * own / (150_000 + own);
        other += whole * 50_000 / (150_000 + own);
        let found = [earned(&world, "P1"), earned(&world, "P2")];
        let near = |of: usize, exact: u64| found[of].abs_diff(exact) < 40;
        assert!(near(0, first) && near(1, other), "{found:?}: {first}, {other}, {left} left");
    }
    let locked = world.state.operator(world.operator("P1", ROLE)).expect("bonded").locked();
    assert!(locked.is_zero(), "over");
    let shared: u64 = ["P1", "P2", "P3", "P4"].map(|name| earned(&world, name)).iter().sum();
    assert!(shared <= world.state.emitted().units());
    // Where it does not weigh, all are paid alike.
    let mut alike = self::world(|raw| {
        ten(raw);
        raw.rewards.lock_weighs = 0;
    });
    lock(&mut alike, "P1", 50_000, 10);
    epochs(&mut alike, 5);
    assert_eq!(earned(&alike, "P1"), earned(&alike, "P2"));
}

fn propose_of(world: &mut World, path: &str, value: u64) -> Result<(), Rejected> {
    let changes = vec![ParamChange { path: path.into(), value }];
    world.send("R", Command::Propose(Propose { changes, audit: Digest::ZERO }))
}

/// Else what is left of it would weigh more than the most.
#[test]
fn the_longest_lock_may_not_fall_below_what_is_left_of_one_while_locks_weigh() {
    let mut world = world(|_| {});
    lock(&mut world, "P1", 1, 100);
    epochs(&mut world, 40);
    let relation = Relation::LockOrder;
    let broken = BrokenRelation { relation, got: 60, bound: 59 };
    let refused = Err(Rejected::Propose(ProposeRejected::RelationBroken(broken)));
    assert_eq!(propose_of(&mut world, "staking.lock_epochs_max", 59), refused);
    assert_eq!(propose_of(&mut world, "staking.lock_epochs_max", 60), Ok(()));
    let changes = [("staking.lock_epochs_max", 0), ("staking.lock_boost", 1_000_000_000)];
    let off = propose(&mut world, "R", &changes);
    votes::accept(&mut world, &[off]);
    pass(&mut world, off);
    assert!(matches!(stage(&world, off), ProposalStage::Executed(_)));
    // No lock weighs any more, none is made; what was promised stays until its end.
    assert_eq!(weight(&world, "P1"), tokens(50_000));
    assert!(world.send("P1", locking(ROLE, tokens(2), 1)).is_err());
    assert_eq!(world.state.unbondable(world.operator("P1", ROLE)), tokens(49_999));
    epochs(&mut world, 60);
    assert_eq!(unbond(&mut world, "P1", tokens(50_000)), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..<_>::default() })]

    /// A vote counts, of each stake, what a walk gives it.
    #[test]
    fn every_ballot_weighs_what_a_walk_gives_it(
        locks in proptest::collection::vec((0..4usize, 1..=50_000u64, 1..=300u64, 0..3u64), 0..8),
    ) {
        const NAMES: [&str; 4] = ["P1", "P2", "P3", "P4"];
        let mut world = world(|_| {});
        let mut promised = [(0, 0); 4];
        for (who, count, length, later) in locks {
            if world.send(NAMES[who], locking(ROLE, tokens(count), length)).is_ok() {
                promised[who] = (count, world.state.epoch().count() + length);
            }
            epochs(&mut world, later);
        }
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        let now = world.state.epoch().count();
        let choices = [Yes, No, Abstain, Veto];
        for who in 0..4 {
            vote(&mut world, NAMES[who], id, choices[who]);
        }
        let found = tally(&world, id);
        for (choice, (count, until)) in choices.into_iter().zip(promised) {
            let left = u64::saturating_sub(until, now);
            let adds = u128::from(tokens(count).units()) * 3 * u128::from(left) / 365;
            let expected = u128::from(tokens(50_000).units()) + adds;
            prop_assert_eq!(u128::from(found.of(choice).units()), expected);
        }
    }
}
