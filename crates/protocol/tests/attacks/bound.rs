//! The bound itself: C2, C6, C11, C15, M1, M3, M9 and the relations R4, R5, R11.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Event, Factor, Gas, Params, ParamsRejected, Ratio, RawParams,
    Rejected, Role,
    command::{Auction, Bond, GainTiming, OpenSeed, Unbond},
    ledger::AssignmentPot,
    market::{CloseReason, Phase, PostJobRejected},
    num::PARTS,
    params::Violation,
    seal,
    verification::{BoundRejected, BoundTerms, Quote, quote},
};

use super::FEE;
use crate::world::{World, params, params_with, root};

/// A grid of policies around those of the mechanism.
fn policies() -> Vec<(BoundTerms, Params)> {
    let mut grid = Vec::new();
    for percent in [2, 10, 20, 100] {
        for auditors in [1u32, 2, 4, 8] {
            for (price, tariff) in [(1u64, 1u64), (100, 100), (5_000, 3), (90_000, 90_000)] {
                for gain in [0u64, 1_000] {
                    for timing in [GainTiming::Final, GainTiming::Delivery] {
                        let terms = BoundTerms {
                            p_ref: Amount::tokens(price),
                            tariff: Amount::tokens(tariff.min(price)),
                            audit_rate: Ratio::percent(percent),
                            auditors,
                            fallback_auditors: auditors + 2,
                            beta: Ratio::percent(20),
                            beta_judges: Ratio::percent(20),
                            outside_gain: Amount::tokens(gain),
                            gain_timing: timing,
                            stake_price: Factor::ONE,
                        };
                        for margin in [100, 110] {
                            let mut raw = RawParams::default();
                            raw.verification.margin = Factor::percent(margin);
                            grid.push((terms, Params::try_from(raw).expect("in range")));
                        }
                    }
                }
            }
        }
    }
    grid
}

/// d·(B − R_max) − (G + A), in 10^-9 base units: positive if a wrong result is worse than
/// abandoning, at the exact detection chance of the quote.
fn deterrence(quote: &Quote, collateral: Amount) -> i128 {
    let d = i128::from(quote.detection.parts());
    let lost = i128::from(collateral.units()) - i128::from(quote.reward_max.units());
    let gained = i128::from(quote.gain.units()) + i128::from(quote.exit_cost.units());
    d * lost - i128::from(PARTS) * gained
}

#[test]
fn c2_no_reputation_discount_reaches_below_what_deters() {
    for (terms, params) in policies() {
        let quote = quote(&terms, &params).expect("the grid has quotes");
        for score in [0, 25, 50, 79, 95, 100] {
            let score_ratio = Ratio::percent(score);
            let collateral = quote.collateral_for(score_ratio, params.verification());
            assert!(collateral >= quote.collateral_min, "{terms:?}");
            assert!(deterrence(&quote, collateral) > 0, "{terms:?} at a score of {score} %");
        }
        // The first draft's clamp would have paid: 1.1 · (1 − 0.3) < 1.
        let draft = Ratio::percent(70).amount_floor(quote.collateral_tiered);
        let flat = terms.p_ref <= params.verification().tier_start;
        assert!(!flat || deterrence(&quote, draft) < 0, "{terms:?}");
    }
}

#[test]
fn c6_garbage_loses_against_abandoning_at_the_quoted_collateral() {
    for (terms, params) in policies() {
        let quote = quote(&terms, &params).expect("the grid has quotes");
        assert!(deterrence(&quote, quote.collateral_min) > 0, "{terms:?}");
        assert!(deterrence(&quote, quote.collateral) > 0, "{terms:?}");
        let one_less = quote.collateral_min.checked_sub(Amount::new(2).expect("two"));
        let slack = deterrence(&quote, one_less.expect("more than two units"));
        assert!(slack <= i128::from(PARTS), "B_min is tight but for a rounding: {terms:?}");
    }
}

/// What garbage brings a provider and its friend among the validators, draw by draw.
#[test]
fn c6_garbage_loses_against_abandoning_over_many_draws() {
    let draws = 200u8;
    let (mut garbage, mut convicted) = (0i64, 0i64);
    let mut abandoned = 0i64;
    for draw in 0..draws {
        let mut world = World::new(params());
        let mut terms = world.terms();
        (terms.audit_rate, terms.auditors) = (Ratio::percent(50), 1);
        let preimage = Digest([draw; 32]);
        terms.seed_seal = seal::seed(&preimage);
        let friends = ["P1", "V1"];
        let before = world.coalition(&friends);
        let job = world.assign(terms, &[("P1", 10)]);
        let wrong = root(Some(3));
        world.commit_with("P1", job, wrong, preimage);
        // The friend copies, the others compute.
        for name in world.auditors(job) {
            let own = if name == "V1" { wrong } else { root(None) };
            world.audit_as(name, job, own);
        }
        world.reveal_result("P1", job, wrong);
        for name in world.auditors(job) {
            let own = if name == "V1" { wrong } else { root(None) };
            world.reveal_verdict(name, job, own);
        }
        world.play("P1", job, 3, true);
        world.until_phase(job, Phase::Closed);
        world.blocks(110); // Over the engine's stay.
        garbage += world.coalition(&friends) - before + 2 * FEE;
        convicted += i64::from(world.closed(job).reason == CloseReason::WrongResult);
        abandoned = -i64::try_from(world.quote(job).exit_cost.units()).expect("small");
    }
    let mean = garbage / i64::from(draws);
    assert!(mean < abandoned, "garbage {mean}, abandoning {abandoned}");
    // Half of the results are audited, an eighth of the auditors is the friend.
    assert!((70..=105).contains(&convicted), "{convicted} of {draws}");
}

#[test]
fn c6_abandoning_costs_the_floor_and_no_share_of_the_bond() {
    let mut world = World::new(params());
    let before = world.coalition(&["P1"]);
    let job = world.assign(world.terms(), &[("P1", 10)]);
    let exit = i64::try_from(world.quote(job).exit_cost.units()).expect("small");
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).reason, CloseReason::Abandoned);
    assert_eq!(world.coalition(&["P1"]), before - exit - 2 * FEE);
    assert_eq!(exit, super::TOKEN, "a tenth of a ceiling of ten");
}

#[test]
fn c11_no_audit_rate_is_so_low_that_the_bound_divides_by_nothing() {
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.audit_rate = Ratio::percent(1);
    let refused = world.send("R", Command::PostJob(terms.clone()));
    let (wanted, min) = (Ratio::percent(1), Ratio::percent(2));
    let expected = PostJobRejected::AuditRateTooLow { wanted, min };
    assert_eq!(refused, Err(Rejected::PostJob(expected)));

    // Where the network allows lower rates, detection is what counts: 1 % · 0.76 · 0.98.
    let mut world = World::new(params_with(|raw| raw.verification.audit_min = Ratio::percent(1)));
    terms.auditors = 1;
    let refused = world.send("R", Command::PostJob(terms.clone()));
    let Err(Rejected::PostJob(PostJobRejected::NoQuote(BoundRejected::DetectionTooLow {
        detection,
        minimum,
    }))) = refused
    else {
        panic!("{refused:?}")
    };
    assert!(detection < minimum && minimum == Ratio::percent(1));
    // At the least rate the milked name burns on a big job: its collateral is that of its rate.
    (terms.audit_rate, terms.auditors) = (Ratio::percent(2), 1);
    let quote = world.state.quote_job(None, &terms).expect("a quote");
    assert!(quote.collateral.units() > 60 * quote.p_ref.units(), "{quote:?}");
}

#[test]
fn c15_a_zero_bid_lowers_neither_collateral_nor_what_leaving_costs() {
    for (auction, p_ref) in [(Auction::SecondPrice, 10), (Auction::FirstPrice, 5)] {
        let mut world = World::new(params());
        let mut terms = world.terms();
        terms.auction = auction;
        let before = world.coalition(&["P1"]);
        let job = world.assign(terms, &[("P1", 0), ("P2", 10)]);
        let assignment = world.assignment(job);
        assert_eq!(world.name(assignment.account), "P1");
        let locked = world.held(job, AssignmentPot::Collateral);
        let floor = Amount::tokens(p_ref);
        assert!(locked > floor.units() / 10, "{locked}");
        assert_eq!(assignment.exit_cost, Ratio::percent(10).amount_ceil(floor));
        world.until_phase(job, Phase::Closed);
        let exit = i64::try_from(assignment.exit_cost.units()).expect("small");
        assert_eq!(world.coalition(&["P1"]), before - exit - 2 * FEE, "killing a job costs");
    }
}

#[test]
fn m1_the_largest_validator_counts_as_the_colluding_share() {
    let mut world = World::new(params());
    let before = world.state.quote_job(None, &world.terms()).expect("a quote");
    let bond = earnest_protocol::command::Bond {
        role: earnest_protocol::Role::Validator,
        amount: Amount::tokens(40_000),
    };
    world.ok("V1", Command::Bond(bond.clone()));
    world.ok("V2", Command::Bond(bond));
    // Two of 90,000 among six of 50,000: below the fifth that is assumed anyway.
    assert_eq!(world.state.quote_job(None, &world.terms()).expect("a quote"), before);
    for name in ["V3", "V4", "V5", "V6", "V7"] {
        let amount = Amount::tokens(50_000);
        let role = earnest_protocol::Role::Validator;
        let unbond = earnest_protocol::command::Unbond { role, amount };
        world.ok(name, Command::Unbond(unbond));
    }
    let after = world.state.quote_job(None, &world.terms()).expect("a quote");
    // β̂ = 9/23, so e = 9/23 + 14/23 · 0.05 = 97/230.
    assert!((421_739_130..=421_739_132).contains(&after.e.parts()), "{after:?}");
    assert!(after.collateral > before.collateral && after.detection < before.detection);
    // With two left no draw of two is a draw.
    let (role, amount) = (earnest_protocol::Role::Validator, Amount::tokens(50_000));
    world.ok("V8", Command::Unbond(earnest_protocol::command::Unbond { role, amount }));
    let refused = world.state.quote_job(None, &world.terms());
    assert_eq!(refused, Err(PostJobRejected::PoolTooSmall { eligible: 2, needed: 3 }));
}

#[test]
fn m1_weight_that_is_there_for_the_seal_alone_counts_for_no_more_than_the_quote_assumed() {
    // Four validators of 50,000 make a quote's share of a quarter. One of them grows by 40,000 for
    // the block of the seal, whose weights are drawn by, and is back at its quarter at the draw.
    let (role, amount) = (Role::Validator, Amount::tokens(50_000));
    let mut world = World::new(params());
    for name in ["V5", "V6", "V7", "V8"] {
        world.ok(name, Command::Unbond(Unbond { role, amount }));
    }
    let job = world.assign(world.terms(), &[("P1", 10)]);
    assert_eq!(world.state.order(job).expect("posted").bound.beta, Ratio::percent(25));
    let amount = Amount::tokens(40_000);
    world.ok("V1", Command::Bond(Bond { role, amount }));
    world.commit_result("P1", job, root(None));
    world.block();
    world.ok("V1", Command::Unbond(Unbond { role, amount }));
    world.ok("R", Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(10);
    let put_off = world.seen(|event| match event {
        Event::DrawPutOff { round, .. } => Some(*round),
        _ => None,
    });
    assert!(put_off.is_empty(), "nine parts of 24 count as the quarter that was quoted");
    assert_eq!(world.auditors(job).len(), 2);
}

#[test]
fn m3_a_gain_on_delivery_is_deterred_in_full() {
    let world = World::new(params());
    let mut terms = world.terms();
    terms.outside_gain = Amount::tokens(1_000);
    let at_end = world.state.quote_job(None, &terms).expect("a quote");
    terms.gain_timing = GainTiming::Delivery;
    let on_delivery = world.state.quote_job(None, &terms).expect("a quote");
    assert!(on_delivery.collateral_min > Amount::tokens(1_000));
    assert!(at_end.collateral_min < Amount::tokens(100));
}

#[test]
fn m9_auditors_of_a_long_job_get_a_long_time() {
    let raw = params();
    let (short, long) = (Gas::new(200_000_000), Gas::new(200_000_000_000));
    let blocks = |gas| raw.verification.audit_blocks(gas, &raw.market);
    assert_eq!((blocks(short), blocks(long)), (Blocks::new(1 + 3), Blocks::new(1_000 + 3)));
    let mut world = World::new(raw);
    let mut terms = world.terms();
    terms.task.gas_bound = Gas::new(10_000_000_000);
    terms.price_max = Amount::tokens(20);
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let (until, now) = (world.assignment(job).until, world.state.height());
    assert_eq!(until.since(now), Blocks::new(50 + 3));
}

#[test]
fn r4_no_bond_leaves_before_the_longest_job_it_answers_for_is_final() {
    let raw = params();
    let needed = raw.longest_liability().count();
    let epochs = needed.div_ceil(50);
    let with = |epochs| {
        params_with(|raw| raw.staking.unbonding_epochs = earnest_protocol::Epochs::new(epochs))
    };
    assert!(Params::try_from(with(epochs)).is_ok());
    let unbonding = (epochs - 1) * 50;
    let violations = vec![Violation::UnbondingTooShort { unbonding, needed }];
    assert_eq!(Params::try_from(with(epochs - 1)), Err(ParamsRejected { violations }));
}

#[test]
fn m12_a_step_never_takes_the_referee_half_a_block() {
    // 100 ms of block: 6.9 ns a gas leave room for 7.2 · 10^6.
    let mut fast = RawParams::default();
    fast.chain.block_interval_min_ms = 100;
    let refused =
        |raw: RawParams| Params::try_from(raw).expect_err("too much for half a block").violations;
    let (gas, limit) = (70_000_000, 7_246_376);
    assert_eq!(refused(fast), [Violation::StepTooLong { gas, limit }]);
    // All steps of a block share that time, so one step may take no more.
    fast.chain.referee_gas = Gas::new(limit);
    let (step_gas, budget) = (16_000_000, limit);
    assert_eq!(refused(fast), [Violation::StepExceedsBudget { step_gas, budget }]);
    fast.market.step_gas_max = Gas::new(limit);
    assert!(Params::try_from(fast).is_ok());
    // And a job cannot ask for a larger step.
    let mut world = World::new(params());
    let mut terms = world.terms();
    terms.task.step_gas_max = Gas::new(70_000_001);
    let refused = world.send("R", Command::PostJob(terms));
    assert!(matches!(refused, Err(Rejected::PostJob(PostJobRejected::StepGasOutOfRange { .. }))));
}

#[test]
fn minor_19_a_hopeless_policy_is_refused_and_never_panics() {
    let world = World::new(params());
    let mut terms = world.terms();
    (terms.outside_gain, terms.audit_rate) = (Amount::MAX, Ratio::percent(2));
    let refused = world.state.quote_job(None, &terms);
    assert_eq!(refused, Err(PostJobRejected::NoQuote(BoundRejected::CollateralTooLarge)));
}
