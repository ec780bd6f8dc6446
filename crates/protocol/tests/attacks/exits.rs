//! Exit queue: who makes room in it that there is not, or takes room back that has passed.

use earnest_protocol::{Amount, Command, Epochs, RawParams, Role, command::*};

use crate::world::{World, params_with};

const ROLE: Role = Role::Provider;
const PROVIDERS: [&str; 4] = ["P1", "P2", "P3", "P4"];

/// Ten epochs of unbonding; of what is bonded a twentieth leaves in an epoch, 10,000 of the 200,000
/// tokens of all providers.
fn queued(raw: &mut RawParams) {
    raw.staking.unbonding_epochs = Epochs::new(10);
    // R4 counts a request for each chunk of an output.
    raw.market.chunks_max = 4;
    raw.staking.exit_epochs = Epochs::new(20);
    raw.staking.exit_wait_max_epochs = Epochs::new(200);
    raw.market.work_bound_max = earnest_protocol::Gas::new(1_000_000_000);
    (raw.verification.auditors_max, raw.verification.redraws) = (2, 0);
    raw.market.deadline_blocks_max = earnest_protocol::Blocks::new(50);
    raw.verification.disputes_max = 1;
    raw.verification.clock_blocks = earnest_protocol::Blocks::new(2);
    raw.verification.data_requests_max = 1;
}

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn unbond(world: &mut World, name: &str, amount: Amount) {
    world.ok(name, Command::Unbond(Unbond { role: ROLE, amount }));
}

fn cancel(world: &mut World, name: &str, amount: Amount) {
    world.ok(name, Command::CancelUnbond(CancelUnbond { role: ROLE, amount }));
}

/// The epochs that a name's last entry waits from now on for room, before its unbonding.
fn wait(world: &World, name: &str) -> u64 {
    let operator = world.state.operator(world.operator(name, ROLE)).expect("bonded");
    let last = operator.unbondings.last().expect("it leaves");
    let matures = world.state.unbonding(*last).expect("queued").matures;
    matures.since(world.state.epoch()).count() - 10
}

fn next_epochs(world: &mut World, count: u64) {
    let until = world.state.epoch().after(Epochs::new(count));
    while world.state.epoch() < until {
        world.block();
    }
}

/// All run, and W bonds only to leave and stay and leave again: what waits is still what waits, and
/// no more may leave in an epoch than a twentieth of all.
#[test]
fn e1_to_leave_and_stay_again_and_again_makes_no_room() {
    let mut world = World::new(params_with(queued));
    PROVIDERS.iter().for_each(|name| unbond(&mut world, name, tokens(50_000)));
    assert_eq!(wait(&world, "P4"), 19);
    world.ok("W", Command::Bond(Bond { role: ROLE, amount: tokens(50_000) }));
    for _ in 0..30 {
        unbond(&mut world, "W", tokens(50_000));
        assert_eq!(wait(&world, "W"), 23, "four epochs of 12,500");
        cancel(&mut world, "W", tokens(50_000));
    }
}

/// W's room is from now on to nine epochs later; when eight have passed, it gives back two epochs'
/// room at most, in however many pieces it stays.
#[test]
fn e2_to_stay_piece_by_piece_gives_no_room_back_that_has_passed() {
    let waited = |pieces: u64| {
        let mut world = World::new(params_with(queued));
        world.ok("W", Command::Bond(Bond { role: ROLE, amount: tokens(50_000) }));
        unbond(&mut world, "P1", tokens(12_500));
        unbond(&mut world, "W", tokens(50_000));
        unbond(&mut world, "P2", tokens(50_000));
        assert_eq!((wait(&world, "W"), wait(&world, "P2")), (4, 8));
        next_epochs(&mut world, 4);
        for _ in 0..pieces {
            cancel(&mut world, "W", tokens(50_000 / pieces));
        }
        unbond(&mut world, "P3", tokens(12_500));
        wait(&world, "P3")
    };
    assert_eq!(waited(1), 4, "one epoch's room came back, and P3 has it");
    assert_eq!(waited(5), waited(1));
}

/// Ten epochs later half of those who ran are out, and what waits is still the other half: W, who
/// leaves with next to nothing and stays, makes the churn no smaller for who comes then.
#[test]
fn e3_to_leave_and_stay_again_and_again_takes_no_room() {
    let waited = |times: u64| {
        let mut world = World::new(params_with(queued));
        world.ok("W", Command::Bond(Bond { role: ROLE, amount: tokens(50_000) }));
        ["P1", "P2", "P3"].iter().for_each(|name| unbond(&mut world, name, tokens(50_000)));
        assert_eq!(wait(&world, "P3"), 11);
        next_epochs(&mut world, 4);
        for _ in 0..times {
            unbond(&mut world, "W", tokens(1));
            cancel(&mut world, "W", tokens(1));
        }
        unbond(&mut world, "P4", tokens(50_000));
        wait(&world, "P4")
    };
    assert_eq!(waited(0), 12, "of 200,000 a twentieth, behind 7 epochs and more");
    assert_eq!(waited(40), waited(0));
}
