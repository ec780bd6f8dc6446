//! The last block in which one may challenge, and what the referee is asked.

use earnest_protocol::{
    Blocks, Command, Digest, EvidenceRejected, Gas, JobId, Output, Ratio, RawParams, Referee,
    Rejected, Ruling, StepCase,
    command::*,
    market::{CloseReason, Phase},
    verification::RequestDataRejected,
};

use super::{challenge, until_height};
use crate::world::{Truth, World, authenticated, params, params_with, root};

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
    fn output(&self, task: &Task, _: &[u8], root: &Digest, proof: &[u8]) -> Option<Output> {
        Truth.output(task, &[], root, proof)
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
    send("P1", Command::ProveStep(ProveStep { job, node: Node { level: 2, index: 37 }, evidence }));
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    // Nobody asks for the tree of a job that ended.
    let docket = world.state.docket(job).expect("assigned");
    assert_eq!((docket.opened.len(), docket.ruled.len()), (0, 0));
}

/// A node that was opened waits for its challenger: who opens it again is refused, and takes none
/// of the challenger's time.
#[test]
fn opening_a_node_again_is_no_move_of_the_challenger() {
    let mut world = World::new(params());
    let job = unaudited(&mut world);
    challenge(&mut world, "W", job);
    let (node, children) = (Node { level: 0, index: 0 }, vec![root(None); 16]);
    let open = Command::OpenNode(OpenNode { job, node, children });
    world.ok("P1", open.clone());
    world.blocks(5);
    let dispute = world.state.docket(job).expect("assigned").disputes[0].clone();
    assert!(world.send("P1", open).is_err());
    assert_eq!(world.state.docket(job).expect("assigned").disputes[0], dispute);
}

/// A step may take all of the referee's time in a block.
fn large_steps() -> RawParams {
    params_with(|raw| raw.market.step_gas_max = raw.chain.referee_gas)
}

/// Two results, of P1's and P2's, that no auditor saw, and whose steps take all of a block's time.
/// P1's is challenged by W down to a leaf, P2's by X.
fn two_games(world: &mut World) -> [JobId; 2] {
    let mut terms = world.terms();
    (terms.audit_rate, terms.task.step_gas_max) = (Ratio::percent(2), Gas::new(70_000_000));
    let jobs = ["P1", "P2"].map(|name| (name, world.assign(terms.clone(), &[(name, 10)])));
    for (name, job) in jobs {
        world.commit(name, job, root(None));
        world.reveal_result(name, job, root(None));
    }
    let jobs = jobs.map(|(_, job)| job);
    challenge(world, "W", jobs[0]);
    world.narrow("P1", jobs[0], "W", 50);
    challenge(world, "X", jobs[1]);
    jobs
}

/// One block in which the referee had no time left is one block more for who waits for it: it may
/// still move in the last of them, and has lost in the next.
#[test]
fn a_clock_that_stood_still_for_a_block_has_just_that_block_more() {
    for moves in [true, false] {
        let mut world = World::new(large_steps());
        let [busy, job] = two_games(&mut world);
        world.narrow("P2", job, "X", 7);
        world.prove("P1", busy, 50);
        let begun = world.state.height();
        until_height(&mut world, begun.after(Blocks::new(21)));
        assert_eq!(world.state.full_blocks(), 1);
        assert_eq!(world.phase(job), Phase::Challengeable, "20 blocks and one");
        let reason = if moves {
            world.prove("P2", job, 7);
            CloseReason::Unchallenged
        } else {
            world.block();
            CloseReason::WrongResult
        };
        assert_eq!(world.closed(job).reason, reason);
    }
}

/// A block that was full before one came to wait for the referee gives no time.
#[test]
fn a_clock_stands_still_for_who_waits_for_the_referee_alone() {
    let mut world = World::new(large_steps());
    let [busy, job] = two_games(&mut world);
    world.prove("P1", busy, 50);
    let begun = world.state.height();
    world.block();
    assert_eq!(world.state.full_blocks(), 1);
    world.narrow("P2", job, "X", 7);
    until_height(&mut world, begun.after(Blocks::new(20)));
    assert_eq!(world.phase(job), Phase::Challengeable);
    world.block();
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

/// Whoever may ask for bytes asks for those there are: of four chunks no fifth, or its provider
/// would be convicted of keeping it back; and for an output while its window is open, not while a
/// game goes on beyond it.
#[test]
fn nobody_is_asked_for_bytes_that_it_need_not_have() {
    let mut world = World::new(params());
    let none = Err(Rejected::RequestData(RequestDataRejected::NoSuchItem));
    let job = world.assign(world.terms(), &[("P2", 10)]);
    world.commit("P2", job, root(None));
    let (auditor, item) = (world.auditors(job)[0], DataItem::Input(4));
    assert_eq!(world.send(auditor, Command::RequestData(RequestData { job, item })), none);
    let item = DataItem::Input(3);
    world.ok(auditor, Command::RequestData(RequestData { job, item }));

    for late in [false, true] {
        let mut world = World::new(params());
        let job = unaudited(&mut world);
        let until = world.assignment(job).until;
        challenge(&mut world, "W", job);
        until_height(&mut world, until.after(Blocks::new(u64::from(late))));
        assert_eq!(world.phase(job), Phase::Challengeable);
        let item = DataItem::Output;
        let asked = world.send("R", Command::RequestData(RequestData { job, item }));
        assert_eq!(asked, if late { none } else { Ok(()) });
    }
}
