//! Whose name is better than it earned, or worse: N1.

use earnest_protocol::{
    Blocks, Command, Digest, JobId, Ratio, RawParams, Role,
    command::*,
    market::{BidState, CloseReason, Phase},
    reputation::Record,
};

use crate::world::{World, params_with, root};

/// Three dimensions count, and nothing fades within a story.
fn of_three(change: impl FnOnce(&mut RawParams)) -> World {
    World::new(params_with(|raw| {
        raw.chain.epoch_blocks = Blocks::new(10_000);
        raw.reputation.dimensions = 3;
        change(raw);
    }))
}

/// A job of a requester's that P1 is paid for; its requester asks for so many pieces of it.
fn paid(world: &mut World, requester: &str, asks: usize) -> JobId {
    let job = world.assign_of(requester, world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.ok(requester, Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    for chunk in (0..4).take(asks) {
        let (item, bytes) = (DataItem::Input(chunk), b"bytes".to_vec());
        let auditor = world.auditors(job)[0];
        world.ok(auditor, Command::RequestData(RequestData { job, item }));
        world.ok("P1", Command::ServeData(ServeData { job, item, bytes }));
    }
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::Unchallenged);
    job
}

/// P1 takes a job and does nothing.
fn abandoned(world: &mut World) {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
}

fn record(world: &World, name: &str) -> Record {
    world.state.reputation(world.operator(name, Role::Provider))
}

/// What divides the prices of these providers in an auction, at equal prices.
fn qualities(world: &mut World, names: &[&str]) -> Vec<Ratio> {
    let job = world.post(world.terms());
    names.iter().for_each(|name| world.bid(name, job, 10));
    // One that is sealed yet keeps the others from being ranked.
    world.bid("P4", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    names.iter().for_each(|name| world.open_bid(name, job, 10));
    let bids = world.state.job(job).expect("posted").bids.clone();
    let quality = |state| match state {
        BidState::Revealed { quality, .. } => Some(quality),
        BidState::Sealed | BidState::Released => None,
    };
    bids.iter().filter_map(|bid| quality(bid.state)).collect()
}

/// Two jobs abandoned beside one that was paid leave a name far below the newcomer that its owner
/// could bond anew: both divide a price by a half, to the unit, and the newcomer's discount on
/// collateral is three quarters of a per cent at the most.
#[test]
fn n1_a_new_name_wins_no_auction_that_the_bad_one_would_have_lost() {
    let mut world = of_three(|_| {});
    paid(&mut world, "R", 0);
    (0..2).for_each(|_| abandoned(&mut world));
    let old = world.state.score(world.operator("P1", Role::Provider));
    let new = world.state.score(world.operator("P2", Role::Provider));
    assert_eq!(qualities(&mut world, &["P1", "P2"]), [Ratio::percent(50); 2]);
    let verification = *world.state.params().verification();
    let discount = |score| verification.reputation_discount_max.times_floor(score);
    assert!(
        discount(new) <= discount(old).saturating_add(Ratio::of_floor(76, 10_000)),
        "{old:?} {new:?}"
    );
    // One more job paid, and the old name is above the new one: it is worth keeping.
    paid(&mut world, "R", 0);
    assert!(world.state.score(world.operator("P1", Role::Provider)) > new);
}

/// Whoever asks is free: so a name with failures is not answered clean by friends who ask.
#[test]
fn n1_asking_oneself_for_bytes_is_no_evidence() {
    let story = |asks| {
        let mut world = of_three(|_| {});
        abandoned(&mut world);
        paid(&mut world, "W", asks);
        record(&world, "P1")
    };
    let (asked, quiet) = (story(4), story(0));
    assert_eq!(asked, quiet);
    assert_eq!(quiet.availability.success, quiet.correctness.success, "what the job says alone");
}
