//! Draws and seats: C1 to C4 as far as they are built, C8, C10, C12, C13's waiting auditors.

use earnest_protocol::{
    Amount, Asset, Command, Digest, Event, Factor, JobId, Ratio, Rejected, Role,
    command::*,
    ledger::AssignmentPot,
    market::{AcceptJobRejected, CloseReason, Outcome, Phase, PostJobRejected},
    slashing::Offence,
    staking::Standing,
    verification::{CommitVerdictRejected, ReportCopyRejected, SeatState, Withholder},
};

use super::{CHUNK_FEE, FEE, TOKEN};
use crate::world::{World, params, params_with, root};

const VALIDATORS: [&str; 8] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// What a seat locks: two tariffs of a token, and a twentieth of a p_ref of ten.
const LOCK: i64 = 5 * TOKEN / 2;

/// What every account of the world begins with.
const BEGIN: i64 = 100_000 * TOKEN;

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
    assert_eq!(world.coalition(&["R"]), before - 10 * TOKEN - four_audits - 4 * FEE);
    assert_eq!(world.coalition(&["O"]), BEGIN, "the operator did its part");
    let withheld = world.seen(|event| match event {
        Event::SeedWithheld { by, .. } => Some(*by),
        _ => None,
    });
    assert_eq!(withheld, [Withholder::Requester]);
}

#[test]
fn c8_an_operator_that_withholds_its_beacon_pays_for_a_certain_larger_audit() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.withhold_beacon = true;
    world.blocks(2);
    assert_eq!(world.phase(job), Phase::Committed);
    world.withhold_beacon = false;
    world.block();
    assert_eq!(world.phase(job), Phase::Auditing);
    assert_eq!(world.auditors(job).len(), 4);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    // The two auditors more are paid out of the leading replica's bond, the others as agreed.
    assert_eq!(world.coalition(&["O"]), BEGIN - 2 * TOKEN);
    assert_eq!(world.coalition(&["R"]), before - 12 * TOKEN - 4 * FEE);
}

#[test]
fn c8_a_beacon_that_never_comes_again_does_not_save_the_result_either() {
    for opens in [true, false] {
        let mut dark = World::new(params());
        let mut terms = dark.terms();
        terms.audit_rate = Ratio::percent(2);
        let job = dark.assign(terms, &[("P1", 10)]);
        dark.commit_result("P1", job, root(Some(3)));
        if opens {
            dark.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        }
        dark.withhold_beacon = true;
        dark.until_phase(job, Phase::Auditing);
        assert_eq!(dark.auditors(job).len(), 4);
        // Who withholds alone pays alone; the requester, if both did.
        let paid = if opens { 2 * TOKEN } else { 0 };
        assert_eq!(dark.coalition(&["O"]), BEGIN - paid);
    }
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
        busy.ok(name, Command::Transfer(Transfer { to, asset: Asset::Stake, amount }));
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
fn c8_stake_moved_once_the_seed_is_known_does_not_pick_another_draw() {
    let (role, mut others) = (Role::Validator, 0);
    for seed in 0..30u8 {
        let preimage = Digest([seed; 32]);
        let drawn = |moved: Amount| {
            let mut world = World::new(params());
            let mut terms = world.terms();
            terms.seed_seal = earnest_protocol::seal::seed(&preimage);
            let job = world.assign(terms, &[("P1", 10)]);
            world.commit_result("P1", job, root(None));
            world.blocks(3);
            if !moved.is_zero() {
                // The beacon is shown and the requester knows its preimage: it could try amounts.
                world.ok("V1", Command::Bond(Bond { role, amount: moved }));
            }
            world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
            world.auditors(job)
        };
        let still = drawn(Amount::ZERO);
        // A dust, or a fifth as much again as all have at stake: the weights are those of the seal.
        assert_eq!(drawn(Amount::UNIT), still);
        assert_eq!(drawn(Amount::tokens(40_000)), still);
        others += u32::from(!still.contains(&"V1"));
    }
    assert!(others > 10, "V1 was drawn {} times of 30", 30 - others);
}

#[test]
fn c10_silent_auditors_lose_their_locks_and_refills_are_the_requesters_to_pay() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let others = world.coalition(&["P1"]);
    let validators = world.coalition(&VALIDATORS);
    let job = drawn(&mut world, root(None));
    let first = world.auditors(job);
    // The second seat seals, the first stays silent and is drawn again.
    world.audit_as(first[1], job, root(None));
    world.blocks(9);
    let second = world.auditors(job);
    assert!(second[0] != first[0] && second[1] == first[1], "{first:?} {second:?}");
    assert_eq!(world.coalition(&[first[0]]), BEGIN, "what it owes is known at the end of the case");
    assert_eq!(world.held(job, AssignmentPot::AuditLock(0)), 0, "its silence locks nothing");
    world.audit_as(second[0], job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    // Somebody managed, so the silent one could have: all its lock burnt. The refilled seat earned
    // half a tariff more, out of the requester's escrow.
    assert_eq!(world.coalition(&[second[0]]), BEGIN + 3 * TOKEN / 2);
    assert_eq!(world.coalition(&[second[1]]), BEGIN + TOKEN);
    assert_eq!(world.coalition(&[first[0]]), BEGIN - LOCK);
    assert_eq!(world.coalition(&["R"]), before - 10 * TOKEN - 5 * TOKEN / 2 - 4 * FEE);
    assert_eq!(world.coalition(&["P1"]), others + 9_500_000_000 - 2 * FEE);
    assert_eq!(world.coalition(&VALIDATORS), validators + 5 * TOKEN / 2 - LOCK);
}

#[test]
fn c10_who_stays_silent_and_takes_its_bond_out_still_owes_its_lock() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    let first = world.auditors(job);
    let (silent, other) = (first[0], first[1]);
    world.audit_as(other, job, root(None));
    while world.auditors(job).contains(&silent) {
        world.block();
    }
    // Its lock is back in its bond, and all of that leaves at once.
    let before = world.coalition(&[silent]);
    let (role, amount) = (Role::Validator, Amount::tokens(50_000));
    world.ok(silent, Command::Unbond(Unbond { role, amount }));
    let second = world.auditors(job);
    let next = second.iter().find(|name| **name != other).expect("drawn again");
    world.audit_as(next, job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(before - world.coalition(&[silent]), LOCK + FEE);
}

#[test]
fn c10_who_asked_for_as_many_bytes_as_it_may_and_still_could_not_keeps_its_lock() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    let [stuck, idle] = world.auditors(job)[..] else { panic!("two seats") };
    let ask = |world: &mut World| {
        for chunk in 0..4 {
            let item = DataItem::Input(chunk);
            world.ok(stuck, Command::RequestData(RequestData { job, item }));
            world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
        }
    };
    ask(&mut world);
    let asked = 4 * (26_000_000 + CHUNK_FEE);
    while world.auditors(job).contains(&stuck) {
        world.block();
    }
    // Others are drawn, and manage.
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(world.coalition(&[stuck]), BEGIN - asked);
    assert_eq!(world.coalition(&[idle]), BEGIN - LOCK);
}

#[test]
fn c10_a_network_without_auditors_refunds_and_slashes_nobody() {
    let mut world = World::new(params());
    let before = world.coalition(&["R"]);
    let provider = world.coalition(&["P1"]);
    let job = drawn(&mut world, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let open_since = world.state.height();
    let held: u64 = (0..6).map(|lock| world.held(job, AssignmentPot::AuditLock(lock))).sum();
    assert_eq!(held, 0, "two seats, drawn three times, and none still locked");
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::AuditUnavailable));
    let audit_blocks = world.state.order(job).expect("posted").audit_blocks.count();
    let waited = world.state.height().since(open_since).count();
    assert_eq!(waited, 2 * audit_blocks + 1, "open to all for twice as long");
    assert_eq!(world.coalition(&["R"]), before - 4 * FEE);
    assert_eq!(world.coalition(&["P1"]), provider - 2 * FEE);
    let missed = world.seen(|event| match event {
        Event::AuditMissed { account, .. } => Some(*account),
        _ => None,
    });
    assert_eq!(missed.len(), 6);
    // Nobody managed: perhaps nobody could have, and the locks go home.
    for name in VALIDATORS {
        assert_eq!(world.coalition(&[name]), BEGIN, "{name}");
    }
    assert_eq!(world.state.slashes().count(), 0);
}

/// Two seats of which one sealed and the other was silent in all three rounds.
fn half_open(world: &mut World) -> (JobId, &'static str) {
    let job = drawn(world, root(None));
    let sealed = world.auditors(job)[0];
    world.audit_as(sealed, job, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    (job, sealed)
}

/// Validators that were never drawn for a job.
fn idle(world: &World, job: JobId) -> Vec<&'static str> {
    let barred = world.state.case(job).expect("assigned").barred.clone();
    let seated = world.auditors(job);
    let is_idle = |name: &&'static str| {
        !barred.contains(&world.operator(name, Role::Validator)) && !seated.contains(name)
    };
    VALIDATORS.into_iter().filter(is_idle).collect()
}

#[test]
fn c10_an_open_seat_is_taken_by_whoever_audits() {
    let mut world = World::new(params());
    let (job, sealed) = half_open(&mut world);
    let idle = idle(&world, job);
    let is_late = |name: &&'static str| !idle.contains(name) && *name != sealed;
    let late = VALIDATORS.into_iter().find(is_late).expect("three were silent");
    let seal = world.seal_result(late, job, root(None));
    let refused = world.send(late, Command::CommitVerdict(CommitVerdict { job, seal }));
    let expected = CommitVerdictRejected::MayNotWork;
    assert_eq!(refused, Err(Rejected::CommitVerdict(expected)), "it had its turn");
    world.audit_as(idle[0], job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    // Two rounds of half as much again.
    assert_eq!(world.coalition(&[idle[0]]), BEGIN + 9 * TOKEN / 4);
    assert_eq!(world.coalition(&[late]), BEGIN - LOCK - FEE);
}

#[test]
fn c10_volunteers_alone_are_nobodys_sample() {
    let mut world = World::new(params());
    let (requester, provider) = (world.coalition(&["R"]), world.coalition(&["P1"]));
    let job = drawn(&mut world, root(None));
    world.until_phase(job, Phase::AuditingOpen);
    let [one, two] = idle(&world, job)[..] else { panic!("six of eight were silent") };
    world.audit_as(one, job, root(None));
    world.audit_as(two, job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::AuditUnavailable));
    // They are paid for their work, but no drawn auditor managed, so no lock of the silent is lost.
    assert_eq!(world.coalition(&["P1"]), provider - 2 * FEE);
    assert_eq!(world.coalition(&["R"]), requester - 9 * TOKEN / 2 - 4 * FEE);
    for name in VALIDATORS {
        let paid = if [one, two].contains(&name) { 9 * TOKEN / 4 } else { 0 };
        assert_eq!(world.coalition(&[name]), BEGIN + paid, "{name}");
    }
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
    // Four seats for three validators: one is open at once.
    world.until_phase(job, Phase::AuditingOpen);
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
    // The one that worked is paid, the bonus that no refill earned burns with its seat, and
    // everything else goes home.
    let bonus = 5 * TOKEN / 4;
    assert_eq!(world.coalition(&["R", "P1"]), before - TOKEN - bonus - 6 * FEE);
    assert_eq!(world.coalition(&[sealed]), BEGIN + TOKEN);
}

#[test]
fn c10_silence_beside_enough_verdicts_takes_nothing_from_the_provider() {
    // The requester withholds its preimage, so four are drawn; two fall silent to the end.
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.until_phase(job, Phase::Auditing);
    let [one, two, ..] = world.auditors(job)[..] else { panic!("four seats") };
    world.audit_as(one, job, root(None));
    world.audit_as(two, job, root(None));
    world.until_phase(job, Phase::Revealing);
    world.reveal_result("P1", job, root(None));
    world.reveal_verdict(one, job, root(None));
    world.reveal_verdict(two, job, root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(world.coalition(&["P1"]), before + 9_500_000_000 - 2 * FEE);
}

#[test]
fn c10_more_audits_than_validators_can_lock_for_are_refused() {
    // Tariffs of 250: a seat locks 25,000 and a twentieth of 250; two seats, and two more if the
    // beacon is withheld, are 100,050 of 400,000.
    let mut world = World::new(params_with(|raw| {
        raw.verification.audit_lock = Factor::percent(10_000);
        raw.market.tariff_per_mgas = Amount::new(250_000_000).expect("small");
    }));
    let terms = world.terms();
    let [wanted, available] = [4 * 100_050, 400_000].map(Amount::tokens);
    // A posting reserves nothing, so nobody shuts the market by posting alone.
    let jobs: Vec<JobId> = (0..4).map(|_| world.post(terms.clone())).collect();
    for _ in 0..10 {
        world.post_of("W", terms.clone());
    }
    jobs.iter().for_each(|job| world.bid("P1", *job, 10));
    world.until_phase(jobs[0], Phase::RevealingBids);
    jobs.iter().for_each(|job| world.open_bid("P1", *job, 10));
    for job in &jobs[..3] {
        world.ok("P1", Command::AcceptJob(AcceptJob { job: *job }));
    }
    // Three accepted ones leave room for no fourth, offered or new.
    let job = jobs[3];
    // The first time its word is taken, and stands until the offer lapses.
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    assert_eq!(world.phase(job), Phase::Offered);
    let refused = world.send("P1", Command::AcceptJob(AcceptJob { job }));
    let expected = AcceptJobRejected::AuditCapacityExceeded { wanted, available };
    assert_eq!(refused, Err(Rejected::AcceptJob(expected)));
    let refused = world.send("W", Command::PostJob(terms.clone()));
    let expected = PostJobRejected::AuditCapacityExceeded { wanted, available };
    assert_eq!(refused, Err(Rejected::PostJob(expected)));
    // Who could not accept is not to blame: its offer lapses for nothing.
    let before = world.coalition(&["P1"]);
    world.blocks(3);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::AuditUnavailable));
    assert_eq!(world.coalition(&["P1"]), before + TOKEN, "its deposit is home");
    // Jobs that end make room again.
    world.until_phase(jobs[2], Phase::Closed);
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
    world.report_copy("W", job, copier, opening);
    // The guess and the seal of the report cost a fee each.
    assert_eq!(world.coalition(&["W"]), BEGIN + LOCK / 2 - 2 * FEE);
    // All of the lock and a twentieth of the free bond: telling on oneself is no way out.
    let share = (50_000 * TOKEN - LOCK) / 20;
    assert_eq!(world.coalition(&[copier]), BEGIN - LOCK - share);
    assert_eq!(world.coalition(&friends), before - LOCK / 2 - share - 2 * FEE);
    let row = world.state.operator(world.operator(copier, Role::Validator)).expect("known");
    assert!(matches!(row.standing, Standing::Jailed(_)));
    assert!(!world.auditors(job).contains(&copier), "its seat is drawn again");
    assert_eq!(world.auditors(job).len(), 2);
}

#[test]
fn c12_a_friends_report_never_costs_less_than_silence_would_have() {
    // With no free bond left but the lock, nothing is taken beyond it and the finder gets nothing.
    let mut world = World::new(params_with(|raw| {
        raw.slashing.copied_root = Ratio::ZERO;
        (raw.slashing.wrong_result, raw.slashing.false_audit) = (Ratio::ZERO, Ratio::ZERO);
    }));
    let job = drawn(&mut world, root(None));
    let copier = world.auditors(job)[0];
    world.audit_as(copier, job, root(None));
    let friends = [copier, "W"];
    let before = world.coalition(&friends);
    world.report_copy("W", job, copier, world.opening(job, root(None)));
    assert_eq!(world.coalition(&friends), before - LOCK - FEE);
}

#[test]
fn c12_who_sees_a_report_on_its_way_cannot_have_been_first() {
    let mut world = World::new(params());
    let job = drawn(&mut world, root(None));
    let copier = world.auditors(job)[0];
    world.audit_as(copier, job, root(None));
    let (accused, opening) = (world.id(copier), world.opening(job, root(None)));
    let seal = world.seal_report("W", job, copier, opening);
    world.ok("W", Command::SealReport(SealReport { seal }));
    // X copies the seal, which is W's alone, and makes one of its own once the report is public.
    world.ok("X", Command::SealReport(SealReport { seal }));
    world.block();
    let report = Command::ReportCopy(ReportCopy { job, accused, opening });
    let refused = Err(Rejected::ReportCopy(ReportCopyRejected::NotSealedBefore));
    assert_eq!(world.send("X", report.clone()), refused);
    let own = world.seal_report("X", job, copier, opening);
    world.ok("X", Command::SealReport(SealReport { seal: own }));
    assert_eq!(world.send("X", report.clone()), refused);
    world.ok("W", report);
}

#[test]
fn c12_a_cheat_that_reports_its_own_root_is_convicted_like_any_other() {
    let mut world = World::new(params());
    let friends = ["P1", "W"];
    let before = world.coalition(&friends);
    let wrong = root(Some(3));
    let job = drawn(&mut world, wrong);
    let (quote, locked) = (world.quote(job), world.held(job, AssignmentPot::Collateral));
    let share = world.free_bond("P1").div_ceil(20);
    world.report_copy("W", job, "P1", world.opening(job, wrong));
    assert_eq!(world.closed(job).reason, CloseReason::Copied);
    // Two transactions of the provider's, one of its friend's.
    let profit = world.coalition(&friends) - before + 3 * FEE;
    let kept = locked + share - quote.reward_max.units();
    assert_eq!(profit, -i64::try_from(kept).expect("small"));
    assert!(profit < -i64::try_from(quote.collateral_min.units()).expect("small"));
    let row = world.state.operator(world.operator("P1", Role::Provider)).expect("known");
    assert!(matches!(row.standing, Standing::Jailed(_)));
}

#[test]
fn c12_who_audits_blind_and_misses_the_reveal_loses_its_lock_only() {
    for opens_seed in [true, false] {
        let outcome = Outcome::Accepted;
        let mut world = World::new(params());
        let before = world.coalition(&["P1"]);
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        if opens_seed {
            world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        }
        world.until_phase(job, Phase::Auditing);
        world.audit(job, root(None));
        world.reveal_result("P1", job, root(None));
        let auditors = world.auditors(job);
        let (last, others) = auditors.split_last().expect("two or four seats");
        others.iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.coalition(&[last]), BEGIN - LOCK);
        let row = world.state.operator(world.operator(last, Role::Validator)).expect("known");
        assert_eq!(row.standing, Standing::Active);
        let seats = &world.state.case(job).expect("assigned").seats;
        assert_eq!(seats[others.len()].state, SeatState::Failed);
        // Who sealed a verdict and kept it takes no pay from who was right.
        assert_eq!(world.closed(job).outcome, outcome);
        assert_eq!(world.coalition(&["P1"]), before + 9_500_000_000 - 2 * FEE);
    }
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
    assert_eq!(world.coalition(&[copier]), BEGIN);
    assert_eq!(world.coalition(&[honest]), BEGIN + TOKEN);
    let offences: Vec<Offence> = world.state.slashes().map(|(_, slash)| slash.offence).collect();
    assert_eq!(offences, [Offence::WrongResult]);
}
