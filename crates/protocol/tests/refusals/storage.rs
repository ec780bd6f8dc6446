//! Bytes that the network keeps, and programs that it holds.

use earnest_protocol::{
    Amount, Blocks, Command, Digest,
    command::{KeepData, PublishProgram, RetireProgram, Transfer},
    storage::{KeepDataRejected, PublishProgramRejected, RetireProgramRejected, program_name},
};

use crate::{
    Row, row,
    world::{World, parts},
};

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

/// A program of two parts, the second of 7,856 bytes.
fn code() -> Vec<u8> {
    [b"program".as_slice(), &[1; 269_993]].concat()
}

fn part(number: usize, change: impl FnOnce(&mut PublishProgram)) -> Command {
    let mut part = parts(&code())[number].clone();
    change(&mut part);
    Command::PublishProgram(part)
}

fn retire() -> Command {
    Command::RetireProgram(RetireProgram { program: program_name(&code()) })
}

/// A kibibyte of deposit costs a thousand units, however full the room.
fn cheap(params: &mut earnest_protocol::RawParams) {
    params.storage.program_deposit_per_kib = units(1_000);
    params.storage.program_deposit_doublings = 0;
}

pub(crate) fn programs() -> Vec<Row> {
    vec![
        row(
            PublishProgramRejected::SizeOutOfRange { wanted: 0, min: 1, max: 4_194_304 },
            |world| {
                world.publish("R", &code());
                ("W", part(0, |part| part.bytes_total = 0))
            },
        ),
        row(PublishProgramRejected::AlreadyPublished, |world| {
            world.ok("W", part(0, |_| {}));
            world.publish("R", &code());
            ("W", part(1, |part| part.bytes_total = 9))
        }),
        row(PublishProgramRejected::SizeChanged { wanted: 300_000, begun: 270_000 }, |world| {
            world.ok("W", part(0, |_| {}));
            ("W", part(0, |part| part.bytes_total = 300_000))
        }),
        row(PublishProgramRejected::PartNotNext { part: 0, next: 1 }, |world| {
            world.ok("W", part(0, |_| {}));
            ("W", part(0, |part| part.bytes.clear()))
        }),
        row(PublishProgramRejected::PartOfOtherSize { got: 262_143, wanted: 262_144 }, |_| {
            ("W", part(0, |part| part.bytes.truncate(262_143)))
        })
        .under(|params| params.storage.program_room_mib = 1),
        row(PublishProgramRejected::RoomFull { wanted_kib: 264, free_kib: 232 }, |world| {
            for number in 0..3 {
                let mut other = code();
                other[7] = 2 + number;
                world.publish("R", &other);
            }
            leave(world, units(300_000));
            ("W", part(0, |_| {}))
        })
        .under(|params| {
            cheap(params);
            params.storage.program_room_mib = 1;
        }),
        row(
            PublishProgramRejected::ExceedsFree { wanted: units(264_000), free: units(263_999) },
            |world| {
                leave(world, units(263_999 + 258_000)); // The fee of the part itself.
                ("W", part(0, |_| {}))
            },
        )
        .under(cheap),
        row(RetireProgramRejected::NotPublished, |_| ("W", retire())),
        row(RetireProgramRejected::NotThePublisher, |world| {
            let program = world.publish("R", &code());
            let terms = world.paged_terms(program);
            world.post(terms);
            ("W", retire())
        }),
        row(RetireProgramRejected::NamedByJobs { jobs: 2 }, |world| {
            let program = world.publish("W", &code());
            for _ in 0..2 {
                let terms = world.paged_terms(program);
                world.post(terms);
            }
            ("W", retire())
        }),
    ]
}
