//! Who is drawn, from which pool, and what that does to pay: p01, p02, p16, p17 and attempts on
//! the draw since.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Epochs, Event, Gas, Ratio, Role,
    command::*,
    ledger::{Assets, AssignmentPot, JobPot, Pot},
    market::{CloseReason, Outcome, Phase, PostJobRejected},
    seal,
    verification::SeatState,
};

use super::{
    FEE, POST_FEE, TOKEN, VALIDATORS, amount, bond, close, honest_life, large, large_terms, leave,
    signed, unbond,
};
use crate::world::{World, params, params_with, root};
use earnest_protocol::Rejected;

/// What a seat of the largest job at a ceiling of 1,000 tokens locks: twice the tariff and 5 %.
const LARGE_LOCK: u64 = 2_050_000_000_000;

/// p01: an eighth of the stake was all of the pool of a large job and took every seat of it, while
/// the quote assumed a fifth. One validator who can lock is no pool: the job is refused.
#[test]
fn a_pool_of_one_who_can_lock_is_quoted_to_nobody() {
    for (others, eligible) in [(LARGE_LOCK - 1, 1), (LARGE_LOCK, 8)] {
        let mut world = World::new(large());
        leave(&mut world, "V1", LARGE_LOCK);
        VALIDATORS[1..].iter().for_each(|name| leave(&mut world, name, others));
        let terms = large_terms(&world);
        let posted = world.send("R", Command::PostJob(terms));
        let refusal = PostJobRejected::PoolTooSmall { eligible, needed: 2 };
        let expected = if eligible == 8 { Ok(()) } else { Err(Rejected::PostJob(refusal)) };
        assert_eq!(posted, expected, "one base unit of bond decides");
    }
}

/// p01: where only some can lock, the quote is about those: two of equal weight are a half each,
/// and the coalition's loss over all draws is what the bound says, not a gain of 1,949 a job.
#[test]
fn a_quote_counts_those_who_can_lock_and_a_wrong_result_loses_over_all_draws() {
    let (mut wrong, mut convicted, mut net) = (0, 0, 0);
    for seed in 0..40u8 {
        let mut world = World::new(large());
        // More than any other has free, so that honest work is judged by two of equal weight.
        leave(&mut world, "V1", LARGE_LOCK);
        leave(&mut world, "V2", LARGE_LOCK);
        VALIDATORS[2..].iter().for_each(|name| leave(&mut world, name, LARGE_LOCK - 1));
        let mut terms = large_terms(&world);
        terms.seed_seal = seal::seed(&Digest([seed; 32]));
        let quote = world.state.quote_job(None, &terms).expect("two can lock");
        // e = 1/2 + 1/2 · 5 %; one auditor, and one more after a withheld beacon.
        assert_eq!(quote.e, Ratio::new(525_000_000).expect("a share"));
        let friends = ["P1", "V1"];
        let before = world.coalition(&friends);
        let job = world.assign(terms, &[("P1", 1_000)]);
        let result = root(Some(3));
        world.commit_with("P1", job, result, Digest([seed; 32]));
        let auditor = world.auditors(job)[0];
        let verdict = if auditor == "V1" { result } else { root(None) };
        world.audit(job, verdict);
        world.reveal("P1", job, result, verdict);
        if auditor != "V1" {
            world.play("P1", job, 3, true);
            convicted += 1;
        } else {
            close(&mut world, job);
            wrong += 1;
        }
        world.blocks(110);
        net += (world.coalition(&friends) - before) / TOKEN;
    }
    assert!(convicted >= 10 && wrong >= 10, "{convicted} of 40 convicted: half of the pool");
    assert!(net < 0, "the coalition lost {net} tokens over 40 jobs");
}

/// p02: a job that nobody can audit was posted, done and never paid. It is refused; if its pool
/// leaves after posting, its provider at least is told by the quote that one leaver decides.
#[test]
fn a_job_that_nobody_can_audit_is_not_posted() {
    let mut world = World::new(large());
    VALIDATORS.iter().for_each(|name| leave(&mut world, name, LARGE_LOCK - 1));
    let terms = large_terms(&world);
    let refused = world.send("R", Command::PostJob(terms.clone()));
    let none = PostJobRejected::PoolTooSmall { eligible: 0, needed: 2 };
    assert_eq!(refused, Err(Rejected::PostJob(none)));
    // The same locks in the stake asset, where it is worth half of the payment asset.
    let raw = {
        let mut raw = large();
        raw.chain.stake_price = earnest_protocol::Factor::percent(50);
        raw
    };
    let mut dual = World::with_assets(raw, Assets::Dual);
    VALIDATORS.iter().for_each(|name| leave(&mut dual, name, 2 * LARGE_LOCK - 1));
    let refused = dual.send("R", Command::PostJob(terms.clone()));
    assert_eq!(refused, Err(Rejected::PostJob(none)));
    VALIDATORS.iter().for_each(|name| bond(&mut dual, name, Role::Validator, Amount::UNIT));
    dual.ok("R", Command::PostJob(terms));
}

/// p02: validators who leave after the result was sealed and so make the rest of the pool too much
/// of one hand: the draw waits, and a pool that is back is drawn from.
#[test]
fn a_draw_waits_while_its_pool_is_too_much_in_one_hand() {
    let mut world = World::new(large());
    VALIDATORS.iter().for_each(|name| leave(&mut world, name, LARGE_LOCK));
    let job = world.assign(large_terms(&world), &[("P1", 1_000)]);
    world.commit_result("P1", job, root(None));
    world.block();
    for name in &VALIDATORS[1..] {
        unbond(&mut world, name, Role::Validator, Amount::UNIT);
    }
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(3);
    let put_off = |world: &World| {
        world.seen(|event| match event {
            Event::DrawPutOff { round, .. } => Some(*round),
            _ => None,
        })
    };
    assert_eq!((put_off(&world), world.auditors(job).len()), (vec![0], 0));
    for name in &VALIDATORS[1..] {
        bond(&mut world, name, Role::Validator, Amount::UNIT);
    }
    world.blocks(4);
    assert_eq!(world.auditors(job).len(), 1, "drawn by the weights of the commitment");
    let auditor = world.auditors(job)[0];
    // Nobody was silent: the seat earns the tariff, not half as much again.
    assert_eq!(world.state.case(job).expect("assigned").seats[0].pay, Amount::tokens(1_000));
    let before = world.coalition(&[auditor]);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    close(&mut world, job);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    assert_eq!(world.coalition(&[auditor]), before + 1_000 * TOKEN);
}

/// new: a whale that bonded a quarter of the pool between quote and draw put every draw in flight
/// off for good: no verdict, so no pay, for six base fees and idle capital. It counts as much as
/// the quote assumes, whenever and in however many bonds it comes.
#[test]
fn stake_bonded_after_the_quote_puts_no_draw_off_and_buys_no_more_seats_than_quoted() {
    let whales = [vec![("W", 195_000)], vec![("W", 99_000), ("X", 95_000)], vec![("W", 100_001)]];
    for bonds in whales {
        for when in ["after posting", "with the result", "after the result"] {
            let mut world = World::new(params());
            let mut terms = world.terms();
            terms.price_max = Amount::tokens(100);
            let provider = world.coalition(&["P1"]);
            if bonds.len() == 1 {
                let (asset, to, amount) =
                    (Asset::Stake, world.address("W"), Amount::tokens(99_990));
                world.ok("X", Command::Transfer(Transfer { to, asset, amount }));
            }
            let job = world.assign(terms, &[("P1", 100)]);
            let bonded = |world: &mut World| {
                for (name, tokens) in &bonds {
                    bond(world, name, Role::Validator, Amount::tokens(*tokens));
                }
            };
            if when == "after posting" {
                bonded(&mut world);
                world.block();
            }
            world.commit_result("P1", job, root(None));
            if when == "after the result" {
                world.block();
            }
            if when != "after posting" {
                bonded(&mut world);
            }
            world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
            world.blocks(2);
            assert_eq!(world.auditors(job).len(), 2, "{bonds:?} {when}");
            world.audit(job, root(None));
            world.reveal("P1", job, root(None), root(None));
            world.until_phase(job, Phase::Closed);
            assert_eq!(world.coalition(&["P1"]) - provider, 95 * TOKEN - 2 * FEE);
        }
    }
}

/// new: the share of seats that a whale of a third of the pool takes is the fifth of the quote.
#[test]
fn a_whale_of_a_third_is_drawn_for_a_fifth_of_the_seats() {
    let (mut seats, mut whale) = (0, 0);
    for seed in 0..150u8 {
        let mut world = World::new(params());
        let (asset, to) = (Asset::Stake, world.address("W"));
        let amount = Amount::tokens(99_990);
        world.ok("X", Command::Transfer(Transfer { to, asset, amount }));
        let mut terms = world.terms();
        (terms.auditors, terms.seed_seal) = (1, seal::seed(&Digest([seed; 32])));
        let job = world.assign(terms, &[("P1", 10)]);
        bond(&mut world, "W", Role::Validator, Amount::tokens(199_980));
        world.commit_with("P1", job, root(None), Digest([seed; 32]));
        let auditors = world.auditors(job);
        seats += auditors.len();
        whale += auditors.iter().filter(|name| **name == "W").count();
    }
    assert_eq!(seats, 150);
    // 30 expected, a deviation of 5; a third would be 50.
    assert!((15..=42).contains(&whale), "{whale} of {seats}");
}

/// new (p02): where those who can lock are as few as one over the share of the quote, one that
/// leaves makes the rest too few, and every result in flight stayed unpaid for a base fee. More of
/// them are drawn instead, out of what refills would have cost, so that the collateral deters.
#[test]
fn one_leaver_of_a_small_pool_keeps_no_result_from_its_audit() {
    // Of so many of equal weight one leaves; so many are drawn for so many seats then.
    for (pool, auditors, drawn) in [(5, 2, 3), (5, 1, 2), (4, 2, 3), (4, 1, 2), (3, 1, 2)] {
        let mut world = World::new(params());
        VALIDATORS[pool..].iter().for_each(|name| leave_all(&mut world, name));
        let before = ["P1", "R"].map(|name| world.coalition(&[name]));
        let mut terms = world.terms();
        terms.auditors = auditors;
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        world.block();
        leave_all(&mut world, VALIDATORS[pool - 1]);
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        world.blocks(2);
        assert_eq!(world.auditors(job).len(), drawn, "{auditors} of {pool}");
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        let [paid, cost] = [("P1", before[0]), ("R", before[1])]
            .map(|(name, before)| world.coalition(&[name]) - before);
        assert_eq!(paid, 95 * TOKEN / 10 - 2 * FEE);
        let audits = i64::try_from(drawn).expect("few") * TOKEN;
        assert_eq!(cost, -10 * TOKEN - audits - POST_FEE, "of at most 2.25 tariffs a seat");
    }
}

/// What is left of it: a pool of three whose two auditors are all that is left of it cannot draw
/// three; its draws wait in vain, and nothing but the work is lost. It takes a third of the pool.
#[test]
fn a_pool_that_is_all_drawn_and_loses_one_audits_nothing() {
    let mut world = World::new(params());
    VALIDATORS[3..].iter().for_each(|name| leave_all(&mut world, name));
    let (provider, friends) = (world.coalition(&["P1"]), world.coalition(&["R", "V3"]));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.block();
    leave_all(&mut world, "V3");
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::AuditUnavailable);
    assert_eq!(world.coalition(&["P1"]) - provider, -2 * FEE);
    assert_eq!(world.coalition(&["R", "V3"]) - friends, -POST_FEE - FEE, "all it costs");
}

fn leave_all(world: &mut World, name: &str) {
    unbond(world, name, Role::Validator, Amount::tokens(50_000));
}

/// A small pool of three, and a job for two auditors at a price of a hundred.
fn small_pool(assets: Assets) -> (World, earnest_protocol::JobId) {
    let mut world = World::with_assets(params(), assets);
    VALIDATORS[3..].iter().for_each(|name| leave_all(&mut world, name));
    let mut terms = world.terms();
    terms.price_max = Amount::tokens(100);
    let job = world.assign(terms, &[("P1", 100)]);
    (world, job)
}

/// p16: the requester withheld its preimage, so that the whole of a small pool was drawn, and one
/// friend stayed silent: two verdicts agreed, and the provider got nothing.
#[test]
fn enough_agreeing_verdicts_pay_whoever_else_is_silent() {
    for assets in [Assets::Single, Assets::Dual] {
        let (mut world, job) = small_pool(assets);
        let friends = ["R", "V1"];
        let (before, provider) = (world.coalition(&friends), world.coalition(&["P1"]));
        world.commit_result("P1", job, root(None)); // And R opens nothing.
        world.until_phase(job, Phase::AuditingOpen); // Of four seats one finds nobody.
        assert_eq!(world.state.case(job).expect("assigned").seats.len(), 4);
        world.audit_as("V2", job, root(None));
        world.audit_as("V3", job, root(None));
        world.until_phase(job, Phase::Revealing);
        world.reveal_result("P1", job, root(None));
        world.reveal_verdict("V2", job, root(None));
        world.reveal_verdict("V3", job, root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        assert_eq!(world.coalition(&["P1"]), provider + 95 * TOKEN);
        assert_eq!(world.closed(job).paid, Amount::tokens(100));
        // Of the escrow all but two tariffs for audits and the price came back; the friend's lock
        // burnt: two tariffs and 5 % of the price.
        let back = world.coalition(&friends) - before;
        assert!(back < 0 || back <= 4 * TOKEN, "{back}");
    }
}

/// new (p16): the friend seals a verdict and keeps it. One of two was left, and a right result of
/// any price was had for one audit lock, 7 tokens here. A verdict that is kept is no dissent.
#[test]
fn a_verdict_that_was_sealed_and_kept_takes_no_pay_from_a_right_result() {
    for (auditors, kept) in [(1, 1), (2, 1), (2, 2), (3, 2)] {
        let mut world = World::new(params());
        let mut terms = world.terms();
        (terms.price_max, terms.auditors) = (Amount::tokens(100), auditors);
        let provider = world.coalition(&["P1"]);
        let job = world.assign(terms, &[("P1", 100)]);
        world.commit("P1", job, root(None));
        let drawn = world.auditors(job);
        let before = world.coalition(&drawn[..kept]);
        world.audit(job, root(None));
        let lock = signed(world.held(job, AssignmentPot::AuditLock(0)));
        assert_eq!(lock, 7 * TOKEN, "two tariffs and 5 % of the price");
        world.reveal_result("P1", job, root(None));
        drawn[kept..].iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted, "{kept} of {auditors} kept");
        assert_eq!(world.coalition(&["P1"]) - provider, 95 * TOKEN - 2 * FEE);
        let lost = before - world.coalition(&drawn[..kept]);
        assert_eq!(lost, lock * i64::try_from(kept).expect("few"));
        let failed = |seat: &earnest_protocol::verification::Seat| seat.state == SeatState::Failed;
        let seats = &world.state.case(job).expect("assigned").seats;
        assert_eq!(seats.iter().filter(|seat| failed(seat)).count(), kept);
    }
}

/// new (p16): what a kept verdict hides may still be said: a wrong result is open to challenge by
/// the auditor that was kept from opening.
#[test]
fn an_auditor_kept_from_opening_may_still_challenge_a_wrong_result() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.auditors = 1;
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(Some(3)));
    let auditor = world.auditors(job)[0];
    world.audit(job, root(None));
    world.reveal_result("P1", job, root(Some(3)));
    world.until_phase(job, Phase::Challengeable);
    world.ok(auditor, Command::Challenge(Challenge { job }));
    world.play("P1", job, 3, true);
    assert_eq!(world.closed(job).reason, CloseReason::WrongResult);
}

/// p17: two auditors more after a withheld beacon cost the requester its deposit. The leader's
/// bond pays them, to the unit; the requester pays what it pays otherwise.
#[test]
fn a_beacon_withheld_by_the_operator_costs_the_operator() {
    let cost = |assets: Assets, withhold: bool, late: u64| {
        let mut world = World::with_assets(params(), assets);
        let before = (world.coalition(&["R"]), world.coalition(&["O"]));
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit_result("P1", job, root(None));
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
        world.withhold_beacon = withhold;
        world.blocks(late);
        world.withhold_beacon = false;
        world.until_phase(job, Phase::Auditing);
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        (before.0 - world.coalition(&["R"]), before.1 - world.coalition(&["O"]))
    };
    let honest = cost(Assets::Single, false, 2);
    assert_eq!(honest, (12 * TOKEN + POST_FEE, 0));
    assert_eq!(cost(Assets::Single, true, 2), (honest.0, 2 * TOKEN));
    // A block earlier no draw looks for it; four blocks long, the last one shown must do.
    assert_eq!(cost(Assets::Single, true, 1), honest);
    assert_eq!(cost(Assets::Single, true, 4), (honest.0, 2 * TOKEN));
    // Of two assets no bond turns into fees: nobody is drawn more, the bound counts none, and what
    // the leader loses burns.
    assert_eq!(cost(Assets::Dual, true, 2), (honest.0, 2 * TOKEN));
    assert_eq!(cost(Assets::Dual, true, 1), honest);
    assert_eq!(cost(Assets::Dual, true, 4), (honest.0, 2 * TOKEN));
}

/// p17: the requester withholds as well: then it is the one who pays.
#[test]
fn who_withholds_its_own_part_as_well_pays_for_both() {
    let mut world = World::new(params());
    let before = (world.coalition(&["R"]), world.coalition(&["O"]));
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.withhold_beacon = true;
    world.blocks(2);
    world.withhold_beacon = false;
    world.until_phase(job, Phase::Auditing);
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(before.0 - world.coalition(&["R"]), 14 * TOKEN + POST_FEE);
    assert_eq!(world.coalition(&["O"]), before.1);
}

/// new (p17): what the leader paid and no auditor earned went to the requester with its own
/// refund: an outage of the leader's paid two tariffs for a job that nobody can audit. It burns.
#[test]
fn an_outage_of_the_leader_pays_no_requester() {
    let mut world = World::new(params());
    let before = world.coalition(&["R", "P1"]);
    let leader = world.coalition(&["O"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit_result("P1", job, root(None));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.withhold_beacon = true;
    world.blocks(2);
    world.withhold_beacon = false;
    // Nobody can do it, round after round.
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::AuditUnavailable);
    assert_eq!(world.coalition(&["O"]), leader - 2 * TOKEN);
    let net = world.coalition(&["R", "P1"]) - before;
    assert!(net < 0, "{net}");
}

/// Odd numbers: a price, a tariff and a lock that divide nothing, in both kinds of network.
#[test]
fn odd_prices_are_paid_to_the_unit() {
    for assets in [Assets::Single, Assets::Dual] {
        let raw = params_with(|raw| {
            raw.market.tariff_per_mgas = amount(1_000_003);
            if assets == Assets::Dual {
                raw.chain.stake_price = earnest_protocol::Factor::percent(37);
            }
        });
        let mut world = World::with_assets(raw, assets);
        let mut terms = world.terms();
        (terms.task.gas_bound, terms.price_max) = (Gas::new(999_999_937), amount(7_777_777_777));
        terms.deadline_blocks = Blocks::new(11);
        let tariff = 1_000_003 * 999_999_937u64 / 1_000_000 + 1;
        let before: Vec<i64> = ["R", "P1"].map(|name| world.coalition(&[name])).to_vec();
        let job = world.assign(terms, &[("P1", 3), ("P2", 7)]);
        assert_eq!(world.assignment(job).price, Amount::tokens(7));
        let lock = 2 * tariff + 7_777_777_777u64.div_ceil(20);
        let lock = if assets == Assets::Dual { (lock * 100).div_ceil(37) } else { lock };
        world.commit("P1", job, root(None));
        assert_eq!(world.held(job, AssignmentPot::AuditLock(0)), lock);
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        let paid = 7 * TOKEN;
        assert_eq!(world.coalition(&["P1"]) - before[1], paid - paid / 20 - 2 * FEE);
        let fees = 2 * signed(tariff);
        assert_eq!(before[0] - world.coalition(&["R"]), paid + fees + POST_FEE);
    }
}

/// A network whose epochs are short enough to look at withdrawals: nothing of the above leaves a
/// pinned height behind, so a pool forgets the past once no draw may come.
#[test]
fn a_long_chain_of_jobs_leaves_no_weights_pinned() {
    let mut world = World::new(params_with(|raw| raw.staking.unbonding_epochs = Epochs::new(100)));
    let size = |world: &World| postcard::to_allocvec(&world.state).expect("encodes").len();
    let job = world.assign(world.terms(), &[("P1", 10)]);
    honest_life(&mut world, job, "P1");
    let before = size(&world);
    for _ in 0..3 {
        let job = world.assign(world.terms(), &[("P1", 10)]);
        world.commit("P1", job, root(None));
        unbond(&mut world, "V8", Role::Validator, Amount::UNIT);
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        assert!(world.state.job_pots(job).is_empty());
    }
    assert!(size(&world) < before + 3 * 1_600, "{} after {before}", size(&world));
    assert_eq!(world.pot(job, JobPot::Escrow), 0);
    assert_eq!(world.state.balance(Pot::Job(job, JobPot::AuditFees)), Amount::ZERO);
}
