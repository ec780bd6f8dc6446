//! What others do with the room while one pays for kept bytes, and a known hole.

use earnest_protocol::{
    Amount, Blocks, Command, Digest, Rejected,
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
    let piece = u32::try_from(world.state.params().storage().room_kib() / 100).expect("megabytes");
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

/// Known hole, new: a keep may be smaller than any file, and all may lapse at one height, at which
/// each is one step of the block. Four times as many rows as there can be files cost a fee each.
#[test]
fn known_keeps_that_can_hold_no_file_lapse_all_at_one_height() {
    let mut world = World::new(params());
    for left in (1..=50).rev() {
        (0..20).for_each(|_| world.ok("W", keep(1, left)));
        world.block();
    }
    let until = world.state.keeps().map(|(_, keep)| keep.until).max().expect("some are kept");
    assert!(world.state.keeps().all(|(_, keep)| keep.until == until), "all at once");
    assert_eq!((world.state.keeps().count(), world.state.kept_kib()), (1_000, 1_000));
    world.block();
    assert_eq!(world.state.keeps().count(), 0);
}
