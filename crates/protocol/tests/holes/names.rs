//! What a name costs: p09.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Digest, Factor, Gas, JobId, Ratio,
    command::*,
    ledger::{Assets, Pot},
    market::{Outcome, Phase},
};

use super::{FEE, POST_FEE, TOKEN, ok_as, signed, sybil, wealth_of};
use crate::world::{World, params, params_with, root};
use earnest_protocol::{AccountId, Role};

/// Terms of a job of almost no gas at this price, so that nothing but the price counts.
fn cheap(world: &World, price: Amount) -> PostJob {
    let mut terms = world.terms();
    (terms.audit_rate, terms.auditors, terms.price_max) = (Ratio::percent(2), 1, price);
    (terms.task.step_gas_max, terms.task.gas_bound) = (Gas::new(2_000), Gas::new(2_000));
    terms.task.steps = 1;
    terms
}

/// P1 does a job of `who`'s, alone, and is paid its ceiling.
fn deal(world: &mut World, who: AccountId, price: Amount) {
    let job = JobId::new(world.state.job_counts().posted);
    let terms = cheap(world, price);
    ok_as(world, who, Command::PostJob(terms));
    world.bid("P1", job, 0);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 0);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.commit_result("P1", job, root(None));
    ok_as(world, who, Command::OpenSeed(OpenSeed { job, preimage: Digest([4; 32]) }));
    world.blocks(2);
    if world.phase(job) == Phase::Auditing {
        world.audit(job, root(None));
        let auditors = world.auditors(job);
        world.reveal_result("P1", job, root(None));
        auditors.iter().for_each(|name| world.reveal_verdict(name, job, root(None)));
    } else {
        world.reveal_result("P1", job, root(None));
    }
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

fn evidence(world: &World) -> u64 {
    let operator = world.operator("P1", Role::Provider);
    world.state.reputation(operator).correctness.success.parts()
}

fn burnt(world: &World) -> i64 {
    signed(world.state.balance(Pot::Burnt(world.state.assets().payment())).units())
}

/// An epoch so long that nothing fades.
fn long(change: impl FnOnce(&mut earnest_protocol::RawParams)) -> World {
    World::new(params_with(|raw| {
        raw.chain.epoch_blocks = Blocks::new(100_000);
        change(raw);
    }))
}

/// p09: a cap for each pair of requester and provider capped nothing, for requesters are free; it
/// is gone. A name has a price: evidence · unit / `burn_multiple` in burnt fees, whoever asked,
/// in however many jobs: a quarter of a token for an event, at the defaults.
#[test]
fn a_name_is_worth_what_was_burnt_for_it_whoever_asked() {
    let prices = [1, 7, 39, 40, 41, 1_000_000_007, 10 * TOKEN, 10 * TOKEN + 1, 100 * TOKEN];
    for price in prices {
        let mut world = long(|_| {});
        let (who, _) = sybil(&mut world, 1, 200);
        let before = burnt(&world);
        let fees = |world: &World| {
            let take = burnt(world) - before;
            // The posting and the bid, the acceptance: six transfers' worth, besides the take.
            take - POST_FEE - 2 * FEE
        };
        deal(&mut world, who, super::amount(price));
        let (paid, parts) = (fees(&world), i128::from(evidence(&world)));
        let worth = parts * i128::from(10 * TOKEN);
        assert!(i128::from(paid) * 40 * i128::from(TOKEN) >= worth, "{price}: {paid} for {parts}");
        // To the unit: half of a take of 5 %, and at most one event.
        let take = (price + 19) / 20;
        assert_eq!(paid, (take + 1) / 2);
        let justified = price.min(40 * paid).min(10 * TOKEN);
        assert_eq!(parts, i128::from(justified) / 10);
    }
}

/// p09: twelve requesters of one's own buy no more than one does, and what they buy fades.
#[test]
fn many_requesters_buy_no_more_than_one() {
    let score = |requesters: u16| {
        let mut world = long(|_| {});
        let own: Vec<_> = (0..requesters).map(|n| sybil(&mut world, n, 130).0).collect();
        let before = wealth_of(&world, &own) + world.coalition(&["P1"]);
        for n in 0..12 {
            deal(&mut world, own[n % own.len()], Amount::tokens(10));
        }
        let cost = before - wealth_of(&world, &own) - world.coalition(&["P1"]);
        // The whole take goes: half of it burns.
        assert!(cost >= 12 * TOKEN / 2, "{cost}");
        assert_eq!(evidence(&world), 12 * 1_000_000_000);
        (world.state.score(world.operator("P1", Role::Provider)), cost)
    };
    let ((one, cost), (many, more)) = (score(1), score(12));
    assert_eq!(one, many);
    assert!((cost - more).abs() < TOKEN / 10, "{cost} and {more}: but for drawn audits");
}

/// p09: where nothing is burnt, nothing is learnt, and a network that gives up its take gives up
/// reputation with it.
#[test]
fn where_nothing_burns_no_name_is_made() {
    let mut free = long(|raw| raw.market.take = Ratio::ZERO);
    let (who, _) = sybil(&mut free, 1, 100);
    deal(&mut free, who, Amount::tokens(10));
    assert_eq!(evidence(&free), 0);
    let mut kept = long(|raw| raw.market.take_burn = Ratio::ZERO);
    let (who, _) = sybil(&mut kept, 1, 100);
    deal(&mut kept, who, Amount::tokens(10));
    assert_eq!(evidence(&kept), 0);
    let mut half = long(|raw| raw.reputation.burn_multiple = Factor::percent(2_000));
    let (who, _) = sybil(&mut half, 1, 100);
    deal(&mut half, who, Amount::tokens(10));
    assert_eq!(evidence(&half), 500_000_000, "at half the multiple a name costs twice as much");
}

/// p09: what is burnt is burnt in the asset that pays, and no stake makes a name.
#[test]
fn of_two_assets_the_one_that_pays_buys_the_name() {
    let mut world = World::with_assets(params(), Assets::Dual);
    let (who, _) = sybil(&mut world, 1, 100);
    let stake = world.state.balance(Pot::Burnt(Asset::Stake));
    deal(&mut world, who, Amount::tokens(10));
    assert_eq!(world.state.balance(Pot::Burnt(Asset::Stake)), stake);
    assert!(evidence(&world) > 0);
}
