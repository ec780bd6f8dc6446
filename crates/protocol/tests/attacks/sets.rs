//! Attacks on active sets (S1 to S5): who takes places, from whom, and what it costs.

use earnest_protocol::{
    Amount, Command, Digest, Event, Ratio, RawParams, Role,
    command::*,
    market::{Outcome, Phase},
    seal,
    staking::SetPlace,
};
use earnest_testkit::prices::{self, ALL, cents, next_epoch};
use proptest::prelude::*;

use crate::world::{World, params_with, root};

const TENTH: u64 = 10;

/// Four places for eight validators of 50,000 tokens each, in which a job of two finds auditors.
fn validators(raw: &mut RawParams) {
    raw.staking.validators_active_max = 4;
    raw.staking.active_margin = Ratio::percent(TENTH);
    (raw.verification.auditors_max, raw.verification.pool_min) = (2, 0);
}

/// Three places for providers.
fn providers(raw: &mut RawParams) {
    raw.staking.providers_active_max = 3;
    raw.staking.active_margin = Ratio::percent(TENTH);
}

fn bond(world: &mut World, name: &str, role: Role, amount: Amount) {
    world.ok(name, Command::Bond(Bond { role, amount }));
}

fn place(world: &World, name: &str, role: Role) -> SetPlace {
    world.state.set_place(world.operator(name, role)).expect("bonded")
}

/// S1 (C8): who knows the seed and displaces those it does not want to be drawn changes nobody's
/// chance: the weights of the commitment are drawn from, and who weighed something then serves.
#[test]
fn s1_displacing_validators_once_the_seed_is_known_shifts_no_draw() {
    let drawn = |preimage: u8, displaced: bool| {
        let mut world = World::new(params_with(validators));
        let mut terms = world.terms();
        terms.seed_seal = seal::seed(&Digest([preimage; 32]));
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        world.block();
        if displaced {
            // All that four strangers have, for the places of half the set.
            for name in ["V5", "V6"] {
                bond(&mut world, name, Role::Validator, Amount::tokens(10_000));
            }
            for name in ["V3", "V4"] {
                assert!(matches!(place(&world, name, Role::Validator), SetPlace::Waiting(_)));
            }
        }
        let command = OpenSeed { job, preimage: Digest([preimage; 32]) };
        world.ok("R", Command::OpenSeed(command));
        world.until_phase(job, Phase::Auditing);
        let names = world.auditors(job);
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert!(!world.closed(job).paid.is_zero(), "who was displaced is heard and paid");
        names
    };
    let mut found = std::collections::BTreeSet::new();
    for preimage in 0..24 {
        let names = drawn(preimage, false);
        assert_eq!(drawn(preimage, true), names);
        found.extend(names);
    }
    assert_eq!(found.len(), 4, "all of the set were drawn at times: {found:?}");
}

/// S2: who shows more for a moment keeps the place for as long as it has more, and no longer: what
/// it takes out gives the place back at once, with nothing lost but its fees.
#[test]
fn s2_to_show_more_for_a_moment_takes_no_place_for_longer() {
    let mut world = World::new(params_with(providers));
    let (role, more) = (Role::Provider, Amount::tokens(5_000));
    for _ in 0..5 {
        bond(&mut world, "P4", role, more);
        assert!(matches!(place(&world, "P3", role), SetPlace::Waiting(0)));
        let amount = more.saturating_add(Amount::UNIT);
        world.ok("P4", Command::Unbond(Unbond { role, amount }));
        assert_eq!(place(&world, "P3", role), SetPlace::In, "in the same block");
        bond(&mut world, "P4", role, Amount::UNIT);
    }
    let id = world.operator("P4", role);
    let waits = world.state.operator(id).expect("bonded").unbondings.len();
    assert_eq!(waits, 5, "and each time the margin waits to be paid out, at risk and idle");
}

/// S3: a margin shown and taken back is paid out after the whole wait, and is no shield meanwhile:
/// whoever was displaced takes its place back for what was shown.
#[test]
fn s3_a_margin_shown_and_taken_back_is_no_shield() {
    let mut world = World::new(params_with(providers));
    let (role, more) = (Role::Provider, Amount::tokens(5_000));
    bond(&mut world, "P4", role, more);
    world.ok("P4", Command::Unbond(Unbond { role, amount: more }));
    assert_eq!(place(&world, "P4", role), SetPlace::In, "it has as much as P3");
    // What P3 must show is what P4 had to show.
    bond(&mut world, "P3", role, more);
    assert_eq!(place(&world, "P3", role), SetPlace::In);
    assert_eq!(place(&world, "P4", role), SetPlace::Waiting(0));
}

/// What a newcomer's identities displaced and what they had at risk for it: the stakes that left
/// places and those that took them.
fn taken(world: &mut World) -> (u64, u64) {
    let (mut left, mut came) = (0, 0);
    for event in std::mem::take(&mut world.events) {
        match event {
            Event::ActiveSetLeft { stake, by: Some(_), .. } => left += stake.units(),
            Event::ActiveSetEntered { stake, .. } => came += stake.units(),
            _ => {}
        }
    }
    (left, came)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// S4: however a newcomer cuts its stake into identities, it weighs at most what it has, each
    /// place costs it more than the margin above what it displaced, and the set has the more at
    /// risk for it.
    #[test]
    fn s4_splitting_buys_no_weight_and_no_place_below_its_price(
        cuts in proptest::collection::vec(100u64..30_000, 1..6),
    ) {
        let mut world = World::with_crowd(
            params_with(providers),
            earnest_protocol::ledger::Assets::Single,
            30,
        );
        let role = Role::Provider;
        // The crowd of 500 tokens each waits behind the four; three of them leave.
        for name in ["P2", "P3", "P4"] {
            let amount = Amount::tokens(50_000);
            world.ok(name, Command::Unbond(Unbond { role, amount }));
        }
        let _those_who_left = taken(&mut world);
        let names = ["W", "X", "R", "V1", "V2"];
        let set = |world: &World| world.state.active_set(role, ResourceClass::Cpu);
        for (name, cut) in names.iter().zip(&cuts) {
            let before = set(&world);
            bond(&mut world, name, role, Amount::tokens(*cut));
            let (left, came) = taken(&mut world);
            let after = set(&world);
            prop_assert_eq!(after.stake.units(), before.stake.units() + came - left);
            prop_assert!(left == 0 || came * 10 >= left * 11, "{} for {}", came, left);
        }
        let mine = names.iter().zip(&cuts).filter_map(|(name, _)| {
            let id = world.state.operator_id(world.id(name), role)?;
            let row = world.state.operator(id)?;
            row.may_work().then_some(row.stake.units())
        });
        let whole: u64 = cuts.iter().sum();
        prop_assert!(mine.sum::<u64>() <= whole * 1_000_000_000);
    }
}

/// S5: delegated stake takes no place (C5): who attracts ten times its own has what it had.
#[test]
fn s5_what_others_delegate_takes_no_place() {
    let mut world = World::new(params_with(|raw| {
        providers(raw);
        raw.staking.delegation_max = earnest_protocol::Factor::percent(1_000);
        raw.staking.commission_raise_max = Ratio::ONE;
    }));
    let role = Role::Provider;
    let (rate, ceiling) = (Ratio::percent(10), Ratio::percent(10));
    world.ok("P4", Command::SetCommission(SetCommission { role, rate, ceiling }));
    let (operator, amount) = (world.id("P4"), Amount::tokens(90_000));
    for name in ["W", "X"] {
        world.ok(name, Command::Delegate(Delegate { operator, role, amount }));
    }
    assert_eq!(place(&world, "P4", role), SetPlace::Waiting(0));
    let set = world.state.active_set(role, ResourceClass::Cpu);
    assert_eq!((set.stake, set.needed), (Amount::tokens(150_000), Amount::tokens(55_000)));
}

/// S6 (M5): whoever buys places, for the moment in which an epoch opens or for good, buys no say
/// about the price of stake with them: those whom it displaced, and all others who wait, have
/// theirs.
#[test]
fn s6_who_buys_places_neither_moves_nor_stops_the_price() {
    let of_round = |theirs: Option<u64>| {
        let mut world = prices::world_with(validators);
        next_epoch(&mut world);
        // Half of four places, for less than a quarter of what validators have at stake.
        for name in ["W", "X"] {
            bond(&mut world, name, Role::Validator, Amount::tokens(55_000));
            assert_eq!(place(&world, name, Role::Validator), SetPlace::In);
        }
        assert_eq!(place(&world, "V3", Role::Validator), SetPlace::Waiting(0));
        next_epoch(&mut world);
        let honest = ALL.map(|name| (name, cents(100)));
        let theirs = theirs.into_iter().flat_map(|price| ["W", "X"].map(|n| (n, cents(price))));
        prices::round(&mut world, &honest.into_iter().chain(theirs).collect::<Vec<_>>());
        world.state.price_feed().map(|feed| feed.price)
    };
    for theirs in [Some(1), Some(10_000), None] {
        assert_eq!(of_round(theirs), Some(cents(100)), "{theirs:?}");
    }
}

/// S1: a state that is read back between a displacement and the draw draws whom the other draws.
#[test]
fn s1_a_draw_after_a_displacement_is_the_same_from_a_state_that_was_stored() {
    for preimage in 0..6 {
        let mut world = World::new(params_with(validators));
        let mut terms = world.terms();
        terms.seed_seal = seal::seed(&Digest([preimage; 32]));
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        world.block();
        for name in ["V5", "V6"] {
            bond(&mut world, name, Role::Validator, Amount::tokens(10_000));
        }
        // One comes back within the block, and goes again in the next.
        for (name, more) in [("V3", 10_000), ("V4", 20_000)] {
            bond(&mut world, name, Role::Validator, Amount::tokens(more));
        }
        world.block();
        bond(&mut world, "V7", Role::Validator, Amount::tokens(20_000));
        let bytes = postcard::to_allocvec(&world.state).expect("it encodes");
        let mut names = Vec::new();
        for stored in [false, true] {
            let mut one = World::new(params_with(validators));
            one.state = match stored {
                true => postcard::from_bytes(&bytes).expect("and decodes"),
                false => world.state.clone(),
            };
            let preimage = Digest([preimage; 32]);
            one.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
            one.until_phase(job, Phase::Auditing);
            names.push((one.auditors(job), one.state.root()));
        }
        assert_eq!(names[0], names[1]);
        let first = ["V1", "V2", "V3", "V4"];
        assert!(names[0].0.iter().all(|name| first.contains(name)), "{names:?}");
    }
}

/// S4, a known hole: who takes every place for the block in which a result is sealed, and leaves
/// before its draw, leaves it without auditors: those it displaced weighed nothing in that block,
/// though they are back. Their open seats are no sample. The work is unpaid, nobody is slashed,
/// and what left is bonded again at once, for the next result.
#[test]
fn s4_places_taken_for_the_block_of_a_result_and_left_before_its_draw_keep_it_from_its_audit() {
    let role = Role::Validator;
    let (rich, others) = (["V5", "V6", "V7", "V8"], ["V1", "V2", "V3", "V4"]);
    let outcome = |limited: bool| {
        let mut world = World::new(params_with(|raw| {
            validators(raw);
            raw.staking.validators_active_max *= u64::from(limited);
        }));
        let before = world.coalition(&rich);
        let preimage = Digest([1; 32]);
        let mut terms = world.terms();
        terms.seed_seal = seal::seed(&preimage);
        let job = world.assign(terms, &[("P1", 10)]);
        rich.iter().for_each(|name| bond(&mut world, name, role, Amount::tokens(5_000)));
        world.commit_result("P1", job, root(None));
        world.block();
        let amount = Amount::tokens(55_000);
        rich.iter().for_each(|name| world.ok(name, Command::Unbond(Unbond { role, amount })));
        assert!(others.iter().all(|name| place(&world, name, role) == SetPlace::In), "back");
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        world.until_phase(job, if limited { Phase::AuditingOpen } else { Phase::Auditing });
        let drawn = world.auditors(job);
        let judges = if drawn.is_empty() { vec!["V1", "V2"] } else { drawn.clone() };
        judges.iter().for_each(|name| world.audit_as(name, job, root(None)));
        world.reveal_result("P1", job, root(None));
        judges.iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
        world.until_phase(job, Phase::Closed);
        for name in rich {
            world.ok(name, Command::CancelUnbond(CancelUnbond { role, amount }));
        }
        let fees = before - world.coalition(&rich);
        assert!(
            (0..100_000).contains(&fees),
            "a ten thousandth of a token for 12 commands: {fees}"
        );
        assert!(!limited || place(&world, "V5", role) == SetPlace::In, "for the next one");
        (world.closed(job).outcome, drawn.is_empty())
    };
    assert_eq!(
        outcome(false),
        (Outcome::Accepted, false),
        "without a set they weigh what they have"
    );
    assert_eq!(outcome(true), (Outcome::Expired, true));
}
