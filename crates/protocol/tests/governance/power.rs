//! Who counts for how much.

use earnest_protocol::{
    Amount, Blocks, Command, Epochs, Factor, RawParams, Rejected, Role,
    command::{BallotChoice::*, Bond, Delegate, PostJob, Redelegate, Transfer, Unbond, Undelegate},
    governance::{CastBallotRejected, Tally},
    market::Phase,
};
use earnest_testkit::votes::{ballot, params_with, pass, propose, tally, vote};
use earnest_testkit::world::World;

const ROLE: Role = Role::Provider;

fn allowed(raw: &mut RawParams) {
    raw.staking.delegation_max = Factor::ONE;
    raw.staking.provider_bond_min = Amount::tokens(1);
}

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn delegate(world: &mut World, name: &str, to: &str, count: u64) {
    world.opens(to, ROLE);
    let (operator, amount) = (world.id(to), tokens(count));
    world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
}

fn undelegate(world: &mut World, name: &str, from: &str, count: u64) {
    let (operator, amount) = (world.id(from), tokens(count));
    world.ok(name, Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
}

fn yes_no(yes: u64, no: u64) -> Tally {
    Tally { yes: tokens(yes), no: tokens(no), ..Tally::default() }
}

#[test]
fn a_delegator_takes_its_part_from_its_operator_whoever_votes_first() {
    for operator_first in [true, false] {
        let mut world = World::new(params_with(1, allowed));
        delegate(&mut world, "W", "P1", 300);
        delegate(&mut world, "X", "P1", 20);
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        if operator_first {
            vote(&mut world, "P1", id, Yes);
            assert_eq!(tally(&world, id), yes_no(50_320, 0));
        }
        vote(&mut world, "W", id, No);
        if !operator_first {
            assert_eq!(tally(&world, id), yes_no(0, 300));
            vote(&mut world, "P1", id, Yes);
        }
        assert_eq!(tally(&world, id), yes_no(50_020, 300), "X is silent: P1 speaks for it");
        vote(&mut world, "P1", id, No);
        assert_eq!(tally(&world, id), yes_no(0, 50_320));
        vote(&mut world, "W", id, Yes);
        assert_eq!(tally(&world, id), yes_no(300, 50_020));
    }
}

#[test]
fn an_operator_that_delegates_to_another_and_to_itself_counts_once() {
    let mut world = World::new(params_with(1, allowed));
    delegate(&mut world, "P2", "P1", 300);
    delegate(&mut world, "P2", "P2", 7);
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    vote(&mut world, "P2", id, No);
    vote(&mut world, "P1", id, Yes);
    assert_eq!(tally(&world, id), yes_no(50_000, 50_307));
}

#[test]
fn stake_that_leaves_or_comes_after_the_vote_began_changes_nothing() {
    let mut world = World::new(params_with(1, allowed));
    delegate(&mut world, "W", "P1", 300);
    let amount = tokens(50_000 - 10);
    world.ok("P2", Command::Unbond(Unbond { role: ROLE, amount }));
    undelegate(&mut world, "W", "P1", 100);
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    // What left before has no voice, what comes now none either.
    world.ok("P2", Command::Bond(Bond { role: ROLE, amount: tokens(5_000) }));
    delegate(&mut world, "W", "P1", 1_000);
    undelegate(&mut world, "W", "P1", 500);
    vote(&mut world, "P2", id, Yes);
    vote(&mut world, "W", id, No);
    assert_eq!(tally(&world, id), yes_no(10, 200));
}

#[test]
fn the_same_stake_does_not_vote_twice_by_moving() {
    let mut world = World::new(params_with(1, allowed));
    delegate(&mut world, "W", "P1", 300);
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    vote(&mut world, "W", id, Yes);
    world.opens("P2", ROLE);
    let (source, target) = (world.id("P1"), world.id("P2"));
    let amount = tokens(300);
    world.ok("W", Command::Redelegate(Redelegate { source, target, role: ROLE, amount }));
    let (to, asset) = (world.address("X"), world.state.assets().payment());
    let amount = tokens(60_000);
    world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
    delegate(&mut world, "X", "P2", 1_000);
    let refused = world.send("X", ballot(id, Yes));
    assert_eq!(refused, Err(Rejected::CastBallot(CastBallotRejected::NoPower)));
    vote(&mut world, "P2", id, Yes);
    vote(&mut world, "P1", id, Yes);
    assert_eq!(tally(&world, id), yes_no(100_300, 0));
}

#[test]
fn moved_stake_votes_where_it_moved_to_before_the_vote_began() {
    let mut world = World::new(params_with(1, allowed));
    delegate(&mut world, "W", "P1", 300);
    world.opens("P2", ROLE);
    let (source, target) = (world.id("P1"), world.id("P2"));
    let amount = tokens(200);
    world.ok("W", Command::Redelegate(Redelegate { source, target, role: ROLE, amount }));
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    vote(&mut world, "P1", id, No);
    vote(&mut world, "P2", id, Yes);
    assert_eq!(tally(&world, id), yes_no(50_200, 50_100));
    vote(&mut world, "P2", id, No);
    vote(&mut world, "W", id, Yes);
    assert_eq!(tally(&world, id), yes_no(300, 100_000), "what is on its way is taken from P2");
}

/// Who has left a job undone may not work, and none of what is behind it votes.
#[test]
fn stake_that_may_not_work_when_the_vote_begins_has_no_voice() {
    let mut world = World::new(params_with(1, |raw| {
        allowed(raw);
        raw.staking.jail_epochs = Epochs::new(50);
        raw.staking.abandonments_to_jail = 1;
    }));
    delegate(&mut world, "W", "P1", 300);
    let terms = PostJob { deadline_blocks: Blocks::new(5), ..world.terms() };
    let lapses = world.assign(terms, &[("P1", 10)]);
    world.until_phase(lapses, Phase::Closed);
    let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    for name in ["P1", "W"] {
        let refused = world.send(name, ballot(id, Yes));
        assert_eq!(refused, Err(Rejected::CastBallot(CastBallotRejected::NoPower)), "{name}");
    }
}
