//! Stake that moves from one operator to another: it answers for both until the first one's past is
//! judged, moves once, and earns where it went.

use earnest_testkit::world;

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Epochs, Event, Factor, Gas, JobId, Ratio, RawParams, Rejected,
    Role,
    command::*,
    market::Phase,
    staking::{RedelegateRejected, Standing},
};
use proptest::prelude::*;
use world::{World, params_with, root};

const ROLE: Role = Role::Provider;
const TOKEN: u64 = 1_000_000_000;
/// What whoever is lean has: what it locks for a job of a hundred tokens.
const COLLATERAL: u64 = 21_847_297_226;
/// Blocks until whatever moved is free: the wait is 12 epochs of 50 blocks, in spans of 3.
const WAIT: u64 = 50 * 16;

/// A conviction costs half of what is free; a hundred times the own stake may be delegated.
fn harsh(raw: &mut RawParams) {
    raw.market.take = Ratio::ZERO;
    raw.staking.delegation_max = Factor::percent(10_000);
    raw.staking.provider_bond_min = Amount::tokens(1);
    // Jobs are small, so that the wait is short.
    raw.staking.unbonding_epochs = Epochs::new(12);
    // R4 counts a request for each chunk of an output.
    raw.market.chunks_max = 4;
    raw.market.work_bound_max = Gas::new(1_000_000_000);
    (raw.verification.auditors_max, raw.verification.redraws) = (2, 0);
    raw.verification.disputes_max = 1;
    raw.verification.clock_blocks = Blocks::new(2);
    raw.verification.data_requests_max = 1;
    (raw.slashing.wrong_result, raw.slashing.copied_root) =
        (Ratio::percent(50), Ratio::percent(50));
    raw.slashing.share_max = Ratio::percent(50);
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

fn delegate(world: &mut World, name: &str, to: &str, units: u64) {
    world.opens(to, ROLE);
    let (operator, amount) = (world.id(to), amount(units));
    world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
}

fn redelegate(world: &World, from: &str, to: &str, units: u64) -> Command {
    let (source, target) = (world.id(from), world.id(to));
    Command::Redelegate(Redelegate { source, target, role: ROLE, amount: amount(units) })
}

fn goes(world: &mut World, name: &str, from: &str, to: &str, units: u64) {
    world.opens(to, ROLE);
    let command = redelegate(world, from, to, units);
    world.ok(name, command);
}

/// What a name has in an operator's pool, and bound on its way there, in base units.
fn with(world: &World, name: &str, to: &str) -> (u64, u64) {
    let held = world.state.delegation(world.id(name), world.operator(to, ROLE));
    held.map_or((0, 0), |held| {
        let bound = world.state.moved(held).map(|(_, amount, ..)| amount.units()).sum();
        (world.state.delegated(held).units(), bound)
    })
}

fn earned(world: &World, name: &str, to: &str) -> u64 {
    let held = world.state.delegation(world.id(name), world.operator(to, ROLE));
    held.map_or(0, |held| world.state.delegation_earned(held).units())
}

/// All that `who` has of its own is the collateral of one job: the rest has left for good.
fn lean(world: &mut World, who: &str) {
    let left = amount(world.free_bond(who).checked_sub(COLLATERAL).expect("it has more"));
    world.ok(who, Command::Unbond(Unbond { role: ROLE, amount: left }));
    world.blocks(WAIT);
}

/// `who`, which is lean, wins a job that takes all that it has.
fn assigned(world: &mut World, who: &str) -> JobId {
    let job = accepted(world, who, 100 * TOKEN);
    assert_eq!(world.free_bond(who), 0);
    job
}

/// `who` wins a job alone and accepts it.
fn accepted(world: &mut World, who: &str, pay: u64) -> JobId {
    let mut terms = world.terms();
    (terms.price_max, terms.deadline_blocks) = (amount(pay), Blocks::new(90));
    let job = world.post(terms);
    let (price, salt) = (amount(pay), Digest([5; 32]));
    let seal = world.seal_bid(who, job, price);
    world.ok(who, Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    world.ok(who, Command::RevealBid(RevealBid { job, price, salt }));
    world.until_phase(job, Phase::Offered);
    world.block();
    world.ok(who, Command::AcceptJob(AcceptJob { job }));
    job
}

/// A result is wrong and two auditors convict it.
fn convict(world: &mut World, who: &str, job: JobId) {
    let wrong = root(Some(3));
    world.commit(who, job, wrong);
    world.audit(job, root(None));
    world.reveal(who, job, wrong, root(None));
    world.play(who, job, 3, true);
}

/// A result is right and paid.
fn work(world: &mut World, who: &str, pay: u64) {
    let job = accepted(world, who, pay);
    world.commit(who, job, root(None));
    world.audit(job, root(None));
    world.reveal(who, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
}

fn shares_all(world: &mut World, who: &str) {
    let (rate, ceiling) = (Ratio::ZERO, Ratio::ZERO);
    world.ok(who, Command::SetCommission(SetCommission { role: ROLE, rate, ceiling }));
}

#[test]
fn moved_stake_answers_for_what_the_operator_that_it_left_had_accepted() {
    for moves_first in [false, true] {
        let mut world = World::new(params_with(harsh));
        lean(&mut world, "P1");
        delegate(&mut world, "W", "P1", 1_000 * TOKEN);
        if moves_first {
            goes(&mut world, "W", "P1", "P2", 600 * TOKEN);
        }
        let job = assigned(&mut world, "P1");
        if !moves_first {
            goes(&mut world, "W", "P1", "P2", 600 * TOKEN);
        }
        convict(&mut world, "P1", job);
        let bound = if moves_first { 600 } else { 300 };
        assert_eq!(with(&world, "W", "P1"), (200 * TOKEN, 0));
        assert_eq!(with(&world, "W", "P2"), (0, bound * TOKEN));
    }
}

#[test]
fn moved_stake_answers_for_the_operator_that_it_went_to_at_once() {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, "P2");
    delegate(&mut world, "W", "P1", 100 * TOKEN);
    delegate(&mut world, "X", "P2", 100 * TOKEN);
    let job = assigned(&mut world, "P2");
    goes(&mut world, "W", "P1", "P2", 60 * TOKEN);
    convict(&mut world, "P2", job);
    assert_eq!(with(&world, "X", "P2"), (50 * TOKEN, 0), "as who was there before");
    assert_eq!(with(&world, "W", "P2"), (0, 30 * TOKEN));
    assert_eq!(with(&world, "W", "P1"), (40 * TOKEN, 0));
}

#[test]
fn one_who_answers_for_two_operators_pays_for_both() {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, "P1");
    lean(&mut world, "P2");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    let first = assigned(&mut world, "P1");
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    convict(&mut world, "P1", first);
    let second = assigned(&mut world, "P2");
    convict(&mut world, "P2", second);
    assert_eq!(with(&world, "W", "P2"), (0, 250 * TOKEN));
    world.state.check_invariants().expect("two slashes are lawful");
}

#[test]
fn what_moved_moves_no_further_until_it_is_free_and_then_it_does() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    assert_eq!(with(&world, "W", "P2"), (0, 1_000 * TOKEN));
    assert_eq!(with(&world, "W", "P1"), (0, 0));
    let hop = redelegate(&world, "P2", "P3", 10 * TOKEN);
    let refused = world.send("W", hop);
    let free = RedelegateRejected::StillBound { wanted: amount(10 * TOKEN), free: Amount::ZERO };
    assert_eq!(refused, Err(Rejected::Redelegate(free)));
    let (operator, amount) = (world.id("P2"), amount(10 * TOKEN));
    let leave = Command::Undelegate(Undelegate { operator, role: ROLE, amount });
    assert!(world.send("W", leave.clone()).is_err(), "nor does it leave before");

    world.blocks(WAIT);
    assert_eq!(with(&world, "W", "P2"), (1_000 * TOKEN, 0));
    world.ok("W", leave);
    goes(&mut world, "W", "P2", "P3", 990 * TOKEN);
    assert_eq!(with(&world, "W", "P3"), (0, 990 * TOKEN));
    world.blocks(WAIT);
    let withdraw = WithdrawDelegation { operator, role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw));
    assert_eq!(world.state.delegations().count(), 1, "only the last is left");
}

#[test]
fn what_moved_earns_where_it_went_bound_and_free_as_who_was_there() {
    let mut world = World::new(params_with(harsh));
    shares_all(&mut world, "P2");
    delegate(&mut world, "X", "P2", 1_000 * TOKEN);
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    for round in 1..=2u64 {
        work(&mut world, "P2", 9 * TOKEN);
        let (there, moved) = (earned(&world, "X", "P2"), earned(&world, "W", "P2"));
        assert!(there > 0 && there.abs_diff(moved) <= 2, "{round}: {there} and {moved}");
        world.blocks(WAIT);
    }
    let operator = world.id("P2");
    let (before, due) = (world.wealth("W"), earned(&world, "W", "P2"));
    let withdraw = WithdrawDelegation { operator, role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw));
    assert_eq!((earned(&world, "W", "P2"), world.wealth("W")), (0, before - 2_000));
    let paid = world.seen(|event| match event {
        Event::DelegationRewarded { amount, .. } => Some(amount.units()),
        _ => None,
    });
    assert_eq!(paid, [due]);
}

#[test]
fn a_parcel_that_lost_everything_leaves_what_it_had_earned() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.slashing.share_max = Ratio::ONE;
        (raw.slashing.wrong_result, raw.slashing.copied_root) = (Ratio::ONE, Ratio::ONE);
    }));
    lean(&mut world, "P1");
    shares_all(&mut world, "P2");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    let job = assigned(&mut world, "P1");
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    work(&mut world, "P2", 9 * TOKEN);
    let due = earned(&world, "W", "P2");
    convict(&mut world, "P1", job);
    assert_eq!(with(&world, "W", "P2"), (0, 0));
    assert!(due > 0 && earned(&world, "W", "P2") == due);
    let withdraw = WithdrawDelegation { operator: world.id("P2"), role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw));
    assert_eq!(world.state.delegations().count(), 0);
    world.state.check_invariants().expect("nothing is left behind");
}

#[test]
fn what_joined_a_pool_that_lost_everything_has_no_part_in_the_next_ones_stake() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.slashing.share_max = Ratio::ONE;
        (raw.slashing.wrong_result, raw.slashing.copied_root) = (Ratio::ONE, Ratio::ONE);
    }));
    lean(&mut world, "P2");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    world.blocks(WAIT);
    assert_eq!(with(&world, "W", "P2"), (1_000 * TOKEN, 0), "it has joined, untouched since");
    let job = assigned(&mut world, "P2");
    convict(&mut world, "P2", job);
    assert_eq!(with(&world, "W", "P2"), (0, 0));

    world.blocks(50 * 30);
    world.ok("P2", Command::Bond(Bond { role: ROLE, amount: Amount::tokens(100) }));
    world.ok("P2", Command::Unjail(Unjail { role: ROLE }));
    delegate(&mut world, "X", "P2", 1_000 * TOKEN);
    assert_eq!(with(&world, "X", "P2"), (1_000 * TOKEN, 0));
    assert_eq!(with(&world, "W", "P2"), (0, 0), "a newcomer's stake is its own");
    work(&mut world, "P2", 9 * TOKEN);
    assert_eq!((earned(&world, "W", "P2"), earned(&world, "X", "P2") > 0), (0, true));
    world.state.check_invariants().expect("every law holds");
}

#[test]
fn who_moves_all_of_it_is_still_paid_what_it_had_earned() {
    let mut world = World::new(params_with(harsh));
    shares_all(&mut world, "P1");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    work(&mut world, "P1", 9 * TOKEN);
    let due = earned(&world, "W", "P1");
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    assert!(due > 0 && earned(&world, "W", "P1") == due);
    let before = world.wealth("W");
    let withdraw = WithdrawDelegation { operator: world.id("P1"), role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw));
    assert!(world.wealth("W") < before, "its wealth had it already, and a fee was paid");
    let paid = world.seen(|event| match event {
        Event::DelegationRewarded { amount, .. } => Some(amount.units()),
        _ => None,
    });
    assert_eq!(paid, [due]);
    assert_eq!(world.state.delegations().count(), 1, "what is empty and paid is forgotten");
}

/// As of those who leave, the last of those who move together settles what they answer for.
#[test]
fn a_parcel_answers_for_what_was_accepted_before_the_last_who_moved_with_it() {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, "P1");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    delegate(&mut world, "X", "P1", 1_000 * TOKEN);
    while !world.state.epoch().count().is_multiple_of(3) {
        world.block();
    }
    goes(&mut world, "W", "P1", "P2", 400 * TOKEN);
    let job = assigned(&mut world, "P1");
    // The least that may be delegated stays.
    goes(&mut world, "X", "P1", "P2", 999 * TOKEN);
    convict(&mut world, "P1", job);
    assert_eq!(with(&world, "W", "P2"), (0, 200 * TOKEN));
    assert_eq!(with(&world, "X", "P2"), (0, 499 * TOKEN + TOKEN / 2));
    world.state.check_invariants().expect("every law holds");
}

/// What a slash took from a parcel comes back to those who lost it: until it is final, nobody joins
/// them in that span.
#[test]
fn nobody_joins_a_parcel_that_lost_while_the_slash_may_still_be_undone() {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, "P1");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    delegate(&mut world, "X", "P1", 1_000 * TOKEN);
    // A span of three epochs begins.
    while !world.state.epoch().count().is_multiple_of(3) {
        world.block();
    }
    let job = assigned(&mut world, "P1");
    goes(&mut world, "W", "P1", "P2", 500 * TOKEN);
    convict(&mut world, "P1", job);
    assert_eq!(with(&world, "W", "P2"), (0, 250 * TOKEN));
    let late = redelegate(&world, "P1", "P2", 100 * TOKEN);
    let why = world.send("X", late.clone()).expect_err("the slash waits");
    assert_eq!(why, Rejected::Redelegate(RedelegateRejected::SlashWaits));
    world.blocks(150);
    world.ok("X", late);
    assert_eq!(with(&world, "X", "P2"), (0, 100 * TOKEN));
}

/// What W has left of 1,000 tokens, in the pool, leaving and bound elsewhere, after two of P1's
/// results were convicted while nothing of P1's own was free.
fn after_two(first_goes_first: bool, leaves: u64, goes_on: u64) -> Vec<u64> {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, "P1");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    let one = assigned(&mut world, "P1");
    // Just the collateral of another: what is its own and free would be lost first.
    let stake = world.state.operator(world.operator("P1", ROLE)).expect("bonded").stake;
    world.ok("P1", Command::Bond(Bond { role: ROLE, amount: stake }));
    let other = assigned(&mut world, "P1");
    let (operator, amount) = (world.id("P1"), amount(leaves));
    world.ok("W", Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
    goes(&mut world, "W", "P1", "P2", goes_on);
    let order = if first_goes_first { [one, other] } else { [other, one] };
    order.into_iter().for_each(|job| convict(&mut world, "P1", job));
    let held = world.state.delegation(world.id("W"), world.operator("P1", ROLE)).expect("held");
    let left = world.state.leaving(held).map(|(_, amount, _)| amount.units());
    [left.collect(), vec![with(&world, "W", "P1").0, with(&world, "W", "P2").1]].concat()
}

/// What several names have after all they delegated to P1 moved to P2 and a conviction of either.
fn after(parts: &[(&str, u64)], culprit: &str, waits: bool) -> Vec<u64> {
    let mut world = World::new(params_with(harsh));
    lean(&mut world, culprit);
    for &(name, units) in parts {
        delegate(&mut world, name, "P1", units);
    }
    let job = assigned(&mut world, culprit);
    for &(name, units) in parts {
        goes(&mut world, name, "P1", "P2", units);
    }
    convict(&mut world, culprit, job);
    if waits {
        world.blocks(WAIT);
    }
    world.state.check_invariants().expect("a slash is lawful");
    let has = |name: &str| {
        let (there, bound) = with(&world, name, "P2");
        there + bound
    };
    parts.iter().map(|(name, _)| has(name)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_two_convictions_does_not_matter(
        leaves in TOKEN..400 * TOKEN,
        goes_on in TOKEN..400 * TOKEN,
    ) {
        let (one, other) = (after_two(true, leaves, goes_on), after_two(false, leaves, goes_on));
        for (left, right) in one.iter().zip(&other) {
            prop_assert!(left.abs_diff(*right) <= 2, "{:?} or {:?}", one, other);
        }
    }

    #[test]
    fn many_who_move_and_one_of_their_sum_lose_the_same_to_a_unit_each(
        parts in proptest::collection::vec(TOKEN..90 * TOKEN, 2..4),
        of_source in any::<bool>(),
        waits in any::<bool>(),
    ) {
        let names = ["W", "X", "P3"];
        let split: Vec<(&str, u64)> = names.into_iter().zip(parts.iter().copied()).collect();
        let culprit = if of_source { "P1" } else { "P2" };
        let one = after(&[("W", parts.iter().sum())], culprit, waits)[0];
        let many: u64 = after(&split, culprit, waits).iter().sum();
        prop_assert!(many <= one + 1 && one <= many + 2 * parts.len() as u64, "{} {}", many, one);
    }
}

#[test]
fn a_parcel_joins_no_pool_while_a_slash_may_still_be_undone() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.slashing.engine_stay_epochs = Epochs::new(23);
        raw.staking.unbonding_epochs = Epochs::new(40);
    }));
    lean(&mut world, "P2");
    world.blocks(50 * 30);
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    let held = world.state.delegation(world.id("W"), world.operator("P2", ROLE)).expect("moved");
    let due = world.state.moved(held).next().expect("bound").3;
    while world.state.epoch().count() + 12 < due.count() {
        world.block();
    }
    let job = assigned(&mut world, "P2");
    convict(&mut world, "P2", job);
    assert!(world.state.epoch() < due, "convicted before it was to join");
    while world.state.epoch() <= due {
        world.block();
    }
    assert_eq!(with(&world, "W", "P2"), (0, 500 * TOKEN), "what is given back is its own");
    world.blocks(50 * 25);
    assert_eq!(with(&world, "W", "P2"), (500 * TOKEN, 0));
}

/// Two operators that are convicted of one result, again and again, hold each other's slashes
/// (C13), for as long as they care to pay for it: whoever moved away from one is free all the same.
#[test]
fn nobody_is_bound_for_as_long_as_others_care_to_be_convicted() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.jail_epochs = Epochs::new(20);
        raw.slashing.engine_hold_epochs = Epochs::new(24);
        raw.staking.unbonding_epochs = Epochs::new(40);
    }));
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    let held = world.state.delegation(world.id("W"), world.operator("P2", ROLE)).expect("moved");
    let due = world.state.moved(held).next().expect("bound").3;
    let free = due.after(Epochs::new(24));
    while world.state.epoch().count() + 20 < due.count() {
        world.block();
    }
    let waits = |world: &World, who| {
        let pool = world.state.delegation_pool(world.operator(who, ROLE)).expect("bonded");
        pool.slashes_waiting > 0
    };
    while world.state.epoch() < free {
        for who in ["P1", "P3"] {
            let operator = world.state.operator(world.operator(who, ROLE)).expect("bonded");
            if matches!(operator.standing, Standing::Jailed(until) if until <= world.state.epoch())
            {
                world.ok(who, Command::Unjail(Unjail { role: ROLE }));
            }
            if world.state.operator(world.operator(who, ROLE)).expect("bonded").may_work() {
                let job = accepted(&mut world, who, 10 * TOKEN);
                convict(&mut world, who, job);
            }
        }
        world.block();
        if due <= world.state.epoch() && world.state.epoch() < free {
            assert!(waits(&world, "P1"), "it is held in {:?}", world.state.epoch());
            assert_eq!(with(&world, "W", "P2"), (0, 1_000 * TOKEN));
        }
    }
    assert!(waits(&world, "P1"), "it is held still");
    assert_eq!(with(&world, "W", "P2"), (1_000 * TOKEN, 0));
}

#[test]
fn what_is_bound_is_paid_once_for_what_it_earned() {
    let mut world = World::new(params_with(harsh));
    shares_all(&mut world, "P2");
    delegate(&mut world, "W", "P1", 1_000 * TOKEN);
    goes(&mut world, "W", "P1", "P2", 1_000 * TOKEN);
    work(&mut world, "P2", 9 * TOKEN);
    assert!(earned(&world, "W", "P2") > 0);
    let withdraw = WithdrawDelegation { operator: world.id("P2"), role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw.clone()));
    assert_eq!(earned(&world, "W", "P2"), 0);
    assert!(world.send("W", Command::WithdrawDelegation(withdraw)).is_err(), "it was paid");
    assert_eq!(with(&world, "W", "P2"), (0, 1_000 * TOKEN));
}
