//! Published programs and the referee's time: O2, O7 and M11.

use earnest_protocol::{
    Blocks, Command, Gas, JobId, Ratio, RawParams, Rejected, Ruling, TransactionRejected,
    command::*,
    market::{CloseReason, Phase},
    storage::{PublishProgramRejected, program_bytes_max, program_name},
};
use earnest_testkit::votes::{self, pass, propose, vote};

use crate::world::{World, params_with, parts, root};

const CODE: &[u8] = b"program that sorts";

/// A block has time for a largest step and the admission of one small program.
fn tight(raw: &mut RawParams) {
    raw.market.step_gas_max = Gas::new(raw.chain.referee_gas.count() - 8_192);
}

/// A provider's result that nobody was drawn for, disputed down to a leaf.
fn at_leaf(
    world: &mut World,
    terms: PostJob,
    (name, result): (&str, Option<u64>),
    (challenger, leaves): (&str, &[u64]),
) -> JobId {
    let job = world.assign(PostJob { audit_rate: Ratio::percent(2), ..terms }, &[(name, 10)]);
    world.commit(name, job, root(result));
    world.reveal_result(name, job, root(result));
    assert_eq!(world.phase(job), Phase::Challengeable);
    world.ok(challenger, Command::Challenge(Challenge { job }));
    world.narrow_to(name, job, challenger, leaves);
    job
}

/// A stepwise job of P1's whose step is as large as the tight parameters allow.
fn large(world: &mut World, result: Option<u64>) -> JobId {
    let mut terms = world.terms();
    terms.task.step_gas_max = world.state.params().market().step_gas_max;
    at_leaf(world, terms, ("P1", result), ("X", &[3]))
}

/// Publishes so many small programs and takes them away again, as far as the referee has time.
fn publish_and_retire(world: &mut World, name: &str, count: u8) -> Vec<Result<(), Rejected>> {
    let of = |place: u8| [CODE, &[place]].concat();
    let sent = (0..count)
        .map(|place| world.send(name, Command::PublishProgram(parts(&of(place)).remove(0))));
    let sent: Vec<_> = sent.collect();
    for (place, _) in (0..count).zip(&sent).filter(|(_, sent)| sent.is_ok()) {
        let program = program_name(&of(place));
        world.ok(name, Command::RetireProgram(RetireProgram { program }));
    }
    sent
}

#[test]
fn o2_publishing_fills_no_block_in_which_a_convicts_clock_stands_still() {
    let mut world = World::new(params_with(tight));
    let job = large(&mut world, Some(3));
    let mut blocks = 0;
    while world.phase(job) != Phase::Closed && blocks < 100 {
        publish_and_retire(&mut world, "P1", 2);
        world.block();
        blocks += 1;
    }
    assert_eq!((blocks, world.state.full_blocks()), (21, 0), "its clock, and not a block more");
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

#[test]
fn o2_what_is_published_first_in_a_block_keeps_no_step_from_the_referee() {
    let mut world = World::new(params_with(tight));
    let job = large(&mut world, None);
    publish_and_retire(&mut world, "W", 3);
    world.prove("P1", job, 3);
    let ruled = &world.state.docket(job).expect("assigned").ruled;
    assert_eq!(ruled[..], [(Node { level: 2, index: 3 }, Ruling::Holds)]);
}

/// As if all of it but the last part were there already: no block has time for it, so that it
/// would have waited in every node until it was too old, for nothing.
#[test]
fn o2_what_no_block_has_time_for_pays_for_its_refusal() {
    let mut world = World::new(params_with(tight));
    let max = program_bytes_max(world.state.params());
    assert_eq!(max, 1_024, "what is left beside a largest step");
    for (bytes_total, part) in [(1_025, 0), (40 << 20, 159), (u32::MAX, 16_383)] {
        let (program, before) = (program_name(CODE), world.wealth("W"));
        let part = PublishProgram { program, bytes_total, part, bytes: CODE.to_vec() };
        let why = PublishProgramRejected::SizeOutOfRange { wanted: bytes_total, min: 1, max };
        let refused = world.send("W", Command::PublishProgram(part));
        assert_eq!(refused, Err(Rejected::PublishProgram(why)));
        assert_eq!(world.wealth("W"), before - 3_000);
    }
}

/// Steps of older parameters may be larger than those of today's: a block that has no time for one
/// of those takes nothing off the clock of who waits for it, nor does what is published take it.
#[test]
fn m21_a_step_that_was_allowed_finds_its_time_when_a_vote_has_made_steps_smaller() {
    let raw = votes::params_with(40, |raw| {
        tight(raw);
        raw.verification.clock_blocks = Blocks::new(1_000);
    });
    let mut world = World::new(raw);
    let job = large(&mut world, None);
    let id = propose(&mut world, "W", &[("market.step_gas_max", 16_000_000)]);
    pass(&mut world, id);
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        vote(&mut world, name, id, BallotChoice::Yes);
    }
    pass(&mut world, id);
    pass(&mut world, id);
    assert_eq!(world.state.params().market().step_gas_max.count(), 16_000_000);
    let terms = world.terms();
    let small = at_leaf(&mut world, terms, ("P2", None), ("W", &[3]));
    assert_eq!(world.state.full_blocks(), 0);
    world.prove("P2", small, 3);
    let evidence = b"evidence".to_vec();
    let step = ProveStep { job, node: Node { level: 2, index: 3 }, evidence };
    let (wanted, left) = (70_000_000 - 8_192, 60_000_000);
    let busy = Rejected::Transaction(TransactionRejected::RefereeBusy { wanted, left });
    assert_eq!(world.send("P1", Command::ProveStep(step)), Err(busy));
    world.block();
    assert_eq!(world.state.full_blocks(), 1, "a block more for P1");
    publish_and_retire(&mut world, "W", 3);
    world.prove("P1", job, 3);
}

/// A convict whose leaf was heard waits for the referee no more: friends that have steps judged,
/// for half a deposit each, would stand its clock still. What it waited for before is its own.
#[test]
fn o7_a_clock_stands_still_for_who_may_still_be_heard_alone() {
    for waited in [0, 3] {
        let mut world = World::new(params_with(tight));
        let names = ["W", "V1", "V2", "V3", "V4", "V5"];
        let mut terms = world.terms();
        terms.task.step_gas_max = world.state.params().market().step_gas_max;
        let busy = at_leaf(&mut world, terms, ("P2", None), ("W", &[0]));
        for (leaf, name) in (0..).zip(names).skip(1) {
            world.ok(name, Command::Challenge(Challenge { job: busy }));
            world.narrow("P2", busy, name, leaf);
        }
        let program = world.publish("R", CODE);
        let terms = world.paged_terms(program);
        let job = at_leaf(&mut world, terms, ("P1", Some(37)), ("X", &[37, 5_000, 700]));
        let dispute = world.state.docket(job).expect("assigned").disputes[0].clone();
        for leaf in 0..waited {
            world.prove("P2", busy, leaf);
            world.block();
        }
        let (node, evidence) = (dispute.node, b"too little".to_vec());
        world.ok("P1", Command::ProveStep(ProveStep { job, node, evidence }));
        let until = dispute.until().after(Blocks::new(waited));
        assert_eq!(world.state.docket(job).expect("assigned").disputes[0].until(), until);
        world.block();
        for leaf in waited..6 {
            world.prove("P2", busy, leaf);
            world.block();
        }
        assert_eq!(world.state.full_blocks(), 7, "three of them, at most, were waited for");
        while world.phase(job) != Phase::Closed {
            world.block();
        }
        assert_eq!(world.state.height(), until.after(Blocks::new(1)));
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    }
}
