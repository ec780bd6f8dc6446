//! What a block does to fees and epochs, and who can pay for a command.

use earnest_protocol::{
    Amount, Asset, Command, JobId, Ratio, Rejected, Role, TransactionRejected, command::*,
    market::Phase,
};

use super::{FEE, POST_FEE, TOKEN};
use crate::world::{World, params, params_with, root};

/// So many transfers of W's, each of weight 1, and the end of their block; the base fee after it.
fn fee_after(world: &mut World, transfers: u64) -> u64 {
    let (to, asset, amount) = (world.address("X"), Asset::Stake, Amount::UNIT);
    for _ in 0..transfers {
        world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
    }
    world.block();
    world.state.base_fee().units()
}

/// Of a target of four: six transfers raise a fee of 1,000 by ⌈62.5⌉, eight and any more by 125 of
/// a thousand; four leave it, and two lower it by ⌈66.4⌉, but not below where it began.
#[test]
fn the_base_fee_follows_how_full_a_block_was() {
    for (transfers, fees) in
        [([6, 2], [1_063, 1_000]), ([4, 0], [1_000, 1_000]), ([8, 4], [1_125, 1_125])]
    {
        let mut world = World::new(params_with(|raw| raw.chain.block_target = 4));
        world.block();
        assert_eq!(transfers.map(|count| fee_after(&mut world, count)), fees);
    }
    let mut world = World::new(params_with(|raw| raw.chain.block_target = 4));
    let fees = [30, 8, 0].map(|count| fee_after(&mut world, count));
    // ⌈1,125 / 8⌉ = 141 more, and ⌈1,266 / 8⌉ = 159 less.
    assert_eq!(fees, [1_125, 1_266, 1_107]);
}

/// An epoch is fifty blocks, the first from the beginning.
#[test]
fn an_epoch_begins_every_fifty_blocks() {
    let mut world = World::new(params());
    for height in 2..=151 {
        world.block();
        assert_eq!(world.state.height().count(), height);
        let first = world.state.epoch_first().count();
        assert_eq!((world.state.epoch().count(), first), (height / 50, height / 50 * 50));
    }
}

/// What X has left after it spent all but so many units, and what came of `command`.
fn with_units(units: u64, command: &Command) -> (Result<(), Rejected>, u64) {
    let mut world = World::new(params());
    let free = world.wealth("X");
    let (to, asset) = (world.address("W"), Asset::Stake);
    let amount = Amount::new(free - units - 1_000).expect("small");
    world.ok("X", Command::Transfer(Transfer { to, asset, amount }));
    assert_eq!(world.wealth("X"), units);
    let done = world.send("X", command.clone());
    (done, world.wealth("X"))
}

/// Who has just the fee pays it, for a command that is refused as for one that is not; who has a
/// unit less is told so, and keeps it. A move of the protected lane is no other.
#[test]
fn the_last_unit_pays_a_fee() {
    let unbond = Command::Unbond(Unbond { role: Role::Validator, amount: Amount::UNIT });
    let reject = Command::RejectChild(RejectChild { job: JobId::new(7), child: 0 });
    let fee = u64::try_from(FEE).expect("small");
    for command in [unbond, reject] {
        let (refused, left) = with_units(fee, &command);
        let is_poor = |refused| {
            matches!(
                refused,
                Err(Rejected::Transaction(TransactionRejected::FeeExceedsFree { .. }))
            )
        };
        assert!(refused.is_err() && !is_poor(refused) && left == 0, "{refused:?}, {left}");
        let (refused, left) = with_units(fee - 1, &command);
        assert!(is_poor(refused) && left == fee - 1, "{refused:?}, {left}");
    }
}

/// Leaves an account with so many base units.
fn drain(world: &mut World, name: &str, units: i64) {
    let (to, asset) = (world.address("P4"), Asset::Stake);
    let free = world.state.free(world.id(name)).units();
    let left = u64::try_from(units).expect("positive") + 1_000;
    let amount = Amount::new(free - left).expect("small");
    world.ok(name, Command::Transfer(Transfer { to, asset, amount }));
}

/// Who has just what a command takes, and its fee, may send it; who has a unit less may not.
#[test]
fn the_last_unit_is_enough() {
    for missing in [0, 1] {
        let mut world = World::new(params());
        let mut terms = world.terms();
        terms.audit_rate = Ratio::percent(2);
        let job = world.post(terms.clone());
        let sends = |world: &mut World, name: &str, units: i64, command: Command| {
            drain(world, name, units - missing);
            assert_eq!(world.send(name, command).is_ok(), missing == 0, "{name}");
        };
        let (to, asset, amount) = (world.address("P4"), Asset::Stake, Amount::tokens(2));
        let transfer = Command::Transfer(Transfer { to, asset, amount });
        sends(&mut world, "V1", 2 * TOKEN + FEE, transfer);
        let (role, amount) = (Role::Validator, Amount::tokens(200));
        sends(&mut world, "X", 200 * TOKEN + FEE, Command::Bond(Bond { role, amount }));
        // Ten, 4.5 for refilled audits, and a deposit of two.
        let post = Command::PostJob(terms);
        sends(&mut world, "V2", 33 * TOKEN / 2 + POST_FEE, post);
        let seal = world.seal_bid("P2", job, Amount::tokens(4));
        sends(&mut world, "P2", TOKEN + FEE, Command::CommitBid(CommitBid { job, seal }));
        world.bid("P1", job, 1);
        world.until_phase(job, Phase::RevealingBids);
        world.open_bid("P1", job, 1);
        world.until_phase(job, Phase::Offered);
        // 260 kibibytes at a ten-thousandth of a token each.
        let item = DataItem::Input(0);
        let ask = Command::RequestData(RequestData { job, item });
        sends(&mut world, "P1", 26_000_000 + 261 * FEE, ask);
        let (to, amount) = (world.address("P1"), Amount::tokens(1));
        world.ok("P4", Command::Transfer(Transfer { to, asset, amount }));
        world.ok("P1", Command::AcceptJob(AcceptJob { job }));
        world.commit("P1", job, root(None));
        world.reveal_result("P1", job, root(None));
        sends(&mut world, "W", TOKEN + FEE, Command::Challenge(Challenge { job }));
    }
}
