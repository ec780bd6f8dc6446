//! Bytes that are kept, at the edges of what is allowed.

use earnest_protocol::{
    Amount, Blocks, Command, Digest,
    command::{KeepData, Transfer},
    storage::price,
};

use crate::world::{World, params_with};

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

fn keep(kibibytes: u32, blocks: u64, price_max: Amount) -> Command {
    let (root, blocks) = (Digest([7; 32]), Blocks::new(blocks));
    Command::KeepData(KeepData { root, kibibytes, blocks, price_max })
}

/// A mebibyte for a thousand blocks costs 1,000 units here, however full the room.
fn flat() -> World {
    World::new(params_with(|raw| {
        (raw.storage.price, raw.storage.price_doublings) = (units(1_000), 0);
    }))
}

#[test]
fn for_exactly_as_long_as_one_may_pay_at_once() {
    let mut world = flat();
    let longest = world.state.params().storage().keep_blocks_max;
    world.ok("W", keep(4, longest.count(), Amount::MAX));
    let (_, kept) = world.state.keeps().next().expect("just paid");
    assert_eq!(kept.until, world.state.height().after(longest));
}

#[test]
fn for_exactly_as_much_as_it_may_cost_and_as_there_is() {
    let mut world = flat();
    let (free, fee) = (world.state.free(world.id("W")), world.state.base_fee());
    // What is left pays the fees of both commands and the 1,004 units of the second, to the unit.
    let left = units(1_004).checked_add(fee).expect("small");
    let amount = free.checked_sub(left).and_then(|rest| rest.checked_sub(fee)).expect("rich");
    let (to, asset) = (world.address("X"), world.state.assets().payment());
    world.ok("W", Command::Transfer(Transfer { to, asset, amount }));
    world.ok("W", keep(1_004, 1_024, units(1_004)));
    assert_eq!(world.state.free(world.id("W")), Amount::ZERO);
}

#[test]
fn the_last_block_of_the_room_is_sold_and_a_part_of_a_unit_costs_one() {
    let mut world = flat();
    let storage = *world.state.params().storage();
    let room = u32::try_from(storage.room_kib()).expect("4 GiB");
    world.ok("W", keep(room - 4, 1, Amount::MAX));
    let last = price(&storage, u64::from(room) - 4, 4, Blocks::new(1)).expect("four are left");
    assert_eq!(last, Amount::UNIT, "four thousandths of a unit, up");
    world.ok("R", keep(4, 1, Amount::MAX));
    assert_eq!(world.state.kept_kib(), u64::from(room));
}
