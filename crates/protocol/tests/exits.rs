//! Own bonds that leave: what is unbonded can be bonded again, and exits may have to queue.

use earnest_testkit::world;

use earnest_protocol::{
    Amount, Asset, Command, Epoch, Epochs, Event, Factor, Gas, JobId, OperatorId, Ratio, RawParams,
    Role,
    command::*,
    ledger::{Pot, Reason},
    market::Phase,
};
use world::{World, params_with, root};

const ROLE: Role = Role::Provider;
const PROVIDERS: [&str; 4] = ["P1", "P2", "P3", "P4"];

/// Ten epochs of unbonding, and a wrong result costs half of what is free.
fn short(raw: &mut RawParams) {
    raw.staking.unbonding_epochs = Epochs::new(10);
    // R4 counts a request for each chunk of an output.
    raw.market.chunks_max = 4;
    raw.market.work_bound_max = Gas::new(1_000_000_000);
    (raw.verification.auditors_max, raw.verification.redraws) = (2, 0);
    raw.market.deadline_blocks_max = earnest_protocol::Blocks::new(50);
    raw.verification.disputes_max = 1;
    raw.verification.clock_blocks = earnest_protocol::Blocks::new(2);
    raw.verification.data_requests_max = 1;
    (raw.slashing.wrong_result, raw.slashing.copied_root) =
        (Ratio::percent(50), Ratio::percent(50));
    raw.slashing.share_max = Ratio::percent(50);
}

/// The same, and of what is bonded a twentieth leaves in an epoch: 10,000 of the 200,000 tokens of
/// all providers.
fn queued(raw: &mut RawParams) {
    short(raw);
    raw.staking.exit_epochs = Epochs::new(20);
    raw.staking.exit_wait_max_epochs = Epochs::new(40);
    raw.staking.delegation_max = Factor::percent(300);
    raw.staking.delegation_min = Amount::UNIT;
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

/// What each entry of a name has, and the epochs from now on until it is paid out.
fn queue(world: &World, name: &str) -> Vec<(Amount, u64)> {
    let id = world.operator(name, ROLE);
    let entries = &world.state.operator(id).expect("bonded").unbondings;
    let of = |id: &_| {
        let matures = world.state.unbonding(*id).expect("listed").matures;
        (world.state.balance(Pot::Unbonding(*id)), matures.since(world.state.epoch()).count())
    };
    entries.iter().map(of).collect()
}

fn stake(world: &World, name: &str) -> Amount {
    world.state.operator(world.operator(name, ROLE)).expect("bonded").stake
}

fn next_epoch(world: &mut World) {
    let now = world.state.epoch();
    while world.state.epoch() == now {
        world.block();
    }
}

fn assigned(world: &mut World, name: &str) -> JobId {
    let job = world.post(world.terms());
    world.bid(name, job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid(name, job, 10);
    world.until_phase(job, Phase::Offered);
    world.block();
    world.ok(name, Command::AcceptJob(AcceptJob { job }));
    job
}

fn convict(world: &mut World, name: &str, job: JobId) {
    let wrong = root(Some(3));
    world.commit(name, job, wrong);
    world.audit(job, root(None));
    world.reveal(name, job, wrong, root(None));
    world.play(name, job, 3, true);
}

#[test]
fn what_was_unbonded_last_is_bonded_again_first_and_the_rest_leaves_when_it_would_have() {
    let mut world = World::new(params_with(short));
    unbond(&mut world, "P1", tokens(400));
    next_epoch(&mut world);
    unbond(&mut world, "P1", tokens(300));
    assert_eq!(queue(&world, "P1"), [(tokens(400), 9), (tokens(300), 10)]);
    cancel(&mut world, "P1", tokens(500));
    assert_eq!(queue(&world, "P1"), [(tokens(200), 9)]);
    assert_eq!(stake(&world, "P1"), tokens(49_800));
    assert_eq!(world.state.balance(Pot::Bond(world.operator("P1", ROLE))), tokens(49_800));
    let free = |world: &World| world.state.balance(Pot::Free(world.id("P1"), Asset::Stake));
    let before = free(&world);
    (0..9).for_each(|_| next_epoch(&mut world));
    assert_eq!(queue(&world, "P1"), []);
    assert_eq!(free(&world), before.checked_add(tokens(200)).expect("small"));
    assert_eq!(stake(&world, "P1"), tokens(49_800));
}

/// Whatever is bonded again is bond: a conviction takes from it what it would have taken had it
/// never been unbonded, whether it was unbonded before the job or after.
#[test]
fn who_bonds_again_answers_for_what_it_would_have_answered_for() {
    let lost = |after: bool, again: bool| {
        let mut world = World::new(params_with(short));
        if !after {
            unbond(&mut world, "P1", tokens(40_000));
        }
        let job = assigned(&mut world, "P1");
        if after {
            unbond(&mut world, "P1", tokens(40_000));
        }
        if again {
            cancel(&mut world, "P1", tokens(40_000));
        }
        let before = world.wealth("P1");
        convict(&mut world, "P1", job);
        before - world.wealth("P1")
    };
    let [stayed, left_after] = [lost(true, true), lost(true, false)];
    let [stayed_too, left_before] = [lost(false, true), lost(false, false)];
    assert_eq!((stayed, stayed_too), (left_after, stayed));
    assert_eq!(left_before + tokens(20_000).units(), stayed, "half of what had left is spared");
}

#[test]
fn an_entry_that_a_slash_emptied_is_left_alone() {
    let mut world = World::new(params_with(|raw| {
        short(raw);
        (raw.slashing.wrong_result, raw.slashing.copied_root) = (Ratio::ONE, Ratio::ONE);
        raw.slashing.share_max = Ratio::ONE;
    }));
    unbond(&mut world, "P1", tokens(1_000));
    let job = assigned(&mut world, "P1");
    unbond(&mut world, "P1", tokens(2_000));
    convict(&mut world, "P1", job);
    let left: Vec<Amount> = queue(&world, "P1").into_iter().map(|(left, _)| left).collect();
    assert_eq!(left, [tokens(1_000), Amount::ZERO]);
    cancel(&mut world, "P1", tokens(1_000));
    assert_eq!(queue(&world, "P1").len(), 1);
    assert_eq!(stake(&world, "P1"), tokens(1_000));
}

/// How many entries were paid out.
fn withdrawn(world: &World) -> usize {
    world.seen(|event| matches!(event, Event::Withdrawn { .. }).then_some(())).len()
}

/// How much may leave in an epoch follows all that is bonded: whoever waits for a place in an
/// active set counts, and waits no longer for its own.
#[test]
fn an_exit_takes_as_long_whoever_is_in_the_active_set() {
    let waits = |places: u64| {
        let mut world = World::new(params_with(|raw| {
            queued(raw);
            raw.staking.providers_active_max = places;
        }));
        let wait_of = |name| {
            (0..4).for_each(|_| unbond(&mut world, name, tokens(5_000)));
            queue(&world, name).into_iter().map(|(_, wait)| wait).collect::<Vec<_>>()
        };
        PROVIDERS.map(wait_of)
    };
    assert_eq!(waits(1), waits(0));
}

/// All four leave at once with all they have, in pieces of 5,000: two of them leave in an epoch,
/// the last after as many epochs as it takes to leave by twentieths.
#[test]
fn when_all_run_each_epoch_lets_its_part_out_and_the_last_knows_its_day() {
    let mut world = World::new(params_with(queued));
    for _ in 0..10 {
        for name in PROVIDERS {
            unbond(&mut world, name, tokens(5_000));
        }
    }
    let mut waits: Vec<u64> = Vec::new();
    for name in PROVIDERS {
        waits.extend(queue(&world, name).into_iter().map(|(_, wait)| wait));
    }
    waits.sort_unstable();
    let expected: Vec<u64> = (0..40).map(|place| 10 + place / 2).collect();
    assert_eq!(waits, expected);
    // And they are paid out on that day.
    let mut told = withdrawn(&world);
    for epoch in 1..30 {
        next_epoch(&mut world);
        let now = withdrawn(&world);
        assert_eq!(now - told, if epoch < 10 { 0 } else { 2 }, "epoch {epoch}");
        told = now;
    }
}

/// What leaves as one is out when its last unit has found room.
#[test]
fn one_large_exit_waits_for_all_of_its_room_and_no_other_is_let_out_before_its_turn() {
    let mut world = World::new(params_with(queued));
    let id = world.operator("P1", ROLE);
    let quoted = [tokens(1), tokens(50_000)].map(|amount| world.state.unbond_matures(id, amount));
    unbond(&mut world, "P1", tokens(50_000));
    unbond(&mut world, "P2", tokens(1));
    assert_eq!(queue(&world, "P1"), [(tokens(50_000), 10 + 4)]);
    assert_eq!(queue(&world, "P2"), [(tokens(1), 10 + 5)]);
    let now = world.state.epoch();
    assert_eq!(quoted, [10, 14].map(|wait| now.after(Epochs::new(wait))), "as it was told");
    // Other classes of stake have a queue of their own.
    world.ok("V1", Command::Unbond(Unbond { role: Role::Validator, amount: tokens(1) }));
    let id = world.operator("V1", Role::Validator);
    let entry = world.state.operator(id).expect("bonded").unbondings[0];
    assert_eq!(world.state.unbonding(entry).expect("queued").matures, now.after(Epochs::new(10)));
}

/// W bonds only to unbond, stand in the way, and bond again, as often as it likes.
#[test]
fn who_fills_the_queue_and_stays_after_all_delays_nobody_who_comes_then() {
    let mut world = World::new(params_with(queued));
    world.ok("W", Command::Bond(Bond { role: ROLE, amount: tokens(50_000) }));
    for _ in 0..5 {
        unbond(&mut world, "W", tokens(50_000));
        assert_eq!(stake(&world, "W"), Amount::ZERO, "it gets no work meanwhile");
        cancel(&mut world, "W", tokens(50_000));
    }
    unbond(&mut world, "P1", tokens(12_500));
    assert_eq!(queue(&world, "P1"), [(tokens(12_500), 10)], "of 250,000 a twentieth");
    unbond(&mut world, "W", tokens(50_000));
    unbond(&mut world, "P2", tokens(12_500));
    assert_eq!(queue(&world, "P2"), [(tokens(12_500), 15)], "four epochs later than without W");
    cancel(&mut world, "W", tokens(50_000));
    // Who waited behind it moves up by asking anew.
    cancel(&mut world, "P2", tokens(12_500));
    unbond(&mut world, "P2", tokens(12_500));
    assert_eq!(queue(&world, "P2"), [(tokens(12_500), 11)]);
}

#[test]
fn nobody_waits_longer_than_the_longest_wait_whatever_is_before_it() {
    let mut world = World::new(params_with(|raw| {
        queued(raw);
        raw.staking.exit_epochs = Epochs::new(2_000);
        raw.staking.exit_wait_max_epochs = Epochs::new(7);
    }));
    unbond(&mut world, "P1", tokens(50_000));
    unbond(&mut world, "P2", tokens(1));
    assert_eq!(queue(&world, "P1"), [(tokens(50_000), 17)]);
    assert_eq!(queue(&world, "P2"), [(tokens(1), 17)]);
}

/// consensus-specs issue 802: slashed stake left sooner than stake that queued.
#[test]
fn a_slash_is_no_way_around_the_queue_and_what_is_put_off_stays_liable() {
    let mut world = World::new(params_with(queued));
    let job = assigned(&mut world, "P1");
    unbond(&mut world, "P2", tokens(50_000));
    let free = world.free_bond("P1");
    unbond(&mut world, "P1", Amount::new(free).expect("small"));
    let before = queue(&world, "P1");
    let matures = world.state.epoch().after(Epochs::new(before[0].1));
    convict(&mut world, "P1", job);
    let after = queue(&world, "P1");
    assert_eq!(after[0].0.units(), free - free.div_ceil(2), "half of it is lost");
    let wait = matures.since(world.state.epoch()).count();
    assert_eq!(after[0].1, wait, "and the rest leaves no sooner");
    while world.state.epoch() < matures {
        assert_eq!(queue(&world, "P1").len(), 1);
        world.block();
    }
    assert!(queue(&world, "P1").is_empty());
}

/// Delegated stake has one queue, whoever it is with, and still few exits of each pool.
#[test]
fn delegations_queue_apart_from_bonds_and_share_few_exits() {
    let mut world = World::new(params_with(|raw| {
        queued(raw);
        raw.staking.exits_max = 4;
    }));
    for (name, to) in [("W", "P1"), ("R", "P2")] {
        world.opens(to, ROLE);
        let (operator, amount) = (world.id(to), tokens(20_000));
        world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
    }
    unbond(&mut world, "P1", tokens(20_000));
    let leave = |world: &mut World, name, to, amount| {
        let operator = world.id(to);
        world.ok(name, Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
    };
    let mut most = 0;
    let mut waits = Vec::new();
    for _ in 0..20 {
        leave(&mut world, "W", "P1", tokens(1_000));
        leave(&mut world, "R", "P2", tokens(1_000));
        waits.push(world.seen(last_exit).last().expect("it leaves").since(world.state.epoch()));
        let pool = world.state.delegation_pool(world.operator("P1", ROLE)).expect("bonded");
        most = most.max(pool.exits.len());
    }
    // A twentieth of 40,000 an epoch; 10 and at most 40 more epochs are cut into four spans of 13.
    let now = world.state.epoch().count();
    let end = |place: u64| (now + 10 + place).next_multiple_of(13) - now;
    let expected: Vec<u64> = (0..20).map(end).collect();
    assert_eq!(waits.iter().map(|wait| wait.count()).collect::<Vec<_>>(), expected);
    assert!(most <= 5, "{most} exits");
    // Staying after all frees the room: the next is out as if none had left.
    for (name, to) in [("W", "P1"), ("R", "P2")] {
        let operator = world.id(to);
        world.ok(name, Command::CancelUndelegation(CancelUndelegation { operator, role: ROLE }));
    }
    leave(&mut world, "W", "P1", tokens(1_000));
    let last = *world.seen(last_exit).last().expect("it leaves");
    assert_eq!(last.count(), now + end(0));
}

fn last_exit(event: &Event) -> Option<Epoch> {
    match event {
        Event::Undelegating { matures, .. } => Some(*matures),
        _ => None,
    }
}

#[test]
fn what_is_bonded_again_moves_from_the_queue_to_the_bond_and_nowhere_else() {
    let mut world = World::new(params_with(short));
    unbond(&mut world, "P1", tokens(5));
    cancel(&mut world, "P1", tokens(5));
    let id: OperatorId = world.operator("P1", ROLE);
    let moved = world.last_movements.iter();
    let moved = moved.filter(|movement| movement.reason == Reason::UnbondCancelled);
    let moved: Vec<_> = moved.map(|movement| (movement.target, movement.amount)).collect();
    assert_eq!(moved, [(Pot::Bond(id), tokens(5))]);
}
