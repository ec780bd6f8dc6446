//! What a council would do that it may not: decide on itself, and stay for ever (M32, m21).

use earnest_protocol::{
    Command, Digest, ProposalId, Rejected, SlashId,
    command::{
        AppealSlash, BallotChoice, BallotChoice::*, CastCouncilBallot, ParamChange, Propose,
    },
    governance::{Defeat, ProposalStage, ProposeRejected},
    slashing::SlashState,
};
use earnest_testkit::{
    votes::{params_with, pass, propose, stage, vote},
    world::{Guarding, World, root},
};

const COUNCIL: Guarding<'static> =
    Guarding { council: &["W", "X", "P4"], threshold: 2, guardian: None, grants: false };

fn says(world: &mut World, name: &str, proposal: ProposalId, choice: BallotChoice) {
    world.ok(name, Command::CastCouncilBallot(CastCouncilBallot { proposal, choice }));
}

fn convicted(world: &mut World, name: &str) -> SlashId {
    let job = world.assign(world.terms(), &[(name, 10)]);
    world.commit(name, job, root(Some(3)));
    world.audit(job, root(None));
    world.reveal(name, job, root(Some(3)), root(None));
    world.play(name, job, 3, true);
    world.state.slashes().map(|(id, _)| id).last().expect("convicted")
}

/// A member speaks for a friend's appeal and is convicted alike: what it said does not undo its own
/// slash, and the others decide without it.
#[test]
fn m21_a_member_that_is_convicted_alike_does_not_speak_on_its_own_slash() {
    for both in [false, true] {
        let mut world = World::guarded(params_with(40, |raw| raw.governance.phase = 0), COUNCIL);
        let first = convicted(&mut world, "P1");
        let id = ProposalId::new(u64::try_from(world.state.proposal_count()).expect("few"));
        let report = Digest([7; 32]);
        world.ok("P1", Command::AppealSlash(AppealSlash { slash: first, report }));
        says(&mut world, "P4", id, Yes);
        let second = convicted(&mut world, "P4");
        says(&mut world, "W", id, Yes);
        assert!(stage(&world, id).is_open(), "W alone is not enough");
        if both {
            says(&mut world, "X", id, Yes);
            assert_eq!(stage(&world, id), ProposalStage::Granted);
            continue;
        }
        pass(&mut world, id);
        pass(&mut world, id);
        assert_eq!(stage(&world, id), ProposalStage::Defeated(Defeat::Council));
        for slash in [first, second] {
            let state = world.state.slash(slash).expect("for a while").state;
            assert!(matches!(state, SlashState::Executed(_)));
        }
    }
}

/// The council fills the list with what it can take back for nothing, by its own veto, whenever a
/// place is free: a proposal of the next phase has one kept for it.
#[test]
fn m32_a_council_that_fills_the_list_does_not_keep_its_own_end_off_it() {
    let raw = params_with(40, |raw| {
        (raw.governance.phase, raw.governance.proposals_max) = (0, 2);
    });
    let mut world = World::guarded(raw, COUNCIL);
    let before = world.wealth("W");
    let filled = [7, 8].map(|max| propose(&mut world, "W", &[("market.bids_max", max)]));
    let end = |phase| {
        let changes = vec![ParamChange { path: "governance.phase".into(), value: phase }];
        Command::Propose(Propose { changes, audit: Digest::ZERO })
    };
    let id = propose(&mut world, "R", &[("governance.phase", 2)]);
    let limit = Err(Rejected::Propose(ProposeRejected::ProposalsAtLimit { limit: 2 }));
    assert_eq!(world.send("R", end(1)), limit, "it has one place more and no other");
    for id in filled {
        ["W", "X"].iter().for_each(|name| says(&mut world, name, id, Veto));
    }
    assert!(before - world.wealth("W") < 1_000_000_000, "its deposits came back");
    pass(&mut world, id);
    let voters = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"];
    voters.iter().for_each(|name| vote(&mut world, name, id, Yes));
    pass(&mut world, id);
    pass(&mut world, id);
    assert_eq!(world.state.params().governance().phase, 2);
}
