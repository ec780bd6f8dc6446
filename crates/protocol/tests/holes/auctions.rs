//! Prices and places: p07, p10, p19.

use earnest_protocol::{
    AccountId, Address, Amount, Command, Digest, Event, Ratio, Rejected, Role,
    command::*,
    ledger::Assets,
    market::{CommitBidRejected, Outcome, Phase},
    seal,
};

use super::{
    FEE, POST_FEE, TOKEN, amount, bond, honest_life, ok_as, send_as, sybil, unbond, wealth_of,
};
use crate::world::{World, params, params_with, root};

const SALT: Digest = Digest([5; 32]);

/// Bonds so much as a provider and seals a bid at ten tokens.
fn enter(world: &mut World, (who, _): (AccountId, Address), units: u64) {
    let amount = Amount::new(units).expect("small");
    ok_as(world, who, Command::Bond(Bond { role: Role::Provider, amount }));
}

fn seal_as(
    world: &mut World,
    (who, address): (AccountId, Address),
    job: earnest_protocol::JobId,
    price: u64,
) -> Result<(), Rejected> {
    let seal = seal::bid(&world.state.network(), job, &address, Amount::tokens(price), &SALT);
    send_as(world, who, Command::CommitBid(CommitBid { job, seal }))
}

/// p07: one Sybil filled all 32 places with least bonds, for base fees. A larger bond takes the
/// place of the smallest; to keep it out, each of the 32 must hold as much as it.
#[test]
fn a_full_list_makes_room_for_a_larger_bond_and_for_no_other() {
    let small = Amount::tokens(120).units();
    for (own, is_in) in [(small - 1, false), (small, false), (small + 1, true)] {
        let mut world = World::new(params());
        let sybils: Vec<_> = (0..32).map(|n| sybil(&mut world, n, 140)).collect();
        sybils.iter().for_each(|who| enter(&mut world, *who, small));
        let honest = sybil(&mut world, 99, 140);
        enter(&mut world, honest, own);
        let ids: Vec<AccountId> = sybils.iter().map(|(who, _)| *who).collect();
        let before = wealth_of(&world, &ids);
        let mut terms = world.terms();
        terms.auction = Auction::FirstPrice;
        let job = world.post(terms);
        for who in &sybils {
            seal_as(&mut world, *who, job, 10).expect("there is a place");
        }
        let bid = seal_as(&mut world, honest, job, 4);
        if !is_in {
            let (stake, smallest) = (amount(super::signed(own)), amount(super::signed(small)));
            let refusal = CommitBidRejected::BidsAtLimit { limit: 32, stake, smallest };
            assert_eq!(bid, Err(Rejected::CommitBid(refusal)));
            continue;
        }
        assert_eq!(bid, Ok(()));
        // Of equals the last one's place; it has its deposit back, and may not come again.
        let evicted = world.seen(|event| match event {
            Event::BidEvicted { account, .. } => Some(*account),
            _ => None,
        });
        assert_eq!(evicted, [ids[31]]);
        let again = seal_as(&mut world, sybils[31], job, 10);
        assert!(matches!(again, Err(Rejected::CommitBid(CommitBidRejected::BidsAtLimit { .. }))));
        world.until_phase(job, Phase::RevealingBids);
        for (who, price) in ids[..31].iter().zip(std::iter::repeat(10)) {
            let price = Amount::tokens(price);
            ok_as(&mut world, *who, Command::RevealBid(RevealBid { job, price, salt: SALT }));
        }
        let price = Amount::tokens(4);
        ok_as(&mut world, honest.0, Command::RevealBid(RevealBid { job, price, salt: SALT }));
        assert_eq!(world.assignment(job).account, honest.0, "the requester pays 4, not 10");
        ok_as(&mut world, honest.0, Command::AcceptJob(AcceptJob { job }));
        assert_eq!(wealth_of(&world, &ids) - before, -33 * FEE, "and the list was paid for");
    }
}

/// p07: bonds taken out of the queue do not count for a place; the deposit of who is evicted comes
/// back to the unit, in both kinds of network; who had the place and who takes it never share it.
#[test]
fn who_is_evicted_has_its_deposit_back_and_holds_nothing() {
    for assets in [Assets::Single, Assets::Dual] {
        let raw = params_with(|raw| raw.market.bids_max = 2);
        let mut world = World::with_assets(raw, assets);
        let before = world.coalition(&["P1"]);
        unbond(&mut world, "P1", Role::Provider, Amount::tokens(2));
        unbond(&mut world, "P2", Role::Provider, Amount::tokens(1));
        let job = world.post(world.terms());
        for name in ["P1", "P2"] {
            world.bid(name, job, 5);
        }
        assert_eq!(world.coalition(&["P1"]), before - 2 * FEE - TOKEN, "the deposit is a tenth");
        // P3 is larger than P1; P4 then than P2; then nobody is.
        world.bid("P3", job, 6);
        assert_eq!(world.coalition(&["P1"]), before - 2 * FEE);
        world.bid("P4", job, 7);
        let seal = world.seal_bid("P1", job, Amount::tokens(5));
        assert!(world.send("P1", Command::CommitBid(CommitBid { job, seal })).is_err());
        world.until_phase(job, Phase::RevealingBids);
        world.open_bid("P4", job, 7);
        world.open_bid("P3", job, 6);
        let won = world.assignment(job);
        assert_eq!((world.name(won.account), won.price), ("P3", Amount::tokens(7)));
        world.ok("P3", Command::AcceptJob(AcceptJob { job }));
        honest_life(&mut world, job, "P3");
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    }
}

/// p10: with a second bond at the ceiling a lone bidder was paid the ceiling instead of what it
/// asked. It is paid the ceiling alone, too, so that the second bond is worth nothing.
#[test]
fn a_second_bond_changes_nothing_for_a_lone_bidder() {
    for assets in [Assets::Single, Assets::Dual] {
        for ask in [0, 4, 10] {
            let paid = |bids: &[(&str, u64)]| {
                let mut world = World::with_assets(params(), assets);
                let job = world.assign(world.terms(), bids);
                world.assignment(job).price
            };
            let alone = paid(&[("P1", ask)]);
            let both = paid(&[("P1", ask), ("P2", 10)]);
            assert_eq!((alone, both), (Amount::tokens(10), Amount::tokens(10)));
        }
    }
}

/// p10: nor beside an honest bidder, whatever the second bond asks and whichever of both wins.
#[test]
fn a_second_bond_never_raises_what_its_holder_is_paid() {
    let paid = |bids: &[(&str, u64)]| {
        let mut world = World::new(params());
        let job = world.assign(world.terms(), bids);
        let won = world.assignment(job);
        let own = ["P1", "P3"].contains(&world.name(won.account));
        if own { won.price.units() } else { 0 }
    };
    let alone = paid(&[("P1", 4), ("P2", 7)]);
    assert_eq!(alone, Amount::tokens(7).units());
    for second in 0..=10 {
        let both = paid(&[("P1", 4), ("P2", 7), ("P3", second)]);
        assert!(both <= alone, "{second}: {both}");
    }
}

/// p10: more bids than ranks are kept. The best that was not kept still bounds what the last kept
/// one is paid, so who fills the ranks with bonds that lapse gains nothing by it.
#[test]
fn ranks_filled_with_friends_that_lapse_do_not_raise_the_price() {
    // Three places; P1 and P2 and P3 are one's own, P4 is honest at 8.
    let mut world = World::new(params());
    let friends = ["P1", "P2", "P3"];
    let before = world.coalition(&friends);
    let bids = [("P1", 2), ("P2", 3), ("P3", 4), ("P4", 8)];
    let job = world.post(world.terms());
    bids.iter().for_each(|(name, price)| world.bid(name, job, *price));
    world.until_phase(job, Phase::RevealingBids);
    bids.iter().for_each(|(name, price)| world.open_bid(name, job, *price));
    for name in ["P1", "P2"] {
        assert_eq!(world.name(world.assignment(job).account), name);
        world.blocks(3); // It lapses.
    }
    let won = world.assignment(job);
    assert_eq!((world.name(won.account), won.price), ("P3", Amount::tokens(8)));
    world.ok("P3", Command::AcceptJob(AcceptJob { job }));
    honest_life(&mut world, job, "P3");
    // Two deposits lapsed; P3 alone would have had the same 8, less the take of 5 %.
    let gain = world.coalition(&friends) - before;
    assert_eq!(gain, 76 * TOKEN / 10 - 2 * TOKEN - 4 * FEE);
}

/// What a requester and its shill have more or less after a job that P1 and P2 bid for, honestly.
fn shill(kind: Auction, honest: &[(&'static str, u64)], bid: Option<u64>, opens: bool) -> i64 {
    let mut world = World::new(params());
    let friends = ["R", "P4"];
    let before = world.coalition(&friends);
    let mut terms = world.terms();
    terms.auction = kind;
    let job = world.post(terms);
    honest.iter().for_each(|(name, price)| world.bid(name, job, *price));
    if let Some(price) = bid {
        world.bid("P4", job, price);
    }
    world.until_phase(job, Phase::RevealingBids);
    honest.iter().for_each(|(name, price)| world.open_bid(name, job, *price));
    if let Some(price) = bid.filter(|_| opens) {
        world.open_bid("P4", job, price);
    }
    world.until_phase(job, Phase::Offered);
    // A shill that won lets its offer lapse, and the next one's turn comes.
    for _ in 0..10 {
        let winner = world.name(world.assignment(job).account);
        if winner != "P4" {
            world.ok(winner, Command::AcceptJob(AcceptJob { job }));
            honest_life(&mut world, job, winner);
            break;
        }
        world.block();
    }
    assert_eq!(world.closed(job).outcome, Outcome::Accepted);
    world.coalition(&friends) - before
}

/// p19: a requester's shill takes the winner's rent. Under the first price, which tools ask for,
/// it gains nothing whatever it bids and whether it opens: it loses its base fee, and a tenth of
/// the ceiling when it is not opened or wins.
#[test]
fn under_the_first_price_a_requesters_shill_only_loses() {
    let kind = Auction::FirstPrice;
    let honest = [("P1", 4), ("P2", 9)];
    let alone = shill(kind, &honest, None, true);
    assert_eq!(alone, -6 * TOKEN - POST_FEE, "4 tokens, and two audits");
    for bid in 0..=10 {
        for opens in [true, false] {
            let with = shill(kind, &honest, Some(bid), opens);
            assert!(with < alone, "bid {bid}, opens {opens}: {with} against {alone}");
            let wins = bid <= 4;
            let forfeits = !opens || wins;
            let cost = FEE + if forfeits { TOKEN } else { 0 };
            if bid != 4 || !opens {
                assert_eq!(alone - with, cost, "bid {bid}, opens {opens}");
            }
        }
    }
}

/// p19, what is left: no rule makes a second price proof against an auctioneer's own bids. A shill
/// sealed at s between the best bid b and the second c gains c − s less the base fee when it is
/// opened, at most c − b: the winner's whole rent. It costs a tenth of the ceiling when the best
/// bid turns out above s, where it must not be opened or it wins, and it never pushes a winner
/// below what that one asked.
#[test]
fn under_the_second_price_a_shill_gains_the_winners_rent_and_no_more() {
    let kind = Auction::SecondPrice;
    let honest = [("P1", 4), ("P2", 9)];
    let alone = shill(kind, &honest, None, true);
    for bid in 0..=10u8 {
        let with = shill(kind, &honest, Some(bid.into()), true) - alone;
        let bid = i64::from(bid);
        if bid > 4 {
            assert_eq!(with, (9 - bid).max(0) * TOKEN - FEE, "bid {bid}");
        }
        if bid < 4 {
            // It wins, lapses, and the price is the second of those that remain.
            assert_eq!(with, -TOKEN - FEE, "bid {bid}");
        }
        assert!(with < 5 * TOKEN, "never more than the rent");
        let kept = shill(kind, &honest, Some(u64::try_from(bid).expect("few")), false) - alone;
        assert_eq!(kept, -TOKEN - FEE, "a tenth of the ceiling");
    }
    // Alone against one bidder it takes the ceiling's place, as far as it dares.
    let lone = [("P1", 4)];
    let alone = shill(kind, &lone, None, true);
    assert_eq!(shill(kind, &lone, Some(5), true) - alone, 5 * TOKEN - FEE);
}

/// new: a ceiling of one base unit asks for a deposit of one: a winner of such a job may let it
/// lapse for nothing, but neither fees nor bonds of others are touched by it.
#[test]
fn a_ceiling_of_one_base_unit_is_bid_for_and_paid() {
    for kind in [Auction::FirstPrice, Auction::SecondPrice] {
        let mut world = World::new(params());
        let before = world.coalition(&["R", "P1"]);
        let mut terms = world.terms();
        (terms.auction, terms.price_max) = (kind, Amount::UNIT);
        terms.audit_rate = Ratio::percent(2);
        let job = world.assign(terms, &[("P1", 0)]);
        world.commit("P1", job, root(None));
        world.reveal_result("P1", job, root(None));
        world.until_phase(job, Phase::Closed);
        assert_eq!(world.closed(job).outcome, Outcome::Accepted);
        // One unit under the second price, all of which is the take, rounded up and burnt.
        let burnt = if kind == Auction::SecondPrice { 1 } else { 0 };
        assert_eq!(world.coalition(&["R", "P1"]) - before, -burnt - POST_FEE - 2 * FEE);
    }
}

/// new: a hybrid whose own validator is out of its job's pool must not leave too much of the rest
/// in one hand; the pool that counts is that of who can lock.
#[test]
fn a_bidder_whose_own_validator_held_the_pool_apart_is_refused() {
    let mut world = World::new(params());
    for name in &super::VALIDATORS[3..] {
        unbond(&mut world, name, Role::Validator, Amount::tokens(50_000));
    }
    bond(&mut world, "P1", Role::Validator, Amount::tokens(40_000));
    let mut terms = world.terms();
    terms.auditors = 1;
    let job = world.post(terms);
    // Fifty of a hundred and ninety; without P1's own three of a third.
    let seal = world.seal_bid("P1", job, Amount::tokens(5));
    let refused = world.send("P1", Command::CommitBid(CommitBid { job, seal }));
    let [share, assumed] = [333_333_334, 263_157_895].map(|r| Ratio::new(r).expect("a share"));
    let refusal = CommitBidRejected::PoolTooConcentrated { share, assumed };
    assert_eq!(refused, Err(Rejected::CommitBid(refusal)));
    world.bid("P2", job, 5);
}

/// new: equal bids are told apart by a beacon. It was that of the block in which the last bid was
/// opened, so whoever opened last chose among the blocks left, and won all but one tie in 2^10.
/// The beacon after bidding tells them apart, whenever they are opened.
#[test]
fn who_opens_last_wins_no_more_ties() {
    let mut wins = [0, 0];
    for round in 0..24u64 {
        let winner = |wait: u64| {
            let mut world = World::new(params());
            world.blocks(round);
            let job = world.post(world.terms());
            world.bid("P1", job, 5);
            world.bid("P2", job, 5);
            world.until_phase(job, Phase::RevealingBids);
            world.open_bid("P1", job, 5);
            world.blocks(wait);
            world.open_bid("P2", job, 5);
            world.name(world.assignment(job).account)
        };
        let by_wait = [winner(0), winner(1), winner(2)];
        assert_eq!(by_wait, [by_wait[0]; 3], "the block of the opening changes nothing");
        wins[usize::from(by_wait[0] == "P2")] += 1;
    }
    assert!(wins[0] >= 5 && wins[1] >= 5, "{wins:?} of 24");
}
