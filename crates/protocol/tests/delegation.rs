//! Delegated stake: what it secures (nothing), who loses first, how it leaves, and the laws that
//! make a split, a round trip or a friend's report pay nothing.

use earnest_testkit::world;

use earnest_protocol::{
    Amount, Command, Epochs, Event, Factor, Gas, JobId, Ratio, RawParams, Rejected, Role,
    command::*,
    market::{Phase, RevealBidRejected},
    slashing::Waterfall,
    staking::DelegateRejected,
};
use proptest::prelude::*;
use world::{World, params_with, root};

const ROLE: Role = Role::Provider;
const TOKEN: u64 = 1_000_000_000;
/// What P1 locks for a job of ten tokens.
const COLLATERAL: u64 = 3_110_156_885;
/// Blocks until what unbonds or leaves is out: a wait of ten epochs, and one.
const WAIT: u64 = 50 * 11;

/// A conviction costs half of what is free; up to three times the own stake may be delegated; jobs
/// are small, so that the wait is short.
fn harsh(raw: &mut RawParams) {
    short(raw);
    raw.staking.delegation_max = Factor::percent(300);
    raw.staking.provider_bond_min = Amount::tokens(1);
    raw.staking.delegation_min = Amount::UNIT;
    (raw.slashing.wrong_result, raw.slashing.copied_root) =
        (Ratio::percent(50), Ratio::percent(50));
    raw.slashing.share_max = Ratio::percent(50);
}

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
}

fn delegate(world: &mut World, name: &str, units: u64) {
    world.opens("P1", ROLE);
    let (operator, amount) = (world.id("P1"), Amount::new(units).expect("small"));
    world.ok(name, Command::Delegate(Delegate { operator, role: ROLE, amount }));
}

fn undelegate(world: &mut World, name: &str, units: u64) {
    let (operator, amount) = (world.id("P1"), Amount::new(units).expect("small"));
    world.ok(name, Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
}

fn unbond(world: &mut World, amount: Amount) {
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount }));
}

/// What a name has in P1's pool, in base units.
fn delegated(world: &World, name: &str) -> u64 {
    let operator = world.operator("P1", ROLE);
    let held = world.state.delegation(world.id(name), operator);
    held.map_or(0, |held| world.state.delegated(held).units())
}

/// What a name has in exits of P1's pool, in base units.
fn leaving(world: &World, name: &str) -> u64 {
    let operator = world.operator("P1", ROLE);
    let held = world.state.delegation(world.id(name), operator);
    held.map_or(0, |held| world.state.leaving(held).map(|(_, amount, _)| amount.units()).sum())
}

/// P1 wins a job with nothing of its own but the collateral and `rest`: whatever else it had has
/// left for good.
fn assigned(world: &mut World, rest: u64) -> JobId {
    let leaves = world.free_bond("P1").checked_sub(COLLATERAL + rest).expect("it has more");
    unbond(world, Amount::new(leaves).expect("small"));
    world.blocks(WAIT);
    accepted(world, rest)
}

/// P1 wins a job, which leaves it as much free.
fn accepted(world: &mut World, rest: u64) -> JobId {
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    assert_eq!(world.free_bond("P1"), rest);
    world.until_phase(job, Phase::Offered);
    world.block();
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    job
}

/// P1's result is wrong and two auditors convict it.
fn convict(world: &mut World, job: JobId) {
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
}

fn lost_of_delegations(world: &World) -> Vec<u64> {
    world.seen(|event| match event {
        Event::DelegationSlashed { amount, .. } => Some(amount.units()),
        _ => None,
    })
}

/// LPT4 (Livepeer, test/unit/BondingManager.js): 1000 bonded and slashed by half leave 500; if 500
/// of them had begun to leave before, only the bonded half is halved.
#[test]
fn lpt4_a_slash_by_half_halves_what_is_bonded_and_spares_what_left_before() {
    for left_before in [false, true] {
        let mut world = World::new(params_with(harsh));
        delegate(&mut world, "W", 1_000 * TOKEN);
        if left_before {
            undelegate(&mut world, "W", 500 * TOKEN);
        }
        let job = assigned(&mut world, 0);
        convict(&mut world, job);
        let (bonded, leaves) = (delegated(&world, "W"), leaving(&world, "W"));
        let expected = if left_before { (250, 500) } else { (500, 0) };
        assert_eq!((bonded, leaves), (expected.0 * TOKEN, expected.1 * TOKEN));
        world.state.check_invariants().expect("a slash is lawful");
    }
}

#[test]
fn what_leaves_after_a_job_was_accepted_answers_for_it_until_it_matures() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 1_000 * TOKEN);
    let job = assigned(&mut world, 0);
    undelegate(&mut world, "W", 600 * TOKEN);
    convict(&mut world, job);
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (200 * TOKEN, 300 * TOKEN));
    // What matured is paid when it is asked for, in the epoch that it was announced for.
    let before = world.wealth("W");
    let operator = world.id("P1");
    let withdraw = Command::WithdrawDelegation(WithdrawDelegation { operator, role: ROLE });
    world.blocks(50 * 9);
    assert!(world.send("W", withdraw.clone()).is_err(), "too early");
    world.blocks(50 * 3);
    world.ok("W", withdraw);
    assert_eq!(leaving(&world, "W"), 0);
    assert_eq!(before - world.wealth("W"), 4_000, "two fees of weight two");
}

#[test]
fn the_operators_own_free_bond_is_lost_first() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 1_000 * TOKEN);
    // Half of 1,300 is 650: 300 are the operator's own, delegators lose 350 and not 500.
    let job = assigned(&mut world, 300 * TOKEN);
    convict(&mut world, job);
    assert_eq!(lost_of_delegations(&world), [350 * TOKEN]);
    assert_eq!(world.free_bond("P1"), 0);
    assert_eq!(delegated(&world, "W"), 650 * TOKEN);

    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 1_000 * TOKEN);
    let job = assigned(&mut world, 1_000 * TOKEN);
    convict(&mut world, job);
    assert!(lost_of_delegations(&world).is_empty(), "half of all is all of its own");
    assert_eq!((world.free_bond("P1"), delegated(&world, "W")), (0, 1_000 * TOKEN));
}

/// D5: an operator that takes its own out first bets nothing but what others have put behind it.
/// So what leaves pays before they do, until it has left: as long as it takes them to leave.
#[test]
fn an_operators_own_stake_pays_before_its_delegators_until_it_has_left() {
    let lost = |waits: u64| {
        let mut world = World::new(params_with(harsh));
        delegate(&mut world, "W", 1_000 * TOKEN);
        unbond(&mut world, Amount::new(50_000 * TOKEN - COLLATERAL).expect("small"));
        world.blocks(waits);
        let job = accepted(&mut world, 0);
        convict(&mut world, job);
        let own = world.wealth("P1");
        world.state.check_invariants().expect("a slash is lawful");
        (own, delegated(&world, "W"))
    };
    let (early, late) = (lost(50 * 2), lost(WAIT));
    assert_eq!((early.1, late.1), (1_000 * TOKEN, 500 * TOKEN));
    assert_eq!(late.0 - early.0, 500 * TOKEN, "its own, in place of theirs");
}

#[test]
fn c5_delegated_stake_secures_no_job() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 50_000 * TOKEN);
    unbond(&mut world, Amount::tokens(49_999));
    let job = world.post(world.terms());
    let (price, salt) = (Amount::tokens(10), earnest_protocol::Digest([5; 32]));
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    let refused = world.send("P1", Command::RevealBid(RevealBid { job, price, salt }));
    let Err(Rejected::RevealBid(why)) = refused else { panic!("{refused:?}") };
    let own = Amount::tokens(1);
    assert!(
        matches!(why, RevealBidRejected::ExceedsFreeBond { free_bond, .. } if free_bond == own),
        "{why:?}"
    );
}

#[test]
fn c5_nobody_is_paid_out_of_what_others_delegated() {
    let paid = |stake: u64| {
        let mut world = World::new(params_with(harsh));
        if stake > 0 {
            delegate(&mut world, "W", stake);
        }
        let job = assigned(&mut world, 0);
        convict(&mut world, job);
        world.blocks(110);
        let paid = world.seen(|event| match event {
            Event::Slashed { waterfall, .. } => Some(*waterfall),
            _ => None,
        });
        let [waterfall] = paid[..] else { panic!("{paid:?}") };
        waterfall
    };
    let (without, with) = (paid(0), paid(1_000 * TOKEN));
    let more = Amount::tokens(500);
    let expected = Waterfall {
        amount: without.amount.saturating_add(more),
        burnt: without.burnt.saturating_add(more),
        ..without
    };
    assert_eq!(with, expected, "all of it is burnt");
}

#[test]
fn who_changes_its_mind_is_where_it_was() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 1_000 * TOKEN);
    let operator = world.operator("P1", ROLE);
    let before = world.state.delegation_pool(operator).expect("bonded").shares.amount();
    undelegate(&mut world, "W", 1_000 * TOKEN);
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (0, 1_000 * TOKEN));
    let cancel = CancelUndelegation { operator: world.id("P1"), role: ROLE };
    world.ok("W", Command::CancelUndelegation(cancel));
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (1_000 * TOKEN, 0));
    let after = world.state.delegation_pool(operator).expect("bonded").shares.amount();
    assert_eq!(after, before);
    world.state.check_invariants().expect("changing one's mind is lawful");
}

#[test]
fn an_account_that_leaves_for_good_leaves_no_row() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 1_000 * TOKEN);
    for part in [300, 700] {
        undelegate(&mut world, "W", part * TOKEN);
        world.blocks(50 * 5);
    }
    world.blocks(50 * 110);
    let withdraw = WithdrawDelegation { operator: world.id("P1"), role: ROLE };
    world.ok("W", Command::WithdrawDelegation(withdraw));
    assert_eq!(world.state.delegations().count(), 0);
    assert!(world.state.account(world.id("W")).expect("known").delegations.is_empty());
    world.state.check_invariants().expect("nothing is left behind");
}

#[test]
fn all_free_money_may_be_delegated_and_the_least_delegation_may_stay() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.delegation_min = Amount::tokens(2);
    }));
    let fee = Amount::new(1_000).expect("small");
    let all = world.state.free(world.id("X")).saturating_sub(fee);
    delegate(&mut world, "X", all.units());
    assert!(world.state.free(world.id("X")).is_zero());
    delegate(&mut world, "W", 10 * TOKEN);
    undelegate(&mut world, "W", 8 * TOKEN);
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (2 * TOKEN, 8 * TOKEN));
}

#[test]
fn what_leaves_may_be_kept_until_its_epoch_begins_and_withdrawn_from_then_on() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "W", 10 * TOKEN);
    undelegate(&mut world, "W", 4 * TOKEN);
    let announced = world.seen(|event| match event {
        Event::Undelegating { matures, .. } => Some(*matures),
        _ => None,
    });
    let [matures] = announced[..] else { panic!("{announced:?}") };
    let (operator, role) = (world.id("P1"), ROLE);
    let cancel = Command::CancelUndelegation(CancelUndelegation { operator, role });
    let withdraw = Command::WithdrawDelegation(WithdrawDelegation { operator, role });
    while world.state.epoch().after(Epochs::new(1)) < matures {
        world.blocks(1);
    }
    assert!(world.send("W", withdraw.clone()).is_err(), "an epoch too early");
    let kept = world.state.clone();
    while world.state.epoch() < matures {
        world.blocks(1);
    }
    assert!(world.send("W", cancel.clone()).is_err(), "it has matured");
    world.ok("W", withdraw);
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (6 * TOKEN, 0));
    // The epoch before, all of it could still stay.
    world.state = kept;
    world.ok("W", cancel);
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (10 * TOKEN, 0));
}

#[test]
fn once_a_slash_is_paid_out_its_span_takes_in_again() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.exits_max = 1;
    }));
    for name in ["W", "X"] {
        delegate(&mut world, name, 1_000 * TOKEN);
    }
    world.blocks(60);
    let job = assigned(&mut world, 0);
    undelegate(&mut world, "W", 500 * TOKEN);
    convict(&mut world, job);
    assert_eq!((delegated(&world, "X"), leaving(&world, "W")), (500 * TOKEN, 250 * TOKEN));
    let (operator, role, amount) = (world.id("P1"), ROLE, Amount::tokens(500));
    let leave = Command::Undelegate(Undelegate { operator, role, amount });
    assert!(world.send("X", leave.clone()).is_err(), "it might be undone");
    world.blocks(110);
    world.ok("X", leave);
    assert_eq!((leaving(&world, "W"), leaving(&world, "X")), (250 * TOKEN, 500 * TOKEN));
    let exits = &world.state.delegation_pool(world.operator("P1", ROLE)).expect("bonded").exits;
    assert_eq!(exits.len(), 1, "both leave with one span");
}

/// Those who leave with one span answer for whatever was accepted before the last of them left: to
/// be followed by others lets nobody off.
#[test]
fn a_span_answers_for_what_was_accepted_before_the_last_who_left_with_it() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.exits_max = 1;
    }));
    delegate(&mut world, "W", 1_000 * TOKEN);
    delegate(&mut world, "X", 1_000 * TOKEN);
    let leaves = world.free_bond("P1").checked_sub(COLLATERAL).expect("it has more");
    unbond(&mut world, Amount::new(leaves).expect("small"));
    world.blocks(2 * WAIT);
    undelegate(&mut world, "W", 400 * TOKEN);
    let job = accepted(&mut world, 0);
    undelegate(&mut world, "X", 300 * TOKEN);
    let exits = &world.state.delegation_pool(world.operator("P1", ROLE)).expect("bonded").exits;
    assert_eq!(exits.len(), 1, "both leave with one span");
    convict(&mut world, job);
    let left = |name| (delegated(&world, name) / TOKEN, leaving(&world, name) / TOKEN);
    assert_eq!((left("W"), left("X")), ((300, 200), (350, 150)));
    world.state.check_invariants().expect("every law holds");
}

/// A share that a slash left worth less than a unit can be neither taken back nor withdrawn: such a
/// delegation would for ever be one of the few that its account may have.
#[test]
fn what_a_slash_left_worth_no_unit_is_cleared_away_on_demand() {
    let mut world = World::new(params_with(harsh));
    delegate(&mut world, "X", 1_000 * TOKEN);
    delegate(&mut world, "W", 1);
    let job = assigned(&mut world, 0);
    convict(&mut world, job);
    assert_eq!(delegated(&world, "W"), 0);
    let (operator, role) = (world.id("P1"), ROLE);
    let withdraw = Command::WithdrawDelegation(WithdrawDelegation { operator, role });
    assert!(world.send("W", withdraw.clone()).is_err(), "an undone slash may give it back");
    world.blocks(110);
    world.ok("W", withdraw);
    assert_eq!(world.state.delegations().count(), 1);
    assert_eq!(delegated(&world, "X"), 500 * TOKEN);
    world.state.check_invariants().expect("what is worth nothing is nobody's");
}

fn refused(world: &mut World, name: &str, command: Command) -> Rejected {
    world.send(name, command).expect_err("it may not join")
}

/// What others delegate raises what an operator's own bond loses by an offence, and they lose
/// nothing as long as that covers it: only an operator that takes delegations is in for it.
#[test]
fn strangers_raise_what_an_offence_costs_only_an_operator_that_took_them() {
    let lost = |strangers: u64, takes: bool| {
        let mut world = World::new(params_with(|raw| {
            harsh(raw);
            raw.slashing.wrong_result = Ratio::percent(5);
        }));
        let (operator, amount) = (world.id("P1"), Amount::new(strangers).expect("small"));
        let join = Command::Delegate(Delegate { operator, role: ROLE, amount });
        if takes {
            world.opens("P1", ROLE);
            world.ok("W", join);
        } else {
            let why = refused(&mut world, "W", join);
            assert_eq!(why, Rejected::Delegate(DelegateRejected::KeepsEverything));
        }
        let job = assigned(&mut world, 1_000 * TOKEN);
        convict(&mut world, job);
        assert_eq!(delegated(&world, "W"), if takes { strangers } else { 0 });
        1_000 - world.free_bond("P1") / TOKEN
    };
    assert_eq!(lost(3_000 * TOKEN, true), 200, "a twentieth of the strangers' stake, too");
    assert_eq!(lost(3_000 * TOKEN, false), 50, "a twentieth of its own");
}

/// Who took delegations and keeps everything again is joined by nobody more, from outside, from
/// another operator or from an exit; whoever is there may stay, and leave.
#[test]
fn an_operator_that_keeps_everything_again_is_joined_by_nobody_more() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.unbonding_epochs = Epochs::new(100);
    }));
    delegate(&mut world, "W", 1_000 * TOKEN);
    undelegate(&mut world, "W", 300 * TOKEN);
    world.opens("P2", ROLE);
    let (operator, other, role) = (world.id("P1"), world.id("P2"), ROLE);
    let amount = Amount::tokens(100);
    world.ok("X", Command::Delegate(Delegate { operator: other, role, amount }));
    world.blocks(50 * 24);
    let (rate, ceiling) = (Ratio::ONE, Ratio::ONE);
    world.ok("P1", Command::SetCommission(SetCommission { role, rate, ceiling }));
    for (name, command) in [
        ("X", Command::Delegate(Delegate { operator, role, amount })),
        ("W", Command::Delegate(Delegate { operator, role, amount })),
        ("X", Command::Redelegate(Redelegate { source: other, target: operator, role, amount })),
        ("W", Command::CancelUndelegation(CancelUndelegation { operator, role })),
    ] {
        let why = format!("{:?}", refused(&mut world, name, command));
        assert!(why.contains("KeepsEverything"), "{why}");
    }
    assert_eq!((delegated(&world, "W"), leaving(&world, "W")), (700 * TOKEN, 300 * TOKEN));
    undelegate(&mut world, "W", 700 * TOKEN);
    world.blocks(50 * 110);
    world.ok("W", Command::WithdrawDelegation(WithdrawDelegation { operator, role }));
    assert_eq!(world.state.delegation(world.id("W"), world.operator("P1", ROLE)), None);
}

/// However often somebody begins to leave, and others with it, a slash touches few exits.
#[test]
fn a_pool_never_has_more_exits_than_spans_and_one() {
    let mut world = World::new(params_with(|raw| {
        harsh(raw);
        raw.staking.exits_max = 4;
        raw.staking.unbonding_epochs = Epochs::new(103);
    }));
    delegate(&mut world, "W", 1_000 * TOKEN);
    let operator = world.operator("P1", ROLE);
    let mut most = 0;
    for _ in 0..150 {
        undelegate(&mut world, "W", TOKEN);
        world.blocks(50);
        most = most.max(world.state.delegation_pool(operator).expect("bonded").exits.len());
        let held = world.state.delegation(world.id("W"), operator).expect("held");
        assert!(held.exits.len() <= 5, "what matured is paid out on the way");
    }
    assert_eq!(most, 5);
}

/// The parts that several names delegate, and what each has after a conviction.
fn after_conviction(parts: &[(&str, u64)], rest: u64, leaves: bool) -> Vec<u64> {
    let mut world = World::new(params_with(harsh));
    for &(name, units) in parts {
        delegate(&mut world, name, units);
    }
    let job = assigned(&mut world, rest);
    for &(name, units) in parts.iter().filter(|_| leaves) {
        undelegate(&mut world, name, units / 2);
    }
    convict(&mut world, job);
    world.state.check_invariants().expect("a slash is lawful");
    parts.iter().map(|(name, _)| delegated(&world, name) + leaving(&world, name)).collect()
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn splitting_a_delegation_never_profits_and_costs_at_most_a_unit_a_part(
        parts in proptest::collection::vec(TOKEN..10_000 * TOKEN, 2..5),
        other in TOKEN..10_000 * TOKEN,
        rest in 0..2_000 * TOKEN,
        leaves in any::<bool>(),
    ) {
        let names = ["W", "X", "P2", "P3"];
        let split: Vec<(&str, u64)> = names.into_iter().zip(parts.iter().copied()).collect();
        let with = |own: &[(&'static str, u64)]| [&[("R", other)], own].concat();
        let one = after_conviction(&with(&[("W", parts.iter().sum())]), rest, leaves);
        let many = after_conviction(&with(&split), rest, leaves);
        let (one, many) = (one[1], many[1..].iter().sum::<u64>());
        // Of the pool and of the exit.
        let slack = 2 * parts.len() as u64 + 2;
        prop_assert!(many <= one + 1 && one <= many + slack, "{} or {}", one, many);
    }

    #[test]
    fn delegating_and_leaving_never_gains(
        first in TOKEN..10_000 * TOKEN,
        own in TOKEN..10_000 * TOKEN,
        part in 1u64..1_000,
    ) {
        let mut world = World::new(params_with(harsh));
        delegate(&mut world, "X", first);
        let job = assigned(&mut world, 0);
        convict(&mut world, job);
        // The price of a share is a half now.
        world.blocks(50 * 30);
        world.ok("P1", Command::Bond(Bond { role: ROLE, amount: Amount::tokens(20_000) }));
        world.ok("P1", Command::Unjail(Unjail { role: ROLE }));
        let before = world.wealth("W");
        delegate(&mut world, "W", own);
        let there = delegated(&world, "W");
        prop_assert!(there <= own && own <= there + 2);
        undelegate(&mut world, "W", (there / part).max(1));
        let undone = delegated(&world, "W") + leaving(&world, "W");
        prop_assert!(undone <= own && own <= undone + 4, "{} of {}", undone, own);
        prop_assert!(world.wealth("W") <= before);
    }
}
