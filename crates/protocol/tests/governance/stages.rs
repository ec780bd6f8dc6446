//! From a proposal to its end, whichever that is.

use earnest_protocol::{
    Amount, Asset, Blocks, Command, Epoch, Epochs, Event, ParamsVersion,
    command::{BallotChoice::*, CancelProposal},
    governance::{Defeat, ProposalStage},
    ledger::Pot,
    params::Relation,
};
use earnest_testkit::{
    votes::{self, params_with, pass, propose, stage, tally, until, vote},
    world::World,
};

const BONDS: [&str; 13] =
    ["P1", "P2", "P3", "P4", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "O"];

fn free(world: &World, name: &str) -> Amount {
    world.state.balance(Pot::Free(world.id(name), Asset::Stake))
}

#[test]
fn what_is_voted_in_is_in_force_after_its_timelock_and_not_before() {
    let mut world = World::new(params_with(40, |_| {}));
    let before = free(&world, "W");
    let id = propose(&mut world, "W", &[("market.bids_max", 9), ("staking.jail_epochs", 3)]);
    let fee = world.state.base_fee().checked_times(5).expect("small");
    let behind = before.saturating_sub(fee).saturating_sub(free(&world, "W"));
    assert_eq!(behind, Amount::tokens(500), "the deposit");

    pass(&mut world, id);
    let row = world.state.proposal(id).expect("open").clone();
    assert_eq!((row.stage, row.power), (ProposalStage::Active, Amount::tokens(650_000)));
    BONDS[..6].iter().for_each(|name| vote(&mut world, name, id, Yes));

    pass(&mut world, id);
    assert_eq!(stage(&world, id), ProposalStage::Queued(Epoch::new(10)), "five and two, and three");
    assert_eq!(free(&world, "W"), before.saturating_sub(fee), "the deposit is back");
    let bids = |world: &World| world.state.params().market().bids_max;
    assert_eq!(bids(&world), 32);

    pass(&mut world, id);
    assert_eq!(stage(&world, id), ProposalStage::Executed(ParamsVersion::new(1)));
    assert_eq!(bids(&world), 9);
    assert_eq!(world.state.params().staking().jail_epochs, Epochs::new(3));
    until(&mut world, Epoch::new(9));
    assert!(world.state.proposal(id).is_none(), "remembered for two epochs");
}

#[test]
fn a_veto_burns_the_deposit_and_every_other_end_returns_it() {
    let ends = [
        (Yes, ProposalStage::Queued(Epoch::new(10))),
        (No, ProposalStage::Defeated(Defeat::Threshold)),
        (Abstain, ProposalStage::Defeated(Defeat::Threshold)),
        (Veto, ProposalStage::Defeated(Defeat::Veto)),
    ];
    for (choice, end) in ends {
        let mut world = World::new(params_with(40, |_| {}));
        let before = world.wealth("W");
        let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
        let fee = before - world.wealth("W") - Amount::tokens(500).units();
        pass(&mut world, id);
        BONDS[..6].iter().for_each(|name| vote(&mut world, name, id, choice));
        pass(&mut world, id);
        assert_eq!(stage(&world, id), end);
        let lost = if choice == Veto { Amount::tokens(500).units() } else { 0 };
        assert_eq!(before - world.wealth("W"), fee + lost, "{choice:?}");
    }
}

#[test]
fn there_is_time_to_read_what_will_be_voted_on() {
    let mut world = World::new(params_with(1, |raw| raw.governance.delay_epochs = Epochs::new(3)));
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    until(&mut world, Epoch::new(2));
    assert_eq!(stage(&world, id), ProposalStage::Pending);
    until(&mut world, Epoch::new(3));
    assert_eq!(stage(&world, id), ProposalStage::Active);
}

#[test]
fn too_few_voters_change_nothing() {
    let mut world = World::new(params_with(40, |_| {}));
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    BONDS[..5].iter().for_each(|name| vote(&mut world, name, id, Yes));
    pass(&mut world, id);
    assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Quorum), "250 of 260 needed");
}

#[test]
fn a_proposer_may_think_better_of_it_before_anybody_votes() {
    let mut world = World::new(params_with(40, |_| {}));
    let before = free(&world, "W");
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    world.ok("W", Command::CancelProposal(CancelProposal { proposal: id }));
    assert_eq!(stage(&world, id), ProposalStage::Cancelled);
    let lost = before.saturating_sub(free(&world, "W"));
    assert_eq!(lost.units() / 1_000_000, 250_000, "half of the deposit, and fees");
}

#[test]
fn a_quorum_that_comes_late_leaves_time_to_answer_once() {
    let late = |raw: &mut earnest_protocol::RawParams| {
        raw.governance.late_quorum_epochs = Epochs::new(2);
    };
    let mut world = World::new(params_with(40, late));
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    until(&mut world, Epoch::new(4)); // Voting ends when epoch 5 opens.
    BONDS[..6].iter().for_each(|name| vote(&mut world, name, id, Yes));
    let closes = |event: &Event| match event {
        Event::VotingExtended { closes, .. } => Some(*closes),
        _ => None,
    };
    assert_eq!(world.seen(closes), [Epoch::new(7)], "two whole epochs more");
    until(&mut world, Epoch::new(6));
    BONDS[6..].iter().for_each(|name| vote(&mut world, name, id, No));
    pass(&mut world, id);
    assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Threshold));
    assert_eq!(world.seen(closes).len(), 1);
}

#[test]
fn a_quorum_that_leaves_time_enough_changes_nothing() {
    let mut world = World::new(params_with(40, |raw| {
        raw.governance.late_quorum_epochs = Epochs::new(2);
    }));
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    until(&mut world, Epoch::new(2)); // Two whole epochs are left, and what is left of this one.
    BONDS[..6].iter().for_each(|name| vote(&mut world, name, id, Yes));
    let longer = |event: &Event| matches!(event, Event::VotingExtended { .. }).then_some(());
    assert_eq!(world.seen(longer), []);
    pass(&mut world, id);
    assert_eq!(world.state.epoch(), Epoch::new(5));
}

#[test]
fn ballots_of_votes_that_are_over_leave_their_accounts_list() {
    let mut world = World::new(params_with(40, |_| {}));
    for _ in 0..3 {
        let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        vote(&mut world, "P1", id, No);
        pass(&mut world, id);
        assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Quorum));
    }
    assert_eq!(world.state.account(world.id("P1")).expect("known").ballots.len(), 1);
}

#[test]
fn an_account_may_change_its_mind_while_the_vote_is_on() {
    let mut world = World::new(params_with(40, |_| {}));
    let id = propose(&mut world, "W", &[("market.bids_max", 9)]);
    pass(&mut world, id);
    for choice in [Yes, Veto, Abstain, No] {
        vote(&mut world, "P1", id, choice);
        assert_eq!(tally(&world, id).of(choice), Amount::tokens(50_000));
        assert_eq!(tally(&world, id).turnout(), Amount::tokens(50_000));
    }
}

#[test]
fn what_no_longer_fits_when_its_time_comes_expires_and_says_why() {
    let mut world = World::new(params_with(40, |_| {}));
    let needed = votes::params().longest_liability().count();
    let short = needed.div_ceil(50) + 1;
    // Each fits what is in force now; after the second the first no longer does.
    let unbonding = [("staking.unbonding_epochs", short)];
    let longer = [("verification.challenge_blocks", 205)];
    let second = propose(&mut world, "W", &longer);
    let first = propose(&mut world, "X", &unbonding);
    for id in [second, first] {
        until(&mut world, Epoch::new(1));
        BONDS[..7].iter().for_each(|name| vote(&mut world, name, id, Yes));
    }
    until(&mut world, Epoch::new(7));
    assert_eq!(stage(&world, second), ProposalStage::Executed(ParamsVersion::new(1)));
    assert_eq!(stage(&world, first), ProposalStage::Queued(Epoch::new(10)), "it is tried again");
    until(&mut world, Epoch::new(10));
    let ProposalStage::Expired(broken) = stage(&world, first) else {
        panic!("{:?}", stage(&world, first))
    };
    assert_eq!((broken.relation, broken.got), (Relation::UnbondingTooShort, short * 50));
    assert_eq!(broken.bound, needed + 200, "blocks of the longer window");
    assert_eq!(world.state.params().staking().unbonding_epochs, Epochs::new(100));
}

#[test]
fn epochs_may_become_shorter_by_vote_and_time_goes_on() {
    let mut world = World::new(params_with(40, |_| {}));
    let id = propose(&mut world, "W", &[("chain.epoch_blocks", 40)]);
    pass(&mut world, id);
    BONDS[..7].iter().for_each(|name| vote(&mut world, name, id, Yes));
    pass(&mut world, id);
    pass(&mut world, id);
    let first = world.state.epoch_first();
    let next = Epoch::new(world.state.epoch().count() + 1);
    until(&mut world, next);
    assert_eq!(world.state.epoch_first(), first.after(Blocks::new(40)));
}
