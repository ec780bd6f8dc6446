//! Ordinary programs: published on the ledger, named by jobs, disputed down to a step.

use earnest_testkit::world;

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Ending, Event, Gas, JobId, Ratio, Rejected, Ruling, State,
    TransactionRejected,
    command::*,
    ledger::Pot,
    market::{CloseReason, Outcome, Phase, PostJobRejected},
    storage::{PublishProgramRejected, RetireProgramRejected, program_deposit, program_name},
    verification::{
        Loser, LossReason, ProveStepRejected, RefineStepRejected, RejectChildRejected,
        RevealResultRejected, Turn,
    },
};
use world::{World, finer, params, params_with, parts, root};

const CODE: &[u8] = b"program that sorts";
const TOKEN: i64 = 1_000_000_000;

/// A result of P1's, of a published program, that no auditor saw, open to challenge.
fn unaudited(world: &mut World, result: Digest) -> JobId {
    let program = world.publish("W", CODE);
    let mut terms = world.paged_terms(program);
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, result);
    world.reveal_result("P1", job, result);
    assert_eq!(world.phase(job), Phase::Challengeable);
    job
}

/// The same, with a dispute of X's at a leaf, through trees whose wrong leaves these are.
fn disputed(world: &mut World, result: Digest, leaves: &[u64]) -> JobId {
    let job = unaudited(world, result);
    world.ok("X", Command::Challenge(Challenge { job }));
    world.narrow_to("P1", job, "X", leaves);
    job
}

fn ends(world: &World) -> Vec<(Loser, LossReason, u32, Option<u64>)> {
    world.seen(|event| match event {
        Event::DisputeClosed { loser, reason, moves, step, .. } => {
            Some((*loser, *reason, *moves, *step))
        }
        _ => None,
    })
}

fn node_of(world: &World, job: JobId) -> Node {
    let docket = world.state.docket(job).expect("assigned");
    docket.disputes.iter().find(|dispute| dispute.ended.is_none()).expect("open").node
}

fn prove(world: &mut World, job: JobId, evidence: &[u8]) -> Result<(), Rejected> {
    let (node, evidence) = (node_of(world, job), evidence.to_vec());
    world.send("P1", Command::ProveStep(ProveStep { job, node, evidence }))
}

fn refine(world: &mut World, job: JobId, proof: &[u8]) -> Result<(), Rejected> {
    let (node, proof) = (node_of(world, job), proof.to_vec());
    let children = vec![Digest::ZERO; 16];
    world.send("P1", Command::RefineStep(RefineStep { job, node, children, proof }))
}

#[test]
fn a_program_is_published_in_parts_and_leaves_with_its_deposit_when_no_job_names_it() {
    let mut world = World::new(params());
    let before = world.wealth("W");
    let mut code = vec![7; 600_000];
    code[..7].copy_from_slice(b"program");
    let program = program_name(&code);
    let storage = world.state.params().storage();
    let deposit = program_deposit(storage, 0, 600_000).expect("there is room").units();
    let [first, second, third] = parts(&code).try_into().expect("three parts");
    world.ok("W", Command::PublishProgram(first));
    assert_eq!(
        world.state.balance(Pot::Program(world.state.programs().next().unwrap().0)).units(),
        deposit
    );
    assert_eq!(world.state.program(&program), None, "a draft is nobody's program");
    world.ok("W", Command::PublishProgram(second));
    world.ok("W", Command::PublishProgram(third));
    let row = world.state.program(&program).expect("all of it is there");
    assert_eq!(world.state.program_code(row).concat(), code);
    assert_eq!(world.state.programs_kib(), 586);
    // 2, 2 and 2 transfers, and one for each begun kibibyte of 256, 256 and 73.9.
    assert_eq!(world.wealth("W"), before - deposit - 1_000 * (6 + 256 + 256 + 74));

    let terms = world.paged_terms(program);
    let job = world.post(terms);
    let retire = Command::RetireProgram(RetireProgram { program });
    let named = Rejected::RetireProgram(RetireProgramRejected::NamedByJobs { jobs: 1 });
    assert_eq!(world.send("W", retire.clone()), Err(named));
    world.until_phase(job, Phase::Closed);
    world.ok("W", retire.clone());
    assert_eq!((world.state.programs_kib(), world.state.programs().count()), (0, 0));
    assert_eq!(world.wealth("W"), before - 1_000 * (6 + 256 + 256 + 74 + 2 + 2));
    let gone = Rejected::RetireProgram(RetireProgramRejected::NotPublished);
    assert_eq!(world.send("W", retire), Err(gone));
    let terms = world.paged_terms(program);
    let unknown = Rejected::PostJob(PostJobRejected::ProgramNotPublished);
    assert_eq!(world.send("R", Command::PostJob(terms)), Err(unknown));
}

#[test]
fn what_cannot_be_judged_or_has_another_hash_burns_its_deposit_and_leaves_nothing() {
    let mut world = World::new(params());
    let deposit = program_deposit(world.state.params().storage(), 0, 8).expect("room").units();
    let other = program_name(b"program that is another");
    for (name, code) in [(program_name(b"nonsense"), b"nonsense"), (other, b"program ")] {
        let before = world.wealth("W");
        let part = PublishProgram { program: name, bytes_total: 8, part: 0, bytes: code.to_vec() };
        world.ok("W", Command::PublishProgram(part));
        assert_eq!(world.wealth("W"), before - deposit - 3_000);
        assert_eq!((world.state.programs().count(), world.state.programs_kib()), (0, 0));
    }
    let burnt = world.seen(|event| match event {
        Event::ProgramNotAdmitted { deposit, .. } => Some(deposit.units()),
        _ => None,
    });
    assert_eq!(burnt, [deposit; 2]);
}

#[test]
fn nobody_is_in_the_way_of_another_publisher() {
    let mut world = World::new(params());
    let mut code = vec![1; 300_000];
    code[..7].copy_from_slice(b"program");
    let [first, second] = parts(&code).try_into().expect("two parts");
    // X comes first, with bytes that will never hash to the name.
    let bytes = vec![0; 262_144];
    world.ok("X", Command::PublishProgram(PublishProgram { bytes, ..first.clone() }));
    world.ok("W", Command::PublishProgram(first));
    world.ok("W", Command::PublishProgram(second.clone()));
    let there = Rejected::PublishProgram(PublishProgramRejected::AlreadyPublished);
    assert_eq!(world.send("X", Command::PublishProgram(second)), Err(there));
    let program = program_name(&code);
    world.ok("X", Command::RetireProgram(RetireProgram { program }));
    assert!(world.state.program(&program).is_some(), "what X began is gone, what W did is there");
    let not_own = Rejected::RetireProgram(RetireProgramRejected::NotThePublisher);
    let retire = Command::RetireProgram(RetireProgram { program });
    assert_eq!(world.send("X", retire), Err(not_own));
}

#[test]
fn admitting_programs_takes_the_referees_time_and_waits_where_there_is_none() {
    let mut world = World::new(params_with(|raw| {
        // A largest step and 16 million beside it; a program of 1,465 KiB takes 12.
        raw.chain.referee_gas = Gas::new(2 * raw.market.step_gas_max.count());
    }));
    let mut code = vec![1; 1_500_000];
    code[..7].copy_from_slice(b"program");
    let commands = parts(&code).into_iter().map(Command::PublishProgram);
    for command in commands {
        world.ok("W", command);
    }
    code[8] = 2;
    let all = parts(&code);
    let (last, before) = all.split_last().expect("six parts");
    for command in before {
        world.ok("W", Command::PublishProgram(command.clone()));
    }
    let last = Command::PublishProgram(last.clone());
    let busy = world.send("W", last.clone());
    assert!(
        matches!(busy, Err(Rejected::Transaction(TransactionRejected::RefereeBusy { .. }))),
        "{busy:?}"
    );
    world.block();
    world.ok("W", last);
}

#[test]
fn a_job_of_a_published_program_is_paid_by_its_steps_and_says_how_it_ended() {
    let mut world = World::new(params());
    let program = world.publish("W", CODE);
    let terms = world.paged_terms(program);
    let job = world.assign(terms, &[("P1", 4), ("P2", 6)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    let result = world.state.case(job).expect("assigned").result.expect("sealed");
    assert_eq!((result.ending, result.steps_paid), (Some(Ending::Finished), 101));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(world.closed(job).paid.units(), 6_000_000_000);
}

#[test]
fn a_tree_that_does_not_begin_with_the_programs_first_state_is_no_result() {
    let mut world = World::new(params());
    let program = world.publish("W", CODE);
    let mut terms = world.paged_terms(program);
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    let forged = root(Some(0));
    world.commit("P1", job, forged);
    world.until_phase(job, Phase::Revealing);
    let opening = world.opening(job, forged);
    let output_proof = b"output".to_vec();
    let reveal = Command::RevealResult(RevealResult { job, opening, output_proof });
    let refused = Rejected::RevealResult(RevealResultRejected::OutputProofInvalid);
    assert_eq!(world.send("P1", reveal), Err(refused));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotRevealed);
}

/// Wrong from step 37 on, there from fine step 5,000, there from finest step 700.
#[test]
fn a_lie_is_convicted_at_any_depth_that_its_maker_goes_to() {
    for (leaves, moves) in [(&[37][..], 5), (&[37, 5_000], 13), (&[37, 5_000, 700], 19)] {
        let mut world = World::new(params());
        let before = world.coalition(&["P1"]);
        let job = disputed(&mut world, root(Some(37)), leaves);
        assert_eq!(prove(&mut world, job, b"evidence"), Ok(()));
        assert_eq!(ends(&world), [(Loser::Accused, LossReason::StepFails, moves, Some(37))]);
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
        let lost = before - world.coalition(&["P1"]);
        assert!(lost > 100 * TOKEN, "{lost}");
    }
}

#[test]
fn an_honest_provider_holds_at_any_depth_and_the_challenger_pays() {
    for leaves in [&[37][..], &[37, 5_000], &[37, 5_000, 700], &[101, 8_192, 1_024], &[1, 1, 1]] {
        let mut world = World::new(params());
        let before = world.coalition(&["P1"]);
        let job = disputed(&mut world, root(None), leaves);
        assert_eq!(prove(&mut world, job, b"evidence"), Ok(()));
        assert!(matches!(ends(&world)[..], [(Loser::Challenger, LossReason::StepHolds, ..)]));
        assert_eq!(world.phase(job), Phase::Challengeable);
        assert!(world.coalition(&["P1"]) > before - TOKEN, "half the deposit is P1's");
    }
}

#[test]
fn the_first_state_of_each_tree_is_agreed() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(37)));
    world.ok("X", Command::Challenge(Challenge { job }));
    let open = |world: &mut World| {
        let (node, children) = (node_of(world, job), vec![Digest::ZERO; 16]);
        world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    };
    let reject = |child| Command::RejectChild(RejectChild { job, child });
    let agreed = Err(Rejected::RejectChild(RejectChildRejected::FirstStateAgreed));
    open(&mut world);
    world.ok("X", reject(0));
    open(&mut world);
    assert_eq!(world.send("X", reject(0)), agreed, "leaf 0 follows from program and task");
    world.ok("X", reject(1));
    assert_eq!(refine(&mut world, job, &finer(9)), Ok(()));
    for _ in 0..3 {
        world.ok("X", reject(0));
        open(&mut world);
    }
    assert_eq!(world.send("X", reject(0)), agreed, "it is the leaf before, which X accepted");
}

#[test]
fn a_finer_tree_is_taken_only_where_one_is_due_and_fits_its_ends() {
    let mut world = World::new(params());
    let job = unaudited(&mut world, root(Some(37)));
    world.ok("X", Command::Challenge(Challenge { job }));
    let refused = |reason| Err(Rejected::RefineStep(reason));
    let inner = refine(&mut world, job, &finer(9));
    assert_eq!(inner, refused(RefineStepRejected::NotAwaited), "the root is no step");
    world.narrow_to("P1", job, "X", &[37]);
    let other = refine(&mut world, job, b"other ends");
    assert_eq!(other, refused(RefineStepRejected::ProofInvalid));
    world.narrow_to("P1", job, "X", &[37, 5_000, 700]);
    let finest = refine(&mut world, job, &finer(9));
    assert_eq!(finest, refused(RefineStepRejected::NotAwaited), "nothing is finer");
    assert_eq!(prove(&mut world, job, b"evidence"), Ok(()));
}

/// Evidence that the referee executed for nothing would take its time for a fee, or stand a clock
/// still for ever: each leaf is heard once, and costs its time.
#[test]
fn a_leaf_is_heard_once_and_what_shows_nothing_leaves_a_finer_tree_or_the_clock() {
    let mut world = World::new(params());
    let job = disputed(&mut world, root(None), &[37]);
    assert_eq!(prove(&mut world, job, b"too little"), Ok(()));
    let again = Err(Rejected::ProveStep(ProveStepRejected::HeardBefore));
    assert_eq!(prove(&mut world, job, b"evidence"), again);
    let judged = world.seen(|event| match event {
        Event::StepJudged { node, ruling, .. } => Some((*node, *ruling)),
        _ => None,
    });
    assert_eq!(judged, [(Node { level: 2, index: 37 }, Ruling::Unheard)]);
    world.narrow_to("P1", job, "X", &[37, 5_000, 700]);
    assert_eq!(prove(&mut world, job, b"too little"), Ok(()));
    assert_eq!(prove(&mut world, job, b"evidence"), again);
    assert_eq!(
        refine(&mut world, job, &finer(1)),
        Err(Rejected::RefineStep(RefineStepRejected::NotAwaited))
    );
    world.until_phase(job, Phase::Closed);
    assert!(matches!(ends(&world)[..], [(Loser::Accused, LossReason::ClockRanOut, ..)]));
}

#[test]
fn a_step_refined_for_one_is_refined_for_all_and_a_held_one_is_lost_at_once() {
    let mut world = World::new(params());
    let job = disputed(&mut world, root(None), &[37, 5_000]);
    assert_eq!(prove(&mut world, job, b"evidence"), Ok(()));
    world.ok("R", Command::Challenge(Challenge { job }));
    // Every node on the way is open: R names four, then four, and has lost at the same step.
    world.narrow_to("P1", job, "R", &[37, 5_000]);
    let ends = ends(&world);
    assert_eq!(ends.len(), 2);
    assert_eq!(ends[1], (Loser::Challenger, LossReason::StepHolds, 6, Some(37)));
}

#[test]
fn whoever_lets_its_clock_run_out_loses_and_the_clock_is_as_long_as_the_work() {
    // 209.7 million gas at 20 million a block: 11 blocks a run, and 3 besides. The accused has
    // seven of those, a challenger three; both 5 blocks, and 252 for the answers of the only game.
    let slow = || {
        World::new(params_with(|raw| {
            raw.market.reference_speed = earnest_protocol::Gas::new(20_000_000);
            raw.market.work_bound_max = earnest_protocol::Gas::new(1_000_000_000);
            raw.staking.unbonding_epochs = earnest_protocol::Epochs::new(200);
        }))
    };
    for (leaves, is_accused) in [(&[37][..], true), (&[], false)] {
        let mut world = slow();
        let job = match is_accused {
            true => disputed(&mut world, root(None), leaves),
            false => {
                let job = unaudited(&mut world, root(None));
                world.ok("X", Command::Challenge(Challenge { job }));
                let (node, children) = (Node { level: 0, index: 0 }, vec![Digest::ZERO; 16]);
                world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
                job
            }
        };
        let dispute = world.state.docket(job).expect("assigned").disputes[0].clone();
        let turn = if is_accused { Turn::Accused } else { Turn::Challenger };
        assert_eq!(dispute.turn, turn);
        let clocks = (dispute.accused_left, dispute.challenger_left);
        let (accused, challenger) = (5 + 7 * 14 + 252, 5 + 3 * 14 + 252);
        assert_eq!(clocks, (Blocks::new(accused), Blocks::new(challenger)));
        world.blocks(if is_accused { accused } else { challenger });
        assert!(ends(&world).is_empty());
        world.block();
        let loser = if is_accused { Loser::Accused } else { Loser::Challenger };
        assert!(matches!(ends(&world)[..], [(end, LossReason::ClockRanOut, ..)] if end == loser));
    }
}

/// The programs and their parts are rows like others: what is stored has the same future.
#[test]
fn a_state_that_is_stored_and_read_has_its_programs() {
    let mut world = World::new(params());
    let job = disputed(&mut world, root(Some(37)), &[37, 5_000]);
    world.ok("R", Command::PublishProgram(parts(b"program of two")[0].clone()));
    let bytes = postcard::to_allocvec(&world.state).expect("encodes");
    let mut read: State = postcard::from_bytes(&bytes).expect("decodes");
    assert_eq!(read.root(), world.state.root());
    assert_eq!(read.check_invariants(), Ok(()));
    world.state = read;
    assert_eq!(prove(&mut world, job, b"evidence"), Ok(()));
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

#[test]
fn a_room_that_fills_asks_more_and_then_takes_nothing() {
    let small = |raw: &mut earnest_protocol::RawParams| {
        raw.storage.program_room_mib = 1;
        raw.storage.program_deposit_per_kib = Amount::new(1_000).expect("small");
        raw.storage.program_deposit_doublings = 4;
    };
    let mut world = World::new(params_with(small));
    let mut deposits = Vec::new();
    for count in 0..16u8 {
        let code = [b"program ".as_slice(), &[count]].concat();
        world.publish("W", &code);
        let (id, _) = world.state.programs().last().expect("just published");
        deposits.push(world.state.balance(Pot::Program(id)).units());
    }
    // 64 KiB each: from 1,000 · 2^(1/4) a kibibyte to 16,000.
    assert_eq!((deposits[0], deposits[3], deposits[15]), (76_096, 128_000, 1_024_000));
    let full = PublishProgramRejected::RoomFull { wanted_kib: 64, free_kib: 0 };
    let more = Command::PublishProgram(parts(b"program more")[0].clone());
    assert_eq!(world.send("W", more), Err(Rejected::PublishProgram(full)));
}
