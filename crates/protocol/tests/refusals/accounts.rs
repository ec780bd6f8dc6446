//! Transactions, transfers and bonds.

use earnest_protocol::{
    Address, Amount, Asset, Command, Epoch, Epochs, Factor, Height, RawParams, Role,
    accounts::{AuthoriseKeyRejected, RevokeKeyRejected, TransferRejected},
    command::*,
    rewards::ClaimRewardsRejected,
    staking::{
        BondRejected, CancelUnbondRejected, LockBondRejected, UnbondRejected, UnjailRejected,
    },
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

fn cancel(tokens: u64) -> Command {
    Command::CancelUnbond(CancelUnbond { role: PROVIDER, amount: Amount::tokens(tokens) })
}

fn authorise(key: Address, expires: u64) -> Command {
    let (scope, expires) = (Scope::Provide, Height::new(expires));
    Command::AuthoriseKey(AuthoriseKey { key, scope, expires, spend_max: Amount::tokens(1) })
}

fn key(number: u8) -> Address {
    Address([number; 20])
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

fn keys() -> Vec<Row> {
    vec![
        row(AuthoriseKeyRejected::OwnKey, |world| ("P1", authorise(world.address("P1"), 0))),
        row(
            AuthoriseKeyRejected::AlreadyExpired {
                expires: Height::new(1),
                height: Height::new(2),
            },
            |world| {
                world.block();
                ("P1", authorise(key(9), 1))
            },
        ),
        row(AuthoriseKeyRejected::KeysAtLimit { limit: 16 }, |world| {
            (1..=16).for_each(|number| world.ok("P1", authorise(key(number), 9)));
            world.ok("P1", authorise(key(16), 10));
            ("P1", authorise(key(17), 9))
        }),
        row(RevokeKeyRejected::NotAuthorised, |world| {
            world.ok("P1", authorise(key(9), 9));
            ("P2", Command::RevokeKey(RevokeKey { key: key(9) }))
        }),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = keys();
    rows.extend(money());
    rows.extend(cancels());
    rows.extend(locks());
    rows
}

fn cancels() -> Vec<Row> {
    let tokens = Amount::tokens;
    vec![
        row(CancelUnbondRejected::AmountMustBePositive, |_| ("P1", cancel(0))),
        row(CancelUnbondRejected::NotAnOperator, |_| ("W", cancel(1))),
        row(
            CancelUnbondRejected::ExceedsUnbonding { wanted: tokens(8), unbonding: tokens(7) },
            |world| {
                world.ok("P1", unbond(4));
                world.ok("P1", unbond(3));
                ("P1", cancel(8))
            },
        ),
        row(
            CancelUnbondRejected::BelowMinimum { wanted: tokens(99), minimum: tokens(100) },
            |world| {
                world.ok("P1", unbond(50_000));
                ("P1", cancel(99))
            },
        ),
    ]
}

fn lock(tokens: u64, epochs: u64) -> Command {
    let (amount, epochs) = (Amount::tokens(tokens), Epochs::new(epochs));
    Command::LockBond(LockBond { role: PROVIDER, amount, epochs })
}

fn locking(params: &mut RawParams) {
    params.staking.lock_boost = Factor::percent(400);
    params.staking.lock_epochs_max = Epochs::new(365);
}

fn locks() -> Vec<Row> {
    let tokens = Amount::tokens;
    let out = |wanted: u64| LockBondRejected::EpochsOutOfRange {
        wanted: Epochs::new(wanted),
        max: Epochs::new(365),
    };
    let rows = vec![
        row(LockBondRejected::AmountMustBePositive, |_| ("P1", lock(0, 0))),
        row(out(0), |_| ("P1", lock(1, 0))),
        row(out(366), |_| ("W", lock(1, 366))),
        row(LockBondRejected::NotAnOperator, |_| ("W", lock(1, 365))),
        row(
            LockBondRejected::ExceedsStake { wanted: tokens(50_001), stake: tokens(50_000) },
            |_| ("P1", lock(50_001, 1)),
        ),
        row(LockBondRejected::BelowLocked { wanted: tokens(6), locked: tokens(7) }, |world| {
            world.ok("P1", lock(7, 3));
            ("P1", lock(6, 2))
        }),
        row(
            LockBondRejected::EndsSooner { wanted: Epoch::new(2), until: Epoch::new(3) },
            |world| {
                world.ok("P1", lock(7, 3));
                ("P1", lock(8, 2))
            },
        ),
        row(
            UnbondRejected::Locked {
                wanted: tokens(49_994),
                unlocked: tokens(49_993),
                until: Epoch::new(3),
            },
            |world| {
                world.ok("P1", lock(7, 3));
                ("P1", unbond(49_994))
            },
        ),
    ];
    let mut rows: Vec<Row> = rows.into_iter().map(|row| row.under(locking)).collect();
    rows.push(row(LockBondRejected::NotOffered, |_| ("P1", lock(0, 0))));
    rows
}

fn money() -> Vec<Row> {
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
        row(BondRejected::NotOffered, |_| {
            ("R", Command::Bond(Bond { role: Role::Access, amount: Amount::tokens(1) }))
        }),
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
