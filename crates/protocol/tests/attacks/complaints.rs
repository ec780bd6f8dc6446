//! Complaints that are false, what each costs whoever makes it and does to whom it accuses: F1 to
//! F3. F4 is played in `names`.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Event, Factor, Gas, JobId, Ratio, Rejected,
    command::*,
    ledger::AssignmentPot,
    market::{Outcome, Phase},
    verification::{ChallengeRejected, Loser, LossReason, ReportCopyRejected},
};

use super::{FEE, TOKEN};
use crate::world::{World, params, params_with, root};

/// A right result of P1's that nobody audited, open to challenge.
fn right(world: &mut World, terms: PostJob) -> JobId {
    let terms = PostJob { audit_rate: Ratio::percent(2), ..terms };
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

/// A job in steps of so many thousand million gas, each of which is a token by the tariff.
fn work(world: &World, gas: u64) -> PostJob {
    let mut terms = world.terms();
    (terms.task.gas_bound, terms.task.steps) = (Gas::new(gas * 1_000_000_000), gas * 100);
    terms.deadline_blocks = Blocks::new(100);
    terms
}

/// How a false challenge of W's comes to its end.
#[derive(Clone, Copy, PartialEq)]
enum Play {
    Judged,
    LeftLying,
}

/// What W loses by a challenge of a right result, fees aside, and what P1 gets of it.
fn challenged(world: &mut World, job: JobId, play: Play) -> [i64; 2] {
    let (w, p1) = (world.coalition(&["W"]), world.coalition(&["P1"]));
    world.ok("W", Command::Challenge(Challenge { job }));
    let ended = |world: &World| {
        world.seen(|event| match event {
            Event::DisputeClosed { loser: Loser::Challenger, reason, .. } => Some(*reason),
            _ => None,
        })
    };
    let expected = match play {
        Play::Judged => {
            world.narrow("P1", job, "W", 50);
            world.prove("P1", job, 50);
            LossReason::StepHolds
        }
        Play::LeftLying => {
            let node = world.state.docket(job).expect("assigned").disputes[0].node;
            let children = vec![Digest([node.level; 32]); 16];
            world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
            while ended(world).is_empty() {
                world.block();
            }
            LossReason::ClockRanOut
        }
    };
    assert_eq!(ended(world), [expected]);
    let mut gets = world.coalition(&["P1"]) - p1;
    if world.phase(job) == Phase::Closed {
        // The window was over, too, and the price came with it.
        gets -= 10 * TOKEN - TOKEN / 2;
    }
    [w - FEE - world.coalition(&["W"]), gets]
}

/// Played to its end or left lying, it costs what the work is worth that answering may take, and
/// at least the flat deposit; the accused has half. Whoever does a run for half the tariff loses
/// nothing but time.
#[test]
fn f1_a_false_challenge_costs_what_the_work_is_worth_and_half_is_the_accused_s() {
    for (gas, deposit) in [(1, TOKEN), (3, 3 * TOKEN), (7, 7 * TOKEN)] {
        for play in [Play::Judged, Play::LeftLying] {
            let mut world = World::new(params());
            let terms = work(&world, gas);
            let job = right(&mut world, terms);
            assert_eq!(challenged(&mut world, job, play), [deposit, deposit / 2], "{gas}");
            world.until_phase(job, Phase::Closed);
            assert_eq!(world.closed(job).outcome, Outcome::Accepted, "and P1 is paid");
        }
    }
}

/// A network where it covers a run at the tariff itself asks for twice as much; one that asks for
/// no such share, for the flat deposit alone.
#[test]
fn f1_what_the_accused_has_follows_the_parameter() {
    for (share, deposit) in [(200, 14 * TOKEN), (0, TOKEN)] {
        let mut world = World::new(params_with(|raw| {
            raw.verification.challenge_tariff = Factor::percent(share);
        }));
        let terms = work(&world, 7);
        let job = right(&mut world, terms);
        assert_eq!(challenged(&mut world, job, Play::Judged), [deposit, deposit / 2]);
    }
}

/// An ordinary program's game may ask for three runs: two finer trees and the evidence. Its hundred
/// steps of 2^21 gas are worth 0.2097152 tokens.
#[test]
fn f1_of_an_ordinary_program_the_deposit_counts_the_runs_of_all_that_may_be_asked_for() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.challenge_deposit = Amount::new(100_000_000).expect("small");
    }));
    let program = world.publish("X", b"program that sorts");
    let terms = world.paged_terms(program);
    let job = right(&mut world, terms);
    let before = world.coalition(&["W"]);
    world.ok("W", Command::Challenge(Challenge { job }));
    let deposit = world.held(job, AssignmentPot::ChallengeDeposit(0));
    assert_eq!(deposit, 3 * 209_715_200);
    assert_eq!(before - world.coalition(&["W"]), 3 * 209_715_200 + FEE);
}

/// A challenger that has a unit less than the deposit, its fee paid, challenges nobody; one that
/// has it puts up its last unit, and has half of nothing back when it was wrong.
#[test]
fn f1_a_deposit_is_all_or_nothing() {
    for short in [1, 0] {
        let mut world = World::new(params());
        let terms = work(&world, 7);
        let job = right(&mut world, terms);
        let wanted = Amount::tokens(7);
        let fees = u64::try_from(2 * FEE).expect("small");
        let keep = Amount::new(wanted.units() + fees - short).expect("small");
        let (w, to) = (world.id("W"), world.address("X"));
        let amount = world.state.free(w).checked_sub(keep).expect("it has more");
        world.ok("W", Command::Transfer(Transfer { to, asset: Asset::Stake, amount }));
        let free = Amount::new(wanted.units() - short).expect("small");
        let refused = Rejected::Challenge(ChallengeRejected::ExceedsFree { wanted, free });
        let expected = if short == 0 { Ok(()) } else { Err(refused) };
        assert_eq!(world.send("W", Command::Challenge(Challenge { job })), expected);
        assert_eq!(world.state.free(w), if short == 0 { Amount::ZERO } else { free });
        if short == 0 {
            world.narrow("P1", job, "W", 50);
            world.prove("P1", job, 50);
        }
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    }
}

/// A requester that has its output, and asks for it all the same, pays the provider for bytes.
#[test]
fn f2_to_ask_again_for_what_one_has_is_paid_to_who_answers() {
    let mut world = World::new(params());
    let terms = world.terms();
    let job = right(&mut world, terms);
    let before = ["R", "P1"].map(|name| world.coalition(&[name]));
    let item = DataItem::Output;
    world.ok("R", Command::RequestData(RequestData { job, item }));
    world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    let after = ["R", "P1"].map(|name| world.coalition(&[name]));
    let price = after[1] - before[1];
    assert!(price > 0 && after[0] - before[0] < -price, "{price}");
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

/// Nobody is accused of having shown a result that it did not seal: the report shows what was
/// sealed, or is refused, and its maker pays for that.
#[test]
fn f3_who_reports_a_copy_that_is_none_pays_a_fee_and_accuses_nobody() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let guessed = world.opening(job, root(Some(9)));
    let seal = world.seal_report("W", job, "P1", guessed);
    world.ok("W", Command::SealReport(SealReport { seal }));
    world.block();
    let before = ["W", "P1"].map(|name| world.coalition(&[name]));
    let report = ReportCopy { job, accused: world.id("P1"), opening: guessed };
    let refused = world.send("W", Command::ReportCopy(report));
    assert_eq!(refused, Err(Rejected::ReportCopy(ReportCopyRejected::SealMismatch)));
    let after = ["W", "P1"].map(|name| world.coalition(&[name]));
    assert!(after[0] < before[0] && after[1] == before[1]);
}
