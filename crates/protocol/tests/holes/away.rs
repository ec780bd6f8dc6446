//! Locking all auditors away by a job of one's own: attempts on draws that find nobody able.

use earnest_protocol::{
    Amount, Digest, Event, Gas, JobId, Ratio, Role,
    command::*,
    ledger::{Assets, AssignmentPot, JobPot},
    market::{CloseReason, Outcome, Phase},
    seal,
};

use super::{FEE, POST_FEE, TOKEN, VALIDATORS, bond, close, large, leave, signed};
use crate::world::{World, root};

/// `friend` posts a job that nobody can audit, P4 does it, and no seed is opened: so many auditors
/// and two more are drawn, and of 100 tokens each has 50.8 left, less than a lock of 52.
fn lock_away(world: &mut World, friend: &str, auditors: u8, capital: i64) -> JobId {
    let mut terms = world.terms();
    (terms.auditors, terms.price_max) = (auditors, Amount::UNIT);
    terms.auction = Auction::FirstPrice;
    (terms.task.gas_bound, terms.task.chunk_count) = (Gas::new(24_000_000_000), 30);
    let job = world.assign_of(friend, terms, &[("P4", 0)]);
    let escrow = [JobPot::Escrow, JobPot::AuditFees, JobPot::Deposit];
    let escrow: i64 = escrow.into_iter().map(|pot| signed(world.pot(job, pot))).sum();
    let collateral = signed(world.held(job, AssignmentPot::Collateral));
    assert_eq!((escrow + collateral) / TOKEN, capital, "tokens, for some minutes");
    world.commit_result("P4", job, root(None));
    world.until_phase(job, Phase::Auditing);
    assert_eq!(world.auditors(job).len(), usize::from(auditors) + 2);
    job
}

/// A job at a thousand tokens for one auditor, whose lock is 52; P1 does it.
fn dear(world: &mut World, rate: u64, preimage: Digest) -> JobId {
    VALIDATORS.iter().for_each(|name| leave(world, name, 100_000_000_000));
    let mut terms = world.terms();
    (terms.auditors, terms.price_max) = (1, Amount::tokens(1_000));
    (terms.auction, terms.seed_seal) = (Auction::FirstPrice, seal::seed(&preimage));
    terms.audit_rate = Ratio::percent(rate);
    let job = world.assign(terms, &[("P1", 1_000)]);
    assert_eq!(world.state.order(job).expect("posted").audit_lock, Amount::tokens(52));
    job
}

/// Waits for somebody to be drawn, whatever is put off before; who that is.
fn drawn(world: &mut World, job: JobId) -> &'static str {
    for _ in 0..20 {
        if let [name] = world.auditors(job)[..] {
            return name;
        }
        world.block();
    }
    panic!("nobody was drawn: {:?}", world.phase(job));
}

/// new: a provider without any validator risked nothing by a wrong result of an honest requester's.
/// For base fees and 399 idle tokens, which came back, all eight validators were locked away by a
/// friend's job. If the result was not to be audited it was paid, 950 tokens; if it was, its draw
/// was put off twice, nobody could take the open seat, and 2,000 tokens of collateral came home.
/// In the last round those are drawn whose bonds back other work, with what they have free.
#[test]
fn who_locks_all_auditors_away_is_audited_all_the_same() {
    let (mut paid, mut convicted, mut gain) = (0, 0, 0);
    for seed in 0..20u8 {
        let mut world = World::new(large());
        let (friends, preimage) = (["P1", "X", "P4"], Digest([seed; 32]));
        let before = world.coalition(&friends);
        let job = dear(&mut world, 50, preimage);
        let other = lock_away(&mut world, "X", 6, 399);
        world.commit_with("P1", job, root(Some(3)), preimage);
        if world.phase(job) == Phase::Revealing {
            world.reveal_result("P1", job, root(Some(3)));
            paid += 1;
        } else {
            let auditor = drawn(&mut world, job);
            let lock = world.held(job, AssignmentPot::AuditLock(0));
            assert_eq!(lock, 50_800_000_000, "all that it has");
            world.audit_as(auditor, job, root(None));
            world.reveal_result("P1", job, root(Some(3)));
            world.reveal_verdict(auditor, job, root(None));
            world.play("P1", job, 3, true);
            assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
            convicted += 1;
        }
        close(&mut world, job);
        close(&mut world, other);
        gain += world.coalition(&friends) - before;
    }
    assert!(paid >= 5 && convicted >= 5, "{paid} of 20 paid, as the rate says");
    assert!(gain < -1_000 * TOKEN * convicted, "{gain} over 20 jobs");
}

/// S4: a set that is locked away is no set that left: names that wait outside, with all of their
/// bonds free, have no seat for it before the last round, and there their part of all stake.
#[test]
fn who_waits_outside_a_set_that_is_locked_away_has_no_seats_for_it() {
    let outside = ["W", "P2", "P3"];
    let mut theirs = 0;
    for seed in 0..12u8 {
        let mut raw = large();
        raw.staking.validators_active_max = 8;
        (raw.verification.auditors_max, raw.verification.pool_min) = (6, 0);
        let (mut world, preimage) = (World::new(raw), Digest([seed; 32]));
        let job = dear(&mut world, 100, preimage);
        outside
            .iter()
            .for_each(|name| bond(&mut world, name, Role::Validator, Amount::tokens(104)));
        let other = lock_away(&mut world, "X", 6, 399);
        world.commit_with("P1", job, root(Some(3)), preimage);
        let auditor = drawn(&mut world, job);
        let off = world.seen(|event| match event {
            Event::DrawPutOff { job: of, .. } => Some(*of),
            _ => None,
        });
        assert_eq!(off, [job, job], "the set was waited for");
        theirs += usize::from(outside.contains(&auditor));
        world.audit_as(auditor, job, root(None));
        world.reveal_result("P1", job, root(Some(3)));
        world.reveal_verdict(auditor, job, root(None));
        world.play("P1", job, 3, true);
        close(&mut world, job);
        close(&mut world, other);
    }
    assert!(theirs <= 6, "{theirs} of 12 for 312 of 1,112 tokens");
}

/// Those with less than each of a set of seven.
const WAIT: [&str; 4] = ["V1", "V2", "V3", "V4"];
/// All of that set.
const TAKERS: [&str; 7] = ["V5", "V6", "V7", "V8", "W", "X", "P2"];

/// A set of seven names of one hand with 1,650 tokens each, for which four with 1,500 wait. A job
/// of a friend's has locked so much of four of the seven that the others and all who wait could
/// lock less than the seven have at stake.
fn busy_by_its_own_doing(redraws: u8) -> World {
    let mut raw = large();
    raw.staking.validators_active_max = 7;
    (raw.verification.auditors_max, raw.verification.pool_min) = (2, 0);
    (raw.verification.redraws, raw.verification.audit_lock_value) = (redraws, Ratio::percent(100));
    let mut world = World::new(raw);
    TAKERS[..4].iter().for_each(|name| leave(&mut world, name, 1_650_000_000_000));
    for name in &TAKERS[4..] {
        bond(&mut world, name, Role::Validator, Amount::tokens(1_650));
    }
    WAIT.iter().for_each(|name| leave(&mut world, name, 1_500_000_000_000));
    let mut terms = world.terms();
    (terms.auditors, terms.price_max) = (2, Amount::tokens(1_000));
    terms.auction = Auction::FirstPrice;
    terms.task.gas_bound = Gas::new(100_000_000_000);
    let job = world.assign_of("P3", terms, &[("P4", 1_000)]);
    world.commit_result("P4", job, root(None));
    world.until_phase(job, Phase::Auditing);
    assert_eq!(world.auditors(job).len(), 4, "no seed was opened");
    world
}

/// Lets who waits audit where it is drawn, and the set be silent, until a job is closed; who was
/// asked, in order.
fn asked(world: &mut World, job: JobId) -> Vec<&'static str> {
    let mut asked = Vec::new();
    for _ in 0..200 {
        match world.phase(job) {
            Phase::Closed => return asked,
            Phase::Revealing => {
                world.reveal_result("P1", job, root(None));
                for name in world.auditors(job) {
                    world.reveal_verdict(name, job, root(None));
                }
            }
            Phase::Auditing => {
                for name in world.auditors(job) {
                    if asked.last() != Some(&name) {
                        asked.push(name);
                    }
                    if WAIT.contains(&name) {
                        world.audit_as(name, job, root(None));
                    }
                }
            }
            _ => {}
        }
        world.block();
    }
    panic!("never closed: {:?}", world.phase(job));
}

/// new, S7: a set that locks most of its stake elsewhere by its own doing, and has a name free for
/// each round, was asked alone in all of them, and was silent in all: no result of an honest
/// provider's was ever paid. The last round is drawn among all that could work.
#[test]
fn a_set_that_is_busy_by_its_own_doing_is_not_asked_alone_in_the_last_round() {
    for redraws in [2, 1, 0] {
        let mut paid = 0;
        for seed in 0..12u8 {
            let (mut world, preimage) = (busy_by_its_own_doing(redraws), Digest([seed; 32]));
            let mut terms = world.terms();
            (terms.auditors, terms.price_max) = (1, Amount::tokens(500));
            (terms.auction, terms.seed_seal) = (Auction::FirstPrice, seal::seed(&preimage));
            terms.audit_rate = Ratio::ONE;
            let job = world.assign(terms, &[("P1", 500)]);
            world.commit_with("P1", job, root(None), preimage);
            let asked = asked(&mut world, job);
            let last = usize::from(redraws);
            assert!(asked[..last].iter().all(|name| TAKERS.contains(name)), "{asked:?}");
            let is_paid = world.closed(job).outcome == Outcome::Accepted;
            assert_eq!(is_paid, WAIT.contains(&asked[last]), "{asked:?}");
            assert_eq!(asked.len(), last + 1);
            paid += u32::from(is_paid);
        }
        // 6,000 of 17,550 tokens wait.
        assert!((2..=8).contains(&paid), "{paid} of 12 with {redraws} redraws");
    }
}

/// new: a requester with one validator, an eighth of the pool, had a result of a thousand tokens
/// for base fees: it locked the seven others away, its validator alone took the open seat, so that
/// the provider had to open, and a volunteer alone makes nothing payable.
#[test]
fn a_requester_that_locks_the_others_away_pays_for_its_result() {
    for seed in 0..8u8 {
        let mut world = World::new(large());
        let friends = ["R", "V8", "P4"];
        let (before, provider) = (world.coalition(&friends), world.coalition(&["P1"]));
        let job = dear(&mut world, 100, Digest([seed; 32]));
        let other = lock_away(&mut world, "V8", 5, 345);
        world.commit_with("P1", job, root(None), Digest([seed; 32]));
        let auditor = drawn(&mut world, job);
        world.audit_as(auditor, job, root(None));
        world.reveal_result("P1", job, root(None));
        world.reveal_verdict(auditor, job, root(None));
        close(&mut world, job);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        close(&mut world, other);
        assert_eq!(world.coalition(&["P1"]) - provider, 950 * TOKEN - 2 * FEE);
        let audit = if auditor == "V8" { 0 } else { TOKEN };
        // Two postings, a bid, an acceptance, and V8's own unbonding.
        let cost = 1_000 * TOKEN + audit + 2 * POST_FEE + 3 * FEE;
        assert_eq!(before - world.coalition(&friends), cost);
    }
}

/// new: the last round may draw who has nothing free: its lock is nothing, and whatever comes of
/// its seat takes nothing, breaks no law and pays a right result.
#[test]
fn a_seat_with_nothing_free_comes_to_every_end() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fate {
        Agrees,
        Keeps,
        Dissents,
        Misses,
    }
    use Fate::*;
    for assets in [Assets::Single, Assets::Dual] {
        for fate in [Agrees, Keeps, Dissents, Misses] {
            let mut world = World::with_assets(large(), assets);
            VALIDATORS.iter().for_each(|name| leave(&mut world, name, 100_000_000_001));
            // Capacity that sits in neither draw: the requester's own.
            bond(&mut world, "R", Role::Validator, Amount::tokens(10_000));
            let mut terms = world.terms();
            (terms.auditors, terms.price_max) = (1, Amount::tokens(1_000));
            terms.auction = Auction::FirstPrice;
            let provider = world.coalition(&["P1"]);
            let job = world.assign(terms.clone(), &[("P1", 1_000)]);
            (terms.auditors, terms.price_max) = (6, Amount::UNIT);
            terms.task.gas_bound = Gas::new(48_780_487_805); // 2.05 of it are a bond.
            let other = world.assign_of("R", terms, &[("P4", 0)]);
            world.commit_result("P4", other, root(None));
            world.until_phase(other, Phase::Auditing);
            world.commit("P1", job, root(None));
            let name = drawn(&mut world, job);
            assert_eq!(world.held(job, AssignmentPot::AuditLock(0)), 0);
            let before = world.coalition(&[name]);
            let junk = root(Some(9));
            match fate {
                Agrees => world.audit_as(name, job, root(None)),
                Keeps | Dissents => world.audit_as(name, job, junk),
                Misses => {}
            }
            if fate == Misses {
                world.until_phase(job, Phase::AuditingOpen);
                close(&mut world, job);
                assert_eq!(world.closed(job).reason, CloseReason::AuditUnavailable, "{fate:?}");
            } else {
                world.reveal_result("P1", job, root(None));
                if fate != Keeps {
                    let said = if fate == Agrees { root(None) } else { junk };
                    world.reveal_verdict(name, job, said);
                }
                world.until_phase(job, Phase::Challengeable);
                world.play("P1", job, 9, true);
                close(&mut world, job);
                assert_eq!(world.closed(job).outcome, Outcome::Accepted, "{fate:?}");
                assert_eq!(world.coalition(&["P1"]) - provider, 950 * TOKEN - 2 * FEE);
            }
            close(&mut world, other);
            world.blocks(60);
            let gain = world.coalition(&[name]) - before;
            assert_eq!(gain, if fate == Agrees { TOKEN } else { 0 }, "{fate:?}");
        }
    }
}
