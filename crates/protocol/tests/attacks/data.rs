//! Bytes that must be produced: M7, M8.

use earnest_protocol::{
    Blocks, Command, Digest, Gas, Rejected,
    command::*,
    ledger::AssignmentPot,
    market::{CloseReason, Outcome, Phase},
    verification::{RequestDataRejected, RevealResultRejected},
};

use super::{CHUNK_FEE, FEE};
use crate::world::{World, params, params_with, root};

/// An honest job of P1's, all open.
fn revealed(world: &mut World) -> earnest_protocol::JobId {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

#[test]
fn m8_an_output_withheld_after_the_reveal_is_a_wrong_result() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = revealed(&mut world);
    let locked = world.held(job, AssignmentPot::Collateral);
    let item = DataItem::Output;
    world.ok("R", Command::RequestData(RequestData { job, item }));
    world.until_phase(job, Phase::Closed);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Rejected, CloseReason::DataWithheld));
    let lost = before - world.coalition(&["P1"]);
    assert!(lost > i64::try_from(locked).expect("small"), "all of {locked} and of its bond");
}

#[test]
fn m8_an_output_asked_for_in_the_last_block_of_the_window_delays_payment_until_served() {
    let mut world = World::new(params());
    let job = revealed(&mut world);
    let until = world.assignment(job).until;
    while world.state.height() < until {
        world.block();
    }
    let item = DataItem::Output;
    world.ok("R", Command::RequestData(RequestData { job, item }));
    world.blocks(3);
    assert_eq!(world.phase(job), Phase::Challengeable, "not final before it is answered");
    world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

#[test]
fn m8_what_is_revealed_must_be_the_last_leaf_of_what_was_sealed() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    // Sealed with an output that is not the tree's.
    let mut opening = world.opening(job, root(None));
    opening.output = Digest([1; 32]);
    let (network, address) = (world.state.network(), world.address("P1"));
    let seal = earnest_protocol::seal::result(&network, job, &address, &opening);
    world.ok("P1", Command::CommitResult(CommitResult { job, seal }));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    let before = world.coalition(&["P1"]);
    let reveal = RevealResult { job, opening, output_proof: b"output".to_vec() };
    let refused = world.send("P1", Command::RevealResult(reveal));
    let expected = RevealResultRejected::OutputProofInvalid;
    assert_eq!(refused, Err(Rejected::RevealResult(expected)));
    // An opening weighs two transfers, its proof of a begun kibibyte a third.
    assert_eq!(world.coalition(&["P1"]), before - 3 * FEE);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotRevealed);
}

#[test]
fn m7_requests_are_few_prepaid_and_only_of_those_who_need_the_bytes() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let item = DataItem::Input(0);
    let curious = world.send("W", Command::RequestData(RequestData { job, item }));
    let expected = RequestDataRejected::NotEntitled;
    assert_eq!(curious, Err(Rejected::RequestData(expected)));
    let auditor = world.auditors(job)[0];
    let before = world.coalition(&[auditor]);
    for chunk in 0..4 {
        let item = DataItem::Input(chunk);
        world.ok(auditor, Command::RequestData(RequestData { job, item }));
        world.ok("P1", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    }
    assert_eq!(world.coalition(&[auditor]), before - 4 * (26_000_000 + CHUNK_FEE), "prepaid");
    let more = world.send(auditor, Command::RequestData(RequestData { job, item }));
    let expected = RequestDataRejected::RequestsAtLimit { limit: 4 };
    assert_eq!(more, Err(Rejected::RequestData(expected)));
}

#[test]
fn m7_answers_overdue_in_one_block_are_one_conviction() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let auditors = world.auditors(job);
    let before = world.coalition(&auditors);
    for (name, chunk) in auditors.iter().zip(0..) {
        let item = DataItem::Input(chunk);
        world.ok(name, Command::RequestData(RequestData { job, item }));
    }
    world.blocks(6);
    assert_eq!(world.closed(job).reason, CloseReason::DataWithheld);
    assert_eq!(world.state.slashes().count(), 1);
    // What both had prepaid is home.
    assert_eq!(world.coalition(&auditors), before - 2 * CHUNK_FEE);
}

#[test]
fn m7_auditors_that_ask_again_and_again_hold_a_job_no_longer_than_r4_counts() {
    let raw = params_with(|raw| {
        raw.market.work_bound_max = Gas::new(1_000_000_000);
        raw.market.deadline_blocks_max = Blocks::new(10);
    });
    let mut world = World::new(raw);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    // Every auditor of every round asks for all it may, one at a time, and then falls silent.
    let (since, mut asked) = (world.state.height(), Vec::new());
    while matches!(world.phase(job), Phase::Auditing | Phase::AuditingOpen) {
        for name in world.auditors(job) {
            let item = DataItem::Input(0);
            if asked.iter().filter(|n| **n == name).count() < 4
                && world.send(name, Command::RequestData(RequestData { job, item })).is_ok()
            {
                asked.push(name);
                let bytes = b"bytes".to_vec();
                world.ok("P1", Command::ServeData(ServeData { job, item, bytes }));
            }
        }
        world.block();
    }
    assert_eq!(asked.len(), 24, "two seats, three rounds, four requests");
    let took = world.state.height().since(since).count();
    let whole = raw.longest_liability().count();
    // R4 less everything that is neither audit nor request: 10 + 4 + 2 + 3 + 3, a window of 5 + 5,
    // two clocks of 20 and two epochs of 50.
    let allowed = whole - 32 - 40 - 100;
    assert!(took > 100 && took <= allowed, "{took} blocks, {allowed} counted");
}
