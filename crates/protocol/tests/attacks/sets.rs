//! Attacks on active sets (S1 to S5): who takes places, from whom, and what it costs.

use earnest_protocol::{
    Amount, Command, Digest, Event, Ratio, RawParams, Rejected, Role,
    command::*,
    market::{CloseReason, Outcome, Phase},
    seal,
    staking::SetPlace,
    verification::CommitVerdictRejected,
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

/// S6: those in the set are a quorum by themselves, however much waits in silence.
#[test]
fn s6_whoever_waits_and_says_nothing_stops_no_price() {
    let mut world = prices::world_with(validators);
    next_epoch(&mut world);
    let inside = ["V1", "V2", "V3", "V4"].map(|name| (name, cents(105)));
    prices::round(&mut world, &inside);
    assert_eq!(world.state.price_feed().map(|feed| feed.price), Some(cents(105)));
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

const RICH: [&str; 4] = ["V5", "V6", "V7", "V8"];
const DISPLACED: [&str; 4] = ["V1", "V2", "V3", "V4"];

/// What who took places for the block of a result does before its draw.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// All leave.
    Leave,
    /// All but one leave, and that one is silent.
    LeaveOne,
    /// All keep a least bond, which is enough to be drawn with, and are silent.
    LeaveLittle,
    /// All stay, and are silent.
    Stay,
    /// Names of the same hand outbid two of them, which leave; the others are silent.
    Outbid,
}

fn unbond(world: &mut World, name: &str, amount: Amount) {
    world.ok(name, Command::Unbond(Unbond { role: Role::Validator, amount }));
}

fn unbond_all(world: &mut World, names: &[&str], amount: u64) {
    names.iter().for_each(|name| unbond(world, name, Amount::tokens(amount)));
}

impl Then {
    fn carry_out(self, world: &mut World) {
        match self {
            Then::Leave => unbond_all(world, &RICH, 55_000),
            Then::LeaveOne => unbond_all(world, &RICH[1..], 55_000),
            Then::LeaveLittle => unbond_all(world, &RICH, 54_900),
            Then::Stay => {}
            Then::Outbid => {
                for name in ["W", "X"] {
                    bond(world, name, Role::Validator, Amount::tokens(61_000));
                    assert_eq!(place(world, name, Role::Validator), SetPlace::In);
                }
                unbond_all(world, &RICH[2..], 55_000);
            }
        }
    }
}

/// A result that `takers` took places for, in the block in which it is sealed.
fn sealed(
    raw: RawParams,
    preimage: Digest,
    takers: &[&str],
    result: Digest,
) -> (World, earnest_protocol::JobId) {
    let mut world = World::new(raw);
    let mut terms = world.terms();
    terms.seed_seal = seal::seed(&preimage);
    let job = world.assign(terms, &[("P1", 10)]);
    takers.iter().for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(5_000)));
    world.commit_result("P1", job, result);
    world.block();
    (world, job)
}

/// Lets the displaced audit wherever they are drawn or a seat is open, and everybody else be
/// silent, until the job is closed; who was ever drawn.
fn audited(
    world: &mut World,
    job: earnest_protocol::JobId,
    preimage: Digest,
    result: Digest,
) -> std::collections::BTreeSet<&'static str> {
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
    finished(world, job, result)
}

/// The same, once the seed is open.
fn finished(
    world: &mut World,
    job: earnest_protocol::JobId,
    result: Digest,
) -> std::collections::BTreeSet<&'static str> {
    played_out(world, job, result, true)
}

/// The same, with volunteers for seats that are open or without any.
fn played_out(
    world: &mut World,
    job: earnest_protocol::JobId,
    result: Digest,
    volunteers: bool,
) -> std::collections::BTreeSet<&'static str> {
    let mut drawn = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let phase = world.phase(job);
        match phase {
            Phase::Auditing | Phase::AuditingOpen => {
                let seated = world.auditors(job);
                drawn.extend(seated.iter().copied());
                for name in DISPLACED {
                    let is_open = volunteers && phase == Phase::AuditingOpen;
                    let may = is_open || seated.contains(&name);
                    if may && world.phase(job) == phase {
                        let seal = world.seal_result(name, job, root(None));
                        let command = CommitVerdict { job, seal };
                        let _refused_twice = world.send(name, Command::CommitVerdict(command));
                    }
                }
            }
            Phase::Revealing => {
                world.reveal_result("P1", job, result);
                for name in world.auditors(job) {
                    let opening = world.opening(job, root(None));
                    let command = RevealVerdict { job, opening };
                    let _done = world.send(name, Command::RevealVerdict(command));
                }
                world.play("P1", job, 3, true);
            }
            Phase::Closed => return drawn,
            _ => {}
        }
        world.block();
    }
    panic!("it never ended: {:?}", world.phase(job));
}

/// S4: who takes every place for the block in which a result is sealed, and leaves before its draw
/// or is silent in it, keeps no result from its audit: whoever waited when it was sealed, displaced
/// or not, is drawn. The result is paid, and whoever was silent pays for its seat. Once this cost
/// fees alone, and the requester had its result for nothing.
#[test]
fn s4_places_taken_for_the_block_of_a_result_keep_it_from_no_audit() {
    use Then::*;
    let requester = World::new(params_with(validators)).coalition(&["R"]);
    for then in [Leave, LeaveOne, LeaveLittle, Stay, Outbid] {
        for seed in 0..8u8 {
            let preimage = Digest([seed; 32]);
            let (mut world, job) = sealed(params_with(validators), preimage, &RICH, root(None));
            let before = world.coalition(&["V5", "V6", "V7", "V8", "W", "X"]);
            then.carry_out(&mut world);
            let drawn = audited(&mut world, job, preimage, root(None));
            let closed = world.closed(job);
            assert_eq!(closed.outcome, Outcome::Accepted, "{then:?} {seed}: {:?}", closed.reason);
            assert!(DISPLACED.iter().any(|name| drawn.contains(name)), "{then:?}: {drawn:?}");
            assert!(closed.paid >= Amount::tokens(9), "{then:?}: {:?}", closed.paid);
            assert!(world.coalition(&["R"]) < requester - signed(closed.paid));
            let silent = RICH.iter().filter(|name| drawn.contains(*name)).count();
            let lost = before - world.coalition(&["V5", "V6", "V7", "V8", "W", "X"]);
            let lock = world.state.order(job).map_or(0, |order| signed(order.audit_lock));
            let owed = i64::try_from(silent).expect("few") * lock;
            assert!(lost >= owed, "{then:?} {seed}: {silent} silent lost {lost}, not {owed}");
        }
    }
}

/// S7: nor by more bonds behind the places once the seed is known: a set that is silent was asked
/// alone in each round, for what it had put in since was more than who waited could lock. No
/// volunteer comes.
#[test]
fn s7_a_silent_set_that_bonds_more_is_not_asked_alone_again() {
    let mut accepted = 0;
    for seed in 0..8u8 {
        let preimage = Digest([seed; 32]);
        let mut world = World::new(params_with(validators));
        unbond_all(&mut world, &DISPLACED, 20_000);
        let mut terms = world.terms();
        (terms.seed_seal, terms.auditors) = (seal::seed(&preimage), 1);
        let job = world.assign(terms, &[("P1", 10)]);
        RICH.iter().for_each(|name| {
            bond(&mut world, name, Role::Validator, Amount::tokens(5_000));
        });
        world.commit_result("P1", job, root(None));
        world.block();
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        // More than all who were displaced have.
        RICH.iter().for_each(|name| {
            bond(&mut world, name, Role::Validator, Amount::tokens(44_000));
        });
        let drawn = played_out(&mut world, job, root(None), false);
        let asked = DISPLACED.iter().any(|name| drawn.contains(name));
        assert_eq!(asked, world.closed(job).outcome == Outcome::Accepted, "{seed}: {drawn:?}");
        accepted += u32::from(asked);
    }
    assert!(accepted >= 2, "{accepted} of 8");
}

fn signed(amount: Amount) -> i64 {
    i64::try_from(amount.units()).expect("below the supply")
}

/// S4: nor does a wrong result end without a conviction because whoever took places leaves once it
/// knows that an honest auditor is to be drawn. Once it tried again and again, for fees, until all
/// auditors were its own.
#[test]
fn s4_who_leaves_before_a_draw_saves_no_wrong_result() {
    let mut convicted = 0;
    for seed in 0..8u8 {
        let (preimage, wrong) = (Digest([seed; 32]), root(Some(3)));
        // Three of four places; V1 keeps its own.
        let (world, job) = sealed(params_with(validators), preimage, &RICH[1..], wrong);
        let mut stays = World::new(params_with(validators));
        stays.state = world.state.clone();
        let mut leaves = world;
        stays.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        stays.until_phase(job, Phase::Auditing);
        if !stays.auditors(job).contains(&"V1") {
            continue;
        }
        let provider = leaves.coalition(&["P1"]);
        unbond_all(&mut leaves, &RICH[1..], 55_000);
        audited(&mut leaves, job, preimage, wrong);
        assert_eq!(leaves.closed(job).reason, CloseReason::WrongResult, "{seed}");
        assert!(leaves.coalition(&["P1"]) < provider, "its collateral is gone");
        convicted += 1;
    }
    assert!(convicted >= 2, "{convicted} of 8 draws found V1");
}

/// S4: nor at an epoch's end, nor from a state that was stored between the seal and the draw.
#[test]
fn s4_whoever_waited_is_drawn_from_a_stored_state_and_over_an_epochs_end() {
    let preimage = Digest([1; 32]);
    let (mut world, job) = sealed(params_with(validators), preimage, &RICH, root(None));
    // Waits grow, shrink and turn into places within the pinned time.
    bond(&mut world, "V1", Role::Validator, Amount::tokens(7_000));
    unbond(&mut world, "V2", Amount::tokens(40_000));
    world.block();
    unbond_all(&mut world, &RICH, 55_000);
    bond(&mut world, "W", Role::Validator, Amount::tokens(61_000));
    let bytes = postcard::to_allocvec(&world.state).expect("it encodes");
    let mut other = World::new(params_with(validators));
    other.state = postcard::from_bytes(&bytes).expect("and decodes");
    assert_eq!(other.state.root(), world.state.root());
    let drawn = audited(&mut world, job, preimage, root(None));
    assert_eq!(audited(&mut other, job, preimage, root(None)), drawn);
    assert_eq!(other.state.root(), world.state.root());
    assert!(!drawn.contains("W"), "it came after the seal: {drawn:?}");

    let mut world = World::new(params_with(validators));
    while world.state.height().count() % 50 != 40 {
        world.block();
    }
    let mut terms = world.terms();
    terms.seed_seal = seal::seed(&preimage);
    let job = world.assign(terms, &[("P1", 10)]);
    while !(world.state.height().count() + 1).is_multiple_of(50) {
        world.block();
    }
    RICH.iter().for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(5_000)));
    world.commit_result("P1", job, root(None));
    world.block();
    unbond_all(&mut world, &RICH, 55_000);
    audited(&mut world, job, preimage, root(None));
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

/// S4: names that wait with little are drawn for little: they count by their stake among all that
/// waited, however many they are, and none of them is drawn while the set does.
#[test]
fn s4_small_names_that_wait_have_their_part_of_seats_and_no_more() {
    let (mut small, mut seats) = (0, 0);
    for seed in 0..24u8 {
        let preimage = Digest([seed; 32]);
        let mut world = World::new(params_with(validators));
        let names = ["W", "X", "P2", "P3", "P4"];
        names.iter().for_each(|name| {
            bond(&mut world, name, Role::Validator, Amount::tokens(100));
        });
        let mut terms = world.terms();
        terms.seed_seal = seal::seed(&preimage);
        let job = world.assign(terms, &[("P1", 10)]);
        let taken = seed % 2 == 0;
        if taken {
            RICH.iter()
                .for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(5_000)));
        }
        world.commit_result("P1", job, root(None));
        world.block();
        if taken {
            unbond_all(&mut world, &RICH, 55_000);
        }
        let drawn = audited(&mut world, job, preimage, root(None));
        let theirs = drawn.iter().filter(|name| names.contains(name)).count();
        assert!(taken || (theirs == 0 && drawn.iter().all(|name| DISPLACED.contains(name))));
        (small, seats) = (small + theirs, seats + drawn.len());
    }
    assert_eq!(small, 0, "of {seats} seats, for 500 of 200,500 tokens");
}

/// S4: nor is one's own slash a way to empty a set: a verdict that a friend reports bars who sealed
/// it, and its seat is drawn among all that waited.
#[test]
fn s4_who_has_its_own_verdicts_reported_keeps_no_result_from_its_audit() {
    for seed in 0..6u8 {
        let preimage = Digest([seed; 32]);
        let (mut world, job) = sealed(params_with(validators), preimage, &RICH, root(None));
        let before = world.coalition(&["V5", "V6", "V7", "V8", "W"]);
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        world.until_phase(job, Phase::Auditing);
        let first = world.auditors(job)[0];
        world.audit_as(first, job, root(None));
        world.report_copy("W", job, first, world.opening(job, root(None)));
        let drawn = finished(&mut world, job, root(None));
        assert!(DISPLACED.iter().any(|name| drawn.contains(name)), "{drawn:?}");
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        let lost = before - world.coalition(&["V5", "V6", "V7", "V8", "W"]);
        assert!(lost > 2_000 * 1_000_000_000, "a twentieth of a bond, for nothing: {lost}");
    }
}

/// Whoever waited when the result was sealed may take a seat that stays open, as in a network
/// without sets; who came to wait since may not.
#[test]
fn an_open_seat_is_there_for_who_waited_when_the_result_was_sealed() {
    let preimage = Digest([3; 32]);
    let (mut world, job) = sealed(params_with(validators), preimage, &RICH, root(None));
    bond(&mut world, "W", Role::Validator, Amount::tokens(50_000));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
    world.until_phase(job, Phase::AuditingOpen);
    let barred = world.state.case(job).expect("assigned").barred.clone();
    let ids = DISPLACED.map(|name| (name, world.operator(name, Role::Validator)));
    let (free, _) = *ids.iter().find(|(_, id)| !barred.contains(id)).expect("6 of 8 are barred");
    assert!(matches!(place(&world, free, Role::Validator), SetPlace::Waiting(_)));
    let commit = |world: &mut World, name: &str| {
        let seal = world.seal_result(name, job, root(None));
        world.send(name, Command::CommitVerdict(CommitVerdict { job, seal }))
    };
    let (stake, needed) = (Amount::tokens(50_000), Amount::tokens(60_500));
    let refused = CommitVerdictRejected::OutsideActiveSet { stake, needed };
    assert_eq!(commit(&mut world, "W"), Err(Rejected::CommitVerdict(refused)));
    assert_eq!(commit(&mut world, free), Ok(()));
}

/// What becomes of the first draw of a job of three auditors: a set of five, of which all places
/// were taken for the block of its result with so many tokens each, and those of `stays` are kept.
/// Who sits, and how many seats are open.
fn first_draw(stake: u64, stays: &[&str], crumbs: &[&str]) -> (Vec<&'static str>, u32) {
    let mut world = World::new(params_with(|raw| {
        raw.staking.validators_active_max = 5;
        (raw.verification.auditors_max, raw.verification.pool_min) = (3, 0);
        (raw.verification.beta, raw.verification.redraws) = (Ratio::percent(50), 1);
        raw.staking.validator_bond_min = Amount::tokens(1);
        raw.verification.audit_lock_value = Ratio::percent(100);
    }));
    let preimage = Digest([1; 32]);
    let mut terms = world.terms();
    (terms.seed_seal, terms.auditors) = (seal::seed(&preimage), 3);
    let takers = ["R", "W", "X", "V7", "V8"];
    takers[..3].iter().for_each(|name| {
        bond(&mut world, name, Role::Validator, Amount::tokens(1));
    });
    let job = world.assign(terms, &[("P1", 10)]);
    let lock = world.state.order(job).expect("posted").audit_lock;
    assert!(Amount::tokens(1) < lock, "{lock:?} is more than a crumb");
    for name in takers {
        let have = world.operator(name, Role::Validator);
        let have = world.state.operator(have).expect("bonded").stake;
        let amount = Amount::tokens(stake).saturating_sub(have);
        bond(&mut world, name, Role::Validator, amount);
    }
    world.commit_result("P1", job, root(None));
    world.block();
    for name in takers.into_iter().filter(|name| !stays.contains(name)) {
        let left = u64::from(crumbs.contains(&name));
        unbond(&mut world, name, Amount::tokens(stake - left));
    }
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
    let first = |world: &World| {
        let draws = world.seen(|event| match event {
            Event::AuditDrawn { vacant, .. } => Some(*vacant),
            Event::DrawPutOff { .. } => Some(u32::MAX),
            _ => None,
        });
        draws.first().copied()
    };
    while first(&world).is_none() {
        world.block();
    }
    let open = first(&world).expect("just found");
    (world.auditors(job), open)
}

/// S4: a set that has fewer left than seats, or whose rest may not sit, or has no more than a crumb
/// there, leaves none of them open: those who waited are drawn with it, at once.
#[test]
fn s4_a_set_that_has_too_few_left_leaves_no_seat_open() {
    let honest = ["V1", "V2", "V3", "V4", "V5", "V6"];
    for (stake, stays, crumbs) in [
        (60_500, &["W", "X"][..], &[][..]),
        (60_500, &["R", "W", "X"], &[]),
        (60_500, &["W", "X"], &["V7"]),
        (60_500, &[], &["W", "X", "V7", "V8"]),
        // More than all six have, but for what is left of it.
        (90_000, &[], &["W", "X", "V7", "V8"]),
    ] {
        let (seated, open) = first_draw(stake, stays, crumbs);
        assert_eq!((seated.len(), open), (3, 0), "{stays:?} {crumbs:?}");
        assert!(seated.iter().any(|name| honest.contains(name)), "{seated:?}");
        assert!(!seated.contains(&"R") && !seated.iter().any(|name| crumbs.contains(name)));
    }
    let (seated, open) = first_draw(60_500, &["W", "X", "V7"], &[]);
    assert_eq!((seated.len(), open), (3, 0));
    assert!(seated.iter().all(|name| ["W", "X", "V7"].contains(name)), "they do: {seated:?}");
}

/// S4: a set that has enough who are silent for every round is not asked again alone: the second
/// round is drawn among all that waited, too.
#[test]
fn s4_a_set_that_was_silent_once_is_not_drawn_from_alone() {
    let (mut paid, mut owed) = (0, 0);
    for seed in 0..12u8 {
        let mut world = World::new(params_with(validators));
        let preimage = Digest([seed; 32]);
        let mut terms = world.terms();
        (terms.seed_seal, terms.auditors) = (seal::seed(&preimage), 1);
        let job = world.assign(terms, &[("P1", 10)]);
        let before = world.coalition(&RICH);
        RICH.iter().for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(5_000)));
        world.commit_result("P1", job, root(None));
        world.block();
        audited(&mut world, job, preimage, root(None));
        if world.closed(job).outcome == Outcome::Accepted {
            paid += 1;
            owed += i64::from(before - world.coalition(&RICH) > 4_000);
        }
    }
    // Each round after the first finds a friend of the set with a chance of about a half.
    assert!(paid >= 6, "{paid} of 12");
    assert_eq!(owed, paid, "whoever was silent where another was not owes its lock");
}

/// S4: in the last round whoever waited is drawn with what it has free, as those in a set are.
#[test]
fn s4_who_waited_with_less_than_a_lock_is_drawn_in_the_last_round() {
    let mut world = World::new(params_with(|raw| {
        validators(raw);
        (raw.staking.validator_bond_min, raw.verification.redraws) = (Amount::tokens(1), 1);
        raw.verification.audit_lock_value = Ratio::percent(100);
    }));
    let preimage = Digest([1; 32]);
    let mut terms = world.terms();
    terms.seed_seal = seal::seed(&preimage);
    let job = world.assign(terms, &[("P1", 10)]);
    RICH.iter().for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(5_000)));
    unbond_all(&mut world, &DISPLACED, 49_999);
    world.commit_result("P1", job, root(None));
    world.block();
    unbond_all(&mut world, &RICH, 55_000);
    let drawn = audited(&mut world, job, preimage, root(None));
    assert!(drawn.iter().all(|name| DISPLACED.contains(name)) && drawn.len() == 2, "{drawn:?}");
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}
