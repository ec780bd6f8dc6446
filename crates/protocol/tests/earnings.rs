//! What delegators earn of an operator's pay: the vectors of others, and the laws that make
//! claiming often, splitting, joining late and raising a commission pay nothing.

use earnest_testkit::world;

use earnest_protocol::{
    Address, Amount, Asset, Command, Epochs, Event, Factor, Ratio, RawParams, Role,
    command::*,
    ledger::Pot,
    market::Phase,
    staking::{Commission, SetCommissionRejected},
};
use proptest::prelude::*;
use world::{World, params_with, root};

const ROLE: Role = Role::Provider;
const TOKEN: u64 = 1_000_000_000;

/// Nothing is taken of what a job pays; three times the own stake may be delegated.
fn plain(raw: &mut RawParams) {
    raw.market.take = Ratio::ZERO;
    raw.staking.delegation_max = Factor::percent(300);
    raw.staking.provider_bond_min = Amount::tokens(1);
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

fn delegate_to(world: &mut World, name: &str, (to, role): (&str, Role), units: u64) {
    world.opens(to, role);
    let (operator, amount) = (world.id(to), amount(units));
    world.ok(name, Command::Delegate(Delegate { operator, role, amount }));
}

fn delegate(world: &mut World, name: &str, units: u64) {
    delegate_to(world, name, ("P1", ROLE), units);
}

fn undelegate(world: &mut World, name: &str, units: u64) {
    let (operator, amount) = (world.id("P1"), amount(units));
    world.ok(name, Command::Undelegate(Undelegate { operator, role: ROLE, amount }));
}

fn withdraw(world: &mut World, name: &str) {
    let operator = world.id("P1");
    let withdraw = WithdrawDelegation { operator, role: ROLE };
    world.ok(name, Command::WithdrawDelegation(withdraw));
}

fn commission(role: Role, rate: u64, ceiling: u64) -> Command {
    let (rate, ceiling) = (Ratio::percent(rate), Ratio::percent(ceiling));
    Command::SetCommission(SetCommission { role, rate, ceiling })
}

/// P1 does a job for as much, alone in its auction.
fn work(world: &mut World, pay: u64) {
    let mut terms = world.terms();
    terms.price_max = amount(pay);
    let job = world.post(terms);
    let (price, salt) = (amount(pay), earnest_protocol::Digest([5; 32]));
    let seal = world.seal_bid("P1", job, price);
    world.ok("P1", Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    world.ok("P1", Command::RevealBid(RevealBid { job, price, salt }));
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).paid, amount(pay));
}

/// What a name has earned of P1's pay and was not paid, in base units.
fn earned(world: &World, name: &str) -> u64 {
    let held = world.state.delegation(world.id(name), world.operator("P1", ROLE));
    held.map_or(0, |held| world.state.delegation_earned(held).units())
}

/// What P1 kept of each pay, in base units.
fn kept(world: &World) -> Vec<u64> {
    world.seen(|event| match event {
        Event::Paid { role: Role::Provider, amount, .. } => Some(amount.units()),
        _ => None,
    })
}

fn rewards(world: &World) -> u64 {
    world.state.balance(Pot::DelegationRewards(world.operator("P1", ROLE))).units()
}

/// COS9 (Cosmos SDK, x/distribution/keeper/allocation_test.go): of 49, a commission of a half keeps
/// 24.5 and leaves 24.5 to all stake; one of nothing leaves 49. Here half of the stake is the
/// operator's own.
#[test]
fn cos9_the_commission_comes_first_and_the_rest_is_shared_by_stake() {
    for (rate, commission_of, shared) in [(50, 24_500_000_000, 24_500_000_000), (0, 0, 49 * TOKEN)]
    {
        let mut world = World::new(params_with(plain));
        world.ok("P1", commission(ROLE, rate, 100));
        delegate(&mut world, "W", 50_000 * TOKEN);
        work(&mut world, 49 * TOKEN);
        // What the index drops, less than a unit, is nobody's.
        assert_eq!(earned(&world, "W"), shared / 2 - 1);
        assert_eq!(kept(&world), [commission_of + shared / 2]);
    }
}

/// COS11 (Cosmos SDK, x/staking/types/commission_test.go): a rate of 40 % with a ceiling of 80 %
/// and steps of 10 % a day. Two days later 50 % and 10 % are lawful, 60 % and 90 % are not.
#[test]
fn cos11_a_commission_rises_in_steps_below_its_ceiling_and_falls_at_will() {
    let mut world = World::new(params_with(|raw| {
        raw.staking.commission_raise_max = Ratio::percent(10);
        raw.staking.commission_wait_epochs = Epochs::new(24);
    }));
    world.ok("P1", commission(ROLE, 40, 80));
    let refused = |world: &mut World, command: Command| {
        let refused = world.send("P1", command);
        let Err(earnest_protocol::Rejected::SetCommission(why)) = refused else {
            panic!("{refused:?}")
        };
        why
    };
    let why = refused(&mut world, commission(ROLE, 50, 80));
    assert!(matches!(why, SetCommissionRejected::TooSoon { .. }), "{why:?}");
    world.blocks(50 * 48);
    let why = refused(&mut world, commission(ROLE, 60, 80));
    let (wanted, max) = (Ratio::percent(60), Ratio::percent(50));
    assert_eq!(why, SetCommissionRejected::RaisedTooMuch { wanted, max });
    let why = refused(&mut world, commission(ROLE, 90, 90));
    let (wanted, ceiling) = (Ratio::percent(90), Ratio::percent(80));
    assert_eq!(why, SetCommissionRejected::CeilingRaised { wanted, ceiling });
    let before = world.state.clone();
    world.ok("P1", commission(ROLE, 50, 80));
    world.state = before;
    world.ok("P1", commission(ROLE, 10, 80));
}

#[test]
fn an_operator_whose_commission_is_everything_keeps_everything() {
    let mut world = World::new(params_with(plain));
    delegate(&mut world, "W", 50_000 * TOKEN);
    world.blocks(50 * 24);
    world.ok("P1", commission(ROLE, 100, 100));
    work(&mut world, 10 * TOKEN);
    assert_eq!((kept(&world), earned(&world, "W")), (vec![10 * TOKEN], 0));
    let other = world.state.delegation_pool(world.operator("P2", ROLE)).expect("bonded");
    assert_eq!(other.commission, Commission::default(), "as it is until it is set");
}

#[test]
fn an_auditor_shares_its_fee_with_those_who_delegated_to_it() {
    let mut world = World::new(params_with(plain));
    let role = Role::Validator;
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        world.ok(name, commission(role, 20, 20));
        delegate_to(&mut world, "W", (name, role), 1_000 * TOKEN);
    }
    work(&mut world, 10 * TOKEN);
    let shares = world.seen(|event| match event {
        Event::DelegationEarned { amount, .. } => Some(amount.units()),
        _ => None,
    });
    // Two fees of one token, each less a fifth, times 1,000 / (50,000 + 1,000) (up).
    let each = (TOKEN * 8 / 10 * 1_000).div_ceil(51_000);
    assert_eq!(shares, [each, each]);
    let paid = world.seen(|event| match event {
        Event::Paid { role: Role::Validator, amount, .. } => Some(amount.units()),
        _ => None,
    });
    assert_eq!(paid, [TOKEN - each, TOKEN - each]);
}

#[test]
fn who_joins_late_or_has_begun_to_leave_earns_nothing_of_what_was_paid_without_it() {
    let mut world = World::new(params_with(plain));
    world.ok("P1", commission(ROLE, 0, 0));
    delegate(&mut world, "W", 1_000 * TOKEN);
    work(&mut world, 10 * TOKEN);
    let first = earned(&world, "W");
    delegate(&mut world, "X", 1_000 * TOKEN);
    undelegate(&mut world, "W", 1_000 * TOKEN);
    assert_eq!(earned(&world, "X"), 0);
    work(&mut world, 10 * TOKEN);
    assert_eq!(earned(&world, "W"), first, "what was earned stays");
    let of_second = earned(&world, "X");
    assert!(of_second.abs_diff(first) <= 1, "{of_second} and {first}");
    // What is earned may be claimed while the stake still leaves, and the row goes once all has.
    let before = world.wealth("W");
    withdraw(&mut world, "W");
    assert_eq!((earned(&world, "W"), world.wealth("W")), (0, before - 2_000));
    world.blocks(50 * 103);
    withdraw(&mut world, "W");
    assert!(world.state.account(world.id("W")).expect("known").delegations.is_empty());
}

#[test]
fn what_was_earned_outlives_the_shares_that_earned_it() {
    let mut world = World::new(params_with(|raw| {
        plain(raw);
        raw.slashing.share_max = Ratio::ONE;
        (raw.slashing.wrong_result, raw.slashing.copied_root) = (Ratio::ONE, Ratio::ONE);
    }));
    world.ok("P1", commission(ROLE, 0, 0));
    delegate(&mut world, "W", 1_000 * TOKEN);
    work(&mut world, 10 * TOKEN);
    let first = earned(&world, "W");
    let (job, wrong) = (world.assign(world.terms(), &[("P1", 10)]), root(Some(3)));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    let pool = world.state.delegation_pool(world.operator("P1", ROLE)).expect("bonded");
    assert_eq!((pool.shares.generation(), pool.shares.amount()), (1, Amount::ZERO));
    assert_eq!(earned(&world, "W"), first);

    // The next generation earns for itself alone.
    world.blocks(50 * 30);
    world.ok("P1", Command::Bond(Bond { role: ROLE, amount: Amount::tokens(20_000) }));
    world.ok("P1", Command::Unjail(Unjail { role: ROLE }));
    delegate(&mut world, "X", 1_000 * TOKEN);
    work(&mut world, 10 * TOKEN);
    assert_eq!((earned(&world, "W"), earned(&world, "X") > 0), (first, true));
    withdraw(&mut world, "W");
    assert_eq!(world.state.delegations().count(), 1, "a void and paid delegation is forgotten");
    assert!(rewards(&world) >= earned(&world, "X"));
}

/// Whoever delegates knows the most that it will be asked: no sequence of changes goes further.
#[test]
fn m19_a_commission_never_runs_ahead_of_what_was_promised() {
    let mut world = World::new(params_with(|raw| {
        plain(raw);
        raw.staking.commission_raise_max = Ratio::percent(3);
        raw.staking.commission_wait_epochs = Epochs::new(2);
    }));
    world.ok("P1", commission(ROLE, 5, 12));
    delegate(&mut world, "W", 1_000 * TOKEN);
    let operator = world.operator("P1", ROLE);
    let (start, mut most) = (world.state.epoch(), Ratio::ZERO);
    for round in 0..24 {
        // As much as it gets away with; a fall first buys no larger step.
        let tries = (0..=14).rev().chain([100]);
        for rate in (round == 3).then_some(2).into_iter().chain(tries) {
            for ceiling in [12, 100] {
                let _refused = world.send("P1", commission(ROLE, rate, ceiling));
            }
        }
        let now = world.state.delegation_pool(operator).expect("bonded").commission.rate;
        let steps = world.state.epoch().since(start).count() / 2;
        let promised = Ratio::percent((5 + 3 * steps).min(12));
        assert!(now <= promised, "{now:?} after {steps}");
        most = most.max(now);
        world.blocks(25);
    }
    assert_eq!(most, Ratio::percent(12), "it does get there");
}

/// What a paid job, and then a conviction, tell and move while so many delegate to P1.
fn told(delegators: u16) -> [usize; 2] {
    let mut world = World::new(params_with(|raw| {
        plain(raw);
        (raw.slashing.wrong_result, raw.slashing.copied_root) =
            (Ratio::percent(50), Ratio::percent(50));
        raw.slashing.share_max = Ratio::percent(50);
    }));
    world.ok("P1", commission(ROLE, 10, 10));
    let operator = world.id("P1");
    for n in 0..delegators {
        let mut address = [9; 20];
        address[..2].copy_from_slice(&n.to_le_bytes());
        let (to, asset) = (Address(address), Asset::Stake);
        world.ok("X", Command::Transfer(Transfer { to, asset, amount: Amount::tokens(2) }));
        let delegator = world.state.account_id(&to).expect("just opened");
        let amount = Amount::tokens(1);
        let command = Command::Delegate(Delegate { operator, role: ROLE, amount });
        let command = world::authenticated(&world.state, delegator, command);
        world.state.apply(&command, &world::Truth, &mut world.journal).expect("it has two");
    }
    world.settle_journal();
    let start = world.events.len();
    work(&mut world, 10 * TOKEN);
    let paid = world.events.len() - start;
    let (job, wrong) = (world.assign(world.terms(), &[("P1", 10)]), root(Some(3)));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    [paid, world.events.len() - start - paid]
}

#[test]
fn a_payment_and_a_slash_tell_as_much_with_two_delegators_as_with_two_hundred() {
    assert_eq!(told(2), told(200));
}

/// Jobs with these pays, while the named ones have as much delegated; who claims after each job has
/// claimed before the end. What each has got in all.
fn earnings(parts: &[(&str, u64)], pays: &[u64], claims_often: bool) -> Vec<u64> {
    let mut world = World::new(params_with(plain));
    world.ok("P1", commission(ROLE, 10, 10));
    let start: Vec<u64> = parts.iter().map(|(name, _)| world.wealth(name)).collect();
    let mut fees = vec![1_000; parts.len()];
    for &(name, units) in parts {
        delegate(&mut world, name, units);
    }
    for pay in pays {
        work(&mut world, *pay);
        for (place, (name, _)) in parts.iter().enumerate() {
            if claims_often && earned(&world, name) > 0 {
                withdraw(&mut world, name);
                fees[place] += 2_000;
            }
        }
    }
    let left: u64 = parts.iter().map(|(name, _)| earned(&world, name)).sum();
    // All who earned, and what the index dropped: less than a unit a pay and one for each holder.
    let dust = rewards(&world) - left;
    assert!(dust <= (pays.len() + parts.len()) as u64, "{dust}");
    let now = parts.iter().map(|(name, _)| world.wealth(name));
    now.zip(start).zip(fees).map(|((now, start), fees)| now + fees - start).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn claimed_often_or_once_is_the_same_to_the_unit(
        own in TOKEN..10_000 * TOKEN,
        other in TOKEN..10_000 * TOKEN,
        pays in proptest::collection::vec(1_000_000..10 * TOKEN, 1..4),
    ) {
        let parts = [("W", own), ("X", other)];
        prop_assert_eq!(earnings(&parts, &pays, true), earnings(&parts, &pays, false));
    }

    #[test]
    fn many_and_one_of_their_sum_earn_the_same_to_a_unit_each(
        parts in proptest::collection::vec(TOKEN..10_000 * TOKEN, 2..5),
        other in TOKEN..10_000 * TOKEN,
        pays in proptest::collection::vec(1_000_000..10 * TOKEN, 1..3),
    ) {
        let names = ["W", "X", "P2", "P3"];
        let split: Vec<(&str, u64)> = names.into_iter().zip(parts.iter().copied()).collect();
        let with = |own: &[(&'static str, u64)]| [&[("V1", other)], own].concat();
        let one = earnings(&with(&[("W", parts.iter().sum())]), &pays, false);
        let many = earnings(&with(&split), &pays, false);
        prop_assert_eq!(one[0], many[0], "whoever else is there neither gains nor loses");
        let (one, many) = (one[1], many[1..].iter().sum::<u64>());
        prop_assert!(many <= one && one <= many + parts.len() as u64, "{} or {}", one, many);
    }

    /// The twin: real numbers, and nothing of the code but the rule.
    #[test]
    fn shares_of_a_pay_are_those_of_the_mechanism(
        parts in proptest::collection::vec(TOKEN..10_000 * TOKEN, 1..4),
        pay in 1_000_000..10 * TOKEN,
    ) {
        let names = ["W", "X", "P2"];
        let split: Vec<(&str, u64)> = names.into_iter().zip(parts.iter().copied()).collect();
        let all = parts.iter().sum::<u64>() as f64;
        let own = 50_000.0 * TOKEN as f64;
        for (got, part) in earnings(&split, &[pay], false).iter().zip(&parts) {
            let exact = pay as f64 * 0.9 * all / (own + all) * *part as f64 / all;
            prop_assert!((*got as f64 - exact).abs() < 2.0, "{} or {}", got, exact);
        }
    }
}
