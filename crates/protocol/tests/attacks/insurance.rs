//! What insures requesters, and who would live off it: I1 to I8, and C16.

use earnest_protocol::{
    Amount, Asset, Command, Event, JobId, Ratio, RawParams, Rejected,
    command::*,
    insurance::{CoverQuote, InsureJobRejected},
    ledger::{JobPot, Pot},
    market::{Outcome, Phase},
};

use super::{FEE, TOKEN};
use crate::world::{World, params_with, root};

const POOL: Pot = Pot::Insurance(Asset::Stake);

/// Nine tenths of what a slash sinks may be covered; slashes are of the collateral alone.
fn insured(raw: &mut RawParams) {
    raw.insurance.cover_share = Ratio::percent(90);
    raw.insurance.pair_share = Ratio::percent(10);
    raw.market.take = Ratio::ZERO;
    (raw.slashing.wrong_result, raw.slashing.copied_root, raw.slashing.false_audit) =
        (Ratio::ZERO, Ratio::ZERO, Ratio::ZERO);
}

/// P4 was convicted by the way, in a network whose free bonds pay, too, and the pool has its part.
fn filled(change: fn(&mut RawParams)) -> World {
    let mut world = World::new(params_with(|raw| {
        insured(raw);
        (raw.slashing.wrong_result, raw.slashing.copied_root) =
            (Ratio::percent(5), Ratio::percent(5));
        change(raw);
    }));
    let jobs = open(&mut world, "R", "P4", 1, &[]);
    convict(&mut world, "P4", &jobs);
    world.blocks(110);
    assert!(pool(&world) > 1_000 * TOKEN);
    world
}

fn pool(world: &World) -> i64 {
    i64::try_from(world.state.balance(POOL).units()).expect("small")
}

fn quote(world: &World, job: JobId) -> CoverQuote {
    world.state.cover_quote(job).expect("posted")
}

fn insure(world: &mut World, name: &str, job: JobId, cover: Amount) -> Result<(), Rejected> {
    let premium_max = Amount::MAX;
    world.send(name, Command::InsureJob(InsureJob { job, cover, premium_max }))
}

/// So many jobs of a requester's, insured as far as is told, which a provider takes.
fn open(
    world: &mut World,
    requester: &str,
    provider: &str,
    count: usize,
    covers: &[Amount],
) -> Vec<JobId> {
    let jobs: Vec<JobId> = (0..count).map(|_| world.post_of(requester, world.terms())).collect();
    for (job, cover) in jobs.iter().zip(covers) {
        insure(world, requester, *job, *cover).expect("it may be");
    }
    jobs.iter().for_each(|job| world.bid(provider, *job, 10));
    world.until_phase(jobs[0], Phase::RevealingBids);
    jobs.iter().for_each(|job| world.open_bid(provider, *job, 10));
    world.until_phase(jobs[0], Phase::Offered);
    jobs.iter().for_each(|job| world.ok(provider, Command::AcceptJob(AcceptJob { job: *job })));
    jobs
}

/// A provider seals wrong results for all of them and is convicted of each.
fn convict(world: &mut World, provider: &str, jobs: &[JobId]) {
    convict_from(world, provider, jobs, 3);
}

/// The same, wrong from a step on: a root that was convicted before holds what follows.
fn convict_from(world: &mut World, provider: &str, jobs: &[JobId], step: u64) {
    let wrong = root(Some(step));
    for job in jobs {
        world.commit_result(provider, *job, wrong);
        let requester = world.name(world.state.order(*job).expect("posted").requester);
        let (job, preimage) = (*job, earnest_protocol::Digest([4; 32]));
        world.ok(requester, Command::OpenSeed(OpenSeed { job, preimage }));
    }
    world.blocks(2);
    jobs.iter().for_each(|job| world.audit(*job, root(None)));
    jobs.iter().for_each(|job| world.reveal(provider, *job, wrong, root(None)));
    jobs.iter().for_each(|job| world.play(provider, *job, step, true));
    for job in jobs {
        assert_eq!(world.closed(*job).outcome, Outcome::Rejected);
    }
}

/// A provider does a job of R's as it should.
fn right(world: &mut World, provider: &str, job: JobId) {
    world.commit(provider, job, root(None));
    world.audit(job, root(None));
    world.reveal(provider, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    world.blocks(110);
}

/// Cover and what was paid of it, of every slash that was paid out.
fn paid(world: &World) -> Vec<(Amount, Amount)> {
    world.seen(|event| match event {
        Event::CoverPaid { cover, amount, .. } => Some((*cover, *amount)),
        _ => None,
    })
}

#[test]
fn a_conviction_pays_the_cover_besides_compensation_and_a_right_result_gives_it_back() {
    for wrong in [true, false] {
        let mut world = filled(|_| {});
        let before = pool(&world);
        let probe = world.post_of("W", world.terms());
        let quote = quote(&world, probe);
        let cover = quote.cover_max;
        let premium = quote.premium(cover, world.state.params().insurance()).expect("small");
        let premium = i64::try_from(premium.units()).expect("small");
        let jobs = open(&mut world, "R", "P1", 1, &[cover]);
        let units = i64::try_from(cover.units()).expect("small");
        assert!(premium > 0 && premium < units, "{premium} for {units}");
        assert_eq!(pool(&world), before - units + premium, "it lies with the job");
        assert_eq!(world.pot(jobs[0], JobPot::Cover), cover.units());
        assert_eq!(world.state.covers(), cover);
        if wrong {
            convict(&mut world, "P1", &jobs);
            assert_eq!(world.state.covers(), cover, "it waits for the slash");
            let free = world.state.free(world.id("R"));
            world.blocks(110);
            assert_eq!(paid(&world), [(cover, cover)]);
            let got = world.state.free(world.id("R")).checked_sub(free).expect("it gets some");
            assert!(got > cover, "and its compensation");
        } else {
            right(&mut world, "P1", jobs[0]);
            assert_eq!(paid(&world), []);
            assert_eq!(pool(&world), before + premium, "the premium stays");
        }
        assert_eq!(world.state.covers(), Amount::ZERO);
    }
}

/// Requester and provider are one, in two accounts, and their challenge convicts for sure: what
/// comes home is less than what is lost, the more so by the premium.
#[test]
fn i1_who_insures_a_job_of_its_own_and_is_convicted_on_purpose_loses() {
    let loss = |covered: bool| {
        let mut world = filled(|_| {});
        let friends = ["R", "P1"];
        let before = world.coalition(&friends);
        let probe = world.post_of("W", world.terms());
        let cover = quote(&world, probe).cover_max;
        let covers = [cover];
        let jobs = open(&mut world, "R", "P1", 1, if covered { &covers } else { &[] });
        convict(&mut world, "P1", &jobs);
        world.blocks(110);
        (before - world.coalition(&friends), cover)
    };
    let ((bare, _), (covered, cover)) = (loss(false), loss(true));
    assert!(covered > 0, "{covered} lost, cover and compensation counted");
    assert!(bare - covered < i64::try_from(cover.units()).expect("small"));
}

/// The same where a slash is of the collateral alone, all auditors are friends, and nothing limits
/// the pool: still a part of what the slash sinks is lost.
#[test]
fn i1_not_even_with_all_auditors_for_friends_and_no_limit_does_a_cover_pay_both_its_sides() {
    let mut world = World::new(params_with(|raw| {
        insured(raw);
        (raw.insurance.pair_share, raw.insurance.epoch_share) = (Ratio::ONE, Ratio::ONE);
        // Half of each price insures.
        (raw.market.take, raw.market.take_burn) = (Ratio::percent(50), Ratio::ZERO);
        raw.market.take_insurance = Ratio::ONE;
    }));
    let [job] = open(&mut world, "R", "P4", 1, &[])[..] else { panic!("one job") };
    right(&mut world, "P4", job);
    let friends = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    let before = world.coalition(&friends);
    let probe = world.post_of("W", world.terms());
    let cover = quote(&world, probe).cover_max;
    let jobs = open(&mut world, "R", "P1", 1, &[cover]);
    convict(&mut world, "P1", &jobs);
    world.blocks(110);
    assert_eq!(paid(&world), [(cover, cover)]);
    let lost = before - world.coalition(&friends);
    let cover = i64::try_from(cover.units()).expect("small");
    // A tenth of what is sunk, of which nine tenths are the cover.
    assert!(lost - 60 * FEE > cover / 9, "{lost} lost with a cover of {cover}");
}

#[test]
fn i2_nobody_insures_what_may_have_happened() {
    let mut world = filled(|raw| raw.insurance.waiting_blocks = earnest_protocol::Blocks::new(2));
    let job = world.post(world.terms());
    let until = world.state.job(job).expect("posted").until;
    let cover = quote(&world, job).cover_max;
    let later = world.post(world.terms());
    world.bid("P1", job, 10);
    let mut refused = Vec::new();
    world.block();
    while world.phase(job) != Phase::Closed {
        world.block();
        match insure(&mut world, "R", job, cover) {
            Err(Rejected::InsureJob(why)) => refused.push(why),
            other => panic!("{other:?}"),
        }
        if refused.len() == 2 {
            world.open_bid("P1", job, 10);
        }
    }
    let last = earnest_protocol::Height::new(until.count() - 1);
    let first = refused.first().expect("it was open for some blocks");
    let height = earnest_protocol::Height::new(last.count() + 1);
    assert_eq!(*first, InsureJobRejected::TooLate { height, last });
    assert!(refused.iter().all(|why| matches!(why, InsureJobRejected::TooLate { .. })));
    assert!(insure(&mut world, "R", later, cover).is_err());
}

/// A job that was taken back has no bids for anybody to open: what it holds would lie there for ever.
#[test]
fn i2_nobody_insures_a_job_that_was_taken_back() {
    let mut world = filled(|_| {});
    let job = world.post(world.terms());
    let last = world.state.job(job).expect("posted").until;
    let cover = quote(&world, job).cover_max;
    world.ok("R", Command::CancelJob(CancelJob { job }));
    let before = (pool(&world), world.state.covers(), world.state.covers_promised());
    while world.state.height() <= last {
        match insure(&mut world, "R", job, cover) {
            Err(Rejected::InsureJob(InsureJobRejected::TooLate { .. })) => {}
            other => panic!("{other:?}"),
        }
        world.block();
    }
    assert_eq!((pool(&world), world.state.covers()), (before.0, before.1));
    assert_eq!(world.state.covers_promised(), before.2);
    for pot in [JobPot::Escrow, JobPot::AuditFees, JobPot::Deposit, JobPot::Cover] {
        assert_eq!(world.pot(job, pot), 0, "{pot:?}");
    }
}

/// One requester and one provider, job after job in one epoch.
#[test]
fn i3_a_pair_drains_no_more_than_its_share_of_the_pool_in_an_epoch() {
    let mut world = filled(|raw| {
        raw.insurance.pair_share = Ratio::new(200_000).expect("a share");
        raw.insurance.epoch_share = Ratio::ONE;
    });
    let probe = world.post_of("W", world.terms());
    let cover = quote(&world, probe).cover_max;
    let jobs = open(&mut world, "R", "P1", 4, &[cover; 4]);
    convict(&mut world, "P1", &jobs);
    world.blocks(110);
    let paid = paid(&world);
    assert_eq!(paid.len(), 4);
    let sum: u64 = paid.iter().map(|(_, amount)| amount.units()).sum();
    let wanted = 4 * cover.units();
    // The slashes themselves fill the pool meanwhile.
    let most = u64::try_from(pool(&world)).expect("small") / 5_000;
    assert!(sum > 0 && sum <= most && sum < wanted, "{sum} of {wanted}, at most {most}");
    assert_eq!(world.state.covers(), Amount::ZERO);
}

/// Who comes first is covered whole; who comes when an epoch's share is promised is told so, and
/// nothing that was promised is promised again.
#[test]
fn i4_covers_are_funded_in_the_order_in_which_they_are_bought() {
    let mut world =
        filled(|raw| raw.insurance.epoch_share = Ratio::new(1_000_000).expect("a share"));
    let there = pool(&world);
    let jobs: Vec<JobId> = (0..4).map(|_| world.post(world.terms())).collect();
    let cover = quote(&world, jobs[0]).cover_max;
    let mut covered = 0;
    for job in &jobs {
        let available = quote(&world, *job).available;
        match insure(&mut world, "R", *job, cover) {
            Ok(()) => covered += 1,
            Err(why) => {
                assert_eq!(why, InsureJobRejected::ExceedsPool { wanted: cover, available }.into());
                assert!(available < cover);
            }
        }
    }
    assert!(covered > 0 && covered < 4, "{covered} of four");
    let promised = covered * i64::try_from(cover.units()).expect("small");
    assert!(promised <= there / 1_000 + TOKEN / 1_000);
    assert_eq!(i64::try_from(world.state.covers().units()).expect("small"), promised);
    let more = insure(&mut world, "R", jobs[0], Amount::UNIT);
    assert_eq!(more, Err(InsureJobRejected::AlreadyInsured { cover }.into()));
}

/// Leaving costs a tenth of the price: it would be the cheapest way to a cover.
#[test]
fn i5_an_abandoned_job_pays_no_cover() {
    let mut world = filled(|_| {});
    let probe = world.post_of("W", world.terms());
    let cover = quote(&world, probe).cover_max;
    let jobs = open(&mut world, "R", "P1", 1, &[cover]);
    world.until_phase(jobs[0], Phase::Closed);
    world.blocks(110);
    assert_eq!((paid(&world), world.state.covers()), (vec![], Amount::ZERO));
}

/// The pair's limit is a fraction of a cover, or others have the pool promised to jobs of their own
/// meanwhile: what was quoted and bought is paid whole.
#[test]
fn i6_what_is_quoted_is_paid_whatever_is_promised_to_others() {
    let share = Ratio::new(200_000).expect("a share");
    for others in [0, 12] {
        let mut world = filled(|raw| {
            raw.insurance.pair_share = Ratio::new(200_000).expect("a share");
            raw.insurance.epoch_share = Ratio::ONE;
        });
        let probe = world.post_of("W", world.terms());
        let quoted = quote(&world, probe);
        let limit = share.amount_floor(world.state.balance(POOL));
        assert_eq!(quoted.cover_max, limit, "less than the slash would let it pay");
        let jobs = open(&mut world, "R", "P1", 1, &[quoted.cover_max]);
        convict(&mut world, "P1", &jobs);
        // In the block before the slash is paid out, so that they have not closed by then.
        while world.state.height().count() % 50 != 49 {
            world.block();
        }
        assert_eq!(paid(&world), []);
        for _ in 0..others {
            let job = world.post_of("W", world.terms());
            let cover = quote(&world, job).cover_max;
            insure(&mut world, "W", job, cover).expect("it may be");
        }
        world.blocks(110);
        assert_eq!(paid(&world), [(quoted.cover_max, quoted.cover_max)], "{others} others");
    }
}

/// Two friends, each with a provider, have the pool pay them between a cover's sale and its payment,
/// where slashes burn nearly all. Of the smaller pool a pair's share is less; the cover was within it
/// when it was sold, and is paid whole.
#[test]
fn i8_a_pool_that_others_drained_meanwhile_pays_what_it_sold() {
    for friends in [&[][..], &["W", "X"]] {
        let mut world = World::new(params_with(|raw| {
            insured(raw);
            raw.slashing.insurance_share = Ratio::percent(1);
            raw.insurance.epoch_share = Ratio::ONE;
            // Half of each price insures.
            (raw.market.take, raw.market.take_burn) = (Ratio::percent(50), Ratio::ZERO);
            raw.market.take_insurance = Ratio::ONE;
        }));
        let [job] = open(&mut world, "R", "P4", 1, &[])[..] else { panic!("one job") };
        right(&mut world, "P4", job);
        for (friend, (provider, step)) in friends.iter().zip([("P2", 4), ("P3", 5)]) {
            let probe = world.post_of(friend, world.terms());
            let cover = quote(&world, probe).cover_max;
            let theirs = open(&mut world, friend, provider, 1, &[cover]);
            convict_from(&mut world, provider, &theirs, step);
        }
        let probe = world.post_of("X", world.terms());
        let (sold, all) = (quote(&world, probe).cover_max, world.state.covers());
        let share = world.state.params().insurance().pair_share;
        let insures = world.state.balance(POOL).checked_add(all).expect("small");
        assert_eq!(sold, share.amount_floor(insures), "the share is what limits");
        let jobs = open(&mut world, "R", "P1", 1, &[sold]);
        assert_eq!(paid(&world).len(), 0, "theirs wait, too");
        convict(&mut world, "P1", &jobs);
        world.blocks(110);
        let all = paid(&world);
        assert_eq!(all.len(), friends.len() + 1);
        assert_eq!(all.last(), Some(&(sold, sold)), "with {friends:?}");
    }
}

/// One job's escrow, posted, insured and taken back again and again, takes no room from those who
/// come after: it would cost premiums alone, and no money that lies anywhere meanwhile.
#[test]
fn i7_covers_that_are_taken_back_leave_others_their_room() {
    let mut world =
        filled(|raw| raw.insurance.epoch_share = Ratio::new(1_000_000).expect("a share"));
    while world.state.height().count() % 50 != 1 {
        world.block();
    }
    let victim = world.post(world.terms());
    let (before, there) = (quote(&world, victim), pool(&world));
    let epoch = world.state.epoch();
    for _ in 0..20 {
        let job = world.post_of("W", world.terms());
        let cover = quote(&world, job).cover_max.min(quote(&world, job).available);
        if insure(&mut world, "W", job, cover).is_ok() {
            assert!(quote(&world, victim).available < before.available, "while it lies there");
        }
        world.ok("W", Command::CancelJob(CancelJob { job }));
    }
    assert_eq!(world.state.epoch(), epoch);
    assert!(pool(&world) > there, "premiums stay");
    assert!(quote(&world, victim).available >= before.available);
    insure(&mut world, "R", victim, before.cover_max).expect("there is room");
    assert_eq!(world.state.covers_promised(), before.cover_max);
}

/// The room that comes back is that of the epoch in which it was taken, and no other's: covers of
/// an epoch before are in no sum of this one.
#[test]
fn i7_a_cover_of_an_epoch_before_gives_no_room_back() {
    let mut world = filled(|raw| {
        raw.insurance.epoch_share = Ratio::new(1_000_000).expect("a share");
        raw.market.bid_blocks = earnest_protocol::Blocks::new(20);
    });
    while world.state.height().count() % 50 != 49 {
        world.block();
    }
    let old = world.post_of("W", world.terms());
    let cover = quote(&world, old).cover_max;
    insure(&mut world, "W", old, cover).expect("there is room");
    let epoch = world.state.epoch();
    world.blocks(2);
    assert!(world.state.epoch() > epoch);
    let fresh = world.post(world.terms());
    let cover = quote(&world, fresh).cover_max;
    insure(&mut world, "R", fresh, cover).expect("there is room");
    world.ok("W", Command::CancelJob(CancelJob { job: old }));
    assert_eq!(world.state.covers_promised(), cover);
    assert_eq!(world.state.covers(), cover);
}
