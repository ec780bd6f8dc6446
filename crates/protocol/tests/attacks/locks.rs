//! Attacks on locks (L1 to L7): weight without the time that it stands for, and ways out.

use earnest_protocol::{
    Amount, Command, Epochs, Event, Factor, OperatorId, Ratio, RawParams, Rejected, Role,
    command::{BallotChoice::*, Bond, CancelUnbond, LockBond, Transfer, Unbond},
    ledger::Pot,
    market::Phase,
    staking::{LockBondRejected, UnbondRejected},
};
use earnest_testkit::votes::{self, params_with, pass, propose, tally, vote};
use proptest::prelude::*;

use crate::world::{World, root};

const ROLE: Role = Role::Provider;

fn locks(raw: &mut RawParams) {
    raw.staking.lock_boost = Factor::percent(400);
    raw.staking.lock_epochs_max = Epochs::new(100);
}

fn new() -> World {
    World::new(params_with(1, locks))
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

fn epochs(world: &mut World, count: u64) {
    votes::until(world, world.state.epoch().after(Epochs::new(count)));
}

/// L1 (M31): who sees a vote go wrong locks its bond, or makes its lock longer, once voting is
/// open: the vote counts locks as they stood when it began.
#[test]
fn l1_a_lock_that_comes_after_the_vote_began_adds_nothing_to_it() {
    let counted = |late: bool| {
        let mut world = new();
        lock(&mut world, "P1", 20_000, 50);
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        if late {
            lock(&mut world, "P1", 50_000, 100);
            lock(&mut world, "P2", 50_000, 100);
        }
        vote(&mut world, "P1", id, Yes);
        vote(&mut world, "P2", id, No);
        (tally(&world, id), world.state.proposal(id).expect("open").power)
    };
    assert_eq!(counted(true), counted(false));
}

/// L2: a lock for the longest, made once and nearly over, weighs next to nothing, so that nobody
/// votes with the weight of a year and leaves on the day after.
#[test]
fn l2_a_lock_that_is_nearly_over_weighs_next_to_nothing() {
    let mut world = new();
    lock(&mut world, "P1", 50_000, 100);
    epochs(&mut world, 98);
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    vote(&mut world, "P1", id, Yes);
    // One of a hundred epochs is left, of thrice its stake.
    assert_eq!(tally(&world, id).yes, tokens(50_000 + 1_500));
}

/// L3: weight for a day costs the whole time: who makes its lock longer on the eve of a vote is
/// in for that long, whatever it does next.
#[test]
fn l3_who_locks_on_the_eve_of_a_vote_stays_for_all_of_it() {
    let mut world = new();
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    lock(&mut world, "P1", 50_000, 100);
    pass(&mut world, id);
    vote(&mut world, "P1", id, Yes);
    assert_eq!(tally(&world, id).yes, tokens(50_000 + 148_500));
    pass(&mut world, id);
    let out = |world: &mut World| {
        let amount = Amount::UNIT;
        world.send("P1", Command::Unbond(Unbond { role: ROLE, amount }))
    };
    let shorter = Err(Rejected::LockBond(LockBondRejected::EndsSooner {
        wanted: world.state.epoch().after(Epochs::new(1)),
        until: earnest_protocol::Epoch::new(100),
    }));
    assert_eq!(world.send("P1", locking(ROLE, tokens(50_000), 1)), shorter);
    while world.state.epoch().count() < 99 {
        assert!(matches!(out(&mut world), Err(Rejected::Unbond(UnbondRejected::Locked { .. }))));
        epochs(&mut world, 1);
    }
    epochs(&mut world, 1);
    assert_eq!(out(&mut world), Ok(()));
}

/// L4: neither an offence, nor jail, nor unbonding before and bonding again, nor another role's
/// bond lets out what is locked.
#[test]
fn l4_there_is_no_way_out_but_time() {
    let mut world = World::new(params_with(1, |raw| {
        locks(raw);
        raw.staking.abandonments_to_jail = 1;
    }));
    // What leaves when the lock is made is not in it, and what comes back is free.
    let role = ROLE;
    world.ok("P1", Command::Unbond(Unbond { role, amount: tokens(10_000) }));
    lock(&mut world, "P1", 40_000, 60);
    world.ok("P1", Command::CancelUnbond(CancelUnbond { role, amount: tokens(10_000) }));
    let id = world.operator("P1", ROLE);
    assert_eq!(world.state.unbondable(id), tokens(10_000));
    // A bond of another role takes nothing out of this one.
    world.ok("P1", Command::Bond(Bond { role: Role::Validator, amount: tokens(200) }));
    assert_eq!(world.state.unbondable(id), tokens(10_000));
    // Collateral comes out of a locked bond as out of any, and goes back into it.
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let row = world.state.operator(id).expect("bonded");
    assert_eq!((row.locked(), row.stake), (tokens(40_000), tokens(50_000)));
    world.until_phase(job, Phase::Closed);
    let row = world.state.operator(id).expect("bonded").clone();
    assert!(!row.may_work(), "one job that was abandoned jails here");
    let unlocked = row.stake.saturating_sub(tokens(40_000));
    assert_eq!(world.state.unbondable(id), unlocked);
    let amount = unlocked.saturating_add(Amount::UNIT);
    let refused = world.send("P1", Command::Unbond(Unbond { role, amount }));
    assert!(matches!(refused, Err(Rejected::Unbond(UnbondRejected::Locked { .. }))));
    // Nor does it last longer for that.
    votes::until(&mut world, earnest_protocol::Epoch::new(60));
    assert_eq!(world.state.unbondable(id), row.stake);
}

/// L4, a known hole: whoever abandons a job of its own has what its slash compensates out of the
/// lock, at two tariffs a job, and loses what burns, a quarter at the least, and after some its
/// place.
#[test]
fn l4_who_abandons_a_job_of_its_own_has_its_compensation_out_of_the_lock() {
    let mut world = new();
    lock(&mut world, "P1", 50_000, 100);
    let id = world.operator("P1", ROLE);
    assert_eq!(world.state.unbondable(id), Amount::ZERO);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.until_phase(job, Phase::Closed);
    let slashed = world.seen(|event| match event {
        Event::Slashed { waterfall, .. } => Some(*waterfall),
        _ => None,
    });
    let [waterfall] = slashed[..] else { panic!("one is slashed: {slashed:?}") };
    let [amount, out, burnt] =
        [waterfall.amount, waterfall.compensation, waterfall.burnt].map(Amount::units);
    assert!(0 < out && amount <= burnt * 4 && out * 4 <= amount * 3, "{waterfall:?}");
    let left = tokens(50_000).saturating_sub(waterfall.amount);
    let row = world.state.operator(id).expect("bonded");
    assert_eq!((row.locked(), row.stake, world.state.unbondable(id)), (left, left, Amount::ZERO));
}

/// All that is decided by stake besides votes and emission.
fn seen_by_others(world: &World) -> Vec<String> {
    let rows = world.state.operators().map(|(id, row)| {
        let weight = if row.may_work() { row.stake } else { Amount::ZERO };
        let bond = world.state.balance(Pot::Bond(id));
        format!("{:?}", (weight, bond, row.outside, world.state.judge_reward(id), row.standing))
    });
    let sets = [Role::Provider, Role::Validator]
        .map(|role| world.state.active_set(role, earnest_protocol::command::ResourceClass::Cpu));
    rows.chain(sets.map(|set| format!("{set:?}"))).collect()
}

/// L5 (C5, M1): a boost raises no drawing, no bound, no collateral, no place in an active set and
/// no judge's share: the same jobs, one convicted, come to the same with every validator locked.
#[test]
fn l5_no_draw_bound_collateral_set_or_judges_share_sees_a_lock() {
    let lives = |locked: bool| {
        let mut world = World::new(params_with(1, |raw| {
            locks(raw);
            raw.slashing.insurance_share = Ratio::percent(50);
            raw.slashing.engine_stay_epochs = Epochs::new(1);
            (raw.verification.auditors_max, raw.verification.pool_min) = (2, 0);
            (raw.staking.providers_active_max, raw.staking.validators_active_max) = (3, 7);
        }));
        for name in ["V1", "V2", "V3", "V8"] {
            let command = match locked {
                true => locking(Role::Validator, tokens(50_000), 100),
                false => Command::Transfer(Transfer {
                    to: world.address("X"),
                    asset: earnest_protocol::Asset::Stake,
                    amount: Amount::UNIT,
                }),
            };
            world.ok(name, command);
        }
        for name in ["P1", "P4"] {
            if locked {
                lock(&mut world, name, 50_000, 100);
            }
        }
        let job = world.assign(world.terms(), &[("P1", 10)]);
        let quote = format!("{:?}", world.quote(job));
        let collateral = world.held(job, earnest_protocol::ledger::AssignmentPot::Collateral);
        world.commit("P1", job, root(Some(3)));
        let drawn = world.auditors(job);
        world.audit(job, root(None));
        world.reveal("P1", job, root(Some(3)), root(None));
        world.play("P1", job, 3, true);
        epochs(&mut world, 20);
        let slashed = world.seen(|event| match event {
            Event::Slashed { waterfall, .. } => Some(format!("{waterfall:?}")),
            _ => None,
        });
        (quote, collateral, drawn, slashed, seen_by_others(&world))
    };
    let (with, without) = (lives(true), lives(false));
    assert!(!without.3.is_empty(), "somebody was slashed");
    assert_eq!(with, without);
}

/// 100 tokens an epoch for all stake of providers.
fn paid(raw: &mut RawParams) {
    locks(raw);
    raw.rewards.schedule = 1;
    raw.rewards.epoch_amount = tokens(100);
    (raw.rewards.stake_share, raw.rewards.validator_share) = (Ratio::ONE, Ratio::ZERO);
    raw.rewards.lock_weighs = 1;
}

/// L6: locks of an epoch, made in each just before it ends, earn nothing more: what is left counts
/// when it is paid, and nothing is. More often is not more either.
#[test]
fn l6_locks_for_a_moment_earn_nothing() {
    let earned = |epochs_each: Option<u64>| {
        let mut world = World::new(params_with(1, paid));
        for _ in 0..10 {
            let end = world.state.height().count() / 50 * 50 + 49;
            while world.state.height().count() < end {
                world.block();
            }
            if let Some(each) = epochs_each {
                lock(&mut world, "P1", 50_000, each);
            }
            world.block();
        }
        world.state.vesting(world.operator("P1", ROLE)).total()
    };
    let [locked, unlocked] = [earned(Some(1)), earned(None)].map(Amount::units);
    // Who is settled more often loses the part of a unit each time.
    assert!(locked <= unlocked && unlocked < locked + 20, "{locked} and {unlocked}");
    // One epoch of a hundred left is three hundredths more.
    let (more, alike) = (earned(Some(2)).units(), earned(None).units());
    assert!(alike < more && more < alike + alike * 3 / 100, "{more} and {alike}");
}

/// Names of one hand with so much at stake each, the part of it that they lock and for how long:
/// what they weigh in a vote, and what they earned by stake.
fn hand(names: &[(&str, u64, u64, u64)]) -> (u64, u64) {
    let mut world = World::new(params_with(1, |raw| {
        paid(raw);
        raw.staking.provider_bond_min = tokens(1);
    }));
    for name in ["P1", "P2", "P3"] {
        let there = tokens(50_000);
        let (_, bond, ..) = names.iter().find(|row| row.0 == name).copied().unwrap_or_default();
        let amount = there.saturating_sub(tokens(bond));
        if !amount.is_zero() {
            world.ok(name, Command::Unbond(Unbond { role: ROLE, amount }));
        }
    }
    for (name, _, count, length) in names {
        if 0 < *count {
            lock(&mut world, name, *count, *length);
        }
    }
    epochs(&mut world, 5);
    let ids: Vec<OperatorId> = names.iter().map(|row| world.operator(row.0, ROLE)).collect();
    let sum = |of: &dyn Fn(OperatorId) -> Amount| ids.iter().map(|id| of(*id).units()).sum();
    (sum(&|id| world.state.vote_weight(id)), sum(&|id| world.state.vesting(id).total()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 10, ..<_>::default() })]

    /// L7 (M31): to split a bond, or a lock of it, into names gains no weight and no pay, and to
    /// lock a part is worth that part: both count linearly.
    #[test]
    fn l7_to_split_a_bond_or_a_lock_gains_nothing(
        bond in 2..25_000u64,
        part in 1..25_000u64,
        locked in 0..25_000u64,
        length in 1..=100u64,
    ) {
        let part = 1 + part % (bond - 1);
        let locked = locked % (bond + 1);
        let whole = hand(&[("P1", bond, locked, length)]);
        let in_first = locked.min(part);
        let split = hand(&[
            ("P1", part, in_first, length),
            ("P2", bond - part, locked - in_first, length),
        ]);
        prop_assert!(split.0 <= whole.0 && whole.0 <= split.0 + 2, "{split:?} and {whole:?}");
        prop_assert!(split.1 <= whole.1 + 1 && whole.1 <= split.1 + 20, "{split:?} and {whole:?}");
    }
}
