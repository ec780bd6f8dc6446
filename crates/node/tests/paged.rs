//! A job of an ordinary program, with the referee of a node: every way in which a dispute about it
//! goes and ends.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::sync::Arc;

use earnest_compute::{
    self as compute, EngineKind, Position,
    bisection::first_rejected,
    checkpoint::Tree,
    paged::{
        chunks,
        dispute::{
            Before, LEVELS, Player, Span,
            shown::{ClaimProof, Refinement, StepProof},
        },
        evidence::{Evidence, make_evidence},
        outputs,
        program::{Kind, Program},
        run::{Machine, Session, Tracking},
        state::{Claim, State},
        task::{Input, Task as PagedTask},
    },
};
use earnest_node::{NodeReferee, ServedPages, paged_task, tree_of};
use earnest_protocol::{
    Command, Digest, Ending, Event, JobId, Ratio, Referee, Rejected, Ruling,
    command::*,
    market::{CloseReason, Phase},
    seal,
    verification::{Geometry, Loser, LossReason, ProveStepRejected, RefineStepRejected, Turn},
};
use earnest_testkit::world::{World, params};

/// Reads its input a piece at a time, adds it up, grows, puts the sum out, and exits.
const PROGRAM: &str = r#"(module
  (import "earnest" "input_read" (func $read (param i64 i32 i32) (result i32)))
  (import "earnest" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1 4)
  (data (i32.const 4094) "\01\02\03\04")
  (global $left (export "earnest_left") (export "earnest_global_0") (mut i64) (i64.const 0))
  (global $exit (export "earnest_exit") (export "earnest_global_1") (mut i32) (i32.const 0))
  (global $at (export "earnest_global_2") (mut i64) (i64.const 0))
  (func $round (result i32) (local $got i32)
    (local.set $got (call $read (global.get $at) (i32.const 8190) (i32.const 9000)))
    (if (i32.eqz (local.get $got))
      (then (global.set $exit (i32.const 3)) (unreachable)))
    (global.set $at (i64.add (global.get $at) (i64.extend_i32_u (local.get $got))))
    (drop (memory.grow (i32.const 1)))
    (i64.store offset=4094 (i32.const 0)
      (i64.add (i64.load offset=4094 (i32.const 0)) (i64.load (i32.const 8200))))
    (call $write (i32.const 4090) (i32.const 200))
    (i32.const 0))
  (func (export "earnest_step") (result i32)
    (loop $on
      (global.set $left (i64.sub (global.get $left) (i64.const 9000000)))
      (if (call $round) (then (return (i32.const 1))))
      (if (i64.le_s (global.get $left) (i64.const 0)) (then (return (i32.const 0))))
      (br $on))
    (unreachable)))"#;

/// Steps that its bound allows; it takes 30 rounds of 9,000,000 ticks, and so two steps and a bit.
const STEPS: u64 = 6;

/// What a side of the dispute does where a leaf is disputed.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Prove,
    /// Refines once, then shows evidence.
    RefineOnce,
    /// Refines twice, then shows evidence.
    RefineTwice,
}

/// A world with the referee of a node, and a machine.
struct Court {
    world: World,
    machine: Machine,
    input: Arc<Input>,
    job: JobId,
    task: Task,
    paged: PagedTask,
}

/// What somebody holds the run to be.
struct Held<'m> {
    player: Player<'m>,
    claim: Claim,
    tree: Tree,
}

impl Court {
    /// The program is published and a job of it is P1's to do.
    fn new() -> Court {
        let mut world = World::new(params());
        world.referee = Box::new(NodeReferee::new());
        let code = wat::parse_str(PROGRAM).expect("text of a module");
        let program = world.publish("W", &code);
        let mut bytes: Vec<u8> = (0..=250).cycle().take(200_000).collect();
        bytes.resize(chunks::CHUNK_BYTES, 0);
        let input = Arc::new(Input::new(bytes).expect("short"));
        let mut terms = world.paged_terms(program);
        terms.audit_rate = Ratio::percent(2);
        terms.task.gas_bound = earnest_protocol::Gas::new((STEPS - 1) << 21);
        terms.task.steps = STEPS;
        terms.task.chunk_count = 1;
        terms.task.input_root = Digest(input.tree().root().0);
        let task = terms.task;
        let job = world.assign(terms, &[("P1", 10)]);
        let loaded = Program::read(&code, Kind::Pausable).expect("as prepared");
        let machine = Machine::new(EngineKind::Wasmi, &loaded, Tracking::Mark).expect("loads");
        Court { world, machine, input, job, task, paged: paged_task(&task, 16) }
    }

    /// An honest run, or one that holds another state at the boundary of `lie` ticks and goes on.
    fn held(&self, lie: Option<u64>) -> Held<'_> {
        let mut player = Player::new(&self.machine, &self.paged, &self.input);
        if let Some(at) = lie {
            let mut state = player.state_at(at).expect("runs");
            if let State::Running(running) = &mut state {
                running.output.append(b"a lie");
            }
            player.keep(at, state);
        }
        let State::Stopped(claim) = player.state_at(self.paged.ticks_bound).expect("runs") else {
            panic!("the bound ends every run")
        };
        let tree = player.tree(self.span()).expect("runs").clone();
        Held { player, claim, tree }
    }

    fn span(&self) -> Span {
        Span { level: 0, begin: 0, steps: STEPS }
    }

    fn opening(&self, held: &Held<'_>) -> Opening {
        Opening {
            root: Digest(held.tree.root().0),
            output: Digest(held.claim.output_root.0),
            gas: earnest_protocol::Gas::new(held.claim.ticks.div_ceil(TICKS_PER_GAS)),
            steps: STEPS,
            salt: Digest([6; 32]),
        }
    }
}

/// The moves that need the world alone.
struct Desk<'c> {
    world: &'c mut World,
    machine: &'c Machine,
    input: &'c Arc<Input>,
    job: JobId,
    task: Task,
    paged: PagedTask,
}

fn proof_of(held: &Held<'_>) -> Vec<u8> {
    let (first, last) = (held.tree.prove(0), held.tree.prove(STEPS));
    ClaimProof { claim: held.claim, first: first.unwrap(), last: last.unwrap() }.encode()
}

fn node_of(world: &World, job: JobId) -> Option<(Node, Turn)> {
    let docket = world.state.docket(job)?;
    let open = docket.disputes.iter().find(|dispute| dispute.ended.is_none())?;
    Some((open.node, open.turn))
}

fn children(tree: &Tree, at: Position) -> Vec<Digest> {
    tree.children(at).expect("an inner node").iter().map(|child| Digest(child.0)).collect()
}

fn before(tree: &Tree, leaf: u64) -> Before {
    let place = usize::try_from(leaf - 1).unwrap();
    Before { digest: tree.leaves()[place], path: tree.prove(leaf - 1).unwrap() }
}

impl Desk<'_> {
    fn send(&mut self, name: &str, command: Command) -> Result<(), Rejected> {
        self.world.send(name, command)
    }

    /// Seals and opens a result, and X disputes it.
    fn disputed(&mut self, opening: Opening, output_proof: Vec<u8>) {
        let job = self.job;
        let address = self.world.address("P1");
        let seal = seal::result(&self.world.state.network(), job, &address, &opening);
        self.world.ok("P1", Command::CommitResult(CommitResult { job, seal }));
        let preimage = Digest([4; 32]);
        self.world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        self.world.until_phase(job, Phase::Revealing);
        let reveal = RevealResult { job, opening, output_proof };
        self.world.ok("P1", Command::RevealResult(reveal));
        self.world.ok("X", Command::Challenge(Challenge { job }));
    }

    /// Opens the node in dispute.
    fn open(&mut self, provider: &mut Held<'_>, node: Node) {
        let (span, place) = tree_of(&self.task, node).expect("it exists");
        let at = Position { level: u32::from(place.level), index: place.index };
        let children = children(provider.player.tree(span).expect("runs"), at);
        let job = self.job;
        self.world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    }

    fn refinement(&self, provider: &mut Held<'_>, node: Node) -> RefineStep {
        let (span, place) = tree_of(&self.task, node).expect("it exists");
        let leaf = place.leaf().expect("a leaf");
        let before = before(provider.player.tree(span).expect("runs"), leaf);
        let finer = span.within(leaf).expect("there is a finer level");
        let tree = provider.player.tree(finer).expect("runs");
        let (first, last) = (tree.prove(0).unwrap(), tree.prove(finer.steps).unwrap());
        let children = children(tree, Position::ROOT);
        let proof = Refinement { before, first, last }.encode();
        RefineStep { job: self.job, node, children, proof }
    }

    fn step(&self, provider: &mut Held<'_>, node: Node) -> (Before, Evidence) {
        let (span, place) = tree_of(&self.task, node).expect("it exists");
        let leaf = place.leaf().expect("a leaf");
        let before = before(provider.player.tree(span).expect("runs"), leaf);
        let state = provider.player.state_at(span.boundary(leaf - 1)).expect("runs");
        let target = span.boundary(leaf);
        let evidence = make_evidence(self.machine, &self.paged, self.input, state, target);
        (before, evidence.expect("runs"))
    }

    fn prove(&mut self, node: Node, step: &(Before, Evidence)) -> Result<(), Rejected> {
        let (before, evidence) = (step.0.clone(), step.1.encode());
        let evidence = StepProof { before, evidence }.encode();
        let job = self.job;
        self.send("P1", Command::ProveStep(ProveStep { job, node, evidence }))
    }

    /// The challenger's move: the first child that is not its own, or the last there is.
    fn reject(&mut self, challenger: &mut Held<'_>, node: Node) {
        let docket = self.world.state.docket(self.job).expect("assigned");
        let theirs = docket.children(node).expect("just opened").to_vec();
        let theirs: Vec<compute::Digest> = theirs.iter().map(|d| compute::Digest(d.0)).collect();
        let theirs: [compute::Digest; 16] = theirs.try_into().expect("sixteen");
        let (span, place) = tree_of(&self.task, node).expect("it exists");
        let (span, at) = match place.leaf() {
            None => (span, Position { level: u32::from(place.level), index: place.index }),
            Some(leaf) => (span.within(leaf).expect("it was refined"), Position::ROOT),
        };
        let own = challenger.player.tree(span).expect("runs");
        let rejected = first_rejected(own, at, &theirs);
        let last = theirs.iter().rposition(|child| *child != compute::PAD).expect("has a child");
        let child = rejected.unwrap_or(u8::try_from(last).unwrap());
        let job = self.job;
        self.world.ok("X", Command::RejectChild(RejectChild { job, child }));
    }

    /// Plays on until a leaf waits for the accused that its plan says to show evidence of; returns
    /// it.
    fn narrow(&mut self, sides: (&mut Held<'_>, &mut Held<'_>), plan: Plan) -> Node {
        let (provider, challenger) = sides;
        let refined = match plan {
            Plan::Prove => 0,
            Plan::RefineOnce => 1,
            Plan::RefineTwice => 2,
        };
        loop {
            let (node, turn) = node_of(self.world, self.job).expect("the dispute is open");
            let geometry = Geometry::of(&self.task);
            let is_leaf = geometry.leaf(node).is_some();
            match turn {
                Turn::Challenger => self.reject(challenger, node),
                Turn::Accused if !is_leaf => self.open(provider, node),
                Turn::Accused if geometry.leaves(node).len() > refined => return node,
                Turn::Accused => {
                    let step = self.refinement(provider, node);
                    self.world.ok("P1", Command::RefineStep(step));
                }
            }
        }
    }
}

/// How the dispute ended.
fn end(world: &World) -> Option<(Loser, LossReason)> {
    world
        .seen(|event| match event {
            Event::DisputeClosed { loser, reason, .. } => Some((*loser, *reason)),
            _ => None,
        })
        .pop()
}

/// A court with a result of P1's in dispute, wrong from `lie` ticks on or right.
fn story(lie: Option<u64>, tell: impl FnOnce(&mut Desk<'_>, &mut Held<'_>, &mut Held<'_>)) {
    contest((lie, None), tell);
}

/// The same, where X, who disputes it, is wrong or right, too.
fn contest(
    (lie, challengers): (Option<u64>, Option<u64>),
    tell: impl FnOnce(&mut Desk<'_>, &mut Held<'_>, &mut Held<'_>),
) {
    let mut court = Court::new();
    let mut world = std::mem::replace(&mut court.world, World::new(params()));
    let (mut provider, mut challenger) = (court.held(lie), court.held(challengers));
    let (opening, proof) = (court.opening(&provider), proof_of(&provider));
    let (job, task, paged) = (court.job, court.task, court.paged.clone());
    let (machine, input) = (&court.machine, &court.input);
    let mut desk = Desk { world: &mut world, machine, input, job, task, paged };
    desk.disputed(opening, proof);
    tell(&mut desk, &mut provider, &mut challenger);
}

/// Within the first step, within the second, and at the beginning of the third.
const LIES: [u64; 3] = [40_000_000, 150_000_000, 2 << 27];

#[test]
fn a_lie_is_convicted_by_evidence_of_a_step_of_any_length() {
    for lie in LIES {
        for plan in [Plan::Prove, Plan::RefineOnce, Plan::RefineTwice] {
            story(Some(lie), |desk, provider, honest| {
                let node = desk.narrow((&mut *provider, honest), plan);
                let step = desk.step(provider, node);
                assert_eq!(desk.prove(node, &step), Ok(()), "{lie} {plan:?}");
                assert_eq!(end(desk.world), Some((Loser::Accused, LossReason::StepFails)));
                assert_eq!(desk.world.closed(desk.job).reason, CloseReason::WrongResult);
            });
        }
    }
}

#[test]
fn an_honest_run_holds_wherever_it_is_doubted() {
    let plans = [Plan::Prove, Plan::RefineOnce, Plan::RefineTwice];
    let doubts = [None, Some(LIES[0]), Some(LIES[1]), Some(LIES[2])];
    for (plan, doubt) in plans.into_iter().flat_map(|plan| doubts.map(|doubt| (plan, doubt))) {
        contest((None, doubt), |desk, provider, other| {
            let result = desk.world.state.case(desk.job).unwrap().result.unwrap();
            // 30 rounds of 9,000,000 ticks read 262,144 bytes, another finds none and exits.
            assert_eq!(result.ending, Some(Ending::Exited(2)));
            assert_eq!(result.steps_paid, 31 * 9_000_000 / LEVELS[0] + 1);
            let node = desk.narrow((&mut *provider, other), plan);
            let step = desk.step(provider, node);
            assert_eq!(desk.prove(node, &step), Ok(()), "{plan:?} {doubt:?}");
            assert_eq!(end(desk.world), Some((Loser::Challenger, LossReason::StepHolds)));
            assert_eq!(desk.world.phase(desk.job), Phase::Challengeable);
        });
    }
}

#[test]
fn a_finer_tree_must_begin_and_end_with_the_steps_states() {
    story(Some(LIES[1]), |desk, provider, honest| {
        let node = desk.narrow((&mut *provider, &mut *honest), Plan::Prove);
        // An honest tree of that step does not end in the leaf that was disclosed.
        let refused = Err(Rejected::RefineStep(RefineStepRejected::ProofInvalid));
        let other = desk.refinement(honest, node);
        assert_eq!(desk.send("P1", Command::RefineStep(other)), refused);
        let right = desk.refinement(provider, node);
        let mut torn = right.clone();
        torn.children.swap(0, 1);
        assert_eq!(desk.send("P1", Command::RefineStep(torn)), refused);
        let mut cut = right.clone();
        cut.proof.pop();
        assert_eq!(desk.send("P1", Command::RefineStep(cut)), refused);
        assert_eq!(desk.send("P1", Command::RefineStep(right)), Ok(()));
    });
}

#[test]
fn evidence_without_a_page_is_heard_once_and_rules_nothing() {
    // X is wrong from within the second step on.
    contest((None, Some(LIES[1])), |desk, provider, wrong| {
        let node = desk.narrow((&mut *provider, &mut *wrong), Plan::Prove);
        let whole = desk.step(provider, node);
        // A step of the task, but of another state: nothing is executed.
        let (other, _) = tree_of(&desk.task, node).unwrap();
        let state = provider.player.state_at(other.boundary(2)).unwrap();
        let later = make_evidence(desk.machine, &desk.paged, desk.input, state, 3 << 27).unwrap();
        let invalid = Err(Rejected::ProveStep(ProveStepRejected::EvidenceInvalid));
        assert_eq!(desk.prove(node, &(whole.0.clone(), later)), invalid);
        let mut less = whole.clone();
        let (place, _) = less.1.memory.indices.iter().enumerate().next_back().expect("touched");
        less.1.memory.indices.remove(place);
        less.1.memory.bytes.truncate(place * 4096);
        let kept = less.1.memory.indices.clone();
        let before = provider.player.state_at(other.boundary(node.index - 1)).unwrap();
        let State::Running(running) = before else { panic!("it runs") };
        less.1.memory.proof = running.memory.tree().prove(&kept).unwrap();
        assert_eq!(desk.prove(node, &less), Ok(()));
        let docket = desk.world.state.docket(desk.job).unwrap();
        assert_eq!(docket.ruling(node), Some(Ruling::Unheard));
        let heard = Err(Rejected::ProveStep(ProveStepRejected::HeardBefore));
        assert_eq!(desk.prove(node, &whole), heard);
        let node = desk.narrow((&mut *provider, wrong), Plan::RefineOnce);
        let step = desk.step(provider, node);
        assert_eq!(desk.prove(node, &step), Ok(()));
        assert_eq!(end(desk.world), Some((Loser::Challenger, LossReason::StepHolds)));
    });
}

#[test]
fn a_claim_is_opened_only_with_the_programs_first_state_and_its_own_last() {
    let mut court = Court::new();
    let held = court.held(None);
    let (opening, honest) = (court.opening(&held), proof_of(&held));
    let task = court.task;
    let code = wat::parse_str(PROGRAM).unwrap();
    let referee = NodeReferee::new();
    let first = referee.admits(&code).expect("a prepared program");
    let shows = |root: &Digest, proof: &[u8]| referee.output(&task, &first, root, proof);
    let output = shows(&opening.root, &honest).expect("an honest result");
    assert_eq!((output.state, output.gas), (opening.output, opening.gas));
    assert_eq!(referee.output(&task, &[], &opening.root, &honest), None, "no such program");
    // A tree that begins elsewhere and ends alike.
    let mut leaves = held.tree.leaves().to_vec();
    leaves[0] = leaves[1];
    let forged = Tree::build(leaves).unwrap();
    let (first_path, last) = (forged.prove(0).unwrap(), forged.prove(STEPS).unwrap());
    let proof = ClaimProof { claim: held.claim, first: first_path, last }.encode();
    assert_eq!(shows(&Digest(forged.root().0), &proof), None);
    // Another output than the tree's.
    let claim = Claim { output_root: compute::Digest([1; 32]), ..held.claim };
    let (first_path, last) = (held.tree.prove(0).unwrap(), held.tree.prove(STEPS).unwrap());
    let proof = ClaimProof { claim, first: first_path, last }.encode();
    assert_eq!(shows(&opening.root, &proof), None);
    assert_eq!(referee.admits(b"\0asm\x01\0\0\0"), None, "a module of another form");
    court.world.block();
}

#[test]
fn outputs_and_chunks_are_served_by_what_the_task_and_the_claim_bind() {
    let court = Court::new();
    let held = court.held(None);
    let mut session = Session::start(&court.machine, &court.paged, &court.input).unwrap();
    let output = session.advance(court.paged.ticks_bound).unwrap().output;
    let (root, referee) = (Digest(held.claim.output_root.0), NodeReferee::new());
    let serves = |item, bytes: &[u8]| referee.serves(&court.task, item, Some(&root), bytes);
    assert!(serves(DataItem::Output, &output));
    assert!(!serves(DataItem::Output, &output[1..]));
    let list = outputs::List::of(&output);
    let shown = |index| postcard::to_allocvec(&list.show(index, output.clone())).unwrap();
    assert!(serves(DataItem::OutputChunk(0), &shown(0)));
    assert!(!serves(DataItem::OutputChunk(1), &shown(0)));
    assert!(!serves(DataItem::OutputChunk(0), &[shown(0), vec![0]].concat()));
    let none = postcard::to_allocvec(&list.show(1, Vec::new())).unwrap();
    assert!(serves(DataItem::OutputChunk(1), &none), "there is none");
    assert!(!serves(DataItem::OutputChunk(0), &none), "there is one");
    assert!(!serves(DataItem::Program, &wat::parse_str(PROGRAM).unwrap()), "it is on the ledger");
    let bytes = chunks::trimmed(court.input.bytes()).to_vec();
    let names = [chunks::chunk_root(&bytes).unwrap()];
    let path = chunks::chunk_path(&names, 0).unwrap();
    let chunk = |bytes: &[u8]| -> Vec<u8> {
        let served: ServedPages = (bytes.to_vec(), path.clone());
        postcard::to_allocvec(&served).unwrap()
    };
    assert!(serves(DataItem::Input(0), &chunk(&bytes)));
    assert!(!serves(DataItem::Input(1), &chunk(&bytes)));
    assert!(!serves(DataItem::Input(0), &chunk(&bytes[1..])));
}

#[test]
fn the_shapes_of_the_rules_and_of_the_machines_are_the_same() {
    let whole = Span { level: 0, begin: 0, steps: STEPS };
    let task = Court::new().task;
    let node = |level, index| Node { level, index };
    let coarse = node(1, 3);
    let fine = node(5, (3 << 16) | 7);
    let finest = node(8, ((3 << 16) | 7) << 12 | 9);
    let within = |node| tree_of(&task, node).expect("it exists");
    assert_eq!(within(coarse).0, whole);
    assert_eq!(within(fine).0, whole.within(3).unwrap());
    assert_eq!(within(finest).0, whole.within(3).unwrap().within(7).unwrap());
    for place in [coarse, fine, finest] {
        let (span, place) = within(place);
        assert_eq!(place.steps, span.steps);
    }
    assert_eq!(ProgramForm::STEP_GAS.count() * TICKS_PER_GAS, LEVELS[0]);
    assert_eq!(usize::try_from(ProgramForm::CHUNK_BYTES).unwrap(), chunks::CHUNK_BYTES);
    assert_eq!(usize::try_from(ProgramForm::CHUNKS_MAX).unwrap(), chunks::CHUNK_COUNT_MAX);
    let most = earnest_protocol::RawParams::default().storage.program_kib_max;
    assert!(most as usize * 1024 <= compute::paged::program::MODULE_BYTES_MAX);
}

#[test]
fn a_node_shows_programs_and_their_bytes_and_has_them_after_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let network = common::create_with(dir.path(), |network| {
        network.params.market.step_gas_max = earnest_protocol::Gas::new(8_192);
    });
    let node = common::start(dir.path());
    let client = common::client(&node);
    let code = wat::parse_str(PROGRAM).unwrap();
    let name = common::digest(&code);
    assert!(client.program(&name).is_err(), "nobody has published it");
    for part in earnest_testkit::world::parts(&code) {
        client.submit(&common::sign(&network, 2, 0, Command::PublishProgram(part))).unwrap();
        node.make_block().unwrap();
    }
    let room = client.program_room().unwrap();
    // What the referee of this network admits within a block and beside a step: 500,000 gas, 8,192
    // a kibibyte and the step.
    assert_eq!((room.used_kib, room.bytes_max), (64, 60 * 1_024));
    let shown = client.program(&name).unwrap();
    assert_eq!((shown.is_published, shown.parts, shown.jobs), (true, 1, 0));
    assert_eq!(client.program_code(&name).unwrap(), code);
    node.stop().unwrap();
    let node = common::start(dir.path());
    let client = common::client(&node);
    assert_eq!(client.program(&name).unwrap(), shown);
    assert_eq!(client.programs(&earnest_api::PageQuery::default()).unwrap().items, [shown]);
    let retire = Command::RetireProgram(RetireProgram { program: name });
    client.submit(&common::sign(&network, 2, 1, retire)).unwrap();
    node.make_block().unwrap();
    assert_eq!(client.program_room().unwrap().used_kib, 0);
    node.stop().unwrap();
}
