//! The formulas against slow, obvious twins, and the round trips that must never pay.
//!
//! A twin is written from the mechanism alone, in floating point or by brute force, and shares no
//! code with what it checks. Roundings must fall on the side that the rules say.

mod world;

use earnest_protocol::{
    AccountId, Amount, Command, Digest, Factor, Ratio, RawParams, Role,
    command::*,
    market::Phase,
    num::PARTS,
    seal,
    slashing::{Claims, plan},
    verification::{BoundTerms, quote},
};
use proptest::prelude::*;
use world::{World, params, root};

/// The bound as the mechanism writes it, in real numbers.
struct Twin {
    detection: f64,
    exit_cost: f64,
    gain: f64,
    collateral_min: f64,
    collateral: f64,
}

fn real(ratio: Ratio) -> f64 {
    ratio.parts() as f64 / PARTS as f64
}

fn twin(terms: &BoundTerms, params: &RawParams) -> Twin {
    let p_ref = terms.p_ref.units() as f64;
    let (beta, a) = (real(terms.beta), real(terms.audit_rate));
    let e = beta + (1.0 - beta) * real(params.laxity);
    let fallback = 1.0 - e.powf(f64::from(terms.fallback_auditors));
    let drawn = a * (1.0 - e.powf(f64::from(terms.auditors)));
    let audited = drawn * fallback.powf(f64::from(params.seed_withholding));
    let canary = real(params.canary_rate) * (1.0 - beta);
    let d = 1.0 - (1.0 - canary) * (1.0 - audited);
    let tariff = terms.tariff.units() as f64;
    let s = a * f64::from(terms.auditors) * beta * tariff * real(params.coalition_fees);
    let g = terms.outside_gain.units() as f64;
    let outside = match terms.gain_timing {
        GainTiming::Final => (1.0 - d) * g,
        GainTiming::Delivery => g,
    };
    let gain = (1.0 - d) * (p_ref + s) + outside;
    let exit_cost = real(params.floor) * p_ref;
    let reward_max = params.reporter_max.parts() as f64 / PARTS as f64 * tariff;
    let peers = beta * (1.0 - real(params.burn_share)) * (1.0 - real(params.insurance_share));
    let kept = (1.0 - real(params.haircut)) * (1.0 - peers);
    let bound = |k: f64| (k * (gain + exit_cost) / d + reward_max) / kept;
    let margin = params.margin.parts() as f64 / PARTS as f64;
    let (start, full) = (params.tier_start.units() as f64, params.tier_full.units() as f64);
    let way = ((p_ref - start) / (full - start)).clamp(0.0, 1.0);
    let tier = 1.0 + way * (params.tier_max.parts() as f64 / PARTS as f64 - 1.0);
    let collateral_min = bound(1.0);
    let collateral = (bound(margin).max(exit_cost) * tier).max(collateral_min);
    Twin { detection: d, exit_cost, gain, collateral_min, collateral }
}

fn terms() -> impl Strategy<Value = BoundTerms> {
    let money = || 1u64..1_000_000_000_000_000;
    let shares = (20_000_000u64..=PARTS, 0u64..900_000_000);
    (money(), money(), shares, 1u32..9, 0u32..3, money(), any::<bool>()).prop_map(
        |(p_ref, tariff, (audit_rate, beta), auditors, more, outside_gain, at_end)| BoundTerms {
            p_ref: Amount::new(p_ref.max(tariff)).expect("small"),
            tariff: Amount::new(tariff).expect("small"),
            audit_rate: Ratio::new(audit_rate).expect("a share"),
            auditors,
            fallback_auditors: auditors + more,
            beta: Ratio::new(beta).expect("a share"),
            outside_gain: Amount::new(outside_gain).expect("small"),
            gain_timing: if at_end { GainTiming::Final } else { GainTiming::Delivery },
        },
    )
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_bound_is_that_of_the_mechanism_rounded_against_whoever_cheats(
        terms in terms(),
        haircut in 0u64..500_000_000,
        canaries in 0u64..100_000_000,
        insurance in 0u64..=PARTS,
    ) {
        let share = |parts| Ratio::new(parts).expect("a share");
        let params = RawParams {
            haircut: share(haircut),
            canary_rate: share(canaries),
            insurance_share: share(insurance),
            ..RawParams::default()
        };
        let exact = twin(&terms, &params);
        let Ok(quote) = quote(&terms, &params) else {
            prop_assert!(exact.detection < 0.010_001, "refused at {}", exact.detection);
            return Ok(());
        };
        let above = |got: Amount, exact: f64, slack: f64| {
            let got = got.units() as f64;
            got >= exact * (1.0 - 1e-9) - 1.0 && got <= exact * (1.0 + slack) + 10.0
        };
        let d = real(quote.detection);
        prop_assert!(d <= exact.detection + 1e-12 && d >= exact.detection - 1e-7, "{}", d);
        prop_assert!(above(quote.exit_cost, exact.exit_cost, 1e-9));
        prop_assert!(above(quote.gain, exact.gain, 1e-3), "{} {}", quote.gain, exact.gain);
        prop_assert!(above(quote.collateral_min, exact.collateral_min, 1e-3));
        prop_assert!(above(quote.collateral, exact.collateral, 1e-3));
    }

    #[test]
    fn a_slash_goes_where_the_mechanism_says_to_the_unit(
        amount in 0u64..1_000_000_000_000,
        tariff in 0u64..1_000_000_000_000,
        reporters in 0usize..20,
        reward_max in 0u64..1_000_000_000_000,
        is_injured in any::<bool>(),
        insurance in 0u64..=PARTS,
    ) {
        let insurance_share = Ratio::new(insurance).expect("a share");
        let params = RawParams { insurance_share, ..RawParams::default() };
        let [s, t, r] = [amount, tariff, reward_max].map(|x| Amount::new(x).expect("small"));
        let claims = Claims {
            injured: is_injured.then_some(AccountId::new(0)),
            tariff: t,
            reporters: (0..reporters).map(|i| AccountId::new(i as u32)).collect(),
            reward_max: r,
        };
        let got = plan(s, &claims, &params);
        // Defaults: burnt at least a quarter, compensation twice the tariff, half to reporters.
        let burn_min = amount.div_ceil(4);
        let compensation = if is_injured { (2 * tariff).min(amount - burn_min) } else { 0 };
        let rest = amount - compensation;
        let reward = (rest / 2).min(reward_max).min(amount - burn_min - compensation);
        let reward = if reporters == 0 { 0 } else { reward / reporters as u64 * reporters as u64 };
        let rest = rest - reward;
        let burnt = rest.div_ceil(2).max(burn_min);
        let rest = rest - burnt;
        let insured = (u128::from(rest) * u128::from(insurance) / 1_000_000_000) as u64;
        let parts = [got.compensation, got.reporter, got.burnt, got.insurance, got.peers];
        let expected = [compensation, reward, burnt, insured, rest - insured];
        prop_assert_eq!(parts.map(Amount::units), expected);
    }

    #[test]
    fn the_auction_takes_the_lowest_and_pays_the_second(
        prices in proptest::collection::vec(0u64..=10_000_000_000, 1..5),
    ) {
        let (winner, paid) = auction(&prices);
        // Newcomers are all of one quality.
        let mut sorted = prices.clone();
        sorted.sort_unstable();
        prop_assert_eq!(prices[winner], sorted[0]);
        prop_assert_eq!(paid, sorted.get(1).copied().unwrap_or(sorted[0]));
    }

    #[test]
    fn a_second_bid_of_ones_own_never_pays(
        rivals in proptest::collection::vec(0u64..=10_000_000_000, 1..3),
        own in 0u64..=10_000_000_000,
        other in 0u64..=10_000_000_000,
    ) {
        // Bids at cost: what a bidder earns is what it is paid less what the work costs it.
        let alone: Vec<u64> = [own].iter().chain(&rivals).copied().collect();
        let (winner, paid) = auction(&alone);
        let honest = if winner == 0 { paid - own } else { 0 };
        let split: Vec<u64> = [own, other].iter().chain(&rivals).copied().collect();
        let (winner, paid) = auction(&split);
        let earned = if winner <= 1 { i128::from(paid) - i128::from(own) } else { 0 };
        prop_assert!(earned <= i128::from(honest), "{} > {}", earned, honest);
    }

    #[test]
    fn bonding_and_unbonding_never_pays(tokens in 100u64..40_000, back in 1u64..40_000) {
        let mut world = World::new(params());
        let before = world.wealth("W");
        let role = Role::Provider;
        world.ok("W", Command::Bond(Bond { role, amount: Amount::tokens(tokens) }));
        let amount = Amount::tokens(back);
        let done = world.send("W", Command::Unbond(Unbond { role, amount }));
        prop_assert_eq!(done.is_ok(), back <= tokens);
        prop_assert_eq!(world.wealth("W"), before - 2_000);
    }
}

/// Bids by P1, P2 … in base units; who won, and its pay.
fn auction(prices: &[u64]) -> (usize, u64) {
    let mut world = World::new(params());
    let job = world.post(world.terms());
    let names = ["P1", "P2", "P3", "P4"];
    let (network, salt) = (world.state.network(), Digest([5; 32]));
    for (name, price) in names.iter().zip(prices) {
        let price = Amount::new(*price).expect("small");
        let seal = seal::bid(&network, job, &world.address(name), price, &salt);
        world.ok(name, Command::CommitBid(CommitBid { job, seal }));
    }
    world.until_phase(job, Phase::RevealingBids);
    for (name, price) in names.iter().zip(prices) {
        let price = Amount::new(*price).expect("small");
        world.ok(name, Command::RevealBid(RevealBid { job, price, salt }));
    }
    let row = world.state.job(job).expect("posted");
    let winner = usize::from(row.ranks[0]);
    world.ok(names[winner], Command::AcceptJob(AcceptJob { job }));
    let row = world.state.job(job).expect("posted");
    (winner, row.assignment.expect("accepted").price.units())
}

/// How often each name was drawn for one seat, over as many seeds.
fn draws(bonds: &[(&str, u64)], seeds: u32) -> Vec<u32> {
    let mut world = World::new(params());
    let (role, all) = (Role::Validator, Amount::tokens(50_000));
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        world.ok(name, Command::Unbond(Unbond { role, amount: all }));
    }
    for (name, tokens) in bonds {
        world.ok(name, Command::Bond(Bond { role, amount: Amount::tokens(*tokens) }));
    }
    let mut counts = vec![0; bonds.len()];
    let fresh = world.state.clone();
    for seed in 0..seeds {
        world.state = fresh.clone();
        let mut preimage = [0; 32];
        preimage[..4].copy_from_slice(&seed.to_le_bytes());
        let mut terms = world.terms();
        (terms.auditors, terms.seed_seal) = (1, seal::seed(&Digest(preimage)));
        let job = world.assign(terms, &[("P1", 10)]);
        world.commit_with("P1", job, root(None), Digest(preimage));
        let drawn = world.auditors(job)[0];
        counts[bonds.iter().position(|(name, _)| *name == drawn).expect("bonded")] += 1;
    }
    counts
}

#[test]
fn draws_follow_stake() {
    let bonds = [("V1", 40_000), ("V2", 20_000), ("V3", 10_000), ("V4", 5_000), ("V5", 1_000)];
    let total: u64 = bonds.iter().map(|(_, tokens)| tokens).sum();
    let seeds = 2_000;
    let counts = draws(&bonds, seeds);
    let square = |(count, (_, tokens)): (&u32, &(&str, u64))| {
        let expected = f64::from(seeds) * *tokens as f64 / total as f64;
        (f64::from(*count) - expected).powi(2) / expected
    };
    let chi_square: f64 = counts.iter().zip(&bonds).map(square).sum();
    // Four degrees of freedom: 18.5 is passed once in a thousand; the seeds are fixed.
    assert!(chi_square < 18.5, "{counts:?}: {chi_square}");
}

#[test]
fn splitting_a_validator_in_two_is_drawn_no_more_often() {
    let seeds = 1_500;
    let whole = draws(&[("V1", 10_000), ("V2", 10_000), ("V3", 10_000), ("V4", 10_000)], seeds);
    let bonds = [("V1", 5_000), ("V5", 5_000), ("V2", 10_000), ("V3", 10_000), ("V4", 10_000)];
    let split = draws(&bonds, seeds);
    let (one, two) = (whole[0], split[0] + split[1]);
    // A quarter of 1,500 is 375, with a deviation of 17.
    assert!(one.abs_diff(375) < 60 && two.abs_diff(375) < 60, "{one} whole, {two} split");
}

#[test]
fn a_split_bond_backs_no_more_work() {
    // What a job locks depends on the job, never on how large its provider is.
    let world = World::new(params());
    let quote = world.state.quote_job(None, &world.terms()).expect("a quote");
    let small = quote.collateral_for(Ratio::ZERO, &params());
    assert_eq!(small, quote.collateral);
    let half = |tokens: u64| tokens * PARTS / 2 / small.units();
    assert!(2 * half(1_000) <= 1_000 * PARTS / small.units());
}

#[test]
fn evidence_and_strikes_fade_as_written() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    let id = world.operator("P1", Role::Provider);
    let fresh = world.state.reputation(id).correctness.success;
    assert_eq!(fresh, Factor::ONE, "ten tokens are one event");
    for epochs in [1u64, 7, 40] {
        let mut later = World::new(params());
        later.state = world.state.clone();
        let start = later.state.epoch();
        while later.state.epoch().since(start).count() < epochs {
            later.block();
        }
        let exact = 0.98f64.powi(i32::try_from(epochs).expect("small"));
        let got = later.state.reputation(id).correctness.success.parts() as f64 / PARTS as f64;
        assert!(got <= exact && exact - got < 1e-6, "{got} after {epochs}, exactly {exact}");
    }
}
