//! Draws and seats: C1 to C4 as far as they are built, C8, C10, C12, C13's waiting auditors.

use earnest_protocol::{
    Amount, Command, Digest, Event, Factor, JobId, Ratio, RawParams, Rejected, Role,
    command::*,
    ledger::JobPot,
    market::{CloseReason, Outcome, Phase, PostJobRejected},
    slashing::Offence,
    verification::{CommitVerdictRejected, ReportCopyRejected, SeatState},
};

use super::{FEE, TOKEN};
use crate::world::{World, params, root};

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// A job of P1's, sealed, with two auditors drawn.
fn drawn(world: &mut World, result: Digest) -> JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, result);
    job
}

#[test]
fn c3_nobody_knows_its_seat_before_the_result_is_sealed() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    assert!(world.auditors(job).is_empty());
    world.commit_result("P1", job, root(None));
    let opened = Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) });
    world.ok("R", opened);
    assert!(world.auditors(job).is_empty(), "the beacon of the draw is still to come");
    world.blocks(2);
    assert_eq!(world.auditors(job).len(), 2);
}

#[test]
fn c4_auditors_are_never_of_the_providers_or_the_requesters_own_account() {
    let (role, amount) = (Role::Validator, Amount::tokens(40_000));
    for seed in 0..40u8 {
        let mut world = World::new(params());
        for name in ["R", "P1"] {
            world.ok(name, Command::Bond(Bond { role, amount }));
        }
        let mut terms = world.terms();
        terms.auditors = 4;
        terms.seed_seal = earnest_protocol::seal::seed(&Digest([seed; 32]));
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_with("P1", job, root(None), Digest([seed; 32]));
        let auditors = world.auditors(job);
        assert!(!auditors.contains(&"R") && !auditors.contains(&"P1"), "{auditors:?}");
    }
}

#[test]
fn c8_a_requester_that_withholds_its_preimage_pays_for_a_certain_larger_audit() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.until_phase(job, Phase::Auditing);
    assert_eq!(world.auditors(job).len(), 4, "m + 2, whatever the rate");
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    let four_audits = 4 * TOKEN;
    assert_eq!(world.coalition(&["R"]), before - 10 * TOKEN - four_audits - FEE);
    let withheld = world.seen(|event| match event {
        Event::SeedWithheld { by_requester, .. } => Some(*by_requester),
        _ => None,
    });
    assert_eq!(withheld, [true]);
}

#[test]
fn c8_an_operator_that_withholds_its_beacon_gets_a_certain_larger_audit() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit_result("P1", job, root(Some(3)));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.withhold_beacon = true;
    world.blocks(2);
    assert_eq!(world.phase(job), Phase::Committed);
    world.withhold_beacon = false;
    world.block();
    assert_eq!(world.phase(job), Phase::Auditing);
    assert_eq!(world.auditors(job).len(), 4);
    // A beacon that never comes again does not save the result either.
    let mut dark = World::new(params());
    let mut terms = dark.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = dark.assign(terms, &[("P1", 10)]);
    dark.commit_result("P1", job, root(Some(3)));
    dark.withhold_beacon = true;
    dark.until_phase(job, Phase::Auditing);
    assert_eq!(dark.auditors(job).len(), 4);
}

#[test]
fn c8_what_else_a_block_contains_cannot_change_the_draw() {
    let mut quiet = World::new(params());
    let job = quiet.assign(quiet.terms(), &[("P1", 10)]);
    quiet.commit_result("P1", job, root(None));
    quiet.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    let mut busy = World::new(params());
    busy.assign(busy.terms(), &[("P1", 10)]);
    busy.commit_result("P1", job, root(None));
    for (name, units) in [("W", 1u64), ("X", 7), ("P4", 3), ("V1", 9)] {
        let (to, amount) = (busy.address("P2"), Amount::new(units).expect("small"));
        busy.ok(name, Command::Transfer(Transfer { to, amount }));
    }
    busy.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    let other = busy.terms();
    busy.ok("W", Command::PostJob(other));
    quiet.blocks(2);
    busy.blocks(2);
    assert_eq!(quiet.auditors(job), busy.auditors(job));
    let seed = |world: &World| world.state.case(job).expect("posted").seed.drawn;
    assert!(seed(&quiet).is_some() && seed(&quiet) == seed(&busy));
}

#[test]
fn c8_a_dust_of_stake_moved_once_the_seed_is_known_does_not_pick_another_draw() {
    let (role, mut moved) = (Role::Validator, 0);
    for seed in 0..30u8 {
        let preimage = Digest([seed; 32]);
        let drawn = |dust: bool| {
            let mut world = World::new(params());
            let mut terms = world.terms();
            terms.seed_seal = earnest_protocol::seal::seed(&preimage);
            let job = world.assign(terms, &[("P1", 10)]);
            world.commit_result("P1", job, root(None));
            world.blocks(3);
            if dust {
                // The beacon is shown and the requester knows its preimage: it could try amounts.
                world.ok("V1", Command::Bond(Bond { role, amount: Amount::UNIT }));
            }
            world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
            world.auditors(job)
        };
        moved += u32::from(drawn(false) != drawn(true));
    }
    assert!(moved <= 1, "{moved} of 30 draws changed");
}

#[test]
fn c10_silent_auditors_pay_for_their_refills_and_nobody_else_is_slashed() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let others = world.coalition(&["P1"]);
    let validators = world.coalition(&VALIDATORS);
    let job = drawn(&mut world, root(None));
    let first = world.auditors(job);
    // The second seat seals, the first stays silent twice and is drawn again.
    world.audit_as(first[1], job, root(None));
    world.blocks(9);
    let second = world.auditors(job);
    assert!(second[0] != first[0] && second[1] == first[1], "{first:?} {second:?}");
    world.audit_as(second[0], job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    // Its lock of two tariffs paid the bonus of half a tariff; the rest burnt.
    assert_eq!(world.coalition(&[second[0]]), 100_000 * TOKEN + 3 * TOKEN / 2);
    assert_eq!(world.coalition(&[first[0]]), 100_000 * TOKEN - 2 * TOKEN);
    assert_eq!(world.coalition(&["R"]), before - 12 * TOKEN - FEE, "the same as without");
    assert_eq!(world.coalition(&["P1"]), others + 9_500_000_000 - 2 * FEE);
    let burnt = 3 * TOKEN / 2;
    assert_eq!(world.coalition(&VALIDATORS), validators + 2 * TOKEN - burnt);
}

#[test]
fn c10_a_network_without_auditors_refunds_and_slashes_the_silent_only() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let provider = world.coalition(&["P1"]);
    let job = drawn(&mut world, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let open_since = world.state.height();
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::AuditUnavailable));
    let audit_blocks = world.state.case(job).expect("posted").audit_blocks.count();
    let waited = world.state.height().since(open_since).count();
    assert_eq!(waited, 2 * audit_blocks + 1, "open to all for twice as long");
    assert_eq!(world.coalition(&["R"]), before - FEE);
    assert_eq!(world.coalition(&["P1"]), provider - 2 * FEE);
    let missed = world.seen(|event| match event {
        Event::AuditMissed { account, .. } => Some(*account),
        _ => None,
    });
    assert_eq!(missed.len(), 6, "two seats, drawn three times");
    for name in VALIDATORS {
        let lost = 100_000 * TOKEN - world.coalition(&[name]);
        let was_silent = missed.contains(&world.id(name));
        assert_eq!(lost, if was_silent { 2 * TOKEN } else { 0 }, "{name}");
    }
}

#[test]
fn c10_an_open_seat_is_taken_by_whoever_audits() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let silent = world.state.case(job).expect("posted").silent.clone();
    let idle: Vec<&str> = VALIDATORS
        .into_iter()
        .filter(|name| !silent.contains(&world.operator(name, Role::Validator)))
        .collect();
    let late = VALIDATORS.into_iter().find(|name| !idle.contains(name)).expect("six were silent");
    let seal = world.seal_result(late, job, root(None));
    let refused = world.send(late, Command::CommitVerdict(CommitVerdict { job, seal }));
    let expected = CommitVerdictRejected::MayNotWork;
    assert_eq!(refused, Err(Rejected::CommitVerdict(expected)), "it had its turn");
    idle.iter().for_each(|name| world.audit_as(name, job, root(None)));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

#[test]
fn c10_silence_in_one_seat_does_not_save_a_result_that_another_seat_convicts() {
    // Three validators are the whole pool of a withheld seed; the cheat's friend is one.
    let mut world = World::new(params());
    let (role, amount) = (Role::Validator, Amount::tokens(50_000));
    for name in &VALIDATORS[3..] {
        world.ok(name, Command::Unbond(Unbond { role, amount }));
    }
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let (quote, friends) = (world.quote(job), ["P1", "V1"]);
    let before = world.coalition(&friends);
    let wrong = root(Some(3));
    world.commit_result("P1", job, wrong);
    world.until_phase(job, Phase::Auditing);
    assert_eq!(world.auditors(job).len(), 3);
    world.audit_as("V2", job, root(None));
    world.audit_as("V3", job, root(None));
    world.until_phase(job, Phase::Revealing);
    world.reveal_result("P1", job, wrong);
    world.reveal_verdict("V2", job, root(None));
    world.reveal_verdict("V3", job, root(None));
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let profit = world.coalition(&friends) - before;
    assert!(profit < -i64::try_from(quote.collateral_min.units()).expect("small"), "{profit}");
}

#[test]
fn c10_too_few_verdicts_that_agree_still_accept_nothing() {
    let mut world = World::new(params());
    let before = world.coalition(&["R", "P1"]);
    let job = drawn(&mut world, root(None));
    let sealed = world.auditors(job)[0];
    world.audit_as(sealed, job, root(None));
    world.until_phase(job, Phase::Revealing);
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::AuditUnavailable));
    // The one that worked is paid, everything else goes home.
    assert_eq!(world.coalition(&["R", "P1"]), before - TOKEN - 3 * FEE);
    assert_eq!(world.coalition(&[sealed]), 100_000 * TOKEN + TOKEN);
}

#[test]
fn c10_more_audits_than_validators_can_lock_for_are_refused_at_posting() {
    let audit_lock = Factor::percent(10_000);
    let mut world = World::new(RawParams { audit_lock, ..params() });
    let mut terms = world.terms();
    // A hundred times a tariff of five, for two seats: a thousand of 400,000 a job.
    terms.task.gas_bound = earnest_protocol::Gas::new(5_000_000_000);
    for _ in 0..400 {
        world.post(terms.clone());
    }
    let refused = world.send("W", Command::PostJob(terms.clone()));
    let (wanted, available) = (Amount::tokens(401_000), Amount::tokens(400_000));
    let expected = PostJobRejected::AuditCapacityExceeded { wanted, available };
    assert_eq!(refused, Err(Rejected::PostJob(expected)));
    // Jobs that end make room again.
    world.blocks(3);
    world.ok("W", Command::PostJob(terms));
}

#[test]
fn c12_a_root_that_leaks_is_worth_half_a_lock_to_whoever_tells() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    let copier = world.auditors(job)[0];
    world.audit_as(copier, job, root(None));
    let friends = [copier, "W"];
    let before = world.coalition(&friends);
    let opening = world.opening(job, root(None));
    let mut wrong = opening;
    wrong.salt = Digest([77; 32]);
    let accused = world.id(copier);
    let guess = Command::ReportCopy(ReportCopy { job, accused, opening: wrong });
    let refused = Err(Rejected::ReportCopy(ReportCopyRejected::SealMismatch));
    assert_eq!(world.send("W", guess), refused);
    world.ok("W", Command::ReportCopy(ReportCopy { job, accused, opening }));
    assert_eq!(world.coalition(&["W"]), 100_000 * TOKEN + TOKEN - FEE, "half of two tariffs");
    assert_eq!(world.coalition(&friends), before - TOKEN - FEE, "telling on oneself loses half");
    assert!(!world.auditors(job).contains(&copier), "its seat is drawn again");
    assert_eq!(world.auditors(job).len(), 2);
}

#[test]
fn c12_a_cheat_that_reports_its_own_root_loses_all_but_the_reporters_cap() {
    let mut world = World::new(params());
    let friends = ["P1", "W"];
    let before = world.coalition(&friends);
    let wrong = root(Some(3));
    let job = drawn(&mut world, wrong);
    let (quote, locked) = (world.quote(job), world.pot(job, JobPot::Collateral(0)));
    let (accused, opening) = (world.id("P1"), world.opening(job, wrong));
    world.ok("W", Command::ReportCopy(ReportCopy { job, accused, opening }));
    assert_eq!(world.closed(job).reason, CloseReason::Copied);
    let profit = world.coalition(&friends) - before + 2 * FEE;
    let kept = locked - quote.reward_max.units();
    assert_eq!(profit, -i64::try_from(kept).expect("small"));
    assert!(profit < -i64::try_from(quote.exit_cost.units()).expect("small"));
}

#[test]
fn c12_who_audits_blind_and_misses_the_reveal_loses_its_lock_only() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    world.audit(job, root(None));
    world.reveal_result("P1", job, root(None));
    let auditors = world.auditors(job);
    world.reveal_verdict(auditors[0], job, root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(world.coalition(&[auditors[1]]), 100_000 * TOKEN - 2 * TOKEN);
    let seats = &world.state.case(job).expect("posted").seats;
    assert_eq!(seats[1].state, SeatState::Failed);
}

#[test]
fn c4_auditors_of_a_convicted_root_that_sealed_the_same_are_not_paid() {
    let mut world = World::new(params());
    let wrong = root(Some(3));
    let job = drawn(&mut world, wrong);
    let [copier, honest] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(copier, job, wrong);
    world.audit_as(honest, job, root(None));
    world.reveal_result("P1", job, wrong);
    world.reveal_verdict(copier, job, wrong);
    world.reveal_verdict(honest, job, root(None));
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    // No evidence but the root it shares: its lock goes home, its fee to the requester.
    assert_eq!(world.coalition(&[copier]), 100_000 * TOKEN);
    assert_eq!(world.coalition(&[honest]), 100_000 * TOKEN + TOKEN);
    let offences: Vec<Offence> = world.state.slashes().map(|(_, slash)| slash.offence).collect();
    assert_eq!(offences, [Offence::WrongResult]);
}
