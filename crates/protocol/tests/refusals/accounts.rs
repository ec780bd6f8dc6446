//! Transactions, transfers and bonds.

use earnest_protocol::{
    Amount, Asset, Command, Epoch, Role,
    accounts::TransferRejected,
    command::*,
    staking::{BondRejected, ClaimRewardsRejected, UnbondRejected, UnjailRejected},
};

use crate::{Row, row, world::World};

const PROVIDER: Role = Role::Provider;

fn transfer(world: &World, asset: Asset, tokens: u64) -> Command {
    let (to, amount) = (world.address("X"), Amount::tokens(tokens));
    Command::Transfer(Transfer { to, asset, amount })
}

fn bond(tokens: u64) -> Command {
    Command::Bond(Bond { role: PROVIDER, amount: Amount::tokens(tokens) })
}

fn unbond(tokens: u64) -> Command {
    Command::Unbond(Unbond { role: PROVIDER, amount: Amount::tokens(tokens) })
}

/// P1 lets a job lapse; one abandonment jails here.
fn jail(world: &mut World) {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.until_phase(job, earnest_protocol::market::Phase::Closed);
}

const FREE: Amount = Amount::tokens(50_000);

fn less_fee(amount: Amount) -> Amount {
    amount.checked_sub(Amount::new(1_000).expect("small")).expect("more than a fee")
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(TransferRejected::AmountMustBePositive, |world| {
            ("W", transfer(world, Asset::Stake, 0))
        }),
        row(TransferRejected::NoSuchAsset, |world| ("W", transfer(world, Asset::Payment, 1))),
        row(
            TransferRejected::ExceedsFree {
                wanted: Amount::tokens(100_000),
                free: less_fee(Amount::tokens(100_000)),
            },
            |world| ("W", transfer(world, Asset::Stake, 100_000)),
        ),
        row(BondRejected::AmountMustBePositive, |_| ("P1", bond(0))),
        row(BondRejected::ExceedsFree { wanted: FREE, free: less_fee(FREE) }, |_| {
            ("P1", bond(50_000))
        }),
        row(
            BondRejected::BelowMinimum { wanted: Amount::tokens(99), minimum: Amount::tokens(100) },
            |_| ("W", bond(99)),
        ),
        row(UnbondRejected::AmountMustBePositive, |_| ("P1", unbond(0))),
        row(UnbondRejected::NotAnOperator, |_| ("W", unbond(1))),
        row(
            UnbondRejected::ExceedsFreeBond { wanted: Amount::tokens(50_001), free_bond: FREE },
            |_| ("P1", unbond(50_001)),
        ),
        row(UnbondRejected::UnbondingsAtLimit { limit: 1 }, |world| {
            world.ok("P1", unbond(1));
            ("P1", unbond(1))
        })
        .under(|params| params.staking.unbondings_max = 1),
        row(UnjailRejected::NotAnOperator, |_| ("W", Command::Unjail(Unjail { role: PROVIDER }))),
        row(UnjailRejected::NotJailed, |_| ("P1", Command::Unjail(Unjail { role: PROVIDER }))),
        row(UnjailRejected::JailedUntil { until: Epoch::new(2), now: Epoch::new(0) }, |world| {
            jail(world);
            ("P1", Command::Unjail(Unjail { role: PROVIDER }))
        })
        .under(|params| params.staking.abandonments_to_jail = 1),
        row(
            UnjailRejected::BelowMinimum {
                stake: Amount::tokens(49),
                minimum: Amount::tokens(100),
            },
            |world| {
                jail(world);
                world.ok("P1", unbond(49_950));
                world.blocks(100);
                ("P1", Command::Unjail(Unjail { role: PROVIDER }))
            },
        )
        .under(|params| params.staking.abandonments_to_jail = 1),
        row(ClaimRewardsRejected::NotAnOperator, |_| {
            ("W", Command::ClaimRewards(ClaimRewards { role: PROVIDER }))
        }),
        row(ClaimRewardsRejected::NothingAccrued, |_| {
            ("P1", Command::ClaimRewards(ClaimRewards { role: PROVIDER }))
        }),
    ]
}
