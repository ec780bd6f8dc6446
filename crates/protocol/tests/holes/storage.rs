//! What others do with the room while one pays for kept bytes, and how many leave at once.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, KeepId, Rejected,
    command::KeepData,
    storage::{KeepDataRejected, price},
};

use super::{FEE, TOKEN, signed};
use crate::world::{World, params};

fn keep(kibibytes: u32, blocks: u64) -> Command {
    at_most(kibibytes, blocks, Amount::MAX)
}

fn at_most(kibibytes: u32, blocks: u64, price_max: Amount) -> Command {
    let (root, blocks) = (Digest([7; 32]), Blocks::new(blocks));
    Command::KeepData(KeepData { root, kibibytes, blocks, price_max })
}

/// Pays for `parts` of ten of the room, in pieces, for one block; returns what that cost.
fn fill_for_a_block(world: &mut World, parts: u64) -> i64 {
    let before = world.coalition(&["W"]);
    let piece =
        u32::try_from(world.state.params().storage().room_kib() / 400 * 4).expect("megabytes");
    for _ in 0..parts * 10 {
        world.ok("W", keep(piece, 1));
    }
    before - world.coalition(&["W"])
}

/// New: what is paid for a thousand blocks follows what is kept in the block of the payment. Seven
/// tenths of the room for a single block cost a thirteenth of a token, and whoever paid in that
/// block paid 128 times as much. Who says the most that it may cost loses a fee, and pays the
/// usual price two blocks later.
#[test]
fn one_block_of_a_room_costs_who_names_the_most_it_pays_a_fee() {
    let mut world = World::new(params());
    let storage = *world.state.params().storage();
    let (kibibytes, blocks) = (64 * 1_024, 1_000);
    let usual = price(&storage, 0, kibibytes, Blocks::new(blocks)).expect("an empty room");
    let cost = fill_for_a_block(&mut world, 7);
    assert!(cost < TOKEN / 10, "for {cost}");
    let before = world.coalition(&["R"]);
    let most = usual.checked_times(2).expect("small");
    let refused = world.send("R", at_most(kibibytes, blocks, most));
    let Err(Rejected::KeepData(KeepDataRejected::ExceedsPriceMax { price, max })) = refused else {
        panic!("{refused:?}")
    };
    assert!(price.units() > 100 * usual.units() && max == most, "{price} instead of {usual}");
    assert_eq!(before - world.coalition(&["R"]), FEE);
    world.blocks(2);
    world.ok("R", at_most(kibibytes, blocks, most));
    assert_eq!(before - world.coalition(&["R"]), signed(usual.units()) + 2 * FEE);
    assert_eq!(world.state.kept_kib(), u64::from(kibibytes), "the rest was for one block");
}

/// New: a keep could be smaller than any file, and all could end at one height, at which each was
/// one step of the block: four times as many rows as there can be files cost a fee each. Each is
/// whole blocks now, and a block takes leave of a thousand.
#[test]
fn keeps_that_end_at_one_height_leave_in_portions() {
    let mut world = World::new(params());
    let tiny = KeepDataRejected::SizeMustBeWholeBlocks { wanted_kib: 1, block_kib: 4 };
    assert_eq!(world.send("W", keep(1, 1)), Err(Rejected::from(tiny)));
    for left in (1..=55).rev() {
        (0..20).for_each(|_| world.ok("W", keep(4, left)));
        world.block();
    }
    let until = world.state.keeps().map(|(_, keep)| keep.until).max().expect("some are kept");
    assert!(world.state.keeps().all(|(_, keep)| keep.until == until), "all at once");
    assert_eq!((world.state.keeps().count(), world.state.kept_kib()), (1_100, 4_400));
    world.block();
    assert_eq!((world.state.keeps().count(), world.state.kept_kib()), (76, 304));
    let first = world.state.keeps().map(|(id, _)| id).min();
    assert_eq!(first, Some(KeepId::new(1_024)), "the first that were paid leave first");
    world.block();
    assert_eq!((world.state.keeps().count(), world.state.kept_kib()), (0, 0));
}
