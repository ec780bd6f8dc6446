//! Attempts on seats, places and holds that the rules bound but do not close: what each costs and
//! gains, in numbers.

use earnest_protocol::{
    AccountId, Command, Digest, Epochs, Event, Gas, JobId, Ratio, Rejected, Role,
    command::*,
    ledger::AssignmentPot,
    market::{CloseReason, Outcome, Phase},
    slashing::SlashState,
    verification::{ChallengeRejected, Dispute},
};

use super::{FEE, TOKEN, VALIDATORS, ok_as, report, signed, slashes, sybil, unbond, wealth_of};
use crate::world::{World, params, params_with, root};

/// new: a cheat that was not drawn fills every place for challenges with friends, so that nobody
/// honest may challenge. The bound counts no challengers, so what it deters stays deterred; this
/// is the price of shutting them out: half of 64 deposits burns, 32 tokens.
#[test]
fn shutting_every_challenger_out_costs_half_of_every_deposit() {
    let mut world = World::new(params_with(|raw| raw.verification.disputes_max = 64));
    let sybils: Vec<AccountId> = (0..64).map(|n| sybil(&mut world, n, 2).0).collect();
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.reveal_result("P1", job, root(Some(3)));
    let before = wealth_of(&world, &sybils) + world.coalition(&["P1"]);
    for who in &sybils {
        ok_as(&mut world, *who, Command::Challenge(Challenge { job }));
    }
    let refused = world.send("W", Command::Challenge(Challenge { job }));
    let refusal = ChallengeRejected::DisputesAtLimit { limit: 64 };
    assert_eq!(refused, Err(Rejected::Challenge(refusal)));
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest([1; 32]); 16]);
    world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    world.until_phase(job, Phase::Closed);
    let paid = 95 * TOKEN / 10;
    let cost = before + paid - wealth_of(&world, &sybils) - world.coalition(&["P1"]);
    assert_eq!(cost, 32 * TOKEN + 64 * FEE);
}

/// new: as many games at once as parameters allow, about a result of an ordinary program: each
/// gives the accused the time of its answers in all, one more is refused, and who says nothing
/// loses when its own clock has run out, whatever became of the others.
#[test]
fn a_hundred_games_at_once_leave_the_accused_time_for_all_their_answers() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.disputes_max = 100;
        raw.market.reference_speed = Gas::new(20_000_000);
        raw.staking.unbonding_epochs = Epochs::new(1_000);
    }));
    let sybils: Vec<AccountId> = (0..100).map(|n| sybil(&mut world, n, 2).0).collect();
    let program = world.publish("R", b"program that sorts");
    let terms = PostJob { audit_rate: Ratio::percent(2), ..world.paged_terms(program) };
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    for who in &sybils {
        ok_as(&mut world, *who, Command::Challenge(Challenge { job }));
    }
    let refused = world.send("W", Command::Challenge(Challenge { job }));
    let refusal = ChallengeRejected::DisputesAtLimit { limit: 100 };
    assert_eq!(refused, Err(Rejected::Challenge(refusal)));
    // Runs of 14 blocks, seven for the accused and three for a challenger; 252 for answers.
    let (accused, challenger) = (5 + 7 * 14 + 100 * 252, 5 + 3 * 14 + 252);
    let games = |world: &World| world.state.docket(job).expect("assigned").disputes.clone();
    let left = |game: &Dispute| (game.accused_left.count(), game.challenger_left.count());
    assert!(games(&world).iter().all(|game| left(game) == (accused, challenger)));
    // All but the last say nothing more; that one comes down to a leaf that holds.
    let (node, children) = (Node { level: 0, index: 0 }, vec![Digest([1; 32]); 16]);
    world.ok("P1", Command::OpenNode(OpenNode { job, node, children }));
    ok_as(&mut world, sybils[99], Command::RejectChild(RejectChild { job, child: 1 }));
    world.blocks(challenger);
    assert!(games(&world).iter().all(|game| game.ended.is_none()));
    world.block();
    assert_eq!(games(&world).iter().filter(|game| game.ended.is_some()).count(), 99);
    assert_eq!(left(&games(&world)[99]), (accused, challenger), "what was given stays");
    assert_eq!(world.phase(job), Phase::Challengeable);
}

/// new: a game that is over keeps its place: an honest provider is asked for no more answers than
/// its clocks and its collateral were counted for, though challengers lose and others come.
#[test]
fn a_lost_challenge_makes_no_place_for_another() {
    let mut world = World::new(params_with(|raw| raw.verification.disputes_max = 1));
    let terms = PostJob { audit_rate: Ratio::percent(2), ..world.terms() };
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.reveal_result("P1", job, root(None));
    world.ok("X", Command::Challenge(Challenge { job }));
    world.play("P1", job, 3, true);
    let games = &world.state.docket(job).expect("assigned").disputes;
    assert_eq!(games.iter().filter(|game| game.ended.is_some()).count(), 1);
    assert_eq!(world.phase(job), Phase::Challengeable);
    let refused = world.send("W", Command::Challenge(Challenge { job }));
    let refusal = ChallengeRejected::DisputesAtLimit { limit: 1 };
    assert_eq!(refused, Err(Rejected::Challenge(refusal)));
}

/// new: an auditor of its own account's provider, or of the requester's, sits nowhere, however it
/// comes to a seat.
#[test]
fn nobody_judges_its_own_work_or_order() {
    let mut world = World::new(params());
    for name in ["P1", "R"] {
        let amount = earnest_protocol::Amount::tokens(49_000);
        super::bond(&mut world, name, Role::Validator, amount);
    }
    for seed in 0..30u8 {
        let mut terms = world.terms();
        terms.seed_seal = earnest_protocol::seal::seed(&Digest([seed; 32]));
        let job = world.assign(terms, &[("P1", 4)]);
        world.commit_with("P1", job, root(None), Digest([seed; 32]));
        let drawn = world.auditors(job);
        assert!(!drawn.contains(&"P1") && !drawn.contains(&"R"), "{drawn:?}");
        if seed == 29 {
            world.until_phase(job, Phase::AuditingOpen);
            for name in ["P1", "R"] {
                let seal = world.seal_result(name, job, root(None));
                let own = world.send(name, Command::CommitVerdict(CommitVerdict { job, seal }));
                assert!(own.is_err(), "nor when a seat is open to all");
            }
            return;
        }
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
    }
}

/// new: friends among the validators whose seals are reported one after another put the audit off,
/// and as they are jailed make the pool smaller; each costs its lock and 5 % of its bond, less half
/// a lock for its finder, and the provider is paid by those who are left.
#[test]
fn leaks_put_an_audit_off_at_a_lock_and_a_share_each() {
    for leaks in 1..=4 {
        let mut world = World::new(params());
        let provider = world.coalition(&["P1"]);
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        let mut reported = Vec::new();
        let friends = [&VALIDATORS[..], &["W"]].concat();
        let before = world.coalition(&friends);
        for _ in 0..leaks {
            let lazy = world.auditors(job)[0];
            assert!(!reported.contains(&lazy), "who leaked is not drawn again");
            world.audit_as(lazy, job, root(Some(77)));
            report(&mut world, "W", lazy, job, root(Some(77)));
            reported.push(lazy);
        }
        let lost = before - world.coalition(&friends);
        let lock = 2 * TOKEN + TOKEN / 2;
        let share = (50_000 * TOKEN - lock) / 20;
        assert_eq!(lost, leaks * (lock + share - lock / 2 + FEE));
        // Four of eight are jailed: a quarter each is left, so one more is drawn.
        assert_eq!(world.auditors(job).len(), if leaks == 4 { 3 } else { 2 });
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        assert_eq!(world.coalition(&["P1"]) - provider, 95 * TOKEN / 10 - 2 * FEE);
    }
}

/// new: a friend that is convicted on the same program and root has a cheat's slash held for
/// `engine_hold_epochs`. It is paid out all the same when the last hold is over, to the unit; each
/// friend costs a conviction of its own, and buys no more than that time.
#[test]
fn a_slash_that_friends_have_held_is_paid_out_in_the_end() {
    let mut world = World::new(params_with(|raw| {
        raw.slashing.engine_hold_epochs = earnest_protocol::Epochs::new(3);
    }));
    let requester = world.coalition(&["R"]);
    for name in ["P1", "P2", "P3"] {
        let job = world.assign(world.terms(), &[(name, 10)]);
        world.commit(name, job, root(Some(3)));
        world.audit(job, root(None));
        world.reveal(name, job, root(Some(3)), root(None));
        world.play(name, job, 3, true);
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    }
    let held = world.state.slashes().filter(|(_, s)| matches!(s.state, SlashState::Held(_)));
    assert_eq!(held.count(), 3);
    assert!(world.coalition(&["R"]) < requester);
    world.blocks(50 * 5);
    assert_eq!(slashes(&world).len(), 3, "each once");
    // Compensated with two tariffs for each, less two audits and the fee of a posting.
    assert_eq!(world.coalition(&["R"]), requester - 3 * super::POST_FEE);
}

/// new: what a coalition of requester and one drawn validator can do to a provider's pay, of all
/// moves of that validator: nothing.
#[test]
fn no_move_of_one_drawn_validator_takes_pay_from_a_right_result() {
    #[derive(Clone, Copy, Debug)]
    enum Move {
        Silent,
        SealsJunkAndOpens,
        SealsJunkAndKeeps,
        SealsJunkAndIsReported,
        AsksForEverything,
    }
    use Move::*;
    for its in
        [Silent, SealsJunkAndOpens, SealsJunkAndKeeps, SealsJunkAndIsReported, AsksForEverything]
    {
        for auditors in 1..=3 {
            let mut world = World::new(params());
            let mut terms = world.terms();
            terms.auditors = auditors;
            let provider = world.coalition(&["P1"]);
            let job = world.assign(terms, &[("P1", 10)]);
            world.commit("P1", job, root(None));
            let friend = world.auditors(job)[0];
            let junk = root(Some(9));
            match its {
                Silent => {}
                SealsJunkAndOpens | SealsJunkAndKeeps => world.audit_as(friend, job, junk),
                SealsJunkAndIsReported => {
                    world.audit_as(friend, job, junk);
                    if world.phase(job) == Phase::Auditing {
                        report(&mut world, "W", friend, job, junk); // Else all have sealed.
                    }
                }
                AsksForEverything => {
                    for item in [DataItem::Program, DataItem::Input(0), DataItem::Input(1)] {
                        super::ask(&mut world, friend, job, item).expect("drawn");
                        super::serve(&mut world, "P1", job, item);
                    }
                }
            }
            for _ in 0..200 {
                if !matches!(world.phase(job), Phase::Auditing | Phase::AuditingOpen) {
                    break;
                }
                for name in world.auditors(job).into_iter().filter(|name| *name != friend) {
                    let seal = world.seal_result(name, job, root(None));
                    let _ = world.send(name, Command::CommitVerdict(CommitVerdict { job, seal }));
                }
                if matches!(world.phase(job), Phase::Auditing | Phase::AuditingOpen) {
                    world.block();
                }
            }
            world.reveal_result("P1", job, root(None));
            for name in world.auditors(job) {
                let said = if name == friend { junk } else { root(None) };
                if name == friend && matches!(its, SealsJunkAndKeeps) {
                    continue;
                }
                world.reveal_verdict(name, job, said);
            }
            world.until_phase(job, Phase::Challengeable);
            world.play("P1", job, 9, true);
            world.until_phase(job, Phase::Closed);
            assert_eq!(world.closed(job).outcome, Outcome::Accepted, "{its:?} of {auditors}");
            let gain = world.coalition(&["P1"]) - provider;
            assert_eq!(gain, 95 * TOKEN / 10 - 2 * FEE, "{its:?} of {auditors}");
        }
    }
}

/// new: a validator that unbonds in the block of the commitment is not drawn by what it weighed
/// before; one that unbonds a block later may be drawn, and what it took out still answers.
#[test]
fn stake_that_leaves_after_the_commitment_still_answers_for_its_seat() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.block();
    for name in VALIDATORS {
        // All but two and a half tokens and the least bond.
        unbond(&mut world, name, Role::Validator, earnest_protocol::Amount::tokens(49_890));
    }
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    let [lazy, other] = world.auditors(job)[..] else { panic!("two are drawn") };
    let before = world.coalition(&[lazy]);
    let lock = signed(world.held(job, AssignmentPot::AuditLock(0)));
    world.audit_as(lazy, job, root(Some(3)));
    world.audit_as(other, job, root(None));
    world.reveal_result("P1", job, root(None));
    world.reveal_verdict(lazy, job, root(Some(3)));
    world.reveal_verdict(other, job, root(None));
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    let share = (50_000 * TOKEN - lock) / 20;
    assert_eq!(before - world.coalition(&[lazy]), lock + share, "of all it had at the acceptance");
}

/// new: evicting, lapsing and copying leave no deposit and no lock behind, whatever comes first.
#[test]
fn a_lapsed_auction_leaves_nothing_locked() {
    let mut world = World::new(params_with(|raw| raw.market.bids_max = 2));
    let names = ["P1", "P2", "P3", "P4"];
    let before = world.coalition(&names);
    for (n, name) in names.iter().enumerate() {
        let tokens = u64::try_from(4 - n).expect("few");
        unbond(&mut world, name, Role::Provider, earnest_protocol::Amount::tokens(tokens));
    }
    let job = world.post(world.terms());
    names.iter().for_each(|name| world.bid(name, job, 5));
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P4", job, 5);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotAccepted);
    // P3 did not open and P4 did not accept: a tenth of the ceiling each, and eight base fees.
    assert_eq!(before - world.coalition(&names), 2 * TOKEN + 8 * FEE);
    let evicted = world.seen(|event| matches!(event, Event::BidEvicted { .. }).then_some(()));
    assert_eq!(evicted.len(), 2);
}

/// new: jobs that nobody can audit held the locks of every auditor drawn for them, missed or not,
/// until they closed, and honest jobs found nobody. A missed seat's lock is free at once, and what
/// a requester can force by opening no seed is reserved before a job begins.
#[test]
fn unauditable_jobs_lock_no_pool_away_from_honest_work() {
    let mut world = World::new(params());
    for name in VALIDATORS {
        super::leave(&mut world, name, 185 * 1_000_000_000);
    }
    let mut terms = world.terms();
    (terms.auditors, terms.price_max) = (1, earnest_protocol::Amount::UNIT);
    terms.audit_rate = Ratio::percent(2);
    terms.task.gas_bound = earnest_protocol::Gas::new(10_000_000_000);
    terms.task.chunk_count = 10_000;
    // As many as leave room for an honest one; to leave none costs what a test of capacity says.
    let jobs: Vec<JobId> = (0..11).map(|_| world.post_of("X", terms.clone())).collect();
    jobs.iter().for_each(|job| world.bid("P1", *job, 0));
    world.until_phase(jobs[0], Phase::RevealingBids);
    jobs.iter().for_each(|job| world.open_bid("P1", *job, 0));
    for job in &jobs {
        world.ok("P1", Command::AcceptJob(AcceptJob { job: *job }));
        world.commit_result("P1", *job, root(None));
    }
    world.blocks(3);
    let mut honest = world.terms();
    honest.auditors = 1;
    let job = world.post_of("P4", honest);
    world.bid("P2", job, 4);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P2", job, 4);
    world.ok("P2", Command::AcceptJob(AcceptJob { job }));
    world.commit_result("P2", job, root(None));
    world.block();
    world.ok("P4", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.until_phase(job, Phase::Auditing);
    while world.phase(job) == Phase::Auditing {
        world.auditors(job).into_iter().for_each(|name| world.audit_as(name, job, root(None)));
        world.block();
    }
    world.reveal("P2", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}
