//! What stays open about kept bytes, with what it costs whom: known holes, each as it is now.

use earnest_protocol::{Blocks, Command, Digest, command::KeepData, storage::price};

use super::{FEE, TOKEN, signed};
use crate::world::{World, params};

fn keep(kibibytes: u32, blocks: u64) -> Command {
    Command::KeepData(KeepData { root: Digest([7; 32]), kibibytes, blocks: Blocks::new(blocks) })
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

/// Known hole, new: what is paid for a thousand blocks follows what is kept in the block of the
/// payment, and `keep_data` names no highest price. Seven tenths of the room for a single block
/// cost a fifteenth of a token and a few fees, and whoever pays in that block pays 128 times as
/// much. Nobody gains. A highest price in the command would close it.
#[test]
fn known_one_block_of_a_room_makes_a_thousand_blocks_of_anothers_dear() {
    let mut world = World::new(params());
    let storage = *world.state.params().storage();
    let (kibibytes, blocks) = (64 * 1_024, 1_000);
    let usual = price(&storage, 0, kibibytes, Blocks::new(blocks)).expect("an empty room");
    let cost = fill_for_a_block(&mut world, 7);
    let before = world.coalition(&["R"]);
    world.ok("R", keep(kibibytes, blocks));
    let paid = before - world.coalition(&["R"]) - FEE;
    let usual = signed(usual.units());
    assert!(paid > 100 * usual, "{paid} instead of {usual}");
    assert!(cost < TOKEN / 10, "for {cost}");
    assert!(paid - usual > 100 * cost, "a hundred times what it cost to do this");
    world.blocks(2);
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
