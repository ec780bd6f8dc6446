//! The life of a job from posting to payment, and of a wrong one to its conviction.

use earnest_testkit::world;

use earnest_protocol::{
    Command, Event, Ratio,
    command::*,
    market::{CloseReason, Outcome, Phase},
    slashing::Offence,
    verification::Loser,
};
use world::{World, params, root};

#[test]
fn an_honest_job_is_paid_and_everybody_gets_its_locks_back() {
    let mut world = World::new(params());
    let before: Vec<u64> = ["R", "P1", "P2", "V1"].map(|name| world.wealth(name)).to_vec();
    let terms = world.terms();
    let job = world.assign(terms, &[("P1", 4), ("P2", 6)]);
    let row = world.state.job(job).expect("posted");
    assert!(row.bids.is_empty() && row.beyond.is_none(), "P1 took it up: nobody else can");
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);

    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Accepted, CloseReason::Unchallenged));
    // Second price: paid what the other asked, at equal quality, less a take of 5 %.
    assert_eq!(closed.paid.units(), 6_000_000_000);
    let fee = 1_000;
    assert_eq!(world.wealth("P1"), before[1] + 5_700_000_000 - 2 * fee);
    assert_eq!(world.wealth("P2"), before[2] - fee);
    // Two auditors at the tariff of 10^9 gas: one token each. A posting weighs four transfers.
    assert_eq!(world.wealth("R"), before[0] - 6_000_000_000 - 2_000_000_000 - 4 * fee);
}

#[test]
fn a_wrong_result_is_convicted_at_one_step_and_its_requester_compensated() {
    let mut world = World::new(params());
    let before = ["R", "P1"].map(|name| world.wealth(name));
    let mut terms = world.terms();
    terms.task.steps = 300;
    let job = world.assign(terms, &[("P1", 4), ("P2", 6)]);
    let wrong = root(Some(257));
    world.commit("P1", job, wrong);
    let auditors = world.auditors(job);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 257, true);
    assert_eq!(world.phase(job), Phase::Closed);

    let ends: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::DisputeClosed { loser, step, moves, .. } => Some((*loser, *step, *moves)),
            _ => None,
        })
        .collect();
    assert!(ends.contains(&(Loser::Accused, Some(257), 7)), "{ends:?}");

    world.blocks(110); // Over the engine's stay.
    let slashes: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Slashed { offence: Offence::WrongResult, account, waterfall, .. } => {
                Some((*account, *waterfall))
            }
            _ => None,
        })
        .collect();
    let [(account, waterfall)] = slashes.as_slice() else { panic!("{slashes:?}") };
    assert_eq!(world.name(*account), "P1");
    assert!(waterfall.adds_up());
    assert_eq!(world.wealth("P1"), before[1] - waterfall.amount.units() - 2_000);
    // Refunded, compensated with twice the tariff, charged for two audits and a posting.
    assert_eq!(waterfall.compensation.units(), 2_000_000_000);
    assert_eq!(world.wealth("R"), before[0] + 2_000_000_000 - 2_000_000_000 - 4_000);
    // The reporters' cap: one tariff, and a fiftieth of a p_ref of ten tokens.
    assert_eq!(waterfall.reporter.units(), 1_200_000_000);
    assert_eq!(auditors.len(), 2);
}

#[test]
fn what_is_not_drawn_is_still_open_to_challenge() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(2);
    let job = world.assign(terms, &[("P1", 4)]);
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    assert_eq!(world.phase(job), Phase::Revealing);
    world.reveal_result("P1", job, wrong);
    world.ok("W", Command::Challenge(Challenge { job }));
    world.play("P1", job, 3, true);
    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Rejected, CloseReason::WrongResult));
}

#[test]
fn a_job_is_taken_back_while_bids_are_sealed_and_costs_nobody_more_than_fees() {
    let mut world = World::new(params());
    let before: Vec<u64> = ["R", "P1", "P2"].map(|name| world.wealth(name)).to_vec();
    let job = world.post(world.terms());
    world.bid("P1", job, 4);
    world.bid("P2", job, 6);
    world.ok("R", Command::CancelJob(CancelJob { job }));

    let closed = world.closed(job);
    assert_eq!((closed.outcome, closed.reason), (Outcome::Expired, CloseReason::Cancelled));
    // A posting weighs four transfers, taking it back two.
    let fee = 1_000;
    assert_eq!(world.wealth("R"), before[0] - 6 * fee);
    assert_eq!(world.wealth("P1"), before[1] - fee);
    assert_eq!(world.wealth("P2"), before[2] - fee);
    // When bidding would have ended nothing happens any more.
    world.blocks(100);
    assert_eq!(world.closed(job), closed);
}
