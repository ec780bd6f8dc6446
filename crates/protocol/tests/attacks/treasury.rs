//! What a majority, a payee or a neighbour would take of the treasury: M31, M32, V6 to V9.

use earnest_protocol::{
    Amount, Asset, Command, Epoch, Epochs, Event, ProposalId, Ratio, RawParams, Rejected, Role,
    command::{BallotChoice::*, Bond, CancelProposal, ParamChange, Propose},
    governance::{
        CancelProposalRejected, Defeat, ProposalStage, ProposeRejected, ProposeSpendRejected,
        SpendEnding, StopSpendRejected,
    },
    ledger::Pot,
    params::Relation,
};
use earnest_testkit::{
    votes::{accept, endow, params_with, pass, propose, spend, spending, stage, stop, until, vote},
    world::World,
};

const STAKE: Asset = Asset::Stake;
/// The most that R16 lets out of epochs of 50 blocks.
const FASTEST: u64 = 2_777 * 50;

fn rich(change: impl FnOnce(&mut RawParams)) -> World {
    let mut world = World::new(params_with(40, |raw| {
        endow(raw, 1_000_000);
        raw.governance.spend_epoch_share = Ratio::new(FASTEST).expect("below one");
        change(raw);
    }));
    until(&mut world, Epoch::new(1));
    world
}

fn treasury(world: &World) -> u64 {
    world.state.balance(Pot::Treasury(STAKE)).units()
}

fn paid(world: &World, id: ProposalId) -> u64 {
    match stage(world, id) {
        ProposalStage::Paying(payout) | ProposalStage::Spent { payout, .. } => payout.paid.units(),
        _ => 0,
    }
}

fn epochs(world: &mut World, count: u64) {
    let then = world.state.epoch().after(Epochs::new(count));
    until(world, then);
}

fn bond(amount: u64) -> Command {
    let amount = Amount::new(amount).expect("small");
    Command::Bond(Bond { role: Role::Provider, amount })
}

/// P1 is paid while others vote on its next spend, and bonds it at once: its ballot has the weight
/// that it had when that vote began, and so has the quorum.
#[test]
fn m31_what_is_paid_counts_in_no_vote_that_has_begun() {
    let mut world = rich(|_| {});
    let first = spend(&mut world, "P1", ("P1", Amount::tokens(400), 4));
    accept(&mut world, &[first]);
    let second = spend(&mut world, "P1", ("P1", Amount::tokens(50_000), 1));
    pass(&mut world, second);
    let power = world.state.proposal(second).expect("open").power;
    pass(&mut world, first);
    epochs(&mut world, 1);
    let got = paid(&world, first);
    assert_eq!(got, Amount::tokens(200).units(), "while its second spend is voted on");
    world.ok("P1", bond(got));
    vote(&mut world, "P1", second, Yes);
    let row = world.state.proposal(second).expect("open");
    assert_eq!((row.tally.yes, row.power), (Amount::tokens(50_000), power));
    pass(&mut world, second);
    assert_eq!(stage(&world, second), ProposalStage::Defeated(Defeat::Quorum));
}

/// At the fastest rate, a payee of everything that bonds each part as it comes has at the vote on
/// its stop what six epochs let out, less than a tenth of what may vote.
#[test]
fn m31_a_stream_buys_its_payee_little_power_before_it_can_be_stopped() {
    let mut world = rich(|raw| raw.governance.spend_share = Ratio::percent(10));
    let id = spend(&mut world, "P1", ("P1", Amount::tokens(100_000), 1));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let against = stop(&mut world, "R", id);
    world.ok("P1", bond(paid(&world, id)));
    pass(&mut world, against);
    vote(&mut world, "P1", against, No);
    let row = world.state.proposal(against).expect("open");
    let bought = row.tally.no.units() - Amount::tokens(50_000).units();
    let most = 1_000_000_000_000_000 / 1_000_000_000 * FASTEST;
    assert!(bought <= most, "{bought} of {}: one epoch's, since it began", row.power);
    for name in ["P2", "P3", "P4", "V1", "V2", "V3"] {
        vote(&mut world, name, against, Yes);
    }
    pass(&mut world, against);
    let ProposalStage::Spent { payout, why } = stage(&world, id) else { panic!("it was stopped") };
    assert_eq!(why, SpendEnding::Stopped);
    assert!(payout.paid.units() <= 5 * most, "{:?}", payout);
}

/// Sixty-four spends of the largest share at once, all to the majority itself, while it votes for
/// whatever it likes: the treasury keeps what R16 says.
#[test]
fn m32_a_majority_takes_the_treasury_no_faster_than_the_rules_let_it() {
    let mut world = rich(|raw| {
        raw.governance.deposit = Amount::tokens(1);
        raw.governance.spend_share = Ratio::percent(10);
        raw.governance.spends_max = 64;
        raw.governance.spend_wait_epochs = Epochs::new(1_000);
    });
    let most = world.state.spend_most(STAKE);
    let ids: Vec<ProposalId> = (0..64).map(|_| spend(&mut world, "W", ("P1", most, 1))).collect();
    accept(&mut world, &ids);
    let whole = treasury(&world);
    pass(&mut world, ids[0]);
    let promised = world.state.treasury_promised(STAKE).units();
    assert!(promised < whole && promised > whole / 100 * 99, "nearly all, and never more");
    let mut least = u128::from(whole);
    for _ in 0..20 {
        // Rounded up, so that it is the least that may be left.
        least -= least * u128::from(FASTEST) / 1_000_000_000;
        assert!(u128::from(treasury(&world)) >= least);
        epochs(&mut world, 1);
    }
    let gone = whole - treasury(&world);
    let most = u128::from(whole) * 21 * u128::from(FASTEST) / 1_000_000_000;
    assert!(u128::from(gone) <= most, "{gone} of {whole} in 1,050 blocks");
}

#[test]
fn m32_shorter_epochs_let_no_more_out() {
    let mut world = rich(|_| {});
    let change = |path: &str, value| ParamChange { path: path.into(), value };
    let shorter = |changes: Vec<ParamChange>| {
        Command::Propose(Propose { changes, audit: earnest_protocol::Digest::ZERO })
    };
    let alone = shorter(vec![change("chain.epoch_blocks", 49)]);
    let Err(Rejected::Propose(ProposeRejected::RelationBroken(broken))) = world.send("W", alone)
    else {
        panic!("epochs that are shorter let more out")
    };
    assert_eq!(broken.relation, Relation::SpentTooFast);
    assert_eq!((broken.got, broken.bound), (FASTEST, 2_777 * 49));
    let faster = shorter(vec![change("governance.spend_epoch_share", FASTEST + 1)]);
    assert!(world.send("W", faster).is_err());
    world.ok(
        "W",
        shorter(vec![
            change("chain.epoch_blocks", 40),
            change("governance.spend_epoch_share", 2_777 * 40),
        ]),
    );
}

/// Two votes that fit apart and not together: the second waits, and what runs is paid no faster.
#[test]
fn m32_two_votes_that_fit_apart_let_no_more_out_together() {
    let half = |raw: &mut RawParams| {
        raw.governance.spend_epoch_share = Ratio::new(FASTEST / 2).expect("below one");
    };
    let mut world = rich(half);
    let shorter = propose(&mut world, "W", &[("chain.epoch_blocks", 40)]);
    let faster = propose(&mut world, "W", &[("governance.spend_epoch_share", FASTEST)]);
    accept(&mut world, &[shorter, faster]);
    until(&mut world, Epoch::new(15));
    let broken = world.seen(|event| match event {
        Event::ProposalExpired { proposal, broken } => Some((*proposal, broken.relation)),
        _ => None,
    });
    assert_eq!(broken, [(faster, Relation::SpentTooFast)]);
    assert_eq!(world.state.params().governance().spend_epoch_share.parts(), FASTEST / 2);
}

/// Fifteen that ask for all there is begin first; the last still has what it is due of each epoch.
#[test]
fn m32_greedy_spends_keep_nobody_from_its_part() {
    let mut world = rich(|raw| raw.governance.spend_wait_epochs = Epochs::new(1_000));
    let most = world.state.spend_most(STAKE);
    let mut ids: Vec<ProposalId> =
        (0..15).map(|_| spend(&mut world, "W", ("P1", most, 1))).collect();
    let fair = spend(&mut world, "R", ("X", Amount::tokens(500), 1));
    ids.push(fair);
    accept(&mut world, &ids);
    pass(&mut world, fair);
    let mut last = 0;
    for _ in 0..10 {
        let now = paid(&world, fair);
        assert!(now > last, "it is paid with every epoch");
        last = now;
        epochs(&mut world, 1);
    }
    let greedy = paid(&world, ids[0]);
    let asked = most.units();
    // In proportion: no share of a greedy one is larger than that of the fair one, dust aside.
    let fair_part = u128::from(paid(&world, fair)) * u128::from(asked);
    let greedy_part = u128::from(greedy) * u128::from(Amount::tokens(500).units());
    assert!(greedy_part <= fair_part + u128::from(asked) * 100);
}

/// Streams of a unit over the longest time: the list of spends is full, and nothing else is.
#[test]
fn m32_a_list_full_of_crumbs_stops_no_vote_and_empties() {
    let mut world = rich(|raw| {
        raw.governance.deposit = Amount::tokens(1);
        raw.governance.spend_epochs_max = Epochs::new(20);
        raw.governance.spend_wait_epochs = Epochs::new(1);
    });
    let ids: Vec<ProposalId> =
        (0..16).map(|_| spend(&mut world, "W", ("X", Amount::UNIT, 20))).collect();
    let full = ProposeSpendRejected::SpendsAtLimit { limit: 16 };
    let another = spending(world.address("X"), (Amount::UNIT, 1));
    assert_eq!(world.send("W", another.clone()), Err(Rejected::ProposeSpend(full)));
    let change = propose(&mut world, "R", &[("governance.spends_max", 17)]);
    accept(&mut world, &[&ids[..], &[change]].concat());
    pass(&mut world, ids[0]);
    let stops: Vec<ProposalId> = ids.iter().map(|id| stop(&mut world, "R", *id)).collect();
    assert_eq!(stops.len(), 16, "each has its stop");
    world.ok("W", another);
    let begun = world.state.epoch();
    until(&mut world, begun.after(Epochs::new(21)));
    assert_eq!(world.state.spends_running().count(), 0);
    assert_eq!(world.state.spend_count(), 0);
}

/// The payee's friend opens a stop that it never means, again and again; each keeps the others off
/// for the time of one vote, and stake accepts it or burns its deposit.
#[test]
fn m32_a_stop_of_ones_own_keeps_the_others_off_for_one_vote() {
    let mut world = rich(|raw| raw.governance.spend_wait_epochs = Epochs::new(1_000));
    let id = spend(&mut world, "W", ("X", Amount::tokens(50_000), 100));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let own = stop(&mut world, "X", id);
    let again = Command::StopSpend(earnest_protocol::command::StopSpend {
        spend: id,
        report: earnest_protocol::Digest::ZERO,
    });
    let kept = StopSpendRejected::StopOpen { proposal: own };
    assert_eq!(world.send("R", again.clone()), Err(Rejected::StopSpend(kept)));
    // Nor is it taken back before its vote, to open the next in the same block, epoch by epoch.
    let back = Command::CancelProposal(CancelProposal { proposal: own });
    let refused = Rejected::CancelProposal(CancelProposalRejected::IsStop);
    assert_eq!(world.send("X", back), Err(refused));
    pass(&mut world, own);
    for name in ["P1", "P2", "P3", "P4", "V1", "V2"] {
        vote(&mut world, name, own, Yes);
    }
    pass(&mut world, own);
    assert!(matches!(stage(&world, id), ProposalStage::Spent { why: SpendEnding::Stopped, .. }));
}
