//! Whose name is better than it earned, or worse: N1 to N4, m13.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Epochs, Factor, Gas, JobId, ProposalId, Ratio, RawParams,
    Rejected, Role, SlashId,
    command::*,
    governance::ProposalStage,
    ledger::{JobPot, Pot},
    market::{BidState, CloseReason, CommitBidRejected, Phase, RateJobRejected},
    reputation::Record,
    staking::Standing,
};
use earnest_testkit::votes;

use super::TOKEN;
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

/// Bad ratings may take a tenth of a score; three events of one pair count in 34 epochs.
fn rated() -> World {
    of_three(|raw| raw.reputation.rating_share = Ratio::percent(10))
}

fn rate(world: &mut World, requester: &str, job: JobId, rating: Rating) -> Result<(), Rejected> {
    world.send(requester, Command::RateJob(RateJob { job, rating }))
}

/// What auctions see of P1, and what its collateral follows.
fn scores(world: &World) -> (Ratio, Ratio) {
    let operator = world.operator("P1", Role::Provider);
    (world.state.score(operator), world.state.proven_score(operator))
}

/// A friend that pays, and praises, leaves the name that paying alone would have bought.
#[test]
fn n2_the_praise_of_friends_buys_nothing() {
    let story = |praises: bool| {
        let mut world = rated();
        for requester in ["R", "W", "R", "W"] {
            let job = paid(&mut world, requester, 0);
            if praises {
                assert_eq!(rate(&mut world, requester, job, Rating::Good), Ok(()));
            }
        }
        scores(&world)
    };
    assert_eq!(story(true), story(false));
}

/// Nobody does its own job, so nobody rates its own work from the account that did it.
#[test]
fn n2_nobody_rates_itself() {
    let mut world = rated();
    let job = world.post_of("P1", world.terms());
    let seal = world.seal_bid("P1", job, Amount::tokens(10));
    let own = world.send("P1", Command::CommitBid(CommitBid { job, seal }));
    assert_eq!(own, Err(Rejected::CommitBid(CommitBidRejected::OwnJob)));
    let job = paid(&mut world, "R", 0);
    let own = rate(&mut world, "P1", job, Rating::Good);
    assert_eq!(own, Err(Rejected::RateJob(RateJobRejected::NotRequester)));
}

/// To win back what one honest bad rating took costs as much burnt as the job that it was about,
/// and never wins back all of it.
#[test]
fn n2_praise_against_a_bad_rating_costs_what_a_name_costs() {
    let mut world = rated();
    let fire = Pot::Burnt(world.state.assets().payment());
    let job = paid(&mut world, "R", 0);
    assert_eq!(rate(&mut world, "R", job, Rating::Bad), Ok(()));
    let (mut before, burnt) = (scores(&world), world.state.balance(fire));
    for count in 1..=3 {
        let job = paid(&mut world, "W", 0);
        assert_eq!(rate(&mut world, "W", job, Rating::Good), Ok(()));
        let (score, proven) = scores(&world);
        assert!(score > before.0 && score < proven, "{count}");
        // A quarter of a token for each event, as for the name itself.
        let paid = world.state.balance(fire).checked_sub(burnt).expect("more than before");
        assert!(4 * paid.units() >= count * Amount::tokens(1).units(), "{paid}");
        before = (score, proven);
    }
}

/// m13: who would ruin a rival pays it for every job, and takes a tenth of its score at the most;
/// its collateral not at all. After three events it has said what it may.
#[test]
fn n3_one_enemy_pays_the_name_it_would_ruin_and_takes_a_share_of_a_tenth() {
    let mut world = rated();
    for count in 1..=6 {
        let job = paid(&mut world, "R", 0);
        let said = rate(&mut world, "R", job, Rating::Good);
        assert_eq!(said, if count <= 3 { Ok(()) } else { after_three(&world) });
    }
    let before = (world.coalition(&["W"]), world.coalition(&["P1"]));
    for count in 1..=4 {
        let job = paid(&mut world, "W", 0);
        let said = rate(&mut world, "W", job, Rating::Bad);
        assert_eq!(said, if count <= 3 { Ok(()) } else { after_three(&world) });
    }
    let (score, proven) = scores(&world);
    // Three good events of R, three bad ones of W, and the one that everybody begins with.
    assert_eq!(score, proven.times_floor(Ratio::of_floor(957_142_857, 1_000_000_000)));
    let after = (world.coalition(&["W"]), world.coalition(&["P1"]));
    assert!(after.0 < before.0 - 4 * 10 * TOKEN, "it paid for four jobs, and their audits");
    assert!(after.1 > before.1 + 4 * 9 * TOKEN, "which P1 was paid for");
}

fn after_three(world: &World) -> Result<(), Rejected> {
    let limit = Factor::percent(300);
    let until = world.state.raters().next().expect("it has said something").1.leaves;
    Err(Rejected::RateJob(RateJobRejected::PairAtLimit { limit, until }))
}

/// Nor do many: whatever is said by whomever, nine tenths of a score are what acts say, and so is
/// all of what a bid locks, where a discount is to be had. Its bid counts for less, and a job that
/// asks for all that its acts say of it is not for it.
#[test]
fn n3_many_enemies_take_no_more_than_a_tenth_and_no_collateral() {
    let story = |rating| {
        let mut world = of_three(|raw| {
            raw.reputation.rating_share = Ratio::percent(10);
            // Twice the least collateral is locked for any job, less what a name saves.
            (raw.verification.tier_start, raw.verification.tier_full) =
                (Amount::ZERO, Amount::UNIT);
        });
        for requester in ["R", "W", "X", "P2", "R", "W", "X", "P2"] {
            let job = paid(&mut world, requester, 0);
            assert_eq!(rate(&mut world, requester, job, rating), Ok(()));
        }
        let seen = scores(&world);
        let [quality, least] = [&["P1"], &["P2"]].map(|names| qualities(&mut world, names)[0]);
        let job = world.post(world.terms());
        // One that stays sealed keeps the others from being ranked, and what they lock locked.
        for name in ["P1", "P2", "P3"] {
            world.bid(name, job, 10);
        }
        world.until_phase(job, Phase::RevealingBids);
        for name in ["P1", "P2"] {
            world.open_bid(name, job, 10);
        }
        let locked = [0, 1].map(|slot| world.pot(job, JobPot::Collateral(slot)));
        assert!(locked[0] < locked[1] && quality > least, "its name is worth something");
        assert_eq!(quality, seen.0);
        let terms = PostJob { reputation_min: scores(&world).1, ..world.terms() };
        let job = world.post(terms);
        let seal = world.seal_bid("P1", job, Amount::tokens(10));
        let asked = world.send("P1", Command::CommitBid(CommitBid { job, seal }));
        assert_eq!(asked.is_ok(), rating == Rating::Good, "{asked:?}");
        (seen, locked)
    };
    let ((good, proven), bond) = story(Rating::Good);
    let ((bad, as_proven), as_much) = story(Rating::Bad);
    assert_eq!((good, as_proven, as_much), (proven, proven, bond));
    assert!(bad < good && bad >= proven.times_floor(Ratio::percent(90)), "{bad:?} {good:?}");
}

/// A rating weighs what its job burnt: a hundred jobs of a hundredth say what one job says.
#[test]
fn n3_crumbs_weigh_as_crumbs() {
    let mut world = rated();
    let mut terms = world.terms();
    (terms.audit_rate, terms.auditors) = (Ratio::percent(2), 1);
    (terms.task.step_gas_max, terms.task.gas_bound) = (Gas::new(2_000), Gas::new(2_000));
    (terms.task.steps, terms.price_max) = (1, Amount::tokens(1).share_floor(1, 10).expect("small"));
    let job = world.assign_of("W", terms, &[("P1", 0)]);
    world.commit_result("P1", job, root(None));
    world.ok("W", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(rate(&mut world, "W", job, Rating::Bad), Ok(()));
    let bad = record(&world, "P1").ratings.failure;
    assert!(bad > Factor::ZERO && bad <= Factor::percent(1), "{bad:?}");
}

/// A job may be worth twice what its provider has carried, and ten tokens for anybody.
fn carrying() -> World {
    of_three(|raw| {
        raw.reputation.carried_multiple = Factor::percent(200);
        raw.reputation.carried_floor = Amount::tokens(10);
    })
}

/// What comes of P1's bid on a job of this ceiling and this gain outside, in tokens.
fn bid(world: &mut World, ceiling: u64, gain: u64) -> Result<(), Rejected> {
    let mut terms = world.terms();
    (terms.price_max, terms.outside_gain) = (Amount::tokens(ceiling), Amount::tokens(gain));
    let job = world.post(terms);
    let seal = world.seal_bid("P1", job, Amount::tokens(10));
    world.send("P1", Command::CommitBid(CommitBid { job, seal }))
}

fn exceeds(value: u64, limit: u64) -> Result<(), Rejected> {
    let (value, limit) = (Amount::tokens(value), Amount::tokens(limit));
    Err(Rejected::CommitBid(CommitBidRejected::ExceedsCarried { value, limit }))
}

/// Three small jobs carry a name to one of twice their sum, whether it is the price that is large
/// or what a lie would be worth elsewhere; a larger one it has to grow to.
#[test]
fn n4_a_name_that_was_milked_on_small_jobs_cannot_be_burnt_on_a_large_one() {
    let mut world = carrying();
    assert_eq!(bid(&mut world, 11, 0), exceeds(11, 10), "a newcomer has the floor");
    for _ in 0..3 {
        paid(&mut world, "R", 0);
    }
    assert_eq!(bid(&mut world, 61, 0), exceeds(61, 60));
    assert_eq!(bid(&mut world, 10, 51), exceeds(61, 60));
    assert_eq!(bid(&mut world, 60, 0), Ok(()));
    assert_eq!(bid(&mut world, 10, 50), Ok(()));
}

/// A job is let by the rules under which it was posted: a vote that raises the floor opens none
/// that was there before.
#[test]
fn n4_a_vote_on_what_names_may_take_on_leaves_the_jobs_that_are_posted() {
    let mut world = World::new(votes::params_with(40, |raw| {
        raw.reputation.carried_multiple = Factor::percent(200);
        raw.reputation.carried_floor = Amount::tokens(10);
    }));
    let changes = [("reputation.carried_floor", Amount::tokens(20).units())];
    let id = votes::propose(&mut world, "W", &changes);
    votes::pass(&mut world, id);
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        votes::vote(&mut world, name, id, BallotChoice::Yes);
    }
    votes::pass(&mut world, id);
    let terms = PostJob { price_max: Amount::tokens(15), ..world.terms() };
    let old = loop {
        let job = world.post(terms.clone());
        world.block();
        if world.state.params().reputation().carried_floor == Amount::tokens(20) {
            break job;
        }
    };
    let seal = world.seal_bid("P1", old, Amount::tokens(10));
    let said = world.send("P1", Command::CommitBid(CommitBid { job: old, seal }));
    assert_eq!(said, exceeds(15, 10));
    assert_eq!(bid(&mut world, 15, 0), Ok(()));
}

/// To be let at a prize by jobs of one's own burns a part of it that is known: here an eightieth,
/// as a multiple of two and a `burn_multiple` of forty say.
#[test]
fn n4_the_way_to_a_large_job_costs_what_must_be_burnt_for_it() {
    let mut world = carrying();
    let fire = Pot::Burnt(world.state.assets().payment());
    let (before, own) = (world.state.balance(fire), world.coalition(&["R", "P1"]));
    for _ in 0..4 {
        paid(&mut world, "R", 0);
    }
    let operator = world.operator("P1", Role::Provider);
    let most = world.state.job_value_max(operator, world.state.params()).expect("there is a limit");
    let burnt = world.state.balance(fire).checked_sub(before).expect("more than before");
    assert!(80 * burnt.units() >= most.units(), "{burnt} for {most}");
    // With the rest of the take, and audits by others.
    let cost = own - world.coalition(&["R", "P1"]);
    assert!(cost >= 4 * TOKEN / 2 && most == Amount::tokens(80), "{cost} {most}");
}

/// Whoever burns a name begins again at the floor, its jail over, its score forgotten or not.
#[test]
fn n4_a_name_that_was_burnt_has_carried_nothing() {
    let mut world = carrying();
    for _ in 0..3 {
        paid(&mut world, "R", 0);
    }
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal("P1", job, root(Some(3)), root(None));
    world.play("P1", job, 3, true);
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
    let operator = world.operator("P1", Role::Provider);
    assert_eq!(world.state.reputation(operator).carried, Amount::ZERO);
    let most = world.state.job_value_max(operator, world.state.params());
    assert_eq!(most, Some(Amount::tokens(10)));
}

/// P1 appeals.
fn appeal(world: &mut World, slash: SlashId) -> ProposalId {
    let next = u64::try_from(world.state.proposal_count()).expect("few");
    world.ok("P1", Command::AppealSlash(AppealSlash { slash, report: Digest([7; 32]) }));
    ProposalId::new(next)
}

/// All validators agree with these appeals.
fn undo(world: &mut World, proposals: &[ProposalId]) {
    undo_with(world, proposals, |_| {});
}

/// The same, with something before each step.
fn undo_with(world: &mut World, proposals: &[ProposalId], between: fn(&mut World)) {
    for id in proposals.iter().copied() {
        between(world);
        if votes::stage(world, id) == ProposalStage::Pending {
            votes::pass(world, id);
        }
        between(world);
        for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
            votes::vote(world, name, id, BallotChoice::Yes);
        }
    }
    for id in proposals.iter().copied() {
        between(world);
        if votes::stage(world, id) == ProposalStage::Active {
            votes::pass(world, id);
        }
        assert_eq!(votes::stage(world, id), ProposalStage::Granted);
    }
}

/// The state as it is stored and read.
fn stored(world: &mut World) {
    let bytes = postcard::to_allocvec(&world.state).expect("a state encodes");
    world.state = postcard::from_bytes(&bytes).expect("and decodes");
}

/// P1 lies in two jobs that it took on as a name; a vote undoes the convictions that are appealed.
/// Says what the name has carried then, and whether it is in jail.
fn convicted_twice(appealed: [bool; 2]) -> (Amount, bool) {
    let kept = convicted_and_stored(appealed, false);
    assert_eq!(kept, convicted_and_stored(appealed, true), "also from a state that was stored");
    (kept.0, kept.1)
}

fn convicted_and_stored(appealed: [bool; 2], is_stored: bool) -> (Amount, bool, Digest) {
    let mut world = World::new(votes::params_with(40, |raw| {
        raw.reputation.carried_multiple = Factor::percent(200);
        raw.staking.jail_epochs = Epochs::new(100);
        // The row of a slash that was paid is gone before a vote is over.
        raw.market.retention_blocks = Blocks::new(60);
    }));
    (0..3).for_each(|_| {
        paid(&mut world, "R", 0);
    });
    let terms = world.terms();
    let jobs = [(); 2].map(|()| world.assign(terms.clone(), &[("P1", 10)]));
    let mut proposals = Vec::new();
    for ((job, wrong), appealed) in jobs.into_iter().zip([3, 2]).zip(appealed) {
        world.commit("P1", job, root(Some(wrong)));
        world.audit(job, root(None));
        world.reveal("P1", job, root(Some(wrong)), root(None));
        world.play("P1", job, wrong, true);
        assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
        let slash = world.state.slashes().map(|(id, _)| id).last().expect("convicted");
        if appealed {
            proposals.push(appeal(&mut world, slash));
        }
        if is_stored {
            stored(&mut world);
        }
    }
    let between = if is_stored { stored } else { |_: &mut World| {} };
    undo_with(&mut world, &proposals, between);
    let operator = world.operator("P1", Role::Provider);
    let standing = world.state.operator(operator).expect("bonded").standing;
    let is_jailed = matches!(standing, Standing::Jailed(_));
    (world.state.reputation(operator).carried, is_jailed, world.state.root())
}

/// What either of two convictions would have taken comes back when both are undone; else whoever
/// has one of them undone would keep a burnt name for the other.
#[test]
fn n4_what_two_convictions_took_comes_back_with_both_and_with_neither_alone() {
    for appealed in [[true, false], [false, true]] {
        assert_eq!(convicted_twice(appealed), (Amount::ZERO, true), "{appealed:?}");
    }
    let (carried, jailed) = convicted_twice([true, true]);
    // Thirty tokens, some epochs ago.
    assert!(carried > Amount::tokens(20) && carried < Amount::tokens(30), "{carried}");
    assert!(!jailed);
}

/// Three jobs that were abandoned jail whoever took them on, and no vote undoes that: a conviction
/// before, once it is undone, opens the jail that it locked itself alone.
#[test]
fn n4_a_conviction_that_is_undone_opens_no_jail_for_what_was_abandoned() {
    let mut world = World::new(votes::params_with(40, |raw| {
        raw.staking.jail_epochs = Epochs::new(100);
    }));
    let terms = world.terms();
    let jobs = [(); 4].map(|()| world.assign(terms.clone(), &[("P1", 10)]));
    let [wrong, left @ ..] = jobs;
    world.commit("P1", wrong, root(Some(3)));
    world.audit(wrong, root(None));
    world.reveal("P1", wrong, root(Some(3)), root(None));
    world.play("P1", wrong, 3, true);
    assert_eq!(world.closed(wrong).reason, CloseReason::WrongResult);
    let standing = |world: &World| {
        let operator = world.operator("P1", Role::Provider);
        world.state.operator(operator).expect("bonded").standing
    };
    let (slash, row) = world.state.slashes().last().expect("convicted");
    let before: Vec<Standing> = row.standings.iter().map(|(_, standing)| *standing).collect();
    assert_eq!(before, [Standing::Active], "nothing was abandoned yet");
    let appeal = appeal(&mut world, slash);
    for job in left {
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
    }
    let jailed = standing(&world);
    undo(&mut world, &[appeal]);
    assert!(matches!(jailed, Standing::Jailed(_)));
    assert_eq!(standing(&world), jailed, "for what it abandoned");
}
