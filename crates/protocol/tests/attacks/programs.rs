//! Published programs, the referee's time and the clocks below the leaves: O2, O7, O10 and M11.

use earnest_protocol::{
    Blocks, Command, Epochs, Gas, Height, JobId, ProgramId, Ratio, RawParams, Rejected, Ruling,
    TransactionRejected,
    command::*,
    ledger::Pot,
    market::{CloseReason, Phase},
    storage::{PublishProgramRejected, RetireProgramRejected, program_bytes_max, program_name},
    verification::{Dispute, Geometry, Loser, LossReason, Turn},
};
use earnest_testkit::votes::{self, pass, propose, vote};

use crate::world::{World, finer, params_with, parts, root};

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

/// What a block has just time for is admitted in an empty one, and waits in any other.
#[test]
fn o2_the_largest_program_is_admitted_in_a_block_of_its_own() {
    let mut world = World::new(params_with(tight));
    let largest = |place| {
        let mut code = vec![place; 1_024];
        code[..CODE.len()].copy_from_slice(CODE);
        code
    };
    world.publish("W", &largest(1));
    let second = parts(&largest(2)).remove(0);
    let left = world.state.params().market().step_gas_max.count();
    let busy = TransactionRejected::RefereeBusy { wanted: left + 8_192, left };
    let refused = world.send("W", Command::PublishProgram(second.clone()));
    assert_eq!(refused, Err(Rejected::Transaction(busy)));
    world.block();
    world.ok("W", Command::PublishProgram(second));
    assert_eq!((world.state.programs().count(), world.state.full_blocks()), (2, 0));
}

/// Steps of older parameters may be larger than those of today's: a block that has no time for one
/// of those takes nothing off the clock of who waits for it, nor does what is published take it.
#[test]
fn m21_a_step_that_was_allowed_finds_its_time_when_a_vote_has_made_steps_smaller() {
    let raw = votes::params_with(40, |raw| {
        tight(raw);
        raw.verification.clock_blocks = Blocks::new(1_000);
        raw.staking.unbonding_epochs = Epochs::new(1_000);
    });
    let mut world = World::new(raw);
    let program = world.publish("R", CODE);
    world.block();
    let job = large(&mut world, None);
    // One of an ordinary program is as dear as the largest was when its job was posted.
    let terms = world.paged_terms(program);
    let paged = at_leaf(&mut world, terms, ("P3", None), ("X", &[37, 5_000, 700]));
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
    let (wanted, left) = (70_000_000 - 8_192, 60_000_000);
    let busy = Rejected::Transaction(TransactionRejected::RefereeBusy { wanted, left });
    for (name, job) in [("P1", job), ("P3", paged)] {
        let node = world.state.docket(job).expect("assigned").disputes[0].node;
        let step = ProveStep { job, node, evidence: b"evidence".to_vec() };
        assert_eq!(world.send(name, Command::ProveStep(step)), Err(busy));
    }
    world.block();
    assert_eq!(world.state.full_blocks(), 1, "a block more for P1");
    publish_and_retire(&mut world, "W", 3);
    world.prove("P1", job, 3);
}

/// A convict that published the program itself cannot take away what it is judged by, by whatever
/// name, before it is; then its deposit is its own again.
#[test]
fn o4_a_convict_keeps_its_program_until_it_is_judged() {
    let mut world = World::new(params_with(|_| ()));
    let program = world.publish("P1", CODE);
    let deposit = world.state.balance(Pot::Program(ProgramId::new(0))).units();
    let terms = world.paged_terms(program);
    let job = at_leaf(&mut world, terms, ("P1", Some(37)), ("X", &[37, 5_000, 700]));
    let retire = Command::RetireProgram(RetireProgram { program });
    let pinned = RetireProgramRejected::NamedByJobs { jobs: 1 };
    assert_eq!(world.send("P1", retire.clone()), Err(Rejected::RetireProgram(pinned)));
    // Nor does anybody come in between with the same bytes.
    let again = Command::PublishProgram(parts(CODE).remove(0));
    let known = PublishProgramRejected::AlreadyPublished;
    for name in ["P1", "W"] {
        assert_eq!(world.send(name, again.clone()), Err(Rejected::PublishProgram(known)));
    }
    let node = world.state.docket(job).expect("assigned").disputes[0].node;
    // It is wrong in the first leaf of the finest tree, as `finer` says of what it does not know.
    let evidence = b"evidence".to_vec();
    world.ok("P1", Command::ProveStep(ProveStep { job, node, evidence }));
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let before = world.wealth("P1");
    world.ok("P1", retire);
    assert_eq!(world.wealth("P1"), before + deposit - 2_000);
}

/// An honest provider as slow as auditors may be: one run of the job answers all that is open when
/// it begins, and what is asked meanwhile waits for the next.
struct Defence {
    run: u64,
    /// When the run under way is over, and what it answers.
    until: Option<(Height, Vec<Node>)>,
    runs: u64,
}

impl Defence {
    /// Makes every move that can be made now; true if a run has just begun.
    fn attend(&mut self, world: &mut World, job: JobId) -> bool {
        let now = world.state.height();
        let over = self.until.take_if(|(until, _)| *until <= now);
        let found = over.map_or(Vec::new(), |(_, nodes)| nodes);
        let task = world.state.order(job).expect("posted").terms.task;
        let geometry = Geometry::of(&task);
        let open = |world: &World| -> Vec<Node> {
            let docket = world.state.docket(job).expect("assigned");
            let waits = |d: &&Dispute| d.ended.is_none() && d.turn == Turn::Accused;
            docket.disputes.iter().filter(waits).map(|d| d.node).collect()
        };
        for node in open(world) {
            let children = vec![earnest_protocol::Digest([node.level; 32]); 16];
            let tier = geometry.place(node).expect("it exists").tier;
            let command = match geometry.leaf(node) {
                None => Command::OpenNode(OpenNode { job, node, children }),
                Some(_) if !found.contains(&node) => continue,
                Some(_) if tier < 2 => {
                    Command::RefineStep(RefineStep { job, node, children, proof: finer(1) })
                }
                Some(_) => {
                    let evidence = b"evidence".to_vec();
                    Command::ProveStep(ProveStep { job, node, evidence })
                }
            };
            // Two who wait at one node are answered at once.
            let _ = world.send("P1", command);
        }
        let leaves = open(world).into_iter().filter(|node| geometry.leaf(*node).is_some());
        let asked: Vec<Node> = leaves.collect();
        if self.until.is_some() || asked.is_empty() {
            return false;
        }
        self.until = Some((now.after(Blocks::new(self.run)), asked));
        self.runs += 1;
        true
    }
}

/// Six challengers at six leaves, in two groups of which one moves at once and the other only when
/// a run has begun that does not answer it: each of its questions waits for two.
#[test]
fn o10_challengers_at_many_leaves_leave_an_honest_provider_time_to_answer_them_all() {
    let mut world = World::new(params_with(|raw| {
        raw.market.reference_speed = Gas::new(20_000_000);
        raw.staking.unbonding_epochs = Epochs::new(1_000);
    }));
    let program = world.publish("R", CODE);
    let terms = PostJob { audit_rate: Ratio::percent(2), ..world.paged_terms(program) };
    let run = terms.task.gas_bound.count().div_ceil(20_000_000) + 3;
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    let names = ["W", "X", "V1", "V2", "V3", "V4"];
    for name in names {
        world.ok(name, Command::Challenge(Challenge { job }));
    }
    let clock = world.state.docket(job).expect("assigned").disputes[0].accused_left;
    let geometry = Geometry::of(&world.state.order(job).expect("posted").terms.task);
    let mut defence = Defence { run, until: None, runs: 0 };
    let mut begun = false;
    while world.state.docket(job).is_some_and(|d| d.disputes.iter().any(|d| d.ended.is_none())) {
        for (leaf, name) in (1..).zip(names) {
            let waits = names.iter().step_by(2).any(|name| {
                world.state.docket(job).expect("assigned").dispute_of(world.id(name)).is_some()
            });
            if leaf % 2 == 0 && waits && !begun {
                continue;
            }
            let docket = world.state.docket(job).expect("assigned");
            let Some(index) = docket.dispute_of(world.id(name)) else { continue };
            let Dispute { node, turn, .. } = docket.disputes[index];
            if turn == Turn::Challenger {
                let child = geometry.child_toward(node, &[leaf, 70 * leaf, 30 * leaf]);
                let child = child.expect("not a leaf");
                world.ok(name, Command::RejectChild(RejectChild { job, child }));
            }
        }
        world.block();
        begun = defence.attend(&mut world, job);
    }
    let disputes = world.state.docket(job).expect("assigned").disputes.clone();
    let lost = |d: &Dispute| d.ended.map(|ended| (ended.loser, ended.reason));
    assert!(disputes.iter().all(|d| lost(d) == Some((Loser::Challenger, LossReason::StepHolds))));
    // By the rule before, a run and `clock_blocks`, all would have been lost.
    let least = disputes.iter().map(|d| d.accused_left.count()).min().expect("six");
    let spent = clock.count() - least;
    assert!(spent > 4 * run && spent <= 6 * run + 5, "{spent} blocks, a run takes {run}");
    assert!(defence.runs <= 7, "{} runs", defence.runs);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::Unchallenged);
}

/// Answers take time besides the runs: each game that is opened gives it to all that are open, and
/// no other does. A silent accused has that long and not a block more.
#[test]
fn o10_each_game_that_is_opened_gives_the_accused_the_time_of_its_answers() {
    let mut world = World::new(params_with(|raw| {
        raw.market.reference_speed = Gas::new(20_000_000);
        raw.staking.unbonding_epochs = Epochs::new(1_000);
    }));
    let program = world.publish("R", CODE);
    let terms = PostJob { audit_rate: Ratio::percent(2), ..world.paged_terms(program) };
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    let left = |world: &World| -> Vec<u64> {
        let docket = world.state.docket(job).expect("assigned");
        docket.disputes.iter().map(|d| d.accused_left.count()).collect()
    };
    let one = 5 + 7 * 14 + 252;
    let challenge = |world: &mut World, name| {
        world.ok(name, Command::Challenge(Challenge { job }));
        left(world)
    };
    assert_eq!(challenge(&mut world, "X"), [one]);
    world.narrow_to("P1", job, "X", &[37, 5_000]);
    let node = world.state.docket(job).expect("assigned").disputes[0].node;
    let evidence = b"evidence".to_vec();
    world.ok("P1", Command::ProveStep(ProveStep { job, node, evidence }));
    assert_eq!(challenge(&mut world, "W"), [one, one], "X has lost");
    assert_eq!(challenge(&mut world, "V1"), [one, one + 252, one + 252]);
    assert_eq!(challenge(&mut world, "V2"), [one, one + 504, one + 504, one + 504]);
    let docket = world.state.docket(job).expect("assigned");
    assert!(docket.disputes.iter().all(|d| d.challenger_left.count() == 5 + 3 * 14 + 252));
    // The root is open: they come to a node that is not, and P1 says no more.
    for name in ["W", "V1", "V2"] {
        world.ok(name, Command::RejectChild(RejectChild { job, child: 1 }));
    }
    world.blocks(one + 504);
    assert_eq!(world.phase(job), Phase::Challengeable);
    world.block();
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

/// Friends of a silent convict challenge it one after another, each in the last block of the clock
/// that would convict it: each puts the end off by the time of its own answers, until there is no
/// place for one more. The honest challenger's own clock is as it was, and a block after the last
/// its accused is convicted, whatever is sent in that block.
#[test]
fn o10_friends_put_a_conviction_off_once_each_and_take_no_time_from_who_convicts() {
    let mut world = World::new(params_with(|raw| {
        raw.market.reference_speed = Gas::new(20_000_000);
        raw.staking.unbonding_epochs = Epochs::new(1_000);
        raw.verification.challenge_blocks = Blocks::new(5_000);
    }));
    let program = world.publish("R", CODE);
    let terms = PostJob { audit_rate: Ratio::percent(2), ..world.paged_terms(program) };
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(37)));
    world.reveal_result("P1", job, root(Some(37)));
    world.ok("X", Command::Challenge(Challenge { job }));
    let game = |world: &World| world.state.docket(job).expect("assigned").disputes[0].clone();
    let (start, own) = (world.state.height(), game(&world).challenger_left);
    let clock = game(&world).accused_left;
    let friends = ["W", "P2", "P3", "P4", "V1", "V2", "V3"];
    for (count, friend) in (1..).zip(friends) {
        while world.state.height() < game(&world).until() {
            world.block();
        }
        world.ok(friend, Command::Challenge(Challenge { job }));
        assert_eq!(game(&world).until(), start.after(clock).after(Blocks::new(252 * count)));
        assert_eq!(game(&world).challenger_left, own);
    }
    let last = game(&world).until();
    while world.state.height() < last {
        world.block();
    }
    assert!(world.send("V4", Command::Challenge(Challenge { job })).is_err(), "no place is left");
    assert_eq!(world.phase(job), Phase::Challengeable);
    world.block();
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let (node, children) =
        (Node { level: 0, index: 0 }, vec![earnest_protocol::Digest([1; 32]); 16]);
    assert!(world.send("P1", Command::OpenNode(OpenNode { job, node, children })).is_err());
    let ended = game(&world).ended.expect("ended");
    assert_eq!((ended.loser, ended.reason), (Loser::Accused, LossReason::ClockRanOut));
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

/// A challenger that has a finer tree before it waits for no referee, though it stands at a leaf
/// that was not heard: blocks without time for a step are none of its own.
#[test]
fn o7_a_challengers_clock_stands_still_for_no_referee() {
    let mut world = World::new(params_with(tight));
    let mut terms = world.terms();
    terms.task.step_gas_max = world.state.params().market().step_gas_max;
    let busy = at_leaf(&mut world, terms, ("P2", None), ("W", &[0]));
    let program = world.publish("R", CODE);
    let terms = world.paged_terms(program);
    let job = at_leaf(&mut world, terms, ("P1", None), ("X", &[37]));
    let node = world.state.docket(job).expect("assigned").disputes[0].node;
    let (children, proof) = (vec![earnest_protocol::Digest([1; 32]); 16], finer(1));
    world.ok("P1", Command::RefineStep(RefineStep { job, node, children, proof }));
    let dispute = world.state.docket(job).expect("assigned").disputes[0].clone();
    assert_eq!(dispute.turn, Turn::Challenger);
    world.prove("P2", busy, 0);
    world.block();
    assert_eq!(world.state.full_blocks(), 1);
    while world.state.height() < dispute.until() {
        world.block();
    }
    assert_eq!(world.phase(job), Phase::Challengeable);
    world.block();
    let ended = world.state.docket(job).expect("assigned").disputes[0].ended.expect("ended");
    assert_eq!((ended.loser, ended.reason), (Loser::Challenger, LossReason::ClockRanOut));
}
