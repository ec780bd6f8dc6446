//! The last block in which one may challenge, and what the referee is asked.

use earnest_protocol::{
    Command, Digest, EvidenceRejected, JobId, Output, Ratio, Referee, Ruling, StepCase,
    command::*,
    market::{CloseReason, Phase},
};

use super::{challenge, until_height};
use crate::world::{Truth, World, authenticated, params, root};

/// A wrong result of P1's that no auditor saw, open to challenge.
fn unaudited(world: &mut World) -> JobId {
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.reveal_result("P1", job, root(Some(3)));
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

/// A sham game that ends in the last block of the window pays nobody before that block is over:
/// whoever challenges in it is heard.
#[test]
fn a_game_that_ends_in_the_last_block_of_a_window_does_not_close_it() {
    let mut world = World::new(params());
    let job = unaudited(&mut world);
    let until = world.assignment(job).until;
    challenge(&mut world, "W", job);
    world.narrow("P1", job, "W", 50);
    until_height(&mut world, until);
    world.prove("P1", job, 50);
    assert_eq!(world.phase(job), Phase::Challengeable);
    challenge(&mut world, "X", job);
    world.narrow("P1", job, "X", 3);
    world.prove("P1", job, 3);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

/// What a child is in this test's tree.
fn child(level: u8, index: u8) -> Digest {
    let mut bytes = [level; 32];
    bytes[1] = index;
    Digest(bytes)
}

/// Knows which node a digest must be: the root, or what was disclosed one level above.
struct Strict;

impl Referee for Strict {
    fn opens(&self, _: &Task, node: Node, digest: &Digest, children: &[Digest]) -> bool {
        let own = if node.level == 0 { root(Some(3)) } else { child(node.level, 2) };
        *digest == own && children.len() == 16
    }
    fn output(&self, task: &Task, root: &Digest, proof: &[u8]) -> Option<Output> {
        Truth.output(task, root, proof)
    }
    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        assert_eq!((*case.root, *case.digest, case.leaf), (root(Some(3)), child(2, 5), 37));
        Ok(Ruling::Fails)
    }
    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, _: &[u8]) -> bool {
        false
    }
}

/// The referee is asked about the very nodes that were disclosed, down to the digest of the leaf.
#[test]
fn the_referee_is_asked_about_what_was_disclosed() {
    let mut world = World::new(params());
    let job = unaudited(&mut world);
    challenge(&mut world, "W", job);
    let mut send = |name: &str, command: Command| {
        let tx = authenticated(&world.state, world.id(name), command);
        world.state.apply(&tx, &Strict, &mut world.journal).expect("as disclosed");
        world.settle_journal();
    };
    // Leaf 37 is child 5 of child 2 of the root.
    for (level, index, reject) in [(0, 0, 2), (1, 2, 5)] {
        let children = (0..16).map(|index| child(level + 1, index)).collect();
        let node = Node { level, index };
        send("P1", Command::OpenNode(OpenNode { job, node, children }));
        send("W", Command::RejectChild(RejectChild { job, child: reject }));
    }
    let evidence = b"evidence".to_vec();
    send("P1", Command::ProveStep(ProveStep { job, leaf: 37, evidence }));
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}
