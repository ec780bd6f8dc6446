//! Sealing and opening prices.

use earnest_protocol::{
    Command, Digest, Epoch, Epochs, Factor, RawParams, Role,
    command::{OpenPrice, SealPrice, Unbond},
    market::PostJobRejected,
    prices::{OpenPriceRejected, SealPriceRejected},
};
use earnest_testkit::prices::{SALT, agree, cents, next_epoch, opening, sealing, seals};

use crate::{Row, row, world::World};

fn feed(raw: &mut RawParams) {
    raw.prices.average_epochs = Epochs::new(4);
    raw.prices.stale_epochs = Epochs::new(2);
}

fn of(expected: SealPriceRejected, story: fn(&mut World) -> (&'static str, Command)) -> Row {
    row(expected, story).under(feed).dual()
}

fn opens(expected: OpenPriceRejected, story: fn(&mut World) -> (&'static str, Command)) -> Row {
    row(expected, story).under(feed).dual()
}

fn seal_of(epoch: u64) -> Command {
    Command::SealPrice(SealPrice { epoch: Epoch::new(epoch), seal: Digest::ZERO })
}

fn opening_of(epoch: u64) -> Command {
    let epoch = Epoch::new(epoch);
    Command::OpenPrice(OpenPrice { epoch, price: cents(100), salt: SALT })
}

/// V1 has sealed a price in epoch 1, and it is epoch 2.
fn sealed(world: &mut World) {
    next_epoch(world);
    seals(world, "V1", cents(100)).expect("it may");
    next_epoch(world);
}

pub(crate) fn rows() -> Vec<Row> {
    let (got, now) = (Epoch::new(0), Epoch::new(1));
    let begins = Epoch::new(1);
    let (counted, stale, limit) = (Epoch::new(3), Epoch::new(5), Epochs::new(2));
    vec![
        row(SealPriceRejected::FeedOff, |_| ("V1", seal_of(0))),
        of(SealPriceRejected::WrongEpoch { got, now }, |world| {
            next_epoch(world);
            ("V1", seal_of(0))
        }),
        of(SealPriceRejected::NotAValidator, |world| {
            next_epoch(world);
            ("P1", seal_of(1))
        }),
        of(SealPriceRejected::NotBegun { begins }, |_| ("V1", seal_of(0))),
        of(SealPriceRejected::NoWeight { epoch: now }, |world| {
            let amount = world.state.balance(earnest_protocol::ledger::Pot::Bond(
                world.operator("V1", Role::Validator),
            ));
            world.ok("V1", Command::Unbond(Unbond { role: Role::Validator, amount }));
            next_epoch(world);
            ("V1", seal_of(1))
        }),
        of(SealPriceRejected::AlreadySealed, |world| {
            next_epoch(world);
            seals(world, "V1", cents(100)).expect("it may");
            ("V1", sealing(&world.state, world.id("V1"), cents(101)))
        }),
        row(OpenPriceRejected::FeedOff, |_| ("V1", opening_of(0))),
        opens(OpenPriceRejected::WrongEpoch { got: now, now }, |world| {
            next_epoch(world);
            ("V1", opening_of(1))
        }),
        opens(OpenPriceRejected::NotAValidator, |world| {
            next_epoch(world);
            ("P1", opening_of(0))
        }),
        opens(OpenPriceRejected::NothingSealed, |world| {
            sealed(world);
            ("V2", opening_of(1))
        }),
        opens(OpenPriceRejected::AlreadyOpened, |world| {
            sealed(world);
            world.ok("V1", opening_of(1));
            ("V1", opening_of(1))
        }),
        opens(OpenPriceRejected::PriceMustBePositive, |world| {
            next_epoch(world);
            seals(world, "V1", Factor::ZERO).expect("nobody sees it");
            next_epoch(world);
            ("V1", opening(&world.state, Factor::ZERO))
        }),
        opens(OpenPriceRejected::SealMismatch, |world| {
            sealed(world);
            ("V1", opening(&world.state, cents(101)))
        }),
        row(PostJobRejected::PriceStale { counted, now: stale, limit }, |world| {
            next_epoch(world);
            agree(world, cents(100), 1);
            next_epoch(world);
            next_epoch(world);
            ("R", Command::PostJob(world.terms()))
        })
        .under(feed)
        .dual(),
    ]
}
