//! Attacks on emission: paying oneself, and claiming ahead of a conviction.

use earnest_protocol::{
    Amount, Blocks, Command, Epoch, Epochs, JobId, Ratio, RawParams, Role, command::*,
    market::Phase,
};
use proptest::prelude::*;

use crate::world::{World, params_with, root};

/// Everyone that a requester who pays itself may be: its provider and every validator.
const SELF: [&str; 10] = ["R", "P1", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];

/// Ratios in parts per billion, amounts in base units.
#[derive(Clone, Copy, Debug)]
struct Emission {
    per_epoch: u64,
    cap: u64,
    auditors_share: u64,
    stake_share: u64,
    take: u64,
    take_burn: u64,
}

fn world_with(emission: Emission) -> World {
    let ratio = |parts| Ratio::new(parts).expect("a share");
    World::new(params_with(|raw: &mut RawParams| {
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = Amount::new(emission.per_epoch).expect("small");
        raw.rewards.emission_cap = ratio(emission.cap);
        raw.rewards.validator_share = ratio(emission.auditors_share);
        raw.rewards.stake_share = ratio(emission.stake_share);
        raw.market.take = ratio(emission.take);
        raw.market.take_burn = ratio(emission.take_burn);
        // Nothing else costs anything: what is lost is lost to the rule alone.
        raw.chain.base_fee = Amount::ZERO;
        raw.chain.epoch_blocks = Blocks::new(200);
    }))
}

/// `name` pays `price` for a job that `provider` does alone.
fn job(world: &mut World, name: &str, provider: &str, price: u64) -> JobId {
    let mut terms = world.terms();
    terms.price_max = Amount::new(price).expect("small");
    let job = world.post_of(name, terms);
    let seal = world.seal_bid(provider, job, Amount::new(price).expect("small"));
    world.ok(provider, Command::CommitBid(CommitBid { job, seal }));
    world.until_phase(job, Phase::RevealingBids);
    let price = Amount::new(price).expect("small");
    let salt = earnest_protocol::Digest([5; 32]);
    world.ok(provider, Command::RevealBid(RevealBid { job, price, salt }));
    world.until_phase(job, Phase::Offered);
    world.ok(provider, Command::AcceptJob(AcceptJob { job }));
    world.commit_result(provider, job, root(None));
    world
        .ok(name, Command::OpenSeed(OpenSeed { job, preimage: earnest_protocol::Digest([4; 32]) }));
    world.blocks(2);
    world.audit(job, root(None));
    world.reveal(provider, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    job
}

/// What insurance and treasury hold: even a coalition that is the whole network loses.
fn common(world: &World) -> i64 {
    let asset = earnest_protocol::Asset::Stake;
    let pots = [
        earnest_protocol::ledger::Pot::Insurance(asset),
        earnest_protocol::ledger::Pot::Treasury(asset),
    ];
    pots.iter().map(|pot| i64::try_from(world.state.balance(*pot).units()).expect("small")).sum()
}

fn burnt(world: &World) -> i64 {
    let fire = earnest_protocol::ledger::Pot::Burnt(earnest_protocol::Asset::Stake);
    i64::try_from(world.state.balance(fire).units()).expect("small")
}

fn end_epoch(world: &mut World) {
    let next = world.state.epoch().after(Epochs::new(1));
    while world.state.epoch() < next {
        world.block();
    }
}

fn emissions() -> impl Strategy<Value = Emission> {
    let share = || prop_oneof![0..=1_000_000_000u64, Just(1_000_000_000)];
    let per_epoch = prop_oneof![0..100u64, 0..1u64 << 40, Just(1 << 60)];
    let shares = (share(), share());
    (per_epoch, 0..1_000_000_000u64, shares, 1..=1_000_000_000u64, share()).prop_map(
        |(per_epoch, cap, (auditors_share, stake_share), take, take_burn)| Emission {
            per_epoch,
            cap,
            auditors_share,
            stake_share,
            take: take.min(500_000_000),
            take_burn,
        },
    )
}

/// What X and P2, and then R and P1, do in one epoch; what the coalition has of it and what burnt.
fn season(emission: Emission, others: &[u64], own: &[u64]) -> (i64, i64) {
    let mut world = world_with(emission);
    others.iter().for_each(|price| _ = job(&mut world, "X", "P2", *price));
    own.iter().for_each(|price| _ = job(&mut world, "R", "P1", *price));
    assert_eq!(world.state.epoch(), Epoch::ZERO);
    end_epoch(&mut world);
    (world.coalition(&SELF) + common(&world), burnt(&world))
}

/// What rounding may be worth to nine claimants, in base units.
const DUST: i64 = 9;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// At every emission E, cap, take and burnt share b, beside every volume X of others and for
    /// every volume x of its own: it loses what burns but for the cap's part of it.
    #[test]
    fn m24_who_pays_itself_loses_at_every_volume(
        emission in emissions(),
        own in proptest::collection::vec(1..20_000_000_000u64, 1..4),
        others in proptest::collection::vec(1..20_000_000_000u64, 0..2),
    ) {
        let (idle, burnt_by_others) = season(emission, &others, &[]);
        let (wealth, burnt) = season(emission, &others, &own);
        let (gain, own_burnt) = (wealth - idle, burnt - burnt_by_others);
        let back = i128::from(own_burnt) * i128::from(emission.cap) / 1_000_000_000;
        let loss = own_burnt - i64::try_from(back).expect("a part of it");
        prop_assert!(gain <= DUST - loss, "{gain}, of {own_burnt} burnt {loss} must be lost");
    }
}

/// Who is about to be convicted collects first: it keeps what had vested, as it would have anyway,
/// and what had not is slashed; to claim just before gains nothing.
#[test]
fn who_claims_ahead_of_its_conviction_saves_nothing_that_has_not_vested() {
    let lie = |claims: bool| {
        let mut world = world_with(Emission {
            per_epoch: 1 << 50,
            cap: 900_000_000,
            auditors_share: 0,
            stake_share: 0,
            take: 100_000_000,
            take_burn: 1_000_000_000,
        });
        job(&mut world, "R", "P1", 10_000_000_000);
        while world.state.vesting(world.operator("P1", Role::Provider)).ready.is_zero() {
            end_epoch(&mut world);
        }
        let terms = world.terms();
        let wrong = world.assign(terms, &[("P1", 10)]);
        world.commit("P1", wrong, root(Some(3)));
        world.audit(wrong, root(None));
        if claims {
            world.ok("P1", Command::ClaimRewards(ClaimRewards { role: Role::Provider }));
        }
        world.reveal("P1", wrong, root(Some(3)), root(None));
        world.play("P1", wrong, 3, true);
        world.wealth("P1")
    };
    assert_eq!(lie(true), lie(false));
}
