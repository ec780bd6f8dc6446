//! Attacks on credits: converting at what a price was or will be, moving it first, running, and
//! redeeming what was not earned.

use earnest_protocol::{
    Amount, Asset, Command, Epochs, Factor, Params, Ratio, Rejected,
    command::{AcceptJob, BallotChoice, MintCredits, RedeemCredits, Transfer},
    credits::{MintCreditsRejected, RedeemCreditsRejected},
    ledger::Pot,
    market::{Outcome, Phase},
};
use earnest_testkit::{
    credits::{self, held, mint, priced, redeem, steadily},
    prices::{ALL, agree, cents, next_epoch, opens, seals},
    votes::{pass, propose, vote},
};
use proptest::prelude::*;

use crate::{
    TOKEN,
    world::{World, root},
};

fn tokens(count: u64) -> Amount {
    Amount::tokens(count)
}

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

/// What `name` has of both, worth as much stake as this many hundredths make of it, fees aside.
fn worth(world: &World, name: &str, price: u64) -> u64 {
    let (stake, credits) = held(world, name);
    stake + credits * 100 / price
}

/// There and back at one price costs both spreads, whoever else converts in between, and what was
/// minted and burnt is counted for each asset.
#[test]
fn there_and_back_costs_two_spreads() {
    let mut world = priced(credits::world(), 50);
    let (stake, paid) = (held(&world, "R"), world.state.supply(Asset::Payment));
    world.ok("R", mint(tokens(10_000)));
    // 10,000 · 0.5 less a per cent.
    assert_eq!(held(&world, "R").1 - stake.1 + 2_000, 4_950 * Amount::TOKEN);
    assert_eq!(stake.0 - held(&world, "R").0, 10_000 * Amount::TOKEN);
    world.ok("W", mint(tokens(30_000)));
    assert_eq!(world.state.supply(Asset::Stake), tokens(1_600_000 - 40_000));
    let more = world.state.supply(Asset::Payment).checked_sub(paid).expect("more");
    assert_eq!(more, units(4 * 4_950 * Amount::TOKEN - 4_000), "less two fees");
    // Not in the same epoch: the room is a tenth of what backed credits when it opened.
    let refused = RedeemCreditsRejected::ExceedsEpoch { wanted: tokens(198), left: Amount::ZERO };
    assert_eq!(world.send("R", redeem(tokens(100))), Err(Rejected::RedeemCredits(refused)));
    agree(&mut world, cents(50), 1);
    let before = held(&world, "R");
    world.ok("R", redeem(tokens(2_000)));
    // 2,000 less a per cent, at 0.5.
    assert_eq!(held(&world, "R").0 - before.0, 3_960 * Amount::TOKEN);
    let refused = RedeemCreditsRejected::ExceedsEpoch { wanted: tokens(198), left: tokens(40) };
    assert_eq!(world.send("W", redeem(tokens(100))), Err(Rejected::RedeemCredits(refused)));
    let row = *world.state.credits();
    assert_eq!((row.stake_burnt, row.stake_returned), (tokens(40_000), tokens(3_960)));
    assert_eq!((row.minted, row.redeemed), (tokens(19_800), tokens(2_000)));
    assert_eq!(world.state.balance(Pot::Burnt(Asset::Stake)), tokens(40_000), "burnt for good");
    assert_eq!(world.state.issued(Asset::Stake), tokens(1_603_960), "and issued anew");
}

/// M5: the average lags. Burning at the stale 1.0 what is worth 0.8 and redeeming at 0.8 made 125
/// of 100. Both ways take the worst of price, average and what was said, so it makes less than
/// 100.
#[test]
fn m5_an_average_that_lags_is_nobodys_gain() {
    let mut world = priced(credits::world(), 100);
    agree(&mut world, cents(80), 2);
    let feed = world.state.price_feed().expect("it is on");
    assert_eq!(feed.price, cents(81), "two steps of a tenth, while the average is of four epochs");
    assert!(feed.average_floor() > cents(85));
    let before = worth(&world, "R", 81);
    world.ok("R", mint(tokens(100)));
    let (_, minted) = held(&world, "R");
    let made = 80 * 990_000_000;
    assert_eq!(minted, 100_000 * Amount::TOKEN + made - 2_000, "as was said, not at 0.81 or 0.9");
    agree(&mut world, cents(81), 1);
    world.ok("R", redeem(units(81 * 99_000_000)));
    assert!(worth(&world, "R", 81) < before);
    // And when it rises: what is redeemed is redeemed at the higher.
    agree(&mut world, cents(100), 2);
    let prices = world.state.credit_prices().expect("fresh");
    assert!(prices.least < prices.most);
    let feed = world.state.price_feed().expect("on");
    assert_eq!((feed.price.parts(), prices.most), (980_100_000, cents(100)), "as was said");
}

/// M5: a feed begins within a step of `chain.stake_price`, which nobody says, and then moves by
/// steps. With stake said to be worth a fifth of that, who minted at the first price had 4.5 times
/// what it burnt, and went on for fifteen epochs; a market that rose five times was redeemed at
/// alike. What validators said bounds what a conversion gives, however far behind the price is.
#[test]
fn m5_a_price_that_follows_what_was_said_by_steps_is_not_converted_at() {
    let mut world = credits::world();
    next_epoch(&mut world);
    for _ in 0..8 {
        agree(&mut world, cents(20), 1);
        let feed = world.state.price_feed().expect("it is on");
        assert!(cents(38) < feed.price && cents(38) < feed.average_floor(), "far behind");
        let (before, had) = (worth(&world, "X", 20), held(&world, "X").1);
        world.ok("X", mint(tokens(1_000)));
        let fee = had + 198 * Amount::TOKEN - held(&world, "X").1;
        assert!(fee < 10_000, "a thousand at a fifth, less a per cent: {fee}");
        assert!(worth(&world, "X", 20) + 9 * Amount::TOKEN < before, "it loses the spread");
    }
    steadily(&mut world, 20);
    world.ok("W", mint(tokens(50_000)));
    for _ in 0..8 {
        agree(&mut world, cents(100), 1);
        let feed = world.state.price_feed().expect("it is on");
        assert!(feed.price.max(feed.average_ceil()) < cents(45), "far behind");
        let (before, had) = (worth(&world, "X", 100), held(&world, "X").0);
        world.ok("X", redeem(tokens(100)));
        assert_eq!(held(&world, "X").0 - had, 99 * Amount::TOKEN, "not 396 or more");
        assert!(worth(&world, "X", 100) < before, "it loses the spread");
    }
}

/// M5: who says it may be half of what opens: it stops who converts, as silence of a third does,
/// and moves nothing to itself faster than before.
#[test]
fn m5_a_word_out_of_bounds_gives_nobody_more() {
    let mut world = priced(credits::world(), 100);
    world.ok("W", mint(tokens(50_000)));
    next_epoch(&mut world);
    agree(&mut world, Factor::MAX, 1);
    let (prices, feed) = (world.state.credit_prices(), world.state.price_feed());
    let (prices, feed) = (prices.expect("fresh"), feed.expect("on"));
    assert_eq!((prices.least, prices.most), (feed.average_floor(), Factor::MAX));
    assert!(prices.least < cents(103), "a step in four");
    agree(&mut world, Factor::new(1).expect("small"), 1);
    let prices = world.state.credit_prices().expect("fresh");
    assert_eq!(prices.least.parts(), 1);
    assert!(prices.most >= cents(99), "what is given back costs no less than before");
}

/// M5: all validators are one, say that stake is worth ever more, and burn as much of it as they
/// may for credits, while it is worth 1. An epoch burns a hundredth of a supply of 1,600,000, and
/// the lesser of price and average lags: pushing for eight epochs, of which four mint, gains them
/// 4,622 tokens, where one epoch without bounds would have cost all that pays.
#[test]
fn m5_who_pushes_the_price_up_and_mints_gains_no_more_than_epochs_let_it() {
    let mut world = credits::world_with(|raw| raw.credits.mint_share = Ratio::percent(1));
    next_epoch(&mut world);
    agree(&mut world, cents(100), 2);
    let mut gained = 0;
    for (round, name) in (0..).zip(["V1", "V2", "V3", "V4"]) {
        let (room, before) = (world.state.mint_room(), held(&world, name));
        let least = (16_000 - 160 * round) * Amount::TOKEN;
        assert!(least <= room.units() && room <= tokens(16_000), "a hundredth of what is left");
        world.ok(name, mint(room));
        let after = held(&world, name);
        assert_eq!(before.0 - after.0, room.units());
        gained += i64::try_from(after.1).expect("small") - i64::try_from(before.1).expect("small");
        gained -= i64::try_from(room.units()).expect("small");
        let over = world.send("W", mint(tokens(2)));
        let is_full =
            matches!(over, Err(Rejected::MintCredits(MintCreditsRejected::ExceedsEpoch { .. })));
        assert!(is_full, "{over:?}");
        agree(&mut world, Factor::MAX, 1);
    }
    assert_eq!(gained / TOKEN, 4_622, "of four hundredths of a supply that falls");
}

/// M5: the same downwards. Whoever redeems at a price pushed down has at most a tenth of the
/// backing in each epoch, whatever it says: after k epochs (9/10)^k of it are left.
#[test]
fn m5_who_pushes_the_price_down_and_redeems_empties_the_backing_by_a_tenth_an_epoch() {
    let mut world = priced(credits::world(), 100);
    world.ok("W", mint(tokens(50_000)));
    next_epoch(&mut world);
    let mut left = 50_000 * Amount::TOKEN;
    for _ in 0..4 {
        agree(&mut world, Factor::new(1).expect("small"), 1);
        let prices = world.state.credit_prices().expect("fresh");
        let room = world.state.redeem_room(prices.least).left(world.state.params().credits());
        assert_eq!(room.units(), left / 10);
        // As many credits as give all of it, up; a per cent is lost.
        let credits = prices.most.amount_floor(room).expect("small");
        let credits = credits.share_floor(100, 99).expect("small");
        world.ok("R", redeem(credits));
        let after = world.state.credits().backing().units();
        assert!(left - after <= left / 10, "{left} {after}");
        let over = world.send("X", redeem(tokens(10)));
        let full = matches!(
            over,
            Err(Rejected::RedeemCredits(RedeemCreditsRejected::ExceedsEpoch { .. }))
        );
        assert!(full, "{over:?}");
        left = after;
    }
    assert!(left >= 50_000 * Amount::TOKEN * 6_561 / 10_000);
}

/// M5: three of eight validators are silent, so that none of what the others open counts, and would
/// burn at the price that stands while stake is worth half: it converts in no epoch but its own.
#[test]
fn m5_a_third_that_is_silent_converts_at_no_price_that_stood() {
    let mut world =
        priced(credits::world_with(|raw| raw.prices.stale_epochs = Epochs::new(4)), 100);
    let counted = world.state.epoch();
    world.ok("V1", mint(tokens(10)));
    for _ in 0..6 {
        for name in ["V4", "V5", "V6", "V7", "V8"] {
            let _ = opens(&mut world, name, cents(50));
            seals(&mut world, name, cents(50)).expect("it may");
        }
        next_epoch(&mut world);
        let (now, limit) = (world.state.epoch(), Epochs::new(1));
        let stale = MintCreditsRejected::PriceStale { counted, now, limit };
        assert_eq!(world.send("V1", mint(tokens(10))), Err(Rejected::MintCredits(stale)));
        let stale = RedeemCreditsRejected::PriceStale { counted, now, limit };
        assert_eq!(world.send("R", redeem(tokens(10))), Err(Rejected::RedeemCredits(stale)));
    }
    agree(&mut world, cents(50), 1);
    world.ok("V1", mint(tokens(10)));
}

/// M5: a price converts from the first block of the epoch that it counted for to the last, in that
/// alone: the block after it has no price but by what was opened meanwhile, and a room of its own.
#[test]
fn m5_a_price_converts_in_all_blocks_of_its_own_epoch() {
    for is_silent in [false, true] {
        let mut world = priced(credits::world(), 100);
        let counted = world.state.epoch();
        assert_eq!(world.state.height().count() % 50, 0, "the first of 50 blocks");
        world.ok("R", mint(tokens(10)));
        for name in ALL.into_iter().filter(|_| !is_silent) {
            // What was sealed in the epoch before, and counts for the next.
            opens(&mut world, name, cents(100)).expect_err("nothing was sealed");
            seals(&mut world, name, cents(100)).expect("it may");
        }
        world.blocks(49);
        assert_eq!((world.state.epoch(), world.state.height().count() % 50), (counted, 49));
        world.ok("W", mint(tokens(80_000)));
        let rest = world.state.mint_room();
        world.ok("X", mint(rest));
        assert_eq!(world.state.mint_room(), Amount::ZERO);
        world.block();
        let (now, limit) = (world.state.epoch(), Epochs::new(1));
        let stale = MintCreditsRejected::PriceStale { counted, now, limit };
        assert_eq!(world.send("X", mint(tokens(10))), Err(Rejected::MintCredits(stale)));
        assert!(!world.state.mint_room().is_zero(), "what the next epoch may burn");
        for name in ALL.into_iter().filter(|_| !is_silent) {
            opens(&mut world, name, cents(100)).expect("it sealed");
        }
        next_epoch(&mut world);
        assert_eq!(world.send("X", mint(tokens(10))).is_ok(), !is_silent);
    }
}

/// Every limit of a conversion is reached to the unit, and one unit more is refused.
#[test]
fn a_conversion_goes_to_its_limits_and_no_further() {
    let mut world = priced(credits::world(), 100);
    let fee = 2 * world.state.params().chain().base_fee.units();
    // What makes a credit, less a per cent, down; and what makes the least of them.
    let crumb = 1_010_101_011;
    let burn = |stake: u64, least: u64| {
        Command::MintCredits(MintCredits { stake: units(stake), credits_min: units(least) })
    };
    let refused = MintCreditsRejected::BelowLeast { credits: units(999_999_999), least: tokens(1) };
    assert_eq!(world.send("X", burn(crumb - 1, 0)), Err(Rejected::MintCredits(refused)));
    let refused = MintCreditsRejected::TooFew {
        credits: tokens(1),
        wanted: tokens(1).saturating_add(Amount::UNIT),
    };
    let wanted = Amount::TOKEN + 1;
    assert_eq!(world.send("X", burn(crumb, wanted)), Err(Rejected::MintCredits(refused)));
    world.ok("X", burn(crumb, Amount::TOKEN));
    let free = held(&world, "X").0;
    let refused = MintCreditsRejected::ExceedsFree { wanted: units(free + 1), free: units(free) };
    assert_eq!(world.send("X", burn(free + 1, 0)), Err(Rejected::MintCredits(refused)));
    world.ok("X", burn(free, 0));
    let left = world.state.mint_room().units();
    let refused = MintCreditsRejected::ExceedsEpoch { wanted: units(left + 1), left: units(left) };
    assert_eq!(world.send("W", burn(left + 1, 0)), Err(Rejected::MintCredits(refused)));
    world.ok("W", burn(left, 0));

    agree(&mut world, cents(100), 1);
    let back = |credits: u64, least: u64| {
        Command::RedeemCredits(RedeemCredits { credits: units(credits), stake_min: units(least) })
    };
    let refused =
        RedeemCreditsRejected::BelowLeast { credits: units(999_999_999), least: tokens(1) };
    assert_eq!(world.send("R", back(999_999_999, 0)), Err(Rejected::RedeemCredits(refused)));
    let refused =
        RedeemCreditsRejected::TooLittle { stake: units(990_000_000), wanted: units(990_000_001) };
    let over = world.send("R", back(Amount::TOKEN, 990_000_001));
    assert_eq!(over, Err(Rejected::RedeemCredits(refused)));
    world.ok("R", back(Amount::TOKEN, 990_000_000));
    // R keeps two credits and two fees of redeeming, for what is refused and for what is not.
    let rest = held(&world, "R").1 - fee / 2 - 2 * Amount::TOKEN - 2 * fee;
    let (to, asset) = (world.address("W"), Asset::Payment);
    world.ok("R", Command::Transfer(Transfer { to, asset, amount: units(rest) }));
    let all = held(&world, "R").1 - fee;
    let refused = RedeemCreditsRejected::ExceedsFree { wanted: units(all + 1), free: units(all) };
    assert_eq!(world.send("R", back(all + 1, 0)), Err(Rejected::RedeemCredits(refused)));
    world.ok("R", back(2 * Amount::TOKEN, 0));
    assert_eq!(held(&world, "R").1, 0, "all of it");
    let prices = world.state.credit_prices().expect("fresh");
    let left = world.state.redeem_room(prices.least).left(world.state.params().credits()).units();
    let most = left * 100 / 99 + 1;
    let refused =
        RedeemCreditsRejected::ExceedsEpoch { wanted: units(left + 1), left: units(left) };
    let over = world.send("W", back(most + 1, 0));
    assert_eq!(over, Err(Rejected::RedeemCredits(refused)));
    world.ok("W", back(most, left));
}

/// Whatever a feed says, stake that comes back is of what was burnt for credits: who bonds and
/// converts nothing has no smaller share of the supply by it.
#[test]
fn no_redemption_dilutes_who_did_not_convert() {
    let mut world = priced(credits::world(), 100);
    let before = world.state.supply(Asset::Stake);
    world.ok("W", mint(tokens(10_000)));
    for _ in 0..6 {
        agree(&mut world, Factor::new(1).expect("small"), 1);
        let prices = world.state.credit_prices().expect("fresh");
        let room = world.state.redeem_room(prices.least).left(world.state.params().credits());
        world.ok("R", redeem(prices.most.amount_floor(room).expect("small").max(tokens(1))));
        assert!(world.state.supply(Asset::Stake) < before);
    }
}

/// A run: once credits are worth less than they say, the first would have all and the last
/// nothing. Between warning and halt each epoch gives less, and below the halt nothing, while
/// minting goes on and raises the ratio (AK7).
#[test]
fn ak7_a_run_is_slowed_and_stopped_and_minting_goes_on() {
    let mut world = credits::world_with(|raw| {
        (raw.credits.warn_ratio, raw.credits.halt_ratio) =
            (Ratio::new(50_000_000).expect("small"), Ratio::new(20_000_000).expect("small"));
    });
    next_epoch(&mut world);
    agree(&mut world, cents(100), 2);
    let params = *world.state.params().credits();
    let ratio = |world: &World| {
        let price = world.state.credit_prices().expect("fresh").least;
        world.state.redeem_room(price)
    };
    world.ok("W", mint(tokens(50_000)));
    agree(&mut world, cents(100), 1);
    // 50,000 behind 1,600,000 of the genesis and 49,500 minted: 3.03 %, 19 thousandths too few.
    let room = ratio(&world);
    assert_eq!(room.ratio().parts() / 100_000, 303);
    assert!(room.is_slowed(&params) && !room.is_halted(&params));
    assert_eq!(room.left(&params).units() / Amount::TOKEN, 817, "5,000 / 1.1^19");
    agree(&mut world, cents(50), 5);
    let room = ratio(&world);
    assert!(room.is_halted(&params), "{:?}", room.ratio());
    let refused = RedeemCreditsRejected::Halted { ratio: room.ratio(), halt: params.halt_ratio };
    assert_eq!(world.send("R", redeem(tokens(10))), Err(Rejected::RedeemCredits(refused)));
    let before = room.ratio();
    world.ok("X", mint(tokens(50_000)));
    assert!(ratio(&world).ratio() > before);
}

/// The first provider is paid ten for a job.
fn earn(world: &mut World) {
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Offered);
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.commit("P1", job, root(None));
    world.audit(job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
}

/// Where those redeem who earned, minting and redeeming is nobody's way to trade: whoever does no
/// work redeems nothing, who is sent credits neither, and who worked as much as it was paid, once.
#[test]
fn m5_who_did_not_work_redeems_nothing() {
    let mut world = credits::world_with(|raw| raw.credits.redeemers = 0);
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    world.ok("W", mint(tokens(50_000)));
    let amount = tokens(100);
    let to = world.address("P1");
    world.ok("W", Command::Transfer(Transfer { to, asset: Asset::Payment, amount }));
    let none = |wanted, earned| {
        Err(Rejected::RedeemCredits(RedeemCreditsRejected::ExceedsEarned { wanted, earned }))
    };
    assert_eq!(world.send("W", redeem(tokens(10))), none(tokens(10), Amount::ZERO));
    assert_eq!(world.send("P1", redeem(tokens(10))), none(tokens(10), Amount::ZERO), "a gift");
    earn(&mut world);
    let earned = world.state.account(world.id("P1")).expect("known").earned;
    assert_eq!(earned, units(9_500_000_000), "ten less the take");
    agree(&mut world, cents(100), 1);
    let more = earned.checked_add(Amount::UNIT).expect("small");
    assert_eq!(world.send("P1", redeem(more)), none(more, earned));
    world.ok("P1", redeem(earned));
    assert_eq!(world.send("P1", redeem(tokens(1))), none(tokens(1), Amount::ZERO), "once");
    // Who paid for it has its refund and no right of it.
    assert_eq!(world.state.account(world.id("R")).expect("known").earned, Amount::ZERO);
    let auditors = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    let paid = auditors.map(|name| world.state.account(world.id(name)).expect("known").earned);
    assert_eq!(paid.iter().filter(|earned| !earned.is_zero()).count(), 2, "two audited");
}

/// A vote that all validators pass, and that is in force.
fn decide(world: &mut World, change: (&str, u64)) {
    let id = propose(world, "R", &[change]);
    pass(world, id);
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"] {
        vote(world, name, id, BallotChoice::Yes);
    }
    pass(world, id);
    let due = world.state.proposal(id).expect("queued").due;
    while world.state.epoch() < due {
        agree(world, cents(100), 1);
    }
    agree(world, cents(100), 1);
}

/// M5: what was earned was redeemed while anybody might redeem, and again once a vote counted
/// anew who earned what: of one pay came stake twice.
#[test]
fn m5_what_was_earned_is_redeemed_once_whoever_may_redeem_in_between() {
    let mut world = credits::world_with(|raw| {
        raw.credits.redeemers = 0;
        raw.governance.quorum = Ratio::percent(40);
    });
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    world.ok("W", mint(tokens(50_000)));
    let earned = |world: &World| world.state.account(world.id("P1")).expect("known").earned;
    earn(&mut world);
    let pay = earned(&world);
    assert_eq!(pay, units(9_500_000_000), "ten less the take");
    decide(&mut world, ("credits.redeemers", 1));
    assert_eq!(earned(&world), pay, "a vote takes nothing away");
    let half = units(4_000_000_000);
    world.ok("P1", redeem(half));
    assert_eq!(earned(&world), pay.checked_sub(half).expect("less"));
    decide(&mut world, ("credits.redeemers", 0));
    let refused = RedeemCreditsRejected::ExceedsEarned { wanted: pay, earned: earned(&world) };
    assert_eq!(world.send("P1", redeem(pay)), Err(Rejected::RedeemCredits(refused)));
    let left = earned(&world);
    world.ok("P1", redeem(left));
    assert_eq!(earned(&world), Amount::ZERO, "all of it, once");
}

/// A vote that ends minting leaves redeeming, so that nobody is locked in; one that ends the feed
/// under either is refused.
#[test]
fn a_vote_that_stops_minting_locks_nobody_in() {
    let mut world = credits::world_with(|raw| raw.governance.quorum = Ratio::percent(40));
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    world.ok("W", mint(tokens(50_000)));
    decide(&mut world, ("credits.mint_share", 0));
    assert_eq!(world.state.params().credits().mint_share, Ratio::ZERO);
    let off = Err(Rejected::MintCredits(MintCreditsRejected::MintingOff));
    assert_eq!(world.send("R", mint(tokens(10))), off);
    world.ok("R", redeem(tokens(100)));
    let mut raw: earnest_protocol::RawParams = (*world.state.params()).into();
    raw.prices.average_epochs = Epochs::new(0);
    let refused = Params::try_from(raw).expect_err("redeemed at no price");
    assert!(refused.violations[0].to_string().contains("R20"), "{refused:?}");
}

/// A state that is written and read between two conversions goes on with their room.
#[test]
fn an_epochs_room_outlives_a_restart() {
    let mut world = priced(credits::world(), 100);
    world.ok("R", mint(tokens(10_000)));
    let bytes = postcard::to_allocvec(&world.state).expect("a state encodes");
    let mut back: earnest_protocol::State = postcard::from_bytes(&bytes).expect("and decodes");
    assert_eq!(back.root(), world.state.root());
    assert_eq!(
        (back.credits(), back.mint_room()),
        (world.state.credits(), world.state.mint_room())
    );
    world.state = back;
    agree(&mut world, cents(100), 1);
    world.ok("R", redeem(tokens(500)));
    let twice = MintCredits { stake: tokens(200_000), credits_min: Amount::ZERO };
    assert!(world.send("R", Command::MintCredits(twice)).is_err());
}

/// One step of somebody who converts as it likes.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Mint(u64),
    Redeem(u64),
    /// Everybody says so many ten-thousandths, and the epoch after the next has opened.
    Price(u64),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let amount = 1..=4_000 * Amount::TOKEN;
    let turn = prop_oneof![
        amount.clone().prop_map(Turn::Mint),
        amount.prop_map(Turn::Redeem),
        (9_811u64..=10_000).prop_map(Turn::Price),
    ];
    proptest::collection::vec(turn, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whoever mints and redeems in any order and any split, while the price stays within what both
    /// spreads of a per cent cover (0.9811 to 1), never gains. A unit of stake counts for 0.9905,
    /// which is more than it mints, and less than it costs: 0.99 and 0.9811 / 0.99.
    #[test]
    fn m5_no_order_of_conversions_gains_while_the_price_stays_within_the_spreads(
        turns in turns(),
    ) {
        let mut world = priced(credits::world(), 100);
        world.ok("W", mint(tokens(50_000)));
        agree(&mut world, cents(100), 1);
        let fee = 2 * world.state.params().chain().base_fee.units();
        let count = |world: &World, fees: u64| {
            let (stake, credits) = held(world, "X");
            i128::from(stake) * 9_905 + i128::from(credits + fees) * 10_000
        };
        let (mut fees, mut converted) = (0, 0);
        let mut before = count(&world, 0);
        for turn in turns {
            let command = match turn {
                Turn::Mint(stake) => mint(units(stake)),
                Turn::Redeem(credits) => redeem(units(credits)),
                Turn::Price(parts) => {
                    agree(&mut world, Factor::new(parts * 100_000).expect("small"), 1);
                    continue;
                }
            };
            converted += u32::from(world.send("X", command).is_ok());
            fees += fee;
            let after = count(&world, fees);
            prop_assert!(after <= before, "{turn:?} of {converted}");
            before = after;
        }
    }
}
