//! Bytes that the network keeps: D1 to D3.

use earnest_protocol::{
    Blocks, Command, Digest, Height, Rejected,
    command::KeepData,
    storage::{KeepDataRejected, price},
};

use super::FEE;
use crate::world::{World, params};

const ROOT: Digest = Digest([7; 32]);

fn keep(kibibytes: u32, blocks: u64) -> Command {
    let (blocks, price_max) = (Blocks::new(blocks), earnest_protocol::Amount::MAX);
    Command::KeepData(KeepData { root: ROOT, kibibytes, blocks, price_max })
}

/// A small program with a small input, for as long as a job of a few minutes takes.
fn small() -> Command {
    keep(72, 300)
}

#[test]
fn d1_to_fill_the_room_for_a_day_costs_a_hundred_times_what_it_costs_to_keep_little() {
    let mut raw = params();
    raw.storage.price = earnest_protocol::Amount::new(10_000).expect("small");
    let mut world = World::new(raw);
    let storage = *world.state.params().storage();
    let (room, day) = (storage.room_kib(), Blocks::new(86_400));
    let slice = u32::try_from(room / 256).expect("a room of megabytes");
    let cheapest = price(&storage, 0, 4, day).expect("an empty room");
    let before = world.coalition(&["W"]);
    while world.state.kept_kib() < room {
        world.ok("W", keep(slice, day.count()));
    }
    let paid = before - world.coalition(&["W"]);
    let at_once = i64::try_from(cheapest.units() * (room / 4)).expect("small");
    assert!(paid > 100 * at_once, "{paid} for all, {at_once} at the price of the first");
    let full = KeepDataRejected::RoomFull { wanted_kib: 72, free_kib: 0 };
    assert_eq!(world.send("R", small()), Err(Rejected::from(full)));
}

#[test]
fn d1_who_keeps_little_pays_little_until_the_room_is_nearly_full() {
    let world = World::new(params());
    let storage = *world.state.params().storage();
    let of = |used| price(&storage, used, 72, Blocks::new(300)).expect("there is room").units();
    let room = storage.room_kib();
    assert!(of(0) < 22_000, "two hundred-thousandths of a token, {}", of(0));
    assert!(of(room / 2) < 700_000, "half full: 32 times that, {}", of(room / 2));
    let prices: Vec<u64> = (0..100).map(|part| of((room - 72) / 99 * part)).collect();
    assert!(prices.is_sorted(), "it never falls while the room fills");
}

#[test]
fn d2_nobody_shortens_shrinks_or_takes_over_what_another_keeps() {
    let mut world = World::new(params());
    world.ok("R", keep(1_000, 50));
    let (first, kept) = world.state.keeps().next().map(|(id, keep)| (id, *keep)).expect("R's");
    world.ok("W", keep(4, 1));
    world.ok("W", keep(400_000, 1_000));
    assert_eq!(world.state.keep(first), Some(&kept));
    assert_eq!((kept.kibibytes, kept.until), (1_000, Height::new(51)));
    world.blocks(50);
    assert_eq!(world.state.keep(first), Some(&kept), "the last block is paid for");
    assert_eq!(world.state.keeps().count(), 2, "what was paid for one block has lapsed");
    world.block();
    assert_eq!(world.state.keep(first), None);
    assert_eq!(world.state.kept_kib(), 400_000);
}

#[test]
fn d3_what_is_announced_and_never_sent_is_paid_all_the_same() {
    let mut world = World::new(params());
    let storage = *world.state.params().storage();
    let price = price(&storage, 0, 1_024, Blocks::new(1_000)).expect("an empty room");
    let before = world.coalition(&["W"]);
    world.ok("W", keep(1_024, 1_000));
    let cost = i64::try_from(price.units()).expect("small") + FEE;
    assert_eq!(before - world.coalition(&["W"]), cost);
    world.blocks(1_001);
    assert_eq!(world.state.kept_kib(), 0, "the room is free again");
    assert_eq!(before - world.coalition(&["W"]), cost, "nothing comes back");
}
