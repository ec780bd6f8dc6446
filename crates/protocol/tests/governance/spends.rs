//! Money of the treasury, from a proposal to its last unit.

use earnest_protocol::{
    Amount, Asset, Command, Epoch, Epochs, Event, ProposalId, Ratio, Rejected,
    command::{BallotChoice::*, CancelProposal, CastCouncilBallot},
    governance::{
        CancelProposalRejected, CastCouncilBallotRejected, Defeat, ProposalStage,
        ProposeSpendRejected, SpendEnding, StopSpendRejected,
    },
    ledger::Pot,
};
use earnest_testkit::{
    votes::{accept, endow, params_with, pass, propose, spend, spending, stage, stop, until, vote},
    world::{Guarding, World},
};

const STAKE: Asset = Asset::Stake;

fn tokens(amount: u64) -> Amount {
    Amount::tokens(amount)
}

fn units(amount: u64) -> Amount {
    Amount::new(amount).expect("small")
}

/// The treasury has 100,000 tokens, of which ten may leave in the first epoch.
fn rich(change: impl FnOnce(&mut earnest_protocol::RawParams)) -> World {
    let mut world = World::new(params_with(40, |raw| {
        endow(raw, 100_000);
        change(raw);
    }));
    until(&mut world, Epoch::new(1));
    assert_eq!(treasury(&world), tokens(100_000));
    world
}

fn treasury(world: &World) -> Amount {
    world.state.balance(Pot::Treasury(STAKE))
}

fn paid(world: &World, id: ProposalId) -> Amount {
    match stage(world, id) {
        ProposalStage::Paying(payout) | ProposalStage::Spent { payout, .. } => payout.paid,
        _ => Amount::ZERO,
    }
}

fn ended(world: &World, id: ProposalId) -> Option<(SpendEnding, Amount)> {
    match stage(world, id) {
        ProposalStage::Spent { payout, why } => Some((why, payout.paid)),
        _ => None,
    }
}

fn epochs(world: &mut World, count: u64) {
    let then = world.state.epoch().after(Epochs::new(count));
    until(world, then);
}

#[test]
fn what_stake_votes_is_paid_after_its_timelock_and_once() {
    let mut world = rich(|_| {});
    let before = world.wealth("X");
    let id = spend(&mut world, "W", ("X", tokens(8), 1));
    accept(&mut world, &[id]);
    assert_eq!(stage(&world, id), ProposalStage::Queued(Epoch::new(11)));
    assert_eq!(world.wealth("X"), before, "nothing before the timelock is over");

    pass(&mut world, id);
    assert_eq!(world.wealth("X") - before, tokens(8).units());
    assert_eq!(treasury(&world), tokens(99_992));
    assert_eq!(ended(&world, id), Some((SpendEnding::Paid, tokens(8))));
    assert_eq!(world.state.spend_count(), 0);

    until(&mut world, Epoch::new(20));
    assert_eq!(world.wealth("X") - before, tokens(8).units(), "never again");
    assert!(world.state.proposal(id).is_none(), "and its row has left");
}

#[test]
fn a_stream_is_paid_part_by_part_and_its_parts_add_up() {
    let mut world = rich(|_| {});
    let id = spend(&mut world, "W", ("X", units(10), 4));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let mut seen = vec![paid(&world, id).units()];
    for _ in 0..3 {
        epochs(&mut world, 1);
        seen.push(paid(&world, id).units());
    }
    assert_eq!(seen, [2, 5, 7, 10], "2.5, 5, 7.5 and 10, down");
    assert_eq!(ended(&world, id), Some((SpendEnding::Paid, units(10))));
}

#[test]
fn an_epoch_lets_out_its_share_and_all_that_are_due_share_it() {
    let mut world = rich(|_| {});
    let ids = [("X", 30), ("R", 10)];
    let ids = ids.map(|(to, amount)| spend(&mut world, "W", (to, tokens(amount), 1)));
    accept(&mut world, &ids);
    pass(&mut world, ids[0]);
    // Ten of forty: each has a quarter, whichever began first.
    let now = ids.map(|id| paid(&world, id).units());
    assert_eq!(now, [7_500_000_000, 2_500_000_000]);
    assert_eq!(treasury(&world), tokens(99_990));
    for _ in 0..4 {
        let (before, had) = (treasury(&world), ids.map(|id| paid(&world, id)));
        epochs(&mut world, 1);
        let out = before.units() - treasury(&world).units();
        assert!(out <= before.units() / 10_000, "a ten-thousandth");
        let grown = ids.iter().zip(had).filter(|(id, had)| paid(&world, **id) > *had);
        assert_eq!(grown.count(), 2, "nobody waits for another");
    }
    let all = ids.map(|id| ended(&world, id));
    assert_eq!(all[0], Some((SpendEnding::Paid, tokens(30))));
    assert_eq!(all[1], Some((SpendEnding::Paid, tokens(10))));
}

#[test]
fn what_could_not_be_paid_in_time_stays_in_the_treasury() {
    let mut world = rich(|raw| raw.governance.spend_wait_epochs = Epochs::new(2));
    let id = spend(&mut world, "W", ("X", tokens(100), 1));
    accept(&mut world, &[id]);
    pass(&mut world, id); // One epoch of its own and two of waiting, at ten tokens less dust.
    epochs(&mut world, 3);
    let (why, paid) = ended(&world, id).expect("it lapsed");
    assert_eq!(why, SpendEnding::Lapsed);
    assert_eq!(paid.units(), 10_000_000_000 + 9_999_000_000 + 9_998_000_100);
    assert_eq!(treasury(&world), tokens(100_000).saturating_sub(paid));
    assert_eq!(world.state.treasury_promised(STAKE), Amount::ZERO);
}

#[test]
fn one_spend_has_its_share_of_what_is_promised_to_nobody() {
    let mut world = rich(|_| {});
    let most = tokens(5_000);
    assert_eq!(world.state.spend_most(STAKE), most, "a twentieth");
    let over = most.saturating_add(Amount::UNIT);
    let refused = world.send("W", spending(world.address("X"), (over, 1)));
    let why = ProposeSpendRejected::ExceedsShare { wanted: over, most };
    assert_eq!(refused, Err(Rejected::ProposeSpend(why)));

    let ids = [(); 2].map(|()| spend(&mut world, "W", ("X", most, 1_000)));
    accept(&mut world, &ids);
    pass(&mut world, ids[1]);
    // The second begins when the first is promised its 5,000: a twentieth of 95,000.
    let amounts = world.seen(|event| match event {
        Event::SpendBegan { amount, .. } => Some(*amount),
        _ => None,
    });
    assert_eq!(amounts, [most, tokens(4_750)]);
    let left = 100_000 - 5_000 - 4_750;
    assert_eq!(world.state.treasury_unpromised(STAKE), tokens(left));
}

#[test]
fn a_stop_ends_what_is_left_before_the_epochs_part_and_takes_nothing_back() {
    let mut world = rich(|_| {});
    let id = spend(&mut world, "W", ("X", tokens(20), 20));
    accept(&mut world, &[id]);
    let early = world.send("R", stopping(id));
    assert_eq!(early, Err(Rejected::StopSpend(StopSpendRejected::NotRunning)));
    pass(&mut world, id);
    let before = world.state.balance(Pot::Free(world.id("R"), STAKE));
    let against = stop(&mut world, "R", id);
    let again = world.send("W", stopping(id));
    let open = StopSpendRejected::StopOpen { proposal: against };
    assert_eq!(again, Err(Rejected::StopSpend(open)));
    accept(&mut world, &[against]);
    assert_eq!(stage(&world, against), ProposalStage::Granted);
    // Paid with epochs 8 to 12; the stop came with 13, before its part.
    assert_eq!(world.state.epoch(), Epoch::new(13));
    assert_eq!(ended(&world, id), Some((SpendEnding::Stopped, tokens(5))));
    let fees = before.saturating_sub(world.state.balance(Pot::Free(world.id("R"), STAKE)));
    assert!(fees < tokens(1), "the deposit is back");
    epochs(&mut world, 2);
    assert_eq!(treasury(&world), tokens(99_995));
}

fn stopping(spend: ProposalId) -> Command {
    let report = earnest_protocol::Digest::ZERO;
    Command::StopSpend(earnest_protocol::command::StopSpend { spend, report })
}

#[test]
fn a_stop_that_comes_too_late_is_over_with_its_spend_and_its_deposit_is_back() {
    for during in [false, true] {
        let mut world = rich(|_| {});
        let id = spend(&mut world, "W", ("X", tokens(3), 3));
        accept(&mut world, &[id]);
        pass(&mut world, id);
        if during {
            epochs(&mut world, 1);
        }
        let before = world.wealth("R");
        let against = stop(&mut world, "R", id);
        until(&mut world, Epoch::new(10));
        assert_eq!(ended(&world, id), Some((SpendEnding::Paid, tokens(3))));
        assert_eq!(stage(&world, against), ProposalStage::Cancelled, "pending: {during}");
        assert!(before - world.wealth("R") < tokens(1).units());
    }
}

#[test]
fn a_stop_that_is_voted_down_leaves_room_for_another_and_none_is_taken_back() {
    let mut world = rich(|_| {});
    let id = spend(&mut world, "W", ("X", tokens(40), 40));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let first = stop(&mut world, "R", id);
    let back = Command::CancelProposal(CancelProposal { proposal: first });
    let refused = Rejected::CancelProposal(CancelProposalRejected::IsStop);
    assert_eq!(world.send("R", back), Err(refused));
    pass(&mut world, first);
    ["P1", "P2", "P3", "P4", "V1", "V2"].iter().for_each(|name| vote(&mut world, name, first, No));
    pass(&mut world, first);
    assert_eq!(stage(&world, first), ProposalStage::Defeated(Defeat::Threshold));
    let second = stop(&mut world, "R", id);
    assert_eq!(stage(&world, second), ProposalStage::Pending);
    assert_eq!(paid(&world, id), tokens(6), "and it was paid all the while");
}

#[test]
fn a_full_list_of_spends_keeps_no_change_and_no_stop_off_nor_the_reverse() {
    let mut world = rich(|raw| {
        (raw.governance.spends_max, raw.governance.proposals_max) = (2, 1);
    });
    let ids = [(); 2].map(|()| spend(&mut world, "W", ("X", tokens(20), 20)));
    let third = spending(world.address("X"), (tokens(1), 1));
    let full = Err(Rejected::ProposeSpend(ProposeSpendRejected::SpendsAtLimit { limit: 2 }));
    assert_eq!(world.send("W", third.clone()), full);
    propose(&mut world, "W", &[("market.bids_max", 9)]);
    accept(&mut world, &ids);
    pass(&mut world, ids[1]);
    assert_eq!(world.send("W", third.clone()), full, "what runs has its place");
    let against = stop(&mut world, "R", ids[0]);
    accept(&mut world, &[against]);
    world.ok("W", third);
}

#[test]
fn a_council_stops_a_spend_also_while_it_runs_and_never_a_stop() {
    let guarding = Guarding { council: &["P1", "P2"], threshold: 2, guardian: None, grants: false };
    let phase_1 = |raw: &mut earnest_protocol::RawParams| {
        endow(raw, 100_000);
        raw.governance.phase = 1;
    };
    let mut world = World::guarded(params_with(40, phase_1), guarding);
    until(&mut world, Epoch::new(1));
    let say = |proposal| Command::CastCouncilBallot(CastCouncilBallot { proposal, choice: Veto });
    let ids = [(); 2].map(|()| spend(&mut world, "W", ("X", tokens(20), 20)));
    ["P1", "P2"].iter().for_each(|name| world.ok(name, say(ids[0])));
    assert_eq!(stage(&world, ids[0]), ProposalStage::Defeated(Defeat::Council));
    accept(&mut world, &ids[1..]);
    pass(&mut world, ids[1]);
    let against = stop(&mut world, "R", ids[1]);
    let no_say = Err(Rejected::CastCouncilBallot(CastCouncilBallotRejected::NoSay));
    assert_eq!(world.send("P1", say(against)), no_say);
    ["P1", "P2"].iter().for_each(|name| world.ok(name, say(ids[1])));
    assert_eq!(ended(&world, ids[1]), Some((SpendEnding::Council, tokens(1))));
    assert_eq!(stage(&world, against), ProposalStage::Cancelled);
    epochs(&mut world, 3);
    assert_eq!(treasury(&world), tokens(99_999));
}

#[test]
fn while_the_council_proposes_nothing_is_spent() {
    let guarding = Guarding { council: &["P1", "P2"], threshold: 2, guardian: None, grants: false };
    let phase_0 = |raw: &mut earnest_protocol::RawParams| {
        endow(raw, 100_000);
        raw.governance.phase = 0;
    };
    let mut world = World::guarded(params_with(40, phase_0), guarding);
    until(&mut world, Epoch::new(1));
    for name in ["P1", "W"] {
        let refused = world.send(name, spending(world.address("X"), (tokens(1), 1)));
        let why = ProposeSpendRejected::CouncilProposes;
        assert_eq!(refused, Err(Rejected::ProposeSpend(why)));
    }
}

#[test]
fn a_share_that_is_lowered_holds_for_what_waits_and_one_that_is_raised_does_not() {
    for (percent, amount) in [(2, tokens(2_000)), (10, tokens(5_000))] {
        let mut world = rich(|_| {});
        let share = Ratio::percent(percent).parts();
        let change = propose(&mut world, "W", &[("governance.spend_share", share)]);
        let id = spend(&mut world, "W", ("X", tokens(5_000), 1_000));
        accept(&mut world, &[change, id]);
        pass(&mut world, id);
        let began = world.seen(|event| match event {
            Event::SpendBegan { amount, .. } => Some(*amount),
            _ => None,
        });
        assert_eq!(began, [amount]);
        let most = world.state.treasury_unpromised(STAKE);
        let most = Ratio::percent(percent).amount_floor(most);
        assert_eq!(world.state.spend_most(STAKE), most, "of what is proposed from now on");
    }
}

#[test]
fn a_network_that_lets_nothing_out_any_more_pays_nothing_and_the_spend_lapses() {
    let mut world = rich(|raw| raw.governance.spend_wait_epochs = Epochs::new(4));
    let id = spend(&mut world, "W", ("X", tokens(10), 10));
    let off = propose(&mut world, "W", &[("governance.spend_epoch_share", 0)]);
    accept(&mut world, &[id, off]);
    pass(&mut world, id);
    assert_eq!(paid(&world, id), Amount::ZERO, "the vote came into force with the same epoch");
    let refused = world.send("W", spending(world.address("X"), (tokens(1), 1)));
    let why = ProposeSpendRejected::NothingIsSpent;
    assert_eq!(refused, Err(Rejected::ProposeSpend(why)));
    let against = stop(&mut world, "R", id);
    pass(&mut world, against);
    pass(&mut world, against);
    epochs(&mut world, 10);
    let over = world.seen(|event| match event {
        Event::SpendEnded { why, left, .. } => Some((*why, *left)),
        _ => None,
    });
    assert_eq!(over, [(SpendEnding::Lapsed, tokens(10))]);
    assert_eq!(treasury(&world), tokens(100_000));
}

#[test]
fn a_veto_burns_the_deposit_of_a_spend_and_of_a_stop() {
    let mut world = rich(|_| {});
    let burnt = |world: &World| world.state.balance(Pot::Burnt(STAKE)).units();
    let id = spend(&mut world, "W", ("X", tokens(1), 1));
    pass(&mut world, id);
    ["P1", "P2", "P3", "P4", "V1", "V2"].iter().for_each(|name| vote(&mut world, name, id, Veto));
    let before = burnt(&world);
    pass(&mut world, id);
    assert_eq!(burnt(&world) - before, tokens(500).units());
    assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Veto));
    assert_eq!(world.state.spend_count(), 0);
}

#[test]
fn a_long_stream_keeps_no_version_of_the_parameters() {
    let mut world = rich(|_| {});
    let id = spend(&mut world, "W", ("X", tokens(40), 40));
    accept(&mut world, &[id]);
    pass(&mut world, id);
    let change = propose(&mut world, "W", &[("market.bids_max", 9)]);
    accept(&mut world, &[change]);
    pass(&mut world, change);
    assert_eq!(world.state.params_versions().count(), 1, "or no vote could shorten what it keeps");
    assert!(stage(&world, id).paying().is_some());
}
