//! Bytes that the network keeps.

use earnest_protocol::{
    Amount, Blocks, Command, Digest,
    command::{KeepData, Transfer},
    storage::KeepDataRejected,
};

use crate::{Row, row, world::World};

const ROOT: Digest = Digest([7; 32]);

fn keep(kibibytes: u32, blocks: u64) -> Command {
    let (blocks, price_max) = (Blocks::new(blocks), Amount::MAX);
    Command::KeepData(KeepData { root: ROOT, kibibytes, blocks, price_max })
}

/// As much as costs 1,004 units where a mebibyte for a thousand blocks costs 1,000.
fn at_most(price_max: Amount) -> Command {
    let (kibibytes, blocks) = (1_004, Blocks::new(1_024));
    Command::KeepData(KeepData { root: ROOT, kibibytes, blocks, price_max })
}

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

/// W gives all away but so much, fee of the giving aside.
fn leave(world: &mut World, left: Amount) {
    let free = world.state.free(world.id("W"));
    let to = world.address("X");
    let fee = world.state.base_fee();
    let amount = free.checked_sub(left).and_then(|rest| rest.checked_sub(fee)).expect("rich");
    let asset = world.state.assets().payment();
    world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(KeepDataRejected::SizeMustBePositive, |_| ("W", keep(0, 0))),
        row(KeepDataRejected::SizeMustBeWholeBlocks { wanted_kib: 6, block_kib: 4 }, |_| {
            ("W", keep(6, 0))
        }),
        row(KeepDataRejected::TimeMustBePositive, |_| ("W", keep(4, 0))),
        row(
            KeepDataRejected::TooLong { wanted: Blocks::new(172_801), max: Blocks::new(172_800) },
            |_| ("W", keep(u32::MAX - 3, 172_801)),
        ),
        row(KeepDataRejected::RoomFull { wanted_kib: 1_024, free_kib: 1_020 }, |world| {
            world.ok("R", keep(4, 1));
            ("W", keep(1_024, 1))
        })
        .under(|params| params.storage.room_mib = 1),
        row(
            KeepDataRejected::ExceedsPriceMax { price: units(1_004), max: units(1_003) },
            |world| {
                leave(world, units(2_000)); // As below: the price comes before what is free.
                ("W", at_most(units(1_003)))
            },
        )
        .under(|params| (params.storage.price, params.storage.price_doublings) = (units(1_000), 0)),
        row(KeepDataRejected::ExceedsFree { wanted: units(1_004), free: units(1_003) }, |world| {
            leave(world, units(2_003)); // One transfer's fee, and what is missing by one unit.
            ("W", keep(1_004, 1_024))
        })
        .under(|params| (params.storage.price, params.storage.price_doublings) = (units(1_000), 0)),
    ]
}
