//! What a job pays, and when.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Factor, JobId, Ratio, Role,
    command::*,
    ledger::{JobPot, Pot},
    market::{Outcome, Phase},
};

use super::{FEE, POST_FEE, TOKEN, VALIDATORS, gains, until_height, wealth};
use crate::world::{World, output, params, params_with, root};

/// A late result is paid for what is left of its price: all of it at the deadline, half at the end
/// of the four blocks of grace, and in between along a line.
#[test]
fn a_late_result_is_paid_less_for_every_block() {
    // Of ten tokens, in thousandths: 1 − 1/2 · late/4.
    for (late, due) in [(0, 10_000), (1, 8_750), (2, 7_500), (3, 6_250), (4, 5_000)] {
        let mut world = World::new(params());
        let names = ["R", "P1"];
        let before = wealth(&world, names);
        let job = world.assign(world.terms(), &[("P1", 10)]);
        let deadline = world.assignment(job).accepted.expect("accepted").due;
        until_height(&mut world, deadline.after(Blocks::new(late)));
        world.commit("P1", job, root(None));
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        let closed = world.closed(job);
        let due = due * TOKEN / 1_000;
        assert_eq!(closed.outcome, Outcome::Accepted);
        let result = (closed.root, closed.output);
        assert_eq!(result, (Some(root(None)), Some(output(&root(None)))));
        assert_eq!(i64::try_from(closed.paid.units()), Ok(due), "{late} blocks late");
        // The requester pays two audits besides; the provider leaves a take of a twentieth.
        let expected = [-due - 2 * TOKEN - POST_FEE, due * 95 / 100 - 2 * FEE];
        assert_eq!(gains(&world, names, before), expected, "{late} blocks late");
    }
}

/// Who missed, who is not drawn again and who asked for what is settled when a job ends, and leaves
/// its row.
#[test]
fn a_job_that_ended_carries_nobody_who_missed_or_asked() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [silent, other] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(other, job, root(None));
    let (item, bytes) = (DataItem::Input(0), b"bytes".to_vec());
    world.ok(silent, Command::RequestData(RequestData { job, item }));
    world.ok("P1", Command::ServeData(ServeData { job, item, bytes }));
    while world.auditors(job).contains(&silent) {
        world.block();
    }
    let listed = |world: &World| {
        let case = world.state.case(job).expect("assigned");
        (case.missed.len(), case.barred.len(), case.requests.len())
    };
    assert_eq!(listed(&world), (1, 1, 1));
    let next = world.auditors(job).into_iter().find(|name| *name != other).expect("drawn again");
    world.audit_as(next, job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(listed(&world), (0, 0, 0));
    let row = world.state.job(job).expect("for a while");
    assert!(row.bids.is_empty() && row.ranks.is_empty() && row.beyond.is_none());
}

/// What a job of ten tokens and 21 units paid, and to whom: provider, insurance and treasury.
fn odd(late: u64, proof: &[u8]) -> (u64, [i64; 3]) {
    let mut world = World::new(params_with(|raw| {
        raw.market.grace_blocks = Blocks::new(3);
        raw.market.late_price_min = Ratio::percent(40);
    }));
    let mut terms = world.terms();
    terms.price_max = Amount::new(10_000_000_021).expect("small");
    let before = world.coalition(&["P1"]);
    let job = world.assign(terms, &[("P1", 10)]);
    let deadline = world.assignment(job).accepted.expect("accepted").due;
    if late > 0 {
        until_height(&mut world, deadline.after(Blocks::new(late)));
    }
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    let (opening, output_proof) = (world.opening(job, root(None)), proof.to_vec());
    world.ok("P1", Command::RevealResult(RevealResult { job, opening, output_proof }));
    world.auditors(job).into_iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
    world.until_phase(job, Phase::Closed);
    let pot = |pot| i64::try_from(world.state.balance(pot).units()).expect("small");
    let shares = [pot(Pot::Insurance(Asset::Stake)), pot(Pot::Treasury(Asset::Stake))];
    let earned = world.coalition(&["P1"]) - before + 2 * FEE;
    (world.closed(job).paid.units(), [earned, shares[0], shares[1]])
}

/// Every part of a price is rounded as it says: what is due down, the take and its burnt half up,
/// the insurance's half of the rest down.
#[test]
fn a_price_is_split_to_its_last_unit() {
    // ⌈500,000,001.05⌉ are taken, half burnt; of 250,000,001 that are left half insures.
    let (paid, split) = odd(0, b"output");
    assert_eq!((paid, split), (10_000_000_021, [9_500_000_019, 125_000_000, 125_000_001]));
    // A block of three is .333333334 of the way to four tenths, down: ⌊.7999999996⌋ billionths are
    // left, and ⌊8,000,000,006.79⌋ units.
    assert_eq!(odd(1, b"output").0, 8_000_000_006);
    // Seven of a hundred steps: ⌊700,000,001.47⌋.
    assert_eq!(odd(0, b"fault\x07").0, 700_000_001);
}

/// What every seat is to be paid.
fn pays(world: &World, job: JobId) -> Vec<u64> {
    let seats = &world.state.case(job).expect("assigned").seats;
    seats.iter().map(|seat| seat.pay.units()).collect()
}

/// Opens blocks until others sit, or nobody.
fn until_redrawn(world: &mut World, job: JobId) {
    let before = world.auditors(job);
    while world.auditors(job) == before {
        world.block();
    }
}

/// A refill earns more as far as there is money: of four seats after a withheld seed, with 4.5
/// tariffs for two of them and two out of the deposit, all are raised by half a tariff once, which
/// leaves half a tariff of the three quarters that the first asks for next.
#[test]
fn refills_earn_more_as_far_as_the_money_goes() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.until_phase(job, Phase::Auditing);
    let tenths = |pays: [u64; 4]| pays.map(|tenths| tenths * 100_000_000);
    assert_eq!(pays(&world, job), tenths([10, 10, 10, 10]));
    until_redrawn(&mut world, job);
    assert_eq!(pays(&world, job), tenths([15, 15, 15, 15]));
    until_redrawn(&mut world, job);
    assert_eq!(pays(&world, job), tenths([20, 15, 15, 15]));
}

/// A third more each time, down: 1, 1.333333333 and 1.777777776 tokens.
#[test]
fn refills_are_rounded_down() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.refill_bonus = Ratio::new(333_333_333).expect("a share");
    }));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    for pay in [1_000_000_000, 1_333_333_333, 1_777_777_776] {
        assert_eq!(pays(&world, job), [pay, pay]);
        until_redrawn(&mut world, job);
    }
}

/// A requester that withholds its part pays two tariffs more; the rest of a deposit of three is
/// its own again.
#[test]
fn a_withheld_seed_costs_two_tariffs_of_a_larger_deposit() {
    let raw = params_with(|raw| raw.market.requester_deposit = Factor::percent(300));
    let mut world = World::new(raw);
    let before = wealth(&world, ["R"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.until_phase(job, Phase::Auditing);
    let held = |pot| world.pot(job, pot);
    let there = [held(JobPot::AuditFees), held(JobPot::Deposit)];
    assert_eq!(there, [6_500_000_000, 1_000_000_000]);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(gains(&world, ["R"], before), [-10 * TOKEN - 4 * TOKEN - POST_FEE]);
}

/// The leader withholds its beacon and pays two auditors more; of four drawn one audits. What it
/// paid burns, and what the empty seats would have earned more; of 4.5 tariffs of the requester's
/// one pays the auditor, 2.5 burn with the seats' raises, and one comes back.
#[test]
fn what_a_leader_paid_for_auditors_that_did_not_come_burns() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let before = wealth(&world, ["O"]);
    world.commit_result("P1", job, root(None));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.withhold_beacon = true;
    world.blocks(2);
    world.withhold_beacon = false;
    world.block();
    let drawn = world.auditors(job);
    assert_eq!(drawn.len(), 4);
    let names = ["R", drawn[0]];
    let begun = wealth(&world, names);
    world.audit_as(drawn[0], job, root(None));
    world.until_phase(job, Phase::Revealing);
    assert_eq!(pays(&world, job), [1_000_000_000, 2_250_000_000, 1_750_000_000, 1_500_000_000]);
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Expired);
    // The ceiling, the deposit of two, and one tariff.
    assert_eq!(gains(&world, names, begun), [13 * TOKEN, TOKEN]);
    assert_eq!(gains(&world, ["O"], before), [-2 * TOKEN]);
}

/// What a right result and its audits say for who made them, in shares of an event of ten tokens:
/// a whole one for a price of ten, a tenth for a tariff of one.
#[test]
fn work_that_was_paid_counts_for_a_name() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let auditors = world.auditors(job);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    for name in VALIDATORS {
        let operator = world.operator(name, Role::Validator);
        let record = world.state.reputation(operator);
        let tenth = if auditors.contains(&name) { 10 } else { 0 };
        assert_eq!(record.correctness.success, Factor::percent(tenth), "{name}");
        assert_eq!(record.correctness.failure, Factor::ZERO);
    }
    let record = world.state.reputation(world.operator("P1", Role::Provider));
    let successes = [record.correctness.success, record.timeliness.success];
    assert_eq!(successes, [Factor::ONE, Factor::ONE]);
}
