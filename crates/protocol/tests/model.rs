//! The formulas against slow, obvious twins, and the round trips that must never pay.
//!
//! A twin is written from the mechanism alone, in floating point or by brute force, and shares no
//! code with what it checks. Roundings must fall on the side that the rules say.

use earnest_testkit::world;

use earnest_protocol::{
    AccountId, Address, Amount, Asset, Command, Digest, Factor, Params, Ratio, RawParams, Role,
    command::*,
    market::Phase,
    num::{Exponent, PARTS, Returns},
    rewards::{Baseline, Measure, Moment, Schedule},
    seal,
    slashing::{Claims, plan},
    verification::{BoundRejected, BoundTerms, audit_lock, quote},
};
use proptest::prelude::*;
use world::{World, params, params_with, root};

/// The bound as the mechanism writes it, in real numbers: gains in the asset that pays, what is
/// locked in the one that is bonded.
struct Twin {
    detection: f64,
    exit_cost: f64,
    gain: f64,
    reward_max: f64,
    collateral_min: f64,
    collateral: f64,
    audit_lock: f64,
    /// What the referee's faults cost honest work.
    faults: f64,
}

fn real(ratio: Ratio) -> f64 {
    ratio.parts() as f64 / PARTS as f64
}

fn times(factor: Factor) -> f64 {
    factor.parts() as f64 / PARTS as f64
}

fn twin(terms: &BoundTerms, params: &RawParams) -> Twin {
    let (verification, slashing) = (&params.verification, &params.slashing);
    let price = times(terms.stake_price);
    let p_ref = terms.p_ref.units() as f64;
    let (beta, a) = (real(terms.beta), real(terms.audit_rate));
    let e = beta + (1.0 - beta) * real(verification.laxity);
    let fallback = 1.0 - e.powf(f64::from(terms.fallback_auditors));
    let drawn = a * (1.0 - e.powf(f64::from(terms.auditors)));
    let d = drawn * fallback.powf(f64::from(verification.seed_withholding));
    let tariff = terms.tariff.units() as f64;
    let s = a * f64::from(terms.auditors) * beta * tariff * real(verification.coalition_fees);
    let g = terms.outside_gain.units() as f64;
    let outside = match terms.gain_timing {
        GainTiming::Final => (1.0 - d) * g,
        GainTiming::Delivery => g,
    };
    let gain = (1.0 - d) * (p_ref + s) + outside;
    let exit_cost = real(verification.floor) * p_ref / price;
    let looking = times(verification.reporter_max) * tariff;
    let reward_max = (looking + real(verification.reporter_value) * p_ref) / price;
    let to_judges = (1.0 - real(slashing.burn_share)) * (1.0 - real(slashing.insurance_share));
    let returned = real(terms.beta_judges) * to_judges;
    let kept = (1.0 - real(verification.haircut)) * (1.0 - returned);
    let bound = |k: f64| (k * (gain / price + exit_cost) / d + reward_max) / kept;
    let (start, full) =
        (verification.tier_start.units() as f64, verification.tier_full.units() as f64);
    let way = ((p_ref - start) / (full - start)).clamp(0.0, 1.0);
    let tier = 1.0 + way * (times(verification.tier_max) - 1.0);
    let collateral_min = bound(1.0);
    let margin = times(verification.margin);
    let collateral = (bound(margin).max(exit_cost) * tier).max(collateral_min);
    let seat = times(verification.audit_lock) * tariff;
    let audit_lock = (seat + real(verification.audit_lock_value) * p_ref) / price;
    let faults = real(verification.referee_fault) * (p_ref / price + collateral);
    Twin {
        detection: d,
        exit_cost,
        gain,
        reward_max,
        collateral_min,
        collateral,
        audit_lock,
        faults,
    }
}

fn terms() -> impl Strategy<Value = BoundTerms> {
    let money = || 1u64..1_000_000_000_000_000;
    let shares = (20_000_000u64..=PARTS, 0u64..900_000_000, 0u64..900_000_000);
    (money(), money(), shares, 1u32..9, 0u32..3, money(), any::<bool>()).prop_map(
        |(p_ref, tariff, (audit_rate, beta, judges), auditors, more, outside_gain, at_end)| {
            BoundTerms {
                p_ref: Amount::new(p_ref.max(tariff)).expect("small"),
                tariff: Amount::new(tariff).expect("small"),
                audit_rate: Ratio::new(audit_rate).expect("a share"),
                auditors,
                fallback_auditors: auditors + more,
                beta: Ratio::new(beta).expect("a share"),
                beta_judges: Ratio::new(judges).expect("a share"),
                outside_gain: Amount::new(outside_gain).expect("small"),
                gain_timing: if at_end { GainTiming::Final } else { GainTiming::Delivery },
                stake_price: Factor::ONE,
            }
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
        insurance in 0u64..=PARTS,
        value in 0u64..=PARTS,
        faults in prop_oneof![Just(0u64), 0u64..=PARTS / 100],
        price in PARTS / 2..=2 * PARTS,
    ) {
        let share = |parts| Ratio::new(parts).expect("a share");
        let raw = params_with(|raw| {
            raw.slashing.insurance_share = share(insurance);
            raw.verification.haircut = share(haircut);
            raw.verification.reporter_value = share(value);
            raw.verification.audit_lock_value = share(value);
            raw.verification.referee_fault = share(faults);
        });
        let params = Params::try_from(raw).expect("in range");
        let stake_price = Factor::new(price).expect("small");
        let terms = BoundTerms { stake_price, ..terms };
        let exact = twin(&terms, &raw);
        let above = |got: Amount, exact: f64, slack: f64| {
            let got = got.units() as f64;
            got >= exact * (1.0 - 1e-9) - 1.0 && got <= exact * (1.0 + slack) + 10.0
        };
        let lock = audit_lock(terms.tariff, terms.p_ref, stake_price, params.verification());
        let lock = lock.expect("small");
        prop_assert!(above(lock, exact.audit_lock, 1e-9), "{} {}", lock, exact.audit_lock);
        let quote = match quote(&terms, &params) {
            Ok(quote) => quote,
            Err(BoundRejected::DetectionTooLow { .. }) => {
                prop_assert!(exact.detection < 0.010_001, "refused at {}", exact.detection);
                return Ok(());
            }
            Err(BoundRejected::FaultsTooDear { loss, exit_cost }) => {
                prop_assert!(loss > exit_cost && above(loss, exact.faults, 1e-3));
                return Ok(());
            }
            Err(BoundRejected::CollateralTooLarge) => {
                // 2^63 base units is the largest amount.
                prop_assert!(exact.collateral > 9.2e18, "refused at {}", exact.collateral);
                return Ok(());
            }
        };
        prop_assert!(exact.faults <= exact.exit_cost * (1.0 + 1e-9) + 10.0);
        let d = real(quote.detection);
        prop_assert!(d <= exact.detection + 1e-12 && d >= exact.detection - 1e-7, "{}", d);
        prop_assert!(above(quote.exit_cost, exact.exit_cost, 1e-9));
        prop_assert!(above(quote.reward_max, exact.reward_max, 1e-9));
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
        let mut params = RawParams::default().slashing;
        params.insurance_share = Ratio::new(insurance).expect("a share");
        let [s, t, r] = [amount, tariff, reward_max].map(|x| Amount::new(x).expect("small"));
        let claims = Claims {
            injured: is_injured.then_some(AccountId::new(0)),
            tariff: t,
            reporters: (0..reporters).map(|i| AccountId::new(i as u64)).collect(),
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
        let parts = [got.compensation, got.reporter, got.burnt, got.insurance, got.judges];
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
        // The ceiling stands for a second price that is not there.
        prop_assert_eq!(paid, sorted.get(1).copied().unwrap_or(10_000_000_000));
    }

    #[test]
    fn a_second_bid_of_ones_own_never_pays(
        rivals in proptest::collection::vec(0u64..=10_000_000_000, 0..3),
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
        prop_assert_eq!(world.wealth("W"), before - 2_000, "two fees");
    }
}

/// How many epochs of a goal are reached, in whole and in part, in real numbers.
struct GoalTwin {
    start: f64,
    step: f64,
    /// None where it does not double.
    doubling: Option<f64>,
    whole: u32,
    part: f64,
}

impl GoalTwin {
    fn meant(&self, epoch: u32) -> f64 {
        let t = f64::from(epoch);
        let times = self.doubling.map_or(1.0, |epochs| (t / epochs).exp2());
        (self.start + t * self.step) * times
    }

    fn reached(&self) -> f64 {
        f64::from(self.whole) + self.part / self.meant(self.whole)
    }

    /// What an epoch counts for, up to its own and on at most 64 of the goal.
    fn count(&mut self, epoch: u32, measured: f64) {
        let mut more = measured.min(self.meant(epoch));
        for _ in 0..64 {
            let room = self.meant(self.whole) - self.part;
            if more < room {
                self.part += more;
                return;
            }
            more -= room;
            (self.whole, self.part) = (self.whole + 1, 0.0);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_claims_weigh_is_the_power_that_the_mechanism_says(
        claims in 0u64..1 << 62,
        unit in (0u32..62).prop_map(|bits| 1u64 << bits),
        quarters in 2u8..=4,
    ) {
        let units = |units| Amount::new(units).expect("in range");
        let returns = Returns { exponent: Exponent::of_quarters(quarters), unit: units(unit) };
        let (w, u) = (claims as f64, unit as f64);
        let exact = if w <= u { w } else { u * (w / u).powf(f64::from(quarters) / 4.0) };
        let got = returns.of_floor(units(claims)).units() as f64;
        prop_assert!(got <= exact * (1.0 + 1e-12) && got >= exact * (1.0 - 1e-12) - 2.0);
    }

    #[test]
    fn a_goal_emits_as_the_mechanism_says_in_each_of_its_epochs(
        (start, step) in (1u64 << 30..1 << 40, prop_oneof![Just(0u64), 0u64..1 << 32]),
        doubling in prop_oneof![Just(0u64), 1u64..100],
        half_life in 1u64..200,
        (total, by_time) in (0u64..1 << 60, prop_oneof![Just(0u64), 0u64..1 << 60]),
        measured in proptest::collection::vec(prop_oneof![Just(0u64), 0u64..1 << 41], 1..150),
    ) {
        let units = |units| Amount::new(units).expect("in range");
        let baseline = Baseline { start: units(start), step: units(step), doubling };
        let (total, by_time) = (units(total), units(by_time));
        let measure = Measure::Work;
        let schedule = Schedule::Goal { total, by_time, half_life, measure, baseline };
        let mut twin = GoalTwin {
            start: start as f64,
            step: step as f64,
            doubling: (doubling > 0).then_some(doubling as f64),
            whole: 0,
            part: 0.0,
        };
        let left = |epochs: f64| (-epochs / half_life as f64).exp2();
        let mut standing = schedule.start(0);
        for (age, claims) in (0u32..).zip(measured) {
            let (supply, bonded, claims_of) = (Amount::MAX, Amount::ZERO, units(claims));
            let age_of = u64::from(age);
            let moment = Moment { age: age_of, standing, supply, bonded, claims: claims_of };
            let next = schedule.next(&moment);
            let got = schedule.amount(&moment, &next).units() as f64;
            let before = twin.reached();
            twin.count(age, claims as f64);
            let goal = total.units() as f64 * (left(before) - left(twin.reached()));
            let (since, until) = (f64::from(age), f64::from(age + 1));
            let exact = goal + by_time.units() as f64 * (left(since) - left(until));
            let slack = 2.0 + 1e-7 * (total.units() as f64 + by_time.units() as f64);
            prop_assert!((got - exact).abs() <= slack, "{} is not {} at {}", got, exact, age);
            prop_assert!(twin.reached() <= until + 1e-6, "it is never ahead of time");
            standing = next;
        }
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
    (winner, world.assignment(job).price.units())
}

/// How often each name was drawn for one seat, over as many seeds; `meanwhile` happens after the
/// result was sealed and before its seed is known.
fn draws_while(bonds: &[(&str, u64)], seeds: u32, meanwhile: fn(&mut World)) -> Vec<u32> {
    // A seat locks a hundred tariffs of one token, and a twentieth of ten. So much is assumed to
    // collude that no draw is put off.
    let mut world = World::new(params_with(|raw| {
        raw.verification.audit_lock = Factor::percent(10_000);
        raw.verification.beta = Ratio::percent(60);
    }));
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
        world.commit_result("P1", job, root(None));
        world.block();
        meanwhile(&mut world);
        let preimage = Digest(preimage);
        world.ok("R", Command::OpenSeed(OpenSeed { job, preimage }));
        world.block();
        let drawn = world.auditors(job)[0];
        counts[bonds.iter().position(|(name, _)| *name == drawn).expect("bonded")] += 1;
    }
    counts
}

fn draws(bonds: &[(&str, u64)], seeds: u32) -> Vec<u32> {
    draws_while(bonds, seeds, |_| {})
}

/// How far counts are from what these weights make expected.
fn chi_square(counts: &[u32], weights: &[u64]) -> f64 {
    let (seeds, total) = (counts.iter().sum::<u32>(), weights.iter().sum::<u64>());
    let square = |(count, weight): (&u32, &u64)| {
        let expected = f64::from(seeds) * *weight as f64 / total as f64;
        if expected == 0.0 {
            assert_eq!(*count, 0, "drawn without a weight");
            return 0.0;
        }
        (f64::from(*count) - expected).powi(2) / expected
    };
    counts.iter().zip(weights).map(square).sum()
}

#[test]
fn draws_follow_stake() {
    let bonds = [("V1", 40_000), ("V2", 20_000), ("V3", 10_000), ("V4", 5_000), ("V5", 1_000)];
    let counts = draws(&bonds, 2_000);
    let square = chi_square(&counts, &bonds.map(|(_, tokens)| tokens));
    // Four degrees of freedom: 18.5 is passed once in a thousand; the seeds are fixed.
    assert!(square < 18.5, "{counts:?}: {square}");
}

#[test]
fn draws_follow_the_stake_of_those_who_can_lock() {
    // V4 may work and has a weight, but a seat locks half a token more than it has; V3's stake has
    // gone when the seats are drawn. The others share by what they had, whatever came since.
    let bonds = [("V1", 400), ("V2", 200), ("V3", 150), ("V4", 100), ("V5", 200), ("V6", 200)];
    let counts = draws_while(&bonds, 1_500, |world| {
        let (role, amount) = (Role::Validator, Amount::tokens(50));
        world.ok("V3", Command::Unbond(Unbond { role, amount }));
        world.ok("V5", Command::Bond(Bond { role, amount: Amount::tokens(2_000) }));
        world.ok("V6", Command::Unbond(Unbond { role, amount }));
    });
    let square = chi_square(&counts, &[400, 200, 0, 0, 200, 200]);
    // Three degrees of freedom: 16.3 is passed once in a thousand.
    assert!(square < 16.3, "{counts:?}: {square}");
}

#[test]
fn of_many_of_whom_few_can_lock_those_few_are_drawn_by_their_stake() {
    let mut world = World::new(params_with(|raw| {
        raw.verification.audit_lock = Factor::percent(10_000);
        raw.verification.audit_lock_value = Ratio::percent(60);
        raw.verification.pool_min = 0;
    }));
    // Three hundred have 105 each, and a seat locks 106.
    let (role, all) = (Role::Validator, Amount::tokens(50_000));
    for (n, name) in (1..=8).map(|n| format!("V{n}")).enumerate() {
        world.ok(&name, Command::Unbond(Unbond { role, amount: all }));
        if let Some(tokens) = [300, 200].get(n) {
            world.ok(&name, Command::Bond(Bond { role, amount: Amount::tokens(*tokens) }));
        }
    }
    for n in 0..300u16 {
        let mut address = [9; 20];
        address[..2].copy_from_slice(&n.to_le_bytes());
        let (to, asset) = (Address(address), Asset::Stake);
        world.ok("W", Command::Transfer(Transfer { to, asset, amount: Amount::tokens(106) }));
        let poor = world.state.account_id(&to).expect("just opened");
        let bond = Command::Bond(Bond { role, amount: Amount::tokens(105) });
        let bond = world::authenticated(&world.state, poor, bond);
        world.state.apply(&bond, &world::Truth, &mut world.journal).expect("it has 106");
    }
    world.settle_journal();
    let fresh = world.state.clone();
    let mut counts = [0u32; 2];
    for seed in 0..600u32 {
        world.state = fresh.clone();
        let mut preimage = [0; 32];
        preimage[..4].copy_from_slice(&seed.to_le_bytes());
        let mut terms = world.terms();
        (terms.auditors, terms.seed_seal) = (1, seal::seed(&Digest(preimage)));
        let job = world.assign(terms, &[("P2", 10)]);
        // By weight alone hardly any try would meet the two, who have a sixtieth of it all.
        world.commit_with("P2", job, root(None), Digest(preimage));
        let drawn = world.auditors(job)[0];
        counts[["V1", "V2"].iter().position(|name| *name == drawn).expect("able")] += 1;
    }
    let square = chi_square(&counts, &[300, 200]);
    // One degree of freedom: 10.8 is passed once in a thousand.
    assert!(square < 10.8, "{counts:?}: {square}");
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
    let small = quote.collateral_for(Ratio::ZERO, &params().verification);
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

/// What ratings come to, in real numbers: what was said of P1, by whom, and what of it is left.
#[derive(Default)]
struct Said {
    good: f64,
    bad: f64,
    at: u64,
    /// By requester: how much, and until which epoch that is remembered.
    pairs: std::collections::BTreeMap<&'static str, (f64, u64)>,
}

impl Said {
    fn fade(&mut self, now: u64) {
        let left = 0.98f64.powi(i32::try_from(now - self.at).expect("small"));
        (self.good, self.bad, self.at) = (self.good * left, self.bad * left, now);
        self.pairs.retain(|_, (_, until)| *until > now);
    }

    /// Counts a rating as far as its requester may say anything yet; says whether it may.
    fn say(&mut self, who: &'static str, is_good: bool, weight: f64, now: u64) -> bool {
        self.fade(now);
        let (said, _) = self.pairs.entry(who).or_insert((0.0, now + 6));
        let room = (2.0 - *said).max(0.0).min(weight);
        *said += room;
        *(if is_good { &mut self.good } else { &mut self.bad }) += room;
        room > 0.0
    }

    fn leaves(&self) -> f64 {
        0.92 + 0.08 * (1.0 + self.good) / (1.0 + self.good + self.bad)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Jobs at prices between a token and ten, rated or not by three requesters, over epochs.
    #[test]
    fn ratings_count_as_written(
        story in proptest::collection::vec((0usize..3, 1u64..=10, 0u8..3, 0u64..120), 1..14),
    ) {
        let mut world = World::new(params_with(|raw| {
            raw.reputation.rating_share = Ratio::percent(8);
            raw.reputation.rating_pair_max = Factor::percent(200);
            raw.reputation.rating_pair_epochs = earnest_protocol::Epochs::new(6);
        }));
        let (mut twin, id) = (Said::default(), world.operator("P1", Role::Provider));
        for (who, price, rating, wait) in story {
            let who = ["R", "W", "X"][who];
            let mut terms = world.terms();
            (terms.price_max, terms.auditors) = (Amount::tokens(price), 2);
            let job = world.assign_of(who, terms, &[("P1", price)]);
            world.commit_result("P1", job, root(None));
            world.ok(who, Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
            world.blocks(2);
            world.audit(job, root(None));
            world.reveal("P1", job, root(None), root(None));
            world.until_phase(job, Phase::Closed);
            if rating < 2 {
                let said = if rating == 0 { Rating::Good } else { Rating::Bad };
                let got = world.send(who, Command::RateJob(RateJob { job, rating: said }));
                let now = world.state.epoch().count();
                let may = twin.say(who, rating == 0, price as f64 / 10.0, now);
                prop_assert_eq!(got.is_ok(), may, "{:?}", got);
            }
            world.blocks(wait);
            twin.fade(world.state.epoch().count());
            let (score, proven) = (real(world.state.score(id)), real(world.state.proven_score(id)));
            prop_assert!((score - proven * twin.leaves()).abs() < 1e-6, "{} of {}", score, proven);
            prop_assert_eq!(world.state.raters().len(), twin.pairs.len());
        }
    }
}
