//! Attacks on the price feed: moving it with little stake or at once, copying, silence, and using
//! what it says late.

use std::collections::BTreeMap;

use earnest_protocol::{
    Amount, Blocks, Command, Epoch, Epochs, Event, Factor, JobId, Params, Ratio, Rejected, Role,
    command::*,
    ledger::AssignmentPot,
    market::{Outcome, Phase, PostJobRejected},
    prices::{OpenPriceRejected, SealPriceRejected},
    slashing::{Offence, Way},
};
use earnest_testkit::{
    prices::{self, ALL, SALT, agree, cents, next_epoch, opens, seals},
    votes::{self, pass, propose, until, vote},
};

use crate::world::{World, root};

/// The price that counts now, in hundredths.
fn price(world: &World) -> Option<u64> {
    world.state.price_feed().map(|feed| feed.price.parts() / 10_000_000)
}

/// `name` bonds so many units more as a validator.
fn bond(world: &mut World, name: &str, units: u64) {
    let amount = Amount::new(units).expect("small");
    world.ok(name, Command::Bond(Bond { role: Role::Validator, amount }));
}

/// Two validators bond up to a third of all stake, and so many units more; then they and as many
/// of the six others post, and the price of that round is told. The price was 1.
fn third(more: i64, others: usize, theirs: u64) -> Option<u64> {
    let mut world = prices::world();
    bond(&mut world, "V1", 25_000_000_000_000u64.saturating_add_signed(more));
    bond(&mut world, "V2", 25_000_000_000_000);
    next_epoch(&mut world);
    let honest = ALL.iter().skip(2).take(others).map(|name| (*name, cents(100)));
    let posts: Vec<_> = [("V1", cents(theirs)), ("V2", cents(theirs))].into_iter().collect();
    prices::round(&mut world, &posts.into_iter().chain(honest).collect::<Vec<_>>());
    price(&world)
}

/// Below a third of the stake, whoever else posts, the price is what one of the others says.
#[test]
fn m5_less_than_a_third_of_the_stake_moves_no_price() {
    for theirs in [1, 10_000] {
        assert_eq!(third(-1, 3, theirs), None, "too few posted");
        for others in 4..=6 {
            assert_eq!(third(-1, others, theirs), Some(100));
        }
    }
    // With a little more it is over half of the least that must post, and gains a step an epoch.
    let more = 1_000_000;
    assert_eq!([third(more, 3, 1), third(more, 3, 10_000)], [Some(90), Some(110)]);
    assert_eq!([third(more, 4, 1), third(more, 4, 10_000)], [Some(100); 2]);
}

/// What V2 copies of V1 it can never open, nor can it see a price that it may still seal.
#[test]
fn m5_who_copies_a_seal_has_no_price() {
    let mut world = prices::world();
    next_epoch(&mut world);
    let (epoch, first) = (world.state.epoch(), world.id("V1"));
    let seal = prices::seal_of(&world.state, first, epoch, cents(100));
    world.ok("V1", Command::SealPrice(SealPrice { epoch, seal }));
    world.ok("V2", Command::SealPrice(SealPrice { epoch, seal }));
    next_epoch(&mut world);
    opens(&mut world, "V1", cents(100)).expect("its own");
    let copied = opens(&mut world, "V2", cents(100));
    assert_eq!(copied, Err(Rejected::OpenPrice(OpenPriceRejected::SealMismatch)));
    // What is open now is of an epoch that nobody seals for any more.
    let late =
        SealPrice { epoch, seal: prices::seal_of(&world.state, world.id("V3"), epoch, cents(100)) };
    let now = world.state.epoch();
    let refused = Err(Rejected::SealPrice(SealPriceRejected::WrongEpoch { got: epoch, now }));
    assert_eq!(world.send("V3", Command::SealPrice(late)), refused);
    // Nor does a seal of one epoch open in another, nor at another price.
    world.ok("V1", Command::SealPrice(SealPrice { epoch: now, seal }));
    seals(&mut world, "V3", cents(100)).expect("a new epoch");
    next_epoch(&mut world);
    let refused = Err(Rejected::OpenPrice(OpenPriceRejected::SealMismatch));
    for (name, price) in [("V1", 100), ("V3", 101)] {
        let command = OpenPrice { epoch: now, price: cents(price), salt: SALT };
        assert_eq!(world.send(name, Command::OpenPrice(command)), refused, "{name}");
    }
}

/// All validators say ten times as much: a step an epoch, and where stake secures something, the
/// average of four less a fifth.
#[test]
fn m5_a_jump_is_a_step_an_epoch_whoever_agrees_on_it() {
    let mut world = prices::world();
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    assert_eq!(world.state.bond_price(), Ok(cents(80)));
    // While one round is opened nobody seals the next in this test, so every other epoch counts.
    agree(&mut world, cents(1_000), 1);
    let feed = world.state.price_feed().expect("it has begun");
    assert_eq!(feed.past, [100, 100, 110].map(cents));
    assert_eq!(world.state.mint_price(), cents(1_000), "minted high: as was said");
    // ⌊310 / 3⌋ less a fifth, down.
    assert_eq!(world.state.bond_price(), Ok(Factor::new(826_666_666).expect("small")));
    agree(&mut world, cents(1), 1);
    let feed = world.state.price_feed().expect("it is on");
    assert_eq!(feed.past, [100, 110, 110, 99].map(cents));
    assert_eq!(world.state.mint_price().parts(), 1_047_500_000, "the average is more by now");
    assert_eq!(world.state.bond_price(), Ok(Factor::new(838_000_000).expect("small")));
}

/// Nobody posts. New work is refused by name from the third epoch on and not a block before; what
/// is alive is done, paid and closed meanwhile, at the price that it began with.
#[test]
fn m5_silence_stops_new_work_and_nothing_that_lives() {
    let mut world = prices::world();
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    let counted = world.state.epoch();
    let stale = counted.after(Epochs::new(3));
    until(&mut world, counted.after(Epochs::new(2)));
    world.blocks(48);
    let alive = world.post(world.terms());
    let bound = world.state.order(alive).expect("posted").bound.clone();
    assert_eq!(bound.stake_price, cents(80));
    world.block();
    assert_eq!(world.state.epoch(), counted.after(Epochs::new(2)), "the last block");
    let last = world.post(world.terms());
    world.block();
    assert_eq!(world.state.epoch(), stale);
    let refused = PostJobRejected::PriceStale { counted, now: stale, limit: Epochs::new(3) };
    assert_eq!(world.state.quote_job(None, &world.terms()), Err(refused));
    let post = Command::PostJob(world.terms());
    assert_eq!(world.send("R", post), Err(Rejected::PostJob(refused)));

    world.bid("P1", last, 10);
    world.until_phase(alive, Phase::Closed);
    assert_eq!(world.closed(alive).outcome, Outcome::Expired, "nobody bid: it has its money back");
    do_job(&mut world, "P1", last);
    assert_eq!(world.closed(last).outcome, Outcome::Accepted);
    assert!(world.state.price_is_stale().is_some(), "all of it while the feed is stale");

    next_epoch(&mut world);
    agree(&mut world, cents(120), 1);
    let job = world.post(world.terms());
    // The average of four: the price stood for three epochs, and moved by a step.
    assert_eq!(world.state.order(job).expect("posted").bound.stake_price, cents(82));
    assert_eq!(bound.stake_price, cents(80), "and the old job keeps its own");
}

/// Nobody ever posts, and so keeps the parameter, which may be of long ago: from the third epoch
/// after the first in which a price could have counted, new work is refused as of a stale feed.
#[test]
fn m5_who_is_silent_from_the_first_epoch_on_keeps_no_old_parameter() {
    let mut world = prices::world();
    let opens = Epoch::new(2);
    until(&mut world, opens.after(Epochs::new(2)));
    world.blocks(49);
    assert_eq!(world.state.bond_price(), Ok(cents(100)), "the parameter, as long as it is young");
    world.post(world.terms());
    world.block();
    let now = opens.after(Epochs::new(3));
    assert_eq!(world.state.epoch(), now);
    let refused = PostJobRejected::PriceStale { counted: opens, now, limit: Epochs::new(3) };
    let post = Command::PostJob(world.terms());
    assert_eq!(world.send("R", post), Err(Rejected::PostJob(refused)));
    let missed = world.seen(|event| match event {
        Event::PriceMissed { is_stale, .. } => Some(*is_stale),
        _ => None,
    });
    assert_eq!(missed, [false, false, true], "and it is told so");
    agree(&mut world, cents(100), 1);
    world.post(world.terms());
}

/// A vote changes the length of epochs, the span of the average and what must be opened in the
/// block in which a round that was sealed begins to be opened: it counts by the new rules, whole.
#[test]
fn m5_a_vote_within_a_round_leaves_it_whole() {
    let mut world = prices::world_with(|raw| raw.governance.quorum = Ratio::percent(40));
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    let id = propose(
        &mut world,
        "W",
        &[
            ("chain.epoch_blocks", 31),
            ("prices.average_epochs", 2),
            ("prices.stale_epochs", 2),
            ("prices.quorum", 900_000_000),
        ],
    );
    pass(&mut world, id);
    ALL.iter().for_each(|name| vote(&mut world, name, id, BallotChoice::Yes));
    pass(&mut world, id);
    let due = world.state.proposal(id).expect("queued").due;
    until(&mut world, Epoch::new(due.count() - 1));
    let round = |world: &mut World, opening: usize| {
        ALL.iter().for_each(|name| seals(world, name, cents(105)).expect("it may seal"));
        next_epoch(world);
        for name in &ALL[..opening] {
            opens(world, name, cents(105)).expect("it may open");
        }
        let before = world.state.height();
        next_epoch(world);
        world.state.height().since(before).count()
    };
    assert_eq!(round(&mut world, 7), 31, "the round is as long as all epochs by now");
    assert_eq!(world.state.epoch(), due.after(Epochs::new(1)));
    assert_eq!(price(&world), Some(100), "seven of eight are too few by now");
    assert_eq!(world.state.price_feed().expect("it is on").past, [100, 100].map(cents));
    round(&mut world, 8);
    assert_eq!(price(&world), Some(105));
}

/// A state that is written and read while one round is opened and the next is sealed goes on with
/// both.
#[test]
fn m5_rounds_outlive_a_restart() {
    let mut world = prices::world();
    next_epoch(&mut world);
    for name in ALL {
        seals(&mut world, name, cents(104)).expect("it may seal");
    }
    next_epoch(&mut world);
    for name in &ALL[..3] {
        opens(&mut world, name, cents(104)).expect("it may open");
        seals(&mut world, name, cents(103)).expect("it may seal");
    }
    let bytes = postcard::to_allocvec(&world.state).expect("encodes");
    let mut read: earnest_protocol::State = postcard::from_bytes(&bytes).expect("decodes");
    assert_eq!(read.root(), world.state.root());
    assert_eq!(read.check_invariants(), Ok(()));
    world.state = read;
    for name in &ALL[3..6] {
        opens(&mut world, name, cents(104)).expect("it may open after a restart");
        seals(&mut world, name, cents(103)).expect("and seal");
    }
    next_epoch(&mut world);
    assert_eq!(price(&world), Some(104), "six of eight");
    for name in &ALL[..6] {
        opens(&mut world, name, cents(103)).expect("it may open");
    }
    next_epoch(&mut world);
    assert_eq!(price(&world), Some(103));
}

/// What a market did while nobody posted is caught up with a step an epoch, and not at once: who
/// could silence the feed would else move it at once when few come back. It is a known shortcoming
/// that new work begins meanwhile.
#[test]
fn m5_after_a_silence_the_price_is_a_step_from_where_it_stood() {
    let mut world = prices::world();
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    let quiet = world.state.epoch().after(Epochs::new(20));
    until(&mut world, quiet);
    assert!(world.state.bond_price().is_err());
    agree(&mut world, cents(200), 1);
    assert_eq!(price(&world), Some(110));
    assert_eq!(world.state.mint_price(), cents(200));
    assert_eq!(
        world.state.bond_price(),
        Ok(cents(82)),
        "three of 100 and one of 110, less a fifth"
    );
}

/// At the largest price a job is done and paid as at any other, for a collateral of few units; at
/// the least nobody could secure it, so it is refused.
#[test]
fn m5_at_the_ends_of_all_prices_nothing_breaks() {
    let at = |price: Factor| {
        let mut world = prices::world_with(|raw| {
            raw.chain.stake_price = price;
            raw.rewards.schedule = 1;
            raw.rewards.epoch_amount = Amount::tokens(1_000);
        });
        next_epoch(&mut world);
        agree(&mut world, price, 2);
        assert_eq!(world.state.price_feed().map(|feed| feed.price), Some(price));
        assert_eq!(world.state.mint_price(), price);
        world
    };
    let mut world = at(Factor::MAX);
    assert_eq!(world.state.bond_price(), Ok(cents(80_000_000)));
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    do_job(&mut world, "P1", job);
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    next_epoch(&mut world);

    let least = Factor::new(1).expect("small");
    let mut world = at(least);
    assert_eq!(world.state.bond_price(), Ok(least), "never nothing");
    let post = Command::PostJob(world.terms());
    let refused = world.send("R", post);
    let none = PostJobRejected::PoolTooSmall { eligible: 0, needed: 3 };
    assert_eq!(refused, Err(Rejected::PostJob(none)), "nobody has so much to lock");
    next_epoch(&mut world);
}

/// A bid is sealed; it is opened, and the job is done and paid.
fn do_job(world: &mut World, provider: &str, job: JobId) {
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid(provider, job, 10);
    world.until_phase(job, Phase::Offered);
    world.ok(provider, Command::AcceptJob(AcceptJob { job }));
    world.commit(provider, job, root(None));
    world.audit(job, root(None));
    world.reveal(provider, job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
}

/// What comes after an epoch has opened has no weight in it: neither a validator nor a bond.
#[test]
fn m5_who_joins_or_bonds_within_an_epoch_has_no_weight_in_it() {
    let mut world = prices::world();
    next_epoch(&mut world);
    let epoch = world.state.epoch();
    bond(&mut world, "X", 90_000_000_000_000);
    bond(&mut world, "V1", 50_000_000_000_000);
    let refused = Err(Rejected::SealPrice(SealPriceRejected::NoWeight { epoch }));
    assert_eq!(seals(&mut world, "X", cents(1)), refused);
    seals(&mut world, "V1", cents(1)).expect("it may seal");
    let weight = |world: &World| {
        world.seen(|event| match event {
            Event::PriceSealed { weight, .. } => Some(weight.units() / 1_000_000_000),
            _ => None,
        })
    };
    assert_eq!(weight(&world), [50_000], "what it had");
    next_epoch(&mut world);
    seals(&mut world, "X", cents(1)).expect("it was there when this epoch opened");
    // And what leaves within an epoch still counts in it, once.
    let all = Amount::tokens(100_000);
    world.ok("V1", Command::Unbond(Unbond { role: Role::Validator, amount: all }));
    seals(&mut world, "V1", cents(1)).expect("by the stake of the opening");
    assert_eq!(weight(&world), [50_000, 90_000, 100_000]);
    next_epoch(&mut world);
    let refused = SealPriceRejected::NoWeight { epoch: world.state.epoch() };
    assert_eq!(seals(&mut world, "V1", cents(1)), Err(Rejected::SealPrice(refused)));
}

/// Who has stake there and may not work says nothing of prices, nor counts among those who should.
#[test]
fn m5_a_bond_below_the_least_has_no_weight() {
    let mut world = prices::world();
    let stake = |world: &World| {
        let [sealing, _] = world.state.price_rounds();
        sealing.expect("the feed is on").stake.units()
    };
    next_epoch(&mut world);
    let before = stake(&world);
    let id = world.state.operator_id(world.id("V1"), Role::Validator).expect("bonded");
    let own = world.state.operator(id).expect("bonded").stake;
    let amount = own.checked_sub(Amount::UNIT).expect("more than that");
    world.ok("V1", Command::Unbond(Unbond { role: Role::Validator, amount }));
    next_epoch(&mut world);
    assert_eq!(stake(&world), before - own.units());
    let refused = SealPriceRejected::NoWeight { epoch: world.state.epoch() };
    assert_eq!(seals(&mut world, "V1", cents(1)), Err(Rejected::SealPrice(refused)));
    seals(&mut world, "V2", cents(100)).expect("it may work");
}

/// What a customer is owed of a slash is counted at the price that its job began with, and so is
/// what it could lose: 1.1 less a fifth, whatever the parameter says.
#[test]
fn m5_compensation_is_counted_at_the_price_that_the_job_began_with() {
    let mut world = prices::world();
    next_epoch(&mut world);
    agree(&mut world, cents(1_000), 1);
    assert_eq!(world.state.bond_price(), Ok(cents(88)));
    let late = world.assign(world.terms(), &[("P1", 10)]);
    let job = world.assign(world.terms(), &[("P2", 10)]);
    let wrong = root(Some(3));
    world.commit("P2", job, wrong);
    world.audit(job, root(None));
    world.reveal("P2", job, wrong, root(None));
    world.play("P2", job, 3, true);
    world.until_phase(late, Phase::Closed);
    world.blocks(110);
    let tariff = world.state.order(job).expect("it is there").bound.tariff.units();
    let owed = world.seen(|event| match event {
        Event::Slashed { offence, terms, .. } => match terms.way {
            Way::Claims(claims) => Some((*offence, claims.tariff.units())),
            _ => None,
        },
        _ => None,
    });
    let owed: BTreeMap<_, _> = owed.into_iter().collect();
    let at_the_price = (tariff * 100).div_ceil(88);
    let both = [Offence::Abandonment, Offence::WrongResult];
    assert_eq!(owed, both.map(|offence| (offence, at_the_price)).into());
}

/// R17: a stale limit within the average, and a haircut of a step at least; of a feed that is on.
#[test]
fn m5_a_feed_ages_within_its_average_and_falls_within_its_haircut() {
    let accepted = |average, stale, step, haircut| {
        let mut raw = votes::params();
        raw.prices.average_epochs = Epochs::new(average);
        raw.prices.stale_epochs = Epochs::new(stale);
        (raw.prices.step, raw.prices.haircut) = (Ratio::percent(step), Ratio::percent(haircut));
        Params::try_from(raw).is_ok()
    };
    assert!(accepted(6, 6, 5, 20) && !accepted(6, 7, 5, 20));
    assert!(accepted(6, 6, 20, 20) && !accepted(6, 6, 21, 20));
    assert!(accepted(0, 7, 21, 20), "there is no feed");
}

/// Epochs of 50 blocks: sealed up to the last block of one, opened from the first of the next to
/// its last, and counted in the first after it.
#[test]
fn m5_windows_end_with_their_epochs() {
    let mut world = prices::world();
    let at = |world: &mut World, height: u64| {
        let now = world.state.height().count();
        world.blocks(height - now);
    };
    let early = Err(Rejected::SealPrice(SealPriceRejected::NotBegun { begins: Epoch::new(1) }));
    assert_eq!(seals(&mut world, "V1", cents(100)), early);
    at(&mut world, 50);
    for name in &ALL[..5] {
        seals(&mut world, name, cents(100)).expect("the first block");
    }
    at(&mut world, 99);
    let sealed = prices::sealing(&world.state, world.id("V6"), cents(100));
    let late = prices::sealing(&world.state, world.id("V7"), cents(100));
    world.ok("V6", sealed);
    let open = OpenPrice { epoch: Epoch::new(1), price: cents(100), salt: SALT };
    let wrong =
        |got, now| OpenPriceRejected::WrongEpoch { got: Epoch::new(got), now: Epoch::new(now) };
    let refused = world.send("V6", Command::OpenPrice(open.clone()));
    assert_eq!(refused, Err(Rejected::OpenPrice(wrong(1, 1))), "a block too early");
    at(&mut world, 100);
    let (got, now) = (Epoch::new(1), Epoch::new(2));
    let refused = SealPriceRejected::WrongEpoch { got, now };
    assert_eq!(world.send("V7", late), Err(Rejected::SealPrice(refused)), "a block too late");
    world.ok("V6", Command::OpenPrice(open.clone()));
    for name in &ALL[..4] {
        opens(&mut world, name, cents(100)).expect("its time");
    }
    at(&mut world, 149);
    world.ok("V5", Command::OpenPrice(open.clone()));
    assert_eq!(price(&world), None, "not before the epoch is over");
    at(&mut world, 150);
    assert_eq!(price(&world), Some(100), "six of eight: two thirds and more");
    let refused = world.send("V5", Command::OpenPrice(open));
    assert_eq!(refused, Err(Rejected::OpenPrice(wrong(1, 3))));
}

/// Stake is worth more and more; who knows it burns while the average lags. What it may claim is
/// worth less than it burnt, at what validators said last, all the same.
#[test]
fn m5_who_burns_at_an_old_price_claims_at_the_new_one() {
    assert_eq!(claimed(100), cents(100), "not at the average less the haircut");
    assert_eq!(claimed(200), cents(200), "what was said meanwhile");
    assert_eq!(claimed(1), Factor::new(966_666_667).expect("small"), "the average, up: it is more");
}

/// At which price a job's claims are counted that was posted at 1, and done when all have said so
/// many hundredths: it attracts less than it burnt, if they spoke the truth.
fn claimed(now: u64) -> Factor {
    let mut world = prices::world_with(|raw| {
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = Amount::tokens(1_000);
        raw.chain.base_fee = Amount::ZERO;
    });
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    for name in ALL {
        seals(&mut world, name, cents(now)).expect("it may seal");
    }
    next_epoch(&mut world);
    for name in ALL {
        opens(&mut world, name, cents(now)).expect("it may open");
    }
    world.blocks(40);
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    do_job(&mut world, "P1", job);
    let claims = world.seen(|event| match event {
        Event::WorkClaimed { claim, terms, .. } => {
            Some((claim.units(), terms.stake_price, terms.burnt))
        }
        _ => None,
    });
    let (_, price, burnt) = claims[0];
    let worth: u64 = claims.iter().map(|(claim, ..)| claim).sum();
    assert!(0 < worth && worth * now / 100 < burnt.units(), "{worth} at {now}, {burnt:?}");
    price
}

/// M24: a price begins within a step of `chain.stake_price`, or a market rose by more, and follows
/// by steps. Whoever paid itself for work meanwhile attracted several times what it burnt.
#[test]
fn m24_a_price_that_follows_what_was_said_by_steps_pays_nobody_for_paying_itself() {
    for said in [150, 500, 10_000] {
        assert_eq!(claimed(said), cents(said));
    }
}

/// A provider bids on a job that was posted when stake was worth more: it locks what the job began
/// with, and that is what it loses.
#[test]
fn m21_a_job_keeps_the_price_that_it_began_with() {
    let mut world = prices::world_with(|raw| raw.market.bid_blocks = Blocks::new(120));
    next_epoch(&mut world);
    agree(&mut world, cents(100), 1);
    let mut terms = world.terms();
    terms.auction = Auction::FirstPrice;
    let job = world.post(terms.clone());
    let before = *world.state.order(job).expect("posted").quote;
    world.bid("P1", job, 10);
    agree(&mut world, cents(1), 1);
    let now = world.state.quote_job(None, &terms).expect("quoted");
    assert!(now.collateral > before.collateral, "stake is worth less: more is locked from now on");
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    let held = world.held(job, AssignmentPot::Collateral);
    // Of a bid below the ceiling a little less than was quoted, at the price of old.
    assert!(held <= before.collateral.units() && held > before.collateral.units() / 1_000 * 999);
    assert!(now.collateral.units() > held / 100 * 102);
}

/// Turned on by a vote the feed begins in the next epoch, and until a price counts the parameter
/// does; turned off it is gone with all that was posted, and the parameter counts again.
#[test]
fn m5_a_vote_turns_the_feed_on_and_off_and_nothing_waits_for_it() {
    let raw = votes::params_with(40, |raw| raw.prices.stale_epochs = Epochs::new(3));
    let mut world = World::with_assets(raw, earnest_protocol::ledger::Assets::Dual);
    let refused = Err(Rejected::SealPrice(SealPriceRejected::FeedOff));
    assert_eq!(seals(&mut world, "V1", cents(100)), refused);
    let decide = |world: &mut World, value: u64| {
        let id = propose(world, "W", &[("prices.average_epochs", value)]);
        pass(world, id);
        ALL.iter().for_each(|name| vote(world, name, id, BallotChoice::Yes));
        pass(world, id);
        pass(world, id);
    };
    decide(&mut world, 4);
    let begins = world.state.epoch().after(Epochs::new(1));
    let refused = Err(Rejected::SealPrice(SealPriceRejected::NotBegun { begins }));
    assert_eq!(seals(&mut world, "V1", cents(100)), refused);
    until(&mut world, begins.after(Epochs::new(3)));
    assert_eq!(world.state.bond_price(), Ok(cents(100)), "none has counted: the parameter does");
    world.post(world.terms());
    agree(&mut world, cents(50), 1);
    assert_eq!(world.state.bond_price(), Ok(cents(76)), "a step from the parameter, less a fifth");
    decide(&mut world, 0);
    assert_eq!(world.state.bond_price(), Ok(cents(100)), "at once");
    assert!(world.state.price_feed().is_none());
    next_epoch(&mut world);
    assert_eq!(world.state.price_rounds(), [None, None], "and nothing of it is left");
}

/// A unit short of two thirds nothing counts, and with it something does.
#[test]
fn m5_two_thirds_are_counted_to_the_unit() {
    let counts = |more: u64| {
        let mut world = prices::world();
        // Six have 300,000 tokens and so much more, two have 150,000.
        bond(&mut world, "V1", more);
        bond(&mut world, "V7", 25_000_000_000_000);
        bond(&mut world, "V8", 25_000_000_000_000);
        next_epoch(&mut world);
        let posts: Vec<_> = ALL[..6].iter().map(|name| (*name, cents(100))).collect();
        prices::round(&mut world, &posts);
        price(&world).is_some()
    };
    // The quorum is a third of a billionth above two thirds, which is 450,000.00045 units here.
    assert!(!counts(450_000));
    assert!(counts(450_001));
}

/// R17: where new work begins the average is of more than one old price, and the haircut covers
/// what the price may fall before the next counts.
#[test]
fn r17_a_haircut_covers_a_step_and_an_average_what_is_stale() {
    use earnest_protocol::{Params, params::Violation};
    let refused = |change: fn(&mut earnest_protocol::RawParams)| {
        let mut raw = votes::params();
        raw.prices.average_epochs = Epochs::new(6);
        change(&mut raw);
        Params::try_from(raw).err().map(|why| why.violations)
    };
    assert_eq!(refused(|_| {}), None);
    let (lower, upper) = ("prices.stale_epochs", "prices.average_epochs");
    let order = Violation::OutOfOrder { lower, upper, got: 7, max: 6 };
    assert_eq!(refused(|raw| raw.prices.stale_epochs = Epochs::new(7)), Some(vec![order]));
    let (lower, upper) = ("prices.step", "prices.haircut");
    let order = Violation::OutOfOrder { lower, upper, got: 210_000_000, max: 200_000_000 };
    assert_eq!(refused(|raw| raw.prices.step = Ratio::percent(21)), Some(vec![order]));
    let off = |raw: &mut earnest_protocol::RawParams| {
        raw.prices.average_epochs = Epochs::ZERO;
        raw.prices.step = Ratio::percent(21);
    };
    assert_eq!(refused(off), None, "of no feed nothing is asked");
}
