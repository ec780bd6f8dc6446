//! Published vectors, out of this engine under settings.
//!
//! COS10: Cosmos SDK `tests/integration/gov/keeper/tally_test.go`. GOV1, GOV2, GOV5: OpenZeppelin
//! Contracts, tests of `GovernorVotesQuorumFraction`, `Governor` and `ERC20Votes`.

use earnest_protocol::{
    Amount, Command, Epochs, Factor, ProposalId, Ratio, RawParams, Role,
    command::{BallotChoice, BallotChoice::*, Bond, Delegate, Unbond},
    governance::{Defeat, ProposalStage, Tally},
};
use earnest_testkit::{
    votes::{params_with, pass, propose, stage, tally, vote},
    world::World,
};

const ROLE: Role = Role::Provider;

/// Threshold a half, veto a third, as in Cosmos; anybody may delegate any amount.
fn cosmos(raw: &mut RawParams) {
    raw.governance.veto = Ratio::of_floor(334, 1_000);
    raw.staking.delegation_max = Factor::percent(10_000);
    raw.staking.provider_bond_min = Amount::tokens(1);
}

/// P1, P2 and P3 have so much bonded, nobody else anything.
fn bonded(powers: &[u64]) -> World {
    let mut world = World::new(params_with(1, cosmos));
    let names = ["P1", "P2", "P3", "P4", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "O"];
    for (place, name) in names.iter().enumerate() {
        let left = powers.get(place).copied().unwrap_or(0);
        let role = [Role::Provider, Role::Validator, Role::Replica];
        let role = role[["P", "V", "O"].iter().position(|p| name.starts_with(p)).expect("one")];
        let amount = Amount::tokens(50_000 - left);
        world.ok(name, Command::Unbond(Unbond { role, amount }));
    }
    world
}

fn voted(world: &mut World, choices: &[(&str, BallotChoice)]) -> ProposalId {
    let id = propose(world, "R", &[("market.bids_max", 9)]);
    pass(world, id);
    choices.iter().for_each(|(name, choice)| vote(world, name, id, *choice));
    id
}

fn passes(powers: &[u64], choices: &[BallotChoice]) -> Result<(), Defeat> {
    let mut world = bonded(powers);
    let names = ["P1", "P2", "P3"];
    let choices: Vec<_> = names.into_iter().zip(choices.iter().copied()).collect();
    let id = voted(&mut world, &choices);
    ended(&mut world, id)
}

fn ended(world: &mut World, id: ProposalId) -> Result<(), Defeat> {
    pass(world, id);
    match stage(world, id) {
        ProposalStage::Queued(_) => Ok(()),
        ProposalStage::Defeated(why) => Err(why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cos10_tallies_end_as_those_of_cosmos_do() {
    assert_eq!(passes(&[5, 6], &[Yes, No]), Err(Defeat::Threshold));
    assert_eq!(passes(&[5, 6], &[No, Yes]), Ok(()));
    assert_eq!(passes(&[6, 6, 7], &[Yes, Yes, Veto]), Err(Defeat::Veto));
    assert_eq!(passes(&[6, 6, 7], &[Abstain, No, Yes]), Ok(()));
    assert_eq!(passes(&[6, 6, 7], &[Abstain, Yes, No]), Err(Defeat::Threshold));
}

#[test]
fn cos10_a_delegator_that_votes_overrides_and_one_that_is_silent_does_not() {
    let with_delegator = |to: &str, choices: &[(&str, BallotChoice)]| {
        let mut world = bonded(&[5, 6, 7]);
        world.opens(to, ROLE);
        let (operator, amount) = (world.id(to), Amount::tokens(30));
        world.ok("W", Command::Delegate(Delegate { operator, role: ROLE, amount }));
        let id = voted(&mut world, choices);
        ended(&mut world, id)
    };
    let all = [("P1", Yes), ("P2", Yes), ("P3", Yes), ("W", No)];
    assert_eq!(with_delegator("P1", &all), Err(Defeat::Threshold), "18 to 30");
    let silent = [("P1", No), ("P2", No), ("P3", Yes)];
    assert_eq!(with_delegator("P3", &silent), Ok(()), "37 to 11");
}

#[test]
fn gov1_a_quorum_is_a_share_of_all_power_and_that_of_the_vote_s_beginning() {
    let tokens = Amount::tokens;
    let mut rules = params_with(8, |_| {}).governance;
    let votes = |yes| Tally { yes: tokens(yes), ..Tally::default() };
    assert_eq!(votes(10).decide(tokens(100), &rules), Ok(()));
    assert_eq!(votes(8).decide(tokens(100), &rules), Ok(()));
    assert_eq!(votes(7).decide(tokens(100), &rules), Err(Defeat::Quorum));
    rules.quorum = Ratio::percent(6);
    assert_eq!(votes(7).decide(tokens(100), &rules), Ok(()));

    // A vote that is on keeps the quorum that it began with: 8 % of 650,000 are 52,000.
    let mut world = World::new(params_with(8, |_| {}));
    let lower = propose(&mut world, "R", &[("governance.quorum", 60_000_000)]);
    earnest_testkit::votes::until(&mut world, earnest_protocol::Epoch::new(3));
    let other = propose(&mut world, "R", &[("market.bids_max", 9)]);
    ["P1", "P2"].iter().for_each(|name| vote(&mut world, name, lower, Yes));
    pass(&mut world, other);
    vote(&mut world, "P1", other, Yes);
    while stage(&world, other) == ProposalStage::Active {
        pass(&mut world, lower);
    }
    assert_eq!(world.state.params().governance().quorum, Ratio::percent(6));
    assert_eq!(stage(&world, other), ProposalStage::Defeated(Defeat::Quorum));
}

#[test]
fn gov2_every_answer_is_counted_apart() {
    let mut world = bonded(&[17, 5, 2]);
    let id = voted(&mut world, &[("P1", Yes), ("P2", No), ("P3", Abstain)]);
    let [yes, no, abstain] = [17, 5, 2].map(Amount::tokens);
    assert_eq!(tally(&world, id), Tally { yes, no, abstain, veto: Amount::ZERO });
    assert_eq!(ended(&mut world, id), Ok(()));
}

fn bonds(world: &mut World, count: u64) {
    world.ok("P1", Command::Bond(Bond { role: ROLE, amount: Amount::tokens(count) }));
}

fn unbonds(world: &mut World, count: u64) {
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount: Amount::tokens(count) }));
}

/// What P1 counts for in votes that begin one after the other, each after one of these changes.
fn checkpoints(changes: &[fn(&mut World)]) -> Vec<Amount> {
    let mut world = World::new(params_with(1, |raw| {
        cosmos(raw);
        raw.governance.voting_epochs = Epochs::new(10);
    }));
    unbonds(&mut world, 50_000 - 100);
    let begun = changes.iter().map(|change| {
        change(&mut world);
        let id = propose(&mut world, "R", &[("market.bids_max", 9)]);
        pass(&mut world, id);
        id
    });
    let begun: Vec<ProposalId> = begun.collect();
    let counted = begun.into_iter().map(|id| {
        vote(&mut world, "P1", id, Yes);
        tally(&world, id).yes
    });
    counted.collect()
}

#[test]
fn gov5_each_vote_counts_what_was_there_when_it_began_and_the_last_of_a_moment_alone() {
    let changes: [fn(&mut World); 4] =
        [|_| {}, |world| unbonds(world, 10), |world| unbonds(world, 10), |world| bonds(world, 20)];
    assert_eq!(checkpoints(&changes), [100, 90, 80, 100].map(Amount::tokens));
    let at_once: [fn(&mut World); 1] = [|world| {
        unbonds(world, 10);
        unbonds(world, 10);
    }];
    assert_eq!(checkpoints(&at_once), [Amount::tokens(80)]);
}
