//! Games over one step: C9, M11, M13, M30.

use earnest_protocol::{
    Command, Digest, Event, JobId, Ratio, Rejected,
    command::*,
    market::{CloseReason, Outcome, Phase},
    verification::{
        Loser, LossReason, OpenNodeRejected, ProveStepRejected, RejectChildRejected, Turn,
    },
};

use super::{FEE, TOKEN};
use crate::world::{World, params, root};

/// A result of P1's that no auditor saw, open to challenge.
fn unaudited(world: &mut World, result: Digest) -> JobId {
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, result);
    world.reveal_result("P1", job, result);
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

/// How every dispute ended, in order.
fn ends(world: &World) -> Vec<(&'static str, Loser, LossReason)> {
    world.seen(|event| match event {
        Event::DisputeClosed { challenger, loser, reason, .. } => {
            Some((world.name(*challenger), *loser, *reason))
        }
        _ => None,
    })
}

fn challenge(world: &mut World, name: &str, job: JobId) {
    world.ok(name, Command::Challenge(Challenge { job }));
}

#[test]
fn c9_a_sham_dispute_does_not_launder_a_wrong_result() {
    let mut world = World::new(params());
    let (before, friends) = (world.coalition(&["P1", "W"]), ["P1", "W"]);
    let job = unaudited(&mut world, root(Some(3)));
    let quote = world.quote(job);
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    world.prove("P1", job, 50);
    assert_eq!(ends(&world), [("W", Loser::Challenger, LossReason::StepHolds)]);
    assert_eq!(world.phase(job), Phase::Challengeable, "one step decided, no more");
    challenge(&mut world, "X", job);
    world.narrow("P1", job, "X", 3);
    world.prove("P1", job, 3);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let profit = world.coalition(&friends) - before;
    assert!(profit < -i64::try_from(quote.collateral_min.units()).expect("small"), "{profit}");
}

#[test]
fn c9_a_sham_dispute_costs_its_side_half_of_the_deposit() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1", "W"]);
    let job = unaudited(&mut world, root(None));
    let during = world.coalition(&["P1", "W"]);
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    world.prove("P1", job, 50);
    let locked = before - during; // The collateral is wealth still; only fees are gone.
    assert_eq!(world.coalition(&["P1", "W"]), before - locked - TOKEN / 2 - FEE);
}

#[test]
fn c9_challengers_play_in_parallel_and_the_first_conviction_ends_the_job() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(3)));
    let before = world.coalition(&["W", "X", "P3"]);
    for name in ["W", "X", "P3"] {
        challenge(&mut world, name, job);
    }
    world.narrow("P1", job, "W", 50);
    world.narrow("P1", job, "X", 3);
    world.prove("P1", job, 3);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let accused = (Loser::Accused, LossReason::StepFails);
    assert!(ends(&world).contains(&("X", accused.0, accused.1)));
    assert!(ends(&world).contains(&("W", Loser::Nobody, LossReason::Moot)));
    // Everybody's deposit is home; the reward waits out the engine's stay.
    assert_eq!(world.coalition(&["W", "X", "P3"]), before - 3 * FEE);
    world.blocks(110);
    let reward = i64::try_from(world.quote(job).reward_max.units()).expect("small");
    let shares = reward / 3 * 3;
    assert_eq!(world.coalition(&["W", "X", "P3"]), before - 3 * FEE + shares, "R_max in all");
}

#[test]
fn c9_a_step_that_was_judged_is_answered_from_the_record() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(None));
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    world.prove("P1", job, 50);
    challenge(&mut world, "X", job);
    // Nodes opened once serve all: X moves twice in a row and has lost.
    let reject = |child| Command::RejectChild(RejectChild { job, child });
    world.ok("X", reject(3));
    world.ok("X", reject(2));
    assert_eq!(ends(&world)[1], ("X", Loser::Challenger, LossReason::StepHolds));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

#[test]
fn c9_no_chain_of_challenges_delays_a_job_beyond_its_window_and_one_game() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(None));
    let until = world.assignment(job).until;
    while world.state.height() < until {
        world.block();
    }
    challenge(&mut world, "W", job);
    world.until_phase(job, Phase::Closed);
    // Nobody moves: the accused's clock of 20 runs out. It is a conviction by silence.
    assert_eq!(world.state.height().since(until).count(), 21);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

#[test]
fn m11_moves_are_free_when_accepted_and_cost_the_fee_when_refused() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(3)));
    challenge(&mut world, "W", job);
    let before = world.coalition(&["P1", "W"]);
    let node = Node { level: 0, index: 0 };
    let open = |children| Command::OpenNode(OpenNode { job, node, children });
    let few = world.send("P1", open(vec![Digest::ZERO; 15]));
    assert_eq!(few, Err(Rejected::OpenNode(OpenNodeRejected::ChildrenMismatch)));
    // A disclosure weighs two transfers, its children of a begun kibibyte a third.
    assert_eq!(world.coalition(&["P1", "W"]), before - 3 * FEE);
    world.ok("P1", open(vec![Digest::ZERO; 16]));
    world.ok("W", Command::RejectChild(RejectChild { job, child: 0 }));
    assert_eq!(world.coalition(&["P1", "W"]), before - 3 * FEE);
}

#[test]
fn m11_each_side_has_one_clock_for_the_whole_game() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(None));
    challenge(&mut world, "W", job);
    let clocks = |world: &World| {
        let dispute = &world.state.docket(job).expect("assigned").disputes[0];
        (dispute.accused_left.count(), dispute.challenger_left.count(), dispute.turn)
    };
    world.blocks(15);
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest::ZERO; 16]);
    world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    assert_eq!(clocks(&world), (5, 10, Turn::Challenger));
    world.blocks(9);
    world.ok("W", Command::RejectChild(RejectChild { job, child: 0 }));
    assert_eq!(clocks(&world), (5, 1, Turn::Accused));
    world.blocks(6);
    // The accused had five left; the challenger's slowness did not cost it any.
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    assert_eq!(ends(&world), [("W", Loser::Accused, LossReason::ClockRanOut)]);
}

#[test]
fn m13_who_is_to_move_and_stays_silent_loses() {
    let mut silent_accused = World::new(params());
    let job = unaudited(&mut silent_accused, root(None));
    challenge(&mut silent_accused, "W", job);
    silent_accused.until_phase(job, Phase::Closed);
    assert_eq!(silent_accused.closed(job).reason, CloseReason::WrongResult);

    let mut silent_challenger = World::new(params());
    let job = unaudited(&mut silent_challenger, root(Some(3)));
    challenge(&mut silent_challenger, "W", job);
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest::ZERO; 16]);
    silent_challenger.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    silent_challenger.until_phase(job, Phase::Closed);
    assert_eq!(silent_challenger.closed(job).outcome, Outcome::Accepted);
    let lost = [("W", Loser::Challenger, LossReason::ClockRanOut)];
    assert_eq!(ends(&silent_challenger), lost);
}

#[test]
fn m13_wrong_children_are_refused_and_the_clock_runs_on() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(3)));
    challenge(&mut world, "W", job);
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest::ZERO; 17]);
    for _ in 0..20 {
        world.block();
        let open = Command::OpenNode(OpenNode { job, node, children: children.clone() });
        assert!(world.send("P1", open).is_err());
    }
    world.block();
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

#[test]
fn m13_only_children_over_a_leaf_can_be_rejected() {
    // 101 leaves: the last node of the level above the leaves has five of sixteen children.
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(100)));
    challenge(&mut world, "W", job);
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest::ZERO; 16]);
    world.ok("P1", Command::OpenNode(OpenNode { job, node, children: children.clone() }));
    let reject = |child| Command::RejectChild(RejectChild { job, child });
    let no_such = |child| Err(Rejected::RejectChild(RejectChildRejected::NoSuchChild { child }));
    for child in [7, 15, 16, 255] {
        assert_eq!(world.send("W", reject(child)), no_such(child));
    }
    world.ok("W", reject(6));
    let node = Node { level: 1, index: 6 };
    world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    assert_eq!(world.send("W", reject(5)), no_such(5));
    world.ok("W", reject(4));
    world.prove("P1", job, 100);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

#[test]
fn m13_the_first_state_can_be_wrong_too() {
    for steps in [1, 15, 16, 255, 256, 4_096] {
        let mut world = World::new(params());
        let mut terms = world.terms();
        (terms.audit_rate, terms.task.steps) = (Ratio::percent(2), steps);
        let job = world.assign(terms, &[("P1", 10)]);
        let wrong = root(Some(0));
        world.commit("P1", job, wrong);
        world.reveal_result("P1", job, wrong);
        challenge(&mut world, "W", job);
        world.narrow("P1", job, "W", 0);
        world.prove("P1", job, 0);
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult, "{steps} steps");
    }
}

#[test]
fn m13_evidence_of_another_step_or_of_nothing_is_refused() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(3)));
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 3);
    let prove = |leaf, evidence: &[u8]| {
        let node = Node { level: 2, index: leaf };
        Command::ProveStep(ProveStep { job, node, evidence: evidence.to_vec() })
    };
    let refused = |reason| Err(Rejected::ProveStep(reason));
    let another = world.send("P1", prove(4, b"evidence"));
    assert_eq!(another, refused(ProveStepRejected::NotAwaited));
    let nothing = world.send("P1", prove(3, b""));
    assert_eq!(nothing, refused(ProveStepRejected::EvidenceInvalid));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult, "silence is no way out");
}

#[test]
fn m15_two_wrong_sides_do_not_make_a_right_one() {
    // Provider and auditor differ, both wrong: the game judges the provider's step alone.
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let (wrong, other) = (root(Some(3)), root(Some(9)));
    world.commit("P1", job, wrong);
    world.audit(job, other);
    world.reveal("P1", job, wrong, other);
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    assert_eq!(world.closed(job).paid.units(), 0, "the auditors' root is not accepted thereby");
}

/// A known hole: a convict that has a friend ask for its output and stays silent is convicted by that,
/// sooner than by any clock. It loses as much, and whoever challenged it has its deposit back and no
/// reward, as if friends had taken all places to share it (M30).
#[test]
fn m30_a_convict_that_withholds_its_output_pays_as_much_and_rewards_nobody() {
    let play = |withholds: bool| {
        let mut world = World::new(params());
        let (honest, friends) = (world.wealth("X"), ["P1", "W"]);
        let before = world.coalition(&friends);
        let job = unaudited(&mut world, root(Some(3)));
        challenge(&mut world, "X", job);
        if withholds {
            challenge(&mut world, "W", job);
            let item = DataItem::Output;
            world.ok("W", Command::RequestData(RequestData { job, item }));
        }
        world.until_phase(job, Phase::Closed);
        world.blocks(110);
        let reason = world.closed(job).reason;
        let won = i64::try_from(world.wealth("X")).expect("small");
        let won = won - i64::try_from(honest).expect("small");
        (reason, won, world.coalition(&friends) - before, world.quote(job).reward_max)
    };
    let (reason, won, lost, most) = play(false);
    assert_eq!(reason, CloseReason::WrongResult);
    assert_eq!(won, i64::try_from(most.units()).expect("small") - FEE);
    let (reason, nothing, as_much, _) = play(true);
    assert_eq!(reason, CloseReason::DataWithheld);
    assert_eq!(nothing, -FEE);
    assert!(as_much <= lost, "{as_much} {lost}");
}
