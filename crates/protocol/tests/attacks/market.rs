//! Who gets a job and what backs it: C5, C7, C15, C17, M6, M10, M14, M25, M26, M28, M29, M34.

use earnest_protocol::{
    Amount, Asset, BlockHead, BlockRejected, Command, Digest, Factor, Height, JobId, Ratio,
    Rejected, Role,
    command::*,
    ledger::{AssignmentPot, JobPot, Pot},
    market::{CloseReason, CommitBidRejected, Outcome, Phase, RevealBidRejected},
    slashing::Offence,
    verification::CommitResultRejected,
};

use super::{CHUNK_FEE, FEE, TOKEN};
use crate::world::{World, params, params_with, root};

/// An honest job from posting to payment; who did it and what it was paid, take included.
fn honest(world: &mut World, bids: &[(&str, u64)]) -> (JobId, u64) {
    let job = world.assign(world.terms(), bids);
    let winner = world.name(world.assignment(job).account);
    world.commit(winner, job, root(None));
    world.audit(job, root(None));
    world.reveal(winner, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    (job, world.closed(job).paid.units())
}

/// As many honest jobs of P1 in a row.
fn honest_times(world: &mut World, count: u32) {
    (0..count).for_each(|_| assert!(honest(world, &[("P1", 10)]).1 > 0));
}

#[test]
fn c5_collateral_is_the_operators_own_and_limits_how_much_it_takes_on() {
    let mut world = World::new(params());
    let (role, amount) = (Role::Provider, Amount::tokens(49_970));
    world.ok("P1", Command::Unbond(Unbond { role, amount }));
    // Thirty left, below the minimum of a hundred: not even a bid.
    let job = world.post(world.terms());
    let seal = world.seal_bid("P1", job, Amount::tokens(4));
    let bid = Command::CommitBid(CommitBid { job, seal });
    let refused = world.send("P1", bid.clone());
    assert_eq!(refused, Err(Rejected::CommitBid(CommitBidRejected::MayNotWork)));

    // A hundred back: enough to bid everywhere, but each job locks its own.
    world.ok("P1", Command::Bond(Bond { role, amount: Amount::tokens(70) }));
    let mut terms = world.terms();
    terms.price_max = Amount::tokens(300);
    let jobs: Vec<JobId> = (0..2).map(|_| world.post(terms.clone())).collect();
    let need = world.quote(jobs[0]).collateral;
    assert!(need > Amount::tokens(50) && need < Amount::tokens(100), "{need}");
    jobs.iter().for_each(|job| world.bid("P1", *job, 10));
    world.until_phase(jobs[0], Phase::RevealingBids);
    let free = world.free_bond("P1");
    world.open_bid("P1", jobs[0], 10);
    let locked = world.held(jobs[0], AssignmentPot::Collateral);
    assert!(locked >= world.quote(jobs[0]).collateral_min.units());
    assert_eq!(world.free_bond("P1"), free - locked, "out of its own free bond");
    let (price, salt) = (Amount::tokens(10), Digest([5; 32]));
    let second = Command::RevealBid(RevealBid { job: jobs[1], price, salt });
    let [wanted, free_bond] = [locked, free - locked].map(|x| Amount::new(x).expect("small"));
    let expected = RevealBidRejected::ExceedsFreeBond { wanted, free_bond };
    assert_eq!(world.send("P1", second), Err(Rejected::RevealBid(expected)));
}

#[test]
fn c7_hiding_a_result_after_the_draw_costs_all_the_collateral() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let quote = world.quote(job);
    let collateral = world.held(job, AssignmentPot::Collateral);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    assert_eq!(world.phase(job), Phase::Revealing);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::NotRevealed);
    let lost = before - world.coalition(&["P1"]);
    let collateral = i64::try_from(collateral).expect("small");
    assert!(lost >= collateral + 2 * FEE, "all of {collateral}, not only {}", quote.exit_cost);
}

#[test]
fn c15_who_wins_and_declines_loses_its_deposit() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = world.post(world.terms());
    world.bid("P1", job, 0);
    world.bid("P2", job, 5);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 0);
    world.open_bid("P2", job, 5);
    world.blocks(3);
    let late = world.send("P1", Command::AcceptJob(AcceptJob { job }));
    assert!(late.is_err(), "its turn is over");
    world.ok("P2", Command::AcceptJob(AcceptJob { job }));
    let forfeit = |world: &World| world.coalition(&["P1"]);
    assert_eq!(forfeit(&world), before - TOKEN - 2 * FEE, "a tenth of the ceiling");
}

#[test]
fn c17_sealed_jobs_are_refused_so_nobody_can_force_their_bytes_into_the_open() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.visibility = Visibility::Sealed;
    let refused = world.send("R", Command::PostJob(terms));
    let expected = earnest_protocol::market::PostJobRejected::SealedNotServed;
    assert_eq!(refused, Err(Rejected::PostJob(expected)));
    assert_eq!(world.state.job_counts().posted, 0);
}

#[test]
fn m10_blocks_cannot_outrun_the_windows_counted_in_them() {
    let mut world = World::new(params());
    let (height, time_ms) = (world.state.height(), world.state.time_ms());
    let next = Height::new(height.count() + 1);
    let early = time_ms + 999;
    let head = BlockHead { height: next, time_ms: early, beacon: None, next_anchor: None };
    let root = world.state.root();
    let refused = world.state.open_block(&head, &mut world.journal);
    let expected = BlockRejected::TooEarly { time_ms: early, earliest_ms: time_ms + 1_000 };
    assert_eq!(refused, Err(expected));
    assert_eq!(world.state.root(), root);
}

#[test]
fn m14_a_job_that_faults_pays_the_steps_up_to_its_fault_only() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    let (opening, output_proof) = (world.opening(job, root(None)), b"fault\x07".to_vec());
    world.ok("P1", Command::RevealResult(RevealResult { job, opening, output_proof }));
    for name in world.auditors(job) {
        world.reveal_verdict(name, job, root(None));
    }
    world.until_phase(job, Phase::Closed);
    // Seven of a hundred steps at ten tokens, less the take of a twentieth.
    assert_eq!(world.closed(job).paid.units(), 700_000_000);
    assert_eq!(world.coalition(&["P1"]), before + 665_000_000 - 2 * FEE);
}

#[test]
fn m14_a_fault_that_claims_more_steps_than_were_asked_for_is_paid_for_those_asked() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    let (opening, output_proof) = (world.opening(job, root(None)), b"fault\xff".to_vec());
    world.ok("P1", Command::RevealResult(RevealResult { job, opening, output_proof }));
    world.auditors(job).into_iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).paid.units(), 10_000_000_000);
}

#[test]
fn m25_the_second_price_weighs_quality_and_a_single_bid_is_paid_the_ceiling() {
    let mut world = World::new(params());
    let (_, alone) = honest(&mut world, &[("P1", 9)]);
    assert_eq!(alone, 10_000_000_000, "the ceiling stands for a second bid");
    let (_, second) = honest(&mut world, &[("P1", 4), ("P2", 6), ("P3", 8)]);
    assert_eq!(second, 6_000_000_000, "newcomers all stand at the floor of quality");
    honest_times(&mut world, 25);

    // A veteran beats a lower price and is paid what would just have lost.
    let job = world.assign(world.terms(), &[("P1", 7), ("P2", 5)]);
    let quality = world.state.score(world.operator("P1", Role::Provider));
    assert!(quality > Ratio::percent(70), "{quality:?}");
    let assignment = world.assignment(job);
    assert_eq!(world.name(assignment.account), "P1");
    let fair = 5_000_000_000u128 * u128::from(quality.parts()) / 500_000_000;
    assert_eq!(u128::from(assignment.price.units()), fair);
    assert!(assignment.price >= Amount::tokens(7));

    // Its lead over a newcomer is bounded by the floor: never twice the price.
    let job = world.assign(world.terms(), &[("P1", 10), ("P2", 5)]);
    let assignment = world.assignment(job);
    assert_eq!(world.name(assignment.account), "P2");
}

#[test]
fn m25_a_network_that_kept_one_bid_only_would_have_no_second_price() {
    let raw = params_with(|raw| raw.market.ranks_max = 1);
    let refused = earnest_protocol::Params::try_from(raw);
    assert!(refused.is_err(), "the second price is the second bid's");
}

#[test]
fn m26_a_bond_bids_once_and_first_price_deposits_burn() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.auction = Auction::FirstPrice;
    let job = world.post(terms);
    world.bid("P1", job, 4);
    let seal = world.seal_bid("P1", job, Amount::tokens(9));
    let again = world.send("P1", Command::CommitBid(CommitBid { job, seal }));
    assert_eq!(again, Err(Rejected::CommitBid(CommitBidRejected::AlreadyBid)));
    // Sealing with several bonds and opening one alone forfeits a tenth of the ceiling each.
    let before = world.coalition(&["P2", "P3", "P4"]);
    ["P2", "P3", "P4"].into_iter().zip([5, 6, 7]).for_each(|(p, x)| world.bid(p, job, x));
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 4);
    world.open_bid("P4", job, 7);
    world.until_phase(job, Phase::Offered);
    assert_eq!(world.coalition(&["P2", "P3"]) + world.coalition(&["P4"]), {
        let deposit_of_p4 = TOKEN; // Still at stake until the winner accepts.
        before - 2 * TOKEN - deposit_of_p4 - 3 * FEE
    });
}

#[test]
fn m28_a_name_costs_what_was_burnt_for_it_whoever_asked() {
    let mut world = World::new(params());
    let friends = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    let before = world.coalition(&friends);
    honest_times(&mut world, 8);
    let id = world.operator("P1", Role::Provider);
    let record = world.state.reputation(id);
    // Eight jobs of ten tokens are at most eight events, whoever asked for them.
    let (events, full) = (record.correctness.success, Factor::percent(800));
    assert!(Factor::percent(700) < events && events <= full, "{record:?}");
    // And of each ten tokens a quarter is burnt: a fortieth, as the multiple asks. The rest of the
    // take is lost to the buyer, too.
    let burnt = i64::try_from(events.parts()).expect("small") * 10 / 40;
    let paid = before - world.coalition(&friends) - 8 * 6 * FEE;
    assert_eq!(paid, 8 * TOKEN / 2, "a take of a twentieth, eight times");
    assert!(2 * burnt <= paid, "{burnt} burnt of {paid}");
    // A second requester says as much as the first did, and no more.
    let mut shared = World::new(params());
    for turn in 0..8 {
        let buyer = ["R", "W"][turn % 2];
        let job = shared.assign_of(buyer, shared.terms(), &[("P1", 10)]);
        shared.commit_result("P1", job, root(None));
        shared.ok(buyer, Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        shared.blocks(2);
        shared.audit(job, root(None));
        shared.reveal("P1", job, root(None), root(None));
        shared.until_phase(job, Phase::Closed);
    }
    assert_eq!(shared.state.reputation(id), record);
}

#[test]
fn m28_a_success_counts_at_most_what_was_burnt_for_it() {
    let mut world = World::new(params_with(|raw| raw.market.take_burn = Ratio::ZERO));
    honest_times(&mut world, 3);
    let record = world.state.reputation(world.operator("P1", Role::Provider));
    assert_eq!(record.correctness.success, Factor::ZERO);
}

#[test]
fn m28_evidence_fades_to_ignorance() {
    let mut world = World::new(params());
    let id = world.operator("P1", Role::Provider);
    let stranger = world.state.score(id);
    honest_times(&mut world, 3);
    let veteran = world.state.score(id);
    assert!(veteran > stranger);
    world.blocks(50 * 200);
    let idle = world.state.score(id);
    assert!(idle < veteran, "{idle:?} after 200 idle epochs, {veteran:?} before");
    world.blocks(50 * 100);
    assert!(world.state.score(id) < idle);
}

#[test]
fn m29_a_second_commitment_is_refused_and_no_offence() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    let before = world.coalition(&["P1"]);
    // A worker that crashed and restarted signs again, with another salt.
    let mut opening = world.opening(job, root(None));
    opening.salt = Digest([99; 32]);
    let (network, address) = (world.state.network(), world.address("P1"));
    let seal = earnest_protocol::seal::result(&network, job, &address, &opening);
    let refused = world.send("P1", Command::CommitResult(CommitResult { job, seal }));
    let expected = CommitResultRejected::WrongPhase { phase: Phase::Committed };
    assert_eq!(refused, Err(Rejected::CommitResult(expected)));
    assert_eq!(world.coalition(&["P1"]), before - FEE);
    assert_eq!(world.state.slashes().count(), 0);
    // The first stands and is paid.
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

#[test]
fn m6_an_unfetchable_input_costs_its_requester_and_not_the_winner() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let requester = world.coalition(&["R"]);
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    let item = DataItem::Input(3);
    world.ok("P1", Command::RequestData(RequestData { job, item }));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::InputMissing);
    assert_eq!(world.coalition(&["P1"]), before - FEE - CHUNK_FEE, "a bid and a request");
    let deposit = 2 * TOKEN; // Twice the tariff, burnt: it is nobody's income.
    assert_eq!(world.coalition(&["R"]), requester - deposit - 4 * FEE);
    let burnt = world.seen(|event| match event {
        earnest_protocol::Event::Slashed {
            offence: Offence::InputWithholding, waterfall, ..
        } => Some(waterfall.burnt.units()),
        _ => None,
    });
    assert_eq!(burnt, [2_000_000_000]);
    assert_eq!(world.state.balance(Pot::Insurance(Asset::Stake)), Amount::ZERO);
}

#[test]
fn m6_who_served_the_input_keeps_its_deposit_and_the_fee() {
    let mut world = World::new(params());
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    let item = DataItem::Input(3);
    world.ok("P1", Command::RequestData(RequestData { job, item }));
    let before = world.coalition(&["R"]);
    world.ok("R", Command::ServeData(ServeData { job, item, bytes: b"bytes".to_vec() }));
    assert_eq!(world.coalition(&["R"]), before, "paid when the bytes have helped with the work");
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    assert_eq!(world.phase(job), Phase::Executing);
    assert_eq!(world.coalition(&["R"]), before + 26_000_000, "260 KiB at the ledger's price");
}

#[test]
fn m6_accepting_is_a_receipt_so_nothing_asked_before_it_can_still_cost_the_requester() {
    let mut world = World::new(params());
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    let item = DataItem::Input(3);
    world.ok("P1", Command::RequestData(RequestData { job, item }));
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    // Sealed at once: the answer would come in a phase that takes none.
    world.commit_result("P1", job, root(None));
    world.blocks(8);
    assert_ne!(world.phase(job), Phase::Closed, "the requester is not at fault");
}

/// Where a job has ended with no assignment, none of what is done about one can be begun: nothing
/// of it comes to hold money or waits for a clock again.
#[test]
fn m34_a_job_that_was_taken_back_takes_no_command_of_anybodys() {
    let mut world = World::new(params());
    let job = world.post(world.terms());
    world.bid("P1", job, 4);
    world.ok("R", Command::CancelJob(CancelJob { job }));
    let seal = Digest([7; 32]);
    let (node, item) = (Node { level: 0, index: 0 }, DataItem::Program);
    let accused = world.id("P1");
    let (opening, preimage) = (world.opening(job, root(None)), Digest([4; 32]));
    let (price, salt, bytes) = (Amount::tokens(4), Digest([5; 32]), vec![1]);
    let (cover, premium_max) = (Amount::UNIT, Amount::MAX);
    let commands = [
        Command::CancelJob(CancelJob { job }),
        Command::CommitBid(CommitBid { job, seal }),
        Command::RevealBid(RevealBid { job, price, salt }),
        Command::AcceptJob(AcceptJob { job }),
        Command::CommitResult(CommitResult { job, seal }),
        Command::OpenSeed(OpenSeed { job, preimage }),
        Command::CommitVerdict(CommitVerdict { job, seal }),
        Command::RevealResult(RevealResult { job, opening, output_proof: vec![] }),
        Command::RevealVerdict(RevealVerdict { job, opening }),
        Command::Challenge(Challenge { job }),
        Command::OpenNode(OpenNode { job, node, children: vec![seal; 16] }),
        Command::RejectChild(RejectChild { job, child: 0 }),
        Command::ProveStep(ProveStep { job, node, evidence: vec![1] }),
        Command::RefineStep(RefineStep { job, node, children: vec![seal; 16], proof: vec![1] }),
        Command::RequestData(RequestData { job, item }),
        Command::ServeData(ServeData { job, item, bytes }),
        Command::ConfirmReceipt(ConfirmReceipt { job }),
        Command::ReportCopy(ReportCopy { job, accused, opening }),
        Command::InsureJob(InsureJob { job, cover, premium_max }),
    ];
    let closed = world.closed(job);
    for _ in 0..8 {
        for command in &commands {
            for name in ["R", "P1", "P2", "V1", "W"] {
                let answer = world.send(name, command.clone());
                assert!(answer.is_err(), "{name} {command:?}");
            }
        }
        world.block();
    }
    assert_eq!(world.closed(job), closed);
    for pot in [JobPot::Escrow, JobPot::AuditFees, JobPot::Deposit, JobPot::Cover] {
        assert_eq!(world.pot(job, pot), 0, "{pot:?}");
    }
    assert_eq!(world.pot(job, JobPot::BidDeposit(0)), 0);
}

/// A requester takes its job back again and again: who bid has its whole deposit and all its bond
/// each time and loses a fee a bid, the requester six weights a job, and nobody's name changes.
#[test]
fn m34_taking_back_holds_no_deposit_no_bond_and_no_room_of_anybodys() {
    let mut world = World::new(params());
    let names = ["R", "P1", "P2"];
    let before = names.map(|name| world.wealth(name));
    let bonds = ["P1", "P2"].map(|name| world.free_bond(name));
    let rounds = 30;
    for _ in 0..rounds {
        let free = ["P1", "P2"].map(|name| world.state.free(world.id(name)).units());
        let job = world.post(world.terms());
        world.bid("P1", job, 4);
        world.bid("P2", job, 6);
        world.ok("R", Command::CancelJob(CancelJob { job }));
        for (name, free) in ["P1", "P2"].iter().zip(free) {
            let fee = u64::try_from(FEE).expect("small");
            assert_eq!(world.state.free(world.id(name)).units(), free - fee);
        }
        world.block();
    }
    assert_eq!(bonds, ["P1", "P2"].map(|name| world.free_bond(name)));
    let lost = |at: usize| i64::try_from(before[at] - world.wealth(names[at])).expect("small");
    assert_eq!([lost(0), lost(1), lost(2)], [6 * rounds * FEE, rounds * FEE, rounds * FEE]);
    assert_eq!(world.state.job_counts().open, 0);
    // The work that comes after finds the market as it was.
    let (_, paid) = honest(&mut world, &[("P1", 10)]);
    assert!(paid > 0);
}
